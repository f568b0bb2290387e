"""What the report of a replay holds whatever its threat is told by, except a wind.

A threat that is counted and one that is read at gauges have the same frame: an answer, facts, the
levels run by run, one section for each run, the notices. What stands inside differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from haidang.app.context import Context
from haidang.app.verdict import Decision, Draft, Message
from haidang.data.observations import Observation
from haidang.jobs.replay import Played
from haidang.jobs.tables import Tables
from haidang.review.announced import Compared
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Reason
from haidang.web import svg
from haidang.web.pages.report_page import HELD, Beside, Chip, file_name
from haidang.web.speak import Speaker


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store holds of a played case, read once; see ``report_page.Kept``.

    Attributes:
        observations: Everything that came in, revisions too, by receipt.
    """

    assessments: tuple[Assessment, ...]
    decisions: tuple[Decision, ...]
    drafts: tuple[Draft, ...]
    messages: tuple[Message, ...]
    head: tuple[int, str]
    observations: tuple[Observation, ...] = ()


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
class Frame:
    """What stands around every such report, in words.

    Attributes:
        heads: (id of its section, time) of every run.
        histories: (name, level after each run) of every area.
    """

    language: str
    alternates: tuple[tuple[str, str], ...]
    title: str
    exercise: str
    banner: str
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
    method: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    problems: tuple[str, ...]
    sources: tuple[str, ...]


DOMAINS: Final = frozenset({"land", "sea"})
LIMITS: Final = 5
"""Sentences of what a report does not say: ``limit_1`` and so on in its room."""


class Teller:
    """Tells a played case in one language; what a kind of threat adds, its own class adds.

    Args:
        played: The case with its context.
        tables: Of the same case; its warnings name the files of the notices.
        kept: What the store holds of it.
        say: Words of the report's own room.
    """

    def __init__(self, played: Played, tables: Tables, kept: Kept, say: Speaker) -> None:
        self.played, self.kept, self.say = played, kept, say
        self.language = say.language
        self.context: Context = played.context
        self.found = {a.id: a for a in kept.assessments}
        self.files = dict(zip(tables.warnings["draft"], tables.warnings["file"], strict=True))
        self.sent = {m.draft: m.sent for m in kept.messages}
        self.runs: dict[datetime, list[Decision]] = {}
        for decision in kept.decisions:
            self.runs.setdefault(decision.at, []).append(decision)

    def frame(self, shown: Sequence[str]) -> dict[str, Any]:
        """What `Frame` holds, by name, without facts and method.

        Args:
            shown: Codes of the areas whose levels are told run by run.
        """
        say, spec, country = self.say, self.played.case.spec, self.context.country.spec
        scale = self.context.scale
        return {
            "language": self.language,
            "alternates": tuple(
                (t, file_name(country.languages, t))
                for t in country.languages
                if t != self.language
            ),
            "title": say.of(spec.title),
            "exercise": say(f"warn.prefix_{spec.status.lower()}"),
            "banner": say("banner" if self.played.case.shipped else "banner_own"),
            "event": self.context.pack.title(self.language),
            "status_note": say.of(country.sender.status_note),
            "source": self._source(),
            "answer": self.answer(),
            "notes": say.of(spec.notes) if spec.notes else "",
            "legend": tuple(self.chip(r.rank) for r in scale.ranks),
            "scale": say.of(scale.title),
            "style": svg.level_css(scale),
            "heads": tuple((self.id(at), self.head(at)) for at in self.runs),
            "histories": tuple(self._history(code) for code in shown),
            "limits": self.limits(),
            "problems": tuple(p.say(self.language) for p in self.played.problems),
            "sources": (*spec.sources, *self.context.pack.threat.sources),
        }

    def limits(self) -> tuple[str, ...]:
        """What the report does not say."""
        return tuple(self.say(f"limit_{n}") for n in range(1, LIMITS + 1))

    def head(self, at: datetime) -> str:
        """How a run is named at the top of a column: its day."""
        return self.say.day(at)

    def chip(self, level: int, *, held: bool = False) -> Chip:
        """A level with its name on the threat's scale."""
        return Chip(level, self.say.of(self.context.scale.names(level)), held)

    def named(self, level: int) -> str:
        """A level in a sentence: its name, on scales whose names say enough."""
        return self.chip(level).word

    def maybe(self, level: int, *, held: bool = False) -> Chip | None:
        """A level, None where there is none."""
        return self.chip(level, held=held) if level else None

    def name(self, code: str) -> str:
        """Of an area."""
        return self.context.named[code].name(self.language)

    def id(self, at: datetime) -> str:
        """Of a run's section in the page."""
        return f"r{self.context.local(at):%Y%m%dT%H%M}"

    def _source(self) -> tuple[tuple[str, str], ...]:
        say, spec, pack = self.say, self.played.case.spec, self.context.pack
        number, head = self.kept.head
        mark = f"{pack.id} {pack.threat.version} · {pack.fingerprint[:12]}"
        entries = say("report.ledger", head=head[:12], entries=say.number(number))
        return (
            (say("report.source_law_day"), say.full_day(spec.law_on)),
            (say("report.source_places_day"), say.full_day(spec.places_on)),
            (say("report.source_pack"), mark),
            (say("report.source_ledger"), entries),
        )

    def answer(self) -> str:
        """The whole in one sentence: how high, where, from when on."""
        say = self.say
        top = max((d.after for d in self.kept.decisions), default=0)
        if not top:
            return say("answer_none")
        first: dict[str, datetime] = {}
        for d in self.kept.decisions:
            if d.after == top:
                first.setdefault(d.place, d.at)
        order = sorted(first, key=lambda c: (first[c], c))
        told = ", ".join(f"{self.name(c)} ({self.head(first[c])})" for c in order)
        return say("answer", word=self.named(top), n=len(first), places=told)

    def notices_fact(self) -> tuple[str, str, str]:
        """How many notices went out, and of which kind."""
        say = self.say
        kinds = [m.kind for m in self.kept.messages]
        note = say(
            "report.fact_notices_note", first=kinds.count("Alert"),
            updates=kinds.count("Update"), ends=kinds.count("Cancel"),
        )  # fmt: skip
        return say("report.fact_notices"), say.number(len(kinds)), note

    def undefined_fact(self) -> tuple[str, str, str]:
        """In how many places the text defined nothing and a person had to decide."""
        say = self.say
        places = {d.place for d in self.kept.decisions if d.reason is Reason.NOT_DEFINED}
        return say("fact_undefined"), say.number(len(places)), say("fact_undefined_note")

    def besides(self, compared: Sequence[Compared]) -> tuple[Beside, ...]:
        """Announced levels beside ours."""
        return tuple(self._announced(c) for c in compared)

    def _announced(self, c: Compared) -> Beside:
        say = self.say
        return Beside(
            issued=say.short(c.issued),
            until="" if c.valid_until is None else say.short(c.valid_until),
            area=c.area_text,
            domain=say(f"report.domain_{c.domain}") if c.domain in DOMAINS else c.domain,
            announced=self.maybe(c.announced or 0),
            window=self.maybe(c.ours_window or 0),
            horizon=self.maybe(c.ours_horizon or 0),
            places=", ".join(self._any_name(p) for p in c.places),
            note=c.note,
        )

    def _any_name(self, code: str) -> str:
        """Of an area that may not be watched: an announcement names more than an article does."""
        if code in self.context.named:
            return self.name(code)
        day = self.played.case.spec.places_on
        known = (p for p in self.context.country.places.gazetteer.at(day) if p.code == code)
        return next((p.name(self.language) for p in known), code)

    def _history(self, code: str) -> tuple[str, tuple[Chip | None, ...]]:
        by_run = {d.at: d for d in self.kept.decisions if d.place == code}
        chips = tuple(
            self.maybe(by_run[at].after, held=by_run[at].reason in HELD) if at in by_run else None
            for at in self.runs
        )
        return self.name(code), chips

    def counts_of(self, decisions: Sequence[Decision]) -> str:
        """How many areas stand at each level after a run, the highest first."""
        levels = [d.after for d in decisions if d.after]
        return ", ".join(
            self.say("count", n=levels.count(k), word=self.named(k))
            for k in sorted(set(levels), reverse=True)
        ) or self.say("none")

    def notices(self, at: datetime) -> tuple[Notice, ...]:
        """The notices that were drafted in a run."""
        return tuple(self._notice(d) for d in self.kept.drafts if d.at == at)

    def _notice(self, draft: Draft) -> Notice:
        text = next((t for t in draft.texts if t.language == self.language), draft.texts[0])
        sent = self.sent.get(draft.id)
        return Notice(
            area=self.name(draft.place),
            chip=self.maybe(draft.said.level),
            kind=self.say(f"warn.kind_{draft.kind.lower()}"),
            occasion=self.say(f"occasion_{draft.occasion.value}"),
            headline=text.headline,
            sent="–" if sent is None else self.say.short(sent),
            file=self.files.get(draft.id, ""),
        )
