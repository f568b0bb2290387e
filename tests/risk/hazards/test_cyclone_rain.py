"""R-CLIPER: by hand from the paper's equations, and the kernel against plain loops.

The coefficients of table 2 (NHC) stand the same in two programs by different authors: CLIMADA
petals (climada_petals/hazard/tc_rainfield.py, which names equations 3 to 5 and table 2) and the
older CLIMADA in MATLAB (climada_RCLIPER.m, which rounds 64.5 km to 64).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.risk.hazards.cyclone_rain import (
    CUTOFF_KM,
    accumulated,
    normalized_wind,
    parameters,
    rain_rate,
)

KNOT = 1852 / 3600
KM = 111.12


def test_normalized_wind():
    assert normalized_wind(np.array([35.0, 68.0, 101.0]) * KNOT).tolist() == pytest.approx(
        [1.0, 2.0, 3.0]
    )


def test_parameters_by_hand():
    # U = 2: T0 = 6.82, Tm = 8.00 inches a day; rm = 38.5, re = 118 km.
    t0, tm, rm, re = parameters(68.0 * KNOT)
    assert t0 == pytest.approx(6.82 * 25.4 / 24)
    assert tm == pytest.approx(8.00 * 25.4 / 24)
    assert (rm, re) == pytest.approx((38.5, 118.0))


def test_profile_by_hand():
    v = 68.0 * KNOT
    inch = 25.4 / 24
    assert float(rain_rate(0.0, v)) == pytest.approx(6.82 * inch)
    assert float(rain_rate(38.5 / 2, v)) == pytest.approx((6.82 + 8.00) / 2 * inch)
    assert float(rain_rate(38.5, v)) == pytest.approx(8.00 * inch)
    assert float(rain_rate(38.5 + 118, v)) == pytest.approx(8.00 / np.e * inch)
    assert float(rain_rate(CUTOFF_KM + 1, v)) == 0.0


@given(st.floats(0, 90), st.floats(0, 600))
def test_never_negative_and_stronger_rains_more_near_the_centre(wind, r):
    assert float(rain_rate(r, wind)) >= 0
    assert float(rain_rate(0.0, wind + 1)) >= float(rain_rate(0.0, wind))


def test_calm_storm_is_dry():
    assert float(rain_rate(10.0, 0.0)) == 0.0
    assert np.isnan(rain_rate(10.0, np.nan))


def slow(hours, lat, lon, wind, cells_lat, cells_lon, cutoff):
    """Obviously right: loops, the formula above, the trapezium rule, every window."""
    out = np.zeros((2, len(lat), len(cells_lat)))
    window = round(24 / (hours[1] - hours[0]))
    for m in range(len(lat)):
        for c in range(len(cells_lat)):
            rates = np.zeros(len(hours))
            for t in range(len(hours)):
                if np.isnan(lat[m, t]):
                    continue
                dy = (cells_lat[c] - lat[m, t]) * KM
                dx = (cells_lon[c] - lon[m, t]) * KM * np.cos(np.radians(lat[m, t]))
                r = np.hypot(dx, dy)
                rates[t] = rain_rate(r, wind[m, t]) if r <= cutoff else 0.0
            pieces = (rates[1:] + rates[:-1]) / 2 * np.diff(hours)
            out[0, m, c] = pieces.sum()
            out[1, m, c] = max(pieces[i : i + window].sum() for i in range(len(pieces)))
    return out


@pytest.mark.parametrize("step", [1.0, 3.0])
def test_kernel_is_the_slow_way(step):
    rng = np.random.default_rng(2)
    hours = np.arange(0.0, 60.1, step)
    n = len(hours)
    lat = 19 + hours / 40 + rng.normal(0, 0.4, (6, 1))
    lon = 110 - hours / 10 + rng.normal(0, 0.4, (6, 1))
    wind = np.abs(rng.normal(30, 15, (6, n)))
    lat[1, : n // 2] = lon[1, : n // 2] = np.nan
    wind[2] = 0.0
    cells_lat, cells_lon = rng.uniform(17, 23, 15), rng.uniform(103, 111, 15)
    want = slow(hours, lat, lon, wind, cells_lat, cells_lon, 300.0)
    for threads in (1, 3):
        got = accumulated(hours, lat, lon, wind, cells_lat, cells_lon, 300.0, threads)
        np.testing.assert_allclose(got.total, want[0], rtol=1e-12)
        np.testing.assert_allclose(got.day_max, want[1], rtol=1e-12)


def test_a_storm_that_stands_still_gives_its_rate_times_the_time():
    hours = np.arange(49.0)
    lat, lon = np.full((1, 49), 20.0), np.full((1, 49), 107.0)
    wind = np.full((1, 49), 40.0)
    got = accumulated(hours, lat, lon, wind, [20.5], [107.0])
    rate = float(rain_rate(0.5 * KM, 40.0))
    assert got.total[0, 0] == pytest.approx(48 * rate)
    assert got.day_max[0, 0] == pytest.approx(24 * rate)


def test_across_the_antimeridian_and_shorter_than_a_day():
    hours = np.arange(7.0)
    lat, lon = np.full((1, 7), 18.0), np.linspace(178.5, 181.5, 7)[None]
    got = accumulated(hours, lat, lon, np.full((1, 7), 40.0), [18.0, 18.0], [179.9, -179.9])
    assert got.total[0, 0] == pytest.approx(got.total[0, 1], rel=1e-9)  # mirrored about 180
    assert np.array_equal(got.total, got.day_max)


@pytest.mark.parametrize(
    ("hours", "shape"), [([0.0], (1, 1)), ([0.0, 1.0, 3.0], (1, 3)), ([0.0, 1.0], (1, 3))]
)
def test_shapes_that_do_not_fit(hours, shape):
    field = np.full(shape, 20.0)
    with pytest.raises(ValueError, match="hours must be"):
        accumulated(np.array(hours), field, field, field, [20.0], [107.0])
