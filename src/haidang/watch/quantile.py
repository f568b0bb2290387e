"""Quantiles of many rows at once, with what is missing left out."""

from __future__ import annotations

import numpy as np

from haidang.watch.method import Floats


def of_rows(values: Floats, levels: Floats) -> Floats:
    """Quantiles of each row, by linear interpolation between order statistics (type 7).

    The library's own function goes row by row as soon as one value is missing.

    Args:
        values: ``(row, value)``, NaN where there is none.
        levels: Between 0 and 1.

    Returns:
        ``(row, level)``; NaN for a row without any value.

    >>> of_rows(np.array([[3.0, np.nan, 1.0], [np.nan] * 3]), np.array([0.5]))
    array([[ 2.],
           [nan]])
    """
    ordered = np.sort(values, axis=1)
    number = (~np.isnan(values)).sum(axis=1)
    where = np.maximum(number - 1, 0)[:, None] * levels[None, :]
    low = np.floor(where).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(number - 1, 0)[:, None])
    below, above = (np.take_along_axis(ordered, i, axis=1) for i in (low, high))
    found: Floats = below + (above - below) * (where - low)
    return found


def wis(quantiles: Floats, levels: Floats, observed: Floats) -> Floats:
    """Weighted interval score, as the mean of twice the quantile losses.

    For levels that are symmetric around one half this is the score of Bracher et al. 2021; it is
    defined for any levels, so that members can be weighed by whatever was asked for.

    Args:
        quantiles: ``(..., level)``.
        levels: Between 0 and 1.
        observed: ``(...)``.

    >>> wis(np.array([1.0, 2.0, 5.0]), np.array([0.25, 0.5, 0.75]), np.array(4.0)).item()
    1.3333333333333333
    """
    off = observed[..., None] - quantiles
    found: Floats = 2.0 * np.maximum(levels * off, (levels - 1.0) * off).mean(axis=-1)
    return found


def between(quantiles: Floats, levels: Floats, wanted: float) -> Floats:
    """A quantile that may not have been asked for, by a straight line between its neighbours.

    Args:
        quantiles: ``(..., level)``.
        levels: Rising.
        wanted: Any level; beyond the outermost these are taken.
    """
    if len(levels) == 1:
        return quantiles[..., 0]
    after = int(np.clip(np.searchsorted(levels, wanted), 1, len(levels) - 1))
    share = np.clip((wanted - levels[after - 1]) / (levels[after] - levels[after - 1]), 0.0, 1.0)
    return np.asarray(quantiles[..., after - 1] * (1 - share) + quantiles[..., after] * share)
