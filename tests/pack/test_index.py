"""A country's index folder: its tree, its facts, the wrong rows, and provinces that were merged."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml

from app.toy import TOY
from haidang.base.errors import BadPack
from haidang.pack.index import FOLDER, load_index
from haidang.pack.places import load_places

XT = TOY / "countries" / "xt"
DAY = date(2030, 1, 1)


@pytest.fixture
def country(tmp_path: Path) -> Path:
    """A toy country that may be spoilt."""
    shutil.copytree(XT / "places", tmp_path / "places")
    shutil.copytree(XT / FOLDER, tmp_path / FOLDER)
    return tmp_path


def load(folder: Path, day: date = DAY):
    return load_index(folder, load_places(folder / "places"), day)


def facts(folder: Path, text: str) -> None:
    (folder / FOLDER / "facts.csv").write_text(text, "utf-8")


def given(folder: Path, indicator: str, **how: object) -> None:
    path = folder / FOLDER / "index.yaml"
    raw = yaml.safe_load(path.read_text("utf-8"))
    raw["indicators"][indicator]["given"] = how
    path.write_text(yaml.safe_dump(raw), "utf-8")


def test_what_is_known_is_read_and_the_rest_is_not_known(country):
    found = load(country)
    assert found.problems == ()
    assert found.codes == ("N", "S")
    assert list(found.values["gales"]) == [8.0, 2.0]
    assert found.values["poor"][0] == pytest.approx(35000 / 700001 * 1000)
    assert np.isnan(found.values["poor"][1])
    assert found.values["density"][0] == pytest.approx(700001 / 24232)
    assert "quakes" not in found.values
    made = found.made()
    assert list(made.rank) == [1, 2]
    assert list(made.known) == [0.75, 0.5]


def test_a_country_without_the_folder_has_no_index(country):
    shutil.rmtree(country / FOLDER)
    assert load(country) is None


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ("gales,X,1", "index.code", "code"),
        ("gales,S,-1", "index.value", "value"),
        ('gales,S,"2,5"', "index.value", "value"),
        ("gales,S,nan", "index.value", "value"),
        ("gales,N,9", "index.twice", "code"),
        ("hail,S,1", "index.indicator", "indicator"),
        ("quakes,S,1", "index.not_facts", "indicator"),
        ("density,S,1", "index.not_facts", "indicator"),
    ],
)
def test_a_wrong_row_is_left_out_and_named_and_the_others_are_kept(country, row, code, field):
    facts(country, f"indicator,code,value,note\ngales,N,8,\n{row},\npoor,N,35000,\n")
    found = load(country)
    assert [p.code for p in found.problems] == [code]
    problem = found.problems[0]
    assert (problem.row, problem.field) == (3, field)
    assert problem.file.endswith("facts.csv")
    for language in ("vi", "en"):
        assert "{" not in problem.say(language)
    assert found.values["gales"][0] == 8.0
    assert np.isnan(found.values["gales"][1])


def test_an_empty_value_is_not_known_and_no_mistake(country):
    facts(country, "indicator,code,value,note\ngales,N,8,\ngales,S,,nobody counted\n")
    found = load(country)
    assert [p.code for p in found.problems] == ["index.nothing"]  # of the poor, of whom no row is
    assert np.isnan(found.values["gales"][1])


def test_a_table_without_its_columns_or_in_another_alphabet(country):
    facts(country, "indicator,place,value\ngales,N,8\n")
    assert load(country).problems[0].code == "index.columns"
    (country / FOLDER / "facts.csv").write_bytes("indicator,code,value\nđộ,N,1\n".encode("utf-16"))
    assert load(country).problems[0].code == "index.unreadable"


def test_a_tree_that_is_none_is_refused_with_its_line(country):
    path = country / FOLDER / "index.yaml"
    path.write_text(path.read_text("utf-8").replace("{gales: 1, quakes: 1}", "{gales: 1}"), "utf-8")
    with pytest.raises(BadPack, match="quakes"):
        load(country)


def test_given_says_one_thing_and_all_of_it(country):
    for how in ({}, {"measure": "coast", "merge": "sum"}, {"merge": "sum"}):
        given(country, "gales", **how)
        with pytest.raises(BadPack):
            load(country)
    given(country, "gales", merge="mean", codes_on=DAY)
    with pytest.raises(BadPack, match="by"):
        load(country)


# ── places of another day ───────────────────────────────────────────────────────────────────────


MERGED = """code,name_en,name_fr,parent,status,valid_from,valid_to,population,area_km2,source,note
A,A,A,XT,province,1990-01-01,2020-01-01,,,invented,
B,B,B,XT,province,1990-01-01,2020-01-01,,,invented,
C,C,C,XT,province,2020-01-01,,1000,10,invented,
"""
SUCCESSIONS = """kind,old_code,old_valid_from,new_code,new_valid_from,source
province,A,1990-01-01,C,2020-01-01,invented
province,B,1990-01-01,C,2020-01-01,invented
"""
OLD, NEW = date(2019, 1, 1), date(2025, 1, 1)


@pytest.fixture
def merged(country: Path) -> Path:
    """A country of two provinces that became one."""
    shutil.rmtree(country / "places")
    (country / "places").mkdir()
    (country / "places" / "provinces.csv").write_text(MERGED, "utf-8")
    (country / "places" / "successions.csv").write_text(SUCCESSIONS, "utf-8")
    return country


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"merge": "sum"}, 8.0),
        ({"merge": "max"}, 6.0),
        ({"merge": "min"}, 2.0),
        ({"merge": "mean", "by": "people"}, 3.0),
        ({"merge": "sum", "per": "people", "times": 1000}, 8.0),
        ({"merge": "sum", "per": "km2"}, 0.8),
    ],
)
def test_facts_of_old_provinces_become_those_of_the_new_one(merged, how, expected):
    given(merged, "gales", codes_on=OLD, **how)
    rows = "gales,A,2,\ngales,B,6,\n" + ("people,A,3,\npeople,B,1,\n" if "by" in how else "")
    facts(merged, f"indicator,code,value,note\n{rows}")
    found = load(merged, NEW)
    assert found.codes == ("C",)
    assert found.values["gales"][0] == pytest.approx(expected)


def test_where_one_part_is_not_known_the_whole_is_not(merged):
    given(merged, "gales", codes_on=OLD, merge="sum")
    facts(merged, "indicator,code,value,note\ngales,A,2,\n")
    assert np.isnan(load(merged, NEW).values["gales"][0])
    given(merged, "gales", codes_on=OLD, merge="sum", rest=0)
    assert load(merged, NEW).values["gales"][0] == 2.0


def test_a_figure_of_the_whole_tells_nothing_of_its_parts(merged):
    given(merged, "gales", codes_on=NEW, merge="sum")
    facts(merged, "indicator,code,value,note\ngales,C,8,\n")
    found = load(merged, OLD)
    assert found.codes == ("A", "B")
    assert np.isnan(found.values["gales"]).all()
