"""How the public pages say times, levels and ends, and what they look like."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from markupsafe import Markup

from haidang.base.place import Place
from haidang.edge.channels.board import Board, Notice
from haidang.law.levels import Scale
from haidang.warn.message import prefix
from haidang.web.console import asset
from haidang.web.pages.public_parts import At, Group, Link, Over
from haidang.web.speak import Speaker
from haidang.web.svg import LIGHT, css_pattern, ink_on


def when(at: datetime | None, say: Speaker) -> str:
    """An instant with the name of its day, which is how people keep a date."""
    if at is None:
        return say("not_known")
    local = at.astimezone(say.zone)
    weekday = say("weekdays").split()[local.weekday()].replace("_", " ")
    return say("when", time=say.clock(at), weekday=weekday, date=say.day(at))


def level(scale: Scale, rank: int, say: Speaker, key: str) -> str:
    """A level with its scale; ``key`` is the sentence that it stands in."""
    title = scale.title.say(say.language)
    said = say(key, scale=title, rank=rank, top=scale.top, name=scale.names(rank).say(say.language))
    return said[:1].upper() + said[1:]


def times(one: Notice, now: datetime, say: Speaker) -> tuple[At, ...]:
    """When the danger begins and the notice runs out; a begin that is not known is said so."""
    onset, expires = one.draft.onset, one.message.expires
    if onset is None:
        begins = At(say("not_known"), "", say("begins_unknown"))
    else:
        begins = At(
            when(onset, say), onset.astimezone(say.zone).isoformat(),
            say("begins" if onset > now else "began"),
        )  # fmt: skip
    ends = At(when(expires, say), expires.astimezone(say.zone).isoformat(), say("runs_out"))
    return begins, ends


def over(one: Notice, say: Speaker) -> Over:
    """A notice that ended."""
    text = next((t for t in one.draft.texts if t.language == say.language), one.draft.texts[0])
    how = say(f"ended_{one.how}", at=when(one.ended, say))
    # What to do afterwards stands in an all-clear; what ran out must not be acted on any more.
    return Over(how, text.headline, lines(text.instruction) if one.how == "all_clear" else ())


def nothing(over: Sequence[Notice]) -> str:
    """Key of the headline where nothing is in force: what ran out weighs more than an all-clear."""
    if any(n.how == "expired" for n in over):
        return "none_ran_out"
    return "none_clear" if any(n.how == "all_clear" for n in over) else "none"


def exercise(board: Board, here: Iterable[Notice], languages: Sequence[str]) -> str:
    """That the page is an exercise or a test, in every language; "" for the real thing."""
    marks = [n.draft.status for n in here] + ([board.status] if board.status else [])
    status = next((m for m in marks if m != "Actual"), "")
    if not status:
        return ""
    return " · ".join(dict.fromkeys(prefix(_STATUS[status], tag) for tag in languages))


_STATUS: Final[dict[str, Any]] = {s: s for s in ("Exercise", "System", "Test", "Draft")}


def lines(text: str) -> tuple[str, ...]:
    """The lines of a text that hold something."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def fact(line: str) -> tuple[str, str]:
    """A line as what and its value, where it is one sentence with a colon."""
    label, colon, value = line.partition(": ")
    return (f"{label}:", value) if colon and "." not in label else ("", line)


_HOUR: Final = re.compile(r"\D*\d{1,2}:\d{2}\b")


def is_hour(one: tuple[str, str]) -> bool:
    """Whether a fact is when something happens: it belongs under "When", not among the others.

    >>> [is_hour((label, value)) for label, value in (
    ...     ("Force 8 wind begins:", "between 20:00 and 23:00, 6 Sep"),
    ...     ("Force 12 wind begins:", "not expected"),
    ...     ("Water at the gauge:", "12.4 m, measured 19:00, 6 Sep"),
    ... )]
    [True, False, False]
    """
    label, value = one
    return bool(label) and _HOUR.match(value) is not None


def group(places: list[Place]) -> Group:
    """Places of one status, the word with which all their names begin as title.

    So that a list in the order of the alphabet begins with what tells them apart.
    """
    names = [p.name("") for p in places]
    firsts = {name.partition(" ")[0] for name in names}
    shared = f"{firsts.pop()} " if len(firsts) == 1 and len(places) > 1 else ""
    links = tuple(
        Link(name.removeprefix(shared), "", p.code) for p, name in zip(places, names, strict=True)
    )
    return Group(shared.strip(), links)


@cache
def _rules(part: str) -> str:
    """Rules of ``public.css`` up to its first mark, and those after one mark; comments left out."""
    common, *parts = re.split(r"/\* (\w+) \*/", asset("public.css").decode().split("*/", 1)[1])
    found = common + dict(zip(parts[::2], parts[1::2], strict=True))[part]
    return "".join(line.strip() for line in found.splitlines())


@cache
def sealed(part: str, levels: tuple[tuple[str, int, str], ...]) -> tuple[Markup, Markup]:
    """The style of a page and the policy that lets it in, and nothing else.

    Args:
        part: ``place`` or ``list``.
        levels: (class, rank, colour) of every level that the page shows.
    """
    style = _rules(part)
    for name, rank, colour in levels:
        ink = ink_on(colour)
        faint = "rgba(255,255,255,.42)" if ink == LIGHT else "rgba(18,24,27,.34)"
        style += f".{name}{{background:{colour};color:{ink}}}"
        style += f".{name}::before{{background:{css_pattern(rank, faint)}}}"
    seal = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none';style-src 'sha256-{seal}';img-src data:"
    return Markup(style), Markup(policy)  # noqa: S704 - our own rules, the country's checked colours
