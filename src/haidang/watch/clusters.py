"""Clusters as a table, and a search that does not depend on the order of the places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from haidang.watch.method import Cluster, Found
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


def by_code(grid: Grid, judge: Callable[[Grid], Found]) -> Found:
    """Judge the places in the order of their codes, and answer in that of the table.

    What is drawn by chance falls on one place after the other, and of circles that are alike the
    first is taken: in another order the same table would have other p-values.

    Args:
        grid: The table, with positions.
        judge: Judges a table.
    """
    order = np.array(sorted(range(len(grid.places)), key=lambda i: grid.places[i]), np.int64)
    positions = grid.positions
    found = judge(
        replace(
            grid,
            counts=np.ascontiguousarray(grid.counts[order]),
            places=tuple(grid.places[i] for i in order),
            population=None if grid.population is None else grid.population[order],
            positions=positions and replace(positions, points=positions.points[order]),
        )
    )
    back = np.argsort(order)
    named = [f.name for f in fields(Found) if f.name not in ("extra", "clusters")]
    columns: dict[str, Any] = {name: getattr(found, name)[back] for name in named}
    clusters = tuple(
        replace(c, centre=int(order[c.centre]), places=tuple(order[list(c.places)].tolist()))
        for c in found.clusters
    )
    extra = {name: values[back] for name, values in found.extra.items()}
    return replace(found, **columns, extra=extra, clusters=clusters)
