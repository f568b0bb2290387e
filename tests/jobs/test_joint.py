"""Several cases as one desk: decided over all of them, whatever the order they are given in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from haidang.base.errors import BadData
from haidang.jobs.joint import Joint, play_together
from haidang.pack.case import Case, load_case
from haidang.pack.load import roots
from jobs.conftest import TOY

KNOWN = roots([TOY])


def flood(tmp_path: Path) -> Case:
    """The toy's flood, while its storm is there."""
    case = load_case("flood-2030", KNOWN)
    file = tmp_path / "readings.csv"
    text = case.bulletins.read_text("utf-8")
    file.write_text(text.replace("2030-06-01", "2030-09-11").replace("2030-06-02", "2030-09-12"))
    storm = load_case("toy-2030", KNOWN).spec
    spec = case.spec.model_copy(
        update={"places_on": storm.places_on, "law_on": storm.law_on, "ticks": ()}
    )
    return replace(case, spec=spec, bulletins=file)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Joint, Path, Case]:
    folder = tmp_path_factory.mktemp("joint")
    case = flood(folder)
    played = play_together([load_case("toy-2030", KNOWN), case], KNOWN, folder / "a")
    return played, folder, case


def test_a_place_has_the_highest_level_of_its_hazards_and_each_keeps_its_own(both):
    levels = both[0].levels
    north = levels[(levels["place"] == "N") & levels["levels"].str.contains("flood")]
    assert len(north)
    for row in north.itertuples():
        own = dict(p.split("=") for p in row.levels.split("; "))
        assert row.combined == row.own == max(map(int, own.values()))
    several = north[north["levels"].str.count("=") == 2]
    assert set(several["concurrent"]) == {"flood/flood; storm/3001-toto"}


def test_the_order_of_the_cases_changes_nothing(both):
    played, folder, case = both
    again = play_together([case, load_case("toy-2030", KNOWN)], KNOWN, folder / "b")
    assert again.levels.equals(played.levels)


def test_playing_again_in_the_same_folder_changes_nothing(both):
    played, folder, case = both
    again = play_together([load_case("toy-2030", KNOWN), case], KNOWN, folder / "a")
    assert again.head == played.head
    assert again.levels.equals(played.levels)


def test_cases_that_cannot_be_one_night_are_refused(both, tmp_path):
    storm = load_case("toy-2030", KNOWN)
    for cases, code in (
        ([storm], "joint.one"),
        ([storm, load_case("flood-2030", KNOWN)], "joint.places"),
        ([storm, storm], "joint.threat_twice"),
        ([storm, load_case("yagi-2024", KNOWN)], "joint.countries"),
    ):
        with pytest.raises(BadData) as told:
            play_together(cases, KNOWN, tmp_path / "x")
        assert told.value.problems[0].code == code
        assert told.value.problems[0].say("vi") != told.value.problems[0].say("en")
    assert not (tmp_path / "x").exists()
