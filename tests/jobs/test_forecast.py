"""A file of counts forecast and backtested through the commands' job."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from haidang.base.errors import BadData, NotFound, Unavailable
from haidang.jobs.forecast import backtest_file, forecast_file
from haidang.watch import hubverse
from haidang.watch.forecaster import HUB_QUANTILES
from jobs import backtest_real as real

EXAMPLE = Path(__file__).parents[2] / "docs" / "guide" / "counts.csv"


def test_the_example_of_the_guide(tmp_path):
    told = []
    made = forecast_file(
        EXAMPLE, "theta", tmp_path / "f.csv", ["kind=standard"], horizon=2,
        hub=tmp_path / "h.csv", target="inc case", picture=tmp_path / "p.svg", language="vi",
        progress=lambda *a: told.append(a),
    )  # fmt: skip
    assert made.problems == ()
    assert made.silent == 0
    assert made.found.attrs["param_kind"] == "standard"
    assert told[-1] == (3, 3)
    written = pd.read_csv(tmp_path / "f.csv")
    assert len(written) == 3 * 2 * 23
    assert set(written["target"]) == {"2024-12-23", "2024-12-30"}
    hub = pd.read_csv(tmp_path / "h.csv", dtype={"location": str})
    assert hubverse.problems(hub) == ()
    picture = (tmp_path / "p.svg").read_text("utf-8")
    assert "khoảng 50" in picture
    assert len(ElementTree.fromstring(picture).findall(".//{*}polygon")) == 3 * 2
    middle = made.wide.set_index(["place", "period"]).loc[("an_phu", "2024-12-23")]
    assert middle["low_95"] <= middle["low_50"] <= middle["median"] <= middle["high_95"]


def test_bad_cells_are_named_and_a_place_without_a_forecast_is_counted(tmp_path):
    file = tmp_path / "c.csv"
    lines = ["start,a,b"]
    days = pd.date_range("2022-01-03", periods=40, freq="7D")
    lines += [f"{d:%Y-%m-%d},{i % 7},{'' if i < 37 else 3}" for i, d in enumerate(days)]
    lines[5] = lines[5].replace(",4,", ",four,") if ",4," in lines[5] else "2022-01-31,-4,"
    file.write_text("\n".join(lines), "utf-8")
    made = forecast_file(file, "persistence", tmp_path / "f.csv", picture=tmp_path / "p.svg")
    assert [p.row for p in made.problems] == [6]
    assert made.silent == 1
    assert set(made.wide.loc[made.wide["place"] == "b", "reason"]) == {"history"}
    with pytest.raises(BadData, match="it has"):
        forecast_file(file, "persistence", tmp_path / "f.csv", ["horizon=3"])
    with pytest.raises(NotFound):
        forecast_file(file, "nope", tmp_path / "f.csv")
    blocked = tmp_path / "blocked"
    blocked.write_text("", "utf-8")
    with pytest.raises(Unavailable):
        forecast_file(file, "persistence", blocked / "f.csv")
    with pytest.raises(Unavailable):
        forecast_file(file, "persistence", tmp_path / "f.csv", picture=blocked / "p.svg")


def test_vintages_in_a_file_are_used(tmp_path):
    days = pd.date_range("2022-01-03", periods=40, freq="7D")
    rows = [
        f"{days[v - 1]:%Y-%m-%d},{d:%Y-%m-%d},a,{i % 5 + 3}"
        for v in range(30, 41)
        for i, d in enumerate(days[:v])
    ]
    file = tmp_path / "v.csv"
    file.write_text("\n".join(["as_of,start,place,value", *rows]), "utf-8")
    tried = backtest_file(file, ["persistence"], tmp_path / "s.csv", horizon=2)
    assert tried.made.revised
    assert tried.made.forecasts.sizes["time"] == 10
    assert len(pd.read_csv(tried.paths[0])) == len(tried.made.scores)


def test_what_is_shown_is_what_was_forecast_and_costs_little_beside_it(tmp_path, monkeypatch):
    """Of thousands of places a look-up for each cell took three times as long as the forecast."""
    looked = []
    plain = xr.DataArray.sel
    monkeypatch.setattr(xr.DataArray, "sel", lambda *a, **k: looked.append(1) or plain(*a, **k))
    made = forecast_file(EXAMPLE, "persistence", tmp_path / "f.csv", horizon=3)
    assert len(looked) == 5  # one for each column
    assert list(made.wide) == [
        "place", "period", "median", "low_50", "high_50", "low_95", "high_95", "reason",
    ]  # fmt: skip
    assert len(made.wide) == 3 * 3
    row = made.wide.set_index(["place", "period"]).loc[("binh_minh", "2025-01-06")]
    there = made.found["forecast"].isel(time=0).sel(place="binh_minh", horizon=3)
    for name, level in {"median": 0.5, "low_50": 0.25, "high_95": 0.975}.items():
        assert row[name] == there.sel(quantile=level).item()


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Two models at six past weeks of the example, as a file and as a folder by date."""
    folder = tmp_path_factory.mktemp("hub")
    tried = backtest_file(
        EXAMPLE, ["theta", "persistence"], folder / "s.csv", origins=6, hub=folder / "hub.csv"
    )
    rows = pd.read_csv(folder / "hub.csv", dtype=str)
    (folder / "team-a").mkdir()
    for day, part in rows[rows["model_id"] == "theta"].groupby("reference_date"):
        part.drop(columns="model_id").to_csv(folder / "team-a" / f"{day}.csv", index=False)
    return folder, tried, rows


def test_a_hub_table_is_written_of_every_model_that_was_asked_for_and_scored_as_it_was(hub):
    folder, tried, rows = hub
    assert list(rows) == ["model_id", *hubverse.COLUMNS]
    assert set(rows["model_id"]) == {"theta", "persistence"}
    assert set(rows["target"]) == {"inc case"}
    # Without a model of our own: theirs and the baseline, at the six weeks that theirs have.
    theirs = backtest_file(EXAMPLE, [], folder / "t.csv", theirs=[folder / "hub.csv"]).made
    assert theirs.forecasts.sizes["time"] == 6
    key = ["model", "place", "time", "horizon"]
    ours = tried.made.scores.sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(theirs.scores.sort_values(key, ignore_index=True), ours)


def test_a_folder_of_a_hub_is_one_model_called_as_the_folder(hub):
    folder, tried, _ = hub
    made = backtest_file(
        EXAMPLE, [], folder / "t.csv", theirs=[folder / "team-a"], baseline="team-a"
    ).made
    assert list(made.summary["model"]) == ["team-a"]
    wis = tried.made.summary.set_index("model").loc["theta", "wis"]
    assert made.summary["wis"].item() == pytest.approx(wis)
    assert made.summary["relative_wis"].item() == 1.0


def test_theirs_are_scored_over_the_quantiles_that_they_have(hub, tmp_path):
    folder, _, rows = hub
    few = rows[rows["output_type_id"].isin(["0.025", "0.25", "0.5", "0.75", "0.975"])]
    few[few["model_id"] == "theta"].to_csv(tmp_path / "few.csv", index=False)
    paths = [tmp_path / "few.csv", folder / "team-a"]
    made = backtest_file(EXAMPLE, [], tmp_path / "t.csv", theirs=paths).made
    assert made.forecasts["quantile"].to_numpy().tolist() == [0.025, 0.25, 0.5, 0.75, 0.975]
    assert set(made.summary["model"]) == {"random_walk_quantiles", "theta", "team-a"}


def test_a_hub_with_other_targets_and_other_names_for_weeks(hub, tmp_path):
    """As in the US: weeks are named by their last days, and peaks stand in the same table."""
    _, tried, rows = hub
    counts = pd.read_csv(EXAMPLE)
    counts["start"] = (pd.to_datetime(counts["start"]) + pd.Timedelta(days=6)).dt.date
    counts.to_csv(tmp_path / "c.csv", index=False)
    theta = rows[rows["model_id"] == "theta"].assign(target="wk inc flu hosp")
    peak = theta.head(1).assign(target="peak inc flu hosp", horizon="", target_end_date="")
    pd.concat([theta, peak]).to_csv(tmp_path / "h.csv", index=False)
    told = {"theirs": [tmp_path / "h.csv"], "ends": True}
    made = backtest_file(
        tmp_path / "c.csv", [], tmp_path / "t.csv", **told, target="wk inc flu hosp",
        hub=tmp_path / "out.csv",
    ).made  # fmt: skip
    wis = tried.made.summary.set_index("model").loc["theta", "wis"]
    assert made.summary.set_index("model").loc["theta", "wis"] == pytest.approx(wis)
    ours = pd.read_csv(tmp_path / "out.csv")
    assert set(ours["model_id"]) == {"random_walk_quantiles"}
    assert set(ours["target"]) == {"wk inc flu hosp"}
    assert set(ours["target_end_date"]) == set(theta["target_end_date"])
    with pytest.raises(BadData, match="the table has: peak inc flu hosp, wk inc flu hosp"):
        backtest_file(tmp_path / "c.csv", [], tmp_path / "t.csv", **told, target="deaths")
    written = tmp_path / "f.csv"
    forecast_file(
        tmp_path / "c.csv", "persistence", written, horizon=1, hub=tmp_path / "own.csv",
        target="wk inc flu hosp", ends=True, first_horizon=1,
    )  # fmt: skip
    own = pd.read_csv(tmp_path / "own.csv")
    assert set(own["horizon"]) == {1}
    assert set(own["target_end_date"]) == {"2024-12-29"}  # the file ends with 22 December


def test_a_hub_that_cannot_be_used_is_named(hub, tmp_path):
    folder, _, rows = hub

    def said(*theirs, models=()):
        with pytest.raises(BadData) as err:
            backtest_file(EXAMPLE, models, tmp_path / "t.csv", theirs=theirs)
        return err.value.problems[0]

    (tmp_path / "none").mkdir()
    assert said(tmp_path / "none").code == "watch.hub_no_files"
    assert said(EXAMPLE).code == "watch.hub_columns"
    hubfile = folder / "hub.csv"
    assert said(hubfile, hubfile).code == "watch.other_name"
    assert said(hubfile, models=["theta"]).code == "watch.other_name"
    (tmp_path / "team").mkdir()
    for day, part in rows[rows["model_id"] == "theta"].groupby("reference_date"):
        part.drop(columns="model_id").to_csv(tmp_path / "team" / f"{day}.csv", index=False)
    last = part.drop(columns="model_id").reset_index(drop=True)
    last.loc[4, "value"] = "-3"
    last.to_csv(tmp_path / "team" / f"{day}.csv", index=False)
    problem = said(tmp_path / "team")
    assert (problem.code, problem.file, problem.row) == ("watch.hub_value", f"{day}.csv", 6)
    last.head(0).to_csv(tmp_path / "empty.csv", index=False)
    assert said(tmp_path / "empty.csv").code == "watch.empty"


def test_the_page_of_backtests_comes_from_vintages_of_the_week_before(monkeypatch):
    """On a toy hub whose baseline is ours: the vintage of R - 7 days gives it exactly."""
    monkeypatch.setattr(real, "LAST_TARGET", "2023-01-07")
    ends = pd.date_range("2021-06-05", "2023-01-28", freq="7D")
    rng = np.random.default_rng(1)
    counts = pd.DataFrame(rng.poisson(40, (len(ends), 2)), index=ends, columns=["01", "US"])
    told, hub = [], []
    for as_of in ends[-12:]:
        part = counts[:as_of].copy()
        if as_of < ends[-1]:
            part.iloc[-1] += 7  # the newest week is revised later
        long = part.rename_axis("date").reset_index().melt("date", var_name="location")
        told.append(long.assign(as_of=as_of))
        last = part.iloc[-1]
        for h in range(4):
            for place in counts:
                hub += [
                    {"reference_date": as_of + pd.Timedelta(days=7), "horizon": h,
                     "target_end_date": as_of + pd.Timedelta(days=7 * (h + 1)),
                     "location": place, "output_type_id": q, "value": float(last[place])}
                    for q in HUB_QUANTILES
                ]  # fmt: skip
    days = ["as_of", "date", "reference_date", "target_end_date"]
    tables = [pd.concat(told), pd.DataFrame(hub)]
    for table in tables:
        for name in set(days) & set(table):
            table[name] = table[name].dt.strftime("%Y-%m-%d")
    case = real.flusight(*tables, ["persistence", "pooled_growth"])
    made = case.made.forecasts["forecast"]
    middle = made.sel(model="persistence", quantile=0.5, horizon=1).to_numpy()
    theirs = made.sel(model="FluSight-baseline", quantile=0.5, horizon=1).to_numpy()
    np.testing.assert_array_equal(middle, theirs)
    monkeypatch.setattr(real, "CHOSEN", ("pooled_growth",))
    page = "\n".join(real.lines(case))
    assert "| `FluSight-baseline` |" in page
    assert "the nation" in page
    assert "| 1.000 |" in page
