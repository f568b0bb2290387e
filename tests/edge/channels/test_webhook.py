"""Webhooks against a real server: what arrives, and what becomes of every way to fail."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time

import pytest

from haidang.base.errors import Unavailable
from haidang.edge.channels import webhook
from haidang.edge.channels.parts.spec import Home, Secret
from parcels import message, parcel, parcels
from receivers import HANG_S, IN_TIME_S, drip, free_port, hush, raw, web

OK = (204, {}, b"")
HOME = Home("hook", link="https://example.invalid/cap/{identifier}.xml")


@pytest.fixture
def opened(monkeypatch):
    """Opens a webhook that may speak to this machine, and closes it at the end."""
    monkeypatch.setenv("HOOK", "master")
    found = []

    def make(**said):
        plain = {"allow_private": True, "allow_plain": True, "secret": Secret(env="HOOK")}
        # Guards alone: a server of this machine answers when its thread is let run.
        spec = webhook.Spec(**{**plain, "timeout_s": 60, "total_s": 120, **said})
        found.append(webhook.open(spec, HOME, clock=lambda: 1_000_000.9))
        return found[-1]

    yield make
    for channel in found:
        channel.close()


def test_a_message_arrives_signed_with_its_key(opened):
    with web(lambda _: OK) as server:
        (outcome,) = opened().send([parcel(address=f"{server.url}/in?x=1")])
    assert outcome == ("key-1", "sent", "", "")
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/in?x=1")
    assert request.headers["idempotency-key"] == "key-1"
    assert request.headers["x-haidang-timestamp"] == "1000000"
    secret = webhook.secret_of("master", "r-1").encode()
    signed = b"1000000.key-1." + request.body
    want = "v1=" + hmac.new(secret, signed, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(request.headers["x-haidang-signature"], want)
    said = request.json
    assert said["identifier"] == "xt-0001"
    assert said["level"] == 4
    assert said["status"] == "Actual"
    assert said["headline"].startswith("Bão số 3")
    assert said["areas"] == [{"name": "Hải Phòng", "codes": [{"list": "LIST", "code": "31"}]}]
    assert said["link"] == "https://example.invalid/cap/xt-0001.xml"
    assert said["onset"] == "2030-09-07T05:00:00+07:00"


def test_each_recipient_has_its_own_secret_and_a_given_one_goes_first():
    assert webhook.secret_of("master", "r-1") != webhook.secret_of("master", "r-2")
    assert len(webhook.secret_of("master", "r-1")) == 64


def test_a_shared_secret_of_the_parcel_signs(opened):
    with web(lambda _: OK) as server:
        opened(secret=None).send([parcel(address=server.url, secret="ours")])
    (request,) = server.requests
    want = webhook.signature("ours", "1000000", "key-1", request.body)
    assert request.headers["x-haidang-signature"] == want


def test_what_cannot_be_signed_stays_here(opened):
    with web(lambda _: OK) as server:
        (kept,) = opened(secret=None).send([parcel(address=server.url)])
        (sent,) = opened(secret=None, require_signature=False).send([parcel(address=server.url)])
    assert kept[1:3] == ("failed", "channel.unsigned")
    assert sent.state == "sent"
    assert [("x-haidang-signature" in r.headers) for r in server.requests] == [False]


def test_cap_goes_out_unchanged(opened):
    with web(lambda _: OK) as server:
        opened(body="cap").send([parcel(address=server.url)])
    (request,) = server.requests
    assert request.body == message().body
    assert request.headers["content-type"] == "application/cap+xml"


@pytest.mark.parametrize(
    ("status", "state", "why"),
    [
        (200, "sent", ""),
        (202, "sent", ""),
        (208, "delivered", ""),
        (409, "delivered", ""),
        (301, "refused", "channel.redirected"),
        (302, "failed", "channel.redirected"),
        (308, "refused", "channel.redirected"),
        (400, "refused", "channel.rejected"),
        (404, "refused", "channel.rejected"),
        (410, "refused", "channel.rejected"),
        (408, "failed", "channel.throttled"),
        (425, "failed", "channel.throttled"),
        (429, "failed", "channel.throttled"),
        (500, "failed", "channel.server_error"),
        (503, "failed", "channel.server_error"),
    ],
)
def test_what_an_answer_means(opened, status, state, why):
    elsewhere = {"Location": "http://127.0.0.1:1/elsewhere"}
    with web(lambda _: (status, elsewhere, b"")) as server:
        (outcome,) = opened().send([parcel(address=server.url)])
        assert len(server.requests) == 1
    assert outcome == ("key-1", state, why, "")


def test_a_batch_goes_side_by_side_over_connections_that_stay(opened):
    inside, most, change = [], [], threading.Condition()

    def slowly(request):
        with change:
            inside.append(request)
            most.append(len(inside))
            change.notify_all()
            # Nobody is answered before a second one is there: else they came one by one.
            assert change.wait_for(lambda: max(most) > 1, 60)
        time.sleep(0.05)
        with change:
            inside.remove(request)
        return OK

    channel = opened(parallel=4)
    with web(slowly) as server:
        first = channel.send(parcels(12, server.url))
        second = channel.send(parcels(4, server.url))
        ports = {r.port for r in server.requests}
    assert [o.state for o in (*first, *second)] == ["sent"] * 16
    assert {o.key for o in first} == {f"key-{n}" for n in range(12)}
    assert 2 <= max(most) <= 4
    assert len(ports) <= 4


def test_a_repeat_carries_the_same_key_and_body(opened):
    with web(lambda _: (500, {}, b"")) as server:
        channel = opened()
        for _ in range(3):
            channel.send([parcel(address=server.url)])
    assert {r.headers["idempotency-key"] for r in server.requests} == {"key-1"}
    assert len({r.body for r in server.requests}) == 1


def test_retry_after_is_honoured_within_the_batch(opened):
    answers = iter([(429, {"Retry-After": "1"}, b""), OK])
    with web(lambda _: next(answers)) as server:
        begin = time.monotonic()
        (outcome,) = opened().send([parcel(address=server.url)])
        assert time.monotonic() - begin >= 1
    assert outcome.state == "sent"


def test_a_long_retry_after_is_honoured_by_leaving_the_receiver_alone(opened):
    with web(lambda _: (503, {"Retry-After": "120"}, b"")) as server:
        channel = opened(parallel=1)
        outcomes = channel.send(parcels(5, server.url))
        again = channel.send(parcels(2, server.url))
        assert len(server.requests) == 1
    assert {o.state for o in (*outcomes, *again)} == {"failed"}


def test_nobody_there_is_a_failure(opened):
    (outcome,) = opened().send([parcel(address=f"http://127.0.0.1:{free_port()}/")])
    assert outcome == ("key-1", "failed", "channel.no_connection", "")


HEAD = b"HTTP/1.1 200 OK\r\n"
HANGS = [
    ("silence", hush),
    ("head an octet at a time", lambda c: drip(c, HEAD + b"X-A: b\r\n" * 299)),
]


@pytest.mark.parametrize("speak", [h[1] for h in HANGS], ids=[h[0] for h in HANGS])
def test_every_way_to_hang_ends_in_time(opened, speak):
    with raw(speak) as port:
        begin = time.monotonic()
        channel = opened(timeout_s=0.25)
        (outcome,) = channel.send([parcel(address=f"http://127.0.0.1:{port}/")])
        assert time.monotonic() - begin < IN_TIME_S
    assert outcome == ("key-1", "failed", "channel.timeout", "")


BREAKS = [
    ("garbage", lambda c: (c.recv(9), c.sendall(b"\0\xff" * 50 + b"\r\n\r\n")), "channel.garbage"),
    ("end at once", lambda c: c.recv(9), "channel.lost"),
    ("half a head", lambda c: (c.recv(65536), c.sendall(HEAD + b"X-")), "channel.lost"),
]  # fmt: skip


@pytest.mark.parametrize(("speak", "why"), [h[1:] for h in BREAKS], ids=[h[0] for h in BREAKS])
def test_every_way_to_break_is_told(opened, speak, why):
    with raw(speak) as port:
        begin = time.monotonic()
        (outcome,) = opened().send([parcel(address=f"http://127.0.0.1:{port}/")])
        assert time.monotonic() - begin < IN_TIME_S
    assert outcome[:2] == ("key-1", "failed")
    # What is closed with something unread is a reset, which may overtake what was said.
    assert outcome.why in {why, "channel.lost"}


def test_a_body_that_never_ends_does_not_matter_once_the_answer_is_there(opened):
    def speak(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 99)
        hush(connection)

    with raw(speak) as port:
        for patience in (0.3, 3, 30):  # where even the head was late: once more with a longer one
            channel = opened(timeout_s=patience)
            (outcome,) = channel.send([parcel(address=f"http://127.0.0.1:{port}/")])
            if outcome.state == "sent":
                break
    assert outcome.state == "sent"


def test_one_that_hangs_keeps_nobody_waiting(opened):
    served = threading.Event()

    def answer(_):
        served.set()
        return OK

    # It hangs until the other was served: one after the other would use up all there is of time.
    with raw(lambda _: served.wait(HANG_S)) as port, web(answer) as server:
        channel = opened(timeout_s=30, total_s=30)
        found = channel.send([parcel("a", f"http://127.0.0.1:{port}/"), parcel("b", server.url)])
    assert {o.key: o.state for o in found} == {"a": "failed", "b": "sent"}


@pytest.mark.parametrize(
    "address",
    ["", "ftp://example.org/", "https://", "https://a:b@example.org/", "example.org", "http://[::1",
     "https://example.org\r\nX: y/", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_address_is_refused(opened, address):
    (outcome,) = opened().send([parcel(address=address)])
    assert outcome == ("key-1", "refused", "channel.bad_address", "")


def test_plain_http_is_refused_unless_it_is_allowed(opened):
    (outcome,) = opened(allow_plain=False).send([parcel(address="http://example.org/")])
    assert outcome == ("key-1", "refused", "channel.plain_address", "")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]",
     "169.254.169.254", "10.0.0.1", "[64:ff9b::a00:1]", "0.0.0.0"],
)  # fmt: skip
def test_our_own_network_is_out_of_reach(opened, host):
    with web(lambda _: OK) as server:
        channel = opened(allow_private=False)
        (outcome,) = channel.send([parcel(address=f"http://{host}:{server.port}/")])
        assert not server.requests
    assert outcome == ("key-1", "refused", "channel.private_address", "")


def test_a_certificate_that_nobody_vouches_for_is_a_failure(opened, tls):
    with web(lambda _: OK, tls.server()) as server:
        (outcome,) = opened().send([parcel(address=f"https://localhost:{server.port}/")])
        assert not server.requests
    assert outcome == ("key-1", "failed", "channel.tls", "")


def test_nothing_secret_is_said_or_logged(opened, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    with web(lambda _: (500, {}, b"who?")) as server:
        address = f"{server.url}/token-of-lan"
        outcomes = opened().send([parcel(address=address, secret="very-secret")])
        outcomes += opened().send([parcel(address="https://user:very-secret@token-of-lan/")])
    said = repr(outcomes) + caplog.text + "".join(capsys.readouterr())
    assert "token-of-lan" not in said
    assert "127.0.0.1" not in said
    assert "very-secret" not in said


def test_the_secret_must_be_there():
    with pytest.raises(Unavailable) as error:
        webhook.open(webhook.Spec(secret=Secret(env="HAIDANG_NOT_SET")))
    assert error.value.problems[0].field == "secret"
