"""A composite index of risk: indicators to 0..10, joined up a tree to one number.

The rules are those of INFORM (Marin-Ferrer, Vernaccini and Poljansek 2017, Index for Risk
Management INFORM: Concept and Methodology, version 2017, JRC, doi 10.2760/094023): arithmetic
means, geometric means of (10 - x) on 1..10, a maximum where the worst counts, and the cube root of
the product of the three dimensions. What is not known is left out of a mean, never taken as 0, and
the share of the weight that is known goes along with every number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from haidang.risk.index_spec import IndexSpec, Indicator

Floats = NDArray[np.float64]

TOP = 10.0
"""Upper end of every score."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """An index and all that it is made of.

    Attributes:
        score: By node and indicator, 0..10, (..., place); NaN is not known.
        known: Likewise: share of the weight below that is known, 0..1, (..., place).
    """

    score: Mapping[str, Floats]
    known: Mapping[str, Floats]


def normalise(value: Floats, of: Indicator) -> Floats:
    """Values as scores 0..10, more being worse.

    Args:
        value: In the indicator's unit, any shape; NaN is not known.
        of: With its ends; values beyond them get the score of the end.

    Returns:
        Scores of the same shape; NaN stays NaN.

    >>> from haidang.risk.index_spec import Indicator
    >>> low = Indicator(title={"en": "Doctors"}, worse="low", min=0, max=4, source="x", date="x")
    >>> normalise(np.array([0.0, 1.0, 9.0, np.nan]), low)
    array([10. ,  7.5,  0. ,  nan])
    """
    return between(value, of, np.float64(of.min), np.float64(of.max))


def between(
    value: Floats, of: Indicator, low: Floats | np.float64, high: Floats | np.float64
) -> Floats:
    """As `normalise`, with other ends; those of a log scale lie above 0."""
    if of.scale == "log":
        # What lies below the lower end is 0 anyway, and zero has no logarithm.
        value = np.log10(np.maximum(value, low))
        low, high = np.log10(low), np.log10(high)
    score = np.clip((value - low) / (high - low), 0.0, 1.0) * TOP
    return np.asarray(TOP - score if of.worse == "low" else score, np.float64)


def arithmetic(x: Floats, weight: Floats) -> Floats:
    """Weighted mean of what is known.

    Args:
        x: Scores (child, ..., place); NaN is left out.
        weight: (child, ...) that fits them.

    Returns:
        (..., place); NaN where nothing is known.
    """
    held = np.where(np.isnan(x), 0.0, weight)
    total = held.sum(axis=0)
    found = (held * np.nan_to_num(x)).sum(axis=0) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, found, np.nan)


def inverted(x: Floats) -> Floats:
    """A score 0..10 as its counterpart 10..1: the mean is taken of what is *not* at risk.

    >>> inverted(np.array([0.0, 10.0]))
    array([10.,  1.])
    """
    return (TOP - x) / TOP * 9.0 + 1.0


def geometric(x: Floats, weight: Floats) -> Floats:
    """Geometric mean of (10 - x) on 1..10, turned back: a high score weighs more than a low one.

    As for `arithmetic`.
    """
    mean = np.exp(arithmetic(np.log(inverted(x)), weight))
    # Digits that floats lose would else make a score of -2e-15, which has no root.
    return np.clip((TOP - mean) / 9.0 * TOP, 0.0, TOP)


def largest(x: Floats, weight: Floats) -> Floats:
    """The largest of the scores times their weights, of those known: the worst alone counts.

    INFORM's human hazard: where there is a war its intensity, else 0.7 of the projected risk.
    """
    found = np.where(np.isnan(x), -np.inf, x * weight).max(axis=0)
    return np.where(np.isfinite(found), np.minimum(found, TOP), np.nan)


def product(x: Floats, weight: Floats) -> Floats:
    """The root of the product: of three equal weights the cube root. One 0 makes it 0.

    NaN where any is not known: a product has no value without its factors.
    """
    share = weight / weight.sum(axis=0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp((np.log(x) * share).sum(axis=0)), np.float64)


_RULES = {"arithmetic": arithmetic, "geometric": geometric, "max": largest, "product": product}


def evaluate(
    spec: IndexSpec, leaves: Mapping[str, Floats], weights: Mapping[str, Floats] | None = None
) -> Scores:
    """Join the scores of the indicators up to the root.

    Args:
        spec: The tree.
        leaves: Score by indicator, (..., place) all of one shape; one that is missing is not known
            anywhere.
        weights: By node, (child, ..., 1); None and nodes not named take those of the tree.

    Returns:
        A score and a known share for every node and indicator.
    """
    shape = np.broadcast_shapes(*(v.shape for v in leaves.values())) if leaves else (0,)
    score: dict[str, Floats] = {}
    known: dict[str, Floats] = {}
    for _, name in reversed(tuple(spec.walk())):
        if name in spec.indicators:
            score[name] = np.broadcast_to(leaves.get(name, np.array(np.nan)), shape)
            known[name] = (~np.isnan(score[name])).astype(np.float64)
            continue
        node = spec.nodes[name]
        weight = (weights or {}).get(name, _column(list(node.of.values()), len(shape)))
        x = np.stack([score[c] for c in node.of])
        there = np.stack([known[c] for c in node.of])
        # The largest is scaled by its weights: they say how bad it is, not how much of it is known.
        even = node.how == "max"
        known[name] = arithmetic(there, np.ones_like(weight) if even else weight)
        found = _RULES[node.how](x, weight)
        found = np.where(known[name] >= node.least, found, np.nan)
        score[name] = found if spec.decimals is None else half_up(found, spec.decimals)
    return Scores(score, known)


def half_up(x: Floats, decimals: int) -> Floats:
    """Rounded as by hand, halves upwards, whatever digits floats have lost; never away to zero.

    INFORM prints 0.1 for the mean 0.04 of Bahrain's, Finland's, Singapore's and São Tomé's natural
    hazards. It does not say why; with this rule every aggregate of two of its issues is the
    printed one, and a product of what is merely small does not vanish.

    >>> half_up(np.array([0.25, 0.35, 2.65, 0.04, 0.0]), 1)
    array([0.3, 0.4, 2.7, 0.1, 0. ])
    """
    scale = 10.0**decimals
    found = np.floor(x * scale + 0.5 + 1e-9) / scale
    return np.asarray(np.where((x > 0) & (found == 0), 1 / scale, found), np.float64)


def _column(weights: list[float], dims: int) -> Floats:
    return np.array(weights).reshape(-1, *(1,) * dims)


def scored(spec: IndexSpec, values: Mapping[str, Floats]) -> dict[str, Floats]:
    """Score by indicator from values in their units, each (place,)."""
    return {n: normalise(values[n], i) for n, i in spec.indicators.items() if n in values}


def ranks(score: Floats) -> Floats:
    """1 is the highest score; equals share the better place; NaN has none.

    Args:
        score: (..., place).

    >>> ranks(np.array([3.0, 9.0, np.nan, 9.0]))
    array([ 3.,  1., nan,  1.])
    """
    with np.errstate(invalid="ignore"):
        above = (score[..., None, :] > score[..., :, None]).sum(axis=-1)
    return np.where(np.isnan(score), np.nan, above + 1.0)


def drivers(
    spec: IndexSpec, leaves: Mapping[str, Floats], place: int
) -> tuple[tuple[str, float], ...]:
    """What makes a place stand out: how much each indicator adds to its index.

    Args:
        spec: The tree.
        leaves: Score by indicator, (place,).
        place: Which.

    Returns:
        (indicator, points of the index), the one that adds most first: the index as it is, less the
        index if this one stood at the median of all places. Only what is known of the place.
    """
    spec = spec.unrounded()
    whole = float(evaluate(spec, leaves).score[spec.root][place])
    found = []
    for name, score in leaves.items():
        if np.isnan(score[place]):
            continue
        there = {n: s[place : place + 1] for n, s in leaves.items()}
        there[name] = np.array([np.nanmedian(score)])
        without = float(evaluate(spec, there).score[spec.root][0])
        found.append((name, whole - without))
    return tuple(sorted(found, key=lambda f: (-f[1], f[0])))
