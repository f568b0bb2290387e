"""Reading a law table: strict, and with a problem that names line, field and remedy."""

from __future__ import annotations

import pytest

from haidang.base.errors import BadPack
from haidang.law import Names, Rank, Scale, parse
from haidang.law.interval import EmptyError, Interval, ReversedError

SCALE = Scale(
    "risk", "hazard", Names({"en": "risk"}), tuple(Rank(i, Names({"en": f"r{i}"})) for i in (1, 2))
)
SCALES = {"risk": SCALE}
GOOD = """\
# id: t1
# decision: a1
# act: {en: Act 1}
# article: 1
# title: {en: Rain}
# language: en
# scale: risk
# valid_from: 2020-01-01
# valid_until: null
# place_vintage: {day: 2020-01-01, description: {en: all}}
# status: {checked: gazette, against: {en: the gazette}}
# translation: {status: none}
# source: invented
# inputs:
#   area: {kind: category, name: {en: area}, values: {hill: {en: hills}, plain: {en: plains}}}
#   rain: {kind: real, name: {en: rain}, unit: {en: mm}, domain: ">=0"}
#   days: {kind: integer, name: {en: length}, unit: {en: days}, domain: ">=0"}
# below:
#   - {where: {rain: "<100"}, reason: {en: Little rain.}}
# gaps: []
# overlaps: []
clause,level,area,rain,days,text,en,note
1(1),1,*,"[100,200]",*,light,light,
1(2),2,hill|plain,>200,*,heavy,heavy,
"""


def codes(text: str) -> set[tuple[str, int | None, str]]:
    with pytest.raises(BadPack) as caught:
        parse(text, SCALES, "t.csv")
    for problem in caught.value.problems:
        assert problem.file == "t.csv"
        assert problem.say("en") != problem.say("vi")
    return {(p.code, p.row, p.field) for p in caught.value.problems}


def test_good_table_reads():
    table = parse(GOOD, SCALES, "t.csv")
    assert [(r.line, r.clause, r.level) for r in table.rows] == [(23, "1(1)", 1), (24, "1(2)", 2)]
    assert table.rows[1].region.conditions == {
        "area": frozenset({"hill", "plain"}),
        "rain": Interval(low=200.0),
    }
    assert table.article == "1"


def test_byte_order_mark_and_windows_line_ends_do_no_harm():
    table = parse("\ufeff" + GOOD.replace("\n", "\r\n"), SCALES)
    assert [r.line for r in table.rows] == [23, 24]


@pytest.mark.parametrize(
    ("old", "new", "code", "row", "field"),
    [
        ("hill|plain,>200", "hill|moon,>200", "law.category_unknown", 24, "area"),
        ("hill|plain,>200", "hill|plain,", "law.cell_empty", 24, "rain"),
        ('"[100,200]"', '"[200,100]"', "law.range_reversed", 23, "rain"),
        ('"[100,200]"', '"(100,100]"', "law.range_empty", 23, "rain"),
        ('"[100,200]"', "100-200", "law.range_unreadable", 23, "rain"),
        ('"[100,200]",*', '"[100,200]","(3,4)"', "law.range_empty", 23, "days"),
        ('"[100,200]",*', '"[100,200]",>=2.5', "law.range_unreadable_integer", 23, "days"),
        ("1(2),2,", "1(2),3,", "law.level", 24, "level"),
        ("1(2),2,", "1(2),0,", "law.level", 24, "level"),
        ("1(2),2,", ",2,", "law.clause_missing", 24, "clause"),
        ("heavy,heavy", ",heavy", "law.text_missing", 24, "text"),
        ("1(2),2,hill|plain,>200", '1(1),2,*,"[100,200]"', "law.row_twice", 24, "clause"),
        ('"[100,200]"', "[100,200]", "law.cells", 23, ""),
        ("clause,level,area", "clause,level,region", "law.columns", 22, ""),
        ("# article: 1\n", "", "law.key_missing", None, "article"),
        ("# gaps: []\n", "", "law.key_missing", None, "gaps"),
        ("# article: 1\n", "# article: 1\n# artikel: 2\n", "law.key_unknown", 5, "artikel"),
        ("2020-01-01\n# valid", "May\n# valid", "law.key_date", 8, "valid_from"),
        ("valid_until: null", "valid_until: 2019-12-31", "law.validity_reversed", 9, "valid_until"),
        ("scale: risk", "scale: other", "law.scale_unknown", 7, "scale"),
        ("checked: gazette", "checked: yes-sir", "law.key_choice", 11, "status.checked"),
        ("# decision: a1", "# decision: a1\n# decision: a2", "law.yaml", 3, ""),
        ("title: {en: Rain}", "title: {fr: Pluie}", "law.translation_missing", 5, "title"),
        ("unit: {en: mm}, ", "", "law.unit_missing", 14, "inputs.rain"),
        ("  days: {", "  day: {", "law.input_name", 14, "inputs.day"),
        ('{rain: "<100"}', '{hail: "<100"}', "law.input_unknown", 18, "below.0.where.hail"),
    ],
)
def test_each_fault_is_named_with_its_place(old, new, code, row, field):
    assert old in GOOD
    assert (code, row, field) in codes(GOOD.replace(old, new, 1))


def test_all_faults_are_told_at_once():
    bad = GOOD.replace("1(1),1,", "1(1),9,").replace("hill|plain,>200", "moon,<-")
    assert {c for c, _, _ in codes(bad)} == {
        "law.level",
        "law.category_unknown",
        "law.range_unreadable",
    }


@pytest.mark.parametrize("text", ["", "clause,level\n", "# just words\nclause\n"])
def test_no_head(text):
    assert {c for c, _, _ in codes(text)} == {"law.no_header"}


def test_no_rows():
    assert ("law.no_rows", 22, "") in codes(GOOD[: GOOD.index("1(1),1")])


def test_interval_bounds():
    assert [Interval.parse("(200,400]").contains(v) for v in (200, 200.1, 400, 400.1)] == [
        False,
        True,
        True,
        False,
    ]
    assert Interval.parse("=16").contains(16)
    assert not Interval.parse(">=14").contains(float("nan"))
    assert Interval.parse("(6,9)").whole() == Interval(7, 8, True, True)
    with pytest.raises(ReversedError):
        Interval.parse("[3,2]")
    with pytest.raises(EmptyError):
        Interval.parse("(2,2)")
    with pytest.raises(ValueError, match="6,5"):
        Interval.parse("[6,5,9]")


@pytest.mark.parametrize(
    ("given", "en", "vi"),
    [
        ("[6,9]", "from 6 to 9", "từ 6 đến 9"),
        ("(1.5,2)", "over 1.5 and under 2", "từ trên 1,5 đến dưới 2"),
        (">=14", "14 or more", "từ 14 trở lên"),
        ("<6", "under 6", "dưới 6"),
        ("=16", "exactly 16", "đúng 16"),
    ],
)
def test_interval_in_words(given, en, vi):
    assert (Interval.parse(given).say("en"), Interval.parse(given).say("vi")) == (en, vi)
