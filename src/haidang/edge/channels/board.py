"""What a site shows at an instant, and what its pages are made of; see ``site``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Final, NamedTuple, Protocol

from haidang.app.active import End, Look
from haidang.app.verdict import Draft, Message
from haidang.base.place import Kind, Place
from haidang.pack.schema import Country
from haidang.warn.cap import Alert

SHOWN: Final[tuple[Kind, ...]] = ("province", "sea", "point")
"""Kinds of places that always have a page and feeds. Communes are thousands, and what holds in one
is nearly always what holds in its province: one gets files of its own once a notice names it."""

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass
class Layout:
    """Which places have files, and how the files are called.

    Attributes:
        country: Names the places.
        day: Whose places they are.
        places: Those that have files, by code.
        within: Code of the province of each commune among them.
        below: The communes among them of each province, in the order in which they came.
    """

    country: Country
    day: date
    places: dict[str, Place] = field(default_factory=dict)
    within: dict[str, str] = field(default_factory=dict)
    below: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the places that always have files."""
        for kind in SHOWN:
            for place in self.country.places.gazetteer.at(self.day, kind):
                self.places.setdefault(place.code, place)

    @property
    def languages(self) -> tuple[str, ...]:
        """Of the pages; the first one has the short addresses."""
        return self.country.spec.languages

    def know(self, code: str) -> None:
        """Give a place that a notice names its files; of one that nobody knows there are none."""
        if code in self.places:
            return
        gazetteer = self.country.places.gazetteer
        found = gazetteer.find("commune", code, self.day) or gazetteer.find(
            "nation", code, self.day
        )
        if found is not None:
            self.places[code] = found
            if found.parent is not None and found.parent in self.places:
                self.within[code] = found.parent
                self.below.setdefault(found.parent, []).append(code)

    def spoken_to(self, draft: Draft) -> tuple[str, ...]:
        """Communes with files, of the province that a notice is of, of which it speaks too.

        See `holds`; asked of hundreds of notices, each time one of them comes.
        """
        below = self.below.get(draft.place, ())
        narrowed = draft.said.within
        return tuple(c for c in below if c in narrowed) if narrowed else tuple(below)

    def page(self, place: str, language: str) -> str:
        """Folder of a place's page, "" for the index; in the first language without its tag."""
        inside = f"{self.within[place]}/{place}" if place in self.within else place
        tongue = "" if language == self.languages[0] else f"{language}/"
        return tongue + (f"{inside}/" if inside else "")


def cap_path(message: Message) -> str:
    """Path of a message's CAP file below the site's folder."""
    return f"cap/{_UNSAFE.sub('-', message.identifier)}.xml"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in force, or one that ended not long ago.

    Attributes:
        message: The newest of its chain.
        draft: Its words, level, threat, event and place.
        alert: The message, read.
        ended: When it ended; None while it is in force.
        how: How it ended, "" while it is in force.
    """

    message: Message
    draft: Draft
    alert: Alert
    ended: datetime | None = None
    how: End | str = ""

    @property
    def place(self) -> str:
        """Code of its place."""
        return self.draft.place

    @property
    def key(self) -> tuple[str, str]:
        """What tells whether a page would say something else of it."""
        return self.message.identifier, self.how


@dataclass(frozen=True)
class Board:
    """All that a site shows at an instant.

    Attributes:
        notices: In force, by place, the highest level first.
        ended: Of the last day, the newest first.
        look: When the system looked last, and what it could not see.
        now: The instant.
        places: Those that have a page, by code.
        within: Code of the province of each commune that has a page.
        status: CAP status of everything on it, "" where each notice has its own.
    """

    notices: tuple[Notice, ...]
    ended: tuple[Notice, ...]
    look: Look
    now: datetime
    places: Mapping[str, Place]
    within: Mapping[str, str]
    status: str = ""

    def at(self, place: str) -> tuple[Notice, ...]:
        """What is in force at a place; for a commune what its province is told holds as well."""
        return self._of(self._notices_by, place)

    def ended_at(self, place: str) -> tuple[Notice, ...]:
        """What ended there not long ago."""
        return self._of(self._ended_by, place)

    def inside(self, place: str) -> tuple[Notice, ...]:
        """What is in force in communes of a place, and not in all of it."""
        codes = self._inside_by.get(place, ())
        return tuple(n for code in codes for n in self._notices_by.get(code, ()))

    def _of(self, by: Mapping[str, Sequence[Notice]], place: str) -> tuple[Notice, ...]:
        found = list(by.get(place, ()))
        if place in self.within:
            around = by.get(self.within[place], ())
            found += [n for n in around if holds(n.draft, place, self.within)]
        return tuple(sorted(found, key=lambda n: -n.draft.said.level))

    # Hundreds of pages each ask for their own place's notices, of which there may be hundreds.

    @cached_property
    def _notices_by(self) -> Mapping[str, Sequence[Notice]]:
        return _by_place(self.notices)

    @cached_property
    def _ended_by(self) -> Mapping[str, Sequence[Notice]]:
        return _by_place(self.ended)

    @cached_property
    def _inside_by(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for code in self._notices_by:
            if code in self.within:
                found.setdefault(self.within[code], []).append(code)
        return found


def _by_place(notices: Iterable[Notice]) -> Mapping[str, Sequence[Notice]]:
    found: dict[str, list[Notice]] = {}
    for one in notices:
        found.setdefault(one.place, []).append(one)
    return found


def holds(draft: Draft, place: str, within: Mapping[str, str]) -> bool:
    """Whether a notice speaks of a place.

    Of its own; of a commune of its province, unless a person narrowed it to others.

    Args:
        draft: Of the notice.
        place: Code.
        within: Code of the province of each commune that is known.
    """
    if draft.place == place:
        return True
    narrowed = draft.said.within
    return within.get(place) == draft.place and (not narrowed or place in narrowed)


class Page(NamedTuple):
    """One page to be written.

    Attributes:
        path: Below the site's folder.
        key: What it says, but for the hour at which it was written: equal keys, equal page.
        render: The page, as written at one instant with the next look promised before another.
    """

    path: str
    key: object
    render: Callable[[datetime, datetime], bytes]


class Pages(Protocol):
    """Makes the pages for people; the feeds and maps for machines need none."""

    def pages(self, board: Board) -> Iterable[Page]:
        """Every page of a site."""
        ...
