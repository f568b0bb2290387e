"""Readings as they are, for an article that asks about them directly: heat, cold, salt, fog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from haidang.risk.readings import (
    NONE,
    Case,
    Quantity,
    Read,
    Readings,
    Watched,
    Window,
    bound,
    bridged,
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
        Quantities by take. One whose indicator has no reading in the window is None; one that
        nobody anywhere ever told is left out. Where the pack asks for a run there is a case for
        each run that reaches into the window, with the extremes of that run alone: the hottest
        day of one spell says nothing of another. Several runs of one indicator (days over a
        bound, days under it) are told apart: a case has the count of its own run and leaves out
        the others, so that the law is asked of what was read and not of a run of 0 beside it. A
        subject of which some indicator has gone silent
        is marked so, and one with a gap that could hide a longer run.
    """
    asked = {name: watch.indicators[name] for name in spec.asks}
    at = next(iter(asked.values())).at
    heard = {name for name in asked if readings[name]}
    takes = {name: take for name, take in spec.takes.items() if take.of in heard}
    out = []
    for subject, station in subjects(at, area):
        rows = {name: readings[name].get(subject, ()) for name in asked}
        if not any(rows.values()):
            continue
        silent = any(
            found and is_stale(found, window.now, asked[n].stale_after_h)
            for n, found in rows.items()
        )
        partial = any(
            _hidden(take, asked[take.of], rows[take.of], window) for take in takes.values()
        )
        for others, within in _spans(takes, asked, rows, window):
            quantities: dict[str, Quantity] = {}
            leads: dict[str, tuple[str, Read]] = {}
            for name, take in takes.items():
                if name in others:
                    continue
                spell = within.get(take.of)
                value, given = taken(take, asked[take.of], rows[take.of], window, spell)
                quantities[name] = value
                if given is not None:
                    leads[name] = take.of, given
            lead = next((given for of, given in leads.values() if of == watch.first), None)
            if lead is None:
                lead = newest_begun(rows.get(watch.first, ()), window.now)
            of = groups(area, station)
            case = Case(subject, quantities, watch.first, lead, of, silent, partial=partial)
            out.append(replace(case, leads=leads))
    return tuple(out)


def _spans(
    takes: Mapping[str, Take],
    asked: Mapping[str, Reading],
    rows: Mapping[str, Sequence[Read]],
    window: Window,
) -> list[tuple[frozenset[str], dict[str, tuple[Read, ...]]]]:
    """The spells to judge one by one: the takes of other runs, and the spell by its indicator.

    One empty mapping judges the window whole.
    """
    run = {name: take for name, take in takes.items() if take.how == "run"}
    whole: list[tuple[frozenset[str], dict[str, tuple[Read, ...]]]] = [(frozenset(), {})]
    read = {take.of for take in run.values()}
    if len(read) != 1:
        return whole
    (name,) = read
    of = asked[name]
    if is_stale(rows[name], window.now, of.stale_after_h):
        return whole
    return [
        (frozenset(run) - {own}, {name: spell})
        for own, take in run.items()
        for spell in runs(rows[name], of.period_h, bound(take.within))
        if reaches(spell, window, of.period_h)
    ] or whole


def _hidden(take: Take, spec: Reading, rows: Sequence[Read], window: Window) -> bool:
    """Whether a missing reading could make a run longer, or a sum larger."""
    if take.how == "sum":
        return any(r.value is None and window.holds(r.start, spec.period_h) for r in rows)
    if take.how != "run":
        return False

    def longest(found: Iterable[tuple[Read, ...]]) -> float:
        hours = (
            (run[-1].start - run[0].start) / timedelta(hours=1)
            for run in found
            if reaches(run, window, spec.period_h)
        )
        return max(hours, default=-1.0)

    inside = bound(take.within)
    whole = longest(bridged(rows, spec.period_h, inside))
    return whole > longest(runs(rows, spec.period_h, inside)) + spec.period_h / 2


def taken(
    take: Take,
    spec: Reading,
    rows: Sequence[Read],
    window: Window,
    spell: Sequence[Read] | None = None,
) -> tuple[Quantity, Read | None]:
    """What a take makes of the readings of one subject, and the reading that leads it.

    Args:
        take: What is wanted.
        spec: The indicator.
        rows: The oldest first.
        window: The time that is looked at.
        spell: The run that is judged; extremes and sums are then those of it alone.

    Returns:
        (None, None) where the indicator is silent or nothing lies in the window. A category by
        its name, `NONE` where it is stated that there is none; of a run the number of its periods,
        0 where none is inside.
    """
    if is_stale(rows, window.now, spec.stale_after_h):
        return None, None
    if take.how == "run":
        return (float(len(spell)), spell[-1]) if spell else _run(take, spec, rows, window)
    if take.how == "newest":
        # Not bound by the window: a fact that somebody stated holds until it is stale.
        found = newest_begun(rows, window.now)
        told = [] if found is None else [found]
    elif spell:
        told = [r for r in spell if r.value is not None]
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
