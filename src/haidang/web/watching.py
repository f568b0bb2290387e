"""One look at a counted threat: all that the watch page is built from, and nothing later.

What a detector, the budget and a nowcast say of a nation takes seconds where there are thousands
of places, and stays the same until another report comes in: it is kept between requests.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

import xarray as xr
from shapely.geometry.base import BaseGeometry

from haidang.app.context import AreaName, Context
from haidang.base.errors import BadData
from haidang.base.place import KINDS, Place
from haidang.data.observations import Observation, Observations, day_of
from haidang.jobs.desk import Desk, StepAt, View
from haidang.jobs.watch_view import Watched, watched
from haidang.watch.calendar import ROWS_IN_A_YEAR
from haidang.watch.nowcast import nowcast
from haidang.watch.triangle import MOST_DELAY
from haidang.web import svg
from haidang.web.pages.watch_rank import Ranking, beside, rank

NOWCAST: Final = 0.8
"""Probability of the interval of a nowcast."""

_KEPT: Final = 8
"""Looks of a desk that are remembered: the newest, and a few past ones."""

_MOST: Final = 1_000_000
"""Reports of all of them together; the newest look is kept however many it has."""


@dataclass(frozen=True)
class Land:
    """Where the places of a desk lie; it does not change while the desk is open.

    Attributes:
        ground: Thinned for the screen; None where no place has an outline or a position.
        neighbours: Pairs of watched places side by side.
        labels: Names of the points that are not watched, by code and language.
        rest: Whether there are areas on it that are not watched.
    """

    ground: svg.Ground | None
    neighbours: tuple[tuple[str, str], ...]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rest: bool = False


def land(
    areas: Mapping[str, AreaName],
    outlines: Mapping[str, BaseGeometry],
    rest: Mapping[str, BaseGeometry] | None = None,
    islands: Mapping[str, Place] | None = None,
) -> Land:
    """Lay out the places, and around them what a map of the country cannot leave out.

    Args:
        areas: The watched places, by code.
        outlines: Of those that have one, by code.
        rest: Outlines that are drawn although nothing is watched there, by code.
        islands: Points that are drawn although nothing is watched there, by code.
    """
    bare = {c: s for c, s in (rest or {}).items() if c not in areas}
    laid = [
        svg.Area(a.code, a.kind, a.code, outlines.get(a.code), a.point)
        for a in areas.values()
        if a.code in outlines or a.point is not None
    ]
    laid += [svg.Area(c, "rest", c, shape, None) for c, shape in bare.items()]
    labels = {}
    for code, place in (islands or {}).items():
        if code not in areas and place.lat is not None and place.lon is not None:
            laid.append(svg.Area(code, "rest", code, None, (place.lat, place.lon)))
            labels[code] = place.names
    ground = svg.ground(laid) if laid else None
    return Land(ground, beside(areas, outlines), labels, rest=bool(bare))


@dataclass(frozen=True)
class Known:
    """What was known and what follows from it, whoever looks.

    Attributes:
        watched: What was known.
        land: Where its places lie.
    """

    watched: Watched
    land: Land
    _nowcasts: dict[str, xr.Dataset | None] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        """Country, pack, places and law."""
        return self.watched.context

    @cached_property
    def ranking(self) -> Ranking:
        """The nation, ranked."""
        return rank(self.watched, self.land.neighbours)

    def nowcast(self, indicator: str) -> xr.Dataset | None:
        """How many there will be once every report has come, of the newest periods.

        Returns:
            None where the reports do not tell: too few, or none that was ever revised.
        """
        if indicator not in self._nowcasts:
            self._nowcasts[indicator] = _nowcast(self.watched, indicator)
        return self._nowcasts[indicator]


def _nowcast(known: Watched, indicator: str) -> xr.Dataset | None:
    one, zone = known.indicators[indicator], known.context.zone
    step = one.spec.period
    if one.found is None:
        return None
    # The delay is learned from three times the longest one; what is older tells of nothing here.
    periods = 5 * MOST_DELAY[step]
    days = periods * 365 // ROWS_IN_A_YEAR[step]
    since = known.at - timedelta(days=days)
    recent = tuple(r for r in one.reports.rows if r.start >= since)
    if not _revised(recent):
        return None
    table = Observations(recent).triangle(zone)
    try:
        return nowcast(
            table[table["place"].isin(known.context.areas.codes)],
            as_of=day_of(known.at, zone).isoformat(), level=NOWCAST, period=step, kind="totals",
        )  # fmt: skip
    except BadData:
        return None


def _revised(rows: tuple[Observation, ...]) -> bool:
    return len({(r.place, r.start) for r in rows}) < len(rows)


@dataclass(frozen=True)
class Watching:
    """One look of a desk.

    Attributes:
        id: The desk's name in addresses.
        title: What the desk is called, by language.
        now: The desk's clock; of an older run, that run's own.
        known: What was known.
        runs: Every run so far, oldest first.
        this: Id of the run that is shown.
    """

    id: str
    title: Mapping[str, str]
    now: datetime
    known: Known
    runs: tuple[StepAt, ...]
    this: str

    @property
    def newest(self) -> bool:
        """Whether there is no later run."""
        return not self.runs or self.runs[-1].id == self.this


_memory: WeakKeyDictionary[Desk, OrderedDict[tuple[int, datetime], Known]] = WeakKeyDictionary()
_lands: WeakKeyDictionary[Desk, Land] = WeakKeyDictionary()
_busy: WeakKeyDictionary[Desk, Lock] = WeakKeyDictionary()
_lock = Lock()


def watching(desk: Desk, view: View) -> Watching:
    """One look at the counted threat of a desk.

    Raises:
        NotFound: Its threat is not counted (``desk.not_counted``).
        Unavailable: The store cannot be read.
    """
    return Watching(desk.id, desk.title, view.until, _known(desk, view), desk.views(), view.step.id)


def _known(desk: Desk, view: View) -> Known:
    # The clock of a desk goes on while nothing comes in: within an hour nobody falls silent.
    hour = view.until.replace(minute=0, second=0, microsecond=0)
    key = (view.snapshot.receipt, hour)
    with _lock:
        kept = _memory.setdefault(desk, OrderedDict())
        busy = _busy.setdefault(desk, Lock())
    # Whoever asks for what another request is working out waits for it.
    with busy:
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
        found = kept[key] = Known(watched(desk, view.until), _land(desk))
        while len(kept) > 1 and (len(kept) > _KEPT or _reports(kept) > _MOST):
            kept.popitem(last=False)
        return found


def _reports(kept: Mapping[tuple[int, datetime], Known]) -> int:
    return sum(len(i.reports) for k in kept.values() for i in k.watched.indicators.values())


def _land(desk: Desk) -> Land:
    with _lock:
        if desk not in _lands:
            day, places = desk.case.spec.places_on, desk.context.country.places
            kinds: dict[str, Mapping[str, BaseGeometry]] = {
                kind: places.outlines_on(kind, day) for kind in KINDS
            }
            drawn = {
                code: kinds[area.kind][code]
                for code, area in desk.context.named.items()
                if area.rings is not None and code in kinds.get(area.kind, {})
            }
            # An island is where it is, whatever its code was called on the day of the case.
            islands = {p.code: p for p in places.gazetteer if p.kind == "point"}
            named = desk.context.named
            _lands[desk] = land(named, drawn, kinds["province"], islands)
        return _lands[desk]
