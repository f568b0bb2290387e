"""Article 42 of Decision 18/2021/QĐ-TTg, cell by cell and word by word."""

from __future__ import annotations

import datetime as dt
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from haidang.law import NO_LEVEL, Code, evaluate, highest, lookup
from haidang.pack.law import read_law

FOLDER = Path(str(files("haidang"))) / "countries" / "vn" / "law"
YAGI = dt.date(2024, 9, 7)
FORCES = (range(6, 10), range(10, 12), range(12, 14), range(14, 16), range(16, 19))
A = (3, 3, 4, 4, 5)
B = (3, 3, 4, 5, 5)
MATRIX = {
    "east_sea": (3, 3, 3, 4, 4),
    "coastal": A,
    "dong_bang_bac_bo": A,
    "dong_bac_bo": A,
    "bac_trung_bo": A,
    "trung_trung_bo": A,
    "tay_bac": B,
    "viet_bac": B,
    "nam_trung_bo": B,
    "tay_nguyen": B,
    "nam_bo": (3, 4, 5, 5, 5),
}


@pytest.fixture(scope="module")
def law():
    return read_law(FOLDER, dt.date(2026, 11, 23))


@pytest.fixture(scope="module")
def table(law):
    return law.book.at(42, YAGI)


def test_no_problem(law):
    assert [p.say("en") for p in law.problems] == []


def test_every_cell_of_the_matrix(table):
    assert set(MATRIX) == set(table.inputs[0].values)
    for area, levels in MATRIX.items():
        for forces, level in zip(FORCES, levels, strict=True):
            for force in forces:
                ruling = lookup(table, day=YAGI, area=area, beaufort=force)
                assert (ruling.level, ruling.status) == (level, "defined"), (area, force)
                assert len(ruling.clauses) == 1


def test_the_matrix_at_once(table):
    areas = np.array(list(MATRIX))[:, None]
    got = evaluate(table, area=areas, beaufort=np.arange(19))
    want = [
        [0] * 6 + [lv for f, lv in zip(FORCES, levels, strict=True) for _ in f]
        for levels in MATRIX.values()
    ]
    assert got.level.tolist() == want
    assert (got.status[:, :6] == Code.BELOW).all()
    assert evaluate(table, area="nam_bo", beaufort=np.nan).level == NO_LEVEL


def test_clauses_in_order(table):
    assert [r.clause for r in table.rows] == [
        f"42({n})({p})" for n, ps in ((1, "abc"), (2, "abcd"), (3, "abc")) for p in ps
    ]


def test_the_words_are_those_of_the_codification(table, shared):
    text = (shared / "law" / "qd18_2021_art4_art42-56_phapdien.txt").read_text("utf-8")
    article = text[text.index("QĐ.5.42") : text.index("QĐ.5.43")]
    for row in table.rows:
        assert f"{row.clause[-2]}) {row.text['vi']}" in article


def test_the_rule_for_several_hazards_is_that_of_the_codification(law, shared):
    text = (shared / "law" / "qd18_2021_art4_art42-56_phapdien.txt").read_text("utf-8")
    rule = law.scales["disaster_risk"].combine
    assert (rule.hazards, rule.ordinary, rule.serious) == (2, 1, 2)
    assert f"4. {rule.text['vi']}" in text


def test_scales(law):
    risk, defence = law.scales["disaster_risk"], law.scales["civil_defence"]
    assert (risk.kind, defence.kind) == ("hazard", "responsibility")
    assert [r.names["vi"] for r in risk.ranks] == [
        "thấp",
        "trung bình",
        "lớn",
        "rất lớn",
        "thảm họa",
    ]
    assert all(r.colour.startswith("#") and len(r.colour) == 7 for r in risk.ranks)
    assert [r.numbered for r in defence.ranks] == [True, True, True, False]


def test_a_ruling_in_both_languages(table):
    ruling = lookup(table, area="coastal", beaufort=14)
    assert str(ruling) == "Level 4 (very high): Article 42(2)(c), Decision 18/2021/QĐ-TTg."
    assert ruling.say("vi") == (
        "Cấp 4 (rất lớn): điểm c khoản 2 Điều 42, Quyết định 18/2021/QĐ-TTg."
    )
    assert ruling.checked == "codification"


def test_before_the_decision(table):
    ruling = lookup(table, day=dt.date(2021, 6, 30), area="coastal", beaufort=14)
    assert (ruling.level, ruling.status) == (None, "not in force")


def test_a_place_in_two_regions(table):
    place = highest({a: lookup(table, area=a, beaufort=14) for a in ("dong_bac_bo", "viet_bac")})
    assert (place.level, place.decided) == (5, ("viet_bac",))
