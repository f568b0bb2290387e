"""What shaking is called: from motion, or from magnitude and distance, to grades of intensity.

Intensity is what people felt and what broke, in grades I to XII. Laws and witnesses speak in it;
instruments do not. Two published ways lead to the Modified Mercalli scale (MMI):

* `mmi_of_velocity`, `mmi_of_acceleration`: Worden, Gerstenberger, Rhoades & Wald (2012), Bull.
  Seism. Soc. Am. 102, 204-221, from the larger horizontal component. Fitted in California.
* `allen_2012`: Allen, Wald & Worden (2012), J. Seismology 16, 409-433, from magnitude and
  hypocentral distance. Fitted to active crust of the whole world, magnitude 5 to 7.9, within
  300 km. Its ground is the mean of its observations: it has no site term.

`msk_of_mmi` says what such a grade is called on the MSK-64 scale.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LARGER_OF_TWO: Final = 1.1
"""Larger of the two recorded horizontal components over their geometric mean (which RotD50 equals
in the median), for PGA and for PGV: Beyer & Bommer (2006), Bull. Seism. Soc. Am. 96, 1512-1522,
table 2."""

MMI_RANGE: Final = (1.0, 10.0)
"""The conversions end at X: beyond it their authors had no observations."""


class Conversion(NamedTuple):
    """Three straight lines in log10 of the motion, and what magnitude and distance take off.

    Attributes:
        weak: (intercept, slope) below ``knee_weak``: the range I to II, which the authors' own
            program gives and their paper only describes.
        low, high: (intercept, slope) below and above ``knee``.
        knee_weak, knee: log10 of the motion in cm/s² or cm/s.
        c5, c6, c7: Constant, log10 of distance, magnitude (equation 6 of the paper).
        sigma: Scatter of an observed grade about the line with c5 to c7, grades.
    """

    weak: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]
    knee_weak: float
    knee: float
    c5: float
    c6: float
    c7: float
    sigma: float


ACCELERATION: Final = Conversion(
    (1.71, 2.08), (1.78, 1.55), (-1.60, 3.70), 0.14, 1.57, -0.91, 1.02, -0.17, 0.66
)
VELOCITY: Final = Conversion(
    (4.62, 2.17), (3.78, 1.47), (2.89, 3.16), -1.21, 0.53, 0.90, 0.00, -0.18, 0.63
)


def lines(log10_motion: Any, c: Conversion) -> Floats:
    """MMI of log10 of the motion in cm/s² or cm/s, equation 3, not yet cut to its range."""
    x = np.asarray(log10_motion, np.float64)
    low = c.low[0] + c.low[1] * x
    high = c.high[0] + c.high[1] * x
    weak = c.weak[0] + c.weak[1] * x
    return np.where(x < c.knee_weak, weak, np.where(x < c.knee, low, high))


def slope(log10_motion: Any, c: Conversion) -> Floats:
    """Grades per factor of ten of the motion, where it is."""
    x = np.asarray(log10_motion, np.float64)
    return np.where(x < c.knee_weak, c.weak[1], np.where(x < c.knee, c.low[1], c.high[1]))


def residual(magnitude: Any, distance_km: Any, c: Conversion) -> Floats:
    """What equation 6 adds: C5 + C6 log10 D + C7 M, D held to 10..300 km and M to 3..7.3."""
    d = np.clip(np.asarray(distance_km, np.float64), 10.0, 300.0)
    m = np.clip(np.asarray(magnitude, np.float64), 3.0, 7.3)
    return np.asarray(c.c5 + c.c6 * np.log10(d) + c.c7 * m)


def mmi_of_acceleration(
    pga_ms2: Any, magnitude: Any | None = None, distance_km: Any | None = None
) -> Floats:
    """Modified Mercalli intensity of a peak acceleration.

    Args:
        pga_ms2: Larger horizontal component, **m/s²**, above 0; NaN stays NaN.
        magnitude: Moment magnitude; without it and the distance the plain lines are taken.
        distance_km: Distance to the rupture, km.

    Returns:
        Grades 1 to 10.

    >>> float(mmi_of_acceleration(1.0).round(2))  # 100 cm/s²: -1.60 + 3.70 * 2
    5.8
    """
    return _mmi(np.asarray(pga_ms2, np.float64) * 100.0, magnitude, distance_km, ACCELERATION)


def mmi_of_velocity(pgv_ms: Any, magnitude: Any | None = None) -> Floats:
    """Modified Mercalli intensity of a peak velocity.

    Args:
        pgv_ms: Larger horizontal component, **m/s**, above 0; NaN stays NaN.
        magnitude: Moment magnitude; without it the plain lines are taken. Distance is not asked
            for: its coefficient for velocity is 0.

    Returns:
        Grades 1 to 10.

    >>> float(mmi_of_velocity(0.1).round(2))  # 10 cm/s: 2.89 + 3.16
    6.05
    """
    return _mmi(np.asarray(pgv_ms, np.float64) * 100.0, magnitude, 10.0, VELOCITY)


def _mmi(motion_cm: Floats, magnitude: Any, distance_km: Any, c: Conversion) -> Floats:
    grade = lines(np.log10(motion_cm), c)
    if magnitude is not None and distance_km is not None:
        grade = grade + residual(magnitude, distance_km, c)
    return np.asarray(np.clip(grade, *MMI_RANGE))


def allen_2012(magnitude: Any, hypocentral_km: Any) -> Floats:
    """Modified Mercalli intensity from magnitude and hypocentral distance.

    I = c0 + c1 M + c2 ln sqrt(R² + (m1 + m2 exp(M - 5))²), and c4 ln(R/50) more beyond 50 km.

    Args:
        magnitude: Moment magnitude.
        hypocentral_km: Distance to the hypocentre, km, above 0.

    Returns:
        Grades, as the equation gives them (not cut).

    Source: Allen, Wald & Worden (2012), the version for hypocentral distance.
    """
    m, r = np.asarray(magnitude, np.float64), np.asarray(hypocentral_km, np.float64)
    # Below the magnitudes it was fitted to the term of the near field passes through zero.
    near = -0.209 + 2.042 * np.exp(np.maximum(m, 5.0) - 5.0)
    grade = 2.085 + 1.428 * m - 1.402 * np.log(np.sqrt(r**2 + near**2))
    return np.asarray(grade + 0.078 * np.log(np.maximum(r, 50.0) / 50.0))


def allen_2012_sigma(hypocentral_km: Any) -> Floats:
    """Scatter of `allen_2012`, grades: 0.82 + 0.37 / (1 + (R/22.9)²)."""
    r = np.asarray(hypocentral_km, np.float64)
    return np.asarray(0.82 + 0.37 / (1.0 + (r / 22.9) ** 2))


def msk_of_mmi(mmi: Any) -> Floats:
    """The same grade on the MSK-64 scale: the number is kept.

    Both scales have twelve grades of like meaning. Musson, Grünthal & Stucchi (2010), J.
    Seismology 14, 413-428, find that two observers on one scale often differ by more than two
    scales do, and would rather have grades assigned anew than converted. A converted grade is good
    to half a grade at best.
    """
    return np.asarray(mmi, np.float64)
