"""Renewal: what the newest cases will infect, by a reproduction number that returns towards one.

Cori et al. (2013), Am. J. Epidemiol. 178, 1505, give the number R of the newest periods; the
renewal equation carries it on:

    mean(t) = R(t) Λ(t),   Λ(t) = Σ_s w(s) I(t − s),   log R(n + h) = damping^h log R(n).

The serial interval is in days. For weeks it is aggregated: a case falls on any day of its week
alike, and what would fall into the same week is moved to the next (`serial.by_period`), so that R
here is the number by weeks, of use only for the growth that it stands for.

How wide the forecast is needs no simulation. An error of R and of each period's count goes on to
all later counts through the equation; relative errors add up linearly, so that the variance of
the count at h is a sum over where the errors came from. Counts are negative binomial about their
mean; their dispersion is learnt from what the same rule, one period ahead, missed past counts by.
The same place gives the same answer whatever stands beside it in the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom

from haidang.base.problem import Problem
from haidang.watch.calendar import Calendar
from haidang.watch.forecaster import Forecaster, ForecastTask
from haidang.watch.method import Floats, Param
from haidang.watch.serial import by_period, discretise, infectiousness

DAYS: Final = {"day": 1, "week": 7}
_PRIOR_CASES: Final = 2.0
"""Weight of R = 1 before anything is seen, in cases: Cori's prior stands for one with R = 5, which
would lift every forecast of a small place."""
_DISPERSION: Final = 0.05
_DISPERSION_WEIGHT: Final = 1.0
"""What is learnt of the dispersion is drawn to this value, which counts as so many periods."""
_NEARLY: Final = 0.99
_WIDEST: Final = 4.0
"""Largest squared relative error; beyond, a negative binomial only has a longer tail."""
_MOST: Final = 1e15


def kernel(task: ForecastTask, params: Mapping[str, Any]) -> Floats:
    """Quantiles ``(place, horizon, quantile)``."""
    daily = discretise(params["serial_mean"], params["serial_sd"])
    w = by_period(daily, DAYS[task.calendar.step])
    window = int(params["window"] or WINDOWS[task.calendar.step])
    infects, _ = infectiousness(task.counts, w)
    told = ~np.isnan(task.counts) & np.isfinite(infects) & (infects > 0)
    cases = _sums(np.where(told, task.counts, 0.0), window)
    could = _sums(np.where(told, infects, 0.0), window)
    r = (cases + _PRIOR_CASES) / (could + _PRIOR_CASES)
    dispersion = _dispersion(task.counts, r, infects, told, _reach(w) + window)
    error = (1 / (cases[:, -1] + _PRIOR_CASES)) + dispersion / window
    mean, spread = _carry(_filled(task.counts, infects, r), w, r[:, -1], error, dispersion,
                          task.horizon, params["damping"])  # fmt: skip
    return _quantiles(mean, spread, task.quantiles)


def _reach(w: Floats) -> int:
    """Periods within which nearly all infect."""
    return int(np.searchsorted(np.cumsum(w), _NEARLY * w.sum())) + 1


def _sums(values: Floats, window: int) -> Floats:
    """Over the window that ends at each period."""
    total = np.cumsum(values, axis=1)
    total[:, window:] -= total[:, :-window].copy()
    found: Floats = total
    return found


def _dispersion(
    counts: Floats, r: Floats, infects: Floats, told: NDArray[np.bool_], warm: int
) -> Floats:
    """Squared relative error of one period beyond counting, by place.

    Args:
        counts: ``(place, time)``.
        r: Reproduction number after each period.
        infects: Λ of each period.
        told: Where a period can be compared.
        warm: First periods that cannot: who infected then lies before the table.
    """
    use = told[:, 1:].copy()
    use[:, : min(warm, use.shape[1] // 2)] = False
    mean = np.where(use, r[:, :-1] * infects[:, 1:], 1.0)
    beyond = (counts[:, 1:] - mean) ** 2 - mean
    weight = np.where(use, (mean / (1 + _DISPERSION * mean)) ** 2, 0.0)
    own = np.where(use, weight * beyond / mean**2, 0.0).sum(axis=1)
    base = weight.sum(axis=1) / np.maximum(use.sum(axis=1), 1) * _DISPERSION_WEIGHT
    base = np.maximum(base, _LEAST)
    found: Floats = (own + base * _DISPERSION) / (weight.sum(axis=1) + base)
    return np.clip(found, 0.0, _WIDEST)


def _filled(counts: Floats, infects: Floats, r: Floats) -> Floats:
    """Counts with what was not reported as it would have been expected."""
    guess = np.nan_to_num(r * np.nan_to_num(infects))
    return np.where(np.isnan(counts), guess, counts)


def _carry(
    counts: Floats, w: Floats, r: Floats, error: Floats, dispersion: Floats, horizon: int,
    damping: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Mean and squared relative error of each count ahead, ``(place, horizon)``.

    Args:
        counts: ``(place, time)``, complete.
        w: Serial interval in periods.
        r: Reproduction number now.
        error: Its squared relative error.
        dispersion: Squared relative error of one period beyond counting.
        horizon: Periods ahead.
        damping: Share of log R that is left after a period.
    """
    places, n = counts.shape
    reach = min(len(w) - 1, n + horizon)
    path = np.concatenate([counts, np.zeros((places, horizon))], axis=1)
    # Of each count ahead: how it moves with log R, and with the noise of each count before it.
    with_r = np.zeros((places, horizon))
    with_noise = np.zeros((places, horizon, horizon))
    mean, squared = np.zeros((places, horizon)), np.zeros((places, horizon))
    for h in range(horizon):
        share = damping ** (h + 1)
        parts = [(s, w[s] * path[:, n + h - s]) for s in range(1, reach + 1) if n + h - s >= 0]
        infects = np.maximum(sum((p for _, p in parts), np.zeros(places)), _LEAST)
        mean[:, h] = np.minimum(np.exp(share * np.log(r)) * infects, _MOST)
        with_r[:, h] = share
        for s, part in parts:
            if s <= h:
                carried = part / infects
                with_r[:, h] += carried * with_r[:, h - s]
                with_noise[:, h] += carried[:, None] * with_noise[:, h - s]
        with_noise[:, h, h] = 1.0
        noise = 1 / np.maximum(mean[:, : h + 1], _LEAST) + dispersion[:, None]
        squared[:, h] = with_r[:, h] ** 2 * error + (with_noise[:, h, : h + 1] ** 2 * noise).sum(
            axis=1
        )
        path[:, n + h] = mean[:, h]
    return mean, np.minimum(squared, _WIDEST + 1 / np.maximum(mean, _LEAST))


_LEAST: Final = 0.02
"""Cases that could infect where none is left: what seems over may be brought in anew."""


def _quantiles(mean: Floats, squared: Floats, levels: Floats) -> Floats:
    """Of the negative binomial with this mean and this squared relative error."""
    beyond = np.maximum(squared - 1 / mean, 1e-9)
    size = 1 / beyond
    found: Floats = nbinom.ppf(
        levels[None, None, :], size[..., None], (size / (size + mean))[..., None]
    )
    return found


def _rule(params: Mapping[str, Any], calendar: Calendar) -> tuple[Problem, ...]:
    if calendar.step not in DAYS:
        said = {"model": "renewal", "known": ", ".join(DAYS)}
        return (Problem("watch.model_step", said, field="model"),)
    return ()


WINDOWS: Final = {"day": 7, "week": 2}
"""Periods over which R is taken to stay the same."""


def _needs(params: Mapping[str, Any], calendar: Calendar) -> int:
    return 2 * int(params["window"] or WINDOWS.get(calendar.step, 1)) + 4


RENEWAL: Final = Forecaster(
    name="renewal",
    kernel=kernel,
    params=(
        Param("serial_mean", 7.0, "mean_si", low=1.0, high=200.0, open_low=True),
        Param("serial_sd", 4.0, "std_si", low=0.0, high=200.0, open_low=True),
        Param("window", None, low=1, high=104, optional=True),
        Param("damping", 0.8, low=0.0, high=1.0),
    ),
    source="Cori et al. 2013, Am. J. Epidemiol. 178, 1505; damping our own",
    verified=False,
    needs=_needs,
    rule=_rule,
)
