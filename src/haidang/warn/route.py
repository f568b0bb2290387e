"""Who is told of a notice, over which channel, in which language; and of everybody else why not.

A notice goes to whoever asked for its place, threat and level. Once told, a person hears of the
same notice to its end: an Update below their level and the all-clear reach them too, even where
their subscription has ended since, for what was said to them must be taken back to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from haidang.warn.lifecycle import MessageKind, Named
from haidang.warn.message import Text

Within = Callable[[str], frozenset[str]]
"""Place code -> every code whose subscribers a notice for it concerns, itself among them."""

PUBLIC: Final = ""
"""The recipient of a channel that speaks to everybody."""


class Why(StrEnum):
    """The one reason for which a person is told or not. Of those who are not, nearest miss last."""

    # Told.
    MATCHES = "matches"
    WAS_TOLD = "was_told"
    EVERYBODY = "everybody"
    # Not told, in the order in which it is asked.
    NOT_FOR_PEOPLE = "not_for_people"
    OTHER_PLACE = "other_place"
    OTHER_THREAT = "other_threat"
    NO_DRILLS = "no_drills"
    NEVER_TOLD = "never_told"
    BELOW_LEVEL = "below_level"
    DOES_NOT_WAKE = "does_not_wake"
    NO_SUBSCRIPTION = "no_subscription"
    ANOTHER_SAYS_MORE = "another_says_more"


ORDER: Final = tuple(Why)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one recipient wants to hear over one channel.

    Attributes:
        recipient: Salted id.
        channel: Name of a channel.
        places: Codes; one of a province stands for its communes too, () for everywhere.
        threats: Pack ids, () for all.
        least_level: Legal level from which on they are told.
        language: Tag.
        wakes_only: Only what may wake people.
        drills: Whether exercises and tests are sent to them too.
        id: Name in the store, "" outside it.
    """

    recipient: str
    channel: str
    places: tuple[str, ...] = ()
    threats: tuple[str, ...] = ()
    least_level: int = 1
    language: str = ""
    wakes_only: bool = False
    drills: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True)
class Warned:
    """What routing looks at of an approved message.

    Attributes:
        identifier: Of the message; "" of one that is only thought of.
        kind: CAP message type.
        threat: Pack id.
        event: Event id.
        place: Area code.
        level: Legal level; 0 is the all-clear.
        texts: One per language of the country, its own first.
        wakes: Whether it may wake people.
        status: CAP status.
        sent: When; None of one that is only thought of.
        also: Lesser hazards that it speaks for.
        within: Codes of the parts of the place that it is for; () for all of it.
    """

    identifier: str
    kind: MessageKind
    threat: str
    event: str
    place: str
    level: int
    texts: tuple[Text, ...]
    wakes: bool
    status: str
    sent: datetime | None = None
    also: tuple[Named, ...] = ()
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Routed:
    """What becomes of one recipient on one channel.

    Attributes:
        recipient: Salted id; ``PUBLIC`` for everybody.
        language: Of the text they get, or would get.
        told: Whether the notice is sent to them.
        why: The one reason.
        subscription: Id of the subscription that says so; "" where none does.
    """

    recipient: str
    channel: str
    language: str
    told: bool
    why: Why
    subscription: str = ""


def text_for(texts: Sequence[Text], language: str) -> Text:
    """The text in a language, in the country's own where there is none.

    Args:
        texts: At least one.
        language: Tag, with or without a region.
    """
    tag = language.partition("-")[0].lower()
    return next((t for t in texts if t.language == tag), texts[0])


def concerned(notice: Warned, within: Within) -> frozenset[str]:
    """Every code whose subscribers a notice is for.

    One that a person narrowed is for its parts, and for whoever asked for the whole place or for
    what lies around it: they did not say which part they meant.

    >>> def within(code):  # a province and two communes
    ...     return frozenset({"p", "c1", "c2"} if code == "p" else {code, "p"})
    >>> narrowed = Warned("m", "Alert", "wind", "w", "p", 3, (), True, "Actual", within=("c1",))
    >>> sorted(concerned(narrowed, within))
    ['c1', 'p']
    """
    whole = within(notice.place)
    if not notice.within:
        return whole
    return frozenset({notice.place}).union(*(within(part) for part in notice.within)) & whole


def route(
    notice: Warned,
    subscriptions: Iterable[Subscription],
    within: Within,
    told: Mapping[tuple[str, str], str] | None = None,
) -> tuple[Routed, ...]:
    """Decide who is told.

    Args:
        notice: What is to be said.
        subscriptions: Those in force, in any order.
        within: See ``Within``.
        told: Language by (recipient, channel) of those who have got, or may have got, an earlier
            message of the same chain.

    Returns:
        One entry for each recipient and channel, by recipient and channel, however many
        subscriptions fit: nobody gets the same notice twice over one channel.

    >>> notice = Warned("m", "Alert", "wind", "w", "01", 3, (), True, "Actual")
    >>> wants = [Subscription("anna", "sms", ("01",)), Subscription("bert", "sms", ("02",))]
    >>> [(r.recipient, r.told, r.why.value) for r in route(notice, wants, lambda p: frozenset({p}))]
    [('anna', True, 'matches'), ('bert', False, 'other_place')]
    """
    before = told or {}
    reach = concerned(notice, within)
    best: dict[tuple[str, str], Routed] = {}
    for one in subscriptions:
        key = (one.recipient, one.channel)
        found = _asked(notice, one, reach, was_told=key in before)
        if (kept := best.get(key)) is None or _rank(found) > _rank(kept):
            best[key] = found
    for (recipient, channel), language in before.items():
        if (recipient, channel) not in best and notice.status not in _NOT_FOR_PEOPLE:
            said = text_for(notice.texts, language).language if notice.texts else language
            best[recipient, channel] = Routed(recipient, channel, said, True, Why.WAS_TOLD)
    return tuple(best[key] for key in sorted(best))


_NOT_FOR_PEOPLE: Final = frozenset({"System", "Draft"})


def _asked(notice: Warned, one: Subscription, reach: frozenset[str], *, was_told: bool) -> Routed:
    why = _miss(notice, one, reach)
    if was_told and why not in (None, Why.NOT_FOR_PEOPLE):
        why = Why.WAS_TOLD
    told = why in (None, Why.WAS_TOLD)
    language = text_for(notice.texts, one.language).language if notice.texts else one.language
    return Routed(one.recipient, one.channel, language, told, why or Why.MATCHES, one.id)


def _miss(notice: Warned, one: Subscription, reach: frozenset[str]) -> Why | None:
    """The first thing that does not fit; None where all fits."""
    if notice.status in _NOT_FOR_PEOPLE:
        return Why.NOT_FOR_PEOPLE
    if one.places and reach.isdisjoint(one.places):
        return Why.OTHER_PLACE
    if one.threats and notice.threat not in one.threats:
        return Why.OTHER_THREAT
    if notice.status != "Actual" and not one.drills:
        return Why.NO_DRILLS
    if notice.kind == "Cancel":
        return Why.NEVER_TOLD  # there is nothing to take back
    if notice.level < one.least_level:
        return Why.BELOW_LEVEL
    if one.wakes_only and not notice.wakes:
        return Why.DOES_NOT_WAKE
    return None


def _rank(one: Routed) -> tuple[bool, int, str]:
    """What fits goes first, then what came nearest; of equals always the same one."""
    near = -ORDER.index(one.why) if one.told else ORDER.index(one.why)
    return (one.told, near, one.subscription)
