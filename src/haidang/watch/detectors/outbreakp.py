"""OutbreakP: is the mean no longer constant but rising?

Frisén, Andersson & Schiöler (2009), "Robust outbreak surveillance of epidemics in Sweden", Stat.
Med. 28, 476-493. The statistic is the likelihood of the best mean that never falls (isotonic
regression) over that of a constant mean, from the first period of the table on; alarm above ``k``.

It has no memory of seasons: it asks whether counts have begun to rise from a calm beginning. Feed
it from the calm of the year on.

The statistic grows beyond any computer number; here its logarithm is kept. The R package
multiplies from the first period on and gets 0, and never an alarm, where that product falls below
the smallest number on the way: with more than some tens of cases a week for years that is every
period. ``compat="surveillance"`` repeats it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.watch.calendar import Ints
from haidang.watch.method import Codes, Floats, Found, Method, Param, Reason, Task, empty
from haidang.watch.special import jit

_MISSING: Final = int(Reason.MISSING)
_HISTORY: Final = int(Reason.HISTORY)
_LEAST: Final = 8
"""Periods; after fewer a mean is not yet a mean."""


@jit
def _push(total: Floats, size: Ints, blocks: int, y: float) -> int:
    """Append a count to the blocks of an isotonic regression; gives how many blocks there are."""
    total[blocks] = y
    size[blocks] = 1
    while blocks > 0 and total[blocks - 1] * size[blocks] >= total[blocks] * size[blocks - 1]:
        total[blocks - 1] += total[blocks]
        size[blocks - 1] += size[blocks]
        blocks -= 1
    return blocks + 1


@jit
def _log_ratio(total: Floats, size: Ints, blocks: int) -> float:
    """Log likelihood of the rising mean over that of the constant one."""
    cases = 0.0
    n = 0
    for b in range(blocks):
        cases += total[b]
        n += size[b]
    if cases == 0.0:
        return 0.0
    log_mean = math.log(cases / n)
    found = 0.0
    for b in range(blocks):
        if total[b] > 0.0:
            found += total[b] * (math.log(total[b] / size[b]) - log_mean)
    return max(0.0, found)


@jit
def _product(y: Floats, t: int, total: Floats, size: Ints, blocks: int) -> float:
    """The statistic as the R package multiplies it, underflow and all."""
    cases = 0.0
    n = 0
    for b in range(blocks):
        cases += total[b]
        n += size[b]
    mean = cases / n
    found = 1.0
    b = 0
    left = size[0]
    for i in range(t + 1):
        if math.isnan(y[i]):
            continue
        if left == 0:
            b += 1
            left = size[b]
        left -= 1
        if mean > 0.0:
            found *= (total[b] / size[b] / mean) ** y[i]
    return found


@jit
def _bound(
    total: Floats, size: Ints, blocks: int, log_k: float, most: float, t_room: Floats,
    s_room: Ints,
) -> float:  # fmt: skip
    """The largest count that does not alarm after these blocks; NaN if even ``most`` does not."""
    low = -1.0
    high = 1.0
    while True:
        t_room[: blocks + 1] = total[: blocks + 1]
        s_room[: blocks + 1] = size[: blocks + 1]
        if _log_ratio(t_room, s_room, _push(t_room, s_room, blocks, high)) > log_k:
            break
        if high >= most:
            return math.nan
        low = high
        high = min(most, 2.0 * high)
    while high - low > 1.0:
        middle = math.floor(0.5 * (low + high))
        t_room[: blocks + 1] = total[: blocks + 1]
        s_room[: blocks + 1] = size[: blocks + 1]
        if _log_ratio(t_room, s_room, _push(t_room, s_room, blocks, middle)) > log_k:
            high = middle
        else:
            low = middle
    return high - 1.0


@jit
def _places(
    counts: Floats, at: Ints, k: float, most: float, value: bool, compat: bool,
    expected: Floats, upper: Floats, score: Floats, alarm: NDArray[np.bool_], reason: Codes,
    statistic: Floats,
) -> None:  # fmt: skip
    rows = counts.shape[1]
    total = np.zeros(rows + 2)
    size = np.ones(rows + 2, np.int64)
    t_room = np.zeros(rows + 2)
    s_room = np.ones(rows + 2, np.int64)
    log_k = math.log(k)
    for i in range(len(counts)):
        y = counts[i]
        blocks = 0
        seen = 0
        cases = 0.0
        j = 0
        for t in range(at[-1] + 1 if len(at) > 0 else 0):
            judged = at[j] == t
            if math.isnan(y[t]):
                if judged:
                    reason[i, j] = _MISSING
                    j += 1
                continue
            if judged and seen > 0 and not value:
                upper[i, j] = _bound(total, size, blocks, log_k, most, t_room, s_room)
            before = cases / seen if seen > 0 else 0.0
            blocks = _push(total, size, blocks, y[t])
            seen += 1
            cases += y[t]
            if not judged:
                continue
            if 2 * seen < t + 1 or seen < _LEAST:
                reason[i, j] = _HISTORY
                upper[i, j] = math.nan
                j += 1
                continue
            ratio = _log_ratio(total, size, blocks)
            expected[i, j] = before
            score[i, j] = ratio / log_k
            statistic[i, j] = math.exp(ratio)
            alarm[i, j] = ratio > log_k
            if compat:
                statistic[i, j] = _product(y, t, total, size, blocks)
                alarm[i, j] = statistic[i, j] > k
            if value:
                upper[i, j] = statistic[i, j]
            j += 1


def outbreakp(task: Task, params: Mapping[str, Any]) -> Found:
    """Judge every place.

    Returns:
        ``expected``: the mean of all earlier periods. ``upper``: by ``ret`` the largest count that
        would not alarm, or the statistic. Extra: ``statistic``, infinite where no number holds it.
    """
    found = empty(task, "statistic")
    _places(
        task.counts, task.at, float(params["k"]), float(params["max_cases"]),
        params["ret"] == "value", params["compat"] == "surveillance", found.expected,
        found.upper, found.score, found.alarm, found.reason, found.extra["statistic"],
    )  # fmt: skip
    return found


OUTBREAKP: Final = Method(
    "outbreakp", outbreakp,
    (
        Param("k", 100.0, "k", low=1.0, open_low=True),
        Param("ret", "cases", "ret", choices=("cases", "value")),
        Param("max_cases", 1e5, "maxUpperboundCases", low=1.0),
        Param("compat", "", "", choices=("", "surveillance")),
    ),
    "Frisén et al. 2009, Stat. Med. 28, 476", verified=True, r_name="outbreakP",
)  # fmt: skip
