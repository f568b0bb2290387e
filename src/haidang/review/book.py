"""The review of one event: everything that it found, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeAlias

from haidang.review.announced import Compared
from haidang.review.damage import Counted, HousesRow
from haidang.review.not_modelled import Share
from haidang.review.timeline import Line
from haidang.review.timeliness import Handling, LeadRow, OrderRow
from haidang.review.tolls import Toll
from haidang.review.verification import Contingency
from haidang.review.warned import Row
from haidang.review.winds import WindRow

Part: TypeAlias = Literal[
    "warned", "timeline", "leads", "handling", "orders", "announced", "verification", "winds",
    "houses", "tolls", "not_modelled",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Absent:
    """A part that is empty, and why.

    Attributes:
        part: Which.
        reason: Key into the words of ``review``, e.g. ``absent_no_facts``.
    """

    part: Part
    reason: str


@dataclass(frozen=True, slots=True)
class Review:
    """What a review found. An empty part stands in ``absent`` with its reason.

    Attributes:
        case: Id of the case.
        codes_on: Day of the codes of orders, damage and deaths; None without such facts.
        places_on: Day of every other code.
        names: Names by language of every place that a row names by a code of ``codes_on``.
        scripted: The people of the case are a script.
        landfall: First hour that the centre is over land by the track as found afterwards.
        last_bulletin: Time of issue of the last bulletin before landfall: what ``bulletin`` rows
            rest on.
        house_people, house_year, house_source: People to a house, and who counted.
        damage_on: Day of the damage figures.
        sources: By part, in words.
        warned: Each place and level, beside what came to it.
    """

    case: str
    places_on: date
    scripted: bool
    timeline: tuple[Line, ...]
    leads: tuple[LeadRow, ...]
    handling: tuple[Handling, ...]
    orders: tuple[OrderRow, ...]
    announced: tuple[Compared, ...]
    verification: tuple[Contingency, ...]
    winds: tuple[WindRow, ...]
    counted: tuple[Counted, ...]
    houses: tuple[HousesRow, ...]
    tolls: tuple[Toll, ...]
    not_modelled: tuple[Share, ...]
    absent: tuple[Absent, ...]
    names: Mapping[str, Mapping[str, str]]
    codes_on: date | None = None
    landfall: datetime | None = None
    last_bulletin: datetime | None = None
    house_people: float | None = None
    house_year: int | None = None
    house_source: str = ""
    damage_on: date | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    warned: tuple[Row, ...] = ()

    def why_absent(self, part: Part) -> str:
        """Key of the reason why a part is empty, "" where it is not."""
        return next((a.reason for a in self.absent if a.part == part), "")
