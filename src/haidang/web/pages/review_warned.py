"""Were the warnings right? The first block of the review, for the page and for paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from haidang.review.warned import Row, Tally, tally
from haidang.web.pages.review_parts import Cell, Section, Writer

OFFICES: Final = ("sent", "drafted", "announced")
COLUMNS: Final = ("in_time", "late", "lapsed", "never", "for_nothing", "not_known", "ahead")


@dataclass(frozen=True, slots=True)
class Told:
    """One level, as one office spoke of it."""

    office: str
    domain: str
    level: int
    tally: Tally

    @property
    def counts(self) -> tuple[float, ...]:
        """In the order of `COLUMNS`, without the hours."""
        t = self.tally
        return t.hits, t.late, t.lapsed, t.missed, t.false_alarms, t.unknown

    @property
    def ahead(self) -> float | None:
        """Middle of the hours ahead; None without a hit whose onset is known to the hour."""
        return median(self.tally.leads) if self.tally.leads else None


def told(rows: Sequence[Row]) -> tuple[Told, ...]:
    """Every level of which something came or was said.

    What was drafted stands in only where nothing was sent: beside it, it would say nearly the same.
    """
    offices = [o for o in OFFICES if any(r.office == o for r in rows)]
    if "sent" in offices and "drafted" in offices:
        offices.remove("drafted")
    found = []
    for office in offices:
        for domain in ("land", "sea"):
            mine = [r for r in rows if (r.office, r.domain) == (office, domain)]
            for level in sorted({r.level for r in mine}):
                one = tally(r for r in mine if r.level == level)
                if one.hits + one.misses + one.false_alarms:
                    found.append(Told(office, domain, level, one))
    return tuple(found)


def warned(w: Writer) -> Section:
    """The block."""
    rows = []
    for one in told(w.book.warned):
        place, said = w(f"warned_{one.domain}"), w(f"warned_{one.office}")
        rows.append(
            (
                Cell(place, said, strong=True),
                w.level(one.level),
                *(Cell(w.say.number(n)) for n in one.counts),
                Cell(w.hours(one.ahead)),
            )
        )
    heads = [("warned", False), ("warned_level", False), *((f"warned_{c}", True) for c in COLUMNS)]
    section = w.section("warned", heads, rows)
    return replace(section, after=notes(w)) if rows else section


def notes(w: Writer) -> tuple[str, ...]:
    """What a reader must know of so few figures."""
    tracked = w.context.pack.threat.tracked
    return w("warned_one"), w("warned_by_track" if tracked else "warned_by_readings")
