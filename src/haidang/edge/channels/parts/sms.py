"""A parcel as a short message, and the number it goes to: the same for every gateway."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field, StringConstraints

from haidang.edge.channels.parts.notice import Notice, place_names, read
from haidang.edge.channels.parts.spec import ChannelSpec, Home
from haidang.edge.channels.port import Parcel, State
from haidang.warn.short import Short, texted
from haidang.words import word

_NUMBER: Final = re.compile(r"\+?[0-9]{3,15}")


class SmsSpec(ChannelSpec):
    """What every gateway of short messages has.

    Attributes:
        letters: ``plain``: without diacritics, 160 to a message, shown by every phone; ``own``:
            as written, 70 to a message.
        parts: Short messages at most that one notice takes; each costs, and a part that is lost
            loses the whole.
        link: Whether the address of the whole notice is added where it fits.
        prefix: Of the country, without ``+``: a number that begins with 0 gets it instead.
    """

    letters: Literal["plain", "own"] = "plain"
    parts: Annotated[int, Field(ge=1, le=6)] = 2
    link: bool = True
    prefix: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,4}$")] = ""


class Reported(NamedTuple):
    """What a gateway says of a message it had taken.

    Attributes:
        receipt: As in the outcome.
        state: ``delivered``, ``failed`` or ``refused``.
        why: Code of the problem; "" where it was delivered.
    """

    receipt: str
    state: State
    why: str = ""


def number(address: str, prefix: str) -> str | None:
    """A phone number as gateways take it: country code and digits, no ``+``.

    Args:
        address: As people write it.
        prefix: Put in place of a leading 0; "" leaves it.

    Returns:
        3 to 15 digits (ITU-T E.164); None where it is no number.

    >>> number("+84 912.345-678", ""), number("0912 345 678", "84"), number("call me", "84")
    ('84912345678', '84912345678', None)
    """
    bare = re.sub(r"[ .()\u00a0-]", "", address)
    if not _NUMBER.fullmatch(bare):
        return None
    if bare.startswith("+"):
        return bare[1:]
    return prefix + bare[1:] if prefix and bare.startswith("0") else bare


def short(parcel: Parcel, spec: SmsSpec, home: Home) -> Short:
    """The words of a parcel as they are sent to a phone."""
    notice = read(parcel)
    return texted(
        replace(parcel.text, headline=notice.headline),
        places=place_names(notice.areas),
        level=parcel.message.level,
        still=_still(notice),
        most=spec.parts,
        own_letters=spec.letters == "own",
        link=home.link_to(parcel.message.identifier) if spec.link else "",
    )


def _still(notice: Notice) -> tuple[str, ...]:
    """What goes on beside a notice, from long to short; the last one may have to stand alone."""
    if not (brief := notice.still_short()):
        return ()
    alone, said = brief, notice.exercise
    if said:
        alone = word("warn.prefixed", notice.language, prefix=said, headline=brief)
    return notice.still_short(timed=True), brief, alone
