"""One person, several notices: one of each hazard, never less than any of them says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.warn.lifecycle import Named
from haidang.warn.one_message import Heard, Spared, around, goes_on, one_message, spared

T0 = datetime(2030, 9, 10, tzinfo=UTC)
WITHIN = {"c1": ["p"], "c2": ["p"], "p": ["r"], "q": ["r"]}


def heard(key: str, place: str, level: int, threat: str = "wind", **more) -> Heard:
    minutes = more.pop("minutes", 0)
    return Heard(key, threat, "e", place, level, T0 + timedelta(minutes=minutes), **more)


def test_the_innermost_of_equal_levels_is_sent():
    region, province = heard("a", "r", 2), heard("b", "p", 2)
    kept, left = one_message([region, province], "c1", WITHIN)
    assert kept == (province,)
    assert [(n.heard.key, n.instead.key, n.why) for n in left] == [("a", "b", Spared.CLOSER)]


def test_a_higher_level_of_a_wider_area_goes_before_a_lower_one_at_home():
    region, province = heard("a", "r", 3), heard("b", "p", 2)
    kept, left = one_message([province, region], "p", WITHIN)
    assert (kept, left[0].why) == ((region,), Spared.HIGHER)


def test_the_newer_of_one_area_is_sent_and_other_areas_are_passed_over():
    old, new, other = heard("a", "p", 2), heard("b", "p", 2, minutes=5), heard("c", "q", 4)
    kept, left = one_message([old, new, other], "c1", WITHIN)
    assert (kept, [n.why for n in left]) == ((new,), [Spared.NEWER])


def test_a_greater_notice_that_names_the_lesser_is_enough():
    storm = heard("a", "p", 3, also=(Named("rain", "e", 2),))
    rain = heard("b", "p", 2, "rain")
    kept, left = one_message([rain, storm], "p", WITHIN)
    assert (kept, left[0].why) == ((storm,), Spared.NAMED)
    worse = heard("c", "p", 3, "rain")  # it says more than was named
    assert one_message([worse, storm], "p", WITHIN)[0] == (worse, storm)


def test_an_end_is_not_told_while_another_notice_of_the_hazard_goes_on():
    kept, left = one_message([heard("a", "r", 0), heard("b", "p", 2)], "p", WITHIN)
    assert ([n.key for n in kept], left[0].why) == (["b"], Spared.STANDS)
    assert one_message([heard("a", "r", 0)], "p", WITHIN)[0][0].key == "a"


@pytest.mark.parametrize(("place", "count"), [("c1", 1), ("c2", 0), ("p", 1)])
def test_a_narrowed_notice_reaches_its_parts_and_whoever_gave_only_the_place(place, count):
    kept, _ = one_message([heard("a", "p", 2, within=("c1",))], place, WITHIN)
    assert len(kept) == count


def test_only_who_is_spared_everywhere_is_spared():
    def rings(code):
        return around(code, WITHIN)

    wide, near = heard("a", "p", 2), heard("b", "c1", 3)
    assert set(spared([wide, near], ["c1"], rings)) == {"a"}
    assert spared([wide, near], ["c1", "c2"], rings) == {}, "c2 has no notice of its own"
    assert spared([wide, near], ["c1", "q"], rings).keys() == {"a"}, "q is not concerned"
    assert spared([wide, near], [], rings) == {}


def test_a_ring_of_areas_does_no_harm():
    assert around("a", {"a": ["b"], "b": ["a"]}) == ("a", "b")


HEARD = st.lists(
    st.builds(
        lambda n, place, level, threat, minutes, named: heard(
            str(n), place, level, threat, minutes=minutes,
            also=tuple(Named(t, "e", v) for t, v in named if v < level),
        ),
        st.integers(0, 99),
        st.sampled_from(["c1", "p", "r", "q"]),
        st.integers(0, 4),
        st.sampled_from(["wind", "rain", "flood"]),
        st.integers(0, 9),
        st.lists(st.tuples(st.sampled_from(["wind", "rain", "flood"]), st.integers(1, 3))),
    ),
    max_size=8,
    unique_by=lambda h: h.key,
)  # fmt: skip


@given(HEARD, st.sampled_from(["c1", "p", "q"]), st.randoms())
def test_nobody_gets_two_of_one_hazard_or_less_than_was_said(notices, place, chance):
    kept, left = one_message(notices, place, WITHIN)
    names = [(n.threat, n.event) for n in kept]
    assert len(names) == len(set(names))
    areas = around(place, WITHIN)
    here = [n for n in notices if n.place in areas]
    assert {n.key for n in kept} | {n.heard.key for n in left} == {n.key for n in here}
    assert all(n.instead in kept for n in left)
    for one in here:  # the danger of each is told, at its level or higher
        told = [k.level for k in kept if k.threat == one.threat]
        told += [n.level for k in kept for n in k.also if n.threat == one.threat]
        assert max(told) >= one.level
    turned = list(notices)
    chance.shuffle(turned)
    assert {n.key for n in one_message(turned, place, WITHIN)[0]} == {n.key for n in kept}


def rings(code: str) -> tuple[str, ...]:
    return around(code, WITHIN)


@pytest.mark.parametrize(("threat", "also"), [("wind", ()), ("rain", (Named("wind", "e", 2),))])
@pytest.mark.parametrize(("place", "ends"), [("c1", "p"), ("p", "c1"), ("p", "p"), ("r", "c1")])
def test_of_one_that_ends_or_falls_every_higher_one_on_its_ground_goes_on(
    place, ends, threat, also
):
    other = heard("b", place, 2, threat, also=also)
    found = [goes_on(other, heard("a", ends, level), rings) for level in range(4)]
    assert found == [True, True, False, False]


def test_what_lies_elsewhere_or_is_another_danger_does_not_go_on_for_it():
    end = heard("a", "c1", 0)
    assert not goes_on(heard("b", "c2", 3), end, rings)
    assert not goes_on(heard("b", "q", 3), end, rings)
    assert not goes_on(heard("b", "p", 3, "rain"), end, rings)
    assert not goes_on(heard("b", "p", 0), end, rings)
    assert not goes_on(heard("b", "p", 3, within=("c2",)), end, rings), "it is for another part"
    assert goes_on(heard("b", "p", 3, within=("c1", "c2")), end, rings)


@pytest.mark.parametrize(
    ("other", "goes"),
    [
        (heard("b", "c2", 2), True),  # on ground that it is not for any more
        (heard("b", "c1", 2), False),
        (heard("b", "c1", 4), True),
        (heard("b", "r", 2), True),
        (heard("b", "r", 2, within=("c1",)), False),
    ],
)
def test_where_it_was_narrowed_away_from_a_notice_is_an_end(other, goes):
    assert goes_on(other, heard("a", "p", 3, within=("c1",)), rings) is goes
