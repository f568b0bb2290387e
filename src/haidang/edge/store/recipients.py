"""Who may be told and what they want to hear: random ids for ever, addresses until erased."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, delete, func, insert, or_, select, text, update

from haidang.base.errors import NotFound
from haidang.base.problem import Problem
from haidang.edge.store.rows import chunks, fetch
from haidang.edge.store.tables_deliver import (
    PENDING,
    delivery,
    recipient,
    recipient_address,
    recipient_alias,
    subscription,
)
from haidang.warn.route import Subscription


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach one recipient.

    Attributes:
        alias: What people call the recipient; it names them to nobody but whoever may see it.
        channel: Name of a channel.
        address: As the channel needs it.
        secret: Shared with the recipient, "" without one.
        language: Tag.
    """

    alias: str
    channel: str
    address: str
    secret: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A recipient as people who keep the list see it.

    Attributes:
        id: Random, the only name that stands anywhere else.
        alias: "" once erased.
        channels: With an address, by name.
        subscriptions: In force.
        erased: When they were forgotten; None while they are not.
    """

    id: str
    alias: str
    channels: tuple[str, ...]
    subscriptions: int
    erased: datetime | None


class Imported(NamedTuple):
    """What a file changed: rows new, rows changed or ended, rows that said what was known."""

    added: int
    changed: int
    same: int


def add(connection: Connection, contacts: Sequence[Contact], now: datetime) -> Imported:
    """Keep addresses; a recipient is known by alias and gets a random id once."""
    ids = _ids(connection, [c.alias for c in contacts])
    fresh = [a for a in dict.fromkeys(c.alias for c in contacts) if a not in ids]
    ids |= {alias: uuid4().hex for alias in fresh}
    if fresh:
        connection.execute(
            insert(recipient), [{"id": ids[a], "added": now, "erased": None} for a in fresh]
        )
        connection.execute(
            insert(recipient_alias), [{"recipient": ids[a], "alias": a} for a in fresh]
        )
    known = _addresses(connection, list(dict.fromkeys(ids[c.alias] for c in contacts)))
    new, changed, same = [], [], 0
    for one in contacts:
        row = {
            "recipient": ids[one.alias],
            "channel": one.channel,
            "address": one.address,
            "secret": one.secret,
            "language": one.language,
        }
        before = known.get((row["recipient"], one.channel))
        if before is None:
            new.append(row)
        elif before != (one.address, one.secret, one.language):
            changed.append(row)
        else:
            same += 1
    gone = recipient_address
    for row in changed:
        mine = (gone.c.recipient == row["recipient"], gone.c.channel == row["channel"])
        connection.execute(delete(gone).where(*mine))
    if new or changed:
        connection.execute(insert(recipient_address), [*new, *changed])
    return Imported(len(new), len(changed), same)


def taken(connection: Connection, contacts: Sequence[Contact]) -> Mapping[tuple[str, str], str]:
    """Alias by (channel, address) of those addresses that somebody has already."""
    found: dict[tuple[str, str], str] = {}
    query = select(
        recipient_address.c.channel, recipient_address.c.address, recipient_alias.c.alias
    ).join(recipient_alias, recipient_alias.c.recipient == recipient_address.c.recipient)
    for piece in chunks(list(dict.fromkeys(c.address for c in contacts))):
        rows = connection.execute(query.where(recipient_address.c.address.in_(piece)))
        found.update(((row.channel, row.address), row.alias) for row in rows)
    return found


def ids(connection: Connection, aliases: Sequence[str]) -> dict[str, str]:
    """Id by alias, of those aliases that exist."""
    return _ids(connection, aliases)


def _ids(connection: Connection, aliases: Sequence[str]) -> dict[str, str]:
    return fetch(
        connection,
        recipient_alias.c.alias,
        recipient_alias.c.recipient,
        list(dict.fromkeys(aliases)),
    )


def aliases(connection: Connection, wanted: Sequence[str]) -> dict[str, str]:
    """Alias by id, of those who were not erased."""
    return fetch(connection, recipient_alias.c.recipient, recipient_alias.c.alias, wanted)


def _addresses(
    connection: Connection, wanted: Sequence[str]
) -> dict[tuple[str, str], tuple[str, str, str]]:
    found = {}
    for piece in chunks(wanted):
        query = select(recipient_address).where(recipient_address.c.recipient.in_(piece))
        for row in connection.execute(query):
            found[row.recipient, row.channel] = (row.address, row.secret, row.language)
    return found


def languages(connection: Connection, wanted: Sequence[str]) -> dict[tuple[str, str], str]:
    """Language by (recipient, channel) where there is an address."""
    return {key: kept[2] for key, kept in _addresses(connection, wanted).items()}


def find(connection: Connection, name: str) -> str:
    """The id behind an alias, an id or the beginning of one.

    Raises:
        NotFound: ``store.no_recipient``: nobody, or more than one.
    """
    hit = _ids(connection, [name]).get(name)
    if hit is not None:
        return hit
    query = select(recipient.c.id).where(recipient.c.id.startswith(name, autoescape=True)).limit(2)
    found = connection.execute(query).scalars().all() if name else []
    if len(found) != 1:
        raise NotFound(Problem("store.no_recipient", {}))
    return str(found[0])


def erase(connection: Connection, name: str, now: datetime) -> str:
    """Forget who is behind an id: alias, addresses, secrets. What was sent stays, under the id."""
    chosen = find(connection, name)
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA secure_delete = ON"))  # freed pages are zeroed
    for table in (recipient_alias, recipient_address):
        connection.execute(delete(table).where(table.c.recipient == chosen))
    connection.execute(
        update(recipient)
        .where(recipient.c.id == chosen, recipient.c.erased.is_(None))
        .values(erased=now)
    )
    mine = subscription.c.recipient == chosen, subscription.c.ends.is_(None)
    connection.execute(update(subscription).where(*mine).values(ends=now))
    waiting = delivery.c.recipient == chosen, delivery.c.state.in_(PENDING)
    connection.execute(
        update(delivery)
        .where(*waiting)
        .values(state="dead", why="deliver.erased", due=None, changed=now)
    )
    return chosen


def everybody(connection: Connection, now: datetime) -> tuple[Known, ...]:
    """All recipients, by alias; the erased ones last."""
    channels: dict[str, list[str]] = {}
    columns = recipient_address.c.recipient, recipient_address.c.channel
    for row in connection.execute(select(*columns).order_by(*columns)):
        channels.setdefault(row.recipient, []).append(row.channel)
    counted = select(subscription.c.recipient, func.count()).where(_in_force(now))
    counts = {r: n for r, n in connection.execute(counted.group_by(subscription.c.recipient))}
    query = select(recipient.c.id, recipient.c.erased, recipient_alias.c.alias)
    query = query.outerjoin(recipient_alias, recipient_alias.c.recipient == recipient.c.id)
    found = [
        Known(
            row.id, row.alias or "", tuple(channels.get(row.id, ())), counts.get(row.id, 0),
            row.erased,
        )
        for row in connection.execute(query)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda k: (not k.alias, k.alias, k.id)))


def _in_force(now: datetime) -> Any:
    ends = subscription.c.ends
    return (subscription.c.begins <= now) & or_(ends.is_(None), ends > now)


def subscriptions(
    connection: Connection, now: datetime, recipients: Sequence[str] | None = None
) -> tuple[Subscription, ...]:
    """Subscriptions in force at an instant, by id; of some recipients or of all."""
    query = select(subscription).where(_in_force(now))
    if recipients is None:
        return tuple(_subscription(row) for row in connection.execute(query))
    return tuple(
        _subscription(row)
        for piece in chunks(recipients)
        for row in connection.execute(query.where(subscription.c.recipient.in_(piece)))
    )


def _subscription(row: Any) -> Subscription:
    return Subscription(
        recipient=row.recipient,
        channel=row.channel,
        places=tuple(json.loads(row.places)),
        threats=tuple(json.loads(row.threats)),
        least_level=row.least_level,
        language=row.language,
        wakes_only=row.wakes_only,
        drills=row.drills,
        id=row.id,
    )


def subscribe(
    connection: Connection,
    wanted: Sequence[Subscription],
    now: datetime,
    keep: Collection[tuple[str, str]] = (),
) -> Imported:
    """Make what is wanted the whole of what its recipients get over its channels.

    Of every recipient and channel that is named, subscriptions that are not among the wanted ones
    end now, those that are stay as they are, and what is new begins now. None is ever edited.
    """
    named = {(w.recipient, w.channel) for w in wanted}
    standing = {
        _plain(s): s
        for s in subscriptions(connection, now, sorted({r for r, _ in named}))
        if (s.recipient, s.channel) in named
    }
    asked = list(dict.fromkeys(_plain(w) for w in wanted))
    fresh = [one for one in asked if one not in standing]
    stay = {*asked, *(plain for plain in standing if (plain.recipient, plain.channel) in keep)}
    over = [kept.id for plain, kept in standing.items() if plain not in stay]
    for piece in chunks(over):
        connection.execute(
            update(subscription).where(subscription.c.id.in_(piece)).values(ends=now)
        )
    if fresh:
        connection.execute(insert(subscription), [_row(one, now) for one in fresh])
    return Imported(len(fresh), len(over), len(asked) - len(fresh))


def _plain(one: Subscription) -> Subscription:
    return replace(
        one, id="", places=tuple(sorted(set(one.places))), threats=tuple(sorted(set(one.threats)))
    )


def _row(one: Subscription, now: datetime) -> Mapping[str, object]:
    row: dict[str, object] = {
        "recipient": one.recipient,
        "channel": one.channel,
        "places": json.dumps(one.places),
        "threats": json.dumps(one.threats),
        "least_level": one.least_level,
        "language": one.language,
        "wakes_only": one.wakes_only,
        "drills": one.drills,
    }
    return {**row, "id": uuid4().hex, "begins": now, "ends": None}
