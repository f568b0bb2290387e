"""The dispatch against every other plan there is, and the proof against wrong flows."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haidang.respond import flow as flows
from haidang.respond.calls import calls
from haidang.respond.dispatch import TIERS, Allotted, Market, allot, market
from haidang.respond.plan import Need, Unit
from haidang.respond.travel import Closed
from haidang.respond.unmet import unmet
from respond.made import BOAT, HOUR, NOW, POLICY, SHELTER, lie, need, unit

PLACES = ("A", "B", "C", "D")


def planned(
    units: list[Unit], needs: list[Need], closed=None, spec=BOAT, policy=POLICY
) -> tuple[Market, Allotted]:
    found = market("boat", spec, units, needs, lie(closed), policy, NOW)
    return found, allot(found, NOW)


def reasons(units, needs, closed=None, spec=BOAT, policy=POLICY):
    found, done = planned(units, needs, closed, spec, policy)
    missing, _ = unmet(found, done, spec, lie(closed), policy, NOW, counted=bool(units))
    return missing


UNITS = st.lists(
    st.builds(
        unit,
        st.sampled_from(PLACES),
        st.integers(0, 4),
        echelon=st.sampled_from(["commune", "province", "nation"]),
        reserve=st.integers(0, 2),
        ready_min=st.sampled_from([0, 30, 90]),
    ),
    max_size=3,
    unique_by=lambda u: u.id,
)
NEEDS = st.lists(
    st.builds(
        need,
        st.sampled_from(PLACES),
        st.integers(0, 3),
        high=st.integers(3, 4),
        by_h=st.sampled_from([None, 2, 5, 9, -1]),
        priority=st.integers(0, 2),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda n: n.place,
)
CLOSED = st.dictionaries(
    st.sampled_from(PLACES),
    st.builds(
        lambda a, b: (Closed(NOW + a * HOUR, NOW + (a + b) * HOUR),),
        st.integers(-2, 6),
        st.integers(1, 9),
    ),
    max_size=2,
)


def worth(
    found: Market, given: dict[tuple[str, str], int]
) -> tuple[tuple[int, ...], tuple[int, ...], int, int]:
    """What a plan is judged by: missing by priority, short of high likewise, tiers, minutes."""
    classes = sorted({n.priority for n in found.needs})
    missing, short = dict.fromkeys(classes, 0), dict.fromkeys(classes, 0)
    for n in found.needs:
        got = sum(q for (_, to), q in given.items() if to == n.id)
        central, high = int(n.value.central), int(n.value.high)
        missing[n.priority] += max(0, central - got)
        short[n.priority] += high - max(central, got)
    sent = [(found.trips[k], q) for k, q in given.items() if k in found.trips]
    steps = sum(TIERS[t.tier] * q for t, q in sent)
    minutes = sum(t.minutes * q for t, q in sent)
    return tuple(missing.values()), tuple(short.values()), steps, minutes


def every_plan(found: Market):
    """All ways to use each unit, one after the other: slow and obvious."""
    options = []
    for u in found.units:
        roads = [(u.id, n) for n in found.home[u.id]]
        away = [k for k in found.trips if k[0] == u.id]
        mine = [
            dict(zip([*roads, *away], amounts, strict=True))
            for amounts in itertools.product(range(u.quantity + 1), repeat=len(roads) + len(away))
            if sum(amounts) <= u.quantity and sum(amounts[len(roads) :]) <= found.spare[u.id]
        ]
        options.append(mine)
    for combination in itertools.product(*options):
        plan = {k: q for part in combination for k, q in part.items() if q}
        if all(
            sum(q for (_, to), q in plan.items() if to == n.id) <= n.value.high for n in found.needs
        ):
            yield plan


def size(found: Market) -> int:
    out = 1
    for u in found.units:
        roads = len(found.home[u.id]) + sum(k[0] == u.id for k in found.trips)
        out *= (u.quantity + 1) ** roads
    return out


@settings(max_examples=150, deadline=None)
@given(UNITS, NEEDS, CLOSED)
def test_no_plan_of_all_plans_is_better(units, needs, closed):
    found, done = planned(units, needs, closed)
    assert done.optimal
    got: dict[tuple[str, str], int] = {}
    for g in done.grants:
        got[g.unit, g.need] = got.get((g.unit, g.need), 0) + g.quantity
    for n in found.needs:
        mine = [g for g in done.grants if g.need == n.id]
        served = sum(g.quantity for g in mine if not g.standby)
        ahead = sum(g.quantity for g in mine if g.standby)
        assert served + done.missing.get(n.id, 0) == n.value.central
        assert ahead + done.short.get(n.id, 0) == n.value.high - n.value.central
        # Nothing is on stand-by where something is missing, and the nearest is no stand-by.
        assert not (ahead and done.missing.get(n.id))
        near = [(TIERS[g.tier], g.arrive) for g in mine if not g.standby]
        far = [(TIERS[g.tier], g.arrive) for g in mine if g.standby]
        assert not near or not far or max(near) <= min(far)
    if size(found) > 20_000:
        return
    assert worth(found, got) == min(worth(found, plan) for plan in every_plan(found))


@settings(max_examples=150, deadline=None)
@given(UNITS, NEEDS, CLOSED)
def test_rules_that_no_plan_breaks(units, needs, closed):
    _, done = planned(units, needs, closed)
    where = lie(closed)
    by_id = {u.id: u for u in units}
    wanted = {n.id: n for n in needs}
    high = {p: sum(int(n.value.high) for n in needs if n.place == p) for p in PLACES}
    away: dict[str, int] = {}
    used: dict[str, int] = {}
    for g in done.grants:
        u, n = by_id[g.unit], wanted[g.need]
        used[g.unit] = used.get(g.unit, 0) + g.quantity
        if g.tier == "on_the_spot":
            assert (u.place, g.km) == (n.place, 0)
            continue
        away[g.unit] = away.get(g.unit, 0) + g.quantity
        assert g.arrive > g.depart >= NOW or g.km == 0
        if u.place != n.place:
            assert not where.is_closed(u.place, g.depart)
            assert not where.is_closed(n.place, g.arrive)
        assert n.by is None or n.by <= NOW or g.arrive <= n.by
        assert g.arrive - NOW <= POLICY.max_hours * HOUR
    for name, count in used.items():
        assert count <= by_id[name].quantity
    for name, count in away.items():
        assert count <= by_id[name].quantity - by_id[name].reserve
    for place in PLACES:
        local = [u for u in units if u.place == place and u.echelon != "nation"]
        left = sum(u.quantity - away.get(u.id, 0) for u in local)
        if any(away.get(u.id) for u in local):
            assert left >= high[place]


@settings(max_examples=60, deadline=None)
@given(UNITS, NEEDS, CLOSED, st.randoms())
def test_the_order_of_the_lists_changes_nothing(units, needs, closed, rng):
    before = planned(units, needs, closed)
    rng.shuffle(units)
    rng.shuffle(needs)
    assert planned(units, needs, closed) == before


@settings(max_examples=60, deadline=None)
@given(UNITS, NEEDS, CLOSED)
def test_more_stock_never_leaves_more_missing(units, needs, closed):
    _, before = planned(units, needs, closed)
    more = [*units, unit("A", 5, echelon="nation", name="extra")]
    _, after = planned(more, needs, closed)
    assert sum(after.missing.values()) <= sum(before.missing.values())

    def lack(one: Allotted) -> int:
        return sum(one.missing.values()) + sum(one.short.values())

    assert lack(after) <= lack(before)


@settings(max_examples=100, deadline=None)
@given(UNITS, NEEDS, CLOSED)
def test_stand_by_is_never_at_the_cost_of_anybodys_central_need(units, needs, closed):
    """Where nobody asks for stand-by no less is missing, class by class."""
    found, done = planned(units, needs, closed)
    # Donors go on holding back their own high need: only what is asked for changes.
    plain = tuple(
        replace(n, value=n.value._replace(high=n.value.central))
        for n in found.needs
        if n.value.central
    )
    kept = {n.id for n in plain}
    without = allot(
        replace(
            found,
            needs=plain,
            home={u: tuple(n for n in ids if n in kept) for u, ids in found.home.items()},
            trips={k: t for k, t in found.trips.items() if k[1] in kept},
        ),
        NOW,
    )

    def by_class(one: Allotted) -> dict[int, int]:
        return {
            p: sum(one.missing.get(n.id, 0) for n in plain if n.priority == p)
            for p in {n.priority for n in plain}
        }

    assert by_class(done) == by_class(without)


def test_the_tiers_come_in_order():
    units = [
        unit("A", 1),
        unit("B", 1),
        unit("D", 1),
        unit("A", 1, echelon="nation", name="depot"),
    ]
    for wanted, tiers in enumerate(("on_the_spot", "neighbour", "farther", "nation"), 1):
        _, done = planned(units, [need("A", wanted)])
        assert [g.tier for g in done.grants][wanted - 1] == tiers
        assert len(done.grants) == wanted
        assert not done.missing


def test_the_nearer_of_two_farther_ones_goes():
    _, done = planned([unit("C", 1), unit("D", 1)], [need("A", 1)])
    assert [g.origin for g in done.grants] == ["C"]


def test_of_two_alike_the_first_by_code_goes():
    units = [unit("B", 1, name="b2"), unit("B", 1, name="b1")]
    _, done = planned(units, [need("A", 1)])
    assert [g.unit for g in done.grants] == ["b1"]


def test_the_urgent_need_is_served_first_even_from_farther_away():
    wanted = [need("B", 1, priority=1), need("D", 1, priority=0)]
    # The national depot stands in B itself; D is 218 km away and comes first.
    _, done = planned([unit("B", 1, echelon="nation")], wanted)
    assert [g.place for g in done.grants] == ["D"]
    assert done.missing == {"need-B-boat": 1}


def test_the_own_high_need_is_held_back_once():
    units = [unit("B", 4, echelon="commune"), unit("B", 4)]
    wanted = [need("B", 1, high=5), need("A", 8)]
    _, done = planned(units, wanted)
    assert sum(g.quantity for g in done.grants if g.place == "A") == 3


def test_what_is_spare_is_sent_ahead_for_the_high_estimate_nearest_first():
    units = [unit("A", 2), unit("B", 3, reserve=1), unit("C", 9)]
    _, done = planned(units, [need("A", 1, high=6)])
    assert [(g.origin, g.quantity, g.standby) for g in done.grants] == [
        ("A", 1, False),
        ("A", 1, True),
        ("B", 2, True),
        ("C", 2, True),
    ]
    assert len({g.id for g in done.grants}) == 4
    assert (done.missing, done.short) == ({}, {})


def test_a_need_that_only_the_high_estimate_sees_gets_stand_by_only():
    _, done = planned([unit("B", 3)], [need("A", 0, high=2)])
    assert [(g.origin, g.quantity, g.standby) for g in done.grants] == [("B", 2, True)]


def test_a_central_need_far_away_comes_before_the_most_urgent_stand_by():
    wanted = [need("A", 0, high=2, priority=0), need("D", 2, priority=1)]
    _, done = planned([unit("B", 2)], wanted)
    assert [(g.place, g.quantity, g.standby) for g in done.grants] == [("D", 2, False)]
    assert done.short == {"need-A-boat": 2}


def test_of_two_stand_bys_the_more_urgent_is_met():
    wanted = [need("A", 0, high=2, priority=1), need("D", 0, high=2, priority=0)]
    _, done = planned([unit("B", 3)], wanted)
    assert {(g.place, g.quantity) for g in done.grants} == {("D", 2), ("A", 1)}


def test_why_stand_by_is_short_is_told_apart_from_what_is_missing():
    found, done = planned([unit("A", 3), unit("B", 5, reserve=5)], [need("A", 2, high=4)])
    missing, short = unmet(found, done, BOAT, lie(), POLICY, NOW, counted=True)
    assert missing == ()
    assert [(u.quantity, u.reason, u.nearest) for u in short] == [(1, "unmet_reserved", "B")]


# --- the last call ------------------------------------------------------------------------------

# One degree of longitude at 10° north at 50 km/h: 131.4 min, whole minutes upwards.
ROAD = timedelta(minutes=132)


def called(units, needs, closed=None):
    found, done = planned(units, needs, closed)
    return calls(found, done, lie(closed), NOW)


def test_the_last_call_is_the_road_before_the_time():
    (call,) = called([unit("A", 1), unit("B", 3, ready_min=30)], [need("A", 1, high=3, by_h=9)])
    assert (call.place, call.origin, call.quantity) == ("A", "B", 2)
    # Departure: who takes 30 min to gather is called 30 min earlier.
    assert call.leave_by == NOW + 9 * HOUR - ROAD


def test_of_several_the_last_that_can_leave_is_called():
    units = [unit("B", 1), unit("C", 1), unit("D", 1)]
    (call,) = called(units, [need("A", 1, high=3, by_h=12)])
    assert (call.origin, call.quantity) == ("B", 1)


def test_whoever_will_be_in_the_wind_must_leave_before_it():
    closed = {"B": (Closed(NOW + 4 * HOUR, NOW + 20 * HOUR),)}
    (call,) = called([unit("B", 3)], [need("A", 0, high=3, by_h=12)], closed)
    assert call.leave_by == NOW + 4 * HOUR - timedelta(minutes=1)
    closed = {"A": (Closed(NOW + 5 * HOUR, None),)}
    (call,) = called([unit("B", 3)], [need("A", 0, high=3, by_h=12)], closed)
    assert call.leave_by == NOW + 5 * HOUR - timedelta(minutes=1) - ROAD


@pytest.mark.parametrize(
    ("name", "units", "wanted"),
    [
        ("enough on the spot", [unit("A", 9), unit("B", 9)], need("A", 1, high=3, by_h=9)),
        ("no time", [unit("B", 9)], need("A", 1, high=3)),
        ("the time has passed", [unit("B", 9)], need("A", 1, high=3, by_h=-1)),
        ("nobody comes in time", [unit("B", 9)], need("A", 1, high=3, by_h=1)),
    ],
)
def test_where_nothing_is_to_be_decided_nobody_is_called(name, units, wanted):
    assert called(units, [wanted]) == ()


@settings(max_examples=150, deadline=None)
@given(UNITS, NEEDS, CLOSED)
def test_a_call_can_be_kept(units, needs, closed):
    """Whoever leaves at the last hour goes through no wind and is there in time."""
    where = lie(closed)
    _, done = planned(units, needs, closed)
    by_id = {n.id: n for n in needs}
    for call in called(units, needs, closed):
        going = [g for g in done.grants if (g.need, g.origin) == (call.need, call.origin)]
        roads = {g.arrive - g.depart for g in going if g.tier != "on_the_spot"}
        assert call.leave_by >= min(g.depart for g in going)
        assert any(call.leave_by + road <= by_id[call.need].by for road in roads)
        if call.origin != call.place:
            assert not where.is_closed(call.origin, call.leave_by)
            assert any(not where.is_closed(call.place, call.leave_by + road) for road in roads)


def test_arrival_is_readiness_and_road():
    _, done = planned([unit("B", 1, ready_min=30)], [need("A", 1)])
    (grant,) = done.grants
    # One degree of longitude at 10° north: 109.5 km; at 50 km/h 131.4 min, plus 30, rounded up.
    assert grant.km == pytest.approx(109.5, abs=0.1)
    assert (grant.arrive - NOW).total_seconds() / 60 == 162
    assert (grant.depart - NOW).total_seconds() / 60 == 30


WHY = [
    ("nobody has any", [unit("A", 1)], {}, {}, "unmet_nobody", ""),
    ("too late", [unit("A", 1), unit("B", 3)], {"by_h": 1}, {}, "unmet_too_late", "B"),
    ("kept as a reserve", [unit("A", 1), unit("C", 3, reserve=3)], {}, {}, "unmet_reserved", "C"),
    (
        "closed by the wind",
        [unit("A", 1), unit("B", 3)],
        {},
        {"B": (Closed(NOW, None),)},
        "unmet_closed",
        "B",
    ),
    ("nothing counted", [], {}, {}, "unmet_not_counted", ""),
]


@pytest.mark.parametrize(("name", "units", "when", "closed", "reason", "nearest"), WHY)
def test_why_something_is_missing(name, units, when, closed, reason, nearest):
    (found,) = reasons(units, [need("A", 4, **when)], closed)
    assert (found.reason, found.nearest) == (reason, nearest)
    assert found.quantity == (3 if units else 4)
    assert (found.arrives is None) == (nearest == "")


def test_what_stays_says_so():
    units = [unit("A", 1), unit("B", 9)]
    (found,) = reasons(units, [need("A", 4)], spec=SHELTER)
    assert (found.reason, found.quantity) == ("unmet_stays", 3)


def test_what_is_on_the_spot_is_used_in_the_wind():
    closed = {"A": (Closed(NOW - HOUR, None),)}
    _, done = planned([unit("A", 2), unit("B", 9)], [need("A", 3)], closed)
    assert [(g.origin, g.quantity) for g in done.grants] == [("A", 2)]
    assert done.missing == {"need-A-boat": 1}


def test_after_the_wind_help_comes_again():
    closed = {"A": (Closed(NOW - 5 * HOUR, NOW + HOUR),)}
    _, done = planned([unit("B", 9)], [need("A", 3, by_h=-4)], closed)
    assert [(g.origin, g.quantity) for g in done.grants] == [("B", 3)]


def test_an_unknown_need_is_no_need_and_no_zero():
    found, done = planned([unit("B", 9)], [need("A", None), need("C", 1)])
    assert [n.place for n in found.needs] == ["C"]
    assert [g.place for g in done.grants] == ["C"]


# --- the proof ----------------------------------------------------------------------------------


def network(rows: list[tuple[int, int, int, int]], supply: list[int]) -> flows.Network:
    tail, head, capacity, cost = np.array(rows, np.int64).T
    return flows.Network(tail, head, capacity, cost, np.array(supply, np.int64))


TWO_ROADS = network([(0, 1, 5, 1), (0, 1, 5, 3)], [4, -4])


def test_the_cheap_road_is_proven_and_the_dear_one_is_not():
    assert flows.proven(TWO_ROADS, np.array([4, 0]))
    assert not flows.proven(TWO_ROADS, np.array([3, 1]))
    assert not flows.proven(TWO_ROADS, np.array([0, 4]))


@pytest.mark.parametrize("flow", [[6, -2], [4, 1], [3, 0], [0, 0]])
def test_what_is_no_flow_is_never_proven(flow):
    assert not flows.proven(TWO_ROADS, np.array(flow))


@settings(max_examples=100, deadline=None)
@given(UNITS, NEEDS, st.data())
def test_a_spoilt_plan_loses_its_proof(units, needs, data):
    """Move one unit of flow around a cycle that costs something: the proof must fail."""
    from haidang.respond.dispatch import _network

    found, _ = planned(units, needs)
    if not found.trips:
        return
    net, _ = _network(found)
    flow = flows.solve(net)
    assert flow is not None
    assert flows.proven(net, flow)
    arc = data.draw(st.integers(0, len(flow) - 1))
    # Make an arc that is used dearer by more than everything else: still the same flow, and
    # whenever a cheaper one exists now, the old proof must not stand.
    dearer = replace(net, cost=np.where(np.arange(len(flow)) == arc, net.cost + 10**15, net.cost))
    again = flows.solve(dearer)
    assert again is not None
    cheaper = int(dearer.cost @ again) < int(dearer.cost @ flow)
    assert flows.proven(dearer, flow) == (not cheaper)
    assert flows.proven(dearer, again)


def test_a_large_market_keeps_its_weights_in_64_bits():
    many = [unit(PLACES[i % 4], 3, name=f"u{i:04}") for i in range(400)]
    wanted = [need(PLACES[i % 4], 4, priority=i, name=f"n{i:04}") for i in range(300)]
    _, done = planned(many, wanted)
    assert done.optimal
    assert sum(done.missing.values()) == 300 * 4 - sum(g.quantity for g in done.grants)
