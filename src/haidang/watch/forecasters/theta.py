"""The Theta method: half of a long trend on top of a smoothed level.

Assimakopoulos and Nikolopoulos 2000, as the state-space models of Fiorucci et al. 2016: theta is
2 (``standard``), searched for (``optimised``), or searched for while the line is fitted anew with
every period (``dynamic``). The initial level is solved for: errors are linear in it. The season,
where Akaike's criterion finds one, is taken out before and put back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from scipy.special import ndtri

from haidang.watch.forecaster import Forecaster, ForecastTask
from haidang.watch.forecasters.season import shape
from haidang.watch.method import Floats, Param
from haidang.watch.special import jit
from haidang.watch.transform import forward, inverse, param

_ALPHAS: Final = np.array([0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])
_THETAS: Final = np.array([1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0])
_FINER: Final = 5
"""Times that the grid is halved around its best point."""


@jit
def _line(y: Floats) -> tuple[float, float]:
    """Intercept and slope of the straight line through the reported periods 1, 2, 3."""
    n = st = sy = stt = sty = 0.0
    for i in range(len(y)):
        if not math.isnan(y[i]):
            t = i + 1.0
            n, st, sy, stt, sty = n + 1, st + t, sy + y[i], stt + t * t, sty + t * y[i]
    slope = (n * sty - st * sy) / max(n * stt - st * st, 1e-12)
    return (sy - slope * st) / n, slope


@jit
def _run(
    y: Floats, alpha: float, theta: float, line: tuple[float, float], dynamic: bool, mean: Floats
) -> float:
    """Sum of squared errors with the best initial level; ``mean`` gets the periods ahead.

    Equations 13 to 18 of Fiorucci et al. 2016 (a static line: 8 to 12). Two recursions run side
    by side, as the errors are linear in the initial level.
    """
    l0, l1 = 0.0, 1.0
    intercept, slope = (0.0, 0.0) if dynamic else line
    average, a11, b1, total = 0.0, 0.0, 0.0, 0.0
    share, power, n = 1 - 1 / theta, 1.0, len(y)
    for t in range(1, n + 1):
        # power is (1 - alpha)^(t - 1)
        beside = share * (power * intercept + (1 - power * (1 - alpha)) / alpha * slope)
        power *= 1 - alpha
        told = not math.isnan(y[t - 1])
        here = y[t - 1] if told else l0 + beside
        if told:
            e0, e1 = here - l0 - beside, -l1
            total += e0 * e0
            a11, b1 = a11 + e1 * e1, b1 - e0 * e1
            l1 *= 1 - alpha
        l0 = alpha * here + (1 - alpha) * l0
        if dynamic:
            # A gap lies on the line, so that it neither bends it nor depends on the level.
            on = here if told else intercept + slope * t
            if t > 1:
                slope = ((t - 2) * slope + 6 / t * (on - average)) / (t + 1)
            average += (on - average) / t
            intercept = average - (t + 1) / 2 * slope
    first = b1 / max(a11, 1e-12)
    level = l0 + first * l1
    for h in range(len(mean)):
        beside = share * (power * intercept + (1 - power * (1 - alpha)) / alpha * slope)
        power *= 1 - alpha
        mean[h] = level + beside
        level = alpha * mean[h] + (1 - alpha) * level
        if dynamic:
            t = n + h + 1
            slope = ((t - 2) * slope + 6 / t * (mean[h] - average)) / (t + 1)
            average += (mean[h] - average) / t
            intercept = average - (t + 1) / 2 * slope
    return max(total - first * b1, 0.0)  # of a series without any error rounding leaves less


@jit
def _search(
    y: Floats, thetas: Floats, alphas: Floats, dynamic: bool, mean: Floats
) -> tuple[float, float, float]:
    """Least sum of squares, alpha and theta: over a grid, then ever finer around the best."""
    # The sum stands in one line of one loop: the compiler copies the recursion to every place.
    line = _line(y)
    best, alpha, theta = np.inf, 0.5, thetas[0]
    grid, around = len(alphas) * len(thetas), 9
    wide, factor, middle, ratio = 0.1, 1.5625, alpha, theta
    for i in range(grid + _FINER * around + 1):
        if i < grid:
            a, th = alphas[i % len(alphas)], thetas[i // len(alphas)]
        elif i < grid + _FINER * around:
            k = (i - grid) % around
            if k == 0:
                middle, ratio, wide, factor = alpha, theta, wide / 2, math.sqrt(factor)
            a = min(max(middle + (k % 3 - 1) * wide, 0.001), 0.999)
            th = max(ratio * factor ** (k // 3 - 1), 1.0) if len(thetas) > 1 else ratio
        else:
            a, th = alpha, theta  # once more at the best point, for the periods ahead
        value = _run(y, a, th, line, dynamic, mean)
        if value < best:
            best, alpha, theta = value, a, th
    return best, alpha, theta


@jit
def _all(
    y: Floats, thetas: Floats, alphas: Floats, dynamic: bool, mean: Floats, spread: Floats
) -> None:
    """Means and standard deviations ahead of every series (equation 12 of the paper)."""
    for i in range(len(y)):
        told, first = 0, -1
        for t in range(y.shape[1]):
            if not math.isnan(y[i, t]):
                told, first = told + 1, t if first < 0 else first
        squares, alpha, _ = _search(y[i, first:], thetas, alphas, dynamic, mean[i])
        free = told - (3 if len(thetas) > 1 else 2)
        sigma2 = squares / max(1.0 * free, 1.0)
        for h in range(mean.shape[1]):
            spread[i, h] = math.sqrt(sigma2 * (1 + h * alpha * alpha))


def kernel(task: ForecastTask, params: Mapping[str, Any]) -> Floats:
    """Quantiles ``(place, horizon, quantile)``, normal on the scale."""
    y = forward(task.counts, params["transform"])
    wave, worth = shape(y, task.calendar.per_year, task.horizon)
    if params["season"] == "none":
        worth[:] = False
    wave[~worth] = 0.0
    rows = y.shape[1]
    mean, spread = np.empty((len(y), task.horizon)), np.empty((len(y), task.horizon))
    thetas = _THETAS if params["kind"] != "standard" else np.array([2.0])
    left = np.ascontiguousarray(y - wave[:, :rows])
    _all(left, thetas, _ALPHAS, params["kind"] == "dynamic", mean, spread)
    mean += wave[:, rows:]
    return inverse(mean[..., None] + spread[..., None] * ndtri(task.quantiles), params["transform"])


THETA: Final = Forecaster(
    name="theta",
    kernel=kernel,
    params=(
        Param("kind", "dynamic", choices=("standard", "optimised", "dynamic")),
        param("log1p"),
        Param("season", "auto", choices=("auto", "none")),
    ),
    source="Assimakopoulos & Nikolopoulos 2000; Fiorucci et al. 2016, Int. J. Forecasting 32:1151",
    verified=False,
    needs=lambda *_: 8,
)
