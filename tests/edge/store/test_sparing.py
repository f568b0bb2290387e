"""Two notices of one danger for areas that lie in each other: a person there gets one message.

Of the make-believe duty place 02 is a commune in the province 03; 01 lies elsewhere. A step raises
each by one level, and from level 3 the next one is the all-clear: 02 begins at 2, 03 at 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.store.samples import ANNA, BERT, build, deliver, people, run
from edge.store.test_parcels import POLICY, SECOND, claim, end
from edge.store.test_recipients import Clock
from haidang.app.verdict import Message
from haidang.edge.store import Store
from haidang.edge.store.parcels import Policy
from haidang.edge.store.recipients import Contact
from haidang.edge.store.sparing import People
from haidang.warn.one_message import Heard, one_message
from haidang.warn.route import Subscription, Why

COMMUNE, PROVINCE = "02", "03"
RINGS = {COMMUNE: (COMMUNE, PROVINCE)}
PERSONS = People(frozenset({"sms"}), lambda code: RINGS.get(code, (code,)))
NESTED = {COMMUNE: (PROVINCE,)}
WANTS = {"home": (COMMUNE,), "whole": (PROVINCE,), "all": (), "both": (COMMUNE, PROVINCE)}


def near(code: str) -> frozenset[str]:
    return frozenset({COMMUNE, PROVINCE} if code in (COMMUNE, PROVINCE) else {code})


def fill(store: Store) -> None:
    """Whoever asked for the commune, for the province, for both, for everything; and a machine."""
    people(store)
    names = [*WANTS, "machine"]
    ways = {n: "hook" if n == "machine" else "sms" for n in names}
    store.add_contacts([Contact(n, ways[n], f"to-{n}", language="en") for n in names])
    ids = store.recipient_ids(names)
    store.subscribe(
        [
            Subscription(ids[n], ways[n], WANTS.get(n, (COMMUNE,)), language="en", drills=True)
            for n in names
        ]
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(where: Path | str, clock: Clock) -> Iterator[Store]:
    with Store.open(where, clock) as opened:
        fill(opened)
        yield opened


def begin(store: Store, step: int) -> None:
    deliver(store, step)
    run(store, step)


def approve(store: Store, place: str) -> Message:
    draft = next(d for d in store.pending() if d.place == place)
    store.sign(draft.id, ANNA, "officer", draft.at)
    return store.approve(draft.id, BERT, "head", draft.at, build, ("cap",))


def fan(store: Store) -> None:
    for one in store.unfanned():
        store.fan_out(one, near, (), PERSONS)


def pump(store: Store, policy: Policy = POLICY) -> dict[str, list[tuple[str, int]]]:
    """Send all that is due; what each was sent: (place, level), in order."""
    fan(store)
    who = {store.recipient(n): n for n in (*WANTS, "machine")}
    found: dict[str, list[tuple[str, int]]] = {n: [] for n in who.values()}
    for channel in ("sms", "hook"):
        while held := store.claim(channel, 9, "w", policy):
            for one in held:
                notice = store.notice(one.message).notice
                found[who[one.recipient]].append((notice.place, notice.level))
            end(store, held, "sent")
    return found


def test_whoever_lives_there_gets_the_higher_level_alone_and_all_others_both(box: Store) -> None:
    begin(box, 0)
    approve(box, COMMUNE)
    approve(box, PROVINCE)
    got = pump(box)
    both = [(COMMUNE, 2), (PROVINCE, 3)]
    assert got["home"] == [(PROVINCE, 3)]
    assert {n: sorted(x) for n, x in got.items() if n != "home"} == {
        "whole": both, "both": both, "all": both, "machine": both,
    }  # fmt: skip
    (waits,) = box.deliveries_found(state="spared")
    assert (waits.recipient, waits.why) == (box.recipient("home"), "spared.higher")
    assert box.notice(box.instead_of(waits.key)).notice.place == PROVINCE


def test_it_makes_no_difference_which_of_the_two_came_first(box: Store) -> None:
    begin(box, 0)
    approve(box, PROVINCE)
    assert pump(box)["home"] == [(PROVINCE, 3)]
    approve(box, COMMUNE)
    assert pump(box)["home"] == []


def test_as_the_greater_one_ends_the_one_that_waited_is_sent(box: Store) -> None:
    begin(box, 0)
    approve(box, COMMUNE)
    approve(box, PROVINCE)
    pump(box)
    begin(box, 1)
    approve(box, PROVINCE)  # its end
    got = pump(box)["home"]
    assert got == [(COMMUNE, 2)], "what stands, in place of an all-clear over it"


def test_as_the_greater_one_runs_out_the_one_that_waited_is_sent(box: Store, clock: Clock) -> None:
    begin(box, 0)
    approve(box, PROVINCE)
    pump(box)
    clock.now += timedelta(hours=3)
    approve(box, COMMUNE)
    assert pump(box)["home"] == []
    (waits,) = box.deliveries_found(state="spared")
    clock.now = waits.due - SECOND
    assert claim(box) == []
    clock.now += SECOND
    assert pump(box)["home"] == [(COMMUNE, 2)]


def test_of_two_ends_one_is_told(box: Store) -> None:
    begin(box, 0)
    approve(box, COMMUNE)
    approve(box, PROVINCE)
    pump(box)
    begin(box, 1)
    approve(box, COMMUNE)  # level 3, as the province's, and closer
    assert pump(box)["home"] == [(COMMUNE, 3)]
    approve(box, PROVINCE)
    assert pump(box)["home"] == [], "an end is not told while the other goes on"
    begin(box, 2)
    approve(box, COMMUNE)
    assert pump(box)["home"] == [(COMMUNE, 0)]
    assert box.deliveries_found(state="spared") == ()


def test_an_end_that_was_heard_does_not_stand_for_a_later_one(box: Store) -> None:
    for step in range(3):
        begin(box, step)
        approve(box, COMMUNE)
        pump(box)
    for step, level in ((3, 2), (4, 3), (5, 0)):
        begin(box, step)
        approve(box, PROVINCE)
        assert pump(box)["home"] == [(PROVINCE, level)]


def test_whoever_asked_for_everything_besides_gets_both(box: Store) -> None:
    home = box.recipient("home")
    place = Subscription(home, "sms", (COMMUNE,), language="en", drills=True)
    box.subscribe([place, Subscription(home, "sms", (), language="en", drills=True)])
    begin(box, 0)
    approve(box, COMMUNE)
    approve(box, PROVINCE)
    assert sorted(pump(box)["home"]) == [(COMMUNE, 2), (PROVINCE, 3)]


def test_where_the_greater_one_cannot_be_delivered_the_other_is_sent(
    box: Store, clock: Clock
) -> None:
    begin(box, 0)
    approve(box, COMMUNE)
    approve(box, PROVINCE)
    fan(box)
    home = box.recipient("home")
    for left in range(POLICY.tries, 0, -1):
        assert [d.state for d in box.deliveries_found(recipient=home)] == [
            "queued" if left == POLICY.tries else "failed", "spared",
        ]  # fmt: skip
        held = claim(box, 99)
        end(box, [h for h in held if h.recipient == home], "failed", "channel.off")
        end(box, [h for h in held if h.recipient != home], "sent")
        clock.now += timedelta(minutes=1)
    assert [d.recipient for d in box.deliveries_found(state="dead")] == [home]
    assert pump(box)["home"] == [(COMMUNE, 2)]


def test_a_rehearsal_says_who_is_spared(box: Store) -> None:
    begin(box, 0)
    approve(box, PROVINCE)
    pump(box)
    one = box.notice(approve(box, COMMUNE).identifier)
    found = box.routed(one, near)
    waits = box.spared(one.notice, one.chain, one.expires, found, PERSONS)
    assert {r for r, _ in waits} == {box.recipient("home")}
    assert {r.why for r in found if r.told} == {Why.MATCHES}
    real = replace(one.notice, status="Actual")
    waits = box.spared(real, one.chain, one.expires, found, PERSONS)
    assert waits == {}, "an exercise never keeps back the real thing"


def test_without_knowing_how_places_lie_everybody_gets_everything(box: Store) -> None:
    begin(box, 0)
    approve(box, COMMUNE)
    approve(box, PROVINCE)
    for one in box.unfanned():
        box.fan_out(one, near)
    assert box.deliveries_found(state="spared") == ()
    assert sorted(pump(box)["home"]) == [(COMMUNE, 2), (PROVINCE, 3)]


STEPS = st.lists(
    st.lists(st.sampled_from([COMMUNE, PROVINCE, "pump"]), unique=True, max_size=3),
    min_size=1,
    max_size=6,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_nobody_is_told_less_than_stands_nor_more_than_one_thing(tmp_path_factory, steps) -> None:
    """Whatever is approved in which order, however late the job is."""
    folder = tmp_path_factory.mktemp("walk")
    with Store.open(folder / "a.db", Clock()) as store:
        fill(store)
        got: set[str] = set()
        for number, acts in enumerate(steps):
            begin(store, number)
            for act in (*acts, "pump") if number == len(steps) - 1 else acts:
                if act != "pump":
                    if any(d.place == act for d in store.pending()):
                        approve(store, act)
                    continue
                pump(store)
                mine = store.deliveries_found(recipient=store.recipient("home"), state="sent")
                fresh = {d.message for d in mine} - got
                got |= fresh
                stands = standing(store)
                kept, left = one_message(stands, COMMUNE, NESTED)
                missed = {n.key for n in kept if n.level} - got
                assert not missed, "somebody is told less than what stands"
                spared = {n.heard.key for n in left if n.heard.level}
                assert not fresh & spared, "somebody is told a thing twice"


def standing(store: Store) -> list[Heard]:
    """Newest message of each chain for the two places."""
    newest = {}
    for handed in store.handed():
        one = store.notice(handed.message)
        n = one.notice
        if n.place in (COMMUNE, PROVINCE):
            newest[one.chain] = Heard(
                n.identifier, n.threat, n.event, n.place, n.level, one.message.sent
            )
    return list(newest.values())
