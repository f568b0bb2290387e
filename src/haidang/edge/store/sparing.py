"""Of several notices of one danger a person gets the one that says most; the others wait for it.

Nothing is taken out of the queue: a delivery that is spared is due when the notice that speaks for
it expires, and at once when that one ends, falls below it, or turns into a dead letter. So nobody
is told less than what stands, and nobody is told one thing twice.

Whoever heard of more than what stands hears that it is over: an end, or an update to a lower level,
waits for no notice that they have got already. What stands beside it is looked up as it is sent.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from haidang.app.verdict import Draft
from haidang.edge.store import codec, recipients
from haidang.edge.store.rows import chunks
from haidang.edge.store.tables import draft, message
from haidang.edge.store.tables_deliver import (
    DEAD,
    HAS,
    PENDING,
    SPARED,
    delivery,
    dispatch,
    spared,
)
from haidang.warn import one_message
from haidang.warn.one_message import Around, Heard
from haidang.warn.route import PUBLIC, Routed, Subscription, Warned

_CANCELLED: Final = 0


def _alone(code: str) -> tuple[str, ...]:
    return (code,)


@dataclass(frozen=True, slots=True)
class People:
    """What is needed to see that two notices are for one person.

    Attributes:
        channels: Those that a person reads. A machine gets every notice.
        around: See ``one_message``.
    """

    channels: Collection[str] = ()
    around: Around = _alone


@dataclass(frozen=True, slots=True)
class Other:
    """Another notice that stands: the newest message of its chain.

    Attributes:
        number: In the order of acceptance; 0 of the message that comes.
    """

    identifier: str
    chain: str
    expires: datetime
    heard: Heard
    number: int = 0


@dataclass(frozen=True, slots=True)
class Instead:
    """For what a delivery waits.

    Attributes:
        why: Code of a reason.
        until: When that other notice expires; None where the delivery is not needed any more.
    """

    identifier: str
    chain: str
    why: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What one more message changes.

    Attributes:
        mine: Of its own deliveries, by recipient and channel, those that wait.
        theirs: Of those of others, by key, those that wait now.
    """

    mine: Mapping[tuple[str, str], Instead] = field(default_factory=dict)
    theirs: Mapping[str, Instead] = field(default_factory=dict)


NOTHING: Final = Judged()


class _Left(NamedTuple):
    """One person, one delivery that need not go out now, and what speaks for it.

    Attributes:
        key: None of the message that comes.
        has: Whether they have got that other notice already.
    """

    who: tuple[str, str]
    key: str | None
    one: Other
    other: Other
    why: str
    has: bool


def judged(
    connection: Connection,
    notice: Warned,
    chain: str,
    expires: datetime,
    found: Sequence[Routed],
    people: People,
    asof: datetime,
    now: datetime,
) -> Judged:
    """Which deliveries wait, as a message goes to those who are told of it; reads alone.

    Args:
        connection: See ``Store``.
        notice: The message.
        chain: Its chain; "" of one that is only thought of.
        expires: Its end on the wall clock.
        found: Who is told of it.
        people: See ``People``.
        asof: Subscriptions in force then say which places somebody asked for.
        now: Wall clock.
    """
    if not people.channels:
        return NOTHING
    told = {(r.recipient, r.channel) for r in found if r.told and r.channel in people.channels}
    # Who waits for its predecessor may be told nothing of this one: others may speak for it still.
    whom = told | _waiting(connection, chain, notice.identifier, people.channels)
    others = _standing(connection, notice, chain, people.around, now) if whom else ()
    if not others:
        return NOTHING
    lives = _lives(connection, others, people.channels)
    whom &= lives.keys()
    places = _places(connection, whom, asof)
    mine = Other(notice.identifier, chain, expires, heard(notice, now))
    found_left: list[_Left] = []
    for who in sorted(whom):
        comes = mine if who in told else None
        found_left += _left(who, comes, lives[who], places.get(who, ()), people.around)
    own: dict[tuple[str, str], Instead] = {}
    theirs: dict[str, Instead] = {}
    last = _last_heard(connection, [left for left in found_left if left.has])
    for left in found_left:
        if left.has and _takes_back(left, last.get((*left.who, left.one.chain))):
            continue
        if left.key is None:
            own[left.who] = _instead(left)
        else:
            theirs[left.key] = _instead(left)
    return Judged(own, theirs)


def _waiting(
    connection: Connection, chain: str, message: str, channels: Collection[str]
) -> set[tuple[str, str]]:
    """Recipient and channel of what waits for an older message of a chain."""
    query = (
        select(delivery.c.recipient, delivery.c.channel)
        .join(spared, spared.c.delivery == delivery.c.key)
        .where(
            spared.c.chain == chain,
            spared.c.instead != message,
            delivery.c.state == SPARED,
            delivery.c.channel.in_(sorted(channels)),
        )
    )
    return {(row.recipient, row.channel) for row in connection.execute(query)}


def _left(
    who: tuple[str, str],
    mine: Other | None,
    lives: Sequence[tuple[Other, Any]],
    places: Collection[str],
    around: Around,
) -> list[_Left]:
    """Of one person: for what each of their deliveries would wait."""
    # An end that they have heard says nothing more; one that waits may be spoken for, or speak.
    here = [(o, row) for o, row in lives if o.heard.level > _CANCELLED or row.state in PENDING]
    by = {o.identifier: o for o, _ in here}
    keys: dict[str, str | None] = {o.identifier: row.key for o, row in here}
    waits = {o.identifier for o, row in here if row.state in PENDING}
    has = {o.identifier for o, row in here if row.state in HAS}
    if mine is not None:
        by[mine.identifier], keys[mine.identifier] = mine, None
        waits.add(mine.identifier)
    out = one_message.spared([o.heard for o in by.values()], places, around)
    return [
        _Left(
            who, keys[name], by[name], by[no.instead.key], no.why.value, no.instead.key in has
        )
        for name, no in out.items()
        if name in waits
    ]  # fmt: skip


def _instead(left: _Left) -> Instead:
    # Of two all-clears one is enough for good: nothing stands that the second could tell of later.
    both_over = left.one.heard.level == left.other.heard.level == _CANCELLED
    until = None if both_over else left.other.expires
    return Instead(left.other.identifier, left.other.chain, f"spared.{left.why}", until)


def _takes_back(left: _Left, last: tuple[int, int] | None) -> bool:
    """Whether they heard of more than what stands, and would go on believing it.

    Args:
        left: What speaks for the delivery is theirs already: it will not tell them anew.
        last: Number and level of the last message of the delivery's chain that they have.
    """
    if last is None:
        return False
    number, level = last
    one, other = left.one.heard, left.other.heard
    if (one.threat, one.event) != (other.threat, other.event) and left.other.number > number:
        return False  # it named this hazard with its level after they had heard of more
    return level > one_message.tells(other, one.threat, one.event)


def _last_heard(
    connection: Connection, left: Sequence[_Left]
) -> Mapping[tuple[str, str, str], tuple[int, int]]:
    """By recipient, channel and chain: number and level of the last message that is with them."""
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    chains = sorted({each.one.chain for each in left})
    new = sorted({each.one.identifier for each in left})
    for piece in chunks(sorted({each.who[0] for each in left})):
        query = (
            select(
                delivery.c.recipient, delivery.c.channel, delivery.c.chain, delivery.c.number,
                message.c.level,
            )
            .join(message, message.c.identifier == delivery.c.message)
            .where(
                delivery.c.chain.in_(chains),
                delivery.c.recipient.in_(piece),
                delivery.c.message.not_in(new),
                or_(delivery.c.reached, delivery.c.state.in_(HAS)),
            )
        )  # fmt: skip
        for row in connection.execute(query.order_by(delivery.c.number)):
            found[row.recipient, row.channel, row.chain] = row.number, row.level
    return found


def heard(notice: Warned, now: datetime) -> Heard:
    """A message as ``one_message`` weighs it; one that is only thought of is sent now."""
    return Heard(
        notice.identifier, notice.threat, notice.event, notice.place, notice.level,
        notice.sent or now, notice.also, notice.within,
    )  # fmt: skip


def _standing(
    connection: Connection, notice: Warned, chain: str, around: Around, now: datetime
) -> tuple[Other, ...]:
    """Newest messages of other chains, in force, for areas that share ground with the notice's."""
    later = dispatch.alias("later")
    newer = (
        select(later.c.message)
        .where(later.c.chain == dispatch.c.chain, later.c.number > dispatch.c.number)
        .exists()
    )
    query = (
        select(
            dispatch.c.message, dispatch.c.chain, dispatch.c.expires, dispatch.c.number,
            draft.c.place, draft.c.body, message.c.level, message.c.sent,
        )
        .join(message, message.c.identifier == dispatch.c.message)
        .join(draft, draft.c.id == message.c.draft)
        .where(dispatch.c.expires > now, dispatch.c.chain != chain, ~newer)
        .order_by(dispatch.c.number)
    )  # fmt: skip
    found = []
    for row in connection.execute(query):
        if notice.place in around(row.place) or row.place in around(notice.place):
            drafted = codec.decode_draft(json.loads(row.body))
            other = _heard(row, drafted)
            if drafted.status == notice.status and _related(notice, other):
                found.append(Other(row.message, row.chain, row.expires, other, row.number))
    return tuple(found)


def _heard(row: Any, drafted: Draft) -> Heard:
    said = drafted.said
    return Heard(
        row.message, drafted.threat, drafted.event, drafted.place, row.level, row.sent,
        said.also, said.within,
    )  # fmt: skip


def _related(notice: Warned, other: Heard) -> bool:
    mine, its = (notice.threat, notice.event), (other.threat, other.event)
    named = {(n.threat, n.event) for n in notice.also} | {(n.threat, n.event) for n in other.also}
    return mine == its or mine in named or its in named


def _lives(
    connection: Connection, others: Sequence[Other], channels: Collection[str]
) -> Mapping[tuple[str, str], list[tuple[Other, Any]]]:
    """By recipient and channel: deliveries of the others that wait or went out."""
    of = {o.identifier: o for o in others}
    found: dict[tuple[str, str], list[tuple[Other, Any]]] = defaultdict(list)
    for piece in chunks(list(of)):
        query = select(
            delivery.c.key, delivery.c.message, delivery.c.recipient, delivery.c.channel,
            delivery.c.state,
        ).where(
            delivery.c.message.in_(piece),
            delivery.c.recipient != PUBLIC,
            delivery.c.channel.in_(sorted(channels)),
            delivery.c.state.in_((*PENDING, *HAS)),
        )  # fmt: skip
        for row in connection.execute(query.order_by(delivery.c.number)):
            found[row.recipient, row.channel].append((of[row.message], row))
    return found


def _places(
    connection: Connection, whom: Collection[tuple[str, str]], asof: datetime
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """What each asked for; () for everything, and where nothing is asked for any more."""
    wants: dict[tuple[str, str], list[Subscription]] = defaultdict(list)
    for one in recipients.subscriptions(connection, asof, sorted({name for name, _ in whom})):
        wants[one.recipient, one.channel].append(one)
    return {
        who: tuple(sorted({p for s in asked for p in s.places})) if all(s.places for s in asked)
        else ()
        for who, asked in wants.items()
    }  # fmt: skip


def beside(
    connection: Connection,
    notice: Warned,
    chain: str,
    who: Collection[str],
    channel: str,
    around: Around,
    now: datetime,
) -> Mapping[str, tuple[str, ...]]:
    """What goes on for those who are about to hear that a notice ends or falls; reads alone.

    Args:
        connection: See ``Store``.
        notice: What they are about to hear.
        chain: Its chain.
        who: Recipients.
        channel: Over which they hear it.
        around: See ``one_message``.
        now: Wall clock.

    Returns:
        By recipient, identifiers of the notices of the same danger that stand and tell more of it,
        the weightiest first: of chains of which they have something, are to get it, or were to.
    """
    mine = heard(notice, now)
    others = [
        other
        for other in _standing(connection, notice, chain, around, now)
        if one_message.goes_on(other.heard, mine, around)
    ]
    others.sort(key=lambda o: (-o.heard.level, -len(around(o.heard.place)), -o.number))
    found: dict[str, tuple[str, ...]] = {}
    of = {o.chain: o.identifier for o in others}
    # By chain and not by message: an update that nobody was queued for yet is in force already.
    for piece in chunks(sorted(who)) if of else ():
        query = select(delivery.c.recipient, delivery.c.chain).where(
            delivery.c.chain.in_(sorted(of)),
            delivery.c.recipient.in_(piece),
            delivery.c.channel == channel,
            or_(delivery.c.reached, delivery.c.state.in_((*PENDING, *HAS, DEAD))),
        )
        theirs = {(row.recipient, row.chain) for row in connection.execute(query)}
        for one in {recipient for recipient, _ in theirs}:
            found[one] = tuple(name for c, name in of.items() if (one, c) in theirs)
    return found


def keep(connection: Connection, waits: Mapping[str, Instead], now: datetime) -> None:
    """Let deliveries that are in the queue wait.

    Args:
        connection: See ``Store``.
        waits: For what, by key. What went out meanwhile is out.
        now: Wall clock.
    """
    alike: dict[Instead, list[str]] = defaultdict(list)
    for key, instead in waits.items():
        alike[instead].append(key)
    for instead, keys in alike.items():
        values = {
            "state": SPARED if instead.until else "overtaken",
            "why": instead.why, "due": instead.until, "lease": "", "changed": now,
        }  # fmt: skip
        for piece in chunks(keys):
            pending = delivery.c.key.in_(piece), delivery.c.state.in_(PENDING)
            connection.execute(update(delivery).where(*pending).values(**values))
    note(connection, waits)


def note(connection: Connection, waits: Mapping[str, Instead]) -> None:
    """Write down for what deliveries wait."""
    for piece in chunks(list(waits)):
        connection.execute(delete(spared).where(spared.c.delivery.in_(piece)))
        rows = [
            {"delivery": k, "instead": waits[k].identifier, "chain": waits[k].chain} for k in piece
        ]
        connection.execute(insert(spared), rows)


def free(
    connection: Connection, chain: str, but: Collection[str], message: str, now: datetime
) -> int:
    """What waited for an older message of a chain waits no more, as its successor comes.

    Args:
        connection: See ``Store``.
        chain: Of the message that came.
        but: Keys of those that wait for it still.
        message: Identifier of the message that came.
        now: Wall clock.

    Returns:
        How many are due now.
    """
    mine = select(spared.c.delivery).where(spared.c.chain == chain, spared.c.instead != message)
    query = select(delivery.c.key).where(delivery.c.key.in_(mine), delivery.c.state == SPARED)
    keys = [k for k in connection.execute(query).scalars() if k not in but]
    _queue(connection, keys, now)
    return len(keys)


def free_of(connection: Connection, dead: Sequence[str], now: datetime) -> None:
    """What waited for a delivery that nobody will get waits no more.

    Args:
        connection: See ``Store``.
        dead: Keys of dead letters.
        now: Wall clock.
    """
    gone = delivery.alias("gone")
    for piece in chunks(dead):
        query = (
            select(delivery.c.key)
            .join(spared, spared.c.delivery == delivery.c.key)
            .join(
                gone,
                and_(
                    gone.c.chain == spared.c.chain,
                    gone.c.recipient == delivery.c.recipient,
                    gone.c.channel == delivery.c.channel,
                ),
            )
            .where(gone.c.key.in_(piece), delivery.c.state == SPARED)
        )
        _queue(connection, list(connection.execute(query).scalars()), now)


def _queue(connection: Connection, keys: Sequence[str], now: datetime) -> None:
    for piece in chunks(keys):
        connection.execute(
            update(delivery)
            .where(delivery.c.key.in_(piece), delivery.c.state == SPARED)
            .values(state="queued", why="spared.over", due=now, changed=now)
        )


def instead_of(connection: Connection, key: str) -> str:
    """Identifier of the message for which a delivery waits or waited last; "" for none."""
    found = connection.execute(select(spared.c.instead).where(spared.c.delivery == key)).scalar()
    return str(found or "")
