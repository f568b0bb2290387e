"""One table of the law: every row, what it leaves open, and a form that asks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from haidang.base.place import fold
from haidang.jobs.law import Told, counted
from haidang.law.ask import Outcome
from haidang.law.evaluate import cite, describe
from haidang.law.levels import Names
from haidang.law.table import Declared, Input, Region, Table
from haidang.pack.regions import Regions
from haidang.pack.schema import Country
from haidang.web.pages.law import Commanding, checked, command_line
from haidang.web.parts import Chip, Fact, Tag
from haidang.web.speak import Speaker

NOTES: Final = "en"
"""Language of the notes at the rows: they speak to whoever keeps the table. What a reader must
know stands in the head, in every language."""

PREFIX: Final = "i_"
"""Stands before an input's name in addresses, so that none is taken for ``day`` or ``lang``."""


@dataclass(frozen=True, slots=True)
class Field:
    """One input of the form.

    Attributes:
        name: In the address.
        options: Of a category: value and label, "" first; empty for a number.
        value: What was typed.
        hint: Of a number: unit and domain.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str
    hint: str


@dataclass(frozen=True, slots=True)
class RowLine:
    """One row.

    Attributes:
        chip: Its level, where the page may show the colours of its scale; else None.
        level: Its level in words.
        case: What it asks of the inputs, one to a line.
    """

    clause: str
    chip: Chip | None
    level: str
    case: tuple[str, ...]
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class OpenLine:
    """Cases that the head singles out, with the reason and, for an overlap, the rule."""

    case: tuple[str, ...]
    reason: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class ListLine:
    """One list of places by area."""

    title: str
    areas: tuple[tuple[str, str], ...]
    source: str
    notes: str
    basis: str


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """One answer of the table.

    Attributes:
        chip: The level; None where there is none, or on another scale.
        tag: How it stands, where it has no chip.
        title: The level in words.
        cases: For which alternatives it holds; empty where nothing was left open.
        clause: The clause that decides, in words; "" where none does.
        text: Its words, or why there is no level.
        note: That a person must decide, or which clauses hold at once.
        command: Who commands at this level.
        command_none: That no act names who commands; "" where one does, or none is asked for.
    """

    chip: Chip | None
    tag: Tag | None
    title: str
    cases: tuple[str, ...]
    clause: str
    text: str
    note: str
    command: Commanding | None
    command_none: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of the form.

    Attributes:
        said: One sentence over the outcomes.
        place: The place and the areas that stood in; "" for none.
        needed: Which numbers are missing, in words; "" for none.
        trouble: What was wrong with what was typed, one to a line.
    """

    said: str
    place: str
    needed: str
    outcomes: tuple[OutcomeLine, ...]
    trouble: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TablePage:
    """Everything on the page."""

    title: str
    act: str
    said: str
    day: str
    facts: tuple[Fact, ...]
    checked: Tag
    against: str
    vintage: str
    source: str
    notes: str
    fields: tuple[Field, ...]
    places: tuple[tuple[str, str], ...]
    place: str
    answered: Answered | None
    rows: tuple[RowLine, ...]
    rows_note: str
    below: tuple[OpenLine, ...]
    gaps: tuple[OpenLine, ...]
    overlaps: tuple[OpenLine, ...]
    lists: tuple[ListLine, ...]
    lists_note: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form sent.

    Attributes:
        texts: By input, as typed.
        place: Code of a place; "" for none.
    """

    texts: Mapping[str, str]
    place: str = ""

    @property
    def anything(self) -> bool:
        """Whether anything was asked at all."""
        return bool(self.place) or any(t.strip() for t in self.texts.values())


def build(
    country: Country,
    table: Table,
    day: date,
    lists: tuple[Regions, ...],
    say: Speaker,
    *,
    asked: Asked,
    told: Told | None = None,
    trouble: tuple[str, ...] = (),
    scale: str = "",
) -> TablePage:
    """Put the page together.

    Args:
        country: Whose law.
        table: Which table.
        day: Day whose law is looked at.
        lists: Lists of places by area, of the country.
        say: Words of the room ``law_page``.
        asked: What the form sent, shown again in it.
        told: The answer; None where nothing was asked or it could not be read.
        trouble: What was wrong with what was asked.
        scale: Id of the scale whose colours the page carries: levels of another scale are said
            in words, for the same number means something else.
    """
    own = tuple(one for one in lists if any(one.answers(table.article, i.id) for i in table.inputs))
    shown = table.scale.id == scale
    doubt = counted((table,)).disputed
    return TablePage(
        title=say(
            "table_title", article=cite(table.article, say.language), title=say.of(table.title)
        ),
        act=say.of(table.act),
        said=say("on_day", day=say.full_day(day)),
        day=day.isoformat(),
        facts=_facts(table, doubt, say),
        checked=checked(table, say),
        against=say.of(table.against),
        vintage=say.of(table.vintage),
        source=say("source", source=table.source),
        notes=say.of(table.notes) if table.notes else "",
        fields=tuple(_field(i, asked, say) for i in table.inputs),
        places=_places(country, day, say) if own else (),
        place=asked.place,
        answered=_answered(country, told, trouble, say, shown),
        rows=tuple(
            RowLine(
                clause=cite(r.clause, say.language),
                chip=Chip(r.level, say.of(table.scale.names(r.level))) if shown else None,
                level=say(
                    "level_said", level=r.level, name=say.of(table.scale.names(r.level))
                ),
                case=conditions(table, r.region, say),
                text=r.text.say(say.language),
                note=say("note", note=r.note) if r.note and say.language == NOTES else "",
            )
            for r in table.rows
        ),
        rows_note=say("rows_note", count=len(table.rows)),
        below=_declared(table, table.below, say),
        gaps=_declared(table, table.gaps, say),
        overlaps=_declared(table, table.overlaps, say, ruled=True),
        lists=tuple(_list(country, table, one, say) for one in own),
        lists_note=say("lists_note", day=say.full_day(own[0].spec.codes_on)) if own else "",
    )  # fmt: skip


def _facts(table: Table, doubt: int, say: Speaker) -> tuple[Fact, ...]:
    note = say("doubtful", count=doubt) if doubt else ""
    return (
        Fact(say("fact_period"), table.period().say(say.language), say.of(table.act)),
        Fact(say("fact_rows"), say.number(len(table.rows)), note),
        Fact(say("fact_scale"), say.of(table.scale.title), ""),
        Fact(say("fact_translation"), say(f"translation_{table.translation}"), ""),
    )


def conditions(table: Table, region: Region, say: Speaker) -> tuple[str, ...]:
    """What a set of cases asks of each input, in words; one line for any case at all."""
    said = []
    for of in table.inputs:
        condition = region.conditions.get(of.id)
        if condition is None:
            continue
        if isinstance(condition, frozenset):
            chosen = [k for k in of.values if k in condition]
            said.append(describe(of, chosen, say.language))
        else:
            said.append(describe(of, condition, say.language))
    return tuple(said) or (say("any_case"),)


def _declared(
    table: Table, declared: tuple[Declared, ...], say: Speaker, *, ruled: bool = False
) -> tuple[OpenLine, ...]:
    return tuple(
        OpenLine(
            conditions(table, d.region, say),
            say.of(d.reason),
            say(f"rule_{d.rule}") if ruled else "",
        )
        for d in declared
    )


# The form.


def _field(of: Input, asked: Asked, say: Speaker) -> Field:
    value = asked.texts.get(of.id, "")
    if of.kind == "category":
        named = tuple((k, say.of(v)) for k, v in of.values.items())
        return Field(PREFIX + of.id, say.of(of.names), (("", say("not_known")), *named), value, "")
    domain = of.domain.say(say.language, integer=of.integer)
    hint = say("hint_number", unit=say.of(of.unit), domain=domain)
    return Field(PREFIX + of.id, say.of(of.names), (), value, hint)


def _places(country: Country, day: date, say: Speaker) -> tuple[tuple[str, str], ...]:
    found = country.places.gazetteer.at(day, "province")
    named = sorted(((p.code, p.name(say.language)) for p in found), key=lambda p: fold(p[1]))
    return (("", say("not_known")), *named)


# The answer.


def _answered(
    country: Country, told: Told | None, trouble: tuple[str, ...], say: Speaker, shown: bool
) -> Answered | None:
    if told is None:
        return Answered("", "", "", (), trouble) if trouble else None
    answer = told.answer
    needed = ""
    if answer.needed:
        what = "; ".join(f"{say.of(i.names)} ({say.of(i.unit)})" for i in answer.needed)
        needed = say("needed", what=what)
    said = ""
    if answer.outcomes:
        said = say("answered_one" if answer.settled else "answered_many")
    return Answered(
        said=said,
        place=stood_in(told, say),
        needed=needed,
        outcomes=tuple(outcome(country, told, one, say, shown) for one in answer.outcomes),
        trouble=trouble,
    )


def stood_in(told: Told, say: Speaker) -> str:
    """The place that was named and the areas that stood in for it; "" where none was."""
    if told.place is None:
        return ""
    name = told.place.name(say.language)
    if not told.areas:
        return say("without_areas", place=name)
    inputs = {i.id: i for i in told.answer.table.inputs}
    areas = "; ".join(describe(inputs[n], list(a), say.language) for n, a in told.areas.items())
    return say("with_place", place=name, areas=areas)


def outcome(country: Country, told: Told, one: Outcome, say: Speaker, shown: bool) -> OutcomeLine:
    """One answer in words, with who commands."""
    ruling = one.ruling
    level = ruling.level
    chip = tag = command = None
    none = ""
    if level:
        name = say.of(ruling.names)
        title = say("level_said", level=level, name=name)
        if shown:
            chip = Chip(level, name)
        else:
            tag = Tag(title, "raised")
        entry = told.commands.get(level)
        command = command_line(country, entry, say) if entry else None
        none = say("commands_none") if told.speaks and entry is None else ""
    elif level == 0:
        title, tag = say("level_below"), Tag(say("level_below"), "quiet")
    else:
        key = "no_data" if ruling.status == "no data" else "undefined"
        title, tag = say("level_none"), Tag(say(key), "nodata")
    note = say("person") if level is None else ""
    if len(ruling.clauses) > 1:
        several = ", ".join(cite(c, say.language) for c in dict.fromkeys(ruling.clauses))
        note = " ".join(filter(None, (say("clauses", clauses=several), note)))
    return OutcomeLine(
        chip=chip,
        tag=tag,
        title=title,
        cases=tuple(say("when_case", case=c.say(say.language)) for c in one.cases),
        clause=_clause(ruling.clause, ruling.act, say),
        text=ruling.text.say(say.language),
        note=note,
        command=command,
        command_none=none,
    )


def _clause(clause: str, act: Names, say: Speaker) -> str:
    return f"{cite(clause, say.language)}, {say.of(act)}" if clause else ""


# Places by area.


def _list(country: Country, table: Table, one: Regions, say: Speaker) -> ListLine:
    of = next(i for i in table.inputs if one.answers(table.article, i.id))
    gazetteer = country.places.gazetteer
    areas = []
    for key, names in of.values.items():
        codes = [r.code for r in one.rows if r.category == key]
        found = (gazetteer.find(one.spec.kind, c, one.spec.codes_on) for c in codes)
        named = sorted((p.name(say.language) for p in found if p is not None), key=fold)
        if named:
            title = say("list_area", area=say.of(names), count=len(named))
            areas.append((title, ", ".join(named)))
    basis = Counter(r.basis for r in one.rows)
    counts = {k: basis.get(k, 0) for k in ("text", "table", "inference")}
    return ListLine(
        title=say.of(of.names),
        areas=tuple(areas),
        source=say("source", source=say.of(one.spec.source)),
        notes=say.of(one.spec.notes),
        basis=say("list_basis", **counts),
    )
