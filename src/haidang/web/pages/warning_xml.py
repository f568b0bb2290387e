"""A notice as CAP: as it was sent, or as it would go out now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from haidang.app.context import Context
from haidang.app.verdict import Draft, Message
from haidang.web.pages.warning_checks import preview
from haidang.web.pages.warnings import place_name
from haidang.web.speak import Speaker


@dataclass(frozen=True, slots=True)
class Xml:
    """The page.

    Attributes:
        text: The message, "" where the standard would not let it out.
        file: Name under which it is saved.
        problems: Why it would not go out.
    """

    draft: str
    place: str
    note: str
    body: bytes
    text: str
    file: str
    problems: tuple[str, ...]


def build(
    say: Speaker,
    context: Context,
    now: datetime,
    draft: Draft,
    messages: Sequence[Message],
) -> Xml:
    """The message of a draft.

    Args:
        say: Language of the page.
        context: The draft's country.
        now: The desk's clock.
        draft: Sent or not.
        messages: What its chain has said.
    """
    sent = next((m for m in messages if m.draft == draft.id), None)
    shown = preview(context, draft, now, messages) if sent is None else None
    message = sent or (shown.message if shown else None)
    if sent is not None:
        note = say("warnings.xml_sent_note", at=say.short(sent.sent))
    else:
        note = say("warnings.xml_draft_note", at=say.short(now))
    body = b"" if message is None else message.body
    return Xml(
        draft=draft.id,
        place=place_name(context, say, draft.place),
        note=note,
        body=body,
        text=body.decode("utf-8"),
        file=f"{message.identifier if sent and message else 'draft-' + draft.id[:8]}.xml",
        problems=() if shown is None else tuple(p.say(say.language) for p in shown.problems),
    )
