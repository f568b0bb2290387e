"""From a reading over MQTT to the entry in the feed: run by hand, writes docs/reference/latency.md.

    PYTHONPATH=src:tests python tests/jobs/live_speed.py

A real Mosquitto, ``haidang listen`` in a process of its own, a publisher in another. The country
is the toy with 3,321 communes, 500 of which have a gauge; its flood is verified and speaks alone.
A trigger is a reading two alarm levels above the one before, at a gauge of its own each time; the
clock runs from the moment before it is given to the client to the moment at which its commune
stands in ``public/feeds/all.atom``, which is looked at every 2 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as paho
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from haidang.jobs.listen import read_status
from jobs.live_toy import COUNTRY, THREAT, make
from mosquitto import Broker, broker

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "latency.md"
COMMUNES, GAUGES, RATE, SECONDS, REST, LOUD = 3321, 500, 1000, 60, 200, 200
POLL_S = 0.002
PROGRAM = """
import sys
from haidang.cli import main
sys.argv = ["haidang", "listen", sys.argv[1], "--feeds-only"]
main()
"""


@dataclass(frozen=True)
class Figures:
    """One series of triggers.

    Attributes:
        seconds: From reading to feed, one each.
        lost: Triggers that never came.
        stored: Readings that were stored meanwhile.
        sent: Readings that were published meanwhile, triggers too.
        took: Of all, s.
        processor: Of the listening process, s.
        batches: Handfuls in which they were stored.
    """

    seconds: tuple[float, ...]
    lost: int
    stored: int
    sent: int
    took: float
    processor: float
    batches: int

    def at(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Publisher:
    """Another machine's client, as far as one machine can play it."""

    def __init__(self, server: Broker) -> None:
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.max_inflight_messages_set(5000)
        self.client.connect(server.host, server.port)
        self.client.loop_start()
        self.sent = 0

    def say(self, gauge: int, value: float) -> None:
        body = {"time": datetime.now(UTC).isoformat(), "value": value}
        self.client.publish(f"gauges/g{gauge:04d}/stage", json.dumps(body), qos=1)
        self.sent += 1

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def _environment(**more: str) -> dict[str, str]:
    """Children find the same modules, however this program was started."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **more}


@contextmanager
def listening(folder: Path, packs: Path, server: Broker) -> Iterator[tuple[int, float]]:
    """Start the program; its process id and the seconds from start to first sign of life."""
    folder.mkdir(exist_ok=True)
    said = {
        "name": "Speed",
        "country": COUNTRY,
        "threats": [THREAT],
        "broker": {"host": server.host, "port": server.port, "client": "speed"},
        "topics": [{"topic": "gauges/{place}/{indicator}", "threat": THREAT}],
        "heartbeat_s": 1,
    }
    (folder / "sensors.yaml").write_text(yaml.safe_dump(said), "utf-8")
    begun = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        env=_environment(HAIDANG_PACKS=str(packs)),
        stdout=subprocess.DEVNULL,
    )
    try:
        while True:
            with suppress(Exception):
                if read_status(folder)["broker"]["connected"]:
                    break
            if child.poll() is not None:
                raise RuntimeError("it ended")
            time.sleep(0.05)
        yield child.pid, time.monotonic() - begun
    finally:
        child.terminate()
        child.wait(60)


def processor(pid: int) -> float:
    """Processor time of a process so far, s."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(feed: Path, words: bytes, limit_s: float) -> float | None:
    """When words stand in a file; None where they never do."""
    latest = time.monotonic() + limit_s
    while time.monotonic() < latest:
        with suppress(FileNotFoundError):
            if words in feed.read_bytes():
                return time.monotonic()
        time.sleep(POLL_S)
    return None


def triggered(
    folder: Path, speaker: Publisher, gauges: Sequence[int], every_s: float, limit_s: float = 60
) -> tuple[list[float], int]:
    """One trigger after the other; seconds from each to its entry, and how many never came."""
    feed = folder / "public" / "feeds" / "all.atom"
    seconds, lost = [], 0
    for gauge in gauges:
        begun = time.monotonic()
        speaker.say(gauge, 4.5)
        there = wait_for(feed, f" in Commune {gauge}.</title>".encode(), limit_s)
        if there is None:
            lost += 1
        else:
            seconds.append(there - begun)
        if (rest := begun + every_s - time.monotonic()) > 0:
            time.sleep(rest)
    return seconds, lost


BACKGROUND = """
import sys, time
from jobs import live_speed
host, port, rate, seconds, first, gauges = sys.argv[1:]
live_speed.murmur(host, int(port), int(rate), float(seconds), int(first), int(gauges))
"""


def murmur(host: str, port: int, rate: int, seconds: float, first: int, gauges: int) -> None:
    """Quiet readings of gauges in turn, so many a second; prints how many were published.

    Args:
        first: Number of the first gauge. Those before it are the triggers': a gauge that says 0.5
            a moment after it said 4.5 is quiet, and nobody is to be told of it.
        gauges: Number of all.
    """
    server = Broker.__new__(Broker)
    server.host, server.port = host, port
    speaker = Publisher(server)
    begun = time.monotonic()
    passed = 0.0
    while passed < seconds:
        passed = min(time.monotonic() - begun, seconds)  # at its end it makes up for what it slept
        while speaker.sent < passed * rate:
            n = speaker.sent
            speaker.say(first + n % (gauges - first), 0.5 + (n * 7919 % 100) / 100)
        time.sleep(0.002)
    while speaker.client.want_write():
        time.sleep(0.01)
    time.sleep(0.5)
    print(speaker.sent, flush=True)
    speaker.close()


def counts(folder: Path) -> dict[str, int]:
    return dict(read_status(folder)["counts"])


def measured(
    folder: Path, packs: Path, server: Broker, triggers: int, gauges: int,
    *, rate: int = 0, seconds: float = 0, pause_s: float = 0.05,
) -> tuple[Figures, float]:  # fmt: skip
    """Triggers, at rest or under a rate of other readings; and how long the start took."""
    with listening(folder, packs, server) as (pid, start):
        time.sleep(1.5)
        speaker = Publisher(server)
        before, begun = processor(pid), time.monotonic()
        other = None
        if rate:
            args = [server.host, server.port, rate, seconds, triggers, gauges]
            other = subprocess.Popen(
                [sys.executable, "-c", BACKGROUND, *map(str, args)],
                stdout=subprocess.PIPE, text=True, env=_environment(),
            )  # fmt: skip
            time.sleep(1.0)
        every = (seconds - 2) / triggers if rate else pause_s
        found, lost = triggered(folder, speaker, range(triggers), every)
        sent = speaker.sent + (int(other.communicate()[0]) if other else 0)
        latest = time.monotonic() + 120
        while counts(folder).get("messages", 0) < sent and time.monotonic() < latest:
            time.sleep(0.2)
        took, used = time.monotonic() - begun, processor(pid) - before
        said = counts(folder)
        speaker.close()
    made = Figures(
        tuple(found), lost, said.get("stored", 0), sent, took, used, said.get("batches", 0)
    )
    return made, start


def run(
    communes: int, gauges: int, triggers: tuple[int, int], rate: int, seconds: float
) -> tuple[Figures, Figures, float]:
    with tempfile.TemporaryDirectory() as aside:
        home = Path(aside)
        make(home / "packs", communes, gauges)
        with broker(home / "mqtt") as server:
            rest, start = measured(home / "rest", home / "packs", server, triggers[0], gauges)
            loud, _ = measured(
                home / "loud", home / "packs", server, triggers[1], gauges,
                rate=rate, seconds=seconds,
            )  # fmt: skip
    return rest, loud, start


def page(rest: Figures, loud: Figures, start: float, sizes: dict[str, object]) -> list[str]:
    """The page: nothing on it that was not measured in this run."""
    load = os.getloadavg()[0]
    lines = [
        "# From a reading to the feed, how fast",
        "",
        "All figures come from one run of a program; run it on your machine:",
        "",
        "```text",
        "PYTHONPATH=src:tests python tests/jobs/live_speed.py",
        "```",
        "",
        f"This run: {platform.machine()}, {os.cpu_count()} processors, Python "
        f"{platform.python_version()}, load of the machine at its end {load:.1f}. Broker, "
        "publishers, the listening program and the one that measures share the machine. Where it "
        "is busy with other work, processor time says more than the clock.",
        "",
        f"A country of {sizes['communes']:,} communes, {sizes['gauges']} of them with a gauge. The "
        "flood pack is verified and speaks alone; no pack that ships is. A trigger is one reading "
        "over alarm level 3 at a gauge of its own, the other readings come from gauges that stay "
        "quiet; the clock runs from its publishing until the notice of its commune stands in "
        "`public/feeds/all.atom`. Every reading and every decision is on the disk (SQLite, "
        "`synchronous = FULL`) before the notice is.",
        "",
        "| | triggers | never came | median, s | p99, s | longest, s |",
        "|---|---:|---:|---:|---:|---:|",
        _row("at rest, one after the other", rest),
        _row(f"under {sizes['rate']:,} readings a second for {sizes['seconds']:g} s", loud),
        "",
        "| | readings published | stored | took, s | processor of the program, s | share of one "
        "core | batches | processor a batch, ms |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        _cost("at rest", rest),
        _cost("under load", loud),
        "",
        f"A cold start, from the command to listening with every place looked at: {start:.1f} s. "
        "Readings that come meanwhile wait at the broker.",
        "",
    ]
    return lines


def _row(name: str, f: Figures) -> str:
    middle = statistics.median(f.seconds)
    n = len(f.seconds) + f.lost
    return f"| {name} | {n} | {f.lost} | {middle:.3f} | {f.at(0.99):.3f} | {max(f.seconds):.3f} |"


def _cost(name: str, f: Figures) -> str:
    each = 1000 * f.processor / max(f.batches, 1)
    return (
        f"| {name} | {f.sent:,} | {f.stored:,} | {f.took:.1f} | {f.processor:.1f} | "
        f"{f.processor / f.took:.0%} | {f.batches:,} | {each:.1f} |"
    )


def main(args: Sequence[str] | None = None) -> None:
    """Measure, and write the page where asked to."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--communes", type=int, default=COMMUNES)
    asked.add_argument("--gauges", type=int, default=GAUGES)
    asked.add_argument("--rest", type=int, default=REST)
    asked.add_argument("--loud", type=int, default=LOUD)
    asked.add_argument("--rate", type=int, default=RATE)
    asked.add_argument("--seconds", type=float, default=SECONDS)
    asked.add_argument("--page", type=Path, default=PAGE)
    given = asked.parse_args(args)
    sizes = vars(given)
    rest, loud, start = run(
        given.communes, given.gauges, (given.rest, given.loud), given.rate, given.seconds
    )
    text = "\n".join(page(rest, loud, start, sizes))
    given.page.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
