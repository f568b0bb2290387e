"""Is a notice plain enough to be understood at the first reading?

The limits and the words that mean two things are data: ``words/format.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from haidang.base.problem import Problem
from haidang.warn.message import Text
from haidang.words import word

_END: Final = re.compile(r"(?<=[.!?…;])\s+|\n+")
_SHOWN: Final = 60
_TIME: Final = re.compile(r"(?<!\d)(?:[01]?\d|2[0-3])(?::|h)[0-5]\d(?!\d)")
_CAPITALS: Final = re.compile(r"(?<!\w)[^\W\d_a-z]{2,6}(?!\w)")
_NUMBERED: Final = re.compile(r"[\d/]")
"""The number of an act, of a storm: letters in it are a name and nothing to be written out."""
_VOWELS: Final = frozenset("AEIOUYaeiouy")


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A word that means two things when a number follows it.

    Attributes:
        word: The word, small letters.
        right_before: Phrases of which one must stand right before it …
        ahead: … or one of these further ahead in the sentence, with no other number between.
    """

    word: str
    right_before: tuple[str, ...]
    ahead: tuple[str, ...]


def check(text: Text) -> tuple[Problem, ...]:
    """Everything in a finished text that a reader may stumble over.

    Args:
        text: A rendered notice.

    Returns:
        Warnings, each naming the part and showing the sentence: a sentence longer than the
        language's limit, braces left over from the template, an ambiguous word without the
        phrase that settles it, a time of day without its day, an abbreviation that the language's
        list does not know. A person may still approve the text.
    """
    parts = (
        ("headline", text.headline),
        ("description", text.description),
        ("instruction", text.instruction),
    )
    # Some keyboards write a letter and its marks apart; the rules are written in one piece.
    return tuple(
        p for name, part in parts for p in _part(normalize("NFC", part), name, text.language)
    )


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text: ended by a mark and a blank, or by a line break.

    >>> sentences("Gió cấp 8, 62.5 km/h. Ở trong nhà!")
    ('Gió cấp 8, 62.5 km/h.', 'Ở trong nhà!')
    """
    return tuple(s.strip() for s in _END.split(text) if s.strip())


def length(sentence: str) -> int:
    """Words between blanks that hold a letter or a digit.

    >>> length("Rời nhà yếu – ngay bây giờ!")
    6
    """
    return sum(any(c.isalnum() for c in token) for token in sentence.split())


def rules(language: str) -> tuple[Ambiguous, ...]:
    """The language's ambiguous words.

    >>> rules("en")
    ()
    """
    found = []
    for rule in filter(None, map(str.strip, word("format.ambiguous", language).split(";"))):
        name, _, phrases = rule.partition(":")
        listed = [p.strip().lower() for p in phrases.split("|")]
        ahead = tuple(p.removesuffix("*") for p in listed if p.endswith("*"))
        found.append(
            Ambiguous(name.strip().lower(), tuple(p.removesuffix("*") for p in listed), ahead)
        )
    return tuple(found)


def _part(part: str, name: str, language: str) -> Iterator[Problem]:
    if "{" in part or "}" in part:
        yield _warning("brace_left", name, sentence=_shown(part))
    limit = int(word("format.sentence_limit", language))
    for sentence in sentences(part):
        if (count := length(sentence)) > limit:
            yield _warning(
                "sentence_long", name, count=count, limit=limit, sentence=_shown(sentence)
            )
        for rule in rules(language):
            if not all(_settled(rule, before) for before in _uses(rule, sentence)):
                phrases = ", ".join(f"'{p} {rule.word}'" for p in rule.right_before)
                yield _warning(
                    "ambiguous",
                    name,
                    word=rule.word,
                    phrases=phrases,
                    sentence=_shown(sentence),
                )
        # What to do may be told by the hours of every day: stay in the shade from 11:00 to 15:00.
        of_the_event = name != "instruction" and _TIME.search(sentence)
        if of_the_event and not _day(language).search(sentence):
            yield _warning("time_without_day", name, sentence=_shown(sentence))
        for short in unknown_abbreviations(sentence, language):
            yield _warning("abbreviation", name, word=short, sentence=_shown(sentence))


def unknown_abbreviations(sentence: str, language: str) -> tuple[str, ...]:
    """Capitals in a row that nobody can read as a word, and that are not in the language's list.

    A word in capitals is loud and still a word; one without a vowel is a name of an office or a
    unit, and most readers do not know it.

    >>> unknown_abbreviations("Theo KTTV và PCTT: CHẠY NGAY", "vi")
    ('KTTV', 'PCTT')
    """
    known = set(word("format.abbreviations", language).split())
    found = []
    plain = " ".join(t for t in sentence.split() if not _NUMBERED.search(t))
    for token in _CAPITALS.findall(plain):
        letters = normalize("NFD", token)
        if token not in known and not any(c in _VOWELS for c in letters):
            found.append(token)
    return tuple(dict.fromkeys(found))


def _day(language: str) -> re.Pattern[str]:
    """A day as this language writes it in notices."""
    months = "|".join(map(re.escape, word("format.months", language).split()))
    mark = "\x00"
    pattern = re.escape(word("format.date", language, day=mark, month=mark * 2))
    pattern = pattern.replace(re.escape(mark * 2), f"(?:{months})")
    plain = pattern.replace(re.escape(mark), r"\d{1,2}")
    return re.compile(rf"{plain}|\d{{1,2}}/\d{{1,2}}")


def _warning(code: str, name: str, **params: object) -> Problem:
    return Problem(f"warn.{code}", params, field=name, severity="warning")


def _uses(rule: Ambiguous, sentence: str) -> Iterator[str]:
    """What stands before each use of the word with a number after it."""
    low = sentence.lower()
    for found in re.finditer(rf"(?<!\w){re.escape(rule.word)}\s+\d", low):
        yield low[: found.start()].rstrip()


def _settled(rule: Ambiguous, before: str) -> bool:
    if any(re.search(rf"(?<!\w){re.escape(p)}$", before) for p in rule.right_before):
        return True
    return any(
        re.search(rf"(?<!\w){re.escape(p)}(?!\w)[^\d]*$", before) is not None for p in rule.ahead
    )


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"
