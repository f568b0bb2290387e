"""Why this level, and why was I not told? Every link of the chain in a sentence."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from haidang.base.errors import BadData, NotFound
from haidang.edge.store import Store
from haidang.jobs.explain import databases, explain, explain_place
from haidang.jobs.replay import Played, play
from haidang.pack.case import load_case

STAGES = (
    "receipt", "fix", "run", "assessment", "decision", "draft", "draft_event", "message",
    "outbox", "attempt",
)  # fmt: skip


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2030-09-{text}").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def first_message(toy: Played):
    with Store.open(toy.database, check=False) as store:
        return store.messages()[0]


@pytest.fixture(scope="module")
def silent(known, tmp_path_factory) -> Played:
    """The toy's event, whose source falls silent instead of ending it."""
    folder = tmp_path_factory.mktemp("silent")
    case = load_case("toy-2030", known)
    rows = case.bulletins.read_text("utf-8").splitlines()
    bulletins = folder / "bulletins.csv"
    bulletins.write_text("\n".join(r for r in rows if ",ended," not in r), "utf-8")
    ticks = [at(t) for t in ("12T08:00", "12T16:00", "12T19:00", "13T19:00")]
    spec = case.spec.model_copy(update={"ticks": tuple(ticks), "officers": ()})
    return play(replace(case, spec=spec, bulletins=bulletins), known, folder)


def why(played: Played, place: str, when: datetime, language: str = "en") -> str:
    lines = explain_place(played.database, place, when, played.context.country, language)
    assert lines[0].stage == "decision"
    return lines[0].text


# ── by id ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_link_of_a_message_in_order(toy, first_message, language):
    lines = explain([toy.database], first_message.identifier, toy.context.country, language)
    stages = [line.stage for line in lines]
    assert tuple(dict.fromkeys(stages)) == STAGES
    assert all(line.at.utcoffset() == timedelta(hours=-2) for line in lines)
    assert all(line.text and "{" not in line.text and line.id for line in lines)


def test_each_link_says_it_in_the_language_asked_for(toy, first_message):
    one, other = (
        explain([toy.database], first_message.identifier, toy.context.country, language)
        for language in ("en", "vi")
    )
    assert [a.id for a in one] == [b.id for b in other]
    assert [a.stage for a, b in zip(one, other, strict=True) if a.text == b.text] == []


def test_what_the_sentences_say(toy, first_message):
    lines = explain([toy.database], first_message.identifier, toy.context.country, "en")
    text = {line.stage: line.text for line in reversed(lines)}
    assert "published 09/09/2030 22:00 (-02), received 09/09/2030 22:10 (-02)" in text["receipt"]
    assert text["fix"].startswith("Analysed position for 09/09/2030 22:00 (-02): 11.2 N, -31.5 E")
    assert "wind 25 to 25 m/s" in text["fix"]
    assert "Level 2 by Article 3(2)(a), act7 (wind=" in text["assessment"]
    assert text["decision"].startswith("North Toyland rises from level 0 to level 2.")
    assert "(first notice): EXERCISE." in text["draft"]
    assert "level 2, valid until" in text["message"]
    assert text["attempt"] == "Delivered."
    acts = [line.text for line in lines if line.stage == "draft_event"]
    assert [a.split(": ")[-1] for a in acts] == [
        "drew up the draft.",
        "read it and signed for its words.",
        "approved it.",
    ]
    assert "aaaaaaaa" in acts[1]
    assert "bbbbbbbb" in acts[2]


def test_all_ids_of_a_chain_lead_to_it(toy, first_message):
    country = toy.context.country
    for line in explain([toy.database], first_message.identifier, country, "en"):
        if line.stage in {"receipt", "run", "assessment", "decision", "draft", "message", "outbox"}:
            again = explain([toy.database], line.id, country, "en")
            assert line in again, line.stage


def test_the_beginning_of_an_id_will_do(toy, first_message):
    country = toy.context.country
    short = explain([toy.database], first_message.draft[:12], country, "en")
    assert short == explain([toy.database], first_message.draft, country, "en")


def test_a_beginning_that_fits_several_lists_them(toy):
    with pytest.raises(BadData) as error:
        explain([toy.database], "xt", toy.context.country, "en")
    assert error.value.problems[0].code == "store.ambiguous"
    assert "message xt-" in str(error.value)


@pytest.mark.parametrize("name", ["zzzz", "' or 1=1 --", "%", "_"])
def test_an_unknown_id_says_where_was_looked(toy, name):
    with pytest.raises(NotFound) as error:
        explain([toy.database], name, toy.context.country, "en")
    assert error.value.problems[0].code == "explain.no_id"
    assert "toy-2030" in str(error.value)
    with pytest.raises(NotFound):
        explain([], "zzzz", toy.context.country, "en")


def test_the_store_that_knows_it_answers(toy, silent):
    with Store.open(silent.database, check=False) as store:
        draft = store.drafts()[-1].id
    lines = explain([toy.database, silent.database], draft, toy.context.country, "en")
    assert {line.id for line in lines} >= {draft}


def test_stores_are_found_newest_first(tmp_path):
    assert databases(tmp_path / "none") == ()
    for number, name in enumerate(("old", "new")):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "haidang.db"
        path.touch()
        os.utime(path, (number, number))
    assert [p.parent.name for p in databases(tmp_path)] == ["new", "old"]


# ── by place ─────────────────────────────────────────────────────────────────────────────────


def test_before_anything_was_decided(toy):
    with pytest.raises(NotFound) as error:
        explain_place(toy.database, "N", at("09T23:59"), toy.context.country, "en")
    assert "North Toyland by 09/09/2030 21:59 (-02)" in str(error.value)
    with pytest.raises(NotFound):
        explain_place(toy.database, "nowhere", at("20T00:00"), toy.context.country, "en")


def test_why_was_i_not_told_before_anybody_approved(toy):
    # Decided at 00:10 UTC, signed at 00:15, approved at 00:19.
    lines = explain_place(toy.database, "N", at("10T00:15"), toy.context.country, "en")
    assert [line.stage for line in lines] == ["decision", "assessment", "message"]
    assert lines[2].text.startswith("No notice had gone out to North Toyland by then")
    later = explain_place(toy.database, "N", at("10T00:19"), toy.context.country, "en")
    assert later[:2] == lines[:2]
    assert later[2].text.startswith("EXERCISE.")
    assert later[2].id.startswith("xt-")


def test_after_everything(toy):
    lines = explain_place(toy.database, "N", at("30T00:00"), toy.context.country, "en")
    assert "because the source says that the event is over" in lines[0].text
    assert "the intensity is below the article" in lines[1].text
    told = lines[2:]
    assert len(told) == 3
    assert "has ended" in told[-1].text
    assert [line.at for line in told] == sorted(line.at for line in told)


@pytest.mark.parametrize(
    ("when", "en", "vi"),
    [
        ("11T00:10", "rises from level 2 to level 3", "tăng từ cấp độ 2 lên cấp độ 3"),
        ("11T12:10", "stays at level 3. The newest data confirm it.", "giữ nguyên cấp độ 3"),
        (
            "12T06:10",
            "give only level 2, but a level falls only after 6 hours of lower data; they are lower "
            "since 12/09/2030 04:10 (-02)",
            "thấp hơn từ 12/09/2030 04:10 (-02)",
        ),
        # A later look: since when it is quieter does not move with the clock.
        ("12T08:00", "lower since 12/09/2030 04:10 (-02)", "thấp hơn từ 12/09/2030 04:10 (-02)"),
        ("12T16:00", "falls from level 3 to level 2", "hạ từ cấp độ 3 xuống cấp độ 2"),
        (
            "12T19:00",
            "Level 2 is held: silence never lowers a level. Not confirmed since 12/09/2030 14:00",
            "Chưa được xác nhận từ 12/09/2030 14:00 (-02)",
        ),
        (
            "13T19:00",
            "no data for North Toyland since 12/09/2030 14:00 (-02), longer than 24 hours",
            "từ 12/09/2030 14:00 (-02), quá 24 giờ",
        ),
    ],
)
def test_every_reason_with_its_times(silent, when, en, vi):
    assert en in why(silent, "N", at(when))
    assert vi in why(silent, "N", at(when), "vi")


def test_no_data_is_no_calm(silent):
    lines = explain_place(silent.database, "N", at("13T19:00"), silent.context.country, "en")
    assert lines[1].text == "The law gives no level: there are no data."


def test_places_have_their_own_names(yagi):
    when = datetime(2024, 9, 7, 0, 0, tzinfo=UTC)
    assert "Quảng Ninh" in why(yagi, "22", when, "vi")
    assert "Quang Ninh" in why(yagi, "22", when, "en")


def test_no_store_is_touched_by_asking(toy, first_message):
    before = Path(toy.database).read_bytes()
    explain([toy.database], first_message.identifier, toy.context.country, "en")
    assert Path(toy.database).read_bytes() == before
