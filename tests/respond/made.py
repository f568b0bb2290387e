"""Needs, units and assessments made by hand, for tests of the respond room."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from haidang.respond.plan import Echelon, Need, Unit
from haidang.respond.spec import DispatchSpec, KindSpec
from haidang.respond.travel import Closed, Lie
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval, Onset, When
from haidang.watch.signal import Signal, State

NOW = datetime(2030, 9, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = DispatchSpec(road_factor=1.0, max_hours=24, source="invented")
BOAT = KindSpec(group="means", name={}, unit={}, speed_kmh=50, critical=True)
SHELTER = KindSpec(group="logistics", name={}, unit={}, critical=True)
CENTRES = {"A": (10.0, 100.0), "B": (10.0, 101.0), "C": (10.0, 102.0), "D": (10.0, 103.0)}
NEIGHBOURS = {"A": {"B"}, "B": {"A", "C"}, "C": {"B", "D"}, "D": {"C"}}


def lie(closed: Mapping[str, tuple[Closed, ...]] | None = None) -> Lie:
    """Four places in a row, 109 km apart."""
    return Lie(CENTRES, {k: frozenset(v) for k, v in NEIGHBOURS.items()}, closed or {})


def unit(
    place: str,
    quantity: int,
    *,
    echelon: Echelon = "province",
    reserve: int = 0,
    ready_min: float = 0,
    kind: str = "boat",
    name: str = "",
) -> Unit:
    return Unit(
        name or f"{place}-{echelon}-{kind}", kind, place, echelon, quantity, reserve, ready_min,
        None, None, "invented", True,
    )  # fmt: skip


def need(
    place: str,
    central: float | None,
    *,
    high: float | None = None,
    by_h: float | None = None,
    priority: int = 0,
    kind: str = "boat",
    name: str = "",
) -> Need:
    value = None
    if central is not None:
        value = Interval(0, central, central if high is None else high)
    return Need(
        name or f"need-{place}-{kind}", "t", "e", place, kind, value,
        None if by_h is None else NOW + by_h * HOUR, priority, "r", "m", "a",
    )  # fmt: skip


def onset(force: int, early: float | None, central: float | None, end: float | None) -> Onset:
    def at(hours: float | None) -> datetime | None:
        return None if hours is None else NOW + hours * HOUR

    return Onset(force, 0.8, When(at(early), at(central), None), When(None, at(end), None))


def assessment(
    place: str = "A",
    *,
    impacts: Mapping[str, Interval | None] | None = None,
    onsets: tuple[Onset, ...] = (),
    state: State = State.RAISED,
    at: datetime = NOW,
) -> Assessment:
    given = {"people.force_8": Interval(10, 100, 1000)} if impacts is None else impacts
    return Assessment(
        id=f"a-{place}",
        threat="t",
        event="e",
        place=place,
        at=at,
        until=at + 72 * HOUR,
        state=state,
        intensity=None,
        grounds=Grounds(3, "defined", "", "1", "act", "t", "", ""),
        p_level=(),
        onsets=onsets,
        impacts=tuple(Impact(k, "people", v) for k, v in given.items()),
        signals=(Signal("bulletin", "e", at, state, 40.0, 0.0, 1.0, 1.0, "invented", ()),),
        receipt=1,
        method="",
    )
