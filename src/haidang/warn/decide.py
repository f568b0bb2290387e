"""The decision on one area's own level, and the reason, as one pure function.

Climb at once, climb down slowly, and never climb down blind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from haidang.risk.assessment import Assessment
from haidang.warn.spec import WarnSpec
from haidang.watch.signal import State


class Reason(StrEnum):
    """Why the level is what it is. Every decision carries exactly one."""

    STILL_QUIET = "still_quiet"
    RAISED = "raised"
    UNCHANGED = "unchanged"
    HOLDING = "holding"
    LOWERED = "lowered"
    ENDED = "ended"
    OVER = "over"
    HELD_NO_DATA = "held_no_data"
    HOLD_EXPIRED = "hold_expired"
    NOT_DEFINED = "not_defined"
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class Standing:
    """The own level of one threat at one place before or after a run.

    Attributes:
        level: Own legal level; 0 is none.
        since: When this level was entered.
        confirmed: Last time that data confirmed it.
        quieter_since: Since when assessments have been lower; None while they are not.
        quieter_max: The highest of those lower levels; 0 while there are none.
    """

    threat: str
    event: str
    place: str
    level: int
    since: datetime
    confirmed: datetime
    quieter_since: datetime | None = None
    quieter_max: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """A level of one threat at one place that is over.

    Attributes:
        at: When it fell to none.
    """

    threat: str
    event: str
    place: str
    at: datetime


def first(threat: str, event: str, place: str, now: datetime) -> Standing:
    """What stands where nothing was ever decided."""
    return Standing(threat, event, place, 0, now, now)


def step(
    assessment: Assessment, before: Standing, spec: WarnSpec, *, ended: bool
) -> tuple[Standing, Reason]:
    """Move one standing level by one assessment.

    Args:
        assessment: What is known now.
        before: What stood.
        spec: The pack's ``warn`` section.
        ended: The source said that the event is over. That is a fact, so the level falls at once;
            silence is not, and holds it.

    Returns:
        The new standing and exactly one reason.
    """
    now = assessment.at
    if assessment.state is State.NO_DATA:
        if not before.level:
            return before, Reason.BLIND
        late = now - before.confirmed > timedelta(hours=spec.max_hold_h)
        # Silence holds a level and never counts towards lowering it.
        held = _not_quieter(before)
        return held, Reason.HOLD_EXPIRED if late else Reason.HELD_NO_DATA
    level = assessment.grounds.level
    if level is None:
        # The text gives no level for this combination: a person decides, nothing falls by default.
        # It is no quieter reading either, so it does not count towards lowering.
        return _not_quieter(before), Reason.NOT_DEFINED
    if level > before.level:
        return _entered(before, level, now), Reason.RAISED
    if level == before.level:
        kept = replace(_not_quieter(before), confirmed=now)
        return kept, Reason.UNCHANGED if level else Reason.STILL_QUIET
    if ended:
        return _entered(before, level, now), Reason.OVER
    if assessment.grounds.status not in ("defined", "below"):
        # "At least": a part that is silent, or that the text leaves open, may still be higher.
        return _not_quieter(before), Reason.NOT_DEFINED
    quieter_since = before.quieter_since or now
    # One quiet reading after hours at level 3 does not undo those hours: the level falls to the
    # highest that was seen while it was held, and is held there anew.
    quieter_max = max(before.quieter_max, level)
    if now - quieter_since < timedelta(hours=spec.hold_h):
        held = replace(before, confirmed=now, quieter_since=quieter_since, quieter_max=quieter_max)
        return held, Reason.HOLDING
    lowered = _entered(before, quieter_max, now)
    if level < quieter_max:
        lowered = replace(lowered, quieter_since=now, quieter_max=level)
    return lowered, Reason.LOWERED if quieter_max else Reason.ENDED


def _not_quieter(before: Standing) -> Standing:
    return replace(before, quieter_since=None, quieter_max=0)


def _entered(before: Standing, level: int, now: datetime) -> Standing:
    return replace(_not_quieter(before), level=level, since=now, confirmed=now)
