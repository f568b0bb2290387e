"""Damage grades: by hand, and against what EMS-98 itself says of each intensity.

The scale defines "few" as up to 10 to 20 %, "many" as 10 or 20 to 50 or 60 % and "most" as more
(Grünthal 1998, figure of the quantities); its statements of damage are typed below. A share in
that grade or the next must be so many, with the scale's own overlaps as tolerance.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from haidang.base.errors import BadData
from haidang.risk.earthquake_damage import (
    INDEX,
    EarthquakeDamage,
    mean_grade,
    share_by_grade,
)
from haidang.risk.impact import impact

# intensity, class, grade, quantity
EMS_98 = [
    (6, "A", 1, "many"),
    (6, "B", 1, "many"),
    (6, "C", 1, "few"),
    (7, "A", 3, "many"),
    (7, "A", 4, "few"),
    (7, "B", 2, "many"),
    (7, "B", 3, "few"),
    (7, "C", 2, "few"),
    (7, "D", 1, "few"),
    (8, "A", 4, "many"),
    (8, "A", 5, "few"),
    (8, "B", 3, "many"),
    (8, "B", 4, "few"),
    (8, "C", 2, "many"),
    (8, "C", 3, "few"),
    (8, "D", 2, "few"),
    (9, "A", 5, "many"),
    (9, "B", 4, "many"),
    (9, "B", 5, "few"),
    (9, "C", 3, "many"),
    (9, "C", 4, "few"),
    (9, "D", 2, "many"),
    (9, "D", 3, "few"),
    (9, "E", 2, "few"),
    (10, "A", 5, "most"),
    (10, "B", 5, "many"),
    (10, "C", 4, "many"),
    (10, "C", 5, "few"),
    (10, "D", 3, "many"),
    (10, "E", 2, "many"),
    (10, "F", 2, "few"),
]
BOUNDS = {"few": (0.01, 0.20), "many": (0.10, 0.60), "most": (0.50, 1.0)}


@pytest.mark.parametrize(("intensity", "building", "grade", "quantity"), EMS_98)
def test_the_scale_itself(intensity, building, grade, quantity):
    share = share_by_grade(mean_grade(intensity, INDEX[building]))[grade]
    low, high = BOUNDS[quantity]
    assert low <= share <= high


def test_at_six_it_gives_somewhat_too_much():
    """The one statement of the scale, of those typed here, that the method misses."""
    share = float(share_by_grade(mean_grade(6, INDEX["A"]))[2])  # the scale: few, at most 20 %
    assert share == pytest.approx(0.226, abs=0.001)


def test_mean_grade_by_hand():
    # tanh(0) where I = 13.1 - 6.25 V; V of class C is 0.58: I = 9.475.
    assert float(mean_grade(9.475, INDEX["C"])) == pytest.approx(2.5)
    assert float(mean_grade(9.475 + 2.3, INDEX["C"])) == pytest.approx(2.5 * (1 + np.tanh(1)))
    # One class is one sixteenth of 6.25 in V: exactly one grade of intensity.
    assert float(mean_grade(8.0, INDEX["B"])) == pytest.approx(float(mean_grade(9.0, INDEX["C"])))


def test_shares_by_hand():
    assert share_by_grade(2.5).tolist() == pytest.approx([k / 32 for k in (1, 5, 10, 10, 5, 1)])
    assert share_by_grade(0.0).tolist() == [1, 0, 0, 0, 0, 0]
    assert share_by_grade(5.0).tolist() == [0, 0, 0, 0, 0, 1]
    mean = np.linspace(0, 5, 11)
    np.testing.assert_allclose(share_by_grade(mean).sum(axis=-1), 1)
    np.testing.assert_allclose(share_by_grade(mean) @ np.arange(6), mean)


def test_curve_falls_with_class_and_grade_and_rises_with_intensity():
    x = np.linspace(5, 12, 29)
    for grade in range(1, 6):
        curves = [EarthquakeDamage(b, grade)(x) for b in INDEX]
        assert np.all(np.diff(curves[0]) > 0)
        assert all(np.all(a > b) for a, b in pairwise(curves))
        if grade > 1:
            assert np.all(EarthquakeDamage("C", grade)(x) < EarthquakeDamage("C", grade - 1)(x))


def test_buildings_that_suffer():
    lost = impact(np.array([8.0, np.nan]), 1000.0, EarthquakeDamage("B", 3))
    share = share_by_grade(mean_grade(8.0, 0.74))[3:].sum()
    assert lost[0] == pytest.approx(1000 * share)
    assert np.isnan(lost[1])


@pytest.mark.parametrize(("building", "grade"), [("G", 3), ("a", 3), ("A", 0), ("A", 6)])
def test_no_such_class_or_grade(building, grade):
    with pytest.raises(BadData) as error:
        EarthquakeDamage(building, grade)
    assert "{" not in error.value.say("vi")
