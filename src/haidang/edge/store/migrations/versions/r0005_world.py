"""Other people's warnings: the archive, what is known of feeds, what was refused."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _integer(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer, nullable=False, autoincrement=False) for name in names]


def _time(*names: str, empty: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, TIME, nullable=empty) for name in names]


def _fk(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], ["world_message.id"], name=name)


def _pk(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def upgrade() -> None:
    """Add the tables; nothing that is there is touched."""
    _messages()
    _beside()
    _feeds()


def _messages() -> None:
    op.create_table(
        "world_message",
        *_integer("id"),
        *_text("sha256", "content"),
        sa.Column("same_as", sa.Integer, nullable=True),
        *_text("sender", "identifier"),
        *_time("sent"),
        *_text("status", "kind", "scope", "event", "titles", "categories", "codes"),
        *_text("severity", "urgency", "certainty", "sender_name"),
        *_time("onset"),
        *_time("expires", empty=True),
        *_time("ends"),
        *_text("signature", "signer"),
        sa.Column("late", sa.Boolean, nullable=False),
        *_time("first"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        _pk("world_message", "id"),
        _fk("world_message", "same_as"),
        sa.UniqueConstraint("sha256", name=op.f("uq_world_message_sha256")),
    )
    _index("world_message", "content")
    _index("world_message", "sender", "identifier")
    _index("world_message", "ends")
    _index("world_message", "sent")


def _beside() -> None:
    op.create_table(
        "world_link",
        *_integer("message", "number"),
        *_text("sender", "identifier"),
        *_time("sent"),
        _pk("world_link", "message", "number"),
        _fk("world_link", "message"),
    )
    _index("world_link", "sender", "identifier")
    op.create_table(
        "world_place",
        *_integer("message"),
        *_text("place"),
        sa.Column("share", sa.Double, nullable=False),
        *_text("how"),
        _pk("world_place", "message", "place"),
        _fk("world_place", "message"),
    )
    _index("world_place", "place")
    op.create_table(
        "world_seen",
        *_integer("message"),
        *_text("feed", "url"),
        *_time("first", "last"),
        _pk("world_seen", "message", "feed"),
        _fk("world_seen", "message"),
    )
    _index("world_seen", "feed")
    op.create_table(
        "world_entry",
        *_text("feed", "key"),
        sa.Column("message", sa.Integer, nullable=True),
        *_time("at"),
        _pk("world_entry", "feed", "key"),
        _fk("world_entry", "message"),
    )


def _feeds() -> None:
    op.create_table(
        "world_feed",
        *_text("feed"),
        *_time("polled"),
        *_time("heard", "news", "updated", empty=True),
        *_text("etag", "modified"),
        *_integer("failures"),
        *_time("next"),
        *_text("code", "params"),
        _pk("world_feed", "feed"),
    )
    op.create_table(
        "world_finding",
        *_integer("id"),
        *_text("feed", "key", "code", "params", "field", "severity"),
        *_time("first", "last"),
        *_integer("times"),
        _pk("world_finding", "id"),
        sa.UniqueConstraint("feed", "key", name=op.f("uq_world_finding_feed_key")),
    )


def downgrade() -> None:
    """Refuse: an archive is never dropped by a program."""
    raise RuntimeError("this revision cannot be undone; restore a backup instead")
