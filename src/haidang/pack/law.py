"""Reading a country's law: ``law/scales.yaml`` and ``law/*.csv``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError

from haidang.base.errors import BadPack
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.law.check import check
from haidang.law.header import Texts, as_problems, read_yaml
from haidang.law.lawbook import Lawbook, clashes
from haidang.law.levels import CombineRule, Kind, Names, Rank, Scale
from haidang.law.table import Table, parse


class CombineSpec(Spec):
    """What the law allows when several hazards strike together.

    Attributes:
        successive_h: A hazard whose level ended so recently is still followed by another, h.
        assumption: Why that number, by language; needed with it, for no act gives one.
        approval: Whether a second person must approve a raise.
    """

    hazards: int = Field(ge=2)
    ordinary: int = Field(ge=1)
    serious: int = Field(ge=1)
    decision: str
    clause: str
    text: Texts
    successive_h: float = Field(default=0.0, ge=0)
    assumption: Texts = Field(default_factory=dict)
    approval: bool = True


class RankSpec(Spec):
    """One step of a scale."""

    rank: int
    names: Texts
    colour: str = ""
    colour_names: Texts = Field(default_factory=dict)
    meaning: Texts = Field(default_factory=dict)
    numbered: bool = True


class ScaleSpec(Spec):
    """One scale of a country."""

    kind: Kind
    title: Texts
    source: str
    ranks: list[RankSpec]
    combine: CombineSpec | None = None


class ScalesSpec(Spec):
    """The file ``scales.yaml``."""

    scales: dict[str, ScaleSpec]


@dataclass(frozen=True, slots=True)
class Law:
    """The law of one country, as far as it could be read.

    Attributes:
        book: The tables that are sound enough to be asked.
        scales: The scales, by id.
        problems: All that was found wrong; a table with an error in its form, or in conflict
            with another over the same days, is not in the book.
    """

    book: Lawbook
    scales: Mapping[str, Scale]
    problems: tuple[Problem, ...]


def read_law(folder: Path, day: dt.date | None = None) -> Law:
    """Read and check the law of a country.

    Args:
        folder: Its folder ``law``.
        day: The day on which the tables are to serve; None = do not ask.

    Returns:
        Tables, scales and every problem; nothing is raised for what the files contain.
    """
    name = f"{folder.parent.name}/{folder.name}"
    problems: list[Problem] = []
    scales = _scales(folder / "scales.yaml", f"{name}/scales.yaml", problems)
    tables: list[Table] = []
    for path in sorted(folder.glob("*.csv")):
        file = f"{name}/{path.name}"
        text = _text(path, file, problems)
        if text is None:
            continue
        try:
            table = parse(text, scales, file)
        except BadPack as error:
            problems += error.problems
            continue
        tables.append(table)
        problems += check(table, day)
    refused: set[int] = set()
    for a, b, problem in clashes(tables):
        refused |= {id(a), id(b)}
        problems.append(problem)
    sound = [t for t in tables if id(t) not in refused]
    return Law(Lawbook(sound), scales, tuple(problems))


def known_law(folder: Path) -> Law:
    """As ``read_law``; what was read is kept and read again when a file of the folder changed.

    Args:
        folder: Its folder ``law``.

    Returns:
        The same object as long as no file comes, goes, or changes in time or size.
    """
    marks = []
    for path in sorted((folder / "scales.yaml", *folder.glob("*.csv"))):
        if path.is_file():
            found = path.stat()
            marks.append((path.name, found.st_mtime_ns, found.st_size))
    return _kept(folder.resolve(), tuple(marks))


@lru_cache(maxsize=8)
def _kept(folder: Path, marks: tuple[tuple[str, int, int], ...]) -> Law:
    return read_law(folder)


def _text(path: Path, file: str, problems: list[Problem]) -> str | None:
    try:
        # newline="" keeps a quoted line break as it is: the rows are counted as an editor counts.
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    except UnicodeDecodeError:
        problems.append(Problem("law.encoding", {}, file))
    except FileNotFoundError:
        problems.append(Problem("law.file_missing", {}, file))
    return None


def _scales(path: Path, file: str, problems: list[Problem]) -> dict[str, Scale]:
    text = _text(path, file, problems)
    if text is None:
        return {}
    raw, wrong = read_yaml(text, file)
    if wrong:
        problems += wrong
        return {}
    try:
        spec = ScalesSpec.model_validate(raw)
    except ValidationError as error:
        if isinstance(raw, dict):
            problems += as_problems(error, file, text.splitlines())
        else:
            problems.append(Problem("law.scales_empty", {}, file))
        return {}
    found = {}
    for key, scale in spec.scales.items():
        if [r.rank for r in scale.ranks] != list(range(1, len(scale.ranks) + 1)):
            ranks = ", ".join(str(r.rank) for r in scale.ranks)
            problems.append(
                Problem("law.ranks", {"ranks": ranks}, file, field=f"scales.{key}.ranks")
            )
            continue
        problems += _combine_problems(key, scale.combine, file)
        found[key] = _scale(key, scale)
    return found


def _combine_problems(key: str, rule: CombineSpec | None, file: str) -> Iterator[Problem]:
    """A number that is no act's must say so, and the serious raise is not the lesser one."""
    if rule is None:
        return
    where = f"scales.{key}.combine"
    if rule.successive_h and not rule.assumption:
        said = {"hours": f"{rule.successive_h:g}", "clause": rule.clause}
        yield Problem("law.combine_assumption", said, file, field=f"{where}.assumption")
    if rule.serious < rule.ordinary:
        said = {"serious": str(rule.serious), "ordinary": str(rule.ordinary)}
        yield Problem("law.combine_serious", said, file, field=f"{where}.serious")


def _scale(key: str, spec: ScaleSpec) -> Scale:
    rule = spec.combine
    return Scale(
        id=key,
        kind=spec.kind,
        title=Names(spec.title),
        ranks=tuple(
            Rank(
                rank=r.rank,
                names=Names(r.names),
                colour=r.colour,
                colour_names=Names(r.colour_names),
                meaning=Names(r.meaning),
                numbered=r.numbered,
            )
            for r in spec.ranks
        ),
        source=spec.source,
        combine=None
        if rule is None
        else CombineRule(
            hazards=rule.hazards,
            ordinary=rule.ordinary,
            serious=rule.serious,
            decision=rule.decision,
            clause=rule.clause,
            text=Names(rule.text),
            successive_h=rule.successive_h,
            assumption=Names(rule.assumption),
            approval=rule.approval,
        ),
    )
