"""The form that takes in readings: a file, or rows that were pasted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from haidang.edge.feeds.readings import COLUMNS
from haidang.jobs.tonight import STATUSES
from haidang.pack.schema import Pack
from haidang.web.speak import Speaker

MOST_CODES: Final = 6
"""Codes of gauges that stand as examples."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was filled in.

    Attributes:
        text: Pasted rows with their header.
        wrong: What is wrong with it, in words.
    """

    threat: str = ""
    name: str = ""
    status: str = STATUSES[0]
    text: str = ""
    wrong: tuple[str, ...] = ()

    def but(self, *wrong: str) -> Given:
        """The same with more that is wrong."""
        return replace(self, wrong=(*self.wrong, *wrong))


@dataclass(frozen=True, slots=True)
class Takes:
    """What a threat takes: one row for each of its indicators.

    Attributes:
        rows: Id, title, unit or values, what a reading is of.
        codes: Some of its gauges, as they are written; "" where it has none.
    """

    title: str
    rows: tuple[tuple[str, str, str, str], ...]
    codes: str


@dataclass(frozen=True, slots=True)
class ReadingsEntry:
    """Everything on the page, in words."""

    title: str
    lead: str
    action: str
    fresh: bool
    threats: tuple[tuple[str, str], ...]
    statuses: tuple[tuple[str, str], ...]
    given: Given
    columns: str
    takes: tuple[Takes, ...]


def build(
    given: Given, action: str, packs: Mapping[str, Pack], say: Speaker, event: str = ""
) -> ReadingsEntry:
    """Put the page together.

    Args:
        given: What was filled in.
        action: Where the form goes.
        packs: Threats that can be entered.
        say: Words of the room ``entry_readings``.
        event: Title of the desk that takes further readings; "" for a new one.
    """
    fresh = not event
    ordered = sorted(packs.values(), key=lambda p: p.title(say.language))
    return ReadingsEntry(
        title=say("title_new") if fresh else say("title_more", event=event),
        lead=say("lead_new" if fresh else "lead_more"),
        action=action,
        fresh=fresh,
        threats=tuple((p.id, p.title(say.language)) for p in ordered),
        statuses=tuple((s, say(f"entry.status_{s.lower()}")) for s in STATUSES),
        given=given,
        columns=",".join(COLUMNS),
        takes=tuple(_takes(p, say) for p in ordered),
    )


def _takes(pack: Pack, say: Speaker) -> Takes:
    rows = tuple(
        (
            name,
            say.of(spec.title),
            " | ".join(spec.values) or say.of(spec.unit),
            say(f"at_{spec.at}"),
        )
        for name, spec in pack.threat.readings.indicators.items()
    )
    some = ", ".join(s.code for s in pack.stations[:MOST_CODES])
    more = len(pack.stations) - MOST_CODES
    codes = say("codes_more", codes=some, n=more) if more > 0 else some
    return Takes(pack.title(say.language), rows, codes)
