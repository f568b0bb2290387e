"""An approved draft becomes a CAP message. Identifier and times are given, nothing is invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from haidang.app.context import AreaName, Context
from haidang.app.narrowed import listed
from haidang.app.verdict import Draft, Message
from haidang.app.wording import event_name
from haidang.base.errors import BadData, BadPack
from haidang.base.ids import content_id
from haidang.base.problem import Problem
from haidang.warn.cap import Alert, AreaBlock, Info, Reference, own_problems, problems
from haidang.warn.cap.seal import Seal
from haidang.warn.cap.write import serialise
from haidang.warn.message import Text

POINT_RADIUS_KM: Final = 100.0
"""Circle drawn around an area that the law names and no outline shows, km."""


def issue(
    context: Context,
    draft: Draft,
    sent: datetime,
    earlier: Sequence[Message],
    seal: Seal | None = None,
) -> Message:
    """Build the message of an approved draft, signed where the sender signs.

    Args:
        context: The draft's country and areas.
        draft: Approved, the newest of its chain.
        sent: The instant of approval.
        earlier: What the chain has said so far, oldest first; an Update or Cancel refers to all.
        seal: The sender's key and certificate; None where it has none.

    Returns:
        The message with its CAP bytes, fixed for ever.

    Raises:
        BadData: The standard would not let it out, every reason at once; the sender must sign and
            no key was given (``sign.required``); or the key cannot sign it.
        BadPack: The pack is a draft and the message would be Actual (``pack.tier_draft``).
    """
    # Asked again here: a pack may have been taken back to a draft while the notice waited. What
    # went out before can still be called off.
    pack = context.pack
    if draft.status == "Actual" and draft.kind != "Cancel" and pack.threat.tier == "draft":
        raise BadPack(Problem("pack.tier_draft", {"id": pack.id}))
    message = compose(context, draft, sent, earlier)
    if seal is not None:
        return replace(message, body=seal.on(message.body))
    sender = context.country.spec.sender
    if sender.signing == "required":
        names = {"key": sender.key_from, "certificate": sender.certificate_from}
        raise BadData(Problem("sign.required", names))
    return message


def compose(context: Context, draft: Draft, sent: datetime, earlier: Sequence[Message]) -> Message:
    """What `issue` signs: the message in full, to be looked at and not to be sent.

    Args:
        context: As of `issue`.
        draft: Also one that waits.
        sent: The instant at which it would go out.
        earlier: As of `issue`.

    Raises:
        BadData: The standard would not let it out; every reason at once.
    """
    sender = context.country.spec.sender.address
    identifier = content_id("message", (draft.id, sent))
    local = context.local(sent).replace(microsecond=0)
    alert = Alert(
        identifier=named(context.country.spec.sender.oid, context.country.id, identifier),
        sender=sender,
        sent=local,
        status=draft.status,
        kind=draft.kind,
        note=_note(context),
        references=tuple(Reference(m.sender, m.identifier, context.local(m.sent)) for m in earlier),
        incidents=(draft.event,),
        infos=tuple(_info(context, draft, text) for text in draft.texts),
    )
    if found := (*problems(alert), *own_problems(alert)):
        raise BadData(*found)
    return Message(
        identifier=alert.identifier,
        chain=draft.chain,
        draft=draft.id,
        kind=draft.kind,
        level=draft.said.level,
        sender=sender,
        sent=local,
        expires=_whole(draft.said.expires),
        body=serialise(alert),  # its problems were looked for above, ours with the standard's
    )


def named(oid: str, country: str, identifier: str) -> str:
    """The identifier that a message goes out under.

    Args:
        oid: The sender's arc in the register of WMO, "" for none.
        country: Id of the country pack.
        identifier: The content's own id, a UUID: under an arc its number takes one step below.

    >>> named("2.49.0.1.999.0", "xx", "00000000-0000-5000-8000-000000000001")
    'urn:oid:2.49.0.1.999.0.377798542001608471871489'
    >>> named("", "xx", "00000000-0000-5000-8000-000000000001")
    'xx-00000000-0000-5000-8000-000000000001'
    """
    # An arc of an object identifier is a number; a UUID as one is what ITU-T X.667 does as well.
    return f"urn:oid:{oid}.{UUID(identifier).int}" if oid else f"{country}-{identifier}"


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
        categories=(warn.category,),
        event=event_name(context, draft.event, language),
        responses=draft.responses,
        urgency=draft.urgency,
        severity=draft.severity,
        certainty=draft.certainty,
        event_codes=(warn.event_code,),
        onset=None if draft.onset is None else context.local(_whole(draft.onset)),
        expires=context.local(_whole(draft.said.expires)),
        sender_name=country.sender.name[language],
        headline=text.headline,
        description=text.description,
        instruction=text.instruction,
        parameters=tuple((f"haidang:{name}", value) for name, value in draft.parameters if value),
        areas=(_area(context, context.named[draft.place], draft.said.within, language),),
    )


def _area(context: Context, area: AreaName, within: Sequence[str], language: str) -> AreaBlock:
    scheme = context.country.spec.geocode
    if within:
        # No outline: that of the whole place would tell a map more than the words do.
        named = listed(context, within, language)
        return AreaBlock(
            description=f"{area.name(language)}: {named}",
            geocodes=tuple((scheme, code) for code in within),
        )
    return AreaBlock(
        description=area.name(language),
        rings=area.rings.rings if area.rings else (),
        circles=() if area.point is None else ((*area.point, POINT_RADIUS_KM),),
        geocodes=((scheme, area.code),),
    )
