"""Counts as a regression on what was counted and measured before: rain, temperature, season.

A negative binomial regression for every horizon: the newest counts, the time of the year, and the
newest values of the covariates, none of them later than what is known. Coefficients are first
fitted for all places together, then for each place with a ridge towards the common ones (Hastie,
Tibshirani and Friedman 2009, section 3.4, with the common ones in place of zero).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from scipy.stats import nbinom

from haidang.watch.calendar import Calendar
from haidang.watch.forecaster import Forecaster, ForecastTask
from haidang.watch.forecasters.season import HARMONICS
from haidang.watch.method import Floats, Param

_STEPS: Final = 8
"""Steps of the iteration; from these starting values later ones change nothing that matters."""
_LEAST: Final = 0.1
"""Added to the mean count before its logarithm is taken."""
_AT_ONCE: Final = 256
"""Places whose design is held at once."""


def kernel(task: ForecastTask, params: Mapping[str, Any]) -> Floats:
    """Quantiles ``(place, horizon, quantile)``."""
    counts = _carried(task.counts)
    n, rows = counts.shape
    found = np.full((n, task.horizon, len(task.quantiles)), np.nan)
    level = np.log(_mean(task.counts) + _LEAST)
    beside = [_standard(c) for _, c in sorted(task.covariates.items())]
    blocks = [slice(i, i + _AT_ONCE) for i in range(0, n, _AT_ONCE)]
    for h in range(1, task.horizon + 1):

        def design(block: slice, h: int = h) -> Floats:
            others = [b[block] for b in beside]
            return _design(counts[block], level[block], others, task.calendar, h, params)

        common = _common(task.counts, level, design, blocks, h, params["ridge"])
        for block in blocks:
            x, y = design(block), task.counts[block, h:]
            own = _fit(x[:, : rows - h], y, level[block], common, params["ridge"])
            mean = np.exp(_bounded(x, own, level[block], task.counts[block]))
            size = _size(y, mean[:, : rows - h])
            p = size / (size + mean[:, -1])
            found[block, h - 1] = nbinom.ppf(task.quantiles, size[:, None], p[:, None])
    return found


def _carried(counts: Floats) -> Floats:
    """Counts with the last reported one in gaps; only for lags, never as an outcome."""
    out: Floats = counts.copy()
    for t in range(1, out.shape[1]):
        gap = np.isnan(out[:, t])
        out[gap, t] = out[gap, t - 1]
    return out


def _mean(counts: Floats) -> Floats:
    told = ~np.isnan(counts)
    total = np.where(told, counts, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(told.sum(axis=1), 1))


def _standard(covariate: Floats) -> Floats:
    """By place with mean 0 and standard deviation 1; what was not measured is as usual."""
    told = ~np.isnan(covariate)
    number = np.maximum(told.sum(axis=1, keepdims=True), 1)
    value = np.where(told, covariate, 0.0)
    mean = value.sum(axis=1, keepdims=True) / number
    off = np.where(told, covariate - mean, 0.0)
    sd = np.sqrt((off**2).sum(axis=1, keepdims=True) / number)
    return np.asarray(off / np.maximum(sd, 1e-9))


def _design(
    counts: Floats, level: Floats, beside: list[Floats], calendar: Calendar, h: int,
    params: Mapping[str, Any],
) -> Floats:  # fmt: skip
    """``(place, time, feature)``: what is known at a time, for the count ``h`` later."""
    n, rows = counts.shape
    turn = 2 * np.pi * (np.arange(rows) + h) / calendar.per_year
    logs = np.log(counts + _LEAST) - level[:, None]
    columns = [np.ones((n, rows))]
    columns += [_lagged(logs, lag, np.nan) for lag in range(params["lags"])]
    for k in range(1, HARMONICS[calendar.per_year] + 1):
        columns += [np.tile(f(k * turn), (n, 1)) for f in (np.cos, np.sin)]
    for other in beside:
        columns += [_lagged(other, lag, 0.0) for lag in range(params["covariate_lags"])]
    return np.stack(columns, axis=-1)


def _lagged(values: Floats, lag: int, before: float) -> Floats:
    out = np.full_like(values, before)
    out[:, lag:] = values[:, : values.shape[1] - lag]
    return out


def _common(
    counts: Floats, level: Floats, design: Any, blocks: list[slice], h: int, ridge: float
) -> Floats:
    """Coefficients of all places together; a place's size is in its level."""
    coefficients: Floats = np.zeros(0)
    for _ in range(_STEPS):
        normal, right = 0.0, 0.0
        for block in blocks:
            x, y = design(block)[:, :-h], counts[block, h:]
            if not len(coefficients):
                coefficients = np.zeros(x.shape[-1])
            every = np.tile(coefficients, (len(x), 1))
            a, b = _equations(x, y, level[block], every)
            normal, right = normal + a.sum(axis=0), right + b.sum(axis=0)
        pull = ridge * np.eye(len(coefficients))
        coefficients = np.asarray(np.linalg.solve(normal + pull, right), np.float64)
    return coefficients


def _fit(x: Floats, y: Floats, level: Floats, common: Floats, ridge: float) -> Floats:
    """Coefficients of each place, drawn towards the common ones; ``(place, feature)``."""
    found: Floats = np.tile(common, (len(x), 1))
    for _ in range(_STEPS):
        a, b = _equations(x, y, level, found)
        a = a + ridge * np.eye(len(common))
        solved = np.linalg.solve(a, (b + ridge * common)[..., None])
        found = np.asarray(solved[..., 0], np.float64)
    return found


def _equations(x: Floats, y: Floats, level: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Normal equations of one step of iteratively reweighted least squares, by place.

    Weights are those of a variance of ``mean + mean²``: counts of epidemics scatter by a share of
    their mean, and Poisson weights would leave the fit to the largest of them.
    """
    use = np.isfinite(x).all(axis=-1) & ~np.isnan(y)
    x = np.where(use[..., None], x, 0.0)
    eta = np.clip(np.einsum("ntp,np->nt", x, at), -10.0, 10.0)
    mean = np.exp(eta + level[:, None])
    weight = np.where(use, mean / (1 + mean), 0.0)
    target = eta + np.where(use, (np.nan_to_num(y) - mean) / mean, 0.0)
    # One step never leaves the region in which the first order says anything.
    target = np.clip(target, eta - 3.0, eta + 3.0)
    right = np.einsum("ntp,nt->np", x, weight * target)
    normal = np.einsum("ntp,nt,ntq->npq", x, weight, x, optimize=True)
    return normal, right


def _bounded(x: Floats, own: Floats, level: Floats, counts: Floats) -> Floats:
    """Logarithm of the mean; not above ten times the largest count that was ever reported."""
    eta = np.einsum("ntp,np->nt", np.nan_to_num(x), own) + level[:, None]
    largest = np.log(10 * np.nan_to_num(np.nanmax(np.nan_to_num(counts), axis=1)) + 1)
    return np.asarray(np.clip(eta, np.log(1e-3), largest[:, None]))


def _size(y: Floats, mean: Floats) -> Floats:
    """Size of the negative binomial by moments: variance is ``mean + mean² / size``."""
    use = ~np.isnan(y)
    off = np.where(use, (np.nan_to_num(y) - mean) ** 2 - mean, 0.0).sum(axis=1)
    scale = np.where(use, mean**2, 0.0).sum(axis=1)
    return np.asarray(1 / np.clip(off / np.maximum(scale, 1e-9), 1e-4, 20.0))


LAGGED_REGRESSION: Final = Forecaster(
    name="lagged_regression",
    kernel=kernel,
    params=(
        Param("lags", 2, low=1, high=8),
        Param("covariate_lags", 3, low=1, high=26),
        Param("ridge", 5.0, low=0.0, high=1e6, open_low=True),
    ),
    source="our own; Lawless 1987 for the negative binomial, Hastie et al. 2009 for the ridge",
    verified=False,
    needs=lambda _, calendar: calendar.per_year,
    pooled=True,
    covariates=True,
)
