"""A raise: a person's word that several hazards at a place are worse together than each alone.

The law says "may". So a raise is a dated fact with somebody behind it, never a conclusion of the
program. It acts on the combined level alone, ends by itself, and cannot be raised again: nothing
that it changes is ever an input of another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LapseReason = Literal["hazards", "ended", "law"]


@dataclass(frozen=True, slots=True)
class Raise:
    """One raise of the combined level of a place on a scale.

    Attributes:
        id: Name that the content gives itself.
        by: Ranks.
        reason: In the person's words.
        serious_loss: The person holds that serious loss of life and property is possible.
        actor, role: Who decided; ids only.
        at: When it came into force: of the second person's word, where one was needed.
        until: When it ends.

    Source: Decision 18/2021/QĐ-TTg, Article 4(4) is such a rule.
    """

    id: str
    place: str
    scale: str
    by: int
    reason: str
    serious_loss: bool
    actor: str
    role: str
    at: datetime
    until: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it stands at an instant, as far as its own dates go."""
        return self.at <= now < self.until


@dataclass(frozen=True, slots=True)
class Lapse:
    """A raise that a run found to be over.

    Attributes:
        raise_id: Which.
        why: ``ended``: its end has passed; ``hazards``: fewer hazards count at the place than the
            law asks for; ``law``: the law as it is now does not allow it. It does not come back
            when that changes: a person decides anew.
    """

    raise_id: str
    place: str
    scale: str
    at: datetime
    why: LapseReason


def newest(raises: Iterable[Raise]) -> Raise | None:
    """The last word of several at one place on one scale: raises never add up."""
    return max(raises, key=lambda r: (r.at, r.id), default=None)
