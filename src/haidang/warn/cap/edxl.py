"""EDXL-DE envelopes: who sent what to whom, and the CAP messages inside, byte for byte.

OASIS EDXL Distribution Element 1.0 (May 2006) and 2.0 (September 2013). A message is cut out of
the envelope as it stands there, never parsed and written anew: a signature on it still holds.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn.cap.cut import alerts
from haidang.warn.cap.document import as_bytes
from haidang.warn.cap.xmldsig import line

LARGEST: Final = 50_000_000
"""Bytes of the largest envelope that is opened; it may hold many messages."""
DEEPEST: Final = 4
"""Envelopes in envelopes that are opened."""

_DE: Final = re.compile(r"urn:oasis:names:tc:emergency:EDXL:DE:([12]\.0)", re.IGNORECASE)
_STATUS: Final = ("Actual", "Exercise", "System", "Test", "Unknown", "NoAppropriateDefault")


@dataclass(frozen=True, slots=True)
class TargetArea:
    """Where an envelope is to go.

    Attributes:
        circles: (latitude, longitude, radius in km), degrees WGS 84.
        rings: Rings of (latitude, longitude).
        countries: ISO 3166-1 codes.
        subdivisions: ISO 3166-2 codes.
        codes: UN/LOCODE.
    """

    circles: tuple[tuple[float, float, float], ...] = ()
    rings: tuple[tuple[tuple[float, float], ...], ...] = ()
    countries: tuple[str, ...] = ()
    subdivisions: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What stands on an envelope, and what is in it.

    Attributes:
        version: ``1.0`` or ``2.0``.
        identifier: ``distributionID``.
        sender: ``senderID``.
        sent: ``dateTimeSent``; None where it cannot be read.
        status: ``distributionStatus``: Actual, Exercise, System or Test.
        kind: ``distributionType`` (1.0) or ``distributionKind`` (2.0), e.g. Report.
        confidentiality: ``combinedConfidentiality``.
        language: Of the envelope.
        areas: ``targetArea``.
        keywords: (list, word).
        messages: The CAP messages inside, each a document of its own, in order.
        problems: What is wrong with the envelope, and contents that could not be taken out. The
            messages stand all the same: a wrong label does not make the letter untrue.
    """

    version: str
    identifier: str
    sender: str
    sent: datetime | None
    status: str
    kind: str
    confidentiality: str = ""
    language: str = ""
    areas: tuple[TargetArea, ...] = ()
    keywords: tuple[tuple[str, str], ...] = ()
    messages: tuple[bytes, ...] = ()
    problems: tuple[Problem, ...] = ()


def unwrap(data: bytes | str) -> tuple[bytes, ...]:
    """The CAP messages inside an envelope.

    Args:
        data: EDXL-DE 1.0 or 2.0, XML. Messages stand in ``embeddedXMLContent`` or, in base64, in
            ``contentData``; an envelope in an envelope is opened too.

    Returns:
        Each message as a document, as it stands in the envelope; a signature on it still holds.

    Raises:
        BadData: As `envelope`, or there is no message inside (``sign.edxl_empty``, after the
            reasons why a content could not be taken out).
    """
    found = envelope(data)
    if not found.messages:
        inside = [p for p in found.problems if p.code == "sign.edxl_content"]
        raise BadData(*inside, Problem("sign.edxl_empty"))
    return found.messages


def envelope(data: bytes | str) -> Envelope:
    """Read an envelope with all that is in it.

    Args:
        data: EDXL-DE 1.0 or 2.0, XML.

    Raises:
        BadData: Not XML (``sign.xml``), with a DTD (``sign.dtd``), larger than 50 MB
            (``sign.too_large``) or not an EDXL-DE envelope (``sign.edxl_root``).
    """
    return _envelope(as_bytes(data), DEEPEST)


def _envelope(data: bytes, depth: int) -> Envelope:
    root = _root(data)
    known = _DE.fullmatch(etree.QName(root).namespace or "")
    if known is None or _name(root) != "edxldistribution":
        raise BadData(Problem("sign.edxl_root", {"tag": str(root.tag)[:120]}))
    heads = [k for k in root.iterchildren(tag=etree.Element) if _name(k) not in _LARGE]
    if (label := next((k for k in heads if _name(k) == "descriptor"), None)) is not None:
        heads += list(label.iterchildren(tag=etree.Element))
    facts = {_name(k): _value(k) for k in reversed(heads)}
    kind = facts.get("distributiontype") or facts.get("distributionkind", "")
    needed = ("distributionID", "senderID", "distributionStatus")
    problems = [_lacks(root, name) for name in needed if not facts.get(name.lower())]
    if not kind:
        problems.append(_lacks(root, "distributionType"))
    status = facts.get("distributionstatus", "")
    if status and status not in _STATUS:
        problems.append(_odd(root, "distributionStatus", status))
    sent = _instant(facts.get("datetimesent", ""))
    if sent is None:
        problems.append(_odd(root, "dateTimeSent", facts.get("datetimesent", "")))
    areas = tuple(_area(k, problems) for k in root.iter("{*}targetArea"))
    return Envelope(
        version=known[1],
        identifier=facts.get("distributionid", ""),
        sender=facts.get("senderid", ""),
        sent=sent,
        status=status,
        kind=kind,
        confidentiality=facts.get("combinedconfidentiality", ""),
        language=facts.get("language", ""),
        areas=areas,
        keywords=tuple(pair for k in heads if _name(k) == "keyword" for pair in _pairs(k)),
        messages=tuple(_messages(data, root, problems, depth)),
        problems=tuple(problems),
    )


_LARGE: Final = ("contentobject", "content")


def _root(data: bytes) -> etree._Element:
    if len(data) > LARGEST:
        raise BadData(Problem("sign.too_large", {"size": len(data), "limit": LARGEST}))
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, collect_ids=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise BadData(Problem("sign.xml", {"reason": str(error)[:200]})) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadData(Problem("sign.dtd"))
    return root


def _name(node: etree._Element) -> str:
    """Local name in small letters: real senders of 2.0 write ``DistributionID`` too."""
    return etree.QName(node).localname.lower()


def _value(node: etree._Element) -> str:
    """Its text, or in 2.0 that of the value inside ``StatusKindDefault`` and the like."""
    inside = [k for k in node.iter("{*}*") if _name(k) == "value"]
    return ((inside[-1] if inside else node).text or "").strip()


def _pairs(node: etree._Element) -> Iterator[tuple[str, str]]:
    lists = [k.text or "" for k in node if _name(k) in ("valuelisturn", "valuelisturi")]
    for kid in node:
        if _name(kid) == "value":
            yield "".join(lists[:1]).strip(), (kid.text or "").strip()


def _lacks(root: etree._Element, name: str) -> Problem:
    return Problem("sign.edxl_missing", {"element": name}, row=line(root), field=name)


def _odd(node: etree._Element, name: str, value: str) -> Problem:
    params = {"element": name, "value": value[:80]}
    return Problem("sign.edxl_value", params, row=line(node), field=name)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.utcoffset() is not None else None


# --- areas --------------------------------------------------------------------------------------


def _area(node: etree._Element, problems: list[Problem]) -> TargetArea:
    texts: dict[str, list[str]] = {}
    circles: list[tuple[float, float, float]] = []
    rings: list[tuple[tuple[float, float], ...]] = []
    for kid in node.iter("{*}*"):
        name, text = _name(kid), (kid.text or "").strip()
        try:
            if name == "circle":
                circles.append(_circle(text))
            elif name == "polygon":
                rings.append(_ring(text))
            else:
                texts.setdefault(name, []).append(text)
        except ValueError:
            problems.append(_odd(kid, name, text))
    return TargetArea(
        circles=tuple(circles),
        rings=tuple(rings),
        countries=tuple(texts.get("country", ())),
        subdivisions=tuple(texts.get("subdivision", ())),
        codes=tuple(texts.get("loccodeun", ())),
    )


def _point(text: str) -> tuple[float, float]:
    lat, lon = map(float, text.split(","))
    if not (abs(lat) <= 90 and abs(lon) <= 180):  # noqa: PLR2004 - degrees; False for NaN as well
        raise ValueError(text)
    return lat, lon


def _ring(text: str) -> tuple[tuple[float, float], ...]:
    points = tuple(map(_point, text.split()))
    if len(points) < 4 or points[0] != points[-1]:  # noqa: PLR2004 - a triangle, closed
        raise ValueError(text)
    return points


def _circle(text: str) -> tuple[float, float, float]:
    centre, radius = text.split()
    size = float(radius)
    if not (math.isfinite(size) and size >= 0):
        raise ValueError(text)
    return (*_point(centre), size)


# --- contents -----------------------------------------------------------------------------------


def _messages(
    data: bytes, root: etree._Element, problems: list[Problem], depth: int
) -> Iterator[bytes]:
    """Those that stand in the envelope as XML, then those in base64."""
    yield from alerts(data)
    for node in root.iter("{*}*"):
        if _name(node) == "contentdata":
            yield from _coded(node, problems, depth)


def _coded(node: etree._Element, problems: list[Problem], depth: int) -> Iterator[bytes]:
    beside = {_name(k): (k.text or "").strip() for k in node.itersiblings(preceding=True)}
    beside |= {_name(k): (k.text or "").strip() for k in node.itersiblings()}
    kind = beside.get("mimetype", "").lower()
    if "xml" not in kind and "cap" not in kind:
        return  # a photograph, a map: no message
    try:
        body = base64.b64decode("".join((node.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        problems.append(_spoilt(node, "base64"))
        return
    if not _same(body, beside.get("digest", "")):
        problems.append(_spoilt(node, "digest"))
        return
    try:
        inside = _root(body)
        if _DE.fullmatch(etree.QName(inside).namespace or "") and depth > 0:
            yield from _envelope(body, depth - 1).messages
        elif _name(inside) == "alert":
            yield body
    except BadData as error:
        problems.append(_spoilt(node, error.problems[0].code.removeprefix("sign.")))


def _same(body: bytes, digest: str) -> bool:
    """Whether a content is what its digest says; DE 1.0 names SHA-1, others are met with."""
    if not digest:
        return True
    made = [hashlib.new(name, body, usedforsecurity=False) for name in ("sha1", "sha256")]
    texts = {one.hexdigest() for one in made}
    return digest.lower() in texts or digest in {
        base64.b64encode(one.digest()).decode() for one in made
    }


def _spoilt(node: etree._Element, why: str) -> Problem:
    return Problem("sign.edxl_content", {"why": why}, row=line(node), field="contentData")
