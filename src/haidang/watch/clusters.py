"""Clusters as a table, and the verb that gives nothing but them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from haidang.watch.method import Cluster
from haidang.watch.table import Grid

COLUMNS: Final = (
    "time", "cluster", "centre", "radius_km", "places", "first", "last", "observed", "expected",
    "relative_risk", "log_likelihood_ratio", "p_value", "recurrence",
)  # fmt: skip


def cluster_table(clusters: Sequence[Cluster], grid: Grid) -> pd.DataFrame:
    """One row to a cluster, the likeliest of each search first.

    Returns:
        ``time``: period with which the search ended; ``cluster``: 1, 2, ... in it; ``centre``;
        ``radius_km``; ``places``, by distance; ``first`` and ``last`` period; ``observed``,
        ``expected`` cases; ``relative_risk``; ``log_likelihood_ratio``; ``p_value``;
        ``recurrence``: once in so many periods chance alone gives one as likely, where a search is
        made in each.
    """
    times = grid.calendar.times()
    rows: list[tuple[Any, ...]] = []
    for c in clusters:
        number = rows[-1][1] + 1 if rows and rows[-1][0] == times[c.newest] else 1
        rows.append(
            (
                times[c.newest], number, grid.places[c.centre], c.radius,
                tuple(grid.places[p] for p in c.places), times[c.first], times[c.last],
                c.observed, c.expected, c.relative_risk, c.ratio, c.p_value, 1 / c.p_value,
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
