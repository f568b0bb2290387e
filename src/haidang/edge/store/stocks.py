"""Inventories: each delivery is one whole, and replaces the older of the same source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, get_args

from sqlalchemy import Connection, func, select

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.edge.store import deliveries
from haidang.edge.store.tables import receipt
from haidang.edge.store.tables_response import stock
from haidang.respond.plan import Echelon, Unit

ECHELONS: Final[tuple[str, ...]] = get_args(Echelon)


def add(
    connection: Connection,
    key: str,
    units: Sequence[Unit],
    source: str,
    published: datetime,
    received: datetime,
) -> int:
    """Keep an inventory; see ``Store.add_stock``."""
    if not units:
        raise BadData(Problem("store.stock_empty", {}, file=key))
    seen: set[str] = set()
    for number, one in enumerate(units, 1):
        _check(key, number, one)
        if one.id in seen:
            raise _refused("store.stock_twice", key, number, "id", one.id)
        seen.add(one.id)
    others = {
        u.id: r for r, u in _newest(connection, received, None) if _source(connection, r) != source
    }
    if taken := sorted(seen & set(others)):
        where = {"value": taken[0], "other": _source(connection, others[taken[0]])}
        raise BadData(Problem("store.stock_other_source", where, file=key, field="id"))
    return deliveries.keep(
        connection,
        "stock",
        stock,
        key,
        [_row(number, one) for number, one in enumerate(units, 1)],
        source,
        published,
        received,
    )


def at(connection: Connection, now: datetime, limit: int | None) -> tuple[tuple[Unit, ...], int]:
    """What there is by id, and the newest delivery that says so; ((), 0) where nothing was counted.

    Args:
        connection: Of the store.
        now: No later delivery is read.
        limit: No delivery beyond this number either; None for no such limit.
    """
    found = _newest(connection, now, limit)
    units = tuple(sorted((u for _, u in found), key=lambda u: u.id))
    return units, max((r for r, _ in found), default=0)


def current(connection: Connection, source: str) -> tuple[str, str] | None:
    """Key and hash of the newest inventory of a source; None where there is none."""
    mine = select(stock.c.receipt).distinct()
    query = select(receipt.c.key, receipt.c.sha256)
    query = query.where(receipt.c.source == source, receipt.c.id.in_(mine))
    row = connection.execute(query.order_by(receipt.c.id.desc()).limit(1)).first()
    return None if row is None else (row.key, row.sha256)


def _newest(connection: Connection, now: datetime, limit: int | None) -> list[tuple[int, Unit]]:
    mine = select(stock.c.receipt).distinct()
    query = select(func.max(receipt.c.id)).where(receipt.c.received <= now, receipt.c.id.in_(mine))
    if limit is not None:
        query = query.where(receipt.c.id <= limit)
    newest = query.group_by(receipt.c.source)
    rows = connection.execute(select(stock).where(stock.c.receipt.in_(newest)))
    return [(int(row.receipt), _unit(row._mapping)) for row in rows]


def _source(connection: Connection, number: int) -> str:
    query = select(receipt.c.source).where(receipt.c.id == number)
    return str(connection.execute(query).scalar_one())


def _unit(row: Any) -> Unit:
    return Unit(**{name: row[name] for name in Unit.__slots__})


def _row(number: int, one: Unit) -> dict[str, Any]:
    return {
        "row": number,
        "id": one.id,
        "kind": one.kind,
        "place": one.place,
        "echelon": one.echelon,
        "quantity": int(one.quantity),
        "reserve": int(one.reserve),
        "ready_min": float(one.ready_min),
        "lat": None if one.lat is None else float(one.lat),
        "lon": None if one.lon is None else float(one.lon),
        "source": one.source,
        "demo": bool(one.demo),
    }


def _check(key: str, number: int, one: Unit) -> None:
    if one.echelon not in ECHELONS:
        raise _refused("store.stock_echelon", key, number, "echelon", one.echelon)
    if one.quantity < 0:
        raise _refused("store.stock_count", key, number, "quantity", one.quantity)
    if not 0 <= one.reserve <= one.quantity:
        raise _refused("store.stock_count", key, number, "reserve", one.reserve)
    numbers = {"ready_min": one.ready_min, "lat": one.lat or 0.0, "lon": one.lon or 0.0}
    for name, value in numbers.items():
        if not math.isfinite(value):
            raise _refused("store.not_finite", key, number, name, value)


def _refused(code: str, key: str, number: int, name: str, value: object) -> BadData:
    return BadData(Problem(code, {"value": value}, file=key, row=number, field=name))
