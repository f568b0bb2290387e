"""A user's own file of bulletins through the same chain."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from haidang.base.errors import BadData
from haidang.edge.store import Store
from haidang.jobs import replay
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
    ("name", "called"), [("Bão số 9", "bao-so-9"), ("ĐAMREY!", "damrey"), ("số 10", "so-10")]
)
def test_the_name_becomes_a_folder(tmp_path, name, called):
    case = tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY, name)
    assert case.spec.id == case.spec.event == called


@pytest.mark.parametrize(
    ("name", "code"),
    [("???", "cli.no_letters"), ("台风", "cli.no_letters"), ("b" * 25, "cli.long_name")],
)
def test_a_name_that_no_notice_could_carry_is_refused_with_the_remedy(tmp_path, name, code):
    with pytest.raises(BadData) as error:
        tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY, name)
    assert codes(error.value) == [(code, None, "--name")]
    assert "--name" in error.value.problems[0].say("vi").split(": ", 1)[1]
    with pytest.raises(BadData):
        tonight(file_of(tmp_path, *ROWS, name=f"{name}.csv"), THREAT, COUNTRY)


def test_the_longest_name_is_taken(tmp_path):
    assert tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY, "b" * 24).spec.id == "b" * 24


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
    assert case.spec.officers == ()  # nobody approves what was read by half, unless they say so
    assert tonight(case.bulletins, THREAT, COUNTRY, approve=True).spec.officers
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
        assert "Quả thử" in alert.infos[0].headline
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
    other = tonight(file_of(tmp_path, ROWS[0].replace("155", "60"), ROWS[2]), THREAT, COUNTRY)
    with pytest.raises(BadData) as error:
        play(other, known, tmp_path / "out")
    assert error.value.problems[0].code == "store.other_content"


CLOSE = (
    "2030-09-11T06:10Z,2030-09-11T06:10Z,11.2,-33.0,60,analysis,",
    "2030-09-11T06:15Z,2030-09-11T06:15Z,11.2,-37.9,250,analysis,",
)
"""Come in before the officers (10 and 22 minutes) have approved what was drafted at 06:00."""


def ledger_of(folder: Path) -> list[tuple[object, str]]:
    with Store.open(folder / "haidang.db") as store:
        assert store.verify() == ()
        return [(e.at, e.kind) for e in store.ledger()]


def test_bulletins_closer_than_the_officers(tmp_path, known):
    case = tonight(file_of(tmp_path, *ROWS, *CLOSE), THREAT, COUNTRY)
    played = play(case, known, tmp_path / "out")
    assert len(played.steps) == 4
    entries = ledger_of(tmp_path / "out")
    assert [at for at, _ in entries] == sorted(at for at, _ in entries)
    kinds = [kind for _, kind in entries]
    assert "superseded" in kinds
    assert kinds.count("approval") == kinds.count("message") >= 3
    with Store.open(played.database) as store:
        gone = {json.loads(e.body)["draft"] for e in store.ledger() if e.kind == "superseded"}
        assert not gone & {m.draft for m in store.messages()}
        assert store.pending() == ()
    play(case, known, tmp_path / "out")
    assert ledger_of(tmp_path / "out") == entries


def test_interrupted_after_any_act_it_ends_at_the_same_head(tmp_path, known, monkeypatch):
    case = tonight(file_of(tmp_path, *ROWS, *CLOSE), THREAT, COUNTRY)
    whole = play(case, known, tmp_path / "whole")
    with Store.open(whole.database) as store:
        head = store.head()
    acted = replay._do
    left = 1

    def interrupted(*arguments: object) -> None:
        nonlocal left
        acted(*arguments)
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(replay, "_do", interrupted)
    stops = 0
    for number in range(100):
        left = 1 + number  # acts done before are gone through again
        try:
            played = play(case, known, tmp_path / "out")
        except KeyboardInterrupt:
            stops += 1
        else:
            break
    assert stops > 5
    with Store.open(played.database) as store:
        assert store.head() == head


def refused(case: Case, known, folder: Path) -> list[tuple[str, int | None, str]]:
    before = ledger_of(folder)
    with Store.open(folder / "haidang.db") as store:
        kept = store.deliveries("")
    with pytest.raises(BadData) as error:
        play(case, known, folder)
    with Store.open(folder / "haidang.db") as store:
        assert store.deliveries("") == kept
    assert ledger_of(folder) == before
    assert "--out" in error.value.say("vi")
    assert "--out" in error.value.say("en")
    return codes(error.value)


def test_another_storm_does_not_mix_into_the_same_folder(tmp_path, known):
    play(tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY), known, tmp_path / "out")
    other = "2030-09-20T00:00Z,2030-09-20T00:00Z,12.0,-33.0,60,analysis,"
    case = tonight(file_of(tmp_path, other), THREAT, COUNTRY)
    assert refused(case, known, tmp_path / "out") == [("replay.other_bulletins", None, "issued")]
    # Further bulletins of the same event go on where it stopped.
    more = tonight(file_of(tmp_path, *ROWS, ROWS[2].replace("T06", "T12")), THREAT, COUNTRY)
    assert len(play(more, known, tmp_path / "out").steps) == 3


@pytest.mark.parametrize("late", ["T03:00", "T06:10"])
def test_a_bulletin_that_comes_in_too_late_is_refused(tmp_path, known, late):
    play(tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY), known, tmp_path / "out")
    case = tonight(file_of(tmp_path, *ROWS, ROWS[2].replace("T06:00", late)), THREAT, COUNTRY)
    assert refused(case, known, tmp_path / "out") == [("replay.late", None, "issued")]
    assert len(play(case, known, tmp_path / "fresh").steps) == 3


def test_another_status_is_not_answered_with_the_old_result(tmp_path, known):
    play(tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY), known, tmp_path / "out")
    case = tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY, status="Test")
    assert refused(case, known, tmp_path / "out") == [("replay.other_pack", None, "--out")]


def test_another_pack_is_not_answered_with_the_old_result(tmp_path, known, monkeypatch):
    case = tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY)
    play(case, known, tmp_path / "out")
    context = replay.prepare(case, known)
    changed = replace(context, pack=replace(context.pack, fingerprint="0" * 64))
    monkeypatch.setattr(replay, "prepare", lambda *_: changed)
    assert refused(case, known, tmp_path / "out") == [("replay.other_pack", None, "--out")]


def test_a_message_whose_file_is_gone_is_written_again(tmp_path, known):
    case = tonight(file_of(tmp_path, *ROWS), THREAT, COUNTRY)
    play(case, known, tmp_path / "out")
    files = {p: p.read_bytes() for p in (tmp_path / "out" / "cap").iterdir()}
    next(iter(files)).unlink()
    entries = ledger_of(tmp_path / "out")
    play(case, known, tmp_path / "out")
    assert {p: p.read_bytes() for p in (tmp_path / "out" / "cap").iterdir()} == files
    assert ledger_of(tmp_path / "out") == entries
