"""The false-alarm budget: procedures beside worked examples, and that no place vanishes."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import haidang as hd
from haidang.base.errors import BadData
from haidang.watch.budget import LISTED, benjamini_hochberg, benjamini_yekutieli

HEART = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
    0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip
"""Benjamini & Hochberg (1995), section 4.1: thrombolysis after heart attacks."""

P_VALUES = arrays(
    np.float64, st.integers(1, 40), elements=st.floats(0, 1) | st.just(math.nan), fill=st.nothing()
)


def test_the_example_of_the_paper():
    p = np.array(HEART)
    assert (benjamini_hochberg(p) <= 0.05).sum() == 4  # "four … 0.0095 ≤ (4/15) 0.05 = 0.013"
    # By hand: 15 · 0.0095 / 4, and the ninth, which is less than what the eighth would give.
    q = benjamini_hochberg(p)
    assert q[3] == pytest.approx(0.035625)
    assert q[7] == pytest.approx(min(15 * 0.0344 / 8, 15 * 0.0459 / 9))
    assert q[-1] == 1


def test_whatever_the_dependence_costs_the_harmonic_sum():
    p = np.array(HEART)
    c = sum(1 / i for i in range(1, 16))
    assert c == pytest.approx(3.318229)
    # By hand: 0.0019 ≤ 3/15 · 0.05 / 3.318 = 0.00301, but 0.0095 > 4/15 · 0.05 / 3.318 = 0.00402.
    assert (benjamini_yekutieli(p) <= 0.05).sum() == 3
    np.testing.assert_allclose(benjamini_yekutieli(p), np.minimum(benjamini_hochberg(p) * c, 1))


@settings(max_examples=100, deadline=None)
@given(P_VALUES, st.floats(0.01, 0.5), st.randoms())
def test_it_is_the_step_up_of_the_paper(p, level, random):
    q = benjamini_hochberg(p)
    np.testing.assert_array_equal(np.isnan(q), np.isnan(p))
    known = np.sort(p[~np.isnan(p)])
    m = len(known)
    # Equation 1: the largest k with p(k) ≤ k/m · q; all up to it are rejected.
    k = max((i for i in range(1, m + 1) if known[i - 1] * m / i <= level), default=0)
    assert np.count_nonzero(q <= level) == (np.count_nonzero(p <= known[k - 1]) if k else 0)
    assert np.all(q[~np.isnan(q)] >= p[~np.isnan(q)] * (1 - 1e-12))
    order = list(range(len(p)))
    random.shuffle(order)
    np.testing.assert_array_equal(benjamini_hochberg(p[order]), q[order])
    with_gaps = np.append(p, [math.nan] * 5)
    np.testing.assert_array_equal(benjamini_hochberg(with_gaps)[: len(p)], q)
    with np.errstate(invalid="ignore"):
        assert np.all(benjamini_yekutieli(p)[~np.isnan(q)] >= q[~np.isnan(q)])


def test_no_test_at_all():
    assert benjamini_hochberg(np.empty(0)).shape == (0,)
    assert np.isnan(benjamini_yekutieli(np.array([math.nan]))).all()


# --- the list -----------------------------------------------------------------------------------


def counts(places=40, n=330, seed=3, mean=6.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.date_range("2018-01-01", periods=n, freq="7D")
    names = [f"p{i:02}" for i in range(places)]
    return pd.DataFrame(rng.poisson(mean, (n, places)).astype(float), index=index, columns=names)


def found_with(p, state=None, reason=None, alarm=None, value=5.0) -> xr.Dataset:
    """A table as of `detect`; arrays are (place, time)."""
    p = np.atleast_2d(np.asarray(p, float))
    state = np.where(np.isnan(p), "no_data", "quiet") if state is None else np.asarray(state)
    if alarm is not None:
        state = np.where(np.asarray(alarm), "raised", state)
    reason = np.where(np.isnan(p), "missing", "") if reason is None else np.asarray(reason)
    full = np.full(p.shape, value)
    columns = {
        "value": full, "expected": full / 2, "upper": full, "score": 1 - p, "p_value": p,
        "alarm": state == "raised", "state": state, "reason": reason,
    }  # fmt: skip
    return xr.Dataset(
        {n: (("place", "time"), v) for n, v in columns.items()},
        coords={
            "place": [f"p{i:02}" for i in range(len(p))],
            "time": pd.date_range("2024-01-01", periods=p.shape[1], freq="7D"),
        },
        attrs={"method": "toy"},
    )


def test_a_real_outbreak_is_kept_and_chance_is_not():
    data = counts()
    data.iloc[-3:, 0] += 20
    data.iloc[-1, 5] = np.nan
    found = hd.detect(data, last=8)
    listed = hd.alarms(found, q=0.05)
    assert list(listed.columns) == list(LISTED)
    assert list(listed["rank"]) == list(range(1, len(listed) + 1))
    top = listed.iloc[0]
    assert (top["place"], top["kept"], top["weeks_running"]) == ("p00", True, 3)
    assert top["event"]
    assert top["p"] == found["p_mid"].sel(place="p00").values[-1]
    raised = found["state"].values[:, -1] == "raised"
    assert set(listed["place"]) >= set(found["place"].values[raised])
    assert listed["kept"].sum() < raised.sum()  # at 5 % chance alone raises two of forty
    assert listed.attrs["tests"] == 39
    assert listed.attrs["no_data_reasons"] == {"missing": 1}
    assert listed.attrs["silent"] == [["", "p05"]]
    assert listed.attrs["p"] == "mid"
    assert (listed["event"] != "").equals(listed["kept"])
    json.dumps(listed.attrs)
    assert len(hd.alarms(found, q=0.05, dependent=True)) == len(listed)


def test_an_event_keeps_its_id_while_it_goes_on_and_spreads():
    data = counts()
    data.iloc[-3:, 7] += 25
    data.iloc[-1:, 8] += 25
    pairs = [("p08", "p07"), ("p30", "nowhere")]
    ids = []
    for weeks in (328, 329, 330):
        listed = hd.alarms(hd.detect(data.iloc[:weeks], last=12), neighbours=pairs)
        ids.append(listed.loc[listed["place"] == "p07", "event"].item())
    assert len(set(ids)) == 1
    event = listed.attrs["events"][0]
    assert event["id"] == ids[0]
    assert event["places"] == ["p07", "p08"]
    assert event["first"] == str(data.index[-3])[:10]
    assert event["observed"] == data.iloc[-1, 7:9].sum()
    alone = hd.alarms(hd.detect(data, last=12))
    assert len(set(alone.loc[alone["kept"], "event"])) == alone["kept"].sum()


def test_mid_p_where_the_method_has_counts_else_its_own():
    data = counts()
    for method, params, kind in (
        ("farrington_flexible", {}, "mid"),
        ("farrington_flexible", {"threshold": "muan"}, "mid"),
        ("farrington_flexible", {"threshold": "delta"}, "tail"),
        ("bayes", {}, "mid"),
        ("rki", {}, "mid"),
        ("ears_c2", {}, "tail"),
    ):
        found = hd.detect(data, method=method, last=1, **params)
        assert hd.alarms(found).attrs["p"] == kind
        if kind == "mid":
            half = found["p_value"] - found["p_mid"]
            assert ((half > 0) & (half <= found["p_value"] / 2 * (1 + 1e-12))).all()


def test_mid_p_values_have_the_mean_one_half_and_tails_have_not():
    rng = np.random.default_rng(5)
    data = pd.DataFrame(
        rng.poisson(0.4, (330, 1500)).astype(float),
        index=pd.date_range("2018-01-01", periods=330, freq="7D"),
    )
    found = hd.detect(data.rename(columns=str), last=1, trend=False)
    assert found["p_mid"].mean().item() == pytest.approx(0.5, abs=0.02)
    assert found["p_value"].mean().item() > 0.7


def test_pooled_indicators_are_one_family():
    a, b = found_with([[0.01], [0.5]]), found_with([[0.02], [0.9], [np.nan]])
    listed = hd.alarms({"x": a, "y": b}, q=0.05)
    assert listed.attrs["tests"] == 4
    assert listed.attrs["no_data"] == 1
    assert listed.attrs["silent"] == [["y", "p02"]]
    # By hand: 4 · 0.01 / 1 and 4 · 0.02 / 2 are both 0.04.
    assert list(listed["q"]) == pytest.approx([0.04, 0.04])
    assert list(listed["indicator"]) == ["x", "y"]
    assert listed["event"].nunique() == 2  # the same place, but not the same indicator
    # By itself the first is 2 · 0.01 / 1; the tests of the other make it dearer.
    assert len(hd.alarms(a, q=0.03)) == 1
    assert len(hd.alarms({"x": a, "y": b}, q=0.03)) == 0


def test_few_cases_are_tested_but_never_kept():
    found = found_with([[1e-9], [0.04], [0.5]], reason=[["few_cases"], [""], [""]])
    listed = hd.alarms(found, q=0.2)
    assert list(listed["place"]) == ["p01"]
    assert listed["q"].item() == pytest.approx(3 * 0.04)
    assert listed.attrs["few_cases"] == 1
    assert listed.attrs["tests"] == 3


def test_an_alarm_without_a_probability_is_still_shown():
    found = found_with([[np.nan, np.nan], [0.2, 0.3]], state=[["quiet"] * 2] * 2,
                       alarm=[[True, True], [False, False]])  # fmt: skip
    listed = hd.alarms(found)
    assert list(listed["place"]) == ["p00"]
    assert not listed["kept"].item()
    assert listed["weeks_running"].item() == 2
    assert listed.attrs["no_data_reasons"] == {"missing": 1}


def test_silence_neither_counts_nor_breaks():
    p = [[0.01, 0.01, np.nan, 1e-6]]
    listed = hd.alarms(found_with(p, alarm=[[True, True, False, True]]), names={"p00": "Huế"})
    assert listed["weeks_running"].item() == 3
    assert listed["name"].item() == "Huế"
    assert listed.attrs["events"][0]["first"] == "2024-01-01"
    p = [[0.01, 0.5, 0.01, 1e-6]]
    listed = hd.alarms(found_with(p, alarm=[[True, False, True, True]]))
    assert listed["weeks_running"].item() == 2


def test_all_periods_are_one_family_too():
    found = found_with([[0.001, 0.5, 0.9], [0.4, 0.002, np.nan]])
    listed = hd.alarms(found, last=None, q=0.05, neighbours=[("p00", "p01")])
    assert list(listed["q"]) == pytest.approx([0.005, 0.005])
    assert len(listed.attrs["events"]) == 1
    assert listed.attrs["events"][0]["signals"] == 2


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 4)),
           elements=st.floats(0, 1) | st.just(math.nan), fill=st.nothing()),
    st.floats(0.01, 0.9),
    st.data(),
)  # fmt: skip
def test_every_cell_is_listed_quiet_or_counted_as_without_data(p, level, data):
    alarm = data.draw(arrays(np.bool_, p.shape)) & ~np.isnan(p)
    listed = hd.alarms(found_with(p, alarm=alarm), q=level, last=None)
    told = listed.attrs
    assert told["tests"] + told["no_data"] == p.size
    assert told["raised"] == alarm.sum()
    assert len(listed) == (alarm | (benjamini_hochberg(p) <= level)).sum()
    assert told["kept"] == listed["kept"].sum()
    assert sum(e["signals"] for e in told["events"]) == told["kept"]
    assert list(listed["p"]) == sorted(listed["p"])
    assert {place for _, place in told["silent"]} == {
        f"p{i:02}" for i in np.flatnonzero(np.isnan(p[:, -1]))
    }
    fewer = hd.alarms(found_with(p, alarm=alarm), q=level / 2, last=None)
    assert set(fewer.loc[fewer["kept"], "rank"]) <= set(range(1, told["kept"] + 1))


def test_what_is_asked_wrongly_is_said():
    found = found_with([[0.5]])
    for params, match in (
        ({"q": 0}, "share of false alarms"),
        ({"q": 1.0}, "share of false alarms"),
        ({"q": math.nan}, "share of false alarms"),
        ({"last": 0}, "no number of periods"),
    ):
        with pytest.raises(BadData, match=match):
            hd.alarms(found, **params)
    with pytest.raises(BadData, match="no indicator"):
        hd.alarms({})
    with pytest.raises(BadData, match="not what detect gives back"):
        hd.alarms({"x": counts()})
    with pytest.raises(BadData, match="cusum gives no p-values"):
        hd.alarms(hd.detect(counts(2), method="cusum"))
    # A nation in which nobody reports is no error: it has no data, and says so.
    nothing = hd.alarms(found_with([[np.nan], [np.nan]]))
    assert len(nothing) == 0
    assert nothing.attrs["no_data"] == 2
