"""The newest bulletin as a signal: an old position is no sight of now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from haidang.data.tracks import Fix, Tracks
from haidang.watch.bulletins import bulletin_signal
from haidang.watch.signal import State
from haidang.watch.spec import TrackWatch

T0 = datetime(2030, 9, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPEC = TrackWatch(kind="track", raise_at_ms=10.8, stale_after_h=12.0, source="invented")


@pytest.mark.parametrize(
    ("seen", "now", "state"),
    [
        (0, 0, State.RAISED),
        (0, 12, State.RAISED),
        (0, 12.5, State.NO_DATA),
        (-6, 6, State.RAISED),
        (-6, 7, State.NO_DATA),
        (-20, 0, State.NO_DATA),
    ],
)
def test_staleness_counts_from_the_position_not_from_the_paper(seen, now, state):
    fix = Fix(
        event="e",
        issued=T0,
        valid=T0 + seen * HOUR,
        lat=10.0,
        lon=100.0,
        wind_low=30.0,
        wind_high=32.0,
        kind="analysis",
        error_km=15.0,
        pressure_hpa=None,
        source="",
        published=T0,
        received=T0,
        receipt=7,
    )
    found = bulletin_signal(Tracks((fix,)).bulletins("e"), T0 + now * HOUR, SPEC, "e")
    assert (found.state, found.evidence) == (state, (7,))
