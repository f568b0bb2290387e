"""Which run a page shows: the strip of bulletins, the notice over a past one, the worst one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from haidang.app.verdict import Decision
from haidang.web.speak import Speaker


class Run(Protocol):
    """A run of a desk, as a page needs it."""

    @property
    def id(self) -> str:
        """Its name in addresses."""
        ...

    @property
    def now(self) -> datetime:
        """Its clock."""
        ...

    @property
    def issued(self) -> datetime | None:
        """Time of issue of the bulletin that came in; None for a look at the clock."""
        ...


@dataclass(frozen=True, slots=True)
class Stop:
    """One look in the strip of bulletins."""

    id: str
    day: str
    time: str
    href: str
    current: bool
    title: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Where in the course of the event a page stands.

    Attributes:
        past: That this is how it stood then; "" for the newest run.
        newest_href: The same page at the newest run.
        stops: The strip, oldest first.
        after: That what comes after is not known; "" of a past run.
        query: What keeps the run in a link to another page of the desk; "" for the newest.
    """

    past: str = ""
    newest_href: str = ""
    stops: tuple[Stop, ...] = ()
    after: str = ""
    query: str = ""


def stops(say: Speaker, href: str, runs: Sequence[Run], current: str) -> tuple[Stop, ...]:
    """The strip of bulletins of a page.

    Args:
        say: Language and clock of the page.
        href: Address of the page at its newest run.
        runs: Every run so far, oldest first.
        current: Id of the one that the page shows.
    """
    found = []
    for run in runs:
        at = run.issued or run.now
        key = "situation.stop_clock" if run.issued is None else "situation.stop"
        found.append(
            Stop(
                id=run.id,
                day=say.day(at),
                time=say.clock(at),
                href=f"{href}?at={run.id}",
                current=run.id == current,
                title=say(key, time=say.short(at)),
            )
        )
    return tuple(found)


def moment(say: Speaker, href: str, runs: Sequence[Run], current: str, now: datetime) -> Moment:
    """Where a page stands; arguments as of ``stops``, and the clock of what it shows."""
    if not runs:
        return Moment()
    newest = runs[-1].id == current
    return Moment(
        past="" if newest else say("situation.past_look", time=say.short(now)),
        newest_href=href,
        stops=stops(say, href, runs, current),
        after=say("situation.after", time=say.short(now)) if newest else "",
        query="" if newest else f"?at={current}",
    )


@dataclass(frozen=True, slots=True)
class Peak:
    """The run at which it was worst.

    Attributes:
        level: Highest level that places were at, all threats together.
        places: How many were at it.
        ever: How many were at any level in the whole event.
    """

    run: Run
    level: int
    places: int
    ever: int


def peak(history: Sequence[Decision], runs: Sequence[Run], lowest: int = 1) -> Peak | None:
    """The first of the runs at which most places were at the highest level.

    Args:
        history: Decisions of these runs, of the places that count.
        runs: Oldest first.
        lowest: Lowest level that counts.

    Returns:
        None where no place ever was at such a level.
    """
    raised = [d for d in history if d.combined >= max(lowest, 1)]
    counts = Counter((d.combined, d.at) for d in raised)
    by_now = {run.now: run for run in runs}
    found = [(level, n, at) for (level, at), n in counts.items() if at in by_now]
    if not found:
        return None
    level, number, at = max(found, key=lambda f: (f[0], f[1], -f[2].timestamp()))
    return Peak(by_now[at], level, number, len({d.place for d in raised}))
