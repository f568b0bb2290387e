"""Bulletins out of fixes: a later delivery of one replaces it whole, in whatever order they lie."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from haidang.data.tracks import Fix, Tracks

T0 = datetime(2030, 9, 10, tzinfo=UTC)


def fix(lead: int, kind: str, receipt: int, lat: float = 10.0) -> Fix:
    return Fix(
        event="e",
        issued=T0,
        valid=T0 + lead * timedelta(hours=1),
        lat=lat,
        lon=100.0,
        wind_low=20.0,
        wind_high=22.0,
        kind=kind,
        error_km=15.0,
        pressure_hpa=None,
        source="",
        published=T0,
        received=T0,
        receipt=receipt,
    )


def test_an_end_that_was_taken_back_is_no_end():
    told = Tracks((fix(0, "ended", 1), fix(0, "analysis", 2, lat=11.0)))
    (bulletin,) = told.bulletins("e")
    assert not bulletin.ended
    assert bulletin.analysis is not None
    assert (bulletin.analysis.lat, bulletin.receipt) == (11.0, 2)


def test_a_forecast_point_that_was_dropped_is_gone_in_any_order():
    fixes = (
        fix(0, "analysis", 1),
        fix(12, "forecast", 1),
        fix(24, "forecast", 1),
        fix(0, "analysis", 2, lat=11.0),
        fix(12, "forecast", 2, lat=12.0),
    )
    for some in permutations(fixes):
        (bulletin,) = Tracks(some).bulletins("e")
        assert [f.lat for f in bulletin.forecast] == [12.0]
        assert bulletin.analysis == fixes[3]
    (before,) = Tracks(fixes).known_at(1).bulletins("e")
    assert [f.valid - T0 for f in before.forecast] == [timedelta(hours=12), timedelta(hours=24)]


def test_another_bulletin_is_not_replaced():
    later = replace(fix(0, "analysis", 2), issued=T0 + timedelta(hours=6))
    assert [b.receipt for b in Tracks((later, fix(0, "analysis", 1))).bulletins("e")] == [1, 2]
