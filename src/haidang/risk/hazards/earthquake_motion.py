"""How strongly the ground moves: the model of Boore, Stewart, Seyhan & Atkinson (2014).

Peak acceleration and velocity from magnitude, distance and the stiffness of the ground, with their
scatter, for shallow earthquakes of active crust.

Source: Boore, Stewart, Seyhan & Atkinson (2014), Earthquake Spectra 30, 1057-1085 ("BSSA14"): the
global model (no regional change of path), mechanism not specified (``U``), no basin. One function
an equation, in the paper's units (ln of g or of cm/s, km, m/s) below, in SI at the two functions
meant for use: `peak_acceleration`, `peak_velocity`.

It holds for magnitude 3 to 8.5 (7 for normal faults), Rjb up to 400 km and Vs30 150 to 1500 m/s,
and knows no depth: an earthquake below the crust (deeper than some 30 km) comes out too strong
near its epicentre. Motions are RotD50, the median over the directions of the horizontal plane.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

G_MS2: Final = 9.80665
"""Standard gravity: PGA in g times this is m/s²."""

CM: Final = 0.01
"""A centimetre in metres: PGV in cm/s times this is m/s."""


class Coefficients(NamedTuple):
    """One row of the paper's tables of coefficients, named as there."""

    e0: float
    e4: float
    e5: float
    e6: float
    mh: float
    c1: float
    c2: float
    c3: float
    h: float
    c: float
    vc: float
    f4: float
    f5: float
    r1: float
    r2: float
    dphi_r: float
    dphi_v: float
    phi1: float
    phi2: float
    tau1: float
    tau2: float


PGA: Final = Coefficients(
    *(0.4473, 1.431, 0.05053, -0.1662, 5.5),
    *(-1.134, 0.1917, -0.008088, 4.5),
    *(-0.6, 1500.0, -0.15, -0.00701),
    *(110.0, 270.0, 0.1, 0.07),
    *(0.695, 0.495, 0.398, 0.348),
)
"""Peak acceleration, ln g."""

PGV: Final = Coefficients(
    *(5.037, 1.073, -0.1536, 0.2252, 6.2),
    *(-1.243, 0.1489, -0.00344, 5.3),
    *(-0.84, 1300.0, -0.1, -0.00844),
    *(105.0, 272.0, 0.082, 0.08),
    *(0.644, 0.552, 0.401, 0.346),
)
"""Peak velocity, ln cm/s."""

M_REF: Final = 4.5
R_REF_KM: Final = 1.0
V_REF_MS: Final = 760.0
F1: Final = 0.0
F3_G: Final = 0.1
V1_MS: Final = 225.0
V2_MS: Final = 300.0


def source_term(magnitude: Any, k: Coefficients) -> Floats:
    """F_E, equation 2: parabola below the hinge magnitude, straight line above; mechanism ``U``."""
    d = np.asarray(magnitude, np.float64) - k.mh
    return np.asarray(k.e0 + np.where(d <= 0, k.e4 * d + k.e5 * d**2, k.e6 * d))


def path_term(magnitude: Any, rjb_km: Any, k: Coefficients) -> Floats:
    """F_P, equations 3 and 4: spreading and absorption along R = sqrt(Rjb² + h²)."""
    m, rjb = np.asarray(magnitude, np.float64), np.asarray(rjb_km, np.float64)
    r = np.sqrt(rjb**2 + k.h**2)
    spread = (k.c1 + k.c2 * (m - M_REF)) * np.log(r / R_REF_KM)
    return np.asarray(spread + k.c3 * (r - R_REF_KM))


def linear_site_term(vs30_ms: Any, k: Coefficients) -> Floats:
    """F_lin in ln units, equation 6: softer ground shakes more; the same above Vc."""
    vs30 = np.asarray(vs30_ms, np.float64)
    return np.asarray(k.c * np.log(np.minimum(vs30, k.vc) / V_REF_MS))


def nonlinear_site_term(vs30_ms: Any, rock_pga_g: Any, k: Coefficients) -> Floats:
    """F_nl in ln units, equations 7 and 8: what soft ground loses when the rock shakes hard."""
    vs30 = np.minimum(np.asarray(vs30_ms, np.float64), V_REF_MS)
    f2 = k.f4 * (np.exp(k.f5 * (vs30 - 360.0)) - np.exp(k.f5 * (V_REF_MS - 360.0)))
    return np.asarray(F1 + f2 * np.log((np.asarray(rock_pga_g) + F3_G) / F3_G))


def rock_pga(magnitude: Any, rjb_km: Any) -> Floats:
    """PGA_r of equation 7: median peak acceleration on Vs30 = 760 m/s, in g."""
    return np.exp(source_term(magnitude, PGA) + path_term(magnitude, rjb_km, PGA))


def ln_median(magnitude: Any, rjb_km: Any, vs30_ms: Any, k: Coefficients) -> Floats:
    """Equation 1, ln Y without its scatter: ln g for `PGA`, ln cm/s for `PGV`.

    Args:
        magnitude: Moment magnitude.
        rjb_km: Distance to the surface projection of the rupture (Joyner-Boore), km.
        vs30_ms: Mean shear-wave velocity of the uppermost 30 m, m/s.
        k: `PGA` or `PGV`. The three are broadcast against each other.
    """
    site = linear_site_term(vs30_ms, k)
    bent = nonlinear_site_term(vs30_ms, rock_pga(magnitude, rjb_km), k)
    return np.asarray(source_term(magnitude, k) + path_term(magnitude, rjb_km, k) + site + bent)


def _between_magnitudes(magnitude: Any, low: float, high: float) -> Floats:
    """From one value at magnitude 4.5 and below to another at 5.5 and above."""
    share = np.clip(np.asarray(magnitude, np.float64) - M_REF, 0.0, 1.0)
    return np.asarray(low + (high - low) * share)


def tau(magnitude: Any, k: Coefficients) -> Floats:
    """Standard deviation between events, ln units, equation 14."""
    return _between_magnitudes(magnitude, k.tau1, k.tau2)


def phi(magnitude: Any, rjb_km: Any, vs30_ms: Any, k: Coefficients) -> Floats:
    """Standard deviation within an event, ln units, equations 15 to 17.

    It grows with distance from R1 to R2 and shrinks on soft ground from V2 down to V1.
    """
    rjb, vs30 = np.asarray(rjb_km, np.float64), np.asarray(vs30_ms, np.float64)
    far = np.log(np.clip(rjb, k.r1, k.r2) / k.r1) / np.log(k.r2 / k.r1)
    soft = np.log(V2_MS / np.clip(vs30, V1_MS, V2_MS)) / np.log(V2_MS / V1_MS)
    base = _between_magnitudes(magnitude, k.phi1, k.phi2)
    return np.asarray(base + k.dphi_r * far - k.dphi_v * soft)


def peak_acceleration(magnitude: Any, rjb_km: Any, vs30_ms: Any = V_REF_MS) -> Floats:
    """Median peak ground acceleration, **m/s²**, RotD50.

    >>> round(float(peak_acceleration(6.0, 20.0, 760.0)) / G_MS2, 7)
    0.0953544
    """
    return np.asarray(G_MS2 * np.exp(ln_median(magnitude, rjb_km, vs30_ms, PGA)))


def peak_velocity(magnitude: Any, rjb_km: Any, vs30_ms: Any = V_REF_MS) -> Floats:
    """Median peak ground velocity, **m/s**, RotD50.

    >>> round(float(peak_velocity(6.0, 20.0, 760.0)), 5)
    0.05256
    """
    return np.asarray(CM * np.exp(ln_median(magnitude, rjb_km, vs30_ms, PGV)))
