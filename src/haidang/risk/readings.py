"""Readings of gauges, areas and events, and the cases that models make of them for the law.

A model looks at the readings of one area (or of an event) in a window around now and gives
*cases*: a subject, such as one gauge, with the quantities that an article of law asks about. The
law is asked of each case, and the highest answer counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from haidang.watch.spec import ReadingsWatch

if TYPE_CHECKING:
    # Packs are read with this module, and no command waits for the tables behind it.
    from haidang.data.observations import Observations

PEOPLE: Final = "people.area"
"""Measure of impact: who lives in the area. Nobody says that all of them are hit."""

SHAKEN_GRADES: Final = (6, 7, 8, 9)
SHAKEN: Final = tuple(f"people.msk_{grade}" for grade in SHAKEN_GRADES)
"""Measures of impact of an earthquake: who lives where the ground shakes so, and harder."""

VALUE: Final = "value"
"""A measure of impact after its indicator: the reading that leads, ``stage.value``."""

NONE: Final = ""
"""A category of which somebody stated that there is none: below the article, and not unknown."""

Quantity = float | str | None
"""What a case answers to one input of a table; None is not known, which is not zero."""


@dataclass(frozen=True, slots=True)
class Station:
    """A gauge of a country's binding.

    Attributes:
        code: Its name in readings.
        names: By language.
        river: By its own name; "" where it stands on none.
        basin: Of the river, "" where not known.
        province: Code of the province it stands in, as of the day the file is written for.
        lat, lon: Degrees; None where not known.
        zone: What the law files it under, "" where nothing.
        alarms: Stages of the alarm levels 1, 2, 3, m; None where not known.
        historic: Highest stage ever, m; None where not known.
        historic_year: Its year; None where not known.
        source: Of the figures.
    """

    code: str
    names: Mapping[str, str]
    river: str
    basin: str
    province: str
    lat: float | None
    lon: float | None
    zone: str
    alarms: tuple[float | None, float | None, float | None]
    historic: float | None
    historic_year: int | None
    source: str

    def name(self, language: str) -> str:
        """The name in a language, English where there is none."""
        return self.names.get(language) or self.names["en"]


@dataclass(frozen=True, slots=True)
class Read:
    """One reading as it was known.

    Attributes:
        start: When it begins to hold.
        value: In the indicator's unit; None was reported as missing.
        published: When it was said: before ``start`` it is a forecast.
        receipt: Number of the delivery.
    """

    start: datetime
    value: float | None
    published: datetime
    receipt: int

    @property
    def forecast(self) -> bool:
        """Whether it was said before it could be measured."""
        return self.published < self.start


Readings = Mapping[str, Mapping[str, tuple[Read, ...]]]
"""By indicator and subject, the oldest first."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is looked at.

    Attributes:
        now: The snapshot's clock.
        start: The oldest instant that counts.
        end: The farthest.
    """

    now: datetime
    start: datetime
    end: datetime

    @classmethod
    def around(cls, now: datetime, look_back_h: float, horizon_h: float) -> Window:
        """From so many hours ago to so many ahead."""
        return cls(now, now - timedelta(hours=look_back_h), now + timedelta(hours=horizon_h))

    def holds(self, start: datetime, period_h: float) -> bool:
        """Whether a period that begins at ``start`` lies in the window, if only in part."""
        end = start + timedelta(hours=period_h)
        return start <= self.end and (end > self.start or start == end == self.start)


@dataclass(frozen=True, slots=True)
class Case:
    """What the law is asked of one subject.

    Attributes:
        subject: Code of the gauge, the area or the event.
        quantities: By the names that the model gives them.
        indicator: Whose reading leads.
        lead: That reading; None where there is none to tell of.
        groups: What the subject belongs to, by kind of group: ``basin``, ``station``, ``area``.
        silent: It was heard before and is no more: what it would say is not known.
        partial: A reading is missing that could make it more: what it says is "at least".
        mute: Nothing could ever be said of it (a gauge without alarm levels): the law is not asked.
        notes: What an answer must add, as keys of words.
        leads: Indicator and reading behind a quantity, where quantities come from several
            indicators.
    """

    subject: str
    quantities: Mapping[str, Quantity]
    indicator: str
    lead: Read | None
    groups: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    partial: bool = False
    mute: bool = False
    notes: tuple[str, ...] = ()
    leads: Mapping[str, tuple[str, Read]] = field(default_factory=dict)

    def led_by(self, quantities: Iterable[str]) -> Case:
        """The same case, told by what stands behind the quantities that an article is asked of.

        Args:
            quantities: In the order of the article's inputs. Where the leading indicator stands
                behind one of them, or nothing is known of any, the case stays as it is.
        """
        told = [self.leads[q] for q in quantities if q in self.leads]
        if not told or self.indicator in (name for name, _ in told):
            return self
        return replace(self, indicator=told[0][0], lead=told[0][1])


@dataclass(frozen=True, slots=True)
class Watched:
    """An area as a model sees it.

    Attributes:
        code: Of the area.
        stations: Gauges that stand in it.
        susceptibility: Highest class of how readily its slopes give way; None where not known.
    """

    code: str
    stations: tuple[Station, ...] = ()
    susceptibility: str | None = None


def read(known: Observations, threat: str, watch: ReadingsWatch) -> Readings:
    """The newest word on each reading, by indicator and subject.

    Args:
        known: What had reached us.
        threat: Pack id; the series are called ``threat/indicator``.
        watch: Its indicators.
    """
    out: dict[str, dict[str, list[Read]]] = {name: {} for name in watch.indicators}
    for row in known.newest:
        owner, _, name = row.series.partition("/")
        if owner == threat and name in out:
            one = Read(row.start, row.value, row.published, row.receipt)
            out[name].setdefault(row.place, []).append(one)
    return {n: {p: tuple(rows) for p, rows in by.items()} for n, by in out.items()}


OLDER: Final = 2
"""A forecast may have been made so many times longer ago than a reading may be old."""


def is_stale(rows: Sequence[Read], now: datetime, stale_after_h: float) -> bool:
    """Whether a subject has gone silent: no value of a time recent enough, or yet to come.

    Args:
        rows: Its readings; none at all is silence too.
        now: The snapshot's clock.
        stale_after_h: How long it may be silent, h.
    """
    limit = timedelta(hours=stale_after_h)
    # What was forecast long ago for today is no word of today. Forecasts come less often than
    # readings of a gauge, so one that was made within twice the time still counts.
    return not any(
        now - r.start <= limit and now - r.published <= OLDER * limit
        for r in rows
        if r.value is not None
    )


def newest_begun(rows: Sequence[Read], now: datetime) -> Read | None:
    """The last value that had begun by now; else the first to come; None where there is none.

    A forecast that has begun takes the place of a measurement only if it was made after it: else
    what was expected long ago would be believed over what was seen.
    """
    told = [r for r in rows if r.value is not None]
    begun = [r for r in told if r.start <= now]
    measured = [r for r in begun if not r.forecast]
    if measured:
        begun = [r for r in begun if not r.forecast or r.published >= measured[-1].start]
    return begun[-1] if begun else told[0] if told else None


def subjects(at: str, area: Watched) -> Iterator[tuple[str, Station | None]]:
    """Whose readings tell of an area: its gauges, or the area itself."""
    if at == "station":
        yield from ((s.code, s) for s in area.stations)
    else:
        yield area.code, None


def groups(area: Watched, station: Station | None) -> dict[str, str]:
    """What a subject belongs to; a gauge on no known basin is a basin of its own."""
    found = {"area": area.code}
    if station is not None:
        found |= {"station": station.code, "basin": station.basin or station.code}
    return found


MONTH_H: Final = 28 * 24.0
"""From here on a period is a month or more, and two of them need not be equally long."""


def follows(before: Read, after: Read, period_h: float) -> bool:
    """Whether one period begins where the other ends; months differ by up to three days."""
    gap = (after.start - before.start) / timedelta(hours=1)
    slack = 72.0 if period_h >= MONTH_H else 0.01 * period_h
    return abs(gap - period_h) <= slack


def runs(
    rows: Sequence[Read], period_h: float, inside: Callable[[float], bool]
) -> Iterator[tuple[Read, ...]]:
    """Rows of consecutive periods whose values all lie inside.

    Args:
        rows: Of one subject, the oldest first.
        period_h: Length of a period, h; without one (0) every reading stands alone.
        inside: Says of a value whether it belongs.

    Yields:
        Each as long as it goes: a missing value, or a gap in time, ends it.
    """
    current: list[Read] = []
    for row in rows:
        if current and not follows(current[-1], row, period_h):
            yield tuple(current)
            current = []
        if row.value is not None and inside(row.value):
            current.append(row)
        elif current:
            yield tuple(current)
            current = []
    if current:
        yield tuple(current)


BRIDGE: Final = 3
"""So many periods in a row may be missing and still be thought to belong to a run."""


def bridged(
    rows: Sequence[Read], period_h: float, inside: Callable[[float], bool]
) -> Iterator[tuple[Read, ...]]:
    """As `runs`, if every period that nobody told had been inside too.

    A gap of more than `BRIDGE` periods ends a run all the same: nobody would take it for one.
    """
    current: list[Read] = []
    for row in rows:
        if row.value is None:
            continue
        gap = 0.0 if not current else (row.start - current[-1].start) / timedelta(hours=1)
        if current and gap > (BRIDGE + 1) * max(period_h, 1e-9) + 72.0 * (period_h >= MONTH_H):
            yield tuple(current)
            current = []
        if inside(row.value):
            current.append(row)
        elif current:
            yield tuple(current)
            current = []
    if current:
        yield tuple(current)


def reaches(run: Sequence[Read], window: Window, period_h: float) -> bool:
    """Whether a row of periods reaches into the window."""
    return any(window.holds(r.start, period_h) for r in run)


def bound(within: str) -> Callable[[float], bool]:
    """A condition such as ``>=35`` as a function.

    >>> bound(">=35")(35.0), bound("<13")(13.0), bound("=35")(35.0)
    (True, False, True)
    """
    sign = within[:2] if within[1:2] == "=" else within[:1]
    limit = float(within[len(sign) :])
    return {
        ">=": lambda v: v >= limit,
        "<=": lambda v: v <= limit,
        ">": lambda v: v > limit,
        "<": lambda v: v < limit,
        "=": lambda v: v == limit,
    }[sign]
