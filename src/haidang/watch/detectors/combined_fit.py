"""The mean behind `combined`: a quasi-Poisson fit with a trend and harmonics, outbreaks set aside.

log E(y) = c + b u + Σ (p_k cos k w t + q_k sin k w t), w = 2π over the weeks of a year, u years
from the middle of the baseline. Iteratively reweighted least squares; then counts with an Anscombe
residual above the threshold lose weight (Noufaily et al. 2013, equation for the weights, without
leverages: there are forty weeks to a coefficient), and the fit is made once more.

Slope and harmonics are held near zero by a normal prior (a ridge), which a place with cases does
not feel and one with three cases a year needs: else it has a season and a trend of its own.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from haidang.watch.detectors.harmonic import cholesky_solve
from haidang.watch.method import Floats
from haidang.watch.special import jit

MOST_STEPS: Final = 20
TOLERANCE: Final = 1e-6
FARTHEST: Final = 2.0
"""Of one step, in log."""

SLOPE_SD: Final = 0.3
"""Prior standard deviation of the slope, in log by year: few diseases double in two years."""
HARMONIC_SD: Final = (0.7, 0.5)
"""Of the first and of every further pair; 0.7 is a peak four times as high as the trough."""


class Room(NamedTuple):
    """Made once: normal equations, coefficients, weights."""

    a: Floats
    b: Floats
    beta: Floats
    weight: Floats
    mu: Floats


class Mean(NamedTuple):
    """What `fit` found beside the coefficients.

    Attributes:
        good: Whether there is a fit.
        phi: Dispersion, at least 1.
        spread: Variance of the log mean in the judged period.
    """

    good: bool
    phi: float
    spread: float


def design(rows: int, year: float, pairs: int) -> Floats:
    """``(time, column)``: 1, room for the trend, then cosine and sine of each pair."""
    t = 2 * np.pi * np.arange(rows, dtype=np.float64) / year
    columns = [np.ones(rows), np.zeros(rows)]
    for k in range(1, pairs + 1):
        columns += [np.cos(k * t), np.sin(k * t)]
    return np.ascontiguousarray(np.stack(columns, axis=1))


def prior(pairs: int) -> Floats:
    """Inverse prior variances of the coefficients; 0 leaves one free."""
    sds = [HARMONIC_SD[min(k, len(HARMONIC_SD)) - 1] for k in range(1, pairs + 1)]
    return np.array([0.0, SLOPE_SD**-2, *(s**-2 for s in sds for _ in range(2))])


@jit
def room(rows: int, columns: int) -> Room:
    """Make room for baselines of up to ``rows`` periods."""
    return Room(
        np.empty((columns, columns)), np.empty(columns), np.empty(columns), np.empty(rows),
        np.empty(rows),
    )  # fmt: skip


@jit
def eta_at(x: Floats, row: int, u: float, beta: Floats) -> float:
    """Log mean in a row; ``u`` is its time in years."""
    eta = beta[0] + beta[1] * u
    for j in range(2, len(beta)):
        eta += x[row, j] * beta[j]
    return float(eta)


@jit
def _step(y: Floats, x: Floats, first: int, year: float, w: Room, held: Floats, phi: float) -> bool:
    """One step of the iteration; the decomposed equations stay in ``w.a``."""
    p = len(w.beta)
    n = len(w.weight)
    middle = 0.5 * n
    w.a[:] = 0.0
    w.b[:] = 0.0
    for i in range(n):
        if w.weight[i] == 0.0:
            continue
        row = first + i
        u = (i - middle) / year
        mu = math.exp(eta_at(x, row, u, w.beta))
        g = w.weight[i] * mu
        r = w.weight[i] * (y[row] - mu)
        for j in range(p):
            xj = u if j == 1 else x[row, j]
            w.b[j] += xj * r
            for k in range(j + 1):
                w.a[j, k] += g * xj * (u if k == 1 else x[row, k])
    for j in range(p):
        w.a[j, j] += phi * held[j]
        w.b[j] -= phi * held[j] * w.beta[j]
    return cholesky_solve(w.a, w.b)


@jit
def _iterate(
    y: Floats, x: Floats, first: int, year: float, w: Room, held: Floats, phi: float
) -> bool:
    largest = math.inf
    for _ in range(MOST_STEPS):
        if not _step(y, x, first, year, w, held, phi):
            return False
        largest = 0.0
        for j in range(len(w.beta)):
            if not math.isfinite(w.b[j]):
                return False
            move = min(FARTHEST, max(-FARTHEST, w.b[j]))
            w.beta[j] += move
            largest = max(largest, abs(move))
        if largest < TOLERANCE:
            return True
    return largest < 1e-3  # noqa: PLR2004 - good enough for a bound


@jit
def _dispersion(y: Floats, x: Floats, first: int, year: float, w: Room) -> float:
    """Weighted Pearson statistic over its degrees of freedom, at least 1; fills ``w.mu``."""
    total = 0.0
    seen = 0
    middle = 0.5 * len(w.weight)
    for i in range(len(w.weight)):
        if w.weight[i] == 0.0:
            continue
        w.mu[i] = math.exp(eta_at(x, first + i, (i - middle) / year, w.beta))
        total += w.weight[i] * (y[first + i] - w.mu[i]) ** 2 / w.mu[i]
        seen += 1
    return max(1.0, total / (seen - len(w.beta)))


@jit
def _set_aside(y: Floats, first: int, phi: float, threshold: float, w: Room) -> None:
    """Weights 1 / s² where the Anscombe residual s lies above the threshold; their sum stays."""
    seen = 0
    kept = 0.0
    for i in range(len(w.weight)):
        if w.weight[i] == 0.0:
            continue
        seen += 1
        m6 = w.mu[i] ** (1.0 / 6.0)
        s = 1.5 * (y[first + i] ** (2.0 / 3.0) / m6 - m6 * m6 * m6) / math.sqrt(phi)
        w.weight[i] = 1.0 / (s * s) if s > threshold else 1.0
        kept += w.weight[i]
    for i in range(len(w.weight)):
        w.weight[i] *= seen / kept


@jit
def fit(
    y: Floats, x: Floats, first: int, now: int, year: float, threshold: float, held: Floats, w: Room
) -> Mean:
    """Fit the baseline of one period.

    Args:
        y: ``(time,)`` counts, NaN where missing.
        x: `design`.
        first: First row of the baseline; it has as many as ``w`` has weights.
        now: The row that is judged.
        year: Rows of a year.
        threshold: Anscombe residual above which a count loses weight.
        held: `prior`.
        w: Room; ``beta`` is filled.
    """
    n = len(w.weight)
    seen = 0
    total = 0.0
    for i in range(n):
        missing = math.isnan(y[first + i])
        w.weight[i] = 0.0 if missing else 1.0
        if not missing:
            seen += 1
            total += y[first + i]
    w.beta[:] = 0.0
    if total == 0.0:
        # Jeffreys' prior for a rate: half a case; the next count is then negative binomial.
        w.beta[0] = math.log(0.5 / seen)
        return Mean(True, 1.0, 2.0)
    w.beta[0] = math.log(total / seen)
    if not _iterate(y, x, first, year, w, held, 1.0):
        return Mean(False, 1.0, 0.0)
    phi = _dispersion(y, x, first, year, w)
    _set_aside(y, first, phi, threshold, w)
    if not _iterate(y, x, first, year, w, held, phi):
        return Mean(False, 1.0, 0.0)
    phi = _dispersion(y, x, first, year, w)
    # x' A⁻¹ x of the judged row: solve L z = x with the decomposition that the last step left.
    u = (now - first - 0.5 * n) / year
    spread = 0.0
    for j in range(len(w.beta)):
        z = u if j == 1 else x[now, j]
        for k in range(j):
            z -= w.a[j, k] * w.b[k]
        w.b[j] = z / w.a[j, j]
        spread += w.b[j] * w.b[j]
    return Mean(True, phi, phi * spread)
