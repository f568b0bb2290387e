"""What the risk page shows: frozen, and already in words."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from haidang.web.pages.moment import Moment
from haidang.web.parts import Chip, Fact


@dataclass(frozen=True, slots=True)
class Score:
    """A score with its interval, in words and drawn."""

    value: str
    interval: str
    drawn: Markup


@dataclass(frozen=True, slots=True)
class Dimension:
    """One of the columns beside the index."""

    label: str
    score: Score


@dataclass(frozen=True, slots=True)
class Row:
    """One place of the ranking.

    Attributes:
        rank: "" without an index.
        ranks: Interval of the rank.
        current: Whether it is the one that is explained.
        people: Registered; "" where nobody counted.
    """

    rank: str
    ranks: str
    name: str
    href: str
    current: bool
    risk: Score
    dimensions: tuple[Dimension, ...]
    known: str
    people: str


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the tree of a place.

    Attributes:
        depth: 0 is the index.
        node: Whether it is made of others.
        adds: Points of the index that it adds against the median place; "" of a node.
        source: Who says it, and of when.
    """

    depth: int
    node: bool
    title: str
    score: Score
    known: bool
    value: str
    adds: str
    source: str
    doubt: str


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a form.

    Attributes:
        options: (value, label) of a choice; empty for a number.
        error: What is wrong with what was sent.
    """

    name: str
    label: str
    value: str
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    error: str = ""
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One thing that can be assumed.

    Attributes:
        id: Value of ``what``.
        error: What is wrong as a whole.
    """

    id: str
    title: str
    text: str
    inputs: tuple[Input, ...]
    current: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One area as it is and as it would be.

    Attributes:
        before: None for no level.
        before_note: What the law says where it gives no level: "" where it is below the article.
        people: Who stands in the way, before and after, in words.
    """

    name: str
    before: Chip | None
    after: Chip | None
    before_note: str
    after_note: str
    clause: str
    people: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would be, beside what is.

    Attributes:
        mark: That it is assumed, in capitals.
        facts: Levels and people, before and after.
        rest: Of how many areas nothing changes.
    """

    mark: str
    title: str
    text: str
    facts: tuple[Fact, ...]
    changes: tuple[Change, ...]
    more: tuple[Change, ...]
    rest: str


@dataclass(frozen=True, slots=True)
class Page:
    """The risk page.

    Attributes:
        title: The answer.
        none: Why there is no index; "" where there is one.
        map: As SVG; "" where nothing is drawn.
        shades: (class, label) of the legend.
        more: Link text to the whole ranking, "" where it is shown; more_href is its address.
        shown: Name of the place that is explained; "" for none.
        why: What makes it stand out, in a sentence.
        keep: Hidden fields of a form: (name, value).
        method: How the index is made, in a sentence each.
        unknown: Of what nobody knows anything: title and who would have it.
        no_what: Why nothing can be assumed; "" where something can.
    """

    title: str
    lead: str
    moment: Moment
    keep: tuple[tuple[str, str], ...]
    forms: tuple[Form, ...]
    no_what: str
    outcome: Outcome | None
    none: str = ""
    figures: tuple[Fact, ...] = ()
    map: Markup = field(default_factory=Markup)
    shades: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    more: str = ""
    more_href: str = ""
    csv: str = ""
    shown: str = ""
    why: str = ""
    parts: tuple[Part, ...] = ()
    places: tuple[tuple[str, str], ...] = ()
    place: str = ""
    method: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    uncounted: tuple[str, ...] = ()
