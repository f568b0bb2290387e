"""Desks that are begun once and worked at by many, each at one of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

from sqlalchemy import create_engine, update

from haidang.edge.store.tables import ledger_wall
from haidang.jobs.replay import DATABASE


def lay(begun: Path, into: Path) -> None:
    """Copy desks, as if they had been begun just now.

    A desk's clock goes on from when its newest run was written down. Without this it would be as
    late at a desk as the tests before this one took long, and drafts would be overdue by that.

    Args:
        begun: A desk's folder, or one with several.
        into: Where to; what is there stays.
    """
    copytree(begun, into, dirs_exist_ok=True)
    for file in into.rglob(DATABASE):
        engine = create_engine(f"sqlite:///{file}")
        with engine.begin() as connection:
            connection.execute(update(ledger_wall).values(recorded=datetime.now(UTC)))
        engine.dispose()
