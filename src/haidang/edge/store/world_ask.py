"""Questions to the archive of other people's warnings."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, case, exists, func, literal, or_, select
from sqlalchemy.sql.elements import ColumnElement

from haidang.base.errors import NotFound
from haidang.base.problem import Problem
from haidang.edge.store.rows import chunks
from haidang.edge.store.tables_world import (
    world_link,
    world_message,
    world_place,
    world_seen,
)
from haidang.warn.areas import Match
from haidang.warn.heard import State

PAGE: Final = 50
MOST: Final = 500
"""Messages of one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What somebody wants to know. What is empty does not narrow.

    Attributes:
        places: Any of these codes.
        start, end: Sent from ``start`` on and before ``end``.
        hazard: A CAP category or an event code exactly, or part of an event's name.
        sender: Part of the sender or of its name.
        severity: CAP severities.
        state: States as of ``now``.
        feeds: Ids of feeds that brought it.
        before: Only numbers below this one: the next page.
        limit: At most so many, 1 to `MOST`.
    """

    places: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    hazard: str = ""
    sender: str = ""
    severity: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    before: int | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message of the archive as a list shows it.

    Attributes:
        id: Its number.
        state: As of the instant that was asked for.
        conflict: Another message with other content has the same name.
        copies: Numbers of copies with another signature.
        late: It was over when it was first heard.
        matches: Our places in it.
        feeds: Where it was seen: feed, first and last time.
    """

    id: int
    sender: str
    identifier: str
    sent: datetime
    status: str
    kind: str
    event: str
    titles: Mapping[str, tuple[str, str]]
    categories: tuple[str, ...]
    codes: tuple[str, ...]
    severity: str
    urgency: str
    certainty: str
    sender_name: str
    onset: datetime
    expires: datetime | None
    ends: datetime
    signature: str
    signer: str
    late: bool
    first: datetime
    sha256: str
    state: State
    conflict: bool
    copies: tuple[int, ...]
    matches: tuple[Match, ...]
    feeds: tuple[tuple[str, datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of what was asked for.

    Attributes:
        total: How many there are in all.
        more: ``before`` of the next page; None of the last.
    """

    entries: tuple[Entry, ...]
    total: int
    more: int | None


def ask(connection: Connection, question: Ask, now: datetime) -> Answer:
    """Messages, newest arrival first; see ``Store.world``."""
    m = world_message.c
    narrow = _narrow(question, now)
    total = connection.execute(select(func.count(m.id)).where(*narrow)).scalar_one()
    if question.before is not None:
        narrow.append(m.id < question.before)
    limit = max(1, min(question.limit, MOST))
    query = _columns(now).where(*narrow).order_by(m.id.desc()).limit(limit + 1)
    rows = connection.execute(query).all()
    found = _entries(connection, rows[:limit])
    return Answer(found, int(total), rows[limit - 1].id if len(rows) > limit else None)


def entry(connection: Connection, number: int, now: datetime) -> Entry:
    """One message.

    Raises:
        NotFound: ``world.no_message``.
    """
    rows = connection.execute(_columns(now).where(world_message.c.id == number)).all()
    if not rows:
        raise NotFound(Problem("world.no_message", {"id": number}))
    return _entries(connection, rows)[0]


def chain(connection: Connection, number: int, now: datetime) -> tuple[Entry, ...]:
    """Every message that belongs to one, by references in either direction, oldest first.

    A word that may not end the message (see `_acts`) belongs to its chain all the same.
    """
    m, link = world_message.c, world_link.c
    found: set[int] = set()
    fresh = {number}
    while fresh and len(found) < MOST:
        found |= fresh
        several = tuple(fresh)
        named = (link.sender == m.sender) & (link.identifier == m.identifier)
        older = select(m.id).select_from(world_message.join(world_link, named))
        newer = select(link.message).select_from(world_message.join(world_link, named))
        fresh = set()
        for piece in chunks(several):
            fresh |= set(connection.execute(older.where(link.message.in_(piece))).scalars())
            fresh |= set(connection.execute(newer.where(m.id.in_(piece))).scalars())
        fresh -= found
    rows: list[Any] = []
    for piece in chunks(sorted(found)):
        rows += connection.execute(_columns(now).where(m.id.in_(piece))).all()
    return tuple(sorted(_entries(connection, rows), key=lambda e: (e.sent, e.id)))


def _acts(kind: str, now: datetime) -> ColumnElement[bool]:
    """Whether somebody's Update or Cancel ends the message, so far as we may believe it.

    A name is typed by whoever writes a message, so the word that ends a warning must have at least
    its standing: the same sender and status, a signature as good, not spoilt, and a feed that had
    brought the warning, too, unless it is signed by somebody we trust.
    """
    m = world_message.c
    other = world_message.alias("other")
    exact = world_message.alias("exact")
    s, t = world_seen.alias("s"), world_seen.alias("t")
    meant = or_(
        world_link.c.sent == m.sent,
        ~exists()
        .where(  # a slip in the time is no reason to leave a dead warning standing
            exact.c.sender == m.sender,
            exact.c.identifier == m.identifier,
            exact.c.sent == world_link.c.sent,
        )
        .correlate(world_message, world_link),
    )
    trusted = other.c.signature == "trusted"
    beside = (
        exists()
        .where(s.c.message == m.id, t.c.message == other.c.id, s.c.feed == t.c.feed)
        .correlate(world_message, other)
    )
    return (
        exists()
        .where(
            world_link.c.sender == m.sender,
            world_link.c.identifier == m.identifier,
            meant,
            other.c.id == world_link.c.message,
            other.c.kind == kind,
            other.c.sender == m.sender,
            other.c.status == m.status,
            other.c.sent >= m.sent,
            other.c.sent <= now,
            other.c.signature != "invalid",
            or_(trusted, m.signature != "trusted"),
            or_(trusted, beside),
        )
        .correlate(world_message)
    )


def _state(now: datetime) -> ColumnElement[str]:
    m = world_message.c
    return case(
        (m.kind == "Cancel", literal("ending")),
        (m.kind.in_(("Ack", "Error")), literal("other")),
        (_acts("Cancel", now), literal("cancelled")),
        (_acts("Update", now), literal("replaced")),
        (m.ends <= now, literal("expired")),
        else_=literal("in_force"),
    )


def _narrow(question: Ask, now: datetime) -> list[ColumnElement[bool]]:
    m = world_message.c
    out: list[ColumnElement[bool]] = [m.same_as.is_(None)]
    if question.places:
        here = world_place.c.place.in_(question.places)
        out.append(exists().where(world_place.c.message == m.id, here))
    if question.start is not None:
        out.append(m.sent >= question.start)
    if question.end is not None:
        out.append(m.sent < question.end)
    if question.hazard:
        word = question.hazard
        out.append(
            or_(
                (literal(" ") + m.categories + " ").contains(f" {word} ", autoescape=True),
                (literal(" ") + m.codes + " ").contains(f" {word} ", autoescape=True),
                func.lower(m.titles).contains(word.lower(), autoescape=True),
            )
        )
    if question.sender:
        part = question.sender.lower()
        out.append(
            or_(*(func.lower(c).contains(part, autoescape=True) for c in (m.sender, m.sender_name)))
        )
    if question.severity:
        out.append(m.severity.in_(question.severity))
    if question.feeds:
        seen = world_seen.c
        out.append(exists().where(seen.message == m.id, seen.feed.in_(question.feeds)))
    if question.state:
        if "in_force" in question.state and len(question.state) == 1:
            out.append(m.ends > now)  # an index finds these among years of others
        out.append(_state(now).in_(question.state))
    return out


def _columns(now: datetime) -> Select[Any]:
    m = world_message.c
    twin = world_message.alias("twin")
    conflict = exists().where(
        and_(
            twin.c.sender == m.sender,
            twin.c.identifier == m.identifier,
            twin.c.content != m.content,
        )
    )
    columns = [c for c in world_message.columns if c.name not in {"body", "same_as", "content"}]
    return select(*columns, _state(now).label("state"), conflict.label("conflict"))


_OWN: Final = frozenset({"titles", "categories", "codes", "conflict", "late", "scope"})


def _entries(connection: Connection, rows: Sequence[Any]) -> tuple[Entry, ...]:
    numbers = [row.id for row in rows]
    places: dict[int, list[Match]] = defaultdict(list)
    feeds: dict[int, list[tuple[str, datetime, datetime]]] = defaultdict(list)
    copies: dict[int, list[int]] = defaultdict(list)
    for piece in chunks(numbers):
        p, s, m = world_place.c, world_seen.c, world_message.c
        query = select(world_place).where(p.message.in_(piece)).order_by(p.share.desc(), p.place)
        for row in connection.execute(query):
            places[row.message].append(Match(row.place, row.share, row.how))
        again = select(world_seen).where(s.message.in_(piece)).order_by(s.first, s.feed)
        for row in connection.execute(again):
            feeds[row.message].append((row.feed, row.first, row.last))
        twins = select(m.id, m.same_as).where(m.same_as.in_(piece)).order_by(m.id)
        for row in connection.execute(twins):
            copies[row.same_as].append(row.id)
    return tuple(
        Entry(
            **{k: v for k, v in row._mapping.items() if k not in _OWN},
            titles={k: (v[0], v[1]) for k, v in json.loads(row.titles).items()},
            categories=tuple(row.categories.split()),
            codes=tuple(row.codes.split()),
            conflict=bool(row.conflict),
            late=bool(row.late),
            copies=tuple(copies[row.id]),
            matches=tuple(places[row.id]),
            feeds=tuple(feeds[row.id]),
        )
        for row in rows
    )
