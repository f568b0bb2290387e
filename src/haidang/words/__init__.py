"""Every text a person sees, in every language, side by side: one YAML file per room.

A key is ``<file>.<name>``; its value maps language tags to a ``str.format`` template. A test
holds that every key exists in Vietnamese and in English with the same placeholders.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

LANGUAGES = ("vi", "en")


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All texts: key, then language tag, then template."""
    found: dict[str, Mapping[str, str]] = {}
    for entry in sorted(files(__name__).iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            room = entry.name.removesuffix(".yaml")
            # The C loader where the wheel has it: a command should not wait for its own words.
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            texts_of_room = yaml.load(entry.read_text("utf-8"), loader)  # noqa: S506 - both are safe
            for name, texts in (texts_of_room or {}).items():
                found[f"{room}.{name}"] = texts
    return found


def word(key: str, language: str, /, **params: object) -> str:
    """One text, filled in.

    Args:
        key: ``<room>.<name>``.
        language: A tag such as ``vi``; one that we do not have falls back to English.
        params: The template's placeholders.

    Raises:
        KeyError: No such key, or a placeholder without a value: a programming error, never data.
    """
    texts = catalogue()[key]
    return texts.get(language, texts["en"]).format_map(params)
