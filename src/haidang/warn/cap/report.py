"""`validate` and `receive`: one message, every rule, every problem at its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from xml.parsers import expat

from lxml import etree

from haidang.warn.cap.document import as_bytes, open_document
from haidang.warn.cap.finding import Finding, Notes, located
from haidang.warn.cap.model import Alert, Version
from haidang.warn.cap.profile import Profile, named
from haidang.warn.cap.profile_rules import judge_profile
from haidang.warn.cap.read import alert_of
from haidang.warn.cap.register import Register
from haidang.warn.cap.rules import judge_rules
from haidang.warn.cap.signed import signature_findings
from haidang.warn.cap.walk import walk

_LINES_MAX: Final = 65_534
"""libxml2 counts lines in 16 bits; beyond, another parser is asked."""


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say of one message.

    Attributes:
        valid: Whether there is no error; warnings do not count.
        problems: Errors and warnings in the order of their lines.
        version: Of CAP; None where it could not be told.
        identifier: Of the message; "" where it could not be read.
        profile: Name of the profile it was held against; "" for none.
    """

    valid: bool
    problems: tuple[Finding, ...]
    version: Version | None = None
    identifier: str = field(default="", compare=False)
    profile: str = ""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The problems that make it invalid."""
        return tuple(p for p in self.problems if p.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The problems that do not."""
        return tuple(p for p in self.problems if p.severity == "warning")


def validate(
    data: bytes | str,
    profile: str | Profile | None = None,
    require_signature: bool = False,
    *,
    language: str = "en",
    seen: Register | None = None,
    now: datetime | None = None,
) -> Report:
    """Hold a message against the schema of CAP, the rules no schema sees, and a profile.

    Args:
        data: The message as it came, text as UTF-8. Nothing in it is fetched, expanded or run.
        profile: Name of a shipped profile (`profiles`), or one of your own; None for the standard
            alone.
        require_signature: A message without a good signature is invalid.
        language: Of the problems' messages.
        seen: What came before: the same identifier with other content, and the same message
            again, are errors; a valid message is entered.
        now: The receiver's clock, with its zone; a message from the future is told of.

    Returns:
        All problems, not only the first. Never raises for anything in the data.

    Raises:
        NotFound: No profile has this name.
        ValueError: ``now`` has no zone.

    >>> report = validate(b"<alert/>")
    >>> report.valid, report.problems[0].code, report.problems[0].line
    (False, 'namespace', 1)
    """
    return _judge(
        data, profile, require_signature, language=language, seen=seen, now=now, values=False
    )[0]


def receive(
    data: bytes | str,
    profile: str | Profile | None = None,
    require_signature: bool = False,
    *,
    language: str = "en",
    seen: Register | None = None,
    now: datetime | None = None,
) -> tuple[Report, Alert | None]:
    """Judge a message as `validate` does, and read it as `parse` does, in one walk.

    Args:
        data: The message as it came, text as UTF-8.
        profile: As for `validate`.
        require_signature: As for `validate`.
        language: Of the problems' messages.
        seen: What came before, as for `validate`.
        now: The receiver's clock, as for `validate`.

    Returns:
        The report, and the message; None where `parse` would refuse it. A message that can be read
        may still be invalid: the report says.

    Raises:
        NotFound: No profile has this name.
        ValueError: ``now`` has no zone.

    >>> report, alert = receive(b"<alert/>")
    >>> report.valid, alert
    (False, None)
    """
    return _judge(
        data, profile, require_signature, language=language, seen=seen, now=now, values=True
    )


def _judge(
    data: bytes | str,
    profile: str | Profile | None,
    require_signature: bool,
    *,
    language: str,
    seen: Register | None,
    now: datetime | None,
    values: bool,
) -> tuple[Report, Alert | None]:
    if now is not None and now.utcoffset() is None:
        raise ValueError(now)
    held = named(profile) if isinstance(profile, str) else profile
    notes = Notes()
    data = as_bytes(data)
    root = open_document(data, notes)
    version: Version | None = None
    identifier = ""
    alert = None
    if root is not None:
        box, grammar = walk(root, notes)
        version = grammar.version
        identifier = (box.text("identifier") or "").strip()
        sound = values and not notes.errors
        judge_rules(box, notes, loose=version != "1.2", now=now)
        if sound and not any(f.code == "polygon_form" for f in notes.found):
            # Into notes of its own: the rules said the same of what cannot be read, in their words.
            alert = alert_of(box, version, Notes())
        if held is not None:
            judge_profile(box, version, held, notes)
        signature_findings(root, data, require_signature, notes)
        if seen is not None:
            seen.judge(box, data, notes)
    found = tuple(located(notes, language, _lines(root, data, notes)))
    found = tuple(sorted(found, key=lambda f: f.line))
    named_as = held.name if held else ""
    return Report(not notes.errors, found, version, identifier, named_as), alert


def _lines(root: etree._Element | None, data: bytes, notes: Notes) -> Mapping[etree._Element, int]:
    """True lines of the elements of a file longer than the parser can count."""
    if root is None or not notes.found or data.count(b"\n") < _LINES_MAX:
        return {}
    lines: list[int] = []
    parser = expat.ParserCreate()
    # The document was parsed once already, without a document type: there is nothing to expand.
    parser.StartElementHandler = lambda *_: lines.append(parser.CurrentLineNumber)
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        return {}
    return dict(zip(root.iter(), lines, strict=False))
