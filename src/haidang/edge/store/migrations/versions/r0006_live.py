"""A lease for whoever listens, and the way to what stands at a few places."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table and two indices; nothing that is there is touched."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("since", time, nullable=False),
        sa.Column("until", time, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_index(op.f("ix_standing_place_run"), "standing", ["place", "run"])
    op.create_index(op.f("ix_draft_place"), "draft", ["place"])


def downgrade() -> None:
    """Refuse: a store is never made older by a program."""
    raise RuntimeError("this revision cannot be undone; restore a backup instead")
