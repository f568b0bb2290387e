from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.risk.hazards import tropical_cyclone_fill as fill

KN = 1852 / 3600


def test_pressure_and_wind_by_hand():
    # 1010 - 910 = 100: 6.7 * 100^0.644 = 6.7 * 10^1.288
    assert float(fill.wind_from_pressure(910.0)) == pytest.approx(6.7 * 10**1.288 * KN)
    assert fill.wind_from_pressure([1010.0, 1015.0]).tolist() == [0.0, 0.0]
    assert float(fill.pressure_from_wind(6.7 * KN)) == pytest.approx(1009.0)


@given(st.floats(860, 1009.9))
def test_pressure_comes_back(p):
    assert float(fill.pressure_from_wind(fill.wind_from_pressure(p))) == pytest.approx(p)


def test_radius_by_hand_and_in_both_hemispheres():
    expected = 46.4 * math.exp(-0.0155 * 50 + 0.0169 * 20)
    assert float(fill.radius_of_maximum_wind(50.0, 20.0)) == pytest.approx(expected)
    assert float(fill.radius_of_maximum_wind(50.0, -20.0)) == pytest.approx(expected)
    assert np.isnan(fill.radius_of_maximum_wind(np.nan, 20.0))


def test_decay_by_hand():
    v0, vb = 100 * KN, 26.7 * KN
    expected = vb + (0.9 * v0 - vb) * math.exp(-0.095 * 6)
    assert float(fill.decay_over_land(v0, 6.0)) == pytest.approx(expected)
    assert float(fill.decay_over_land(v0, -0.5)) == v0
    # Long over land, a strong storm stays at the background wind.
    assert float(fill.decay_over_land(v0, 1000.0)) == pytest.approx(vb)


@given(st.floats(0, 100), st.floats(0, 200), st.floats(0, 50))
def test_decay_never_raises_a_wind(v0, hours, more):
    now, later = fill.decay_over_land(v0, [hours, hours + more])
    assert later <= now <= 0.9 * v0 + 1e-12


def test_missing_stays_missing():
    assert np.isnan(fill.decay_over_land(np.nan, 1.0))
    assert np.isnan(fill.decay_over_land(10.0, np.nan))
    assert np.isnan(fill.wind_from_pressure(np.nan))
    assert np.isnan(fill.pressure_from_wind(np.nan))
