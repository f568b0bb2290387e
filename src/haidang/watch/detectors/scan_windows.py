"""The search of a scan statistic: all circles times all spans of time, as compiled kernels.

Every circle is a centre with its nearest places; every span is a column. Cases and expected cases
of a place in a span are given; the kernels add them up along the neighbours of each centre. With
c cases where e were expected, of C in all, the log likelihood ratio of the cylinder is

    c log(c / e) + (C − c) log((C − c) / (C − e))    for c > e, else 0

(Kulldorff 1997, Commun. Stat. Theory Methods 26, 1481, equation 5; Kulldorff et al. 2005, PLoS
Med. 2, e59). It grows with c and falls with e. That saves nearly all logarithms of the random
replicates: the expected cases of a cylinder are the same in all of them, so for each cylinder one
whole number says how many cases would be needed to beat the worst of the replicates' best; only
replicates that reach it are looked at. The answer is exact all the same: the bar is never too high.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haidang.watch.calendar import Ints
from haidang.watch.method import Floats
from haidang.watch.special import jit

Counts = NDArray[np.int32]
Order = NDArray[np.int32]

TIED_KM: Final = 1e-9
"""Places whose distances differ by less enter a circle together."""

FINE: Final = 0.125
"""Step of the table of bars, in expected cases."""

_CLOSE: Final = 1e-6
"""How closely a bar is set, relative; it is never set too high."""


@jit
def ratio(c: float, e: float, total: float) -> float:
    """Log likelihood ratio of one cylinder."""
    if c <= e:
        return 0.0
    if e <= 0.0:
        return math.inf
    found = c * math.log(c / e)
    if total > c:
        found += (total - c) * math.log((total - c) / (total - e))
    return found


@jit
def circles(
    near: Order, far: Floats, size: Floats, most: float, order: Order, whole: NDArray[np.bool_]
) -> int:
    """The places of the circles around one centre; gives how many.

    Args:
        near: Places by distance from the centre, itself first.
        far: Their distances, km.
        size: Share of each place in all.
        most: Largest share of a circle.
        order: Takes the places.
        whole: Takes whether a circle may end with that place: not between places that are equally
            far.
    """
    share = 0.0
    last = 0
    for k in range(len(near)):
        share += size[near[k]]
        if share > most * (1 + 1e-12):
            break
        order[k] = near[k]
        whole[k] = k + 1 == len(near) or far[k + 1] > far[k] + TIED_KM
        if whole[k]:
            last = k + 1
    return last


@jit
def best_of_each(
    order: Order, begin: Ints, whole: NDArray[np.bool_], cases: Counts, expected: Floats,
    total: float, least: int,
) -> tuple[Floats, Ints, Ints, Ints, Floats]:  # fmt: skip
    """The best cylinder around each centre.

    Args:
        order: Places of all centres' circles, one centre after the other.
        begin: Where in it each centre begins; one more for the end.
        whole: See `circles`.
        cases: ``(place, span)``.
        expected: ``(place, span)``.
        total: All cases.
        least: Fewest cases of a cylinder.

    Returns:
        By centre: ratio (0 where no cylinder has too many cases), number of places, span, cases,
        expected cases. Of equally likely ones the smallest circle and the first span.
    """
    n_centres, n_spans = len(begin) - 1, cases.shape[1]
    best = np.zeros(n_centres)
    places = np.zeros(n_centres, np.int64)
    span = np.zeros(n_centres, np.int64)
    observed = np.zeros(n_centres, np.int64)
    usual = np.zeros(n_centres)
    c = np.zeros(n_spans, np.int64)
    e = np.zeros(n_spans)
    for i in range(n_centres):
        c[:] = 0
        e[:] = 0.0
        for k in range(begin[i], begin[i + 1]):
            p = order[k]
            for w in range(n_spans):
                c[w] += cases[p, w]
                e[w] += expected[p, w]
            if not whole[k]:
                continue
            for w in range(n_spans):
                if c[w] < least or c[w] <= e[w]:
                    continue
                found = ratio(float(c[w]), e[w], total)
                if found > best[i] + 1e-12:
                    best[i] = found
                    places[i] = k + 1 - begin[i]
                    span[i] = w
                    observed[i] = c[w]
                    usual[i] = e[w]
    return best, places, span, observed, usual


@jit
def _bars(low: float, total: int, least: int, most: int, bars: NDArray[np.int32]) -> None:
    """For each number of expected cases how many cases the ratio needs to reach ``low``.

    Never too many: those that the fewest expected cases of a step of the table need. One case more
    allows at most one expected case more, so each bar is looked for beside the one before.

    Args:
        low: The ratio.
        total: All cases.
        least: Fewest cases of a cylinder.
        most: More cases than this no cylinder holds.
        bars: By expected cases in steps of `FINE`.
    """
    inner = 0.0
    step = 0
    for c in range(least, most + 1):
        outer = float(c)
        if low > 0.0:
            outer = min(outer, inner + 1.0)
            if ratio(float(c), outer, float(total)) >= low:
                outer = float(c)
            while outer - inner > _CLOSE * outer:
                middle = 0.5 * (inner + outer)
                if ratio(float(c), middle, float(total)) >= low:
                    inner = middle
                else:
                    outer = middle
        # Up to ``outer`` expected cases this number may reach it.
        while step < len(bars) and step * FINE <= outer:
            bars[step] = c
            step += 1
    bars[step:] = most + 1


@jit
def largest(  # noqa: C901, PLR0912 - one sweep, flat for the compiler
    order: Order, begin: Ints, whole: NDArray[np.bool_], cases: Counts, expected: Floats,
    total: int, least: int, best: Floats,
) -> None:  # fmt: skip
    """The largest ratio of each replicate, into ``best``.

    Args:
        order: Places of all centres' circles, one centre after the other.
        begin: Where in it each centre begins; one more for the end.
        whole: See `circles`.
        cases: ``(place, span × replicate)``: all replicates of a span side by side.
        expected: ``(place, span)``.
        total: All cases.
        least: Fewest cases of a cylinder.
        best: By replicate; 0 to begin with.
    """
    n_centres, n_spans, n = len(begin) - 1, expected.shape[1], len(best)
    c = np.zeros(n_spans * n, np.int32)
    e = np.zeros(n_spans)
    # No cylinder holds more than all places together in one span.
    for p in range(len(cases)):
        c += cases[p]
        e += expected[p]
    most = int(c.max())
    bars = np.zeros(int(e.max() / FINE) + 2, np.int32)
    low = 0.0
    _bars(low, total, least, most, bars)
    renew = 1
    for i in range(n_centres):
        if i == renew:
            # The bar rises quickly at first and hardly later: so it is renewed at 1, 4, 16 ...
            renew *= 4
            now = best.min()
            if now > low:
                low = now
                _bars(low, total, least, most, bars)
        c[:] = 0
        e[:] = 0.0
        for k in range(begin[i], begin[i + 1]):
            p = order[k]
            more = cases[p]
            for q in range(len(c)):
                c[q] += more[q]
            for w in range(n_spans):
                e[w] += expected[p, w]
            if not whole[k]:
                continue
            for w in range(n_spans):
                bar = bars[int(e[w] / FINE)]
                row = c[w * n : (w + 1) * n]
                top = np.int32(0)
                for r in range(n):
                    top = max(top, row[r])
                if top >= bar:
                    for r in range(n):
                        if row[r] >= bar:
                            found = ratio(float(row[r]), e[w], float(total))
                            best[r] = max(best[r], found)
