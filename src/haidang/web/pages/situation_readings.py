"""The first page of a desk whose threat is told by readings: what needs me, what changed, where?

It is the page of any desk with other figures: a reading has a value, a place, a time, and it was
measured or forecast. Gauges that have gone silent stand on the page by name.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from haidang.app import reading_words as words
from haidang.app.said_readings import told_of
from haidang.app.verdict import Decision
from haidang.risk.readings import Read, Readings, is_stale, newest_begun, read
from haidang.risk.spec import Shaking
from haidang.warn.decide import Reason
from haidang.watch.spec import Reading
from haidang.web.look import Look
from haidang.web.pages.judged import Judged
from haidang.web.pages.outlook import Outlook
from haidang.web.pages.read_cells import ReadCells, read_cells
from haidang.web.pages.read_drawing import drawing
from haidang.web.pages.situation import Feed, Situation
from haidang.web.pages.situation_table import AreaRow, TableBuilder
from haidang.web.parts import Fact, Tag
from haidang.web.readings_chart import draw
from haidang.web.speak import Speaker

COLUMNS = (
    "desk", "at", "published", "place", "place_name", "kind", "level_before", "level", "combined",
    "reason", "status", "article", "clause", "indicator", "subject", "reading", "unit",
    "reading_start", "known", "msk_low", "msk_central", "msk_high", "people", "state",
    "law_inputs", "decision", "assessment",
)  # fmt: skip

MOST_CHARTS = 4
"""Charts on the page: one for each of the worst areas."""


@dataclass(frozen=True, slots=True)
class ReadRow(AreaRow):
    """One area in the table."""

    seen: ReadCells


@dataclass(frozen=True, slots=True)
class Silent:
    """A gauge, or an area, that was heard before and is no more.

    Attributes:
        name: Of the gauge with its river, or of the area.
        area: Where it stands; "" where it is the area.
        last: Its last reading.
        when: Of that reading.
    """

    name: str
    area: str
    last: str
    when: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The readings that decide in one area, up to now and as forecast."""

    name: str
    area: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class ReadingsSituation(Situation):
    """Everything on the page, in words.

    Attributes:
        rows: Areas with a level, a change or an open question, the worst first.
        scale: Name of the scale of the levels.
        gone: Gauges and areas that have gone silent.
        never: How many gauges on the list were never heard, in words; "" where all were.
        charts: Of the worst areas.
    """

    rows: tuple[ReadRow, ...]
    scale: str
    gone: tuple[Silent, ...]
    never: str
    charts: tuple[Chart, ...]


def build(view: Look, say: Speaker) -> ReadingsSituation:
    """Put the page together; the same look, clock and language give the same page."""
    return _Builder(view, say).read()


def table(look: Look, say: Speaker) -> str:
    """The table of a look as CSV: one row an area, machine names, the numbers unrounded.

    Args:
        look: The look.
        say: Only for the names of places.
    """
    judged, context = Judged(look, say), look.context
    indicators = context.pack.threat.readings.indicators
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    published = look.this.issued
    for d in sorted(look.decided, key=lambda d: (-d.after, d.place)):
        found = judged.found(d)
        lead = told_of(found)
        spec = None if lead is None else indicators.get(lead.indicator)
        people = next((i.value for i in found.impacts if i.measure == "people.area"), None)
        told = [""] * 6
        if lead is not None and spec is not None:
            start = context.local(lead.start).isoformat()
            unit = spec.unit["en"]
            told = [lead.indicator, lead.subject, f"{lead.value:g}", unit, start, lead.method]
        writer.writerow(
            [
                look.id,
                context.local(d.at).isoformat(),
                "" if published is None else context.local(published).isoformat(),
                d.place,
                judged.name(d.place),
                context.named[d.place].kind,
                d.before,
                d.after,
                d.combined,
                d.reason.value,
                found.grounds.status,
                found.grounds.article,
                found.grounds.clause,
                *told,
                *(found.intensity or ("", "", "")),
                "" if people is None else people.central,
                found.state.value,
                found.grounds.inputs,
                d.id,
                found.id,
            ]
        )
    return out.getvalue()


class _Builder(TableBuilder):
    def __init__(self, view: Look, say: Speaker) -> None:
        super().__init__(view, say)
        context, snapshot = view.context, view.snapshot
        self.watch = context.pack.threat.readings
        self.known: Readings = {name: {} for name in self.watch.indicators}
        if snapshot is not None:
            rows = snapshot.observations.known_at(snapshot.receipt)
            self.known = read(rows, context.pack.id, self.watch)

    def read(self) -> ReadingsSituation:
        order = sorted((d for d in self.decided if self._told(d)), key=self._worst)
        never = self._never()
        base = self.base()
        blind = [d for d in self.decided if self.judged.state(d) == "no_data"]
        return ReadingsSituation(
            **{**base, "blind": self._names(blind)},
            rows=tuple(self._read_row(d) for d in order),
            scale=self.scale(),
            gone=tuple(self._gone()),
            never=self.say("situation_readings.never", n=never) if never else "",
            charts=tuple(self._charts(order)),
        )

    def _told(self, d: Decision) -> bool:
        """Whether an area stands in the table: of a nation most are calm, or never heard."""
        found = self.judged.found(d)
        open_ = d.reason.value in ("not_defined", "held_no_data", "hold_expired")
        return bool(d.after or d.before or open_ or "silent:" in found.grounds.note)

    def _worst(self, d: Decision) -> tuple[float, float, str]:
        found = self.judged.found(d)
        lead = told_of(found)
        felt = found.intensity
        strength = felt.central if felt else 0.0 if lead is None else lead.value
        silent = self.judged.state(d) == "no_data"
        return -d.after - (0.5 if silent else 0.0), -strength, d.place

    # The answer.

    def _answer(self, seen: Outlook) -> str:
        del seen
        say, event = self.say, self._event()
        if not self.heard_anything():
            return say("situation_readings.answer_nothing", event=event)
        top = max((d.after for d in self.decided), default=0)
        if not top:
            blind = all(self.judged.state(d) == "no_data" for d in self.decided)
            key = "answer_blind" if blind else "answer_none"
            return say(f"situation_readings.{key}", event=event)
        name = say.of(self.view.context.scale.names(top))
        word = say("read.level_named", level=top, word=name)
        names = self._names([d for d in self.decided if d.after == top])
        return say("situation_readings.answer", event=event, word=word, names=names)

    def _names(self, decided: Sequence[Decision]) -> str:
        names = [self.judged.name(d.place) for d in sorted(decided, key=self._worst)]
        more = len(names) - _FEW
        if more <= 0:
            return ", ".join(names)
        return self.say("situation.and_more", names=", ".join(names[:_FEW]), count=more)

    def _lead(self, seen: Outlook) -> str:
        del seen
        say = self.say
        parts = [say("lead_known", time=say.clock(self.now), day=say.full_day(self.today()))]
        if undefined := self._for_a_person():
            names = self._names(undefined)
            parts.append(say("situation_readings.lead_undefined", names=names))
        return " ".join(parts)

    def _for_a_person(self) -> list[Decision]:
        """Areas where the program can say no more: the text is silent, or the hold has run out."""
        open_ = {Reason.NOT_DEFINED, Reason.HOLD_EXPIRED}
        return [d for d in self.decided if d.reason in open_]

    # What changed.

    def _moved(self) -> Sequence[Decision]:
        """An area of which nothing was known before, nor ever, has not changed."""
        last: dict[str, Decision] = {}
        for d in self.view.decisions:
            if d.at < self.view.this.now:
                last[d.place] = d
        return [
            d
            for d in self.decided
            if d.reason is not Reason.BLIND
            or (d.place in last and last[d.place].reason is not Reason.BLIND)
        ]

    # Facts.

    def _facts(self, seen: Outlook, feeds: Sequence[Feed]) -> tuple[Fact, ...]:
        del seen
        say = self.say
        undefined = self._for_a_person()
        gone = list(self._gone())
        return (
            self._count(),
            *self._event_facts(),
            Fact(say("situation_readings.fact_undefined"), say.number(len(undefined))),
            Fact(say("situation_readings.fact_silent"), say.number(len(gone))),
            self._heard(feeds),
        )

    def _event_facts(self) -> Iterator[Fact]:
        """Of an earthquake: what is known of the event itself."""
        say, context = self.say, self.view.context
        event = self.view.case.spec.event
        for name, spec in self.watch.indicators.items():
            one = newest_begun(self.known[name].get(event, ()), self.now)
            if spec.at != "event" or one is None or one.value is None:
                continue
            value = words.reading(spec, context.tables.values(), one.value, say.language)
            yield Fact(say.of(spec.title), value, self._when(spec, one.start))

    def _when(self, spec: Reading, start: datetime) -> str:
        return words.when(self.view.context.local(start), spec, self.say.language)

    # Who is heard.

    def _feeds(self, seen: Outlook) -> tuple[Feed, ...]:
        """Each indicator: when it was last heard, and how many of those heard have gone silent."""
        del seen
        return tuple(self._feed(name, spec) for name, spec in self.watch.indicators.items())

    def _feed(self, name: str, spec: Reading) -> Feed:
        say, title = self.say, self.say.of(spec.title)
        subjects = self.known[name]
        if not subjects:
            tag = Tag(say("feed_nothing"), "nodata")
            return Feed(False, tag, title, say("situation_readings.feed_never"))
        snapshot = self.view.snapshot
        assert snapshot is not None
        series = f"{self.view.context.pack.id}/{name}"
        heard = snapshot.observations.known_at(snapshot.receipt).of(series).heard
        note = "" if heard is None else say("feed_heard", time=self.moment(heard))
        if spec.at == "event":
            return Feed(False, Tag(say("feed_on_time"), "quiet"), title, note)
        stale = [s for s, rows in subjects.items() if self._stale(spec, rows)]
        if not stale:
            return Feed(False, Tag(say("feed_on_time"), "quiet"), title, note)
        hours = say.number(spec.stale_after_h)
        limit = say("situation_readings.feed_limit", n=len(stale), of=len(subjects), hours=hours)
        every = len(stale) == len(subjects)
        word = say("situation_readings.feed_late" if every else "situation_readings.feed_partly")
        return Feed(True, Tag(word, "nodata"), title, f"{note} {limit}".strip())

    def _stale(self, spec: Reading, rows: Sequence[Read]) -> bool:
        return is_stale(rows, self.now, spec.stale_after_h)

    def _gone(self) -> Iterator[Silent]:
        context, say = self.view.context, self.say
        stations = {s.code: code for code, mine in context.stations.items() for s in mine}
        for name, spec in self.watch.indicators.items():
            if spec.at == "event":
                continue
            for subject, rows in self.known[name].items():
                code = stations.get(subject, subject)
                if not self._stale(spec, rows) or code not in context.named:
                    continue
                area = self.judged.name(code)
                last = newest_begun(rows, self.now)
                told = last is not None and last.value is not None
                yield Silent(
                    name=words.where(context.pack.stations, subject, area, say.language),
                    area=area if subject in stations else "",
                    last=words.reading(spec, context.tables.values(), last.value, say.language)
                    if last is not None and last.value is not None
                    else say("read.missing"),
                    when=self._when(spec, last.start) if told and last is not None else "–",
                )

    def _never(self) -> int:
        """How many gauges of the watched areas were never heard."""
        heard = {s for by in self.known.values() for s in by}
        mine = [s.code for found in self.view.context.stations.values() for s in found]
        return sum(code not in heard for code in mine)

    # The charts and the table.

    def _charts(self, order: Sequence[Decision]) -> Iterator[Chart]:
        context, snapshot = self.view.context, self.view.snapshot
        if snapshot is None or isinstance(context.pack.threat.model, Shaking):
            return
        rows = snapshot.observations.known_at(snapshot.receipt).rows
        for d in [d for d in order if d.after][:MOST_CHARTS]:
            asked = words.looked_up(self.judged.found(d).grounds.inputs)
            indicator = asked.indicator or self.watch.first
            subject = asked.subject or self._last_subject(d, indicator)
            drawn = drawing(
                context, rows, d.place, indicator, subject, self.view.decisions, self.say,
                self.now,
            )  # fmt: skip
            if drawn.empty:
                continue
            area = self.judged.name(d.place)
            where = words.where(context.pack.stations, subject, area, self.say.language)
            title = self.say.of(self.watch.indicators[indicator].title)
            name = self.say("report_readings.chart_name", indicator=title, where=where)
            yield Chart(name, area, Markup(draw(drawn, self.say)))  # noqa: S704 - escaped there

    def _last_subject(self, d: Decision, indicator: str) -> str:
        """Of an area that has gone silent: the gauge that was heard there last."""
        known = self.known[indicator]
        mine = [s.code for s in self.view.context.stations.get(d.place, ())] or [d.place]
        heard = [(known[s][-1].start, s) for s in mine if known.get(s)]
        return max(heard)[1] if heard else d.place

    def _read_row(self, d: Decision) -> ReadRow:
        seen = read_cells(self.view.context, d, self.judged.found(d), self.say)
        return ReadRow(**self.row(d, silent=seen.silent), seen=seen)


_FEW = 6
"""Names in a sentence."""
