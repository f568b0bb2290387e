"""Likelihood-ratio charts for a mean with trend and season that jumps by a factor.

Höhle & Paul (2008), "Count data regression charts for the monitoring of surveillance time series",
Comput. Stat. Data Anal. 52, 4357-4368. In control the mean is mu(t), fitted to the periods before
the chart; out of control it is mu(t) e^κ. The statistic is the largest log likelihood ratio over
all times at which the jump may have come, with κ known (``theta``) or its likeliest value that
does not point the other way. Alarm where it reaches ``c_arl``; the chart then begins anew.

With ``change="epi"`` the counts of the period before bring more instead: the mean out of control is
mu(t) + λ y(t − 1), λ > 0 at its likeliest value (their section 2.2).

* `POISSON`: Poisson counts.
* `NEGBIN`: variance mu + alpha mu²; ``alpha`` None estimates it together with the mean.

A period that was not reported says nothing about κ and is passed over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.base.problem import Problem
from haidang.watch.calendar import Calendar, Ints
from haidang.watch.detectors import chart, cusum, harmonic
from haidang.watch.method import Codes, Floats, Found, Method, Param, Reason, Task, empty
from haidang.watch.special import jit

_MISSING: Final = int(Reason.MISSING)
_HISTORY: Final = int(Reason.HISTORY)
_NO_FIT: Final = int(Reason.NO_FIT)

MOST_STEPS: Final = 60
_FARTHEST: Final = 50
LOWEST: Final = -30.0
"""A jump down to nothing: e^−30."""


@jit
def _gain(y: float, mu: float, alpha: float, kappa: float) -> float:
    """Log likelihood ratio of one count for a jump by e^κ."""
    if alpha == 0.0:
        return y * kappa - mu * (math.exp(kappa) - 1.0)
    grown = math.log((1.0 + alpha * mu * math.exp(kappa)) / (1.0 + alpha * mu))
    return y * kappa - (y + 1.0 / alpha) * grown


@jit
def _likeliest(y: Floats, mu: Floats, n: int, alpha: float, up: bool, start: float) -> float:
    """The likeliest κ of ``n`` counts in the direction asked for, else 0."""
    cases = 0.0
    usual = 0.0
    slope = 0.0
    for i in range(n):
        cases += y[i]
        usual += mu[i]
        slope += (y[i] - mu[i]) / (1.0 + alpha * mu[i])
    if (slope <= 0.0) if up else (slope >= 0.0):
        return 0.0
    if cases == 0.0:
        return LOWEST
    if alpha == 0.0:
        return math.log(cases / usual)
    kappa = start
    for _ in range(MOST_STEPS):
        slope = 0.0
        bend = 0.0
        for i in range(n):
            grown = mu[i] * math.exp(kappa)
            share = 1.0 + alpha * grown
            slope += (y[i] - grown) / share
            bend -= grown * (1.0 + alpha * y[i]) / (share * share)
        step = min(2.0, max(-2.0, -slope / bend))
        kappa += step
        if abs(step) < harmonic.TOLERANCE:
            break
    return kappa


@jit
def _statistic(
    y: Floats, mu: Floats, n: int, alpha: float, up: bool, least: int, most: int, compat: bool
) -> float:
    """The largest ratio over all windows that end with the newest of ``n`` counts.

    ``compat``: the reference's Poisson chart cannot judge a window without a case where it looks
    for fewer.
    """
    best = 0.0
    kappa = 0.0
    longest = n if most < 0 else min(n, most)
    if compat and alpha == 0.0 and most < 0:
        # Without a longest window the reference's Poisson chart waits for so many periods, and then
        # looks at every window.
        longest = n if n >= least else 0
        least = 1
    for length in range(least, longest + 1):
        begin = n - length
        kappa = _likeliest(y[begin:n], mu[begin:n], length, alpha, up, kappa)
        if kappa == 0.0 or (compat and kappa == LOWEST and alpha == 0.0):
            continue
        ratio = 0.0
        for i in range(begin, n):
            ratio += _gain(y[i], mu[i], alpha, kappa)
        best = max(best, ratio)
    return best


@jit
def _slope(y: Floats, mu: Floats, before: Floats, n: int, alpha: float, rate: float) -> float:
    """How the log likelihood of ``n`` counts grows with λ."""
    slope = 0.0
    for i in range(n):
        m = mu[i] + rate * before[i]
        slope += before[i] * (y[i] - m) / (m * (1.0 + alpha * m))
    return slope


@jit
def likeliest_rate(y: Floats, mu: Floats, before: Floats, n: int, alpha: float) -> float:
    """The likeliest λ of ``n`` counts, 0 where none above 0 is likelier.

    Where the slope turns from up to down; halved until nothing lies between, for Newton's steps
    may leap where counts are small.
    """
    if not _slope(y, mu, before, n, alpha, 0.0) > 0.0:
        return 0.0
    low = 0.0
    high = 1.0
    while _slope(y, mu, before, n, alpha, high) > 0.0:
        low = high
        high *= 2.0
    for _ in range(MOST_STEPS):
        middle = 0.5 * (low + high)
        if high - low <= harmonic.TOLERANCE * high:
            break
        if _slope(y, mu, before, n, alpha, middle) > 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@jit
def _statistic_epi(
    y: Floats, mu: Floats, before: Floats, n: int, alpha: float, least: int, most: int
) -> float:
    """As `_statistic`, for counts that bring more counts."""
    best = 0.0
    longest = n if most < 0 else min(n, most)
    for length in range(least, longest + 1):
        begin = n - length
        rate = likeliest_rate(y[begin:n], mu[begin:n], before[begin:n], length, alpha)
        if rate == 0.0:
            continue
        ratio = 0.0
        for i in range(begin, n):
            if before[i] > 0.0:
                ratio += _gain(y[i], mu[i], alpha, math.log1p(rate * before[i] / mu[i]))
        best = max(best, ratio)
    return best


@jit
def _cases_for(
    c: float, y: Floats, mu: Floats, n: int, alpha: float, least: int, most: int, compat: bool
) -> float:
    """The fewest cases in the newest of ``n`` periods with which the statistic reaches ``c``."""
    seen = y[n - 1]
    low = -1.0
    high = max(1.0, math.ceil(mu[n - 1]))
    found = math.nan
    for _ in range(_FARTHEST):
        y[n - 1] = high
        if _statistic(y, mu, n, alpha, True, least, most, compat) >= c:
            found = high
            break
        low = high
        high *= 2.0
    if not math.isnan(found):
        while high - low > 1.0:
            middle = math.floor(0.5 * (low + high))
            y[n - 1] = middle
            if _statistic(y, mu, n, alpha, True, least, most, compat) >= c:
                high = middle
            else:
                low = middle
        found = high
    y[n - 1] = seen
    return found


@jit
def _bound(c: float, before: float, mu: float, alpha: float, theta: float) -> float:
    """The count at which the chart with a known jump reaches ``c``."""
    if alpha == 0.0:
        return (c - before + mu * (math.exp(theta) - 1.0)) / theta
    grown = math.log((1.0 + alpha * mu * math.exp(theta)) / (1.0 + alpha * mu))
    return (c - before + grown / alpha) / (theta - grown)


@jit
def _place(  # noqa: C901 - one sweep, flat for the compiler
    y: Floats, x: Floats, at: Ints, begin: int, why: int, beta: Floats, alpha: float, c: float,
    theta: float, up: bool, least: int, most: int, value: bool, epi: bool, compat: bool,
    room: Floats, mus: Floats, before: Floats, expected: Floats, upper: Floats, score: Floats,
    alarm: NDArray[np.bool_], reason: Codes,
    statistic: Floats,
) -> None:  # fmt: skip
    known = not math.isnan(theta)
    if compat and not epi and most > 0:
        # Where the reference is told the longest window it takes one more period than it says; its
        # Poisson chart also for the shortest.
        least += alpha == 0.0
        most += 1
    n = 0
    total = 0.0
    j = 0
    for t in range(min(begin, at[0]), at[-1] + 1):
        judged = at[j] == t
        if t < begin or why in (_HISTORY, _NO_FIT) or math.isnan(y[t]):
            if judged:
                lacking = _HISTORY if t < begin else why
                reason[j] = _MISSING if math.isnan(y[t]) else lacking
                j += 1
            continue
        mu = harmonic.mean_at(x, t, beta)
        if judged and known and not value:
            upper[j] = _bound(c, total, mu, alpha, theta)
        room[n] = y[t]
        mus[n] = mu
        # Where the period before is not known it brings nothing; the reference never knows the one
        # before its first.
        unknown = t == 0 or (compat and t == begin) or math.isnan(y[t - 1])
        before[n] = 0.0 if unknown else y[t - 1]
        n += 1
        if judged and not known and not value:
            upper[j] = _cases_for(c, room, mus, n, alpha, least, most, compat)
        if known:
            total = max(0.0, total + _gain(y[t], mu, alpha, theta))
        elif epi:
            total = _statistic_epi(room, mus, before, n, alpha, least, most)
        else:
            total = _statistic(room, mus, n, alpha, up, least, most, compat)
        over = total >= c
        if judged:
            expected[j] = mu
            statistic[j] = total
            score[j] = total / c
            alarm[j] = over
            reason[j] = why
            if value:
                upper[j] = total
            j += 1
        if over:
            n = 0
            total = 0.0


@jit
def _places(
    counts: Floats, x: Floats, at: Ints, begin: int, years: int, negbin: bool, given: float,
    c: float, theta: float, up: bool, least: int, most: int, value: bool, epi: bool, compat: bool,
    expected: Floats, upper: Floats, score: Floats, alarm: NDArray[np.bool_], reason: Codes,
    statistic: Floats, dispersion: Floats,
) -> None:  # fmt: skip
    beta = np.zeros(x.shape[1])
    room = np.empty(counts.shape[1])
    mus = np.empty(counts.shape[1])
    before = np.empty(counts.shape[1])
    for i in range(len(counts)):
        y = counts[i]
        alpha = 0.0
        why = _HISTORY if begin < years else cusum.usual(y, x, begin, False, beta)
        if why == 0:
            beta[:] = 0.0
            if not negbin:
                fine = harmonic.fit_mean(y, x, begin, 0.0, beta)
            elif math.isnan(given):
                alpha = harmonic.fit_both(y, x, begin, beta)
                fine = not math.isnan(alpha)
            else:
                alpha = given
                fine = harmonic.fit_mean(y, x, begin, alpha, beta)
            if not fine:
                why = _NO_FIT
        dispersion[i, :] = alpha if why != _HISTORY else math.nan
        _place(
            y, x, at, begin, why, beta, alpha, c, theta, up, least, most, value, epi, compat,
            room, mus, before, expected[i], upper[i], score[i], alarm[i], reason[i], statistic[i],
        )  # fmt: skip


def glr(task: Task, params: Mapping[str, Any], *, negbin: bool) -> Found:
    """Judge every place.

    Returns:
        ``expected``: the mean in control. ``upper``: by ``ret`` the statistic, or the count at
        which it reaches ``c_arl``. ``score`` is the statistic over ``c_arl``: an alarm is at 1 and
        above. Extra: ``statistic``; ``alpha``, the dispersion of the mean in control.
    """
    found = empty(task, "statistic", "alpha")
    x = harmonic.design(
        task.calendar.rows, task.calendar.per_year, int(params["harmonics"]),
        trend=bool(params["trend"]),
    )  # fmt: skip
    theta, alpha = params["theta"], params.get("alpha")
    _places(
        task.counts, x, task.at, chart.begin(task, params), task.calendar.per_year, negbin,
        math.nan if alpha is None else float(alpha), float(params["c_arl"]),
        math.nan if theta is None else float(theta), params["dir"] == "inc",
        int(params["m_tilde"]), int(params["m"]), params["ret"] == "value",
        params["change"] == "epi", params["compat"] == "surveillance", found.expected,
        found.upper, found.score, found.alarm, found.reason, found.extra["statistic"],
        found.extra["alpha"],
    )  # fmt: skip
    return found


def _rule(params: Mapping[str, Any], _: Calendar) -> tuple[Problem, ...]:
    """What is looked for must be of one kind, and point where it is looked for."""
    theta = params["theta"]
    if params["change"] == "epi" and (
        theta is not None or params["dir"] == "dec" or params["ret"] == "cases"
    ):
        return (Problem("watch.param_epi", field="change"),)
    if theta is not None and ((theta <= 0) if params["dir"] == "inc" else (theta >= 0)):
        return (Problem("watch.param_theta_direction", {"value": theta}, field="theta"),)
    if params["dir"] == "dec" and params["ret"] == "cases":
        return (Problem("watch.param_cases_increase", field="ret"),)
    return ()


def _params(*more: Param) -> tuple[Param, ...]:
    return (
        Param("c_arl", 5.0, "c.ARL", low=0.0, open_low=True),
        Param("harmonics", 1, "mu0$S", low=0, high=20),
        Param("trend", True, "mu0$trend"),
        Param("theta", None, "theta", low=-20.0, high=20.0, optional=True, real=True),
        Param("change", "intercept", "change", choices=("intercept", "epi")),
        Param("dir", "inc", "dir", choices=("inc", "dec")),
        Param("m_tilde", 1, "Mtilde", low=1, high=10_000),
        Param("m", -1, "M", low=-1, high=10_000),
        Param("ret", "value", "ret", choices=("value", "cases")),
        Param("compat", "", choices=("", "surveillance")),
        chart.BASELINE,
        *more,
    )


POISSON: Final = Method(
    "glr_poisson", partial(glr, negbin=False), _params(),
    "Höhle & Paul 2008, Comput. Stat. Data Anal. 52, 4357", verified=True, r_name="glrpois",
    rule=_rule,
)  # fmt: skip
NEGBIN: Final = Method(
    "glr_negbin", partial(glr, negbin=True),
    _params(Param("alpha", None, "alpha", low=0.0, high=1e6, optional=True, real=True)),
    "Höhle & Paul 2008, Comput. Stat. Data Anal. 52, 4357", verified=True, r_name="glrnb",
    rule=_rule,
)  # fmt: skip
