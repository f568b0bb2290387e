"""What the pages about notices share: a draft with what people did to it, countdowns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from haidang.app.context import Context
from haidang.app.verdict import Draft, Message
from haidang.edge.store.glance import DraftAct
from haidang.web.parts import Chip
from haidang.web.speak import Speaker

OVER = ("approved", "refused", "superseded", "withdrawn")
"""Acts after which a draft waits no longer."""


@dataclass(frozen=True)
class Version:
    """One draft of a chain with all that happened to it, in order."""

    draft: Draft
    acts: tuple[DraftAct, ...]

    def last(self, *actions: str) -> DraftAct | None:
        """The newest act of these kinds; None when there is none."""
        return next((a for a in reversed(self.acts) if a.action in actions), None)

    @cached_property
    def edited(self) -> DraftAct | None:
        """By whom its words were changed; None for what the machine drew up."""
        return self.last("edited")

    @cached_property
    def signed(self) -> DraftAct | None:
        """Who answers for its words: whoever edited or signed last."""
        return self.last("edited", "signed")

    @cached_property
    def settled(self) -> DraftAct | None:
        """What ended its wait; None while it waits."""
        return self.last(*OVER)


@dataclass(frozen=True, slots=True)
class Left:
    """Until when, and how long that is from now: the clock time first, the countdown second.

    Attributes:
        at: The instant, in words.
        left: How long from now, in words.
        late: Whether it has passed.
    """

    at: str
    left: str
    late: bool


def chip(
    context: Context, say: Speaker, level: int, *, held: bool = False, planned: bool = False
) -> Chip | None:
    """A level of the country's scale with its word; None for no level."""
    if not level:
        return None
    return Chip(level, context.scale.names(level).say(say.language), held, planned)


def versions(drafts: Iterable[Draft], acts: Iterable[DraftAct]) -> tuple[Version, ...]:
    """Each draft with what happened to it."""
    by_draft: dict[str, list[DraftAct]] = {}
    for act in acts:
        by_draft.setdefault(act.draft, []).append(act)
    return tuple(Version(d, tuple(by_draft.get(d.id, ()))) for d in drafts)


def left(say: Speaker, at: datetime, now: datetime) -> Left:
    """How long until an instant.

    >>> from datetime import timedelta, timezone
    >>> now = datetime(2024, 9, 6, 12, 0, tzinfo=timezone.utc)
    >>> en = Speaker("en", timezone.utc)
    >>> left(en, now + timedelta(minutes=12), now).left
    '12 min left'
    >>> left(en, now - timedelta(hours=2, minutes=5), now).left
    '2 h 05 min late'
    """
    late = at <= now
    minutes = int(abs(at - now).total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 24:  # noqa: PLR2004 - hours of a day
        span = say("warnings.days", count=hours // 24, hours=hours % 24)
    elif hours:
        span = say("warnings.hours_minutes", hours=hours, minutes=f"{rest:02}")
    else:
        span = say("warnings.minutes", minutes=rest)
    return Left(say.short(at), say("warnings.late" if late else "warnings.left", span=span), late)


def role(context: Context, say: Speaker, name: str) -> str:
    """What a role is called in this country; its id where nobody named it."""
    return context.country.spec.role(name, say.language)


def in_force(messages: Sequence[Message], now: datetime) -> dict[str, Message]:
    """The newest message of each chain that has not said its all-clear, by chain.

    One that has run out without an all-clear is still here: people were never told that it ended.
    """
    newest = {m.chain: m for m in sorted(messages, key=lambda m: m.sent) if m.sent <= now}
    return {chain: m for chain, m in newest.items() if m.level}


def waiting(
    versions: Iterable[Version], at_sea: Callable[[str], bool] = lambda _: False
) -> tuple[Version, ...]:
    """The newest draft of each chain where it waits, in the order of every list of what waits.

    Args:
        versions: Every draft known by now.
        at_sea: Whether an area, by its code, is at sea.

    Returns:
        See ``urgency``.
    """
    newest: dict[str, Version] = {}
    for version in versions:
        one = newest.get(version.draft.chain)
        if one is None or one.draft.version < version.draft.version:
            newest[version.draft.chain] = version
    still = [v for v in newest.values() if v.settled is None]

    return tuple(sorted(still, key=lambda v: urgency(v.draft, at_sea=at_sea(v.draft.place))))


def urgency(draft: Draft, *, at_sea: bool) -> tuple[int, bool, datetime, int, float, str]:
    """Sorts drafts that wait, the worst first.

    Args:
        draft: One that waits.
        at_sea: Whether its area is at sea.

    Returns:
        By level, land before sea, then by when it is due: whoever works down the list has done
        the worst first, however late the others are. One bulletin brings many that are due
        together: of these the strongest wind comes first, then the earliest.
    """
    said = draft.said
    begins = math.inf if said.onset is None else said.onset.timestamp()
    return -said.level, at_sea, draft.due, -said.force, begins, draft.place
