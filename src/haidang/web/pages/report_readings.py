"""The report of a replayed case that is told by readings: what was known, decided, said, and when.

``build`` is pure: the same case, store and arguments give the same report. Areas where nothing was
ever read, and those that stayed below every level, are named and not drawn: of a nation most are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from haidang.app import reading_words as words
from haidang.app.verdict import Decision
from haidang.jobs.replay import Played
from haidang.jobs.tables import Tables
from haidang.law.evaluate import cite
from haidang.law.table import Table
from haidang.review.announced import Compared
from haidang.risk.readings import Station
from haidang.risk.spec import Shaking
from haidang.warn.decide import Reason
from haidang.watch.signal import State
from haidang.web.pages.read_cells import ReadCells, read_cells, table_of
from haidang.web.pages.read_drawing import drawing, figures
from haidang.web.pages.report_page import HELD, Beside, Chip
from haidang.web.pages.report_parts import Frame, Kept, Notice, Teller
from haidang.web.readings_chart import draw
from haidang.web.speak import Speaker

MOST_CHARTS: Final = 3
"""Charts of one area: gauges that decided, the highest level first."""

MOST_NAMES: Final = 12
"""Names in one sentence; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Chart:
    """The readings of one gauge, or of one area.

    Attributes:
        name: Of the gauge, or of what was read.
        area: In which it stands.
        svg: The picture, "" where nothing can be drawn.
        table: When, reading, how known, when it was said.
    """

    name: str
    area: str
    svg: str
    table: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One area at one run."""

    name: str
    chip: Chip | None
    before: Chip | None
    changed: bool
    state: str
    state_word: str
    seen: ReadCells
    reason: str


@dataclass(frozen=True, slots=True)
class Section:
    """One run.

    Attributes:
        quiet: Areas below every level, in one sentence; "" where there are none.
        blind: Areas of which nothing is known, likewise.
    """

    id: str
    title: str
    answer: str
    rows: tuple[Row, ...]
    quiet: str
    blind: str
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class ReadingsReport(Frame):
    """Everything the template needs, in words.

    Attributes:
        quiet: Areas whose levels are not told run by run, in one sentence.
        unknown: What is not known, a sentence each.
        compared: Announced levels beside ours.
    """

    quiet: str
    charts: tuple[Chart, ...]
    sections: tuple[Section, ...]
    unknown: tuple[str, ...]
    compared: tuple[Beside, ...]


def build(
    played: Played,
    tables: Tables,
    kept: Kept,
    language: str,
    compared: Sequence[Compared] = (),
) -> ReadingsReport:
    """Put the report together in one language.

    Args:
        played: The case with its context.
        tables: Of the same case; its warnings name the files of the notices.
        kept: What the store holds of it, everything that came in too.
        language: One of the country's.
        compared: Announced levels beside ours; empty where none were found.
    """
    say = Speaker(language, played.context.zone, "report_readings", "readings")
    return _Builder(played, tables, kept, say).report(compared)


class _Builder(Teller):
    def report(self, compared: Sequence[Compared]) -> ReadingsReport:
        """The whole."""
        shown = self._shown()
        rest = [c for c in self.context.areas.codes if c not in shown]
        quiet = self.say("quiet_areas", n=len(rest), names=self._names(rest)) if rest else ""
        return ReadingsReport(
            **self.frame(shown),
            facts=self._facts(),
            method=self._method(),
            quiet=quiet,
            charts=self._events() if self._shakes else self._all_charts(shown),
            sections=tuple(self._section(at, rows) for at, rows in self.runs.items()),
            unknown=tuple(self._unknown()),
            compared=self.besides(compared),
        )

    def named(self, level: int) -> str:
        """A level in a sentence: by its number, and its name."""
        return self.say("read.level_named", level=level, word=self.chip(level).word)

    def limits(self) -> tuple[str, ...]:
        """What the report does not say; of a model of the ground other things than of gauges."""
        plain = super().limits()
        if not self._shakes:
            return plain
        return (*(self.say(f"limit_shaking_{n}") for n in (1, 2, 3)), *plain[3:])

    @property
    def _shakes(self) -> bool:
        return isinstance(self.context.pack.threat.model, Shaking)

    def head(self, at: datetime) -> str:
        """How a run is named: by day and hour."""
        return self.say.short(at)

    def _shown(self) -> tuple[str, ...]:
        """Areas that ever had a level, or that the text left open; the highest first."""
        top: dict[str, tuple[int, float]] = {}
        for d in self.kept.decisions:
            if d.after or d.reason is Reason.NOT_DEFINED:
                best = top.get(d.place, (-1, 0.0))[0]
                if d.after > best:
                    top[d.place] = (d.after, d.at.timestamp())
        return tuple(sorted(top, key=lambda c: (-top[c][0], top[c][1], c)))

    def _names(self, codes: Iterable[str]) -> str:
        return self._listed([self.name(c) for c in codes])

    def _listed(self, names: Sequence[str]) -> str:
        more = len(names) - MOST_NAMES
        said = ", ".join(names[:MOST_NAMES])
        return self.say("and_more", names=said, n=more) if more > 0 else said

    def _facts(self) -> tuple[tuple[str, str, str], ...]:
        say, stations = self.say, self.context.pack.stations
        rows = self.kept.observations
        ahead = sum(r.published < r.start for r in rows)
        measured = say("fact_readings_note", measured=len(rows) - ahead, forecast=ahead)
        heard = {r.place for r in rows} & {s.code for s in stations}
        gauges = say("fact_gauges_note", n=len(self._watched()))
        return (
            (
                say("fact_places"),
                say.number(len(self.context.areas.codes)),
                say("fact_places_note"),
            ),
            *(((say("fact_gauges"), say.number(len(heard)), gauges),) if stations else ()),
            (say("fact_runs"), say.number(len(self.runs)), say("fact_runs_note")),
            (say("fact_readings"), say.number(len(rows)), measured),
            self.notices_fact(),
            self.undefined_fact(),
        )

    def _watched(self) -> tuple[Station, ...]:
        return tuple(s for mine in self.context.stations.values() for s in mine)

    # One gauge, or one area, over the whole case.

    def _all_charts(self, shown: Sequence[str]) -> tuple[Chart, ...]:
        return tuple(c for code in shown for c in self._charts(code))

    def _events(self) -> tuple[Chart, ...]:
        """What was told of each earthquake: a table, for there is no course over time."""
        indicators = self.context.pack.threat.readings.indicators
        events: dict[str, list[tuple[str, str, str, str]]] = {}
        for row in self.kept.observations:
            name = row.series.partition("/")[2]
            spec = indicators[name]
            if spec.at == "area" and row.place not in self.context.named:
                continue
            when, value, known, told = figures(self.context, spec, row, self.say)
            value = self.say("reading_of", indicator=self.say.of(spec.title), reading=value)
            if spec.at == "area":
                value = self.say("reading_in", reading=value, area=self.name(row.place))
            event = row.place if spec.at == "event" else self.played.case.spec.event
            events.setdefault(event, []).append((when, value, known, told))
        return tuple(
            Chart(self.context.event_names.get(event, event), "", "", tuple(rows))
            for event, rows in events.items()
        )

    def _charts(self, code: str) -> list[Chart]:
        best: dict[tuple[str, str], int] = {}
        for d in self.kept.decisions:
            if d.place != code:
                continue
            found = self.found[d.assessment]
            asked = words.looked_up(found.grounds.inputs)
            if asked.indicator:
                key = asked.indicator, asked.subject
                best[key] = max(best.get(key, 0), found.grounds.level or 0)
        order = sorted(best, key=lambda k: (-best[k], list(best).index(k)))
        return [self._chart(code, *key) for key in order[:MOST_CHARTS]]

    def _chart(self, code: str, indicator: str, subject: str) -> Chart:
        context, language = self.context, self.language
        spec = context.pack.threat.readings.indicators[indicator]
        rows = self.kept.observations
        drawn = drawing(
            context, rows, code, indicator, subject, self.kept.decisions, self.say
        )  # fmt: skip
        series = f"{context.pack.id}/{indicator}"
        newest = {r.start: r for r in rows if r.series == series and r.place == subject}
        where = words.where(context.pack.stations, subject, self.name(code), language)
        return Chart(
            name=self.say("chart_name", indicator=self.say.of(spec.title), where=where),
            area=self.name(code),
            svg="" if drawn.empty else draw(drawn, self.say),
            table=tuple(
                figures(context, spec, newest[start], self.say) for start in sorted(newest)
            ),
        )

    # One run.

    def _section(self, at: datetime, decisions: Sequence[Decision]) -> Section:
        say = self.say
        told = [d for d in decisions if d.after or d.before or d.reason is Reason.NOT_DEFINED]
        rest = [d for d in decisions if d not in told]
        blind = [d.place for d in rest if self.found[d.assessment].state is State.NO_DATA]
        quiet = [d.place for d in rest if d.place not in blind]
        order = sorted(told, key=lambda d: (-d.after, self.context.areas.codes.index(d.place)))
        return Section(
            id=self.id(at),
            title=say("section", time=self._moment(at)),
            answer=say("section_counts", counts=self.counts_of(decisions)),
            rows=tuple(self._row(d) for d in order),
            quiet=say("section_quiet", names=self._names(quiet)) if quiet else "",
            blind=say("section_blind", names=self._names(blind)) if blind else "",
            notices=self.notices(at),
        )

    def _moment(self, at: datetime) -> str:
        day = self.say.full_day(self.context.local(at).date())
        return self.say("format.moment", time=self.say.clock(at), date=day)

    def _row(self, d: Decision) -> Row:
        say = self.say
        seen = read_cells(self.context, d, self.found[d.assessment], say)
        return Row(
            name=self.name(d.place),
            chip=self.maybe(d.after, held=d.reason in HELD),
            before=self.maybe(d.before),
            changed=d.before != d.after,
            state="no_data" if seen.silent else "quiet",
            state_word=say("report.no_data" if seen.silent else "report.quiet"),
            seen=seen,
            reason=say(f"report.reason_{d.reason.value}"),
        )

    # What is not known.

    def _unknown(self) -> Iterable[str]:
        yield from self._gauges_unknown()
        yield from self._notes()
        yield from self._gaps()
        never = [c for c in self.context.areas.codes if c not in self._ever_heard()]
        if never:
            yield self.say("unknown_areas", n=len(never), names=self._names(never))

    def _gauges_unknown(self) -> Iterable[str]:
        say = self.say
        watched = self._watched()
        heard = {r.place for r in self.kept.observations}
        if never := [s.name(self.language) for s in watched if s.code not in heard]:
            yield say("unknown_gauges", n=len(never), of=len(watched), names=self._listed(never))
        bare = [s for s in watched if s.code in heard and None in s.alarms]
        if bare:
            names = self._listed([s.name(self.language) for s in bare])
            yield say("unknown_alarms", names=names)

    def _notes(self) -> Iterable[str]:
        """Every word of caution that some answer carried, with the areas and the first time."""
        seen: dict[str, tuple[datetime, dict[str, None]]] = {}
        gone: dict[str, datetime] = {}
        stations = self.context.pack.stations
        for d in self.kept.decisions:
            grounds, area = self.found[d.assessment].grounds, self.name(d.place)
            for subject in words.silent(grounds):
                gone.setdefault(words.where(stations, subject, area, self.language), d.at)
            for text in words.cautions(grounds, stations, area, self.language):
                first, areas = seen.setdefault(text, (d.at, {}))
                areas[d.place] = None
        if gone:
            names = "; ".join(
                self.say("unknown_silent_one", name=name, time=self.say.short(at))
                for name, at in gone.items()
            )
            yield self.say("unknown_silent", names=names)
        for text, (first, areas) in seen.items():
            names = self._names(areas)
            yield self.say("unknown_note", text=text, names=names, time=self.say.short(first))

    def _gaps(self) -> Iterable[str]:
        """Each combination that the text does not define, once, with where it came up."""
        seen: dict[str, dict[str, None]] = {}
        for d in self.kept.decisions:
            found = self.found[d.assessment]
            table = table_of(self.context, found)
            if found.grounds.status != "not defined by the text" or table is None:
                continue
            given = words.looked_up(found.grounds.inputs).given
            case = words.asked(table, given, self.language)
            article = cite(table.article, self.language)
            why = _why(table, given, self.language)
            text = self.say("unknown_gap", article=article, case=case, why=why)
            seen.setdefault(text.strip(), {})[d.place] = None
        for text, areas in seen.items():
            yield self.say("unknown_gap_at", text=text, names=self._names(areas))

    def _ever_heard(self) -> set[str]:
        if any(i.at == "event" for i in self.context.pack.threat.readings.indicators.values()):
            return set(self.context.areas.codes)
        return {
            d.place
            for d in self.kept.decisions
            if (found := self.found[d.assessment]).signals or "silent:" in found.grounds.note
        }

    # How.

    def _method(self) -> tuple[tuple[str, str], ...]:
        say, pack = self.say, self.context.pack
        warn, model, watch = pack.threat.warn, pack.threat.model, pack.threat.readings
        articles = ", ".join(cite(a, self.language) for a in pack.binding.readings_law.articles)
        act = self.context.table.act.say(self.language)
        stale = ", ".join(
            say("method_stale_one", name=say.of(i.title), hours=say.number(i.stale_after_h))
            for i in watch.indicators.values()
        )
        hold = say(
            "method_hold_text", hold_h=say.number(warn.hold_h), max_h=say.number(warn.max_hold_h)
        )
        window = say(
            "method_window_text",
            back=say.number(model.look_back_h), ahead=say.number(model.horizon_h),
        )  # fmt: skip
        delay = say.number(self.played.case.spec.received_after_min)
        return (
            (say("method_law"), say("method_law_text", articles=articles, act=act)),
            (say("method_model"), say(f"method_model_{model.hazard}")),
            (say("method_window"), window),
            (say("method_stale"), say("method_stale_text", limits=stale)),
            (say("method_hold"), hold),
            (say("method_time"), say("method_time_text", delay=delay)),
        )


def _why(table: Table, given: Mapping[str, str], language: str) -> str:
    """Why a table says that a case is open; "" where nothing declares it."""
    values: dict[str, str | float] = {}
    for of in table.inputs:
        text = given.get(of.id, "")
        if not text or text == words.NOT_KNOWN:
            return ""
        values[of.id] = text if of.values else float(text)
    for gap in table.gaps:
        if gap.region.covers(values):
            return gap.reason.say(language)
    return ""
