"""OutbreakP: is the mean no longer constant but rising?

Frisén, Andersson & Schiöler (2009), "Robust outbreak surveillance of epidemics in Sweden", Stat.
Med. 28, 476-493. The statistic is the likelihood of the best mean that never falls (isotonic
regression) over that of a constant mean, from the first period of the table on; alarm above ``k``.

It has no memory of seasons: it asks whether counts have begun to rise from a calm beginning. Feed
it from the calm of the year on.

The statistic grows beyond any computer number; here its logarithm is kept. The R package
multiplies from the first period on and gets 0, and never an alarm, where that product falls below
the smallest number on the way: with more than some tens of cases a week for years that is every
period. ``compat="surveillance"`` repeats it, and
its bound: the fewest cases that alarm where ours is the most that do not, found by counting up or
down from the count that there is.
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
_NO_BOUND: Final = int(Reason.NO_BOUND)
_SAFE: Final = 1e-290
"""A product that was never smaller has lost nothing."""
_TIED: Final = 1e-11
"""Logarithms of the ratio that differ by less are equal."""
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
def _product(y: Floats, t: int, last: float, total: Floats, size: Ints) -> tuple[float, float]:
    """The statistic as the R package multiplies it, underflow and all, were the last count `last`.

    Also gives the smallest that the product was on the way. The mean is the package's too, updated
    count by count.
    """
    mean = 0.0
    n = 0
    for i in range(t + 1):
        if not math.isnan(y[i]):
            n += 1
            mean += ((last if i == t else y[i]) - mean) / n
    found = 1.0
    least = 1.0
    if mean <= 0.0:
        return found, least
    b = 0
    left = size[0]
    for i in range(t + 1):
        if math.isnan(y[i]):
            continue
        if left == 0:
            b += 1
            left = size[b]
        left -= 1
        found *= (total[b] / size[b] / mean) ** (last if i == t else y[i])
        least = min(least, found)
    return found, least


@jit
def _if_it_were(
    last: float, y: Floats, t: int, total: Floats, size: Ints, blocks: int, t_room: Floats,
    s_room: Ints,
) -> tuple[float, float]:  # fmt: skip
    """`_product` with another last count; ``total``, ``size``, ``blocks`` are those before it."""
    t_room[: blocks + 1] = total[: blocks + 1]
    s_room[: blocks + 1] = size[: blocks + 1]
    _push(t_room, s_room, blocks, last)
    return _product(y, t, last, t_room, s_room)


@jit
def _bound(
    total: Floats, size: Ints, blocks: int, log_k: float, most: float, t_room: Floats,
    s_room: Ints,
) -> float:  # fmt: skip
    """The largest count that does not alarm after these blocks; NaN if even ``most`` does not.

    -1 if not even 0 is quiet.
    """
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
def _package_bound(
    y: Floats, t: int, total: Floats, size: Ints, blocks: int, k: float, most: float,
    t_room: Floats, s_room: Ints,
) -> float:  # fmt: skip
    """The bound as the R package finds it: the fewest cases that alarm, by its own product.

    It counts one by one from the count that there is. While nothing underflows the product rises
    with the count, and its logarithm says from where on counting is enough.
    """
    found, least = _if_it_were(y[t], y, t, total, size, blocks, t_room, s_room)
    if math.isnan(found):
        return math.nan
    quiet = _bound(total, size, blocks, math.log(k), most, t_room, s_room)
    here = float(y[t])
    if found > k:
        if not math.isnan(quiet) and quiet + 2.0 < here and least > _SAFE:
            at, _ = _if_it_were(quiet + 2.0, y, t, total, size, blocks, t_room, s_room)
            here = quiet + 2.0 if at > k else here
        while here > 0.0:
            here -= 1.0
            at, _ = _if_it_were(here, y, t, total, size, blocks, t_room, s_room)
            if not at > k:
                return here + 1.0
        return math.nan
    if not math.isnan(quiet) and quiet - 1.0 > here:
        at, least = _if_it_were(quiet - 1.0, y, t, total, size, blocks, t_room, s_room)
        here = quiet - 1.0 if not at > k and least > _SAFE else here
    while here < most:
        here += 1.0
        at, least = _if_it_were(here, y, t, total, size, blocks, t_room, s_room)
        if at > k:
            return here
        # A product that is 0 stays 0 for larger counts: those before weigh ever less.
        if math.isnan(at) or least == 0.0 or math.isnan(quiet):
            return math.nan
    return math.nan


@jit
def _either_bound(
    y: Floats, t: int, total: Floats, size: Ints, blocks: int, k: float, most: float, compat: bool,
    t_room: Floats, s_room: Ints,
) -> float:  # fmt: skip
    """Ours or the package's; NaN where there is none."""
    if compat:
        return _package_bound(y, t, total, size, blocks, k, most, t_room, s_room)
    found = _bound(total, size, blocks, math.log(k) + _TIED, most, t_room, s_room)
    return found if found >= 0.0 else math.nan


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
                upper[i, j] = _either_bound(
                    y, t, total, size, blocks, k, most, compat, t_room, s_room
                )  # fmt: skip
                reason[i, j] = _NO_BOUND if math.isnan(upper[i, j]) else reason[i, j]
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
            # Ten weeks with three cases in the last are exactly 1000 times as likely.
            tied = abs(ratio - log_k) < _TIED
            score[i, j] = 1.0 if tied else ratio / log_k
            statistic[i, j] = k if tied else math.exp(ratio)
            if compat:
                statistic[i, j] = _product(y, t, y[t], total, size)[0]
            alarm[i, j] = statistic[i, j] > k
            if value:
                upper[i, j] = statistic[i, j]
            j += 1


def outbreakp(task: Task, params: Mapping[str, Any]) -> Found:
    """Judge every place.

    Returns:
        ``expected``: the mean of all earlier periods. ``upper``: by ``ret`` the largest count that
        would not alarm, or the statistic. It is missing for the reason ``no_bound`` where even 0
        alarms, because of what came before, or where not even ``max_cases`` does. Extra:
        ``statistic``, infinite where no number holds it.
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
