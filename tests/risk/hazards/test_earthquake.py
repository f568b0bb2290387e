from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haidang.base.errors import BadData
from haidang.risk.hazards.earthquake import (
    MODELS,
    from_epicentre,
    joyner_boore,
    mean_joyner_boore,
    outside,
    rupture_length,
    shaking,
)

HERE = (21.0, 103.0)


def test_length_of_wells_and_coppersmith():
    # 10 ** (-2.44 + 0.59 M): a magnitude 6 breaks 10**1.10 km, 7 breaks 10**1.69.
    assert rupture_length([6.0, 7.0]).round(1).tolist() == [12.6, 49.0]


def test_distance_and_bearing():
    km, bearing = from_epicentre(0.0, 0.0, [1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0])
    assert km == pytest.approx(np.full(4, 111.19), abs=0.01)
    assert np.degrees(bearing) == pytest.approx([0.0, 90.0, 180.0, -90.0])
    across, _ = from_epicentre(0.0, 179.5, [0.0], [-179.5])
    assert float(across[0]) == pytest.approx(111.19, abs=0.01)


def test_joyner_boore_by_hand():
    # A rupture 20 km to the north and 0 to the south of the epicentre.
    north, east = 0.0, np.pi / 2
    assert float(joyner_boore(15.0, north, 20.0, 0.0, 0.0)) == pytest.approx(0.0)
    assert float(joyner_boore(50.0, north, 20.0, 0.0, 0.0)) == pytest.approx(30.0)
    assert float(joyner_boore(50.0, np.pi, 20.0, 0.0, 0.0)) == pytest.approx(50.0)
    assert float(joyner_boore(50.0, east, 20.0, 0.0, 0.0)) == pytest.approx(50.0)
    # Half behind the epicentre: 10 km on either side.
    assert float(joyner_boore(50.0, np.pi, 20.0, 0.0, 0.5)) == pytest.approx(40.0)


@given(st.floats(0, 300), st.floats(-4, 4), st.floats(0, 200), st.floats(0, 3.1), st.floats(0, 1))
def test_joyner_boore_is_the_nearest_point_of_the_line(d, bearing, length, strike, share):
    along = np.linspace(-share * length, (1 - share) * length, 2001)
    x, y = d * np.sin(bearing), d * np.cos(bearing)
    nearest = np.hypot(x - along * np.sin(strike), y - along * np.cos(strike)).min()
    got = float(joyner_boore(d, bearing, length, strike, share))
    assert nearest - 0.11 <= got <= nearest + 1e-9


def test_mean_distance_is_the_mean_over_many_ruptures():
    rng = np.random.default_rng(5)
    strike, share = rng.uniform(0, np.pi, 200_000), rng.uniform(0, 1, 200_000)
    for d in (5.0, 30.0, 100.0):
        drawn = joyner_boore(d, 0.3, 50.0, strike, share).mean()
        assert float(mean_joyner_boore(d, 50.0)) == pytest.approx(drawn, rel=0.01)
    assert float(mean_joyner_boore(100.0, 0.0)) == pytest.approx(100.0)
    assert float(mean_joyner_boore(0.0, 50.0)) == pytest.approx(0.0)


@pytest.mark.parametrize("model", MODELS)
def test_weaker_with_distance_stronger_with_magnitude(model):
    lat = HERE[0] + np.array([0.1, 0.5, 1.0, 3.0])
    lon = np.full(4, HERE[1])
    small = shaking(5.5, 10, *HERE, lat, lon, members=1, model=model)
    large = shaking(7.0, 10, *HERE, lat, lon, members=1, model=model)
    assert small.shape == (1, 4)
    assert np.all(np.diff(small[0]) < 0)
    assert np.all(large > small)


def test_both_models_agree_within_their_scatter():
    """Two independent papers, one earthquake: their middles are closer than their errors."""
    lat, lon = HERE[0] + np.array([0.1, 0.3, 0.5, 0.9]), np.full(4, HERE[1])
    for m in (5.5, 6.0, 6.5, 7.0):
        one, other = (shaking(m, 10, *HERE, lat, lon, members=1, model=k)[0] for k in MODELS)
        assert np.all(np.abs(one - other) < 0.85)


def test_soft_ground_shakes_more():
    lat, lon = np.array([21.3, 21.3]), np.array([103.0, 103.0])
    rock, soft = shaking(6.0, 10, *HERE, lat, lon, vs30=np.array([760.0, 200.0]), members=1)[0]
    assert soft > rock + 0.5


def test_member_zero_is_the_middle_and_the_rest_scatter_about_it():
    lat, lon = np.array([21.4]), np.array([103.0])
    got = shaking(6.5, 10, *HERE, lat, lon, members=4000, seed=1, strike_deg=90.0)[:, 0]
    assert np.median(got) == pytest.approx(got[0], abs=0.06)
    # Velocity (tau 0.346, phi 0.552 in ln) on the upper line, and 0.63 of the conversion.
    by_hand = np.hypot(np.hypot(0.346, 0.552) * 3.16 / np.log(10), 0.63)
    assert got.std() == pytest.approx(by_hand, rel=0.06)


def test_scatter_of_the_event_alone_is_shared():
    lat, lon = np.array([21.5, 20.5]), np.array([103.0, 103.0])
    shared = shaking(6.0, 10, *HERE, lat, lon, members=500, scatter="event", strike_deg=90.0)
    own = shaking(6.0, 10, *HERE, lat, lon, members=500, scatter="place", strike_deg=90.0)
    assert np.corrcoef(shared.T)[0, 1] > 0.999  # mirror images about the strike
    assert np.corrcoef(own.T)[0, 1] < 0.6
    assert shared.std() < own.std()


def test_the_same_seed_gives_the_same_whatever_else_is_asked():
    lat, lon = np.array([21.5, 22.0, 20.0]), np.array([103.0, 104.0, 103.0])
    one = shaking(6.0, 10, *HERE, lat, lon, members=20, seed=3, scatter="event")
    np.testing.assert_array_equal(
        one, shaking(6.0, 10, *HERE, lat, lon, members=20, seed=3, scatter="event")
    )
    fewer = shaking(6.0, 10, *HERE, lat[:1], lon[:1], members=20, seed=3, scatter="event")
    np.testing.assert_array_equal(one[:, :1], fewer)
    assert np.any(one != shaking(6.0, 10, *HERE, lat, lon, members=20, seed=4, scatter="event"))


@settings(max_examples=30)
@given(
    st.floats(2, 9), st.floats(0, 100), st.floats(-89, 89), st.floats(-180, 180), st.integers(1, 9)
)
def test_always_a_grade(magnitude, depth, lat, lon, members):
    for model in MODELS:
        got = shaking(magnitude, depth, lat, lon, [lat, 0.0], [lon, 0.0], 300.0, members, 0, model)
        assert got.shape == (members, 2)
        assert np.all((got >= 1) & (got <= 10))


def test_what_lies_outside_is_said_and_answered():
    assert outside(6.0, 10.0, 100.0) == ()
    codes = [p.code for p in outside(9.0, 100.0, 900.0)]
    assert codes == [
        "hazard.quake_magnitude_range",
        "hazard.quake_deep",
        "hazard.quake_far",
    ]
    assert [p.code for p in outside(4.0, 5.0, 0.0, "allen_2012")] == [
        "hazard.quake_magnitude_range"
    ]
    for problem in outside(9.0, 100.0, 900.0):
        assert problem.severity == "warning"
        assert "{" not in problem.say("vi") + problem.say("en")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"magnitude": float("nan")}, "magnitude"),
        ({"magnitude": 11.0}, "magnitude"),
        ({"depth_km": -5.0}, "depth_km"),
        ({"lat": 103.0, "lon": 21.0}, "lat"),  # swapped
        ({"site_lat": [21.0, np.nan]}, "site_lat"),
        ({"vs30": 0.0}, "vs30"),
        ({"members": 0}, "members"),
        ({"site_lon": [103.0]}, "site_lat"),
        ({"vs30": [300.0, 300.0, 300.0]}, "site_lat"),
        ({"model": "nobody_1900"}, "model"),
        ({"scatter": "none"}, "scatter"),
    ],
)
def test_numbers_that_cannot_be(change, field):
    given_ = {
        "magnitude": 6.0,
        "depth_km": 10.0,
        "lat": 21.0,
        "lon": 103.0,
        "site_lat": [21.1, 21.2],
        "site_lon": [103.0, 103.1],
    }
    with pytest.raises(BadData) as error:
        shaking(**(given_ | change))
    assert field in {p.field for p in error.value.problems}
    assert "{" not in error.value.say("vi")


def test_a_country_of_communes_is_quick():
    rng = np.random.default_rng(0)
    lat, lon = rng.uniform(9, 23, 3321), rng.uniform(103, 109, 3321)
    begun = time.process_time()
    assert shaking(6.5, 12, 21.0, 103.0, lat, lon, members=200).shape == (200, 3321)
    assert time.process_time() - begun < 5.0
