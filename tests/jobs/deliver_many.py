"""Not a test: delivers one warning to many recipients, and kills the job (SIGKILL) again and again.

Usage: python tests/jobs/deliver_many.py [RECIPIENTS] [KILLS] [--batch 50] [--share 0.2]
    [--seed 1] [--json] [--alone]

Three channels, the real ones: ``hook``, webhooks, and ``text``, short messages through a gateway by
HTTP, whose receivers keep keys, and ``mail``, SMTP to a real server whose mailbox keeps none. The
receivers are a process of their own; they log every attempt on disk and fail a share of the time.
Two recipients have addresses that refuse for ever. The job is killed at random moments of its work,
each time as soon as the receivers' log has grown to a random length and a random instant more has
passed. What comes behind that length is not answered before the kill, so that the job is at work
then, however late it is.

Exit 1 if anything was lost or shown twice, or if more was repeated than was in flight. A program of
its own, because it forks.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from edge.store.samples import ANNA, BERT, build, deliver, people, run  # noqa: E402
from haidang.app.verdict import Draft, Message  # noqa: E402
from haidang.edge.channels import sms_http, smtp, webhook  # noqa: E402
from haidang.edge.channels.port import Outcome, Parcel  # noqa: E402
from haidang.edge.channels.settings import open_folder  # noqa: E402
from haidang.edge.store import Store  # noqa: E402
from haidang.edge.store.parcels import Policy  # noqa: E402
from haidang.edge.store.recipients import Contact  # noqa: E402
from haidang.jobs.deliver import Deliverer  # noqa: E402
from haidang.warn.route import Subscription  # noqa: E402
from parcels import message as real  # noqa: E402

CHANNELS = ("hook", "text", "mail")
KEYED = ("hook", "text")
GONE = 2
"""Recipients whose addresses refuse for ever."""
assert webhook.NAME
assert smtp.NAME
assert sms_http.NAME
SETTINGS = """channels:
  hook: {{kind: webhook, batch: {batch}, require_signature: false, allow_private: true,
    allow_plain: true, timeout_s: 20}}
  text: {{kind: sms_http, batch: {batch}, url: "http://127.0.0.1:{http}/text", timeout_s: 20,
    headers: {{Idempotency-Key: "{{key}}"}}, fields: {{to: "{{to}}", text: "{{text}}"}}}}
  mail: {{kind: smtp, batch: {batch}, host: 127.0.0.1, port: {mail}, tls: "off",
    sender: duty@example.invalid, timeout_s: 20}}
"""
POLICY = Policy(
    tries=30,
    base=timedelta(seconds=0.2),
    longest=timedelta(seconds=2),
    lease=timedelta(seconds=20),
)


def made(draft: Draft, earlier: tuple[Message, ...]) -> Message:
    """A message with the CAP bytes of a real one, in force for a day from the duty's own time."""
    return replace(build(draft, earlier), body=real(status="Exercise").body)


def prepare(folder: Path, recipients: int, batch: int, http: int, mail: int) -> None:
    """A store with recipients, subscriptions and one approved message."""
    (folder / "channels.yaml").write_text(
        SETTINGS.format(batch=batch, mail=mail, http=http), "utf-8"
    )
    names = [f"r{n:06d}" + ("-gone" if n < GONE else "") for n in range(recipients)]
    with Store.open(folder / "haidang.db") as store:
        people(store)
        store.add_contacts(
            [
                Contact(name, channel, address.format(port=http, name=name, n=n), language="vi")
                for n, name in enumerate(names)
                for channel, address in (
                    ("hook", "http://127.0.0.1:{port}/hook/{name}"),
                    ("text", "+84" + ("00000{n:04d}" if n < GONE else "9{n:08d}")),
                    ("mail", "{name}@example.invalid"),
                )
            ]
        )
        ids = store.recipient_ids(names)
        store.subscribe(
            [Subscription(i, c, language="vi", drills=True) for i in ids.values() for c in CHANNELS]
        )
        deliver(store, 0)
        run(store, 0)
        draft = next(d for d in store.pending() if d.said.level > 0)
        store.sign(draft.id, ANNA, "officer", draft.at)
        store.approve(draft.id, BERT, "head", draft.at, made, ("cap",))


def work(folder: Path) -> None:
    """What ``haidang deliver`` does, until nothing waits any more."""
    ways = open_folder(folder)
    with Store.open(folder / "haidang.db", check=False, busy_s=60) as store:
        job = Deliverer(store, ways, lambda code: frozenset({code}), POLICY)
        while True:
            job.once()
            due = [at for way in ways if (at := store.next_due(way.name)) is not None]
            if not due and not store.unfanned():
                return
            if due:
                wait = (min(due) - datetime.now(UTC)) / timedelta(seconds=1)
                time.sleep(min(max(wait, 0.01), 1.0))


def child(folder: Path) -> int:
    """The job, in a child."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work(folder)
            code = 0
        finally:
            os._exit(code)
    return pid


def ended(pid: int) -> bool:
    """Whether a child is done by itself."""
    found, status = os.waitpid(pid, os.WNOHANG)
    if found and status:
        raise RuntimeError(f"the job failed by itself ({status})")
    return bool(found)


def lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def killed(
    folder: Path, log: Path, kills: int, total: int, draw: random.Random,
    answer: Callable[[int], object],
) -> int:  # fmt: skip
    """Start the job and kill it, again and again; then let it finish.

    Args:
        folder: Of the job.
        log: Of the receivers.
        kills: How often.
        total: Deliveries.
        draw: Chance.
        answer: Says how many attempts are answered from now on, from the first.

    Returns:
        How often it was killed at work.
    """
    hits = 0
    for at in sorted(draw.uniform(0.0, 0.95 * total) for _ in range(kills)):
        # Behind the last kill too, else two kills close together meet a job that only opens.
        heard = max(int(at), lines(log) + 1)
        answer(heard)
        pid = child(folder)
        while lines(log) < heard and not ended(pid):
            time.sleep(0.002)
        time.sleep(draw.uniform(0, 0.05))
        try:
            if ended(pid):
                break
        except ChildProcessError:
            break
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        hits += 1
    answer(sys.maxsize)
    pid = child(folder)
    while not ended(pid):
        time.sleep(0.02)
    return hits


def judge(folder: Path, log: Path, recipients: int) -> dict[str, object]:
    """What was lost, shown twice, repeated, and what the outbox says of it."""
    rows = [line.split() for line in log.read_text("utf-8").splitlines()]
    taken = [(c, who, key) for c, who, key, said in rows if said in ("kept", "lost")]
    arrived = Counter(taken)
    shown = Counter(
        (c, who) for c, who, _ in arrived
    )  # a receiver that keeps keys shows a key once
    wanted = (recipients - GONE) * len(CHANNELS)
    with Store.open(folder / "haidang.db", check=False) as store:
        counts = store.delivery_counts()
        dead = store.deliveries_found(state="dead")
        tries = store.delivery_tries([d.key for d in store.deliveries_found(limit=10**7)])
    states = Counter[str]()
    for (_, state), n in counts.items():
        states[state] += n
    per_channel = Counter(c for c, *_ in taken)
    firsts = Counter(c for c, _ in shown)
    answers_lost = Counter(c for c, _, _, said in rows if said == "lost")
    return {
        "deliveries": wanted + GONE * len(CHANNELS),
        "attempts": len(rows),
        "cut_off": sum(t.state == "begun" for t in tries),
        "lost": wanted - len(shown),
        "shown_twice": sum(n - 1 for (c, _), n in shown.items() if c in KEYED),
        "sent_again": {c: per_channel[c] - firsts[c] for c in CHANNELS},
        "answers_lost": {c: answers_lost[c] for c in CHANNELS},
        "mail_keys": sum(n - 1 for (c, _), n in shown.items() if c == "mail"),
        "dead": len(dead),
        "dead_why": sorted({d.why for d in dead}),
        "states": dict(states),
    }


def play(recipients: int, kills: int, batch: int, share: float, seed: int) -> dict[str, object]:
    folder = Path(tempfile.mkdtemp(prefix="deliver_many_"))
    log = folder / "log"
    command = [
        sys.executable,
        str(HERE / "deliver_receivers.py"),
        str(folder),
        str(share),
        str(seed),
    ]
    receivers = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        assert receivers.stdout is not None
        http, mail = map(int, receivers.stdout.readline().split())
        prepare(folder, recipients, batch, http, mail)
        begun = time.monotonic()
        total = recipients * len(CHANNELS)
        assert receivers.stdin is not None
        say = receivers.stdin
        hits = killed(folder, log, kills, total, random.Random(seed), lambda n: say.write(f"{n}\n"))
        took = time.monotonic() - begun
        found = judge(folder, log, recipients)
    finally:
        assert receivers.stdin is not None
        receivers.stdin.close()
        receivers.wait(60)
        shutil.rmtree(folder, ignore_errors=True)
    return {"recipients": recipients, "kills": hits, "share": share, "seed": seed,
            "batch": batch, "seconds": round(took, 1), **found}  # fmt: skip


@dataclass
class Instant:
    """A channel that answers at once and fails a share of the time: what is left is the outbox."""

    name: str
    share: float
    draw: random.Random
    batch: int
    public: bool = False
    person: bool = True

    @property
    def channel(self) -> Instant:
        return self

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        return [
            Outcome(p.key, "failed" if self.draw.random() < self.share else "sent", "x")
            for p in parcels
        ]

    def close(self) -> None:
        return None


def alone(recipients: int, batch: int, share: float, seed: int) -> dict[str, object]:
    """What the outbox itself takes: fan-out, and all the rest, without a network."""
    folder = Path(tempfile.mkdtemp(prefix="deliver_alone_"))
    try:
        prepare(folder, recipients, batch, 1, 1)
        ways = [Instant(n, share, random.Random(seed), batch) for n in CHANNELS]
        with Store.open(folder / "haidang.db", check=False) as store:
            quick = replace(POLICY, base=timedelta(0), longest=timedelta(0))
            job = Deliverer(store, ways, lambda code: frozenset({code}), quick)
            begun = time.monotonic()
            job.fan_out()
            fanned = time.monotonic()
            job.once()
            ended_at = time.monotonic()
            left = sum(n for (_, s), n in store.delivery_counts().items() if s != "sent")
            tries = sum(job.told.outcomes.values())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    took = ended_at - fanned
    return {"deliveries": job.told.queued, "fan_out_s": round(fanned - begun, 1), "left": left,
            "tries": tries, "send_s": round(took, 1), "per_s": round(tries / took)}  # fmt: skip


def faults(found: dict[str, object]) -> list[str]:
    """What must never be."""
    wrong = [name for name in ("lost", "shown_twice", "mail_keys") if found[name]]
    again = found["sent_again"]
    assert isinstance(again, dict)
    if again["mail"] > int(str(found["kills"])) * int(str(found["batch"])):
        wrong.append("repeats")
    if found["dead"] != GONE * len(CHANNELS):
        wrong.append("dead")
    return wrong


def table(found: dict[str, object]) -> str:
    """The page's table."""
    again, answers = found["sent_again"], found["answers_lost"]
    assert isinstance(again, dict)
    assert isinstance(answers, dict)
    kills, batch = int(str(found["kills"])), int(str(found["batch"]))
    said = [
        ("recipients × channels", f"{found['recipients']} × {len(CHANNELS)}"),
        ("share of attempts that fail", f"{found['share']:.0%}"),
        ("`kill -9` of the job at work", kills),
        ("batch", batch),
        ("lost", found["lost"]),
        ("shown twice by a receiver that keeps keys (`hook`, `text`)", found["shown_twice"]),
        ("copies that such a receiver got and did not show", again["hook"] + again["text"]),
        ("… of them because its own answer was lost", answers["hook"] + answers["text"]),
        ("repeats in mailboxes (`mail`, no keys)", again["mail"]),
        ("… at most, by design: kills × batch", kills * batch),
        ("repeats under another Message-ID", found["mail_keys"]),
        ("dead letters: addresses that refuse for ever", found["dead"]),
        ("attempts that the receivers saw", found["attempts"]),
        ("tries that a kill cut off", found["cut_off"]),
        ("time, s, from the first start to the last delivery", found["seconds"]),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in said)])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("recipients", nargs="?", type=int, default=10_000)
    parser.add_argument("kills", nargs="?", type=int, default=20)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--alone", action="store_true", help="without a network and without kills")
    asked = parser.parse_args()
    if asked.alone:
        print(json.dumps(alone(asked.recipients, asked.batch, asked.share, asked.seed)))
        return 0
    found = play(asked.recipients, asked.kills, asked.batch, asked.share, asked.seed)
    print(json.dumps(found) if asked.json else table(found))
    if not asked.json:
        print(f"\nPython {platform.python_version()}, {os.cpu_count()} processors, SQLite.")
    wrong = faults(found)
    if wrong:
        print("WRONG:", ", ".join(wrong), file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
