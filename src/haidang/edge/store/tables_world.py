"""Tables of other people's warnings: the archive, which only grows, and what is known of feeds."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from haidang.edge.store.tables import META, Utc

world_message = Table(
    "world_message",
    META,
    # Given by the writer in the order of arrival: whoever pages by it misses nothing new.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sha256", Text, nullable=False, unique=True),
    Column("content", Text, nullable=False),
    Column("same_as", ForeignKey("world_message.id")),
    Column("sender", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("sent", Utc, nullable=False),
    Column("status", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("titles", Text, nullable=False),
    Column("categories", Text, nullable=False),
    Column("codes", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("certainty", Text, nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("onset", Utc, nullable=False),
    Column("expires", Utc),
    Column("ends", Utc, nullable=False),
    Column("signature", Text, nullable=False),
    Column("signer", Text, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("first", Utc, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "content"),
    Index(None, "sender", "identifier"),
    Index(None, "ends"),
    Index(None, "sent"),
)

world_link = Table(
    "world_link",
    META,
    Column("message", ForeignKey("world_message.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sender", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("sent", Utc, nullable=False),
    Index(None, "sender", "identifier"),
)

world_place = Table(
    "world_place",
    META,
    Column("message", ForeignKey("world_message.id"), primary_key=True, autoincrement=False),
    Column("place", Text, primary_key=True),
    Column("share", Double, nullable=False),
    Column("how", Text, nullable=False),
    Index(None, "place"),
)

world_seen = Table(
    "world_seen",
    META,
    Column("message", ForeignKey("world_message.id"), primary_key=True, autoincrement=False),
    Column("feed", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("first", Utc, nullable=False),
    Column("last", Utc, nullable=False),
    Index(None, "feed"),
)

world_entry = Table(
    "world_entry",
    META,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("message", ForeignKey("world_message.id")),  # NULL: refused
    Column("at", Utc, nullable=False),
)

world_feed = Table(
    "world_feed",
    META,
    Column("feed", Text, primary_key=True),
    Column("polled", Utc, nullable=False),
    Column("heard", Utc),
    Column("news", Utc),
    Column("updated", Utc),
    Column("etag", Text, nullable=False),
    Column("modified", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next", Utc, nullable=False),
    Column("code", Text, nullable=False),
    Column("params", Text, nullable=False),
)

world_finding = Table(
    "world_finding",
    META,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("feed", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("params", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("first", Utc, nullable=False),
    Column("last", Utc, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("feed", "key"),
)
