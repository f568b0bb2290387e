"""Shaking of an earthquake that is known as a point: an ensemble of intensities at places.

The first message of an earthquake gives a magnitude, a depth and an epicentre. The rupture behind
it is tens of kilometres long and lies in a direction that nobody knows yet. Each member of the
ensemble is one possibility: a rupture of a length that goes with the magnitude, through the
epicentre, in any direction, and an event that shakes more or less than the mean one.

Two models, side by side (their sources stand in their modules):

* ``boore_2014``: peak velocity by Boore et al. (2014) with the ground's Vs30, turned into
  intensity by Worden et al. (2012);
* ``allen_2012``: intensity straight from magnitude and hypocentral distance, without a site term.

**Limits.** Shallow crust of active regions; see `outside`. The rupture is a vertical plane: the
width of a dipping one, and shaking above it, is left out. Member 0 has the median length, the mean
distance over all directions, and no scatter. Grades end at X.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.risk.hazards import earthquake_motion as motion
from haidang.risk.hazards import macroseismic as scale

Floats = NDArray[np.float64]
Model = Literal["boore_2014", "allen_2012"]
MODELS: Final[tuple[Model, ...]] = ("boore_2014", "allen_2012")

EARTH_KM: Final = 6371.0
DEFAULT_VS30_MS: Final = 360.0
"""Where the ground is not known: between stiff soil and soft rock (NEHRP classes D and C)."""

DEEPEST_KM: Final = 750.0
"""No earthquake was ever located deeper."""

LENGTH_SIGMA: Final = 0.16
"""Scatter of log10 of the rupture length, Wells & Coppersmith (1994)."""

DIRECTIONS, ALONG = 24, 12
"""How finely the mean distance is taken over strikes and over places of the hypocentre."""

VALID: Final[dict[Model, tuple[float, float, float, float]]] = {
    "boore_2014": (3.0, 8.5, 400.0, 30.0),
    "allen_2012": (5.0, 7.9, 300.0, 50.0),
}
"""By model: lowest and highest magnitude, greatest distance (km), greatest depth (km)."""


def rupture_length(magnitude: Any) -> Floats:
    """Median length of the rupture below ground, km: log10 L = -2.44 + 0.59 M.

    Source: Wells & Coppersmith (1994), Bull. Seism. Soc. Am. 84, 974-1002, table 2A, all slip
    types, subsurface rupture length (scatter 0.16 in log10; magnitude 4.8 to 8.1).

    >>> float(rupture_length(7.0).round(1))
    49.0
    """
    return np.asarray(10.0 ** (-2.44 + 0.59 * np.asarray(magnitude, np.float64)))


def from_epicentre(lat: float, lon: float, site_lat: Any, site_lon: Any) -> tuple[Floats, Floats]:
    """Where the places lie as seen from the epicentre.

    Args:
        lat: Epicentre, degrees north.
        lon: Epicentre, degrees east.
        site_lat: Places, degrees north, (place,).
        site_lon: Places, degrees east, (place,).

    Returns:
        Great-circle distance in km and bearing in radians clockwise from north, both (place,).
    """
    p1, p2 = np.radians(lat), np.radians(np.asarray(site_lat, np.float64))
    d = np.radians(np.asarray(site_lon, np.float64) - lon)
    half = np.sin((p2 - p1) / 2) ** 2 + np.cos(p1) * np.cos(p2) * np.sin(d / 2) ** 2
    km = 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    east = np.sin(d) * np.cos(p2)
    north = np.cos(p1) * np.sin(p2) - np.sin(p1) * np.cos(p2) * np.cos(d)
    return np.asarray(km), np.asarray(np.arctan2(east, north))


def joyner_boore(
    epicentral_km: Any, bearing: Any, length_km: Any, strike: Any, share: Any
) -> Floats:
    """Distance from places to the rupture's line on the ground, km.

    Args:
        epicentral_km: Distance from the epicentre.
        bearing: Direction from the epicentre to the place, radians from north.
        length_km: Length of the rupture.
        strike: Its direction, radians from north.
        share: Share of the rupture that lies behind the epicentre, 0 to 1. All broadcast.
    """
    d, turn = np.asarray(epicentral_km, np.float64), np.asarray(bearing) - np.asarray(strike)
    length, behind = np.asarray(length_km, np.float64), np.asarray(share, np.float64)
    along, across = d * np.cos(turn), d * np.sin(turn)
    beyond = along - np.clip(along, -behind * length, (1 - behind) * length)
    return np.asarray(np.hypot(beyond, across))


def mean_joyner_boore(epicentral_km: Any, length_km: float) -> Floats:
    """Distance to the rupture, mean over all directions and all places of the hypocentre in it.

    What Thompson & Worden (2018), Bull. Seism. Soc. Am. 108, 371-379, take for an earthquake
    whose fault is not known; here for a vertical plane of known length.

    Args:
        epicentral_km: Distance from the epicentre, (place,).
        length_km: Length of the rupture.
    """
    strikes = (np.arange(DIRECTIONS) + 0.5) * np.pi / DIRECTIONS
    shares = (np.arange(ALONG) + 0.5) / ALONG
    every = joyner_boore(
        np.asarray(epicentral_km, np.float64)[..., None, None],
        0.0,
        length_km,
        strikes[:, None],
        shares,
    )
    return np.asarray(every.mean(axis=(-2, -1)))


def outside(
    magnitude: float, depth_km: float, farthest_km: float = 0.0, model: Model = "boore_2014"
) -> tuple[Problem, ...]:
    """What of an earthquake lies outside the range that the model was fitted to.

    Args:
        magnitude: Moment magnitude.
        depth_km: Depth of the hypocentre.
        farthest_km: Distance of the farthest place that is asked about.
        model: Which model.

    Returns:
        Warnings, none if all is inside. The model answers all the same, by extrapolation.
    """
    low, high, reach, deep = VALID[model]
    found = []
    if not low <= magnitude <= high:
        params: dict[str, object] = {"value": magnitude, "low": low, "high": high}
        found.append(Problem("hazard.quake_magnitude_range", params, severity="warning"))
    if depth_km > deep:
        params = {"value": depth_km, "high": deep}
        found.append(Problem("hazard.quake_deep", params, severity="warning"))
    if farthest_km > reach:
        params = {"value": round(farthest_km), "high": reach}
        found.append(Problem("hazard.quake_far", params, severity="warning"))
    return tuple(found)


def shaking(
    magnitude: float,
    depth_km: float,
    lat: float,
    lon: float,
    site_lat: Any,
    site_lon: Any,
    vs30: Any = DEFAULT_VS30_MS,
    members: int = 200,
    seed: int = 0,
    model: Model = "boore_2014",
    strike_deg: float | None = None,
    scatter: Literal["event", "place"] = "place",
) -> Floats:
    """Intensity at places over an ensemble of ruptures, MSK-64 grades as decimal numbers.

    Args:
        magnitude: Moment magnitude.
        depth_km: Depth of the hypocentre, km. ``boore_2014`` does not use it.
        lat: Epicentre, degrees north.
        lon: Epicentre, degrees east.
        site_lat: Places, degrees north, (place,).
        site_lon: Places, degrees east, (place,).
        vs30: Shear-wave velocity of the uppermost 30 m, m/s, one or (place,).
            ``allen_2012`` does not use it.
        members: Size of the ensemble; member 0 is the unperturbed one.
        seed: Root of the random numbers. A member's rupture and event do not depend on which
            or how many places are asked about.
        model: ``boore_2014`` or ``allen_2012``.
        strike_deg: Direction of the rupture where somebody knows it, degrees from north.
        scatter: ``place``: every place has its own share of the scatter as well: right for what
            **one** place may feel. ``event``: only what all places share (the rupture, the event):
            right for the **maximum over an area**, where the greatest of many independent errors
            would tell how many places there are. ``allen_2012`` has one published scatter; it is
            taken as shared.

    Returns:
        (member, place), grades 1 to 10. To get the legal grade round to the nearest whole one.

    Raises:
        BadData: A number that is missing or cannot be (magnitude outside 0..10, depth outside
            0..750 km, a position off the globe, Vs30 not above 0), no member, a model or a kind
            of scatter that is not known, places whose two coordinates differ in number.
    """
    site_lat, site_lon = np.atleast_1d(site_lat), np.atleast_1d(site_lon)
    vs30 = np.asarray(vs30, np.float64)
    _check(magnitude, depth_km, lat, lon, site_lat, site_lon, vs30, members, model, scatter)
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((members, 2))
    strike, behind = rng.uniform(0.0, np.pi, members), rng.uniform(0.0, 1.0, members)
    shared[0] = 0.0
    epicentral, bearing = from_epicentre(lat, lon, site_lat, site_lon)
    if model == "allen_2012":
        hypocentral = np.hypot(epicentral, depth_km)
        grade = scale.allen_2012(magnitude, hypocentral)
        spread = scale.allen_2012_sigma(hypocentral)
        return scale.msk_of_mmi(np.clip(grade + shared[:, :1] * spread, *scale.MMI_RANGE))
    length = rupture_length(magnitude)
    if strike_deg is not None:
        strike[:] = np.radians(strike_deg)
    rjb = joyner_boore(
        epicentral,
        bearing,
        (length * 10.0 ** (LENGTH_SIGMA * shared[:, 0]))[:, None],
        strike[:, None],
        behind[:, None],
    )
    if strike_deg is None:
        rjb[0] = mean_joyner_boore(epicentral, float(length))
    else:
        rjb[0] = joyner_boore(epicentral, bearing, length, strike[0], 0.5)
    own = rng.standard_normal((2, members, len(epicentral))) if scatter == "place" else None
    return _boore(magnitude, rjb, vs30, shared[:, 1:], own)


def _boore(
    magnitude: float, rjb: Floats, vs30: Floats, event: Floats, own: Floats | None
) -> Floats:
    """Velocity, its scatter, intensity, its scatter; (member, place).

    The scatter of the conversion goes to the places, none of it to the event, as its authors'
    program does.
    """
    ln_pgv = motion.ln_median(magnitude, rjb, vs30, motion.PGV)
    ln_pgv = ln_pgv + event * motion.tau(magnitude, motion.PGV)
    if own is not None:
        own[:, 0] = 0.0
        ln_pgv = ln_pgv + own[0] * motion.phi(magnitude, rjb, vs30, motion.PGV)
    grade = scale.mmi_of_velocity(motion.CM * scale.LARGER_OF_TWO * np.exp(ln_pgv), magnitude)
    if own is not None:
        grade = grade + own[1] * scale.VELOCITY.sigma
    return scale.msk_of_mmi(np.clip(grade, *scale.MMI_RANGE))


def _check(
    magnitude: float,
    depth_km: float,
    lat: float,
    lon: float,
    site_lat: Floats,
    site_lon: Floats,
    vs30: Floats,
    members: int,
    model: str,
    scatter: str,
) -> None:
    ranges: tuple[tuple[str, Any, float, float], ...] = (
        ("magnitude", magnitude, 0.0, 10.0),
        ("depth_km", depth_km, 0.0, DEEPEST_KM),
        ("lat", lat, -90.0, 90.0),
        ("lon", lon, -180.0, 360.0),
        ("site_lat", site_lat, -90.0, 90.0),
        ("site_lon", site_lon, -180.0, 360.0),
        ("vs30", vs30, 1.0, 10_000.0),
        ("members", members, 1, 1_000_000),
    )
    problems = []
    for field, value, low, high in ranges:
        values = np.atleast_1d(np.asarray(value, np.float64))
        bad = ~((values >= low) & (values <= high))  # also where it is missing
        if bad.any():
            params: dict[str, object] = {
                "value": float(values[bad][0]),
                "low": f"{low:g}",
                "high": f"{high:g}",
            }
            row = int(np.argmax(bad)) + 1 if len(values) > 1 else None
            problems.append(Problem("hazard.quake_number", params, row=row, field=field))
    if site_lat.shape != site_lon.shape or vs30.shape not in {(), site_lat.shape}:
        params = {"lat": len(site_lat), "lon": len(site_lon), "vs30": vs30.size}
        problems.append(Problem("hazard.quake_places", params, field="site_lat"))
    known: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("model", model, MODELS),
        ("scatter", scatter, ("event", "place")),
    )
    for field, name, names in known:
        if name not in names:
            params = {"value": name, "known": ", ".join(names)}
            problems.append(Problem("hazard.quake_choice", params, field=field))
    if problems:
        raise BadData(*problems)
