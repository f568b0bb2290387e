"""Outlines that a user brings: checked, kept, and used by the next run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from haidang.base.errors import BadData
from haidang.jobs.outlines import import_file
from haidang.pack.load import home, load_country

DAY = date(2030, 9, 1)


@pytest.fixture(autouse=True)
def kept_in(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HAIDANG_HOME", str(tmp_path / "kept"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "kept" / "places" / "xt"


@pytest.fixture
def country(known):
    return load_country(known.countries["xt"], known.threats)


def square(lat: float, lon: float, size: float = 0.2) -> dict[str, object]:
    ring = [[lon, lat], [lon + size, lat], [lon + size, lat + size], [lon, lat + size], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def file_of(folder: Path, *features: tuple[object, object], name: str = "code") -> Path:
    path = folder / "mine.geojson"
    found = [
        {"type": "Feature", "properties": {name: code}, "geometry": geometry}
        for code, geometry in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": found}), "utf-8")
    return path


def test_good_outlines_are_kept_and_used(tmp_path, country, known, kept_in):
    file = file_of(tmp_path, ("N1", square(11.4, -39.1)), ("S1", square(10.4, -39.6)))
    kept, path, problems = import_file(file, country, "commune", "code", DAY)
    assert (kept, problems) == (2, ())
    assert path == kept_in / "outlines_commune.geojson"
    assert not country.places.outlines_on("commune", DAY)
    again = load_country(known.countries["xt"], known.threats)
    outlines = again.places.outlines_on("commune", DAY)
    assert set(outlines) == {"N1", "S1"}
    assert outlines["N1"].bounds == pytest.approx((-39.1, 11.4, -38.9, 11.6))
    assert [p for p in again.places.problems if p.severity == "error"] == []


def test_bad_features_are_named_and_the_good_one_kept(tmp_path, country, kept_in):
    cross = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    file = file_of(
        tmp_path,
        ("N1", square(11.4, -39.1)),
        ("N9", square(11.4, -38.1)),  # nobody has this code
        (None, square(11.4, -38.1)),
        ("N2", {"type": "Point", "coordinates": [-38.5, 11.7]}),
        ("S1", cross),
    )
    kept, path, problems = import_file(file, country, "commune", "code", DAY)
    assert kept == 1
    assert [p.field for p in problems] == [f"features[{n}]" for n in (1, 2, 3, 4)]
    assert all(p.file == "mine.geojson" and p.say("en") != p.say("vi") for p in problems)
    found = json.loads(path.read_text("utf-8"))
    assert [f["properties"]["code"] for f in found["features"]] == ["N1"]
    assert [p.name for p in kept_in.iterdir()] == [path.name]  # no half-written file


def test_swapped_axes_are_refused(tmp_path, country, kept_in):
    swapped = square(-39.1, 11.4)
    with pytest.raises(BadData) as error:
        import_file(file_of(tmp_path, ("N1", swapped)), country, "commune", "code", DAY)
    assert error.value.problems[-1].code == "place.nothing_kept"
    assert len(error.value.problems) == 2
    assert not kept_in.exists()


def test_another_property_may_hold_the_code(tmp_path, country):
    file = file_of(tmp_path, ("N1", square(11.4, -39.1)), name="ma_xa")
    with pytest.raises(BadData):
        import_file(file, country, "commune", "code", DAY)
    assert import_file(file, country, "commune", "ma_xa", DAY)[0] == 1


def test_a_second_import_replaces_the_first(tmp_path, country):
    import_file(file_of(tmp_path, ("N1", square(11.4, -39.1))), country, "commune", "code", DAY)
    file = file_of(tmp_path, ("N2", square(11.6, -38.6)))
    _, path, _ = import_file(file, country, "commune", "code", DAY)
    found = json.loads(path.read_text("utf-8"))
    assert [f["properties"]["code"] for f in found["features"]] == ["N2"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "FeatureCollection"}', "\xff"])
def test_what_is_no_geojson_is_refused(tmp_path, country, text):
    path = tmp_path / "mine.geojson"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadData) as error:
        import_file(path, country, "commune", "code", DAY)
    assert error.value.problems[0].file == "mine.geojson"


def test_a_file_that_is_not_there(tmp_path, country):
    with pytest.raises(BadData) as error:
        import_file(tmp_path / "none.geojson", country, "commune", "code", DAY)
    assert error.value.problems[0].code == "place.file_missing"


def test_an_unknown_kind_lists_the_known_ones(tmp_path, country):
    with pytest.raises(BadData) as error:
        import_file(file_of(tmp_path, ("N1", square(11, -39))), country, "village", "code", DAY)
    assert "commune" in str(error.value)


def test_home_is_what_the_variable_says(tmp_path, monkeypatch):
    assert home() == tmp_path / "kept"
    monkeypatch.setenv("HAIDANG_HOME", "")
    assert home() == Path("haidang-data")
    monkeypatch.delenv("HAIDANG_HOME")
    assert home() == Path("haidang-data")
