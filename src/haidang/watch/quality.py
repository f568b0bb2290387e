"""Whether a number that stands beside counts can be what it says it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haidang.base.problem import Problem
from haidang.watch.method import Floats

_FAR: Final = 4.0
"""So many robust standard deviations of the logarithms from the median are suspicious."""
_FEWEST: Final = 8
"""With fewer places there is nothing to compare with."""


def wrong_unit(values: Floats) -> NDArray[np.bool_]:
    """Which places have a number in thousands, or in thousandths, of what the others have.

    Such a number lies far from all others, and multiplied or divided by a thousand it lies among
    them. A small island has few people, but not a thousandth of what is usual in disguise.

    Args:
        values: By place, one number each, such as a population; NaN where there is none.

    >>> wrong_unit(np.array([1.2e6, 8e5, 9e5, 2e6, 1.1e6, 7e5, 3e6, 5e5, 1437.0])).nonzero()[0]
    array([8])
    """
    good = np.isfinite(values) & (values > 0)
    if np.count_nonzero(good) < _FEWEST:
        return np.zeros(len(values), np.bool_)
    logs = np.log(values[good])
    middle = np.median(logs)
    wide = max(1.4826 * float(np.median(np.abs(logs - middle))), 0.1)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = (np.log(values) - middle) / wide
    back = np.log(1000.0) / wide
    among = (np.abs(off + back) < _FAR) | (np.abs(off - back) < _FAR)
    return np.asarray(good & (np.abs(off) > _FAR) & among & (np.abs(off) > back / 2))


def populations(
    people: Floats, places: Sequence[str], file: str = ""
) -> tuple[Floats, tuple[Problem, ...]]:
    """Populations without those that stand in the wrong unit, and which these are.

    Args:
        people: ``(place, time)``.
        places: Their names.
        file: For problems.

    Returns:
        The same with NaN for every place in the wrong unit: a rate from such a number would be
        a thousand times too high or too low.
    """
    told = np.isfinite(people)
    total = np.where(told, people, 0.0).sum(axis=1)
    number = told.sum(axis=1)
    mean = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    bad = wrong_unit(mean)
    usual = float(np.median(mean[np.isfinite(mean)])) if np.isfinite(mean).any() else 0.0
    problems = []
    for i in np.flatnonzero(bad):
        said = {"place": places[int(i)], "value": float(mean[i]), "usual": usual}
        problems.append(Problem("watch.population_unit", said, file, None, "population"))
    return np.where(bad[:, None], np.nan, people), tuple(problems)
