"""What would be, if: a storm beside its path, a river a metre higher, an earthquake at a place."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from app import test_readings as flood
from app import toy
from haidang.app import what_if
from haidang.app.assess import assess
from haidang.base.errors import BadData, NotFound
from haidang.risk.assessment import Impact, Interval
from haidang.risk.spec import Shaking

EVENT = "3001-toto"


def storm():
    fixes = (
        toy.fix(0, lat=11.2, lon=-35.0),
        toy.fix(0, lat=11.2, lon=-38.0, lead=12, kind="forecast"),
    )
    return toy.snapshot(fixes, 0, 1)


def levels(found):
    return {a.place: a.grounds.level for a in found}


def test_the_same_storm_is_the_same_assessment():
    context = toy.context()
    assert what_if.move_storm(context, storm(), EVENT, 0, 0) == assess(context, storm())


def test_right_is_right_of_its_way():
    # Westwards: the right hand points north.
    spec = toy.context().pack.threat.wind
    assert what_if.way(storm().tracks.bulletins(EVENT), spec) == pytest.approx((0.0, -1.0))
    moved = what_if._moved(storm().tracks.fixes[0], 111.12, 0.0, 0.0)
    assert moved.lat == pytest.approx(12.2)
    context, seen = toy.context(), {}

    def caught(given, snapshot):
        seen["fixes"] = snapshot.tracks.fixes
        return ()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(what_if, "assess", caught)
        what_if.move_storm(context, storm(), EVENT, 111.12, 5)
    assert [f.lat for f in seen["fixes"]] == pytest.approx([12.2, 12.2])
    assert [f.lon for f in seen["fixes"]] == pytest.approx([-35.0, -38.0])
    assert [f.wind for f in seen["fixes"]] == pytest.approx([45.0, 45.0])


def test_a_storm_far_to_the_left_hits_nobody_in_the_north_and_a_stronger_one_more():
    context = toy.context()
    actual = assess(context, storm())
    away = what_if.move_storm(context, storm(), EVENT, 900, 0)
    assert (levels(away)["N"] or 0) < (levels(actual)["N"] or 0)
    strong = what_if.move_storm(context, storm(), EVENT, 0, 20)
    wind = {a.place: a.intensity.central for a in actual}
    assert all(a.intensity.central > wind[a.place] for a in strong)


def test_nothing_is_kept_of_it():
    snapshot = storm()
    before = replace(snapshot)
    what_if.move_storm(toy.context(), snapshot, EVENT, 100, 5)
    assert snapshot == before


@pytest.mark.parametrize("right", [1001, -1001, math.nan, math.inf])
def test_a_number_out_of_range_is_refused(right):
    with pytest.raises(BadData) as caught:
        what_if.move_storm(toy.context(), storm(), EVENT, right, 0)
    assert caught.value.problems[0].code == "what_if.range"
    assert caught.value.problems[0].field == "km"


def test_a_storm_with_one_position_has_no_sides():
    snapshot = toy.snapshot((toy.fix(0),), 0, 1)
    with pytest.raises(BadData) as caught:
        what_if.move_storm(toy.context(), snapshot, EVENT, 10, 0)
    assert caught.value.problems[0].code == "what_if.no_way"
    assert what_if.move_storm(toy.context(), snapshot, EVENT, 0, 5)


def test_without_a_forecast_its_way_is_the_one_it_has_come():
    fixes = (toy.fix(0, lat=11, lon=-35), toy.fix(6, lat=12, lon=-35, receipt=2))
    bulletins = toy.snapshot(fixes, 6, 2).tracks.bulletins(EVENT)
    assert what_if.way(bulletins, toy.context().pack.threat.wind) == pytest.approx((1, 0))


def test_an_old_forecast_behind_the_storm_does_not_turn_its_way():
    # Six hours ago it was said to be slower: that point lies behind it now.
    fixes = (
        toy.fix(0, lat=11.2, lon=-30.0),
        toy.fix(0, lat=11.2, lon=-32.0, lead=12, kind="forecast"),
        toy.fix(6, lat=11.2, lon=-35.0, receipt=2),
    )
    bulletins = toy.snapshot(fixes, 6, 2).tracks.bulletins(EVENT)
    north, east = what_if.way(bulletins, toy.context().pack.threat.wind)
    assert east == pytest.approx(-1.0)
    assert north == pytest.approx(0.0, abs=1e-6)


def test_an_event_that_nobody_knows():
    with pytest.raises(NotFound):
        what_if.move_storm(toy.context(), storm(), "nobody", 0, 0)
    later = toy.snapshot((toy.fix(0, receipt=2),), 0, 1)
    with pytest.raises(NotFound):
        what_if.move_storm(toy.context(), later, EVENT, 0, 0)


def test_compare_puts_what_moves_first():
    actual = [toy.judged(0, 1, place="N"), toy.judged(0, 2, place="S")]
    assumed = [
        toy.judged(0, 1, place="N"),
        toy.judged(0, 3, place="S"),
        toy.judged(0, 1, place="Z"),
    ]
    found = what_if.compare(actual, assumed)
    assert [(d.place, d.before, d.after, d.moved) for d in found] == [
        ("S", 2, 3, True),
        ("Z", 0, 1, True),
        ("N", 1, 1, False),
    ]


def test_people_are_added_up_and_the_unknown_is_not_zero():
    known = replace(
        toy.judged(0, 1), impacts=(Impact("people.force_8", "people", Interval(1, 2, 3)),)
    )
    blind = replace(toy.judged(0, 2), impacts=(Impact("people.force_8", "people", None),))
    assert what_if.people([known, known, blind, None], "people.force_8") == (Interval(2, 4, 6), 1)
    assert what_if.people([blind], "people.force_8") == (None, 1)


def test_of_a_whole_area_only_those_count_that_have_a_level():
    there = (Impact("people.area", "people", Interval(5, 5, 5)),)
    raised, calm = (replace(toy.judged(0, k), impacts=there) for k in (1, 0))
    assert what_if.people([raised, calm], "people.area") == (Interval(5, 5, 5), 0)


# ── a river ─────────────────────────────────────────────────────────────────────────────────────


def test_a_metre_more_at_a_gauge_is_a_level_more():
    context = flood.context()
    rows = (("alba", -2, 1.4), ("alba", 0, 1.5), ("casa", 0, 1.0))
    actual = assess(context, flood.seen(*rows))
    assumed = what_if.raise_stage(context, flood.seen(*rows), "alba", 1.0)
    found = {d.place: d for d in what_if.compare(actual, assumed)}
    assert (found["N"].before, found["N"].after, found["N"].moved) == (0, 1, True)
    assert not found["S"].moved
    signal = next(a for a in assumed if a.place == "N").signals[0]
    assert signal.value == pytest.approx(2.5)


def test_a_gauge_that_nobody_read_cannot_be_raised():
    with pytest.raises(BadData) as caught:
        what_if.raise_stage(flood.context(), flood.seen(("casa", 0, 1.0)), "alba", 1.0)
    assert caught.value.problems[0].code == "what_if.no_reading"
    with pytest.raises(NotFound):
        what_if.raise_stage(flood.context(), flood.seen(("casa", 0, 1.0)), "nile", 1.0)
    with pytest.raises(BadData):
        what_if.raise_stage(flood.context(), flood.seen(("casa", 0, 1.0)), "casa", 11)


# ── an earthquake ───────────────────────────────────────────────────────────────────────────────


def test_an_earthquake_is_told_as_readings_of_one_event_and_nothing_else():
    plain = flood.context()
    one = next(iter(plain.pack.threat.readings.indicators.values()))
    names = ("magnitude", "depth", "latitude", "longitude")
    watch = plain.pack.threat.watch.model_copy(
        update={"indicators": {n: one.model_copy(update={"at": "event"}) for n in names}}
    )
    model = Shaking(
        hazard="shaking", magnitude=names[0], depth=names[1], latitude=names[2],
        longitude=names[3], vs30=400, members=20, seed=1, quantile=0.5, interval=(0.1, 0.9),
        horizon_h=24, look_back_h=24, source="invented",
    )  # fmt: skip
    threat = plain.pack.threat.model_copy(update={"watch": watch, "risk": model})
    context = replace(plain, pack=replace(plain.pack, threat=threat))
    snapshot = flood.seen(("alba", 0, 1.5))
    seen = {}

    def caught(given, assumed):
        seen["rows"] = assumed.observations.rows
        return ()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(what_if, "assess", caught)
        what_if.quake(context, snapshot, 6.0, 11.0, -39.0, 10.0)
    told = {r.series: r.value for r in seen["rows"]}
    prefix = context.pack.id
    assert told == {
        f"{prefix}/magnitude": 6.0, f"{prefix}/latitude": 11.0,
        f"{prefix}/longitude": -39.0, f"{prefix}/depth": 10.0,
    }  # fmt: skip
    assert {r.place for r in seen["rows"]} == {what_if.EVENT}
    assert all(r.start == snapshot.now and r.receipt <= snapshot.receipt for r in seen["rows"])
    with pytest.raises(BadData):
        what_if.quake(context, snapshot, 12, 11.0, -39.0, 10.0)
