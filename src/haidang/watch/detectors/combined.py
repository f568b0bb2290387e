"""A calibrated combination: the newest count and the last weeks together, weighed by a regression.

An outbreak lasts for some weeks, and a bound for the newest week alone forgets what it saw in the
week before. Here six pieces of evidence about one mean (`combined_fit`) are weighed:

* ``now``, ``two``, ``three``: the normal score of the mid-p value of the cases of the newest week,
  of the last two, of the last three together. A sum of negative binomial counts with one ratio of
  variance to mean is again one; the uncertainty of the mean adds to its variance.
* ``onset``, ``second``, ``third``: the log likelihood ratio of an outbreak which began in this
  week, one week, two weeks ago. Its cases are spread as `haidang.watch.simulate.delays` tells and
  amount to 2, 4 or 8 standard deviations, each as likely as the others.

The likelihood ratio over a few windows is the window-limited scheme of Lai (1995), "Sequential
changepoint detection in quality control and dynamical systems", J. R. Stat. Soc. B 57, 613-658;
the predictive distribution and the setting aside of past outbreaks are Noufaily et al. (2013).

The weights come from a logistic regression on simulated series, of which ``docs/reference/
scenarios.md`` tells everything: which methods were offered, which got a weight, what was gained.
They lie in ``combined.json``. The score's distribution without an outbreak was simulated too: it
gives the p-value. The method alarms where that is at most what the flexible Farrington's
false-positive rate is at this ``alpha``.

Weights and calibration are of weekly counts, so only weeks are taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haidang.base.problem import Problem
from haidang.watch import simulate
from haidang.watch.calendar import Calendar, Ints
from haidang.watch.combine import FEATURES, learned, log_probability
from haidang.watch.detectors import combined_fit as core
from haidang.watch.detectors.windows import enough_cases
from haidang.watch.method import Codes, Floats, Found, Method, Param, Reason, Task, empty
from haidang.watch.special import count_mid, jit, normal_from_tail

PAIRS: Final = 2
"""Pairs of harmonics."""
MEMORY: Final = 3
"""Weeks that are weighed."""
SIZES: Final = np.array([2.0, 4.0, 8.0])
"""Cases of an outbreak, in standard deviations of a week."""
WEEKS_IN_A_YEAR: Final = 365.2425 / 7

_DELAYS: Final = simulate.delays()[:MEMORY]
_LOWEST_Z: Final = -3.0
_LOWEST_RATIO: Final = -5.0
_LARGEST_COUNT: Final = 2.0**50
_POISSON: Final = 1.0 + 1e-6

_MISSING: Final = int(Reason.MISSING)
_HISTORY: Final = int(Reason.HISTORY)
_NO_FIT: Final = int(Reason.NO_FIT)
_FEW_CASES: Final = int(Reason.FEW_CASES)
_ALL_ZERO: Final = int(Reason.ALL_ZERO)


@jit
def log_ratio(y: float, usual: float, more: float, ratio: float) -> float:
    """Log likelihood ratio of one count for the mean ``more`` against ``usual``.

    Negative binomial with the same ratio of variance to mean under both, Poisson at 1.
    """
    if ratio <= _POISSON:
        return y * math.log(more / usual) - (more - usual)
    size = usual / (ratio - 1.0)
    larger = more / (ratio - 1.0)
    rise = math.lgamma(y + larger) - math.lgamma(larger) - math.lgamma(y + size) + math.lgamma(size)
    return rise - (larger - size) * math.log(ratio)


@jit
def began(weeks: int, y: Floats, mu: Floats, phi: float, spread: float) -> float:
    """Log likelihood ratio of an outbreak that began so many weeks ago, over its sizes.

    Args:
        weeks: 0 is this week.
        y: ``(memory,)`` counts, the newest first, NaN where missing.
        mu: Their means.
        phi: Dispersion.
        spread: Variance of the log mean.
    """
    best = -math.inf
    total = 0.0
    for size in SIZES:
        ratio = 0.0
        for i in range(weeks + 1):
            if not math.isnan(y[i]):
                more = mu[i] + size * math.sqrt(phi * mu[i]) * _DELAYS[weeks - i]
                ratio += log_ratio(y[i], mu[i], more, phi + mu[i] * spread)
        if ratio > best:
            total = total * math.exp(best - ratio) + 1.0
            best = ratio
        else:
            total += math.exp(ratio - best)
    return best + math.log(total / len(SIZES))


@jit
def evidence(y: Floats, mu: Floats, phi: float, spread: float, out: Floats) -> None:
    """The features, into ``out``; arguments as for `began`."""
    cases = 0.0
    mean = 0.0
    for i in range(MEMORY):
        if not math.isnan(y[i]):
            cases += y[i]
            mean += mu[i]
        z = normal_from_tail(count_mid(cases, mean, phi + mean * spread))
        out[i] = max(_LOWEST_Z, z)
        out[MEMORY + i] = max(_LOWEST_RATIO, began(i, y, mu, phi, spread))


class Options(NamedTuple):
    """The parameters as the kernel takes them."""

    rows: int
    exclude: int
    year: float
    threshold: float
    least: int
    span: int
    log_level: float
    weights: Floats
    score: Floats
    log_p: Floats


@jit
def _score(y: Floats, mu: Floats, phi: float, spread: float, o: Options, out: Floats) -> float:
    evidence(y, mu, phi, spread, out)
    total = 0.0
    for j in range(len(out)):
        total += o.weights[j] * out[j]
    return total


@jit
def _alarms(
    count: float, y: Floats, mu: Floats, phi: float, spread: float, o: Options, out: Floats
) -> bool:
    y[0] = count
    s = _score(y, mu, phi, spread, o, out)
    return log_probability(s, o.score, o.log_p) <= o.log_level


@jit
def _bound(y: Floats, mu: Floats, phi: float, spread: float, o: Options, out: Floats) -> float:
    """The largest count that does not alarm, after what the last weeks held; 0 never alarms.

    No weight is below zero, so the score rises with the count.
    """
    low = 0.0
    step = max(1.0, math.ceil(math.sqrt(phi * mu[0])))
    high = max(1.0, math.ceil(mu[0])) + step
    while high < _LARGEST_COUNT and not _alarms(high, y, mu, phi, spread, o, out):
        low = high
        step *= 2.0
        high += step
    if high >= _LARGEST_COUNT:
        return math.inf
    while high - low > 1.0:
        middle = math.floor(0.5 * (low + high))
        if _alarms(middle, y, mu, phi, spread, o, out):
            high = middle
        else:
            low = middle
    return low


@jit
def _period(
    y: Floats, x: Floats, t: int, o: Options, held: Floats, w: core.Room, last: Floats, mu: Floats,
    trial: Floats, out: Floats, features: Floats,
) -> int:  # fmt: skip
    """Judge one period; ``out``: expected, upper, score, p-value, evidence, phi, mean."""
    first = t - o.rows
    n = len(w.weight)
    seen = 0
    total = 0.0
    for i in range(first, first + n):
        if not math.isnan(y[i]):
            seen += 1
            total += y[i]
    if 2 * seen < n:
        return _HISTORY
    found = core.fit(y, x, first, t, o.year, o.threshold, held, w)
    if not found.good:
        return _NO_FIT
    for i in range(MEMORY):
        u = (t - i - first - 0.5 * n) / o.year
        last[i] = y[t - i]
        mu[i] = math.exp(core.eta_at(x, t - i, u, w.beta))
        if not 0.0 < mu[i] < _LARGEST_COUNT:
            return _NO_FIT
    s = _score(last, mu, found.phi, found.spread, o, features)
    mean = mu[0] if total > 0.0 else 0.0
    out[3] = math.exp(log_probability(s, o.score, o.log_p))
    out[4], out[5], out[6] = s, found.phi, mean
    if not enough_cases(y, t, o.span, o.least):
        return _FEW_CASES
    bound = _bound(last, mu, found.phi, found.spread, o, trial)
    out[0], out[1] = mean, bound
    out[2] = (y[t] - mean) / (bound - mean) if bound > mean else 1.0 + (y[t] - bound)
    return _ALL_ZERO if total == 0.0 else 0


@jit
def _places(
    counts: Floats, x: Floats, at: Ints, o: Options, held: Floats, out: Floats, features: Floats,
    alarm: NDArray[np.bool_], reason: Codes,
) -> None:  # fmt: skip
    w = core.room(o.rows - o.exclude, x.shape[1])
    last = np.empty(MEMORY)
    mu = np.empty(MEMORY)
    trial = np.empty(2 * MEMORY)
    for i in range(len(counts)):
        for j in range(len(at)):
            t = at[j]
            if math.isnan(counts[i, t]):
                reason[i, j] = _MISSING
            elif t < o.rows:
                reason[i, j] = _HISTORY
            else:
                reason[i, j] = _period(
                    counts[i], x, t, o, held, w, last, mu, trial, out[i, j], features[i, j]
                )
                alarm[i, j] = counts[i, t] > out[i, j, 1]


def _run(task: Task, params: Mapping[str, Any]) -> tuple[Found, Floats]:
    known = learned()
    year = 52.0 if task.calendar.year == "rows" else WEEKS_IN_A_YEAR
    exclude = int(params["exclude_recent"])
    options = Options(
        rows=max(round(int(params["years_back"]) * year), exclude + 26),
        exclude=exclude,
        year=year,
        threshold=float(params["weights_threshold"]),
        least=int(params["min_cases"][0]),
        span=int(params["min_cases"][1]),
        log_level=math.log(known.level(float(params["alpha"]))),
        weights=known.weights,
        score=known.score,
        log_p=known.log_p,
    )
    found = empty(task)
    out = np.full((*found.upper.shape, 7), np.nan)
    features = np.full((*found.upper.shape, len(FEATURES)), np.nan)
    _places(
        task.counts, core.design(task.calendar.rows, year, PAIRS), task.at, options,
        core.prior(PAIRS), out, features, found.alarm, found.reason,
    )  # fmt: skip
    names = ("expected", "upper", "score", "p_value", "evidence", "phi", "mean")
    columns = {n: np.ascontiguousarray(out[:, :, i]) for i, n in enumerate(names)}
    extra = {n: columns.pop(n) for n in names[4:]}
    judged: dict[str, Any] = dict(columns)
    return replace(found, **judged, extra=extra), features


def combined(task: Task, params: Mapping[str, Any]) -> Found:
    """Judge every place.

    Returns:
        Extra: ``evidence``, the weighed score; ``phi``; ``mean``, the expected count also where
        there are too few recent cases for a bound.
    """
    return _run(task, params)[0]


def features(task: Task, params: Mapping[str, Any]) -> Floats:
    """``(place, at, feature)``: what is weighed, for who fixes the weights."""
    return _run(task, params)[1]


def _rule(params: Mapping[str, Any], calendar: Calendar) -> tuple[Problem, ...]:
    if calendar.step != "week":
        return (Problem("watch.combined_weeks", {"period": calendar.step}, field="method"),)
    if 52 * params["years_back"] - params["exclude_recent"] < 26:  # noqa: PLR2004 - half a year
        return (Problem("watch.combined_baseline", field="exclude_recent"),)
    return ()


COMBINED: Final = Method(
    "combined", combined,
    (
        Param("years_back", 5, "", low=1, high=100),
        Param("exclude_recent", 26, "", low=MEMORY, high=10_000),
        Param("weights_threshold", 2.0, "", low=0.0, open_low=True),
        Param("alpha", 0.05, "", low=0.0, high=0.5, open_low=True, open_high=True),
        Param("min_cases", (5, 4), ""),
    ),
    "Lai 1995, J. R. Stat. Soc. B 57, 613; Noufaily et al. 2013; weights of our own",
    verified=False, rule=_rule,
)  # fmt: skip
