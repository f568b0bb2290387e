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

OUTSIDE: Final = "outside"
"""Note: a quantity lies outside what the article says can occur, and is taken as not known."""


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
        open: One thing is not known, and the level would be higher for some value of it.
    """

    case: Case
    table: Table
    given: Mapping[str, Quantity]
    level: int | None
    status: Status
    clause: str
    open: bool = False

    @property
    def strength(self) -> float:
        """Of equal levels the greater is told: the gauge highest over its alarm, or the reading.

        The stages of two gauges in metres say nothing beside each other.
        """
        above = self.case.quantities.get("above_3")
        if isinstance(above, float):
            return above
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
    return 2 if answer.open else _GRAVITY[answer.status]


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
        asked = list(_questions(context, ask, table, found))
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
    context: Context, ask: ReadingsAsk, table: Table, found: Sequence[Sequence[Case]]
) -> list[_Question]:
    out: list[_Question] = []
    by_category = CATEGORY in ask.inputs.values()
    for area, mine in enumerate(found):
        categories = context.areas.categories[area]
        if ask.where and not set(ask.where) & set(categories):
            continue
        for case in mine:
            if case.silent or case.mute:
                continue
            # Without an input for it the category is of no matter: asked once.
            for category in categories if by_category else ("",):
                known = {**case.quantities, CATEGORY: category}
                if not _told(ask, known):
                    continue
                given = {k: known.get(q) for k, q in ask.inputs.items()}
                told = case.led_by(ask.inputs.values())
                # One slip of a unit, 780 for 7.80, must not keep all the others from their answer.
                if odd := _cannot_be(table, given):
                    given |= dict.fromkeys(odd)
                    told = replace(told, notes=(*told.notes, OUTSIDE))
                out.append(_Question(area, told, category, {**given, **ask.given}))
    return out


def _cannot_be(table: Table, given: Mapping[str, Quantity]) -> list[str]:
    """Inputs whose number lies outside what the table says can occur: nothing is known of them."""
    out = []
    for of in table.inputs:
        value = given.get(of.id)
        if of.kind != "category" and isinstance(value, float):
            whole = math.floor(value) if of.kind == "integer" else value
            if not of.domain.contains(whole):
                out.append(of.id)
    return out


def _told(ask: ReadingsAsk, known: Mapping[str, Quantity]) -> bool:
    """Whether every quantity was ever told by anybody; the model leaves out those that were not.

    An article of what nobody reports is not asked. One of what somebody reports elsewhere is, and
    where it cannot be answered the place does not pass for quiet.
    """
    counted = () if ask.several is None else (ask.several.input,)
    return all(q in known for k, q in ask.inputs.items() if k not in counted)


def _answers(table: Table, ask: ReadingsAsk, asked: Sequence[_Question]) -> list[Answer]:
    if not asked:
        return []
    rule = ask.several
    given = [q.given for q in asked]
    if rule is not None and rule.one:
        given = [{**g, rule.input: g.get(rule.input) or rule.one} for g in given]
    alone = _evaluate(table, given)
    answers = [_answer(table, q.case, given[n], alone, n) for n, q in enumerate(asked)]
    answers = _whatever(table, answers)
    if rule is None:
        return answers
    as_several = [{**g, rule.input: rule.several} for g in given]
    found = _evaluate(table, as_several)
    together = [_answer(table, q.case, as_several[n], found, n) for n, q in enumerate(asked)]
    together = _whatever(table, together)
    return [
        _of_several(one, whole, others)
        for one, whole, others in zip(
            answers, together, _elsewhere(rule, asked, together), strict=True
        )
    ]


def _of_several(alone: Answer, whole: Answer, others: Answer | None) -> Answer:
    """What a case is answered, knowing what other groups reach.

    Args:
        alone: Its answer if it is the only group.
        whole: Its answer if there are several.
        others: The highest answer of the other groups, if there are several; None where none is.

    Returns:
        ``whole`` where another group reaches its level too. A case that goes farther than every
        other has, where the text leaves the single one open, at least the level that it and
        another reach together; that the text is open stays said.
    """
    shared = min(whole.level or 0, 0 if others is None else others.level or 0)
    if others is None or shared <= (alone.level or 0):
        return alone
    if shared == whole.level:
        return whole
    if alone.level is None:
        return replace(alone, level=shared, clause=others.clause)
    return alone


def _whatever(table: Table, answers: list[Answer]) -> list[Answer]:
    """Answers that hold whatever the one category is that nobody knows.

    Every value is asked. Where all of them give the same level the unknown does not matter; where
    each gives some level the least of them is certain, "at least". Where one gives none, nothing
    is: the case stays without an answer.
    """
    names = {i.id: tuple(i.values) for i in table.inputs if i.kind == "category"}
    blank: dict[int, str] = {}
    for n, answer in enumerate(answers):
        missing = [k for k, v in answer.given.items() if v is None]
        if answer.status == "no data" and len(missing) == 1 and missing[0] in names:
            blank[n] = missing[0]
    each = [(n, {**answers[n].given, k: v}) for n, k in blank.items() for v in names[k]]
    if not each:
        return answers
    found = _evaluate(table, [given for _, given in each])
    levels: dict[int, list[int]] = defaultdict(list)
    for (n, _), level in zip(each, found.level, strict=True):
        levels[n].append(int(level))
    out = list(answers)
    for n, mine in levels.items():
        least, one = min(mine), len(set(mine)) == 1
        if least == NO_LEVEL or (least == 0 and not one):
            out[n] = replace(answers[n], open=True)
            continue
        status: Status = ("defined" if least else "below") if one else "no data"
        row = next(
            int(found.row[k]) for k, (m, _) in enumerate(each) if m == n and found.level[k] == least
        )
        clause = table.rows[row].clause if row >= 0 else ""
        out[n] = replace(answers[n], level=least, status=status, clause=clause, open=not one)
    return out


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


def _elsewhere(
    rule: Several, asked: Sequence[_Question], answers: Sequence[Answer]
) -> list[Answer | None]:
    """The highest answer of a group other than one's own, wherever groups are counted."""
    best: dict[str, dict[str, Answer]] = defaultdict(dict)
    for q, answer in zip(asked, answers, strict=True):
        group, mine = _group(rule, q), best[_among(rule, q)]
        if group not in mine or (answer.level or 0) > (mine[group].level or 0):
            mine[group] = answer
    # The two highest will do: one of them is another group's.
    first = {
        among: sorted(mine.items(), key=lambda g: -(g[1].level or 0))[:2]
        for among, mine in best.items()
    }
    return [
        next((a for g, a in first[_among(rule, q)] if g != _group(rule, q)), None) for q in asked
    ]


def _group(rule: Several, question: _Question) -> str:
    return question.case.groups.get(rule.by, question.case.subject)


def _among(rule: Several, question: _Question) -> str:
    if rule.by == "area" or rule.over == "country":
        return ""
    return question.category if rule.over == "category" else str(question.area)
