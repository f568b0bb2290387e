"""The one kind of XML signature that CAP allows, read strictly.

W3C XML Signature (Second Edition) knows many ways to say what is signed, and most attacks live in
them. CAP 1.2, 3.3.4.1, allows one: a signature that stands inside the ``alert`` and covers it
whole. So everything else is refused before any arithmetic: another reference than ``URI=""``, any
transform but *enveloped* and canonicalization, a signature that is not a child of the ``alert``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

from cryptography import x509
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from haidang.base.problem import Problem
from haidang.warn.cap import trust

DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
DSIG11: Final = "http://www.w3.org/2009/xmldsig11#"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{DSIG}enveloped-signature"
SIGNATURE: Final = f"{{{DSIG}}}Signature"
LARGEST: Final = 10_000_000
"""Bytes of the largest message that is looked at."""
CERTIFICATES_MOST: Final = 16
"""Certificates in one signature; more are a bomb, not a chain."""
SIGNATURES_MOST: Final = 8
"""Signatures of one message that are looked at."""

_CANONICAL: Final = frozenset(one.value for one in CanonicalizationMethod)
_DIGESTS: Final = {one.value: one for one in DigestAlgorithm}
_METHODS: Final = {
    one.value: one
    for one in SignatureMethod
    if one.name.startswith(("RSA_", "ECDSA_")) or one.name.endswith("_RSA_MGF1")
}
_ALERT: Final = re.compile(r"\{urn:oasis:names:tc:emergency:cap:1\.[012]\}alert|"
                           r"\{http://www\.incident\.com/cap/1\.0\}alert")  # fmt: skip


class Refused(Exception):  # noqa: N818 - never leaves the package
    """A signature is not looked at any further.

    Attributes:
        problem: Why.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Canon(NamedTuple):
    """A way to write XML as bytes.

    Attributes:
        algorithm: Its URI.
        prefixes: Of *InclusiveNamespaces*, of the exclusive way only.
    """

    algorithm: str
    prefixes: tuple[str, ...] = ()

    def octets(self, node: etree._Element | etree._ElementTree) -> bytes:
        """The root of a document, or the document with what stands around its root.

        Of any other element give one that is `alone`: below a namespace that is declared above
        it, libxml2 writes ``xmlns=""``.
        """
        return bytes(
            etree.tostring(
                node,
                method="c14n",
                exclusive=self.algorithm.startswith(EXCLUSIVE),
                with_comments=self.algorithm.endswith("#WithComments"),
                inclusive_ns_prefixes=list(self.prefixes) or None,
            )
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What a signature says of itself, before anything of it is believed.

    Attributes:
        node: The element, on its own.
        canon: How what is signed is written.
        digest: Its algorithm.
        method: Of the signature.
        value: The digest of what is signed.
        certificates: In the order they stand in.
        keyed: Whether it also, or only, brings a bare key.
    """

    node: etree._Element
    canon: Canon
    digest: DigestAlgorithm
    method: SignatureMethod
    value: bytes
    certificates: tuple[x509.Certificate, ...]
    keyed: bool


def ds(tag: str) -> str:
    """Name of an element of XML Signature."""
    return f"{{{DSIG}}}{tag}"


def problem(code: str, node: etree._Element | None = None, **params: object) -> Problem:
    """A finding at an element."""
    if node is None:
        return Problem(f"sign.{code}", params)
    return Problem(f"sign.{code}", params, row=line(node), field=_path(node))


def line(node: etree._Element) -> int:
    """Line of the document on which an element begins, from 1."""
    return cast("int | None", node.sourceline) or 1


def _path(node: etree._Element) -> str:
    """Where it stands, in names without namespaces: ``/alert/Signature[1]``."""
    steps = []
    at: etree._Element | None = node
    while at is not None:
        tag = etree.QName(at).localname
        above = at.getparent()
        same = [] if above is None else [k for k in above if k.tag == at.tag]
        steps.append(f"{tag}[{same.index(at) + 1}]" if len(same) > 1 else tag)
        at = above
    return "/" + "/".join(reversed(steps))


def read(data: bytes, *, blanks: bool = True) -> etree._Element:
    """The document, with entities, DTDs and the network off; comments stay.

    Args:
        data: XML.
        blanks: Whether the blank text between elements is kept.

    Raises:
        Refused: Not XML, too large, with a DTD, or not a CAP alert.
    """
    if len(data) > LARGEST:
        raise Refused(problem("too_large", size=len(data), limit=LARGEST))
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        collect_ids=False,
        remove_blank_text=not blanks,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Refused(problem("xml", reason=str(error)[:200])) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused(problem("dtd"))
    if not _ALERT.fullmatch(str(root.tag)):
        raise Refused(problem("not_alert", tag=str(root.tag)[:80]))
    return root


def signatures(root: etree._Element) -> list[etree._Element]:
    """The signatures of a message.

    Raises:
        Refused: There is none; one stands elsewhere than right below the alert, where it may cover
            something else than what is read (``sign.misplaced``); or there are too many.
    """
    found = list(root.iter(SIGNATURE))
    for node in found:
        if node.getparent() is not root:
            raise Refused(problem("misplaced", node))
    if not found:
        raise Refused(problem("no_signature", root))
    if len(found) > SIGNATURES_MOST:
        raise Refused(problem("too_many", found[0], count=len(found), limit=SIGNATURES_MOST))
    return found


def detach(node: etree._Element) -> None:
    """Take an element out and leave the text behind it."""
    above = node.getparent()
    if above is None:
        return
    before, tail = node.getprevious(), node.tail or ""
    if before is None:
        above.text = (above.text or "") + tail or None
    else:
        before.tail = (before.tail or "") + tail or None
    above.remove(node)


# --- what a signature says ----------------------------------------------------------------------


def said(node: etree._Element) -> Said:
    """Read a signature in full.

    Args:
        node: In its document, so that the namespaces around it count.

    Raises:
        Refused: It lacks a part, has one twice, or says something that is not allowed.
    """
    apart = alone(node)
    info = _one(apart, "SignedInfo", node)
    _canon(_one(info, "CanonicalizationMethod", node), node)
    method_uri = _one(info, "SignatureMethod", node).get("Algorithm", "")
    method = _METHODS.get(method_uri)
    if method is None:
        raise Refused(problem("algorithm", node, algorithm=method_uri[:120]))
    reference = _one(info, "Reference", node, many="reference")
    if reference.get("URI") != "":
        uri = reference.get("URI")
        raise Refused(problem("reference", node, uri="-" if uri is None else uri[:120]))
    canon = _transforms(reference, node)
    digest_uri = _one(reference, "DigestMethod", node).get("Algorithm", "")
    digest = _DIGESTS.get(digest_uri)
    if digest is None:
        raise Refused(problem("algorithm", node, algorithm=digest_uri[:120]))
    value = value_of(_one(reference, "DigestValue", node))
    if value is None:
        raise Refused(problem("digest", node, why="base64"))
    if value_of(_one(apart, "SignatureValue", node)) is None:
        raise Refused(problem("signature", node, why="base64"))
    certificates, keyed = _key_info(apart, node)
    return Said(apart, canon, digest, method, value, certificates, keyed)


def alone(node: etree._Element) -> etree._Element:
    """The element as a document of its own, with the namespaces that reach into it."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, collect_ids=False)
    return etree.fromstring(etree.tostring(node, with_tail=False), parser)


def _one(
    above: etree._Element, tag: str, node: etree._Element, many: str = "malformed"
) -> etree._Element:
    found = above.findall(ds(tag))
    if len(found) != 1:
        code = many if len(found) > 1 else "malformed"
        raise Refused(problem(code, node, element=tag, count=len(found), uri=f"{len(found)}"))
    return found[0]


def _canon(step: etree._Element, node: etree._Element) -> Canon:
    name = step.get("Algorithm", "")
    if name not in _CANONICAL:
        raise Refused(problem("algorithm", node, algorithm=name[:120]))
    listed = step.find(f"{{{EXCLUSIVE}}}InclusiveNamespaces")
    prefixes = () if listed is None else tuple((listed.get("PrefixList") or "").split())
    return Canon(name, prefixes)


def _transforms(reference: etree._Element, node: etree._Element) -> Canon:
    """How what is signed is written; without a word of it in the way of Canonical XML 1.0 or 1.1.

    XML Signature, 4.4.3.2, writes it in Canonical XML 1.0 then. The two differ in attributes of
    ``xml:`` inherited from above, and above an ``alert`` there is nothing.
    """
    steps = reference.findall(f"{ds('Transforms')}/{ds('Transform')}")
    names = [step.get("Algorithm", "") for step in steps]
    later = names[1:]
    if names[:1] != [ENVELOPED] or len(later) > 1 or any(n not in _CANONICAL for n in later):
        bad = ", ".join(n for n in names if n != ENVELOPED and n not in _CANONICAL)
        raise Refused(problem("transform", node, transforms=(bad or ", ".join(names) or "-")[:200]))
    if len(steps) == 1:
        return Canon(CanonicalizationMethod.CANONICAL_XML_1_1.value)
    return _canon(steps[1], node)


def value_of(element: etree._Element) -> bytes | None:
    """What a value stands for; None where it is not written as XML Schema wants it.

    Many decoders pass over stray characters and unused bits, so that two texts stand for one
    value. XML Schema Part 2, 3.2.16, lets each value have one text but for its blanks.
    """
    if len(element):
        return None
    text = "".join((element.text or "").split())
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if value and base64.b64encode(value).decode() == text else None


def _key_info(
    apart: etree._Element, node: etree._Element
) -> tuple[tuple[x509.Certificate, ...], bool]:
    infos = apart.findall(ds("KeyInfo"))
    if len(infos) > 1:
        raise Refused(problem("malformed", node, element="KeyInfo", count=len(infos)))
    if not infos:
        return (), False
    found = list(infos[0].iter(ds("X509Certificate")))
    if len(found) > CERTIFICATES_MOST:
        params = {"element": "X509Certificate", "count": len(found)}
        raise Refused(problem("malformed", node, **params))
    keyed = any(
        infos[0].find(tag) is not None
        for tag in (ds("KeyValue"), f"{{{DSIG11}}}DEREncodedKeyValue")
    )
    return tuple(_certificate(one, node) for one in found), keyed


def _certificate(element: etree._Element, node: etree._Element) -> x509.Certificate:
    data = value_of(element)
    if data is None:
        raise Refused(problem("certificate_unreadable", node, reason="base64"))
    try:
        return trust.one(data)
    except ValueError as error:
        raise Refused(problem("certificate_unreadable", node, reason=str(error)[:200])) from error


# --- what is signed -----------------------------------------------------------------------------


def octets(data: bytes, which: int, canon: Canon, *, blanks: bool) -> Iterator[bytes]:
    """The bytes that a signature may have been made over, likeliest first.

    Args:
        data: The message.
        which: Number of the signature in it, from 0.
        canon: How it says they are written.
        blanks: Whether blank text between elements counts.

    Yields:
        Without this signature: the alert alone, as most programs sign; the document with the
        instructions before its root, as the standard has it. Where there are several, the same
        without any of them: Canada's distributor and its sources sign one and the same text.
    """
    root = read(data, blanks=blanks)
    found = signatures(root)
    detach(found[which])
    yield from _written(root, canon)
    if len(found) > 1:
        for node in found:
            detach(node)
        yield from _written(root, canon)


def _written(root: etree._Element, canon: Canon) -> Iterator[bytes]:
    # XML Signature, 4.4.3.3: URI="" leaves comments out though the canonicalization keeps them;
    # ``signxml`` does not leave them out.
    bare = canon._replace(algorithm=canon.algorithm.removesuffix("WithComments"))
    for way in dict.fromkeys((canon, bare)):
        if root.getprevious() is None and root.getnext() is None:
            yield way.octets(root)
            continue
        yield way.octets(alone(root))
        yield way.octets(root.getroottree())


def instruction(root: etree._Element) -> etree._ProcessingInstruction | None:
    """The first processing instruction before or after the root."""
    before = reversed(list(root.itersiblings(etree.PI, preceding=True)))
    found = next(iter((*before, *root.itersiblings(etree.PI))), None)
    return cast("etree._ProcessingInstruction | None", found)


def around(octets: bytes) -> bool:
    """Whether signed bytes hold the instructions around the root too."""
    return octets.startswith(b"<?") or octets.endswith(b"?>")


def plain(data: bytes, *, blanks: bool) -> bytes:
    """What is read of a message whose signatures hold: all but they, in one canonical form."""
    root = read(data, blanks=blanks)
    for node in signatures(root):
        detach(node)
    return Canon(EXCLUSIVE).octets(alone(root))


WEAK: Final[Mapping[str, str]] = {"SHA1": "SHA-1"}
"""Part of an algorithm's name and what people call it."""


def weak_algorithms(one: Said) -> tuple[str, ...]:
    """What of a signature is too old to prove anything (NIST SP 800-131A rev. 2: SHA-1)."""
    names = (one.method.name, one.digest.name)
    return tuple(f"{WEAK[w]} ({n})" for n in names for w in WEAK if w in n)
