"""Small things that every page shows: how a level, a state and a link stand in a context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["raised", "quiet", "nodata", "plain"]
"""Shapes of a state: filled, outlined, dashed and hatched, or a plain frame."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A level as it is shown: number, word, pattern and colour, and how it stands.

    Attributes:
        level: Rank on the country's scale; 0 is never shown as a chip.
        word: The rank's own word.
        held: It stands although the newest data do not give it.
        planned: Nobody has approved it yet.
    """

    level: int
    word: str
    held: bool = False
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """A state in a word and a shape."""

    word: str
    state: State = "plain"


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of a strip: what it is, the figure, and what must be known to read it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Crumb:
    """A link or, without an address, a place on the way to this page."""

    label: str
    href: str = ""
