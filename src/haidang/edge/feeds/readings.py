"""Readings from a CSV file: gauges, forecasts, what a person states, with the time it was said.

One reading a row: ``indicator, place, start, value, published`` and, if wanted, ``source``. A
forecast is a row whose start lies after its publication. An empty value is a report that the
reading is missing, which is told apart from one that nobody spoke of.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.data.observations import Report
from haidang.edge.feeds.counts import read_rows
from haidang.watch.spec import Reading, ReadingsWatch

COLUMNS: Final = ("indicator", "place", "start", "value", "published")

_EVENT: Final = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class ReadingsFile:
    """A file of readings as read.

    Attributes:
        reports: Good rows, in the order of the file.
        problems: What could not be used; every other row was kept.
    """

    reports: tuple[Report, ...]
    problems: tuple[Problem, ...]


def read_readings(
    path: Path,
    threat: str,
    watch: ReadingsWatch,
    known: Mapping[str, Collection[str]],
    *,
    indicator: str = "",
    published: datetime | None = None,
) -> ReadingsFile:
    """Read a file of readings.

    Args:
        path: UTF-8 CSV; see the module.
        threat: Pack id; the series are called ``threat/indicator``.
        watch: The pack's indicators.
        known: Codes of the places by what a reading may be of (``station``, ``area``); events are
            not known before they happen, any name of small letters, digits and hyphens will do.
        indicator: Of all rows, where the file has no column for it.
        published: Of all rows, where the file has no column for it.

    Returns:
        A row that cannot be used gives no report and is named with what to do.

    Raises:
        BadData: The file cannot be read, a column is missing, or no row of it is usable.
    """
    table = read_rows(path)
    name = path.name
    wanted = [c for c in COLUMNS if not (c == "indicator" and indicator)]
    wanted = [c for c in wanted if not (c == "published" and published is not None)]
    if missing := [c for c in wanted if c not in table.columns]:
        said = {"missing": ", ".join(missing)}
        raise BadData(Problem("feed.columns_readings", said, file=name, row=1))
    columns = [c for c in COLUMNS if c in table.columns]
    reports: list[Report] = []
    problems: list[Problem] = []
    for n, cells in enumerate(table[columns].itertuples(index=False, name=None)):
        row = {c: str(v).strip() for c, v in zip(columns, cells, strict=True)}
        if not any(row.values()):
            continue
        try:
            reports.append(_report(row, n + 2, name, threat, watch, known, indicator, published))
        except BadData as err:
            problems += err.problems
    if not reports:
        raise BadData(*problems, Problem("watch.empty", {}, file=name))
    return ReadingsFile(tuple(reports), tuple(problems))


def _report(
    row: Mapping[str, str],
    line: int,
    file: str,
    threat: str,
    watch: ReadingsWatch,
    known: Mapping[str, Collection[str]],
    indicator: str,
    published: datetime | None,
) -> Report:
    def refuse(code: str, field: str, **params: object) -> BadData:
        return BadData(Problem(f"feed.{code}", params, file, line, field))

    name = row.get("indicator", "") or indicator
    spec = watch.indicators.get(name)
    if spec is None:
        raise refuse("no_indicator", "indicator", name=name, known=", ".join(watch.indicators))
    place = row["place"]
    if spec.at == "event":
        if not _EVENT.fullmatch(place):
            raise refuse("event_name", "place", value=place)
    elif place not in known.get(spec.at, ()):
        raise refuse("no_place", "place", value=place, at=spec.at)
    start = _instant(row["start"])
    if start is None:
        raise refuse("zone", "start", value=row["start"])
    said = published if "published" not in row else _instant(row["published"])
    if said is None:
        raise refuse("zone", "published", value=row.get("published", ""))
    value = None if row["value"] == "" else _value(row["value"], spec, refuse)
    unit = spec.unit["en"]
    return Report(f"{threat}/{name}", place, start, value, unit, "", said, line)


def _value(text: str, spec: Reading, refuse: object) -> float:
    assert callable(refuse)
    if spec.values and text in spec.values:
        return float(spec.values.index(text) + 1)
    try:
        value = float(text)
    except ValueError:
        comma = bool(re.fullmatch(r"-?\d+,\d+", text))
        raise refuse("decimal_comma" if comma else "not_number", "value", value=text) from None
    if not math.isfinite(value):
        raise refuse("not_number", "value", value=text)
    if spec.values and value not in range(len(spec.values) + 1):
        raise refuse("no_value", "value", value=text, known=", ".join(spec.values))
    low, high = spec.domain or (-math.inf, math.inf)
    if not low <= value <= high:
        said = {"value": text, "low": f"{low:g}", "high": f"{high:g}", "unit": spec.unit["en"]}
        raise refuse("outside", "value", **said)
    return value


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
