"""Intensity against reference values.

Allen, Wald & Worden (2012): the tables AWW_IPE_RHYPO_MEAN.csv and ..._SIGMA.csv in gem/oq-engine
under openquake/hazardlib/tests/gsim/data/a12ipe, "generated from independent Matlab
implementation"; seven decimals.

Worden et al. (2012): the constants are those of the authors' own program (class WGRW12 of USGS
ShakeMap); the values below are worked out by hand from the printed lines.
"""

from __future__ import annotations

import numpy as np
import pytest

from haidang.risk.hazards.macroseismic import (
    ACCELERATION,
    VELOCITY,
    Conversion,
    allen_2012,
    allen_2012_sigma,
    lines,
    mmi_of_acceleration,
    mmi_of_velocity,
    msk_of_mmi,
    residual,
    slope,
)

ALLEN = [
    (5.0, 1.0, 8.1928149),
    (5.0, 5.0, 6.8801720),
    (5.0, 10.0, 5.9736099),
    (5.0, 20.0, 5.0191197),
    (5.0, 50.0, 3.7394023),
    (5.0, 100.0, 2.8223814),
    (5.0, 300.0, 1.3680280),
    (6.0, 1.0, 8.2797327),
    (6.0, 10.0, 7.2488079),
    (6.0, 50.0, 5.1603881),
    (6.0, 300.0, 2.7958320),
    (7.0, 1.0, 8.2924672),
    (7.0, 10.0, 8.0343509),
    (7.0, 50.0, 6.5368604),
    (7.0, 100.0, 5.6632662),
    (7.0, 300.0, 4.2223319),
]


@pytest.mark.parametrize(("m", "r", "grade"), ALLEN)
def test_allen_2012_is_the_reference(m, r, grade):
    assert float(allen_2012(m, r)) == pytest.approx(grade, abs=1e-7)


@pytest.mark.parametrize(
    ("r", "sigma"),
    [(1.0, 1.1892958), (10.0, 1.1307441), (50.0, 0.8841552), (300.0, 0.8221434)],
)
def test_allen_2012_scatter_is_the_reference(r, sigma):
    assert float(allen_2012_sigma(r)) == pytest.approx(sigma, abs=1e-7)


def test_worden_by_hand():
    # 1 cm/s2: 1.71 or 1.78? The knee is at log10 = 0.14, so the weak line: 1.71.
    assert float(mmi_of_acceleration(0.01)) == pytest.approx(1.71)
    assert float(mmi_of_acceleration(0.10)) == pytest.approx(1.78 + 1.55)  # 10 cm/s2
    assert float(mmi_of_acceleration(10.0)) == pytest.approx(-1.60 + 3.70 * 3)  # 1000 cm/s2
    assert float(mmi_of_velocity(0.01)) == pytest.approx(3.78)  # 1 cm/s
    assert float(mmi_of_velocity(1.0)) == pytest.approx(2.89 + 3.16 * 2)  # 100 cm/s
    # Equation 6, magnitude 5 at 100 km, 10 cm/s2 and 1 cm/s.
    assert float(mmi_of_acceleration(0.10, 5.0, 100.0)) == pytest.approx(
        3.33 - 0.91 + 1.02 * 2 - 0.17 * 5
    )
    assert float(mmi_of_velocity(0.01, 6.0)) == pytest.approx(3.78 + 0.90 - 0.18 * 6)


def test_worden_holds_magnitude_and_distance_to_its_data():
    assert residual(9.0, 5.0, ACCELERATION) == residual(7.3, 10.0, ACCELERATION)
    assert residual(1.0, 900.0, ACCELERATION) == residual(3.0, 300.0, ACCELERATION)


@pytest.mark.parametrize("c", [ACCELERATION, VELOCITY])
def test_the_lines_meet_and_rise(c: Conversion):
    # Two of the authors' constants are rounded: the lines miss each other by a tenth of a grade.
    for knee in (c.knee_weak, c.knee):
        gap = float(lines(knee + 1e-9, c) - lines(knee - 1e-9, c))
        assert abs(gap) < 0.15
    x = np.linspace(-3, 3, 601)
    steps = np.diff(lines(x, c))
    assert np.median(steps) > 0
    assert np.all(slope(x, c) > 0)


def test_worden_ends_at_ten_and_keeps_missing():
    got = mmi_of_velocity(np.array([1e-9, 100.0, np.nan]))
    assert got[0] == 1.0
    assert got[1] == 10.0
    assert np.isnan(got[2])


def test_msk_keeps_the_number():
    assert msk_of_mmi([4.5, 8.0]).tolist() == [4.5, 8.0]
