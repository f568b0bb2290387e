"""Stock, plans and what people do about tasks: kept as-of, sealed, done once."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge.store.samples import ANNA, BERT, DAYS, HOUR, SCOPE, T0, deliver, run
from edge.store.samples_response import plan as make_plan
from edge.store.samples_response import planned_run, response_duty, stock, unit
from haidang.base.errors import BadData, NotFound
from haidang.edge.store import Store, plans
from haidang.edge.store.codec_plan import decode_plan, encode_plan

MINUTE = timedelta(minutes=1)


def code(error: pytest.ExceptionInfo[BadData]) -> str:
    assert all(error.value.say(language) for language in ("en", "vi"))
    return error.value.problems[0].code


@pytest.fixture
def planned(store: Store) -> Store:
    stock(store, 0, unit(), unit("u2", place="02", demo=False))
    deliver(store, 0)
    planned_run(store, 0)
    return store


def task_of(store: Store, place: str = "01") -> str:
    return next(t.id for t in store.plans()[-1].tasks if t.place == place)


# ── stock ────────────────────────────────────────────────────────────────────────────────────


def test_an_inventory_comes_back_as_it_went_in(store: Store) -> None:
    units = (unit("b", lat=None, lon=106.5), unit("a", quantity=0, reserve=0))
    number = stock(store, 0, *units)
    snap = store.snapshot(T0, **DAYS)
    assert snap.stock == (units[1], units[0])  # by id
    assert snap.stock_receipt == number == snap.receipt
    assert stock(store, 0, *units) == number  # the same delivery again


def test_a_newer_inventory_of_the_source_replaces_the_older_whole(store: Store) -> None:
    first = stock(store, 0, unit("a"), unit("b"))
    other = stock(store, 1, unit("n", echelon="nation"), source="nation")
    second = stock(store, 2, unit("c"))
    now = T0 + 9 * HOUR
    assert [u.id for u in store.snapshot(now, **DAYS).stock] == ["c", "n"]
    assert store.snapshot(now, **DAYS).stock_receipt == second
    # As of a delivery, and as of an instant: exactly what was known then.
    old = store.snapshot(now, receipt=other, **DAYS)
    assert ([u.id for u in old.stock], old.stock_receipt) == (["a", "b", "n"], other)
    assert [u.id for u in store.snapshot(T0, **DAYS).stock] == ["a", "b"]
    assert store.snapshot(T0, **DAYS).stock_receipt == first
    assert store.snapshot(T0 - HOUR, **DAYS).stock == ()
    assert store.snapshot(T0 - HOUR, **DAYS).stock_receipt == 0


def test_a_committed_run_sees_its_own_stock_again(planned: Store) -> None:
    before = planned.snapshot(T0, scope=SCOPE, **DAYS)
    planned.add_stock("late", [unit("z")], "inventory", T0, T0)  # received at the same instant
    assert planned.snapshot(T0, scope=SCOPE, **DAYS) == before
    assert [u.id for u in planned.snapshot(T0, **DAYS).stock] == ["z"]


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ((), "store.stock_empty"),
        ((unit("a"), unit("a")), "store.stock_twice"),
        ((unit(quantity=-1),), "store.stock_count"),
        ((unit(quantity=3, reserve=4),), "store.stock_count"),
        ((unit(reserve=-1),), "store.stock_count"),
        ((unit(echelon="village"),), "store.stock_echelon"),
        ((unit(ready_min=float("inf")),), "store.not_finite"),
    ],
)
def test_an_inventory_that_cannot_be(store: Store, units, expected) -> None:
    with pytest.raises(BadData) as error:
        store.add_stock("bad", units, "inventory", T0, T0)
    assert code(error) == expected
    assert store.snapshot(T0, **DAYS).stock == ()


def test_two_sources_cannot_hold_one_unit(store: Store) -> None:
    stock(store, 0, unit("a"))
    with pytest.raises(BadData) as error:
        stock(store, 1, unit("a"), source="nation")
    assert code(error) == "store.stock_other_source"


# ── plans ────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_comes_back_as_it_went_in(planned: Store) -> None:
    verdict = planned_run(planned, 0)  # not written twice
    assert planned.plans() == (verdict.plan,)
    assert decode_plan(encode_plan(verdict.plan)) == verdict.plan
    assert encode_plan(decode_plan(encode_plan(verdict.plan))) == encode_plan(verdict.plan)


def test_a_plan_with_stand_by_comes_back_as_it_was_and_is_counted_in_the_ledger(planned):
    one = planned.plans()[0]
    ahead = replace(
        one,
        grants=tuple(replace(g, standby=True) for g in one.grants),
        tasks=tuple(replace(t, ended=one.at) for t in one.tasks),
    )
    assert one.grants
    assert one.short
    assert one.calls
    assert decode_plan(encode_plan(ahead)) == ahead
    line = plans.line(ahead, "")
    assert (line["standby"], line["short"], line["calls"]) == (1, len(one.short), len(one.calls))
    # The line of a plan that has none of it stays what it was before there was any.
    assert not {"standby", "short", "calls"} & set(plans.line(replace(one, short=(), calls=()), ""))


def test_a_plan_from_before_stand_by_is_read(planned):
    one = planned.plans()[0]
    body = encode_plan(one)
    for name in ("short", "calls"):
        del body[name]
    for name, key in (("tasks", "ended"), ("grants", "standby")):
        for row in body[name]:
            del row[key]
    assert decode_plan(body) == replace(one, short=(), calls=())


def test_the_plan_in_force_is_the_newest_up_to_the_instant(planned: Store) -> None:
    deliver(planned, 1)
    second = planned_run(planned, 1)
    assert planned.plan_at(T0 - MINUTE) is None
    assert planned.plan_at(T0 + 59 * MINUTE) == planned.plans()[0]
    assert planned.plan_at(T0 + HOUR) == second.plan


def test_a_run_without_a_plan_keeps_none(waiting: Store) -> None:
    assert waiting.plans() == ()
    assert waiting.plan_at(T0) is None
    assert not any(e.kind == "plan" for e in waiting.ledger())


def test_the_ledger_seals_a_plan(planned: Store) -> None:
    line = next(e for e in planned.ledger() if e.kind == "plan")
    assert '"tasks":3' in line.body
    assert '"grants":1' in line.body
    assert planned.plans()[0].id in line.body
    assert planned.verify() == ()


@pytest.mark.parametrize(
    "touch",
    [
        "UPDATE plan SET body = replace(body, '\"quantity\":4', '\"quantity\":5')",
        "UPDATE plan SET at = '2024-09-06 00:00:01.000000'",
        "UPDATE task SET due = NULL",
        "UPDATE task SET level = level + 1 WHERE place = '02'",
        "UPDATE allotment SET quantity = 99",
        "DELETE FROM allotment",
    ],
)
@pytest.mark.parametrize("where", ["sqlite"], indirect=True)  # touched past the program
def test_a_touched_plan_is_found(planned: Store, file: Path, touch: str) -> None:
    name = planned.plans()[0].id
    with sqlite3.connect(file) as raw:
        raw.execute(touch)
    raw.close()
    found = planned.verify()
    assert {(p.code, p.params["kind"], p.params["id"]) for p in found} == {
        ("store.record_differs", "plan", name)
    }


# ── tasks ────────────────────────────────────────────────────────────────────────────────────


def test_a_task_is_begun_blocked_and_done(planned: Store) -> None:
    task = task_of(planned)
    assert planned.task_states() == {}
    acts = [("started", ""), ("note", "xong một nửa"), ("blocked", "ngập"), ("started", "")]
    for number, (action, note) in enumerate([*acts, ("done", "đủ 40 người")]):
        at = T0 + number * MINUTE
        state = planned.task_act(task, ANNA, "officer", at, action, note, f"k{number}")
    assert (state.state, state.at, state.role) == ("done", T0 + 4 * MINUTE, "officer")
    assert (state.actor, state.note) == (ANNA, "đủ 40 người")
    assert [a.action for a in state.history] == [a for a, _ in acts] + ["done"]
    assert planned.task_states() == {task: state}
    # As of an instant, nothing later.
    then = planned.task_states(T0 + 2 * MINUTE)[task]
    assert (then.state, len(then.history)) == ("blocked", 3)
    kinds = [e.kind for e in planned.ledger() if e.kind.startswith("task_")]
    assert kinds == ["task_started", "task_note", "task_blocked", "task_started", "task_done"]
    assert not any("ngập" in e.body for e in planned.ledger())  # only its digest
    assert planned.verify() == ()


def test_a_form_sent_twice_is_done_once(planned: Store) -> None:
    task = task_of(planned)
    once = planned.task_act(task, ANNA, "officer", T0, "done", "", "key")
    head = planned.head()
    assert planned.task_act(task, ANNA, "officer", T0 + MINUTE, "done", "", "key") == once
    assert planned.head() == head
    with pytest.raises(BadData) as error:
        planned.task_act(task, ANNA, "officer", T0, "note", "otherwise", "key")
    assert code(error) == "store.key_taken"


@pytest.mark.parametrize(
    ("before", "action", "note", "expected"),
    [
        (["done"], "done", "", "store.task_done"),
        (["done"], "started", "", "store.task_done"),
        (["done"], "blocked", "why", "store.task_done"),
        (["started"], "started", "", "store.task_started"),
        (["blocked"], "blocked", "why", "store.task_blocked"),
        ([], "blocked", "  ", "store.task_blocked_why"),
        ([], "note", "", "store.task_note_why"),
        ([], "dropped", "", "store.task_action"),
    ],
)
def test_out_of_order(planned: Store, before, action, note, expected) -> None:
    task = task_of(planned)
    for number, one in enumerate(before):
        planned.task_act(task, ANNA, "officer", T0, one, "why", f"k{number}")
    head = planned.head()
    with pytest.raises(BadData) as error:
        planned.task_act(task, BERT, "head", T0, action, note, "new")
    assert code(error) == expected
    assert planned.head() == head


def test_who_what_and_when_must_be_known(planned: Store) -> None:
    task = task_of(planned)
    with pytest.raises(NotFound) as missing:
        planned.task_act("nothing", ANNA, "officer", T0, "done", "", "k")
    assert missing.value.problems[0].code == "store.no_task"
    with pytest.raises(BadData) as error:
        planned.task_act(task, "cccccccc", "officer", T0, "done", "", "k")
    assert code(error) == "store.no_actor"
    with pytest.raises(BadData) as error:
        planned.task_act(task, ANNA, "officer", T0 - MINUTE, "done", "", "k")
    assert code(error) == "store.before_task"
    with pytest.raises(BadData) as error:
        planned.task_act(task, ANNA, "officer", T0, "done", "", "")
    assert code(error) == "store.no_key"


def test_a_task_keeps_its_state_over_runs(planned: Store) -> None:
    task = task_of(planned)
    planned.task_act(task, ANNA, "officer", T0, "started", "", "k")
    deliver(planned, 1)
    planned_run(planned, 1)
    assert task_of(planned) == task
    assert planned.task_states()[task].state == "started"
    # What the newest plan no longer asks for may still be reported.
    deliver(planned, 2)
    snap = planned.snapshot(T0 + 2 * HOUR, scope=SCOPE, **DAYS)
    bare = replace(make_plan(run(planned, 3), snap), id="bare", tasks=(), at=snap.now)
    assert bare.tasks == ()
    assert planned.task_act(task, ANNA, "officer", T0 + 3 * HOUR, "done", "", "j").state == "done"


@pytest.mark.parametrize(
    "touch",
    [
        "UPDATE task_event SET note = 'otherwise'",
        "UPDATE task_event SET action = 'blocked'",
        "DELETE FROM task_event",
    ],
)
@pytest.mark.parametrize("where", ["sqlite"], indirect=True)  # touched past the program
def test_a_touched_act_is_found(planned: Store, file: Path, touch: str) -> None:
    planned.task_act(task_of(planned), ANNA, "officer", T0, "started", "as it was", "k")
    with sqlite3.connect(file) as raw:
        raw.execute(touch)
    raw.close()
    assert {p.code for p in planned.verify()} == {"store.record_differs"}
    assert {p.params["id"] for p in planned.verify()} == {task_of(planned)}


# ── explained ────────────────────────────────────────────────────────────────────────────────


def test_a_task_is_explained_from_the_bulletin_to_the_last_act(planned: Store) -> None:
    task = task_of(planned)
    planned.task_act(task, ANNA, "officer", T0, "started", "", "k")
    steps = planned.explain(task)
    stages = list(dict.fromkeys(s.stage for s in steps))
    assert stages[:2] == ["receipt", "fix"]
    assert {"run", "assessment", "decision", "draft", "plan", "task", "grant"} < set(stages)
    assert stages.index("plan") < stages.index("task") < stages.index("task_event")
    assert [s.id for s in steps if s.stage == "task"] == [task]
    assert {s.id for s in steps if s.stage == "receipt"} == {"bulletin-0", "stock-inventory-0"}
    told = next(s for s in steps if s.stage == "task").facts
    assert told["work"] == {"vi": "Đưa 40 người đi.", "en": "Move 40 people."}


def test_a_grant_and_a_plan_are_explained(planned: Store) -> None:
    grant = planned.plans()[0].grants[0].id
    steps = planned.explain(grant)
    assert [s.id for s in steps if s.stage == "grant"] == [grant]
    assert len([s for s in steps if s.stage == "assessment"]) == 1
    whole = planned.explain(planned.plans()[0].id)
    assert [s.stage for s in whole] == ["receipt", "run", "plan"]


def test_a_decision_leads_to_its_task_and_a_message_does_not(planned: Store) -> None:
    decision = planned.decisions()[0]
    task = next(t for t in planned.plans()[0].tasks if t.decision == decision.id)
    steps = planned.explain(decision.id)
    assert [s.id for s in steps if s.stage == "task"] == [task.id]
    draft = next(d for d in planned.drafts() if d.decision == decision.id)
    assert not [s for s in planned.explain(draft.id) if s.stage == "task"]


def test_the_inventory_leads_to_the_plans_that_read_it(planned: Store) -> None:
    stock(planned, 1, unit("later"))
    deliver(planned, 1)
    planned_run(planned, 1)
    steps = planned.explain("stock-inventory-1")
    assert [s.id for s in steps if s.stage == "plan"] == [planned.plans()[1].id]


def test_the_same_duty_ends_at_the_same_head(tmp_path: Path) -> None:
    heads = []
    for name in ("a.db", "b.db"):
        with Store.open(tmp_path / name) as store:
            response_duty(store, 5)
            response_duty(store, 5)  # again: nothing is done twice
            heads.append(store.head())
            assert store.verify() == ()
            assert {"plan", "edited", "task_done", "approval"} <= {e.kind for e in store.ledger()}
    assert heads[0] == heads[1]
