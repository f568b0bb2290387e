from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from haidang.base.errors import BadData
from haidang.risk.impact import impact
from haidang.risk.vulnerability import WindDamage
from risk import parity

CURVE = pd.DataFrame({"intensity": [20.0, 40.0, 60.0], "ratio": [0.0, 0.5, 0.5]})


@pytest.mark.parametrize("name", parity.CURVES)
def test_every_loss_equals_the_reference(shared, name):
    theirs, ours, closed = parity.impacts(shared, name)
    assert theirs.n > 1000
    assert theirs.misplaced == ours.misplaced == 0
    assert theirs.largest <= parity.IMPACT_LIMIT == 1e-12
    assert ours.largest <= parity.OWN_CURVE_LIMIT == 1e-9
    # A curve that bends upwards lies below its chords.
    assert -0.035 < closed.total < 0
    assert closed.largest < 0.01


def test_the_closed_form_is_a_little_below_the_tabulated_curve(shared):
    *_, closed = parity.impacts(shared, "default_v74.7")
    assert closed.total == pytest.approx(-0.026, abs=0.003)


def test_the_figures_can_be_printed(shared, capsys):
    assert parity.main(shared) == 0
    said = capsys.readouterr().out
    assert all(f"wind {model}" in said for model in parity.tc.MODELS)
    assert said.count("closed form") == len(parity.CURVES)


def test_by_hand_and_flat_beyond_the_ends():
    got = impact(np.array([0.0, 20.0, 30.0, 50.0, 99.0]), np.array([4.0, 4, 4, 4, 4]), CURVE)
    assert got.tolist() == [0.0, 0.0, 1.0, 2.0, 2.0]
    assert impact([30.0], 8, CURVE).tolist() == [2.0]


def test_unknown_is_never_zero():
    got = impact(np.array([np.nan, 10.0, 30.0]), np.array([1.0, np.nan, 0.0]), CURVE)
    assert np.isnan(got).tolist() == [True, True, False]
    assert got[2] == 0
    assert np.isnan(impact(np.array([np.nan]), 1.0, WindDamage(70.0)))[0]


def test_xarray_meets_by_label_and_keeps_dims():
    wind = xr.DataArray(
        [[30.0, 40.0], [50.0, np.nan]],
        coords={"time": [0, 1], "place": ["a", "b"]},
        dims=("time", "place"),
    )
    people = xr.DataArray([10.0, 100.0], coords={"place": ["a", "b"]}, dims="place")
    got = impact(wind, people, CURVE)
    assert got.dims == ("time", "place")
    np.testing.assert_array_equal(got, [[2.5, 50.0], [5.0, np.nan]])
    with pytest.raises(BadData, match="does not fit"):
        impact(wind, people.assign_coords(place=["a", "c"]), CURVE)
    with pytest.raises(BadData, match="does not fit"):
        impact(wind, people.rename(place="province"), CURVE)
    assert impact(wind, np.array([1.0, 2.0]), CURVE).dims == ("time", "place")


def test_pandas_meets_by_label():
    wind = pd.Series([30.0, 40.0], index=["a", "b"])
    got = impact(wind, pd.Series([100.0, 10.0], index=["b", "a"]), CURVE)
    assert got.to_dict() == {"a": 2.5, "b": 50.0}
    table = pd.DataFrame({"low": wind, "high": wind + 10})
    got = impact(table, pd.Series([100.0, 10.0], index=["b", "a"]), CURVE)
    assert got.loc["b"].tolist() == [50.0, 50.0]
    assert got.loc["a"].tolist() == [2.5, 5.0]
    with pytest.raises(BadData, match="does not fit"):
        impact(wind, pd.Series([1.0, 2.0], index=["a", "c"]), CURVE)


@given(st.lists(st.floats(0, 120), min_size=1, max_size=9), st.floats(0, 1e6))
def test_linear_in_exposure_and_never_more_than_all(winds, value):
    wind = np.array(winds)
    one = impact(wind, 1.0, WindDamage(60.0))
    np.testing.assert_allclose(impact(wind, value, WindDamage(60.0)), value * one)
    assert (one <= 1).all()


def test_bad_inputs():
    wind = np.array([30.0, 40.0])
    with pytest.raises(BadData, match=r"line 3, exposure: the value -1\.0 is negative"):
        impact(wind, np.array([1.0, -1.0]), CURVE)
    with pytest.raises(BadData, match=r"intensity: the value -3\.0"):
        impact(np.array([-3.0]), 1.0, CURVE)
    with pytest.raises(BadData, match="line 3, exposure: 'many' is not a number"):
        impact(pd.Series(wind), pd.Series([1, "many"]), CURVE)
    with pytest.raises(BadData, match="not a number"):
        impact(wind, np.array(["1", "2"]), CURVE)
    with pytest.raises(BadData, match="does not fit"):
        impact(wind, np.array([1.0, 2.0, 3.0]), CURVE)
    assert np.isnan(impact(pd.Series([30.0]), pd.Series([None], dtype=object), CURVE))[0]


@pytest.mark.parametrize(
    ("intensity", "ratio", "said"),
    [
        ([20.0, 40.0], [0.5, 0.4], "line 3, ratio: the ratio is lower"),
        ([40.0, 20.0], [0.1, 0.4], "line 3, intensity: the intensity does not exceed"),
        ([20.0, 20.0], [0.1, 0.4], "line 3, intensity"),
        ([20.0, 40.0], [0.1, 40.0], "line 3, ratio: the ratio exceeds 1"),
        ([20.0, np.nan], [0.1, 0.2], "line 3, intensity: a value of the damage curve is missing"),
        ([20.0, 30.0], [0.1, np.nan], "line 3, ratio: a value"),
        ([], [], "no rows"),
    ],
)
def test_bad_curves(intensity, ratio, said):
    curve = pd.DataFrame({"intensity": intensity, "ratio": ratio}, dtype=float)
    curve.attrs["file"] = "curve.csv"
    with pytest.raises(BadData) as caught:
        impact(np.array([30.0]), 1.0, curve)
    assert said in str(caught.value)
    assert "curve.csv" in str(caught.value)


def test_curve_without_its_columns():
    with pytest.raises(BadData, match="ratio"):
        impact(np.array([30.0]), 1.0, pd.DataFrame({"intensity": [1.0]}))


@pytest.mark.parametrize(
    ("args", "code", "field"),
    [
        ((30.0, 1.0, None), "impact.curve_kind", "curve"),
        ((30.0, 1.0, 0.5), "impact.curve_kind", "curve"),
        ((30.0, None, CURVE), "impact.nothing", "exposure"),
        ((None, 1.0, CURVE), "impact.nothing", "intensity"),
    ],
)
def test_nothing_is_refused_in_words(args, code, field):
    with pytest.raises(BadData) as caught:
        impact(*args)
    (problem,) = caught.value.problems
    assert (problem.code, problem.field) == (code, field)
    assert problem.say("vi") != problem.say("en")


@pytest.mark.parametrize(
    ("curve", "code"),
    [
        (lambda v: 1 - v / 100, "impact.curve_falls_at"),
        (lambda v: v, "impact.curve_values"),
        (lambda v: v * np.nan, "impact.curve_values"),
        (lambda v: 0.5, "impact.curve_values"),
        (float, "impact.curve_fails"),
    ],
)
def test_functions_that_are_no_damage(curve, code):
    with pytest.raises(BadData) as caught:
        impact(np.array([50.0, np.nan, 30.0]), 100.0, curve)
    assert [p.code for p in caught.value.problems] == [code]


def test_a_function_says_nothing_of_an_unknown_intensity():
    got = impact(np.array([np.nan, 30.0]), 10.0, lambda v: (v >= 25.0) * 1.0)
    np.testing.assert_array_equal(got, [np.nan, 10.0])


def test_the_last_digit_of_a_function_is_no_fall():
    level = lambda v: np.where(v > 40.0, np.nextafter(0.5, 0.0), 0.5)  # noqa: E731
    assert impact(np.array([30.0, 50.0]), 2.0, level).tolist() == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("dtype", [float, int])
def test_a_mask_hides_its_number(dtype):
    hidden = np.ma.masked_array([30, 30], [False, True], dtype=dtype)
    np.testing.assert_array_equal(impact(hidden, 8.0, CURVE), [2.0, np.nan])
    np.testing.assert_array_equal(impact(np.array([30.0, 30.0]), hidden, CURVE), [7.5, np.nan])


def test_infinite_and_ragged_are_refused():
    with pytest.raises(BadData, match="line 3, exposure: the value inf is infinite"):
        impact(np.array([30.0, 30.0]), np.array([1.0, np.inf]), CURVE)
    with pytest.raises(BadData, match="intensity"):
        impact([[30.0], [1.0, 2.0]], 1.0, CURVE)
