"""The store's verbs of delivery: recipients, the queue, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from haidang.app.verdict import Message
from haidang.edge.store import fanout, parcels, recipients, sparing, tallies
from haidang.edge.store.database import Database
from haidang.edge.store.fanout import Waiting
from haidang.edge.store.parcels import Claimed, Policy, Reported, Settled
from haidang.edge.store.recipients import Contact, Imported, Known
from haidang.edge.store.sparing import Instead, People
from haidang.edge.store.tallies import Delivery, Handed, Try
from haidang.warn.one_message import Around
from haidang.warn.route import Routed, Subscription, Warned, Within

DEFAULT = Policy()
NOBODY = People()


class DeliveryVerbs:
    """Part of ``Store``; every method is one transaction unless it says otherwise."""

    _db: Database
    _clock: Callable[[], datetime]

    # Who wants to hear what.

    def add_contacts(self, contacts: Sequence[Contact]) -> Imported:
        """Keep addresses; a recipient gets a random id once, by which all else knows them.

        Args:
            contacts: One for each recipient and channel; what is known of it already is replaced.

        Returns:
            How many were new, changed, and known as they are.
        """
        with self._db.writing() as c:
            return recipients.add(c, contacts, self._clock())

    def addresses_taken(self, contacts: Sequence[Contact]) -> Mapping[tuple[str, str], str]:
        """Alias by (channel, address) of those addresses that somebody has already."""
        with self._db.reading() as c:
            return recipients.taken(c, contacts)

    def recipient_ids(self, aliases: Sequence[str]) -> Mapping[str, str]:
        """Id by alias, of those aliases that exist."""
        with self._db.reading() as c:
            return recipients.ids(c, aliases)

    def aliases(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Alias by id, of those who were not erased; for eyes that may see it."""
        with self._db.reading() as c:
            return recipients.aliases(c, ids)

    def contact_languages(self, ids: Sequence[str]) -> Mapping[tuple[str, str], str]:
        """Language by (recipient, channel), where there is an address."""
        with self._db.reading() as c:
            return recipients.languages(c, ids)

    def recipient(self, name: str) -> str:
        """The id behind an alias, an id, or the beginning of one.

        Raises:
            NotFound: Nobody, or more than one (``store.no_recipient``).
        """
        with self._db.reading() as c:
            return recipients.find(c, name)

    def recipients(self) -> tuple[Known, ...]:
        """All recipients, by alias; the erased ones last."""
        with self._db.reading() as c:
            return recipients.everybody(c, self._clock())

    def erase_recipient(self, name: str) -> str:
        """Forget who is behind an id: alias, addresses and secrets go, off the disk too.

        What was sent to them stays, under the id alone. What waits for them is not sent.

        Args:
            name: Alias, id, or the beginning of an id.

        Returns:
            The id.

        Raises:
            NotFound: As ``recipient``.
        """
        with self._db.writing() as c:
            chosen = recipients.erase(c, name, self._clock())
        self._db.scrub()
        return chosen

    def subscribe(
        self, wanted: Sequence[Subscription], keep: Collection[tuple[str, str]] = ()
    ) -> Imported:
        """Make what is wanted the whole of what its recipients get over the channels it names.

        Subscriptions are dated and never edited: what is no longer wanted ends now, what is new
        begins now, what is the same stays.

        Args:
            wanted: Subscriptions.
            keep: (recipient, channel) of which nothing is ended, for not all of what is wanted
                there could be read.

        Returns:
            How many began, ended, and stayed.
        """
        with self._db.writing() as c:
            return recipients.subscribe(c, wanted, self._clock(), keep)

    def subscriptions(
        self, at: datetime | None = None, ids: Sequence[str] | None = None
    ) -> tuple[Subscription, ...]:
        """Subscriptions in force at an instant of the wall clock, of some recipients or of all.

        Args:
            at: None is now.
            ids: Recipients; None for all.
        """
        with self._db.reading() as c:
            return recipients.subscriptions(c, at or self._clock(), ids)

    # From a message to deliveries.

    def unfanned(self, limit: int = 100) -> tuple[Waiting, ...]:
        """Accepted messages of which nobody was told yet, in the order of acceptance."""
        with self._db.reading() as c:
            return fanout.unfanned(c, limit)

    def waiting(self) -> tuple[str, ...]:
        """Identifiers of accepted messages of which nobody was told yet, in that order."""
        with self._db.reading() as c:
            return fanout.waiting(c)

    def earlier(self, one: Waiting) -> tuple[Message, ...]:
        """What was accepted of a chain before a message, in that order."""
        with self._db.reading() as c:
            return fanout.earlier(c, one)

    def notice(self, identifier: str) -> Waiting:
        """One accepted message as routing sees it.

        Raises:
            NotFound: ``store.no_message``.
        """
        with self._db.reading() as c:
            return fanout.notice(c, identifier)

    def fan_out(
        self,
        one: Waiting,
        within: Within,
        public: Sequence[str] = (),
        people: People = NOBODY,
    ) -> int:
        """Queue a message for everybody who is to be told of it. Several transactions.

        A fan-out that was cut off is done again with the same answer: keys are content ids, and
        subscriptions are read as of the instant of the first try. An expired message is queued
        for nobody.

        Args:
            one: From ``unfanned``.
            within: See ``warn.route``.
            public: Channels that speak to everybody.
            people: Who gets only one of several notices of one danger.

        Returns:
            How many deliveries were new.
        """
        now = self._clock()
        if one.expires <= now:
            with self._db.writing() as c:
                fanout.begin(c, one, now)
                fanout.finish(c, one, now)
            return 0
        with self._db.writing() as c:
            asof = fanout.begin(c, one, now)
        with self._db.reading() as c:
            found = fanout.routed(c, one, within, asof)
            waits = fanout.judged(c, one, found, people, asof, now)
        made = list(fanout.rows(one, found, public, now, waits))
        new = 0
        for first in range(0, len(made), fanout.ROWS):
            with self._db.writing() as c:
                new += fanout.write(c, made[first : first + fanout.ROWS], waits)
        with self._db.writing() as c:
            fanout.finish(c, one, self._clock(), waits)
        return new

    def routed(
        self,
        one: Waiting,
        within: Within,
        at: datetime | None = None,
        ids: Sequence[str] | None = None,
    ) -> tuple[Routed, ...]:
        """Who is told of an accepted message, and who is not and why. Sends nothing.

        Args:
            one: From ``notice``.
            within: See ``warn.route``.
            at: As of when; None as the message was fanned out, or now where it was not.
            ids: Only these recipients; None for all.
        """
        with self._db.reading() as c:
            return fanout.routed(c, one, within, at or one.asof or self._clock(), ids)

    def spared(
        self,
        notice: Warned,
        chain: str,
        expires: datetime,
        found: Sequence[Routed],
        people: People,
        at: datetime | None = None,
    ) -> Mapping[tuple[str, str], Instead]:
        """Who of those who are told need not get a notice, for another that stands says more.

        Args:
            notice: One that was accepted, or one that is only thought of.
            chain: Its chain; "" of one that is only thought of.
            expires: Its end, wall clock.
            found: Who is told.
            people: See ``fan_out``.
            at: Subscriptions in force then; None for now.

        Returns:
            For what they wait, by recipient and channel.
        """
        now = self._clock()
        with self._db.reading() as c:
            asof = at or now
            return sparing.judged(c, notice, chain, expires, found, people, asof, now).mine

    def beside(
        self, held: Sequence[tuple[Claimed, Waiting]], channel: str, around: Around
    ) -> Mapping[str, tuple[str, ...]]:
        """What goes on for those who are about to hear that a notice ends or falls.

        Likewise for what had waited: the notice for which it waited may have run out, or may never
        have come to them, while a third one stands.

        Args:
            held: Deliveries of one channel, each with its message.
            channel: Its name; one that a person reads.
            around: See ``warn.one_message``.

        Returns:
            By key, identifiers of the notices of the same danger that stand now and tell more of
            it, the weightiest first; only of those that there are for this recipient.
        """
        of: dict[str, list[Claimed]] = {}
        notices: dict[str, Waiting] = {}
        for one, notice in held:
            if notice.lessens or one.waited:
                of.setdefault(one.message, []).append(one)
                notices[one.message] = notice
        found: dict[str, tuple[str, ...]] = {}
        if not of:
            return found
        with self._db.reading() as c:
            now = self._clock()
            for name, those in of.items():
                mine, who = notices[name], {one.recipient for one in those}
                stands = sparing.beside(c, mine.notice, mine.chain, who, channel, around, now)
                found.update((o.key, stands[o.recipient]) for o in those if o.recipient in stands)
        return found

    def instead_of(self, key: str) -> str:
        """Identifier of the message for which a delivery waits or waited last; "" for none."""
        with self._db.reading() as c:
            return sparing.instead_of(c, key)

    # The queue.

    def claim(
        self, channel: str, limit: int, worker: str, policy: Policy = DEFAULT
    ) -> list[Claimed]:
        """Take what is due on a channel, each try marked as begun before it is sent.

        Args:
            channel: Name.
            limit: At most so many.
            worker: Who takes them; nobody else gets them until the lease has run out.
            policy: Its lease.

        Returns:
            Deliveries; none where nothing is due that nobody else holds.
        """
        while True:
            with self._db.writing() as c:
                now = self._clock()
                held, more = parcels.claim(c, channel, limit, now, worker, policy)
            if held or not more:
                return held

    def settle(
        self,
        held: Sequence[Claimed],
        results: Sequence[Settled],
        worker: str,
        policy: Policy = DEFAULT,
    ) -> None:
        """Write down what came of a batch; of what is not named, that it failed."""
        with self._db.writing() as c:
            parcels.settle(c, held, results, self._clock(), worker, policy)

    def reported(
        self,
        receipt: str,
        state: Reported,
        channel: str = "",
        why: str = "",
        policy: Policy = DEFAULT,
    ) -> bool:
        """What a receiver, or the network between, said of a delivery afterwards.

        It may come before we know the receipt it names: it is kept and applied then.

        Args:
            receipt: What the other side calls it (``Outcome.receipt``), or our own key.
            state: A report never takes back a surer one.
            channel: Its channel, where another may use the same receipts; "" for any.
            why: Code of a problem.
            policy: When a failure is tried again.

        Returns:
            Whether a delivery is known by this name.
        """
        with self._db.writing() as c:
            return parcels.reported(c, channel, receipt, state, why, self._clock(), policy)

    def heard(
        self,
        channel: str,
        reports: Sequence[tuple[str, Reported, str]],
        policy: Policy = DEFAULT,
    ) -> None:
        """What a channel heard of what it had sent: (receipt, state, why), in one transaction."""
        with self._db.writing() as c:
            now = self._clock()
            for receipt, state, why in reports:
                parcels.reported(c, channel, receipt, state, why, now, policy)

    def holders(self) -> tuple[str, ...]:
        """Names of the jobs that hold a batch, those that were killed too."""
        with self._db.reading() as c:
            return parcels.holders(c)

    def release(self, worker: str) -> int:
        """End the lease of a job that has surely ended: what it held is due at once.

        Returns:
            How many deliveries. They may have gone out; they go out again under the same keys.
        """
        with self._db.writing() as c:
            return parcels.release(c, worker, self._clock())

    def next_due(self, channel: str) -> datetime | None:
        """When the next delivery of a channel is due; None where nothing waits."""
        with self._db.reading() as c:
            return parcels.ahead(c, channel)

    # How far it has come.

    def delivery_counts(self, message: str = "") -> Mapping[tuple[str, str], int]:
        """Deliveries by (channel, state), of one message or of all."""
        with self._db.reading() as c:
            return tallies.counts(c, message)

    def message_counts(self, messages: Sequence[str]) -> Mapping[tuple[str, str], int]:
        """Deliveries by (message, state), of some messages."""
        with self._db.reading() as c:
            return tallies.by_message(c, messages)

    def deliveries_found(
        self,
        *,
        state: str = "",
        message: str = "",
        recipient: str | None = None,
        channel: str = "",
        limit: int = 1000,
    ) -> tuple[Delivery, ...]:
        """Deliveries that fit, the newest message first."""
        with self._db.reading() as c:
            return tallies.found(
                c, state=state, message=message, recipient=recipient, channel=channel, limit=limit
            )

    def delivery_tries(self, keys: Sequence[str]) -> tuple[Try, ...]:
        """Every try of some deliveries, in order."""
        with self._db.reading() as c:
            return tallies.tries(c, keys)

    def handed(self, message: str = "") -> tuple[Handed, ...]:
        """Accepted messages, or one of them, in the order of acceptance."""
        with self._db.reading() as c:
            return tallies.handed(c, message)

    def retry(self, keys: Sequence[str] = (), channel: str = "") -> int:
        """Put dead letters back in the queue, with as many tries as at first.

        Args:
            keys: Of deliveries; empty for all.
            channel: Only its; "" for all.

        Returns:
            How many. One that has expired or was superseded meanwhile is settled as overtaken.
        """
        with self._db.writing() as c:
            return tallies.retry(c, self._clock(), keys, channel)
