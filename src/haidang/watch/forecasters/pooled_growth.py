"""Growth that places share, damped, with the time of the year and each place's own part.

What epidemics of neighbouring places have in common is not their size but their growth. Here the
growth of all places together is followed; it returns towards what the season before had at this
time of the year; what a place grows by beyond the others lasts as long as it lasted in the past;
and how wide the forecast is comes from the errors that the same rule made at all places before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from haidang.base.problem import Problem
from haidang.watch.calendar import ROWS_IN_A_YEAR, Calendar
from haidang.watch.forecaster import Forecaster, ForecastTask
from haidang.watch.method import Floats, Param

_PROCESS: Final = 0.02
"""Variance of a log count beyond that of counting, for weights only: a wrong one costs precision,
not validity."""
_SMALL: Final = 10.0
"""Count at which own growth is half counting noise; how much to trust it is learnt."""
_RIDGE: Final = 20.0
"""Pull of the shares of own growth towards none; in weighted pairs of periods, of which there are
thousands."""
_WARM: Final = 3
"""First rows, for which there is no growth to learn from yet."""
_ENOUGH: Final = 8
"""Fewest past errors from which a width is learnt."""
_HIGHEST: Final = 36.0
"""Largest log count: beyond it a float no longer counts by ones."""


@dataclass(frozen=True, slots=True)
class _State:
    """All on ``(time, place)`` or ``(time,)``: the log of one more than the count.

    Attributes:
        level: Log counts, gaps filled.
        told: Where a count was really reported.
        common: Growth of all places together in each period, NaN in the first.
        season: What it is at that time of the year, also ``horizon`` periods ahead.
        own: Growth of a place beyond the common one; 0 where it is not known.
    """

    level: Floats
    told: NDArray[np.bool_]
    common: Floats
    season: Floats
    own: Floats


def kernel(task: ForecastTask, params: Mapping[str, Any]) -> Floats:
    """Quantiles ``(place, horizon, quantile)``; NaN where the table is too short for errors."""
    state = _state(task, params)
    out = np.full((len(task.counts), task.horizon, len(task.quantiles)), np.nan)
    for h in range(1, task.horizon + 1):
        ahead = _ahead(state, h, params["damping"])
        out[:, h - 1] = _quantiles(state, ahead, h, task.quantiles)
    return out


def _state(task: ForecastTask, params: Mapping[str, Any]) -> _State:
    told = ~np.isnan(task.counts.T)
    level = _filled(np.log1p(task.counts.T))
    number = np.maximum(told.sum(axis=0), 1)
    weight = np.sqrt(np.nansum(task.counts, axis=1) / number)
    growth = np.vstack([np.full((1, level.shape[1]), np.nan), np.diff(level, axis=0)])
    common = _common(growth, weight)
    level = _carried(level, common)
    growth[1:] = np.diff(level, axis=0)
    season = _season(common, _phases(task), task.calendar.per_year, params)
    own = np.nan_to_num(growth - common[:, None])
    return _State(level, told, common, season, own)


def _filled(level: Floats) -> Floats:
    """Gaps between reported periods on a straight line; those before and after stay."""
    rows = np.arange(len(level))
    out: Floats = level.copy()
    for i in np.flatnonzero(np.isnan(level).any(axis=0)):
        there = np.flatnonzero(~np.isnan(level[:, i]))
        if len(there):
            inside = slice(there[0], there[-1] + 1)
            out[inside, i] = np.interp(rows[inside], there, level[there, i])
    return out


def _carried(level: Floats, common: Floats) -> Floats:
    """Newest periods that were not reported yet grow as the others did."""
    out = level.copy()
    for t in range(1, len(out)):
        late = np.isnan(out[t]) & ~np.isnan(out[t - 1])
        out[t, late] = out[t - 1, late] + np.nan_to_num(common[t])
    return out


def _common(growth: Floats, weight: Floats) -> Floats:
    """Mean growth of those places that have one, by the root of their mean count."""
    has = ~np.isnan(growth)
    total = has @ weight
    sums = np.where(has, growth, 0.0) @ weight
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(total > 0, sums / total, np.nan)
    return found


def _phases(task: ForecastTask) -> Floats:
    """Place in the year, in rows of a year, of every period and of those ahead."""
    calendar, n = task.calendar, task.calendar.rows + task.horizon
    if calendar.first is None or calendar.year == "rows":
        return (np.arange(n) % calendar.per_year).astype(np.float64)
    longer = Calendar(calendar.step, calendar.year, n, calendar.first)
    times = longer.times().astype("datetime64[D]")
    days = (times - times.astype("datetime64[Y]").astype("datetime64[D]")).astype(float)
    return np.asarray(days / 365.25 * calendar.per_year, np.float64)


def _season(common: Floats, phase: Floats, per_year: int, params: Mapping[str, Any]) -> Floats:
    """Common growth at this time in other years, pulled towards none.

    A normal kernel of width ``width`` over the growth of rows more than half a year before; the
    weight of ``prior`` whole seasons without any growth stands beside them. Rows after are never
    looked at, so that what is learnt from the past is what could have been known then.
    """
    n, known = len(phase), np.flatnonzero(~np.isnan(common))
    apart = phase[:, None] - phase[None, known]
    apart = (apart + per_year / 2) % per_year - per_year / 2
    pull = np.exp(-0.5 * (apart / params["width"]) ** 2)
    pull[np.arange(n)[:, None] - known[None] <= per_year / 2] = 0.0
    reach = int(np.ceil(6 * params["width"]))
    whole = np.exp(-0.5 * (np.arange(-reach, reach + 1) / params["width"]) ** 2).sum()
    found: Floats = (pull @ common[known]) / (pull.sum(axis=1) + params["prior"] * whole)
    return found


def _ahead(state: _State, h: int, damping: float) -> Floats:
    """Log counts ``h`` ahead of every row, each from what was known there; ``(time, place)``."""
    rows = len(state.level)
    season = sum(state.season[np.arange(rows) + j] for j in range(1, h + 1))
    lasting = sum(damping**j for j in range(1, h + 1))
    beyond = state.common - state.season[:rows]
    base = state.level + (season + beyond * lasting)[:, None]
    found = base + _own_part(state, base, h)
    found[:_WARM] = np.nan
    return found


def _own_part(state: _State, base: Floats, h: int) -> Floats:
    """How much of a place's own growth lasts, learnt over all places and periods.

    Weighted least squares of what the places did differently from one another (the common error
    of a period is taken out) on their own growth, and on its share that counting noise explains
    in small places.
    """
    noise = _SMALL / (_SMALL + np.nan_to_num(np.exp(state.level)))
    own = np.stack([state.own, state.own * noise], axis=-1)
    own[:2] = 0.0
    error = state.level[h:] - base[:-h]
    use = state.told[h:] & ~np.isnan(error)
    weight = np.where(use, 1 / (_PROCESS + np.exp(-np.nan_to_num(state.level[:-h]))), 0.0)
    error = np.where(use, error, 0.0)
    error -= (weight * error).sum(1, keepdims=True) / np.maximum(weight.sum(1, keepdims=True), 1e-9)
    x, w = own[:-h].reshape(-1, 2), weight.ravel()
    normal = (x * w[:, None]).T @ x + _RIDGE * np.eye(2)
    found: Floats = own @ np.linalg.solve(normal, (x * w[:, None]).T @ error.ravel())
    return found


def _quantiles(state: _State, ahead: Floats, h: int, levels: Floats) -> Floats:
    """``(place, quantile)``: the newest row's forecast, as wide as past errors were."""
    error = state.level[h:] - ahead[:-h]
    use = state.told[h:] & ~np.isnan(error)
    if np.count_nonzero(use) < _ENOUGH:
        return np.full((ahead.shape[1], len(levels)), np.nan)
    size = _features(ahead[:-h][use], state.level[:-h][use])
    part = _variance(size, error[use] ** 2)
    z = error[use] / np.sqrt(np.maximum(size @ part, 1e-4))
    spread = np.quantile(np.concatenate([z, -z]), levels)
    now = ahead[-1]
    wide = np.sqrt(np.maximum(_features(now, state.level[-1]) @ part, 1e-4))
    found: Floats = np.expm1(np.clip(now[:, None] + wide[:, None] * spread, 0.0, _HIGHEST))
    return found


def _features(ahead: Floats, level: Floats) -> Floats:
    """What the variance of an error grows with: itself, counting, and the change foreseen."""
    return np.stack(
        [np.ones_like(ahead), np.exp(-ahead), np.minimum((ahead - level) ** 2, 1.0)], axis=-1
    )


def _variance(size: Floats, squared: Floats) -> Floats:
    """Non-negative parts of the variance, by least squares weighted with the fit before."""
    weight = np.ones(len(size))
    part = np.zeros(size.shape[1])
    for _ in range(6):
        a = size * weight[:, None]
        normal = a.T @ a + 1e-12 * np.eye(size.shape[1])
        lower = np.linalg.cholesky(normal)
        part, _rest = nnls(lower.T, np.linalg.solve(lower, a.T @ (squared * weight)))
        weight = 1 / np.maximum(size @ part, 3e-3)
    return part


def _rule(_: Mapping[str, Any], calendar: Calendar) -> tuple[Problem, ...]:
    """Days have a rhythm of the week that this does not know."""
    if calendar.step == "day":
        said = {
            "model": "pooled_growth",
            "known": ", ".join(s for s in ROWS_IN_A_YEAR if s != "day"),
        }
        return (Problem("watch.model_step", said, field="model"),)
    return ()


POOLED_GROWTH: Final = Forecaster(
    name="pooled_growth",
    kernel=kernel,
    params=(
        Param("damping", 0.6, low=0.0, high=1.0),
        Param("prior", 1.0, low=0.0, high=1e6, open_low=True),
        Param("width", 1.5, low=0.0, high=13.0, open_low=True),
    ),
    source="our own: damped common growth with a shrunken season and learnt errors",
    verified=False,
    needs=lambda *_: 8,
    pooled=True,
    rule=_rule,
)
