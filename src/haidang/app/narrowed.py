"""A notice for some parts of its place only: named in the words, coded in the message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from haidang.app.context import Context
from haidang.base.place import Place
from haidang.pack.schema import Country
from haidang.warn.message import HEADLINE_MAX, Text
from haidang.words import word

NAMED: Final = 3
"""Parts that a headline names; of more it says how many they are."""


def parts(country: Country, place: str, day: date) -> tuple[Place, ...]:
    """The parts of a place that a notice may be narrowed to, by name.

    Args:
        country: Its list of places.
        place: Code of the place.
        day: On which they exist.

    Returns:
        Its communes; () where the country lists none for it, as of an area of the sea.
    """
    found = [p for p in country.places.gazetteer.children(place, day) if p.kind == "commune"]
    return tuple(sorted(found, key=lambda p: (p.name(""), p.code)))


def names(country: Country, codes: Sequence[str], language: str) -> Mapping[str, str]:
    """What parts are called, by code and in the order given; the code where nobody named one."""
    wanted = set(codes)
    found = {
        p.code: p.name(language)
        for p in country.places.gazetteer
        if p.kind == "commune" and p.code in wanted
    }
    return {code: found.get(code, code) for code in codes}


def listed(context: Context, within: Sequence[str], language: str) -> str:
    """The names in one line; each ends where a sentence might, so that none is too long."""
    return "; ".join(names(context.country, within, language).values())


def told(
    context: Context, place: str, text: Text, within: Sequence[str], before: Sequence[str] = ()
) -> Text:
    """A notice's words for some parts of its place.

    Args:
        context: The country and its areas.
        place: Code of the place.
        text: In one language.
        within: Codes of the parts; () for all of the place.
        before: Parts that the words are for already.

    Returns:
        The words with a line above the description that names the parts, and behind the headline,
        where there is room, their names or how many they are. What the words said of ``before``
        is taken out. Words that a person changed there are left alone.
    """
    language = text.language
    headline, description = text.headline, text.description
    if before:
        headline = headline.removesuffix(f" {_short(context, before, language)}")
        description = description.removeprefix(f"{_line(context, place, before, language)}\n")
    if within:
        more = _short(context, within, language)
        if len(headline) + 1 + len(more) <= HEADLINE_MAX:
            headline = f"{headline} {more}"
        description = f"{_line(context, place, within, language)}\n{description}"
    return replace(text, headline=headline, description=description)


def _line(context: Context, place: str, within: Sequence[str], language: str) -> str:
    whole = context.named[place].name(language)
    return word("warn.only", language, names=listed(context, within, language), place=whole)


def _short(context: Context, within: Sequence[str], language: str) -> str:
    if len(within) > NAMED:
        return word("warn.only_count", language, count=len(within))
    called = ", ".join(names(context.country, within, language).values())
    return word("warn.only_headline", language, names=called)
