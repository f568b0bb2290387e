"""The compiled pass over outlines and its slow twin say the same, and both what GEOS says."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LinearRing, Polygon

from haidang.warn.cap import outline as ol
from haidang.warn.cap.outline import Outline, judge, plainly
from haidang.warn.cap.outline_kernel import judge_bytes

import numpy as np  # isort: skip


def kernel(text):
    """The compiled pass, run as Python: compiling it takes longer than all of these tests."""
    raw = np.frombuffer(text.encode(), np.uint8)
    return Outline(*judge_bytes.py_func(raw, ol.VERTICES_LIMIT, ol.BUDGET))


def same(text):
    one, other = kernel(text), plainly(text)
    assert one.flags == other.flags, (text, one, other)
    if not one.flags & ol.FORM:
        assert one.points == other.points
        assert one[5:9] == pytest.approx(other[5:9], abs=1e-6)
        assert one.at == other.at
    return other


BY_HAND = [
    ("0,0 0,1 1,1 1,0 0,0", 0),
    ("0,0 1,1 0,1 1,0 0,0", ol.CROSSING | ol.FLAT),
    ("0,0 0,2 2,0 2,3 0,0", ol.CROSSING),
    ("0,0 1,1 2,2 0,0", ol.FLAT),
    ("5,5 5,5 5,5 5,5", ol.FLAT),
    ("0,0 0,1 1,1 1,0", ol.OPEN),
    ("0,0 0,1 0,0", ol.SHORT),
    ("0,0", ol.SHORT),
    ("91,0 0,1 1,1 91,0", ol.RANGE),
    ("0,181 0,1 1,1 0,0", ol.RANGE | ol.OPEN),
    ("10,179 10,-179 11,-179 10,179", ol.ANTIMERIDIAN),
    ("-90,-180 90,-180 90,180 -90,180 -90,-180", 0),
    ("0,0 0,2 1,1 2,2 2,0 1,1 0,0", ol.TOUCHING),
    ("0,0 0,2 0,1 1,1 0,0", ol.TOUCHING),
    ("0,0 0,3 3,3 3,0 0,0 1,1 1,2 2,2 2,1 1,1 0,0", ol.TOUCHING),
    ("0,0 0,0 0,1 1,1 1,1 0,0", 0),
    # Back along itself, through a corner that in binary lies beside the edge.
    ("-2.1,1.8 0,0 -1.2,0.6 -0.3,-0.6 -2.1,1.8", ol.TOUCHING),
    ("0.00000001,0 0,1 1,1.123456789 0.00000001,0", 0),
    ("1 2", ol.FORM),
    ("", ol.FORM),
    ("1,2,3", ol.FORM),
    ("1,2 3,", ol.FORM),
    ("1,2 +.5,-.5 1.,2 1,2", ol.FLAT),
    ("1..2,3", ol.FORM),
    ("1,2 1e5,2 1,2 1,2", ol.FORM),
    ("１,2 3,4 5,6 １,2", ol.FORM),
    ("1,2\xa03,4", ol.FORM),
]


@pytest.mark.parametrize(("text", "flags"), BY_HAND)
def test_by_hand(text, flags):
    assert same(text).flags == flags


POINT = st.tuples(st.integers(-8, 8), st.integers(-8, 8))


def written(points, scale=1.0):
    return " ".join(f"{lat * scale:.4f},{lon * scale:.4f}" for lat, lon in points)


@settings(max_examples=200)
@given(st.lists(POINT, min_size=3, max_size=14), st.sampled_from([1.0, 0.3, 7.1]))
def test_twins_on_rings_with_every_kind_of_meeting(points, scale):
    ring = [*points, points[0]]
    found = same(written(ring, scale))
    if found.flags & (ol.FLAT | ol.SHORT):
        return
    polygon = Polygon([(lon, lat) for lat, lon in ring])
    if polygon.is_valid:
        assert found.flags == 0
    if found.flags == 0:
        assert LinearRing([(lon, lat) for lat, lon in ring]).is_simple or not polygon.is_valid
    if found.flags & (ol.CROSSING | ol.TOUCHING):
        assert not polygon.is_valid or not LinearRing(ring).is_simple


@settings(max_examples=60)
@given(st.text("0123456789.,-+ \t\n1234", max_size=40))
def test_twins_on_noise(text):
    same(text)


def star(n, crossing=False):
    points = [
        ((1 + 0.5 * (k % 2)) * math.sin(2 * math.pi * k / n), math.cos(2 * math.pi * k / n))
        for k in range(n)
    ]
    if crossing:
        points[n // 3], points[n // 3 + 4] = points[n // 3 + 4], points[n // 3]
    return written([*points, points[0]])


@pytest.mark.parametrize("n", [50, 260, 700])
def test_long_outlines(n):
    assert same(star(n)).flags == 0
    crossed = same(star(n, crossing=True))
    assert crossed.flags & ol.CROSSING
    assert crossed.first < crossed.second < n


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("0,0 1,1 2,2 2,0 1,1 0,2 0,0", ol.CROSSING),  # an eight whose crossing is a point of it
        ("0,0 1,1 3,3 3,0 1,1 0,1 0,0", ol.CROSSING),
        ("0,0 0,2 1,1 2,2 2,0 1,1 0,0", ol.TOUCHING),  # the same point, but it turns back there
        ("0,0 0,1 1,1 1,0 0,0 0,1 1,1 1,0 0,0", ol.CROSSING),  # twice round
        ("0,0 0,3 3,3 3,0 0,0 1,1 1,2 2,2 2,1 1,1 0,0", ol.CROSSING),  # the inner part twice
        ("0,0 0,3 3,3 3,0 0,0 1,1 2,1 2,2 1,2 1,1 0,0", ol.TOUCHING),  # a hole with a way to it
        ("0,0 0,2 2,2 2,0 1,0 1,1 1,0 0,0", ol.TOUCHING),  # a thorn
        ("0,0 4,0 4,4 0,4 0,0 1,2 2,1 0,0", ol.TOUCHING),
        ("0,0 4,0 4,4 0,4 0,0 2,1 1,2 0,0", ol.CROSSING),
        ("0,0 1,1 2,2 0,0", ol.FLAT),
        ("0,0 0,0.1 1,1 0.2,0 0.1,0 0,0", 0),
    ],
)
@pytest.mark.parametrize("warmed", [False, True])
def test_what_meets_itself_in_a_point_may_cross_there(monkeypatch, text, flags, warmed):
    if warmed:
        monkeypatch.setitem(ol._KERNEL, "judge", judge_bytes)
    found = judge(text)
    assert found.flags == flags
    if flags == ol.CROSSING:
        assert 0 <= found.first < found.second
    # Turned about, it is the same outline.
    assert judge(" ".join(reversed(text.split()))).flags == flags


def test_the_closer_look_is_bounded():
    eight = [(k, k) for k in range(1_001)] + [(1_000 - k, k) for k in range(1, 1_001)]
    text = written([*eight, eight[0]], 0.01)
    assert judge(text).flags & (ol.FLAT | ol.TOUCHING | ol.CROSSING)
    assert judge(text, 100).flags == ol.UNCHECKED


def test_the_wrong_item_of_megabytes_is_found_at_once():
    assert ol.bad_item("1,1 " * 300_000 + "x") == "x"
    assert len(ol.bad_item("1" * 10_000_000)) == 1_000
    assert ol.bad_item("1,2 3,4") == ""
    assert ol.bad_item("1,2,3 4,5") == "1,2,3"


def test_a_budget_that_is_spent_is_told():
    assert plainly(star(700), 10).flags == ol.UNCHECKED
    assert plainly(star(700), ol.BUDGET).work > 0


def test_warming_changes_nothing_but_the_time(monkeypatch):
    monkeypatch.setitem(ol._KERNEL, "judge", judge_bytes.py_func)
    assert judge("0,0 0,2 2,0 2,3 0,0").flags == ol.CROSSING
