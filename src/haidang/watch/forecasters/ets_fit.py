"""The recursions of exponential smoothing and the search for their parameters, compiled."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from haidang.watch.calendar import Ints
from haidang.watch.method import Floats
from haidang.watch.special import jit

NONE: Final = 0
ADDITIVE: Final = 1
DAMPED: Final = 2

_STEPS: Final = 160
"""Most evaluations of one search; most end after half of it."""
_CLOSE: Final = 1e-5
"""A smaller relative gain is none."""
_FINEST: Final = 0.1
"""Step, on the scale of logits, below which nothing that matters changes."""


@jit
def _initial(
    a11: float, a12: float, a22: float, b1: float, b2: float, trend: int
) -> tuple[float, float]:
    """Level and trend that make the sum of squared errors least."""
    both = a11 * a22 - a12 * a12
    if trend == NONE or both <= 1e-12 * a11 * a22:
        return b1 / max(a11, 1e-12), 0.0
    return (a22 * b1 - a12 * b2) / both, (a11 * b2 - a12 * b1) / both


@jit
def without_season(y: Floats, trend: int, theta: Floats, state: Floats) -> float:
    """Sum of squared errors with the best initial level and trend.

    Three recursions run side by side: the counts from a state of zero, a level of one without
    counts, and a trend of one without; their errors add up to those of any initial state.

    Args:
        y: ``(time,)``, NaN where nothing was reported: there the error is not known, and the
            state goes on as foreseen.
        trend: `NONE`, `ADDITIVE` or `DAMPED`.
        theta: alpha, beta, phi, gamma.
        state: Filled with the newest level and trend.
    """
    alpha, beta, phi = theta[0], theta[1], theta[2]
    l0, l1, l2, s0, s1, s2 = 0.0, 1.0, 0.0, 0.0, 0.0, 0.0 if trend == NONE else 1.0
    a11 = a12 = a22 = b1 = b2 = total = 0.0
    for t in range(len(y)):
        l0, l1, l2, s0, s1, s2 = (
            l0 + phi * s0,
            l1 + phi * s1,
            l2 + phi * s2,
            phi * s0,
            phi * s1,
            phi * s2,
        )
        if math.isnan(y[t]):
            continue
        e0, e1, e2 = y[t] - l0, -l1, -l2
        l0, l1, l2 = l0 + alpha * e0, l1 + alpha * e1, l2 + alpha * e2
        s0, s1, s2 = s0 + beta * e0, s1 + beta * e1, s2 + beta * e2
        total += e0 * e0
        a11, a12, a22 = a11 + e1 * e1, a12 + e1 * e2, a22 + e2 * e2
        b1, b2 = b1 - e0 * e1, b2 - e0 * e2
    level, slope = _initial(a11, a12, a22, b1, b2, trend)
    state[0] = l0 + level * l1 + slope * l2
    state[1] = s0 + level * s1 + slope * s2
    return total - level * b1 - slope * b2


@jit
def with_season(
    y: Floats, season: Floats, trend: int, theta: Floats, state: Floats, out: Floats
) -> float:
    """As `without_season`, with a season of ``len(season)`` rows.

    Args:
        y: As above.
        season: What the season begins with.
        trend: As above.
        theta: As above.
        state: As above.
        out: ``(3, time + season)``, scratch; afterwards the last rows of the first are the season.
    """
    alpha, beta, phi, gamma = theta[0], theta[1], theta[2], theta[3]
    m = len(season)
    for i in range(m):
        out[0, i], out[1, i], out[2, i] = season[i], 0.0, 0.0
    l0, l1, l2, s0, s1, s2 = 0.0, 1.0, 0.0, 0.0, 0.0, 0.0 if trend == NONE else 1.0
    a11 = a12 = a22 = b1 = b2 = total = 0.0
    for t in range(len(y)):
        l0, l1, l2, s0, s1, s2 = (
            l0 + phi * s0,
            l1 + phi * s1,
            l2 + phi * s2,
            phi * s0,
            phi * s1,
            phi * s2,
        )
        e0 = e1 = e2 = 0.0
        if not math.isnan(y[t]):
            e0, e1, e2 = y[t] - l0 - out[0, t], -l1 - out[1, t], -l2 - out[2, t]
        l0, l1, l2 = l0 + alpha * e0, l1 + alpha * e1, l2 + alpha * e2
        s0, s1, s2 = s0 + beta * e0, s1 + beta * e1, s2 + beta * e2
        out[0, t + m] = out[0, t] + gamma * e0
        out[1, t + m] = out[1, t] + gamma * e1
        out[2, t + m] = out[2, t] + gamma * e2
        total += e0 * e0
        a11, a12, a22 = a11 + e1 * e1, a12 + e1 * e2, a22 + e2 * e2
        b1, b2 = b1 - e0 * e1, b2 - e0 * e2
    level, slope = _initial(a11, a12, a22, b1, b2, trend)
    state[0] = l0 + level * l1 + slope * l2
    state[1] = s0 + level * s1 + slope * s2
    for i in range(len(y), len(y) + m):
        out[0, i] += level * out[1, i] + slope * out[2, i]
    return total - level * b1 - slope * b2


@jit
def _settings(x: Floats, trend: int, m: int, theta: Floats) -> None:
    """From anywhere to the usual region: beta < alpha, gamma < 1 - alpha, 0.8 <= phi <= 0.98."""
    theta[0] = 0.0001 + 0.9998 / (1 + math.exp(-x[0]))
    theta[1], theta[2], theta[3] = 0.0, 0.0 if trend == NONE else 1.0, 0.0
    i = 1
    if trend != NONE:
        theta[1] = theta[0] / (1 + math.exp(-x[i]))
        i += 1
    if trend == DAMPED:
        theta[2] = 0.8 + 0.18 / (1 + math.exp(-x[i]))
        i += 1
    if m > 0:
        theta[3] = (1 - theta[0]) / (1 + math.exp(-x[i]))


@jit
def _value(
    x: Floats, y: Floats, season: Floats, m: int, trend: int, theta: Floats, state: Floats,
    out: Floats,
) -> float:  # fmt: skip
    _settings(x, trend, m, theta)
    if m > 0:
        return float(with_season(y, season, trend, theta, state, out))
    return float(without_season(y, trend, theta, state))


@jit
def search(
    y: Floats, season: Floats, m: int, trend: int, theta: Floats, state: Floats, out: Floats
) -> float:
    """Least sum of squares over the parameters that the model has.

    A pattern search (Hooke and Jeeves 1961): one parameter at a time up and down, further where
    it helped, half as far where nothing did. The sum stands in one line of one loop on purpose:
    the compiler copies the recursion to every place that asks for it, and takes seconds for each.

    ``theta``, ``state`` and ``out`` are those of the best point.
    """
    dim = 1 + trend + (1 if m > 0 else 0)
    best_at, at = np.empty(dim), np.empty(dim)
    for i in range(dim):
        best_at[i] = at[i] = -2.0 if i > 0 else 0.0
    best, step, way, moved, left = np.inf, 1.6, 0, False, _STEPS
    while True:
        value = _value(at, y, season, m, trend, theta, state, out)
        left -= 1
        if left < 0:
            return value
        if value < best - _CLOSE * abs(best if best < np.inf else value):
            moved = True
        elif way < 2 * dim - 1:
            way += 1
        else:
            way, step = 0, step if moved else step / 2
            moved = False
        for i in range(dim):
            if value < best:
                best_at[i] = at[i]
            else:
                at[i] = best_at[i]
        best = min(best, value)
        if step < _FINEST or left == 0:
            left = 0  # once more at the best point, for its state
        else:
            at[way // 2] += step if way % 2 == 0 else -step


@jit
def _ahead(
    n: int, m: int, theta: Floats, state: Floats, out: Floats, sigma2: float, mean: Floats,
    spread: Floats,
) -> None:  # fmt: skip
    """Means and standard deviations of the periods ahead (Hyndman et al. 2008, table 6.1)."""
    level, slope, wide, lasting = state[0], state[1], 1.0, 0.0
    for h in range(len(mean)):
        slope *= theta[2]
        level += slope
        mean[h] = level + (out[0, n + h % m] if m > 0 else 0.0)
        spread[h] = math.sqrt(sigma2 * wide)
        lasting = theta[2] * (lasting + 1.0)
        c = theta[0] + theta[1] * lasting + (theta[3] if m > 0 and (h + 1) % m == 0 else 0.0)
        wide += c * c


@jit
def _try(
    y: Floats, season: Floats, m: int, pairs: int, jacobian: float, trends: Ints, best: Floats,
    mean: Floats, spread: Floats,
) -> None:  # fmt: skip
    """Fit the models to one series on one scale; keep the best so far by the criterion."""
    told = 0
    for t in range(len(y)):
        told += 0 if math.isnan(y[t]) else 1
    theta, state = np.empty(4), np.empty(2)
    out = np.empty((3, len(y) + max(m, 1)))
    for trend in trends:
        k = 3 + trend + (1 if trend != NONE else 0) + (1 + pairs if m > 0 else 0)
        if told <= k + 1:
            continue
        squares = max(search(y, season, m, trend, theta, state, out), 1e-12 * told)
        value = told * math.log(squares / told) - 2 * jacobian + 2.0 * k * told / (told - k - 1)
        if value < best[0]:
            sigma2 = squares / max(told - (k - 1), 1)
            best[0], best[1], best[2] = value, trend, 1.0 if m > 0 else 0.0
            for i in range(4):
                best[3 + i] = theta[i]
            best[7] = math.sqrt(sigma2)
            _ahead(len(y), m, theta, state, out, sigma2, mean, spread)


@jit
def fit_all(
    y: Floats, season: Floats, has: Ints, pairs: int, jacobian: Floats, trends: Ints,
    best: Floats, mean: Floats, spread: Floats, better: Ints,
) -> None:  # fmt: skip
    """Try models for every series and keep what is better than before.

    Args:
        y: ``(place, time)`` on the scale.
        season: ``(place, rows of a year)``.
        has: By place 0 without a season, 1 with one.
        pairs: Numbers that the season was begun with, for the criterion.
        jacobian: Sum of log derivatives of the scale, so that scales can be compared.
        trends: Which kinds to try.
        best: ``(place, 8)``: criterion, trend, season?, alpha, beta, phi, gamma, sigma.
        mean: ``(place, horizon)``.
        spread: ``(place, horizon)``.
        better: Filled with 1 where a model was better than before, else 0.
    """
    m = season.shape[1]
    for i in range(len(y)):
        before = best[i, 0]
        _try(
            y[i],
            season[i],
            m if has[i] else 0,
            pairs,
            jacobian[i],
            trends,
            best[i],
            mean[i],
            spread[i],
        )
        better[i] = 1 if best[i, 0] < before else 0
