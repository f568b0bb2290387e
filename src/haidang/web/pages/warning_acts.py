"""What a person may do to a notice that is out: the forms beside its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from haidang.app import narrowed
from haidang.app.acts import longest
from haidang.app.context import Context
from haidang.app.verdict import Draft, Message
from haidang.web.pages.notices import Version
from haidang.web.pages.warning_checks import language_name
from haidang.web.speak import Speaker

SHARES: Final = (4, 2, 1)
"""A notice is extended by a quarter, a half or the whole of the pack's validity."""
USUAL: Final = 1
"""Which of these the form has chosen: the middle one."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the place, and whether the notice is for it now."""

    code: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Acts:
    """The forms.

    Attributes:
        draft: Of the message that is out.
        seen: The chain's newest draft, which the forms name.
        waits: That draft, where it waits for a person: it comes first; "" else.
        ends: (instant, words) of the new ends of validity to choose from.
        chosen: Which of them is offered first.
        ran_out: When it ran out; "" while it is in force.
        parts: Parts that it may be narrowed to; () where none are known.
        languages: (tag, name) of every language in which a reason is given.
        still: What the newest run says of the level, "" where it gives none.
    """

    draft: str
    seen: str
    waits: str
    ends: tuple[tuple[str, str], ...]
    chosen: str
    ran_out: str
    parts: tuple[Part, ...]
    languages: tuple[tuple[str, str], ...]
    still: str


def build(
    say: Speaker,
    context: Context,
    now: datetime,
    draft: Draft,
    chain: Sequence[Version],
    messages: Sequence[Message],
    level: int,
) -> Acts | None:
    """The forms for the message of a draft.

    Args:
        say: Language and clock of the page.
        context: The desk's country and pack.
        now: The desk's clock.
        draft: Whose page it is.
        chain: Every draft of its chain.
        messages: What the chain has said by now, oldest first.
        level: Own level that stands at the place.

    Returns:
        None unless the draft's message is the newest of its chain and has not ended it.
    """
    if not messages or messages[-1].draft != draft.id or not messages[-1].level:
        return None
    newest = max(chain, key=lambda v: v.draft.version)
    end = messages[-1].expires
    ends = _ends(context, end, now)
    language = say.language
    within = draft.said.within
    day = context.local(now).date()
    return Acts(
        draft=draft.id,
        seen=newest.draft.id,
        waits=newest.draft.id if newest.settled is None else "",
        ends=tuple((at.isoformat(), say.short(at)) for at in ends),
        chosen=ends[USUAL].isoformat(),
        ran_out=say.short(end) if end <= now else "",
        parts=tuple(
            Part(p.code, p.name(language), p.code in within or not within)
            for p in narrowed.parts(context.country, draft.place, day)
        ),
        languages=tuple((t.language, language_name(say, t.language)) for t in draft.texts),
        still=say("warnings.acts_still", level=level) if level else "",
    )


def _ends(context: Context, end: datetime, now: datetime) -> tuple[datetime, ...]:
    """Whole hours, the longest no later than may be."""
    most = longest(context, end, now)
    begin = max(end, now)
    found = [begin + (most - begin) / share for share in SHARES]
    return tuple(_hour(at) if _hour(at) > begin else at for at in found)


def _hour(at: datetime) -> datetime:
    return at - timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
