"""Viet Nam's places against each other and against the sources they were made from."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

import haidang
from haidang.base.outline import area_km2, locate, simplify
from haidang.base.place import fold
from haidang.pack.places import CountryPlaces, exposure, load_places

COUNTRY = Path(haidang.__file__).parent / "countries" / "vn"
YAGI, HUE, MERGED, CITY = (
    date(2024, 9, 7), date(2025, 1, 1), date(2025, 7, 1), date(2026, 4, 30),
)  # fmt: skip
PEOPLE = 113_571_926


@pytest.fixture(scope="module")
def vn() -> CountryPlaces:
    return load_places(COUNTRY / "places")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_nothing_is_wrong(vn: CountryPlaces) -> None:
    assert [p.say("en") for p in vn.problems] == []


@pytest.mark.parametrize(
    ("day", "provinces", "cities", "communes"),
    [(YAGI, 63, 5, 0), (HUE, 63, 6, 0), (MERGED, 34, 6, 3321), (CITY, 34, 7, 3321)],
)
def test_how_many_there_are(
    vn: CountryPlaces, day: date, provinces: int, cities: int, communes: int
) -> None:
    there = vn.gazetteer.at(day, "province")
    assert len(there) == provinces
    assert sum(p.status == "city" for p in there) == cities
    assert len(vn.gazetteer.at(day, "commune")) == communes


def test_communes_by_type(vn: CountryPlaces) -> None:
    by_type = [Counter(p.status for p in vn.gazetteer.at(d, "commune")) for d in (MERGED, CITY)]
    assert by_type == [
        {"commune": 2621, "ward": 687, "special_zone": 13},
        {"commune": 2611, "ward": 697, "special_zone": 13},
    ]
    dong_nai = Counter(p.status for p in vn.gazetteer.children("75", CITY) if p.kind == "commune")
    assert dong_nai == {"ward": 33, "commune": 62}


def test_every_old_province_has_one_successor_and_every_new_one_its_parts(
    vn: CountryPlaces,
) -> None:
    g = vn.gazetteer
    to = {p.code: g.successors("province", p.code, YAGI, CITY) for p in g.at(YAGI, "province")}
    assert all(len(found) == 1 for found in to.values())
    parts = Counter(found[0].code for found in to.values())
    assert len(parts) == 34
    assert Counter(parts.values()) == {1: 11, 2: 17, 3: 6}
    for p in g.at(CITY, "province"):
        back = {q.code for q in g.predecessors("province", p.code, CITY, YAGI)}
        assert back == {old for old, found in to.items() if found == (p,)}


def test_the_same_code_is_another_province(vn: CountryPlaces) -> None:
    g = vn.gazetteer
    assert g.get("province", "24", YAGI).name("vi") == "Bắc Giang"
    assert g.get("province", "24", CITY).name("vi") == "Bắc Ninh"
    assert g.get("province", "46", YAGI).name("vi") == "Thừa Thiên Huế"
    assert (g.get("province", "46", HUE).name("en"), g.get("province", "46", HUE).status) == (
        "Hue",
        "city",
    )
    assert vn.population_on(YAGI) == {}


def test_people_sum_to_the_resolution(vn: CountryPlaces) -> None:
    assert sum(vn.population.values()) == PEOPLE
    assert sum(vn.population_on(MERGED).values()) == PEOPLE
    assert len(vn.population) == len(vn.area_km2) - 1 == 34  # Đồng Nai has its area twice


@pytest.mark.parametrize("spread", ["people", "even", "towns"])
def test_the_grid_holds_everybody_province_by_province(vn: CountryPlaces, spread: str) -> None:
    found = exposure(vn)
    assert found.unknown == ()
    column = getattr(found.grid, spread)
    assert (column >= 0).all()
    by_code = {c: int(column[found.place == i].sum()) for i, c in enumerate(found.codes)}
    assert by_code == dict(vn.population)
    assert 10_000 < len(found.grid) < 13_000


def test_cells_of_two_provinces_are_never_the_same(vn: CountryPlaces) -> None:
    grid = exposure(vn).grid
    assert len(set(zip(grid.lat.tolist(), grid.lon.tolist(), strict=True))) == len(grid)


def test_outlines_are_of_the_provinces_of_their_day(vn: CountryPlaces) -> None:
    for day in (YAGI, MERGED, CITY):
        drawn = vn.outlines_on("province", day)
        assert drawn.keys() == {p.code for p in vn.gazetteer.at(day, "province")}
        assert all(g.is_valid for g in drawn.values())
        assert sum(map(area_km2, drawn.values())) == pytest.approx(331_000, rel=0.01)


def test_islands_lie_in_their_province_by_law(vn: CountryPlaces) -> None:
    lat, lon = [20.79, 20.13, 8.71, 20.97], [107.01, 107.74, 106.61, 107.77]
    new = locate(vn.outlines_on("province", CITY), lat, lon)
    old = locate(vn.outlines_on("province", YAGI), lat, lon)
    assert new.tolist() == ["31", "31", "79", "22"]
    assert old.tolist() == ["31", "31", "77", "22"]


def test_every_outline_fits_a_message(vn: CountryPlaces) -> None:
    for outline in vn.outlines["province"].values():
        found = simplify(outline)
        assert sum(map(len, found.rings)) <= 200
        assert found.kept > 0.9


def test_seas_and_special_zones(vn: CountryPlaces) -> None:
    seas = vn.gazetteer.at(YAGI, "sea")
    assert len(seas) == len(vn.outlines["sea"]) == 10
    assert Counter(p.status for p in seas) == {"coastal": 6, "east_sea": 4}
    assert all(set(p.names) == {"vi", "en"} for p in seas)
    points = {p.code: p for p in vn.gazetteer.at(CITY, "point")}
    assert {c: p.parent for c, p in points.items()} == {"20333": "48", "22736": "56"}
    for code, point in points.items():
        assert fold(vn.gazetteer.get("commune", code, CITY).name("vi")) == fold(point.name("vi"))
        assert locate(vn.outlines["sea"], [point.lat], [point.lon])[0] in (
            "sea-north-south",
            "sea-south",
        )


def test_which_towns_are_not_counted_and_why(vn: CountryPlaces) -> None:
    dropped = {(t.name, t.dropped) for t in vn.towns if t.dropped}
    assert dropped == {
        ("Hanoi", "city_total"),
        ("Haiphong", "city_total"),
        ("Ho Chi Minh City", "city_total"),
        ("Cần Thơ", "city_total"),
        ("Huế", "city_total"),
        ("Da Nang", "city_total"),
        ("Cẩm Phả Mines", "duplicate"),
        ("Phú Quốc", "duplicate"),
        ("Mỹ Khê", "duplicate"),
        ("Quận Đức Thịnh", "abolished"),
        ("Hoàng Sa", "no_outline_near"),
    }
    assert len(vn.towns) == 893
    assert all(t.population != 0 for t in vn.towns)


def test_every_row_of_the_storm_regions_is_an_old_province(vn: CountryPlaces) -> None:
    listed = rows(COUNTRY / "threats" / "storm" / "regions.csv")
    assert {(r["code"], r["province"]) for r in listed} == {
        (p.code, p.name("vi")) for p in vn.gazetteer.at(YAGI, "province")
    }
    assert len(listed) == 63
    assert {r["official"] for r in listed} == {"no"}
    assert len({(r["category"], r["region_vi"], r["region_en"]) for r in listed}) == 9


def test_names_are_composed_and_single_spaced(vn: CountryPlaces) -> None:
    for p in vn.gazetteer:
        for name in p.names.values():
            assert unicodedata.is_normalized("NFC", name)
            assert name == " ".join(name.split())


# ── against the sources ──


def test_communes_agree_with_the_list_of_the_decision(vn: CountryPlaces, shared: Path) -> None:
    listed = rows(shared / "data" / "places" / "communes_2025.csv")
    ours = {(p.code, fold(p.name("vi")), p.parent) for p in vn.gazetteer.at(MERGED, "commune")}
    assert ours == {(r["code"], fold(r["name"]), r["province"]) for r in listed}


def test_the_crosswalk_leads_from_the_other_list_to_ours(vn: CountryPlaces, shared: Path) -> None:
    other = [r for r in rows(shared / "data" / "places" / "units.csv") if r["level"] != "province"]
    g = vn.gazetteer
    for r in other:
        name = r["p_fullName"]
        code = vn.crosswalk.get((r["code"], fold(name)), r["code"])
        ours = g.get("commune", code, CITY)
        assert (fold(ours.name("vi")), ours.parent) == (fold(name), r["path"][:2])
    assert len(vn.crosswalk) == 124


def test_province_figures_agree_with_the_source(vn: CountryPlaces, shared: Path) -> None:
    listed = rows(shared / "data" / "places" / "province_population_34.csv")
    assert vn.population == {r["code"]: int(r["population_nq202"]) for r in listed}


def test_no_town_was_lost_on_the_way(vn: CountryPlaces, shared: Path) -> None:
    listed = rows(shared / "data" / "places" / "towns_geonames.csv")
    source = Counter((r["name"], float(r["lat"]), int(r["population"])) for r in listed)
    assert Counter((t.name, t.lat, t.population or 0) for t in vn.towns) == source
