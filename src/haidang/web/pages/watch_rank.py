"""What is unusual in a nation, ranked, and of what nothing is known: numbers, before any words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from shapely.geometry.base import BaseGeometry

from haidang.app.context import AreaName
from haidang.data.observations import day_of
from haidang.jobs.watch_view import Watched, WatchedIndicator
from haidang.watch import events
from haidang.watch.budget import MID, alarms
from haidang.watch.counts import INCOMPLETE, SILENT, worst
from haidang.watch.signal import Signal, State

BUDGET: Final = 0.05
"""Share of false alarms that is allowed among those that are kept."""

RECENT: Final = 14
"""Periods of the small chart in a row."""

TOUCH: Final = 0.03
"""Outlines that come so close are neighbours, degrees: they are thinned by a third of it."""

BESIDE_KM: Final = 20.0
"""Points without an outline that lie so close are neighbours, km."""

Standing = Literal["kept", "bound", "chance"]
"""Kept by the budget; beyond the bound of a method that gives no probability; or beyond the bound
and not kept, for chance alone gives some of these."""

_ORDER: Final[Mapping[Standing, int]] = {"kept": 0, "bound": 1, "chance": 2}


@dataclass(frozen=True, slots=True)
class Row:
    """An indicator at a place that lies beyond its bound.

    Attributes:
        start: First day of the period that is told: the newest one that the budget keeps, else the
            newest one beyond the bound.
        value, expected, upper: In the indicator's unit.
        p: NaN where the method gives none.
        q: Least level of the budget at which it would be kept; NaN without ``p``.
        running: Periods without a break up to this one.
        completeness: Share of what the period will have, 0..1.
        event: Id of what it belongs to; "" where it is not kept.
        recent: Values of the last periods, NaN where nothing was reported.
        silent: Whether the place has reported nothing since for too long.
    """

    indicator: str
    place: str
    start: date
    value: float
    expected: float
    upper: float
    score: float
    p: float
    q: float
    running: int
    completeness: float
    standing: Standing
    event: str
    recent: tuple[float, ...]
    silent: bool

    @property
    def worth(self) -> bool:
        """Whether somebody should look at it."""
        return self.standing != "chance"


@dataclass(frozen=True, slots=True)
class Unknown:
    """An indicator at a place of which something is not known.

    Attributes:
        since: First day of the newest period with a value; None where there never was one.
        why: ``silent``, ``incomplete``, or the reason of the method.
        blind: Whether none of the last periods says anything; else only the newest one does not.
    """

    indicator: str
    place: str
    since: date | None
    why: str
    blind: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """All of a nation.

    Attributes:
        rows: Beyond their bound, the one to look at first in front.
        unknown: Of what nothing, or nothing newest, is known; by indicator, then place.
        never: Indicators of which no report ever came.
        quiet: Indicators and places below their bound.
        series: Indicators and places that are watched, without those of ``never``.
        tests: How many probabilities went into the budget.
        events: Number of each event that a row belongs to, from 1 in the order of the rows, and how
            many places it holds.
        level: The budget.
    """

    rows: tuple[Row, ...]
    unknown: tuple[Unknown, ...]
    never: tuple[str, ...]
    quiet: int
    series: int
    tests: int
    events: Mapping[str, tuple[int, int]]
    level: float

    @property
    def worth(self) -> tuple[Row, ...]:
        """Those that somebody should look at."""
        return tuple(r for r in self.rows if r.worth)

    @property
    def chance(self) -> int:
        """How many lie beyond the bound and may do so by chance."""
        return len(self.rows) - len(self.worth)

    @property
    def blind(self) -> tuple[Unknown, ...]:
        """Those of which nothing is known."""
        return tuple(u for u in self.unknown if u.blind)

    @property
    def filling(self) -> tuple[Unknown, ...]:
        """Those of which only the newest period is not known."""
        return tuple(u for u in self.unknown if not u.blind)

    def row(self, indicator: str, place: str) -> Row | None:
        """The row of a series, None where it does not lie beyond its bound."""
        return next((r for r in self.rows if (r.indicator, r.place) == (indicator, place)), None)


def rank(known: Watched, neighbours: events.Pairs = (), level: float = BUDGET) -> Ranking:
    """Rank every indicator at every place.

    Every one of the last periods that the pack judges is a test, so that an outbreak that is
    filled in afterwards is found; all indicators whose method gives a probability share one
    budget.

    Args:
        known: What was known.
        neighbours: Pairs of places, for events.
        level: Of the budget.
    """
    heard = {n: i for n, i in known.indicators.items() if i.found is not None}
    tested = {n: _family(i) for n, i in heard.items() if _has_p(i)}
    rows = [r for n, i in heard.items() if n not in tested for r in _by_bound(i)]
    told: Mapping[Any, Any] = {}
    if tested:
        longest = max(heard[n].spec.last for n in tested)
        listed = alarms(tested, level, neighbours=neighbours, last=longest)
        told = listed.attrs
        for n in tested:
            rows += _by_budget(heard[n], listed[listed["indicator"] == n])
    ordered = sorted(rows, key=_first)
    states = [worst(s) for i in heard.values() for s in i.signals.values()]
    return Ranking(
        rows=tuple(ordered),
        unknown=tuple(u for i in heard.values() for u in _unknown(i)),
        never=tuple(n for n in known.indicators if n not in heard),
        quiet=max(0, sum(s is State.QUIET for s in states) - _quiet_but_kept(rows, heard)),
        series=len(states),
        tests=int(told.get("tests", 0)),
        events=_numbered(ordered, told.get("events", ())),
        level=level,
    )


def _numbered(
    rows: Sequence[Row], joined: Sequence[Mapping[str, Any]]
) -> Mapping[str, tuple[int, int]]:
    size = {str(e["id"]): len(e["places"]) for e in joined}
    seen = dict.fromkeys(r.event for r in rows if r.event)
    return {event: (number, size[event]) for number, event in enumerate(seen, 1)}


def _first(row: Row) -> tuple[Any, ...]:
    p = 1.0 if math.isnan(row.p) else row.p
    score = -math.inf if math.isnan(row.score) else row.score
    return _ORDER[row.standing], p, -score, row.indicator, row.place


def _quiet_but_kept(rows: Sequence[Row], heard: Mapping[str, WatchedIndicator]) -> int:
    """The budget may keep what the method's own bound does not raise; that is not quiet."""
    return sum(worst(heard[r.indicator].signals.get(r.place, ())) is State.QUIET for r in rows)


def _has_p(one: WatchedIndicator) -> bool:
    assert one.found is not None
    return bool(np.isfinite(one.found["p_value"].to_numpy()).any())


def _family(one: WatchedIndicator) -> xr.Dataset:
    """The answer with probabilities of the judged periods only: indicators differ in how many."""
    assert one.found is not None
    older = max(0, one.found.sizes["time"] - one.spec.last)
    found = one.found.transpose("place", "time")
    for name in ("p_value", MID):
        if name in found:
            p = found[name].to_numpy().copy()
            p[:, :older] = np.nan
            found = found.assign({name: (("place", "time"), p)})
    return found


def _days(one: WatchedIndicator) -> list[date]:
    assert one.found is not None
    return [date.fromisoformat(str(t)[:10]) for t in one.found["time"].to_numpy()]


def _by_budget(one: WatchedIndicator, listed: pd.DataFrame) -> Iterator[Row]:
    days = _days(one)
    judged = set(days[-one.spec.last :])
    best: dict[str, tuple[bool, date, Any]] = {}
    for row in listed.itertuples(index=False):
        day = date.fromisoformat(str(row.time)[:10])
        place = str(row.place)
        if day not in judged:
            continue
        if place not in best or (bool(row.kept), day) > best[place][:2]:
            best[place] = (bool(row.kept), day, row)
    at = {day: j for j, day in enumerate(days)}
    places = _index(one)
    for place, (kept, day, row) in best.items():
        told = {
            "p": float(row.p), "q": float(row.q), "running": int(row.weeks_running),
            "standing": "kept" if kept else "chance", "event": str(row.event),
        }  # fmt: skip
        yield _row(one, places[place], at[day], told)


def _by_bound(one: WatchedIndicator) -> Iterator[Row]:
    assert one.found is not None
    states = one.found["state"].to_numpy()
    first = max(0, states.shape[1] - one.spec.last)
    for i in range(states.shape[0]):
        hits = np.flatnonzero(states[i, first:] == State.RAISED.value)
        if not len(hits):
            continue
        at = first + int(hits[-1])
        told = {
            "p": math.nan, "q": math.nan, "running": _running(states[i], at),
            "standing": "bound", "event": "",
        }  # fmt: skip
        yield _row(one, i, at, told)


def _running(states: np.ndarray[Any, Any], at: int) -> int:
    """Raised periods up to this one without a quiet one between."""
    count = 0
    for state in states[at::-1]:
        if state == State.QUIET.value:
            break
        count += state == State.RAISED.value
    return count


def _index(one: WatchedIndicator) -> Mapping[str, int]:
    assert one.found is not None
    return {str(p): i for i, p in enumerate(one.found["place"].to_numpy())}


def _row(one: WatchedIndicator, i: int, j: int, told: Mapping[str, Any]) -> Row:
    found = one.found
    assert found is not None
    place, day = str(found["place"].to_numpy()[i]), _days(one)[j]
    signals = one.signals.get(place, ())
    share = next((s.completeness for s in signals if _day(s) == day), math.nan)
    value = found["value"].to_numpy()[i]
    number = {n: float(found[n].to_numpy()[i, j]) for n in ("expected", "upper", "score")}
    return Row(
        indicator=one.id,
        place=place,
        start=day,
        value=float(value[j]),
        expected=number["expected"],
        upper=number["upper"],
        score=number["score"],
        completeness=share,
        recent=tuple(value[-RECENT:].tolist()),
        silent=bool(signals) and signals[-1].method == SILENT,
        **told,
    )


def _day(signal: Signal) -> date:
    return day_of(signal.start, signal.start.tzinfo) if signal.start.tzinfo else signal.start.date()


def _unknown(one: WatchedIndicator) -> Iterator[Unknown]:
    for place, told in one.signals.items():
        last = told[-1]
        if last.state is State.NO_DATA:
            why = {SILENT: "silent", INCOMPLETE: "incomplete"}.get(last.method, "")
            blind = worst(told) is State.NO_DATA
            reason = why or last.method.partition(": ")[2] or "missing"
            yield Unknown(one.id, place, one.newest.get(place), reason, blind)


def beside(
    areas: Mapping[str, AreaName], outlines: Mapping[str, BaseGeometry]
) -> tuple[tuple[str, str], ...]:
    """Pairs of places that lie side by side.

    Args:
        areas: The places.
        outlines: Outlines of those that have one, by code.
    """
    codes = [c for c in areas if c in outlines]
    # Thinned first: a coast of a hundred thousand vertices touches no more than one of a hundred.
    thin = [shapely.simplify(outlines[c], TOUCH / 3) for c in codes]
    pairs: list[tuple[str, str]] = []
    if thin:
        one, other = shapely.STRtree(thin).query(thin, predicate="dwithin", distance=TOUCH)
        pairs = [(codes[a], codes[b]) for a, b in zip(one, other, strict=True) if a < b]
    points = {c: a.point for c, a in areas.items() if a.point is not None}
    return (*pairs, *events.near(points, BESIDE_KM))
