"""What a reading touches: the places whose judgement may change by it, and no other.

A job over a scope concludes for its places what a job over all of them would: `closed` adds
whatever an article of law counts together with them, and `narrow` gives the judge those places
alone. What changes by time is not asked here, see `app.due`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from haidang.app.context import Context
from haidang.respond.plan import Task
from haidang.risk.areas import Areas
from haidang.warn.decide import Standing


@dataclass(frozen=True)
class Reach:
    """How far a reading of one pack reaches.

    Attributes:
        areas: Watched areas in order.
        of_station: Areas that a gauge stands in; more than one where a province was divided.
        categories: By area.
        whole: One reading may touch every area: the law counts over the country, an event is felt
            everywhere, or the pack is not told by readings.
        by_category: It counts over all areas of a category.
        events: Indicators that are told of events: those touch every area.
    """

    areas: tuple[str, ...]
    of_station: Mapping[str, frozenset[str]]
    categories: Mapping[str, frozenset[str]]
    whole: bool
    by_category: bool
    events: frozenset[str]

    def touched(self, indicator: str, subject: str) -> frozenset[str]:
        """Areas whose own readings these are.

        Args:
            indicator: Without its pack.
            subject: Gauge, area or event.
        """
        if indicator in self.events:
            return frozenset(self.areas)
        if subject in self.of_station:
            return self.of_station[subject]
        return frozenset((subject,)) if subject in self.categories else frozenset()

    def closed(self, places: Collection[str]) -> frozenset[str]:
        """Places with all that an article counts together with them, of this pack's areas."""
        mine = frozenset(places) & self.categories.keys()
        if not mine or self.whole:
            return frozenset(self.areas) if mine else mine
        if not self.by_category:
            return mine
        kinds = frozenset().union(*(self.categories[code] for code in mine))
        while True:
            found = frozenset(a for a, of in self.categories.items() if of & kinds)
            more = kinds.union(*(self.categories[code] for code in found))
            if more == kinds:
                return found
            kinds = more


def reach(context: Context) -> Reach:
    """How far a reading of a pack reaches; of a pack that is not told by readings every area."""
    areas = context.areas
    stands: dict[str, set[str]] = {}
    for code, stations in context.stations.items():
        for station in stations:
            stands.setdefault(station.code, set()).add(code)
    threat = context.pack.threat
    rules = []
    if threat.read:
        law = context.pack.binding.readings_law
        rules = [ask.several for ask in law.asks if ask.several is not None]
    counted = {"country" if r.by == "area" else r.over for r in rules}
    indicators = threat.readings.indicators if threat.read else {}
    events = frozenset(name for name, spec in indicators.items() if spec.at == "event")
    return Reach(
        areas=areas.codes,
        of_station={code: frozenset(found) for code, found in stands.items()},
        categories={
            code: frozenset(of) for code, of in zip(areas.codes, areas.categories, strict=True)
        },
        whole=not threat.read or "country" in counted or bool(events),
        by_category="category" in counted,
        events=events,
    )


def closed(reaches: Mapping[str, Reach], places: Iterable[str]) -> frozenset[str]:
    """Places of a scope: those touched, and what any pack's law counts together with them.

    Hazards at one place are combined, so every pack is asked about every place of the scope.

    Args:
        reaches: By pack.
        places: Touched.
    """
    found = frozenset(places)
    while True:
        more = found.union(*(one.closed(found) for one in reaches.values()))
        if more == found:
            return found
        found = more


def pooled(
    contexts: Mapping[str, Context], standing: Iterable[Standing], tasks: Iterable[Task]
) -> frozenset[str]:
    """Places that draw on the one pool of resources: with a level or a task, of any planned pack.

    A plan that is made for some of them only would take from the others.
    """
    planned = {name for name, context in contexts.items() if context.response is not None}
    levels = {s.place for s in standing if s.level and s.threat in planned}
    return frozenset(levels | {t.place for t in tasks if t.threat in planned})


def narrow(context: Context, places: Collection[str]) -> Context | None:
    """A context that watches some of its areas only; None where it watches none of them."""
    wanted = frozenset(places)
    keep = [n for n, code in enumerate(context.areas.codes) if code in wanted]
    if not keep:
        return None
    if len(keep) == len(context.areas):
        return context
    return replace(context, areas=_some(context.areas, keep))


def _some(areas: Areas, keep: list[int]) -> Areas:
    starts = areas.start
    sizes = [int(starts[n + 1] - starts[n]) for n in keep]
    cells = np.concatenate([np.arange(starts[n], starts[n + 1]) for n in keep])
    return Areas(
        codes=tuple(areas.codes[n] for n in keep),
        kinds=tuple(areas.kinds[n] for n in keep),
        categories=tuple(areas.categories[n] for n in keep),
        start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        lat=areas.lat[cells],
        lon=areas.lon[cells],
        people=areas.people[:, cells],
        peopled=areas.peopled[keep],
    )
