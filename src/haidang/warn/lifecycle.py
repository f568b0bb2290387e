"""A notice from first word to all-clear: when it speaks again, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from haidang.warn.spec import WarnSpec

MessageKind = Literal["Alert", "Update", "Cancel"]


class Occasion(StrEnum):
    """Why a notice is drafted now. Every draft carries exactly one."""

    FIRST = "first"
    LEVEL_UP = "level_up"
    LEVEL_DOWN = "level_down"
    BEGUN = "begun"
    EARLIER = "earlier"
    LATER = "later"
    STRONGER = "stronger"
    WEAKER = "weaker"
    RENEW = "renew"
    ALL_CLEAR = "all_clear"
    WITHDRAWN = "withdrawn"
    COMBINED_UP = "combined_up"
    COMBINED_DOWN = "combined_down"
    ALSO_MORE = "also_more"
    ALSO_LESS = "also_less"
    YIELDED = "yielded"
    # A person's own acts on a notice that is out; no run ever drafts one of these.
    EXTENDED = "extended"
    NARROWED = "narrowed"
    REWORDED = "reworded"
    CANCELLED = "cancelled"
    CLEARED = "cleared"


PERSONAL: Final = frozenset(
    {
        Occasion.EXTENDED, Occasion.NARROWED, Occasion.REWORDED,
        Occasion.CANCELLED, Occasion.CLEARED,
    }
)  # fmt: skip
"""What only a person does to a notice that is out."""

ENDING: Final = frozenset({Occasion.ALL_CLEAR, Occasion.CANCELLED, Occasion.CLEARED})
"""Occasions after which a chain says no more."""

BY_HAND: Final = ENDING & PERSONAL
"""Endings that a person decided, whatever the data said."""


class Named(NamedTuple):
    """A lesser hazard that a notice speaks for too.

    Attributes:
        level: Its own level.
    """

    threat: str
    event: str
    level: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a notice says, reduced to what makes another one worth sending.

    Attributes:
        level: Legal level.
        force: Strongest wind force, or the pack's own measure, expected in the area.
        onset: When the leading threshold begins; None if it is not expected.
        expires: End of validity.
        begun: Whether it says that it is too late to leave (the pack's ``shelter_force``).
        combined: Combined level that it carries; 0 unless a person raised it and this is the
            notice of the leading hazard.
        also: Lesser hazards that it speaks for, by threat and event.
        within: Codes of the parts of the place that a person narrowed it to; () for all of it.
    """

    level: int
    force: int
    onset: datetime | None
    expires: datetime
    begun: bool = False
    combined: int = 0
    also: tuple[Named, ...] = ()
    within: tuple[str, ...] = ()

    def speaks_for(self, threat: str, event: str) -> int:
        """At what level it names a lesser hazard; 0 where it does not."""
        return next((n.level for n in self.also if (n.threat, n.event) == (threat, event)), 0)


@dataclass(frozen=True, slots=True)
class Held:
    """A person ended a notice by hand; that holds until the facts grow.

    Attributes:
        occasion: ``CANCELLED`` or ``CLEARED``.
        facts: What a run would have said as the person acted, at the lowest level that has stood
            since: what fell and comes back is a new fact.
    """

    occasion: Occasion
    facts: Said


def grown(now: datetime, facts: Said, fresh: Said, spec: WarnSpec) -> bool:
    """Whether more is known to come than a person knew of.

    Args:
        now: The snapshot's clock.
        facts: What a run would have said then.
        fresh: What it would say now.
        spec: The pack's ``warn`` section.

    Returns:
        True for a higher level, own or combined, a stronger force, a wind that has begun, an
        earlier onset, or another hazard beside it that is new or higher. The same again, less of
        it, later and "valid longer" are no more.
    """
    if not fresh.level:
        return False
    return (
        fresh.level > facts.level
        or fresh.combined > facts.combined
        or fresh.force > facts.force
        or (fresh.begun and not facts.begun)
        or any(n.level > facts.speaks_for(n.threat, n.event) for n in fresh.also)
        or _moved(facts.onset, fresh.onset, now, spec) is Occasion.EARLIER
    )


def occasion(now: datetime, said: Said | None, fresh: Said, spec: WarnSpec) -> Occasion | None:
    """Decide whether ``fresh`` deserves a notice after ``said``.

    Args:
        now: The snapshot's clock.
        said: The chain's newest notice, issued or waiting for approval; None before the first.
        fresh: What a notice drawn up now would say.
        spec: The pack's ``warn`` section.

    Returns:
        The one reason to speak, the weightiest first, or None: identical notices are not repeated.
    """
    if said is None or said.level == 0:
        return Occasion.FIRST if fresh.level else None
    if fresh.level == 0:
        return Occasion.ALL_CLEAR
    if (weighty := _weighty(said, fresh)) is not None:
        return weighty
    if fresh.force > said.force:
        return Occasion.STRONGER
    if (moved := _moved(said.onset, fresh.onset, now, spec)) is not None:
        return moved
    if (other := _beside(said, fresh)) is not None:
        return other
    if fresh.force < said.force:
        return Occasion.WEAKER
    if said.expires - now <= timedelta(hours=spec.renew_h):
        return Occasion.RENEW
    return None


def _weighty(said: Said, fresh: Said) -> Occasion | None:
    """What goes before any change of force or time."""
    if fresh.level != said.level:
        return Occasion.LEVEL_UP if fresh.level > said.level else Occasion.LEVEL_DOWN
    if fresh.begun and not said.begun:
        # What is out still says "leave".
        return Occasion.BEGUN
    return Occasion.COMBINED_UP if fresh.combined > said.combined else None


def _beside(said: Said, fresh: Said) -> Occasion | None:
    """What changed of the hazards beside it; what people must know more of comes first."""
    if any(n.level > said.speaks_for(n.threat, n.event) for n in fresh.also):
        return Occasion.ALSO_MORE
    if fresh.combined < said.combined:
        return Occasion.COMBINED_DOWN
    return Occasion.ALSO_LESS if fresh.also != said.also else None


def _moved(
    said: datetime | None, fresh: datetime | None, now: datetime, spec: WarnSpec
) -> Occasion | None:
    """Earlier, later or neither; an onset that has passed by now no longer moves."""
    if said is not None and said <= now and (fresh is None or fresh <= now):
        return None
    if fresh is None:
        # No longer expected by half of the ensemble: a weaker force says it, an onset cannot.
        return None
    if said is None:
        return Occasion.EARLIER
    shift = timedelta(hours=spec.shift_h)
    if fresh <= said - shift:
        return Occasion.EARLIER
    return Occasion.LATER if fresh >= said + shift else None


def message_kind(occasion: Occasion, issued: bool) -> MessageKind:
    """CAP message type of a draft.

    Args:
        occasion: Why it is drafted.
        issued: Whether the chain has a message out already; before that everything is an Alert.
    """
    if occasion in ENDING:
        return "Cancel"
    return "Update" if issued else "Alert"
