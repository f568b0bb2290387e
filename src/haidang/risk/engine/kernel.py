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
Names = NDArray[np.uint32]
Begins = NDArray[np.uint64]
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
"""Cells of a block, or more where there are many slots: what bounds the arrays that a function of
intensity needs."""
CELLS_A_SLOT = 8


@_inline
def ratio_at(value: float, c: int, head: Floats, knots: Floats, guide: Names) -> float:
    """A table read at an intensity: straight lines, flat beyond the ends; NaN stays NaN.

    The two loops that matter for speed have these lines written out: even put in by the compiler,
    a function that is handed arrays takes longer than what it does.

    Args:
        value: Intensity.
        c: Number of the table.
        head: As in `haidang.risk.engine.curves.Packed`, like the next two.
        knots: Intensity, ratio, slope.
        guide: Knot of each bucket.
    """
    if value <= head[c, 0]:
        return float(head[c, 1])
    if value >= head[c, 2]:
        return float(head[c, 3])
    if np.isnan(value):
        return value
    k = guide[np.uint32(head[c, 5]) + np.uint32((value - head[c, 0]) * head[c, 4])]
    # The bucket was found by rounding: its knot may be too high, or some too low.
    while knots[k, 0] > value:
        k -= np.uint32(1)
    while knots[k + np.uint32(1), 0] <= value:
        k += np.uint32(1)
    return float(knots[k, 2] * (value - knots[k, 0]) + knots[k, 1])


@_jit
def plain(
    start: Begins,
    point: Names,
    intensity: Floats,
    weight: Floats,
    head: Floats,
    knots: Floats,
    guide: Names,
    ledger: Floats,
    at_event: Floats,
    blind: Ints,
    reached: Ints,
    blind_slot: Floats,
) -> None:
    """As `one_peril` where each point is one asset, with one table, one category and all known.

    The same sums in half the time: most of what the other asks of each cell has one answer here.
    """
    x0, y0, x1, y1, per = head[0, 0], head[0, 1], head[0, 2], head[0, 3], head[0, 4]
    for e in range(weight.size):
        lost, often = 0.0, weight[e]
        for i in range(start[e], start[e + 1]):
            v, p = intensity[i], point[i]
            if v <= x0:
                r = y0
            elif v >= x1:
                r = y1
            elif v > x0:
                k = guide[np.uint32((v - x0) * per)]
                while knots[k, 0] > v:
                    k -= np.uint32(1)
                while knots[k + np.uint32(1), 0] <= v:
                    k += np.uint32(1)
                r = knots[k, 2] * (v - knots[k, 0]) + knots[k, 1]
            else:
                blind_slot[p] += often
                blind[e, 0] += ledger[p, 1] > 0.0
                continue
            lost += r * ledger[p, 1]
            ledger[p, 0] += often * r
        at_event[e, 0] = lost
        reached[e] = start[e + 1] - start[e]


@_jit
def one_peril(  # noqa: C901, PLR0912 - in one piece: see `ratio_at`
    start: Begins,
    point: Names,
    intensity: Floats,
    weight: Floats,
    head: Floats,
    knots: Floats,
    guide: Names,
    by_function: Floats,
    slot_start: Names,
    slot_curve: Names,
    unknown: NDArray[np.bool_],
    ledger: Floats,
    at_event: Floats,
    blind: Ints,
    reached: Ints,
    blind_slot: Floats,
) -> None:
    """A block of events into its rows of the last arrays.

    Random access costs most here. What is read and what is added up by slot therefore lie beside
    each other in one ledger; and indices are unsigned, for each signed one is first asked whether
    it counts from the end.

    Args:
        start: Cells of the block's event e are start[e]..start[e+1].
        point: Of each cell of the block.
        intensity: Likewise.
        weight: Of each event in the mean.
        head: Tables, as in `ratio_at`, like the next two.
        knots: Intensity, ratio, slope.
        guide: Knot of each bucket.
        by_function: Shares by the functions at the block's cells, (function, cell).
        slot_start: Slots of point p are slot_start[p]..slot_start[p+1]: its assets by curve.
        slot_curve: Curve of each slot.
        unknown: Whether some value is not known, (slot, category); empty if all are.
        ledger: Weighted sum of shares (out), then the known value by category,
            (slot, 1 + category).
        at_event: Known loss, (event, category), out.
        blind: Slots of the event whose loss is not known, (event, category), out.
        reached: Slots that the event reaches, (event,), out.
        blind_slot: Weight of the events whose share is not known, (slot,), out.
    """
    tables = head.shape[0]
    categories = ledger.shape[1] - 1
    full = unknown.size == 0
    for e in range(weight.size):
        count, often = 0, weight[e]
        for i in range(start[e], start[e + 1]):
            v, p = intensity[i], point[i]
            # Not a range: to set one up for the one slot that most points have takes longer.
            s, end = slot_start[p], slot_start[p + np.uint32(1)]
            while s < end:
                c = slot_curve[s]
                count += 1
                if c >= tables:
                    r = by_function[c - tables, i]
                elif v <= head[c, 0]:
                    r = head[c, 1]
                elif v >= head[c, 2]:
                    r = head[c, 3]
                elif v > head[c, 0]:
                    n = guide[np.uint32(head[c, 5]) + np.uint32((v - head[c, 0]) * head[c, 4])]
                    while knots[n, 0] > v:
                        n -= np.uint32(1)
                    while knots[n + np.uint32(1), 0] <= v:
                        n += np.uint32(1)
                    r = knots[n, 2] * (v - knots[n, 0]) + knots[n, 1]
                else:
                    r = np.nan
                if r > 0.0:
                    ledger[s, 0] += often * r
                    for k in range(categories):
                        at_event[e, k] += r * ledger[s, k + 1]
                    if not full:
                        for k in range(categories):
                            blind[e, k] += unknown[s, k]
                elif np.isnan(r):
                    blind_slot[s] += often
                    for k in range(categories):
                        if ledger[s, k + 1] > 0.0 or (not full and unknown[s, k]):
                            blind[e, k] += 1
                s += np.uint32(1)
        reached[e] = count


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
    mark: int,
    first: int,
    last: int,
    point: Names,
    intensity: Floats,
    head: Floats,
    knots: Floats,
    guide: Names,
    by_function: Floats,
    slot_start: Names,
    slot_curve: Names,
    share: Floats,
    stamp: Ints,
    touched: Ints,
    n: int,
) -> int:
    """Cells ``first`` to ``last``, one event of one peril, into the shares by slot; see `meet`."""
    tables = head.shape[0]
    for i in range(first, last):
        p = point[i]
        s, end = slot_start[p], slot_start[p + np.uint32(1)]
        while s < end:
            c = slot_curve[s]
            if c < tables:
                r = ratio_at(intensity[i], c, head, knots, guide)
            else:
                r = by_function[c - tables, i]
            n = meet(rule, share, stamp, mark, s, r, touched, n)
            s += np.uint32(1)
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


def blocks(start: Ints, slots: int) -> list[tuple[int, int]]:
    """Events cut into runs of about as many cells.

    By the numbers of cells and slots alone: with the threads the result would change in its last
    digits. Each run has a ledger by slot of its own to write and to add up, so that it should have
    several times as many cells.

    Args:
        start: Cells of event e are start[e]..start[e+1].
        slots: How many.

    Returns:
        (first event, last event exclusive) of each run, in order; all events are in one of them.
    """
    cells, events = int(start[-1]), len(start) - 1
    runs = max(1, min(-(-cells // MOST_CELLS), cells // (CELLS_A_SLOT * max(slots, 1))))
    cuts = np.searchsorted(start, np.linspace(0, cells, runs + 1)[1:-1])
    return list(pairwise(np.unique([0, *cuts.tolist(), events]).tolist()))


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
