"""The programs that write the pages of figures, on toy sizes; and that the pages are theirs."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from haidang.watch import combine, simulate
from haidang.watch.detectors import METHODS
from watch import make_combined, study_budget, study_scenarios, trial

SCENARIO = next(s for s in simulate.SCENARIOS if s.name == "6-flat-1")


@pytest.fixture(scope="module")
def made() -> trial.Sample:
    return trial.sample(SCENARIO, 30, 5, sizes=(3, 8))


@pytest.fixture(scope="module")
def tried(made) -> study_scenarios.Tried:
    return study_scenarios.attempt("farrington_flexible", made)


def test_the_weeks_of_outbreaks_are_those_of_a_whole_run(made, tried):
    params = trial.settled("farrington_flexible", {})
    for s, outbreaks in enumerate(made.outbreaks.values()):
        counts = made.base + outbreaks.cases
        whole = trial.judge("farrington_flexible", counts, trial.TESTED, params)
        hit, delay = simulate.detected(whole.alarm, outbreaks, trial.TESTED)
        np.testing.assert_array_equal(np.nan_to_num(tried.hit[s], nan=-1), hit)
        np.testing.assert_array_equal(np.nan_to_num(tried.delay[s], nan=-1), delay)


def test_a_chart_is_run_over_all_weeks(made):
    params = trial.settled("cusum", {"baseline": study_scenarios.START})
    chart = study_scenarios.attempt("cusum", made)
    counts = made.base + made.outbreaks[8].cases
    whole = trial.judge("cusum", counts, trial.TESTED, params)
    hit, _ = simulate.detected(whole.alarm, made.outbreaks[8], trial.TESTED)
    np.testing.assert_array_equal(np.nan_to_num(chart.hit[1], nan=-1), hit)


def test_at_its_own_rate_a_method_is_itself(tried):
    rate, hit, delay = study_scenarios.reference_at(tried, 0.05)
    assert rate == pytest.approx(tried.rate)
    np.testing.assert_array_equal(hit, tried.hit)
    np.testing.assert_array_equal(delay, tried.delay)
    equal, _ = study_scenarios.at_rate(tried, rate)
    assert np.nansum(equal) <= np.nansum(hit)  # ties at the bound are left out
    assert np.nansum(hit) - np.nansum(equal) < 3


def test_the_bound_lets_no_more_through_than_is_allowed():
    values = np.array([3.0, 1, 2, 2, 5, 4, 2, 0, -np.inf, 1])
    for rate, expected in ((0.0, 5), (0.1, 4), (0.3, 2), (0.35, 2), (1 / 2, 2)):
        assert study_scenarios.bound(values, rate) == expected
        assert (values > expected).mean() <= rate


def test_a_whole_study_in_small(monkeypatch):
    monkeypatch.setattr(study_scenarios, "REPLICATES", 20)
    labels = ("farrington_flexible", "combined", "glr_poisson")
    other = next(s for s in simulate.SCENARIOS if s.name == "2-flat-0")
    tables = study_scenarios.study(10, 20, 5, [SCENARIO, other], labels)
    assert set(tables) == set(
        re.findall(r"<!-- (\w+) -->", study_scenarios.PAGE.read_text("utf-8"))
    )
    assert len(tables["summary"]) == 2 + len(labels)
    ours, theirs = tables["summary"][3].split("|"), tables["summary"][2].split("|")
    assert theirs[3] == theirs[4]  # its own rate is its own rate
    assert float(ours[4]) > 0
    assert tables["summary"][4].split("|")[4].strip() == ""
    assert len(tables["scenarios"]) == 2 + 2
    page = "a\n<!-- size -->\nold\n<!-- /size -->\nb"
    put = study_scenarios.put(page, {"size": tables["size"]})
    assert put.startswith("a\n<!-- size -->\n\n| Method")
    assert put.endswith("|\n\n<!-- /size -->\nb")
    assert study_scenarios.put(put, {"size": tables["size"]}) == put


def test_the_weights_are_made_from_the_seed(monkeypatch):
    monkeypatch.setattr(make_combined, "SETS", (3,))
    found = make_combined.made_from(10, 7)
    assert json.dumps(found) == json.dumps(make_combined.made_from(10, 7))
    assert tuple(found["weights"]) == combine.FEATURES
    assert min(found["weights"].values()) >= 0
    theirs, ours = (np.array(found["made"]["found_and_found_at_once"][n])
                    for n in ("farrington_flexible", "weights"))  # fmt: skip
    assert ours[:, 0].mean() > theirs[:, 0].mean()


def test_the_regression_finds_what_speaks_for_an_outbreak():
    rng = np.random.default_rng(3)
    quiet = rng.standard_normal((4000, 3))
    ill = rng.standard_normal((800, 3)) + np.array([1.5, 0, -1])
    weights = make_combined.fit(quiet, ill, np.ones(800))
    # The log likelihood ratio of N(1.5, 1) to N(0, 1) has the slope 1.5; none is below zero.
    assert weights[0] == pytest.approx(1.5, abs=0.15)
    assert weights[1] < 0.1
    assert weights[2] == 0


def test_false_discoveries_in_small(monkeypatch):
    monkeypatch.setattr(study_budget, "SIDE", 8)
    monkeypatch.setattr(study_budget, "METHODS", ("farrington_flexible",))
    tables = study_budget.study(2)
    assert len(tables["realised"]) == 2 + 2 * 4
    rng = np.random.default_rng(1)
    z = np.stack([study_budget.field(rng, 0.5) for _ in range(3000)]).reshape(-1, 8, 8)
    assert z.std() == pytest.approx(1, abs=0.02)
    assert (z[:, 0, 0] * z[:, 0, 1]).mean() == pytest.approx(2 / 3, abs=0.05)


def test_the_pages_tell_of_every_method_and_scenario():
    page = study_scenarios.PAGE.read_text("utf-8")
    assert {name for name, _ in study_scenarios.METHODS.values()} <= set(METHODS)
    for label in study_scenarios.METHODS:
        assert f"`{label.replace(', ', '`, `')}`" in page
    for scenario in simulate.SCENARIOS:
        assert f"| {scenario.name} |" in page
