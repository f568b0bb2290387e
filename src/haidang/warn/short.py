"""A notice as a phone shows it: whole sentences as far as they fit, and how many did not.

Lengths are those of GSM: a short message of 140 octets (3GPP TS 23.040, 9.2.3.24), a cell
broadcast of at most 15 pages of 82 octets (3GPP TS 23.041, 9.4.2.2). Octets hold 7-bit letters of
the default alphabet (3GPP TS 23.038, 6.2.1), or two of them one UCS-2 letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from unicodedata import combining, normalize

from haidang.warn.message import Text
from haidang.warn.readability import sentences

SMS_MAX: Final = 160
"""Letters of one short message in the default alphabet."""
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
    """

    text: str
    length: int
    limit: int
    left_out: int

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


def sms(text: Text) -> Short:
    """One short message, without diacritics so that every phone shows it and it stays one.

    Args:
        text: A finished notice.

    Returns:
        What fits into `SMS_MAX` letters. Letters that the default alphabet lacks even then (of
        another script) are shown as ``?``, as networks do.
    """
    pieces = [_typed(plain(p)) for p in (text.headline, *sentences(text.instruction))]
    return _filled(pieces, SMS_MAX)


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
