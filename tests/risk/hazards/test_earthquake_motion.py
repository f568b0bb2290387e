"""Against the tables that OpenQuake's authors test their own program with.

They were made with Boore's program and lie in gem/oq-engine under
openquake/hazardlib/tests/gsim/data/BSSA2014: BSSA_2014_NOSOF_MEAN.csv, ..._INTER_STD.csv and
..._INTRA_STD.csv (mechanism not specified, no basin). A few rows are typed here: six digits are
printed for the medians, four places for the scatter.
"""

from __future__ import annotations

import numpy as np
import pytest

from haidang.risk.hazards.earthquake_motion import (
    G_MS2,
    PGA,
    PGV,
    Coefficients,
    ln_median,
    nonlinear_site_term,
    peak_acceleration,
    peak_velocity,
    phi,
    source_term,
    tau,
)

# magnitude, Rjb km, Vs30 m/s, PGV cm/s, PGA g
MEDIANS = [
    (3.0, 0.0, 200.0, 0.263499, 0.0148493),
    (3.0, 100.0, 200.0, 0.00262126, 8.58415e-05),
    (3.0, 0.0, 760.0, 0.0880635, 0.00686845),
    (4.0, 0.0, 600.0, 0.920322, 0.0359044),
    (4.0, 100.0, 400.0, 0.0194861, 0.00046794),
    (5.0, 75.0, 200.0, 0.510877, 0.0104684),
    (5.0, 20.0, 250.0, 2.20568, 0.0517414),
    (6.0, 0.0, 250.0, 37.9915, 0.461994),
    (6.0, 20.0, 760.0, 5.25575, 0.0953544),
    (6.0, 100.0, 600.0, 0.975785, 0.015045),
    (7.0, 0.0, 200.0, 68.3587, 0.459567),
    (7.0, 0.0, 760.0, 42.5301, 0.442594),
    (7.0, 50.0, 200.0, 13.0765, 0.112632),
    (7.0, 75.0, 600.0, 4.03757, 0.0453162),
]
# magnitude, Rjb km, Vs30 m/s, phi of PGV, phi of PGA
WITHIN = [
    (3.0, 0.0, 200.0, 0.564, 0.625),
    (3.0, 0.0, 250.0, 0.5933, 0.6506),
    (3.0, 100.0, 760.0, 0.644, 0.695),
    (5.0, 50.0, 600.0, 0.598, 0.595),
]


@pytest.mark.parametrize(("m", "rjb", "vs30", "pgv", "pga"), MEDIANS)
def test_medians_of_the_reference_program(m, rjb, vs30, pgv, pga):
    assert float(np.exp(ln_median(m, rjb, vs30, PGV))) == pytest.approx(pgv, rel=5e-6)
    assert float(np.exp(ln_median(m, rjb, vs30, PGA))) == pytest.approx(pga, rel=5e-6)


def test_si_units():
    assert float(peak_velocity(7.0, 0.0, 760.0)) == pytest.approx(0.425301, rel=5e-6)
    assert float(peak_acceleration(7.0, 0.0, 760.0)) == pytest.approx(0.442594 * G_MS2, rel=5e-6)


@pytest.mark.parametrize(("m", "rjb", "vs30", "pgv", "pga"), WITHIN)
def test_scatter_within_an_event_of_the_reference_program(m, rjb, vs30, pgv, pga):
    assert float(phi(m, rjb, vs30, PGV)) == pytest.approx(pgv, abs=5.1e-5)
    assert float(phi(m, rjb, vs30, PGA)) == pytest.approx(pga, abs=5.1e-5)


@pytest.mark.parametrize(("m", "pgv", "pga"), [(3.0, 0.401, 0.398), (5.0, 0.3735, 0.373)])
def test_scatter_between_events_of_the_reference_program(m, pgv, pga):
    assert float(tau(m, PGV)) == pytest.approx(pgv)
    assert float(tau(m, PGA)) == pytest.approx(pga)


def test_scatter_far_away_by_hand():
    far = 0.552 + 0.082 * np.log(200 / 105) / np.log(272 / 105)
    assert float(phi(6.0, 200.0, 760.0, PGV)) == pytest.approx(far)
    assert float(phi(6.0, 400.0, 760.0, PGV)) == pytest.approx(0.634)


@pytest.mark.parametrize("k", [PGA, PGV])
def test_source_term_is_continuous_at_the_hinge(k: Coefficients):
    below, above = source_term(k.mh - 1e-9, k), source_term(k.mh + 1e-9, k)
    assert float(below) == pytest.approx(float(above), abs=1e-8)


@pytest.mark.parametrize("k", [PGA, PGV])
def test_rock_needs_no_bend_and_soft_ground_always_loses(k: Coefficients):
    assert float(nonlinear_site_term(760.0, 0.5, k)) == 0.0
    assert float(nonlinear_site_term(1200.0, 0.5, k)) == 0.0
    assert np.all(np.diff(nonlinear_site_term(200.0, np.linspace(0, 1, 9), k)) < 0)


def test_broadcasts_and_keeps_missing():
    got = peak_velocity(6.0, np.array([[10.0], [np.nan]]), np.array([200.0, 400.0, 760.0]))
    assert got.shape == (2, 3)
    assert np.isnan(got[1]).all()
    assert not np.isnan(got[0]).any()
