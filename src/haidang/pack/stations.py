"""Gauges and slopes of a binding: two files beside it, read strictly, and where they lie today."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from haidang.base.errors import BadPack
from haidang.base.problem import Problem
from haidang.pack.schema import Country, Pack
from haidang.risk.readings import Station

STATIONS_FILE: Final = "stations.csv"
SUSCEPTIBILITY_FILE: Final = "susceptibility.csv"

STATION_COLUMNS: Final = (
    "code", "name_vi", "name_en", "river", "basin", "province", "lat", "lon", "zone",
    "bd1", "bd2", "bd3", "historic", "historic_year", "source",
)  # fmt: skip
SUSCEPTIBILITY_COLUMNS: Final = ("code", "risk", "source")

CLASSES: Final = ("low", "medium", "high", "very_high")
"""How readily slopes give way, the least first."""

T = TypeVar("T")


def rows_of(path: Path, name: str, wanted: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file with their lines; lines that begin with ``#`` before the header are notes.

    Args:
        path: The file, UTF-8.
        name: As problems call it.
        wanted: Columns that must be there.

    Raises:
        BadPack: It cannot be read, or lacks a column.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines(keepends=True)
    except FileNotFoundError as err:
        raise BadPack(Problem("pack.missing_file", {}, name)) from err
    except (OSError, UnicodeDecodeError) as err:
        raise BadPack(Problem("pack.unreadable", {"why": err}, name)) from err
    notes = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    reader = csv.DictReader(lines[notes:])
    missing = [c for c in wanted if c not in (reader.fieldnames or ())]
    if missing:
        said = {"missing": ", ".join(missing), "wanted": ", ".join(wanted)}
        raise BadPack(Problem("check.columns", said, file=name, row=notes + 1))
    for row in reader:
        yield notes + reader.line_num, {k: (v or "").strip() for k, v in row.items() if k}


def read_stations(path: Path, name: str) -> tuple[Station, ...]:
    """Gauges of a file, in its order.

    Args:
        path: Columns `STATION_COLUMNS`; further languages as ``name_<language>``.
        name: As problems call it.

    Raises:
        BadPack: Every row that cannot be used, with its line and column: a code that is missing or
            stands twice, no English name or province, a number that is none, alarm levels that do
            not rise, no source. A gauge that is silently dropped would be a river nobody watches.
    """
    found: dict[str, Station] = {}
    problems: list[Problem] = []

    def wrong(code: str, line: int, column: str, value: str) -> None:
        problems.append(Problem(f"station.{code}", {"value": value}, name, line, column))

    for line, row in rows_of(path, name, STATION_COLUMNS):
        numbers: dict[str, float | None] = {}
        for column in ("lat", "lon", "bd1", "bd2", "bd3", "historic", "historic_year"):
            try:
                numbers[column] = float(row[column]) if row[column] else None
            except ValueError:
                wrong("number", line, column, row[column])
                numbers[column] = None
        for column in ("code", "name_en", "province", "source"):
            if not row[column]:
                wrong("empty", line, column, "")
        if row["code"] in found:
            wrong("twice", line, "code", row["code"])
        alarms = (numbers["bd1"], numbers["bd2"], numbers["bd3"])
        told = [a for a in alarms if a is not None]
        if told != sorted(set(told)):
            wrong("alarms", line, "bd1", " ".join(f"{a:g}" for a in told))
        year = numbers["historic_year"]
        found[row["code"]] = Station(
            code=row["code"],
            names={
                k.removeprefix("name_"): v for k, v in row.items() if k.startswith("name_") and v
            },
            river=row["river"],
            basin=row["basin"],
            province=row["province"],
            lat=numbers["lat"],
            lon=numbers["lon"],
            zone=row["zone"],
            alarms=alarms,
            historic=numbers["historic"],
            historic_year=None if year is None else int(year),
            source=row["source"],
        )
    if problems:
        raise BadPack(*problems)
    return tuple(found.values())


def read_susceptibility(path: Path, name: str) -> Mapping[str, str]:
    """How readily slopes give way, by code of the place.

    Raises:
        BadPack: Every row without a code or a source, with a class that is none of `CLASSES`, or a
            code that stands twice.
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for line, row in rows_of(path, name, SUSCEPTIBILITY_COLUMNS):
        known = {"value": row["risk"], "known": ", ".join(CLASSES)}
        if row["risk"] not in CLASSES:
            problems.append(Problem("station.class", known, name, line, "risk"))
        if not row["code"] or not row["source"]:
            column = "source" if row["code"] else "code"
            problems.append(Problem("station.empty", {"value": ""}, name, line, column))
        if row["code"] in found:
            said = {"value": row["code"]}
            problems.append(Problem("station.twice", said, name, line, "code"))
        found[row["code"]] = row["risk"]
    if problems:
        raise BadPack(*problems)
    return found


def _by_area(
    country: Country, pack: Pack, day: date, of: Callable[[str], list[T]]
) -> dict[str, list[T]]:
    """What old places have, by the areas of today that were made of them."""
    out: dict[str, list[T]] = {}
    gazetteer = country.places.gazetteer
    for rule in pack.binding.areas:
        on = rule.codes_on or day
        for place in gazetteer.at(day, rule.kind):
            follow = gazetteer.predecessors if on <= day else gazetteer.successors
            mine = [x for old in follow(rule.kind, place.code, day, on) for x in of(old.code)]
            if mine:
                out[place.code] = mine
    return out


def stations_by_area(country: Country, pack: Pack, day: date) -> Mapping[str, tuple[Station, ...]]:
    """Gauges by the watched area they stand in, on a day.

    Args:
        country: Whose places.
        pack: Whose gauges; their provinces are written for the day ``codes_on`` of the areas.
        day: Day of the places.
    """

    def of(code: str) -> list[Station]:
        return [s for s in pack.stations if s.province == code]

    return {code: tuple(mine) for code, mine in _by_area(country, pack, day, of).items()}


def susceptibility_by_area(country: Country, pack: Pack, day: date) -> Mapping[str, str]:
    """The highest class of what each watched area was made of; absent where none is known."""
    known = pack.susceptibility

    def of(code: str) -> list[str]:
        return [known[code]] if code in known else []

    found = _by_area(country, pack, day, of)
    return {code: max(classes, key=CLASSES.index) for code, classes in found.items()}
