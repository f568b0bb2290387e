"""An approved draft becomes a CAP message. Identifier and times are given, nothing is invented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

from haidang.app.context import AreaName, Context
from haidang.app.verdict import Draft, Message
from haidang.app.wording import event_name
from haidang.base.ids import content_id
from haidang.warn.cap import (
    Alert,
    AreaBlock,
    Certainty,
    Info,
    Reference,
    Urgency,
    to_bytes,
)
from haidang.warn.message import Status, Text
from haidang.warn.spec import Response, Severity

POINT_RADIUS_KM: Final = 100.0
"""Circle drawn around an area that the law names and no outline shows, km."""


def issue(context: Context, draft: Draft, sent: datetime, earlier: Sequence[Message]) -> Message:
    """Build the message of an approved draft.

    Args:
        context: The draft's country and areas.
        draft: Approved, the newest of its chain.
        sent: The instant of approval.
        earlier: What the chain has said so far, oldest first; an Update or Cancel refers to all.

    Returns:
        The message with its CAP bytes.

    Raises:
        BadData: The standard would not let it out; every reason at once.
    """
    sender = context.country.spec.sender.address
    identifier = content_id("message", (draft.id, sent))
    local = context.local(sent).replace(microsecond=0)
    alert = Alert(
        identifier=f"{context.country.id}-{identifier}",
        sender=sender,
        sent=local,
        status=cast(Status, draft.status),
        kind=draft.kind,
        note=_note(context),
        references=tuple(Reference(m.sender, m.identifier, context.local(m.sent)) for m in earlier),
        incidents=(draft.event,),
        infos=tuple(_info(context, draft, text) for text in draft.texts),
    )
    return Message(
        identifier=alert.identifier,
        chain=draft.chain,
        draft=draft.id,
        kind=draft.kind,
        level=draft.said.level,
        sender=sender,
        sent=local,
        expires=_whole(draft.said.expires),
        body=to_bytes(alert),
    )


def _whole(instant: datetime) -> datetime:
    """An instant in whole seconds, as CAP writes it: a desk of sensors runs by the millisecond."""
    return instant.replace(microsecond=0)


def _note(context: Context) -> str:
    """The sender's standing, in every language of the country: it stands in every message."""
    note = context.country.spec.sender.status_note
    return " / ".join(note[language] for language in context.country.spec.languages)


def _info(context: Context, draft: Draft, text: Text) -> Info:
    warn = context.pack.threat.warn
    language = text.language
    country = context.country.spec
    return Info(
        language=f"{language}-{country.id.upper()}",
        category=warn.category,
        event=event_name(context, draft.event, language),
        responses=cast(tuple[Response, ...], draft.responses),
        urgency=cast(Urgency, draft.urgency),
        severity=cast(Severity, draft.severity),
        certainty=cast(Certainty, draft.certainty),
        event_codes=(warn.event_code,),
        onset=None if draft.onset is None else context.local(_whole(draft.onset)),
        expires=context.local(_whole(draft.said.expires)),
        sender_name=country.sender.name[language],
        headline=text.headline,
        description=text.description,
        instruction=text.instruction,
        parameters=tuple((f"haidang:{name}", value) for name, value in draft.parameters if value),
        areas=(_area(context, context.named[draft.place], language),),
    )


def _area(context: Context, area: AreaName, language: str) -> AreaBlock:
    return AreaBlock(
        description=area.name(language),
        rings=area.rings.rings if area.rings else (),
        circles=() if area.point is None else ((*area.point, POINT_RADIUS_KM),),
        geocodes=((context.country.spec.geocode, area.code),),
    )
