"""The warning desk's list: what waits for a person first, then what is in force, then the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from haidang.app.context import Context
from haidang.app.verdict import Draft, Message
from haidang.web.pages.notices import (
    Left,
    Version,
    chip,
    in_force,
    left,
    role,
    waiting,
)
from haidang.web.parts import Chip
from haidang.web.speak import Speaker

HISTORY: Final = 12
"""Rows of the past that stand open, newest first."""

FOLDED: Final = 48
"""Rows behind them that a reader may unfold; the ledger has them all."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft that waits for a person.

    Attributes:
        before: Level in force at the place.
        next: Who must act now, in words.
    """

    id: str
    place: str
    before: Chip | None
    after: Chip | None
    kind: str
    occasion: str
    due: Left
    next: str
    wakes: bool
    passed_on: str


@dataclass(frozen=True, slots=True)
class InForce:
    """What people were told last.

    Attributes:
        expires: Until when it is valid; late where it ran out with no all-clear.
    """

    chain: str
    draft: str
    identifier: str
    place: str
    level: Chip | None
    kind: str
    sent: str
    expires: Left


@dataclass(frozen=True, slots=True)
class Past:
    """What became of a draft."""

    draft: str
    at: str
    place: str
    level: Chip | None
    kind: str
    fate: str
    who: str


@dataclass(frozen=True, slots=True)
class Warnings:
    """The page.

    Attributes:
        answer: The title: what waits, in one sentence.
        ran_out: What people were told last and is no longer valid: nobody told them that it ended.
        past: What people settled, newest first.
        older: More of it, folded.
        more: How many rows of the past are not shown at all.
        replaced: How many drafts a newer one replaced, or the facts overtook, before anybody did
            anything about them.
    """

    answer: str
    waiting: tuple[Waiting, ...]
    in_force: tuple[InForce, ...]
    ran_out: tuple[InForce, ...]
    past: tuple[Past, ...]
    older: tuple[Past, ...]
    more: int
    replaced: int


def build(
    say: Speaker,
    context: Context,
    now: datetime,
    versions: Sequence[Version],
    messages: Sequence[Message],
) -> Warnings:
    """Lay out the list.

    Args:
        say: Language and clock of the page.
        context: The desk's country and pack.
        now: The desk's clock.
        versions: Every draft known by now with what happened to it.
        messages: Every message known by now.

    Returns:
        What waits by level, land before sea, then due time; what is in force by level, then
        place; the past from the newest.
    """
    due = in_order(context, versions)
    told = in_force(messages, now)
    drafts = {v.draft.id: v.draft for v in versions}
    standing = sorted(
        ((m, drafts[m.draft]) for m in told.values()), key=lambda r: (-r[0].level, r[1].place)
    )
    over = sorted((v for v in versions if v.settled is not None), key=_settled_at, reverse=True)
    # Nobody did what the machine replaced by itself, unless somebody had put words into it.
    settled = [v for v in over if _by_people(v)]
    return Warnings(
        answer=_answer(say, due, now),
        waiting=tuple(
            _waiting(
                say, context, now, v, told[v.draft.chain].level if v.draft.chain in told else 0
            )
            for v in due
        ),
        in_force=tuple(_in_force(say, context, now, m, d) for m, d in standing if m.expires > now),
        ran_out=tuple(_in_force(say, context, now, m, d) for m, d in standing if m.expires <= now),
        past=tuple(_past(say, context, v) for v in settled[:HISTORY]),
        older=tuple(_past(say, context, v) for v in settled[HISTORY : HISTORY + FOLDED]),
        more=max(len(settled) - HISTORY - FOLDED, 0),
        replaced=len(over) - len(settled),
    )


def in_order(context: Context, versions: Sequence[Version]) -> tuple[Version, ...]:
    """What waits for a person at a desk, worst first; see ``notices.waiting``."""
    return waiting(versions, lambda code: context.named[code].kind == "sea")


def _answer(say: Speaker, due: Sequence[Version], now: datetime) -> str:
    if not due:
        return say("warnings.answer_none")
    first = left(say, min(v.draft.due for v in due), now)
    key = "answer_late" if first.late else "answer_waiting"
    signed = sum(v.signed is not None for v in due)
    said = say(f"warnings.{key}", count=len(due), due=first.at)
    return f"{said} {say('warnings.answer_signed', count=signed)}" if signed else said


def place_name(context: Context, say: Speaker, code: str) -> str:
    """The area's name on this page."""
    return context.named[code].name(say.language)


def kind_name(say: Speaker, draft: Draft) -> str:
    """What kind of message a draft is, in words."""
    return say(f"warn.kind_{draft.kind.lower()}")


def why_now(say: Speaker, draft: Draft) -> str:
    """Why it was drafted, in a few words."""
    return say(f"warnings.why_{draft.occasion.value}")


def _waiting(
    say: Speaker, context: Context, now: datetime, version: Version, before: int
) -> Waiting:
    draft, signed = version.draft, version.signed
    passed = version.last("escalated")
    if not draft.approval:
        next_step = say("warnings.next_send")
    elif signed is None:
        next_step = say("warnings.next_sign")
    else:
        next_step = say("warnings.next_approve", role=role(context, say, signed.role))
    return Waiting(
        id=draft.id,
        place=place_name(context, say, draft.place),
        before=chip(context, say, before),
        after=chip(context, say, draft.said.level, planned=True),
        kind=kind_name(say, draft),
        occasion=why_now(say, draft),
        due=left(say, draft.due, now),
        next=next_step,
        wakes=draft.wakes,
        passed_on="" if passed is None else role(context, say, passed.role),
    )


def _in_force(
    say: Speaker, context: Context, now: datetime, message: Message, draft: Draft
) -> InForce:
    return InForce(
        chain=message.chain,
        draft=message.draft,
        identifier=message.identifier,
        place=place_name(context, say, draft.place),
        level=chip(context, say, message.level),
        kind=kind_name(say, draft),
        sent=say.short(message.sent),
        expires=left(say, message.expires, now),
    )


def _by_people(version: Version) -> bool:
    assert version.settled is not None
    return version.settled.action in ("approved", "refused") or version.signed is not None


def _settled_at(version: Version) -> tuple[datetime, str, int]:
    assert version.settled is not None
    return version.settled.at, version.draft.place, version.draft.version


def _past(say: Speaker, context: Context, version: Version) -> Past:
    act = version.settled
    assert act is not None
    broke = version.last("broke_glass") is not None
    fate = "broke_glass" if broke and act.action == "approved" else act.action
    return Past(
        draft=version.draft.id,
        at=say.short(act.at),
        place=place_name(context, say, version.draft.place),
        level=chip(context, say, version.draft.said.level),
        kind=kind_name(say, version.draft),
        fate=say(f"warnings.fate_{fate}"),
        who=role(context, say, act.role) if act.role else "",
    )
