"""Deliver what was accepted: at least once, each batch marked before it goes out.

Every channel works in a thread of its own, so that a slow one keeps no other waiting. The same
store may be delivered from by many jobs at once: leases see to it that no two hold one row. What
remains after a kill is the batch in flight; it goes out again under the same keys.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from haidang.base.errors import HaidangError, Unavailable
from haidang.edge.channels.port import Channel, Outcome, Parcel
from haidang.edge.store.fanout import Waiting
from haidang.edge.store.parcels import Claimed, Policy, Settled
from haidang.edge.store.store import Store
from haidang.jobs.leases import gone, worker
from haidang.warn.route import Within, text_for

IDLE_S: Final = 0.5
"""How long a watching job looks away when there is nothing to do, s."""
BREATH_S: Final = 0.01
"""Pause after each write, in which others may write, s."""
KEPT: Final = 200
"""Messages whose words are kept in memory."""
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
    """

    messages: int = 0
    queued: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)


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
    ) -> None:
        """Take an open store and open channels; both stay the caller's to close.

        Args:
            store: Where the outbox is.
            ways: Channels; each is used by one thread at a time.
            within: See ``warn.route``.
            policy: How often and how long to try; None for the usual one.
            tell: Told of what went wrong with a channel or the store.
        """
        self._store, self._ways, self._within = store, tuple(ways), within
        self._policy = policy or Policy()
        self._tell = tell
        self._worker = worker()
        self._guard, self._pen = threading.Lock(), threading.Lock()
        self._messages: dict[str, Waiting] = {}
        self.told = Told()

    def once(self) -> Told:
        """Fan out what was accepted and send what is due, until nothing is due any more.

        What failed and waits for its next try is left for later.

        Raises:
            Unavailable: The store cannot be used.
        """
        self.fan_out()
        with ThreadPoolExecutor(max(1, len(self._ways)), "deliver") as pool:
            for done in [pool.submit(self._drain, way) for way in self._ways]:
                done.result()
        return self.told

    def watch(self, stop: threading.Event) -> Told:
        """Fan out and send for as long as nobody says stop.

        A store that is busy or away for a while is asked again; nothing is lost meanwhile.
        """
        with ThreadPoolExecutor(len(self._ways) + 1, "deliver") as pool:
            jobs: list[tuple[str, Callable[[], None]]] = [("", self.fan_out)]
            jobs += [(way.name, partial(self._drain, way)) for way in self._ways]
            for done in [pool.submit(self._again, name, job, stop) for name, job in jobs]:
                done.result()
        return self.told

    def _again(self, name: str, job: Callable[[], object], stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                job()
            except Unavailable as error:
                self._tell(name, error)
            stop.wait(IDLE_S)

    def fan_out(self) -> None:
        """Queue every accepted message for everybody who is told of it.

        What a killed job of this machine held is let go first.
        """
        for other in self._store.holders():
            if other != self._worker and gone(other):
                self._store.release(other)
        public = [way.name for way in self._ways if way.public]
        while found := self._store.unfanned():
            for one in found:
                with self._writing():
                    new = self._store.fan_out(one, self._within, public)
                with self._guard:
                    self.told.messages += 1
                    self.told.queued += new

    def _drain(self, way: Way) -> None:
        while held := self._claim(way):
            self._send(way, held)

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
        parcels = [self._parcel(h) for h in held if h.address is not None]
        outcomes = [Outcome(h.key, "refused", "deliver.no_address") for h in lost]
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

    def _parcel(self, held: Claimed) -> Parcel:
        one = self._message(held.message)
        return Parcel(
            key=held.key,
            message=one.message,
            text=text_for(one.notice.texts, held.language),
            recipient=held.recipient,
            address=held.address or "",
            secret=held.secret,
            wakes=one.notice.wakes,
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


def pump(
    store: Store,
    ways: Sequence[Way],
    within: Within,
    policy: Policy | None = None,
    tell: Tell = _silent,
) -> Told:
    """Deliver once; see ``Deliverer.once``."""
    return Deliverer(store, ways, within, policy, tell).once()
