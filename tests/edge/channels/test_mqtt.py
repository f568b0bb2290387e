"""MQTT against a real broker: what is announced, what is kept, and every way to fail."""

from __future__ import annotations

import base64
import gc
import hashlib
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import ValidationError

from haidang.edge.channels import mqtt
from haidang.edge.channels.parts.spec import Home, Secret
from mosquitto import broker
from parcels import message, parcel, parcels
from receivers import IN_TIME_S, free_port, hush, raw

HOME = Home("bus", link="https://example.invalid/cap/{identifier}.xml")
TOPIC = "origin/a/wis2/xt-office/data/core/weather/advisories-warnings"


@pytest.fixture(scope="module")
def bus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mqtt")
    (folder / "acl").write_text("topic readwrite origin/#\ntopic readwrite active/#\n", "utf-8")
    with broker(folder, f"acl_file {folder}/acl") as running:
        yield running


@pytest.fixture
def opened():
    found = []

    def make(port, **said):
        plain = {"host": "127.0.0.1", "tls": "off", "centre": "xt-office"}
        # Guards alone: a broker of this machine answers when it is let run.
        limits = {"timeout_s": 60, "total_s": 120}
        found.append(mqtt.open(mqtt.Spec(**{**plain, **limits, **said, "port": port}), HOME))
        return found[-1]

    yield make
    for channel in found:
        channel.close()


@contextmanager
def listening(port, topic):
    """Everything published under a topic while it is open; ``wait(n)`` waits for so many."""
    got, more = [], threading.Condition()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    ready = threading.Event()
    client.on_subscribe = lambda *_: ready.set()

    def take(_c, _u, found):
        with more:
            got.append(found)
            more.notify_all()

    def wait(count):
        with more:
            assert more.wait_for(lambda: len(got) >= count, 60), got
        return got

    client.on_message = take
    client.connect("127.0.0.1", port)
    client.subscribe(topic, 1)
    client.loop_start()
    assert ready.wait(60)
    try:
        yield wait
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_message_is_announced_as_wis2_asks(bus, opened, version):
    of = message()
    with listening(bus.port, "origin/#") as wait:
        (outcome,) = opened(bus.port, version=version).send([parcel(of=of)])
        (found,) = wait(1)
    assert outcome == ("key-1", "sent", "", "")
    assert found.topic == TOPIC
    assert found.qos == 1
    said = json.loads(found.payload)
    assert said["type"] == "Feature"
    assert said["conformsTo"] == ["http://wis.wmo.int/spec/wnm/1/conf/core"]
    assert said["geometry"]["coordinates"][0][0] == [106.4, 20.6]
    properties = said["properties"]
    dataset = TOPIC.removeprefix("origin/a/wis2/")
    assert properties["data_id"] == f"{dataset}/xt-0001"
    assert properties["pubtime"] == "2030-09-06T15:00:00Z"
    assert properties["end_datetime"] == "2030-09-07T22:00:00Z"
    assert properties["integrity"]["method"] == "sha512"
    digest = base64.b64decode(properties["integrity"]["value"])
    assert digest == hashlib.sha512(of.body).digest()
    (link,) = said["links"]
    assert link["rel"] == "canonical"
    assert link["href"] == "https://example.invalid/cap/xt-0001.xml"
    assert link["length"] == len(of.body)
    assert len(found.payload) <= 8192


def test_a_small_message_stands_in_its_notification_and_a_large_one_does_not(bus, opened):
    small = replace(message(), body=b"<alert/>")
    large = replace(message("xt-2"), body=b"<alert>" + b"x" * 9000 + b"</alert>")
    with listening(bus.port, "origin/#") as wait:
        opened(bus.port).send([parcel("a", of=small), parcel("b", of=large)])
        found = {json.loads(m.payload)["properties"]["data_id"][-4:]: m for m in wait(2)}
    content = json.loads(found["0001"].payload)["properties"]["content"]
    assert base64.b64decode(content["value"]) == small.body
    assert (content["encoding"], content["size"]) == ("base64", 8)
    assert "content" not in json.loads(found["xt-2"].payload)["properties"]


def test_a_repeat_is_the_same_to_the_octet(bus, opened):
    with listening(bus.port, "origin/#") as wait:
        for _ in range(2):
            opened(bus.port).send([parcel()])
        one, two = wait(2)
    assert one.payload == two.payload
    assert len(json.loads(one.payload)["id"]) == 36


def test_cap_itself_by_level_and_place(bus, opened):
    with listening(bus.port, "origin/#") as wait:
        where = "origin/{centre}/{place}/{level}"
        opened(bus.port, body="cap", topic=where).send([parcel()])
        (found,) = wait(1)
    assert found.topic == "origin/xt-office/31/4"
    assert found.payload == message().body
    assert found.properties.ContentType == "application/cap+xml"


def test_what_is_in_force_is_kept_for_each_place_until_it_ends(bus, opened):
    later = datetime.now(UTC) + timedelta(hours=1)
    of = replace(message(), expires=later)
    channel = opened(bus.port, active="active/{place}/{chain}")
    channel.send([parcel(of=of)])
    with listening(bus.port, "active/31/#") as wait:
        (kept,) = wait(1)
        assert (kept.retain, kept.topic) == (True, "active/31/chain-1")
        assert 0 < kept.properties.MessageExpiryInterval <= 3600
        said = json.loads(kept.payload)
        assert (said["level"], said["status"]) == (4, "Actual")
        assert said["headline"].startswith("Bão số 3")
        channel.send([parcel("key-2", of=replace(of, identifier="xt-9", kind="Cancel"))])
        assert wait(2)[1].payload == b""
    seen = all_until_now(bus, opened)
    assert not [m for m in seen if m.topic.startswith("active/31/") and m.payload]


def all_until_now(bus, opened):
    """What is kept, and one message more."""
    # One line for both: what is retained comes before what is published after it was asked for.
    with listening(bus.port, "#") as wait:
        opened(bus.port).send([parcel("marker")])
        seen = wait(1)
        while not any(m.topic == TOPIC for m in seen):
            seen = wait(len(seen) + 1)
    return seen


def test_what_was_narrowed_or_ended_is_cleared_wherever_it_was_kept(bus, opened):
    def notice(identifier, kind, *codes):
        one = message(identifier)
        old = b"<geocode><valueName>LIST</valueName><value>31</value></geocode>"
        named = b"".join(old.replace(b"31", code.encode()) for code in codes)
        body = one.body.replace(old, named)
        later = datetime.now(UTC) + timedelta(hours=1)
        return replace(one, chain="chain-n", kind=kind, body=body, expires=later)

    whole = notice("n-1", "Alert", "31")
    narrow = notice("n-2", "Update", "31-1", "31-2")
    end = notice("n-3", "Cancel", "31")
    channel = opened(bus.port, active="active/{place}/{chain}")

    def kept():
        mine = [m for m in all_until_now(bus, opened) if m.topic.endswith("/chain-n") and m.payload]
        return {m.topic.split("/")[1] for m in mine}

    channel.send([parcel("n-1", of=whole)])
    assert kept() == {"31"}
    channel.send([replace(parcel("n-2", of=narrow), earlier=(whole,))])
    assert kept() == {"31-1", "31-2"}
    channel.send([replace(parcel("n-3", of=end), earlier=(whole, narrow))])
    assert kept() == set()


def test_a_message_that_is_over_is_not_kept(bus, opened):
    over = replace(message(), expires=datetime.now(UTC) - timedelta(hours=1))
    channel = opened(bus.port, active="active/{place}/{chain}")
    with listening(bus.port, "active/#") as wait:
        channel.send([parcel(of=over)])
        assert wait(1)[0].payload == b""


def test_a_batch_is_confirmed_one_by_one(bus, opened):
    with listening(bus.port, "origin/#") as wait:
        found = opened(bus.port).send(parcels(50, ""))
        assert len(wait(50)) == 50
    assert {o.state for o in found} == {"sent"}
    assert len({o.key for o in found}) == 50


def test_what_the_broker_does_not_allow_is_no_success(bus, opened):
    (outcome,) = opened(bus.port, topic="forbidden/x").send([parcel()])
    assert outcome[1:3] == ("failed", "channel.login")


def test_a_topic_of_the_parcel_goes_first_and_a_bad_one_is_an_outcome(bus, opened):
    with listening(bus.port, "origin/#") as wait:
        opened(bus.port).send([parcel(address="origin/there")])
        assert wait(1)[0].topic == "origin/there"
    (outcome,) = opened(bus.port).send([parcel(address="origin/#")])
    assert outcome[1:3] == ("refused", "channel.bad_address")


def test_a_broker_that_goes_away_and_comes_back(tmp_path, opened):
    with broker(tmp_path / "b") as running:
        channel = opened(running.port)
        assert channel.send([parcel()])[0].state == "sent"
        running.stop()
        begin = time.monotonic()
        found = channel.send(parcels(3, ""))
        assert time.monotonic() - begin < IN_TIME_S, "it is seen, and not waited for"
        assert {o.state for o in found} == {"failed"}
        assert channel.send([parcel()])[0][1:3] == ("failed", "channel.no_connection")
        running.start()
        assert channel.send([parcel()])[0].state == "sent"


# The client leaves the socket of a handshake that failed to the collector of garbage.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket")
def test_login_and_tls(tmp_path, opened, tls, monkeypatch):
    monkeypatch.setenv("BUS", "wrong")
    monkeypatch.setenv("GOOD", "right")
    # The hash of "right" as mosquitto_passwd writes it: PBKDF2 with SHA-512, 101 rounds.
    salt = b"0123456789ab"
    digest = hashlib.pbkdf2_hmac("sha512", b"right", salt, 101)
    said = (base64.b64encode(v).decode() for v in (salt, digest))
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / "users").write_text("desk:$7$101${}${}\n".format(*said), "utf-8")
    lines = (
        f"password_file {folder}/users", "allow_anonymous false",
        f"certfile {tls.certificate}", f"keyfile {tls.key}",
    )  # fmt: skip
    with broker(folder, *lines) as running:
        plain = {"tls": "implicit", "host": "localhost", "user": "desk"}
        known = {**plain, "ca": tls.certificate}
        good = opened(running.port, **known, password=Secret(env="GOOD"))
        assert good.send([parcel()])[0].state == "sent"
        wrong = opened(running.port, **known, password=Secret(env="BUS"))
        assert wrong.send([parcel()])[0][1:3] == ("failed", "channel.login")
        doubted = opened(running.port, **plain, password=Secret(env="GOOD"))
        assert doubted.send([parcel()])[0][1:3] == ("failed", "channel.tls")
    gc.collect()  # here, and not in a test that has nothing to do with it


GREETING = b"\x20\x03\0\0\0"
HANGS = [
    ("silence", hush),
    ("half a packet", lambda c: (c.recv(99), c.sendall(b"\x20\x7f"), hush(c))),
    ("silence once greeted", lambda c: (c.recv(99), c.sendall(GREETING), hush(c))),
]


@pytest.mark.parametrize("speak", [h[1] for h in HANGS], ids=[h[0] for h in HANGS])
def test_every_way_to_hang_ends_in_time(opened, speak):
    with raw(speak) as port:
        begin = time.monotonic()
        found = opened(port, timeout_s=0.3, total_s=0.4).send(parcels(2, ""))
        assert time.monotonic() - begin < IN_TIME_S
    assert {o[1:3] for o in found} == {("failed", "channel.timeout")}


BREAKS = [
    ("garbage", lambda c: (c.recv(99), c.sendall(b"\xff\0garbage" * 9))),
    ("closed", lambda c: None),
]


@pytest.mark.parametrize("speak", [h[1] for h in BREAKS], ids=[h[0] for h in BREAKS])
def test_every_way_to_break_is_told(opened, speak):
    with raw(speak) as port:
        begin = time.monotonic()
        found = opened(port).send(parcels(2, ""))
        assert time.monotonic() - begin < IN_TIME_S
    assert {o.state for o in found} == {"failed"}
    assert {o.why for o in found} <= {"channel.lost", "channel.garbage"}


def test_nobody_there_is_a_failure(opened):
    found = opened(free_port()).send(parcels(2, ""))
    assert {o[1:3] for o in found} == {("failed", "channel.no_connection")}


@pytest.mark.parametrize(
    "said",
    [{"topic": "a/{city}"}, {"topic": "a/#"}, {"topic": "a/{"}, {"active": "a/{place}"},
     {"active": "a/{place}/{chain}", "version": "3.1.1"},
     {"user": "desk"}, {"centre": "a/b"}],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(said):
    with pytest.raises(ValidationError):
        mqtt.Spec(host="x", **said)
