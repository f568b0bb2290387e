"""Lists of other people's warnings: Atom, RSS 2.0, an index of links, a message, an envelope.

A list is read as it is, not as it should be: what can be told from it is used, every lie that can
be found is a finding, and one bad entry never takes the others with it. No network here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from haidang.base.errors import BadData
from haidang.base.ids import digest
from haidang.base.problem import Problem
from haidang.warn.heard import Heard

Kind = Literal["auto", "atom", "rss", "index", "cap", "edxl", "folder"]

MOST_ENTRIES: Final = 5_000
AHEAD: Final = timedelta(hours=1)
"""How far a foreign clock may run ahead of ours before it is told."""

_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_CAP: Final = re.compile(
    r"^\{(urn:oasis:names:tc:emergency:cap:1\.[12]|http://www\.incident\.com/cap/1\.0)\}"
)
_EDXL: Final = "EDXLDistribution"
_HTML: Final = re.compile(
    rb"\s*+(?:<!--(?:(?!-->).)*+-->\s*+)*<(!doctype\s+html|html|head|body)\b", re.I | re.S
)
"""Possessive throughout: a row of comments would else be tried in every grouping."""

_HEAD: Final = 65_536
_ALERT: Final = re.compile(rb"<((?:[\w.-]+:)?)alert[\s/>]")
_TEXT: Final = re.compile(
    r"(utf|ucs|iso|us-?ascii|ascii|latin|windows|cp|gb|big5|shift|euc|koi8)", re.I
)
"""Encodings that are asked of Python: it knows some that take for ever, or are of no text."""
_OID: Final = re.compile(r"2\.49\.\d+(?:\.[0-9A-Za-z_-]+)+")
_MESSAGE: Final = re.compile(r"\.(xml|cap)(\?|$)|[?&/=.]cap\b", re.I)
_SCHEMES: Final = ("http", "https")
_ID_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list.

    Attributes:
        key: By which it is known when it comes again: another one as soon as it says that it was
            changed.
        id: As the list names it, "" where it does not.
        url: Where the message lies, absolute; "" where it is inside.
        updated: When it was last changed, as the list says.
        data: The message, where it is inside.
        promised: What the list says of it: ``identifier``, ``sender``, ``sent``; "" unsaid.
    """

    key: str
    id: str
    url: str
    updated: datetime | None = None
    data: bytes | None = None
    promised: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as read.

    Attributes:
        kind: What it is.
        updated: When it was last changed, as it says.
        items: In its order.
        problems: Everything found, each naming the list or the entry.
    """

    kind: Kind
    updated: datetime | None
    items: tuple[Item, ...]
    problems: tuple[Problem, ...]


def read_list(
    data: bytes,
    base: str,
    now: datetime,
    *,
    kind: Kind = "auto",
    content_type: str = "",
    before: datetime | None = None,
) -> Listed:
    """Read a list of warnings.

    Args:
        data: Its bytes, unpacked.
        base: Its address: relative links start there.
        now: Times after it are lies.
        kind: ``index`` takes links out of any XML or HTML; else the root element decides.
        content_type: As the server named it; a wrong one is a finding, never believed.
        before: What the list said of its last change when it was read before.

    Returns:
        Its entries and the findings.

    Raises:
        BadData: Nothing of it can be used: it is empty (``world.empty``), a web page
            (``world.html``), no XML (``world.not_xml``), declares a document type
            (``world.doctype``), or is something else (``world.not_a_list``).
    """
    where: list[Problem] = []
    if not data.strip():
        raise BadData(_problem("empty", base))
    if _HTML.match(data[:_HEAD]):
        if kind != "index":
            raise BadData(_problem("html", base, start=_start(data)))
        return _page_of_links(data, base)
    root = _root(data, base, where)
    name = etree.QName(root).localname
    if content_type.split(";", maxsplit=1)[0].strip().lower() in ("text/html", "application/json"):
        where.append(_problem("content_type", base, "warning", given=content_type[:60]))
    updated: datetime | None = None
    found: Iterator[Item]
    if root.tag == f"{_ATOM}feed":
        made: Kind = "atom"
        updated = _time(root.findtext(f"{_ATOM}updated"), base, where)
        found = _atom(root, data, base, now, where)
    elif name.lower() in ("rss", "rdf"):
        made = "rss"
        said = root.findtext(".//lastBuildDate") or root.findtext(".//pubDate")
        updated = _time(said, base, where)
        found = _rss(root, data, base, now, where)
    elif _CAP.match(str(root.tag)) or name == _EDXL:
        made = "edxl" if name == _EDXL else "cap"
        found = iter([Item(digest(data.decode("latin-1")), "", "", None, data)])
    else:
        made = "index"
        found = _links(root, base)
    items = _first(found, base, where)
    if made == "index" and not items:
        raise BadData(_problem("not_a_list", base, root=name[:40]))
    _clock(updated, before, now, base, where)
    return Listed(made, updated, tuple(items), tuple(where))


def broken_promise(item: Item, told: Heard) -> Problem | None:
    """What is wrong between an entry and the message that it leads to; None where nothing is.

    Args:
        item: The entry.
        told: The message.

    Returns:
        ``world.other_message`` (an error) where the list names another identifier or sender;
        ``world.other_name`` (a warning) where only the entry's own id holds another WMO number.
    """
    identifier, sender, _ = item.promised
    for said, is_ in ((identifier, told.identifier), (sender, told.sender)):
        if said and said != is_:
            return _problem(
                "other_message", item.url or item.id, promised=said[:120], found=is_[:120]
            )
    number = _OID.search(item.id)
    if identifier or not number or not _OID.fullmatch(told.identifier):
        return None
    if told.identifier not in item.id and number[0] not in told.identifier:
        names = {"promised": number[0][:120], "found": told.identifier[:120]}
        return _problem("other_name", item.url or item.id[:120], "warning", **names)
    return None


# XML.


def _root(data: bytes, base: str, where: list[Problem]) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_pis=True, remove_comments=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if not _wrong_bytes(data):
            raise BadData(_problem("not_xml", base, detail=(error.msg or "")[:120])) from error
        # Feeds of whole countries declare UTF-8 and send Latin letters of one byte.
        again = _guessed(re.sub(rb"^\s*<\?xml[^>]*\?>", b"", data))
        try:
            root = etree.fromstring(again.encode("utf-8"), parser)
        except etree.XMLSyntaxError as second:
            raise BadData(_problem("not_xml", base, detail=(second.msg or "")[:120])) from second
        where.append(_problem("encoding_guess", base, "warning"))
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise BadData(_problem("doctype", base))
    return root


def _wrong_bytes(data: bytes) -> bool:
    """Whether the bytes are not in the encoding that they name (UTF-8 where they name none)."""
    head = re.match(rb"""\s*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)""", data[:_HEAD])
    name = head[1].decode() if head else "utf-8"
    if not _TEXT.match(name):
        return True
    try:
        data.decode(name)
    except (UnicodeError, LookupError):
        return True
    return False


def _guessed(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _atom(
    root: etree._Element, data: bytes, base: str, now: datetime, where: list[Problem]
) -> Iterator[Item]:
    raw = _Raw(root, data)
    for node in _some(root.iterfind(f"{_ATOM}entry"), base, where):
        here = node.base or root.base or base
        start = joined(base, here)
        if not start:
            where.append(_problem("link_scheme", base, "warning", given=here[:120]))
            start = base
        ident = (node.findtext(f"{_ATOM}id") or "").strip()[:_ID_LENGTH]
        updated = _time(node.findtext(f"{_ATOM}updated"), ident or base, where)
        inside = raw.alert(node) or _escaped(node.findtext(f"{_ATOM}content"))
        link = _best([(n.get("href") or "", n.get("type") or "", n.get("rel") or "alternate")
                      for n in node.iterfind(f"{_ATOM}link")])  # fmt: skip
        made = _item(ident, link or _address(ident), start, updated, inside, _promise(node), where)
        if made is not None:
            _ahead(made, now, where)
            yield made


def _rss(
    root: etree._Element, data: bytes, base: str, now: datetime, where: list[Problem]
) -> Iterator[Item]:
    raw = _Raw(root, data)
    every = root.iter("item", "{http://purl.org/rss/1.0/}item")
    # One item inside another would be read once for each that is around it.
    alone = (n for n in every if not any(a.tag == n.tag for a in n.iterancestors()))
    for node in _some(alone, base, where):
        ident = (node.findtext("guid") or "").strip()[:_ID_LENGTH]
        updated = _time(node.findtext("pubDate"), ident or base, where)
        inside = raw.alert(node) or _escaped(node.findtext("description"))
        links = [((node.findtext(t) or "").strip(), "", "alternate")
                 for t in ("link", "{http://purl.org/rss/1.0/}link")]  # fmt: skip
        links += [(n.get("url") or "", n.get("type") or "", "enclosure")
                  for n in node.iterfind("enclosure")]  # fmt: skip
        made = _item(
            ident, _best(links) or _address(ident), base, updated, inside, _promise(node), where
        )
        if made is not None:
            _ahead(made, now, where)
            yield made


def _item(
    ident: str,
    link: str,
    base: str,
    updated: datetime | None,
    inside: bytes | None,
    promised: tuple[str, str, str],
    where: list[Problem],
) -> Item | None:
    if not ident:
        where.append(_problem("entry_no_id", link or base, "warning"))
    if inside is None and not link:
        where.append(_problem("entry_empty", ident or base))
        return None
    url = "" if inside is not None else joined(base, link.strip())
    if inside is None and _scheme(url) not in _SCHEMES:
        where.append(_problem("link_scheme", ident or base, given=(url or link)[:120]))
        return None
    mark = "" if updated is None else updated.isoformat()
    key = digest("\n".join((ident, url, mark, digest((inside or b"").decode("latin-1")))))
    return Item(key, ident, url, updated, inside, promised)


def _links(root: etree._Element, base: str) -> Iterator[Item]:
    """Every address of a message in some XML: in an attribute or as a text."""
    seen: set[str] = set()
    for node in root.iter(etree.Element):
        for text in (node.get("href"), node.get("url"), node.get("link"), node.text):
            yield from _link(text, base, seen)


def _page_of_links(data: bytes, base: str) -> Listed:
    """A folder as a web server lists it."""
    seen: set[str] = set()
    where: list[Problem] = []
    try:
        page = html.document_fromstring(data)
    except (etree.LxmlError, ValueError) as error:  # nothing at all in it
        raise BadData(_problem("html", base, start=_start(data))) from error
    found = (i for a in page.iter("a") for i in _link(a.get("href"), base, seen))
    items = _first(found, base, where)
    if not items:
        raise BadData(_problem("html", base, start=_start(data)))
    return Listed("index", None, tuple(items), tuple(where))


def _link(text: str | None, base: str, seen: set[str]) -> Iterator[Item]:
    said = (text or "").strip()
    if not said or any(c.isspace() for c in said) or not _MESSAGE.search(said):
        return
    url = joined(base, said)
    if _scheme(url) in _SCHEMES and url not in seen:
        seen.add(url)
        yield Item(digest(url), url, url)


class _Raw:
    """Messages inside a list, byte for byte where that can be: a signature is of the bytes."""

    def __init__(self, root: etree._Element, data: bytes) -> None:
        nodes = [n for n in root.iter("{*}alert") if _CAP.match(str(n.tag))]
        starts = list(_ALERT.finditer(data)) if nodes else []
        self._raw: dict[etree._Element, bytes] = {}
        if not nodes or len(starts) != len(nodes):
            return
        # Each is looked for only up to the next one: a list of a million of them is read once.
        ends = [m.start() for m in starts[1:]] + [len(data)]
        for node, start, end in zip(nodes, starts, ends, strict=True):
            if (last := data.find(b"</" + start[1] + b"alert", start.end(), end)) >= 0:
                close = data.find(b">", last, end)
                self._raw[node] = data[start.start() : close + 1]

    def alert(self, entry: etree._Element) -> bytes | None:
        """The first message inside an entry."""
        node = next((n for n in entry.iter("{*}alert") if _CAP.match(str(n.tag))), None)
        if node is None:
            return None
        if (raw := self._raw.get(node)) and _stands_alone(raw):
            return raw
        return etree.tostring(node, with_tail=False, encoding="UTF-8", xml_declaration=True)


def _stands_alone(raw: bytes) -> bool:
    try:
        root = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return False
    return bool(_CAP.match(str(root.tag)))


def _escaped(text: str | None) -> bytes | None:
    """A message that was put into a list as a text."""
    said = (text or "").strip()
    if not said.startswith("<") or "alert" not in said[:2000]:
        return None
    bare = re.sub(r"^<\?xml[^>]*\?>", "", said).strip().encode()
    return bare if _stands_alone(bare) else None


def _promise(node: etree._Element) -> tuple[str, str, str]:
    """What a list says of the message beside its link, in elements of CAP."""
    said = {"identifier": "", "sender": "", "sent": ""}
    for kid in node:
        tag = str(kid.tag)
        name = tag.rpartition("}")[2]
        if name in said and _CAP.match(tag) and kid.text:
            said[name] = kid.text.strip()[:_ID_LENGTH]
    return said["identifier"], said["sender"], said["sent"]


def _best(links: list[tuple[str, str, str]]) -> str:
    """Of the links of an entry the one that most likely leads to the message."""

    def rank(link: tuple[str, str, str]) -> int:
        href, kind, rel = link
        if "cap" in kind.lower():
            return 0
        if rel in ("self", "edit", "replies"):
            return 9
        if "html" in kind.lower() or kind.lower().startswith("image/"):
            return 8
        return 1 if "xml" in kind.lower() else 2 if _MESSAGE.search(href) else 3

    known = [link for link in links if link[0].strip()]
    return min(known, key=rank)[0] if known else ""


def _address(ident: str) -> str:
    return ident if _scheme(ident) in _SCHEMES else ""


def joined(base: str, link: str) -> str:
    """A link as an address.

    Args:
        base: Where it was found.
        link: As it stands there.

    Returns:
        It, absolute; "" where it cannot be an address at all (``http://[x``, a port of letters).
    """
    try:
        url = urljoin(base, link)
        _ = urlsplit(url).port
    except ValueError:
        return ""
    return url


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def _some(
    nodes: Iterable[etree._Element], base: str, where: list[Problem]
) -> Iterator[etree._Element]:
    """Not more entries than are ever read: a million empty ones would be a finding each."""
    for number, node in enumerate(nodes):
        if number == MOST_ENTRIES:
            where.append(_problem("many_entries", base, "warning", most=MOST_ENTRIES))
            return
        yield node


def _first(found: Iterator[Item], base: str, where: list[Problem]) -> list[Item]:
    items: dict[str, Item] = {}
    for item in found:
        if len(items) == MOST_ENTRIES:
            where.append(_problem("many_entries", base, "warning", most=MOST_ENTRIES))
            break
        items.setdefault(item.key, item)
    return list(items.values())


# Times.


def _time(text: str | None, where_: str, where: list[Problem]) -> datetime | None:
    """An instant as Atom (RFC 3339) or RSS (RFC 822) writes it; without a zone it is none."""
    said = (text or "").strip()
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        try:
            found = parsedate_to_datetime(said)
        except (ValueError, TypeError, IndexError, OverflowError):
            where.append(_problem("entry_time", where_, "warning", given=said[:60]))
            return None
    if found.tzinfo is None:
        where.append(_problem("entry_zone", where_, "warning", given=said[:60]))
        return None
    try:
        return found.astimezone(UTC)
    except OverflowError:
        where.append(_problem("entry_time", where_, "warning", given=said[:60]))
        return None


def _ahead(item: Item, now: datetime, where: list[Problem]) -> None:
    if item.updated is not None and item.updated > now + AHEAD:
        said = item.updated.isoformat(timespec="minutes")
        where.append(_problem("entry_future", item.id or item.url, "warning", at=said))


def _clock(
    updated: datetime | None,
    before: datetime | None,
    now: datetime,
    base: str,
    where: list[Problem],
) -> None:
    if updated is None:
        return
    if updated > now + AHEAD:
        at = updated.isoformat(timespec="minutes")
        where.append(_problem("list_future", base, "warning", at=at))
    if before is not None and updated < before:
        said = {"at": updated.isoformat(timespec="minutes")}
        was = before.isoformat(timespec="minutes")
        where.append(_problem("list_backwards", base, "warning", **said, before=was))


def _start(data: bytes) -> str:
    return " ".join(data[:60].decode("utf-8", "replace").split())


def _problem(
    code: str, file: str, severity: Literal["error", "warning"] = "error", **params: object
) -> Problem:
    return Problem(f"world.{code}", params, file=file[:300], severity=severity)
