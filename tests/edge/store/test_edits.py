"""A person's own words: versions, who answers for them, two browsers, runs before and after."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge.store.samples import ANNA, BERT, DAYS, HOUR, SCOPE, T0, build, deliver, run
from edge.store.samples_response import reworded
from haidang.base.errors import BadData, NotFound
from haidang.edge.store import Store
from haidang.warn.message import HEADLINE_MAX, Text

MINUTE = timedelta(minutes=1)
NOW = T0 + MINUTE


def code(error: pytest.ExceptionInfo[BadData]) -> str:
    assert all(error.value.say(language) for language in ("en", "vi"))
    return error.value.problems[0].code


def test_an_edit_is_the_next_version_and_its_editor_answers_for_it(waiting: Store) -> None:
    parent = waiting.pending()[0]
    fresh = waiting.edit(parent.id, ANNA, "officer", NOW, reworded(parent))
    assert fresh == waiting.draft(fresh.id)
    same = {"id", "version", "at", "texts"}
    assert {n for n in parent.__slots__ if getattr(parent, n) != getattr(fresh, n)} == same
    assert fresh.version == parent.version + 1
    assert fresh.due == parent.due  # editing wins no time
    assert [t.description for t in fresh.texts] == ["Gió đang mạnh lên.!", "Wind grows.!"]
    old, new = waiting.draft_state(parent.id), waiting.draft_state(fresh.id)
    assert (old.last, old.actor, old.by) == ("superseded", ANNA, fresh.id)
    assert (new.signer, new.editor, new.edited, new.pending) == (ANNA, ANNA, parent.id, True)
    assert fresh in waiting.pending()
    assert parent not in waiting.pending()
    kinds = [e.kind for e in waiting.ledger()][-4:]
    assert kinds == ["draft", "superseded", "edited", "signed"]
    assert waiting.verify() == ()


def test_a_second_person_approves_it_and_the_editor_does_not(waiting: Store) -> None:
    parent = waiting.pending()[0]
    waiting.sign(parent.id, BERT, "head", NOW)
    fresh = waiting.edit(parent.id, ANNA, "officer", NOW, reworded(parent))
    with pytest.raises(BadData) as error:
        waiting.approve(fresh.id, ANNA, "officer", NOW, build, ["feed"])
    assert code(error) == "store.same_person"
    message = waiting.approve(fresh.id, BERT, "head", NOW, build, ["feed"])
    assert message.draft == fresh.id
    assert waiting.verify() == ()


def test_sent_twice_it_is_done_once(waiting: Store) -> None:
    parent = waiting.pending()[0]
    once = waiting.edit(parent.id, ANNA, "officer", NOW, reworded(parent))
    head = waiting.head()
    assert waiting.edit(parent.id, ANNA, "officer", NOW + MINUTE, reworded(parent)) == once
    assert waiting.head() == head
    # Even after it went out: nothing is done, nothing is said to be wrong.
    waiting.approve(once.id, BERT, "head", NOW, build, ["feed"])
    assert waiting.edit(parent.id, ANNA, "officer", NOW + MINUTE, reworded(parent)) == once


def test_two_browsers_editing_one_draft(waiting: Store) -> None:
    parent = waiting.pending()[0]
    waiting.edit(parent.id, ANNA, "officer", NOW, reworded(parent, " First."))
    head = waiting.head()
    with pytest.raises(BadData) as error:
        waiting.edit(parent.id, BERT, "head", NOW, reworded(parent, " Second."))
    assert code(error) == "store.not_newest"
    assert "Wind grows. First." in str(error.value)
    assert waiting.head() == head
    with pytest.raises(BadData) as error:
        waiting.approve(parent.id, BERT, "head", NOW, build, ["feed"])
    assert code(error) == "store.not_newest"


def test_unchanged_words_are_merely_signed(waiting: Store) -> None:
    parent = waiting.pending()[0]
    spaced = tuple(replace(t, description=f"  {t.description}\r\n") for t in parent.texts)
    assert waiting.edit(parent.id, ANNA, "officer", NOW, spaced) == parent
    assert waiting.draft_state(parent.id).signer == ANNA
    head = waiting.head()
    assert waiting.edit(parent.id, ANNA, "officer", NOW, parent.texts) == parent
    assert waiting.head() == head


def test_line_ends_of_a_form_are_not_words(waiting: Store) -> None:
    parent = waiting.pending()[0]
    broken = tuple(replace(t, description="a\r\nb") for t in parent.texts)
    fresh = waiting.edit(parent.id, ANNA, "officer", NOW, broken)
    assert {t.description for t in fresh.texts} == {"a\nb"}


def longer(text: Text) -> Text:
    return replace(text, headline="x" * (HEADLINE_MAX + 1))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda texts: texts[:1], "store.edit_languages"),
        (lambda texts: (*texts, texts[0]), "store.edit_languages"),
        (lambda texts: (texts[0], replace(texts[1], language="fr")), "store.edit_languages"),
        (lambda texts: (replace(texts[0], instruction=" \n"), texts[1]), "store.edit_empty"),
        (lambda texts: tuple(map(longer, texts)), "store.edit_headline"),
    ],
)
def test_words_that_cannot_go_out(waiting: Store, change, expected) -> None:
    parent = waiting.pending()[0]
    head = waiting.head()
    with pytest.raises(BadData) as error:
        waiting.edit(parent.id, ANNA, "officer", NOW, change(reworded(parent)))
    assert code(error) == expected
    assert waiting.head() == head
    assert parent in waiting.pending()


def test_a_headline_of_just_the_limit(waiting: Store) -> None:
    parent = waiting.pending()[0]
    full = tuple(replace(t, headline="x" * HEADLINE_MAX) for t in parent.texts)
    assert waiting.edit(parent.id, ANNA, "officer", NOW, full).texts == full


def test_what_may_not_be_edited(waiting: Store) -> None:
    first, second, *_ = waiting.pending()
    with pytest.raises(NotFound):
        waiting.edit("nothing", ANNA, "officer", NOW, ())
    with pytest.raises(BadData) as error:
        waiting.edit(first.id, "cccccccc", "officer", NOW, reworded(first))
    assert code(error) == "store.no_actor"
    with pytest.raises(BadData) as error:
        waiting.edit(first.id, ANNA, "officer", T0 - MINUTE, reworded(first))
    assert code(error) == "store.before_draft"
    waiting.refuse(first.id, BERT, "head", NOW, "no")
    with pytest.raises(BadData) as error:
        waiting.edit(first.id, ANNA, "officer", NOW, reworded(first))
    assert code(error) == "store.draft_refused"
    waiting.sign(second.id, ANNA, "officer", NOW)
    waiting.approve(second.id, BERT, "head", NOW, build, ["feed"])
    with pytest.raises(BadData) as error:
        waiting.edit(second.id, ANNA, "officer", NOW, reworded(second))
    assert code(error) == "store.draft_approved"


# ── runs before and after ────────────────────────────────────────────────────────────────────


def test_an_earlier_run_sees_what_it_saw(waiting: Store) -> None:
    before = waiting.snapshot(T0, scope=SCOPE, **DAYS)
    deliver(waiting, 1)
    run(waiting, 1)
    second = waiting.snapshot(T0 + HOUR, scope=SCOPE, **DAYS)
    # Stamped with the very instant of the run, but after it.
    for draft in waiting.pending():
        waiting.edit(draft.id, ANNA, "officer", T0 + HOUR, reworded(draft))
    assert waiting.snapshot(T0 + HOUR, scope=SCOPE, **DAYS) == second
    assert waiting.snapshot(T0, scope=SCOPE, **DAYS) == before
    now = waiting.snapshot(T0 + HOUR, **DAYS)
    assert {c.version for c in now.chains} >= {c.version + 1 for c in now.chains if c.version < 2}
    assert all(waiting.draft_state(c.pending_id).editor == ANNA for c in now.chains if c.pending_id)
    run(waiting, 1)  # committed before: nothing happens
    assert waiting.verify() == ()


def test_the_next_run_goes_on_from_the_edited_version(waiting: Store) -> None:
    edited = [waiting.edit(d.id, ANNA, "officer", NOW, reworded(d)) for d in waiting.pending()]
    snap = waiting.snapshot(T0 + HOUR, scope=SCOPE, **DAYS)
    waited = {c.pending_id for c in snap.chains if c.pending_id}
    assert waited == {d.id for d in edited}
    deliver(waiting, 1)
    verdict = run(waiting, 1)
    replaced = [d for d in edited if d.id in verdict.superseded]
    assert replaced
    for draft in replaced:
        state = waiting.draft_state(draft.id)
        # The person's words are gone, and whoever looks is told.
        assert (state.last, state.actor, state.editor) == ("superseded", "", ANNA)
        assert state.overtaken
        assert state.by == verdict.superseded[draft.id]
        assert waiting.draft(state.by).version == draft.version + 1
    assert waiting.verify() == ()


def test_a_run_on_an_old_snapshot_is_refused(waiting: Store) -> None:
    deliver(waiting, 1)
    from edge.store.samples import decide

    verdict = decide(waiting.snapshot(T0 + HOUR, scope=SCOPE, **DAYS))
    for draft in waiting.pending():
        waiting.edit(draft.id, ANNA, "officer", NOW, reworded(draft))
    with pytest.raises(BadData) as error:
        waiting.commit(verdict)
    assert code(error) == "store.stale"


def test_explain_shows_the_edit(waiting: Store) -> None:
    parent = waiting.pending()[0]
    fresh = waiting.edit(parent.id, ANNA, "officer", NOW, reworded(parent))
    steps = waiting.explain(parent.chain)
    assert [s.id for s in steps if s.stage == "draft"] == [parent.id, fresh.id]
    acts = [(s.facts["action"], s.facts["actor"]) for s in steps if s.stage == "draft_event"]
    assert acts == [("drafted", ""), ("superseded", ANNA), ("edited", ANNA), ("signed", ANNA)]


@pytest.mark.parametrize(
    "touch",
    [
        "UPDATE draft_event SET actor = 'bbbbbbbb' WHERE action = 'edited'",
        "UPDATE draft_event SET note = '' WHERE action = 'edited'",
        "UPDATE draft SET body = replace(body, 'Wind grows.!', 'Wind falls.')",
        "DELETE FROM draft_event WHERE action = 'edited'",
    ],
)
@pytest.mark.parametrize("where", ["sqlite"], indirect=True)  # touched past the program
def test_a_touched_edit_is_found(waiting: Store, file: Path, touch: str) -> None:
    parent = waiting.pending()[0]
    waiting.edit(parent.id, ANNA, "officer", NOW, reworded(parent))
    assert waiting.verify() == ()
    with sqlite3.connect(file) as raw:
        raw.execute(touch)
    raw.close()
    assert {p.code for p in waiting.verify()} == {"store.record_differs"}
