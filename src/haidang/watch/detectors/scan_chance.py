"""What a scan statistic compares with: expected cases, and replicates in which chance alone rules.

* *permutation* (Kulldorff et al. 2005): places and times keep their numbers of cases; which case
  came when is shuffled. Expected: cases of the place times cases of the time over all cases.
* *Poisson* (Kulldorff 1997, 2001): all cases fall on places and times in proportion to the
  population.

A cell that was not reported holds neither cases nor expected ones. For the permutation the
expected cases are then those of the log-linear model place + time on the cells that were reported
(quasi-independence; iterative proportional fitting, Bishop, Fienberg & Holland 1975, chapter 5),
and cases are exchanged only between cells that were reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haidang.watch.calendar import Ints
from haidang.watch.method import Floats
from haidang.watch.special import jit

MOST_SWEEPS: Final = 2000
TOLERANCE: Final = 1e-12

Draw = Callable[[np.random.Generator], NDArray[np.int64]]
"""Gives one replicate: cases ``(place, time)``."""


def expected_of_margins(counts: Floats) -> Floats:
    """Expected cases from the numbers by place and by time.

    Args:
        counts: ``(place, time)``, NaN where nothing was reported.

    Returns:
        The same shape, 0 where nothing was reported; sums by place and by time are those of the
        counts.
    """
    known = ~np.isnan(counts)
    cases = np.where(known, counts, 0.0)
    by_place, by_time, total = cases.sum(axis=1), cases.sum(axis=0), cases.sum()
    if total == 0:
        return np.zeros_like(cases)
    fitted: Floats = np.outer(by_place, by_time) / total
    if known.all():
        return fitted
    fitted = np.where(known, fitted, 0.0)
    for _ in range(MOST_SWEEPS):
        fitted *= _over(by_place, fitted.sum(axis=1))[:, None]
        now = fitted.sum(axis=0)
        fitted *= _over(by_time, now)[None, :]
        if np.abs(now - by_time).max() <= TOLERANCE * total:
            break
    return fitted


def _over(wanted: Floats, have: Floats) -> Floats:
    return np.asarray(np.divide(wanted, have, out=np.zeros_like(wanted), where=have > 0))


def expected_of_people(counts: Floats, people: Floats) -> Floats:
    """Expected cases in proportion to the population; 0 where either is not known."""
    known = ~np.isnan(counts) & (people > 0)
    at_risk = np.where(known, people, 0.0)
    total = np.where(known, counts, 0.0).sum()
    return np.asarray(at_risk * (total / at_risk.sum()) if at_risk.any() else at_risk)


def shuffled(counts: Floats) -> Draw:
    """Replicates for `expected_of_margins`."""
    known = ~np.isnan(counts)
    cases = np.where(known, counts, 0.0).astype(np.int64)
    n_places, n_times = cases.shape
    place, time = np.divmod(np.repeat(np.arange(cases.size), cases.ravel()), n_times)
    n = len(place)
    # So many random exchanges mix a deck of cards (Diaconis & Shahshahani 1981: n log n / 2).
    steps = math.ceil(n * (math.log(max(n, 2)) / 2 + 3))

    def draw(rng: np.random.Generator) -> NDArray[np.int64]:
        if known.all():
            when = rng.permutation(time)
        else:
            when = time.copy()
            one, two = rng.integers(0, max(n, 1), (2, steps if n else 0))
            _exchange(place, when, known, one, two)
        found = np.bincount(place * n_times + when, minlength=cases.size)
        return found.reshape(n_places, n_times)

    return draw


@jit
def _exchange(place: Ints, time: Ints, known: NDArray[np.bool_], one: Ints, two: Ints) -> None:
    """Let pairs of cases change times where both cells that this leads to were reported."""
    for s in range(len(one)):
        a, b = one[s], two[s]
        if known[place[a], time[b]] and known[place[b], time[a]]:
            time[a], time[b] = time[b], time[a]


def scattered(counts: Floats, expected: Floats) -> Draw:
    """Replicates for `expected_of_people`."""
    total = int(np.nansum(counts))
    share = (expected / expected.sum()).ravel() if total else np.ones(expected.size)
    return lambda rng: rng.multinomial(total, share).reshape(expected.shape)
