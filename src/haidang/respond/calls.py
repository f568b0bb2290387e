"""By when help must leave: the last hour at which a place can still be reached before its time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from haidang.respond.dispatch import Allotted, Market
from haidang.respond.plan import Call, Grant, Need
from haidang.respond.travel import Closed, Lie


def calls(found: Market, done: Allotted, lie: Lie, now: datetime) -> tuple[Call, ...]:
    """The last call for each need that asks for more than stands on the spot.

    Args:
        found: What was wanted and held of one kind.
        done: How it was shared out. What nobody may use for this need is in none of its grants.
        lie: Which places the wind closes when.
        now: When orders are given.

    Returns:
        By the hour at which it is too late. None for a need without a time or whose time has
        passed, for nothing presses any more; and none where nothing comes from outside: the plan
        says why under what is missing.
    """
    out = []
    for need in found.needs:
        if need.by is None or need.by <= now:
            continue
        if last := max(_leaving(found, done, need, lie), default=None, key=_last):
            leave_by, grant = last
            quantity = sum(
                g.quantity
                for g in done.grants
                if (g.need, g.origin, g.echelon) == (need.id, grant.origin, grant.echelon)
                and (g.unit, need.id) in found.trips
            )
            out.append(Call(need.id, need.kind, need.place, grant.origin, quantity, leave_by))
    return tuple(sorted(out, key=lambda c: (c.leave_by, c.place, c.kind, c.need)))


def _last(one: tuple[datetime, Grant]) -> tuple[datetime, str]:
    return one[0], one[1].unit


def _leaving(
    found: Market, done: Allotted, need: Need, lie: Lie
) -> Iterator[tuple[datetime, Grant]]:
    assert need.by is not None
    for grant in done.grants:
        if grant.need != need.id or (grant.unit, need.id) not in found.trips:
            continue
        road = grant.arrive - grant.depart
        arrive = need.by
        if grant.origin != need.place:
            arrive = _before(lie.closed.get(need.place, ()), grant.arrive, need.by)
        leave = arrive - road
        if grant.origin != need.place:
            leave = _before(lie.closed.get(grant.origin, ()), grant.depart, leave)
        yield leave, grant


def _before(closed: tuple[Closed, ...], open_at: datetime, wanted: datetime) -> datetime:
    """The latest instant up to ``wanted`` before the place closes again.

    Args:
        closed: Its hours of wind.
        open_at: An instant at which it is open, not after ``wanted``. Only the hours until the
            next wind count: a way that opens again behind it is nothing to wait for.
        wanted: The latest that would do.
    """
    shuts = [hours.start for hours in closed if open_at < hours.start <= wanted]
    return max(open_at, min(shuts) - timedelta(minutes=1)) if shuts else wanted
