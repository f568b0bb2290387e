"""What a person did to a notice that is out: the next draft of its chain, which they sign by it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select

from haidang.app.verdict import Draft
from haidang.base.errors import BadData
from haidang.base.ids import digest
from haidang.base.problem import Problem
from haidang.edge.store import chain as links
from haidang.edge.store import codec, edits, notices
from haidang.edge.store.notices import Person
from haidang.edge.store.rows import draft_line, draft_row
from haidang.edge.store.tables import decision, draft
from haidang.warn.lifecycle import ENDING


def add(connection: Connection, fresh: Draft, seen: str, who: Person, recorded: datetime) -> Draft:
    """Write the draft that a person's act made; see ``Store.act``."""
    notices.registered(connection, who.id)
    known = connection.execute(select(draft.c.id).where(draft.c.id == fresh.id)).first()
    if known is not None:  # the same act of the same person, sent again
        return notices.get(connection, fresh.id)
    newest = _newest(connection, fresh.chain)
    if newest.id != seen:
        raise BadData(notices.not_newest(notices.get(connection, seen), newest))
    if fresh.version != newest.version + 1:
        raise BadData(Problem("store.stale", {"draft": fresh.id}))
    told = notices.messages(connection, fresh.chain)
    if not told or not told[-1].level:
        raise BadData(Problem("store.nothing_in_force", {"draft": seen}))
    state = notices.states(connection, [newest.id]).get(newest.id, notices.NONE)
    ends = fresh.occasion in ENDING
    if state.pending and not ends:
        raise BadData(Problem("store.draft_waits", {"draft": newest.id}))
    if who.at < newest.at:
        times = {"at": who.at.isoformat(), "drafted": newest.at.isoformat()}
        raise BadData(Problem("store.before_draft", times))
    _write(connection, fresh, told[-1].draft, newest.id if state.pending else "", who, recorded)
    return fresh


def _newest(connection: Connection, chain: str) -> Draft:
    query = select(draft.c.body).where(draft.c.chain == chain).order_by(draft.c.version.desc())
    return codec.decode_draft(json.loads(connection.execute(query.limit(1)).scalar_one()))


def _write(
    connection: Connection,
    fresh: Draft,
    parent: str,
    replaced: str,
    who: Person,
    recorded: datetime,
) -> None:
    body = codec.encode_draft(fresh)
    text = codec.text(body)
    connection.execute(insert(draft), draft_row(_run(connection, fresh, parent), fresh, text))
    act = {"at": who.at, "actor": who.id, "role": who.role}
    events = [
        {**act, "draft": fresh.id, "action": "edited", "note": parent},
        {**act, "draft": fresh.id, "action": "signed"},
    ]
    lines: list[tuple[datetime, str, Mapping[str, object]]] = [
        (who.at, "draft", draft_line(body, digest(text))),
        (who.at, "edited", edits.edit_line(fresh.id, parent, who.id, who.role)),
        (who.at, "signed", notices.act_line(fresh.id, who.id, who.role, "")),
    ]
    if replaced:
        note = {"draft": replaced, "action": "superseded", "note": fresh.id}
        events.insert(0, {**act, **note})
        lines.insert(1, (who.at, "superseded", {"draft": replaced, "by": fresh.id}))
    notices.record(connection, events)
    links.append(connection, lines, recorded)


def _run(connection: Connection, fresh: Draft, parent: str) -> int:
    """The run whose findings the person had before them."""
    found = connection.execute(select(decision.c.run).where(decision.c.id == fresh.decision))
    number = found.scalar()
    if number is None:
        query = select(draft.c.run).where(draft.c.id == parent)
        number = connection.execute(query).scalar_one()
    return int(number)
