"""How late reports come: the distribution of the delay, shared over places that are too small.

* Lawless (1994), "Adjustments for reporting delays and the prediction of occurred but not
  reported events", Can. J. Stat. 22, 15-31: the reverse-time hazard of delay d is the share of
  what is known after d periods that came exactly then; over the periods whose reports fall into
  a moving window,

      g(d) = Σ n(t, d) / Σ N(t, d),      F(d) = Π_{x > d} (1 − g(x)).

  1 − g(d) is the ratio of what was known one period before to what is known at d. Written so it
  also stands where totals are revised downwards (then it lies above 1 and F may too), which a
  probability could not. It is the chain ladder of insurers.
* Variance about it: Lawless' binomial one is the floor; what the periods vary beyond is measured,
  a part in proportion to the count and a part in proportion to its square (a slow week delays all
  of its reports, however many). The distribution-free view is that of Mack (1993), ASTIN Bull. 23.
* Between places: ratios are drawn to that of all places by how much the places differ beyond
  their own noise, the variance between them by the moments of DerSimonian & Laird (1986),
  Control. Clin. Trials 7, 177.

The days of the week and holidays are not modelled: daily reports that pause on Sundays look later
than they are on Mondays. Count by week where that matters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from haidang.watch.method import Floats

Sharing = Literal["partial", "all", "none"]
SHARINGS: Final[tuple[str, ...]] = ("partial", "all", "none")

FEWEST: Final = 3
"""A ratio needs so many periods, counted over all places."""


@dataclass(frozen=True)
class Delays:
    """The distribution of the delay and how uncertain it is; arrays are ``(place, delay)``.

    Attributes:
        share: F(d): what is known after d periods over what will be known; above 1 where totals
            fall. NaN where too few periods were seen.
        linear: Variance of what is known over its mean, relative to the final count: times
            1 / count gives a squared coefficient of variation; the binomial's is (1 − F) / F.
        square: The part of the squared coefficient of variation that no count makes smaller.
        error: Squared relative standard error of the share itself.
        falls: Whether totals were revised downwards anywhere.
        still: ``(delay,)``: where totals fall, whether numbers are mostly left as they are, so that
            the number itself is a better estimate than C / F.
        errors: For each delay, where totals fall, what the estimate missed the final count by in
            the window, in standard deviations, over all places, rising. Most revisions are none
            and a few are large, which no textbook distribution has.
    """

    share: Floats
    linear: Floats
    square: Floats
    error: Floats
    falls: bool
    still: NDArray[np.bool_]
    errors: tuple[Floats, ...] = ()


@dataclass(frozen=True)
class _Pairs:
    """What is known at two delays, over the window; ``(place, row)``."""

    before: Floats
    now: Floats
    there: NDArray[np.bool_]

    def sums(self) -> tuple[Floats, Floats]:
        """Both summed over the window, by place."""
        return (
            np.where(self.there, self.before, 0.0).sum(axis=1),
            np.where(self.there, self.now, 0.0).sum(axis=1),
        )


def estimate(known: Floats, window: int, sharing: Sharing) -> Delays:
    """Delays from a triangle.

    Args:
        known: ``(place, row, delay)``, the last row that of the newest period; NaN where unknown.
        window: Reports of so many of the newest periods count: Lawless' moving window, a diagonal
            of the triangle.
        sharing: ``partial`` draws a place to the others as far as its own noise asks; ``all``
            gives every place the same distribution, ``none`` its own.
    """
    places, _, delays = known.shape
    share, linear, square, error = (np.zeros((places, delays)) for _ in range(4))
    share[:, -1] = 1.0
    for d in range(delays - 1, 0, -1):
        ratio, doubt = _step(_pairs(known, d - 1, d, window), sharing)
        with np.errstate(divide="ignore", invalid="ignore"):
            share[:, d - 1] = share[:, d] * ratio
            error[:, d - 1] = error[:, d] + doubt / ratio**2
    for d in range(delays - 1):
        # Measured against the end at once: a slow start is caught up later, so the steps are not
        # independent, and the product of their variances would be too small.
        f = share[:, d]
        variance, excess = _spread(_pairs(known, d, delays - 1, window), f, fitted=False)
        with np.errstate(divide="ignore", invalid="ignore"):
            linear[:, d] = np.maximum(np.maximum(0.0, f * (1 - f)), variance) / f**2
            square[:, d] = excess / f**2
    with np.errstate(invalid="ignore"):
        falls = bool((np.diff(known, axis=2) < 0).any())
    found = Delays(share, linear, square, error, falls, np.zeros(delays, np.bool_))
    if not falls:
        return found
    pairs = [_pairs(known, d, delays - 1, window) for d in range(delays - 1)]
    still = [*(_mostly_left(p, share[:, d]) for d, p in enumerate(pairs)), False]
    found = replace(found, still=np.array(still))
    return replace(found, errors=tuple(_missed(p, found, d) for d, p in enumerate(pairs)))


def _mostly_left(pairs: _Pairs, share: Floats) -> bool:
    """Whether numbers at this delay came nearer to the end as they were than divided by F."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (
            np.abs(pairs.now - centre) / (pairs.before + 1)
            for centre in (pairs.before, pairs.before / share[:, None])
        )
    use = pairs.there & np.isfinite(other)
    return bool(one[use].sum() <= other[use].sum())


def _missed(pairs: _Pairs, delays: Delays, d: int) -> Floats:
    """What the estimate missed the final count by, in standard deviations, rising."""
    share, linear, square = (x[:, d, None] for x in (delays.share, delays.linear, delays.square))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = pairs.before if delays.still[d] else pairs.before / share
        found = (pairs.now - mean) / np.sqrt(mean * linear + mean**2 * square)
    return np.sort(found[pairs.there & np.isfinite(found)])


def _pairs(known: Floats, early: int, d: int, window: int) -> _Pairs:
    """What is known early and at d, of the periods whose reports at d fall into the window."""
    stop = known.shape[1] - d
    start = max(0, stop - window)
    before, now = known[:, start:stop, early], known[:, start:stop, d]
    return _Pairs(before, now, ~(np.isnan(before) | np.isnan(now)))


def _step(pairs: _Pairs, sharing: Sharing) -> tuple[Floats, Floats]:
    """Ratio and its squared error, by place."""
    before, now = pairs.sums()
    places = len(now)
    if np.count_nonzero(pairs.there & (pairs.now > 0)) < FEWEST:
        nothing = np.full(places, np.nan)
        return nothing, nothing
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(now > 0, before / now, np.nan)
    common = float(before.sum() / now.sum())
    centre = np.full(places, common) if sharing == "all" else np.where(now > 0, own, common)
    variance, excess = _spread(pairs, centre, fitted=sharing != "all")
    squares = np.where(pairs.there, pairs.now, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = np.where(
            now > 0, variance / now + excess * (squares**2).sum(axis=1) / now**2, np.inf
        )
    everyone = float(variance / now.sum() + excess * (squares**2).sum() / now.sum() ** 2)
    if sharing == "all":
        ratio, doubt = np.full(places, common), np.full(places, everyone)
    elif sharing == "none":
        ratio, doubt = own, noise
    else:
        ratio, doubt = _drawn(own, noise, common, everyone)
    return ratio, doubt


def _spread(pairs: _Pairs, centre: Floats, *, fitted: bool) -> tuple[float, float]:
    """Variance of what was known before, per count and per squared count, over all places.

    Least squares of the squared residuals, each over the square of its count; the part per count
    is never below the binomial's.
    """
    n = pairs.there.sum(axis=1, keepdims=True)
    use = pairs.there & (pairs.now > 0) & ((n > 1) if fitted else True)
    if not use.any():
        return max(0.0, float(np.mean(centre * (1 - centre)))), 0.0
    lost = n / np.maximum(n - 1, 1) if fitted else np.ones_like(n)
    x = pairs.now[use]
    r = np.broadcast_to(centre[:, None], pairs.now.shape)[use]
    z = (pairs.before[use] - r * x) ** 2 * np.broadcast_to(lost, pairs.now.shape)[use]
    floor = float(np.sum(np.maximum(0.0, r * (1 - r)) * x) / np.sum(x))
    weight = 1.0 / (x + 1.0) ** 2
    a11, a12, a22 = (float(np.sum(weight * x**k)) for k in (2, 3, 4))
    b1, b2 = float(np.sum(weight * z * x)), float(np.sum(weight * z * x**2))
    det = a11 * a22 - a12**2
    variance = (b1 * a22 - b2 * a12) / det if det > 1e-12 * a11 * a22 else -1.0
    excess = (b2 * a11 - b1 * a12) / det if det > 1e-12 * a11 * a22 else 0.0
    if excess < 0:
        return max(floor, b1 / a11), 0.0
    if variance < floor:
        return floor, max(0.0, (b2 - floor * a12) / a22)
    return variance, excess


def _drawn(own: Floats, noise: Floats, common: float, everyone: float) -> tuple[Floats, Floats]:
    """Ratios of places drawn to the common one, and what remains uncertain."""
    seen = np.isfinite(noise) & (noise > 0)
    if np.count_nonzero(seen) < 2:  # noqa: PLR2004 - of one place there is nothing between places
        alone = np.isfinite(noise)
        return np.where(alone, own, common), np.where(alone, noise, everyone)
    weight = 1.0 / noise[seen]
    mean = float(np.sum(weight * own[seen]) / weight.sum())
    beyond = float(np.sum(weight * (own[seen] - mean) ** 2)) - (len(weight) - 1)
    between = max(0.0, beyond / float(weight.sum() - np.sum(weight**2) / weight.sum()))
    told = np.isfinite(noise)
    own, noise = np.where(told, own, common), np.where(told, noise, 1.0)
    keep = np.where(noise > 0, between / np.where(noise > 0, between + noise, 1.0), 1.0)
    keep = np.where(told, keep, 0.0)
    doubt = np.where(told, keep * noise, between) + (1 - keep) ** 2 * everyone
    return common + keep * (own - common), doubt
