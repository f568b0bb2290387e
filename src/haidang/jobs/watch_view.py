"""What was known of a counted threat at an instant: the read model of whoever draws it.

The detector is run anew on the reports that had reached the store by then; nothing is read from
what was concluded, so that the page of a moment and the run of that moment see the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import xarray as xr

from haidang.app.assess_counts import found_by
from haidang.app.context import AreaName, Context
from haidang.base.errors import NotFound
from haidang.base.problem import Problem
from haidang.data.observations import Observations
from haidang.edge.store.store import Store
from haidang.jobs.desk import Desk
from haidang.pack.load import Roots, roots
from haidang.watch.counts import newest_days, signals
from haidang.watch.signal import Signal, State
from haidang.watch.spec import Indicator


@dataclass(frozen=True)
class WatchedIndicator:
    """One indicator as it was known.

    Attributes:
        id: Of the indicator, in the pack.
        spec: Title, unit, period, method.
        found: What ``hd.detect`` says of every watched place and every period with enough history;
            None where nothing usable had been reported.
        signals: Of the last periods, oldest first, by place; empty with ``found``.
        newest: First day of the newest period that has a value, by place; a place that never had
            one is not in it.
        heard: When the newest report reached us; None without any.
        reports: Every report so far, revisions too.
    """

    id: str
    spec: Indicator
    found: xr.Dataset | None
    signals: Mapping[str, tuple[Signal, ...]]
    newest: Mapping[str, date]
    heard: datetime | None
    reports: Observations

    def completeness(self, place: str) -> float:
        """Of the newest period: the share of what it will have; 0 where nothing is known."""
        told = self.signals.get(place, ())
        return told[-1].completeness if told else 0.0

    @property
    def raised(self) -> tuple[Signal, ...]:
        """The newest raised signal of each place that has one, the most unusual first."""
        last = {
            place: next((s for s in reversed(told) if s.state is State.RAISED), None)
            for place, told in self.signals.items()
        }
        found = [s for s in last.values() if s is not None]
        return tuple(sorted(found, key=lambda s: (-s.score, s.subject)))

    @property
    def silent(self) -> tuple[str, ...]:
        """Codes of the places of whose newest period nothing can be said."""
        return tuple(
            sorted(p for p, told in self.signals.items() if told[-1].state is State.NO_DATA)
        )


@dataclass(frozen=True)
class Watched:
    """A counted threat as it was known at an instant.

    Attributes:
        at: The instant.
        receipt: Newest delivery that was read.
        context: Country, pack, places and law.
        indicators: By id, the one that leads first.
        heard: When the newest report of any indicator reached us; None without any.
    """

    at: datetime
    receipt: int
    context: Context
    indicators: Mapping[str, WatchedIndicator]
    heard: datetime | None

    @property
    def places(self) -> Mapping[str, AreaName]:
        """Names and outlines of the watched places, by code."""
        return self.context.named

    def triangle(self, indicator: str) -> pd.DataFrame:
        """Reports of an indicator as ``place, start, reported, value``: what a nowcast takes."""
        return self.indicators[indicator].reports.triangle(self.context.zone)


def watched(of: Desk | Path, at: datetime | None = None, known: Roots | None = None) -> Watched:
    """What was known of the counted threat of a desk or of a replay's folder.

    Args:
        of: The desk, or the folder of one.
        at: The instant; None is that of the newest run.
        known: Where packs and countries lie, for a folder; None walks the usual places.

    Raises:
        NotFound: The folder holds no desk, or its threat is not counted (``desk.not_counted``).
    """
    desk = of if isinstance(of, Desk) else Desk.open(of, known or roots())
    if not desk.context.pack.threat.counted:
        raise NotFound(Problem("desk.not_counted", {"id": desk.id}))
    if at is None:
        runs = desk.store.runs(desk.scope)
        at = runs[-1].at if runs else desk.steps[0].now
    return read(desk.store, desk.context, at)


def read(store: Store, context: Context, at: datetime) -> Watched:
    """What a store knew of a context's threat at an instant.

    Args:
        store: Read only.
        context: Of a counted threat.
        at: Nothing that reached the store later is seen.
    """
    threat = context.pack.threat
    watch = threat.counts
    known = Observations(store.observations(at, series=threat.series))
    order = (watch.leads, *(n for n in watch.indicators if n != watch.leads))
    indicators = {name: _indicator(context, known, name, at) for name in order}
    return Watched(
        at=at,
        receipt=max((r.receipt for r in known.rows), default=0),
        context=context,
        indicators=indicators,
        heard=known.heard,
    )


def _indicator(context: Context, known: Observations, name: str, at: datetime) -> WatchedIndicator:
    watch = context.pack.threat.counts
    mine = known.of(f"{context.pack.id}/{name}")
    found = found_by(context, mine, name)
    told = {} if found is None else signals(found, mine, name, watch, at, context.zone)
    return WatchedIndicator(
        id=name,
        spec=watch.indicators[name],
        found=found,
        signals=told,
        newest=newest_days(mine, context.zone),
        heard=mine.heard,
        reports=mine,
    )
