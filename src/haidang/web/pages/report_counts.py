"""The report of a replayed season that was counted: what was known, decided and said, and when.

``build`` is pure: the same case, store and arguments give the same report. It is no report of a
wind with words left out: a season has months and counts where an event has hours and a track.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from haidang.app.context import Context
from haidang.app.said_counts import leading, period, told_of
from haidang.app.verdict import Decision, Draft, Message
from haidang.jobs.replay import Played
from haidang.jobs.tables import Tables
from haidang.law.evaluate import cite
from haidang.risk.assessment import Assessment
from haidang.risk.counts import BOUND, MEAN
from haidang.warn.decide import Reason
from haidang.watch.signal import Signal, State
from haidang.web import svg
from haidang.web.pages.counted import Cells, cells, share
from haidang.web.pages.report_page import HELD, Chip, file_name
from haidang.web.speak import Speaker

WIDTH: Final = 640
HEIGHT: Final = 120
"""Size of a chart, in its own units; the page scales it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store holds of a played case, read once; see ``report_page.Kept``."""

    assessments: tuple[Assessment, ...]
    decisions: tuple[Decision, ...]
    drafts: tuple[Draft, ...]
    messages: tuple[Message, ...]
    head: tuple[int, str]


@dataclass(frozen=True, slots=True)
class Bar:
    """One period of a chart, in the chart's units.

    Attributes:
        x, width, y, height: The bar of the count.
        bound: Height at which the law's bound lies; None where it could not be computed.
        mean: Likewise of the mean of past years.
        level: The level that stood after the run that read it.
        title: All of it in words.
    """

    x: float
    width: float
    y: float
    height: float
    bound: float | None
    mean: float | None
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The season of one place."""

    name: str
    top: str
    bars: tuple[Bar, ...]
    table: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One place at one run."""

    name: str
    chip: Chip | None
    before: Chip | None
    changed: bool
    state: str
    state_word: str
    seen: Cells
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice."""

    area: str
    chip: Chip | None
    kind: str
    occasion: str
    headline: str
    sent: str
    file: str


@dataclass(frozen=True, slots=True)
class Section:
    """One run."""

    id: str
    title: str
    answer: str
    rows: tuple[Row, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class CountsReport:
    """Everything the template needs, in words."""

    language: str
    alternates: tuple[tuple[str, str], ...]
    title: str
    exercise: str
    event: str
    status_note: str
    source: tuple[tuple[str, str], ...]
    answer: str
    notes: str
    facts: tuple[tuple[str, str, str], ...]
    legend: tuple[Chip, ...]
    scale: str
    style: str
    heads: tuple[tuple[str, str], ...]
    histories: tuple[tuple[str, tuple[Chip | None, ...]], ...]
    charts: tuple[Chart, ...]
    sections: tuple[Section, ...]
    method: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    problems: tuple[str, ...]
    sources: tuple[str, ...]


def build(played: Played, tables: Tables, kept: Kept, language: str) -> CountsReport:
    """Put the report together in one language.

    Args:
        played: The case with its context.
        tables: Of the same case; its warnings name the files of the notices.
        kept: What the store holds of it.
        language: One of the country's.
    """
    return _Builder(played, tables, kept, language).report()


class _Builder:
    def __init__(self, played: Played, tables: Tables, kept: Kept, language: str) -> None:
        self.played, self.kept, self.language = played, kept, language
        self.context: Context = played.context
        self.say = Speaker(language, self.context.zone, "report_counts", "counted")
        self.found = {a.id: a for a in kept.assessments}
        self.files = dict(zip(tables.warnings["draft"], tables.warnings["file"], strict=True))
        self.sent = {m.draft: m.sent for m in kept.messages}
        self.runs: dict[datetime, list[Decision]] = {}
        for decision in kept.decisions:
            self.runs.setdefault(decision.at, []).append(decision)

    def report(self) -> CountsReport:
        """The whole."""
        say, spec, country = self.say, self.played.case.spec, self.context.country.spec
        scale = self.context.scale
        return CountsReport(
            language=self.language,
            alternates=tuple(
                (t, file_name(country.languages, t))
                for t in country.languages
                if t != self.language
            ),
            title=say.of(spec.title),
            exercise=say(f"warn.prefix_{spec.status.lower()}"),
            event=self.context.pack.title(self.language),
            status_note=say.of(country.sender.status_note),
            source=self._source(),
            answer=self._answer(),
            notes=say.of(spec.notes) if spec.notes else "",
            facts=self._facts(),
            legend=tuple(self._chip(r.rank) for r in scale.ranks),
            scale=say.of(scale.title),
            style=svg.level_css(scale),
            heads=tuple((self._id(at), say.day(at)) for at in self.runs),
            histories=tuple(self._history(code) for code in self.context.areas.codes),
            charts=tuple(self._chart(code) for code in self.context.areas.codes),
            sections=tuple(self._section(at, rows) for at, rows in self.runs.items()),
            method=self._method(),
            limits=tuple(say(f"limit_{n}") for n in range(1, 6)),
            problems=tuple(p.say(self.language) for p in self.played.problems),
            sources=(*spec.sources, *self.context.pack.threat.sources),
        )

    def _chip(self, level: int, *, held: bool = False) -> Chip:
        return Chip(level, self.say.of(self.context.scale.names(level)), held)

    def _maybe(self, level: int, *, held: bool = False) -> Chip | None:
        return self._chip(level, held=held) if level else None

    def _name(self, code: str) -> str:
        return self.context.named[code].name(self.language)

    def _id(self, at: datetime) -> str:
        return f"r{self.context.local(at):%Y%m%dT%H%M}"

    def _source(self) -> tuple[tuple[str, str], ...]:
        say, spec, pack = self.say, self.played.case.spec, self.context.pack
        number, head = self.kept.head
        return (
            (say("report.source_law_day"), say.full_day(spec.law_on)),
            (say("report.source_places_day"), say.full_day(spec.places_on)),
            (
                say("report.source_pack"),
                f"{pack.id} {pack.threat.version} · {pack.fingerprint[:12]}",
            ),
            (
                say("report.source_ledger"),
                say("report.ledger", head=head[:12], entries=say.number(number)),
            ),
        )

    def _answer(self) -> str:
        say = self.say
        top = max((d.after for d in self.kept.decisions), default=0)
        if not top:
            return say("answer_none")
        first: dict[str, datetime] = {}
        for d in self.kept.decisions:
            if d.after == top:
                first.setdefault(d.place, d.at)
        order = sorted(first, key=lambda c: (first[c], c))
        told = ", ".join(f"{self._name(c)} ({say.day(first[c])})" for c in order)
        return say("answer", word=self._chip(top).word, n=len(first), places=told)

    def _facts(self) -> tuple[tuple[str, str, str], ...]:
        say = self.say
        kinds = [m.kind for m in self.kept.messages]
        undefined = {d.place for d in self.kept.decisions if d.reason is Reason.NOT_DEFINED}
        reports = sum(len(s.reports) for s in self.played.steps)
        places = say.number(len(self.context.areas.codes))
        return (
            (say("fact_places"), places, say("fact_places_note")),
            (say("fact_runs"), say.number(len(self.runs)), say("fact_runs_note")),
            (say("fact_reports"), say.number(reports), say("fact_reports_note")),
            (
                say("report.fact_notices"),
                say.number(len(kinds)),
                say(
                    "report.fact_notices_note",
                    first=kinds.count("Alert"),
                    updates=kinds.count("Update"),
                    ends=kinds.count("Cancel"),
                ),
            ),
            (say("fact_undefined"), say.number(len(undefined)), say("fact_undefined_note")),
        )

    def _history(self, code: str) -> tuple[str, tuple[Chip | None, ...]]:
        by_run = {d.at: d for d in self.kept.decisions if d.place == code}
        chips = tuple(
            self._maybe(by_run[at].after, held=by_run[at].reason in HELD) if at in by_run else None
            for at in self.runs
        )
        return self._name(code), chips

    # One place over the season.

    def _chart(self, code: str) -> Chart:
        """The count of each period as it was first judged, with mean and bound beside it."""
        told: dict[datetime, tuple[Decision, Assessment, Signal]] = {}
        for d in self.kept.decisions:
            found = self.found[d.assessment]
            signal = told_of(self.context, found) if d.place == code else None
            if signal is not None and found.state is not State.NO_DATA:
                told.setdefault(signal.start, (d, found, signal))
        points = [told[start] for start in sorted(told)]
        values = [
            max(s.value, *(v for v in self._beside(f) if v is not None)) for _, f, s in points
        ]
        top = max(values, default=0.0) or 1.0
        step = WIDTH / max(1, len(points))
        bars = []
        for n, (d, found, signal) in enumerate(points):
            mean, bound = self._beside(found)
            height = HEIGHT * signal.value / top
            bars.append(
                Bar(
                    x=round(n * step + step * 0.15, 1),
                    width=round(step * 0.7, 1),
                    y=round(HEIGHT - height, 1),
                    height=round(height, 1),
                    bound=None if bound is None else round(HEIGHT * (1 - bound / top), 1),
                    mean=None if mean is None else round(HEIGHT * (1 - mean / top), 1),
                    level=d.after,
                    title=self._words(d, found, signal),
                )
            )
        rows = tuple(
            (
                period(self.context, s, self.language),
                self.say.number(s.value),
                *(self._number(v) for v in self._beside(f)),
            )
            for _, f, s in points
        )
        return Chart(self._name(code), self.say.number(top), tuple(bars), rows)

    def _beside(self, found: Assessment) -> tuple[float | None, float | None]:
        mean, bound = (leading(self.context, found, what) for what in (MEAN, BOUND))
        return mean and mean.central, bound and bound.central

    def _number(self, value: float | None) -> str:
        return "–" if value is None else self.say.number(value)

    def _words(self, d: Decision, found: Assessment, signal: Signal) -> str:
        mean, bound = self._beside(found)
        level = self._chip(d.after).word if d.after else self.say("no_level")
        return self.say(
            "bar", period=period(self.context, signal, self.language),
            count=self.say.number(signal.value), mean=self._number(mean),
            bound=self._number(bound), level=level,
        )  # fmt: skip

    # One run.

    def _section(self, at: datetime, decisions: Sequence[Decision]) -> Section:
        say = self.say
        levels = [d.after for d in decisions if d.after]
        counts = ", ".join(
            say("count", n=levels.count(k), word=self._chip(k).word)
            for k in sorted(set(levels), reverse=True)
        )
        return Section(
            id=self._id(at),
            title=say("section", time=say.full_day(self.context.local(at).date())),
            answer=say("section_counts", counts=counts or say("none")),
            rows=tuple(self._row(d) for d in decisions),
            notices=tuple(self._notice(d) for d in self.kept.drafts if d.at == at),
        )

    def _row(self, d: Decision) -> Row:
        say = self.say
        seen = cells(self.context, d, self.found[d.assessment], say)
        return Row(
            name=self._name(d.place),
            chip=self._maybe(d.after, held=d.reason in HELD),
            before=self._maybe(d.before),
            changed=d.before != d.after,
            state="no_data" if seen.silent else "quiet",
            state_word=say("report.no_data" if seen.silent else "report.quiet"),
            seen=seen,
            reason=say(f"report.reason_{d.reason.value}"),
        )

    def _notice(self, draft: Draft) -> Notice:
        text = next((t for t in draft.texts if t.language == self.language), draft.texts[0])
        sent = self.sent.get(draft.id)
        return Notice(
            area=self._name(draft.place),
            chip=self._maybe(draft.said.level),
            kind=self.say(f"warn.kind_{draft.kind.lower()}"),
            occasion=self.say(f"occasion_{draft.occasion.value}"),
            headline=text.headline,
            sent="–" if sent is None else self.say.short(sent),
            file=self.files.get(draft.id, ""),
        )

    def _method(self) -> tuple[tuple[str, str], ...]:
        say, pack = self.say, self.context.pack
        law, warn, watch = pack.binding.counts_law, pack.threat.warn, pack.threat.counts
        later = say.number(self.played.case.spec.published_after_d)
        detectors = ", ".join(f"{say.of(i.title)}: {i.method}" for i in watch.indicators.values())
        articles = ", ".join(cite(a, self.language) for a in law.articles)
        act = self.context.table.act.say(self.language)
        return (
            (say("method_law"), say("method_law_text", articles=articles, act=act)),
            (
                say("method_past"),
                say("method_past_text", years=law.years_back, least=law.least_years),
            ),
            (say("method_detector"), say("method_detector_text", methods=detectors)),
            (
                say("method_complete"),
                say("method_complete_text", share=share(watch.completeness_min, say)),
            ),
            (
                say("method_hold"),
                say(
                    "method_hold_text",
                    hold_d=say.number(warn.hold_h / 24), max_d=say.number(warn.max_hold_h / 24),
                ),
            ),
            (say("method_small"), say("method_small_text", n=watch.suppress_below)),
            (
                say("method_published"),
                say("method_published_text", days=later),
            ),
        )  # fmt: skip
