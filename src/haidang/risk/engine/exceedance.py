"""How much is exceeded how often: return periods of a list of events, and of every point.

Definition. Events in order of what they do, the worst first (equal ones in the order of the set);
the frequency at which the i-th is reached or exceeded is the sum of the frequencies of the first i,
and its return period is one over that. Between two events the curve is a straight line over the
return period; ``step`` takes instead what is certainly reached (the lower of the two). **There is
no extrapolation**: a return period longer than that of the worst event, or shorter than that of
all events together, is not known (NaN): the set says nothing about it.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.risk.engine.events import EventSet
from haidang.risk.engine.kernel import _jit, in_order

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Between = Literal["linear", "step"]
BETWEEN: tuple[Between, ...] = ("linear", "step")
_CELLS = 2**22
"""Cells that are turned from events to points together."""


def curve(done: Floats, frequency: Floats) -> tuple[Floats, Floats]:
    """The knots of the curve: what is done by each event, and its return period.

    Args:
        done: By event, (event,).
        frequency: A year, (event,). An event that never comes is left out.

    Returns:
        Return periods in years, rising, and what is reached at each.
    """
    comes = frequency > 0
    done, frequency = done[comes], frequency[comes]
    order = np.argsort(-done, kind="stable")
    years = 1.0 / np.cumsum(frequency[order])
    return years[::-1].copy(), done[order][::-1].copy()


def at_return_periods(
    done: Floats, frequency: Floats, years: ArrayLike, between: Between = "linear"
) -> Floats:
    """What is reached or exceeded on average once in so many years; see the module.

    Args:
        done: By event, (event,).
        frequency: A year, (event,).
        years: Return periods.
        between: ``linear`` or ``step``.

    Returns:
        Same shape as ``years``; NaN outside the range of the set, and everywhere if something is
        unknown.

    Raises:
        BadData: A return period that is not above 0, or another word for ``between``.

    >>> f = np.array([0.01, 0.01, 0.02])
    >>> at_return_periods(np.array([100.0, 50.0, 10.0]), f, [20, 25, 75, 100, 101]).tolist()
    [nan, 10.0, 75.0, 100.0, nan]
    """
    wanted = asked(years, between)
    knots, reached = curve(done, frequency)
    if not len(knots) or np.isnan(reached).any():
        return np.full(wanted.shape, np.nan)
    # The period of all events together comes out of a sum; the last digit must not push it out.
    inside = (wanted >= knots[0] * (1 - 1e-12)) & (wanted <= knots[-1] * (1 + 1e-12))
    if between == "step":
        at = np.searchsorted(knots, wanted * (1 + 1e-12), side="right") - 1
        return np.where(inside, reached[np.maximum(at, 0)], np.nan)
    return np.where(inside, np.interp(wanted, knots, reached), np.nan)


def asked(years: ArrayLike, between: str) -> Floats:
    """Return periods that were asked for, checked.

    Raises:
        BadData: As `at_return_periods`.
    """
    wanted = np.asarray(years, np.float64)
    bad = ~((wanted > 0) & np.isfinite(wanted))
    if bad.any():
        params = {"value": float(wanted[bad].ravel()[0])}
        raise BadData(Problem("impact.return_period", params, field="years"))
    if between not in BETWEEN:
        told = {"given": between, "known": ", ".join(BETWEEN)}
        raise BadData(Problem("impact.between", told, field="between"))
    return wanted


def by_point(
    events: EventSet,
    years: ArrayLike,
    between: Between = "linear",
    threads: int | None = None,
) -> Floats:
    """Of every point: what is exceeded once in so many years.

    An event that does not reach a point does 0 there and counts with its frequency. Points are
    taken some at a time: neither a table of events by points nor a turned copy of the whole set is
    ever held.

    Args:
        events: Intensities, or losses from `haidang.risk.engine.losses`.
        years: Return periods, (year,).
        between: See the module.
        threads: How many.

    Returns:
        (year, point); NaN outside the range, and where something at the point is unknown.

    Raises:
        BadData: The set has no frequencies; or as `at_return_periods`.
    """
    wanted = np.atleast_1d(asked(years, between))
    if events.frequency is None:
        raise BadData(Problem("impact.no_frequency", {}, field="frequency"))
    frequency = events.frequency
    found = np.full((len(wanted), events.points), np.nan)
    if not len(events):
        return found
    parts = _points(events)

    def work(part: tuple[int, int]) -> None:
        start, event, value = turned(events, *part)
        _points_at(
            start, event, value, frequency, wanted, between == "step",
            found[:, part[0] : part[1]],
        )  # fmt: skip

    for _ in in_order(work, parts, threads):
        pass
    return found


def _points(events: EventSet) -> list[tuple[int, int]]:
    """Points cut into runs that hold about `_CELLS` cells."""
    parts = max(1, -(-events.cells // _CELLS), min(8, events.points))
    held = np.zeros(events.points + 1, np.int64)
    np.cumsum(np.bincount(events.point, minlength=events.points), out=held[1:])
    cuts = np.searchsorted(held, np.linspace(0, events.cells, parts + 1)[1:-1])
    edges = np.unique([0, *cuts.tolist(), events.points])
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def turned(events: EventSet, first: int, last: int) -> tuple[Ints, NDArray[np.int32], Floats]:
    """The cells of some points, point after point: start, event and value."""
    count = np.zeros(last - first + 1, np.int64)
    lows = np.empty(len(events), np.int64)
    highs = np.empty(len(events), np.int64)
    _window(events.start, events.point, first, last, lows, highs, count)
    start = np.cumsum(count)
    event = np.empty(int(start[-1]), np.int32)
    value = np.empty(int(start[-1]))
    _turn(events.point, events.intensity, first, lows, highs, start[:-1].copy(), event, value)
    return start, event, value


@_jit
def _window(
    start: Ints,
    point: NDArray[np.int32],
    first: int,
    last: int,
    lows: Ints,
    highs: Ints,
    count: Ints,
) -> None:
    """Where the points lie in each event, by halving, and how many cells each point has."""
    for e in range(len(lows)):
        part = point[start[e] : start[e + 1]]
        lows[e] = start[e] + np.searchsorted(part, first)
        highs[e] = start[e] + np.searchsorted(part, last)
        for i in range(lows[e], highs[e]):
            count[point[i] - first + 1] += 1


@_jit
def _turn(
    point: NDArray[np.int32],
    intensity: Floats,
    first: int,
    lows: Ints,
    highs: Ints,
    place: Ints,
    event: NDArray[np.int32],
    value: Floats,
) -> None:
    for e in range(len(lows)):
        for i in range(lows[e], highs[e]):
            at = place[point[i] - first]
            event[at] = e
            value[at] = intensity[i]
            place[point[i] - first] += 1


@_jit
def _points_at(  # noqa: C901, PLR0912
    start: Ints,
    event: NDArray[np.int32],
    value: Floats,
    frequency: Floats,
    wanted: Floats,
    step: bool,
    found: Floats,
) -> None:
    """Columns of ``found``, one a point: the same as `at_return_periods` over all events."""
    whole = 0.0
    for e in range(len(frequency)):
        whole += frequency[e]
    for p in range(len(start) - 1):
        a, b = start[p], start[p + 1]
        blind = False
        for i in range(a, b):
            blind = blind or np.isnan(value[i])
        if blind or not whole > 0.0:
            continue
        # First event, in their order, that comes and does nothing here: the first knot at 0.
        calm, i = 0.0, a
        for e in range(len(frequency)):
            here = i < b and event[i] == e
            nothing = not here or value[i] == 0.0
            if here:
                i += 1
            if nothing and frequency[e] > 0.0:
                calm = frequency[e]
                break
        order = np.argsort(-value[a:b], kind="mergesort")
        years = np.empty(b - a + 2)
        reached = np.empty(b - a + 2)
        n, total = 0, 0.0
        for j in order:
            f = frequency[event[a + j]]
            if value[a + j] > 0.0 and f > 0.0:
                total += f
                years[n], reached[n] = 1.0 / total, value[a + j]
                n += 1
        if calm > 0.0:
            years[n], reached[n] = 1.0 / (total + calm), 0.0
            n += 1
            if whole > total + calm:
                years[n], reached[n] = 1.0 / whole, 0.0
                n += 1
        for y in range(len(wanted)):
            t = wanted[y]
            if t > years[0] * (1 + 1e-12) or t < years[n - 1] * (1 - 1e-12):
                continue
            k = 0
            while k < n - 1 and years[k] > t * (1 + 1e-12):
                k += 1
            if k == 0 or step or years[k] >= t:
                found[y, p] = reached[k]
            else:
                part = (t - years[k]) / (years[k - 1] - years[k])
                found[y, p] = reached[k] + part * (reached[k - 1] - reached[k])
