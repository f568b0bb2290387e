"""Counts from a file as reports of one series: what a desk keeps, with the time it was said.

The same CSV that ``haidang detect`` reads, long, wide or one row to a case, and a column
``published`` (an instant with its zone) where the file holds several vintages. A list of cases is
added up here: no row about a person goes any further.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

import numpy as np
import pandas as pd

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.data.observations import Report
from haidang.edge.feeds.counts import read_counts
from haidang.watch.calendar import Step, read_period
from haidang.watch.counts import begins
from haidang.watch.table import Grid, read

PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file of counts as read.

    Attributes:
        reports: Good rows, by time of publication, then in the order of places and periods.
        problems: What could not be used; every other row was kept.
    """

    reports: tuple[Report, ...]
    problems: tuple[Problem, ...]


def read_reports(
    path: Path, series: str, unit: str, step: Step, places: Collection[str], zone: tzinfo
) -> ReportFile:
    """Read a file of counts.

    Args:
        path: UTF-8 CSV; see the module.
        series: Name of the series, ``threat/indicator``.
        unit: Of its values.
        step: Length of its periods.
        places: Codes that are known; others are refused and named.
        zone: Clock on which a period begins.

    Returns:
        A cell that cannot be used gives no report and is named. An empty cell is a report that the
        period was missing: it is told apart from a period that nobody spoke of.

    Raises:
        BadData: The file cannot be read, holds several kinds of period or another than ``step``,
            or no row of it is usable.
    """
    table = read_counts(path)
    name = path.name
    reports: list[Report] = []
    problems: list[Problem] = []
    for published, part, lines in _vintages(table, name, problems):
        known = sorted(places)
        # The grid names bad cells by row of the part; only the whole file has its lines in order.
        first = int(lines[0]) if len(lines) else 2
        grid = read(part, step=step, places=known, file=name, first_line=first)
        problems += grid.problems
        reports += _reports(grid, part, series, unit, zone, published)
    if not reports:
        raise BadData(*problems, Problem("watch.empty", {}, file=name))
    return ReportFile(tuple(reports), tuple(problems))


def _vintages(
    table: pd.DataFrame, name: str, problems: list[Problem]
) -> Iterator[tuple[datetime | None, pd.DataFrame, np.ndarray[tuple[int], np.dtype[np.int64]]]]:
    """The file cut by time of publication, oldest first; whole where it says none."""
    lines = np.arange(len(table), dtype=np.int64) + 2
    if PUBLISHED not in table.columns:
        yield None, table, lines
        return
    of: dict[datetime, list[int]] = {}
    for i, text in enumerate(table[PUBLISHED]):
        instant = _instant(str(text).strip())
        if instant is None:
            problems.append(
                Problem("feed.zone", {"value": text}, file=name, row=i + 2, field=PUBLISHED)
            )
        else:
            of.setdefault(instant, []).append(i)
    for published in sorted(of):
        rows = of[published]
        yield published, table.iloc[rows].drop(columns=PUBLISHED), lines[rows]


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _reports(
    grid: Grid, part: pd.DataFrame, series: str, unit: str, zone: tzinfo, published: datetime | None
) -> Iterator[Report]:
    """Cells with a value, and those that the file has and left empty."""
    said = _empty_cells(part)
    days = [pd.Timestamp(t).date() for t in grid.calendar.times()]
    for i, place in enumerate(grid.places):
        for j, day in enumerate(days):
            value = float(grid.counts[i, j])
            missing = np.isnan(value)
            if missing and (place, day.isoformat()) not in said:
                continue
            yield Report(
                series=series,
                place=place,
                start=begins(day, zone),
                value=None if missing else value,
                unit=unit,
                published=published,
            )


def _empty_cells(part: pd.DataFrame) -> frozenset[tuple[str, str]]:
    """(place, day) of the cells of a long table that are there and empty."""
    if not {"place", "start", "value"} <= set(part.columns):
        return frozenset()
    empty = part[part["value"].astype(str).str.strip() == ""]
    found = set()
    for place, start in zip(empty["place"], empty["start"], strict=True):
        if (when := read_period(str(start))) is not None:
            found.add((str(place).strip(), when[0].isoformat()))
    return frozenset(found)
