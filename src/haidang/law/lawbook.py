"""All law tables of a country, found by article and day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from itertools import combinations

from haidang.base.errors import BadPack, NotFound
from haidang.base.problem import Problem
from haidang.law.levels import Names
from haidang.law.table import Table
from haidang.words import LANGUAGES

_PREFIX = re.compile(r"^(?:article|art)\b\.?\s*|^art(?=\d)", re.IGNORECASE)


def article_id(article: str | int) -> str:
    """An article however it is written: 42, "42", "art42", "Art. 42".

    >>> {article_id(a) for a in (42, "42", "art42", "Art. 42", "article 42")}
    {'42'}
    """
    return _PREFIX.sub("", str(article).strip())


def clashes(tables: Iterable[Table]) -> Iterator[tuple[Table, Table, Problem]]:
    """Pairs of tables of one article that are in force on one day, each with its Problem."""
    for a, b in combinations(tables, 2):
        if a.article != b.article:
            continue
        start = max(a.valid_from, b.valid_from)
        if a.in_force(start) and b.in_force(start):
            params = {"article": a.article, "day": start, "first": a.id, "second": b.id}
            yield a, b, Problem("law.clash", params, b.file or a.file, field="valid_from")


class Lawbook:
    """The law tables of one country.

    Raises:
        BadPack: Two tables of one article are in force on one day.
    """

    def __init__(self, tables: Iterable[Table]) -> None:
        self.tables = tuple(sorted(tables, key=lambda t: (t.article, t.valid_from, t.id)))
        problems = [p for _, _, p in clashes(self.tables)]
        if problems:
            raise BadPack(*problems)

    def at(self, article: str | int, day: dt.date) -> Table:
        """The table of an article as it was in force on a day.

        Args:
            article: 42, "42", "art42" or "Art. 42".
            day: The day.

        Raises:
            NotFound: No table of the article, or none in force that day; lists what exists.
        """
        wanted = article_id(article)
        having = [t for t in self.tables if t.article == wanted]
        for table in having:
            if table.in_force(day):
                return table
        if having:
            periods = Names(
                {
                    k: "; ".join(f"{t.act.say(k)}: {t.period()[k]}" for t in having)
                    for k in LANGUAGES
                }
            )
            params = {"article": wanted, "day": day, "periods": periods}
            raise NotFound(Problem("law.not_in_force_then", params))
        known = ", ".join(dict.fromkeys(t.article for t in self.tables)) or "-"
        raise NotFound(Problem("law.no_article", {"article": wanted, "known": known}))
