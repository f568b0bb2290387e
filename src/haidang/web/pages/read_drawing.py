"""What is drawn of the readings of one gauge, area or indicator, from what had come in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from haidang.app import reading_words as words
from haidang.app.context import Context
from haidang.app.verdict import Decision
from haidang.data.observations import Observation
from haidang.watch.spec import Reading
from haidang.web.readings_chart import Drawing, Point, Span
from haidang.web.speak import Speaker


def drawing(
    context: Context,
    rows: Sequence[Observation],
    area: str,
    indicator: str,
    subject: str,
    decisions: Iterable[Decision],
    say: Speaker,
    now: datetime | None = None,
) -> Drawing:
    """One subject's readings with its alarm levels and the levels that stood in its area.

    Args:
        context: Pack, gauges and clock.
        rows: Everything that came in, of any series, by receipt.
        area: Code of the area whose levels are drawn.
        indicator: What is drawn.
        subject: Whose readings.
        decisions: Of any area; those of this one are drawn.
        say: Language.
        now: The clock of a desk; None of a report.
    """
    spec = context.pack.threat.readings.indicators[indicator]
    mine = [r for r in rows if r.series == f"{context.pack.id}/{indicator}" and r.place == subject]
    measured = {r.start: r for r in mine if r.published >= r.start}
    forecast = {r.start: r for r in mine if r.published < r.start}
    seen = [r for r in measured.values() if r.value is not None]
    last = max((r.start for r in seen), default=None)
    later = [r for r in forecast.values() if last is None or r.start > last]
    name = words.where(
        context.pack.stations, subject, context.named[area].name(say.language), say.language
    )
    tell = _Tell(context, spec, say)
    return Drawing(
        name=say("read.chart_label", indicator=say.of(spec.title), name=name),
        measured=tell.points(seen),
        forecast=tell.points(forecast.values()),
        ahead=tell.points(later),
        lines=alarms(context, subject, say),
        spans=_spans(context, [d for d in decisions if d.place == area], say, now),
        period_h=spec.period_h,
        gap_h=max(spec.stale_after_h, spec.period_h),
        marks=tuple(
            words.category(spec.values, context.tables.values(), n, say.language)
            for n in range(1, len(spec.values) + 1)
        ),
        now=now,
    )


class _Tell:
    def __init__(self, context: Context, spec: Reading, say: Speaker) -> None:
        self.context, self.spec, self.say = context, spec, say

    def points(self, rows: Iterable[Observation]) -> tuple[Point, ...]:
        kept = sorted((r for r in rows if r.value is not None), key=lambda r: r.start)
        return tuple(Point(r.start, r.value or 0.0, self.title(r)) for r in kept)

    def title(self, row: Observation) -> str:
        cells = figures(self.context, self.spec, row, self.say)
        return self.say("read.chart_point", when=cells[0], reading=cells[1], known=cells[2])


def figures(
    context: Context, spec: Reading, row: Observation, say: Speaker
) -> tuple[str, str, str, str]:
    """When it holds, what it says, how it is known, when it was said."""
    language = say.language
    value = (
        say("read.missing")
        if row.value is None
        else words.reading(spec, context.tables.values(), row.value, language)
    )
    kind = "forecast" if row.published < row.start else "measured"
    when = words.when(context.local(row.start), spec, language)
    return when, value, say(f"format.known_{kind}"), say.short(row.published)


def alarms(context: Context, subject: str, say: Speaker) -> tuple[tuple[str, float], ...]:
    """The alarm levels of a gauge that are known, by name; nothing for what is no gauge."""
    station = next((s for s in context.pack.stations if s.code == subject), None)
    if station is None:
        return ()
    return tuple(
        (say("read.alarm", n=n), value)
        for n, value in enumerate(station.alarms, 1)
        if value is not None
    )


def _spans(
    context: Context, decisions: Sequence[Decision], say: Speaker, now: datetime | None
) -> tuple[Span, ...]:
    """Levels that stood, from run to run; equal ones that follow each other are one."""
    colours = {r.rank: r.colour for r in context.scale.ranks}
    merged: list[Decision] = []
    for d in decisions:
        if not merged or merged[-1].after != d.after:
            merged.append(d)
    ends = [*(d.at for d in merged[1:]), *(now or d.at for d in decisions[-1:])]
    return tuple(
        Span(
            d.at,
            max(end, d.at),
            d.after,
            colours.get(d.after, ""),
            say(
                "read.chart_level",
                word=say.of(context.scale.names(d.after)) if d.after else "",
                span=say.span(d.at, max(end, d.at)),
            ),
        )
        for d, end in zip(merged, ends, strict=True)
    )
