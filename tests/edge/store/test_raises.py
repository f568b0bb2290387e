"""Raises in the store: two people, one at a time, known from their hour on, sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from edge.store.samples import ANNA, BERT, DAYS, HOUR, SCOPE, T0, decide, deliver, run
from haidang.base.errors import BadData, NotFound
from haidang.edge.store import Store
from haidang.law.raises import Lapse, Raise

SCALE = "alert"


def propose(store: Store, hour: float = 1, **other: object) -> Raise:
    given = {
        "place": "01",
        "scale": SCALE,
        "by": 1,
        "reason": "the dike is soft",
        "until": T0 + 24 * HOUR,
        "actor": ANNA,
        "role": "officer",
        "at": T0 + hour * HOUR,
    }
    return store.propose_raise(**{**given, **other})


def code(error: pytest.ExceptionInfo[Exception]) -> str:
    assert error.value.say("vi") != error.value.say("en")
    return error.value.problems[0].code


def known(store: Store, hour: float, **other: object) -> tuple[Raise, ...]:
    return store.snapshot(T0 + hour * HOUR, **DAYS, **other).raises


def test_a_raise_counts_from_the_second_persons_word_on(store: Store) -> None:
    made = propose(store)
    assert known(store, 1.5) == ()
    state = store.approve_raise(made.id[:8], BERT, "head", T0 + 2 * HOUR)
    assert state.in_force(T0 + 3 * HOUR)
    assert not state.in_force(T0 + 24 * HOUR)
    assert known(store, 1.9) == ()  # nothing of it was known an hour before
    (found,) = known(store, 3)
    assert found == replace(made, at=T0 + 2 * HOUR, actor=BERT, role="head")
    assert known(store, 3, places=["02"]) == ()
    assert [e.kind for e in store.ledger()] == ["raise_proposed", "raise_approved"]
    assert "dike" not in "".join(e.body for e in store.ledger())
    assert store.verify() == ()


def test_a_run_that_is_read_again_knows_what_it_knew(store: Store) -> None:
    """An act of the same minute, written after the run, was not known to it."""
    deliver(store, 0)
    made = propose(store, 0)
    store.approve_raise(made.id, BERT, "head", T0)
    seen = store.snapshot(T0 + HOUR, scope=SCOPE, **DAYS)
    store.commit(decide(seen))
    store.withdraw_raise(made.id, ANNA, "officer", T0 + HOUR, "the water falls")
    again = store.snapshot(T0 + HOUR, scope=SCOPE, **DAYS)
    assert (again.raises, again.receipt) == (seen.raises, seen.receipt)
    assert len(seen.raises) == 1
    assert known(store, 1) == ()
    assert store.snapshot(T0 + HOUR, **DAYS).receipt == seen.receipt + 1


def test_the_same_form_twice_is_one_raise(store: Store) -> None:
    made = propose(store)
    assert propose(store) == made
    one = store.approve_raise(made.id, BERT, "head", T0 + 2 * HOUR)
    assert store.approve_raise(made.id, BERT, "head", T0 + 3 * HOUR) == one
    assert store.withdraw_raise(made.id, ANNA, "officer", T0 + 4 * HOUR).stage == "withdrawn"
    assert store.withdraw_raise(made.id, BERT, "head", T0 + 5 * HOUR).ended == T0 + 4 * HOUR
    assert len(store.ledger()) == 3


def test_where_one_person_is_enough_it_counts_at_once(store: Store) -> None:
    made = propose(store, approval=False)
    (state,) = store.raises()
    assert (state.stage, state.alone, state.of_force) == ("approved", True, made)
    assert store.verify() == ()


def test_what_is_wrong_is_refused(store: Store) -> None:
    for wrong, said in (
        ({"reason": "  "}, "law.raise_no_reason"),
        ({"by": 0}, "store.raise_by"),
        ({"until": T0}, "store.raise_until"),
        ({"actor": "cccccccc"}, "store.no_actor"),
    ):
        with pytest.raises(BadData) as caught:
            propose(store, **wrong)
        assert code(caught) == said
    assert store.raises() == ()
    assert store.ledger() == ()
    made = propose(store)
    with pytest.raises(BadData) as caught:
        propose(store, 2, by=2)
    assert code(caught) == "store.raise_stands"
    propose(store, 2, place="02")  # another place has its own
    with pytest.raises(BadData) as caught:
        store.approve_raise(made.id, ANNA, "officer", T0 + 2 * HOUR)
    assert code(caught) == "store.raise_same_person"
    with pytest.raises(BadData) as caught:
        store.approve_raise(made.id, BERT, "head", T0)
    assert code(caught) == "store.before_raise"
    with pytest.raises(BadData) as caught:
        store.approve_raise(made.id, BERT, "head", T0 + 24 * HOUR)
    assert code(caught) == "store.raise_until"
    with pytest.raises(NotFound) as missing:
        store.approve_raise("ffff", BERT, "head", T0 + 2 * HOUR)
    assert code(missing) == "store.no_raise"


def test_one_person_alone_is_marked(store: Store) -> None:
    made = propose(store)
    state = store.approve_raise(made.id, ANNA, "officer", T0 + 2 * HOUR, broke_glass=True)
    assert state.alone
    assert '"broke_glass":true' in store.ledger()[-1].body
    assert store.verify() == ()


def test_what_is_over_is_not_acted_on(store: Store) -> None:
    made = propose(store)
    store.refuse_raise(made.id, BERT, "head", T0 + 2 * HOUR, "not needed")
    for act in (store.approve_raise, store.withdraw_raise):
        with pytest.raises(BadData) as caught:
            act(made.id, BERT, "head", T0 + 3 * HOUR)
        assert code(caught) == "store.raise_refused"
    again = propose(store, 3)  # and the place is free for another
    assert again.id != made.id
    store.withdraw_raise(again.id, ANNA, "officer", T0 + 4 * HOUR)
    assert [s.stage for s in store.raises()] == ["refused", "withdrawn"]
    assert [s.stage for s in store.raises(T0 + 3 * HOUR)] == ["refused", "proposed"]
    assert store.verify() == ()


def test_a_run_writes_down_what_it_found_over(store: Store) -> None:
    deliver(store, 0)
    made = propose(store, 0)
    store.approve_raise(made.id, BERT, "head", T0)
    at = T0 + HOUR
    gone = Lapse(made.id, "01", SCALE, at, "hazards")
    verdict = replace(decide(store.snapshot(at, scope=SCOPE, **DAYS)), lapsed=(gone,))
    assert store.commit(verdict)
    assert [s.stage for s in store.raises()] == ["lapsed"]
    assert [s.stage for s in store.raises(T0)] == ["approved"]
    assert known(store, 2) == ()
    assert len(store.snapshot(at, scope=SCOPE, **DAYS).raises) == 1  # read again: still there
    assert [e.kind for e in store.ledger()].count("raise_lapsed") == 1
    assert store.verify() == ()
    # Over is over: nobody withdraws it, and no run finds it over once more.
    later = replace(decide(store.snapshot(at + HOUR, scope=SCOPE, **DAYS)), lapsed=(gone,))
    with pytest.raises(BadData) as caught:
        store.commit(later)
    assert code(caught) == "store.stale_raise"
    assert store.committed(SCOPE, at + HOUR) is None


def test_a_raise_that_was_touched_is_found(file) -> None:
    import sqlite3

    with Store.open(file) as store:
        store.add_actor("officer", actor_id=ANNA)
        propose(store)
    with sqlite3.connect(file) as raw:
        raw.execute('UPDATE level_raise SET "by" = 2')
    raw.close()
    with Store.open(file) as store:
        (found,) = {p.code for p in store.verify()}
    assert found == "store.record_differs"


# --- levels beside the run, and levels that are over ---


def test_a_snapshot_of_one_threat_still_knows_what_else_stands(store: Store) -> None:
    deliver(store, 0)
    run(store, 0)
    whole = store.snapshot(T0 + HOUR, **DAYS)
    assert whole.beside == ()
    other = store.snapshot(T0 + HOUR, threats=["flood"], events=["flood-1"], **DAYS)
    assert other.standing == ()
    assert other.beside == tuple(s for s in whole.standing if s.level)
    narrow = store.snapshot(T0 + HOUR, threats=["wind"], events=["other"], **DAYS)
    assert narrow.beside == other.beside


def test_when_a_level_ended_is_known_from_the_runs(store: Store) -> None:
    """The levels of the make-believe duty go 1 2 3, 2 3 0, 3 0 1, 0 1 2 at the three places."""
    for step in range(4):
        deliver(store, step)
        run(store, step)

    def ended(hour: int, **other: object) -> dict[str, object]:
        snap = store.snapshot(T0 + hour * HOUR, **DAYS, **other)
        return {e.place: e.at for e in snap.ended}

    assert ended(0) == {}
    assert ended(1) == {"03": T0 + HOUR}
    assert ended(2) == {"02": T0 + 2 * HOUR}  # 03 has a level again
    assert ended(3) == {"01": T0 + 3 * HOUR}
    assert ended(3, scope=SCOPE) == {"02": T0 + 2 * HOUR}  # as the run itself saw it
    assert ended(3, threats=["flood"]) == {"01": T0 + 3 * HOUR}
    assert ended(3, places=["02"]) == {}


def test_a_refused_draft_shows_in_its_chain(waiting: Store) -> None:
    one, *rest = waiting.pending()
    waiting.refuse(one.id, BERT, "head", T0 + timedelta(minutes=1), "no")
    chains = {c.place: c for c in waiting.snapshot(T0 + HOUR, **DAYS).chains}
    assert [chains[p].refused for p in (one.place, rest[0].place)] == [True, False]
