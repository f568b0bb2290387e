"""Small things that every repository needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table, func, select

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
