"""A message becomes values, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import TypeVar

from lxml import etree

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn.cap.document import as_bytes, open_document
from haidang.warn.cap.finding import Notes, located, short
from haidang.warn.cap.model import (
    DEFAULT_LANGUAGE,
    Alert,
    AreaBlock,
    Info,
    Pairs,
    Reference,
    Resource,
    Ring,
    Version,
)
from haidang.warn.cap.values import (
    REFERENCES_MAX,
    WHITE,
    quoted,
    read_circle,
    read_reference,
    read_ring,
    split,
)
from haidang.warn.cap.walk import Box, Leaf, walk

T = TypeVar("T")


def parse(data: bytes | str) -> Alert:
    """Read a message, whole or not at all.

    Args:
        data: XML of CAP 1.0, 1.1 or 1.2, text as UTF-8. Entities, document types and the network
            are off.

    Returns:
        The message; for what `build` wrote, the same one. It may still break rules that no schema
        sees: ask `validate`.

    Raises:
        BadData: Not XML; a document type in it; not a CAP alert (for an EDXL-DE envelope, see
            `unwrap`); or something in it that the schema of its version forbids or that has no
            value (a time, a point, a reference); all of it.
    """
    notes = Notes()
    root = open_document(as_bytes(data), notes)
    if root is None:
        raise BadData(*problems_of(notes))
    box, grammar = walk(root, notes)
    if notes.errors:
        raise BadData(*problems_of(notes))
    alert = alert_of(box, grammar.version, notes)
    if alert is None:
        raise BadData(*problems_of(notes))
    return alert


def problems_of(notes: Notes) -> tuple[Problem, ...]:
    """The errors taken down, as problems at their lines."""
    return tuple(f.problem() for f in located(notes, "en", {}) if f.severity == "error")


def alert_of(box: Box, version: Version, notes: Notes) -> Alert | None:
    """Values of a message whose structure is in order.

    Args:
        box: From the walk, which found no error.
        version: Of the message.
        notes: Takes down each value that cannot be read.

    Returns:
        The message; None when there is something that cannot be read.
    """
    return _Reader(version, notes).alert(box)


class _Reader:
    """Reads values and goes on after one that cannot be read, so that all are told at once."""

    def __init__(self, version: Version, notes: Notes) -> None:
        self.version = version
        self.notes = notes
        self.rings: dict[str, Ring] = {}

    def alert(self, box: Box) -> Alert | None:
        before = self.notes.errors
        text = box.text
        loose = self.version != "1.2"
        addresses, incidents = quoted(text("addresses") or ""), quoted(text("incidents") or "")
        references = self._references(box, loose=loose)
        lists = {"addresses": addresses, "references": references, "incidents": incidents}
        alert = Alert(
            identifier=(text("identifier") or "").strip(WHITE),
            sender=(text("sender") or "").strip(WHITE),
            sent=box.times["sent"],
            status=text("status") or "",
            kind=text("msgType") or "",
            source=text("source"),
            scope=text("scope") or "Public",
            restriction=text("restriction"),
            addresses=addresses,
            codes=tuple(t for t, _ in box.texts.get("code", ())),
            note=text("note"),
            references=references,
            incidents=incidents,
            infos=tuple(self._info(one) for one in box.boxes.get("info", ())),
            version=self.version,
            empty=tuple(tag for tag, found in lists.items() if tag in box.texts and not found),
            password=text("password"),
            signatures=tuple(etree.tostring(n, with_tail=False) for n in box.signatures),
        )
        return alert if self.notes.errors == before else None

    def _references(self, box: Box, *, loose: bool) -> tuple[Reference, ...]:
        def one(text: str) -> Reference:
            return read_reference(text, loose=loose)

        node = box.at("references")
        found = split(box.text("references") or "")
        if len(found) > REFERENCES_MAX:
            self.notes.error("references_many", node, count=len(found), limit=REFERENCES_MAX)
            return ()
        items = ((item, node) for item in found)
        return self._each(items, one, "references_form")

    def _each(self, items: Iterable[Leaf], how: Callable[[str], T], code: str) -> tuple[T, ...]:
        read: list[T] = []
        for text, node in items:
            try:
                read.append(how(text))
            except ValueError:
                self.notes.error(code, node, value=short(text))
        return tuple(read)

    def _shapes(self, box: Box, tag: str) -> Iterator[Leaf]:
        """An empty element has no outline to keep (and 3.2 allows it)."""
        return (leaf for leaf in box.texts.get(tag, ()) if leaf[0].strip(WHITE))

    def _pairs(self, box: Box, tag: str) -> Pairs:
        if self.version == "1.0":  # one text, ``name=value``
            return tuple(_old_pair(text) for text, _ in box.texts.get(tag, ()))
        return tuple((name, value) for name, value, _ in box.pairs.get(tag, ()))

    def _info(self, box: Box) -> Info:
        text = box.text
        language = (text("language") or "").strip(WHITE)
        return Info(
            language=language or DEFAULT_LANGUAGE,
            language_given=bool(language),
            categories=tuple(t for t, _ in box.texts.get("category", ())),
            event=text("event") or "",
            responses=tuple(t for t, _ in box.texts.get("responseType", ())),
            urgency=text("urgency") or "",
            severity=text("severity") or "",
            certainty=text("certainty") or "",
            audience=text("audience"),
            event_codes=self._pairs(box, "eventCode"),
            effective=box.times.get("effective"),
            onset=box.times.get("onset"),
            expires=box.times.get("expires"),
            sender_name=text("senderName"),
            headline=text("headline"),
            description=text("description"),
            instruction=text("instruction"),
            web=_bare(text("web")),
            contact=text("contact"),
            parameters=self._pairs(box, "parameter"),
            resources=tuple(_resource(one) for one in box.boxes.get("resource", ())),
            areas=tuple(self._area(one) for one in box.boxes.get("area", ())),
            empty=() if language or "language" not in box.texts else ("language",),
        )

    def _area(self, box: Box) -> AreaBlock:
        return AreaBlock(
            description=box.text("areaDesc") or "",
            rings=self._each(self._shapes(box, "polygon"), self._ring, "polygon_form"),
            circles=self._each(self._shapes(box, "circle"), read_circle, "circle_form"),
            geocodes=self._pairs(box, "geocode"),
            altitude=self._height(box, "altitude"),
            ceiling=self._height(box, "ceiling"),
            empty=tuple(
                tag
                for tag in ("polygon", "circle")
                for text, _ in box.texts.get(tag, ())
                if not text.strip(WHITE)
            ),
        )

    def _ring(self, text: str) -> Ring:
        """The same outline stands in every language; it is read once."""
        found = self.rings.get(text)
        if found is None:
            found = self.rings[text] = read_ring(text)
        return found

    def _height(self, box: Box, tag: str) -> Decimal | None:
        text = box.text(tag)
        if text is None:
            return None
        try:
            return Decimal(text.strip(WHITE))
        except ArithmeticError:  # text in CAP 1.0 and 1.1, which nobody was seen to use
            self.notes.error("decimal", box.at(tag), element=tag, value=short(text))
            return None


def _bare(text: str | None) -> str | None:
    return None if text is None else text.strip(WHITE)


def _old_pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    return (name, value) if name and equals else ("", text)


def _resource(box: Box) -> Resource:
    size = box.text("size")
    return Resource(
        description=box.text("resourceDesc") or "",
        mime_type=box.text("mimeType"),
        size=None if size is None else int(size.strip(WHITE)),
        uri=_bare(box.text("uri")),
        deref_uri=box.text("derefUri"),
        digest=box.text("digest"),
    )
