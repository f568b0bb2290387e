"""Everything a run may know. Same snapshot, same outcome, for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from haidang.data.observations import Observations
from haidang.data.tracks import Tracks
from haidang.law.raises import Raise
from haidang.respond.plan import Task, Unit
from haidang.warn.decide import Ended, Standing
from haidang.warn.lifecycle import Held, Said

NOTHING_COUNTED: Final = Observations()


@dataclass(frozen=True, slots=True)
class Chain:
    """One notice from its first word to its all-clear, as far as it has come.

    Attributes:
        id: Chain id.
        number: 1 for the first chain of this threat, event and place, 2 after an all-clear ...
        issued: What its newest message said; None before the first message.
        pending: What the draft waiting for approval says; None when none waits.
        pending_id: That draft's id, "" when none waits.
        drafted: When that draft was made; None when none waits.
        version: Drafts made so far.
        refused: Somebody turned its newest draft down.
        held: A person's ending that waits or is out; None where no person ended it.
    """

    id: str
    threat: str
    event: str
    place: str
    number: int
    issued: Said | None
    pending: Said | None
    pending_id: str
    drafted: datetime | None
    version: int
    refused: bool = False
    held: Held | None = None

    @property
    def closed(self) -> bool:
        """Whether its all-clear is out."""
        return self.issued is not None and self.issued.level == 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was known at an instant, and nothing later.

    Attributes:
        now: The only clock there is.
        receipt: Newest delivery that may be read.
        tracks: Fixes up to that delivery.
        standing: Own levels by threat, event and place, up to then.
        chains: Notices by threat, event and place, up to then; closed ones too.
        law_day: Day whose law judges.
        places_day: Day whose places are used.
        stock: Units of the newest inventory of each source, up to that delivery.
        stock_receipt: That delivery of stock; 0 where there was none.
        tasks: Of the newest plan before this run; they say since when each is asked for.
        observations: Reports of the series that were asked for, revisions too, up to that delivery.
        beside: Levels of threats and events that this run does not look at, where there is one:
            they stand all the same, and count where hazards are combined.
        ended: Levels that are over, of any threat and event.
        raises: Raises that people decided and nobody took back, as far as known by then.
    """

    now: datetime
    receipt: int
    tracks: Tracks
    standing: tuple[Standing, ...]
    chains: tuple[Chain, ...]
    law_day: date
    places_day: date
    stock: tuple[Unit, ...] = ()
    stock_receipt: int = 0
    tasks: tuple[Task, ...] = ()
    observations: Observations = NOTHING_COUNTED
    beside: tuple[Standing, ...] = ()
    ended: tuple[Ended, ...] = ()
    raises: tuple[Raise, ...] = ()
