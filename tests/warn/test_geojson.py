"""Notices as GeoJSON: what RFC 7946 asks of rings, circles and the antimeridian."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from haidang.warn.cap import AreaBlock
from haidang.warn.geojson import collection, geometry, text

CLOCKWISE = ((10.0, 20.0), (11.0, 20.0), (11.0, 21.0), (10.0, 21.0), (10.0, 20.0))


def drawn(*rings, circles=()):
    return geometry([AreaBlock("x", rings=rings, circles=circles)])


def parts(found):
    return [found["coordinates"]] if found["type"] == "Polygon" else found["coordinates"]


def turn(ring):
    """Twice the signed area: positive counter-clockwise."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring))


def test_positions_are_longitude_first_and_rings_counter_clockwise():
    for ring in (CLOCKWISE, CLOCKWISE[::-1]):
        found = drawn(ring)
        assert found["type"] == "Polygon"
        (outer,) = found["coordinates"]
        assert turn(outer) > 0
        assert outer[0] == outer[-1]
        assert {tuple(p) for p in outer} == {(20, 10), (20, 11), (21, 11), (21, 10)}


def test_several_areas_are_one_feature_and_none_is_null():
    assert drawn(CLOCKWISE, tuple((lat + 5, lon) for lat, lon in CLOCKWISE))["type"] == (
        "MultiPolygon"
    )
    assert geometry([]) is None
    assert geometry([AreaBlock("x", circles=((10, 20, 0),))]) is None


@pytest.mark.parametrize("east", [-170.0, 190.0])
def test_what_crosses_the_antimeridian_is_cut_there(east):
    found = drawn(((10, 170), (10, east), (20, east), (20, 170), (10, 170)))
    assert found["type"] == "MultiPolygon"
    west, other = sorted(parts(found), key=lambda p: -max(x for x, _ in p[0]))
    assert {x for x, _ in west[0]} == {170, 180}
    assert {x for x, _ in other[0]} == {-180, -170}
    assert all(turn(p[0]) > 0 for p in parts(found))
    assert shape(found).area == pytest.approx(200)


def test_a_ring_around_the_pole_holds_the_pole():
    found = shape(drawn(((80, 0), (80, 120), (80, -120), (80, 0))))
    assert found.area == pytest.approx(3600)
    south = shape(drawn(((-80, 0), (-80, 120), (-80, -120), (-80, 0))))
    assert south.bounds[1] == -90


@given(st.floats(-85, 85), st.floats(-180, 180), st.floats(1, 300))
def test_a_circle_has_its_radius_everywhere(lat, lon, km):
    found = drawn(circles=((lat, lon, km),))
    whole = shape(found)
    assert whole.is_valid
    for part in parts(found):
        assert turn(part[0]) > 0
        for x, y in part[0]:
            assert -180 <= x <= 180
            assert -90 <= y <= 90
            if abs(x) < 180 and abs(y) < 90:
                away = _distance(lat, lon, y, x)
                assert away == pytest.approx(km, rel=0.01, abs=0.01)


def _distance(lat0, lon0, lat1, lon1):
    a, b = math.radians(lat0), math.radians(lat1)
    h = math.sin((b - a) / 2) ** 2
    h += math.cos(a) * math.cos(b) * math.sin(math.radians(lon1 - lon0) / 2) ** 2
    return 2 * 6371.0072 * math.asin(min(1.0, math.sqrt(h)))


def test_the_same_features_give_the_same_bytes():
    body = collection([text({"type": "Feature", "geometry": None, "properties": {"name": "Đà"}})])
    assert json.loads(body)["type"] == "FeatureCollection"
    assert json.loads(collection([]))["features"] == []
    assert "Đà".encode() in body
    assert body.endswith(b"\n")
