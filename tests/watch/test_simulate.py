"""The simulated series have the moments that the paper says."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from haidang.watch import simulate


def test_there_are_42_scenarios_of_seven_sets(shared):
    assert len(simulate.SCENARIOS) == 42
    assert len({s.name for s in simulate.SCENARIOS}) == 42
    with (shared / "data" / "noufaily" / "scenarios.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            mine = [s for s in simulate.SCENARIOS if s.set == int(row["set"])]
            assert len(mine) == 6
            assert {s.beta for s in mine} == {0.0, float(row["beta"])}
            for s in mine:
                told = (row["theta"], row["gamma1"], row["gamma2"], row["phi"])
                assert (s.theta, s.gamma1, s.gamma2, s.phi) == tuple(map(float, told))


def test_the_mean_by_hand():
    flat, *_, both = [s for s in simulate.SCENARIOS if s.set == 1]
    np.testing.assert_allclose(flat.mean(), math.exp(0.1))
    # Week 13 is a quarter of a year: cos 0, sin 1; for the second pair cos −1, sin 0.
    assert both.mean()[12] == pytest.approx(math.exp(0.1 + 0.0025 * 13 + 0.6 - 0.6))
    assert both.mean()[51] == pytest.approx(math.exp(0.1 + 0.0025 * 52 + 0.6 + 0.6))


@pytest.mark.parametrize("scenario", simulate.SCENARIOS[::5], ids=lambda s: s.name)
def test_counts_have_their_mean_and_variance(scenario):
    n = 4000
    y = simulate.counts(scenario, n, np.random.default_rng(1))[:, ::12]
    mu = scenario.mean()[::12]
    error = np.sqrt(scenario.phi * mu / n)
    assert np.abs((y.mean(axis=0) - mu) / error).max() < 4.5
    ratio = (((y - mu) ** 2).mean(axis=0) / mu).mean()
    assert ratio == pytest.approx(scenario.phi, rel=0.05)


def test_outbreaks_have_their_size_and_spread():
    scenario, k, n = simulate.SCENARIOS[20], 5, 20_000
    found = simulate.outbreaks(scenario, k, n, (100, 101), np.random.default_rng(2))
    sd = math.sqrt(scenario.phi * scenario.mean()[100])
    size = found.cases.sum(axis=1)
    assert size.mean() == pytest.approx(k * sd, rel=0.02)
    assert size.var() == pytest.approx(k * sd, rel=0.05)  # a Poisson number
    share = found.cases.sum(axis=0)[100:104] / found.cases.sum()
    # floor of a lognormal(0, 0.5): below 1 half of them, below 2 Φ(log 2 / 0.5).
    np.testing.assert_allclose(share, [0.5, 0.4172, 0.0688, 0.0112], atol=0.004)
    assert simulate.delays().sum() == pytest.approx(1)
    some = found.first >= 0
    assert (found.cases[some, found.first[some]] > 0).all()
    assert (found.cases[some, found.last[some]] > 0).all()
    weeks = np.arange(simulate.WEEKS)
    outside = (weeks < found.first[:, None]) | (weeks > found.last[:, None])
    assert found.cases[outside].sum() == 0
    assert (found.first[size == 0] == -1).all()


def test_past_outbreaks_begin_in_the_baseline():
    cases = simulate.past(simulate.SCENARIOS[30], 500, np.random.default_rng(3))
    assert cases[:, : simulate.BASELINE[0]].sum() == 0
    assert cases[:, simulate.BASELINE[1] + 11 :].sum() == 0
    sd = np.sqrt(simulate.SCENARIOS[30].phi * simulate.SCENARIOS[30].mean()).mean()
    assert cases.sum(axis=1).mean() == pytest.approx(20 * sd, rel=0.1)


def test_the_same_seed_gives_the_same_series():
    made = [
        simulate.counts(simulate.SCENARIOS[7], 3, np.random.default_rng(9)) for _ in range(2)
    ]  # fmt: skip
    np.testing.assert_array_equal(*made)


def test_detected_is_from_the_first_case_to_the_last():
    cases = np.zeros((4, simulate.WEEKS))
    found = simulate.Outbreaks(cases, np.array([5, 5, 5, -1]), np.array([7, 7, 7, -1]))
    at = np.arange(3, 10)
    alarm = np.zeros((4, 7), bool)
    alarm[0, 1] = alarm[0, 5] = True  # weeks 4 and 8: before and after
    alarm[1, [1, 3, 4]] = True  # week 6
    alarm[2, 4] = True  # week 7
    alarm[3] = True
    hit, delay = simulate.detected(alarm, found, at)
    assert list(hit) == [0, 1, 1, -1]
    assert list(delay) == [-1, 1, 2, -1]
