"""Short messages through a message centre by SMPP 3.4, the way that operators offer.

One session, bound as a transceiver, with a window of messages that wait for their answer. SMPP
knows no key of ours: a repeat carries the same ``user_message_reference`` and, if the centre may,
replaces what still waits for the same phone.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from haidang.edge.channels.parts import smpp
from haidang.edge.channels.parts.smpp import GarbageError, Part, Pdu
from haidang.edge.channels.parts.sms import Reported, SmsSpec, number, short
from haidang.edge.channels.parts.spec import Home, Host, Port, Secret, trust
from haidang.edge.channels.port import Outcome, Parcel

NAME: Final = "sms_smpp"
PUBLIC: Final = False
"""It speaks to recipients, each at an address."""
PERSON: Final = True
"""A person reads what it brings: of two notices of one danger they get one."""


class Spec(SmsSpec):
    """Settings of a message centre.

    Attributes:
        kind: ``sms_smpp``.
        host, port: Of the centre.
        tls: ``implicit`` or ``off``; operators often offer a tunnel instead.
        ca: File with the certificates that are believed besides those of the machine's own list.
        system, password, system_type: Login, as the operator gave it.
        sender: What phones show: digits, or at most 11 letters.
        window: Messages that wait for their answer at once.
        alphabet: ``data_coding`` for letters of the default alphabet: 0, 1 (ASCII) or 3 (Latin-1).
        payload: Long texts go whole as ``message_payload``, and the centre cuts them.
        replace: A message of ours that still waits for the same phone is replaced by its repeat.
        receipts: Whether delivery is reported.
    """

    kind: Literal["sms_smpp"] = NAME
    host: Host
    port: Port = 2775
    tls: Literal["off", "implicit"] = "off"
    ca: Path | None = None
    system: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,15}$")]
    password: Secret
    system_type: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{0,12}$")] = ""
    sender: Annotated[str, StringConstraints(pattern=r"^([0-9]{1,20}|[A-Za-z0-9 ._-]{1,11})$")]
    window: Annotated[int, Field(ge=1, le=200)] = 10
    alphabet: Literal[0, 1, 3] = 0
    payload: bool = False
    replace: bool = False
    receipts: bool = True

    @model_validator(mode="after")
    def _whole(self) -> Spec:
        if self.payload and self.replace:
            raise PydanticCustomError("together", "payload and replace do not go together")
        return self


def open(spec: Spec, home: Home | None = None) -> SmsSmpp:
    """Open the channel; nothing is connected yet.

    Raises:
        Unavailable: The password is not where it should be.
    """
    return SmsSmpp(spec, home or Home(NAME))


@dataclass(slots=True)
class _Job:
    """One parcel on its way: its parts, and what has been answered."""

    parcel: Parcel
    to: str
    parts: tuple[Part, ...]
    answers: list[Pdu] = field(default_factory=list)


def unfit(spec: Spec, address: str) -> str:
    """Why it can never send to an address, as far as the address alone tells; "" where it may."""
    return "channel.bad_address" if number(address, spec.prefix) is None else ""


class SmsSmpp:
    """See the module."""

    def __init__(self, spec: Spec, home: Home) -> None:
        self.name, self.batch = home.name, spec.batch
        self._spec, self._home = spec, home
        self._password = spec.password.read(home.folder, "password")
        self._trust = None if spec.tls == "off" else trust(spec.ca, home)
        self._session: _Session | None = None
        self._reports: list[Reported] = []

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Submit a batch; a parcel is sent once the centre has taken all its parts."""
        done: list[Outcome] = []
        jobs: list[_Job] = []
        for parcel in parcels:
            made = self._job(parcel)
            if isinstance(made, Outcome):
                done.append(made)
            else:
                jobs.append(made)
        if not jobs:
            return done
        end = monotonic() + self._spec.total_s
        session, why = self._bound(end)
        if session is None:
            return done + [Outcome(j.parcel.key, "failed", why) for j in jobs]
        try:
            why = session.submit(list(self._bodies(jobs)), self._spec.window, end)
        except (OSError, GarbageError) as err:
            why = _why(err)
        if why and why != "channel.throttled":
            self.close()
        else:
            self._reports += session.take_reports()
        return done + [_outcome(job, why) for job in jobs]

    def reports(self, wait_s: float = 0.0) -> Sequence[Reported]:
        """What the centre has said since of messages that it had taken.

        Args:
            wait_s: Seconds to listen for more.
        """
        if self._session is not None:
            try:
                self._session.listen(monotonic() + wait_s)
                self._reports += self._session.take_reports()
            except (OSError, GarbageError):
                self.close()
        found, self._reports = self._reports, []
        return found

    def close(self) -> None:
        """Unbind, and end the connection."""
        if self._session is not None:
            self._reports += self._session.take_reports()
            self._session.close()
            self._session = None

    def _job(self, parcel: Parcel) -> _Job | Outcome:
        spec = self._spec
        to = number(parcel.address, spec.prefix)
        if to is None:
            return Outcome(parcel.key, "refused", "channel.bad_address")
        made = short(parcel, spec, self._home)
        if made.parts > spec.parts:
            return Outcome(parcel.key, "refused", "channel.too_long")
        cut = smpp.parts(made.text, parcel.key, gsm=spec.alphabet)
        if spec.payload and len(cut) > 1:
            bare = b"".join(p.octets[6:] for p in cut)
            cut = (Part(bare, cut[0].coding, False),)
        return _Job(parcel, to, cut)

    def _bodies(self, jobs: Sequence[_Job]) -> Iterator[tuple[_Job, bytes]]:
        spec = self._spec
        for job in jobs:
            left = (job.parcel.message.expires - datetime.now(UTC)).total_seconds()
            for n, part in enumerate(job.parts, 1):
                last = n == len(job.parts)
                yield (
                    job,
                    smpp.submit(
                        part, sender=spec.sender, to=job.to, key=job.parcel.key,
                        validity=smpp.validity(left) if left > 0 else "",
                        receipt=spec.receipts and last,
                        replace=spec.replace and len(job.parts) == 1,
                        payload=len(part.octets) > 254,  # noqa: PLR2004 - sm_length
                    ),
                )  # fmt: skip

    def _bound(self, end: float) -> tuple[_Session | None, str]:
        if self._session is not None:
            try:
                if self._session.alive(self._spec.timeout_s):
                    return self._session, ""
            except (OSError, GarbageError):
                pass
            self.close()
        spec = self._spec
        session = None
        try:
            session = _Session(spec.host, spec.port, spec.timeout_s, self._trust)
            body = smpp.bind(spec.system, self._password, spec.system_type)
            answer = session.ask(smpp.BIND, body, min(end, monotonic() + spec.timeout_s))
        except (OSError, GarbageError) as err:
            if session is not None:
                session.drop()
            connecting = isinstance(err, OSError) and session is None
            return None, _connecting(err) if connecting else _why(err)
        if answer.status != smpp.OK:
            session.drop()
            throttled = answer.status in smpp.THROTTLED
            login = "channel.login" if answer.status in smpp.LOGIN else "channel.not_now"
            return None, "channel.throttled" if throttled else login
        self._session = session
        return session, ""


_ANSWER_S: Final = 1.0
"""Time for an answer to what the centre asks by itself, s."""
_LAST: Final = 1000
"""PDUs that are looked through on a connection that is given up."""


def _answers(pdu: Pdu, sequence: int) -> bool:
    """Whether it is the answer to a request of ours: the centre numbers its own from 1 as well."""
    return pdu.sequence == sequence and bool(pdu.command & smpp.ANSWER)


def _taken(pdu: Pdu, flying: dict[int, _Job]) -> bool:
    """Give an answer to its job, which flies no more; whether it was one."""
    job = flying.pop(pdu.sequence, None) if pdu.command & smpp.ANSWER else None
    if job is not None:
        job.answers.append(pdu)
    return job is not None


def _outcome(job: _Job, why: str) -> Outcome:
    key, bad = job.parcel.key, [a for a in job.answers if a.status != smpp.OK]
    if bad:
        status = bad[0].status
        if status in smpp.BAD_DESTINATION:
            return Outcome(key, "refused", "channel.rejected")
        if status in smpp.THROTTLED:
            return Outcome(key, "failed", "channel.throttled")
        return Outcome(key, "failed", "channel.not_now")
    if len(job.answers) < len(job.parts):
        return Outcome(key, "failed", why or "channel.timeout")
    return Outcome(key, "sent", receipt=smpp.message_id(job.answers[-1].body))


def _connecting(err: Exception) -> str:
    if isinstance(err, ssl.SSLError):
        return "channel.tls"
    return "channel.timeout" if isinstance(err, TimeoutError) else "channel.no_connection"


def _why(err: Exception) -> str:
    if isinstance(err, GarbageError):
        return "channel.garbage"
    return "channel.timeout" if isinstance(err, TimeoutError) else "channel.lost"


class _Session:
    """A connection to the centre, read and written by one thread."""

    def __init__(
        self, host: str, port: int, timeout: float, trusted: ssl.SSLContext | None
    ) -> None:
        made = socket.create_connection((host, port), timeout)
        try:
            self._sock = trusted.wrap_socket(made, server_hostname=host) if trusted else made
        except OSError:
            made.close()
            raise
        self._buffer = bytearray()
        self._last = 0
        self._reports: list[Reported] = []

    def ask(self, command: int, body: bytes, end: float) -> Pdu:
        """A request and its answer.

        Raises:
            OSError: The connection broke, or there was no answer by ``end``.
            GarbageError: What came is no SMPP.
        """
        sequence = self._put(command, body, end)
        while True:
            pdu = self._get(end)
            if _answers(pdu, sequence):
                return pdu

    def submit(self, bodies: list[tuple[_Job, bytes]], window: int, end: float) -> str:
        """Submit messages with at most ``window`` unanswered; answers go to their jobs.

        Returns:
            ``channel.throttled`` where the centre asked to stop: what is left is not submitted.
            "" else.

        Raises:
            OSError, GarbageError: As `ask`.
        """
        flying: dict[int, _Job] = {}
        waiting, why = bodies[::-1], ""
        try:
            while flying or waiting:
                while waiting and len(flying) < window:
                    job, body = waiting.pop()
                    flying[self._put(smpp.SUBMIT, body, end)] = job
                pdu = self._get(end)
                if _taken(pdu, flying) and pdu.status in smpp.THROTTLED:
                    waiting, why = [], "channel.throttled"
        except OSError as err:
            # Writing fails, and time is over, before all that came earlier is read: whoever was
            # answered for would get the message twice.
            late = isinstance(err, TimeoutError)
            self._last_words(flying, None if late else monotonic() + _ANSWER_S)
            raise
        return why

    def _last_words(self, flying: dict[int, _Job], end: float | None) -> None:
        """Take the answers that a connection still holds which is given up."""
        with suppress(OSError, GarbageError):
            for _ in range(_LAST):
                if not flying:
                    return
                _taken(self._read(end), flying)

    def alive(self, timeout: float) -> bool:
        """Whether the centre still answers."""
        return self.ask(smpp.ENQUIRE, b"", monotonic() + timeout).status == smpp.OK

    def listen(self, end: float) -> None:
        """Take what the centre says by itself, until ``end``."""
        with suppress(TimeoutError):
            while True:
                self._get(max(end, monotonic() + 0.001))

    def take_reports(self) -> list[Reported]:
        """Reports of delivery since the last time."""
        found, self._reports = self._reports, []
        return found

    def close(self) -> None:
        """Unbind politely, within a second.

        A report that comes meanwhile is not answered for, since nobody would write it down any
        more: the centre keeps it, and says it again next time.
        """
        with suppress(OSError, GarbageError):
            end = monotonic() + 1.0
            sequence = self._put(smpp.UNBIND, b"", end)
            while not _answers(self._read(end), sequence):
                pass
        self.drop()

    def drop(self) -> None:
        """End the connection."""
        with suppress(OSError):
            self._sock.close()

    def _put(self, command: int, body: bytes, end: float) -> int:
        self._last = self._last % 0x7FFFFFFF + 1
        self._write(Pdu(command, 0, self._last, body), end)
        return self._last

    def _write(self, pdu: Pdu, end: float) -> None:
        self._sock.settimeout(_left(end))
        self._sock.sendall(pdu.octets())

    def _read(self, end: float | None) -> Pdu:
        """The next PDU; without an ``end`` of those that are there, and waits for none."""
        while (pdu := smpp.take(self._buffer)) is None:
            self._sock.settimeout(0.0 if end is None else _left(end))
            more = self._sock.recv(65536)
            if not more:
                raise ConnectionResetError
            self._buffer += more
        return pdu

    def _get(self, end: float) -> Pdu:
        """The next PDU; what the centre asks by itself is answered here."""
        pdu = self._read(end)
        match pdu.command:
            case smpp.ENQUIRE:
                end = max(end, monotonic() + _ANSWER_S)
                self._write(Pdu(pdu.command | smpp.ANSWER, 0, pdu.sequence), end)
            case smpp.DELIVER:
                self._deliver(pdu, end)
            case smpp.UNBIND:
                self._write(Pdu(pdu.command | smpp.ANSWER, 0, pdu.sequence), end)
                raise ConnectionResetError
            case command if not command & smpp.ANSWER:
                self._write(Pdu(smpp.NACK, smpp.BAD_COMMAND, pdu.sequence), end)
        return pdu

    def _deliver(self, pdu: Pdu, end: float) -> None:
        try:
            found = smpp.delivered(pdu.body)
        except GarbageError:
            # Answered for all the same: it would come again, each time instead of the answers
            # that stand behind it.
            found = None
        # Whoever only looks whether there is something has no time left for the answer: without
        # it the centre would send the same report again and again.
        end = max(end, monotonic() + _ANSWER_S)
        self._write(Pdu(pdu.command | smpp.ANSWER, 0, pdu.sequence, b"\0"), end)
        if found is None:
            return
        receipt, state = found
        if state == "DELIVRD":
            self._reports.append(Reported(receipt, "delivered"))
        elif state in {"UNDELIV", "REJECTD", "DELETED"}:
            self._reports.append(Reported(receipt, "refused", "channel.rejected"))
        elif state in {"EXPIRED", "UNKNOWN"}:
            self._reports.append(Reported(receipt, "failed", "channel.not_delivered"))


def _left(end: float) -> float:
    left = end - monotonic()
    if left <= 0:
        raise TimeoutError
    return left
