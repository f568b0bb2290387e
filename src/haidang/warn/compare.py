"""Two wordings side by side, word by word: what went, what came."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from haidang.warn.message import Text

PARTS: Final = ("headline", "description", "instruction")
"""The three parts of a notice, in the order in which they are read."""

_WORDS: Final = re.compile(r"\S+\s*")
ALIKE: Final = 0.5
"""Two lines of which less than this share of the words agrees are two different lines."""
BRIDGE: Final = 2
"""Fewer words in a row that happen to agree between two changes are shown as changed too."""


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
        Lines of the newer text with what went kept in place. But for blanks, the pieces that are
        not ``new`` spell ``before`` and those that are not ``gone`` spell ``after``.

    >>> lines("Go home now.", "Go home at once.")[0][1:]
    (Piece(kind='gone', text='now.'), Piece(kind='new', text='at once.'))
    """
    old, new = ([x for x in t.splitlines() if x.strip()] for t in (before, after))
    found: list[Line] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [(Piece("same", line),) for line in new[c:d]]
        else:
            found += _paired(old[a:b], new[c:d])
    return tuple(found)


def changes(before: Text | None, after: Text) -> int:
    """At how many places two wordings of one language differ.

    >>> old = Text("en", "Storm. Level 3.", "Wind.", "Go home.")
    >>> changes(old, old), changes(None, old)
    (0, 3)
    """
    count = 0
    for part in PARTS:
        for line in lines(getattr(before, part, ""), getattr(after, part)):
            kinds = [p.kind for p in line]
            # "gone" and "new" side by side are one place.
            pairs = zip(["same", *kinds], kinds, strict=False)
            count += sum(k != "same" and (last, k) != ("gone", "new") for last, k in pairs)
    return count


def _paired(old: list[str], new: list[str]) -> list[Line]:
    """Lines that differ, each beside the next older one that is like it."""
    found: list[Line] = []
    start = 0
    for line in new:
        like = (i for i in range(start, len(old)) if _alike(old[i], line))
        if (match := next(like, None)) is None:
            found.append((Piece("new", line),))
            continue
        found += [(Piece("gone", gone),) for gone in old[start:match]]
        found.append(_words(old[match], line))
        start = match + 1
    return found + [(Piece("gone", gone),) for gone in old[start:]]


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio() >= ALIKE


def _words(before: str, after: str) -> Line:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    codes = SequenceMatcher(None, before.split(), after.split(), autojunk=False).get_opcodes()
    found: list[Piece] = []
    gone, came = "", ""
    for number, (tag, a, b, c, d) in enumerate(codes):
        bridge = 0 < number < len(codes) - 1 and d - c < BRIDGE
        if tag == "equal" and not bridge:
            found += [*_changed(gone, came), Piece("same", "".join(new[c:d]))]
            gone, came = "", ""
        else:
            gone, came = gone + "".join(old[a:b]), came + "".join(new[c:d])
    return (*found, *_changed(gone, came))


def _changed(gone: str, came: str) -> list[Piece]:
    found = [Piece("gone", gone)] if gone else []
    return [*found, Piece("new", came)] if came else found
