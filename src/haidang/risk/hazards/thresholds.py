"""Readings as they are, for an article that asks about them directly: heat, cold, salt, fog."""

from __future__ import annotations

from collections.abc import Sequence

from haidang.risk.readings import (
    NONE,
    Case,
    Quantity,
    Read,
    Readings,
    Watched,
    Window,
    bound,
    groups,
    is_stale,
    newest_begun,
    reaches,
    runs,
    subjects,
)
from haidang.risk.spec import Take, Thresholds
from haidang.watch.spec import Reading, ReadingsWatch


def cases(
    spec: Thresholds, watch: ReadingsWatch, readings: Readings, window: Window, area: Watched
) -> tuple[Case, ...]:
    """One case for each subject of the area that was ever heard of.

    Args:
        spec: Which number of the readings answers what.
        watch: The indicators.
        readings: As they were known.
        window: The time that is looked at.
        area: Its gauges, where the indicators are read at gauges.

    Returns:
        Quantities by take. One whose indicator has no reading in the window is None. A subject of
        which some indicator has gone silent is marked so.
    """
    asked = {name: watch.indicators[name] for name in spec.asks}
    at = next(iter(asked.values())).at
    out = []
    for subject, station in subjects(at, area):
        rows = {name: readings[name].get(subject, ()) for name in asked}
        if not any(rows.values()):
            continue
        quantities: dict[str, Quantity] = {}
        leads: dict[str, tuple[str, Read]] = {}
        for name, take in spec.takes.items():
            value, given = taken(take, asked[take.of], rows[take.of], window)
            quantities[name] = value
            if given is not None:
                leads[name] = take.of, given
        lead = next((given for of, given in leads.values() if of == watch.first), None)
        silent = any(
            found and is_stale(found, window.now, asked[n].stale_after_h)
            for n, found in rows.items()
        )
        if lead is None:
            lead = newest_begun(rows.get(watch.first, ()), window.now)
        case = Case(
            subject, quantities, watch.first, lead, groups(area, station), silent, leads=leads
        )
        out.append(case)
    return tuple(out)


def taken(
    take: Take, spec: Reading, rows: Sequence[Read], window: Window
) -> tuple[Quantity, Read | None]:
    """What a take makes of the readings of one subject, and the reading that leads it.

    Args:
        take: What is wanted.
        spec: The indicator.
        rows: The oldest first.
        window: The time that is looked at.

    Returns:
        (None, None) where the indicator is silent or nothing lies in the window. A category by
        its name, `NONE` where it is stated that there is none; of a run the number of its periods,
        0 where none is inside.
    """
    if is_stale(rows, window.now, spec.stale_after_h):
        return None, None
    if take.how == "run":
        return _run(take, spec, rows, window)
    if take.how == "newest":
        # Not bound by the window: a fact that somebody stated holds until it is stale.
        found = newest_begun(rows, window.now)
        told = [] if found is None else [found]
    else:
        told = [r for r in rows if r.value is not None and window.holds(r.start, spec.period_h)]
    if not told:
        return None, None
    if take.how == "sum":
        return sum(r.value or 0.0 for r in told), told[-1]
    ordered = sorted(told, key=lambda r: (r.value or 0.0, r.start))
    chosen = ordered[0] if take.how == "min" else ordered[-1]
    value = chosen.value
    assert value is not None
    return (named(spec, value) if spec.values else value), chosen


def named(spec: Reading, value: float) -> str:
    """The category that a reading stands for; 0 is none of them, which is quiet and not unknown."""
    return spec.values[int(value) - 1] if value else NONE


def _run(
    take: Take, spec: Reading, rows: Sequence[Read], window: Window
) -> tuple[Quantity, Read | None]:
    told = [r for r in rows if r.value is not None and window.holds(r.start, spec.period_h)]
    if not told:
        return None, None
    found = [
        run
        for run in runs(rows, spec.period_h, bound(take.within))
        if reaches(run, window, spec.period_h)
    ]
    if not found:
        return 0.0, told[-1]
    longest = max(found, key=len)
    return float(len(longest)), longest[-1]
