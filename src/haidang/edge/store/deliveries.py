"""What the feeds brought: each delivery numbered, kept once, never changed."""

# ruff: noqa: D102 - the properties of the protocol are explained in ``Fix``

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from sqlalchemy import Connection, Table, func, insert, select

from haidang.base.errors import BadData
from haidang.base.ids import canonical, digest
from haidang.base.problem import Problem
from haidang.data.observations import Observation, Reported
from haidang.data.tracks import Fix, Kind
from haidang.edge.store.rows import newest
from haidang.edge.store.tables import fix, observation, receipt

KINDS = ("analysis", "forecast", "ended")


class FixRow(Protocol):
    """A fix before it has a receipt; ``Fix`` itself will do, its receipt and times are ignored."""

    @property
    def event(self) -> str: ...
    @property
    def issued(self) -> datetime: ...
    @property
    def valid(self) -> datetime: ...
    @property
    def lat(self) -> float: ...
    @property
    def lon(self) -> float: ...
    @property
    def wind_low(self) -> float: ...
    @property
    def wind_high(self) -> float: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def error_km(self) -> float: ...
    @property
    def pressure_hpa(self) -> float | None: ...
    @property
    def source(self) -> str: ...


class Delivery(NamedTuple):
    """One delivery as it is kept, without its rows."""

    key: str
    published: datetime
    received: datetime


def known(connection: Connection, prefix: str) -> tuple[Delivery, ...]:
    """Deliveries whose key begins like this, in the order they reached us."""
    query = select(receipt.c.key, receipt.c.published, receipt.c.received).order_by(receipt.c.id)
    query = query.where(receipt.c.key.startswith(prefix, autoescape=True))
    return tuple(Delivery(*row) for row in connection.execute(query))


def add(
    connection: Connection,
    what: Literal["fix", "observation"],
    key: str,
    rows: Sequence[FixRow] | Sequence[Reported],
    source: str,
    published: datetime,
    received: datetime,
) -> int:
    """Keep a delivery under the next number; see ``Store.add_fixes``."""
    make: Callable[[str, int, Any], dict[str, Any]] = _fix if what == "fix" else _observation
    table: Table = fix if what == "fix" else observation
    values = [make(key, number, row) for number, row in enumerate(rows, 1)]
    return keep(connection, what, table, key, values, source, published, received)


def keep(
    connection: Connection,
    what: str,
    table: Table,
    key: str,
    values: Sequence[dict[str, Any]],
    source: str,
    published: datetime,
    received: datetime,
) -> int:
    """Write rows that were checked as one delivery, or find that it is kept already.

    Raises:
        BadData: The key is known with other content (``store.other_content``), or a time has no
            zone.
    """
    _aware(key, None, "published", published)
    _aware(key, None, "received", received)
    content = {"what": what, "source": source, "published": published, "rows": values}
    sha256 = digest(canonical(content))
    known = connection.execute(
        select(receipt.c.id, receipt.c.sha256).where(receipt.c.key == key)
    ).first()
    if known is not None:
        if known.sha256 != sha256:
            raise BadData(Problem("store.other_content", {"key": key, "receipt": known.id}))
        return int(known.id)
    number = newest(connection, receipt) + 1
    connection.execute(
        insert(receipt),
        {
            "id": number,
            "key": key,
            "source": source,
            "published": published,
            "received": received,
            "sha256": sha256,
            "rows": len(values),
        },
    )
    if values:
        connection.execute(insert(table), [{"receipt": number, **value} for value in values])
    return number


def last_receipt(connection: Connection, now: datetime, limit: int | None) -> int:
    """Newest delivery that had reached us by ``now``, not beyond ``limit``; 0 for none."""
    query = select(func.max(receipt.c.id)).where(receipt.c.received <= now)
    if limit is not None:
        query = query.where(receipt.c.id <= limit)
    return int(connection.execute(query).scalar_one() or 0)


def fixes(
    connection: Connection, now: datetime, limit: int, events: Sequence[str] = ()
) -> tuple[Fix, ...]:
    """Fixes received by ``now`` in deliveries up to ``limit``, in the order they reached us."""
    query = (
        select(fix, receipt.c.published, receipt.c.received)
        .join(receipt)
        .where(receipt.c.received <= now, receipt.c.id <= limit)
        .order_by(fix.c.receipt, fix.c.row)
    )
    if events:
        query = query.where(fix.c.event.in_(events))
    return tuple(_to_fix(row._mapping) for row in connection.execute(query))


def observations(
    connection: Connection, now: datetime, limit: int | None, series: Sequence[str] = ()
) -> tuple[Observation, ...]:
    """Every report received by ``now``, revisions too, in the order they reached us."""
    query = (
        select(observation, receipt.c.published, receipt.c.received, receipt.c.source)
        .join(receipt)
        .where(receipt.c.received <= now)
        .order_by(observation.c.receipt, observation.c.row)
    )
    if limit is not None:
        query = query.where(receipt.c.id <= limit)
    if series:
        query = query.where(observation.c.series.in_(series))
    return tuple(
        Observation(**{k: v for k, v in row._mapping.items() if k != "row"})
        for row in connection.execute(query)
    )


def _to_fix(row: Any) -> Fix:
    return Fix(**{name: row[name] for name in Fix.__slots__})


def _fix(key: str, number: int, row: FixRow) -> dict[str, Any]:
    if row.kind not in KINDS:
        raise _refused("store.fix_kind", key, number, "kind", row.kind)
    pressure = row.pressure_hpa
    numbers = {
        "lat": float(row.lat),
        "lon": float(row.lon),
        "wind_low": float(row.wind_low),
        "wind_high": float(row.wind_high),
        "error_km": float(row.error_km),
    }
    for name, value in [*numbers.items(), ("pressure_hpa", 0.0 if pressure is None else pressure)]:
        if not math.isfinite(value):
            raise _refused("store.not_finite", key, number, name, value)
    return {
        "row": number,
        "event": row.event,
        "issued": _aware(key, number, "issued", row.issued),
        "valid": _aware(key, number, "valid", row.valid),
        **numbers,
        "kind": row.kind,
        "pressure_hpa": None if pressure is None else float(pressure),
        "source": row.source,
    }


def _observation(key: str, number: int, row: Reported) -> dict[str, Any]:
    value = None if row.value is None or math.isnan(row.value) else float(row.value)
    if value is not None and math.isinf(value):
        raise _refused("store.not_finite", key, number, "value", value)
    return {
        "row": number,
        "series": row.series,
        "place": row.place,
        "start": _aware(key, number, "start", row.start),
        "value": value,
        "unit": row.unit,
        "flag": row.flag,
    }


def _aware(key: str, number: int | None, name: str, value: datetime) -> datetime:
    if value.tzinfo is None:
        raise _refused("store.zone", key, number, name, value)
    return value


def _refused(code: str, key: str, number: int | None, name: str, value: object) -> BadData:
    return BadData(Problem(code, {"value": value}, file=key, row=number, field=name))
