"""A delivery that waits, because another notice says more to the same person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table and an index; nothing that is there is touched."""
    op.create_table(
        "spared",
        sa.Column("delivery", sa.Text, nullable=False),
        sa.Column("instead", sa.Text, nullable=False),
        sa.Column("chain", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("delivery", name=op.f("pk_spared")),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.key"], name=op.f("fk_spared_delivery")),
        sa.ForeignKeyConstraint(["instead"], ["dispatch.message"], name=op.f("fk_spared_instead")),
    )
    op.create_index(op.f("ix_spared_chain"), "spared", ["chain"])
    # What stands is looked for at every fan-out, among all that was ever said.
    op.create_index(op.f("ix_dispatch_expires"), "dispatch", ["expires"])


def downgrade() -> None:
    """Refuse: a store is never made older by a program."""
    raise RuntimeError("this revision cannot be undone; restore a backup instead")
