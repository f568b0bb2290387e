"""The sender's key and certificate: read from files that the environment names, or made.

A key stands in no pack, no store, no ledger and no error: only its file is ever named.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from haidang.base.errors import BadData, Unavailable
from haidang.base.problem import Problem
from haidang.warn.cap.seal import Seal
from haidang.warn.cap.signer import Key

if TYPE_CHECKING:
    from haidang.pack.schema import SenderSpec

KEY_FILE: Final = "signing-key.pem"
CERTIFICATE_FILE: Final = "signing-certificate.pem"
PRIVATE: Final = 0o600
LARGEST: Final = 1_000_000
"""Bytes of a key or certificate file; a longer one is something else."""


def seal_of(
    sender: SenderSpec, now: datetime, environment: Mapping[str, str] | None = None
) -> Seal | None:
    """What a sender signs with; None of one that does not sign.

    Args:
        sender: Of a country's pack.
        now: Wall time: the certificate must be in force when it signs, whatever the clock of
            the desk says.
        environment: Variables; None is the process's own.

    Raises:
        BadData: The sender must sign and cannot: a variable is not set (``sign.key_unset``), its
            file cannot be read (``sign.key_file``) or is open to others (``sign.key_open``), key
            and certificate do not fit, are weak or out of time. Each says what to do.
    """
    if sender.signing == "none":
        return None
    made = named(
        sender.key_from, sender.certificate_from, sender.password_from, environment=environment
    )
    made.check(now)
    return made


def named(
    key_from: str,
    certificate_from: str,
    password_from: str,
    key: Path | None = None,
    certificate: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Seal:
    """A pair by the variables that name its files, or by the files themselves.

    Args:
        key_from: Variable that names the key's file.
        certificate_from: Variable that names the certificate's.
        password_from: Variable that holds the key's password, where it has one.
        key: The key's file, over what the variable says.
        certificate: The certificate's.
        environment: Variables; None is the process's own.

    Raises:
        BadData: As `seal_of`, but for what only shows when it is used.
    """
    known = os.environ if environment is None else environment
    secret = _private(key, "") if key else _private(_file(known, key_from), key_from)
    if certificate:
        public = read_file(certificate)
    else:
        public = read_file(_file(known, certificate_from), certificate_from)
    password = known.get(password_from)
    return Seal(
        key=secret,
        certificate=public,
        password=password.encode() if password else None,
    )


def _file(known: Mapping[str, str], name: str) -> Path:
    text = known.get(name, "").strip()
    if not text:
        raise BadData(Problem("sign.key_unset", {"variable": name}))
    return Path(text)


def read_file(file: Path, variable: str = "") -> bytes:
    """A key, a certificate or an anchor.

    Args:
        file: Of at most 1 MB.
        variable: That named it, "" where the user did.

    Raises:
        BadData: It cannot be read or is too long (``sign.file``, ``sign.key_file``).
    """
    try:
        with file.open("rb") as found:
            data = found.read(LARGEST + 1)
        reason = f"> {LARGEST}" if len(data) > LARGEST else ""
    except OSError as error:
        data, reason = b"", error.strerror or str(error)
    if reason:
        params = {"file": str(file), "reason": reason, "variable": variable}
        raise BadData(Problem("sign.key_file" if variable else "sign.file", params))
    return data


def _private(file: Path, variable: str) -> bytes:
    data = read_file(file, variable)
    mode = file.stat().st_mode
    if os.name == "posix" and mode & (stat.S_IWGRP | stat.S_IWOTH | stat.S_IROTH):
        # The group may read it: that is how a service is given a key by its administrator.
        params = {"file": str(file), "mode": f"{stat.S_IMODE(mode):o}"}
        raise BadData(Problem("sign.key_open", params))
    return data


# --- making -------------------------------------------------------------------------------------


def make(
    name: str,
    now: datetime,
    *,
    kind: Literal["ec", "rsa"] = "ec",
    days: int = 730,
    password: bytes | None = None,
) -> Seal:
    """A new key with a certificate that it signed itself, for tests and for the first steps.

    Args:
        name: Whom it names, the common name.
        now: Begin of its time.
        kind: ``ec`` is P-256, ``rsa`` 3072 bits.
        days: How long it is valid.
        password: To lock the key with.

    Raises:
        BadData: The name is empty or longer than 64 characters (RFC 5280, appendix A), or the
            days are none (``sign.key_name``, ``sign.key_days``).
    """
    if not 0 < len(name.strip()) <= 64:  # noqa: PLR2004
        raise BadData(Problem("sign.key_name", {"name": name}))
    if not 0 < days <= 36_500:  # noqa: PLR2004
        raise BadData(Problem("sign.key_days", {"days": days}))
    key: Key = (
        rsa.generate_private_key(65537, 3072)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name.strip())])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signs_only(), critical=True)
        .sign(key, SHA256())
    )
    lock: KeySerializationEncryption = (
        BestAvailableEncryption(password) if password else NoEncryption()
    )
    return Seal(
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock),
        certificate=certificate.public_bytes(Encoding.PEM),
        password=password,
    )


def _signs_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def write(seal: Seal, folder: Path) -> tuple[Path, Path]:
    """Put a key and its certificate into a folder, for their owner's eyes only.

    Returns:
        The files of the key and of the certificate.

    Raises:
        BadData: One of them is there already (``sign.key_there``): a key is never overwritten.
        Unavailable: The folder cannot be written to (``sign.key_folder``).
    """
    files = (folder / KEY_FILE, folder / CERTIFICATE_FILE)
    for file in files:
        if file.exists():
            raise BadData(Problem("sign.key_there", {"file": str(file)}))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in zip(files, (seal.key, seal.certificate), strict=True):
            # With its mode from the first byte on: until a later chmod anybody could look.
            number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
            with os.fdopen(number, "wb") as out:
                out.write(data)
    except OSError as error:
        params = {"folder": str(folder), "reason": error.strerror or str(error)}
        raise Unavailable(Problem("sign.key_folder", params)) from error
    return files
