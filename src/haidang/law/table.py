"""Decision tables: one article of law as dated data, read strictly.

A table is a CSV file. Its head is YAML in lines that begin with ``#``; its rows are the clauses:

    clause, level, <one column per input>, text, en, note

A cell of an input is ``*`` (anything), categories ``a|b|c``, or a range of numbers such as
``(200,400]``. A clause that names two sets of cases joined by "or" takes two rows. What the text
leaves open, or says twice, is declared in the head under ``gaps`` and ``overlaps``; what lies
below the lowest level of the article stands under ``below``.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import ValidationError

from haidang.base.errors import BadPack
from haidang.base.problem import Problem
from haidang.law.header import HeaderSpec, InputSpec, WhereSpec, as_problems, read_yaml
from haidang.law.interval import ANY_NUMBER, EmptyError, Interval, ReversedError
from haidang.law.levels import NO_NAMES, Names, Scale
from haidang.words import LANGUAGES, word

Condition = frozenset[str] | Interval
Value = str | float
RESERVED = ("clause", "level", "text", "en", "note")  # columns of every table
NOT_NAMES = (*RESERVED, "day", "table")  # `day` and `table` are arguments of every look-up


@dataclass(frozen=True, slots=True)
class Input:
    """One thing the table asks about.

    Attributes:
        id: Its column.
        kind: ``category``, ``integer`` or ``real``.
        names: What it is called, by language.
        values: The allowed categories and their names; empty for a number.
        unit: Unit of a number, by language.
        domain: The numbers that can occur.
    """

    id: str
    kind: Literal["category", "integer", "real"]
    names: Names
    values: Mapping[str, Names] = field(default_factory=dict)
    unit: Names = NO_NAMES
    domain: Interval = ANY_NUMBER

    @property
    def integer(self) -> bool:
        """Whether only whole numbers can occur."""
        return self.kind == "integer"


@dataclass(frozen=True, slots=True)
class Region:
    """A set of cases: one condition per input; an input that has none may be anything."""

    conditions: Mapping[str, Condition]

    def covers(self, values: Mapping[str, Value]) -> bool:
        """Whether a case, given as a value for every input, lies in the set."""
        return all(
            condition.contains(float(values[name]))
            if isinstance(condition, Interval)
            else values[name] in condition
            for name, condition in self.conditions.items()
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One row: for these cases the clause gives this level.

    Attributes:
        line: Line in the file.
        clause: E.g. ``42(2)(b)``.
        level: Rank on the table's scale.
        region: The cases.
        text: The words of the clause, by language.
        note: What a reader of the table must know.
    """

    line: int
    clause: str
    level: int
    region: Region
    text: Names
    note: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """Cases the head singles out, and why; ``rule`` is used for overlaps only."""

    region: Region
    reason: Names
    rule: Literal["highest", "none"] = "none"


@dataclass(frozen=True, slots=True)
class Table:
    """One article of law as data.

    Attributes:
        id: Its name, e.g. that of its file.
        decision: The number of the act.
        act: What the act is called, by language.
        article: The article, e.g. ``42``.
        title: What it is about, by language; no country in it.
        language: Language of the text.
        scale: The scale its levels are counted on.
        valid_from: First day in force.
        valid_until: Last day in force, None = no end is known.
        place_vintage: The day whose division of the country the areas follow.
        vintage: The same in words, by language.
        checked: ``gazette``, ``codification``, ``copy`` or ``unchecked``.
        against: What it was checked against, by language.
        translation: ``official``, ``unofficial`` or ``none``.
        source: Where the text was taken from.
        notes: What the text leaves to the reader, by language.
        inputs: In the order of the columns.
        rows: In the order of the file.
        below: Cases under the lowest level of the article.
        gaps: Cases the text does not define.
        overlaps: Cases for which it gives more than one level.
        file: Where it was read from.
    """

    id: str
    decision: str
    act: Names
    article: str
    title: Names
    language: str
    scale: Scale
    valid_from: dt.date
    valid_until: dt.date | None
    place_vintage: dt.date
    vintage: Names
    checked: str
    against: Names
    translation: str
    source: str
    notes: Names
    inputs: tuple[Input, ...]
    rows: tuple[Row, ...]
    below: tuple[Declared, ...] = ()
    gaps: tuple[Declared, ...] = ()
    overlaps: tuple[Declared, ...] = ()
    file: str = ""

    def in_force(self, day: dt.date) -> bool:
        """Whether the article is in force on this day; its first and last day are."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def period(self) -> Names:
        """The days in force, in words."""
        key = "law.since" if self.valid_until is None else "law.from_day_to_day"
        start, end = self.valid_from, self.valid_until
        return Names({k: word(key, k, start=start, end=end) for k in LANGUAGES})


def parse(text: str, scales: Mapping[str, Scale], file: str = "") -> Table:
    """Read a law table.

    Args:
        text: The file.
        scales: The scales of the country, by id.
        file: Its name, for the problems.

    Returns:
        The table, every row of it: a table with a row missing would be silent where the law is not.

    Raises:
        BadPack: A problem for each thing wrong: head missing or not YAML, a key missing, unknown
            or of the wrong type, a scale that does not exist, a translation missing, validity
            reversed, wrong columns, an unknown category, a range that is empty, reversed or not
            readable, a level outside the scale, a text missing, a row that stands twice.
    """
    return _Reader(text.removeprefix("\ufeff"), scales, file).table()


def _split(text: str) -> tuple[list[str], str, int]:
    """The head without its ``#``, the body, and the number of lines before the body."""
    lines = text.splitlines(keepends=True)
    head = 0
    while head < len(lines) and lines[head].startswith("#"):
        head += 1
    return (
        [line.rstrip("\r\n")[1:].removeprefix(" ") for line in lines[:head]],
        "".join(lines[head:]),
        head,
    )


class _Reader:
    """One pass over one file, gathering every problem before refusing it."""

    def __init__(self, text: str, scales: Mapping[str, Scale], file: str) -> None:
        self.head, self.body, self.offset = _split(text)
        self.scales, self.file = scales, file
        self.problems: list[Problem] = []

    def say(self, code: str, row: int | None = None, where: str = "", /, **params: object) -> None:
        self.problems.append(Problem(f"law.{code}", params, self.file, row, where))

    def give_up(self) -> BadPack:
        return BadPack(*self.problems)

    def line_of(self, key: str) -> int | None:
        return next((i for i, h in enumerate(self.head, 1) if h.startswith(f"{key}:")), None)

    def table(self) -> Table:
        spec = self.spec()
        scale = self.scales.get(spec.scale)
        if scale is None:
            known = ", ".join(sorted(self.scales)) or "-"
            self.say("scale_unknown", self.line_of("scale"), "scale", scale=spec.scale, known=known)
        if spec.valid_until is not None and spec.valid_until < spec.valid_from:
            self.say(
                "validity_reversed",
                self.line_of("valid_until"),
                "valid_until",
                start=spec.valid_from,
                end=spec.valid_until,
            )
        self.translations(spec)
        inputs = tuple(self.input(name, i) for name, i in spec.inputs.items())
        if not inputs:
            self.say("no_inputs", self.line_of("inputs"), "inputs")
        by_name = {i.id: i for i in inputs}
        below = tuple(self.declared("below", n, w, by_name) for n, w in enumerate(spec.below))
        gaps = tuple(self.declared("gaps", n, w, by_name) for n, w in enumerate(spec.gaps))
        overlaps = tuple(
            self.declared("overlaps", n, w, by_name, w.rule) for n, w in enumerate(spec.overlaps)
        )
        rows = tuple(self.rows(inputs, spec.language, scale))
        if self.problems or scale is None:
            raise self.give_up()
        return Table(
            id=spec.id,
            decision=spec.decision,
            act=Names(spec.act),
            article=str(spec.article),
            title=Names(spec.title),
            language=spec.language,
            scale=scale,
            valid_from=spec.valid_from,
            valid_until=spec.valid_until,
            place_vintage=spec.place_vintage.day,
            vintage=Names(spec.place_vintage.description),
            checked=spec.status.checked,
            against=Names(spec.status.against),
            translation=spec.translation.status,
            source=spec.source,
            notes=Names(spec.notes),
            inputs=inputs,
            rows=rows,
            below=below,
            gaps=gaps,
            overlaps=overlaps,
            file=self.file,
        )

    def spec(self) -> HeaderSpec:
        if not self.head:
            self.say("no_header", 1)
            raise self.give_up()
        raw, problems = read_yaml("\n".join(self.head), self.file)
        if problems:
            raise BadPack(*problems)
        try:
            return HeaderSpec.model_validate(raw)
        except ValidationError as error:
            if not isinstance(raw, dict):
                self.say("no_header", 1)
                raise self.give_up() from None
            raise BadPack(*as_problems(error, self.file, self.head)) from None

    def translations(self, spec: HeaderSpec) -> None:
        """Every name is there in the language of the law and in English."""
        said: list[tuple[str, Mapping[str, str]]] = [
            ("act", spec.act),
            ("title", spec.title),
            ("place_vintage.description", spec.place_vintage.description),
            ("status.against", spec.status.against),
        ]
        for name, i in spec.inputs.items():
            said.append((f"inputs.{name}.name", i.name))
            said.extend((f"inputs.{name}.values.{k}", v) for k, v in (i.values or {}).items())
            if i.unit is not None:
                said.append((f"inputs.{name}.unit", i.unit))
        for part in ("below", "gaps", "overlaps"):
            said.extend((f"{part}.{n}.reason", w.reason) for n, w in enumerate(getattr(spec, part)))
        if spec.notes:
            said.append(("notes", spec.notes))
        for path, texts in said:
            for language in dict.fromkeys((spec.language, "en")):
                if not texts.get(language, "").strip():
                    row = self.line_of(path.split(".")[0])
                    self.say("translation_missing", row, path, language=language)

    def input(self, name: str, spec: InputSpec) -> Input:
        row = self.line_of("inputs")
        where = f"inputs.{name}"
        if name in NOT_NAMES or not name.isidentifier():
            self.say("input_name", row, where, name=name, taken=", ".join(NOT_NAMES))
        if spec.kind == "category":
            if not spec.values:
                self.say("values_missing", row, where, name=name)
            if spec.unit is not None or spec.domain is not None:
                self.say("category_with_unit", row, where, name=name)
            values = {k: Names(v) for k, v in (spec.values or {}).items()}
            return Input(name, spec.kind, Names(spec.name), values)
        if not spec.unit:
            self.say("unit_missing", row, where, name=name)
        if spec.values is not None:
            self.say("number_with_values", row, where, name=name)
        domain = self.interval(spec.domain or "*", spec.kind == "integer", row, f"{where}.domain")
        return Input(name, spec.kind, Names(spec.name), unit=Names(spec.unit or {}), domain=domain)

    def declared(
        self,
        part: str,
        n: int,
        spec: WhereSpec,
        inputs: Mapping[str, Input],
        rule: Literal["highest", "none"] = "none",
    ) -> Declared:
        row, conditions = self.line_of(part), {}
        for name, cell in spec.where.items():
            where = f"{part}.{n}.where.{name}"
            if name not in inputs:
                self.say("input_unknown", row, where, name=name, known=", ".join(inputs))
            else:
                conditions[name] = self.condition(cell, inputs[name], row, where)
        return Declared(_region(conditions), Names(spec.reason), rule)

    def condition(self, cell: str, of: Input, row: int | None, where: str) -> Condition | None:
        """What a cell asks of its input; None = anything, or a problem was noted."""
        cell = cell.strip()
        if cell == "*":
            return None
        if not cell:
            self.say("cell_empty", row, where)
            return None
        if of.kind != "category":
            return self.interval(cell, of.integer, row, where)
        keys = [key.strip() for key in cell.split("|")]
        for key in keys:
            if key not in of.values:
                self.say("category_unknown", row, where, value=key, known=", ".join(of.values))
        return frozenset(keys)

    def interval(self, cell: str, integer: bool, row: int | None, where: str) -> Interval:
        try:
            return Interval.parse(cell, integer=integer)
        except ReversedError:
            self.say("range_reversed", row, where, given=cell)
        except EmptyError:
            self.say("range_empty", row, where, given=cell)
        except ValueError:
            code = "range_unreadable_integer" if integer else "range_unreadable"
            self.say(code, row, where, given=cell)
        return ANY_NUMBER

    def rows(self, inputs: tuple[Input, ...], language: str, scale: Scale | None) -> Iterator[Row]:
        reader = csv.reader(io.StringIO(self.body, newline=""), strict=True)
        columns: list[str] = []
        seen: dict[tuple[str, str], int] = {}
        end = count = 0
        try:
            for cells in reader:
                line, end = self.offset + end + 1, reader.line_num
                if not any(c.strip() for c in cells):
                    continue
                if not columns:
                    columns = [c.strip() for c in cells]
                    if not self.columns_right(columns, inputs, line):
                        return
                    continue
                count += 1
                if len(cells) != len(columns):
                    self.say("cells", line, found=len(cells), wanted=len(columns))
                    continue
                row = self.row(
                    dict(zip(columns, cells, strict=True)), inputs, language, scale, line
                )
                if row is None:
                    continue
                key = (row.clause, repr(sorted(_plain(row.region).items())))
                if key in seen:
                    self.say("row_twice", line, "clause", clause=row.clause, first=seen[key])
                seen.setdefault(key, line)
                yield row
        except csv.Error as error:
            self.say("csv", self.offset + reader.line_num, detail=str(error))
        if not count:
            self.say("no_rows", self.offset + 1)

    def columns_right(self, columns: list[str], inputs: tuple[Input, ...], line: int) -> bool:
        wanted = ["clause", "level", *(i.id for i in inputs), "text", "en", "note"]
        if sorted(columns) == sorted(wanted):
            return True
        self.say("columns", line, wanted=",".join(wanted), found=",".join(columns))
        return False

    def row(
        self,
        cells: Mapping[str, str],
        inputs: tuple[Input, ...],
        language: str,
        scale: Scale | None,
        line: int,
    ) -> Row | None:
        before = len(self.problems)
        clause = cells["clause"].strip()
        if not clause:
            self.say("clause_missing", line, "clause")
        level = cells["level"].strip()
        top = scale.top if scale else None
        if not level.isdecimal() or int(level) < 1 or (top is not None and int(level) > top):
            self.say("level", line, "level", given=level, top="?" if top is None else top)
        texts = {language: cells["text"].strip(), "en": cells["en"].strip()}
        if language == "en":
            texts = {"en": cells["text"].strip()}
        for column, key in (("text", language), ("en", "en")):
            if not texts[key]:
                self.say("text_missing", line, column, language=key)
        region = _region({i.id: self.condition(cells[i.id], i, line, i.id) for i in inputs})
        if len(self.problems) > before:
            return None
        return Row(line, clause, int(level), region, Names(texts), cells["note"].strip())


def _region(conditions: Mapping[str, Condition | None]) -> Region:
    return Region({name: c for name, c in conditions.items() if c is not None})


def _plain(region: Region) -> dict[str, object]:
    return {
        name: c if isinstance(c, Interval) else sorted(c) for name, c in region.conditions.items()
    }
