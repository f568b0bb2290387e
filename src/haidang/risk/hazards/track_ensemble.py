"""An ensemble of tracks around what the bulletins said, with errors as they were published.

The members are equally likely. Each member carries one pair of standard normal numbers for its
position and one for its strength, the same at every lead time and at every bulletin: an error
grows along one direction, as one forecast's error does, and a change of the levels between two
bulletins comes from the bulletins, never from a new throw of the dice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haidang.base.wind import convert_maximum
from haidang.data.tracks import Bulletin, Fix
from haidang.risk.hazards.tropical_cyclone_fill import decay_over_land
from haidang.risk.spec import CycloneWind, ErrorGrowth

Floats = NDArray[np.float64]
OverLand = Callable[[Floats, Floats], NDArray[np.bool_]]
"""(lat, lon) -> whether that point lies over land that we know of."""

KM_PER_DEGREE: Final = 111.12
FULL_TURN: Final = 360.0
FASTEST_KMH: Final = 30 * 1.852
"""Cap on the speed of translation, 30 kn, as the wind models have it."""

COASTAL: Final = 0.9
"""R of Kaplan & DeMaria (1995): what a wind loses at the coast."""

MEAN_OF_RAYLEIGH: Final = float(np.sqrt(np.pi / 2))
"""Mean length of a vector of two independent standard normals: turns a mean error into a sigma."""

MEAN_OF_HALF_NORMAL: Final = float(np.sqrt(2 / np.pi))
"""Mean absolute value of a standard normal: turns a mean absolute error into a sigma."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """The middle track: what was said, and persistence where nothing was.

    Attributes:
        hours: Lead times from the analysis, (time,), h.
        lat, lon: Degrees, (time,). Longitudes run on through the antimeridian from the newest
            analysis, so they may lie beyond 180.
        wind: Strongest 10-minute wind, (time,), m/s.
        half_width: Half of the wind class as given, (time,), m/s.
        error_km: Mean position error, (time,), km.
        start: Time of the analysis.
        said: Lead of the last official point used, h; beyond it all is persistence.
        receipts: Deliveries of every bulletin that was used, ascending.
    """

    hours: Floats
    lat: Floats
    lon: Floats
    wind: Floats
    half_width: Floats
    error_km: Floats
    start: datetime
    said: float
    receipts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Tracks of equally likely members, dims (member, time).

    Attributes:
        wind: Strongest **1-minute** wind near the centre, m/s: what the wind models and the decay
            over land were fitted to.
    """

    hours: Floats
    lat: Floats
    lon: Floats
    wind: Floats
    start: datetime


def error_at(growth: ErrorGrowth, hours: Floats) -> Floats:
    """Mean error at lead times: linear between the published ones, the last slope beyond them.

    >>> g = ErrorGrowth(hours=(0, 24, 48), values=(0, 60, 120), source="made up")
    >>> error_at(g, np.array([12.0, 72.0])).tolist()
    [30.0, 180.0]
    """
    at, values = np.array(growth.hours), np.array(growth.values)
    slope = (values[-1] - values[-2]) / (at[-1] - at[-2])
    inside = np.interp(hours, at, values)
    return np.asarray(np.where(hours > at[-1], values[-1] + slope * (hours - at[-1]), inside))


def backbone(bulletins: tuple[Bulletin, ...], spec: CycloneWind) -> Backbone:
    """Lay the middle track from the newest analysis to the horizon.

    Forecast points still ahead are used, the newest that covers each hour first. A bulletin older
    than the analysis is moved, in position and strength, so that it passes through the analysis, as
    forecast centres do with late guidance ("interpolated" aids). Beyond the last point the track
    persists: it goes on as over the last forecast leg or, without one, as over the last
    ``motion_h`` hours of analyses.

    Args:
        bulletins: What is known, by time of issue; the newest has an analysis.
        spec: The pack's ``risk`` section.

    Returns:
        The middle track, hourly or at ``step_h``.
    """
    newest = bulletins[-1].analysis
    assert newest is not None
    used = {bulletins[-1].receipt}
    points = _points(bulletins, newest, spec, used)
    hours = np.arange(0.0, spec.horizon_h + spec.step_h / 2, spec.step_h)
    at = np.array([p.hour for p in points])
    lat, lon = np.array([p.lat for p in points]), np.array([p.lon for p in points])
    step = _motion(bulletins, points, newest, spec, used)
    beyond = np.maximum(hours - at[-1], 0.0)
    return Backbone(
        hours=hours,
        lat=np.interp(hours, at, lat) + beyond * step[0],
        lon=np.interp(hours, at, lon) + beyond * step[1],
        wind=np.interp(hours, at, [p.wind for p in points]),
        half_width=np.interp(hours, at, [p.half_width for p in points]),
        error_km=_position_error(points, hours, spec),
        start=newest.valid,
        said=float(at[-1]),
        receipts=tuple(sorted(used)),
    )


@dataclass(frozen=True, slots=True)
class _Point:
    hour: float
    lat: float
    lon: float
    wind: float
    half_width: float
    error_km: float
    fresh: bool


def _points(
    bulletins: tuple[Bulletin, ...], newest: Fix, spec: CycloneWind, used: set[int]
) -> list[_Point]:
    start = newest.valid
    points = [
        _Point(0.0, newest.lat, newest.lon, newest.wind, _half(newest), newest.error_km, True)
    ]
    reach = start
    for bulletin in reversed(bulletins):
        age = (start - bulletin.issued) / timedelta(hours=1)
        shift = _shift(bulletin, newest)
        ahead = [f for f in bulletin.forecast if f.valid > reach]
        if shift is None or not ahead:
            continue
        used.add(bulletin.receipt)
        fresh = age <= spec.forecast_max_age_h
        for fix in ahead:
            hour = (fix.valid - start) / timedelta(hours=1)
            lat, lon = fix.lat + shift[0], _near(fix.lon, newest.lon) + shift[1]
            wind = max(fix.wind + shift[2], 0.0)
            points.append(_Point(hour, lat, lon, wind, _half(fix), fix.error_km, fresh))
        reach = ahead[-1].valid
    return points


def _near(lon: float, other: float) -> float:
    """The same meridian, counted so that it lies within half a turn of another one."""
    return lon - FULL_TURN * round((lon - other) / FULL_TURN)


def _half(fix: Fix) -> float:
    return (fix.wind_high - fix.wind_low) / 2


def _shift(bulletin: Bulletin, newest: Fix) -> tuple[float, float, float] | None:
    """How far (lat, lon, wind) an older forecast is moved to pass through the newest analysis."""
    known = [f for f in (bulletin.analysis, *bulletin.forecast) if f is not None]
    at = [f.valid.timestamp() for f in known]
    when = newest.valid.timestamp()
    if not known or not at[0] <= when <= at[-1]:
        return None
    lat = float(np.interp(when, at, [f.lat for f in known]))
    lon = float(np.interp(when, at, [_near(f.lon, newest.lon) for f in known]))
    wind = float(np.interp(when, at, [f.wind for f in known]))
    return newest.lat - lat, newest.lon - lon, newest.wind - wind


def _motion(
    bulletins: tuple[Bulletin, ...],
    points: list[_Point],
    newest: Fix,
    spec: CycloneWind,
    used: set[int],
) -> tuple[float, float]:
    """Degrees per hour beyond the last point; zero when only one position was ever heard.

    Over at least ``motion_h`` hours of points or of analyses, where there are so many.
    """
    if len(points) > 1:
        last = points[-1]
        # Not the last leg whatever its length: two bulletins may give points an hour apart, and
        # their difference over an hour is no motion.
        old = next(
            (p for p in reversed(points[:-1]) if last.hour - p.hour >= spec.motion_h), points[0]
        )
        hours = last.hour - old.hour
        return _capped((last.lat - old.lat) / hours, (last.lon - old.lon) / hours, last.lat)
    since = newest.valid - timedelta(hours=spec.motion_h)
    past = [
        (b.analysis, b.receipt) for b in bulletins if b.analysis and b.analysis.valid < newest.valid
    ]
    if not past:
        return 0.0, 0.0
    # The youngest analysis at least motion_h old; the oldest one where all are younger.
    fix, receipt = next((p for p in reversed(past) if p[0].valid <= since), past[0])
    used.add(receipt)
    hours = (newest.valid - fix.valid) / timedelta(hours=1)
    east = newest.lon - _near(fix.lon, newest.lon)
    return _capped((newest.lat - fix.lat) / hours, east / hours, newest.lat)


def _capped(north: float, east: float, lat: float) -> tuple[float, float]:
    """A motion in degrees per hour, no faster than ``FASTEST_KMH``: a typing error must not fly."""
    speed = KM_PER_DEGREE * float(np.hypot(north, east * np.cos(np.radians(lat))))
    keep = min(1.0, FASTEST_KMH / speed) if speed else 1.0
    return north * keep, east * keep


def _position_error(points: list[_Point], hours: Floats, spec: CycloneWind) -> Floats:
    """Mean position error: the source's own, the forecast's growth, then persistence's, squared up.

    Up to the last fresh official point errors are those of official forecasts; beyond it those of
    persistence are added for the hours since. The source's own uncertainty of a position (how a
    point was derived from words) is independent of both.
    """
    fresh = max((p.hour for p in points if p.fresh), default=0.0)
    own = np.interp(hours, [p.hour for p in points], [p.error_km for p in points])
    official = error_at(spec.official_errors, np.minimum(hours, fresh))
    persistence = error_at(spec.persistence_errors, np.maximum(hours - fresh, 0.0))
    return np.sqrt(own**2 + official**2 + persistence**2)


def members(middle: Backbone, spec: CycloneWind, over_land: OverLand) -> Ensemble:
    """Throw the ensemble around the middle track.

    Positions: isotropic normal, sigma = mean error / sqrt(pi/2). Strength: the middle of the class
    plus a normal error of the published growth and a uniform place inside the given class. Over
    land that we know of a member decays after Kaplan & DeMaria (1995), and never exceeds that.

    Args:
        middle: From ``backbone``.
        spec: The pack's ``risk`` section.
        over_land: Tells land from sea.

    Returns:
        ``spec.members`` tracks; member 0 is the middle track itself, unperturbed.
    """
    rng = np.random.default_rng(spec.seed)
    z = rng.standard_normal((spec.members, 3))
    spread = rng.uniform(-1.0, 1.0, spec.members)
    z[0], spread[0] = 0.0, 0.0
    sigma = middle.error_km / MEAN_OF_RAYLEIGH / KM_PER_DEGREE
    lat = np.clip(middle.lat + z[:, :1] * sigma, -89.0, 89.0)
    lon = middle.lon + z[:, 1:2] * sigma / np.cos(np.radians(middle.lat))
    sigma_v = error_at(spec.intensity_errors, middle.hours) / MEAN_OF_HALF_NORMAL
    wind = middle.wind + z[:, 2:] * sigma_v + spread[:, None] * middle.half_width
    wind = convert_maximum(np.maximum(wind, 0.0), 600, 60, spec.surface)
    # Outlines lie between -180 and 180. Only what lies beyond is turned: the rest stays exact.
    turned = lon - FULL_TURN * np.round(lon / FULL_TURN)
    land = over_land(lat, np.where(np.abs(lon) > FULL_TURN / 2, turned, lon))
    return Ensemble(
        hours=middle.hours,
        lat=lat,
        lon=lon,
        wind=decayed(wind, land, spec.step_h),
        start=middle.start,
    )


def decayed(wind: Floats, land: NDArray[np.bool_], step_h: float) -> Floats:
    """Cap each member's wind by its decay since it came ashore.

    What land took is not given back: behind the land the wind stays at most what it was when it
    left. Land that we do not know of lies there more often than open sea.

    Args:
        wind: Without land, (member, time), m/s.
        land: Whether the centre is over land, (member, time).
        step_h: Time step, h.

    Returns:
        (member, time), m/s. A member already over land at the start has come ashore before we
        look: its analysed wind is after the coast, so the coastal factor is not taken again.
    """
    out = wind.copy()
    ashore = np.where(land[:, 0], 0.0, np.nan)  # hours since landfall, NaN at sea
    peak = np.where(land[:, 0], wind[:, 0], np.nan)
    ceiling = peak.copy()  # NaN, no ceiling, before the first land
    fresh = ~land[:, 0]
    for t in range(1, wind.shape[1]):
        landing = land[:, t] & ~land[:, t - 1]
        ashore = np.where(landing, 0.0, np.where(land[:, t], ashore + step_h, np.nan))
        peak = np.where(landing, out[:, t - 1], peak)
        fresh = np.where(landing, True, fresh)
        # The coastal factor is 0.9 in decay_over_land; divided out where it was taken already.
        cap = decay_over_land(np.where(fresh, peak, peak / COASTAL), ashore)
        out[:, t] = np.fmin(wind[:, t], np.where(land[:, t], cap, ceiling))
        ceiling = np.where(land[:, t], out[:, t], ceiling)
    return out
