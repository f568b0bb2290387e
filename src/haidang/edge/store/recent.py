"""The newest word on every reading, held in memory beside the store and never ahead of it.

A run a few times a second cannot read a day of readings of five hundred gauges each time. What a
judgement may rest on is held here, by series and place; each refresh reads from the store only
the deliveries that came in since, whoever wrote them. So what is judged is what is stored.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, func, select

from haidang.data.observations import Observation
from haidang.edge.store.tables import observation, receipt

Where = tuple[str, str]
"""Series and place."""

MOST: Final = 2000
"""Readings of one gauge that are held before older ones are let go, where a model allows that."""
KEPT: Final = 500
"""Of them so many stay whatever their age."""


@dataclass(slots=True)
class Track:
    """Readings of one series at one place.

    Attributes:
        starts: In order.
        rows: The newest report of each.
        floor: Nothing is missing from here on; None where nothing is missing at all.
        heard: When the newest report came in.
    """

    starts: list[datetime] = field(default_factory=list)
    rows: dict[datetime, Observation] = field(default_factory=dict)
    floor: datetime | None = None
    heard: datetime | None = None

    def add(self, row: Observation) -> None:
        """Take in a report; the later of two on one reading counts."""
        before = self.rows.get(row.start)
        if before is None:
            insort(self.starts, row.start)
        if before is None or row.receipt >= before.receipt:
            self.rows[row.start] = row
        if self.heard is None or row.received > self.heard:
            self.heard = row.received

    def since(self, start: datetime | None) -> Iterator[Observation]:
        """Reports of readings that begin at an instant or later; all of them without one."""
        first = 0 if start is None else bisect_left(self.starts, start)
        return (self.rows[s] for s in self.starts[first:])

    def measured(self, now: datetime) -> datetime | None:
        """When the newest measurement with a value begins, of those that have begun."""
        for start in reversed(self.starts):
            row = self.rows[start]
            if start <= now and row.value is not None and row.published >= start:
                return start
        return None

    def let_go(self, now: datetime, back: timedelta) -> None:
        """Forget what lies so long before the newest measurement that nobody asks for it."""
        last = self.measured(now)
        if last is None or len(self.starts) <= MOST:
            return
        first = min(bisect_left(self.starts, last - back), len(self.starts) - KEPT)
        for start in self.starts[:first]:
            del self.rows[start]
        del self.starts[:first]
        if first:
            self.floor = last - back


class Recent:
    """The newest reports of some series.

    Attributes:
        receipt: The newest delivery that was read.
    """

    def __init__(self, back: Mapping[str, timedelta | None]) -> None:
        """Begin with nothing.

        Args:
            back: By series, how far before the newest measurement of a gauge its judgement may
                look; None for a series of which it may ask for everything.
        """
        self.receipt = 0
        self._back = dict(back)
        self._tracks: dict[Where, Track] = {}

    def refresh(self, connection: Connection, limit: int) -> int:
        """Read the deliveries since the last time, up to one.

        Returns:
            How many reports there were.
        """
        if limit <= self.receipt:
            return 0
        query = _query().where(receipt.c.id > self.receipt, receipt.c.id <= limit)
        query = query.where(observation.c.series.in_(sorted(self._back)))
        if self.receipt == 0:
            rows = list(self._first(connection, limit))
        else:
            rows = list(_observations(connection, query))
        for row in rows:
            self._track(row.series, row.place).add(row)
        self.receipt = limit
        return len(rows)

    def _first(self, connection: Connection, limit: int) -> Iterator[Observation]:
        """Everything that may be asked for, of a store that may hold years."""
        whole = sorted(s for s, back in self._back.items() if back is None)
        if whole:
            query = _query().where(receipt.c.id <= limit, observation.c.series.in_(whole))
            yield from _observations(connection, query)
        for series, back in sorted(self._back.items()):
            if back is None:
                continue
            newest = select(observation.c.place, func.max(observation.c.start).label("start"))
            newest = newest.where(observation.c.series == series, observation.c.receipt <= limit)
            for place, start in connection.execute(newest.group_by(observation.c.place)).all():
                query = _query().where(
                    receipt.c.id <= limit,
                    observation.c.series == series,
                    observation.c.place == place,
                    observation.c.start >= start - 2 * back,
                )
                self._track(series, place).floor = start - 2 * back
                yield from _observations(connection, query)

    def _track(self, series: str, place: str) -> Track:
        found = self._tracks.get((series, place))
        if found is None:
            found = self._tracks[series, place] = Track()
        return found

    def known(self, series: str, place: str, start: datetime) -> Observation | None:
        """The newest report of one reading; None where it is not held here."""
        found = self._tracks.get((series, place))
        return None if found is None else found.rows.get(start)

    def covers(self, series: str, place: str, start: datetime) -> bool:
        """Whether a reading that is not held here is not in the store either."""
        found = self._tracks.get((series, place))
        return found is None or found.floor is None or start >= found.floor

    def newest(self, series: str, place: str) -> datetime | None:
        """When the latest reading of a gauge begins; None of one that was never heard."""
        found = self._tracks.get((series, place))
        return found.starts[-1] if found is not None and found.starts else None

    def places(self, series: str) -> list[str]:
        """Places of a series that were ever heard."""
        return sorted(place for name, place in self._tracks if name == series)

    def heard(self) -> dict[Where, datetime]:
        """When each gauge was last heard."""
        return {w: t.heard for w, t in self._tracks.items() if t.heard is not None}

    def rows(
        self, connection: Connection, wanted: Iterable[Where], now: datetime
    ) -> tuple[Observation, ...]:
        """What the judgement of some places may rest on, by receipt.

        Args:
            connection: For what was let go, where it is asked for after all.
            wanted: Series and places.
            now: The clock.
        """
        found: list[Observation] = []
        for series, place in wanted:
            track = self._tracks.get((series, place))
            if track is None:
                continue
            back = self._back[series]
            start = _from(track, back, now)
            if track.floor is not None and (start is None or start < track.floor):
                # What was measured last was taken back, or lies before what was read.
                track = self._reload(connection, series, place)
                start = _from(track, back, now)
            found += track.since(start)
            if back is not None:
                track.let_go(now, back)
        found.sort(key=lambda row: row.receipt)
        return tuple(found)

    def _reload(self, connection: Connection, series: str, place: str) -> Track:
        fresh = Track()
        query = _query().where(receipt.c.id <= self.receipt, observation.c.series == series)
        for row in _observations(connection, query.where(observation.c.place == place)):
            fresh.add(row)
        self._tracks[series, place] = fresh
        return fresh


def _from(track: Track, back: timedelta | None, now: datetime) -> datetime | None:
    """The oldest reading that is asked for; None asks for all."""
    last = None if back is None else track.measured(now)
    return None if last is None or back is None else last - back


def stored(connection: Connection, series: str, place: str, start: datetime) -> list[float | None]:
    """Values that were ever reported of one reading."""
    query = select(observation.c.value).where(
        and_(
            observation.c.series == series,
            observation.c.place == place,
            observation.c.start == start,
        )
    )
    return list(connection.execute(query).scalars())


_COLUMNS: Final = (
    *(observation.c[n] for n in ("series", "place", "start", "value", "unit", "flag")),
    receipt.c.published,
    receipt.c.received,
    observation.c.receipt,
    receipt.c.source,
)


def _query() -> Any:
    return (
        select(*_COLUMNS)
        .join(receipt, receipt.c.id == observation.c.receipt)
        .order_by(observation.c.receipt, observation.c.row)
    )


def _observations(connection: Connection, query: Any) -> Sequence[Observation]:
    return [Observation(*row) for row in connection.execute(query)]
