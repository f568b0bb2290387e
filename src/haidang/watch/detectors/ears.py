"""EARS C1, C2 and C3: the last few periods as the baseline, for series without history.

Hutwagner, Thompson, Seeman & Treadwell (2003), "The bioterrorism preparedness and response Early
Aberration Reporting System (EARS)", J. Urban Health 80 (suppl. 1), i89-i96; the bounds as normal
prediction limits after Salmon, Schumacher & Höhle (2016), J. Stat. Softw. 70(10).

* C1(t) = (y − mean) / s over the ``baseline`` periods just before t; alarm above z(1 − alpha).
* C2 the same with two periods between, so that an outbreak's first days do not raise the bound.
* C3(t) = C2(t) + what C2 exceeded 1 by at t − 1 and at t − 2; alarm above z(1 − alpha), so that
  the bound is mean + s (z − what was exceeded), never below zero.

A missing period in the baseline is left out, and at least half of the baseline must be there.

The R package's bound of C3 is the count of the period itself, not the mean, + s (z − what was
exceeded), and is missing where an earlier baseline has no spread: it alarms by the two periods
before alone. ``compat="surveillance"`` repeats that, for comparison.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.watch.method import Codes, Floats, Found, Method, Param, Reason, Task, empty
from haidang.watch.special import jit, normal_tail

SOURCE: Final = "Hutwagner et al. 2003, J. Urban Health 80, i89; Salmon et al. 2016, JSS 70(10)"
LAG: Final = {"C1": 0, "C2": 2, "C3": 2}
"""Periods between the baseline and the period that is judged."""

_LEAST: Final = 2
"""Of one count there is no spread."""

_MISSING: Final = int(Reason.MISSING)
_HISTORY: Final = int(Reason.HISTORY)
_NO_SPREAD: Final = int(Reason.NO_SPREAD)


@jit
def _moments(y: Floats, first: int, count: int) -> tuple[float, float, int]:
    """Mean, standard deviation and number of what was reported in ``count`` rows."""
    n = 0
    total = 0.0
    for i in range(first, first + count):
        if not math.isnan(y[i]):
            n += 1
            total += y[i]
    if n == 0:
        return math.nan, math.nan, 0
    mean = total / n
    squares = 0.0
    for i in range(first, first + count):
        if not math.isnan(y[i]):
            squares += (y[i] - mean) ** 2
    return mean, math.sqrt(squares / (n - 1)) if n > 1 else math.nan, n


@jit
def _excess(y: Floats, t: int, first: int, baseline: int, least: float) -> float:
    """By how much C2 exceeded 1 at t; nothing where t or its baseline was not reported.

    Below zero as a mark (-1) where both the count and its baseline have no spread at all.
    """
    mean, sd, n = _moments(y, first, baseline)
    if math.isnan(y[t]) or 2 * n < baseline or n < _LEAST:
        return 0.0
    sd = max(sd, least)
    if sd > 0.0:
        return float(max(0.0, (y[t] - mean) / sd - 1.0))
    if y[t] == mean:
        return -1.0
    return math.inf if y[t] > mean else 0.0


@jit
def _judge(
    y: Floats, at: NDArray[np.int64], baseline: int, lag: int, sums: int, least: float, z: float,
    compat: bool, expected: Floats, upper: Floats, score: Floats, p: Floats,
    alarm: NDArray[np.bool_], reason: Codes,
) -> None:  # fmt: skip
    for j in range(len(at)):
        t = at[j]
        first = t - lag - baseline
        if math.isnan(y[t]):
            reason[j] = _MISSING
            continue
        if first - sums < 0:
            reason[j] = _HISTORY
            continue
        mean, sd, n = _moments(y, first, baseline)
        if 2 * n < baseline or n < _LEAST:
            reason[j] = _HISTORY
            continue
        sd = max(sd, least)
        before = 0.0
        flat = False
        for back in range(1, sums + 1):
            excess = _excess(y, t - back, first - back, baseline, least)
            flat = flat or excess < 0.0
            before += max(0.0, excess)
        expected[j] = mean
        bound = mean + z * sd
        if sums > 0:
            bound = max(0.0, mean + sd * (z - before)) if sd > 0.0 else mean
        if sd > 0.0:
            c = (y[t] - mean) / sd + before
            p[j] = normal_tail(c)
            # Counts at the floor of the bound: what was exceeded before is no case now.
            score[j] = c / z if y[t] > bound or c <= z else 1.0
        else:
            reason[j] = _NO_SPREAD
            p[j] = 0.0 if y[t] > mean else 1.0
            score[j] = 0.0 if y[t] == mean else math.copysign(math.inf, y[t] - mean)
        alarm[j] = y[t] > bound
        upper[j] = bound
        if compat and sums > 0:
            undefined = flat or (math.isinf(before) and sd == 0.0)
            upper[j] = math.nan if undefined else max(0.0, y[t] + sd * (z - before))
            if not undefined:
                alarm[j] = y[t] > upper[j]


@jit
def _places(
    counts: Floats, at: NDArray[np.int64], baseline: int, lag: int, sums: int, least: float,
    z: float, compat: bool, expected: Floats, upper: Floats, score: Floats, p: Floats,
    alarm: NDArray[np.bool_], reason: Codes,
) -> None:  # fmt: skip
    for i in range(len(counts)):
        _judge(
            counts[i], at, baseline, lag, sums, least, z, compat, expected[i], upper[i], score[i],
            p[i], alarm[i], reason[i],
        )  # fmt: skip


def ears(task: Task, params: Mapping[str, Any], *, kind: str) -> Found:
    """Judge every place by C1, C2 or C3.

    Args:
        task: Counts and the rows to judge.
        params: ``baseline`` in periods, ``min_sigma`` in the unit of the counts, ``alpha``.
        kind: ``C1``, ``C2`` or ``C3``.
    """
    found = empty(task)
    _places(
        task.counts, task.at, int(params["baseline"]), LAG[kind], 2 if kind == "C3" else 0,
        float(params["min_sigma"]), NormalDist().inv_cdf(1 - params["alpha"]),
        params.get("compat") == "surveillance", found.expected, found.upper, found.score,
        found.p_value, found.alarm, found.reason,
    )  # fmt: skip
    return found


def _params(alpha: float) -> tuple[Param, ...]:
    return (
        Param("baseline", 7, "baseline", low=2, high=10_000),
        Param("min_sigma", 0.0, "minSigma", low=0.0),
        Param("alpha", alpha, "alpha", low=0.0, high=0.5, open_low=True, open_high=True),
    )


_COMPAT: Final = Param("compat", "", "", choices=("", "surveillance"))

C1: Final = Method(
    "ears_c1", partial(ears, kind="C1"), _params(0.001), SOURCE, verified=True,
    r_name='earsC(method="C1")', counts=False,
)  # fmt: skip
C2: Final = Method(
    "ears_c2", partial(ears, kind="C2"), _params(0.001), SOURCE, verified=True,
    r_name='earsC(method="C2")', counts=False,
)  # fmt: skip
C3: Final = Method(
    "ears_c3", partial(ears, kind="C3"), (*_params(0.025), _COMPAT), SOURCE, verified=True,
    r_name='earsC(method="C3")', counts=False,
)  # fmt: skip
