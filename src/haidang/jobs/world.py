"""Asking other people's feeds, one round after the other, and keeping what they say."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx

from haidang.base.errors import HaidangError, NotFound, Unavailable
from haidang.base.ids import digest
from haidang.base.problem import Problem
from haidang.edge.feeds.cap_fetch import Fetched, Limits, Refused, Turns, client, fetch
from haidang.edge.feeds.cap_in import Item, Kind, Listed, read_list
from haidang.edge.feeds.cap_settings import Feeds, FeedSpec
from haidang.edge.store.store import Store
from haidang.edge.store.world import Arrival, Health, Stored
from haidang.jobs.world_read import LOG, Opened, open_entry
from haidang.warn.areas import PlaceIndex

LONGEST: Final = timedelta(hours=6)
"""Of a pause after failures."""

MANY: Final = 3
"""Failures in a row after which a feed is not merely unlucky."""

PARTS: Final = 4
SHORTEST_S: Final = 1.0
"""A message of a list gets one of so many parts of the time that is left, and at least so long."""
FILES: Final = (".xml", ".cap", ".edxl", ".edxlde")


@dataclass(frozen=True, slots=True)
class Polled:
    """What came of one look at one feed.

    Attributes:
        new: Messages that the archive did not have; conflicts are among them.
        same: Messages that it had.
        refused: Entries that were not taken.
        left: Entries that wait for the next look.
        problems: Everything that was found.
    """

    feed: str
    new: int = 0
    same: int = 0
    refused: int = 0
    left: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the feed itself could not be read."""
        return any(p.severity == "error" and p.field == _FEED for p in self.problems)


_FEED: Final = "feed"
"""Field of a problem of the feed itself, not of one of its entries."""


@dataclass
class _Look:
    """One look while it goes on."""

    arrivals: list[Arrival] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    left: int = 0


class Poller:
    """Asks feeds and keeps what they say.

    Every feed is asked at its own pace. One that fails is asked ever more rarely, by chance a
    little earlier or later, so that not all come back at once; one that asks for a pause gets it.
    """

    def __init__(
        self,
        store: Store,
        feeds: Feeds,
        index: PlaceIndex,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        limits: Limits | None = None,
        seed: int = 0,
    ) -> None:
        """Take what a round needs.

        Args:
            store: The archive.
            feeds: Whose warnings.
            index: Our places.
            clock: Wall time.
            limits: Bounds of an answer.
            seed: Of the chance in the pauses.
        """
        self._store, self._feeds, self._index = store, feeds, index
        self._clock = clock
        self._limits = limits or Limits()
        self._chance = random.Random(seed)  # noqa: S311 - spreads requests, guards nothing
        self._trusted: dict[str, tuple[bytes, ...]] = {}
        self._not_before: dict[str, datetime] = {}
        """Of feeds whose last look could not be written down: they are not asked every second."""

    def due(self, now: datetime) -> tuple[FeedSpec, ...]:
        """Feeds whose time has come."""
        known = self._store.world_feeds()
        return tuple(f for f in self._feeds.spec.feeds if self._next(f, known, now) <= now)

    def _next(self, feed: FeedSpec, known: Mapping[str, Health], now: datetime) -> datetime:
        at = known[feed.id].next if feed.id in known else now
        return max(at, self._not_before.get(feed.id, at))

    def next_at(self) -> datetime:
        """When the next feed is due; now where there is one that was never asked."""
        known = self._store.world_feeds()
        now = self._clock()
        every = (self._next(f, known, now) for f in self._feeds.spec.feeds)
        return min(every, default=now + timedelta(hours=1))

    def once(self, feeds: Sequence[FeedSpec] | None = None) -> tuple[Polled, ...]:
        """Ask feeds, all of them by default, whether their time has come or not."""
        return asyncio.run(self.round(self._feeds.spec.feeds if feeds is None else feeds))

    async def round(self, feeds: Sequence[FeedSpec]) -> tuple[Polled, ...]:
        """Ask some feeds, several at once; each is written down as soon as it has answered."""
        turns = Turns(self._feeds.spec.spacing_s, asyncio.Semaphore(self._feeds.spec.at_once))
        async with client(self._feeds.spec.contact, version("haidang")) as opened:
            asked = [self._feed(opened, turns, feed) for feed in feeds]
            return tuple(await asyncio.gather(*asked))

    async def _feed(self, opened: httpx.AsyncClient, turns: Turns, feed: FeedSpec) -> Polled:
        """One look at one feed; whatever goes wrong in it is told, and is no other feed's."""
        try:
            polled = await self._look(opened, turns, feed)
        except Exception as error:  # also where the archive is locked, or its disk is full
            LOG.exception("a look at a feed was not written down")
            now = self._clock()
            self._not_before[feed.id] = now + timedelta(minutes=feed.every_min)
            found = error.problems if isinstance(error, HaidangError) else (_fault(error, feed),)
            told = tuple(Problem(p.code, p.params, p.file, p.row, _FEED) for p in found)
            return Polled(feed.id, problems=told)
        self._not_before.pop(feed.id, None)
        return polled

    async def _look(self, opened: httpx.AsyncClient, turns: Turns, feed: FeedSpec) -> Polled:
        was = self._store.world_feeds().get(feed.id)
        look = _Look()
        wait: timedelta | None = None
        try:
            self._certificates(feed)  # before anything is asked: a missing file is ours to mend
            listed, fetched = await self._list(opened, turns, feed, was)
        except HaidangError as error:
            wait = error.wait if isinstance(error, Refused) else None
            for p in error.problems:
                look.problems.append(Problem(p.code, p.params, p.file, p.row, _FEED))
            return self._written(feed, was, look, None, None, wait)
        except Exception as error:
            # A list that finds a fault of ours silences itself only, and is asked more rarely.
            LOG.exception("a list of warnings broke its reader")
            look.problems.append(_fault(error, feed))
            return self._written(feed, was, look, None, None, None)
        if listed is not None:
            look.problems += listed.problems
            await self._entries(opened, turns, feed, listed, look)
        return self._written(feed, was, look, listed, fetched, None)

    async def _list(
        self, opened: httpx.AsyncClient, turns: Turns, feed: FeedSpec, was: Health | None
    ) -> tuple[Listed | None, Fetched]:
        """The list of a feed; None where nothing has changed."""
        now = self._clock()
        if feed.url.lower().startswith("file:"):
            return _folder(feed, now, self._limits), Fetched(b"", feed.url)
        fetched = await fetch(
            opened, turns, feed.url, limits=self._limits, most=self._limits.list_bytes,
            home=feed.home, etag=was.etag if was else "", modified=was.modified if was else "",
        )  # fmt: skip
        if fetched.data is None:
            return None, fetched
        listed = read_list(
            fetched.data, fetched.url, now, kind=feed.format, content_type=fetched.content_type,
            before=was.updated if was else None,
        )  # fmt: skip
        return listed, fetched

    async def _entries(
        self,
        opened: httpx.AsyncClient,
        turns: Turns,
        feed: FeedSpec,
        listed: Listed,
        look: _Look,
    ) -> None:
        """Read the entries that are not known, newest first, within the bounds of one look.

        Each gets a part of the time that is left, so that some whose server lets them drip do
        not keep the rest waiting, look after look.
        """
        known = self._store.world_known(feed.id)
        look.seen += [n for i in listed.items if (n := known.get(i.key)) is not None]
        fresh = [i for i in listed.items if i.key not in known]
        fresh.sort(key=lambda i: i.updated.timestamp() if i.updated else 0.0, reverse=True)
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._limits.whole_s
        fetches = 0
        for number, item in enumerate(fresh):
            if item.data is None:
                if fetches == self._limits.messages or loop.time() > ends:
                    look.left = len(fresh) - number
                    return
                fetches += 1
            part = max(SHORTEST_S, (ends - loop.time()) / PARTS)
            limits = replace(self._limits, whole_s=min(part, self._limits.whole_s))
            await self._entry(opened, turns, feed, item, look, limits)

    async def _entry(
        self,
        opened: httpx.AsyncClient,
        turns: Turns,
        feed: FeedSpec,
        item: Item,
        look: _Look,
        limits: Limits,
    ) -> None:
        data = item.data
        if data is None:
            try:
                got = await fetch(opened, turns, item.url, limits=limits,
                                  most=limits.message_bytes, home=feed.home)  # fmt: skip
            except Refused as error:
                look.problems += error.problems
                if {p.code for p in error.problems} & _FOR_EVER:
                    look.refused.append(item.key)
                return
            data = got.data or b""
        if len(data) > self._limits.message_bytes:
            most = self._limits.message_bytes
            look.problems.append(Problem("world.too_large", {"most": most}, item.url or feed.url))
            look.refused.append(item.key)
            return
        now = self._clock()
        made: Opened = open_entry(data, item, feed, self._index, self._certificates(feed), now)
        look.arrivals += made.arrivals
        look.problems += made.problems
        if not made.arrivals and not made.again:
            look.refused.append(item.key)

    def _certificates(self, feed: FeedSpec) -> tuple[bytes, ...]:
        """Certificates that are believed for a feed.

        Raises:
            NotFound: A file is not there (``world.certificate``).
        """
        if feed.id not in self._trusted:
            try:
                files = [self._feeds.folder / name for name in feed.trusted]
                self._trusted[feed.id] = tuple(f.read_bytes() for f in files)
            except OSError as error:
                name = str(error.filename)
                raise NotFound(Problem("world.certificate", {"feed": feed.id}, name)) from error
        return self._trusted[feed.id]

    def _written(
        self,
        feed: FeedSpec,
        was: Health | None,
        look: _Look,
        listed: Listed | None,
        fetched: Fetched | None,
        wait: timedelta | None,
    ) -> Polled:
        """Keep what came in, then what is known of the feed."""
        now = self._clock()
        stored = self._kept(feed, look)
        for one, arrival in zip(stored, look.arrivals, strict=True):
            if one.kept in ("conflict", "copy"):
                name = {"identifier": arrival.heard.identifier[:120], "id": one.id}
                code = f"world.{one.kept}"
                where = arrival.url or feed.url
                look.problems.append(Problem(code, name, where, severity="warning"))
        new = sum(one.kept != "same" for one in stored)
        health = self._health(feed, was, look, listed, fetched, wait, now, news=new > 0)
        look.problems += _silences(feed, health, now)
        self._store.world_polled(health, look.problems, look.refused, look.seen)
        return Polled(
            feed.id, new, len(stored) - new + len(look.seen), len(look.refused), look.left,
            tuple(look.problems),
        )  # fmt: skip

    def _kept(self, feed: FeedSpec, look: _Look) -> tuple[Stored, ...]:
        """Put into the archive what came in; a message that it cannot hold goes alone.

        Raises:
            Unavailable: The archive cannot be written to: nothing is lost, all is asked for again.
        """
        if not look.arrivals:
            return ()
        try:
            return self._store.keep_world(look.arrivals)
        except Unavailable:
            raise
        except Exception:
            LOG.exception("a message broke the archive")
        kept: list[tuple[Stored, Arrival]] = []
        for arrival in look.arrivals:
            try:
                kept.append((self._store.keep_world([arrival])[0], arrival))
            except Unavailable:
                raise
            except Exception as error:
                why = {"why": type(error).__name__}
                look.problems.append(Problem("world.broken", why, arrival.url or feed.url))
                look.refused.append(arrival.entry)
        look.arrivals = [arrival for _, arrival in kept]
        return tuple(one for one, _ in kept)

    def _health(
        self,
        feed: FeedSpec,
        was: Health | None,
        look: _Look,
        listed: Listed | None,
        fetched: Fetched | None,
        wait: timedelta | None,
        now: datetime,
        *,
        news: bool,
    ) -> Health:
        every = timedelta(minutes=feed.every_min)
        before = was or Health(feed=feed.id, polled=now, next=now, params={})
        if fetched is None:
            failures = before.failures + 1
            pause = min(every * 2 ** min(failures - 1, 8), LONGEST)
            pause *= 0.75 + self._chance.random() / 2
            problem = look.problems[0]
            return Health(
                feed=feed.id, polled=now, heard=before.heard, news=before.news,
                updated=before.updated, etag=before.etag, modified=before.modified,
                failures=failures, next=now + max(pause, wait or pause),
                code=problem.code, params=problem.params,
            )  # fmt: skip
        whole = listed is None or not (look.left or _unfinished(look))
        return Health(
            feed=feed.id, polled=now, heard=now, news=now if news else before.news,
            updated=(listed.updated if listed else None) or before.updated,
            # Without its mark the list is sent again, and what was left of it is read.
            etag=(fetched.etag or before.etag if listed is None else fetched.etag) if whole else "",
            modified=(before.modified if listed is None else fetched.modified) if whole else "",
            next=now + every * (0.9 + self._chance.random() / 5), failures=0, params={},
        )  # fmt: skip


_FOR_EVER: Final = frozenset({"world.link_inside", "world.link_scheme", "world.too_large"})
"""Refusals of an address that another try will not change."""

_PASSING: Final = frozenset(
    f"world.{c}" for c in ("timeout", "unreachable", "status", "packed", "redirects", "sent_future",
                           "redirect_down")
)  # fmt: skip


def _fault(error: Exception, feed: FeedSpec) -> Problem:
    """A fault of ours; its text is not told, for it may quote what was read."""
    return Problem("world.broken_list", {"why": type(error).__name__}, feed.url, field=_FEED)


def _unfinished(look: _Look) -> bool:
    """Whether an entry should be tried again although the list has not changed."""
    return any(p.code in _PASSING for p in look.problems)


def _silences(feed: FeedSpec, health: Health, now: datetime) -> tuple[Problem, ...]:
    """A feed that does not answer, or has had nothing new for long, is a finding itself."""
    if health.failures >= MANY:
        last = health.heard
        if last is None or now - last > timedelta(hours=feed.silent_h):
            since = last.isoformat(timespec="minutes") if last else "-"
            said = {"since": since, "failures": health.failures}
            return (Problem("world.silent", said, feed.url, severity="warning"),)
    elif health.news is not None and now - health.news > timedelta(days=feed.stale_days):
        since = health.news.isoformat(timespec="minutes")
        return (Problem("world.stale", {"since": since}, feed.url, severity="warning"),)
    return ()


def _folder(feed: FeedSpec, now: datetime, limits: Limits) -> Listed:
    """The files of a folder, or one file, as a list; named by their content.

    Raises:
        NotFound: It is not there (``world.no_folder``).
        BadData: A single file is no list.
    """
    path = Path(unquote(urlsplit(feed.url).path))
    if not path.exists():
        raise NotFound(Problem("world.no_folder", {}, file=str(path)))
    if path.is_file():
        return read_list(path.read_bytes(), path.as_uri(), now, kind=_kind(feed))
    items: list[Item] = []
    problems: list[Problem] = []
    for file in sorted(p for p in path.iterdir() if p.suffix.lower() in FILES and p.is_file()):
        if file.stat().st_size > limits.message_bytes:
            most = {"most": limits.message_bytes}
            problems.append(Problem("world.too_large", most, file=file.name))
            continue
        data = file.read_bytes()
        items.append(Item(digest(data.decode("latin-1")), file.name, "", None, data))
    return Listed("folder", None, tuple(items), tuple(problems))


def _kind(feed: FeedSpec) -> Kind:
    return "auto" if feed.format == "folder" else feed.format


async def watch(poller: Poller, tell: Callable[[Polled], None], rounds: int | None = None) -> None:
    """Ask feeds as they fall due, until it is stopped.

    Args:
        poller: With its settings.
        tell: Is told of every look.
        rounds: Stop after so many; None for never.
    """
    done = 0
    while rounds is None or done < rounds:
        for polled in await poller.round(poller.due(poller._clock())):
            tell(polled)
        done += 1
        left = (poller.next_at() - poller._clock()).total_seconds()
        await asyncio.sleep(min(max(left, 1.0), 60.0))
