"""How far deliveries have come: counts, dead letters, one message's or one person's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select, update

from haidang.edge.store.rows import chunks
from haidang.edge.store.tables_deliver import delivery, delivery_try, dispatch


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message's way to one recipient over one channel.

    Attributes:
        recipient: Salted id; "" for everybody.
        state: See ``parcels.STATES``.
        why: Code: of what went wrong last, of what overtook it; of one not yet tried, of routing.
        due: When it is tried next; None where nothing more is to be done.
        tries: So far.
        reached: Whether it may have come to the recipient, even where nobody confirmed it.
    """

    key: str
    message: str
    recipient: str
    channel: str
    language: str
    subscription: str
    state: str
    why: str
    due: datetime | None
    tries: int
    reached: bool
    receipt: str
    queued: datetime
    changed: datetime


@dataclass(frozen=True, slots=True)
class Try:
    """One try to hand a delivery over.

    Attributes:
        ended: None while it is in flight, or where a kill cut it off and nobody knows.
        state: ``begun`` until it ended, then what the channel said.
    """

    delivery: str
    number: int
    begun: datetime
    ended: datetime | None
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Handed:
    """A message as the outbox has it.

    Attributes:
        accepted: Wall clock.
        expires: Wall clock: later it is not sent.
        fanned: When everybody who is told stood in the queue; None before.
    """

    message: str
    number: int
    chain: str
    accepted: datetime
    expires: datetime
    asof: datetime | None
    fanned: datetime | None


def counts(connection: Connection, message: str = "") -> dict[tuple[str, str], int]:
    """Deliveries by (channel, state), of one message or of all."""
    query = select(delivery.c.channel, delivery.c.state, func.count())
    if message:
        query = query.where(delivery.c.message == message)
    query = query.group_by(delivery.c.channel, delivery.c.state)
    return {(channel, state): n for channel, state, n in connection.execute(query)}


def by_message(connection: Connection, messages: Sequence[str]) -> dict[tuple[str, str], int]:
    """Deliveries by (message, state)."""
    found: dict[tuple[str, str], int] = {}
    for piece in chunks(messages):
        query = select(delivery.c.message, delivery.c.state, func.count())
        query = query.where(delivery.c.message.in_(piece))
        rows = connection.execute(query.group_by(delivery.c.message, delivery.c.state))
        found.update(((message, state), n) for message, state, n in rows)
    return found


def found(
    connection: Connection,
    *,
    state: str = "",
    message: str = "",
    recipient: str | None = None,
    channel: str = "",
    limit: int = 1000,
) -> tuple[Delivery, ...]:
    """Deliveries that fit, the newest message first."""
    query = select(*(delivery.c[name] for name in Delivery.__slots__))
    for column, value in (("state", state), ("message", message), ("channel", channel)):
        if value:
            query = query.where(delivery.c[column] == value)
    if recipient is not None:
        query = query.where(delivery.c.recipient == recipient)
    query = query.order_by(delivery.c.number.desc(), delivery.c.channel, delivery.c.key)
    return tuple(Delivery(*row) for row in connection.execute(query.limit(limit)))


def tries(connection: Connection, keys: Sequence[str]) -> tuple[Try, ...]:
    """Every try of some deliveries, in order."""
    rows: list[Any] = []
    for piece in chunks(keys):
        query = select(*(delivery_try.c[name] for name in Try.__slots__))
        rows += connection.execute(query.where(delivery_try.c.delivery.in_(piece)))
    return tuple(sorted((Try(*row) for row in rows), key=lambda t: (t.delivery, t.number)))


def handed(connection: Connection, message: str = "") -> tuple[Handed, ...]:
    """Accepted messages, or one of them, in the order of acceptance."""
    query = select(*(dispatch.c[name] for name in Handed.__slots__))
    if message:
        query = query.where(dispatch.c.message == message)
    return tuple(Handed(*row) for row in connection.execute(query.order_by(dispatch.c.number)))


def retry(connection: Connection, now: datetime, keys: Sequence[str], channel: str) -> int:
    """Put dead letters back in the queue; see ``Store.retry``."""
    wanted = and_(delivery.c.state == "dead", delivery.c.why != "deliver.erased")
    if channel:
        wanted = and_(wanted, delivery.c.channel == channel)
    again = update(delivery).values(state="queued", due=now, spent=0, changed=now)
    if not keys:
        return int(connection.execute(again.where(wanted)).rowcount)
    return sum(
        int(connection.execute(again.where(wanted, delivery.c.key.in_(piece))).rowcount)
        for piece in chunks(keys)
    )
