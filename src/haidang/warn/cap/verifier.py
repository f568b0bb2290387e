"""What the signature of a CAP message proves, and who made it.

CAP 1.2, 3.3.4.1: an ``alert`` may have an enveloped signature (W3C XML Signature) and no other
kind. The arithmetic is ``signxml``'s and ``cryptography``'s; what may be signed, and what is read
afterwards, is decided here and in `xmldsig`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature as BadArithmetic
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import Hash, HashAlgorithm
from lxml import etree
from signxml.algorithms import DigestAlgorithm
from signxml.exceptions import InvalidDigest, InvalidInput, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from haidang.base.problem import Problem
from haidang.warn.cap import trust, xmldsig
from haidang.warn.cap.document import as_bytes
from haidang.warn.cap.xmldsig import Canon, Refused, Said, alone, problem

Trust = Literal["trusted", "untrusted", "unknown"]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who made a signature, as far as it says so itself.

    Attributes:
        subject: Of the certificate (RFC 4514), "" where there is none.
        issuer: Of the certificate.
        fingerprint: SHA-256 of the certificate, 64 hexadecimal digits, "" where there is none.
        not_before: Begin of the certificate's time, None where there is none.
        not_after: End of the certificate's time.
        method: Of the signature, e.g. ``ECDSA_SHA256``.
        digest: Of what is signed, e.g. ``SHA256``.
    """

    subject: str = ""
    issuer: str = ""
    fingerprint: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    method: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """What is known of a message's signature.

    Attributes:
        present: Whether there is any signature, whatever it is worth.
        intact: The message is as it was when it was signed, by an algorithm that proves it.
        trust: ``trusted`` or ``untrusted`` by what was given; ``unknown`` where nothing was.
        problems: Everything wrong, the reason for ``valid`` first, then mere warnings; each with
            its line and path.
        data: The bytes that the signature covers, without the signature: read these and nothing
            else. Empty unless ``intact``.
        signers: One per signature.
    """

    present: bool
    intact: bool
    trust: Trust
    problems: tuple[Problem, ...]
    data: bytes = b""
    signers: tuple[Signer, ...] = ()

    @property
    def valid(self) -> bool:
        """Intact, and nothing against the certificate by the trust and the time that were given.

        Without ``trusted`` it says nothing about who signed: anybody can make a key.
        """
        return self.intact and not any(p.severity == "error" for p in self.problems)

    @property
    def code(self) -> str:
        """The first reason why it is not valid, e.g. ``digest``; "" where it is valid."""
        wrong = [p.code for p in self.problems if p.severity == "error"]
        return wrong[0].removeprefix("sign.") if wrong else ""

    @property
    def codes(self) -> tuple[str, ...]:
        """All reasons and warnings, in order."""
        return tuple(p.code.removeprefix("sign.") for p in self.problems)

    @property
    def subject(self) -> str:
        """Whom the (first) certificate names."""
        return self.signers[0].subject if self.signers else ""

    @property
    def fingerprint(self) -> str:
        """Of the (first) certificate."""
        return self.signers[0].fingerprint if self.signers else ""

    @property
    def reformatted(self) -> bool:
        """Whether somebody added blanks between elements after it was signed."""
        return "reformatted" in self.codes


# --- verifying ----------------------------------------------------------------------------------


def verify(
    data: bytes | str,
    trusted: Sequence[bytes | str] | bytes | str | None = None,
    now: datetime | None = None,
    *,
    allow_weak: bool = False,
    several: bool = False,
) -> Signed:
    """Say whether a message is as its sender signed it, and who that was.

    Args:
        data: The message, XML.
        trusted: Certificates that are believed, PEM (several in one will do) or DER: the signer's
            own (pinned) or of an authority that made it. None leaves trust ``unknown``.
        now: Instant at which the certificate must be in force, with a zone; None does not ask.
            Of an archived message give the time it was sent or received.
        allow_weak: Take SHA-1 and short keys for proof, as of archives of before 2016.
        several: Take a message that more than one signed; each must hold.

    Returns:
        What is known; never a guess. ``valid`` is the answer and ``code`` the reason against it.

    Raises:
        BadData: One of ``trusted`` cannot be read (``sign.certificate_unreadable``); nothing that
            the message says raises.
        ValueError: ``now`` has no zone.
    """
    believed = None if trusted is None else trust.read_all(trusted)
    if now is not None and now.utcoffset() is None:
        raise ValueError(now)
    raw = as_bytes(data)
    try:
        root = xmldsig.read(raw)
        nodes = xmldsig.signatures(root)
    except Refused as no:
        present = no.problem.code in ("sign.misplaced", "sign.too_many")
        return Signed(present, False, "unknown", (no.problem,))
    said, wrong = _said(nodes, allow_weak=allow_weak)
    if len(nodes) > 1 and not several:
        wrong.append(problem("several", nodes[0], count=len(nodes)))
    if len(said) < len(nodes) or wrong:
        return Signed(True, False, "unknown", tuple(wrong), b"", tuple(map(_unproved, said)))
    return _weigh(raw, nodes, said, believed, now, allow_weak=allow_weak)


def _said(nodes: Sequence[etree._Element], *, allow_weak: bool) -> tuple[list[Said], list[Problem]]:
    said: list[Said] = []
    wrong: list[Problem] = []
    for node in nodes:
        try:
            one = xmldsig.said(node)
        except Refused as no:
            wrong.append(no.problem)
            continue
        said.append(one)
        if not allow_weak and (old := xmldsig.weak_algorithms(one)):
            wrong.append(problem("weak_algorithm", node, algorithm=", ".join(old)))
    return said, wrong


def _unproved(one: Said) -> Signer:
    return _signer(one, one.certificates[0] if one.certificates else None)


def _signer(one: Said, leaf: x509.Certificate | None) -> Signer:
    if leaf is None:
        return Signer(method=one.method.name, digest=one.digest.name)
    return Signer(
        subject=trust.subject(leaf),
        issuer=trust.issuer(leaf),
        fingerprint=trust.fingerprint(leaf),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        method=one.method.name,
        digest=one.digest.name,
    )


def _weigh(
    raw: bytes,
    nodes: Sequence[etree._Element],
    said: Sequence[Said],
    believed: tuple[x509.Certificate, ...] | None,
    now: datetime | None,
    *,
    allow_weak: bool,
) -> Signed:
    """Do the arithmetic, in the text as it came and, where that fails, without its blanks."""
    proofs, blanks = _proofs(raw, said, believed, blanks=True), True
    if any(isinstance(p, str) for p in proofs):
        bare = _said(_nodes(raw), allow_weak=True)[0]
        again = _proofs(raw, bare, believed, blanks=False) if len(bare) == len(said) else proofs
        if not any(isinstance(p, str) for p in again):
            proofs, blanks = again, False
    wrong: list[Problem] = []
    signers: list[Signer] = []
    trusts: list[Trust] = []
    for node, one, proof in zip(nodes, said, proofs, strict=True):
        if isinstance(proof, str):
            wrong.append(problem(proof, node, why="arithmetic"))
            signers.append(_unproved(one))
            continue
        signers.append(_signer(one, proof.leaf))
        found, how = _judge(node, proof, one.certificates, believed, now, allow_weak=allow_weak)
        wrong += found
        trusts.append(how)
    intact = len(trusts) == len(said) and not any(p.code == "sign.weak_key" for p in wrong)
    # One believed signer is enough: each of them covers all that is read.
    best: Trust = next((t for t in _BEST if t in trusts), "unknown") if intact else "unknown"
    if best == "trusted":
        wrong = [p for p in wrong if p.code != "sign.certificate_untrusted"]
    if intact and not blanks:
        wrong.append(_aside("reformatted", nodes[0]))
    if intact and not all(isinstance(p, _Proof) and xmldsig.around(p.octets) for p in proofs):
        wrong += _unsigned(nodes[0])
    if intact and believed is None:
        wrong.append(_aside("trust_unknown", nodes[0]))
    covered = _covered(raw, said, proofs, blanks=blanks) if intact else b""
    return Signed(True, intact, best, tuple(wrong), covered, tuple(signers))


def _covered(
    raw: bytes, said: Sequence[Said], proofs: Sequence[_Proof | str], *, blanks: bool
) -> bytes:
    """What is read of the message, in one canonical form; what was digested where it is that."""
    first = proofs[0]
    if len(said) > 1 or said[0].canon != _READ or not isinstance(first, _Proof):
        return xmldsig.plain(raw, blanks=blanks)
    # Instructions around the root may be signed, but they are not read.
    around = xmldsig.around(first.octets)
    return xmldsig.plain(raw, blanks=blanks) if around else first.octets


def _unsigned(node: etree._Element) -> list[Problem]:
    """An instruction around the alert that the signature does not cover.

    XML Signature, 4.4.3.3: ``URI=""`` is the document with its instructions, so by the letter
    such a message does not hold. Agencies sign the alert alone and put a style sheet before it.
    Nothing here follows an instruction; whoever opens the file in a browser does.
    """
    found = xmldsig.instruction(node.getroottree().getroot())
    if found is None:
        return []
    params = {"name": (found.target or "")[:80]}
    row = xmldsig.line(found)
    return [Problem("sign.instruction", params, row=row, field="/", severity="warning")]


_READ: Final = Canon(xmldsig.EXCLUSIVE)
_BEST: Final[tuple[Trust, ...]] = ("trusted", "untrusted", "unknown")


def _at(found: Problem, node: etree._Element) -> Problem:
    where = problem("signature", node)
    return Problem(found.code, found.params, row=where.row, field=where.field)


def _aside(code: str, node: etree._Element) -> Problem:
    found = problem(code, node)
    return Problem(found.code, found.params, row=found.row, field=found.field, severity="warning")


def _nodes(raw: bytes) -> list[etree._Element]:
    return xmldsig.signatures(xmldsig.read(raw, blanks=False))


@dataclass(frozen=True, slots=True)
class _Proof:
    """A signature that holds.

    Attributes:
        leaf: By this certificate; None by a bare key.
        key: The public key.
        octets: What its digest is of.
    """

    leaf: x509.Certificate | None
    key: object
    octets: bytes


def _proofs(
    raw: bytes,
    said: Sequence[Said],
    believed: tuple[x509.Certificate, ...] | None,
    *,
    blanks: bool,
) -> list[_Proof | str]:
    """Of each signature its proof, or the code of what is wrong."""
    out: list[_Proof | str] = []
    for number, one in enumerate(said):
        matches = _matcher(raw, number, one, blanks=blanks)
        out.append(_proof(one, believed or (), matches))
    return out


Matches = Callable[[DigestAlgorithm, bytes], bytes]


def _matcher(raw: bytes, number: int, one: Said, *, blanks: bool) -> Matches:
    """What of the message a digest is of, b"" where it is of nothing; worked out once."""
    memory: dict[tuple[str, bytes], bytes] = {}

    def matches(algorithm: DigestAlgorithm, value: bytes) -> bytes:
        key = (algorithm.name, value)
        if key not in memory:
            found = xmldsig.octets(raw, number, one.canon, blanks=blanks)
            fits = (octets for octets in found if _digest(octets, algorithm) == value)
            memory[key] = next(fits, b"")
        return memory[key]

    return matches


def _digest(octets: bytes, algorithm: DigestAlgorithm) -> bytes:
    kind = cast("Callable[[], HashAlgorithm]", algorithm.implementation)
    made = Hash(kind())
    made.update(octets)
    return made.finalize()


def _proof(one: Said, believed: Sequence[x509.Certificate], matches: Matches) -> _Proof | str:
    """By which of its certificates a signature holds; else by its bare key; else by a given one."""
    candidates: list[x509.Certificate | None] = list(one.certificates)
    if not candidates and one.keyed:
        candidates = [None]
    elif not candidates:
        candidates = list(believed)
    if not candidates:
        return "key_missing"
    codes = []
    for leaf in candidates:
        found = _arithmetic(one, leaf, matches)
        if isinstance(found, _Proof):
            return found
        codes.append(found)
    return codes[0]


_ODD: Final = (
    SignXMLException,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    OverflowError,
    UnsupportedAlgorithm,
    etree.LxmlError,
)
"""What the libraries raise on a signature that is written oddly."""


def _arithmetic(one: Said, leaf: x509.Certificate | None, matches: Matches) -> _Proof | str:
    verifier = _Verifier(matches)
    config = SignatureConfiguration(
        require_x509=leaf is not None,
        location="./",
        signature_methods=frozenset([one.method]),
        digest_algorithms=frozenset([one.digest]),
        # A time at which the certificate is in force: when it must be is judged elsewhere.
        verification_time=leaf.not_valid_before_utc if leaf is not None else None,
    )
    try:
        done = verifier.verify(
            one.node, x509_cert=leaf, validate_schema=False, expect_config=config
        )
    except InvalidDigest:
        return "digest"
    except (InvalidSignature, BadArithmetic):
        # The digest is looked at first (XML Signature, 3.2), and it is the better reason.
        return "signature" if matches(one.digest, one.value) else "digest"
    except InvalidInput as odd:
        return "key_mismatch" if "different" in str(odd) else "malformed"
    except _ODD:
        return "malformed"
    result = cast(VerifyResult, done)
    return _Proof(leaf, result.signature_key, result.signed_data)


class _Verifier(XMLVerifier):
    """``signxml`` for the signature; what it covers is compared as `xmldsig` has it.

    Its own comparison takes any transform, passes over what stands before the root and parses the
    message four times.
    """

    def __init__(self, matches: Matches) -> None:
        self._matches = matches

    def get_root(self, data: etree._Element) -> etree._Element:
        return data

    def _c14n(self, nodes, algorithm, inclusive_ns_prefixes=None) -> bytes:  # type: ignore[no-untyped-def]
        # A part of a document is given ``xmlns=""`` below a namespace that stands above it, which
        # broke every signature without a prefix; a document of its own is not.
        return Canon(algorithm.value, tuple(inclusive_ns_prefixes or ())).octets(alone(nodes))

    def _verify_reference(  # type: ignore[no-untyped-def]
        self, reference, index, root, uri_resolver, c14n_algorithm, signature, signature_key_used
    ) -> VerifyResult:
        # From the bytes that the signature covers, not from what was read before it was checked.
        algorithm = DigestAlgorithm(reference.find(xmldsig.ds("DigestMethod")).get("Algorithm"))
        value = xmldsig.value_of(reference.find(xmldsig.ds("DigestValue")))
        octets = self._matches(algorithm, value) if value is not None else b""
        if not octets:
            raise InvalidDigest("digest")
        return VerifyResult(octets, None, signature, signature_key=signature_key_used)


def _judge(
    node: etree._Element,
    proof: _Proof,
    others: Sequence[x509.Certificate],
    believed: tuple[x509.Certificate, ...] | None,
    now: datetime | None,
    *,
    allow_weak: bool,
) -> tuple[list[Problem], Trust]:
    """What is to be said against who signed."""
    wrong: list[Problem] = []
    if not allow_weak and (weak := trust.weakness(proof.key)):
        wrong.append(problem("weak_key", node, key=weak))
    leaf = proof.leaf
    if leaf is None:
        leaf = next((c for c in believed or () if trust.key_of(c) == proof.key), None)
    if leaf is not None:
        if not trust.untouched(leaf):
            name = trust.subject(leaf)
            wrong.append(problem("certificate_altered", node, subject=name))
        if now is not None:
            wrong += [_at(late, node) for late in trust.in_force(leaf, now)]
    if believed is None:
        return wrong, "unknown"
    why = "bare key" if leaf is None else trust.distrust(leaf, others, believed, now)
    if not why:
        return wrong, "trusted"
    name = "" if leaf is None else trust.subject(leaf)
    wrong.append(problem("certificate_untrusted", node, subject=name, why=why))
    return wrong, "untrusted"
