"""Asking a law table with what is known, and never with what is not.

A person who asks rarely has every input. A category that was not given is answered for each of
its values; a number that was not given is asked back. Nothing is put in its place.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from haidang.base.errors import BadData
from haidang.base.place import fold
from haidang.base.problem import Problem
from haidang.law.check import boxes
from haidang.law.evaluate import Ruling, describe, lookup, unknown_category, unknown_input
from haidang.law.levels import Names
from haidang.law.table import Input, Table
from haidang.words import LANGUAGES

Given = float | tuple[str, ...]
"""What is known of one input: a number, or the categories that come into question."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer, and for which of the cases that were left open it holds.

    Attributes:
        ruling: Of one of these cases; level, clause, status and text are those of all.
        cases: The cases in words, by language; empty where nothing was left open.
    """

    ruling: Ruling
    cases: tuple[Names, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a table says to what is known.

    Attributes:
        table: The table.
        given: What was given, by input.
        open: Categories that were not given, or given as several: their values are alternatives.
        needed: Numbers that were not given; there is no outcome without them.
        outcomes: Highest level first, then what has no level, then what is below.
    """

    table: Table
    given: Mapping[str, Given]
    open: tuple[Input, ...]
    needed: tuple[Input, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels of 1 or more that come out, highest first."""
        found = {o.ruling.level for o in self.outcomes if o.ruling.level}
        return tuple(sorted(found, reverse=True))

    @property
    def settled(self) -> bool:
        """Whether there is one outcome, whatever was left open."""
        return len(self.outcomes) == 1


def ask(table: Table, given: Mapping[str, Given], day: dt.date | None = None) -> Answer:
    """What a table says to what is known.

    Args:
        table: The table.
        given: By input: a number in the input's unit, or the categories that come into question;
            an input that is not known is left out.
        day: The day asked about, None = do not ask whether the article is in force.

    Raises:
        BadData: An input that the table does not ask about, or a value it does not know.
    """
    names = [i.id for i in table.inputs]
    unknown = [n for n in given if n not in names]
    if unknown:
        raise BadData(*(unknown_input(table, n) for n in unknown))
    needed = tuple(i for i in table.inputs if i.kind != "category" and i.id not in given)
    choices = {i.id: _values(i, given.get(i.id)) for i in table.inputs if i.kind == "category"}
    left = tuple(i for i in table.inputs if len(choices.get(i.id, ())) > 1)
    if needed:
        return Answer(table, given, left, needed, ())
    found = tuple(_outcomes(table, given, choices, left, day))
    return Answer(table, given, left, (), tuple(sorted(found, key=_order)))


def _values(of: Input, given: Given | None) -> tuple[str, ...]:
    if given is None:
        return tuple(of.values)
    # A category the table does not know goes on to the look-up, which refuses it with the list.
    return given if isinstance(given, tuple) else (str(given),)


def _outcomes(
    table: Table,
    given: Mapping[str, Given],
    choices: Mapping[str, Sequence[str]],
    left: tuple[Input, ...],
    day: dt.date | None,
) -> Iterator[Outcome]:
    axes = [choices[i.id] for i in left]
    fixed = {n: given[n] for n in given if n not in choices}
    fixed |= {n: v[0] for n, v in choices.items() if len(v) == 1}  # type: ignore[misc]
    key: tuple[object, ...]
    rulings: dict[tuple[object, ...], Ruling] = {}
    where: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
    for cell in product(*(range(len(a)) for a in axes)):
        chosen = {i.id: axes[n][cell[n]] for n, i in enumerate(left)}
        ruling = lookup(table, day=day, **fixed, **chosen)
        key = (ruling.level, ruling.status, ruling.clauses, ruling.text)
        rulings.setdefault(key, ruling)
        where.setdefault(key, []).append(cell)
    for key, ruling in rulings.items():
        hit = np.zeros([len(a) for a in axes], bool)
        for cell in where[key]:
            hit[cell] = True
        cases: tuple[Names, ...] = ()
        if left and len(rulings) > 1:
            cases = tuple(_said(left, axes, box) for box in boxes(hit, (False,) * len(axes)))
        yield Outcome(ruling, cases)


def _said(
    left: tuple[Input, ...], axes: Sequence[Sequence[str]], box: Sequence[Sequence[int]]
) -> Names:
    """A box of alternatives in words; an input of which every alternative fits is not named."""
    told = [
        (i, [axis[k] for k in chosen])
        for i, axis, chosen in zip(left, axes, box, strict=True)
        if len(chosen) < len(axis)
    ]
    return Names(
        {
            language: "; ".join(describe(i, v[0] if len(v) == 1 else v, language) for i, v in told)
            for language in LANGUAGES
        }
    )


def _order(outcome: Outcome) -> tuple[int, str]:
    """Highest level first; what has no level stands before what is below every level."""
    level = outcome.ruling.level
    return (-1 if level is None else -2 * level, outcome.ruling.clause)


def read(table: Table, texts: Mapping[str, str]) -> dict[str, Given]:
    """What a person typed, as the table's inputs.

    Args:
        table: The table.
        texts: By input, as typed: hyphens for underscores in the name, a decimal comma, the id of
            a category or its name in any language, several of them joined by ``|``. An empty text
            is one that was not given.

    Raises:
        BadData: An input or category that the table does not know, with the nearest one it does;
            what is no number; a number that this input cannot have.
    """
    found: dict[str, Given] = {}
    problems: list[Problem] = []
    by_id = {i.id: i for i in table.inputs}
    for typed, text in texts.items():
        name = typed.strip().replace("-", "_")
        if name not in by_id:
            problems.append(unknown_input(table, name))
        elif text.strip():
            value = _read(table, by_id[name], text.strip(), problems)
            if value is not None:
                found[name] = value
    if problems:
        raise BadData(*problems)
    return found


_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?|[-+]?[.,]\d+")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")
"""One thousand and something in one language, one and something in the other."""


def _read(table: Table, of: Input, text: str, problems: list[Problem]) -> Given | None:
    if of.kind != "category":
        if not _NUMBER.fullmatch(text):
            problems.append(Problem("law.not_number", {"given": text}, table.id, field=of.id))
            return None
        if _THOUSANDS.fullmatch(text):
            problems.append(Problem("law.number_ambiguous", {"given": text}, table.id, field=of.id))
            return None
        return float(text.replace(",", "."))
    chosen: list[str] = []
    for part in text.split("|"):
        key = _category(of, part.strip())
        if key is None:
            problems.append(unknown_category(table, of, part.strip()))
        else:
            chosen.append(key)
    return tuple(dict.fromkeys(chosen)) or None


def _category(of: Input, text: str) -> str | None:
    if text in of.values:
        return text
    folded = {fold(name): k for k, names in of.values.items() for name in names.values()}
    folded |= {fold(k): k for k in of.values}
    return folded.get(fold(text))
