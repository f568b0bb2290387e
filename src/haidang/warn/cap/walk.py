"""One pass over a message: its structure is judged and laid out for the rules and the reader.

What the schema of CAP 1.2 (3.4) says, and nothing else: order, how often, what an element holds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from lxml import etree

from haidang.warn.cap.finding import DSIG, Notes, short
from haidang.warn.cap.grammar import GRAMMARS, Grammar, Slot
from haidang.warn.cap.values import INTEGER, LANGUAGE, NUMBER, WHITE, TimeFault, read_time

Leaf = tuple[str, etree._Element]
"""A text and the element it stands in."""
Pair = tuple[str, str, etree._Element]


class Box:
    """An element that holds others, opened: what it holds, by local name, in order."""

    __slots__ = ("boxes", "node", "pairs", "signatures", "texts", "times")

    def __init__(self, node: etree._Element) -> None:
        self.node = node
        self.texts: dict[str, list[Leaf]] = {}
        self.pairs: dict[str, list[Pair]] = {}
        self.boxes: dict[str, list[Box]] = {}
        self.times: dict[str, datetime] = {}
        self.signatures: list[etree._Element] = []

    def text(self, tag: str) -> str | None:
        """The first text of this name."""
        found = self.texts.get(tag)
        return found[0][0] if found else None

    def at(self, tag: str) -> etree._Element:
        """The first element of this name, or else the box itself: where to say what is wrong."""
        found = self.texts.get(tag)
        return found[0][1] if found else self.node


_COUNT: Final = etree.XPath("count(//*)")
_ATTRIBUTES: Final = etree.XPath("//*[@*]")
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_HINTS: Final = frozenset({f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation"})
DIGITS_MAX: Final = 18
"""Characters of a whole number: `size`, the only one, in bytes."""
_URI: Final = re.compile(r"[^\x00-\x20<>\"{}|\\^`]*")


class Walk:
    """The pass over one message."""

    def __init__(self, grammar: Grammar, notes: Notes) -> None:
        self.grammar = grammar
        self.notes = notes
        self.seen = 0

    def alert(self, root: etree._Element) -> Box:
        """Open the whole message.

        Args:
            root: The element ``alert``.

        Returns:
            What could be made out, also of a message that breaks the schema; the notes have every
            breach.
        """
        self.seen = 1
        box = self._box(root, "alert")
        if int(_COUNT(root)) != self.seen:  # type: ignore[arg-type]
            self._inside_texts(box)
        for node in _ATTRIBUTES(root):  # type: ignore[union-attr]
            self._attributes(node)  # type: ignore[arg-type]
        return box

    def _box(self, node: etree._Element, name: str) -> Box:  # noqa: C901, PLR0912 - the inner loop
        box = Box(node)
        table = self.grammar.boxes[name]
        texts = box.texts
        last, ordered = -1, True
        # In XML the blanks of ASCII are the only ones; asking so is much faster than stripping.
        if (text := node.text) and not (text.isspace() and text.isascii()):
            self._between(node, text)
        for kid in node:
            if (text := kid.tail) and not (text.isspace() and text.isascii()):
                self._between(kid, text)
            slot = table.get(kid.tag)
            if slot is None:
                self._stranger(kid, name, box)
                continue
            place, holds, tag = slot.place, slot.holds, slot.tag
            if place < last:
                ordered = False
            last = place
            if holds == "pair":
                self._pair(kid, box.pairs.setdefault(tag, []))
            elif holds == "box":
                box.boxes.setdefault(tag, []).append(self._box(kid, tag))
            else:
                text = kid.text or ""
                leaves = texts.get(tag)
                if leaves is None:
                    texts[tag] = [(text, kid)]
                else:
                    leaves.append((text, kid))
                    if not slot.many:
                        self.notes.error("repeated", kid, element=tag)
                if holds != "text":
                    _CHECKS[holds](self, slot, text, kid, box)
        self.seen += len(node)
        required = self.grammar.required[name]
        if missed := required - texts.keys():
            for slot in table.values():
                if slot.tag in missed:
                    self.notes.error("missing", node, element=slot.tag)
        if not ordered:
            self._disorder(node, table)
        return box

    def _pair(self, node: etree._Element, into: list[Pair]) -> None:
        """``valueName`` and ``value``; the usual two in order are worth a short way."""
        grammar = self.grammar
        if len(node) == 2:  # noqa: PLR2004 - the usual two
            first, second = node
            if first.tag == grammar.name_tag and second.tag == grammar.value_tag:
                self.seen += 2
                into.append((first.text or "", second.text or "", node))
                for part, text in ((node, node.text), (first, first.tail), (second, second.tail)):
                    if text and not (text.isspace() and text.isascii()):
                        self._between(part, text)
                return
        box = self._box(node, "pair")
        into.append((box.text("valueName") or "", box.text("value") or "", node))

    # --- what goes wrong ---------------------------------------------------------------------

    def _stranger(self, kid: etree._Element, name: str, box: Box) -> None:
        """An element that does not belong; a signature at the end of an alert does."""
        tag = str(kid.tag)
        namespace, _, local = tag[1:].rpartition("}") if tag[:1] == "{" else ("", "", tag)
        self.seen += int(_COUNT_IN(kid)) - 1  # type: ignore[arg-type]
        if namespace == DSIG and name == "alert" and self.grammar.version != "1.0":
            box.signatures.append(kid)
            if any(n.tag in self.grammar.boxes["alert"] for n in kid.itersiblings()):
                self.notes.error("signature_place", kid)
        elif namespace.startswith("http://www.w3.org/2001/04/xmlenc"):
            self.notes.error("encrypted", kid)
        elif local in {s.tag for s in self.grammar.boxes[name].values()}:
            known = self.grammar.prefix[1:-1]
            self.notes.error(
                "element_namespace", kid, element=local, found=short(namespace), known=known
            )
        else:
            where = _NAMES.get(name, name)
            self.notes.error("element_unknown", kid, element=short(local), parent=where)

    def _disorder(self, node: etree._Element, table: Mapping[str, Slot]) -> None:
        """Name the fewest elements that would have to move: those off the longest right run."""
        kids = [(table[k.tag].place, k) for k in node if k.tag in table]
        tails: list[int] = []
        where: list[int] = []
        for place, _ in kids:
            at = bisect_right(tails, place)
            tails[at : at + 1] = [place]
            where.append(at)
        want = len(tails) - 1
        for (_, kid), at in zip(reversed(kids), reversed(where), strict=True):
            if at == want:
                want -= 1
            else:
                slot = table[kid.tag]
                self.notes.error("order", kid, element=slot.tag, after=_before(slot, table))

    def _inside_texts(self, box: Box) -> None:
        """Elements inside an element that holds text, e.g. mark-up in a description."""
        for leaves in box.texts.values():
            for _, node in leaves:
                if len(node):
                    self.notes.error("markup", node[0], element=etree.QName(node).localname)
        for boxes in box.boxes.values():
            for one in boxes:
                self._inside_texts(one)
        for pairs in box.pairs.values():
            for _, _, node in pairs:
                for leaf in node:
                    if len(leaf):
                        self.notes.error("markup", leaf[0], element=etree.QName(leaf).localname)

    def _attributes(self, node: etree._Element) -> None:
        if _inside_signature(node):
            return
        for name in map(str, node.attrib):
            if name not in _HINTS:
                self.notes.error("attribute", node, attribute=short(name.rpartition("}")[2]))

    def _between(self, node: etree._Element, text: str) -> None:
        """Text beside elements, where none belongs; `node` is the one before it, or around it."""
        self.notes.error("text_between", node, value=short(text))

    # --- what an element holds ---------------------------------------------------------------

    def choice(self, slot: Slot, text: str, node: etree._Element, box: Box) -> None:
        """One of a list, to the letter."""
        if text not in slot.values:
            known = ", ".join(sorted(slot.values))
            self.notes.error("value", node, element=slot.tag, value=short(text), known=known)

    def time(self, slot: Slot, text: str, node: etree._Element, box: Box) -> None:
        """CAP 1.2, 3.3.2."""
        loose = slot.holds == "any_time"
        bare = text.strip(WHITE)
        try:
            box.times.setdefault(slot.tag, read_time(bare, loose=loose))
        except TimeFault as fault:
            self.notes.error(str(fault.args[0]), node, element=slot.tag, value=short(bare))
            return
        if bare.endswith("+00:00") and not loose:
            # The standard wants -00:00, its schema takes both, and so do most services.
            self.notes.warning("time_plus_zero", node, element=slot.tag)
        elif bare.endswith("Z"):
            self.notes.warning("time_zulu_old", node, element=slot.tag)

    def language(self, slot: Slot, text: str, node: etree._Element, box: Box) -> None:
        """RFC 3066; nothing at all stands for en-US (CAP 1.2, 3.2.2)."""
        bare = text.strip(WHITE)
        if bare and not LANGUAGE.fullmatch(bare):
            self.notes.error("language", node, value=short(bare))

    def integer(self, slot: Slot, text: str, node: etree._Element, box: Box) -> None:
        """A whole number, of so many digits as anything has that is counted here."""
        bare = text.strip(WHITE)
        if not INTEGER.fullmatch(bare):
            self.notes.error("integer", node, element=slot.tag, value=short(text))
        elif len(bare) > DIGITS_MAX:
            self.notes.error("integer_long", node, element=slot.tag, digits=DIGITS_MAX)

    def decimal(self, slot: Slot, text: str, node: etree._Element, box: Box) -> None:
        """A decimal number."""
        if not NUMBER.fullmatch(text.strip(WHITE)):
            self.notes.error("decimal", node, element=slot.tag, value=short(text))

    def uri(self, slot: Slot, text: str, node: etree._Element, box: Box) -> None:
        """Characters that no address may have (RFC 3986); whether it is a full one is a rule.

        The schema's anyURI lets a receiver escape them (XML Schema 1.0, 3.2.17), so the message
        stays valid.
        """
        if not _URI.fullmatch(text.strip(WHITE)):
            self.notes.warning("uri", node, element=slot.tag, value=short(text))


_COUNT_IN: Final = etree.XPath("count(descendant-or-self::*)")
_NAMES: Final = {"pair": "valueName/value"}
_CHECKS: Final[Mapping[str, Callable[[Walk, Slot, str, etree._Element, Box], None]]] = {
    "choice": Walk.choice,
    "time": Walk.time,
    "any_time": Walk.time,
    "language": Walk.language,
    "integer": Walk.integer,
    "decimal": Walk.decimal,
    "uri": Walk.uri,
}


def _before(slot: Slot, table: Mapping[str, Slot]) -> str:
    """The element that stands before this one in the standard's order."""
    earlier = [s for s in table.values() if s.place < slot.place]
    return max(earlier, key=lambda s: s.place).tag if earlier else "-"


def _inside_signature(node: etree._Element) -> bool:
    here: etree._Element | None = node
    while here is not None:
        if str(here.tag).startswith(f"{{{DSIG}}}"):
            return True
        here = here.getparent()
    return False


def walk(root: etree._Element, notes: Notes) -> tuple[Box, Grammar]:
    """Open a message by the grammar of its namespace."""
    grammar = GRAMMARS[str(root.tag)[1:].partition("}")[0]]
    return Walk(grammar, notes).alert(root), grammar
