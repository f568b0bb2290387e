"""The ledger's head, signed and dated: what is published so that nobody can rewrite it unseen.

An anchor is a small JSON file. Its signature covers the number and hash of the newest entry, the
day and the certificate's fingerprint, so none of them can be exchanged.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn.cap import trust
from haidang.warn.cap.seal import Seal
from haidang.warn.cap.signer import matching, read_key
from haidang.warn.cap.verifier import Trust

FORM: Final = "haidang-anchor-1"
LARGEST: Final = 100_000
"""Bytes of the longest file that may be an anchor."""

_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head that somebody signed.

    Attributes:
        head: Hash of the newest entry on that day.
        entries: Its number.
        day: When it was signed, as the signer says.
        subject: Whom the certificate names.
        fingerprint: SHA-256 of the certificate.
        trust: By what was given; ``unknown`` where nothing was.
    """

    head: str
    entries: int
    day: date
    subject: str
    fingerprint: str
    trust: Trust


def is_head(text: str) -> bool:
    """Whether a text is a head itself, and not the name of a file."""
    return _HASH.fullmatch(text) is not None


def seal_head(head: str, entries: int, now: datetime, seal: Seal) -> bytes:
    """Sign a head.

    Args:
        head: Of a ledger that is in order.
        entries: Number of its newest entry.
        now: Wall time; its day in UTC is written down, and the certificate must be in force.
        seal: With which key.

    Returns:
        The file; the same for the same day, ledger and key.

    Raises:
        BadData: The ledger is empty (``sign.anchor_empty``), or the key cannot sign, as
            ``Seal.check``.
    """
    if entries < 1:
        raise BadData(Problem("sign.anchor_empty"))
    seal.check(now)
    key = read_key(seal.key, seal.password)
    leaf = matching(key, seal.certificate)[0]
    day = now.astimezone(UTC).date()
    facts = _facts(head, entries, day, trust.fingerprint(leaf))
    if isinstance(key, rsa.RSAPrivateKey):
        mark = key.sign(_octets(facts), PKCS1v15(), SHA256())
    else:
        mark = key.sign(_octets(facts), ec.ECDSA(SHA256(), deterministic_signing=True))
    whole = {
        **facts,
        "certificate": leaf.public_bytes(Encoding.PEM).decode(),
        "signature": base64.b64encode(mark).decode(),
    }
    return (json.dumps(whole, indent=2, sort_keys=True) + "\n").encode()


def _facts(head: str, entries: int, day: date, fingerprint: str) -> dict[str, object]:
    return {
        "form": FORM,
        "head": head,
        "entries": entries,
        "day": day.isoformat(),
        "fingerprint": fingerprint,
    }


def _octets(facts: Mapping[str, object]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def read_anchor(data: bytes, trusted: Sequence[bytes] | None = None) -> Anchor:
    """Read an anchor and check its signature.

    Args:
        data: The file.
        trusted: Certificates that are believed, as ``cap.verify`` takes them; None says nothing
            about who signed.

    Raises:
        BadData: It is no anchor (``sign.anchor_unreadable``), its signature does not fit
            (``sign.anchor_signature``), its certificate was not in force on its day, or is none
            of those that were given (``sign.certificate_untrusted``).
    """
    found = _parsed(data)
    try:
        leaf = trust.read(found["certificate"])[0]
        head, entries = str(found["head"]), int(found["entries"])
        day = date.fromisoformat(found["day"])
        mark = base64.b64decode(found["signature"], validate=True)
        weak = trust.weakness(leaf.public_key())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadData(Problem("sign.anchor_unreadable", {"reason": str(error)[:120]})) from error
    facts = _facts(head, entries, day, trust.fingerprint(leaf))
    said = {k: v for k, v in found.items() if k not in ("certificate", "signature")}
    if said != facts or not is_head(head) or not _fits(leaf, mark, _octets(facts)):
        raise BadData(Problem("sign.anchor_signature", {"day": found["day"]}))
    if weak:
        raise BadData(Problem("sign.weak_key", {"key": weak}))
    return Anchor(
        head=head,
        entries=entries,
        day=day,
        subject=trust.subject(leaf),
        fingerprint=trust.fingerprint(leaf),
        trust=_trust(leaf, day, trusted),
    )


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data[: LARGEST + 1]) if len(data) <= LARGEST else None
    except (ValueError, RecursionError) as error:
        raise BadData(Problem("sign.anchor_unreadable", {"reason": str(error)[:120]})) from error
    if not isinstance(found, dict) or found.get("form") != FORM:
        raise BadData(Problem("sign.anchor_unreadable", {"reason": FORM}))
    return found


def _fits(leaf: x509.Certificate, mark: bytes, octets: bytes) -> bool:
    key = leaf.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(mark, octets, PKCS1v15(), SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(mark, octets, ec.ECDSA(SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _trust(leaf: x509.Certificate, day: date, trusted: Sequence[bytes] | None) -> Trust:
    """Judged on the anchor's own day: a certificate that ran out since was good then."""
    ends = [datetime.combine(day, at, UTC) for at in (time.min, time.max)]
    late = [tuple(trust.in_force(leaf, at)) for at in ends]
    if all(late):
        raise BadData(*late[0])
    if not trust.untouched(leaf):
        raise BadData(Problem("sign.certificate_altered", {"subject": trust.subject(leaf)}))
    if trusted is None:
        return "unknown"
    at = ends[0] if not late[0] else ends[1]
    if why := trust.distrust(leaf, (), trust.read_all(list(trusted)), at):
        params = {"subject": trust.subject(leaf), "why": why}
        raise BadData(Problem("sign.certificate_untrusted", params))
    return "trusted"
