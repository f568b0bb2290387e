"""The page that says what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong.

    Attributes:
        title: A sentence.
        text: What to do.
        detail: What the problems say of themselves, one a line.
        number: Of the entry in the log, "" for none.
    """

    title: str
    text: str
    detail: tuple[str, ...] = ()
    number: str = ""
