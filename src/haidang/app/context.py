"""What is static for a run: the country, one pack, its areas and its law on the day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from haidang.app.response_context import ResponseContext, response_context
from haidang.base.errors import BadPack
from haidang.base.outline import Rings, area_km2, simplify
from haidang.base.place import Place
from haidang.base.problem import Problem
from haidang.law.levels import Names, Scale
from haidang.law.table import Table
from haidang.pack.load import area_categories
from haidang.pack.schema import Country, Pack
from haidang.pack.stations import stations_by_area, susceptibility_by_area
from haidang.risk.areas import Areas
from haidang.risk.cyclone_water import Shores, shores
from haidang.risk.exposure import Towns, cells, coarsened, spread
from haidang.risk.hazards.track_ensemble import OverLand
from haidang.risk.readings import Station

DECAY_LAND_KM2 = 5_000.0
"""Smaller islands do not weaken a storm in the model, km²: about the area inside the radius of
maximum wind of a mature storm (40 km)."""

WIND_STEP = 0.1
"""Blocks of the 0.05° population grid over which the wind is taken as one, degrees: 11 km, where
the radius of maximum wind of a mature storm is 25 km or more. People are spread finer."""

SEA_STEP = 0.25
"""Cells of areas where nobody is counted, degrees: the field is smooth and nobody lives there."""


@dataclass(frozen=True)
class AreaName:
    """How an area is called, drawn and coded in a notice.

    Attributes:
        names: By language.
        rings: Outline of at most 200 vertices, (lat, lon); None for a point.
        point: (lat, lon) of an area that the law names but no outline shows; None otherwise.
    """

    code: str
    kind: str
    names: Mapping[str, str]
    rings: Rings | None
    point: tuple[float, float] | None

    def name(self, language: str) -> str:
        """The name in a language, English where there is none."""
        return self.names.get(language) or self.names["en"]


@dataclass(frozen=True)
class Context:
    """Everything a run may use that does not change by the hour.

    Attributes:
        table: The law table in force on the snapshot's law day; the first, where several are asked.
        areas: Cells of every watched area, on the snapshot's places day.
        named: Names and outlines of the same areas, by code.
        response: What the plan rests on; None where the pack has no scenario.
        event_names: Proper names of events as people write them, by event id.
        tables: Every law table that is asked, by article as the binding writes it.
        shores: The coast and whose it is, for storm surge; None where the country does not know the
            sea before it or no watched area lies on it.
        stations: Gauges by code of the area they stand in, on the day of the places.
        susceptibility: How readily slopes give way, by area; the highest class of what an area was
            made of.
    """

    country: Country
    pack: Pack
    table: Table
    scale: Scale
    areas: Areas
    named: Mapping[str, AreaName]
    over_land: OverLand
    response: ResponseContext | None = None
    event_names: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    shores: Shores | None = None
    stations: Mapping[str, tuple[Station, ...]] = field(default_factory=dict)
    susceptibility: Mapping[str, str] = field(default_factory=dict)

    def act(self, table: str) -> Names:
        """What the act of one of the tables is called, by language."""
        return next((t.act for t in self.tables.values() if t.id == table), self.table.act)

    @property
    def zone(self) -> tzinfo:
        """The country's clock."""
        return self.country.zone

    def local(self, instant: datetime) -> datetime:
        """An instant on the country's clock."""
        return self.country.local(instant)


def build_context(
    country: Country, pack: Pack, law_day: date, places_day: date, only: Collection[str] = ()
) -> Context:
    """Lay out the watched areas and find the law in force.

    Args:
        country: Read by ``pack.load``.
        pack: One of its packs.
        law_day: Day whose law judges; of a replay, the day of the event.
        places_day: Day whose places are used.
        only: Codes of the areas that are watched; empty for all that the binding names.

    Raises:
        BadPack: An area that the binding watches has neither an outline nor a position, or no law
            category.
        NotFound: No version of an article is in force on ``law_day``.
    """
    categories = {
        key: found
        for key, found in area_categories(country, pack, places_day).items()
        if not only or key[1] in only
    }
    stations = stations_by_area(country, pack, places_day)
    if pack.stations:
        # Where no gauge stands nothing can be read: the article is asked of the others.
        categories = {k: v for k, v in categories.items() if k[1] in stations}
    civil = pack.binding.civil_defence
    asked = (*pack.binding.law.articles, *(() if civil is None else (civil.article,)))
    tables = {a: country.lawbook.at(a, law_day) for a in asked}
    towns = country.places.towns_by_province(places_day)
    population = country.places.population_on(places_day)
    share = country.places.urban_share
    grids: list[_Grid] = []
    for (kind, code), found in categories.items():
        place = country.places.gazetteer.get(kind, code, places_day)
        outline = country.places.outlines_on(kind, places_day).get(code)
        people = population.get(code) if kind == "province" else None
        urban = share.value if share else 1.0
        grids.append(_grid(place, found, outline, people, towns.get(code, Towns()), urban))
    areas = _join(grids)
    return Context(
        country=country,
        pack=pack,
        table=next(iter(tables.values())),
        scale=country.scales[pack.binding.scale or country.spec.scale],
        areas=areas,
        named={g.named.code: g.named for g in grids},
        over_land=_over_land(country, places_day),
        response=response_context(country, pack, areas, places_day),
        tables=tables,
        shores=None if (shelf := country.places.shelf) is None else shores(shelf, areas),
        stations=stations,
        susceptibility=susceptibility_by_area(country, pack, places_day),
    )


@dataclass(frozen=True)
class _Grid:
    named: AreaName
    categories: tuple[str, ...]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    people: NDArray[np.int64]
    peopled: bool


def _grid(
    place: Place,
    categories: tuple[str, ...],
    outline: BaseGeometry | None,
    people: int | None,
    towns: Towns,
    urban_share: float,
) -> _Grid:
    if outline is None:
        if place.lat is None or place.lon is None:
            raise BadPack(Problem("pack.no_outline", {"place": place.name("en")}))
        at = (place.lat, place.lon)
        named = AreaName(place.code, place.kind, place.names, None, at)
        lat, lon = np.array([place.lat]), np.array([place.lon])
        return _Grid(named, categories, lat, lon, np.zeros((3, 1), np.int64), peopled=False)
    named = AreaName(place.code, place.kind, place.names, simplify(outline), None)
    if people is None:
        lat, lon = cells(outline, SEA_STEP)
        nobody = np.zeros((3, len(lat)), np.int64)
        return _Grid(named, categories, lat, lon, nobody, peopled=False)
    grid = coarsened(spread(people, outline, towns, urban_share), WIND_STEP)
    columns = np.stack([grid.people, grid.even, grid.towns])
    return _Grid(named, categories, grid.lat, grid.lon, columns, peopled=True)


def _join(grids: list[_Grid]) -> Areas:
    sizes = [len(g.lat) for g in grids]
    return Areas(
        codes=tuple(g.named.code for g in grids),
        kinds=tuple(g.named.kind for g in grids),
        categories=tuple(g.categories for g in grids),
        start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        lat=np.concatenate([g.lat for g in grids]),
        lon=np.concatenate([g.lon for g in grids]),
        people=np.concatenate([g.people for g in grids], axis=1),
        peopled=np.array([g.peopled for g in grids]),
    )


def _over_land(country: Country, day: date) -> OverLand:
    """Land that we know of, for the decay of a storm: the country's own mainland.

    Other countries' coasts are sea to the model. Islands smaller than ``DECAY_LAND_KM2`` are left
    out: the decay was fitted to storms that leave the sea behind them.
    """
    outlines = country.places.outlines_on("province", day)
    parts = shapely.get_parts(shapely.union_all(list(outlines.values())))
    large = [p for p in parts if area_km2(p) >= DECAY_LAND_KM2]
    whole = shapely.union_all(large)
    shapely.prepare(whole)

    def over_land(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(shapely.contains_xy(whole, lon, lat), np.bool_)

    return over_land
