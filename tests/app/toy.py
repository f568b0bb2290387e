"""The toy country with a small ensemble and few cells: quick enough to be asked often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from haidang.app.context import Context, build_context
from haidang.app.snapshot import Snapshot
from haidang.base.ids import content_id
from haidang.base.wind import lower_bound
from haidang.data.tracks import Fix, Tracks
from haidang.pack.load import load_country, roots
from haidang.risk.areas import Areas
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval, Onset, When
from haidang.watch.bulletins import ENDED
from haidang.watch.signal import Signal, State

TOY = Path(__file__).parents[1] / "toy"
THREAT = "storm"
T0 = datetime(2030, 9, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = date(2030, 9, 10)
DAYS = {"law_day": DAY, "places_day": DAY}
PLACES = ("N", "S", "sea-toy-east")


@cache
def context(members: int = 12, horizon_h: float = 24, every: int = 60) -> Context:
    """The toy country's threat with fewer members, a nearer horizon and thinned cells."""
    known = roots([TOY])
    country = load_country(known.country("xt"), known.threats)
    pack = country.packs[THREAT]
    risk = pack.threat.risk.model_copy(update={"members": members, "horizon_h": horizon_h})
    pack = replace(pack, threat=pack.threat.model_copy(update={"risk": risk}))
    whole = build_context(country, pack, DAY, DAY)
    return replace(whole, areas=thinned(whole.areas, every))


def thinned(areas: Areas, every: int) -> Areas:
    """Every n-th cell of each area."""
    kept = [np.arange(a, b, every) for a, b in zip(areas.start[:-1], areas.start[1:], strict=True)]
    index = np.concatenate(kept)
    return replace(
        areas,
        start=np.concatenate([[0], np.cumsum([len(k) for k in kept])]).astype(np.int64),
        lat=areas.lat[index],
        lon=areas.lon[index],
        people=areas.people[:, index],
    )


def fix(
    hour: float,
    lat: float = 11.2,
    lon: float = -36.0,
    wind: float = 40.0,
    *,
    lead: float = 0,
    event: str = "3001-toto",
    kind: str = "analysis",
    receipt: int = 1,
) -> Fix:
    issued = T0 + hour * HOUR
    return Fix(
        event=event,
        issued=issued,
        valid=issued + lead * HOUR,
        lat=lat,
        lon=lon,
        wind_low=wind,
        wind_high=wind,
        kind=kind,
        error_km=15.0,
        pressure_hpa=None,
        source="invented",
        published=issued,
        received=issued,
        receipt=receipt,
    )


def snapshot(fixes: Sequence[Fix], hour: float, receipt: int, **other: object) -> Snapshot:
    plain = Snapshot(
        now=T0 + hour * HOUR,
        receipt=receipt,
        tracks=Tracks(tuple(fixes)),
        standing=(),
        chains=(),
        **DAYS,
    )
    return replace(plain, **other)


def judged(
    hour: float,
    level: int | None,
    state: State = State.RAISED,
    *,
    place: str = "N",
    event: str = "3001-toto",
    force: int = 9,
    onset_h: float | None = 12,
) -> Assessment:
    """What an assessment would say, without a storm: level and state as given."""
    now = T0 + hour * HOUR
    blind = state is not State.RAISED
    onset = None if onset_h is None else now + onset_h * HOUR
    wind = lower_bound(force) + 0.1
    if state is State.NO_DATA:
        level, status = None, "no data"
    elif level is None:
        status = "not defined by the text"
    else:
        status = "defined" if level else "below"
    body = Assessment(
        id="",
        threat=THREAT,
        event=event,
        place=place,
        at=now,
        until=now + 24 * HOUR,
        state=state,
        intensity=None if blind else Interval(wind, wind, wind),
        grounds=Grounds(level, status, "3(1)(a)" if level else "", "3", "act7", "t", "wind=1", ""),
        p_level=() if blind else ((1, 0.9), (2, 0.5), (3, 0.2)),
        onsets=()
        if blind
        else tuple(
            Onset(f, 0.8, When(onset, onset, onset), When(None, None, None)) for f in (6, 8)
        ),
        impacts=(Impact("people.force_8", "people", None),),
        signals=(Signal("bulletin", event, now, state, 40.0, 0.0, 1.0, 1.0, "invented", ()),),
        receipt=0,
        method="invented",
    )
    content = [event, place, now, level, state.value, force, onset_h]
    return replace(body, id=content_id("assessment", content))


def over(hour: float, **where: str) -> Assessment:
    """The source said that the event has ended."""
    found = judged(hour, 0, State.QUIET, **where)
    return replace(found, signals=(replace(found.signals[0], method=ENDED),))
