"""The composite risk index as tidy tables: a country's own, or one from a table of values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.pack.index import INFORM, CountryIndex, load_index, read_structure
from haidang.pack.schema import Country
from haidang.risk.index import Floats, drivers
from haidang.risk.index_sampling import Index, make
from haidang.risk.index_spec import IndexSpec, Indicator


@dataclass(frozen=True)
class RiskIndex:
    """A composite index as tables.

    Attributes:
        table: One row a place, the highest risk first: index, interval, rank, known share, and the
            same of each dimension.
        parts: One row a place and part of the tree, from the top down: score, known share,
            interval, and of an indicator its value, unit, source and date.
        drivers: One row a place and indicator that is known of it: the points that it adds.
        problems: What was left out, and what is missing.
        made: The arrays that the tables are made of.
    """

    table: pd.DataFrame
    parts: pd.DataFrame
    drivers: pd.DataFrame
    problems: tuple[Problem, ...]
    made: Index


def own_index(country: Country, day: date) -> CountryIndex:
    """A country's own index, of the provinces of a day.

    Raises:
        NotFound: It has none (``index.no_index``).
        BadPack: Its tree does not fit.
    """
    found = load_index(country.folder, country.places, day)
    if found is None:
        raise NotFound(Problem("index.no_index", {"country": country.id}))
    return found


def of_country(found: CountryIndex, language: str) -> RiskIndex:
    """A country's index as tables."""
    names = {p.code: p.name(language) for p in found.places}
    return as_tables(found.made(), lambda code: names[code], language, found.problems)


def of_table(table: Any, structure: str | Path | None, language: str) -> RiskIndex:
    """An index of values that somebody brings along.

    Args:
        table: A row a place, a column an indicator; places are the index, or the column ``code``.
            Other columns are passed over.
        structure: File with the tree; None is that of INFORM.
        language: Of the titles.

    Raises:
        BadData: What is given is no table, or has no places (``index.no_code``); a place is not
            named (``index.code_missing``) or stands twice; it has no indicator
            (``index.no_values``), or one in two columns (``impact.column_twice``).
        BadPack: The file does not hold a tree.
    """
    spec = read_structure(INFORM if structure is None else Path(structure))
    if not isinstance(table, pd.DataFrame) or not len(table):
        raise BadData(Problem("index.no_code", {}))
    for name in map(str, table.columns[table.columns.duplicated()]):
        if name in spec.indicators or name == "code":
            raise BadData(Problem("impact.column_twice", {"name": name}, field=name))
    if "code" in table.columns:
        table = table.set_index("code")
    elif isinstance(table.index, pd.RangeIndex):
        raise BadData(Problem("index.no_code", {}))
    codes = tuple("" if pd.isna(c) else str(c).strip() for c in table.index)
    if "" in codes:
        raise BadData(Problem("index.code_missing", {}, row=codes.index("") + 2, field="code"))
    twice = sorted({c for c in codes if codes.count(c) > 1})
    if twice:
        where = {"indicator": "code", "code": ", ".join(twice)}
        raise BadData(Problem("index.twice", where, field="code"))
    problems: list[Problem] = []
    values = {
        n: _column(table[n], n, i, problems)
        for n, i in spec.indicators.items()
        if n in table.columns
    }
    if not values:
        raise BadData(Problem("index.no_values", {"known": ", ".join(spec.indicators)}))
    return as_tables(make(spec, codes, values), lambda code: code, language, tuple(problems))


def _column(given: pd.Series, name: str, of: Indicator, problems: list[Problem]) -> Floats:
    """A column as numbers; what is none is not known, what lies outside the ends is named."""
    out = np.full(len(given), math.nan)
    for i, (place, cell) in enumerate(given.items()):
        if cell is None or (isinstance(cell, str) and not cell.strip()) or cell is pd.NA:
            continue
        try:
            value = float(cell)
            if math.isinf(value):
                raise ValueError
        except (TypeError, ValueError):
            where = {"value": cell, "place": place}
            problems.append(Problem("index.not_number", where, row=i + 2, field=name))
            continue
        out[i] = value
        if value < of.min or value > of.max:
            where = {"value": cell, "place": place, "low": of.min, "high": of.max}
            problems.append(
                Problem("index.out_of_range", where, row=i + 2, field=name, severity="warning")
            )
    return out


def as_tables(
    made: Index, name: Callable[[str], str], language: str, problems: tuple[Problem, ...]
) -> RiskIndex:
    """An index as tables.

    Args:
        made: The index.
        name: Of a place, by code.
        language: Of titles and units.
        problems: Found on the way.
    """
    order = made.order()
    table = pd.DataFrame([_row(made, i, name) for i in order])
    parts = pd.DataFrame([r for i in order for r in _parts(made, i, language)])
    moved = [
        {"place": made.codes[i], "indicator": n, "points": points}
        for i in order
        if not np.isnan(made.rank[i])
        for n, points in drivers(made.spec, made.leaves, i)
    ]
    columns = ["place", "indicator", "points"]
    return RiskIndex(table, parts, pd.DataFrame(moved, columns=columns), problems, made)


def _row(made: Index, i: int, name: Callable[[str], str]) -> dict[str, object]:
    root = made.spec.root
    row: dict[str, object] = {
        "place": made.codes[i],
        "name": name(made.codes[i]),
        "risk": made.risk[i],
        "low": made.low[root][i],
        "high": made.high[root][i],
        "rank": made.rank[i],
        "rank_low": made.rank_low[i],
        "rank_high": made.rank_high[i],
        "known": made.known[i],
    }
    for one in made.spec.dimensions:
        row |= {
            one: made.scores.score[one][i],
            f"{one}_low": made.low[one][i] if one in made.low else math.nan,
            f"{one}_high": made.high[one][i] if one in made.high else math.nan,
        }
    return row


def _parts(made: Index, i: int, language: str) -> list[dict[str, object]]:
    spec: IndexSpec = made.spec
    out = []
    for depth, part in spec.walk():
        indicator = spec.indicators.get(part)
        out.append(
            {
                "place": made.codes[i],
                "part": part,
                "title": said(spec.part(part).title, language),
                "depth": depth,
                "kind": "node" if indicator is None else "indicator",
                "score": made.scores.score[part][i],
                "known": made.scores.known[part][i],
                "low": made.low[part][i] if indicator is None else math.nan,
                "high": made.high[part][i] if indicator is None else math.nan,
                "value": math.nan if indicator is None else made.values[part][i],
                "unit": "" if indicator is None else said(indicator.unit, language),
                "source": spec.nodes[part].source
                if indicator is None
                else said(indicator.source, language),
                "date": "" if indicator is None else indicator.date,
            }
        )
    return out


def said(texts: Mapping[str, str], language: str) -> str:
    """A text in a language, in English where there is none in it; "" for no text."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
