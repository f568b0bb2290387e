"""``hd.nowcast``: late reports, revised totals, and intervals that hold what they promise."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import haidang as hd
from haidang.base.errors import BadData
from haidang.watch.calendar import Calendar
from haidang.watch.delay import Delays, estimate
from haidang.watch.nowcast import _with_level, from_triangle, quantile
from haidang.watch.triangle import Triangle, read_triangle
from watch import study_late

PROBS = (0.25, 0.3, 0.2, 0.1, 0.08, 0.04, 0.03)


def simulate(seed, places=300, weeks=36, mean=6.0, wobble=0.0):
    """Counts of places by week and delay, cumulated: ``(place, week, delay)``."""
    rng = np.random.default_rng(seed)
    left = rng.poisson(mean, (places, weeks))
    share = np.array(PROBS) / np.cumsum(PROBS[::-1])[::-1]
    found = np.zeros((places, weeks, len(PROBS)))
    for d, p in enumerate(share):
        now = np.full(left.shape, p)
        if wobble and p < 1:
            now = rng.beta(p / wobble, (1 - p) / wobble, left.shape)
        came = rng.binomial(left, np.minimum(now, 1.0))
        left = left - came
        found[:, :, d] = came
    return np.cumsum(found, axis=2)


def triangle_of(cumulated) -> Triangle:
    places, weeks, delays = cumulated.shape
    age = np.arange(weeks - 1, -1, -1)
    known = np.where(np.arange(delays) > age[:, None], np.nan, cumulated)
    value = cumulated[:, np.arange(weeks), np.minimum(age, delays - 1)]
    calendar = Calendar("week", "calendar", weeks, date(2024, 1, 1))
    names = tuple(f"p{i}" for i in range(places))
    return Triangle(value, known, names, calendar, date(2024, 9, 8), "cases", 24, ())


def as_totals(cumulated, first="2024-01-01") -> pd.DataFrame:
    """Every place says on the last day of each week what it knows of every week."""
    places, weeks, delays = cumulated.shape
    p, t, d = np.meshgrid(*map(np.arange, (places, weeks, delays)), indexing="ij")
    start = pd.Timestamp(first) + pd.to_timedelta(7 * t.ravel(), "D")
    reported = start + pd.to_timedelta(7 * d.ravel() + 6, "D")
    place = np.array([f"p{i}" for i in range(places)])[p.ravel()]
    rows = {"place": place, "start": start, "reported": reported, "value": cumulated.ravel()}
    return pd.DataFrame(rows)


# --- the triangle -------------------------------------------------------------------------------


def test_a_triangle_by_hand():
    reports = pd.DataFrame(
        {
            "place": ["a"] * 5,
            "start": ["2024-01-01", "2024-01-01", "2024-01-08", "2024-01-01", "2024-01-08"],
            "reported": ["2024-01-03", "2024-01-10", "2024-01-10", "2024-01-18", "2024-01-18"],
            "value": [3, 7, 2, 6, 5],
        }
    )
    made = read_triangle(reports, max_delay=2, window=3)
    # As of Thursday 18 January: each week as it was known on its Thursday, and on the next ones.
    np.testing.assert_array_equal(
        made.known[0], [[3, 7, 6], [2, 5, np.nan], [np.nan, np.nan, np.nan]]
    )
    np.testing.assert_array_equal(made.value[0], [6, 5, np.nan])
    early = read_triangle(reports, max_delay=2, window=3, as_of="2024-01-17")
    np.testing.assert_array_equal(early.value[0], [7, 2, np.nan])
    assert early.calendar.rows == 3


def test_cases_and_new_ones_add_up():
    cases = pd.DataFrame(
        {
            "place": ["a", "a", "b", "a"],
            "start": ["2024-01-02", "2024-01-07", "2024-01-09", "2024-01-10"],
            "reported": ["2024-01-05", "2024-01-12", "2024-01-14", "2024-01-13"],
        }
    )
    made = read_triangle(cases, max_delay=2, window=3, step="week")
    np.testing.assert_array_equal(made.known[0], [[1, 2, np.nan], [1, np.nan, np.nan]])
    np.testing.assert_array_equal(made.known[1], [[0, 0, np.nan], [1, np.nan, np.nan]])
    counted = cases.assign(value=1, start=["2024-01-01", "2024-01-01", "2024-01-08", "2024-01-08"])
    again = read_triangle(counted, max_delay=2, window=3, kind="new")
    np.testing.assert_array_equal(again.known, made.known)
    totals = read_triangle(counted, max_delay=2, window=3)
    assert totals.value[0].tolist() == [1, 1]  # the later word replaces the earlier one


def test_months_and_numbered_rows():
    months = pd.DataFrame(
        {
            "place": "a",
            "start": ["202401", "202401", "202402", "202402"],
            "reported": ["2024-01-31", "2024-02-29", "2024-02-10", "2024-03-31"],
            "value": [1, 2, 3, 4],
        }
    )
    made = read_triangle(months, max_delay=2, window=3)
    np.testing.assert_array_equal(
        made.known[0], [[1, 2, 2], [3, 4, np.nan], [np.nan, np.nan, np.nan]]
    )
    numbers = pd.DataFrame({"place": "a", "start": [1, 1, 2], "reported": [1, 3, 3], "value": 5})
    made = read_triangle(numbers, max_delay=1, window=3)
    np.testing.assert_array_equal(made.value[0], [5, 5, np.nan])


# --- the delay ----------------------------------------------------------------------------------


def test_hazards_by_hand():
    known = np.array([[[2, 4, 5], [3, 6, 7], [1, 4, 8], [5, 9, np.nan], [4, np.nan, np.nan]]])
    found = estimate(known, 10, "none")
    last = (4 + 6 + 4) / (5 + 7 + 8)
    first = (2 + 3 + 1 + 5) / (4 + 6 + 4 + 9)
    np.testing.assert_allclose(found.share[0], [last * first, last, 1])
    short = estimate(known, 3, "none")  # reports of the newest three weeks: a diagonal
    np.testing.assert_allclose(short.share[0, 0], last * (3 + 1 + 5) / (6 + 4 + 9))


def test_places_share_as_far_as_they_are_small():
    one = simulate(5, places=400, mean=3)
    known = triangle_of(one).known
    shared, own = (estimate(known, 24, s).share[:, 0] for s in ("partial", "none"))
    assert np.std(shared) < 0.2 * np.nanstd(own)
    assert abs(np.mean(shared) - PROBS[0]) < 0.01
    slow = known.copy()
    slow[0] = triangle_of(simulate(6, places=1, mean=3000)).known[0] * np.array([0.4] + [1] * 6)
    found = estimate(slow, 24, "partial").share
    assert abs(found[0, 0] - 0.4 * PROBS[0]) < 0.01
    assert np.ptp(estimate(slow, 24, "all").share[:, 0]) == 0


# --- the nowcast --------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [1.0, 6.0, 200.0])
@pytest.mark.parametrize("wobble", [0.0, 0.05])
def test_the_interval_holds_what_it_promises(mean, wobble):
    cumulated = simulate(1, mean=mean, wobble=wobble)
    triangle = triangle_of(cumulated)
    found = from_triangle(triangle, "partial", "recent")
    low, high = (quantile(found, triangle.value, q)[:, -6:] for q in (0.05, 0.95))
    final = cumulated[:, -6:, -1]
    held = ((final >= low) & (final <= high)).mean(axis=0)
    assert (held > 0.87).all()
    assert held.mean() < 0.99
    bias = (found.expected[:, -6:] - final).sum(axis=0) / final.sum(axis=0)
    assert (np.abs(bias) < 0.08).all()


def test_lawless_alone_says_that_nothing_comes_where_nothing_is():
    cumulated = simulate(2, mean=0.7)
    triangle = triangle_of(cumulated)
    final = cumulated[:, -1, -1]
    held = {}
    for prior in ("none", "recent"):
        found = from_triangle(triangle, "partial", prior)
        high = quantile(found, triangle.value, 0.95)[:, -1]
        held[prior] = (final <= high).mean()
    assert held["none"] < 0.75
    assert held["recent"] > 0.93


def test_the_verb_end_to_end():
    cumulated = simulate(3, places=4, mean=40)
    reports = as_totals(cumulated)
    now = "2024-09-08"  # the end of week 36
    found = hd.nowcast(reports, as_of=now, max_delay=6, places=["p0", "p1", "p2", "p3", "nobody"])
    assert found.sizes == {"place": 5, "time": 36}
    assert found["time"].values[-1] == np.datetime64("2024-09-02")
    np.testing.assert_array_equal(found["value"].values[:4, -1], cumulated[:, -1, 0])
    np.testing.assert_array_equal(found["expected"].values[:4, :29], cumulated[:, :29, -1])
    share = found["completeness"].values[0]
    assert (np.diff(share[-6:]) < 0).all()
    assert share[-7] == 1
    lower, middle, upper = (found[n].values[:4] for n in ("lower", "median", "upper"))
    assert (lower <= middle).all()
    assert (middle <= upper).all()
    assert (lower >= found["value"].values[:4]).all()
    assert (found["reason"].sel(place="nobody") == "missing").all()
    assert found["expected"].sel(place="nobody").isnull().all()
    assert found.attrs["as_of"] == now


def test_what_was_reported_later_is_not_known():
    reports = as_totals(simulate(4, places=3, mean=20))
    now = pd.Timestamp("2024-07-14")
    past = hd.nowcast(reports[reports["reported"] <= now], max_delay=6)
    again = hd.nowcast(reports, as_of=now, max_delay=6)
    pd.testing.assert_frame_equal(past.to_dataframe(), again.to_dataframe())


def test_the_three_forms_say_the_same():
    cumulated = simulate(8, places=2, weeks=30, mean=5)
    totals = as_totals(cumulated)
    new = totals.assign(value=np.diff(cumulated, axis=2, prepend=0).ravel())
    cases = new.loc[new.index.repeat(new["value"].astype(int)), ["place", "start", "reported"]]
    now = "2024-07-28"
    one, two, three = (
        hd.nowcast(r, as_of=now, max_delay=6, kind=k, period="week").to_dataframe()
        for r, k in ((totals, "totals"), (new, "new"), (cases, "cases"))
    )
    pd.testing.assert_frame_equal(two, one)
    pd.testing.assert_frame_equal(three, one)


def test_totals_that_fall_leave_room_below():
    rng = np.random.default_rng(9)
    cumulated = simulate(9, places=60, mean=200)
    cumulated[:, :, 0] = np.rint(cumulated[:, :, 0] * 4 * rng.uniform(0.9, 1.3, (60, 36)))
    found = hd.nowcast(as_totals(cumulated), as_of="2024-09-08", max_delay=6).isel(time=-1)
    final = cumulated[:, -1, -1]
    assert 0.8 < ((final >= found["lower"]) & (final <= found["upper"])).mean() < 0.99
    assert (found["lower"] < found["value"]).any()
    assert found["completeness"].mean() == pytest.approx(1.1, abs=0.03)
    gap = np.abs(final - found["value"]).mean()
    assert np.abs(final - found["median"]).mean() < 0.8 * gap


def test_too_few_periods_to_learn_from():
    reports = as_totals(simulate(7, places=1, weeks=3, mean=9))
    found = hd.nowcast(reports, as_of="2024-01-21", max_delay=6)
    assert found["reason"].values.tolist() == [["history"] * 3]
    assert found["expected"].isnull().all()
    assert found["value"].notnull().all()


def test_what_cannot_be_used_is_named_and_the_rest_is_kept():
    reports = as_totals(simulate(10, places=2, mean=9)).astype({"value": object})
    reports["start"] = reports["start"].dt.strftime("%Y-%m-%d")
    reports["reported"] = reports["reported"].dt.strftime("%Y-%m-%d")
    reports.loc[0, "reported"] = "soon"
    reports.loc[1, "value"] = -3
    reports.loc[2, "value"] = "many"
    reports.loc[3, "value"] = 2.5
    reports.loc[4, "reported"] = "2023-12-30"
    reports.loc[5, "place"] = "elsewhere"
    reports.loc[7, "start"] = "?"
    reports.loc[8, "value"] = 1e300
    found = hd.nowcast(reports, as_of="2024-09-08", max_delay=6, places=["p0", "p1"], file="r.csv")
    said = [p.say("en") for p in found.attrs["problems"]]
    assert found["expected"].notnull().all()
    for line, words in (
        (2, "'soon' does not say when"), (3, "below zero"), (4, "'many' is not a number"),
        (5, "not a whole number"), (6, "before its period began"), (9, "is no period"),
        (10, "more than can be counted"),
    ):  # fmt: skip
        assert any(f"line {line}," in s and words in s for s in said), words
    assert any("no place 'elsewhere'" in s for s in said)
    assert len(said) == 8


@pytest.mark.parametrize("sharing", ["partial", "all", "none"])
def test_where_nothing_ever_came_nothing_is_expected(sharing):
    reports = as_totals(simulate(7, places=1, weeks=40) * 0)
    found = hd.nowcast(reports, as_of="2024-10-06", sharing=sharing)
    assert found.sizes["time"] == 40
    open_ = found.isel(time=slice(-8, None))
    assert open_["reason"].values.tolist() == [["all_zero"] * 8]
    for name in ("value", "expected", "median", "lower", "upper"):
        assert (found[name] == 0).all()
    assert (found["completeness"] == 1).all()
    judged = hd.detect(found, "ears_c1", last=3)
    assert set(judged["state"].values.ravel()) == {"quiet"}
    assert set(judged["reason"].values.ravel()) == {"no_spread"}  # and not incomplete
    # A few weeks of nothing say nothing, and neither do many with a first case in the newest.
    few = hd.nowcast(reports[reports["start"] >= "2024-08-05"], as_of="2024-10-06")
    assert few["reason"].values[0, -1] == "history"
    newest = reports["start"] == reports["start"].max()
    first = hd.nowcast(reports.assign(value=reports["value"] + newest), as_of="2024-10-06")
    assert first["reason"].values[0, -1] == "history"
    silent = hd.nowcast(reports[~newest], as_of="2024-10-06")
    assert silent["reason"].values[0, -1] == "missing"


def test_one_wrong_date_costs_one_row():
    reports = as_totals(simulate(3, places=4))
    good = hd.nowcast(reports)
    for column, value, code in (
        ("start", "2024-02-07", "watch.misfit_week"), ("start", "2204-02-05", "watch.far"),
        ("reported", "2204-02-05", "watch.far"),
    ):  # fmt: skip
        odd = reports.iloc[[0]].assign(**{column: pd.Timestamp(value)})
        found = hd.nowcast(pd.concat([reports, odd]), file="r.csv")
        [said] = found.attrs["problems"]
        assert (said.code, said.row, said.field) == (code, len(reports) + 2, column)
        assert found.equals(good)


def test_what_is_asked_wrongly_is_said():
    reports = as_totals(simulate(11, places=1, mean=9))
    for given, match in (
        ({"level": 1.0}, "level"), ({"max_delay": 0}, "max_delay"), ({"window": 2}, "window"),
        ({"sharing": "some"}, "partial, all, none"), ({"prior": "x"}, "recent, none"),
        ({"kind": "x"}, "totals, cases, new"), ({"as_of": "soon"}, "no time of these"),
        ({"as_of": 5}, "no time of these"), ({"as_of": "2020-01-01"}, "nothing had been"),
        ({"kind": "cases"}, "every row is one case"), ({"period": "year"}, "day, week, month"),
    ):  # fmt: skip
        with pytest.raises(BadData, match=match):
            hd.nowcast(reports, **given)
    for wrong, match in (
        (reports.drop(columns="reported"), "lacks reported"),
        (reports.drop(columns="place"), "lacks place"),
        ([1, 2], "cannot be read as counts"),
        (reports.assign(reported="x"), "no period could be read"),
    ):
        with pytest.raises(BadData, match=match):
            hd.nowcast(wrong)


# --- values that somebody else computed ---------------------------------------------------------

GOLDEN = Path(__file__).parent / "golden" / "nowcast"


@pytest.mark.parametrize(("m", "window"), [("all", 1000), ("30", 31)])
def test_the_delay_is_that_of_the_reference_program(m, window):
    asked = pd.read_csv(GOLDEN / "lawless.csv", dtype={"m": str})
    asked = asked[asked["m"] == m]
    found = hd.nowcast(
        pd.read_csv(GOLDEN / "cases.csv"), as_of="2024-06-10", max_delay=12, window=window,
        period="day", prior="none",
    ).sel(place="toy", time=asked["start"].tolist())  # fmt: skip
    assert len(asked) == 12
    np.testing.assert_array_equal(found["value"], asked["value"])
    np.testing.assert_allclose(found["completeness"], asked["share"], rtol=1e-12)
    np.testing.assert_allclose(found["expected"], asked["expected"], rtol=1e-12)


# --- slips --------------------------------------------------------------------------------------


def slipped(reports, week, rows, value=1e9, place="p2"):
    """The same reports with another number in some rows of one place and week."""
    start = pd.Timestamp("2024-01-01") + pd.Timedelta(days=7 * week)
    here = reports.index[(reports["place"] == place) & (reports["start"] == start)][rows]
    return reports.assign(
        value=reports["value"].astype(float).where(~reports.index.isin(here), value)
    )


@pytest.mark.parametrize("kind", ["totals", "new"])
@pytest.mark.parametrize("week", [29, 28, 10])
def test_nothing_is_learned_from_a_slip_and_nothing_is_added_to_it(kind, week):
    cumulated = simulate(3, places=6, weeks=30)
    calm = as_totals(cumulated if kind == "totals" else np.diff(cumulated, axis=2, prepend=0))
    given = {"as_of": "2024-07-28", "max_delay": 6, "kind": kind}
    plain = hd.nowcast(calm, **given)
    reports = slipped(calm, week, slice(None) if kind == "totals" else slice(0, 1))
    found = hd.nowcast(reports, **given)
    here = {"place": "p2", "time": found["time"][week]}
    for name in ("value", "expected", "median", "lower", "upper"):
        assert found[name].sel(here).item() == pytest.approx(1e9, rel=1e-6)
    [told] = found.attrs["problems"]
    assert (told.code, told.field, told.severity) == ("watch.implausible_late", "p2", "warning")
    assert told.say("vi") != told.say("en")
    assert detect_state(found, "p2") == ("raised" if week == 29 else "quiet")
    away = np.ones(found["expected"].shape, bool)
    away[2, week] = False
    # One period less to learn from: no more than that may be told apart.
    for name, most in {"expected": 0.5, "median": 1, "upper": 1, "completeness": 0.02}.items():
        off = np.abs(found[name].to_numpy() - plain[name].to_numpy())[away]
        assert off.max() <= most, name


def detect_state(found, place):
    return hd.detect(found, method="ears_c2", last=1)["state"].sel(place=place).item()


@pytest.mark.parametrize("week", [4, 20])
def test_a_slip_that_was_mended_teaches_nothing(week):
    calm = as_totals(simulate(3, places=6, weeks=30))
    given = {"as_of": "2024-07-28", "max_delay": 6}
    plain, found = (
        hd.nowcast(r, **given) for r in (calm, slipped(calm, week, slice(1, 3)))
    )  # fmt: skip
    [told] = found.attrs["problems"]
    assert told.code == "watch.implausible_mended"
    assert told.params["value"] == "1,000,000,000"
    np.testing.assert_array_equal(found["value"], plain["value"])
    np.testing.assert_allclose(found["expected"], plain["expected"], atol=0.05)


def test_an_epidemic_that_lasts_is_no_slip():
    cumulated = simulate(3, places=6, weeks=30)
    cumulated[2, -4:] *= 1000
    reports, given = as_totals(cumulated), {"as_of": "2024-07-28", "max_delay": 6}
    found = hd.nowcast(reports, **given)
    assert len(found.attrs["problems"]) == 2  # the first two are doubted, the third is believed
    share = found["value"] / found["expected"]
    assert share.sel(place="p2")[-2:].max() < 0.9


# --- the study of the reference -----------------------------------------------------------------


def test_the_study_runs_and_its_page_is_there(monkeypatch):
    monkeypatch.setattr(study_late, "MEANS", (500,))
    monkeypatch.setattr(study_late, "JUDGED", (10,))
    rows = list(study_late.simulated(places=20, repeats=1))
    assert len(rows) == len(study_late.SCENARIOS) * len(study_late.MEANS)
    large = [r["recent_0"] for r in rows if r["mean"] == 500]
    assert min(large) > 0.5
    page = (Path(__file__).parents[2] / "docs" / "reference" / "nowcast-study.md").read_text(
        "utf-8"
    )
    assert all(s.title in page for s in study_late.SCENARIOS)
    loud = list(study_late.judged(10, 3.0, places=60))
    assert loud[0]["raised"] > 0.5 > loud[0]["face"]
    assert study_late.page(None, places=4, repeats=1).splitlines()[:10] == page.splitlines()[:10]


def test_real_vintages_are_held_and_better_than_face_value(shared):
    file = shared / "data" / "influenza" / "target_vintages_2023_24.parquet"
    found = study_late.vintages(file, max_delay=6, every=3)
    newest = found[found["age"] == 0]
    assert (newest["final"] < newest["value"]).mean() > 0.15  # revisions downwards are normal
    assert 0.75 < newest["held"].mean() < 0.97
    assert newest["wis"].mean() < 0.85 * newest["face"].mean()
    assert found["wis"].mean() < found["face"].mean()


@pytest.mark.parametrize(("share", "vague"), [(0.4, 0.02), (0.6, 0.03), (0.8, 0.005)])
def test_an_uncertain_share_lifts_what_is_still_to_come(share, vague):
    # Where nothing is known of the place's level, the rest is k (1 - F) / F, and its mean over an
    # uncertain F is larger than at the mean of F.
    size = share * (1 - share) / (vague * share**2) - 1
    drawn = np.random.default_rng(7).beta(share * size, (1 - share) * size, 400_000)
    wanted = 50.0 * ((1 - drawn) / drawn).mean()
    one = np.array([[1.0]])
    delays = Delays(
        share=share * one, linear=(1 - share) / share * one, square=vague * one, error=0 * one,
        falls=False, still=np.array([[False]]),
    )  # fmt: skip
    mean, _ = _with_level(50.0 * one, delays, 1e-6 * one, 1e-8 * one)
    assert mean.item() - 50.0 == pytest.approx(wanted, rel=0.015)
    assert wanted > 1.02 * 50.0 * (1 - share) / share  # else the lift would not be told from none
