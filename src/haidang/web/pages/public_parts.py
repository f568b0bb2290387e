"""Contexts of the public pages, and how one is cut down that would be too large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Link:
    """A place, or the other language.

    Attributes:
        text: Said beside it.
        tag: Language tag, of a language.
    """

    name: str
    href: str
    text: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A number to call."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class At:
    """A time and what happens then; ``iso`` is empty where the time is not known."""

    time: str
    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in force.

    Attributes:
        css: Class of its level.
        scope: Where it holds, in words.
        rank: Number of its level, "" where there is none.
        level: Its level in words.
        raised: The level with other hazards counted in, "" without.
        hours: What happens when: (what, with its colon, and the time).
        details: What else is known: (what, with its colon, and its value); the first may be empty.
        cut: Whether words were left out so that the page stays small.
        cap: Address of the message itself.
    """

    css: str
    scope: str
    rank: str
    level: str
    headline: str
    raised: str
    sent: str
    do: tuple[str, ...]
    times: tuple[At, ...]
    hours: tuple[tuple[str, str], ...]
    details: tuple[tuple[str, str], ...]
    cap: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """A notice that ended: how, and what still is to be done."""

    how: str
    headline: str
    do: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Silent:
    """A threat of which nothing is known here."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands on every page.

    Attributes:
        policy: Content security policy: nothing but the page's own style.
        exercise: That it is not the real thing, "" where it is.
        written: When the page was written, and before when the next one comes.
        old: What that means once the time has passed.
        feeds: (kind, address).
    """

    language: str
    title: str
    policy: Markup
    style: Markup
    published: str
    next: str
    exercise: str
    home: str
    change: str
    tongues: tuple[Link, ...]
    written: str
    old: str
    sender: str
    feeds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Places under one heading; ``css`` is the class of a level, where it is one."""

    title: str
    places: tuple[Link, ...]
    css: str = ""


# --- a page that would be too large --------------------------------------------------------------

Briefer: TypeAlias = Callable[[tuple[Told, ...]], tuple[Told, ...]]


def _lesser_plain(told: tuple[Told, ...]) -> tuple[Told, ...]:
    """What is known only of the first notice; the others keep what to do and when."""
    return (*told[:1], *(replace(t, details=(), cut=True) for t in told[1:]))


def _lesser_short(told: tuple[Told, ...]) -> tuple[Told, ...]:
    """Of the others only their headline and their validity."""
    return (
        *told[:1],
        *(replace(t, details=(), do=(), times=(), hours=(), cut=True) for t in told[1:]),
    )


def _first_plain(told: tuple[Told, ...]) -> tuple[Told, ...]:
    return (*(replace(t, details=(), cut=True) for t in told[:1]), *told[1:])


def _fewest(told: tuple[Told, ...]) -> tuple[Told, ...]:
    """The first notice cut down to its first lines: somebody wrote a very long one."""
    return tuple(replace(t, do=t.do[:6], details=(), cut=True) for t in told[:6])


BRIEFER: Final[tuple[Briefer, ...]] = (_lesser_plain, _lesser_short, _first_plain, _fewest)
