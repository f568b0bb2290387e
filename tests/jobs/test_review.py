"""The review of played cases: the first country's typhoon against its record, the toy without."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest

from haidang.jobs import review_tables
from haidang.jobs.review import nearest_waters, review
from haidang.pack.review import read_facts
from haidang.words import LANGUAGES, catalogue, word

ICT = timezone(timedelta(hours=7))


@pytest.fixture(scope="module")
def book(yagi):
    return review(yagi)


@pytest.fixture(scope="module")
def made(book, yagi):
    return review_tables.review_tables(book, yagi.context, "en", word)


def test_the_facts_are_those_that_were_handed_over(yagi, shared):
    """Retyped facts drift: every cell of the source is compared, ours may only add columns."""
    for ours, theirs in {
        "response_orders.csv": "response_orders.csv",
        "station_winds.csv": "station_winds.csv",
        "stations.csv": "stations.csv",
        "situation_reports.csv": "situation_reports.csv",
        "damage_by_province.csv": "damage_by_province_2024-09-17.csv",
    }.items():
        source = pd.read_csv(shared / "data" / "yagi_2024" / theirs, dtype=str)
        kept = pd.read_csv(yagi.case.folder / ours, dtype=str)
        pd.testing.assert_frame_equal(kept[list(source.columns)], source)


def test_nothing_of_the_typhoon_s_review_is_absent(book):
    assert book.absent == ()
    assert {line.stage for line in book.timeline} >= {"known", "decided", "said", "found"}


def test_deaths_add_up_to_the_report_they_were_taken_from(book, yagi):
    toll = next(t for t in book.tolls if t.as_of == "2024-09-11T13:30+07:00")
    dead = sum(s.dead for s in book.not_modelled if s.dead is not None)
    missing = sum(s.missing for s in book.not_modelled if s.missing is not None)
    assert (dead, missing) == (155, 141)
    assert (toll.figure("dead").value, toll.figure("missing").value) == (dead, missing)
    assert sum(s.share for s in book.not_modelled if s.share is not None) == pytest.approx(1)
    direct = book.not_modelled[0]
    assert (direct.modelled, direct.dead, direct.missing) == (True, 16, 0)
    slides = {p.place: (p.dead, p.missing) for p in book.not_modelled[1].places}
    assert slides["10"] == (53, 102)
    assert slides["04"] == (29, 23)
    assert slides["15"] == (40, 4)


def test_damage_of_provinces_that_were_merged(book):
    by_place = {c.place: c for c in book.counted if c.group == "province"}
    assert by_place["22"].houses == 102_467
    assert by_place["22"].lacking == ()
    assert by_place["31"].houses == 102_859
    assert by_place["31"].lacking == ("30",)
    assert by_place["24"].houses == 3_472 + 3_289  # Bắc Ninh and Bắc Giang are one today
    assert by_place["15"].houses == 7_817 + 2_408  # Lào Cai and Yên Bái
    coast = next(c for c in book.counted if c.group == "coast")
    assert (coast.houses, set(coast.parts)) == (102_859 + 102_467, {"22", "31"})
    assert next(c for c in book.counted if c.group == "country").houses == 235_424


def test_houses_under_a_force_shrink_with_the_force(book):
    for basis in ("hindcast", "bulletin"):
        for counted in book.counted:
            mine = {
                r.measure: r.ours for r in book.houses if r.counted == counted and r.basis == basis
            }
            assert all(v is not None for v in mine.values())
            assert mine["force_8"].central >= mine["force_10"].central >= mine["force_12"].central
            assert all(v.low <= v.central <= v.high for v in mine.values())


def test_every_station_stands_twice_and_over_two_minutes(book):
    stations = [(r.measured.station, r.basis) for r in book.winds]
    assert len(stations) == len(set(stations)) == 10
    assert {r.averaging_s for r in book.winds} == {120}
    factor = {r.measured.exposure: r.factor for r in book.winds}
    assert factor == pytest.approx({"off-sea": 1.05, "in-land": 1.12})
    assert all((r.inside is None) == (r.basis == "hindcast") for r in book.winds)
    near = next(r for r in book.winds if r.measured.station == "Bãi Cháy")
    assert abs(near.difference) <= 1
    # Inland the model is far too strong, and the review must not hide it.
    inland = next(r for r in book.winds if r.measured.station == "Hà Nội")
    assert inland.difference >= 3


def test_the_last_bulletin_before_landfall(book):
    assert book.landfall == datetime(2024, 9, 7, 6, tzinfo=UTC)
    assert book.last_bulletin == datetime(2024, 9, 7, 6, tzinfo=ICT)
    assert {r.issued for r in book.winds} == {None, book.last_bulletin}


def test_orders_stand_beside_the_provinces_of_today(book):
    rows = {r.order.place: r for r in book.orders if r.order.act == "in_harbour"}
    assert len(rows) == 7
    assert rows["22"].place == "22"
    assert rows["22"].merged == ()
    assert rows["34"].place == "33"
    assert rows["34"].merged == ("33", "34")
    assert rows["36"].place == rows["37"].place == "37"
    for row in rows.values():
        assert row.first_sent is not None
        assert row.waters.startswith("sea-")
        assert row.ahead == pytest.approx((row.order.at - row.first_sent) / timedelta(hours=1))


def test_no_province_that_had_the_wind_is_left_out_of_the_lead_times(book, yagi):
    lowest = min(k for k in yagi.context.pack.binding.levels if k)
    found = {r.place for r in book.leads if (r.found or 0) >= lowest}
    assert {"22", "31", "24"} <= found
    for row in book.leads:
        assert row.sent is None or row.drafted is not None
        if row.decided and row.drafted and row.sent:
            assert row.decided <= row.drafted <= row.sent


def test_the_scripted_minutes_are_said_to_be_scripted(book):
    assert book.scripted
    sent = [h for h in book.handling if h.outcome == "approval"]
    assert sent
    assert {h.to_send for h in sent} == {22.0}
    assert all(h.scripted for h in sent)


def test_reviewing_twice_gives_the_same(book, yagi):
    again = review(yagi)
    assert again == book


def test_played_by_people_it_is_not_a_script(yagi):
    assert not review(yagi, scripted=False).scripted


def test_a_case_without_facts_says_so_in_both_languages(toy):
    found = review(toy)
    assert {a.part for a in found.absent} == {
        "warned", "orders", "announced", "verification", "winds", "houses", "tolls",
        "not_modelled",
    }  # fmt: skip
    assert found.why_absent("warned") == "absent_no_track"
    assert found.why_absent("winds") == "absent_no_facts"
    assert found.why_absent("verification") == "absent_no_track"
    assert found.why_absent("leads") == ""
    for absent in found.absent:
        assert set(catalogue()[f"review.{absent.reason}"]) >= set(LANGUAGES)
    assert found.leads
    assert all(r.found is None and r.hours(6) is None for r in found.leads)
    tables = review_tables.review_tables(found, toy.context, "vi", word)
    assert tables.winds.empty
    assert set(tables.absent["part"]) == {a.part for a in found.absent}


def test_facts_without_a_track_compare_no_wind(yagi):
    case = replace(yagi.case, spec=yagi.case.spec.model_copy(update={"truth": None}))
    found = review(replace(yagi, case=case))
    assert found.why_absent("winds") == found.why_absent("houses") == "absent_no_track"
    assert found.landfall is None
    assert found.tolls
    assert all(r.onset_6 is None for r in found.orders)


def test_the_nearest_waters(yagi):
    waters = nearest_waters(yagi.context)
    assert waters["31"] == "sea-tonkin-north-west"
    assert set(waters) == {
        c for c, n in yagi.context.named.items() if n.kind in {"province", "commune"}
    }


def test_tables_hold_every_row_and_missing_stays_missing(book, made, tmp_path):
    assert len(made.timeline) == len(book.timeline)
    assert len(made.leads) == len(book.leads)
    assert len(made.handling) == len(book.handling)
    assert len(made.orders) == len(book.orders)
    assert len(made.winds) == len(book.winds)
    assert len(made.houses) == len(book.houses)
    assert len(made.tolls) == len(book.tolls)
    assert made.tolls["missing"].isna().sum() == sum(
        t.figure("missing").value is None for t in book.tolls
    )
    assert made.absent.empty
    paths = review_tables.write(made, tmp_path)
    assert len(paths) == 2 * len(review_tables.TABLES)
    for name in review_tables.TABLES:
        csv = pd.read_csv(tmp_path / f"review_{name}.csv")
        parquet = pd.read_parquet(tmp_path / f"review_{name}.parquet")
        assert len(csv) == len(parquet) == len(getattr(made, name))
        assert list(csv.columns) == list(parquet.columns)


def test_every_word_that_a_row_may_need_is_there(book):
    said = catalogue()
    for row in book.houses:
        assert f"review.col_{row.measure}" in said
        assert f"review.group_{row.counted.group}" in said
    for order in book.orders:
        assert f"review.act_{order.order.act}" in said


def test_facts_are_read_without_a_complaint(yagi):
    country = yagi.context.country
    found, problems = read_facts(
        yagi.case.spec.review, yagi.case.folder, country.places.gazetteer, LANGUAGES
    )
    assert problems == ()
    assert found.house.people == 3.6
