"""Bytes from anywhere become a tree, or a reason why not.

Entities, document types and the network are off, sizes are bounded before anything is parsed, and
an encoding that contradicts its own declaration is refused: what two readers may read differently
is not a warning.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from haidang.warn.cap.finding import Notes, short
from haidang.warn.cap.grammar import GRAMMARS

SIZE_MAX: Final = 10_000_000
"""Bytes of a message. The longest of the collected real ones has 0.9 million."""
TAGS_MAX: Final = 200_000
"""``<`` in a message: a tree of more elements would take more memory than a message is worth."""

_DECLARED: Final = re.compile(rb"""\sencoding\s*=\s*["']([^"']*)["']""")
_DECLARATION: Final = 1_000
"""Bytes in which an XML declaration must end: the parser would read a longer one, we would not."""
_NOTHING: Final = b" \t\r\n\0"
_HEAD: Final = 200
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_UTF_32: Final = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_LATIN: Final = re.compile(r"(iso-8859-(1|2|3|4|5|6|7|8|9|10|13|14|15|16)|windows-125[0-8])")
_ASCII: Final = ("us-ascii", "ascii")
_UTF_8: Final = ("utf-8", "utf8")
_UTF_16: Final = ("utf-16", "utf-16le", "utf-16be", "utf-16-le", "utf-16-be")
_FEEDS: Final = {"feed", "rss", "RDF"}


def as_bytes(data: bytes | str) -> bytes:
    """A message as it would lie in a file; text is written as UTF-8.

    Text whose first line names another encoding is then told of as any such file is, and so is
    half a character, which is written as bytes that are no UTF-8.
    """
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)


def open_document(data: bytes, notes: Notes) -> etree._Element | None:
    """Parse a message's XML.

    Args:
        data: The file as it came.
        notes: Takes down what is wrong with it.

    Returns:
        The element ``alert`` of a known version, or None when the notes say why there is none.
    """
    if len(data) > SIZE_MAX:
        notes.at_line("size", 1, size=len(data), limit=SIZE_MAX)
        return None
    if not data[:_HEAD].strip(_NOTHING) and not data.strip(_NOTHING):
        notes.at_line("empty_file", 1)
        return None
    if len(data) > TAGS_MAX and data.count(b"<") > TAGS_MAX:
        notes.at_line("too_many_elements", 1, limit=TAGS_MAX)
        return None
    if _is_page(data, notes) or not _encoding(data, notes) or _has_dtd(data, notes):
        return None
    root = _tree(data, notes)
    return root if root is not None and _is_alert(root, notes) else None


# --- encoding -----------------------------------------------------------------------------------


def _encoding(data: bytes, notes: Notes) -> bool:
    """Whether the bytes can be read in one way only; says why not."""
    if data.startswith(_UTF_32):  # the mark of UTF-16 begins one of them
        notes.at_line("encoding_unknown", 1, encoding="UTF-32")
        return False
    really = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    wide = really is not None and really.startswith("utf-16")
    if not wide and b"\0" in data[:4] and b"<" in data[:4]:
        # UTF-16 without its mark, or UTF-32: XML asks for the mark, and readers guess differently.
        # Other files with a zero in front are no text at all, and fail as what they are.
        notes.at_line("encoding_unmarked", 1)
        return False
    declared = _declared(data, really)
    name = declared.lower()
    if name in _UTF_16:
        fits = wide and (really or "").replace("-", "").startswith(name.replace("-", ""))
    elif name in _UTF_8 or not name:
        fits = not wide or not name
    else:
        fits = really is None
        if not (name in _ASCII or _LATIN.fullmatch(name)):
            notes.at_line("encoding_unknown", 1, encoding=declared)
            return False
    if not fits:
        notes.at_line("encoding_conflict", 1, declared=declared, found=(really or "ASCII").upper())
        return False
    return _decodes(data, really or name or "utf-8", notes)


def _declared(data: bytes, really: str | None) -> str:
    head = data[: 2 * _DECLARATION]
    if really is not None and really.startswith("utf-16"):
        head = head[: len(head) // 2 * 2].decode(really, "replace")[1:].encode("ascii", "replace")
    elif really is not None:
        head = head[3:]
    if not re.match(rb"<\?xml\s", head):
        return ""
    declaration, end, _ = head[:_DECLARATION].partition(b"?>")
    if not end and len(data) > _DECLARATION:
        return "…"
    found = _DECLARED.search(declaration)
    return short(found[1].decode("ascii", "replace")) if found else ""


def _decodes(data: bytes, encoding: str, notes: Notes) -> bool:
    if encoding in _ASCII:
        encoding = "ascii"
    try:
        # The parser would notice as well, but not say which byte; and it takes some Latin bytes.
        text = None if data.isascii() else data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"0x{data[error.start]:02X}"
        notes.at_line("encoding_bytes", line, encoding=encoding.upper(), byte=found)
        return False
    if encoding.startswith("utf-16"):
        notes.warning("encoding_other", None, encoding=encoding.upper())
    elif text is not None and encoding not in _UTF_8:
        notes.warning("encoding_other", None, encoding=encoding.upper())
        if _is_utf_8(data):
            notes.warning("encoding_suspect", None, encoding=encoding.upper())
    return True


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


# --- document type ------------------------------------------------------------------------------

_PROLOG: Final = re.compile(rb"(?:[ \t\r\n]+|<\?.*?\?>|<!--.*?-->)", re.DOTALL)


_PAGE: Final = re.compile(rb"<(?:!doctype\s+)?html[\s>]", re.IGNORECASE)


def _is_page(data: bytes, notes: Notes) -> bool:
    """Whether it is a web page, as most addresses give that moved: few of them are XML."""
    at = _after_prolog(data)
    if not _PAGE.match(data, at):
        return False
    notes.at_line("html", data.count(b"\n", 0, at) + 1)
    return True


def _after_prolog(data: bytes) -> int:
    """Byte at which a document type or the root begins."""
    at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while step := _PROLOG.match(data, at):
        at = step.end()
    return at


def _has_dtd(data: bytes, notes: Notes) -> bool:
    """Whether a document type stands before the root; looked for before any parser sees it."""
    wide = next((name for mark, name in _BOMS[1:] if data.startswith(mark)), None)
    if wide is not None:
        data = data.decode(wide, "replace").encode("utf-8")
    at = _after_prolog(data)
    if not data.startswith(b"<!DOCTYPE", at):
        return False
    notes.at_line("dtd", data.count(b"\n", 0, at) + 1)
    return True


# --- tree ---------------------------------------------------------------------------------------


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


_REASONS: Final = (
    ("depth", "too_deep"),
    ("huge text", "text_too_long"),
    ("too long", "text_too_long"),
    ("Entity", "entity"),
)
"""What libxml2 says of its own limits, and the code we tell it by."""


def _tree(data: bytes, notes: Notes) -> etree._Element | None:
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        reason = short(error.msg or str(error), 200)
        code = next((c for text, c in _REASONS if text in reason), "xml")
        notes.at_line(code, error.lineno or 1, reason=reason)
        return None
    except (ValueError, LookupError, AssertionError) as error:
        notes.at_line("xml", 1, reason=short(str(error), 200))
        return None
    if root.getroottree().docinfo.internalDTD is not None:
        notes.at_line("dtd", 1)
        return None
    return root


def _is_alert(root: etree._Element, notes: Notes) -> bool:
    name = etree.QName(root)
    namespace = name.namespace or ""
    if namespace in GRAMMARS and name.localname == "alert":
        return True
    if name.localname == "EDXLDistribution":
        notes.error("edxl", root)
    elif name.localname in _FEEDS:
        notes.error("feed", root)
    elif name.localname == "html":
        notes.error("html", root)
    elif name.localname == "alert":
        notes.error("namespace", root, found=short(namespace), known=", ".join(GRAMMARS))
    else:
        notes.error("root", root, tag=short(name.localname))
    return False
