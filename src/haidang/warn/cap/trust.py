"""Certificates: read them, and say whether one may be believed.

Nothing here asks the network, the system's own store of authorities or a clock: who is trusted
is given, and so is the time. Revocation is therefore not known. Source: RFC 5280, section 6, by
way of ``cryptography.x509.verification``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification as paths

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn.cap.document import as_bytes

RSA_LEAST: Final = 2048
"""Bits of an RSA key that is not weak (NIST SP 800-57 part 1 rev. 5, table 2: 112 bits)."""
EC_LEAST: Final = 224
"""Bits of an elliptic curve that is not weak (same table)."""
DEEPEST: Final = 8
"""Certificates between a signer and an authority; real chains have one or two."""

_PEM: Final = b"-----BEGIN CERTIFICATE-----"


def read(given: bytes | str) -> tuple[x509.Certificate, ...]:
    """The certificates in what somebody gave us.

    Args:
        given: PEM with one or more certificates, whatever else stands between them, or DER of one.

    Raises:
        BadData: It holds none, or one that cannot be read (``sign.certificate_unreadable``).
    """
    data = as_bytes(given)
    try:
        if _PEM in data:
            return tuple(map(_whole, x509.load_pem_x509_certificates(data)))
        return (_whole(x509.load_der_x509_certificate(data)),)
    except (ValueError, UnsupportedAlgorithm) as error:
        params = {"reason": str(error)[:200]}
        raise BadData(Problem("sign.certificate_unreadable", params)) from error


def one(data: bytes) -> x509.Certificate:
    """A certificate in DER that can be read in all the parts that we ask for.

    Raises:
        ValueError: It cannot.
    """
    try:
        return _whole(x509.load_der_x509_certificate(data))
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error


def _whole(found: x509.Certificate) -> x509.Certificate:
    """Read now what is otherwise read when it is asked for, and would fail there."""
    _ = (found.public_key(), found.not_valid_before_utc, found.not_valid_after_utc)
    return found


def read_all(given: Sequence[bytes | str] | bytes | str) -> tuple[x509.Certificate, ...]:
    """The certificates of several files, or of one; raises as `read`."""
    files = [given] if isinstance(given, bytes | str) else given
    return tuple(found for file in files for found in read(file))


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, 64 hexadecimal digits: its name among people."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def subject(certificate: x509.Certificate) -> str:
    """Whom it names, as RFC 4514 writes it; "" where that cannot be read."""
    return _named(certificate, "subject")


def issuer(certificate: x509.Certificate) -> str:
    """Who made it, as RFC 4514 writes it; "" where that cannot be read."""
    return _named(certificate, "issuer")


def _named(certificate: x509.Certificate, which: str) -> str:
    try:
        name: x509.Name = getattr(certificate, which)
        return name.rfc4514_string()
    except ValueError:
        return ""


def key_of(certificate: x509.Certificate) -> object | None:
    """Its public key; None where the kind of key is not known to us."""
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def weakness(key: object) -> str:
    """What makes a public key weak, e.g. ``RSA 1024``; "" where nothing does."""
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA_LEAST:
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < EC_LEAST:
        return key.curve.name
    return ""


def untouched(certificate: x509.Certificate) -> bool:
    """Whether a certificate that vouches for itself really does.

    One that another made cannot be judged without that other, and is taken as it is.
    """
    if subject(certificate) != issuer(certificate) or _rekeyed(certificate):
        return True
    return _made_by(certificate, certificate)


def _rekeyed(certificate: x509.Certificate) -> bool:
    """Same name, other key: an authority that changed its key, not a self-signed certificate."""
    try:
        found = certificate.extensions
        own = found.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        above = found.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except (ValueError, x509.ExtensionNotFound):
        return False
    return above is not None and above != own


def _made_by(certificate: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def in_force(certificate: x509.Certificate, now: datetime) -> Iterator[Problem]:
    """Whether it is valid at an instant.

    Args:
        certificate: Any.
        now: With a time zone.

    Yields:
        ``sign.certificate_expired`` or ``sign.certificate_not_yet``, with both ends.

    Raises:
        ValueError: The time has no zone: a programming error.
    """
    if now.utcoffset() is None:
        raise ValueError(now)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    params = {
        "subject": subject(certificate),
        "first": first.isoformat(sep=" ", timespec="minutes"),
        "last": last.isoformat(sep=" ", timespec="minutes"),
        "now": now.astimezone(UTC).isoformat(sep=" ", timespec="minutes"),
    }
    if now > last:
        yield Problem("sign.certificate_expired", params)
    elif now < first:
        yield Problem("sign.certificate_not_yet", params)


def distrust(
    leaf: x509.Certificate,
    others: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    now: datetime | None,
) -> str:
    """Why a certificate is not to be believed; "" where it is.

    Args:
        leaf: Of the key that signed.
        others: What came with it; they help to build a path and are believed in nothing else.
        trusted: Pinned certificates and authorities. One that stands here is believed whatever
            it says of itself; an authority must say that it is one.
        now: When the path is to hold; None judges it within the leaf's own time.
    """
    if leaf in trusted:
        return ""
    above = [one for one in trusted if _authority(one)]
    if not above:
        return "not pinned"
    first, last = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    # An expired leaf is told of by `in_force`; whose it is can be known all the same.
    times = [first, last] if now is None else [min(max(now, first), last)]
    why = ""
    for at in times:
        why = _path(leaf, others, above, at)
        if not why:
            break
    return why


def _authority(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (ValueError, x509.ExtensionNotFound):
        return False
    return bool(found.value.ca)


def _path(
    leaf: x509.Certificate,
    others: Sequence[x509.Certificate],
    above: Sequence[x509.Certificate],
    at: datetime,
) -> str:
    verifier = (
        paths.PolicyBuilder()
        .store(paths.Store(list(above)))
        .time(at.astimezone(UTC))
        .max_chain_depth(DEEPEST)
        .extension_policies(ee_policy=_of_signers(), ca_policy=_of_authorities())
        .build_client_verifier()
    )
    try:
        verifier.verify(leaf, list(others))
    except (paths.VerificationError, ValueError, UnsupportedAlgorithm) as error:
        return str(error)[:200]
    return ""


def _of_signers() -> paths.ExtensionPolicy:
    """Any certificate for signing will do: agencies sign with what their web server has."""
    return paths.ExtensionPolicy.permit_all().may_be_present(
        x509.KeyUsage, paths.Criticality.AGNOSTIC, _may_sign
    )


def _may_sign(
    _policy: paths.Policy, _certificate: x509.Certificate, usage: x509.KeyUsage | None
) -> None:
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise ValueError("its key usage does not allow signatures")


def _of_authorities() -> paths.ExtensionPolicy:
    """Small authorities leave out key identifiers, which the rules of web browsers demand."""
    return (
        paths.ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, paths.Criticality.AGNOSTIC, _is_authority)
        .may_be_present(x509.KeyUsage, paths.Criticality.AGNOSTIC, _may_certify)
    )


def _is_authority(
    _policy: paths.Policy, _certificate: x509.Certificate, found: x509.BasicConstraints
) -> None:
    if not found.ca:
        raise ValueError("a certificate in its path is of no authority")


def _may_certify(
    _policy: paths.Policy, _certificate: x509.Certificate, usage: x509.KeyUsage | None
) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("an authority in its path may not make certificates")
