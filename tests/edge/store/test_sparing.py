"""Two notices of one danger for areas that lie in each other: a person there gets one message.

Of the make-believe duty place 02 is a commune in the province 03, and that in the region 01. A step
raises each by one level, and from level 3 the next one is the all-clear: 02 begins at 2, 03 at 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from edge.store.samples import (
    ANNA,
    BERT,
    DAYS,
    HOUR,
    SCOPE,
    T0,
    build,
    decide,
    deliver,
    people,
    run,
)
from edge.store.test_parcels import POLICY, SECOND, claim, end
from edge.store.test_recipients import Clock
from haidang.app.verdict import Message
from haidang.edge.store import Store
from haidang.edge.store.fanout import Waiting
from haidang.edge.store.parcels import Claimed, Policy, Settled
from haidang.edge.store.recipients import Contact
from haidang.edge.store.sparing import People, heard
from haidang.warn.one_message import one_message
from haidang.warn.route import Subscription, Why

COMMUNE, PROVINCE, REGION = "02", "03", "01"
RINGS = {COMMUNE: (COMMUNE, PROVINCE, REGION), PROVINCE: (PROVINCE, REGION)}
PERSONS = People(frozenset({"sms"}), lambda code: RINGS.get(code, (code,)))
NESTED = {COMMUNE: (PROVINCE,), PROVINCE: (REGION,)}
WANTS = {"home": (COMMUNE,), "whole": (PROVINCE,), "all": (), "both": (COMMUNE, PROVINCE)}


def near(code: str) -> frozenset[str]:
    return frozenset({COMMUNE, PROVINCE, REGION} if code in RINGS or code == REGION else {code})


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


class Got(NamedTuple):
    """A message as it was sent to somebody, and what it says goes on beside it."""

    message: Waiting
    stands: tuple[Waiting, ...] = ()
    waited: bool = False

    @property
    def said(self) -> tuple[str, int]:
        return self.message.notice.place, self.message.notice.level

    @property
    def still(self) -> list[tuple[str, int]]:
        return [(o.notice.place, o.notice.level) for o in self.stands]


def sent(store: Store, policy: Policy = POLICY, state: str = "sent") -> dict[str, list[Got]]:
    """Send all that is due; what each was sent, in order."""
    fan(store)
    who = {store.recipient(n): n for n in (*WANTS, "machine")}
    found: dict[str, list[Got]] = {n: [] for n in who.values()}
    for channel in ("sms", "hook"):
        while held := store.claim(channel, 9, "w", policy):
            known = [(one, store.notice(one.message)) for one in held]
            person = channel in PERSONS.channels
            stands = store.beside(known, channel, PERSONS.around) if person else {}
            for one, message in known:
                others = tuple(store.notice(name) for name in stands.get(one.key, ()))
                found[who[one.recipient]].append(Got(message, others, one.waited))
            store.settle(held, [Settled(h.key, state) for h in held], "w", policy)
    return found


def pump(store: Store) -> dict[str, list[tuple[str, int]]]:
    """Send all that is due; what each was sent: (place, level), in order."""
    return {name: [one.said for one in got] for name, got in sent(store).items()}


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


def test_the_end_of_the_greater_one_is_told_at_once_with_what_stands(box: Store) -> None:
    begin(box, 0)
    approve(box, COMMUNE)
    pump(box)
    approve(box, PROVINCE)
    assert pump(box)["home"] == [(PROVINCE, 3)]
    begin(box, 1)
    approve(box, PROVINCE)  # its end
    got = sent(box)
    (home,) = got["home"]
    assert home.said == (PROVINCE, 0)
    assert home.still == [(COMMUNE, 2)], "an all-clear over a danger that stands says that it does"
    for name in ("whole", "both", "all"):
        assert [(g.said, g.still) for g in got[name]] == [((PROVINCE, 0), [(COMMUNE, 2)])]
    assert [(g.said, g.still) for g in got["machine"]] == [((PROVINCE, 0), [])]
    begin(box, 2)
    approve(box, COMMUNE)  # from 2 to its end
    assert [(g.said, g.still) for g in sent(box)["home"]] == [((COMMUNE, 0), [])]


def test_the_end_of_the_lesser_one_changes_nothing_and_waits(box: Store) -> None:
    begin(box, 0)
    approve(box, COMMUNE)
    pump(box)
    approve(box, PROVINCE)
    pump(box)
    for step in (1, 2):
        begin(box, step)
    approve(box, COMMUNE)  # its end, while the province's of level 3 stands
    got = sent(box)
    assert got["home"] == []
    assert [(g.said, g.still) for g in got["both"]] == [((COMMUNE, 0), [(PROVINCE, 3)])]


def test_what_goes_on_is_what_stands_as_it_is_sent(box: Store, clock: Clock) -> None:
    """The all-clear is late: meanwhile the lesser notice has a successor, then it runs out."""
    begin(box, 0)
    approve(box, COMMUNE)
    pump(box)
    approve(box, PROVINCE)
    pump(box)
    clock.now += timedelta(hours=12)
    begin(box, 1)
    approve(box, PROVINCE)
    fan(box)
    approve(box, COMMUNE)  # level 3: in force, though nobody was queued for it yet
    held = [(h, box.notice(h.message)) for h in claim(box)]
    stands = box.beside(held, "sms", PERSONS.around)
    (home,) = [h for h, _ in held if h.recipient == box.recipient("home")]
    assert [box.notice(n).notice.level for n in stands[home.key]] == [3]
    clock.now += timedelta(hours=24) - SECOND
    assert stands == box.beside(held, "sms", PERSONS.around)
    clock.now += SECOND
    assert box.beside(held, "sms", PERSONS.around) == {}


def test_an_end_of_what_was_never_heard_to_be_higher_says_nothing_twice(box: Store) -> None:
    """Of equal levels the closer one stands: who heard of both learns nothing from one's end."""
    begin(box, 0)
    approve(box, PROVINCE)
    pump(box)
    begin(box, 1)
    approve(box, COMMUNE)
    assert pump(box)["home"] == [(COMMUNE, 3)]
    approve(box, PROVINCE)
    assert pump(box)["home"] == []


@pytest.mark.parametrize(("step", "level", "still"), [(2, 1, [(COMMUNE, 2)]), (3, 2, [])])
def test_a_fall_below_what_stands_is_told_as_an_end_is(
    box: Store, step: int, level: int, still: list[tuple[str, int]]
) -> None:
    """The province's notice falls from 3; that of the commune has stood at 2 all the time."""
    begin(box, 0)
    approve(box, COMMUNE)
    pump(box)
    approve(box, PROVINCE)
    assert pump(box)["home"] == [(PROVINCE, 3)]
    for one in range(1, step + 1):
        begin(box, one)
    approve(box, PROVINCE)
    assert [(g.said, g.still) for g in sent(box)["home"]] == [((PROVINCE, level), still)]
    if level == 1:
        begin(box, 3)
        approve(box, PROVINCE)  # to 2, as high as the commune's, which is closer
        assert pump(box)["home"] == [], "they know that no more than 2 stands"


def test_what_waited_says_what_goes_on_where_two_wait_for_a_third(box: Store, clock: Clock) -> None:
    """The region's notice runs out, and with it what both the province's and the commune's wait."""
    given = {REGION: 4}
    for step, (place, level) in enumerate(((REGION, 4), (PROVINCE, 2), (COMMUNE, 1))):
        given[place] = level
        run(box, step, given)
        approve(box, place)
        assert pump(box)["home"] == ([(REGION, 4)] if place == REGION else [])
        clock.now += timedelta(hours=1)
    clock.now += timedelta(hours=21)
    got = [(g.said, g.still) for g in sent(box)["home"]]
    assert got == [((PROVINCE, 2), []), ((COMMUNE, 1), [(PROVINCE, 2)])]


def test_what_waits_for_a_notice_that_nobody_heard_waits_for_the_next(box: Store) -> None:
    """The region's notice came and went while the job slept; the province's is out and stands."""
    given = {PROVINCE: 2}
    run(box, 0, given)
    approve(box, PROVINCE)
    assert pump(box)["home"] == [(PROVINCE, 2)]
    for step, (place, level) in enumerate(((COMMUNE, 1), (REGION, 4), (REGION, 0)), 1):
        given[place] = level
        run(box, step, given)
        approve(box, place)
    assert pump(box)["home"] == []
    (waits,) = box.deliveries_found(state="spared")
    assert box.notice(box.instead_of(waits.key)).notice.place == PROVINCE


def test_each_person_waits_or_hears_by_what_they_have(box: Store) -> None:
    """The neighbour's phone was off as the commune's notice came: theirs is to come instead."""
    box.add_contacts([Contact("next", "sms", "to-next", language="en")])
    home, neighbour = box.recipient("home"), box.recipient("next")
    box.subscribe([Subscription(neighbour, "sms", (COMMUNE,), language="en", drills=True)])
    begin(box, 0)
    approve(box, COMMUNE)
    fan(box)
    held = claim(box, 99)
    end(box, [h for h in held if h.recipient == neighbour], "failed")
    end(box, [h for h in held if h.recipient != neighbour], "sent")
    approve(box, PROVINCE)
    fan(box)
    end(box, claim(box, 99), "sent")
    begin(box, 1)
    over = approve(box, PROVINCE)
    fan(box)
    due = {(h.recipient, h.message == over.identifier) for h in claim(box, 99)}
    assert {(home, True), (neighbour, False)} <= due
    (waits,) = box.deliveries_found(state="spared")
    assert (waits.recipient, waits.message) == (neighbour, over.identifier)


def test_who_is_left_out_as_a_notice_is_narrowed_reads_what_goes_on_for_them(box: Store) -> None:
    given = {COMMUNE: 2}
    for step, (place, level) in enumerate(((COMMUNE, 2), (PROVINCE, 3))):
        given[place] = level
        run(box, step, given)
        approve(box, place)
        pump(box)
    given[PROVINCE] = 4
    verdict = decide(box.snapshot(T0 + 2 * HOUR, scope=SCOPE, **DAYS), given=given)
    (narrowed,) = verdict.drafts
    narrowed = replace(narrowed, said=replace(narrowed.said, within=("09",)))
    box.commit(replace(verdict, drafts=(narrowed,)))
    approve(box, PROVINCE)
    assert [(g.said, g.still) for g in sent(box)["home"]] == [((PROVINCE, 4), [(COMMUNE, 2)])]


def test_what_goes_on_is_asked_once_for_a_batch_and_never_for_what_rises(box: Store) -> None:
    names = [f"more-{n}" for n in range(40)]
    box.add_contacts([Contact(n, "sms", f"to-{n}", language="en") for n in names])
    box.subscribe(
        [
            Subscription(i, "sms", (COMMUNE,), language="en", drills=True)
            for i in box.recipient_ids(names).values()
        ]
    )
    begin(box, 0)
    asked: list[str] = []

    def look(batch: list[Claimed]) -> dict[str, tuple[str, ...]]:
        known = [(one, box.notice(one.message)) for one in batch]
        asked.clear()
        event.listen(Engine, "before_cursor_execute", note)
        try:
            return dict(box.beside(known, "sms", PERSONS.around))
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    def note(connection, cursor, statement, *_) -> None:
        asked.append(statement)

    for place in (COMMUNE, PROVINCE):
        approve(box, place)
        fan(box)
        held = claim(box, 99)
        assert (look(held), asked) == ({}, [])
        end(box, held, "sent")
    begin(box, 1)
    approve(box, PROVINCE)
    fan(box)
    held = claim(box, 99)
    assert len(held) == 44
    assert set(look(held)) == {h.key for h in held}
    assert len([s for s in asked if s.startswith("SELECT")]) == 2


THEN = ["pump", "pump", "pump", "wait", "down", "later"]
"""What the job does after a notice: mostly it sends; it waits, its channel fails, hours pass."""
STEPS = st.lists(
    st.tuples(
        st.sampled_from([COMMUNE, PROVINCE, REGION]), st.integers(0, 4), st.sampled_from(THEN)
    ),
    min_size=9,
    max_size=16,
)
PATIENT = replace(POLICY, tries=10**6)


class Believed:
    """What somebody in the commune takes to stand, from all that they were sent."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}
        """By chain, the level of the last message that they have."""
        self._now: dict[str, tuple[int, datetime]] = {}

    def hear(self, got: Got) -> None:
        """The last word of the danger holds with what it says goes on; nothing tells of more."""
        self.last[got.message.chain] = got.message.notice.level
        said = {o.chain: (o.notice.level, o.expires) for o in (got.message, *got.stands)}
        most = max(level for level, _ in said.values())
        self._now = {c: told for c, told in self._now.items() if told[0] <= most} | said

    def level(self, now: datetime) -> int:
        return max((level for level, until in self._now.values() if until > now), default=0)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_nobody_is_told_less_than_stands_nor_more_nor_one_thing_twice(
    tmp_path_factory, steps
) -> None:
    """Three areas in each other, levels at will, a job that is late and a channel that fails."""
    folder = tmp_path_factory.mktemp("walk")
    clock = Clock()
    with Store.open(folder / "a.db", clock) as store:
        fill(store)
        known, levels = Believed(), {}
        for number, (place, level, then) in enumerate([*steps, (REGION, 0, "pump")]):
            levels[place] = level
            run(store, number, levels)
            if store.pending():
                approve(store, place)
            clock.now += timedelta(hours=9 if then == "later" else 1)
            if then == "down":
                sent(store, PATIENT, "failed")
            elif then == "pump":
                look(store, clock.now, known, sent(store, PATIENT))


def look(store: Store, now: datetime, known: Believed, got: dict[str, list[Got]]) -> None:
    """Hold what was sent in one go against what stands."""
    chains: dict[str, list[Waiting]] = {}
    for handed in store.handed():
        one = store.notice(handed.message)
        chains.setdefault(one.chain, []).append(one)
    stands = [heard(said[-1].notice, now) for said in chains.values() if said[-1].expires > now]
    kept, left = one_message(stands, COMMUNE, NESTED)
    top = max((n.level for n in stands), default=0)
    for one in (g for name, each in got.items() if name != "machine" for g in each):
        level = one.message.notice.level
        if any(m.notice.level > level for m in chains[one.message.chain][:-1]):
            most = max([level, *(still for _, still in one.still[:1])])
            assert most == top, "something is taken back without a word of what goes on"
    needless = {n.heard.key: n.instead.level for n in left if n.heard.level}
    for one in got["home"]:
        name, before = one.message.notice.identifier, known.last.get(one.message.chain, 0)
        if name in needless:
            late = one.waited and one.stands  # its other one ran out, a third one stands
            assert before > needless[name] or late, "somebody is told a thing twice"
        known.hear(one)
    assert known.level(now) == top, "somebody takes more or less to stand than does"
    assert len({g.message.notice.identifier for g in got["home"]}) == len(got["home"])
    mine = store.deliveries_found(recipient=store.recipient("home"), state="sent")
    missed = {n.key for n in kept if n.level} - {d.message for d in mine}
    assert not missed, "somebody is told less than what stands"
