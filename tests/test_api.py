"""``import haidang as hd``: the verbs for analysts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import haidang as hd
from haidang import api
from haidang.base.errors import BadData, BadPack, HaidangError, NotFound, Unavailable
from haidang.edge.store import Store
from haidang.pack import law, load
from haidang.pack.case import load_case
from haidang.pack.load import roots

TOY = Path(__file__).parent / "toy"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> hd.Replay:
    """The toy case, by its name alone."""
    folder = tmp_path_factory.mktemp("api")
    steps: list[tuple[int, int, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HAIDANG_PACKS", str(TOY))
        found = hd.replay("toy-2030", folder, progress=lambda *s: steps.append(s))
    assert [s[:2] for s in steps] == [(n, 6) for n in range(7)]
    return found


# ── the name ─────────────────────────────────────────────────────────────────────────────────


def test_all_is_what_is_seen():
    assert dir(hd) == sorted(hd.__all__)
    for name in hd.__all__:
        assert getattr(hd, name) is not None
    assert hd.level is api.level
    assert hd.replay is api.replay
    assert set(api.__all__) == {"Replay", "index", "level", "replay", "replay_case"}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = hd.nothing


def test_importing_it_costs_nothing():
    code = (
        "import sys, haidang; print(len({'numba', 'pandas', 'xarray', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    assert done.stdout.strip() == "0"


def test_the_version_is_the_package_s():
    assert hd.__version__ == version("haidang")


# ── replay ───────────────────────────────────────────────────────────────────────────────────


def test_a_replay_is_tables_and_a_head(made):
    assert isinstance(made, hd.Replay)
    assert {len(t) > 0 for t in (made.levels, made.impacts, made.onsets, made.warnings)} == {True}
    assert set(made.levels["level"]) == {0, 1, 2, 3}
    assert made.folder.name == "toy-2030"
    assert made.folder.is_dir()
    with Store.open(made.played.database) as store:
        assert store.head() == (made.entries, made.head)
        assert store.verify(made.head) == ()


def test_what_is_not_known_is_an_empty_table_with_its_columns(made):
    assert list(made.announced.columns)[:4] == ["issued", "valid_until", "area", "domain"]
    assert list(made.verification.columns)[-3:] == ["pod", "far", "csi"]
    assert made.announced.empty
    assert made.verification.empty


def test_the_same_again_is_the_same(made, monkeypatch, tmp_path):
    monkeypatch.setenv("HAIDANG_PACKS", str(TOY))
    again = hd.replay("toy-2030", made.folder.parent, language="fr")
    assert (again.head, again.entries) == (made.head, made.entries)
    assert again.levels["level"].equals(made.levels["level"])
    assert set(again.levels["place_name"]) >= {"Pays-Jouet du Nord"}
    assert set(made.levels["place_name"]) >= {"North Toyland"}
    elsewhere = hd.replay("toy-2030", tmp_path)
    assert elsewhere.head == made.head, "the head depends on the folder or on the clock"


def test_without_a_folder_it_goes_to_out(monkeypatch, tmp_path, made):
    monkeypatch.setenv("HAIDANG_PACKS", str(TOY))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made.folder, tmp_path / "out" / "toy-2030")  # found done: nothing is computed
    assert hd.replay("toy-2030").folder == Path("out") / "toy-2030"


def test_an_unknown_case_lists_the_known_ones(tmp_path):
    with pytest.raises(NotFound, match="yagi-2024"):
        hd.replay("toy-2030", tmp_path)  # not known without its country
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable) as error:
        hd.replay("damrey-2017", tmp_path / "file")
    assert error.value.problems[0].code == "store.cannot_open"


# ── level ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("article", [42, "42", "art42", "Art. 42"])
def test_every_way_to_name_an_article(article):
    assert hd.level(article, area="coastal", beaufort=13).level == 4


@pytest.mark.parametrize(
    ("area", "beaufort", "level", "clause"),
    [
        ("coastal", 5, 0, ""),
        ("coastal", 6, 3, "42(1)(a)"),
        ("coastal", 11, 3, "42(1)(b)"),
        ("coastal", 12, 4, "42(2)(b)"),
        ("coastal", 15, 4, "42(2)(c)"),
        ("coastal", 16, 5, "42(3)(c)"),
        ("east_sea", 13, 3, "42(1)(c)"),
        ("east_sea", 14, 4, "42(2)(d)"),
        ("east_sea", 17, 4, "42(2)(d)"),
        ("nam_bo", 9, 3, "42(1)(a)"),
        ("nam_bo", 10, 4, "42(2)(a)"),
        ("nam_bo", 12, 5, "42(3)(a)"),
        ("tay_bac", 14, 5, "42(3)(b)"),
        ("dong_bac_bo", 14, 4, "42(2)(c)"),
    ],
)
def test_levels_of_the_first_country_s_law(area, beaufort, level, clause):
    ruling = hd.level(42, area=area, beaufort=beaufort)
    assert (ruling.level, ruling.clause) == (level, clause)
    assert ruling.status == ("defined" if level else "below")


@pytest.mark.parametrize("force", [13, 13.0, np.int64(13), np.float32(13)])
def test_a_force_may_be_any_kind_of_number(force):
    assert hd.level(42, area="coastal", beaufort=force).level == 4


def test_missing_is_no_level_and_never_calm():
    for nothing in (None, float("nan"), np.nan, pd.NA, pd.NaT):
        ruling = hd.level(42, area="coastal", beaufort=nothing)
        assert (ruling.level, ruling.status) == (None, "no data")
        ruling = hd.level(42, area=nothing, beaufort=13)
        assert (ruling.level, ruling.status) == (None, "no data")


def test_one_case_has_one_value_of_each_input():
    for many in ({"beaufort": [12, 13]}, {"beaufort": []}, {"area": ["coastal", "nam_bo"]}):
        with pytest.raises(BadData, match="values were given where one case has one") as caught:
            hd.level(42, **{"area": "coastal", "beaufort": 12, **many})
        assert caught.value.say("vi") != caught.value.say("en")
    assert hd.level(42, area=["coastal"], beaufort=np.array([12])).level == 4


def test_it_says_itself_in_both_languages():
    ruling = hd.level(42, area="coastal", beaufort=13)
    assert str(ruling) == ruling.say("en")
    assert str(ruling).startswith("Level 4 (very high): Article 42(2)(b), Decision 18/2021")
    assert ruling.say("vi").startswith("Cấp 4 (rất lớn): điểm b khoản 2 Điều 42")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, ["area", "beaufort"]),
        ({"area": "coastal"}, ["beaufort"]),
        ({"area": "coastal", "beaufort": 13, "colour": 1}, ["colour", "area, beaufort"]),
        ({"region": "coastal", "beaufort": 13}, ["region", "area, beaufort"]),
        ({"area": "atlantis", "beaufort": 13}, ["atlantis", "coastal"]),
        ({"area": "coastal", "beaufort": "13"}, ["beaufort"]),
        ({"area": "coastal", "beaufort": 12.5}, ["12.5"]),
        ({"area": "coastal", "beaufort": -1}, ["-1"]),
        ({"area": "coastal", "beaufort": float("inf")}, ["beaufort"]),
    ],
)
def test_wrong_inputs_are_listed(inputs, said):
    with pytest.raises(BadData) as error:
        hd.level(42, **inputs)
    for text in said:
        assert text in str(error.value)
    assert error.value.say("vi") != error.value.say("en")


def test_an_article_that_is_not_there_or_not_yet():
    with pytest.raises(NotFound, match="42"):
        hd.level(999, area="coastal", beaufort=13)
    with pytest.raises(NotFound, match="18/2021"):
        hd.level(42, area="coastal", beaufort=13, day=date(2021, 6, 30))
    assert hd.level(42, area="coastal", beaufort=13, day=date(2021, 7, 1)).level == 4


class Night(datetime):
    """A clock that stands at half past midnight of 1 July 2021 in Viet Nam, 30 June in UTC."""

    @classmethod
    def now(cls, tz=None):
        return datetime(2021, 6, 30, 17, 30, tzinfo=UTC).astimezone(tz)


def test_a_day_begins_when_it_begins_in_the_country(monkeypatch):
    case = {"area": "coastal", "beaufort": 13}
    assert hd.level(42, **case, day="2021-06-30T17:30+00:00").level == 4
    assert hd.level(42, **case, day=datetime(2021, 6, 30, 17, tzinfo=UTC)).level == 4
    with pytest.raises(NotFound):
        hd.level(42, **case, day="2021-06-30T16:59+00:00")
    monkeypatch.setattr(api, "datetime", Night)
    assert hd.level(42, **case).level == 4


def test_of_two_countries_one_must_be_named(monkeypatch):
    monkeypatch.setenv("HAIDANG_PACKS", str(TOY))
    with pytest.raises(NotFound, match="xt"):
        hd.level(42, area="coastal", beaufort=13)
    asked = {"country": "xt", "day": date(2025, 1, 1)}
    assert hd.level(3, **asked, area="land", wind=149.9).level == 2
    gap = hd.level(3, **asked, area="land", wind=150)
    assert (gap.level, gap.status) == (None, "not defined by the text")
    assert hd.level(3, **asked, area="sea", wind=95).level == 2  # two rows, the head says highest
    with pytest.raises(HaidangError):
        hd.level(3, country="zz", area="land", wind=1)


def test_a_thousand_questions_read_the_law_once(monkeypatch, tmp_path):
    shutil.copytree(TOY, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("HAIDANG_PACKS", str(tmp_path))
    read, looked = [], []
    real, offered = law.read_law, load.entry_points
    monkeypatch.setattr(law, "read_law", lambda folder: read.append(folder) or real(folder))
    monkeypatch.setattr(
        load, "entry_points", lambda group: looked.append(group) or offered(group=group)
    )

    def ask() -> int | None:
        return hd.level(3, country="xt", day="2025-01-01", area="land", wind=149.9).level

    load._installed.cache_clear()
    assert {ask() for _ in range(1000)} == {2}
    assert (len(read), len(looked)) == (1, 2)  # the law; threats and countries
    file = tmp_path / "countries" / "xt" / "law" / "act7_art3.csv"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace('3(2)(a),2,land,"[100,150)"', '3(2)(a),3,land,"[100,150)"'), "utf-8"
    )
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))  # as long as before, a moment later
    assert {ask() for _ in range(10)} == {3}
    assert len(read) == 2
    file.unlink()
    with pytest.raises(NotFound):
        ask()
    file.write_text(text + "3(9),9,land,>=0,x,x,\n", "utf-8")
    for _ in range(2):
        with pytest.raises(BadPack):
            ask()


def test_the_whole_package_is_typed():
    assert (Path(hd.__file__).parent / "py.typed").is_file()


@pytest.mark.parametrize(
    "day", ["2024-09-07", "2024-09-07T06:00+07:00", datetime(2024, 9, 7, 6, tzinfo=UTC)]
)
def test_a_day_may_be_a_text_or_a_time(day):
    found = hd.level(42, day=day, area="coastal", beaufort=13)
    assert found.level == hd.level(42, day=date(2024, 9, 7), area="coastal", beaufort=13).level


def test_a_day_may_be_what_a_table_holds():
    day = np.datetime64("2021-06-30")
    with pytest.raises(NotFound):
        hd.level(42, day=day, area="coastal", beaufort=13)
    assert hd.level(42, day=day + 1, area="coastal", beaufort=13).level == 4


@pytest.mark.parametrize("day", ["7/9/2024", "", 20240907, pd.NaT])
def test_a_day_that_is_none_is_refused_in_words(day):
    with pytest.raises(BadData) as caught:
        hd.level(42, day=day, area="coastal", beaufort=13)
    (problem,) = caught.value.problems
    assert (problem.code, problem.field) == ("pack.not_a_day", "day")
    assert str(day) in problem.say("vi")


def test_a_case_never_leads_out_of_the_folder(tmp_path):
    where = roots([TOY])
    case = load_case("toy-2030", where)
    astray = replace(case, spec=case.spec.model_copy(update={"id": "../up"}))
    with pytest.raises(BadData, match="outside"):
        api.replay_case(astray, where, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


# ── index ────────────────────────────────────────────────────────────────────────────────────


def test_index_of_a_country_is_tables(monkeypatch):
    monkeypatch.setenv("HAIDANG_PACKS", str(TOY))
    found = hd.index(country="xt", day="2030-01-01", language="fr")
    assert list(found.table["place"]) == ["N", "S"]
    assert list(found.table["rank"]) == [1, 2]
    assert found.table["name"][0] == "Pays-Jouet du Nord"
    assert set(found.parts["part"]) == {
        "risk", "hazard", "gales", "quakes", "people", "density", "poor"
    }  # fmt: skip
    assert found.parts["known"].between(0, 1).all()
    assert found.drivers.groupby("place")["points"].max().gt(0).any()
    assert found.problems == ()


def test_index_of_values_is_inform_if_nothing_else_is_said():
    table = pd.DataFrame(
        {"earthquake": [8.9, 0.1], "flood": [6.6, "x"], "rank": [1, 2]}, index=["AFG", "FIN"]
    )
    found = hd.index(table)
    natural = found.parts[found.parts["part"] == "natural"].set_index("place")["score"]
    assert natural["AFG"] == 8.0
    assert found.table["risk"].isna().all()  # no vulnerability, no coping: a product needs all
    assert [(p.code, p.row, p.field) for p in found.problems] == [("index.not_number", 3, "flood")]


def test_index_says_what_a_table_lacks():
    with pytest.raises(BadData) as caught:
        hd.index(pd.DataFrame({"flood": [1.0]}))
    assert caught.value.problems[0].code == "index.no_code"
    with pytest.raises(BadData) as caught:
        hd.index(pd.DataFrame({"hail": [1.0]}, index=["A"]))
    assert caught.value.problems[0].code == "index.no_values"
    with pytest.raises(BadData) as caught:
        hd.index(pd.DataFrame({"code": ["A", "A"], "flood": [1.0, 2.0]}))
    assert caught.value.problems[0].code == "index.twice"
    flood = {"flood": [1.0, 2.0]}
    with pytest.raises(BadData, match="line 3, code: the place of this row has no code"):
        hd.index(pd.DataFrame({"code": ["A", None], **flood}))
    twofold = pd.DataFrame([["A", 1.0, 2.0]], columns=["code", "flood", "flood"])
    with pytest.raises(BadData, match="two columns are called 'flood'"):
        hd.index(twofold)
    for nothing in (pd.DataFrame({"code": [], "flood": []}), [1.0], np.zeros((1, 2))):
        with pytest.raises(BadData, match="no column of places"):
            hd.index(nothing)
    found = hd.index(pd.DataFrame({"code": ["A", "B"], "flood": [1.0, np.inf]}))
    assert [(p.code, p.row) for p in found.problems] == [("index.not_number", 3)]
    found = hd.index(pd.DataFrame({"code": ["A"], "flood": [11.0]}))
    assert [(p.code, p.severity) for p in found.problems] == [("index.out_of_range", "warning")]


def test_a_country_without_an_index_says_so(monkeypatch, tmp_path):
    shutil.copytree(TOY, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "countries" / "xt" / "index")
    monkeypatch.setenv("HAIDANG_PACKS", str(tmp_path))
    with pytest.raises(NotFound) as caught:
        hd.index(country="xt", day="2030-01-01")
    assert caught.value.problems[0].code == "index.no_index"
