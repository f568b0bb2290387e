"""Files of late reports and of daily counts through the commands' jobs."""

from __future__ import annotations

import runpy
from pathlib import Path

import pandas as pd
import pytest

from haidang.base.errors import BadData, NotFound, Unavailable
from haidang.jobs.late import nowcast_file, reproduction_file

DATA = Path(__file__).parents[2] / "docs" / "guide" / "data"
REPORTS, DAILY = DATA / "late-reports.csv", DATA / "daily.csv"
TODAY = "2024-08-14"


def test_the_invented_tables_are_what_their_script_makes():
    made = runpy.run_path(str(DATA / "make.py"))["tables"]()
    assert {n: (DATA / n).read_text("utf-8") for n in made} == made


def test_a_nowcast_that_is_judged(tmp_path):
    made = nowcast_file(REPORTS, tmp_path, as_of=TODAY, period="week", method="ears_c2")
    assert made.problems == ()
    assert made.shown.iloc[0][["place", "state"]].tolist() == ["binh_minh", "raised"]
    assert (made.shown["completeness"] < 0.95).all()
    written = pd.read_csv(made.path)
    assert made.path.name == "late-reports-nowcast.csv"
    assert {"detect_upper", "detect_expected", "judged", "upper", "alarm"} <= set(written)
    assert not written.duplicated(["place", "time"]).any()
    counts = pd.read_csv(made.counts)
    assert counts.columns.tolist() == ["place", "start", "value"]
    assert len(counts) == len(written)
    row = written[(written["place"] == "binh_minh") & (written["time"] == "2024-08-05")].iloc[0]
    assert row["value"] < row["lower"] <= row["median"] <= row["upper"]
    assert set(written.loc[written["state"] == "no_data", "judged"].dropna()) <= {
        "incomplete", "history",
    }  # fmt: skip


def test_a_nowcast_alone_shows_the_newest_first(tmp_path):
    made = nowcast_file(REPORTS, tmp_path, as_of=TODAY, period="week", level=0.5, max_delay=6)
    assert made.shown["time"].is_monotonic_decreasing
    wide = nowcast_file(REPORTS, tmp_path, as_of=TODAY, period="week", max_delay=6).shown
    assert ((made.shown["upper"] - made.shown["lower"]) <= (wide["upper"] - wide["lower"])).all()


def test_a_reproduction_number(tmp_path):
    made = reproduction_file(DAILY, tmp_path, "4,2")
    assert len(made.shown) == 6
    assert made.shown["p_above_one"].is_monotonic_decreasing
    assert len(pd.read_csv(made.path)) == 6 * 59
    flat = reproduction_file(DAILY, tmp_path, "0,0.2,0.5,0.3", window=14, uncertain=None)
    assert flat.shown["cases"].sum() > made.shown["cases"].sum()
    unsure = reproduction_file(DAILY, tmp_path, "4,2", uncertain="1,0.5")
    assert unsure.shown["r"].notna().all()


def test_what_cannot_be_used(tmp_path):
    for settings, match in (
        ({"serial_interval": "x"}, "no serial interval"),
        ({"serial_interval": "4"}, "no serial interval"),
        ({"serial_interval": "4,2", "uncertain": "1"}, "two numbers"),
        ({"serial_interval": "4,2", "uncertain": "x,y"}, "two numbers"),
    ):
        with pytest.raises(BadData, match=match):
            reproduction_file(DAILY, tmp_path, **settings)
    with pytest.raises(NotFound, match="ears_c1"):
        nowcast_file(REPORTS, tmp_path, period="week", method="nope")
    with pytest.raises(BadData, match="every row is one case"):
        nowcast_file(REPORTS, tmp_path)
    with pytest.raises(BadData, match="lacks reported"):
        nowcast_file(DATA / "weekly.csv", tmp_path)
    (tmp_path / "out").write_text("a file", "utf-8")
    with pytest.raises(Unavailable):
        reproduction_file(DAILY, tmp_path / "out", "4,2")
