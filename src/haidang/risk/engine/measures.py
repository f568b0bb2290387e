"""What a measure saves in the long run beside what it costs.

A dyke holds water back up to its height, a stronger roof is harmed at a higher wind, people and
goods are moved away. Each changes one factor of the impact; what it saves is the difference of the
expected impact a year with and without it, discounted over the years that it lasts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.risk.engine.change import changed
from haidang.risk.engine.curves import Curves
from haidang.risk.engine.events import EventSet
from haidang.risk.engine.exposed import Exposed
from haidang.risk.engine.join import MAX_KM
from haidang.risk.engine.result import Impacts
from haidang.risk.engine.run import Adjust, ManyCurves, Rule, impacts, listed


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that can be done.

    Attributes:
        name: For tables.
        cost: Once, at the beginning, in the unit of the category that is asked about.
        upkeep: A year, at the end of each year.
        cutoff: Intensities below it do nothing any more (a dyke).
        shift: Added to the intensity that the curve needs for the same share (a stronger roof).
        scale: What the shares are multiplied by, 0 to 1.
        moved: Share of what is exposed that is brought away, 0 to 1.
        places: Codes of the places where it is done; None is everywhere. Only for ``moved``.
        peril: Which of several perils it works against; the first is 0.
    """

    name: str
    cost: float
    upkeep: float = 0.0
    cutoff: float = 0.0
    shift: float = 0.0
    scale: float = 1.0
    moved: float = 0.0
    places: tuple[str, ...] | None = None
    peril: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no measure.

        Raises:
            BadData: A cost, upkeep, cut-off or shift below 0 or not finite, a scale or a share
                outside 0 to 1; places for what would be done everywhere all the same.
        """
        for field in ("cost", "upkeep", "cutoff", "shift"):
            value = getattr(self, field)
            if not (np.isfinite(value) and value >= 0):
                raise BadData(Problem("impact.negative", {"value": value}, field=field))
        for field in ("scale", "moved"):
            value = getattr(self, field)
            if not 0 <= value <= 1:
                raise BadData(Problem("impact.share", {"value": value}, field=field))
        everywhere = self.cutoff or self.shift or self.scale != 1
        if self.places is not None and (everywhere or not self.moved):
            params = {"name": self.name}
            raise BadData(Problem("impact.measure_places", params, field="places"))


@dataclass(frozen=True, slots=True)
class CostBenefit:
    """What a measure is worth, in the unit of the category.

    Attributes:
        measure: Which.
        before: Expected impact a year without it.
        after: With it.
        benefit: What is averted, discounted over the years.
        cost: Once and upkeep, discounted likewise.
        with_it: The impact with the measure, for events, places and return periods.
    """

    measure: Measure
    before: float
    after: float
    benefit: float
    cost: float
    with_it: Impacts

    @property
    def averted(self) -> float:
        """Expected impact averted in a year."""
        return self.before - self.after

    @property
    def ratio(self) -> float:
        """Benefit for each unit of cost; infinite if it costs nothing, NaN if it does nothing."""
        if self.cost > 0:
            return self.benefit / self.cost
        return float("inf") if self.benefit > 0 else float("nan")

    @property
    def net(self) -> float:
        """Benefit less cost."""
        return self.benefit - self.cost


def annuity(years: int, rate: float) -> float:
    """What 1 at the end of each of so many years is worth today: sum of 1 / (1 + rate)^t.

    Raises:
        BadData: No whole number of years from 1 on, or a rate that is not above -1.

    >>> annuity(2, 0.0), round(annuity(2, 0.1), 6)
    (2.0, 1.735537)
    """
    if not (years >= 1 and float(years).is_integer() and np.isfinite(rate) and rate > -1):
        raise BadData(Problem("impact.discount", {"years": years, "rate": rate}, field="years"))
    return float(np.sum((1.0 + rate) ** -np.arange(1.0, years + 1)))


def cost_benefit(
    perils: EventSet | Sequence[EventSet],
    assets: Exposed,
    curves: Curves | ManyCurves,
    measures: Sequence[Measure],
    *,
    category: str = "money",
    years: int = 30,
    rate: float = 0.05,
    rule: Rule = "most_severe",
    max_km: float = MAX_KM,
    known: bool = False,
) -> list[CostBenefit]:
    """Each measure by itself beside doing nothing.

    Args:
        perils: As `impacts`, like the next two, ``rule`` and ``max_km``.
        assets: What is exposed.
        curves: Damage curves.
        measures: What could be done.
        category: In which costs and benefits are counted.
        years: How long a measure lasts.
        rate: Discount a year, such as 0.05.
        rule: How several perils meet.
        max_km: How far an asset may lie from its point.
        known: Count what is known where something is not; else it is NaN.

    Returns:
        One for each measure, in their order.

    Raises:
        BadData: The events are an ensemble without frequencies; a measure names a peril or places
            that there are not; or as `impacts` and `annuity`.
    """
    sets = [perils] if isinstance(perils, EventSet) else list(perils)
    asked = listed(curves)
    if sets and sets[0].frequency is None:
        raise BadData(Problem("impact.no_frequency", {}, field="frequency"))
    factor = annuity(years, rate)
    how: Mapping[str, Any] = {"rule": rule, "max_km": max_km}
    before = impacts(sets, assets, asked, **how).expected(category, known=known)
    found = []
    for m in measures:
        if not 0 <= m.peril < len(sets):
            params = {"what": "peril", "given": m.peril, "count": len(sets)}
            raise BadData(Problem("impact.count", params, field="peril"))
        held = assets.scaled(1.0 - m.moved * _where(m, assets)) if m.moved else assets
        used = list(asked)
        used[m.peril] = changed(asked[m.peril], shift=m.shift, scale=m.scale)
        adjust = [Adjust()] * len(sets)
        adjust[m.peril] = Adjust(cutoff=m.cutoff)
        with_it = impacts(sets, held, used, adjust=adjust, **how)
        after = with_it.expected(category, known=known)
        found.append(
            CostBenefit(
                m, before, after, (before - after) * factor, m.cost + m.upkeep * factor,
                with_it,
            )
        )  # fmt: skip
    return found


def _where(measure: Measure, assets: Exposed) -> NDArray[np.float64]:
    if measure.places is None:
        return np.ones(len(assets))
    unknown = [code for code in measure.places if code not in assets.places]
    if unknown:
        params = {"name": ", ".join(unknown), "known": ", ".join(assets.places[:10])}
        raise BadData(Problem("impact.no_place", params, field="places"))
    chosen = {assets.places.index(code) for code in measure.places}
    return np.isin(assets.place, list(chosen)).astype(np.float64)
