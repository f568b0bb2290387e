"""The desk's own acts on a notice that is out, and several drafts in one step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from haidang.app.verdict import Draft, Message
from haidang.warn.cap import parse
from haidang.warn.lifecycle import Occasion
from web.test_warnings import moved, said
from web.toydesk import Person, Room, open_room


@pytest.fixture
def room(tmp_path) -> Iterator[Room]:
    found = open_room(tmp_path)
    yield found
    found.close()


@pytest.fixture
def out(room) -> Message:
    """Everything of the first bulletin went out; the notice of place N."""
    room.settle()
    return next(m for m in room.desk.store.messages() if draft_of(room, m).place == "N")


def draft_of(room: Room, message: Message) -> Draft:
    return room.desk.store.draft(message.draft)


def fields(text: str, button: str) -> dict[str, str]:
    """The hidden fields of the form with this button, and its first choice."""
    form = next(f for f in re.findall(r"<form.*?</form>", text, re.S) if f'value="{button}"' in f)
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    chosen = re.search(r'<option value="([^"]+)" selected', form)
    return {**found, "do": button, **({"expires": chosen[1]} if chosen else {})}


def press(person: Person, here: str, button: str, **more: str):
    return person.post(f"{here}/act", {**fields(person.get(here), button), **more})


def test_one_click_extends_and_another_person_approves(room, out):
    here = f"{room.base}/warnings/{out.draft}"
    editor, lead = room.person(), room.person("shift_lead")
    sent = fields(editor.get(here), "extended")
    made = moved(editor.post(f"{here}/act", sent))
    assert moved(editor.post(f"{here}/act", sent)) == made  # sent twice: one draft
    assert "said=acted" in made
    page = made.split("?")[0]
    (draft,) = room.desk.store.pending()
    assert (draft.occasion, draft.place) == (Occasion.EXTENDED, "N")
    assert draft.said.expires > out.expires
    assert editor.send(f"{page}/approve", page).status_code == 409
    moved(lead.send(f"{page}/approve", page))
    newest = room.desk.store.chain_messages(out.chain)[-1]
    assert [r.identifier for r in parse(newest.body).references] == [out.identifier]
    # The older message's page offers nothing any more: people go by the newest.
    assert f"{here}/act" not in editor.get(here)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_cancel_says_why_and_an_all_clear_says_over(room, out, language):
    here = f"{room.base}/warnings/{out.draft}"
    person = room.person(language=language)
    wrong = press(person, here, "cancelled", reason_en="Wrong place.")
    assert wrong.status_code == 409  # French is missing
    made = moved(press(person, here, "cancelled", reason_en="Wrong place.", reason_fr="Erreur."))
    page = person.get(made.split("?")[0])
    assert {"vi": "huỷ tin đã phát nhầm", "en": "issued in error"}[language] in page
    assert "Wrong place." in page
    (draft,) = room.desk.store.pending()
    assert (draft.kind, draft.occasion) == ("Cancel", Occasion.CANCELLED)
    # While it waits the notice can still be ended otherwise, which takes its place.
    clear = moved(press(person, here, "cleared"))
    (draft,) = room.desk.store.pending()
    assert draft.id in clear
    assert draft.occasion is Occasion.CLEARED
    assert "extended" not in person.get(here)


def test_other_words_become_an_update(room, out):
    here = f"{room.base}/warnings/{out.draft}"
    person = room.person()
    form = person.get(f"{here}/reword")
    texts = {
        f"{part}_{t.language}": getattr(t, part)
        for t in draft_of(room, out).texts
        for part in ("headline", "description", "instruction")
    }
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    changed = {**hidden, **texts, "instruction_en": "Stay with your neighbours.", "do": "save"}
    made = moved(person.post(f"{here}/reword", changed))
    (draft,) = room.desk.store.pending()
    assert (draft.occasion, draft.kind) == (Occasion.REWORDED, "Update")
    assert "<ins>" in person.get(made.split("?")[0])  # held against what is out, word by word
    unmarked = {**changed, **person.proof(f"{here}/reword"), "headline_en": "No mark."}
    assert person.post(f"{here}/reword", unmarked).status_code == 409


def test_a_notice_that_runs_out_is_drafted_anew_though_no_bulletin_comes(room, out):
    """The desk looks by itself; if that draft is refused, the first page says what runs out."""
    room.desk._steps = room.desk._steps[:1]  # the feed falls silent after the first bulletin
    assert "sắp hết hạn" not in said(room.person().get(f"{room.base}/situation"))
    renew = room.desk.context.pack.threat.warn.renew_h
    left = out.expires - room.desk.at(None, room.wall.now).until
    room.wall.pass_(hours=left.total_seconds() / 3600 - renew + 0.1)
    room.desk.at(None, room.wall.now)
    room.wall.ahead = timedelta(0)  # the desk's clock runs on from this run
    draft = room.waiting()
    assert draft.chain == out.chain
    number = len(room.desk.views())
    room.desk.refuse(draft.id, "bbbbbbbb0000", "shift_lead", room.wall.now, "no")
    assert "tin sắp hết hạn" in said(room.person().get(f"{room.base}/situation"))
    room.wall.pass_(hours=renew)
    person = room.person()  # the first session is over
    assert "tin đã hết hạn" in said(person.get(f"{room.base}/situation"))
    assert "Hết hạn không phải là huỷ" in said(person.get(f"{room.base}/warnings/{out.draft}"))
    assert len(room.desk.views()) == number


def test_an_act_that_is_none_is_refused(room, out):
    here = f"{room.base}/warnings/{out.draft}"
    person = room.person()
    answer = press(person, here, "cleared", do="reworded")
    assert answer.status_code in (400, 409, 422)
    assert room.desk.store.pending() == ()


def test_what_a_person_changed_is_told_word_by_word_in_both_languages(room):
    draft = room.waiting()
    here = f"{room.base}/warnings/{draft.id}"
    texts = {
        f"{part}_{t.language}": getattr(t, part)
        for t in draft.texts
        for part in ("headline", "description", "instruction")
    }
    texts["instruction_en"] += "\nStay off the roads."
    texts["instruction_fr"] += "\nÉvitez les routes."
    editor = room.person()
    made = moved(editor.send(f"{here}/edit", f"{here}/edit", **texts, do="save"))
    page = room.person("shift_lead").get(made.split("?")[0])  # before the approval
    told = said(room.person(language="en").get(f"{room.base}/explain/{draft.decision}"))
    for words in ("Stay off the roads.", "Évitez les routes."):
        assert re.search(rf"<ins>.{{0,80}}{re.escape(words)}", page)
        assert f"“{words}” added" in told


# --- several in one step ------------------------------------------------------------------------


def ticks(text: str, does: str) -> dict[str, object]:
    form = next(f for f in re.findall(r"<form.*?</form>", text, re.S) if f"/several/{does}" in f)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return {**hidden, "draft": re.findall(r'name="draft" value="([^"]+)"', form)}


def test_several_are_signed_and_approved_each_for_itself(room):
    several = f"{room.base}/several"
    editor, lead = room.person(), room.person("shift_lead")
    waiting = room.desk.store.pending()
    assert len(waiting) > 1
    sent = ticks(editor.get(several), "sign")
    assert set(sent["draft"]) == {d.id for d in waiting}
    answer = editor.post(f"{several}/sign", sent)
    assert (answer.status_code, f"Đã ký: {len(waiting)}" in said(answer)) == (200, True)
    assert editor.post(f"{several}/sign", sent).text == answer.text  # sent twice
    assert "/several/approve" not in editor.get(several)  # nobody approves their own
    page = lead.get(several)
    for draft in waiting:  # new levels: every word stands open, in both languages
        assert re.search(rf'several grave"><legend class="vh">[^<]*</legend>[^$]*{draft.id}', page)
        for text in draft.texts:
            assert said(text.instruction.splitlines()[0]) in said(page)
    answer = lead.post(f"{several}/approve", ticks(page, "approve"))
    assert answer.status_code == 200, said(answer)
    assert {m.draft for m in room.desk.store.messages()} == {d.id for d in waiting}
    kinds = [e.kind for e in room.desk.store.ledger()]
    assert kinds.count("approval") == kinds.count("signed") == len(waiting)


def test_it_stops_at_the_first_that_is_old_and_says_so(room):
    several = f"{room.base}/several"
    editor, lead = room.person(), room.person("shift_lead")
    editor.post(f"{several}/sign", ticks(editor.get(several), "sign"))
    old = ticks(lead.get(several), "approve")
    first = room.waiting()
    words = {
        f"{part}_{t.language}": getattr(t, part)
        for t in first.texts
        for part in ("headline", "description", "instruction")
    }
    here = f"{room.base}/warnings/{first.id}"
    words["instruction_en"] = "Other words."
    moved(editor.send(f"{here}/edit", f"{here}/edit", **words, do="save"))
    answer = lead.post(f"{several}/approve", old)
    assert answer.status_code == 409
    assert "Chưa thực hiện bản nào" in said(answer)
    assert "Dừng ở" in said(answer)
    assert room.desk.store.messages() == ()


def test_nothing_ticked_is_nothing_done(room):
    several = f"{room.base}/several"
    person = room.person()
    sent = {**ticks(person.get(several), "sign"), "draft": []}
    assert person.post(f"{several}/sign", sent).status_code == 409
    assert all(not room.desk.store.draft_state(d.id).signer for d in room.desk.store.pending())


def test_all_are_ticked_without_a_script(room):
    page = room.person().get(f"{room.base}/several")
    assert " checked" not in page
    answer = room.person().client.get(f"{room.base}/several", params={"all": "sign"})
    assert answer.text.count(" checked") == len(room.desk.store.pending())
