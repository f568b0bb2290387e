"""SMPP against a simulated centre that also throttles, drops connections and answers garbage."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from haidang.edge.channels import sms_smpp
from haidang.edge.channels.parts import smpp
from haidang.edge.channels.parts.spec import Home, Secret
from haidang.warn.message import Text
from parcels import VI, message, parcel, parcels
from receivers import IN_TIME_S, drip, free_port, hush, raw, until
from smsc import centre

TO = "+84 912 345 678"
SHORT = Text("vi", "Bão cấp 4 tại Hải Phòng.", "", "Ở trong nhà.")
LONG = Text("vi", VI.headline, "", "Rời ngay " + "nhà yếu, " * 14 + "trước 02:00.")


@pytest.fixture
def opened(monkeypatch):
    monkeypatch.setenv("SMPP", "secret")
    found = []

    def make(port, **said):
        plain = {"host": "127.0.0.1", "system": "desk", "password": Secret(env="SMPP")}
        # Guards alone: a centre of this machine answers when its thread is let run.
        limits = {"timeout_s": 60, "total_s": 120, "sender": "BAO BAO"}
        spec = sms_smpp.Spec(**{**plain, **limits, **said, "port": port})
        found.append(sms_smpp.open(spec, Home("sms")))
        return found[-1]

    yield make
    for channel in found:
        channel.close()


def test_a_short_message_is_one_submission(opened):
    with centre() as smsc:
        channel = opened(smsc.port)
        (outcome,) = channel.send([parcel(address=TO, text=SHORT)])
        channel.close()
        until(lambda: smsc.unbound)  # it waits for the answer a second, and no longer
        (short,) = smsc.shorts
    assert outcome == ("key-1", "sent", "", "m1")
    assert smsc.binds == [("desk", "secret")]
    assert smsc.unbound == 1
    assert (short.sender, short.to) == ("BAO BAO", "84912345678")
    assert short.text == "Bao cap 4 tai Hai Phong. O trong nha."
    assert (short.coding, short.esm, short.registered) == (0, 0, 1)
    assert short.more[0x0204] != b""
    assert short.validity.endswith("000R")
    assert len(short.validity) == 16


def test_a_long_one_goes_in_parts_that_name_each_other(opened):
    with centre() as smsc:
        (outcome,) = opened(smsc.port).send([parcel(address=TO, text=LONG)])
        one, two = smsc.shorts
    assert outcome.receipt == "m2"
    assert [s.octets[:3] for s in (one, two)] == [b"\x05\0\x03"] * 2
    assert one.octets[3] == two.octets[3]
    assert [s.octets[4:6] for s in (one, two)] == [b"\x02\x01", b"\x02\x02"]
    assert (one.esm, two.esm) == (0x40, 0x40)
    assert all(len(s.octets) <= 6 + 153 for s in (one, two))
    said = one.text + two.text
    assert said.startswith("Bao so 3: rui ro thien tai cap 4 (rat lon) tai Hai Phong.")
    assert "Roi ngay nha yeu" in said
    assert (one.registered, two.registered) == (0, 1)


def test_own_letters_go_as_ucs2(opened):
    with centre() as smsc:
        opened(smsc.port, letters="own", parts=4).send([parcel(address=TO)])
    assert {s.coding for s in smsc.shorts} == {8}
    assert "".join(s.text for s in smsc.shorts).startswith("Bão số 3: rủi ro thiên tai cấp 4")
    assert all(len(s.octets) <= 140 for s in smsc.shorts)


def test_a_payload_is_cut_by_the_centre(opened):
    with centre() as smsc:
        opened(smsc.port, payload=True).send([parcel(address=TO, text=LONG)])
        (short,) = smsc.shorts
    assert short.esm == 0
    assert "Roi ngay nha yeu" in short.text


def test_a_repeat_carries_the_same_reference(opened):
    with centre() as smsc:
        for _ in range(2):
            opened(smsc.port).send([parcel(address=TO, text=LONG)])
        one, two, again, more = smsc.shorts
    assert (one.octets, two.octets) == (again.octets, more.octets)
    assert one.more[0x0204] == again.more[0x0204]


def test_a_batch_goes_through_a_window_in_one_session(opened):
    with centre() as smsc:
        channel = opened(smsc.port, window=4)
        found = channel.send(parcels(30, TO, text=SHORT))
        again = channel.send(parcels(5, TO, text=SHORT))
    assert {o.state for o in (*found, *again)} == {"sent"}
    assert len({o.receipt for o in found}) == 30
    assert len(smsc.binds) == 1


@pytest.mark.parametrize(
    ("status", "state", "why"),
    [
        (0x0B, "refused", "channel.rejected"),
        (0x45, "failed", "channel.not_now"),
        (0x08, "failed", "channel.not_now"),
        (0x58, "failed", "channel.throttled"),
        (0x14, "failed", "channel.throttled"),
    ],
)
def test_what_a_status_means(opened, status, state, why):
    with centre(answer=lambda _: status) as smsc:
        (outcome,) = opened(smsc.port).send([parcel(address=TO)])
    assert outcome[1:3] == (state, why)


def test_a_centre_that_throttles_is_left_alone_and_the_rest_waits(opened):
    taken = []

    def answer(short):
        taken.append(short)
        return 0x58 if len(taken) > 3 else 0

    with centre(answer=answer) as smsc:
        channel = opened(smsc.port, window=1)
        found = channel.send(parcels(20, TO, text=SHORT))
    assert [o.state for o in found] == ["sent"] * 3 + ["failed"] * 17
    assert {o.why for o in found[3:]} == {"channel.throttled"}
    assert len(smsc.shorts) == 4


def test_one_bad_number_does_not_hold_up_the_others(opened):
    def answer(short):
        return 0x0B if short.to == "84000" else 0

    with centre(answer=answer) as smsc:
        to = [TO, "+84000", "call me", "0912345678"]
        found = opened(smsc.port, prefix="84").send([parcel(n, n, text=SHORT) for n in to])
    assert {o.key: o.state for o in found} == {
        TO: "sent", "+84000": "refused", "call me": "refused", "0912345678": "sent",
    }  # fmt: skip
    assert [s.to for s in smsc.shorts] == ["84912345678", "84000", "84912345678"]


def test_a_wrong_password(opened, monkeypatch):
    with centre(password="other") as smsc:
        found = opened(smsc.port).send(parcels(2, TO))
    assert {o[1:3] for o in found} == {("failed", "channel.login")}


def test_reports_of_delivery_find_their_message(opened):
    with centre(receipt="DELIVRD", asks=True) as smsc:
        channel = opened(smsc.port)
        (outcome,) = channel.send([parcel(address=TO, text=LONG)])
        (found,) = heard(channel, smsc)
        assert not channel.reports()
        wanted = {0x80000005, 0x80000015, 0x80000000}
        until(lambda: wanted <= {command for command, _ in smsc.answered})
    assert found == (outcome.receipt, "delivered", "")


def heard(channel, smsc):
    """What is reported until the centre has the answer to its report."""
    found = []

    def answered():
        found.extend(channel.reports(wait_s=0.02))
        return 0x80000005 in {command for command, _ in smsc.answered}

    until(answered)
    return found


def test_a_report_that_comes_at_the_end_of_the_look_is_kept_and_answered(monkeypatch):
    """Whoever only looks has no time left; without an answer the centre repeats the report."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        monkeypatch.setattr(socket, "create_connection", lambda *_: ours)
        session = sms_smpp._Session("x", 1, 1.0, None)
        monkeypatch.setattr(sms_smpp.smpp, "delivered", lambda _: ("r-1", "DELIVRD"))
        session._deliver(sms_smpp.Pdu(sms_smpp.smpp.DELIVER, 0, 7, b""), time.monotonic() - 1)
        assert [r.receipt for r in session.take_reports()] == ["r-1"]
        assert theirs.recv(99)[:8].hex().endswith("80000005")


@pytest.mark.parametrize(
    ("said", "state"), [("UNDELIV", "refused"), ("EXPIRED", "failed"), ("ACCEPTD", "")]
)
def test_what_a_report_means(opened, said, state):
    with centre(receipt=said) as smsc:
        channel = opened(smsc.port)
        channel.send([parcel(address=TO, text=SHORT)])
        assert [r.state for r in heard(channel, smsc)] == ([state] if state else [])


def test_where_the_connection_ends_half_way_the_unanswered_have_failed(opened):
    with centre(last=5) as smsc:
        channel = opened(smsc.port, window=3)
        found = channel.send(parcels(12, TO, text=SHORT))
        again = channel.send(parcels(2, TO, text=SHORT))
    assert sorted(o.key for o in found) == sorted(p.key for p in parcels(12, TO))
    assert [o.state for o in found].count("sent") == 5
    assert {o.why for o in found if o.state != "sent"} == {"channel.lost"}
    assert {o.state for o in again} == {"sent"}
    assert len(smsc.binds) == 2


def test_what_was_answered_before_the_connection_broke_is_sent(monkeypatch):
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(sms_smpp.socket, "create_connection", lambda *_: ours)
    session = sms_smpp._Session("x", 1, 1.0, None)
    jobs = [sms_smpp._Job(p, TO, ()) for p in parcels(3, TO, text=SHORT)]
    taken = [
        sms_smpp.Pdu(sms_smpp.smpp.SUBMIT | sms_smpp.smpp.ANSWER, 0, n, b"m\0") for n in (1, 2)
    ]
    put = session._put

    def broken(command, body, end):
        if session._last == 2:
            theirs.sendall(b"".join(p.octets() for p in taken))
            theirs.close()
        return put(command, body, end)

    monkeypatch.setattr(session, "_put", broken)
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        session.submit([(j, b"") for j in jobs], 3, time.monotonic() + 60)
    session.drop()
    assert [len(j.answers) for j in jobs] == [1, 1, 0]


@pytest.fixture
def talk(monkeypatch):
    """A session, the other end of it, and two jobs for it."""
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(sms_smpp.socket, "create_connection", lambda *_: ours)
    with ours, theirs:
        yield (
            sms_smpp._Session("x", 1, 60.0, None),
            theirs,
            [sms_smpp._Job(p, TO, ()) for p in parcels(2, TO, text=SHORT)],
        )


def said(*commands):
    """PDUs of the centre, one after the other: (command, sequence)."""
    return b"".join(smpp.Pdu(command, 0, n, b"m\0").octets() for command, n in commands)


TAKEN = [(smpp.SUBMIT | smpp.ANSWER, n) for n in (1, 2)]


@pytest.mark.parametrize("asked", [smpp.ENQUIRE, smpp.UNBIND, 0x0103])
def test_answers_behind_what_can_no_longer_be_answered_count(talk, monkeypatch, asked):
    session, theirs, jobs = talk
    put = session._put

    def gone(command, body, end):
        made = put(command, body, end)
        if made == 2:
            theirs.sendall(said((asked, 7), *TAKEN))
            theirs.close()
        return made

    monkeypatch.setattr(session, "_put", gone)
    with pytest.raises(OSError, match=r"Broken pipe|reset|^$"):
        session.submit([(j, b"") for j in jobs], 2, time.monotonic() + 60)
    assert [len(j.answers) for j in jobs] == [1, 1]


def test_answers_that_had_come_before_time_was_over_count(talk, monkeypatch):
    """Nobody let us run in between: they lie there, and the clock says that it is too late."""
    session, theirs, jobs = talk
    put, late = session._put, []
    monkeypatch.setattr(sms_smpp, "monotonic", lambda: time.monotonic() + 1000 * len(late))

    def stopped(command, body, end):
        made = put(command, body, end)
        if made == 2:
            theirs.sendall(said(*TAKEN))
            late.append(True)
        return made

    monkeypatch.setattr(session, "_put", stopped)
    with pytest.raises(TimeoutError):
        session.submit([(j, b"") for j in jobs], 2, time.monotonic() + 60)
    assert [len(j.answers) for j in jobs] == [1, 1]


def test_a_report_that_is_none_takes_no_answer_with_it(talk):
    session, theirs, jobs = talk
    theirs.sendall(said((smpp.DELIVER, 7), *TAKEN))
    assert session.submit([(j, b"") for j in jobs], 2, time.monotonic() + 60) == ""
    assert [len(j.answers) for j in jobs] == [1, 1]
    assert said((smpp.DELIVER | smpp.ANSWER, 7))[:16][4:] in theirs.recv(9999)


def test_a_report_that_comes_while_we_leave_is_not_answered_for(talk, monkeypatch):
    """Nobody would write it down: what the centre has no answer to it says again."""
    session, theirs, _ = talk
    monkeypatch.setattr(sms_smpp.smpp, "delivered", lambda _: ("r-1", "DELIVRD"))
    theirs.sendall(said((smpp.DELIVER, 1), (smpp.UNBIND | smpp.ANSWER, 1)))
    session.close()
    got = b"".join(iter(lambda: theirs.recv(9999), b""))
    assert got == smpp.Pdu(smpp.UNBIND, 0, 1, b"").octets()


def test_a_centre_that_stops_answering_is_given_up_in_time(opened):
    taken = []

    def answer(short):
        taken.append(short)
        return None if len(taken) > 2 else 0

    for patience in (0.6, 6, 60):  # where not even the first answers came: with a longer one
        taken.clear()
        with centre(answer=answer) as smsc:
            begin = time.monotonic()
            found = opened(smsc.port, total_s=patience).send(parcels(6, TO, text=SHORT))
            assert time.monotonic() - begin < patience + IN_TIME_S
        if [o.state for o in found].count("sent") == 2:
            break
    assert [o.state for o in found].count("sent") == 2
    assert {o.why for o in found if o.state == "failed"} == {"channel.timeout"}


HANGS = [
    ("silence", hush),
    ("an octet at a time", lambda c: drip(c, b"\0\0\4\0" + b"\x80" * 1020)),
]


@pytest.mark.parametrize("speak", [h[1] for h in HANGS], ids=[h[0] for h in HANGS])
def test_every_way_to_hang_ends_in_time(opened, speak):
    with raw(speak) as port:
        begin = time.monotonic()
        found = opened(port, timeout_s=0.3, total_s=0.5).send(parcels(2, TO))
        assert time.monotonic() - begin < IN_TIME_S
    assert {o[1:3] for o in found} == {("failed", "channel.timeout")}


BREAKS = [
    ("garbage", lambda c: (c.recv(99), c.sendall(b"\xff" * 64)), "channel.garbage"),
    ("a web server", lambda c: (c.recv(99), c.sendall(b"HTTP/1.1 400 Bad\r\n")), "channel.garbage"),
    ("closed", lambda c: None, "channel.lost"),
    ("a short header", lambda c: (c.recv(99), c.sendall(b"\0\0\0\x08" * 4)), "channel.garbage"),
]


@pytest.mark.parametrize(("speak", "why"), [h[1:] for h in BREAKS], ids=[h[0] for h in BREAKS])
def test_every_way_to_break_is_told(opened, speak, why):
    with raw(speak) as port:
        begin = time.monotonic()
        found = opened(port).send(parcels(2, TO))
        assert time.monotonic() - begin < IN_TIME_S
    assert {o.state for o in found} == {"failed"}
    # What is closed with something unread is a reset, which may overtake what was said.
    assert {o.why for o in found} <= {why, "channel.lost"}


def test_nobody_there_is_a_failure(opened):
    found = opened(free_port()).send(parcels(2, TO))
    assert {o[1:3] for o in found} == {("failed", "channel.no_connection")}


def test_the_centre_gives_up_when_the_notice_is_over(opened, monkeypatch):
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2030, 9, 6, 12, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(sms_smpp, "datetime", Clock)
    with centre() as smsc:
        soon = replace(message(), expires=Clock.now(UTC) + timedelta(hours=2, seconds=30))
        opened(smsc.port).send([parcel(address=TO, of=soon, text=SHORT)])
    assert smsc.shorts[0].validity == "000000020030000R"


def test_settings_that_cannot_work_are_refused():
    plain = {"host": "x", "system": "desk", "password": {"env": "X"}, "sender": "1234"}
    assert sms_smpp.Spec(**plain)
    for wrong in ({"sender": "far too long a name"}, {"system": "x" * 16}, {"window": 0}):
        with pytest.raises(ValidationError):
            sms_smpp.Spec(**{**plain, **wrong})


@given(st.binary(max_size=200))
def test_no_delivery_report_however_broken_does_harm(body):
    try:
        smpp.delivered(body)
    except smpp.GarbageError:
        return


@given(st.binary(max_size=200))
def test_no_stream_of_octets_does_harm(octets):
    buffer = bytearray(octets)
    try:
        while smpp.take(buffer) is not None:
            pass
    except smpp.GarbageError:
        return


def test_letters_of_the_default_alphabet_have_its_codes():
    (part,) = smpp.parts("@$_[€]Öà", "k")
    assert part.octets == bytes([0, 2, 0x11, 0x1B, 0x3C, 0x1B, 0x65, 0x1B, 0x3E, 0x5C, 0x7F])
