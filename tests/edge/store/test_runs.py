"""Verdicts: all or nothing, once, and never against what a person did meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from edge.store.samples import (
    ANNA,
    BERT,
    DAYS,
    HOUR,
    SCOPE,
    T0,
    assessment,
    build,
    decide,
    deliver,
    run,
)
from haidang.app.verdict import Withdrawal
from haidang.base.errors import BadData
from haidang.edge.store import Store
from haidang.warn.lifecycle import Occasion


def code(error: pytest.ExceptionInfo[BadData]) -> str:
    assert error.value.say("vi") != error.value.say("en")
    return error.value.problems[0].code


def state(store: Store) -> tuple[object, ...]:
    return store.head(), store.drafts(), store.decisions(), store.pending()


def test_a_verdict_is_written_once(store: Store) -> None:
    deliver(store, 0)
    verdict = decide(store.snapshot(T0, **DAYS))
    assert store.committed(SCOPE, T0) is None
    assert store.commit(verdict) is True
    assert store.committed(SCOPE, T0) == verdict.id
    before = state(store)
    assert store.commit(verdict) is False
    assert state(store) == before
    assert [e.kind for e in store.ledger()] == ["run", *["decision"] * 3, *["draft"] * 3]
    assert store.verify() == ()


def test_another_verdict_for_the_same_run_is_refused(waiting: Store) -> None:
    before = state(waiting)
    other = replace(decide(waiting.snapshot(T0, scope=SCOPE, **DAYS)), id="other")
    with pytest.raises(BadData) as caught:
        waiting.commit(other)
    assert code(caught) == "store.other_verdict"
    assert state(waiting) == before


def test_what_was_written_comes_back(store: Store) -> None:
    deliver(store, 0)
    verdict = decide(store.snapshot(T0, **DAYS))
    store.commit(verdict)
    assert store.decisions() == verdict.decisions
    assert store.drafts() == verdict.drafts
    assert repr(store.assessments()) == repr(verdict.assessments)
    assert repr(store.assessments(verdict.id)) == repr(verdict.assessments)
    assert store.assessments("unknown") == ()
    later = store.snapshot(T0 + HOUR, **DAYS)
    assert later.standing == verdict.standing
    assert [c.pending for c in later.chains] == [d.said for d in verdict.drafts]
    assert [c.pending_id for c in later.chains] == [d.id for d in verdict.drafts]
    assert [(c.issued, c.drafted, c.version, c.number) for c in later.chains] == [
        (None, T0, 1, 1)
    ] * 3


def test_a_newer_draft_replaces_the_waiting_one(waiting: Store) -> None:
    old = waiting.pending()
    deliver(waiting, 1)
    verdict = run(waiting, 1)
    assert verdict.superseded
    for gone, new in verdict.superseded.items():
        assert waiting.draft_state(gone).last == "superseded"
        assert waiting.draft_state(new).pending
    assert {d.id for d in waiting.pending()} == set(verdict.superseded.values()) | {
        d.id for d in verdict.drafts
    }
    assert not {d.id for d in old} & set(verdict.superseded.values())
    assert [e.kind for e in waiting.ledger()][-len(verdict.superseded) :] == ["superseded"] * len(
        verdict.superseded
    )
    # As of the first run nothing of this has happened.
    assert [c.pending_id for c in waiting.snapshot(T0, **DAYS).chains] == [
        d.id for d in sorted(old, key=lambda d: d.place)
    ]
    assert waiting.verify() == ()


def test_a_withdrawn_draft_waits_no_longer(waiting: Store) -> None:
    gone = waiting.pending()[0]
    at = T0 + HOUR
    empty = replace(
        decide(waiting.snapshot(at, **DAYS), places=()),
        withdrawals=(Withdrawal(gone.id, at, Occasion.WITHDRAWN),),
    )
    assert waiting.commit(empty)
    assert gone.id not in {d.id for d in waiting.pending()}
    with pytest.raises(BadData) as caught:
        waiting.sign(gone.id, ANNA, "officer", at)
    assert code(caught) == "store.draft_withdrawn"
    with pytest.raises(BadData) as caught:  # and it is not withdrawn twice
        waiting.commit(replace(empty, at=at + HOUR, id="second"))
    assert code(caught) == "store.stale"
    assert waiting.ledger()[-1].kind == "withdrawn"
    assert waiting.verify() == ()


def test_silence_about_a_place_leaves_its_level(waiting: Store) -> None:
    before = waiting.snapshot(T0, **DAYS).standing
    at = T0 + HOUR
    waiting.commit(decide(waiting.snapshot(at, **DAYS), places=("02",)))
    after = {s.place: s for s in waiting.snapshot(at, **DAYS).standing}
    assert set(after) == {"01", "02", "03"}
    assert after["01"] == before[0]
    assert after["02"].confirmed == at


def test_a_verdict_that_overlooks_an_approval_is_refused(waiting: Store) -> None:
    deliver(waiting, 1)
    stale = decide(waiting.snapshot(T0 + HOUR, scope=SCOPE, **DAYS))
    gone = next(iter(stale.superseded))
    waiting.sign(gone, ANNA, "officer", T0)
    waiting.approve(gone, BERT, "head", T0, build, ["feed"])
    before = state(waiting)
    with pytest.raises(BadData) as caught:
        waiting.commit(stale)
    assert code(caught) == "store.stale"
    assert state(waiting) == before
    fresh = decide(waiting.snapshot(T0 + HOUR, scope=SCOPE, **DAYS))
    assert waiting.commit(fresh)
    assert waiting.verify() == ()


def test_a_verdict_that_overlooks_a_newer_draft_is_refused(waiting: Store) -> None:
    deliver(waiting, 1)
    stale = decide(waiting.snapshot(T0 + 2 * HOUR, **DAYS), scope="xt/other")
    run(waiting, 1)
    before = state(waiting)
    with pytest.raises(BadData) as caught:
        waiting.commit(stale)
    assert code(caught) == "store.stale"
    assert state(waiting) == before
    with pytest.raises(BadData) as caught:  # nor does it help to replace nothing
        waiting.commit(replace(stale, superseded={}))
    assert code(caught) == "store.stale"
    assert state(waiting) == before


def test_a_run_made_up_for_later_does_not_overrule_a_newer_one(store: Store) -> None:
    late = decide(store.snapshot(T0 + 2 * HOUR, **DAYS), scope="xt/late")
    early = decide(store.snapshot(T0 + HOUR, **DAYS), scope="xt/early")
    assert store.commit(replace(late, drafts=()))
    assert store.commit(replace(early, drafts=()))
    assert store.snapshot(T0 + 3 * HOUR, **DAYS).standing == late.standing
    assert store.snapshot(T0 + HOUR, **DAYS).standing == early.standing


def test_the_same_content_in_two_scopes_is_kept_once(waiting: Store) -> None:
    first = waiting.assessments()
    twin = replace(
        decide(waiting.snapshot(T0, scope=SCOPE, **DAYS)),
        scope="xt/all",
        id="twin",
        drafts=(),
        superseded={},
    )
    assert waiting.commit(twin)
    assert repr(waiting.assessments()) == repr(first)
    assert waiting.verify() == ()


def test_one_id_for_two_contents_is_refused(waiting: Store) -> None:
    twin = decide(waiting.snapshot(T0, scope=SCOPE, **DAYS))
    changed = replace(twin.assessments[0], method="other")
    before = state(waiting)
    with pytest.raises(BadData) as caught:
        waiting.commit(
            replace(twin, scope="xt/all", drafts=(), assessments=(changed, *twin.assessments[1:]))
        )
    assert code(caught) == "store.id_clash"
    assert state(waiting) == before


def test_a_decision_without_its_assessment_writes_nothing(store: Store) -> None:
    deliver(store, 0)
    verdict = replace(decide(store.snapshot(T0, **DAYS)), assessments=())
    with pytest.raises(BadData) as caught:
        store.commit(verdict)
    assert code(caught) == "store.inconsistent"
    assert store.head()[0] == 0
    assert store.committed(SCOPE, T0) is None


def test_a_closed_chain_stays_known(waiting: Store) -> None:
    """The all-clear of one chain, and the next chain of the same place."""
    for step in range(0, 8):
        deliver(waiting, step)
        run(waiting, step)
        for draft in waiting.pending():
            at = T0 + step * HOUR
            waiting.sign(draft.id, ANNA, "officer", at)
            waiting.approve(draft.id, BERT, "head", at, build, ["feed"])
    chains = waiting.snapshot(T0 + 8 * HOUR, places=["01"], **DAYS).chains
    assert [c.number for c in chains] == [1, 2]
    assert chains[0].closed
    assert all(m.chain == chains[0].id for m in waiting.chain_messages(chains[0].id))
    assert waiting.chain_messages(chains[0].id)[-1].kind == "Cancel"
    assert waiting.verify() == ()


def test_fifty_decisions_cost_no_more_statements_than_five(store: Store) -> None:
    asked: list[int] = []
    for step, n in enumerate((5, 50)):
        deliver(store, step)
        places = tuple(f"{k:02}" for k in range(n))
        verdict = decide(store.snapshot(T0 + step * HOUR, **DAYS), places=places)
        told: list[str] = []

        def heard(_c: object, _k: object, text: str, *_: object, told: list[str] = told) -> None:
            told.append(text)

        event.listen(Engine, "before_cursor_execute", heard)
        try:
            store.commit(verdict)
        finally:
            event.remove(Engine, "before_cursor_execute", heard)
        asked.append(len(told))
    assert asked[0] > 5
    assert asked[1] <= asked[0] + 5


def test_two_scopes_share_one_store(where: Path | str, store: Store) -> None:
    deliver(store, 0)
    with Store.open(where) as other:
        one = decide(store.snapshot(T0, **DAYS), places=("01",), scope="xt/one")
        two = decide(other.snapshot(T0, **DAYS), places=("02",), scope="xt/two")
        assert store.commit(one)
        assert other.commit(two)
        assert [s.place for s in store.snapshot(T0, **DAYS).standing] == ["01", "02"]
        # Run again, the first one does not see the second, which came later.
        assert store.snapshot(T0, scope="xt/one", **DAYS).standing == ()
        assert [s.place for s in store.snapshot(T0, scope="xt/two", **DAYS).standing] == ["01"]
        assert store.verify() == ()


def test_an_assessment_alone_is_no_trouble(store: Store) -> None:
    judged = assessment("01", T0, 0, 0)
    empty = decide(store.snapshot(T0, **DAYS), places=())
    assert store.commit(replace(empty, assessments=(judged,)))
    assert store.verify() == ()
