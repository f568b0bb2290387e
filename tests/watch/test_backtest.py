"""Backtests use what was known then; hubverse tables go out and come back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scoringrules as sr

import haidang as hd
from haidang.base.errors import BadData, NotFound
from haidang.watch import backtest as module
from haidang.watch import hubverse
from haidang.watch.forecaster import HUB_QUANTILES


def wide(n=90, places=3, seed=2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.date_range("2022-01-03", periods=n, freq="7D")
    return pd.DataFrame(
        rng.poisson(30, (n, places)).astype(float), index=index,
        columns=[f"p{i}" for i in range(places)],
    )  # fmt: skip


def vintages(table: pd.DataFrame, low: float = 0.5, first: int = 70) -> pd.DataFrame:
    """Vintages in which the newest week is reported only in part."""
    parts = []
    for rows in range(first, len(table) + 1):
        part = table.iloc[:rows].copy()
        part.iloc[-1] = np.floor(part.iloc[-1] * low)
        long = part.rename_axis("start").reset_index().melt("start", var_name="place")
        parts.append(long.assign(as_of=table.index[rows - 1] + pd.Timedelta(days=3)))
    last = table.rename_axis("start").reset_index().melt("start", var_name="place")
    parts.append(last.assign(as_of=table.index[-1] + pd.Timedelta(days=60)))
    return pd.concat(parts, ignore_index=True)


def test_every_origin_sees_its_own_vintage_and_nothing_later():
    table = wide()
    made = hd.backtest(vintages(table), 2, ["persistence"], baseline="persistence")
    assert made.revised
    assert made.forecasts.sizes["time"] == 90 - 70  # the newest has no outcome
    said = made.forecasts["forecast"].sel(model="persistence", quantile=0.5, horizon=1)
    known = np.floor(table.iloc[69:89].to_numpy() * 0.5).T
    np.testing.assert_array_equal(said.to_numpy(), known)
    # Outcomes are those of the newest vintage, whole.
    truth = made.forecasts["truth"].sel(horizon=1).to_numpy()
    np.testing.assert_array_equal(truth, table.iloc[70:90].to_numpy().T)


@pytest.mark.parametrize("model", ["ensemble", "pooled_growth", "theta"])
def test_a_forecast_in_a_backtest_is_the_one_made_then(model):
    table = wide()
    late = table.copy()
    late.iloc[80:] = 5_000.0
    given = {"ensemble": {"origins": 3}} if model == "ensemble" else {}
    made = hd.backtest(late, 3, [model], origins=11, settings=given)
    at = made.forecasts["time"].to_numpy()
    i = int(np.flatnonzero(at == table.index[79].to_datetime64())[0])
    then = hd.forecast(table.iloc[:80], 3, model, **given.get(model, {}))
    np.testing.assert_allclose(
        made.forecasts["forecast"].sel(model=model).to_numpy()[:, i],
        then["forecast"].to_numpy()[:, 0],
    )


def test_the_ensemble_learns_from_vintages_as_they_were():
    """Its weights rest on what members would have said of the vintages before."""
    table = vintages(wide())
    given = {"origins": 2, "settings": {"ensemble": {"origins": 4}}}
    made = hd.backtest(table, 2, ["ensemble"], **given)
    changed = table.copy()
    newest = changed["as_of"] == changed["as_of"].max()
    changed.loc[newest, "value"] = changed.loc[newest, "value"] + 50
    again = hd.backtest(changed, 2, ["ensemble"], **given)
    np.testing.assert_array_equal(made.forecasts["forecast"], again.forecasts["forecast"])


def test_scores_are_those_of_the_library():
    rng = np.random.default_rng(3)
    levels = np.array(HUB_QUANTILES)
    said = np.sort(rng.gamma(3, 10, (40, 23)), axis=1)
    came = rng.gamma(3, 10, 40)
    found = module.score(said, levels, came)
    want = 0.5 * np.abs(came - said[:, 11])
    for i, level in enumerate(levels[:11]):
        interval = sr.interval_score(came, said[:, i], said[:, 22 - i], 2 * level, backend="numpy")
        want = want + level * interval
    want = want / 11.5
    np.testing.assert_allclose(found["wis"], want)
    inside = (said[:, 1] <= came) & (came <= said[:, 21])
    np.testing.assert_array_equal(found["inside_95"], inside)


def test_crps_is_that_of_the_distribution():
    levels = np.linspace(0.005, 0.995, 199)
    from scipy.stats import norm

    said = norm.ppf(levels, 100, 15)[None]
    found = module.score(said, levels, np.array([110.0]))
    assert found["crps"][0] == pytest.approx(
        float(sr.crps_normal(110.0, 100.0, 15.0, backend="numpy")), rel=0.01
    )


@pytest.mark.parametrize("revised", [False, True])
def test_a_slip_is_neither_known_nor_an_outcome(revised):
    clean = wide()
    bad, holed = clean.copy(), clean.copy()
    bad.iloc[80, 1], holed.iloc[80, 1] = 1e9, np.nan
    given = {"horizon": 3, "models": ["persistence", "theta"], "origins": 12}
    if revised:
        bad, holed = (vintages(t, first=78) for t in (bad, holed))
    got, want = hd.backtest(bad, **given), hd.backtest(holed, **given)
    pd.testing.assert_frame_equal(got.scores, want.scores)
    assert [p.code for p in got.problems] == ["watch.implausible_out"]
    assert np.isnan(got.forecasts["truth"].to_numpy()[1]).any()


def test_skill_is_against_the_baseline_on_the_same_cells():
    table = wide()
    made = hd.backtest(table, 3, ["persistence"], origins=10, every=3)
    summary = made.summary.set_index("model")
    assert summary.loc["random_walk_quantiles", "relative_wis"] == 1
    ratio = summary.loc["persistence", "wis"] / summary.loc["random_walk_quantiles", "wis"]
    assert summary.loc["persistence", "relative_wis"] == pytest.approx(ratio)
    assert summary.loc["persistence", "skill"] == pytest.approx(1 - ratio)
    assert summary["cells"].nunique() == 1
    assert set(made.by_horizon["horizon"]) == {1, 2, 3}
    assert not made.revised
    assert made.forecasts.sizes["time"] == 4


def test_models_are_compared_where_all_speak_and_one_that_never_does_is_named():
    table = wide(n=66)  # at the first origins too short for a season
    made = hd.backtest(table, 2, ["seasonal_naive"], origins=10)
    assert made.scores.groupby("model").size().nunique() == 1
    assert made.scores["time"].min() > made.forecasts["time"].to_numpy()[0]
    with pytest.raises(BadData) as said:
        hd.backtest(wide(n=40), 2, ["seasonal_naive"], origins=5)
    assert said.value.problems[0].params["names"] == "seasonal_naive"


@pytest.mark.parametrize(
    ("change", "given", "code"),
    [
        (lambda t: t.assign(as_of="soon"), {}, "watch.vintage_as_of"),
        (lambda t: t, {"quantiles": [0.1, 0.5]}, "watch.quantile_pairs"),
        (lambda t: t, {"quantiles": [2.0]}, "watch.quantiles"),
        (lambda t: t, {"origins": 0}, "watch.param_whole"),
        (lambda t: t, {"origins": 2.5}, "watch.param_whole"),
        (lambda t: t, {"every": -1}, "watch.param_whole"),
    ],
)
def test_what_cannot_be_is_refused(change, given, code):
    table = vintages(wide(), first=85)
    with pytest.raises(BadData) as said:
        hd.backtest(change(table), 2, ["persistence"], **given)
    assert code in {p.code for p in said.value.problems}


@pytest.mark.parametrize("horizon", [0, 200, 2.5, "4", True])
def test_a_horizon_that_is_none_is_refused(horizon):
    with pytest.raises(BadData, match=r"horizon: .* whole number from 1 to 104"):
        hd.backtest(wide(), horizon, ["persistence"])


def test_settings_of_no_model_are_refused():
    with pytest.raises(NotFound, match="no model 'persitence'"):
        hd.backtest(wide(), 1, ["persistence"], settings={"persitence": {"transform": "sqrt"}})


def test_one_model_needs_no_list():
    made = hd.backtest(wide(), 1, "persistence", origins=3)
    assert list(made.summary["model"]) == ["persistence", "random_walk_quantiles"]


def test_a_table_too_short_has_no_origin():
    with pytest.raises(BadData) as said:
        hd.backtest(wide(n=2), 2, ["persistence"])
    assert "watch.no_origin" in {p.code for p in said.value.problems}


def hub(**changes) -> pd.DataFrame:
    found = hd.forecast(wide(), 4, "persistence", quantiles=[0.1, 0.5, 0.9])
    return hubverse.to_hub(found, "inc case").assign(**changes)


def test_a_hubverse_table_goes_out_and_comes_back():
    found = hd.forecast(wide(), 4, "persistence")
    table = hubverse.to_hub(found, "inc case")
    assert tuple(table.columns) == hubverse.COLUMNS
    assert hubverse.problems(table) == ()
    # The newest known week begins on 2023-09-18; the first that is forecast ends on 2023-10-01.
    assert set(table["reference_date"]) == {"2023-10-01"}
    assert sorted(set(table["horizon"])) == [0, 1, 2, 3]
    assert max(table["target_end_date"]) == "2023-10-22"
    back = hubverse.from_hub(table)
    assert back.equals(found)
    assert back.attrs["hub_target"] == "inc case"
    pd.testing.assert_frame_equal(hd.to_hub(back), table)
    only = hubverse.from_hub(table, horizons=(0, 1))
    assert only["horizon"].values.tolist() == [1, 2]
    some = hd.from_hub(hd.to_hub(found.isel(horizon=[1, 3])))
    assert some.equals(found.isel(horizon=[1, 3]))


@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("ends", [False, True])
def test_labels_and_quantiles_come_back_whatever_the_hub_calls_them(period, first, ends, tmp_path):
    freq = {"day": "D", "week": "7D", "month": "MS"}[period]
    data = wide().set_axis(pd.date_range("2016-02-01", periods=90, freq=freq))
    made = hd.backtest(data, 3, ["persistence"], origins=10).forecasts
    found = made.sel(model="persistence", drop=True)
    if ends and period == "month":  # as a table that names months by their last days would have it
        last = (found["time"].values.astype("M8[M]") + 1).astype("M8[D]") - np.timedelta64(1, "D")
        to = (found["target"].values.astype("M8[M]") + 1).astype("M8[D]") - np.timedelta64(1, "D")
        found = found.assign_coords(
            time=last.astype("M8[ns]"), target=(("time", "horizon"), to.astype("M8[ns]"))
        )
    table = hd.to_hub(found, "x", first_horizon=first, ends=ends)
    table.to_csv(tmp_path / "hub.csv", index=False)
    read = pd.read_csv(tmp_path / "hub.csv", dtype={"location": str})
    back = hd.from_hub(read, period=period, ends=ends)
    for name in ("place", "time", "horizon", "quantile", "target", "forecast"):
        np.testing.assert_array_equal(back[name].values, found[name].values)
    pd.testing.assert_frame_equal(hd.to_hub(back), read)


def test_a_hub_that_counts_from_the_newest_known_week_comes_back_as_it_was():
    # Reference date: the end of the newest known week; the first week ahead is horizon 1.
    found = hd.forecast(wide(), 3, "persistence")
    table = hd.to_hub(found, "x", first_horizon=1).assign(reference_date="2023-09-24")
    assert hubverse.problems(table) == ()
    back = hd.from_hub(table, first_horizon=1)
    assert back.equals(found)
    pd.testing.assert_frame_equal(hd.to_hub(back), table)


def test_places_that_should_be_there_are_there_in_that_order():
    found = hd.from_hub(hub(), places=["p2", "p9", "p0"])
    assert found["place"].values.tolist() == ["p2", "p9", "p0"]
    assert found["reason"].values[:, 0].tolist() == ["", "missing", ""]


def test_what_from_hub_gives_is_scored_beside_ours():
    table = wide()
    made = hd.backtest(table, 3, ["persistence"], origins=6)
    own = made.forecasts.sel(model="persistence", drop=True)
    theirs = hd.from_hub(hd.to_hub(own))
    turned = theirs.isel(
        place=[2, 0, 1], time=slice(None, None, -1), quantile=slice(None, None, -1)
    )
    for given in (theirs, theirs["forecast"], turned, own["forecast"].values):
        both = hd.backtest(table, 3, ["persistence"], origins=6, others={"theirs": given})
        wis = both.summary.set_index("model")["wis"]
        assert wis["theirs"] == wis["persistence"]
        assert both.summary["cells"].nunique() == 1
    part = theirs.isel(place=[1], time=[2, 3], horizon=[0])
    both = hd.backtest(table, 3, ["persistence"], origins=6, others={"theirs": part})
    assert set(both.scores["place"]) == {"p1"}
    assert set(both.scores["time"]) == set(theirs["time"].values[[2, 3]])
    assert set(both.summary["cells"]) == {2}  # of these two weeks, the outcomes are known
    beside = hd.backtest(
        table, 3, ["theta"], origins=6, baseline="theirs", others={"theirs": theirs}
    )
    relative = beside.summary.set_index("model")["relative_wis"]
    assert relative["theirs"] == 1
    assert set(relative.index) == {"theta", "theirs"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (hd.to_hub, "watch.other_kind"),
        (lambda f: f["forecast"].values[:, :2], "watch.other_kind"),
        (lambda f: "a text", "watch.other_kind"),
        (lambda f: f.drop_vars("forecast"), "watch.other_kind"),
        (lambda f: f["forecast"].isel(time=0), "watch.hub_dims"),
        (lambda f: f["forecast"].drop_vars("time"), "watch.hub_dims"),
        (lambda f: f.assign_coords(place=["x", "y", "z"]), "watch.other_apart"),
        (lambda f: f.assign_coords(time=f["time"] + np.timedelta64(1, "D")), "watch.other_apart"),
        (lambda f: f.assign_coords(horizon=f["horizon"] + 9), "watch.other_apart"),
        (lambda f: f.sel(quantile=[0.1, 0.5, 0.9]), "watch.other_quantiles"),
    ],
)
def test_what_cannot_be_laid_beside_is_refused_with_its_remedy(change, code):
    made = hd.backtest(wide(), 3, ["persistence"], origins=4)
    theirs = hd.from_hub(hd.to_hub(made.forecasts.sel(model="persistence", drop=True)))
    with pytest.raises(BadData) as said:
        hd.backtest(wide(), 3, ["persistence"], origins=4, others={"mine": change(theirs)})
    [problem] = said.value.problems
    assert (problem.code, problem.field) == (code, "others['mine']")
    assert problem.say("vi") != problem.say("en")
    with pytest.raises(BadData, match="another name"):
        hd.backtest(wide(), 3, ["theta"], origins=4, others={"theta": theirs})


def test_only_a_forecast_goes_out_and_only_a_table_comes_in():
    made = hd.backtest(wide(), 3, ["persistence"], origins=4)
    for given in (made, made.forecasts["forecast"], made.forecasts.drop_vars("forecast")):
        with pytest.raises(BadData, match="no forecast"):
            hd.to_hub(given)
    with pytest.raises(BadData, match="choose one"):
        hd.to_hub(made.forecasts)
    with pytest.raises(BadData, match="no hubverse table"):
        hd.from_hub([1, 2])


def test_a_month_ends_on_its_last_day():
    data = pd.DataFrame(
        {"a": range(1, 37)}, index=pd.date_range("2021-02-01", periods=36, freq="MS")
    )
    table = hubverse.to_hub(hd.forecast(data, 2, "persistence"), "inc case", first_horizon=1)
    assert sorted(set(table["target_end_date"])) == ["2024-02-29", "2024-03-31"]
    assert hubverse.problems(table, period="month") == ()


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (hub().drop(columns="value"), "watch.hub_columns"),
        (hub(value=-1.0), "watch.hub_value"),
        (hub(value="many"), "watch.hub_value"),
        (hub(output_type_id=1.5), "watch.hub_level"),
        (hub(horizon=0.5), "watch.hub_horizon"),
        (hub(reference_date="yesterday"), "watch.hub_day"),
        (hub(target_end_date="2023-10-02"), "watch.hub_end"),
        (pd.concat([hub(), hub()], ignore_index=True), "watch.hub_twice"),
        (hub(value=-hub()["value"] + hub()["value"].max()), "watch.hub_cross"),
    ],
)
def test_a_broken_hubverse_table_is_named(table, code):
    with pytest.raises(BadData) as said:
        hubverse.from_hub(table)
    assert code in {p.code for p in said.value.problems}


def test_one_target_at_a_time_and_dates_are_needed():
    both = pd.concat([hub(), hub(target="deaths")], ignore_index=True)
    with pytest.raises(BadData, match="deaths"):
        hubverse.from_hub(both)
    rows = pd.DataFrame({"a": np.arange(30.0)}, index=range(1, 31))
    with pytest.raises(BadData) as said:
        hubverse.to_hub(hd.forecast(rows, 2, "persistence"), "inc case")
    assert [p.code for p in said.value.problems] == ["watch.hub_dates"]
