"""Places by dated code: which territory a code meant on a day, and what became of it.

A code alone names nothing. When units are merged the law often hands an old code to a new unit, so
a place is known by its kind, its code and the day it began; a succession says which place took
over.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal, TypeAlias, get_args

from haidang.base.errors import NotFound
from haidang.base.problem import Problem

Kind: TypeAlias = Literal["nation", "province", "commune", "sea", "point"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Key: TypeAlias = tuple[Kind, str, date]

_D = str.maketrans("đð", "dd")
_NEAR = 3  # as many near matches as a person reads in one line


@dataclass(frozen=True, slots=True)
class Place:
    """One territory for as long as it existed unchanged in name, status and extent.

    Attributes:
        code: The code of the country's own list, as text: leading zeros count.
        kind: What sort of place it is; codes are unique only within a kind and a day.
        names: Name by language tag.
        parent: Code of the place it belongs to, None for a nation or a sea.
        valid_from: First day.
        valid_to: First day on which it is no longer valid, None while it stands.
        status: What the law calls it, e.g. ``city``, ``province``, ``ward``, ``special_zone``.
        source: Where this is laid down.
        lat: Degrees north of a point inside, None if not known.
        lon: Degrees east of a point inside, None if not known.
    """

    code: str
    kind: Kind
    names: Mapping[str, str]
    parent: str | None
    valid_from: date
    valid_to: date | None = None
    status: str = ""
    source: str = ""
    lat: float | None = None
    lon: float | None = None

    @property
    def key(self) -> Key:
        """What tells this place from every other one, at any date."""
        return (self.kind, self.code, self.valid_from)

    def valid(self, day: date) -> bool:
        """Whether the place exists on a day; the end day itself is outside."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def name(self, language: str) -> str:
        """The name in a language; in the first one we have if that is missing, else the code."""
        return self.names.get(language) or next(iter(self.names.values()), self.code)


@dataclass(frozen=True, slots=True)
class Succession:
    """One place took over all or part of another's territory.

    Attributes:
        kind: Kind of both places.
        old_code: Code of the place that ended.
        old_valid_from: Its first day.
        new_code: Code of the place that took over.
        new_valid_from: Its first day, which is the other's end.
        source: Where this is laid down.
    """

    kind: Kind
    old_code: str
    old_valid_from: date
    new_code: str
    new_valid_from: date
    source: str = ""

    @property
    def old(self) -> Key:
        """Key of the place that ended."""
        return (self.kind, self.old_code, self.old_valid_from)

    @property
    def new(self) -> Key:
        """Key of the place that took over."""
        return (self.kind, self.new_code, self.new_valid_from)


def fold(text: str) -> str:
    """A text as it is compared in a search: no accents, no case, single spaces between words.

    The letter đ has no decomposition in Unicode, and many files write its capital with the
    Icelandic eth, which looks the same; both become d.

    Args:
        text: Any name or query.

    Returns:
        Lower-case letters and digits, words parted by one space.

    >>> fold("Thanh Hoá") == fold("THANH  Hóa") == "thanh hoa"
    True
    >>> fold("Bà Rịa - Vũng Tàu"), fold("Đà Nẵng")
    ('ba ria vung tau', 'da nang')
    """
    decomposed = unicodedata.normalize("NFD", text.casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", plain.translate(_D)))


class Gazetteer:
    """All places of a country over all dates, indexed.

    Args:
        places: In any order; contradictions are kept and reported by `check`.
        successions: Which place took over from which.
    """

    __slots__ = (
        "_by_code",
        "_by_key",
        "_children",
        "_folded",
        "_new",
        "_old",
        "places",
        "successions",
    )

    def __init__(self, places: Iterable[Place], successions: Iterable[Succession] = ()) -> None:
        self.places = tuple(sorted(places, key=_order))
        self.successions = tuple(successions)
        by_code: dict[tuple[Kind, str], list[Place]] = defaultdict(list)
        children: dict[str, list[Place]] = defaultdict(list)
        for p in self.places:
            by_code[p.kind, p.code].append(p)
            if p.parent is not None:
                children[p.parent].append(p)
        new: dict[Key, list[Key]] = defaultdict(list)
        old: dict[Key, list[Key]] = defaultdict(list)
        for s in self.successions:
            new[s.old].append(s.new)
            old[s.new].append(s.old)
        self._by_key = {p.key: p for p in self.places}
        self._by_code, self._children = dict(by_code), dict(children)
        self._new, self._old = dict(new), dict(old)
        self._folded = tuple(tuple(dict.fromkeys(map(fold, p.names.values()))) for p in self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Place]:
        return iter(self.places)

    def at(self, day: date, kind: Kind | None = None) -> tuple[Place, ...]:
        """Every place that exists on a day, by kind and code."""
        return tuple(p for p in self.places if (kind is None or p.kind == kind) and p.valid(day))

    def find(self, kind: Kind, code: str, day: date) -> Place | None:
        """The place a code means on a day, None if it means none."""
        return next((p for p in self._by_code.get((kind, code), ()) if p.valid(day)), None)

    def get(self, kind: Kind, code: str, day: date) -> Place:
        """The place a code means on a day.

        Args:
            kind: Kind of place.
            code: Its code.
            day: The day.

        Returns:
            The one place valid on that day.

        Raises:
            NotFound: The code means no place of this kind on this day. The problem names the dates
                on which it meant one, or else the nearest codes and names that do exist.
        """
        found = self.find(kind, code, day)
        if found is None:
            raise NotFound(self._missing(kind, code, day))
        return found

    def successors(self, kind: Kind, code: str, day: date, to_day: date) -> tuple[Place, ...]:
        """What a place of one day has become on a later day.

        Args:
            kind: Kind of place.
            code: Its code on `day`.
            day: The day on which the code is meant.
            to_day: The later day.

        Returns:
            The place itself if it still stands, else all places that took over, through any number
            of changes, by code; empty if the successions end before `to_day`.

        Raises:
            NotFound: The code means no place on `day`.
            ValueError: `to_day` is before `day`.
        """
        if to_day < day:
            raise ValueError(f"{to_day} is before {day}: use predecessors()")
        return self._follow(self.get(kind, code, day), to_day, self._new)

    def predecessors(self, kind: Kind, code: str, day: date, from_day: date) -> tuple[Place, ...]:
        """What a place of one day was on an earlier day.

        Args:
            kind: Kind of place.
            code: Its code on `day`.
            day: The day on which the code is meant.
            from_day: The earlier day.

        Returns:
            The place itself if it already stood, else all places it took over from, by code.

        Raises:
            NotFound: The code means no place on `day`.
            ValueError: `from_day` is after `day`.
        """
        if from_day > day:
            raise ValueError(f"{from_day} is after {day}: use successors()")
        return self._follow(self.get(kind, code, day), from_day, self._old)

    def children(self, code: str, day: date) -> tuple[Place, ...]:
        """The places that belong to a place on a day, by kind and code."""
        return tuple(p for p in self._children.get(code, ()) if p.valid(day))

    def search(self, text: str, day: date, kind: Kind | None = None) -> tuple[Place, ...]:
        """Places by name or code, with or without accents.

        Args:
            text: A code, a name, or the beginnings of some words of a name.
            day: The day on which the places exist.
            kind: Only this kind.

        Returns:
            Best first: the code or a whole name; a name that ends or begins with the text (the word
            for the unit aside); names in which each word of the text begins a word; and where there
            are none of these, names with which the text ends, for it may begin with the word for
            the unit. Of equals, those that match with the accents as typed come first, then by kind
            and code.
        """
        wanted = fold(text)
        if not wanted:
            return ()
        typed = unicodedata.normalize("NFC", text).casefold().strip()
        hits: list[tuple[int, bool, int, Place]] = []
        for i, (place, names) in enumerate(zip(self.places, self._folded, strict=True)):
            if (kind is not None and place.kind != kind) or not place.valid(day):
                continue
            rank = (
                0
                if place.code == text.strip()
                else min((_rank(wanted, n) for n in names), default=9)
            )
            if rank < _NO_MATCH:
                as_typed = any(
                    typed in unicodedata.normalize("NFC", n).casefold()
                    for n in place.names.values()
                )
                hits.append((rank, not as_typed, i, place))
        if any(rank < _WITH_UNIT for rank, *_ in hits):
            hits = [hit for hit in hits if hit[0] < _WITH_UNIT]
        return tuple(p for *_, p in sorted(hits, key=lambda h: h[:3]))

    def check(self) -> list[Problem]:
        """Everything in which places and successions contradict each other.

        Returns:
            An error for a validity that ends before it begins, for two places with one code on one
            day, for a parent that does not exist as long as its child does, for a succession from
            or to a place that does not exist, or between places whose dates do not meet; a warning
            for a place that ended and nobody took over.
        """
        return [
            *(q for p in self.places for q in self._check_place(p)),
            *(q for row in self._by_code.values() for q in _check_overlap(row)),
            *(q for s in self.successions for q in _check_succession(s, self._by_key)),
        ]

    def _check_place(self, p: Place) -> Iterator[Problem]:
        params = {"code": p.code, "name": p.name("en"), "start": p.valid_from, "end": p.valid_to}
        if p.valid_to is not None and p.valid_to <= p.valid_from:
            yield Problem("place.validity", params, field="valid_to")
        if p.parent is not None and not self._covered(p.parent, p):
            yield Problem("place.parent", {**params, "parent": p.parent}, field="parent")
        if p.valid_to is not None and p.key not in self._new:
            yield Problem("place.no_successor", params, field="valid_to", severity="warning")

    def _covered(self, code: str, child: Place) -> bool:
        """Whether places with this code follow one another as long as a child lasts."""
        rows = sorted(
            (
                p
                for kind in KINDS
                for p in self._by_code.get((kind, code), ())
                if p.kind != child.kind
            ),
            key=lambda p: p.valid_from,
        )
        end = child.valid_to or date.max
        reached = child.valid_from
        for p in rows:
            if p.valid_from <= reached:
                reached = max(reached, p.valid_to or date.max)
        return reached >= end and reached > child.valid_from

    def _follow(self, start: Place, day: date, links: Mapping[Key, list[Key]]) -> tuple[Place, ...]:
        todo, seen, found = [start], {start.key}, []
        while todo:
            p = todo.pop()
            if p.valid(day):
                found.append(p)
                continue
            for key in links.get(p.key, ()):
                if key in self._by_key and key not in seen:
                    seen.add(key)
                    todo.append(self._by_key[key])
        return tuple(sorted(found, key=_order))

    def _missing(self, kind: Kind, code: str, day: date) -> Problem:
        params: dict[str, object] = {"code": code, "day": day}
        other = self._by_code.get((kind, code))
        if other:
            spans = ", ".join(f"{p.name('en')} {p.valid_from} – {p.valid_to or '…'}" for p in other)
            return Problem("place.other_date", {**params, "spans": spans})
        there = {p.code: p for p in self.at(day, kind)}
        near = [there[c] for c in difflib.get_close_matches(code, there, n=_NEAR)]
        near = [*self.search(code, day, kind)[:_NEAR], *near][:_NEAR]
        if not near:
            return Problem("place.unknown_on", params)
        return Problem(
            "place.near", {**params, "near": ", ".join(f"{p.code} {p.name('en')}" for p in near)}
        )


_WITH_UNIT = 4
_NO_MATCH = 9


def _order(p: Place) -> tuple[int, str, date]:
    return (KINDS.index(p.kind), p.code, p.valid_from)


def _rank(wanted: str, name: str) -> int:
    if name == wanted:
        return 0
    if name.endswith(" " + wanted):
        return 1
    if name.startswith(wanted + " "):
        return 2
    words = name.split()
    if all(any(w.startswith(part) for w in words) for part in wanted.split()):
        return 3
    bare = name.partition(" ")[2]
    if wanted.endswith(" " + name) or (" " in bare and wanted.endswith(" " + bare)):
        return _WITH_UNIT
    return _NO_MATCH


def _check_overlap(rows: list[Place]) -> Iterator[Problem]:
    """Pairs of one code and kind, in order of their first day, that share a day."""
    for a, b in pairwise(rows):
        if a.valid_to is None or b.valid_from < a.valid_to:
            yield Problem(
                "place.overlap",
                {"code": a.code, "a": a.valid_from, "b": b.valid_from},
                field="valid_from",
            )


def _check_succession(s: Succession, known: Mapping[Key, Place]) -> Iterator[Problem]:
    params: dict[str, object] = {
        "old": s.old_code,
        "old_from": s.old_valid_from,
        "new": s.new_code,
        "new_from": s.new_valid_from,
    }
    if s.old not in known:
        yield Problem("place.succession_old", params, field="old_code")
    if s.new not in known:
        yield Problem("place.succession_new", params, field="new_code")
    elif s.old in known and known[s.old].valid_to != s.new_valid_from:
        yield Problem(
            "place.succession_dates",
            {**params, "end": known[s.old].valid_to},
            field="new_valid_from",
        )
