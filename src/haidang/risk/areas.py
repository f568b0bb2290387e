"""The areas that are watched, as cells with the people who live in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas one after the other, each a run of cells.

    Attributes:
        codes: Area codes, (area,).
        kinds: Kind of place, (area,).
        categories: The law's categories of each area, (area,); more than one where a merged
            province was made of several regions.
        start: Cells of area i are start[i]..start[i+1], (area + 1,).
        lat, lon: Cell centres, degrees, (cell,).
        people: Registered people by cell under three spreads (central, even, towns), (3, cell).
        peopled: Whether the area's exposure is known, (area,). False is unknown, not zero.
    """

    codes: tuple[str, ...]
    kinds: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    start: Ints
    lat: Floats
    lon: Floats
    people: Ints
    peopled: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.codes)

    def sums(self, per_cell: NDArray[np.float64]) -> Floats:
        """Sum over the cells of each area.

        Args:
            per_cell: (..., cell).

        Returns:
            (..., area). Every area has at least one cell, so no sum is empty.
        """
        return np.asarray(np.add.reduceat(per_cell, self.start[:-1], axis=-1))
