"""The site of everything that is live, and the hand that keeps it going when nobody looks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from haidang.base.errors import HaidangError
from haidang.edge.channels.site import FOLDER
from haidang.jobs.desk import Desk, desks
from haidang.jobs.publish import Maker, Publisher, Said, spec_of, together
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

    def tick(self, wall: datetime) -> None:
        """Let every desk do what is due, and publish what the live ones say.

        A desk whose store is missing, locked or broken keeps nobody else waiting. While one of the
        live ones is, the site is left as it stands: without its notices it would call off what
        nobody called off, and its pages say themselves how old they are.

        Args:
            wall: Wall time.
        """
        parts: list[Said] = []
        clocks: list[tuple[datetime, Desk]] = []
        whole = True
        for info in desks(self._out, self._roots):
            live = info.kind == "live"
            if info.kind == "replay" or (not live and wall - info.changed > LATELY):
                continue
            try:
                desk = Desk.open(self._out / info.id, self._roots)
                now = desk.tick(wall)
                if live and desk.context.country.id == self._country.id:
                    parts.append(desk.said(now))
                    clocks.append((now, desk))
            except (HaidangError, SQLAlchemyError, OSError) as error:
                LOG.warning("desk %s not read: %s", info.id, type(error).__name__)
                whole = whole and not live
        if clocks and whole:
            # That of the desks: one that was begun on an old file keeps its own time.
            now, desk = max(clocks, key=lambda c: c[0])
            self._publish(desk, together(parts), now)

    def _publish(self, desk: Desk, said: Said, now: datetime) -> None:
        if self._publisher is None:
            self._publisher = Publisher(
                self._out / FOLDER, self._country, desk.case.spec.places_on, "", self._maker,
                spec_of(self._out),
            )  # fmt: skip
        self._publisher.publish(said, now)


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
