"""What every judgement of readings is made of: the deciding answer, its grounds, the assessment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from haidang.app.ask_readings import OUTSIDE, Answer, gravest
from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.base.ids import content_id, plain
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval
from haidang.risk.readings import PEOPLE, Case
from haidang.watch.signal import Signal, State

MEASURED: Final = "measured"
FORECAST: Final = "forecast"
SILENT: Final = "silent"
ESTIMATED: Final = "estimated"
"""Methods of a signal: how its reading is known."""


def build(
    context: Context,
    snapshot: Snapshot,
    *,
    event: str,
    area: int,
    state: State,
    grounds: Grounds,
    signals: tuple[Signal, ...],
    impacts: tuple[Impact, ...],
    intensity: Interval | None = None,
    p_level: tuple[tuple[int, float], ...] = (),
    method: str = "",
) -> Assessment:
    """An assessment whose id is that of its content."""
    content: dict[str, object] = {
        "threat": context.pack.id,
        "event": event,
        "place": context.areas.codes[area],
        "at": snapshot.now,
        "receipt": snapshot.receipt,
        "pack": context.pack.fingerprint,
        "grounds": (grounds.level, grounds.clause, grounds.status, grounds.inputs),
        "signals": [(s.indicator, s.subject, s.start, s.state.value, s.value) for s in signals],
        "p_level": p_level,
    }
    model = context.pack.threat.model
    return Assessment(
        id=content_id("assessment", content),
        threat=context.pack.id,
        event=event,
        place=context.areas.codes[area],
        at=snapshot.now,
        until=snapshot.now + timedelta(hours=model.horizon_h),
        state=state,
        intensity=None if intensity is None else Interval(*(kept(v) for v in intensity)),
        grounds=grounds,
        p_level=p_level,
        onsets=(),
        impacts=tuple(
            Impact(i.measure, i.unit, i.value and Interval(*(kept(v) for v in i.value)))
            for i in impacts
        ),
        signals=signals,
        receipt=snapshot.receipt,
        method=method or model.hazard,
    )


def deciding(answers: Sequence[Answer]) -> Answer | None:
    """The answer that an area goes by: the highest level, else the gravest reason for none.

    An article that leaves a case open outweighs one that says "below": the open one might be
    higher, and a person must look. A case that nobody could ever answer (a gauge without alarm
    levels) does not: the others speak.
    """
    raised = [a for a in answers if a.level]
    if raised:
        return max(raised, key=lambda a: (a.level or 0, a.strength))
    return max(answers, key=lambda a: (gravest(a), a.strength), default=None)


def grounds_of(
    context: Context,
    chosen: Answer | None,
    found: Sequence[Case],
    answers: Sequence[Answer],
) -> Grounds:
    """Grounds of an area: the answer that decides, and what is not known beside it."""
    silent = tuple(sorted({c.subject for c in found if c.silent}))
    undefined = any(a.status == "not defined by the text" for a in answers)
    notes = [f"silent:{s}" for s in silent]
    if chosen is None:
        article = context.pack.binding.readings_law.asks[0].article
        table = context.tables[article]
        return Grounds(
            level=None, status="no data", clause="", article=table.article,
            decision=table.decision, table=table.id, inputs="", note="|".join(notes),
        )  # fmt: skip
    level, status = chosen.level, chosen.status
    unsure = tuple(sorted({c.subject for c in found if c.partial}))
    notes += [f"gap:{s}" for s in unsure]
    more = silent or unsure or any(a.open or a.status == "no data" for a in answers)
    if more and status in ("defined", "below"):
        # At least: the one that is silent, or not known in full, might say more.
        status, level = "no data", level or None
    elif undefined and status in ("defined", "below"):
        status, level = "not defined by the text", level or None
    notes += [f"{OUTSIDE}:{s}" for s in _odd(answers)]
    notes += [n for n in chosen.case.notes if n != OUTSIDE]
    return Grounds(
        level=level,
        status=status,
        clause=chosen.clause,
        article=chosen.table.article,
        decision=chosen.table.decision,
        table=chosen.table.id,
        inputs=said_inputs(chosen),
        note="|".join(notes),
    )


def _odd(answers: Sequence[Answer]) -> tuple[str, ...]:
    """Subjects with a reading that cannot be."""
    return tuple(sorted({a.case.subject for a in answers if OUTSIDE in a.case.notes}))


def said_inputs(answer: Answer) -> str:
    """What was looked up: the subject, its reading, and the inputs of the table."""
    case = answer.case
    parts = [f"at={case.subject}"]
    if case.lead is not None and case.lead.value is not None:
        kind = FORECAST if case.lead.forecast else MEASURED
        parts += [f"{case.indicator}={case.lead.value:g}", f"start={case.lead.start.isoformat()}"]
        parts.append(f"known={kind}")
    for name, value in answer.given.items():
        parts.append(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}")
    return "; ".join(parts)


def people_of(context: Context, area: int) -> Impact:
    """Who lives in the area; unknown where nobody was counted."""
    areas = context.areas
    if not areas.peopled[area]:
        return Impact(PEOPLE, "people", None)
    cells = slice(areas.start[area], areas.start[area + 1])
    total = float(areas.people[0, cells].sum())
    return Impact(PEOPLE, "people", Interval(total, total, total))


def kept(value: float) -> float:
    """The value as it will be stored, so that what is shown and what is kept never differ."""
    kept = plain(float(value))
    assert isinstance(kept, float)
    return kept
