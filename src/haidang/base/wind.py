"""Wind speeds: units, the Beaufort scale and averaging periods, in one place.

Inside haidang a wind is the mean of ten minutes at 10 m in m/s unless an attribute says otherwise.
Services report means of one, two, three or ten minutes; a number without its period is not
comparable with another, so every conversion between periods goes through this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem

MS_PER_KNOT: Final = 1852.0 / 3600.0
"""One international nautical mile (1,852 m) in an hour."""
MS_PER_KMH: Final = 1.0 / 3.6


@dataclass(frozen=True, slots=True)
class Force:
    """One class of the Beaufort scale.

    Attributes:
        number: 0 to 17.
        name: Its English name in the scale; the extended classes share one name.
        from_ms: Lowest speed as the scale prints it, in m/s.
        from_kmh: Lowest speed as the scale prints it, in km/h.
    """

    number: int
    name: str
    from_ms: float
    from_kmh: float

    @property
    def lower(self) -> float:
        """The lower bound in m/s that agrees with both printed columns.

        The columns are rounded apart from each other: force 7 starts at 13.9 m/s or at 50 km/h
        (13.89 m/s), force 8 at 17.2 m/s or at 62 km/h (17.22 m/s). The smaller of the two puts
        every printed speed, to 0.1 m/s or to 1 km/h, into the class it is printed under.
        """
        return min(self.from_ms, self.from_kmh * MS_PER_KMH)


BEAUFORT: Final[tuple[Force, ...]] = (
    Force(0, "calm", 0.0, 0),
    Force(1, "light air", 0.3, 1),
    Force(2, "light breeze", 1.6, 6),
    Force(3, "gentle breeze", 3.4, 12),
    Force(4, "moderate breeze", 5.5, 20),
    Force(5, "fresh breeze", 8.0, 29),
    Force(6, "strong breeze", 10.8, 39),
    Force(7, "near gale", 13.9, 50),
    Force(8, "gale", 17.2, 62),
    Force(9, "strong gale", 20.8, 75),
    Force(10, "storm", 24.5, 89),
    Force(11, "violent storm", 28.5, 103),
    Force(12, "hurricane", 32.7, 118),
    Force(13, "hurricane", 37.0, 134),
    Force(14, "hurricane", 41.5, 150),
    Force(15, "hurricane", 46.2, 167),
    Force(16, "hurricane", 51.0, 184),
    Force(17, "hurricane", 56.1, 202),
)
"""The Beaufort scale with the extension of 1946 (WMO-No. 306, code table 1100, to 12; CMA and
others to 17). The scale prints 61.2 m/s (220 km/h) as the end of force 17; here, as in
warnings, force 17 has no upper end. Speeds printed in whole knots agree with these bounds except
21 kt (force 5 in the scale, 10.80 m/s) and 27 kt (force 6 in the scale, 13.89 m/s)."""

_BOUNDS: Final = np.array([force.lower for force in BEAUFORT])
_BOUNDS.setflags(write=False)
_TOP_END_MS: Final = 61.2


def knots_to_ms(v: Any) -> Any:
    """Knots to m/s; any array or number.

    >>> round(knots_to_ms(64), 3)
    32.924
    """
    return v * MS_PER_KNOT


def ms_to_knots(v: Any) -> Any:
    """The inverse of `knots_to_ms`; any array or number."""
    return v / MS_PER_KNOT


def kmh_to_ms(v: Any) -> Any:
    """Kilometres per hour to m/s; any array or number.

    >>> kmh_to_ms(36.0)
    10.0
    """
    return v * MS_PER_KMH


def ms_to_kmh(v: Any) -> Any:
    """The inverse of `kmh_to_ms`; any array or number."""
    return v / MS_PER_KMH


def beaufort(v_ms: Any) -> NDArray[np.int64]:
    """The Beaufort force of a wind, for tables and warnings that speak in forces.

    Args:
        v_ms: Wind in m/s, of any shape; the scale is meant for the 10-minute mean at 10 m.

    Returns:
        Whole numbers 0 to 17 of the same shape; **-1 where the wind is missing (NaN)**, because
        an unknown wind is not a calm.

    Raises:
        BadData: A wind is negative.

    >>> beaufort([0.0, 17.2, 32.7, 80.0, float("nan")]).tolist()
    [0, 8, 12, 17, -1]
    """
    v = np.asarray(v_ms, dtype=np.float64)
    if np.any(v < 0):
        raise BadData(Problem("wind.negative", {"value": float(np.nanmin(v))}))
    # The tolerance (a tenth of a micrometre per second) keeps 62 km/h, which is 17.2 m/s and a
    # bit, and 50 km/h, which is exactly the bound, from falling below it by rounding.
    force = np.searchsorted(_BOUNDS, v + 1e-7, side="right") - 1
    return np.where(np.isnan(v), -1, force).astype(np.int64)


def lower_bound(force: int) -> float:
    """The slowest wind of a force, in m/s; it counts as this force.

    Raises:
        BadData: The force is not a whole number from 0 to 17.

    >>> lower_bound(12)
    32.7
    """
    return _force(force).lower


def midpoint(force: int) -> float:
    """The middle of a force in m/s, to stand for a bulletin that gives only the force.

    Args:
        force: 0 to 17; the middle of 17 is taken with its printed end, 61.2 m/s.

    Raises:
        BadData: The force is not a whole number from 0 to 17.

    >>> round(midpoint(12), 2)
    34.85
    """
    low = _force(force).lower
    top = _TOP_END_MS if force == BEAUFORT[-1].number else BEAUFORT[int(force) + 1].lower
    return (low + top) / 2


def _force(force: int) -> Force:
    # By equality, so that 6.5 and text are refused while a numpy 6 is welcome.
    for known in BEAUFORT:
        if known.number == force:
            return known
    raise BadData(Problem("wind.force", {"value": force}))


GUST_FACTOR_600: Final[Mapping[str, Mapping[int, float]]] = MappingProxyType(
    {
        "at-sea": MappingProxyType({60: 1.05, 120: 1.02, 180: 1.00, 600: 1.00}),
        "off-sea": MappingProxyType({60: 1.11, 120: 1.05, 180: 1.03, 600: 1.00}),
        "off-land": MappingProxyType({60: 1.16, 120: 1.09, 180: 1.06, 600: 1.00}),
        "in-land": MappingProxyType({60: 1.21, 120: 1.12, 180: 1.09, 600: 1.00}),
    }
)
"""Harper, Kepert & Ginger (2010), WMO/TD-No. 1555, Table 1.1, the rows of reference period 600 s:
how much the highest mean over so many seconds exceeds the mean of the ten minutes around it.
``at-sea``: more than 20 km from land; ``off-sea``: wind onto the shore; ``off-land``: wind off the
shore; ``in-land``: roughly open terrain. The 3-second gusts of that table are left out: a gust is
not a mean wind. A second-hand copy of the rows at-sea and in-land was found and agrees; off-sea
and off-land were checked only against the report's Table 1.2 (see `MAXIMUM_60_TO_600`)."""

MAXIMUM_60_TO_600: Final[Mapping[str, float]] = MappingProxyType(
    {"at-sea": 0.93, "off-sea": 0.90, "off-land": 0.87, "in-land": 0.84}
)
"""Harper, Kepert & Ginger (2010), Table 1.2: highest 10-minute mean of a storm over its highest
1-minute mean (the services' Vmax). It is the ratio of the gust factors 600 s to 60 s with respect
to the hour, 1.03/1.11, 1.05/1.17, 1.06/1.22 and 1.08/1.28: both are maxima, so it is not the
inverse of `GUST_FACTOR_600`, which compares a maximum with a mean."""


def convert_averaging(v: Any, from_s: int, to_s: int, exposure: str) -> Any:
    """A wind averaged over one period as the estimate for another period at the same place.

    Goes through the 10-minute mean: ``v / G(from_s) * G(to_s)`` with `GUST_FACTOR_600`. The same
    period returns the wind unchanged. For the *maximum wind of a storm* as services give it
    (Vmax) the report recommends another factor: use `convert_maximum`.

    Args:
        v: Wind, any unit, any array or number.
        from_s: Its averaging period in seconds: 60, 120, 180 or 600.
        to_s: The wanted averaging period in seconds: 60, 120, 180 or 600.
        exposure: ``at-sea``, ``off-sea``, ``off-land`` or ``in-land``.

    Raises:
        BadData: A period or the exposure is not in the table.

    >>> round(convert_averaging(42.0, 60, 600, "at-sea"), 2)
    40.0
    """
    factors = GUST_FACTOR_600.get(exposure)
    if factors is None:
        known = ", ".join(GUST_FACTOR_600)
        raise BadData(Problem("wind.exposure", {"value": exposure, "known": known}))
    for period in (from_s, to_s):
        if period not in factors:
            known = ", ".join(str(p) for p in factors)
            raise BadData(Problem("wind.period", {"value": period, "known": known}))
    return v if from_s == to_s else v / factors[from_s] * factors[to_s]


def convert_maximum(v: Any, from_s: int, to_s: int, exposure: str = "at-sea") -> Any:
    """A storm's maximum wind (Vmax) between the 1-minute and the 10-minute convention.

    Also for a wind field whose strongest point is the 1-minute Vmax, such as the parametric
    fields of a tropical cyclone.

    Args:
        v: Wind, any unit, any array or number.
        from_s: 60 or 600.
        to_s: 60 or 600.
        exposure: ``at-sea`` (the report's recommendation for services), ``off-sea``,
            ``off-land`` or ``in-land``.

    Raises:
        BadData: A period other than 60 or 600, or an exposure not in `MAXIMUM_60_TO_600`.

    >>> round(convert_maximum(100.0, 60, 600), 1)
    93.0
    """
    factor = MAXIMUM_60_TO_600.get(exposure)
    if factor is None:
        known = ", ".join(MAXIMUM_60_TO_600)
        raise BadData(Problem("wind.exposure", {"value": exposure, "known": known}))
    for period in (from_s, to_s):
        if period not in (60, 600):
            raise BadData(Problem("wind.period", {"value": period, "known": "60, 600"}))
    if from_s == to_s:
        return v
    return v * factor if from_s == 60 else v / factor  # noqa: PLR2004 - seconds in a minute
