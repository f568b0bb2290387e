"""What one desk knew at one look: the only thing that the desk's pages are built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Decision, Draft
from haidang.edge.store.notices import State as DraftState
from haidang.jobs.replay import Step
from haidang.pack.case import Case
from haidang.risk.assessment import Assessment


@dataclass(frozen=True)
class View:
    """One look of a desk, the newest or one before; nothing later is in it.

    Attributes:
        id: The desk's name in addresses.
        now: The desk's clock; of an older look, the clock of that look.
        looks: Every look so far, oldest first: what the strip of bulletins shows.
        at: Which of them this is, an index; -1 before the first.
        decisions: Up to this look, in order.
        assessments: By id.
        snapshot: What this look could know.
        waiting: Drafts that wait for a person, with where each has come to; only of the newest
            look, else empty.
        issued: Level of the newest message of each chain, by chain.
        more: Whether another bulletin can be called in.
        live: Whether people enter the bulletins by hand.
    """

    id: str
    case: Case
    context: Context
    now: datetime
    looks: tuple[Step, ...]
    at: int
    decisions: tuple[Decision, ...]
    assessments: Mapping[str, Assessment]
    snapshot: Snapshot | None
    waiting: tuple[tuple[Draft, DraftState], ...]
    issued: Mapping[str, int]
    more: bool
    live: bool

    @property
    def step(self) -> Step | None:
        """This look."""
        return self.looks[self.at] if 0 <= self.at < len(self.looks) else None

    @property
    def newest(self) -> bool:
        """Whether there is no later look."""
        return self.at == len(self.looks) - 1

    def at_look(self, index: int) -> tuple[Decision, ...]:
        """What was decided at a look; none for one that is not there."""
        if not 0 <= index < len(self.looks):
            return ()
        return tuple(d for d in self.decisions if d.at == self.looks[index].now)

    def event_looks(self) -> tuple[int, ...]:
        """Indices of the looks up to this one at which a bulletin came in."""
        found = enumerate(self.looks[: self.at + 1])
        return tuple(i for i, s in found if s.issued is not None)


def step_id(step: Step, context: Context) -> str:
    """Name of a look in addresses: of its bulletin's hour, or of the clock."""
    at = context.local(step.issued or step.now)
    return f"{'t' if step.issued is None else 'b'}{at:%Y%m%dT%H%M}"
