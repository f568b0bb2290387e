"""Tables of delivery: who wants to hear what, and how far each message has come to each of them.

Addresses and aliases stand in tables of their own, which can be erased. A delivery changes its
state; its tries are rows that stay.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from haidang.edge.store.tables import META, Utc

SPARED: Final = "spared"
"""State of a delivery that waits, for another notice says more to the same person."""
DEAD: Final = "dead"
"""State of a delivery that nobody tries again unless a person asks."""
PENDING: Final = ("queued", "failed", SPARED)
"""States in which a recipient has not got a message as far as anybody knows, and may yet."""
HAS: Final = ("sending", "sent", "delivered", "acknowledged")
"""States in which a recipient has a message, or may have it this very moment."""

recipient = Table(
    "recipient",
    META,
    Column("id", Text, primary_key=True),
    Column("added", Utc, nullable=False),
    Column("erased", Utc),
)

recipient_alias = Table(
    "recipient_alias",
    META,
    Column("recipient", ForeignKey("recipient.id"), primary_key=True),
    Column("alias", Text, nullable=False, unique=True),
)

recipient_address = Table(
    "recipient_address",
    META,
    Column("recipient", ForeignKey("recipient.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("language", Text, nullable=False),
    Index(None, "channel", "address"),
)

subscription = Table(
    "subscription",
    META,
    Column("id", Text, primary_key=True),
    Column("recipient", ForeignKey("recipient.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("places", Text, nullable=False),
    Column("threats", Text, nullable=False),
    Column("least_level", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("wakes_only", Boolean, nullable=False),
    Column("drills", Boolean, nullable=False),
    Column("begins", Utc, nullable=False),
    Column("ends", Utc),  # written once
    Index(None, "recipient"),
)

dispatch = Table(
    "dispatch",
    META,
    Column("message", ForeignKey("message.identifier"), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("chain", Text, nullable=False),
    Column("accepted", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
    Column("asof", Utc),
    Column("fanned", Utc),
    Index(None, "fanned"),
    Index(None, "chain"),
    Index(None, "expires"),
)
"""Of every approved message: when, on the wall clock, it was accepted and is no longer news."""

delivery = Table(
    "delivery",
    META,
    Column("key", Text, primary_key=True),
    Column("message", ForeignKey("dispatch.message"), nullable=False),
    Column("chain", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("recipient", Text, nullable=False),  # "" is everybody
    Column("channel", Text, nullable=False),
    Column("subscription", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("rank", Integer, nullable=False),  # 0 before 1: what wakes people goes first
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("due", Utc),  # NULL: nothing is to be done; of one in flight, the end of its lease
    Column("lease", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("spent", Integer, nullable=False),  # tries since a person last asked for more
    Column("reached", Boolean, nullable=False),  # it may have come to the recipient
    Column("receipt", Text, nullable=False),
    Column("queued", Utc, nullable=False),
    Column("changed", Utc, nullable=False),
    # The order of work: a batch is found by the index alone, however long the queue.
    Index(None, "channel", "rank", "due", "number", "key"),
    Index(None, "chain", "recipient", "channel"),
    Index(None, "message", "channel", "state"),
    Index(None, "recipient", "message"),
    Index(None, "receipt"),
    Index(None, "state", "channel"),
)

spared = Table(
    "spared",
    META,
    Column("delivery", ForeignKey("delivery.key"), primary_key=True),
    Column("instead", ForeignKey("dispatch.message"), nullable=False),
    Column("chain", Text, nullable=False),  # of the other
    Index(None, "chain"),
)
"""For which other notice a delivery waits: the one that says more to the same person."""

delivery_try = Table(
    "delivery_try",
    META,
    Column("delivery", ForeignKey("delivery.key"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("begun", Utc, nullable=False),
    Column("ended", Utc),  # NULL: in flight, or cut off by a kill: nobody knows
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
)

delivery_report = Table(
    "delivery_report",
    META,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Index(None, "receipt"),
)
"""What receivers said afterwards, kept even where it comes before we know the receipt."""
