"""Words of a message as values: times, references, points, lists."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from haidang.warn.cap.model import Circle, Reference, Ring

TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[-+][0-9]{2}:[0-5][0-9]"
)
"""CAP 1.2, 3.3.2: ``YYYY-MM-DDThh:mm:ssXzh:zm``."""
ANY_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?(Z|[-+][0-9]{2}:[0-5][0-9])?"
)
"""``dateTime`` of XML Schema, which CAP 1.0 and 1.1 took in every form."""
NUMBER: Final = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
"""``decimal`` of XML Schema: no exponent, no infinity."""
# Possessive only where nothing inside can be tried again: Python before 3.11.5 gets the rest wrong.
_N: Final = r"[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)"
POINTS: Final = re.compile(rf"[ \t\r\n]*+(?:{_N},{_N}(?:[ \t\r\n]++|\Z))+")
"""Pairs of decimals with blanks between; no number is read twice, so it takes no time."""
GOOD_POINTS: Final = re.compile(rf"[ \t\r\n]*+(?:{_N},{_N}(?:[ \t\r\n]++|\Z))*+")
"""As many of them as there are from the beginning on."""
LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
"""RFC 3066, section 2.1."""
INTEGER: Final = re.compile(r"[-+]?[0-9]+")
WHITE: Final = " \t\r\n"
"""What separates items in XML; Python's own idea of a blank is much wider."""

REFERENCES_MAX: Final = 10_000
"""Earlier messages that one message may name; a chain of a year by the hour has 8,760."""

_ZONE_MAX: Final = timedelta(hours=14)
_SPLIT: Final = re.compile(rf"[{WHITE}]+")
_ITEM: Final = re.compile(rf'"([^"]*)"|([^{WHITE}"]+)')


class TimeFault(ValueError):  # noqa: N818 - reads better at the raise site
    """A time that cannot be read; ``args[0]`` is the code of the finding."""


def read_time(text: str, *, loose: bool = False) -> datetime:
    """A time with its offset.

    Args:
        text: As it stands in the element, without blanks around.
        loose: As CAP 1.0 and 1.1 have it: fractions of a second and ``Z`` are allowed.

    Raises:
        TimeFault: ``time_zulu``, ``time_zone``, ``time_fraction`` or ``time``.

    >>> read_time("2024-09-06T24:00:00+07:00").isoformat()
    '2024-09-07T00:00:00+07:00'
    """
    if not TIME.fullmatch(text):
        text = _loosely(text, loose=loose)
    try:
        if text[11:19] == "24:00:00":  # the end of the day, in XML Schema
            return _instant(f"{text[:11]}00{text[13:]}") + timedelta(days=1)
        return _instant(text)
    except (ValueError, OverflowError) as error:
        raise TimeFault("time") from error


def _loosely(text: str, *, loose: bool) -> str:
    found = ANY_TIME.fullmatch(text)
    if not found:
        raise TimeFault("time")
    stem, fraction, zone = found.groups()
    if zone is None:
        raise TimeFault("time_zone")
    if not loose:
        raise TimeFault("time_zulu" if zone == "Z" else "time_fraction")
    return stem + (fraction or "")[:7] + ("+00:00" if zone == "Z" else zone)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    offset = instant.utcoffset()
    if offset is None or abs(offset) > _ZONE_MAX:
        raise ValueError(text)
    instant.astimezone(UTC)  # OverflowError at the ends of the calendar, where nothing compares
    return instant


def split(text: str) -> list[str]:
    r"""Items between blanks as XML knows them.

    >>> split(" a\n b\u00a0c ")
    ['a', 'b\xa0c']
    """
    return [item for item in _SPLIT.split(text) if item]


def quoted(text: str) -> tuple[str, ...]:
    """Items between blanks; one with a blank in it stands in double quotes (CAP 1.2, 3.2.1).

    An empty pair of quotes names nobody.

    >>> quoted('a@x "Fire Brigade"  b')
    ('a@x', 'Fire Brigade', 'b')
    """
    found = (m[1] if m[1] is not None else m[2] for m in _ITEM.finditer(text))
    return tuple(item for item in found if item)


def read_reference(text: str, *, loose: bool = False) -> Reference:
    """``sender,identifier,sent``.

    Raises:
        ValueError: Not three parts, one of them empty, or the time cannot be read.
    """
    parts = text.split(",")
    if len(parts) != 3 or not parts[0] or not parts[1]:  # noqa: PLR2004 - the three names
        raise ValueError(text)
    if "<" in text or "&" in text:  # which no name may hold (CAP 1.2, 3.2.1)
        raise ValueError(text)
    return Reference(parts[0], parts[1], read_time(parts[2], loose=loose))


def read_number(text: str) -> float:
    """A decimal number as XML writes it.

    Raises:
        ValueError: Anything else, also ``nan`` and ``1e3``.
    """
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def read_ring(text: str) -> Ring:
    """Points of a polygon, (latitude, longitude).

    Raises:
        ValueError: A point that is not two numbers with a comma between.
    """
    if not POINTS.fullmatch(text):
        raise ValueError(text)
    numbers = list(map(float, text.replace(",", " ").split()))
    return tuple(zip(numbers[0::2], numbers[1::2], strict=True))


def read_circle(text: str) -> Circle:
    """``latitude,longitude radius``.

    Raises:
        ValueError: Anything else.
    """
    centre, radius = split(text)
    lat, lon = centre.split(",")
    return read_number(lat), read_number(lon), read_number(radius)


def stamp(instant: datetime) -> str:
    """Seconds and a numeric offset; CAP forbids ``Z`` and writes UTC as ``-00:00``.

    >>> stamp(datetime(2024, 9, 7, tzinfo=UTC))
    '2024-09-07T00:00:00-00:00'
    """
    # The year in four digits, which isoformat gives and strftime does not everywhere.
    text = instant.isoformat()
    return text.removesuffix("+00:00") + "-00:00" if text.endswith("+00:00") else text


def plain(number: float) -> str:
    """The shortest decimal that reads back as the same number, never with an exponent.

    >>> plain(20.865), plain(1e-05), plain(106)
    ('20.865', '0.00001', '106.0')
    """
    return f"{Decimal(repr(float(number))):f}"


def listed(items: tuple[str, ...]) -> str | None:
    """Items as one text, quoted where they hold a blank; None for no items.

    >>> listed(("a", "b c"))
    'a "b c"'
    """
    quote = [f'"{i}"' if not i or any(c in WHITE for c in i) else i for i in items]
    return " ".join(quote) or None
