"""Wind of a tropical cyclone from its track: four parametric models, one track or an ensemble.

A bulletin gives a centre, a highest wind, a pressure and perhaps a size; a warning needs the wind
at places. A parametric model draws a round vortex from these few numbers and adds the movement
of the storm. What it does not know: terrain, coast, friction over land, double eyewalls, and the
change to a mid-latitude storm.

============ ======================================================= =============================
``model``    paper                                                   intensity comes from
============ ======================================================= =============================
``H08``      Holland (2008), Mon. Wea. Rev. 136, 3432-3445           pressure deficit
``H1980``    Holland (1980), Mon. Wea. Rev. 108, 1212-1218           highest wind
``H10``      Holland, Belanger & Fritz (2010), Mon. Wea. Rev. 138,   pressure deficit
             4393-4401
``ER11``     Emanuel & Rotunno (2011), J. Atmos. Sci. 68, 2236-2249  highest wind
============ ======================================================= =============================

All winds are **1-minute means at 10 m**, in m/s; convert the result with
`haidang.base.wind.convert_maximum`, or by ``scale`` in `swath`.

Choices that the papers leave open (all four models): one degree of latitude is 111.12 km and
distances are taken on a plane around the centre; the translation is the backward difference of
the positions, so the first position has no wind; it is capped at 30 kn; it is added to the vortex
in full inside the radius of maximum wind R and as R/r outside; in H08 and H10 the part of the
highest wind that is translation is taken off the vortex first; no inflow angle; nothing beyond
the cutoff distance; the equator counts as north; ER11 turns angular momentum into wind without
taking off f r/2, which leaves it too strong outside, by some 7 m/s at 300 km and 20 degrees. At the
very centre the direction of the vortex
is undefined and the wind is 0. These are the choices of the reference program whose results the
tests reproduce to the twelfth digit.

`windfield` gives the field of one track as xarray, `swath` what warnings need of an ensemble
(highest wind per cell, first and last hour of each threshold per area) without ever holding the
field of all members. Both run the same equations and agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log, sqrt
from typing import Any, Final, Literal, TypeVar, cast

import numpy as np
import pandas as pd
import xarray as xr
from numba import get_num_threads, njit
from numpy.typing import ArrayLike, NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.base.wind import MS_PER_KMH, MS_PER_KNOT, lower_bound
from haidang.risk.hazards import tropical_cyclone_fill as fill

MODELS: Final[tuple[str, ...]] = ("H08", "H1980", "H10", "ER11")
"""Names of the models, in the order of the kernel's integer codes."""

KM_PER_DEGREE: Final = 111.12
KM_PER_NAUTICAL_MILE: Final = 1.852
AIR_DENSITY: Final = 1.15
"""kg/m³, at the surface in the tropics."""
OMEGA: Final = 7.29e-5
"""Rotation of the Earth, 1/s."""
GRADIENT_TO_SURFACE: Final = 0.9
"""Wind at 10 m over gradient wind."""
TRANSLATION_CAP_MS: Final = 30 * MS_PER_KNOT
GALE_MS: Final = lower_bound(8)
CENTRE_KM: Final = 1e-6
"""Within a millimetre of the centre the vortex has no direction: no wind."""
H10_ANCHOR_KM: Final = 300.0
"""Where the profile of H10 is made to pass through `H10_ANCHOR_MS`."""
H10_ANCHOR_MS: Final = 17.0
TINY: Final = 1e-300
"""Stands for zero where zero would divide."""
BLOCK: Final = 32
"""Areas that are looked at together before each by itself; a matter of speed, never of result."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
FirstStep = Literal["calm", "forward"]
F = TypeVar("F", bound=Callable[..., Any])

# No fastmath: it would let the compiler assume that NaN, our mark of a missing position, is
# not there, and round differently from loop to loop.
_jit = cast("Callable[[F], F]", njit(cache=True, nogil=True, error_model="numpy"))

_H08, _H1980, _H10, _ER11 = range(4)


# --- equations per time step (numpy, any shape, time on the last axis) ----------------------


def pressure_deficit(penv_hpa: ArrayLike, pc_hpa: ArrayLike) -> Floats:
    """Environmental less central pressure in hPa, held above 0 so that profiles stay defined.

    >>> pressure_deficit([1010.0, 1000.0], [950.0, 1004.0]).round(1).tolist()
    [60.0, 0.0]
    """
    return np.maximum(TINY, np.asarray(penv_hpa, np.float64) - np.asarray(pc_hpa, np.float64))


def coriolis(lat: ArrayLike) -> Floats:
    """The Coriolis parameter 2 Omega sin|lat| in 1/s; positive in both hemispheres."""
    return np.asarray(2 * OMEGA * np.sin(np.radians(np.abs(np.asarray(lat, np.float64)))))


def backward_difference(values: Floats) -> Floats:
    """What a value has changed since the step before; the first step has none (NaN)."""
    change = np.full_like(values, np.nan)
    change[..., 1:] = values[..., 1:] - values[..., :-1]
    return change


def wrap_longitude(degrees: ArrayLike) -> Floats:
    """Longitudes, or their differences, brought between -180 and 180; those inside are kept.

    >>> wrap_longitude([179.0, 181.0, -190.0, 360.0]).tolist()
    [179.0, -179.0, 170.0, 0.0]
    """
    d = np.asarray(degrees, np.float64)
    return np.where(d > 180, d - 360, np.where(d < -180, d + 360, d))


def translation(time_h: Floats, lat: Floats, lon: Floats) -> tuple[Floats, Floats, Floats]:
    """How fast the centre came from its last position.

    The distance is taken on the plane of the earlier position; faster than 30 kn is cut to it,
    in the same direction: the models were not fitted to storms that race away polewards.

    Args:
        time_h: Hours, shape (..., time) or (time,).
        lat: Degrees north, shape (..., time).
        lon: Degrees east, same shape; the antimeridian may lie between two positions.

    Returns:
        North and east component and length, m/s, same shape; NaN in the first step and after a
        position that is missing.
    """
    cos_before = np.full_like(lat, np.nan)
    cos_before[..., 1:] = np.cos(np.radians(lat[..., :-1]))
    seconds = backward_difference(time_h) * 3600
    metres = KM_PER_DEGREE * 1000 / seconds
    north = backward_difference(lat) * metres
    east = wrap_longitude(backward_difference(lon)) * cos_before * metres
    length = np.hypot(north, east)
    keep = np.minimum(1.0, TRANSLATION_CAP_MS / np.fmax(length, 1e-9))
    return north * keep, east * keep, np.minimum(length, TRANSLATION_CAP_MS)


def h08_exponent(dp_hpa: Floats) -> Floats:
    """The power of the translation in `h08_b`: x = 0.6 (1 - dp/215). Holland (2008), eq. 11."""
    return 0.6 * (1 - dp_hpa / 215)


def h08_b(dp_hpa: Floats, dpc_dt: Floats, lat: Floats, v_trans: Floats) -> Floats:
    """The shape parameter b of Holland (2008), eq. 11, reduced to the surface.

    b_s = -4.4e-5 dp² + 0.01 dp + 0.03 dpc/dt - 0.014 |lat| + 0.15 v^x + 1, clipped to
    [1, 2.5] times 0.9², the square of the surface factor.

    Args:
        dp_hpa: Pressure deficit, hPa.
        dpc_dt: Change of the central pressure, hPa/h; negative while a storm deepens.
        lat: Degrees.
        v_trans: Speed of translation, m/s.
    """
    # A storm that stands still with a negative x gives an infinity, which the clip takes up.
    with np.errstate(divide="ignore"):
        moved = 0.15 * v_trans ** h08_exponent(dp_hpa)
    b = -4.4e-5 * dp_hpa**2 + 0.01 * dp_hpa + 0.03 * dpc_dt - 0.014 * np.abs(lat) + moved + 1
    return np.asarray(np.clip(b, 1.0 * GRADIENT_TO_SURFACE**2, 2.5 * GRADIENT_TO_SURFACE**2))


def h1980_b(vmax_ms: Floats, v_trans: Floats, dp_hpa: Floats) -> Floats:
    """The shape parameter B that makes the gradient wind of Holland (1980) peak at Vmax.

    B = Vg² e rho / dp with Vg = max(0, Vmax - v_trans) / 0.9, clipped to [1, 2.5].
    """
    gradient = np.maximum(0.0, vmax_ms - v_trans) / GRADIENT_TO_SURFACE
    b = gradient**2 * np.e * AIR_DENSITY / (dp_hpa * 100)
    return np.asarray(np.clip(b, 1.0, 2.5))


def h10_peak(b: Floats, dp_hpa: Floats) -> Floats:
    """The highest wind of Holland et al. (2010): v_m = sqrt(b dp / (rho e)), m/s."""
    return np.asarray(np.sqrt(b * dp_hpa * 100 / (AIR_DENSITY * np.e)))


def h10_outer_exponent(v_m: Floats, b: Floats, rmax_km: Floats) -> Floats:
    """The exponent x_n that makes the profile of H10 give 17 m/s at 300 km.

    x_n = ln(17 / v_m) / ln(u e^(1-u)), u = (R / 300 km)^b. Holland et al. (2010).
    With R = 300 km (to a metre) or more there is no outer part, and 0.5 is returned.
    """
    inside = rmax_km < H10_ANCHOR_KM - 1e-3
    u = (np.where(inside, rmax_km, 1.0) / H10_ANCHOR_KM) ** b
    return np.where(inside, np.log(H10_ANCHOR_MS / np.fmax(v_m, TINY)) / (np.log(u) + 1 - u), 0.5)


def er11_momentum(vmax_ms: Floats, rmax_km: Floats, f: Floats) -> Floats:
    """Angular momentum at R, M = R Vmax + f R²/2, in m²/s. Emanuel & Rotunno (2011), eq. 36."""
    r = rmax_km * 1000
    return r * vmax_ms + f * r**2 / 2


# --- equations per cell (compiled, scalars; r and R in km) ----------------------------------


@_jit
def holland_profile(r: float, R: float, b: float, dp_rho: float, f: float) -> float:
    """Gradient wind of a Holland vortex in m/s; Holland (1980) and (2008).

    V = sqrt(b dp/rho u e^(-u) + (r f/2)²) - r f/2 with u = (R/r)^b.

    Args:
        r: Distance from the centre, km, above 0.
        R: Radius of maximum wind, km.
        b: Shape parameter.
        dp_rho: Pressure deficit over air density, Pa m³/kg.
        f: Coriolis parameter, 1/s.
    """
    u = exp(b * log(R / r))
    turn = 500.0 * r * f
    return sqrt(b * dp_rho * u * exp(-u) + turn * turn) - turn


@_jit
def h10_profile(r: float, R: float, b: float, v_m: float, x_n: float) -> float:
    """Surface wind of Holland et al. (2010) in m/s: v_m (u e^(1-u))^x, u = (R/r)^b.

    x is 0.5 within R and changes linearly to x_n at 300 km; it is never below 0.4.
    """
    x = 0.5
    if min(r, H10_ANCHOR_KM) > R:
        x = max(0.4, 0.5 + (r - R) * (x_n - 0.5) / (H10_ANCHOR_KM - R))
    log_u = b * log(R / r)
    return v_m * exp(x * (log_u + 1.0 - exp(log_u)))


@_jit
def er11_profile(r: float, R: float, momentum: float) -> float:
    """Wind of Emanuel & Rotunno (2011), eq. 36, in m/s: M 2 q / (1 + q) / r, q = (r/R)².

    The paper's wind is this less f r/2, the Earth's own part of the momentum: see the module.
    """
    q = (r / R) * (r / R)
    return max(0.0, momentum * 2.0 * q / (1.0 + q) / (1000.0 * r))


@_jit
def _vector(
    rows: Floats, n: int, model: int, r: float, dx: float, dy: float
) -> tuple[float, float]:
    """North and east wind at a cell dx km east and dy km north of the centre, r km from it.

    Row ``n`` of ``rows`` is one time of `PreparedTrack.table`. The row is named and not cut out:
    to count the owners of a view takes longer than the wind.
    """
    R, b, strength, f = rows[n, 6], rows[n, 7], rows[n, 8], rows[n, 10]
    share = min(1.0, R / r)
    if model == _H08:
        v = holland_profile(r, R, b, strength, f) - share * rows[n, 5]
    elif model == _H1980:
        v = GRADIENT_TO_SURFACE * holland_profile(r, R, b, strength, f)
    elif model == _H10:
        v = h10_profile(r, R, b, strength, rows[n, 9]) - share * rows[n, 5]
    else:
        v = er11_profile(r, R, strength)
    turn = rows[n, 11] * v / r
    return turn * dx + share * rows[n, 3], -turn * dy + share * rows[n, 4]


@_jit
def _degrees_apart(cell: float, centre: float) -> float:
    """Difference of two longitudes between -180 and 180, the short way round."""
    apart = cell - centre
    if apart > 180.0:
        return apart - 360.0
    if apart < -180.0:
        return apart + 360.0
    return apart


# --- a track, ready for the kernels ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PreparedTrack:
    """All that the kernels need of a track, or of every member of an ensemble.

    Every array is float64 of shape (time,) or (member, time).

    Attributes:
        lat: Degrees north; NaN where there is no wind (first step, missing position or the step
            after one).
        lon: Degrees east, between -180 and 180.
        v_north: Translation to the north, m/s.
        v_east: Translation to the east, m/s.
        v_trans: Its length, m/s, at most 30 kn.
        dp_hpa: Pressure deficit, hPa.
        f: Coriolis parameter, 1/s.
        rmax_km: Radius of maximum wind, km.
        b: Shape parameter of H08 and H10.
        b_1980: Shape parameter of H1980.
        v_m: Highest wind of H10, m/s.
        x_n: Outer exponent of H10.
        momentum: Angular momentum of ER11 at R, m²/s.
        filled: What was assumed, in words, "" if nothing was.
    """

    lat: Floats
    lon: Floats
    v_north: Floats
    v_east: Floats
    v_trans: Floats
    dp_hpa: Floats
    f: Floats
    rmax_km: Floats
    b: Floats
    b_1980: Floats
    v_m: Floats
    x_n: Floats
    momentum: Floats
    filled: str = ""

    def table(self, model: str) -> Floats:
        """What the kernel reads, side by side in memory: shape (..., time, 12).

        Raises:
            BadData: The model is not one of `MODELS`.
        """
        code = _code(model)
        dp_rho = self.dp_hpa * 100 / AIR_DENSITY
        return np.stack(
            [
                self.lat,
                self.lon,
                KM_PER_DEGREE * np.cos(np.radians(self.lat)),
                self.v_north,
                self.v_east,
                self.v_trans,
                self.rmax_km,
                self.b_1980 if code == _H1980 else self.b,
                (dp_rho, dp_rho, self.v_m, self.momentum)[code],
                self.x_n,
                self.f,
                np.where(self.lat < 0, -1.0, 1.0),
            ],
            axis=-1,
        )


def prepare(
    time_h: ArrayLike,
    lat: ArrayLike,
    lon: ArrayLike,
    vmax_ms: ArrayLike | None,
    pc_hpa: ArrayLike | None,
    penv_hpa: ArrayLike | None,
    rmw_km: ArrayLike | None,
    *,
    first_step: FirstStep = "calm",
) -> PreparedTrack:
    """One track as the kernels need it; missing intensity and size are filled.

    Filled, value by value, where NaN or None: the highest wind from the central pressure and the
    other way round (Atkinson & Holliday 1977), the environmental pressure by 1010 hPa (the value
    in that relation), the radius of maximum wind from wind and latitude (Willoughby et al. 2006).

    Args:
        time_h: Hours, shape (time,), rising.
        lat: Degrees north, shape (time,).
        lon: Degrees east, shape (time,).
        vmax_ms: Highest 1-minute wind, m/s.
        pc_hpa: Central pressure, hPa.
        penv_hpa: Environmental pressure, hPa.
        rmw_km: Radius of maximum wind, km.
        first_step: ``calm``: no wind at the first position, which has no translation, as in the
            reference results. ``forward``: its translation and change of pressure are those of
            the next step, so that a storm that is here now has wind now.

    Raises:
        BadData: Fewer than two positions; a position that is missing or off the globe; times that
            are missing or do not rise; neither wind nor pressure at a position; a negative wind,
            a pressure outside 800-1100 hPa or a radius of 0 km or less; a wind of force 8 or more
            with a central pressure that is not below the environmental one.
        ValueError: Arrays of different shape.
    """
    return _prepare(time_h, lat, lon, vmax_ms, pc_hpa, penv_hpa, rmw_km, first_step, gaps=False)


def prepare_ensemble(
    time_h: ArrayLike,
    lat: ArrayLike,
    lon: ArrayLike,
    vmax_ms: ArrayLike | None,
    pc_hpa: ArrayLike | None = None,
    penv_hpa: ArrayLike | None = None,
    rmw_km: ArrayLike | None = None,
    *,
    first_step: FirstStep = "calm",
) -> PreparedTrack:
    """All members of an ensemble as the kernels need them; the same rules as `prepare`.

    Args:
        time_h: Hours, shape (time,), rising, the same for all members.
        lat: Degrees north, shape (member, time). **NaN where a member has no storm**: no wind
            there, nor in the step after, which has no translation.
        lon: Degrees east, same shape, NaN with the latitude.
        vmax_ms: Highest 1-minute wind, m/s, broadcast to that shape.
        pc_hpa: Central pressure, hPa, likewise.
        penv_hpa: Environmental pressure, hPa, likewise.
        rmw_km: Radius of maximum wind, km, likewise.
        first_step: As in `prepare`, also for the first position after missing ones.

    Raises:
        BadData: As `prepare`, but positions may be missing; the row counts along time and the
            field names the member.
        ValueError: Arrays that do not broadcast to (member, time).
    """
    return _prepare(time_h, lat, lon, vmax_ms, pc_hpa, penv_hpa, rmw_km, first_step, gaps=True)


def _prepare(
    time_h: ArrayLike,
    lat: ArrayLike,
    lon: ArrayLike,
    vmax_ms: ArrayLike | None,
    pc_hpa: ArrayLike | None,
    penv_hpa: ArrayLike | None,
    rmw_km: ArrayLike | None,
    first_step: FirstStep = "calm",
    *,
    gaps: bool,
    file: str = "",
) -> PreparedTrack:
    y = np.array(lat, np.float64)
    x = np.array(lon, np.float64)
    hours = np.asarray(time_h, np.float64)
    if y.ndim != 1 + gaps or x.shape != y.shape or hours.shape != y.shape[-1:]:
        wanted = "(member, time)" if gaps else "(time,)"
        raise ValueError(f"lat and lon must be {wanted} and time_h (time,): {y.shape}, {x.shape}")

    def like(values: ArrayLike | None) -> Floats:
        given = np.nan if values is None else np.asarray(values, np.float64)
        return np.array(np.broadcast_to(given, y.shape))

    _check_positions(hours, y, x, gaps=gaps, file=file)
    here = ~np.isnan(y)
    vmax, pc, penv, rmw = like(vmax_ms), like(pc_hpa), like(penv_hpa), like(rmw_km)
    _check_intensity(here, vmax, pc, penv, rmw, file)
    filled = _complete(here, y, vmax, pc, penv, rmw)
    x = wrap_longitude(x)
    v_north, v_east, v_trans = translation(hours, y, x)
    dpc_dt = backward_difference(pc) / backward_difference(hours)
    if first_step == "forward":
        v_north, v_east, v_trans, dpc_dt = (
            np.where(here, _from_next(rate), np.nan) for rate in (v_north, v_east, v_trans, dpc_dt)
        )
    dp, f = pressure_deficit(penv, pc), coriolis(y)
    b = h08_b(dp, dpc_dt, y, v_trans)
    v_m = h10_peak(b, dp)
    return PreparedTrack(
        lat=np.where(np.isnan(v_trans), np.nan, y),
        lon=x,
        v_north=v_north,
        v_east=v_east,
        v_trans=v_trans,
        dp_hpa=dp,
        f=f,
        rmax_km=rmw,
        b=b,
        b_1980=h1980_b(vmax, v_trans, dp),
        v_m=v_m,
        x_n=h10_outer_exponent(v_m, b, rmw),
        momentum=er11_momentum(vmax, rmw, f),
        filled=filled,
    )


def _from_next(rate: Floats) -> Floats:
    """A rate with its gaps taken from the step after."""
    out = rate.copy()
    out[..., :-1] = np.where(np.isnan(rate[..., :-1]), rate[..., 1:], rate[..., :-1])
    return out


def _refuse(
    bad: NDArray[np.bool_], code: str, field: str, file: str, values: Floats | None = None
) -> None:
    """Raise for the first 20 places where ``bad`` holds, each with its line, member and value."""
    if not bad.any():
        return
    where = np.argwhere(bad)
    raise BadData(
        *(
            Problem(
                f"hazard.{code}",
                {} if values is None else {"value": float(values[tuple(at)])},
                file=file,
                row=int(at[-1]) + 2,
                field=f"{field}[member={at[0]}]" if len(at) > 1 else field,
            )
            for at in where[:20]
        )
    )


def _check_positions(hours: Floats, y: Floats, x: Floats, *, gaps: bool, file: str) -> None:
    if y.shape[-1] < 2:
        raise BadData(Problem("hazard.track_short", {"count": y.shape[-1]}, file=file))
    _refuse(np.isnan(hours), "track_time_missing", "time", file)
    _refuse(backward_difference(hours) <= 0, "track_time_order", "time", file)
    no_lat, no_lon = np.isnan(y), np.isnan(x)
    half = no_lat != no_lon
    if not gaps:
        half = no_lat | no_lon
    _refuse(half & no_lat, "track_position", "lat", file)
    _refuse(half & no_lon, "track_position", "lon", file)
    _refuse(np.abs(y) > 90, "track_latitude", "lat", file, y)
    _refuse(np.abs(x) > 360, "track_longitude", "lon", file, x)


def _check_intensity(
    here: NDArray[np.bool_], vmax: Floats, pc: Floats, penv: Floats, rmw: Floats, file: str
) -> None:
    _refuse(here & np.isnan(vmax) & np.isnan(pc), "track_intensity", "max_sustained_wind", file)
    _refuse((vmax < 0) | np.isinf(vmax), "track_wind", "max_sustained_wind", file, vmax)
    for values, field in ((pc, "central_pressure"), (penv, "environmental_pressure")):
        _refuse((values < 800) | (values > 1100), "track_pressure", field, file, values)
    _refuse((rmw <= 0) | np.isinf(rmw), "track_radius", "radius_max_wind", file, rmw)
    # Models that go by pressure would make of a named storm a calm: most often two columns are
    # exchanged. A weak low may well be no lower than what is given for its surroundings.
    flat = (pc >= penv) & (vmax >= GALE_MS)
    _refuse(flat, "track_no_deficit", "central_pressure", file, pc)


def _complete(
    here: NDArray[np.bool_], lat: Floats, vmax: Floats, pc: Floats, penv: Floats, rmw: Floats
) -> str:
    """Fill what is missing, in place, and say what was filled."""
    said = []

    def put(values: Floats, assumed: Floats, what: str) -> None:
        gap = here & np.isnan(values)
        if gap.any():
            values[gap] = assumed[gap]
            said.append(f"{what} ({int(gap.sum())} of {int(here.sum())})")

    v_known = vmax.copy()
    put(vmax, fill.wind_from_pressure(pc), "highest wind after Atkinson & Holliday (1977)")
    put(pc, fill.pressure_from_wind(v_known), "central pressure after Atkinson & Holliday (1977)")
    put(
        penv,
        np.full_like(penv, fill.REFERENCE_PRESSURE_HPA),
        "environmental pressure 1010 hPa after Atkinson & Holliday (1977)",
    )
    put(
        rmw,
        fill.radius_of_maximum_wind(vmax / fill.SURFACE_TO_GRADIENT, lat),
        "radius of maximum wind after Willoughby et al. (2006)",
    )
    return "; ".join(said)


def _code(model: str) -> int:
    if model not in MODELS:
        raise BadData(Problem("hazard.model", {"value": model, "known": ", ".join(MODELS)}))
    return MODELS.index(model)


# --- one track, as a field --------------------------------------------------------------------


def windfield(
    track: xr.Dataset | pd.DataFrame, points: Any, model: str = "H08", cutoff_km: float = 300.0
) -> xr.DataArray:
    """The wind of one track at points, at every time of the track.

    The track is taken as it is: bring it to steps of an hour first, or the maximum over time
    will miss what happened between two bulletins.

    Args:
        track: Variables or columns ``time, lat, lon, max_sustained_wind`` (kn, or as the
            attribute ``max_sustained_wind_unit`` says: kn, m/s, km/h), ``central_pressure``,
            ``environmental_pressure`` (hPa), ``radius_max_wind`` (nautical miles); winds are
            1-minute means. Any of the last four may lack or have gaps: see `prepare`.
            ``attrs["file"]`` names the source in errors.
        points: A GeoDataFrame or GeoSeries of points in degrees, a table with columns
            ``lat, lon``, or an xarray object with one-dimensional ``lat`` and ``lon`` (a grid
            when each has its own dimension).
        model: One of `MODELS`.
        cutoff_km: Beyond this distance from the centre the wind is 0.

    Returns:
        m/s, the length of the wind vector, dims ``(time, point)`` or ``(time, lat, lon)``. Not a
        floor: winds too weak to matter are there too. ``attrs["filled"]`` says what was assumed.

    Raises:
        BadData: An unknown model; a track without time, lat or lon, with text where numbers
            should be, with a unit that is not known, with winds averaged over another period than
            one minute (``attrs["averaging"]``), or refused by `prepare`; points that are of none
            of these kinds, not points, not in degrees, missing or off the globe; a cutoff that is
            not above 0.
    """
    found, coords, dims, attrs = _field(track, points, model, cutoff_km, parts=1)
    return xr.DataArray(found[0], coords=coords, dims=dims, name="wind", attrs=attrs)


def wind_vectors(
    track: xr.Dataset | pd.DataFrame, points: Any, model: str = "H08", cutoff_km: float = 300.0
) -> xr.Dataset:
    """The same as `windfield`, as components: ``north`` and ``east``, where the wind blows to.

    Raises:
        BadData: As `windfield`.
    """
    found, coords, dims, attrs = _field(track, points, model, cutoff_km, parts=2)
    winds = {"north": (dims, found[0]), "east": (dims, found[1])}
    return xr.Dataset(winds, coords=coords, attrs=attrs)


def _field(
    track: xr.Dataset | pd.DataFrame, points: Any, model: str, cutoff_km: float, parts: int
) -> tuple[Floats, dict[str, Any], tuple[str, ...], dict[str, Any]]:
    code = _code(model)
    _check_cutoff(cutoff_km)
    times, prepared = _read_track(track)
    lat, lon, coords, dims = _read_points(points)
    found = _field_kernel(prepared.table(model), code, lat, lon, float(cutoff_km), parts)
    attrs = {
        "units": "m/s",
        "averaging": "1 minute",
        "height": "10 m",
        "model": model,
        "cutoff_km": float(cutoff_km),
        "filled": prepared.filled,
    }
    shape = (parts, len(times), *(len(coords[d]) for d in dims))
    return found.reshape(shape), {"time": times, **coords}, ("time", *dims), attrs


def _check_cutoff(cutoff_km: float) -> None:
    if not 0 < cutoff_km < np.inf:
        raise BadData(Problem("hazard.cutoff", {"value": cutoff_km}))


_WIND_UNITS: Final = {"kn": MS_PER_KNOT, "kt": MS_PER_KNOT, "m/s": 1.0, "km/h": MS_PER_KMH}
_PRESSURE_UNITS: Final = {"hPa": 1.0, "mb": 1.0, "mbar": 1.0}
_LENGTH_UNITS: Final = {"nmi": KM_PER_NAUTICAL_MILE, "nm": KM_PER_NAUTICAL_MILE, "km": 1.0}


def _read_track(
    track: xr.Dataset | pd.DataFrame,
) -> tuple[NDArray[np.datetime64], PreparedTrack]:
    if not isinstance(track, (xr.Dataset, pd.DataFrame)):
        raise BadData(Problem("hazard.track_type", {"value": type(track).__name__}))
    file = str(track.attrs.get("file", ""))
    averaging = str(track.attrs.get("averaging", "1 minute"))
    if averaging != "1 minute":
        raise BadData(
            Problem(
                "hazard.track_averaging",
                {"value": averaging},
                file=file,
                field="max_sustained_wind",
            )
        )
    times = _read_times(track, file)

    def column(name: str, units: dict[str, float] | None = None, usual: str = "") -> Floats | None:
        if name not in track:
            if units is None:
                raise BadData(Problem("hazard.track_column", {}, file=file, field=name))
            return None
        if isinstance(track[name], pd.DataFrame):
            raise BadData(Problem("impact.column_twice", {"name": name}, file=file, field=name))
        unit = track.attrs.get(f"{name}_unit", track[name].attrs.get("units", usual))
        if units is not None and unit not in units:
            params = {"value": unit, "known": ", ".join(units)}
            raise BadData(Problem("hazard.track_unit", params, file=file, field=name))
        values = _numbers(track[name].to_numpy(), "track_text", name, file)
        return values * (units[unit] if units is not None else 1.0)

    hours = (times - times[:1]) / np.timedelta64(1, "h")
    prepared = _prepare(
        np.where(np.isnat(times), np.nan, hours),
        _given(column("lat")),
        _given(column("lon")),
        column("max_sustained_wind", _WIND_UNITS, "kn"),
        column("central_pressure", _PRESSURE_UNITS, "hPa"),
        column("environmental_pressure", _PRESSURE_UNITS, "hPa"),
        column("radius_max_wind", _LENGTH_UNITS, "nmi"),
        gaps=False,
        file=file,
    )
    return times, prepared


def _given(values: Floats | None) -> Floats:
    return np.empty(0) if values is None else values


def _read_times(track: xr.Dataset | pd.DataFrame, file: str) -> NDArray[np.datetime64]:
    """Times in UTC without zone, as xarray wants them; an aware column is brought to UTC."""
    if "time" not in track:
        raise BadData(Problem("hazard.track_column", {}, file=file, field="time"))
    column = pd.Series(track["time"].to_numpy() if isinstance(track, xr.Dataset) else track["time"])
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    if column.dtype.kind != "M":
        raise BadData(Problem("hazard.track_time_type", {}, file=file, field="time"))
    return column.to_numpy("datetime64[ns]")


def _numbers(values: NDArray[Any], code: str, field: str, file: str) -> Floats:
    try:
        if values.dtype.kind in "mM":
            raise TypeError
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        pass
    row, value = next(
        ((i, v) for i, v in enumerate(values.ravel()) if not isinstance(v, (int, float))),
        (0, values.dtype),
    )
    params = {"value": value}
    raise BadData(Problem(f"hazard.{code}", params, file=file, row=row + 2, field=field))


def _read_points(points: Any) -> tuple[Floats, Floats, dict[str, Any], tuple[str, ...]]:
    """Flat latitudes and longitudes, and the coordinates and dimensions of the answer."""
    if isinstance(points, (xr.Dataset, xr.DataArray)):
        return _points_of_xarray(points)
    geometry = getattr(points, "geometry", None)
    if geometry is not None:
        crs = getattr(points, "crs", None)
        if crs is not None and not getattr(crs, "is_geographic", True):
            raise BadData(Problem("hazard.points_crs", {"value": str(crs)}, field="geometry"))
        try:
            lat, lon = geometry.y.to_numpy(), geometry.x.to_numpy()
        except (ValueError, AttributeError) as error:
            raise BadData(Problem("hazard.points_shape", {}, field="geometry")) from error
        index = points.index
    elif isinstance(points, pd.DataFrame) and {"lat", "lon"} <= set(points.columns):
        file = str(points.attrs.get("file", ""))
        lat = _numbers(points["lat"].to_numpy(), "points_text", "lat", file)
        lon = _numbers(points["lon"].to_numpy(), "points_text", "lon", file)
        index = points.index
    else:
        raise BadData(Problem("hazard.points_type", {"value": type(points).__name__}))
    lat, lon = _check_points(lat, lon)
    coords = {"point": index.to_numpy(), "lat": ("point", lat), "lon": ("point", lon)}
    return lat, wrap_longitude(lon), coords, ("point",)


def _points_of_xarray(
    points: xr.Dataset | xr.DataArray,
) -> tuple[Floats, Floats, dict[str, Any], tuple[str, ...]]:
    names = set(points.coords) | (
        set(points.data_vars) if isinstance(points, xr.Dataset) else set()
    )
    if not {"lat", "lon"} <= names or points["lat"].ndim != 1 or points["lon"].ndim != 1:
        raise BadData(Problem("hazard.points_type", {"value": type(points).__name__}))
    lat = _numbers(points["lat"].to_numpy(), "points_text", "lat", "")
    lon = _numbers(points["lon"].to_numpy(), "points_text", "lon", "")
    lat, lon = _check_points(lat, lon)
    dim = points["lat"].dims[0]
    if dim == points["lon"].dims[0]:
        labels = points[dim].to_numpy() if dim in points.coords else np.arange(len(lat))
        coords = {"point": labels, "lat": ("point", lat), "lon": ("point", lon)}
        return lat, wrap_longitude(lon), coords, ("point",)
    grid_lat, grid_lon = np.meshgrid(lat, wrap_longitude(lon), indexing="ij")
    return grid_lat.ravel(), grid_lon.ravel(), {"lat": lat, "lon": lon}, ("lat", "lon")


def _check_points(lat: ArrayLike, lon: ArrayLike) -> tuple[Floats, Floats]:
    y, x = np.asarray(lat, np.float64), np.asarray(lon, np.float64)
    _refuse(np.isnan(y), "points_missing", "lat", "")
    _refuse(np.isnan(x), "points_missing", "lon", "")
    _refuse(np.abs(y) > 90, "points_latitude", "lat", "", y)
    _refuse(np.abs(x) > 360, "points_longitude", "lon", "", x)
    return y, x


@_jit
def _field_kernel(
    table: Floats, model: int, cells_lat: Floats, cells_lon: Floats, cutoff: float, parts: int
) -> Floats:
    """The speed, shape (1, time, cell), or with 2 parts north and east, (2, time, cell)."""
    n_time, n_cell = table.shape[0], cells_lat.shape[0]
    out = np.zeros((parts, n_time, n_cell))
    band = cutoff / KM_PER_DEGREE * (1.0 + 1e-9)
    for t in range(n_time):
        lat, lon, km_east = table[t, 0], table[t, 1], table[t, 2]
        if np.isnan(lat):
            continue
        for c in range(n_cell):
            d_lat = cells_lat[c] - lat
            if abs(d_lat) > band:
                continue
            dy, dx = d_lat * KM_PER_DEGREE, _degrees_apart(cells_lon[c], lon) * km_east
            r = sqrt(dx * dx + dy * dy)
            if CENTRE_KM < r <= cutoff:
                north, east = _vector(table, t, model, r, dx, dy)
                if parts == 1:
                    out[0, t, c] = sqrt(north * north + east * east)
                else:
                    out[0, t, c], out[1, t, c] = north, east
    return out


# --- an ensemble, as what warnings need --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Swath:
    """What an ensemble does to cells and areas.

    Attributes:
        cell_max: Highest wind, m/s times the scale, shape (member, cell).
        area_max: Highest wind in an area, shape (member, area); 0 for an area without cells.
        first: Index of the first time at which a threshold is reached anywhere in the area,
            shape (member, area, threshold); -1 for never.
        last: Index of the last such time, -1 for never.
    """

    cell_max: Floats
    area_max: Floats
    first: Ints
    last: Ints


def swath(
    tracks: PreparedTrack,
    cells_lat: ArrayLike,
    cells_lon: ArrayLike,
    area_start: ArrayLike,
    thresholds: ArrayLike,
    *,
    model: str = "H08",
    cutoff_km: float = 300.0,
    scale: ArrayLike = 1.0,
    threads: int | None = None,
) -> Swath:
    """Highest winds of every member, and when each area first and last reaches each threshold.

    Members do not touch each other: the result is the same, to the last bit, with any number of
    threads, and equals what `windfield` of each member gives.

    Args:
        tracks: From `prepare_ensemble`.
        cells_lat: Degrees north of the cells, shape (cell,), sorted by area.
        cells_lon: Degrees east, same shape.
        area_start: Where each area's cells begin, shape (area + 1,): area a owns the cells
            ``area_start[a]`` to ``area_start[a + 1] - 1``; from 0 to the number of cells.
        thresholds: m/s, shape (threshold,), rising; compared with the scaled wind (>=).
        model: One of `MODELS`.
        cutoff_km: Beyond this distance from the centre there is no wind.
        scale: What winds are multiplied by, one number or one per cell, above 0: for example
            `haidang.base.wind.convert_maximum` of 1.0 from 60 to 600 s.
        threads: How many to use; 1 stays on the calling thread. Default: as many as numba would
            (``NUMBA_NUM_THREADS``, else the processors).

    Raises:
        BadData: An unknown model, a cutoff that is not above 0, a cell that is missing or off the
            globe.
        ValueError: Shapes that do not fit, area_start or thresholds that fall, a scale that is not
            above 0.
    """
    code = _code(model)
    _check_cutoff(cutoff_km)
    lat, lon = _check_points(cells_lat, cells_lon)
    start = np.asarray(area_start, np.int64)
    levels = np.asarray(thresholds, np.float64)
    factor = np.ascontiguousarray(np.broadcast_to(np.asarray(scale, np.float64), lat.shape))
    if tracks.lat.ndim != 2 or lat.ndim != 1 or lat.shape != lon.shape:
        raise ValueError("tracks must be (member, time) and cells (cell,)")
    if start.ndim != 1 or start[0] != 0 or start[-1] != lat.size or np.any(np.diff(start) < 0):
        raise ValueError("area_start must rise from 0 to the number of cells")
    if levels.ndim != 1 or np.any(np.isnan(levels)) or np.any(np.diff(levels) <= 0):
        raise ValueError("thresholds must rise")
    if not np.all((factor > 0) & np.isfinite(factor)):
        raise ValueError("scale must be above 0")
    lon = wrap_longitude(lon)
    table = tracks.table(model)
    n_member, n_area = table.shape[0], start.size - 1
    found = Swath(
        cell_max=np.zeros((n_member, lat.size)),
        area_max=np.zeros((n_member, n_area)),
        first=np.full((n_member, n_area, levels.size), -1, np.int32),
        last=np.full((n_member, n_area, levels.size), -1, np.int32),
    )
    cells = np.stack([lat, lon])
    boxes = _boxes(lat, lon, start)
    blocks = _boxes(lat, lon, np.append(start[:-1:BLOCK], start[-1]))

    def run(part: slice) -> None:
        _members(
            table[part], code, cells, factor, start, boxes, blocks, levels, float(cutoff_km),
            found.cell_max[part], found.area_max[part], found.first[part], found.last[part],
        )  # fmt: skip

    # Threads of our own around a kernel that lets go of the interpreter lock, and not prange,
    # which is no faster here: the compiler's thread pool, depending on what is installed, must
    # not be entered by two threads at once and dies in a forked process.
    workers = min(get_num_threads() if threads is None else threads, n_member)
    if workers <= 1:
        run(slice(0, n_member))
        return found
    # More slices than threads: a member without a storm is done at once.
    step = max(1, -(-n_member // (8 * workers)))
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, (slice(m, m + step) for m in range(0, n_member, step))))
    return found


def ensemble_swath(
    time_h: ArrayLike,
    lat: ArrayLike,
    lon: ArrayLike,
    vmax_ms: ArrayLike | None,
    pc_hpa: ArrayLike | None,
    cells_lat: ArrayLike,
    cells_lon: ArrayLike,
    *,
    area_start: ArrayLike,
    thresholds: ArrayLike,
    penv_hpa: ArrayLike | None = None,
    rmw_km: ArrayLike | None = None,
    first_step: FirstStep = "forward",
    model: str = "H08",
    cutoff_km: float = 300.0,
    scale: ArrayLike = 1.0,
    threads: int | None = None,
) -> Swath:
    """`prepare_ensemble` and `swath` in one call, as a warning needs it.

    Unlike there, the first position has wind by default: it is the analysis, the storm as it is
    now, and a place that it is over must not read "in an hour".

    Args:
        time_h: As in `prepare_ensemble`, like the next six.
        lat: Degrees north, shape (member, time).
        lon: Degrees east, same shape.
        vmax_ms: Highest 1-minute wind, m/s.
        pc_hpa: Central pressure, hPa; None or NaN is filled.
        cells_lat: As in `swath`, like all that are not named here.
        cells_lon: Degrees east, shape (cell,).
        area_start: Offsets of the areas in the cells.
        thresholds: m/s, rising.
        penv_hpa: Environmental pressure, hPa; filled likewise.
        rmw_km: Radius of maximum wind, km; filled likewise.
        first_step: ``forward`` or ``calm``, see `prepare`.
        model: One of `MODELS`.
        cutoff_km: Beyond this distance from the centre there is no wind.
        scale: What winds are multiplied by.
        threads: How many to use.

    Raises:
        BadData: As `prepare_ensemble` and `swath`.
        ValueError: As `prepare_ensemble` and `swath`.
    """
    tracks = prepare_ensemble(
        time_h, lat, lon, vmax_ms, pc_hpa, penv_hpa, rmw_km, first_step=first_step
    )
    return swath(
        tracks,
        cells_lat,
        cells_lon,
        area_start,
        thresholds,
        model=model,
        cutoff_km=cutoff_km,
        scale=scale,
        threads=threads,
    )


def _boxes(lat: Floats, lon: Floats, start: NDArray[np.int64]) -> Floats:
    """Per area: lowest and highest latitude, middle longitude and half width, in degrees."""
    boxes = np.zeros((len(start) - 1, 4))
    for area, (i, j) in enumerate(pairwise(start)):
        if i == j:
            continue
        # Differences to the first cell are small even where the antimeridian runs through.
        offset = wrap_longitude(lon[i:j] - lon[i])
        low, high = offset.min(), offset.max()
        middle = float(wrap_longitude(lon[i] + (low + high) / 2))
        boxes[area] = lat[i:j].min(), lat[i:j].max(), middle, (high - low) / 2
    return boxes


@_jit
def _in_reach(lat: float, lon: float, km_east: float, boxes: Floats, n: int, reach: float) -> bool:
    """Whether a cell in box ``n`` may lie within ``reach`` km of a centre.

    The box is at least as near as any of its cells: False is certain, True is not.
    """
    dy = max(0.0, boxes[n, 0] - lat, lat - boxes[n, 1]) * KM_PER_DEGREE
    dx = max(0.0, abs(_degrees_apart(boxes[n, 2], lon)) - boxes[n, 3]) * km_east
    return bool(dx * dx + dy * dy <= reach * reach)


# In one piece: each call inside these loops that is handed arrays takes as long as the wind.
@_jit
def _members(  # noqa: C901, PLR0912
    table: Floats,
    model: int,
    cells: Floats,
    scale: Floats,
    start: NDArray[np.int64],
    boxes: Floats,
    blocks: Floats,
    levels: Floats,
    cutoff: float,
    cell_max: Floats,
    area_max: Floats,
    first: Ints,
    last: Ints,
) -> None:
    """A slice of the ensemble, each member into its own rows of the last four arrays."""
    # Rounding must never take a cell at the very cutoff away.
    reach = cutoff * (1.0 + 1e-9)
    n_member, n_time, n_column = table.shape
    n_area, n_level = start.shape[0] - 1, levels.shape[0]
    rows = table.reshape(n_member * n_time, n_column)
    near = np.empty(n_time, np.int64)
    for m in range(n_member):
        for block in range(blocks.shape[0]):
            # Most looks end here, once for many areas.
            n_near = 0
            for n in range(m * n_time, (m + 1) * n_time):
                lat = rows[n, 0]
                if not np.isnan(lat) and _in_reach(
                    lat, rows[n, 1], rows[n, 2], blocks, block, reach
                ):
                    near[n_near] = n
                    n_near += 1
            for area in range(block * BLOCK, min(n_area, (block + 1) * BLOCK)):
                i, j = start[area], start[area + 1]
                if i == j:
                    continue
                for k in range(n_near):
                    n = near[k]
                    lat, lon, km_east = rows[n, 0], rows[n, 1], rows[n, 2]
                    if not _in_reach(lat, lon, km_east, boxes, area, reach):
                        continue
                    highest = 0.0
                    for c in range(i, j):
                        dy = (cells[0, c] - lat) * KM_PER_DEGREE
                        dx = _degrees_apart(cells[1, c], lon) * km_east
                        r = sqrt(dx * dx + dy * dy)
                        if CENTRE_KM < r <= cutoff:
                            v_north, v_east = _vector(rows, n, model, r, dx, dy)
                            v = scale[c] * sqrt(v_north * v_north + v_east * v_east)
                            cell_max[m, c] = max(cell_max[m, c], v)
                            highest = max(highest, v)
                    area_max[m, area] = max(area_max[m, area], highest)
                    for level in range(n_level):
                        if highest < levels[level]:
                            break
                        if first[m, area, level] < 0:
                            first[m, area, level] = n - m * n_time
                        last[m, area, level] = n - m * n_time
