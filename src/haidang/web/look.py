"""One look at a desk: all that the pages of the situation are built from, and nothing later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Decision, Draft
from haidang.data.tracks import Fix
from haidang.edge.store.notices import State as DraftState
from haidang.pack.case import Case
from haidang.risk.assessment import Assessment


@dataclass(frozen=True, slots=True)
class Seen:
    """One run of a desk.

    Attributes:
        id: Its name in addresses.
        now: Its clock.
        issued: Time of issue of the bulletin that came in; None for a look at the clock.
        fixes: What came in.
    """

    id: str
    now: datetime
    issued: datetime | None
    fixes: tuple[Fix, ...]


@dataclass(frozen=True)
class Look:
    """One run of a desk, the newest or one before; nothing later is in it.

    Attributes:
        id: The desk's name in addresses.
        title: What the event is called, by language.
        now: The desk's clock; of an older run, that run's own.
        looks: Every run so far, oldest first: what the strip of bulletins shows.
        at: Which of them this is, an index.
        decisions: Up to this run, in order.
        assessments: Of this run and of the one with the bulletin before, by id.
        snapshot: What this run could know.
        waiting: Drafts that wait for a person, with where each has come to; only of the newest
            run, else empty.
        issued: Level of the newest message of each chain, by chain.
        more: Whether another bulletin can be called in.
        live: Whether people enter the bulletins by hand.
    """

    id: str
    title: Mapping[str, str]
    case: Case
    context: Context
    now: datetime
    looks: tuple[Seen, ...]
    at: int
    decisions: tuple[Decision, ...]
    assessments: Mapping[str, Assessment]
    snapshot: Snapshot | None
    waiting: tuple[tuple[Draft, DraftState], ...]
    issued: Mapping[str, int]
    more: bool
    live: bool

    @property
    def this(self) -> Seen:
        """This run."""
        return self.looks[self.at]

    @property
    def newest(self) -> bool:
        """Whether there is no later run."""
        return self.at == len(self.looks) - 1

    @property
    def decided(self) -> tuple[Decision, ...]:
        """What this run decided."""
        return tuple(d for d in self.decisions if d.at == self.this.now)

    @property
    def before(self) -> Seen | None:
        """The run with the bulletin before; None where this one has the first."""
        return bulletin_before(self.looks, self.at)


def bulletin_before(looks: tuple[Seen, ...], at: int) -> Seen | None:
    """The last run before this one at which a bulletin came in."""
    return next((s for s in reversed(looks[:at]) if s.issued is not None), None)
