"""Tables of raises: what a person decided, what others did about it, when a run found it over."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from haidang.edge.store.tables import META, Utc

level_raise = Table(
    "level_raise",
    META,
    # Each act is a delivery of its own, so a snapshot that reads up to a receipt knows just it.
    Column("receipt", ForeignKey("receipt.id"), primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("place", Text, nullable=False),
    Column("scale", Text, nullable=False),
    Column("by", Integer, nullable=False),
    Column("serious_loss", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
    Index(None, "place"),
)

raise_act = Table(
    "raise_act",
    META,
    Column("receipt", ForeignKey("receipt.id"), primary_key=True, autoincrement=False),
    Column("raise", ForeignKey("level_raise.id"), nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "raise"),
)

raise_lapse = Table(
    "raise_lapse",
    META,
    Column("raise", ForeignKey("level_raise.id"), primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("why", Text, nullable=False),
)
