"""Whether the records still say what the ledger sealed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from haidang.base.ids import digest
from haidang.base.problem import Problem
from haidang.edge.store import chain as links
from haidang.edge.store import codec, codec_plan, edits, notices, plans, raises, rows, runs, tasks
from haidang.edge.store.tables import (
    assessment,
    decision,
    draft,
    draft_event,
    ledger_wall,
    message,
    run,
    standing,
)
from haidang.edge.store.tables_raise import level_raise, raise_act, raise_lapse
from haidang.edge.store.tables_response import allotment, plan, task, task_event
from haidang.law.raises import Raise
from haidang.warn.decide import Standing

Line = tuple[str, datetime, str]
"""kind, clock and canonical body of an entry"""


def verify(connection: Connection, anchor: str | None) -> tuple[Problem, ...]:
    """Everything that shows that the ledger or a record it seals was touched."""
    try:
        chain = list(links.entries(connection))
        walls = list(connection.execute(select(ledger_wall.c.seq)).scalars())
        found = links.faults(chain, walls, anchor)
        if found:
            return tuple(found)  # against a ledger that was touched the records prove nothing
        sealed = {(entry.kind, entry.at, entry.body) for entry in chain}
        kept = set(_lines(connection))
    except (ValueError, TypeError, KeyError) as error:
        return (Problem("store.unreadable", {"detail": error}),)
    changed = Counter((line[0], _name(line[2])) for line in sealed ^ kept)
    return tuple(
        Problem("store.record_differs", {"kind": kind, "id": name})
        for kind, name in sorted(changed)
    )


def _name(body: str) -> str:
    found = json.loads(body)
    return str(
        next(
            found[k]
            for k in ("id", "identifier", "draft", "verdict", "task", "raise")
            if k in found
        )
    )


def _lines(connection: Connection) -> Iterator[Line]:
    """The ledger as the records would write it."""
    yield from _runs(connection)
    yield from _decisions(connection)
    for row in connection.execute(select(draft.c.at, draft.c.body)):
        body = rows.draft_line(json.loads(row.body), digest(row.body))
        yield "draft", row.at, codec.text(body)
    yield from _acts(connection)
    yield from _plans(connection)
    for row in connection.execute(select(task_event)):
        body = tasks.act_line(row.task, row.actor, row.role, row.note)
        yield f"task_{row.action}", row.at, codec.text(body)
    yield from _raises(connection)
    accepted = draft_event.c.at.label("accepted")
    query = select(message, accepted).outerjoin(
        draft_event,
        and_(draft_event.c.draft == message.c.draft, draft_event.c.action == "approved"),
    )
    for row in connection.execute(query):
        sha256 = hashlib.sha256(row.body).hexdigest()
        line = notices.message_line(notices.to_message(row._mapping), sha256)
        yield "message", row.accepted, codec.text(line)


def _runs(connection: Connection) -> Iterator[Line]:
    levels: dict[int, list[Standing]] = {}
    for row in connection.execute(select(standing)):
        values: dict[str, Any] = dict(row._mapping)
        levels.setdefault(values.pop("run"), []).append(Standing(**values))
    for row in connection.execute(select(run)):
        body = {
            "key": row.key,
            "verdict": row.verdict,
            "scope": row.scope,
            "receipt": row.receipt,
            "packs": json.loads(row.packs),
            "standing_sha256": runs.standing_digest(levels.get(row.id, [])),
        }
        yield "run", row.at, codec.text(body)


def _decisions(connection: Connection) -> Iterator[Line]:
    query = select(decision, assessment.c.body.label("grounds")).outerjoin(
        assessment, assessment.c.id == decision.c.assessment
    )
    for row in connection.execute(query):
        grounds = "" if row.grounds is None else digest(row.grounds)
        # The columns are what queries read, so they are held against the seal as well.
        columns = {name: getattr(row, name) for name in ("before", "after", "combined", "reason")}
        body = runs.decision_line({**json.loads(row.body), **columns}, grounds)
        yield "decision", row.at, codec.text(body)


def _plans(connection: Connection) -> Iterator[Line]:
    """Plans, with the columns that queries read held against the sealed body."""
    kept: dict[str, dict[int, list[Any]]] = {}
    for table in (task, allotment):
        by_run = kept.setdefault(table.name, {})
        for row in connection.execute(select(table)):
            by_run.setdefault(row.run, []).append(dict(row._mapping))
    for row in connection.execute(select(plan)):
        one = codec_plan.decode_plan(json.loads(row.body))
        body = dict(plans.line(one, digest(row.body)))
        made = {
            "task": [plans.task_row(row.run, t) for t in one.tasks],
            "allotment": [plans.grant_row(row.run, g) for g in one.grants],
        }
        columns = {name: _ordered(found) for name, found in made.items()}
        if columns != {name: _ordered(found.get(row.run, [])) for name, found in kept.items()}:
            body["columns"] = "differ"  # no ledger ever said so
        yield "plan", row.at, codec.text({**body, "id": row.id})


def _raises(connection: Connection) -> Iterator[Line]:
    for row in connection.execute(select(level_raise)).mappings():
        made = Raise(**{name: row[name] for name in Raise.__slots__})
        yield "raise_proposed", row["at"], codec.text(raises.proposal_line(made))
    for row in connection.execute(select(raise_act)).mappings():
        line = raises.act_line(row["raise"], row["actor"], row["role"], row["note"])
        yield f"raise_{row['action']}", row["at"], codec.text(line)
    for row in connection.execute(select(raise_lapse)).mappings():
        line = raises.lapse_line(row["raise"], row["why"])
        yield "raise_lapsed", row["at"], codec.text(line)


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row["id"]))


def _acts(connection: Connection) -> Iterator[Line]:
    """What people did, and what the system did to a draft."""
    signer: dict[str, str] = {}
    broken: set[str] = set()
    for row in connection.execute(select(draft_event).order_by(draft_event.c.id)):
        body: Mapping[str, object]
        match row.action:
            case "drafted":
                continue
            case "edited":
                body = edits.edit_line(row.draft, row.note, row.actor, row.role)
            case "broke_glass":
                broken.add(row.draft)
                continue
            case "superseded":
                body = {"draft": row.draft, "by": row.note}
            case "withdrawn":
                body = {"draft": row.draft, "occasion": row.note}
            case "approved":
                glass = row.draft in broken
                who = notices.Person(row.actor, row.role, row.at)
                body = notices.approval_line(row.draft, who, signer.get(row.draft, ""), glass)
            case _:
                body = notices.act_line(row.draft, row.actor, row.role, row.note)
        if row.action == "signed":
            signer[row.draft] = row.actor
        yield ("approval" if row.action == "approved" else row.action), row.at, codec.text(body)
