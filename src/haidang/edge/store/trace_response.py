"""Where a plan, a task or a grant comes from, and what was done about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, func, select

from haidang.edge.store import plans
from haidang.edge.store.codec_plan import decode_plan
from haidang.edge.store.rows import chunks
from haidang.edge.store.tables import run
from haidang.edge.store.tables_response import allotment, plan, stock, task, task_event
from haidang.respond.plan import Grant, Plan, Task

NAMES: tuple[tuple[str, Column[Any]], ...] = (
    ("plan", plan.c.id),
    ("task", task.c.id),
    ("grant", allotment.c.id),
)
Found = tuple[str, str, datetime, Mapping[str, object]]
"""stage, id, time and facts of one link"""


@dataclass(slots=True)
class Response:
    """What is to be told of the response.

    Attributes:
        plans: Numbers of the runs whose plan is told.
        tasks: (run, task id).
        grants: (run, grant id).
    """

    plans: set[int] = field(default_factory=set)
    tasks: set[tuple[int, str]] = field(default_factory=set)
    grants: set[tuple[int, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a plan, a task or a grant rests on, by id."""

    decisions: frozenset[str] = frozenset()
    assessments: frozenset[str] = frozenset()


def begin(connection: Connection, kind: str, name: str, found: Response) -> Grounds:
    """Start from a plan, a task or a grant; returns what it rests on.

    A task is told as it was first asked for and as the newest plan has it: in between it may have
    stood in a plan of every run.
    """
    match kind:
        case "plan":
            newest = select(func.max(plan.c.run)).where(plan.c.id == name)
            found.plans.add(int(connection.execute(newest).scalar_one()))
            return Grounds()
        case "task":
            ends = select(func.min(task.c.run), func.max(task.c.run)).where(task.c.id == name)
            first, last = connection.execute(ends).one()
            found.tasks |= {(first, name), (last, name)}
            found.plans.add(last)
            rested = select(task.c.decision).where(task.c.id == name)
            rested = rested.where(task.c.run.in_([first, last]))
            _aid(connection, last, name, found)
            return Grounds(decisions=frozenset(connection.execute(rested).scalars()) - {""})
    last = select(func.max(allotment.c.run)).where(allotment.c.id == name)
    number = int(connection.execute(last).scalar_one())
    found.plans.add(number)
    found.grants.add((number, name))
    whole = _plans(connection, [number])[number]
    need = next(g.need for g in whole.grants if g.id == name)
    return Grounds(assessments=frozenset(n.assessment for n in whole.needs if n.id == need))


def _aid(connection: Connection, number: int, name: str, found: Response) -> None:
    """Grants of what the task uses, to its place."""
    whole = _plans(connection, [number])[number]
    wanted = next(t for t in whole.tasks if t.id == name)
    found.grants |= {
        (number, g.id) for g in whole.grants if g.place == wanted.place and g.kind in wanted.kinds
    }


def follow(connection: Connection, decisions: Iterable[str], found: Response) -> None:
    """Tasks that follow from decisions."""
    for piece in chunks(sorted(decisions)):
        rows = connection.execute(select(task.c.run, task.c.id).where(task.c.decision.in_(piece)))
        found.tasks |= {(row.run, row.id) for row in rows}


def of_run(connection: Connection, number: int, found: Response) -> None:
    """The plan of a run, if it made one."""
    query = select(plan.c.run).where(plan.c.run == number)
    found.plans |= set(connection.execute(query).scalars())


def of_stock(connection: Connection, number: int, found: Response) -> None:
    """Plans that read an inventory as the newest one."""
    if connection.execute(select(stock.c.id).where(stock.c.receipt == number)).first() is None:
        return
    query = select(plan.c.run, plan.c.body).join(run, run.c.id == plan.c.run)
    for row in connection.execute(query.where(run.c.receipt >= number)):
        if json.loads(row.body)["stock_receipt"] == number:
            found.plans.add(row.run)


def receipts(connection: Connection, found: Response) -> set[int]:
    """Inventories that the plans rest on."""
    return {p.stock_receipt for p in _plans(connection, found.plans).values()} - {0}


def steps(connection: Connection, found: Response) -> Iterator[Found]:
    """Plans, tasks, what was done about them, and grants."""
    numbers = {n for n, _ in (*found.tasks, *found.grants)} | found.plans
    whole = _plans(connection, numbers)
    for number in sorted(found.plans):
        one = whole[number]
        yield "plan", one.id, one.at, {**plans.line(one, ""), "demo": one.demo, "run": number}
    for number in sorted(whole):
        one = whole[number]
        for wanted in one.tasks:
            if (number, wanted.id) in found.tasks:
                yield "task", wanted.id, one.at, {**_task(wanted), "plan": one.id}
    names = sorted({name for _, name in found.tasks})
    for row in _rows(connection, names):
        facts = {k: v for k, v in row._mapping.items() if k != "key"}
        yield "task_event", str(row.id), row.at, facts
    for number in sorted(whole):
        one = whole[number]
        for sent in one.grants:
            if (number, sent.id) in found.grants:
                yield "grant", sent.id, one.at, {**_grant(sent), "plan": one.id}


def _rows(connection: Connection, names: Sequence[str]) -> list[Any]:
    found = [
        row
        for piece in chunks(names)
        for row in connection.execute(select(task_event).where(task_event.c.task.in_(piece)))
    ]
    return sorted(found, key=lambda row: int(row.id))


def _plans(connection: Connection, numbers: Iterable[int]) -> dict[int, Plan]:
    found: dict[int, Plan] = {}
    for piece in chunks(sorted(set(numbers))):
        query = select(plan.c.run, plan.c.body).where(plan.c.run.in_(piece))
        rows = connection.execute(query)
        found.update((row.run, decode_plan(json.loads(row.body))) for row in rows)
    return found


def _task(one: Task) -> dict[str, object]:
    return {name: getattr(one, name) for name in Task.__slots__}


def _grant(one: Grant) -> dict[str, object]:
    return {name: getattr(one, name) for name in Grant.__slots__}
