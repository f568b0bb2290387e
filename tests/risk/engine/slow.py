"""The same as the engine, as anybody would write it first: loops over a dense table, slowly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import inf, isnan, nan

Ratio = Callable[[float], float]


def straight(knots: Sequence[tuple[float, float]]) -> Ratio:
    """A table as a function."""

    def ratio(x: float) -> float:
        if x <= knots[0][0]:
            return knots[0][1]
        for (a, low), (b, high) in pairwise(knots):
            if x <= b:
                return low + (high - low) * (x - a) / (b - a)
        return knots[-1][1]

    return ratio


def meet(rule: str, shares: Sequence[float]) -> float:
    """Several perils on one asset."""
    if any(isnan(r) for r in shares):
        return nan
    if rule == "most_severe":
        return max(shares)
    left = 1.0
    for r in shares:
        left *= 1.0 - r
    return 1.0 - left


def loss(value: float, share: float) -> float:
    """Nothing of something unknown is nothing, and nothing can be lost where nothing stands."""
    if share == 0 or value == 0:
        return 0.0
    return value * share


def table(
    perils: Sequence[Sequence[Sequence[float]]],
    values: Sequence[float],
    ratios: Sequence[Sequence[Ratio]],
    rule: str = "most_severe",
) -> list[list[float]]:
    """Loss by event and point; ratios[peril][point]. Not reached is intensity 0."""
    found = []
    for e in range(len(perils[0])):
        row = []
        for p, value in enumerate(values):
            shares = [
                nan if isnan(peril[e][p]) else ratio[p](peril[e][p])
                for peril, ratio in zip(perils, ratios, strict=True)
            ]
            row.append(loss(value, meet(rule, shares)))
        found.append(row)
    return found


def expected(done: Sequence[float], frequency: Sequence[float]) -> float:
    return sum(d * f for d, f in zip(done, frequency, strict=True))


def once_in(done: Sequence[float], frequency: Sequence[float], years: float) -> float:
    """Reached or exceeded once in so many years, straight between two events, else not known."""
    if any(isnan(d) for d in done):
        return nan
    rows = [(d, f) for d, f in zip(done, frequency, strict=True) if f > 0]
    rows.sort(key=lambda r: -r[0])
    knots, total = [], 0.0
    for d, f in rows:
        total += f
        knots.append((1.0 / total, d))
    above, below = (inf, nan), (-inf, nan)
    for period, d in knots:  # from the longest period to the shortest
        if abs(period - years) <= 1e-9 * years:
            return d
        if period > years:
            above = (period, d)
        elif below[0] < period:
            below = (period, d)
            break
    if above[0] == inf or below[0] == -inf:
        return nan
    return below[1] + (above[1] - below[1]) * (years - below[0]) / (above[0] - below[0])
