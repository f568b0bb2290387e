"""The law: every table with its state, how far it is checked, and who commands at which level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from haidang.jobs.law import Counted, counted, tables_on
from haidang.law.evaluate import cite
from haidang.law.table import Table
from haidang.pack.schema import Country
from haidang.respond.spec import AuthoritiesSpec, CommandSpec, in_force
from haidang.web.parts import Chip, Fact, Tag
from haidang.web.speak import Speaker


@dataclass(frozen=True, slots=True)
class Line:
    """One table in the list.

    Attributes:
        title: What the article is about.
        state: Whether it is in force on the day.
        checked: What it was compared with.
        doubt: Rows in doubt, in words; "" for none.
        href: Of its page; "" on paper.
    """

    id: str
    article: str
    title: str
    act: str
    period: str
    state: Tag
    rows: str
    gaps: str
    overlaps: str
    checked: Tag
    doubt: str
    href: str


@dataclass(frozen=True, slots=True)
class Commanding:
    """Who directs and commands at one level.

    Attributes:
        chip: The level.
        name: It in words.
    """

    chip: Chip
    name: str
    directs: str
    commands: str
    basis: str
    note: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page.

    Attributes:
        day: The day whose law is shown, ISO.
        said: That in words.
        trouble: What was wrong with the day that was asked for; "" for nothing.
        commands: By level; empty where no act is typed in for the day.
    """

    title: str
    lead: str
    day: str
    said: str
    trouble: str
    facts: tuple[Fact, ...]
    lines: tuple[Line, ...]
    commands: tuple[Commanding, ...]
    commands_note: str


CHECKED: Final = {"gazette": "quiet", "codification": "quiet", "copy": "plain"}


def build(country: Country, day: date, say: Speaker, base: str = "", trouble: str = "") -> Page:
    """Put the page together.

    Args:
        country: Whose law.
        day: Whose law is looked at.
        say: Words of the room ``law_page``.
        base: Address that the pages of the tables hang on; "" for none.
        trouble: What was wrong with the day that was asked for, in words.
    """
    tables = tables_on(country, None)
    return Page(
        title=say("title", count=len(tables)),
        lead=say("lead"),
        day=day.isoformat(),
        said=say("on_day", day=say.full_day(day)),
        trouble=trouble,
        facts=facts(counted(tables), len(tables), say),
        lines=tuple(_line(t, day, say, base) for t in tables),
        commands=commanding(country, day, say),
        commands_note=say("commands_note", day=say.full_day(day)),
    )


def facts(count: Counted, tables: int, say: Speaker) -> tuple[Fact, ...]:
    """Rows compared with official text, in doubt, and not compared."""
    by = {k: count.by.get(k, 0) for k in ("gazette", "codification", "copy", "unchecked")}
    return (
        Fact(say("fact_rows"), say.number(count.rows), say("fact_rows_note", tables=tables)),
        Fact(
            say("fact_official"), say.number(count.official),
            say("fact_official_note", gazette=by["gazette"], codification=by["codification"]),
        ),
        Fact(say("fact_doubt"), say.number(count.disputed), say("fact_doubt_note")),
        Fact(
            say("fact_other"), say.number(by["copy"] + by["unchecked"]),
            say("fact_other_note", copy=by["copy"], unchecked=by["unchecked"]),
        ),
    )  # fmt: skip


def checked(table: Table, say: Speaker) -> Tag:
    """What a table was compared with; what was compared with nothing is shown as not known."""
    state = CHECKED.get(table.checked, "nodata")
    return Tag(say(f"checked_{table.checked}"), state)  # type: ignore[arg-type]


def in_force_tag(table: Table, day: date, say: Speaker) -> Tag:
    """Whether a table is in force on a day."""
    good = table.in_force(day)
    return Tag(say("in_force" if good else "not_in_force"), "quiet" if good else "nodata")


def _line(table: Table, day: date, say: Speaker, base: str) -> Line:
    doubt = counted((table,)).disputed
    return Line(
        id=table.id,
        article=cite(table.article, say.language),
        title=say.of(table.title),
        act=say.of(table.act),
        period=table.period().say(say.language),
        state=in_force_tag(table, day, say),
        rows=say.number(len(table.rows)),
        gaps=say.number(len(table.gaps)),
        overlaps=say.number(len(table.overlaps)),
        checked=checked(table, say),
        doubt=say("doubtful", count=doubt) if doubt else "",
        href=f"{base}/{table.id}?day={day}" if base and table.in_force(day) else "",
    )


def commanding(
    country: Country, day: date, say: Speaker, levels: Iterable[int] | None = None
) -> tuple[Commanding, ...]:
    """Who directs and commands, by level of the country's scale; all that the day's law names.

    Args:
        country: Whose law.
        day: Of the law.
        say: Words of the room ``law_page``.
        levels: Only these; None for all.
    """
    found: AuthoritiesSpec | None = country.authorities
    if found is None:
        return ()
    wanted = None if levels is None else set(levels)
    entries = sorted(in_force(found.commands, day), key=lambda c: c.level)
    return tuple(
        command_line(country, one, say) for one in entries if wanted is None or one.level in wanted
    )


def command_line(country: Country, one: CommandSpec, say: Speaker) -> Commanding:
    """One entry of the law of commands in words."""
    scale = country.scales[country.spec.scale]
    word = say.of(scale.names(one.level)) if one.level <= scale.top else ""
    return Commanding(
        chip=Chip(one.level, word),
        name=say("level_said", level=one.level, name=word),
        directs=country.role(one.directs, say.language) if one.directs else "",
        commands=country.role(one.commands, say.language) if one.commands else "",
        basis=say.of(one.basis),
        note=say.of(one.note) if one.note else "",
    )
