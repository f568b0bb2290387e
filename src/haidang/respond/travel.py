"""Where places lie to each other for whoever drives: distance, time, tier, and closed hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from math import asin, ceil, cos, radians, sin, sqrt

from haidang.base.outline import EARTH_RADIUS_KM
from haidang.respond.plan import Tier, Unit
from haidang.respond.spec import DispatchSpec, KindSpec

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Closed:
    """Hours in which nobody leaves or enters a place because of the wind.

    Attributes:
        start: When the shelter threshold begins, early estimate.
        end: When it has ended, late estimate; None where that is not known.
    """

    start: datetime
    end: datetime | None

    def at(self, instant: datetime) -> bool:
        """Whether an instant lies inside."""
        return self.start <= instant and (self.end is None or instant < self.end)


@dataclass(frozen=True, slots=True)
class Lie:
    """How the places of a country lie.

    Attributes:
        centres: Population-weighted middle of each place, degrees (lat, lon).
        neighbours: Places whose outlines touch.
        closed: By place; a place that is not here is open.
    """

    centres: Mapping[str, Point]
    neighbours: Mapping[str, frozenset[str]]
    closed: Mapping[str, tuple[Closed, ...]] = field(default_factory=dict)

    def is_closed(self, place: str, instant: datetime) -> bool:
        """Whether the wind closes a place at an instant."""
        return any(hours.at(instant) for hours in self.closed.get(place, ()))


@dataclass(frozen=True, slots=True)
class Trip:
    """One unit on its way to one place.

    Attributes:
        minutes: From the order to the arrival, whole, rounded up.
        km: By road, as estimated.
    """

    tier: Tier
    minutes: int
    km: float
    depart: datetime
    arrive: datetime


@lru_cache(maxsize=100_000)
def great_circle_km(a: Point, b: Point) -> float:
    """Distance on the sphere between two points in degrees (haversine).

    >>> round(great_circle_km((21.03, 105.85), (20.86, 106.68)))
    88
    """
    (lat1, lon1), (lat2, lon2) = (tuple(map(radians, p)) for p in (a, b))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(half))


def trip(
    unit: Unit, place: str, kind: KindSpec, lie: Lie, policy: DispatchSpec, now: datetime
) -> Trip | None:
    """How a unit would get to another place.

    Args:
        unit: Stands at its own position, or in the middle of the place that holds it.
        place: Where it is wanted.
        kind: Its speed.
        lie: Where places are.
        policy: Road factor.
        now: When the order is given.

    Returns:
        None where the kind does not travel or a position is not known.
    """
    start = origin(unit, lie)
    end = lie.centres.get(place)
    if kind.speed_kmh is None or start is None or end is None:
        return None
    km = great_circle_km(start, end) * policy.road_factor
    minutes = ceil(unit.ready_min + 60 * km / kind.speed_kmh)
    return Trip(
        tier=tier(unit, place, lie),
        minutes=minutes,
        km=km,
        depart=now + timedelta(minutes=ceil(unit.ready_min)),
        arrive=now + timedelta(minutes=minutes),
    )


def origin(unit: Unit, lie: Lie) -> Point | None:
    """Where a unit stands."""
    if unit.lat is not None and unit.lon is not None:
        return unit.lat, unit.lon
    return lie.centres.get(unit.place)


def tier(unit: Unit, place: str, lie: Lie) -> Tier:
    """From how far a unit comes; what the nation holds is the nation's, wherever it stands."""
    if unit.echelon == "nation":
        return "nation"
    if unit.place == place:
        return "on_the_spot"
    return "neighbour" if unit.place in lie.neighbours.get(place, frozenset()) else "farther"
