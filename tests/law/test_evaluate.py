"""Asking a table: one case, many cases, and a slow twin that asks in the plainest way."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haidang.base.errors import BadData
from haidang.law import NO_LEVEL, STATUS, Code, check, evaluate, highest, lookup
from haidang.law.interval import Interval
from haidang.law.levels import Names, Rank, Scale
from haidang.law.table import Declared, Input, Region, Row, Table

EN = Names({"en": "x"})
SCALE = Scale("s", "hazard", EN, tuple(Rank(i, EN) for i in (1, 2, 3)))
INPUTS = (
    Input("area", "category", EN, {"a": EN, "b": EN}),
    Input("force", "integer", EN, unit=EN, domain=Interval(0, 6, True, True)),
    Input("depth", "real", EN, unit=EN, domain=Interval(low=0, low_in=True)),
)
FORCES = range(7)
DEPTHS = [q / 4 for q in range(33)]  # bounds are whole, so quarters meet every piece up to 8


@st.composite
def intervals(draw, integer):
    low, high = sorted((draw(st.integers(0, 6)), draw(st.integers(0, 6))))
    shape = draw(st.sampled_from(["pair", "low", "high"]))
    found = {
        "pair": Interval(low, high, draw(st.booleans()), draw(st.booleans())),
        "low": Interval(low=low, low_in=draw(st.booleans())),
        "high": Interval(high=high, high_in=draw(st.booleans())),
    }[shape]
    return found if found.member(integer=integer) is not None else Interval(low, low, True, True)


regions = st.fixed_dictionaries(
    {},
    optional={
        "area": st.sets(st.sampled_from("ab"), min_size=1).map(frozenset),
        "force": intervals(True),
        "depth": intervals(False),
    },
).map(Region)
declared = st.builds(Declared, regions, st.just(EN), st.sampled_from(["highest", "none"]))


@st.composite
def tables(draw):
    rows = [
        Row(n + 1, f"1({n + 1})", draw(st.integers(1, 3)), draw(regions), EN)
        for n in range(draw(st.integers(1, 5)))
    ]
    some = st.lists(declared, max_size=2).map(tuple)
    return make(rows, below=draw(some), gaps=draw(some), overlaps=draw(some))


def make(rows, **more):
    day = dt.date(2020, 1, 1)
    return Table(
        id="t",
        decision="d",
        act=EN,
        article="1",
        title=EN,
        language="en",
        scale=SCALE,
        valid_from=day,
        valid_until=dt.date(2029, 12, 31),
        place_vintage=day,
        vintage=EN,
        checked="unchecked",
        against=EN,
        translation="none",
        source="",
        notes=EN,
        inputs=INPUTS,
        rows=tuple(rows),
        file="t.csv",
        **more,
    )


def inside(region, case):
    """A region asked in the plainest way."""
    for name, c in region.conditions.items():
        v = case[name]
        if isinstance(c, Interval):
            if v < c.low or v > c.high or (v == c.low and not c.low_in):
                return False
            if v == c.high and not c.high_in:
                return False
        elif v not in c:
            return False
    return True


def twin(table, case):
    """(level, status) by the words of the rule."""
    if any(v is None or (isinstance(v, float) and math.isnan(v)) for v in case.values()):
        return None, "no data"
    levels = [r.level for r in table.rows if inside(r.region, case)]
    if not levels:
        if any(inside(b.region, case) for b in table.below):
            return 0, "below"
        return None, "not defined by the text"
    if len(set(levels)) == 1:
        return levels[0], "defined"
    if any(o.rule == "highest" and inside(o.region, case) for o in table.overlaps):
        return max(levels), "defined"
    return None, "not defined by the text"


cases = st.tuples(
    st.sampled_from(["a", "b", None]),
    st.sampled_from([*FORCES, math.nan]),
    st.sampled_from([*DEPTHS, math.nan, None]),
)


@settings(max_examples=150, deadline=None)
@given(tables(), st.lists(cases, min_size=1, max_size=12))
def test_many_at_once_is_one_by_one_is_the_twin(table, many):
    area, force, depth = (np.array(c, dtype=object) for c in zip(*many, strict=True))
    together = evaluate(table, area=area, force=force, depth=depth)
    for n, (a, f, d) in enumerate(many):
        single = lookup(table, area=a, force=f, depth=d)
        level, status = twin(table, {"area": a, "force": f, "depth": d})
        assert (single.level, single.status) == (level, status)
        assert STATUS[Code(together.status[n])] == status
        assert together.level[n] == (NO_LEVEL if level is None else level)
        if status == "defined":
            assert table.rows[together.row[n]].clause == single.clause
        else:
            assert (together.row[n], single.clause) == (-1, "")


@settings(max_examples=100, deadline=None)
@given(tables())
def test_the_check_finds_exactly_the_gaps_and_overlaps_there_are(table):
    every = [{"area": a, "force": f, "depth": d} for a in "ab" for f in FORCES for d in DEPTHS]
    gap = overlap = False
    for case in every:
        levels = {r.level for r in table.rows if inside(r.region, case)}
        named = [*table.below, *table.gaps]
        gap |= not levels and not any(inside(d.region, case) for d in named)
        overlap |= len(levels) > 1 and not any(inside(o.region, case) for o in table.overlaps)
    found = {p.code for p in check(table)}
    assert ("law.gap" in found) == gap
    assert ("law.overlap" in found) == overlap
    for key, code in (("gaps", "law.gap_absent"), ("overlaps", "law.overlap_absent")):
        absent = False
        for d in getattr(table, key):
            there = [c for c in every if inside(d.region, c)]
            levels = [{r.level for r in table.rows if inside(r.region, c)} for c in there]
            low = [any(inside(b.region, c) for b in table.below) for c in there]
            hits = [
                (not v and not b) if key == "gaps" else len(v) > 1
                for v, b in zip(levels, low, strict=True)
            ]
            absent |= not any(hits)
        assert (code in found) == absent


SMALL = make(
    [
        Row(1, "1(1)", 1, Region({"force": Interval(2, 4, True, True)}), EN),
        Row(2, "1(2)", 3, Region({"force": Interval(low=4, low_in=True)}), EN),
    ],
    below=(Declared(Region({"force": Interval(high=1)}), EN),),
    overlaps=(Declared(Region({"force": Interval(4, 4, True, True)}), EN, "highest"),),
)


def test_shapes_broadcast():
    got = evaluate(SMALL, area=np.array([["a"], ["b"]]), force=[0, 1, 2, 4, 6], depth=1.0)
    assert got.level.tolist() == [[0, NO_LEVEL, 1, 3, 3]] * 2
    assert got.status[0].tolist() == [
        Code.BELOW,
        Code.UNDEFINED,
        Code.DEFINED,
        Code.DEFINED,
        Code.DEFINED,
    ]
    assert got.row[0].tolist() == [-1, -1, 0, 1, 1]


def test_overlap_lists_every_clause():
    ruling = lookup(SMALL, area="a", force=4, depth=0.0)
    assert (ruling.level, ruling.clause, ruling.clauses) == (3, "1(2)", ("1(1)", "1(2)"))
    assert "Article 1(1), Article 1(2)" in str(ruling)


def test_undefined_is_never_a_default():
    ruling = lookup(SMALL, area="a", force=1, depth=0.0)
    assert (ruling.level, ruling.status) == (None, "not defined by the text")
    assert "person must decide" in ruling.say("en")
    assert ruling.as_level().rank is None


def test_an_overlap_that_is_not_declared_has_no_level():
    table = make(SMALL.rows)
    ruling = lookup(table, area="a", force=4, depth=0.0)
    assert (ruling.level, ruling.status) == (None, "not defined by the text")
    assert ruling.clauses == ("1(1)", "1(2)")


@pytest.mark.parametrize("missing", [math.nan, None, np.float32("nan"), np.ma.masked_all(())])
def test_missing_is_no_data_and_never_zero(missing):
    ruling = lookup(SMALL, area="a", force=missing, depth=0.0)
    assert (ruling.level, ruling.status) == (None, "no data")
    masked = np.ma.MaskedArray([3.0, 5.0], mask=[False, True])
    got = evaluate(SMALL, area="a", force=masked, depth=0.0)
    assert got.level.tolist() == [1, NO_LEVEL]
    assert got.status.tolist() == [Code.DEFINED, Code.NO_DATA]


def test_validity_includes_both_ends():
    for day, status in (
        (dt.date(2019, 12, 31), "not in force"),
        (dt.date(2020, 1, 1), "defined"),
        (dt.date(2029, 12, 31), "defined"),
        (dt.date(2030, 1, 1), "not in force"),
    ):
        assert lookup(SMALL, day=day, area="a", force=5, depth=0.0).status == status
        got = evaluate(SMALL, day=day, area="a", force=[5, 6], depth=0.0)
        assert {STATUS[Code(s)] for s in got.status} == {status}
        assert (got.level == NO_LEVEL).all() == (status == "not in force")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"area": "c"}, "law.category_unknown_given"),
        ({"force": 2.5}, "law.not_integer"),
        ({"force": -1}, "law.outside"),
        ({"force": "5"}, "law.not_number"),
        ({"force": True}, "law.not_number"),
        ({"depth": math.inf}, "law.not_number"),
        ({"rain": 3}, "law.input_unknown"),
        ({"force": [1, 2], "depth": [1, 2, 3]}, "law.shapes"),
    ],
)
def test_what_cannot_be_is_refused(more, code):
    with pytest.raises(BadData) as caught:
        evaluate(SMALL, **({"area": "a", "force": 1, "depth": 0.0} | more))
    assert [p.code for p in caught.value.problems] == [code]
    assert caught.value.say("vi") != caught.value.say("en")


def test_an_input_left_out_is_refused():
    with pytest.raises(BadData) as caught:
        lookup(SMALL, area="a", force=1)
    assert [p.code for p in caught.value.problems] == ["law.input_missing"]


def ask(force):
    return lookup(SMALL, area="a", force=force, depth=0.0)


def test_highest_of_several_parts():
    place = highest({"west": ask(2), "east": ask(5), "north": ask(0)})
    assert (place.level, place.status, place.decided) == (3, "defined", ("east",))
    assert place.considered == ("east", "north", "west")
    assert place.complete
    assert "east, north, west" in place.say("en")


def test_a_part_without_an_answer_shows():
    place = highest({"west": ask(2), "east": ask(1), "north": ask(math.nan)})
    assert (place.level, place.status) == (1, "not defined by the text")
    assert place.unanswered == ("east", "north")
    assert "east, north" in place.say("vi")


def test_below_and_unknown_is_not_quiet():
    place = highest({"west": ask(0), "east": ask(math.nan)})
    assert (place.level, place.status) == (None, "no data")
    assert highest({"west": ask(0)}).status == "below"
    with pytest.raises(BadData):
        highest({})
