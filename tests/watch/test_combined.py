"""The combination: its evidence beside slow sums, its calibration, its bound."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

import haidang as hd
from haidang.base.errors import BadData
from haidang.watch import combine, simulate
from haidang.watch.detectors import combined, combined_fit
from haidang.watch.method import Reason
from watch import trial


def likelihood(y: float, mean: float, ratio: float) -> float:
    if ratio == 1:
        return float(stats.poisson.logpmf(y, mean))
    return float(stats.nbinom.logpmf(y, mean / (ratio - 1), 1 / ratio))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=3, max_size=3), st.floats(0.1, 30),
       st.sampled_from([1.0, 1.5, 4.0]), st.sampled_from([0.0, 0.02]))  # fmt: skip
def test_evidence_is_the_slow_sum(y, mean, phi, spread):
    counts, mu = np.array(y, float), mean * np.array([1.0, 1.1, 0.9])
    out = np.empty(6)
    combined.evidence(counts, mu, phi, spread, out)
    for weeks in range(3):
        s, m = counts[: weeks + 1].sum(), mu[: weeks + 1].sum()
        ratio = phi + m * spread
        size = m / (ratio - 1) if ratio > 1 else None
        law = stats.poisson(m) if size is None else stats.nbinom(size, 1 / ratio)
        p = law.sf(s) + law.pmf(s) / 2
        z = min(38.5, max(-3, stats.norm.isf(p)))
        # Below 1e-300 floats lose digits, and so does the other side of the comparison.
        assert out[weeks] == pytest.approx(z, rel=1e-3 if p < 1e-300 else 1e-5, abs=1e-6)
        each = []
        for k in (2, 4, 8):
            total = 0.0
            for lag in range(weeks + 1):
                ratio = phi + mu[lag] * spread
                more = mu[lag] + k * math.sqrt(phi * mu[lag]) * simulate.delays()[weeks - lag]
                total += likelihood(y[lag], more, ratio) - likelihood(y[lag], mu[lag], ratio)
            each.append(total)
        slow = math.log(sum(math.exp(v) for v in each) / 3)
        assert out[3 + weeks] == pytest.approx(max(-5, slow), rel=1e-6, abs=1e-6)


def test_a_week_that_was_not_reported_says_nothing():
    out, short = np.empty(6), np.empty(6)
    combined.evidence(np.array([9.0, np.nan, 3.0]), np.full(3, 4.0), 1.5, 0.01, out)
    combined.evidence(np.array([9.0, 3.0, 3.0]), np.full(3, 4.0), 1.5, 0.01, short)
    assert out[1] == out[0]
    assert out[0] == short[0]
    assert out[2] == short[1]  # the week before the last, then


def test_the_mean_is_the_penalised_optimum():
    rng = np.random.default_rng(4)
    n, year = 234, 52.0
    x = combined_fit.design(300, year, 2)
    u = (np.arange(n) - n / 2) / year
    y = np.full(300, np.nan)
    y[:n] = rng.poisson(np.exp(1 + 0.2 * u + 0.5 * x[:n, 2] - 0.3 * x[:n, 5]))
    y[[20, 21]] = np.nan
    w, held = combined_fit.room(n, 6), combined_fit.prior(2)
    found = combined_fit.fit(y, x, 0, 260, year, 1e9, held, w)
    design = np.column_stack([x[:n, 0], u, x[:n, 2:]])
    known = ~np.isnan(y[:n])

    def loss(b):
        eta = design[known] @ b
        return np.sum(np.exp(eta) - y[:n][known] * eta) + found.phi * np.sum(held * b**2) / 2

    best = optimize.minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(w.beta, best, atol=2e-4)
    mu = np.exp(design[known] @ w.beta)
    inner = (design[known].T * mu) @ design[known] / found.phi + np.diag(held)
    now = np.array([1, (260 - n / 2) / year, *x[260, 2:]])
    assert found.spread == pytest.approx(now @ np.linalg.solve(inner, now), rel=1e-3)
    pearson = np.sum((y[:n][known] - mu) ** 2 / mu) / (known.sum() - 6)
    assert found.phi == pytest.approx(max(1, pearson), rel=1e-6)


def test_a_past_outbreak_does_not_lift_the_mean():
    rng = np.random.default_rng(8)
    y = rng.poisson(6, (1, 624)).astype(float)
    hit = y.copy()
    hit[0, 400:404] += [40, 60, 40, 20]
    params = trial.settled("combined", {})
    at = np.arange(600, 624)
    clean, struck = (trial.judge("combined", c, at, params) for c in (y, hit))
    np.testing.assert_allclose(struck.extra["mean"], clean.extra["mean"], rtol=0.05)
    lifted = trial.judge("combined", hit, at, {**params, "weights_threshold": 1e9})
    assert lifted.extra["phi"].mean() > 1.5 * struck.extra["phi"].mean()


def table(weeks: int = 330) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    index = pd.date_range("2018-01-01", periods=weeks, freq="7D")
    return pd.DataFrame(rng.poisson(6.0, (weeks, 30)).astype(float), index=index).rename(
        columns=str
    )


def test_the_bound_is_the_last_count_that_does_not_alarm_and_remembers():
    data = table()
    plain = hd.detect(data, method="combined", last=1)
    data.iloc[-2] += 6
    after = hd.detect(data, method="combined", last=1)
    assert (after["upper"] < plain["upper"]).mean() > 0.8
    upper = after["upper"].squeeze().to_numpy()
    level = combine.learned().level(0.05)
    for step, alarms in ((0, False), (1, True)):
        data.iloc[-1] = upper + step
        found = hd.detect(data, method="combined", last=1)
        assert (found["alarm"] == alarms).all()
        assert ((found["p_value"] <= level) == alarms).all()
        np.testing.assert_array_equal(found["upper"].squeeze(), upper)


def test_fewer_cases_than_asked_for_give_no_alarm():
    data = table() * 0
    data.iloc[-1] = 4
    found = hd.detect(data, method="combined", last=1)
    assert (found["reason"] == "few_cases").all()
    assert not found["alarm"].any()
    data.iloc[-1] = 5
    assert hd.detect(data, method="combined", last=1)["alarm"].all()


def test_other_periods_are_refused_and_so_is_a_baseline_of_nothing():
    months = table(120).set_axis(pd.date_range("2010-01-01", periods=120, freq="MS"))
    with pytest.raises(BadData, match="weekly counts"):
        hd.detect(months, method="combined")
    with pytest.raises(BadData, match="half a year"):
        hd.detect(table(), method="combined", years_back=1, exclude_recent=40)


def test_what_was_learned_is_in_order():
    known = combine.learned()
    assert (known.weights >= 0).all()
    assert known.weights.sum() > 0
    assert (np.diff(known.score) > 0).all()
    assert (np.diff(known.log_p) < 0).all()
    assert set(known.made["sets"]) == {1, 2, 3, 4}
    assert known.level(0.05) == pytest.approx(known.rate[known.alpha == 0.05].item())
    levels = [known.level(a) for a in (1e-6, 1e-4, 0.003, 0.01, 0.05, 0.3)]
    assert levels == sorted(levels)


def test_the_tail_goes_on_beyond_the_table():
    score, log_p = np.array([0.0, 1.0, 2.0, 3.0]), np.log([0.5, 0.1, 0.01, 0.001])
    assert combine.log_probability(-1.0, score, log_p) == 0
    assert combine.log_probability(1.5, score, log_p) == pytest.approx(
        math.log(0.1) / 1 - math.log(10) / 2
    )
    assert combine.log_probability(5.0, score, log_p) == pytest.approx(math.log(1e-5))


def test_it_alarms_as_often_as_is_said_and_finds_more_than_the_flexible_farrington():
    """One judged scenario in small: the whole of it is in ``docs/reference/scenarios.md``."""
    scenario = next(s for s in simulate.SCENARIOS if s.name == "5-trend-1")
    made = trial.sample(scenario, 60, 12, sizes=(4,))
    ours = trial.judge("combined", made.quiet, trial.TESTED, trial.settled("combined", {}))
    assert 0.02 < ours.alarm.mean() < 0.07
    assert not np.isin(ours.reason, (Reason.NO_FIT, Reason.HISTORY)).any()
    counts = made.base + made.outbreaks[4].cases
    hits = {}
    for name in ("combined", "farrington_flexible"):
        found = trial.judge(name, counts, trial.TESTED, trial.settled(name, {}))
        hits[name] = simulate.detected(found.alarm, made.outbreaks[4], trial.TESTED)[0].mean()
    assert hits["combined"] > hits["farrington_flexible"]
