"""What a page needs of a store at an instant, in few queries; what never changes is read once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, exists, func, select

from haidang.app.verdict import Decision, Draft, Message
from haidang.edge.store import codec, notices, plans, tasks
from haidang.edge.store.notices import State
from haidang.edge.store.rows import chunks
from haidang.edge.store.tables import (
    assessment,
    attempt,
    decision,
    draft,
    draft_event,
    ledger,
    ledger_wall,
    message,
    outbox,
    run,
)
from haidang.edge.store.tasks import TaskState
from haidang.respond.plan import Plan
from haidang.risk.assessment import Assessment


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it is kept.

    Attributes:
        number: 1, 2, 3 ...
        at: Its clock.
        receipt: Newest delivery that it read.
    """

    number: int
    verdict: str
    at: datetime
    receipt: int


@dataclass(frozen=True, slots=True)
class DraftAct:
    """One act on a draft.

    Attributes:
        action: ``drafted``, ``edited``, ``signed``, ``approved``, ``refused``, ``superseded``,
            ``withdrawn``, ``escalated`` or ``broke_glass``.
        actor: Who, "" for the system.
        note: Of an edit the id of the draft before it, of what was superseded the id of its
            successor, else what the person wrote.
    """

    id: int
    draft: str
    at: datetime
    action: str
    actor: str
    role: str
    note: str


@dataclass(frozen=True, slots=True)
class Concluded:
    """What one run concluded: it never changes."""

    assessments: tuple[Assessment, ...]
    decisions: tuple[Decision, ...]
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Glance:
    """What people and the system had done by an instant.

    Attributes:
        drafts: Every draft made by then, by id, in the order of their chains' versions.
        states: Where each had come to by then.
        acts: Every act on them, oldest first.
        messages: Sent by then, in the order sent.
        tasks: How far tasks had come; one that nobody touched is left out.
        undelivered: Messages accepted by then that some channel has not taken as of now.
    """

    drafts: Mapping[str, Draft]
    states: Mapping[str, State]
    acts: tuple[DraftAct, ...]
    messages: tuple[Message, ...]
    tasks: Mapping[str, TaskState]
    undelivered: int


@dataclass(slots=True)
class Memory:
    """Rows that were read before and can never change, by id; one for each open store."""

    drafts: dict[str, Draft] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)


def runs(connection: Connection, scope: str) -> tuple[Run, ...]:
    """The runs of a scope in the order of their clocks."""
    query = select(run.c.id.label("number"), run.c.verdict, run.c.at, run.c.receipt)
    rows = connection.execute(query.where(run.c.scope == scope).order_by(run.c.at, run.c.id))
    return tuple(Run(**row._mapping) for row in rows)


def recorded(connection: Connection) -> datetime | None:
    """Wall time at which the newest run was written down; None before the first."""
    query = select(ledger_wall.c.recorded).join(ledger, ledger.c.seq == ledger_wall.c.seq)
    query = query.where(ledger.c.kind == "run").order_by(ledger.c.seq.desc()).limit(1)
    return connection.execute(query).scalar()


def last_act(connection: Connection) -> datetime | None:
    """Time of the newest act on a draft, by the desk's own clock; None before the first."""
    return connection.execute(select(func.max(draft_event.c.at))).scalar()


def marks(connection: Connection) -> tuple[int, int]:
    """Numbers of the newest run and of the newest act on a draft: unchanged, nothing happened."""
    newest = [select(func.max(table.c.id)) for table in (run, draft_event)]
    first, second = (int(connection.execute(query).scalar() or 0) for query in newest)
    return first, second


def concluded(connection: Connection, one: Run) -> Concluded:
    """What a run concluded."""

    def bodies(table: Table, places: Column[Any]) -> list[Any]:
        query = select(table.c.body).where(table.c.run == one.number).order_by(places, table.c.id)
        return [json.loads(body) for body in connection.execute(query).scalars()]

    return Concluded(
        tuple(codec.decode_assessment(b) for b in bodies(assessment, assessment.c.place)),
        tuple(codec.decode_decision(b) for b in bodies(decision, decision.c.place)),
        plans.of_verdict(connection, one.verdict),
    )


def glance(connection: Connection, now: datetime, memory: Memory) -> Glance:
    """What had been done by an instant; see ``Glance``."""
    acts = _acts(connection, now)
    query = select(draft.c.id).where(draft.c.at <= now)
    ids = connection.execute(query.order_by(draft.c.chain, draft.c.version)).scalars().all()
    drafts = _drafts(connection, ids, memory)
    sent = select(message.c.identifier).where(message.c.sent <= now)
    sent = sent.order_by(message.c.sent, message.c.chain)
    names = connection.execute(sent).scalars().all()
    return Glance(
        drafts=drafts,
        states=notices.fold(acts),
        acts=acts,
        messages=_messages(connection, names, memory),
        tasks=tasks.states(connection, now),
        undelivered=_undelivered(connection, now),
    )


def _acts(connection: Connection, now: datetime) -> tuple[DraftAct, ...]:
    names = ("id", "draft", "at", "action", "actor", "role", "note")
    query = select(*(draft_event.c[name] for name in names)).where(draft_event.c.at <= now)
    rows = connection.execute(query.order_by(draft_event.c.id))
    return tuple(DraftAct(*row) for row in rows)


def _drafts(connection: Connection, ids: Any, memory: Memory) -> dict[str, Draft]:
    for piece in chunks([name for name in ids if name not in memory.drafts]):
        rows = connection.execute(select(draft.c.id, draft.c.body).where(draft.c.id.in_(piece)))
        memory.drafts.update((r.id, codec.decode_draft(json.loads(r.body))) for r in rows)
    return {name: memory.drafts[name] for name in ids}


def _messages(connection: Connection, names: Any, memory: Memory) -> tuple[Message, ...]:
    for piece in chunks([name for name in names if name not in memory.messages]):
        rows = connection.execute(select(message).where(message.c.identifier.in_(piece)))
        memory.messages.update((r.identifier, notices.to_message(r._mapping)) for r in rows)
    return tuple(memory.messages[name] for name in names)


def _undelivered(connection: Connection, now: datetime) -> int:
    taken = exists().where(attempt.c.key == outbox.c.key, attempt.c.ok)
    query = select(func.count(outbox.c.key)).where(outbox.c.accepted <= now, ~taken)
    return int(connection.execute(query).scalar_one())
