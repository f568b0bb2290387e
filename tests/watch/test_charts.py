"""CUSUM, likelihood-ratio charts, OutbreakP, Bayes and RKI beside slow obvious twins."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import haidang as hd
from haidang.base.errors import BadData

INDEX = pd.date_range("2018-01-01", periods=330, freq="7D")


def series(seed=1, mean=5.0) -> pd.DataFrame:
    y = np.random.default_rng(seed).poisson(mean, 330).astype(float)
    return pd.DataFrame({"a": y}, index=INDEX)


def flat(found, name):
    return found[name].to_numpy()[0]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["rossi", "standard"]), st.floats(0.5, 40))
def test_cusum_by_hand(seed, trans, mean):
    data = series(seed, mean)
    data.iloc[310, 0] = np.nan
    y = data["a"].to_numpy()
    found = hd.detect(data, method="cusum", trans=trans, baseline=250)
    m = y[:250].mean()
    total = 0.0
    assert found.sizes["time"] == 80
    for j, t in enumerate(range(250, 330)):
        if np.isnan(y[t]):
            assert flat(found, "state")[j] == "no_data"
            continue
        z = (y[t] - 3 * m + 2 * math.sqrt(m * y[t])) / (2 * math.sqrt(m))
        if trans == "standard":
            z = (y[t] - m) / math.sqrt(m)
        total = max(0.0, total + z - 1.04)
        assert flat(found, "statistic")[j] == pytest.approx(total, abs=1e-9)
        assert flat(found, "alarm")[j] == (flat(found, "statistic")[j] >= 2.26)
        bound = flat(found, "upper")[j]
        if bound >= 1 and abs(total - 2.26) > 1e-9:
            assert (y[t] >= bound - 1e-9) == flat(found, "alarm")[j]


def ratio(y, mu, kappa, alpha):
    if alpha == 0:
        return (y * kappa - mu * (np.exp(kappa) - 1)).sum()
    share = (1 + alpha * mu * np.exp(kappa)) / (1 + alpha * mu)
    return (y * kappa - (y + 1 / alpha) * np.log(share)).sum()


@pytest.mark.parametrize("method", ["glr_poisson", "glr_negbin"])
@pytest.mark.parametrize("direction", ["inc", "dec"])
def test_the_likelihood_ratio_is_the_largest_on_a_grid(method, direction):
    rng = np.random.default_rng(3)
    y = rng.negative_binomial(5, 0.5, 330).astype(float)
    y[318:] = y[318:] * (2 if direction == "inc" else 0)
    data = pd.DataFrame({"a": y}, index=INDEX)
    found = hd.detect(data, method=method, baseline=300, dir=direction, c_arl=1e9)
    alpha = flat(found, "alpha")[0] if method == "glr_negbin" else 0.0
    assert (alpha > 0.05) == (method == "glr_negbin")
    mu = flat(found, "expected")
    grid = np.linspace(0, 3, 3001) * (1 if direction == "inc" else -1)
    if direction == "dec":
        grid = np.append(grid, -30.0)
    for n in (1, 5, 20, 30):
        best = max(
            ratio(y[300 + s : 300 + n], mu[s:n], k, alpha) for s in range(n) for k in grid
        )  # fmt: skip
        assert flat(found, "statistic")[n - 1] == pytest.approx(best, abs=1e-3)
    assert flat(found, "statistic")[-1] > 5


@pytest.mark.parametrize("method", ["glr_poisson", "glr_negbin"])
def test_a_known_jump_gives_the_count_at_which_the_chart_alarms_and_then_begins_anew(method):
    data = series(5)
    first = hd.detect(data, method=method, baseline=300, theta=0.5, ret="cases")
    assert not flat(first, "alarm")[10]
    for more, alarms in ((-1, False), (1, True)):
        y = data.copy()
        y.iloc[310, 0] = math.ceil(flat(first, "upper")[10]) + more
        found = hd.detect(y, method=method, baseline=300, theta=0.5, ret="cases")
        assert flat(found, "alarm")[10] == alarms
    mu, alpha = flat(found, "expected")[11], flat(found, "alpha")[11]
    anew = max(0.0, ratio(y["a"].to_numpy()[311:312], np.array([mu]), 0.5, alpha))
    assert flat(found, "statistic")[11] == pytest.approx(anew, abs=1e-9)


def test_a_chart_begins_with_the_first_period_asked_for_or_after_two_years():
    data = series(6)
    assert hd.detect(data, method="cusum").sizes["time"] == 330 - 104
    asked = hd.detect(data, method="cusum", last=30)
    said = hd.detect(data, method="cusum", last=30, baseline=300)
    np.testing.assert_array_equal(asked["statistic"], said["statistic"])
    short = hd.detect(data.iloc[:60], method="cusum", last=20)
    assert (short["reason"] == "history").all()


def test_settings_that_contradict_each_other():
    data = series()
    for params, match in (
        ({"theta": -1.0}, "other way"), ({"theta": 1.0, "dir": "dec"}, "other way"),
        ({"theta": -1.0, "dir": "dec", "ret": "cases"}, "where more is looked for"),
        ({"dir": "dec", "ret": "cases"}, "where more is looked for"),
        ({"change": "epi", "theta": 1.0}, "leave out theta"),
        ({"change": "epi", "dir": "dec"}, "leave out theta"),
        ({"change": "epi", "ret": "cases"}, "leave out theta"),
    ):  # fmt: skip
        with pytest.raises(BadData, match=match):
            hd.detect(data, method="glr_poisson", **params)
    for method in ("bayes", "rki"):
        with pytest.raises(BadData, match="nothing to compare"):
            hd.detect(data, method=method, years_back=0, current_year=False)


def isotonic(y):
    """Largest of the smallest means: the best mean that never falls."""
    n = len(y)
    total = np.concatenate([[0.0], np.cumsum(y)])
    return np.array(
        [max(min((total[b + 1] - total[a]) / (b + 1 - a) for b in range(i, n))
             for a in range(i + 1)) for i in range(n)]
    )  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=8, max_size=24), st.integers(0, 40))
def test_outbreakp_by_the_definition_and_its_bound_is_the_last_quiet_count(counts, newest):
    y = np.array([*counts, newest], float)
    data = pd.DataFrame({"a": y}, index=INDEX[: len(y)])
    found = hd.detect(data, method="outbreakp", last=1)
    rising, mean = isotonic(y), y.mean()
    logs = sum(v * math.log(r / mean) for v, r in zip(y, rising, strict=True) if v > 0)
    assert math.log(flat(found, "statistic")[0]) == pytest.approx(logs, abs=1e-9)
    assert flat(found, "alarm")[0] == (flat(found, "statistic")[0] > 100)
    bound = flat(found, "upper")[0]
    assert not bound < 0
    assert (found["reason"].item() == "no_bound") == np.isnan(bound)
    bound = -1.0 if np.isnan(bound) else bound  # what came before alarms, whatever comes now
    for value, alarms in ((bound, False), (bound + 1, True)):
        if value >= 0:
            data.iloc[-1, 0] = value
            assert bool(hd.detect(data, method="outbreakp", last=1)["alarm"].item()) == alarms


GOLDEN = Path(__file__).parent / "golden" / "outbreakP.csv"


@pytest.mark.parametrize("k", [20, 100, 1000])
@pytest.mark.parametrize("ret", ["cases", "value"])
def test_outbreakp_with_its_quirks_is_that_of_r(k, ret):
    rows = pd.read_csv(GOLDEN)
    answers = rows[(rows["k"] == k) & (rows["ret"] == ret)]
    series = rows[rows["k"].isna() | rows.index.isin(answers.index)]
    data = series.pivot_table("value", "t", "series", sort=False)
    found = hd.detect(
        data, "outbreakp", last=33, year="rows", k=float(k), ret=ret, max_cases=2000.0,
        compat="surveillance",
    )  # fmt: skip
    theirs = answers.pivot_table("upperbound", "t", "series", dropna=False)[data.columns].T
    np.testing.assert_allclose(found["upper"].values, theirs, rtol=1e-9, atol=1e-300)
    alarm = answers.pivot_table("alarm", "t", "series", dropna=False)[data.columns].T
    # R has NA where its product is 0 times infinity.
    np.testing.assert_array_equal(found["alarm"].values, alarm.fillna(0))
    if ret == "cases":
        assert np.isnan(theirs.to_numpy()).sum() > 50
        ours = hd.detect(data, "outbreakp", last=33, year="rows", k=float(k), max_cases=2000.0)
        few = ~data.columns.isin(["large", "jump", "huge"])  # there the product underflows
        np.testing.assert_array_equal(ours["upper"].values[few], theirs.to_numpy()[few] - 1)
        silent = np.isnan(ours["upper"].values)
        assert (ours["reason"].values[silent] == "no_bound").all()
        assert (ours["upper"].values[~silent] >= 0).all()


def test_bayes_and_rki_by_hand():
    data = series(9, 30.0)
    data.iloc[329 - 104, 0] = np.nan
    y = data["a"].to_numpy()
    around = np.concatenate([y[329 - 52 * i - 4 : 329 - 52 * i + 5] for i in (1, 2)])
    around = around[~np.isnan(around)]
    assert len(around) == 17
    found = hd.detect(data, method="rki", last=1)
    assert found["upper"].item() == pytest.approx(around.mean() + 2 * around.std(ddof=1))
    assert found.attrs["year"] == "rows"
    sample = np.concatenate([y[325:329], around])
    found = hd.detect(data, method="bayes", last=1, years_back=2, half_window=4)
    assert found["expected"].item() == pytest.approx((sample.sum() + 0.5) / len(sample))
    size, p = sample.sum() + 0.5, len(sample) / (len(sample) + 1)
    below = math.fsum(
        math.exp(math.lgamma(k + size) - math.lgamma(size) - math.lgamma(k + 1)
                 + size * math.log(p) + k * math.log(1 - p))
        for k in range(int(found["upper"].item()) + 1)
    )  # fmt: skip
    assert below >= 0.95


@pytest.mark.parametrize("method", ["glr_poisson", "glr_negbin"])
def test_the_count_for_an_unknown_jump_is_the_fewest_that_alarms(method):
    data = series(5)
    first = hd.detect(data, method=method, baseline=300, ret="cases")
    assert not flat(first, "alarm")[:11].any()
    for less, alarms in ((1, False), (0, True)):
        y = data.copy()
        y.iloc[310, 0] = flat(first, "upper")[10] - less
        found = hd.detect(y, method=method, baseline=300)
        assert flat(found, "alarm")[10] == alarms


def test_a_period_before_that_was_not_reported_brings_nothing():
    data = series(7)
    data.iloc[301:305, 0] = [20, 25, np.nan, 30]
    found = hd.detect(data, method="glr_poisson", baseline=300, change="epi", c_arl=1e9)
    y, mu = data["a"].to_numpy()[300:], flat(found, "expected")
    before = np.array([*data["a"].to_numpy()[299:329]])
    assert flat(found, "state")[3] == "no_data"
    seen = [0, 1, 2, 4]
    b = np.nan_to_num(before[seen])
    rates = np.linspace(0, 5, 5001)
    best = 0.0
    for k in range(4):
        m = mu[seen][k:, None] + rates * b[k:, None]
        gain = y[seen][k:, None] * np.log(m / mu[seen][k:, None]) - m + mu[seen][k:, None]
        best = max(best, gain.sum(axis=0).max())
    assert flat(found, "statistic")[4] == pytest.approx(best, abs=1e-4)
    assert best > 5


@pytest.mark.parametrize("ret", ["value", "cases"])
def test_a_shortest_window_without_a_longest_is_that_of_the_reference(ret):
    """Its Poisson chart waits for so many periods after each start, and then takes every window."""
    golden = Path(__file__).parent / "golden"
    counts = pd.read_csv(golden / "counts.csv").set_index("t").astype(float)
    tag = "glrpois_wait" if ret == "value" else "glrpois_wait_cases"
    theirs = pd.read_csv(golden / f"{tag}.csv").pivot(index="t", columns="series")
    given = {"method": "glr_poisson", "m_tilde": 3, "c_arl": 3.0, "ret": ret, "baseline": 416}
    found, right = (
        hd.detect(counts, last=104, compat=c, **given).transpose("time", "place")
        for c in ("surveillance", "")
    )
    bound = theirs["upperbound"][list(counts)].reindex(found["time"].to_numpy()).to_numpy()
    known = ~np.isnan(bound)
    assert known.sum() == 2078
    upper = found["upper"].to_numpy()
    if ret == "cases":  # where no count would alarm, there 0 stands and here nothing
        np.testing.assert_array_equal(np.nan_to_num(upper)[known], bound[known])
    else:
        np.testing.assert_allclose(upper[known], bound[known], rtol=1e-8, atol=1e-12)
    alarms = theirs["alarm"][list(counts)].reindex(found["time"].to_numpy()).to_numpy()
    np.testing.assert_array_equal(found["alarm"].to_numpy()[known], alarms[known] == 1)
    assert (right["alarm"] != found["alarm"]).any()  # by default no window is shorter than that
