"""What a notice of a threat that is told by readings says: the reading, where, when, how known."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

from haidang.app import reading_words
from haidang.app.context import Context
from haidang.app.judge_readings import FORECAST, MEASURED
from haidang.app.snapshot import Chain
from haidang.law.interval import number
from haidang.risk.assessment import Assessment
from haidang.risk.hazards.river_stage import alarm_of, apart
from haidang.risk.spec import RiverStage
from haidang.warn.decide import Standing
from haidang.warn.lifecycle import Said
from haidang.warn.message import unknown
from haidang.watch.signal import Signal, State
from haidang.words import word


def said(context: Context, found: Assessment, after: Standing, chain: Chain) -> Said:
    """Level, how far the reading has come in steps of news, when it is expected, and the end.

    A reading that is only forecast has an onset; one that was measured has begun.
    """
    warn = context.pack.threat.warn
    expires = found.at + timedelta(hours=warn.valid_h)
    if after.level == 0:
        return Said(0, 0, None, expires)
    last = chain.pending or chain.issued
    lead = told_of(found)
    if found.state is State.NO_DATA or lead is None:
        if last is not None:
            return replace(last, level=after.level, expires=expires)
        return Said(after.level, 0, None, expires)
    onset = lead.start if lead.method == FORECAST else None
    if onset is not None:
        expires = max(expires, onset + timedelta(hours=warn.renew_h))
    return Said(after.level, steps(context, lead, last), onset, expires)


def steps(context: Context, lead: Signal, last: Said | None) -> int:
    """Whole steps of news that a reading has come to; one just under the last keeps it.

    Without that a gauge that swings about a step would be told at every run.
    """
    spec = context.pack.threat.readings.indicators[lead.indicator]
    if not spec.news_step:
        return 0
    exact = lead.value / spec.news_step
    if last is not None and last.level and last.force - 0.5 <= exact < last.force + 1:
        return last.force
    return math.floor(exact)


def told_of(found: Assessment) -> Signal | None:
    """The reading that a notice tells of; None where none has a value."""
    return next((s for s in found.signals if not math.isnan(s.value)), None)


def observed(found: Assessment) -> bool:
    """Whether the reading that decides was measured, and not forecast."""
    lead = told_of(found)
    return lead is not None and lead.method == MEASURED


def foretold(found: Assessment) -> bool:
    """Whether the reading that decides is a forecast, or a model's, and was not measured."""
    lead = told_of(found)
    return found.state is not State.NO_DATA and lead is not None and lead.method == FORECAST


def facts(context: Context, found: Assessment, language: str) -> dict[str, str]:
    """The placeholders that only messages of readings use, filled."""
    lead = told_of(found)
    if lead is None:
        nothing = unknown(language)
        return {name: nothing for name in ("indicator", "reading", "where", "when", "how_known")}
    spec = context.pack.threat.readings.indicators[lead.indicator]
    return {
        "indicator": spec.title.get(language, spec.title["en"]),
        "reading": reading(context, lead, language),
        "where": where(context, found, lead, language),
        "when": when(context, lead, language),
        "how_known": how_known(context, lead, language),
    }


def how_known(context: Context, lead: Signal, language: str) -> str:
    """Measured, forecast or last heard; of a gauge also how far above its alarm level."""
    known = word(f"format.known_{lead.method}", language)
    station = next((s for s in context.pack.stations if s.code == lead.subject), None)
    if station is None or not isinstance(context.pack.threat.model, RiverStage):
        return known
    alarm = alarm_of(lead.value, station.alarms)
    if alarm is None:
        return known
    if alarm == "below_1":
        return word("format.alarm_below", language, known=known)
    level = int(alarm[-1])
    reached = station.alarms[level - 1]
    assert reached is not None or level == len(station.alarms)
    if reached is None:
        return known
    over = number(apart(lead.value, reached), language)
    return word("format.alarm_above", language, known=known, n=level, metres=over)


def reading(context: Context, lead: Signal, language: str) -> str:
    """The value with its unit; of a category its name in the law."""
    spec = context.pack.threat.readings.indicators[lead.indicator]
    return reading_words.reading(spec, context.tables.values(), lead.value, language)


def where(context: Context, found: Assessment, lead: Signal, language: str) -> str:
    """The gauge and its river, or the area."""
    area = context.named[found.place].name(language)
    return reading_words.where(context.pack.stations, lead.subject, area, language)


def when(context: Context, lead: Signal, language: str) -> str:
    """The time of a reading on the country's clock; of a day or more its day."""
    spec = context.pack.threat.readings.indicators[lead.indicator]
    return reading_words.when(context.local(lead.start), spec, language)
