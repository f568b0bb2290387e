"""What is known afterwards of a case: the ``review:`` section and the files that it names."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, TypeVar, get_args

from pydantic import Field

from haidang.base.place import Gazetteer, fold
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.base.wind import BEAUFORT, GUST_FACTOR_600
from haidang.pack.load import short
from haidang.review.facts import (
    Act,
    Cause,
    Damage,
    Deaths,
    Facts,
    HouseSize,
    NotModelled,
    Order,
    Report,
    StationWind,
)

T = TypeVar("T")
Row = Mapping[str, str]


class OrdersSpec(Spec):
    """What was really ordered.

    Attributes:
        tasks: Ids of the scenario's tasks that ask for the same as ``in_harbour``.
    """

    file: str
    tasks: tuple[str, ...] = ()
    source: str = Field(min_length=1)


class WindsSpec(Spec):
    """What stations measured.

    Attributes:
        file: Strongest sustained wind and gust by station, Beaufort.
        stations: Where the stations stand.
        averaging_s: Period of the sustained winds, s.
    """

    file: str
    stations: str
    averaging_s: Literal[60, 120, 180, 600]
    source: str = Field(min_length=1)


class TollsSpec(Spec):
    """Successive situation reports."""

    file: str
    source: str = Field(min_length=1)


class HouseSpec(Spec):
    """People to a house.

    Attributes:
        people: Persons a household.
        year: Of the count.
    """

    people: float = Field(gt=0)
    year: int
    source: str = Field(min_length=1)


class DamageSpec(Spec):
    """Houses damaged by province.

    Attributes:
        as_of: Day of the figures.
        house: People to a house.
    """

    file: str
    as_of: date
    house: HouseSpec
    source: str = Field(min_length=1)


class DeathsSpec(Spec):
    """People dead and missing by province and cause."""

    file: str
    source: str = Field(min_length=1)


class NotModelledSpec(Spec):
    """One danger that came with the event and that no model here covers.

    Attributes:
        causes: Causes of death, as ``deaths`` writes them, that count as its work.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    name: Mapping[str, str]
    text: Mapping[str, str]
    causes: tuple[Cause, ...] = ()
    source: str = Field(min_length=1)


class ReviewSpec(Spec):
    """``review:`` of a case.

    Attributes:
        codes_on: Day whose codes of places the files use.
    """

    codes_on: date
    orders: OrdersSpec | None = None
    winds: WindsSpec | None = None
    tolls: TollsSpec | None = None
    damage: DamageSpec | None = None
    deaths: DeathsSpec | None = None
    not_modelled: tuple[NotModelledSpec, ...] = ()


ORDERS: Final = ("province", "code", "act", "action", "effective_local", "source")
WINDS: Final = ("station", "sustained_beaufort_cap", "gust_cap", "source")
STATIONS: Final = ("station", "lat", "lon", "elevation_note", "exposure", "coordinates")
REPORTS: Final = (
    "as_of_local", "dead", "missing", "dead_plus_missing", "injured", "houses_damaged", "note",
)  # fmt: skip
DAMAGE: Final = ("province_2024", "code", "houses_damaged")
DEATHS: Final = (
    "as_of_local", "province_2024", "code", "dead", "missing", "cause", "note", "source",
)  # fmt: skip


class _CellError(Exception):
    """A cell that cannot be used: which one, and why."""

    def __init__(self, problem: str, column: str, /, **params: object) -> None:
        super().__init__(problem)
        self.problem, self.column, self.params = problem, column, params


@dataclass
class _Reader:
    """Reads the files of one folder; what is wrong gathers in ``problems``."""

    folder: Path
    places: Gazetteer
    day: date
    problems: list[Problem] = field(default_factory=list)

    def rows(self, name: str, columns: Sequence[str], read: Callable[[Row], T]) -> tuple[T, ...]:
        """Good rows of a file; each bad one is a problem that names line and column."""
        found: list[T] = []
        for line, row in self._lines(name, columns):
            try:
                found.append(read(row))
            except _CellError as bad:
                file = short(self.folder / name)
                problem = Problem(f"check.{bad.problem}", bad.params, file, line, bad.column)
                self.problems.append(problem)
        return tuple(found)

    def _lines(self, name: str, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
        path = self.folder / name
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as err:
            problem = Problem("check.review_file", {"name": name, "why": err}, short(path))
            self.problems.append(problem)
            return
        reader = csv.DictReader(text.splitlines())
        if missing := [c for c in columns if c not in (reader.fieldnames or ())]:
            params = {"missing": ", ".join(missing), "wanted": ", ".join(columns)}
            self.problems.append(Problem("check.columns", params, short(path), 1))
            return
        for row in reader:
            yield reader.line_num, {c: (row[c] or "").strip() for c in columns}

    def place(self, row: Row, name: str) -> tuple[str, Literal["province", "nation"]]:
        """Code and kind of a row's place; its name must be the one that the code meant then."""
        code = row["code"]
        if self.places.find("nation", code, self.day) is not None:
            return code, "nation"
        found = self.places.find("province", code, self.day)
        if found is None:
            raise _CellError("review_code", "code", code=code, day=self.day)
        if fold(row[name]) not in {fold(n) for n in found.names.values()}:
            said = {"code": code, "means": found.name("vi"), "name": row[name]}
            raise _CellError("review_name", name, **said)
        return code, "province"


def _count(row: Row, column: str) -> int:
    found = _maybe(row, column)
    if found is None:
        raise _CellError("review_number", column, value="")
    return found


def _maybe(row: Row, column: str) -> int | None:
    """A whole number, zero or more; None where the cell is empty."""
    text = row[column]
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise _CellError("review_number", column, value=text)
    return int(text)


def _force(row: Row, column: str) -> int:
    found = _count(row, column)
    if found > BEAUFORT[-1].number:
        raise _CellError("review_number", column, value=found)
    return found


def _one_of(row: Row, column: str, known: Sequence[str]) -> str:
    if row[column] not in known:
        raise _CellError("review_word", column, value=row[column], known=", ".join(known))
    return row[column]


def _degrees(row: Row, column: str, most: float) -> float:
    try:
        found = float(row[column])
    except ValueError:
        raise _CellError("review_number", column, value=row[column]) from None
    if not abs(found) <= most:
        raise _CellError("review_number", column, value=row[column])
    return found


def _instant(row: Row, column: str) -> datetime:
    found = _hour(row[column])
    if found is None:
        raise _CellError("review_time", column, value=row[column])
    return found


def _hour(text: str) -> datetime | None:
    """An instant with its zone; None for a text that is no such thing, as a bare day."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def read_facts(
    spec: ReviewSpec | None, folder: Path, places: Gazetteer, languages: Sequence[str]
) -> tuple[Facts | None, tuple[Problem, ...]]:
    """Read what a case's ``review:`` section names.

    Args:
        spec: The section; None where the case has none.
        folder: Of the case.
        places: The country's places of all days.
        languages: In which every danger that is not modelled must be told.

    Returns:
        The facts (None without a section) and what is wrong with them: a file that is not there or
        lacks a column, a code that means no province on ``codes_on`` or another one than the row
        names, a number that is none, an hour without a zone, a station without a position, a
        language that is missing. Good rows are kept.
    """
    if spec is None:
        return None, ()
    reader = _Reader(folder, places, spec.codes_on)
    damage = spec.damage
    facts = Facts(
        day=spec.codes_on,
        orders=_orders(reader, spec.orders),
        tasks=spec.orders.tasks if spec.orders else (),
        winds=_winds(reader, spec.winds),
        reports=_reports(reader, spec.tolls),
        damage=_damage(reader, damage),
        damage_on=damage.as_of if damage else None,
        house=HouseSize(**damage.house.model_dump()) if damage else None,
        deaths=_deaths(reader, spec.deaths),
        not_modelled=tuple(NotModelled(**one.model_dump()) for one in spec.not_modelled),
        sources={
            name: part.source
            for name in ("orders", "winds", "tolls", "damage", "deaths")
            if (part := getattr(spec, name)) is not None
        },
    )
    for one in spec.not_modelled:
        for language in languages:
            if not one.name.get(language) or not one.text.get(language):
                said = {"id": one.id, "language": language}
                problem = Problem("check.review_words", said, short(folder / "case.yaml"))
                reader.problems.append(problem)
    return facts, tuple(reader.problems)


def _orders(reader: _Reader, spec: OrdersSpec | None) -> tuple[Order, ...]:
    def read(row: Row) -> Order:
        code, kind = reader.place(row, "province")
        text = row["effective_local"]
        at = _hour(text)
        try:
            day = at.date() if at else date.fromisoformat(text)
        except ValueError:
            raise _CellError("review_time", "effective_local", value=text) from None
        act = _one_of(row, "act", get_args(Act))
        return Order(code, kind, act, row["action"], at, day, row["source"])  # type: ignore[arg-type]

    return () if spec is None else reader.rows(spec.file, ORDERS, read)


def _winds(reader: _Reader, spec: WindsSpec | None) -> tuple[StationWind, ...]:
    if spec is None:
        return ()
    known = {row["station"]: row for row in reader.rows(spec.stations, STATIONS, _station)}

    def read(row: Row) -> StationWind:
        where = known.get(row["station"])
        if where is None:
            raise _CellError(
                "review_station", "station", station=row["station"], file=spec.stations
            )
        return StationWind(
            station=row["station"],
            lat=float(where["lat"]),
            lon=float(where["lon"]),
            exposure=where["exposure"],
            ground=where["elevation_note"],
            position=where["coordinates"],
            force=_force(row, "sustained_beaufort_cap"),
            gust=_force(row, "gust_cap") if row["gust_cap"] else None,
            averaging_s=spec.averaging_s,
            source=row["source"],
        )

    return reader.rows(spec.file, WINDS, read)


def _station(row: Row) -> Row:
    _degrees(row, "lat", 90.0)
    _degrees(row, "lon", 180.0)
    _one_of(row, "exposure", tuple(GUST_FACTOR_600))
    return row


def _reports(reader: _Reader, spec: TollsSpec | None) -> tuple[Report, ...]:
    def read(row: Row) -> Report:
        if not row["as_of_local"]:
            raise _CellError("review_time", "as_of_local", value="")
        return Report(
            as_of=row["as_of_local"],
            at=_hour(row["as_of_local"]),
            dead=_maybe(row, "dead"),
            missing=_maybe(row, "missing"),
            total=_maybe(row, "dead_plus_missing"),
            injured=_maybe(row, "injured"),
            houses=_maybe(row, "houses_damaged"),
            note=row["note"],
        )

    return () if spec is None else reader.rows(spec.file, REPORTS, read)


def _damage(reader: _Reader, spec: DamageSpec | None) -> tuple[Damage, ...]:
    def read(row: Row) -> Damage:
        return Damage(*reader.place(row, "province_2024"), _count(row, "houses_damaged"))

    return () if spec is None else reader.rows(spec.file, DAMAGE, read)


def _deaths(reader: _Reader, spec: DeathsSpec | None) -> tuple[Deaths, ...]:
    def read(row: Row) -> Deaths:
        return Deaths(
            place=reader.place(row, "province_2024")[0],
            dead=_count(row, "dead"),
            missing=_count(row, "missing"),
            cause=_one_of(row, "cause", get_args(Cause)),  # type: ignore[arg-type]
            as_of=_instant(row, "as_of_local"),
            note=row["note"],
            source=row["source"],
        )

    return () if spec is None else reader.rows(spec.file, DEATHS, read)
