"""One answer of each event, where places of one event would pretend to be many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple

from haidang.review.warned import MISSES, Range, Row, exact

Answer = Literal["hit", "partly", "miss", "false_alarm", "quiet"]


class Events(NamedTuple):
    """Events by their answer.

    Attributes:
        hit: The level came, and every place that had it was warned in time.
        partly: It came, and some of those places were.
        miss: It came, and none was.
        false_alarm: It was warned of and came nowhere that anybody knows of.
        quiet: Neither.
    """

    hit: int
    partly: int
    miss: int
    false_alarm: int
    quiet: int

    @property
    def came(self) -> int:
        """Events that had the level somewhere."""
        return self.hit + self.partly + self.miss

    @property
    def warned(self) -> int:
        """Events of which something was said, and something is known."""
        return self.hit + self.partly + self.false_alarm

    @property
    def pod_range(self) -> Range | None:
        """95 % interval of the share of events that are hits, of those that came."""
        return exact(self.hit, self.came)


def answer(rows: Iterable[Row]) -> Answer | None:
    """The answer of one event at one level; None where nothing is known of any place.

    Args:
        rows: Of one office, event and level.
    """
    found = {r.outcome for r in rows} - {"unknown"}
    if not found:
        return None
    missed = bool(found & set(MISSES))
    if "hit" in found:
        return "partly" if missed else "hit"
    if missed:
        return "miss"
    return "false_alarm" if "false_alarm" in found else "quiet"


def events(rows: Iterable[Row]) -> Events:
    """Count events by their answer.

    Args:
        rows: Of one office and level.
    """
    mine: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        mine[row.event].append(row)
    found = [answer(one) for one in mine.values()]
    return Events(*(found.count(name) for name in Events._fields))  # type: ignore[arg-type]
