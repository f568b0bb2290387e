"""The archive of other people's warnings: it only grows, and it can be asked.

There is no way here to delete or to change a message. What may change is what is known of a feed,
when a message was last seen in it, and how often a finding came again.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from haidang.base.errors import NotFound
from haidang.base.ids import canonical, digest
from haidang.base.problem import Problem
from haidang.edge.store.rows import newest
from haidang.edge.store.tables_world import (
    world_entry,
    world_feed,
    world_finding,
    world_link,
    world_message,
    world_place,
    world_seen,
)
from haidang.warn.areas import Match
from haidang.warn.heard import Heard, Signature

LARGEST: Final = 8_000_000
"""Bytes of one message that are ever unpacked again."""

Kept = Literal["new", "same", "copy", "conflict"]
"""``same``: known; ``copy``: known, but signed otherwise; ``conflict``: its name is known with
other content. The last two are kept beside what was known, never in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message as it came in.

    Attributes:
        data: Its bytes, kept as they are.
        signature: What its signature proves.
        signer: Whose key signed it, "" where none is known.
        feed: Id of the feed.
        url: Where it was read from, "" of one inside the feed itself.
        entry: Key of the entry of the feed.
        at: When.
        matches: Our places in its areas.
    """

    heard: Heard
    data: bytes
    signature: Signature
    signer: str = ""
    feed: str
    url: str
    entry: str
    at: datetime
    matches: Sequence[Match] = ()


class Stored(NamedTuple):
    """What became of an arrival.

    Attributes:
        id: Number in the archive of the message, or of the one it is the same as.
    """

    kept: Kept
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is known of a feed.

    Attributes:
        polled: Last try.
        heard: Last try that was answered; None before the first.
        news: When it last brought something new.
        updated: What it said of itself when it was last changed.
        etag, modified: To be sent back, so that an unchanged feed need not be sent again.
        failures: Tries in a row that failed.
        next: When it is asked again.
        code, params: Why the last try failed, "" where it did not.
    """

    feed: str
    polled: datetime
    heard: datetime | None = None
    news: datetime | None = None
    updated: datetime | None = None
    etag: str = ""
    modified: str = ""
    failures: int = 0
    next: datetime
    code: str = ""
    params: Mapping[str, object]


class Finding(NamedTuple):
    """Something that was refused or mended, with how often it came."""

    feed: str
    problem: Problem
    first: datetime
    last: datetime
    times: int


def keep(connection: Connection, one: Arrival) -> Stored:
    """Put a message into the archive, or see that it is there; see ``Store.keep_world``."""
    stored = _keep(connection, one)
    _seen(connection, stored.id, one)
    entry = {"feed": one.feed, "key": one.entry, "message": stored.id, "at": one.at}
    if _entry(connection, one.feed, one.entry) is None:
        connection.execute(insert(world_entry), entry)
    return stored


def _keep(connection: Connection, one: Arrival) -> Stored:
    told = one.heard
    m = world_message.c
    sha = hashlib.sha256(one.data).hexdigest()
    rows = connection.execute(
        select(m.id, m.sha256, m.signature).where(m.content == told.content).order_by(m.id)
    ).all()
    for row in rows:
        if row.sha256 == sha or row.signature == one.signature:
            return Stored("same", rows[0].id)
    others = select(m.id).where(m.sender == told.sender, m.identifier == told.identifier)
    conflict = not rows and connection.execute(others.limit(1)).first() is not None
    number = newest(connection, world_message) + 1
    connection.execute(insert(world_message), _row(number, one, sha, rows[0].id if rows else None))
    links = [
        {"message": number, "number": i, "sender": r.sender, "identifier": r.identifier}
        | {"sent": r.sent}
        for i, r in enumerate(told.references, 1)
    ]
    if links:
        connection.execute(insert(world_link), links)
    if rows:
        return Stored("copy", number)
    places = [{"message": number, "place": p.code, "share": p.share, "how": p.how}
              for p in one.matches]  # fmt: skip
    if places:
        connection.execute(insert(world_place), places)
    return Stored("conflict" if conflict else "new", number)


def _row(number: int, one: Arrival, sha: str, same_as: int | None) -> dict[str, Any]:
    told = one.heard
    plain = ("content", "sender", "identifier", "sent", "status", "kind", "scope", "event")
    more = ("severity", "urgency", "certainty", "sender_name", "onset", "expires", "ends")
    return {
        "id": number,
        "sha256": sha,
        "same_as": same_as,
        **{name: getattr(told, name) for name in (*plain, *more)},
        "titles": json.dumps(told.titles, ensure_ascii=False),
        "categories": " ".join(told.categories),
        "codes": " ".join(told.codes),
        "signature": one.signature,
        "signer": one.signer,
        "late": told.ends <= one.at,
        "first": one.at,
        "body": zlib.compress(one.data, 9),
    }


def _seen(connection: Connection, number: int, one: Arrival) -> None:
    s = world_seen.c
    here = (s.message == number, s.feed == one.feed)
    done = connection.execute(update(world_seen).where(*here).values(last=one.at))
    if not done.rowcount:
        row = {"message": number, "feed": one.feed, "url": one.url}
        connection.execute(insert(world_seen), row | {"first": one.at, "last": one.at})


def _entry(connection: Connection, feed: str, key: str) -> Any:
    e = world_entry.c
    return connection.execute(select(e.key).where(e.feed == feed, e.key == key)).first()


def known_entries(connection: Connection, feed: str) -> Mapping[str, int | None]:
    """Every entry of a feed that was read before: key, and number of its message or None."""
    e = world_entry.c
    rows = connection.execute(select(e.key, e.message).where(e.feed == feed))
    return {row.key: row.message for row in rows}


def refuse(connection: Connection, feed: str, entries: Sequence[str], at: datetime) -> None:
    """Remember entries that will never be read, so that they are not asked for again."""
    known = known_entries(connection, feed)
    fresh = [k for k in dict.fromkeys(entries) if k not in known]
    rows = [{"feed": feed, "key": k, "message": None, "at": at} for k in fresh]
    if rows:
        connection.execute(insert(world_entry), rows)


def seen_again(connection: Connection, feed: str, messages: Sequence[int], at: datetime) -> None:
    """Messages that still stand in a feed."""
    s = world_seen.c
    for number in sorted(set(messages)):
        where = (s.message == number, s.feed == feed)
        connection.execute(update(world_seen).where(*where).values(last=at))


def body(connection: Connection, number: int) -> bytes:
    """A message as it came in.

    Raises:
        NotFound: ``world.no_message``.
    """
    query = select(world_message.c.body).where(world_message.c.id == number)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound(Problem("world.no_message", {"id": number}))
    return zlib.decompressobj().decompress(found, LARGEST)


def health(connection: Connection) -> Mapping[str, Health]:
    """What is known of every feed, by its id."""
    rows = connection.execute(select(world_feed).order_by(world_feed.c.feed))
    return {row.feed: Health(**{**row._mapping, "params": json.loads(row.params)}) for row in rows}


def set_health(connection: Connection, one: Health) -> None:
    """Write down what is known of a feed, in the place of what was."""
    row = {name: getattr(one, name) for name in Health.__slots__}
    row["params"] = canonical({k: str(v) for k, v in one.params.items()})
    where = world_feed.c.feed == one.feed
    if not connection.execute(update(world_feed).where(where).values(**row)).rowcount:
        connection.execute(insert(world_feed), row)


def find(connection: Connection, feed: str, problems: Sequence[Problem], at: datetime) -> None:
    """Write findings down; one that came before is counted."""
    f = world_finding.c
    for one in problems:
        params = canonical({k: str(v) for k, v in one.params.items()})
        key = digest(canonical([one.code, one.file, one.field, params]))
        where = (f.feed == feed, f.key == key)
        again = update(world_finding).where(*where).values(last=at, times=f.times + 1)
        if connection.execute(again).rowcount:
            continue
        row = {
            "id": newest(connection, world_finding) + 1, "feed": feed, "key": key,
            "code": one.code, "params": params, "severity": one.severity,
            "field": one.file or one.field, "first": at, "last": at, "times": 1,
        }  # fmt: skip
        connection.execute(insert(world_finding), row)


def findings(connection: Connection, feed: str = "", limit: int = 200) -> tuple[Finding, ...]:
    """What was refused or mended, newest first."""
    query = select(world_finding).order_by(world_finding.c.last.desc(), world_finding.c.id.desc())
    if feed:
        query = query.where(world_finding.c.feed == feed)
    return tuple(
        Finding(
            row.feed,
            Problem(row.code, json.loads(row.params), file=row.field, severity=row.severity),
            row.first,
            row.last,
            row.times,
        )
        for row in connection.execute(query.limit(limit))
    )


def size(connection: Connection) -> int:
    """How many messages the archive holds."""
    return int(connection.execute(select(func.count(world_message.c.id))).scalar_one())
