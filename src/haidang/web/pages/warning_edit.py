"""Editing a notice's words, and what is shown when somebody else was faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from haidang.app.context import Context
from haidang.app.verdict import Draft
from haidang.base.problem import Problem
from haidang.warn.compare import PARTS, Line, lines
from haidang.warn.message import HEADLINE_MAX, Text
from haidang.web.pages.notices import Version, role
from haidang.web.pages.warning_checks import language_name, readable
from haidang.web.pages.warnings import place_name
from haidang.web.speak import Speaker
from haidang.words import word

ROWS: Final = {"headline": 2, "description": 12, "instruction": 9}
"""Lines that a field shows before it scrolls."""


@dataclass(frozen=True, slots=True)
class FieldIn:
    """One text field.

    Attributes:
        name: Of the form's field: part and language.
        hint: How long it may be.
        error: What is wrong with it, "" for nothing.
    """

    name: str
    label: str
    value: str
    rows: int
    hint: str
    error: str


@dataclass(frozen=True, slots=True)
class LanguageIn:
    """The fields of one language; ``notes`` is what a reader may stumble over."""

    language: str
    name: str
    fields: tuple[FieldIn, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """The form.

    Attributes:
        problems: What kept it from being saved.
        checked: Whether it was only looked at.
        seen: Newest draft of a notice that is out, "" for a draft that waits.
    """

    draft: str
    place: str
    languages: tuple[LanguageIn, ...]
    problems: tuple[str, ...]
    checked: bool
    fine: bool
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One part of a text as it was, as it is, and as somebody typed it.

    Attributes:
        moved: What the newest version changed.
        mine: What was typed against the newest; empty where nothing was.
    """

    part: str
    moved: tuple[Line, ...]
    newest: str
    field: FieldIn | None
    mine: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """All parts in one language."""

    language: str
    name: str
    parts: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Stale:
    """The page that says that somebody was faster: nothing is lost, nothing was done.

    Attributes:
        typed: Whether there are words of the reader's own to keep.
        level: How the level changed, "" where it did not.
        who: Who made the newest version.
    """

    draft: str
    newest: str
    place: str
    text: str
    level: str
    who: str
    heading: str
    theirs: str
    languages: tuple[SideBySide, ...]
    typed: bool


def build(
    say: Speaker,
    context: Context,
    draft: Draft,
    typed: Sequence[Text],
    problems: Sequence[Problem] = (),
    *,
    checked: bool = False,
    seen: str = "",
) -> Edit:
    """The form with what was typed so far.

    Args:
        say: Language of the page.
        context: The draft's country.
        draft: What is edited.
        typed: The words so far, one text for each language.
        problems: Why it was not saved.
        checked: Whether the reader asked only to check.
        seen: Of a notice that is out, the newest draft of its chain; the words then become an
            update of it.
    """
    found = tuple(_language(say, text, problems) for text in typed)
    beside = [p for p in problems if not (p.field and p.params.get("language"))]
    return Edit(
        draft=draft.id,
        place=place_name(context, say, draft.place),
        languages=found,
        problems=tuple(p.say(say.language) for p in beside),
        checked=checked,
        fine=not any(one.notes for one in found),
        seen=seen,
    )


def _language(say: Speaker, text: Text, problems: Sequence[Problem]) -> LanguageIn:
    fields = tuple(_field(say, text, part, problems) for part in PARTS)
    return LanguageIn(text.language, language_name(say, text.language), fields, readable(say, text))


def _field(say: Speaker, text: Text, part: str, problems: Sequence[Problem] = ()) -> FieldIn:
    own = [p for p in problems if p.field == part and p.params.get("language") == text.language]
    if part == "headline":
        hint = say("warnings.edit_length", limit=HEADLINE_MAX)
    else:
        limit = word("format.sentence_limit", text.language)
        hint = say("warnings.edit_sentences", limit=limit)
    value: str = getattr(text, part)
    return FieldIn(
        name=f"{part}_{text.language}",
        label=say(f"warnings.part_{part}"),
        value=value,
        rows=ROWS[part],
        hint=hint,
        error=" ".join(Problem(p.code, p.params).say(say.language) for p in own),
    )


def stale(
    say: Speaker,
    context: Context,
    draft: Draft,
    chain: Sequence[Version],
    typed: Sequence[Text] | None,
) -> Stale:
    """What changed while somebody looked at a draft.

    Args:
        say: Language of the page.
        context: The draft's country.
        draft: The one that they had before them.
        chain: Every draft of its chain.
        typed: Their own words; None where they only wanted to approve, sign or refuse.
    """
    newest = max(chain, key=lambda v: v.draft.version)
    numbers = {"old": draft.version, "new": newest.draft.version}
    own = {t.language: t for t in typed or ()}
    before = {t.language: t for t in draft.texts}
    levels = {"before": draft.said.level, "after": newest.draft.said.level}
    made = newest.edited
    who = say("warnings.system") if made is None else role(context, say, made.role)
    return Stale(
        draft=draft.id,
        newest=newest.draft.id,
        place=place_name(context, say, draft.place),
        text=say("warnings.stale_approve" if typed is None else "warnings.stale_edit", **numbers),
        level=say("warnings.stale_level", **levels) if levels["before"] != levels["after"] else "",
        who=say("warnings.stale_by", new=newest.draft.version, who=who),
        heading=say("warnings.stale_changes", **numbers),
        theirs=say("warnings.stale_theirs", **numbers),
        languages=tuple(
            SideBySide(
                text.language,
                language_name(say, text.language),
                tuple(
                    _side(say, part, before.get(text.language), text, own.get(text.language))
                    for part in PARTS
                ),
            )
            for text in newest.draft.texts
        ),
        typed=typed is not None,
    )


def _side(say: Speaker, part: str, before: Text | None, newest: Text, mine: Text | None) -> Side:
    now: str = getattr(newest, part)
    return Side(
        part=say(f"warnings.part_{part}"),
        moved=lines(getattr(before, part, ""), now),
        newest=now,
        field=None if mine is None else _field(say, mine, part),
        mine=() if mine is None else lines(now, getattr(mine, part)),
    )
