"""The words that cross from response to the store and the pages: tasks, needs, grants, gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from haidang.risk.assessment import Interval

Echelon = Literal["commune", "province", "nation"]
"""Who holds a unit: what is held by communes and by the province stands on the spot there."""

Group = Literal["command", "forces", "means", "logistics"]
"""The four on the spot."""

Tier = Literal["on_the_spot", "neighbour", "farther", "nation"]
"""From how far help comes: it is asked for in this order."""

AT_ONCE: Final = timedelta(hours=1)
"""How long what is to be done at once may take before it counts as late."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One line of a stock: so many of one kind, held by one echelon at one place.

    Attributes:
        id: Its own name in the inventory.
        kind: Id of the resource kind.
        place: Code of the place that holds it; of a national depot, the place where it stands.
        echelon: Who may order it.
        quantity: How many there are, in the kind's unit.
        reserve: How many never leave the place.
        ready_min: Minutes from order to departure.
        lat, lon: Where it stands, degrees; None for the middle of the place.
        source: Whose count it is, and of when.
        demo: Invented for a drill; every page that shows it says so.
    """

    id: str
    kind: str
    place: str
    echelon: Echelon
    quantity: int
    reserve: int
    ready_min: float
    lat: float | None
    lon: float | None
    source: str
    demo: bool


@dataclass(frozen=True, slots=True)
class Need:
    """What one area needs of one kind of resource for one event.

    Attributes:
        id: Name that the content gives itself.
        kind: Id of the resource kind.
        value: Low, central, high in the kind's unit, whole numbers; None where the exposure is
            unknown, which is not zero.
        by: When it must be there; None where no time presses. A time that has passed means as
            soon as possible.
        priority: 0 is served first.
        rule: Id of the rule it was computed by.
        measure: Impact measure that the rule started from.
        assessment: Id of the assessment whose impact that was.
    """

    id: str
    threat: str
    event: str
    place: str
    kind: str
    value: Interval | None
    by: datetime | None
    priority: int
    rule: str
    measure: str
    assessment: str


@dataclass(frozen=True, slots=True)
class Grant:
    """So many of one unit go to one need.

    Attributes:
        id: Name that the content gives itself.
        need, unit: Ids.
        origin: Code of the place that the unit leaves.
        place: Code of the place that it serves.
        tier: From how far.
        depart, arrive: On the snapshot's clock; the same where it stands on the spot.
        km: By road, as estimated.
        standby: It is beyond the central need: kept ready or sent ahead for the high estimate.
    """

    id: str
    need: str
    unit: str
    kind: str
    origin: str
    place: str
    echelon: Echelon
    tier: Tier
    quantity: int
    depart: datetime
    arrive: datetime
    km: float
    standby: bool = False


@dataclass(frozen=True, slots=True)
class Unmet:
    """What nobody has, or nobody can bring in time.

    Attributes:
        quantity: How many are missing of the central need; in ``Plan.short`` of what lies between
            the central and the high one.
        reason: Key into the words of ``respond``: ``unmet_nobody``, ``unmet_too_late``,
            ``unmet_reserved``, ``unmet_closed``, ``unmet_stays`` (this kind does not travel),
            ``unmet_not_counted`` (no stock of anything was counted).
        nearest: Code of the nearest place that has a spare one, "" where none has.
        arrives: When that one could be there; None where there is none.
    """

    need: str
    kind: str
    place: str
    quantity: int
    reason: str
    nearest: str
    arrives: datetime | None


@dataclass(frozen=True, slots=True)
class Call:
    """The last hour at which help from outside can still leave for a need and be there in time.

    Attributes:
        need: Id of a need whose high estimate exceeds what is on the spot.
        kind: Of what.
        place: Code of the place that needs it.
        origin: Code of the place that it must leave: of all that the plan sends there from
            outside, what may leave last.
        quantity: How many leave there.
        leave_by: Departure, not order: whoever must first be gathered is called earlier.
    """

    need: str
    kind: str
    place: str
    origin: str
    quantity: int
    leave_by: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to be done, with its six clears.

    Attributes:
        id: Stable over runs of the same event: of threat, event, place and the task's own id.
        spec: Id of the task in the scenario.
        level: Level of the scenario that asks for it.
        person: Role that does it.
        work: What is done, by language, numbers filled in.
        due: By when; None where it starts only when something happens that is not expected now.
        due_rule: Key into the words of ``respond`` that says how ``due`` was found.
        due_params: What that text's placeholders stand for.
        responsibility: Role that answers for it.
        authority: Role that may order it.
        basis: Legal basis of the order, by language.
        product: What proves that it is done, by language.
        kinds: Resource kinds that it uses.
        decision: Id of the decision that it follows from.
        required: The framework asks for it: no lower level may drop it.
        asked: Since when it has been asked for.
        ended: When the level that asks for it ended, where the task outlasts it; else None.
    """

    id: str
    spec: str
    threat: str
    event: str
    place: str
    level: int
    person: str
    work: Mapping[str, str]
    due: datetime | None
    due_rule: str
    due_params: Mapping[str, str]
    responsibility: str
    authority: str
    basis: Mapping[str, str]
    product: Mapping[str, str]
    kinds: tuple[str, ...]
    decision: str
    required: bool
    asked: datetime
    ended: datetime | None = None

    @property
    def at_once(self) -> bool:
        """Whether its due time had passed when it was asked for: nobody could have met it."""
        return self.due is not None and self.due <= self.asked

    @property
    def late_from(self) -> datetime | None:
        """From when on it is late if it is not done; None where it has no due time.

        What is asked for at once has an hour: else every desk would open with late tasks.
        """
        return self.asked + AT_ONCE if self.at_once else self.due


@dataclass(frozen=True, slots=True)
class Exceeded:
    """One kind's need beside what an echelon has: a reason for or against a level.

    Attributes:
        need: Low, central, high; None where unknown.
        communes: Held by the communes of the place; None where nothing was counted.
        province: Held by the province itself; likewise.
        after: Missing after help from outside, of the central need.
    """

    kind: str
    need: Interval | None
    communes: int | None
    province: int | None
    after: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Which civil-defence level the figures speak for at a place; a person declares it.

    Attributes:
        level: 0 for none; None where stock or exposure is unknown and nothing else decides.
        possible: Level that the high estimate of the needs would give.
        reason: Key into the words of ``respond``, e.g. ``cd_beyond_communes``.
        grounds: Kind by kind.
        declares: Role that declares the level, "" for level 0 or None.
        basis: Legal basis, by language.
    """

    place: str
    level: int | None
    possible: int | None
    reason: str
    grounds: tuple[Exceeded, ...]
    declares: str
    basis: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """Response over the whole set of events and places, as one run concluded it.

    Attributes:
        id: Name that the content gives itself.
        tasks: By place and due time.
        needs: Every need, unknown ones too.
        grants: Who sends what to whom; on stand-by too, which is marked.
        unmet: What nobody has of the central need.
        suggestions: Civil-defence levels.
        stock_receipt: Newest delivery of stock that was read; 0 where there was none.
        demo: Whether any unit of it is invented for a drill.
        optimal: The solver reached an optimum for every kind, and potentials prove it.
        cost: Sum over the kinds of what the solver minimised.
        short: What nobody can set ready for the high estimate, beyond the central need. Apart from
            ``unmet``, so that nobody adds the two: people go without only where ``unmet`` says so.
        calls: By the hour at which it is too late.
    """

    id: str
    at: datetime
    tasks: tuple[Task, ...]
    needs: tuple[Need, ...]
    grants: tuple[Grant, ...]
    unmet: tuple[Unmet, ...]
    suggestions: tuple[Suggestion, ...]
    stock_receipt: int
    demo: bool
    optimal: bool
    cost: int
    short: tuple[Unmet, ...] = ()
    calls: tuple[Call, ...] = ()
