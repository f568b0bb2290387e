"""A user's own file of bulletins through the same chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from haidang.base.errors import BadData
from haidang.edge.store import Store
from haidang.jobs.replay import play
from haidang.jobs.tables import tables
from haidang.jobs.tonight import PERIODS, tonight
from haidang.pack.case import Case
from haidang.warn.cap import parse

THREAT, COUNTRY = "storm", "xt"
HEAD = "issued,valid,lat,lon,wind_kmh,kind,note"
ROWS = (
    "2030-09-11T00:00Z,2030-09-11T00:00Z,11.2,-37.0,155,analysis,",
    "2030-09-11T00:00Z,2030-09-11T12:00Z,11.3,-38.5,190,forecast,",
    "2030-09-11T06:00Z,2030-09-11T06:00Z,11.2,-37.8,200,analysis,",
)


def file_of(folder: Path, *rows: str, head: str = HEAD, name: str = "tối nay.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([head, *rows]), "utf-8")
    return path


def codes(error: BadData) -> list[tuple[str, int | None, str]]:
    return [(p.code, p.row, p.field) for p in error.problems]


def test_a_case_is_made_of_the_file(tmp_path):
    case = tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY)
    assert isinstance(case, Case)
    assert (case.spec.id, case.spec.event) == ("toi-nay", "toi-nay")
    # Law and places of the day of the newest bulletin.
    assert case.spec.law_on.isoformat() == case.spec.places_on.isoformat() == "2030-09-11"
    assert (case.spec.status, case.spec.averaging_s) == ("Exercise", 600)
    assert case.truth() is None
    assert case.announced() is None
    sign, approve = case.spec.officers
    assert (sign.does, approve.does) == ("sign", "approve")
    assert sign.actor != approve.actor


@pytest.mark.parametrize(
    ("name", "called"), [("Bão số 9", "bao-so-9"), ("ĐAMREY!", "damrey"), ("???", "event")]
)
def test_the_name_becomes_a_folder(tmp_path, name, called):
    case = tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY, name)
    assert case.spec.id == case.spec.event == called


@pytest.mark.parametrize("status", ["Actual", "System", "Draft", "exercise", ""])
def test_nothing_goes_out_as_the_real_thing(tmp_path, status):
    with pytest.raises(BadData) as error:
        tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY, status=status)
    assert codes(error.value) == [("cli.bad_status", None, "--status")]
    assert "Exercise" in str(error.value)


@pytest.mark.parametrize("period", [0, 3, 30, 599, 3600, -60])
def test_an_averaging_period_that_nobody_uses_is_refused(tmp_path, period):
    with pytest.raises(BadData) as error:
        tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY, averaging_s=period)
    assert codes(error.value) == [("cli.bad_averaging", None, "--averaging")]
    assert str(period) in error.value.say("vi")


@pytest.mark.parametrize("period", PERIODS)
def test_the_averaging_period_is_taken_over(tmp_path, period):
    assert tonight(
        file_of(tmp_path, *ROWS), THREAT, COUNTRY, averaging_s=period
    ).spec.averaging_s == (period)


@pytest.mark.parametrize(
    ("head", "rows", "code"),
    [
        (HEAD, (), "feed.empty"),
        (HEAD, ("tomorrow,x,1,2,3,analysis,",), "feed.empty"),
        ("issued,valid,lat,lon,wind_kmh", ROWS, "feed.columns"),
        ("issued,valid,lat,lon,kind,colour", ROWS, "feed.no_strength"),
    ],
)
def test_a_file_without_a_good_row_is_refused(tmp_path, head, rows, code):
    with pytest.raises(BadData) as error:
        tonight(file_of(tmp_path, *rows, head=head), THREAT, COUNTRY)
    assert error.value.problems[-1].code == code
    assert error.value.problems[-1].file == "tối nay.csv"


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadData) as error:
        tonight(tmp_path / "none.csv", THREAT, COUNTRY)
    assert "none.csv" in str(error.value)


def test_bad_rows_are_named_and_the_good_ones_played(tmp_path, known):
    bad = (
        "2030-09-11T06:00Z,2030-09-11T18:00Z,113,-39.5,200,forecast,latitude",
        "2030-09-11T06:00Z,2030-09-11T03:00Z,11.3,-39.5,200,forecast,past",
        "2030-09-11T06:00Z,2030-09-11T18:00Z,11.3,-39.5,,forecast,no wind",
        "2030-09-11 06:00,2030-09-11T18:00Z,11.3,-39.5,200,forecast,no zone",
        "2030-09-11T06:00Z,2030-09-11T06:00Z,11.9,-37.8,200,analysis,twice",
    )
    case = tonight(file_of(tmp_path, *ROWS, *bad), THREAT, COUNTRY)
    played = play(case, known, tmp_path / "out")
    assert [(p.row, p.field) for p in played.problems] == [
        (5, "lat"),
        (6, "valid"),
        (7, "wind"),
        (8, "issued"),
        (9, "valid"),
    ]
    assert all(p.severity == "error" and p.file == "tối nay.csv" for p in played.problems)
    assert all(p.say("vi") != p.say("en") for p in played.problems)
    assert sum(len(s.fixes) for s in played.steps) == len(ROWS)
    assert set(tables(played).levels["level"]) >= {2, 3}


def test_what_is_filled_is_said_and_kept(tmp_path, known):
    rows = ("2030-09-11T00:00Z,2030-09-11T00:00Z,11.2,-37.0,,950,analysis",)
    head = "issued,valid,lat,lon,wind_kmh,pressure_hpa,kind"
    played = play(
        tonight(file_of(tmp_path, *rows, head=head), THREAT, COUNTRY), known, tmp_path / "o"
    )
    assert [(p.code, p.severity) for p in played.problems] == [("feed.no_wind", "warning")]
    assert (tables(played).levels["level"] > 0).any()


def test_a_test_says_so_in_every_message(tmp_path, known):
    case = tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY, "Quả thử", "Test")
    played = play(case, known, tmp_path / "out")
    files = list((tmp_path / "out" / "cap").glob("*.xml"))
    assert len(files) >= 3
    for path in files:
        alert = parse(path.read_bytes())
        assert alert.status == "Test"
        assert alert.sender.endswith(".invalid")
        assert alert.infos[0].headline.startswith("TEST.")
        assert "Qua Thu" in alert.infos[0].headline
    with Store.open(played.database) as store:
        assert store.verify() == ()


def test_without_officers_every_draft_waits_and_nothing_is_sent(tmp_path, known):
    case = tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY, approve=False)
    assert case.spec.officers == ()
    played = play(case, known, tmp_path / "out")
    with Store.open(played.database) as store:
        waiting = store.pending()
        assert {d.place for d in waiting} == {"N", "S", "sea-toy-east"}
        assert store.messages() == ()
        assert store.attempts() == ()
        assert store.verify() == ()
    assert not list((tmp_path / "out").rglob("*.xml"))
    warnings = tables(played).warnings
    assert warnings["sent"].isna().all()
    assert set(warnings["identifier"]) == {""}
    # Playing on does not lose or double them.
    again = play(case, known, tmp_path / "out")
    with Store.open(again.database) as store:
        assert store.pending() == waiting


def test_another_file_under_the_same_name_is_refused(tmp_path, known):
    play(tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY), known, tmp_path / "out")
    other = tonight(file_of(tmp_path, ROWS[0].replace("155", "60")), THREAT, COUNTRY)
    with pytest.raises(BadData) as error:
        play(other, known, tmp_path / "out")
    assert error.value.problems[0].code == "store.other_content"
