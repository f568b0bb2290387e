"""Tails and quantiles beside sums that anybody can follow."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haidang.watch import special


def density(x: int, mean: float, ratio: float) -> float:
    if ratio == 1:
        return math.exp(-mean + x * math.log(mean) - math.lgamma(x + 1))
    size, p = mean / (ratio - 1), 1 / ratio
    return math.exp(
        math.lgamma(x + size) - math.lgamma(size) - math.lgamma(x + 1)
        + size * math.log(p) + x * math.log(1 - p)
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 120), st.floats(0.01, 80), st.sampled_from([1.0, 1.2, 2.5, 9.0]))
def test_tail_is_the_sum(x, mean, ratio):
    summed = math.fsum(density(k, mean, ratio) for k in range(x, x + 3000))
    assert special.count_tail(float(x), mean, ratio) == pytest.approx(summed, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.001, 5e4), st.floats(1.0, 30.0), st.sampled_from([0.9, 0.95, 0.99, 0.999]))
def test_quantile_is_the_smallest(mean, ratio, level):
    z = NormalDist().inv_cdf(level)
    x = special.count_quantile(z, level, mean, ratio)
    assert x == int(x)
    assert 1 - special.count_tail(x + 1, mean, ratio) >= level * (1 - 1e-13)
    assert x == 0 or 1 - special.count_tail(x, mean, ratio) < level


def test_a_level_that_is_met_exactly_is_met():
    # A geometric count with P(X ≤ x) = 1 − 2^−(x+1).
    assert special.count_quantile(0.0, 0.5, 1.0, 2.0) == 0
    assert special.count_quantile(0.67, 0.75, 1.0, 2.0) == 1
    assert special.count_quantile(1.15, 0.875, 1.0, 2.0) == 2


def test_billions_end():
    assert special.count_tail(1e9, 1e9, 3.0) == pytest.approx(0.5, abs=1e-4)
    assert special.count_quantile(1.6448536269514722, 0.95, 1e9, 4.0) == pytest.approx(
        1e9 + 1.6448536 * math.sqrt(4e9), rel=1e-6
    )
    assert special.count_tail(1e9, 5.0, 1.5) == 0


def test_student_beside_printed_values():
    # Critical values of Student's t, two-sided 5 %.
    for df, t in ((1, 12.706205), (5, 2.570582), (30, 2.042272), (200, 1.971896)):
        assert special.student_p(t, float(df)) == pytest.approx(0.05, abs=1e-7)
        assert special.student_p(-t, float(df)) == pytest.approx(0.05, abs=1e-7)


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-300, 1 - 1e-12))
def test_the_normal_score_is_the_inverse_of_the_tail(p):
    z = special.normal_from_tail(p)
    assert special.normal_tail(z) == pytest.approx(p, rel=1e-9)
    assert special.normal_from_tail(0.0) > special.normal_from_tail(1e-300)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 120), st.floats(0.01, 80), st.sampled_from([1.0, 1.2, 2.5, 9.0]))
def test_density_and_mid_p(x, mean, ratio):
    p = density(x, mean, ratio)
    assert special.count_density(float(x), mean, ratio) == pytest.approx(p, rel=1e-9)
    above = special.count_tail(float(x + 1), mean, ratio)
    assert special.count_mid(float(x), mean, ratio) == pytest.approx(above + p / 2, rel=1e-8)


def test_normal_tail_keeps_its_digits():
    assert special.normal_tail(10.0) == pytest.approx(7.619853024160527e-24, rel=1e-12)


def test_a_mean_that_was_blown_up_has_its_bound_at_once():
    z = 1.6448536269514722
    for mean, ratio in ((1e9, 3.0), (1e12, 100.0), (1e30, 5.0), (1e300, 2.0)):
        bound = special.count_quantile(z, 0.95, mean, ratio)
        assert bound == pytest.approx(mean + z * math.sqrt(mean * ratio), rel=1e-6)
    # Where it begins, searching and the corrected normal quantile meet.
    below = special.count_quantile(z, 0.95, 1e8 - 1.0, 3.0)
    above = special.count_quantile(z, 0.95, 1e8, 3.0)
    assert above - below == pytest.approx(1.0, abs=1e-3 * math.sqrt(3e8))
