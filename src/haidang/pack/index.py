"""Reads a country's ``index/`` folder: the tree of its risk index, and the facts that it rests on.

``index.yaml`` says how the index is made, ``facts.csv`` (``indicator,code,value,note``) what is
known, each row by the code of the place on the day that its source is about. A row that is wrong is
left out and named; the others are kept. The folder may be missing: the country has no index then.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from haidang.base.place import Place
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.pack.load import parse, read_yaml, short
from haidang.pack.places import CountryPlaces
from haidang.risk.index import Floats
from haidang.risk.index_sampling import Index, make
from haidang.risk.index_spec import IndexSpec, Indicator

FOLDER: Final = "index"
INFORM: Final = Path(str(files("haidang"))) / "risk" / "inform.yaml"
"""The tree of INFORM, down to its components."""

Measure = Literal["people_per_km2", "people_per_commune", "km2_per_commune", "coast"]
Rows = Mapping[str, Mapping[str, float]]


class Given(Spec):
    """Where the values of an indicator come from.

    Attributes:
        measure: Computed from the places of the country.
        merge: Of facts: how the values of provinces become that of the one they were merged into.
        by: Of a mean: the facts that weigh it, such as people; rows of that name in the same file.
        codes_on: Day of the codes of the facts.
        rest: Value of places that the source does not list because it lists all that had any; None:
            a place that is not listed is not known.
        per: Divide by the people or the area of the place as it is now.
        times: And multiply by this.
    """

    measure: Measure | None = None
    merge: Literal["sum", "max", "min", "mean"] | None = None
    by: str = ""
    codes_on: date | None = None
    rest: float | None = Field(default=None, ge=0)
    per: Literal["people", "km2"] | None = None
    times: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _one(self) -> Given:
        if (self.measure is None) == (self.merge is None):
            raise PydanticCustomError("index_given", "give either a measure or how to merge facts")
        if self.merge is not None and self.codes_on is None:
            raise PydanticCustomError(
                "index_codes_on", "facts need codes_on, the day of their codes"
            )
        if (self.merge == "mean") != bool(self.by):
            raise PydanticCustomError("index_by", "a mean, and nothing else, needs by")
        return self


class CountryIndicator(Indicator):
    """An indicator of a country's own index.

    Attributes:
        given: None: nobody has it; the indicator stands in the tree as not known, its source says
            who would have it.
    """

    given: Given | None = None


class CountryIndexSpec(IndexSpec):
    """``index.yaml``."""

    indicators: Mapping[str, CountryIndicator] = Field(min_length=1)


@dataclass(frozen=True, slots=True, eq=False)
class CountryIndex:
    """A country's risk index on a day.

    Attributes:
        spec: How it is made.
        places: Provinces of the day, in order of code.
        values: By indicator, in its unit, (place,); NaN is not known.
        people: Registered people, (place,); NaN is not known.
        area_km2: Area in law, (place,); NaN is not known.
        problems: Rows that were left out, and what is missing.
    """

    spec: CountryIndexSpec
    places: tuple[Place, ...]
    values: Mapping[str, Floats]
    people: Floats
    area_km2: Floats
    problems: tuple[Problem, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the places."""
        return tuple(p.code for p in self.places)

    def made(self) -> Index:
        """The index with its interval."""
        return make(self.spec, self.codes, self.values)


def read_structure(path: Path) -> IndexSpec:
    """An index's tree from a YAML file, such as that of INFORM.

    Raises:
        BadPack: The file is missing, is not YAML, or does not hold a tree.
    """
    return parse(IndexSpec, read_yaml(path), path)


def load_index(folder: Path, places: CountryPlaces, day: date) -> CountryIndex | None:
    """A country's index from ``<folder>/index``.

    Args:
        folder: Of the country.
        places: Its places.
        day: Whose provinces are ranked.

    Returns:
        The index, with every problem found; None where the country has no such folder.

    Raises:
        BadPack: ``index.yaml`` is missing or does not hold a tree.
    """
    home = folder / FOLDER
    if not home.is_dir():
        return None
    path = home / "index.yaml"
    spec = parse(CountryIndexSpec, read_yaml(path), path)
    problems: list[Problem] = []
    rows = _facts(home / "facts.csv", spec, places, problems)
    there = tuple(sorted(places.gazetteer.at(day, "province"), key=lambda p: p.code))
    people = _of(there, places.people)
    area = _of(there, places.area_km2)
    values = {}
    for name, one in spec.indicators.items():
        if one.given is None:
            continue
        if one.given.measure is not None:
            values[name] = _MEASURES[one.given.measure](places, there, day)
        else:
            weights = rows.get(one.given.by, {})
            parts = rows.get(name, {}), weights
            values[name] = _merged(one.given, *parts, places, there, day, people, area)
        if np.isnan(values[name]).all():
            where = {"indicator": name}
            problems.append(
                Problem("index.nothing", where, short(path), field=name, severity="warning")
            )
    return CountryIndex(spec, there, values, people, area, tuple(problems))


def _of(there: tuple[Place, ...], figures: Mapping[Any, float]) -> Floats:
    return np.array([figures.get(p.key, math.nan) for p in there], np.float64)


# ── facts ───────────────────────────────────────────────────────────────────────────────────────


def _facts(
    path: Path, spec: CountryIndexSpec, places: CountryPlaces, problems: list[Problem]
) -> Rows:
    """Value by indicator and code, of the rows that can be used."""
    found: dict[str, dict[str, float]] = {}
    if not path.is_file():
        return found
    name = short(path)
    days = _days(spec)
    codes = {d: {p.code for p in places.gazetteer.at(d, "province")} for d in days.values()}
    for number, row in _rows(path, problems):
        code, indicator = row["code"], row["indicator"]
        refused = _refused(row, spec, days, codes)
        if refused is not None:
            field, key, params = refused
            problems.append(Problem(f"index.{key}", params, name, number, field))
        elif code in found.setdefault(indicator, {}):
            params = {"indicator": indicator, "code": code}
            problems.append(Problem("index.twice", params, name, number, "code"))
        else:
            found[indicator][code] = float(row["value"]) if row["value"] else math.nan
    return found


def _rows(path: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            wanted = {"indicator", "code", "value"}
            missing = sorted(wanted - set(reader.fieldnames or ()))
            if missing:
                params = {"missing": ", ".join(missing)}
                problems.append(Problem("index.columns", params, short(path), 1))
                return
            for row in reader:
                yield reader.line_num, {k: (row[k] or "").strip() for k in wanted}
    except (UnicodeDecodeError, csv.Error):
        problems.append(Problem("index.unreadable", {}, short(path)))


def _days(spec: CountryIndexSpec) -> dict[str, date]:
    """Day of the codes, by name of every kind of facts that the index takes."""
    found: dict[str, date] = {}
    for name, one in spec.indicators.items():
        if one.given is not None and one.given.codes_on is not None:
            found[name] = one.given.codes_on
            if one.given.by:
                found.setdefault(one.given.by, one.given.codes_on)
    return found


def _refused(
    row: Mapping[str, str],
    spec: CountryIndexSpec,
    days: Mapping[str, date],
    codes: Mapping[date, set[str]],
) -> tuple[str, str, dict[str, object]] | None:
    """Field, key and parameters of what is wrong with a row; None for nothing."""
    indicator = row["indicator"]
    if indicator not in days:
        if indicator in spec.indicators:
            return "indicator", "not_facts", {"indicator": indicator}
        return "indicator", "indicator", {"indicator": indicator, "known": ", ".join(sorted(days))}
    if row["code"] not in codes[days[indicator]]:
        return "code", "code", {"code": row["code"], "day": days[indicator]}
    if row["value"] and not _is_number(row["value"]):
        return "value", "value", {"value": row["value"]}
    return None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and float(text) >= 0
    except ValueError:
        return False


def _merged(
    given: Given,
    rows: Mapping[str, float],
    weights: Mapping[str, float],
    places: CountryPlaces,
    there: tuple[Place, ...],
    day: date,
    people: Floats,
    area: Floats,
) -> Floats:
    """Facts brought to the places of the day; where one part is not known the whole is not."""
    on = given.codes_on or day
    rest = math.nan if given.rest is None else given.rest
    out = np.full(len(there), np.nan)
    for i, place in enumerate(there):
        parts = _parts(places, place, day, on)
        if parts and rows:
            found = np.array([rows.get(p.code, rest) for p in parts])
            out[i] = _joined(given, found, np.array([weights.get(p.code, np.nan) for p in parts]))
    divided = {"people": people, "km2": area}
    return out / divided[given.per] * given.times if given.per else out * given.times


def _joined(given: Given, parts: Floats, weights: Floats) -> float:
    """The value of a whole from those of its parts; NaN where one is not known."""
    match given.merge:
        case "max":
            return float(np.max(parts))
        case "min":
            return float(np.min(parts))
        case "mean":
            # A single part needs no weight.
            alone = len(parts) == 1
            return float(parts[0] if alone else np.sum(parts * weights) / np.sum(weights))
        case _:
            return float(np.sum(parts))


def _parts(places: CountryPlaces, place: Place, day: date, on: date) -> tuple[Place, ...]:
    """The places of the facts' day that make up a place of the index's day."""
    if on <= day:
        return places.gazetteer.predecessors("province", place.code, day, on)
    later = places.gazetteer.successors("province", place.code, day, on)
    # A figure of what several were merged into tells nothing of one of them.
    alone = [
        p for p in later if len(places.gazetteer.predecessors("province", p.code, on, day)) == 1
    ]
    return later if len(alone) == len(later) else ()


# ── measures of the places themselves ───────────────────────────────────────────────────────────


def _communes(places: CountryPlaces, there: tuple[Place, ...], day: date) -> Floats:
    """Communes of each province; NaN where the country lists none."""
    count: dict[str, int] = {}
    for commune in places.gazetteer.at(day, "commune"):
        if commune.parent is not None:
            count[commune.parent] = count.get(commune.parent, 0) + 1
    return np.array([count.get(p.code, math.nan) for p in there], np.float64)


def _density(places: CountryPlaces, there: tuple[Place, ...], day: date) -> Floats:
    return _of(there, places.people) / _of(there, places.area_km2)


def _people_per_commune(places: CountryPlaces, there: tuple[Place, ...], day: date) -> Floats:
    return _of(there, places.people) / _communes(places, there, day)


def _km2_per_commune(places: CountryPlaces, there: tuple[Place, ...], day: date) -> Floats:
    return _of(there, places.area_km2) / _communes(places, there, day)


def _coast(places: CountryPlaces, there: tuple[Place, ...], day: date) -> Floats:
    """1 on the sea, 0 not; NaN where the country does not say of these provinces."""
    if not any(p.key in places.coast for p in there):
        return np.full(len(there), np.nan)
    return np.array([float(p.key in places.coast) for p in there])


_MEASURES: Final[Mapping[str, Callable[[CountryPlaces, tuple[Place, ...], date], Floats]]] = {
    "people_per_km2": _density,
    "people_per_commune": _people_per_commune,
    "km2_per_commune": _km2_per_commune,
    "coast": _coast,
}
