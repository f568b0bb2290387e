"""What came to each place, told by the same rules as the warnings: never what was expected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from haidang.app.assess import assess
from haidang.app.assess_track import rule
from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.base.wind import BEAUFORT
from haidang.data.observations import Observation, Observations, Report
from haidang.data.tracks import Tracks
from haidang.jobs.replay import Played, Step
from haidang.jobs.verify import truth_ensemble
from haidang.review.warned import HOUR, Found
from haidang.risk.cyclone import outlook
from haidang.risk.spec import RiverStage
from haidang.watch.signal import State

FORCES: Final = tuple(range(6, 18))

KEPT_MOST: Final = 16
_kept: Final[dict[tuple[object, ...], dict[str, Found]]] = {}


def came_to(played: Played, levels: Sequence[int]) -> Mapping[str, Found]:
    """What came, worked out once: it takes a second or more, and does not change with the store.

    The key holds everything that the answer depends on, as that of ``verify.within``.
    """
    context, spec = played.context, played.case.spec
    tracked = context.pack.threat.tracked
    file = played.case.truth()
    heard = (file and file.read_bytes()) if tracked else tuple(s.reports for s in played.steps)
    risk = context.pack.threat.risk.model_dump_json()
    days = (spec.event, spec.law_on, spec.places_on)
    cells = (context.areas.codes, len(context.areas.lat))
    key = (heard, context.pack.fingerprint, risk, days, cells, tuple(levels))
    if key not in _kept:
        while len(_kept) >= KEPT_MOST:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = (found_track if tracked else found_readings)(played, levels)
    return _kept[key]


def found_track(played: Played, levels: Sequence[int]) -> dict[str, Found]:
    """Levels that the law gives for the wind over the track as found out afterwards.

    It is the same wind model over another track: this judges forecasts of track and strength and
    the rule of the level, not the wind model.
    """
    context = played.context
    track = truth_ensemble(played.case, context)
    spec = context.pack.threat.wind.model_copy(update={"forces": FORCES})
    wind = outlook(track, context.areas, spec)
    out = {}
    for i, code in enumerate(context.areas.codes):
        level = rule(context, i, float(wind.swath.area_max[0, i])).level
        first = wind.swath.first[0, i]
        onsets: dict[int, datetime | None] = {}
        for k in levels:
            if level is None or level < k:
                continue
            reached = [(f, int(h)) for f, h in zip(FORCES, first, strict=True) if h >= 0]
            # Where the bound lies inside a force, that force begins before it: the strict choice.
            hours = [
                h
                for f, h in reached
                if f == reached[-1][0] or (rule(context, i, BEAUFORT[f].lower).level or 0) >= k
            ]
            onsets[k] = wind.start + min(hours) * HOUR if hours else None
        out[code] = Found(level, onsets, "truth_track")
    return out


def found_readings(played: Played, levels: Sequence[int]) -> dict[str, Found]:
    """Levels that the law gives for what was measured, reading by reading, as if known at once.

    Forecasts among the readings are left out. A place of which nobody was heard, or for which the
    text leaves the case open, is not known. A sum over a period holds from the beginning of the
    period: the strict choice, for a notice in the middle of the day is then late.
    """
    context = _here_and_now(played.context)
    reports = [r for step in played.steps for r in step.reports if _measured(r, step, context)]
    rows = tuple(
        Observation(r.series, r.place, r.start, r.value, r.unit, r.flag, r.start, r.start, n, "")
        for n, r in enumerate(sorted(reports, key=lambda r: r.start), 1)
    )
    seen: dict[str, dict[datetime, int]] = defaultdict(dict)
    for at in sorted({r.start for r in rows}):
        known = tuple(r for r in rows if r.start <= at)
        snapshot = Snapshot(
            at, len(known), Tracks(()), (), (), played.case.spec.law_on, played.case.spec.places_on,
            observations=Observations(known),
        )  # fmt: skip
        for one in assess(context, snapshot):
            level = one.grounds.level
            if level is not None and (level or one.state is State.QUIET):
                seen[one.place][at] = level
    return {code: _found(seen.get(code, {}), levels) for code in context.areas.codes}


def _found(seen: Mapping[datetime, int], levels: Sequence[int]) -> Found:
    if not seen:
        return Found(None, {}, "truth_readings")
    onsets: dict[int, datetime | None] = {
        k: min(at for at, level in seen.items() if level >= k)
        for k in levels
        if any(level >= k for level in seen.values())
    }
    return Found(max(seen.values()), onsets, "truth_readings")


def _measured(report: Report, step: Step, context: Context) -> bool:
    """Whether a reading was seen rather than expected when it was published.

    Of a sum over a period half must have passed: what is published sooner is mostly expectation.
    """
    name = report.series.rpartition("/")[2]
    period = context.pack.threat.readings.indicators[name].period_h
    published = report.published or step.issued or step.now
    return published >= report.start + timedelta(hours=period / 2)


def _here_and_now(context: Context) -> Context:
    """The same rules without a look ahead: what is, not what will be.

    A model's own trend is a look ahead too: left in, a rise that never came would count as seen.
    """
    threat = context.pack.threat
    ahead: dict[str, float] = {"horizon_h": 1}
    if isinstance(threat.model, RiverStage):
        ahead["forecast_h"] = 0
    risk = threat.model.model_copy(update=ahead)
    return replace(
        context, pack=replace(context.pack, threat=threat.model_copy(update={"risk": risk}))
    )
