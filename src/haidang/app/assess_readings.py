"""A threat that is told by readings: what a model makes of them, and what the law says of that."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from haidang.app.ask_readings import Answer, ask_all
from haidang.app.context import Context
from haidang.app.judge_readings import (
    FORECAST,
    MEASURED,
    SILENT,
    build,
    deciding,
    grounds_of,
    kept,
    people_of,
)
from haidang.app.shaken import assess_events
from haidang.app.snapshot import Snapshot
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval
from haidang.risk.hazards import flash_flood, rain_sums, river_stage, thresholds
from haidang.risk.readings import VALUE, Case, Readings, Watched, Window, read
from haidang.risk.spec import FlashFlood, RainSums, ReadingsRisk, RiverStage, Shaking, Thresholds
from haidang.watch.signal import Signal, State
from haidang.watch.spec import ReadingsWatch

_MODELS: Final[Mapping[type, Callable[..., tuple[Case, ...]]]] = {
    Thresholds: thresholds.cases,
    RiverStage: river_stage.cases,
    RainSums: rain_sums.cases,
    FlashFlood: flash_flood.cases,
}


def assess(context: Context, snapshot: Snapshot) -> tuple[Assessment, ...]:
    """Judge every watched area by the readings that were known.

    Args:
        context: Country, pack, areas and law.
        snapshot: What is known; its observations hold this threat's series.

    Returns:
        One assessment per area, of the one event that the threat is; of a threat that strikes as
        events, one per event and area. Where nobody was heard the area is NO_DATA. Where a gauge
        that used to be heard has gone silent, the level of the others is "at least": it can raise
        what stands, never lower it.
    """
    return assess_where(context, snapshot, _always)


Worth = Callable[[tuple[str, str, str], State, Grounds], bool]
"""Asked of threat, event and place, of the state and of its grounds: whether to go on."""


def _always(key: tuple[str, str, str], state: State, grounds: Grounds) -> bool:
    del key, state, grounds
    return True


def assess_where(context: Context, snapshot: Snapshot, worth: Worth) -> tuple[Assessment, ...]:
    """As ``assess``, of the areas alone that are worth it; what the law says is asked of all.

    Args:
        context: As ``assess``.
        snapshot: Likewise.
        worth: Of a threat that strikes as events it is not asked: those are all judged.
    """
    known = snapshot.observations.known_at(snapshot.receipt)
    threat = context.pack.threat
    readings = read(known, context.pack.id, threat.readings)
    if isinstance(threat.model, Shaking):
        return assess_events(context, snapshot, readings)
    found = cases(context, snapshot, readings)
    answers = ask_all(context, found)
    judged = (
        _assessment(context, snapshot, i, found[i], answers[i], worth)
        for i in range(len(context.areas))
    )
    return tuple(one for one in judged if one is not None)


def cases(context: Context, snapshot: Snapshot, readings: Readings) -> tuple[tuple[Case, ...], ...]:
    """The cases of every area, in the order of the areas."""
    threat = context.pack.threat
    model: ReadingsRisk = threat.model
    window = Window.around(snapshot.now, model.look_back_h, model.horizon_h)
    made: Any = _MODELS[type(model)]
    watch: ReadingsWatch = threat.readings
    return tuple(
        made(model, watch, readings, window, watched(context, code)) for code in context.areas.codes
    )


def watched(context: Context, code: str) -> Watched:
    """An area as a model sees it."""
    return Watched(code, context.stations.get(code, ()), context.susceptibility.get(code))


def _assessment(
    context: Context,
    snapshot: Snapshot,
    area: int,
    found: Sequence[Case],
    answers: Sequence[Answer],
    worth: Worth,
) -> Assessment | None:
    chosen = deciding(answers)
    grounds = grounds_of(context, chosen, found, answers)
    state = State.QUIET
    blind = grounds.status == "no data" and not grounds.level
    if blind or all(c.silent for c in found):
        state = State.NO_DATA
    elif grounds.level is None or grounds.level:
        state = State.RAISED
    event = context.pack.standing_event
    if not worth((context.pack.id, event, context.areas.codes[area]), state, grounds):
        return None
    signals = tuple(_signals(found, chosen, grounds))
    return build(
        context,
        snapshot,
        event=event,
        area=area,
        state=state,
        grounds=grounds,
        signals=signals,
        impacts=(people_of(context, area), *_values(context, found, chosen)),
    )


def _signals(found: Sequence[Case], chosen: Answer | None, grounds: Grounds) -> Iterable[Signal]:
    """One for each subject, that of the deciding one first."""
    first = None if chosen is None else chosen.case
    ordered = [c for c in (first, *(c for c in found if c is not first)) if c is not None]
    seen: set[tuple[str, str]] = set()
    for case in ordered:
        if (case.subject, case.indicator) in seen or case.lead is None:
            continue
        seen.add((case.subject, case.indicator))
        raised = case is first and bool(grounds.level)
        state = State.NO_DATA if case.silent else State.RAISED if raised else State.QUIET
        lead = case.lead
        yield Signal(
            indicator=case.indicator,
            subject=case.subject,
            start=lead.start,
            state=state,
            value=math.nan if lead.value is None else kept(lead.value),
            expected=math.nan,
            score=math.nan,
            completeness=0.0 if case.silent else 1.0,
            method=SILENT if case.silent else FORECAST if lead.forecast else MEASURED,
            evidence=(lead.receipt,),
        )


def _values(context: Context, found: Sequence[Case], chosen: Answer | None) -> Iterable[Impact]:
    """The reading that leads, of each indicator: that of the deciding case, else the highest."""
    watch = context.pack.threat.readings
    for name, spec in watch.indicators.items():
        mine = [
            c for c in found if c.indicator == name and not c.silent and not math.isnan(_value(c))
        ]
        if not mine:
            continue
        own = chosen is not None and chosen.case.indicator == name and chosen.case.lead is not None
        case = chosen.case if own and chosen is not None else max(mine, key=_value)
        value = _value(case)
        if not math.isnan(value):
            yield Impact(f"{name}.{VALUE}", spec.unit["en"], Interval(value, value, value))


def _value(case: Case) -> float:
    return math.nan if case.lead is None or case.lead.value is None else case.lead.value
