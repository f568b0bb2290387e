"""Stock, plans, what people did about tasks; accounts and sessions of the console."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
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


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def upgrade() -> None:
    """Add the tables; nothing that is there is touched."""
    _response()
    _console()


def _response() -> None:
    op.create_table(
        "stock",
        *_integer("receipt", "row"),
        *_text("id", "kind", "place", "echelon"),
        *_integer("quantity", "reserve"),
        sa.Column("ready_min", sa.Double, nullable=False),
        sa.Column("lat", sa.Double),
        sa.Column("lon", sa.Double),
        *_text("source"),
        sa.Column("demo", sa.Boolean, nullable=False),
        _pk("stock", "receipt", "row"),
        _fk("stock", "receipt", "receipt.id"),
    )
    op.create_table(
        "plan",
        *_integer("run"),
        *_text("id"),
        *_time("at"),
        *_text("body"),
        _pk("plan", "run"),
        _fk("plan", "run", "run.id"),
    )
    _index("plan", "id")
    op.create_table(
        "task",
        *_integer("run"),
        *_text("id", "spec", "threat", "event", "place"),
        *_integer("level"),
        sa.Column("due", TIME),
        *_text("decision"),
        _pk("task", "run", "id"),
        _fk("task", "run", "plan.run"),
    )
    _index("task", "id")
    _index("task", "decision")
    op.create_table(
        "allotment",
        *_integer("run"),
        *_text("id", "need", "unit", "kind", "place"),
        *_integer("quantity"),
        _pk("allotment", "run", "id"),
        _fk("allotment", "run", "plan.run"),
    )
    _index("allotment", "id")
    op.create_table(
        "task_event",
        *_integer("id", "run"),
        *_text("task"),
        *_time("at"),
        *_text("action", "actor", "role", "note", "key"),
        _pk("task_event", "id"),
        sa.ForeignKeyConstraint(
            ["run", "task"], ["task.run", "task.id"], name=op.f("fk_task_event_run_task")
        ),
        _fk("task_event", "actor", "actor.id"),
        _unique("task_event", "key"),
    )
    _index("task_event", "task")


def _console() -> None:
    op.create_table(
        "account",
        *_text("login", "role", "password_hash", "actor"),
        _pk("account", "login"),
        _unique("account", "actor"),
    )
    op.create_table(
        "session",
        *_text("token_sha256", "actor", "csrf"),
        *_time("created", "expires"),
        *_text("language"),
        _pk("session", "token_sha256"),
        _fk("session", "actor", "account.actor"),
    )
    _index("session", "actor")
    op.create_table(
        "form",
        *_text("session", "key"),
        *_time("used"),
        _pk("form", "session", "key"),
        _fk("form", "session", "session.token_sha256"),
    )


def downgrade() -> None:
    """Refuse: what people did is never dropped by a program."""
    raise RuntimeError("this revision cannot be undone; restore a backup instead")
