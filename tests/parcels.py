"""Parcels for the tests of channels: a real message in two languages, for anybody."""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from xml.sax.saxutils import escape

from haidang.app.verdict import Message
from haidang.edge.channels.port import Beside, Parcel
from haidang.warn.message import Text

LOCAL = timezone(timedelta(hours=7))
SENT = datetime(2030, 9, 6, 22, 0, tzinfo=LOCAL)
EXPIRES = datetime(2030, 9, 8, 5, 0, tzinfo=LOCAL)

VI = Text(
    "vi",
    "Bão số 3: rủi ro thiên tai cấp 4 (rất lớn) tại Hải Phòng. Gió cấp 13.",
    "Gió mạnh nhất cấp 13 (trong khoảng 12–14). Gió cấp 8 bắt đầu: khoảng 05:00 ngày 07/09.",
    "Rời nhà yếu trước 02:00. Ở trong nhà từ 05:00. Tránh xa cửa kính. Gọi 112 khi cần cứu.",
)
EN = Text(
    "en",
    "Storm No. 3: disaster risk level 4 (very high) in Hải Phòng. Wind force 13.",
    "Strongest wind force 13 (range 12–14). Force 8 begins: about 05:00 on 7 Sep.",
    "Leave weak houses before 02:00. Stay inside from 05:00. Keep away from windows. Call 112.",
)

RING = "20.6,106.4 20.6,107.1 21.0,107.1 21.0,106.4 20.6,106.4"

_INFO = """<info><language>{language}</language><category>Met</category><event>{event}</event>
<responseType>Shelter</responseType><urgency>Expected</urgency><severity>{severity}</severity>
<certainty>Likely</certainty><eventCode><valueName>OET:v1.2</valueName><value>OET-180</value></eventCode>
<onset>2030-09-07T05:00:00+07:00</onset><expires>2030-09-08T05:00:00+07:00</expires>
<senderName>{sender}</senderName><headline>{headline}</headline>
<description>{description}</description><instruction>{instruction}</instruction>
<parameter><valueName>haidang:level</valueName><value>{level}</value></parameter>
<parameter><valueName>haidang:scale</valueName><value>disaster_risk</value></parameter>
<area><areaDesc>{place}</areaDesc><polygon>{ring}</polygon>
<geocode><valueName>LIST</valueName><value>31</value></geocode></area></info>"""

_ALERT = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier>
<sender>duty@example.invalid</sender><sent>2030-09-06T22:00:00+07:00</sent><status>{status}</status>
<msgType>Alert</msgType><scope>Public</scope><note>{note}</note>{infos}</alert>"""


def message(
    identifier: str = "xt-0001",
    *,
    status: str = "Actual",
    level: int = 4,
    place: str = "Hải Phòng",
    texts: tuple[Text, ...] = (VI, EN),
) -> Message:
    """A message whose CAP bytes can be read."""
    infos = "".join(
        _INFO.format(
            language=t.language,
            event=escape(t.headline.partition(":")[0]),
            severity="Extreme",
            sender="Trạm trực (thử)" if t.language == "vi" else "Duty desk (trial)",
            headline=escape(t.headline),
            description=escape(t.description),
            instruction=escape(t.instruction),
            level=level,
            place=escape(place),
            ring=RING,
        )
        for t in texts
    )
    note = "Hỗ trợ ra quyết định. / Decision support."
    body = _ALERT.format(identifier=identifier, status=status, note=note, infos=infos)
    return Message(
        identifier, "chain-1", f"draft-{identifier}", "Alert", level, "duty@example.invalid",
        SENT, EXPIRES.astimezone(UTC), body.encode(),
    )  # fmt: skip


def parcel(
    key: str = "key-1",
    address: str = "",
    *,
    of: Message | None = None,
    text: Text = VI,
    recipient: str = "r-1",
    secret: str = "",
    wakes: bool = True,
    stands: tuple[Beside, ...] = (),
    more: int = 0,
) -> Parcel:
    """One parcel."""
    return Parcel(
        key, of or message(), text, recipient, address, secret, wakes, stands=stands, more=more
    )


def parcels(count: int, address: str, **said: object) -> list[Parcel]:
    """Several, each with its own key and recipient."""
    return [
        parcel(f"key-{n}", address, recipient=f"r-{n}", **said)  # type: ignore[arg-type]
        for n in range(count)
    ]


def pages(pdf: bytes) -> int:
    """Pages of a PDF: in its page tree, which may be packed."""
    unpacked = pdf
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.S):
        with suppress(zlib.error):
            unpacked += zlib.decompress(found[1])
    count = re.search(rb"/Type\s*/Pages[^>]*?/Count (\d+)", unpacked, re.S)
    assert count
    return int(count[1])
