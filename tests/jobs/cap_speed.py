"""How fast CAP messages are judged: run by hand, writes ``docs/reference/cap-speed.md``.

    PYTHONPATH=src:tests .venv/bin/python tests/jobs/cap_speed.py

Everything is measured in this run, ours and theirs in turns, processor time of one thread, the best
of several rounds. The peers run where the environment variable ``HAIDANG_CAP_PEER`` names an
interpreter that has them (an environment of its own)::

    python3 -m venv PEER && PEER/bin/pip install capvalidator capparser
"""

from __future__ import annotations

import json
import math
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from lxml import etree

from haidang.warn import cap

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cap-speed.md"
PEER = "HAIDANG_CAP_PEER"
SCRIPT = """
import json, sys, time
import capparser, capvalidator
messages = [open(f, "rb").read() for f in sys.argv[2:]]
texts = [m.decode() for m in messages]
def best(what, each):
    rates = []
    for _ in range(int(sys.argv[1])):
        start = time.thread_time()
        for one in each:
            what(one)
        rates.append(len(each) / (time.thread_time() - start))
    return max(rates)
assert all(capvalidator.check_schema(m).passed for m in messages)
print(json.dumps({
    "capvalidator": best(capvalidator.check_schema, messages),
    "capparser": best(lambda t: capparser.parse(stringXML=t), texts),
}))
"""


def made(number: int, areas: int = 20, points: int = 200) -> bytes:
    """A message in two languages with so many areas, each a ring of so many points.

    Every message has outlines of its own: what is remembered from one is no help for the next.
    """
    rng = random.Random(number)
    rings = []
    for _ in range(areas):
        lat, lon = rng.uniform(9, 22), rng.uniform(103, 108)
        ring = []
        for k in range(points - 1):
            turn, reach = 2 * math.pi * k / (points - 1), 0.2 * rng.uniform(1, 1.3)
            ring.append(
                (round(lat + reach * math.sin(turn), 4), round(lon + reach * math.cos(turn), 4))
            )
        rings.append((*ring, ring[0]))
    sent = datetime(2024, 9, 6, 19, 22, tzinfo=timezone(timedelta(hours=7)))
    infos = tuple(
        cap.Info(
            language=language,
            categories=("Met",),
            event=f"Storm {language}",
            responses=("Shelter",),
            urgency="Expected",
            severity="Severe",
            certainty="Likely",
            event_codes=(("OET", "OET-051"),),
            effective=sent,
            onset=sent + timedelta(hours=3),
            expires=sent + timedelta(hours=24),
            sender_name="Agency",
            headline="A storm is coming",
            description="Strong wind and high water.",
            instruction="Stay inside.",
            areas=tuple(
                cap.AreaBlock(f"Area {k}", (ring,), geocodes=(("code", f"{k:05}"),))
                for k, ring in enumerate(rings)
            ),
        )
        for language in ("en-US", "vi-VN")
    )
    return cap.build(
        cap.Alert(
            identifier=f"m-{number}", sender="a@example.org", sent=sent, status="Actual",
            kind="Alert", infos=infos,
        )
    )  # fmt: skip


def small(number: int) -> bytes:
    """A message as most are: one language, one area, an outline of some twenty points."""
    data = made(number, 1, 22).decode()
    return (data[: data.rindex("  <info>")] + "</alert>\n").encode()


def best(what: Callable[[bytes], object], messages: Sequence[bytes], rounds: int = 7) -> float:
    """Messages per second of processor time, the best round."""
    rates = []
    for _ in range(rounds):
        start = time.thread_time()
        for one in messages:
            what(one)
        rates.append(len(messages) / (time.thread_time() - start))
    return max(rates)


def both(data: bytes) -> None:
    """Judge and read, in one walk."""
    report, alert = cap.receive(data)
    assert report.valid
    assert alert is not None


def theirs(messages: Sequence[bytes], rounds: int = 5) -> dict[str, float] | None:
    """The peers on the same messages; None where there is no interpreter that has them."""
    interpreter = os.environ.get(PEER)
    if not interpreter:
        return None
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for k, data in enumerate(messages):
            files.append(f"{folder}/{k}.xml")
            Path(files[-1]).write_bytes(data)
        done = subprocess.run(
            [interpreter, "-c", SCRIPT, str(rounds), *files],
            check=True,
            capture_output=True,
            text=True,
        )
    found: dict[str, float] = json.loads(done.stdout)
    return found


SIZES: dict[str, Callable[[int], bytes]] = {
    "one language, one area, 22 points": small,
    "2 languages, 20 areas, 200 points": made,
}


def measured(count: int = 40, rounds: int = 25) -> dict[str, dict[str, float]]:
    """All rates, by size of message and by what is done."""
    found: dict[str, dict[str, float]] = {}
    for name, make in SIZES.items():
        messages = [make(k) for k in range(count)]
        rates = {"validate, not warmed": best(cap.validate, messages, rounds)}
        cap.warm()
        rates["validate"] = best(cap.validate, messages, rounds)
        rates["lxml, nothing but the tree"] = best(etree.fromstring, messages, rounds)
        rates["parse"] = best(cap.parse, messages, rounds)
        rates["validate and parse: `receive`"] = best(both, messages, rounds)
        rates.update(theirs(messages, rounds) or {})
        rates["bytes"] = sum(map(len, messages)) / count
        found[name] = rates
        cap.outline._KERNEL.clear()
    return found


def page(found: dict[str, dict[str, float]], load: float) -> str:
    """The page of what was measured."""
    names = [n for n in next(iter(found.values())) if n != "bytes"]
    rows = [
        f"| {name} | " + " | ".join(f"{rates[name]:,.0f}" for rates in found.values()) + " |"
        for name in names
    ]
    head = " | ".join(f"{size} ({rates['bytes'] / 1000:,.0f} kB)" for size, rates in found.items())
    ruler = "---|" * (len(found) + 1)
    return TEXT.format(
        aim=AIM,
        verdict=" ".join(_verdict(size, rates) for size, rates in found.items()),
        table="\n".join((f"| Messages per second | {head} |", f"|{ruler}", *rows)),
        python=platform.python_version(), cores=os.cpu_count(), load=f"{load:.1f}",
    )  # fmt: skip


AIM = 5_000


def _verdict(size: str, rates: dict[str, float]) -> str:
    """What the figures of one size say of the aim and of the peer that checks the least."""
    mine = rates["validate"]
    said = f"Messages of {size}: {'reached' if mine >= AIM else 'not reached'}"
    peer = rates.get("capvalidator")
    if peer:
        times = mine / peer
        said += f", {times:.1f} times what the schema alone costs capvalidator"
    return f"{said}."


TEXT = """# CAP, how fast

Made by `PYTHONPATH=src:tests python tests/jobs/cap_speed.py`, which says how the peers come in.
Every figure was measured in one run: processor time of one thread, best round, every message with
outlines of its own, Python {python}, {cores} cores, load {load} when it began. Processor time of a
busy machine is longer than that of a quiet one; what to compare is the lines of one column.

{table}

`validate` is the schema, every rule, and self-crossing of every outline; `validate, not warmed` is
the same without the compiled pass for outlines (`cap.warm()` was not called). `parse` makes the
values, among them one pair of Python numbers for every point; `receive` does both in one walk.
`lxml, nothing but the tree` is what reading the XML costs before anything is looked at.
`capvalidator` (0.1.0.dev4) checks the schema alone; `capparser` (2.0.4) makes objects of the texts
and checks nothing.

The aim was {aim:,} a second with all rules. {verdict}
"""


if __name__ == "__main__":
    before = os.getloadavg()[0]
    PAGE.write_text(page(measured(), before), "utf-8")
    sys.stdout.write(PAGE.read_text("utf-8"))
