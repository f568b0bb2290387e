"""Two wordings side by side, word by word: what went, what came."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from haidang.warn.message import Text

PARTS: Final = ("headline", "description", "instruction")
"""The three parts of a notice, in the order in which they are read."""

_WORDS: Final = re.compile(r"\n|[^\S\n]+|\S+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words in a row that share one fate."""

    kind: Literal["same", "gone", "new"]
    text: str


Line = tuple[Piece, ...]


def lines(before: str, after: str) -> tuple[Line, ...]:
    """Both texts in one, line by line.

    Args:
        before: The older text.
        after: The newer one.

    Returns:
        Lines of the newer text with what went kept in place; the pieces that are not ``new`` spell
        ``before``, those that are not ``gone`` spell ``after``, but for line breaks.

    >>> lines("Go home now.", "Go home at once.")[0][1:]
    (Piece(kind='gone', text='now.'), Piece(kind='new', text='at once.'))
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    found: list[list[Piece]] = [[]]
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            _add(found, "same", new[c:d])
        else:
            _add(found, "gone", old[a:b])
            _add(found, "new", new[c:d])
    return tuple(line for line in map(tuple, found) if line)


def changes(before: Text | None, after: Text) -> int:
    """At how many places two wordings of one language differ; all of it where there is no older."""
    count = 0
    for part in PARTS:
        old = _WORDS.findall(getattr(before, part, ""))
        new = _WORDS.findall(getattr(after, part))
        codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        count += sum(tag != "equal" for tag, *_ in codes)
    return count


def _add(
    found: list[list[Piece]], kind: Literal["same", "gone", "new"], words: list[str]
) -> None:
    run: list[str] = []
    for word in [*words, "\n"]:
        if word != "\n":
            run.append(word)
            continue
        if run:
            found[-1].append(Piece(kind, "".join(run)))
            run = []
        found.append([])
    found.pop()  # the line break that was put behind the words
