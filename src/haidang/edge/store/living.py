"""The store's verbs of a job that runs many times a second, and alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from haidang.app.news import Key, Sight, sight
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Draft, Message
from haidang.base.errors import BadData, Unavailable
from haidang.base.problem import Problem
from haidang.data.observations import Observations, Reported
from haidang.data.tracks import Tracks
from haidang.edge.store import codec, deliveries, notices, plans, runs
from haidang.edge.store.database import Database
from haidang.edge.store.notices import Build, Person
from haidang.edge.store.recent import Recent, Where, stored
from haidang.edge.store.tables import assessment, decision, draft, run
from haidang.edge.store.tables_live import lease

SYSTEM: Final = "system"
"""Role under which the program speaks by itself: no person's id stands beside it."""


class Lease(NamedTuple):
    """The right to write alone, for a while.

    Attributes:
        name: Of what.
        holder: A random id of the process.
        lasts: How long one sign of life is good for.
    """

    name: str
    holder: str
    lasts: timedelta


class Group(NamedTuple):
    """Readings that were said at one time: one delivery.

    Attributes:
        key: The delivery's own name.
        rows: In the order in which they came in.
        source: Who delivered.
        published: When they were said.
    """

    key: str
    rows: Sequence[Reported]
    source: str
    published: datetime


class LiveVerbs:
    """Part of ``Store``; every method is one transaction."""

    _db: Database
    _clock: Callable[[], datetime]

    def take_lease(self, mine: Lease, now: datetime) -> bool:
        """Take the right to write alone, or renew it.

        Args:
            mine: Whose.
            now: Wall time.

        Returns:
            False while somebody else has it and has given a sign of life recently enough.
        """
        with self._db.writing() as c:
            found = c.execute(select(lease).where(lease.c.name == mine.name)).first()
            row = {"holder": mine.holder, "until": now + mine.lasts}
            if found is None:
                c.execute(insert(lease), {"name": mine.name, "since": now, **row})
                return True
            if found.holder != mine.holder and found.until > now:
                return False
            if found.holder != mine.holder:
                row["since"] = now
            c.execute(update(lease).where(lease.c.name == mine.name).values(**row))
            return True

    def give_lease(self, mine: Lease, now: datetime) -> None:
        """Give the right back, so that the next one need not wait."""
        with self._db.writing() as c:
            query = update(lease).where(lease.c.name == mine.name, lease.c.holder == mine.holder)
            c.execute(query.values(until=now))

    def keep_readings(
        self, groups: Sequence[Group], received: datetime, mine: Lease
    ) -> tuple[int, ...]:
        """Keep what came in at once, each group as a delivery.

        Args:
            groups: As ``add_observations`` would take them one by one.
            received: When we had them.
            mine: The right to write, which is renewed by it.

        Returns:
            Numbers of the deliveries.

        Raises:
            BadData: As ``add_observations``.
            Unavailable: Somebody else has the lease (``store.lease_lost``); nothing was written.
        """
        with self._db.writing() as c:
            _fence(c, mine, received)
            return tuple(
                deliveries.add(c, "observation", g.key, g.rows, g.source, g.published, received)
                for g in groups
            )

    def values_of(self, series: str, place: str, start: datetime) -> list[float | None]:
        """Values that were ever reported of one reading, revisions too."""
        with self._db.reading() as c:
            return stored(c, series, place, start)

    def readings_at(
        self,
        now: datetime,
        recent: Recent,
        wanted: Iterable[Where],
        days: tuple[date, date],
        receipt: int | None = None,
    ) -> Snapshot:
        """A snapshot of readings alone: what threats that are told by them are judged on.

        Args:
            now: The snapshot's clock.
            recent: Readings that were read before; what came in since is added to it.
            wanted: Series and places whose readings are asked for.
            days: Day whose law judges, and day whose places are used.
            receipt: Read no delivery beyond this number; None for no such limit.
        """
        with self._db.reading() as c:
            limit = deliveries.last_receipt(c, now, receipt)
            recent.refresh(c, limit)
            rows = recent.rows(c, wanted, now)
        return Snapshot(now, limit, Tracks(()), (), (), *days, observations=Observations(rows))

    def standing_at(
        self, known: Snapshot, threats: Sequence[str], places: Sequence[str]
    ) -> Snapshot:
        """The same snapshot with what stands at some places, and the pool of resources.

        Args:
            known: From ``readings_at``.
            threats: Those that are decided.
            places: Only these in levels, notices and raises.
        """
        with self._db.reading() as c:
            return runs.snapshot(
                c,
                known.now,
                law_day=known.law_day,
                places_day=known.places_day,
                receipt=known.receipt,
                threats=threats,
                places=places,
                observations=known.observations,
            )

    def tasked(self, now: datetime) -> frozenset[str]:
        """Places of which the plan in force asks something."""
        with self._db.reading() as c:
            found = plans.newest(c, now)
        return frozenset() if found is None else frozenset(t.place for t in found.tasks)

    def refresh(self, now: datetime, recent: Recent) -> int:
        """Read into ``recent`` what came in since; returns the newest delivery."""
        with self._db.reading() as c:
            limit = deliveries.last_receipt(c, now, None)
            recent.refresh(c, limit)
        return limit

    def alive(self, threats: Sequence[str], now: datetime) -> tuple[frozenset[str], dict[Key, int]]:
        """Where any of these threats has a level or a notice that is not over, and the levels."""
        with self._db.reading() as c:
            horizon = runs.Horizon(now)
            levels = runs.standing_levels(c, horizon, threats)
            chains = runs.notice_chains(c, horizon, threats)
        open_ones = {chain.place for chain in chains if not chain.closed}
        told = {(s.threat, s.event, s.place): s.level for s in levels if s.level}
        return frozenset({place for *_, place in told} | open_ones), told

    def sights(self, threats: Sequence[str]) -> dict[Key, Sight]:
        """How every place looked when it was last written down."""
        keys = (decision.c.threat, decision.c.event, decision.c.place)
        newest = select(*keys, func.max(decision.c.run).label("run"))
        newest_of = newest.where(decision.c.threat.in_(threats)).group_by(*keys).subquery()
        query = select(decision.c.body, assessment.c.body.label("grounds"))
        query = query.join(
            newest_of,
            (newest_of.c.run == decision.c.run)
            & (newest_of.c.threat == decision.c.threat)
            & (newest_of.c.event == decision.c.event)
            & (newest_of.c.place == decision.c.place),
        ).join(assessment, assessment.c.id == decision.c.assessment)
        found: dict[Key, Sight] = {}
        with self._db.reading() as c:
            for row in c.execute(query):
                one = codec.decode_decision(json.loads(row.body))
                of = codec.decode_assessment(json.loads(row.grounds))
                found[one.threat, one.event, one.place] = sight(one, of)
        return found

    def latest_run(self, scope: str) -> datetime | None:
        """Clock of the newest run of a scope; None before the first."""
        with self._db.reading() as c:
            return c.execute(select(func.max(run.c.at)).where(run.c.scope == scope)).scalar()

    def waiting_alone(self, threats: Sequence[str]) -> tuple[Draft, ...]:
        """Drafts that need nobody's approval and were not spoken yet; a kill may leave some."""
        with self._db.reading() as c:
            return tuple(
                one
                for one in notices.pending(c)
                if not one.approval and one.threat in threats and not _edited(c, one)
            )

    def speak(
        self,
        drafts: Sequence[Draft],
        at: datetime,
        build: Build,
        channels: Sequence[str],
        mine: Lease | None = None,
    ) -> tuple[Message, ...]:
        """Let drafts go out that need nobody's approval; the ledger says that the system did it.

        Args:
            drafts: Each the newest of its chain, ``approval`` False.
            at: When.
            build: As in ``approve``.
            channels: Likewise.
            mine: The right to write alone, where there is one.

        Returns:
            Their messages. A draft that was overtaken or settled meanwhile has none.

        Raises:
            BadData: A draft needs approval (``store.needs_approval``); nothing was written.
            Unavailable: Somebody else has the lease (``store.lease_lost``); likewise.
        """
        if wrong := [one.id for one in drafts if one.approval]:
            raise BadData(Problem("store.needs_approval", {"draft": wrong[0]}))
        spoken: list[Message] = []
        with self._db.writing() as c:
            if mine is not None:
                held(c, mine)
            who = Person("", SYSTEM, at)
            states = notices.states(c, [one.id for one in drafts])
            for one in drafts:
                if not states.get(one.id, notices.NONE).pending or not _newest(c, one):
                    continue
                glass, wall = False, self._clock()
                said = notices.approve(
                    c, one.id, who, build, channels, broke_glass=glass, recorded=wall
                )
                spoken.append(said)
        return tuple(spoken)


def _fence(connection: Connection, mine: Lease, now: datetime) -> None:
    """Nobody writes in the name of a lease that is another's by now."""
    query = update(lease).where(lease.c.name == mine.name, lease.c.holder == mine.holder)
    if connection.execute(query.values(until=now + mine.lasts)).rowcount != 1:
        raise Unavailable(Problem("store.lease_lost", {"name": mine.name}))


def held(connection: Connection, mine: Lease) -> None:
    """Hold a lease to the end of a transaction, without making it last longer.

    Who was stopped for long comes back with a verdict of before; another has judged since.

    Raises:
        Unavailable: Somebody else has it (``store.lease_lost``).
    """
    query = update(lease).where(lease.c.name == mine.name, lease.c.holder == mine.holder)
    if connection.execute(query.values(holder=mine.holder)).rowcount != 1:
        raise Unavailable(Problem("store.lease_lost", {"name": mine.name}))


def _newest(connection: Connection, one: Draft) -> bool:
    query = select(func.max(draft.c.version)).where(draft.c.chain == one.chain)
    return connection.execute(query).scalar() == one.version


def _edited(connection: Connection, one: Draft) -> bool:
    """Whether a person put in words of their own: then they let it go out, or not."""
    return bool(notices.states(connection, [one.id]).get(one.id, notices.NONE).editor)
