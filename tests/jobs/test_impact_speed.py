"""The program behind the page on speed of impacts, on a toy; figures are not tested, sums are."""

from __future__ import annotations

import re

import numpy as np
import pytest

from haidang.risk.engine.run import impacts
from jobs import impact_speed as speed

SIZE = (8, 60, 80)


def here(what, events, points, cells):
    return speed.child(events, points, cells, what, 1)


def test_the_plain_program_agrees_with_the_engine():
    world = speed.made(*SIZE)
    at_event, per_point, expected = speed.by_scipy(world)
    found = impacts(world.events(), world.assets(), speed.CURVE)
    np.testing.assert_allclose(found.at_event("c0"), at_event, rtol=1e-12)
    np.testing.assert_allclose(found.per_point("c0"), per_point, rtol=1e-12)
    assert found.expected("c0") == pytest.approx(expected, rel=1e-12)


def test_the_page_has_only_measured_figures():
    peer = {"seconds": 9.0, "processor": 8.0, "before_mb": 1.0, "peak_mb": 2.0, "expected": 1.0}
    zoned = speed.zones(side=40, across=3, rounds=1)
    assert zoned.places == 9
    assert zoned.apart < 1e-9
    text = "\n".join(speed.page(here, peer, zoned, SIZE))
    assert len(re.findall(r"^\| .* \| [\d.]+ \| [\d.]+ \| [\d,]+ \| [\d,]+ \|$", text, re.M)) == 6
    assert (
        len(re.findall(r" the (?:events|points|cells).* \| \d+\.\d \| [\d,]+ \|$", text, re.M)) == 6
    )
    alone = "\n".join(speed.page(here, None, None, SIZE))
    assert "`ImpactCalc`" not in alone
    assert "exactextract" not in alone


def test_the_peer_is_left_out_where_it_is_not(monkeypatch):
    monkeypatch.delenv("HAIDANG_CLIMADA", raising=False)
    assert speed.climada() is None
