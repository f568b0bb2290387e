"""The job that delivers, against channels that behave badly; and what is imported and explained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from edge.store.samples import people
from edge.store.test_parcels import approve, near
from haidang.app.verdict import Message
from haidang.base.errors import HaidangError
from haidang.edge.channels.parts.sms import Reported
from haidang.edge.channels.port import Outcome, Parcel
from haidang.edge.store import Store
from haidang.edge.store.fanout import Waiting
from haidang.edge.store.parcels import Claimed, Policy
from haidang.edge.store.recipients import Contact
from haidang.jobs.deliver import BESIDE, Deliverer, pump
from haidang.jobs.leases import gone, worker
from haidang.warn.route import Subscription
from receivers import until

POLICY = Policy(tries=3, base=timedelta(0), longest=timedelta(0), age=timedelta(0))


@dataclass
class Fake:
    """A channel that answers as it is told."""

    name: str = "sms"
    public: bool = False
    person: bool = True
    batch: int = 2
    answers: dict[str, str] = field(default_factory=dict)
    breaks: int = 0
    sent: list[Parcel] = field(default_factory=list)

    @property
    def channel(self) -> Fake:
        return self

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        assert 0 < len(parcels) <= self.batch
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError("it holds +84anna")
        self.sent += parcels
        return [Outcome(p.key, self.answers.get(p.address, "sent"), "x") for p in parcels]  # type: ignore[arg-type]

    def close(self) -> None:
        return None


@dataclass
class Hearing(Fake):
    """A channel whose other side says afterwards what became of a parcel."""

    heard: list[Reported] = field(default_factory=list)

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        return [o._replace(receipt=f"r-{o.key}") for o in super().send(parcels)]

    def reports(self) -> Sequence[Reported]:
        found, self.heard = self.heard, []
        return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "haidang.db") as opened:
        people(opened)
        names = ("anna", "bert", "carl")
        opened.add_contacts([Contact(n, "sms", f"+84{n}", "s", "en") for n in names])
        ids = opened.recipient_ids(names)
        opened.subscribe([Subscription(i, "sms", language="en", drills=True) for i in ids.values()])
        yield opened


def test_everybody_gets_the_words_of_their_language_under_one_key(store: Store) -> None:
    message = approve(store, 0)
    sms, site = Fake(), Fake("site", public=True, batch=9)
    told = pump(store, [sms, site], near)
    assert (told.messages, told.queued) == (1, 4)
    assert told.outcomes == {("sms", "sent"): 3, ("site", "sent"): 1}
    assert {p.address for p in sms.sent} == {"+84anna", "+84bert", "+84carl"}
    assert {(p.text.language, p.secret, p.message) for p in sms.sent} == {("en", "s", message)}
    assert len({p.key for p in (*sms.sent, *site.sent)}) == 4
    (public,) = site.sent
    assert (public.recipient, public.address, public.text.language) == ("", "", "vi")
    assert pump(store, [sms, site], near).outcomes == {}


@pytest.mark.parametrize(("person", "sent"), [(True, [("03", 3)]), (False, [("02", 2), ("03", 3)])])
def test_a_person_gets_one_of_two_notices_and_a_machine_both(
    tmp_path: Path, person: bool, sent: list[tuple[str, int]]
) -> None:
    """Place 02 lies in 03; anna asked for 02 alone."""
    with Store.open(tmp_path / "one.db") as store:
        people(store)
        store.add_contacts([Contact("anna", "sms", "+84anna", "s", "en")])
        anna = store.recipient("anna")
        store.subscribe([Subscription(anna, "sms", ("02",), language="en", drills=True)])
        approve(store, 0)
        approve(store, 0, "03")
        sms = Fake(batch=9, person=person)
        rings = {"02": ("02", "03")}
        pump(
            store, [sms], lambda c: frozenset({c, "02"} if c == "03" else {c}),
            around=lambda c: rings.get(c, (c,)),
        )  # fmt: skip
        notices = [store.notice(p.message.identifier).notice for p in sms.sent]
        assert sorted((n.place, n.level) for n in notices) == sent
        assert {p.address for p in sms.sent} == {"+84anna"}
        assert store.delivery_counts() == {
            ("sms", "sent"): len(sent), **({("sms", "spared"): 1} if person else {}),
        }  # fmt: skip


RINGS = {"02": ("02", "03")}


def ring(code: str) -> tuple[str, ...]:
    return RINGS.get(code, (code,))


def wide(code: str) -> frozenset[str]:
    return frozenset({code, "02"} if code == "03" else {code})


@pytest.fixture
def over(tmp_path: Path) -> Iterator[tuple[Store, list[Message]]]:
    """Anna, of place 02, was told of it and of 03 around it; now the notice for 03 has ended."""
    with Store.open(tmp_path / "over.db") as store:
        people(store)
        store.add_contacts([Contact("anna", c, f"{c}-anna", "s", "en") for c in ("sms", "hook")])
        anna = store.recipient("anna")
        store.subscribe(
            [Subscription(anna, c, ("02",), language="en", drills=True) for c in ("sms", "hook")]
        )
        said = []
        for place in ("02", "03"):
            said.append(approve(store, 0, place))
            pump(store, ways(), wide, around=ring)
        said.append(approve(store, 1, "03"))
        yield store, said


def ways() -> tuple[Fake, Fake, Fake]:
    return Fake(batch=9), Fake("hook", person=False), Fake("site", public=True, person=False)


def test_whoever_hears_of_an_end_is_given_what_goes_on(
    over: tuple[Store, list[Message]],
) -> None:
    store, (commune, _, end) = over
    sms, hook, site = ways()
    pump(store, (sms, hook, site), wide, around=ring)
    (parcel,) = sms.sent
    assert parcel.message == end
    (other,) = parcel.stands
    assert other.message == commune
    assert (other.text.language, other.text.headline) == ("en", "Strong wind, level 2")
    assert parcel.more == 0
    assert [(p.message, p.stands) for p in (*hook.sent, *site.sent)] == [(end, ())] * 2


def test_without_a_look_at_what_goes_on_nothing_is_taken_back(
    over: tuple[Store, list[Message]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, (_, _, end) = over
    rise = approve(store, 1, "02")
    store.subscribe(
        [Subscription(store.recipient("anna"), "sms", (), language="en", drills=True)]
    )  # whoever asks for everything gets each notice
    sms, told = Fake(batch=9), []
    usual = store.beside

    def broken(*given: object) -> dict[str, tuple[str, ...]]:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(store, "beside", broken)
    policy = Policy(tries=9, base=timedelta(0), longest=timedelta(0), lease=timedelta(seconds=9))
    job = Deliverer(store, [sms], wide, policy, lambda name, _: told.append(name), ring)
    job.fan_out()
    job._send(sms, job._claim(sms))
    assert [p.message for p in sms.sent] == [rise]
    assert told == ["sms"]
    (waits,) = store.deliveries_found(state="failed")
    assert (waits.message, waits.why) == (end.identifier, "deliver.no_parcel")
    monkeypatch.setattr(store, "beside", usual)
    job.once()
    assert [(p.message, len(p.stands)) for p in sms.sent] == [(rise, 0), (end, 1)]


def test_of_many_that_go_on_some_are_named_and_the_rest_is_counted(
    over: tuple[Store, list[Message]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, (commune, *_) = over
    sms = Fake(batch=9)
    usual = store.beside
    monkeypatch.setattr(
        store, "beside", lambda *given: {k: v * 5 for k, v in usual(*given).items()}
    )
    pump(store, [sms], wide, around=ring)
    (parcel,) = sms.sent
    assert [o.message for o in parcel.stands] == [commune] * BESIDE
    assert parcel.more == 5 - BESIDE


def test_a_channel_that_breaks_loses_nothing(store: Store) -> None:
    approve(store, 0)
    broken, told = Fake(breaks=1), []
    job = Deliverer(store, [broken], near, POLICY, lambda name, error: told.append((name, error)))
    job.once()
    assert len(broken.sent) == 3
    assert [(name, type(error)) for name, error in told] == [("sms", RuntimeError)]
    assert store.delivery_counts() == {("sms", "sent"): 3}
    whys = {t.why for t in store.delivery_tries([p.key for p in broken.sent])}
    assert whys == {"deliver.channel_failed", "x"}


def test_who_has_no_address_is_a_dead_letter_and_keeps_nobody_waiting(store: Store) -> None:
    anna = store.recipient("anna")
    store.subscribe([Subscription(anna, "mail", drills=True)])
    approve(store, 0)
    sms, mail = Fake(answers={"+84bert": "refused"}), Fake("mail")
    pump(store, [sms, mail], near, POLICY)
    assert mail.sent == []
    assert {(d.channel, d.why) for d in store.deliveries_found(state="dead")} == {
        ("mail", "deliver.no_address"),
        ("sms", "x"),
    }


def test_what_a_killed_job_of_this_machine_held_goes_out_at_once(store: Store) -> None:
    approve(store, 0)
    store.fan_out(store.unfanned()[0], near)
    dead = subprocess.run(
        [sys.executable, "-c", "from haidang.jobs.leases import worker; print(worker())"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert len(store.claim("sms", 2, dead)) == 2
    assert len(store.claim("sms", 2, worker())) == 1, "of a job that lives nothing is taken"
    sms = Fake()
    pump(store, [sms], near)
    assert len(sms.sent) == (2 if gone(dead) else 0)
    assert not gone(worker())
    assert not gone("elsewhere:1:2:x")
    assert not gone("")


def test_one_bad_message_keeps_no_other_waiting(store: Store) -> None:
    bad, good = approve(store, 0), approve(store, 0, "03")
    told: list[tuple[str, str, str]] = []

    def within(code: str) -> frozenset[str]:
        if code == "02":
            raise KeyError("a fault of ours")
        return frozenset({code})

    def tell(name: str, error: Exception) -> None:
        assert isinstance(error, HaidangError)
        told.append((name, error.problems[0].code, str(error.problems[0].params["identifier"])))

    sms = Fake()
    found = pump(store, [sms], within, POLICY, tell)
    assert {p.message for p in sms.sent} == {good}
    assert told == [("", "deliver.not_fanned", bad.identifier)]
    assert found.left == {bad.identifier}
    assert store.waiting() == (bad.identifier,)
    assert pump(store, [sms], near, POLICY).left == set()
    assert len(sms.sent) == 6


def test_a_parcel_that_cannot_be_made_keeps_no_other_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = approve(store, 0), approve(store, 0, "03")
    sms, told = Fake(batch=9), []
    policy = Policy(base=timedelta(hours=1))
    job = Deliverer(store, [sms], near, policy, lambda name, error: told.append(name))
    job.fan_out()
    usual = job._message

    def broken(identifier: str) -> Waiting:
        if identifier == bad.identifier:
            raise KeyError(identifier)
        return usual(identifier)

    monkeypatch.setattr(job, "_message", broken)
    job.once()
    assert {p.message for p in sms.sent} == {good}
    assert told == ["sms"] * 3
    assert {d.why for d in store.deliveries_found(state="failed")} == {"deliver.no_parcel"}


def test_a_fault_nobody_foresaw_ends_neither_a_channel_nor_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms, told, stop = Fake(), [], threading.Event()
    usual, faults = store.claim, [KeyError("x"), KeyError("y")]

    def claim(*given: object) -> list[Claimed]:
        if faults:
            raise faults.pop()
        return usual(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "claim", claim)
    approve(store, 0)
    job = Deliverer(store, [sms], near, POLICY, lambda name, error: told.append(name))
    job.once()
    assert (told, sms.sent) == (["sms"], [])
    thread = threading.Thread(target=job.watch, args=(stop,))
    thread.start()
    try:
        until(lambda: len(sms.sent) >= 3)
    finally:
        stop.set()
        thread.join(60)
    assert told == ["sms", "sms"]
    assert len(sms.sent) == 3


def test_what_the_network_says_afterwards_is_written_down(store: Store) -> None:
    approve(store, 0)
    sms = Hearing(batch=9)
    job = Deliverer(store, [sms], near, POLICY)
    job.once()
    one, other, _ = (p.key for p in sms.sent)
    sms.heard = [
        Reported(f"r-{one}", "delivered"), Reported(f"r-{other}", "refused", "channel.rejected"),
    ]  # fmt: skip
    job.once()
    assert store.delivery_counts() == {
        ("sms", "delivered"): 1, ("sms", "dead"): 1, ("sms", "sent"): 1,
    }  # fmt: skip
    (lost,) = store.deliveries_found(state="dead")
    assert (lost.key, lost.why) == (other, "channel.rejected")
    assert sms.heard == []


def test_only_who_speaks_to_all_is_given_what_was_said_before(store: Store) -> None:
    sms, site = Fake(batch=9), Fake("site", public=True, batch=9)
    first = approve(store, 0)
    pump(store, [sms, site], near)
    approve(store, 1)
    pump(store, [sms, site], near)
    assert [p.earlier for p in site.sent] == [(), (first,)]
    assert {p.earlier for p in sms.sent} == {()}


def test_a_watching_job_sends_what_comes_and_stops_when_told(store: Store) -> None:
    sms, stop = Fake(), threading.Event()
    job = Deliverer(store, [sms], near, POLICY)
    thread = threading.Thread(target=job.watch, args=(stop,))
    thread.start()
    try:
        approve(store, 0)
        until(lambda: len(sms.sent) >= 3)
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert len(sms.sent) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")
def test_killed_again_and_again_nothing_is_lost_or_shown_twice() -> None:
    """The small form of the page on delivery: real channels, real receivers that fail."""
    here = Path(__file__).resolve().parent
    done = subprocess.run(
        [sys.executable, str(here / "deliver_many.py"), "40", "3", "--batch", "10", "--json"],
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["lost"], found["shown_twice"], found["mail_keys"]) == (0, 0, 0)
    assert found["dead"] == 6
    # The test must be able to fail: jobs were killed, and receivers failed.
    assert found["kills"] == 3
    assert found["cut_off"] > 0
    assert found["attempts"] > found["deliveries"]
