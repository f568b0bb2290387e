"""An accepted message becomes one delivery for each recipient and channel: once, under one key.

The instant as of which subscriptions are read is written down before the first row, so that a
fan-out that was cut off is done again with the same answer; rows that are there stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from haidang.app.verdict import Draft, Message
from haidang.base.errors import NotFound
from haidang.base.ids import content_id
from haidang.base.problem import Problem
from haidang.edge.store import codec, recipients, sparing
from haidang.edge.store.notices import to_message
from haidang.edge.store.rows import chunks
from haidang.edge.store.sparing import Judged, People
from haidang.edge.store.tables import draft, message
from haidang.edge.store.tables_deliver import HAS, PENDING, SPARED, delivery, dispatch
from haidang.warn.route import PUBLIC, Routed, Warned, Why, Within, route

ROWS: Final = 2000
"""Deliveries written in one transaction: others get the database in between."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that nobody was told of yet.

    Attributes:
        number: In the order of acceptance.
        accepted: Wall clock.
        expires: Wall clock.
        asof: Instant as of which subscriptions are read; None before the first try.
        message: As approved.
        top: Highest level that its chain gave before it; 0 of a first message.
    """

    number: int
    chain: str
    accepted: datetime
    expires: datetime
    asof: datetime | None
    notice: Warned
    message: Message
    top: int = 0

    @property
    def lessens(self) -> bool:
        """Whether it may take something back: a lower level than before, or parts of the place."""
        return self.notice.level < self.top or (self.top > 0 and bool(self.notice.within))


def unfanned(connection: Connection, limit: int) -> tuple[Waiting, ...]:
    """Messages to fan out, in the order of acceptance."""
    query = _notices().where(dispatch.c.fanned.is_(None)).order_by(dispatch.c.number).limit(limit)
    return tuple(_waiting(row) for row in connection.execute(query))


def waiting(connection: Connection) -> tuple[str, ...]:
    """Identifiers of what ``unfanned`` gives, none of them opened: one may be unreadable."""
    query = select(dispatch.c.message).where(dispatch.c.fanned.is_(None))
    return tuple(connection.execute(query.order_by(dispatch.c.number)).scalars())


def earlier(connection: Connection, one: Waiting) -> tuple[Message, ...]:
    """Messages of the same chain that were accepted before this one, in that order."""
    query = select(message).join(dispatch, message.c.identifier == dispatch.c.message)
    before = dispatch.c.chain == one.chain, dispatch.c.number < one.number
    rows = connection.execute(query.where(*before).order_by(dispatch.c.number))
    return tuple(to_message(row._mapping) for row in rows)


def _notices() -> Any:
    older, said = dispatch.alias("older"), message.alias("said")
    top = (
        select(func.max(said.c.level))
        .join(older, older.c.message == said.c.identifier)
        .where(older.c.chain == dispatch.c.chain, older.c.number < dispatch.c.number)
        .scalar_subquery()
    )
    columns = (
        dispatch.c.number, dispatch.c.accepted, dispatch.c.expires.label("over"), dispatch.c.asof,
        draft.c.body.label("drafted"), top.label("top"), message,
    )  # fmt: skip
    query = select(*columns).join(message, message.c.identifier == dispatch.c.message)
    return query.join(draft, draft.c.id == message.c.draft)


def _waiting(row: Any) -> Waiting:
    one = to_message(row._mapping)
    found = warned(one, codec.decode_draft(json.loads(row.drafted)))
    return Waiting(
        row.number, row.chain, row.accepted, row.over, row.asof, found, one, row.top or 0
    )


def warned(one: Message, drafted: Draft) -> Warned:
    """What routing looks at of a message and the draft it was made of."""
    return Warned(
        one.identifier,
        one.kind,
        drafted.threat,
        drafted.event,
        drafted.place,
        one.level,
        drafted.texts,
        drafted.wakes,
        drafted.status,
        one.sent,
        drafted.said.also,
        drafted.said.within,
    )


def notice(connection: Connection, identifier: str) -> Waiting:
    """One accepted message.

    Raises:
        NotFound: ``store.no_message``.
    """
    row = connection.execute(_notices().where(dispatch.c.message == identifier)).first()
    if row is None:
        raise NotFound(Problem("store.no_message", {"identifier": identifier}))
    return _waiting(row)


def begin(connection: Connection, one: Waiting, now: datetime) -> datetime:
    """Overtake what the message supersedes, and fix as of when subscriptions are read.

    Returns:
        That instant: now, or the one of a fan-out that was cut off.
    """
    asof = one.asof or now
    connection.execute(update(dispatch).where(dispatch.c.number == one.number).values(asof=asof))
    older = and_(
        delivery.c.chain == one.chain,
        delivery.c.number < one.number,
        delivery.c.state.in_(PENDING),
    )
    # What speaks to everybody keeps the whole story, in order: its older messages go at once.
    connection.execute(
        update(delivery).where(older, delivery.c.recipient == PUBLIC).values(due=now)
    )
    connection.execute(
        update(delivery)
        .where(older, delivery.c.recipient != PUBLIC)
        .values(state="overtaken", why="deliver.superseded", due=None, changed=now)
    )
    return asof


def told(connection: Connection, one: Waiting) -> dict[tuple[str, str], str]:
    """Language by recipient and channel of those who have, or may have, an earlier message."""
    query = select(delivery.c.recipient, delivery.c.channel, delivery.c.language).where(
        delivery.c.chain == one.chain,
        delivery.c.number < one.number,
        delivery.c.recipient != PUBLIC,
        or_(delivery.c.reached, delivery.c.state.in_(HAS)),
    )
    rows = connection.execute(query.order_by(delivery.c.number))
    return {(row.recipient, row.channel): row.language for row in rows}


def routed(
    connection: Connection,
    one: Waiting,
    within: Within,
    asof: datetime,
    recipients_only: Sequence[str] | None = None,
) -> tuple[Routed, ...]:
    """Who is told of an accepted message, and who is not and why; reads alone.

    Args:
        connection: See ``Store``.
        one: The message.
        within: See ``warn.route``.
        asof: Subscriptions in force then.
        recipients_only: Only these; None for all.
    """
    wants = recipients.subscriptions(connection, asof, recipients_only)
    before = told(connection, one)
    if recipients_only is not None:
        before = {key: tag for key, tag in before.items() if key[0] in recipients_only}
    return route(one.notice, wants, within, before)


def judged(
    connection: Connection,
    one: Waiting,
    found: Sequence[Routed],
    people: People,
    asof: datetime,
    now: datetime,
) -> Judged:
    """Who of those who are told need not get it now, and what it makes needless; reads alone."""
    return sparing.judged(connection, one.notice, one.chain, one.expires, found, people, asof, now)


def rows(
    one: Waiting, found: Sequence[Routed], public: Sequence[str], now: datetime, waits: Judged
) -> Iterator[Mapping[str, object]]:
    """A delivery for everybody who is told, and one for each channel that speaks to all."""
    language = one.notice.texts[0].language if one.notice.texts else ""
    whole = [Routed(PUBLIC, name, language, True, Why.EVERYBODY) for name in public]
    for each in (*whole, *found):
        if each.told:
            instead = waits.mine.get((each.recipient, each.channel))
            after = (SPARED if instead.until else "overtaken") if instead else "queued"
            yield {
                "key": key_of(one.notice.identifier, each.recipient, each.channel),
                "message": one.notice.identifier,
                "chain": one.chain,
                "number": one.number,
                "recipient": each.recipient,
                "channel": each.channel,
                "subscription": each.subscription,
                "language": each.language,
                "rank": 0 if one.notice.wakes or one.notice.level == 0 else 1,
                "state": after,
                "why": instead.why if instead else f"route.{each.why.value}",
                "due": instead.until if instead else now,
                "lease": "",
                "tries": 0,
                "spent": 0,
                "reached": False,
                "receipt": "",
                "queued": now,
                "changed": now,
            }


def key_of(identifier: str, who: str, channel: str) -> str:
    """Name of one delivery: the same message to the same person over one channel has one."""
    return content_id("delivery", [identifier, who, channel])


def write(
    connection: Connection, made: Sequence[Mapping[str, object]], waits: Judged = sparing.NOTHING
) -> int:
    """Put deliveries in the queue; one that is there stays as it is.

    Args:
        connection: See ``Store``.
        made: From ``rows``.
        waits: As ``rows`` took it.

    Returns:
        How many were new.
    """
    known: set[str] = set()
    for piece in chunks([str(row["key"]) for row in made]):
        query = select(delivery.c.key).where(delivery.c.key.in_(piece))
        known.update(connection.execute(query).scalars())
    fresh = [row for row in made if row["key"] not in known]
    if fresh:
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(make(delivery).on_conflict_do_nothing(), fresh)
    who = {str(row["key"]): (str(row["recipient"]), str(row["channel"])) for row in fresh}
    sparing.note(connection, {k: waits.mine[w] for k, w in who.items() if w in waits.mine})
    return len(fresh)


def finish(
    connection: Connection, one: Waiting, now: datetime, waits: Judged = sparing.NOTHING
) -> None:
    """Everybody who is to be told is in the queue; what it speaks for waits, and no more than that.

    Args:
        connection: See ``Store``.
        one: The message.
        now: Wall clock.
        waits: From ``judged``.
    """
    sparing.keep(connection, waits.theirs, now)
    sparing.free(connection, one.chain, waits.theirs, one.notice.identifier, now)
    mine = dispatch.c.number == one.number, dispatch.c.fanned.is_(None)
    connection.execute(update(dispatch).where(*mine).values(fanned=now))
