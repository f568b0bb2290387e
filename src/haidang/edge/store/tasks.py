"""What people did about tasks: begun, done, blocked, a note. Each act is one row for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, insert, select

from haidang.base.errors import BadData, NotFound
from haidang.base.ids import digest
from haidang.base.problem import Problem
from haidang.edge.store import chain as links
from haidang.edge.store.notices import Person, registered
from haidang.edge.store.rows import newest
from haidang.edge.store.tables import run
from haidang.edge.store.tables_response import task, task_event

TaskAction = Literal["started", "done", "blocked", "note"]
ACTIONS: Final[tuple[str, ...]] = get_args(TaskAction)


@dataclass(frozen=True, slots=True)
class TaskAct:
    """One act of a person on a task.

    Attributes:
        action: ``started``, ``done``, ``blocked`` or ``note``.
        at: On the clock of the desk.
        note: Why it is blocked, or what else is to be known; "" for none.
    """

    action: TaskAction
    at: datetime
    actor: str
    role: str
    note: str


@dataclass(frozen=True, slots=True)
class TaskState:
    """How far a task has come.

    Attributes:
        state: ``open`` until somebody begins; else the newest of started, blocked, done.
        at: When it came to that; None while it is open.
        actor: Who did that, "" while it is open.
        role: In what role.
        note: What that person wrote, "" for nothing.
        history: Everything that was done about it, notes too, oldest first.
    """

    state: Literal["open", "started", "blocked", "done"] = "open"
    at: datetime | None = None
    actor: str = ""
    role: str = ""
    note: str = ""
    history: tuple[TaskAct, ...] = ()


OPEN: Final = TaskState()


def act(
    connection: Connection,
    task_id: str,
    who: Person,
    action: str,
    note: str,
    key: str,
    recorded: datetime,
) -> TaskState:
    """Write down what a person did about a task; see ``Store.task_act``."""
    if action not in ACTIONS:
        known = ", ".join(ACTIONS)
        raise BadData(Problem("store.task_action", {"value": action, "known": known}))
    note = note.strip()
    query = select(task.c.run, run.c.at).join(run, run.c.id == task.c.run)
    query = query.where(task.c.id == task_id).order_by(task.c.run).limit(1)
    first = connection.execute(query).first()
    if first is None:
        raise NotFound(Problem("store.no_task", {"task": task_id}))
    registered(connection, who.id)
    state = states(connection, task_id=task_id).get(task_id, OPEN)
    if _sent_before(connection, task_id, who, action, note, key):
        return state
    if who.at < first.at:
        times = {"at": who.at.isoformat(), "planned": first.at.isoformat()}
        raise BadData(Problem("store.before_task", times))
    _in_order(state, action, note)
    event = {"run": first.run, "task": task_id, "at": who.at, "action": action, "actor": who.id}
    number = newest(connection, task_event) + 1
    connection.execute(
        insert(task_event), {"id": number, **event, "role": who.role, "note": note, "key": key}
    )
    line = act_line(task_id, who.id, who.role, note)
    links.append(connection, [(who.at, f"task_{action}", line)], recorded)
    return states(connection, task_id=task_id)[task_id]


def act_line(task_id: str, actor: str, role: str, note: str) -> Mapping[str, object]:
    """An act as the ledger holds it; of a note only the digest, for it may name a person."""
    seal = {"note_sha256": digest(note)} if note else {}
    return {"task": task_id, "actor": actor, "role": role, **seal}


def states(
    connection: Connection, now: datetime | None = None, task_id: str | None = None
) -> dict[str, TaskState]:
    """How far tasks have come by an instant, by id; one that nobody touched is left out."""
    query = select(task_event).order_by(task_event.c.id)
    if now is not None:
        query = query.where(task_event.c.at <= now)
    if task_id is not None:
        query = query.where(task_event.c.task == task_id)
    found: dict[str, TaskState] = {}
    for row in connection.execute(query):
        found[row.task] = _after(found.get(row.task, OPEN), row)
    return found


def _after(state: TaskState, row: Any) -> TaskState:
    done = TaskAct(row.action, row.at, row.actor, row.role, row.note)
    history = (*state.history, done)
    if row.action == "note":
        return replace(state, history=history)
    return TaskState(row.action, row.at, row.actor, row.role, row.note, history)


def _sent_before(
    connection: Connection, task_id: str, who: Person, action: str, note: str, key: str
) -> bool:
    """Whether this very act was written under its key.

    Raises:
        BadData: The key is empty or stands for another act (``store.key_taken``).
    """
    if not key:
        raise BadData(Problem("store.no_key", {}))
    row = connection.execute(select(task_event).where(task_event.c.key == key)).first()
    if row is None:
        return False
    same = (row.task, row.actor, row.action, row.note) == (task_id, who.id, action, note)
    if not same:
        raise BadData(Problem("store.key_taken", {}))
    return True


def _in_order(state: TaskState, action: str, note: str) -> None:
    """Refuse what cannot follow: a note may always, nothing else after it is done."""
    if action in ("note", "blocked") and not note:
        raise BadData(Problem(f"store.task_{action}_why", {}))
    if action == "note":
        return
    again = state.state == action
    if state.state == "done" or again:
        when = state.at.isoformat() if state.at else ""
        raise BadData(Problem(f"store.task_{state.state}", {"at": when, "role": state.role}))
