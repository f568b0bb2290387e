"""Of several notices that reach one person, the one to send: nobody is told one thing twice.

A province, its region and the sea before it may each have a notice of one storm, and a greater
hazard's notice may speak for a lesser one. Each is right for its area. Whoever stands where they
overlap gets the one that says most, and is told nothing less than any of the others says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from haidang.warn.lifecycle import Named

Around = Callable[[str], tuple[str, ...]]
"""Place code -> itself and every area that holds it, from the inside out."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A notice as routing sees it.

    Attributes:
        key: Its identifier.
        place: Code of the area it is for.
        level: 0 where it ends the warning.
        sent: When.
        also: Lesser hazards that it speaks for.
        within: Parts of the place that it is for; () for all of it.
    """

    key: str
    threat: str
    event: str
    place: str
    level: int
    sent: datetime
    also: tuple[Named, ...] = ()
    within: tuple[str, ...] = ()


class Spared(StrEnum):
    """Why a notice is not sent to somebody, always with the one that is."""

    HIGHER = "higher"
    """Another of the same hazard gives a higher level here."""
    CLOSER = "closer"
    """Another of the same hazard, at the same level, is for a smaller area around them."""
    NEWER = "newer"
    """Another of the same hazard and area is newer."""
    NAMED = "named"
    """A greater hazard's notice names this one with its level."""
    STANDS = "stands"
    """It ends one notice while another of the same hazard goes on here."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """A notice that is left out, for which other, and why."""

    heard: Heard
    instead: Heard
    why: Spared


def around(place: str, within: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The place and every area that holds it, from the inside out.

    Args:
        place: A code.
        within: By code, the areas that it lies directly in. A ring of areas does no harm.

    >>> around("commune", {"commune": ["province"], "province": ["region"]})
    ('commune', 'province', 'region')
    """
    found: list[str] = []
    layer = [place]
    while layer:
        found += layer
        outer = {o for one in layer for o in within.get(one, ())} - set(found)
        layer = sorted(outer)
    return tuple(found)


def one_message(
    notices: Sequence[Heard], place: str, within: Mapping[str, Collection[str]]
) -> tuple[tuple[Heard, ...], tuple[NotSent, ...]]:
    """Which of several notices somebody at one place gets.

    Args:
        notices: In force together, or sent at once; those for areas that do not hold the place
            are passed over: they are in neither answer.
        place: Where they are, the smallest area that is known.
        within: As ``around`` takes it.

    Returns:
        Those to send, in the order given, and those left out, each with the one that stands for
        it. At most one of each hazard is sent. The highest level of each hazard is always sent,
        or named at that level in one that is.
    """
    areas = around(place, within)
    here = [n for n in notices if _reaches(n, areas)]
    chosen: dict[tuple[str, str], Heard] = {}
    for one in here:
        best = chosen.get((one.threat, one.event))
        if best is None or _rank(one, areas) > _rank(best, areas):
            chosen[one.threat, one.event] = one
    speaking = sorted(chosen.values(), key=lambda n: (-n.level, n.threat, n.event))
    kept: list[Heard] = []
    spoken: dict[tuple[str, str], Heard] = {}
    for one in speaking:
        greater = next((k for k in kept if _names(k, one)), None)
        if greater is None:
            kept.append(one)
        else:
            spoken[one.threat, one.event] = greater
    left = []
    for one in here:
        mine = chosen[one.threat, one.event]
        by = spoken.get((one.threat, one.event))
        if one is not mine:
            left.append(NotSent(one, by or mine, _why(one, mine, areas)))
        elif by is not None:
            left.append(NotSent(one, by, Spared.NAMED))
    sent = {id(one) for one in kept}
    return tuple(n for n in here if id(n) in sent), tuple(left)


def spared(
    notices: Sequence[Heard], places: Collection[str], rings: Around
) -> Mapping[str, NotSent]:
    """Which of several notices somebody who asked for some places need not get.

    Args:
        notices: Those that they are told of.
        places: What they asked for. Whoever asked for everything, or for more than the area of a
            notice, gets that notice: they did not say where in it they are.
        rings: See ``Around``.

    Returns:
        By key, what is left out at every one of these places that it is for.

    >>> def rings(code):
    ...     return ("commune", "province") if code == "commune" else (code,)
    >>> at = datetime(2030, 9, 10)
    >>> wide = Heard("a", "wind", "w", "province", 3, at)
    >>> near = Heard("b", "wind", "w", "commune", 3, at)
    >>> [(key, n.why.value) for key, n in spared([wide, near], ["commune"], rings).items()]
    [('a', 'closer')]
    >>> spared([wide, near], ["province"], rings)
    {}
    """
    left: dict[str, dict[str, NotSent]] = {}
    for place in places:
        areas = rings(place)
        nested = {area: (outer,) for area, outer in pairwise(areas)}
        left[place] = {n.heard.key: n for n in one_message(notices, place, nested)[1]}
    found: dict[str, NotSent] = {}
    for one in notices:
        for_it = [left[p].get(one.key) for p in places if one.place in rings(p)]
        wider = any(p != one.place and p in rings(one.place) for p in places)
        first = next(iter(for_it), None)
        if first is not None and not wider and None not in for_it:
            found[one.key] = first
    return found


def tells(one: Heard, threat: str, event: str) -> int:
    """At what level a notice tells of a hazard: its own, or a lesser one that it names.

    >>> at = datetime(2030, 9, 10)
    >>> storm = Heard("a", "wind", "w", "province", 4, at, (Named("flood", "f", 2),))
    >>> tells(storm, "wind", "w"), tells(storm, "flood", "f"), tells(storm, "heat", "h")
    (4, 2, 0)
    """
    if (one.threat, one.event) == (threat, event):
        return one.level
    named = (n.level for n in one.also if (n.threat, n.event) == (threat, event))
    return max(named, default=0)


def goes_on(other: Heard, one: Heard, rings: Around) -> bool:
    """Whether a notice tells more of the hazard of one that ends or falls, on ground of both.

    Args:
        other: Stands beside it.
        one: What a person is about to hear. On ground that it was narrowed away from it is an end.
        rings: See ``Around``.

    >>> def rings(code):
    ...     return ("commune", "province") if code == "commune" else (code,)
    >>> at = datetime(2030, 9, 10)
    >>> near = Heard("a", "wind", "w", "commune", 2, at)
    >>> wide = [Heard("b", "wind", "w", "province", level, at) for level in (0, 1, 2)]
    >>> [goes_on(near, one, rings) for one in wide]
    [True, True, False]
    """
    shared = [
        part
        for part in other.within or (other.place,)
        if one.place in rings(part) or part in rings(one.place)
    ]
    covered = not one.within or all(any(a in one.within for a in rings(p)) for p in shared)
    said = one.level if covered else 0
    return bool(shared) and tells(other, one.threat, one.event) > said


def _reaches(one: Heard, areas: Sequence[str]) -> bool:
    if one.place not in areas:
        return False
    # Whoever gave only the whole place may stand in the part that it is for.
    return not one.within or areas[0] == one.place or any(a in one.within for a in areas)


def _rank(one: Heard, areas: Sequence[str]) -> tuple[int, int, datetime, str]:
    """The higher level, then the smaller area, then the newer one, then by name."""
    return one.level, -areas.index(one.place), one.sent, one.key


def _names(greater: Heard, lesser: Heard) -> bool:
    return 0 < lesser.level < greater.level and any(
        (n.threat, n.event) == (lesser.threat, lesser.event) and n.level >= lesser.level
        for n in greater.also
    )


def _why(one: Heard, mine: Heard, areas: Sequence[str]) -> Spared:
    if one.level < mine.level:
        return Spared.HIGHER if one.level else Spared.STANDS
    return Spared.CLOSER if areas.index(mine.place) < areas.index(one.place) else Spared.NEWER
