"""Baselines: what every other forecaster must beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from haidang.watch.calendar import Calendar, Ints
from haidang.watch.forecaster import Forecaster, ForecastTask
from haidang.watch.method import Floats, Param
from haidang.watch.quantile import of_rows
from haidang.watch.transform import forward, inverse, param


def persistence(task: ForecastTask, params: Mapping[str, Any]) -> Floats:
    """As it is now: the last count, and what it changed by over as many periods in the past.

    Quantiles of ``y[t] - y[t-h]`` of the place itself on the chosen scale, made symmetric around
    zero, are added to the last value. Where no two periods lie so far apart, those of the longest
    time that there is stand for it: what nobody saw is not certain.
    """
    y = forward(task.counts, params["transform"])
    found = np.empty((len(y), task.horizon, len(task.quantiles)))
    spread = np.full((len(y), len(task.quantiles)), np.nan)
    for h in range(1, task.horizon + 1):
        if h < y.shape[1]:
            now = _symmetric(y[:, h:] - y[:, :-h], task.quantiles)
            spread = np.where(np.isnan(now), spread, now)
        found[:, h - 1] = y[:, -1:] + spread
    return inverse(found, params["transform"])


def random_walk(task: ForecastTask, params: Mapping[str, Any]) -> Floats:
    """Steps drawn from all past ones and their opposites, added up; the median stays.

    The baseline of the US forecast hubs (Cramer et al. 2022, supplement): the first differences
    and their negatives, as a grid of quantiles; for every further period the grid is added again
    in a random order. One period ahead this needs no chance at all.
    """
    y = forward(task.counts, params["transform"])
    found = np.empty((len(y), task.horizon, len(task.quantiles)))
    steps = _both(np.diff(y, axis=1))
    found[:, 0] = of_rows(steps, task.quantiles)
    if task.horizon > 1:
        n = params["samples"]
        draw = np.random.default_rng(params["seed"])
        grid = of_rows(steps, np.linspace(0, 1, n))
        total = grid.copy()
        for h in range(1, task.horizon):
            total += grid[:, draw.permutation(n)]
            off = of_rows(total, np.append(task.quantiles, 0.5))
            found[:, h] = off[:, :-1] - off[:, -1:]
    return inverse(y[:, -1:, None] + found, params["transform"])


def seasonal_naive(task: ForecastTask, params: Mapping[str, Any]) -> Floats:
    """As a year before: that count, and what counts differed by from the year before.

    Where the year before was not reported, the newest year that was stands for it.
    """
    y = forward(task.counts, params["transform"])
    before = _a_year_before(task)
    rows = y.shape[1]
    # What a period is compared with, also for periods ahead; filled from older years.
    year_ago = np.full((len(y), rows + task.horizon), np.nan)
    for t in range(rows + task.horizon):
        back = before[t]
        while back >= rows:  # more than a year ahead
            back = before[back]
        while back >= 0 and np.isnan(year_ago[:, t]).any():
            year_ago[:, t] = np.where(np.isnan(year_ago[:, t]), y[:, back], year_ago[:, t])
            back = before[back]
    spread = _symmetric(y - year_ago[:, :rows], task.quantiles)
    return inverse(year_ago[:, rows:, None] + spread[:, None, :], params["transform"])


def climatology(task: ForecastTask, params: Mapping[str, Any]) -> Floats:
    """The counts of this time in all years before, as they were."""
    rows = task.counts.shape[1]
    longer = replace(task.calendar, rows=rows + task.horizon)
    found = np.empty((len(task.counts), task.horizon, len(task.quantiles)))
    window = np.arange(-params["half_window"], params["half_window"] + 1)
    years = rows // task.calendar.per_year + 2
    for h in range(task.horizon):
        same = longer.reference(rows + h, years)[:-1]
        at = (same[:, None] + window).ravel()
        at = np.unique(at[(at >= 0) & (at < rows)])
        few = np.full((len(task.counts), 1), np.nan)
        found[:, h] = of_rows(task.counts[:, at] if len(at) else few, task.quantiles)
    return found


def _a_year_before(task: ForecastTask) -> Ints:
    """Row of the same time in the year before, of every row and those ahead; negative if none."""
    n = task.calendar.rows + task.horizon
    longer = replace(task.calendar, rows=n)
    return np.array([longer.reference(t, 1)[0] for t in range(n)])


def _both(change: Floats) -> Floats:
    return np.concatenate([change, -change], axis=1)


def _symmetric(change: Floats, levels: Floats) -> Floats:
    """Quantiles of changes and their opposites; ``(place, quantile)``, NaN where there are none."""
    return of_rows(_both(change), levels)


def _a_year(_: Mapping[str, Any], calendar: Calendar) -> int:
    """More than one year, and some periods to compare."""
    return calendar.per_year + calendar.per_year // 6


PERSISTENCE: Final = Forecaster(
    name="persistence",
    kernel=persistence,
    params=(param("none"),),
    source="the last value; spread of its own past changes over the same time",
    verified=False,
)
RANDOM_WALK: Final = Forecaster(
    name="random_walk_quantiles",
    kernel=random_walk,
    params=(
        param("none"),
        Param("samples", 2000, low=100, high=100_000),
        Param("seed", 1, low=0, high=2**31),
    ),
    source="Cramer et al. 2022, PNAS 119:e2113561119, supplement (the hubs' baseline)",
    verified=False,
    rounded=False,
)
SEASONAL: Final = Forecaster(
    name="seasonal_naive",
    kernel=seasonal_naive,
    params=(param("log1p"),),
    source="the value a year before; spread of its own past changes over a year",
    verified=False,
    needs=_a_year,
)
CLIMATOLOGY: Final = Forecaster(
    name="climatology",
    kernel=climatology,
    params=(Param("half_window", 2, low=0, high=26),),
    source="quantiles of the same time in all years before",
    verified=False,
    needs=_a_year,
)
