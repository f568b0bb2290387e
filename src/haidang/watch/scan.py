"""``hd.scan``: clusters on the map, as a table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from haidang.watch.detect import detect
from haidang.watch.table import Table


def scan(
    data: Table,
    coordinates: object,
    method: str = "scan_permutation",
    *,
    last: int | None = 1,
    **more: Any,
) -> pd.DataFrame:
    """Circles with too many cases lately.

    Args:
        data: Counts as `haidang.watch.detect.detect` takes them.
        coordinates: A table with ``place, lat, lon`` (degrees) or ``place, x, y`` (km), or a
            mapping from place to ``(lat, lon)``.
        method: ``scan_permutation``, or with a ``population`` ``scan_poisson``.
        last: So many of the newest periods, each taken as the newest one; None is all.
        more: Further arguments of `detect` and parameters of the method.

    Returns:
        One row to a cluster, see `haidang.watch.clusters.cluster_table`; ``attrs["problems"]``
        holds what could not be used.

    Raises:
        NotFound, BadData: As `detect`.
    """
    found = detect(data, method, coordinates=coordinates, last=last, **more)
    table: pd.DataFrame = found.attrs["clusters"]
    table.attrs["problems"] = found.attrs["problems"]
    return table
