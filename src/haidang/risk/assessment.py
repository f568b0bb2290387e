"""The word that crosses from judging to the law and to warning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from haidang.watch.signal import Signal, State


class Interval(NamedTuple):
    """Low, central and high estimate; never a bare number."""

    low: float
    central: float
    high: float


class When(NamedTuple):
    """An early, central and late time; None where that member of the ensemble never gets there."""

    early: datetime | None
    central: datetime | None
    late: datetime | None


@dataclass(frozen=True, slots=True)
class Onset:
    """When an intensity is first and last reached anywhere in the area.

    Attributes:
        threshold: In the scale that the pack names, e.g. wind force 8.
        probability: Share of the ensemble that reaches it, 0..1.
        onset: First time; early is the 10 % member, central the median over all members.
        end: Last time, over the members that reach it.
    """

    threshold: int
    probability: float
    onset: When
    end: When


@dataclass(frozen=True, slots=True)
class Impact:
    """What stands in the way.

    Attributes:
        measure: E.g. ``people.force_8`` (people under wind force 8 and more) or ``loss_ratio``.
        unit: ``people``, ``1`` ...
        value: None means the exposure is unknown, which is not zero.
    """

    measure: str
    unit: str
    value: Interval | None


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the law says of one area, and by which words.

    Attributes:
        level: The legal level, 0 below the article; None where the text does not define it.
        status: ``defined``, ``below``, ``not defined by the text``, ``no data`` ...
        clause: The clause that decided, "" where none did.
        article: Article number.
        decision: The legal act.
        table: Id of the decision table.
        inputs: What was looked up, in words.
        note: Why this row, where more than one could speak (a province of several regions).
    """

    level: int | None
    status: str
    clause: str
    article: str
    decision: str
    table: str
    inputs: str
    note: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one area may suffer from one event, as known at one instant.

    Attributes:
        id: Name that the content gives itself.
        threat: Pack id.
        event: Event id.
        place: Area code.
        at: The snapshot's clock.
        until: End of the time looked at.
        state: NO_DATA if no signal could be read; RAISED if any is raised.
        intensity: Area's maximum over the window, m/s (10-minute wind); None without data. Low and
            high are the pack's interval; central is the quantile that decides the level.
        grounds: The law's answer to the stated quantile of the ensemble.
        p_level: (level, share of members at or above it), for each level of the scale.
        onsets: By threshold.
        impacts: By measure.
        signals: What it was judged from.
        receipt: Newest delivery read.
        method: Models and fills used, in words.
    """

    id: str
    threat: str
    event: str
    place: str
    at: datetime
    until: datetime
    state: State
    intensity: Interval | None
    grounds: Grounds
    p_level: tuple[tuple[int, float], ...]
    onsets: tuple[Onset, ...]
    impacts: tuple[Impact, ...]
    signals: tuple[Signal, ...]
    receipt: int
    method: str
