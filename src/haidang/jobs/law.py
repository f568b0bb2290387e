"""A country's law as a person asks it: which tables, what they say, who commands then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from haidang.base.errors import BadData, NotFound
from haidang.base.place import Gazetteer, Place, fold
from haidang.base.problem import Problem
from haidang.law.ask import Answer, Given, ask, read
from haidang.law.check import disputed
from haidang.law.lawbook import article_id
from haidang.law.levels import Names
from haidang.law.table import Table
from haidang.pack.regions import areas_of, load_regions
from haidang.pack.schema import Country
from haidang.respond.commanding import commanding
from haidang.respond.spec import CommandSpec

OFFICIAL: Final = ("gazette", "codification")
"""Kinds of text that are official; a copy of one counts as that, as the table's head says."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows of some tables were compared with what.

    Attributes:
        rows: All of them.
        by: Rows by what their table was compared with: ``gazette``, ``codification``, ``copy``,
            ``unchecked``.
        disputed: Rows that the text itself leaves in doubt, among those compared.
    """

    rows: int
    by: Mapping[str, int]
    disputed: int

    @property
    def official(self) -> int:
        """Rows compared with an official text and not in doubt."""
        return sum(self.by.get(k, 0) for k in OFFICIAL) - self.disputed


def counted(tables: tuple[Table, ...]) -> Counted:
    """How many rows of the tables were compared with an official text, and how many not."""
    by: Counter[str] = Counter()
    for table in tables:
        by[table.checked] += len(table.rows)
    doubtful = sum(len(disputed(t)) for t in tables if t.checked in OFFICIAL)
    return Counted(sum(by.values()), by, doubtful)


def tables_on(country: Country, day: date | None) -> tuple[Table, ...]:
    """The tables of a country in force on a day, all for None.

    Those of the country's own scale first, then by act and article.
    """
    tables, own = country.lawbook.tables, country.spec.scale
    return tuple(
        sorted(
            (t for t in tables if day is None or t.in_force(day)),
            key=lambda t: (t.scale.id != own, t.decision, len(t.article), t.article, t.valid_from),
        )
    )


def find_table(country: Country, asked: str, day: date) -> Table:
    """A table by its article, or by its own id.

    Args:
        country: Whose law.
        asked: ``44``, ``art44``, ``Art. 44``, ``22(1)(b)`` or ``<act>_art44``.
        day: Day on which it is to be in force.

    Raises:
        NotFound: No such article or table; the message lists those there are. Or it is not in
            force on that day: the message says when it is.
    """
    by_id = {t.id: t for t in country.lawbook.tables}
    if asked in by_id:
        return country.lawbook.at(by_id[asked].article, day)
    return country.lawbook.at(article_id(asked), day)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the law, with who commands at each level that comes out.

    Attributes:
        answer: What the table says.
        place: The place whose areas were taken; None where none was named.
        areas: Its areas, by input.
        commands: Who directs and commands, by level; None where no act of the day is typed in.
        speaks: Whether the law of commands speaks of the table's scale at all.
        directing: What the roles in ``commands`` are called, by role and language.
    """

    answer: Answer
    day: date
    place: Place | None
    areas: Mapping[str, tuple[str, ...]]
    commands: Mapping[int, CommandSpec | None]
    speaks: bool
    directing: Mapping[str, Names]

    def role(self, name: str, language: str) -> str:
        """What a role is called; its id where it has no name."""
        return self.directing[name].say(language) if name in self.directing else name


def tell(
    country: Country, table: Table, day: date, texts: Mapping[str, str], place: str = ""
) -> Told:
    """What a table says to what a person typed, and who commands then.

    Args:
        country: Whose law and places.
        table: The table, see ``find_table``.
        day: Day of the law and of the place.
        texts: Inputs as typed, see ``haidang.law.ask.read``.
        place: Code or name of a place whose areas stand in for inputs that were not typed; "" for
            none.

    Raises:
        BadData: An input or a value that the table does not know; a name that several places
            bear.
        NotFound: No such place on that day, or the article does not cover it.
    """
    given: dict[str, Given] = read(table, texts)
    there, areas = None, {}
    if place.strip():
        there = _place(country, place.strip(), day)
        lists = load_regions(country.folder)
        areas = {
            n: a
            for n, a in areas_of(lists, table, country.places.gazetteer, there, day).items()
            if n not in given
        }
    answer = ask(table, {**given, **areas}, day)
    speaks = country.authorities is not None and table.scale.id == country.spec.scale
    commands = {
        n: commanding(country.authorities, n, day) for n in (answer.levels if speaks else ())
    }
    roles = {} if country.authorities is None else country.authorities.roles
    named = {r: Names(texts) for r, texts in roles.items()}
    return Told(answer, day, there, areas, commands, speaks, named)


def _place(country: Country, asked: str, day: date) -> Place:
    gazetteer = country.places.gazetteer
    if (found := gazetteer.find("province", asked, day)) is not None:
        return found
    named = gazetteer.search(asked, day, "province")
    exact = [p for p in named if p.name("vi").casefold() == asked.casefold()]
    if len(exact or named) > 1:
        known = ", ".join(f"{p.code} {p.name('en')}" for p in named[:8])
        raise BadData(Problem("law.places_several", {"given": asked, "known": known}))
    if not named:
        raise NotFound(_no_place(gazetteer, asked, day))
    return (exact or list(named))[0]


def _no_place(gazetteer: Gazetteer, asked: str, day: date) -> Problem:
    """Names what has become of a place that bore the name until a day, where one did."""
    gone = (p for p in gazetteer if p.kind == "province" and p.valid_to and p.valid_to <= day)
    for place in sorted(gone, key=lambda p: p.valid_from, reverse=True):
        if fold(asked) not in {fold(n) for n in (place.code, *place.names.values())}:
            continue
        assert place.valid_to is not None
        last = place.valid_to - timedelta(days=1)
        now = gazetteer.successors("province", place.code, last, day)
        if now:
            # Both languages read it, so each is called as at home and abroad.
            names = ((p.code, dict.fromkeys((*p.names.values(), p.name("en")))) for p in now)
            became = ", ".join(f"{code} {' / '.join(called)}" for code, called in names)
            said = {"given": asked, "day": day, "until": place.valid_to, "became": became}
            return Problem("law.place_gone", said)
    return Problem("law.place_none", {"given": asked, "day": day})
