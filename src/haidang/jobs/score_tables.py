"""The scores of warnings as tables: one line for a threat, domain, office and level."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Final

from haidang.jobs.score import ANNOUNCED, DRAFTED, LAND, SEA, SENT, Scored, odds, tiers
from haidang.pack.case import Case
from haidang.pack.load import Roots, load_country
from haidang.review.answers import Events, events
from haidang.review.tiers import by_event, firm, matrix, values
from haidang.review.warned import Range, Row, Tally, tally
from haidang.risk.spec import FlashFlood, RainSums, RiverStage

OFFICES: Final = (SENT, DRAFTED, ANNOUNCED)
SEED: Final = 42
"""Of the bootstrap."""
RATIOS: Final = (0.05, 0.1, 0.2, 0.5)
"""Ratios of cost to loss whose economic value is written down."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one office made of one level of one threat.

    Attributes:
        events: Each event once.
        tally: Its places.
        range: 95 % interval of the share of places that were warned in time, over events; None
            with fewer than three.
        people: Share of the registered people under the level who were warned in time; None where
            nobody is counted.
    """

    hazard: str
    domain: str
    office: str
    level: int
    events: Events
    tally: Tally
    range: Range | None
    people: float | None

    @property
    def lead(self) -> tuple[float, float, float] | None:
        """Least, middle and most hours ahead of the hits."""
        leads = self.tally.leads
        return (leads[0], median(leads), leads[-1]) if leads else None


@dataclass(frozen=True, slots=True)
class Tier:
    """A score over all levels.

    Attributes:
        score: ``firm`` or ``risk_matrix``.
        n: Places and events that it is the mean of.
        value: 0 is perfect; None where there is nothing to score.
    """

    hazard: str
    domain: str
    office: str
    score: str
    n: int
    value: float | None


def comes_to_count(case: Case, roots: Roots) -> bool:
    """Whether a case is of a storm, a flood or rain and holds what came."""
    country = load_country(roots.country(case.country), roots.threats)
    threat = country.packs[case.spec.threat].threat
    if threat.tracked:
        return case.truth() is not None
    return isinstance(threat.risk, RiverStage | RainSums | FlashFlood)


def lines(scored: Sequence[Scored], office: str | None = None) -> tuple[Line, ...]:
    """Every line about which there is anything to say.

    Args:
        scored: Cases.
        office: Only this one; None for all.
    """
    out = []
    for hazard in dict.fromkeys(s.hazard for s in scored):
        mine = [r for s in scored if s.hazard == hazard for r in s.rows]
        for domain in (LAND, SEA):
            for who in OFFICES:
                own = [r for r in mine if (r.domain, r.office) == (domain, who)]
                if own and office in (None, who):
                    out += [
                        _line(hazard, domain, who, level, [r for r in own if r.level == level])
                        for level in sorted({r.level for r in own})
                    ]
    return tuple(x for x in out if x.tally.hits + x.tally.misses + x.tally.false_alarms)


def _line(hazard: str, domain: str, office: str, level: int, rows: Sequence[Row]) -> Line:
    return Line(
        hazard,
        domain,
        office,
        level,
        events(rows),
        tally(rows),
        by_event(rows, lambda t: t.pod, SEED),
        tally(rows, weighted=True).pod,
    )


def tier_lines(scored: Sequence[Scored], office: str | None = None) -> tuple[Tier, ...]:
    """FIRM of each threat, domain and office; the risk matrix score where there are chances."""
    out = []
    for hazard in dict.fromkeys(s.hazard for s in scored):
        mine = [s for s in scored if s.hazard == hazard]
        levels = mine[0].levels
        for domain in (LAND, SEA):
            for who in OFFICES:
                warned, reached = tiers(mine, who, domain)
                if warned and office in (None, who):
                    worth = firm(warned, reached, levels)
                    out.append(Tier(hazard, domain, who, "firm", len(warned), worth))
        chances, reached = odds(mine)
        if reached:
            # The law's first levels may be out of reach of this threat: its three are what it has.
            found = matrix(chances, reached, levels)
            out.append(Tier(hazard, LAND, "", "risk_matrix", len(reached), found))
    return tuple(out)


def tally_row(line: Line) -> dict[str, object]:
    """One line of ``tallies.csv``."""
    made, of = line.tally, line.events
    exact = of.pod_range
    worth = values(made, RATIOS)
    row: dict[str, object] = {
        "hazard": line.hazard, "domain": line.domain, "office": line.office, "level": line.level,
        "events": made.events, "events_came": of.came, "events_hit": of.hit,
        "events_partly": of.partly, "events_missed": of.miss,
        "events_false_alarm": of.false_alarm,
        "events_pod_low": exact and exact.low, "events_pod_high": exact and exact.high,
    }  # fmt: skip
    row |= {
        "hits": made.hits, "late": made.late, "lapsed": made.lapsed, "missed": made.missed,
        "near_misses": made.near_misses, "false_alarms": made.false_alarms,
        "near_false": made.near_false, "quiet": made.quiet, "unknown": made.unknown,
        "pod": made.pod, "pod_low": line.range and line.range.low,
        "pod_high": line.range and line.range.high, "far": made.far, "csi": made.csi,
        "bias": made.bias, "pod_people": line.people,
    }  # fmt: skip
    least, middle, most = line.lead or (None, None, None)
    row |= {"lead_least_h": least, "lead_median_h": middle, "lead_most_h": most}
    row["needless_h"] = made.needless_h
    row |= {f"value_at_{r}": v for r, v in zip(RATIOS, worth, strict=True)}
    return row


def write(scored: Sequence[Scored], folder: Path, office: str | None = None) -> tuple[Path, ...]:
    """Write ``rows.csv``, ``tallies.csv`` and ``tiers.csv``.

    Args:
        scored: Cases.
        folder: Made if it is not there.
        office: Only this one; None for all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {f.name: getattr(r, f.name) for f in fields(Row)}
        for s in scored
        for r in s.rows
        if office in (None, r.office)
    ]
    tables = {
        "rows.csv": rows,
        "tallies.csv": [tally_row(x) for x in lines(scored, office)],
        "tiers.csv": [asdict(x) for x in tier_lines(scored, office)],
    }
    return tuple(_write(folder / name, table) for name, table in tables.items())


def _write(path: Path, rows: Iterable[dict[str, object]]) -> Path:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        if rows:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path
