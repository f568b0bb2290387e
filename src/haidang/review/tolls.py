"""Successive situation reports: what each says, and what it changed, up or down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from haidang.review.facts import Report

Change: TypeAlias = Literal["first", "up", "down", "same", "not_reported"]

FIGURES: Final = ("dead", "missing", "total", "injured", "houses")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one report beside the last report that gave it.

    Attributes:
        name: One of ``FIGURES``.
        value: None where this report does not give it: a finding, never a zero.
        change: Against the last report that gave it.
        by: Value less the one before; None where there is nothing to compare.
    """

    name: str
    value: int | None
    change: Change
    by: int | None


@dataclass(frozen=True, slots=True)
class Toll:
    """One report.

    Attributes:
        as_of: Its hour in its own words.
        at: The same as an instant; None where only a day or a month is known.
        figures: In the order of ``FIGURES``.
        agrees: Whether dead and missing sum to the stated total; None where one of them lacks.
        note: What a reader must know.
    """

    as_of: str
    at: datetime | None
    figures: tuple[Figure, ...]
    agrees: bool | None
    note: str

    def figure(self, name: str) -> Figure:
        """One figure by name."""
        return next(f for f in self.figures if f.name == name)


def tolls(reports: Iterable[Report]) -> tuple[Toll, ...]:
    """Every report with its changes.

    Args:
        reports: In the order in which they were published.

    >>> a = Report("1", None, 292, 38, 330, None, None, "")
    >>> b = Report("2", None, 291, 38, 329, None, None, "")
    >>> [(f.name, f.change, f.by) for f in tolls([a, b])[1].figures][:3]
    [('dead', 'down', -1), ('missing', 'same', 0), ('total', 'down', -1)]
    """
    last: dict[str, int] = {}
    out = []
    for report in reports:
        figures = []
        for name in FIGURES:
            value: int | None = getattr(report, name)
            figures.append(_figure(name, value, last.get(name)))
            if value is not None:
                last[name] = value
        agrees = None
        if report.dead is not None and report.missing is not None and report.total is not None:
            agrees = report.dead + report.missing == report.total
        out.append(Toll(report.as_of, report.at, tuple(figures), agrees, report.note))
    return tuple(out)


def _figure(name: str, value: int | None, before: int | None) -> Figure:
    if value is None:
        return Figure(name, None, "not_reported", None)
    if before is None:
        return Figure(name, value, "first", None)
    change: Change = "same" if value == before else "up" if value > before else "down"
    return Figure(name, value, change, value - before)
