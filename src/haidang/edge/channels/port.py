"""What every channel is given and what it answers; who is told what is decided elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from haidang.app.verdict import Message
from haidang.warn.message import Text

State = Literal["sent", "delivered", "failed", "refused"]


class Beside(NamedTuple):
    """Another notice that goes on for the recipient of a parcel.

    Attributes:
        message: As approved.
        text: Its words in the recipient's language.
    """

    message: Message
    text: Text


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message for one recipient over one channel.

    Attributes:
        key: Content id of (message, recipient, channel): the same with every repeat. A channel
            hands it on (``Idempotency-Key``, ``Message-ID``, the gateway's own reference), so that
            a receiver that keeps keys shows the message once.
        message: The approved notice with its CAP bytes, which are never changed on the way.
        text: Its words in the recipient's language.
        recipient: Salted id, "" for a channel that speaks to everybody (a feed, a folder).
        address: Where it goes: a URL, an address, a number, a topic; "" without a recipient. It
            is never written into the ledger, a log or an error.
        secret: What the recipient and we share, for a signature; "" without one.
        wakes: Whether it may wake people.
        earlier: What was approved of the same warning before, oldest first; () for a recipient.
            A channel that keeps something for everybody takes it back where it had put it.
        stands: Of a message that ends a notice or lowers it: others of the same danger that go on
            for this recipient, the weightiest first. A channel that a person reads says so right
            behind the headline, and leaves out anything else before that.
        more: How many more there are than stand in ``stands``.
    """

    key: str
    message: Message
    text: Text
    recipient: str = ""
    address: str = ""
    secret: str = ""
    wakes: bool = False
    earlier: tuple[Message, ...] = ()
    stands: tuple[Beside, ...] = ()
    more: int = 0


class Outcome(NamedTuple):
    """What came of one parcel.

    Attributes:
        key: Of the parcel.
        state: ``sent``: handed over, no word of its arrival; ``delivered``: the receiver has it;
            ``failed``: try again later; ``refused``: trying again will not help.
        why: Code of a problem (``channel.…``), "" where it went out. No address in it.
        receipt: What the other side calls it, so that a later report of delivery finds it.
    """

    key: str
    state: State
    why: str = ""
    receipt: str = ""


class Channel(Protocol):
    """One way out. Opened once for a job, closed after it; used by one thread at a time."""

    @property
    def name(self) -> str:
        """Its name in the outbox and in subscriptions."""
        ...

    @property
    def batch(self) -> int:
        """How many parcels it is handed at once: the most that a kill can make it repeat."""
        ...

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Hand over parcels, all within a bounded time.

        Args:
            parcels: At most `batch`.

        Returns:
            One outcome for every parcel, in any order. What goes wrong on the way is an outcome,
            never an exception: one bad address must not keep the others waiting.
        """
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


class Report(Protocol):
    """What the other side says afterwards of a parcel it had taken."""

    @property
    def receipt(self) -> str:
        """As in the outcome."""
        ...

    @property
    def state(self) -> State:
        """As of an outcome."""
        ...

    @property
    def why(self) -> str:
        """Code of a problem; "" where it was delivered."""
        ...


@runtime_checkable
class Hears(Protocol):
    """A channel that is told later what became of a parcel."""

    def reports(self) -> Sequence[Report]:
        """What it heard since the last time; at once, and each report only once."""
        ...
