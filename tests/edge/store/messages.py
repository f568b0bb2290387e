"""CAP messages for the tests of the archive, written as text: they need no builder of ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

NOW = datetime(2025, 7, 20, 6, 0, tzinfo=UTC)
SENDER = "met@example.org"


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def ref(identifier: str, sent: datetime = NOW, sender: str = SENDER) -> str:
    return f"{sender},{identifier},{stamp(sent)}"


def cap(
    identifier: str = "2.49.0.1.999.1",
    *,
    kind: str = "Alert",
    status: str = "Actual",
    sender: str = SENDER,
    sent: datetime = NOW,
    references: Sequence[str] = (),
    event: str = "Flood",
    category: str = "Met",
    severity: str = "Severe",
    hours: float = 12,
    polygon: str = "10,100 10,101 11,101 11,100 10,100",
    area: str = "",
    languages: Sequence[str] = ("en",),
    headline: str = "Water is rising",
) -> bytes:
    """A message; ``area`` replaces the polygon by other elements."""
    refs = f"<references>{' '.join(references)}</references>" if references else ""
    inside = area or f"<polygon>{polygon}</polygon>"
    infos = "".join(
        f"""<info><language>{tag}</language><category>{category}</category><event>{event}</event>
<urgency>Expected</urgency><severity>{severity}</severity><certainty>Likely</certainty>
<effective>{stamp(sent)}</effective><expires>{stamp(sent + timedelta(hours=hours))}</expires>
<senderName>Met Office of X</senderName><headline>{headline}</headline>
<description>The river rises.</description><instruction>Go up.</instruction>
<area><areaDesc>Valley</areaDesc>{inside}</area></info>"""
        for tag in languages
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>{identifier}</identifier><sender>{sender}</sender>"
        f"<sent>{stamp(sent)}</sent><status>{status}</status><msgType>{kind}</msgType>"
        f"<scope>Public</scope>{refs}{infos}</alert>"
    ).encode()
