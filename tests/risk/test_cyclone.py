"""From members and cells to intervals, onsets and people: small enough to count by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import haidang
from haidang.base.wind import convert_maximum, lower_bound
from haidang.pack.load import load_threat
from haidang.risk.areas import Areas
from haidang.risk.assessment import Interval, When
from haidang.risk.cyclone import (
    WindOutlook,
    _rank,
    deciding,
    impacts,
    interval,
    onsets,
    outlook,
)
from haidang.risk.hazards.track_ensemble import Ensemble
from haidang.risk.hazards.tropical_cyclone import Swath
from haidang.risk.spec import CycloneWind, ValuePerHead
from haidang.risk.vulnerability import loss_ratio

T0 = datetime(2024, 9, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEVER = When(None, None, None)


@pytest.fixture(scope="module")
def spec() -> CycloneWind:
    folders = [p.parent for p in (Path(haidang.__file__).parent / "threats").glob("*/pack.yaml")]
    risks = [load_threat(folder)[0].risk for folder in folders]
    known = next(risk for risk in risks if isinstance(risk, CycloneWind))
    return known.model_copy(update={"forces": (6, 8, 10), "interval": (0.1, 0.9)})


# --- intervals ----------------------------------------------------------------------------------


def test_quantiles_are_members(spec):
    ten = np.arange(10.0, 110.0, 10.0)
    assert interval(ten, spec) == Interval(10, 50, 90)
    # At 0.6 four of the ten are enough: the fourth highest decides.
    assert spec.quantile == 0.6
    assert deciding(ten, spec) == Interval(10, 70, 90)
    assert interval(np.array([7.0]), spec) == deciding(np.array([7.0]), spec) == Interval(7, 7, 7)


def test_exactly_four_in_ten_are_enough(spec):
    """Where binary fractions make 0.4 of 200 a hair more than 80."""
    values = np.repeat([5.0, 40.0], [120, 80])
    assert deciding(values, spec).central == 40.0
    assert deciding(np.repeat([5.0, 40.0], [121, 79]), spec).central == 5.0


@given(values=st.lists(st.floats(0, 90), min_size=1, max_size=40), q=st.floats(0.11, 0.89))
def test_the_deciding_value_is_the_greatest_that_enough_members_reach(spec, values, q):
    found = deciding(np.array(values), spec.model_copy(update={"quantile": q}))
    assert set(found) <= set(values)
    enough = (1 - q) * len(values) - 1e-6
    assert np.sum(np.array(values) >= found.central) >= enough
    stronger = [v for v in values if v > found.central]
    assert all(np.sum(np.array(values) >= v) < enough + 1e-3 for v in stronger)


# --- impacts by hand ----------------------------------------------------------------------------

LIGHT, GALE, FULL = lower_bound(5), lower_bound(8), lower_bound(10)
"""Three members, four cells; the first two cells are one area, the others another."""

CELL_MAX = np.array(
    [
        [LIGHT, LIGHT, LIGHT, LIGHT],
        [GALE, LIGHT, GALE, GALE],
        [FULL, GALE, FULL, LIGHT],
    ]
)
PEOPLE = np.array(
    [
        [100, 20, 3, 1000],  # central
        [60, 60, 500, 503],  # even
        [120, 0, 0, 1003],  # towns
    ]
)


def areas(peopled=(True, True)) -> Areas:
    return Areas(
        codes=("A", "B"),
        kinds=("province", "province"),
        categories=(("land",), ("land",)),
        start=np.array([0, 2, 4]),
        lat=np.zeros(4),
        lon=np.zeros(4),
        people=PEOPLE,
        peopled=np.array(peopled),
    )


def seen(cell_max=CELL_MAX, first=None, last=None, steps=10) -> WindOutlook:
    members = len(cell_max)
    first = np.full((members, 2, 3), -1, np.int32) if first is None else first
    last = np.full((members, 2, 3), -1, np.int32) if last is None else last
    area = np.stack([cell_max[:, :2].max(axis=1), cell_max[:, 2:].max(axis=1)], axis=1)
    return WindOutlook(Swath(cell_max, area, first, last), T0, 1.0, steps)


def people(found, force):
    return next((i.value for i in found if i.measure == f"people.force_{force}"), None)


def test_people_are_counted_cell_by_cell(spec):
    a, b = impacts(seen(), areas(), spec)
    # Area A, force 8 and more, by member: central 0, 100, 120; even 0, 60, 120; towns 0, 120, 120.
    assert people(a, 8) == Interval(0, 100, 120)
    # Area B: central 0, 1003, 3; even 0, 1003, 500; towns 0, 1003, 0. Medians 3; ends of all three.
    assert people(b, 8) == Interval(0, 3, 1003)
    # Force 10: only the third member, so half of the members have nobody.
    assert people(a, 10) == Interval(0, 0, 120)
    assert people(b, 10) == Interval(0, 0, 500)


def test_low_and_high_are_the_outer_ones_of_the_three_spreads(spec):
    """Every member has the gale in the first cell: what is left is the error of the spread."""
    a, _ = impacts(seen(np.tile([GALE, LIGHT, LIGHT, LIGHT], (3, 1))), areas(), spec)
    assert people(a, 8) == Interval(60, 100, 120)


def test_a_force_that_nobody_meets_is_left_out_except_the_gale(spec):
    a, b = impacts(seen(np.full((3, 4), LIGHT)), areas(), spec)
    for found in (a, b):
        assert [i.measure for i in found] == ["people.force_8", "loss_ratio"]
        assert people(found, 8) == Interval(0, 0, 0)
        assert found[-1].value == Interval(0, 0, 0)
    a, _ = impacts(seen(), areas(), spec)
    assert [i.measure for i in a] == [
        *(f"people.force_{k}" for k in (6, 7, 8, 9, 10)),
        "loss_ratio",
    ]


def test_unknown_people_are_not_nobody(spec):
    a, b = impacts(seen(), areas(peopled=(True, False)), spec)
    assert people(a, 8) is not None
    assert [(i.measure, i.value) for i in b] == [("people.force_8", None), ("loss_ratio", None)]


def test_the_loss_is_weighted_by_people(spec):
    strong = 60.0
    wind = np.tile([strong, LIGHT, strong, strong], (3, 1))
    a, b = impacts(seen(wind), areas(), spec)
    curve = spec.vulnerability
    minute = convert_maximum(np.array([strong]), 600, 60, spec.surface)
    by_half = [
        float(loss_ratio(minute, v_half=half, v_thresh=curve.v_thresh_ms)[0])
        for half in curve.v_half_ms
    ]
    assert 0 < by_half[0] < by_half[1] < by_half[2] < 1
    assert a[-1].value == pytest.approx([100 / 120 * v for v in by_half])
    assert b[-1].value == pytest.approx(by_half)


def test_sums_run_over_the_cells_of_each_area():
    np.testing.assert_array_equal(areas().sums(np.array([1.0, 2, 4, 8])), [3, 12])
    np.testing.assert_array_equal(areas().sums(PEOPLE), [[120, 1003], [120, 1003], [120, 1003]])


def test_money_only_where_somebody_gives_a_value(spec):
    strong = np.full((3, 4), 60.0)
    plain, _ = impacts(seen(strong), areas(), spec)
    assert not [i for i in plain if i.measure == "loss"]
    value = ValuePerHead(amount=1000.0, currency="XTD", source="invented")
    rich, _ = impacts(seen(strong), areas(), spec, value)
    share = next(i.value for i in rich if i.measure == "loss_ratio")
    money = next(i for i in rich if i.measure == "loss")
    assert money.unit == "XTD"
    assert money.value == pytest.approx(Interval(*(120 * 1000.0 * s for s in share)))
    assert money.value.low < money.value.central < money.value.high


# --- onsets -------------------------------------------------------------------------------------


def told(first, last, spec, steps=10):
    """Onset of the first force in the first area from each member's first and last step."""
    members = len(first)
    both = np.full((2, members, 2, 3), -1, np.int32)
    both[0, :, 0, 0], both[1, :, 0, 0] = first, last
    wind = np.zeros((members, 4))
    return onsets(seen(wind, both[0], both[1], steps), 0, spec)[0]


def test_never(spec):
    found = told([-1] * 4, [-1] * 4, spec)
    assert (found.threshold, found.probability) == (6, 0)
    assert (found.onset, found.end) == (NEVER, NEVER)


def test_always_has_no_end_within_the_horizon(spec):
    found = told([0] * 4, [9] * 4, spec)
    assert found.probability == 1
    assert found.onset == When(T0, T0, T0)
    assert found.end == NEVER


def test_members_that_never_get_there_count_as_never(spec):
    # Two of ten reach it: no central onset, but an early one.
    few = told([4, 6] + [-1] * 8, [5, 7] + [-1] * 8, spec)
    assert few.probability == pytest.approx(0.2)
    assert few.onset == When(T0 + 4 * HOUR, None, None)
    # Half of them is enough for a central one, not for a late one.
    half = told([1, 2, 3, 4, 5] + [-1] * 5, [6] * 5 + [-1] * 5, spec)
    assert half.onset == When(T0 + 1 * HOUR, T0 + 5 * HOUR, None)
    # The end is over those that reach it.
    assert half.end == When(T0 + 6 * HOUR, T0 + 6 * HOUR, T0 + 6 * HOUR)
    nine = told([*range(9), -1], [9] * 9 + [-1], spec, steps=30)
    assert nine.onset == When(T0, T0 + 4 * HOUR, T0 + 8 * HOUR)


def test_an_end_beyond_the_horizon_is_none(spec):
    # Three end at 5, two still blow at the last step.
    found = told([1] * 5, [5, 5, 5, 9, 9], spec)
    assert found.end == When(T0 + 5 * HOUR, T0 + 5 * HOUR, None)
    most = told([1] * 5, [5, 5, 9, 9, 9], spec)
    assert most.end == When(T0 + 5 * HOUR, None, None)


def test_steps_of_half_an_hour(spec):
    both = np.full((1, 2, 3), 5, np.int32)
    found = WindOutlook(Swath(np.zeros((1, 4)), np.zeros((1, 2)), both, both), T0, 0.5, 10)
    assert onsets(found, 1, spec)[2].onset.central == T0 + 2.5 * HOUR
    assert onsets(found, 1, spec)[2].threshold == 10


# --- the model, through the whole of it ---------------------------------------------------------


def test_an_ensemble_over_cells_is_a_ten_minute_wind(spec):
    """A standing storm whose strongest ring passes through a dense line of cells."""
    shape = (2, 5)
    km = np.arange(2.0, 150.0, 0.25)
    line = Areas(
        codes=("A",), kinds=("sea",), categories=(("sea",),), start=np.array([0, km.size]),
        lat=20 + km / 111.12, lon=np.full_like(km, 110.0),
        people=np.zeros((3, km.size), np.int64), peopled=np.array([False]),
    )  # fmt: skip
    one_minute = np.array([[50.0] * 5, [30.0] * 5])
    tracks = Ensemble(np.arange(5.0), np.full(shape, 20.0), np.full(shape, 110.0), one_minute, T0)
    found = outlook(tracks, line, spec)
    assert (found.start, found.steps, found.step_h) == (T0, 5, spec.step_h)
    expected = convert_maximum(np.array([50.0, 30.0]), 60, 600, spec.surface)
    np.testing.assert_allclose(found.swath.area_max[:, 0], expected, rtol=0.01)
    # Forces are of ten-minute winds: 27.9 m/s is force 10, not force 11 as 30 m/s would be.
    assert found.swath.first[1, 0].tolist() == [0, 0, 0]
    assert [o.probability for o in onsets(found, 0, spec)] == [1, 1, 1]
    assert [o.end for o in onsets(found, 0, spec)] == [NEVER] * 3


@given(st.lists(st.integers(0, 50), min_size=1, max_size=300), st.floats(0.0, 1.0))
def test_a_rank_is_numpy_s_inverse_of_the_distribution(values, q):
    wanted = np.quantile(np.array(values, float), q, method="inverted_cdf")
    assert np.sort(values)[_rank(len(values), q)] == wanted
