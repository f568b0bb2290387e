"""Why something is missing: in code and parameters, for a person to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from haidang.respond.dispatch import Allotted, Market, hindrance
from haidang.respond.plan import Need, Unit, Unmet
from haidang.respond.spec import DispatchSpec, KindSpec
from haidang.respond.travel import Lie, Trip, trip


@dataclass(frozen=True, slots=True)
class _Offer:
    """A unit somewhere else, and what stands in its way."""

    unit: Unit
    there: Trip
    left: int
    kept: int
    hindered: str


def unmet(
    found: Market,
    done: Allotted,
    spec: KindSpec,
    lie: Lie,
    policy: DispatchSpec,
    now: datetime,
    *,
    counted: bool,
) -> tuple[tuple[Unmet, ...], tuple[Unmet, ...]]:
    """What is missing of one kind, and why: of the central needs, and above them up to the high.

    Args:
        found: What was wanted and held.
        done: How it was shared out.
        spec: The kind.
        lie: Where places are.
        policy: Of the dispatch.
        now: When orders are given.
        counted: Whether any stock of any kind was counted at all.

    Returns:
        By priority of the need. The reason is what stands in the way of the nearest that is left:
        closed by the wind, or too late. Where none is left, the nearest that is kept as a reserve
        or for the holder's own need; where none is, nobody has any.
    """
    missing, short = [], []
    for need in found.needs:
        lack, ahead = done.missing.get(need.id), done.short.get(need.id)
        if not lack and not ahead:
            continue
        offers = list(_offers(found, done, need, spec, lie, policy, now))
        if lack:
            missing.append(_reason(need, lack, offers, spec, counted=counted))
        if ahead:
            short.append(_reason(need, ahead, offers, spec, counted=counted))
    return tuple(missing), tuple(short)


def _offers(
    found: Market,
    done: Allotted,
    need: Need,
    spec: KindSpec,
    lie: Lie,
    policy: DispatchSpec,
    now: datetime,
) -> Iterator[_Offer]:
    at_home: dict[str, int] = {}
    for grant in done.grants:
        if grant.km == 0 and grant.origin == grant.place:
            at_home[grant.unit] = at_home.get(grant.unit, 0) + grant.quantity
    for unit in found.units:
        there = trip(unit, need.place, spec, lie, policy, now)
        if there is None or (unit.place == need.place and unit.echelon != "nation"):
            continue
        gone = done.sent.get(unit.id, 0)
        left = found.spare[unit.id] - gone
        kept = unit.quantity - gone - left - at_home.get(unit.id, 0)
        hindered = hindrance(there, unit, need, lie, policy, now)
        yield _Offer(unit, there, left, max(0, kept), hindered)


def _reason(
    need: Need, missing: int, offers: list[_Offer], spec: KindSpec, *, counted: bool
) -> Unmet:
    def say(reason: str, offer: _Offer | None = None) -> Unmet:
        return Unmet(
            need=need.id,
            kind=need.kind,
            place=need.place,
            quantity=missing,
            reason=reason,
            nearest=offer.unit.place if offer else "",
            arrives=offer.there.arrive if offer else None,
        )

    if not counted:
        return say("unmet_not_counted")
    if spec.speed_kmh is None:
        return say("unmet_stays")
    offers.sort(key=lambda o: (o.there.minutes, o.unit.id))
    # Whatever is left and free to come has come: what is left still is hindered.
    if near := next((o for o in offers if o.left and o.hindered), None):
        return say(f"unmet_{near.hindered}", near)
    if near := next((o for o in offers if o.kept), None):
        return say("unmet_reserved", near)
    return say("unmet_nobody")
