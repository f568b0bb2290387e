"""What shaking does to buildings: damage grades by vulnerability class, straight from intensity.

The macroseismic method: the European scale EMS-98 says which share of the buildings of each class
("few", "many", "most") suffers which grade at which intensity; put into numbers, one index of
vulnerability gives the mean grade at any intensity, and a binomial law spreads the buildings over
the grades about it.

Source: Giovinazzi & Lagomarsino (2004), A macroseismic method for the vulnerability assessment of
buildings, 13th World Conference on Earthquake Engineering, paper 896; Lagomarsino & Giovinazzi
(2006), Bull. Earthquake Eng. 4, 415-443. Classes: Grünthal (ed., 1998), European Macroseismic
Scale 1998.

========= ========================================================================== ======
class     typical buildings (EMS-98)                                                 index
========= ========================================================================== ======
``A``     rubble, earth brick (adobe)                                                0.90
``B``     simple stone, unreinforced brick                                           0.74
``C``     brick with concrete floors, concrete frame without earthquake design       0.58
``D``     reinforced or confined brick, concrete frame of moderate design, timber    0.42
``E``     concrete walls of moderate design, frame of high design, steel             0.26
``F``     concrete walls of high design                                              0.10
========= ========================================================================== ======

It holds for intensities VII to XII and for sums over many buildings of a class; a single building
may be two classes off. At VI it gives somewhat more damage than the scale says (23 % of class A in
grade 2, where the scale has few); the authors' later work corrects what lies below VII. Which
classes a country's houses are is the country's to say: none is assumed here. MSK-64 and EMS-98
grades are taken as equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem

Floats = NDArray[np.float64]

GRADES: Final = 5
"""Highest grade: 1 slight, 2 moderate, 3 heavy, 4 very heavy, 5 destruction; 0 is none."""

DUCTILITY: Final = 2.3
"""Q: how many grades of intensity lie between little and nearly total damage."""

INDEX: Final[Mapping[str, float]] = MappingProxyType(
    {"A": 0.90, "B": 0.74, "C": 0.58, "D": 0.42, "E": 0.26, "F": 0.10}
)
"""Most plausible vulnerability index V of each class."""

PLAUSIBLE: Final = 0.04
"""The index of most buildings of a class lies within so much of `INDEX`."""


def mean_grade(intensity: Any, index: Any) -> Floats:
    """Mean damage grade: 2.5 (1 + tanh((I + 6.25 V - 13.1) / 2.3)).

    Args:
        intensity: EMS-98 or MSK-64 grade, a decimal number; NaN stays NaN.
        index: Vulnerability index, broadcast against it.

    Returns:
        0 to 5.

    >>> float(mean_grade(8.0, INDEX["B"]).round(2))
    1.99
    """
    i, v = np.asarray(intensity, np.float64), np.asarray(index, np.float64)
    return np.asarray(GRADES / 2 * (1.0 + np.tanh((i + 6.25 * v - 13.1) / DUCTILITY)))


def share_by_grade(mean: Any) -> Floats:
    """Share of the buildings in each grade about a mean one: binomial, p = mean / 5.

    Args:
        mean: Mean grade, 0 to 5, any shape.

    Returns:
        (..., 6): grades 0 to 5; each row sums to 1.
    """
    p = np.asarray(mean, np.float64)[..., None] / GRADES
    k = np.arange(GRADES + 1)
    ways = np.array([comb(GRADES, n) for n in k], np.float64)
    return np.asarray(ways * p**k * (1.0 - p) ** (GRADES - k))


@dataclass(frozen=True, slots=True)
class EarthquakeDamage:
    """Share of a class's buildings that suffer a grade or more: call it with intensities.

    It is a curve as `haidang.risk.impact.impact` takes it: the number of buildings of a class times
    it is the number with that damage.

    Attributes:
        building: Vulnerability class, ``A`` to ``F``.
        grade: 1 to 5. People can no longer live in a house of grade 4, and often 3.

    >>> EarthquakeDamage("A", 4)(np.array([5.0, 7.0, 9.0, np.nan])).round(3).tolist()
    [0.001, 0.086, 0.717, nan]
    """

    building: str
    grade: int

    def __post_init__(self) -> None:
        """Refuse a class or grade that is none.

        Raises:
            BadData: ``building`` is not a key of `INDEX`, or ``grade`` not 1 to 5.
        """
        if self.building not in INDEX:
            params: dict[str, object] = {"value": self.building, "known": ", ".join(INDEX)}
            raise BadData(Problem("impact.building", params, field="building"))
        if self.grade not in range(1, GRADES + 1):
            raise BadData(Problem("impact.grade", {"value": self.grade}, field="grade"))

    def __call__(self, intensity: Any) -> Floats:
        """The share, same shape as the intensity."""
        shares = share_by_grade(mean_grade(intensity, INDEX[self.building]))
        return np.asarray(shares[..., self.grade :].sum(axis=-1))
