"""Which messages were seen: an identifier names one message for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from lxml import etree

from haidang.warn.cap.finding import Notes, short
from haidang.warn.cap.values import WHITE, read_reference, split
from haidang.warn.cap.walk import Box


class Register:
    """The messages of a batch, or of a life, by sender and identifier.

    CAP 1.2, 3.2.1: the identifier is unique for its sender. A Register keeps digests, no texts;
    it may be filled from an archive with `enter`.

    Args:
        known: (sender, identifier, digest of the bytes) of earlier messages.
    """

    def __init__(self, known: Iterable[tuple[str, str, str]] = ()) -> None:
        self._seen: dict[tuple[str, str], tuple[str, datetime | None]] = {}
        for sender, identifier, digest in known:
            self._seen[sender, identifier] = (digest, None)

    def __len__(self) -> int:
        return len(self._seen)

    def enter(self, sender: str, identifier: str, data: bytes) -> None:
        """Take down a message without judging it."""
        self._seen[sender, identifier] = (_digest(data), None)

    def judge(self, alert: Box, data: bytes, notes: Notes) -> None:
        """Compare with what came before, then enter it if it has no errors.

        A reference to a message that never came is a warning: it may have been lost on the way.
        """
        sender = (alert.text("sender") or "").strip(WHITE)
        identifier = (alert.text("identifier") or "").strip(WHITE)
        if not sender or not identifier:
            return
        before = self._seen.get((sender, identifier))
        digest = _digest(data)
        node = alert.at("identifier")
        if before is not None:
            code = "replayed" if before[0] == digest else "identifier_reused"
            notes.error(code, node, value=short(identifier), sender=short(sender))
            return
        self._references(alert, notes)
        if not notes.errors:
            self._seen[sender, identifier] = (digest, alert.times.get("sent"))

    def _references(self, alert: Box, notes: Notes) -> None:
        node: etree._Element = alert.at("references")
        for item in split(alert.text("references") or ""):
            try:
                one = read_reference(item, loose=True)
            except ValueError:
                continue  # told by the rules
            known = self._seen.get((one.sender, one.identifier))
            if known is None:
                notes.warning("references_unknown", node, value=short(item))
            elif known[1] is not None and known[1] != one.sent:
                notes.warning("references_other_time", node, value=short(item))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
