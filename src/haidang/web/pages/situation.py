"""The first page of a desk: what needs me now, what changed, where is it worst?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from markupsafe import Markup

from haidang.app.unspoken import Lack, Unspoken, unspoken
from haidang.app.verdict import Decision, Draft
from haidang.base.place import fold
from haidang.base.wind import beaufort
from haidang.edge.store.notices import State as DraftState
from haidang.web.look import Look, Seen
from haidang.web.pages import situation_map
from haidang.web.pages.judged import CALM, GALE, HELD, SILENT, Judged, ago
from haidang.web.pages.moment import Stop, stops
from haidang.web.pages.notices import urgency
from haidang.web.pages.outlook import Outlook, outlook
from haidang.web.parts import Chip, Fact, State, Tag
from haidang.web.speak import Speaker

MOST_WAITING: Final = 6
"""Drafts that the page lists before it sends one to the warning desk."""

MOST_SHIFTS: Final = 4
SHIFT: Final = timedelta(hours=1)
"""A gale that moves by less is not news."""

TOP_LEVELS: Final = 2


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that waits for a person."""

    before: Chip | None
    after: Chip | None
    title: str
    href: str
    note: str
    until: str
    left: str
    late: bool


@dataclass(frozen=True, slots=True)
class Without:
    """A place whose notice ran out, runs out soon, or was ended while its level stands.

    Attributes:
        state: What is the matter, in two words.
        href: The newest message's page, "" where there is none.
        grave: Whether nobody is told of a danger that stands.
    """

    level: Chip | None
    state: str
    title: str
    note: str
    href: str
    grave: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits, worst first.

    Attributes:
        without: Places that lack a notice in force, or soon will: before all that waits.
        waits: The first few.
        waits_more: How many more, in words; "" for none.
        waits_note: Why there are none to be shown, "" where that is plain.
        live_href: Where the newest state of this part is, "" where it does not change.
    """

    desk: str
    without: tuple[Without, ...]
    waits: tuple[Wait, ...]
    waits_more: str
    waits_note: str
    live_href: str


@dataclass(frozen=True, slots=True)
class Changed:
    """Places that changed in the same way since the bulletin before."""

    tag: Tag
    title: str
    note: str
    href: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed and when it was last heard."""

    silent: bool
    tag: Tag
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """One place in the table."""

    code: str
    name: str
    href: str
    chip: Chip | None
    before: Chip | None
    changed: bool
    waits: bool
    state: Tag | None
    force: str
    force_range: str
    chance: str
    begins: str
    begins_range: str
    low: str
    central: str
    high: str
    reason: str
    law: str
    law_href: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything on the page, in words."""

    desk: str
    title: str
    lead: str
    past: str
    newest_href: str
    facts: tuple[Fact, ...]
    waiting: Waiting
    changes: tuple[Changed, ...]
    changes_title: str
    changes_href: str
    changes_more: str
    feeds: tuple[Feed, ...]
    silent: bool
    blind: str
    calm: str
    calm_count: str
    defs: Markup
    close: Markup
    whole: Markup
    legend: tuple[Chip, ...]
    stops: tuple[Stop, ...]
    after: str
    groups: tuple[Group, ...]
    csv: str
    advance: str
    add: str


def build(view: Look, say: Speaker) -> Situation:
    """Put the page together; the same look, clock and language give the same page."""
    return Builder(view, say).page()


def waiting(view: Look, say: Speaker) -> Waiting:
    """What waits for a person: the part of the page that refreshes itself."""
    return Builder(view, say).waits()


class Builder:
    """Puts the page together; another kind of threat tells some of its parts otherwise."""

    def __init__(self, view: Look, say: Speaker) -> None:
        self.view, self.say = view, say
        self.judged = Judged(view, say)
        self.decided = view.decided
        self.now = view.now

    def href(self, page: str, **query: str) -> str:
        """Address of a page of the desk."""
        asked = "&".join(f"{k}={v}" for k, v in query.items())
        return f"/d/{self.view.id}/{page}" + (f"?{asked}" if asked else "")

    def page(self) -> Situation:
        """The whole page."""
        say, view, judged = self.say, self.view, self.judged
        seen = outlook(view)
        drawn = situation_map.draw(view, judged, lambda code: f"#p{code}")
        before = view.before
        feeds = self._feeds(seen)
        at = {} if view.newest else {"at": view.this.id}
        blind = [d for d in self.decided if judged.state(d) == "no_data"]
        calm = [d for d in self.decided if judged.state(d) == "quiet" and judged.land(d.place)]
        return Situation(
            desk=view.id,
            title=self._answer(seen),
            lead=self._lead(seen),
            past="" if view.newest else say("past_look", time=say.short(self.now)),
            newest_href=self.href("situation"),
            facts=self._facts(seen, feeds),
            waiting=self.waits(),
            changes=self._changes(before, seen),
            changes_title=say("changes_since", time=say.short(before.issued))
            if before and before.issued
            else say("changes_first"),
            changes_href=self.href("situation", at=before.id) if before else "",
            changes_more=say("changes_open", time=say.short(before.issued))
            if before and before.issued
            else "",
            feeds=feeds,
            silent=any(f.silent for f in feeds),
            blind=", ".join(judged.name(d.place) for d in blind),
            calm=", ".join(sorted((judged.name(d.place) for d in calm), key=fold)),
            calm_count=say("calm_count", count=len(calm)) if calm else "",
            defs=Markup(drawn.defs),  # noqa: S704 - svg.py escapes every text and attribute
            close=Markup(drawn.close),  # noqa: S704
            whole=Markup(drawn.whole),  # noqa: S704
            legend=tuple(c for r in view.context.scale.ranks if (c := judged.chip(r.rank))),
            stops=stops(say, self.href("situation"), view.looks, view.this.id),
            after=say("after", time=say.short(view.now)) if view.newest else "",
            groups=self._groups(),
            csv=self.href("situation.csv", **at),
            advance=self.href("advance") if view.more and view.newest and not view.live else "",
            add=self.href("bulletin") if view.live else "",
        )

    # The answer.

    def _event(self) -> str:
        return self.say.of(self.view.title)

    def _answer(self, seen: Outlook) -> str:
        say, event = self.say, self._event()
        if seen.bulletin is None:
            return say("answer_nothing", event=event)
        if seen.ended:
            return say("answer_ended", event=event)
        if any(d.reason in SILENT for d in self.decided):
            return say("answer_blind", event=event)
        if seen.on_land:
            return say("answer_on_land", event=event)
        if seen.landfall.central is not None:
            left = (seen.landfall.central - self.now) / timedelta(hours=1)
            hours = max(0, round(left))
            return say("answer_landfall" if hours else "answer_now", event=event, hours=hours)
        if seen.ashore:
            return say("answer_perhaps", event=event, percent=say.number(100 * seen.ashore))
        return say("answer_away", event=event)

    def _lead(self, seen: Outlook) -> str:
        say = self.say
        known = say("lead_known", time=say.clock(self.now), day=say.day(self.now))
        if seen.bulletin is not None:
            issued = seen.bulletin.issued
            known = say(
                "lead_bulletin",
                time=say.clock(issued),
                day=say.day(issued),
                known=say.clock(self.now),
            )
        parts = [known]
        top = max((d.after for d in self.decided if self.judged.land(d.place)), default=0)
        if top:
            names = [
                self.judged.name(d.place)
                for d in sorted(self.decided, key=self.judged.rank)
                if d.after == top and self.judged.land(d.place)
            ]
            parts.append(say("lead_top", level=self.judged.level_word(top), names=_few(names, say)))
        else:
            parts.append(say("lead_over" if seen.ended else "lead_none"))
        return " ".join(parts)

    # Facts.

    def _facts(self, seen: Outlook, feeds: Sequence[Feed]) -> tuple[Fact, ...]:
        return (
            self._centre(seen),
            self._landfall(seen),
            self._count(),
            self._people(seen),
            self._heard(feeds),
        )

    def _centre(self, seen: Outlook) -> Fact:
        say, fix = self.say, seen.centre
        if fix is None:
            return Fact(say("fact_centre"), say("fact_over" if seen.ended else "fact_unknown"))
        force = int(beaufort(np.array([fix.wind]))[0])
        where = f"{self._degrees(fix.lat, 'north', 'south')} " + self._degrees(
            fix.lon, "east", "west"
        )
        if seen.heading is not None:
            way = say("directions").split("|")[seen.heading]
            where = say("fact_moving", where=where, way=way, speed=say.number(seen.speed_kmh))
        return Fact(
            say("fact_centre_at", time=say.short(fix.valid)),
            say("fact_force", force=force),
            where,
        )

    def _degrees(self, value: float, positive: str, negative: str) -> str:
        key = positive if value >= 0 else negative
        return self.say(f"report.{key}").format(value=self.say.number(abs(value), 1))

    def _landfall(self, seen: Outlook) -> Fact:
        say, when, label = self.say, seen.landfall, self.say("fact_landfall")
        if seen.on_land:
            return Fact(label, say("fact_on_land"))
        if seen.ended or seen.bulletin is None:
            return Fact(label, "–")
        if when.central is None:
            note = say("fact_ashore", percent=say.number(100 * seen.ashore))
            if when.early is not None:
                note += f" · {say('report.earliest', time=say.short(when.early))}"
            return Fact(label, say("fact_not_expected"), note)
        early = say.short(when.early or when.central)
        if when.late is None:
            return Fact(label, say.short(when.central), say("fact_range_open", early=early))
        span = say("fact_range", early=early, late=say.short(when.late))
        return Fact(label, say.short(when.central), span)

    def _count(self) -> Fact:
        say = self.say
        land = [d for d in self.decided if d.after and self.judged.land(d.place)]
        levels = sorted({d.after for d in land}, reverse=True)[:TOP_LEVELS]
        if not levels:
            return Fact(say("fact_levels_none"), say("fact_none"))
        counts = {k: sum(d.after == k for d in land) for k in levels}
        value = " · ".join(say("fact_of_level", level=k, count=n) for k, n in counts.items())
        waits = {draft.place for draft, _ in self.view.waiting}
        pending = sum(d.place in waits for d in land)
        note = say("fact_pending", count=pending) if pending else say("fact_all_told")
        return Fact(say("fact_levels"), value, note if self.view.newest else "")

    def _people(self, seen: Outlook) -> Fact:
        say, known = self.say, [self.judged.people(self.judged.found(d)) for d in self.decided]
        counted = [k for k in known if k is not None]
        label = say("fact_people", force=GALE)
        if seen.ended:
            # Nobody computes any more; that is an end, and not something that is not known.
            return Fact(label, say("fact_none_left"))
        if not counted:
            return Fact(label, say("fact_unknown"))
        total = sum(k.central for k in counted)
        return Fact(label, self._many(total), say("fact_people_note"))

    def _many(self, people: float) -> str:
        if people >= _MILLION:
            return self.say("millions", value=self.say.number(people / _MILLION, 1))
        if people >= _THOUSAND:
            return self.say("thousands", value=self.say.thousands(people))
        return self.say.number(people)

    def _heard(self, feeds: Sequence[Feed]) -> Fact:
        say = self.say
        silent = sum(f.silent for f in feeds)
        value = say("fact_silent", count=silent) if silent else say("fact_regular")
        return Fact(say("fact_feeds"), value, feeds[0].note if feeds else "")

    # What waits.

    def waits(self) -> Waiting:
        """What waits, worst first."""
        view = self.view
        land = self.judged.land
        ordered = sorted(
            view.waiting,
            key=lambda w: urgency(w[0], at_sea=not land(w[0].place)),
        )
        rows = tuple(self._wait(draft, state) for draft, state in ordered[:MOST_WAITING])
        left = len(ordered) - len(rows)
        return Waiting(
            desk=view.id,
            without=self._without(),
            waits=rows,
            waits_more=self.say("waits_more", count=left) if left else "",
            waits_note="" if view.newest else self.say("waits_past"),
            live_href=self.href("waits") if view.newest else "",
        )

    def _without(self) -> tuple[Without, ...]:
        """Where nothing in force speaks of a level, or soon nothing will."""
        view, warn = self.view, self.view.context.pack.threat.warn
        if view.snapshot is None:
            return ()
        spoken = {(d.threat, d.event, d.place) for d in view.decided if d.yields_to is not None}
        found = unspoken(
            view.snapshot.standing,
            view.snapshot.chains,
            {view.context.pack.id: warn.renew_h},
            self.now,
            spoken,
        )
        return tuple(self._lack(one) for one in found)

    def _lack(self, one: Unspoken) -> Without:
        say, name = self.say, one.lack.value
        return Without(
            level=self.judged.chip(max(one.level, one.told)),
            state=say(f"warnings.lack_{name}"),
            title=self.judged.name(one.place),
            note=say(
                f"warnings.lack_{name}_note",
                level=one.level,
                at="" if one.expires is None else say.short(one.expires),
            ),
            href=self.href("warnings") + f"#c{one.chain}" if one.chain else self.href("warnings"),
            grave=one.lack not in (Lack.RUNS_OUT, Lack.SUCCEEDED, Lack.CLEARED),
        )

    def _wait(self, draft: Draft, state: DraftState) -> Wait:
        say = self.say
        left = draft.due - self.now
        key = "wait_signed" if state.signer else "wait_unsigned"
        kind = say(f"report.occasion_{draft.occasion.value}")
        if draft.kind == "Cancel":
            kind = say(f"warn.kind_{draft.kind.lower()}")
        note = say(key, time=say.clock(draft.at), version=draft.version)
        late = left <= timedelta(0)
        return Wait(
            before=self.judged.chip(self.view.issued.get(draft.chain, 0)),
            after=self.judged.chip(draft.said.level, planned=True),
            title=say("wait_title", place=self.judged.name(draft.place), kind=kind),
            href=self.href(f"warnings/{draft.id}"),
            note=note,
            until=say("wait_until", time=say.short(draft.due)),
            left=say("wait_late", span=ago(say, -left)) if late else ago(say, left),
            late=late,
        )

    # What changed.

    def _changes(self, before: Seen | None, seen: Outlook) -> tuple[Changed, ...]:
        groups: dict[tuple[object, ...], list[Decision]] = {}
        for d in self._moved():
            if d.reason not in CALM:
                key = (d.reason, d.before, d.after, self.judged.params(d))
                groups.setdefault(key, []).append(d)
        ordered = sorted(groups.values(), key=lambda g: (g[0].reason in HELD, -g[0].after))
        found = [self._change(g) for g in ordered]
        if before is not None:
            found += self._shifts(before)
            found += self._strength(before, seen)
        return tuple(found)

    def _moved(self) -> Sequence[Decision]:
        """Decisions that may be news."""
        return self.decided

    def _change(self, group: Sequence[Decision]) -> Changed:
        one, say = group[0], self.say
        names = [self.judged.name(d.place) for d in sorted(group, key=self.judged.rank)]
        place = names[0] if len(names) == 1 else say("report.each")
        key = "change_levels" if one.before != one.after else "change_stays"
        return Changed(
            tag=Tag(say(f"tag_{one.reason.value}"), _SHAPES.get(one.reason.value, "plain")),
            title=say(key, names=", ".join(names), before=one.before, after=one.after),
            note=self.judged.why(one, place),
            href=self.href("explain/" + one.id) if len(group) == 1 else "",
        )

    def _shifts(self, before: Seen) -> list[Changed]:
        """Where the gale is now expected earlier or later than the bulletin before said."""
        old = {
            d.place: self.judged.onset(self.judged.found(d))
            for d in self.view.decisions
            if d.at == before.now
        }
        found: list[tuple[timedelta, Decision]] = []
        for d in self.decided:
            then, now = old.get(d.place), self.judged.onset(self.judged.found(d))
            if not d.after or then is None or now is None or not self.judged.land(d.place):
                continue
            was, is_ = then.onset.central, now.onset.central
            if was is None or is_ is None or was <= self.now or abs(is_ - was) < SHIFT:
                continue
            found.append((is_ - was, d))
        found.sort(key=lambda f: (-f[1].after, -abs(f[0])))
        return [self._shift(by, d, before) for by, d in found[:MOST_SHIFTS]]

    def _shift(self, by: timedelta, d: Decision, before: Seen) -> Changed:
        say, now = self.say, self.judged.onset(self.judged.found(d))
        assert now is not None
        assert now.onset.central is not None
        key = "earlier" if by < timedelta(0) else "later"
        title = say(
            "shift",
            name=self.judged.name(d.place),
            force=GALE,
            now=say.short(now.onset.central),
            was=say.short(now.onset.central - by),
        )
        return Changed(Tag(say(f"tag_{key}")), title, "", self.href("explain/" + d.id))

    def _strength(self, before: Seen, seen: Outlook) -> list[Changed]:
        """Whether the newest analysis is stronger or weaker near the centre."""
        then = [f for f in before.fixes if f.kind == "analysis"]
        if not then or seen.centre is None or then[-1].valid == seen.centre.valid:
            return []
        old, new = (int(beaufort(np.array([f.wind]))[0]) for f in (then[-1], seen.centre))
        if old == new:
            return []
        tag = Tag(self.say("tag_stronger" if new > old else "tag_weaker"))
        return [Changed(tag, self.say("strength", was=old, now=new), "", "")]

    # Feeds.

    def _feeds(self, seen: Outlook) -> tuple[Feed, ...]:
        """The bulletins of the event: heard when, and silent or not by the pack's own limit."""
        say = self.say
        if seen.bulletin is None:
            tag = Tag(say("feed_nothing"), "nodata")
            return (Feed(True, tag, say("feed_bulletins"), say("feed_never")),)
        heard = [s for s in self.view.looks[: self.view.at + 1] if s.issued is not None][-1]
        limit = timedelta(hours=self.view.context.pack.threat.track.stale_after_h)
        since = self.now - seen.bulletin.issued
        silent = since > limit and not seen.ended
        note = say("feed_heard", time=say.short(heard.now))
        if seen.ended:
            tag = Tag(say("feed_ended"), "quiet")
        elif silent:
            tag = Tag(ago(say, since), "nodata")
            note += f" {say('feed_limit', hours=f'{limit / timedelta(hours=1):g}')}"
        else:
            tag = Tag(say("feed_on_time"), "quiet")
        return (Feed(silent, tag, say("feed_bulletins"), note),)

    # The strip and the table.

    def _groups(self) -> tuple[Group, ...]:
        out = []
        for key, land in (("report.land", True), ("report.sea", False)):
            rows = [
                d
                for d in self.decided
                if self.judged.land(d.place) == land
                and (d.after or d.before != d.after or d.reason in SILENT)
            ]
            if rows:
                said = tuple(self._row(d) for d in sorted(rows, key=self.judged.rank))
                out.append(Group(self.say(key), said))
        return tuple(out)

    def _row(self, d: Decision) -> Row:
        say, judged, found = self.say, self.judged, self.judged.found(d)
        force, force_range = judged.force(found)
        begins, begins_range = judged.begins(found)
        people = judged.people(found)
        low, central, high = (
            ("", say("report.unknown"), "")
            if people is None
            else tuple(say.thousands(v) for v in (people.low, people.central, people.high))
        )
        state = None
        if not d.after:
            shape = judged.state(d)
            word = say("no_data" if shape == "no_data" else "quiet")
            state = Tag(word, "nodata" if shape == "no_data" else "quiet")
        return Row(
            code=d.place,
            name=judged.name(d.place),
            href=self.href("explain/" + d.id),
            chip=judged.chip(
                d.after, held=d.reason in HELD, planned=self._waits(d) and bool(d.after)
            ),
            before=judged.chip(d.before),
            changed=d.before != d.after,
            waits=self._waits(d),
            state=state,
            force=force,
            force_range=force_range,
            chance=judged.chance(found, d.after or d.before),
            begins=begins,
            begins_range=begins_range,
            low=low,
            central=central,
            high=high,
            reason=say(f"report.reason_{d.reason.value}"),
            law=judged.law(d),
            law_href=self.href("explain/" + d.id) + "#law",
        )

    def _waits(self, d: Decision) -> bool:
        return any(draft.place == d.place for draft, _ in self.view.waiting)


_MILLION: Final = 1_000_000
_THOUSAND: Final = 10_000
_FEW: Final = 4
_SHAPES: Final[Mapping[str, State]] = {
    "raised": "raised",
    "ended": "quiet",
    "over": "quiet",
    "held_no_data": "nodata",
    "hold_expired": "nodata",
    "blind": "nodata",
    "not_defined": "nodata",
}


def _few(names: Sequence[str], say: Speaker) -> str:
    """The first few names, and how many more there are."""
    if len(names) <= _FEW + 1:
        return ", ".join(names)
    return say("and_more", names=", ".join(names[:_FEW]), count=len(names) - _FEW)
