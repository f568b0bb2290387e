"""Cut the CAP messages out of a larger document, byte for byte."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from haidang.base.errors import BadData
from haidang.base.problem import Problem

_CAP: Final = re.compile(
    r"urn:oasis:names:tc:emergency:cap:1\.[012]|http://www\.incident\.com/cap/1\.0"
)
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_DECLARED: Final = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
HEAD: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def alerts(data: bytes) -> Iterator[bytes]:
    """Every alert in a document's content objects, as a document of its own.

    Args:
        data: XML without a DTD, e.g. an EDXL-DE envelope. What stands in ``keyXMLContent`` is
            passed over: it holds pieces, not messages.

    Yields:
        UTF-8: the bytes as they stand, with the namespaces declared that the message used from
        above it. An alert inside an alert is part of the outer one.

    Raises:
        BadData: It cannot be read (``sign.xml``) or has a DTD (``sign.dtd``).
    """
    text = _utf8(data)
    seen = _Seen(text)
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = lambda tag, has: seen.start(tag, has, parser.CurrentByteIndex)
    parser.EndElementHandler = lambda _tag: seen.end(parser.CurrentByteIndex)
    parser.StartDoctypeDeclHandler = _no_dtd
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise BadData(Problem("sign.xml", {"reason": str(error)[:200]})) from error
    yield from seen.found


def _no_dtd(*_: Any) -> None:
    raise BadData(Problem("sign.dtd"))


def _utf8(data: bytes) -> bytes:
    """The document in UTF-8, whatever it came in (XML 1.0, appendix F)."""
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return _decoded(data, name)
    bare = data.removeprefix(codecs.BOM_UTF8).lstrip()
    declared = _DECLARED.match(bare)
    name = declared[1].decode().lower() if declared else "utf-8"
    return bare if name in ("utf-8", "utf8", "us-ascii", "ascii") else _decoded(bare, name)


def _decoded(data: bytes, name: str) -> bytes:
    try:
        return data.decode(name).lstrip("\ufeff").encode()
    except (LookupError, UnicodeError) as error:
        raise BadData(Problem("sign.xml", {"reason": str(error)[:200]})) from error


@dataclass(slots=True)
class _Cut:
    """An alert that has begun.

    Attributes:
        at: Byte at which it begins.
        name: Its tag, with its prefix.
        depth: Of its element.
        level: Length of the list of namespaces before its own.
        wanted: Namespaces that it uses from above, by prefix.
    """

    at: int
    name: str
    depth: int
    level: int
    wanted: dict[str, str] = field(default_factory=dict)


class _Seen:
    """What the parser has come past."""

    def __init__(self, text: bytes) -> None:
        self.found: list[bytes] = []
        self._text = text
        self._path: list[str] = []
        self._scopes: list[tuple[int, Mapping[str, str]]] = [(0, {"xml": _XML, "": ""})]
        self._cut: _Cut | None = None

    def start(self, tag: str, has: Mapping[str, str], at: int) -> None:
        """An element begins."""
        level = len(self._scopes)
        self._path.append(tag.rpartition(":")[2].lower())
        own = {k[6:]: v for k, v in has.items() if k[:6] in ("xmlns", "xmlns:")}
        if own:
            self._scopes.append((len(self._path), own))
        if self._cut is None and self._message(tag):
            self._cut = _Cut(at, tag, len(self._path), level)
        if self._cut is not None:
            self._want(self._cut, tag, "")
            for name in has:
                if ":" in name and not name.startswith("xmlns:"):
                    self._want(self._cut, name, None)

    def _message(self, tag: str) -> bool:
        prefix, _, name = tag.rpartition(":")
        if name != "alert" or not _CAP.fullmatch(self._lookup(prefix)[0]):
            return False
        return "contentobject" in self._path and "keyxmlcontent" not in self._path

    def _lookup(self, prefix: str) -> tuple[str, int]:
        """What a prefix stands for here, and how many scopes were there before its own."""
        for number in range(len(self._scopes) - 1, -1, -1):
            found = self._scopes[number][1].get(prefix)
            if found is not None:
                return found, number
        return "", 0

    def _want(self, cut: _Cut, name: str, bare: str | None) -> None:
        prefix = name.rpartition(":")[0] or bare
        if prefix is None:
            return
        uri, number = self._lookup(prefix)
        if 0 < number < cut.level and uri:
            cut.wanted[prefix] = uri

    def end(self, at: int) -> None:
        """An element ends."""
        cut = self._cut
        if cut is not None and cut.depth == len(self._path):
            last = self._text.index(b">", at) + 1
            self.found.append(_document(self._text[cut.at : last], cut))
            self._cut = None
        if self._scopes[-1][0] == len(self._path):
            self._scopes.pop()
        self._path.pop()


def _document(piece: bytes, cut: _Cut) -> bytes:
    opening = f"<{cut.name}".encode()
    names = "".join(
        f" xmlns{':' if prefix else ''}{prefix}={quoteattr(uri)}"
        for prefix, uri in sorted(cut.wanted.items())
    )
    return HEAD + opening + names.encode() + piece[len(opening) :]
