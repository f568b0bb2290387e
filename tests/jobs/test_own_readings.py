"""A user's own file of readings through the same chain, and what is said of the toy flood."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from haidang.base.errors import BadData, NotFound
from haidang.edge.store import Store
from haidang.jobs.desk import Desk
from haidang.jobs.desk_files import keep_as_desk
from haidang.jobs.explain import explain_place
from haidang.jobs.replay import Played, play
from haidang.jobs.review import review
from haidang.jobs.tables import tables
from haidang.jobs.tonight import own_file
from haidang.pack.case import load_case
from haidang.pack.load import Roots, roots

TOY = Path(__file__).parents[1] / "toy"
THREAT, COUNTRY = "flood", "xt"
HEAD = "indicator,place,start,value,published"
ROWS = (
    "stage,alba,2030-06-01T06:00-02:00,2.1,2030-06-01T06:00-02:00",
    "stage,alba,2030-06-01T18:00-02:00,3.2,2030-06-01T06:00-02:00",
    "stage,casa,2030-06-01T06:00-02:00,1.4,2030-06-01T06:00-02:00",
)


@pytest.fixture(scope="module")
def known() -> Roots:
    return roots([TOY])


@pytest.fixture(scope="module")
def flood(known: Roots, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(load_case("flood-2030", known), known, tmp_path_factory.mktemp("flood"))


def file_of(folder: Path, *rows: str, head: str = HEAD, name: str = "đêm nay.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([head, *rows]), "utf-8")
    return path


def levels(played: Played) -> dict[str, int]:
    with Store.open(played.database, check=False) as store:
        return {d.place: d.after for d in store.decisions()}


# ── a file of one's own ──────────────────────────────────────────────────────────────────────


def test_it_goes_through_the_chain_to_drafts(known, tmp_path):
    case = own_file(file_of(tmp_path, *ROWS), THREAT, COUNTRY, known, approve=False)
    assert (case.spec.id, case.spec.event) == ("dem-nay", "flood")
    assert case.spec.law_on.isoformat() == case.spec.places_on.isoformat() == "2030-06-01"
    played = play(case, known, tmp_path / case.spec.id)
    assert levels(played) == {"N": 2, "S": 0}
    with Store.open(played.database, check=False) as store:
        assert [d.place for d in store.pending()] == ["N"]
        assert store.messages() == ()


def test_scripted_officers_sign_only_what_was_whole(known, tmp_path):
    whole = own_file(file_of(tmp_path, *ROWS), THREAT, COUNTRY, known)
    assert [o.does for o in whole.spec.officers] == ["sign", "approve"]
    bad = file_of(tmp_path, *ROWS, "stage,alba,2030-06-01T06:00-02:00,high,2030-06-01T06:00-02:00")
    assert own_file(bad, THREAT, COUNTRY, known).spec.officers == ()


def test_wrong_columns_are_named_with_the_right_ones(known, tmp_path):
    path = file_of(tmp_path, "alba,2030-06-01T06:00-02:00,2.1", head="station,time,stage")
    with pytest.raises(BadData) as error:
        own_file(path, THREAT, COUNTRY, known)
    problem = error.value.problems[0]
    assert problem.code == "feed.columns_readings"
    assert "indicator, place, start, value, published" in problem.say("en")
    assert "dòng tiêu đề thiếu" in problem.say("vi")


def test_a_threat_that_is_not_there_is_answered_with_those_that_are(known, tmp_path):
    with pytest.raises(NotFound) as error:
        own_file(file_of(tmp_path, *ROWS), "quake", COUNTRY, known)
    assert "flood" in error.value.problems[0].say("en")


def test_counts_are_sent_to_the_command_that_takes_them(known, tmp_path):
    with pytest.raises(BadData) as error:
        own_file(file_of(tmp_path, *ROWS), "fever", COUNTRY, known)
    assert "haidang observe" in error.value.problems[0].say("en")


def test_the_folder_is_a_desk_that_takes_further_readings(known, tmp_path):
    wall = datetime.now(UTC)
    case = own_file(file_of(tmp_path, *ROWS), THREAT, COUNTRY, known, approve=False)
    folder = tmp_path / case.spec.id
    keep_as_desk(play(case, known, folder).folder, case, "", wall, read=True)
    desk = Desk.open(folder, known)
    try:
        assert desk.kind == "live"
        assert desk.at(None, wall).until
        more = "\n".join(
            [
                HEAD,
                *ROWS,  # came in before: passed over
                "stage,borgo,2030-06-01T06:00-02:00,3.3,2030-06-01T06:00-02:00",
                "stage,alba,2030-06-01T12:00-02:00,4.1,2030-06-01T12:00-02:00",
            ]
        ).encode()
        desk.add_bulletins(more, wall)
        decided = {d.place: d for d in desk.store.decisions()}
        assert decided["N"].after == 3
        with pytest.raises(BadData):
            desk.add_bulletins(more, wall)
        kept = desk.store.observations(datetime.max.replace(tzinfo=UTC), series=["flood/stage"])
        assert len(kept) == 5
    finally:
        desk.close()


# ── what is said of it ───────────────────────────────────────────────────────────────────────


def why(played: Played, place: str, at: str, language: str) -> list[str]:
    when = datetime.fromisoformat(f"2030-06-{at}:00-02:00")
    lines = explain_place(played.database, place, when, played.context.country, language)
    return [line.text for line in lines]


def test_grounds_name_the_gauge_the_reading_and_how_it_is_known(flood):
    told = why(flood, "N", "01T06:20", "en")
    assert told[1] == (
        "Stage, Alba (Alb river): 3.2 m, forecast, 18:00 on 01/06/2030. "
        "Level 2 by Article 2(2)(a), act9 (alarm: from alarm 2; ground: plain; basins: one)."
    )
    assert "first reading or forecast" in told[0]


def test_silence_is_told_by_name_in_both_languages(flood):
    assert "No news from Casa (Cas river): what" in why(flood, "S", "02T02:20", "en")[1]
    told = why(flood, "S", "02T02:20", "vi")
    assert "Không có tin từ Casa (sông Cas)" in told[1]
    assert "gió" not in " ".join(told)


def test_the_tables_have_columns_of_readings(flood):
    found = tables(flood).levels
    assert not [c for c in found.columns if c.startswith(("wind", "force"))]
    row = found[(found["place"] == "N") & (found["level"] == 2)].iloc[0]
    assert (row["indicator"], row["subject"], row["reading"]) == ("stage", "alba", 3.2)
    assert (row["unit"], row["known"]) == ("m", "forecast")
    assert row["bulletin"].isoformat() == "2030-06-01T06:00:00-02:00"
    silent = found[found["place"] == "S"].iloc[-1]
    assert silent["silent"] == "casa"


def test_the_review_says_what_a_flood_has_not(flood):
    book = review(flood)
    assert book.timeline
    assert book.handling
    absent = {a.part: a.reason for a in book.absent}
    assert absent["leads"] == absent["winds"] == "absent_readings"
    assert absent["announced"] == "absent_no_announced"
