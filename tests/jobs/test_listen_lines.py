"""Several packs over one line, a line that nobody else reads, and one faster than we are."""

from __future__ import annotations

import gc
import ipaddress
import json
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from authority import FIRST, LAST, Pair, curve, issued, name
from haidang.base.errors import BadPack
from haidang.cli import listen as cli_listen
from haidang.edge.feeds.mqtt import Inbox
from haidang.edge.feeds.sensors import BrokerSpec, LimitsSpec
from haidang.jobs.listen import Listener, read_status
from haidang.jobs.live_desk import open_home
from haidang.pack.load import Roots, roots
from jobs.live_toy import COUNTRY, THREAT, make
from jobs.test_listen import ATOM, Sensor, desk_of, opened, until
from mosquitto import Broker, broker
from receivers import hush, raw


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    make(folder, 4, 6)
    twin(folder, "surge")
    return folder


@pytest.fixture(scope="module")
def known(packs: Path) -> Roots:
    return roots([packs])


@pytest.fixture(scope="module")
def mqtt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("mqtt")) as running:
        yield running


def twin(folder: Path, called: str) -> None:
    """A second threat that is read at the same gauges."""
    for home in (folder / "threats", folder / "countries" / COUNTRY / "threats"):
        shutil.copytree(home / THREAT, home / called, ignore=shutil.ignore_patterns("golden"))
    pack = folder / "threats" / called / "pack.yaml"
    pack.write_text(pack.read_text("utf-8").replace("id: flood", f"id: {called}"), "utf-8")


# --- several packs ------------------------------------------------------------------------------


def test_each_pack_hears_its_own_topics_and_speaks_for_itself(mqtt, known, tmp_path):
    topics = [
        {"topic": f"{threat}/{{place}}/{{indicator}}", "threat": threat}
        for threat in (THREAT, "surge")
    ]
    folder = desk_of(tmp_path / "desk", mqtt, "both", threats=[THREAT, "surge"], topics=topics)
    rivers, coast = Sensor(mqtt, THREAT), Sensor(mqtt, "surge")
    with opened(folder, known) as made:
        rivers.say("g0001", 4.5)
        coast.say("g0002", 3.5)
        until(made, 2)
        said = {(made.store.notice(m.identifier).notice.threat, m.level) for m in spoken(made)}
        assert said == {(THREAT, 3), ("surge", 2)}
        feed = (folder / ATOM).read_text("utf-8")
        assert all(m.identifier in feed for m in spoken(made))
        for threat in (THREAT, "surge"):
            own = (folder / f"public/feeds/threat/{threat}.en.atom").read_text("utf-8")
            assert own.count("</entry>") == 1
        # A reading of one says nothing of the other: its gauges are as silent as before.
        quiet = {(s["series"], s["place"]) for s in made.status()["silent_first"]}
        assert (f"{THREAT}/stage", "g0002") in quiet
        assert ("surge/stage", "g0002") not in quiet
    for sensor in (rivers, coast):
        sensor.close()
    # What is known of both is there again after a start.
    with opened(folder, known) as again:
        assert {m.level for m in spoken(again)} == {2, 3}
        assert again.status()["counts"].get("spoken", 0) == 0


def spoken(made: Listener):
    return made.store.messages()


def test_a_pack_without_readings_is_refused_before_anything_is_heard(known, mqtt, tmp_path):
    topics = [{"topic": "x/{place}/{indicator}", "threat": "storm"}]
    folder = desk_of(tmp_path / "desk", mqtt, "x", threats=[THREAT, "storm"], topics=topics)
    with pytest.raises(BadPack) as caught:
        open_home(folder, known, datetime.now(UTC))
    (problem,) = caught.value.problems
    assert (problem.code, problem.file) == ("live.not_readings", "sensors.yaml")
    assert "'storm'" in problem.say("en")
    assert [f.name for f in folder.iterdir()] == ["sensors.yaml"]


# --- TLS ----------------------------------------------------------------------------------------

ROOT = issued("Authority", curve(11), ca=True)
STRANGER = issued("Another authority", curve(12), ca=True)


def server(above: Pair, number: int = 13, of: str = "127.0.0.1") -> Pair:
    """A certificate for a broker at an address."""
    key = curve(number)
    ids = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.private.public_key())
    made = (
        x509.CertificateBuilder()
        .subject_name(name("broker"))
        .issuer_name(above.certificate.subject)
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(FIRST)
        .not_valid_after(LAST)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(of))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(ids, critical=False)
        .sign(above.private, SHA256())
    )
    return Pair(key, made)


def secured(folder: Path, shown: Pair, *lines: str) -> tuple[str, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    files = {"ca.pem": ROOT.pem, "server.pem": shown.pem, "server.key": shown.key}
    for file, data in files.items():
        (folder / file).write_bytes(data)
    return (
        f"cafile {folder}/ca.pem", f"certfile {folder}/server.pem",
        f"keyfile {folder}/server.key", *lines,
    )  # fmt: skip


class Behind(Sensor):
    """A sensor over TLS."""

    def __init__(self, line: Broker, under: str, ca: Path, *own: Path) -> None:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.tls_set(str(ca), *map(str, own))
        self.client.connect(line.host, line.port)
        self.client.loop_start()
        self.under = under


def tls_desk(folder: Path, line: Broker, trusted: Pair, own: Pair | None = None) -> Path:
    more = {"certificate": "me.pem", "key": "me.key"} if own else {}
    where = {"host": line.host, "port": line.port, "client": "secret",
             "tls": {"ca": "ca.pem", **more}}  # fmt: skip
    made = desk_of(folder, line, "secret", broker=where)
    (made / "ca.pem").write_bytes(trusted.pem)
    if own:
        (made / "me.pem").write_bytes(own.pem)
        (made / "me.key").write_bytes(own.key)
    return made


def test_a_reading_comes_over_tls_with_our_certificate(known, tmp_path):
    home = tmp_path / "broker"
    me = issued("duty", curve(14), ROOT)
    lines = secured(home, server(ROOT), "require_certificate true")
    with broker(home, *lines) as line:
        folder = tls_desk(tmp_path / "desk", line, ROOT, me)
        with opened(folder, known) as made:
            sensor = Behind(line, "secret", folder / "ca.pem", folder / "me.pem", folder / "me.key")
            sensor.say("g0001", 4.5)
            until(made, 1)
            assert [m.level for m in spoken(made)] == [3]
            sensor.close()


# The client library leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("shown", "trusted", "says"),
    [
        (server(ROOT), STRANGER, "certificate verify failed"),
        (server(ROOT, of="127.0.0.9"), ROOT, "IP address mismatch"),
        (server(STRANGER), ROOT, "certificate verify failed"),
    ],
)
def test_a_broker_that_is_not_believed_hears_nothing_and_is_named(
    known, tmp_path, shown, trusted, says
):
    home = tmp_path / "broker"
    with broker(home, *secured(home, shown)) as line:
        folder = tls_desk(tmp_path / "desk", line, trusted)
        made = Listener(open_home(folder, known, datetime.now(UTC)), opened(folder, known).store)
        made.open()
        try:
            why = wait_for(lambda: made.inbox.failed)
            assert says in why
            assert not made.inbox.connected
            made._beat()
            said = [text for text, wrong in cli_listen._lines(read_status(folder)) if wrong]
            assert any(says in text for text in said)
        finally:
            made.close()
            made.store.close()
    gc.collect()  # here, and not in a test that has nothing to do with it


def test_a_broker_that_is_away_is_named_until_it_is_there(known, tmp_path):
    away = Broker(tmp_path / "broker", ())
    folder = desk_of(tmp_path / "desk", away, "early")
    made = Listener(open_home(folder, known, datetime.now(UTC)), opened(folder, known).store)
    made.open()
    try:
        assert "refused" in wait_for(lambda: made.inbox.failed).lower()
        away.start()
        assert made.inbox.wait_connected(60)
        assert made.inbox.failed == ""
    finally:
        made.close()
        made.store.close()
        away.stop()


def test_the_line_stands_once_the_broker_has_taken_our_topics(tmp_path):
    """What is published between its greeting and that is not kept for one it does not know."""
    asked, go = threading.Event(), threading.Event()

    def speak(connection):
        assert connection.recv(9999)
        connection.sendall(b"\x20\x03\0\0\0")
        packet = connection.recv(9999)
        asked.set()
        assert go.wait(60)
        # Of three topics the first is granted; of the last, which is the broker's own, no matter.
        connection.sendall(b"\x90\x06" + packet[2:4] + b"\0" + bytes([1, 0x87, 0x87]))
        hush(connection)

    with raw(speak) as port:
        broker_ = BrokerSpec(host="127.0.0.1", port=port, client="me")
        inbox = Inbox(broker_, ["a/#", "b/#"], LimitsSpec(), tmp_path)
        inbox.open()
        try:
            assert asked.wait(60)
            assert not inbox.connected
            go.set()
            assert inbox.wait_connected(60)
            assert (inbox.refused, inbox.unheard) == ("", ("b/# (Not authorized)",))
        finally:
            go.set()
            inbox.close()


def wait_for(what, seconds: float = 60.0):
    latest = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < latest
        time.sleep(0.02)
    return found


# --- faster than we are -------------------------------------------------------------------------


def test_a_full_queue_holds_the_broker_back_and_nothing_is_lost(mqtt, known, tmp_path):
    """Nobody takes for a while: what waits here is bounded, and the broker keeps the rest."""
    where = {
        "host": mqtt.host, "port": mqtt.port, "client": "slow", "in_flight": 40,
        "keepalive_s": 600,  # a line that is not read gives no sign of life either
    }  # fmt: skip
    folder = desk_of(
        tmp_path / "desk", mqtt, "slow", broker=where,
        limits={"queue": 10, "batch": 25, "gather_ms": 0},
    )  # fmt: skip
    sensor, count = Sensor(mqtt, "slow"), 400
    with opened(folder, known) as made:
        begun = datetime.now(UTC) - timedelta(hours=1)
        for n in range(count):
            sensor.say("g0003", 1.0 + n / 1000, begun + timedelta(seconds=n))
        wait_for(lambda: len(made.inbox) >= 10)
        time.sleep(0.5)
        assert len(made.inbox) <= 10
        assert made.status()["waiting"] <= 10
        until(made, count)
        counts = made.status()["counts"]
        assert (counts["stored"], counts.get("refused", 0)) == (count, 0)
        assert made.inbox.reconnects == 0
    sensor.close()


def test_an_outage_while_the_queue_is_full_loses_nothing(known, tmp_path):
    """What was taken and not yet acknowledged comes again, and is known by then."""
    with broker(tmp_path / "broker", "autosave_interval 1", "autosave_on_changes true") as line:
        where = {"host": line.host, "port": line.port, "client": "torn", "in_flight": 30}
        folder = desk_of(
            tmp_path / "desk", line, "torn", broker=where,
            limits={"queue": 10, "batch": 7, "gather_ms": 0},
        )  # fmt: skip
        sensor, count = Sensor(line, "torn"), 120
        with opened(folder, known) as made:
            begun = datetime.now(UTC) - timedelta(hours=1)
            for n in range(count):
                sensor.say("g0003", 1.0 + n / 1000, begun + timedelta(seconds=n))
            wait_for(lambda: len(made.inbox) >= 10)
            made.step(0.05)
            line.stop()
            for _ in range(3):  # what is here is stored though the line is gone
                made.step(0.05)
            line.start()
            until(made, count, "stored")
            assert made.inbox.reconnects >= 1
            counts = made.status()["counts"]
            assert (counts["stored"], counts.get("refused", 0)) == (count, 0)
            assert made.store.messages() == ()
            assert json.loads((folder / "listen.json").read_text("utf-8"))["trouble"] == ""
        sensor.close()
