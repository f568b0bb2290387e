"""Rain of a day, of how many days in a row, and over how much of a province."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from haidang.risk.readings import (
    Case,
    Quantity,
    Read,
    Readings,
    Watched,
    Window,
    groups,
    is_stale,
    newest_begun,
    reaches,
    runs,
    subjects,
)
from haidang.risk.spec import RainSums
from haidang.watch.spec import Reading, ReadingsWatch

SCOPE_UNKNOWN = "scope_unknown"
"""Note: too few gauges to say over how much of the province it rains, and nobody stated it."""

HALF = 0.5

DAY_H = 24.0


def cases(
    spec: RainSums, watch: ReadingsWatch, readings: Readings, window: Window, area: Watched
) -> tuple[Case, ...]:
    """A case for each sum of the law that a gauge, or the area, reaches for some days.

    A spell of rain is a row of days that all reach a bound of the law; its sum is that of its
    least day, so that three days of 150, 250, 150 mm are three days of 100 to 200 and one of more.

    Args:
        spec: The bounds.
        watch: The indicators.
        readings: As they were known.
        window: The time that is looked at.
        area: Its gauges, where the sums are read at gauges.

    Returns:
        Quantities ``rain`` (mm), ``per`` (``24h`` or ``12h``), ``days``, ``scope``. Scope is the
        share of communes that was stated; else that of the gauges which reach the bound, if there
        are enough; else None.
    """
    main = watch.indicators[spec.of]
    heard = []
    out: list[_Spell] = []
    for subject, station in subjects(main.at, area):
        rows = readings[spec.of].get(subject, ())
        half = readings[spec.half_day].get(subject, ()) if spec.half_day else ()
        if not rows and not half:
            continue
        of = groups(area, station)
        asleep = [
            is_stale(told, window.now, watch.indicators[name].stale_after_h)
            for name, told in ((spec.of, rows), (spec.half_day, half))
            if told
        ]
        if any(asleep):
            last = newest_begun(rows or half, window.now)
            out.append((Case(subject, _unknown(), spec.of, last, of, silent=True), None))
            continue
        heard.append(subject)
        tops = (*spec.bounds[1:], math.inf)
        classes = list(zip(_bounds(spec.bounds), tops, strict=True))
        out += spells(subject, of, spec.of, rows, main, classes, "24h", window)
        if half:
            indicator = watch.indicators[spec.half_day]
            at_least = [(partial(_at_least, spec.half_day_bound), math.inf)]
            out += spells(subject, of, spec.half_day, half, indicator, at_least, "12h", window)
    return tuple(_scoped(spec, watch, readings, window, area, out, len(heard)))


_Spell = tuple[Case, "Callable[[float], bool] | None"]
"""A case, and the bound that its days reach; None where it reaches none."""


def _unknown() -> dict[str, Quantity]:
    return {"rain": None, "per": None, "days": None, "scope": None}


def _at_least(limit: float, value: float) -> bool:
    return value >= limit


def _above(limit: float, value: float) -> bool:
    return value > limit


def _bounds(bounds: Sequence[float]) -> list[Callable[[float], bool]]:
    """The lowest bound belongs to its class ("from 100 mm"), the others do not ("over 200 mm")."""
    return [partial(_at_least, bounds[0]), *(partial(_above, b) for b in bounds[1:])]


def spells(
    subject: str,
    of: dict[str, str],
    indicator: str,
    rows: Sequence[Read],
    reading: Reading,
    classes: Sequence[tuple[Callable[[float], bool], float]],
    per: str,
    window: Window,
) -> Iterator[_Spell]:
    """Each bound's longest spell that reaches into the window; the wettest day where none does.

    The sum of a spell is at most the top of its class: how far heavier rain reaches is told by the
    spell of the higher bound, with the gauges that reach that one.
    """
    found = False
    for inside, top in classes:
        reaching = [
            run
            for run in runs(rows, reading.period_h, inside)
            if reaches(run, window, reading.period_h)
        ]
        if not reaching:
            continue
        found = True
        longest = max(reaching, key=len)
        wettest = max(longest, key=lambda r: r.value or 0.0)
        least = min(top, *(r.value or 0.0 for r in longest))
        days = max(1.0, len(longest) * reading.period_h / DAY_H)
        quantities: dict[str, Quantity] = {"rain": least, "per": per, "days": days, "scope": None}
        yield Case(subject, quantities, indicator, wettest, of), inside
    if not found:
        told = [r for r in rows if r.value is not None and window.holds(r.start, reading.period_h)]
        if told:
            wettest = max(told, key=lambda r: r.value or 0.0)
            quantities = {"rain": wettest.value, "per": per, "days": 1.0, "scope": None}
            yield Case(subject, quantities, indicator, wettest, of), None


def _scoped(
    spec: RainSums,
    watch: ReadingsWatch,
    readings: Readings,
    window: Window,
    area: Watched,
    found: Sequence[_Spell],
    heard: int,
) -> Iterator[Case]:
    stated = _stated(spec, watch, readings, window, area)
    for case, inside in found:
        if case.silent:
            yield case
            continue
        share = stated
        if share is None and heard >= spec.least_gauges and inside is not None:
            share = len(_reaching(found, str(case.quantities["per"]), inside)) / heard
        scope = None if share is None else scope_of(share)
        notes = (SCOPE_UNKNOWN,) if scope is None else ()
        yield replace(case, quantities={**case.quantities, "scope": scope}, notes=notes)


def _stated(
    spec: RainSums, watch: ReadingsWatch, readings: Readings, window: Window, area: Watched
) -> float | None:
    """The share of communes that somebody stated; None where nobody did, or long ago."""
    if not spec.share:
        return None
    rows = readings[spec.share].get(area.code, ())
    if is_stale(rows, window.now, watch.indicators[spec.share].stale_after_h):
        return None
    one = newest_begun(rows, window.now)
    return None if one is None else one.value


def _reaching(found: Sequence[_Spell], per: str, inside: Callable[[float], bool]) -> set[str]:
    """Gauges whose rain reaches a bound."""
    return {
        case.subject
        for case, _ in found
        if case.quantities["per"] == per
        and isinstance(rain := case.quantities["rain"], float)
        and inside(rain)
    }


def scope_of(share: float) -> str:
    """Less than half, half, or more than half of the districts and communes of a province."""
    return "under_half" if share < HALF else "half" if share == HALF else "over_half"
