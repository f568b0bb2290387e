"""The frame around every page: its words, its links, who is logged in, and the template engine.

A page gives a context of its own, built purely; ``Console.page`` puts it into its template with
the frame around it. Pages work without a script: htmx only refreshes what would be stale.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from haidang.web.parts import Crumb
from haidang.web.speak import Speaker
from haidang.words import catalogue

NAV: Final = (
    "situation", "watch", "risk", "warnings", "incident", "review", "ledger", "law", "explain",
)  # fmt: skip
"""Pages of a desk, in the order of the chain; each has a word ``console.nav_<id>``."""

COUNTED: Final = frozenset({"watch"})
"""Those of them that only the desk of a counted threat has."""

PAST: Final = frozenset({"situation", "watch", "risk", "incident"})
"""Those of them that can show a past run."""


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation.

    Attributes:
        count: How many wait there, 0 for none.
        counted: What the count counts, for those who hear it.
        second: How many of them wait for a second person; shown apart.
    """

    id: str
    label: str
    href: str
    current: bool = False
    count: int = 0
    counted: str = ""
    second: int = 0


@dataclass(frozen=True, slots=True)
class Tongue:
    """Another language of this page."""

    tag: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The desk's own clock.

    Attributes:
        iso: For machines.
        time: Hour and minute.
        day: Weekday and date.
        offset: Distance from UTC, such as ``+07``.
        note: What kind of clock it is, "" where it is the wall clock.
    """

    iso: str
    time: str
    day: str
    offset: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class DeskBar:
    """What every page of one desk shows around its own content.

    Attributes:
        id: The desk's name in addresses.
        title: The event's name.
        status: CAP status in words and capitals, such as EXERCISE; "" for a real event.
        note: One sentence beside the status.
        demo: Says that the stock is invented; "" where it is not, or where there is none.
        levels: Address of the style of the country's level colours.
        newest: Id of the newest run: a page that was made before another says so.
        waiting: How many drafts wait for a person.
        signed: How many of them are signed and wait for the second person.
        tasks: How many places have overdue tasks.
        status_note: The sender's standing, for the foot of the page.
        credits: Whose data are drawn.
        at: Id of the past run that the page shows; "" for the newest. Links to the pages that can
            show a past run keep it.
        counted: Whether its threat is counted.
    """

    id: str
    title: str
    status: str
    note: str
    clock: Clock
    levels: str
    newest: str = ""
    demo: str = ""
    waiting: int = 0
    signed: int = 0
    tasks: int = 0
    status_note: str = ""
    credits: str = ""
    at: str = ""
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything around a page's own content.

    Attributes:
        say: Words of the room ``console``.
        page: Id of the page, one of ``NAV`` or another name.
        user: What the logged-in person is called; "" before login.
        csrf: Proof that a form came from a page of this session.
        key: One-time key: a form that is sent twice is done once.
        said: Something that was just done, in words.
        crumbs: The way to this page.
        scripts: Whether the page refreshes parts of itself.
    """

    say: Speaker
    page: str
    tongues: tuple[Tongue, ...] = ()
    user: str = ""
    csrf: str = ""
    key: str = ""
    desk: DeskBar | None = None
    nav: tuple[Link, ...] = ()
    said: str = ""
    crumbs: tuple[Crumb, ...] = ()
    scripts: bool = True

    @property
    def language(self) -> str:
        """Language tag."""
        return self.say.language


def _counted(say: Speaker, desk: DeskBar, name: str) -> str:
    if name == "warnings":
        return waits(say, desk.waiting, desk.signed)
    return say(f"count_{name}", count=desk.tasks)


def waits(say: Speaker, waiting: int, signed: int) -> str:
    """How many drafts wait for a person, and for which.

    Args:
        say: Words of the room ``console``.
        waiting: All of them.
        signed: Those that a first person has signed.
    """
    return say("console.count_warnings", count=waiting, unsigned=waiting - signed, signed=signed)


def nav(say: Speaker, desk: DeskBar, page: str) -> tuple[Link, ...]:
    """The navigation of one desk.

    Args:
        say: Words of the room ``console``.
        desk: Whose pages.
        page: Id of the current one.
    """
    counts = {"warnings": desk.waiting, "incident": desk.tasks}
    return tuple(
        Link(
            id=name,
            label=say(f"nav_{name}"),
            href=f"/d/{desk.id}/{name}" + (f"?at={desk.at}" if desk.at and name in PAST else ""),
            current=name == page,
            count=counts.get(name, 0),
            counted=_counted(say, desk, name) if counts.get(name) else "",
            second=desk.signed if name == "warnings" else 0,
        )
        for name in NAV
        if desk.counted or name not in COUNTED
    )


def render(template: str, frame: Frame, page: object, say: Speaker | None = None) -> str:
    """A page as HTML; the same frame and context give the same text.

    Args:
        template: File in ``templates``.
        frame: What stands around it: ``f`` in the template.
        page: The page's own context: ``p``.
        say: Words of the page's own room: ``say``; those of the frame where it has none.
    """
    found = environment().get_template(template)
    return found.render(f=frame, p=page, say=say or frame.say, c=frame.say, static=static)


@cache
def environment() -> Environment:
    """The template engine: everything is escaped, and a name that is missing is an error."""
    made = Environment(
        loader=PackageLoader("haidang.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.tests["word"] = lambda key: key in catalogue()
    return made


@cache
def static(name: str) -> str:
    """Address of a static file, with the beginning of its hash: it may be kept for ever.

    >>> static("console.css").startswith("/static/console.css?v=")
    True
    """
    return f"/static/{name}?v={mark(asset(name))}"


@cache
def asset(name: str) -> bytes:
    """A static file.

    Raises:
        FileNotFoundError: No such file.
    """
    return files("haidang.web").joinpath("static", name).read_bytes()


def mark(content: bytes) -> str:
    """Beginning of a content's hash."""
    return hashlib.sha256(content).hexdigest()[:12]
