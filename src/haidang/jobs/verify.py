"""A replay beside what was announced, and beside what happened."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from pydantic import ValidationError

from haidang.app.assess import assess
from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.base.wind import beaufort, convert_maximum
from haidang.data.observations import Observation, Observations
from haidang.data.tracks import Fix, Tracks
from haidang.edge.feeds.bulletins import read_bulletins
from haidang.jobs.replay import Played, Step
from haidang.pack.case import Case
from haidang.review.announced import Compared
from haidang.review.verification import Contingency, contingency
from haidang.risk.assessment import Assessment
from haidang.risk.cyclone import outlook
from haidang.risk.hazards.track_ensemble import Ensemble
from haidang.risk.spec import Shaking

LEADS_H = (48, 36, 24, 12, 6)
FORCES = (8, 10, 12)


Outlook = dict[str, tuple[int | None, int]]
"""(assessed level or None, deciding wind force, -1 without data), by place"""

WINDOWS_MOST = 64
_windows: dict[tuple[object, ...], Outlook] = {}


def published(played: Played) -> dict[datetime, datetime] | None:
    """When what each run read was published; None of a track, whose signals say it themselves.

    A look at the clock alone read nothing new and is left out.
    """
    if played.context.pack.threat.tracked:
        return None
    return {s.now: s.issued for s in played.steps if s.issued is not None}


def outlooks(
    assessments: Iterable[Assessment], published: Mapping[datetime, datetime] | None = None
) -> dict[datetime, Outlook]:
    """What was assessed on each bulletin, before any hysteresis, by its time of issue.

    Args:
        assessments: Of one event, run by run; of two runs on one bulletin the first counts.
        published: Time of issue by the clock of the run, for a threat without a track.
    """
    out: dict[datetime, Outlook] = {}
    first_run: dict[datetime, datetime] = {}
    for found in assessments:
        if not found.signals and published is None:
            continue
        issued = found.signals[0].start if published is None else published.get(found.at)
        if issued is None:
            continue
        if first_run.setdefault(issued, found.at) != found.at:
            continue
        # The intensity of a threat without a track is no wind.
        wind = None if published is not None else found.intensity
        force = -1 if wind is None else int(beaufort(wind.central))
        out.setdefault(issued, {})[found.place] = (found.grounds.level, force)
    return out


def newest(by_issue: Mapping[datetime, Outlook], at: datetime) -> Outlook:
    """The outlook of the newest bulletin issued by an instant; empty before the first."""
    known = [issued for issued in by_issue if issued <= at]
    return by_issue[max(known)] if known else {}


def with_risk(context: Context, **changed: object) -> Context:
    """The same context with some numbers of the pack's risk section changed.

    Args:
        context: Of a case.
        changed: Keys of ``risk:`` and their values.

    Raises:
        BadData: The section refuses a value, as it would in the pack's file.
    """
    threat = context.pack.threat
    try:
        risk = type(threat.wind).model_validate({**threat.wind.model_dump(), **changed})
    except ValidationError as err:
        value = ", ".join(f"{v}" for v in changed.values())
        if set(changed) == {"quantile"}:
            low, high = threat.wind.interval
            said = {"value": value, "low": low, "high": high}
            raise BadData(Problem("cli.bad_quantile", said, field="quantile")) from err
        said = {"value": value, "why": err.errors()[0]["msg"]}
        raise BadData(Problem("cli.bad_risk", said, field=", ".join(changed))) from err
    pack = replace(context.pack, threat=threat.model_copy(update={"risk": risk}))
    return replace(context, pack=pack)


def hindcast(case: Case, context: Context, steps: Sequence[Step]) -> dict[datetime, Outlook]:
    """Assess a case bulletin by bulletin without a store: for verification, not for duty.

    Args:
        case: With bulletins.
        context: Its country, pack, areas and law.
        steps: The case's steps.
    """
    out: dict[datetime, Outlook] = {}
    heard: list[Fix] = []
    for number, step in enumerate((s for s in steps if s.issued is not None), 1):
        heard += [replace(f, receipt=number) for f in step.fixes]
        snapshot = Snapshot(
            step.now, number, Tracks(tuple(heard)), (), (), case.spec.law_on, case.spec.places_on
        )
        out |= outlooks(assess(context, snapshot))
    return out


def total(counted: Iterable[Contingency]) -> tuple[Contingency, ...]:
    """Counts of several cases added up, by lead time and force."""
    sums: dict[tuple[float, int], list[int]] = {}
    for one in counted:
        row = sums.setdefault((one.lead_h, one.force), [0, 0, 0, 0])
        counts = (one.hits, one.misses, one.false_alarms, one.correct_negatives)
        for i, n in enumerate(counts):
            row[i] += n
    order = sorted(sums, key=lambda key: (-key[0], key[1]))
    return tuple(Contingency(*key, *sums[key]) for key in order)


def within(played: Played, at: datetime, hours: float) -> Outlook:
    """As assessed on what was issued by an instant, looking only so many hours ahead.

    Args:
        played: A played case.
        at: Bulletins issued later are not read.
        hours: How far to look, h.
    """
    case, context = played.case, played.context
    heard = [s for s in played.steps if s.issued is not None and s.issued <= at]
    if not heard:
        return {}
    context = _looking(context, hours)
    # A page asks again at each look, and a window costs two seconds. The key holds everything
    # that the answer depends on, so that it can never be another case's.
    told = tuple((*s.fixes, *s.reports) for s in heard)
    risk = context.pack.threat.risk.model_dump_json()
    days = (case.spec.law_on, case.spec.places_on)
    cells = (context.areas.codes, len(context.areas.lat))
    key = (told, heard[-1].now, context.pack.fingerprint, risk, days, cells)
    if key not in _windows:
        while len(_windows) >= WINDOWS_MOST:
            _windows.pop(next(iter(_windows)), None)
        snapshot = Snapshot(
            heard[-1].now, len(heard), _tracks(heard), (), (), *days,
            observations=_observations(heard),
        )  # fmt: skip
        issued = None if context.pack.threat.tracked else {heard[-1].now: at}
        found = assess(context, snapshot)
        _windows[key] = next(iter(outlooks(found, issued).values()), {})
    return dict(_windows[key])


def _looking(context: Context, hours: float) -> Context:
    """The same context that looks only so many hours ahead, but no less than a step of its model.

    What is counted is not looked ahead at, and an earthquake has no hours to come: both stay.
    """
    threat = context.pack.threat
    if threat.counted or isinstance(threat.risk, Shaking):
        return context
    if threat.tracked:
        return with_risk(context, horizon_h=max(hours, threat.wind.step_h))
    risk = threat.model.model_copy(update={"horizon_h": hours})
    pack = replace(context.pack, threat=threat.model_copy(update={"risk": risk}))
    return replace(context, pack=pack)


def _tracks(heard: Sequence[Step]) -> Tracks:
    return Tracks(tuple(replace(f, receipt=n) for n, s in enumerate(heard, 1) for f in s.fixes))


def _observations(heard: Sequence[Step]) -> Observations:
    """What had come in, as the store would give it."""
    rows = []
    for number, step in enumerate(heard, 1):
        newest = {(r.series, r.place, r.start): r for r in step.reports}
        rows += [
            Observation(
                r.series, r.place, r.start, r.value, r.unit, r.flag,
                r.published or step.issued or step.now, step.now, number, "",
            )
            for r in newest.values()
        ]  # fmt: skip
    return Observations(tuple(rows))


def announced(played: Played, by_issue: Mapping[datetime, Outlook]) -> tuple[Compared, ...]:
    """Every row of what was announced, ours beside it.

    Ours is as assessed, without hysteresis, from the bulletins issued by the same hour: over the
    announcement's own window, and over our whole horizon.

    Args:
        played: A played case.
        by_issue: Its ``outlooks``.
    """
    path = played.case.announced()
    if path is None:
        return ()
    cached: dict[tuple[datetime, float], Outlook] = {}
    out = []
    for row in csv.DictReader(path.read_text("utf-8").splitlines()):
        issued = datetime.fromisoformat(row["issued"])
        until = datetime.fromisoformat(row["valid_until"]) if row["valid_until"] else None
        places = tuple(row["places"].split("|"))
        window: Outlook = {}
        if until is not None:
            key = (issued, (until - issued) / timedelta(hours=1))
            window = cached.setdefault(key, {}) or within(played, *key)
            cached[key] = window
        out.append(
            Compared(
                issued=issued,
                valid_until=until,
                area_text=row["area"],
                domain=row["domain"],
                announced=int(row["level"]),
                ours_window=_highest(window, places),
                ours_horizon=_highest(newest(by_issue, issued), places),
                places=places,
                note=row["note"],
            )
        )
    return tuple(out)


def _highest(levels: Outlook, places: tuple[str, ...]) -> int | None:
    found = [level for p in places if (level := levels.get(p, (None, 0))[0]) is not None]
    return max(found, default=None)


def truth_forces(case: Case, context: Context) -> tuple[dict[str, int], datetime | None]:
    """Strongest wind force of every area under the track as found out afterwards, and landfall.

    The same wind model over that one track: this judges the forecast of the track and strength,
    not the wind model.

    Returns:
        Force by place, and the first hour that the centre is over land that we know of (None if
        never).

    Raises:
        BadData: The case has no such track.
    """
    one = truth_ensemble(case, context)
    found = outlook(one, context.areas, context.pack.threat.wind)
    forces = (int(f) for f in beaufort(found.swath.area_max[0]))
    return dict(zip(context.areas.codes, forces, strict=True)), landfall(one, context)


def truth_ensemble(case: Case, context: Context) -> Ensemble:
    """The track as found out afterwards, as an ensemble of one.

    Hourly, straight between its positions, its winds as 1-minute means. It is taken as it stands:
    what land took is in it already.

    Raises:
        BadData: The case has no such track.
    """
    path = case.truth()
    if path is None or case.spec.truth is None:
        raise BadData()
    fixes = read_bulletins(path, case.spec.event, case.spec.truth.averaging_s).fixes
    rows = sorted((f for f in fixes if f.kind == "analysis"), key=lambda f: f.valid)
    start = rows[0].valid
    at = np.array([(f.valid - start) / timedelta(hours=1) for f in rows])
    hours = np.arange(0.0, at[-1] + 1e-9, 1.0)
    wind = np.interp(hours, at, [f.wind for f in rows])
    return Ensemble(
        hours=hours,
        lat=np.interp(hours, at, [f.lat for f in rows])[None],
        lon=np.interp(hours, at, [f.lon for f in rows])[None],
        wind=np.asarray(convert_maximum(wind, 600, 60, context.pack.threat.wind.surface))[None],
        start=start,
    )


def landfall(one: Ensemble, context: Context) -> datetime | None:
    """First hour that the centre of an ensemble of one is over land that we know of."""
    land = context.over_land(one.lat[0], one.lon[0])
    if not land.any():
        return None
    return one.start + timedelta(hours=float(one.hours[land.argmax()]))


def verify(
    case: Case, context: Context, by_issue: Mapping[datetime, Outlook]
) -> tuple[Contingency, ...]:
    """Land areas warned against those hit, by lead time before landfall.

    Warned: the deciding wind force of the newest bulletin issued by then is the force asked for
    or more. Hit: the same under the track as found out afterwards. Empty where the case has no
    such track or it never came ashore.

    Args:
        case: Of the replay.
        context: As it was played with.
        by_issue: Its ``outlooks``.
    """
    if case.truth() is None:
        return ()
    happened, landfall = truth_forces(case, context)
    if landfall is None:
        return ()
    kinds = zip(context.areas.codes, context.areas.kinds, strict=True)
    land = [code for code, kind in kinds if kind in {"province", "commune"}]
    out = []
    for lead in LEADS_H:
        levels = newest(by_issue, landfall - timedelta(hours=lead))
        if not levels:
            continue
        for force in FORCES:
            warned = {p for p, (_, f) in levels.items() if f >= force}
            hit = {p for p, f in happened.items() if f >= force}
            out.append(contingency(lead, force, warned, hit, land))
    return tuple(out)
