"""Warnings of several levels as a whole: what they are worth, and how sure that is.

FIRM, the risk matrix score and the economic value are computed by `scores`, the library of the
weather service whose people published the first two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scores.categorical import firm as library_firm
from scores.categorical import (
    relative_economic_value_from_rates,
    risk_matrix_score,
    weights_from_warning_scaling,
)

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
    """Economic value for a user with this ratio of cost to loss (Richardson 2000, QJRMS 126).

    1 is perfect knowledge, 0 is what the base rate alone is worth (to protect always, or never).

    Args:
        found: Counts of one level.
        ratio: Cost of protecting over the loss that it prevents, between 0 and 1.

    Returns:
        None where a margin of the table is empty: then there is nothing to be worth.

    >>> from haidang.review.warned import Tally
    >>> value(Tally(4, 2, 0, 0, 0, 0, 2, 0, 0, 0, (), 0.0), 0.5)
    1.0
    """
    return values(found, [ratio])[0]


def values(found: Tally, ratios: Sequence[float]) -> tuple[float | None, ...]:
    """`value` along rising cost-loss ratios; its largest stands at the base rate."""
    if found.pod is None or found.pofd is None or found.base_rate is None:
        return (None,) * len(ratios)
    rates = (xr.DataArray(r) for r in (found.pod, found.pofd, found.base_rate))
    worth = relative_economic_value_from_rates(*rates, list(ratios))
    return tuple(float(v) if np.isfinite(v) else None for v in np.atleast_1d(worth.values))


SCALING: Final = ((0, 2, 3, 3), (0, 1, 2, 3), (0, 1, 1, 2), (0, 0, 0, 0))
"""Warning scaling SHORT-RANGE of Taggart & Wilke (2025), NHESS 25, 2657-2677: rows from the highest
certainty down, columns from the least severity up."""
CERTAINTY: Final = (0.1, 0.3, 0.5)
"""Probabilities between its rows."""
ESCALATION: Final = (1.0, 2.0, 3.0)
"""Evaluation weights ESCALATION of the same paper."""


def matrix(probabilities: Floats, reached: Sequence[int], levels: Sequence[int]) -> float | None:
    """Risk matrix score (Taggart & Wilke 2025, NHESS 25, 2657-2677); 0 is perfect.

    Args:
        probabilities: P(level or more), (place and event, level).
        reached: Level that came, (place and event,).
        levels: Three, lowest first: the paper's scaling has three severities.

    Returns:
        The mean; None where nothing was forecast, or the law has another number of levels.
    """
    if not len(reached) or len(levels) != len(SCALING[0]) - 1:
        return None
    names = [str(level) for level in levels]
    weights = weights_from_warning_scaling(
        np.array(SCALING), ESCALATION, "severity", names, "certainty", list(CERTAINTY)
    )
    came = np.asarray(reached)[:, None] >= np.asarray(levels)[None]
    said, seen = (
        xr.DataArray(v, dims=("row", "severity"), coords={"severity": names})
        for v in (np.asarray(probabilities, float), came.astype(float))
    )
    return float(risk_matrix_score(said, seen, weights, "severity", "certainty"))


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
    counts = ("hits", "late", "lapsed", "missed", "false_alarms", "quiet", "unknown")
    numbers = (*counts, "near_misses", "near_false", "needless_h")
    total = {name: sum(getattr(p, name) for p in parts) for name in numbers}
    return Tally(events=len(parts), leads=(), **total)
