"""What the watch page shows, in words: its contexts, and what an address may ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from haidang.web.pages.moment import Moment
from haidang.web.pages.watch_series import Line, Reason
from haidang.web.parts import Tag

ORDERS: Final = ("rank", "place", "value", "score", "running")
"""How the list may be sorted; each is a heading."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the strip: what it is, in a shape of its own where it is a state."""

    label: str
    tag: Tag | None
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the ranked list, in words."""

    number: str
    name: str
    indicator: str
    href: str
    period: str
    value: str
    expected: str
    upper: str
    score: str
    q: str
    running: str
    complete: str
    event: str
    standing: Tag
    spark: Markup
    current: bool
    silent: str


@dataclass(frozen=True, slots=True)
class Head:
    """A heading of the list that sorts it."""

    id: str
    label: str
    href: str
    sorted: str
    number: bool


@dataclass(frozen=True, slots=True)
class Quieted:
    """Places of which the same is not known.

    Attributes:
        names: Of the places, with links.
        folded: Whether they are too many to stand open.
    """

    title: str
    since: str
    count: str
    names: tuple[tuple[str, str], ...]
    folded: bool


@dataclass(frozen=True, slots=True)
class Option:
    """A value that can be chosen."""

    id: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """The series that is shown."""

    title: str
    unit: str
    definition: str
    state: Tag
    chart: Markup
    phone: Markup
    nowcast: bool
    late: bool
    gaps: bool
    lines: tuple[Line, ...]
    answer: str
    means: str
    reasons: tuple[Reason, ...]
    csv: str
    empty: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page, in words."""

    title: str
    lead: str
    moment: Moment
    figures: tuple[Figure, ...]
    heads: Mapping[str, Head]
    rows: tuple[Listed, ...]
    rows_note: str
    more: str
    more_href: str
    blind: tuple[Quieted, ...]
    filling: tuple[Quieted, ...]
    never: tuple[str, ...]
    shown: Shown
    map: Markup
    shades: tuple[tuple[str, str], ...]
    indicators: tuple[Option, ...]
    places: tuple[Option, ...]
    keep: tuple[tuple[str, str], ...]
    csv: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; "" is what the page chooses.

    Attributes:
        at: Id of a run.
        place, indicator: Of the series.
        order: Of the list, one of ``ORDERS``.
        whole: Whether all of the list is shown.
    """

    at: str = ""
    place: str = ""
    indicator: str = ""
    order: str = ""
    whole: bool = False


NOTHING_ASKED: Final = Asked()
