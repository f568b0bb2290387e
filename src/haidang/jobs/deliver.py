"""Deliver what was accepted: at least once, each batch marked before it goes out.

Every channel works in a thread of its own, so that a slow one keeps no other waiting. The same
store may be delivered from by many jobs at once: leases see to it that no two hold one row. What
remains after a kill is the batch in flight; it goes out again under the same keys.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Final, Protocol

from haidang.base.errors import BadData, HaidangError, Unavailable
from haidang.base.problem import Problem
from haidang.edge.channels.port import Beside, Channel, Hears, Outcome, Parcel, Report
from haidang.edge.store.fanout import Waiting
from haidang.edge.store.parcels import Claimed, Policy, Settled
from haidang.edge.store.sparing import People
from haidang.edge.store.store import Store
from haidang.jobs.leases import gone, worker
from haidang.warn.one_message import Around
from haidang.warn.route import Within, text_for

IDLE_S: Final = 0.5
"""How long a watching job looks away when there is nothing to do, s."""
BREATH_S: Final = 0.01
"""Pause after each write, in which others may write, s."""
LONGEST_S: Final = 60.0
"""Longest pause of a watching job after faults that nobody foresaw, s."""
HEARD: Final = 200
"""Reports written down in one transaction: others want to write too."""
KEPT: Final = 200
"""Messages whose words are kept in memory."""
BESIDE: Final = 3
"""Of the notices that go on beside one that ends, so many are named; the rest is counted."""
SETTLE: Final = (0.2, 1.0, 5.0)
"""Pauses before what came of a batch is told to a busy store once more, s."""
Tell = Callable[[str, HaidangError | Exception], None]
"""(channel, what went wrong)"""


class Way(Protocol):
    """A channel that is open."""

    @property
    def name(self) -> str:
        """Its name in subscriptions and in the outbox."""
        ...

    @property
    def public(self) -> bool:
        """Whether it speaks to everybody instead of to recipients."""
        ...

    @property
    def person(self) -> bool:
        """Whether a person reads what it brings: of several notices of one danger they get one."""
        ...

    @property
    def channel(self) -> Channel:
        """Itself."""
        ...


@dataclass
class Told:
    """What a job did.

    Attributes:
        messages: Fanned out.
        queued: Deliveries that were new.
        outcomes: By (channel, state of the outcome).
        left: Identifiers of messages that could not be fanned out and wait still.
    """

    messages: int = 0
    queued: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    left: set[str] = field(default_factory=set)


def _silent(channel: str, error: HaidangError | Exception) -> None:
    pass


class Deliverer:
    """One job: what it needs to turn a delivery into a parcel, and its name in the leases."""

    def __init__(
        self,
        store: Store,
        ways: Sequence[Way],
        within: Within,
        policy: Policy | None = None,
        tell: Tell = _silent,
        around: Around | None = None,
    ) -> None:
        """Take an open store and open channels; both stay the caller's to close.

        Args:
            store: Where the outbox is.
            ways: Channels; each is used by one thread at a time.
            within: See ``warn.route``.
            policy: How often and how long to try; None for the usual one.
            tell: Told of what went wrong with a channel or the store.
            around: See ``warn.one_message``; None where it is not known how places lie in each
                other, and everybody gets every notice.
        """
        self._store, self._ways, self._within = store, tuple(ways), within
        self._policy = policy or Policy()
        self._tell = tell
        persons = frozenset(way.name for way in self._ways if way.person)
        self._people = People(persons, around) if around else People()
        self._worker = worker()
        self._guard, self._pen = threading.Lock(), threading.Lock()
        self._messages: dict[str, Waiting] = {}
        self._bad: dict[str, float] = {}
        self._heard: dict[str, list[Report]] = {}
        self.told = Told()

    def once(self) -> Told:
        """Fan out what was accepted and send what is due, until nothing is due any more.

        What failed and waits for its next try is left for later. A message or a channel with a
        fault that nobody foresaw is told of, and keeps no other waiting.

        Raises:
            Unavailable: The store cannot be used.
        """
        self._bad.clear()
        self.fan_out()
        with ThreadPoolExecutor(max(1, len(self._ways)), "deliver") as pool:
            for done in [pool.submit(self._apart, way) for way in self._ways]:
                done.result()
        return self.told

    def watch(self, stop: threading.Event) -> Told:
        """Fan out and send for as long as nobody says stop.

        A store that is busy or away for a while is asked again; nothing is lost meanwhile. After
        any other fault it goes on too, with pauses that grow.
        """
        with ThreadPoolExecutor(len(self._ways) + 1, "deliver") as pool:
            jobs: list[tuple[str, Callable[[], None]]] = [("", self.fan_out)]
            jobs += [(way.name, partial(self._drain, way)) for way in self._ways]
            for done in [pool.submit(self._again, name, job, stop) for name, job in jobs]:
                done.result()
        return self.told

    def _again(self, name: str, job: Callable[[], object], stop: threading.Event) -> None:
        faults = 0
        while not stop.is_set():
            try:
                job()
                faults = 0
            except Unavailable as error:
                self._tell(name, error)
            except Exception as error:
                # A round that nobody foresaw must not be the last one of a channel.
                faults += 1
                self._tell(name, error)
            stop.wait(min(IDLE_S * 2 ** min(faults, 10), LONGEST_S))

    def _apart(self, way: Way) -> None:
        try:
            self._drain(way)
        except Unavailable:
            raise
        except Exception as error:
            self._tell(way.name, error)

    def fan_out(self) -> None:
        """Queue every accepted message for everybody who is told of it.

        What a killed job of this machine held is let go first. A message that cannot be fanned out
        is told of and tried again a minute later; those behind it do not wait for it.

        Raises:
            Unavailable: The store cannot be used.
        """
        for other in self._store.holders():
            if other != self._worker and gone(other):
                self._store.release(other)
        public = [way.name for way in self._ways if way.public]
        while found := [m for m in self._store.waiting() if self._bad.get(m, 0.0) <= monotonic()]:
            for identifier in found:
                try:
                    with self._writing():
                        one = self._store.notice(identifier)
                        new = self._store.fan_out(one, self._within, public, self._people)
                except Unavailable:
                    raise
                except Exception as error:
                    self._put_aside(identifier, error)
                    continue
                self._bad.pop(identifier, None)
                with self._guard:
                    self.told.messages += 1
                    self.told.queued += new
                    self.told.left.discard(identifier)

    def _put_aside(self, identifier: str, error: Exception) -> None:
        self._bad[identifier] = monotonic() + LONGEST_S
        with self._guard:
            self.told.left.add(identifier)
        said = {"identifier": identifier, "why": _kind(error)}
        self._tell("", BadData(Problem("deliver.not_fanned", said)))

    def _drain(self, way: Way) -> None:
        self._listen(way)
        while held := self._claim(way):
            self._send(way, held)
            self._listen(way)

    def _listen(self, way: Way) -> None:
        """What the other side said since: it is taken from the channel once, and kept till written.

        A channel that idles is asked too, for its other side wants to be heard and answered.
        """
        if not isinstance(way.channel, Hears):
            return
        kept = self._heard.setdefault(way.name, [])
        try:
            kept += way.channel.reports()
        except Exception as error:
            self._tell(way.name, error)
        while kept:
            try:
                with self._writing():
                    said = [(r.receipt, r.state, r.why) for r in kept[:HEARD]]
                    self._store.heard(way.name, said, self._policy)
            except Unavailable:
                raise
            except Exception as error:
                self._tell(way.name, error)
            del kept[:HEARD]

    def _claim(self, way: Way) -> list[Claimed]:
        with self._writing():
            return self._store.claim(way.name, way.channel.batch, self._worker, self._policy)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One thread of the job at the store at a time, and a breath for everybody else.

        A file has no queue: whoever writes without a pause keeps out an officer who approves.
        """
        with self._pen:
            yield
            time.sleep(BREATH_S)

    def _send(self, way: Way, held: Sequence[Claimed]) -> None:
        lost = [h for h in held if h.address is None]
        outcomes = [Outcome(h.key, "refused", "deliver.no_address") for h in lost]
        parcels, unmade = self._parcels(way, [h for h in held if h.address is not None])
        outcomes += unmade
        if parcels:
            try:
                outcomes += way.channel.send(parcels)
            except Exception as error:
                self._tell(way.name, error)
                outcomes += [Outcome(p.key, "failed", "deliver.channel_failed") for p in parcels]
        self._settle(held, [Settled(o.key, o.state, o.why, o.receipt) for o in outcomes])
        with self._guard:
            self.told.outcomes.update((way.name, o.state) for o in outcomes)

    def _settle(self, held: Sequence[Claimed], results: Sequence[Settled]) -> None:
        """What went out is told to the store even where it is busy: else it goes out again."""
        for pause in SETTLE:
            try:
                with self._writing():
                    self._store.settle(held, results, self._worker, self._policy)
            except Unavailable:
                time.sleep(pause)
            else:
                return
        self._store.settle(held, results, self._worker, self._policy)

    def _parcels(self, way: Way, held: Sequence[Claimed]) -> tuple[list[Parcel], list[Outcome]]:
        """What a channel is given; and what came of those that could not be made ready."""
        known: list[tuple[Claimed, Waiting]] = []
        unmade: list[Outcome] = []

        def fault(error: Exception, *those: Claimed) -> None:
            self._tell(way.name, error)
            unmade.extend(Outcome(one.key, "failed", "deliver.no_parcel") for one in those)

        for one in held:
            try:
                known.append((one, self._message(one.message)))
            except Exception as error:
                fault(error, one)
        stands: Mapping[str, tuple[str, ...]] = {}
        if way.name in self._people.channels:
            try:
                stands = self._store.beside(known, way.name, self._people.around)
            except Exception as error:
                # Nothing is taken back before it is known what goes on.
                fault(error, *(one for one, notice in known if notice.lessens or one.waited))
                known = [k for k in known if not (k[1].lessens or k[0].waited)]
        parcels = []
        for one, notice in known:
            try:
                parcels.append(self._parcel(one, notice, way.public, stands.get(one.key, ())))
            except Exception as error:
                fault(error, one)
        return parcels, unmade

    def _parcel(self, held: Claimed, one: Waiting, public: bool, stands: Sequence[str]) -> Parcel:
        others = [self._message(identifier) for identifier in stands[:BESIDE]]
        return Parcel(
            key=held.key,
            message=one.message,
            text=text_for(one.notice.texts, held.language),
            recipient=held.recipient,
            address=held.address or "",
            secret=held.secret,
            wakes=one.notice.wakes,
            earlier=self._store.earlier(one) if public else (),
            stands=tuple(
                Beside(o.message, text_for(o.notice.texts, held.language)) for o in others
            ),
            more=len(stands) - len(others),
        )

    def _message(self, identifier: str) -> Waiting:
        with self._guard:
            found = self._messages.get(identifier)
        if found is None:
            found = self._store.notice(identifier)
            with self._guard:
                if len(self._messages) >= KEPT:
                    self._messages.clear()
                self._messages[identifier] = found
        return found


def _kind(error: Exception) -> str:
    """What a fault is, without what it says: that may hold an address."""
    if isinstance(error, HaidangError) and error.problems:
        return error.problems[0].code
    return type(error).__name__


def pump(
    store: Store,
    ways: Sequence[Way],
    within: Within,
    policy: Policy | None = None,
    tell: Tell = _silent,
    around: Around | None = None,
) -> Told:
    """Deliver once; see ``Deliverer.once``."""
    return Deliverer(store, ways, within, policy, tell, around).once()
