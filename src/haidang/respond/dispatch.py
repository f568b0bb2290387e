"""Who sends what to whom: each kind is a flow of least cost, with a proof that none is cheaper.

On the spot first, then neighbours, farther provinces, the nation; by travel time; nobody is sent
into the wind, reserves stay, and a place gives away only what it does not need itself. What nobody
lacks at the central estimate is sent ahead for the high one while it can still move.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from haidang.base.ids import content_id
from haidang.respond import flow as flows
from haidang.respond.plan import Grant, Need, Tier, Unit
from haidang.respond.spec import DispatchSpec, KindSpec
from haidang.respond.travel import Lie, Trip, trip

TIERS: Mapping[Tier, int] = {"on_the_spot": 0, "neighbour": 1, "farther": 2, "nation": 3}
LARGEST = 2**61
"""Of a cost times the nodes: the solver multiplies the two."""


@dataclass(frozen=True, slots=True)
class Market:
    """All that is wanted and held of one kind.

    Attributes:
        kind: Its id.
        units: By id.
        needs: Those with a high value above zero, by priority.
        spare: What each unit may send away, by unit id.
        home: Need ids that each unit serves where it stands, by unit id.
        trips: Every trip that is allowed, by (unit id, need id).
    """

    kind: str
    units: tuple[Unit, ...]
    needs: tuple[Need, ...]
    spare: Mapping[str, int]
    home: Mapping[str, tuple[str, ...]]
    trips: Mapping[tuple[str, str], Trip]


@dataclass(frozen=True, slots=True)
class Allotted:
    """How one kind was shared out.

    Attributes:
        missing: Of each central need, by its id; those that are met are left out.
        short: Of what lies between central and high; likewise.
        sent: What left each unit's place, by unit id.
        cost: What the solver minimised; compares plans of the same needs and stock only.
        optimal: Potentials prove that no plan is cheaper.
    """

    grants: tuple[Grant, ...]
    missing: Mapping[str, int]
    short: Mapping[str, int]
    sent: Mapping[str, int]
    cost: int
    optimal: bool


def market(
    kind: str,
    spec: KindSpec,
    units: Iterable[Unit],
    needs: Iterable[Need],
    lie: Lie,
    policy: DispatchSpec,
    now: datetime,
) -> Market:
    """What may be used where, for one kind.

    Args:
        kind: Its id.
        spec: Its speed; a kind without one serves only where it stands.
        units: The whole stock; other kinds are passed over.
        needs: The needs of every place; likewise, and those that are unknown.
        lie: Where places are, and which the wind closes when.
        policy: Road factor, farthest trip.
        now: When orders are given.
    """
    own = tuple(sorted((u for u in units if u.kind == kind), key=lambda u: u.id))
    wanted = [n for n in needs if n.kind == kind and n.value is not None]
    high: dict[str, int] = {}
    for need in wanted:
        assert need.value is not None
        high[need.place] = high.get(need.place, 0) + int(need.value.high)
    served = tuple(
        sorted(
            (n for n in wanted if n.value is not None and n.value.high > 0),
            key=lambda n: (n.priority, n.place, n.id),
        )
    )
    spare = _spare(own, high)
    trips = {}
    for unit in own:
        if not spare[unit.id]:
            continue
        for need in served:
            if unit.place == need.place and unit.echelon != "nation":
                continue
            there = trip(unit, need.place, spec, lie, policy, now)
            if there is not None and not hindrance(there, unit, need, lie, policy, now):
                trips[unit.id, need.id] = there
    home = {
        u.id: tuple(n.id for n in served if n.place == u.place and u.echelon != "nation")
        for u in own
    }
    return Market(kind, own, served, spare, home, trips)


def _spare(units: Sequence[Unit], high: Mapping[str, int]) -> dict[str, int]:
    """What each may send away: its reserve stays, and so does the place's own high need.

    The need is held back once for the place, from what its communes hold first: that is the
    slowest to gather. What the nation holds is held back for no place.
    """
    held = dict(high)
    order = {"commune": 0, "province": 1, "nation": 2}
    out = {}
    for unit in sorted(units, key=lambda u: (order[u.echelon], u.id)):
        free = max(0, unit.quantity - unit.reserve)
        if unit.echelon != "nation":
            kept = min(free, held.get(unit.place, 0))
            held[unit.place] = held.get(unit.place, 0) - kept
            free -= kept
        out[unit.id] = free
    return out


def hindrance(
    there: Trip, unit: Unit, need: Need, lie: Lie, policy: DispatchSpec, now: datetime
) -> str:
    """Why a trip may not be made.

    Returns:
        ``closed`` if the wind closes the place left at departure or the place entered on arrival;
        what stands in the place that it serves is there already. ``too_late`` if it would arrive
        after the need's time or takes longer than the policy allows; "" if nothing is in the way.
        A need whose time has passed takes help whenever it comes.
    """
    enters = unit.place != need.place
    if enters and (
        lie.is_closed(unit.place, there.depart) or lie.is_closed(need.place, there.arrive)
    ):
        return "closed"
    if there.minutes > policy.max_hours * 60:
        return "too_late"
    if need.by is not None and need.by > now and there.arrive > need.by:
        return "too_late"
    return ""


# --- the network --------------------------------------------------------------------------------


def allot(found: Market, now: datetime) -> Allotted:
    """Share out one kind.

    Args:
        found: From ``market``.
        now: When orders are given.

    Returns:
        The cheapest plan: first what is missing of the central needs, the most urgent weighing
        most; then what is missing up to the high ones, likewise; then how far down the tiers help
        must come, summed over all that is sent; then minutes of travel; then the order of unit and
        need, so that of two equal plans it is always the same one. Of what one need gets, the
        nearest counts for its central value and the rest is on stand-by.
    """
    if not found.needs:
        return Allotted((), {}, {}, {}, 0, optimal=True)
    network, arcs = _network(found)
    flow = flows.solve(network)
    if flow is None:
        missing = {n.id: _central(n) for n in found.needs if _central(n)}
        short = {n.id: _ahead(n) for n in found.needs if _ahead(n)}
        return Allotted((), missing, short, {}, 0, optimal=False)
    brought: dict[str, list[tuple[str, int]]] = {}
    sent: dict[str, int] = {}
    lack: dict[str, dict[str, int]] = {MISSING: {}, SHORT: {}}
    for (unit_id, need_id), amount in zip(arcs, flow.tolist(), strict=True):
        if not amount or not need_id:
            continue
        if unit_id in lack:
            lack[unit_id][need_id] = amount
            continue
        brought.setdefault(need_id, []).append((unit_id, amount))
        if (unit_id, need_id) in found.trips:
            sent[unit_id] = sent.get(unit_id, 0) + amount
    grants = [g for n in found.needs for g in _grants(found, n, brought.get(n.id, ()), now)]
    return Allotted(
        grants=tuple(
            sorted(grants, key=lambda g: (g.place, TIERS[g.tier], g.arrive, g.unit, g.standby))
        ),
        missing=lack[MISSING],
        short=lack[SHORT],
        sent=sent,
        cost=int(network.cost @ flow),
        optimal=flows.proven(network, flow),
    )


def _grants(
    found: Market, need: Need, brought: Iterable[tuple[str, int]], now: datetime
) -> Iterator[Grant]:
    """What one need gets, the nearest first; from its central value on it is on stand-by.

    Which unit is which costs nothing: a trip is the same for both, so any share is as cheap.
    """
    units = {u.id: u for u in found.units}

    def near(one: tuple[str, int]) -> tuple[int, int, str]:
        there = found.trips.get((one[0], need.id))
        return (0, 0, one[0]) if there is None else (TIERS[there.tier], there.minutes, one[0])

    left = _central(need)
    for unit_id, amount in sorted(brought, key=near):
        there = found.trips.get((unit_id, need.id))
        now_needed = min(left, amount)
        left -= now_needed
        for count, standby in ((now_needed, False), (amount - now_needed, True)):
            if count:
                yield _grant(units[unit_id], need, there, count, now, standby=standby)


def _central(need: Need) -> int:
    assert need.value is not None
    return int(need.value.central)


def _ahead(need: Need) -> int:
    """What is wanted on stand-by: from central up to high."""
    assert need.value is not None
    return int(need.value.high) - int(need.value.central)


MISSING, SHORT = "", "-"
"""In place of a unit: what nobody brings of the central need, and of what lies above it."""

Arc = tuple[str, str]
"""(unit id, need id), or what stands in place of a unit. No need: inside the network."""


def _network(found: Market) -> tuple[flows.Network, tuple[Arc, ...]]:
    """Source, units, what each may send away, needs.

    The source puts in all that is needed at the high estimate. Two arcs lead from it straight to a
    need: what nobody brings. The cheaper one is as wide as what lies above the central value, so
    the dear one is taken only when nothing is on stand-by there; and both are dear enough that
    neither is ever taken to save distance.
    """
    n, m = len(found.units), len(found.needs)
    unit_at = {u.id: 1 + i for i, u in enumerate(found.units)}
    away_at = {u.id: 1 + n + i for i, u in enumerate(found.units)}
    need_at = {x.id: 1 + 2 * n + j for j, x in enumerate(found.needs)}
    weights = _weights(found)
    rows: list[tuple[int, int, int, int]] = []
    arcs: list[Arc] = []
    for rank, unit in enumerate(found.units):
        rows.append((0, unit_at[unit.id], unit.quantity, 0))
        arcs.append(("", ""))
        for need_id in found.home[unit.id]:
            rows.append((unit_at[unit.id], need_at[need_id], unit.quantity, rank))
            arcs.append((unit.id, need_id))
        if found.spare[unit.id]:
            rows.append((unit_at[unit.id], away_at[unit.id], found.spare[unit.id], 0))
            arcs.append(("", ""))
    rank_of = {u.id: rank for rank, u in enumerate(found.units)}
    for (unit_id, need_id), there in found.trips.items():
        cost = weights.trip(there, rank_of[unit_id])
        rows.append((away_at[unit_id], need_at[need_id], found.spare[unit_id], cost))
        arcs.append((unit_id, need_id))
    classes = sorted({x.priority for x in found.needs})
    supply = np.zeros(1 + 2 * n + m, np.int64)
    for need in found.needs:
        steps = len(classes) - classes.index(need.priority)
        rows.append((0, need_at[need.id], _ahead(need), weights.missing * steps))
        arcs.append((SHORT, need.id))
        # Above every stand-by, whoever is first: no central need pays for anybody's high one.
        steps += len(classes)
        rows.append((0, need_at[need.id], _central(need), weights.missing * steps))
        arcs.append((MISSING, need.id))
        wanted = _central(need) + _ahead(need)
        supply[need_at[need.id]] = -wanted
        supply[0] += wanted
    tail, head, capacity, cost = np.ascontiguousarray(np.array(rows, np.int64).T)
    return flows.Network(tail, head, capacity, cost, supply), tuple(arcs)


@dataclass(frozen=True, slots=True)
class _Weights:
    """How much each aim weighs, each above all that the next can ever add up to.

    A flow becomes another one along cycles, and a cycle passes each need at most once: it changes
    at most two trips for every need. So ``2 x needs + 2`` times the largest of a lesser aim is
    never worth one unit of a greater aim.
    """

    minute: int
    step: int
    missing: int

    def trip(self, there: Trip, rank: int) -> int:
        return TIERS[there.tier] * self.step + there.minutes * self.minute + rank


def _weights(found: Market) -> _Weights:
    length = 2 * len(found.needs) + 2
    nodes = 1 + 2 * len(found.units) + len(found.needs)
    classes = len({x.priority for x in found.needs})
    longest = max((t.minutes for t in found.trips.values()), default=0) + 1

    def weights(ties: int) -> _Weights:
        minute = length * ties if ties else 1
        step = length * longest * minute
        return _Weights(minute, step, length * (max(TIERS.values()) + 1) * step)

    exact = weights(max(len(found.units), 1))
    if exact.missing * (2 * classes + 1) * nodes < LARGEST:
        return exact
    # Too many for whole numbers of 64 bits: equal plans are then left to the solver, which always
    # breaks them alike, but no longer by the codes.
    return weights(0)


def _grant(
    unit: Unit, need: Need, there: Trip | None, amount: int, now: datetime, *, standby: bool
) -> Grant:
    depart, arrive, km = (
        (now, now, 0.0) if there is None else (there.depart, there.arrive, there.km)
    )
    # Whole kilometres to one decimal: more would pretend that the road was measured.
    km = round(km, 1)
    return Grant(
        id=content_id("grant", (need.id, unit.id, amount, depart, arrive, standby)),
        need=need.id,
        unit=unit.id,
        kind=unit.kind,
        origin=unit.place,
        place=need.place,
        echelon=unit.echelon,
        tier="on_the_spot" if there is None else there.tier,
        quantity=amount,
        depart=depart,
        arrive=arrive,
        km=km,
        standby=standby,
    )
