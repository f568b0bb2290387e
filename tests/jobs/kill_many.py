"""Not a test: plays a case in children, kills each at a random moment, lets another finish.

Usage: python tests/jobs/kill_many.py CASE N. Prints one line; exit 1 if anything differs from a run
that was left alone, or if fewer than N runs were killed. A program of its own, because it forks.

The moment is counted in statements to the store, not in seconds: a run is killed a little after its
parent heard it begin the n-th, and waits for that where the parent is late, so that how busy the
machine is does not decide whether it dies.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import count, product
from pathlib import Path

from sqlalchemy import Engine, event

from haidang.edge.store import Store
from haidang.jobs.replay import DATABASE, plan, play
from haidang.jobs.tables import tables, write
from haidang.pack.case import Case, load_case
from haidang.pack.load import Roots, roots

TOY = Path(__file__).resolve().parents[1] / "toy"
TRIES = 5  # for a moment behind the last statement, where the run was done before the signal came


def work(case: Case, known: Roots, folder: Path) -> None:
    """What the command does: play, then write the tables."""
    write(tables(play(case, known, folder)), folder / "tables")


def child(
    case: Case, known: Roots, folder: Path, die_after: int | None = None, linger_s: float = 0.0,
    ahead: int = 1,
) -> tuple[bool, int]:  # fmt: skip
    """Work in a child.

    Args:
        case: What it plays.
        known: Packs and cases.
        folder: Where.
        die_after: It is killed when so many statements were heard to begin; None spares it.
        linger_s: Seconds between hearing that and killing, in which it works on.
        ahead: Statements that it may begin meanwhile; before the next it waits to be killed.

    Returns:
        Whether it was killed before it was done, and how many statements were heard.

    Raises:
        RuntimeError: It failed by itself.
    """
    hear, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(hear)
        begun = count(1)

        @event.listens_for(Engine, "before_cursor_execute")
        def _(*_: object) -> None:
            number = next(begun)
            while die_after is not None and number > die_after + ahead:
                signal.pause()
            os.write(tell, b".")

        code = 1
        try:
            work(case, known, folder)
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(tell)
    heard = 0
    while (die_after is None or heard < die_after) and os.read(hear, 1):
        heard += 1
    if die_after is not None:
        time.sleep(linger_s)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(hear)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError(f"a run in {folder} failed by itself")
    return os.WIFSIGNALED(status), heard


@dataclass(frozen=True)
class Print:
    """All that must be the same after any number of kills."""

    head: tuple[int, str]
    faults: tuple[str, ...]
    drafts: dict[str, str]
    messages: dict[str, str]
    files: dict[str, str]
    left_over: tuple[str, ...]


def fingerprint(folder: Path) -> Print:
    """What a run left. Tries to deliver are left out: a message may be tried twice, never lost."""
    with Store.open(folder / DATABASE) as store:
        drafts = {d.id: store.draft_state(d.id).last for d in store.drafts()}
        messages = {m.identifier: hashlib.sha256(m.body).hexdigest() for m in store.messages()}
        head = store.head()
        faults = tuple(p.say("en") for p in store.verify())
        due = store.outbox_due(limit=10)
    assert not due, "something still waits to be sent"
    found = [p for name in ("cap", "tables") for p in sorted((folder / name).glob("*"))]
    return Print(
        head=head,
        faults=faults,
        drafts=drafts,
        messages=messages,
        files={
            p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in found
        },
        left_over=tuple(p.name for p in found if p.suffix == ".part"),
    )


def at_kill(folder: Path) -> dict[str, object]:
    """What a reader finds in a folder whose run was just killed: whole files or none."""
    cap = list((folder / "cap").glob("*.xml"))
    if not (folder / DATABASE).exists():
        return {"entries": 0, "faults": [], "cap": len(cap)}
    with Store.open(folder / DATABASE) as store:
        bodies = {m.body for m in store.messages()}
        faults = [p.say("en") for p in store.verify()]
        entries = store.head()[0]
    faults += [f"{p.name} is no message" for p in cap if p.read_bytes() not in bodies]
    return {"entries": entries, "faults": faults, "cap": len(cap)}


def thinned(known: Roots, folder: Path, members: int) -> Roots:
    """The same threats with fewer tracks in their ensembles: what is tested here is not science."""
    threats = {}
    for name, source in known.threats.items():
        copy = shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        pack = copy / "pack.yaml"
        text, found = re.subn(
            r"(?m)^  members: \d+", f"  members: {members}", pack.read_text("utf-8")
        )
        assert found == ("\n  members:" in text), f"{name} says its members otherwise"
        pack.write_text(text, "utf-8")
        threats[name] = copy
    return replace(known, threats=threats)


def kill_many(
    name: str, kills: int, folder: Path, *, approve: bool = True, members: int | None = None
) -> dict[str, object]:
    """Kill a case so many times; each time in a folder of its own that is then finished.

    Args:
        name: Case id; the toy country's are known too.
        kills: How many.
        folder: Empty.
        approve: Whether the case's officers act; without them every draft keeps waiting.
        members: Tracks in the ensemble; None leaves the pack's.

    Returns:
        A report, as JSON takes it.
    """
    known = roots([TOY])
    if members is not None:
        known = thinned(known, folder / "threats", members)
    case = load_case(name, known)
    if not approve:
        case = replace(case, spec=case.spec.model_copy(update={"officers": ()}))
    work(case, known, folder / "whole")  # here, so that every child finds all code loaded
    wanted = fingerprint(folder / "whole")
    began = time.perf_counter()
    killed, statements = child(case, known, folder / "spared")
    lasted = time.perf_counter() - began
    assert not killed
    assert fingerprint(folder / "spared") == wanted
    chance = random.Random(f"{name} {kills}")
    hits: list[dict[str, object]] = []
    for number, attempt in product(range(kills), range(TRIES)):
        if attempt and hits[-1]["killed"]:
            continue
        mine = folder / f"kill{number}_{attempt}"
        # One in each slice of the run, so that no part of it is spared by chance.
        after = max(1, int(statements * (number + chance.random()) / kills))
        linger, ahead = chance.random() * lasted / kills, statements // kills
        if attempt:  # surely, then: it is held at a statement that is still to come
            after, linger, ahead = min(after, statements - 2), 0.0, 1
        killed, _ = child(case, known, mine, after, linger, ahead)
        hit: dict[str, object] = {"statement": after, "killed": killed, **at_kill(mine)}
        assert not child(case, known, mine)[0]
        hit["same"] = fingerprint(mine) == wanted
        hits.append(hit)
        print(f"{number + 1} of {kills}: {hit}", file=sys.stderr, flush=True)
        if hit["same"]:
            shutil.rmtree(mine)
    return {
        "case": name,
        "steps": len(plan(case)[0]),
        "lasted_s": round(lasted, 2),
        "runs": len(hits),
        "kills": sum(bool(h["killed"]) for h in hits),
        "same": sum(bool(h["same"]) for h in hits),
        "points": len({h["entries"] for h in hits}),
        "head": wanted.head,
        "drafts": len(wanted.drafts),
        "messages": len(wanted.messages),
        "files": len(wanted.files),
        "faults": [*wanted.faults, *wanted.left_over, *(f for h in hits for f in h["faults"])],  # type: ignore[attr-defined]
        "hits": hits,
    }


def main() -> int:
    """The command; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case")
    parser.add_argument("kills", type=int)
    parser.add_argument("--no-approve", action="store_true", help="no officers: drafts wait")
    parser.add_argument("--members", type=int, help="tracks in the ensemble; the pack's if not set")
    parser.add_argument("--json", action="store_true", help="the whole report")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill_many_") as folder:
        report = kill_many(
            given.case,
            given.kills,
            Path(folder),
            approve=not given.no_approve,
            members=given.members,
        )
    good = report["kills"] == given.kills and report["same"] == report["runs"]
    good = good and not report["faults"]
    if given.json or not good:
        print(json.dumps(report), file=sys.stdout if given.json else sys.stderr)
    if not given.json:
        print(
            f"{given.case}: {report['kills']} of {report['runs']} runs killed, at "
            f"{report['points']} different points of the ledger; {report['same']} ended as the run "
            f"that was left alone ({report['lasted_s']} s, {report['head'][0]} entries, "  # type: ignore[index]
            f"{report['drafts']} drafts, {report['files']} files); "
            f"faults: {len(report['faults'])}"  # type: ignore[arg-type]
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
