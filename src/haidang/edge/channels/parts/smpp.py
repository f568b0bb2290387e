"""PDUs of SMPP 3.4, those that a sender of short messages needs.

Short Message Peer to Peer Protocol Specification v3.4, Issue 1.2: header 3.2, PDUs 4, status codes
5.1.3, optional parameters 5.3; the default alphabet of 3GPP TS 23.038, 6.2.1.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from haidang.warn.short import segments, septets

BIND: Final = 0x00000009
SUBMIT: Final = 0x00000004
DELIVER: Final = 0x00000005
UNBIND: Final = 0x00000006
ENQUIRE: Final = 0x00000015
NACK: Final = 0x80000000
ANSWER: Final = 0x80000000
"""Added to the command of a request, it is the command of its answer."""

OK: Final = 0x00
BAD_LENGTH: Final = 0x02
BAD_COMMAND: Final = 0x03
BAD_DESTINATION: Final = frozenset({0x0B, 0x50, 0x51, 0x33, 0x34, 0x40, 0x42})
"""ESME_RINVDSTADR and its kin: a repeat to this number will not help."""
THROTTLED: Final = frozenset({0x14, 0x58})
"""ESME_RMSGQFUL, ESME_RTHROTTLED."""
LOGIN: Final = frozenset({0x0D, 0x0E, 0x0F})
"""ESME_RBINDFAIL, ESME_RINVPASWD, ESME_RINVSYSID."""

PAYLOAD: Final = 0x0424
REFERENCE: Final = 0x0204
RECEIPTED: Final = 0x001E
STATE: Final = 0x0427

LONGEST: Final = 70_000
"""Octets of a PDU that are believed; a length above is garbage."""
HEADER: Final = 16
_UDH: Final = 0x40
_RECEIPT: Final = 0x04
_TON_INTERNATIONAL, _TON_ALPHANUMERIC = 1, 5
_NPI_ISDN: Final = 1

_GSM: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_BEYOND: Final = {
    "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40,
    "€": 0x65, "\f": 0x0A,
}  # fmt: skip
_STATES: Final = {1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV",
                  6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD"}  # fmt: skip


class GarbageError(Exception):
    """What came is no SMPP."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU.

    Attributes:
        command: Identifier.
        status: Of an answer; 0 in a request.
        sequence: An answer has that of its request.
        body: What follows the header.
    """

    command: int
    status: int
    sequence: int
    body: bytes = b""

    def octets(self) -> bytes:
        """As it travels."""
        head = (HEADER + len(self.body), self.command, self.status, self.sequence)
        return struct.pack(">IIII", *head) + self.body


def take(buffer: bytearray) -> Pdu | None:
    """The first whole PDU of what has come, which is removed from it; None where it is not whole.

    Raises:
        GarbageError: Its length cannot be.
    """
    if len(buffer) < HEADER:
        return None
    length, command, status, sequence = struct.unpack_from(">IIII", buffer)
    if not HEADER <= length <= LONGEST:
        raise GarbageError
    if len(buffer) < length:
        return None
    body = bytes(buffer[HEADER:length])
    del buffer[:length]
    return Pdu(command, status, sequence, body)


def bind(system: str, password: str, kind: str) -> bytes:
    """Body of ``bind_transceiver`` (4.1.5).

    Args:
        system: Our name at the centre, at most 15 letters.
        password: At most 8 letters by the standard; a longer one goes as it is, as some centres
            give such and a shorter one would be refused without a word why.
        kind: ``system_type``, at most 12.
    """
    return _text(system, 15) + _text(password, 64) + _text(kind, 12) + b"\x34\0\0\0"


@dataclass(frozen=True, slots=True)
class Part:
    """One short message of a notice, ready for ``submit_sm``.

    Attributes:
        octets: Of the message, with its header where it is one of several.
        coding: ``data_coding``.
        several: It has a header (3GPP TS 23.040, 9.2.3.24.1) that says which part it is.
    """

    octets: bytes
    coding: int
    several: bool


def parts(text: str, key: str, *, gsm: int = 0) -> tuple[Part, ...]:
    """A text as short messages.

    Args:
        text: In the default alphabet, or in any other letters, which go as UCS-2.
        key: Of the parcel; the parts of a repeat carry the same reference.
        gsm: ``data_coding`` for the default alphabet, as the centre wants it: 0 for its own
            alphabet, 1 for ASCII, 3 for Latin-1.

    Returns:
        Parts in order.
    """
    plain = septets(text) is not None
    cut = segments(text)
    coded = [_coded(t, gsm) if plain else t.encode("utf-16-be") for t in cut]
    coding = gsm if plain else 8
    if len(coded) == 1:
        return (Part(coded[0], coding, False),)
    reference = crc32(key.encode()) & 0xFF
    return tuple(
        Part(bytes([5, 0, 3, reference, len(coded), n]) + octets, coding, True)
        for n, octets in enumerate(coded, 1)
    )


def _coded(text: str, gsm: int) -> bytes:
    if gsm:
        return text.encode("ascii" if gsm == 1 else "latin-1", "replace")
    made = bytearray()
    for letter in text:
        if letter in _BEYOND:
            made += bytes([0x1B, _BEYOND[letter]])
        else:
            made.append(_GSM.index(letter))
    return bytes(made)


def submit(
    part: Part, *, sender: str, to: str, key: str, validity: str, receipt: bool,
    replace: bool = False, payload: bool = False,
) -> bytes:  # fmt: skip
    """Body of ``submit_sm`` (4.4.1).

    Args:
        part: What is sent.
        sender: What phones show: digits, or at most 11 letters.
        to: Number with its country code.
        key: Of the parcel, from which ``user_message_reference`` is made.
        validity: Relative time (7.1.1.2) after which the centre gives up; "" for its own.
        receipt: Whether its delivery is reported.
        replace: An earlier one of ours to this number that still waits is replaced.
        payload: The text goes as ``message_payload``, and the centre cuts it.
    """
    ton = _TON_INTERNATIONAL if sender.isdecimal() else _TON_ALPHANUMERIC
    source = bytes([ton, _NPI_ISDN if sender.isdecimal() else 0]) + _text(sender, 20)
    target = bytes([_TON_INTERNATIONAL, _NPI_ISDN]) + _text(to, 20)
    head = b"\0" + source + target
    head += bytes([_UDH if part.several else 0, 0, 0]) + b"\0" + _text(validity, 16)
    head += bytes([1 if receipt else 0, 1 if replace else 0, part.coding, 0])
    reference = struct.pack(">HHH", REFERENCE, 2, crc32(key.encode()) & 0xFFFF)
    if payload:
        more = struct.pack(">HH", PAYLOAD, len(part.octets)) + part.octets
        return head + b"\0" + reference + more
    return head + bytes([len(part.octets)]) + part.octets + reference


def validity(seconds: float) -> str:
    """A relative time (7.1.1.2): years, months, days, hours, minutes, seconds, ``000R``.

    >>> validity(90061)
    '000001010101000R'
    """
    whole = max(int(seconds), 60)
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    return f"0000{min(days, 30):02}{hours:02}{rest // 60:02}{rest % 60:02}000R"


def _text(text: str, most: int) -> bytes:
    """A C-octet string: no octet of it ends it early."""
    return text.encode("ascii", "replace").replace(b"\0", b"")[:most] + b"\0"


def message_id(body: bytes) -> str:
    """``message_id`` of an answer to ``submit_sm``."""
    return body.partition(b"\0")[0].decode("latin-1")[:65]


def delivered(body: bytes) -> tuple[str, str] | None:
    """What a ``deliver_sm`` reports (Appendix B): our message's id and its state.

    Returns:
        Id and state such as ``DELIVRD``; None where it is no report of delivery.

    Raises:
        GarbageError: The body ends early.
    """
    try:
        kind, octets, more = _delivery(body)
    except (IndexError, struct.error, ValueError) as err:
        raise GarbageError from err
    text = octets.decode("latin-1")
    found = re.search(r"id:(\S+)", text), re.search(r"stat:(\w+)", text)
    name = more[RECEIPTED].partition(b"\0")[0].decode("latin-1") if RECEIPTED in more else ""
    state = _STATES.get(more[STATE][0], "") if more.get(STATE) else ""
    name = name or (found[0][1] if found[0] else "")
    state = state or (found[1][1] if found[1] else "")
    return (name[:65], state) if kind & _RECEIPT and name and state else None


def _delivery(body: bytes) -> tuple[int, bytes, dict[int, bytes]]:
    at = body.index(b"\0") + 1  # service_type
    for _ in range(2):
        at = body.index(b"\0", at + 2) + 1  # ton, npi, address
    kind = body[at]
    at += 3
    for _ in range(2):
        at = body.index(b"\0", at) + 1  # schedule, validity
    at += 4
    length = body[at]
    octets = body[at + 1 : at + 1 + length]
    at += 1 + length
    more: dict[int, bytes] = {}
    while at < len(body):
        tag, size = struct.unpack_from(">HH", body, at)
        more[tag] = body[at + 4 : at + 4 + size]
        at += 4 + size
    return kind, more.get(PAYLOAD, octets), more
