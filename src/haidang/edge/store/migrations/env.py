"""Runs the revisions on the connection that the store hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from haidang.edge.store import (  # noqa: F401 - they join META
    tables_console,
    tables_deliver,
    tables_live,
    tables_raise,
    tables_response,
    tables_world,
)
from haidang.edge.store.tables import META

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=META,
    # The store begins the transaction itself, so that a kill leaves the old schema or the new.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
