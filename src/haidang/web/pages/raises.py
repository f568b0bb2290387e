"""Raising a combined level: what the law allows where, who asked for it, who let it, till when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from haidang.app.context import Context
from haidang.base.errors import BadData
from haidang.edge.store.raises import OPEN, RaiseState
from haidang.jobs.raising import Standing
from haidang.law.evaluate import cite
from haidang.web.pages.notices import chip, role
from haidang.web.parts import Chip
from haidang.web.speak import Speaker

HOURS: Final = (6, 12, 24)
"""A raise is offered for so long from now, h; its author may write any other end."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place on which the law lets a person raise the level.

    Attributes:
        own: Highest own level; ``combined`` is with a raise that is in force.
        allowed: (ranks, words): +1, and +2 where serious loss is possible.
        hazards: Which count, in words.
        clause: That allows it, as lawyers cite it.
        open: A raise of the place waits or is in force: there is one at a time.
    """

    code: str
    name: str
    own: Chip | None
    combined: Chip | None
    allowed: tuple[tuple[int, str], ...]
    hazards: str
    clause: str
    open: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A raise and what became of it.

    Attributes:
        stage: In words; ``waits`` and ``holds`` say whether something can be done about it.
        mine: The reader proposed it, so another person approves.
        ended: When and why it came to an end, "" before.
    """

    id: str
    place: str
    by: int
    stage: str
    proposer: str
    approver: str
    until: str
    reason: str
    serious: bool
    ended: str
    waits: bool
    holds: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class Raises:
    """The page.

    Attributes:
        none: Why nothing can be raised anywhere, "" where something can.
        ends: (instant, words) of ends to choose from.
        typed: What the form held when it was refused, by field.
    """

    answer: str
    none: str
    places: tuple[Place, ...]
    ends: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    refused: str
    typed: dict[str, str]
    may_act: bool


def build(
    say: Speaker,
    context: Context,
    now: datetime,
    standing: Sequence[Standing],
    raises: Sequence[RaiseState],
    reader: str,
    error: BadData | None = None,
    typed: dict[str, str] | None = None,
    *,
    may_act: bool = True,
) -> Raises:
    """Lay out the page.

    Args:
        say: Language and clock of the page.
        context: The desk's country and pack.
        now: The desk's clock.
        standing: How every watched place stands at the newest run.
        raises: Every raise and where it has come to, by time.
        reader: Who looks.
        error: Why what was just asked for was not done.
        typed: What the form held then.
        may_act: Whether the desk can be acted on.
    """
    taken = {r.proposed.place for r in raises if r.stage in OPEN and r.proposed.until > now}
    places = tuple(_place(say, context, one, one.place in taken) for one in standing if one.allowed)
    held = sum(r.in_force(now) for r in raises)
    rule = context.scale.combine
    return Raises(
        answer=say("raises.answer", count=held) if held else say("raises.answer_none"),
        none="" if places else say("raises.none_rule" if rule is None else "raises.none"),
        places=places,
        ends=tuple(
            ((now + timedelta(hours=h)).isoformat(), say.short(now + timedelta(hours=h)))
            for h in HOURS
        ),
        rows=tuple(_row(say, context, one, now, reader) for one in reversed(raises)),
        refused="" if error is None else error.say(say.language),
        typed=typed or {},
        may_act=may_act,
    )


def _place(say: Speaker, context: Context, one: Standing, taken: bool) -> Place:
    whole = one.whole
    names = () if whole is None else (*whole.concurrent, *whole.successive)
    return Place(
        code=one.place,
        name=context.named[one.place].name(say.language),
        own=chip(context, say, one.own),
        combined=chip(context, say, one.combined),
        allowed=tuple(
            (by, say(f"raises.ranks_{by}" if by < 3 else "raises.ranks_more", by=by))  # noqa: PLR2004
            for by in one.allowed
        ),
        hazards=", ".join(_hazard(say, context, name) for name in names),
        clause="" if whole is None else cite(whole.clause, say.language),
        open=taken,
    )


def _hazard(say: Speaker, context: Context, name: str) -> str:
    """What a hazard's threat is called, and which event."""
    threat, _, event = name.partition("/")
    pack = context.country.packs.get(threat)
    return name if pack is None else f"{say.of(pack.threat.title)} ({event})"


def _row(say: Speaker, context: Context, state: RaiseState, now: datetime, reader: str) -> Row:
    one = state.proposed
    named = context.named.get(one.place)
    stage = state.stage
    if stage == "approved" and not state.in_force(now):
        stage = "lapsed"
    ended = ""
    if state.ended is not None:
        ended = say("raises.ended", at=say.short(state.ended), note=_note(say, state))
    return Row(
        id=one.id,
        place=one.place if named is None else named.name(say.language),
        by=one.by,
        stage=say(f"raises.stage_{stage}"),
        proposer=say("raises.person", role=role(context, say, one.role), at=say.short(one.at)),
        approver=""
        if state.approved is None
        else say(
            "raises.person",
            role=role(context, say, state.approver_role),
            at=say.short(state.approved),
        ),
        until=say.short(one.until),
        reason=one.reason,
        serious=one.serious_loss,
        ended=ended,
        waits=stage == "proposed" and one.until > now,
        holds=stage == "approved",
        mine=one.actor == reader,
    )


def _note(say: Speaker, state: RaiseState) -> str:
    return say(f"raises.lapse_{state.note}") if state.stage == "lapsed" else state.note
