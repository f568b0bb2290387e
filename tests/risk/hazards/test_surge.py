"""Surge against the closed solution, by hand, and in its directions.

Dean & Dalrymple (1991) solve the steady balance on a plane slope under a steady wind: with
A = n tau L / (rho g h0²) the water at the shore follows from

    1 = (1 - eta/h0) - A ln((eta/h0 - A) / (1 - A))

(as printed in the documentation of ScientiMate, function stormsurge1d; its example is a shelf of
42 m falling by 0.00084 under 40 m/s, as for Hurricane Katrina).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq

from haidang.risk.coast import NODES_KM, Coast
from haidang.risk.hazards.holland_pressure import steady_tracks
from haidang.risk.hazards.surge import (
    BOTTOM,
    GRAVITY,
    SEA_DENSITY,
    along,
    drag,
    highest,
    inflow,
    inverse_barometer,
    plane_coast,
    stress,
    total_level,
)


def closed(h0: float, length_m: float, tau: float) -> float:
    a = BOTTOM * tau * length_m / (SEA_DENSITY * GRAVITY * h0**2)
    return brentq(
        lambda eta: -eta / h0 - a * np.log((eta / h0 - a) / (1 - a)), h0 * a * (1 + 1e-9), h0
    )


@pytest.mark.parametrize(("h0", "slope", "tau"), [(42.0, 0.00084, 6.54976), (30.0, 0.0005, 2.0)])
def test_closed_solution_of_dean_and_dalrymple(h0, slope, tau):
    length = h0 / slope
    want = closed(h0, length, tau)
    if h0 == 42.0:
        assert want == pytest.approx(3.032, abs=0.001)
    x = np.linspace(0.0, length, 2001)
    eta = 0.0
    for a, b in pairwise(x):
        eta = along(eta, tau, h0 * (1 - (a + b) / 2 / length), b - a)
    assert eta == pytest.approx(want, rel=2e-4)
    # On the model's own few nodes:
    nodes = [1000 * n for n in NODES_KM if 1000 * n < length] + [length]
    eta = 0.0
    for near, far in zip(nodes[-2::-1], nodes[:0:-1], strict=True):
        eta = along(eta, tau, slope * (near + far) / 2, far - near)
    assert eta == pytest.approx(want, rel=0.03)


def test_drag_of_wu_held_level():
    assert drag(10.0) == pytest.approx(1.45e-3)
    assert drag(33.0) == pytest.approx(2.945e-3)
    assert drag(60.0) == drag(33.0)
    assert stress(20.0) == pytest.approx(1.15 * 2.1e-3 * 400)


def test_inflow_by_hand():
    assert np.degrees([inflow(0.0, 40.0), inflow(40.0, 40.0)]) == pytest.approx([10.0, 20.0])
    assert np.degrees([inflow(44.0, 40.0), inflow(200.0, 40.0)]) == pytest.approx([22.5, 25.0])


def test_a_hectopascal_lifts_a_centimetre():
    # At the very centre the whole deficit; at R the part 1 - 1/e of it.
    assert inverse_barometer(50.0, 0.0, 40.0, 1.5) == pytest.approx(0.497, abs=0.001)
    assert inverse_barometer(50.0, 40.0, 40.0, 1.5) == pytest.approx(0.497 * (1 - np.exp(-1)), 1e-3)
    assert inverse_barometer(50.0, 4000.0, 40.0, 1.5) < 0.001


def test_offshore_wind_lowers_but_never_drains():
    assert along(0.0, -1.0, 10.0, 10_000.0) < 0
    assert along(0.0, -50.0, 1.0, 50_000.0) == pytest.approx(0.5 - 1.0)


HOURS = np.arange(0.0, 31.0)


def landfall(speed_ms=45.0, forward_kmh=15.0, lat=20.0, members=1):
    """A storm that comes from the east, straight onto a coast at 106 E."""
    east = 108.0 - HOURS * forward_kmh / (111.12 * np.cos(np.radians(lat)))
    shape = (members, len(HOURS))
    return steady_tracks(
        HOURS, np.full(shape, lat), np.tile(east, (members, 1)), np.full(shape, speed_ms)
    )


def straight(slope=0.0006, deepest=60.0, lat=20.0):
    at = lat + np.arange(-1.5, 1.51, 0.1)
    return plane_coast(at, np.full(len(at), 106.0), 90.0, slope, deepest)


def test_the_water_is_highest_to_the_right_of_the_landfall():
    got = highest(landfall(), straight())[0]
    north = np.argmax(got) - 15
    assert 1 <= north <= 6  # 11 to 67 km to the right: the wind's side and where R lies
    assert got[15 - 5] < got[15 + 5] / 3
    assert np.all(got >= 0)


def test_south_of_the_equator_it_is_the_left():
    got = highest(landfall(lat=-20.0), straight(lat=-20.0))[0]
    assert np.argmax(got) < 15


def test_stronger_storms_and_shallower_seas_raise_more():
    usual = highest(landfall(), straight()).max()
    assert highest(landfall(speed_ms=55.0), straight()).max() > usual
    assert highest(landfall(), straight(slope=0.0003)).max() > usual
    assert highest(landfall(), straight(slope=0.01, deepest=2000.0)).max() < usual / 2


def test_a_steep_coast_feels_little_but_the_pressure():
    got = highest(landfall(), straight(slope=0.05, deepest=3000.0)).max()
    deficit = landfall().dp_hpa.max() / 100
    assert deficit * 0.5 < got < deficit + 0.5


def test_depths_that_end_at_land_and_members_and_threads():
    coast = straight()
    cut = coast.depth.copy()
    cut[:, 6:] = np.nan
    shorter = Coast(coast.lat, coast.lon, coast.seaward, cut)
    tracks = landfall(members=7)
    whole = highest(tracks, coast, threads=1)
    assert np.all(highest(tracks, shorter) <= whole)
    np.testing.assert_array_equal(whole, highest(tracks, coast, threads=3))
    np.testing.assert_array_equal(whole[0], whole[6])


def test_far_away_and_missing_storms_raise_nothing():
    assert highest(landfall(), straight(lat=5.0)).max() == 0.0
    tracks = landfall()
    tracks.lat[:] = np.nan
    assert highest(tracks, straight()).max() == 0.0


def test_total_level_and_shapes():
    assert total_level([1.0, 2.0], 1.5).tolist() == [2.5, 3.5]
    coast = straight()
    with pytest.raises(ValueError, match="depths"):
        highest(landfall(), Coast(coast.lat, coast.lon, coast.seaward, coast.depth[:, :3]))
