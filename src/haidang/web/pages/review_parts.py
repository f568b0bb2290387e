"""Parts of the review as tables: cells are words already, the template only lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from haidang.app.context import Context
from haidang.review.book import Part, Review
from haidang.risk.assessment import Interval
from haidang.web.pages.notices import chip
from haidang.web.parts import Chip
from haidang.web.speak import Speaker
from haidang.words import catalogue


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        note: Small print under it.
        level: Shown as a chip in the place of the text.
        strong: What the row is about.
    """

    text: str = ""
    note: str = ""
    level: Chip | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column."""

    label: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the review.

    Attributes:
        why: Why it is empty, "" where it is not.
        source: Who said it.
    """

    id: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    why: str = ""
    source: str = ""
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Writer:
    """What every part is written with."""

    say: Speaker
    context: Context
    book: Review

    def __call__(self, key: str, **params: object) -> str:
        """A text of the page."""
        return self.say(f"review_page.{key}", **params)

    def known(self, key: str) -> bool:
        """Whether the page has such a text."""
        return f"review_page.{key}" in catalogue()

    def place(self, code: str) -> str:
        """Name of a place of any day; its code where no name is known."""
        if not code:
            return self("whole_country")
        if code in self.context.named:
            return self.context.named[code].name(self.say.language)
        return self.say.of(self.book.names[code]) if code in self.book.names else code

    def places(self, codes: Sequence[str], most: int = 4) -> str:
        """Names in a row; how many more where they are many."""
        names = [self.place(c) for c in codes[:most]]
        more = len(codes) - most
        text = ", ".join(names)
        return self("and_more", names=text, count=more) if more > 0 else text

    def at(self, instant: datetime | None) -> str:
        """An instant; a dash where there is none."""
        return "–" if instant is None else self.say.short(instant)

    def hours(self, value: float | None) -> str:
        """Hours with their sign; a dash where there is nothing to measure."""
        return "–" if value is None else self("hours", value=self.say.number(value, 1))

    def level(self, rank: int | None) -> Cell:
        """A level as a chip; in words where there is none."""
        if rank is None:
            return Cell("–")
        if rank == 0:
            return Cell(self("no_level"))
        return Cell(level=chip(self.context, self.say, rank))

    def interval(self, value: Interval | None) -> Cell:
        """Central with low and high beneath."""
        if value is None:
            return Cell(self("unknown"))
        return Cell(self.say.number(value.central), self.say.range(value))

    def share(self, value: float | None) -> str:
        """A score from 0 to 1."""
        return "–" if value is None else self.say.number(value, 2)

    def section(
        self,
        part: Part,
        heads: Sequence[tuple[str, bool]],
        rows: Sequence[tuple[Cell, ...]],
        after: tuple[str, ...] = (),
        **params: object,
    ) -> Section:
        """A part with its words: title, note and column heads."""
        why = self.book.why_absent(part)
        return Section(
            id=part.replace("_", "-"),
            title=self(f"part_{part}"),
            note=self(f"note_{part}", **params),
            columns=tuple(Column(self(f"col_{name}"), number) for name, number in heads),
            rows=tuple(rows),
            why=self.say(f"review.{why}") if why else "" if rows else self("nothing"),
            source=self.book.sources.get(part, ""),
            after=after,
        )
