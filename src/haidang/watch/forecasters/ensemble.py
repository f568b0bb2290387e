"""Several forecasters together, weighed by past skill and made as wide as past errors ask for.

Quantiles are averaged level by level (Lichtendahl, Grushka-Cockayne & Winkler 2013), as logarithms,
so that one member whose trend explodes does not carry the rest away. The weights come from the
weighted interval score of what every member would have said at the newest origins whose outcome
is known by now, each from what was known then; a place's own record counts beside that of all
places. The spread around the median is then multiplied by the factor that would have scored best
there. Nothing that became known after the newest period enters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from haidang.watch.forecaster import Fan, Forecaster, ForecastTask, apply, only_whole
from haidang.watch.forecasters import ets, lagged_regression, naive, pooled_growth, theta
from haidang.watch.method import NO_DATA, Codes, Floats, Param, Reason
from haidang.watch.quantile import between, wis

MEMBERS: Final[tuple[Forecaster, ...]] = (
    pooled_growth.POOLED_GROWTH,
    ets.ETS,
    theta.THETA,
    naive.SEASONAL,
    naive.RANDOM_WALK,
)
"""Who is asked; a member that does not take the table's periods is left out, and where there are
covariates the regression on them is asked too."""

FACTORS: Final = np.exp(np.linspace(-0.8, 0.8, 33))
"""Factors of the spread that are tried."""


@dataclass(frozen=True, slots=True)
class _Past:
    """What members said at past origins, and what came.

    Attributes:
        said: ``(member, origin, place, horizon, quantile)``, NaN where a member had nothing.
        came: ``(origin, place, horizon)``, NaN where it is not known yet.
    """

    said: Floats
    came: Floats


def kernel(task: ForecastTask, params: Mapping[str, Any]) -> Fan:
    """Quantiles ``(place, horizon, quantile)``; a place no member can do has their reason."""
    members = [m for m in MEMBERS if not m.rule(m.defaults(), task.calendar)]
    if task.covariates:
        members.append(lagged_regression.LAGGED_REGRESSION)
    now = [_said(m, task) for m in members]
    said = np.stack([fan.values for fan in now])
    past = _past(members, task, params["origins"])
    weight = _weights(past, task.quantiles, params["power"], params["shared"])
    mean = _mean(said, weight[:, :, None])
    then = _mean(past.said, weight[:, None, :, None])
    factor = _factor(then, past.came, task, params["doubt"])
    return Fan(_stretched(mean, task.quantiles, factor), _reason(now))


def _said(member: Forecaster, task: ForecastTask) -> Fan:
    """A member's forecast; in a backtest it may have been made before."""
    key = (member.name, task.calendar.rows, task.horizon)
    if key not in task.made:
        task.made[key] = apply(member, task, member.defaults())
    return task.made[key]


def _past(members: list[Forecaster], task: ForecastTask, origins: int) -> _Past:
    """The newest origins, one period apart; at the newest of them only one outcome is known."""
    rows = task.calendar.rows
    begin = max(rows - origins, task.calendar.per_year // 4, 2)
    at = range(begin, rows)
    shape = (len(at), len(task.counts), task.horizon)
    said = np.full((len(members), *shape, len(task.quantiles)), np.nan)
    came = np.full(shape, np.nan)
    for i, r in enumerate(at):
        then = task.before(r)
        for k, member in enumerate(members):
            said[k, i] = _said(member, then).values
        known = min(task.horizon, rows - r)
        came[i, :, :known] = task.counts[:, r : r + known]
    return _Past(said, came)


def _weights(past: _Past, levels: Floats, power: float, shared: float) -> Floats:
    """``(member, place)``, adding up to 1 over members that speak; alike where nothing is known.

    The score of a member at a place is divided by the mean over members, so that large counts
    and far horizons do not rule; ``shared`` outcomes of the record of all places stand beside
    the place's own. A weight is that relative score to the power of minus ``power``.
    """
    k, _, n = past.said.shape[:3]
    score = wis(past.said, levels, past.came[None])
    usable = np.isfinite(score).all(axis=0)
    if not usable.any():
        return np.full((k, n), 1.0 / k)
    score = np.where(usable, score, 0.0)
    number = usable.sum(axis=(0, 2))
    own = score.sum(axis=(1, 3))
    own = own / np.maximum(own.mean(axis=0), 1e-9)
    every = (own * number).sum(axis=1) / number.sum()
    relative = (own * number + shared * every[:, None]) / (number + shared)
    weight = np.maximum(relative, 0.05) ** -power
    found: Floats = weight / weight.sum(axis=0)
    return found


def _mean(said: Floats, weight: Floats) -> Floats:
    """Weighted mean of logarithms over the members that speak; NaN where none does."""
    heavy = np.where(np.isnan(said), 0.0, weight[..., None])
    total = heavy.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.expm1((heavy * np.log1p(np.nan_to_num(said))).sum(axis=0) / total)
    return found


def _factor(then: Floats, came: Floats, task: ForecastTask, doubt: float) -> Floats:
    """``(horizon,)``: what the spread around the median is multiplied by.

    The factor with the least score of logarithms over all places and past origins, drawn towards
    one as if ``doubt`` further origins had asked for one.
    """
    found, levels = np.ones(then.shape[2]), task.quantiles
    whole = only_whole(task.counts)
    for h in range(len(found)):
        usable = np.isfinite(came[..., h]) & np.isfinite(then[..., h, :]).all(axis=-1)
        if not usable.any():
            continue
        said, truth = then[..., h, :][usable], np.log1p(came[..., h][usable])
        score = []
        for factor in FACTORS:
            wide = _stretched(said, levels, np.array(factor))
            wide = np.log1p(np.rint(wide) if whole else wide)
            score.append(wis(wide, levels, truth).mean())
        number = usable.any(axis=1).sum()
        found[h] = FACTORS[int(np.argmin(score))] ** (number / (number + doubt))
    return found


def _stretched(said: Floats, levels: Floats, factor: Floats) -> Floats:
    """Quantiles moved away from the median, or towards it, on the scale of logarithms."""
    logs = np.log1p(said)
    middle = between(logs, levels, 0.5)[..., None]
    return np.asarray(np.expm1(np.maximum(middle + (logs - middle) * factor[..., None], 0.0)))


def _reason(now: list[Fan]) -> Codes:
    """Nothing to say where a member spoke; else why the one that needs least did not."""
    reasons = np.stack([fan.reason for fan in now])
    silent = np.isin(reasons, NO_DATA)
    spoken = np.where((~silent).any(axis=0), Reason.NONE, reasons[-1])
    return np.asarray(spoken.astype(np.int8))


ENSEMBLE: Final = Forecaster(
    name="ensemble",
    kernel=kernel,
    params=(
        Param("origins", 12, low=1, high=104),
        Param("power", 1.0, low=0.0, high=20.0),
        Param("shared", 20.0, low=0.0, high=1e6, open_low=True),
        Param("doubt", 8.0, low=0.0, high=1e6),
    ),
    source="our own weights and spread; Lichtendahl et al. 2013 for the average of quantiles",
    verified=False,
    pooled=True,
    covariates=True,
)
