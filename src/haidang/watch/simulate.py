"""Simulated weekly counts with outbreaks, to try detectors on.

The design of Noufaily et al. (2013), Stat. Med. 32, 1206-1222 (doi 10.1002/sim.5595), section 3:
seven sets of parameters, each without and with a trend, without a season, with one and with two
pairs of harmonics: 42 scenarios. A week has the mean

    mu(t) = exp(theta + beta t + sum over j ≤ m of gamma1 cos(2 pi j t / 52) + gamma2 sin(…)),

t from 1 on, and the variance phi mu (Poisson at phi = 1). An outbreak that begins in week t has a
Poisson number of cases with the mean k sqrt(phi mu(t)); each case comes later than the beginning
by a lognormal(0, 0.5) number of weeks, rounded down.

Of 624 weeks the first 312 are run in, up to 575 they are the baseline with four outbreaks (k 2,
3, 5, 10), and 576 to 624 are tested.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haidang.watch.calendar import Ints
from haidang.watch.method import Floats

WEEKS: Final = 624
YEAR: Final = 52
BASELINE: Final = (312, 575)
"""Rows, from 0 on: the first, and the one after the last."""
TESTED: Final = (575, 624)
PAST: Final = (2, 3, 5, 10)
"""Sizes k of the outbreaks in the baseline."""
SPREAD: Final = 0.5
"""Standard deviation of the log of a case's delay in weeks."""

_SETS: Final = (
    (0.1, 0.0025, 0.6, 0.6, 1.5),
    (-2.0, 0.005, 0.1, 0.3, 2.0),
    (1.5, 0.003, 0.2, -0.4, 1.0),
    (0.5, 0.002, 0.5, 0.5, 5.0),
    (2.5, 0.001, 1.0, 0.1, 3.0),
    (3.75, 0.001, 0.1, -0.1, 1.1),
    (5.0, 0.0001, 0.05, 0.01, 1.2),
)
"""theta, beta, gamma1, gamma2, phi of each set (Noufaily et al. 2013, section 3)."""

_LATEST: Final = 12
"""Weeks after which not one case in a million comes."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One of the 42.

    Attributes:
        set: 1 to 7.
        theta: Log of the mean at the beginning, per week.
        beta: Its slope by week; 0 without a trend.
        gamma1: Of the cosines.
        gamma2: Of the sines.
        phi: Variance over mean, at least 1.
        harmonics: Pairs of them: 0, 1 or 2.
    """

    set: int
    theta: float
    beta: float
    gamma1: float
    gamma2: float
    phi: float
    harmonics: int

    @property
    def name(self) -> str:
        """For tables, e.g. ``5-trend-2``: set, trend or flat, pairs of harmonics."""
        return f"{self.set}-{'trend' if self.beta else 'flat'}-{self.harmonics}"

    def mean(self) -> Floats:
        """``(624,)`` cases expected in each week."""
        t = np.arange(1, WEEKS + 1)
        log = self.theta + self.beta * t
        for j in range(1, self.harmonics + 1):
            angle = 2 * math.pi * j * t / YEAR
            log = log + self.gamma1 * np.cos(angle) + self.gamma2 * np.sin(angle)
        found: Floats = np.exp(log)
        return found


SCENARIOS: Final = tuple(
    Scenario(i, theta, beta if trend else 0.0, g1, g2, phi, m)
    for i, (theta, beta, g1, g2, phi) in enumerate(_SETS, 1)
    for trend in (False, True)
    for m in (0, 1, 2)
)
"""All of them, by set, then without and with a trend, then by pairs of harmonics."""


@dataclass(frozen=True)
class Outbreaks:
    """One to each series.

    Attributes:
        cases: ``(series, week)`` to be added to the counts.
        first: ``(series,)`` row of the first case; -1 where there was not one.
        last: ``(series,)`` row of the last case.
    """

    cases: Floats
    first: Ints
    last: Ints


def counts(scenario: Scenario, series: int, rng: np.random.Generator) -> Floats:
    """``(series, 624)`` counts without an outbreak."""
    mean = np.broadcast_to(scenario.mean(), (series, WEEKS))
    if scenario.phi == 1.0:
        return rng.poisson(mean).astype(np.float64)
    size = mean / (scenario.phi - 1.0)
    return rng.negative_binomial(size, 1.0 / scenario.phi).astype(np.float64)


def delays() -> Floats:
    """Share of an outbreak's cases that come 0, 1, 2 … weeks after its beginning.

    >>> [round(float(p), 3) for p in delays()[:4]]
    [0.5, 0.417, 0.069, 0.011]
    """
    upto = [NormalDist().cdf(math.log(j) / SPREAD) for j in range(1, _LATEST)]
    return np.diff([0.0, *upto, 1.0])


def outbreaks(
    scenario: Scenario, k: float, series: int, weeks: tuple[int, int], rng: np.random.Generator
) -> Outbreaks:
    """One outbreak to each series.

    Args:
        scenario: Of what mean and dispersion.
        k: Its size in standard deviations of a week.
        series: How many.
        weeks: First row in which it may begin, and the one after the last.
        rng: A seeded generator.
    """
    begin = rng.integers(*weeks, size=series)
    sd = np.sqrt(scenario.phi * scenario.mean()[begin])
    by_delay = rng.multinomial(rng.poisson(k * sd), delays())
    cases = np.zeros((series, WEEKS + _LATEST))
    rows = np.arange(series)
    for j in range(_LATEST):
        cases[rows, begin + j] = by_delay[:, j]
    cases = cases[:, :WEEKS]
    some = cases > 0
    none = ~some.any(axis=1)
    first = np.where(none, -1, some.argmax(axis=1))
    last = np.where(none, -1, WEEKS - 1 - some[:, ::-1].argmax(axis=1))
    return Outbreaks(cases, first.astype(np.int64), last.astype(np.int64))


def past(
    scenario: Scenario, series: int, rng: np.random.Generator, sizes: tuple[float, ...] = PAST
) -> Floats:
    """``(series, 624)`` cases of the outbreaks in the baseline, one of each size."""
    return sum(
        (outbreaks(scenario, k, series, BASELINE, rng).cases for k in sizes),
        np.zeros((series, WEEKS)),
    )


def detected(alarm: NDArray[np.bool_], found: Outbreaks, at: Ints) -> tuple[Ints, Ints]:
    """Whether and when alarms hit the outbreaks.

    Args:
        alarm: ``(series, at)``.
        found: The outbreaks.
        at: Rows of the second dimension, rising.

    Returns:
        ``(series,)``: 1 detected, that is, an alarm between the first and the last case; 0 not;
        -1 no case at all. And weeks from the first case to the first such alarm, -1 without one.
    """
    inside = (
        (at >= found.first[:, None]) & (at <= found.last[:, None]) & (found.first >= 0)[:, None]
    )
    hit = alarm & inside
    any_hit = hit.any(axis=1)
    delay = np.where(any_hit, at[hit.argmax(axis=1)] - found.first, -1)
    return np.where(found.first < 0, -1, any_hit.astype(np.int64)), delay.astype(np.int64)
