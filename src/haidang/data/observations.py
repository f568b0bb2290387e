"""What was counted or measured, with the time we learned it: facts that are never edited.

A report says of one series, at one place, in one period, one value. A later report of the same
is a revision: a new row with a larger receipt. Which one counted at an instant is asked, never
stored. Rows hold areas and numbers only; a list of cases is added up before it comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cached_property
from typing import Final, Protocol

import pandas as pd


class Reported(Protocol):
    """A value before it has a receipt: what a feed gives."""

    @property
    def series(self) -> str:
        """What was counted."""

    @property
    def place(self) -> str:
        """Area or station code."""

    @property
    def start(self) -> datetime:
        """Beginning of the period."""

    @property
    def value(self) -> float | None:
        """None was reported as missing."""

    @property
    def unit(self) -> str:
        """Of the value."""

    @property
    def flag(self) -> str:
        """The source's own word on quality."""


@dataclass(frozen=True, slots=True)
class Report:
    """A value as a feed reads it, before the store gives it a receipt.

    Attributes:
        series: What was counted, ``threat/indicator``.
        place: Area code.
        start: Beginning of the period, aware.
        value: In ``unit``; None was reported as missing, which is not zero.
        unit: Of the value.
        flag: The source's own word on quality, "" for none.
        published: When the source said it; None where it does not say, and the caller knows.
        line: Line of the file, for problems.
    """

    series: str
    place: str
    start: datetime
    value: float | None
    unit: str
    flag: str = ""
    published: datetime | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """One reported value with the time we learned it.

    Attributes:
        series: What was measured or counted.
        place: Area or station code.
        start: Beginning of the period.
        value: In ``unit``; None was reported as missing, which is not zero.
        unit: Of the value.
        flag: The source's own word on quality, "" for none.
        published: When the source said it.
        received: When we had it.
        receipt: Number of the delivery; a revision has a larger one.
        source: Who said it.
    """

    series: str
    place: str
    start: datetime
    value: float | None
    unit: str
    flag: str
    published: datetime
    received: datetime
    receipt: int
    source: str


def _key(row: Observation) -> tuple[str, str, datetime]:
    return row.series, row.place, row.start


TRIANGLE: Final = ("place", "start", "reported", "value")
"""Columns of a reporting triangle, as a nowcast takes it."""


@dataclass(frozen=True)
class Observations:
    """Reports in the order in which they reached us, revisions too.

    Attributes:
        rows: By receipt.
    """

    rows: tuple[Observation, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def known_at(self, receipt: int) -> Observations:
        """What had reached us with a delivery and those before it."""
        return Observations(tuple(r for r in self.rows if r.receipt <= receipt))

    def of(self, series: str) -> Observations:
        """The reports of one series."""
        return Observations(tuple(r for r in self.rows if r.series == series))

    @cached_property
    def newest(self) -> tuple[Observation, ...]:
        """The newest report of each series, place and period; in order of these three.

        A period that was withdrawn (reported as missing after it had a value) is missing.
        """
        last: dict[tuple[str, str, datetime], Observation] = {}
        for row in self.rows:
            before = last.get(_key(row))
            if before is None or row.receipt >= before.receipt:
                last[_key(row)] = row
        return tuple(last[key] for key in sorted(last))

    @property
    def heard(self) -> datetime | None:
        """When the newest of them reached us; None where there are none."""
        return max((r.received for r in self.rows), default=None)

    def table(self, zone: tzinfo) -> pd.DataFrame:
        """The newest values as a long table ``place, start, value``: a day to each period.

        Args:
            zone: Clock on which a period begins; a day has none of its own any more.
        """
        return pd.DataFrame(
            {
                "place": [r.place for r in self.newest],
                "start": [day_of(r.start, zone).isoformat() for r in self.newest],
                "value": [float("nan") if r.value is None else r.value for r in self.newest],
            }
        )

    def triangle(self, zone: tzinfo) -> pd.DataFrame:
        """Every report as a long table ``place, start, reported, value``: the reporting triangle.

        Args:
            zone: Clock whose days are given.
        """
        rows = [
            (
                r.place,
                day_of(r.start, zone).isoformat(),
                day_of(r.published, zone).isoformat(),
                float("nan") if r.value is None else r.value,
            )
            for r in self.rows
        ]
        return pd.DataFrame(rows, columns=list(TRIANGLE))


def day_of(instant: datetime, zone: tzinfo) -> date:
    """The day on which a period begins, on the clock of those who count."""
    return instant.astimezone(zone).date()


def vintages(reports: Iterable[Report]) -> Iterator[tuple[datetime | None, tuple[Report, ...]]]:
    """Reports by the time at which they were published, oldest first; without one, first of all."""
    found: dict[datetime | None, list[Report]] = {}
    for report in reports:
        found.setdefault(report.published, []).append(report)
    for published in sorted(found, key=lambda p: (p is not None, p)):
        yield published, tuple(found[published])
