"""Asking with what is known: nothing that was not given is put in its place."""

from __future__ import annotations

import datetime as dt

import pytest

from haidang.base.errors import BadData
from haidang.law import parse
from haidang.law.ask import ask, read
from haidang.law.check import check, disputed
from haidang.law.levels import Names, Rank, Scale

SCALES = {
    "risk": Scale(
        "risk", "hazard", Names({"en": "r"}), tuple(Rank(i, Names({"en": "r"})) for i in (1, 2, 3))
    )
}
TEXT = """\
# id: t1
# decision: a1
# act: {en: Act 1}
# article: 1
# title: {en: Rain}
# language: en
# scale: risk
# valid_from: 2020-01-01
# valid_until: 2025-12-31
# place_vintage: {day: 2020-01-01, description: {en: all}}
# status: {checked: gazette, against: {en: the gazette}}
# translation: {status: none}
# source: invented
# inputs:
#   rain:
#     kind: real
#     name: {en: rain, vi: mưa}
#     unit: {en: mm, vi: mm}
#     domain: ">=0"
#   land:
#     kind: category
#     name: {en: land, vi: địa hình}
#     values: {hill: {en: hills, vi: đồi}, plain: {en: plains, vi: đồng bằng}}
#   wide:
#     kind: category
#     name: {en: reach, vi: phạm vi}
#     values: {one: {en: one, vi: một}, few: {en: few, vi: vài}, many: {en: many, vi: nhiều}}
# below:
#   - {where: {rain: "<100"}, reason: {en: Little.}}
# gaps:
#   - {where: {rain: ">=100", land: hill, wide: one}, reason: {en: Silent.}}
# overlaps:
#   - {where: {rain: ">=300", land: plain}, rule: none, reason: {en: Twice.}}
clause,level,rain,land,wide,text,en,note
1(1),1,">=100",plain,*,x,x,
1(2),2,">=100",hill,few|many,x,x,
1(3),3,">=300",plain,*,x,x,
"""
TABLE = parse(TEXT, SCALES, "t.csv")


def test_the_table_is_sound():
    assert check(TABLE) == ()


def test_what_was_not_given_is_answered_for_each_of_its_values():
    found = ask(TABLE, {"rain": 150.0})
    assert [(o.ruling.level, o.ruling.status) for o in found.outcomes] == [
        (2, "defined"),
        (1, "defined"),
        (None, "not defined by the text"),
    ]
    assert [[c["en"] for c in o.cases] for o in found.outcomes] == [
        ["land: hills; reach: few or many"],
        ["land: plains"],
        ["land: hills; reach: one"],
    ]
    assert found.outcomes[0].cases[0]["vi"] == "địa hình: đồi; phạm vi: vài hoặc nhiều"
    assert found.levels == (2, 1)
    assert [i.id for i in found.open] == ["land", "wide"]


def test_what_makes_no_difference_is_not_named():
    found = ask(TABLE, {"rain": 50.0})
    assert found.settled
    assert found.outcomes[0].cases == ()
    assert found.outcomes[0].ruling.level == 0


def test_a_number_that_is_missing_is_asked_back_and_never_assumed():
    found = ask(TABLE, {"land": ("plain",)})
    assert [i.id for i in found.needed] == ["rain"]
    assert found.outcomes == ()
    assert not found.settled


def test_several_categories_are_alternatives():
    found = ask(TABLE, {"rain": 150.0, "wide": ("one", "few"), "land": ("hill",)})
    assert [(o.ruling.level, [c["en"] for c in o.cases]) for o in found.outcomes] == [
        (2, ["reach: few"]),
        (None, ["reach: one"]),
    ]


def test_a_day_out_of_force_has_no_level():
    found = ask(TABLE, {"rain": 150.0}, dt.date(2019, 1, 1))
    assert [o.ruling.status for o in found.outcomes] == ["not in force"]


def test_every_alternative_is_in_exactly_one_outcome():
    """What the boxes say, asked again one by one, is what they were said of."""
    for rain in (50.0, 150.0, 400.0):
        found = ask(TABLE, {"rain": rain})
        told = {}
        for land in ("hill", "plain"):
            for wide in ("one", "few", "many"):
                one = ask(TABLE, {"rain": rain, "land": (land,), "wide": (wide,)}).outcomes
                assert len(one) == 1
                told[land, wide] = (one[0].ruling.level, one[0].ruling.clauses)
        assert {(o.ruling.level, o.ruling.clauses) for o in found.outcomes} == set(told.values())


@pytest.mark.parametrize("typed", ["150,5", "150.5", "+150.5"])
def test_numbers_as_people_type_them(typed):
    assert read(TABLE, {"rain": typed}) == {"rain": 150.5}


def test_categories_by_id_and_by_name_in_any_language():
    for typed in ("plain", "PLAINS", "Đồng bằng", "dong bang"):
        assert read(TABLE, {"land": typed}) == {"land": ("plain",)}
    assert read(TABLE, {"land": "hill|plain", "wide": " "}) == {"land": ("hill", "plain")}


@pytest.mark.parametrize(
    ("texts", "code", "near"),
    [
        ({"rian": "1"}, "law.input_near", "rain"),
        ({"zzz": "1"}, "law.input_unknown", None),
        ({"land": "plian"}, "law.category_near", "plain"),
        ({"land": "sea"}, "law.category_unknown_given", None),
        ({"rain": "much"}, "law.not_number", None),
        ({"rain": "1.000,5"}, "law.not_number", None),
        ({"rain": "1e3"}, "law.not_number", None),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_nearest_there_is(texts, code, near):
    with pytest.raises(BadData) as refused:
        read(TABLE, texts)
    (problem,) = refused.value.problems
    assert problem.code == code
    assert problem.params.get("near") == near
    for language in ("vi", "en"):
        assert problem.say(language)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(BadData) as refused:
        read(TABLE, {"rian": "1", "land": "plian"})
    assert len(refused.value.problems) == 2


def test_a_number_outside_the_domain_and_an_unknown_input_are_refused():
    with pytest.raises(BadData):
        ask(TABLE, {"rain": -1.0})
    with pytest.raises(BadData):
        ask(TABLE, {"snow": 1.0})


def test_rows_in_doubt_are_those_that_never_decide():
    assert [r.clause for r in disputed(TABLE)] == ["1(3)"]


@pytest.mark.parametrize("text", ["1,200", "1.200"])
def test_a_number_that_may_be_a_thousand_is_asked_back(text):
    with pytest.raises(BadData) as told:
        read(TABLE, {"rain": text})
    assert [p.code for p in told.value.problems] == ["law.number_ambiguous"]


@pytest.mark.parametrize(("text", "value"), [("350,5", 350.5), ("1200", 1200.0), ("0.300", 0.3)])
def test_a_number_with_either_decimal_sign_is_read(text, value):
    assert read(TABLE, {"rain": text})["rain"] == value
