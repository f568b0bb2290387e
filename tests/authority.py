"""Keys and certificates for tests, made on the spot: none is ever kept in a file."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LAST = datetime(2099, 1, 1, tzinfo=UTC)
"""Long after: brokers and servers ask the real clock whether a certificate still holds."""

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Pair(NamedTuple):
    """A key, and the certificate that names whose it is."""

    private: Key
    certificate: x509.Certificate

    @property
    def key(self) -> bytes:
        return pem(self.private)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def pem(key: Key, password: bytes | None = None) -> bytes:
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


@cache
def curve(number: int = 1, kind: type[ec.EllipticCurve] = ec.SECP256R1) -> Key:
    """The same key for the same number, so that signatures can be compared."""
    return ec.derive_private_key(1_000_003 * number, kind())


@cache
def rivest(bits: int = 2048) -> Key:
    return rsa.generate_private_key(65537, bits)


def name(of: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, of)])


def issued(
    of: str,
    key: Key,
    above: Pair | None = None,
    *,
    ca: bool = False,
    first: datetime = FIRST,
    last: datetime = LAST,
    serial: int = 7,
    usage: bool | None = None,
) -> Pair:
    """A certificate, self-signed without somebody above it."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(of))
        .issuer_name(above.certificate.subject if above else name(of))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if usage is not None:
        sets = dict.fromkeys(
            (
                "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
            ), False,
        )  # fmt: skip
        builder = builder.add_extension(
            x509.KeyUsage(digital_signature=usage, **sets), critical=True
        )
    by = above.private if above else key
    steady = True if isinstance(by, ec.EllipticCurvePrivateKey) else None
    return Pair(key, builder.sign(by, SHA256(), ecdsa_deterministic=steady))
