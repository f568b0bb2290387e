"""The mark of a pack names the very law, and a mistyped folder of packs is said."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from haidang.base.errors import BadPack
from haidang.pack import load
from haidang.pack.case import CaseSpec, case_of_file, load_case
from haidang.pack.load import PATH_VARIABLE, fingerprint, roots

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture
def laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A threat's folder and a country's binding, somewhere else than usual."""
    monkeypatch.setenv("HAIDANG_HOME", str(tmp_path / "home"))
    country = Path(shutil.copytree(TOY / "countries" / "xt", tmp_path / "countries" / "xt"))
    threat = roots().threats["storm"]
    copied = Path(shutil.copytree(threat, tmp_path / "threats" / threat.name))
    return copied, country / "threats" / threat.name


@pytest.mark.parametrize(
    "file",
    ["country.yaml", "law/scales.yaml", "places/provinces.csv", "places/places.yaml"],
)
def test_the_fingerprint_covers_what_the_country_says(laid, file):
    before = fingerprint(*laid)
    path = laid[1].parents[1] / file
    path.write_text(path.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert fingerprint(*laid) != before


def test_the_fingerprint_covers_law_tables_outlines_and_what_was_brought(laid, tmp_path):
    seen = {fingerprint(*laid)}
    country = laid[1].parents[1]
    for path in (
        next(country.glob("law/*.csv")),
        next(country.glob("places/*.geojson")),
        next(laid[1].glob("*.yaml")),
        laid[0] / "pack.yaml",
    ):
        path.write_bytes(path.read_bytes() + b"\n")
        seen.add(fingerprint(*laid))
    brought = tmp_path / "home" / "places" / "xt" / "outlines_mine.geojson"
    brought.parent.mkdir(parents=True)
    brought.write_text("{}", "utf-8")
    seen.add(fingerprint(*laid))
    assert len(seen) == 6


def test_the_fingerprint_covers_the_version(laid, monkeypatch):
    before = fingerprint(*laid)
    monkeypatch.setattr(load, "version", lambda _: "99.0")
    assert fingerprint(*laid) != before


def test_the_fingerprint_is_the_same_elsewhere_and_leaves_golden_cases_out(laid, tmp_path):
    before = fingerprint(*laid)
    (laid[1] / "golden" / "more.yaml").write_text("a: 1\n", "utf-8")
    (laid[1].parents[1] / "README.md").write_text("Hello.\n", "utf-8")
    assert fingerprint(*laid) == before
    moved = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "countries", moved / "countries")
    shutil.copytree(tmp_path / "threats", moved / "threats")
    there = (moved / folder.relative_to(tmp_path) for folder in laid)
    assert fingerprint(*there) == before


@pytest.mark.parametrize(("made", "code"), [(False, "pack.no_folder"), (True, "pack.no_packs")])
def test_a_folder_of_packs_that_holds_none_is_said(tmp_path, monkeypatch, made, code):
    folder = tmp_path / "packs"
    if made:
        folder.mkdir()
    monkeypatch.setenv(PATH_VARIABLE, str(folder))
    with pytest.raises(BadPack) as caught:
        roots()
    (problem,) = caught.value.problems
    assert (problem.code, problem.file, problem.field) == (code, str(folder), PATH_VARIABLE)
    for language in ("vi", "en"):
        assert "HAIDANG_PACKS" in problem.say(language).split(": ", 1)[1]
    (folder / "countries").mkdir(parents=True)
    assert roots().threats


@pytest.mark.parametrize("name", ["../up", "/etc", "a/b", "a\\b", "..", "", "A b"])
def test_an_id_of_a_case_is_no_path(name):
    spec = load_case("toy-2030", roots([TOY])).spec
    with pytest.raises(ValidationError, match="id"):
        CaseSpec.model_validate(spec.model_dump() | {"id": name})
    with pytest.raises(BadPack, match="id: the value"):
        case_of_file(
            Path("b.csv"),
            name,
            "xt",
            spec.threat,
            "e",
            date(2030, 9, 10),
            averaging_s=600,
            status="Test",
            officers=(),
        )
