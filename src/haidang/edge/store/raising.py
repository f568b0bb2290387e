"""The store's verbs of raises: a person's word that hazards are worse together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from haidang.edge.store import raises
from haidang.edge.store.database import Database
from haidang.edge.store.notices import Person
from haidang.edge.store.raises import RaiseState
from haidang.law.raises import Raise


class RaiseVerbs:
    """Part of ``Store``; every method is one transaction."""

    _db: Database
    _clock: Callable[[], datetime]

    def propose_raise(
        self,
        place: str,
        scale: str,
        by: int,
        reason: str,
        until: datetime,
        actor: str,
        role: str,
        at: datetime,
        *,
        serious_loss: bool = False,
        approval: bool = True,
    ) -> Raise:
        """Write down that a person wants the combined level of a place raised.

        The ledger holds the digest of the reason, not its text.

        Args:
            place: Area code.
            scale: Id of the scale.
            by: Ranks.
            reason: In the person's words.
            until: When it ends by itself.
            actor: Who proposes.
            role: In what role.
            at: When.
            serious_loss: They hold that serious loss of life and property is possible.
            approval: Whether a second person must approve; else it is in force at once.

        Returns:
            The raise; the one that exists where the same form was sent twice. Whether the law
            allows it is asked by whoever knows the law: see ``jobs.desk``.

        Raises:
            BadData: Nobody is registered under this id (``store.no_actor``), there is no reason
                (``law.raise_no_reason``), ``by`` is less than 1 (``store.raise_by``), it ends
                before it begins (``store.raise_until``), or another raise of the place and scale
                waits or is in force (``store.raise_stands``): raises never add up.
        """
        with self._db.writing() as c:
            return raises.propose(
                c,
                place,
                scale,
                by,
                reason,
                until,
                Person(actor, role, at),
                self._clock(),
                serious_loss=serious_loss,
                approval=approval,
            )

    def approve_raise(
        self, raise_id: str, actor: str, role: str, at: datetime, *, broke_glass: bool = False
    ) -> RaiseState:
        """Let a raise come into force.

        Args:
            raise_id: Its id or the beginning of it.
            actor: Who approves; another person than the one who proposed it.
            role: In what role.
            at: When; it acts from then on.
            broke_glass: One authorised person alone; marked for the review.

        Raises:
            NotFound: ``store.no_raise``.
            BadData: Nobody is registered under this id, the proposer approves
                (``store.raise_same_person``), it has come further (``store.raise_approved`` ...)
                or its end has passed (``store.raise_until``).
        """
        with self._db.writing() as c:
            who = Person(actor, role, at)
            name = raises.get(c, raise_id).id
            return raises.approve(c, name, who, self._clock(), broke_glass=broke_glass)

    def refuse_raise(
        self, raise_id: str, actor: str, role: str, at: datetime, note: str = ""
    ) -> RaiseState:
        """Turn a proposal down; raises as ``approve_raise``."""
        with self._db.writing() as c:
            name = raises.get(c, raise_id).id
            return raises.refuse(c, name, Person(actor, role, at), note, self._clock())

    def withdraw_raise(
        self, raise_id: str, actor: str, role: str, at: datetime, note: str = ""
    ) -> RaiseState:
        """Take a raise back, before or after its approval; raises as ``approve_raise``.

        One person is enough: the level falls only in a notice that two people let out.
        """
        with self._db.writing() as c:
            name = raises.get(c, raise_id).id
            return raises.withdraw(c, name, Person(actor, role, at), note, self._clock())

    def raises(self, now: datetime | None = None) -> tuple[RaiseState, ...]:
        """Where every raise had come to, by time.

        Args:
            now: Acts and runs up to this instant; None for all.
        """
        with self._db.reading() as c:
            return raises.states(c, now)
