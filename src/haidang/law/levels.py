"""Scales, and a level on one of them.

Three kinds of scale stand side by side and are never mixed: how bad the hazard is, who takes
over, and the sector's own. Which scales a country has, their names and their colours are data
of that country.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast

Kind = Literal["hazard", "responsibility", "sector"]
Status = Literal["defined", "below", "not defined by the text", "no data", "not in force"]


class Names(Mapping[str, str]):
    """One thing said in several languages; ``{x:vi}`` in a template picks the language.

    >>> n = Names({"en": "sea", "fr": "mer"})
    >>> f"{n} {n:fr} {n:de}"
    'sea mer sea'
    """

    __slots__ = ("_texts",)

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)

    def __getitem__(self, language: str) -> str:
        return self._texts[language]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._texts.items())))

    def say(self, language: str) -> str:
        """The text in this language; where there is none, in English, else in any."""
        texts = self._texts
        return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")

    def __str__(self) -> str:
        return self.say("en")

    def __format__(self, spec: str) -> str:
        return self.say(spec or "en")

    def __repr__(self) -> str:
        return f"Names({self._texts!r})"


NO_NAMES = Names({})


@dataclass(frozen=True, slots=True)
class Rank:
    """One step of a scale.

    Attributes:
        rank: Its place, 1 = lowest.
        names: What it is called, by language.
        colour: ``#rrggbb``, "" when the law gives it none.
        colour_names: The colour in the words of the law.
        meaning: When it applies, in words; empty when the tables say it.
        numbered: False for a step that is called by its name alone, such as an emergency.
    """

    rank: int
    names: Names
    colour: str = ""
    colour_names: Names = NO_NAMES
    meaning: Names = NO_NAMES
    numbered: bool = True


@dataclass(frozen=True, slots=True)
class CombineRule:
    """What the law allows when several hazards strike at once or one after the other.

    Attributes:
        hazards: How many there must be.
        ordinary: By how many ranks a person may raise.
        serious: By how many where serious loss is possible.
        decision: The act.
        clause: The clause in it.
        text: Its words, by language.
        successive_h: A hazard whose level ended so recently still counts as one that another
            follows, h; 0 = only hazards that stand at the same time count together.
        assumption: Why that number, by language, where the act itself gives none.
        approval: Whether a second person must approve a raise.
    """

    hazards: int
    ordinary: int
    serious: int
    decision: str
    clause: str
    text: Names
    successive_h: float = 0.0
    assumption: Names = NO_NAMES
    approval: bool = True


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of one country.

    Attributes:
        id: Its key.
        kind: ``hazard`` (how bad), ``responsibility`` (who takes over) or ``sector``.
        title: Its name, by language.
        ranks: Lowest first, numbered 1, 2, 3 … without a hole.
        source: The act that sets it.
        combine: What it allows for several hazards; None = nothing.
    """

    id: str
    kind: Kind
    title: Names
    ranks: tuple[Rank, ...]
    source: str = ""
    combine: CombineRule | None = None

    @property
    def top(self) -> int:
        """The highest rank."""
        return len(self.ranks)

    def names(self, rank: int) -> Names:
        """What a rank is called, by language.

        Raises:
            IndexError: The scale has no such rank (0, which is no level, among them).
        """
        if not 1 <= rank <= self.top:
            raise IndexError(rank)
        return self.ranks[rank - 1].names


@dataclass(frozen=True, slots=True)
class Level:
    """A level and the article that grounds it.

    Attributes:
        rank: 1 or more; 0 = below the lowest level; None = there is no answer (see status).
        scale: Id of the scale it is counted on.
        article: The article of law.
        clause: The clause that decided, "" when none did.
        status: Whether the text defines it.
        reason: Why, by language.
    """

    rank: int | None
    scale: str
    article: str
    clause: str
    status: Status
    reason: Names

    def __post_init__(self) -> None:
        if (self.rank is None) == (self.status in cast("tuple[Status, ...]", ("defined", "below"))):
            raise ValueError(f"rank {self.rank} does not go with status {self.status!r}")
