"""From any id up to what was known and down to what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, select

from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.edge.store import trace_response
from haidang.edge.store.rows import chunks
from haidang.edge.store.tables import (
    assessment,
    attempt,
    decision,
    draft,
    draft_event,
    fix,
    message,
    outbox,
    receipt,
    run,
)
from haidang.edge.store.trace_response import Response

_NAMES: Final[tuple[tuple[str, Column[Any]], ...]] = (
    ("receipt", receipt.c.key),
    ("run", run.c.verdict),
    ("assessment", assessment.c.id),
    ("decision", decision.c.id),
    ("draft", draft.c.id),
    ("chain", draft.c.chain),
    ("message", message.c.identifier),
    ("outbox", outbox.c.key),
    *trace_response.NAMES,
)
_SHOWN: Final = 10
_ASKS: Final = frozenset({"receipt", "run", "assessment", "decision"})
"""From these one goes down to the tasks that follow; a message asks nothing of an officer."""


@dataclass(frozen=True, slots=True)
class Step:
    """One link between an observation and a message that was delivered.

    Attributes:
        stage: ``receipt``, ``fix``, ``run``, ``assessment``, ``decision``, ``draft``,
            ``draft_event``, ``message``, ``outbox``, ``attempt``, ``plan``, ``task``,
            ``task_event`` or ``grant``, in this order.
        id: Its name; a fix is ``<receipt>/<row>``.
        at: When it happened; of a try to deliver, the wall clock.
        facts: Its columns, an assessment's and a draft's body as JSON's own types.
    """

    stage: str
    id: str
    at: datetime
    facts: Mapping[str, object]


@dataclass(slots=True)
class _Found:
    """Rows by id, each once, however many ways lead to it."""

    assessments: dict[str, Any]
    decisions: dict[str, Any]
    drafts: dict[str, Any]
    receipts: set[int]
    response: Response = field(default_factory=Response)


def explain(connection: Connection, prefix: str) -> list[Step]:
    """Everything that hangs on one id; see ``Store.explain``."""
    kind, name = _resolve(connection, prefix)
    found = _Found({}, {}, {}, set())
    _start(connection, kind, name, found)
    _complete(connection, found)
    if kind in _ASKS:
        trace_response.follow(connection, found.decisions, found.response)
    found.receipts |= trace_response.receipts(connection, found.response)
    return [
        *_known(connection, found),
        *_concluded(connection, found),
        *_said(connection, found),
        *(Step(*one) for one in trace_response.steps(connection, found.response)),
    ]


def _resolve(connection: Connection, prefix: str) -> tuple[str, str]:
    hits: list[tuple[str, str]] = []
    for kind, column in _NAMES if prefix else ():
        query = select(column).where(column.startswith(prefix, autoescape=True)).distinct()
        rows = connection.execute(query.order_by(column).limit(_SHOWN)).scalars()
        hits += [(kind, name) for name in rows]
    exact = [hit for hit in hits if hit[1] == prefix]
    # A chain may carry the name of its first draft; the narrower of the two is meant.
    hits = exact[:1] or hits
    if not hits:
        raise NotFound(Problem("store.no_id", {"prefix": prefix}))
    if len(hits) > 1:
        shown = ", ".join(f"{kind} {name}" for kind, name in hits[:_SHOWN])
        raise BadData(Problem("store.ambiguous", {"prefix": prefix, "candidates": shown}))
    return hits[0]


def _rows(
    connection: Connection, table: Table, column: Column[Any], wanted: Iterable[object]
) -> list[Any]:
    return [
        row
        for piece in chunks(sorted(set(wanted), key=str))
        for row in connection.execute(select(table).where(column.in_(piece)))
    ]


def _start(connection: Connection, kind: str, name: str, found: _Found) -> None:
    match kind:
        case "receipt":
            number = connection.execute(select(receipt.c.id).where(receipt.c.key == name)).scalar()
            found.receipts.add(int(number or 0))
            _citing(connection, int(number or 0), found)
            trace_response.of_stock(connection, int(number or 0), found.response)
        case "run":
            number = connection.execute(select(run.c.id).where(run.c.verdict == name)).scalar()
            for table, kept in (
                (assessment, found.assessments),
                (decision, found.decisions),
                (draft, found.drafts),
            ):
                _keep(kept, _rows(connection, table, table.c.run, [number]))
            trace_response.of_run(connection, int(number or 0), found.response)
        case "plan" | "task" | "grant":
            rests = trace_response.begin(connection, kind, name, found.response)
            rows = _rows(connection, decision, decision.c.id, rests.decisions)
            _keep(found.decisions, rows)
            rows = _rows(connection, assessment, assessment.c.id, rests.assessments)
            _keep(found.assessments, rows)
        case "assessment":
            _keep(found.assessments, _rows(connection, assessment, assessment.c.id, [name]))
        case "decision":
            _keep(found.decisions, _rows(connection, decision, decision.c.id, [name]))
        case "chain":
            _keep(found.drafts, _rows(connection, draft, draft.c.chain, [name]))
        case _:
            _keep(
                found.drafts, _rows(connection, draft, draft.c.id, _draft(connection, kind, name))
            )


def _draft(connection: Connection, kind: str, name: str) -> Sequence[str]:
    if kind == "draft":
        return [name]
    query = select(message.c.draft)
    if kind == "outbox":
        query = query.join(outbox).where(outbox.c.key == name)
    else:
        query = query.where(message.c.identifier == name)
    return list(connection.execute(query).scalars())


def _citing(connection: Connection, number: int, found: _Found) -> None:
    """Assessments that name a delivery as evidence."""
    query = select(assessment).join(run).where(run.c.receipt >= number)
    for row in connection.execute(query):
        if number in _evidence(row.body):
            found.assessments[row.id] = row


def _evidence(body: str) -> set[int]:
    return {number for signal in json.loads(body)["signals"] for number in signal["evidence"]}


def _keep(kept: dict[str, Any], rows: Sequence[Any]) -> None:
    kept.update((row.id, row) for row in rows)


def _complete(connection: Connection, found: _Found) -> None:
    """Up from drafts to evidence, and down from assessments to drafts."""
    down = _rows(connection, decision, decision.c.assessment, found.assessments)
    _keep(found.decisions, down)
    _keep(found.drafts, _rows(connection, draft, draft.c.decision, found.decisions))
    wanted = [row.decision for row in found.drafts.values() if row.decision]
    _keep(found.decisions, _rows(connection, decision, decision.c.id, wanted))
    wanted = [row.assessment for row in found.decisions.values() if row.assessment]
    _keep(found.assessments, _rows(connection, assessment, assessment.c.id, wanted))
    for row in found.assessments.values():
        found.receipts |= _evidence(row.body)


def _known(connection: Connection, found: _Found) -> list[Step]:
    came = _rows(connection, receipt, receipt.c.id, found.receipts)
    came.sort(key=lambda r: int(r.id))
    events = {row.event for row in found.assessments.values()}
    told = _rows(connection, fix, fix.c.receipt, found.receipts)
    told.sort(key=lambda r: (r.receipt, r.row))
    return [
        *(Step("receipt", row.key, row.received, _facts(row)) for row in came),
        *(
            Step("fix", f"{row.receipt}/{row.row}", row.valid, _facts(row))
            for row in told
            if not events or row.event in events
        ),
    ]


def _concluded(connection: Connection, found: _Found) -> list[Step]:
    numbers = {r.run for r in (*found.assessments.values(), *found.decisions.values())}
    numbers |= found.response.plans
    rows = sorted(_rows(connection, run, run.c.id, numbers), key=lambda r: int(r.id))
    steps = [Step("run", row.verdict, row.at, _facts(row)) for row in rows]
    for stage, kept in (
        ("assessment", found.assessments),
        ("decision", found.decisions),
        ("draft", found.drafts),
    ):
        ordered = sorted(kept.values(), key=lambda r: (r.at, r.place, r.id))
        steps += [Step(stage, row.id, row.at, _facts(row)) for row in ordered]
    return steps


def _said(connection: Connection, found: _Found) -> list[Step]:
    events = _rows(connection, draft_event, draft_event.c.draft, found.drafts)
    sent = _rows(connection, message, message.c.draft, found.drafts)
    boxes = _rows(connection, outbox, outbox.c.message, [row.identifier for row in sent])
    tries = _rows(connection, attempt, attempt.c.key, [row.key for row in boxes])
    sent.sort(key=lambda r: (r.sent, r.identifier))
    boxes.sort(key=lambda r: (r.accepted, r.message, r.channel))
    return [
        *(
            Step("draft_event", str(row.id), row.at, _facts(row))
            for row in sorted(events, key=lambda r: int(r.id))
        ),
        *(Step("message", row.identifier, row.sent, _facts(row)) for row in sent),
        *(Step("outbox", row.key, row.accepted, _facts(row)) for row in boxes),
        *(
            Step("attempt", str(row.id), row.at, _facts(row))
            for row in sorted(tries, key=lambda r: int(r.id))
        ),
    ]


def _facts(row: Any) -> Mapping[str, object]:
    facts = dict(row._mapping)
    if isinstance(facts.get("body"), str):
        facts["body"] = json.loads(facts["body"])
    return facts
