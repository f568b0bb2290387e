"""How far a composite index can be trusted: the same index made many times, otherwise each time.

Weights, ends of the indicators and which indicators take part are choices of whoever makes an
index; of what is not known nobody knows the value. All are drawn together, as in Saisana, Saltelli
and Tarantola (2005), Uncertainty and sensitivity analysis techniques as tools for the quality
assessment of composite indicators, J. R. Stat. Soc. A 168, 307-323,
doi 10.1111/j.1467-985X.2005.00350.x.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from haidang.risk.index import TOP, Floats, Scores, between, evaluate, ranks, scored
from haidang.risk.index_spec import IndexSpec, Sampling


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """A composite index of some places, with how far it can be trusted.

    Attributes:
        spec: How it is made.
        codes: Places, (place,).
        values: By indicator, in its unit, (place,); NaN is not known.
        leaves: By indicator, its score, (place,).
        scores: Of every node and indicator, (place,).
        low, high: By node, the interval of the draws, widened to hold the score; (place,).
        rank: 1 is the highest risk, (place,); NaN without an index.
        rank_low, rank_high: Interval of the rank over the draws.
    """

    spec: IndexSpec
    codes: tuple[str, ...]
    values: Mapping[str, Floats]
    leaves: Mapping[str, Floats]
    scores: Scores
    low: Mapping[str, Floats]
    high: Mapping[str, Floats]
    rank: Floats
    rank_low: Floats
    rank_high: Floats

    @property
    def risk(self) -> Floats:
        """The index, (place,)."""
        return self.scores.score[self.spec.root]

    @property
    def known(self) -> Floats:
        """Share of the whole tree's weight that is known, (place,)."""
        return self.scores.known[self.spec.root]

    def order(self) -> tuple[int, ...]:
        """Places by rank, those without an index last."""
        return tuple(
            sorted(
                range(len(self.codes)),
                key=lambda i: (np.isnan(self.rank[i]), self.rank[i], self.codes[i]),
            )
        )


def make(spec: IndexSpec, codes: tuple[str, ...], values: Mapping[str, Floats]) -> Index:
    """An index with its interval.

    Args:
        spec: How it is made; its seed gives the same draws each time.
        codes: Places.
        values: By indicator, in its unit, (place,); one that is missing is not known anywhere.

    Returns:
        The index. A node is drawn with what is not known left out, as the score is, in half of the
        draws, and with it anywhere from 0 to 10 in the other half.
    """
    nothing = np.full(len(codes), np.nan)
    held = {n: np.asarray(values.get(n, nothing), np.float64) for n in spec.indicators}
    leaves = scored(spec, held)
    found = evaluate(spec, leaves)
    drawn = draws(spec, held)
    inner = (*spec.nodes,)
    low, high = {}, {}
    for name in inner:
        low[name], high[name] = _interval(
            drawn.score[name], found.score[name], spec.sampling.interval
        )
    rank = ranks(found.score[spec.root])
    there = np.where(np.isnan(rank), np.nan, drawn.score[spec.root])
    rank_low, rank_high = _interval(ranks(there), rank, spec.sampling.interval)
    return Index(
        spec, codes, held, leaves, found, low, high, rank,
        np.where(np.isnan(rank), np.nan, np.floor(rank_low)),
        np.where(np.isnan(rank), np.nan, np.ceil(rank_high)),
    )  # fmt: skip


def draws(spec: IndexSpec, values: Mapping[str, Floats]) -> Scores:
    """The index made ``spec.sampling.draws`` times, (draw, place)."""
    how = spec.sampling
    rng = np.random.default_rng(how.seed)
    weights = {n: _weights(rng, list(node.of.values()), how) for n, node in spec.nodes.items()}
    leaves = {n: _leaf(rng, spec, n, v) for n, v in values.items()}
    names = sorted(leaves)
    out = rng.integers(len(names), size=how.draws)
    out[rng.random(how.draws) >= how.leave_out] = -1
    # One choice for all places of a draw: to pass over what is not known, or to take anything.
    passed = rng.random(how.draws) < 0.5  # noqa: PLR2004 - either is as good
    for i, name in enumerate(names):
        leaf = leaves[name]
        anything = rng.random(leaf.shape) * TOP
        filled = np.where(np.isnan(leaf) & ~passed[:, None], anything, leaf)
        leaves[name] = np.where((out == i)[:, None], np.nan, filled)
    return evaluate(spec.unrounded(), leaves, weights)


def _weights(rng: np.random.Generator, weights: list[float], how: Sampling) -> Floats:
    shaken = 1.0 + how.weights * rng.uniform(-1.0, 1.0, (len(weights), how.draws))
    return (np.array(weights)[:, None] * shaken)[:, :, None]


def _leaf(rng: np.random.Generator, spec: IndexSpec, name: str, value: Floats) -> Floats:
    of, how = spec.indicators[name], spec.sampling
    log = of.scale == "log"
    low, high = (np.log10(of.min), np.log10(of.max)) if log else (of.min, of.max)
    move = how.bounds * (high - low) * rng.uniform(-1.0, 1.0, (2, how.draws, 1))
    ends = low + move[0], high + move[1]
    if log:
        ends = 10.0 ** ends[0], 10.0 ** ends[1]
    return between(value[None, :], of, *ends)


def _interval(
    drawn: Floats, central: Floats, quantiles: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Quantiles over the draws that have a value, widened to hold the central one."""
    some = ~np.isnan(drawn).all(axis=0)
    out = np.full((2, drawn.shape[1]), np.nan)
    if some.any():
        out[:, some] = np.nanquantile(drawn[:, some], quantiles, axis=0)
    return np.fmin(out[0], central), np.fmax(out[1], central)
