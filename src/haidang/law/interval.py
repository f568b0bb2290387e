"""Ranges of numbers as a law table writes them: ``[6,9]``, ``(200,400]``, ``>=14``, ``=16``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from haidang.words import word

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_PAIR = re.compile(rf"([\[(])\s*({_NUMBER})\s*,\s*({_NUMBER})\s*([\])])")
_ONE = re.compile(rf"(>=|<=|>|<|=)\s*({_NUMBER})")


class ReversedError(ValueError):
    """The lower bound lies above the upper."""


class EmptyError(ValueError):
    """No number lies in the range."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of numbers.

    Attributes:
        low: Lower bound, -inf when there is none.
        high: Upper bound, +inf when there is none.
        low_in: The lower bound belongs to the range.
        high_in: The upper bound belongs to the range.
    """

    low: float = -math.inf
    high: float = math.inf
    low_in: bool = False
    high_in: bool = False

    @classmethod
    def parse(cls, text: str, *, integer: bool = False) -> Interval:
        """Read a range as a law table writes it.

        Args:
            text: ``[6,9]``, ``(200,400]``, ``>=14``, ``<6``, ``=16`` or ``*`` (any number).
            integer: The range is one of whole numbers.

        Raises:
            ReversedError: The lower bound lies above the upper.
            EmptyError: No number lies in it, e.g. ``(3,3]``, or ``(6,7)`` among whole numbers.
            ValueError: It is not written in one of these ways, or has a bound with a fraction
                although only whole numbers are meant.

        >>> Interval.parse("(200,400]").contains(200.0)
        False
        """
        text = text.strip()
        if text == "*":
            return cls()
        if pair := _PAIR.fullmatch(text):
            left, low, high, right = pair.groups()
            found = cls(float(low), float(high), left == "[", right == "]")
        elif one := _ONE.fullmatch(text):
            sign, number = one[1], float(one[2])
            found = {
                "=": cls(number, number, True, True),
                ">": cls(low=number),
                ">=": cls(low=number, low_in=True),
                "<": cls(high=number),
                "<=": cls(high=number, high_in=True),
            }[sign]
        else:
            raise ValueError(text)
        if integer and not all(math.isinf(b) or b.is_integer() for b in (found.low, found.high)):
            raise ValueError(text)
        if found.low > found.high:
            raise ReversedError(text)
        if found.member(integer=integer) is None:
            raise EmptyError(text)
        return found

    @property
    def bounds(self) -> tuple[float, ...]:
        """The finite bounds."""
        return tuple(b for b in (self.low, self.high) if math.isfinite(b))

    def contains(self, value: float) -> bool:
        """Whether the number lies in the range; never true of NaN."""
        above = value >= self.low if self.low_in else value > self.low
        below = value <= self.high if self.high_in else value < self.high
        return above and below

    def mask(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """`contains` for an array, False where NaN."""
        above = values >= self.low if self.low_in else values > self.low
        below = values <= self.high if self.high_in else values < self.high
        return np.asarray(above & below)

    def member(self, *, integer: bool = False) -> float | None:
        """Some number of the range, None when it has none; the middle where it has one."""
        if integer:
            whole = self.whole()
            if whole.low > whole.high:
                return None
            return next((b for b in (whole.low, whole.high) if math.isfinite(b)), 0.0)
        if self.low == self.high:
            return self.low if self.low_in and self.high_in else None
        if self.low > self.high:
            return None
        if math.isinf(self.low):
            return 0.0 if math.isinf(self.high) else self.high - 1
        return self.low + 1 if math.isinf(self.high) else (self.low + self.high) / 2

    def whole(self) -> Interval:
        """The same range for whole numbers, with closed bounds: ``(6,9)`` is ``[7,8]``."""
        low, high = float(self.low), float(self.high)
        if math.isfinite(low):
            low = math.ceil(low) if self.low_in or not low.is_integer() else low + 1
        if math.isfinite(high):
            high = math.floor(high) if self.high_in or not high.is_integer() else high - 1
        return Interval(float(low), float(high), math.isfinite(low), math.isfinite(high))

    def say(self, language: str, unit: str = "", *, integer: bool = False) -> str:
        """The range in words, as laws put it; the unit follows the last number.

        >>> Interval.parse("(200,400]").say("vi", "mm")
        'từ trên 200 đến 400 mm'
        """
        it = self.whole() if integer else self
        low, high = number(it.low, language), number(it.high, language)
        if unit and math.isfinite(it.high):
            high = f"{high} {unit}"
        elif unit:
            low = f"{low} {unit}"
        if it.low == it.high:
            return word("law.exactly", language, low=high)
        if math.isinf(it.low) and math.isinf(it.high):
            return word("law.any_number", language)
        if math.isinf(it.low):
            return word("law.at_most" if it.high_in else "law.under", language, high=high)
        if math.isinf(it.high):
            return word("law.at_least" if it.low_in else "law.over", language, low=low)
        key = {
            (True, True): "law.from_to",
            (False, True): "law.over_to",
            (True, False): "law.from_under",
            (False, False): "law.over_under",
        }[it.low_in, it.high_in]
        return word(key, language, low=low, high=high)


ANY_NUMBER = Interval()


def number(value: float, language: str) -> str:
    """A number as people of this language write it, without needless digits.

    >>> number(12.50, "vi")
    '12,5'
    """
    return f"{value:.12g}".replace(".", word("law.decimal_sign", language))


def elementary(
    ranges: list[Interval], domain: Interval, *, integer: bool = False
) -> tuple[Interval, ...]:
    """Cut the domain into pieces inside which no range begins or ends.

    Args:
        ranges: The ranges in use.
        domain: The numbers that can occur.
        integer: Keep only pieces that hold a whole number.

    Returns:
        Points and open ranges between them, lowest first. One number of a piece stands for all.
    """
    cuts = sorted({b for r in (*ranges, domain) for b in r.bounds})
    edges = [-math.inf, *cuts, math.inf]
    pieces: list[Interval] = []
    for low, high in pairwise(edges):
        pieces.append(Interval(low, high))
        if math.isfinite(high):
            pieces.append(Interval(high, high, True, True))
    kept = []
    for piece in pieces:
        value = piece.member(integer=integer)
        if value is not None and domain.contains(value):
            kept.append(piece)
    return tuple(kept)
