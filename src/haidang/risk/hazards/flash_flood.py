"""Rain to come on ground that is wet already, where slopes give way: flash floods, landslides."""

from __future__ import annotations

from collections.abc import Sequence

from haidang.risk.readings import (
    Case,
    Quantity,
    Read,
    Readings,
    Watched,
    Window,
    follows,
    groups,
    is_stale,
    newest_begun,
    subjects,
)
from haidang.risk.spec import FlashFlood
from haidang.watch.spec import ReadingsWatch

RISK_UNKNOWN = "risk_unknown"
"""Note: nobody has mapped where the slopes of the area give way."""


def cases(
    spec: FlashFlood, watch: ReadingsWatch, readings: Readings, window: Window, area: Watched
) -> tuple[Case, ...]:
    """A case for every day of rain in the window, with the wet days before it.

    Args:
        spec: From which sum on a day counts as wet.
        watch: The indicators.
        readings: As they were known.
        window: The time that is looked at.
        area: Its gauges, and how readily its slopes give way.

    Returns:
        Quantities ``rain`` (mm in 24 h), ``days`` (wet days in a row before it), ``risk`` (the
        highest class that is mapped in the area; None where none is: that is no low risk).
    """
    indicator = watch.indicators[spec.of]
    out = []
    notes = (RISK_UNKNOWN,) if area.susceptibility is None else ()
    for subject, station in subjects(indicator.at, area):
        rows = readings[spec.of].get(subject, ())
        if not rows:
            continue
        of = groups(area, station)
        if is_stale(rows, window.now, indicator.stale_after_h):
            unknown: dict[str, Quantity] = {"rain": None, "days": None, "risk": None}
            last = newest_begun(rows, window.now)
            out.append(Case(subject, unknown, spec.of, last, of, silent=True))
            continue
        for n, row in enumerate(rows):
            if row.value is None or not window.holds(row.start, indicator.period_h):
                continue
            days = wet_days(rows[:n], row, indicator.period_h, spec.wet_day_mm, spec.enough_days)
            quantities: dict[str, Quantity] = {
                "rain": row.value,
                "days": days,
                "risk": area.susceptibility,
            }
            out.append(Case(subject, quantities, spec.of, row, of, notes=notes))
    return tuple(out)


def wet_days(
    before: Sequence[Read], row: Read, period_h: float, wet_day_mm: float, enough: float
) -> float | None:
    """Days of rain in a row up to a reading; None where a day that nobody read hides their number.

    Before the first reading there is nothing to be missing: who begins to report when it begins to
    rain is taken at his word.

    Args:
        before: Readings before it, the oldest first.
        row: The reading.
        period_h: What one covers, h.
        wet_day_mm: From which sum on a day counts, mm.
        enough: More days than this change nothing: then the rest need not be known.
    """
    # Counted in periods: 24 times a twenty-fourth of a day is a little less than a day in floats.
    wet, after = 0, row
    for one in reversed(before):
        if one.value is None or not follows(one, after, period_h):
            days = wet * period_h / 24
            return days if days > enough else None
        if one.value < wet_day_mm:
            break
        wet += 1
        after = one
    return wet * period_h / 24
