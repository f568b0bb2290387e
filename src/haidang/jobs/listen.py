"""Listen to sensors and speak, for as long as nobody stops it; killed at any moment it goes on.

A reading is stored, then acknowledged, then judged. A kill before the first leaves it with the
broker; after it the next start looks at everything, and what was decided and not yet spoken is
spoken once. A sign of life, who was heard when and what could not be used stand in a file.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from haidang.app.active import Look
from haidang.base.errors import BadData, HaidangError, Unavailable
from haidang.base.problem import Problem
from haidang.edge.channels.board import Layout, Pages
from haidang.edge.feeds.aside import Aside
from haidang.edge.feeds.mqtt import Inbox
from haidang.edge.feeds.sensors import Heard
from haidang.edge.store.living import Lease
from haidang.edge.store.recent import Where
from haidang.edge.store.store import Store
from haidang.jobs import live_desk
from haidang.jobs.desk_files import put
from haidang.jobs.live import Live, Looked, Taken
from haidang.jobs.live_desk import Home
from haidang.jobs.live_site import Publisher

STATUS: Final = "listen.json"
PUBLIC: Final = "public"
TICK_S: Final = 60.0
"""So often people's acts are looked for, drafts are passed on, and pages are written anew."""
RETRY_S: Final = 1.0
LONGEST_WAIT_S: Final = 0.5
SILENT_SHOWN: Final = 50


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Listener:
    """One process that listens for a desk.

    Attributes:
        home: The desk.
        store: Its store.
        pages: Makes the pages of the site; None for feeds alone.
        clock: Wall time.
    """

    home: Home
    store: Store
    pages: Callable[[Layout], Pages] | None = None
    clock: Callable[[], datetime] = _utc_now
    _counts: Counter[str] = field(default_factory=Counter)
    _owed: set[Where] = field(default_factory=set)
    _held: list[Heard] = field(default_factory=list)
    _after: list[Heard] = field(default_factory=list)
    _unspoken: bool = False
    _trouble: str = ""
    _spoken_at: datetime | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        """Take the lease, catch up with what a kill left, and begin to listen.

        Raises:
            Unavailable: Somebody else listens for this desk (``live.other``), or the store or a
                folder cannot be used.
            BadData, BadPack: See ``Live`` and ``Inbox``.
        """
        settings = self.home.settings
        self._begun = self.clock()
        lasts = timedelta(seconds=settings.lease_s)
        self._lease = Lease(f"listen/{self.home.scope}", uuid4().hex, lasts)
        self._take_lease()
        day = self.home.country.local(self.clock()).date()
        self._day = day
        contexts = self.home.contexts(day)
        live_desk.unknown(settings, contexts)
        self.live = Live(self.store, settings, contexts, self.home.scope, self._lease, self.clock)
        self._aside = Aside(self.home.folder)
        self._site = self._publisher(day)
        filters = [topic.filter for topic in settings.topics]
        self.inbox = Inbox(settings.broker, filters, settings.limits, self.home.folder, self.clock)
        # What no longer holds is superseded by the look, before anything old could be spoken.
        self._look(self.live.now(), everything=True)
        self._recover()
        self._tick(self.live.now())
        self.inbox.open()
        self._beat()

    def _publisher(self, day: date) -> Publisher:
        folder, status = self.home.folder / PUBLIC, self.home.settings.status
        return Publisher(self.store, folder, self.home.country, day, self.pages, status)

    def _take_lease(self) -> None:
        """Wait for one who was killed; one who lives is not replaced."""
        latest = time.monotonic() + self.home.settings.lease_s + RETRY_S
        while not self.store.take_lease(self._lease, self.clock()):
            if time.monotonic() > latest:
                raise Unavailable(Problem("live.other", {"name": self._lease.name}))
            time.sleep(min(RETRY_S, self.home.settings.lease_s / 4))

    def stop(self) -> None:
        """Let ``run`` come to its end; safe from any thread and from a signal."""
        self._stop.set()

    def run(self) -> None:
        """Listen until ``stop``.

        Raises:
            Unavailable: The lease is somebody else's by now (``store.lease_lost``).
        """
        while not self._stop.is_set():
            self.step()

    def close(self) -> None:
        """Say goodbye: the broker keeps what comes in, the next one need not wait."""
        self.inbox.close()
        self.store.give_lease(self._lease, self.clock())
        self._beat()

    # One step.

    _next_tick: float = 0.0
    _next_beat: float = 0.0
    _last_batch: float = 0.0

    def step(self, wait_s: float = LONGEST_WAIT_S) -> Looked | None:
        """Take what has come in, store it, judge it; then what is due by time.

        Args:
            wait_s: Longest wait for a first message, s.
        """
        looked: Looked | None = None
        found = self._held or self._parted() or self._gathered(wait_s)
        if found or self._owed or self._is_due():
            looked = self._guarded(found)
        now = time.monotonic()
        if now >= self._next_tick:
            self._guarded_tick()
            self._next_tick = now + TICK_S
        if now >= self._next_beat:
            self._guarded_beat()
            self._next_beat = now + self.home.settings.heartbeat_s
        return looked

    def _gathered(self, wait_s: float) -> list[Heard]:
        """At rest a message is taken at once; in a flood a handful, not too soon after the last."""
        limits = self.home.settings.limits
        due = self.live.next_due()
        if due is not None:
            wait_s = max(0.0, min(wait_s, (due - self.clock()).total_seconds()))
        found = self.inbox.take(wait_s, limits.batch)
        if found:
            early = self._last_batch + limits.gather_ms / 1000 - time.monotonic()
            if early > 0 and len(found) < limits.batch:
                time.sleep(early)
                found += self.inbox.take(0, limits.batch - len(found))
            self._last_batch = time.monotonic()
        return found

    def _is_due(self) -> bool:
        due = self.live.next_due()
        return due is not None and due <= self.clock()

    def _guarded(self, found: list[Heard]) -> Looked | None:
        """A full disk or a locked store is waited out; nothing is acknowledged meanwhile."""
        try:
            looked = self._handle(found)
        except Exception as err:
            # Of any kind: a message that breaks us would come again with every start.
            told = err.problems if isinstance(err, HaidangError) else ()
            codes = [p.code for p in told] or [type(err).__name__]
            if "store.lease_lost" in codes:
                raise
            self._trouble = ", ".join(codes)
            self._counts["troubles"] += 1
            self._unspoken = True
            if self._held and not isinstance(err, Unavailable):
                self._part(self._trouble)
            else:
                self._stop.wait(RETRY_S)
            return None
        self._trouble = ""
        return looked

    def _part(self, why: str) -> None:
        """Halve a batch that breaks, down to the one message that does; that one is put aside."""
        if len(self._held) > 1:
            half = len(self._held) // 2
            self._after = self._held[half:] + self._after
            self._held = self._held[:half]
            return
        try:
            self._aside.add([(self._held[0], Problem("sensors.broken", {"why": why}))])
        except Unavailable:
            return  # it is held, and tried again
        self.inbox.done(self._held)
        self._held = []
        self._counts["refused"] += 1

    def _parted(self) -> list[Heard]:
        found, self._after = self._after, []
        return found

    def _recover(self) -> None:
        """Speak what was committed and not spoken: the store was locked, or the key was wrong."""
        self._unspoken = False
        if spoken := self.live.recover():
            self._counts["spoken"] += len(spoken)
            self._spoken_at = self.live.now()
            self._show(self._spoken_at)

    def _handle(self, found: list[Heard]) -> Looked | None:
        if self._unspoken:
            self._recover()
        now = self.live.now()
        if found:
            self._held = found
            taken = self.live.take(found, now)
            self._aside.add(taken.refused)
            self._held = []
            self.inbox.done(found)
            self._note(found, taken)
            self._owed |= taken.touched
        if not self._owed and not self._is_due():
            return None
        return self._look(now)

    def _note(self, found: list[Heard], taken: Taken) -> None:
        self._counts.update(
            messages=len(found), stored=taken.stored, same=taken.same, late=taken.late,
            refused=len(taken.refused), batches=1,
        )  # fmt: skip

    def _look(self, now: datetime, *, everything: bool = False) -> Looked:
        """Judge what is owed; a fault leaves it owed."""
        looked = self.live.look(now, frozenset(self._owed), everything=everything)
        self._owed.clear()
        if looked.verdict is not None:
            self._counts["runs"] += 1
        if looked.spoken and looked.verdict is not None:
            self._counts["spoken"] += len(looked.spoken)
            self._spoken_at = looked.at
            self._site.at_once(looked.spoken, looked.verdict.drafts, looked.at)
        return looked

    # By the clock.

    def _guarded_tick(self) -> None:
        try:
            self._tick(self.live.now())
        except (BadData, Unavailable) as err:
            self._trouble = ", ".join(p.code for p in err.problems)
            self._counts["troubles"] += 1

    def _tick(self, now: datetime) -> None:
        day = self.home.country.local(now).date()
        if day != self._day:
            self.live.renew(self.home.contexts(day))
            self._site = self._publisher(day)
            self._look(now, everything=True)
            # Not before: a look that failed is made up for at the next tick.
            self._day = day
            now = self.live.now()
        if self.live.settle(now).spoken:
            now = self.live.now()
        self._escalate(now)
        self._recover()
        self._show(self.live.now())

    def _show(self, now: datetime) -> None:
        """The whole site, as of now."""
        threats = tuple(self.live.contexts)
        data = max(self.live.heard.values(), default=None)
        self._site.whole(now, Look(at=now, data=data, threats=threats))

    def _escalate(self, now: datetime) -> None:
        """Pass a draft that nobody approved in time to the next role, each once."""
        roles = self.home.country.spec.escalation
        for draft in self.store.pending():
            context = self.live.contexts.get(draft.threat)
            if context is None or not roles:
                continue
            limit = timedelta(minutes=context.pack.threat.warn.approval_limit_min)
            done = self.store.draft_state(draft.id).roles
            for rank, role in enumerate(roles):
                at = max(draft.due + rank * limit, draft.at)
                if at <= now and role not in done:
                    self.store.escalate(draft.id, at, role)

    def _guarded_beat(self) -> None:
        try:
            if not self.store.take_lease(self._lease, self.clock()):
                raise Unavailable(Problem("store.lease_lost", {"name": self._lease.name}))
            self._beat()
        except Unavailable as err:
            if any(p.code == "store.lease_lost" for p in err.problems):
                raise
            self._trouble = ", ".join(p.code for p in err.problems)

    def _beat(self) -> None:
        """Write the sign of life: whole, and to be read by anybody."""
        body = json.dumps(self.status(), indent=1, ensure_ascii=False) + "\n"
        put(self.home.folder / STATUS, body.encode("utf-8"))

    def status(self) -> Mapping[str, Any]:
        """How it goes: see the guide on sensors for each name."""
        now = self.clock()
        heard = self.live.heard
        quiet = live_desk.silent(self.live.contexts, self.home.settings, heard, now)
        return {
            "at": now.isoformat(timespec="seconds"),
            "zone": self.home.country.spec.time_zone,
            "begun": self._begun.isoformat(timespec="seconds"),
            "beats_s": self.home.settings.heartbeat_s,
            "broker": {
                "connected": self.inbox.connected,
                "refused": self.inbox.refused,
                "unheard": list(self.inbox.unheard),
                "failed": self.inbox.failed,
                "reconnects": self.inbox.reconnects,
                "dropped": self.inbox.dropped,
            },
            "waiting": len(self.inbox) + len(self._held) + len(self._after),
            "trouble": self._trouble,
            "counts": dict(sorted(self._counts.items())),
            "spoken": _text(self._spoken_at),
            "heard": _text(max(heard.values(), default=None)),
            "silent": len(quiet),
            "silent_first": [
                {"series": s, "place": p, "last": _text(at)} for s, p, at in quiet[:SILENT_SHOWN]
            ],
            "aside": dict(sorted(self._aside.counts.items())),
            "aside_last": list(self._aside.last),
        }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def read_status(folder: Path) -> Mapping[str, Any]:
    """The last sign of life of a desk that listens.

    Raises:
        Unavailable: There is none (``live.no_status``).
    """
    try:
        found: Mapping[str, Any] = json.loads((folder / STATUS).read_text("utf-8"))
    except (OSError, ValueError) as err:
        raise Unavailable(Problem("live.no_status", {}, file=str(folder / STATUS))) from err
    return found
