"""Which place lies in which area of a law table: ``law/regions/regions.yaml`` and its CSV files.

A table of law asks for an area by the law's own name for it. Which province that is, is data of
the places, with a basis for every row: named in the text, named in an annex, or inferred.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal, get_args

from pydantic import Field

from haidang.base.errors import BadPack, NotFound
from haidang.base.place import Gazetteer, Kind, Place
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.law.header import Texts
from haidang.law.lawbook import Lawbook, article_id
from haidang.law.levels import Names
from haidang.law.table import Table
from haidang.pack.load import parse, read_yaml, short
from haidang.words import LANGUAGES

Basis = Literal["text", "table", "inference"]
FOLDER: Final = "regions"
COLUMNS: Final = ("code", "category", "basis")


class AnswersSpec(Spec):
    """An input of a table that a list answers."""

    article: str
    input: str


class RegionsSpec(Spec):
    """One list.

    Attributes:
        file: CSV beside it with the columns ``code, category, basis`` and any others.
        kind: Kind of place whose codes it holds.
        codes_on: Day whose codes they are.
        answers: Which inputs of which tables it answers.
        source: Where the list is from, by language.
        notes: What a reader must know, by language.
    """

    file: str
    kind: Kind
    codes_on: date
    answers: tuple[AnswersSpec, ...] = Field(min_length=1)
    source: Texts
    notes: Texts


class RegionsFileSpec(Spec):
    """``regions.yaml``."""

    regions: Mapping[str, RegionsSpec]


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a list."""

    line: int
    code: str
    category: str
    basis: str


@dataclass(frozen=True, slots=True)
class Regions:
    """One list with its rows, in the order of the file.

    Attributes:
        id: Its key.
        file: Its file, for problems.
    """

    id: str
    spec: RegionsSpec
    rows: tuple[Listed, ...]
    file: str

    def answers(self, article: str, name: str) -> bool:
        """Whether it answers an input of an article."""
        return any(
            article_id(a.article) == article_id(article) and a.input == name
            for a in self.spec.answers
        )

    def categories(self, code: str) -> tuple[str, ...]:
        """The areas in which a place of the list's own day lies; empty where it is not listed."""
        return tuple(r.category for r in self.rows if r.code == code)

    def of(self, gazetteer: Gazetteer, code: str, day: date) -> tuple[str, ...]:
        """The areas of a place of any day: those of all that it was made of, or has become.

        Raises:
            NotFound: The code means no place on that day.
        """
        on, kind = self.spec.codes_on, self.spec.kind
        others = (
            gazetteer.predecessors(kind, code, day, on)
            if on <= day
            else gazetteer.successors(kind, code, day, on)
        )
        return tuple(dict.fromkeys(c for p in others for c in self.categories(p.code)))


def load_regions(country: Path) -> tuple[Regions, ...]:
    """The lists of a country; none where it has no ``regions.yaml``.

    Args:
        country: ``countries/<cc>``.

    Raises:
        BadPack: A file is missing, cannot be read, or lacks a column.
    """
    folder = country / "law" / FOLDER
    path = folder / "regions.yaml"
    if not path.is_file():
        return ()
    spec = parse(RegionsFileSpec, read_yaml(path), path)
    return tuple(_read(folder, name, one) for name, one in spec.regions.items())


def _read(folder: Path, name: str, spec: RegionsSpec) -> Regions:
    path = folder / spec.file
    file = short(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            lacking = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if lacking:
                found = ", ".join(reader.fieldnames or ()) or "-"
                params = {"wanted": ",".join(COLUMNS), "found": found}
                raise BadPack(Problem("law.columns", params, file, 1))
            rows = tuple(
                Listed(reader.line_num, *((row[c] or "").strip() for c in COLUMNS))
                for row in reader
            )
    except FileNotFoundError as err:
        raise BadPack(Problem("law.file_missing", {}, file)) from err
    except UnicodeDecodeError as err:
        raise BadPack(Problem("law.encoding", {}, file)) from err
    return Regions(name, spec, rows, file)


def check_regions(
    lists: tuple[Regions, ...], book: Lawbook, gazetteer: Gazetteer
) -> Iterator[Problem]:
    """What is wrong with the lists: codes, areas, articles and bases not known; rows twice.

    Args:
        lists: From ``load_regions``.
        book: The law they speak of.
        gazetteer: The places they speak of.
    """
    for one in lists:
        known = _areas(one, book)
        for answer in one.spec.answers:
            if (article_id(answer.article), answer.input) not in known:
                params = {"article": answer.article, "name": answer.input}
                yield Problem("law.regions_answer", params, one.file, field=one.id)
        seen: set[tuple[str, str]] = set()
        for row in one.rows:
            yield from _row(one, row, known, gazetteer)
            if (row.code, row.category) in seen:
                params = {"code": row.code, "category": row.category}
                yield Problem("law.regions_twice", params, one.file, row.line, "code")
            seen.add((row.code, row.category))


def _areas(one: Regions, book: Lawbook) -> dict[tuple[str, str], tuple[str, ...]]:
    """Of every category of a table that the list answers, its values."""
    return {
        (t.article, i.id): tuple(i.values)
        for t in book.tables
        for i in t.inputs
        if i.kind == "category" and one.answers(t.article, i.id)
    }


def _row(
    one: Regions, row: Listed, known: Mapping[tuple[str, str], tuple[str, ...]], places: Gazetteer
) -> Iterator[Problem]:
    for values in known.values():
        if row.category not in values:
            params = {"value": row.category, "known": ", ".join(values)}
            yield Problem("law.category_unknown", params, one.file, row.line, "category")
            break
    if places.find(one.spec.kind, row.code, one.spec.codes_on) is None:
        on: dict[str, object] = {"code": row.code, "day": one.spec.codes_on}
        yield Problem("law.regions_code", on, one.file, row.line, "code")
    if row.basis not in get_args(Basis):
        params = {"given": row.basis, "known": ", ".join(get_args(Basis))}
        yield Problem("law.regions_basis", params, one.file, row.line, "basis")


def areas_of(
    lists: tuple[Regions, ...], table: Table, places: Gazetteer, place: Place, day: date
) -> dict[str, tuple[str, ...]]:
    """The areas of a place that a table asks about, by input.

    Args:
        lists: From ``load_regions``.
        table: The table.
        places: The country's places.
        place: The place, as it is on the day.
        day: The day.

    Returns:
        For each input that some list of the place's kind answers, its categories; empty where no
        list answers any.

    Raises:
        NotFound: A list answers an input, and the place is not on it: the article does not cover
            the place.
    """
    found: dict[str, tuple[str, ...]] = {}
    for of in table.inputs:
        for one in lists:
            if place.kind != one.spec.kind or not one.answers(table.article, of.id):
                continue
            areas = one.of(places, place.code, day)
            if not areas:
                names = Names({k: place.name(k) for k in LANGUAGES})
                params = {"article": table.article, "place": names, "list": one.file}
                raise NotFound(Problem("law.place_not_covered", params, field=of.id))
            found[of.id] = areas
    return found
