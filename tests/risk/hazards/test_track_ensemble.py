"""The ensemble: the middle track by hand, errors as published, decay that never raises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import haidang
from haidang.base.wind import convert_maximum
from haidang.data.tracks import Bulletin, Fix, Tracks
from haidang.pack.load import load_threat
from haidang.risk.hazards.track_ensemble import (
    COASTAL,
    KM_PER_DEGREE,
    Backbone,
    backbone,
    decayed,
    error_at,
    members,
)
from haidang.risk.hazards.tropical_cyclone_fill import decay_over_land
from haidang.risk.spec import CycloneWind, ErrorGrowth

T0 = datetime(2024, 9, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
OFFICIAL = ErrorGrowth(hours=(0, 24, 48), values=(0, 70, 126), source="made up")
PERSISTENCE = ErrorGrowth(hours=(0, 12, 24), values=(0, 96, 184), source="made up")
INTENSITY = ErrorGrowth(hours=(0, 24), values=(3, 5), source="made up")


def spec(**changes) -> CycloneWind:
    """The settings of a shipped pack, with hand-sized errors."""
    folders = [p.parent for p in (Path(haidang.__file__).parent / "threats").glob("*/pack.yaml")]
    risks = [load_threat(folder)[0].risk for folder in folders]
    known = next(risk for risk in risks if isinstance(risk, CycloneWind))
    plain = {
        "official_errors": OFFICIAL,
        "persistence_errors": PERSISTENCE,
        "intensity_errors": INTENSITY,
        "horizon_h": 48.0,
        "step_h": 1.0,
        "motion_h": 12.0,
        "forecast_max_age_h": 24.0,
    }
    return known.model_copy(update=plain | changes)


def fix(issued, lead, lat, lon, wind, *, kind=None, half=0.0, error=0.0) -> Fix:
    at = T0 + issued * HOUR
    return Fix(
        event="e",
        issued=at,
        valid=at + lead * HOUR,
        lat=lat,
        lon=lon,
        wind_low=wind - half,
        wind_high=wind + half,
        kind=kind or ("forecast" if lead else "analysis"),
        error_km=error,
        pressure_hpa=None,
        source="",
        published=at,
        received=at,
        receipt=1,
    )


def bulletins(*fixes: Fix) -> tuple[Bulletin, ...]:
    return Tracks(fixes).bulletins("e")


def at(middle: Backbone, hour: float) -> tuple[float, float, float]:
    i = int(np.flatnonzero(middle.hours == hour)[0])
    return float(middle.lat[i]), float(middle.lon[i]), float(middle.wind[i])


# --- error growth -------------------------------------------------------------------------------


def test_errors_between_and_beyond_the_published_ones():
    found = error_at(OFFICIAL, np.array([0, 12, 24, 36, 48, 72, 96]))
    np.testing.assert_allclose(found, [0, 35, 70, 98, 126, 182, 238])


@given(st.lists(st.floats(0, 300), min_size=2, max_size=20).map(sorted))
def test_an_error_never_shrinks_with_lead_time(hours):
    found = error_at(OFFICIAL, np.array(hours))
    assert np.all(np.diff(found) >= -1e-9)
    assert np.all(found >= 0)


# --- the middle track ---------------------------------------------------------------------------


def test_between_official_points_the_track_is_straight():
    found = backbone(
        bulletins(fix(0, 0, 20, 112, 40), fix(0, 12, 21, 110, 50), fix(0, 24, 21, 107, 30)),
        spec(),
    )
    assert found.start == T0
    assert found.said == 24
    assert found.hours.tolist() == list(range(49))
    assert at(found, 0) == (20, 112, 40)
    assert at(found, 6) == pytest.approx((20.5, 111, 45))
    assert at(found, 12) == pytest.approx((21, 110, 50))
    assert at(found, 20) == pytest.approx((21, 108, 36.6666667))


def test_beyond_the_last_point_the_last_leg_goes_on_and_the_wind_stays():
    found = backbone(
        bulletins(fix(0, 0, 20, 112, 40), fix(0, 12, 21, 110, 50), fix(0, 24, 21, 107, 30)), spec()
    )
    assert at(found, 36) == pytest.approx((21, 104, 30))  # 3 degrees in 12 h
    assert at(found, 48) == pytest.approx((21, 101, 30))


def test_without_a_forecast_it_goes_on_as_over_the_last_hours():
    told = bulletins(
        fix(0, 0, 19, 116, 30),  # too old: motion is taken over 12 h
        fix(12, 0, 20, 114, 35),
        fix(18, 0, 20, 113.5, 38),  # younger than 12 h
        fix(24, 0, 20.6, 112, 40),
    )
    found = backbone(told, spec())
    assert found.said == 0
    assert found.start == T0 + 24 * HOUR
    assert at(found, 12) == pytest.approx((21.2, 110, 40))  # 0.6 and -2 degrees in 12 h
    assert at(found, 24) == pytest.approx((21.8, 108, 40))


def test_with_younger_analyses_only_the_oldest_of_them_gives_the_motion():
    found = backbone(bulletins(fix(0, 0, 20, 112, 40), fix(6, 0, 20, 111, 40)), spec())
    assert at(found, 12) == pytest.approx((20, 109, 40))


def test_a_single_position_stays_put():
    found = backbone(bulletins(fix(0, 0, 20, 112, 40)), spec())
    assert np.all(found.lat == 20)
    assert np.all(found.lon == 112)
    assert np.all(found.wind == 40)


def test_an_older_forecast_is_moved_through_the_newest_analysis():
    """6 h later the storm is 0.2 N, 0.5 E and 4 m/s off what was forecast: so is the rest."""
    told = bulletins(
        fix(0, 0, 20, 112, 40),
        fix(0, 12, 20, 110, 50),
        fix(0, 24, 21, 107, 46),
        fix(6, 0, 20.2, 111.5, 49),  # forecast for this hour: 20, 111, 45
    )
    found = backbone(told, spec())
    assert at(found, 0) == pytest.approx((20.2, 111.5, 49))
    assert at(found, 6) == pytest.approx((20.2, 110.5, 54))
    assert at(found, 18) == pytest.approx((21.2, 107.5, 50))
    assert found.said == 18
    assert at(found, 30) == pytest.approx((22.2, 104.5, 50))  # the last leg goes on


def test_a_moved_wind_is_never_negative():
    told = bulletins(fix(0, 0, 20, 112, 40), fix(0, 12, 20, 110, 5), fix(6, 0, 20, 111, 10))
    found = backbone(told, spec())
    assert at(found, 6)[2] == 0.0
    assert np.all(found.wind >= 0)


def test_the_newest_forecast_covers_each_hour_first():
    told = bulletins(
        fix(0, 0, 20, 112, 40),
        fix(0, 12, 20, 110, 40),
        fix(0, 36, 20, 106, 40),
        fix(6, 0, 20, 111, 40),
        fix(6, 12, 22, 109, 40),
    )
    found = backbone(told, spec())
    assert at(found, 12) == pytest.approx((22, 109, 40))  # the newest bulletin's own point
    assert at(found, 30) == pytest.approx((20, 106, 40))  # beyond it the older one's
    assert found.said == 30


def test_a_forecast_that_does_not_reach_the_analysis_is_left_out():
    told = bulletins(fix(0, 0, 20, 112, 40), fix(0, 6, 20, 111, 40), fix(12, 0, 20, 110, 40))
    assert backbone(told, spec()).said == 0


def test_errors_are_squared_up():
    told = bulletins(fix(0, 0, 20, 112, 40, error=15), fix(0, 24, 20, 108, 40, error=60))
    found = backbone(told, spec())
    assert found.error_km[0] == pytest.approx(15)
    # 12 h: own 37.5 between the two, official 35, no persistence.
    assert found.error_km[12] == pytest.approx(np.hypot(37.5, 35))
    assert found.error_km[24] == pytest.approx(np.hypot(60, 70))
    # 36 h: the last own, the official error of 24 h, and persistence over the 12 h since.
    assert found.error_km[36] == pytest.approx(np.sqrt(60**2 + 70**2 + 96**2))
    assert np.all(np.diff(found.error_km) >= 0)


def test_a_stale_forecast_carries_the_errors_of_persistence():
    told = bulletins(
        fix(0, 0, 20, 112, 40),
        fix(0, 48, 20, 104, 40),
        fix(30, 0, 20, 107, 40),  # the forecast is 30 h old now, more than 24 h
    )
    found = backbone(told, spec())
    assert found.said == 18
    assert found.error_km[12] == pytest.approx(96)
    young = backbone(told, spec(forecast_max_age_h=36.0))
    assert young.error_km[12] == pytest.approx(35)


# --- the members --------------------------------------------------------------------------------

SEA = np.vectorize(lambda lat, lon: False, otypes=[bool])
STRAIGHT = bulletins(
    fix(0, 0, 20, 112, 40, half=2, error=15), fix(0, 24, 20.5, 108, 45, half=3, error=15)
)


def test_member_zero_is_the_middle_track():
    middle = backbone(STRAIGHT, spec())
    found = members(middle, spec(members=7), SEA)
    assert found.lat.shape == found.lon.shape == found.wind.shape == (7, 49)
    np.testing.assert_array_equal(found.lat[0], middle.lat)
    np.testing.assert_array_equal(found.lon[0], middle.lon)
    np.testing.assert_allclose(found.wind[0], convert_maximum(middle.wind, 600, 60, "at-sea"))
    assert found.start == T0


@pytest.mark.parametrize("hour", [0, 6, 12, 24, 36, 48])
def test_the_mean_error_of_the_members_is_the_published_one(hour):
    """Great numbers: 10,000 members, the mean of a Rayleigh within 1.6 % (three sigma)."""
    middle = backbone(STRAIGHT, spec())
    found = members(middle, spec(members=10_000), SEA)
    north = (found.lat[:, hour] - middle.lat[hour]) * KM_PER_DEGREE
    east = (found.lon[:, hour] - middle.lon[hour]) * KM_PER_DEGREE
    off = np.hypot(north, east * np.cos(np.radians(middle.lat[hour])))
    assert np.mean(off) == pytest.approx(middle.error_km[hour], rel=0.016)
    # As far to the north as to the south, to the east as to the west.
    assert abs(np.mean(north)) < 0.04 * middle.error_km[hour]
    assert abs(np.mean(east)) < 0.04 * middle.error_km[hour]


@pytest.mark.parametrize(("hour", "mean"), [(0, 3), (12, 4), (24, 5), (48, 7)])
def test_the_mean_error_of_the_strength_is_the_published_one(hour, mean):
    exact = bulletins(fix(0, 0, 20, 112, 40), fix(0, 24, 20, 108, 40))
    middle = backbone(exact, spec())
    found = members(middle, spec(members=10_000), SEA)
    wind = found.wind[:, hour] / convert_maximum(1.0, 600, 60, "at-sea")
    assert np.mean(np.abs(wind - 40)) == pytest.approx(mean, rel=0.025)


def test_the_given_class_of_the_wind_is_filled_evenly():
    sharp = spec(
        members=10_000, intensity_errors=ErrorGrowth(hours=(0, 9), values=(0, 0), source="-")
    )
    wide = bulletins(fix(0, 0, 20, 112, 40, half=5))
    found = members(backbone(wide, sharp), sharp, SEA)
    wind = found.wind[:, 0] / convert_maximum(1.0, 600, 60, "at-sea")
    assert wind.min() == pytest.approx(35, abs=0.05)
    assert wind.max() == pytest.approx(45, abs=0.05)
    assert np.std(wind) == pytest.approx(10 / np.sqrt(12), rel=0.02)


def test_the_dice_are_thrown_once():
    """The same member errs in the same direction at every hour and at every bulletin."""
    settings = spec(members=50)
    first = backbone(STRAIGHT, settings)
    later = backbone(bulletins(fix(6, 0, 20.3, 111, 42, error=15)), settings)
    a, b = (members(m, settings, SEA) for m in (first, later))
    for middle, ensemble in ((first, a), (later, b)):
        turned = np.stack([ensemble.lat - middle.lat, ensemble.lon - middle.lon])
        scaled = turned / middle.error_km
        scaled[1] *= np.cos(np.radians(middle.lat))
        np.testing.assert_allclose(scaled, scaled[:, :, :1] * np.ones(49), atol=1e-12)
    own = (a.lat[:, 0] - 20) / first.error_km[0]
    np.testing.assert_allclose(own, (b.lat[:, 0] - 20.3) / later.error_km[0], atol=1e-12)
    other = members(first, spec(members=50, seed=settings.seed + 1), SEA)
    assert not np.allclose(other.lat[1:], a.lat[1:])


def test_fewer_members_are_no_other_dice_for_the_track():
    """The first members of a larger ensemble have the same positions."""
    middle = backbone(STRAIGHT, spec())
    few, many = (members(middle, spec(members=n), SEA) for n in (5, 50))
    np.testing.assert_array_equal(few.lat, many.lat[:5])


# --- decay over land ----------------------------------------------------------------------------


def test_the_coast_takes_a_tenth_and_then_the_hours_the_rest():
    wind = np.full((1, 6), 50.0)
    land = np.array([[False, False, True, True, True, True]])
    found = decayed(wind, land, 1.0)
    np.testing.assert_allclose(found[0, :2], 50)
    assert found[0, 2] == pytest.approx(COASTAL * 50)
    np.testing.assert_allclose(found[0, 2:], decay_over_land(50.0, np.arange(4.0)))


def test_a_storm_already_ashore_pays_for_the_coast_no_second_time():
    found = decayed(np.full((1, 4), 45.0), np.ones((1, 4), bool), 1.0)
    assert found[0, 0] == 45
    np.testing.assert_allclose(found[0], decay_over_land(50.0, np.arange(4.0)))


def test_what_land_took_is_not_given_back_and_a_second_landfall_counts_anew():
    wind = np.full((1, 7), 50.0)
    land = np.array([[False, True, True, False, False, True, True]])
    found = decayed(wind, land, 2.0)
    np.testing.assert_allclose(found[0, [1, 2]], decay_over_land(50.0, [0.0, 2.0]))
    left = found[0, 2]
    np.testing.assert_allclose(found[0, [3, 4]], left)
    np.testing.assert_allclose(found[0, [5, 6]], decay_over_land(left, [0.0, 2.0]))


def test_a_forecast_that_weakens_faster_is_kept():
    wind = np.array([[50.0, 20.0, 12.0]])
    found = decayed(wind, np.array([[False, True, True]]), 1.0)
    np.testing.assert_array_equal(found, wind)


@given(st.data())
def test_decay_never_raises_a_wind_and_leaves_the_sea_alone(data):
    steps = data.draw(st.integers(2, 12))
    row = st.lists(st.floats(0, 90), min_size=steps, max_size=steps)
    coast = st.lists(st.booleans(), min_size=steps, max_size=steps)
    wind = np.array(data.draw(st.lists(row, min_size=3, max_size=3)))
    land = np.array(data.draw(st.lists(coast, min_size=3, max_size=3)))
    found = decayed(wind, land, data.draw(st.sampled_from([0.5, 1.0, 3.0])))
    assert np.all(found <= wind)
    assert np.all(found >= 0)
    before_any_land = np.cumsum(land, axis=1) == 0
    np.testing.assert_array_equal(found[before_any_land], wind[before_any_land])
    np.testing.assert_array_equal(found[:, 0], wind[:, 0])
    # Ashore a constant storm only ever falls.
    constant = decayed(np.broadcast_to(wind[:, :1], wind.shape), np.ones_like(land), 1.0)
    assert np.all(np.diff(constant, axis=1) <= 1e-12)


# --- round the antimeridian, and what was used ---------------------------------------------------


def test_a_track_over_the_antimeridian_goes_the_short_way():
    """From 178 E to 178 W, as on the way past Fiji: four degrees, not 356."""
    told = bulletins(fix(0, 0, -18, 178, 40), fix(0, 12, -18, -178, 40))
    found = backbone(told, spec())
    same = backbone(bulletins(fix(0, 0, -18, 108, 40), fix(0, 12, -18, 112, 40)), spec())
    np.testing.assert_allclose(found.lon - 70, same.lon, rtol=0, atol=1e-9)
    assert at(found, 6)[1] == pytest.approx(180)
    assert at(found, 12)[1] == pytest.approx(182)


def test_the_motion_over_the_antimeridian_is_the_short_one():
    found = backbone(bulletins(fix(0, 0, -18, 179, 40), fix(12, 0, -18, -179, 40)), spec())
    assert at(found, 12)[1] == pytest.approx(-177)


def test_an_older_forecast_is_moved_over_the_antimeridian():
    told = bulletins(fix(0, 0, -18, 178, 40), fix(0, 12, -18, -178, 40), fix(6, 0, -18, -179.5, 40))
    found = backbone(told, spec())
    # At hour 6 the old track is at 180; the analysis is half a degree further east.
    assert at(found, 0)[1] == pytest.approx(-179.5)
    assert at(found, 6)[1] == pytest.approx(-177.5)


def test_land_is_asked_for_between_minus_180_and_180():
    asked = []

    def nowhere(lat, lon):
        asked.append(lon)
        return np.zeros(lat.shape, bool)

    middle = backbone(bulletins(fix(0, 0, -18, 178, 40), fix(0, 12, -18, -178, 40)), spec())
    members(middle, spec(), nowhere)
    assert np.abs(asked[0]).max() <= 180


def test_all_deliveries_that_were_used_are_named():
    told = Tracks(
        tuple(
            replace(f, receipt=n)
            for n, f in (
                (3, fix(0, 0, 20, 113, 40)),
                (4, fix(6, 0, 20, 112, 40)),
                (4, fix(6, 24, 20, 108, 40)),
                (9, fix(12, 0, 20, 111, 40)),
            )
        )
    ).bulletins("e")
    assert backbone(told, spec()).receipts == (4, 9)  # the forecast of the one before
    assert backbone((told[0], told[2]), spec()).receipts == (3, 9)  # its motion
    assert backbone(told[:1], spec()).receipts == (3,)
