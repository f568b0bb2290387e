"""Who leads among the hazards of a place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from haidang.warn.inhibit import Hazard, ranked

T0 = datetime(2030, 6, 1, tzinfo=UTC)


def hazard(name: str, level: int, hours: float = 0, *, lost: bool = False) -> Hazard:
    return Hazard(name, name, level, T0 + timedelta(hours=hours), lost=lost)


def names(*hazards: Hazard) -> list[str]:
    return [h.threat for h in ranked(hazards)]


def test_the_highest_leads_then_the_one_that_stands_longest_then_by_name():
    assert names(hazard("a", 2), hazard("b", 3, 5), hazard("c", 3, 1)) == ["c", "b", "a"]
    assert names(hazard("b", 3), hazard("a", 3)) == ["a", "b"]


def test_of_equal_levels_one_that_is_lost_speaks_last():
    assert names(hazard("a", 3, lost=True), hazard("b", 3, 9)) == ["b", "a"]
    # It still is the highest level where it is alone with it: nothing is forgotten.
    assert names(hazard("a", 4, lost=True), hazard("b", 3)) == ["a", "b"]
