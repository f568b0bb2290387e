"""What was known, decided, said and done, in one ordered list, beside what really happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Literal, TypeAlias

Stage: TypeAlias = Literal["known", "decided", "said", "done", "found"]
"""``found`` is what really happened or was learned afterwards; no run ever read it."""

STAGES: Final[Mapping[str, Stage]] = {
    "bulletin": "known",
    "stock": "known",
    "run": "decided",
    "decision": "decided",
    "plan": "decided",
    "draft": "said",
    "edited": "said",
    "signed": "said",
    "escalated": "said",
    "approval": "said",
    "refused": "said",
    "superseded": "said",
    "withdrawn": "said",
    "message": "said",
    "ordered": "found",
    "reported": "found",
    "onset": "found",
    "landfall": "found",
}
"""Stage of each kind of event; one that is not here, such as an act on a task, is ``done``."""

_ORDER: Final = ("found", "known", "decided", "said", "done")
"""What happened or came in at an instant stands before what was made of it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        at: The desk's clock, or when it really happened.
        kind: A ledger's own (``decision``, ``draft``, ``message`` ...), ``bulletin``, or
            ``ordered``, ``reported``, ``onset``, ``landfall`` of what was found afterwards.
        place: Code of the place, "" for the whole.
        id: For ``haidang explain``; "" where there is none.
        recorded: Wall clock of the ledger's line; None outside the ledger.
        draft: Id of the draft it belongs to, "" for none.
        before, level: Level before and after, or the level that is spoken of; None for neither.
        reason: Reason of a decision, occasion of a draft, act of an order, id of a task in the
            scenario.
        role: Who acted, as a role; "" for the system.
        bulletin: Time of issue of the bulletin that it rests on.
        numbers: Figures that its words name.
        text: In the source's own words, "" where the words are ours.
    """

    at: datetime
    kind: str
    place: str = ""
    id: str = ""
    recorded: datetime | None = None
    draft: str = ""
    before: int | None = None
    level: int | None = None
    reason: str = ""
    role: str = ""
    bulletin: datetime | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline: one event, or the same for several places at once.

    Attributes:
        stage: See ``Stage``.
        places: Codes, in order.
        ids: One for each place that has one.
        event: The first of them, for everything they share.
        late: Wall clock less desk clock; None outside the ledger. In a replay it is the age of
            the event.
    """

    at: datetime
    stage: Stage
    kind: str
    places: tuple[str, ...]
    ids: tuple[str, ...]
    event: Event
    late: timedelta | None


def timeline(events: Iterable[Event]) -> tuple[Line, ...]:
    """Order events and join those that differ only in their place.

    Decisions that change no level are left out: silence about them is in the ledger.

    Args:
        events: Those of the ledger in its own order, then any others.

    Returns:
        By time; of one instant what happened, what was known, decided, said and done; within
        these in the ledger's order.
    """
    kept = [e for e in events if e.kind != "run" and (e.kind != "decision" or e.before != e.level)]
    kept.sort(key=lambda e: (e.at, _ORDER.index(_stage(e))))
    out = []
    for _, same in groupby(_gathered(kept), key=_alike):
        rows = tuple(same)
        first = rows[0]
        late = None if first.recorded is None else first.recorded - first.at
        places = tuple(dict.fromkeys(r.place for r in rows if r.place))
        ids = tuple(r.id for r in rows if r.id)
        out.append(Line(first.at, _stage(first), first.kind, places, ids, first, late))
    return tuple(out)


def _stage(event: Event) -> Stage:
    return STAGES.get(event.kind, "done")


def _alike(event: Event) -> tuple[object, ...]:
    """What two events share that are told in one line."""
    what = (event.at, event.kind, event.before, event.level, event.reason, event.role)
    return (*what, event.text, tuple(sorted(event.numbers.items())))


def _gathered(events: list[Event]) -> list[Event]:
    """Like next to like, in the order in which the first of them comes."""
    found: dict[tuple[object, ...], list[Event]] = {}
    for event in events:
        found.setdefault(_alike(event), []).append(event)
    return [e for rows in found.values() for e in rows]
