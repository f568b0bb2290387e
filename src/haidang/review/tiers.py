"""Warnings of several levels as a whole: what they are worth, and how sure that is.

FIRM is computed by the library of the people who published it. The risk matrix score needs a
probability for each severity and lead time of every notice; see `matrix`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scores.categorical import firm as library_firm

from haidang.review.warned import Range, Row, Tally, tally

Floats = NDArray[np.float64]

RISK: Final = 0.7
"""Risk parameter of FIRM: a miss weighs RISK, a false alarm 1 - RISK. An assumption: warnings of
danger to life are usually issued when a miss is held to cost about twice a false alarm."""
DRAWS: Final = 2000
"""Resamples of the bootstrap."""


def firm(
    warned: Sequence[int],
    reached: Sequence[int],
    levels: Sequence[int],
    risk: float = RISK,
    weights: Sequence[float] | None = None,
) -> float | None:
    """FIxed Risk Multicategorical score (Taggart, Loveday & Griffiths 2022, QJRMS 148, eq. 5).

    0 is perfect. A notice one level too low costs ``risk`` times the weight of that level's
    threshold, one too high ``1 - risk``; two levels off pays both thresholds.

    Args:
        warned: Highest level warned of, (place and event,); 0 for none.
        reached: Level that came, the same order.
        levels: Levels that the law has, lowest first, without 0.
        risk: Between 0 and 1.
        weights: One for each level; all 1 if left out.

    Returns:
        The mean; None where there is nothing to score.
    """
    if not warned:
        return None
    # Levels are names in an order: a threshold lies just below each.
    edges = [level - 0.5 for level in levels]
    said, came = (xr.DataArray(np.asarray(v, float), dims="row") for v in (warned, reached))
    found = library_firm(said, came, risk, edges, list(weights or [1.0] * len(edges)))
    return float(found)


def value(found: Tally, ratio: float) -> float | None:
    """Economic value for a user with this ratio of cost to loss (Richardson 2000, QJRMS 126, eq. 8).

    1 is perfect knowledge, 0 is what the base rate alone is worth (to protect always, or never).

    Args:
        found: Counts of one level.
        ratio: Cost of protecting over the loss that it prevents, between 0 and 1.

    Returns:
        None where something of the table's margins is missing, or protecting is never in question.

    >>> from haidang.review.warned import Tally
    >>> value(Tally(4, 2, 0, 0, 0, 0, 2, 0, 0, 0, (), 0.0), 0.5)
    1.0
    """
    hit, false, base = found.pod, found.pofd, found.base_rate
    if hit is None or false is None or base is None:
        return None
    climate = min(ratio, base)
    spent = false * ratio * (1 - base) - hit * base * (1 - ratio) + base
    gained = climate - base * ratio
    return None if gained <= 0 else (climate - spent) / gained


def values(found: Tally, ratios: Sequence[float]) -> tuple[float | None, ...]:
    """`value` along a row of cost-loss ratios; its largest stands at the base rate."""
    return tuple(value(found, r) for r in ratios)


def by_event(
    rows: Iterable[Row], score: Callable[[Tally], float | None], seed: int, draws: int = DRAWS
) -> Range | None:
    """95 % interval of a score, by drawing whole events anew.

    The places of one event stand and fall together, so that 34 of them are nearer to one answer
    than to 34 (Davison & Hinkley 1997, Bootstrap Methods and their Application, section 3.8).

    Args:
        rows: Of one office and level.
        score: E.g. ``lambda t: t.pod``.
        seed: Of the draws.
        draws: How many.

    Returns:
        None with fewer than three events, which show nothing of how events differ, or where fewer
        than nine draws in ten have a score at all.
    """
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.outcome != "unknown":
            groups[row.event].append(row)
    if len(groups) < 3:  # noqa: PLR2004 - see above
        return None
    names = sorted(groups)
    tallies = [tally(groups[name]) for name in names]
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        one = score(_sum([tallies[i] for i in rng.integers(0, len(names), len(names))]))
        if one is not None:
            found.append(one)
    if len(found) < 0.9 * draws:
        return None
    low, high = np.quantile(found, [0.025, 0.975])
    return Range(float(low), float(high))


def _sum(parts: Sequence[Tally]) -> Tally:
    numbers = ("hits", "late", "lapsed", "missed", "false_alarms", "quiet", "unknown")
    numbers = (*numbers, "near_misses", "near_false", "needless_h")
    total = {name: sum(getattr(p, name) for p in parts) for name in numbers}
    return Tally(events=len(parts), leads=(), **total)
