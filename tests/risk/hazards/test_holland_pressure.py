"""A member's field peaks at the wind it was given, whatever the model makes of pressure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.risk.hazards.holland_pressure import DEEPEST_HPA, deficit_of_peak, steady_tracks
from haidang.risk.hazards.tropical_cyclone import KM_PER_DEGREE, h08_b, h10_peak, swath

WINDS = [20.0, 30.0, 45.0, 60.0, 77.0, 80.0, 95.0]  # the relation itself ends at some 78


@given(v=st.floats(5, 90), lat=st.floats(-40, 40), moving=st.floats(0, 15))
def test_the_deficit_gives_back_the_wind(v, lat, moving):
    wind, where, speed = np.array([v]), np.array([lat]), np.array([moving])
    deficit = deficit_of_peak(wind, where, speed)
    assert 0 < deficit[0] <= DEEPEST_HPA
    again = h10_peak(h08_b(deficit, np.zeros(1), where, speed), deficit)
    if deficit[0] < 199.999:
        assert again[0] == pytest.approx(v, rel=1e-8)
    else:  # the relation has ended: no deficit gives so much
        assert v > 70
        assert again[0] <= v


def test_a_stronger_wind_needs_a_deeper_storm():
    wind = np.linspace(1, 80, 80)
    found = deficit_of_peak(wind, np.full(80, 20.0), np.full(80, 5.0))
    assert np.all(np.diff(found) > 0)


def test_no_wind_needs_no_deficit():
    found = deficit_of_peak(np.zeros(1), np.array([20.0]), np.array([5.0]))
    assert found[0] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("v", WINDS)
@pytest.mark.parametrize("lat", [8.0, 20.0])
def test_the_field_of_a_standing_storm_peaks_at_the_given_wind(v, lat):
    """Cells every 250 m along a radius, out to 150 km: the highest is the wind within 1 %."""
    hours = np.arange(4.0)
    shape = (1, 4)
    tracks = steady_tracks(hours, np.full(shape, lat), np.full(shape, 110.0), np.full(shape, v))
    km = np.arange(2.0, 150.0, 0.25)
    found = swath(
        tracks, lat + km / KM_PER_DEGREE, np.full_like(km, 110.0), [0, km.size], [1.0],
        model="H10", cutoff_km=500,
    )  # fmt: skip
    assert found.area_max[0, 0] == pytest.approx(v, rel=0.01)
    assert found.area_max[0, 0] <= v * (1 + 1e-9)
    # The strongest ring is neither the first nor the last cell: the peak was inside.
    assert 0 < int(np.argmax(found.cell_max[0])) < km.size - 1


@pytest.mark.parametrize("v", WINDS)
def test_the_first_position_has_wind_too(v):
    hours, lat = np.arange(3.0), np.array([[20.0, 20.1, 20.2]])
    tracks = steady_tracks(hours, lat, np.full((1, 3), 110.0), np.full((1, 3), v))
    km = np.arange(-150.0, 150.0, 0.5)
    east = 110.0 + km / (KM_PER_DEGREE * np.cos(np.radians(20.0)))
    found = swath(
        tracks, np.full_like(km, 20.0), east, [0, km.size], [v * 0.9], model="H10", cutoff_km=500
    )
    assert found.first[0, 0, 0] == 0


def test_the_wind_of_a_coast_is_no_jump_of_the_model():
    """A wind that drops within an hour does not sharpen the storm at that hour."""
    hours, lat, lon = np.arange(6.0), np.full((1, 6), 20.0), np.full((1, 6), 110.0)
    dropped = np.array([[50.0, 50.0, 50.0, 40.0, 38.0, 36.0]])
    steady = np.full((1, 6), 40.0)
    a, b = (steady_tracks(hours, lat, lon, wind) for wind in (dropped, steady))
    for name in ("v_m", "b", "dp_hpa", "rmax_km", "x_n"):
        assert getattr(a, name)[0, 3] == pytest.approx(getattr(b, name)[0, 3])
    assert a.v_m[0, 3] == pytest.approx(40)
