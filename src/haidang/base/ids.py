"""Names that content gives itself: the same content has the same id on every machine."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("5f1f6a3e-6b1e-5a76-9c1b-0d4b1f2a7c90")
"""Root of every haidang id."""

DIGITS: Final = 9
"""Significant digits kept of a float, so that a last bit never makes another id."""


def plain(value: object) -> object:
    """Bring a value to what JSON knows, losing nothing that a reader could tell apart.

    Floats are rounded to ``DIGITS`` significant digits, NaN becomes null, times become UTC with
    a ``Z``, tuples become lists, mappings get text keys.

    Raises:
        TypeError: A naive time, or a type that is not in the list above.

    >>> plain({"a": (1.0000000001, float("nan")), "b": None})
    {'a': [1.0, None], 'b': None}
    """
    match value:
        case None | bool() | int() | str():
            return value if not isinstance(value, str) else str(value)
        case float():
            if math.isnan(value):
                return None
            return float(f"{value:.{DIGITS}g}")
        case datetime():
            return _stamp(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {str(k): plain(v) for k, v in value.items()}
        case Sequence():
            return [plain(v) for v in value]
    raise TypeError(f"cannot write {type(value).__name__} as canonical JSON")


def _stamp(value: datetime) -> str:
    if value.tzinfo is None:
        raise TypeError("a time without a zone cannot be written")
    text = value.astimezone(UTC).isoformat(timespec="microseconds" if value.microsecond else "auto")
    return text.replace("+00:00", "Z")


def canonical(value: object) -> str:
    """Canonical JSON: sorted keys, no spaces, letters as themselves, floats rounded.

    >>> canonical({"b": 1, "a": "Đà"})
    '{"a":"Đà","b":1}'
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_id(kind: str, value: object) -> str:
    """Uuid5 of a kind and its canonical content.

    >>> content_id("decision", {"place": "A"}) == content_id("decision", {"place": "A"})
    True
    """
    return str(uuid5(NAMESPACE, f"{kind}:{canonical(value)}"))


def digest(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
