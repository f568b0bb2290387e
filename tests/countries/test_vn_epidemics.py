"""The law of epidemics of Viet Nam, clause by clause, and the season of 1998 by it."""

from __future__ import annotations

import csv
import statistics
from datetime import date
from pathlib import Path

import pytest

import haidang
from haidang.edge.store.store import Store
from haidang.jobs.replay import Played, play
from haidang.law.evaluate import lookup
from haidang.law.table import Table
from haidang.pack.case import load_case
from haidang.pack.law import read_law
from haidang.pack.load import roots

LAW = Path(haidang.__file__).parent / "countries" / "vn" / "law"
DAY = date(2026, 7, 1)


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    law = read_law(LAW, DAY)
    assert law.problems == ()
    return {t.article: t for t in law.book.tables if t.decision == "15/2026/TT-BYT"}


def test_every_point_of_the_circular_is_a_table(tables: dict[str, Table]) -> None:
    points = {f"22(1)({p})" for p in "abcd"} | {"16(1)(b)", "16(1)(c)", "17-19"}
    assert set(tables) == points
    assert all(not t.in_force(date(2026, 6, 30)) for t in tables.values())
    assert all(t.in_force(DAY) for t in tables.values())
    assert {t.scale.id for t in tables.values()} == {"epidemic", "civil_defence"}


@pytest.mark.parametrize(
    ("sd", "spread", "level", "status"),
    [
        (0.99, "some", 0, "below"),
        (1.0, "some", 1, "defined"),
        (2.0, "some", 1, "defined"),
        (2.01, "some", None, "not defined by the text"),
        (40.0, "some", None, "not defined by the text"),
        (0.0, "none", 0, "below"),
        (-1.0, "none", 0, "below"),
        (1.0, "none", None, "not defined by the text"),
    ],
)
def test_the_weekly_warning_is_a_range_and_ends(
    tables: dict[str, Table], sd: float, spread: str, level: int | None, status: str
) -> None:
    """A week far above the range has no level: the text names a range and nothing above it."""
    ruling = lookup(tables["22(1)(b)"], week_sd=sd, spread=spread)
    assert (ruling.level, ruling.status) == (level, status)
    if level is None:
        assert ruling.text["vi"]
        assert ruling.text["en"]


@pytest.mark.parametrize(
    ("sd", "spread", "level"),
    [(2.0, "some", 0), (2.01, "some", 2), (90.0, "some", 2), (0.0, "none", 0), (1.0, "none", 2)],
)
def test_the_monthly_epidemic_begins_above_two_deviations(
    tables: dict[str, Table], sd: float, spread: str, level: int
) -> None:
    assert lookup(tables["16(1)(b)"], month_sd=sd, spread=spread).level == level


@pytest.mark.parametrize(
    ("article", "name", "low", "high", "level"),
    [
        ("22(1)(a)", "confirmed", 0, 1, 1),
        ("22(1)(c)", "linked_week", 2, 3, 1),
        ("16(1)(c)", "linked_month", 4, 5, 2),
    ],
)
def test_counted_cases(
    tables: dict[str, Table], article: str, name: str, low: int, high: int, level: int
) -> None:
    assert lookup(tables[article], **{name: low}).level == 0
    assert lookup(tables[article], **{name: high}).level == level


def test_a_disease_never_seen_rests_on_the_assessment_of_risk(tables: dict[str, Table]) -> None:
    table = tables["22(1)(d)"]
    found = [lookup(table, risk=r).level for r in ("low", "medium", "high", "very_high")]
    assert found == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("epidemic", "capable", "commune", "province", "level"),
    [
        ("no", "no", "no", "no", 0),
        ("yes", "yes", "no", "no", 0),
        ("yes", "no", "yes", "yes", 1),
        ("yes", "no", "no", "yes", 2),
        ("yes", "no", "no", "no", 3),
    ],
)
def test_civil_defence_is_a_question_of_capability(
    tables: dict[str, Table], epidemic: str, capable: str, commune: str, province: str, level: int
) -> None:
    ruling = lookup(
        tables["17-19"], epidemic=epidemic, capable=capable, commune_copes=commune,
        province_copes=province,
    )  # fmt: skip
    assert ruling.level == level


def test_no_colour_of_the_epidemic_scale_is_one_of_the_disaster_levels() -> None:
    scales = read_law(LAW, DAY).scales
    legal = {r.colour.lower() for r in scales["disaster_risk"].ranks}
    assert not legal & {r.colour.lower() for r in scales["epidemic"].ranks}
    assert scales["epidemic"].kind == "sector"


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(load_case("dengue-1998", roots()), roots(), tmp_path_factory.mktemp("dengue"))


def test_the_season_of_1998_gives_its_golden_levels(season: Played) -> None:
    steps = {s.issued: s.now for s in season.steps}
    with Store.open(season.database) as store:
        levels = {(d.at, d.place): d.after for d in store.decisions()}
    assert len(season.case.spec.expect) >= 10
    for row in season.case.spec.expect:
        assert levels[steps[row.issued], row.place] == row.level, row


def test_the_season_by_another_hand(season: Played) -> None:
    """The first month of 1998 that exceeds mean and two deviations, from the file alone."""
    counts: dict[tuple[str, int, int], float] = {}
    with season.case.bulletins.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            year, month = map(int, row["start"].split("-"))
            counts[row["place"], year, month] = float(row["value"])
    with Store.open(season.database) as store:
        found = {a.id: a for a in store.assessments()}
        decided = store.decisions()
    for place in season.case.spec.places:
        for month in range(1, 13):
            past = [counts[k] for y in range(1993, 1998) if (k := (place, y, month)) in counts]
            value = counts.get((place, 1998, month))
            if value is None or len(past) < 3:
                continue
            over = value > statistics.fmean(past) + 2 * statistics.stdev(past)
            asked = [
                found[d.assessment].grounds
                for d in decided
                if d.place == place
                and f"period=1998-{month:02d}-01" in found[d.assessment].grounds.inputs
            ]
            assert asked
            assert {g.level for g in asked} == {2 if over else 0}


def test_no_warning_can_be_said_of_1998_and_that_is_told(season: Played) -> None:
    """Article 22 asks for weeks, and nobody has them: the grounds name it as not asked."""
    with Store.open(season.database) as store:
        assert {a.grounds.note for a in store.assessments() if a.grounds.status != "no data"} == {
            "22(1)(b)"
        }
        assert {d.after for d in store.decisions()} == {0, 2}
        assert {d.status for d in store.drafts()} == {"Exercise"}
