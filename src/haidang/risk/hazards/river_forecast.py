"""A short look ahead at a river's stage, where nobody gave one: persistence, trend, upstream.

These are for the hours between two bulletins, not instead of a hydrologist: none of them knows of
rain that has not yet run off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.risk.readings import Read

TREND_H: Final = 12.0
"""The trend is that of the last so many hours, h."""

DAMPING_H: Final = 6.0
"""The rate of rise falls to 1/e of itself in so many hours, h; an assumption, see ADR 31."""


def damped_trend(rows: Sequence[Read], hours: float) -> Read | None:
    """The stage after some hours if the last rate of change dies away.

    h(t) = h0 + r · τ · (1 - exp(-t/τ)), with r the least-squares slope of the last 12 hours and
    τ = 6 h: damped trend (Gardner & McKenzie 1985, Management Science 31, in continuous time).

    Args:
        rows: Stages of one gauge that were measured, the oldest first.
        hours: How far ahead, h.

    Returns:
        The reading that would be made then, to a tenth of a millimetre, marked as a forecast; None
        with fewer than two stages in the last 12 hours.
    """
    if not rows:
        return None
    last = rows[-1]
    recent = [r for r in rows if last.start - r.start <= timedelta(hours=TREND_H)]
    points = [
        ((r.start - last.start) / timedelta(hours=1), r.value)
        for r in recent
        if r.value is not None
    ]
    if len(points) < 2 or last.value is None:
        return None
    rate = slope(np.array([p[0] for p in points]), np.array([p[1] for p in points]))
    value = last.value + rise(rate, hours)
    start = last.start + timedelta(hours=hours)
    # Fine enough not to lift a stage over an alarm level; coarse enough that a level river, whose
    # slope is not quite 0 in floats, stays where it is.
    return Read(start, round(value, 4), last.published, last.receipt)


def slope(hours: NDArray[np.float64], stage: NDArray[np.float64]) -> float:
    """Least-squares slope of stages over time, m/h.

    Args:
        hours: Times, shape (n,), n of two or more that differ.
        stage: Stages, m, shape (n,).
    """
    t = hours - hours.mean()
    return float(t @ (stage - stage.mean()) / (t @ t))


def rise(rate: float, hours: float) -> float:
    """What a rate of change that dies away adds in some hours, m."""
    return rate * DAMPING_H * (1 - math.exp(-hours / DAMPING_H))


@dataclass(frozen=True, slots=True)
class Upstream:
    """A gauge downstream as a line of gauges upstream some hours before.

    Attributes:
        lags: Hours by which each gauge upstream is ahead, shape (k,).
        intercept: m.
        weights: Shape (k,).
        error: Root mean square error on the hours that it was fitted to, m.
        pairs: How many hours those were.
    """

    lags: tuple[float, ...]
    intercept: float
    weights: tuple[float, ...]
    error: float
    pairs: int

    def __call__(self, stages: Sequence[float]) -> float:
        """The stage to come, m.

        Args:
            stages: Of each gauge upstream, ``lags`` hours before the time that is asked about.
        """
        return self.intercept + sum(w * s for w, s in zip(self.weights, stages, strict=True))


def fit_upstream(
    own: Sequence[Read], upstream: Sequence[Sequence[Read]], lags: Sequence[float]
) -> Upstream:
    """Fit the regression of a gauge on gauges upstream by ordinary least squares.

    Args:
        own: Stages of the gauge.
        upstream: Stages of each gauge upstream; the same clock hours as ``own``.
        lags: By how many hours each is ahead.

    Raises:
        BadData: Fewer common hours than twice the unknowns (``river.few_pairs``): such a line
            says nothing.
    """
    series = [{r.start: r.value for r in rows if r.value is not None} for rows in upstream]
    rows = []
    for one in own:
        before = [
            s.get(one.start - timedelta(hours=lag)) for s, lag in zip(series, lags, strict=True)
        ]
        if one.value is not None and all(b is not None for b in before):
            rows.append((one.value, *before))
    least = 2 * (len(lags) + 1)
    if len(rows) < least:
        raise BadData(Problem("river.few_pairs", {"pairs": len(rows), "least": least}))
    table = np.array(rows, np.float64)
    design = np.column_stack([np.ones(len(table)), table[:, 1:]])
    found, *_ = np.linalg.lstsq(design, table[:, 0], rcond=None)
    left = table[:, 0] - design @ found
    return Upstream(
        lags=tuple(map(float, lags)),
        intercept=float(found[0]),
        weights=tuple(map(float, found[1:])),
        error=float(np.sqrt(np.mean(left**2))),
        pairs=len(rows),
    )
