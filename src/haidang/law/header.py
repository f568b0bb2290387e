"""The head of a law table: who decided what, for when, in which units, how far it is checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from haidang.base.problem import Problem
from haidang.base.spec import Spec

Texts = dict[str, str]


class InputSpec(Spec):
    """One thing the table asks about: a category, or a number with its unit."""

    kind: Literal["category", "integer", "real"]
    name: Texts
    values: dict[str, Texts] | None = None
    unit: Texts | None = None
    domain: str | None = None


class WhereSpec(Spec):
    """A set of cases and why it is singled out; an input that is not named may be anything."""

    where: dict[str, str]
    reason: Texts


class OverlapSpec(WhereSpec):
    """Cases for which the text gives more than one level, and which of them is taken."""

    rule: Literal["highest", "none"]


class VintageSpec(Spec):
    """Which division of the country the table's areas are drawn on."""

    day: dt.date
    description: Texts


class CheckedSpec(Spec):
    """How far the table is checked, and against what."""

    checked: Literal["gazette", "codification", "copy", "unchecked"]
    against: Texts


class TranslationSpec(Spec):
    """What the English column is worth."""

    status: Literal["official", "unofficial", "none"]
    note: Texts = Field(default_factory=dict)


class HeaderSpec(Spec):
    """The YAML at the head of a law table."""

    id: str
    decision: str
    act: Texts
    article: str | int
    title: Texts
    language: str
    scale: str
    valid_from: dt.date
    valid_until: dt.date | None
    place_vintage: VintageSpec
    status: CheckedSpec
    translation: TranslationSpec
    source: str
    notes: Texts = Field(default_factory=dict)
    inputs: dict[str, InputSpec]
    below: list[WhereSpec]
    gaps: list[WhereSpec]
    overlaps: list[OverlapSpec]


# The C parser where the wheel has it: a country has dozens of heads, and every command reads them.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _NoDuplicates(_Loader):  # type: ignore[misc]
    """Refuses a key that stands twice: plain YAML would drop the first without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key {key}", key_node.start_mark
                )
            seen.add(key)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found


def read_yaml(text: str, file: str) -> tuple[object, tuple[Problem, ...]]:
    """YAML into plain values, or the one Problem that says where it cannot be read."""
    try:
        return yaml.load(text, _NoDuplicates), ()  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = None if mark is None else mark.line + 1
        detail = str(getattr(error, "problem", None) or "")
        return None, (Problem("law.yaml", {"detail": detail}, file, row),)


def as_problems(error: ValidationError, file: str, lines: Iterable[str]) -> tuple[Problem, ...]:
    """What pydantic refused, each as a Problem that names key, line and remedy."""
    rows = list(lines)
    return tuple(_as_problem(e, file, rows) for e in error.errors())


_CODES = (
    ("missing", "law.key_missing"),
    ("extra_forbidden", "law.key_unknown"),
    ("date", "law.key_date"),
    ("literal", "law.key_choice"),
    ("string", "law.key_text"),
    ("int", "law.key_number"),
    ("dict", "law.key_mapping"),
    ("model", "law.key_mapping"),
    ("list", "law.key_list"),
)


def _as_problem(error: ErrorDetails, file: str, rows: list[str]) -> Problem:
    code = next((c for start, c in _CODES if error["type"].startswith(start)), "law.key_value")
    path = ".".join(str(p) for p in error["loc"])
    given = "" if error["input"] is None else str(error["input"])
    expected = str(error.get("ctx", {}).get("expected", ""))
    top = str(error["loc"][0])
    row = next((i for i, line in enumerate(rows, 1) if line.startswith(f"{top}:")), None)
    return Problem(
        code, {"key": path, "given": given[:60], "expected": expected}, file, row, field=path
    )
