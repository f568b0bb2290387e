"""Not a test: runs the duty in children and kills them (SIGKILL), then says how the store fared.

Usage: killed.py <folder> <random|statements|response|migration|upgrade>. A program of its own,
because it forks.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, event

from edge.store.samples import duty
from edge.store.samples_response import response_duty
from haidang.edge.store import Store

STEPS = 10
HITS = {
    "migration": range(1, 62, 6),
    "upgrade": range(3, 36, 4),
    "statements": range(62, 240, 22),
    "response": range(64, 275, 21),
}
TABLES = {"alembic_version", "receipt", "ledger", "draft_event", "outbox"}


def child(
    file: Path,
    steps: int,
    die_at: int | None,
    wait_s: float | None,
    work: Callable[[Store, int], None] = duty,
) -> bool:
    """Run the duty in a child; True if it was killed before it was done."""
    pid = os.fork()
    if pid == 0:
        if die_at is not None:
            count = iter(range(1, 1_000_000))

            @event.listens_for(Engine, "before_cursor_execute")
            def _(*_: object) -> None:
                if next(count) == die_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        with Store.open(file) as store:
            work(store, steps)
        os._exit(0)
    if wait_s is not None:
        time.sleep(wait_s)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def first_revision(model: Path, file: Path) -> None:
    """A store as the first revision of the schema left it, with what the model holds."""
    with sqlite3.connect(model) as raw, sqlite3.connect(file) as copy:
        raw.backup(copy)
    raw.close()
    for name in ("task_event", "allotment", "task", "plan", "stock", "form", "session", "account"):
        copy.execute(f"DROP TABLE {name}")
    copy.execute("UPDATE alembic_version SET version_num = '0001'")
    copy.execute("PRAGMA journal_mode = WAL")
    copy.commit()
    copy.close()


def whole(file: Path) -> dict[str, object]:
    """How a killed store looks to the next program."""
    with Store.open(file) as store:
        said = [p.say("en") for p in store.verify()]
        seq, _ = store.head()
    return {"faults": said, "seq": seq}


def main(folder: Path, how: str) -> None:
    report: list[dict[str, object]] = []
    steps = {"random": STEPS, "statements": 2, "response": 2, "migration": 1, "upgrade": 1}[how]
    work = response_duty if how == "response" else duty
    began = time.perf_counter()
    assert not child(folder / "whole.db", steps, None, None, work)
    lasted = time.perf_counter() - began
    chance = random.Random(8)
    if how == "random":
        files = [folder / "hit0.db"]
        for hit in range(8):
            killed = child(files[-1], steps, None, chance.uniform(0.1, 0.5) * lasted)
            report.append({"killed": killed, **whole(files[-1]), "hit": hit})
            if not killed:  # it was done already: go on with another one
                files.append(folder / f"hit{hit + 1}.db")
        for file in files:
            assert not child(file, steps, None, None)
    else:
        files = []
        for hit in HITS[how]:
            file = folder / f"hit{hit}.db"
            if how == "upgrade":
                first_revision(folder / "whole.db", file)
            killed = child(file, steps, hit, None, work)
            with sqlite3.connect(file) as raw:
                found = {r[0] for r in raw.execute("SELECT name FROM sqlite_master")}
            raw.close()
            report.append(
                {
                    "killed": killed,
                    "half": bool(found & TABLES) and not found >= TABLES,
                    "empty": not found,
                    **whole(file),
                    "hit": hit,
                }
            )
            assert not child(file, steps, None, None, work)
            files.append(file)
    heads = []
    for file in [folder / "whole.db", *files]:
        with Store.open(file) as store:
            numbers = [e.seq for e in store.ledger()]
            assert numbers == list(range(1, len(numbers) + 1))
            heads.append(store.head())
            assert store.verify() == ()
    print(json.dumps({"report": report, "heads": heads}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
