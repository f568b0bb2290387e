"""The sea before a coast, as storm surge needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NODES_KM: Final = (0.0, 3.0, 7.0, 12.0, 20.0, 30.0, 45.0, 65.0, 90.0, 120.0, 160.0)
"""Distances from the shore at which depths are given; closer together where it is shallow."""


@dataclass(frozen=True, slots=True)
class Coast:
    """Points of a shore with the sea before them.

    Attributes:
        lat: Degrees north, (point,).
        lon: Degrees east, (point,).
        seaward: Direction straight out to sea, degrees from north, (point,).
        depth: Depth of the sea at `NODES_KM` from the shore in that direction, m, positive down,
            (point, node); NaN from where there is land again.
    """

    lat: Floats
    lon: Floats
    seaward: Floats
    depth: Floats

    def __len__(self) -> int:
        return len(self.lat)
