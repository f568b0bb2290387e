"""What a store has said, published: one desk's own site, and the one of everything that is live.

A site is never behind the outbox: who sends a message publishes next. Time alone changes it too,
for a notice runs out without anybody doing anything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from haidang.app.active import Look, active, ended, in_order, looked
from haidang.app.context import Context
from haidang.app.verdict import Draft, Message
from haidang.base.errors import BadPack, NotFound, Unavailable
from haidang.base.problem import Problem
from haidang.edge.channels import site as channel
from haidang.edge.channels.board import Layout, Pages
from haidang.edge.channels.settings import FILE, read_settings
from haidang.edge.channels.site import Site, Spec, Written
from haidang.edge.store.glance import Memory
from haidang.edge.store.store import Store
from haidang.pack.schema import Country

LOG: Final = logging.getLogger("haidang.publish")
OFTEN: Final = timedelta(minutes=1)
"""A site is looked over this often though nothing was said: notices run out, pages grow old."""

Maker: TypeAlias = Callable[[Layout], Pages]
"""Makes the pages of a site; they belong to a layer above this one."""


@dataclass(frozen=True, slots=True)
class Said:
    """All that one store has said so far, and what it saw last."""

    messages: tuple[Message, ...]
    drafts: Mapping[str, Draft]
    look: Look


@dataclass
class Reader:
    """Reads one store; what can never change it reads once.

    Attributes:
        store: The store.
        scope: Names its runs.
        threats: Ids of the packs that it runs.
    """

    store: Store
    scope: str
    threats: tuple[str, ...]
    _memory: Memory = field(default_factory=Memory)
    _look: tuple[str, Look] = ("", Look())

    def said(self, now: datetime) -> Said:
        """What was said by an instant."""
        glance = self.store.glance(now, self._memory)
        return Said(glance.messages, glance.drafts, self._looked(now))

    def _looked(self, now: datetime) -> Look:
        runs = [run for run in self.store.runs(self.scope) if run.at <= now]
        if not runs:
            return Look(threats=self.threats)
        newest = runs[-1]
        if self._look[0] != newest.verdict:
            came = [d.received for d in self.store.deliveries("") if d.received <= newest.at]
            found = self.store.concluded(newest).assessments
            look = looked(found, newest.at, max(came, default=None), self.threats)
            self._look = newest.verdict, look
        return self._look[1]


def seen_by_all(looks: Sequence[Look]) -> Look:
    """What all of several stores saw."""
    ats = [look.at for look in looks if look.at is not None]
    silent: dict[str, tuple[tuple[str, datetime | None], ...]] = {}
    for look in looks:
        for place, what in (look.silent or {}).items():
            silent[place] = tuple(sorted({*silent.get(place, ()), *what}, key=str))
    data = [look.data for look in looks if look.data is not None]
    return Look(
        min(ats) if len(ats) == len(looks) and ats else None,
        min(data) if len(data) == len(looks) and data else None,
        tuple(dict.fromkeys(t for look in looks for t in look.threats)),
        silent,
    )


def spec_of(folder: Path) -> Spec:
    """Settings of the site in a folder's ``channels.yaml``; the usual ones where it has none.

    Raises:
        BadPack: The file cannot be read, or its section of a site is wrong.
    """
    found = read_settings(folder / FILE)
    for spec in found.specs.values():
        if isinstance(spec, Spec):
            return spec
    if channel.NAME in found.bad.values():
        raise BadPack(*found.problems)
    return Spec()


class Publisher:
    """Publishes into one folder, as often as it is worth it; used by one thread at a time."""

    def __init__(
        self,
        folder: Path,
        country: Country,
        day: date,
        status: str,
        maker: Maker | None,
        spec: Spec | None = None,
    ) -> None:
        """Take where and for whom; see ``edge.channels.site.Site``."""
        self.site = Site(folder, country, day, spec=spec or Spec(), status=status)
        self.site.pages = None if maker is None else maker(self.site.layout)
        self._last: tuple[object, datetime] | None = None

    def due(self, mark: object, now: datetime) -> bool:
        """Whether something was said since, or the clock has gone on far enough."""
        if self._last is None or self._last[0] != mark:
            return True
        return not self._last[1] <= now < self._last[1] + OFTEN

    def publish(self, said: Said, now: datetime, mark: object = None) -> Written:
        """Publish what holds at an instant in one store; see `publish_all`."""
        return self.publish_all([said], now, mark)

    def publish_all(self, parts: Sequence[Said], now: datetime, mark: object = None) -> Written:
        """Publish what holds at an instant, of each store by itself.

        Two stores may speak of the same danger at the same place, even in a chain of the same
        name: the all-clear of one calls off nothing of the other's.

        A folder that cannot be written to keeps nobody from sending: it is logged, what stands
        there says itself how old it is, and the next try comes soon.

        Args:
            parts: Everything that was said, by store.
            now: The instant.
            mark: What `due` compares.
        """
        try:
            written = self.site.publish(
                in_order(a for p in parts for a in active(p.messages, p.drafts, now)),
                now,
                [e for p in parts for e in ended(p.messages, p.drafts, now, timedelta.max)],
                seen_by_all([p.look for p in parts]),
            )
        except Unavailable as error:
            LOG.warning("site not written: %s", error.problems[0].code)
            return Written(())
        self._last = mark, now
        return written


class Follower:
    """Publishes a replay as it goes, as ``replay.play`` tells it.

    Feeds and maps at each step; the pages once at its end, for nobody reads them in between.
    """

    def __init__(
        self, folder: Path, scope: str, day: date, status: str, maker: Maker | None
    ) -> None:
        """Take the replay's folder, and what names its runs."""
        self._folder, self._scope, self._day = folder, scope, day
        self._status, self._maker = status, maker
        self._publisher: Publisher | None = None
        self._reader: Reader | None = None

    def __call__(self, store: Store, context: Context, now: datetime | None) -> None:
        """After a delivery; ``now`` is None after the last."""
        if self._publisher is None or self._reader is None:
            self._publisher = Publisher(
                self._folder / channel.FOLDER, context.country, self._day, self._status, None,
                spec_of(self._folder),
            )  # fmt: skip
            self._reader = Reader(store, self._scope, (context.pack.id,))
        at = now or store.done(self._scope).latest
        if at is None:
            return
        if now is None and self._maker is not None:
            self._publisher.site.pages = self._maker(self._publisher.site.layout)
        self._publisher.publish(self._reader.said(at), at)


def waiting(folder: Path, database: str, now: datetime) -> int:
    """How many drafts waited for a person at an instant: what a site does not say.

    Args:
        folder: Of the replay or the desk.
        database: Name of its store.
        now: The instant.

    Raises:
        Unavailable: The store cannot be read.
    """
    with Store.open(folder / database, check=False) as store:
        seen = store.glance(now)
    return sum(seen.states[name].pending for name in seen.drafts if name in seen.states)


def publish_played(
    folder: Path,
    database: str,
    scope: str,
    context: Context,
    day: date,
    status: str,
    maker: Maker | None,
    spec: Spec,
    at: datetime | None = None,
    out: Path | None = None,
) -> Site:
    """Write the site of a store that is not running, as of an instant.

    Args:
        folder: Of the replay or the desk.
        database: Name of its store.
        scope: Names its runs.
        context: Its country and pack.
        day: Whose places it shows.
        status: CAP status of all of it.
        maker: Makes the pages.
        spec: Settings.
        at: The instant; None for the time of its last act.
        out: Where the site goes; beside the store where left out.

    Returns:
        The site as written.

    Raises:
        Unavailable: The store cannot be read or the folder not be written to.
        NotFound: Nothing ran there yet (``publish.nothing``).
    """
    with Store.open(folder / database, check=False) as store:
        now = at or store.done(scope).latest
        if now is None:
            raise NotFound(Problem("publish.nothing", {}, file=str(folder)))
        said = Reader(store, scope, (context.pack.id,)).said(now)
    made = Publisher(out or folder / channel.FOLDER, context.country, day, status, maker, spec)
    made.site.show(said.messages, said.drafts, now, said.look)
    return made.site
