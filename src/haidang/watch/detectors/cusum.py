"""CUSUM: standardised counts added up, for shifts that are small and last.

Rossi, Lampugnani & Marchi (1999), "An approximate CUSUM procedure for surveillance of health
events", Stat. Med. 18, 2111-2122. C(t) = max(0, C(t − 1) + z(t) − k), alarm where C reaches h;
the sum is not set back after an alarm. z by ``trans``:

* ``rossi``: (y − 3 m + 2 √(m y)) / (2 √m); nearer to normal for small counts;
* ``standard``: (y − m) / √m.

m is the mean of the periods before the chart begins, or with ``m="glm"`` a log-linear fit to them
with one pair of harmonics, without a trend.

The bound is the count at which C reaches h: alarms are at the bound and above. A period that was
not reported leaves C as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.watch.calendar import Ints
from haidang.watch.detectors import chart, harmonic
from haidang.watch.method import Codes, Floats, Found, Method, Param, Reason, Task, empty
from haidang.watch.special import jit

_MISSING: Final = int(Reason.MISSING)
_HISTORY: Final = int(Reason.HISTORY)
_NO_FIT: Final = int(Reason.NO_FIT)
_ALL_ZERO: Final = int(Reason.ALL_ZERO)
_NOTHING: Final = (_HISTORY, _NO_FIT)

TRANS: Final = ("rossi", "standard")


@jit
def _standardised(y: float, m: float, rossi: bool) -> float:
    if rossi:
        return (y - 3.0 * m + 2.0 * math.sqrt(m * y)) / (2.0 * math.sqrt(m))
    return (y - m) / math.sqrt(m)


@jit
def _count_for(z: float, m: float, rossi: bool) -> float:
    """The count whose standardised value is z; for `standard` the next whole one.

    Where no count is small enough this is some number below 1: then even 0 cases alarm.
    """
    if rossi:
        inner = 4.0 * m + 2.0 * math.sqrt(m) * z
        return (math.sqrt(inner) - math.sqrt(m)) ** 2 if inner > 0.0 else 0.0
    return max(0.0, math.ceil(m + z * math.sqrt(m)))


@jit
def usual(y: Floats, x: Floats, begin: int, glm: bool, beta: Floats) -> int:
    """What is usual before the chart, into ``beta``; gives a `Reason`."""
    n = 0
    total = 0.0
    for i in range(min(begin, len(y))):
        if not math.isnan(y[i]):
            n += 1
            total += y[i]
    beta[:] = 0.0
    if 2 * n < begin:
        return _HISTORY
    if total == 0.0:
        # The rate under which so many empty periods are as likely as not.
        beta[0] = math.log(math.log(2.0) / n)
        return _ALL_ZERO
    if not glm:
        beta[0] = math.log(total / n)
        return 0
    return 0 if harmonic.fit_mean(y, x, begin, harmonic.POISSON, beta) else _NO_FIT


@jit
def _places(
    counts: Floats, x: Floats, at: Ints, begin: int, least: int, glm: bool, rossi: bool, k: float,
    h: float, expected: Floats, upper: Floats, score: Floats, alarm: NDArray[np.bool_],
    reason: Codes, statistic: Floats,
) -> None:  # fmt: skip
    beta = np.zeros(x.shape[1])
    for i in range(len(counts)):
        y = counts[i]
        why = _HISTORY if begin < least else usual(y, x, begin, glm, beta)
        total = 0.0
        j = 0
        for t in range(at[0] if why in _NOTHING else min(begin, at[0]), at[-1] + 1):
            judged = at[j] == t
            if t < begin or why in _NOTHING or math.isnan(y[t]):
                if judged:
                    lacking = _HISTORY if t < begin else why
                    reason[i, j] = _MISSING if math.isnan(y[t]) else lacking
                    j += 1
                continue
            m = harmonic.mean_at(x, t, beta)
            if judged:
                expected[i, j] = m
                upper[i, j] = _count_for(h + k - total, m, rossi)
            total = max(0.0, total + _standardised(y[t], m, rossi) - k)
            if judged:
                statistic[i, j] = total
                score[i, j] = total / h
                alarm[i, j] = total >= h
                reason[i, j] = why
                j += 1


def cusum(task: Task, params: Mapping[str, Any]) -> Found:
    """Judge every place.

    Returns:
        Extra: ``statistic``, the sum. ``score`` is the sum over h: an alarm is at 1 and above.
    """
    found = empty(task, "statistic")
    glm = params["m"] == "glm"
    x = harmonic.design(
        task.calendar.rows, task.calendar.per_year, 1 if glm else 0, trend=False
    )  # fmt: skip
    _places(
        task.counts, x, task.at, chart.begin(task, params), task.calendar.per_year, glm,
        params["trans"] == "rossi", float(params["k"]), float(params["h"]), found.expected,
        found.upper, found.score, found.alarm, found.reason, found.extra["statistic"],
    )  # fmt: skip
    return found


CUSUM: Final = Method(
    "cusum", cusum,
    (
        Param("k", 1.04, "k", low=0.0),
        Param("h", 2.26, "h", low=0.0, open_low=True),
        Param("m", None, "m", choices=("mean", "glm"), optional=True),
        Param("trans", "rossi", "trans", choices=TRANS),
        chart.BASELINE,
    ),
    "Rossi et al. 1999, Stat. Med. 18, 2111", verified=True, r_name="cusum",
)  # fmt: skip
