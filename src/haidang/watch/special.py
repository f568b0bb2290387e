"""Distributions for compiled detectors: normal, Student, Poisson, negative binomial.

The tails keep their relative accuracy however small they are: alarms of thousands of series are
ranked by them. The densities are those of Loader (2000), "Fast and accurate computation of
binomial probabilities", which do not lose digits at large counts; the incomplete beta and gamma
functions are continued fractions after Lentz, and the power series where that converges faster.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

# No fastmath: it would let the compiler assume that NaN, our mark of a missing count, is not there.
jit = cast("Callable[[F], F]", njit(cache=True, nogil=True, error_model="numpy"))

_TINY: Final = 1e-300
_EPS: Final = 1e-15
_MOST_STEPS: Final = 200_000
_HALF_LOG_2PI: Final = 0.9189385332046727
_FARTHEST_Z: Final = 38.5
_BLOWN_UP: Final = 1e8
"""Means from here on, if not more skewed than the next: the normal quantile, corrected for skewness
(Cornish & Fisher 1938), is off by less than a thousandth of the standard deviation."""
_SKEWED: Final = 0.1
_FUZZ: Final = 1 - 64 * np.finfo(np.float64).eps
"""A quantile forgives the last digits of a distribution function, else 0.95 may miss 0.95."""


@jit
def normal_tail(x: float) -> float:
    """P(Z > x) of a standard normal Z.

    >>> round(normal_tail(1.959963984540054), 12)
    0.025
    """
    return 0.5 * math.erfc(x / math.sqrt(2.0))


@jit
def normal_from_tail(p: float) -> float:
    """The z with P(Z > z) = p; ±38.5 where p is 0 or 1, beyond which no number is told from 0.

    A rational approximation (Abramowitz & Stegun 1964, 26.2.23), then Newton's steps.

    >>> round(normal_from_tail(0.025), 12)
    1.95996398454
    """
    q = min(p, 1.0 - p)
    if q <= 0.0:
        return _FARTHEST_Z if p <= 0.0 else -_FARTHEST_Z
    t = math.sqrt(-2.0 * math.log(q))
    top = 2.515517 + t * (0.802853 + t * 0.010328)
    z = t - top / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in range(4):
        density = math.exp(-0.5 * z * z - _HALF_LOG_2PI)
        if density <= 0.0:
            break
        step = (normal_tail(z) - q) / density
        z += step
        if abs(step) < 1e-14 * (1.0 + abs(z)):
            break
    z = min(_FARTHEST_Z, z)
    return z if p <= 0.5 else -z  # noqa: PLR2004 - the middle


@jit
def _stirling_error(n: float) -> float:
    """What log Γ(n + 1) is beyond Stirling's formula."""
    if n <= 15.0:  # noqa: PLR2004 - below, the series has not converged
        return math.lgamma(n + 1.0) - (n + 0.5) * math.log(n) + n - _HALF_LOG_2PI
    n2 = n * n
    inner = 1 / 1260 - (1 / 1680 - 1 / (1188 * n2)) / n2
    return (1 / 12 - (1 / 360 - inner / n2) / n2) / n


@jit
def _deviance(x: float, mean: float) -> float:
    """Loader's x log(x / mean) + mean − x, by a series where the two are close."""
    d = x - mean
    if abs(d) >= 0.1 * (x + mean):
        return x * math.log(x / mean) - d
    v = d / (x + mean)
    total = d * v
    term = 2.0 * x * v
    v2 = v * v
    for j in range(1, 1000):
        term *= v2
        more = total + term / (2 * j + 1)
        if more == total:
            break
        total = more
    return total


@jit
def _poisson_density(x: float, mean: float) -> float:
    if x == 0.0:
        return math.exp(-mean)
    return math.exp(-_stirling_error(x) - _deviance(x, mean)) / math.sqrt(2 * math.pi * x)


@jit
def _beta_front(a: float, b: float, x: float, y: float) -> float:
    """x^a y^b / (a B(a, b)) with y = 1 − x."""
    n = a + b
    log_density = (
        _stirling_error(n)
        - _stirling_error(a)
        - _stirling_error(b)
        - _deviance(a, n * x)
        - _deviance(b, n * y)
    )
    return math.exp(log_density) * math.sqrt(n / (2 * math.pi * a * b)) * b / n


@jit
def _beta_fraction(a: float, b: float, x: float) -> float:
    c = 1.0
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    h = d
    for m in range(1, _MOST_STEPS):
        m2 = 2.0 * m
        up = m * (b - m) * x / ((a + m2 - 1.0) * (a + m2))
        d = 1.0 + up * d
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = 1.0 + up / c
        c = c if abs(c) > _TINY else _TINY
        h *= d * c
        down = -(a + m) * (a + b + m) * x / ((a + m2) * (a + m2 + 1.0))
        d = 1.0 + down * d
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = 1.0 + down / c
        c = c if abs(c) > _TINY else _TINY
        step = d * c
        h *= step
        if abs(step - 1.0) < _EPS:
            break
    return h


@jit
def beta_share(a: float, b: float, x: float, y: float) -> float:
    """The regularised incomplete beta function I_x(a, b); ``y`` is 1 − x, given for its digits.

    >>> round(beta_share(2.0, 3.0, 0.25, 0.75), 12)
    0.26171875
    """
    if x <= 0.0:
        return 0.0
    if y <= 0.0:
        return 1.0
    if x < (a + 1.0) / (a + b + 2.0):
        return _beta_front(a, b, x, y) * _beta_fraction(a, b, x)
    return 1.0 - _beta_front(b, a, y, x) * _beta_fraction(b, a, y)


@jit
def student_p(t: float, df: float) -> float:
    """Two-sided p-value of a t statistic.

    >>> round(student_p(2.0, 10.0), 12)
    0.073388034771
    """
    if math.isinf(t):
        return 0.0
    n = df + t * t
    return beta_share(0.5 * df, 0.5, df / n, t * t / n)


@jit
def poisson_tail(x: float, mean: float) -> float:
    """P(X ≥ x) of a Poisson X, x a whole number.

    >>> round(poisson_tail(3.0, 1.0), 12)
    0.080301397071
    """
    if x <= 0.0:
        return 1.0
    if mean <= 0.0:
        return 0.0
    front = _poisson_density(x, mean)
    if mean < x + 1.0:
        total = 1.0
        term = 1.0
        a = x
        for _ in range(_MOST_STEPS):
            a += 1.0
            term *= mean / a
            total += term
            if term < total * _EPS:
                break
        return front * total
    b = mean + 1.0 - x
    c = 1.0 / _TINY
    d = 1.0 / b
    h = d
    for i in range(1, _MOST_STEPS):
        an = -i * (i - x)
        b += 2.0
        d = an * d + b
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = b + an / c
        c = c if abs(c) > _TINY else _TINY
        step = d * c
        h *= step
        if abs(step - 1.0) < _EPS:
            break
    return 1.0 - front * x * h


@jit
def count_tail(x: float, mean: float, ratio: float) -> float:
    """P(X ≥ x) of a count with this mean and variance = ratio · mean; Poisson at ratio 1.

    >>> round(count_tail(3.0, 2.0, 2.0), 12)
    0.3125
    """
    if x <= 0.0:
        return 1.0
    if ratio <= 1.0:
        return poisson_tail(x, mean)
    if mean <= 0.0:
        return 0.0
    return beta_share(x, mean / (ratio - 1.0), (ratio - 1.0) / ratio, 1.0 / ratio)


@jit
def count_density(x: float, mean: float, ratio: float) -> float:
    """P(X = x) of a count as in `count_tail`.

    >>> round(count_density(3.0, 2.0, 2.0), 12)
    0.125
    """
    if x < 0.0:
        return 0.0
    if mean <= 0.0:
        return 1.0 if x == 0.0 else 0.0
    if ratio <= 1.0:
        return _poisson_density(x, mean)
    size = mean / (ratio - 1.0)
    if x == 0.0:
        return math.exp(-size * math.log(ratio))
    return _beta_front(x, size, (ratio - 1.0) / ratio, 1.0 / ratio)


@jit
def count_mid(x: float, mean: float, ratio: float) -> float:
    """The mid-p value P(X > x) + P(X = x) / 2 of a count as in `count_tail`.

    Lancaster (1961), "Significance tests in discrete distributions", J. Am. Stat. Assoc. 56,
    223-234: over the counts of the model its mean is 1/2, which that of P(X ≥ x) is not.

    >>> round(count_mid(3.0, 2.0, 2.0), 12)
    0.25
    """
    return count_tail(x, mean, ratio) - 0.5 * count_density(x, mean, ratio)


@jit
def count_quantile(z: float, level: float, mean: float, ratio: float) -> float:  # noqa: C901, PLR0912 - a search
    """The smallest x with P(X ≤ x) ≥ level, of a count as in `count_tail`.

    Args:
        z: Normal quantile of ``level``; where the search begins.
        level: Between 0 and 1.
        mean: Of the count.
        ratio: Variance over mean, at least 1.

    >>> count_quantile(1.6448536269514722, 0.95, 2.0, 1.0)
    5.0
    """
    if mean <= 0.0:
        return 0.0
    aim = level * _FUZZ
    if mean < 60.0:  # noqa: PLR2004 - up to here adding up is faster than searching
        size = mean / (ratio - 1.0) if ratio > 1.0 else 0.0
        share = (ratio - 1.0) / ratio
        density = math.exp(-size * math.log(ratio)) if ratio > 1.0 else math.exp(-mean)
        if density > 0.0:
            total = density
            x = 0.0
            while total < aim and x < 1e6:  # noqa: PLR2004 - beyond, the search is faster
                density *= (x + size) * share / (x + 1.0) if ratio > 1.0 else mean / (x + 1.0)
                x += 1.0
                total += density
            # Adding up loses some digits: at the very edge the tail function decides.
            if abs(total - aim) > 1e-11 and abs(total - density - aim) > 1e-11:  # noqa: PLR2004
                return x
    sd = math.sqrt(mean * ratio)
    skew = (2.0 * ratio - 1.0) / sd
    near = mean + sd * (z + skew * (z * z - 1.0) / 6.0)
    # A mean that an unknown slope has blown up (exp of a wide interval): a search in so large
    # numbers takes seconds, beyond 2^53 for ever, and one count more or less is nothing there.
    if not mean < _BLOWN_UP and not skew > _SKEWED:
        return float(np.floor(near))
    x = max(0.0, float(np.floor(near)))
    step = max(1.0, math.floor(sd * 0.01))
    if 1.0 - count_tail(x + 1.0, mean, ratio) >= aim:
        high = x
        low = x - step
        while low >= 0.0 and 1.0 - count_tail(low + 1.0, mean, ratio) >= aim:
            high = low
            step *= 2.0
            low -= step
        low = max(low, -1.0)
    else:
        low = x
        high = x + step
        while 1.0 - count_tail(high + 1.0, mean, ratio) < aim:
            low = high
            step *= 2.0
            high += step
    while high - low > 1.0:
        middle = math.floor(0.5 * (low + high))
        if middle <= low or middle >= high:  # neighbours as floats
            return high
        if 1.0 - count_tail(middle + 1.0, mean, ratio) >= aim:
            high = middle
        else:
            low = middle
    return high
