"""Take a file of counts into a store: what was reported, with the time at which we had it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from haidang.base.errors import NotFound
from haidang.base.problem import Problem
from haidang.data.observations import vintages
from haidang.edge.feeds.readings import ReadingsFile, read_readings
from haidang.edge.feeds.reports import ReportFile, read_reports
from haidang.edge.store.store import Store
from haidang.pack.schema import Country, Pack
from haidang.watch.calendar import Step


@dataclass(frozen=True, slots=True)
class Observed:
    """What came of a file.

    Attributes:
        series: Where the reports are kept, ``threat/indicator``.
        kept: How many reports the file held, revisions of its own too.
        receipts: Numbers of the deliveries, one to each time of publication.
        problems: What could not be used; the rest was kept.
    """

    series: str
    kept: int
    receipts: tuple[int, ...]
    problems: tuple[Problem, ...]


FACT: Final = "fact."
"""Beginning of the name of a fact that people state: 1 it holds, 0 it does not."""


def find(country: Country, series: str) -> tuple[Pack, str, Step]:
    """The pack of a series, its unit and the length of its periods.

    Args:
        country: Whose packs.
        series: ``threat/indicator``, or ``threat/fact.<name>``.

    Raises:
        NotFound: No such series in this country; those that exist are named.
    """
    threat, _, name = series.partition("/")
    pack = country.packs.get(threat)
    if pack is not None and series in pack.series:
        if name.startswith(FACT):
            return pack, "1", "day"
        if pack.threat.read:
            return pack, pack.threat.readings.indicators[name].unit["en"], "day"
        spec = pack.threat.counts.indicators[name]
        return pack, spec.unit["en"], spec.period
    known = sorted(s for p in country.packs.values() for s in p.series)
    said = {"name": series, "known": ", ".join(known) or "-"}
    raise NotFound(Problem("observe.no_series", said, field="--series"))


def subjects(pack: Pack, country: Country) -> dict[str, frozenset[str]]:
    """Codes that a file may name, whatever the day: gauges, and places of the watched kinds."""
    kinds = {rule.kind for rule in pack.binding.areas}
    areas = frozenset(p.code for p in country.places.gazetteer if p.kind in kinds)
    return {"station": frozenset(s.code for s in pack.stations), "area": areas}


def observe(
    store: Store,
    file: Path,
    country: Country,
    series: str,
    received: datetime,
    published: datetime | None = None,
) -> Observed:
    """Keep the reports of a file; taking in the same file again changes nothing.

    Args:
        store: Where they go.
        file: See ``edge.feeds.reports``; of readings ``edge.feeds.readings``.
        country: Whose places and packs.
        series: ``threat/indicator``.
        received: When we had the file.
        published: When its source said it, where the file does not say; None is ``received``.

    Raises:
        NotFound: As ``find``.
        BadData: No row of the file can be used.
    """
    pack, unit, step = find(country, series)
    known = subjects(pack, country)
    read: ReportFile | ReadingsFile
    name = series.partition("/")[2]
    if pack.threat.read and not name.startswith(FACT):
        watch, said = pack.threat.readings, published or received
        read = read_readings(file, pack.id, watch, known, indicator=name, published=said)
    else:
        read = read_reports(file, series, unit, step, known["area"], country.zone)
    mark = sha256(file.read_bytes()).hexdigest()[:16]
    receipts = []
    for told, reports in vintages(read.reports):
        at = told or published or received
        newest = {(r.place, r.start): r for r in reports}
        receipts.append(
            store.add_observations(
                key=f"observe/{series}/{mark}/{at.isoformat()}",
                observations=tuple(newest.values()),
                source=file.name,
                published=at,
                received=received,
            )
        )
    return Observed(series, len(read.reports), tuple(receipts), read.problems)
