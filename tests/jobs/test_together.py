"""Several cases as one desk: decided over all of them, whatever the order they are given in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from haidang.base.errors import BadData
from haidang.edge.store.store import Store
from haidang.jobs.together import Row, Together, play, table
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


def read(made: Together) -> tuple[tuple[int, str], tuple[Row, ...]]:
    with Store.open(made.database, check=False) as store:
        return store.head(), table(store.decisions())


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Together, Path, Case]:
    folder = tmp_path_factory.mktemp("joint")
    case = flood(folder)
    played = play([load_case("toy-2030", KNOWN), case], KNOWN, folder / "a")
    return played, folder, case


def test_a_place_has_the_highest_level_of_its_hazards_and_each_keeps_its_own(both):
    rows = [row for row in read(both[0])[1] if row.place == "N"]
    assert any(len(row.levels) > 1 for row in rows)
    for row in rows:
        own = dict(row.levels)
        assert row.combined == max(own.values(), default=0)
        assert set(own) <= {"flood", "storm"}


def test_the_order_of_the_cases_changes_nothing(both):
    played, folder, case = both
    again = play([case, load_case("toy-2030", KNOWN)], KNOWN, folder / "b")
    assert read(again) == read(played)


def test_playing_again_in_the_same_folder_changes_nothing(both):
    played, folder, case = both
    before = read(played)
    play([load_case("toy-2030", KNOWN), case], KNOWN, folder / "a")
    assert read(played) == before


def test_cases_that_cannot_be_one_night_are_refused(both, tmp_path):
    storm = load_case("toy-2030", KNOWN)
    for cases, code in (
        ([storm], "together.few"),
        ([storm, load_case("flood-2030", KNOWN)], "together.differ"),
        ([storm, storm], "together.twice"),
        ([storm, load_case("yagi-floods-2024", KNOWN)], "together.differ"),
    ):
        with pytest.raises(BadData) as told:
            play(cases, KNOWN, tmp_path / "x")
        assert told.value.problems[0].code == code
        assert told.value.problems[0].say("vi") != told.value.problems[0].say("en")
    assert not (tmp_path / "x").exists()
