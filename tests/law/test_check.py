"""Proof-reading: planted faults are found and said so that an official can mend them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.law import check, parse
from haidang.law.check import boxes
from haidang.law.levels import Names, Rank, Scale

SCALES = {
    "risk": Scale(
        "risk", "hazard", Names({"en": "r"}), tuple(Rank(i, Names({"en": "r"})) for i in (1, 2, 3))
    )
}
HEAD = """\
# id: t1
# decision: a1
# act: {{en: Act 1}}
# article: 1
# title: {{en: Storms}}
# language: en
# scale: risk
# valid_from: 2020-01-01
# valid_until: 2025-12-31
# place_vintage: {{day: 2020-01-01, description: {{en: all}}}}
# status: {{checked: gazette, against: {{en: the gazette}}}}
# translation: {{status: none}}
# source: invented
# inputs:
#   area:
#     kind: category
#     name: {{en: area, vi: khu vực}}
#     values: {{hill: {{en: hills, vi: đồi}}, plain: {{en: plains, vi: đồng bằng}}}}
#   wind:
#     kind: integer
#     name: {{en: wind force, vi: cấp gió}}
#     unit: {{en: Beaufort, vi: Bô-pho}}
#     domain: ">=0"
# below:
#   - {{where: {{wind: "{below}"}}, reason: {{en: Calm.}}}}
# gaps: {gaps}
# overlaps: {overlaps}
clause,level,area,wind,text,en,note
1(1),1,*,"[6,9]",x,x,
1(2)(a),2,hill,"[10,11]",x,x,
1(2)(b),2,plain,"{plain}",x,x,
1(3),3,*,>=12,x,x,
"""


def table(plain="[10,11]", gaps="[]", overlaps="[]", below="<6"):
    return parse(
        HEAD.format(plain=plain, gaps=gaps, overlaps=overlaps, below=below), SCALES, "t.csv"
    )


def only(t):
    (problem,) = check(t)
    return problem


def test_sound_table_has_no_problem():
    assert check(table()) == ()


def test_planted_gap():
    problem = only(table(plain="[11,11]"))
    assert (problem.code, problem.row, problem.severity) == ("law.gap", 29, "error")
    en, vi = problem.say("en"), problem.say("vi")
    assert en.startswith(
        "t.csv, line 29: no row of this table gives a level for: "
        "area: plains; wind force: 10 Beaufort. "
        "Rows next to it: Article 1(1) on line 29 (level 1); "
        "Article 1(2)(b) on line 31 (level 2)."
    )
    assert vi.startswith(
        "t.csv, dòng 29: không dòng nào của bảng cho cấp độ đối với trường hợp: "
        "khu vực: đồng bằng; cấp gió: 10 Bô-pho. "
        "Các dòng liền kề: khoản 1 Điều 1 ở dòng 29 (cấp 1); "
        "điểm b khoản 2 Điều 1 ở dòng 31 (cấp 2)."
    )


def test_planted_overlap():
    problem = only(table(plain="[10,13]"))
    assert (problem.code, problem.row) == ("law.overlap", 31)
    assert (
        "area: plains; wind force: from 12 to 13 Beaufort "
        "(for example: area: plains; wind force: 12 Beaufort). The rows: "
        "Article 1(2)(b) on line 31 (level 2); Article 1(3) on line 32 (level 3)."
    ) in problem.say("en")
    assert "cấp gió: từ 12 đến 13 Bô-pho (ví dụ: khu vực: đồng bằng; cấp gió: 12 Bô-pho)" in (
        problem.say("vi")
    )


def test_declared_gap_and_overlap_are_accepted():
    gap = '[{where: {area: plain, wind: "=10"}, reason: {en: silent}}]'
    assert check(table(plain="[11,11]", gaps=gap)) == ()
    overlap = '[{where: {area: plain, wind: "[12,13]"}, rule: none, reason: {en: twice}}]'
    assert check(table(plain="[10,13]", overlaps=overlap)) == ()


def test_declared_gap_that_is_none():
    gap = '[{where: {area: hill, wind: "=10"}, reason: {en: silent}}]'
    problem = only(table(gaps=gap))
    assert (problem.code, problem.field, problem.severity) == ("law.gap_absent", "gaps.0", "error")
    assert "area: hills; wind force: 10 Beaufort" in problem.say("en")
    assert "Article 1(2)(a) on line 30 (level 2)" in problem.say("en")


def test_declared_gap_that_is_too_wide_is_a_warning():
    gap = '[{where: {wind: "=10"}, reason: {en: silent}}]'
    problem = only(table(plain="[11,11]", gaps=gap))
    assert (problem.code, problem.severity) == ("law.gap_wider", "warning")


def test_declared_overlap_that_is_none():
    overlap = '[{where: {area: plain, wind: "[12,13]"}, rule: highest, reason: {en: twice}}]'
    assert only(table(overlaps=overlap)).code == "law.overlap_absent"


def test_declaration_outside_the_domain():
    gap = '[{where: {wind: "<0"}, reason: {en: silent}}]'
    assert only(table(gaps=gap)).code == "law.gap_absent"


def test_below_may_not_hide_a_row():
    problem = only(table(below="<=6"))
    assert (problem.code, problem.severity) == ("law.below_wider", "error")
    assert "wind force: exactly 6 Beaufort" in problem.say("en")


def test_row_that_no_case_can_meet():
    text = HEAD.format(plain="[10,11]", gaps="[]", overlaps="[]", below="<6")
    text = text.replace('domain: ">=0"', 'domain: "[0,11]"')
    assert [(p.code, p.row) for p in check(parse(text, SCALES))] == [("law.row_never", 32)]


@pytest.mark.parametrize(("day", "count"), [(dt.date(2025, 12, 31), 0), (dt.date(2026, 1, 1), 1)])
def test_past_its_validity(day, count):
    found = check(table(), day)
    assert [(p.code, p.severity) for p in found] == [("law.expired", "warning")] * count
    if count:
        assert "31/12/2025" in found[0].say("vi")


@given(st.lists(st.booleans(), min_size=24, max_size=24))
def test_boxes_hold_exactly_the_cells(cells):
    bad = np.array(cells).reshape(2, 3, 4)
    seen = np.zeros_like(bad)
    for box in boxes(bad, (False, True, True)):
        seen[np.ix_(*box)] = True
        assert all(b == tuple(range(b[0], b[-1] + 1)) for b in box[1:])
    assert (seen == bad).all()


def test_a_declared_gap_may_reach_below():
    gap = '[{where: {area: plain, wind: "<=5"}, reason: {en: silent}}]'
    assert check(table(gaps=gap, below="<4")) != ()
    gap = '[{where: {wind: "<=5"}, reason: {en: silent}}]'
    assert check(table(gaps=gap, below="<4")) == ()


def test_all_areas_are_called_any():
    problem = only(table(below="<5"))
    assert "area: any; wind force: exactly 5 Beaufort (for example: area: hills;" in (
        problem.say("en")
    )
