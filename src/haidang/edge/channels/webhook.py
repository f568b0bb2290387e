"""A message to a program of somebody else's: signed, with a key that stays with every repeat.

A receiver that keeps keys shows a message once; one that checks the signature shows only ours.
How it does both is in ``docs/reference/channels.md``, with an example.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from time import time
from typing import Annotated, Final, Literal

from pydantic import Field

from haidang.edge.channels.parts.http import Answer, Caller, Limits, Request, parsed
from haidang.edge.channels.parts.notice import Notice, read
from haidang.edge.channels.parts.spec import ChannelSpec, Home, Secret, safe
from haidang.edge.channels.port import Outcome, Parcel

NAME: Final = "webhook"
PUBLIC: Final = False
"""It speaks to recipients, each at an address."""
PERSON: Final = False
"""What it brings is for machines, or for everybody: each notice goes out."""

_REFUSES: Final = range(400, 500)
_LATER: Final = frozenset({408, 425, 429})
_THERE: Final = frozenset({208, 409})
_MOVED: Final = frozenset({301, 308})


class Spec(ChannelSpec):
    """Settings of a webhook.

    Attributes:
        kind: ``webhook``.
        batch: Parcels handed over at once.
        body: ``json``: words, level, areas and link; ``cap``: the CAP message, unchanged.
        secret: Of which each recipient's own secret is made; see `secret_of`. Without it only
            parcels with a secret of their own are signed.
        require_signature: What cannot be signed is not sent.
        allow_private: Addresses of our own network may be sent to.
        allow_plain: Addresses without TLS may be sent to.
        parallel: Requests at once.
        wait_s: A ``Retry-After`` of at most so many seconds is waited for within the batch.
    """

    kind: Literal["webhook"] = NAME
    body: Literal["json", "cap"] = "json"
    secret: Secret | None = None
    require_signature: bool = True
    allow_private: bool = False
    allow_plain: bool = False
    parallel: Annotated[int, Field(ge=1, le=200)] = 16
    wait_s: Annotated[float, Field(ge=0, le=30)] = 3.0


def open(spec: Spec, home: Home | None = None, clock: Callable[[], float] = time) -> Webhook:
    """Open the channel; nothing is connected yet.

    Args:
        spec: Settings.
        home: Its name and folder.
        clock: Seconds since 1970, for the time that is signed.

    Raises:
        Unavailable: The secret is not where it should be.
    """
    return Webhook(spec, home or Home(NAME), clock)


def secret_of(master: str, recipient: str) -> str:
    """The secret that a recipient and we share.

    Each has its own, made of ours: with one for all, whoever receives could sign for us.

    Args:
        master: Secret of the desk.
        recipient: Salted id.

    Returns:
        64 hexadecimal digits.
    """
    return hmac.new(master.encode(), f"webhook:{recipient}".encode(), hashlib.sha256).hexdigest()


def signature(secret: str, timestamp: str, key: str, body: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) over time, key and body, as ``X-Haidang-Signature`` holds it.

    Args:
        secret: Shared with the recipient.
        timestamp: As in ``X-Haidang-Timestamp``.
        key: As in ``Idempotency-Key``: else an old request would pass under a new key.
        body: Octets as sent.
    """
    signed = f"{timestamp}.{key}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def unfit(spec: Spec, address: str) -> str:
    """Why it can never send to an address, as far as the address alone tells; "" where it may."""
    url = parsed(address)
    if url is None:
        return "channel.bad_address"
    return "" if url.scheme == b"https" or spec.allow_plain else "channel.plain_address"


class Webhook:
    """See the module."""

    def __init__(self, spec: Spec, home: Home, clock: Callable[[], float]) -> None:
        self.name, self.batch = home.name, spec.batch
        self._spec, self._home, self._clock = spec, home, clock
        self._master = spec.secret.read(home.folder, "secret") if spec.secret else ""
        self._caller = Caller(
            Limits(
                spec.timeout_s, spec.total_s, spec.parallel, spec.wait_s,
                public_only=not spec.allow_private,
            )
        )  # fmt: skip

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Post every parcel to its address."""
        done: list[Outcome] = []
        asked: list[Parcel] = []
        requests: list[Request] = []
        for parcel in parcels:
            made = self._request(parcel)
            if isinstance(made, Outcome):
                done.append(made)
            else:
                asked.append(parcel)
                requests.append(made)
        answers = self._caller.ask(requests)
        return done + [_outcome(p.key, a) for p, a in zip(asked, answers, strict=True)]

    def close(self) -> None:
        """Close all connections."""
        self._caller.close()

    def _request(self, parcel: Parcel) -> Request | Outcome:
        url = parsed(parcel.address)
        why = unfit(self._spec, parcel.address)
        if url is None or why:
            return Outcome(parcel.key, "refused", why)
        secret = parcel.secret or (
            secret_of(self._master, parcel.recipient) if self._master else ""
        )
        if self._spec.require_signature and not secret:
            return Outcome(parcel.key, "failed", "channel.unsigned")
        key = safe(parcel.key)
        if self._spec.body == "cap":
            kind, body = "application/cap+xml", parcel.message.body
        else:
            kind, body = "application/json", as_json(parcel, read(parcel), self._home)
        stamp = str(int(self._clock()))
        headers = {"Content-Type": kind, "Idempotency-Key": key, "X-Haidang-Timestamp": stamp}
        if secret:
            headers["X-Haidang-Signature"] = signature(secret, stamp, key, body)
        return Request("POST", parcel.address, body, headers)


def as_json(parcel: Parcel, notice: Notice, home: Home) -> bytes:
    """The message for a program: what it says, how bad it is, where, and where to read it.

    Args:
        parcel: With the message.
        notice: What it says.
        home: For the link.

    Returns:
        JSON in UTF-8, the same for the same parcel.
    """
    message = parcel.message
    found = {
        "identifier": message.identifier,
        "sender": message.sender,
        "sent": message.sent.isoformat(),
        "kind": message.kind,
        "status": notice.status,
        "language": notice.language,
        "level": message.level,
        "event": notice.event,
        "severity": notice.severity,
        "urgency": notice.urgency,
        "certainty": notice.certainty,
        "headline": notice.headline,
        "description": notice.description,
        "instruction": notice.instruction,
        "onset": notice.onset.isoformat() if notice.onset else None,
        "expires": notice.expires.isoformat(),
        "wakes": parcel.wakes,
        "areas": [
            {"name": a.description, "codes": [{"list": n, "code": c} for n, c in a.geocodes]}
            for a in notice.areas
        ],
        "link": home.link_to(message.identifier) or None,
    }
    return json.dumps(found, ensure_ascii=False, sort_keys=True).encode()


def _outcome(key: str, answer: Answer) -> Outcome:
    status = answer.status
    if answer.why:
        lasting = answer.why in {"channel.bad_address", "channel.private_address"}
        return Outcome(key, "refused" if lasting else "failed", answer.why)
    if status in _THERE:
        return Outcome(key, "delivered")
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP
        return Outcome(key, "sent")
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP
        return Outcome(key, "refused" if status in _MOVED else "failed", "channel.redirected")
    if status in _LATER:
        return Outcome(key, "failed", "channel.throttled")
    if status in _REFUSES:
        return Outcome(key, "refused", "channel.rejected")
    return Outcome(key, "failed", "channel.server_error")
