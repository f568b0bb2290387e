"""Messages of the archive as files: their bytes as they came, and a table beside them."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from haidang.base.errors import Unavailable
from haidang.base.problem import Problem
from haidang.edge.store.store import Store
from haidang.edge.store.world_ask import Ask

COLUMNS: Final = (
    "id", "file", "identifier", "sender", "sender_name", "sent", "status", "kind", "state",
    "event", "categories", "severity", "urgency", "certainty", "onset", "expires", "signature",
    "conflict", "late", "first", "places", "feeds", "sha256",
)  # fmt: skip


def export(store: Store, question: Ask, folder: Path, now: datetime) -> int:
    """Write all that a question asks for, not one page of it.

    Args:
        store: The archive.
        question: What is wanted; its page is ignored.
        folder: Gets ``world.csv`` and ``cap/<number>.xml``; what lies there is written over.
        now: States are as of this instant.

    Returns:
        How many messages were written.

    Raises:
        Unavailable: The folder cannot be written.
    """
    try:
        return _export(store, question, folder, now)
    except OSError as error:
        why = {"why": error.strerror or str(error)}
        raise Unavailable(Problem("cli.unwritable", why, file=str(folder))) from error


def _export(store: Store, question: Ask, folder: Path, now: datetime) -> int:
    (folder / "cap").mkdir(parents=True, exist_ok=True)
    count = 0
    part = folder / "world.csv.part"
    with part.open("w", encoding="utf-8-sig", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        before: int | None = None
        while True:
            answer = store.world(replace(question, before=before, limit=500), now)
            for one in answer.entries:
                file = f"cap/{one.id:08}.xml"
                (folder / file).write_bytes(store.world_body(one.id))
                own = {
                    "file": file,
                    "categories": " ".join(one.categories),
                    "places": " ".join(f"{m.code}:{m.share:.4f}" for m in one.matches),
                    "feeds": " ".join(f for f, _, _ in one.feeds),
                }
                table.writerow([_cell(own.get(c, getattr(one, c, ""))) for c in COLUMNS])
                count += 1
            if (before := answer.more) is None:
                break
    os.replace(part, folder / "world.csv")
    return count


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula: the words are other people's."""
    if isinstance(value, datetime):
        return value.isoformat()
    said = "" if value is None else str(value)
    return f"'{said}" if said[:1] in ("=", "+", "-", "@", "\t", "\r") else said
