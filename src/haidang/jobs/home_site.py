"""The site of everything that is live, and the hand that keeps it going when nobody looks."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from haidang.base.errors import HaidangError
from haidang.edge.channels.site import FOLDER
from haidang.jobs.desk import Desk, desks
from haidang.jobs.desk_files import DESK
from haidang.jobs.publish import Maker, Publisher, Said, spec_of
from haidang.jobs.replay import DATABASE
from haidang.pack.load import Roots
from haidang.pack.schema import Country

LOG: Final = logging.getLogger("haidang.publish")
EVERY: Final = timedelta(seconds=20)
LATELY: Final = timedelta(days=2)
"""A drill that nobody touched for so long is left alone; a live desk never is."""


class HomeSite:
    """One site out of all live desks of a folder: people have one place, not one for each desk.

    Drills and replays are not in it: they have their own, and say that they are exercises.
    """

    def __init__(self, out: Path, roots: Roots, country: Country, maker: Maker | None) -> None:
        """Take the folder of the desks, and whose pages they are."""
        self._out, self._roots, self._country, self._maker = out, roots, country, maker
        self._publisher: Publisher | None = None
        self._known: dict[str, Said] = {}

    def tick(self, wall: datetime) -> None:
        """Let every desk do what is due, and publish what the live ones say.

        A desk whose store is missing, locked or broken keeps nobody else waiting: of a live one the
        site goes on saying what it said last. Where that was never read, the site is left as it
        stands: without its notices it would call off what nobody called off, and its pages say
        themselves how old they are.

        Args:
            wall: Wall time.
        """
        parts: dict[str, Said] = {}
        clocks: list[tuple[datetime, Desk]] = []
        found = desks(self._out, self._roots)
        gone = self._unread({info.id for info in found})
        for info in found:
            live = info.kind == "live"
            if info.kind == "replay" or (not live and wall - info.changed > LATELY):
                continue
            try:
                desk = Desk.open(self._out / info.id, self._roots)
                now = desk.tick(wall)
                if live and desk.context.country.id == self._country.id:
                    parts[info.id] = desk.said(now)
                    clocks.append((now, desk))
            except (HaidangError, SQLAlchemyError, OSError) as error:
                LOG.warning("desk %s not read: %s", info.id, type(error).__name__)
                if live:
                    gone.add(info.id)
        for name in gone & self._known.keys():
            parts[name] = self._known[name]
        self._known.update(parts)
        if clocks and gone <= self._known.keys():
            # That of the desks: one that was begun on an old file keeps its own time.
            now, desk = max(clocks, key=lambda c: c[0])
            self._publish(desk, [parts[name] for name in sorted(parts)], now)

    def _unread(self, listed: set[str]) -> set[str]:
        """Folders of live desks that are not in the list, because nobody can read what they are."""
        named: set[str] = set()
        for folder in self._out.iterdir() if self._out.is_dir() else ():
            if folder.name in listed or not folder.is_dir() or _is_drill(folder):
                continue
            # One that never had a store never said anything.
            kept = (folder / DESK).exists() and (folder / DATABASE).exists()
            if kept or folder.name in self._known:
                LOG.warning("desk %s not read: %s", folder.name, DESK)
                named.add(folder.name)
        return named

    def _publish(self, desk: Desk, parts: list[Said], now: datetime) -> None:
        if self._publisher is None:
            self._publisher = Publisher(
                self._out / FOLDER, self._country, desk.case.spec.places_on, "", self._maker,
                spec_of(self._out),
            )  # fmt: skip
        self._publisher.publish_all(parts, now)


def _is_drill(folder: Path) -> bool:
    """Whether a file that is wrong as a whole says at least this much."""
    with suppress(OSError):
        return re.search(rb"^kind:\s*drill\b", (folder / DESK).read_bytes(), re.M) is not None
    return False


class Heartbeat:
    """Ticks in a thread of its own until it is stopped."""

    def __init__(self, act: Callable[[datetime], None], every: timedelta = EVERY) -> None:
        """Take what is done, and how often."""
        self._act, self._every = act, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._act(datetime.now(UTC))
            except Exception:
                # One bad beat must not be the last.
                LOG.exception("heartbeat")
            self._stop.wait(self._every.total_seconds())
