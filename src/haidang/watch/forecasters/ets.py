"""Exponential smoothing of thousands of series: level, trend, damped trend, season.

The models with additive errors of Hyndman, Koehler, Snyder and Grose 2002 on a scale of the
counts; on logarithms an additive error is a multiplicative one, and Akaike's criterion chooses
the scale too, with the Jacobian. Two things are not searched for: errors are linear in the
initial level and trend, so these are solved for exactly; and the season begins as a few harmonics.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from scipy.special import ndtri

from haidang.watch.calendar import Ints
from haidang.watch.forecaster import Forecaster, ForecastTask
from haidang.watch.forecasters.ets_fit import fit_all
from haidang.watch.forecasters.season import HARMONICS, shape
from haidang.watch.method import Floats, Param
from haidang.watch.transform import forward, inverse

SCALES: Final = ("none", "sqrt", "log1p")
TRENDS: Final = ("none", "additive", "damped")
_LEFT_OUT: Final = (("log1p", "additive"),)
"""Not tried unless asked for: on logarithms this is a multiplicative trend, which explodes; the
reference programs leave it out too."""


def kernel(task: ForecastTask, params: Mapping[str, Any]) -> Floats:
    """Quantiles ``(place, horizon, quantile)``, normal on the scale that was chosen."""
    n = len(task.counts)
    trends = [i for i, t in enumerate(TRENDS) if params["trend"] in ("auto", t)]
    scales = SCALES if params["transform"] == "auto" else (params["transform"],)
    best = np.full((n, 8), np.inf)
    mean, spread = np.full((n, task.horizon), np.nan), np.full((n, task.horizon), np.nan)
    scale = np.zeros(n, np.int64)
    # The scale is chosen with the simplest model, then the trend on that scale.
    first = np.array([trends[0]], np.int64)
    for s, name in enumerate(scales):
        scale[_run(task, name, params["season"], first, (best, mean, spread), slice(None))] = s
    for s, name in enumerate(scales):
        on = np.flatnonzero(scale == s)
        rest = np.array([t for t in trends[1:] if (name, TRENDS[t]) not in _LEFT_OUT], np.int64)
        if len(on) and len(rest):
            part = (best[on], mean[on], spread[on])
            _run(task, name, params["season"], rest, part, on)
            best[on], mean[on], spread[on] = part
    z = mean[..., None] + spread[..., None] * ndtri(task.quantiles)
    found: Floats = np.empty_like(z)
    for s, name in enumerate(scales):
        found[scale == s] = inverse(z[scale == s], name)
    return found


def _run(
    task: ForecastTask, scale: str, season: str, trends: Ints,
    kept: tuple[Floats, Floats, Floats], rows: Any,
) -> Ints:  # fmt: skip
    """Try models on one scale; gives the series for which one was better than before."""
    counts = task.counts[rows]
    y = forward(counts, scale)
    m = task.calendar.per_year
    wave, worth = shape(y, m, 0)
    if season == "additive":
        worth = (~np.isnan(y)).sum(axis=1) >= 2 * m
    has = np.where(worth & (season != "none"), 1, 0)
    first = np.ascontiguousarray(wave[:, :m]) if y.shape[1] >= m else np.zeros((len(y), m))
    better = np.zeros(len(y), np.int64)
    fit_all(y, first, has, 2 * HARMONICS[m], _jacobian(counts, scale), trends, *kept, better)
    return np.flatnonzero(better)


def _jacobian(counts: Floats, scale: str) -> Floats:
    """Sum of the logs of the derivative of a scale at the counts of each place.

    At a count of zero the root has none; there the derivative half a case above is taken.
    """
    if scale == "log1p":
        return np.asarray(-np.nansum(np.log1p(counts), axis=1))
    if scale == "sqrt":
        return np.asarray(-np.nansum(np.log(2 * np.sqrt(np.maximum(counts, 0.5))), axis=1))
    return np.zeros(len(counts))


ETS: Final = Forecaster(
    name="ets",
    kernel=kernel,
    params=(
        Param("transform", "auto", choices=("auto", *SCALES)),
        Param("trend", "auto", choices=("auto", *TRENDS)),
        Param("season", "auto", choices=("auto", "none", "additive")),
    ),
    source="Hyndman, Koehler, Snyder & Grose 2002, Int. J. Forecasting 18:439-454",
    verified=False,
    needs=lambda *_: 8,
)
