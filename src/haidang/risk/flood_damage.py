"""How much of a value is lost in water of a given depth: the curves of the Joint Research Centre.

Source: Huizinga, de Moel & Szewczyk (2017), Global flood depth-damage functions, JRC Technical
Report EUR 28552 EN, doi:10.2760/16510 (CC BY 4.0): the mean curves of Asia, which lie between the
curves of single studies in countries from Bangladesh to Japan.

They hold for still water that stands on the ground floor for hours to days, up to 6 m; not for
current, debris, salt or weeks under water, and for no single building: for the sum over many. A
depth above 6 m takes everything. Wherever a country has curves of its own, take those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem

DEPTHS_M: Final = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0)
"""Knots of every curve, m of water above the ground."""

ASIA: Final[Mapping[str, tuple[float, ...]]] = MappingProxyType(
    {
        "residential": (
            *(0.0, 0.32655650202936004, 0.49405032354045164, 0.6165721244538469),
            *(0.7207117644253294, 0.8695282125617129, 0.93148708390482),
            *(0.9836041480130159, 1.0),
        ),
        "commercial": (
            *(0.0, 0.37678962318356757, 0.5376816186459964, 0.6593366839515573),
            *(0.7628452324986368, 0.8833486558294331, 0.9418548948983457),
            *(0.9807593802222822, 1.0),
        ),
        "industrial": (
            *(0.0, 0.2831815239036498, 0.4816156531424614, 0.6292188938464128),
            *(0.7172405880206049, 0.8566750297600425, 0.9085770039670126),
            *(0.9553274630224672, 1.0),
        ),
        "transport": (
            *(0.0, 0.35751633986928105, 0.5718954248366014, 0.7333333333333334),
            *(0.8472222222222223, 1.0, 1.0, 1.0, 1.0),
        ),
        "roads": (
            *(0.0, 0.2144369063772049, 0.37275440976933516, 0.6039348710990502),
            *(0.709659090909091, 0.808409090909091, 0.887159090909091, 0.96875, 1.0),
        ),
        "agriculture": (0.0, 0.135, 0.37, 0.524, 0.558, 0.66, 0.834, 0.988, 1.0),
    }
)
"""Lost share of the value at `DEPTHS_M`, by what is flooded: dwellings, shops and offices,
factories, vehicles and stations, roads, crops."""


@dataclass(frozen=True, slots=True)
class DepthDamage:
    """The curve of one class of assets: call it with depths.

    Attributes:
        asset: A key of `ASIA`.

    >>> DepthDamage("agriculture")(np.array([0.25, 1.0, 9.0, np.nan])).tolist()
    [0.0675, 0.37, 1.0, nan]
    """

    asset: str

    def __post_init__(self) -> None:
        """Refuse a curve that is not there.

        Raises:
            BadData: ``asset`` is not a key of `ASIA`.
        """
        if self.asset not in ASIA:
            params = {"value": self.asset, "known": ", ".join(ASIA)}
            raise BadData(Problem("impact.asset", params, field="asset"))

    def __call__(self, depth_m: Any) -> NDArray[np.float64]:
        """The lost share, same shape as the depth: straight between knots; NaN where it is NaN."""
        depth = np.asarray(depth_m, np.float64)
        return np.asarray(np.interp(depth, DEPTHS_M, ASIA[self.asset]))

    def tabulated(self) -> pd.DataFrame:
        """The knots, as columns ``intensity, ratio``."""
        return pd.DataFrame({"intensity": DEPTHS_M, "ratio": ASIA[self.asset]})
