"""Drafts and people: two of them for every message, and every refusal says why."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge.store.samples import ANNA, BERT, DAYS, HOUR, T0, build, decide, deliver, people, run
from haidang.app.verdict import Draft, Message
from haidang.base.errors import BadData, HaidangError, NotFound, Unavailable
from haidang.base.ids import content_id
from haidang.edge.store import Store, difference

CHANNELS = ("feed", "mail")


def code(error: pytest.ExceptionInfo[HaidangError]) -> str:
    assert error.value.say("vi") != error.value.say("en")
    return error.value.problems[0].code


def refused(store: Store, draft: Draft, actor: str = BERT, **other: object) -> str:
    """The code of the refusal; nothing may have been written."""
    before = store.head(), store.messages(), store.outbox_due(99)
    with pytest.raises(HaidangError) as caught:
        approve(store, draft, actor, **other)
    assert (store.head(), store.messages(), store.outbox_due(99)) == before
    return code(caught)


def approve(store: Store, draft: Draft, actor: str = BERT, **other: object) -> Message:
    settings = {"at": T0, "build": build, "channels": CHANNELS, **other}
    return store.approve(draft.id, actor, "head", **settings)


@pytest.fixture
def draft(waiting: Store) -> Draft:
    return waiting.pending()[0]


@pytest.fixture
def signed(waiting: Store, draft: Draft) -> Draft:
    waiting.sign(draft.id, ANNA, "officer", T0)
    return draft


def test_what_waits_stands_in_a_fixed_order(waiting: Store) -> None:
    deliver(waiting, 1)
    run(waiting, 1)
    found = waiting.pending()
    assert list(found) == sorted(found, key=lambda d: (d.at, d.place, d.version))
    assert len({d.chain for d in found}) == len(found)
    assert waiting.draft(found[0].id) == found[0]


def test_no_such_draft(waiting: Store) -> None:
    with pytest.raises(NotFound) as caught:
        waiting.draft("none")
    assert code(caught) == "store.no_draft"
    for act in (
        lambda: waiting.sign("none", ANNA, "officer", T0),
        lambda: waiting.refuse("none", ANNA, "officer", T0, ""),
        lambda: waiting.escalate("none", T0, "head"),
    ):
        with pytest.raises(NotFound):
            act()


def test_approved(waiting: Store, signed: Draft) -> None:
    head = waiting.head()[0]
    message = approve(waiting, signed)
    assert message == build(signed, ())
    assert waiting.messages() == waiting.chain_messages(signed.chain) == (message,)
    assert [e.kind for e in waiting.ledger(head + 1)] == ["approval", "message"]
    assert [(key, channel) for key, channel, _ in waiting.outbox_due(9)] == [
        (content_id("outbox", {"message": message.identifier, "channel": c}), c) for c in CHANNELS
    ]
    assert signed.id not in {d.id for d in waiting.pending()}
    state = waiting.draft_state(signed.id)
    assert (state.approved, state.signer, state.actor) == (True, ANNA, BERT)
    chain = next(c for c in waiting.snapshot(T0, **DAYS).chains if c.id == signed.chain)
    assert (chain.issued, chain.pending, chain.pending_id) == (signed.said, None, "")
    assert waiting.verify() == ()


def test_an_approval_is_not_known_before_it_is_given(waiting: Store, signed: Draft) -> None:
    before = waiting.snapshot(T0 + HOUR, **DAYS)
    approve(waiting, signed, at=T0 + 2 * HOUR)
    assert waiting.snapshot(T0 + HOUR, **DAYS) == before
    assert waiting.snapshot(T0 + 2 * HOUR, **DAYS) != before


def test_a_form_sent_twice(waiting: Store, signed: Draft) -> None:
    message = approve(waiting, signed)
    before = waiting.head()
    assert approve(waiting, signed, at=T0 + HOUR) == message
    assert waiting.head() == before
    assert len(waiting.outbox_due(9)) == len(CHANNELS)


def test_approved_by_somebody_else_already(waiting: Store, signed: Draft) -> None:
    approve(waiting, signed)
    third = waiting.add_actor("head")
    assert refused(waiting, signed, third) == "store.draft_approved"


def test_never_signed(waiting: Store, draft: Draft) -> None:
    assert refused(waiting, draft) == "store.not_signed"
    assert refused(waiting, draft, broke_glass=True) == "store.not_signed"


def test_one_person_alone(waiting: Store, signed: Draft) -> None:
    assert refused(waiting, signed, ANNA) == "store.same_person"


def test_the_glass_is_broken_and_marked(waiting: Store, signed: Draft) -> None:
    approve(waiting, signed, ANNA, broke_glass=True)
    assert '"broke_glass":true' in waiting.ledger()[-2].body
    steps = waiting.explain(signed.id)
    acts = [s.facts["action"] for s in steps if s.stage == "draft_event"]
    assert acts == ["drafted", "signed", "broke_glass", "approved"]
    assert waiting.verify() == ()


def test_who_signs_last_answers(waiting: Store, signed: Draft) -> None:
    waiting.sign(signed.id, BERT, "head", T0)
    assert refused(waiting, signed, BERT) == "store.same_person"
    approve(waiting, signed, ANNA)


def test_signing_twice_is_one_act(waiting: Store, signed: Draft) -> None:
    before = waiting.head()
    waiting.sign(signed.id, ANNA, "officer", T0 + HOUR)
    assert waiting.head() == before


def test_nobody_acts_unregistered(waiting: Store, signed: Draft) -> None:
    assert refused(waiting, signed, "cccccccc") == "store.no_actor"
    for act in (waiting.sign, lambda *a: waiting.refuse(*a, "")):
        with pytest.raises(BadData) as caught:
            act(signed.id, "cccccccc", "head", T0)
        assert code(caught) == "store.no_actor"


def test_not_the_newest_shows_the_difference(waiting: Store, draft: Draft) -> None:
    waiting.sign(draft.id, ANNA, "officer", T0)
    deliver(waiting, 1)
    newer = run(waiting, 1).superseded[draft.id]
    with pytest.raises(BadData) as caught:
        approve(waiting, draft)
    assert code(caught) == "store.not_newest"
    params = caught.value.problems[0].params
    assert params["newer"] == newer
    after = waiting.draft(newer)
    for language in ("vi", "en"):
        said = caught.value.say(language)
        assert newer in said
        assert f"{draft.said.level} → {after.said.level}" in said
        assert draft.texts[0].headline in said
        assert after.texts[1].headline in said
    assert [(c.language, c.field) for c in difference(draft, after)] == [
        ("vi", "headline"),
        ("en", "headline"),
    ]
    for act in (
        lambda: waiting.sign(draft.id, ANNA, "officer", T0 + HOUR),
        lambda: waiting.refuse(draft.id, ANNA, "officer", T0 + HOUR, ""),
        lambda: waiting.escalate(draft.id, T0 + HOUR, "head"),
    ):
        with pytest.raises(BadData) as caught:
            act()
        assert code(caught) == "store.not_newest"


def test_a_text_in_one_language_only_is_a_difference(draft: Draft) -> None:
    one = replace(draft, texts=draft.texts[:1])
    assert {(c.language, c.before == "") for c in difference(one, draft)} == {("en", True)}
    assert {(c.language, c.after == "") for c in difference(draft, one)} == {("en", True)}


def test_refused_waits_no_longer(waiting: Store, signed: Draft) -> None:
    waiting.refuse(signed.id, BERT, "head", T0, "Nguyễn Văn A said it is wrong")
    assert signed.id not in {d.id for d in waiting.pending()}
    assert refused(waiting, signed) == "store.draft_refused"
    before = waiting.head()
    waiting.refuse(signed.id, BERT, "head", T0, "again")
    assert waiting.head() == before
    assert all("Nguyễn" not in e.body for e in waiting.ledger())
    note = [s.facts["note"] for s in waiting.explain(signed.id) if s.facts.get("note")]
    assert note == ["Nguyễn Văn A said it is wrong"]
    chain = next(c for c in waiting.snapshot(T0, **DAYS).chains if c.id == signed.chain)
    assert (chain.pending, chain.pending_id, chain.version) == (None, "", 1)
    assert waiting.verify() == ()


def test_passed_on_it_still_waits(waiting: Store, signed: Draft) -> None:
    waiting.escalate(signed.id, T0 + HOUR, "head")
    before = waiting.head()
    waiting.escalate(signed.id, T0 + HOUR, "head")
    assert waiting.head() == before
    waiting.escalate(signed.id, T0 + 2 * HOUR, "minister")
    assert waiting.draft_state(signed.id).roles == ("head", "minister")
    assert signed.id in {d.id for d in waiting.pending()}
    approve(waiting, signed, at=T0 + 3 * HOUR)
    assert waiting.verify() == ()


def test_a_clock_that_runs_behind(waiting: Store, signed: Draft) -> None:
    assert refused(waiting, signed, at=T0 - HOUR) == "store.before_draft"


def test_a_message_that_goes_nowhere(waiting: Store, signed: Draft) -> None:
    assert refused(waiting, signed, channels=()) == "store.no_channel"


def test_a_channel_named_twice_gets_it_once(waiting: Store, signed: Draft) -> None:
    approve(waiting, signed, channels=("feed", "feed"))
    assert len(waiting.outbox_due(9)) == 1


@pytest.mark.parametrize("wrong", [{"draft": "x"}, {"chain": "x"}, {"level": 9}])
def test_the_message_of_another_draft(waiting: Store, signed: Draft, wrong: dict) -> None:
    def odd(one: Draft, earlier: tuple[Message, ...]) -> Message:
        return replace(build(one, earlier), **wrong)

    assert refused(waiting, signed, build=odd) == "store.other_message"


def test_an_identifier_is_never_used_again(waiting: Store, signed: Draft) -> None:
    first = approve(waiting, signed)
    other = waiting.pending()[0]
    waiting.sign(other.id, ANNA, "officer", T0)

    def same(one: Draft, earlier: tuple[Message, ...]) -> Message:
        return replace(build(one, earlier), identifier=first.identifier)

    assert refused(waiting, other, build=same) == "store.identifier_taken"


def test_a_builder_that_fails_writes_nothing(waiting: Store, signed: Draft) -> None:
    def broken(one: Draft, earlier: tuple[Message, ...]) -> Message:
        raise Unavailable

    before = waiting.head()
    with pytest.raises(Unavailable):
        approve(waiting, signed, build=broken)
    assert waiting.head() == before
    assert waiting.draft_state(signed.id).pending


def test_a_level_that_needs_no_second_person(store: Store) -> None:
    deliver(store, 0)
    verdict = decide(store.snapshot(T0, **DAYS))
    free = tuple(replace(d, approval=False) for d in verdict.drafts)
    store.commit(replace(verdict, drafts=free))
    store.approve(free[0].id, "", "", T0, build, CHANNELS)
    assert len(store.messages()) == 1
    assert store.verify() == ()


def test_two_approve_at_once(where: Path | str, waiting: Store, signed: Draft) -> None:
    third = waiting.add_actor("head")
    found: list[str] = []

    def work(actor: str) -> None:
        with Store.open(where, busy_s=120) as mine:
            try:
                approve(mine, signed, actor)
                found.append("sent")
            except BadData as error:
                found.append(error.problems[0].code)

    threads = [threading.Thread(target=work, args=(a,)) for a in (BERT, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["sent", "store.draft_approved"]
    assert len(waiting.messages()) == 1


def test_nothing_is_lost_until_a_channel_took_it(waiting: Store, signed: Draft) -> None:
    approve(waiting, signed)
    (one, _, message), (other, _, _) = waiting.outbox_due(9)
    assert message == waiting.messages()[0]
    waiting.attempted(one, False, "no line")
    # Tried least first, so that a dead channel does not hold up the others.
    assert [key for key, _, _ in waiting.outbox_due(9)] == [other, one]
    assert [key for key, _, _ in waiting.outbox_due(1)] == [other]
    waiting.attempted(other, True)
    waiting.attempted(one, True)
    waiting.attempted(one, True)  # taken twice: at least once is kept
    assert waiting.outbox_due(9) == []
    assert [(a.channel, a.ok, a.error) for a in waiting.attempts()] == [
        ("feed", False, "no line"),
        ("mail", True, ""),
        ("feed", True, ""),
        ("feed", True, ""),
    ]
    with pytest.raises(NotFound) as caught:
        waiting.attempted("none", True)
    assert code(caught) == "store.no_outbox"


def test_pauses_grow_and_end(where: Path | str) -> None:
    wall = [T0]
    with Store.open(where, clock=lambda: wall[0]) as store:
        people(store)
        deliver(store, 0)
        run(store, 0)
        draft = store.pending()[0]
        store.sign(draft.id, ANNA, "officer", T0)
        store.approve(draft.id, BERT, "head", T0, build, ["feed"])
        minute = timedelta(minutes=1)
        waits = []
        for _ in range(9):
            key = store.outbox_due(1, minute)[0][0]
            store.attempted(key, False, "dead")
            begun = wall[0]
            while not store.outbox_due(1, minute):
                wall[0] += minute
            waits.append((wall[0] - begun) // minute)
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_who_is_behind_an_id_can_be_forgotten(waiting: Store, signed: Draft) -> None:
    approve(waiting, signed)
    assert waiting.contact(ANNA) == ("Anna", "anna@xt.example")
    waiting.erase_contact(ANNA)
    assert waiting.contact(ANNA) is None
    assert waiting.draft_state(signed.id).signer == ANNA
    assert all("Anna" not in e.body and "xt.example" not in e.kind for e in waiting.ledger())
    assert waiting.verify() == ()


@pytest.mark.parametrize("name", ["Anna", "anna@xt.example", "", "abc", "a" * 65])
def test_a_name_is_no_id(store: Store, name: str) -> None:
    with pytest.raises(BadData) as caught:
        store.add_actor("officer", actor_id=name)
    assert code(caught) == "store.actor_id"


def test_ids_are_drawn_and_roles_change(store: Store) -> None:
    one, other = store.add_actor("officer"), store.add_actor("officer")
    assert one != other
    assert store.add_actor("head", "New", "n@xt.example", one) == one
    assert store.contact(one) == ("New", "n@xt.example")
