"""The first page: which desks there are, and how to open another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from haidang.jobs.desk import Desk, DeskInfo, View
from haidang.pack.case import Case
from haidang.web.console import waits
from haidang.web.parts import Chip, Tag
from haidang.web.speak import Speaker


@dataclass(frozen=True, slots=True)
class Row:
    """One desk in the list.

    Attributes:
        mode: Replay, drill or live.
        state: How far it has come, or why it cannot be opened.
        top: Highest level on land now.
        calm: Why there is none, in words.
        waiting: How many drafts wait for a person, in words; "" for none.
        clock: The desk's own time.
        levels: Address of the style of its country's level colours.
    """

    id: str
    title: str
    mode: Tag
    state: str
    top: Chip | None
    waiting: str
    clock: str
    href: str
    calm: str = ""


@dataclass(frozen=True, slots=True)
class Drill:
    """A case that a drill can be made of."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Home:
    """The list, newest change first, and the cases that a drill can be made of."""

    rows: tuple[Row, ...]
    drills: tuple[Drill, ...]
    levels: str


def row(desk: Desk, view: View, say: Speaker) -> Row:
    """A desk in the list.

    Args:
        desk: The desk.
        view: Its newest run.
        say: Words of the room ``console``.
    """
    named = desk.context.named
    land = [d for d in view.decisions if named[d.place].kind not in {"sea", "point"}]
    top = max((d.after for d in land), default=0)
    chip = Chip(top, say.of(desk.context.scale.names(top))) if top else None
    # A level that was told and is gone is no longer there; one that never was is not there yet.
    raised = not top and any(
        d.said.level and named[d.place].kind != "sea" for d in view.drafts.values()
    )
    waiting = len(view.pending)
    signed = sum(bool(view.states[d.id].signer) for d in view.pending)
    step = view.step
    key = "home_state" if step.issued is not None else "home_state_clock"
    said = {"number": step.number, "time": say.short(step.issued or step.now)}
    return Row(
        id=desk.id,
        title=say.of(desk.title),
        mode=_mode(desk.kind, say),
        state=say(key, **said),
        top=chip,
        waiting=waits(say, waiting, signed) if waiting else "",
        clock=say("home_clock", time=say.short(view.until), offset=say.offset(view.until)),
        href=f"/d/{desk.id}/situation",
        calm="" if top else say("no_level_left" if raised else "no_level_land"),
    )


def broken(info: DeskInfo, why: str, say: Speaker) -> Row:
    """A desk that cannot be opened, with the reason: one that is damaged hides no other."""
    return Row(info.id, say.of(info.title), _mode(info.kind, say), why, None, "", "", "")


def _mode(kind: str, say: Speaker) -> Tag:
    return Tag(say(f"kind_{kind}"), "raised" if kind == "live" else "plain")


def drills(cases: Sequence[Case], say: Speaker) -> tuple[Drill, ...]:
    """The cases, newest event first."""
    ordered = sorted(cases, key=lambda c: (c.spec.law_on, c.spec.id), reverse=True)
    return tuple(Drill(c.spec.id, say.of(c.spec.title)) for c in ordered)
