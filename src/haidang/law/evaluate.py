"""Asking a law table: one case at a time, or a whole ensemble at once."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.law.interval import Interval, number
from haidang.law.levels import Level, Names, Status
from haidang.law.table import Input, Region, Row, Table, Value
from haidang.words import LANGUAGES, word

NO_LEVEL = -1
"""Stands in an array of levels where there is no answer; 0 would look like a quiet day."""

Bools = npt.NDArray[np.bool_]


class Code(IntEnum):
    """Status of a case in an array; `STATUS` has the words."""

    DEFINED = 1
    BELOW = 2
    UNDEFINED = 3
    NO_DATA = 4
    NOT_IN_FORCE = 5


STATUS: Mapping[Code, Status] = {
    Code.DEFINED: "defined",
    Code.BELOW: "below",
    Code.UNDEFINED: "not defined by the text",
    Code.NO_DATA: "no data",
    Code.NOT_IN_FORCE: "not in force",
}


@dataclass(frozen=True, slots=True)
class Rulings:
    """What a table says of many cases; the arrays share the shape of the inputs.

    Attributes:
        level: Rank; 0 = below the lowest level; -1 = no answer (see status).
        row: Index into the table's rows of the one that decides, -1 = none.
        status: A `Code`.
    """

    level: npt.NDArray[np.int8]
    row: npt.NDArray[np.int32]
    status: npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a table says of one case.

    Attributes:
        level: Rank; 0 = below the lowest level of the article; None = no answer (see status).
        clause: The clause that decides, "" when none does.
        clauses: All clauses the case falls under, in the order of the table.
        article: The article.
        decision: The number of the act.
        act: What the act is called, by language.
        status: Whether the text defines the case.
        text: The words of the deciding clause, or why there is no level, by language.
        names: What the level is called, by language; empty when there is none.
        title: What the article is about, by language.
        case: The case in words, by language.
        table: Id of the table.
        scale: Id of its scale.
        checked: How far the table is checked.
    """

    level: int | None
    clause: str
    clauses: tuple[str, ...]
    article: str
    decision: str
    act: Names
    status: Status
    text: Names
    names: Names
    title: Names
    case: Names
    table: str
    scale: str
    checked: str

    def say(self, language: str) -> str:
        """The ruling in one sentence: level, name, clause and act, or why there is no level."""
        key = {
            "defined": "law.ruling",
            "below": "law.ruling_below",
            "not defined by the text": "law.ruling_undefined",
            "no data": "law.ruling_no_data",
            "not in force": "law.ruling_not_in_force",
        }[self.status]
        said = word(
            key,
            language,
            level=self.level,
            name=self.names.say(language),
            clause=cite(self.clause or self.article, language),
            act=self.act.say(language),
            case=self.case.say(language),
            reason=self.text.say(language),
        )
        if len(self.clauses) > 1:
            others = ", ".join(cite(c, language) for c in dict.fromkeys(self.clauses))
            said += " " + word("law.ruling_several", language, clauses=others)
        return said

    def __str__(self) -> str:
        return self.say("en")

    def as_level(self) -> Level:
        """The ruling as a `Level`, with itself as the reason."""
        reason = Names({language: self.say(language) for language in LANGUAGES})
        return Level(self.level, self.scale, self.article, self.clause, self.status, reason)


_CLAUSE = re.compile(r"(\w+)(?:\((\w+)\))?(?:\((\w+)\))?")


def cite(clause: str, language: str) -> str:
    """A clause as lawyers of this language cite it.

    >>> cite("42(2)(b)", "vi"), cite("42(2)(b)", "en")
    ('điểm b khoản 2 Điều 42', 'Article 42(2)(b)')
    """
    found = _CLAUSE.fullmatch(clause)
    if found is None:
        return clause
    article, item, point = found.groups()
    key = "law.cite_point" if point else "law.cite_clause" if item else "law.cite_article"
    return word(key, language, article=article, item=item, point=point)


def describe(of: Input, value: object, language: str) -> str:
    """One input and its value, range or categories, in words.

    Args:
        of: The input.
        value: A category, several of them, a number, an `Interval`, or None (missing).
        language: Of the words.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        said = word("law.no_value", language)
    elif isinstance(value, Interval):
        said = value.say(language, of.unit.say(language), integer=of.integer)
    elif isinstance(value, str):
        said = of.values[value].say(language)
    elif isinstance(value, Iterable):
        *others, last = [of.values[str(v)].say(language) for v in value]
        said = word("law.or", language, first=", ".join(others), last=last) if others else last
        if others and len(others) + 1 == len(of.values):
            said = word("law.any_value", language)
    else:
        said = f"{number(float(str(value)), language)} {of.unit.say(language)}"
    return f"{of.names.say(language)}: {said.strip()}"


def in_words(table: Table, case: Mapping[str, object]) -> Names:
    """A case, or a set of cases, in every language that the table or the program speaks."""
    languages = dict.fromkeys((*LANGUAGES, table.language))
    return Names(
        {
            language: "; ".join(describe(i, case[i.id], language) for i in table.inputs)
            for language in languages
        }
    )


def _names_right(table: Table, given: Mapping[str, object]) -> None:
    wanted = [i.id for i in table.inputs]
    problems = [unknown_input(table, n) for n in given if n not in wanted] + [
        Problem("law.input_missing", {"name": n, "known": ", ".join(wanted)}, table.id, field=n)
        for n in wanted
        if n not in given
    ]
    if problems:
        raise BadData(*problems)


def unknown_input(table: Table, name: str) -> Problem:
    """That a table does not ask about something, with the nearest that it does ask about."""
    known = [i.id for i in table.inputs]
    near = get_close_matches(name, known, 1)
    params = {"name": name, "known": ", ".join(known), **({"near": near[0]} if near else {})}
    return Problem("law.input_near" if near else "law.input_unknown", params, table.id, field=name)


def unknown_category(table: Table, of: Input, given: object) -> Problem:
    """That an input has no such value, with the nearest that it has."""
    near = get_close_matches(str(given), list(of.values), 1)
    known = ", ".join(of.values)
    params = {"given": given, "known": known, **({"near": near[0]} if near else {})}
    code = "law.category_near" if near else "law.category_unknown_given"
    return Problem(code, params, table.id, field=of.id)


def _refuse(table: Table, of: Input, code: str, given: object, **params: object) -> BadData:
    return BadData(Problem(f"law.{code}", {"given": given, **params}, table.id, field=of.id))


def column(table: Table, of: Input, given: object) -> npt.NDArray[np.float64]:
    """One input as numbers: the number itself, or the place of the category in the table's list.

    Args:
        table: The table, for its name in problems.
        of: The input.
        given: Array or scalar, any shape; None, NaN and NA are missing.

    Returns:
        Same shape; NaN where missing.

    Raises:
        BadData: A category the table does not know, something that is no number or is infinite, a
            fraction where a whole number is meant, or a number outside the input's domain.
    """
    if isinstance(given, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(given)
        given = np.ma.getdata(given).astype(object)
        given[hidden] = None
    array = np.asarray(given)
    if of.kind == "category":
        return _category(table, of, array.astype(object))
    if array.dtype.kind == "O":
        flat = [math.nan if _absent(v) else v for v in array.reshape(-1)]
        if any(isinstance(v, str | bytes | bool) for v in flat):
            raise _refuse(table, of, "not_number", flat[0])
        array = np.array(flat, dtype=object).reshape(array.shape)
    elif array.dtype.kind not in "iuf":
        raise _refuse(table, of, "not_number", next(iter(array.ravel()), None))
    try:
        values = array.astype(np.float64)
    except (TypeError, ValueError):
        raise _refuse(table, of, "not_number", array.ravel()[0]) from None
    known = ~np.isnan(values)
    for code, bad in (
        ("not_number", np.isinf(values)),
        ("not_integer", known & (values != np.floor(values)) & of.integer),
        ("outside", known & ~of.domain.mask(values)),
    ):
        if bad.any():
            first = values[bad].ravel()[0]
            texts = {k: of.domain.say(k, integer=of.integer) for k in LANGUAGES}
            raise _refuse(table, of, code, f"{first:g}", count=int(bad.sum()), domain=Names(texts))
    return values


def _absent(value: object) -> bool:
    """None, NaN of whatever type, or the missing value of a table."""
    try:
        return value is None or bool(value != value)  # noqa: PLR0124
    except TypeError:  # of pandas' NA nothing is true or false
        return True


def _category(table: Table, of: Input, array: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    places: dict[object, float] = {key: float(i) for i, key in enumerate(of.values)}
    found = np.empty(array.shape, dtype=np.float64)
    flat = found.reshape(-1)
    for i, value in enumerate(array.reshape(-1)):
        if _absent(value):
            flat[i] = math.nan
        elif value in places:
            flat[i] = places[value]
        else:
            raise BadData(unknown_category(table, of, value))
    return flat.reshape(array.shape)


def mask(table: Table, region: Region, columns: Mapping[str, npt.NDArray[np.float64]]) -> Bools:
    """Which cases lie in a region; False where an input it asks about is missing."""
    found: Bools = np.array(True)
    for of in table.inputs:
        condition = region.conditions.get(of.id)
        if condition is None:
            continue
        values = columns[of.id]
        if isinstance(condition, Interval):
            found = found & condition.mask(values)
        else:
            wanted = [i for i, key in enumerate(of.values) if key in condition]
            found = found & np.isin(values, wanted)
    return found


def evaluate(table: Table, /, *, day: dt.date | None = None, **inputs: object) -> Rulings:
    """What the table says of every case of some arrays.

    Args:
        table: The article.
        day: The day asked about, None = do not ask whether the article is in force.
        **inputs: One array or scalar per input; they broadcast against each other.

    Returns:
        Levels, deciding rows and statuses, in the broadcast shape. Where rows with different
        levels match, the highest decides if the head declares it so; else the text does not
        define the case. A case with any input missing has no level and the status NO_DATA.

    Raises:
        BadData: An input missing or unknown, shapes that do not broadcast, or a value that
            `column` refuses.
    """
    _names_right(table, inputs)
    columns = {i.id: column(table, i, inputs[i.id]) for i in table.inputs}
    try:
        shape = np.broadcast_shapes(*(c.shape for c in columns.values()))
    except ValueError:
        shapes = ", ".join(f"{k} {v.shape}" for k, v in columns.items())
        raise BadData(Problem("law.shapes", {"shapes": shapes}, table.id)) from None
    best = np.full(shape, NO_LEVEL, np.int8)
    least = np.full(shape, np.iinfo(np.int8).max, np.int8)
    row = np.full(shape, -1, np.int32)
    for index, clause in enumerate(table.rows):
        hit = np.broadcast_to(mask(table, clause.region, columns), shape)
        higher = hit & (clause.level > best)
        best[higher], row[higher] = clause.level, index
        least[hit & (clause.level < least)] = clause.level
    settled = np.zeros(shape, bool)
    for overlap in table.overlaps:
        if overlap.rule == "highest":
            settled |= mask(table, overlap.region, columns)
    below = np.zeros(shape, bool)
    for region in table.below:
        below |= mask(table, region.region, columns)
    matched = row >= 0
    defined = matched & ((best == least) | settled)
    missing = np.zeros(shape, bool)
    for values in columns.values():
        missing |= np.isnan(values)
    status = np.full(shape, Code.UNDEFINED, np.int8)
    status[~matched & below] = Code.BELOW
    status[defined] = Code.DEFINED
    status[missing] = Code.NO_DATA
    if day is not None and not table.in_force(day):
        status[...] = Code.NOT_IN_FORCE
    best[status == Code.BELOW] = 0
    best[status > Code.BELOW] = NO_LEVEL
    row[status != Code.DEFINED] = -1
    return Rulings(best, row, status)


def lookup(table: Table, /, *, day: dt.date | None = None, **inputs: object) -> Ruling:
    """What the table says of one case.

    Args:
        table: The article.
        day: The day asked about, None = do not ask whether the article is in force.
        **inputs: One value per input; None, NaN or NA = missing.

    Returns:
        The ruling. A case the text does not define has no level and says so; never a default.

    Raises:
        BadData: An input missing or unknown, several values for one, or a value that `column`
            refuses.
    """
    _names_right(table, inputs)
    case: dict[str, Value | None] = {}
    for of in table.inputs:
        given = column(table, of, inputs[of.id])
        if given.size != 1:
            count = {"count": given.size}
            raise BadData(Problem("law.one_value", count, table.id, field=of.id))
        place = float(given.reshape(()))
        if math.isnan(place):
            case[of.id] = None
        else:
            case[of.id] = list(of.values)[int(place)] if of.kind == "category" else place
    blank = Ruling(
        level=None,
        clause="",
        clauses=(),
        article=table.article,
        decision=table.decision,
        act=table.act,
        status="not defined by the text",
        text=Names({}),
        names=Names({}),
        title=table.title,
        case=in_words(table, case),
        table=table.id,
        scale=table.scale.id,
        checked=table.checked,
    )
    if day is not None and not table.in_force(day):
        return replace(blank, status="not in force", text=table.period())
    values = {k: v for k, v in case.items() if v is not None}
    if len(values) < len(case):
        return replace(blank, status="no data")
    return _rule(table, values, blank)


def _rule(table: Table, values: Mapping[str, Value], blank: Ruling) -> Ruling:
    rows = [r for r in table.rows if r.region.covers(values)]
    clauses = tuple(r.clause for r in rows)
    if not rows:
        for region in table.below:
            if region.region.covers(values):
                return replace(blank, level=0, status="below", text=region.reason)
        for gap in table.gaps:
            if gap.region.covers(values):
                return replace(blank, text=gap.reason)
        return replace(blank, text=_own_words("law.silent"))
    declared = [o for o in table.overlaps if o.region.covers(values)]
    if len({r.level for r in rows}) > 1 and not any(o.rule == "highest" for o in declared):
        why = declared[0].reason if declared else _own_words("law.says_twice")
        return replace(blank, clauses=clauses, text=why)
    row: Row = max(rows, key=lambda r: r.level)  # the first of them, where two are equal
    return replace(
        blank,
        level=row.level,
        clause=row.clause,
        clauses=clauses,
        status="defined",
        text=row.text,
        names=table.scale.names(row.level),
    )


def _own_words(key: str) -> Names:
    return Names({language: word(key, language) for language in LANGUAGES})


@dataclass(frozen=True, slots=True)
class Highest:
    """The highest level of a place that consists of several categories.

    Attributes:
        level: Highest level known; None when no part has one, and when the parts that are known
            lie below the lowest level but others are not known.
        status: ``defined`` or ``below`` only when every part has an answer; else the gravest of
            the missing answers. Then ``level`` is "at least".
        ruling: The ruling that decides, or the first that has no answer; None never.
        decided: The parts that have that level.
        considered: All parts, in the order of their names.
        unanswered: Parts without an answer.
        rulings: Every part's ruling.
    """

    level: int | None
    status: Status
    ruling: Ruling
    decided: tuple[str, ...]
    considered: tuple[str, ...]
    unanswered: tuple[str, ...]
    rulings: Mapping[str, Ruling]

    @property
    def complete(self) -> bool:
        """Whether every part has an answer."""
        return not self.unanswered

    def say(self, language: str) -> str:
        """The ruling that decides, the parts that were considered, and those without an answer."""
        said = [
            self.ruling.say(language),
            word("law.considered", language, parts=", ".join(self.considered)),
        ]
        if self.decided:
            said.append(word("law.decided", language, parts=", ".join(self.decided)))
        if self.unanswered:
            said.append(word("law.unanswered", language, parts=", ".join(self.unanswered)))
        return " ".join(said)

    def __str__(self) -> str:
        return self.say("en")


_GRAVEST: tuple[Status, ...] = ("not defined by the text", "no data", "not in force")


def highest(rulings: Mapping[str, Ruling]) -> Highest:
    """The level of a place that consists of several categories, such as regions: the highest.

    Args:
        rulings: Each part's ruling, at least one.

    Returns:
        The highest level known. If any part has no answer the result says so in its status: a
        part that the text leaves open could be higher than all the others.

    Raises:
        BadData: There is no part.
    """
    if not rulings:
        raise BadData(Problem("law.no_parts"))
    parts = tuple(sorted(rulings))
    silent = tuple(p for p in parts if rulings[p].level is None)
    known = {p: level for p in parts if (level := rulings[p].level) is not None}
    top = max(known.values(), default=None)
    if silent and top == 0:
        top = None
    decided = tuple(p for p in parts if top is not None and known.get(p) == top)
    status: Status = "defined" if top else "below"
    if silent:
        status = next(s for s in _GRAVEST if any(rulings[p].status == s for p in silent))
    shown = decided or tuple(p for p in silent if rulings[p].status == status)
    return Highest(top, status, rulings[shown[0]], decided, parts, silent, rulings)
