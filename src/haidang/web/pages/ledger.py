"""The ledger: every decision, word and act, in order, with its seal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from haidang.app.context import Context
from haidang.app.verdict import Draft
from haidang.base.place import fold
from haidang.base.problem import Problem
from haidang.edge.store.chain import Entry
from haidang.web.speak import Speaker

PEOPLE: Final = "people"
"""In the place of a kind: only what people did."""

ACTS: Final = frozenset({"signed", "edited", "approval", "refused"})
"""Kinds of entry that only a person makes; acts on tasks are others, see ``_Line.by_person``."""

PAGE: Final = 100
"""Entries on one page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader wants to see; "" for everything.

    Attributes:
        kind: Of entry.
        place: Area code.
        day: Local calendar day, ISO.
        role: Of whoever acted.
        page: 1 is the newest.
    """

    kind: str = ""
    place: str = ""
    day: str = ""
    role: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One entry."""

    number: str
    day: str
    time: str
    kind: str
    text: str
    role: str
    seal: str
    href: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found.

    Attributes:
        good: Whether every seal fits.
        text: That, in words, with the head.
        problems: What does not fit, in words.
    """

    good: bool
    text: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything on the page.

    Attributes:
        acts: Address of what people did alone; "" where that is shown.
    """

    desk: str
    title: str
    lead: str
    head: str
    rows: tuple[Row, ...]
    found: str
    asked: Asked
    kinds: tuple[tuple[str, str], ...]
    acts: str
    places: tuple[tuple[str, str], ...]
    days: tuple[tuple[str, str], ...]
    roles: tuple[tuple[str, str], ...]
    newer: str
    older: str
    verified: Verified | None


def build(
    desk: str,
    context: Context,
    entries: Sequence[Entry],
    drafts: Mapping[str, Draft],
    asked: Asked,
    verified: Verified | None,
    say: Speaker,
) -> Ledger:
    """Put the page together.

    Args:
        desk: Its name in addresses.
        context: Names of places and roles.
        entries: The whole ledger, oldest first.
        drafts: By id: an act on a draft is about the draft's place.
        asked: The filter; what it names and is not there shows nothing, never everything.
        verified: Result of a verification, None if nobody asked for one.
        say: Words of the room ``ledger``.
    """
    reader = _Reader(context, drafts, say)
    lines = [_Line(e, json.loads(e.body)) for e in entries]
    kept = [line for line in reversed(lines) if reader.wanted(line, asked)]
    pages = max(1, -(-len(kept) // PAGE))
    page = min(max(asked.page, 1), pages)
    shown = kept[(page - 1) * PAGE : page * PAGE]
    head = entries[-1].hash if entries else ""
    return Ledger(
        desk=desk,
        title=say("title", count=say.number(len(entries))),
        lead=say("lead"),
        head=head,
        rows=tuple(reader.row(desk, line) for line in shown),
        found=say("found", count=say.number(len(kept)), page=page, pages=pages),
        asked=asked,
        kinds=((PEOPLE, say("only_people")), *_named({e.kind for e in entries}, reader.kind)),
        acts="" if asked.kind == PEOPLE else _address(Asked(kind=PEOPLE), 1),
        places=_named({p for line in lines if (p := reader.place(line))}, reader.name),
        days=tuple(
            (day, reader.day_name(day))
            for day in sorted({reader.day(line).isoformat() for line in lines})
        ),
        roles=_named({r for line in lines if (r := line.role)}, reader.role),
        newer=_address(asked, page - 1) if page > 1 else "",
        older=_address(asked, page + 1) if page < pages else "",
        verified=verified,
    )


def verification(problems: Sequence[Problem], count: int, head: str, say: Speaker) -> Verified:
    """What ``Store.verify`` found, in words."""
    key = "verified_bad" if problems else "verified_good"
    text = say(key, count=say.number(count), head=head)
    return Verified(not problems, text, tuple(p.say(say.language) for p in problems))


@dataclass(frozen=True, slots=True)
class _Line:
    entry: Entry
    body: Mapping[str, Any]

    @property
    def role(self) -> str:
        return str(self.body.get("role", ""))

    @property
    def draft(self) -> str:
        own = self.entry.kind == "draft"
        return str(self.body.get("id" if own else "draft", ""))

    @property
    def by_person(self) -> bool:
        """Whether somebody did this, and not the program by itself."""
        return self.entry.kind in ACTS or self.entry.kind.startswith("task_")

    @property
    def about(self) -> str:
        """Id by which the entry can be explained."""
        named = (self.body.get(k) for k in ("identifier", "verdict", "id", "draft", "task"))
        return next((str(n) for n in named if n), "")


@dataclass(frozen=True, slots=True)
class _Reader:
    context: Context
    drafts: Mapping[str, Draft]
    say: Speaker

    def kind(self, kind: str) -> str:
        return self.say.either(f"kind_{kind}", kind)

    def name(self, code: str) -> str:
        named = self.context.named.get(code)
        return named.name(self.say.language) if named else code

    def role(self, role: str) -> str:
        return self.context.country.spec.role(role, self.say.language)

    def day(self, line: _Line) -> date:
        return self.context.local(line.entry.at).date()

    def day_name(self, day: str) -> str:
        return self.say.full_day(date.fromisoformat(day))

    def place(self, line: _Line) -> str:
        if "place" in line.body:
            return str(line.body["place"])
        draft = self.drafts.get(line.draft)
        return draft.place if draft else ""

    def wanted(self, line: _Line, asked: Asked) -> bool:
        return (
            (asked.kind in ("", line.entry.kind) or (asked.kind == PEOPLE and line.by_person))
            and asked.place in ("", self.place(line))
            and asked.role in ("", line.role)
            and asked.day in ("", self.day(line).isoformat())
        )

    def row(self, desk: str, line: _Line) -> Row:
        entry, say = line.entry, self.say
        return Row(
            number=say.number(entry.seq),
            day=say.day(entry.at),
            time=say.clock(entry.at),
            kind=self.kind(entry.kind),
            text=self.text(line),
            role=self.role(line.role) if line.role else say("program"),
            seal=entry.hash[:12],
            href=f"/d/{desk}/explain/{line.about}" if line.about else "",
        )

    def text(self, line: _Line) -> str:
        """What the entry says, in a few words."""
        say, body, code = self.say, line.body, self.place(line)
        place = self.name(code)
        if line.entry.kind == "decision":
            reason = say(f"report.reason_{body['reason']}")
            said = {"before": body["before"], "after": body["after"], "reason": reason}
            return say("text_decision", place=place, **said)
        if line.entry.kind == "run":
            return say("text_run", receipt=body.get("receipt", ""))
        if line.entry.kind == "plan":
            counts = {k: say.number(int(body.get(k, 0))) for k in ("tasks", "grants", "unmet")}
            return say("text_plan", **counts)
        draft = self.drafts.get(line.draft)
        if draft is not None:
            level = draft.said.level
            return say("text_draft", place=place, version=draft.version, level=level)
        return place


def _named(keys: set[str], name: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(((k, name(k)) for k in keys), key=lambda pair: fold(pair[1])))


def _address(asked: Asked, page: int) -> str:
    kept = {k: getattr(asked, k) for k in ("kind", "place", "day", "role") if getattr(asked, k)}
    return "?" + urlencode({**kept, "page": page})
