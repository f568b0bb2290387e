"""Maps as text: a toy ground of two provinces, a sea and an island."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from shapely.geometry import MultiPolygon, Point, box

from haidang.law.levels import Names, Rank, Scale
from haidang.web import svg

SCALE = Scale(
    "toy",
    "hazard",
    Names({"en": "toy"}),
    tuple(
        Rank(i + 1, Names({"en": f"w{i + 1}"}), colour)
        for i, colour in enumerate(["#a9d8f5", "#fff1a3", "#f4923c", "#c71f2b", "#6d2a90", ""])
    ),
)
AREAS = (
    svg.Area("N", "province", "North", box(0, 10, 3, 13), None),
    svg.Area("S", "province", "South", MultiPolygon([box(0, 7, 3, 10), box(4, 7, 4.5, 7.5)]), None),
    svg.Area("sea", "sea", "Eastern sea", box(2, 7, 8, 13), None),
    svg.Area("isle", "point", "Far isle", None, (9.0, 6.0)),
)


@pytest.fixture
def ground() -> svg.Ground:
    return svg.ground(AREAS)


@pytest.fixture
def window(ground) -> svg.Window:
    return svg.window("w", ground, (-0.5, 6.5, 8.5, 13.5), 400)


def mark(code: str, level: int = 0, state: svg.State = "raised", held: bool = False) -> svg.Mark:
    return svg.Mark(code, level, state, held, f"{code}: {level}")


def drawn(ground, window, *marks, course=None, **layout) -> etree._Element:
    names = layout.pop("names", frozenset())
    course = course or svg.Course()
    text = svg.draw(ground, window, marks, course, svg.Layout("m", "T", "D", names=names, **layout))
    return etree.fromstring(text)


def test_land_lies_over_the_sea(ground):
    assert [a.code for a in ground.areas] == ["sea", "N", "S", "isle"]
    assert ground.parallel == 10.0


def test_a_degree_is_as_long_to_the_east_as_to_the_north_at_the_true_parallel(window):
    x0, y0 = window.xy(10, 1)
    x1, _ = window.xy(10, 2)
    _, y1 = window.xy(11, 1)
    assert (x1 - x0) / (y0 - y1) == pytest.approx(np.cos(np.radians(10.0)))


@given(lat=st.floats(6.5, 13.5), lon=st.floats(-0.5, 8.5))
def test_what_is_inside_the_bounds_is_inside_the_frame(lat, lon):
    bare = svg.Window("w", (-0.5, 6.5, 8.5, 13.5), 400, 10.0, {})
    x, y = bare.xy(lat, lon)
    assert -1e-6 <= x <= bare.width + 1e-6
    assert -1e-6 <= y <= bare.height + 1e-6


def test_the_transform_puts_ground_units_where_the_window_says(ground, window):
    dx, dy, k = map(float, re.findall(r"-?[\d.]+", window.transform()))
    lat, lon = 9.0, 4.0
    x = lon * np.cos(np.radians(10.0)) * svg.UNIT * k + dx
    assert (x, -lat * svg.UNIT * k + dy) == pytest.approx(window.xy(lat, lon), abs=0.5)


def test_every_outline_stands_once_and_every_use_finds_it(ground, window):
    other = svg.window("c", ground, (0, 7, 4, 12), 300)
    made = etree.fromstring(svg.defs(ground, SCALE, (window, other)))
    ids = [e.get("id") for e in made.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert [i for i in ids if re.fullmatch(r"a\d+", i)] == ["a0", "a1", "a2"]
    marks = [mark("N", 3), mark("S", state="no_data"), mark("sea", 2)]
    for through in (window, other):
        for element in drawn(ground, through, *marks).iter():
            for value in element.attrib.values():
                for wanted in re.findall(r"url\(#(.+?)\)", value):
                    assert wanted in ids
            if element.tag == "use":
                assert element.get("href")[1:] in ids


def test_an_outline_is_drawn_where_it_lies(ground, window):
    made = etree.fromstring(svg.defs(ground, SCALE, (window,)))
    d = made.xpath("//path[@id='a1']")[0].get("d")
    x, y = map(int, re.match(r"M(-?\d+) (-?\d+)", d).groups())
    steps = np.array(re.findall(r"-?\d+", d.split("l")[1]), int).reshape(-1, 2)
    at = np.cumsum(np.vstack([[x, y], steps]), axis=0) / svg.UNIT
    squeeze = np.cos(np.radians(10.0))
    assert at[:, 0].min() == pytest.approx(0, abs=0.01)
    assert at[:, 0].max() == pytest.approx(3 * squeeze, abs=0.01)
    assert sorted({-13.0, -10.0}) == sorted(set(np.round(at[:, 1], 2)))


def test_three_states_have_three_shapes(ground, window):
    made = drawn(ground, window, mark("N", 2), mark("S", state="no_data"))
    fills = {u.get("href"): u.get("fill") for u in made.iter("use")}
    assert fills == {"#a0": None, "#a1": "url(#w-p2)", "#a2": "url(#w-px)"}
    quiet = drawn(ground, window, mark("N", state="quiet"))
    assert quiet.xpath("//g[@class='pv q']/use[@href='#a1']/title")[0].text == "N: 0"


def test_a_level_is_a_number_beside_its_colour(ground, window):
    made = drawn(ground, window, mark("N", 4, held=True), mark("sea", 2), mark("isle", 1))
    said = [t.text for t in made.iter("text") if "pn" in t.get("class", "")]
    assert sorted(said) == ["1", "2", "4="]
    assert [t.text for t in drawn(ground, window, mark("S", state="no_data")).iter("text")].count(
        "?"
    ) == 1


def test_every_mark_is_said_in_words(ground, window):
    marks = [mark("N", 4), mark("S", state="quiet"), mark("sea", 2), mark("isle", 1)]
    titles = {t.text for t in drawn(ground, window, *marks).iter("title")}
    assert {m.title for m in marks} <= titles


def test_a_sea_label_keeps_off_the_land(ground, window):
    x, _ = window.xy(10, 3)
    assert window.spots["sea"].x > x
    assert window.spots["sea"].room > 20


def test_labels_do_not_lie_on_each_other(ground, window):
    dots = tuple(
        svg.Dot((10.0 + i / 50, 5.0), f"label {i}", f"dot {i}", f"#b{i}", "past") for i in range(9)
    )
    made = drawn(ground, window, course=svg.Course(dots=dots))
    boxes = []
    for label in made.xpath("//a/text"):
        x, y = float(label.get("x")), float(label.get("y"))
        wide = len(label.text) * 5.3
        boxes.append((x - wide / 2, y - 9, x + wide / 2, y + 2))
    assert 2 <= len(boxes) < len(dots)
    for i, (left, top, right, bottom) in enumerate(boxes):
        for le, t, r, b in boxes[:i]:
            assert right <= le or left >= r or bottom <= t or top >= b
    assert len(made.xpath("//a/circle")) == len(dots)
    assert made.xpath("//a/@href") == [d.href for d in dots]


def test_names_are_escaped(ground, window):
    bad = '<script>alert("1")</script>'
    areas = (svg.Area("N", "province", bad, box(0, 10, 3, 13), None), *AREAS[1:])
    hostile = svg.ground(areas)
    through = svg.window("w", hostile, (-0.5, 6.5, 8.5, 13.5), 2000)
    marks = [svg.Mark("N", 1, "raised", False, bad)]
    layout = svg.Layout('m" onload="x', bad, bad, names=frozenset("N"), always=frozenset("N"))
    text = svg.draw(hostile, through, marks, svg.Course(), layout)
    made = etree.fromstring(text)
    assert "<script" not in text
    assert made.get("onload") is None
    assert [t.text for t in made.iter("text")].count(bad) == 1


def test_the_band_holds_the_stated_share():
    rng = np.random.default_rng(1)
    lat = 10 + np.vstack([np.zeros(5), rng.normal(0, 1, (400, 1)) * np.linspace(0.01, 1, 5)])
    lon = 100 + np.vstack([np.zeros(5), rng.normal(0, 1, (400, 1)) * np.linspace(0.01, 1, 5)])
    swept = svg.band(lat, lon, 10.0, 0.8, 1)
    inside = [swept.contains(Point(x, y)) for x, y in zip(lon[:, -1], lat[:, -1], strict=True)]
    assert np.mean(inside) == pytest.approx(0.8, abs=0.02)


def test_a_course_that_lies_elsewhere_draws_no_dot(ground, window):
    far = svg.Course(dots=(svg.Dot((50.0, 50.0), "far", "far", "#x", "now"),))
    assert not drawn(ground, window, course=far).xpath("//a")


def test_ink_can_be_read_on_every_colour():
    for rank in SCALE.ranks:
        colour = rank.colour or "#ffffff"
        assert svg.contrast(colour, svg.ink_on(colour)) >= 4.5


def test_colours_are_those_of_the_scale():
    css = svg.level_css(SCALE)
    for rank in SCALE.ranks[:-1]:
        assert f".lv{rank.rank}{{background:{rank.colour}" in css
    assert ".lv6{background:#ffffff" in css


@given(
    west=st.floats(90, 110), wide=st.floats(0.5, 8), south=st.floats(5, 20),
    high=st.floats(0.5, 8), towards=st.floats(80, 130),
)  # fmt: skip
def test_a_widened_box_keeps_what_it_held_and_has_the_aspect(west, wide, south, high, towards):
    before = (west, south, west + wide, south + high)
    after = svg.widened(before, 1.4, 15.0, towards)
    assert after[0] <= before[0] + 1e-9
    assert after[1] <= before[1] + 1e-9
    assert after[2] >= before[2] - 1e-9
    assert after[3] >= before[3] - 1e-9
    aspect = (after[2] - after[0]) * np.cos(np.radians(15.0)) / (after[3] - after[1])
    assert aspect == pytest.approx(1.4)
