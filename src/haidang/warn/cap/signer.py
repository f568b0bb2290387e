"""Sign a CAP message: the same message and key give the same bytes.

CAP 1.2, 3.3.4.1, with W3C XML Signature: one enveloped signature over the whole ``alert``, in
Exclusive XML Canonicalization, RSA (PKCS #1 v1.5) or ECDSA with SHA-256. ECDSA draws its number
from the message (RFC 6979) and not at random, so that a message built twice is the same twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn.cap import trust, xmldsig
from haidang.warn.cap.document import as_bytes
from haidang.warn.cap.verifier import verify
from haidang.warn.cap.xmldsig import Refused, problem

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def sign(
    data: bytes | str,
    key: bytes | str,
    certificate: bytes | str,
    *,
    password: bytes | None = None,
    now: datetime | None = None,
) -> bytes:
    """Sign a message, and check the signature before it is given out.

    Args:
        data: A CAP ``alert``, XML, without a signature.
        key: Private key, PEM or DER: RSA of 2048 bits or more, or a NIST curve.
        certificate: Of that key, PEM or DER; in PEM the authorities above it may follow.
        password: Of the key, where it has one.
        now: Instant at which the certificate must be in force; None does not ask.

    Returns:
        UTF-8 XML: the message with the signature as the last child of its ``alert``. Blank text
        between elements is dropped first: programs that indent what they pass on, or drop blanks
        before they look, then cannot break the signature. So is what stands around the ``alert``,
        such as a style sheet: programs differ on whether the signature covers it.

    Raises:
        BadData: The message cannot be signed (not an alert, signed already); the key or the
            certificate cannot be read or is weak; they do not belong together
            (``sign.key_other``); the certificate is not in force. Never with a part of the key.
    """
    pair = read_key(key, password)
    chain = matching(pair, certificate)
    if now is not None and (late := tuple(trust.in_force(chain[0], now))):
        raise BadData(*late)
    root = _unsigned(as_bytes(data))
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=_method(pair),
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=xmldsig.EXCLUSIVE,
    )
    steady = cast("Any", _Steady(pair) if isinstance(pair, ec.EllipticCurvePrivateKey) else pair)
    try:
        signed = signer.sign(root, key=steady, cert=list(chain))
    except (SignXMLException, ValueError) as error:
        raise BadData(Problem("sign.unsound", {"reason": str(error)[:200]})) from error
    node = signed.find(xmldsig.ds("Signature"))
    assert node is not None
    root.append(node)
    out = bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
    if not (made := verify(out)).valid:
        raise BadData(Problem("sign.unsound", {"reason": made.code}))
    return out


def _unsigned(data: bytes) -> etree._Element:
    try:
        root = xmldsig.read(data, blanks=False)
    except Refused as no:
        raise BadData(no.problem) from no
    first = next(root.iter(xmldsig.SIGNATURE), None)
    if first is not None:
        raise BadData(problem("signed_already", first))
    return xmldsig.alone(root)


def _method(key: Key) -> SignatureMethod:
    rivest = isinstance(key, rsa.RSAPrivateKey)
    return SignatureMethod.RSA_SHA256 if rivest else SignatureMethod.ECDSA_SHA256


class _Steady:
    """A key on an elliptic curve that signs the same bytes the same way (RFC 6979)."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.key_size: Final = key.key_size

    def sign(self, data: bytes, signature_algorithm: ec.ECDSA) -> bytes:
        how = ec.ECDSA(signature_algorithm.algorithm, deterministic_signing=True)
        return self._key.sign(data, how)


def read_key(given: bytes | str, password: bytes | None = None) -> Key:
    """A private key that may sign.

    Args:
        given: PEM or DER.
        password: Where it has one.

    Raises:
        BadData: It cannot be read (``sign.key_unreadable``), has a password that was not given
            or is another (``sign.key_password``), is of a kind that XML signatures do not know
            (``sign.key_kind``) or weak (``sign.weak_key``). None of them shows any of it.
    """
    data = as_bytes(given)
    load = load_pem_private_key if b"-----BEGIN" in data else load_der_private_key
    try:
        key = load(data, password)
    except TypeError as error:  # a password where none is needed, or none where one is
        raise BadData(Problem("sign.key_password")) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        code = "sign.key_password" if password is not None else "sign.key_unreadable"
        raise BadData(Problem(code)) from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise BadData(Problem("sign.key_kind", {"kind": type(key).__name__.removeprefix("_")}))
    if weak := trust.weakness(key.public_key()):
        raise BadData(Problem("sign.weak_key", {"key": weak}))
    return key


def matching(key: Key, certificate: bytes | str) -> tuple[x509.Certificate, ...]:
    """The certificate of a key, and those above it that came with it.

    Raises:
        BadData: It cannot be read, or none of them is of this key (``sign.key_other``).
    """
    found = trust.read(certificate)
    own = [one for one in found if trust.key_of(one) == key.public_key()]
    if not own:
        raise BadData(Problem("sign.key_other", {"subject": trust.subject(found[0])}))
    return (own[0], *(one for one in found if one != own[0]))
