"""What is static for a plan: scenarios, kinds, authorities, and how the places lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from haidang.pack.schema import Country, Pack
from haidang.respond.scenario import Scenario
from haidang.respond.spec import AuthoritiesSpec, KindSpec
from haidang.respond.travel import Lie, Point
from haidang.risk.areas import Areas

ON_LAND = ("province", "commune")
"""Kinds of places where people live and tasks are done, whether or not they were counted."""

TOUCH_DEG = 0.01
"""Outlines nearer than this touch, degrees: about 1 km, the rounding of outlines of this size."""


@dataclass(frozen=True)
class ResponseContext:
    """Everything of a plan that does not change by the hour.

    Attributes:
        scenario: For the whole country.
        local: By the code of a place that has an overlay of its own.
        coast: Codes of the places on the sea.
        land: Codes of the places where tasks are done.
        lie: Centres and neighbours; open everywhere.
    """

    scenario: Scenario
    local: Mapping[str, Scenario]
    kinds: Mapping[str, KindSpec]
    authorities: AuthoritiesSpec | None
    coast: frozenset[str]
    land: frozenset[str]
    lie: Lie

    def at(self, place: str) -> Scenario:
        """The scenario of a place."""
        return self.local.get(place, self.scenario)


def response_context(
    country: Country, pack: Pack, areas: Areas, day: date
) -> ResponseContext | None:
    """Lay out what a plan rests on.

    Args:
        country: Its outlines, coast, kinds and authorities.
        pack: Its scenario.
        areas: Of the context.
        day: Of the places.

    Returns:
        None where the pack has no scenario.
    """
    if pack.scenario is None:
        return None
    coast = frozenset(pack.scenario.coast)
    if not coast:
        there = country.places.gazetteer.at(day, "province")
        coast = frozenset(p.code for p in there if p.key in country.places.coast)
    return ResponseContext(
        scenario=pack.scenario,
        local=pack.local,
        kinds=country.kinds,
        authorities=country.authorities,
        coast=coast,
        land=frozenset(c for c, k in zip(areas.codes, areas.kinds, strict=True) if k in ON_LAND),
        lie=Lie(centres(areas), neighbours(country.places.outlines_on("province", day))),
    )


def centres(areas: Areas) -> Mapping[str, Point]:
    """The middle of each area, degrees (lat, lon): of its people, or of its cells without any."""
    weight = areas.people[0].astype(np.float64)
    people = areas.sums(weight)
    # An area without people weighs its cells alike.
    sizes = np.diff(areas.start)
    weight = np.where(np.repeat(people > 0, sizes), weight, 1.0)
    total = areas.sums(weight)
    lat, lon = areas.sums(weight * areas.lat) / total, areas.sums(weight * areas.lon) / total
    return {
        code: (round(float(a), 4), round(float(b), 4))
        for code, a, b in zip(areas.codes, lat, lon, strict=True)
    }


def neighbours(outlines: Mapping[str, BaseGeometry]) -> Mapping[str, frozenset[str]]:
    """Places whose outlines touch."""
    codes = sorted(outlines)
    shapes = [outlines[c] for c in codes]
    pairs = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=TOUCH_DEG)
    found: dict[str, set[str]] = {c: set() for c in codes}
    for a, b in pairs.T.tolist():
        if a != b:
            found[codes[a]].add(codes[b])
    return {code: frozenset(others) for code, others in found.items()}
