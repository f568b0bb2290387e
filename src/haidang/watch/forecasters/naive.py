"""Baselines: what every other forecaster must beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from haidang.watch.forecaster import Forecaster, ForecastTask
from haidang.watch.method import Floats
from haidang.watch.transform import forward, inverse, param


def persistence(task: ForecastTask, params: Mapping[str, Any]) -> Floats:
    """As it is now: the last count, and what it changed by over as many periods in the past.

    Quantiles of ``y[t] - y[t-h]`` of the place itself on the chosen scale, made symmetric around
    zero, are added to the last value.
    """
    y = forward(task.counts, params["transform"])
    found = np.empty((len(y), task.horizon, len(task.quantiles)))
    for h in range(1, task.horizon + 1):
        change = y[:, h:] - y[:, :-h] if h < y.shape[1] else np.full((len(y), 1), np.nan)
        found[:, h - 1] = y[:, -1:] + _symmetric(change, task.quantiles)
    return inverse(found, params["transform"])


def _symmetric(change: Floats, levels: Floats) -> Floats:
    """Quantiles of changes and their opposites; ``(place, quantile)``, 0 where there are none."""
    both = np.concatenate([change, -change, np.zeros((len(change), 1))], axis=1)
    found: Floats = np.nanquantile(both, levels, axis=1).T
    return found


PERSISTENCE: Final = Forecaster(
    name="persistence",
    kernel=persistence,
    params=(param("none"),),
    source="the last value; spread of its own past changes over the same time",
    verified=False,
)
