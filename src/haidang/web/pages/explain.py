"""Why this level, and why was I not told? A chain of evidence that can be opened link by link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from haidang.app import reading_words
from haidang.app.context import Context
from haidang.app.verdict import Decision
from haidang.base.place import fold
from haidang.jobs.explain import Line
from haidang.law.evaluate import cite
from haidang.law.table import Table
from haidang.risk.assessment import Assessment
from haidang.risk.spec import CycloneWind, Shaking
from haidang.web.parts import Chip
from haidang.web.speak import Speaker

STAGES: Final[Mapping[str, str]] = {
    "receipt": "known",
    "fix": "known",
    "run": "run",
    "assessment": "assessment",
    "decision": "decision",
    "draft": "draft",
    "draft_event": "draft",
    "message": "message",
    "outbox": "delivery",
    "attempt": "delivery",
}
"""Links that belong to one step of the chain; another stage is a step of its own."""

BAR: Final = 200
"""Pixels of a whole bar."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of a step."""

    at: str
    text: str
    id: str
    href: str


@dataclass(frozen=True, slots=True)
class Link:
    """One step of the chain.

    Attributes:
        said: The sentences to be read first.
        older: Further ones, folded away.
        more: What stands over those.
        done: Whether it happened.
    """

    title: str
    said: tuple[Said, ...]
    older: tuple[Said, ...]
    done: bool = True
    more: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """One row of the law's table."""

    chip: Chip | None
    cite: str
    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Chance:
    """How close a level is.

    Attributes:
        width: Of the bar, of ``BAR`` pixels.
        mark: Where the deciding share lies.
    """

    chip: Chip | None
    chance: str
    width: int
    mark: int
    reached: str


@dataclass(frozen=True, slots=True)
class Law:
    """The article that judged, with the clause that gave the level."""

    title: str
    act: str
    period: str
    checked: str
    clauses: tuple[Clause, ...]
    inputs: str


@dataclass(frozen=True, slots=True)
class Explained:
    """The page of one id.

    Attributes:
        title: A question.
        answer: Its answer, "" where the id is not that of a level.
        chip: The level that it is about.
    """

    desk: str
    title: str
    answer: str
    chip: Chip | None
    id: str
    links: tuple[Link, ...]
    law: Law | None
    chances: tuple[Chance, ...]
    chance_note: str


@dataclass(frozen=True, slots=True)
class Ask:
    """The form that asks for a place and a time, and its answer.

    Attributes:
        places: Code and name, by name.
        place, at: As asked.
        answer: In sentences; empty before anything was asked.
        trouble: Why there is none.
    """

    desk: str
    title: str
    places: tuple[tuple[str, str], ...]
    place: str
    at: str
    asked: str
    answer: tuple[Said, ...]
    trouble: str


def build(
    desk: str,
    name: str,
    lines: Sequence[Line],
    judged: tuple[Decision, Assessment] | None,
    context: Context,
    say: Speaker,
) -> Explained:
    """Put the page of an id together.

    Args:
        desk: Its name in addresses.
        name: The id.
        lines: Its chain.
        judged: The decision that it is about and what that rests on; None for an id that is about
            no single decision.
        context: Names, law and scale.
        say: Words of the room ``why``.
    """
    title, answer, chip = say("title_id", id=name), "", None
    if judged is not None:
        decision, _ = judged
        named = context.named.get(decision.place)
        place = named.name(say.language) if named else decision.place
        key = "title_level" if decision.after else "title_none"
        title = say(key, place=place, level=decision.after)
        chip = _chip(context, decision.after, say)
        answer = next((line.text for line in lines if line.stage == "decision"), "")
    return Explained(
        desk=desk,
        title=title,
        answer=answer,
        chip=chip,
        id=name,
        links=_links(desk, lines, say),
        law=_law(context, judged[1], say) if judged else None,
        chances=_chances(context, judged[1], say) if judged else (),
        chance_note=_rule(context, say) if judged and judged[1].p_level else "",
    )


def _chip(context: Context, level: int, say: Speaker) -> Chip | None:
    return Chip(level, say.of(context.scale.names(level))) if level else None


def _links(desk: str, lines: Sequence[Line], say: Speaker) -> tuple[Link, ...]:
    out = []
    for step, group in groupby(lines, key=lambda line: STAGES.get(line.stage, line.stage)):
        said = [_said(desk, line, say) for line in group]
        # Of many bulletins the newest counts; of drafts and deliveries every line does.
        # Of what hangs on a decision, tasks and what is sent for them, the first few are enough.
        many = len(said) > _MOST and step in _LONG
        newest = step == "known"
        shown, older = (said[-_MOST:], said[:-_MOST]) if newest else (said[:_MOST], said[_MOST:])
        if not many:
            shown, older = said, []
        more = say("older" if newest else "further", count=len(older)) if older else ""
        title = say.either(f"step_{step}", step)
        out.append(Link(title, tuple(shown), tuple(older), more=more))
    if out and not any(line.stage == "message" for line in lines):
        waits = any(line.stage in {"draft", "decision"} for line in lines)
        if waits:
            out.append(Link(say("step_message"), (Said("", say("not_sent"), "", ""),), (), False))
    return tuple(out)


_MOST: Final = 3
_LONG: Final = frozenset({"known", "task", "task_event", "grant", "need", "plan"})
"""Steps of which there may be dozens: all but a few are folded away."""


def _said(desk: str, line: Line, say: Speaker) -> Said:
    plain = line.stage in {"fix", "draft_event", "attempt", "outbox", "receipt"}
    href = "" if plain or not line.id else f"/d/{desk}/explain/{line.id}"
    return Said(say.short(line.at), line.text, line.id, href)


def _deciding(context: Context) -> float:
    """Share of the tracks from which a level is reached."""
    return 1 - _quantile(context)


def _quantile(context: Context) -> float:
    """Which of the members decides: only a hazard of members has chances at all."""
    risk = context.pack.threat.risk
    assert isinstance(risk, CycloneWind | Shaking)
    return risk.quantile


def _rule(context: Context, say: Speaker) -> str:
    return say("chance_note", quantile=say.number(_quantile(context), 2))


def _law(context: Context, found: Assessment, say: Speaker) -> Law:
    table = next((t for t in context.tables.values() if t.id == found.grounds.table), context.table)
    return Law(
        title=say("law_title", article=cite(table.article, say.language), act=table.decision),
        act=table.title.say(say.language),
        period=table.period().say(say.language),
        checked=say(f"law_{table.checked}", against=table.against.say(say.language)),
        clauses=tuple(
            Clause(
                chip=_chip(context, row.level, say),
                cite=cite(row.clause, say.language),
                text=row.text.say(say.language),
                hit=row.clause == found.grounds.clause,
            )
            for row in table.rows
        ),
        inputs=_asked(context, table, found, say),
    )


def _asked(context: Context, table: Table, found: Assessment, say: Speaker) -> str:
    """What the table was asked: of readings in its own words, else as the run kept it."""
    if not context.pack.threat.read:
        return found.grounds.inputs
    given = reading_words.looked_up(found.grounds.inputs).given
    return reading_words.asked(table, given, say.language) or "–"


def _chances(context: Context, found: Assessment, say: Speaker) -> tuple[Chance, ...]:
    if not found.p_level:
        return ()
    share = _deciding(context)
    return tuple(
        Chance(
            chip=_chip(context, level, say),
            chance=say.number(p, 2),
            width=round(BAR * p),
            mark=round(BAR * share),
            reached=say("reached" if level <= (found.grounds.level or 0) else "not_reached"),
        )
        for level, p in found.p_level
    )


def ask(
    desk: str,
    context: Context,
    place: str,
    at: str,
    lines: Sequence[Line],
    trouble: str,
    say: Speaker,
) -> Ask:
    """Put the page together that asks for a place and a time.

    Args:
        desk: Its name in addresses.
        context: Names of the places.
        place: Code as asked, "" for none yet.
        at: Local time as typed, see ``entry_form.moment``.
        lines: The answer.
        trouble: Why there is none.
        say: Words of the room ``why``.
    """
    named = context.named
    places = sorted(((c, n.name(say.language)) for c, n in named.items()), key=lambda p: fold(p[1]))
    asked = ""
    if place in named and lines:
        asked = say("asked", place=named[place].name(say.language))
    return Ask(
        desk=desk,
        title=say("ask_title"),
        places=tuple(places),
        place=place,
        at=at,
        asked=asked,
        answer=tuple(_said(desk, line, say) for line in lines),
        trouble=trouble,
    )


def decision_of(name: str, lines: Sequence[Line], decisions: Sequence[Decision]) -> Decision | None:
    """The one decision that a chain is about; None for an id that many hang on."""
    found = {line.id for line in lines if line.stage == "decision"}
    mine = [d for d in decisions if d.id in found]
    exact = [d for d in mine if d.id.startswith(name) or d.assessment.startswith(name)]
    if len(exact) == 1:
        return exact[0]
    return mine[-1] if len({d.place for d in mine}) == 1 else None
