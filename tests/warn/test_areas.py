"""Areas of other people's messages on our places: against one-by-one intersection, and by hand."""

from __future__ import annotations

import pickle
import random
from unittest.mock import patch

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box

from haidang.base.outline import area_km2
from haidang.warn.area_shapes import EARTH_KM, circle_shape, ring_shape
from haidang.warn.areas import LEAST_SHARE, PlaceIndex, cover, covered, shares
from haidang.warn.areas import area_km2 as areas_km2
from haidang.warn.cap import AreaBlock

GRID = {f"{x}{y}": box(100 + x, 10 + y, 101 + x, 11 + y) for x in range(6) for y in range(6)}
INDEX = PlaceIndex.of(GRID)


def ring(shape: Polygon) -> tuple[tuple[float, float], ...]:
    return tuple((y, x) for x, y in shape.exterior.coords)


def area(*shapes: Polygon, circles=(), geocodes=()) -> AreaBlock:
    return AreaBlock("x", tuple(ring(s) for s in shapes), tuple(circles), tuple(geocodes))


def found(*areas: AreaBlock, index: PlaceIndex = INDEX) -> dict[str, tuple[float, str]]:
    return {m.code: (m.share, m.how) for m in covered(areas, index)}


def brute(shape, outlines=GRID) -> dict[str, float]:
    """The obvious way: every place by itself, with the area that the rest of haidang uses."""
    out = {}
    for code, outline in outlines.items():
        cut = [p for p in shapely.get_parts(outline.intersection(shape)) if p.area > 0]
        share = sum(area_km2(p) for p in cut) / area_km2(outline) if cut else 0.0
        if share >= LEAST_SHARE:
            out[code] = share
    return out


def same(got: dict[str, tuple[float, str]], want: dict[str, float]) -> None:
    assert {c: pytest.approx(s, abs=2e-6) for c, s in want.items()} == {
        c: s for c, (s, _) in got.items()
    }


def test_a_quarter_of_a_place_is_a_quarter() -> None:
    got = found(area(box(100, 10, 100.5, 10.5)))
    assert list(got) == ["00"]
    # A degree of longitude is shorter in the north: the southern half is a little more than half.
    assert got["00"] == (pytest.approx(0.25, abs=0.001), "polygon")
    assert got["00"][0] > 0.25


def test_a_neighbour_that_is_only_touched_is_not_covered() -> None:
    assert set(found(area(box(101, 11, 102, 12)))) == {"11"}


coordinate = st.tuples(st.floats(99, 107), st.floats(9, 17))


@settings(max_examples=60)
@given(st.lists(st.lists(coordinate, min_size=3, max_size=9), min_size=1, max_size=4))
def test_polygons_are_as_by_brute_force(drawn) -> None:
    shapes = [Polygon(p).convex_hull for p in drawn]
    shapes = [s for s in shapes if s.area > 1e-3]
    same(found(area(*shapes)), brute(shapely.union_all(shapes)))


@settings(max_examples=60)
@given(st.lists(coordinate, min_size=4, max_size=9))
def test_a_ring_that_crosses_itself_loses_no_lobe(points) -> None:
    closed = (*points, points[0])
    shape, _, _ = ring_shape([(y, x) for x, y in closed])
    faces = shapely.get_parts(
        shapely.polygonize([*shapely.get_parts(shapely.node(shapely.LineString(closed)))])
    )
    for face in faces:
        if face.area < 1e-6:
            continue
        at = face.representative_point()
        angle = np.unwrap(np.arctan2(*(np.array(closed) - [at.x, at.y]).T[::-1]))
        turns = round((angle[-1] - angle[0]) / (2 * np.pi))
        assert shape.buffer(1e-9).contains(at) == (turns != 0)


def test_the_two_lobes_of_a_bow_tie() -> None:
    tie = AreaBlock("x", (((10, 100), (11, 101), (11, 100), (10, 101), (10, 100)),))
    got = cover([tie], INDEX)
    assert got.matches[0].share == pytest.approx(0.5, abs=0.01)
    assert [p.code for p in got.problems] == ["world.area_crossing"]
    assert got.problems[0].field == "areas[0].rings[0]"
    assert got.problems[0].severity == "warning"


def test_a_hole_drawn_through_a_slit_stays_open_and_a_second_ring_is_no_hole() -> None:
    outer = [(10, 100), (10, 103), (13, 103), (13, 100), (10, 100)]
    inner = [(11, 101), (12, 101), (12, 102), (11, 102), (11, 101)]  # the other way round
    slit = AreaBlock("x", ((*outer, *inner, (10, 100)),))
    assert "11" not in found(slit)
    assert found(slit)["00"][0] == pytest.approx(1)
    both = AreaBlock("x", (tuple(outer), tuple(inner)))
    assert found(both)["11"][0] == pytest.approx(1)  # CAP 1.2, 3.2.4: the union


def test_the_same_area_in_two_languages_counts_once() -> None:
    one = area(box(100, 10, 100.5, 11))
    assert found(one, one) == found(one)
    assert len(cover([AreaBlock("x", (ring(box(0, 0, 1, 1))[:-1],))] * 2, INDEX).problems) == 1


# Circles.


def distance_km(lat0, lon0, lat, lon):
    a, b = np.radians(lat0), np.radians(lat)
    h = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(lon - lon0) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1)))


@settings(max_examples=80)
@example(-2.0, 0.0, 9786.0, 0)  # almost half of the Earth: its rim is nearer to the other pole
@example(-43.2, 134.5, 9974.0, 1)
@given(st.floats(-89.9, 89.9), st.floats(-180, 180), st.floats(5, 19_900), st.integers(0, 10**6))
def test_a_circle_holds_what_is_within_its_radius(lat, lon, radius, seed) -> None:
    shape, problems, _ = circle_shape(lat, lon, radius)
    assert problems == ()
    assert shape.is_valid
    west, south, east, north = shape.bounds
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90
    rng = np.random.default_rng(seed)
    y = np.degrees(np.arcsin(rng.uniform(-1, 1, 400)))
    x = rng.uniform(-180, 180, 400)
    far = distance_km(lat, lon, y, x)
    inside = shapely.contains_xy(shape, x, y)
    # Edges are straight in degrees, so near a pole the polygon leaves the circle a little; points
    # closer to the rim than that are not asked.
    clear = abs(far - radius) > 0.03 * EARTH_KM * 0.25 + 30
    assert (inside == (far < radius))[clear].all()


def test_a_circle_has_the_area_of_a_circle_in_kilometres() -> None:
    for lat in (0.0, 21.0, 60.0):
        shape, _, _ = circle_shape(lat, 105.0, 100.0)
        assert area_km2(shape) == pytest.approx(np.pi * 100**2, rel=0.002)
        west, _, east, _ = shape.bounds
        assert east - west == pytest.approx(200 / (111.195 * np.cos(np.radians(lat))), rel=0.005)


def test_a_circle_of_nothing_is_a_point_and_names_its_place() -> None:
    assert found(area(circles=[(10.5, 100.5, 0.0)])) == {"00": (0.0, "point")}
    big = found(area(circles=[(12.0, 102.0, 60.0)]))
    assert {c for c, (_, how) in big.items() if how == "circle"} == {"11", "12", "21", "22"}


def test_numbers_that_are_none_are_findings() -> None:
    bad = AreaBlock("x", (((91, 0), (0, 0), (0, 1), (91, 0)),), ((0, 0, float("nan")), (0, 0, -1)))
    got = cover([bad], INDEX)
    assert got.matches == ()
    assert {p.code for p in got.problems} == {"world.area_off_earth"}
    assert len(got.problems) == 3
    for problem in got.problems:
        assert problem.say("en") != problem.say("vi")


# The antimeridian and the poles.

PACIFIC = PlaceIndex.of(
    {
        "east": box(-180, -20, -175, -15),
        "west": box(175, -20, 180, -15),
        "home": box(0, -20, 5, -15),
    }
)


@pytest.mark.parametrize("east", [-178.0, 182.0])
def test_a_polygon_over_the_antimeridian(east) -> None:
    ring_ = ((-20, 178), (-20, east), (-15, east), (-15, 178), (-20, 178))
    got = found(AreaBlock("x", (ring_,)), index=PACIFIC)
    assert set(got) == {"east", "west"}
    assert got["east"][0] == got["west"][0] == pytest.approx(0.4, abs=1e-6)


def test_a_circle_over_the_antimeridian() -> None:
    assert set(found(area(circles=[(-17.5, 180, 100)]), index=PACIFIC)) == {"east", "west"}


def test_a_ring_around_a_pole_holds_the_pole() -> None:
    ring_ = [(70, x) for x in (-120, 0, 120, -120)]
    shape, _, _ = ring_shape(ring_)
    assert shape.contains(Point(50, 89))
    assert not shape.contains(Point(50, 60))


def test_the_whole_world_is_the_whole_world() -> None:
    shape, _, _ = ring_shape([(-90, -180), (-90, 180), (90, 180), (90, -180), (-90, -180)])
    assert shape.area == 360 * 180


# Codes.


def test_codes_of_lists_find_places_and_those_inside() -> None:
    index = PlaceIndex.of(GRID, {("ISO 3166-2", "XX-1"): ["00"]}, {"00": ["01", "02"]})
    got = found(area(geocodes=[("iso3166-2", "XX-1 ")]), index=index)
    assert got == {c: (1.0, "geocode") for c in ("00", "01", "02")}


def test_a_list_that_nobody_knows_is_a_finding_where_nothing_else_is_given() -> None:
    got = cover([area(geocodes=[("UGC", "AKZ017")])], INDEX)
    assert [p.code for p in got.problems] == ["world.area_geocodes"]
    assert "UGC" in got.problems[0].say("vi")
    assert cover([area(box(100, 10, 101, 11), geocodes=[("UGC", "1")])], INDEX).problems == ()


# The index.


def test_the_index_can_be_pickled_and_knows_the_same() -> None:
    again = pickle.loads(pickle.dumps(INDEX))
    one = area(box(100.2, 10.3, 103.7, 12.1))
    assert found(one, index=again) == found(one)
    assert shapely.is_prepared(again.outlines).all()


def test_a_place_that_is_a_point_and_one_with_a_hole_and_one_that_crosses_itself() -> None:
    ring_ = box(0, 0, 4, 4).difference(box(1, 1, 3, 3))
    crossing = Polygon([(10, 0), (12, 2), (12, 0), (10, 2), (10, 0)])
    index = PlaceIndex.of({"p": Point(20, 0.5), "hole": ring_, "tie": crossing, "none": Polygon()})
    assert index.codes == ("hole", "p", "tie")
    assert found(area(box(1.2, 1.2, 2.8, 2.8)), index=index) == {}
    assert found(area(box(19, 0, 21, 1)), index=index) == {"p": (1.0, "polygon")}
    assert found(area(box(9, -1, 13, 3)), index=index)["tie"][0] == pytest.approx(1)


@settings(max_examples=40)
@given(st.lists(coordinate, min_size=3, max_size=8))
def test_the_fast_area_is_the_slow_one(points) -> None:
    hull = Polygon(points).convex_hull
    if hull.area < 1e-6:
        return
    hole = shapely.affinity.scale(hull, 0.5, 0.5)
    many = [hull, hull.difference(hole), shapely.MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 9)])]
    got = areas_km2(np.array([*many, None, Point(1, 1)], dtype=object))
    assert got.tolist() == pytest.approx([*map(area_km2, many), 0.0, 0.0], rel=1e-9)


# Many at once.


@pytest.fixture(scope="module")
def cells() -> PlaceIndex:
    """A cut-up country: cells of a few dozen corners, some with islands, one with a hole."""
    rng = np.random.default_rng(5)
    points = shapely.MultiPoint(rng.uniform([100, 10], [106, 16], (220, 2)))
    found = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=box(100, 10, 106, 16)))
    made = {f"{i:03}": wobbly(c, rng) for i, c in enumerate(found)}
    made["hole"] = box(101, 17, 105, 19).difference(box(102, 17.5, 104, 18.5))
    made["point"] = Point(103.01, 13.01)
    return PlaceIndex.of(made)


def wobbly(shape, rng) -> Polygon:
    dense = shapely.segmentize(shape, 0.08).exterior.coords[:-1]
    moved = np.array(dense) + rng.normal(0, 0.004, (len(dense), 2))
    made = Polygon(moved)
    return made if made.is_valid else shape


def test_many_at_once_are_as_one_by_one(cells, monkeypatch) -> None:
    rng = np.random.default_rng(6)
    many = []
    for _ in range(150):
        centre, size = rng.uniform([99, 9], [107, 20]), rng.uniform(0.02, 2.0)
        turn = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 40)))
        reach = rng.uniform(0.3, 1, len(turn)) * size
        one = Polygon(centre + np.column_stack([np.cos(turn), np.sin(turn)]) * reach[:, None])
        many.append(shapely.make_valid(one, method="structure"))
    many.append(box(101.5, 17.2, 104.5, 18.8).difference(box(102.2, 17.7, 103.8, 18.3)))
    many.append(cells.outlines[7])  # runs along the borders of its neighbours
    many.append(box(100, 10, 106, 16))
    shapes = np.array(many, dtype=object)
    monkeypatch.setattr("haidang.warn.areas.FEW", 0)
    quick = dict(zip(*key_and_share(shares(shapes, cells)), strict=True))
    monkeypatch.setattr("haidang.warn.areas.FEW", 10**9)
    slow = dict(zip(*key_and_share(shares(shapes, cells)), strict=True))
    assert quick.keys() == slow.keys()
    assert len(quick) > 1500
    assert max(abs(quick[k] - slow[k]) for k in slow) < 1e-9
    outlines = dict(zip(cells.codes, cells.outlines, strict=True))
    for number in (0, 20, 70, len(many) - 3):
        want = brute(many[number], {c: g for c, g in outlines.items() if g.area})
        got = {cells.codes[p]: s for (n, p), s in slow.items() if n == number}
        got.pop("point", None)
        assert got == pytest.approx(want, abs=1e-9)


def key_and_share(found):
    shape, place, share = found
    return [*zip(shape.tolist(), place.tolist(), strict=True)], share.tolist()


# Hostile.


def test_a_hundred_thousand_vertices_and_as_many_crossings_are_bounded() -> None:
    rng = np.random.default_rng(3)
    turn = np.linspace(0, 2 * np.pi, 100_000)
    round_ = np.column_stack([12 + 2 * np.sin(turn), 102 + 2 * np.cos(turn)])
    shape, problems, _ = ring_shape(round_)
    assert shape.area == pytest.approx(np.pi * 4, rel=1e-3)
    assert problems == ()
    wild = rng.uniform([10, 100], [14, 104], (100_000, 2))
    shape, problems, _ = ring_shape(np.vstack([wild, wild[:1]]))
    assert problems == ("hull",)
    assert shape.area > 15


def test_many_rings_of_noise_cost_no_more_than_one() -> None:
    chance = random.Random(1)
    rings = []
    for _ in range(40):
        ring = [(chance.uniform(10, 11), chance.uniform(100, 101)) for _ in range(60)]
        rings.append((*ring, ring[0]))
    noise = AreaBlock(description="x", rings=tuple(rings))
    index = PlaceIndex.of({"01": box(100, 10, 102, 11)})
    with patch("haidang.warn.areas.MOST_CROSSINGS", 2_000):
        found = cover([noise], index)
    codes = [p.code.removeprefix("world.area_") for p in found.problems]
    assert 1 <= codes.count("crossing") < 10
    assert codes.count("hull") == 40 - codes.count("crossing")
    assert [m.code for m in found.matches] == ["01"]
