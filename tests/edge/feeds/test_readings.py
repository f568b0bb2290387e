"""Readings from a file: good rows are kept, bad ones are named with what to do."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from haidang.base.errors import BadData
from haidang.edge.feeds.readings import read_readings
from haidang.watch.spec import Reading, ReadingsWatch

BASE = {"title": {"en": "x"}, "unit": {"en": "m"}, "stale_after_h": 12}
WATCH = ReadingsWatch(
    kind="readings",
    indicators={
        "stage": Reading(**BASE, at="station", domain=(-5, 50)),
        "scope": Reading(**BASE, at="area", values=("under_half", "half_or_more")),
        "magnitude": Reading(**BASE, at="event"),
    },
    source="test",
)
KNOWN = {"station": {"alba"}, "area": {"01"}}
HEAD = "indicator,place,start,value,published\n"
NOON = "2030-06-01T12:00+07:00"


def read(tmp_path: Path, *rows: str, head: str = HEAD, **others):
    path = tmp_path / "r.csv"
    path.write_text(head + "".join(f"{r}\n" for r in rows), "utf-8")
    return read_readings(path, "flood", WATCH, KNOWN, **others)


def test_rows_become_reports_of_their_series(tmp_path):
    found = read(
        tmp_path,
        f"stage,alba,{NOON},2.5,{NOON}",
        f"scope,01,{NOON},half_or_more,{NOON}",
        f"magnitude,kon-plong-2024,{NOON},5.0,{NOON}",
        f"stage,alba,{NOON},,{NOON}",
    )
    assert found.problems == ()
    assert [(r.series, r.place, r.value) for r in found.reports] == [
        ("flood/stage", "alba", 2.5),
        ("flood/scope", "01", 2.0),
        ("flood/magnitude", "kon-plong-2024", 5.0),
        ("flood/stage", "alba", None),
    ]
    assert found.reports[0].published == datetime.fromisoformat(NOON)


@pytest.mark.parametrize(
    ("row", "code", "field", "says"),
    [
        (f"level,alba,{NOON},2.5,{NOON}", "no_indicator", "indicator", "stage"),
        (f"stage,borgo,{NOON},2.5,{NOON}", "no_place", "place", "borgo"),
        (f"scope,99,{NOON},1,{NOON}", "no_place", "place", "99"),
        (f"magnitude,Big One,{NOON},5,{NOON}", "event_name", "place", "Big One"),
        (f"stage,alba,2030-06-01T12:00,2.5,{NOON}", "zone", "start", "2030-06-01T12:00"),
        (f"stage,alba,{NOON},2.5,yesterday", "zone", "published", "yesterday"),
        (f'stage,alba,{NOON},"2,5",{NOON}', "decimal_comma", "value", "2,5"),
        (f"stage,alba,{NOON},high,{NOON}", "not_number", "value", "high"),
        (f"stage,alba,{NOON},nan,{NOON}", "not_number", "value", "nan"),
        (f"stage,alba,{NOON},1180,{NOON}", "outside", "value", "between -5 and 50"),
        (f"scope,01,{NOON},3,{NOON}", "no_value", "value", "half_or_more"),
        (f"scope,01,{NOON},most,{NOON}", "not_number", "value", "most"),
    ],
)
def test_a_bad_row_is_named_and_the_good_one_kept(tmp_path, row, code, field, says):
    found = read(tmp_path, row, f"stage,alba,{NOON},2.5,{NOON}")
    assert [r.value for r in found.reports] == [2.5]
    (problem,) = found.problems
    assert (problem.code, problem.field, problem.row) == (f"feed.{code}", field, 2)
    assert says in problem.say("en")
    assert says.replace("between -5 and 50", "-5 đến 50") in problem.say("vi")


def test_nought_is_none_of_the_categories(tmp_path):
    assert read(tmp_path, f"scope,01,{NOON},0,{NOON}").reports[0].value == 0


def test_a_file_of_one_indicator_said_at_one_time_needs_neither_column(tmp_path):
    at = datetime.fromisoformat(NOON)
    found = read(
        tmp_path, f"alba,{NOON},2.5", head="place,start,value\n", indicator="stage", published=at
    )
    assert (found.reports[0].series, found.reports[0].published) == ("flood/stage", at)


def test_a_file_without_a_column_or_a_usable_row_is_refused(tmp_path):
    with pytest.raises(BadData) as told:
        read(tmp_path, f"alba,{NOON},2.5", head="place,start,value\n")
    assert "indicator, published" in told.value.problems[0].say("en")
    with pytest.raises(BadData) as told:
        read(tmp_path, f"stage,borgo,{NOON},2.5,{NOON}")
    assert [p.code for p in told.value.problems] == ["feed.no_place", "watch.empty"]
