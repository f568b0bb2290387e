"""A message centre for tests: SMPP 3.4 on this machine, with the whims that a test gives it.

Written from the specification and apart from the code that it tests.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from receivers import hush, raw

BIND, SUBMIT, DELIVER, UNBIND, ENQUIRE = 9, 4, 5, 6, 0x15
RESP = 0x80000000


@dataclass
class Short:
    """One ``submit_sm`` as the centre saw it."""

    sender: str
    to: str
    esm: int
    validity: str
    registered: int
    replace: int
    coding: int
    octets: bytes
    more: dict[int, bytes]
    session: int

    @property
    def text(self) -> str:
        """Its letters, without the header of a part."""
        octets = self.more.get(0x0424, self.octets)
        octets = octets[octets[0] + 1 :] if self.esm & 0x40 else octets
        return octets.decode("utf-16-be" if self.coding == 8 else "ascii")


@dataclass
class Centre:
    """What a test reads and sets.

    Attributes:
        answer: Status for each submission; ``None`` leaves it unanswered.
        password: That lets in.
        last: Ends the connection after so many submissions of a session; 0 never does. What was
            answered before is still delivered.
        receipt: State reported of every message, in its own words; "" reports nothing.
        asks: Sends an ``enquire_link`` and an unknown command after each submission.
    """

    answer: Callable[[Short], int | None] = lambda _: 0
    password: str = "secret"
    last: int = 0
    receipt: str = ""
    asks: bool = False
    port: int = 0
    shorts: list[Short] = field(default_factory=list)
    binds: list[tuple[str, str]] = field(default_factory=list)
    unbound: int = 0
    answered: list[tuple[int, int]] = field(default_factory=list)
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def talk(self, connection: socket.socket) -> None:
        """One session."""
        count = 0
        while True:
            command, _, sequence, body = _read(connection)
            if command & RESP:
                self.answered.append((command, sequence))
            elif command == BIND:
                system, rest = _cstring(body, 0)
                password, _ = _cstring(body, rest)
                self.binds.append((system, password))
                _write(
                    connection,
                    command | RESP,
                    0 if password == self.password else 14,
                    sequence,
                    b"sim\0",
                )
            elif command == SUBMIT:
                count += 1
                if self.last and count > self.last:
                    # Closing with something unread would be a reset, which may overtake answers.
                    connection.shutdown(socket.SHUT_WR)
                    hush(connection)
                    return
                self._submit(connection, sequence, body)
            elif command == ENQUIRE:
                _write(connection, command | RESP, 0, sequence)
            elif command == UNBIND:
                self.unbound += 1
                _write(connection, command | RESP, 0, sequence)
                return

    def _submit(self, connection: socket.socket, sequence: int, body: bytes) -> None:
        short = _short(body, id(connection))
        with self.lock:
            self.shorts.append(short)
            name = f"m{len(self.shorts)}"
        status = self.answer(short)
        if status is not None:
            _write(connection, SUBMIT | RESP, status, sequence, name.encode() + b"\0")
        if self.asks:
            _write(connection, ENQUIRE, 0, 7001)
            _write(connection, 0x0103, 0, 7002)  # data_sm, which we never asked for
        if self.receipt and not status and short.registered:
            text = f"id:{name} sub:001 dlvrd:001 stat:{self.receipt} err:000 text:".encode()
            head = b"\0\x01\x01" + short.to.encode() + b"\0\x01\x01x\0\x04\0\0\0\0\0\0\0\0"
            _write(connection, DELIVER, 0, 9000, head + bytes([len(text)]) + text)


def _short(body: bytes, session: int) -> Short:
    _, at = _cstring(body, 0)
    sender, at = _cstring(body, at + 2)
    to, at = _cstring(body, at + 2)
    esm = body[at]
    _, at = _cstring(body, at + 3)
    validity, at = _cstring(body, at)
    registered, replace, coding, _, length = body[at : at + 5]
    octets = body[at + 5 : at + 5 + length]
    at += 5 + length
    more = {}
    while at < len(body):
        tag, size = struct.unpack_from(">HH", body, at)
        more[tag] = body[at + 4 : at + 4 + size]
        at += 4 + size
    return Short(sender, to, esm, validity, registered, replace, coding, octets, more, session)


def _cstring(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(b"\0", at)
    return body[at:end].decode("ascii"), end + 1


def _read(connection: socket.socket) -> tuple[int, int, int, bytes]:
    head = _exactly(connection, 16)
    length, command, status, sequence = struct.unpack(">IIII", head)
    return command, status, sequence, _exactly(connection, length - 16)


def _exactly(connection: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        more = connection.recv(count - len(got))
        if not more:
            raise OSError("gone")
        got += more
    return got


def _write(
    connection: socket.socket, command: int, status: int, sequence: int, body: bytes = b""
) -> None:
    octets = struct.pack(">IIII", 16 + len(body), command, status, sequence) + body
    # In two pieces: a reader that takes a read for a PDU is found out.
    connection.sendall(octets[:11])
    connection.sendall(octets[11:])


@contextmanager
def centre(**whims: object) -> Iterator[Centre]:
    """Start one."""
    made = Centre(**whims)  # type: ignore[arg-type]
    with raw(made.talk) as port:
        made.port = port
        yield made
