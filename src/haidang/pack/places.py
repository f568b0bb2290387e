"""Reads a country's ``places/`` folder, and outlines that somebody brings along.

The folder holds ``provinces.csv`` and, if the country has them, ``communes.csv``, ``points.csv``,
``successions.csv``, ``commune_code_crosswalk.csv``, ``towns.csv``, ``places.yaml``,
``sea_areas.geojson`` and any number of ``outlines*.geojson``. A row that is wrong is left out and
named; the others are kept.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeVar

import numpy as np
import shapely
import yaml
from pydantic import Field, ValidationError
from shapely.geometry.base import BaseGeometry

from haidang.base.errors import BadData, BadPack
from haidang.base.place import KINDS, Gazetteer, Key, Kind, Place, Succession, fold
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.risk.coast import NODES_KM, Coast
from haidang.risk.exposure import STEP, Exposure, Towns, spread_all

Outlines: TypeAlias = dict[str, BaseGeometry]
_T = TypeVar("_T")
_N = TypeVar("_N", int, float)

_ALWAYS: Final = date.min  # a place whose first day nobody wrote down
_FULL_TURN = 360.0


class NationSpec(Spec):
    """The country itself."""

    code: str
    names: dict[str, str] = Field(min_length=1)
    valid_from: date = _ALWAYS
    source: str = ""


class ShareSpec(Spec):
    """A share with where it is from."""

    value: float = Field(ge=0, le=1)
    year: int | None = None
    source: str
    checked: bool
    note: str = ""


class CoastSpec(Spec):
    """Provinces that lie on the sea."""

    codes: tuple[str, ...] = Field(min_length=1)
    codes_on: date
    source: str


class FolderSpec(Spec):
    """``places.yaml``: what is true of the country as a whole.

    Attributes:
        nation: Its own code and names.
        urban_share: Share of the people who live in towns, see `haidang.risk.exposure.spread`.
        coast: Provinces from which boats go out.
    """

    nation: NationSpec | None = None
    urban_share: ShareSpec | None = None
    coast: CoastSpec | None = None


@dataclass(frozen=True, slots=True)
class Town:
    """One row of ``towns.csv``.

    Attributes:
        province: Code of the province whose people it holds.
        name: Its name.
        lat: Degrees north.
        lon: Degrees east.
        population: Inhabitants, None if not known.
        dropped: Why its people are not counted, "" if they are.
    """

    province: str
    name: str
    lat: float
    lon: float
    population: int | None
    dropped: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """The outlines of one kind of place in one span of time.

    Attributes:
        kind: Kind of place.
        valid_from: First day.
        valid_to: First day on which they are no longer valid, None while they stand.
        outlines: Outline by code.
    """

    kind: Kind
    valid_from: date
    valid_to: date | None
    outlines: Mapping[str, BaseGeometry]


@dataclass(frozen=True, slots=True, eq=False)
class CountryPlaces:
    """Everything a country's ``places/`` folder holds.

    Attributes:
        gazetteer: Places and successions.
        editions: Outlines by kind and span of time.
        people: People by key of every province, past ones too, for which the file has a figure.
        area_km2: Area in law by key of every province for which the file gives it.
        towns: Every row, dropped ones too.
        crosswalk: The code here, by the code in another list and the folded name beside it; the
            name is needed because another list may use one of our codes for another place.
        urban_share: Share of the people who live in towns, None if not stated.
        coast: Keys of the provinces that lie on the sea; empty if not stated.
        shelf: Points of the coast and the depth of the sea before them, None if not known.
        problems: What was found wrong, warnings included.
    """

    gazetteer: Gazetteer
    editions: tuple[Edition, ...] = ()
    people: Mapping[Key, int] = field(default_factory=dict)
    area_km2: Mapping[Key, float] = field(default_factory=dict)
    towns: tuple[Town, ...] = ()
    crosswalk: Mapping[tuple[str, str], str] = field(default_factory=dict)
    urban_share: ShareSpec | None = None
    coast: frozenset[Key] = frozenset()
    shelf: Coast | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def population(self) -> Mapping[str, int]:
        """People by code of the provinces that stand; one without a figure is missing."""
        standing = (p for p in self.gazetteer if p.kind == "province" and p.valid_to is None)
        return {p.code: self.people[p.key] for p in standing if p.key in self.people}

    def population_on(self, day: date) -> Mapping[str, int]:
        """People by code of the provinces of a day; one without a figure is missing.

        A code may have meant another province on that day, so a past day must ask here.
        """
        there = self.gazetteer.at(day, "province")
        return {p.code: self.people[p.key] for p in there if p.key in self.people}

    @property
    def outlines(self) -> Mapping[Kind, Mapping[str, BaseGeometry]]:
        """The newest outlines by kind, then code."""
        newest: dict[Kind, Mapping[str, BaseGeometry]] = {}
        for edition in sorted(self.editions, key=lambda e: e.valid_from):
            newest[edition.kind] = edition.outlines
        return newest

    def outlines_on(self, kind: Kind, day: date) -> Mapping[str, BaseGeometry]:
        """The outlines of one kind as they were on a day; empty if none are known for it.

        Of two files for the same day the later read wins, place by place: what a user brought
        takes the place of what the folder has, and leaves the rest.
        """
        found: dict[str, BaseGeometry] = {}
        for e in self.editions:
            if e.kind == kind and e.valid_from <= day and (not e.valid_to or day < e.valid_to):
                found |= e.outlines
        return found

    def towns_by_province(self, day: date | None = None) -> dict[str, Towns]:
        """The towns that count, with known inhabitants, by code of their province.

        Args:
            day: The day whose provinces are meant. The table of towns has the codes of today; when
                other outlines held on that day, each town goes to the nearest of those instead.

        Returns:
            Towns by code.
        """
        counted = [t for t in self.towns if t.population and not t.dropped]
        codes = [t.province for t in counted]
        then = self.outlines.get("province") if day is None else self.outlines_on("province", day)
        if counted and then and then is not self.outlines.get("province"):
            tree = shapely.STRtree(list(then.values()))
            nearest = tree.nearest(shapely.points([(t.lon, t.lat) for t in counted]))
            codes = [list(then)[i] for i in nearest]
        rows: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        for code, t in zip(codes, counted, strict=True):
            rows[code].append((t.lat, t.lon, t.population or 0))
        return {c: Towns(*np.asarray(r, dtype=np.float64).T) for c, r in rows.items()}


def exposure(country: CountryPlaces, step: float = STEP) -> Exposure:
    """The people of a country's provinces on a grid.

    Args:
        country: As `load_places` gives it. Without an urban share, towns count at face value.
        step: Width of a cell in degrees.

    Returns:
        See `haidang.risk.exposure.spread_all`.
    """
    share = 1.0 if country.urban_share is None else country.urban_share.value
    outlines = country.outlines.get("province", {})
    return spread_all(country.population, outlines, country.towns_by_province(), share, step)


def load_places(folder: Path, brought: Iterable[Path] = ()) -> CountryPlaces:
    """Read a country's ``places/`` folder.

    Args:
        folder: Where it lies; only ``provinces.csv`` must be there.
        brought: Files of outlines that a user brought along, read after those of the folder.

    Returns:
        What could be read, with every problem found: rows that were left out, and what
        `Gazetteer.check` says of the rest.

    Raises:
        BadPack: ``provinces.csv`` is missing, or a file cannot be read at all.
    """
    if not (folder / "provinces.csv").is_file():
        raise BadPack(Problem("place.file_missing", file="provinces.csv"))
    try:
        return _load(folder, brought)
    except BadData as error:
        raise BadPack(*error.problems) from error


def import_outlines(
    file: Path,
    known: Collection[str] | None = None,
    code_property: str = "code",
    around: tuple[float, float, float, float] | None = None,
) -> tuple[Outlines, tuple[Problem, ...]]:
    """Read outlines from a GeoJSON file that a user brings along.

    Args:
        file: A FeatureCollection in WGS 84, one or more polygons to a code.
        known: Codes that exist, as text; None takes any.
        code_property: The property that holds the code. A number that lost its leading zeros is
            taken if exactly one known code fits, with a warning.
        around: West, south, east, north of the country in degrees: an outline outside it that would
            lie inside with its axes swapped is refused as swapped.

    Returns:
        Outline by code, and a problem for every feature that was left out, joined or repaired.

    Raises:
        BadData: The file is missing, is not JSON in UTF-8, or is no FeatureCollection.
    """
    problems: list[Problem] = []
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    for number, feature in enumerate(_features(_json(file), file.name), start=1):
        try:
            code, warnings = _feature_code(feature, number, known, code_property)
            problems.extend(replace(w, file=file.name) for w in warnings)
            parts[code].append(_feature_outline(feature, number, code, around))
        except BadData as error:
            problems.extend(replace(p, file=file.name) for p in error.problems)
            continue
        if len(parts[code]) > 1:
            problems.append(
                _finding("outline_twice", number, code, file=file.name, severity="warning")
            )
    # A code whose every feature was refused has left an empty list behind.
    return {c: shapely.union_all(g) for c, g in sorted(parts.items()) if g}, tuple(problems)


# ── the folder ──────────────────────────────────────────────────────────────────────────────────


def _load(folder: Path, brought: Iterable[Path]) -> CountryPlaces:
    problems: list[Problem] = []
    settings = _settings(folder / "places.yaml", problems)
    people: dict[Key, int] = {}
    area: dict[Key, float] = {}
    places = [*_nation(settings), *_provinces(folder / "provinces.csv", problems, people, area)]
    places += [p for _, p in _places(folder / "communes.csv", "commune", problems)]
    places += [p for _, p in _places(folder / "points.csv", "point", problems)]
    seas, sea_outlines = _seas(folder / "sea_areas.geojson", problems)
    gazetteer = Gazetteer([*places, *seas], _successions(folder / "successions.csv", problems))
    problems += gazetteer.check()
    editions = [
        _edition(file, gazetteer, problems)
        for file in (*sorted(folder.glob("outlines*.geojson")), *brought)
    ]
    if sea_outlines:
        editions.append(Edition("sea", _ALWAYS, None, sea_outlines))
    country = CountryPlaces(
        gazetteer,
        tuple(editions),
        people,
        area,
        _towns(folder / "towns.csv", gazetteer, problems),
        _crosswalk(folder / "commune_code_crosswalk.csv", problems),
        settings.urban_share,
        _coast(settings, gazetteer, problems),
        _shelf(folder / "shelf.csv", problems),
    )
    return replace(country, problems=(*problems, *_gaps(country)))


def _gaps(country: CountryPlaces) -> Iterator[Problem]:
    """What is missing between files that are each right by themselves."""
    drawn = country.outlines.get("province", {})
    standing = [p for p in country.gazetteer if p.kind == "province" and p.valid_to is None]
    for p in standing:
        params = {"code": p.code, "name": p.name("en")}
        if p.code not in country.population and p.code in drawn:
            yield Problem(
                "place.no_population",
                params,
                "provinces.csv",
                field="population",
                severity="warning",
            )
        if drawn and p.code not in drawn:
            yield Problem("place.no_outline", params, "outlines.geojson", severity="warning")
    if country.urban_share is None and any(t.population for t in country.towns):
        yield Problem("place.no_urban_share", {}, "places.yaml", severity="warning")


def _settings(path: Path, problems: list[Problem]) -> FolderSpec:
    if not path.is_file():
        return FolderSpec()
    try:
        return FolderSpec.model_validate(yaml.safe_load(path.read_text("utf-8")) or {})
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadPack(Problem("place.unreadable", {"what": "YAML"}, path.name)) from error
    except ValidationError as error:
        problems += [
            Problem(
                "place.setting", {"reason": e["msg"]}, path.name, field=".".join(map(str, e["loc"]))
            )
            for e in error.errors()
        ]
        return FolderSpec()


def _coast(settings: FolderSpec, gazetteer: Gazetteer, problems: list[Problem]) -> frozenset[Key]:
    if (coast := settings.coast) is None:
        return frozenset()
    there = {p.code: p.key for p in gazetteer.at(coast.codes_on, "province")}
    problems += [
        Problem(
            "place.coast_unknown",
            {"code": code, "day": coast.codes_on},
            "places.yaml",
            field="coast.codes",
        )
        for code in coast.codes
        if code not in there
    ]
    return frozenset(there[c] for c in coast.codes if c in there)


def _shelf(path: Path, problems: list[Problem]) -> Coast | None:
    """The sea before the coast: a row a point, its depths empty from where there is land again."""
    depths = [f"depth_{km:g}" for km in NODES_KM]
    rows: list[tuple[float, float, float, list[float]]] = []
    for row in _rows(path, problems, ("lat", "lon", "seaward", *depths)):
        lat, lon = (
            row.number("lat", -90, 90, needed=True),
            row.number("lon", -180, 180, needed=True),
        )
        seaward = row.number("seaward", 0, 360, needed=True)
        found = [row.number(name, 0, 12_000) for name in depths]
        end = next((k for k, d in enumerate(found) if d is None), len(found))
        if row.good and (end < 2 or any(d is not None for d in found[end:])):  # noqa: PLR2004
            row.refuse("place.shelf_gap", depths[end])
        if row.good and lat is not None and lon is not None and seaward is not None:
            rows.append((lat, lon, seaward, [np.nan if d is None else d for d in found]))
    if not rows:
        return None
    lats, lons, out, depth = zip(*rows, strict=True)
    return Coast(np.array(lats), np.array(lons), np.array(out), np.array(depth))


def _nation(settings: FolderSpec) -> Iterator[Place]:
    if (n := settings.nation) is not None:
        yield Place(n.code, "nation", n.names, None, n.valid_from, None, "nation", n.source)


def _provinces(
    path: Path, problems: list[Problem], people: dict[Key, int], area: dict[Key, float]
) -> list[Place]:
    places = []
    for row, place in _places(path, "province", problems):
        places.append(place)
        # A wrong figure must not take the province with it: only the figure is left out.
        if (n := row.integer("population", 0, 10**10, "place.figure")) is not None:
            people[place.key] = n
        if (km2 := row.number("area_km2", 0, 2e7, code="place.figure")) is not None:
            area[place.key] = km2
    return places


def _places(path: Path, kind: Kind, problems: list[Problem]) -> Iterator[tuple[_Row, Place]]:
    seen: set[tuple[str, date]] = set()
    for row in _rows(path, problems, ("code",)):
        code = row.text("code")
        start = row.day("valid_from") or _ALWAYS
        end, lat, lon = (
            row.day("valid_to"),
            row.number("lat", -90, 90),
            row.number("lon", -180, 180),
        )
        names = row.by_language("name_")
        if code and not names:
            row.refuse("place.name_missing", "name", code=code)
        elif code and (code, start) in seen:
            row.refuse("place.twice", "code", code=code)
        if row.good and code:
            seen.add((code, start))
            yield (
                row,
                Place(
                    code, kind, names, row.get("parent") or None, start, end,
                    row.get("status"), row.get("source"), lat, lon,
                ),
            )  # fmt: skip


def _successions(path: Path, problems: list[Problem]) -> Iterator[Succession]:
    for row in _rows(path, problems, ("old_code", "new_code")):
        old, new = row.text("old_code"), row.text("new_code")
        old_from, new_from = row.day("old_valid_from"), row.day("new_valid_from")
        kind = next((k for k in KINDS if k == (row.get("kind") or "province")), None)
        if kind is None:
            row.refuse("place.kind", "kind", value=row.get("kind"), kinds=", ".join(KINDS))
        if row.good and old and new and kind:
            yield Succession(
                kind, old, old_from or _ALWAYS, new, new_from or _ALWAYS, row.get("source")
            )


def _towns(path: Path, gazetteer: Gazetteer, problems: list[Problem]) -> tuple[Town, ...]:
    provinces = {p.code for p in gazetteer if p.kind == "province" and p.valid_to is None}
    towns = []
    for row in _rows(path, problems, ("province", "name", "lat", "lon", "population")):
        code, name = row.get("province"), row.text("name")
        lat, lon = row.number("lat", -90, 90, True), row.number("lon", -180, 180, True)
        people = row.integer("population", 0, 10**9)
        if row.good and code not in provinces and not row.get("dropped"):
            row.refuse("place.town_province", "province", name=name, code=code)
        if row.good and name and lat is not None and lon is not None:
            towns.append(Town(code, name, lat, lon, people, row.get("dropped")))
    return tuple(towns)


def _crosswalk(path: Path, problems: list[Problem]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for row in _rows(path, problems, ("code", "other_code", "name")):
        code, other, name = row.text("code"), row.text("other_code"), row.text("name")
        if code and other and name:
            found[other, fold(name)] = code
    return found


def _seas(path: Path, problems: list[Problem]) -> tuple[list[Place], Outlines]:
    if not path.is_file():
        return [], {}
    outlines, found = import_outlines(path, code_property="id")
    problems += found
    places: dict[str, Place] = {}
    for feature in _features(_json(path), path.name):
        said = {k: str(v) for k, v in _properties(feature).items() if v is not None}
        code = said.get("id", "")
        if code not in outlines or code in places:
            continue
        middle = outlines[code].representative_point()
        names = {k.removeprefix("name_"): v for k, v in said.items() if k.startswith("name_")}
        if not names:
            problems.append(Problem("place.name_missing", {"code": code}, path.name, field="name"))
            del outlines[code]
            continue
        places[code] = Place(
            code, "sea", names, said.get("parent"), _ALWAYS, None,
            said.get("area_category", ""), said.get("note", ""), middle.y, middle.x,
        )  # fmt: skip
    return list(places.values()), outlines


def _edition(path: Path, gazetteer: Gazetteer, problems: list[Problem]) -> Edition:
    """One file of outlines; ``kind``, ``valid_from`` and ``valid_to`` stand beside its features."""
    head = _json(path)
    kind = next((k for k in KINDS if k == head.get("kind", "province")), None)
    if kind is None:
        said = {"value": head.get("kind"), "kinds": ", ".join(KINDS)}
        raise BadData(Problem("place.outlines_kind", said, path.name, field="kind"))
    start, end = (_head_day(head, name, path, problems) for name in ("valid_from", "valid_to"))
    on = start or max((p.valid_from for p in gazetteer if p.kind == kind), default=_ALWAYS)
    outlines, found = import_outlines(path, {p.code for p in gazetteer.at(on, kind)})
    problems += found
    return Edition(kind, start or _ALWAYS, end, outlines)


def _head_day(
    head: Mapping[str, Any], name: str, path: Path, problems: list[Problem]
) -> date | None:
    text = head.get(name)
    try:
        return None if text is None else date.fromisoformat(str(text))
    except ValueError:
        problems.append(Problem("place.day", {"value": text}, path.name, field=name))
        return None


# ── tables ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Row:
    """One line of a table; what is wrong with it goes to `problems` and makes it not good."""

    cells: Mapping[str, str]
    file: str
    line: int
    problems: list[Problem]
    good: bool = True

    def refuse(self, key: str, column: str, /, **params: object) -> None:
        self.good = False
        self.problems.append(Problem(key, params, self.file, self.line, column))

    def get(self, column: str) -> str:
        return (self.cells.get(column) or "").strip()

    def text(self, column: str) -> str:
        if not (value := self.get(column)):
            self.refuse("place.empty", column)
        return value

    def day(self, column: str) -> date | None:
        return self._parse(column, date.fromisoformat, "place.day")

    def number(
        self,
        column: str,
        low: float,
        high: float,
        needed: bool = False,
        code: str = "place.number",
    ) -> float | None:
        if needed and not self.get(column):
            self.refuse("place.empty", column)
        return self._parse(column, lambda text: _within(float(text), low, high), code, low, high)

    def integer(self, column: str, low: int, high: int, code: str = "place.number") -> int | None:
        return self._parse(column, lambda text: _within(int(text), low, high), code, low, high)

    def by_language(self, prefix: str) -> dict[str, str]:
        return {
            column.removeprefix(prefix): self.get(column)
            for column in self.cells
            if column.startswith(prefix) and self.get(column)
        }

    def _parse(
        self, column: str, parse: Callable[[str], _T], code: str, low: float = 0, high: float = 0
    ) -> _T | None:
        if not (value := self.get(column)):
            return None
        try:
            if "_" in value:  # Python reads 1_000 as a number, people do not
                raise ValueError(value)
            return parse(value)
        except ValueError:
            self.refuse(code, column, value=value, low=low, high=high)
            return None


def _within(value: _N, low: float, high: float) -> _N:
    """The value itself; NaN lies between nothing."""
    if not low <= value <= high:
        raise ValueError(value)
    return value


def _rows(path: Path, problems: list[Problem], needed: Iterable[str]) -> Iterator[_Row]:
    """The rows of a CSV file, none if it does not exist."""
    if not path.is_file():
        return
    try:
        # A spreadsheet writes a byte order mark; with it the first column would have another name.
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPack(Problem("place.unreadable", {"what": "CSV"}, path.name)) from error
    reader = csv.DictReader(StringIO(text, newline=""), restkey="", restval=None)
    missing = [c for c in needed if c not in (reader.fieldnames or ())]
    if missing:
        raise BadPack(*(Problem("place.column", {"column": c}, path.name, 1, c) for c in missing))
    for cells in reader:
        row = _Row(cells, path.name, reader.line_num, problems)
        if "" in cells or None in cells.values():
            row.refuse("place.cells", "")
            continue
        yield row


# ── outlines ────────────────────────────────────────────────────────────────────────────────────


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise BadData(Problem("place.file_missing", file=path.name)) from error
    except json.JSONDecodeError as error:
        problem = Problem("place.unreadable", {"what": "JSON"}, path.name, error.lineno)
        raise BadData(problem) from error
    except UnicodeDecodeError as error:
        raise BadData(Problem("place.unreadable", {"what": "JSON"}, path.name)) from error
    if not isinstance(found, dict) or not isinstance(found.get("features"), list):
        raise BadData(Problem("place.geojson", file=path.name))
    return found


def _features(collection: Mapping[str, Any], file: str) -> list[Mapping[str, Any]]:
    features: list[Mapping[str, Any]] = collection["features"]
    if not all(isinstance(f, dict) for f in features):
        raise BadData(Problem("place.geojson", file=file))
    return features


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def _finding(
    name: str,
    number: int,
    code: object = None,
    *,
    file: str = "",
    severity: Literal["error", "warning"] = "error",
    **params: object,
) -> Problem:
    said = {"number": number, "code": code, **params}
    return Problem(f"place.{name}", said, file, field=f"features[{number - 1}]", severity=severity)


def _feature_code(
    feature: Mapping[str, Any], number: int, known: Collection[str] | None, name: str
) -> tuple[str, list[Problem]]:
    value = _properties(feature).get(name)
    if value is None or isinstance(value, bool) or not str(value).strip():
        raise BadData(_finding("outline_code", number, property=name))
    whole = isinstance(value, float) and value.is_integer()
    code = str(int(value)) if whole else str(value).strip()
    if known is None or code in known:
        return code, []
    fits = [k for k in known if code.isdecimal() and k.lstrip("0") == code.lstrip("0")]
    if len(fits) != 1 or isinstance(value, str):
        raise BadData(_finding("outline_unknown", number, code))
    padded = _finding("outline_padded", number, code, severity="warning", padded=fits[0])
    return fits[0], [padded]


def _feature_outline(
    feature: Mapping[str, Any],
    number: int,
    code: str,
    around: tuple[float, float, float, float] | None,
) -> BaseGeometry:
    said = feature.get("geometry") or {}
    kind = said.get("type") if isinstance(said, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise BadData(_finding("outline_type", number, code, type=kind))
    try:
        outline = shapely.force_2d(shapely.from_geojson(json.dumps(said)))
    except (shapely.errors.GEOSException, ValueError, TypeError) as error:
        raise BadData(_finding("outline_broken", number, code)) from error
    if outline.is_empty or not np.isfinite(shapely.get_coordinates(outline)).all():
        raise BadData(_finding("outline_broken", number, code))
    _check_axes(outline, number, code, around)
    if not outline.is_valid:
        raise BadData(_crossing(outline, number, code))
    return outline


def _check_axes(
    outline: BaseGeometry,
    number: int,
    code: str,
    around: tuple[float, float, float, float] | None,
) -> None:
    """Refuse coordinates that are metres, out of range, or latitude first."""
    west, south, east, north = outline.bounds
    widest = max(west, south, east, north, key=abs)
    if abs(widest) > _FULL_TURN:
        raise BadData(_finding("outline_metres", number, code, value=round(widest)))
    latitude_first = max(abs(west), abs(east)) <= 90 < max(abs(south), abs(north)) <= 180  # noqa: PLR2004
    if around is not None:
        country = shapely.box(*around)
        swapped = shapely.box(south, west, north, east)
        latitude_first |= not country.intersects(outline) and country.intersects(swapped)
    if latitude_first:
        raise BadData(_finding("outline_swapped", number, code))
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:  # noqa: PLR2004
        raise BadData(_finding("outline_range", number, code, value=widest))


def _crossing(outline: BaseGeometry, number: int, code: str) -> Problem:
    """Where a border crosses itself: GEOS says it in brackets, longitude first."""
    at = re.search(r"\[(\S+) (\S+?)\]", shapely.is_valid_reason(outline))
    lon, lat = (round(float(t), 4) for t in at.groups()) if at else outline.bounds[:2]
    return _finding("outline_crosses", number, code, lat=lat, lon=lon)
