"""The page of the outbox: what is out, what is not, and a button that tries again."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest

from haidang.edge.store.parcels import Policy
from haidang.edge.store.recipients import Contact
from haidang.jobs.deliver import pump
from haidang.warn.route import Subscription
from jobs.test_deliver import Fake
from web.toydesk import ROLES, Room, open_room


@pytest.fixture
def room(tmp_path) -> Iterator[Room]:
    found = open_room(tmp_path)
    yield found
    found.close()


def said(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def deliver(room: Room, **answers: str) -> Fake:
    """Three recipients of all places, one of whom the channel refuses."""
    store = room.desk.store
    names = ("anna", "bert", "carl")
    store.add_contacts([Contact(n, "sms", f"+84{n}", language="en") for n in names])
    wants = [
        Subscription(i, "sms", language="en", drills=True)
        for i in store.recipient_ids(names).values()
    ]
    store.subscribe(wants)
    room.settle()
    channel = Fake(batch=50, answers={"+84bert": "refused", **answers})
    pump(store, [channel], lambda code: frozenset({code}), Policy())
    return channel


def test_before_anything_was_sent_it_says_what_to_do(room):
    for language, text in (("vi", "Chưa gửi gì"), ("en", "Nothing has been sent")):
        page = room.person(language=language).get(f"{room.base}/outbox")
        assert text in said(page)
        assert "channels.yaml" in said(page)
    room.settle()
    assert "not in the outbox yet" in said(room.person(language="en").get(f"{room.base}/outbox"))
    assert f"{room.base}/outbox" in room.person().get(f"{room.base}/warnings")


def test_what_is_out_and_what_is_dead_without_a_name_or_an_address(room):
    deliver(room)
    sent = len(room.desk.store.messages())
    page = room.person(language="en").get(f"{room.base}/outbox")
    text = said(page)
    assert f"{sent} deliveries could not be made; {2 * sent} are out, 0 wait" in text
    assert "Could not be delivered" in text
    bert = room.desk.store.recipient("bert")
    assert bert[:8] in text
    assert not any(word in page for word in ("+84", "anna", "bert", "carl"))
    for message in room.desk.store.messages():
        assert f"/warnings/{message.draft}" in page


def test_a_dead_letter_is_tried_again_once(room):
    channel = deliver(room)
    person = room.person(ROLES[0], "en")
    address = f"{room.base}/outbox"
    letters = re.findall(r'name="letter" value="([^"]+)"', person.get(address))
    assert len(letters) == len(room.desk.store.deliveries_found(state="dead")) > 1
    answer = person.send(f"{address}/retry", address, letter=letters[0])
    assert answer.status_code == 303
    states = [d.state for d in room.desk.store.deliveries_found() if d.key == letters[0]]
    assert states == ["queued"]
    assert len(room.desk.store.deliveries_found(state="dead")) == len(letters) - 1
    person.send(f"{address}/retry", address, channel="sms")
    channel.answers.clear()
    pump(room.desk.store, [channel], lambda code: frozenset({code}))
    assert room.desk.store.deliveries_found(state="dead") == ()
    assert "could not be made" not in said(person.get(address))


def test_nobody_else_may_press_the_button(room):
    deliver(room)
    person = room.person()
    forged = person.post(f"{room.base}/outbox/retry", {"key": "x", "csrf": "guessed"})
    assert forged.status_code == 403
    assert room.desk.store.deliveries_found(state="queued") == ()
