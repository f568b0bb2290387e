"""Cell broadcast: every phone in an area, without a number, through a broadcast entity by HTTP.

What a broadcast entity (CBE) hands to a broadcast centre is agreed between the two; here it is a
request whose fields the settings name. Message identifiers and serial numbers are those of 3GPP
TS 23.041, 9.4.1.2. The serial number is the gateway's to give, by the name of the warning: it alone
knows which of the 1,024 message codes are on the air.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from zlib import crc32

from pydantic import Field

from haidang.edge.channels.parts.gateway import Gateway, GatewaySpec
from haidang.edge.channels.parts.notice import Notice, read_all
from haidang.edge.channels.parts.spec import Home, safe
from haidang.edge.channels.port import Outcome, Parcel
from haidang.warn.message import Text
from haidang.warn.short import cell

NAME: Final = "cell_http"
PUBLIC: Final = True
"""It speaks to everybody: one parcel a message, without a recipient."""
PERSON: Final = False
"""What it brings is for machines, or for everybody: each notice goes out."""

_BY_CAP: Final = {
    ("Extreme", "Immediate", "Observed"): 4371, ("Extreme", "Immediate", "Likely"): 4372,
    ("Extreme", "Expected", "Observed"): 4373, ("Extreme", "Expected", "Likely"): 4374,
    ("Severe", "Immediate", "Observed"): 4375, ("Severe", "Immediate", "Likely"): 4376,
    ("Severe", "Expected", "Observed"): 4377, ("Severe", "Expected", "Likely"): 4378,
}  # fmt: skip
"""Message identifiers by severity, urgency and certainty (3GPP TS 23.041, 9.4.1.2.2)."""
_TEST, _EXERCISE, _OPERATOR = 4380, 4381, 4382
_BY_STATUS: Final = {"Exercise": _EXERCISE, "Test": _TEST, "System": _TEST, "Draft": _TEST}
_OTHER_LANGUAGE: Final = 13
"""Added to an identifier of 4370 to 4378 for the same in an additional language; for the others
the table has its own."""
_OTHER: Final = {_TEST: 4393, _EXERCISE: 4394, _OPERATOR: 4395}
_WIDE_AREA: Final = 0b01 << 14
"""Geographical scope: the whole network; which cells it is, the area says."""
_ORDER: Final = ("sent", "failed", "refused")

_FIELDS: Final = {
    "messageIdentifier": "{message_id}", "chain": "{chain}", "update": "{update}",
    "action": "{action}",
    "language": "{language}", "text": "{text}", "dataCodingScheme": "{coding}",
    "repetitionPeriod": "{repeat_s}", "start": "{sent}", "end": "{expires}",
    "capIdentifier": "{identifier}",
}  # fmt: skip


class Spec(GatewaySpec):
    """Settings of a broadcast gateway.

    Attributes:
        kind: ``cell_http``.
        levels: Message identifier by level, before what severity, urgency and certainty give,
            e.g. ``{5: 4370}``.
        repeat_s: Seconds after which the network repeats a broadcast.
        area: Name of the field with the area; "" sends none.
        fields: Of the request; placeholders are ``{message_id}``, ``{chain}``, ``{update}`` (number
            of the message in its chain, from 0), ``{serial}`` and ``{replaces}`` (for a gateway
            that cannot give numbers: our own, and the one before it, "" where there is none; two
            chains may share a message code), ``{action}``
            (``start``, ``replace`` or ``stop``), ``{language}``, ``{text}``, ``{coding}``
            (``gsm`` or ``ucs2``), ``{repeat_s}``, ``{sent}``, ``{expires}``, ``{identifier}``,
            ``{level}``, ``{key}`` and ``{secret}``.
    """

    kind: Literal["cell_http"] = NAME
    body: Literal["json"] = "json"
    levels: dict[int, Annotated[int, Field(ge=4370, le=4378)]] = Field(default_factory=dict)
    repeat_s: Annotated[int, Field(ge=2, le=1883)] = 60
    area: str = "area"
    fields: dict[str, str] = Field(default_factory=lambda: dict(_FIELDS))

    @classmethod
    def placeholders(cls) -> frozenset[str]:
        """What may stand between braces."""
        return frozenset(
            {"secret", "key", "message_id", "serial", "action", "language", "text", "coding",
             "repeat_s", "sent", "expires", "identifier", "level", "chain", "update", "replaces"}
        )  # fmt: skip


def open(spec: Spec, home: Home | None = None) -> CellHttp:
    """Open the channel; nothing is connected yet.

    Raises:
        Unavailable: The secret is not where it should be.
    """
    return CellHttp(spec, home or Home(NAME))


class CellHttp:
    """See the module."""

    def __init__(self, spec: Spec, home: Home) -> None:
        self.name, self.batch = home.name, spec.batch
        self._spec = spec
        self._gateway = Gateway(spec, home)

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Broadcast each message in all its languages; it is sent once all of them are."""
        done: list[Outcome] = []
        asked: list[str] = []
        said: list[tuple[str, Mapping[str, str], Mapping[str, Any]]] = []
        for parcel in parcels:
            notices = read_all(parcel)
            first = self.identifier(parcel, notices[0])
            if first is None:
                done.append(Outcome(parcel.key, "refused", "channel.not_cell"))
                continue
            if self._spec.area and not any(
                a.rings or a.circles or a.geocodes for a in notices[0].areas
            ):
                done.append(Outcome(parcel.key, "refused", "channel.no_area"))
                continue
            for n, notice in enumerate(notices):
                number = first if n == 0 else _OTHER.get(first, first + _OTHER_LANGUAGE)
                key = safe(f"{safe(parcel.key)}.{notice.language}")
                asked.append(parcel.key)
                said.append((key, self._values(parcel, notice, number), self._area(notice)))
        found = self._gateway.ask(said)
        by_key: dict[str, list[Outcome]] = {}
        for key, outcome in zip(asked, found, strict=True):
            by_key.setdefault(key, []).append(outcome)
        # What was taken in one language only is sent again in all: the network knows the number.
        return done + [
            max(all_of, key=lambda o: _ORDER.index(o.state))._replace(key=key)
            for key, all_of in by_key.items()
        ]

    def close(self) -> None:
        """Close all connections."""
        self._gateway.close()

    def identifier(self, parcel: Parcel, notice: Notice) -> int | None:
        """Message identifier; None where the notice is none that may ring every phone.

        The end of a warning stops the broadcast of its chain: the gateway finds that by
        ``{chain}``; nobody kept its identifier here.
        """
        if notice.status in _BY_STATUS:
            return _BY_STATUS[notice.status]
        if (given := self._spec.levels.get(parcel.message.level)) is not None:
            return given
        if parcel.message.kind == "Cancel":
            return _BY_CAP["Severe", "Expected", "Likely"]
        return _BY_CAP.get((notice.severity, notice.urgency, notice.certainty))

    def _values(self, parcel: Parcel, notice: Notice, number: int) -> dict[str, str]:
        message = parcel.message
        made = cell(Text(notice.language, notice.headline, notice.description, notice.instruction))
        actions = {"Alert": "start", "Update": "replace", "Cancel": "stop"}
        before = serial(message.chain, notice.earlier - 1) if notice.earlier else ""
        return {
            "update": str(notice.earlier), "replaces": str(before),
            "message_id": str(number), "serial": str(serial(message.chain, notice.earlier)),
            "action": actions.get(message.kind, "start"), "language": notice.language,
            "text": made.text, "coding": "gsm" if made.limit > 600 else "ucs2",  # noqa: PLR2004
            "repeat_s": str(self._spec.repeat_s), "sent": _utc(message.sent),
            "expires": _utc(notice.expires), "identifier": message.identifier,
            "level": str(message.level), "chain": message.chain,
        }  # fmt: skip

    def _area(self, notice: Notice) -> dict[str, Any]:
        if not self._spec.area:
            return {}
        areas = notice.areas
        return {
            self._spec.area: {
                "polygons": [[[lat, lon] for lat, lon in r] for a in areas for r in a.rings],
                "circles": [[lat, lon, radius] for a in areas for lat, lon, radius in a.circles],
                "codes": [[name, code] for a in areas for name, code in a.geocodes],
            }
        }


def serial(chain: str, earlier: int) -> int:
    """Serial number (3GPP TS 23.041, 9.4.1.2.1): scope, message code of the chain, update number.

    Of 40 chains two share their ten bits more often than not: a gateway that can give numbers
    itself is to be preferred.

    Args:
        chain: Sixteen of its notices share a message code, so that each takes the place of the
            last; the next has another one, or a phone would drop it as a repeat of the first.
        earlier: Messages of the chain before this one.

    Returns:
        16 bits.

    >>> serial("chain", 1) - serial("chain", 0), serial("chain", 16) - serial("chain", 15)
    (1, 1)
    """
    # The next code after the last update, so that no code comes back within 16,384 messages.
    count = ((crc32(chain.encode()) & 0x3FF) << 4) + earlier
    return _WIDE_AREA | count & 0x3FFF


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
