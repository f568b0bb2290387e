"""Deliveries, runs, drafts, people, messages, the outbox and the ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _integer(*names: str) -> list[sa.Column[Any]]:
    # No sequence: the store numbers its rows itself, without holes.
    return [sa.Column(name, sa.Integer, nullable=False, autoincrement=False) for name in names]


def _time(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TIME, nullable=False) for name in names]


def _double(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Double, nullable=False) for name in names]


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _pk(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def upgrade() -> None:
    """Create everything."""
    _facts()
    _runs()
    _drafts()
    _people()
    _messages()
    _ledger()


def _facts() -> None:
    op.create_table(
        "receipt",
        *_integer("id"),
        *_text("key", "source"),
        *_time("published", "received"),
        *_text("sha256"),
        *_integer("rows"),
        _pk("receipt", "id"),
        _unique("receipt", "key"),
    )
    op.create_table(
        "fix",
        *_integer("receipt", "row"),
        *_text("event"),
        *_time("issued", "valid"),
        *_double("lat", "lon", "wind_low", "wind_high"),
        *_text("kind"),
        *_double("error_km"),
        sa.Column("pressure_hpa", sa.Double),
        *_text("source"),
        _pk("fix", "receipt", "row"),
        _fk("fix", "receipt", "receipt.id"),
    )
    _index("fix", "event")
    op.create_table(
        "observation",
        *_integer("receipt", "row"),
        *_text("series", "place"),
        *_time("start"),
        sa.Column("value", sa.Double),
        *_text("unit", "flag"),
        _pk("observation", "receipt", "row"),
        _fk("observation", "receipt", "receipt.id"),
    )
    _index("observation", "series", "place", "start")


def _runs() -> None:
    op.create_table(
        "run",
        *_integer("id"),
        *_text("key", "verdict", "scope"),
        *_time("at"),
        *_integer("receipt", "seen"),
        *_text("packs"),
        _pk("run", "id"),
        _unique("run", "key"),
    )
    _index("run", "at")
    op.create_table(
        "assessment",
        *_text("id"),
        *_integer("run"),
        *_text("threat", "event", "place"),
        *_time("at"),
        *_text("body"),
        _pk("assessment", "id"),
        _fk("assessment", "run", "run.id"),
    )
    _index("assessment", "run")
    _index("assessment", "place", "at")
    op.create_table(
        "decision",
        *_text("id"),
        *_integer("run"),
        *_text("threat", "event", "place"),
        *_time("at"),
        *_integer("before", "after", "combined"),
        *_text("reason"),
        sa.Column("assessment", sa.Text),
        *_text("body"),
        _pk("decision", "id"),
        _fk("decision", "run", "run.id"),
        _fk("decision", "assessment", "assessment.id"),
    )
    _index("decision", "run")
    _index("decision", "assessment")
    _index("decision", "place", "at")
    op.create_table(
        "standing",
        *_integer("run"),
        *_text("threat", "event", "place"),
        *_integer("level"),
        *_time("since", "confirmed"),
        sa.Column("quieter_since", TIME),
        *_integer("quieter_max"),
        _pk("standing", "run", "threat", "event", "place"),
        _fk("standing", "run", "run.id"),
    )
    _index("standing", "threat", "event", "place", "run")


def _drafts() -> None:
    op.create_table(
        "draft",
        *_text("id"),
        *_integer("run"),
        *_text("chain"),
        *_integer("number", "version"),
        *_text("threat", "event", "place"),
        *_time("at"),
        *_text("kind", "occasion"),
        *_integer("level"),
        *_time("due"),
        sa.Column("decision", sa.Text),
        *_text("body"),
        _pk("draft", "id"),
        _fk("draft", "run", "run.id"),
        _fk("draft", "decision", "decision.id"),
        _unique("draft", "chain", "version"),
    )
    _index("draft", "run")
    _index("draft", "decision")
    op.create_table(
        "draft_event",
        *_integer("id"),
        *_text("draft"),
        sa.Column("run", sa.Integer),
        *_time("at"),
        *_text("action", "actor", "role", "note"),
        _pk("draft_event", "id"),
        _fk("draft_event", "draft", "draft.id"),
        _fk("draft_event", "run", "run.id"),
    )
    _index("draft_event", "draft")


def _people() -> None:
    op.create_table("actor", *_text("id", "role"), _pk("actor", "id"))
    op.create_table(
        "contact",
        *_text("actor", "name", "address"),
        _pk("contact", "actor"),
        _fk("contact", "actor", "actor.id"),
    )


def _messages() -> None:
    op.create_table(
        "message",
        *_text("identifier", "chain", "draft", "kind"),
        *_integer("level"),
        *_text("sender"),
        *_time("sent", "expires"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        *_text("sha256"),
        _pk("message", "identifier"),
        _fk("message", "draft", "draft.id"),
        _unique("message", "draft"),
    )
    _index("message", "chain")
    op.create_table(
        "outbox",
        *_text("key", "message", "channel"),
        *_time("accepted"),
        _pk("outbox", "key"),
        _fk("outbox", "message", "message.identifier"),
        _unique("outbox", "message", "channel"),
    )
    op.create_table(
        "attempt",
        *_integer("id"),
        *_text("key"),
        *_time("at"),
        sa.Column("ok", sa.Boolean, nullable=False),
        *_text("error"),
        _pk("attempt", "id"),
        _fk("attempt", "key", "outbox.key"),
    )
    _index("attempt", "key")


def _ledger() -> None:
    op.create_table(
        "ledger",
        *_integer("seq"),
        *_time("at"),
        *_text("kind", "body", "prev", "hash"),
        _pk("ledger", "seq"),
        _unique("ledger", "hash"),
    )
    op.create_table(
        "ledger_wall",
        *_integer("seq"),
        *_time("recorded"),
        _pk("ledger_wall", "seq"),
        _fk("ledger_wall", "seq", "ledger.seq"),
    )


def downgrade() -> None:
    """Refuse: facts and a ledger are never dropped by a program."""
    raise RuntimeError("the first revision cannot be undone; restore a backup instead")
