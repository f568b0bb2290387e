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

_STEPS: Final = 120
"""Most evaluations of one search; most end after half of it."""
_CLOSE: Final = 1e-5
"""Relative size of the sum of squares over the simplex at which a search ends."""


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
    out[0, :m], out[1:, :m] = season, 0.0
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
def _ranked(value: Floats) -> tuple[int, int, int]:
    """Where the least, the largest and the second largest value stand."""
    low = high = 0
    for i in range(len(value)):
        if value[i] < value[low]:
            low = i
        if value[i] > value[high]:
            high = i
    second = low
    for i in range(len(value)):
        if i != high and value[i] > value[second]:
            second = i
    return low, high, second


@jit
def _point(at: Floats, worst: int, by: float, into: Floats) -> None:
    """The worst corner moved through the centre of the others by a factor."""
    dim = at.shape[1]
    for j in range(dim):
        centre = 0.0
        for i in range(dim + 1):
            if i != worst:
                centre += at[i, j] / dim
        into[j] = centre + by * (centre - at[worst, j])


@jit
def search(
    y: Floats, season: Floats, m: int, trend: int, theta: Floats, state: Floats, out: Floats
) -> float:
    """Nelder and Mead's simplex over the parameters that the model has; gives the least sum.

    ``theta``, ``state`` and ``out`` are those of the best point.
    """
    dim = 1 + trend + (1 if m > 0 else 0)
    at = np.full((dim + 1, dim), -2.0)
    at[:, 0] = 0.0
    value = np.empty(dim + 1)
    for i in range(dim + 1):
        if i > 0:
            at[i, i - 1] += 1.5
        value[i] = _value(at[i], y, season, m, trend, theta, state, out)
    done = dim + 1
    new, other = np.empty(dim), np.empty(dim)
    while done < _STEPS:
        low, high, second = _ranked(value)
        if value[high] - value[low] <= _CLOSE * value[low] + 1e-300:
            break
        _point(at, high, 1.0, new)
        here = _value(new, y, season, m, trend, theta, state, out)
        # Further where it went well, back or inside where it went badly.
        by = 2.0 if here < value[low] else 0.5 if here < value[high] else -0.5
        if by == 2.0 or here >= value[second]:  # noqa: PLR2004 - the factor just set
            _point(at, high, by, other)
            there = _value(other, y, season, m, trend, theta, state, out)
            done += 1
            if there < here:
                new[:], here = other, there
        done += 1
        if here < value[high]:
            at[high], value[high] = new, here
            continue
        for i in range(dim + 1):
            if i != low:
                at[i] = at[low] + 0.5 * (at[i] - at[low])
                value[i] = _value(at[i], y, season, m, trend, theta, state, out)
                done += 1
    return float(_value(at[np.argmin(value)], y, season, m, trend, theta, state, out))


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
    told = np.count_nonzero(~np.isnan(y))
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
            best[3:7], best[7] = theta, math.sqrt(sigma2)
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
