"""What every page of a desk is made of: all that was known at one instant, and nothing later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Decision, Draft, Message
from haidang.edge.store.glance import DraftAct, Glance
from haidang.edge.store.notices import State
from haidang.edge.store.tasks import TaskState
from haidang.respond.plan import Plan
from haidang.risk.assessment import Assessment


@dataclass(frozen=True, slots=True)
class StepAt:
    """One run of a desk, as a link of every page.

    Attributes:
        id: ``b`` and the local time of issue of the bulletin that came in, e.g.
            ``b20240906T1900``; ``t`` and the local time of the run where none did.
        number: 1, 2, 3 ...
        now: Clock of the run.
        issued: Time of issue of the newest bulletin that came in; None where none did.
        verdict: Id of what was concluded.
        newest: Whether it is the last one so far.
    """

    id: str
    number: int
    now: datetime
    issued: datetime | None
    verdict: str
    newest: bool


@dataclass(frozen=True, slots=True)
class View:
    """All that was known at an instant.

    Attributes:
        desk: Id of the desk.
        step: The run it shows.
        until: The instant: acts and messages up to it are in, nothing later. Of the newest run
            the desk's clock, else the run's own.
        snapshot: Tracks and stock as the run read them; levels and chains as they stand.
        decisions: Of the run, by place.
        assessments: Of the run, by id.
        plan: Of the run; None where it made none.
        drafts: Every draft so far, by id.
        states: Where each has come to, by id.
        acts: What was done to them, oldest first.
        messages: Sent so far, in the order sent.
        tasks: How far tasks have come; one that nobody touched is left out.
        undelivered: Approved messages that a channel has not taken yet.
    """

    desk: str
    step: StepAt
    until: datetime
    snapshot: Snapshot
    decisions: tuple[Decision, ...]
    assessments: Mapping[str, Assessment]
    plan: Plan | None
    drafts: Mapping[str, Draft]
    states: Mapping[str, State]
    acts: tuple[DraftAct, ...]
    messages: tuple[Message, ...]
    tasks: Mapping[str, TaskState]
    undelivered: int

    @property
    def pending(self) -> tuple[Draft, ...]:
        """Drafts that wait for a person, by time, place and version."""
        waiting = [d for d in self.drafts.values() if self.states[d.id].pending]
        return tuple(sorted(waiting, key=lambda d: (d.at, d.place, d.version, d.id)))

    @property
    def overtaken(self) -> tuple[Draft, ...]:
        """Drafts with a person's own words that a later run replaced or withdrew, newest first."""
        lost = [d for d in self.drafts.values() if self.states[d.id].overtaken]
        return tuple(sorted(lost, key=lambda d: (d.at, d.id), reverse=True))

    def chain(self, chain_id: str) -> tuple[Draft, ...]:
        """Every version of one notice, oldest first."""
        return tuple(d for d in self.drafts.values() if d.chain == chain_id)


def renew_at(glance: Glance, renew_h: float) -> tuple[datetime, ...]:
    """When notices that are out, and have no successor waiting, are to be renewed.

    Args:
        glance: What people and the system had done.
        renew_h: How long before its end a notice is renewed, h.
    """
    newest = {m.chain: m for m in glance.messages}
    waiting = {d.chain for d in glance.drafts.values() if glance.states[d.id].pending}
    span = timedelta(hours=renew_h)
    return tuple(
        m.expires - span for chain, m in newest.items() if m.level and chain not in waiting
    )
