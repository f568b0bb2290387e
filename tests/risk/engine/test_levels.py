"""Sums to any level of places, and across a merger."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from haidang.base.place import Gazetteer, Place, Succession
from haidang.pack.load import load_country, roots
from haidang.risk.engine.levels import above, rolled_up

OLD, MERGED = date(2000, 1, 1), date(2025, 7, 1)
BEFORE, AFTER = date(2024, 1, 1), date(2026, 1, 1)


def place(code, kind, parent, start=OLD, end=None):
    return Place(code, kind, {"en": code}, parent, start, end)


GAZETTEER = Gazetteer(
    [
        place("N", "nation", None),
        place("1", "province", "N", OLD, MERGED),
        place("2", "province", "N", OLD, MERGED),
        place("3", "province", "N", OLD, MERGED),
        place("1", "province", "N", MERGED),  # the old code, a larger place
        place("4", "province", "N", MERGED),
        place("a", "commune", "1", OLD, MERGED),
        place("b", "commune", "2", OLD, MERGED),
        place("c", "commune", "3", OLD, MERGED),
        place("x", "commune", "1", MERGED),
    ],
    [
        Succession("province", "1", OLD, "1", MERGED),
        Succession("province", "2", OLD, "1", MERGED),
        Succession("province", "3", OLD, "1", MERGED),
        Succession("province", "3", OLD, "4", MERGED),
        Succession("commune", "a", OLD, "x", MERGED),
    ],
)


def test_up_the_levels_on_one_day():
    found, problems = above(GAZETTEER, ["a", "b", "c"], "commune", BEFORE, "province")
    assert found == {"a": "1", "b": "2", "c": "3"}
    assert problems == ()
    found, _ = above(GAZETTEER, ["a", "b", "c"], "commune", BEFORE, "nation")
    assert set(found.values()) == {"N"}


def test_old_codes_across_a_merger_and_what_cannot_be_shared_out():
    found, problems = above(GAZETTEER, ["a", "b", "c", "zz"], "commune", BEFORE, "province", AFTER)
    # a by its own successor, b by its old province's, c went to two, zz never was.
    assert found == {"a": "1", "b": "1"}
    assert [(p.code, p.params["code"]) for p in problems] == [
        ("impact.place_split", "c"), ("impact.place_unknown", "zz"),
    ]  # fmt: skip
    figures = pd.Series([1.0, 2.0, 4.0, 8.0, 16.0], ["a", "b", "c", "zz", ""], name="people")
    sums = rolled_up(figures, found)
    assert sums.to_dict() == {"": 28.0, "1": 3.0}
    assert sums.sum() == figures.sum()
    figures["a"] = np.nan
    assert np.isnan(rolled_up(figures, found)["1"])
    with pytest.raises(ValueError, match="is before"):
        above(GAZETTEER, ["x"], "commune", AFTER, "province", BEFORE)


def test_provinces_of_a_real_country():
    where = roots()
    country = load_country(next(iter(where.countries.values())), where.threats)
    old, new = date(2024, 9, 7), date(2026, 1, 1)
    codes = [p.code for p in country.places.gazetteer.at(old, "province")]
    found, problems = above(country.places.gazetteer, codes, "province", old, "province", new)
    assert problems == ()
    assert len(found) == 63
    assert len(set(found.values())) == 34
    sums = rolled_up(pd.Series(np.ones(len(codes)), codes), found)
    assert sums.sum() == 63
