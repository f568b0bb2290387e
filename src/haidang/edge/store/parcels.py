"""The queue of deliveries: taken in batches under a lease, marked before they are sent, settled.

A kill leaves what was marked and not settled: at most the batch in flight. When its lease has run
out the same rows go out again under the same keys. Two jobs never hold one row; a job whose lease
ran out while it was still sending may say what came of it, but no longer decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from haidang.edge.store import sparing
from haidang.edge.store.rows import chunks, newest
from haidang.edge.store.tables_deliver import (
    HAS,
    delivery,
    delivery_report,
    delivery_try,
    dispatch,
    recipient_address,
    spared,
)
from haidang.warn.route import PUBLIC

Reported = Literal["sent", "delivered", "acknowledged", "failed", "refused"]
STATES: Final = (
    "queued", "sending", "sent", "delivered", "acknowledged", "failed", "spared", "dead",
    "overtaken",
)  # fmt: skip
"""Every state of a delivery, in the order in which a page shows them."""
_LOST: Final = "begun"
_ROUNDS: Final = 20
"""Batches of overtaken deliveries that one claim puts aside: others want to write too."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and for how long a delivery is tried.

    Attributes:
        tries: So often at least, before it may be a dead letter.
        base: First pause at most; it doubles with each try.
        longest: No pause is longer.
        age: So old at least, too. Both: that a channel is down for an hour says nothing of the
            letter, and one that goes on failing is bounded by the validity of its message.
        lease: So long a batch is its job's own; longer than any channel takes for one.
    """

    tries: int = 12
    base: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(minutes=15)
    age: timedelta = timedelta(hours=24)
    lease: timedelta = timedelta(seconds=120)


def _given_up(row: Any, now: datetime, policy: Policy) -> bool:
    """Whether a delivery that failed is not tried again."""
    over: bool = row.spent >= policy.tries and now - row.queued >= policy.age
    return over


class Claimed(NamedTuple):
    """A delivery that a job holds.

    Attributes:
        number: Of the try that was marked as begun.
        address: None where there is none.
        waited: Whether it had waited for another notice that said more.
    """

    key: str
    message: str
    recipient: str
    language: str
    wakes: bool
    number: int
    address: str | None
    secret: str
    waited: bool = False


class Settled(NamedTuple):
    """What came of one try.

    Attributes:
        state: ``sent``, ``delivered``, ``failed`` or ``refused``, as ``channels.port`` says.
        why: Code of a problem, "" where it went out.
        receipt: What the other side calls it.
    """

    key: str
    state: str
    why: str = ""
    receipt: str = ""


def pause(key: str, spent: int, policy: Policy) -> timedelta:
    """How long to wait after a failed try: anything up to a bound that doubles each time.

    Full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): where many
    fail at once they do not come back at once. The draw is the key's own, so the same delivery
    waits the same on any machine.

    Args:
        key: Of the delivery.
        spent: Tries so far, 1 or more.
        policy: Bounds.

    >>> pause("a", 1, Policy()) == pause("a", 1, Policy()) <= timedelta(seconds=10)
    True
    """
    # The exponent is bounded, or a channel that is dead for a month would overflow it.
    bound: timedelta = min(policy.base * 2 ** min(spent - 1, 20), policy.longest)
    drawn = int.from_bytes(hashlib.sha256(f"{key}:{spent}".encode()).digest()[:8], "big")
    return bound * (drawn / 2**64)


def claim(
    connection: Connection, channel: str, limit: int, now: datetime, worker: str, policy: Policy
) -> tuple[list[Claimed], bool]:
    """Take what is due, and mark each try as begun before anything is sent.

    What waits for an older message of the same chain to the same recipient is left; what has
    expired, or was superseded while its job was killed, is settled as overtaken; what had been
    tried in vain until it expired is a dead letter, for somebody was not told.

    Args:
        connection: See ``Store``.
        channel: Name.
        limit: At most so many.
        now: Wall clock.
        worker: Who takes them.
        policy: Its lease.

    Returns:
        Deliveries, what wakes people first, each with its address; and whether so much was put
        aside that there may be more.
    """
    taken: list[Any] = []
    more = True
    for _ in range(_ROUNDS):
        found = _ripe(connection, channel, limit - len(taken), now, {r.key for r in taken})
        newer = [r.key for r in found if r.behind or (r.newer and r.recipient != PUBLIC)]
        _overtake(connection, newer, "deliver.superseded", now)
        late = [r for r in found if r.over and r.key not in set(newer)]
        vain = [r.key for r in late if r.state == "failed"]
        _overtake(connection, vain, "deliver.in_vain", now, "dead")
        over = [r.key for r in late if r.state != "failed"]
        _overtake(connection, over, "deliver.expired", now)
        stale = {*newer, *vain, *over}
        taken += [r for r in found if r.key not in stale]
        more = bool(stale)
        if not stale or len(taken) == limit:
            break
    if not taken:
        return [], more
    _begin(connection, taken, now, worker, policy)
    return [_claimed(row) for row in taken], more


def _claimed(row: Any) -> Claimed:
    return Claimed(
        row.key,
        row.message,
        row.recipient,
        row.language,
        row.rank == 0,
        row.tries + 1,
        "" if row.recipient == PUBLIC else row.address,
        row.secret or "",
        bool(row.waited),
    )


_older = delivery.alias("older")
_newer = dispatch.alias("newer")
_later = and_(_newer.c.chain == delivery.c.chain, _newer.c.number > delivery.c.number)
_gone = delivery.alias("gone")
_past = and_(
    _gone.c.chain == delivery.c.chain,
    _gone.c.recipient == delivery.c.recipient,
    _gone.c.channel == delivery.c.channel,
    _gone.c.number > delivery.c.number,
    or_(_gone.c.reached, *(_gone.c.state == state for state in HAS)),
)
"""A later word of the chain is out on this very channel: what comes behind it would undo it."""


def _ripe(
    connection: Connection, channel: str, limit: int, now: datetime, but: set[str]
) -> list[Any]:
    found: list[Any] = []
    for rank in (0, 1):
        if len(found) < limit:
            query = _due(channel, rank, limit - len(found) + len(but), now)
            rows = [r for r in connection.execute(query) if r.key not in but]
            found += rows[: limit - len(found)]
    return found


def _due(channel: str, rank: int, limit: int, now: datetime) -> Select[Any]:
    """A batch by the index of work alone; the look at other messages is one more index look-up."""
    same = and_(
        _older.c.chain == delivery.c.chain,
        _older.c.recipient == delivery.c.recipient,
        _older.c.channel == delivery.c.channel,
        _older.c.number < delivery.c.number,
        # Of a person's older messages only the one in flight is waited for: any other one was
        # overtaken. A channel for all tells the whole story in order, but one that fails does not
        # hold back what comes after it: that may be the all-clear.
        _older.c.due.is_not(None),
        or_(
            and_(delivery.c.recipient == PUBLIC, _older.c.state == "queued"),
            and_(_older.c.state == "sending", _older.c.due > now),
        ),
    )
    over = dispatch.c.expires <= now
    return (
        select(
            delivery.c.key, delivery.c.message, delivery.c.recipient, delivery.c.language,
            delivery.c.rank, delivery.c.tries, delivery.c.state,
            recipient_address.c.address, recipient_address.c.secret,
            over.label("over"), exists().where(_later).label("newer"),
            exists().where(_past).label("behind"),
            exists().where(spared.c.delivery == delivery.c.key).label("waited"),
        )
        .join(dispatch, dispatch.c.message == delivery.c.message)
        .outerjoin(
            recipient_address,
            and_(
                recipient_address.c.recipient == delivery.c.recipient,
                recipient_address.c.channel == delivery.c.channel,
            ),
        )
        .where(
            delivery.c.channel == channel,
            delivery.c.rank == rank,
            delivery.c.due <= now,
            ~exists().where(same),
        )
        .order_by(delivery.c.due, delivery.c.number, delivery.c.key)
        .limit(limit)
    )  # fmt: skip


def _begin(
    connection: Connection, taken: Sequence[Any], now: datetime, worker: str, policy: Policy
) -> None:
    for piece in chunks([r.key for r in taken]):
        connection.execute(
            update(delivery)
            .where(delivery.c.key.in_(piece))
            .values(
                # A row still in flight was cut off: it may have come through.
                reached=or_(delivery.c.reached, delivery.c.state == "sending"),
                state="sending",
                due=now + policy.lease,
                lease=worker,
                tries=delivery.c.tries + 1,
                spent=delivery.c.spent + 1,
                changed=now,
            )
        )
    connection.execute(
        insert(delivery_try),
        [
            {
                "delivery": r.key, "number": r.tries + 1, "begun": now, "ended": None,
                "state": _LOST, "why": "",
            }
            for r in taken
        ],
    )  # fmt: skip


def _overtake(
    connection: Connection, keys: Sequence[str], code: str, now: datetime, state: str = "overtaken"
) -> None:
    for piece in chunks(keys):
        connection.execute(
            update(delivery)
            .where(delivery.c.key.in_(piece))
            .values(
                reached=or_(delivery.c.reached, delivery.c.state == "sending"),
                state=state, why=code, due=None, lease="", changed=now,
            )
        )  # fmt: skip


def settle(
    connection: Connection,
    held: Sequence[Claimed],
    results: Sequence[Settled],
    now: datetime,
    worker: str,
    policy: Policy,
) -> None:
    """Write down what came of a batch.

    Args:
        connection: See ``Store``.
        held: The batch as claimed.
        results: One for each; a parcel of which the channel says nothing has failed.
        now: Wall clock.
        worker: Who sent it.
        policy: When it is tried again, or no more.
    """
    if not held:
        return
    said = {r.key: r for r in results}
    numbers = {h.key: h.number for h in held}
    final = [said.get(key) or Settled(key, "failed", "deliver.no_word") for key in numbers]
    connection.execute(
        update(delivery_try)
        .where(
            delivery_try.c.delivery == bindparam("of"), delivery_try.c.number == bindparam("nth")
        )
        .values(ended=bindparam("end"), state=bindparam("is"), why=bindparam("said")),
        [
            {"of": r.key, "nth": numbers[r.key], "end": now, "is": r.state, "said": r.why}
            for r in final
        ],
    )
    known = _rows(connection, list(numbers))
    changes = [_after(known[r.key], r, now, worker, policy) for r in final]
    _change(connection, [c for c in changes if c is not None], now)
    _superseded(connection, [r.key for r in final if r.state == "failed"], now)
    _late(connection, [r for r in final if r.receipt], now, policy)


def _rows(connection: Connection, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for piece in chunks(keys):
        rows = connection.execute(select(delivery).where(delivery.c.key.in_(piece)))
        found.update((row.key, row) for row in rows)
    return found


def _after(
    row: Any, said: Settled, now: datetime, worker: str, policy: Policy
) -> Mapping[str, object] | None:
    """How a delivery stands after a try; None where it is no longer this job's to say."""
    out = said.state in ("sent", "delivered")
    if row.state != "sending" or row.lease != worker:
        # The lease ran out: another sends it again, or it is settled. That it did go out counts.
        if not out:
            return None
        if row.state in _SURE:
            return _changed(row, row.state, row.why, None, now, receipt=said.receipt)
        return _changed(row, said.state, "", None, now, receipt=said.receipt, reached=True)
    if out:
        return _changed(row, said.state, "", None, now, receipt=said.receipt, reached=True)
    if said.state == "refused" or _given_up(row, now, policy):
        return _changed(row, "dead", said.why, None, now, receipt=said.receipt)
    due = now + pause(row.key, row.spent, policy)
    return _changed(row, "failed", said.why, due, now, receipt=said.receipt)


def _changed(
    row: Any,
    state: str,
    why: str,
    due: datetime | None,
    now: datetime,
    *,
    receipt: str = "",
    reached: bool = False,
) -> Mapping[str, object]:
    return {
        "of": row.key,
        "new_state": state,
        "new_why": why,
        "new_due": due,
        "new_receipt": receipt or row.receipt,
        "new_reached": reached or row.reached,
    }


def _change(connection: Connection, changes: Sequence[Mapping[str, object]], now: datetime) -> None:
    if changes:
        dead = [str(c["of"]) for c in changes if c["new_state"] == "dead"]
        connection.execute(
            update(delivery)
            .where(delivery.c.key == bindparam("of"))
            .values(
                state=bindparam("new_state"),
                why=bindparam("new_why"),
                due=bindparam("new_due"),
                receipt=bindparam("new_receipt"),
                reached=bindparam("new_reached"),
                lease="",
                changed=now,
            ),
            changes,
        )
        sparing.free_of(connection, dead, now)


def _superseded(connection: Connection, keys: Sequence[str], now: datetime) -> None:
    """What failed while its successor came gives way to it, and is not sent after it."""
    for piece in chunks(keys):
        connection.execute(
            update(delivery)
            .where(
                delivery.c.key.in_(piece),
                delivery.c.state == "failed",
                delivery.c.recipient != PUBLIC,
                exists().where(_later),
            )
            .values(state="overtaken", why="deliver.superseded", due=None, changed=now)
        )


def _late(
    connection: Connection, results: Sequence[Settled], now: datetime, policy: Policy
) -> None:
    """Reports that came before we knew the receipt they speak of."""
    for piece in chunks([r.receipt for r in results]):
        query = select(delivery_report).where(delivery_report.c.receipt.in_(piece))
        for row in connection.execute(query.order_by(delivery_report.c.id)):
            _report(connection, row.channel, row.receipt, row.state, row.why, now, policy)


def reported(
    connection: Connection,
    channel: str,
    receipt: str,
    state: Reported,
    why: str,
    now: datetime,
    policy: Policy,
) -> bool:
    """What a receiver, or the network between, said afterwards; see ``Store.reported``."""
    number = newest(connection, delivery_report) + 1
    row = {"id": number, "channel": channel, "receipt": receipt, "state": state, "why": why}
    connection.execute(insert(delivery_report), {**row, "at": now})
    return _report(connection, channel, receipt, state, why, now, policy)


_SURE: Final = {"sent": 1, "delivered": 2, "acknowledged": 3}


def _report(
    connection: Connection,
    channel: str,
    receipt: str,
    state: str,
    why: str,
    now: datetime,
    policy: Policy,
) -> bool:
    query = select(delivery).where(or_(delivery.c.receipt == receipt, delivery.c.key == receipt))
    if channel:
        query = query.where(delivery.c.channel == channel)
    rows = connection.execute(query).all() if receipt else []
    changes = []
    for row in rows:
        if state in _SURE:
            # A report never takes back a surer one.
            if _SURE[state] > _SURE.get(row.state, 0):
                changes.append(_changed(row, state, "", None, now, reached=True))
        elif row.state == "sent":
            over = state == "refused" or _given_up(row, now, policy)
            due = None if over else now + pause(row.key, row.spent, policy)
            changes.append(_changed(row, "dead" if over else "failed", why, due, now))
    _change(connection, changes, now)
    return bool(rows)


def holders(connection: Connection) -> tuple[str, ...]:
    """Who holds anything."""
    query = select(delivery.c.lease).where(delivery.c.state == "sending").distinct()
    return tuple(sorted(connection.execute(query).scalars()))


def release(connection: Connection, worker: str, now: datetime) -> int:
    """End a lease now; see ``Store.release``."""
    held = delivery.c.state == "sending", delivery.c.lease == worker, delivery.c.due > now
    return int(connection.execute(update(delivery).where(*held).values(due=now)).rowcount)


def ahead(connection: Connection, channel: str) -> datetime | None:
    """When the next delivery of a channel is due; None where nothing waits."""
    query = select(func.min(delivery.c.due)).where(delivery.c.channel == channel)
    found = [connection.execute(query.where(delivery.c.rank == rank)).scalar() for rank in (0, 1)]
    return min((at for at in found if at is not None), default=None)
