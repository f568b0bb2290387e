"""A moving event as its bulletins told it: where it was, will be, and that it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from haidang.base.errors import BadData
from haidang.base.problem import Problem

Kind = Literal["analysis", "forecast", "ended"]


@dataclass(frozen=True, slots=True)
class Fix:
    """One position of one event in one bulletin.

    Attributes:
        event: The event's id, e.g. the number and name that the service gave the storm.
        issued: When the bulletin says it was issued.
        valid: When the event was, or is forecast to be, there.
        lat: Degrees north, -90..90.
        lon: Degrees east, -180..180.
        wind_low: Lower bound of the strongest 10-minute wind near the centre, m/s at 10 m.
        wind_high: Upper bound of the same; the bulletin's own class width.
        kind: ``ended`` is the service's word that the event is over: a fact, never silence.
        error_km: Mean error of the position as this source carries it, before any forecast error.
        pressure_hpa: Central pressure; None where the bulletin gives none.
        source: Who said it.
        published: When the source published it.
        received: When we had it.
        receipt: Number of the delivery it came in; grows for ever.
    """

    event: str
    issued: datetime
    valid: datetime
    lat: float
    lon: float
    wind_low: float
    wind_high: float
    kind: Kind
    error_km: float
    pressure_hpa: float | None
    source: str
    published: datetime
    received: datetime
    receipt: int

    @property
    def wind(self) -> float:
        """Middle of the wind class, m/s (10-minute)."""
        return (self.wind_low + self.wind_high) / 2


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What one bulletin said of one event: where it is, where it will be, or that it is over."""

    event: str
    issued: datetime
    analysis: Fix | None
    forecast: tuple[Fix, ...]
    ended: bool
    receipt: int


@dataclass(frozen=True, slots=True)
class Tracks:
    """Every fix known, in the order they reached us."""

    fixes: tuple[Fix, ...]

    def __post_init__(self) -> None:
        for fix in self.fixes:
            for name in ("issued", "valid", "published", "received"):
                if getattr(fix, name).tzinfo is None:
                    raise BadData(Problem("track.zone", {"value": getattr(fix, name)}, field=name))

    def known_at(self, receipt: int) -> Tracks:
        """What we had when delivery number ``receipt`` was the newest: no peeking."""
        return Tracks(tuple(f for f in self.fixes if f.receipt <= receipt))

    def events(self) -> tuple[str, ...]:
        """Ids of the events, in the order first heard of."""
        return tuple(dict.fromkeys(f.event for f in self.fixes))

    def bulletins(self, event: str) -> tuple[Bulletin, ...]:
        """The event's bulletins by time of issue.

        A later delivery of one replaces the earlier whole: a point, or the word that it is over,
        that the later one no longer has was taken back by its source.
        """
        by_issue: dict[datetime, list[Fix]] = {}
        for fix in self.fixes:
            if fix.event == event:
                by_issue.setdefault(fix.issued, []).append(fix)
        return tuple(
            _bulletin(event, issued, _newest(fixes)) for issued, fixes in sorted(by_issue.items())
        )


def _newest(fixes: Sequence[Fix]) -> tuple[Fix, ...]:
    newest = max(f.receipt for f in fixes)
    return tuple({(f.valid, f.kind): f for f in fixes if f.receipt == newest}.values())


def _bulletin(event: str, issued: datetime, fixes: Sequence[Fix]) -> Bulletin:
    analyses = sorted((f for f in fixes if f.kind == "analysis"), key=lambda f: f.valid)
    forecast = sorted((f for f in fixes if f.kind == "forecast"), key=lambda f: f.valid)
    return Bulletin(
        event=event,
        issued=issued,
        analysis=analyses[-1] if analyses else None,
        forecast=tuple(forecast),
        ended=any(f.kind == "ended" for f in fixes),
        receipt=max(f.receipt for f in fixes),
    )
