"""The warning desk: two people, one draft, and everything that may go wrong between them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from haidang.warn.cap import parse
from haidang.warn.message import moment
from haidang.web.pages.notices import versions, waiting
from haidang.web.pages.warning_checks import checks, gone_by, preview
from haidang.web.speak import Speaker
from web.toydesk import Room, open_room

LANGUAGES = ("vi", "en")
HOUR = timedelta(hours=1)
LATIN = re.compile(r"[^\W\d_]")


@pytest.fixture
def room(tmp_path) -> Iterator[Room]:
    found = open_room(tmp_path)
    yield found
    found.close()


def said(answer) -> str:
    """The text that a reader sees."""
    text = answer if isinstance(answer, str) else answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def texts_of(draft, **changed: str) -> dict[str, str]:
    fields = {}
    for text in draft.texts:
        for part in ("headline", "description", "instruction"):
            fields[f"{part}_{text.language}"] = getattr(text, part)
    return {**fields, "do": "save", **changed}


def moved(answer) -> str:
    assert answer.status_code == 303, said(answer)
    return answer.headers["location"]


def test_the_list_begins_with_what_waits_its_due_time_before_its_countdown(room):
    page = said(room.person().get(f"{room.base}/warnings"))
    draft = room.waiting()
    due = room.desk.context.local(draft.due)
    at = page.index(f"{due:%d/%m %H:%M}")
    assert at < page.index("còn ", at)
    assert page.index("Đang chờ người xử lý") < page.index("Đang hiệu lực") < page.index("Đã xử lý")


def test_what_is_late_is_said_late(room):
    room.wall.pass_(minutes=42)
    assert "quá hạn 1" in said(room.person().get(f"{room.base}/warnings"))


def test_from_draft_to_message_two_people(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    editor, lead = room.person(), room.person("shift_lead")
    assert "said=signed" in moved(editor.send(f"{here}/sign", here))
    page = said(lead.get(here))
    assert "Anh/chị duyệt với tư cách người thứ hai" in page
    assert "said=approved" in moved(lead.send(f"{here}/approve", here))
    (message,) = room.desk.store.chain_messages(draft.chain)
    assert message.draft == draft.id
    assert message.body in [p.read_bytes() for p in (room.desk.folder / "cap").iterdir()]
    assert "đã duyệt và phát" in said(lead.get(here))


def test_whoever_signed_is_refused_as_approver(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    editor = room.person()
    page = editor.get(here)
    assert "/approve" not in page  # there is no such button …
    moved(editor.send(f"{here}/sign", here))
    answer = editor.send(f"{here}/approve", here)  # … but a form can be made up
    assert answer.status_code == 409
    assert "Anh/chị đã ký lời tin này nên không thể duyệt. Chưa phát gì." in said(answer)
    assert room.desk.store.chain_messages(draft.chain) == ()


def test_nobody_approves_what_nobody_signed(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    answer = room.person("shift_lead").send(f"{here}/approve", here)
    assert answer.status_code == 409
    assert room.desk.store.chain_messages(draft.chain) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_outdated_draft_is_not_approved_and_the_difference_is_shown(room, language):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    editor, lead = room.person(), room.person("shift_lead", language)
    moved(editor.send(f"{here}/sign", here))
    proof = lead.proof(here)  # the page is open before somebody edits
    line = draft.texts[0].instruction + "\nStay off the roads from five in the morning."
    fields = texts_of(draft, instruction_en=line)
    newer = moved(editor.send(f"{here}/edit", f"{here}/edit", **fields)).split("?")[0]
    answer = lead.post(f"{here}/approve", proof)
    assert answer.status_code == 409
    assert "<ins>" in answer.text
    assert "Stay off the roads from five in the morning." in said(answer)
    assert newer in answer.text
    start = {
        "vi": "Chưa phát gì. Trong lúc anh/chị xem bản 1, bản 2 đã thay.",
        "en": "Nothing was sent. While you looked at version 1, version 2 took its place.",
    }
    assert start[language] in said(answer)
    assert room.desk.store.chain_messages(draft.chain) == ()


def test_two_browsers_edit_one_draft_and_nothing_typed_is_lost(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    one, other = room.person(), room.person("shift_lead")
    first, second = one.proof(f"{here}/edit"), other.proof(f"{here}/edit")
    mine = draft.texts[0].instruction + "\nTie down the boats."
    yours = draft.texts[0].instruction + "\nFill the bath with water."
    newest = moved(one.post(f"{here}/edit", {**first, **texts_of(draft, instruction_en=mine)}))
    answer = other.post(f"{here}/edit", {**second, **texts_of(draft, instruction_en=yours)})
    assert answer.status_code == 409
    assert "Chưa lưu, và nội dung đã gõ vẫn còn nguyên." in said(answer)
    assert "Tie down the boats." in said(answer)
    typed = re.search(r'name="instruction_en"[^>]*>\n(.*?)</textarea>', answer.text, re.S)
    assert html.unescape(typed[1]) == yours
    # What was typed can be saved on top, from that very page.
    action = re.search(r'<form method="post" action="([^"]+/edit)"', answer.text)[1]
    assert action == newest.split("?")[0] + "/edit"
    proof = {n: re.findall(f'name="{n}" value="([^"]+)"', answer.text)[-1] for n in ("csrf", "key")}
    final = moved(other.post(action, {**proof, **texts_of(draft, instruction_en=yours)}))
    kept = room.desk.store.draft(final.split("?")[0].rsplit("/", 1)[1])
    assert kept.version == 3
    assert kept.texts[0].instruction == yours


def test_a_form_sent_twice_is_done_once(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    editor, lead = room.person(), room.person("shift_lead")
    moved(editor.send(f"{here}/sign", here))
    proof = lead.proof(here)
    first, second = (lead.post(f"{here}/approve", proof) for _ in range(2))
    assert moved(first) == moved(second)
    assert len(room.desk.store.chain_messages(draft.chain)) == 1
    edits = editor.proof(f"{room.base}/warnings/{room.waiting('S').id}/edit")
    other = room.waiting("S")
    fields = {**edits, **texts_of(other, instruction_en="Go inside.")}
    path = f"{room.base}/warnings/{other.id}/edit"
    assert moved(editor.post(path, fields)) == moved(editor.post(path, fields))
    assert room.waiting("S").version == 2


def test_what_cannot_be_saved_names_the_field_and_keeps_what_was_typed(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}/edit"
    editor = room.person()
    long = "EXERCISE " + "x" * 160
    answer = editor.send(here, here, **texts_of(draft, headline_en=long, description_fr=""))
    assert answer.status_code == 409
    assert long in answer.text
    assert "169" in said(answer)
    assert 'aria-invalid="true"' in answer.text
    assert room.waiting().version == 1


def test_an_exercise_stays_marked_as_one(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}/edit"
    answer = room.person().send(here, here, **texts_of(draft, headline_en="Level 5 now!"))
    assert answer.status_code == 409
    assert "Level 5 now!" in answer.text
    assert room.waiting().version == 1


def test_checking_saves_nothing_and_shows_long_sentences(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}/edit"
    fields = texts_of(draft, instruction_en="Go " + "far " * 30 + "away.", do="check")
    answer = room.person().send(here, here, **fields)
    assert answer.status_code == 200
    assert "32" in said(answer)
    assert room.waiting().version == 1


def test_a_draft_is_refused_only_with_a_reason(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    lead = room.person("shift_lead")
    answer = lead.send(f"{here}/refuse", here, note="  ")
    assert answer.status_code == 409
    assert "Chưa trả lại: hãy ghi lý do" in said(answer)
    assert "said=refused" in moved(lead.send(f"{here}/refuse", here, note="Sai tên đảo."))
    assert "Sai tên đảo." in said(lead.get(here))
    assert not room.desk.store.draft_state(draft.id).pending


def test_the_glass_is_broken_only_knowingly_and_is_marked(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    editor = room.person()
    moved(editor.send(f"{here}/sign", here))
    assert editor.send(f"{here}/alone", here).status_code == 409
    assert room.desk.store.chain_messages(draft.chain) == ()
    assert "said=glass" in moved(editor.send(f"{here}/alone", here, sure="yes"))
    assert len(room.desk.store.chain_messages(draft.chain)) == 1
    assert "phát khẩn, không chờ người thứ hai" in said(editor.get(here))
    assert "phát khẩn, một người quyết định" in said(editor.get(f"{room.base}/warnings"))


def test_the_xml_that_is_shown_is_what_a_receiver_reads(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    answer = room.person().client.get(f"{here}/xml?save=1")
    assert answer.headers["content-type"].startswith("application/cap+xml")
    assert parse(answer.content).infos[0].headline == draft.texts[0].headline
    assert room.desk.store.messages() == ()


def test_after_the_next_bulletin_the_words_are_compared_with_those_in_force(tmp_path):
    room = open_room(tmp_path, steps=2)
    draft = room.waiting()
    page = room.person().get(f"{room.base}/warnings/{draft.id}")
    assert "Lời cảnh báo: đang hiệu lực và bản nháp này" in page
    assert "<del>" in page
    assert "Tham chiếu đủ 1 tin trước" in page
    room.close()


def test_an_unknown_draft_is_said_to_be_unknown(room):
    room.person().get(f"{room.base}/warnings/nothing", 404)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_speaks_both_languages_without_a_bare_word_for_level(room, language):
    person = room.person(language=language)
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    for path in (f"{room.base}/warnings", here, f"{here}/edit", f"{here}/xml"):
        page = person.get(path)
        assert f'<html lang="{language}">' in page
        assert "style=" not in page.replace("stylesheet", "")
        assert not re.search(r" on[a-z]+=", page)


def test_hours_that_have_passed_and_a_newer_bulletin_are_to_be_looked_at(room):
    draft, context = room.waiting(), room.desk.context
    begins = draft.at.replace(minute=0, second=0, microsecond=0) + 3 * HOUR
    words = tuple(
        replace(t, description=moment(begins, t.language, context.zone)) for t in draft.texts
    )
    draft = replace(draft, texts=words, onset=begins)
    say = Speaker("en", context.zone)

    def looked(now, newer=None):
        shown = preview(context, draft, now, ())
        return [
            c.text for c in checks(say, context, draft, now, (), shown, newer) if c.mark == "look"
        ]

    def passed(now):
        return [t for t in looked(now) if "have passed" in t]

    assert passed(begins - timedelta(minutes=1)) == []
    assert len(passed(begins)) == 1
    assert say.short(begins) in passed(begins)[0]
    assert any("newest bulletin" in t for t in looked(draft.at, draft.at + HOUR))
    assert not any("newest bulletin" in t for t in looked(draft.at))
    # What had begun when it was drawn up is told as begun.
    assert gone_by(context, replace(draft, at=begins), begins + 5 * HOUR) == ()


def test_what_waits_is_listed_by_level_then_land_then_due(room):
    draft = room.waiting()
    made = [
        replace(draft, id=n, chain=n, place=n, said=replace(draft.said, level=k), due=draft.due + h)
        for n, k, h in (
            ("sea", 3, -9 * HOUR),
            ("late", 2, -20 * HOUR),
            ("worst", 3, HOUR),
            ("next", 3, 2 * HOUR),
        )
    ]
    found = waiting(versions(made, ()), lambda code: code == "sea")
    assert [v.draft.place for v in found] == ["worst", "next", "sea", "late"]


def test_of_those_due_together_the_strongest_and_then_the_earliest_wind_comes_first(room):
    draft = room.waiting()
    made = [
        replace(draft, id=n, chain=n, place=n, said=replace(draft.said, level=3, force=f, onset=o))
        for n, f, o in (
            ("a-never", 8, None),
            ("b-later", 8, draft.at + 2 * HOUR),
            ("c-first", 8, draft.at + HOUR),
            ("d-worst", 10, None),
        )
    ]
    found = waiting(versions(made, ()), lambda _: False)
    assert [v.draft.place for v in found] == ["d-worst", "c-first", "b-later", "a-never"]


def test_after_an_act_the_page_leads_to_the_next_draft_that_one_may_act_on(room):
    one = room.person()
    listed = one.get(f"{room.base}/warnings")
    opened = re.findall(rf'class="btn sm" href="({re.escape(room.base)}/warnings/[\w-]+)"', listed)
    assert len(opened) > 1
    assert 'rel="next"' not in one.get(opened[0]), "first what is before the eyes"
    at = moved(one.send(f"{opened[0]}/sign", opened[0]))
    onward = re.search(r'href="([^"]+)" rel="next"', one.get(at.split("?")[0]))
    assert onward is not None
    assert onward[1] == opened[1]
