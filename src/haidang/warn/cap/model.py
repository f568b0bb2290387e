"""What a CAP message says, as plain values.

The Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010), section 3.2; versions 1.0 and 1.1
are read into the same shapes, and `Alert.version` remembers which it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, get_args

from haidang.warn import spec
from haidang.warn.message import Status

Version = Literal["1.0", "1.1", "1.2"]
Kind = Literal["Alert", "Update", "Cancel", "Ack", "Error"]
Scope = Literal["Public", "Restricted", "Private"]
CapSeverity = spec.Severity | Literal["Unknown"]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
Ring = tuple[tuple[float, float], ...]
Circle = tuple[float, float, float]
Pairs = tuple[tuple[str, str], ...]

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
NAMESPACES: Final[Mapping[Version, str]] = {
    "1.0": "http://www.incident.com/cap/1.0",
    "1.1": "urn:oasis:names:tc:emergency:cap:1.1",
    "1.2": NAMESPACE,
}
DEFAULT_LANGUAGE: Final = "en-US"
"""Of an info that names none (CAP 1.2, 3.2.2, language, note 2)."""
VERY_LIKELY: Final = "Very Likely"
"""A certainty of CAP 1.0 that 1.2 reads as Likely (3.2.2, certainty, note 2)."""

_SCALE: Final[Mapping[str, tuple[str, ...]]] = {
    "status": get_args(Status),
    "msgType": get_args(Kind),
    "scope": get_args(Scope),
    "category": get_args(spec.Category),
    "responseType": get_args(spec.Response),
    "urgency": get_args(Urgency),
    "severity": (*get_args(spec.Severity), "Unknown"),
    "certainty": get_args(Certainty),
}


def choices(tag: str, version: Version = "1.2") -> frozenset[str]:
    """The values that an element may have in a version of the standard.

    >>> sorted(choices("scope"))
    ['Private', 'Public', 'Restricted']
    """
    known = frozenset(_SCALE[tag])
    if version != "1.2" and tag == "responseType":
        known -= {"Avoid", "AllClear"}
    if version == "1.0":
        known -= {"status": {"Draft"}, "category": {"CBRNE"}, "certainty": {"Observed"}}.get(
            tag, set()
        )
        known |= {VERY_LIKELY} if tag == "certainty" else set()
    return known


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message that this one updates, cancels, acknowledges or refuses, by its names."""

    sender: str
    identifier: str
    sent: datetime


@dataclass(frozen=True, slots=True)
class AreaBlock:
    """One area: its name for people, its outline and its codes for machines.

    Attributes:
        description: ``areaDesc`` in the language of its info.
        rings: Closed rings of (latitude, longitude) in degrees WGS 84, last point = first.
        circles: (latitude, longitude, radius in km).
        geocodes: (list name, code).
        altitude: Feet above mean sea level: the lower limit where there is a ceiling.
        ceiling: Upper limit, feet above mean sea level.
        empty: ``polygon`` and ``circle`` for each that stands there without an outline (3.2 allows
            it), to be written again; nobody else needs to look at it.
    """

    description: str
    rings: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: Pairs = ()
    altitude: Decimal | None = None
    ceiling: Decimal | None = None
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that goes with an info: a picture, a recording.

    Attributes:
        description: What it is, for people.
        mime_type: Its type; None only in CAP 1.0 and 1.1.
        size: About how many bytes.
        uri: Where it is, or the name of what ``deref_uri`` holds.
        deref_uri: The file itself in base 64, for links without a way back.
        digest: SHA-1 of the file.
    """

    description: str
    mime_type: str | None
    size: int | None = None
    uri: str | None = None
    deref_uri: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What the message says in one language.

    Attributes:
        language: Tag of RFC 3066.
        language_given: False where the message named none and the standard's default stands.
        categories: One or more.
        event: The event in this language.
        responses: ``responseType``, in order.
        audience: Whom it is meant for.
        event_codes: (list name, code), e.g. of OASIS Event Terms.
        effective: Begin of validity; None = when sent.
        onset: When the danger is expected to begin.
        expires: End of validity; None = each receiver's own rule.
        web: Address of a page with more.
        parameters: (name, value), the sender's own.
        empty: ``language`` where it stands there and names none; see `AreaBlock`.
    """

    language: str = DEFAULT_LANGUAGE
    language_given: bool = True
    categories: tuple[str, ...]
    event: str
    responses: tuple[str, ...] = ()
    urgency: str
    severity: str
    certainty: str
    audience: str | None = None
    event_codes: Pairs = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: Pairs = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[AreaBlock, ...] = ()
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A CAP message. Identifier and times are given, never made up here.

    Attributes:
        kind: ``msgType``.
        source: Who or what the message came from, e.g. an operator or a device.
        restriction: The rule for a Restricted message.
        addresses: Receivers of a Private message; one with a blank in it stands in quotes in XML.
        codes: Flags for special handling.
        references: Earlier messages that this one speaks of.
        incidents: Names of the event.
        infos: What is said, in each language.
        version: Of the standard it was read from and is written in.
        empty: Of ``addresses``, ``references`` and ``incidents`` those that stand there and name
            nothing; see `AreaBlock`.
        password: Of CAP 1.0 alone, which deprecated it; never shown.
        signatures: ``ds:Signature`` elements it was read with, as they stood. A signature is of
            bytes, not of values, so `build` writes none: sign what it wrote.
    """

    identifier: str
    sender: str
    sent: datetime
    status: str
    kind: str
    scope: str = "Public"
    source: str | None = None
    restriction: str | None = None
    addresses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()
    version: Version = "1.2"
    empty: tuple[str, ...] = ()
    password: str | None = field(default=None, repr=False)
    signatures: tuple[bytes, ...] = field(default=(), compare=False, repr=False)
