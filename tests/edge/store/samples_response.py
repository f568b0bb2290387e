"""The make-believe duty with a plan: stock, tasks, grants, words rewritten, tasks done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from edge.store.samples import ANNA, BERT, DAYS, HOUR, SCOPE, T0, build, decide, deliver, people
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Draft, Verdict
from haidang.base.ids import content_id
from haidang.edge.store import Store
from haidang.respond.plan import (
    Call,
    Exceeded,
    Grant,
    Need,
    Plan,
    Suggestion,
    Task,
    Unit,
    Unmet,
)
from haidang.risk.assessment import Interval
from haidang.warn.message import Text

WORK: Mapping[str, str] = {"vi": "Đưa 40 người đi.", "en": "Move 40 people."}


def unit(name: str = "u1", **other: object) -> Unit:
    plain = Unit(name, "boat", "01", "province", 12, 2, 30.0, 20.5, None, "counted", True)
    return replace(plain, **other)


def stock(store: Store, step: int, *units: Unit, source: str = "inventory") -> int:
    at = T0 + step * HOUR
    return store.add_stock(f"stock-{source}-{step}", units or (unit(),), source, at, at)


def plan(verdict: Verdict, snap: Snapshot) -> Plan:
    """One task and one need a decision; the first is served, the others get nothing."""
    tasks, needs, grants, unmet, suggestions = [], [], [], [], []
    for index, choice in enumerate(verdict.decisions):
        tasks.append(
            Task(
                id=content_id("task", ["wind", choice.event, choice.place, "move"]),
                spec="move",
                threat="wind",
                event=choice.event,
                place=choice.place,
                level=choice.after,
                person="officer",
                work=WORK,
                due=None if index == 1 else verdict.at + 6 * HOUR,
                due_rule="due_within",
                due_params={"hours": "6"},
                responsibility="officer",
                authority="head",
                basis={"vi": "Điều 1", "en": "Article 1"},
                product={"vi": "Danh sách", "en": "A list"},
                kinds=("boat",),
                decision=choice.id,
                required=True,
                asked=verdict.at,
            )
        )
        need = Need(
            id=content_id("need", [choice.id, "boat"]),
            threat="wind",
            event=choice.event,
            place=choice.place,
            kind="boat",
            value=None if index == 2 else Interval(1.0, 4.0, 9.0),
            by=verdict.at + 5 * HOUR,
            priority=index,
            rule="boats",
            measure="people.force_8",
            assessment=choice.assessment,
        )
        needs.append(need)
        if index == 0 and snap.stock:
            grants.append(
                Grant(
                    id=content_id("grant", [need.id, snap.stock[0].id]),
                    need=need.id,
                    unit=snap.stock[0].id,
                    kind="boat",
                    origin="01",
                    place=choice.place,
                    echelon="province",
                    tier="on_the_spot",
                    quantity=4,
                    depart=verdict.at + HOUR,
                    arrive=verdict.at + 2 * HOUR,
                    km=12.5,
                )
            )
        elif index == 1:
            unmet.append(Unmet(need.id, "boat", choice.place, 4, "unmet_nobody", "01", None))
        suggestions.append(
            Suggestion(
                place=choice.place,
                level=None if index == 2 else index,
                possible=index,
                reason="cd_beyond_communes",
                grounds=(Exceeded("boat", need.value, None, 3, 1),),
                declares="head" if index == 1 else "",
                basis={"en": "Article 2"},
            )
        )
    body = Plan(
        id="",
        at=verdict.at,
        tasks=tuple(tasks),
        needs=tuple(needs),
        grants=tuple(grants),
        unmet=tuple(unmet),
        short=tuple(replace(one, quantity=5) for one in unmet),
        calls=tuple(
            Call(one.need, one.kind, one.place, "02", one.quantity, verdict.at + HOUR)
            for one in unmet
        ),
        suggestions=tuple(suggestions),
        stock_receipt=snap.stock_receipt,
        demo=any(u.demo for u in snap.stock),
        optimal=True,
        cost=17,
    )
    return replace(body, id=content_id("plan", [verdict.id, snap.stock_receipt]))


def planned_run(store: Store, step: int) -> Verdict:
    """One run with a plan, which may be repeated."""
    now = T0 + step * HOUR
    snap = store.snapshot(now, scope=SCOPE, **DAYS)
    verdict = decide(snap)
    verdict = replace(verdict, plan=plan(verdict, snap))
    store.commit(verdict)
    return verdict


def reworded(draft: Draft, mark: str = "!") -> tuple[Text, ...]:
    return tuple(replace(text, description=text.description + mark) for text in draft.texts)


def response_duty(store: Store, steps: int) -> None:
    """Stock, runs with a plan, edits, approvals, acts on tasks; done again it ends the same."""
    people(store)
    for step in range(steps):
        now = T0 + step * HOUR
        stock(store, step, unit(quantity=12 + step), unit("u2", place="02"))
        deliver(store, step)
        planned_run(store, step)
        for draft in store.drafts():
            if draft.at == now and (step + int(draft.place)) % 2:
                _answer(store, draft, now)
        for place in ("01", "02"):
            task = content_id("task", ["wind", "wind-1", place, "move"])
            action = ("started", "note", "blocked", "done", "note")[step % 5]
            store.task_act(task, ANNA, "officer", now, action, f"why {step}", f"{place}-{step}")


def _answer(store: Store, draft: Draft, now: datetime) -> None:
    """Rewrite, then let out; whatever of it was done before is not done again."""
    state = store.draft_state(draft.id)
    if state.editor or state.last not in ("", "superseded"):
        return
    if state.last == "superseded" and state.actor != ANNA:
        return
    fresh = store.edit(draft.id, ANNA, "officer", now, reworded(draft))
    if store.draft_state(fresh.id).last in ("", "approved"):
        store.approve(fresh.id, BERT, "head", now, build, ("feed",))
