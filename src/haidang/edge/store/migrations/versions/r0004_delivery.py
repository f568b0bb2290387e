"""Recipients, what they subscribed to, and each message's way to each of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _integer(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer, nullable=False, autoincrement=False) for name in names]


def _boolean(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Boolean, nullable=False) for name in names]


def _time(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TIME, nullable=False) for name in names]


def _later(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TIME) for name in names]


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _pk(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def upgrade() -> None:
    """Add the tables; nothing that is there is touched, and no older message is sent again."""
    _recipients()
    _deliveries()


def _recipients() -> None:
    op.create_table(
        "recipient", *_text("id"), *_time("added"), *_later("erased"), _pk("recipient", "id")
    )
    op.create_table(
        "recipient_alias",
        *_text("recipient", "alias"),
        _pk("recipient_alias", "recipient"),
        _fk("recipient_alias", "recipient", "recipient.id"),
        _unique("recipient_alias", "alias"),
    )
    op.create_table(
        "recipient_address",
        *_text("recipient", "channel", "address", "secret", "language"),
        _pk("recipient_address", "recipient", "channel"),
        _fk("recipient_address", "recipient", "recipient.id"),
    )
    _index("recipient_address", "channel", "address")
    op.create_table(
        "subscription",
        *_text("id", "recipient", "channel", "places", "threats"),
        *_integer("least_level"),
        *_text("language"),
        *_boolean("wakes_only", "drills"),
        *_time("begins"),
        *_later("ends"),
        _pk("subscription", "id"),
        _fk("subscription", "recipient", "recipient.id"),
    )
    _index("subscription", "recipient")


def _deliveries() -> None:
    op.create_table(
        "dispatch",
        *_text("message"),
        *_integer("number"),
        *_text("chain"),
        *_time("accepted", "expires"),
        *_later("asof", "fanned"),
        _pk("dispatch", "message"),
        _fk("dispatch", "message", "message.identifier"),
        _unique("dispatch", "number"),
    )
    _index("dispatch", "fanned")
    _index("dispatch", "chain")
    op.create_table(
        "delivery",
        *_text("key", "message", "chain"),
        *_integer("number"),
        *_text("recipient", "channel", "subscription", "language"),
        *_integer("rank"),
        *_text("state", "why"),
        *_later("due"),
        *_text("lease"),
        *_integer("tries", "spent"),
        *_boolean("reached"),
        *_text("receipt"),
        *_time("queued", "changed"),
        _pk("delivery", "key"),
        _fk("delivery", "message", "dispatch.message"),
    )
    _index("delivery", "channel", "rank", "due", "number", "key")
    _index("delivery", "chain", "recipient", "channel")
    _index("delivery", "message", "channel", "state")
    _index("delivery", "recipient", "message")
    _index("delivery", "receipt")
    _index("delivery", "state", "channel")
    op.create_table(
        "delivery_try",
        *_text("delivery"),
        *_integer("number"),
        *_time("begun"),
        *_later("ended"),
        *_text("state", "why"),
        _pk("delivery_try", "delivery", "number"),
        _fk("delivery_try", "delivery", "delivery.key"),
    )
    op.create_table(
        "delivery_report",
        *_integer("id"),
        *_text("channel", "receipt", "state", "why"),
        *_time("at"),
        _pk("delivery_report", "id"),
    )
    _index("delivery_report", "receipt")


def downgrade() -> None:
    """Refuse: what was sent to whom is never dropped by a program."""
    raise RuntimeError("this revision cannot be undone; restore a backup instead")
