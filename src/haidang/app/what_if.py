"""What would be, if: the same facts with one thing changed, judged by the same models and law.

Nothing here is a forecast, nothing of it is stored, and nothing of it can become a notice: it goes
from a snapshot to assessments that only a page shows, beside the actual ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from haidang.app.assess import assess
from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.data.observations import Observation, Observations
from haidang.data.tracks import Bulletin, Fix, Tracks
from haidang.risk.assessment import Assessment, Interval
from haidang.risk.hazards.track_ensemble import backbone
from haidang.risk.spec import CycloneWind, RiverStage, Shaking

KM_PER_DEGREE: Final = 111.12

WAY_H: Final = 24.0
"""Over so many hours the way of a storm is taken, h."""

STILL_DEG: Final = 0.01
"""What moves less than this in that time, about a kilometre, has no way, degrees."""

LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "km": (-1000.0, 1000.0),
    "stronger": (-40.0, 40.0),
    "metres": (-10.0, 10.0),
    "magnitude": (3.0, 9.5),
    "depth": (0.0, 700.0),
    "lat": (-90.0, 90.0),
    "lon": (-180.0, 180.0),
}
"""What may be assumed: km to the right, m/s, m, moment magnitude, km, degrees."""

EVENT: Final = "what-if"
"""Name of an earthquake that nobody felt."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One area as it is and as it would be.

    Attributes:
        place: Code.
        actual: None where there is no such event.
        assumed: What would be.
    """

    place: str
    actual: Assessment | None
    assumed: Assessment

    @property
    def before(self) -> int | None:
        """Level as it is; 0 without such an event, None where there is no answer."""
        return 0 if self.actual is None else self.actual.grounds.level

    @property
    def after(self) -> int | None:
        """Level as it would be; None where there is no answer."""
        return self.assumed.grounds.level

    @property
    def moved(self) -> bool:
        """Whether the level, or what the law says of it, is another."""
        status = "below" if self.actual is None else self.actual.grounds.status
        return (self.before, status) != (self.after, self.assumed.grounds.status)


def move_storm(
    context: Context, snapshot: Snapshot, event: str, right_km: float, stronger_ms: float
) -> tuple[Assessment, ...]:
    """The same storm beside its path, or stronger than it is said to be.

    Every position of every bulletin is moved by the same distance, across the way that it goes over
    the next day, so that its speed and turns stay. The ensemble's errors are those of the actual
    one.

    Args:
        context: Of a threat that is told by bulletins.
        snapshot: What is known.
        event: Which storm.
        right_km: To the right of its way, looking ahead; negative to the left, km.
        stronger_ms: Added to its strongest wind at all times, m/s; no wind falls below 0.

    Raises:
        NotFound: There is no such event (``what_if.no_event``).
        BadData: A number out of its range (``what_if.range``); or it stands still and so has
            no way to move across (``what_if.no_way``).
    """
    _within(km=right_km, stronger=stronger_ms)
    known = snapshot.tracks.known_at(snapshot.receipt)
    bulletins = known.bulletins(event) if event in known.events() else ()
    if not bulletins or bulletins[-1].analysis is None:
        raise NotFound(Problem("what_if.no_event", {"event": event}))
    right = way(bulletins, context.pack.threat.wind)
    if right is None and right_km:
        raise BadData(Problem("what_if.no_way", {"event": event}, field="km"))
    north, east = (0.0, 0.0) if right is None else (-right[1] * right_km, right[0] * right_km)
    moved = tuple(_moved(f, north, east, stronger_ms) for f in known.fixes if f.event == event)
    return assess(context, replace(snapshot, tracks=Tracks(moved)))


def way(bulletins: tuple[Bulletin, ...], spec: CycloneWind) -> tuple[float, float] | None:
    """The way a storm goes, as the unit vector (north, east); None where it does not move.

    It is that of the model's own middle track over a day: an older forecast is not where the storm
    is any more, and the middle track has it moved there.

    Args:
        bulletins: Of one event, by time of issue; the newest has an analysis.
        spec: The pack's model.
    """
    middle = backbone(bulletins, spec)
    last = int(np.searchsorted(middle.hours, WAY_H, side="right")) - 1
    north = float(middle.lat[last] - middle.lat[0])
    across = math.cos(math.radians(float(middle.lat[last] + middle.lat[0]) / 2))
    east = float(middle.lon[last] - middle.lon[0]) * across
    length = math.hypot(north, east)
    return None if length < STILL_DEG else (north / length, east / length)


def _moved(fix: Fix, north_km: float, east_km: float, stronger_ms: float) -> Fix:
    lat = min(max(fix.lat + north_km / KM_PER_DEGREE, -89.9), 89.9)
    lon = fix.lon + east_km / (KM_PER_DEGREE * math.cos(math.radians(lat)))
    return replace(
        fix,
        lat=lat,
        lon=(lon + 180.0) % 360.0 - 180.0,
        wind_low=max(fix.wind_low + stronger_ms, 0.0),
        wind_high=max(fix.wind_high + stronger_ms, 0.0),
        # A pressure that belongs to another wind would contradict it.
        pressure_hpa=None if stronger_ms else fix.pressure_hpa,
    )


def raise_stage(
    context: Context, snapshot: Snapshot, station: str, metres: float
) -> tuple[Assessment, ...]:
    """A river so much higher at one gauge than measured and forecast.

    All readings of the gauge are raised, so that rise and fall stay as they are.

    Args:
        context: Of a threat whose model is the stage of rivers.
        snapshot: What is known.
        station: Code of the gauge.
        metres: Added, m; negative is lower.

    Raises:
        NotFound: There is no such gauge (``what_if.no_station``).
        BadData: A number out of its range (``what_if.range``); or nobody has read the gauge
            (``what_if.no_reading``): nothing can be added to what is not known.
    """
    _within(metres=metres)
    model = context.pack.threat.model
    assert isinstance(model, RiverStage)
    if station not in {s.code for listed in context.stations.values() for s in listed}:
        raise NotFound(Problem("what_if.no_station", {"station": station}))
    series = f"{context.pack.id}/{model.of}"
    rows = snapshot.observations.known_at(snapshot.receipt).rows
    mine = [r for r in rows if r.series == series and r.place == station and r.value is not None]
    if not mine:
        raise BadData(Problem("what_if.no_reading", {"station": station}, field="station"))
    raised = tuple(
        replace(r, value=r.value + metres) if r.value is not None and r in mine else r for r in rows
    )
    return assess(context, replace(snapshot, observations=Observations(raised)))


def quake(
    context: Context, snapshot: Snapshot, magnitude: float, lat: float, lon: float, depth_km: float
) -> tuple[Assessment, ...]:
    """An earthquake at this hour.

    Args:
        context: Of a threat whose model is shaking.
        snapshot: Says when; what it knows of real earthquakes is left out.
        magnitude: Moment magnitude.
        lat: Of the epicentre, degrees north.
        lon: Of the epicentre, degrees east.
        depth_km: Of the focus, km.

    Raises:
        BadData: A number out of its range (``what_if.range``).
    """
    _within(magnitude=magnitude, lat=lat, lon=lon, depth=depth_km)
    model = context.pack.threat.model
    assert isinstance(model, Shaking)
    values = {
        model.magnitude: magnitude,
        model.latitude: lat,
        model.longitude: lon,
        model.depth: depth_km,
    }
    rows = tuple(
        Observation(
            series=f"{context.pack.id}/{name}",
            place=EVENT,
            start=snapshot.now,
            value=value,
            unit=context.pack.threat.readings.indicators[name].unit["en"],
            flag="",
            published=snapshot.now,
            received=snapshot.now,
            receipt=snapshot.receipt,
            source=EVENT,
        )
        for name, value in values.items()
    )
    return assess(context, replace(snapshot, observations=Observations(rows)))


def compare(actual: Iterable[Assessment], assumed: Iterable[Assessment]) -> tuple[Difference, ...]:
    """Area by area: those whose level moves most first, then the higher level, then by code."""
    now = {(a.event, a.place): a for a in actual}
    found = [Difference(a.place, now.get((a.event, a.place)), a) for a in assumed]
    return tuple(
        sorted(
            found,
            key=lambda d: (
                not d.moved,
                -abs((d.after or 0) - (d.before or 0)),
                -(d.after or 0),
                d.place,
            ),
        )
    )


def people(found: Iterable[Assessment | None], measure: str) -> tuple[Interval | None, int]:
    """How many people of all areas together.

    Args:
        found: One assessment an area.
        measure: Of impact. Of everybody who lives in an area only those count whose area has a
            level.

    Returns:
        The sum over the areas that are known, None where none is, and how many areas with a level
        are not known. The bounds are summed as if all areas were low, or high, at once.
    """
    known: list[Interval] = []
    unknown = 0
    for one in found:
        if one is None:
            continue
        value = next((i.value for i in one.impacts if i.measure == measure), None)
        if value is not None:
            counts = measure != WHOLE_AREA or bool(one.grounds.level)
            known.append(value if counts else Interval(0.0, 0.0, 0.0))
        elif one.grounds.level:
            unknown += 1
    if not known:
        return None, unknown
    low, central, high = np.sum(np.array(known), axis=0)
    return Interval(float(low), float(central), float(high)), unknown


WHOLE_AREA: Final = "people.area"


def _within(**numbers: float) -> None:
    for name, value in numbers.items():
        low, high = LIMITS[name]
        if not (math.isfinite(value) and low <= value <= high):
            where = {"value": f"{value:g}", "low": f"{low:g}", "high": f"{high:g}"}
            raise BadData(Problem("what_if.range", where, field=name))
