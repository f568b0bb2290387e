"""What was read of an area, in the words and figures of one language: a row of any table."""

from __future__ import annotations

from dataclasses import dataclass

from haidang.app import reading_words as words
from haidang.app.context import Context
from haidang.app.said_readings import reading, told_of, when, where
from haidang.app.verdict import Decision
from haidang.law.evaluate import cite
from haidang.law.table import Table
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Reason
from haidang.watch.signal import State
from haidang.web.speak import Speaker

SILENT = frozenset({Reason.HELD_NO_DATA, Reason.HOLD_EXPIRED, Reason.BLIND})

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class ReadCells:
    """The reading that decides, and what the law says of it.

    Attributes:
        indicator: What was read; a dash, here and below, where nothing was.
        reading: The value with its unit.
        where: The gauge and its river, or the area.
        when: Of the reading, on the country's clock.
        known: ``measured`` or ``forecast``, "" where there is no reading.
        known_word: The same in words.
        law: The clause that gives the level, or the article and why it gives none.
        asked: What was put into the table, in its own words.
        beside: What is not known beside it, a sentence each.
        grade: Of an earthquake, the grade felt with its interval; "" of anything else.
        chance: Of an earthquake, how probable this level or a higher one is; "" of anything else.
        silent: Whether nothing can be said.
    """

    indicator: str
    reading: str
    where: str
    when: str
    known: str
    known_word: str
    law: str
    asked: str
    beside: tuple[str, ...]
    grade: str
    chance: str
    silent: bool


def read_cells(context: Context, d: Decision, found: Assessment, say: Speaker) -> ReadCells:
    """The figures of one decision.

    Args:
        context: Pack, gauges and clock.
        d: The decision.
        found: What it rests on.
        say: Language.
    """
    language = say.language
    area = context.named[found.place].name(language)
    lead = told_of(found)
    if lead is None or not lead.indicator or lead.indicator not in indicators(context):
        told = (NOTHING,) * 4
        known = known_word = ""
    else:
        spec = context.pack.threat.readings.indicators[lead.indicator]
        told = (
            say.of(spec.title),
            reading(context, lead, language),
            where(context, found, lead, language),
            when(context, lead, language),
        )
        known = lead.method
        known_word = say(f"format.known_{known}")
    return ReadCells(
        *told,
        known=known,
        known_word=known_word,
        law=law(found, say),
        asked=asked(context, found, language),
        beside=words.beside(found.grounds, context.pack.stations, area, language),
        grade=words.grade(found, language),
        chance=chance(found, d.after or d.before, say),
        silent=d.reason in SILENT or found.state is State.NO_DATA,
    )


def indicators(context: Context) -> tuple[str, ...]:
    """Of the pack."""
    return tuple(context.pack.threat.readings.indicators)


def chance(found: Assessment, level: int, say: Speaker) -> str:
    """How many of the members reach a level, in words; "" where there are none."""
    p = dict(found.p_level).get(level)
    return "" if p is None else say("read.chance", level=level, p=say.number(100 * p))


def asked(context: Context, found: Assessment, language: str) -> str:
    """What was put into the table that answered, in its own words."""
    table = table_of(context, found)
    if table is None:
        return ""
    return words.asked(table, words.looked_up(found.grounds.inputs).given, language)


def table_of(context: Context, found: Assessment) -> Table | None:
    """The table that answered; None where the run asked none of those in force."""
    return next((t for t in context.tables.values() if t.id == found.grounds.table), None)


def law(found: Assessment, say: Speaker) -> str:
    """The clause that gives the level, or the article and why it gives none."""
    grounds = found.grounds
    status = grounds.status.replace(" ", "_")
    if grounds.clause:
        clause = cite(grounds.clause, say.language)
        if grounds.status == "defined":
            return clause
        return f"{clause}: {say('read.status_at_least')}"
    return f"{cite(grounds.article, say.language)}: {say(f'read.status_{status}')}"
