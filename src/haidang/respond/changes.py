"""Two plans side by side: who is sent now that was not, who no longer is, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from haidang.respond.plan import Grant, Plan, Tier


@dataclass(frozen=True, slots=True)
class Moved:
    """One unit's help for one place, in the plan before and in this one.

    Attributes:
        unit: Id of the unit.
        origin: Code of the place that it leaves.
        place: Code of the place that it serves.
        before, after: How many go; 0 for none.
        depart, arrive: Of this plan; of the one before where it no longer goes.
        reason: Key into the words of ``respond``, "" where nothing changed: ``moved_new`` (no plan
            before), ``moved_need_up``, ``moved_need_down``, ``moved_need_over`` or
            ``moved_shared`` (it is shared out otherwise over all places).
    """

    kind: str
    unit: str
    origin: str
    place: str
    tier: Tier
    before: int
    after: int
    depart: datetime
    arrive: datetime
    reason: str


Key = tuple[str, str, str]


def changes(before: Plan | None, after: Plan) -> tuple[Moved, ...]:
    """Every grant of either plan, those that changed first.

    Args:
        before: The plan of the run before; None where there was none.
        after: This plan.

    Returns:
        By place, kind, origin and unit. A need is compared by its central value over all its
        rules.
    """
    old, new = _sums(before), _sums(after)
    wanted_before = {} if before is None else wanted(before)
    wanted_after = wanted(after)
    found = []
    for key in sorted({*old, *new}):
        was, now = old.get(key), new.get(key)
        shown = now or was
        assert shown is not None
        grant, _ = shown
        place_kind = (grant.place, grant.kind)
        found.append(
            Moved(
                kind=grant.kind,
                unit=grant.unit,
                origin=grant.origin,
                place=grant.place,
                tier=grant.tier,
                before=was[1] if was else 0,
                after=now[1] if now else 0,
                depart=grant.depart,
                arrive=grant.arrive,
                reason=_reason(
                    before,
                    was,
                    now,
                    wanted_before.get(place_kind, 0),
                    wanted_after.get(place_kind, 0),
                ),
            )
        )
    return tuple(sorted(found, key=lambda m: (m.place, not m.reason, m.kind, m.origin, m.unit)))


def wanted(plan: Plan) -> Mapping[tuple[str, str], int]:
    """What each place needs of each kind by the central estimate; unknown needs are left out."""
    found: dict[tuple[str, str], int] = {}
    for need in plan.needs:
        if need.value is not None:
            key = (need.place, need.kind)
            found[key] = found.get(key, 0) + int(need.value.central)
    return found


def _sums(plan: Plan | None) -> dict[Key, tuple[Grant, int]]:
    """Grants of one unit to one place as one: rules of the same kind are one need on the ground."""
    found: dict[Key, tuple[Grant, int]] = {}
    for grant in () if plan is None else plan.grants:
        key = (grant.place, grant.kind, grant.unit)
        first, count = found.get(key, (grant, 0))
        found[key] = (first, count + grant.quantity)
    return found


def _reason(
    before: Plan | None,
    was: tuple[Grant, int] | None,
    now: tuple[Grant, int] | None,
    need_before: int,
    need_after: int,
) -> str:
    if before is None:
        return "moved_new"
    if was and now and was[1] == now[1]:
        return ""  # the same help; it leaves anew with each plan until it has left
    if need_after == 0:
        return "moved_need_over"
    more = (now[1] if now else 0) > (was[1] if was else 0)
    if more and need_after > need_before:
        return "moved_need_up"
    if not more and need_after < need_before:
        return "moved_need_down"
    return "moved_shared"
