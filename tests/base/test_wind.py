from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.base import wind
from haidang.base.errors import BadData

PRINTED_MS = [0, 0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7, 37.0, 41.5]
PRINTED_MS += [46.2, 51.0, 56.1]
PRINTED_KMH = [0, 1, 6, 12, 20, 29, 39, 50, 62, 75, 89, 103, 118, 134, 150, 167, 184, 202]


def test_every_printed_bound_in_both_units_starts_its_force():
    for force, (ms, kmh) in enumerate(zip(PRINTED_MS, PRINTED_KMH, strict=True)):
        assert wind.beaufort(ms) == force
        assert wind.beaufort(wind.kmh_to_ms(kmh)) == force
        if force:
            assert wind.beaufort(round(ms - 0.1, 1)) == force - 1
            assert wind.beaufort(wind.kmh_to_ms(kmh - 1)) == force - 1


@given(st.floats(0, 150), st.floats(0, 150))
def test_force_never_falls_as_the_wind_rises(a, b):
    low, high = sorted((a, b))
    assert wind.beaufort(low) <= wind.beaufort(high)


@pytest.mark.parametrize("force", range(18))
def test_bound_and_midpoint_come_back_as_their_force(force):
    assert wind.beaufort(wind.lower_bound(force)) == force
    assert wind.beaufort(wind.midpoint(force)) == force
    assert wind.midpoint(force) > wind.lower_bound(force)


def test_missing_wind_is_no_calm_and_shape_stays():
    found = wind.beaufort(np.array([[np.nan, 0.0], [12.0, 500.0]]))
    assert found.tolist() == [[-1, 0], [6, 17]]


@pytest.mark.parametrize("force", [-1, 18, 6.5, "6"])
def test_no_such_force(force):
    with pytest.raises(BadData, match="not a Beaufort force"):
        wind.lower_bound(force)


def test_negative_wind_is_refused():
    with pytest.raises(BadData, match="negative"):
        wind.beaufort([3.0, -1.0])


@given(st.floats(0, 200))
def test_units_go_there_and_back(v):
    assert wind.ms_to_knots(wind.knots_to_ms(v)) == pytest.approx(v)
    assert wind.ms_to_kmh(wind.kmh_to_ms(v)) == pytest.approx(v)


def test_a_knot():
    assert wind.knots_to_ms(1) == pytest.approx(0.514444, abs=1e-6)
    assert wind.kmh_to_ms(18) == 5.0


@pytest.mark.parametrize(
    ("exposure", "one", "two", "three"),
    [
        ("at-sea", 1.05, 1.02, 1.00),
        ("off-sea", 1.11, 1.05, 1.03),
        ("off-land", 1.16, 1.09, 1.06),
        ("in-land", 1.21, 1.12, 1.09),
    ],
)
def test_gust_factors_from_ten_minutes(exposure, one, two, three):
    for period, factor in ((60, one), (120, two), (180, three)):
        assert wind.convert_averaging(1.0, 600, period, exposure) == pytest.approx(factor)


@given(
    st.floats(0, 100),
    st.sampled_from([60, 120, 180, 600]),
    st.sampled_from([60, 120, 180, 600]),
    st.sampled_from(list(wind.GUST_FACTOR_600)),
)
def test_averaging_there_and_back_and_longer_is_never_stronger(v, a, b, exposure):
    there = wind.convert_averaging(v, a, b, exposure)
    assert wind.convert_averaging(there, b, a, exposure) == pytest.approx(v)
    if a < b:
        assert there <= v * (1 + 1e-12)


def test_the_recommended_factors_are_the_ratio_of_the_hourly_gust_factors():
    # Table 1.1, reference period one hour: (600 s, 60 s).
    hourly = {
        "at-sea": (1.03, 1.11),
        "off-sea": (1.05, 1.17),
        "off-land": (1.06, 1.22),
        "in-land": (1.08, 1.28),
    }
    for exposure, (ten, one) in hourly.items():
        assert wind.MAXIMUM_60_TO_600[exposure] == pytest.approx(ten / one, abs=0.005)
    assert wind.convert_maximum(100.0, 60, 600) == pytest.approx(93.0)
    assert wind.convert_maximum(93.0, 600, 60) == pytest.approx(100.0)
    assert wind.convert_maximum(7.0, 60, 60) == 7.0


def test_arrays_are_converted_element_by_element():
    got = wind.convert_averaging(np.array([1.0, np.nan]), 600, 60, "in-land")
    np.testing.assert_allclose(got, [1.21, np.nan])


@pytest.mark.parametrize("convert", [wind.convert_averaging, wind.convert_maximum])
def test_unknown_period_or_exposure(convert):
    with pytest.raises(BadData, match="3 seconds"):
        convert(1.0, 3, 600, "at-sea")
    with pytest.raises(BadData, match="on-roof"):
        convert(1.0, 60, 600, "on-roof")
