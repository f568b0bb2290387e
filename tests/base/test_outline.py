"""Area, points inside, and rings that a message has room for."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from haidang.base.errors import BadData
from haidang.base.outline import (
    EARTH_RADIUS_KM,
    Rings,
    area_km2,
    inside,
    locate,
    rings,
    simplify,
)


def star(lat: float, lon: float, size: float, points: int, seed: int) -> Polygon:
    """A rough, star-shaped outline."""
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    away = size * rng.uniform(0.2, 1, points)
    return Polygon(np.column_stack([lon + away * np.cos(turn), lat + away * np.sin(turn)]))


def check(found: Rings, most: int) -> None:
    assert found.rings
    assert sum(map(len, found.rings)) <= most
    sizes = []
    for ring in found.rings:
        assert ring[0] == ring[-1]
        assert len(ring) >= 4
        assert all(round(v, 4) == v for position in ring for v in position)
        drawn = Polygon([(lon, lat) for lat, lon in ring])
        assert drawn.is_valid
        assert drawn.exterior.is_ccw
        sizes.append(area_km2(drawn))
    assert sizes == sorted(sizes, reverse=True)
    assert 0 <= found.kept <= 1


# ── area ──


def test_area_of_a_box_is_the_closed_form() -> None:
    """R² Δλ (sin φ₂ − sin φ₁), the area between two parallels and two meridians."""
    expected = EARTH_RADIUS_KM**2 * math.radians(2) * (math.sin(math.radians(12)) - 0.1736481777)
    assert area_km2(box(-40, 10, -38, 12)) == pytest.approx(expected, rel=1e-8)


def test_area_of_a_slanted_edge_agrees_with_strips() -> None:
    """The slow twin: the triangle below lat = lon, cut into many thin boxes."""
    edges = np.linspace(0, 30, 20_001)
    middle = (edges[:-1] + edges[1:]) / 2
    strips = EARTH_RADIUS_KM**2 * np.sum(np.radians(np.diff(edges)) * np.sin(np.radians(middle)))
    assert area_km2(Polygon([(0, 0), (30, 0), (30, 30)])) == pytest.approx(float(strips), rel=1e-7)


def test_holes_and_parts_count_once() -> None:
    ring = Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior])
    assert area_km2(ring) == pytest.approx(area_km2(box(0, 0, 3, 3)) - area_km2(box(1, 1, 2, 2)))
    two = MultiPolygon([box(0, 0, 1, 1), box(5, 0, 6, 1)])
    assert area_km2(two) == pytest.approx(2 * area_km2(box(0, 0, 1, 1)))


# ── points ──


def test_inside_excludes_the_border_and_holes() -> None:
    ring = Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior])
    lat, lon = [0.5, 1.5, 0.5, 4.0], [0.5, 1.5, 0.0, 0.5]
    assert inside(ring, lat, lon).tolist() == [True, False, False, False]


def test_locate_agrees_with_asking_each_outline() -> None:
    outlines: dict[str, BaseGeometry] = {
        "02": box(0, 0, 1, 1), "01": box(1, 0, 2, 1), "003": star(3, 3, 2, 40, 1),
    }  # fmt: skip
    rng = np.random.default_rng(7)
    lat, lon = rng.uniform(-1, 5, 500), rng.uniform(-1, 5, 500)
    slow = [
        next((c for c in sorted(outlines) if outlines[c].contains(Point(x, y))), "")
        for y, x in zip(lat, lon, strict=True)
    ]
    assert locate(outlines, lat, lon).tolist() == slow
    assert {"01", "02", "003", ""} == set(slow)


def test_locate_among_none() -> None:
    assert locate({}, [1.0], [2.0]).tolist() == [""]


# ── rings ──


def test_a_small_outline_is_kept_as_it_is() -> None:
    found = simplify(box(-40, 10, -38, 12))
    assert found.kept == pytest.approx(1)
    assert set(found.rings[0]) == {(10, -40), (10, -38), (12, -38), (12, -40)}
    assert rings(box(-40, 10, -38, 12)) == found.rings


def test_the_largest_parts_come_first_and_the_smallest_go() -> None:
    parts = [box(3.0 * i, 0, 3.0 * i + 2 / (i + 1), 2 / (i + 1)) for i in range(40)]
    found = simplify(MultiPolygon(parts[::-1]), 40)
    check(found, 40)
    assert (0, 0) in found.rings[0]
    assert 1 < len(found.rings) < 40
    assert found.kept > 0.8


def test_holes_are_filled() -> None:
    found = simplify(Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior]))
    assert len(found.rings) == 1
    assert found.kept == pytest.approx(1)


def test_an_outline_smaller_than_the_grid_has_a_ring() -> None:
    check(simplify(box(10, 10, 10.00001, 10.00001)), 200)


@pytest.mark.parametrize("nothing", [Point(1, 2), LineString([(0, 0), (1, 1)]), Polygon()])
def test_what_has_no_area_is_refused(nothing: BaseGeometry) -> None:
    with pytest.raises(BadData) as error:
        simplify(nothing)
    assert error.value.problems[0].code == "place.no_area"


def test_too_few_vertices_are_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        simplify(box(0, 0, 1, 1), 7)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.floats(-60, 60),
            st.floats(-170, 170),
            st.floats(1e-5, 5),
            st.integers(3, 300),
            st.integers(0, 10_000),
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(8, 200),
)
def test_rings_fit_close_and_do_not_cross(
    shapes: list[tuple[float, float, float, int, int]], most: int
) -> None:
    outline = shapely.union_all([shapely.make_valid(star(*s)) for s in shapes])
    check(simplify(outline, most), most)
