"""The quasi-Poisson fit behind Farrington's detectors, without a general solver.

The model is log E(y) = log(population) + a(season) + b · time. Every week belongs to exactly one
season, so the weighted normal equations are an arrow: a diagonal of seasons and one row for the
trend. Eliminating the seasons leaves one number to divide by. And where weeks follow one another
the trend is a geometric sequence: one multiplication instead of an exponential. One step of the
iteration is therefore three sums over the baseline.

The steps are those of iteratively reweighted least squares from mu = y + 0.1, stopped where the
deviance changes by less than 1e-8 of itself, at most 25 of them: the same numbers as a general
program, to rounding.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from haidang.watch.calendar import Ints
from haidang.watch.method import Floats
from haidang.watch.special import jit

MOST_STEPS: Final = 25
TOLERANCE: Final = 1e-8
START: Final = 0.1
_TABLE: Final = 4096
_ROUNDING: Final = 1e-15


def tables() -> Floats:
    """For whole y below 4096: y log y, log(y + 0.1), y^(2/3); small counts are the usual ones."""
    y = np.arange(_TABLE, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ylogy = np.where(y > 0, y * np.log(y), 0.0)
    return np.stack([ylogy, np.log(y + START), np.cbrt(y) ** 2])


@jit
def ylogy(y: float, table: Floats) -> float:
    """``y log y``, 0 at 0; here and below ``y`` is whole, as the detectors hold."""
    if y < _TABLE:
        return float(table[0, int(y)])
    return y * math.log(y)


@jit
def _log_start(y: float, table: Floats) -> float:
    if y < _TABLE:
        return float(table[1, int(y)])
    return math.log(y + START)


@jit
def two_thirds(y: float, table: Floats) -> float:
    """``y`` to the power of two thirds."""
    if y < _TABLE:
        return float(table[2, int(y)])
    return float(y ** (2.0 / 3.0))


class Work(NamedTuple):
    """Room for one place, made once: the baseline of the week in hand, and its fit.

    Attributes:
        y: Counts; the first n of the week in hand count, as in the next five.
        u: Time, rows from the middle of the baseline.
        people: Population, 1 if there is none.
        weight: Prior weights.
        mu: Fitted means.
        working: Working weights of the last step.
        run: ``(run, 4)``: first place in ``y``, place after the last, season, whether a gap lies
            before; the counts of a run follow one another week by week.
        a: Coefficient of each season.
        a_before: The one before the last step.
        d: Working weight of each season, 0 where it has no count.
        c: Weighted time of each season.
        b: Right-hand sides, then steps.
        known: Weighted count of each season.
        d_next: ``d`` of the next step.
        c_next: ``c`` of the next step.
        level: Factor of each season in the mean.
        level_before: The one before the last step.
    """

    y: Floats
    u: Floats
    people: Floats
    weight: Floats
    mu: Floats
    working: Floats
    run: Ints
    a: Floats
    a_before: Floats
    d: Floats
    c: Floats
    b: Floats
    known: Floats
    d_next: Floats
    c_next: Floats
    level: Floats
    level_before: Floats


class Size(NamedTuple):
    """Of the week in hand.

    Attributes:
        n: Counts in the baseline.
        runs: Runs of them.
        seasons: Seasons of the model, also those without a count.
        seen: Seasons that have one.
        offset: Whether there is a population.
    """

    n: int
    runs: int
    seasons: int
    seen: int
    offset: bool


class Fit(NamedTuple):
    """What `fit` found beside what it left in `Work`.

    Attributes:
        good: Whether it converged.
        beta: The trend, in log by row; 0 without one.
        left: Inverse variance of the trend in units of the dispersion; 0 without one.
    """

    good: bool
    beta: float
    left: float


@jit
def room(size: int, seasons: int) -> Work:
    """Make room for baselines of up to ``size`` counts."""
    return Work(
        np.empty(size), np.empty(size), np.empty(size), np.empty(size), np.empty(size),
        np.empty(size), np.empty((size, 4), np.int64), np.empty(seasons), np.empty(seasons),
        np.empty(seasons), np.empty(seasons), np.empty(seasons), np.empty(seasons),
        np.empty(seasons), np.empty(seasons), np.empty(seasons), np.empty(seasons),
    )  # fmt: skip


@jit
def gather(
    y: Floats, population: Floats, times: Floats, runs: Ints, row: int, seasons: int, w: Work
) -> Size:
    """Collect what was reported of the baseline.

    Args:
        y: ``(time,)`` counts, NaN where missing.
        population: ``(time,)`` at risk; empty if there is none.
        times: ``(time,)`` time of each row; empty where it is its number.
        runs: ``(run, 3)``: first row, row after the last, season.
        row: The row that is judged.
        seasons: Number of seasons.
        w: Filled: ``y, u, people, run``.
    """
    n = 0
    m = 0
    offset = len(population) > 0
    uneven = len(times) > 0
    middle = 0.5 * (runs[0, 0] + row)
    if uneven:
        middle = 0.5 * (times[runs[0, 0]] + times[row])
    w.known[:] = 0.0
    for r in range(len(runs)):
        begin = n
        for i in range(runs[r, 0], runs[r, 1]):
            if math.isnan(y[i]) or (offset and not population[i] > 0.0):
                if n > begin:
                    w.run[m, 0], w.run[m, 1], w.run[m, 2] = begin, n, runs[r, 2]
                    m += 1
                begin = n
                continue
            w.y[n] = y[i]
            w.u[n] = (times[i] if uneven else i) - middle
            w.people[n] = population[i] if offset else 1.0
            n += 1
            if uneven:  # each on its own: within a run time goes on by one
                w.run[m, 0], w.run[m, 1], w.run[m, 2] = begin, n, runs[r, 2]
                m += 1
                begin = n
        if n > begin:
            w.run[m, 0], w.run[m, 1], w.run[m, 2] = begin, n, runs[r, 2]
            m += 1
    for r in range(m):
        begin = w.run[r, 0]
        w.run[r, 3] = 1 if r == 0 or w.u[begin] != w.u[begin - 1] + 1.0 else 0
        w.known[w.run[r, 2]] = 1.0
    return Size(n, m, seasons, int(np.sum(w.known)), offset)


@jit
def _solve(seasons: int, trend: bool, w: Work, e: float, f: float, a: Floats) -> Fit:
    """Solve the arrow of normal equations; a season without weight is left out.

    Args:
        seasons: Number of seasons.
        trend: Whether there is a trend.
        w: Its ``d``, ``c`` and ``b`` are the diagonal, the row of the trend, the right-hand side.
        e: Weighted squared time.
        f: Right-hand side of the trend.
        a: Filled with the coefficients of the seasons.

    Returns:
        Not good where the trend cannot be told from the seasons.
    """
    beta = 0.0
    left = 0.0
    if trend:
        left = e
        top = f
        for s in range(seasons):
            if w.d[s] > 0.0:
                left -= w.c[s] * w.c[s] / w.d[s]
                top -= w.c[s] * w.b[s] / w.d[s]
        if not left > 1e-12 * e:
            return Fit(False, 0.0, 0.0)
        beta = top / left
    for s in range(seasons):
        a[s] = (w.b[s] - w.c[s] * beta) / w.d[s] if w.d[s] > 0.0 else 0.0
    return Fit(True, beta, left)


@jit
def fit(size: Size, trend: bool, table: Floats, w: Work) -> Fit:  # noqa: C901, PLR0912, PLR0915 - one iteration, flat for the compiler
    """Fit the model; see the module.

    Args:
        size: As `gather` gives it.
        trend: Whether to fit a trend.
        table: `tables`.
        w: Reads ``y, u, people, run, weight``; fills ``a, d, c, mu, working``.
    """
    w.d[:] = 0.0
    w.c[:] = 0.0
    w.b[:] = 0.0
    w.known[:] = 0.0
    e = f = 0.0
    constant = sum_t = total = deviance = 0.0
    for r in range(size.runs):
        s = w.run[r, 2]
        d = c = b = k = 0.0  # numbers of their own: sums in an array would wait for memory
        for i in range(w.run[r, 0], w.run[r, 1]):
            y, u, g = w.y[i], w.u[i], w.weight[i]
            log_p = math.log(w.people[i]) if size.offset else 0.0
            log_start = _log_start(y, table)
            start = g * (y + START)
            z = start * (log_start - log_p) - g * START
            d += start
            c += start * u
            e += start * u * u
            b += z
            f += z * u
            k += g * y
            sum_t += g * y * u
            whole = ylogy(y, table)
            constant += g * (whole - y * log_p)
            deviance += g * (whole - y * log_start + START)
        w.d[s] += d
        w.c[s] += c
        w.b[s] += b
        w.known[s] += k
        total += k
    deviance *= 2.0
    step = _solve(size.seasons, trend, w, e, f, w.a)
    if not step.good:
        return step
    beta, left = step.beta, step.left
    beta_before = 0.0
    first = True
    converged = False
    for _ in range(MOST_STEPS):
        explained = beta * sum_t
        for s in range(size.seasons):
            explained += w.a[s] * w.known[s]
            w.level[s] = math.exp(w.a[s])
        w.d_next[:] = 0.0
        w.c_next[:] = 0.0
        fitted = e = f = 0.0
        g = math.exp(beta)
        m = 0.0
        for r in range(size.runs):
            s = w.run[r, 2]
            if w.run[r, 3] == 1:
                m = math.exp(beta * w.u[w.run[r, 0]])
            s0 = s1 = s2 = 0.0
            for i in range(w.run[r, 0], w.run[r, 1]):
                wm = w.weight[i] * m
                if size.offset:
                    wm *= w.people[i]
                u = w.u[i]
                s0 += wm
                s1 += wm * u
                s2 += wm * u * u
                m *= g
            s0 *= w.level[s]
            s1 *= w.level[s]
            s2 *= w.level[s]
            w.d_next[s] += s0
            w.c_next[s] += s1
            fitted += s0
            f += s1
            e += s2
        now = 2.0 * (constant - explained - total + fitted)
        change = abs(now - deviance)
        deviance = now
        if not math.isfinite(now):
            break
        # Beside the usual rule: at 10^9 cases rounding alone moves the deviance more than 1e-8.
        if change < TOLERANCE * (abs(now) + 0.1) or change <= 4 * _ROUNDING * abs(constant):
            converged = True
            break
        for s in range(size.seasons):
            w.a_before[s] = w.a[s]
            if w.d[s] > 0.0:
                w.d[s] = w.d_next[s]
                w.c[s] = w.c_next[s]
                w.b[s] = w.known[s] - w.d_next[s]
        beta_before = beta
        first = False
        step = _solve(size.seasons, trend, w, e, sum_t - f, w.b)
        if not step.good:
            return step
        for s in range(size.seasons):
            w.a[s] += w.b[s]
        beta += step.beta
        left = step.left
    g = math.exp(beta)
    g_before = math.exp(beta_before)
    m = before = 0.0
    for s in range(size.seasons):
        w.level[s] = math.exp(w.a[s])
        w.level_before[s] = 0.0 if first else math.exp(w.a_before[s])
    for r in range(size.runs):
        s = w.run[r, 2]
        if w.run[r, 3] == 1:
            u = w.u[w.run[r, 0]]
            m = math.exp(beta * u)
            before = math.exp(beta_before * u)
        for i in range(w.run[r, 0], w.run[r, 1]):
            w.mu[i] = w.level[s] * m * w.people[i]
            last = w.y[i] + START if first else w.level_before[s] * before * w.people[i]
            w.working[i] = w.weight[i] * last
            m *= g
            before *= g_before
    return Fit(converged, beta, left)


@jit
def dispersion(n: int, weight: Floats, w: Work) -> float:
    """Sum of weight · ((y − mu) / mu)²; over the degrees of freedom it is the dispersion."""
    total = 0.0
    for i in range(n):
        r = (w.y[i] - w.mu[i]) / w.mu[i]
        total += weight[i] * r * r
    return total


@jit
def reweight(size: Size, found: Fit, phi: float, threshold: float, table: Floats, w: Work) -> None:
    """Weights that take past outbreaks out of the baseline, by standardised Anscombe residuals.

    A count that alone makes up its season has leverage 1 and no residual; it keeps full weight.
    """
    kept = 0.0
    g = math.exp(found.beta / 6.0)
    slope = 1.0 / found.left if found.left > 0.0 else 0.0
    time = 0.0
    for s in range(size.seasons):
        w.level[s] = math.exp(w.a[s] / 6.0)
    for r in range(size.runs):
        s = w.run[r, 2]
        if w.run[r, 3] == 1:
            time = math.exp(found.beta * w.u[w.run[r, 0]] / 6.0)
        inverse = 1.0 / w.d[s]
        centre = w.c[s] * inverse
        for i in range(w.run[r, 0], w.run[r, 1]):
            m6 = w.level[s] * time
            if size.offset:
                m6 *= w.people[i] ** (1.0 / 6.0)
            u = w.u[i] - centre
            rest = phi * (1.0 - w.working[i] * (inverse + u * u * slope))
            residual = 1.5 * (two_thirds(w.y[i], table) / m6 - m6 * m6 * m6)
            weight = 1.0
            if (
                residual > 0.0
                and rest > 1e-10 * phi
                and residual * residual > threshold * threshold * rest
            ):
                weight = rest / (residual * residual)
            w.weight[i] = weight
            kept += weight
            time *= g
    share = size.n / kept
    for i in range(size.n):
        w.weight[i] *= share
