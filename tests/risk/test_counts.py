"""The position of a count among past years: by hand, by a slow twin, and at its edges."""

from __future__ import annotations

import math
import statistics
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.risk.counts import position, same_periods, year_of

PAST = {2020: 10.0, 2021: 12.0, 2022: 14.0, 2023: 90.0, 2024: 16.0}


def test_by_hand() -> None:
    """10, 12, 14, 16: mean 13; squares 9 + 1 + 1 + 9 = 20; 20 / 3 = 6.667; root 2.582."""
    found = position(18, PAST, 2025, epidemic={2023})
    assert found is not None
    assert found.years == (2020, 2021, 2022, 2024)
    assert found.left_out == (2023,)
    assert found.mean == 13
    assert found.sd == pytest.approx(2.5819889, rel=1e-7)
    assert found.sd_above_mean == pytest.approx(5 / 2.5819889, rel=1e-7)
    assert found.bound(2) == pytest.approx(18.1639778, rel=1e-7)


def test_an_epidemic_year_that_is_left_in_hides_the_next_one() -> None:
    kept, dropped = position(30, PAST, 2025), position(30, PAST, 2025, epidemic={2023})
    assert kept is not None
    assert dropped is not None
    assert kept.sd_above_mean < 1
    assert dropped.sd_above_mean > 6


def test_years_outside_the_window_say_nothing() -> None:
    told = {**PAST, 2019: 1e6, 2025: 1e6, 2026: 1e6}
    assert position(18, told, 2025) == position(18, PAST, 2025)


@pytest.mark.parametrize("value", [math.nan])
def test_a_missing_count_has_no_position(value: float) -> None:
    assert position(value, PAST, 2025) is None


def test_too_few_years_say_nothing() -> None:
    assert position(18, {2023: 1.0, 2024: math.nan}, 2025) is None
    assert position(18, {2023: 1.0, 2024: 2.0}, 2025, least=3) is None
    found = position(18, {2023: 1.0, 2024: 2.0}, 2025)
    assert found is not None
    assert found.missing == (2020, 2021, 2022)


@pytest.mark.parametrize(("value", "sign"), [(0, -1.0), (3, 0.0), (4, 1.0)])
def test_years_that_are_all_alike_give_no_multiple(value: float, sign: float) -> None:
    found = position(value, dict.fromkeys(range(2020, 2025), 3.0), 2025)
    assert found is not None
    assert (found.spread, found.sd_above_mean) == ("none", sign)


counts = st.floats(0, 1e6, allow_nan=False)


@given(counts, st.dictionaries(st.integers(2020, 2024), counts, min_size=2))
def test_as_the_library_computes_it(value: float, past: dict[int, float]) -> None:
    found = position(value, past, 2025)
    assert found is not None
    assert found.mean == pytest.approx(statistics.fmean(past.values()), abs=1e-6)
    assert found.sd == pytest.approx(statistics.stdev(past.values()), rel=1e-6, abs=1e-6)


def test_the_same_week_is_the_iso_week_of_that_number() -> None:
    weeks = {date.fromisocalendar(y, w, 1): float(y) for y in range(2015, 2021) for w in (1, 52)}
    weeks[date.fromisocalendar(2015, 53, 1)] = 53.0
    of = same_periods(weeks, date.fromisocalendar(2021, 1, 1), "week", 5)
    assert of == {y: float(y) for y in range(2016, 2021)}
    # Of the five years before 2020 only 2015 has a week 53.
    assert same_periods(weeks, date.fromisocalendar(2020, 53, 1), "week", 5) == {2015: 53.0}
    assert year_of(date(2024, 12, 30), "week") == 2025  # Monday of week 1


def test_the_same_month_of_the_years_before() -> None:
    months = {date(y, m, 1): y * 100.0 + m for y in range(2018, 2025) for m in (1, 2)}
    found = same_periods(months, date(2024, 2, 1), "month", 3)
    assert found == {2021: 202102.0, 2022: 202202.0, 2023: 202302.0}
