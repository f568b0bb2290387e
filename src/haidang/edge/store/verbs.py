"""The store's verbs of response: what there is, what was planned, what people did about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from haidang.edge.store import glance, plans, stocks, tasks
from haidang.edge.store.database import Database
from haidang.edge.store.glance import Concluded, Glance, Memory, Run
from haidang.edge.store.notices import Person
from haidang.edge.store.tasks import TaskState
from haidang.respond.plan import Plan, Unit


class ResponseVerbs:
    """Part of ``Store``; every method is one transaction."""

    _db: Database
    _clock: Callable[[], datetime]

    def add_stock(
        self, key: str, units: Sequence[Unit], source: str, published: datetime, received: datetime
    ) -> int:
        """Keep one whole inventory; it replaces the older one of the same source.

        Args:
            key: The delivery's own name: it is kept once.
            units: All that the source has; what it does not name it no longer has.
            source: Who counted.
            published: When it was counted.
            received: When we had it.

        Returns:
            The delivery's number; the old one when the same delivery came again.

        Raises:
            BadData: Nothing is in it (``store.stock_empty``), two units have one id
                (``store.stock_twice``) or another source's unit has it
                (``store.stock_other_source``), a count is negative or a reserve larger than the
                count (``store.stock_count``), an echelon is unknown; or as in ``add_fixes``.
        """
        with self._db.writing() as c:
            return stocks.add(c, key, units, source, published, received)

    def stock(self, now: datetime, receipt: int | None = None) -> tuple[tuple[Unit, ...], int]:
        """What there is at an instant, by id, and the newest delivery that says so.

        Args:
            now: No later delivery is read.
            receipt: No delivery beyond this number either; None for no such limit.
        """
        with self._db.reading() as c:
            return stocks.at(c, now, receipt)

    def stock_delivery(self, source: str) -> tuple[str, str] | None:
        """Key and hash of the newest inventory of a source; None where there is none."""
        with self._db.reading() as c:
            return stocks.current(c, source)

    def plans(self) -> tuple[Plan, ...]:
        """Every plan, run by run."""
        with self._db.reading() as c:
            return plans.every(c)

    def plan_at(self, now: datetime) -> Plan | None:
        """The plan in force at an instant; None where no run up to then made one."""
        with self._db.reading() as c:
            return plans.newest(c, now)

    def task_act(
        self,
        task_id: str,
        actor: str,
        role: str,
        at: datetime,
        action: str,
        note: str = "",
        key: str = "",
    ) -> TaskState:
        """Write down what a person did about a task.

        The ledger holds the digest of the note, not its text.

        Args:
            task_id: Of any plan; one that the newest plan no longer asks for may still be done.
            actor: Who acts.
            role: In what role.
            at: When.
            action: ``started``, ``done``, ``blocked`` (the note says why) or ``note``.
            note: In the person's words.
            key: Of the form that was sent: the same key again changes nothing.

        Returns:
            How far the task has come.

        Raises:
            NotFound: No plan has such a task (``store.no_task``).
            BadData: Nobody is registered under this id (``store.no_actor``), the action is
                unknown (``store.task_action``), out of order (``store.task_done`` ...), older
                than the plan that first asked for the task (``store.before_task``) or lacks its
                note; there is no key (``store.no_key``) or it stands for another act
                (``store.key_taken``).
        """
        with self._db.writing() as c:
            who = Person(actor, role, at)
            return tasks.act(c, task_id, who, action, note, key, self._clock())

    def task_states(self, now: datetime | None = None) -> Mapping[str, TaskState]:
        """How far tasks have come, by id; one that nobody touched is left out.

        Args:
            now: Acts up to this instant; None for all.
        """
        with self._db.reading() as c:
            return tasks.states(c, now)

    # For pages.

    def runs(self, scope: str) -> tuple[Run, ...]:
        """The runs of a scope in the order of their clocks."""
        with self._db.reading() as c:
            return glance.runs(c, scope)

    def recorded(self) -> datetime | None:
        """Wall time at which the newest run was written down; None before the first."""
        with self._db.reading() as c:
            return glance.recorded(c)

    def last_act(self) -> datetime | None:
        """Time of the newest act on a draft, by the desk's own clock; None before the first."""
        with self._db.reading() as c:
            return glance.last_act(c)

    def marks(self) -> tuple[int, int]:
        """Numbers of the newest run and of the newest act on a draft."""
        with self._db.reading() as c:
            return glance.marks(c)

    def concluded(self, one: Run) -> Concluded:
        """What a run concluded; it never changes."""
        with self._db.reading() as c:
            return glance.concluded(c, one)

    def glance(self, now: datetime, memory: Memory | None = None) -> Glance:
        """What people and the system had done by an instant, and nothing later.

        Args:
            now: The instant.
            memory: Of this store: what is in it is not read again.
        """
        with self._db.reading() as c:
            return glance.glance(c, now, memory if memory is not None else Memory())
