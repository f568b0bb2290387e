"""Every row of every law table is asked, read against the codification, missed when it is gone."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from itertools import islice, product

import pytest

from haidang.law import check, lookup
from haidang.law.interval import Interval
from haidang.pack.law import read_law
from haidang.pack.load import roots

FOLDER = roots().countries["vn"] / "law"
LAW = read_law(FOLDER)
TABLES = LAW.book.tables
DECISION = tuple(t for t in TABLES if t.decision.startswith("18/2021"))
ROWS = [pytest.param(t, r, id=f"{t.id}-{r.line}") for t in TABLES for r in t.rows]


def test_all_fifteen_articles_are_there_and_sound():
    assert LAW.problems == ()
    assert sorted(int(t.article) for t in DECISION) == list(range(42, 57))
    assert {t.valid_from for t in DECISION} == {dt.date(2021, 7, 1)}
    assert {(t.checked, t.translation, t.scale.id) for t in DECISION} == {
        ("codification", "unofficial", "disaster_risk")
    }


def values(table, of, row):
    """Both ends of a row's range and its middle, or each of its categories."""
    condition = row.region.conditions.get(of.id)
    if of.kind == "category":
        return [k for k in of.values if condition is None or k in condition]
    at = condition or of.domain
    low = max(at.low, of.domain.low)
    high = min(at.high, of.domain.high)
    if math.isinf(low):
        low = min(-1.0, high - 5)
    if math.isinf(high):
        high = low + 50
    step = 1 if of.integer else 0.01
    ends = [low if at.low_in else low + step, high if at.high_in else high - step]
    tried = [*ends, float(math.floor((low + high) / 2)) if of.integer else (low + high) / 2]
    return [v for v in dict.fromkeys(tried) if at.contains(v) and of.domain.contains(v)]


def points(table, row):
    axes = [values(table, i, row) for i in table.inputs]
    cases = product(*axes)
    return [dict(zip((i.id for i in table.inputs), c, strict=True)) for c in islice(cases, 400)]


@pytest.mark.parametrize(("table", "row"), ROWS)
def test_every_row_gives_its_level_inside_its_own_region(table, row):
    cases = points(table, row)
    assert cases
    own = 0
    for case in cases:
        assert row.region.covers(case)
        ruling = lookup(table, day=table.valid_from, **case)
        assert row.clause in ruling.clauses
        overlap = next((o for o in table.overlaps if o.region.covers(case)), None)
        if overlap is None:
            assert (ruling.level, ruling.status) == (row.level, "defined")
            own += 1
        elif overlap.rule == "highest":
            assert ruling.level >= row.level
            own += ruling.level == row.level
        else:
            assert ruling.level is None
    # Only the two points of Article 54 that carry the same words have no case of their own.
    assert own or row.clause in {"54(2)(b)", "54(3)(a)"}


@pytest.mark.parametrize(("table", "row"), ROWS)
def test_a_row_that_is_missing_is_missed(table, row):
    left = replace(table, rows=tuple(r for r in table.rows if r is not row))
    assert any(p.severity == "error" for p in check(left))


@pytest.mark.parametrize("table", [t for t in TABLES if t.gaps or t.overlaps], ids=lambda t: t.id)
def test_a_declaration_that_is_missing_is_missed(table):
    for part, code in (("gaps", "law.gap"), ("overlaps", "law.overlap")):
        for one in getattr(table, part):
            left = tuple(d for d in getattr(table, part) if d is not one)
            assert {p.code for p in check(replace(table, **{part: left}))} == {code}


def slipped(table, row):
    """The row with one of its bounds a little further in, for each of its bounds."""
    for of in table.inputs:
        at = row.region.conditions.get(of.id)
        if not isinstance(at, Interval):
            continue
        step = 1 if of.integer else 0.005
        for moved in (replace(at, low=at.low + step), replace(at, high=at.high - step)):
            if (
                moved != at
                and moved.low <= moved.high
                and moved.member(integer=of.integer) is not None
            ):
                conditions = {**row.region.conditions, of.id: moved}
                yield replace(row, region=replace(row.region, conditions=conditions))


@pytest.mark.parametrize("table", DECISION, ids=lambda t: t.id)
def test_a_bound_that_slips_is_found(table):
    for n, row in enumerate(table.rows):
        for wrong in slipped(table, row):
            rows = (*table.rows[:n], wrong, *table.rows[n + 1 :])
            assert check(replace(table, rows=rows)), (row.clause, wrong.region)


# Slips of the scan in the copy of the codification, mended in the tables: degree signs, two
# letters, a capital, and a missing word.
SLIPS = (
    ("°c", "°C"), ("oc ", "°C "), ("oc,", "°C,"), (" °C", "°C"), (" ờ ", " ở "),
    ("tình Quảng Bình", "tỉnh Quảng Bình"), ("các tình trong", "các tỉnh trong"),
    ("khu Vực", "khu vực"), ("°C dài liên tiếp", "°C kéo dài liên tiếp"),
    ("dòng cháy", "dòng chảy"),
)  # fmt: skip


def article(shared, number):
    """The points of an article in the codification, by the marks in front of them."""
    text = (shared / "law" / "qd18_2021_art4_art42-56_phapdien.txt").read_text("utf-8")
    text = text[text.index(f"Điều 24.10.QĐ.5.{number}. ") :]
    text = text[: text.index("\nĐiều ", 9)] if "\nĐiều " in text[9:] else text
    for wrong, right in SLIPS:
        text = text.replace(wrong, right)
    title, _, *lines = text.splitlines()
    found, item = {}, ""
    for line in lines:
        mark, _, words = line.partition(") " if line[1:2] == ")" else ". ")
        if mark.isdigit():
            item = mark
            found[f"{number}({item})"] = words.rstrip(".;")
        elif len(mark) == 1:
            found[f"{number}({item})({mark})"] = words.rstrip(".;")
    return title.partition(f"5.{number}. ")[2], found


@pytest.mark.parametrize("table", DECISION, ids=lambda t: t.id)
def test_the_words_are_those_of_the_codification(table, shared):
    title, clauses = article(shared, table.article)
    assert table.title["vi"] == title
    for row in table.rows:
        assert row.text["vi"] == clauses[row.clause], row.clause
    # What has no row: clauses that only lead in, and those that give no level.
    without = set(clauses) - {r.clause for r in table.rows}
    leading = {c for c in clauses if any(o.startswith(f"{c}(") for o in clauses)}
    assert without - leading == NO_LEVEL.get(table.article, set())


NO_LEVEL = {
    "45": {"45(6)", "45(7)", "45(8)", "45(9)"},  # list of stations, highest, design flood, others
    "46": {"46(4)", "46(5)"},  # highest, list of provinces
    "49": {"49(5)"},  # coasts salt most of the year: set by the ministry and the provinces
    "54": {"54(6)"},  # list of zones
}
