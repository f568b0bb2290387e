"""Farrington's detectors: a quasi-Poisson regression on the same weeks of past years.

* `FLEXIBLE`: Noufaily, Enki, Farrington, Garthwaite, Andrews & Charlett (2013), "An improved
  algorithm for outbreak detection in multiple surveillance systems", Stat. Med. 32, 1206-1222:
  the whole of the last years with seasonal levels, the newest weeks left out.
* `ORIGINAL`: Farrington, Andrews, Beale & Catchpole (1996), "A statistical algorithm for the
  early detection of outbreaks of infectious disease", J. R. Stat. Soc. A 159, 547-563: only the
  windows around the same week of past years, and a two-sided bound.

What is computed: fit a mean with trend and season; weigh down counts that lie too high (past
outbreaks); fit again; drop the trend if it is not significant, or leads above anything seen, or
there are fewer than three years; take the bound for one new count.

Two things differ from the R package unless ``compat="surveillance"``: the standard error of the
prediction and of the trend uses the dispersion phi (the package overwrites the weights it needs
for it after reweighting), and the score of ``nb_plugin`` and ``muan`` is measured from the mean
(the package subtracts its logarithm).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from statistics import NormalDist
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haidang.base.problem import Problem
from haidang.watch.calendar import Calendar, Ints
from haidang.watch.detectors import farrington_fit as core
from haidang.watch.detectors.windows import enough_cases
from haidang.watch.method import Codes, Floats, Found, Method, Param, Reason, Task, empty
from haidang.watch.special import count_mid, count_quantile, count_tail, jit, normal_tail, student_p

DELTA, NB_PLUGIN, MUAN = range(3)
THRESHOLDS: Final = ("delta", "nb_plugin", "muan")
POWERS: Final = {"2/3": 2 / 3, "1/2": 0.5, "none": 1.0}
YEARS_FOR_A_TREND: Final = 3

_MISSING: Final = int(Reason.MISSING)
_HISTORY: Final = int(Reason.HISTORY)
_NO_FIT: Final = int(Reason.NO_FIT)
_FEW_CASES: Final = int(Reason.FEW_CASES)
_ALL_ZERO: Final = int(Reason.ALL_ZERO)


# --- which weeks are the baseline, and in which season each is ----------------------------------


def baseline(
    calendar: Calendar, row: int, years: int, half: int, seasons: int, exclude: int, *, now: bool
) -> list[tuple[int, int, int]]:
    """Runs of rows (first, after the last, season) that are compared with a row.

    Season 0 is that of the row itself: the rows within ``half`` of it in every year. The rows
    between two windows are cut into ``seasons`` − 1 blocks, the first ones longer by one where it
    does not come out even.

    Args:
        calendar: What the rows are.
        row: The row that is judged.
        years: Years to look back.
        half: Half width of a window, rows.
        seasons: Number of seasons; with 1 only the windows are used.
        exclude: So many of the newest rows before ``row`` are left out, and ``row`` itself.
        now: Whether the window of the present year counts too.

    >>> baseline(Calendar("week", "rows", 200), 110, 1, 3, 2, 26, now=True)
    [(55, 62, 0), (62, 84, 1)]
    """
    at = [int(r) for r in calendar.reference(row, years, exact=True)]
    last = row - exclude
    found: list[tuple[int, int, int]] = []
    for here, following in zip(at, [*at[1:], None], strict=True):
        if following is not None:
            found.append((here - half, here + half + 1, 0))
            if seasons > 1:
                begin, end = here + half + 1, following - half
                size, longer = divmod(end - begin, seasons - 1)
                for block in range(seasons - 1):
                    stop = begin + size + (block < longer)
                    found.append((begin, stop, block + 1))
                    begin = stop
        elif now:
            found.append((here - half, here + 1, 0))
    cut = [(a, min(b, last), s) for a, b, s in found]
    return [(a, b, s) for a, b, s in cut if b > a]


def _all_runs(task: Task, params: Mapping[str, Any], *, flexible: bool) -> tuple[Ints, Ints]:
    """``(at, run, 3)``, padded with empty runs; and whether all of them lie in the table."""
    chosen = (
        int(params["years_back"]),
        int(params["half_window"]),
        int(params["n_seasons"]) if flexible else 1,
        int(params["exclude_recent"]) if flexible else 0,
    )
    per_row = [baseline(task.calendar, int(r), *chosen, now=flexible) for r in task.at]
    most = max((len(r) for r in per_row), default=0)
    runs = np.zeros((len(per_row), max(most, 1), 3), np.int64)
    known = np.zeros(len(per_row), np.int64)
    for j, found in enumerate(per_row):
        if found and min(a for a, _, _ in found) >= 0:
            runs[j, : len(found)] = found
            known[j] = 1
    return runs, known


class Options(NamedTuple):
    """The parameters as the kernel takes them; ``flawed``: as the R package, see the module.

    ``zero_bound``: a bound of 0 where there are too few recent cases, as that package has it.
    """

    table: Floats
    years: int
    seasons: int
    reweight: bool
    weights_threshold: float
    trend: bool
    p_trend: float
    threshold: int
    power: float
    z: float
    level: float
    least: int
    span: int
    flawed: bool
    zero_bound: bool


# --- one week of one place ----------------------------------------------------------------------


@jit
def _bound(
    threshold: int, power: float, z: float, level: float, y: float, mu: float, phi: float,
    unit: float, scale: float,
) -> tuple[float, float, float]:  # fmt: skip
    """The bound for one new count, the probability of at least ``y``, and its mid-p value.

    The last is NaN for DELTA, whose distribution is continuous.

    Args:
        threshold: DELTA, NB_PLUGIN or MUAN.
        power: To which power counts are taken as normal; for DELTA.
        z: Normal quantile of ``level``.
        level: Share of counts below the bound.
        y: The count.
        mu: Its expected value.
        phi: Dispersion.
        unit: Variance of the linear predictor in units of the dispersion.
        scale: Dispersion of the prediction.
    """
    if threshold == DELTA:
        tau = phi + mu * scale * unit
        sd = power * math.sqrt(tau) * mu ** (power - 0.5)
        centre = mu**power
        upper = (centre + z * sd) ** (1.0 / power)
        return upper, normal_tail((y**power - centre) / sd), math.nan
    if threshold == MUAN:
        mu *= math.exp(z * math.sqrt(scale * unit))
    return count_quantile(z, level, mu, phi), count_tail(y, mu, phi), count_mid(y, mu, phi)


@jit
def _score(y: float, mu: float, upper: float) -> float:
    """0 at the mean, 1 at the bound; a bound below the mean would turn its sign round.

    Where counts vary so much that their bound lies below the mean, only what lies above the mean
    is more than expected.
    """
    if upper > mu:
        return (y - mu) / (upper - mu)
    return 1.0 + (y - mu)


@jit
def _estimate(
    size: core.Size, o: Options, now: float, here: float, largest: float, w: core.Work
) -> tuple[core.Fit, float, float, float, bool]:
    """Fit, weigh, fit again; with the trend if it stays, else without.

    Args:
        size: As `core.gather` gives it.
        o: The method's options.
        now: Population of the period that is judged, 1 if there is none.
        here: Its time.
        largest: Largest count of the baseline.
        w: As `core.gather` fills it.

    Returns:
        The fit, phi, the dispersion of the prediction, the expected count, whether with a trend.
    """
    trend = o.trend
    while True:
        w.weight[: size.n] = 1.0
        found = core.fit(size, trend, o.table, w)
        free = size.n - size.seen - (1 if trend else 0)
        raw = core.dispersion(size.n, w.working, w) / free if found.good else 1.0
        if found.good and o.reweight:
            core.reweight(size, found, max(1.0, raw), o.weights_threshold, o.table, w)
            found = core.fit(size, trend, o.table, w)
            raw = core.dispersion(size.n, w.working, w) / free
        phi = max(1.0, raw)
        scale = phi
        if o.flawed:
            raw = core.dispersion(size.n, w.weight, w) / free if o.reweight else raw
            scale = raw
        mean = math.exp(w.a[0] + found.beta * here) * now
        if not trend:
            return found, phi, scale, mean, False
        keep = found.good and o.years >= YEARS_FOR_A_TREND and mean <= largest
        if keep and o.p_trend < 1.0:
            keep = student_p(found.beta / math.sqrt(raw / found.left), float(free)) < o.p_trend
        if keep:
            return found, phi, scale, mean, True
        trend = False


@jit
def _usable(runs: Ints, size: core.Size, w: core.Work) -> bool:
    """Half of the baseline was reported, some of it at this time of the year, and two are spare."""
    asked = 0
    for r in range(len(runs)):
        asked += runs[r, 1] - runs[r, 0]
    own = False
    for r in range(size.runs):
        own = own or w.run[r, 2] == 0
    return own and 2 * size.n >= asked and size.n >= size.seen + 2


@jit
def _period(
    y: Floats, population: Floats, times: Floats, t: int, runs: Ints, o: Options, w: core.Work,
    out: Floats,
) -> int:  # fmt: skip
    """Judge one period of one place.

    Args:
        y: ``(time,)`` counts.
        population: ``(time,)`` at risk; empty if there is none.
        times: ``(time,)`` time of each row; empty where it is its number.
        t: The row to judge.
        runs: Its baseline.
        o: The method's options.
        w: Room.
        out: Filled: expected, upper, score, p-value, phi, trend, mean, mid-p value.

    Returns:
        A `Reason`.
    """
    size = core.gather(y, population, times, runs, t, o.seasons, w)
    if not _usable(runs, size, w):
        return _HISTORY
    enough = enough_cases(y, t, o.span, o.least)
    now = population[t] if size.offset else 1.0
    largest = np.max(w.y[: size.n])
    if largest == 0.0:
        # The rate at which so many empty periods still have the probability of the bound.
        rate = -math.log(1.0 - o.level) / np.sum(w.people[: size.n]) * now
        bound = count_quantile(o.z, o.level, rate, 1.0)
        mean, phi, trend, p = 0.0, 1.0, math.nan, count_tail(y[t], rate, 1.0)
        mid = math.nan if o.threshold == DELTA else count_mid(y[t], rate, 1.0)
        reason = _ALL_ZERO
    else:
        here = 0.5 * (t - runs[0, 0])
        if len(times) > 0:
            here = 0.5 * (times[t] - times[runs[0, 0]])
        found, phi, scale, mean, kept = _estimate(size, o, now, here, largest, w)
        if not found.good:
            return _NO_FIT
        unit = 1.0 / w.d[0]
        if kept:
            unit += (here - w.c[0] / w.d[0]) ** 2 / found.left
        trend = found.beta if kept else math.nan
        bound, p, mid = _bound(o.threshold, o.power, o.z, o.level, y[t], mean, phi, unit, scale)
        reason = 0
    out[2] = _score(y[t], mean, bound)
    if o.flawed and o.threshold != DELTA and mean > 0.0:
        out[2] = (y[t] - math.log(mean)) / (bound - math.log(mean))
    out[3], out[4], out[5], out[6], out[7] = p, phi, trend, mean, mid
    if enough:
        out[0], out[1] = mean, bound
        return reason
    if o.zero_bound:
        out[1] = out[2] = 0.0
    return _FEW_CASES


@jit
def _places(
    counts: Floats, population: Floats, times: Floats, at: Ints, runs: Ints, known: Ints,
    o: Options, out: Floats, alarm: NDArray[np.bool_], reason: Codes,
) -> None:  # fmt: skip
    """Judge all asked periods of all places; ``out`` is ``(place, at, 8)``."""
    longest = 1
    for j in range(len(at)):
        rows = 0
        for r in range(runs.shape[1]):
            rows += runs[j, r, 1] - runs[j, r, 0]
        longest = max(longest, rows)
    w = core.room(longest, o.seasons)
    for i in range(len(counts)):
        y = counts[i]
        people = population[i] if len(population) > 0 else population[:0, 0]
        for j in range(len(at)):
            t = at[j]
            if math.isnan(y[t]) or (len(people) > 0 and not people[t] > 0.0):
                reason[i, j] = _MISSING
            elif known[j] == 0:
                reason[i, j] = _HISTORY
            else:
                reason[i, j] = _period(y, people, times, t, runs[j], o, w, out[i, j])
                alarm[i, j] = not math.isnan(out[i, j, 1]) and out[i, j, 2] > 1.0 and y[t] > 0.0


# --- all places ---------------------------------------------------------------------------------


def farrington(task: Task, params: Mapping[str, Any], *, flexible: bool) -> Found:
    """Judge every place.

    Args:
        task: Counts, population if there is one, rows to judge.
        params: See `FLEXIBLE` and `ORIGINAL`.
        flexible: Which of the two.

    Returns:
        Extra columns: ``phi``, the dispersion; ``trend``, the slope of the log mean by row (by
        length of the first, for months with dates in the flexible one), NaN where it was dropped;
        ``mean``, the expected count also where there are too few recent cases for a bound;
        ``p_mid``, the mid-p value, NaN for ``delta``.
    """
    runs, known = _all_runs(task, params, flexible=flexible)
    alpha = float(params["alpha"])
    level = 1 - alpha if flexible else 1 - alpha / 2
    compat = params["compat"] == "surveillance"
    options = Options(
        table=_TABLES,
        years=int(params["years_back"]),
        seasons=int(params["n_seasons"]) if flexible else 1,
        reweight=bool(params["reweight"]),
        weights_threshold=float(params["weights_threshold"]),
        trend=bool(params["trend"]),
        p_trend=float(params["p_trend"]),
        threshold=THRESHOLDS.index(params["threshold"]) if flexible else DELTA,
        power=POWERS[params["power"]],
        z=NormalDist().inv_cdf(level),
        level=level,
        least=int(params["min_cases"][0]),
        span=int(params["min_cases"][1]),
        flawed=compat and flexible,
        zero_bound=compat and not flexible,
    )
    found = empty(task)
    out = np.full((*found.upper.shape, 8), np.nan)
    people = np.empty((0, 1)) if task.population is None else task.population
    elapsed = task.calendar.elapsed() if flexible else None
    times = np.empty(0) if elapsed is None else elapsed
    judged = out, found.alarm, found.reason
    _places(task.counts, people, times, task.at, runs, known, options, *judged)
    names = ("expected", "upper", "score", "p_value", "phi", "trend", "mean", "p_mid")
    columns: dict[str, Any] = {n: np.ascontiguousarray(out[:, :, i]) for i, n in enumerate(names)}
    extra = {n: columns.pop(n) for n in names[4:]}
    return replace(found, **columns, extra=extra)


_TABLES: Final = core.tables()


def _windows(params: Mapping[str, Any], calendar: Calendar) -> tuple[Problem, ...]:
    """A window and a row for every further season must fit into a year."""
    half, seasons = int(params["half_window"]), int(params.get("n_seasons", 1))
    need = 2 * half + 1 + (seasons - 1)
    if need > calendar.per_year:
        said = {"need": need, "have": calendar.per_year}
        return (Problem("watch.param_windows", said, field="half_window"),)
    return ()


def _params(*, flexible: bool) -> tuple[Param, ...]:
    common = (
        Param("years_back", 5, "b", low=1, high=100),
        Param("half_window", 3, "w", low=0, high=25),
        Param("reweight", True, "reweight"),
        Param(
            "weights_threshold", 2.58 if flexible else 1.0, "weightsThreshold", low=0.0,
            open_low=True,
        ),
        Param(
            "alpha", 0.05 if flexible else 0.01, "alpha", low=0.0, high=0.5, open_low=True,
            open_high=True,
        ),
        Param("trend", True, "trend"),
        Param("p_trend", 1.0 if flexible else 0.05, "pThresholdTrend", low=0.0, high=1.0),
        Param("min_cases", (5, 4), "limit54"),
        Param("power", "2/3", "powertrans", choices=tuple(POWERS)),
        Param("compat", "", "", choices=("", "surveillance")),
    )  # fmt: skip
    if not flexible:
        return common
    return (
        *common,
        Param("n_seasons", 10, "noPeriods", low=1, high=52),
        Param("exclude_recent", 26, "pastWeeksNotIncluded", low=0, high=10_000),
        Param("threshold", "nb_plugin", "thresholdMethod", choices=THRESHOLDS),
    )


MONTHLY: Final = {"half_window": 1, "exclude_recent": 6}
"""With these ten seasons fit into twelve months, and half a year is left out, as with weeks."""

FLEXIBLE: Final = Method(
    "farrington_flexible", partial(farrington, flexible=True), _params(flexible=True),
    "Noufaily et al. 2013, Stat. Med. 32, 1206", verified=True, r_name="farringtonFlexible",
    population=True, monthly=MONTHLY, rule=_windows,
)  # fmt: skip
ORIGINAL: Final = Method(
    "farrington", partial(farrington, flexible=False), _params(flexible=False),
    "Farrington et al. 1996, J. R. Stat. Soc. A 159, 547", verified=True, r_name="farrington",
    population=True, rule=_windows,
)  # fmt: skip
