"""A mean with trend and harmonics, fitted once to the periods before a chart begins.

Poisson or negative binomial log-linear regression: log E(y) = c + b t + Σ (s_k sin k w t +
c_k cos k w t), w = 2π over the rows of a year. Few columns, one fit for each series: dense normal
equations and a Cholesky decomposition are all that is needed.

The dispersion of the negative binomial (variance mu + alpha mu²) is its maximum-likelihood value,
found together with the mean by turns, as MASS's ``glm.nb`` does.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from haidang.watch.method import Floats
from haidang.watch.special import jit

MOST_STEPS: Final = 50
MOST_TURNS: Final = 100
TOLERANCE: Final = 1e-12
POISSON: Final = 0.0
"""A dispersion of 0 is the Poisson distribution."""
_STEEP: Final = 1e10
_FARTHEST: Final = 2.0
"""Of one step, in log size."""


def design(rows: int, per_year: int, harmonics: int, *, trend: bool) -> Floats:
    """``(time, column)`` for all rows of a table; time in years, to keep the columns alike."""
    t = np.arange(rows, dtype=np.float64) / per_year
    columns = [np.ones(rows), *([t] if trend else [])]
    for k in range(1, harmonics + 1):
        columns += [np.sin(2 * np.pi * k * t), np.cos(2 * np.pi * k * t)]
    return np.ascontiguousarray(np.stack(columns, axis=1))


@jit
def cholesky_solve(a: Floats, b: Floats) -> bool:
    """Solve a x = b in place for a symmetric positive ``a``; False where it is not."""
    p = len(b)
    for i in range(p):
        for j in range(i + 1):
            total = a[i, j]
            for k in range(j):
                total -= a[i, k] * a[j, k]
            if i == j:
                if not total > 1e-14 * a[i, i]:
                    return False
                a[i, i] = math.sqrt(total)
            else:
                a[i, j] = total / a[j, j]
    for i in range(p):
        for k in range(i):
            b[i] -= a[i, k] * b[k]
        b[i] /= a[i, i]
    for i in range(p - 1, -1, -1):
        for k in range(i + 1, p):
            b[i] -= a[k, i] * b[k]
        b[i] /= a[i, i]
    return True


@jit
def mean_at(x: Floats, row: int, beta: Floats) -> float:
    """The mean in one row."""
    eta = 0.0
    for j in range(len(beta)):
        eta += x[row, j] * beta[j]
    return math.exp(eta)


@jit
def fit_mean(  # noqa: C901 - one iteration, flat for the compiler
    y: Floats, x: Floats, rows: int, alpha: float, beta: Floats
) -> bool:
    """Fit the mean to the first ``rows`` rows; NaN counts are left out.

    Args:
        y: Counts.
        x: `design`.
        rows: How many rows.
        alpha: Dispersion, 0 for Poisson.
        beta: Coefficients to begin from, replaced; all 0 begins from the counts.

    Returns:
        Whether it converged.
    """
    p = x.shape[1]
    a = np.empty((p, p))
    b = np.empty(p)
    cold = True
    for j in range(p):
        cold = cold and beta[j] == 0.0
    for step in range(MOST_STEPS):
        a[:] = 0.0
        b[:] = 0.0
        for i in range(rows):
            if math.isnan(y[i]):
                continue
            if cold and step == 0:
                mu = y[i] + 0.1
                w = mu / (1.0 + alpha * mu)
                r = w * math.log(mu) + (y[i] - mu) / (1.0 + alpha * mu)
            else:
                mu = mean_at(x, i, beta)
                w = mu / (1.0 + alpha * mu)
                r = (y[i] - mu) / (1.0 + alpha * mu)
            for j in range(p):
                b[j] += x[i, j] * r
                for k in range(j + 1):
                    a[j, k] += w * x[i, j] * x[i, k]
        if not cholesky_solve(a, b):
            return False
        largest = 0.0
        for j in range(p):
            if not math.isfinite(b[j]):
                return False
            largest = max(largest, abs(b[j]))
            beta[j] = b[j] if cold and step == 0 else beta[j] + b[j]
        if step > 0 and largest < TOLERANCE:
            return True
    return largest < 1e-8  # noqa: PLR2004 - rounding may keep the last digits moving


@jit
def _digamma(x: float) -> float:
    found = 0.0
    while x < 10.0:  # noqa: PLR2004 - from here on the series holds
        found -= 1.0 / x
        x += 1.0
    i = 1.0 / (x * x)
    series = i * (1 / 12 - i * (1 / 120 - i * (1 / 252 - i * (1 / 240 - i * (1 / 132)))))
    return found + math.log(x) - 0.5 / x - series


@jit
def _trigamma(x: float) -> float:
    found = 0.0
    while x < 10.0:  # noqa: PLR2004
        found += 1.0 / (x * x)
        x += 1.0
    i = 1.0 / (x * x)
    return found + (1.0 + 0.5 / x + i * (1 / 6 - i * (1 / 30 - i * (1 / 42 - i / 30)))) / x


@jit
def fit_size(y: Floats, x: Floats, rows: int, beta: Floats, size: float) -> float:
    """The likeliest size 1 / alpha given the mean, by Newton's steps from ``size`` on."""
    for _ in range(MOST_STEPS):
        slope = 0.0
        bend = 0.0
        d_size = _digamma(size)
        t_size = _trigamma(size)
        for i in range(rows):
            if math.isnan(y[i]):
                continue
            mu = mean_at(x, i, beta)
            slope += (
                _digamma(size + y[i]) - d_size + math.log(size / (size + mu)) + 1.0
                - (y[i] + size) / (mu + size)
            )  # fmt: skip
            bend += (
                _trigamma(size + y[i]) - t_size + 1.0 / size - 2.0 / (mu + size)
                + (y[i] + size) / ((mu + size) * (mu + size))
            )  # fmt: skip
        # In log size the curve bends the right way more often, and the size stays above 0.
        step = slope * size / (-(bend * size * size + slope * size))
        if not math.isfinite(step) or step < -_FARTHEST or bend * size + slope >= 0.0:
            step = 1.0 if slope > 0.0 else -1.0
        step = min(step, _FARTHEST)
        size *= math.exp(step)
        if size > _STEEP:
            return math.inf
        if abs(step) < TOLERANCE:
            break
    return size


@jit
def fit_both(y: Floats, x: Floats, rows: int, beta: Floats) -> float:
    """Mean and dispersion together; gives alpha, NaN if the mean could not be fitted.

    Where counts vary less than Poisson ones the likeliest alpha is 0.
    """
    if not fit_mean(y, x, rows, POISSON, beta):
        return math.nan
    n = 0
    excess = 0.0
    for i in range(rows):
        if not math.isnan(y[i]):
            mu = mean_at(x, i, beta)
            n += 1
            excess += (y[i] / mu - 1.0) ** 2
    size = n / excess if excess > 0.0 else 1.0
    for _ in range(MOST_TURNS):
        before = size
        size = fit_size(y, x, rows, beta, size)
        if math.isinf(size):
            return POISSON if fit_mean(y, x, rows, POISSON, beta) else math.nan
        if not fit_mean(y, x, rows, 1.0 / size, beta):
            return math.nan
        if abs(size - before) < 1e-11 * size:
            break
    return 1.0 / size
