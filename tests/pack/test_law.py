"""Reading a country's law from its folder."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from haidang.law import lookup
from haidang.pack.law import read_law

TOY = Path(__file__).parents[1] / "toy" / "countries" / "xt" / "law"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(TOY, tmp_path / "xt" / "law"))


def test_the_toy_country(folder):
    law = read_law(folder, dt.date(2026, 1, 1))
    assert law.problems == ()
    assert [t.id for t in law.book.tables] == ["act9_art2", "act7_art3", "act8_art5"]
    assert law.scales["alert"].names(3)["fr"] == "alarme"
    assert law.scales["alert"].combine is None


@pytest.mark.parametrize(
    ("area", "wind", "level", "status"),
    [
        ("land", 49.9, 0, "below"),
        ("land", 99.9, 1, "defined"),
        ("land", 100, 2, "defined"),
        ("land", 150, None, "not defined by the text"),
        ("land", 150.1, 3, "defined"),
        ("sea", 89.9, 1, "defined"),
        ("sea", 95, 2, "defined"),
        ("sea", 100.1, 2, "defined"),
    ],
)
def test_the_toy_law_at_its_bounds(area, wind, level, status):
    table = read_law(TOY).book.at("art3", dt.date(2026, 1, 1))
    ruling = lookup(table, area=area, wind=wind)
    assert (ruling.level, ruling.status) == (level, status)
    if level:
        assert ruling.names["fr"] == ("vigilance", "alerte", "alarme")[level - 1]


def test_gap_is_said_with_its_own_reason():
    table = read_law(TOY).book.at("art3", dt.date(2026, 1, 1))
    ruling = lookup(table, area="land", wind=150)
    assert "La loi dit moins de 150 et plus de 150." in ruling.say("fr")


def test_every_problem_is_told_and_names_its_file(folder):
    text = (folder / "act7_art3.csv").read_text("utf-8")
    (folder / "gap.csv").write_text(
        text.replace(">150", ">160").replace("article: 3", "article: 4"), "utf-8"
    )
    (folder / "latin.csv").write_bytes("# id: é".encode("latin-1"))
    (folder / "level.csv").write_text(text.replace("3(3),3", "3(3),4"), "utf-8")
    (folder / "twin.csv").write_text(text.replace("id: act7_art3", "id: twin"), "utf-8")
    law = read_law(folder)
    assert {(p.file, p.code) for p in law.problems} == {
        ("xt/law/gap.csv", "law.gap"),
        ("xt/law/latin.csv", "law.encoding"),
        ("xt/law/level.csv", "law.level"),
        ("xt/law/twin.csv", "law.clash"),
    }
    assert [t.article for t in law.book.tables] == ["2", "4", "5"]


def test_no_scales(folder):
    (folder / "scales.yaml").unlink()
    assert {p.code for p in read_law(folder).problems} == {"law.file_missing", "law.scale_unknown"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "law.scales_empty"),
        ("scales: [", "law.yaml"),
        ("scales: {a: {kind: hazard, title: {en: x}}}", "law.key_missing"),
        (
            "scales: {a: {kind: hazard, title: {}, source: s, ranks: [{rank: 2, names: {}}]}}",
            "law.ranks",
        ),
    ],
)
def test_bad_scales(folder, text, code):
    (folder / "scales.yaml").write_text(text, "utf-8")
    assert code in {p.code for p in read_law(folder).problems}


def test_expired(folder):
    assert [p.code for p in read_law(folder, dt.date(2031, 1, 1)).problems] == ["law.expired"]
