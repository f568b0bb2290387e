"""The serial interval: how many days after a case the cases that it infects fall ill.

Cori, Ferguson, Fraser & Cauchemez (2013), Am. J. Epidemiol. 178, 1505-1512, web appendix 11: a
gamma distribution, moved by one day, of which both ends fall anywhere within their day.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.stats import gamma

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.watch.method import Floats

LONGEST: Final = 400
"""Days."""
_TAIL: Final = 1e-12
_ONE: Final = 1e-6


def discretise(mean: float, sd: float, days: int = LONGEST) -> Floats:
    """Probability of each number of days from 0 on; that of 0 days is 0.

    Args:
        mean: In days, above 1.
        sd: Standard deviation in days, above 0.
        days: So many at most; the tail beyond is left out, and what is smaller than 1e-12.

    >>> discretise(2.6, 1.5).round(4)[:5].tolist()
    [0.0, 0.2332, 0.3586, 0.1981, 0.1033]
    """
    k = np.arange(days, dtype=np.float64)
    a, b = ((mean - 1) / sd) ** 2, sd**2 / (mean - 1)

    def first(x: Floats, shape: float) -> Floats:
        return np.asarray(gamma.cdf(x, shape, scale=b))

    found = (
        k * first(k, a) + (k - 2) * first(k - 2, a) - 2 * (k - 1) * first(k - 1, a)
        + a * b * (2 * first(k - 1, a + 1) - first(k - 2, a + 1) - first(k, a + 1))
    )  # fmt: skip
    found = np.maximum(0.0, found)
    found[0] = 0.0
    kept = np.flatnonzero(found > _TAIL)
    return found[: kept[-1] + 1] if len(kept) else found[:2]


def read(given: object) -> Floats:
    """A serial interval as given: a pair of mean and standard deviation, or probabilities.

    Args:
        given: Two numbers in days, the first above 1; or at least three probabilities of 0, 1, 2
            ... days, of which the first is 0 and the sum is 1.

    Raises:
        BadData: It is neither.
    """
    try:
        numbers = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if numbers.ndim == 1 and np.isfinite(numbers).all():
        if len(numbers) == 2 and 1 < numbers[0] <= LONGEST / 2 and 0 < numbers[1] <= LONGEST / 2:  # noqa: PLR2004 - a pair
            return discretise(float(numbers[0]), float(numbers[1]))
        fits = numbers.min(initial=0.0) >= 0 and abs(numbers.sum() - 1) < _ROUNDED
        if 2 < len(numbers) <= LONGEST and numbers[0] == 0 and fits:  # noqa: PLR2004 - more than a pair
            return numbers
    raise BadData(Problem("watch.serial_interval", {"value": given}, field="serial_interval"))


_ROUNDED: Final = 0.011
"""Printed probabilities rarely sum to exactly 1."""


def by_period(daily: Floats, length: int) -> Floats:
    """The same interval in periods of several days, from 0 periods on.

    A case falls on any day of its period alike. What would fall into the same period is moved to
    the next: growth within a period cannot be seen in counts of whole periods.

    Args:
        daily: From `read`.
        length: Days of a period.

    >>> by_period(np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0.5]), 7).round(3).tolist()
    [0.0, 0.5, 0.5]
    """
    if length == 1:
        return daily
    days = np.arange(len(daily))
    found = np.zeros(len(daily) // length + 2)
    for start in range(length):
        np.add.at(found, (start + days) // length, daily / length)
    found[1] += found[0]
    found[0] = 0.0
    last = int(np.flatnonzero(found > 0)[-1])
    return found[: last + 1]


def infectiousness(counts: Floats, interval: Floats) -> tuple[Floats, Floats]:
    """Λ(t) = Σ_s w(s) I(t − s): what earlier cases infect with at t, for R = 1.

    Args:
        counts: ``(place, time)``, NaN where not reported.
        interval: Probabilities of 0, 1, 2 ... steps; that of 0 is not used.

    Returns:
        Λ, and the share of w that fell on reported steps, both ``(place, time)``. A step that was
        not reported is taken to be like the others that count at that time: Λ is divided by the
        share. What lies before the table is taken as none.
    """
    told = ~np.isnan(counts)
    known = np.where(told, counts, 0.0)
    total, seen = np.zeros(counts.shape), np.zeros(counts.shape)
    for s in range(1, min(len(interval), counts.shape[1])):
        total[:, s:] += interval[s] * known[:, :-s]
        seen[:, s:] += interval[s] * ~told[:, :-s]
    share = 1.0 - seen / max(float(interval.sum()), _ONE)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(share > 0, total / share, np.nan), share


def spread(counts: Floats, length: int) -> Floats:
    """Counts of periods as counts of days: growth from one period to the next goes on within.

    Args:
        counts: ``(place, time)`` of periods.
        length: Days of a period.

    Returns:
        ``(place, time × length)``; the days of a period sum to its count.
    """
    if length == 1:
        return counts
    level = np.log(counts + 0.5)
    growth = np.zeros(counts.shape)
    growth[:, 1:] = np.diff(level, axis=1) / length
    growth[:, :1] = growth[:, 1:2]
    growth = np.clip(np.nan_to_num(growth), -_STEEPEST, _STEEPEST)
    weight = np.exp(growth[:, :, None] * (np.arange(length) - (length - 1) / 2))
    parts = counts[:, :, None] * weight / weight.sum(axis=2, keepdims=True)
    found: Floats = parts.reshape(len(counts), -1)
    return found


_STEEPEST: Final = 0.3
"""Growth of the logarithm in a day; small counts by chance jump by more."""


def check_pair(name: str, value: object) -> None:
    """Raise unless these are two numbers above 0.

    Raises:
        BadData: They are not.
    """
    pair = value if isinstance(value, tuple | list) else ()
    good = all(isinstance(v, int | float) and 0 < v < np.inf for v in pair)
    if not good or len(pair) != 2:  # noqa: PLR2004 - a pair
        raise BadData(Problem("watch.pair_positive", {"value": value}, field=name))
