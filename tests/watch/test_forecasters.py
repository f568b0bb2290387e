"""The compiled recursions against slow obvious twins, and the parts of the pooled models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import haidang as hd
from haidang.watch.forecasters import ensemble, ets_fit, lagged_regression, season, theta
from haidang.watch.quality import populations
from haidang.watch.quantile import between, of_rows, wis
from haidang.watch.transform import TRANSFORMS, forward, inverse


def series(seed: int, n: int = 40, gaps: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y = 5 + np.cumsum(rng.normal(0, 0.3, n)) + rng.normal(0, 0.5, n)
    y[rng.integers(1, n - 1, gaps)] = np.nan
    return y


def slow_ets(y, level, slope, first, trend, theta_):
    """Textbook recursion from a given state; errors where something was reported."""
    alpha, beta, phi, gamma = theta_
    waves, errors = list(first), []
    for t, value in enumerate(y):
        wave = waves[t] if first else 0.0
        mean = level + phi * slope + wave
        e = 0.0 if np.isnan(value) else value - mean
        errors.append(e)
        level, slope = level + phi * slope + alpha * e, phi * slope + beta * e
        if first:
            waves.append(wave + gamma * e)
    return np.sum(np.square(errors)), level, slope, waves[len(y) :] if first else []


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([0, 1, 2]), st.booleans())
def test_the_initial_state_is_the_best_one_and_the_recursion_that_of_the_book(seed, trend, wavy):
    rng = np.random.default_rng(seed)
    y = series(seed)
    first = rng.normal(0, 1, 6) if wavy else np.zeros(6)
    alpha = rng.uniform(0.05, 0.9)
    params = np.array([
        alpha, rng.uniform(0, alpha) if trend else 0.0, (0, 1, 0.9)[trend],
        rng.uniform(0, 1 - alpha) if wavy else 0.0,
    ])  # fmt: skip
    state, out = np.empty(2), np.empty((3, len(y) + 6))
    if wavy:
        found = ets_fit.with_season(y, first, trend, params, state, out)
    else:
        found = ets_fit.without_season(y, trend, params, state)
    # The sum of squares is quadratic in the state: its least value by ordinary least squares.
    starts = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)][: 3 if trend else 2]

    def errors(level, slope):
        alpha_, beta, phi, gamma = params
        waves, rows = [*first], []
        for t, value in enumerate(y):
            mean = level + phi * slope + (waves[t] if wavy else 0.0)
            e = 0.0 if np.isnan(value) else value - mean
            rows.append(e)
            level, slope = level + phi * slope + alpha_ * e, phi * slope + beta * e
            waves.append(waves[t] + gamma * e)
        return np.array(rows)

    zero = errors(0.0, 0.0)
    effect = np.stack([errors(*s) - zero for s in starts[1:]], axis=1)
    best, *_ = np.linalg.lstsq(effect, -zero, rcond=None)
    level, slope = best[0], best[1] if trend else 0.0
    want, last_level, last_slope, waves = slow_ets(
        y, level, slope, [*first] if wavy else [], trend, params
    )
    assert found == pytest.approx(want, rel=1e-6, abs=1e-8)
    assert state == pytest.approx([last_level, last_slope], rel=1e-4, abs=1e-4)
    if wavy:
        np.testing.assert_allclose(out[0, len(y) :], waves[-6:], rtol=1e-4, atol=1e-4)


def test_the_search_is_as_good_as_a_fine_grid():
    y = series(7, n=120)
    params, state, out = np.empty(4), np.empty(2), np.empty((3, 121))
    found = ets_fit.search(y, np.zeros(1), 0, ets_fit.NONE, params, state, out)
    grid = [
        ets_fit.without_season(y, 0, np.array([a, 0.0, 0.0, 0.0]), state)
        for a in np.linspace(0.001, 0.999, 400)
    ]
    assert found <= min(grid) * 1.0005
    damped = ets_fit.search(y, np.zeros(1), 0, ets_fit.DAMPED, params, state, out)
    assert damped <= found * 1.01


def slow_theta(y, alpha, th, dynamic, ahead):
    """Fiorucci et al. 2016, equations 13 to 18, one series without gaps, the level searched for."""
    n = len(y)
    t = np.arange(1, n + 1)
    slope_, intercept_ = np.polyfit(t, y, 1)

    def run(level):
        values, errors, mean = list(y), [], []
        a, b = (0.0, 0.0) if dynamic else (intercept_, slope_)
        average = 0.0
        for i in range(1, n + ahead + 1):
            mu = level + (1 - 1 / th) * (
                (1 - alpha) ** (i - 1) * a + (1 - (1 - alpha) ** i) / alpha * b
            )
            here = values[i - 1] if i <= n else mu
            (errors if i <= n else mean).append(here - mu if i <= n else mu)
            level = alpha * here + (1 - alpha) * level
            if dynamic:
                if i > 1:
                    b = ((i - 2) * b + 6 / i * (here - average)) / (i + 1)
                average = ((i - 1) * average + here) / i
                a = average - (i + 1) / 2 * b
        return np.array(errors), np.array(mean)

    zero, one = run(0.0)[0], run(1.0)[0]
    effect = one - zero
    level = -(effect @ zero) / (effect @ effect)
    errors, mean = run(level)
    return np.sum(errors**2), mean


@settings(max_examples=20)
@given(
    st.integers(0, 10_000), st.floats(0.05, 0.95), st.sampled_from([1.0, 2.0, 4.0]), st.booleans()
)
def test_theta_is_that_of_the_paper(seed, alpha, th, dynamic):
    y = series(seed, gaps=0)
    mean = np.empty(3)
    found = theta._run(y, alpha, th, theta._line(y), dynamic, mean)
    want, ahead = slow_theta(y, alpha, th, dynamic, 3)
    assert found == pytest.approx(want, rel=1e-6)
    np.testing.assert_allclose(mean, ahead, rtol=1e-6)


def test_theta_of_two_on_a_straight_line_goes_on_with_half_its_slope():
    """Hyndman and Billah 2003: exponential smoothing with half the slope of the line as drift."""
    y = pd.DataFrame({"a": 10 + 3.0 * np.arange(60)}, index=range(1, 61))
    found = hd.forecast(y, model="theta", kind="standard", transform="none", season="none")
    step = np.diff(found["forecast"].sel(quantile=0.5).to_numpy()[0, 0])
    assert np.allclose(step, 1.5, atol=0.51)  # rounded to whole counts


def test_a_season_is_found_where_there_is_one_and_only_there():
    rng = np.random.default_rng(2)
    t = np.arange(156)
    wave = np.sin(2 * np.pi * t / 52)
    y = np.stack([wave + rng.normal(0, 0.3, 156), rng.normal(0, 1, 156)])
    found, worth = season.shape(y, 52, 4)
    assert worth.tolist() == [True, False]
    np.testing.assert_allclose(found[0], np.sin(2 * np.pi * np.arange(160) / 52), atol=0.25)
    assert not season.shape(y[:, :90], 52, 0)[1].any()


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_scale_leads_back(transform):
    counts = np.array([0.0, 1.0, 7.5, 1e6])
    np.testing.assert_allclose(inverse(forward(counts, transform), transform), counts)


def test_quantiles_of_rows_are_those_of_the_library():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(20, 15))
    values[rng.random(values.shape) < 0.3] = np.nan
    levels = np.array([0.0, 0.1, 0.5, 0.99])
    np.testing.assert_allclose(of_rows(values, levels), np.nanquantile(values, levels, axis=1).T)
    assert between(np.array([1.0, 3.0]), np.array([0.4, 0.6]), 0.5) == 2.0


def test_weights_go_to_the_member_that_was_right():
    levels = np.array([0.25, 0.5, 0.75])
    said = np.zeros((2, 6, 3, 2, 3))
    said[0] += [9.0, 10.0, 11.0]
    said[1] += [19.0, 20.0, 21.0]
    past = ensemble._Past(said, np.full((6, 3, 2), 10.0))
    weight = ensemble._weights(past, levels, 1.0, 20.0)
    assert (weight[0] > 0.9).all()
    np.testing.assert_allclose(weight.sum(axis=0), 1)
    alike = ensemble._weights(past, levels, 0.0, 20.0)
    np.testing.assert_allclose(alike, 0.5)
    nothing = ensemble._Past(said, np.full((6, 3, 2), np.nan))
    np.testing.assert_allclose(ensemble._weights(nothing, levels, 1.0, 20.0), 0.5)


def test_the_ensemble_widens_what_was_too_narrow():
    from haidang.watch.calendar import Calendar
    from haidang.watch.forecaster import ForecastTask

    rng = np.random.default_rng(1)
    levels = np.linspace(0.05, 0.95, 19)
    truth = np.exp(4 + 0.5 * rng.normal(size=(12, 40, 1)))
    narrow = np.exp(4 + 0.1 * np.quantile(rng.normal(size=4000), levels))
    then = np.broadcast_to(narrow, (12, 40, 1, 19))
    task = ForecastTask(np.full((40, 1), 1.5), Calendar("week", "rows", 1), 1, levels)
    assert ensemble._factor(then, truth, task, 0.0)[0] > 2
    assert 1 < ensemble._factor(then, truth, task, 12.0)[0] < 2


def test_what_a_covariate_says_is_used():
    """Cases follow rain two months before; with the rain the forecast is better."""
    rng = np.random.default_rng(6)
    n, places = 100, 4
    months = pd.date_range("2010-01-01", periods=n, freq="MS")
    rain = rng.normal(0, 1, (n, places))
    mean = np.exp(3 + 0.8 * np.vstack([np.zeros((2, places)), rain[:-2]]))
    names = [f"p{i}" for i in range(places)]
    counts = pd.DataFrame(rng.poisson(mean), index=months, columns=names)
    water = pd.DataFrame(rain, index=months, columns=names)
    score = {}
    for name, beside in (("with", {"rain": water}), ("without", None)):
        tried = hd.backtest(counts, 2, ["lagged_regression"], origins=12, covariates=beside)
        score[name] = tried.summary.set_index("model").loc["lagged_regression", "wis"]
    assert score["with"] < 0.7 * score["without"]


def test_a_covariate_without_numbers_changes_nothing():
    data = pd.DataFrame(
        np.random.default_rng(1).poisson(9, (60, 2)).astype(float),
        index=pd.date_range("2019-01-01", periods=60, freq="MS"), columns=["a", "b"],
    )  # fmt: skip
    empty = data * 0 + 7.0
    plain = hd.forecast(data, model="lagged_regression")
    beside = hd.forecast(data, model="lagged_regression", covariates={"flat": empty})
    np.testing.assert_allclose(plain["forecast"], beside["forecast"], atol=1)
    assert lagged_regression.LAGGED_REGRESSION.pooled


def test_a_population_in_the_wrong_unit_is_named_and_not_used():
    people = np.array([[8e5], [1.2e6], [9e5], [2.1e6], [6e5], [1437.0], [1e6], [3e6], [3.1e5]])
    names = [f"p{i}" for i in range(len(people))]
    found, problems = populations(people, names)
    assert [p.params["place"] for p in problems] == ["p5"]
    assert np.isnan(found[5, 0])
    assert np.isfinite(np.delete(found, 5)).all()
    # A small island among towns is small, not in another unit.
    island = np.array([[8e4], [6e3], [9e4], [2.1e5], [6e4], [500.0], [1e4], [3e4], [3.1e4]])
    assert populations(island, names)[1] == ()


def test_two_provinces_of_the_real_table_stand_in_the_wrong_unit(shared):
    table = pd.read_csv(shared / "data" / "dengue" / "chap_vietnam_monthly.csv")
    people = table.groupby("location")["population"].first()
    _, problems = populations(people.to_numpy()[:, None], list(people.index))
    assert {p.params["place"] for p in problems} == {"QUANG NINH", "KHANH HOA"}


def test_the_score_is_the_one_of_the_paper():
    """Bracher et al. 2021, equation 1, by hand for one interval."""
    levels = np.array([0.25, 0.5, 0.75])
    said, came = np.array([[1.0, 2.0, 5.0]]), np.array([7.0])
    interval = (5 - 1) + 2 / 0.5 * (7 - 5)
    assert wis(said, levels, came)[0] == pytest.approx((0.5 * 5 + 0.25 * interval) / 1.5)
