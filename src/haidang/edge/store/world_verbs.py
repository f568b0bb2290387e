"""What a store can be told and asked about other people's warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from haidang.base.problem import Problem
from haidang.edge.store import world, world_ask
from haidang.edge.store.world import Arrival, Finding, Health, Stored
from haidang.edge.store.world_ask import Answer, Ask, Entry

if TYPE_CHECKING:
    from haidang.edge.store.database import Database


class WorldVerbs:
    """Part of ``Store``: each method is one transaction."""

    _db: Database

    def keep_world(self, arrivals: Sequence[Arrival]) -> tuple[Stored, ...]:
        """Put messages into the archive.

        Args:
            arrivals: In the order in which they came.

        Returns:
            For each what became of it. What is known is only seen again: a message that is sent
            once more does not come alive once more. Other content under a known name is kept
            beside it and shown as a conflict.
        """
        with self._db.writing() as c:
            return tuple(world.keep(c, one) for one in arrivals)

    def world_polled(
        self,
        health: Health,
        problems: Sequence[Problem] = (),
        refused: Sequence[str] = (),
        seen: Sequence[int] = (),
    ) -> None:
        """Write down what came of asking a feed.

        Args:
            health: What is known of it now.
            problems: What was found.
            refused: Keys of entries that will never be read.
            seen: Numbers of known messages that still stand in it.
        """
        with self._db.writing() as c:
            world.set_health(c, health)
            world.find(c, health.feed, problems, health.polled)
            world.refuse(c, health.feed, refused, health.polled)
            world.seen_again(c, health.feed, seen, health.polled)

    def world_feeds(self) -> Mapping[str, Health]:
        """What is known of every feed, by its id."""
        with self._db.reading() as c:
            return world.health(c)

    def world_known(self, feed: str) -> Mapping[str, int | None]:
        """Entries of a feed that were read: key, and number of the message, None if refused."""
        with self._db.reading() as c:
            return world.known_entries(c, feed)

    def world_findings(self, feed: str = "", limit: int = 200) -> tuple[Finding, ...]:
        """What was refused or mended, newest first; of one feed or of all."""
        with self._db.reading() as c:
            return world.findings(c, feed, limit)

    def world(self, question: Ask, now: datetime) -> Answer:
        """One page of the archive, newest arrival first, with states as of an instant."""
        with self._db.reading() as c:
            return world_ask.ask(c, question, now)

    def world_entry(self, number: int, now: datetime) -> Entry:
        """One message of the archive.

        Raises:
            NotFound: ``world.no_message``.
        """
        with self._db.reading() as c:
            return world_ask.entry(c, number, now)

    def world_chain(self, number: int, now: datetime) -> tuple[Entry, ...]:
        """Every message that belongs to one by references, oldest first."""
        with self._db.reading() as c:
            return world_ask.chain(c, number, now)

    def world_body(self, number: int) -> bytes:
        """A message as it came in.

        Raises:
            NotFound: ``world.no_message``.
        """
        with self._db.reading() as c:
            return world.body(c, number)

    def world_size(self) -> int:
        """How many messages the archive holds."""
        with self._db.reading() as c:
            return world.size(c)
