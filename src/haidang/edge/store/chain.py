"""The ledger: every decision and every word that was given, each entry sealed by the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from haidang.base.ids import digest
from haidang.base.problem import Problem
from haidang.edge.store import codec
from haidang.edge.store.tables import ledger, ledger_wall

ROOT: Final = "0" * 64
"""What the first entry names as its predecessor."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger.

    Attributes:
        seq: 1, 2, 3 ...
        at: The clock of the run or the instant of the person's act; never the wall clock.
        kind: ``run``, ``decision``, ``draft``, ``approval`` ...
        body: Canonical JSON.
        prev: Hash of the entry before.
        hash: Seal of this entry and, through ``prev``, of everything before it.
    """

    seq: int
    at: datetime
    kind: str
    body: str
    prev: str
    hash: str


def seal(prev: str, seq: int, at: datetime, kind: str, body: str) -> str:
    """Hash of an entry: SHA-256 of ``prev`` and canonical JSON of seq, at, kind and body.

    The body is already canonical and goes in as it stands: one changed letter changes the hash,
    and nothing is parsed.
    """
    head = f'{{"at":"{codec.stamp(at)}","body":{body},"kind":{codec.text(kind)},"seq":{seq}}}'
    return digest(prev + head)


def head(connection: Connection) -> tuple[int, str]:
    """Number and hash of the newest entry; (0, ROOT) of an empty ledger."""
    row = connection.execute(
        select(ledger.c.seq, ledger.c.hash).order_by(ledger.c.seq.desc()).limit(1)
    ).first()
    return (row.seq, row.hash) if row else (0, ROOT)


def append(
    connection: Connection,
    entries: Iterable[tuple[datetime, str, Mapping[str, object]]],
    recorded: datetime,
) -> None:
    """Seal (at, kind, plain body) one after the other behind the head."""
    seq, prev = head(connection)
    rows: list[dict[str, Any]] = []
    for at, kind, body in entries:
        seq, text = seq + 1, codec.text(body)
        mark = seal(prev, seq, at, kind, text)
        rows.append({"seq": seq, "at": at, "kind": kind, "body": text, "prev": prev, "hash": mark})
        prev = mark
    if rows:
        connection.execute(insert(ledger), rows)
        connection.execute(
            insert(ledger_wall), [{"seq": row["seq"], "recorded": recorded} for row in rows]
        )


def entries(connection: Connection, from_seq: int = 0) -> Iterator[Entry]:
    """The ledger from an entry on, in order."""
    rows = connection.execute(select(ledger).where(ledger.c.seq >= from_seq).order_by("seq"))
    return (Entry(**row._mapping) for row in rows)


def walls(connection: Connection) -> dict[int, datetime]:
    """Wall clock at which each entry was written down, by its number."""
    rows = connection.execute(select(ledger_wall.c.seq, ledger_wall.c.recorded))
    return {row.seq: row.recorded for row in rows}


def faults(chain: Sequence[Entry], walls: Sequence[int], anchor: str | None) -> list[Problem]:
    """Everything that shows the ledger was touched.

    Args:
        chain: All entries in order of seq.
        walls: Numbers of the entries that have a wall time: a ledger cut at its end leaves them.
        anchor: A head that was published earlier; None to check the chain only within itself.

    Returns:
        Problems naming the entry: edited, missing, put in or moved; none when all is well.
    """
    found: list[Problem] = []
    seq, prev = 0, ROOT
    for entry in chain:
        if entry.seq != seq + 1:
            found.append(Problem("store.ledger_gap", {"first": seq + 1, "next": entry.seq}))
        if entry.prev != prev:
            found.append(Problem("store.ledger_broken", {"seq": entry.seq}))
        if seal(entry.prev, entry.seq, entry.at, entry.kind, entry.body) != entry.hash:
            found.append(Problem("store.ledger_edited", {"seq": entry.seq, "kind": entry.kind}))
        seq, prev = entry.seq, entry.hash
    lost = sorted(set(walls) ^ {entry.seq for entry in chain})
    if lost:
        found.append(Problem("store.ledger_wall", {"seq": lost[0], "count": len(lost)}))
    if anchor is not None and anchor != ROOT and all(entry.hash != anchor for entry in chain):
        found.append(Problem("store.ledger_anchor", {"anchor": anchor}))
    return found
