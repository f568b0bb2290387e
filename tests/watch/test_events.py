"""Signals that belong together: order changes nothing, and neighbours are found."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haidang.base.errors import BadData
from haidang.watch.events import Sign, group, near

PLACES = "abcdef"


def sign(place, period, indicator="x", value=5.0, p=0.01) -> Sign:
    return Sign(indicator, period, place, f"w{period:02}", value, 2.0, p)


def test_neighbours_in_the_same_or_the_next_period_are_one_event():
    signs = [sign("a", 1), sign("b", 2, p=1e-5), sign("b", 4), sign("c", 1), sign("a", 2, "y")]
    found = group(signs, [("b", "a")])
    assert len(found) == 4
    first = found[0]
    assert first.places == ("a", "b")
    assert (first.first, first.last) == ("w01", "w02")
    assert (first.observed, first.expected) == (10.0, 4.0)
    assert first.strongest.place == "b"
    assert len({e.id for e in found}) == 4


def test_two_neighbours_are_joined_by_a_third():
    pairs = [("a", "b"), ("b", "c")]
    assert len(group([sign("a", 1), sign("c", 1)], pairs)) == 2
    assert len(group([sign("a", 1), sign("b", 1), sign("c", 1)], pairs)) == 1


def test_an_id_is_that_of_the_beginning():
    early = group([sign("b", 3)])[0]
    later = group(
        [sign("b", 3), sign("b", 4), sign("a", 4), sign("c", 5)], [("a", "b"), ("b", "c")]
    )
    assert [e.id for e in later if "b" in e.places] == [early.id]
    moved = Sign("x", 4, "b", "w04", 5.0, 2.0, 0.01, "w03", 3)
    assert group([moved])[0].id == early.id
    assert group([moved])[0].first == "w03"
    assert group([sign("b", 4)])[0].id != early.id


def twin(signs, pairs):
    """Slow and obvious: join sets until nothing changes."""
    beside = {frozenset(p) for p in pairs}
    parts = [{s.key} for s in signs]
    changed = True
    while changed:
        changed = False
        for first, second in combinations(parts, 2):
            if any(
                a[0] == b[0] and abs(a[1] - b[1]) <= 1
                and (a[2] == b[2] or frozenset((a[2], b[2])) in beside)
                for a in first for b in second
            ):  # fmt: skip
                first.update(second)
                parts.remove(second)
                changed = True
                break
    return {frozenset(p) for p in parts}


KEYS = st.tuples(st.sampled_from("xy"), st.integers(0, 5), st.sampled_from(PLACES))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(KEYS, max_size=14, unique=True),
    st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES)), max_size=6),
    st.randoms(),
)
def test_order_changes_nothing_and_all_are_in_one_event(keys, pairs, random):
    signs = [
        sign(place, period, what, value=0.1 * i) for i, (what, period, place) in enumerate(keys)
    ]
    found = group(signs, pairs)
    random.shuffle(signs)
    assert group(signs, [(b, a) for a, b in reversed(pairs)]) == found
    assert {frozenset(s.key for s in e.signals) for e in found} == twin(signs, pairs)
    assert math.isclose(sum(e.observed for e in found), sum(s.value for s in signs), abs_tol=1e-9)
    assert len({e.id for e in found}) == len(found)


def test_near_is_the_great_circle():
    points = {"hn": (21.03, 105.85), "hp": (20.86, 106.68), "far": (10.8, 106.7),
              "east": (0, 179.9), "west": (0, -179.9)}  # fmt: skip
    pairs = near(points, 100)
    assert ("hn", "hp") in pairs
    assert ("east", "west") in pairs
    assert len(pairs) == 2
    assert near(points, 85) == (("east", "west"),)
    assert len(near(points, 30_000)) == 10
    assert near({}, 5) == ()
    assert near({"a": (1, 1), "b": (1, 1)}, 0) == (("a", "b"),)


@pytest.mark.parametrize(("points", "km"), [({"a": (91, 0)}, 5), ({"a": (math.nan, 0)}, 5),
                                            ({"a": (1, 1)}, -1), ({}, math.nan)])  # fmt: skip
def test_bad_points_and_distances_are_named(points, km):
    with pytest.raises(BadData, match=r"degrees|kilometres"):
        near(points, km)
