"""A person's act on a message that is out, in both databases: one draft, and what it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from edge.store.samples import ANNA, BERT, DAYS, HOUR, T0, build, deliver, run
from haidang.app.verdict import Draft
from haidang.base.errors import BadData
from haidang.edge.store import Store
from haidang.warn.lifecycle import Occasion, Said

AT = T0 + timedelta(minutes=10)


@pytest.fixture
def told(waiting: Store) -> Draft:
    """A draft that went out."""
    draft = waiting.pending()[0]
    waiting.sign(draft.id, ANNA, "officer", T0 + timedelta(minutes=1))
    waiting.approve(draft.id, BERT, "head", T0 + timedelta(minutes=2), build, ["feed"])
    return draft


def ending(told: Draft, **other: object) -> Draft:
    plain = replace(
        told,
        id=f"{told.id[:-4]}end1",
        version=told.version + 1,
        at=AT,
        kind="Cancel",
        occasion=Occasion.CANCELLED,
        said=Said(0, 0, None, AT + 6 * HOUR),
        against=told.said,
    )
    return replace(plain, **other)


def test_an_act_is_signed_by_whoever_asked_and_kept_whole(waiting: Store, told: Draft) -> None:
    fresh = ending(told)
    assert waiting.act(fresh, told.id, ANNA, "officer", AT) == fresh == waiting.draft(fresh.id)
    state = waiting.draft_state(fresh.id)
    assert (state.pending, state.signer, state.editor, state.edited) == (True, ANNA, ANNA, told.id)
    assert [e.kind for e in waiting.ledger()][-3:] == ["draft", "edited", "signed"]
    assert waiting.act(fresh, told.id, ANNA, "officer", AT) == fresh  # sent twice
    assert len([d for d in waiting.drafts() if d.chain == told.chain]) == 2
    message = waiting.approve(fresh.id, BERT, "head", AT, build, ["feed"])
    assert (message.level, message.chain) == (0, told.chain)
    assert waiting.verify() == ()


def test_what_a_person_ended_is_held_at_the_lowest_level_since(waiting: Store, told: Draft) -> None:
    def held(at):
        chains = waiting.snapshot(at, **DAYS).chains
        return next(c for c in chains if c.id == told.chain).held

    assert held(AT) is None
    waiting.act(ending(told), told.id, ANNA, "officer", AT)
    found = held(AT)
    assert found is not None
    assert (found.occasion, found.facts) == (Occasion.CANCELLED, told.said)
    assert held(T0 + timedelta(minutes=5)) is None  # as known then
    waiting.approve(ending(told).id, BERT, "head", AT, build, ["feed"])
    later = waiting.snapshot(AT, **DAYS)
    assert held(AT) == found
    assert next(c for c in later.chains if c.id == told.chain).closed
    deliver(waiting, 1)
    levels = {s.place: s.level for s in run(waiting, 1).standing}
    after = held(T0 + 12 * HOUR)
    assert after is not None
    assert after.facts.level == min(told.said.level, levels[told.place])
    assert held(AT) == found  # what was known then does not change
    assert waiting.verify() == ()


@pytest.mark.parametrize("wrong", ["old", "nobody", "version", "early"])
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    waiting: Store, told: Draft, wrong: str
) -> None:
    fresh, seen, actor, at = ending(told), told.id, ANNA, AT
    other = next(d for d in waiting.pending() if d.chain != told.chain)
    if wrong == "old":
        waiting.act(ending(told, id="other-act-0001"), told.id, ANNA, "officer", AT)
        code = "store.not_newest"
    elif wrong == "nobody":
        actor, code = "cccccccc", "store.no_actor"
    elif wrong == "version":
        fresh, code = ending(told, version=9), "store.stale"
    else:
        at, code = T0 - HOUR, "store.before_draft"
    before = waiting.head()
    with pytest.raises(BadData) as error:
        waiting.act(fresh, seen, actor, "officer", at)
    assert error.value.problems[0].code == code
    with pytest.raises(BadData) as error:  # nothing of this one is out
        waiting.act(ending(other), other.id, ANNA, "officer", AT)
    assert error.value.problems[0].code == "store.nothing_in_force"
    assert waiting.head() == before
