"""The stage of a river at its gauges, against the alarm levels of each gauge."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from haidang.risk.hazards.river_forecast import damped_trend
from haidang.risk.readings import (
    Case,
    Quantity,
    Read,
    Readings,
    Station,
    Watched,
    Window,
    groups,
    is_stale,
    newest_begun,
)
from haidang.risk.spec import RiverStage
from haidang.watch.spec import ReadingsWatch

Alarm = Literal["below_1", "from_1", "from_2", "from_3"]

HISTORIC_UNKNOWN = "historic_unknown"
"""Note: the highest flood of the gauge is not known, so nobody can say that it was not passed."""

TREND = "own_forecast"
"""Note: the stage to come is the program's own trend, not a forecaster's."""


def cases(
    spec: RiverStage, watch: ReadingsWatch, readings: Readings, window: Window, area: Watched
) -> tuple[Case, ...]:
    """One case for each gauge of the area that was ever heard of.

    The stage that counts is the highest of the newest one and all that are forecast for later; an
    older peak is over. Where nobody gave a forecast the program's own short one is looked at too.

    Args:
        spec: The pack's model.
        watch: The indicators.
        readings: As they were known.
        window: The time that is looked at.
        area: Its gauges.

    Returns:
        Quantities ``zone, alarm, above_3, historic``; ``basins`` is for the law to find.
    """
    indicator = watch.indicators[spec.of]
    by_subject = readings[spec.of]
    out = []
    for station in area.stations:
        rows = by_subject.get(station.code, ())
        if not rows:
            continue
        silent = is_stale(rows, window.now, indicator.stale_after_h)
        lead, notes = highest(rows, spec, window)
        stage = None if lead is None or silent else lead.value
        if silent:
            # Told as the last word that came in; the law is not asked of it.
            lead, notes = newest_begun(rows, window.now), ()
        out.append(
            Case(
                subject=station.code,
                quantities=quantities(station, stage, window.now.year),
                indicator=spec.of,
                lead=lead,
                groups=groups(area, station),
                silent=silent and any(a is not None for a in station.alarms),
                mute=all(a is None for a in station.alarms),
                notes=(*notes, *((HISTORIC_UNKNOWN,) if station.historic is None else ())),
            )
        )
    return tuple(out)


def highest(
    rows: Sequence[Read], spec: RiverStage, window: Window
) -> tuple[Read | None, tuple[str, ...]]:
    """The highest of the newest stage and of those to come, and what must be said of it.

    Args:
        rows: Of one gauge, the oldest first.
        spec: Says how far the program looks ahead by itself.
        window: The time that is looked at.
    """
    told = [r for r in rows if r.value is not None]
    newest = newest_begun([r for r in told if window.start <= r.start <= window.now], window.now)
    begun = [] if newest is None else [newest]
    later = [r for r in told if window.now < r.start <= window.end]
    own = []
    if begun and not later and spec.forecast_h:
        measured = [r for r in told if r.start <= window.now and not r.forecast]
        own = [f for f in (damped_trend(measured, spec.forecast_h),) if f is not None]
    every = [*begun, *later, *own]
    if not every:
        return None, ()
    lead = max(every, key=lambda r: (r.value or 0.0, -every.index(r)))
    return lead, (TREND,) if lead in own else ()


def quantities(station: Station, stage: float | None, year: int) -> dict[str, Quantity]:
    """What a stage answers to the law at a gauge.

    Args:
        station: Its alarm levels.
        stage: In m of the gauge; None where not known.
        year: In which it stands so.

    Returns:
        None where the alarm levels that would tell are not known. ``above_3`` without alarm level
        3 is the height above a lower one that the stage has not reached: below zero, as the truth.
    """
    alarm = None if stage is None else alarm_of(stage, station.alarms)
    return {
        "zone": station.zone or None,
        "alarm": alarm,
        "above_3": None if stage is None or alarm is None else above_3(stage, station.alarms),
        "historic": passed(stage, station, year),
        "basins": None,
    }


def passed(
    stage: float | None, station: Station, year: int
) -> Literal["above", "not_above"] | None:
    """Whether the highest flood of earlier years was passed; None where nobody can say.

    A record of this very year, or of a later one, was not yet known when the year began.

    Where that flood is not known a stage below alarm level 3 has not passed it: a gauge whose
    highest flood lay below its highest alarm level would never have been given that level.
    """
    if stage is None:
        return None
    third = station.alarms[2]
    known = station.historic_year is None or station.historic_year < year
    if station.historic is None or not known:
        return "not_above" if third is not None and stage < third else None
    return "above" if stage > station.historic else "not_above"


def alarm_of(stage: float, alarms: Sequence[float | None]) -> Alarm | None:
    """The highest alarm level that a stage has reached; None where those known do not tell.

    >>> alarm_of(7.2, (5.4, 6.9, 7.9)), alarm_of(8.0, (None, None, 7.9))
    ('from_2', 'from_3')
    >>> alarm_of(7.0, (None, None, 7.9)) is None
    True
    """
    names: tuple[Alarm, ...] = ("below_1", "from_1", "from_2", "from_3")
    reached = max((n for n, a in enumerate(alarms, 1) if a is not None and stage >= a), default=0)
    above = [a for a in alarms[reached:] if a is not None]
    if reached == len(alarms):
        return names[reached]
    # The next one must be known too, else the stage may have passed it.
    return names[reached] if above and alarms[reached] is not None else None


def above_3(stage: float, alarms: Sequence[float | None]) -> float | None:
    """Height above alarm level 3, m, exact in the decimals that stage and levels are told in.

    Without level 3 but with a lower one that was not reached: above that one, so below zero too.

    >>> above_3(14.70, (None, None, 14.40)), above_3(31.996, (30.0, 31.0, 32.0))
    (0.3, -0.004)
    """
    third = alarms[2]
    if third is not None:
        return apart(stage, third)
    unreached = [a for a in alarms if a is not None and stage < a]
    return apart(stage, min(unreached)) if unreached else None


def apart(stage: float, level: float) -> float:
    """How far a stage stands above a level, m; below zero under it.

    Not rounded: a millimetre under a bound of the law is under it. Not the difference of the two
    floats either, which makes 14.70 - 14.40 a little less than 0.3 and so another clause's.

    >>> apart(14.70, 14.40), apart(14.696, 14.40)
    (0.3, 0.296)
    """
    return float(Decimal(repr(float(stage))) - Decimal(repr(float(level))))
