"""What a channel may say of a parcel: its words, and what the CAP message tells machines.

Read from the approved bytes, so that no channel says anything that nobody approved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import cast

from haidang.base.errors import BadData
from haidang.edge.channels.port import Beside, Outcome, Parcel, State
from haidang.warn.cap import Alert, AreaBlock, Info, parse
from haidang.warn.message import Status, Text, moment, prefix
from haidang.warn.short import up_to_place
from haidang.words import word


@dataclass(frozen=True, slots=True)
class Still:
    """Another notice that goes on, as it is named.

    Attributes:
        headline: One line, without EXERCISE, TEST …
        level: As it was approved.
        places: Names of its areas.
        expires: Local time of the place.
    """

    headline: str
    level: int
    places: tuple[str, ...]
    expires: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """One parcel, ready to be laid out.

    Attributes:
        language: Of the words.
        headline: One line; it begins with EXERCISE, TEST … for all that is not the real thing.
        description, instruction: As approved.
        status: CAP status; "" where the message cannot be read.
        event: What happens, in words.
        severity, urgency, certainty: CAP; "" where not known.
        onset, expires: Local time of the place.
        sender: Name of who speaks.
        contact: How to reach them.
        note: Their standing.
        areas: With outlines and codes.
        facts: Our parameters without their prefix: level, scale, threat …
        earlier: Messages of the same chain before this one.
        stands: Others of the same danger that go on where this one ends or falls.
        more: How many more there are.
    """

    language: str
    headline: str
    description: str
    instruction: str
    status: str
    event: str
    severity: str
    urgency: str
    certainty: str
    onset: datetime | None
    expires: datetime
    sender: str
    contact: str
    note: str
    areas: tuple[AreaBlock, ...]
    facts: tuple[tuple[str, str], ...]
    earlier: int = 0
    stands: tuple[Still, ...] = ()
    more: int = 0

    @property
    def place(self) -> str:
        """Names of the areas."""
        return ", ".join(a.description for a in self.areas)

    @property
    def exercise(self) -> str:
        """EXERCISE, TEST … in the language; "" for the real thing."""
        return prefix(cast(Status, self.status), self.language) if self.status else ""

    @property
    def still(self) -> tuple[str, ...]:
        """Sentences that say what goes on, and until when; () where nothing does."""
        said = [_still(s, s.headline, self.language, timed=True) for s in self.stands]
        return (*said, *self._others(self.more))

    def still_short(self, *, timed: bool = False) -> str:
        """The same with level and place of the first alone, and how many others; "" for none.

        Args:
            timed: Whether it says until when.
        """
        if not self.stands:
            return ""
        first, others = self.stands[0], len(self.stands) - 1 + self.more
        head = up_to_place(first.headline, first.places, first.level)
        said = _still(first, head, self.language, timed=timed)
        return " ".join((said, *self._others(others)))

    def _others(self, count: int) -> tuple[str, ...]:
        return (word("channel.still_others", self.language, n=count),) if count else ()


def read(parcel: Parcel) -> Notice:
    """What a parcel says, in its recipient's language.

    Where its CAP bytes cannot be read, the words and times still go out: they were approved too.
    """
    alert = _alert(parcel.message.body)
    return _notice(parcel, parcel.text, alert, _info(alert, parcel.text.language))


def read_all(parcel: Parcel) -> tuple[Notice, ...]:
    """What a parcel says in every language of its message, for who speaks to everybody.

    Returns:
        In the order of the message; only the parcel's own where it cannot be read.
    """
    alert = _alert(parcel.message.body)
    if alert is None or not alert.infos:
        return (read(parcel),)
    found = []
    for info in alert.infos:
        language = info.language.partition("-")[0].lower()
        said = (info.headline or info.event, info.description or "", info.instruction or "")
        found.append(_notice(parcel, Text(language, *said), alert, info))
    return tuple(found)


def place_names(areas: Sequence[AreaBlock]) -> tuple[str, ...]:
    """Names of areas, each by itself: one narrowed to its parts is "place: part, part"."""
    return tuple(n.strip() for a in areas for n in re.split("[:,;]", a.description))


def _still(one: Still, headline: str, language: str, *, timed: bool) -> str:
    if not timed:
        return word("channel.still_short", language, headline=headline)
    until = moment(one.expires, language, one.expires.tzinfo or UTC)
    return word("channel.still", language, time=until, headline=headline)


def _stands(one: Beside) -> Still:
    alert = _alert(one.message.body)
    info = _info(alert, one.text.language)
    headline, language = one_line(one.text.headline), one.text.language
    if alert and (said := prefix(cast("Status", alert.status), language)):
        # It stands in front of the whole already.
        headline = headline.removeprefix(word("warn.prefixed", language, prefix=said, headline=""))
    return Still(
        headline,
        one.message.level,
        place_names(info.areas) if info else (),
        (info.expires if info else None) or one.message.expires,
    )


def _notice(parcel: Parcel, text: Text, alert: Alert | None, info: Info | None) -> Notice:
    status = alert.status if alert else ""
    headline = one_line(text.headline)
    said = prefix(cast("Status", alert.status), text.language) if alert else ""
    if said and said.casefold() not in headline.casefold():
        # An officer may have edited it away: what is not the real thing always says so.
        headline = word("warn.prefixed", text.language, prefix=said, headline=headline)
    facts = info.parameters if info else ()
    return Notice(
        language=text.language,
        headline=headline,
        description=text.description,
        instruction=text.instruction,
        status=status,
        event=info.event if info else "",
        severity=info.severity if info else "",
        urgency=info.urgency if info else "",
        certainty=info.certainty if info else "",
        onset=info.onset if info else None,
        expires=(info.expires if info else None) or parcel.message.expires,
        sender=(info.sender_name if info else "") or "",
        contact=(info.contact if info else "") or "",
        note=(alert.note if alert else "") or "",
        areas=info.areas if info else (),
        facts=tuple((n.partition(":")[2], v) for n, v in facts if ":" in n),
        earlier=len(alert.references) if alert else 0,
        stands=tuple(_stands(one) for one in parcel.stands),
        more=parcel.more,
    )


@lru_cache(maxsize=64)
def _alert(body: bytes) -> Alert | None:
    try:
        return parse(body)
    except BadData:
        return None


def _info(alert: Alert | None, language: str) -> Info | None:
    if alert is None or not alert.infos:
        return None
    of = {i.language.partition("-")[0].lower(): i for i in reversed(alert.infos)}
    return of.get(language.partition("-")[0].lower(), alert.infos[0])


def one_line(text: str) -> str:
    r"""A text on one line: no line end, tab or other control letter is left in it.

    >>> one_line("Bão\r\nBcc: x")
    'Bão Bcc: x'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def all_alike(parcels: Sequence[Parcel], state: State, why: str) -> tuple[Outcome, ...]:
    """The same outcome for every parcel."""
    return tuple(Outcome(p.key, state, why) for p in parcels)
