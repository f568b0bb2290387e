"""Bad input through every detector: a clear message or no data with its reason, never an accident.

Each fault stands in the newest period of one place of a calm table; the others must stay as they
are without it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import haidang as hd
from haidang.base.errors import BadData
from haidang.watch import quality
from haidang.watch.detectors import METHODS

WEEKS = 330
PLACES = ["p0", "p1", "p2"]
EVERY = pytest.mark.parametrize("method", METHODS)


def calm() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    index = pd.date_range("2018-01-01", periods=WEEKS, freq="7D")
    return pd.DataFrame(rng.poisson(6, (WEEKS, 3)).astype(float), index=index, columns=PLACES)


def long(table: pd.DataFrame) -> pd.DataFrame:
    rows = table.rename_axis("start").reset_index().melt("start", var_name="place")
    return rows[["place", "start", "value"]]


def judge(data: pd.DataFrame, method: str, **more: Any) -> Any:
    """The newest two periods; what a method must be told besides."""
    chosen, given = METHODS[method], dict(more)
    known = {p.name: p for p in chosen.params}
    if "baseline" in known and known["baseline"].optional:
        given["baseline"] = WEEKS - 40  # a chart must begin somewhere
    if "replicates" in known:
        given["replicates"] = 99
    if getattr(chosen, "coordinates", False):
        names = given.get("places", [*PLACES, "note"])
        given["coordinates"] = {p: (20.0 + i, 105.0 + i) for i, p in enumerate(names)}
    if getattr(chosen, "needs_population", False):
        given["population"] = {p: 1000.0 for p in [*PLACES, "note"]}
    return hd.detect(data, method=method, last=2, **given)


def newest(found: Any, place: str) -> tuple[str, str, bool]:
    one = found.sel(place=place).isel(time=-1)
    return one["state"].item(), one["reason"].item(), bool(one["alarm"].item())


def alone(method: str) -> bool:
    """Whether a place is judged by itself; a scan compares places with one another."""
    return not getattr(METHODS[method], "coordinates", False)


@cache
def without_fault(method: str) -> Any:
    return judge(calm(), method)


def unchanged(found: Any, method: str, places: list[str]) -> bool:
    """Whether the other places are judged as without the fault."""
    if not alone(method):
        return True
    plain = without_fault(method).sel(place=places)
    return all(
        np.array_equal(found[c].sel(place=places), plain[c], equal_nan=c in ("score", "p_value",
                       "expected", "upper"))
        for c in ("expected", "upper", "score", "alarm", "state")
    )  # fmt: skip


@EVERY
@pytest.mark.parametrize("value", [-4.0, -0.5, 1e300, np.inf])
def test_what_no_count_can_be(method, value):
    data = calm()
    data.iloc[-1, 1] = value
    found = judge(data, method)
    assert newest(found, "p1") == ("no_data", "missing", False)
    said = [p.say("en") for p in found.attrs["problems"]]
    assert len(said) == 1
    assert "below zero" in said[0] or "more than can be counted" in said[0]
    assert "p1" in said[0]
    assert unchanged(found, method, ["p0", "p2"])


@EVERY
def test_a_fraction(method):
    data = calm()
    data.iloc[-1, 1] = 6.5
    found = judge(data, method)
    state, reason, alarm = newest(found, "p1")
    assert not alarm
    if METHODS[method].counts:
        assert (state, reason) == ("no_data", "missing")
        assert "not a whole number" in found.attrs["problems"][0].say("en")
    else:
        assert state == "quiet"
        assert found.attrs["problems"] == ()
    assert unchanged(found, method, ["p0", "p2"])


@EVERY
def test_a_period_that_stands_there_twice(method):
    rows = long(calm())
    last = rows[(rows["place"] == "p1") & (rows["start"] == rows["start"].max())]
    found = judge(pd.concat([rows, last.assign(value=90.0)]), method)
    assert newest(found, "p1") == ("no_data", "missing", False)
    assert "different numbers" in found.attrs["problems"][0].say("en")
    again = judge(pd.concat([rows, last]), method)
    assert "used once" in again.attrs["problems"][0].say("en")
    assert newest(again, "p1") == newest(judge(rows, method), "p1")


@EVERY
@pytest.mark.parametrize("value", [pd.Timestamp("2023-05-10"), pd.Timestamp("2202-01-04")])
def test_one_wrong_date(method, value):
    rows = long(calm())
    rows["start"] = rows["start"].astype(object)
    rows.loc[7, "start"] = value  # of the first place
    found = judge(rows, method)
    assert found["time"].values[-1] == calm().index[-1].to_datetime64()
    [said] = [p.say("en") for p in found.attrs["problems"]]
    assert said.startswith("line 9, start: ")
    assert newest(found, "p0")[0] == "quiet"
    assert unchanged(found, method, ["p1", "p2"])


@EVERY
def test_periods_of_different_lengths(method):
    rows = long(calm())
    rows.loc[:39, "start"] += pd.Timedelta(days=3)
    with pytest.raises(BadData, match="different lengths"):
        judge(rows, method)


@EVERY
def test_a_column_of_text_in_the_middle(method):
    data = calm()
    data.insert(1, "note", [f"checked by {i}" for i in range(WEEKS)])
    found = judge(data, method)
    assert newest(found, "note")[0] == "no_data"
    said = [p.say("en") for p in found.attrs["problems"]]
    assert "'checked by 0' is not a number" in said[0]
    assert said[-1].endswith(f"{WEEKS - 20} more cells like this; they too are left out.")
    assert unchanged(found, method, PLACES)
    # In a long table the columns have names, and another one disturbs nobody.
    rows = long(calm())
    rows.insert(1, "note", "checked")
    assert judge(rows, method).attrs["problems"] == ()


@EVERY
def test_three_weeks_of_history(method):
    if not alone(method):
        return  # a scan looks at the map and needs no years before
    found = hd.detect(calm().iloc[:3], method=method)
    assert (found["state"] == "no_data").all()
    assert (found["reason"] == "history").all()
    assert not found["alarm"].any()


@EVERY
def test_all_zeros(method):
    found = judge(calm() * 0, method)
    assert not found["alarm"].any()
    assert set(np.unique(found["state"])) <= {"quiet", "no_data"}
    if alone(method):
        assert (found["state"] == "quiet").all()


@EVERY
def test_a_milliard_in_one_week(method):
    data = calm()
    data.iloc[-1, 1] = 1e9
    if not alone(method):
        with pytest.raises(BadData, match="check for a mistyped number"):
            judge(data, method)
        return
    found = judge(data, method)
    assert newest(found, "p1")[0] == "raised"
    assert unchanged(found, method, ["p0", "p2"])
    data = calm()
    data.iloc[-30, 1] = 1e9  # a slip of the past: still judged, or not, but said
    found = judge(data, method)
    state, reason, _ = newest(found, "p1")
    assert state != "no_data" or reason
    if state != "no_data":
        assert np.isfinite(found["score"].sel(place="p1").isel(time=-1))
    assert unchanged(found, method, ["p0", "p2"])


@EVERY
def test_a_place_that_is_not_expected(method):
    data = calm()
    data["p9"] = 500.0
    found = judge(data, method, places=PLACES)
    assert found["place"].values.tolist() == PLACES
    assert "no place 'p9'" in found.attrs["problems"][0].say("en")
    assert unchanged(found, method, PLACES)


@EVERY
def test_nothing_vanishes_however_much_is_missing(method):
    data = calm()
    data.iloc[::2, 0] = np.nan
    data.iloc[-1, 1] = np.nan
    data["p2"] = np.nan
    found = judge(data, method)
    assert found["place"].values.tolist() == PLACES
    assert newest(found, "p1") == ("no_data", "missing", False)
    assert newest(found, "p2") == ("no_data", "missing", False)
    silent = (found["state"] == "no_data").values
    assert (found["reason"].values[silent] != "").all()
    if not alone(method):
        return  # a scan has no bound of a single place
    bound = found["upper"].notnull() | found["reason"].isin(["few_cases", "no_bound"])
    assert bound.values[~silent].all()


SLIP = 123_456_789.0
METHODS_OF_COUNTS = [
    "ears_c1", "ears_c2", "ears_c3", "farrington", "farrington_flexible", "cusum", "glr_poisson",
    "glr_negbin", "bayes", "rki", "endemic_channel", "endemic_percentile", "combined", "outbreakp",
]  # fmt: skip


def weekly(values):
    index = pd.date_range("2015-01-05", periods=len(values), freq="7D")
    return pd.DataFrame({"x": values}, index=index)


@pytest.mark.parametrize("method", METHODS_OF_COUNTS)
@pytest.mark.parametrize("size", [10_000.0, SLIP])
def test_a_slip_of_the_past_makes_no_alarm_and_hides_none(method, size):
    """Where it lies in the baseline, the newest week is judged as if it had not been reported."""
    rng = np.random.default_rng(1)
    clean = rng.poisson(8, 420).astype(float)
    for newest in (8.0, 60.0):
        clean[-1] = newest
        for lag in (1, 4, 52, 53, 61, 104, 150, 230):
            slipped, holed = clean.copy(), clean.copy()
            slipped[-1 - lag], holed[-1 - lag] = size, np.nan
            got = hd.detect(weekly(slipped), method=method, last=1)
            want = hd.detect(weekly(holed), method=method, last=1)
            xr.testing.assert_equal(got.drop_attrs(), want.drop_attrs())
            (problem,) = got.attrs["problems"]
            assert (problem.code, problem.severity) == ("watch.implausible", "warning")
            assert f"{size:,.0f}" in problem.say("vi")


@pytest.mark.parametrize("method", METHODS_OF_COUNTS)
def test_a_slip_itself_is_judged_and_told_and_knows_nothing_of_later_weeks(method):
    rng = np.random.default_rng(2)
    values = rng.poisson(8, 400).astype(float)
    values[350] = SLIP
    whole = hd.detect(weekly(values), method=method)
    for rows in (351, 352, 380):
        part = hd.detect(weekly(values[:rows]), method=method, last=1)
        assert len(part.attrs["problems"]) == 1
        at = part.time.values[-1]
        if method not in {"cusum", "glr_poisson", "glr_negbin"}:  # they learn before the first
            xr.testing.assert_equal(whole.sel(time=[at]).drop_attrs(), part.drop_attrs())
    if method != "combined":  # which has no bound for what no simulated outbreak was like
        assert bool(whole.sel(time=part.time[-1] - np.timedelta64(7 * 29, "D")).alarm.all())


def test_an_epidemic_is_believed_and_a_busy_place_is_left_alone():
    rng = np.random.default_rng(3)
    values = rng.poisson(3, 300).astype(float)
    values[200:208] = 2_000
    marks = quality.implausible(values[None])
    assert marks is not None
    assert marks.nonzero()[1].tolist() == [200, 201]
    assert quality.implausible(rng.poisson(50_000, (3, 300)).astype(float)) is None
    early = np.full((1, 300), 4.0)
    early[0, 20] = SLIP  # too little before it to tell
    assert quality.implausible(early) is None
    assert quality.implausible(np.full((2, 5), np.nan)) is None


@pytest.mark.parametrize("lag", [0, 1, 30])
def test_a_forecast_does_not_go_on_from_a_slip(lag):
    values = np.random.default_rng(5).poisson(8, 300).astype(float)
    slipped, holed = values.copy(), values.copy()
    slipped[-1 - lag], holed[-1 - lag] = SLIP, np.nan
    got = hd.forecast(weekly(slipped), horizon=3, model="theta")
    xr.testing.assert_equal(
        got.drop_attrs(), hd.forecast(weekly(holed), horizon=3, model="theta").drop_attrs()
    )
    (problem,) = got.attrs["problems"]
    assert problem.code == "watch.implausible_out"
    assert problem.say("vi") != problem.say("en")


def test_what_repeats_the_reference_takes_a_slip_as_it_stands():
    values = np.random.default_rng(6).poisson(8, 400).astype(float)
    values[-60] = SLIP
    got = hd.detect(weekly(values), last=1, threshold="delta", compat="surveillance")
    assert got.attrs["problems"] == ()
    assert float(got.upper.squeeze()) > 1e6


@pytest.mark.parametrize("method", ["cusum", "glr_poisson", "glr_negbin"])
def test_a_chart_judges_a_slip_from_where_it_began(method):
    """The same first period, so the same mean that was learned before it."""
    values = np.random.default_rng(7).poisson(8, 400).astype(float)
    values[320:340] += 6  # what a chart that begins later would learn from
    clean = hd.detect(weekly(values), method=method, last=100)
    values[350] = SLIP
    got = hd.detect(weekly(values), method=method, last=100)
    xr.testing.assert_equal(got.expected, clean.expected)
    assert np.isfinite(got.expected).all()
