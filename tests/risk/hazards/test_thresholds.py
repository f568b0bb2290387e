"""Takes: newest, extremes, sums and runs of readings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from haidang.risk.hazards import thresholds
from haidang.risk.readings import NONE
from haidang.risk.spec import Thresholds
from risk.hazards.readings import area, rows, station, watch, window

DAYS = {"newest": "newest", "max": "max", "min": "min", "sum": "sum"}


def spec(**takes):
    return Thresholds(hazard="thresholds", takes=takes, horizon_h=72, look_back_h=24, source="test")


def quantities(readings, takes, seen=None, where=None, now=0.0):
    found = thresholds.cases(
        spec(**takes), seen or watch(t={}), readings, window(now, 24, 72), where or area()
    )
    assert len(found) == 1
    return found[0]


def test_newest_and_extremes_look_at_the_window_only():
    readings = {"t": {"P": rows({-72: 99.0, -24: 34.0, 0: 36.0, 24: 39.0, 96: 99.0})}}
    takes = {name: {"of": "t", "how": name} for name in DAYS}
    found = quantities(readings, takes).quantities
    assert found == {"newest": 36.0, "max": 39.0, "min": 34.0, "sum": 109.0}


def test_a_run_reaches_back_before_the_window_and_ends_at_a_gap():
    takes = {"days": {"of": "t", "how": "run", "within": ">=35"}}

    def days(values):
        return quantities({"t": {"P": rows(values)}}, takes).quantities["days"]

    assert days({-96: 35.0, -72: 36.0, -48: 37.0, -24: 36.0, 0: 35.0, 24: 34.9}) == 5
    assert days({-96: 35.0, -72: 36.0, -24: 36.0, 0: 35.0}) == 2  # a day that nobody measured
    assert days({-96: 35.0, -72: 36.0, -48: None, -24: 36.0, 0: 35.0}) == 2
    assert days({-120: 36.0, -96: 36.0, -72: 30.0, 0: 30.0}) == 0  # over before the window
    assert days({0: 34.0}) == 0


def test_months_of_unequal_length_follow_each_other():
    month = watch(t={"period_h": 720, "stale_after_h": 2000})
    takes = {"months": {"of": "t", "how": "run", "within": ">50"}}
    rows_ = rows({-59 * 24: 60.0, -28 * 24: 70.0, 0: 55.0})  # 31 and 28 days
    assert quantities({"t": {"P": rows_}}, takes, month).quantities["months"] == 3


def test_what_is_silent_or_absent_is_not_known():
    takes = {"max": {"of": "t", "how": "max"}, "days": {"of": "t", "how": "run", "within": ">1"}}
    silent = quantities({"t": {"P": rows({-72: 40.0})}}, takes)
    assert silent.silent
    assert silent.quantities == {"max": None, "days": None}
    assert thresholds.cases(spec(**takes), watch(t={}), {"t": {}}, window(), area()) == ()


def test_an_indicator_that_nobody_ever_told_is_left_out_and_one_told_elsewhere_is_unknown():
    takes = {"a": {"of": "a", "how": "max"}, "b": {"of": "b", "how": "max"}}
    seen = watch(a={}, b={})
    found = quantities({"a": {"P": rows({0: 4.0})}, "b": {}}, takes, seen)
    assert found.quantities == {"a": 4.0}
    assert not found.silent
    told = quantities({"a": {"P": rows({0: 4.0})}, "b": {"Q": rows({0: 1.0})}}, takes, seen)
    assert told.quantities == {"a": 4.0, "b": None}


def test_the_extreme_of_one_spell_says_nothing_of_another():
    takes = {
        "t": {"of": "t", "how": "max"},
        "days": {"of": "t", "how": "run", "within": ">=35"},
    }
    readings = {"t": {"P": rows({-24: 35.5, 0: 35.5, 24: 33.0, 48: 41.5})}}
    found = thresholds.cases(spec(**takes), watch(t={}), readings, window(0, 24, 72), area())
    assert [(c.quantities["t"], c.quantities["days"]) for c in found] == [(35.5, 2), (41.5, 1)]


def test_several_runs_of_one_indicator_are_asked_one_by_one():
    takes = {
        "over": {"of": "t", "how": "run", "within": ">35"},
        "under": {"of": "t", "how": "run", "within": "<35"},
        "at": {"of": "t", "how": "run", "within": "=35"},
        "hottest": {"of": "t", "how": "max"},
    }
    told = {"t": {"P": rows({-48: 36.0, -24: 37.0, 0: 35.0, 24: 34.0, 48: 33.0})}}
    found = thresholds.cases(spec(**takes), watch(t={}), told, window(0, 24, 72), area())
    assert [c.quantities for c in found] == [
        {"over": 2.0, "hottest": 37.0},
        {"under": 2.0, "hottest": 34.0},
        {"at": 1.0, "hottest": 35.0},
    ]
    # Runs of two indicators belong to one case: an article may ask for both at once.
    both = {"over": takes["over"], "wet": {"of": "u", "how": "run", "within": ">1"}}
    seen, told = watch(t={}, u={}), {**told, "u": {"P": rows({0: 2.0})}}
    found = thresholds.cases(spec(**both), seen, told, window(0, 24, 72), area())
    assert [c.quantities for c in found] == [{"over": 2.0, "wet": 1.0}]


def test_a_missing_day_that_could_join_two_spells_makes_it_at_least():
    takes = {"days": {"of": "t", "how": "run", "within": ">=35"}}

    def partial(values):
        return quantities({"t": {"P": rows(values)}}, takes).partial

    assert partial({-72: 36.0, -48: 36.0, -24: None, 0: 36.0})
    assert partial({-72: 36.0, -48: 36.0, 0: 36.0})
    assert not partial({-72: 36.0, -48: 36.0, -24: 30.0, 0: 36.0})
    assert not partial({-24: 36.0, 0: 36.0})


def test_a_sum_with_a_day_missing_is_at_least():
    takes = {"rain": {"of": "t", "how": "sum"}}
    assert quantities({"t": {"P": rows({-1: 5.0, 0: None})}}, takes).partial


def test_a_category_is_told_by_its_name_and_nought_is_none_of_them():
    seen = watch(c={"values": ["road", "sea"], "stale_after_h": 500})
    takes = {"where": {"of": "c", "how": "newest"}}
    assert quantities({"c": {"P": rows({-200: 2.0})}}, takes, seen).quantities["where"] == "sea"
    assert quantities({"c": {"P": rows({0: 0.0})}}, takes, seen).quantities["where"] == NONE


def test_gauges_are_cases_of_their_own_with_their_groups():
    seen = watch(d={"at": "station"})
    takes = {"distance": {"of": "d", "how": "max"}}
    readings = {"d": {"a": rows({0: 30.0}), "b": rows({0: 50.0})}}
    found = thresholds.cases(
        spec(**takes), seen, readings, window(), area(station("a"), station("b", basin=""))
    )
    assert [(c.subject, c.quantities["distance"]) for c in found] == [("a", 30.0), ("b", 50.0)]
    assert [c.groups["basin"] for c in found] == ["B", "b"]


@pytest.mark.parametrize(
    "take", [{"of": "t", "how": "run"}, {"of": "t", "how": "max", "within": ">1"}]
)
def test_within_goes_with_a_run_and_only_with_it(take):
    with pytest.raises(ValidationError, match="within"):
        spec(x=take)
