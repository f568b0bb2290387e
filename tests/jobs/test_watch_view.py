"""The read model of a counted threat: what was known at an instant, and no more."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from haidang.base.errors import NotFound
from haidang.jobs.replay import Played, play
from haidang.jobs.watch_view import Watched, watched
from haidang.pack.case import load_case
from haidang.pack.load import Roots, roots
from haidang.watch.signal import State

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture(scope="module")
def known() -> Roots:
    return roots([TOY])


@pytest.fixture(scope="module")
def played(known: Roots, tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("desks") / "fever-2030"
    return play(load_case("fever-2030", known), known, folder)


def at(played: Played, known: Roots, *when: int) -> Watched:
    return watched(played.folder, datetime(*when, tzinfo=UTC) if when else None, known)  # type: ignore[misc]


def test_a_moment_sees_only_what_had_come_in(played: Played, known: Roots) -> None:
    early, late = at(played, known, 2030, 6, 12), at(played, known)
    cases = early.indicators["cases"]
    assert cases.newest == {"N": date(2030, 5, 1), "S": date(2030, 4, 1)}
    assert cases.heard is not None
    assert cases.heard < early.at
    assert late.receipt > early.receipt
    assert late.indicators["cases"].newest["N"] == date(2030, 12, 1)


def test_it_says_what_the_run_said(played: Played, known: Roots) -> None:
    """The most unusual place first; a place that did not report is no data and stands apart."""
    cases = at(played, known, 2030, 6, 12).indicators["cases"]
    assert [s.subject for s in cases.raised] == ["N"]
    assert cases.silent == ("S",)
    assert (cases.completeness("N"), cases.completeness("S")) == (1.0, 0.0)
    assert cases.signals["N"][-1].state is State.RAISED
    assert cases.found is not None
    newest = cases.found.sel(place="N").isel(time=-1)
    assert float(newest["value"]) == 24
    assert bool(newest["alarm"])


def test_an_epidemic_year_hides_no_other(played: Played, known: Roots) -> None:
    """2027 had 90 cases a month in N: with it in the baseline 24 would be nothing unusual."""
    found = at(played, known, 2030, 6, 12).indicators["cases"].found
    assert found is not None
    assert float(found.sel(place="N")["expected"].isel(time=-1)) == 13


def test_the_triangle_is_what_a_nowcast_takes(played: Played, known: Roots) -> None:
    table = at(played, known, 2030, 6, 12).triangle("cases")
    assert list(table.columns) == ["place", "start", "reported", "value"]
    assert table["start"].max() == "2030-05-01"
    assert table["reported"].max() == "2030-06-11"


def test_names_and_outlines_are_at_hand(played: Played, known: Roots) -> None:
    assert at(played, known).places["N"].name("fr") == "Pays-Jouet du Nord"


def test_before_anything_came_in_there_is_nothing(played: Played, known: Roots) -> None:
    nothing = at(played, known, 2029, 1, 1)
    assert nothing.heard is None
    assert nothing.indicators["cases"].found is None
    assert nothing.indicators["cases"].raised == ()


def test_a_track_is_not_counted(known: Roots, tmp_path: Path) -> None:
    other = play(load_case("toy-2030", known), known, tmp_path / "toy-2030")
    with pytest.raises(NotFound) as caught:
        watched(other.folder, None, known)
    assert [p.code for p in caught.value.problems] == ["desk.not_counted"]
