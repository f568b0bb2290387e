"""What happened to drafts, act by act: the pages show who did what and when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from haidang.app.verdict import Draft
from haidang.edge.store import codec
from haidang.edge.store.rows import chunks
from haidang.edge.store.tables import draft, draft_event


@dataclass(frozen=True, slots=True)
class DraftAct:
    """One thing that happened to a draft.

    Attributes:
        action: drafted, edited, signed, escalated, broke_glass, approved, refused, superseded or
            withdrawn.
        actor: Random id, "" for the system.
        role: In what role; of an escalation, to which.
        note: What a person wrote, or the id of the other draft; "" for nothing.
    """

    draft: str
    at: datetime
    action: str
    actor: str = ""
    role: str = ""
    note: str = ""


def acts(
    connection: Connection, drafts: Sequence[str], now: datetime | None = None
) -> tuple[DraftAct, ...]:
    """Everything that happened to these drafts, in order.

    Args:
        connection: Of the store.
        drafts: Their ids.
        now: Nothing later is read; None for no such limit.
    """
    query = select(draft_event).order_by(draft_event.c.id)
    if now is not None:
        query = query.where(draft_event.c.at <= now)
    return tuple(
        DraftAct(r.draft, r.at, r.action, r.actor, r.role, r.note)
        for piece in chunks(drafts)
        for r in connection.execute(query.where(draft_event.c.draft.in_(piece)))
    )


def of_chain(connection: Connection, chain: str) -> tuple[Draft, ...]:
    """Every draft of a chain, by version."""
    query = select(draft.c.body).where(draft.c.chain == chain).order_by(draft.c.version)
    return tuple(
        codec.decode_draft(json.loads(body)) for body in connection.execute(query).scalars()
    )
