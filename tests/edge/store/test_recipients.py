"""Recipients by random id, addresses that can be erased, subscriptions that are never edited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from haidang.base.errors import NotFound
from haidang.edge.store import Store
from haidang.edge.store.recipients import Contact, Imported
from haidang.warn.route import Subscription

NOON = datetime(2026, 3, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(where: Path | str, clock: Clock):
    with Store.open(where, clock) as opened:
        yield opened


def phone(alias: str, address: str = "", **other: str) -> Contact:
    return Contact(alias, "sms", address or f"+84{alias}", language="vi", **other)


def test_a_recipient_is_known_by_a_random_id_for_ever(kept: Store) -> None:
    assert kept.add_contacts([phone("anna"), phone("bert")]) == Imported(2, 0, 0)
    ids = kept.recipient_ids(["anna", "bert", "nobody"])
    assert set(ids) == {"anna", "bert"}
    assert ids["anna"] != ids["bert"]
    assert not any(part in ids["anna"] for part in ("anna", "+84"))
    assert kept.add_contacts([phone("anna", "+849"), phone("bert")]) == Imported(0, 1, 1)
    assert kept.add_contacts([Contact("anna", "mail", "a@x.example")]) == Imported(1, 0, 0)
    assert kept.recipient_ids(["anna"])["anna"] == ids["anna"]
    assert kept.recipient("anna") == kept.recipient(ids["anna"][:9]) == ids["anna"]
    assert kept.addresses_taken([phone("x", "+849")]) == {("sms", "+849"): "anna"}
    for name in ("", "nobody", "zz"):
        with pytest.raises(NotFound) as caught:
            kept.recipient(name)
        assert caught.value.problems[0].code == "store.no_recipient"


def test_subscriptions_begin_and_end_and_are_never_edited(kept: Store, clock: Clock) -> None:
    kept.add_contacts([phone("anna")])
    anna = kept.recipient("anna")
    one = Subscription(anna, "sms", ("02", "01"), ("wind",), 2, "vi")
    other = Subscription(anna, "sms", (), (), 4, "vi", wakes_only=True, drills=True)
    assert kept.subscribe([one]) == Imported(1, 0, 0)
    clock.now += DAY
    assert kept.subscribe([one, one]) == Imported(0, 0, 1), "imported again it changes nothing"
    assert kept.subscribe([other]) == Imported(1, 1, 0)
    (now,) = kept.subscriptions()
    assert now.id
    assert (now.places, now.least_level, now.drills) == ((), 4, True)
    (then,) = kept.subscriptions(NOON)
    assert (then.places, then.threats, then.wakes_only) == (("01", "02"), ("wind",), False)
    assert kept.subscriptions(NOON - DAY) == ()
    assert kept.subscriptions(ids=["nobody"]) == ()


def test_other_channels_of_a_recipient_stay_as_they_are(kept: Store) -> None:
    kept.add_contacts([phone("anna"), Contact("anna", "mail", "a@x.example")])
    anna = kept.recipient("anna")
    kept.subscribe([Subscription(anna, "sms"), Subscription(anna, "mail")])
    assert kept.subscribe([Subscription(anna, "mail", ("01",))]) == Imported(1, 1, 0)
    assert {s.channel: s.places for s in kept.subscriptions()} == {"sms": (), "mail": ("01",)}


def test_erased_means_gone(kept: Store, clock: Clock, where: Path | str) -> None:
    kept.add_contacts([phone("anna", "+84900111222333", secret="s3cr3t-of-anna"), phone("bert")])
    anna = kept.recipient("anna")
    kept.subscribe([Subscription(anna, "sms")])
    clock.now += DAY
    assert kept.erase_recipient("anna") == anna
    assert kept.subscriptions() == ()
    assert len(kept.subscriptions(NOON)) == 1
    bert, gone = kept.recipients()
    assert (bert.alias, bert.channels) == ("bert", ("sms",))
    assert (gone.id, gone.alias, gone.channels, gone.erased) == (anna, "", (), clock.now)
    assert kept.aliases([anna]) == {}
    clock.now += DAY
    assert kept.erase_recipient(anna) == anna, "again changes nothing"
    assert kept.recipients()[1].erased == clock.now - DAY
    if isinstance(where, Path):
        bytes_left = b"".join(p.read_bytes() for p in where.parent.glob("store.db*"))
        assert b"+84900111222333" not in bytes_left
        assert b"s3cr3t-of-anna" not in bytes_left
