"""Which province lies in which area of a law table, and who commands by the law of a day."""

from __future__ import annotations

import csv
import datetime as dt
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from haidang.base.errors import BadPack, NotFound
from haidang.jobs.law import counted, find_table, tables_on, tell
from haidang.pack.check import check
from haidang.pack.load import load_country, read_yaml, roots
from haidang.pack.regions import (
    COLUMNS,
    AnswersSpec,
    Basis,
    RegionsSpec,
    check_regions,
    load_regions,
)
from haidang.respond.commanding import commanding

BEFORE, NOW = dt.date(2024, 9, 7), dt.date(2026, 11, 1)


@pytest.fixture(scope="module")
def country():
    known = roots()
    return load_country(known.countries["vn"], known.threats)


@pytest.fixture(scope="module")
def lists(country):
    return {one.id: one for one in load_regions(country.folder)}


def test_the_lists_are_sound(country, lists):
    found = check_regions(tuple(lists.values()), country.lawbook, country.places.gazetteer)
    assert [p.say("en") for p in found] == []


def test_how_many_provinces_each_list_has(lists):
    sizes = {n: len({r.code for r in one.rows}) for n, one in lists.items()}
    assert sizes == {
        "storm": 63, "climate": 63, "salinity": 58, "cold": 34, "flash_flood": 36, "coast": 28,
        "terrain": 63,
    }  # fmt: skip


def test_the_four_climate_regions_follow_those_of_storms(lists):
    assert Counter(r.category for r in lists["climate"].rows) == {
        "bac_bo": 25, "trung_bo": 14, "tay_nguyen": 5, "nam_bo": 19,
    }  # fmt: skip


def test_flash_flood_areas_are_those_of_the_annex(lists):
    one = lists["flash_flood"]
    assert Counter(r.category for r in one.rows) == {"1": 7, "2": 7, "3": 15, "4": 7}
    assert one.categories("56") == ("3",)  # in areas 3 and 4 of the table; stated
    assert one.categories("01") == ()


def test_every_second_area_of_a_province_is_kept(lists):
    assert lists["coast"].categories("96") == ("bt_cm", "cm_kg")
    assert set(lists["terrain"].categories("38")) == {"upland", "plain"}
    assert set(lists["cold"].categories("22")) == {"mountains", "plains"}


def test_every_row_says_what_it_rests_on(lists):
    assert {r.basis for one in lists.values() for r in one.rows} == {"text", "table", "inference"}
    assert {r.basis for r in lists["flash_flood"].rows} == {"table"}


def test_storm_regions_are_those_of_the_pack(country, lists):
    with (country.folder / "threats/storm/regions.csv").open(encoding="utf-8") as stream:
        theirs = [(r["code"], r["category"]) for r in csv.DictReader(stream)]
    assert [(r.code, r.category) for r in lists["storm"].rows] == theirs


def test_a_storm_is_asked_by_the_name_of_a_province(country):
    texts = {"beaufort": "13"}
    for day, place, levels in (
        (BEFORE, "Hải Phòng", [4]),
        (BEFORE, "68", [4]),  # Lâm Đồng: Central Highlands
        (NOW, "Lâm Đồng", [4]),  # and South Central
        (NOW, "79", [5]),  # Ho Chi Minh City: the South
        (BEFORE, "70", [5]),  # Bình Phước
        (NOW, "75", [5]),  # Đồng Nai, with it
    ):
        told = tell(country, country.lawbook.at(42, day), day, texts, place)
        assert [o.ruling.level for o in told.answer.outcomes] == levels, place


def test_a_merged_province_has_the_areas_of_all_its_parts(country, lists):
    gazetteer = country.places.gazetteer
    # Lâm Đồng took in Đắk Nông and Bình Thuận on 1 July 2025.
    assert lists["climate"].of(gazetteer, "68", BEFORE) == ("tay_nguyen",)
    assert set(lists["climate"].of(gazetteer, "68", NOW)) == {"tay_nguyen", "trung_bo"}


def test_a_level_for_a_place_uses_the_places_of_its_day(country):
    texts = {"tmax": "40", "days": "4"}
    before = tell(country, country.lawbook.at(47, BEFORE), BEFORE, texts, "68")
    assert [o.ruling.level for o in before.answer.outcomes] == [2]
    now = tell(country, country.lawbook.at(47, NOW), NOW, texts, "Lâm Đồng")
    assert [o.ruling.level for o in now.answer.outcomes] == [2, 1]


def test_what_was_typed_goes_before_the_list(country):
    texts = {"tmax": "40", "days": "4", "region": "bac_bo"}
    told = tell(country, country.lawbook.at(47, NOW), NOW, texts, "68")
    assert told.areas == {}
    assert [o.ruling.level for o in told.answer.outcomes] == [1]


def test_a_place_that_the_article_does_not_cover_has_no_level_and_is_told(country):
    with pytest.raises(NotFound) as refused:
        tell(country, country.lawbook.at(46, NOW), NOW, {"rain": "300", "days": "3"}, "01")
    assert refused.value.problems[0].code == "law.place_not_covered"
    assert "Hà Nội" in refused.value.say("vi")


def test_a_place_that_is_not_there(country):
    with pytest.raises(NotFound) as refused:
        tell(country, country.lawbook.at(47, NOW), NOW, {}, "Atlantis")
    assert refused.value.problems[0].code == "law.place_none"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("02,Hà Giang,1", "02,Hà Giang,9"), "law.category_unknown"),
        (("02,Hà Giang,1", "03,Hà Giang,1"), "law.regions_code"),
        (("02,Hà Giang,1,table", "02,Hà Giang,1,hearsay"), "law.regions_basis"),
        (("04,Cao Bằng,2,table", "02,Hà Giang,1,table"), "law.regions_twice"),
    ],
)
def test_a_wrong_row_is_found(country, tmp_path, change, code):
    folder = tmp_path / "vn" / "law" / "regions"
    shutil.copytree(country.folder / "law" / "regions", folder)
    path = folder / "flash_flood.csv"
    text = path.read_text("utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change, 1), "utf-8")
    found = check_regions(load_regions(tmp_path / "vn"), country.lawbook, country.places.gazetteer)
    assert [p.code for p in found] == [code]


def test_a_list_that_answers_nothing_or_is_not_there(country, tmp_path):
    folder = tmp_path / "vn" / "law" / "regions"
    shutil.copytree(country.folder / "law" / "regions", folder)
    path = folder / "regions.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('article: "46", input: zone', 'article: "46", input: zones'))
    found = check_regions(load_regions(tmp_path / "vn"), country.lawbook, country.places.gazetteer)
    assert [p.code for p in found] == ["law.regions_answer"]
    (folder / "coast.csv").unlink()
    with pytest.raises(BadPack) as refused:
        load_regions(tmp_path / "vn")
    assert [p.code for p in refused.value.problems] == ["law.file_missing"]
    assert load_regions(tmp_path) == ()


def test_check_reads_the_lists(monkeypatch, tmp_path):
    known = roots()
    there = tmp_path / "countries" / "vn"
    shutil.copytree(known.countries["vn"], there)
    path = there / "law" / "regions" / "cold.csv"
    path.write_text(path.read_text("utf-8").replace("mountains", "hills", 1), "utf-8")
    monkeypatch.setitem(known.countries, "vn", there)
    report = check(known, NOW)
    assert "law.category_unknown" in {p.code for p in report.errors}


# --- who commands ----------------------------------------------------------------------------


def test_who_commands_by_the_law_of_the_day(country):
    def who(level, day):
        found = commanding(country.authorities, level, dt.date.fromisoformat(day))
        return None if found is None else (found.directs, found.commands)

    for day in ("2021-08-20", "2024-09-07", "2025-10-01", "2026-02-04", "2026-02-05", "2026-11-01"):
        assert who(1, day) == ("", "commune_chair")
        assert who(2, day) == ("", "province_chair")
        assert who(3, day) == ("national_steering", "province_chair")
        assert who(4, day) == ("prime_minister", "province_chair")
        assert who(5, day) == ("president", "")
    assert who(3, "2021-08-19") is None  # Decree 66/2021 is in force from 20 August
    assert who(6, "2024-09-07") is None
    assert commanding(None, 3, NOW) is None


def test_the_amended_wording_is_said_to_be_unseen(country):
    for level in (1, 2, 3):
        old = commanding(country.authorities, level, dt.date(2026, 2, 4))
        new = commanding(country.authorities, level, dt.date(2026, 2, 5))
        assert "53/2026" not in old.basis["en"]
        assert "53/2026" in new.basis["en"]
        assert "not seen" in new.note["en"]
        assert "chưa đối chiếu" in new.note["vi"].lower()


def test_a_level_comes_with_who_commands_and_a_sector_level_does_not(country):
    texts = {"rain": "350", "per": "24h", "days": "3", "region": "plain", "scope": "several"}
    told = tell(country, country.lawbook.at(44, BEFORE), BEFORE, texts)
    assert told.speaks
    assert told.commands[3].basis["en"] == "Decree 66/2021/NĐ-CP, Art. 9(1) and (4)"
    table = find_table(country, "22(1)(c)", NOW)
    typed = {i.id: next(iter(i.values), "3") for i in table.inputs}
    sector = tell(country, table, NOW, typed)
    assert not sector.speaks
    assert sector.commands == {}


# --- the count of rows -----------------------------------------------------------------------


def test_rows_compared_with_official_text_and_not(country):
    tables = tables_on(country, None)
    count = counted(tables)
    assert count.rows == sum(len(t.rows) for t in tables)
    assert count.disputed == 2
    assert count.official == count.rows - 2
    assert count.by.get("gazette", 0) == 0
    before = tables_on(country, dt.date(2021, 6, 30))
    assert before == ()


def test_a_table_by_article_or_by_id_and_the_law_of_its_day(country):
    for asked in ("44", "art44", "Art. 44", "qd18_2021_art44"):
        assert find_table(country, asked, BEFORE).id == "qd18_2021_art44"
    with pytest.raises(NotFound) as refused:
        find_table(country, "44", dt.date(2021, 6, 30))
    assert refused.value.problems[0].code == "law.not_in_force_then"


def test_the_page_of_tables_counts_what_the_tables_hold(country):
    text = (Path(__file__).parents[2] / "docs" / "reference" / "law-tables.md").read_text("utf-8")
    said = {
        cells[0]: [int(c) for c in cells[3:]]
        for line in text.splitlines()
        if (cells := [c.strip() for c in line.strip("|").split("|")]) and len(cells) == 10
        if cells[0].isdigit() or cells[0] == "all"
    }
    wanted: dict[str, list[int]] = {}
    for table in country.lawbook.tables:
        if not table.decision.startswith("18/2021"):
            continue
        count = counted((table,))
        wanted[table.article] = [
            len({r.clause for r in table.rows}),
            len(table.rows),
            len(table.gaps),
            len(table.overlaps),
            count.official,
            count.disputed,
            sum(bool(r.note) for r in table.rows),
        ]
    wanted["all"] = [sum(column) for column in zip(*wanted.values(), strict=True)]
    assert said == wanted


def test_every_key_of_the_lists_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "reference" / "law-tables.md").read_text("utf-8")
    part = text.partition("## Places by area")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", part, re.M)) == set(RegionsSpec.model_fields)
    for name in (*AnswersSpec.model_fields, *COLUMNS, *get_args(Basis)):
        assert f"`{name}`" in part


def test_the_packs_take_no_area_that_the_lists_do_not_give(country, lists):
    """Packs hold copies; one that drifts from the list beside the law is found here."""
    compared = set()
    for path in sorted(country.folder.glob("threats/*/binding.yaml")):
        binding = read_yaml(path)
        for ask in binding["law"].get("asks", ()):
            inputs = [n for n, taken in ask["inputs"].items() if taken == "category"]
            for one in lists.values():
                if not any(one.answers(str(ask["article"]), n) for n in inputs):
                    continue
                for rule in binding["areas"]:
                    with (path.parent / rule["file"]).open(encoding="utf-8-sig") as stream:
                        rows = [(r["code"], r["category"]) for r in csv.DictReader(stream)]
                    # An empty area is a place that the pack leaves to no article.
                    taken = {row for row in rows if row[1]}
                    assert taken <= {(r.code, r.category) for r in one.rows}, path.parent.name
                    compared.add(one.id)
    assert compared >= {"climate", "cold", "flash_flood", "salinity", "terrain"}
