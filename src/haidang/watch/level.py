"""What a place had lately, as a gamma prior of its mean: a discounted count of its past.

Smith & Miller (1986), "A non-Gaussian state space model and application to prediction of
records", J. R. Stat. Soc. B 48, 79-88: the mean of a period is gamma (a, b); what was counted adds
to a and how much of it could be seen to b; from one period to the next both are discounted,

    a(t + 1) = δ (a(t) + count),     b(t + 1) = δ (b(t) + share seen),

so that the mean stays and its uncertainty grows; here the rate is divided by a growth g besides,
so that the mean may move. Discount and growth are common to all places and those under which
what was counted in the newest periods was likeliest, growth with a prior about none. A place in
which everything is new falls back on its own mean, and that on the mean of all places.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import gammaln

from haidang.watch.method import Floats

DISCOUNTS: Final = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.97)
GROWTHS: Final = (0.6, 0.7, 0.8, 0.9, 1.0, 1.12, 1.25, 1.4, 1.6)
GROWTH_SD: Final = 0.15
"""Standard deviation of the logarithm of the growth before anything is seen."""
LEAST_SHAPE: Final = 0.5
MOST_SHAPE: Final = 10.0
"""Bounds of the prior's shape: it never speaks louder than ten cases."""

_SAMPLE: Final = 2000
"""The discount is chosen on so many places, evenly out of all."""

_NEWEST: Final = 10
"""So many of the newest periods choose."""

_SEEN: Final = 0.5
"""Periods of which at least this share is known say how likely a discount is."""


def recent(known: Floats, share: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Prior of each period from the ones before it.

    Args:
        known: Counts as known now, ``(place, row)``, the newest last; NaN where unknown.
        share: Share of the final count that is usually known, the same shape.
        noise: Squared coefficient of variation of that share that no count makes smaller.

    Returns:
        Shape and rate, both ``(place, row)``.
    """
    there = np.isfinite(known) & np.isfinite(share) & (share > 0)
    seen, count = np.where(there, share, 0.0), np.where(there, known, 0.0)
    everywhere = float(count.sum()) / max(float(seen.sum()), 1e-9)
    if everywhere <= 0:
        return np.full(known.shape, LEAST_SHAPE), np.full(known.shape, LEAST_SHAPE)
    mean = (count.sum(axis=1) + everywhere) / (seen.sum(axis=1) + 1.0)
    # A share that varies by itself is worth fewer cases than were counted.
    worth = 1.0 / (1.0 + np.where(there, noise, 0.0) * count)
    some = slice(None, None, max(1, len(known) // _SAMPLE))
    judged = there & (share >= _SEEN)
    newest = np.cumsum(judged[:, ::-1].any(axis=0))[::-1] <= _NEWEST
    judged &= newest
    judged[:, : known.shape[1] // 4] = False  # the filter has not settled
    best, chosen = -np.inf, (DISCOUNTS[-1], 1.0)
    for growth in GROWTHS:
        for discount in DISCOUNTS:
            a, b = _filter(
                count[some] * worth[some], seen[some] * worth[some], mean[some], discount, growth
            )
            fit = _likelihood(count[some], seen[some], a, b)[judged[some]].sum()
            fit -= 0.5 * (np.log(growth) / GROWTH_SD) ** 2
            if fit > best:
                best, chosen = fit, (discount, growth)
    return _filter(count * worth, seen * worth, mean, *chosen)


def _filter(
    count: Floats, seen: Floats, mean: Floats, discount: float, growth: float
) -> tuple[Floats, Floats]:
    """Shape and rate before each period."""
    shape, rate = np.empty_like(count), np.empty_like(count)
    a, b = np.full(len(count), LEAST_SHAPE), LEAST_SHAPE / mean
    for t in range(count.shape[1]):
        less = np.minimum(1.0, MOST_SHAPE / a)
        a, b = a * less, b * less
        shape[:, t], rate[:, t] = a, b
        a = discount * (a + count[:, t]) + (1 - discount) * LEAST_SHAPE
        b = (discount * (b + seen[:, t]) + (1 - discount) * LEAST_SHAPE / mean) / growth
    return shape, rate


def _likelihood(count: Floats, seen: Floats, a: Floats, b: Floats) -> Floats:
    """Log probability of a count whose mean is gamma (a, b) times the share seen."""
    there = seen > 0
    f = np.where(there, seen, 1.0)
    found = (
        gammaln(a + count) - gammaln(a) - gammaln(count + 1)
        + a * np.log(b / (b + f)) + count * np.log(f / (b + f))
    )  # fmt: skip
    return np.where(there, found, 0.0)
