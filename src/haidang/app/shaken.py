"""An earthquake: from magnitude and place to the grade felt in every area, and its legal level."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray
from shapely import Point

from haidang.app import judge_readings as plain
from haidang.app.ask_readings import ask_all
from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.base.place import Kind
from haidang.risk.areas import Areas
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval
from haidang.risk.hazards.earthquake import VALID, Model, outside, shaking
from haidang.risk.readings import SHAKEN, SHAKEN_GRADES, Case, Read, Readings, newest_begun
from haidang.risk.spec import Shaking
from haidang.watch.bulletins import ENDED
from haidang.watch.signal import Signal, State

Floats = NDArray[np.float64]

LOWEST_GRADE: Final = 1
HIGHEST_GRADE: Final = 12


def assess_events(
    context: Context, snapshot: Snapshot, readings: Readings
) -> tuple[Assessment, ...]:
    """Judge every area against every earthquake that is known.

    Args:
        context: Country, pack, areas and law.
        snapshot: Says when.
        readings: Magnitude, depth and epicentre by event; observed grades by area.

    Returns:
        By event and area. An event of which magnitude, depth or epicentre is not known yet gives
        NO_DATA for every area, or what was felt there. One that lies further back than the pack's
        horizon is over.
    """
    model = context.pack.threat.model
    assert isinstance(model, Shaking)
    events = sorted({e for n in model.asks if n != model.felt for e in readings[n]})
    return tuple(
        found for event in events for found in _event(context, snapshot, readings, event, model)
    )


def _event(
    context: Context, snapshot: Snapshot, readings: Readings, event: str, model: Shaking
) -> tuple[Assessment, ...]:
    told = {
        n: newest_begun(readings[n].get(event, ()), snapshot.now)
        for n in (model.magnitude, model.depth, model.latitude, model.longitude)
    }
    starts = [r.start for r in told.values() if r is not None]
    at = min(starts, default=snapshot.now)
    if snapshot.now - at > timedelta(hours=model.horizon_h):
        return tuple(_over(context, snapshot, event, i, at) for i in range(len(context.areas)))
    grades = area_grades(context.areas, told, model, _home(context, snapshot, told, model))
    felt = _felt(readings, model, context.areas.codes, snapshot.now, at)
    return tuple(
        _area(context, snapshot, event, i, told, grades, felt.get(code), model)
        for i, code in enumerate(context.areas.codes)
    )


def _home(
    context: Context, snapshot: Snapshot, told: Mapping[str, Read | None], model: Shaking
) -> int | None:
    """The watched area that the epicentre lies in; None where none does, or it is not known yet."""
    lat, lon = told[model.latitude], told[model.longitude]
    if lat is None or lon is None or lat.value is None or lon.value is None:
        return None
    at = Point(lon.value, lat.value)
    for i, (kind, code) in enumerate(zip(context.areas.kinds, context.areas.codes, strict=True)):
        drawn = context.country.places.outlines_on(cast("Kind", kind), snapshot.places_day)
        outline = drawn.get(code)
        if outline is not None and outline.covers(at):
            return i
    return None


def area_grades(
    areas: Areas, told: Mapping[str, Read | None], model: Shaking, home: int | None = None
) -> tuple[Floats, Floats] | None:
    """Grade of every cell, and the highest of every area, by member; None while not all is known.

    Cells lie 10 to 25 km apart, and an earthquake of magnitude 5 is strong over a few kilometres
    only: the ground under the epicentre is looked at too, for the area that it lies in.

    Args:
        areas: Cells.
        told: Readings of the event, by indicator.
        model: The pack's model.
        home: Index of the area that the epicentre lies in; None where it lies in none.

    Returns:
        (member, cell) and (member, area), MSK grades as decimal numbers.
    """
    known = [told[n] for n in (model.magnitude, model.depth, model.latitude, model.longitude)]
    values = [None if r is None else r.value for r in known]
    if any(v is None for v in values):
        return None
    magnitude, depth, lat, lon = (float(v) for v in values if v is not None)
    # What all cells share: the greatest of many independent errors would count the cells.
    every = shaking(
        magnitude, depth, lat, lon, np.append(areas.lat, lat), np.append(areas.lon, lon),
        vs30=model.vs30, members=model.members, seed=model.seed, scatter="event",
        model=motion(depth),
    )  # fmt: skip
    found, under = every[:, :-1], every[:, -1]
    highest = np.maximum.reduceat(found, areas.start[:-1], axis=1)
    if home is not None:
        highest[:, home] = np.maximum(highest[:, home], under)
    return found, highest


def motion(depth_km: float) -> Model:
    """Which published model: the one with a site term, unless the source lies too deep for it.

    That one does not know the depth and would shake the surface over a deep source as if it lay
    just below; the other starts from the distance to the source itself.
    """
    return "allen_2012" if depth_km > VALID["boore_2014"][DEEPEST] else "boore_2014"


DEEPEST: Final = 3
"""Place of the greatest depth among the limits of a model."""


def _outside(told: Mapping[str, Read | None], model: Shaking) -> tuple[str, ...]:
    """What of the event lies outside what its model was fitted to, as keys of words."""
    magnitude, depth = (told[n] for n in (model.magnitude, model.depth))
    if magnitude is None or depth is None or magnitude.value is None or depth.value is None:
        return ()
    found = outside(magnitude.value, depth.value, model=motion(depth.value))
    return tuple(p.code.rpartition(".")[2] for p in found)


def _felt(
    readings: Readings, model: Shaking, codes: Sequence[str], now: datetime, at: datetime
) -> Mapping[str, Read]:
    """What was observed in an area since the event began: it replaces what the model says."""
    if not model.felt:
        return {}
    out = {}
    for code in codes:
        rows = [r for r in readings[model.felt].get(code, ()) if at <= r.start <= now]
        felt = [r for r in rows if r.value is not None]
        if felt:
            # The law asks how hard it shook; a later report of less takes nothing back.
            out[code] = max(felt, key=lambda r: (r.value or 0.0, r.start))
    return out


def _area(
    context: Context,
    snapshot: Snapshot,
    event: str,
    area: int,
    told: Mapping[str, Read | None],
    grades: tuple[Floats, Floats] | None,
    felt: Read | None,
    model: Shaking,
) -> Assessment:
    lead, deep = told[model.magnitude], told[model.depth]
    used = "-" if deep is None or deep.value is None else motion(deep.value)
    modelled = None if grades is None else _interval(grades[1][:, area], model)
    grade = _grade(felt.value if felt is not None else modelled.central if modelled else None)
    if felt is not None:
        lead = felt
    name = model.felt if felt is not None else model.magnitude
    # The magnitude was measured; how hard it shook an area is the model's word.
    how = plain.ESTIMATED if felt is None else plain.MEASURED
    of = {"area": context.areas.codes[area]}
    notes = () if felt is not None else _outside(told, model)
    case = Case(event, {"msk": grade}, name, lead, of, notes=notes)
    answers = ask_all(context, _only(context, area, case))[area]
    chosen = plain.deciding(answers)
    grounds = plain.grounds_of(context, chosen, (case,), answers)
    state = State.QUIET
    if grade is None:
        state = State.NO_DATA
    elif grounds.level is None or grounds.level:
        state = State.RAISED
    return plain.build(
        context,
        snapshot,
        event=event,
        area=area,
        state=state,
        grounds=grounds,
        signals=(_signal(event, name, lead, state, snapshot.now, how),),
        impacts=(plain.people_of(context, area), *_people(context, area, grades, model)),
        intensity=modelled,
        p_level=_shares(context, area, grades),
        method=f"{model.hazard} {used}, {model.members} members, seed {model.seed}",
    )


def _only(context: Context, area: int, case: Case) -> list[tuple[Case, ...]]:
    return [(case,) if i == area else () for i in range(len(context.areas))]


def _grade(value: float | None) -> float | None:
    """The whole grade that a decimal one is nearest to, as scales of intensity are read."""
    if value is None:
        return None
    return float(min(max(math.floor(value + 0.5), LOWEST_GRADE), HIGHEST_GRADE))


def _interval(members: Floats, model: Shaking) -> Interval:
    quantiles = (model.interval[0], model.quantile, model.interval[1])
    low, central, high = np.quantile(members, quantiles)
    return Interval(float(low), float(central), float(high))


def _shares(
    context: Context, area: int, grades: tuple[Floats, Floats] | None
) -> tuple[tuple[int, float], ...]:
    """Share of the members at or above each level of the law."""
    if grades is None:
        return ()
    whole = np.array([_grade(v) for v in grades[1][:, area]])
    shown, counts = np.unique(whole, return_counts=True)
    levels = []
    for grade in shown:
        case = Case("", {"msk": float(grade)}, "", None, {})
        answers = ask_all(context, _only(context, area, case))[area]
        levels.append(max((a.level or 0 for a in answers), default=0))
    share = counts / counts.sum()
    reached = np.array(levels)
    return tuple((k, float(share[reached >= k].sum())) for k in context.pack.binding.levels)


def _people(
    context: Context, area: int, grades: tuple[Floats, Floats] | None, model: Shaking
) -> tuple[Impact, ...]:
    """Who lives where the ground shakes so hard and harder, by grade."""
    areas = context.areas
    if grades is None or not areas.peopled[area]:
        return tuple(Impact(name, "people", None) for name in SHAKEN)
    cells = slice(int(areas.start[area]), int(areas.start[area + 1]))
    here = np.floor(grades[0][:, cells] + 0.5)
    spreads = areas.people[:, cells].astype(np.float64)
    out = []
    for grade, name in zip(SHAKEN_GRADES, SHAKEN, strict=True):
        counted = (here >= grade).astype(np.float64) @ spreads.T
        found = [_interval(counted[:, k], model) for k in range(counted.shape[1])]
        value = Interval(min(f.low for f in found), found[0].central, max(f.high for f in found))
        out.append(Impact(name, "people", value))
    return tuple(out)


def _signal(
    event: str, name: str, lead: Read | None, state: State, now: datetime, how: str
) -> Signal:
    value = math.nan if lead is None or lead.value is None else lead.value
    known = not math.isnan(value)
    return Signal(
        indicator=name,
        subject=event,
        start=now if lead is None else lead.start,
        state=state,
        value=value,
        expected=math.nan,
        score=math.nan,
        completeness=1.0 if known else 0.0,
        method=how if known else plain.SILENT,
        evidence=() if lead is None else (lead.receipt,),
    )


def _over(context: Context, snapshot: Snapshot, event: str, area: int, at: datetime) -> Assessment:
    """The ground has long been still: that is the pack's word, and a fact."""
    table = context.tables[context.pack.binding.readings_law.asks[0].article]
    grounds = Grounds(
        level=0, status="below", clause="", article=table.article, decision=table.decision,
        table=table.id, inputs=f"at={event}", note="",
    )  # fmt: skip
    signal = Signal(
        event, event, at, State.QUIET, math.nan, math.nan, math.nan, 1.0, ENDED, ()
    )  # fmt: skip
    return plain.build(
        context, snapshot, event=event, area=area, state=State.QUIET, grounds=grounds,
        signals=(signal,), impacts=(plain.people_of(context, area),),
    )  # fmt: skip
