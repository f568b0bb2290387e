"""Read the bulletins of an event as one signal: is it there, is it over, or have we gone blind?"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from haidang.data.tracks import Bulletin
from haidang.watch.signal import Signal, State
from haidang.watch.spec import TrackWatch

NEWEST: Final = "newest bulletin"
ENDED: Final = "ended by its source"
"""Methods of a signal: by the second a calm is a fact that somebody stated, not a measurement."""


def bulletin_signal(
    bulletins: tuple[Bulletin, ...], now: datetime, spec: TrackWatch, event: str
) -> Signal:
    """Judge an event by its newest bulletin.

    Args:
        bulletins: Everything known of the event at ``now``, by time of issue.
        now: The snapshot's clock.
        spec: The pack's ``watch`` section.
        event: The event's id.

    Returns:
        NO_DATA when the newest bulletin, or the position it tells, is older than ``stale_after_h``
        and it did not end the event: a new bulletin of an old position says nothing of now;
        QUIET when it ended it or no point of it reaches ``raise_at_ms``, RAISED otherwise.
        ``value`` is the strongest wind of the bulletin in m/s.
    """
    if not bulletins:
        return _signal(event, now, State.NO_DATA, math.nan, spec, ())
    newest = bulletins[-1]
    if newest.ended:
        return _signal(event, newest.issued, State.QUIET, 0.0, spec, (newest.receipt,), ENDED)
    seen = None if newest.analysis is None else min(newest.issued, newest.analysis.valid)
    if newest.analysis is None or seen is None or now - seen > timedelta(hours=spec.stale_after_h):
        return _signal(event, newest.issued, State.NO_DATA, math.nan, spec, (newest.receipt,))
    points = (newest.analysis, *newest.forecast)
    strongest = max(p.wind_high for p in points)
    state = State.RAISED if strongest >= spec.raise_at_ms else State.QUIET
    return _signal(event, newest.issued, state, strongest, spec, (newest.receipt,))


def _signal(
    event: str,
    start: datetime,
    state: State,
    value: float,
    spec: TrackWatch,
    evidence: tuple[int, ...],
    method: str = NEWEST,
) -> Signal:
    return Signal(
        indicator="bulletin",
        subject=event,
        start=start,
        state=state,
        value=value,
        expected=math.nan,
        score=value / spec.raise_at_ms,
        completeness=0.0 if state is State.NO_DATA else 1.0,
        method=method,
        evidence=evidence,
    )
