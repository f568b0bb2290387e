"""A reading in words: the same for a notice, a page, a report and a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from haidang.law.evaluate import describe
from haidang.law.interval import number
from haidang.law.table import Table
from haidang.risk.assessment import Assessment, Grounds
from haidang.risk.hazards.river_stage import HISTORIC_UNKNOWN
from haidang.risk.readings import Station
from haidang.warn.message import unknown
from haidang.watch.spec import Reading
from haidang.words import catalogue, word

DAY_H: Final = 24
"""From this period on a reading is of a day and not of an hour."""

NOT_KNOWN: Final = "None"
"""How grounds write an input that nobody knew."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What the grounds of an assessment say was looked up.

    Attributes:
        subject: The gauge, the area or the event; "" where nothing was asked.
        indicator: Whose reading led; "" where there was none.
        value: That reading; None where there was none.
        start: When it begins to hold.
        known: ``measured`` or ``forecast``, "" where there was no reading.
        given: What was put into the table, by input, as it is written there.
    """

    subject: str = ""
    indicator: str = ""
    value: float | None = None
    start: datetime | None = None
    known: str = ""
    given: Mapping[str, str] = field(default_factory=dict)


def looked_up(inputs: str) -> LookedUp:
    """Take apart what `haidang.app.assess_readings.said_inputs` wrote.

    >>> found = looked_up("at=a; stage=3.2; start=2030-06-01T18:00-02:00; known=measured; alarm=x")
    >>> found.subject, found.indicator, found.value, found.known, dict(found.given)
    ('a', 'stage', 3.2, 'measured', {'alarm': 'x'})
    """
    parts = [p.partition("=") for p in inputs.split("; ") if "=" in p]
    pairs = [(name, value) for name, _, value in parts]
    if not pairs or pairs[0][0] != "at":
        return LookedUp()
    subject, rest = pairs[0][1], pairs[1:]
    # An input may have the name of an indicator: the reading is told by its place in the row.
    if len(rest) > 2 and (rest[1][0], rest[2][0]) == ("start", "known"):  # noqa: PLR2004
        (indicator, value), (_, start), (_, known) = rest[:3]
        return LookedUp(
            subject, indicator, float(value), datetime.fromisoformat(start), known, dict(rest[3:])
        )
    return LookedUp(subject, given=dict(rest))


def asked(table: Table, given: Mapping[str, str], language: str) -> str:
    """What was put into a table, in its own words; "" where nothing was."""
    told = []
    for of in table.inputs:
        if of.id not in given:
            continue
        text = given[of.id]
        if not text:
            told.append(word("read.none_of", language, name=of.names.say(language)))
        elif text == NOT_KNOWN:
            told.append(describe(of, None, language))
        else:
            told.append(describe(of, text if of.values else float(text), language))
    return "; ".join(told)


def reading(spec: Reading, tables: Iterable[Table], value: float, language: str) -> str:
    """A value with its unit; of a category what the law calls it."""
    if spec.values:
        return category(spec.values, tables, value, language)
    unit = spec.unit.get(language, spec.unit["en"])
    return f"{number(value, language)} {unit}".strip()


def category(values: Sequence[str], tables: Iterable[Table], value: float, language: str) -> str:
    """What the law calls a category; "not known" where no table that is asked knows it."""
    name = values[int(value) - 1] if 1 <= value <= len(values) else ""
    for table in tables:
        for of in table.inputs:
            if name in of.values:
                return of.values[name].say(language)
    return unknown(language)


def grade(found: Assessment, language: str) -> str:
    """The intensity of shaking, low to high, on its scale; "" where there is none.

    An assessment of any other hazard must not be asked: its intensity is another quantity.
    """
    if found.intensity is None:
        return ""
    low, central, high = (number(round(v, 1), language) for v in found.intensity)
    return word("read.grade", language, low=low, central=central, high=high)


def where(stations: Iterable[Station], subject: str, area: str, language: str) -> str:
    """The gauge and its river; the area where the subject is none.

    Args:
        stations: Those of the pack.
        subject: Of a reading.
        area: Name of the area in this language.
        language: Of the words.
    """
    station = next((s for s in stations if s.code == subject), None)
    if station is None:
        return area
    if not station.river:
        return station.name(language)
    return word("format.station_on", language, station=station.name(language), river=station.river)


def when(local: datetime, spec: Reading, language: str) -> str:
    """The time of a reading on the country's clock; of a day or more its day."""
    key = "format.at_day" if spec.period_h >= DAY_H else "format.at_hour"
    return word(key, language, time=f"{local:%H:%M}", day=f"{local:%d/%m/%Y}")


def beside(
    grounds: Grounds, stations: Sequence[Station], area: str, language: str
) -> tuple[str, ...]:
    """What is not known beside an answer, or holds only with a word of caution: a sentence each.

    Args:
        grounds: Of one area; its note holds keys.
        stations: Those of the pack.
        area: Name of the area in this language.
        language: Of the words.
    """
    out = []
    if gone := silent(grounds):
        names = ", ".join(where(stations, s, area, language) for s in gone)
        out.append(word("read.note_silent", language, names=names))
    return (*out, *cautions(grounds, stations, area, language))


def silent(grounds: Grounds) -> tuple[str, ...]:
    """Codes of the gauges and areas that were heard before and are no more."""
    keys = grounds.note.split("|")
    return tuple(k.partition(":")[2] for k in keys if k.startswith("silent:"))


def cautions(
    grounds: Grounds, stations: Sequence[Station], area: str, language: str
) -> tuple[str, ...]:
    """What must be added to an answer, apart from silence: a sentence each."""
    out = []
    keys = [k for k in dict.fromkeys(grounds.note.split("|")) if k]
    if gaps := [k.partition(":")[2] for k in keys if k.startswith("gap:")]:
        names = ", ".join(where(stations, s, area, language) for s in gaps)
        out.append(word("read.note_gap", language, names=names))
    if odd := [k.partition(":")[2] for k in keys if k.startswith("outside:")]:
        names = ", ".join(where(stations, s, area, language) for s in odd)
        out.append(word("read.note_outside", language, names=names))
    for key in keys:
        if key.startswith(("silent:", "gap:", "outside:")):
            continue
        if key == HISTORIC_UNKNOWN and _below_alarms(grounds, stations):
            continue
        full = f"read.note_{key}"
        out.append(word(full, language) if full in catalogue() else key)
    return tuple(out)


def _below_alarms(grounds: Grounds, stations: Iterable[Station]) -> bool:
    """Whether the deciding stage lies under an alarm level: no record is near, known or not."""
    found = looked_up(grounds.inputs)
    station = next((s for s in stations if s.code == found.subject), None)
    known = [] if station is None else [a for a in station.alarms if a is not None]
    return found.value is not None and bool(known) and found.value < max(known)
