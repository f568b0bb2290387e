"""The store as the rest of haidang sees it: every method is one transaction, all of it or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from sqlalchemy import delete, insert, select, update

from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Decision, Draft, Message, Verdict
from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.data.observations import Observation, Reported
from haidang.edge.store import (
    acts,
    audit,
    chain,
    codec,
    deliveries,
    delivery,
    edits,
    notices,
    runs,
    trace,
)
from haidang.edge.store.chain import Entry
from haidang.edge.store.database import Database
from haidang.edge.store.deliveries import Delivery, FixRow
from haidang.edge.store.delivering import DeliveryVerbs
from haidang.edge.store.delivery import Attempt
from haidang.edge.store.living import Lease, LiveVerbs, held
from haidang.edge.store.notices import Build, Person
from haidang.edge.store.raising import RaiseVerbs
from haidang.edge.store.runs import Done
from haidang.edge.store.tables import actor, assessment, contact, decision, draft, run
from haidang.edge.store.trace import Step
from haidang.edge.store.verbs import ResponseVerbs
from haidang.edge.store.world_verbs import WorldVerbs
from haidang.risk.assessment import Assessment
from haidang.warn.message import Text

_RANDOM: Final = re.compile(r"[0-9a-f][0-9a-f-]{6,62}[0-9a-f]")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store(ResponseVerbs, RaiseVerbs, DeliveryVerbs, WorldVerbs, LiveVerbs):
    """Facts with the time we learned them, what was concluded, who said what, what was sent.

    One process may use it from many threads; many processes may open the same file, one of them
    writes at a time.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = _utc_now) -> None:
        """Take an open database; ``clock`` tells the wall time, and nothing else uses it."""
        self._db = database
        self._clock = clock

    @classmethod
    def open(
        cls,
        path_or_url: str | Path,
        clock: Callable[[], datetime] = _utc_now,
        *,
        busy_s: float = 5.0,
        check: bool = True,
        create: bool = True,
    ) -> Self:
        """Open a store, making or migrating it if need be.

        Args:
            path_or_url: A file, ``:memory:``, or a database address with ``://`` in it.
            clock: Wall time for attempts and for when a ledger entry was written down.
            busy_s: How long to wait for another writer, s.
            check: Whether to look through a SQLite file for damage (about 1 s per GB).
            create: Whether to make or migrate a store; else what is no store of this program's
                version is refused and left as it is.

        Raises:
            Unavailable: The file is no database, damaged, locked, half-made or newer than this
                program; its folder is missing or read-only. The problem names file and remedy.
        """
        return cls(Database(path_or_url, busy_s=busy_s, check=check, create=create), clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the database back."""
        self._db.close()

    # What the feeds brought.

    def add_fixes(
        self,
        key: str,
        fixes: Sequence[FixRow],
        source: str,
        published: datetime,
        received: datetime,
    ) -> int:
        """Keep one delivery of fixes.

        Args:
            key: The delivery's own name, e.g. file and bulletin number: it is kept once.
            fixes: Its rows, in the order of the source; ``Fix`` will do, its receipt is ignored.
            source: Who delivered.
            published: When the source said it.
            received: When we had it.

        Returns:
            The delivery's number; the old one when the same delivery came again.

        Raises:
            BadData: The key is known with other content (``store.other_content``), a time has no
                zone, a number is not finite, or a kind is unknown; names key, row and field.
        """
        with self._db.writing() as c:
            return deliveries.add(c, "fix", key, fixes, source, published, received)

    def add_observations(
        self,
        key: str,
        observations: Sequence[Reported],
        source: str,
        published: datetime,
        received: datetime,
    ) -> int:
        """Keep one delivery of observations, as ``add_fixes`` does.

        A value of None or NaN was reported as missing and stays missing. A revision is a new row
        in a later delivery.
        """
        with self._db.writing() as c:
            return deliveries.add(c, "observation", key, observations, source, published, received)

    def deliveries(self, prefix: str) -> tuple[Delivery, ...]:
        """Deliveries whose key begins like this, in the order they reached us."""
        with self._db.reading() as c:
            return deliveries.known(c, prefix)

    def observations(
        self, now: datetime, receipt: int | None = None, series: Sequence[str] = ()
    ) -> tuple[Observation, ...]:
        """Every report received by ``now``, revisions too, in the order they reached us.

        Args:
            now: No later delivery is read.
            receipt: No delivery beyond this number either; None for no such limit.
            series: Only these; empty for all.
        """
        with self._db.reading() as c:
            return deliveries.observations(c, now, receipt, series)

    # A run.

    def snapshot(
        self,
        now: datetime,
        *,
        law_day: date,
        places_day: date,
        receipt: int | None = None,
        scope: str = "",
        threats: Sequence[str] = (),
        events: Sequence[str] = (),
        places: Sequence[str] = (),
        series: Sequence[str] = (),
    ) -> Snapshot:
        """What was known at an instant, and nothing later.

        Deliveries received by ``now``; levels of runs with a clock up to ``now``; notices as they
        stood after every act up to ``now``.

        Args:
            now: The snapshot's clock.
            law_day: Day whose law judges.
            places_day: Day whose places are used.
            receipt: Read no delivery beyond this number; None for no such limit.
            scope: The run this snapshot is for. If that run was committed before, it sees again
                exactly what it saw the first time, not its own outcome.
            threats: Only these in levels and notices; empty for all.
            events: Only these in fixes, levels and notices; empty for all.
            places: Only these in levels and notices; empty for all.
            series: The series whose reports are read; empty reads none, for most threats are not
                counted and a nation's counts are many.
        """
        with self._db.reading() as c:
            return runs.snapshot(
                c,
                now,
                law_day=law_day,
                places_day=places_day,
                receipt=receipt,
                scope=scope,
                threats=threats,
                events=events,
                places=places,
                series=series,
            )

    def committed(self, scope: str, at: datetime) -> str | None:
        """Id of the verdict of this scope and instant; None when there is none yet."""
        with self._db.reading() as c:
            found = runs.find(c, scope, at)
            return None if found is None else str(found.verdict)

    def done(self, scope: str) -> Done:
        """How far the runs of a scope have come, and what they were made with."""
        with self._db.reading() as c:
            return runs.done(c, scope)

    def commit(self, verdict: Verdict, mine: Lease | None = None) -> bool:
        """Write all that a run concluded, or nothing.

        Args:
            verdict: Of the run.
            mine: The right to write alone, where there is one.

        Returns:
            False when the same verdict was committed before; nothing is written then.

        Raises:
            BadData: Another verdict was committed for this scope and instant
                (``store.other_verdict``); somebody approved or refused a draft that the verdict
                replaces, or its chain has moved on (``store.stale``: take a new snapshot); one id
                stands for two contents (``store.id_clash``).
            Unavailable: Somebody else has the lease (``store.lease_lost``).
        """
        with self._db.writing() as c:
            if mine is not None:
                held(c, mine)
            return runs.commit(c, verdict, self._clock())

    # People.

    def add_actor(
        self, role: str, name: str = "", address: str = "", actor_id: str | None = None
    ) -> str:
        """Register a person under a random id, the only thing the ledger ever holds of them.

        Args:
            role: What they are, e.g. ``duty_officer``.
            name: Kept apart and can be erased; "" for none.
            address: Likewise.
            actor_id: An id to use again, in a drill; None draws one.

        Raises:
            BadData: The id could be a name (``store.actor_id``): it must be 8 to 64 hex digits.
        """
        chosen = actor_id if actor_id is not None else str(uuid4())
        if not _RANDOM.fullmatch(chosen):
            raise BadData(Problem("store.actor_id", {}))
        with self._db.writing() as c:
            if c.execute(select(actor.c.id).where(actor.c.id == chosen)).first() is None:
                c.execute(insert(actor), {"id": chosen, "role": role})
            else:
                c.execute(update(actor).where(actor.c.id == chosen).values(role=role))
            if name or address:
                c.execute(delete(contact).where(contact.c.actor == chosen))
                c.execute(insert(contact), {"actor": chosen, "name": name, "address": address})
        return chosen

    def contact(self, actor_id: str) -> tuple[str, str] | None:
        """Name and address behind an id; None when there is none or it was erased."""
        with self._db.reading() as c:
            row = c.execute(select(contact).where(contact.c.actor == actor_id)).first()
            return None if row is None else (row.name, row.address)

    def erase_contact(self, actor_id: str) -> None:
        """Forget who is behind an id; what they did stays, under the id alone."""
        with self._db.writing() as c:
            c.execute(delete(contact).where(contact.c.actor == actor_id))

    # Drafts.

    def pending(self) -> tuple[Draft, ...]:
        """The newest draft of each chain where it still waits, by time, place and version."""
        with self._db.reading() as c:
            return notices.pending(c)

    def draft(self, draft_id: str) -> Draft:
        """One draft.

        Raises:
            NotFound: ``store.no_draft``.
        """
        with self._db.reading() as c:
            return notices.get(c, draft_id)

    def draft_state(self, draft_id: str) -> notices.State:
        """Where a draft has come to: who signed, what settled it, to whom it was passed on."""
        with self._db.reading() as c:
            return notices.states(c, [draft_id]).get(draft_id, notices.NONE)

    def chain_messages(self, chain_id: str) -> tuple[Message, ...]:
        """What a chain has said so far, oldest first."""
        with self._db.reading() as c:
            return notices.messages(c, chain_id)

    def sign(self, draft_id: str, actor: str, role: str, at: datetime) -> None:
        """Take responsibility for a draft's words; signing twice changes nothing.

        Raises:
            NotFound: ``store.no_draft``.
            BadData: It is not the newest of its chain (``store.not_newest``), was settled
                (``store.draft_approved`` ...), is younger than ``at``, or nobody is registered
                under this id (``store.no_actor``).
        """
        with self._db.writing() as c:
            notices.sign(c, draft_id, Person(actor, role, at), self._clock())

    def approve(
        self,
        draft_id: str,
        actor: str,
        role: str,
        at: datetime,
        build: Build,
        channels: Sequence[str],
        broke_glass: bool = False,
    ) -> Message:
        """Let a draft go out: approval, message, outbox and ledger, or nothing.

        Args:
            draft_id: What is approved.
            actor: Who approves; another person than the one who signed.
            role: In what role.
            at: When.
            build: Makes the message of the draft and the chain's earlier messages. Pure.
            channels: Where it goes; each gets it once, under one key.
            broke_glass: One authorised person alone, who signed it too; marked for the review.

        Returns:
            The message; the one that exists, if the same person approved this draft before.

        Raises:
            NotFound: ``store.no_draft``.
            BadData: As in ``sign``; or nobody signed (``store.not_signed``), the signer approves
                (``store.same_person``), no channel (``store.no_channel``), ``build`` made the
                message of another draft or reused an identifier.
        """
        with self._db.writing() as c:
            return notices.approve(
                c,
                draft_id,
                Person(actor, role, at),
                build,
                channels,
                broke_glass=broke_glass,
                recorded=self._clock(),
            )

    def refuse(self, draft_id: str, actor: str, role: str, at: datetime, note: str) -> None:
        """Turn a draft down: it waits no longer, and the next run may draft anew.

        The ledger holds the digest of the note, not its text. Raises as ``sign``.
        """
        with self._db.writing() as c:
            notices.refuse(c, draft_id, Person(actor, role, at), note, self._clock())

    def edit(
        self, draft_id: str, actor: str, role: str, at: datetime, texts: Sequence[Text]
    ) -> Draft:
        """Put a person's words in the place of a draft's: a new version, which they sign by it.

        Only the words change: what the notice says in numbers, its hour of passing on and its
        chain stay. The older version is superseded by the new one.

        Args:
            draft_id: What is edited.
            actor: Who edits, and answers for the new words.
            role: In what role.
            at: When.
            texts: One for each language of the draft; placeholders were filled by the caller.

        Returns:
            The new version; the one that exists, if the same person sent the same words before;
            the draft itself, signed, where nothing was changed.

        Raises:
            NotFound: ``store.no_draft``.
            BadData: As in ``sign``, with the difference to the newest version where this one is
                not it; or a language is missing (``store.edit_languages``), a text is empty
                (``store.edit_empty``), or a headline too long (``store.edit_headline``).
        """
        with self._db.writing() as c:
            return edits.edit(c, draft_id, Person(actor, role, at), texts, self._clock())

    def act(self, fresh: Draft, seen: str, actor: str, role: str, at: datetime) -> Draft:
        """Write the draft that a person's act on a notice made, signed by that person.

        Args:
            fresh: From ``app.acts.act``.
            seen: The chain's newest draft as the person saw it.
            actor: Who acts, and answers for the words.
            role: In what role.
            at: When.

        Returns:
            The draft; the one that exists, if the same person asked for the same before.

        Raises:
            NotFound: ``store.no_draft``.
            BadData: The chain has a newer draft (``store.not_newest``); nothing of it is in force
                (``store.nothing_in_force``); a draft waits, and this is no end of the notice
                (``store.draft_waits``); the newest draft is younger than ``at``; or nobody is
                registered under this id.
        """
        with self._db.writing() as c:
            return acts.add(c, fresh, seen, Person(actor, role, at), self._clock())

    def escalate(self, draft_id: str, at: datetime, to_role: str) -> None:
        """Pass a draft that nobody approved to the next role; it still waits.

        Raises as ``sign``; to the same role twice changes nothing.
        """
        with self._db.writing() as c:
            notices.escalate(c, draft_id, at, to_role, self._clock())

    # Delivery.

    def outbox_due(
        self, limit: int, pause: timedelta = timedelta(0)
    ) -> list[tuple[str, str, Message]]:
        """What no channel has taken yet, least tried first: (key, channel, message).

        Args:
            limit: At most so many.
            pause: After a failed try at least this long, then twice, four times ... up to 1 h.
        """
        with self._db.reading() as c:
            return delivery.due(c, limit, self._clock(), pause)

    def attempted(self, key: str, ok: bool, error: str = "") -> None:
        """Note that a channel took a message, or did not.

        Raises:
            NotFound: The outbox has no such key (``store.no_outbox``).
        """
        with self._db.writing() as c:
            delivery.attempted(c, key, self._clock(), ok=ok, error=error)

    def delivered(self, channel: str) -> tuple[Message, ...]:
        """Every message that a channel has taken, in the order sent."""
        with self._db.reading() as c:
            return delivery.delivered(c, channel)

    def attempts(self) -> tuple[Attempt, ...]:
        """Every try to deliver, in order."""
        with self._db.reading() as c:
            return delivery.attempts(c)

    # The ledger.

    def ledger(self, from_seq: int = 0) -> tuple[Entry, ...]:
        """The entries from a number on."""
        with self._db.reading() as c:
            return tuple(chain.entries(c, from_seq))

    def walls(self) -> Mapping[int, datetime]:
        """Wall clock at which each entry was written down, by its number."""
        with self._db.reading() as c:
            return chain.walls(c)

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest entry: what is published, so that nobody can rewrite it."""
        with self._db.reading() as c:
            return chain.head(c)

    def verify(self, anchor: str | None = None) -> tuple[Problem, ...]:
        """Everything that shows that the ledger, or a record it seals, was touched.

        Args:
            anchor: A hash that was published earlier. Only this finds a ledger that was rewritten
                whole, or cut at its end.
        """
        with self._db.reading() as c:
            return audit.verify(c, anchor)

    # For reports.

    def assessments(self, verdict: str | None = None) -> tuple[Assessment, ...]:
        """Assessments run by run, of one verdict or of all."""
        with self._db.reading() as c:
            number = None
            if verdict is not None:
                query = select(run.c.id).where(run.c.verdict == verdict)
                number = c.execute(query).scalar() or 0
            return tuple(runs.bodies(c, assessment, codec.decode_assessment, number))

    def decisions(self) -> tuple[Decision, ...]:
        """Every decision, run by run."""
        with self._db.reading() as c:
            return tuple(runs.bodies(c, decision, codec.decode_decision))

    def drafts(self) -> tuple[Draft, ...]:
        """Every draft, run by run."""
        with self._db.reading() as c:
            return tuple(runs.bodies(c, draft, codec.decode_draft))

    def messages(self) -> tuple[Message, ...]:
        """Every message, in the order sent."""
        with self._db.reading() as c:
            return notices.messages(c)

    def explain(self, id_prefix: str) -> list[Step]:
        """What led to something and what came of it, from the delivery to the last attempt.

        Args:
            id_prefix: Beginning of the id of a delivery, verdict, assessment, decision, draft,
                chain, message or outbox entry.

        Raises:
            NotFound: Nothing begins like this (``store.no_id``).
            BadData: More than one thing does (``store.ambiguous``); lists them.
        """
        with self._db.reading() as c:
            return trace.explain(c, id_prefix)
