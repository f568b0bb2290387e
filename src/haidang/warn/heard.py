"""A message of somebody else as the archive knows it: who, what, when, and what it takes back.

CAP names a message by sender, identifier and the instant it was sent (1.2, 3.2.1). The archive
compares contents as well, because these names are only as good as whoever gives them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from lxml import etree

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn.cap import Alert, AreaBlock, Info, Reference

Signature = Literal["trusted", "untrusted", "invalid", "unsigned"]
"""``trusted``: whole, by somebody we trust; ``untrusted``: whole, by somebody unknown; ``invalid``:
changed after it was signed, or signed wrongly; ``unsigned``: no signature."""

State = Literal["in_force", "replaced", "cancelled", "expired", "ending", "other"]
"""``ending``: a Cancel, which warns of nothing; ``other``: Ack and Error."""

STATES: Final = get_args(State)
SIGNATURES: Final = get_args(Signature)
SEVERITIES: Final = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
"""Worst first, as CAP spells them; they are never turned into a level of a country's law."""

NO_END: Final = timedelta(hours=24)
"""How long a message without ``expires`` is taken to hold: CAP 1.2 leaves it to the recipient."""

_SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the archive can be asked about a message.

    Attributes:
        content: Hash of what it says, whatever its white space, prefixes and signature.
        event: In its first language.
        titles: Event and headline by language tag.
        categories: CAP categories of all infos.
        codes: Values of all event codes.
        severity: The worst of all infos; "" where it has none (an Ack).
        urgency, certainty: Of that info.
        onset: When the first danger begins: ``onset``, else ``effective``, else ``sent``.
        expires: The latest of all infos; None where one gives no end.
        ends: The end that is used: ``expires``, else `NO_END` after onset.
        references: What it takes the place of or takes back.
    """

    content: str
    sender: str
    identifier: str
    sent: datetime
    status: str
    kind: str
    scope: str
    event: str
    titles: Mapping[str, tuple[str, str]]
    categories: tuple[str, ...]
    codes: tuple[str, ...]
    severity: str
    urgency: str
    certainty: str
    sender_name: str
    onset: datetime
    expires: datetime | None
    ends: datetime
    references: tuple[Reference, ...]


def heard(alert: Alert, data: bytes) -> Heard:
    """Sum a message up.

    Args:
        alert: As `haidang.warn.cap.parse` read it.
        data: The same message's bytes.
    """
    infos = alert.infos
    worst = min(infos, key=lambda i: _rank(i.severity), default=None)
    onset = min((i.onset or i.effective or alert.sent for i in infos), default=alert.sent)
    ends: list[datetime | None] = [i.expires for i in infos]
    known = [e for e in ends if e is not None]
    expires = max(known) if known and len(known) == len(ends) else None
    return Heard(
        content=content(data),
        sender=alert.sender,
        identifier=alert.identifier,
        sent=alert.sent,
        status=alert.status,
        kind=alert.kind,
        scope=alert.scope,
        event=infos[0].event.strip() if infos else "",
        titles={i.language: (i.event.strip(), (i.headline or "").strip()) for i in reversed(infos)},
        categories=tuple(dict.fromkeys(c for i in infos for c in _categories(i))),
        codes=tuple(dict.fromkeys(value for i in infos for _, value in i.event_codes)),
        severity=worst.severity if worst else "",
        urgency=worst.urgency if worst else "",
        certainty=worst.certainty if worst else "",
        sender_name=next((i.sender_name for i in infos if i.sender_name), ""),
        onset=onset,
        expires=expires,
        ends=max(known) if expires is not None else max([_later(onset), *known]),
        references=alert.references,
    )


def areas_of(alert: Alert) -> tuple[AreaBlock, ...]:
    """Every area of every language."""
    return tuple(area for info in alert.infos for area in info.areas)


def in_language(
    titles: Mapping[str, tuple[str, str]], language: str
) -> tuple[str, tuple[str, str]]:
    """What a message says in a language: its tag, event and headline.

    Args:
        titles: By language tag; at least one.
        language: The reader's.

    Returns:
        That of the language (``vi`` also finds ``vi-VN``), else English, else the first.

    >>> in_language({"fr": ("Crue", ""), "en-CA": ("Flood", "")}, "vi")
    ('en-CA', ('Flood', ''))
    """
    for wished in (language, "en"):
        for tag, said in titles.items():
            if tag.lower().split("-")[0] == wished.lower():
                return tag, said
    return next(iter(titles.items()))


def content(data: bytes) -> str:
    """Hash of a message without its signature, white space at the edges of texts, and prefixes.

    Args:
        data: A CAP message.

    Returns:
        SHA-256, hex. Two copies of one message have the same, also where one lost its signature.

    Raises:
        BadData: The bytes are no XML (``world.not_xml``).
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise BadData(Problem("world.not_xml", {"detail": error.msg or ""})) from error
    total = hashlib.sha256()
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if element.tag == _SIGNATURE:
            if event == "start":
                walk.skip_subtree()
        elif event == "start":
            told = [part for pair in sorted(element.attrib.items()) for part in pair]
            parts = (str(element.tag), *map(str, told), (element.text or "").strip())
            # With their lengths: a text that reads like our marks is not taken for an element.
            total.update(f"<{len(parts)}".encode())
            total.update("".join(f":{len(part)}:{part}" for part in parts).encode())
        else:
            total.update(b"</>")
    return total.hexdigest()


def _categories(info: Info) -> tuple[str, ...]:
    many = getattr(info, "categories", None)
    return tuple(many) if many is not None else (str(getattr(info, "category", "")),)


def _later(onset: datetime) -> datetime:
    """`NO_END` after a begin; the calendar's own end where there is no such day."""
    try:
        return onset + NO_END
    except OverflowError:
        return datetime.max.replace(tzinfo=onset.tzinfo)


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
