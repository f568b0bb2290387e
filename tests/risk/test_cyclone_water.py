from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import haidang
from haidang.pack.load import load_threat
from haidang.risk.areas import Areas
from haidang.risk.coast import NODES_KM, Coast
from haidang.risk.cyclone import interval
from haidang.risk.cyclone_water import one_a_block, rain_by_area, shores, surge_by_area, water
from haidang.risk.hazards.cyclone_rain import accumulated
from haidang.risk.hazards.holland_pressure import steady_tracks
from haidang.risk.hazards.surge import highest, plane_coast
from haidang.risk.hazards.track_ensemble import Ensemble
from haidang.risk.spec import CycloneWind

HOURS = np.arange(0.0, 49.0)


@pytest.fixture(scope="module")
def spec() -> CycloneWind:
    folders = [p.parent for p in (Path(haidang.__file__).parent / "threats").glob("*/pack.yaml")]
    risks = [load_threat(folder)[0].risk for folder in folders]
    return next(risk for risk in risks if isinstance(risk, CycloneWind))


def areas() -> Areas:
    """A coast province in the north, one inland, waters before them, one without a figure."""
    lat = np.array([20.0, 20.05, 20.3, 20.0, 20.3, 20.0, 19.0])
    lon = np.array([106.0, 106.04, 106.0, 104.0, 104.0, 108.0, 105.9])
    return Areas(
        codes=("N", "I", "W", "U"),
        kinds=("province", "province", "sea", "province"),
        categories=(("land",),) * 4,
        start=np.array([0, 3, 5, 6, 7]),
        lat=lat,
        lon=lon,
        people=np.ones((3, 7), np.int64),
        peopled=np.array([True, True, False, False]),
    )


def tracks(members=5) -> Ensemble:
    shift = np.linspace(-0.4, 0.4, members)[:, None]
    lat = 20.0 + shift + 0 * HOURS
    lon = np.tile(110.0 - HOURS / 8, (members, 1))
    wind = np.full(lat.shape, 45.0)
    return Ensemble(HOURS, lat, lon, wind, datetime(2024, 9, 6, tzinfo=UTC))


def prepared(e: Ensemble):
    return steady_tracks(e.hours, e.lat, e.lon, e.wind)


COAST = plane_coast([20.1, 20.2, 12.0], [106.1, 106.2, 109.0], 90.0, 0.0006, 60.0)


def test_shores_go_to_the_nearest_area_with_people():
    found = shores(COAST, areas())
    assert found is not None
    assert found.area.tolist() == [0, 0]  # the third lies 80 km from nobody
    assert found.coast.lat.tolist() == [20.1, 20.2]
    assert shores(plane_coast([0.0], [0.0], 90.0, 0.001, 50.0), areas()) is None


def test_one_cell_a_block_and_none_at_sea():
    cells, owner = one_a_block(areas(), 0.25)
    assert cells.tolist() == [0, 2, 3, 4, 6]
    assert owner.tolist() == [0, 0, 1, 1, 3]
    assert one_a_block(areas(), 0.01)[0].tolist() == [0, 1, 2, 3, 4, 6]


def test_rain_is_the_wettest_cell_of_the_area(spec):
    e = tracks()
    got = rain_by_area(e, areas(), spec)
    every = accumulated(e.hours, e.lat, e.lon, e.wind, areas().lat, areas().lon, 500.0).day_max
    np.testing.assert_array_equal(got[:, 0], every[:, [0, 2]].max(axis=1))
    np.testing.assert_array_equal(got[:, 1], every[:, [3, 4]].max(axis=1))
    assert np.isnan(got[:, 2]).all()
    np.testing.assert_array_equal(got[:, 3], every[:, 6])


def test_surge_is_the_highest_point_of_the_coast(spec):
    e, coast = tracks(), shores(COAST, areas())
    got = surge_by_area(prepared(e), coast, areas(), spec)
    both = highest(prepared(e), coast.coast, spec.surge.cutoff_km)
    np.testing.assert_array_equal(got[:, 0], both.max(axis=1))
    assert np.isnan(got[:, 1:]).all()


def test_impacts_are_intervals_over_the_members(spec):
    e, coast = tracks(), shores(COAST, areas())
    n, i, w, u = water(e, prepared(e), areas(), coast, spec)
    assert [r.measure for r in n] == ["rain.max_24h", "surge.max"]
    assert [r.unit for r in n] == ["mm", "m"]
    assert [r.measure for r in i] == ["rain.max_24h"]
    assert w == ()
    assert [r.measure for r in u] == ["rain.max_24h"]  # unknown people, but it rains there too
    assert n[0].value == interval(rain_by_area(e, areas(), spec)[:, 0], spec)
    assert n[1].value.low < n[1].value.central < n[1].value.high


def test_only_what_the_pack_asks_for(spec):
    e, coast = tracks(), shores(COAST, areas())
    dry = spec.model_copy(update={"rain": None})
    assert [len(r) for r in water(e, prepared(e), areas(), coast, dry)] == [1, 0, 0, 0]
    none = spec.model_copy(update={"rain": None, "surge": None})
    assert water(e, prepared(e), areas(), coast, none) == [(), (), (), ()]
    assert [len(r) for r in water(e, prepared(e), areas(), None, spec)] == [1, 1, 0, 1]


def test_a_coast_has_as_many_depths_as_nodes():
    assert COAST.depth.shape == (3, len(NODES_KM))
    assert isinstance(COAST, Coast)
