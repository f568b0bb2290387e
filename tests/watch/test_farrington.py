"""Farrington's detectors beside a slow obvious twin, and where there is little to go by."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haidang.watch.calendar import Calendar
from haidang.watch.detectors import farrington
from haidang.watch.detectors.farrington import FLEXIBLE, ORIGINAL, baseline
from haidang.watch.method import Found, Reason, Task

ROWS = Calendar("week", "rows", 330)


def judge(y, *, calendar=ROWS, at=(329,), method=FLEXIBLE, population=None, **params) -> Found:
    counts = np.ascontiguousarray(np.atleast_2d(np.asarray(y, np.float64)))
    chosen, wrong = method.settle(params, calendar)
    assert not wrong
    return method.kernel(Task(counts, np.asarray(at), calendar, population), chosen)


def twin(y, t, years=5, half=3, seasons=10, exclude=26, people=None, with_trend=True):
    """The first fit and the reweighted one with a full design matrix and a general solver."""
    season = np.full(len(y), -1)
    for i in range(years, -1, -1):
        here = t - 52 * i
        season[max(0, here - half) : here + (half + 1 if i else 1)] = 0
        if i:
            gap = np.arange(here + half + 1, here + 52 - half)
            blocks = np.array_split(gap, seasons - 1)
            for s, block in enumerate(blocks, 1):
                season[block] = s
    use = (season >= 0) & (np.arange(len(y)) < t - exclude) & ~np.isnan(y)
    rows = np.flatnonzero(use)
    x = (season[rows][:, None] == np.arange(seasons)).astype(float)
    if with_trend:
        x = np.column_stack([x, rows - t])
    counts = y[rows]
    offset = np.zeros(len(rows)) if people is None else np.log(people[rows])

    def solve(weight):
        eta = np.log(counts + 0.1)
        mu = counts + 0.1
        before = np.inf
        while True:
            w = weight * mu
            z = eta - offset + (counts - mu) / mu
            coef = np.linalg.lstsq(x * np.sqrt(w)[:, None], z * np.sqrt(w), rcond=None)[0]
            eta = x @ coef + offset
            mu = np.exp(eta)
            log = np.log(np.where(counts > 0, counts, 1) / mu)
            deviance = 2 * (weight * (counts * log - (counts - mu))).sum()
            if abs(deviance - before) < 1e-8 * (abs(deviance) + 0.1):
                break
            before = deviance
        hat = np.einsum("ij,jk,ik->i", x, np.linalg.inv(x.T @ (w[:, None] * x)), x) * w
        phi = max(1, (w * ((counts - mu) / mu) ** 2).sum() / (len(rows) - x.shape[1]))
        return coef, mu, hat, phi

    _, mu, hat, phi = solve(np.ones(len(rows)))
    size = 1.5 * (counts ** (2 / 3) * mu ** (-1 / 6) - mu**0.5) / np.sqrt(phi * (1 - hat))
    weight = np.where(size > 2.58, 1 / np.maximum(size, 1e-9) ** 2, 1.0)
    coef, _, _, phi = solve(weight * len(rows) / weight.sum())
    return np.exp(coef[0] + (0 if people is None else np.log(people[t]))), phi, coef[-1]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 200), st.sampled_from([0.0, 0.15]), st.booleans())
def test_the_structured_fit_is_the_general_one(seed, level, missing, offset):
    rng = np.random.default_rng(seed)
    t = np.arange(330)
    people = 1000 + 5.0 * t if offset else None
    mu = (
        level * np.exp(0.4 * np.cos(t / 8.3) + 0.001 * t) * (1 if people is None else people / 1000)
    )
    y = rng.negative_binomial(mu, 0.5).astype(float)
    y[250:254] += round(5 * level)
    y[rng.random(330) < missing] = np.nan
    y[329] = 3
    if any(not np.nansum(y[k::52]) for k in range(52)):
        return  # a season without a case has no finite optimum to compare
    found = judge(y, population=None if people is None else people[None], min_cases=(0, 4))
    if np.isnan(found.extra["trend"][0, 0]):
        mean, phi, _ = twin(y, 329, people=people, with_trend=False)
    else:
        mean, phi, trend = twin(y, 329, people=people)
        assert found.extra["trend"][0, 0] == pytest.approx(trend, rel=1e-6, abs=1e-10)
    assert found.expected[0, 0] == pytest.approx(mean, rel=1e-6)
    assert found.extra["phi"][0, 0] == pytest.approx(phi, rel=1e-6)


def test_seasons_of_a_year_are_cut_as_described():
    runs = baseline(ROWS, 320, 1, 3, 10, 26, now=True)
    assert runs[0] == (265, 272, 0)
    # 45 weeks between the windows in nine blocks of five; the newest 26 weeks and this one out.
    assert runs[1:4] == [(272, 277, 1), (277, 282, 2), (282, 287, 3)]
    assert max(b for _, b, _ in runs) == 294
    uneven = baseline(ROWS, 320, 1, 2, 10, 0, now=True)
    assert [b - a for a, b, s in uneven if s] == [6, 6, 5, 5, 5, 5, 5, 5, 5]


def test_a_calendar_year_of_53_weeks_gives_the_first_season_the_week_more():
    calendar = Calendar("week", "calendar", 200, date(2017, 12, 4))
    row = (date(2021, 3, 1) - date(2017, 12, 4)).days // 7
    at = calendar.reference(row, 3).tolist()
    assert np.diff(at).tolist() == [53, 52, 52]
    runs = baseline(calendar, row, 3, 3, 10, 0, now=True)
    sizes = [[b - a for a, b, s in runs if s and lo < a < hi] for lo, hi in pairwise(at)]
    assert sizes == [[6, *[5] * 8], [5] * 9, [5] * 9]


def test_a_season_cannot_be_longer_than_the_year():
    _, wrong = FLEXIBLE.settle({"half_window": 25}, ROWS)
    assert [p.code for p in wrong] == ["watch.param_windows"]
    month = Calendar("month", "calendar", 100, date(2016, 1, 1))
    _, wrong = FLEXIBLE.settle({"half_window": 2}, month)
    assert [p.code for p in wrong] == ["watch.param_windows"]


def test_months_have_defaults_that_fit_into_a_year():
    month = Calendar("month", "calendar", 100, date(2016, 1, 1))
    chosen, wrong = FLEXIBLE.settle({}, month)
    assert not wrong
    assert (chosen["half_window"], chosen["n_seasons"], chosen["exclude_recent"]) == (1, 10, 6)
    assert FLEXIBLE.settle({}, ROWS)[0]["half_window"] == 3
    assert FLEXIBLE.settle({"half_window": 0, "exclude_recent": 2}, month)[0]["half_window"] == 0


def test_months_and_days_can_be_judged():
    rng = np.random.default_rng(2)
    month = Calendar("month", "calendar", 80, date(2016, 1, 1))
    y = rng.poisson(20, 80).astype(float)
    y[-1] = 60
    found = judge(
        y, calendar=month, at=(78, 79), half_window=1, n_seasons=4, exclude_recent=3
    )  # fmt: skip
    assert found.alarm.tolist() == [[False, True]]
    days = Calendar("day", "calendar", 365 * 4, date(2020, 1, 1))
    y = rng.poisson(5, days.rows).astype(float)
    y[-1] = 20
    found = judge(y, calendar=days, at=(days.rows - 2, days.rows - 1), years_back=3)
    assert found.alarm.tolist() == [[False, True]]
    assert 4 < found.expected[0, 0] < 6


def test_an_outbreak_in_the_baseline_does_not_hide_the_next():
    rng = np.random.default_rng(3)
    y = rng.poisson(10, 330).astype(float)
    y[329 - 52 - 2 : 329 - 52 + 3] += 60
    y[329] = 22
    assert judge(y).alarm[0, 0]
    assert not judge(y, reweight=False).alarm[0, 0]


@pytest.mark.parametrize("method", [FLEXIBLE, ORIGINAL])
def test_too_little_history_says_so(method):
    y = np.full(330, 5.0)
    known = judge(y, at=(262, 263, 329), method=method)
    assert known.reason.tolist() == [[Reason.HISTORY, Reason.NONE, Reason.NONE]]
    late = y.copy()
    late[:200] = np.nan
    assert judge(late, method=method).reason[0, 0] == Reason.HISTORY
    assert not judge(late, method=method).alarm[0, 0]
    y[329] = np.nan
    assert judge(y, method=method).reason[0, 0] == Reason.MISSING


@pytest.mark.parametrize("threshold", ["delta", "nb_plugin", "muan"])
def test_after_years_of_nothing_a_cluster_alarms_and_nothing_does_not(threshold):
    y = np.zeros(330)
    quiet = judge(y, threshold=threshold)
    assert quiet.reason[0, 0] == Reason.FEW_CASES
    assert not quiet.alarm[0, 0]
    y[327:330] = (1, 2, 3)
    found = judge(y, threshold=threshold)
    assert found.reason[0, 0] == Reason.ALL_ZERO
    assert found.alarm[0, 0]
    assert found.upper[0, 0] == 0
    assert found.p_value[0, 0] < 1e-4


def test_a_season_without_a_case_alarms_when_cases_come():
    y = np.zeros(330)
    for k in range(6):
        y[329 - 52 * k - 26 : 329 - 52 * k - 10] = 4
    y[303:330] = 0
    y[327:330] = 3
    found = judge(y)
    assert found.reason[0, 0] == Reason.NONE
    assert found.alarm[0, 0]
    assert found.extra["mean"][0, 0] < 1e-6


def test_a_billion_is_an_alarm_and_a_baseline_of_billions_is_none():
    rng = np.random.default_rng(5)
    y = rng.poisson(4, 330).astype(float)
    y[329] = 1e9
    found = judge(y)
    assert found.alarm[0, 0]
    assert found.expected[0, 0] < 10
    y[100] = 1e9
    y[329] = 5
    found = judge(y)
    assert found.reason[0, 0] == Reason.NONE
    assert np.isfinite(found.upper[0, 0])
    large = rng.poisson(1e9, 330).astype(float)
    found = judge(large)
    assert found.expected[0, 0] == pytest.approx(1e9, rel=1e-3)
    assert not found.alarm[0, 0]


def test_a_bound_below_the_mean_never_hides_a_count_above_it():
    """Very rare cases with a large dispersion: the quantile is 0, the mean is not."""
    rng = np.random.default_rng(11)
    seen = 0
    for _ in range(300):
        y = np.zeros(330)
        y[rng.integers(0, 300, 3)] = rng.integers(1, 8, 3)
        y[326:330] = (2, 2, 1, 1)
        found = judge(y)
        upper, mean = found.upper[0, 0], found.extra["mean"][0, 0]
        assert found.alarm[0, 0] == (y[329] > upper)
        assert (found.score[0, 0] > 1) == found.alarm[0, 0]
        seen += upper < mean
    assert seen > 0


def test_what_lies_above_the_bound_and_not_above_the_mean_is_no_alarm():
    assert (
        farrington._score.py_func(9.0, 1063.0, 0.0)
        < 1
        < farrington._score.py_func(1064.0, 1063.0, 0.0)
    )
    assert farrington._score.py_func(6.0, 2.0, 6.0) == 1.0


def test_chunks_change_nothing():
    rng = np.random.default_rng(8)
    y = rng.poisson(rng.uniform(0.2, 30, (12, 1)), (12, 330)).astype(float)
    whole = judge(y, at=range(300, 330))
    for i in range(12):
        alone = judge(y[i], at=range(300, 330))
        for name in ("expected", "upper", "score", "p_value", "alarm", "reason"):
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(whole, name)[i])


def test_few_cases_have_no_bound_unless_a_recent_week_was_not_reported():
    y = np.zeros(330)
    y[::9] = 1
    y[325:330] = (0, 0, 0, 0, 4)
    few = judge(y)
    assert few.reason[0, 0] == Reason.FEW_CASES
    assert np.isnan(few.upper[0, 0])
    assert not few.alarm[0, 0]
    assert few.extra["mean"][0, 0] < 0.5
    y[327] = np.nan
    unknown = judge(y)
    assert unknown.reason[0, 0] == Reason.NONE
    assert unknown.alarm[0, 0]
