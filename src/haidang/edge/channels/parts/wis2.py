"""The notification message of WIS 2.0: where a CAP message is, what it holds, how to prove it.

Manual on WIS (WMO-No. 1060), Volume II, Appendix E (WIS2 Notification Message 1) and Appendix D
(topic hierarchy): ``origin/a/wis2/<centre>/data/core/weather/advisories-warnings``.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from haidang.base.ids import content_id
from haidang.edge.channels.parts.notice import Notice
from haidang.edge.channels.port import Parcel

TOPIC: Final = "origin/a/wis2/{centre}/data/core/weather/advisories-warnings"
"""Where advisories and warnings of a centre are announced."""
CONFORMS: Final = "http://wis.wmo.int/spec/wnm/1/conf/core"
MIME: Final = "application/cap+xml"
CONTENT_MOST: Final = 4096
"""Octets of content, as written, that a notification may carry inside."""
MESSAGE_MOST: Final = 8192
"""Octets of a whole notification."""


def notification(
    parcel: Parcel, notice: Notice, *, centre: str, link: str, metadata: str = ""
) -> bytes:
    """Announce a message.

    Args:
        parcel: With the message.
        notice: What it says.
        centre: Identifier of the centre, e.g. ``xt-office``.
        link: Where the message can be fetched.
        metadata: Identifier of the data set's record; "" leaves it out.

    Returns:
        A GeoJSON feature in UTF-8: the same for the same parcel, so that a repeat is dropped by
        its id. The message itself is in it where it is small enough.
    """
    message = parcel.message
    dataset = TOPIC.format(centre=centre).removeprefix("origin/a/wis2/")
    properties: dict[str, object] = {
        "data_id": f"{dataset}/{message.identifier}",
        "pubtime": _utc(message.sent),
        "start_datetime": _utc(notice.onset or message.sent),
        "end_datetime": _utc(notice.expires),
        "integrity": {
            "method": "sha512",
            "value": base64.b64encode(hashlib.sha512(message.body).digest()).decode(),
        },
    }
    if metadata:
        properties["metadata_id"] = metadata
    feature: dict[str, object] = {
        "id": content_id("wnm", parcel.key),
        "conformsTo": [CONFORMS],
        "type": "Feature",
        "geometry": _box(notice),
        "properties": properties,
        "links": [{"rel": "canonical", "href": link, "type": MIME, "length": len(message.body)}],
    }
    packed = base64.b64encode(message.body).decode()
    if len(packed) <= CONTENT_MOST:
        content = {"encoding": "base64", "size": len(message.body), "value": packed}
        whole = _json(feature | {"properties": properties | {"content": content}})
        if len(whole) <= MESSAGE_MOST:
            return whole
    return _json(feature)


def summary(parcel: Parcel, notice: Notice, link: str) -> bytes:
    """What is in force, short: for whoever subscribes to one place and reads one line."""
    return _json(
        {
            "identifier": parcel.message.identifier,
            "level": parcel.message.level,
            "status": notice.status,
            "severity": notice.severity,
            "language": notice.language,
            "headline": notice.headline,
            "instruction": notice.instruction,
            "expires": _utc(notice.expires),
            "link": link or None,
        }
    )


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _box(notice: Notice) -> dict[str, object] | None:
    """The box around all areas: an outline would not fit. None where none is drawn."""
    points = list(_points(notice))
    if not points:
        return None
    lats, lons = zip(*points, strict=True)
    south, north, west, east = min(lats), max(lats), min(lons), max(lons)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _points(notice: Notice) -> Iterable[tuple[float, float]]:
    for area in notice.areas:
        for ring in area.rings:
            yield from ring
        for lat, lon, _ in area.circles:
            yield lat, lon
