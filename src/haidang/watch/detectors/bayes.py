"""The Bayes detector: counts of a small baseline as draws from one Poisson mean, itself unknown.

Höhle (2007), "surveillance: An R package for the monitoring of infectious diseases", Comput.
Stat. 22, 571-582, after Riebler (2004). With Jeffreys' prior the predictive distribution of the
next count is negative binomial with size 1/2 + sum and mean (1/2 + sum) / n; the bound is its
1 − alpha quantile. Counts that vary more than Poisson ones alarm too often.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.watch.calendar import Ints
from haidang.watch.detectors import windows
from haidang.watch.method import Codes, Floats, Found, Method, Param, Reason, Task, empty
from haidang.watch.special import count_mid, count_quantile, count_tail, jit

_MISSING: Final = int(Reason.MISSING)
_HISTORY: Final = int(Reason.HISTORY)


@jit
def _places(
    counts: Floats, at: Ints, rows: Ints, z: float, level: float,
    expected: Floats, upper: Floats, score: Floats, p: Floats, alarm: NDArray[np.bool_],
    reason: Codes, mid: Floats,
) -> None:  # fmt: skip
    for i in range(len(counts)):
        for j in range(len(at)):
            y = counts[i, at[j]]
            if math.isnan(y):
                reason[i, j] = _MISSING
                continue
            n = 0
            total = 0.0
            inside = True
            for row in rows[j]:
                inside = inside and row >= 0
                if row >= 0 and not math.isnan(counts[i, row]):
                    n += 1
                    total += counts[i, row]
            if not inside or 2 * n < rows.shape[1]:
                reason[i, j] = _HISTORY
                continue
            mean = (total + 0.5) / n
            ratio = 1.0 + 1.0 / n
            bound = count_quantile(z, level, mean, ratio)
            expected[i, j] = mean
            upper[i, j] = bound
            p[i, j] = count_tail(y, mean, ratio)
            mid[i, j] = count_mid(y, mean, ratio)
            score[i, j] = (y - mean) / (bound - mean) if bound > mean else 1.0 + (y - bound)
            alarm[i, j] = y > bound


def bayes(task: Task, params: Mapping[str, Any]) -> Found:
    """Judge every place; extra: ``p_mid``, the mid-p value."""
    found = empty(task, "p_mid")
    level = 1 - float(params["alpha"])
    _places(
        task.counts, task.at, windows.rows(task, params), NormalDist().inv_cdf(level), level,
        found.expected, found.upper, found.score, found.p_value, found.alarm, found.reason,
        found.extra["p_mid"],
    )  # fmt: skip
    return found


BAYES: Final = Method(
    "bayes", bayes,
    (
        *windows.params(0, 6, current_year=True),
        Param("alpha", 0.05, "alpha", low=0.0, high=0.5, open_low=True, open_high=True),
    ),
    "Riebler 2004; Höhle 2007, Comput. Stat. 22, 571", verified=True, r_name="bayes",
    year="rows", rule=windows.rule,
)  # fmt: skip
