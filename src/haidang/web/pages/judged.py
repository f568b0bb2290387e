"""What was concluded for places, in the words and figures of one language.

Pages and tables ask here, so that a level, a chance, an hour or an article is said the same
wherever it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from haidang.app.context import Context
from haidang.app.verdict import Decision
from haidang.base.wind import beaufort
from haidang.law.evaluate import cite
from haidang.risk.assessment import Assessment, Interval, Onset
from haidang.warn.decide import Reason
from haidang.watch.signal import State as Signalled
from haidang.web import svg
from haidang.web.look import Look
from haidang.web.parts import Chip
from haidang.web.speak import Speaker

GALE: Final = 8
"""The wind force whose hours and people are given."""

HELD: Final = frozenset({Reason.HOLDING, Reason.HELD_NO_DATA, Reason.HOLD_EXPIRED})
"""Reasons for which a level stands although the newest data do not give it."""

SILENT: Final = frozenset({Reason.HELD_NO_DATA, Reason.HOLD_EXPIRED, Reason.BLIND})
CALM: Final = frozenset({Reason.STILL_QUIET, Reason.UNCHANGED})


@dataclass(frozen=True)
class Judged:
    """One look of a desk, asked place by place.

    Attributes:
        say: Words of the room that the page belongs to.
    """

    view: Look
    say: Speaker

    @property
    def context(self) -> Context:
        """Areas, law and scale."""
        return self.view.context

    def name(self, code: str) -> str:
        """Name of an area."""
        named = self.context.named.get(code)
        return named.name(self.say.language) if named else code

    def land(self, code: str) -> bool:
        """Whether people live there: neither sea nor a point."""
        named = self.context.named.get(code)
        return named is not None and named.kind not in {"sea", "point"}

    def chip(self, level: int, *, held: bool = False, planned: bool = False) -> Chip | None:
        """A level as it is shown; None for none."""
        if not level:
            return None
        return Chip(level, self.say.of(self.context.scale.names(level)), held, planned)

    def found(self, d: Decision) -> Assessment:
        """What a decision rests on."""
        return self.view.assessments[d.assessment]

    def state(self, d: Decision) -> svg.State:
        """How an area is drawn: silence never looks like calm, a level like neither."""
        if d.after:
            return "raised"
        if d.reason in SILENT or self.found(d).state is Signalled.NO_DATA:
            return "no_data"
        return "quiet"

    def rank(self, d: Decision) -> tuple[float, ...]:
        """Sorts the worst first."""
        wind = self.found(d).intensity
        chance = dict(self.found(d).p_level).get(d.after, 0.0)
        return -d.after, -chance, -(wind.central if wind else 0.0)

    # Figures.

    def force(self, found: Assessment) -> tuple[str, str]:
        """Strongest wind as a force: central, and low to high."""
        if found.intensity is None:
            return "–", ""
        low, central, high = (int(v) for v in beaufort(np.array(found.intensity)))
        return str(central), f"{low}–{high}" if low < high else ""

    def chance(self, found: Assessment, level: int) -> str:
        """Share of the tracks at a level or above it."""
        p = dict(found.p_level).get(level)
        return "–" if p is None else self.say.number(p, 2)

    def people(self, found: Assessment) -> Interval | None:
        """People under the gale; None where nobody was counted."""
        measure = f"people.force_{GALE}"
        return next((i.value for i in found.impacts if i.measure == measure), None)

    def onset(self, found: Assessment) -> Onset | None:
        """When the gale begins and ends."""
        return next((o for o in found.onsets if o.threshold == GALE), None)

    def begins(self, found: Assessment) -> tuple[str, str]:
        """When the gale begins: central, and early to late, in words."""
        say, onset = self.say, self.onset(found)
        if onset is None or onset.probability == 0:
            return "", ""
        early = onset.onset.early
        if onset.onset.central is None:
            first = say("report.unlikely", chance=say.number(onset.probability, 2))
            return first, say("report.earliest", time=say.short(early)) if early else ""
        if found.signals and onset.onset.central <= found.signals[0].start:
            return say("report.under_way"), ""
        spread = say.between(onset.onset, "report.early_or_never")
        return say.short(onset.onset.central), spread

    # Reasons.

    def law(self, d: Decision) -> str:
        """The clause that gives the level; where the level is another, what the data give."""
        grounds = self.found(d).grounds
        if grounds.clause:
            said = cite(grounds.clause, self.say.language)
        else:
            said = self.say("explain.status_" + grounds.status.replace(" ", "_"))
        if not d.after or grounds.level == d.after:
            return said
        if grounds.level:
            said = f"{self.level_word(grounds.level)}, {said}"
        return self.say("report.law_of_data", law=said)

    def level_word(self, level: int) -> str:
        """A level in words."""
        word = self.say.of(self.context.scale.names(level))
        return self.say("report.level_word", level=level, word=word)

    def why(self, d: Decision, place: str) -> str:
        """The reason of a decision as a sentence about a place."""
        return self.say(
            f"warn.reason_{d.reason.value}",
            place=place,
            level=d.after,
            before=d.before,
            **dict(self.params(d)),
        )

    def params(self, d: Decision) -> tuple[tuple[str, str], ...]:
        """What the words of a reason need besides the levels."""
        history = [x for x in self.view.decisions if x.place == d.place and x.at <= d.at]
        level = self.found(d).grounds.level
        warn = self.context.pack.threat.warn
        return (
            ("found", "?" if level is None else str(level)),
            ("quieter", self.say.short(_quieter(history, d)) if d.reason in HELD else ""),
            ("confirmed", self.say.short(_confirmed(history, d)) if d.reason in SILENT else ""),
            ("hold_h", f"{warn.hold_h:g}"),
            ("max_hold_h", f"{warn.max_hold_h:g}"),
        )

    def mark(self, d: Decision, href: str = "") -> svg.Mark:
        """How an area stands on the map."""
        state, held = self.state(d), d.reason in HELD and d.after > 0
        said = self.say("report.quiet" if state == "quiet" else "report.no_data")
        if d.after:
            said = self.level_word(d.after) + (f", {self.say('report.held')}" if held else "")
        return svg.Mark(d.place, d.after, state, held, f"{self.name(d.place)}: {said}", href)


def _quieter(history: Sequence[Decision], d: Decision) -> datetime:
    """Since when the data have been lower."""
    found = d.at
    for one in reversed(history):
        if one.reason is not Reason.HOLDING:
            break
        found = one.at
    return found


def _confirmed(history: Sequence[Decision], d: Decision) -> datetime:
    """When data last spoke."""
    return next((x.at for x in reversed(history) if x.reason not in SILENT), d.at)


def ago(say: Speaker, span: timedelta) -> str:
    """A span of time in hours and minutes."""
    minutes = max(0, round(span / timedelta(minutes=1)))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return say("console.minutes", minutes=rest)
    return say("console.hours_minutes", hours=hours, minutes=f"{rest:02d}")
