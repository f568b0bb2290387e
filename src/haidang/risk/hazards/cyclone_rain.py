"""Rain of a tropical cyclone from its track: the parametric model R-CLIPER.

A storm's rain, averaged round its centre, depends on how strong it is and how far away one is.
Added up along the track it gives what falls at a place: more where the storm passes slowly.

Source: Tuleya, DeMaria & Kuligowski (2007), Weather and Forecasting 22, 56-70, equations 3 to 5
with the bias-adjusted coefficients of table 2 (NHC), after the satellite climatology of Lonfat,
Marks & Chen (2004), Mon. Wea. Rev. 132, 1645-1660.

**Limits.** The mean over all directions and many storms: no mountains, no coast, no rain bands,
no side of the storm that is wetter, no moisture from a monsoon. Mountains on the windward side
get two to four times as much, and what falls for days after the wind has gone is not in it. Rain
that fell before the track begins is not counted. Fitted to a sea; over land the weaker wind makes
weaker rain, which is too little for the first day.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import exp, sqrt
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import get_num_threads, njit
from numpy.typing import NDArray

from haidang.base.wind import ms_to_knots
from haidang.risk.hazards.tropical_cyclone import KM_PER_DEGREE

Floats = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Any])
_jit = cast("Callable[[F], F]", njit(cache=True, nogil=True, error_model="numpy"))

MM_PER_H: Final = 25.4 / 24.0
"""An inch a day, the paper's unit of rain, in mm an hour."""

A: Final = (-1.10, -1.60, 64.5, 150.0)
B: Final = (3.96, 4.80, -13.0, -16.0)
"""Table 2, NHC: intercepts and slopes of T0, Tm (inches a day), rm and re (km) over U."""

CUTOFF_KM: Final = 500.0
"""No rain beyond: the edge of the annuli that the climatology was made of."""

DAY_H: Final = 24.0
FULL_TURN: Final = 360.0


def normalized_wind(wind_ms: Any) -> Floats:
    """U of equation 5: 1 + (Vm - 35) / 33, Vm the highest 1-minute wind in knots."""
    return np.asarray(1.0 + (ms_to_knots(np.asarray(wind_ms, np.float64)) - 35.0) / 33.0)


def parameters(wind_ms: Any) -> Floats:
    """T0, Tm (mm/h) and rm, re (km) of equations 3 and 4 for a highest wind.

    Args:
        wind_ms: Highest 1-minute wind, m/s, any shape; NaN gives NaN.

    Returns:
        Shape (..., 4): rain rate at the centre and at rm, not below 0; the radius rm of the
        heaviest rain; the e-folding distance re beyond it.
    """
    u = normalized_wind(wind_ms)
    raw = np.stack([a + b * u for a, b in zip(A, B, strict=True)], axis=-1)
    unit = np.array([MM_PER_H, MM_PER_H, 1.0, 1.0])
    # The lines of the rates cross zero at some 11 kn, those of the radii far beyond any storm.
    return np.asarray(np.maximum(raw * unit, [0.0, 0.0, 1.0, 1.0]))


@_jit
def _rate(r: float, t0: float, tm: float, rm: float, re: float) -> float:
    """Equation 3: a straight line from T0 at the centre to Tm at rm, an exponential beyond."""
    if r <= rm:
        return t0 + (tm - t0) * (r / rm)
    return tm * exp(-(r - rm) / re)


def rain_rate(radius_km: Any, wind_ms: Any) -> Floats:
    """Rain rate at a distance from the centre, averaged over all directions.

    Args:
        radius_km: Distance from the centre, km; no rain beyond `CUTOFF_KM`.
        wind_ms: Highest 1-minute wind of the storm, m/s. Both are broadcast.

    Returns:
        mm/h.

    >>> rain_rate([0.0, 50.0, 200.0], 50.0).round(2).tolist()
    [10.93, 10.39, 2.45]
    """
    r, v = np.broadcast_arrays(np.asarray(radius_km, np.float64), np.asarray(wind_ms, np.float64))
    t0, tm, rm, re = np.moveaxis(parameters(v), -1, 0)
    inner = t0 + (tm - t0) * (r / rm)
    outer = tm * np.exp(-(r - rm) / re)
    return np.where(r > CUTOFF_KM, 0.0, np.where(r <= rm, inner, outer))


@dataclass(frozen=True, slots=True)
class Rain:
    """What falls at cells over an ensemble.

    Attributes:
        total: From the first to the last time of the track, mm, (member, cell).
        day_max: Most in any 24 hours of it, mm, same shape.
    """

    total: Floats
    day_max: Floats


def accumulated(
    hours: Floats,
    lat: Floats,
    lon: Floats,
    wind_ms: Floats,
    cells_lat: Any,
    cells_lon: Any,
    cutoff_km: float = CUTOFF_KM,
    threads: int | None = None,
) -> Rain:
    """Rain of every member of an ensemble at cells.

    Between two times the rate is the mean of both; steps of an hour or less are meant. Distances
    are taken on a plane around the centre, as the wind models do.

    Args:
        hours: Times, (time,), h, evenly spaced.
        lat: Centres, degrees north, (member, time); NaN where a member has no storm: no rain.
        lon: Degrees east, same shape.
        wind_ms: Highest 1-minute wind, m/s, same shape.
        cells_lat: Degrees north, (cell,).
        cells_lon: Degrees east, (cell,).
        cutoff_km: No rain beyond this distance from the centre.
        threads: How many to use; 1 stays on the calling thread.

    Raises:
        ValueError: Shapes that do not fit, fewer than two times, times that are not evenly spaced.
    """
    steps = np.diff(hours)
    even = len(steps) > 0 and bool(np.all(np.abs(steps - steps[0]) < 1e-6)) and steps[0] > 0
    if not even or lat.ndim != 2 or lat.shape[1] != len(hours):
        raise ValueError("hours must be evenly spaced and lat, lon and wind (member, time)")
    if lon.shape != lat.shape or wind_ms.shape != lat.shape:
        raise ValueError("lat, lon and wind must have one shape")
    cells = np.stack([np.asarray(cells_lat, np.float64), np.asarray(cells_lon, np.float64)])
    step, window = float(steps[0]), max(1, round(DAY_H / float(steps[0])))
    east = KM_PER_DEGREE * np.cos(np.radians(lat))
    table = np.concatenate([np.stack([lat, lon, east], axis=-1), parameters(wind_ms)], axis=-1)
    members = len(lat)
    total, heaviest = (np.zeros((members, cells.shape[1])) for _ in range(2))

    def run(part: slice) -> None:
        _members(
            table[part], cells, step, window, float(cutoff_km), total[part], heaviest[part]
        )  # fmt: skip

    workers = min(get_num_threads() if threads is None else threads, members)
    if workers <= 1:
        run(slice(0, members))
        return Rain(total, heaviest)
    width = max(1, -(-members // (8 * workers)))
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, (slice(m, m + width) for m in range(0, members, width))))
    return Rain(total, heaviest)


@_jit
def _members(
    table: Floats,
    cells: Floats,
    step: float,
    window: int,
    cutoff: float,
    total: Floats,
    heaviest: Floats,
) -> None:
    n_member, n_time, _ = table.shape
    fallen = np.zeros(n_time)
    for m in range(n_member):
        for c in range(cells.shape[1]):
            wet = False
            before = 0.0
            for t in range(n_time):
                dy = (cells[0, c] - table[m, t, 0]) * KM_PER_DEGREE
                rate = 0.0
                # A missing centre fails this comparison, too.
                if abs(dy) <= cutoff:
                    apart = cells[1, c] - table[m, t, 1]
                    apart -= FULL_TURN * np.round(apart / FULL_TURN)
                    dx = apart * table[m, t, 2]
                    r = sqrt(dx * dx + dy * dy)
                    if r <= cutoff:
                        rate = _rate(
                            r, table[m, t, 3], table[m, t, 4], table[m, t, 5], table[m, t, 6]
                        )
                        wet = True
                # Up to this time; the step since the one before by the mean of both rates.
                fallen[t] = 0.0 if t == 0 else fallen[t - 1] + step * (before + rate) / 2.0
                before = rate
            if not wet:
                continue
            total[m, c] = fallen[n_time - 1]
            most = fallen[min(window, n_time - 1)]
            for t in range(window + 1, n_time):
                most = max(most, fallen[t] - fallen[t - window])
            heaviest[m, c] = most
