"""What is known afterwards of a past event: orders, station winds, tolls, damage, deaths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

Act: TypeAlias = Literal["in_harbour", "counted", "evacuated"]
"""What was ordered or reported: vessels kept in port, vessels counted and told, people moved."""

Cause: TypeAlias = Literal[
    "direct", "landslide_flash_flood", "swept_away", "bridge", "other", "not_stated"
]
"""What people died of, as the report groups it."""

MODELLED: Final[frozenset[str]] = frozenset({"direct"})
"""Causes that a wind model says anything about: deaths in the storm itself, by wind or sea."""


@dataclass(frozen=True, slots=True)
class Order:
    """Something that was really ordered or reported.

    Attributes:
        place: Code on the facts' own day; the nation's code for the whole country.
        kind: Kind of place of that code.
        act: What it was, for a machine.
        text: The same in the source's words.
        at: When it took effect; None where only the day is known.
        day: The day, which is always known.
        source: Who said it.
    """

    place: str
    kind: Literal["province", "nation"]
    act: Act
    text: str
    at: datetime | None
    day: date
    source: str


@dataclass(frozen=True, slots=True)
class StationWind:
    """The strongest sustained wind that a station reported.

    Attributes:
        station: Its name.
        lat, lon: Degrees.
        exposure: How the wind reaches it, a row of ``base.wind.GUST_FACTOR_600``.
        ground: What stands in the list of stations, e.g. ``valley``.
        position: How exact the position is, in words.
        force: Beaufort force of the sustained wind.
        gust: Force of the gusts; shown, compared with nothing: no gust is modelled.
        averaging_s: Period of the sustained wind, s.
        source: Who said it.
    """

    station: str
    lat: float
    lon: float
    exposure: str
    ground: str
    position: str
    force: int
    gust: int | None
    averaging_s: int
    source: str


@dataclass(frozen=True, slots=True)
class Report:
    """One situation report. A figure that it does not give is None, never zero.

    Attributes:
        as_of: Its hour in its own words.
        at: The same as an instant; None where only a day or a month is known.
        total: Dead and missing together, as the report states it.
        injured: People.
        houses: Houses damaged.
        note: What a reader must know.
    """

    as_of: str
    at: datetime | None
    dead: int | None
    missing: int | None
    total: int | None
    injured: int | None
    houses: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Damage:
    """Houses damaged in one place, or in the whole country.

    Attributes:
        place: Code on the facts' own day.
        kind: Kind of place of that code.
        houses: Damaged by whatever cause, however lightly.
    """

    place: str
    kind: Literal["province", "nation"]
    houses: int


@dataclass(frozen=True, slots=True)
class Deaths:
    """People dead and missing in one place by one cause.

    Attributes:
        place: Code on the facts' own day.
        as_of: Hour of the report.
        note: What a reader must know.
    """

    place: str
    dead: int
    missing: int
    cause: Cause
    as_of: datetime
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class NotModelled:
    """One danger that came with the event and that nothing here computes.

    Attributes:
        id: E.g. ``landslide``.
        name: By language.
        text: What it did and what that means for the figures, by language.
        causes: Causes of death that count as its work; empty where no death is set down to it.
        source: Who said it.
    """

    id: str
    name: Mapping[str, str]
    text: Mapping[str, str]
    causes: tuple[Cause, ...]
    source: str


@dataclass(frozen=True, slots=True)
class HouseSize:
    """People to a house, to turn people into houses.

    Attributes:
        people: Persons a household.
        year: Of the count.
        source: Who counted.
    """

    people: float
    year: int
    source: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known afterwards of one event.

    Attributes:
        day: Day whose codes the facts use.
        tasks: Ids of the scenario's tasks that ask for vessels in harbour.
        damage_on: Day of the damage figures; None without any.
        house: People to a house; None without damage figures.
        sources: By part, in words.
    """

    day: date
    orders: tuple[Order, ...] = ()
    tasks: tuple[str, ...] = ()
    winds: tuple[StationWind, ...] = ()
    reports: tuple[Report, ...] = ()
    damage: tuple[Damage, ...] = ()
    damage_on: date | None = None
    house: HouseSize | None = None
    deaths: tuple[Deaths, ...] = ()
    not_modelled: tuple[NotModelled, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
