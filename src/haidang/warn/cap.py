"""CAP 1.2: a notice as the rest of the world reads it.

The Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010). What the schema cannot say (no
spaces in identifiers, closed rings, Update and Cancel need references, UTC is ``-00:00``) is in
`problems`, and nothing with a problem is ever written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, TypeVar, cast, get_args

from lxml import etree
from shapely import Polygon

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn.lifecycle import MessageKind
from haidang.warn.message import HEADLINE_MAX, Status
from haidang.warn.spec import Category, Response, Severity

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
VERTICES_MAX: Final = 200
"""Vertices of one area in all; more cannot be drawn by small receivers and bloat a broadcast."""
RING_MIN: Final = 4
"""Points of the smallest closed ring: a triangle and its first point again (CAP 1.2, 3.2.4)."""

CapSeverity = Severity | Literal["Unknown"]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
Scope = Literal["Public"]
Ring = tuple[tuple[float, float], ...]
Circle = tuple[float, float, float]
Pairs = tuple[tuple[str, str], ...]

_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "status": get_args(Status),
    "kind": get_args(MessageKind),
    "scope": get_args(Scope),
    "category": get_args(Category),
    "responses": get_args(Response),
    "urgency": get_args(Urgency),
    "severity": (*get_args(Severity), "Unknown"),
    "certainty": get_args(Certainty),
}
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped (production [2] Char)."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_DECIMAL: Final = re.compile(r"[-+]?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message that this one updates or cancels, by its three names."""

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
    """

    description: str
    rings: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What the message says in one language.

    Attributes:
        language: BCP 47 tag.
        event: The event in this language.
        responses: ``responseType``, in order.
        event_codes: (list name, code), e.g. of OASIS Event Terms.
        effective: Begin of validity; None = when sent.
        onset: When the danger is expected to begin.
        expires: End of validity.
        parameters: (name, value), ours.
    """

    language: str
    category: Category
    event: str
    responses: tuple[Response, ...] = ()
    urgency: Urgency
    severity: CapSeverity
    certainty: Certainty
    event_codes: Pairs = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime
    sender_name: str
    headline: str
    description: str
    instruction: str
    contact: str | None = None
    parameters: Pairs = ()
    areas: tuple[AreaBlock, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A CAP message. Identifier and times are given, never made up here.

    Attributes:
        kind: ``msgType``.
        scope: Always Public: the other scopes need a list of receivers, which we do not keep.
        references: Messages this one takes the place of.
        incidents: Names of the event, without spaces and quotes.
        infos: One per language.
    """

    identifier: str
    sender: str
    sent: datetime
    status: Status
    kind: MessageKind
    scope: Scope = "Public"
    source: str | None = None
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...]


# --- what may not go out ------------------------------------------------------------------------


def problems(alert: Alert) -> tuple[Problem, ...]:
    """Everything that keeps a message from going out, so that an editor sees it all at once.

    Args:
        alert: Any message, also a half-edited one.

    Returns:
        One problem per finding, naming the field (``infos[1].headline``); empty when it may go.
        The rules are those of CAP 1.2, section 3.2, and four of ours: at most `VERTICES_MAX`
        vertices in an area, a headline of at most 160 characters, no self-crossing ring, and
        every language says the same of the same areas.
    """
    return (
        *_characters(alert),
        *_identity(alert),
        *_times(alert),
        *(p for i, info in enumerate(alert.infos) for p in _info(info, f"infos[{i}]", alert)),
        *_agreement(alert.infos),
    )


def _problem(name: str, where: str, **params: object) -> Problem:
    return Problem(f"warn.cap_{name}", params, field=where)


def _walk(value: object, where: str) -> Iterator[tuple[str, object]]:
    """Every leaf with the path to it."""
    if is_dataclass(value):
        for part in fields(value):
            yield from _walk(getattr(value, part.name), f"{where}.{part.name}".lstrip("."))
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from _walk(item, f"{where}[{i}]")
    else:
        yield where, value


def _characters(alert: Alert) -> Iterator[Problem]:
    for where, leaf in _walk(alert, ""):
        if isinstance(leaf, str) and (found := _NOT_XML.search(leaf)):
            yield _problem(
                "character", where, code=f"U+{ord(found[0]):04X}", position=found.start() + 1
            )


def _identity(alert: Alert) -> Iterator[Problem]:
    for where, name in _names(alert):
        if not name or any(c.isspace() or c in ",<&" for c in name):
            yield _problem("name", where, value=name)
    for i, incident in enumerate(alert.incidents):
        if not incident or any(c.isspace() or c == '"' for c in incident):
            yield _problem("incident", f"incidents[{i}]", value=incident)
    if alert.kind != "Alert" and not alert.references:
        yield _problem("references", "references", kind=alert.kind)
    for i, ref in enumerate(alert.references):
        if ref.identifier == alert.identifier:
            yield _problem("itself", f"references[{i}]", value=ref.identifier)
    for where in ("status", "kind", "scope"):
        yield from _known(where, where, getattr(alert, where))
    if not alert.infos:
        yield _problem("no_info", "infos")


def _names(alert: Alert) -> Iterator[tuple[str, str]]:
    """All that go into a reference, which separates them by commas and blanks."""
    yield "identifier", alert.identifier
    yield "sender", alert.sender
    for i, ref in enumerate(alert.references):
        yield f"references[{i}].sender", ref.sender
        yield f"references[{i}].identifier", ref.identifier


def _known(name: str, where: str, value: str) -> Iterator[Problem]:
    if value not in _KNOWN[name]:
        yield _problem("value", where, value=value, known=", ".join(_KNOWN[name]))


def _times(alert: Alert) -> Iterator[Problem]:
    """Every time must be writable as CAP wants it: zone in whole minutes, whole seconds."""
    for where, leaf in _walk(alert, ""):
        if not isinstance(leaf, datetime):
            continue
        offset = leaf.utcoffset()
        if offset is None:
            yield _problem("zone", where, value=leaf.isoformat())
        elif leaf.microsecond or offset % timedelta(minutes=1):
            yield _problem("seconds", where, value=leaf.isoformat())


def _info(info: Info, where: str, alert: Alert) -> Iterator[Problem]:
    if not _LANGUAGE.fullmatch(info.language):
        yield _problem("language", f"{where}.language", value=info.language)
    for name in ("event", "sender_name", "headline", "description", "instruction"):
        if not getattr(info, name).strip():
            yield _problem("empty", f"{where}.{name}")
    if len(info.headline) > HEADLINE_MAX:
        yield _problem(
            "headline", f"{where}.headline", length=len(info.headline), limit=HEADLINE_MAX
        )
    for name in ("category", "urgency", "severity", "certainty"):
        yield from _known(name, f"{where}.{name}", getattr(info, name))
    for i, response in enumerate(info.responses):
        yield from _known("responses", f"{where}.responses[{i}]", response)
    yield from _order(info, where, alert)
    if not info.areas:
        yield _problem("no_area", f"{where}.areas")
    for i, area in enumerate(info.areas):
        yield from _area(area, f"{where}.areas[{i}]")


def _order(info: Info, where: str, alert: Alert) -> Iterator[Problem]:
    times = (alert.sent, info.expires, info.onset, info.effective)
    if any(t is not None and t.utcoffset() is None for t in times):
        return  # already told; naive and aware times cannot be compared
    if info.expires <= alert.sent:
        yield _problem("expired", f"{where}.expires", expires=_show(info.expires))
    for name, value in (("onset", info.onset), ("effective", info.effective)):
        if value is not None and value > info.expires:
            yield _problem(
                "after", f"{where}.{name}", value=_show(value), expires=_show(info.expires)
            )


def _show(instant: datetime) -> str:
    return instant.isoformat(sep=" ", timespec="minutes")


def _area(area: AreaBlock, where: str) -> Iterator[Problem]:
    if not area.description.strip():
        yield _problem("empty", f"{where}.description")
    for i, ring in enumerate(area.rings):
        yield from _ring(ring, f"{where}.rings[{i}]")
    for i, (lat, lon, radius) in enumerate(area.circles):
        if not (_on_earth(lat, lon) and math.isfinite(radius) and radius >= 0):
            yield _problem("point", f"{where}.circles[{i}]", value=f"{lat},{lon} {radius}")
    if (count := sum(map(len, area.rings))) > VERTICES_MAX:
        yield _problem("vertices", f"{where}.rings", count=count, limit=VERTICES_MAX)


def _ring(ring: Ring, where: str) -> Iterator[Problem]:
    bad = next(((lat, lon) for lat, lon in ring if not _on_earth(lat, lon)), None)
    if bad is not None:
        yield _problem("point", where, value=f"{bad[0]},{bad[1]}")
    elif len(ring) < RING_MIN:
        yield _problem("short", where, count=len(ring))
    elif ring[0] != ring[-1]:
        yield _problem("open", where)
    elif not Polygon([(lon, lat) for lat, lon in ring]).is_valid:
        yield _problem("crossing", where)


def _on_earth(lat: float, lon: float) -> bool:
    return abs(lat) <= 90 and abs(lon) <= 180  # noqa: PLR2004 - degrees; False for NaN as well


def _agreement(infos: tuple[Info, ...]) -> Iterator[Problem]:
    """All languages must tell of the same danger at the same places; a language comes once."""
    seen: set[str] = set()
    for i, info in enumerate(infos):
        if info.language.lower() in seen:
            yield _problem("twice", f"infos[{i}].language", value=info.language)
        seen.add(info.language.lower())
        first = infos[0]
        if _outlines(info) != _outlines(first):
            yield _problem("areas", f"infos[{i}].areas", one=first.language, other=info.language)
        for name in _SAME:
            if getattr(info, name) != getattr(first, name):
                yield _problem(
                    "disagree", f"infos[{i}].{name}", one=first.language, other=info.language
                )


_SAME: Final = (
    "category",
    "responses",
    "urgency",
    "severity",
    "certainty",
    "event_codes",
    "effective",
    "onset",
    "expires",
)


def _outlines(info: Info) -> list[str]:
    # repr, because NaN in a bad ring would make a list differ from itself.
    return sorted(repr((a.rings, a.circles, a.geocodes)) for a in info.areas)


# --- writing ------------------------------------------------------------------------------------


def to_bytes(alert: Alert) -> bytes:
    """Write a message, the same bytes for the same message.

    Args:
        alert: A message without problems.

    Returns:
        UTF-8 XML in the element order of the standard. Times keep the offset they came with;
        a zero offset is written ``-00:00`` as CAP 1.2, 3.3.2, demands.

    Raises:
        BadData: The message has problems; all of them.
    """
    if found := problems(alert):
        raise BadData(*found)
    root = etree.Element(_q("alert"), nsmap=cast("dict[str, str]", {None: NAMESPACE}))
    _put(root, "identifier", alert.identifier)
    _put(root, "sender", alert.sender)
    _put(root, "sent", _stamp(alert.sent))
    _put(root, "status", alert.status)
    _put(root, "msgType", alert.kind)
    _put(root, "source", alert.source)
    _put(root, "scope", alert.scope)
    _put(root, "note", alert.note)
    _put(root, "references", " ".join(map(_reference, alert.references)) or None)
    _put(root, "incidents", " ".join(alert.incidents) or None)
    for info in alert.infos:
        _put_info(root, info)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _put_info(root: etree._Element, info: Info) -> None:
    node = etree.SubElement(root, _q("info"))
    _put(node, "language", info.language)
    _put(node, "category", info.category)
    _put(node, "event", info.event)
    for response in info.responses:
        _put(node, "responseType", response)
    _put(node, "urgency", info.urgency)
    _put(node, "severity", info.severity)
    _put(node, "certainty", info.certainty)
    _put_pairs(node, "eventCode", info.event_codes)
    _put(node, "effective", _stamp(info.effective) if info.effective else None)
    _put(node, "onset", _stamp(info.onset) if info.onset else None)
    _put(node, "expires", _stamp(info.expires))
    _put(node, "senderName", info.sender_name)
    _put(node, "headline", info.headline)
    _put(node, "description", info.description)
    _put(node, "instruction", info.instruction)
    _put(node, "contact", info.contact)
    _put_pairs(node, "parameter", info.parameters)
    for area in info.areas:
        block = etree.SubElement(node, _q("area"))
        _put(block, "areaDesc", area.description)
        for ring in area.rings:
            _put(block, "polygon", " ".join(f"{_plain(lat)},{_plain(lon)}" for lat, lon in ring))
        for lat, lon, radius in area.circles:
            _put(block, "circle", f"{_plain(lat)},{_plain(lon)} {_plain(radius)}")
        _put_pairs(block, "geocode", area.geocodes)


def _q(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"


def _put(parent: etree._Element, tag: str, text: str | None) -> None:
    if text is not None:
        etree.SubElement(parent, _q(tag)).text = text


def _put_pairs(parent: etree._Element, tag: str, pairs: Pairs) -> None:
    for name, value in pairs:
        node = etree.SubElement(parent, _q(tag))
        _put(node, "valueName", name)
        _put(node, "value", value)


def _stamp(instant: datetime) -> str:
    """Seconds and a numeric offset; CAP forbids ``Z`` and writes UTC as ``-00:00``.

    >>> from datetime import UTC
    >>> _stamp(datetime(2024, 9, 7, tzinfo=UTC))
    '2024-09-07T00:00:00-00:00'
    """
    text = instant.isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "-00:00" if text.endswith("+00:00") else text


def _reference(ref: Reference) -> str:
    return f"{ref.sender},{ref.identifier},{_stamp(ref.sent)}"


def _plain(number: float) -> str:
    """The shortest decimal that reads back as the same number, never with an exponent.

    >>> _plain(20.865), _plain(1e-05), _plain(106)
    ('20.865', '0.00001', '106.0')
    """
    return f"{Decimal(repr(float(number))):f}"


# --- reading ------------------------------------------------------------------------------------

_ALERT: Final = (
    "identifier", "sender", "sent", "status", "msgType", "source", "scope", "note", "references",
    "incidents", "info",
)  # fmt: skip
_INFO: Final = (
    "language", "category", "event", "responseType", "urgency", "severity", "certainty",
    "eventCode", "effective", "onset", "expires", "senderName", "headline", "description",
    "instruction", "contact", "parameter", "area",
)  # fmt: skip
_AREA: Final = ("areaDesc", "polygon", "circle", "geocode")
_PAIR: Final = ("valueName", "value")

T = TypeVar("T")


def parse(data: bytes) -> Alert:
    """Read a message back, whole or not at all.

    Args:
        data: XML. Entities, DTDs and the network are off.

    Returns:
        The message; for what `to_bytes` wrote, the same one. It may still have `problems`.

    Raises:
        BadData: Not XML; a DTD in it; not a CAP 1.2 alert; an element missing, doubled or
            unreadable; or an element that an `Alert` cannot hold (a resource, a signature,
            restricted addresses …), because dropping it unseen would change the message.
    """
    root = _root(data)
    kids = _Kids(root, "alert", _ALERT)
    return Alert(
        identifier=kids.one("identifier").strip(),
        sender=kids.one("sender").strip(),
        sent=kids.read("sent", _instant),
        status=cast("Status", kids.choice("status", "status")),
        kind=cast("MessageKind", kids.choice("msgType", "kind")),
        source=kids.maybe("source"),
        scope=cast("Scope", kids.choice("scope", "scope")),
        note=kids.maybe("note"),
        references=tuple(map(_read_reference, (kids.maybe("references") or "").split())),
        incidents=tuple((kids.maybe("incidents") or "").split()),
        infos=tuple(_read_info(_Kids(n, "info", _INFO)) for n in kids.nodes("info")),
    )


def _root(data: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadData(Problem("warn.cap_xml", {"reason": str(error)})) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadData(Problem("warn.cap_dtd"))
    if root.tag != _q("alert"):
        raise BadData(Problem("warn.cap_root", {"tag": root.tag}))
    return root


class _Kids:
    """The children of an element by name; every reading error names the element."""

    def __init__(self, node: etree._Element, name: str, held: tuple[str, ...]) -> None:
        self._name = name
        self._found: dict[str, list[etree._Element]] = {}
        for kid in node:
            tag = str(kid.tag).removeprefix(f"{{{NAMESPACE}}}")
            if tag not in held:
                raise BadData(_problem("unheld", name, element=tag.rpartition("}")[2]))
            self._found.setdefault(tag, []).append(kid)

    def nodes(self, tag: str) -> list[etree._Element]:
        return self._found.get(tag, [])

    def many(self, tag: str) -> list[str]:
        return [self._text(node, tag) for node in self.nodes(tag)]

    def maybe(self, tag: str) -> str | None:
        texts = self.many(tag)
        if len(texts) > 1:
            raise BadData(_problem("repeated", self._name, element=tag))
        return texts[0] if texts else None

    def one(self, tag: str) -> str:
        text = self.maybe(tag)
        if text is None:
            raise BadData(_problem("missing", self._name, element=tag))
        return text

    def choice(self, tag: str, name: str) -> str:
        return _choice(self.one(tag), tag, name)

    def read(self, tag: str, how: Callable[[str], T]) -> T:
        return _read(self.one(tag), tag, how)

    def maybe_read(self, tag: str, how: Callable[[str], T]) -> T | None:
        text = self.maybe(tag)
        return None if text is None else _read(text, tag, how)

    def pairs(self, tag: str) -> Pairs:
        kids = [_Kids(node, tag, _PAIR) for node in self.nodes(tag)]
        return tuple((k.one("valueName"), k.one("value")) for k in kids)

    def _text(self, node: etree._Element, tag: str) -> str:
        if len(node):
            raise BadData(_problem("unreadable", tag, value=etree.tostring(node).decode()[:80]))
        return node.text or ""


def _choice(text: str, tag: str, name: str) -> str:
    value = text.strip()
    for problem in _known(name, tag, value):
        raise BadData(problem)
    return value


def _read(text: str, tag: str, how: Callable[[str], T]) -> T:
    try:
        return how(text.strip())
    except ValueError as error:
        raise BadData(_problem("unreadable", tag, value=text.strip()[:80])) from error


def _read_info(kids: _Kids) -> Info:
    return Info(
        language=kids.one("language").strip(),
        category=cast("Category", kids.choice("category", "category")),
        event=kids.one("event"),
        responses=tuple(
            cast("Response", _choice(r, "responseType", "responses"))
            for r in kids.many("responseType")
        ),
        urgency=cast("Urgency", kids.choice("urgency", "urgency")),
        severity=cast("CapSeverity", kids.choice("severity", "severity")),
        certainty=cast("Certainty", kids.choice("certainty", "certainty")),
        event_codes=kids.pairs("eventCode"),
        effective=kids.maybe_read("effective", _instant),
        onset=kids.maybe_read("onset", _instant),
        expires=kids.read("expires", _instant),
        sender_name=kids.one("senderName"),
        headline=kids.one("headline"),
        description=kids.one("description"),
        instruction=kids.one("instruction"),
        contact=kids.maybe("contact"),
        parameters=kids.pairs("parameter"),
        areas=tuple(_read_area(_Kids(n, "area", _AREA)) for n in kids.nodes("area")),
    )


def _read_area(kids: _Kids) -> AreaBlock:
    return AreaBlock(
        description=kids.one("areaDesc"),
        rings=tuple(_read(text, "polygon", _read_ring) for text in kids.many("polygon")),
        circles=tuple(_read(text, "circle", _read_circle) for text in kids.many("circle")),
        geocodes=kids.pairs("geocode"),
    )


def _read_reference(text: str) -> Reference:
    parts = text.split(",")
    if len(parts) != 3:  # noqa: PLR2004 - sender, identifier, sent
        raise BadData(_problem("unreadable", "references", value=text[:80]))
    return Reference(parts[0], parts[1], _read(parts[2], "references", _instant))


def _instant(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _numbers(texts: Iterable[str]) -> tuple[float, ...]:
    found = tuple(texts)
    if not all(_DECIMAL.fullmatch(t) for t in found):
        raise ValueError(found)
    return tuple(map(float, found))


def _read_ring(text: str) -> Ring:
    points = (_numbers(pair.split(",")) for pair in text.split())
    return tuple((lat, lon) for lat, lon in points)


def _read_circle(text: str) -> Circle:
    centre, radius = text.split()
    lat, lon, r = _numbers((*centre.split(","), radius))
    return lat, lon, r
