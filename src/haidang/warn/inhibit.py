"""The lesser notice yields to the greater, so that people at one place hear one voice.

What yields is data of the pack (``warn.yields_to``). Two questions are kept apart. *Whom does a
hazard yield to?* is asked of levels alone. *Is it silent?* is asked of what people have been told:
a hazard is silent only while the greater notice names it at its level, and is in force or on its
way. So nothing is silenced by a notice that nobody will ever see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from haidang.warn.lifecycle import Named, Said


@dataclass(frozen=True, slots=True)
class Hazard:
    """A hazard at one place as inhibition sees it; all of a call share place and scale.

    Attributes:
        level: Own level, never a combined one.
        since: When that level was entered.
        yields_to: Threats that may speak for it.
        lost: Held without data beyond its longest hold: it can speak for nobody.
    """

    threat: str
    event: str
    level: int
    since: datetime
    yields_to: frozenset[str] = frozenset()
    lost: bool = False

    @property
    def name(self) -> str:
        """Threat and event."""
        return f"{self.threat}/{self.event}"


def ranked(hazards: Iterable[Hazard]) -> list[Hazard]:
    """The highest own level first, then the one that stands longest, then by name.

    The first is the leading hazard: its notice carries what is true of the whole place. Of equal
    levels one that is lost comes last: it can speak for nobody.
    """
    return sorted(hazards, key=lambda h: (-h.level, h.lost, h.since, h.name))


def yielding(hazards: Iterable[Hazard]) -> dict[str, Hazard]:
    """Who yields to whom, by name of the lesser, from levels alone.

    A hazard yields to the first in rank of those that its pack names, if that one

    * has a strictly higher level,
    * does not yield itself (who is silent can speak for nobody), and
    * is not lost.

    Two packs that yield to each other do no harm: at most one of them is lesser.

    Args:
        hazards: Of one place and one scale.
    """
    found: dict[str, Hazard] = {}
    speaking: list[Hazard] = []
    for one in ranked(hazards):
        greater = next(
            (g for g in speaking if g.level > one.level > 0 and g.threat in one.yields_to), None
        )
        if greater is not None:
            found[one.name] = greater
        elif not one.lost:
            speaking.append(one)
    return found


def named(
    hazards: Iterable[Hazard], to: Mapping[str, Hazard], greater: Hazard
) -> tuple[Named, ...]:
    """The hazards that a greater one speaks for, by name."""
    mine = (h for h in hazards if h.name in to and to[h.name].name == greater.name)
    return tuple(sorted(Named(h.threat, h.event, h.level) for h in mine))


@dataclass(frozen=True, slots=True)
class Voice:
    """How far the greater notice has come.

    Attributes:
        issued: What its newest message says; None before the first.
        pending: What the draft that waits says; None when none waits.
        drafted: When that draft was made.
        refused: Somebody turned its newest draft down, and none waits.
        fresh: What is drafted in this very run; None where nothing is.
        limit: How long a draft may wait before it goes to the next role.
    """

    issued: Said | None
    pending: Said | None
    drafted: datetime | None
    refused: bool
    fresh: Said | None
    limit: timedelta

    def overdue(self, now: datetime) -> bool:
        """Whether a draft has waited longer than it may: then it speaks for nobody."""
        return self.drafted is not None and now >= self.drafted + self.limit


def in_force(said: Said | None, now: datetime) -> bool:
    """Whether a message is out, gives a level, and has not run out."""
    return said is not None and said.level > 0 and said.expires > now


def silent(lesser: Hazard, told: Said | None, greater: Voice, now: datetime) -> bool:
    """Whether a yielding hazard needs no notice of its own now.

    Args:
        lesser: It yields to the one that speaks here.
        told: The newest message of its own notice; None before the first.
        greater: Whom it yields to.
        now: The clock.

    Returns:
        True where the greater notice names it at its level or higher, and that notice is in force;
        or, if nothing of its own is in force, is drafted in this run or waits within its limit
        and was not turned down. A notice in force is never left to run out on the strength of a
        draft that nobody approved yet.
    """

    def names(said: Said | None) -> bool:
        return said is not None and said.speaks_for(lesser.threat, lesser.event) >= lesser.level

    if in_force(greater.issued, now) and names(greater.issued):
        return True
    if in_force(told, now) or greater.overdue(now) or greater.refused:
        return False
    return names(greater.pending if greater.fresh is None else greater.fresh)
