"""Drafts and the people who answer for them: sign, approve, refuse, pass on.

A draft waits until it is approved, refused, withdrawn or superseded. Two people stand behind a
message: one signs the draft, another approves it. Each act is one row that is never changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, and_, exists, func, insert, select

from haidang.app.verdict import Draft, Message
from haidang.base.errors import BadData, NotFound
from haidang.base.ids import content_id, digest
from haidang.base.problem import Problem
from haidang.edge.store import chain as links
from haidang.edge.store import codec
from haidang.edge.store.accepted import accept
from haidang.edge.store.rows import chunks, newest
from haidang.edge.store.tables import actor as actors
from haidang.edge.store.tables import draft, draft_event, message, outbox

Build = Callable[[Draft, tuple[Message, ...]], Message]

OVER: Final = ("approved", "refused", "superseded", "withdrawn")
"""Acts after which a draft waits no longer."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a draft has come to.

    Attributes:
        last: Its newest act that settles it, "" while it waits.
        actor: Who did that, "" for the system.
        signer: Who answers for its words, "" before anybody does.
        roles: Roles it was passed on to, in order.
        editor: Who wrote this version, "" for the system.
        edited: Id of the draft that the editor had before them, "" for the system's own.
        by: Id of the draft that replaced it, "" while none has.
        at: When it was settled; None while it waits.
        role: In what role the one who settled it acted, "" for the system.
    """

    drafted: bool = False
    last: str = ""
    actor: str = ""
    signer: str = ""
    roles: tuple[str, ...] = ()
    editor: str = ""
    edited: str = ""
    by: str = ""
    at: datetime | None = None
    role: str = ""

    @property
    def pending(self) -> bool:
        """Whether it waits for approval."""
        return self.drafted and not self.last

    @property
    def approved(self) -> bool:
        """Whether it became a message."""
        return self.last == "approved"

    @property
    def overtaken(self) -> bool:
        """Whether a person's own words gave way to the system's: somebody should look at them."""
        return bool(self.editor) and self.last in ("superseded", "withdrawn") and not self.actor


NONE: Final = State()


class Person(NamedTuple):
    """Who acts, in what role, when."""

    id: str
    role: str
    at: datetime


class Change(NamedTuple):
    """What a newer draft says otherwise.

    Attributes:
        language: Language tag of the text.
        field: ``headline``, ``description`` or ``instruction``.
        before: Text of the older draft, "" where it had none in this language.
        after: Text of the newer one.
    """

    language: str
    field: str
    before: str
    after: str


def difference(old: Draft, new: Draft) -> tuple[Change, ...]:
    """Every text that differs between two drafts, language by language."""
    before = {text.language: text for text in old.texts}
    after = {text.language: text for text in new.texts}
    found = []
    for language in dict.fromkeys([*after, *before]):
        for name in ("headline", "description", "instruction"):
            one = getattr(before.get(language), name, "")
            other = getattr(after.get(language), name, "")
            if one != other:
                found.append(Change(language, name, one, other))
    return tuple(found)


def states(connection: Connection, drafts: Sequence[str]) -> dict[str, State]:
    """Where these drafts have come to; one that does not exist is left out."""
    query = select(draft_event).order_by(draft_event.c.id)
    found: dict[str, State] = {}
    for piece in chunks(drafts):
        found |= fold(connection.execute(query.where(draft_event.c.draft.in_(piece))))
    return found


def fold(acts: Iterable[Any]) -> dict[str, State]:
    """Where drafts have come to after acts on them, oldest first."""
    found: dict[str, State] = {}
    for act in acts:
        found[act.draft] = _after(found.get(act.draft, NONE), act)
    return found


def _after(state: State, row: Any) -> State:
    match row.action:
        case "drafted":
            return replace(state, drafted=True)
        case "edited":
            return replace(state, drafted=True, editor=row.actor, edited=row.note)
        case "signed":
            return replace(state, signer=row.actor)
        case "escalated":
            return replace(state, roles=(*state.roles, row.role))
        case action if action in OVER:
            by = row.note if action == "superseded" else ""
            return replace(state, last=action, actor=row.actor, by=by, at=row.at, role=row.role)
    return state


def record(connection: Connection, events: Sequence[Mapping[str, Any]]) -> None:
    """Write acts (draft, at, action, and what else is known of them) behind the newest."""
    if not events:
        return
    first = newest(connection, draft_event) + 1
    empty = {"run": None, "actor": "", "role": "", "note": ""}
    connection.execute(
        insert(draft_event), [{"id": first + n, **empty, **e} for n, e in enumerate(events)]
    )


def get(connection: Connection, draft_id: str) -> Draft:
    """One draft.

    Raises:
        NotFound: No draft has this id (``store.no_draft``).
    """
    body = connection.execute(select(draft.c.body).where(draft.c.id == draft_id)).scalar()
    if body is None:
        raise NotFound(Problem("store.no_draft", {"draft": draft_id}))
    return codec.decode_draft(json.loads(body))


def pending(connection: Connection) -> tuple[Draft, ...]:
    """The newest draft of each chain where it still waits, by time, place and version."""
    top = select(draft.c.chain, func.max(draft.c.version).label("version"))
    top_of = top.group_by(draft.c.chain).subquery()
    settled = exists().where(draft_event.c.draft == draft.c.id, draft_event.c.action.in_(OVER))
    query = (
        select(draft.c.body)
        .join(
            top_of,
            and_(top_of.c.chain == draft.c.chain, top_of.c.version == draft.c.version),
        )
        .where(~settled)
        .order_by(draft.c.at, draft.c.place, draft.c.version, draft.c.id)
    )
    found = connection.execute(query).scalars()
    return tuple(codec.decode_draft(json.loads(body)) for body in found)


def messages(connection: Connection, chain: str | None = None) -> tuple[Message, ...]:
    """Messages in the order of their drafts, of one chain or of all."""
    query = select(message).join(draft, draft.c.id == message.c.draft)
    query = query.order_by(message.c.sent, message.c.chain, draft.c.version)
    if chain is not None:
        query = query.where(message.c.chain == chain)
    return _messages(connection, query)


def _messages(connection: Connection, query: Select[Any]) -> tuple[Message, ...]:
    return tuple(to_message(row._mapping) for row in connection.execute(query))


def to_message(row: Mapping[Any, Any]) -> Message:
    """A message from its row."""
    return Message(**{name: row[name] for name in Message.__slots__})


def sign(connection: Connection, draft_id: str, who: Person, recorded: datetime) -> None:
    """Take responsibility for a draft's words; see ``Store.sign``."""
    one = get(connection, draft_id)
    registered(connection, who.id)
    state = waiting(connection, one, who.at)
    if state.signer == who.id:
        return
    _act(connection, one, who, "signed", recorded)


def refuse(
    connection: Connection, draft_id: str, who: Person, note: str, recorded: datetime
) -> None:
    """Turn a draft down; see ``Store.refuse``."""
    one = get(connection, draft_id)
    registered(connection, who.id)
    state = _state(connection, draft_id)
    if state.last == "refused" and state.actor == who.id:
        return
    waiting(connection, one, who.at)
    _act(connection, one, who, "refused", recorded, note)


def escalate(
    connection: Connection, draft_id: str, at: datetime, role: str, recorded: datetime
) -> None:
    """Pass a draft on to the next role; see ``Store.escalate``."""
    one = get(connection, draft_id)
    state = waiting(connection, one, at)
    if state.roles and state.roles[-1] == role:
        return
    _act(connection, one, Person("", role, at), "escalated", recorded)


def _act(
    connection: Connection, one: Draft, who: Person, action: str, recorded: datetime, note: str = ""
) -> None:
    event = {"draft": one.id, "at": who.at, "action": action, "actor": who.id, "role": who.role}
    record(connection, [{**event, "note": note}])
    line = act_line(one.id, who.id, who.role, note)
    links.append(connection, [(who.at, action, line)], recorded)


def approve(
    connection: Connection,
    draft_id: str,
    who: Person,
    build: Build,
    channels: Sequence[str],
    *,
    broke_glass: bool,
    recorded: datetime,
) -> Message:
    """Turn a draft into a message on its way; see ``Store.approve``."""
    one = get(connection, draft_id)
    state = _state(connection, draft_id)
    if state.approved and state.actor == who.id:
        query = select(message).where(message.c.draft == draft_id)
        return _messages(connection, query)[0]
    waiting(connection, one, who.at)
    if not channels:
        raise BadData(Problem("store.no_channel", {"draft": draft_id}))
    _two_people(connection, one, state, who, broke_glass=broke_glass)
    fresh = build(one, messages(connection, one.chain))
    _fits(connection, one, fresh)
    sha256 = hashlib.sha256(fresh.body).hexdigest()
    event = {"draft": one.id, "at": who.at, "actor": who.id, "role": who.role}
    acts = ["broke_glass", "approved"] if broke_glass else ["approved"]
    record(connection, [{**event, "action": action} for action in acts])
    row = {name: getattr(fresh, name) for name in Message.__slots__}
    connection.execute(insert(message), {**row, "sha256": sha256})
    wanted = tuple(dict.fromkeys(channels))
    connection.execute(
        insert(outbox),
        [
            {
                "key": outbox_key(fresh.identifier, channel),
                "message": fresh.identifier,
                "channel": channel,
                "accepted": who.at,
            }
            for channel in wanted
        ],
    )
    accept(connection, fresh, recorded)
    lines: list[tuple[datetime, str, Mapping[str, object]]] = [
        (who.at, "approval", approval_line(one.id, who, state.signer, broke_glass)),
        (who.at, "message", message_line(fresh, sha256)),
    ]
    links.append(connection, lines, recorded)
    return fresh


def outbox_key(identifier: str, channel: str) -> str:
    """Name of one delivery: the same message to the same channel never has two."""
    return content_id("outbox", {"message": identifier, "channel": channel})


def act_line(draft_id: str, actor: str, role: str, note: str) -> Mapping[str, object]:
    """A person's act as the ledger holds it.

    Of a note only the digest: it may name a person, and the ledger cannot be erased.
    """
    seal = {"note_sha256": digest(note)} if note else {}
    return {"draft": draft_id, "actor": actor, "role": role, **seal}


def approval_line(
    draft_id: str, who: Person, signer: str, broke_glass: bool
) -> Mapping[str, object]:
    """An approval as the ledger holds it."""
    return {
        "draft": draft_id,
        "actor": who.id,
        "role": who.role,
        "signer": signer,
        "broke_glass": broke_glass,
    }


def message_line(one: Message, sha256: str) -> Mapping[str, object]:
    """A message as the ledger holds it."""
    return {
        "identifier": one.identifier,
        "chain": one.chain,
        "draft": one.draft,
        "kind": one.kind,
        "level": one.level,
        "sender": one.sender,
        "sent": codec.stamp(one.sent),
        "expires": codec.stamp(one.expires),
        "sha256": sha256,
    }


def registered(connection: Connection, actor: str) -> None:
    """Refuse an act of somebody whom nobody registered.

    Raises:
        BadData: ``store.no_actor``.
    """
    query = select(actors.c.id).where(actors.c.id == actor)
    if connection.execute(query).first() is None:
        raise BadData(Problem("store.no_actor", {}))


def _state(connection: Connection, draft_id: str) -> State:
    return states(connection, [draft_id]).get(draft_id, NONE)


def waiting(connection: Connection, one: Draft, at: datetime) -> State:
    """The state of a draft that may still be acted on.

    Raises:
        BadData: It is not the newest of its chain, no longer waits, or is younger than the act.
    """
    top = connection.execute(
        select(draft.c.body)
        .where(draft.c.chain == one.chain)
        .order_by(draft.c.version.desc())
        .limit(1)
    ).scalar_one()
    newer = codec.decode_draft(json.loads(top))
    if newer.id != one.id:
        raise BadData(not_newest(one, newer))
    state = _state(connection, one.id)
    if not state.pending:
        raise BadData(Problem(f"store.draft_{state.last}", {"draft": one.id}))
    if at < one.at:
        times = {"at": at.isoformat(), "drafted": one.at.isoformat()}
        raise BadData(Problem("store.before_draft", times))
    return state


def not_newest(one: Draft, newer: Draft) -> Problem:
    """Why a draft may not be acted on: a newer one of its chain, and what that says otherwise."""
    changes = [
        f"[{c.language}] «{c.before}» → «{c.after}»"
        for c in difference(one, newer)
        if c.field != "instruction"
    ]
    return Problem(
        "store.not_newest",
        {
            "draft": one.id,
            "newer": newer.id,
            "level_before": one.said.level,
            "level_after": newer.said.level,
            "difference": "; ".join(changes) or "=",
        },
    )


def _two_people(
    connection: Connection, one: Draft, state: State, who: Person, *, broke_glass: bool
) -> None:
    if not one.approval:
        return  # the pack speaks at this level without a second person, and its file says so
    registered(connection, who.id)
    if not state.signer:
        raise BadData(Problem("store.not_signed", {"draft": one.id}))
    if state.signer == who.id and not broke_glass:
        raise BadData(Problem("store.same_person", {"draft": one.id}))


def _fits(connection: Connection, one: Draft, fresh: Message) -> None:
    """The message that was built must be this draft's, under a name never used before."""
    same = (fresh.draft, fresh.chain, fresh.level) == (one.id, one.chain, one.said.level)
    if not same:
        params = {"draft": one.id, "identifier": fresh.identifier}
        raise BadData(Problem("store.other_message", params))
    query = select(message.c.identifier).where(message.c.identifier == fresh.identifier)
    if connection.execute(query).first() is not None:
        raise BadData(Problem("store.identifier_taken", {"identifier": fresh.identifier}))
