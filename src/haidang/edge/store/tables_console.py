"""Tables of the console: who may come in, who is in, which form was sent already.

Unlike the rest of the store these rows change and go: they say who may act, not what was done.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from haidang.edge.store.tables import META, Utc

account = Table(
    "account",
    META,
    Column("login", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("actor", Text, nullable=False, unique=True),
)

session = Table(
    "session",
    META,
    Column("token_sha256", Text, primary_key=True),  # the token itself is kept by nobody
    Column("actor", ForeignKey("account.actor"), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
    Column("language", Text, nullable=False),
    Index(None, "actor"),
)

form = Table(
    "form",
    META,
    Column("session", ForeignKey("session.token_sha256"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("used", Utc, nullable=False),
)
