"""Spells of rain, over how much of a province, and rain on wet ground."""

from __future__ import annotations

import pytest

from haidang.risk.hazards import flash_flood, rain_sums
from haidang.risk.spec import FlashFlood, RainSums
from risk.hazards.readings import area, rows, station, watch, window

BASE = {"horizon_h": 72, "look_back_h": 24, "source": "test"}
RAIN = RainSums(hazard="rain_sums", of="rain", **BASE)
FLASH = FlashFlood(hazard="flash_flood", of="rain", wet_day_mm=16, **BASE)


def spells(values, spec=RAIN, seen=None, **others):
    readings = {"rain": {"P": rows(values)}, **others}
    found = rain_sums.cases(spec, seen or watch(rain={}), readings, window(0, 24, 72), area())
    return [(c.quantities["rain"], c.quantities["days"], c.quantities["scope"]) for c in found]


def test_a_spell_is_told_for_every_bound_that_it_reaches():
    # Three days over 100, one of them over 200: three days of 100 to 200, one of 200 to 400.
    assert spells({0: 150.0, 24: 250.0, 48: 120.0}) == [(120.0, 3.0, None), (250.0, 1.0, None)]


def test_the_lowest_bound_belongs_to_its_class_and_the_others_do_not():
    assert spells({0: 100.0}) == [(100.0, 1.0, None)]
    assert spells({0: 200.0}) == [(200.0, 1.0, None)]
    assert spells({0: 200.5}) == [(200.0, 1.0, None), (200.5, 1.0, None)]
    assert spells({0: 99.9}) == [(99.9, 1.0, None)]  # below the article, and said


def test_a_spell_that_began_before_the_window_counts_whole():
    assert spells({-72: 130.0, -48: 130.0, -24: 130.0, 0: 130.0}) == [(130.0, 4.0, None)]


def test_half_days_are_told_apart():
    spec = RAIN.model_copy(update={"half_day": "half"})
    seen = watch(rain={}, half={"period_h": 12})
    readings = {"rain": {"P": rows({0: 90.0})}, "half": {"P": rows({0: 60.0, 12: 20.0})}}
    found = rain_sums.cases(spec, seen, readings, window(), area())
    assert [(c.quantities["per"], c.quantities["rain"]) for c in found] == [
        ("24h", 90.0),
        ("12h", 60.0),
    ]


@pytest.mark.parametrize(
    ("share", "scope"), [(0.2, "under_half"), (0.5, "half"), (0.51, "over_half")]
)
def test_a_stated_share_gives_the_scope(share, scope):
    spec = RAIN.model_copy(update={"share": "share"})
    seen = watch(rain={}, share={"period_h": 0})
    assert spells({0: 150.0}, spec, seen, share={"P": rows({0: share})}) == [(150.0, 1.0, scope)]


def test_enough_gauges_give_the_scope_and_too_few_do_not():
    seen = watch(rain={"at": "station"})
    sums = {"a": 150.0, "b": 120.0, "c": 110.0, "d": 20.0}

    def scopes(codes):
        readings = {"rain": {code: rows({0: sums[code]}) for code in codes}}
        stations = [station(code) for code in codes]
        found = rain_sums.cases(RAIN, seen, readings, window(), area(*stations))
        return {c.subject: c.quantities["scope"] for c in found}

    assert scopes("abcd")["a"] == "over_half"  # three of four
    assert set(scopes("abc").values()) == {None}


def test_the_scope_of_heavier_rain_counts_only_gauges_with_as_much():
    seen = watch(rain={"at": "station"})
    sums = {"a": 250.0, "b": 120.0, "c": 110.0, "d": 200.0}
    readings = {"rain": {code: rows({0: v}) for code, v in sums.items()}}
    found = rain_sums.cases(RAIN, seen, readings, window(), area(*(station(code) for code in sums)))
    mine = [(c.quantities["rain"], c.quantities["scope"]) for c in found if c.subject == "a"]
    # Half of the gauges have over 100 mm and one has over 200: of the first only 200 is told.
    assert mine == [(200.0, "over_half"), (250.0, "under_half")]


def test_a_gauge_that_fell_silent_is_marked():
    found = rain_sums.cases(
        RAIN, watch(rain={}), {"rain": {"P": rows({-100: 150.0})}}, window(), area()
    )
    assert [c.silent for c in found] == [True]


def flash(values, risk="high", now=0.0):
    readings = {"rain": {"P": rows(values)}}
    found = flash_flood.cases(FLASH, watch(rain={}), readings, window(now, 24, 24), area(risk=risk))
    return [(c.quantities["rain"], c.quantities["days"], c.quantities["risk"]) for c in found]


def test_wet_days_before_the_rain_are_counted_back_to_a_dry_one():
    assert flash({-72: 40.0, -48: 10.0, -24: 30.0, 0: 20.0, 24: 150.0}) == [
        (30.0, 0.0, "high"),
        (20.0, 1.0, "high"),
        (150.0, 2.0, "high"),
    ]


def test_a_wet_day_of_hours_is_a_whole_day():
    hourly = watch(rain={"period_h": 1})
    told = {"rain": {"P": rows({h: 20.0 for h in range(-24, 1)})}}
    found = flash_flood.cases(FLASH, hourly, told, window(0, 0.5, 0.5), area(risk="high"))
    assert found[-1].quantities["days"] == 1.0  # 24 times a twenty-fourth is 0.9999999999999999


def test_a_day_that_nobody_read_hides_how_many_were_wet():
    assert flash({-48: 40.0, 0: 150.0}) == [(150.0, None, "high")]
    assert flash({-72: 40.0, -48: None, -24: 40.0, 0: 150.0})[1] == (150.0, None, "high")
    # More than two wet days are enough for the article: what lay before the gap changes nothing.
    assert flash({-120: 9.0, -72: 40.0, -48: 40.0, -24: 40.0, 0: 150.0})[1] == (150.0, 3.0, "high")


def test_slopes_that_nobody_mapped_are_no_low_risk():
    assert flash({0: 150.0}, risk=None) == [(150.0, 0.0, None)]
