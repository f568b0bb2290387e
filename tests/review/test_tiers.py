"""Scores of several levels against what the library's papers print, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scores.categorical import firm as library_firm
from scores.categorical import risk_matrix_score

from haidang.review.tiers import ESCALATION, SCALING, firm, matrix, value, values
from haidang.review.warned import Tally

LEVELS = (1, 2, 3)


def table(hits: int, misses: int, false_alarms: int, quiet: int) -> Tally:
    return Tally(1, hits, 0, 0, misses, false_alarms, quiet, 0, 0, 0, (), 0.0)


@pytest.mark.parametrize(
    ("warned", "reached", "cost"),
    [
        (2, 2, 0.0),
        (1, 2, 0.7),  # one level too low: a miss of threshold 2
        (2, 1, 0.3),  # one level too high: a false alarm of threshold 2
        (0, 3, 2.1),
        (3, 0, 0.9),
    ],
)
def test_a_miss_costs_the_risk_and_a_false_alarm_the_rest(warned, reached, cost):
    assert firm([warned], [reached], LEVELS, 0.7) == pytest.approx(cost)


def test_the_mean_is_over_places_and_weights_are_of_thresholds():
    assert firm([1, 2], [2, 2], LEVELS, 0.7) == pytest.approx(0.35)
    assert firm([1, 0], [2, 0], LEVELS, 0.7, weights=[1, 3, 5]) == pytest.approx(0.7 * 3 / 2)
    assert firm([], [], LEVELS) is None


def test_the_library_still_gives_its_own_printed_example():
    # FIRM as printed in the documentation of `scores` 2.7.0: were its sense of over and under to
    # turn round, the two tests above would not say why.
    said, came = (
        xr.DataArray(v, dims=("time", "location"))
        for v in ([[0.1, 0.8, 0.3], [0.4, 0.9, 0.6]], [[0.4, 0.6, 0.1], [0.4, 0.95, 0.45]])
    )
    made = library_firm(said, came, 0.1, [0.2, 0.5, 0.8], [1, 3, 5], include_components=True)
    assert made.values == pytest.approx([0.61666667, 0.6, 0.01666667])


def test_a_risk_matrix_by_hand():
    # Nothing was warned of and nothing came; all was sure and all came.
    perfect = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    assert matrix(perfect, [0, 3], LEVELS) == 0.0
    # The library's printed example, with its printed weights.
    weights = xr.DataArray(
        [[1, 2, 3]] * 3,
        dims=("p", "s"),
        coords={"p": [0.1, 0.3, 0.5], "s": list("abc")},
    )
    said, came = (
        xr.DataArray(v, dims=("time", "s"), coords={"s": list("abc")})
        for v in (
            [[0.45, 0.22, 0.05], [0.65, 0.32, 0.09]],
            [[1, 1, 0], [1, 0, 0]],
        )
    )
    assert float(risk_matrix_score(said, came, weights, "s", "p")) == pytest.approx(1.85)


def test_the_matrix_weighs_what_the_scaling_makes_of_it():
    # Below the lowest level nothing is ever warned of.
    assert [line[0] for line in SCALING] == [0, 0, 0, 0]
    # Level 1 (column two) first warns at 0.1 and steps up at 0.5: a probability of 0.2 where it
    # came loses the step at 0.5, weighted by the second level: 2 x (1 - 0.5).
    assert [line[1] for line in SCALING] == [2, 1, 1, 0]
    assert ESCALATION == (1.0, 2.0, 3.0)
    lost = matrix(np.array([[0.2, 0.0, 0.0]]), [1], LEVELS)
    assert lost == pytest.approx(2 * 0.5)
    # Where it did not come 0.2 passed the first threshold for nothing: 1 x 0.1.
    assert matrix(np.array([[0.2, 0.0, 0.0]]), [0], LEVELS) == pytest.approx(0.1)


def test_a_law_with_another_number_of_levels_has_no_matrix():
    assert matrix(np.array([[0.2, 0.0]]), [1], (1, 2)) is None
    assert matrix(np.empty((0, 3)), [], LEVELS) is None


def by_hand(found: Tally, ratio: float) -> float:
    """Richardson (2000), equation 8."""
    base, pod, pofd = found.base_rate, found.pod, found.pofd
    spent = pofd * ratio * (1 - base) - pod * base * (1 - ratio) + base
    return (min(ratio, base) - spent) / (min(ratio, base) - base * ratio)


def test_economic_value_is_the_formula_s_and_largest_at_the_base_rate():
    found = table(8, 2, 5, 25)
    ratios = (0.05, 0.1, 0.25, 0.5, 0.9)
    made = values(found, ratios)
    assert made == pytest.approx([by_hand(found, r) for r in ratios])
    assert found.base_rate == 0.25
    assert max(made) == made[2] == pytest.approx(found.pod - found.pofd)
    assert value(found, 0.25) == made[2]


def test_an_empty_margin_is_worth_nothing_that_can_be_said():
    assert value(table(0, 0, 1, 5), 0.2) is None
    assert value(table(3, 1, 0, 0), 0.2) is None
