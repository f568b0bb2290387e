"""The first page: which desks there are, and how to open another."""

from __future__ import annotations

from dataclasses import dataclass

from haidang.web.parts import Chip, Tag


@dataclass(frozen=True, slots=True)
class Desk:
    """One desk in the list.

    Attributes:
        title: The event's name.
        mode: Replay, drill or live, in words.
        state: How far it has come.
        top: Highest level on land now.
        waiting: How many drafts wait for a person, in words; "" for none.
        clock: The desk's own time.
    """

    id: str
    title: str
    mode: Tag
    state: str
    top: Chip | None
    waiting: str
    clock: str
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """The list, newest first, and the cases that a drill can be made of."""

    desks: tuple[Desk, ...]
    cases: tuple[tuple[str, str], ...]
