"""What to assume of a tropical cyclone when a bulletin leaves it out: one paper, one function.

Bulletins give the centre and the wind; pressure and size are often missing, and a forecast over
land may not weaken the wind. Whoever fills a value says so in the attributes of the result.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.base.wind import ms_to_knots

REFERENCE_PRESSURE_HPA: Final = 1010.0
"""The environmental pressure built into Atkinson & Holliday (1977)."""
SURFACE_TO_GRADIENT: Final = 0.9
"""Wind at 10 m over wind above the boundary layer; the factor that Holland's model uses too."""
BACKGROUND_MS: Final = 26.7 * 1852 / 3600
"""Kaplan & DeMaria (1995): the 26.7 kt to which a wind decays over land."""


def wind_from_pressure(pressure_hpa: Any) -> NDArray[np.float64]:
    """The highest 1-minute wind that goes with a central pressure, western North Pacific.

    V = 6.7 (1010 - p)^0.644 in knots. Fitted to 28 years of gusts at coasts and islands, reduced
    to 1-minute means over water; other basins differ, and so do very large or small storms.

    Args:
        pressure_hpa: Central pressure in hPa, any shape; NaN stays NaN. At or above 1010 hPa
            the wind is 0.

    Returns:
        Wind in m/s, same shape.

    Source: Atkinson & Holliday (1977), Mon. Wea. Rev. 105, 421-427, their regression equation.
    The paper's abstract (1-minute wind in knots, western North Pacific) and the constants were
    checked against independent second-hand citations, not against the printed paper.

    >>> round(float(wind_from_pressure(950.0)) * 3600 / 1852, 1)
    93.6
    """
    deficit = np.maximum(0.0, REFERENCE_PRESSURE_HPA - np.asarray(pressure_hpa, np.float64))
    return np.asarray(6.7 * deficit**0.644 * 1852.0 / 3600.0)


def pressure_from_wind(wind_ms: Any) -> NDArray[np.float64]:
    """The central pressure that goes with a highest 1-minute wind: `wind_from_pressure` inverted.

    p = 1010 - (V / 6.7)^(1 / 0.644), V in knots. An inverted regression, not the regression of
    pressure on wind, which would be flatter.

    Args:
        wind_ms: Highest 1-minute wind in m/s, zero or more, any shape; NaN stays NaN.

    Returns:
        Pressure in hPa, same shape.

    Source: as `wind_from_pressure`.

    >>> round(float(pressure_from_wind(wind_from_pressure(950.0))), 6)
    950.0
    """
    knots = ms_to_knots(np.asarray(wind_ms, np.float64))
    return np.asarray(REFERENCE_PRESSURE_HPA - (knots / 6.7) ** (1.0 / 0.644))


def radius_of_maximum_wind(gradient_wind_ms: Any, lat: Any) -> NDArray[np.float64]:
    """The radius of maximum wind from intensity and latitude.

    Rmax = 46.4 exp(-0.0155 Vmax + 0.0169 |lat|), in km.

    Args:
        gradient_wind_ms: Vmax in m/s **as the paper means it**: the highest tangential wind at
            flight level (about 700 hPa), not at 10 m. Divide a surface wind by
            `SURFACE_TO_GRADIENT` first.
        lat: Latitude in degrees, broadcast against the wind; either hemisphere.

    Returns:
        Kilometres; NaN where an input is.

    Source: Willoughby, Darling & Rahn (2006), Mon. Wea. Rev. 134, 1102-1120, equation 7a, fitted
    to flights into Atlantic and East Pacific storms. Equation number, constants and the meaning
    of Vmax were checked against an independent implementation that cites the equation.

    >>> round(float(radius_of_maximum_wind(0.0, 0.0)), 1)
    46.4
    """
    v = np.asarray(gradient_wind_ms, np.float64)
    return np.asarray(46.4 * np.exp(-0.0155 * v + 0.0169 * np.abs(np.asarray(lat, np.float64))))


def decay_over_land(landfall_wind_ms: Any, hours: Any) -> NDArray[np.float64]:
    """The highest wind so many hours after landfall.

    V(t) = Vb + (R V0 - Vb) exp(-alpha t) with R = 0.9, alpha = 0.095 per hour, Vb = 26.7 kt.

    **Never raises a wind.** A storm whose R V0 is already below Vb would be lifted towards Vb by
    the equation; here such a wind keeps falling as R V0 exp(-alpha t). That is our choice, not
    the paper's, which has no such storms.

    Args:
        landfall_wind_ms: V0, highest 1-minute wind in m/s just before landfall, zero or more.
        hours: Hours since landfall, broadcast against V0; below zero (still at sea) V0 itself.

    Returns:
        Wind in m/s; NaN where an input is.

    Source: Kaplan & DeMaria (1995), J. Appl. Meteor. 34, 2499-2512, with the constants they give
    for knots and hours, fitted to storms in the south-east of the United States
    (south of 37 N), flat land; over mountains a storm dies faster. The four constants were
    checked against independent second-hand citations, not against the printed paper.

    >>> [round(float(v), 1) for v in decay_over_land(50.0, [-1.0, 0.0, 12.0, 48.0])]
    [50.0, 45.0, 23.7, 14.1]
    """
    v0, t = np.broadcast_arrays(
        np.asarray(landfall_wind_ms, np.float64), np.asarray(hours, np.float64)
    )
    start = 0.9 * v0
    fall = np.exp(-0.095 * np.maximum(t, 0.0))
    background = np.where(start < BACKGROUND_MS, 0.0, BACKGROUND_MS)
    return np.asarray(np.where(t < 0, v0, background + (start - background) * fall))
