"""The loops over stored cells: serial kernels, and threads around them.

Threads of our own stand around a kernel that lets go of the interpreter lock, not ``prange``, for
the reasons of the wind's kernel. A result must not hang on how many threads there are, so the
cells are cut into blocks by their number alone, and what blocks found is added up in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeVar, cast

import numpy as np
from numba import get_num_threads, njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

# No fastmath: it would let the compiler assume that NaN, our mark of what is unknown, is not there.
_jit = cast("Callable[[F], F]", njit(cache=True, nogil=True, error_model="numpy"))
_inline = cast(
    "Callable[[F], F]", njit(cache=True, nogil=True, error_model="numpy", inline="always")
)

SEVERE, COMBINED = 0, 1
"""How several perils on one asset meet: the largest share, or one after the other."""
MOST_CELLS = 2**19
"""Cells of a block; also what bounds the arrays that a function of intensity needs."""


@_inline
def ratio_at(
    value: float, c: int, start: Ints, knots: Floats, guide_start: Ints, guide: Ints, per: Floats
) -> float:
    """A table read at an intensity: straight lines, flat beyond the ends; NaN stays NaN.

    Put into the loops whole: a call that is handed arrays takes longer than what it does.

    Args:
        value: Intensity.
        c: Number of the table.
        start: As in `haidang.risk.engine.curves.Packed`, like all that follow.
        knots: Intensity, ratio, slope.
        guide_start: Where the buckets of each table begin.
        guide: Knot of each bucket.
        per: Buckets for each unit.
    """
    first, last = start[c], start[c + 1] - 1
    if not value > knots[first, 0]:
        return value if np.isnan(value) else float(knots[first, 1])
    if value >= knots[last, 0]:
        return float(knots[last, 1])
    bucket = guide_start[c] + int((value - knots[first, 0]) * per[c])
    k = guide[min(bucket, guide_start[c + 1] - 1)]
    # The bucket was found by rounding: it may be the next one, never two away.
    while knots[k, 0] > value:
        k -= 1
    while knots[k + 1, 0] <= value:
        k += 1
    return float(knots[k, 2] * (value - knots[k, 0]) + knots[k, 1])


@_jit
def one_peril(  # noqa: C901, PLR0912 - in one piece: see `ratio_at`
    first: int,
    last: int,
    start: Ints,
    point: NDArray[np.int32],
    intensity: Floats,
    offset: int,
    weight: Floats,
    curve_start: Ints,
    knots: Floats,
    guide_start: Ints,
    guide: Ints,
    per: Floats,
    by_function: Floats,
    slot_start: Ints,
    slot_curve: Ints,
    unknown: NDArray[np.bool_],
    ledger: Floats,
    at_event: Floats,
    blind: Ints,
    reached: Ints,
    blind_slot: Floats,
) -> None:
    """Events ``first`` to ``last`` into their rows of the last arrays.

    What is random access costs most here. What is read and what is added up by slot therefore lie
    beside each other in one ledger, and the arrays that say nothing are given empty: no
    ``slot_start`` where slot and point are the same, no ``slot_curve`` where there is one curve, no
    ``unknown`` where everything is known.

    Args:
        first: First event.
        last: The one after the last event.
        start: Where the cells of each event begin.
        point: Point of each cell.
        intensity: Of the block's cells: cell ``i`` of the set is ``i - offset``.
        offset: First cell of the block.
        weight: Of each event in the mean.
        curve_start: Tables, as in `ratio_at`, like the next four.
        knots: Intensity, ratio, slope.
        guide_start: Where the buckets of each table begin.
        guide: Knot of each bucket.
        per: Buckets for each unit.
        by_function: Shares by the functions at the block's cells, (function, cell).
        slot_start: Slots of point p are slot_start[p]..slot_start[p+1]: its assets by curve.
        slot_curve: Curve of each slot.
        unknown: Whether some value is not known, (slot, category).
        ledger: Weighted sum of shares (out), then the known value by category,
            (slot, 1 + category).
        at_event: Known loss, (event, category), out.
        blind: Slots of the event whose loss is not known, (event, category), out.
        reached: Slots that the event reaches, (event,), out.
        blind_slot: Weight of the events whose share is not known, (slot,), out.
    """
    tables = curve_start.shape[0] - 1
    categories = ledger.shape[1] - 1
    same, one, full = slot_start.size == 0, slot_curve.size == 0, unknown.size == 0
    for e in range(first, last):
        count, loss = 0, 0.0
        for i in range(start[e], start[e + 1]):
            p = point[i]
            strength = intensity[i - offset]
            low, high = p, p + 1
            if not same:
                low, high = slot_start[p], slot_start[p + 1]
            count += high - low
            for s in range(low, high):
                c = 0 if one else slot_curve[s]
                if c < tables:
                    r = ratio_at(strength, c, curve_start, knots, guide_start, guide, per)
                else:
                    r = by_function[c - tables, i - offset]
                if r > 0.0:
                    ledger[s, 0] += weight[e] * r
                    if categories == 1:
                        loss += r * ledger[s, 1]
                    else:
                        for k in range(categories):
                            at_event[e, k] += r * ledger[s, k + 1]
                    if not full:
                        for k in range(categories):
                            if unknown[s, k]:
                                blind[e, k] += 1
                elif np.isnan(r):
                    blind_slot[s] += weight[e]
                    for k in range(categories):
                        if ledger[s, k + 1] > 0.0 or (not full and unknown[s, k]):
                            blind[e, k] += 1
        reached[e] = count
        if categories == 1:
            at_event[e, 0] = loss


@_inline
def meet(
    rule: int, share: Floats, stamp: Ints, mark: int, slot: int, r: float, touched: Ints, n: int
) -> int:
    """Bring one more peril's share to an asset; how many assets the event has touched by then.

    Args:
        rule: `SEVERE`: the larger of both. `COMBINED`: 1 - (1 - a)(1 - b): what the second peril
            takes, it takes of what the first has left.
        share: Share lost so far by slot, valid where the stamp is the event's mark.
        stamp: Mark of the event that last touched the slot.
        mark: Of this event.
        slot: Which asset.
        r: Share by this peril; NaN where unknown, and what an unknown share meets is unknown.
        touched: Slots of this event in the order in which they were touched.
        n: How many.
    """
    if stamp[slot] != mark:
        stamp[slot] = mark
        share[slot] = r
        touched[n] = slot
        return n + 1
    a = share[slot]
    if np.isnan(a) or np.isnan(r):
        share[slot] = np.nan
    elif rule == SEVERE:
        share[slot] = max(a, r)
    else:
        share[slot] = 1.0 - (1.0 - a) * (1.0 - r)
    return n


@_jit
def gather(
    rule: int,
    event: int,
    mark: int,
    start: Ints,
    point: NDArray[np.int32],
    intensity: Floats,
    offset: int,
    curve_start: Ints,
    knots: Floats,
    guide_start: Ints,
    guide: Ints,
    per: Floats,
    by_function: Floats,
    slot_start: Ints,
    slot_curve: Ints,
    share: Floats,
    stamp: Ints,
    touched: Ints,
    n: int,
) -> int:
    """One peril of one event into the shares of the slots that it reaches; see `meet`."""
    tables = curve_start.shape[0] - 1
    for i in range(start[event], start[event + 1]):
        p = point[i]
        for s in range(slot_start[p], slot_start[p + 1]):
            c = slot_curve[s]
            if c < tables:
                r = ratio_at(intensity[i - offset], c, curve_start, knots, guide_start, guide, per)
            else:
                r = by_function[c - tables, i - offset]
            n = meet(rule, share, stamp, mark, s, r, touched, n)
    return n


@_jit
def settle(
    event: int,
    weight: float,
    share: Floats,
    touched: Ints,
    n: int,
    unknown: NDArray[np.bool_],
    ledger: Floats,
    at_event: Floats,
    blind: Ints,
    reached: Ints,
    blind_slot: Floats,
) -> None:
    """Shares of one event, all perils together, into the sums; arguments as in `one_peril`."""
    reached[event] = n
    categories = ledger.shape[1] - 1
    full = unknown.size == 0
    for j in range(n):
        s = touched[j]
        r = share[s]
        if np.isnan(r):
            blind_slot[s] += weight
            for k in range(categories):
                if ledger[s, k + 1] > 0.0 or (not full and unknown[s, k]):
                    blind[event, k] += 1
        elif r > 0.0:
            ledger[s, 0] += weight * r
            for k in range(categories):
                at_event[event, k] += r * ledger[s, k + 1]
                if not full and unknown[s, k]:
                    blind[event, k] += 1


def blocks(start: Ints, least: int) -> list[tuple[int, int]]:
    """Events cut into runs of about as many cells.

    Args:
        start: Cells of event e are start[e]..start[e+1].
        least: Cells in a run; more where one event alone has more.

    Returns:
        (first event, last event exclusive) of each run, in order; all events are in one of them.
    """
    events = len(start) - 1
    cuts = [0]
    while cuts[-1] < events:
        wanted = start[cuts[-1]] + least
        cut = int(np.searchsorted(start, wanted, side="right")) - 1
        cuts.append(min(max(cut, cuts[-1] + 1), events))
    return list(pairwise(cuts))


def in_order(
    work: Callable[[tuple[int, int]], T], parts: list[tuple[int, int]], threads: int | None
) -> Iterator[T]:
    """What the work on each part gives, in the order of the parts.

    No more parts are under way than there are threads, and one waits: what they hold is bounded.

    Args:
        work: Lets go of the interpreter lock.
        parts: In order.
        threads: How many; None is as many as numba may use.
    """
    workers = min(get_num_threads() if threads is None else threads, len(parts))
    if workers <= 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[T]] = deque()
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
