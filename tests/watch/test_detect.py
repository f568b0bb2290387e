"""``hd.detect``: what comes back, and that nothing vanishes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import haidang as hd
from haidang.base.errors import BadData, NotFound
from haidang.watch import detect as module
from haidang.watch.detect import COLUMNS, STATES
from haidang.watch.detectors import METHODS

ALONE = [name for name, method in METHODS.items() if not method.coordinates]
"""They judge a place by its own past; `test_scan` has those that look at its neighbours."""
CHARTS = ("cusum", "glr_poisson", "glr_negbin", "outbreakp")
"""They alarm by a statistic that remembers; the others by a count above its bound."""


def table(n=330, places=6, seed=1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.date_range("2018-01-01", periods=n, freq="7D")
    names = [f"p{i}" for i in range(places)]
    return pd.DataFrame(rng.poisson(6, (n, places)).astype(float), index=index, columns=names)


@pytest.mark.parametrize("method", ALONE)
def test_every_method_answers_in_the_same_shape(method):
    data = table()
    data.iloc[-1, 0] = 60
    data.iloc[-1, 1] = np.nan
    found = hd.detect(data, method=method, places=[*data.columns, "nobody"])
    assert set(COLUMNS) <= set(found.data_vars)
    assert all(found[c].dims == ("place", "time") for c in found.data_vars)
    assert found["time"].to_numpy()[-1] == np.datetime64("2024-04-22")
    newest = found.isel(time=-1)
    state = dict(zip(newest["place"].values, newest["state"].values, strict=True))
    assert (state["p0"], state["p1"], state["nobody"]) == ("raised", "no_data", "no_data")
    assert set(np.unique(found["state"])) <= set(STATES)
    raised = found["alarm"].to_numpy()
    np.testing.assert_array_equal(found["state"].to_numpy() == "raised", raised)
    score = found["score"].to_numpy()
    if method in CHARTS:
        np.testing.assert_array_equal(raised, score >= 1)
    else:
        above = found["value"].to_numpy() > found["upper"].to_numpy()
        np.testing.assert_array_equal(raised, above)
        np.testing.assert_array_equal(raised, score > 1)
    tidy = found.to_dataframe()
    assert len(tidy) == found.sizes["place"] * found.sizes["time"]
    assert found.attrs["method"] == method


@pytest.mark.parametrize("method", ALONE)
def test_the_newest_alone_is_the_same_as_the_newest_of_all(method):
    data = table()
    begins = {"baseline": 200} if method in CHARTS[:3] else {}
    whole = hd.detect(data, method=method, **begins)
    newest = hd.detect(data, method=method, last=2, **begins)
    assert newest.sizes["time"] == 2
    for name in ("expected", "upper", "score", "p_value", "alarm", "state"):
        np.testing.assert_array_equal(newest[name], whole[name].isel(time=slice(-2, None)))


@pytest.mark.parametrize("method", ALONE)
def test_what_comes_later_changes_nothing(method):
    data = table()
    early = hd.detect(data.iloc[:-20], method=method)
    late = hd.detect(data, method=method)
    for name in ("upper", "alarm", "state"):
        np.testing.assert_array_equal(early[name], late[name].sel(time=early["time"]))


@pytest.mark.parametrize("method", ALONE)
def test_three_weeks_are_no_history(method):
    found = hd.detect(table(3), method=method)
    assert (found["state"] == "no_data").all()
    assert (found["reason"] == "history").all()
    assert found.sizes["time"] == 3


@pytest.mark.parametrize("method", ALONE)
def test_nothing_at_all_is_quiet_and_something_after_it_is_not(method):
    data = table(places=1) * 0
    found = hd.detect(data, method=method, last=1)
    assert found["state"].item() == "quiet"
    data.iloc[-1] = 1e9
    found = hd.detect(data, method=method, last=1)
    assert found["state"].item() == "raised"


def test_leading_periods_without_history_are_left_out():
    assert hd.detect(table(), last=None).sizes["time"] == 330 - 264
    assert hd.detect(table(), method="ears_c1").sizes["time"] == 330 - 7


def test_threads_and_blocks_change_nothing(monkeypatch):
    data = table(places=40)
    whole = hd.detect(data)
    told = []
    monkeypatch.setattr(module, "_AT_ONCE", 330 * 3)
    parts = hd.detect(data, progress=lambda done, of: told.append((done, of)))
    assert parts.drop_attrs().identical(whole.drop_attrs())
    assert told[0] == (0, 40)
    assert told[-1] == (40, 40)
    assert len(told) == 15


def test_what_is_asked_wrongly_is_said():
    data = table()
    with pytest.raises(NotFound, match="farrington_flexible"):
        hd.detect(data, method="nope")
    for params, match in (
        ({"alpha": 2}, "alpha: '2' does not fit"),
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": "x"}, "alpha"),
        ({"years_back": 1.5}, "whole number"),
        ({"years_back": True}, "whole number"),
        ({"threshold": "x"}, "delta, nb_plugin, muan"),
        ({"trend": 1}, "neither true nor false"),
        ({"min_cases": 5}, "two whole numbers"),
        ({"b": 5}, "it has: years_back"),
        ({"last": 0}, "no number of periods"),
    ):
        with pytest.raises(BadData, match=match):
            hd.detect(data, **params)
    with pytest.raises(BadData, match="takes no population"):
        hd.detect(data, method="ears_c1", population={"p0": 5})


def test_population_moves_what_is_expected():
    data = table(places=2)
    people = pd.DataFrame(1000.0, index=data.index, columns=data.columns)
    people.iloc[-1, 0] = 2000.0
    found = hd.detect(data, last=1, population=people)["expected"].squeeze().to_numpy()
    plain = hd.detect(data, last=1)["expected"].squeeze().to_numpy()
    np.testing.assert_allclose(found, plain * [2, 1], rtol=1e-6)


@pytest.mark.parametrize("last", [0, 1.5, "1", True])
def test_a_number_of_periods_that_is_none_is_refused(last):
    with pytest.raises(BadData, match=r"last: .* whole number from 1"):
        hd.detect(pd.DataFrame({"a": [1.0] * 40}), method="ears_c2", last=last)


def test_a_population_that_is_no_number_is_named_with_its_place():
    data = pd.DataFrame({"a": [1.0] * 160, "b": [2.0] * 160})
    with pytest.raises(BadData, match="population: b: 'many' is not a number"):
        hd.detect(data, last=1, years_back=1, population={"a": 10, "b": "many"})


def test_one_place_needs_no_list():
    data = pd.DataFrame({"ab": [1.0] * 40, "a": [1.0] * 40})
    found = hd.detect(data, method="ears_c2", last=1, places="ab")
    assert found["place"].values.tolist() == ["ab"]


@pytest.mark.parametrize("freq", ["14D", "QS", "YS"])
def test_periods_that_are_longer_than_any_known_are_told(freq):
    index = pd.date_range("2001-01-01", periods=24, freq=freq)
    data = pd.DataFrame({"a": np.arange(24.0)}, index=index)
    found = hd.detect(data, method="ears_c2", last=1)
    [told] = found.attrs["problems"]
    assert (told.code, told.severity) == ("watch.sparse", "warning")
    data.loc[index[3] + pd.Timedelta(days=31 if freq != "14D" else 7)] = 1.0
    assert hd.detect(data.sort_index(), method="ears_c2", last=1).attrs["problems"] == ()
