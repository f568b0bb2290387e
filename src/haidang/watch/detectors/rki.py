"""The rule of the Robert Koch Institute: the same weeks of past years, mean and two deviations.

Described in Höhle (2007), Comput. Stat. 22, 571-582. Above a mean of 20 the bound is mean + 2 SD;
up to 20 it is the upper 95 % limit of a Poisson mean after Crow & Gardner (1959), "Confidence
intervals for the expectation of a Poisson variable", Biometrika 46, 441-453, for the mean rounded
down.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.watch.calendar import Ints
from haidang.watch.detectors import windows
from haidang.watch.method import Codes, Floats, Found, Method, Reason, Task, empty
from haidang.watch.special import count_mid, count_tail, jit, normal_tail

UPPER_LIMITS: Final = np.array(
    [
        3.285, 5.323, 6.686, 8.102, 9.598, 11.177, 12.817, 13.765, 14.921, 16.768, 17.633, 19.050,
        20.335, 21.364, 22.945, 23.762, 25.400, 26.306, 27.735, 28.966, 30.017,
    ]
)  # fmt: skip
"""Crow & Gardner's upper limits for 0 to 20 cases."""

_MISSING: Final = int(Reason.MISSING)
_HISTORY: Final = int(Reason.HISTORY)
_LEAST: Final = 2


@jit
def _places(
    counts: Floats, at: Ints, rows: Ints, limits: Floats, expected: Floats, upper: Floats,
    score: Floats, p: Floats, alarm: NDArray[np.bool_], reason: Codes,
    mid: Floats,
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
            if not inside or 2 * n < rows.shape[1] or n < _LEAST:
                reason[i, j] = _HISTORY
                continue
            mean = total / n
            if mean > len(limits) - 1:
                squares = 0.0
                for row in rows[j]:
                    if not math.isnan(counts[i, row]):
                        squares += (counts[i, row] - mean) ** 2
                sd = math.sqrt(squares / (n - 1))
                bound = mean + 2.0 * sd
                p[i, j] = normal_tail((y - mean) / sd) if sd > 0.0 else (1.0 if y <= mean else 0.0)
            else:
                bound = limits[int(mean)]
                p[i, j] = count_tail(y, mean, 1.0)
                mid[i, j] = count_mid(y, mean, 1.0)
            expected[i, j] = mean
            upper[i, j] = bound
            score[i, j] = (y - mean) / (bound - mean) if bound > mean else 1.0 + (y - bound)
            alarm[i, j] = y > bound


def rki(task: Task, params: Mapping[str, Any]) -> Found:
    """Judge every place; extra: ``p_mid``, the mid-p value, NaN above a mean of 20."""
    found = empty(task, "p_mid")
    _places(
        task.counts, task.at, windows.rows(task, params), UPPER_LIMITS, found.expected,
        found.upper, found.score, found.p_value, found.alarm, found.reason,
        found.extra["p_mid"],
    )  # fmt: skip
    return found


RKI: Final = Method(
    "rki", rki, windows.params(2, 4, current_year=False),
    "Höhle 2007, Comput. Stat. 22, 571; Crow & Gardner 1959, Biometrika 46, 441", verified=True,
    r_name="rki", year="rows", rule=windows.rule,
)  # fmt: skip
