"""What is wrong with a message, where, and how to say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, cast

from lxml import etree

from haidang.base.problem import Problem
from haidang.warn.cap.grammar import GRAMMARS
from haidang.words import word

FINDINGS_MAX: Final = 1000
"""More findings of one message are counted, not listed: nobody reads them, and a hostile message
could ask for millions."""
DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a message.

    Attributes:
        code: Stable name of the rule, e.g. ``polygon_open``; docs/reference/cap.md lists them.
        line: In the file, counted from 1: of the element's start tag; of its parent where the
            element is missing; 1 where the message cannot be read at all.
        xpath: The element, with the prefix ``cap`` for the message's own namespace and ``ds`` for
            signatures; "/" where the message cannot be read.
        message: What is wrong and what to do, in the language asked for.
        severity: ``error`` where the standard or the profile forbids it, else ``warning``.
        params: What the message is made of, to say it in another language.
    """

    code: str
    line: int
    xpath: str
    message: str
    severity: Level
    params: Mapping[str, object] = field(default_factory=dict, repr=False)

    def say(self, language: str = "en") -> str:
        """The message in another language."""
        return _say(self.code, language, self.params)

    def problem(self, file: str = "") -> Problem:
        """The same finding as every other part of the program tells it."""
        # A profile's own words are in two languages; a problem is in none yet and takes English.
        params = {k: _in(v, "en") for k, v in self.params.items()}
        return Problem(_key(self.code), params, file, self.line or None, self.xpath, self.severity)


@dataclass(frozen=True, slots=True)
class Found:
    """A finding before anybody asked where it is: line and path cost more than the rules do."""

    code: str
    node: etree._Element | None
    params: Mapping[str, object]
    severity: Level
    line: int = 0


class Notes:
    """Takes down findings while a message is walked through."""

    __slots__ = ("errors", "found", "left_out")

    def __init__(self) -> None:
        self.found: list[Found] = []
        self.errors = 0
        self.left_out = 0

    def error(self, code: str, node: etree._Element | None, /, **params: object) -> None:
        """Something that the standard or the profile forbids."""
        self.errors += 1
        if len(self.found) < FINDINGS_MAX:
            self.found.append(Found(code, node, params, "error"))
        else:
            self.left_out += 1

    def warning(self, code: str, node: etree._Element | None, /, **params: object) -> None:
        """Something allowed that is likely a mistake or does not work everywhere."""
        if len(self.found) < FINDINGS_MAX:
            self.found.append(Found(code, node, params, "warning"))
        else:
            self.left_out += 1

    def aside(self, code: str, line: int, /, **params: object) -> None:
        """A warning of what stands outside the message."""
        self._note(Found(code, None, params, "warning", line))

    def at_line(self, code: str, line: int, /, **params: object) -> None:
        """An error of a message that has no elements yet."""
        self.errors += 1
        self._note(Found(code, None, params, "error", line))

    def _note(self, found: Found) -> None:
        if len(self.found) < FINDINGS_MAX:
            self.found.append(found)
        else:
            self.left_out += 1


def short(text: str, limit: int = 80) -> str:
    r"""A value as it can stand in a sentence: one line, not too long.

    >>> short("a  b\n c"), short("x" * 100)[-3:]
    ('a b c', 'xx…')
    """
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit and len(text) <= limit * 4 else f"{line[:limit]}…"


class _Paths:
    """XPaths of elements, with a number only where one has brothers of its name."""

    def __init__(self) -> None:
        self._steps: dict[etree._Element, dict[etree._Element, str]] = {}

    def of(self, node: etree._Element) -> str:
        steps: list[str] = []
        here: etree._Element | None = node
        while here is not None:
            parent = here.getparent()
            steps.append(_name(here) if parent is None else self._children(parent)[here])
            here = parent
        return "/" + "/".join(reversed(steps))

    def _children(self, parent: etree._Element) -> dict[etree._Element, str]:
        """Steps to all children, worked out once: thousands of them may be wrong."""
        known = self._steps.get(parent)
        if known is None:
            kids = list(parent)
            total = Counter(kid.tag for kid in kids)
            seen: Counter[object] = Counter()
            known = {}
            for place, kid in enumerate(kids, 1):
                seen[kid.tag] += 1
                name = _name(kid)
                if name == "*":
                    # A stranger's prefix means nothing to the reader; its number among all does.
                    name = f"*[{place}]"
                elif total[kid.tag] > 1:
                    name = f"{name}[{seen[kid.tag]}]"
                known[kid] = name
            self._steps[parent] = known
        return known


def _name(node: etree._Element) -> str:
    namespace, _, local = str(node.tag)[1:].rpartition("}")
    if namespace == DSIG:
        return f"ds:{local}"
    return f"cap:{local}" if namespace in GRAMMARS else "*"


def located(notes: Notes, language: str, lines: Mapping[etree._Element, int]) -> Iterator[Finding]:
    """The findings with their places, in the order of the file.

    Args:
        notes: From the walk.
        language: Of the messages.
        lines: True lines of elements beyond those that the parser can count.
    """
    found = list(notes.found)
    paths = _Paths()
    if notes.left_out:
        found.append(Found("more", None, {"count": notes.left_out}, "warning"))
    for one in found:
        node = one.node
        yield Finding(
            code=one.code,
            line=max(one.line, 1) if node is None else _line(node, lines),
            xpath="/" if node is None else paths.of(node),
            message=_say(one.code, language, one.params),
            severity=one.severity,
            params=one.params,
        )


def _line(node: etree._Element, lines: Mapping[etree._Element, int]) -> int:
    return lines.get(node) or int(cast("int", node.sourceline) or 0)


def _say(code: str, language: str, params: Mapping[str, object]) -> str:
    return word(_key(code), language, **{k: _in(v, language) for k, v in params.items()})


def _key(code: str) -> str:
    """Codes with a point are of another room of words."""
    return code if "." in code else f"cap.{code}"


def _in(value: object, language: str) -> object:
    """Words that a profile brings along stand in both languages."""
    return value.get(language, value.get("en")) if isinstance(value, Mapping) else value
