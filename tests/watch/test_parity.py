"""The detectors give the numbers of the reference program."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import haidang as hd
from haidang.watch.detectors import cusum, harmonic
from haidang.watch.method import Reason
from watch import parity

INTEGER = {
    "farringtonFlexible_noufaily_nbPlugin", "farringtonFlexible_noufaily_muan", "bayes_b0w6",
    "bayes_b2w4", "cusum_standard",
}  # fmt: skip
STOPS_EARLY = {
    "glrnb_intercept": 1e-2, "glrnb_alpha_own": 1e-2, "glrnb_tight": 1e-4, "glrnb_alpha": 1e-5,
    "glrnb_window": 1e-5,
}  # fmt: skip
"""Where the reference's own iteration stops before its optimum; see the tests below."""


@pytest.mark.parametrize("tag", [t for t in parity.CASES if t not in parity.APART])
def test_simulated_series(tag):
    found = parity.differences(tag, parity.simulated())
    assert {"upper", "alarm"} <= set(found)
    assert max(found.values()) < STOPS_EARLY.get(tag, 1e-6), found
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
        assert tag not in INTEGER or found.get("upper", 0) == 0
        compared += bool(found)
    # One series is too short for two years back.
    assert compared >= 18


def test_the_page_shows_what_is_found():
    page = parity.PAGE.read_text("utf-8")
    for row in (*parity.rows(parity.simulated()), *parity.decisions(parity.simulated())):
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


def test_where_the_reference_stops_early_we_are_at_the_optimum():
    """NB chart: all but a few statistics agree to 1e-6; at these few ours is the likelier one."""
    group, tag = parity.simulated(), "glrnb_intercept"
    found = parity.ours(tag, group)
    theirs = parity.reference(tag, group, parity.GOLDEN)["upperbound"].to_numpy().reshape(20, -1)
    with np.errstate(invalid="ignore"):
        off = np.abs(found.upper - theirs) > 1e-6 * theirs
    dispersed = found.extra["alpha"][:, 0] > 0
    assert dispersed.sum() == 19
    # Where counts vary less than Poisson ones no dispersion above 0 is likeliest.
    assert off[dispersed].sum() < 30
    rows = 416
    x = harmonic.design(520, 52, 1, trend=True)
    for i in range(20):
        y = group.counts[i]
        beta = np.zeros(4)
        alpha = harmonic.fit_both(y, x, rows, beta)
        assert alpha == found.extra["alpha"][i, 0]

        def likelihood(alpha, beta, y=y):
            mu = np.exp(x[:rows] @ beta)
            if alpha == 0:
                return float((y[:rows] * np.log(mu) - mu).sum())
            size = 1 / alpha
            rise = [math.lgamma(size + v) - math.lgamma(size) for v in y[:rows]]
            return float(
                (np.array(rise) - (y[:rows] + size) * np.log1p(mu / size)).sum()
                + (y[:rows] * np.log(mu / size)).sum()
            )

        best = likelihood(alpha, beta)
        for factor in (0.99, 1.01):
            if alpha > 0:
                assert likelihood(alpha * factor, beta) < best
        if alpha == 0:
            assert likelihood(1e-4, beta) < best
        for j in range(4):
            step = np.zeros(4)
            step[j] = 1e-3
            assert likelihood(alpha, beta + step) < best
            assert likelihood(alpha, beta - step) < best


def test_a_product_that_underflows_hides_an_outbreak_in_the_reference_only():
    flawed, right = (
        parity.ours("outbreakP_k100", parity.simulated(), compat=c) for c in ("surveillance", "")
    )
    hidden = flawed.upper == 0
    assert hidden.any(axis=1).sum() == 6
    assert right.alarm[hidden].all()
    np.testing.assert_allclose(right.upper[~hidden], flawed.upper[~hidden], rtol=1e-9)


def reference_of(tag):
    theirs = parity.reference(tag, parity.simulated(), parity.GOLDEN)
    return (
        theirs["upperbound"].to_numpy().reshape(20, -1), theirs["alarm"].to_numpy().reshape(20, -1)
    )  # fmt: skip


@pytest.mark.parametrize(("tag", "alike"), [("glrpois_epi", 0.3), ("glrnb_epi", 0.0)])
def test_the_reference_rarely_finds_the_likeliest_rate_and_we_always_do(tag, alike):
    """change="epi": as long as neither chart began anew ours is never below the reference's.

    The reference's steps towards the rate often end before it, so that its statistic is too small;
    where they arrive the two are the same. Ours is the largest on a fine grid of rates.
    """
    group = parity.simulated()
    found = parity.ours(tag, group)
    statistic, alarms = reference_of(tag)
    begun = np.zeros_like(found.alarm)
    begun[:, 1:] = np.cumsum(found.alarm | (alarms == 1), axis=1)[:, :-1] > 0
    ours, theirs = found.upper[~begun], statistic[~begun]
    assert (ours >= theirs * (1 - 1e-5) - 1e-9).all()
    high = ours > 1
    same = np.abs(ours - theirs)[high] < 1e-5 * ours[high]
    assert same.mean() >= alike
    assert (theirs[high] < 0.9 * ours[high]).mean() > 0.2
    alpha = 0.2 if tag == "glrnb_epi" else 0.0
    rates = np.concatenate([[0.0], np.geomspace(1e-4, 20, 4000)])
    for i in (2, 8, 11, 15):
        y, mu = group.counts[i, group.at], found.expected[i]
        before = np.concatenate([[0.0], y[:-1]])
        for j in range(1, 30):
            if begun[i, j]:
                break
            best = 0.0
            for k in range(j + 1):
                here = slice(k, j + 1)
                m = mu[here, None] + rates * before[here, None]
                gain = y[here, None] * np.log(m / mu[here, None])
                if alpha:
                    grown = np.log((1 + alpha * m) / (1 + alpha * mu[here, None]))
                    gain = gain - (y[here, None] + 1 / alpha) * grown
                else:
                    gain = gain - m + mu[here, None]
                best = max(best, gain.sum(axis=0).max())
            assert found.upper[i, j] == pytest.approx(best, abs=2e-4)
            assert found.upper[i, j] >= best - 1e-9


def test_the_anscombe_residual_is_the_integral_where_the_reference_is_a_little_off():
    """At most 0.3 % in the residual; the alarms are the same."""
    from scipy.special import hyp2f1

    for y, m, alpha in ((0, 3.0, 0.2), (9, 4.918, 0.2), (60, 20.2, 0.2), (4000, 3.0, 2.0)):
        ends = [1.5 * t ** (2 / 3) * hyp2f1(1 / 3, 2 / 3, 5 / 3, -alpha * t) for t in (y, m)]
        exact = (ends[0] - ends[1]) / (m + alpha * m * m) ** (1 / 6)
        z = cusum.standardised(float(y), m, cusum.ANSCOMBE_NEGBIN, alpha)
        assert z == pytest.approx(exact, rel=1e-10)
    found = parity.ours("cusum_anscombeNegBin", parity.simulated())
    left, alarms = reference_of("cusum_anscombeNegBin")
    np.testing.assert_array_equal(found.alarm, alarms == 1)
    first = 1.04 + 2.26 - left[:, 0]
    ours = 1.04 + 2.26 - found.upper[:, 0]
    up = left[:, 0] < 2.26
    np.testing.assert_allclose(ours[up], first[up], rtol=3e-3)
    right = parity.ours("cusum_anscombeNegBin", parity.simulated(), compat="")
    total = np.where(found.extra["statistic"] > 0, found.extra["statistic"], 0.0)
    np.testing.assert_array_equal(right.extra["statistic"], found.extra["statistic"])
    # The bound is the count whose residual takes the sum to h.
    for i, j in ((0, 5), (4, 50), (12, 90)):
        z = cusum.standardised(right.upper[i, j], right.expected[i, j], cusum.ANSCOMBE_NEGBIN, 0.2)
        assert total[i, j - 1] + z - 1.04 == pytest.approx(2.26) or right.upper[i, j] == 0


def test_where_the_mean_is_fitted_to_the_end_the_negative_binomial_charts_agree():
    """The reference's glm and glm.nb stop at a change of 1e-8 of the deviance: that is the 1e-3.

    Given a mean and a dispersion that were fitted to the end it gives our numbers to 1e-4 or
    better; what is left is its own search for the jump, which a known jump does not need.
    """
    group = parity.simulated()
    own = parity.differences("glrnb_intercept", group)["upper"]
    tight = parity.differences("glrnb_tight", group)["upper"]
    assert own > 5 * tight
    assert tight < 1e-4
    assert parity.differences("glrnb_alpha_own", group)["upper"] > 1e-3
    assert parity.differences("glrnb_alpha", group)["upper"] < 1e-5
    assert parity.differences("glrnb_theta", group)["upper"] < 1e-6


@pytest.mark.parametrize("kind", ["month", "day"])
def test_months_and_days_with_dates_are_those_of_r(kind):
    """R lets a trend run by the days of unequal months, and takes the very date of past years."""
    theirs = pd.read_csv(parity.GOLDEN / "dated.csv").query("kind == @kind")
    counts = pd.read_csv(parity.GOLDEN / "counts.csv").set_index("t")
    names = list(counts.columns)
    seen = 0
    for (series, threshold), answer in theirs.groupby(["series", "threshold"]):
        if kind == "month":
            y = counts[series].to_numpy().reshape(-1, 4).sum(1)
            index = pd.date_range("2012-01-01", periods=len(y), freq="MS")
            more = {}  # what is usual for months
        else:
            first = names.index(series)
            y = counts[names[first : first + 3]].to_numpy().T.ravel()
            index = pd.date_range("2019-09-15", periods=len(y))
            more = {"half_window": 3, "exclude_recent": 26}
        method, columns = "farrington_flexible", parity.COLUMNS
        if threshold == "original":
            method, columns = "farrington", {"upperbound": "upper", "alarm": "alarm"}
            more = {"half_window": 2 if kind == "month" else 3}
        else:
            more |= {"threshold": {"nbPlugin": "nb_plugin"}.get(threshold, threshold)}
        found = hd.detect(
            pd.DataFrame({"a": y}, index=index), method=method, last=12, years_back=4,
            compat="surveillance", **more,
        ).isel(place=0)  # fmt: skip
        for name, ours in columns.items():
            want = answer[name].to_numpy(np.float64)
            np.testing.assert_allclose(found[ours].to_numpy(), want, 1e-9, 1e-9, err_msg=name)
        seen += len(answer)
    assert seen == {"month": 384, "day": 240}[kind]
