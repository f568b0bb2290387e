"""A threat that is told by bulletins: its track, its wind, the level that the law gives it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.base.ids import content_id, plain
from haidang.base.wind import beaufort, ms_to_kmh
from haidang.data.tracks import Bulletin
from haidang.law.evaluate import Highest, evaluate, highest, lookup
from haidang.pack.schema import LawBinding
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval, Onset
from haidang.risk.cyclone import deciding, impacts, onsets, outlook
from haidang.risk.cyclone_water import water
from haidang.risk.hazards.track_ensemble import backbone, members
from haidang.watch.bulletins import bulletin_signal
from haidang.watch.signal import Signal, State

Floats = NDArray[np.float64]


def assess(context: Context, snapshot: Snapshot) -> tuple[Assessment, ...]:
    """Judge every watched area against every event of one threat.

    Args:
        context: Country, pack, areas and law.
        snapshot: What is known; its tracks hold this threat's events.

    Returns:
        One assessment per event and area, in the order of events first heard of and of the areas.
        An event that has gone silent gives NO_DATA for every area, one that its source ended
        gives QUIET.
    """
    known = snapshot.tracks.known_at(snapshot.receipt)
    return tuple(
        found
        for event in known.events()
        for found in _event(context, snapshot, known.bulletins(event))
    )


def _event(
    context: Context, snapshot: Snapshot, bulletins: tuple[Bulletin, ...]
) -> tuple[Assessment, ...]:
    spec = context.pack.threat
    signal = bulletin_signal(bulletins, snapshot.now, spec.track, bulletins[-1].event)
    if signal.state is State.RAISED:
        return _raised(context, snapshot, bulletins, signal)
    return tuple(
        _assessment(
            context, snapshot, signal, i, None, _silent(context, i, signal.state), (), (), ()
        )
        for i in range(len(context.areas))
    )


def _raised(
    context: Context, snapshot: Snapshot, bulletins: tuple[Bulletin, ...], signal: Signal
) -> tuple[Assessment, ...]:
    spec = context.pack.threat.wind
    middle = backbone(bulletins, spec)
    # The middle track may rest on older bulletins too; why a level stands must name them all.
    signal = replace(signal, evidence=tuple(sorted({*signal.evidence, *middle.receipts})))
    ensemble = members(middle, spec, context.over_land)
    found = outlook(ensemble, context.areas, spec)
    affected = impacts(found, context.areas, spec, context.pack.binding.value_per_head)
    wet = water(ensemble, found.tracks, context.areas, context.shores, spec)
    out = []
    for i in range(len(context.areas)):
        strongest = found.swath.area_max[:, i].astype(np.float64)
        level = deciding(strongest, spec)
        ruling = rule(context, i, level.central)
        out.append(
            _assessment(
                context,
                snapshot,
                signal,
                i,
                level,
                _grounds(context, i, ruling, level.central),
                _exceedance(context, i, strongest),
                onsets(found, i, spec),
                affected[i] + wet[i],
            )
        )
    return tuple(out)


def measure(binding: LawBinding, wind_ms: Floats) -> NDArray[np.float64]:
    """The hazard's intensity in the scale that the law's table wants.

    Args:
        binding: Says which scale.
        wind_ms: 10-minute wind, m/s, any shape.
    """
    match binding.intensity_as:
        case "force":
            return beaufort(wind_ms).astype(np.float64)
        case "km/h":
            return np.asarray(ms_to_kmh(wind_ms), np.float64)
        case "m/s":
            return np.asarray(wind_ms, np.float64)


def rule(context: Context, area: int, wind_ms: float) -> Highest:
    """What the law says of one area at one wind.

    A place made of several of the law's regions takes the highest row, and the answer names all
    that were considered.
    """
    binding = context.pack.binding.wind_law
    value = float(measure(binding, np.array([wind_ms]))[0])
    given: dict[str, object] = {binding.intensity: int(value) if value.is_integer() else value}
    return highest(
        {
            category: lookup(context.table, day=None, **{**given, binding.area: category})
            for category in context.areas.categories[area]
        }
    )


def _exceedance(context: Context, area: int, winds: Floats) -> tuple[tuple[int, float], ...]:
    """Share of the members at or above each level.

    A member without a defined level counts as below: the level's own status says that the text
    has a hole there.
    """
    binding = context.pack.binding.wind_law
    values = measure(binding, winds)
    levels = np.max(
        [
            evaluate(
                context.table,
                day=None,
                **{binding.intensity: values, binding.area: np.full(len(values), category)},
            ).level
            for category in context.areas.categories[area]
        ],
        axis=0,
    )
    return tuple((k, float(np.mean(levels >= k))) for k in context.pack.binding.levels)


def _grounds(context: Context, area: int, ruling: Highest, wind_ms: float) -> Grounds:
    binding = context.pack.binding.wind_law
    value = measure(binding, np.array([wind_ms]))[0]
    parts = "|".join(ruling.decided or ruling.considered)
    several = len(context.areas.categories[area]) > 1
    return Grounds(
        level=ruling.level,
        status=ruling.status,
        clause=ruling.ruling.clause,
        article=ruling.ruling.article,
        decision=ruling.ruling.decision,
        table=ruling.ruling.table,
        inputs=f"{binding.intensity}={value:g}; {binding.area}={parts}",
        note="|".join(ruling.considered) if several else "",
    )


def _silent(context: Context, area: int, state: State) -> Grounds:
    """Grounds where no intensity was computed: quiet is below the article, blind is no data."""
    table = context.table
    quiet = state is State.QUIET
    return Grounds(
        level=0 if quiet else None,
        status="below" if quiet else "no data",
        clause="",
        article=table.article,
        decision=table.decision,
        table=table.id,
        inputs="|".join(context.areas.categories[area]),
        note="",
    )


def _assessment(
    context: Context,
    snapshot: Snapshot,
    signal: Signal,
    area: int,
    intensity: Interval | None,
    grounds: Grounds,
    p_level: tuple[tuple[int, float], ...],
    onset: tuple[Onset, ...],
    impact: tuple[Impact, ...],
) -> Assessment:
    risk = context.pack.threat.wind
    content: dict[str, object] = {
        "threat": context.pack.id,
        "event": signal.subject,
        "place": context.areas.codes[area],
        "at": snapshot.now,
        "receipt": snapshot.receipt,
        "pack": context.pack.fingerprint,
        "grounds": (grounds.level, grounds.clause, grounds.status, grounds.inputs),
        "intensity": None if intensity is None else tuple(intensity),
        "p_level": p_level,
    }
    return Assessment(
        id=content_id("assessment", content),
        threat=context.pack.id,
        event=signal.subject,
        place=context.areas.codes[area],
        at=snapshot.now,
        until=signal.start + timedelta(hours=risk.horizon_h),
        state=signal.state,
        intensity=None if intensity is None else Interval(*(_kept(v) for v in intensity)),
        grounds=grounds,
        p_level=p_level,
        onsets=onset,
        impacts=tuple(
            Impact(i.measure, i.unit, i.value and Interval(*(_kept(v) for v in i.value)))
            for i in impact
        ),
        signals=(signal,),
        receipt=snapshot.receipt,
        method=", ".join(
            (
                f"{risk.hazard} {risk.model}",
                *(f"rain {w.model}" for w in (risk.rain,) if w is not None),
                *(f"surge {w.model}" for w in (risk.surge,) if w is not None),
                f"{risk.members} members",
                f"seed {risk.seed}",
            )
        ),
    )


def _kept(value: float) -> float:
    """The value as it will be stored, so that what is shown and what is kept never differ."""
    kept = plain(float(value))
    assert isinstance(kept, float)
    return kept
