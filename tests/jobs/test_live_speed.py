"""The program behind the page on latency, on a toy; figures are not tested, that they come is."""

from __future__ import annotations

from jobs import live_speed
from jobs.live_toy import make
from mosquitto import broker


def test_triggers_reach_the_feed_under_other_readings(tmp_path):
    make(tmp_path / "packs", 4, 3)
    with broker(tmp_path / "mqtt") as server:
        found, start = live_speed.measured(
            tmp_path / "desk", tmp_path / "packs", server, 2, 3, rate=20, seconds=3.0
        )
    assert found.lost == 0
    assert len(found.seconds) == 2
    # What was said again of the same instant is known already, so at most all of it is stored.
    assert 2 <= found.stored <= found.sent
    assert found.sent > 40
    assert found.processor > 0
    assert start > 0
