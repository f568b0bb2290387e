"""The tables of the store.

Rows are added and never changed, except in ``actor`` (a person's role) and ``contact``, which may
be erased. Times are UTC. What the core concluded is kept whole as canonical JSON (``body``)
beside the few columns that queries need.
"""

from __future__ import annotations

from datetime import UTC as UTC_ZONE
from datetime import datetime
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator


class Utc(TypeDecorator[datetime]):
    """An aware time in, the same instant in UTC out; a time without a zone is refused.

    SQLite has no zones, so its column holds UTC; PostgreSQL keeps ``timestamptz``.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring a time to UTC on its way in.

        Raises:
            TypeError: The time has no zone: a programming error, never data.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"a time without a zone cannot be stored: {value.isoformat()}")
        return value.astimezone(UTC_ZONE)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back on its way out."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC_ZONE)
        return value.astimezone(UTC_ZONE)


META: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _number() -> Column[int]:
    """A number that the writer gives (largest + 1), so that an aborted write leaves no hole."""
    return Column("id", Integer, primary_key=True, autoincrement=False)


receipt = Table(
    "receipt",
    META,
    _number(),
    Column("key", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("published", Utc, nullable=False),
    Column("received", Utc, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("rows", Integer, nullable=False),
)

fix = Table(
    "fix",
    META,
    Column("receipt", ForeignKey("receipt.id"), primary_key=True, autoincrement=False),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("event", Text, nullable=False),
    Column("issued", Utc, nullable=False),
    Column("valid", Utc, nullable=False),
    Column("lat", Double, nullable=False),
    Column("lon", Double, nullable=False),
    Column("wind_low", Double, nullable=False),
    Column("wind_high", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("error_km", Double, nullable=False),
    Column("pressure_hpa", Double),
    Column("source", Text, nullable=False),
    Index(None, "event"),
)

observation = Table(
    "observation",
    META,
    Column("receipt", ForeignKey("receipt.id"), primary_key=True, autoincrement=False),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("series", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("start", Utc, nullable=False),
    Column("value", Double),  # NULL: reported, and reported as missing
    Column("unit", Text, nullable=False),
    Column("flag", Text, nullable=False),
    Index(None, "series", "place", "start"),
)

run = Table(
    "run",
    META,
    _number(),
    Column("key", Text, nullable=False, unique=True),
    Column("verdict", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("receipt", Integer, nullable=False),
    Column("seen", Integer, nullable=False),  # newest draft_event when the run was committed
    Column("packs", Text, nullable=False),
    Index(None, "at"),
)

assessment = Table(
    "assessment",
    META,
    Column("id", Text, primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("threat", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "run"),
    Index(None, "place", "at"),
)

decision = Table(
    "decision",
    META,
    Column("id", Text, primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("threat", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("before", Integer, nullable=False),
    Column("after", Integer, nullable=False),
    Column("combined", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("assessment", ForeignKey("assessment.id")),
    Column("body", Text, nullable=False),
    Index(None, "run"),
    Index(None, "assessment"),
    Index(None, "place", "at"),
)

standing = Table(
    "standing",
    META,
    Column("run", ForeignKey("run.id"), primary_key=True, autoincrement=False),
    Column("threat", Text, primary_key=True),
    Column("event", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("level", Integer, nullable=False),
    Column("since", Utc, nullable=False),
    Column("confirmed", Utc, nullable=False),
    Column("quieter_since", Utc),
    Column("quieter_max", Integer, nullable=False),
    Index(None, "threat", "event", "place", "run"),
)

draft = Table(
    "draft",
    META,
    Column("id", Text, primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("chain", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("threat", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("kind", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("due", Utc, nullable=False),
    Column("decision", ForeignKey("decision.id")),
    Column("body", Text, nullable=False),
    UniqueConstraint("chain", "version"),
    Index(None, "run"),
    Index(None, "decision"),
)

draft_event = Table(
    "draft_event",
    META,
    _number(),
    Column("draft", ForeignKey("draft.id"), nullable=False),
    Column("run", ForeignKey("run.id")),  # NULL: a person's act
    Column("at", Utc, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),  # "" is the system
    Column("role", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "draft"),
)

actor = Table(
    "actor",
    META,
    Column("id", Text, primary_key=True),
    Column("role", Text, nullable=False),
)

contact = Table(
    "contact",
    META,
    Column("actor", ForeignKey("actor.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
)

message = Table(
    "message",
    META,
    Column("identifier", Text, primary_key=True),
    Column("chain", Text, nullable=False),
    Column("draft", ForeignKey("draft.id"), nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("sender", Text, nullable=False),
    Column("sent", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),
    Index(None, "chain"),
)

outbox = Table(
    "outbox",
    META,
    Column("key", Text, primary_key=True),
    Column("message", ForeignKey("message.identifier"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("accepted", Utc, nullable=False),
    UniqueConstraint("message", "channel"),
)

attempt = Table(
    "attempt",
    META,
    _number(),
    Column("key", ForeignKey("outbox.key"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("error", Text, nullable=False),
    Index(None, "key"),
)

ledger = Table(
    "ledger",
    META,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
)

ledger_wall = Table(
    "ledger_wall",
    META,
    Column("seq", ForeignKey("ledger.seq"), primary_key=True, autoincrement=False),
    Column("recorded", Utc, nullable=False),
)

version = Table("alembic_version", MetaData(), Column("version_num", Text, primary_key=True))
"""Alembic's own table; whoever writes holds its one row, so that writers queue on any database."""
