"""A stage against alarm levels, and what is looked at: the newest and what is to come."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.base.errors import BadData
from haidang.risk.hazards import river_stage
from haidang.risk.hazards.river_forecast import DAMPING_H, damped_trend, fit_upstream, slope
from haidang.risk.spec import RiverStage
from risk.hazards.readings import area, rows, station, watch, window

SPEC = RiverStage(hazard="river_stage", of="stage", horizon_h=48, look_back_h=12, source="t")
STAGE = watch(stage={"at": "station", "stale_after_h": 12, "period_h": 0})


def one(readings, spec=SPEC, gauge=None, now=0.0):
    gauge = gauge or station()
    found = river_stage.cases(
        spec, STAGE, {"stage": {gauge.code: readings}}, window(now, 12, 48), area(gauge)
    )
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("stage", "alarm", "above", "historic"),
    [
        (1.99, "below_1", -2.01, "not_above"),
        (2.0, "from_1", -2.0, "not_above"),
        (3.0, "from_2", -1.0, "not_above"),
        (4.0, "from_3", 0.0, "not_above"),
        (4.3, "from_3", 0.3, "not_above"),
        (6.0, "from_3", 2.0, "not_above"),  # as high as the highest is not above it
        (6.01, "from_3", 2.01, "above"),
    ],
)
def test_a_stage_answers_the_law_as_it_was_read(stage, alarm, above, historic):
    found = one(rows({0: stage})).quantities
    assert (found["alarm"], found["above_3"], found["historic"]) == (alarm, above, historic)


@pytest.mark.parametrize(
    ("alarms", "stage", "alarm"),
    [
        ((None, None, 4.0), 4.1, "from_3"),
        ((None, None, 4.0), 3.9, None),  # it may or may not have passed level 2
        ((None, 3.0, None), 3.5, None),
        ((2.0, 3.0, None), 2.5, "from_1"),
        ((2.0, None, None), 1.5, "below_1"),
        ((None, 3.0, 4.0), 3.2, "from_2"),
        ((None, 3.0, 4.0), 2.5, None),
        ((None, None, None), 9.0, None),
    ],
)
def test_alarm_levels_that_are_not_known_are_never_guessed(alarms, stage, alarm):
    assert one(rows({0: stage}), gauge=station(alarms=alarms)).quantities["alarm"] == alarm


@given(st.lists(st.floats(0, 20), min_size=3, max_size=3, unique=True), st.floats(0, 25))
def test_knowing_less_never_says_more(alarms, stage):
    full = tuple(sorted(alarms))
    whole = river_stage.alarm_of(stage, full)
    for hidden in range(3):
        part = tuple(None if n == hidden else a for n, a in enumerate(full))
        assert river_stage.alarm_of(stage, part) in (whole, None)


# In tenths of a millimetre, so that what is due is a difference of whole numbers.
@given(
    st.lists(st.integers(0, 1_600_000), min_size=3, max_size=3, unique=True).map(sorted),
    st.integers(0, 1_600_000) | st.integers(-20_000, 20_000),
    st.sampled_from([0, 1, 2, None]),
)
def test_the_alarm_and_the_height_above_it_never_contradict_each_other(alarms, at, near):
    stage = at if near is None else alarms[near] + at
    levels = [a / 10_000 for a in alarms]
    alarm, above = (f(stage / 10_000, levels) for f in (river_stage.alarm_of, river_stage.above_3))
    reached = sum(stage >= a for a in alarms)
    assert alarm == ("below_1", "from_1", "from_2", "from_3")[reached]
    assert above == (stage - alarms[2]) / 10_000
    # Nothing that the law compares with lies between the two.
    assert (above >= 0, above >= 0.3, above >= 1) == tuple(
        stage - alarms[2] >= b for b in (0, 3_000, 10_000)
    )


@given(st.lists(st.floats(0, 900), min_size=3, max_size=3, unique=True), st.floats(-5, 900))
def test_whatever_the_floats_from_alarm_3_on_the_height_is_not_below_zero(alarms, stage):
    levels = sorted(alarms)
    alarm, above = river_stage.alarm_of(stage, levels), river_stage.above_3(stage, levels)
    assert (alarm == "from_3") == (above >= 0)


@pytest.mark.parametrize(
    ("stage", "alarm", "above"),
    [
        (31.994, "from_2", -0.006),
        (31.996, "from_2", -0.004),
        (32.0, "from_3", 0.0),
        (32.296, "from_3", 0.296),
        (32.3, "from_3", 0.3),
        (32.996, "from_3", 0.996),
        (33.0, "from_3", 1.0),
    ],
)
def test_a_millimetre_under_a_bound_is_under_it(stage, alarm, above):
    levels = (30.0, 31.0, 32.0)
    found = river_stage.alarm_of(stage, levels), river_stage.above_3(stage, levels)
    assert found == (alarm, above)


@pytest.mark.parametrize("third", [14.4, 7.9, 9.6, 31.0, 154.5, 0.7])
def test_what_was_read_as_30_centimetres_above_counts_as_30(third):
    assert river_stage.above_3(round(third + 0.3, 2), (1.0, 2.0, third)) == 0.3
    assert river_stage.above_3(round(third + 1.0, 2), (1.0, 2.0, third)) == 1.0


def test_the_own_trend_of_a_level_river_stays_where_it_is():
    ahead = SPEC.model_copy(update={"forecast_h": 6.0})
    found = one(rows({-9: 4.296, -6: 4.296, -3: 4.296, 0: 4.296}), ahead)
    assert (found.lead.value, found.quantities["above_3"]) == (4.296, 0.296)
    assert damped_trend(rows({-6: 4.296, -3: 4.296, 0: 4.296}), 6).value == 4.296


def test_without_level_3_the_height_is_below_one_that_was_not_reached():
    found = one(rows({0: 2.5}), gauge=station(alarms=(2.0, 3.0, None))).quantities
    assert found["above_3"] == -0.5


def test_an_older_peak_is_over_and_a_forecast_counts():
    falling = one(rows({-6: 5.0, 0: 3.5}))
    assert falling.lead.value == 3.5
    rising = one((*rows({0: 3.5}), *rows({12: 4.5, 24: 4.2}, said=0)))
    assert rising.lead.value == 4.5
    assert rising.lead.forecast
    beyond = one((*rows({0: 3.5}), *rows({60: 9.0}, said=0)))
    assert beyond.lead.value == 3.5


def test_a_gauge_that_fell_silent_is_marked_and_one_never_heard_is_no_case():
    late = one(rows({-13: 5.0}))
    assert late.silent
    assert late.quantities["alarm"] is None
    assert river_stage.cases(SPEC, STAGE, {"stage": {}}, window(), area(station())) == ()


def test_a_withdrawn_reading_is_missing():
    found = one(rows({-1: 3.0, 0: None}))
    assert found.lead.value == 3.0
    assert one(rows({0: None})).silent


def test_the_own_trend_is_looked_at_only_where_nobody_forecast():
    ahead = SPEC.model_copy(update={"forecast_h": 6.0})
    rising = rows({-6: 2.0, -3: 2.6, 0: 3.2})
    found = one(rising, ahead)
    # 0.2 m/h dying away over 6 h adds 0.2 · 6 · (1 - 1/e).
    assert found.lead.value == pytest.approx(3.2 + 0.2 * 6 * (1 - math.exp(-1)), abs=5.1e-5)
    assert river_stage.TREND in found.notes
    told = one((*rising, *rows({6: 3.0}, said=0)), ahead)
    assert told.lead.value == 3.2
    assert river_stage.TREND not in told.notes


def test_a_falling_river_keeps_its_newest_stage():
    ahead = SPEC.model_copy(update={"forecast_h": 6.0})
    assert one(rows({-6: 4.0, 0: 3.0}), ahead).lead.value == 3.0


def test_the_trend_is_a_least_squares_line_that_dies_away():
    assert slope(np.array([-2.0, -1.0, 0.0]), np.array([1.0, 1.5, 2.0])) == pytest.approx(0.5)
    far = damped_trend(rows({-2: 1.0, -1: 1.5, 0: 2.0}), 24)
    assert far is not None
    assert far.value == pytest.approx(2.0 + 0.5 * DAMPING_H * (1 - math.exp(-4)), abs=5.1e-5)
    assert damped_trend(rows({0: 2.0}), 6) is None
    assert damped_trend(rows({-20: 9.0, 0: 2.0}), 6) is None


def test_upstream_gauges_are_found_back_from_a_line_that_they_made():
    hours = range(40)
    first = {h: 3 + math.sin(h / 5) for h in hours}
    second = {h: 2 + math.cos(h / 7) for h in hours}
    own = {h + 6: 0.4 + 0.7 * first[h] + 0.2 * second[h + 3] for h in hours if h + 3 in second}
    found = fit_upstream(rows(own), [rows(first), rows(second)], [6, 3])
    assert found.weights == pytest.approx((0.7, 0.2))
    assert found.intercept == pytest.approx(0.4)
    assert found.error < 1e-9
    assert found([3.0, 2.0]) == pytest.approx(0.4 + 2.1 + 0.4)


def test_too_few_hours_make_no_line():
    with pytest.raises(BadData) as told:
        fit_upstream(rows({6: 1.0, 7: 2.0, 8: 3.0}), [rows({0: 1.0, 1: 2.0, 2: 3.0})], [6])
    assert told.value.problems[0].code == "river.few_pairs"


def test_an_old_forecast_is_no_word_of_today():
    # Measured high 60 hours ago; a forecast made before that, for one hour ago, is low.
    old = (*rows({-60: 4.5}), *rows({-1: 1.0}, said=-72))
    assert one(old).silent
    # Measured an hour ago; an older forecast for now does not take its place.
    fresh = (*rows({-1: 4.5}), *rows({0: 1.0}, said=-24))
    assert one(fresh).lead.value == 4.5
    later = (*rows({-3: 4.5}), *rows({0: 1.0}, said=-2))
    assert one(later).lead.value == 1.0


def test_below_alarm_3_the_highest_flood_was_not_passed_even_if_nobody_knows_it():
    unknown = station(historic=None)
    assert one(rows({0: 3.9}), gauge=unknown).quantities["historic"] == "not_above"
    assert one(rows({0: 4.0}), gauge=unknown).quantities["historic"] is None
    bare = station(alarms=(2.0, 3.0, None), historic=None)
    assert one(rows({0: 1.0}), gauge=bare).quantities["historic"] is None
