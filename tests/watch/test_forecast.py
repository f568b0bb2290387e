"""``hd.forecast``: what comes back, that nothing vanishes, and that the future is not looked at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom

import haidang as hd
from haidang.base.errors import BadData, NotFound
from haidang.watch import forecast as module
from haidang.watch.forecaster import HUB_QUANTILES
from haidang.watch.forecasters import FORECASTERS

MODELS = tuple(FORECASTERS)


def table(n=230, places=4, seed=1) -> pd.DataFrame:
    """Weekly counts with a season that all places share."""
    rng = np.random.default_rng(seed)
    index = pd.date_range("2020-01-06", periods=n, freq="7D")
    wave = np.exp(0.8 * np.sin(2 * np.pi * np.arange(n) / 52.18))
    means = wave[:, None] * rng.uniform(5, 60, places)
    names = [f"p{i}" for i in range(places)]
    return pd.DataFrame(rng.poisson(means).astype(float), index=index, columns=names)


def quick(model: str) -> dict[str, object]:
    """Settings with which a model is quick; the defaults are for use, these for a test."""
    less = {"samples": 200, "origins": 2}
    return {n: v for n, v in less.items() if n in FORECASTERS[model].defaults()}


@pytest.mark.parametrize("model", MODELS)
def test_every_model_answers_in_the_same_shape(model):
    data = table()
    data["zero"] = 0.0
    data["late"] = [*data["p0"][:-3], *[np.nan] * 3]
    data["short"] = [*[np.nan] * (len(data) - 3), 4, 5, 6]
    data["gone"] = [*data["p1"][:-20], *[np.nan] * 20]
    found = hd.forecast(data, horizon=3, model=model, places=[*data, "nobody"], **quick(model))
    assert found["forecast"].dims == ("place", "time", "horizon", "quantile")
    assert found["forecast"].shape == (9, 1, 3, 23)
    assert found["time"].to_numpy()[0] == data.index[-1]
    assert list(found["target"].to_numpy()[0]) == list(
        pd.date_range(data.index[-1] + pd.Timedelta(days=7), periods=3, freq="7D")
    )
    reason = dict(zip(found["place"].values, found["reason"].values[:, 0], strict=True))
    assert reason == {
        "p0": "", "p1": "", "p2": "", "p3": "", "zero": "all_zero", "late": "",
        "short": "history", "gone": "missing", "nobody": "missing",
    }  # fmt: skip
    values = found["forecast"].to_numpy()[:, 0]
    made = np.isfinite(values).all(axis=(1, 2))
    np.testing.assert_array_equal(made, [True] * 6 + [False] * 3)
    assert (values[made] >= 0).all()
    assert (np.diff(values[made], axis=-1) >= 0).all()
    assert found.attrs["model"] == model


@pytest.mark.parametrize("model", MODELS)
def test_what_came_later_is_not_looked_at(model):
    data = table()
    cut = data.index[-10]
    changed = data.copy()
    changed.iloc[-9:] = 9_999.0
    before = hd.forecast(data[:cut], model=model, **quick(model))
    after = hd.forecast(changed, model=model, last_known=cut, **quick(model))
    np.testing.assert_array_equal(before["forecast"], after["forecast"])
    assert after["time"].to_numpy()[0] == cut


@pytest.mark.parametrize("model", MODELS)
def test_the_same_twice_and_far_from_a_mad_answer(model):
    """Nine in ten of the counts that come lie within the interval for ninety-five, or more."""
    data = table(n=300, places=6, seed=5)
    known = [-80, -40, -4]
    inside = []
    for k in known:
        made = hd.forecast(data, model=model, last_known=data.index[k - 1], **quick(model))
        q = made["forecast"].sel(quantile=[0.025, 0.975]).to_numpy()[:, 0]
        truth = data.iloc[k : (k + 4) or None].to_numpy().T
        inside.append((q[..., 0] <= truth) & (truth <= q[..., 1]))
    assert np.mean(inside) > 0.8
    again = hd.forecast(data, model=model, last_known=data.index[-5], **quick(model))
    np.testing.assert_array_equal(made["forecast"], again["forecast"])


@pytest.mark.parametrize("model", MODELS)
def test_one_enormous_count_breaks_nothing(model):
    data = table()
    data.iloc[-5, 0] = 1e9
    found = hd.forecast(data, model=model, **quick(model))
    assert np.isfinite(found["forecast"].to_numpy()[1:]).all()
    assert (found["reason"].to_numpy()[1:] == "").all()


def test_a_rate_never_seen_above_zero_still_has_an_upper_limit():
    data = pd.DataFrame(
        {"a": [0.0] * 100}, index=pd.date_range("2020-01-06", periods=100, freq="7D")
    )
    found = hd.forecast(data, model="persistence", horizon=1)
    want = nbinom.ppf(HUB_QUANTILES, 0.5, 100 / 101)
    np.testing.assert_array_equal(found["forecast"].to_numpy()[0, 0, 0], want)


def test_one_step_of_the_random_walk_is_the_quantiles_of_its_changes_both_ways():
    counts = [3.0, 5.0, 4.0, 8.0, 7.0, 7.0]
    data = pd.DataFrame({"a": counts}, index=pd.date_range("2020-01-06", periods=6, freq="7D"))
    found = hd.forecast(data, model="random_walk_quantiles", quantiles=[0.1, 0.5, 0.9], horizon=2)
    changes = np.diff(counts)
    want = 7 + np.quantile([*changes, *-changes], [0.1, 0.5, 0.9])
    np.testing.assert_allclose(found["forecast"].to_numpy()[0, 0, 0], want)
    assert found["forecast"].sel(quantile=0.5).to_numpy()[0, 0, 1] == 7


def test_the_random_walk_is_the_hub_s_baseline(shared):
    """One week ahead the hub's own published numbers, for three dates and all places."""
    folder = shared / "data" / "influenza"
    told = pd.read_parquet(folder / "target_vintages_2023_24.parquet").astype(
        {"as_of": str, "date": str, "location": str}
    )
    hub = pd.read_parquet(folder / "flusight_baseline_2023_24.parquet").astype(
        {"reference_date": str, "location": str}
    )
    for day, as_of in (("2023-12-09", "2023-12-02"), ("2024-03-23", "2024-03-16")):
        known = told[told["as_of"] == as_of]
        wide = known.pivot(index="date", columns="location", values="value")
        wide.index = pd.to_datetime(wide.index)
        ours = hd.forecast(wide, model="random_walk_quantiles", samples=4000)
        for horizon, close in ((0, 1e-6), (1, 0.05), (3, 0.08)):
            theirs = hub[(hub["reference_date"] == day) & (hub["horizon"] == horizon)].pivot(
                index="location", columns="output_type_id", values="value"
            )
            made = ours["forecast"].sel(place=list(theirs.index)).to_numpy()[:, 0, horizon]
            scale = theirs.to_numpy()[:, -1:] - theirs.to_numpy()[:, :1] + 1
            assert np.median(np.abs(made - theirs.to_numpy()) / scale) <= close


def test_a_season_is_repeated():
    n = 104 + 30
    shape = 20 + 10 * np.sin(2 * np.pi * np.arange(n) / 52)
    data = pd.DataFrame({"a": shape}, index=range(1, n + 1))
    found = hd.forecast(data, model="seasonal_naive", horizon=5)
    want = 20 + 10 * np.sin(2 * np.pi * np.arange(n, n + 5) / 52)
    np.testing.assert_allclose(found["forecast"].sel(quantile=0.5).to_numpy()[0, 0], want)


@pytest.mark.parametrize("model", ["seasonal_naive", "ensemble"])
def test_a_season_is_repeated_for_two_years_ahead(model):
    made = hd.forecast(table(), horizon=module.LONGEST, model=model, **quick(model))["forecast"]
    assert np.isfinite(made).all()
    if model == "seasonal_naive":  # the second year is as the first
        np.testing.assert_array_equal(made[:, :, 52:], made[:, :, :52])


@pytest.mark.parametrize("model", MODELS)
def test_a_series_that_never_changes_is_forecast(model):
    index = table().index
    data = pd.DataFrame({"same": 7.0, "other": table().iloc[:, 0].to_numpy()}, index=index)
    found = hd.forecast(data, horizon=4, model=model, **quick(model)).sel(place="same")
    assert found["reason"].item() == ""
    middle = found["forecast"].sel(quantile=0.5)
    if model != "pooled_growth":  # which follows what all places together do
        assert (abs(middle - 7) <= 1).all()


@pytest.mark.parametrize("rows", [4, 5, 9])
def test_what_nobody_saw_is_not_certain(rows):
    """Ten periods ahead of a series that is shorter than that."""
    data = pd.DataFrame({"a": np.random.default_rng(1).poisson(9, rows).astype(float)})
    made = hd.forecast(data, horizon=10, model="persistence")["forecast"]
    wide_ = (made.sel(quantile=0.975) - made.sel(quantile=0.025)).to_numpy()[0, 0]
    assert (wide_ > 0).all()
    np.testing.assert_array_equal(wide_[rows - 1 :], wide_[rows - 2])


def test_climatology_is_the_quantiles_of_the_same_time():
    n = 52 * 4
    data = pd.DataFrame(
        {"a": np.arange(n) % 52.0 + 100 * (np.arange(n) // 52)}, index=range(1, n + 1)
    )
    found = hd.forecast(data, model="climatology", horizon=1, half_window=1, quantiles=[0.5])
    # The first week of the year: weeks 52, 1 and 2 around the turn of each year before.
    want = np.median([0, 1, 51, 100, 101, 151, 200, 201, 251, 300, 301])
    assert found["forecast"].item() == want


def test_growth_is_shared_so_a_small_place_follows_the_large_ones():
    """Its own counts say nothing, those of the others double every two weeks."""
    n = 120
    index = pd.date_range("2020-01-06", periods=n, freq="7D")
    rng = np.random.default_rng(3)
    calm = np.full(n, 200.0)
    calm[-6:] = 200 * np.exp(0.35 * np.arange(1, 7))
    many = {f"p{i}": rng.poisson(calm).astype(float) for i in range(9)}
    data = pd.DataFrame({**many, "small": np.full(n, 6.0)}, index=index)
    found = hd.forecast(data, model="pooled_growth", horizon=2)
    median = found["forecast"].sel(place="small", quantile=0.5).to_numpy()[0]
    assert 6.5 < median[0] < median[1]
    alone = hd.forecast(data[["small"]], model="pooled_growth", horizon=2)
    assert alone["forecast"].sel(quantile=0.5).to_numpy()[0, 0, 0] == pytest.approx(6, abs=0.2)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"horizon": 0}, "watch.param_whole"),
        ({"horizon": 500}, "watch.param_whole"),
        ({"horizon": 2.5}, "watch.param_whole"),
        ({"horizon": "4"}, "watch.param_whole"),
        ({"horizon": None}, "watch.param_whole"),
        ({"last_known": pd.NaT}, "watch.last_known"),
        ({"covariates": {"rain": table()}}, "watch.no_covariates"),
        ({"covariates": table()}, "watch.covariates"),
        ({"quantiles": [0.5, 1.0]}, "watch.quantiles"),
        ({"quantiles": []}, "watch.quantiles"),
        ({"quantiles": "half"}, "watch.quantiles"),
        ({"last_known": "2019-01-07"}, "watch.last_known"),
        ({"last_known": "tomorrow"}, "watch.last_known"),
        ({"last_known": "2030-01-01"}, "watch.last_known"),
        ({"last_known": "9999-12-31"}, "watch.last_known"),
        ({"model": "persistence", "transform": "cube"}, "watch.param_choice"),
        ({"model": "persistence", "wings": 2}, "watch.param_unknown"),
    ],
)
def test_what_cannot_be_is_refused(given, code):
    with pytest.raises(BadData) as said:
        hd.forecast(table(n=60), **{"model": "persistence", **given})
    assert code in {p.code for p in said.value.problems}


def test_days_are_refused_by_a_model_that_knows_no_days():
    data = table(n=100)
    data.index = pd.date_range("2020-01-01", periods=100)
    with pytest.raises(BadData) as said:
        hd.forecast(data, model="pooled_growth")
    assert [p.code for p in said.value.problems] == ["watch.model_step"]


def test_an_unknown_model_names_those_that_exist():
    with pytest.raises(NotFound) as said:
        hd.forecast(table(n=60), model="crystal_ball")
    assert "persistence" in str(said.value.problems[0].params["known"])


@pytest.mark.parametrize(
    ("freq", "inside", "outside"),
    [("7D", "2023-03-12", "2023-03-13"), ("MS", "2024-10-31", "2024-11-01"),
     ("D", "2023-01-11", "2023-01-12")],
)  # fmt: skip
def test_the_last_period_ends_with_its_last_day(freq, inside, outside):
    index = pd.date_range("2023-01-02" if freq != "MS" else "2024-01-01", periods=10, freq=freq)
    data = pd.DataFrame({"a": np.arange(10.0)}, index=index)
    found = hd.forecast(data, 1, "persistence", last_known=inside)
    assert found["time"].values[0] == index[-1].to_datetime64()
    with pytest.raises(BadData, match="no period of the table"):
        hd.forecast(data, 1, "persistence", last_known=outside)


def test_numbered_rows_have_a_last_known_too():
    data = pd.DataFrame({"a": np.arange(1.0, 61.0)}, index=range(1, 61))
    found = hd.forecast(data, model="persistence", last_known=50)
    assert found["time"].item() == 50
    assert found["target"].to_numpy()[0].tolist() == [51, 52, 53, 54]
    assert module.find("persistence").name == "persistence"
