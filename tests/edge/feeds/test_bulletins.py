"""The door that trusts nobody: each bad cell is named with file, line, column and remedy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.base.wind import convert_averaging, convert_maximum, lower_bound
from haidang.edge.feeds.bulletins import BulletinFile, parse_bulletins, read_bulletins
from haidang.pack.case import find_cases, load_case
from haidang.pack.load import roots
from haidang.risk.hazards.tropical_cyclone_fill import wind_from_pressure

COLUMNS = "issued,valid,lat,lon,wind_ms,pressure_hpa,kind,position_uncertainty_km,source"
FIRST = "2024-09-07T06:00+07:00,2024-09-07T06:00+07:00,20.4,108.3,40,955,analysis,15,service"
LAST = "2024-09-07T06:00+07:00,2024-09-08T06:00+07:00,21.4,105.0,20,990,forecast,60,service"
GOOD = dict(zip(COLUMNS.split(","), FIRST.split(","), strict=True)) | {
    "valid": "2024-09-07T18:00+07:00",
    "kind": "forecast",
}
MIDDLE = 3  # the line of the row between two good ones
TEN_PAST_SIX = datetime(2024, 9, 6, 23, tzinfo=UTC)


def table(*rows: str, columns: str = COLUMNS) -> str:
    return "\n".join((columns, *rows)) + "\n"


def with_cells(**changed: str) -> str:
    return ",".join((GOOD | changed).values())


def between(row: str) -> BulletinFile:
    """The row, between two good ones."""
    return parse_bulletins(table(FIRST, row, LAST), "e", file="b.csv")


def names(problem: Problem, *words: str) -> None:
    """The text names the place, says something of its own in each language, and what to do."""
    vi, en = problem.say("vi"), problem.say("en")
    assert vi != en
    for text, line in ((en, f"line {problem.row}"), (vi, f"dòng {problem.row}")):
        assert text.startswith(f"b.csv, {line}, {problem.field}: ")
        assert ";" in text or "kept" in text or "giữ" in text  # what is wrong; what to do
        assert "{" not in text
        for word in words:
            assert word in text


@pytest.mark.parametrize(
    ("changed", "code", "field", "said", "remedy"),
    [
        ({"lat": "200"}, "feed.range", "lat", "200", "swapped"),
        ({"lon": "-181"}, "feed.range", "lon", "-181", "swapped"),
        ({"lat": ""}, "feed.missing", "lat", "", "left out"),
        ({"lat": "north"}, "feed.number", "lat", "north", "use a point"),
        ({"lat": "nan"}, "feed.number", "lat", "nan", "use a point"),
        ({"lat": "2_0"}, "feed.number", "lat", "2_0", "use a point"),
        ({"lon": "inf"}, "feed.range", "lon", "inf", "mistyped"),
        ({"lat": '"20,4"'}, "feed.number", "lat", "20,4", "use a point"),
        ({"wind_ms": '"40,5"'}, "feed.number", "wind_ms", "40,5", "use a point"),
        ({"wind_ms": "-1"}, "feed.range", "wind_ms", "-1", "mistyped"),
        ({"wind_ms": "strong"}, "feed.number", "wind_ms", "strong", "use a point"),
        ({"pressure_hpa": "95.5"}, "feed.range", "pressure_hpa", "95.5", "mistyped"),
        ({"wind_ms": "", "pressure_hpa": ""}, "feed.no_wind_no_pressure", "wind", "", "add one"),
        ({"position_uncertainty_km": "-3"}, "feed.range", "position_uncertainty_km", "-3", "typed"),
        ({"valid": "2024-09-07T18:00"}, "feed.zone", "valid", "2024-09-07T18:00", "write it with"),
        ({"issued": "07/09/2024 6h"}, "feed.time", "issued", "07/09/2024 6h", "write it as"),
        ({"valid": ""}, "feed.time", "valid", "''", "write it as"),
        ({"kind": "guess"}, "feed.kind", "kind", "guess", "use one of"),
        (
            {"valid": "2024-09-07T05:00+07:00"},
            "feed.forecast_in_the_past",
            "valid",
            "2024-09-07T05:00+07:00",
            "mark it as analysis",
        ),
        (
            {"kind": "analysis"},
            "feed.seen_in_the_future",
            "valid",
            "2024-09-07T18:00+07:00",
            "mark it as forecast",
        ),
        (
            {"kind": "ended", "valid": "2024-09-07T06:01+07:00"},
            "feed.seen_in_the_future",
            "valid",
            "ended",
            "correct the time",
        ),
        (
            {"kind": "analysis", "valid": "2024-09-06T05:59+07:00"},
            "feed.seen_long_ago",
            "valid",
            "24",
            "check the date",
        ),
    ],
)
def test_a_bad_row_is_named_and_left_out_alone(changed, code, field, said, remedy):
    found = between(with_cells(**changed))
    (problem,) = found.problems
    assert (problem.code, problem.file, problem.row, problem.field, problem.severity) == (
        code,
        "b.csv",
        MIDDLE,
        field,
        "error",
    )
    names(problem, said)
    assert remedy in problem.say("en")
    assert [(f.lat, f.kind) for f in found.fixes] == [(20.4, "analysis"), (21.4, "forecast")]


def test_every_bad_cell_of_a_row_is_named_at_once():
    found = between(with_cells(lat="200", lon="x", kind="guess", valid="soon"))
    assert [(p.code, p.field) for p in found.problems] == [
        ("feed.time", "valid"),
        ("feed.kind", "kind"),
        ("feed.range", "lat"),
        ("feed.number", "lon"),
    ]


def test_the_same_time_twice_keeps_the_first():
    found = between(with_cells(valid="2024-09-08T06:00+07:00", lat="19.0"))
    (problem,) = found.problems
    # The row in the middle came first; the one after it says another place for the same hour.
    assert (problem.code, problem.row, problem.field) == ("feed.duplicate", 4, "valid")
    names(problem, "2024-09-08T06:00+07:00", "3")
    assert "keep one of the two" in problem.say("en")
    assert [f.lat for f in found.fixes] == [20.4, 19.0]


def test_the_same_hour_in_another_zone_is_the_same_time():
    found = between(with_cells(valid="2024-09-07T23:00Z"))
    assert [p.code for p in found.problems] == ["feed.duplicate"]


def test_a_missing_pressure_is_a_warning_and_the_row_is_kept():
    found = between(with_cells(pressure_hpa=""))
    (problem,) = found.problems
    assert (problem.code, problem.row, problem.field, problem.severity) == (
        "feed.no_pressure",
        MIDDLE,
        "pressure_hpa",
        "warning",
    )
    names(problem, "Holland")
    assert [f.pressure_hpa for f in found.fixes] == [955, None, 990]
    assert found.fixes[1].wind == 40


def test_an_empty_wind_comes_from_the_pressure_with_a_warning():
    found = between(with_cells(wind_ms=""))
    (problem,) = found.problems
    assert (problem.code, problem.row, problem.severity) == ("feed.no_wind", MIDDLE, "warning")
    names(problem, "Atkinson")
    expected = convert_maximum(wind_from_pressure(955.0), 60, 600)
    assert found.fixes[1].wind == pytest.approx(float(expected))


def test_too_many_cells():
    """A comma for a decimal point makes one cell two."""
    found = between(with_cells(lat="20,4"))
    (problem,) = found.problems
    assert (problem.code, problem.file, problem.row) == ("feed.too_many_cells", "b.csv", MIDDLE)
    assert "quotes" in problem.say("en")
    assert "ngoặc kép" in problem.say("vi")
    assert problem.say("vi").startswith("b.csv, dòng 3: ")
    assert len(found.fixes) == 2


def test_too_few_cells_are_missing_ones():
    found = between("2024-09-07T06:00+07:00,2024-09-07T18:00+07:00,20.4")
    assert {(p.code, p.field) for p in found.problems} == {
        ("feed.kind", "kind"),
        ("feed.missing", "lon"),
        ("feed.no_wind_no_pressure", "wind"),
    }
    assert len(found.fixes) == 2


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", "feed.columns", "issued, valid, lat, lon, kind"),
        (COLUMNS + "\n", "feed.empty", ""),
        (table(FIRST, columns=COLUMNS.replace("lat", "latitude")), "feed.columns", "lat"),
        ("issued,valid,lat,lon,kind\n", "feed.no_strength", "wind_ms"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, text, code, said):
    file = tmp_path / "b.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(BadData) as caught:
        read_bulletins(file, "e")
    (problem,) = caught.value.problems
    assert (problem.code, problem.file) == (code, "b.csv")
    for language in ("vi", "en"):
        assert said in problem.say(language)
    assert problem.say("vi") != problem.say("en")


def test_a_file_without_one_good_row_says_why():
    with pytest.raises(BadData) as caught:
        parse_bulletins(table(with_cells(lat="200"), with_cells(lon="")), "e", file="b.csv")
    assert [(p.code, p.row) for p in caught.value.problems] == [
        ("feed.range", 2),
        ("feed.missing", 3),
        ("feed.empty", None),
    ]


@pytest.mark.parametrize("content", [None, "é".encode("latin-1")])
def test_a_file_that_cannot_be_read(tmp_path: Path, content):
    file = tmp_path / "b.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadData) as caught:
        read_bulletins(file, "e")
    (problem,) = caught.value.problems
    assert problem.code == "feed.unreadable"
    assert "b.csv" in problem.say("vi")
    assert "UTF-8" in problem.say("vi")


def test_a_good_file(tmp_path):
    file = tmp_path / "b.csv"
    file.write_text("\ufeff" + table(FIRST, LAST), "utf-8")  # with a spreadsheet's mark in front
    found = read_bulletins(file, "e")
    assert found.problems == ()
    analysis, forecast = found.fixes
    assert (analysis.event, analysis.issued, analysis.valid) == ("e", TEN_PAST_SIX, TEN_PAST_SIX)
    assert (analysis.lat, analysis.lon, analysis.wind_low, analysis.wind_high) == (
        20.4,
        108.3,
        40,
        40,
    )
    assert (analysis.pressure_hpa, analysis.error_km, analysis.source) == (955, 15, "service")
    assert forecast.valid == TEN_PAST_SIX + timedelta(days=1)
    assert forecast.error_km == 60


def test_other_columns_are_let_be():
    text = table(FIRST + ",seen", LAST + ",heard", columns=COLUMNS + ",remark")
    assert parse_bulletins(text, "e").problems == ()


@pytest.mark.parametrize(
    ("column", "cell", "ms"), [("wind_kmh", "90", 25.0), ("wind_kt", "50", 25.7222222)]
)
def test_units_of_the_wind(column, cell, ms):
    text = table(FIRST, columns=COLUMNS.replace("wind_ms", column)).replace(",40,", f",{cell},")
    assert parse_bulletins(text, "e").fixes[0].wind == pytest.approx(ms)


def test_a_class_of_forces_is_kept_as_a_class():
    columns = "issued,valid,lat,lon,beaufort_low,beaufort_high,kind"
    head = "2024-09-07T06:00+07:00,2024-09-07T06:00+07:00,20.4,108.3"
    found = parse_bulletins(table(f"{head},13,14,analysis", columns=columns), "e").fixes[0]
    assert found.wind_low == lower_bound(13)
    assert found.wind_high == pytest.approx(lower_bound(15))
    assert found.wind_high < lower_bound(15)  # the bound itself is force 15 already
    for cell in ("8.5", "18", "gale"):
        with pytest.raises(BadData):
            parse_bulletins(table(f"{head},{cell},,analysis", columns=columns), "e")


def test_another_averaging_period_is_converted():
    ten, two = (
        parse_bulletins(table(FIRST), "e", averaging_s=period).fixes[0].wind
        for period in (600, 120)
    )
    assert ten == 40
    assert two == pytest.approx(float(convert_averaging(40.0, 120, 600, "at-sea")))
    assert two < ten


def test_the_end_needs_no_wind():
    day = "2024-09-08T06:00+07:00"
    row = with_cells(issued=day, valid=day, kind="ended", wind_ms="", pressure_hpa="")
    found = between(row)
    assert found.problems == ()
    assert [f.kind for f in found.fixes] == ["analysis", "ended", "forecast"]


@pytest.mark.parametrize("valid", ["2024-09-06T06:00+07:00", "2024-09-07T06:00+07:00"])
def test_an_analysis_may_be_up_to_a_day_old(valid):
    text = table(FIRST.replace(",2024-09-07T06:00+07:00", f",{valid}", 1))
    assert len(parse_bulletins(text, "e").fixes) == 1


@pytest.mark.parametrize("swapped", [False, True])
def test_a_bulletin_that_is_there_and_over_is_left_out_whole(swapped):
    """Neither word can be believed; another bulletin of the file can."""
    over = with_cells(valid="2024-09-07T06:00+07:00", kind="ended", wind_ms="", pressure_hpa="")
    later = FIRST.replace("2024-09-07", "2024-09-08")
    both = (over, FIRST) if swapped else (FIRST, over)
    found = parse_bulletins(table(*both, LAST, later), "e", file="b.csv")
    (problem,) = found.problems
    assert (problem.code, problem.row, problem.field) == ("feed.ended_and_there", 3, "kind")
    names(problem, "2", "analysis", "ended")
    assert [(f.kind, f.issued) for f in found.fixes] == [
        ("analysis", TEN_PAST_SIX + timedelta(days=1))
    ]
    with pytest.raises(BadData) as caught:
        parse_bulletins(table(*both), "e", file="b.csv")
    assert [p.code for p in caught.value.problems] == ["feed.ended_and_there", "feed.empty"]


def test_a_class_of_forces_the_wrong_way_round_is_refused():
    columns = "issued,valid,lat,lon,beaufort_low,beaufort_high,kind"
    head = "2024-09-07T06:00+07:00,2024-09-07T06:00+07:00,20.4,108.3"
    last = "2024-09-07T06:00+07:00,2024-09-07T18:00+07:00,20.4,107.3,9,9,forecast"
    found = parse_bulletins(
        table(f"{head},14,13,analysis", last, columns=columns), "e", file="b.csv"
    )
    (problem,) = found.problems
    assert (problem.code, problem.row, problem.field) == ("feed.force_order", 2, "beaufort_low")
    names(problem, "14", "13")
    assert [f.kind for f in found.fixes] == ["forecast"]


CELLS = st.sampled_from(["", "x", "20.4", "-1e9", "nan", "1,2", '"', "2024-09-07T06:00+07:00", "é"])


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=11), min_size=1, max_size=6))
def test_whatever_stands_in_a_file_it_is_answered(rows):
    """Rows are kept or named; nothing else is raised, and both together are all there were."""
    text = table(FIRST, *(",".join(cells) for cells in rows))
    found = parse_bulletins(text, "e", file="b.csv")
    assert len(found.fixes) >= 1
    for problem in found.problems:
        assert problem.file == "b.csv"
        assert problem.row is not None
        assert problem.say("vi")
        assert problem.say("en")


TOLD = sorted(n for n, f in find_cases(roots()).items() if (f / "bulletins.csv").is_file())


@pytest.mark.parametrize("name", TOLD)
def test_every_shipped_case_is_read_whole(name):
    case = load_case(name, roots())
    found = read_bulletins(case.bulletins, case.spec.event, case.spec.averaging_s)
    rows = len(case.bulletins.read_text("utf-8").strip().splitlines()) - 1
    assert len(found.fixes) == rows
    assert all(p.severity == "warning" for p in found.problems)
