"""What changed between two plans, row by row, and why; what is on stand-by is a row of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from haidang.respond.plan import Echelon, Grant, Need, Plan, Tier, Unmet

How = Literal["new", "more", "less", "gone", "same"]


@dataclass(frozen=True, slots=True)
class Change:
    """One sender and one receiver of one kind, before and after.

    Attributes:
        kind: Resource kind.
        origin, place: From where to where.
        before, after: How many.
        how: What happened.
        reason: Key into the words of ``respond``: ``change_*``.
        standby: Of what is beyond the central need.
    """

    kind: str
    origin: str
    place: str
    echelon: Echelon
    tier: Tier
    before: int
    after: int
    how: How
    reason: str
    standby: bool = False


def changes(before: Plan | None, after: Plan, *, same: bool = False) -> tuple[Change, ...]:
    """Who sends more, less, or something new, and why.

    Args:
        before: The plan that stood; None where there was none.
        after: The plan that takes its place.
        same: Whether to list what did not change too.

    Returns:
        By kind, receiver, sender, holder; what is needed before what is on stand-by.
    """
    old = _by_road(before.grants if before else ())
    new = _by_road(after.grants)
    out = []
    for key in sorted(set(old) | set(new)):
        kind, place, origin, echelon, standby = key
        was, now = old.get(key, ()), new.get(key, ())
        count_was, count_now = sum(g.quantity for g in was), sum(g.quantity for g in now)
        how = _how(count_was, count_now)
        if how == "same" and not same:
            continue
        tier = (now or was)[0].tier
        reason = "change_none"
        if how != "same":
            other = (*key[:4], not standby)
            more = sum(g.quantity for g in new.get(other, ()))
            more -= sum(g.quantity for g in old.get(other, ()))
            reason = _swapped(count_now - count_was, more, standby=standby) or _reason(
                before, after, kind, place, origin, standby=standby
            )
        out.append(
            Change(kind, origin, place, echelon, tier, count_was, count_now, how, reason, standby)
        )
    return tuple(out)


def _swapped(mine: int, other: int, *, standby: bool) -> str:
    """Whether the same sender's stand-by became needed, or the other way round; "" if neither."""
    if mine * other >= 0:
        return ""
    return "change_called" if (mine > 0) != standby else "change_stood_down"


_Road = tuple[str, str, str, Echelon, bool]


def _by_road(grants: tuple[Grant, ...]) -> dict[_Road, tuple[Grant, ...]]:
    out: dict[_Road, tuple[Grant, ...]] = {}
    for g in grants:
        key = (g.kind, g.place, g.origin, g.echelon, g.standby)
        out[key] = (*out.get(key, ()), g)
    return out


def _how(was: int, now: int) -> How:
    if was == now:
        return "same"
    if not was:
        return "new"
    if not now:
        return "gone"
    return "more" if now > was else "less"


def _reason(
    before: Plan | None, after: Plan, kind: str, place: str, origin: str, *, standby: bool
) -> str:
    """The first of what can move a grant: the first plan, the need, the wind, the stock, others."""
    if before is None:
        return "change_first"
    was, now = _needed(before.needs, kind, place), _needed(after.needs, kind, place)
    if standby and was is not None and now is not None:
        ahead_was, ahead_now = was[1] - was[0], now[1] - now[0]
        if ahead_was != ahead_now:
            return "change_ahead_up" if ahead_now > ahead_was else "change_ahead_down"
    elif was != now:
        return _of_need(was, now)
    lacks = [plan.short if standby else plan.unmet for plan in (before, after)]
    closed = _closed(lacks[0], kind, place) != _closed(lacks[1], kind, place)
    if closed:
        return "change_wind"
    if before.stock_receipt != after.stock_receipt:
        return "change_stock"
    # The sender keeps what it needs itself, and whoever is more urgent is served first.
    if _needed(before.needs, kind, origin) != _needed(after.needs, kind, origin):
        return "change_sender_need"
    return "change_elsewhere"


def _of_need(was: tuple[int, int] | None, now: tuple[int, int] | None) -> str:
    if was is None or now is None:
        return "change_need_known" if was is None else "change_need_unknown"
    if was[0] != now[0]:
        return "change_need_up" if now[0] > was[0] else "change_need_down"
    return "change_need_up" if now[1] > was[1] else "change_need_down"


def _needed(needs: tuple[Need, ...], kind: str, place: str) -> tuple[int, int] | None:
    """Central and high need; None where any is unknown."""
    values = [n.value for n in needs if n.kind == kind and n.place == place]
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return None
    return int(sum(v.central for v in known)), int(sum(v.high for v in known))


def _closed(missing: tuple[Unmet, ...], kind: str, place: str) -> bool:
    return any(u.reason == "unmet_closed" for u in missing if u.kind == kind and u.place == place)
