"""A message is written as XML, the same bytes for the same message."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from lxml import etree

from haidang.warn.cap.model import NAMESPACES, Alert, AreaBlock, Info, Pairs, Reference, Resource
from haidang.warn.cap.values import listed, plain, stamp


def serialise(alert: Alert) -> bytes:
    """The bytes of a message, in order or not.

    Raises:
        ValueError: A text with a character that XML cannot hold.
    """
    return bytes(
        etree.tostring(tree(alert), encoding="UTF-8", xml_declaration=True, pretty_print=True)
    )


def tree(alert: Alert) -> etree._Element:
    """The element ``alert`` of a message."""
    return _Writer(alert).alert()


class _Writer:
    def __init__(self, alert: Alert) -> None:
        self._alert = alert
        self._namespace = NAMESPACES[alert.version]
        self._old = alert.version == "1.0"

    def alert(self) -> etree._Element:
        alert = self._alert
        root = etree.Element(
            self._q("alert"), nsmap=cast("dict[str, str]", {None: self._namespace})
        )
        self._put(root, "identifier", alert.identifier)
        self._put(root, "sender", alert.sender)
        self._put(root, "sent", stamp(alert.sent))
        self._put(root, "status", alert.status)
        self._put(root, "msgType", alert.kind)
        if self._old:
            self._put(root, "password", alert.password)
        self._put(root, "source", alert.source)
        self._put(root, "scope", alert.scope)
        self._put(root, "restriction", alert.restriction)
        self._put(root, "addresses", listed(alert.addresses), alert.empty)
        for code in alert.codes:
            self._put(root, "code", code)
        self._put(root, "note", alert.note)
        references = " ".join(map(_reference, alert.references)) or None
        self._put(root, "references", references, alert.empty)
        self._put(root, "incidents", listed(alert.incidents), alert.empty)
        for info in alert.infos:
            self._info(root, info)
        return root

    def _info(self, root: etree._Element, info: Info) -> None:
        node = etree.SubElement(root, self._q("info"))
        self._put(node, "language", info.language if info.language_given else None, info.empty)
        for category in info.categories:
            self._put(node, "category", category)
        self._put(node, "event", info.event)
        for response in info.responses:
            self._put(node, "responseType", response)
        self._put(node, "urgency", info.urgency)
        self._put(node, "severity", info.severity)
        self._put(node, "certainty", info.certainty)
        self._put(node, "audience", info.audience)
        self._pairs(node, "eventCode", info.event_codes)
        self._time(node, "effective", info.effective)
        self._time(node, "onset", info.onset)
        self._time(node, "expires", info.expires)
        self._put(node, "senderName", info.sender_name)
        self._put(node, "headline", info.headline)
        self._put(node, "description", info.description)
        self._put(node, "instruction", info.instruction)
        self._put(node, "web", info.web)
        self._put(node, "contact", info.contact)
        self._pairs(node, "parameter", info.parameters)
        for resource in info.resources:
            self._resource(node, resource)
        for area in info.areas:
            self._area(node, area)

    def _resource(self, info: etree._Element, resource: Resource) -> None:
        node = etree.SubElement(info, self._q("resource"))
        self._put(node, "resourceDesc", resource.description)
        self._put(node, "mimeType", resource.mime_type)
        self._put(node, "size", None if resource.size is None else str(resource.size))
        self._put(node, "uri", resource.uri)
        self._put(node, "derefUri", resource.deref_uri)
        self._put(node, "digest", resource.digest)

    def _area(self, info: etree._Element, area: AreaBlock) -> None:
        node = etree.SubElement(info, self._q("area"))
        self._put(node, "areaDesc", area.description)
        for ring in area.rings:
            points = " ".join(f"{plain(lat)},{plain(lon)}" for lat, lon in ring)
            self._put(node, "polygon", points)
        self._hollow(node, "polygon", area)
        for lat, lon, radius in area.circles:
            self._put(node, "circle", f"{plain(lat)},{plain(lon)} {plain(radius)}")
        self._hollow(node, "circle", area)
        self._pairs(node, "geocode", area.geocodes)
        for tag, height in (("altitude", area.altitude), ("ceiling", area.ceiling)):
            self._put(node, tag, None if height is None else f"{height:f}")

    def _q(self, tag: str) -> str:
        return f"{{{self._namespace}}}{tag}"

    def _hollow(self, node: etree._Element, tag: str, area: AreaBlock) -> None:
        for _ in range(area.empty.count(tag)):
            self._put(node, tag, "")

    def _put(
        self, parent: etree._Element, tag: str, text: str | None, empty: tuple[str, ...] = ()
    ) -> None:
        """Write an element where there is a text, or where one without stood (`empty`)."""
        if text is None and tag in empty:
            text = ""
        if text is not None:
            etree.SubElement(parent, self._q(tag)).text = text

    def _time(self, parent: etree._Element, tag: str, instant: datetime | None) -> None:
        self._put(parent, tag, None if instant is None else stamp(instant))

    def _pairs(self, parent: etree._Element, tag: str, pairs: Pairs) -> None:
        for name, value in pairs:
            if self._old:
                self._put(parent, tag, f"{name}={value}" if name else value)
                continue
            node = etree.SubElement(parent, self._q(tag))
            self._put(node, "valueName", name)
            self._put(node, "value", value)


def _reference(ref: Reference) -> str:
    return f"{ref.sender},{ref.identifier},{stamp(ref.sent)}"
