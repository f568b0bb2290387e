"""The detectors give the numbers of the reference program."""

from __future__ import annotations

import numpy as np
import pytest

from haidang.watch.method import Reason
from watch import parity

INTEGER = {"farringtonFlexible_noufaily_nbPlugin", "farringtonFlexible_noufaily_muan"}


@pytest.mark.parametrize("tag", parity.CASES)
def test_simulated_series(tag):
    found = parity.differences(tag, parity.simulated())
    assert {"upper", "alarm"} <= set(found)
    assert max(found.values()) < 1e-6, found
    assert found["alarm"] == 0
    if tag in INTEGER:
        assert found["upper"] == 0


@pytest.mark.parametrize("name", parity.REAL)
def test_real_series(name, shared):
    folder = shared / "reference" / "surveillance"
    compared = 0
    for tag in parity.CASES:
        found = parity.differences(tag, parity.real(name, folder), folder)
        assert max(found.values(), default=0) < 1e-6, (tag, found)
        assert tag not in INTEGER or found["upper"] == 0
        compared += bool(found)
    assert compared == len(parity.CASES)


def test_the_page_shows_what_is_found():
    page = parity.PAGE.read_text("utf-8")
    for row in parity.rows(parity.simulated()):
        assert row in page


def test_a_dated_series_is_not_judged_by_rows(shared):
    """The calendar matters: by rows the same series gives other bounds in most weeks."""
    folder = shared / "reference" / "surveillance"
    dated = parity.real("salmAllOnset", folder)
    rows = parity.Group(
        dated.name, dated.counts, type(dated.calendar)("week", "rows", dated.calendar.rows),
        dated.at, dated.years_back,
    )  # fmt: skip
    tag = "farringtonFlexible_noufaily_delta"
    a, b = parity.ours(tag, dated).upper, parity.ours(tag, rows).upper
    assert (np.abs(a - b) > 1e-6 * b).mean() > 0.5


def test_without_the_flaws_the_same_fit_gives_another_score():
    """What the default changes: the score's origin and the width of the bound, never the fit."""
    tag = "farringtonFlexible_noufaily_nbPlugin"
    flawed, right = (parity.ours(tag, parity.simulated(), compat=c) for c in ("surveillance", ""))
    for name in ("phi", "trend", "mean"):
        np.testing.assert_array_equal(flawed.extra[name], right.extra[name])
    np.testing.assert_array_equal(flawed.upper, right.upper)  # nb_plugin needs no standard error
    known = ~np.isnan(right.upper)
    assert (flawed.score != right.score)[known].any()
    y = parity.simulated().counts[:, parity.simulated().at]
    mean = right.extra["mean"]
    plain = known & (right.upper > mean)
    np.testing.assert_allclose(
        right.score[plain], ((y - mean) / (right.upper - mean))[plain], rtol=1e-12
    )
    np.testing.assert_array_equal(right.alarm, known & (y > right.upper) & (y > 0))
    assert set(np.unique(right.reason)) <= {Reason.NONE, Reason.FEW_CASES}


def test_c3_by_the_paper_differs_from_the_reference_and_is_the_sum():
    flawed, right = (
        parity.ours("earsC_C3", parity.simulated(), compat=c) for c in ("surveillance", "")
    )
    assert (flawed.alarm != right.alarm).sum() > 100
    group = parity.simulated()
    z = 1.959963984540054
    for i, j in ((0, 3), (5, 40), (11, 90)):
        y, t = group.counts[i], group.at[j]

        def c2(s, y=y):
            base = y[s - 9 : s - 2]
            return (y[s] - base.mean()) / base.std(ddof=1)

        c3 = c2(t) + max(0, c2(t - 1) - 1) + max(0, c2(t - 2) - 1)
        base = y[t - 9 : t - 2]
        bound = max(0, base.mean() + base.std(ddof=1) * (z - (c3 - c2(t))))
        assert right.upper[i, j] == pytest.approx(bound)
        assert right.alarm[i, j] == (y[t] > bound)
