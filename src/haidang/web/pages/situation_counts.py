"""The first page of a desk whose threat is counted: what needs me, what changed, where is it worst?

It is the page of any desk with other figures: a count has a period, a mean and a bound where a
storm has a wind, hours and people.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from haidang.app.said_counts import leading, told_of
from haidang.app.verdict import Decision
from haidang.risk.counts import BOUND, COUNT, MEAN
from haidang.watch.counts import begins, ends, newest_days
from haidang.web.look import Look
from haidang.web.pages.counted import Cells, cells
from haidang.web.pages.judged import Judged
from haidang.web.pages.outlook import Outlook
from haidang.web.pages.situation import Feed, Situation
from haidang.web.pages.situation_table import AreaRow, TableBuilder
from haidang.web.parts import Fact, Tag
from haidang.web.speak import Speaker

COLUMNS = (
    "desk", "at", "published", "place", "place_name", "kind", "level_before", "level", "reason",
    "status", "article", "clause", "indicator", "period", "count", "mean_of_past_years",
    "mean_and_2_sd", "completeness", "state", "law_inputs", "decision", "assessment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CountsRow(AreaRow):
    """One place in the table."""

    seen: Cells


@dataclass(frozen=True, slots=True)
class CountsSituation(Situation):
    """Everything on the page, in words.

    Attributes:
        rows: Every place, the worst first.
        scale: Name of the scale of the levels.
    """

    rows: tuple[CountsRow, ...]
    scale: str


def build(view: Look, say: Speaker) -> CountsSituation:
    """Put the page together; the same look, clock and language give the same page."""
    return _Builder(view, say).counted()


def table(look: Look, say: Speaker) -> str:
    """The table of a look as CSV: one row a place, machine names, the numbers unrounded.

    Args:
        look: The look.
        say: Only for the names of places.
    """
    judged, context = Judged(look, say), look.context
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for d in sorted(look.decided, key=lambda d: (-d.after, d.place)):
        found = judged.found(d)
        signal = told_of(context, found)
        told = [leading(context, found, what) for what in (COUNT, MEAN, BOUND)]
        period = "" if signal is None else f"{context.local(signal.start):%Y-%m-%d}"
        published = look.this.issued
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
                d.reason.value,
                found.grounds.status,
                found.grounds.article,
                found.grounds.clause,
                "" if signal is None else signal.indicator,
                period,
                *("" if v is None else v.central for v in told),
                "" if signal is None else signal.completeness,
                found.state.value,
                found.grounds.inputs,
                d.id,
                found.id,
            ]
        )
    return out.getvalue()


class _Builder(TableBuilder):
    def counted(self) -> CountsSituation:
        order = sorted(self.decided, key=self._worst)
        rows = tuple(self._counted_row(d) for d in order)
        return CountsSituation(**self.base(), rows=rows, scale=self.scale())

    def _worst(self, d: Decision) -> tuple[float, str]:
        found = self.judged.found(d)
        silent = cells(self.view.context, d, found, self.say).silent
        scores = [s.score for s in found.signals if s.score == s.score]
        return -d.after - (0.5 if silent else 0.0), f"{-max(scores, default=0.0):+012.3f}{d.place}"

    # The answer.

    def _answer(self, seen: Outlook) -> str:
        del seen
        say, event = self.say, self._event()
        if not self.heard_anything():
            return say("situation_counts.answer_nothing", event=event)
        top = max((d.after for d in self.decided), default=0)
        n = sum(d.after == top for d in self.decided)
        if not top:
            return say("situation_counts.answer_none", event=event)
        word = say.of(self.view.context.scale.names(top))
        return say("situation_counts.answer", event=event, word=word, n=n)

    def _lead(self, seen: Outlook) -> str:
        del seen
        say = self.say
        known = say("lead_known", time=say.clock(self.now), day=say.full_day(self.today()))
        undefined = [d for d in self.decided if d.reason.value == "not_defined"]
        parts = [known]
        if undefined:
            names = ", ".join(self.judged.name(d.place) for d in undefined)
            parts.append(say("situation_counts.lead_undefined", names=names))
        return " ".join(parts)

    # Facts.

    def _facts(self, seen: Outlook, feeds: Sequence[Feed]) -> tuple[Fact, ...]:
        del seen
        say = self.say
        raised = [
            d for d in self.decided
            if any(s.state.value == "raised" for s in self.judged.found(d).signals)
        ]  # fmt: skip
        silent = [d for d in self.decided if self.judged.state(d) == "no_data"]
        undefined = [d for d in self.decided if d.reason.value == "not_defined"]
        return (
            self._count(),
            Fact(say("situation_counts.fact_unusual"), say.number(len(raised))),
            Fact(say("situation_counts.fact_undefined"), say.number(len(undefined))),
            Fact(say("situation_counts.fact_silent"), say.number(len(silent))),
            self._heard(feeds),
        )

    # Feeds.

    def _feeds(self, seen: Outlook) -> tuple[Feed, ...]:
        """Each indicator: when it was last heard, and whether it has gone silent everywhere."""
        del seen
        say, context = self.say, self.view.context
        snapshot = self.view.snapshot
        out = []
        for name, spec in context.pack.threat.counts.indicators.items():
            title = say.of(spec.title)
            known = None
            if snapshot is not None:
                series = f"{context.pack.id}/{name}"
                known = snapshot.observations.known_at(snapshot.receipt).of(series)
            if known is None or known.heard is None:
                tag = Tag(say("feed_nothing"), "nodata")
                note = say("situation_counts.feed_never")
                out.append(Feed(False, tag, title, note))
                continue
            newest = max(newest_days(known, context.zone).values(), default=None)
            note = say("feed_heard", time=self.moment(known.heard))
            limit = timedelta(days=spec.stale_after_d)
            late = newest is None or (
                self.now - begins(ends(newest, spec.period), context.zone) > limit
            )
            if late:
                note += f" {say('situation_counts.feed_limit', days=f'{spec.stale_after_d:g}')}"
            word = say("situation_counts.feed_late" if late else "feed_on_time")
            out.append(Feed(late, Tag(word, "nodata" if late else "quiet"), title, note))
        return tuple(out)

    # The table.

    def _counted_row(self, d: Decision) -> CountsRow:
        seen = cells(self.view.context, d, self.judged.found(d), self.say)
        return CountsRow(**self.row(d, silent=seen.silent), seen=seen)
