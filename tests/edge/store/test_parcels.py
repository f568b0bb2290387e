"""The outbox: queued once, sent at least once, in order, by one job at a time, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from edge.store.samples import ANNA, BERT, build, deliver, people, run
from edge.store.test_recipients import Clock
from haidang.app.verdict import Message
from haidang.edge.store import Store
from haidang.edge.store.fanout import key_of
from haidang.edge.store.parcels import Claimed, Policy, Settled, pause
from haidang.edge.store.recipients import Contact
from haidang.warn.route import PUBLIC, Subscription, Why

SECOND = timedelta(seconds=1)
POLICY = Policy(tries=3, base=4 * SECOND, longest=8 * SECOND, age=timedelta(0), lease=60 * SECOND)
NAMES = ("anna", "bert", "carl")


def near(code: str) -> frozenset[str]:
    return frozenset({code})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(where: Path | str, clock: Clock) -> Iterator[Store]:
    """Three recipients by sms, who want everything, drills too, of places 01 and 02."""
    with Store.open(where, clock) as opened:
        people(opened)
        opened.add_contacts([Contact(n, "sms", f"+84{n}", language="en") for n in NAMES])
        ids = opened.recipient_ids(NAMES)
        opened.subscribe(
            [Subscription(ids[n], "sms", ("02", "03"), (), 1, "en", drills=True) for n in NAMES]
        )
        yield opened


def approve(store: Store, step: int, place: str = "02") -> Message:
    """The notice of a place at a step of the make-believe duty."""
    deliver(store, step)
    run(store, step)
    draft = next(d for d in store.pending() if d.place == place)
    store.sign(draft.id, ANNA, "officer", draft.at)
    return store.approve(draft.id, BERT, "head", draft.at, build, ("cap",))


def fan(store: Store, *public: str) -> int:
    return sum(store.fan_out(one, near, public) for one in store.unfanned())


def claim(store: Store, limit: int = 9, channel: str = "sms", worker: str = "w") -> list[Claimed]:
    return store.claim(channel, limit, worker, POLICY)


def end(store: Store, held: list[Claimed], state: str, why: str = "", worker: str = "w") -> None:
    store.settle(held, [Settled(h.key, state, why) for h in held], worker, POLICY)


def states(store: Store, message: str = "") -> dict[str, int]:
    found: dict[str, int] = {}
    for (_, state), n in store.delivery_counts(message).items():
        found[state] = found.get(state, 0) + n
    return found


def test_a_message_is_queued_once_for_everybody_who_asked(box: Store) -> None:
    message = approve(box, 0)
    (one,) = box.unfanned()
    assert box.fan_out(one, near, ("site",)) == 4
    assert box.unfanned() == ()
    assert box.fan_out(one, near, ("site",)) == 0, "done again it changes nothing"
    rows = box.deliveries_found(message=message.identifier)
    anna = box.recipient("anna")
    mine = next(r for r in rows if r.recipient == anna)
    assert mine.key == key_of(message.identifier, anna, "sms")
    assert (mine.state, mine.why, mine.language) == ("queued", "route.matches", "en")
    assert [r.channel for r in rows if r.recipient == PUBLIC] == ["site"]
    assert box.handed()[0].fanned is not None


def test_a_fan_out_that_was_cut_off_gives_the_same_answer_later(box: Store, clock: Clock) -> None:
    approve(box, 0)
    (one,) = box.unfanned()
    with pytest.raises(RuntimeError):
        box.fan_out(one, lambda code: (_ for _ in ()).throw(RuntimeError()))
    clock.now += timedelta(hours=1)
    box.erase_recipient("carl")
    box.add_contacts([Contact("dora", "sms", "+84dora")])
    box.subscribe([Subscription(box.recipient("dora"), "sms", drills=True)])
    assert fan(box) == 3, "as of the first try: carl, who was there, not dora, who was not"


def test_who_approves_accepts_for_the_outbox_in_the_same_transaction(box: Store) -> None:
    first, second = approve(box, 0), approve(box, 0, "03")
    handed = box.handed()
    assert [h.message for h in handed] == [first.identifier, second.identifier]
    assert handed[0].expires - handed[0].accepted == first.expires - first.sent
    assert box.handed(second.identifier) == handed[1:]


def test_each_try_is_marked_before_it_is_sent(box: Store, clock: Clock) -> None:
    approve(box, 0)
    fan(box)
    held = claim(box, 2)
    assert [h.number for h in held] == [1, 1]
    assert {h.address for h in held} <= {f"+84{n}" for n in NAMES}
    assert states(box) == {"sending": 2, "queued": 1}
    begun = box.delivery_tries([h.key for h in held])
    assert [(t.state, t.ended) for t in begun] == [("begun", None)] * 2
    end(box, held, "delivered")
    assert states(box) == {"delivered": 2, "queued": 1}
    done = box.delivery_tries([h.key for h in held])
    assert [(t.state, t.ended) for t in done] == [("delivered", clock.now)] * 2


def test_two_jobs_never_hold_one_row(box: Store) -> None:
    approve(box, 0)
    fan(box)
    one, other = claim(box, 2, worker="one"), claim(box, 2, worker="other")
    assert len(one) == 2
    assert len(other) == 1
    assert not {h.key for h in one} & {h.key for h in other}
    assert claim(box, 9, worker="third") == []


def test_the_lease_of_a_killed_job_runs_out(box: Store, clock: Clock) -> None:
    approve(box, 0)
    fan(box)
    held = claim(box, worker="killed")
    clock.now += POLICY.lease - SECOND
    assert claim(box, worker="next") == []
    clock.now += SECOND
    again = claim(box, worker="next")
    assert {h.key for h in again} == {h.key for h in held}
    assert {h.number for h in again} == {2}
    assert all(r.reached for r in box.deliveries_found()), "it may have come through"
    tries = box.delivery_tries([held[0].key])
    assert [t.state for t in tries] == ["begun", "begun"]
    assert tries[0].ended is None


def test_a_job_whose_lease_ran_out_no_longer_decides(box: Store, clock: Clock) -> None:
    approve(box, 0)
    fan(box)
    slow = claim(box, 2, worker="slow")
    clock.now += POLICY.lease
    fast = claim(box, worker="fast")
    end(box, slow[:1], "failed", "channel.late", worker="slow")
    end(box, slow[1:], "sent", worker="slow")
    assert states(box) == {"sending": 2, "sent": 1}, "a failure is not its to tell, a success is"
    end(box, fast, "failed", "channel.no_answer", worker="fast")
    assert states(box) == {"failed": 2, "sent": 1}


def test_failures_wait_longer_each_time_and_end_as_dead_letters(box: Store, clock: Clock) -> None:
    approve(box, 0)
    fan(box)
    waits = []
    for spent in (1, 2, 3):
        (one, *rest) = claim(box)
        end(box, rest, "delivered")
        end(box, [one], "failed", "channel.no_answer")
        (row,) = [r for r in box.deliveries_found() if r.key == one.key]
        if spent < POLICY.tries:
            assert row.state == "failed"
            assert row.due is not None
            assert row.due == clock.now + pause(one.key, spent, POLICY)
            waits.append(row.due - clock.now)
            assert box.next_due("sms") == row.due
            clock.now = row.due - timedelta(microseconds=1)
            assert claim(box) == []
            clock.now = row.due
    assert (row.state, row.why, row.due) == ("dead", "channel.no_answer", None)
    assert waits[0] <= POLICY.base
    assert waits[1] <= 2 * POLICY.base
    assert claim(box) == []
    assert box.next_due("sms") is None


def test_pauses_are_spread_and_bounded() -> None:
    policy = Policy(base=SECOND, longest=60 * SECOND)
    first = [pause(str(n), 1, policy) / SECOND for n in range(2000)]
    assert 0 <= min(first) < 0.01
    assert 0.99 < max(first) <= 1
    assert sum(first) / len(first) == pytest.approx(0.5, abs=0.03)
    assert max(pause(str(n), 99, policy) for n in range(200)) <= 60 * SECOND
    assert pause("a", 3, policy) != pause("b", 3, policy) != pause("b", 4, policy)


def test_what_is_refused_is_not_tried_again_until_a_person_asks(box: Store, clock: Clock) -> None:
    approve(box, 0)
    fan(box)
    end(box, claim(box), "refused", "channel.bad_address")
    dead = box.deliveries_found(state="dead")
    assert len(dead) == 3
    assert dead[0].why == "channel.bad_address"
    assert box.retry([dead[0].key]) == 1
    assert states(box) == {"dead": 2, "queued": 1}
    assert box.retry(channel="mail") == 0
    assert box.retry(channel="sms") == 2
    again = claim(box)
    assert [h.number for h in again] == [2, 2, 2], "tries go on counting"
    end(box, again, "failed", "x")
    assert states(box) == {"failed": 3}, "and there are as many of them as at first"
    box.erase_recipient("anna")
    assert box.retry() == 0, "who was erased is not written to"
    assert states(box) == {"failed": 2, "dead": 1}


def test_only_what_is_old_and_was_tried_often_is_given_up(box: Store, clock: Clock) -> None:
    approve(box, 0)
    fan(box)
    old = Policy(tries=2, age=timedelta(hours=5), lease=SECOND)
    clock.now += timedelta(hours=5)
    for left in ({"failed": 3}, {"dead": 3}):
        held = box.claim("sms", 9, "w", old)
        box.settle(held, [Settled(h.key, "failed", "x") for h in held], "w", old)
        assert states(box) == left
        clock.now += old.longest


def test_a_channel_that_is_down_for_hours_loses_nobody(box: Store, clock: Clock) -> None:
    message = approve(box, 0)
    fan(box)
    usual, began = Policy(), clock.now
    while clock.now < began + timedelta(hours=3):
        held = box.claim("sms", 9, "w", usual)
        box.settle(
            held, [Settled(h.key, "failed", "channel.no_connection") for h in held], "w", usual
        )
        due = box.next_due("sms")
        assert due is not None
        clock.now = max(due, clock.now + SECOND)
    assert {t.number for t in box.delivery_tries([held[0].key])} > set(range(1, 13))
    assert states(box) == {"failed": 3}
    clock.now = began + (message.expires - message.sent)
    assert claim(box) == []
    assert states(box) == {"dead": 3}
    assert {r.why for r in box.deliveries_found()} == {"deliver.in_vain"}


def test_an_expired_message_is_not_delivered_late(box: Store, clock: Clock) -> None:
    message = approve(box, 0)
    fan(box)
    clock.now += message.expires - message.sent
    assert claim(box) == []
    assert states(box) == {"overtaken": 3}
    assert {r.why for r in box.deliveries_found()} == {"deliver.expired"}


def test_a_message_that_expired_before_anybody_was_queued_is_for_nobody(
    box: Store, clock: Clock
) -> None:
    message = approve(box, 0)
    clock.now += message.expires - message.sent
    assert fan(box) == 0
    assert box.unfanned() == ()


def test_a_superseded_message_is_not_sent_after_its_successor(box: Store, clock: Clock) -> None:
    alert = approve(box, 0)
    fan(box, "site")
    end(box, claim(box, 1), "sent")
    end(box, claim(box, 1), "failed", "x")
    update = approve(box, 1)
    assert update.kind == "Update"
    assert update.chain == alert.chain
    fan(box, "site")
    assert states(box, alert.identifier) == {"sent": 1, "overtaken": 2, "queued": 1}
    clock.now += timedelta(minutes=1)
    held = claim(box)
    assert {h.message for h in held} == {update.identifier}
    assert len(held) == 3
    site = [claim(box, channel="site") for _ in range(2)]
    assert [h.message for h in site[0]] == [alert.identifier]
    assert site[1] == []
    end(box, site[0], "sent")
    assert [h.message for h in claim(box, channel="site")] == [update.identifier]


def test_the_update_waits_for_the_alert_in_flight(box: Store, clock: Clock) -> None:
    alert = approve(box, 0)
    fan(box)
    held = claim(box, 1)
    update = approve(box, 1)
    fan(box)
    others = claim(box)
    assert {h.message for h in others} == {update.identifier}
    assert held[0].recipient not in {h.recipient for h in others}
    end(box, held, "failed", "x")
    assert states(box, alert.identifier) == {"overtaken": 3}, "what failed gives way at once"
    assert [h.recipient for h in claim(box)] == [held[0].recipient]


def test_on_a_channel_for_all_nothing_comes_behind_its_successor(box: Store, clock: Clock) -> None:
    approve(box, 0)
    fan(box, "cast")
    end(box, claim(box, channel="cast"), "refused", "channel.bad_settings")
    clock.now += timedelta(minutes=1)
    second = approve(box, 1)
    fan(box, "cast")
    held = claim(box, channel="cast")
    assert [h.message for h in held] == [second.identifier]
    end(box, held, "sent")
    assert box.retry(channel="cast") == 1, "a person asks for all dead letters again"
    assert claim(box, channel="cast") == []
    (old,) = box.deliveries_found(channel="cast", state="overtaken")
    assert old.why == "deliver.superseded"


def test_what_fails_on_a_channel_for_all_does_not_hold_back_what_comes_after(
    box: Store, clock: Clock
) -> None:
    first = approve(box, 0)
    fan(box, "cast")
    end(box, claim(box, channel="cast"), "failed", "channel.no_answer")
    clock.now += timedelta(minutes=1)
    second = approve(box, 1)
    fan(box, "cast")
    held = claim(box, channel="cast")
    assert [h.message for h in held] == [first.identifier, second.identifier], "in order"
    end(box, held[:1], "failed", "channel.no_answer")
    end(box, held[1:], "sent")
    clock.now += timedelta(hours=1)
    assert claim(box, channel="cast") == []


def test_an_alert_cut_off_by_a_kill_gives_way_to_its_update(box: Store, clock: Clock) -> None:
    alert = approve(box, 0)
    fan(box)
    held = claim(box)
    update = approve(box, 1)
    fan(box)
    assert claim(box, worker="next") == []
    clock.now += POLICY.lease
    assert {h.message for h in claim(box, worker="next")} == {update.identifier}
    rows = box.deliveries_found(message=alert.identifier)
    assert {(r.state, r.why, r.reached) for r in rows} == {
        ("overtaken", "deliver.superseded", True)
    }
    assert len(held) == len(rows)


def test_the_all_clear_goes_to_whoever_was_warned_and_to_nobody_else(
    box: Store, clock: Clock
) -> None:
    approve(box, 0)
    fan(box)
    (sent, dead, lost) = claim(box)
    end(box, [sent], "sent")
    end(box, [dead], "refused", "x")
    box.subscribe([Subscription(sent.recipient, "sms", ("99",))])
    approve(box, 1)
    clear = approve(box, 2)
    assert clear.kind == "Cancel"
    clock.now += POLICY.lease
    for one in box.unfanned():
        if one.notice.identifier == clear.identifier:
            found = {r.recipient: (r.told, r.why) for r in box.routed(one, near)}
    assert found[sent.recipient] == (True, Why.WAS_TOLD), "told, though it subscribes elsewhere now"
    assert found[lost.recipient] == (True, Why.WAS_TOLD), "it may have been told"
    assert found[dead.recipient] == (False, Why.NEVER_TOLD)


def test_without_an_address_nothing_is_claimed_as_sendable(box: Store) -> None:
    box.subscribe([Subscription(box.recipient("anna"), "mail", drills=True)])
    approve(box, 0)
    fan(box)
    (one,) = claim(box, channel="mail")
    assert one.address is None


def test_what_wakes_people_goes_first(box: Store) -> None:
    """The make-believe duty wakes nobody; its all-clear goes before what does not wake."""
    for step in (0, 1):
        approve(box, step)
        fan(box)
        end(box, claim(box), "sent")
    approve(box, 2, "03")
    clear = approve(box, 2)
    fan(box)
    assert {h.message for h in claim(box, 3)} == {clear.identifier}


def test_reports_come_later_twice_and_in_any_order(box: Store, clock: Clock) -> None:
    approve(box, 0)
    fan(box)
    held = claim(box)
    box.settle(held, [Settled(h.key, "sent", "", f"r-{n}") for n, h in enumerate(held)], "w")
    assert box.reported("r-0", "acknowledged", "sms")
    assert box.reported("r-0", "delivered"), "a report never takes back a surer one"
    assert box.reported(held[1].key, "delivered"), "a receiver may name our key"
    assert not box.reported("r-0", "delivered", "mail"), "another channel's receipt"
    assert not box.reported("unknown", "delivered")
    assert not box.reported("", "delivered")
    assert states(box) == {"acknowledged": 1, "delivered": 1, "sent": 1}
    assert box.reported("r-2", "failed", why="channel.undelivered")
    (row,) = box.deliveries_found(state="failed")
    assert row.why == "channel.undelivered"
    assert row.due is not None
    assert row.due > clock.now
    assert box.reported("r-2", "refused")
    assert states(box)["failed"] == 1, "it is not out just now"


def test_a_report_may_come_before_the_receipt_is_known(box: Store) -> None:
    approve(box, 0)
    fan(box)
    held = claim(box)
    assert not box.reported("early", "delivered", "sms")
    assert box.reported(held[1].key, "acknowledged")
    results = [Settled(held[0].key, "sent", "", "early"), Settled(held[1].key, "sent", "", "r")]
    box.settle(held, results, "w", POLICY)
    assert states(box) == {"delivered": 1, "acknowledged": 1, "failed": 1}
    (silent,) = box.deliveries_found(state="failed")
    assert silent.why == "deliver.no_word", "of what the channel says nothing, it failed"
    (acked,) = box.deliveries_found(state="acknowledged")
    assert acked.receipt == "r"


def test_work_is_found_by_its_index_alone(file: Path, clock: Clock) -> None:
    with Store.open(file, clock) as store, store._db.reading() as connection:
        from haidang.edge.store.parcels import _due

        query = _due("sms", 0, 10, clock.now)
        text = str(query.compile(connection.engine, compile_kwargs={"literal_binds": False}))
        numbers = query.compile(connection.engine)
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {text}",
            tuple(numbers.params[name] for name in numbers.positiontup or ()),
        )
        said = [row[3] for row in plan]
    assert any("ix_delivery_channel_rank_due_number_key" in line for line in said), said
    assert not any("SCAN" in line or "TEMP B-TREE" in line for line in said), said
