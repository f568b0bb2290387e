"""Not a test: runs the duty in children and kills them (SIGKILL), then says how the store fared.

Usage: killed.py <folder> <random|statements|response|migration|upgrade> [address address ...].
With addresses of empty databases these are used, and no files. A program of its own, because it
forks.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, inspect

from edge.store.samples import duty
from edge.store.samples_response import response_duty
from haidang.edge.store import Store
from haidang.edge.store.database import _address

STEPS = 10
KILLS = 8
TRIES = 40
AHEAD = 5
"""Statements that a child may begin after the one whose hearing kills it: however late the signal
comes, the child is not over before."""
TABLES = {"alembic_version", "receipt", "ledger", "draft_event", "outbox"}


def child(
    file: Path | str,
    steps: int,
    die_at: int | None = None,
    ticks: int | None = None,
    work: Callable[[Store, int], None] = duty,
) -> tuple[bool, int]:
    """Run the duty in a child.

    Args:
        file: The store, or its address.
        steps: Of the duty.
        die_at: The child kills itself before this statement.
        ticks: The parent kills it as soon as it hears that so many statements have begun. The
            child goes on meanwhile, for `AHEAD` statements at most, so where it dies is chance;
            that it dies is not a question of how fast the machine is just now.
        work: What it does.

    Returns:
        Whether it was killed before it was done, and how many statements it was heard to begin.
    """
    hear, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(hear)
        begun = count(1)

        @event.listens_for(Engine, "before_cursor_execute")
        def _(*_: object) -> None:
            number = next(begun)
            if number == die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            while ticks is not None and number > ticks + AHEAD:
                signal.pause()
            os.write(tell, b".")

        code = 1
        try:
            with Store.open(file) as store:
                work(store, steps)
            code = 0
        finally:
            os._exit(code)
    os.close(tell)
    heard = 0
    while (ticks is None or heard < ticks) and os.read(hear, 1):
        heard += 1
    if ticks is not None:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(hear)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("the child failed by itself")
    return os.WIFSIGNALED(status), heard


def first_revision(model: Path, file: Path) -> None:
    """A store as the first revision of the schema left it, with what the model holds."""
    with sqlite3.connect(model) as raw, sqlite3.connect(file) as copy:
        raw.backup(copy)
    raw.close()
    for index in ("ix_standing_place_run", "ix_draft_place"):
        copy.execute(f"DROP INDEX {index}")
    seventh, sixth = ("spared",), ("lease",)
    fifth = (
        "world_finding", "world_feed", "world_entry", "world_seen", "world_place", "world_link",
        "world_message",
    )  # fmt: skip
    fourth = (
        "delivery_report", "delivery_try", "delivery", "dispatch",
        "subscription", "recipient_address", "recipient_alias", "recipient",
    )  # fmt: skip
    third = ("raise_lapse", "raise_act", "level_raise")
    second = ("task_event", "allotment", "task", "plan", "stock", "form", "session", "account")
    for name in (*seventh, *sixth, *fifth, *fourth, *third, *second):
        copy.execute(f"DROP TABLE {name}")
    copy.execute("UPDATE alembic_version SET version_num = '0001'")
    copy.execute("PRAGMA journal_mode = WAL")
    copy.commit()
    copy.close()


def whole(file: Path | str) -> dict[str, object]:
    """How a killed store looks to the next program."""
    with Store.open(file) as store:
        said = [p.say("en") for p in store.verify()]
        seq, _ = store.head()
    return {"faults": said, "seq": seq}


def at_random(files: Iterator[Path | str]) -> tuple[list[dict[str, object]], list[Path | str]]:
    """Eight kills, in one store after the other; those that came too late are tried again."""
    used = [next(files), next(files)]
    done, statements = child(used[0], STEPS)
    assert not done
    chance = random.Random(8)
    report: list[dict[str, object]] = []
    for _ in range(TRIES):
        killed, _ = child(used[-1], STEPS, ticks=chance.randint(1, statements * 2 // 3))
        if killed:
            report.append({"killed": True, **whole(used[-1])})
        else:  # it was done already: go on with another one
            used.append(next(files))
        if len(report) == KILLS:
            break
    for file in used:
        assert child(file, STEPS)[0] is False
    return report, used


def at_statements(
    files: Iterator[Path | str],
    hits: range,
    steps: int,
    work: Callable[[Store, int], None] = duty,
    *,
    old: bool = False,
) -> tuple[list[dict[str, object]], list[Path | str]]:
    """A kill before each of these statements, each in a store of its own.

    With ``old`` each is first brought back to the first revision of the schema.
    """
    used = [next(files)]
    assert child(used[0], steps, work=work)[0] is False
    report: list[dict[str, object]] = []
    for hit in hits:
        file = next(files)
        used.append(file)
        if old:
            first_revision(Path(used[0]), Path(file))
        killed, _ = child(file, steps, die_at=hit, work=work)
        found = tables(file)
        half = bool(found & TABLES) and not found >= TABLES
        report.append({"killed": killed, "half": half, "empty": not found, **whole(file)})
        assert child(file, steps, work=work)[0] is False
    return report, used


def tables(file: Path | str) -> set[str]:
    """Names of what is in a database, without the program's own eyes."""
    engine = create_engine(_address(os.fspath(file)))
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def main(folder: Path, how: str, addresses: list[str]) -> None:
    endless = (folder / f"store{number}.db" for number in count())
    files: Iterator[Path | str] = iter(addresses) if addresses else endless
    if how == "random":
        report, used = at_random(files)
    elif how == "migration":
        report, used = at_statements(files, range(1, 122, 10), 1)
    elif how == "upgrade":
        report, used = at_statements(files, range(3, 76, 7), 1, old=True)
    elif how == "response":
        report, used = at_statements(files, range(64, 275, 21), 2, response_duty)
    else:
        report, used = at_statements(files, range(62, 240, 22), 2)
    heads = []
    for file in used:
        with Store.open(file) as store:
            numbers = [e.seq for e in store.ledger()]
            assert numbers == list(range(1, len(numbers) + 1))
            heads.append(store.head())
            assert store.verify() == ()
    print(json.dumps({"report": report, "heads": heads}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
