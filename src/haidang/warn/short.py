"""A notice as a phone shows it: whole sentences as far as they fit, and how many did not.

Lengths are those of GSM: a short message of 140 octets (3GPP TS 23.040, 9.2.3.24), a cell
broadcast of at most 15 pages of 82 octets (3GPP TS 23.041, 9.4.2.2). Octets hold 7-bit letters of
the default alphabet (3GPP TS 23.038, 6.2.1), or two of them one UCS-2 letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import combining, normalize

from haidang.warn.message import Text
from haidang.warn.readability import sentences

SMS_MAX: Final = 160
"""Letters of one short message in the default alphabet."""
SMS_UCS2: Final = 70
"""Letters of one short message in UCS-2."""
PART_7BIT: Final = 153
"""Letters of a part of several in the default alphabet: six octets say which part it is."""
PART_UCS2: Final = 67
"""Letters of a part of several in UCS-2."""
PAGES: Final = 15
"""Pages of one cell broadcast."""
PAGE_7BIT: Final = 93
"""Letters of a page in the default alphabet."""
PAGE_UCS2: Final = 40
"""Letters of a page in UCS-2, after the two octets that name the language."""

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLE: Final = frozenset("^{}\\[~]|€\f")
"""Letters that the default alphabet reaches by an escape: they count twice."""
_SIGNS: Final = str.maketrans(
    {
        "đ": "d", "Đ": "D", "–": "-", "—": "-", "−": "-", "…": "...", "«": '"', "»": '"',
        "“": '"', "”": '"', "‘": "'", "’": "'", "·": ",", "\u00a0": " ", "\u202f": " ",
        "→": "-", "°": " ", "²": "2", "³": "3", "≥": ">", "≤": "<",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Short:
    """What a phone shows.

    Attributes:
        text: Headline and as many whole sentences of the instruction, in order, as fit.
        length: Letters used, those of the extension table twice.
        limit: Letters that fit.
        left_out: Sentences of the instruction that did not fit.
        parts: Short messages that it takes.
    """

    text: str
    length: int
    limit: int
    left_out: int
    parts: int = 1

    @property
    def fits(self) -> bool:
        """False only where the headline alone is too long."""
        return self.length <= self.limit


def plain(text: str) -> str:
    """A text without diacritics and with the typewriter's signs.

    >>> plain("Gió cấp 8 từ 07:00 – ở trong nhà, đừng ra đường")
    'Gio cap 8 tu 07:00 - o trong nha, dung ra duong'
    """
    apart = normalize("NFD", text.translate(_SIGNS))
    return normalize("NFC", "".join(c for c in apart if not combining(c)))


def septets(text: str) -> int | None:
    """Letters of the default alphabet that a text takes; None where it holds others.

    >>> septets("Go 8"), septets("[8]"), septets("Gió")
    (4, 5, None)
    """
    if not set(text) <= _BASIC | _DOUBLE:
        return None
    return len(text) + sum(c in _DOUBLE for c in text)


def cell(text: Text) -> Short:
    """One cell broadcast, with all its letters.

    Args:
        text: A finished notice.

    Returns:
        What fits into `PAGES` pages: 1,395 letters of the default alphabet, 600 where any letter
        is outside it, as Vietnamese ones are.
    """
    pieces = [normalize("NFC", p) for p in (text.headline, *sentences(text.instruction))]
    page = PAGE_UCS2 if septets(" ".join(pieces)) is None else PAGE_7BIT
    return _filled(pieces, PAGES * page)


def texted(
    text: Text,
    *,
    places: Sequence[str] = (),
    level: int = 0,
    most: int = 2,
    own_letters: bool = False,
    link: str = "",
    still: Sequence[str] = (),
) -> Short:
    """What is sent to a phone: level, place and what to do first, in as few parts as can be.

    Tried in this order, for one part, then for two and so on: the whole headline with the first
    sentence of the instruction; the headline up to where level and place are named, with that
    sentence. What fits into the parts then needed anyway is added. No sentence is ever cut.

    What goes on stands right behind the headline and is never left out: where it does not fit with
    the instruction, the instruction goes; then it is said in fewer words; then it stands alone.

    Args:
        text: A finished notice.
        places: Names of its areas in the same language; those that the headline does not have do
            not count, and without any the whole headline is kept.
        level: The level it gives; 0 for its end.
        most: Parts at most.
        own_letters: All letters as written, at 70 to a message (67 to a part) where one of them is
            not in the default alphabet; else without diacritics.
        link: Where the whole notice can be read; added where it fits.
        still: What goes on where this notice ends or falls, the same from long to short; the last
            one is fit to stand without the headline. () where nothing does.

    Returns:
        The text with its parts. Where not even the headline up to level and place (of what goes
        on: the last of `still`) fits into `most` parts, that alone with more parts than `most`:
        they are never cut.
    """
    write = _as_written if own_letters else (lambda t: _typed(plain(t)))
    head = [write(s) for s in sentences(text.headline)]
    todo = [write(s) for s in sentences(text.instruction)]
    core = head[: _core(head, [write(p) for p in places], level)]
    goes_on = [write(s) for s in still]
    for count in range(1, most + 1):
        for words in (head, core):
            if len(segments(" ".join([*words, *goes_on[:1], *todo[:1]]))) <= count:
                return _added([*words, *goes_on[:1], *todo[:1]], todo[1:], link, count)
    for said in goes_on[:2]:
        if (count := len(segments(" ".join([*core, said])))) <= most:
            return _added([*core, said], todo, link, count)
    # Alone, without what to do where it is over: for whom this is sent it is not over.
    said = goes_on[-1] if goes_on else " ".join(core)
    return _short(said, len(todo), max(len(segments(said)), 1))


def on_phone(text: Text, place: str, level: int) -> Short:
    """What a phone will show of a notice, where the channel is set up as usual.

    Args:
        text: A finished notice.
        place: Name of its area, in the same language.
        level: The level it gives; 0 for its end.
    """
    return texted(text, places=(place,), level=level)


def up_to_place(headline: str, places: Sequence[str], level: int) -> str:
    """A headline up to where level and place are named; all of it where it does not name them.

    >>> up_to_place("Storm: level 4 in X. Wind force 13.", ["X"], 4)
    'Storm: level 4 in X.'
    """
    head = sentences(headline)
    return " ".join(head[: _core(head, places, level)])


def _core(head: Sequence[str], places: Sequence[str], level: int) -> int:
    """How many sentences of a headline it takes to name level and places, as far as it does."""
    whole = " ".join(head)
    asked = [re.escape(p) for p in places if p and p in whole]
    if not asked:  # nobody can say which sentence names the place
        return len(head)
    if level:
        asked += [number] if re.search(number := rf"\b{level}\b", whole) else []
    for taken in range(1, len(head)):
        if all(re.search(a, " ".join(head[:taken])) for a in asked):
            return taken
    return len(head)


def _added(words: list[str], rest: Sequence[str], link: str, count: int) -> Short:
    """As much more as fits into the parts that are needed anyway."""
    left = len(rest)
    for piece in rest:
        if len(segments(" ".join([*words, piece]))) > count:
            break
        words, left = [*words, piece], left - 1
    if link and len(segments(" ".join([*words, link]))) <= count:
        words = [*words, link]
    return _short(" ".join(words), left, count)


def _short(text: str, left: int, parts: int) -> Short:
    if septets(text) is None:
        one, several = SMS_UCS2, PART_UCS2
    else:
        one, several = SMS_MAX, PART_7BIT
    return Short(text, _units(text), one if parts == 1 else parts * several, left, parts)


def segments(text: str) -> tuple[str, ...]:
    """A text as the short messages that carry it, none of which ends within a letter.

    Args:
        text: In the default alphabet, or with any other letter in UCS-2.

    Returns:
        One where it fits into one; else parts of 153 or 67 units.

    >>> [len(s) for s in segments("a" * 160)], [len(s) for s in segments("a" * 161)]
    ([160], [153, 8])
    """
    wide = septets(text) is None
    if _units(text) <= (SMS_UCS2 if wide else SMS_MAX):
        return (text,) if text else ()
    limit = PART_UCS2 if wide else PART_7BIT
    found, begin, used = [], 0, 0
    for n, letter in enumerate(text):
        size = _size(letter, wide)
        if used + size > limit:
            found.append(text[begin:n])
            begin, used = n, 0
        used += size
    return (*found, text[begin:])


def _size(letter: str, wide: bool) -> int:
    if wide:
        return 2 if ord(letter) > 0xFFFF else 1  # noqa: PLR2004 - a surrogate pair in UTF-16
    return 2 if letter in _DOUBLE else 1


def _units(text: str) -> int:
    wide = septets(text) is None
    return sum(_size(c, wide) for c in text)


def _as_written(text: str) -> str:
    return re.sub(r"\s+", " ", normalize("NFC", text))


def _typed(text: str) -> str:
    return re.sub(r"\s+", " ", "".join(c if c in _BASIC | _DOUBLE else "?" for c in text))


def _filled(pieces: Iterable[str], limit: int) -> Short:
    head, *rest = pieces
    text, taken = head, 0
    for piece in rest:
        # The next one that happens to fit may lean on the one that does not: stop here.
        if _length(longer := f"{text} {piece}") > limit:
            break
        text, taken = longer, taken + 1
    return Short(text, _length(text), limit, len(rest) - taken)


def _length(text: str) -> int:
    return septets(text) or len(text)
