"""Raises of the combined level: what a person decided, what became of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _integer(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer, nullable=False, autoincrement=False) for name in names]


def _time(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TIME, nullable=False) for name in names]


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _pk(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def upgrade() -> None:
    """Add the tables; nothing that is there is touched."""
    op.create_table(
        "level_raise",
        *_integer("receipt"),
        *_text("id", "place", "scale"),
        *_integer("by"),
        sa.Column("serious_loss", sa.Boolean, nullable=False),
        *_text("reason", "actor", "role"),
        *_time("at", "until"),
        _pk("level_raise", "receipt"),
        _fk("level_raise", "receipt", "receipt.id"),
        _fk("level_raise", "actor", "actor.id"),
        sa.UniqueConstraint("id", name=op.f("uq_level_raise_id")),
    )
    _index("level_raise", "place")
    op.create_table(
        "raise_act",
        *_integer("receipt"),
        *_text("raise", "action", "actor", "role"),
        *_time("at"),
        *_text("note"),
        _pk("raise_act", "receipt"),
        _fk("raise_act", "receipt", "receipt.id"),
        _fk("raise_act", "raise", "level_raise.id"),
        _fk("raise_act", "actor", "actor.id"),
    )
    _index("raise_act", "raise")
    op.create_table(
        "raise_lapse",
        *_text("raise"),
        *_integer("run"),
        *_time("at"),
        *_text("why"),
        _pk("raise_lapse", "raise"),
        _fk("raise_lapse", "raise", "level_raise.id"),
        _fk("raise_lapse", "run", "run.id"),
    )


def downgrade() -> None:
    """Refuse: what people did is never dropped by a program."""
    raise RuntimeError("this revision cannot be undone; restore a backup instead")
