"""Scales on which counts grow and scatter evenly."""

from __future__ import annotations

from typing import Final

import numpy as np

from haidang.watch.method import Floats, Param

TRANSFORMS: Final = ("none", "log1p", "sqrt", "fourth_root")


def forward(counts: Floats, transform: str) -> Floats:
    """Counts on a scale; NaN stays NaN.

    >>> forward(np.array([16.0]), "fourth_root")
    array([2.])
    """
    if transform == "log1p":
        return np.log1p(counts)
    if transform == "sqrt":
        return np.sqrt(counts)
    if transform == "fourth_root":
        return np.sqrt(np.sqrt(counts))
    return counts


def inverse(values: Floats, transform: str) -> Floats:
    """Back to counts; what lies below the scale's zero is zero.

    >>> inverse(np.array([2.0, -1.0]), "fourth_root")
    array([16.,  0.])
    """
    low = np.maximum(values, 0.0)
    if transform == "log1p":
        return np.expm1(np.minimum(low, 700.0))
    if transform == "sqrt":
        return low**2
    if transform == "fourth_root":
        return low**4
    return low


def param(default: str) -> Param:
    """The parameter ``transform`` with the default of a method."""
    return Param("transform", default, choices=TRANSFORMS)
