"""Counts as signals: what a detector found, period by period, with how complete each was."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

import numpy as np
import xarray as xr

from haidang.data.observations import Observation, Observations, day_of
from haidang.watch.calendar import Step
from haidang.watch.signal import Signal, State
from haidang.watch.spec import CountsWatch, Indicator

SILENT: Final = "silent feed"
INCOMPLETE: Final = "incomplete"
"""Methods of a signal that could not be read: the count is told, and why it says nothing."""

_LEAST: Final = 8
"""Earlier periods that must have been seen at the same delay before a share is taken from them."""


def ends(start: date, step: Step) -> date:
    """The first day after a period.

    >>> ends(date(2024, 12, 1), "month")
    datetime.date(2025, 1, 1)
    """
    if step == "month":
        return date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return start + timedelta(days=7 if step == "week" else 1)


def begins(day: date, zone: tzinfo) -> datetime:
    """The instant at which a period begins on the clock of those who count."""
    return datetime.combine(day, time(), zone)


@dataclass(frozen=True, slots=True)
class Filled:
    """How complete the counts of a delay are, learned from earlier periods.

    Attributes:
        delays: Days from a period's end to the report, rising.
        share: Share of what is known today that was known with that delay, the median over periods
            and places, 0..1.
        settled: Delay of the last report of a period that was revised, the median, days; None
            where nothing was revised.
    """

    delays: tuple[int, ...]
    share: tuple[float, ...]
    settled: float | None = None

    def at(self, delay: int) -> float:
        """The share at a delay; that of the next shorter one that was seen, 1 where none was."""
        if self.settled is not None and delay >= self.settled:
            return 1.0
        found = [s for d, s in zip(self.delays, self.share, strict=True) if d <= delay]
        return found[-1] if found else 1.0


def filled(known: Observations, step: Step, zone: tzinfo) -> Filled:
    """Learn from the reports of one series how its periods fill up.

    Periods whose newest value is zero or missing teach nothing. A share above 1 (a revision
    downwards) counts as 1: it is no sign of a gap.

    Args:
        known: Reports of one series, revisions too.
        step: Length of its periods.
        zone: Clock of those who count.
    """
    newest = {(r.place, r.start): r for r in known.newest}
    by_delay: dict[int, list[float]] = {}
    settled: dict[tuple[str, datetime], int] = {}

    def delay(row: Observation) -> int:
        return (day_of(row.published, zone) - ends(day_of(row.start, zone), step)).days

    for row in known.rows:
        last = newest[row.place, row.start]
        if last.receipt == row.receipt or not last.value or row.value is None:
            continue
        by_delay.setdefault(delay(row), []).append(min(1.0, row.value / last.value))
        settled[row.place, row.start] = delay(last)
    usable = sorted(d for d, shares in by_delay.items() if len(shares) >= _LEAST)
    if not usable:
        return Filled((), ())
    shares = tuple(float(np.median(by_delay[d])) for d in usable)
    return Filled(tuple(usable), shares, float(np.median(list(settled.values()))))


def completeness(
    row: Observation | None, learned: Filled, step: Step, now: datetime, zone: tzinfo
) -> float:
    """The share of what a period will have that its newest report holds, 0..1.

    Args:
        row: The newest report; None where there is none.
        learned: From ``filled``.
        step: Length of the period.
        now: A period that still runs holds at most the share of it that has passed.
        zone: Clock of those who count.
    """
    if row is None or row.value is None:
        return 0.0
    start = day_of(row.start, zone)
    end = ends(start, step)
    reported = day_of(row.published, zone)
    passed = (min(reported, day_of(now, zone)) - start).days / (end - start).days
    return max(0.0, min(1.0, passed)) * learned.at((reported - end).days)


def signals(
    found: xr.Dataset,
    known: Observations,
    name: str,
    watch: CountsWatch,
    now: datetime,
    zone: tzinfo,
) -> Mapping[str, tuple[Signal, ...]]:
    """One signal for each place and each of the last periods.

    Args:
        found: From ``detect`` on the newest values of one indicator.
        known: All reports of that indicator's series.
        name: The indicator's id.
        watch: The pack's ``watch`` section.
        now: The snapshot's clock.
        zone: Clock of those who count.

    Returns:
        Signals by place, the oldest period first. A period that was not reported is NO_DATA; one
        that is not complete enough is RAISED or NO_DATA, never QUIET. Where a place's newest count
        is of a period that ended longer ago than ``stale_after_d``, the newest period is NO_DATA
        and says that the feed is silent.
    """
    spec = watch.indicators[name]
    learned = filled(known, spec.period, zone)
    rows = {(r.place, day_of(r.start, zone)): r for r in known.newest}
    days = [date.fromisoformat(str(t)[:10]) for t in found["time"].to_numpy()]
    last = newest_days(known, zone)
    table = {
        key: found[key].to_numpy() for key in ("value", "expected", "score", "state", "reason")
    }

    def of(i: int, place: str) -> Iterator[Signal]:
        silent = is_silent(last.get(place), spec, now, zone)
        for j in range(max(0, len(days) - spec.last), len(days)):
            day = days[j]
            row = rows.get((place, day))
            share = completeness(row, learned, spec.period, now, zone)
            state = State(str(table["state"][i, j]))
            method = str(found.attrs["method"])
            if why := str(table["reason"][i, j]):
                method = f"{method}: {why}"
            if state is State.QUIET and share < watch.completeness_min:
                state, method = State.NO_DATA, INCOMPLETE
            if silent and j == len(days) - 1:
                state, method = State.NO_DATA, SILENT
            yield Signal(
                indicator=name,
                subject=place,
                start=begins(day, zone),
                state=state,
                value=float(table["value"][i, j]),
                expected=float(table["expected"][i, j]),
                score=float(table["score"][i, j]),
                completeness=share,
                method=method,
                evidence=() if row is None else (row.receipt,),
            )

    places = [str(p) for p in found["place"].to_numpy()]
    return {place: tuple(of(i, place)) for i, place in enumerate(places)}


def newest_days(known: Observations, zone: tzinfo) -> Mapping[str, date]:
    """First day of the newest period that has a value, by place."""
    found: dict[str, date] = {}
    for row in known.newest:
        if row.value is not None:
            day = day_of(row.start, zone)
            found[row.place] = max(day, found.get(row.place, day))
    return found


def is_silent(newest: date | None, spec: Indicator, now: datetime, zone: tzinfo) -> bool:
    """Whether a place has gone silent: no count of a period that ended recently enough.

    Args:
        newest: First day of its newest period with a value; None where it never had one.
        spec: Says how long it may be silent.
        now: The snapshot's clock.
        zone: Clock of those who count.
    """
    if newest is None:
        return True
    return now - begins(ends(newest, spec.period), zone) > timedelta(days=spec.stale_after_d)


def worst(found: tuple[Signal, ...]) -> State:
    """The state of a place's last periods together.

    NO_DATA where the feed is silent; else RAISED if any period is, so that an outbreak that is
    filled in later is seen; else QUIET if any could be read. A newest period that is still being
    filled does not blind the place to the ones before it.
    """
    if not found or found[-1].method == SILENT:
        return State.NO_DATA
    states = {s.state for s in found}
    return next((s for s in (State.RAISED, State.QUIET) if s in states), State.NO_DATA)


def newest_value(found: tuple[Signal, ...]) -> Signal | None:
    """The newest period that has a value; None where none has."""
    return next((s for s in reversed(found) if not math.isnan(s.value)), None)
