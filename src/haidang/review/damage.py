"""Houses damaged beside what our wind makes of the houses that stand there.

**Damaged is not destroyed.** A count of damaged houses holds every torn roof; a loss ratio times
the houses is the number of houses whose whole value is gone. The two are shown side by side with
the houses under each force, and none of them claims to be the count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from haidang.base.place import Gazetteer
from haidang.review.facts import Damage
from haidang.review.winds import Basis
from haidang.risk.assessment import Impact, Interval

Measure: TypeAlias = Literal["equivalent_destroyed", "force_8", "force_10", "force_12"]
MEASURES: Final[tuple[Measure, ...]] = (
    "force_8", "force_10", "force_12", "equivalent_destroyed",
)  # fmt: skip

Group: TypeAlias = Literal["province", "coast", "inland", "country"]


@dataclass(frozen=True, slots=True)
class Counted:
    """Houses damaged, brought to a place of another day.

    Attributes:
        place: Code on the day of the case's places; "" for a sum.
        group: ``province``, or which sum it is.
        coastal: Whether the place lies on the sea; of a sum, whether its places do.
        parts: Codes on the facts' own day that the source counts.
        lacking: Codes on that day that became part of the place too and that the source leaves
            out: its figure is then a lower bound.
        houses: Damaged.
    """

    place: str
    group: Group
    coastal: bool
    parts: tuple[str, ...]
    lacking: tuple[str, ...]
    houses: int


@dataclass(frozen=True, slots=True)
class HousesRow:
    """One place, one basis, one measure.

    Attributes:
        counted: What was reported.
        basis: ``hindcast`` or ``bulletin``.
        issued: Of the bulletin; None for the hindcast.
        measure: ``force_k``: houses under force k or more; ``equivalent_destroyed``: loss ratio
            times houses.
        ours: Houses; None where exposure is not known.
        ratio: Ours (central) over damaged; None where there is nothing to divide.
        inside: Whether the count lies in our interval; None where ours is not known, or the count
            is a lower bound that does not decide it.
    """

    counted: Counted
    basis: Basis
    issued: datetime | None
    measure: Measure
    ours: Interval | None
    ratio: float | None
    inside: bool | None


def counted(
    damage: Iterable[Damage],
    places: Gazetteer,
    day: date,
    today: date,
    coast: frozenset[str],
) -> tuple[tuple[Counted, ...], tuple[str, ...]]:
    """Bring counts to the places of another day by the country's successions.

    Args:
        damage: Provinces and, if the source has it, the whole country.
        places: Of all days.
        day: Day of the damage's codes.
        today: Day of the case's places, not before ``day``.
        coast: Codes of ``today`` that lie on the sea.

    Returns:
        Places by houses, most first; the sums over coastal and other places; the country. And the
        codes that could not be brought over, because their territory went to several places.
    """
    rows = tuple(damage)
    by_code = {d.place: d.houses for d in rows if d.kind == "province"}
    into: dict[str, list[str]] = {}
    split = []
    for code in by_code:
        heirs = places.successors("province", code, day, today)
        if len(heirs) == 1:
            into.setdefault(heirs[0].code, []).append(code)
        else:
            split.append(code)
    found = []
    for code, parts in into.items():
        before = {p.code for p in places.predecessors("province", code, today, day)}
        lacking = tuple(sorted(before - set(parts)))
        houses = sum(by_code[p] for p in parts)
        of = (code in coast, tuple(sorted(parts)), lacking, houses)
        found.append(Counted(code, "province", *of))
    found.sort(key=lambda c: (-c.houses, c.place))
    sums = [_sum(group, found) for group in ("coast", "inland")]
    whole = [
        Counted(d.place, "country", False, (), (), d.houses) for d in rows if d.kind != "province"
    ]
    return (*found, *(s for s in sums if s is not None), *whole), tuple(split)


def _sum(group: str, found: Sequence[Counted]) -> Counted | None:
    rows = [c for c in found if c.coastal == (group == "coast")]
    if not rows:
        return None
    return Counted(
        "",
        "coast" if group == "coast" else "inland",
        group == "coast",
        tuple(p for c in rows for p in c.parts),
        tuple(p for c in rows for p in c.lacking),
        sum(c.houses for c in rows),
    )


def houses_of(
    impacts: Sequence[Impact], residents: float, people: float
) -> dict[Measure, Interval]:
    """Houses by measure out of an area's impacts.

    Args:
        impacts: Of the area. A force that no member reaches is not among them: nobody is under it.
        residents: Registered people of the area.
        people: To a house.

    Returns:
        Houses; empty where the exposure is not known.
    """
    by_name = {i.measure: i.value for i in impacts}
    loss, gale = by_name.get("loss_ratio"), by_name.get("people.force_8")
    if loss is None or gale is None:
        return {}
    out: dict[Measure, Interval] = {}
    for measure in MEASURES:
        if measure == "equivalent_destroyed":
            out[measure] = Interval(*(v * residents / people for v in loss))
        else:
            under = by_name.get(f"people.{measure}") or Interval(0.0, 0.0, 0.0)
            out[measure] = Interval(*(v / people for v in under))
    return out


def rows(
    found: Iterable[Counted],
    ours: Mapping[str, Mapping[Measure, Interval]],
    basis: Basis,
    issued: datetime | None,
) -> tuple[HousesRow, ...]:
    """Every place and sum beside ours.

    The interval of a sum adds lows to lows and highs to highs, as if every place were low or high
    at once: it is too wide rather than too narrow.

    Args:
        found: From ``counted``.
        ours: Houses by place of today and measure; a place that lacks has unknown exposure.
        basis: Where ours comes from.
        issued: Of the bulletin.
    """
    every = tuple(found)
    out = []
    for one in every:
        if one.group == "province":
            there = [one.place]
        elif one.group == "country":
            there = list(ours)
        else:
            there = [c.place for c in every if c.group == "province" and c.coastal == one.coastal]
        for measure in MEASURES:
            values = [ours[p][measure] for p in there if measure in ours.get(p, {})]
            value = None
            if values and len(values) == len(there):
                value = Interval(*(sum(part) for part in zip(*values, strict=True)))
            out.append(_row(one, basis, issued, measure, value))
    return tuple(out)


def _row(
    one: Counted, basis: Basis, issued: datetime | None, measure: Measure, value: Interval | None
) -> HousesRow:
    if value is None:
        return HousesRow(one, basis, issued, measure, None, None, None)
    ratio = value.central / one.houses if one.houses else None
    inside: bool | None = value.low <= one.houses <= value.high
    if one.lacking and one.houses <= value.high:
        # The true count is higher by an unknown number: it may be inside, or above.
        inside = None
    return HousesRow(one, basis, issued, measure, value, ratio, inside)
