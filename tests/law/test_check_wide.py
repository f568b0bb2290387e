"""Proof-reading of tables with several numbers and categories: one bad cell among many is found."""

from __future__ import annotations

import time

import pytest

from haidang.law import check, parse
from law.test_ask import SCALES

HEAD = """\
# id: wide
# decision: a1
# act: {en: Act 1}
# article: 1
# title: {en: Many inputs}
# language: en
# scale: risk
# valid_from: 2020-01-01
# valid_until: null
# place_vintage: {day: 2020-01-01, description: {en: all}}
# status: {checked: gazette, against: {en: the gazette}}
# translation: {status: none}
# source: invented
# inputs:
#   a: {kind: real, name: {en: a}, unit: {en: m}, domain: ">=0"}
#   b: {kind: real, name: {en: b}, unit: {en: m}, domain: ">=0"}
#   c: {kind: integer, name: {en: c}, unit: {en: m}, domain: ">=0"}
#   p:
#     kind: category
#     name: {en: p}
#     values: {p1: {en: p1}, p2: {en: p2}, p3: {en: p3}, p4: {en: p4}}
#   q:
#     kind: category
#     name: {en: q}
#     values: {q1: {en: q1}, q2: {en: q2}, q3: {en: q3}}
# below: []
# gaps: []
# overlaps: []
clause,level,a,b,c,p,q,text,en,note
"""
STEPS = ("[0,10)", "[10,20)", "[20,30)", ">=30")
WHOLE = ("[0,4]", "[5,9]", ">=10")


def rows():
    """A level for every cell: 4 × 4 × 3 ranges, 4 × 3 categories, 144 rows."""
    for i, a in enumerate(STEPS):
        for j, b in enumerate(STEPS):
            for k, c in enumerate(WHOLE):
                for q in ("q1", "q2", "q3"):
                    yield [f"1({i}{j}{k}{q})", str((i + j) % 3 + 1), a, b, c, "*", q]


def table(changed):
    lines = [",".join(f'"{x}"' for x in (*r, "x", "x", "")) for r in changed]
    return parse(HEAD + "\n".join(lines) + "\n", SCALES, "wide.csv")


def test_a_sound_table_of_five_inputs_is_read_in_a_moment():
    whole = table(list(rows()))
    begun = time.process_time()
    assert check(whole) == ()
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("n", [0, 37, 143])
def test_one_row_that_lacks_one_category_is_a_gap_of_just_that_cell(n):
    changed = list(rows())
    changed[n][5] = "p1|p2|p4"
    (problem,) = check(table(changed))
    assert problem.code == "law.gap"
    said = problem.say("en")
    assert "p: p3" in said
    assert f"q: {changed[n][6]}" in said


def test_one_bound_that_leaves_out_one_point_is_a_gap():
    changed = list(rows())
    n = next(i for i, r in enumerate(changed) if r[2] == "[10,20)" and r[3] == "[0,10)")
    changed[n][2] = "(10,20)"
    (problem,) = check(table(changed))
    assert problem.code == "law.gap"
    assert "a: exactly 10 m" in problem.say("en")


def test_a_whole_number_between_two_ranges_is_a_gap():
    changed = [[*r[:4], "[6,9]" if r[4] == "[5,9]" else r[4], *r[5:]] for r in rows()]
    problems = check(table(changed))
    assert {p.code for p in problems} == {"law.gap"}
    assert all("c: exactly 5 m" in p.say("en") for p in problems)


def test_a_row_that_reaches_one_point_too_far_is_an_overlap_of_just_that_point():
    changed = list(rows())
    n = next(i for i, r in enumerate(changed) if r[2] == "[0,10)" and r[3] == "[0,10)")
    changed[n][2] = "[0,10]"
    (problem,) = check(table(changed))
    assert problem.code == "law.overlap"
    assert "a: exactly 10 m" in problem.say("en")


def test_a_gap_through_the_whole_table_is_told_in_one_box():
    """Whatever the other inputs: not once for each of their combinations."""
    changed = [r for r in rows() if r[4] != ">=10"]
    (problem,) = check(table(changed))
    assert problem.code == "law.gap"
    assert "c: 10 m or more" in problem.say("en")
