"""Who may write, where one of several programs that could does so alone."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, Text

from haidang.edge.store.tables import META, Utc, draft, standing

lease: Final = Table(
    "lease",
    META,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False),
)
"""The one table beside ``contact`` whose rows change: it says nothing of the past."""

# A run over a few places asks by place alone, whatever the threat.
Index(None, standing.c.place, standing.c.run)
Index(None, draft.c.place)
