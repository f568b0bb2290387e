"""Storm surge of a tropical cyclone at open coasts: one dimension, across the shelf.

Wind that blows onto a shore piles water up against it, the more the shallower the sea and the
longer the way; low pressure lifts it besides. Along a straight line from the open sea to the shore
(a transect) both are in balance with the slope of the surface:

    d(eta)/dx = n tau / (rho g (h + eta))        the wind, summed from the sea to the shore
    eta_p = dp (1 - exp(-(R/r)^b)) / (rho g)     the pressure at the shore

Sources: the steady balance and n = 1.3 (the bottom's share of the stress): Dean & Dalrymple (1991),
Water Wave Mechanics for Engineers and Scientists, chapter 5, whose closed solution for a plane
slope the tests reproduce. Drag: Wu (1982), J. Geophys. Res. 87, 9704-9706, held level above 33 m/s
as Powell, Vickery & Reinhold (2003), Nature 422, 279-283, measured. Inflow angle: Bretschneider
(1972) as in Phadke et al. (2003), Ocean Engineering 30, 553-578. Pressure: Holland (1980); wind:
Holland et al. (2010), as 10-minute means.

**Limits.** Only as good as the depths; an open, straight coast: no bay that funnels, no island that
shelters, no river. Steady: the water is taken to keep up with the wind, which a fast storm on a
wide shelf does not allow: too high there. No turning by the Earth's rotation (water that runs
along the coast with the land on its right stands higher: too low there), no wave set-up (some
decimetres: too low), no tide and no flooding of the land. **Surge is not water level**: see
`total_level`. The spread of an ensemble is that of its tracks and winds alone; against gauges
such a model is good to some half of its value.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import cos, exp, log, sin, sqrt
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import get_num_threads, njit
from numpy.typing import NDArray

from haidang.base.wind import convert_maximum
from haidang.risk.coast import NODES_KM, Coast
from haidang.risk.hazards.tropical_cyclone import (
    AIR_DENSITY,
    KM_PER_DEGREE,
    PreparedTrack,
    _degrees_apart,
    h10_profile,
)

Floats = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Any])
_jit = cast("Callable[[F], F]", njit(cache=True, nogil=True, error_model="numpy"))

SEA_DENSITY: Final = 1025.0
"""kg/m³."""
GRAVITY: Final = 9.81
BOTTOM: Final = 1.3
"""n: stress at the surface and at the bottom over that at the surface, 1.15 to 1.30."""
DRAG_LEVEL_MS: Final = 33.0
SHALLOWEST_M: Final = 0.5
"""Least water on a transect: wind off the shore must not drain it."""
TO_10_MINUTES: Final = float(convert_maximum(1.0, 60, 600, "at-sea"))


@_jit
def drag(wind_ms: float) -> float:
    """Drag coefficient of the sea for a 10-minute wind: (0.8 + 0.065 U) / 1000, level above 33."""
    return (0.8 + 0.065 * min(wind_ms, DRAG_LEVEL_MS)) / 1000.0


@_jit
def stress(wind_ms: float) -> float:
    """Wind stress on the sea, N/m²: rho_air Cd U²."""
    return AIR_DENSITY * drag(wind_ms) * wind_ms * wind_ms


@_jit
def inflow(r_km: float, rmax_km: float) -> float:
    """Angle by which the wind blows inward of the circle, radians (Bretschneider 1972)."""
    q = r_km / rmax_km
    degrees = 10.0 * (1.0 + q) if q < 1.0 else min(20.0 + 25.0 * (q - 1.0), 25.0)
    return degrees * np.pi / 180.0


@_jit
def inverse_barometer(deficit_hpa: float, r_km: float, rmax_km: float, b: float) -> float:
    """How much low pressure lifts the sea at a distance from the centre, m.

    Pressure: p(r) = pc + dp exp(-(R/r)^b), Holland (1980).
    """
    here = deficit_hpa * (1.0 - exp(-exp(b * log(rmax_km / max(r_km, 1e-6)))))
    return 100.0 * here / (SEA_DENSITY * GRAVITY)


@_jit
def along(eta: float, onshore_pa: float, depth_m: float, length_m: float) -> float:
    """Set-up at the end of a piece of transect of level bottom, m.

    The exact solution of (h + eta) d(eta) = n tau / (rho g) dx from ``eta`` at its beginning.
    """
    lifted = 2.0 * BOTTOM * onshore_pa * length_m / (SEA_DENSITY * GRAVITY)
    water = max(depth_m + eta, SHALLOWEST_M)
    return sqrt(max(water * water + lifted, SHALLOWEST_M * SHALLOWEST_M)) - depth_m


def plane_coast(lat: Any, lon: Any, seaward: Any, slope: float, deepest_m: float) -> Coast:
    """A coast before which the bottom falls off as a plane, then stays level.

    Args:
        lat: Degrees north, (point,).
        lon: Degrees east, (point,).
        seaward: Degrees from north, one or (point,).
        slope: Depth over distance, for example 0.0005 for 5 m in 10 km.
        deepest_m: Depth at which the plane ends.
    """
    y, x = np.atleast_1d(np.asarray(lat, np.float64)), np.atleast_1d(np.asarray(lon, np.float64))
    down = np.minimum(1000.0 * slope * np.array(NODES_KM), deepest_m)
    bearing = np.broadcast_to(np.asarray(seaward, np.float64), y.shape)
    return Coast(y, x, np.array(bearing), np.tile(down, (len(y), 1)))


def highest(
    tracks: PreparedTrack, coast: Coast, cutoff_km: float = 400.0, threads: int | None = None
) -> Floats:
    """Highest surge at points of a coast, for every member of an ensemble.

    Args:
        tracks: From ``prepare_ensemble`` or ``steady_tracks``, (member, time).
        coast: The points and the sea before them.
        cutoff_km: A centre farther from the shore than this raises nothing.
        threads: How many to use; 1 stays on the calling thread.

    Returns:
        m above the level without the storm, at least 0, (member, point).

    Raises:
        ValueError: Tracks that are not (member, time), depths that do not fit `NODES_KM`.
    """
    if tracks.lat.ndim != 2 or coast.depth.shape != (len(coast), len(NODES_KM)):
        raise ValueError("tracks must be (member, time) and depths (point, node)")
    table = np.concatenate([tracks.table("H10"), tracks.dp_hpa[..., None]], axis=-1)
    out = np.zeros((len(table), len(coast)))
    nodes = np.array(NODES_KM)
    shore = np.stack([coast.lat, coast.lon, np.radians(coast.seaward)], axis=-1)
    depth = np.maximum(coast.depth, 0.0)

    def run(part: slice) -> None:
        _members(table[part], shore, depth, nodes, float(cutoff_km), out[part])

    workers = min(get_num_threads() if threads is None else threads, len(table))
    if workers <= 1:
        run(slice(0, len(table)))
        return out
    width = max(1, -(-len(table) // (8 * workers)))
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, (slice(m, m + width) for m in range(0, len(table), width))))
    return out


@_jit
def _stress_onto(row: Floats, dx: float, dy: float, r: float, seaward: float) -> float:
    """Stress of the wind at dx, dy km from the centre towards the shore, N/m²; negative off it.

    The vortex of H10, turned inward, plus the storm's motion as the wind models add it.
    """
    share = min(1.0, row[6] / r)
    speed = max(0.0, h10_profile(r, row[6], row[7], row[8], row[9]) - share * row[5])
    turn = inflow(r, row[6])
    round_, inward = speed * cos(turn), speed * sin(turn)
    north = row[11] * round_ * dx / r - inward * dy / r + share * row[3]
    east = -row[11] * round_ * dy / r - inward * dx / r + share * row[4]
    north, east = north * TO_10_MINUTES, east * TO_10_MINUTES
    total = sqrt(north * north + east * east)
    towards = -(north * cos(seaward) + east * sin(seaward))
    return stress(total) * towards / total if total > 0.0 else 0.0


@_jit
def _members(
    table: Floats, shore: Floats, depth: Floats, nodes: Floats, cutoff: float, out: Floats
) -> None:
    n_member, n_time, _ = table.shape
    last = len(nodes) - 1
    for m in range(n_member):
        for p in range(shore.shape[0]):
            for t in range(n_time):
                row = table[m, t]
                if np.isnan(row[0]):
                    continue
                dy = (shore[p, 0] - row[0]) * KM_PER_DEGREE
                dx = _degrees_apart(shore[p, 1], row[1]) * row[2]
                r = sqrt(dx * dx + dy * dy)
                if r > cutoff:
                    continue
                north, east = cos(shore[p, 2]), sin(shore[p, 2])
                eta = 0.0
                for k in range(last, 0, -1):
                    if np.isnan(depth[p, k]):  # land again: the way of the wind begins here
                        continue
                    out_km = (nodes[k] + nodes[k - 1]) / 2.0
                    x, y = dx + out_km * east, dy + out_km * north
                    far = max(sqrt(x * x + y * y), 1e-3)
                    onto = _stress_onto(row, x, y, far, shore[p, 2])
                    deep = (depth[p, k] + depth[p, k - 1]) / 2.0
                    eta = along(eta, onto, deep, 1000.0 * (nodes[k] - nodes[k - 1]))
                eta += inverse_barometer(row[12], r, row[6], row[7])
                out[m, p] = max(out[m, p], eta)


def total_level(surge_m: Any, tide_m: Any) -> Floats:
    """Total water level: surge plus tide, m above the datum of the tide.

    The law's levels (total water level) and a dike's crest are compared with this, never with the
    surge alone. The tide is that of the hour; at high water the two only add up at worst.

    Args:
        surge_m: From `highest`.
        tide_m: Astronomical tide above the datum, m.
    """
    return np.asarray(np.asarray(surge_m, np.float64) + np.asarray(tide_m, np.float64))
