"""Recipients and subscriptions from a spreadsheet: who is told of what, over which channel.

Recipients: ``recipient, channel, address`` always; ``language, secret`` if known. Subscriptions:
``recipient, channel`` always; ``places, threats, least_level, language, wakes_only, drills`` if
they are not the widest. Lists in a cell are parted by blanks or semicolons. Other columns are kept
by nobody and refused by nobody.

Each row becomes what it says or a problem that names its line; the good rows are kept. A problem
never repeats an alias or an address: it names the line, and the file is the reader's own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from haidang.base.errors import BadData
from haidang.base.place import KINDS, Gazetteer
from haidang.base.problem import Problem
from haidang.edge.feeds.grid import rows_of
from haidang.edge.store.recipients import Contact
from haidang.warn.route import Subscription

NEEDED: Final = ("recipient", "channel", "address")
OPTIONAL: Final = ("language", "secret")
NEEDED_SUBSCRIPTION: Final = ("recipient", "channel")
OPTIONAL_SUBSCRIPTION: Final = (
    "places", "threats", "least_level", "language", "wakes_only", "drills",
)  # fmt: skip
LONGEST: Final = 500
"""Letters of a cell; no address is longer."""
HIGHEST: Final = 9
YES: Final = frozenset({"true", "yes", "1", "x", "có", "co"})
NO: Final = frozenset({"false", "no", "0", "", "không", "khong"})
_CHANNEL: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ContactsRead:
    """Good rows of a file of recipients with their lines, and what is wrong with the others."""

    contacts: tuple[Contact, ...]
    lines: tuple[int, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionsRead:
    """What a file of subscriptions held; its recipients are aliases still.

    Attributes:
        subscriptions: Good rows.
        lines: Their lines.
        spoilt: (alias, channel) of rows that are wrong.
        problems: What is wrong with those.
    """

    subscriptions: tuple[Subscription, ...]
    lines: tuple[int, ...]
    spoilt: frozenset[tuple[str, str]]
    problems: tuple[Problem, ...]


def read_contacts(
    path: Path, languages: Sequence[str], channels: Collection[str] = ()
) -> ContactsRead:
    """Read one file of recipients.

    Args:
        path: UTF-8 CSV or XLSX (first sheet) with a header line.
        languages: Of the country; the first one where a row names none.
        channels: Names of those that are set up; empty where that is not known.

    Raises:
        BadData: The file cannot be read, is empty or lacks a needed column.
    """
    problems: list[Problem] = []
    contacts: list[Contact] = []
    lines: list[int] = []
    first: dict[tuple[str, str], int] = {}
    owner: dict[tuple[str, str], str] = {}
    for row in _rows(path, NEEDED, OPTIONAL, problems):
        one = row.contact(languages, channels)
        if one is not None:
            line = first.setdefault((one.alias, one.channel), row.line)
            if line != row.line:
                row.wrong("twice", "recipient", first=line)
            elif owner.setdefault((one.channel, one.address), one.alias) != one.alias:
                row.wrong("address_taken", "address")
        problems += row.problems
        if one is not None and not row.problems:
            contacts.append(one)
            lines.append(row.line)
    return ContactsRead(tuple(contacts), tuple(lines), tuple(problems))


def read_subscriptions(
    path: Path,
    languages: Sequence[str],
    threats: Mapping[str, int],
    places: Gazetteer,
    day: date,
    channels: Collection[str] = (),
) -> SubscriptionsRead:
    """Read one file of subscriptions.

    Args:
        path: UTF-8 CSV or XLSX (first sheet) with a header line.
        languages: Of the country; a row that names none takes the recipient's own.
        threats: Ids of the packs and the top of the scale that each is told on: whoever asks for
            more would never be told.
        places: Of the country.
        day: Codes are meant as of this day.
        channels: Names of those that are set up; empty where that is not known.

    Raises:
        BadData: As ``read_contacts``.
    """
    problems: list[Problem] = []
    found: list[Subscription] = []
    lines: list[int] = []
    spoilt: set[tuple[str, str]] = set()
    known = {p.code for kind in KINDS for p in places.at(day, kind)}
    for row in _rows(path, NEEDED_SUBSCRIPTION, OPTIONAL_SUBSCRIPTION, problems):
        one = row.subscription(languages, threats, known, channels)
        problems += row.problems
        if one is not None and not row.problems:
            found.append(one)
            lines.append(row.line)
        else:
            spoilt.add((row.text("recipient"), row.text("channel")))
    return SubscriptionsRead(tuple(found), tuple(lines), frozenset(spoilt), tuple(problems))


def _rows(
    path: Path, needed: Sequence[str], optional: Sequence[str], problems: list[Problem]
) -> Iterator[_Row]:
    file = path.name
    try:
        table = rows_of(path)
    except (OSError, csv.Error, ValueError) as err:
        raise BadData(Problem("deliver.unreadable", {"why": type(err).__name__}, file)) from err
    filled = [(line, [c.strip() for c in cells]) for line, cells in table if any(cells)]
    if len(filled) < 2:  # noqa: PLR2004 - a header and a row
        raise BadData(Problem("deliver.empty", {"needed": ", ".join(needed)}, file))
    (head, header), *rest = filled
    names = [name.lower() for name in header]
    known = (*needed, *optional)
    if missing := [name for name in needed if name not in names]:
        said = {"missing": ", ".join(missing), "known": ", ".join(known)}
        raise BadData(Problem("deliver.columns", said, file, head))
    if twice := [name for name in known if names.count(name) > 1]:
        raise BadData(Problem("deliver.column_twice", {"name": twice[0]}, file, head))
    for line, cells in rest:
        if not any(cells):
            continue
        if len(cells) > len(names) and any(cells[len(names) :]):
            problems.append(Problem("deliver.too_many_cells", {}, file, line))
            continue
        yield _Row(dict(zip(names, cells, strict=False)), file, line)


@dataclass
class _Row:
    cells: Mapping[str, str]
    file: str
    line: int
    problems: list[Problem] = field(default_factory=list)

    def text(self, name: str) -> str:
        return self.cells.get(name, "")

    def wrong(self, code: str, name: str, **params: object) -> None:
        self.problems.append(Problem(f"deliver.{code}", params, self.file, self.line, name))

    def contact(self, languages: Sequence[str], channels: Collection[str]) -> Contact | None:
        for name in (*NEEDED, *OPTIONAL):
            self._clean(name, needed=name in NEEDED)
        self._channel(channels)
        language = self._language(languages) or languages[0]
        if self.problems:
            return None
        return Contact(
            self.text("recipient"),
            self.text("channel"),
            self.text("address"),
            self.text("secret"),
            language,
        )

    def subscription(
        self,
        languages: Sequence[str],
        threats: Mapping[str, int],
        places: Collection[str],
        channels: Collection[str],
    ) -> Subscription | None:
        for name in NEEDED_SUBSCRIPTION:
            self._clean(name, needed=True)
        self._channel(channels)
        where, what = self._list("places"), self._list("threats")
        for code in where:
            if code not in places:
                self.wrong("place", "places", value=code[:20])
        for name in what:
            if name not in threats:
                known = ", ".join(sorted(threats))
                self.wrong("threat", "threats", value=name[:40], known=known)
        level = self.text("least_level") or "1"
        level = level.removesuffix(".0")
        top = max((threats[t] for t in what or threats if t in threats), default=HIGHEST)
        if not (level.isascii() and level.isdigit() and 1 <= int(level[:3]) <= top):
            self.wrong("least_level", "least_level", top=top)
        language = self._language(languages)
        wakes, drills = self._yes("wakes_only"), self._yes("drills")
        if self.problems:
            return None
        return Subscription(
            self.text("recipient"), self.text("channel"), where, what, int(level), language,
            wakes, drills,
        )  # fmt: skip

    def _clean(self, name: str, *, needed: bool) -> None:
        text = self.text(name)
        if needed and not text:
            self.wrong("missing", name)
        if len(text) > LONGEST:
            self.wrong("too_long", name, most=LONGEST)
        if _CONTROL.search(text):
            # An address with a line break in it would be another header of a letter.
            self.wrong("control", name)

    def _channel(self, channels: Collection[str]) -> None:
        name = self.text("channel")
        if name and not _CHANNEL.fullmatch(name):
            self.wrong("channel_name", "channel")
        elif name and channels and name not in channels:
            self.wrong("channel_unknown", "channel", known=", ".join(sorted(channels)))

    def _language(self, languages: Sequence[str]) -> str:
        name = self.text("language").lower()
        if name and name not in languages:
            self.wrong("language", "language", known=", ".join(languages))
        return name

    def _list(self, name: str) -> tuple[str, ...]:
        return tuple(part for part in re.split(r"[\s;,|]+", self.text(name)) if part)

    def _yes(self, name: str) -> bool:
        text = self.text(name).lower()
        if text not in YES | NO:
            self.wrong("yes_no", name)
        return text in YES
