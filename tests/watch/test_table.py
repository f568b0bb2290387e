"""Tables as they come: every form, and every way in which one can be wrong."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from haidang.base.errors import BadData
from haidang.watch.calendar import Calendar, read_period
from haidang.watch.table import NAMED, read

WEEKS = pd.date_range("2024-01-01", periods=6, freq="7D")
WIDE = pd.DataFrame({"a": [1, 2, 3, 4, 5, 6], "b": [0, 0, 1, 0, 0, 2]}, index=WEEKS)


def long(wide: pd.DataFrame = WIDE) -> pd.DataFrame:
    table = wide.rename_axis("start").reset_index().melt("start", var_name="place")
    return table.sample(frac=1, random_state=1)


def codes(grid) -> list[str]:
    return [p.code for p in grid.problems]


def test_every_form_is_the_same_grid():
    array = xr.DataArray(
        WIDE.to_numpy(), coords={"time": WEEKS, "place": ["a", "b"]}, dims=("time", "place")
    )
    texts = WIDE.set_axis([f"{d:%Y-%m-%d}" for d in WEEKS]).astype(str)
    iso = WIDE.set_axis([f"{d:%GW%V}" for d in WEEKS])
    for data in (WIDE, long(), array, array.T, texts, iso, WIDE.rename_axis("start").reset_index()):
        grid = read(data, places=("a", "b"))
        np.testing.assert_array_equal(grid.counts, WIDE.to_numpy().T)
        assert grid.calendar == Calendar("week", "calendar", 6, date(2024, 1, 1))
        assert grid.problems == ()


def test_cases_are_counted_by_period_and_silence_between_is_zero():
    days = ["2024-01-02", "2024-01-07", "2024-01-23", "2024-01-22", "2024-01-01"]
    table = pd.DataFrame({"place": ["a", "a", "a", "b", "b"], "start": days})
    with pytest.raises(BadData, match="period"):
        read(table)
    grid = read(table, step="week")
    assert grid.counts.tolist() == [[2, 0, 0, 1], [1, 0, 0, 1]]
    assert read(table, step="day").calendar.rows == 23


def test_numbered_rows_are_rows_and_have_no_calendar():
    table = WIDE.set_axis(range(3, 9))
    grid = read(table)
    assert grid.calendar == Calendar("week", "rows", 6, number=3)
    assert grid.calendar.times().tolist() == [3, 4, 5, 6, 7, 8]
    with pytest.raises(BadData, match="only numbered"):
        read(table, year="calendar")
    with pytest.raises(BadData, match="not allowed"):
        read(table, year="moon")


def test_missing_weeks_are_not_reported_and_not_zero():
    grid = read(WIDE.drop(WEEKS[2]))
    assert np.isnan(grid.counts[:, 2]).all()
    assert grid.calendar.rows == 6


def test_iso_week_53_is_a_week_like_any_other():
    assert read_period("2020W53") == (date(2020, 12, 28), "week")
    table = pd.DataFrame({"start": ["2020W52", "2020W53", "2021W01"], "a": [1, 2, 3]})
    assert read(table).counts.tolist() == [[1, 2, 3]]
    bad = read(pd.DataFrame({"start": ["2021W52", "2021W53", "2022W01"], "a": [1, 2, 3]}))
    assert codes(bad) == ["watch.time"]
    assert bad.counts.tolist() == [[1, 3]]


def test_months_of_dhis2():
    table = pd.DataFrame({"place": "a", "start": [202211, 202212, 202301], "value": [1, 2, 3]})
    grid = read(table)
    assert (grid.calendar.step, grid.calendar.first) == ("month", date(2022, 11, 1))
    assert grid.counts.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("value", "code"),
    [("x", "watch.number"), ("-1", "watch.negative"), ("1.5", "watch.fraction"),
     ("1e300", "watch.too_large"), ("1_0", "watch.number"), ("inf", "watch.too_large")],
)  # fmt: skip
@pytest.mark.parametrize("form", ["long", "wide"])
def test_a_bad_cell_is_named_and_missing_and_the_rest_kept(value, code, form):
    wide = WIDE.astype(object).rename_axis("start")
    wide.loc[WEEKS[3], "b"] = value
    data = wide.reset_index() if form == "wide" else long(wide).sort_values(["place", "start"])
    grid = read(data, places=("a", "b"), file="f.csv")
    assert codes(grid) == [code]
    assert np.isnan(grid.counts[1, 3])
    assert np.isnan(grid.counts).sum() == 1
    said = grid.problems[0].say("en")
    assert "f.csv, line " in said
    assert grid.problems[0].row == (5 if form == "wide" else 11)
    assert grid.problems[0].say("vi") != said


def test_fractions_are_fine_where_the_method_does_not_count():
    grid = read(WIDE + 0.5, whole=False)
    assert grid.problems == ()
    assert grid.counts[0, 0] == 1.5


def test_a_column_of_text_leaves_its_place_without_data_and_visible():
    table = WIDE.assign(note=["n"] * 6)
    grid = read(table)
    assert grid.places == ("a", "b", "note")
    assert np.isnan(grid.counts[2]).all()
    assert set(codes(grid)) == {"watch.number"}


def test_the_same_period_twice():
    both = pd.concat([long(), pd.DataFrame({"start": [WEEKS[0]], "place": ["a"], "value": [9]})])
    grid = read(both, places=("a", "b"))
    assert codes(grid) == ["watch.twice"]
    assert np.isnan(grid.counts[0, 0])
    assert np.isnan(grid.counts).sum() == 1
    same = pd.concat([long(), pd.DataFrame({"start": [WEEKS[0]], "place": ["a"], "value": [1]})])
    grid = read(same, places=("a", "b"))
    assert codes(grid) == ["watch.twice_same"]
    assert grid.problems[0].severity == "warning"
    assert grid.counts[0, 0] == 1
    wide = pd.concat([WIDE, WIDE.iloc[:1] + 1])
    assert codes(read(wide)) == ["watch.twice"] * 2


def test_mixed_lengths_are_refused():
    for stamps in (
        ["2024W01", "202401", "2024W03"],
        ["2024-01-01", "2024-01-08", "2024-01-10"],
        ["2024-01-01", "2024-02-01", "2024-02-08", "2024-03-01"],
    ):
        with pytest.raises(BadData, match="mixed"):
            read(pd.DataFrame({"start": stamps, "a": range(len(stamps))}))
    with pytest.raises(BadData, match="mixed"):
        read(WIDE, step="month")


def test_months_may_be_called_by_their_last_day_or_by_any_that_is_the_same():
    firsts = pd.date_range("2019-01-01", periods=40, freq="MS")
    plain = read(pd.DataFrame({"start": firsts, "a": range(40)}))
    named = {
        "end": firsts + pd.offsets.MonthEnd(0),
        "middle": firsts + pd.Timedelta(days=14),
        "28th": firsts + pd.Timedelta(days=27),
    }
    for stamps in named.values():
        for form in (stamps, [f"{d:%Y-%m-%d}" for d in stamps]):
            grid = read(pd.DataFrame({"start": form, "a": range(40)}))
            assert grid.problems == ()
            assert grid.calendar == plain.calendar
            assert grid.counts.tolist() == plain.counts.tolist()
    # One that does not fit costs its row, and a gap is a gap.
    ends = [f"{d:%Y-%m-%d}" for d in named["end"]]
    ends[5] = "2019-06-20"
    spoilt = read(pd.DataFrame({"start": ends, "a": range(40)}).drop(index=8), file="f.csv")
    assert [(p.code, p.row) for p in spoilt.problems] == [("watch.misfit_month", 7)]
    assert np.flatnonzero(np.isnan(spoilt.counts[0])).tolist() == [5, 8]
    # Three say too little, and what is asked for as weeks is not taken for months.
    with pytest.raises(BadData, match="mixed"):
        read(pd.DataFrame({"start": ["2024-01-31", "2024-02-29", "2024-03-31"], "a": [1, 2, 3]}))
    with pytest.raises(BadData, match="mixed"):
        read(pd.DataFrame({"start": named["end"], "a": range(40)}), step="week")
    # Nothing weekly or daily is touched, also where most of it is missing.
    for days in (
        pd.date_range("2024-01-31", periods=60, freq="7D"),
        pd.date_range("2024-01-31", periods=90),
    ):
        assert (
            read(pd.DataFrame({"start": days, "a": range(len(days))})).calendar.first
            == days[0].date()
        )


def test_days_written_with_the_day_first_are_read_where_that_is_certain():
    weeks = pd.date_range("2024-01-01", periods=30, freq="7D")
    plain = read(pd.DataFrame({"start": weeks, "a": range(30)}))
    for form in ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m/%d/%Y", "%d/%m/%Y 00:00"):
        grid = read(pd.DataFrame({"start": [f"{d:{form}}" for d in weeks], "a": range(30)}))
        assert grid.problems == ()
        assert grid.calendar == plain.calendar
        assert grid.counts.tolist() == plain.counts.tolist()
    # One row that is no day costs itself.
    spoilt = [f"{d:%d/%m/%Y}" for d in weeks]
    spoilt[4] = "31/02/2024"
    found = read(pd.DataFrame({"start": spoilt, "a": range(30)}), file="f.csv")
    assert [(p.code, p.row) for p in found.problems] == [("watch.time", 6)]
    # Where none is above 12, or both orders stand there, nobody can know.
    for stamps in (["05/02/2024", "12/02/2024"], ["13/02/2024", "02/13/2024", "05/02/2024"]):
        with pytest.raises(BadData, match="above 12"):
            read(pd.DataFrame({"start": stamps, "a": range(len(stamps))}))


LONG_WEEKS = pd.date_range("2018-01-01", periods=330, freq="7D")


def of_weeks() -> pd.DataFrame:
    """990 rows, as texts."""
    starts = [f"{d:%Y-%m-%d}" for d in LONG_WEEKS]
    return pd.DataFrame(
        [
            {"place": p, "start": s, "value": i}
            for i, s in enumerate(starts)
            for p in ("a", "b", "c")
        ]
    )


@pytest.mark.parametrize(
    ("stamp", "code"),
    [("2024-05-08", "watch.misfit_week"), ("202405", "watch.misfit_week"), ("7", "watch.time"),
     ("2202-04-29", "watch.far"), ("2202-01-04", "watch.far"), ("1024-01-01", "watch.far"),
     ("2204W01", "watch.far")],
)  # fmt: skip
@pytest.mark.parametrize("form", ["long", "wide"])
def test_one_wrong_date_is_left_out_with_its_row_and_the_rest_kept(stamp, code, form):
    good = of_weeks()
    if form == "wide":
        good = good.pivot_table("value", "start", "place").reset_index()
        bad = pd.DataFrame({"start": [stamp], "a": [7], "b": [7], "c": [7]})
    else:
        bad = pd.DataFrame({"place": ["a"], "start": [stamp], "value": [7]})
    for data in (pd.concat([good, bad]), pd.concat([bad, good])):
        grid = read(data, file="f.csv")
        assert codes(grid) == [code]
        assert grid.calendar == Calendar("week", "calendar", 330, date(2018, 1, 1))
        np.testing.assert_array_equal(grid.counts, np.tile(np.arange(330.0), (3, 1)))
        row = 2 if data["start"].iloc[0] == stamp else len(good) + 2
        assert grid.problems[0].row == row
        said = grid.problems[0].say("en")
        assert said.startswith(f"f.csv, line {row}, start: '{stamp}'")
        assert grid.problems[0].say("vi") != said


def test_one_wrong_date_among_months_days_and_numbers():
    months = [f"{y}{m:02}" for y in range(2018, 2024) for m in range(1, 13)]
    grid = read(pd.DataFrame({"start": [*months, "2023-12-05"], "a": range(73)}))
    assert codes(grid) == ["watch.misfit_month"]
    assert grid.calendar.rows == 72
    days = [f"{d:%Y-%m-%d}" for d in pd.date_range("2024-01-01", periods=60)]
    grid = read(pd.DataFrame({"start": [*days, "2024W08"], "a": range(61)}))
    assert codes(grid) == ["watch.misfit_day"]
    assert grid.calendar.rows == 60
    numbers: list[object] = [*range(1, 61), "2024-01-01", 60_000]
    grid = read(pd.DataFrame({"start": numbers, "a": range(62)}))
    assert codes(grid) == ["watch.far", "watch.misfit_number"]
    assert grid.calendar.rows == 60


def test_cases_with_a_mistyped_year():
    days = [f"2024-0{m}-{d:02}" for m in range(1, 5) for d in range(1, 29)]
    table = pd.DataFrame({"place": "a", "start": [*days, "2204-02-03"]})
    grid = read(table, step="week")
    assert [(p.code, p.row) for p in grid.problems] == [("watch.far", 114)]
    assert grid.counts.sum() == 112


def test_a_short_table_may_have_one_mistyped_year_and_a_long_gap_is_none():
    stamps = [f"{d:%Y-%m-%d}" for d in WEEKS]
    assert codes(read(pd.DataFrame({"start": [*stamps, "2202-01-04"], "a": range(7)}))) == [
        "watch.far"
    ]
    # Ten of twenty-two rows are no slip of the pen.
    older = [f"{d:%Y-%m-%d}" for d in pd.date_range("2004-01-05", periods=10, freq="7D")]
    late = [f"{d:%Y-%m-%d}" for d in pd.date_range("2024-01-01", periods=12, freq="7D")]
    assert codes(read(pd.DataFrame({"start": older + late, "a": range(22)}))) == []
    # Nor does the future matter by itself.
    far = [f"{d:%Y-%m-%d}" for d in pd.date_range("2151-01-04", periods=60, freq="7D")]
    assert codes(read(pd.DataFrame({"start": far, "a": range(60)}))) == []


def test_what_is_really_mixed_names_the_first_row_of_each_kind():
    starts = [f"{d:%Y-%m-%d}" for d in LONG_WEEKS]
    starts[10:40] = [f"{d:%Y-%m-%d}" for d in LONG_WEEKS[10:40] + pd.Timedelta(days=2)]
    with pytest.raises(BadData, match="mixed") as caught:
        read(pd.DataFrame({"start": starts, "a": range(330)}), file="f.csv")
    assert [(p.code, p.row) for p in caught.value.problems] == [
        ("watch.mixed", None), ("watch.mixed_row", 2), ("watch.mixed_row", 12)
    ]  # fmt: skip
    assert "'2018-03-14'" in caught.value.problems[2].say("vi")


def test_places_that_should_be_there_are_there():
    grid = read(WIDE, places=("c", "a"))
    assert codes(grid) == ["watch.unknown_place"]
    assert grid.places == ("c", "a")
    assert np.isnan(grid.counts[0]).all()
    assert grid.counts[1].tolist() == [1, 2, 3, 4, 5, 6]
    with pytest.raises(BadData, match="no cell"):
        read(WIDE, places=("x",))


def test_what_is_no_table():
    for data, match in (
        ([1, 2], "cannot be read"),
        (xr.DataArray([1.0], dims="x"), "dimensions"),
        (pd.DataFrame({"start": ["x"], "a": [1]}), "no period"),
        (pd.DataFrame({"place": ["a"], "value": [1]}), "lacks start"),
        (pd.DataFrame([[1, 2]], index=WEEKS[:1], columns=["a", "a"]), "more than once"),
        (pd.DataFrame({"start": ["1024-01-01", "2024-01-01"], "a": [1, 2]}), "mistyped year"),
    ):
        with pytest.raises(BadData, match=match):
            read(data)


def test_of_many_bad_cells_the_first_are_named_and_the_others_counted():
    table = pd.DataFrame(
        {"a": [-1] * 50 + [1]}, index=pd.date_range("2024-01-01", periods=51, freq="7D")
    )
    grid = read(table)
    assert codes(grid) == ["watch.negative"] * NAMED + ["watch.and_more"]
    assert grid.problems[-1].params["n"] == 30


def test_population_by_place_and_by_table():
    assert read(WIDE, population={"a": 10, "b": 20}).population.tolist() == [[10] * 6, [20] * 6]
    grid = read(WIDE, population=WIDE.iloc[1:] * 10.5)
    assert np.isnan(grid.population[:, 0]).all()
    assert grid.population[0, 1] == 21
    for bad in ("x", {"z": 3}, {"a": -1}):
        with pytest.raises(BadData, match="population"):
            read(WIDE, population=bad)


def test_the_same_date_of_past_years_and_the_nearest_same_weekday():
    calendar = Calendar("week", "calendar", 400, date(2018, 1, 1))
    for row in (330, 364, 399):
        here = date.fromordinal(date(2018, 1, 1).toordinal() + 7 * row)
        for back, found in zip((2, 1, 0), calendar.reference(row, 2), strict=True):
            there = date.fromordinal(date(2018, 1, 1).toordinal() + 7 * int(found))
            year = here.year - back
            wanted = (
                date(year, here.month, here.day)
                if (here.month, here.day) != (2, 29)
                else date(year, 3, 1)
            )
            assert there.weekday() == here.weekday()
            assert abs((there - wanted).days) <= 3
    assert calendar.reference(399, 1).tolist() == [347, 399]
    assert Calendar("week", "rows", 400).reference(110, 2).tolist() == [6, 58, 110]
    leap = Calendar("day", "calendar", 1000, date(2022, 1, 3))
    row = (date(2024, 2, 29) - date(2022, 1, 3)).days
    assert leap.reference(row, 1)[0] == (date(2023, 3, 2) - date(2022, 1, 3)).days
