"""The report of a replayed season that was counted: what was known, decided and said, and when.

``build`` is pure: the same case, store and arguments give the same report. It is no report of a
wind with words left out: a season has months and counts where an event has hours and a track.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from haidang.app.said_counts import leading, period, told_of
from haidang.app.verdict import Decision
from haidang.jobs.replay import Played
from haidang.jobs.tables import Tables
from haidang.law.evaluate import cite
from haidang.risk.assessment import Assessment
from haidang.risk.counts import BOUND, MEAN
from haidang.watch.signal import Signal, State
from haidang.web.pages.counted import Cells, cells, share
from haidang.web.pages.report_page import HELD, Chip
from haidang.web.pages.report_parts import Frame, Kept, Notice, Teller
from haidang.web.speak import Speaker

WIDTH: Final = 640
HEIGHT: Final = 120
"""Size of a chart, in its own units; the page scales it."""


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
class Section:
    """One run."""

    id: str
    title: str
    answer: str
    rows: tuple[Row, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class CountsReport(Frame):
    """Everything the template needs, in words."""

    charts: tuple[Chart, ...]
    sections: tuple[Section, ...]


def build(played: Played, tables: Tables, kept: Kept, language: str) -> CountsReport:
    """Put the report together in one language.

    Args:
        played: The case with its context.
        tables: Of the same case; its warnings name the files of the notices.
        kept: What the store holds of it.
        language: One of the country's.
    """
    say = Speaker(language, played.context.zone, "report_counts", "counted")
    return _Builder(played, tables, kept, say).report()


class _Builder(Teller):
    def report(self) -> CountsReport:
        """The whole."""
        codes = self.context.areas.codes
        return CountsReport(
            **self.frame(codes),
            facts=self._facts(),
            method=self._method(),
            charts=tuple(self._chart(code) for code in codes),
            sections=tuple(self._section(at, rows) for at, rows in self.runs.items()),
        )

    def _facts(self) -> tuple[tuple[str, str, str], ...]:
        say = self.say
        reports = sum(len(s.reports) for s in self.played.steps)
        places = say.number(len(self.context.areas.codes))
        return (
            (say("fact_places"), places, say("fact_places_note")),
            (say("fact_runs"), say.number(len(self.runs)), say("fact_runs_note")),
            (say("fact_reports"), say.number(reports), say("fact_reports_note")),
            self.notices_fact(),
            self.undefined_fact(),
        )

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
        return Chart(self.name(code), self.say.number(top), tuple(bars), rows)

    def _beside(self, found: Assessment) -> tuple[float | None, float | None]:
        mean, bound = (leading(self.context, found, what) for what in (MEAN, BOUND))
        return mean and mean.central, bound and bound.central

    def _number(self, value: float | None) -> str:
        return "–" if value is None else self.say.number(value)

    def _words(self, d: Decision, found: Assessment, signal: Signal) -> str:
        mean, bound = self._beside(found)
        level = self.chip(d.after).word if d.after else self.say("no_level")
        return self.say(
            "bar", period=period(self.context, signal, self.language),
            count=self.say.number(signal.value), mean=self._number(mean),
            bound=self._number(bound), level=level,
        )  # fmt: skip

    # One run.

    def _section(self, at: datetime, decisions: Sequence[Decision]) -> Section:
        say = self.say
        return Section(
            id=self.id(at),
            title=say("section", time=say.full_day(self.context.local(at).date())),
            answer=say("section_counts", counts=self.counts_of(decisions)),
            rows=tuple(self._row(d) for d in decisions),
            notices=self.notices(at),
        )

    def _row(self, d: Decision) -> Row:
        say = self.say
        seen = cells(self.context, d, self.found[d.assessment], say)
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
