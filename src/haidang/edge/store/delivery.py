"""The outbox: what was accepted goes out at least once, under one key for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, func, insert, select

from haidang.app.verdict import Message
from haidang.base.errors import NotFound
from haidang.base.problem import Problem
from haidang.edge.store.notices import to_message
from haidang.edge.store.rows import newest
from haidang.edge.store.tables import attempt, message, outbox

LONGEST = timedelta(hours=1)
"""No pause between two attempts is longer."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to hand a message to a channel.

    Attributes:
        at: Wall clock.
        error: What the channel said, "" when it took the message.
    """

    key: str
    message: str
    channel: str
    at: datetime
    ok: bool
    error: str


def due(
    connection: Connection, limit: int, now: datetime, pause: timedelta
) -> list[tuple[str, str, Message]]:
    """What no channel has taken yet; see ``Store.outbox_due``."""
    taken = func.max(case((attempt.c.ok, 1), else_=0))
    tries = func.count(attempt.c.id)
    query = (
        select(outbox.c.key, tries.label("tries"), func.max(attempt.c.at).label("last"))
        .outerjoin(attempt, attempt.c.key == outbox.c.key)
        .group_by(outbox.c.key, outbox.c.accepted, outbox.c.channel)
        .having(taken == 0)
        .order_by("tries", outbox.c.accepted, outbox.c.channel, outbox.c.key)
    )
    ripe = [
        row.key
        for row in connection.execute(query)
        if not row.tries or row.last + _pause(pause, row.tries) <= now
    ][:limit]
    found: list[tuple[str, str, Message]] = []
    for key in ripe:
        row = connection.execute(
            select(outbox.c.channel, message).join(message).where(outbox.c.key == key)
        ).one()
        found.append((key, row.channel, to_message(row._mapping)))
    return found


def _pause(pause: timedelta, tries: int) -> timedelta:
    # The exponent is bounded, or a channel that is dead for a month would overflow it.
    doubled: timedelta = pause * 2 ** min(tries - 1, 20)
    return min(doubled, LONGEST)


def attempted(connection: Connection, key: str, now: datetime, *, ok: bool, error: str) -> None:
    """Note a try; see ``Store.attempted``."""
    if connection.execute(select(outbox.c.key).where(outbox.c.key == key)).first() is None:
        raise NotFound(Problem("store.no_outbox", {"key": key}))
    number = newest(connection, attempt) + 1
    row = {"id": number, "key": key, "at": now, "ok": ok, "error": error}
    connection.execute(insert(attempt), row)


def attempts(connection: Connection) -> tuple[Attempt, ...]:
    """Every try, in order."""
    query = select(attempt, outbox.c.message, outbox.c.channel).join(outbox).order_by(attempt.c.id)
    names = Attempt.__slots__
    return tuple(
        Attempt(**{name: row._mapping[name] for name in names}) for row in connection.execute(query)
    )


def delivered(connection: Connection, channel: str) -> tuple[Message, ...]:
    """Every message that a channel has taken, in the order sent."""
    taken = select(attempt.c.key).where(attempt.c.ok)
    query = select(message).join(outbox, outbox.c.message == message.c.identifier)
    query = query.where(outbox.c.channel == channel, outbox.c.key.in_(taken))
    query = query.order_by(message.c.sent, message.c.identifier)
    return tuple(to_message(row._mapping) for row in connection.execute(query))
