"""A person's acts on a notice that is out: right references, no fight with the runs, no gap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.test_decide_properties import (
    ANNA,
    BERT,
    CONTEXTS,
    NO_SHRINKING,
    Desk,
    assessments,
)
from app.toy import DAYS, HOUR, T0, THREAT, judged, over
from haidang.app.acts import Basis, Wish, act, longest
from haidang.app.issue import issue
from haidang.app.snapshot import Snapshot
from haidang.app.unspoken import Lack, unspoken
from haidang.app.verdict import Draft, Message
from haidang.base.errors import BadData, BadPack
from haidang.edge.store import Store
from haidang.warn.cap import parse
from haidang.warn.lifecycle import Occasion
from haidang.warn.message import Text, stamp
from haidang.watch.signal import State

CONTEXT = CONTEXTS[THREAT]
WARN = CONTEXT.pack.threat.warn
REASONS = {"en": "The wrong place was chosen.", "fr": "Mauvais lieu."}
ENDINGS = (Occasion.CANCELLED, Occasion.CLEARED)


class Duty(Desk):
    """A store, two people, and what they can do to a notice that is out."""

    def now(self, hour: float) -> datetime:
        return T0 + hour * HOUR

    def approve_at(self, draft: Draft, hour: float) -> Message:
        at = max(self.now(hour), draft.at)

        def build(approved: Draft, earlier: tuple[Message, ...]) -> Message:
            return issue(CONTEXT, approved, at, earlier)

        if self.store.draft_state(draft.id).signer != ANNA:
            self.store.sign(draft.id, ANNA, "officer", at)
        return self.store.approve(draft.id, BERT, "head", at, build, ["file"])

    def act(self, hour: float, occasion: Occasion, told: Message, **more: object) -> Draft:
        draft = self.store.draft(told.draft)
        known = self.store.snapshot(self.now(hour), **DAYS)
        chain = next(c for c in known.chains if c.id == draft.chain)
        where = (draft.threat, draft.event, draft.place)
        after = next(s for s in known.standing if (s.threat, s.event, s.place) == where)
        mine = [d for d in self.store.decisions() if (d.threat, d.event, d.place) == where]
        chosen = max(mine, key=lambda d: d.at)
        found = next(a for a in self.store.assessments() if a.id == chosen.assessment)
        seen = max(
            (d for d in self.store.drafts() if d.chain == draft.chain), key=lambda d: d.version
        )
        if occasion is Occasion.CANCELLED:
            more = {"reasons": REASONS, **more}
        wish = Wish(occasion, ANNA, "officer", self.now(hour), more.pop("seen", seen.id), **more)
        fresh = act(CONTEXT, draft, wish, Basis(found, after, chosen, chain))
        return self.store.act(fresh, wish.seen, ANNA, "officer", wish.at)

    def lacks(self, hour: float, known: Snapshot | None = None) -> dict[str, Lack]:
        known = known or self.store.snapshot(self.now(hour), **DAYS)
        found = unspoken(known.standing, known.chains, {THREAT: WARN.renew_h}, known.now)
        return {u.place: u.lack for u in found}


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(BadData) as caught:
        yield
    assert caught.value.problems[0].code.rpartition(".")[2] == code


@pytest.fixture
def duty():
    with Store.open(":memory:") as store:
        yield Duty(store)


@pytest.fixture
def out(duty):
    """A notice of level 2 that went out at hour 1."""
    (draft,) = duty.run(1, [judged(1, 2)]).drafts
    return duty.approve_at(draft, 1.2)


def test_an_extension_is_an_update_with_the_new_end_in_every_language(duty, out):
    later = out.expires + 6 * HOUR
    draft = duty.act(2, Occasion.EXTENDED, out, expires=later)
    assert (draft.kind, draft.version, draft.chain) == ("Update", 2, out.chain)
    assert draft.said == replace(duty.store.draft(out.draft).said, expires=later)
    for text in draft.texts:
        whole = f"{text.description} {text.instruction}"
        assert stamp(later, text.language, CONTEXT.zone) in whole
        assert stamp(out.expires, text.language, CONTEXT.zone) not in whole
    state = duty.store.draft_state(draft.id)
    assert (state.pending, state.signer, state.editor) == (True, ANNA, ANNA)
    with refused("same_person"):
        duty.store.approve(
            draft.id, ANNA, "officer", draft.at, lambda d, e: issue(CONTEXT, d, draft.at, e), ["f"]
        )
    sent = duty.approve_at(draft, 2.1)
    alert = parse(sent.body)
    assert [r.identifier for r in alert.references] == [out.identifier]
    assert sent.expires == later
    # The next run with the same news has nothing to say, and nothing of hers is replaced.
    verdict = duty.run(3, [judged(3, 2, onset_h=10)])
    assert (verdict.drafts, verdict.withdrawals) == ((), ())
    assert duty.store.verify() == ()


def test_a_pack_taken_back_to_a_draft_can_only_call_off(duty, out):
    threat = CONTEXT.pack.threat.model_copy(update={"tier": "draft"})
    back = replace(CONTEXT, pack=replace(CONTEXT.pack, threat=threat))
    actual = replace(duty.store.draft(out.draft), status="Actual")
    with pytest.raises(BadPack) as caught:
        issue(back, actual, actual.at, ())
    assert [p.code for p in caught.value.problems] == ["pack.tier_draft"]
    assert issue(CONTEXT, actual, actual.at, ()).body
    assert issue(back, replace(actual, status="Exercise"), actual.at, ()).body
    ending = replace(duty.act(2, Occasion.CLEARED, out), status="Actual")
    assert ending.kind == "Cancel"
    assert b"Actual" in issue(back, ending, ending.at, (out,)).body


@pytest.mark.parametrize(
    ("hours", "code"), [(None, "extend_short"), (0, "extend_short"), (999, "extend_long")]
)
def test_a_new_end_must_be_later_and_not_for_ever(duty, out, hours, code):
    expires = None if hours is None else out.expires + hours * HOUR
    with refused(code):
        duty.act(2, Occasion.EXTENDED, out, expires=expires)
    most = longest(CONTEXT, out.expires, duty.now(2))
    assert most == out.expires + WARN.valid_h * HOUR


@pytest.mark.parametrize("occasion", ENDINGS)
def test_an_ending_by_hand_is_a_cancel_that_refers_to_all_and_holds(duty, out, occasion):
    draft = duty.act(2, occasion, out)
    assert (draft.kind, draft.said.level, draft.wakes, draft.approval) == ("Cancel", 0, False, True)
    # It waits: a run with the same news neither withdraws nor replaces it.
    verdict = duty.run(3, [judged(3, 2, onset_h=10)])
    assert (verdict.drafts, verdict.withdrawals) == ((), ())
    sent = duty.approve_at(draft, 3.1)
    assert [r.identifier for r in parse(sent.body).references] == [out.identifier]
    # It is out: the same news again opens no new chain, and the first page says why.
    assert duty.run(4, [judged(4, 2, onset_h=9)]).drafts == ()
    assert duty.lacks(4) == {"N": Lack(occasion.value)}
    # More is news: a new chain begins, whatever she decided before.
    (new,) = duty.run(5, [judged(5, 3, force=12)]).drafts
    assert (new.occasion, new.kind, new.number) == (Occasion.FIRST, "Alert", 2)
    assert duty.lacks(5) == {}
    assert duty.store.verify() == ()


def test_the_two_endings_say_two_things(duty, out):
    error = duty.act(2, Occasion.CANCELLED, out)
    duty.refuse(error)
    clear = duty.act(2.5, Occasion.CLEARED, out)
    english = {d.occasion: next(t for t in d.texts if t.language == "en") for d in (error, clear)}
    wrong, safe = english[Occasion.CANCELLED], english[Occasion.CLEARED]
    assert REASONS["en"] in wrong.description
    assert "not say that a danger is over" in wrong.description
    assert "error" in wrong.headline
    assert "error" not in safe.headline + safe.description
    assert "decided by" in safe.description
    assert (error.responses, clear.responses) == (("None",), ("AllClear",))
    assert dict(error.parameters)["ended"] == "cancelled"
    assert dict(clear.parameters)["ended"] == "cleared"


def test_an_error_needs_its_reason_in_every_language(duty, out):
    with refused("no_reason"):
        duty.act(2, Occasion.CANCELLED, out, reasons={"en": "Wrong place.", "fr": "  "})


def test_what_fell_and_comes_back_is_news(duty, out):
    """Level 2 was called an error; it ends, and then level 1 comes: nobody decided on that."""
    duty.approve_at(duty.act(2, Occasion.CANCELLED, out), 2.1)
    assert duty.run(3, [over(3)]).drafts == ()
    assert duty.lacks(3) == {}
    (new,) = duty.run(4, [judged(4, 1)]).drafts
    assert (new.said.level, new.number) == (1, 2)


def test_an_ending_that_waits_gives_way_when_the_facts_grow(duty, out):
    ending = duty.act(2, Occasion.CLEARED, out)
    verdict = duty.run(3, [judged(3, 3, force=12)])
    (new,) = verdict.drafts
    assert dict(verdict.superseded) == {ending.id: new.id}
    assert (new.occasion, new.kind) == (Occasion.LEVEL_UP, "Update")


def test_a_form_sent_twice_makes_one_draft(duty, out):
    seen = out.draft
    first = duty.act(2, Occasion.CLEARED, out, seen=seen)
    again = duty.act(2, Occasion.CLEARED, out, seen=seen)
    assert again.id == first.id
    assert len(duty.store.drafts()) == 2
    with refused("not_newest"):  # another wish on a page that is old
        duty.act(2.2, Occasion.EXTENDED, out, seen=seen, expires=out.expires + HOUR)


def test_a_draft_that_waits_comes_first_unless_the_notice_ends(duty, out):
    (waits,) = duty.run(2, [judged(2, 3, force=12)]).drafts
    with refused("draft_waits"):
        duty.act(2.1, Occasion.EXTENDED, out, expires=out.expires + HOUR)
    ending = duty.act(2.1, Occasion.CANCELLED, out)
    assert duty.store.draft_state(waits.id).by == ending.id
    assert duty.store.verify() == ()


def test_nothing_is_done_to_what_has_ended(duty, out):
    duty.approve_at(duty.act(2, Occasion.CLEARED, out), 2.1)
    with refused("nothing_in_force"):
        duty.act(3, Occasion.EXTENDED, out, expires=out.expires + HOUR)


def test_other_words_are_an_update(duty, out):
    words = tuple(
        Text(t.language, f"{t.headline[:90]} New.", "Other words.", "Stay inside.")
        for t in duty.store.draft(out.draft).texts
    )
    draft = duty.act(2, Occasion.REWORDED, out, texts=words)
    assert (draft.kind, draft.texts) == ("Update", words)
    assert draft.said == duty.store.draft(out.draft).said


def test_before_it_runs_out_the_first_page_says_so(duty, out):
    left = (out.expires - T0) / HOUR
    assert duty.lacks(left - WARN.renew_h - 0.1) == {}
    assert duty.lacks(left - WARN.renew_h + 0.1) == {"N": Lack.RUNS_OUT}
    assert duty.lacks(left + 0.1) == {"N": Lack.RAN_OUT}
    duty.run(left - 0.5, [judged(left - 0.5, 2, State.NO_DATA)])
    assert duty.lacks(left - 0.4) == {}
    assert duty.lacks(left + 0.1) == {"N": Lack.SUCCEEDED}


@settings(max_examples=6, deadline=None, phases=NO_SHRINKING)
@given(data=st.data())
def test_nothing_in_force_is_ever_left_without_a_word(data):
    """Whatever comes and whoever acts: a level has a notice, a draft, or a line on the page."""
    with Store.open(":memory:") as store:
        duty = Duty(store)
        hour = 0.0
        for _ in range(data.draw(st.integers(2, 5))):
            hour += data.draw(st.sampled_from([1.0, 5.0, 9.0, 26.0]))
            duty.run(hour, [data.draw(assessments(hour, "N", "3001-toto"))])
            for draft in store.pending():
                deed = data.draw(st.sampled_from(["approve", "approve", "refuse", "ignore"]))
                if deed == "approve":
                    try:
                        duty.approve_at(draft, hour)
                    except BadData as error:
                        # An all-clear by hand that nobody approved in time says nothing any more.
                        codes = {p.code for p in error.problems}
                        assert codes == {"cap.expired"}
                        assert draft.said.expires <= duty.now(hour)
                elif deed == "refuse":
                    duty.refuse(draft)
            told = store.messages()[-1:]
            wish = data.draw(st.sampled_from([None, None, *ENDINGS, Occasion.EXTENDED]))
            if told and told[0].level and wish is not None:
                more = {"expires": told[0].expires + 3 * HOUR} if wish not in ENDINGS else {}
                try:
                    made = duty.act(hour + 0.1, wish, told[0], **more)
                except BadData as error:
                    codes = {p.code for p in error.problems}
                    assert codes <= {"store.draft_waits", "warn.extend_short"}
                    made = None
                if made is not None and data.draw(st.booleans()):
                    with suppress(BadData):  # it ran out before anybody approved it
                        duty.approve_at(made, hour + 0.2)
            for later in (0.3, 30.0):
                _spoken(duty, hour + later)
        texts = [(m.chain, m.kind, m.body) for m in store.messages()]
        assert len({t[2] for t in texts}) == len(texts)
        assert store.verify() == ()


def _spoken(duty: Duty, hour: float) -> None:
    known = duty.store.snapshot(duty.now(hour), **DAYS)
    lacks = duty.lacks(hour, known)
    for one in known.standing:
        if not one.level:
            continue
        mine = [c for c in known.chains if c.place == one.place]
        newest = max(mine, key=lambda c: c.number)
        told = newest.issued
        stands = told is not None and told.level > 0 and told.expires > known.now
        waits = newest.pending is not None and newest.pending.expires > known.now
        assert stands or waits or one.place in lacks
        assert lacks.get(one.place) is not Lack.SILENT


def test_the_same_words_are_never_said_twice_by_mistake(duty):
    """Runs over the same news, with a person's act between: no two drafts tell the same."""
    (draft,) = duty.run(1, [judged(1, 2)]).drafts
    told = duty.approve_at(draft, 1.1)
    duty.approve_at(duty.act(1.5, Occasion.EXTENDED, told, expires=told.expires + HOUR), 1.6)
    for step in range(2, 7):
        duty.run(step, [judged(step, 2, onset_h=13 - step)])
    said = [(d.said, d.texts) for d in duty.store.drafts()]
    assert len(said) == 2
    assert said[0] != said[1]


def test_drafts_wait_no_longer_for_a_person_than_others(duty, out):
    draft = duty.act(2, Occasion.CLEARED, out)
    assert draft.due == duty.now(2) + timedelta(minutes=WARN.approval_limit_min)
