"""The forecasters: one method, one file; named for the method, never for a threat."""

from __future__ import annotations

from typing import Final

from haidang.watch.forecaster import Forecaster
from haidang.watch.forecasters import (
    ensemble,
    ets,
    lagged_regression,
    naive,
    pooled_growth,
    renewal,
    theta,
)

FORECASTERS: Final[dict[str, Forecaster]] = {
    m.name: m
    for m in (
        naive.PERSISTENCE,
        naive.RANDOM_WALK,
        naive.SEASONAL,
        naive.CLIMATOLOGY,
        ets.ETS,
        theta.THETA,
        pooled_growth.POOLED_GROWTH,
        lagged_regression.LAGGED_REGRESSION,
        ensemble.ENSEMBLE,
        renewal.RENEWAL,
    )
}
"""Every forecaster by the name that a user writes."""
