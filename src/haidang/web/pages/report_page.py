"""The report of a replay: what was said when, on what evidence, and how it compares.

``build`` is pure: the same case, store and arguments give the same report. Everything is already
in words and figures of one language, so that the template only lays it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Decision, Draft, Message
from haidang.base.wind import beaufort
from haidang.data.tracks import Fix
from haidang.jobs.replay import Played, Step
from haidang.jobs.tables import Tables
from haidang.law.evaluate import cite
from haidang.review.announced import Compared
from haidang.review.verification import Contingency
from haidang.risk.assessment import Assessment, Interval, Onset
from haidang.risk.spec import RAIN, SURGE
from haidang.warn.decide import Reason
from haidang.watch.signal import State
from haidang.web import svg
from haidang.web.pages import report_map as maps
from haidang.web.speak import Speaker

BOATS: Final = 6
"""Wind force before which boats must be back: small boats cannot work in it."""

GALE: Final = 8
"""The first force whose hours are given: gale."""

LEAST_RAIN_MM: Final = 50.0
"""Less rain in a day, and less surge, than this is not worth a word."""
LEAST_SURGE_M: Final = 0.2
STORM: Final = 10
"""The second force whose hours are given: storm."""

HELD: Final = frozenset({Reason.HOLDING, Reason.HELD_NO_DATA, Reason.HOLD_EXPIRED})
"""Reasons for which a level stands although the newest data do not give it."""

SILENT: Final = frozenset({Reason.HELD_NO_DATA, Reason.HOLD_EXPIRED, Reason.BLIND})
CALM: Final = frozenset({Reason.STILL_QUIET, Reason.UNCHANGED})
MOST_AREAS: Final = 6
"""Areas in the table for boats: more do not fit on paper."""


@dataclass(frozen=True)
class Kept:
    """What the store holds of a played case, read once.

    Attributes:
        messages: In the order sent.
        approved: Role of whoever approved a draft, by draft id.
        head: Number and hash of the ledger's newest entry.
        snapshots: What each step could know, by its clock.
        landfall: When the centre came ashore as found out afterwards, None if it never did or
            nothing was found out.
        found_out: Whether that is from a track made afterwards, not from the bulletins.
    """

    assessments: tuple[Assessment, ...]
    decisions: tuple[Decision, ...]
    drafts: tuple[Draft, ...]
    messages: tuple[Message, ...]
    approved: Mapping[str, str]
    head: tuple[int, str]
    snapshots: Mapping[datetime, Snapshot]
    landfall: datetime | None
    found_out: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A level as it is shown: number, word, and how it stands."""

    level: int
    word: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of the strip at the top."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of one wind force: when it begins and ends, each with its range, in words."""

    begins: str
    begins_range: str
    ends: str
    ends_range: str
    likely: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One area in one bulletin's table."""

    name: str
    chip: Chip | None
    before: Chip | None
    changed: bool
    state: str
    state_word: str
    force: str
    force_range: str
    chances: tuple[tuple[str, str], ...]
    gale: Span
    strong: Span
    people: str
    people_range: str
    reason: str
    law: str
    regions: str
    water: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Areas that changed in the same way."""

    before: Chip | None
    after: Chip | None
    names: str
    why: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice."""

    area: str
    chip: Chip | None
    kind: str
    occasion: str
    headline: str
    sent: str
    role: str
    file: str


@dataclass(frozen=True, slots=True)
class Section:
    """One look of the duty desk: a bulletin, or a look at the clock."""

    id: str
    title: str
    answer: str
    centre: str
    map: str
    inset: str
    changes: tuple[Change, ...]
    groups: tuple[Group, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One area's gale in one bulletin."""

    label: str
    begins: str
    range: str
    likely: bool


@dataclass(frozen=True, slots=True)
class History:
    """One area's level, bulletin by bulletin."""

    name: str
    chips: tuple[Chip | None, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """One announced level beside ours."""

    issued: str
    until: str
    area: str
    domain: str
    announced: Chip | None
    window: Chip | None
    horizon: Chip | None
    places: str
    note: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the template needs, in words."""

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
    facts: tuple[Fact, ...]
    legend: tuple[Chip, ...]
    chance_unit: str
    chance_short: str
    style: str
    defs: str
    overview: str
    overview_inset: str
    heads: tuple[tuple[str, str], ...]
    histories: tuple[tuple[str, tuple[History, ...]], ...]
    boat_areas: tuple[str, ...]
    boats: tuple[tuple[str, str, tuple[Cell, ...]], ...]
    sections: tuple[Section, ...]
    compared: tuple[Beside, ...]
    contingency: tuple[tuple[str, ...], ...]
    method: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    ids: tuple[tuple[str, str, str], ...]
    credits: str
    problems: tuple[str, ...]
    sources: tuple[str, ...]


def file_name(languages: Sequence[str], language: str) -> str:
    """Name of the report in a language: the first language of the country needs no tag.

    >>> file_name(("vi", "en"), "vi"), file_name(("vi", "en"), "en")
    ('report.html', 'report.en.html')
    """
    return "report.html" if language == languages[0] else f"report.{language}.html"


def build(
    played: Played,
    tables: Tables,
    kept: Kept,
    compared: Sequence[Compared],
    contingency: Sequence[Contingency],
    language: str,
) -> Report:
    """Put the report together in one language.

    Args:
        played: The case with its context.
        tables: Of the same case; its warnings name the files of the notices.
        kept: What the store holds of it.
        compared: Announced levels beside ours; empty where none were found.
        contingency: Verification against what was found afterwards; empty where there is none.
        language: One of the country's.
    """
    return _Builder(played, tables, kept, language).report(compared, contingency)


@dataclass(frozen=True, slots=True)
class _Look:
    """One step with everything that was concluded at it."""

    step: Step
    decisions: tuple[Decision, ...]


class _Builder:
    def __init__(self, played: Played, tables: Tables, kept: Kept, language: str) -> None:
        self.played, self.kept, self.language = played, kept, language
        self.context: Context = played.context
        self.say = Speaker(language, self.context.zone)
        self.found = {a.id: a for a in kept.assessments}
        warnings = tables.warnings
        self.files = dict(zip(warnings["draft"], warnings["file"], strict=True))
        by_clock: dict[datetime, list[Decision]] = {}
        for decision in kept.decisions:
            by_clock.setdefault(decision.at, []).append(decision)
        self.looks = tuple(_Look(s, tuple(by_clock.get(s.now, ()))) for s in played.steps)
        self.atlas = maps.atlas(
            self.context,
            played.case.spec.places_on,
            language,
            loudest=self._loudest(),
            centres=[f.lon for f in self._analyses()],
        )

    # The whole.

    def report(self, compared: Sequence[Compared], contingency: Sequence[Contingency]) -> Report:
        say, spec, country = self.say, self.played.case.spec, self.context.country.spec
        languages = country.languages
        overview, inset = self._overview()
        boat_codes = self._boat_areas()
        return Report(
            language=self.language,
            alternates=tuple((t, file_name(languages, t)) for t in languages if t != self.language),
            title=say.of(spec.title),
            exercise=say(f"warn.prefix_{spec.status.lower()}"),
            banner=say("banner" if self.played.case.shipped else "banner_own"),
            event=spec.event,
            status_note=say.of(country.sender.status_note),
            source=self._source(),
            answer=self._answer(),
            notes=say.of(spec.notes) if spec.notes else "",
            facts=self._facts(),
            legend=tuple(self.chip(r.rank) for r in self.context.scale.ranks),
            chance_unit=say("chance_unit", levels=self._levels(" · ")),
            chance_short=f"{say('chance')} {self._levels('·')}",
            style=self._style(),
            defs=svg.defs(
                self.atlas.ground, self.context.scale, (self.atlas.whole, self.atlas.close)
            ),
            overview=overview,
            overview_inset=inset,
            heads=tuple((self._id(x.step), self._when(x.step)) for x in self.looks),
            histories=self._histories(),
            boat_areas=tuple(self.name(c) for c in boat_codes),
            boats=self._boats(boat_codes),
            sections=tuple(
                self._section(look, before)
                for look, before in zip(self.looks, (None, *self.looks), strict=False)
            ),
            compared=tuple(self._beside(c) for c in compared),
            contingency=tuple(self._scores(c) for c in contingency),
            method=self._method(),
            missing=tuple((say(f"missing_{k}"), say(f"missing_{k}_why")) for k in MISSING),
            ids=self._ids(),
            credits=say.of(country.credits),
            problems=tuple(p.say(self.language) for p in self.played.problems),
            sources=spec.sources,
        )

    def _levels(self, between: str) -> str:
        return between.join(f"≥{k}" for k in self.context.pack.binding.levels)

    def _style(self) -> str:
        """Colours of the country's levels, and the columns that make both maps equally high."""
        close, whole = (w.width / w.height for w in (self.atlas.close, self.atlas.whole))
        columns = f"minmax(0,{close:.3f}fr) minmax(0,{whole:.3f}fr)"
        wide = f".maps{{grid-template-columns:{columns}}}"
        sides = f"@media (min-width:48rem){{{wide}}}\n@media print{{{wide}}}"
        return f"{svg.level_css(self.context.scale)}\n{sides}"

    def name(self, code: str) -> str:
        """Name of an area."""
        named = self.context.named.get(code)
        return named.name(self.language) if named else code

    def chip(self, level: int, held: bool = False) -> Chip:
        """A level as it is shown."""
        return Chip(level, self.say.of(self.context.scale.names(level)), held)

    def chip_or_none(self, level: int | None, held: bool = False) -> Chip | None:
        """A level as it is shown; None for none."""
        return self.chip(level, held) if level else None

    def _land(self, code: str) -> bool:
        return self.context.named[code].kind not in {"sea", "point"}

    def _loudest(self) -> set[str]:
        """Areas on land that reached the highest level of all on land."""
        land = [d for d in self.kept.decisions if self._land(d.place)]
        top = max((d.after for d in land), default=0)
        return {d.place for d in land if d.after == top and top}

    def _analyses(self) -> list[Fix]:
        fixes = [f for s in self.played.steps for f in s.fixes if f.kind == "analysis"]
        return sorted(fixes, key=lambda f: f.valid)

    def _id(self, step: Step) -> str:
        at = self.context.local(step.issued or step.now)
        return f"{'t' if step.issued is None else 'b'}{at:%Y%m%dT%H%M}"

    def _when(self, step: Step) -> str:
        return self.say.short(step.issued or step.now)

    def _source(self) -> tuple[tuple[str, str], ...]:
        say, spec, pack = self.say, self.played.case.spec, self.context.pack
        number, head = self.kept.head
        return (
            (say("source_law_day"), say.full_day(spec.law_on)),
            (say("source_places_day"), say.full_day(spec.places_on)),
            (say("source_pack"), f"{pack.id} {pack.threat.version} · {pack.fingerprint[:12]}"),
            (
                say("source_ledger"),
                say("ledger", head=head[:12], entries=say.number(number)),
            ),
        )

    def _answer(self) -> str:
        """The highest level on land, since which bulletin, how long before landfall."""
        say = self.say
        land = [d for d in self.kept.decisions if self._land(d.place)]
        top = max((d.after for d in land), default=0)
        if not top:
            return say("answer_none")
        first: dict[datetime, list[str]] = {}
        seen: set[str] = set()
        for look in self.looks:
            for d in look.decisions:
                if d.after == top and d.place not in seen and self._land(d.place):
                    seen.add(d.place)
                    first.setdefault(look.step.now, []).append(self.name(d.place))
        steps = {x.step.now: x.step for x in self.looks}
        parts = [
            say("answer_since", places=", ".join(names), bulletin=self._when(steps[at]))
            + (f", {lead}" if (lead := self._lead(at)) else "")
            for at, names in first.items()
        ]
        return say("answer", level=top, word=self.chip(top).word, parts="; ".join(parts))

    def _lead(self, at: datetime) -> str:
        landfall = self.kept.landfall
        if landfall is None:
            return ""
        hours = (landfall - at) / timedelta(hours=1)
        key = "lead_before" if hours >= 0 else "lead_after"
        return self.say(key, hours=self.say.hours(abs(hours)))

    def _facts(self) -> tuple[Fact, ...]:
        say, landfall = self.say, self.kept.landfall
        land = [d for d in self.kept.decisions if self._land(d.place)]
        top = max((d.after for d in land), default=0)
        at_top = self._loudest()
        raised = {d.place for d in land if d.after}
        kinds = [m.kind for m in self.kept.messages]
        number, head = self.kept.head
        bulletins = [x for x in self.looks if x.step.issued]
        first, last = bulletins[0].step, bulletins[-1].step
        assert first.issued is not None
        assert last.issued is not None
        return (
            Fact(
                say("fact_landfall"),
                say("fact_no_landfall") if landfall is None else say.short(landfall),
                say("fact_landfall_note" if self.kept.found_out else "fact_landfall_heard"),
            ),
            Fact(
                say("fact_top"),
                say("fact_top_value", level=top) if top else say("fact_none"),
                say("fact_top_note", top=len(at_top), raised=len(raised)),
            ),
            Fact(
                say("fact_bulletins"),
                say.number(len(bulletins)),
                say.span(first.issued, last.issued),
            ),
            Fact(
                say("fact_notices"),
                say.number(len(kinds)),
                say(
                    "fact_notices_note",
                    first=kinds.count("Alert"),
                    updates=kinds.count("Update"),
                    ends=kinds.count("Cancel"),
                ),
            ),
            Fact(
                say("fact_ledger"),
                say.number(number),
                say("fact_ledger_note", head=head[:12]),
            ),
        )

    # Maps.

    def _marks(self, decisions: Iterable[Decision]) -> list[svg.Mark]:
        return [self._mark(d) for d in decisions]

    def _mark(self, d: Decision) -> svg.Mark:
        state = self._state(d)
        held = d.reason in HELD and d.after > 0
        said = self.say("quiet" if state == "quiet" else "no_data")
        if d.after:
            said = self._level_words(d.after)
            said += f", {self.say('held')}" if held else ""
        return svg.Mark(d.place, d.after, state, held, f"{self.name(d.place)}: {said}")

    def _level_words(self, level: int) -> str:
        return self.say("level_word", level=level, word=self.chip(level).word)

    def _state(self, d: Decision) -> svg.State:
        """How an area is drawn: silence never looks like calm, and a level never looks like either.

        A level that is held without data keeps its pattern; the ``=`` and the words say why.
        """
        found = self.found.get(d.assessment)
        if d.after:
            return "raised"
        if d.reason in SILENT or found is None or found.state is State.NO_DATA:
            return "no_data"
        return "quiet"

    def _overview(self) -> tuple[str, str]:
        highest: dict[str, Decision] = {}
        for d in self.kept.decisions:
            if d.place not in highest or d.after > highest[d.place].after:
                highest[d.place] = d
        marks = [
            svg.Mark(m.code, m.level, m.state, False, m.title)
            for m in self._marks(highest.values())
        ]
        course = maps.whole_course(self._analyses(), self._dot_words, self._href)
        return self._drawn("o", marks, course, self.say("overview_title"))

    def _drawn(
        self, ident: str, marks: Sequence[svg.Mark], course: svg.Course, title: str
    ) -> tuple[str, str]:
        say, atlas = self.say, self.atlas
        top = max((m.level for m in marks if self._land(m.code)), default=0)
        loud = frozenset(m.code for m in marks if m.level == top and top and self._land(m.code))
        latitude, longitude = (say("north"), say("south")), (say("east"), say("west"))
        whole = svg.Layout(
            id=f"{ident}w",
            title=title,
            description=say("map_description"),
            grid=5.0,
            latitude=latitude,
            longitude=longitude,
        )
        close = svg.Layout(
            id=f"{ident}c",
            title=say("close_title", title=title),
            description=say("map_description"),
            names=frozenset(m.code for m in marks if m.level),
            always=loud,
            grid=2.0,
            latitude=latitude,
            longitude=longitude,
        )
        return (
            svg.draw(atlas.ground, atlas.whole, marks, course, whole),
            svg.draw(atlas.ground, atlas.close, marks, course, close),
        )

    def _dot_words(self, fix: Fix) -> tuple[str, str]:
        """Label beside a position, and all of it in words."""
        force = int(beaufort(np.array([fix.wind]))[0])
        when = self.say.short(fix.valid)
        key = "dot_ahead" if fix.kind == "forecast" else "dot"
        return when, self.say(key, time=when, force=force)

    def _href(self, fix: Fix) -> str:
        return f"#b{self.context.local(fix.issued):%Y%m%dT%H%M}"

    # One bulletin.

    def _section(self, look: _Look, before: _Look | None) -> Section:
        say, step = self.say, look.step
        snapshot = self.kept.snapshots.get(step.now)
        whole, close = "", ""
        changes = self._changes(look)
        if step.issued is not None or changes:
            course = maps.course(
                snapshot, self.context, self.atlas.ground.parallel,
                self._dot_words, self._href, say("band_title"),
            )  # fmt: skip
            whole, close = self._drawn(
                self._id(step),
                self._marks(look.decisions),
                course,
                say("map_title", time=self._when(step)),
            )
        key = "section_clock" if step.issued is None else "section"
        return Section(
            id=self._id(step),
            title=say(key, time=self._when(step)),
            answer=self._counts(look, before),
            centre=self._centre(step),
            map=whole,
            inset=close,
            changes=changes,
            groups=self._groups(look),
            notices=tuple(self._notice(d) for d in self.kept.drafts if d.at == step.now),
        )

    def _counts(self, look: _Look, before: _Look | None) -> str:
        say = self.say
        parts = []
        for key, land in (("count_land", True), ("count_sea", False)):
            levels = [d.after for d in look.decisions if d.after and self._land(d.place) == land]
            said = ", ".join(
                say("count", count=levels.count(k), level=k)
                for k in sorted(set(levels), reverse=True)
            )
            parts.append(say(key, counts=said or say("count_none")))
        lead = self._lead(look.step.now)
        parts.append(say("count_lead", lead=lead[:1].upper() + lead[1:]) if lead else "")
        blind = sum(self._state(d) == "no_data" for d in look.decisions)
        parts.append(say("count_blind", count=blind) if blind else "")
        return " ".join(p for p in parts if p)

    def _centre(self, step: Step) -> str:
        say = self.say
        known = say("known", time=say.clock(step.now), day=say.day(step.now))
        analyses = [f for f in step.fixes if f.kind == "analysis"]
        if not analyses:
            ended = any(f.kind == "ended" for f in step.fixes)
            return f"{say('ended')} {known}" if ended else known
        fix = analyses[-1]
        force = int(beaufort(np.array([fix.wind]))[0])
        where = say(
            "centre",
            time=say.short(fix.valid),
            latitude=self._degrees(fix.lat, "north", "south"),
            longitude=self._degrees(fix.lon, "east", "west"),
            force=force,
        )
        return f"{where} {known}"

    def _degrees(self, value: float, positive: str, negative: str) -> str:
        key = positive if value >= 0 else negative
        return self.say(key).format(value=self.say.number(abs(value), 1))

    def _changes(self, look: _Look) -> tuple[Change, ...]:
        groups: dict[tuple[object, ...], list[Decision]] = {}
        for d in look.decisions:
            if d.reason in CALM:
                continue
            groups.setdefault((d.reason, d.before, d.after, self._params(d)), []).append(d)
        ordered = sorted(groups.values(), key=lambda g: (g[0].reason in HELD, -g[0].after))
        return tuple(self._change(g) for g in ordered)

    def _change(self, group: Sequence[Decision]) -> Change:
        one = group[0]
        names = [self.name(d.place) for d in group]
        place = names[0] if len(names) == 1 else self.say("each")
        why = self.say(
            f"warn.reason_{one.reason.value}",
            place=place, level=one.after, before=one.before, **dict(self._params(one)),
        )  # fmt: skip
        return Change(
            self.chip_or_none(one.before),
            self.chip_or_none(one.after, one.reason in HELD),
            ", ".join(names),
            why,
        )

    def _params(self, d: Decision) -> tuple[tuple[str, str], ...]:
        """What the words of a reason need besides the levels."""
        history = [x for x in self.kept.decisions if x.place == d.place and x.at <= d.at]
        quieter, confirmed = d.at, d.at
        for one in reversed(history):
            if one.reason is not Reason.HOLDING:
                break
            quieter = one.at
        for one in reversed(history):
            if one.reason not in SILENT:
                confirmed = one.at
                break
        found = self.found[d.assessment].grounds.level
        warn = self.context.pack.threat.warn
        holding = d.reason in HELD
        return (
            ("found", "?" if found is None else str(found)),
            ("quieter", self.say.short(quieter) if holding else ""),
            ("confirmed", self.say.short(confirmed) if d.reason in SILENT else ""),
            ("hold_h", f"{warn.hold_h:g}"),
            ("max_hold_h", f"{warn.max_hold_h:g}"),
        )

    def _groups(self, look: _Look) -> tuple[Group, ...]:
        shown = [d for d in look.decisions if d.after or d.before != d.after or d.reason in SILENT]
        out = []
        for key, land in (("land", True), ("sea", False)):
            rows = [d for d in shown if self._land(d.place) == land]
            rows.sort(key=lambda d: (-d.after, -self._chance(d), -self._wind(d), d.place))
            if rows:
                out.append(Group(self.say(key), tuple(self._row(d) for d in rows)))
        return tuple(out)

    def _chance(self, d: Decision) -> float:
        return dict(self.found[d.assessment].p_level).get(d.after, 0.0)

    def _wind(self, d: Decision) -> float:
        wind = self.found[d.assessment].intensity
        return wind.central if wind else 0.0

    def _row(self, d: Decision) -> Row:
        say, found = self.say, self.found[d.assessment]
        state = self._state(d)
        onsets = {o.threshold: o for o in found.onsets}
        people = next((i.value for i in found.impacts if i.measure == f"people.force_{GALE}"), None)
        force, force_range = "–", ""
        if found.intensity is not None:
            low, central, high = (int(v) for v in beaufort(np.array(found.intensity)))
            force, force_range = str(central), f"{low}–{high}"
        return Row(
            name=self.name(d.place),
            chip=self.chip_or_none(d.after, d.reason in HELD),
            before=self.chip_or_none(d.before),
            changed=d.before != d.after,
            state=state,
            state_word=say("quiet" if state == "quiet" else "no_data"),
            force=force,
            force_range=force_range,
            chances=tuple((f"≥ {k}", say.number(p, 2)) for k, p in found.p_level),
            gale=self._span(onsets.get(GALE)),
            strong=self._span(onsets.get(STORM)),
            people=say("unknown") if people is None else say.thousands(people.central),
            people_range="" if people is None else self._people_range(people),
            reason=say(f"reason_{d.reason.value}"),
            law=self._law(d, found),
            regions=self._regions(found),
            water=self._water(found),
        )

    def _water(self, found: Assessment) -> str:
        """Rain and surge, low to high, where they are worth a word."""
        shown = ((RAIN, "water_rain", LEAST_RAIN_MM, 0), (SURGE, "water_surge", LEAST_SURGE_M, 1))
        values = {i.measure: i.value for i in found.impacts}
        said = []
        for measure, key, least, digits in shown:
            value = values.get(measure)
            if value is not None and value.high >= least:
                said.append(self.say(key, range=self.say.range(value, digits)))
        return "; ".join(said)

    def _people_range(self, people: Interval) -> str:
        if people.low == people.high:
            return ""
        return f"{self.say.thousands(people.low)}–{self.say.thousands(people.high)}"

    def _law(self, d: Decision, found: Assessment) -> str:
        """The clause that gives the level; where the level is another one, what the data give."""
        grounds = found.grounds
        if grounds.clause:
            said = cite(grounds.clause, self.language)
        else:
            said = self.say("explain.status_" + grounds.status.replace(" ", "_"))
        if not d.after or grounds.level == d.after:
            return said
        if grounds.level:
            said = f"{self._level_words(grounds.level)}, {said}"
        return self.say("law_of_data", law=said)

    def _regions(self, found: Assessment) -> str:
        """The law's regions that were considered, where there were several."""
        if not found.grounds.note:
            return ""
        binding = self.context.pack.binding.wind_law
        inputs = {i.id: i for i in self.context.table.inputs}
        names = inputs[binding.area].values
        said = [
            names[part].say(self.language) if part in names else part
            for part in found.grounds.note.split("|")
        ]
        return self.say("regions", regions=", ".join(said))

    def _span(self, onset: Onset | None) -> Span:
        say = self.say
        if onset is None or onset.probability == 0:
            return Span("", "", "", "")
        begins, spread = onset.onset.central, say.between(onset.onset, "early_or_never")
        chance = say.number(onset.probability, 2)
        if begins is None:
            early = onset.onset.early
            first = say("unlikely", chance=chance)
            spread = say("earliest", time=say.short(early)) if early else ""
            return Span(first, spread, "", "", likely=False)
        ends = onset.end.central
        return Span(
            say.short(begins),
            spread,
            say("beyond") if ends is None else say.short(ends),
            say.between(onset.end, "early_or_beyond") if ends is not None else "",
        )

    def _notice(self, draft: Draft) -> Notice:
        say = self.say
        sent = next((m for m in self.kept.messages if m.draft == draft.id), None)
        words = next((t for t in draft.texts if t.language == self.language), draft.texts[0])
        role = self.kept.approved.get(draft.id, "")
        level = draft.said.level
        return Notice(
            area=self.name(draft.place),
            chip=self.chip_or_none(level),
            kind=say(f"warn.kind_{draft.kind.lower()}"),
            occasion=say(f"occasion_{draft.occasion.value}"),
            headline=words.headline,
            sent=say("not_sent") if sent is None else say.short(sent.sent),
            role=self.context.country.spec.role(role, self.language) if role else "",
            file=self.files.get(draft.id, ""),
        )

    # Across bulletins.

    def _histories(self) -> tuple[tuple[str, tuple[History, ...]], ...]:
        at = {(d.place, d.at): d for d in self.kept.decisions}
        out = []
        for key, land in (("land", True), ("sea", False)):
            codes = {
                d.place for d in self.kept.decisions if d.after and self._land(d.place) == land
            }
            ordered = sorted(codes, key=lambda c: self._rank(c, at))
            rows = tuple(
                History(
                    self.name(c), tuple(self._then(at.get((c, x.step.now))) for x in self.looks)
                )
                for c in ordered
            )
            if rows:
                out.append((self.say(key), rows))
        return tuple(out)

    def _then(self, d: Decision | None) -> Chip | None:
        return None if d is None else self.chip_or_none(d.after, d.reason in HELD)

    def _rank(
        self, code: str, at: Mapping[tuple[str, datetime], Decision]
    ) -> tuple[int, int, float, str]:
        """Highest level first, then the longest at it, then the strongest wind."""
        mine = [d for (place, _), d in at.items() if place == code]
        top = max(d.after for d in mine)
        wind = max(self._wind(d) for d in mine)
        return -top, -sum(d.after == top for d in mine), -wind, code

    def _boat_areas(self) -> tuple[str, ...]:
        at = {(d.place, d.at): d for d in self.kept.decisions}
        codes = {d.place for d in self.kept.decisions if d.after}
        named, coast = self.context.named, self._coast()
        ranked = sorted(codes, key=lambda c: self._rank(c, at))
        if any(d.place in coast for d in self.kept.decisions):
            ranked = [c for c in ranked if named[c].kind == "sea" or c in coast]
        # Where boats are and where they go: neither may push the other out of the table.
        seas = [c for c in ranked if named[c].kind == "sea"]
        shores = [c for c in ranked if named[c].kind != "sea"]
        rest = max(MOST_AREAS // 2, MOST_AREAS - len(shores))
        seas = seas[:rest]
        return (*seas, *shores[: MOST_AREAS - len(seas)])

    def _coast(self) -> frozenset[str]:
        """Codes of the watched places that the country says lie on the sea."""
        places, day = self.context.country.places, self.played.case.spec.places_on
        return frozenset(p.code for p in places.gazetteer.at(day) if p.key in places.coast)

    def _boats(self, codes: Sequence[str]) -> tuple[tuple[str, str, tuple[Cell, ...]], ...]:
        out = []
        for look in self.looks:
            if look.step.issued is None:
                continue
            found = {d.place: self.found[d.assessment] for d in look.decisions}
            cells = []
            for code in codes:
                assessed = found.get(code)
                onset = next(
                    (o for o in assessed.onsets if o.threshold == BOATS) if assessed else iter(()),
                    None,
                )
                span = self._span(onset)
                begins, likely = (
                    span.begins or self.say("no_gale"),
                    bool(span.begins) and span.likely,
                )
                if onset is not None and onset.onset.central == self._start(assessed):
                    begins, span = self.say("under_way"), Span("", "", "", "")
                cells.append(Cell(self.name(code), begins, span.begins_range, likely))
            out.append((self._id(look.step), self._when(look.step), tuple(cells)))
        return tuple(out)

    def _start(self, found: Assessment | None) -> datetime | None:
        return found.signals[0].start if found and found.signals else None

    def _beside(self, c: Compared) -> Beside:
        say = self.say
        return Beside(
            issued=say.short(c.issued),
            until="" if c.valid_until is None else say.short(c.valid_until),
            area=c.area_text,
            domain=say.either(f"domain_{c.domain}", c.domain),
            announced=self.chip_or_none(c.announced),
            window=self.chip_or_none(c.ours_window),
            horizon=self.chip_or_none(c.ours_horizon),
            places=", ".join(self.name(p) for p in c.places),
            note=c.note,
        )

    def _scores(self, c: Contingency) -> tuple[str, ...]:
        say = self.say
        counts = (c.hits, c.misses, c.false_alarms, c.correct_negatives)
        return (
            say.hours(c.lead_h),
            say("force_up", force=c.force),
            *(say.number(n) for n in counts),
            *(say("undefined") if v is None else say.number(v, 2) for v in (c.pod, c.far, c.csi)),
        )

    # How it was made.

    def _method(self) -> tuple[tuple[str, str], ...]:
        say, risk, warn = self.say, self.context.pack.threat.wind, self.context.pack.threat.warn
        table, binding = self.context.table, self.context.pack.binding.wind_law
        spec = self.played.case.spec
        return (
            (
                say("method_ensemble"),
                say(
                    "method_ensemble_text",
                    members=say.number(risk.members), seed=risk.seed,
                    horizon=say.number(risk.horizon_h),
                ),
            ),
            (say("method_errors"), say("method_errors_text")),
            (say("method_official"), risk.official_errors.source),
            (say("method_persistence"), risk.persistence_errors.source),
            (say("method_intensity"), risk.intensity_errors.source),
            (say("method_wind"), say("method_wind_text", model=risk.model)),
            (
                say("method_level"),
                say(
                    "method_level_text",
                    quantile=say.number(risk.quantile, 2),
                    low=say.number(100 * risk.interval[0]),
                    high=say.number(100 * risk.interval[1]),
                    article=cite(binding.article, self.language), act=table.decision,
                ),
            ),
            (
                say("method_hold"),
                say("method_hold_text", hold_h=f"{warn.hold_h:g}", max_h=f"{warn.max_hold_h:g}"),
            ),
            (
                say("method_time"),
                say("method_time_text", delay=say.number(spec.received_after_min)),
            ),
        )  # fmt: skip

    def _ids(self) -> tuple[tuple[str, str, str], ...]:
        """Three links of one notice's chain, with their ids: the first at the highest level."""
        top = max((d.after for d in self.kept.decisions if self._land(d.place)), default=0)
        by_draft = {m.draft: m for m in self.kept.messages}
        for draft in self.kept.drafts:
            if draft.said.level == top and self._land(draft.place) and draft.id in by_draft:
                decision = next(d for d in self.kept.decisions if d.id == draft.decision)
                say, message = self.say, by_draft[draft.id]
                named = {"place": self.name(draft.place), "time": say.short(draft.at)}
                return (
                    ("assessment", decision.assessment, say("id_assessment", **named)),
                    ("decision", decision.id, say("id_decision", **named)),
                    ("message", message.identifier, say("id_message", **named)),
                )
        return ()


MISSING: Final = ("rain", "flood", "slide", "surge", "friction", "coasts", "skill")
"""What the model does not know, as keys of the words."""
