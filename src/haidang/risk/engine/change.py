"""Curves, frequencies and values changed: by a measure, or because they are not certain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haidang.risk.engine.curves import Curves, Table, table
from haidang.risk.vulnerability import Curve

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Changed:
    """A function of intensity, its axis moved and its shares multiplied; call it.

    Attributes:
        curve: The function.
        shift: It takes at ``intensity`` what it took at ``intensity - shift``.
        stretch: ... at ``intensity / stretch``.
        scale: Its shares times this, never above 1.
    """

    curve: Curve
    shift: float = 0.0
    stretch: float = 1.0
    scale: float = 1.0

    def __call__(self, intensity: Any) -> Floats:
        """Shares, same shape; NaN stays NaN."""
        before = np.maximum((np.asarray(intensity, np.float64) - self.shift) / self.stretch, 0.0)
        return np.minimum(np.asarray(self.curve(before), np.float64) * self.scale, 1.0)


def changed(given: Curves, *, shift: float = 0.0, stretch: float = 1.0, scale: float = 1.0) -> Any:
    """Curves moved along the intensity or towards less or more loss.

    Args:
        given: One curve or mappings of curves, as `Curves`.
        shift: Added to every intensity of a table: harm begins later.
        stretch: Multiplied with every intensity before that.
        scale: Multiplied with every share, which never exceeds 1 by it.

    Returns:
        Of the same kind; tables stay tables, with one more knot where a share reaches 1 between
        two of them, so that the lines between stay what they were.
    """
    if isinstance(given, Mapping):
        return {k: changed(v, shift=shift, stretch=stretch, scale=scale) for k, v in given.items()}
    if isinstance(given, pd.DataFrame):
        given = table(given)
    if not isinstance(given, Table):
        return Changed(given, shift, stretch, scale)
    x, y = given.intensity * stretch + shift, given.ratio * scale
    over = np.flatnonzero(y > 1)
    if len(over) and over[0] > 0:
        k = int(over[0])
        full = x[k - 1] + (x[k] - x[k - 1]) * (1 - y[k - 1]) / (y[k] - y[k - 1])
        if x[k - 1] < full < x[k]:
            x, y = np.insert(x, k, full), np.insert(y, k, 1.0)
    return Table(x, np.minimum(y, 1.0))
