"""Small things that every repository needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table, func, select

from haidang.app.verdict import Draft
from haidang.edge.store import codec

T = TypeVar("T")

CHUNK = 500
"""Values in one IN (...): the smallest limit of any database we meet is 999."""


def newest(connection: Connection, table: Table) -> int:
    """Largest number in use, 0 of an empty table."""
    return int(connection.execute(select(func.max(table.c.id))).scalar_one() or 0)


def chunks(values: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """The values in pieces that fit one query."""
    rest = iter(values)
    while piece := tuple(islice(rest, CHUNK)):
        yield piece


def fetch(
    connection: Connection, key: Column[Any], value: Column[Any], wanted: Sequence[object]
) -> dict[Any, Any]:
    """Value by key, of those wanted that exist."""
    found: dict[Any, Any] = {}
    for piece in chunks(wanted):
        rows = connection.execute(select(key, value).where(key.in_(piece)))
        found.update((row[0], row[1]) for row in rows)
    return found


def draft_line(body: codec.Body, sha256: str) -> Mapping[str, object]:
    """A draft as the ledger holds it: what decides, and the digest of the whole."""
    names = ("id", "chain", "version", "kind", "occasion", "decision", "status", "due")
    return {
        **{name: body[name] for name in names},
        "level": body["said"]["level"],
        "sha256": sha256,
    }


def draft_row(number: int, one: Draft, body: str) -> dict[str, Any]:
    """A draft as its table holds it."""
    return {
        "id": one.id,
        "run": number,
        "chain": one.chain,
        "number": one.number,
        "version": one.version,
        "threat": one.threat,
        "event": one.event,
        "place": one.place,
        "at": one.at,
        "kind": one.kind,
        "occasion": one.occasion.value,
        "level": one.said.level,
        "due": one.due,
        "decision": one.decision or None,
        "body": body,
    }
