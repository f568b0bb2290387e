"""The law asked of every case of every area at once, article by article."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from haidang.app.context import Context
from haidang.law.evaluate import NO_LEVEL, STATUS, Code, Rulings, evaluate
from haidang.law.levels import Status
from haidang.law.table import Input, Table
from haidang.pack.schema import ReadingsAsk, Several
from haidang.risk.readings import NONE, Case, Quantity

CATEGORY: Final = "category"

TWO: Final = 2
"""So many groups are several."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one article says of one case.

    Attributes:
        case: Which.
        table: The article.
        given: What was put in, by input; None was not known.
        level: Rank; 0 below the article; None where there is no answer.
        status: Why.
        clause: That decides, "" where none does.
    """

    case: Case
    table: Table
    given: Mapping[str, Quantity]
    level: int | None
    status: Status
    clause: str

    @property
    def strength(self) -> float:
        """The leading reading: of two equal levels the higher one is told."""
        lead = self.case.lead
        return -math.inf if lead is None or lead.value is None else lead.value


_GRAVITY: Final[Mapping[Status, int]] = {
    "not in force": 3,
    "not defined by the text": 2,
    "below": 1,
    "defined": 1,
    "no data": 0,
}


def gravest(answer: Answer) -> int:
    """How much a reason for no level weighs: what is not in force or not defined is told first."""
    return _GRAVITY[answer.status]


def ask_all(context: Context, found: Sequence[Sequence[Case]]) -> tuple[tuple[Answer, ...], ...]:
    """Ask every article of the binding of every case.

    Args:
        context: Binding, tables, and the areas' own categories.
        found: Cases by area, in the order of the areas.

    Returns:
        Answers by area. An area of several categories is asked for each of them.
    """
    out: list[list[Answer]] = [[] for _ in found]
    for ask in context.pack.binding.readings_law.asks:
        table = context.tables[ask.article]
        asked = list(_questions(context, ask, found))
        for question, answer in zip(asked, _answers(table, ask, asked), strict=True):
            out[question.area].append(answer)
    return tuple(map(tuple, out))


@dataclass(frozen=True, slots=True)
class _Question:
    area: int
    case: Case
    category: str
    given: dict[str, Quantity]


def _questions(
    context: Context, ask: ReadingsAsk, found: Sequence[Sequence[Case]]
) -> list[_Question]:
    out: list[_Question] = []
    by_category = CATEGORY in ask.inputs.values()
    for area, mine in enumerate(found):
        categories = context.areas.categories[area]
        if ask.where and not set(ask.where) & set(categories):
            continue
        for case in mine:
            if case.silent:
                continue
            # Without an input for it the category is of no matter: asked once.
            for category in categories if by_category else ("",):
                known = {**case.quantities, CATEGORY: category}
                given = {k: known.get(q) for k, q in ask.inputs.items()}
                told = case.led_by(ask.inputs.values())
                out.append(_Question(area, told, category, {**given, **ask.given}))
    return out


def _answers(table: Table, ask: ReadingsAsk, asked: Sequence[_Question]) -> list[Answer]:
    if not asked:
        return []
    rule = ask.several
    given = [q.given for q in asked]
    if rule is not None and rule.one:
        given = [{**g, rule.input: g.get(rule.input) or rule.one} for g in given]
    alone = _evaluate(table, given)
    answers = [_answer(table, q.case, given[n], alone, n) for n, q in enumerate(asked)]
    if rule is None:
        return answers
    as_several = [{**g, rule.input: rule.several} for g in given]
    together = _evaluate(table, as_several)
    best = _best(rule, asked, together.level)
    for n, one in enumerate(answers):
        own = int(together.level[n])
        others, partner = next(
            (
                found[:2]
                for found in best[_among(rule, asked[n])]
                if found[2] != _group(rule, asked[n])
            ),
            (0, n),
        )
        level = min(own, others)
        if level <= (one.level or 0):
            continue
        if level == own:
            answers[n] = _answer(table, asked[n].case, as_several[n], together, n)
        elif one.level is None:
            # Alone beyond what several reach: the text leaves the case open, and it is no less
            # than what this group and another reach together.
            clause = table.rows[int(together.row[partner])].clause
            answers[n] = replace(one, level=level, clause=clause)
    return answers


def _evaluate(table: Table, given: Sequence[Mapping[str, Quantity]]) -> Rulings:
    columns = {i.id: _column(i, [g.get(i.id) for g in given]) for i in table.inputs}
    return evaluate(table, day=None, **columns)


def _column(of: Input, values: Sequence[Quantity]) -> NDArray[np.object_]:
    """Values of one input; a whole number is wanted of what is measured in fractions: the floor.

    A grade or a wind force is reached when it is passed, not when it is nearly so.
    """
    if of.kind == "integer":
        values = [math.floor(v) if isinstance(v, float) else v for v in values]
    return np.array([None if v == NONE else v for v in values], dtype=object)


def _answer(
    table: Table, case: Case, given: Mapping[str, Quantity], found: Rulings, n: int
) -> Answer:
    level, row = int(found.level[n]), int(found.row[n])
    status = STATUS[Code(int(found.status[n]))]
    if NONE in given.values():
        level, row, status = 0, -1, "below"
    return Answer(
        case=case,
        table=table,
        given=given,
        level=None if level == NO_LEVEL else level,
        status=status,
        clause=table.rows[row].clause if row >= 0 else "",
    )


def _best(
    rule: Several, asked: Sequence[_Question], levels: NDArray[np.int8]
) -> dict[str, list[tuple[int, int, str]]]:
    """The two groups that reach most, wherever groups are counted: level, question, group."""
    found: dict[str, dict[str, tuple[int, int, str]]] = defaultdict(dict)
    for n, (q, level) in enumerate(zip(asked, levels, strict=True)):
        group, mine = _group(rule, q), found[_among(rule, q)]
        if group not in mine or level > mine[group][0]:
            mine[group] = int(level), n, group
    return {
        among: sorted(mine.values(), key=lambda g: (-g[0], g[1]))[:TWO]
        for among, mine in found.items()
    }


def _group(rule: Several, question: _Question) -> str:
    return question.case.groups.get(rule.by, question.case.subject)


def _among(rule: Several, question: _Question) -> str:
    if rule.by == "area" or rule.over == "country":
        return ""
    return question.category if rule.over == "category" else str(question.area)
