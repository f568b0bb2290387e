"""Theirs and ours by place: what is said, how bad in whose words, by whom, proven or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlencode

from haidang.base.errors import BadData
from haidang.edge.store.world import Finding, Health
from haidang.edge.store.world_ask import Answer, Ask, Entry
from haidang.jobs.world import MANY
from haidang.jobs.world_ours import Ours
from haidang.law.levels import Scale
from haidang.pack.schema import Country
from haidang.warn import cap
from haidang.warn.heard import SEVERITIES, STATES, in_language
from haidang.web.pages.world_map import Shown, drawn
from haidang.web.parts import Chip, Fact, Tag
from haidang.web.speak import Speaker

ROWS: Final = 6
"""Of one place; the rest is behind a link."""

SLIVER: Final = 0.01
"""Share of a place below which a message is about its neighbour and not about it."""

SHAPES: Final = 60
"""Outlines of others' areas that are drawn; more would hide each other."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the page is made of.

    Attributes:
        scales: Of our levels, by country.
        now: Instant whose states are shown.
        day: Whose borders and codes are meant: today's, also of an earlier instant, because both
            the archive's places and our notices carry the codes of the list that is in use.
        query: As it was asked, to be asked again.
        theirs: A page of the archive; None where there is no archive.
        bodies: A message's bytes by its number.
        ours: What our desks say.
    """

    country: Country
    scales: Mapping[str, Scale]
    levels: str
    now: datetime
    day: date
    question: Ask
    query: Mapping[str, str]
    theirs: Answer | None
    bodies: Callable[[int], bytes]
    ours: Sequence[Ours]
    feeds: Sequence[Health]
    size: int
    findings: Sequence[Finding]
    trouble: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One warning at one place.

    Attributes:
        ours: Whether it is ours.
        level: Of ours, on our scale; None of theirs, whose words are never turned into it.
        severity: Of theirs, in CAP's word and that of the page's language.
        share: Of the place that it covers, "" where that is unknown.
        lang: Language of ``event`` where it is not the page's.
    """

    ours: bool
    who: str
    origin: str
    event: str
    lang: str
    headline: str
    href: str
    level: Chip | None
    severity: str
    share: str
    state: Tag
    proof: Tag
    age: str
    until: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A place with what is said for it.

    Attributes:
        more: How many more there are, with a link to them; "" for none.
    """

    code: str
    name: str
    rows: tuple[Row, ...]
    more: str
    href: str


@dataclass(frozen=True, slots=True)
class Feed:
    """How one feed is."""

    id: str
    state: Tag
    heard: str
    news: str
    next: str
    trouble: str


@dataclass(frozen=True, slots=True)
class World:
    """The page."""

    levels: str
    lead: str
    facts: tuple[Fact, ...]
    places: tuple[tuple[str, str], ...]
    severities: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, str], ...]
    asked: Mapping[str, str]
    trouble: tuple[str, ...]
    map: str
    groups: tuple[Group, ...]
    shown: str
    next: str
    feeds: tuple[Feed, ...]
    findings: tuple[tuple[str, str, str], ...]


def build(seen: Seen, say: Speaker) -> World:
    """The page of everything.

    Args:
        seen: What was found.
        say: Words of the room ``world``.
    """
    entries = seen.theirs.entries if seen.theirs else ()
    groups = _groups(seen, entries, say)
    total = seen.theirs.total if seen.theirs else 0
    failing = sum(f.failures >= MANY for f in seen.feeds)
    facts = (
        Fact(say("fact_archive"), say.number(seen.size), say("fact_archive_note")),
        Fact(say("fact_theirs"), say.number(total), say("fact_theirs_note")),
        Fact(say("fact_ours"), say.number(len(seen.ours))),
        Fact(say("fact_feeds"), say.number(len(seen.feeds)),
             say("fact_failing", count=failing) if failing else ""),
    )  # fmt: skip
    more = seen.theirs.more if seen.theirs else None
    return World(
        levels=seen.levels,
        lead=say("lead", at=say.short(seen.now)),
        facts=facts,
        places=(("", say("any")), *_provinces(seen, say)),
        severities=(("", say("any")), *((s, say(f"severity_{s.lower()}")) for s in SEVERITIES)),
        states=(("in_force", say("state_in_force")), ("", say("any")),
                *((s, say(f"state_{s}")) for s in STATES[1:])),
        asked={n: seen.query.get(n, "") for n in _FIELDS} | _state_of(seen),
        trouble=seen.trouble,
        map=drawn(seen.country, seen.day, _shown(seen, entries, say), _shapes(seen, entries), say),
        groups=groups,
        shown=say("shown", shown=len(entries), total=total),
        next=f"/world?{urlencode({**seen.query, 'before': str(more)})}" if more else "",
        feeds=tuple(_feed(f, say) for f in seen.feeds),
        findings=tuple((f.feed, f.problem.say(say.language), say("times", count=f.times))
                       for f in seen.findings),
    )  # fmt: skip


_FIELDS: Final = ("place", "hazard", "sender", "severity", "from", "to", "at")


def _state_of(seen: Seen) -> dict[str, str]:
    return {"state": seen.query.get("state", ",".join(seen.question.state))}


def _provinces(seen: Seen, say: Speaker) -> list[tuple[str, str]]:
    kinds = ("province", "sea", "point")
    found = [p for p in seen.country.places.gazetteer.at(seen.day) if p.kind in kinds]
    return [(p.code, p.name(say.language)) for p in found]


def _groups(seen: Seen, entries: Sequence[Entry], say: Speaker) -> tuple[Group, ...]:
    """By place: ours first, then theirs, the worst first; places where anything is said."""
    names = dict(_provinces(seen, say))
    asked = set(seen.question.places)
    rows: dict[str, list[Row]] = {}
    for one in seen.ours:
        rows.setdefault(one.draft.place, []).append(_our_row(one, seen, say))
    nowhere: list[Row] = []
    for entry in entries:
        here = [m for m in entry.matches if (m.code in names and m.share >= SLIVER)
                or m.code in asked or (m.code in names and m.how == "point")]  # fmt: skip
        for match in here:
            share = say("share", percent=say.number(match.share * 100, 0)) if match.share else ""
            rows.setdefault(match.code, []).append(_their_row(entry, share, say))
        if not here:
            nowhere.append(_their_row(entry, "", say))
    order = sorted(rows, key=lambda code: (code not in asked, names.get(code, code)))
    made = [_group(code, names.get(code, code), rows[code], seen, say) for code in order]
    if nowhere and not asked:
        made.append(_group("", say("elsewhere"), nowhere, seen, say))
    return tuple(made)


def _group(code: str, name: str, rows: list[Row], seen: Seen, say: Speaker) -> Group:
    query = {k: v for k, v in seen.query.items() if k not in ("place", "before")}
    href = f"/world?{urlencode({**query, 'place': code})}" if code else ""
    whole = code in seen.question.places or not code
    kept = tuple(rows) if whole else tuple(rows[:ROWS])
    left = len(rows) - len(kept)
    return Group(code, name, kept, say("more", count=left) if left else "", href)


def _our_row(one: Ours, seen: Seen, say: Speaker) -> Row:
    draft, message = one.draft, one.message
    text = next((t for t in draft.texts if t.language == say.language), draft.texts[0])
    scale = seen.scales.get(one.country)
    chip = None
    if message.level and scale is not None:
        chip = Chip(message.level, scale.names(message.level).say(say.language))
    marks = () if draft.status == "Actual" else (say(f"warn.prefix_{draft.status.lower()}"),)
    return Row(
        ours=True, who=say("us"), origin=one.desk, event=text.headline,
        lang="" if text.language == say.language else text.language, headline="",
        href=f"/d/{one.desk}/warnings", level=chip, severity="", share="",
        state=_state(one.state, say), proof=Tag(say("proof_ours")),
        age=_ago(message.sent, seen.now, say), until=say.short(message.expires), marks=marks,
    )  # fmt: skip


def _their_row(one: Entry, share: str, say: Speaker) -> Row:
    tag, (event, headline) = in_language(one.titles, say.language) if one.titles else ("", ("", ""))
    marks = [say(f"mark_{name}") for name, on in (("conflict", one.conflict), ("late", one.late),
                                                  ("copies", bool(one.copies))) if on]  # fmt: skip
    if one.status != "Actual":
        marks.append(one.status)
    return Row(
        ours=False, who=one.sender_name or one.sender, origin=", ".join(f for f, _, _ in one.feeds),
        event=event or one.event or one.kind, lang=_foreign(tag, say), headline=headline,
        href=f"/world/{one.id}", level=None, severity=_severity(one.severity, say), share=share,
        state=_state(one.state, say), proof=_proof(one.signature, say),
        age=say.short(one.sent),
        until=say.short(one.expires) if one.expires else say("no_end"), marks=tuple(marks),
    )  # fmt: skip


def _foreign(tag: str, say: Speaker) -> str:
    return "" if tag.lower().split("-")[0] == say.language else tag


def _severity(severity: str, say: Speaker) -> str:
    """CAP's own word, and what it means in the page's language."""
    if severity not in SEVERITIES:
        return severity or "–"
    meant = say(f"severity_{severity.lower()}")
    return severity if meant == severity else f"{severity} ({meant})"


def _state(state: str, say: Speaker) -> Tag:
    return Tag(say(f"state_{state}"), "raised" if state == "in_force" else "quiet")


def _proof(signature: str, say: Speaker) -> Tag:
    shape = {"trusted": "raised", "untrusted": "quiet", "invalid": "nodata"}
    known = shape.get(signature, "plain")
    return Tag(say(f"signature_{signature}"), known)  # type: ignore[arg-type]


def _ago(at: datetime, now: datetime, say: Speaker) -> str:
    del now
    return say.short(at)


def _feed(one: Health, say: Speaker) -> Feed:
    from haidang.base.problem import Problem  # noqa: PLC0415

    broken = one.failures >= MANY
    word = "feed_silent" if broken else "feed_unlucky" if one.failures else "feed_heard"
    shape = "nodata" if one.failures else "quiet"
    return Feed(
        id=one.feed,
        state=Tag(say(word), shape),  # type: ignore[arg-type]
        heard=say.short(one.heard) if one.heard else say("never"),
        news=say.short(one.news) if one.news else say("never"),
        next=say.short(one.next),
        trouble=Problem(one.code, one.params).say(say.language) if one.code else "",
    )


def _shown(seen: Seen, entries: Sequence[Entry], say: Speaker) -> dict[str, Shown]:
    """What the map says of each place."""
    names = dict(_provinces(seen, say))
    theirs: dict[str, int] = {}
    for entry in entries:
        for match in entry.matches:
            if match.share >= SLIVER or match.how == "point":
                theirs[match.code] = theirs.get(match.code, 0) + 1
    ours: dict[str, int] = {}
    for one in seen.ours:
        ours[one.draft.place] = ours.get(one.draft.place, 0) + 1
    return {
        code: Shown(
            theirs.get(code, 0), ours.get(code, 0),
            say("map_place", place=names[code], theirs=theirs.get(code, 0), ours=ours.get(code, 0)),
            f"/world?place={code}",
        )
        for code in names
        if code in theirs or code in ours
    }  # fmt: skip


def _shapes(seen: Seen, entries: Sequence[Entry]) -> list[bytes]:
    return [seen.bodies(e.id) for e in entries[:SHAPES] if e.matches]


# One message.


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says in one language."""

    language: str
    event: str
    severity: str
    headline: str
    description: str
    instruction: str
    areas: str


@dataclass(frozen=True, slots=True)
class One:
    """The page of one message."""

    title: str
    lang: str
    facts: tuple[Fact, ...]
    marks: tuple[str, ...]
    said: tuple[Said, ...]
    unread: str
    chain: tuple[tuple[str, str, str, Tag, bool], ...]
    places: tuple[tuple[str, str, str], ...]
    feeds: tuple[tuple[str, str, str], ...]
    cap: str


def one(
    entry: Entry,
    chain: Sequence[Entry],
    body: bytes,
    country: Country,
    say: Speaker,
    now: datetime,
) -> One:
    """The page of one message.

    Args:
        entry: As the archive knows it.
        chain: What belongs to it, itself among them.
        body: Its bytes.
        country: Whose places are named.
        say: Words of the room ``world``.
        now: Whose day's places.
    """
    tag, (event, _) = in_language(entry.titles, say.language) if entry.titles else ("", ("", ""))
    day = now.astimezone(say.zone).date()
    names = {p.code: p.name(say.language) for p in country.places.gazetteer.at(day)}
    said: tuple[Said, ...] = ()
    unread = ""
    try:
        said = tuple(_said(info, say) for info in cap.parse(body).infos)
    except BadData as error:
        unread = error.say(say.language)
    facts = (
        Fact(say("col_who"), entry.sender_name or entry.sender, entry.sender),
        Fact(say("col_how_bad"), _severity(entry.severity, say), say("cap_words")),
        Fact(say("col_state"), say(f"state_{entry.state}")),
        Fact(say("col_proof"), say(f"signature_{entry.signature}"), entry.signer),
        Fact(say("col_sent"), say.short(entry.sent), entry.identifier),
        Fact(say("col_until"), say.short(entry.expires) if entry.expires else say("no_end")),
    )
    flags = (("conflict", entry.conflict), ("late", entry.late), ("copies", bool(entry.copies)))
    return One(
        title=event or entry.event or entry.identifier,
        lang=_foreign(tag, say),
        facts=facts,
        marks=tuple(say(f"mark_{name}_long") for name, on in flags if on),
        said=said,
        unread=unread,
        chain=tuple((f"/world/{e.id}", f"{e.kind} {e.id}", say.short(e.sent), _state(e.state, say),
                     e.id == entry.id) for e in chain),
        places=tuple((names.get(m.code, m.code), say.number(m.share * 100, 1), say(f"how_{m.how}"))
                     for m in entry.matches),
        feeds=tuple((f, say.short(a), say.short(b)) for f, a, b in entry.feeds),
        cap=f"/api/world/{entry.id}/cap",
    )  # fmt: skip


def _said(info: cap.Info, say: Speaker) -> Said:
    return Said(
        language=info.language,
        event=info.event,
        severity=_severity(info.severity, say),
        headline=info.headline or "",
        description=info.description or "",
        instruction=info.instruction or "",
        areas=", ".join(a.description for a in info.areas if a.description),
    )
