"""Which notices are in force, and how those ended that no longer are.

A notice that ran out was not called off: nobody said that the danger is over. The two are never
told in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from haidang.app.verdict import Draft, Message
from haidang.risk.assessment import Assessment
from haidang.warn.lifecycle import Occasion
from haidang.watch.signal import State

WINDOW: Final = timedelta(hours=24)
"""How long a notice that ended is still told of. One day: whoever looked yesterday at the same
hour learns what became of it; dead warnings do not fill the page after that."""

End = Literal["all_clear", "expired", "replaced", "cancelled", "withdrawn"]
"""``all_clear``: somebody said that the danger is over. ``expired``: it ran out and nobody did.
``replaced``: a greater hazard's notice speaks for it. ``cancelled``: it was issued in error.
``withdrawn``: it was called off for another reason."""

_ENDS: Final[Mapping[Occasion, End]] = {
    Occasion.ALL_CLEAR: "all_clear",
    Occasion.CLEARED: "all_clear",
    Occasion.CANCELLED: "cancelled",
    Occasion.YIELDED: "replaced",
}


@dataclass(frozen=True, slots=True)
class Active:
    """A notice in force.

    Attributes:
        message: The newest of its chain.
        draft: Its words, level, threat, event, place and parameters.
        onset: When the danger is expected to begin; None where that is not known.
        expires: Until when it holds unless another one follows.
    """

    message: Message
    draft: Draft
    onset: datetime | None
    expires: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A notice that was in force not long ago.

    Attributes:
        message: The newest of its chain: the all-clear itself, or the one that ran out.
        draft: As of `Active`.
        at: When it ended.
        how: How.
    """

    message: Message
    draft: Draft
    at: datetime
    how: End


@dataclass(frozen=True, slots=True)
class Look:
    """When the system looked last, and what it could not see.

    Attributes:
        at: Clock of the newest run; None where there was none.
        data: When the newest data came in that it read; None where none did.
        threats: Ids of the threats that it watches.
        silent: By place, (threat, since when nothing is known) of what it has no data on; the
            time is None where it never had any.
    """

    at: datetime | None = None
    data: datetime | None = None
    threats: tuple[str, ...] = ()
    silent: Mapping[str, tuple[tuple[str, datetime | None], ...]] | None = None

    def silent_at(self, place: str) -> tuple[tuple[str, datetime | None], ...]:
        """What nothing is known of at a place."""
        return (self.silent or {}).get(place, ())


def active(
    messages: Iterable[Message], drafts: Mapping[str, Draft], now: datetime
) -> tuple[Active, ...]:
    """The notices in force: of each chain the newest, unless it calls off or has run out.

    Args:
        messages: Sent so far, in any order; what was sent after ``now`` is not looked at.
        drafts: By id, at least those of the messages.
        now: The instant. A notice no longer holds at the very instant at which it expires.

    Returns:
        By place, the highest level first.
    """
    found = [
        Active(one, draft, draft.onset, one.expires)
        for one, draft in _newest(messages, drafts, now)
        if one.kind != "Cancel" and one.expires > now
    ]
    return in_order(found)


def ended(
    messages: Iterable[Message],
    drafts: Mapping[str, Draft],
    now: datetime,
    window: timedelta = WINDOW,
) -> tuple[Ended, ...]:
    """The notices that ended not long before an instant, and how.

    One whose threat, event and place have a newer notice is left out: that one tells what holds.

    Args:
        messages: As of `active`.
        drafts: As of `active`.
        now: As of `active`.
        window: How far back, the very edge included.

    Returns:
        By place, the newest end first.
    """
    newest: dict[tuple[str, str, str], Ended | None] = {}
    for one, draft in _newest(messages, drafts, now):
        # In the order of sending: a later chain of the same danger overwrites an earlier one.
        newest[draft.threat, draft.event, draft.place] = _end(one, draft, now)
    found = [e for e in newest.values() if e is not None and now - e.at <= window]
    return tuple(sorted(found, key=lambda e: (e.draft.place, -e.at.timestamp(), e.draft.threat)))


def _end(one: Message, draft: Draft, now: datetime) -> Ended | None:
    if one.kind == "Cancel":
        return Ended(one, draft, one.sent, _ENDS.get(draft.occasion, "withdrawn"))
    if one.expires <= now:
        return Ended(one, draft, one.expires, "expired")
    return None


def _newest(
    messages: Iterable[Message], drafts: Mapping[str, Draft], now: datetime
) -> Iterator[tuple[Message, Draft]]:
    """The newest message of each chain, in the order of sending.

    Two of one chain in the same second are told apart by the versions of their drafts.
    """
    newest: dict[str, Message] = {}

    def age(one: Message) -> tuple[datetime, int]:
        return one.sent, drafts[one.draft].version

    for one in messages:
        if one.sent <= now and (one.chain not in newest or age(newest[one.chain]) <= age(one)):
            newest[one.chain] = one
    for one in sorted(newest.values(), key=lambda m: (m.sent, m.chain)):
        yield one, drafts[one.draft]


def in_order(found: Iterable[Active]) -> tuple[Active, ...]:
    """By place, the highest level first."""
    return tuple(sorted(found, key=_order))


def _order(one: Active) -> tuple[str, int, str, str]:
    return one.draft.place, -one.draft.said.level, one.draft.threat, one.message.chain


def looked(
    assessments: Iterable[Assessment], at: datetime, data: datetime | None, threats: Iterable[str]
) -> Look:
    """What a run saw, for those who read that nothing is in force.

    Args:
        assessments: Of the run.
        at: Its clock.
        data: When the newest data came in that it read.
        threats: Ids of the packs that it asked.
    """
    silent: dict[str, list[tuple[str, datetime | None]]] = {}
    for one in assessments:
        if one.state is State.NO_DATA:
            silent.setdefault(one.place, []).append((one.threat, data))
    return Look(at, data, tuple(threats), {p: tuple(sorted(s)) for p, s in silent.items()})
