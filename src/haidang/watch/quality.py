"""Whether a number that stands beside counts can be what it says it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.base.problem import Problem
from haidang.watch.calendar import Ints
from haidang.watch.method import Floats
from haidang.watch.special import jit

_FAR: Final = 4.0
"""So many robust standard deviations of the logarithms from the median are suspicious."""
_FEWEST: Final = 8
"""With fewer places there is nothing to compare with."""
LEAST: Final = 1_000.0
TIMES: Final = 100
"""Two more digits than ever before, the slip of a cell that holds two numbers, or none."""
FEWEST_BEFORE: Final = 26
BELIEVED: Final = 3


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


def implausible(counts: Floats, fewest: int = FEWEST_BEFORE) -> NDArray[np.bool_] | None:
    """Which counts are so far beyond all that a place had before that they may be slips.

    At least `LEAST`, and more than `TIMES` times the largest before and one, at a place that has
    reported for half a year of weeks. From the `BELIEVED`-th in a row on they are believed: an
    epidemic lasts, a slip of the keyboard does not. Only what lies before decides, so that nothing
    changes when more becomes known.

    Args:
        counts: ``(place, time)``, NaN where nothing was reported.
        fewest: Periods that a place must have reported before.

    Returns:
        ``(place, time)``; None where there is none at all, as usual.

    >>> weeks = np.array([[2.0, 3.0] * 20 + [1e9] + [4.0] * 3])
    >>> implausible(weeks).nonzero()[1]
    array([40])
    """
    if not counts.size:
        return None
    large = np.flatnonzero(np.fmax.reduce(counts, axis=1) >= LEAST)
    if not len(large):
        return None
    marks = np.zeros(counts.shape, np.bool_)
    _mark(counts, large, fewest, marks)
    return marks if marks.any() else None


@jit
def _mark(counts: Floats, places: Ints, fewest: int, marks: NDArray[np.bool_]) -> None:
    for p in places:
        most = 0.0
        seen = row = 0
        for t in range(counts.shape[1]):
            y = counts[p, t]
            if math.isnan(y):
                continue
            if seen >= fewest and y >= LEAST and y > TIMES * (most + 1.0):
                row += 1
                if row < BELIEVED:
                    marks[p, t] = True
                    continue
            else:
                row = 0
            seen += 1
            most = max(most, y)


def told(
    counts: Floats,
    marks: NDArray[np.bool_],
    places: Sequence[str],
    times: NDArray[Any],
    file: str = "",
    *,
    code: str = "watch.implausible",
) -> Iterator[Problem]:
    """Each count that may be a slip, with what to do.

    Args:
        counts: ``(place, time)``.
        marks: `implausible` of them.
        places: Their names.
        times: First day of each period, or its number.
        file: For problems.
        code: Which problem each is, and so what is done with it; by default it is judged as it
            stands and kept out of baselines.
    """
    for p, t in zip(*np.nonzero(marks), strict=True):
        when = times[t]
        start = str(when)[:10] if isinstance(when, np.datetime64) else str(when)
        said = {"value": f"{counts[p, t]:,.0f}", "place": places[p], "start": start, "times": TIMES}
        yield Problem(code, said, file, field=places[p], severity="warning")


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
