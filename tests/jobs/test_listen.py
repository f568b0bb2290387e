"""From a reading over a real broker to the entry in the feed; killed at any moment it goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import paho.mqtt.client as paho
import pytest
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from haidang.base.errors import Unavailable
from haidang.base.problem import Problem
from haidang.cli import listen as cli_listen
from haidang.edge.store.store import Store
from haidang.jobs.desk import Desk
from haidang.jobs.listen import Listener, read_status
from haidang.jobs.live_desk import open_home
from haidang.pack.load import Roots
from jobs.live_toy import COUNTRY, THREAT, make
from mosquitto import Broker, broker

ATOM = Path("public/feeds/all.atom")
LIVES = int(os.environ.get("HAIDANG_LIVES", "1"))
"""How often the program is killed: once in the suite; by hand twenty times."""


@pytest.fixture(scope="module")
def mqtt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("mqtt")) as running:
        yield running


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    make(folder, 4, 6)
    return folder


@pytest.fixture(scope="module")
def known(packs: Path) -> Roots:
    from haidang.pack.load import roots

    return roots([packs])


def desk_of(folder: Path, server: Broker, client: str, **more: object) -> Path:
    folder.mkdir(parents=True)
    said = {
        "name": "Flood duty",
        "country": COUNTRY,
        "threats": [THREAT],
        "broker": {"host": server.host, "port": server.port, "client": client},
        "topics": [{"topic": f"{client}/{{place}}/{{indicator}}", "threat": THREAT}],
        "lease_s": 1.5,
        "heartbeat_s": 0.2,
        **more,
    }
    (folder / "sensors.yaml").write_text(yaml.safe_dump(said), "utf-8")
    return folder


class Sensor:
    """Publishes, each time until the broker has it."""

    def __init__(self, server: Broker, under: str) -> None:
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.connect(server.host, server.port)
        self.client.loop_start()
        self.under = under

    def say(self, gauge: str, value: float | None, at: datetime | None = None, **more: object):
        body = {"time": (at or datetime.now(UTC)).isoformat(), "value": value, **more}
        self.raw(f"{gauge}/stage", json.dumps(body).encode())

    def raw(self, topic: str, body: bytes, *, retain: bool = False) -> None:
        sent = self.client.publish(f"{self.under}/{topic}", body, qos=1, retain=retain)
        sent.wait_for_publish(60)
        assert sent.is_published()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def sensor(mqtt: Broker, request: pytest.FixtureRequest) -> Iterator[Sensor]:
    made = Sensor(mqtt, request.node.name)
    yield made
    made.close()


@pytest.fixture
def listener(mqtt, known, tmp_path, request) -> Iterator[Listener]:
    folder = desk_of(tmp_path / "desk", mqtt, request.node.name)
    with opened(folder, known) as made:
        yield made


class opened:  # noqa: N801 - reads as a verb where it is used
    """A listener that is closed whatever happens."""

    def __init__(self, folder: Path, known: Roots, pages=None) -> None:
        home = open_home(folder, known, datetime.now(UTC))
        self.store = Store.open(home.database, check=False)
        self.made = Listener(home, self.store, pages)

    def __enter__(self) -> Listener:
        try:
            self.made.open()
        except BaseException:
            self.store.close()
            raise
        assert self.made.inbox.wait_connected(60)
        return self.made

    def __exit__(self, *_: object) -> None:
        self.made.close()
        self.store.close()


def until(made: Listener, count: int, name: str = "messages", seconds: float = 120.0) -> None:
    latest = time.monotonic() + seconds
    while made.status()["counts"].get(name, 0) < count:
        assert time.monotonic() < latest, made.status()
        made.step(0.05)


def test_a_reading_is_in_the_feed_before_anybody_looked(listener, sensor):
    sensor.say("g0001", 4.5)
    until(listener, 1)
    [message] = listener.store.messages()
    assert (message.kind, message.level) == ("Alert", 3)
    feed = (listener.home.folder / ATOM).read_text("utf-8")
    assert message.identifier in feed
    acts = [e for e in listener.store.ledger() if e.kind == "approval"]
    said = json.loads(acts[0].body)
    assert (said["actor"], said["role"], said["signer"]) == ("", "system", "")
    assert listener.store.verify() == ()
    assert listener.store.pending() == ()


def test_a_message_that_breaks_us_is_put_aside_and_the_others_go_on(listener, sensor, monkeypatch):
    take = listener.live.take

    def breaks(found, now):
        if any(b"13.13" in heard.payload for heard in found):
            raise KeyError("a fault of ours")
        return take(found, now)

    monkeypatch.setattr(listener.live, "take", breaks)
    for gauge, value in (("g0002", 1.0), ("g0003", 13.13), ("g0001", 4.5)):
        sensor.say(gauge, value)
    until(listener, 1, "spoken")
    until(listener, 1, "refused")
    status = listener.status()
    assert status["waiting"] == 0
    assert status["counts"]["stored"] == 2
    lines = [line for line, _ in cli_listen._lines(status)]
    # On the country's clock, for whoever reads it there.
    at = datetime.fromisoformat(status["spoken"]).astimezone(ZoneInfo(status["zone"]))
    assert any(f"{at:%H:%M:%S %z}" in line for line in lines)
    assert not any(status["spoken"] in line for line in lines)


def test_a_topic_that_is_not_granted_is_told_with_its_remedy(listener, monkeypatch):
    assert listener.status()["broker"]["unheard"] == []
    monkeypatch.setattr(listener.inbox, "unheard", ("b/# (Not authorized)", "c/#"))
    told = [line for line, wrong in cli_listen._lines(listener.status()) if wrong]
    assert any("b/# (Not authorized), c/#" in line and "sensors.yaml" in line for line in told)


def test_what_the_store_did_not_take_is_spoken_by_the_next_step(listener, sensor, monkeypatch):
    speak, failed = listener.store.speak, []

    def once(*given):
        if not failed:
            failed.append(True)
            raise Unavailable(Problem("store.busy", {}))
        return speak(*given)

    monkeypatch.setattr(listener.store, "speak", once)
    sensor.say("g0001", 4.5)
    until(listener, 1, "spoken")
    assert failed
    [message] = listener.store.messages()
    assert message.identifier in (listener.home.folder / ATOM).read_text("utf-8")


def test_who_lost_the_lease_neither_judges_nor_speaks(listener, sensor, monkeypatch):
    take = listener.live.take

    def then_lost(found, now):
        taken = take(found, now)
        other = listener._lease._replace(holder="b" * 32)
        assert listener.store.take_lease(other, listener.clock() + timedelta(days=1))
        return taken

    monkeypatch.setattr(listener.live, "take", then_lost)
    ledger = len(listener.store.ledger())
    sensor.say("g0001", 4.5)
    with pytest.raises(Unavailable) as raised:
        until(listener, 1, "spoken")
    assert raised.value.problems[0].code == "store.lease_lost"
    assert listener.store.messages() == ()
    assert listener.store.pending() == ()
    assert len(listener.store.ledger()) == ledger
    with pytest.raises(Unavailable):
        listener.store.speak([], listener.clock(), None, (), listener._lease)


def test_a_look_at_midnight_that_failed_is_made_up_for(listener, monkeypatch):
    look, asked = listener._look, []

    def failing(now, *, everything=False):
        asked.append(everything)
        if len(asked) == 1:
            raise Unavailable(Problem("store.locked", {"detail": ""}))
        return look(now, everything=everything)

    monkeypatch.setattr(listener, "_look", failing)
    at = datetime.now(UTC)  # held: it is no other day meanwhile
    monkeypatch.setattr(listener.live, "clock", lambda: at)
    today = listener.home.country.local(at).date()
    listener._day = today - timedelta(days=1)
    listener._guarded_tick()
    assert listener._day < today
    listener._guarded_tick()
    assert (asked[:2], listener._day) == ([True, True], today)


def test_bad_payloads_are_named_and_the_good_are_kept(listener, sensor):
    sensor.raw("g0001/stage", b"\xff\xfe")
    sensor.raw("g0001/stage", b'{"value": 1}')
    sensor.raw("nowhere/stage", b'{"value": 1, "time": "2030-01-01T00:00Z"}')
    sensor.raw("g0001/stage", b"x" * 70_000)
    now = datetime.now(UTC).isoformat()
    mixed = [
        {"time": now, "value": 1.0},
        {"time": now, "value": "high"},
        {"time": now, "value": 99},
    ]
    sensor.raw("g0002/stage", json.dumps(mixed).encode())
    until(listener, 5)
    counts = listener.status()["counts"]
    assert (counts["stored"], counts["refused"]) == (1, 6)
    assert listener.status()["aside"] == {
        "sensors.not_number": 1, "sensors.not_utf8": 1, "sensors.no_time": 1,
        "sensors.outside": 1, "sensors.place": 1, "sensors.too_long": 1,
    }  # fmt: skip
    kept = (listener.home.folder / "aside.jsonl").read_text("utf-8").splitlines()
    assert len(kept) == 6
    assert all(len(line) < 1500 for line in kept)
    assert json.loads(kept[-1])["row"] == 3


def test_a_reading_said_twice_is_one_and_a_correction_is_another(listener, sensor):
    at = datetime.now(UTC)
    for value in (1.0, 1.0, 2.5):
        sensor.say("g0003", value, at)
        sensor.say("g0003", 1.2, at - timedelta(minutes=30))
    until(listener, 6)
    counts = listener.status()["counts"]
    assert (counts["stored"], counts["same"], counts["late"]) == (3, 3, 1)
    assert [d.after for d in listener.store.decisions() if d.place == "c0003"][-1] == 1


def test_a_pack_that_is_not_verified_only_drafts(mqtt, sensor, tmp_path, request):
    packs = make(tmp_path / "packs", 4, 6, tier="exercised")
    folder = desk_of(tmp_path / "desk", mqtt, request.node.name)
    with opened(folder, packs) as made:
        sensor.say("g0001", 4.5)
        until(made, 1)
        assert made.store.messages() == ()
        [draft] = made.store.pending()
        assert draft.approval
        desk = Desk.open(folder, packs)
        try:
            wall = datetime.now(UTC)
            desk.sign(draft.id, "a" * 16, "forecaster", wall)
            message = desk.approve(draft.id, "b" * 16, "lead", wall)
            assert desk.at(None, wall).snapshot.observations.rows
        finally:
            desk.close()
        made._tick(made.live.now())
        assert message.identifier in (folder / ATOM).read_text("utf-8")


def test_two_do_not_listen_for_one_desk(listener, monkeypatch):
    """The first goes on living while the other waits; time passes as the other sleeps."""
    begun, passed = datetime.now(UTC), [0.0]

    def clock():
        return begun + timedelta(seconds=passed[0])

    def sleep(seconds):
        passed[0] += seconds
        listener._guarded_beat()

    held = SimpleNamespace(monotonic=lambda: passed[0], sleep=sleep)
    monkeypatch.setattr("haidang.jobs.listen.time", held)
    listener.clock = clock
    listener._guarded_beat()
    other = Listener(listener.home, listener.store, clock=clock)
    with pytest.raises(Unavailable) as caught:
        other.open()
    assert caught.value.problems[0].code == "live.other"
    assert passed[0] > listener.home.settings.lease_s


def test_silence_is_a_finding_by_time(listener, sensor, monkeypatch):
    sensor.say("g0000", 1.0)
    until(listener, 1)
    assert listener.status()["silent"] == 5  # never heard at all
    later = datetime.now(UTC) + timedelta(hours=13)
    monkeypatch.setattr(listener.live, "clock", lambda: later)
    listener.clock = lambda: later
    assert listener.live.next_due() <= later
    listener.step(0)
    last = [d for d in listener.store.decisions() if d.place == "c0000"][-1]
    assert last.reason.value == "blind"
    assert listener.status()["silent"] == 6


def test_the_look_of_a_new_day_is_made_up_for_when_it_fails(listener, monkeypatch):
    later = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(listener.live, "clock", lambda: later)
    listener.clock = lambda: later
    looks = []

    def look(now, *, everything=False):
        looks.append(everything)
        if len(looks) == 1:
            raise Unavailable(Problem("live.other", {"name": "x"}))

    monkeypatch.setattr(listener, "_look", look)
    for _ in range(3):
        listener._guarded_tick()
    assert looks == [True, True]


PROGRAM = """
import sys
from haidang.cli import main
sys.argv = ["haidang", "listen", sys.argv[1], "--feeds-only"]
main()
"""


def test_killed_at_any_moment_nothing_is_lost_and_nothing_said_twice(mqtt, known, packs, tmp_path):
    under = "killed"
    folder = desk_of(tmp_path / "desk", mqtt, under)
    sensor = Sensor(mqtt, under)
    sent: set[tuple[str, str, float]] = set()
    begun = datetime.now(UTC).replace(microsecond=0)
    try:
        for life in range(LIVES):
            child = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(folder)],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={**os.environ, "HAIDANG_PACKS": str(packs)},
            )  # fmt: skip
            _wait_listening(folder, child)
            for n in range(8):
                gauge, at = f"g{n % 6:04d}", begun + timedelta(seconds=10 * life + n)
                value = (1.0, 2.5, 3.5, 4.5)[(n + life) % 4]
                sensor.say(gauge, value, at - timedelta(minutes=5))
                sent.add((gauge, (at - timedelta(minutes=5)).isoformat(), value))
                if n == 4 + life:
                    child.send_signal(signal.SIGKILL)
            child.wait(60)
            child.stdout.close()
        with opened(folder, known) as made:
            latest = time.monotonic() + 120
            while len(stored(made.store)) < len(sent) and time.monotonic() < latest:
                made.step(0.1)
            assert stored(made.store) == sent
            rows = made.store.observations(datetime.now(UTC) + timedelta(days=1))
            assert len(rows) == len(sent)
            assert made.store.verify() == ()
            messages = made.store.messages()
            assert len({m.draft for m in messages}) == len(messages)
            assert made.store.pending() == ()
            alone = made.store.drafts()
            states = {d.id: made.store.draft_state(d.id).last for d in alone}
            assert set(states.values()) <= {"approved", "superseded", "withdrawn"}
    finally:
        sensor.close()


def stored(store: Store) -> set[tuple[str, str, float]]:
    rows = store.observations(datetime.now(UTC) + timedelta(days=1))
    return {(r.place, r.start.isoformat(), r.value) for r in rows}


def _wait_listening(folder: Path, child: subprocess.Popen[bytes]) -> None:
    latest = time.monotonic() + 240
    begun = datetime.now(UTC)
    while time.monotonic() < latest:
        if child.poll() is not None:
            raise AssertionError(child.stdout.read().decode())
        try:
            status = read_status(folder)
        except Unavailable:
            status = None
        if (
            status
            and status["broker"]["connected"]
            and datetime.fromisoformat(status["at"]) >= begun
        ):
            return
        time.sleep(0.05)
    raise AssertionError("it does not listen")
