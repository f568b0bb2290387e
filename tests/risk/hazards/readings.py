"""Readings typed short, for the tests of models that start from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from haidang.risk.readings import Read, Station, Watched, Window
from haidang.watch.spec import Reading, ReadingsWatch

T0 = datetime(2030, 6, 10, tzinfo=UTC)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def rows(values: dict[float, float | None], *, said: float | None = None) -> tuple[Read, ...]:
    """Readings by hour; said then, or at one hour."""
    return tuple(
        Read(at(h), v, at(h if said is None else said), n)
        for n, (h, v) in enumerate(values.items())
    )


def watch(**indicators: dict[str, object]) -> ReadingsWatch:
    base: dict[str, object] = {
        "title": {"en": "x"},
        "unit": {"en": "mm"},
        "at": "area",
        "stale_after_h": 48,
        "period_h": 24,
    }
    made = {name: Reading.model_validate({**base, **own}) for name, own in indicators.items()}
    return ReadingsWatch(kind="readings", indicators=made, source="test")


def station(
    code: str = "a",
    alarms: tuple[float | None, float | None, float | None] = (2.0, 3.0, 4.0),
    historic: float | None = 6.0,
    zone: str = "4",
    basin: str = "B",
) -> Station:
    return Station(
        code, {"en": code}, "R", basin, "P", None, None, zone, alarms, historic, None, "t"
    )


def area(*stations: Station, risk: str | None = None) -> Watched:
    return Watched("P", stations, risk)


def window(now: float = 0, back: float = 24, ahead: float = 48) -> Window:
    return Window.around(at(now), back, ahead)
