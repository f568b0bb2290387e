"""A country's folder of places: what is read, what is refused, and how it is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

from haidang.base.errors import BadData, BadPack
from haidang.base.problem import Problem
from haidang.pack.places import CountryPlaces, exposure, import_outlines, load_places

TOY = Path(__file__).parents[1] / "toy" / "countries" / "xt" / "places"
NOW, THEN = date(2024, 9, 7), date(2010, 1, 1)

Edit = Callable[[str, str, str], CountryPlaces]


@pytest.fixture
def toy() -> CountryPlaces:
    return load_places(TOY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TOY, tmp_path / "places"))


def swap(folder: Path, file: str, old: str, new: str) -> CountryPlaces:
    """The toy country with one thing in one file changed."""
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    return load_places(folder)


def only(country: CountryPlaces) -> Problem:
    (problem,) = country.problems
    for language in ("en", "vi"):
        assert problem.say(language)
    return problem


def where(p: Problem) -> tuple[str, str, int | None, str]:
    return (p.code, p.file, p.row, p.field)


# ── the folder ──


def test_the_toy_country_has_nothing_wrong(toy: CountryPlaces) -> None:
    assert toy.problems == ()
    assert [p.code for p in toy.gazetteer.at(NOW, "province")] == ["N", "S"]
    assert [p.code for p in toy.gazetteer.at(THEN, "province")] == ["T"]
    assert toy.gazetteer.get("province", "N", NOW).names == {
        "en": "North Toyland",
        "fr": "Pays-Jouet du Nord",
    }
    assert toy.population == toy.population_on(NOW) == {"N": 700001, "S": 300000}
    assert toy.population_on(THEN) == {}
    sea = toy.gazetteer.get("sea", "sea-toy-east", THEN)
    assert (sea.status, sea.name("fr")) == ("sea", "mer à l'est du Pays-Jouet")
    assert toy.outlines["sea"].keys() == {"sea-toy-east"}


def test_exposure_of_the_toy_country(toy: CountryPlaces) -> None:
    found = exposure(toy)
    assert found.codes == ("N", "S")
    assert int(found.grid.people.sum()) == 1_000_001
    assert len(found.grid) == 1600
    assert found.grid.people.max() == 120_000 * 20 // 21 + 180_000 // 800 + 1


def test_towns_go_with_the_outlines_of_the_day(folder: Path) -> None:
    old = {
        "type": "FeatureCollection",
        "kind": "province",
        "valid_from": "1990-01-01",
        "valid_to": "2020-01-01",
        "features": [feature({"code": "T"})],
    }
    (folder / "outlines_old.geojson").write_text(json.dumps(old), "utf-8")
    country = load_places(folder)
    assert country.problems == ()
    assert country.outlines_on("province", THEN).keys() == {"T"}
    assert country.outlines_on("province", date(1980, 1, 1)) == {}
    assert country.outlines["province"].keys() == {"N", "S"}
    assert country.towns_by_province(THEN)["T"].people.sum() == 360_000
    assert country.towns_by_province(NOW)["N"].people.tolist() == [100_000, 50_000]
    assert country.towns_by_province().keys() == {"N", "S"}


def test_provinces_and_outlines_are_enough(folder: Path) -> None:
    for file in folder.iterdir():
        if file.name not in ("provinces.csv", "outlines.geojson"):
            file.unlink()
    text = (folder / "provinces.csv").read_text("utf-8").replace(",XT,", ",,")
    (folder / "provinces.csv").write_text(text, "utf-8")
    country = load_places(folder)
    assert [(p.code, p.severity) for p in country.problems] == [("place.no_successor", "warning")]
    assert int(exposure(country).grid.people.sum()) == 1_000_001


def test_without_provinces_there_is_no_country(tmp_path: Path) -> None:
    with pytest.raises(BadPack) as error:
        load_places(tmp_path)
    assert where(error.value.problems[0]) == ("place.file_missing", "provinces.csv", None, "")


def test_a_missing_column_is_named(folder: Path) -> None:
    with pytest.raises(BadPack) as error:
        swap(folder, "towns.csv", "population", "people")
    assert where(error.value.problems[0]) == ("place.column", "towns.csv", 1, "population")


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "communes.csv").write_bytes("code,name_en\n1,Élan\n".encode("latin-1"))
    with pytest.raises(BadPack, match=r"communes\.csv"):
        load_places(folder)


def test_a_byte_order_mark_is_no_part_of_the_first_column(folder: Path) -> None:
    text = (folder / "provinces.csv").read_text("utf-8")
    (folder / "provinces.csv").write_text(text, "utf-8-sig")
    assert load_places(folder).problems == ()


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("communes.csv", "2020-01-01,\nN2", "1 Jan 2020,\nN2",
         ("place.day", "communes.csv", 2, "valid_from")),
        ("communes.csv", "N2,Hilltop,La Colline", "N2,,",
         ("place.name_missing", "communes.csv", 3, "name")),
        ("communes.csv", "N2,", ",", ("place.empty", "communes.csv", 3, "code")),
        ("communes.csv", "N2,", "N1,", ("place.twice", "communes.csv", 3, "code")),
        ("communes.csv", "Hilltop", "Hilltop, upper", ("place.cells", "communes.csv", 3, "")),
        ("communes.csv", "La Colline,N", "La Colline,Q", ("place.parent", "", None, "parent")),
        ("provinces.csv", "700001", "7e5", ("place.figure", "provinces.csv", 3, "population")),
        ("towns.csv", "11.52,-39.02,100000", "111.52,-39.02,100000",
         ("place.number", "towns.csv", 3, "lat")),
        ("towns.csv", "11.52,-39.02,100000", ",-39.02,100000",
         ("place.empty", "towns.csv", 3, "lat")),
        ("towns.csv", "100000", "100_000", ("place.number", "towns.csv", 3, "population")),
        ("towns.csv", "100000", "nan", ("place.number", "towns.csv", 3, "population")),
        ("towns.csv", "N,Harbour", "Q,Harbour",
         ("place.town_province", "towns.csv", 3, "province")),
        ("successions.csv", "province,T,1990-01-01,N", "county,T,1990-01-01,N",
         ("place.kind", "successions.csv", 2, "kind")),
        ("successions.csv", "S,2020-01-01", "S,2020-01-02",
         ("place.succession_new", "", None, "new_code")),
        ("sea_areas.geojson", '"name_en": "sea east of Toyland", "name_fr"', '"title"',
         ("place.name_missing", "sea_areas.geojson", None, "name")),
        ("outlines.geojson", '"code": "N"', '"code": "M"',
         ("place.outline_unknown", "outlines.geojson", None, "features[0]")),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_and_the_others_are_kept(
    folder: Path, file: str, old: str, new: str, expected: tuple[object, ...]
) -> None:
    country = swap(folder, file, old, new)
    problem, *rest = country.problems
    assert where(problem) == expected
    assert problem.severity == "error"
    assert all(p.severity == "warning" for p in rest)
    assert problem.say("vi") != problem.say("en")
    assert len(country.gazetteer) >= 7


def test_a_missing_figure_is_unknown_not_zero(folder: Path) -> None:
    country = swap(folder, "provinces.csv", "300000", "")
    assert only(country).code == "place.no_population"
    assert exposure(country).unknown == ("S",)


def test_a_province_without_outline_is_named(folder: Path) -> None:
    (folder / "outlines.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature({"code": "S"})]}), "utf-8"
    )
    assert where(only(load_places(folder)))[0] == "place.no_outline"


def test_towns_without_an_urban_share_are_at_face_value(folder: Path) -> None:
    country = swap(folder, "places.yaml", "urban_share", "# urban_share")
    assert only(country).code == "place.no_urban_share"
    assert int(exposure(country).grid.people.sum()) == 1_000_001


def test_a_share_out_of_range_is_named(folder: Path) -> None:
    country = swap(folder, "places.yaml", "value: 0.4", "value: 40")
    assert where(country.problems[0]) == ("place.setting", "places.yaml", None, "urban_share.value")


def test_a_file_of_outlines_of_no_kind_is_refused(folder: Path) -> None:
    with pytest.raises(BadPack, match=r"outlines\.geojson.*county"):
        swap(folder, "outlines.geojson", '"kind": "province"', '"kind": "county"')


def test_yaml_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(BadPack, match=r"places\.yaml"):
        swap(folder, "places.yaml", "nation:", "nation: [")


def test_the_crosswalk_needs_the_name_as_well(folder: Path) -> None:
    (folder / "commune_code_crosswalk.csv").write_text(
        "code,other_code,name\nN1,N2,Hárbour\nN2,N9,Hilltop\n", "utf-8"
    )
    walk = load_places(folder).crosswalk
    assert walk == {("N2", "harbour"): "N1", ("N9", "hilltop"): "N2"}


# ── outlines that somebody brings along ──


def feature(properties: Mapping[str, Any] | None, coordinates: Any = None) -> dict[str, Any]:
    ring = [[-40, 10], [-38, 10], [-38, 11], [-40, 11], [-40, 10]]
    shape = {"type": "Polygon", "coordinates": coordinates or [ring]}
    return {"type": "Feature", "properties": properties, "geometry": shape}


def bring(tmp_path: Path, *features: Any) -> Path:
    file = tmp_path / "mine.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return file


def moved(fn: Callable[[float, float], tuple[float, float]]) -> Any:
    return [[fn(x, y) for x, y in feature({})["geometry"]["coordinates"][0]]]


def test_good_features_are_kept_beside_bad_ones(tmp_path: Path) -> None:
    bow_tie = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]
    point = {"type": "Feature", "properties": {"code": "S"}, "geometry": None}
    file = bring(
        tmp_path,
        feature({"code": "N"}),
        feature(None),
        feature({"code": "Q"}),
        feature({"code": "S"}, bow_tie),
        feature({"code": "S"}, moved(lambda x, y: (x * 111_000, y * 111_000))),
        feature({"code": "S"}, moved(lambda x, y: (y, x - 60))),
        feature({"code": "S"}, moved(lambda x, y: (x - 300, y))),
        feature({"code": "S"}, [[[0, 0], [1, 1]]]),
        feature({"code": "S"}, [[[0, 0], ["a", 1], [1, 1], [0, 0]]]),
        point,
    )
    outlines, problems = import_outlines(file, known={"N", "S"})
    assert outlines.keys() == {"N"}
    assert outlines["N"].equals(box(-40, 10, -38, 11))
    assert [(p.field, p.code.removeprefix("place.outline_")) for p in problems] == [
        ("features[1]", "code"),
        ("features[2]", "unknown"),
        ("features[3]", "crosses"),
        ("features[4]", "metres"),
        ("features[5]", "swapped"),
        ("features[6]", "range"),
        ("features[7]", "broken"),
        ("features[8]", "broken"),
        ("features[9]", "type"),
    ]
    assert all(p.file == "mine.geojson" for p in problems)
    assert "latitude 0.5, longitude 0.5" in problems[2].say("en")
    assert all(p.say("vi") != p.say("en") for p in problems)


def test_swapped_axes_near_the_equator_are_seen_from_where_the_country_lies(tmp_path: Path) -> None:
    file = bring(tmp_path, feature({"code": "N"}, moved(lambda x, y: (y, x))))
    assert import_outlines(file)[1] == ()
    outlines, (problem,) = import_outlines(file, around=(-40, 10, -38, 12))
    assert outlines == {}
    assert problem.code == "place.outline_swapped"


def test_a_number_that_lost_its_zeros_is_read_with_a_warning(tmp_path: Path) -> None:
    file = bring(tmp_path, feature({"id": 4}), feature({"id": 11.0}))
    outlines, (problem,) = import_outlines(file, known={"04", "11", "40"}, code_property="id")
    assert outlines.keys() == {"04", "11"}
    assert (problem.code, problem.severity) == ("place.outline_padded", "warning")


def test_zeros_are_not_guessed_when_two_codes_would_fit(tmp_path: Path) -> None:
    outlines, (problem,) = import_outlines(
        bring(tmp_path, feature({"code": 4})), known={"04", "004"}
    )
    assert outlines == {}
    assert problem.code == "place.outline_unknown"


def test_parts_of_one_code_are_joined_with_a_warning(tmp_path: Path) -> None:
    file = bring(
        tmp_path,
        feature({"code": "N"}),
        feature({"code": "N"}, moved(lambda x, y: (x + 5, y))),
    )
    outlines, (problem,) = import_outlines(file)
    assert outlines["N"].area == pytest.approx(4)
    assert (problem.code, problem.severity) == ("place.outline_twice", "warning")


def test_heights_are_left_out(tmp_path: Path) -> None:
    ring = [[*p, 7.5] for p in feature({})["geometry"]["coordinates"][0]]
    outlines, problems = import_outlines(bring(tmp_path, feature({"code": "N"}, [ring])))
    assert problems == ()
    assert not outlines["N"].has_z


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "Feature"}', '{"features": [1]}'])
def test_a_file_that_is_no_collection_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.geojson"
    file.write_text(text, "utf-8")
    with pytest.raises(BadData, match=r"mine\.geojson"):
        import_outlines(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"mine\.geojson.*missing"):
        import_outlines(tmp_path / "mine.geojson")


COAST = "\ncoast: {codes: [N], codes_on: 2030-01-01, source: invented}\n"


def test_the_coast_is_the_country_s_own_word(folder: Path, toy: CountryPlaces) -> None:
    assert toy.coast == frozenset()
    path = folder / "places.yaml"
    path.write_text(path.read_text("utf-8") + COAST, "utf-8")
    assert {(kind, code) for kind, code, _ in load_places(folder).coast} == {("province", "N")}


def test_a_coast_of_no_province_is_named(folder: Path) -> None:
    path = folder / "places.yaml"
    path.write_text(path.read_text("utf-8") + COAST.replace("[N]", "[N, X]"), "utf-8")
    found = load_places(folder)
    assert where(only(found)) == ("place.coast_unknown", "places.yaml", None, "coast.codes")
    assert len(found.coast) == 1
