"""A message by e-mail: words as text and as HTML, the CAP message beside them.

SMTP (RFC 5321) with one connection for a batch. A repeat carries the same ``Message-ID``, so that
a mailbox that keeps them shows it once; SMTP itself knows no such thing, so what a server took
and could not confirm is sent again.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from haidang.edge.channels.parts.mail import MAILBOX, Letter, mail, mailbox
from haidang.edge.channels.parts.notice import read
from haidang.edge.channels.parts.spec import ChannelSpec, Home, Host, Port, Secret, Tls, trust
from haidang.edge.channels.port import Outcome, Parcel

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

NAME: Final = "smtp"
PUBLIC: Final = False
"""It speaks to recipients, each at an address."""
PERSON: Final = True
"""A person reads what it brings: of two notices of one danger they get one."""

_OK: Final = frozenset({250, 251, 252})
_FULL: Final = 552
"""Too many recipients, or a full mailbox: to be taken as 452 (RFC 5321, 4.5.3.1.10)."""
_CLOSING: Final = 421
_LOGIN: Final = frozenset({530, 534, 535, 538})
_LASTING: Final = 500


class Spec(ChannelSpec):
    """Settings of a mail server.

    Attributes:
        kind: ``smtp``.
        batch: Parcels handed over at once.
        host, port: Of the server.
        tls: ``starttls`` (usual with port 587), ``implicit`` (port 465) or ``off``.
        ca: File with the certificates that are believed besides those of the machine's own list.
        user, password: Login; only over TLS unless the server is this machine.
        sender: Address that the messages come from.
        sender_name: Shown beside it; "" shows the message's own sender.
        unsubscribe: Where a recipient can sign off: ``mailto:`` or ``https:``, with
            ``{recipient}`` for the salted id.
        attach_cap: Whether the CAP message is attached.
    """

    kind: Literal["smtp"] = NAME
    host: Host
    port: Port = 587
    tls: Tls = "starttls"
    ca: Path | None = None
    user: str = ""
    password: Secret | None = None
    sender: Annotated[str, StringConstraints(pattern=rf"^{MAILBOX}$")]
    sender_name: str = ""
    unsubscribe: Annotated[str, StringConstraints(pattern=r"^((mailto|https):[!-;=?-~]+)?$")] = ""
    attach_cap: bool = True

    @model_validator(mode="after")
    def _safe(self) -> Spec:
        if bool(self.user) != (self.password is not None):
            raise PydanticCustomError("login_half", "give user and password")
        if self.user and self.tls == "off" and self.host not in {"127.0.0.1", "localhost", "::1"}:
            raise PydanticCustomError("login_plain", "a password needs TLS")
        return self


def open(spec: Spec, home: Home | None = None) -> Smtp:
    """Open the channel; nothing is connected yet.

    Raises:
        Unavailable: The password is not where it should be, or the certificates cannot be read.
    """
    return Smtp(spec, home or Home(NAME))


def unfit(spec: Spec, address: str) -> str:
    """Why it can never send to an address, as far as the address alone tells; "" where it may."""
    del spec
    return "channel.bad_address" if mailbox(address) is None else ""


class Smtp:
    """See the module."""

    def __init__(self, spec: Spec, home: Home) -> None:
        self.name, self.batch = home.name, spec.batch
        self._spec, self._home = spec, home
        self._password = spec.password.read(home.folder, "password") if spec.password else ""
        self._trust = None if spec.tls == "off" else trust(spec.ca, home)

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Send a batch over one connection.

        Where the server ends the connection, a new one is made for the rest as long as each
        brings the batch further. What has no answer has failed.
        """
        done: list[Outcome] = []
        mails: list[_Mail] = []
        for parcel in parcels:
            made = self._mail(parcel)
            if isinstance(made, Outcome):
                done.append(made)
            else:
                mails.append(made)
        end = monotonic() + self._spec.total_s
        why = ""
        while mails:
            answered, flying, why = self._session(mails, end)
            done += answered
            mails = mails[len(answered) :]
            if flying and mails:
                # Nobody knows whether it was taken; it does not hold up the others.
                done.append(Outcome(mails.pop(0).key, "failed", why))
            if not answered:
                break
        return [*done, *(Outcome(m.key, "failed", why or "channel.lost") for m in mails)]

    def close(self) -> None:
        """Nothing is kept between batches."""

    def _mail(self, parcel: Parcel) -> _Mail | Outcome:
        to = mailbox(parcel.address)
        if to is None:
            return Outcome(parcel.key, "refused", "channel.bad_address")
        spec = self._spec
        link = self._home.link_to(parcel.message.identifier)
        letter = Letter(spec.sender, spec.sender_name, spec.unsubscribe, spec.attach_cap, link)
        return _Mail(parcel.key, to, *mail(parcel, read(parcel), to, letter))

    def _session(self, mails: Sequence[_Mail], end: float) -> _Session:
        watch = _Watch()
        timer = Timer(max(end - monotonic(), 0.0), watch.end)
        timer.daemon = True
        timer.start()
        found = _Session([], False, "")
        try:
            client = self._connect(watch)
            for one in mails:
                found = found._replace(flying=True)
                found.answered.append(_send(client, self._spec.sender, one))
                found = found._replace(flying=False)
                if client.sock is None:
                    # It hung up behind its answer: the others go over another connection.
                    return found._replace(why="channel.lost")
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
        except (smtplib.SMTPException, OSError, ValueError) as err:
            return found._replace(why="channel.timeout" if watch.ended else _why(err))
        finally:
            timer.cancel()
            watch.close()
        return found

    def _connect(self, watch: _Watch) -> _Client:
        spec = self._spec
        client = _Client(watch, spec.host, spec.port, spec.timeout_s, self._trust, spec.tls)
        client.ehlo_or_helo_if_needed()
        if spec.tls == "starttls":
            client.starttls(context=self._trust)
            client.ehlo()
        if spec.user:
            client.login(spec.user, self._password)
        return client


class _Mail(NamedTuple):
    """A mail ready to go."""

    key: str
    to: str
    body: bytes
    receipt: str


class _Session(NamedTuple):
    """One connection.

    Attributes:
        answered: Outcomes of the first mails, in order.
        flying: The next one was on its way when it ended.
        why: Why it ended; "" if all were answered.
    """

    answered: list[Outcome]
    flying: bool
    why: str


class _Watch:
    """Ends a connection whose time is over, wherever it hangs.

    Timeouts of a socket hold for one read: a server that gives a letter a second meets none.
    """

    def __init__(self) -> None:
        self.client: _Client | None = None
        self.ended = False

    def end(self) -> None:
        """Time is over: every read and write of the connection comes back at once."""
        self.ended = True
        if self.client is not None and (sock := self.client.sock) is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the connection back."""
        if self.client is not None:
            with suppress(OSError):
                self.client.close()


class _Client(smtplib.SMTP):
    """A client that its watch knows before it connects, and that may speak TLS from the start."""

    def __init__(
        self, watch: _Watch, host: str, port: int, timeout: float,
        trust: ssl.SSLContext | None, tls: Tls,
    ) -> None:  # fmt: skip
        self.sock: socket.socket | None = None
        self._first = trust if tls == "implicit" else None
        self._watch = watch
        watch.client = self
        super().__init__(host, port, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = socket.create_connection((host, port), timeout)
        if self._first is not None:
            made = self._first.wrap_socket(made, server_hostname=host)
        if self._watch.ended:
            made.close()
            raise TimeoutError
        return made

    def send(self, s: ReadableBuffer | str) -> None:
        """As the library does; where the other side has hung up, what it said before is read.

        A server that has heard enough of a message says so, and closes, while it is still written.
        """
        octets = s.encode(self.command_encoding) if isinstance(s, str) else s
        try:
            if self.sock is not None:
                self.sock.sendall(octets)
                return
        except (BrokenPipeError, ConnectionResetError):
            return
        except OSError as err:
            self.close()
            raise smtplib.SMTPServerDisconnected("Server not connected") from err
        raise smtplib.SMTPServerDisconnected("please run connect() first")


def _send(client: smtplib.SMTP, sender: str, mail: _Mail) -> Outcome:
    """One mail over an open connection; it may be gone once there is an answer.

    Raises:
        SMTPServerDisconnected: The connection is gone, or the server says that it closes it.
    """
    code = _open(client.mail(sender)[0])
    if code not in _OK:
        _reset(client)
        return Outcome(mail.key, "failed", "channel.login" if code in _LOGIN else "channel.sender")
    code = _open(client.rcpt(mail.to)[0])
    if code not in _OK:
        _reset(client)
        return _refused(mail.key, code)
    try:
        code = _open(client.data(mail.body)[0])
    except smtplib.SMTPDataError as err:
        code = _open(err.smtp_code)
        _reset(client)
    if code in _OK:
        return Outcome(mail.key, "sent", receipt=mail.receipt)
    return _refused(mail.key, code)


def _reset(client: smtplib.SMTP) -> None:
    """Begin anew after a refusal; a server that hangs up behind it takes nothing back."""
    with suppress(smtplib.SMTPServerDisconnected):
        client.rset()


def _open(code: int) -> int:
    if code in {_CLOSING, -1}:
        raise smtplib.SMTPServerDisconnected
    return code


def _refused(key: str, code: int) -> Outcome:
    if code in _LOGIN:
        return Outcome(key, "failed", "channel.login")
    if code >= _LASTING and code != _FULL:
        return Outcome(key, "refused", "channel.rejected")
    return Outcome(key, "failed", "channel.not_now")


def _why(err: Exception) -> str:
    """Code of the problem; the server's own words may hold an address."""
    match err:
        case smtplib.SMTPAuthenticationError():
            return "channel.login"
        case smtplib.SMTPServerDisconnected():
            late = isinstance(err.__context__, TimeoutError)
            return "channel.timeout" if late else "channel.lost"
        case smtplib.SMTPNotSupportedError() | ssl.SSLError():
            return "channel.tls"
        case TimeoutError():
            return "channel.timeout"
        case smtplib.SMTPResponseException():
            return "channel.not_now" if 400 <= err.smtp_code < 600 else "channel.garbage"  # noqa: PLR2004
        case ConnectionRefusedError() | socket.gaierror():
            return "channel.no_connection"
        case ValueError() | smtplib.SMTPException():
            return "channel.garbage"
    return "channel.no_connection" if isinstance(err, OSError) else "channel.lost"
