"""Series with and without outbreaks, judged: what the programs on simulated scenarios share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from haidang.watch import simulate
from haidang.watch.calendar import Calendar
from haidang.watch.detectors import METHODS
from haidang.watch.method import Task

CALENDAR = Calendar("week", "rows", simulate.WEEKS)
TESTED = np.arange(*simulate.TESTED)
SIZES = tuple(range(1, 11))


@dataclass(frozen=True)
class Sample:
    """Series of one scenario.

    Attributes:
        scenario: Which.
        quiet: ``(series, week)`` counts with past outbreaks and none in the tested weeks; what is
            false-positive is measured here.
        base: The same, other series: outbreaks come on top of these.
        outbreaks: One set for each size.
    """

    scenario: simulate.Scenario
    quiet: np.ndarray
    base: np.ndarray
    outbreaks: Mapping[int, simulate.Outbreaks]


def sample(scenario: simulate.Scenario, series: int, seed: int, sizes=SIZES) -> Sample:
    """The scenario's number is part of the seed: every scenario has a stream of its own."""
    rng = np.random.default_rng([seed, simulate.SCENARIOS.index(scenario)])
    quiet, base = (
        simulate.counts(scenario, series, rng) + simulate.past(scenario, series, rng)
        for _ in range(2)
    )
    found = {k: simulate.outbreaks(scenario, k, series, simulate.TESTED, rng) for k in sizes}
    return Sample(scenario, quiet, base, found)


def settled(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    chosen, problems = METHODS[name].settle(given, CALENDAR)
    assert not problems, problems
    return chosen


def judge(name: str, counts: np.ndarray, at: np.ndarray, params: Mapping[str, Any]):
    """What a method finds; ``params`` are settled."""
    return METHODS[name].kernel(Task(np.ascontiguousarray(counts), at, CALENDAR), params)


def during(
    run: Callable[[np.ndarray, np.ndarray], np.ndarray],
    counts: np.ndarray,
    found: simulate.Outbreaks,
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Run something in the weeks of the outbreaks alone, for methods without a chart.

    Args:
        run: From counts and rows to ``(series, at, …)``.
        counts: With the outbreaks.
        found: The outbreaks.

    Yields:
        Row of the first case; numbers of the series; ``(series, at, …)`` from that row on, cut
        after the longest of these outbreaks.
    """
    for first in np.unique(found.first[found.first >= 0]):
        which = np.flatnonzero(found.first == first)
        last = int(found.last[which].max())
        yield int(first), which, run(counts[which], np.arange(first, last + 1))
