"""The renewal forecast: against simulation, a path by hand, and its own claim."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import haidang as hd
from haidang.base.errors import BadData
from haidang.watch.serial import discretise


def epidemics(seed, growth, places=200, days=110, interval=(5, 2), size=np.inf):
    """Renewal epidemics that begin in the same way, ``(place, day)``, and what comes after."""
    rng = np.random.default_rng(seed)
    w = discretise(*interval)
    total = days + 28
    r = 1 / (w * np.exp(-growth * np.arange(len(w)))).sum()
    path = np.zeros((places, total))
    path[:, : len(w)] = rng.poisson(30 * np.exp(growth * np.arange(len(w))), (places, len(w)))
    for t in range(len(w), total):
        mean = r * sum(w[s] * path[:, t - s] for s in range(1, len(w)))
        if size < np.inf:
            mean = mean * rng.gamma(size, 1 / size, places)
        path[:, t] = rng.poisson(mean)
    return path[:, :days], path[:, days:]


def table(counts, freq="D") -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=counts.shape[1], freq=freq)
    return pd.DataFrame(counts.T, index=index, columns=[f"p{i}" for i in range(len(counts))])


@pytest.mark.parametrize("growth", [-0.03, 0.0, 0.05])
@pytest.mark.parametrize("size", [np.inf, 10.0])
def test_the_interval_holds_what_it_promises_by_days(growth, size):
    known, later = epidemics(1, growth, size=size)
    found = hd.forecast(
        table(known), 7, "renewal", serial_mean=5, serial_sd=2, damping=1.0, window=14,
        quantiles=[0.05, 0.5, 0.95],
    )["forecast"].values[:, 0]  # fmt: skip
    truth = later[:, :7]
    held = ((found[..., 0] <= truth) & (truth <= found[..., 2])).mean(axis=0)
    assert (held > 0.82).all()
    assert held.mean() > 0.86
    # A large count that scatters like a Poisson one is not believed to.
    assert held.mean() < 0.985 or size == np.inf
    assert np.median(found[:, -1, 1]) == pytest.approx(np.median(truth[:, -1]), rel=0.2, abs=2)


def test_weeks_grow_as_their_days_do():
    known, later = epidemics(2, 0.04, days=84)
    weekly = known.reshape(len(known), 12, 7).sum(axis=2)
    truth = later.reshape(len(later), 4, 7).sum(axis=2)
    found = hd.forecast(
        table(weekly, "7D"), 4, "renewal", serial_mean=5, serial_sd=2, damping=1.0, window=3,
        quantiles=[0.05, 0.5, 0.95],
    )["forecast"].values[:, 0]  # fmt: skip
    ratio = np.median(found[..., 1], axis=0) / np.median(truth, axis=0)
    np.testing.assert_allclose(ratio, 1, atol=0.12)
    held = ((found[..., 0] <= truth) & (truth <= found[..., 2])).mean()
    assert held > 0.86


def test_a_path_by_hand():
    # Everybody infects in the next week: R is what came over what was there.
    counts = np.array([[1e4 * 2**t for t in range(25)]])
    for damping, want in ((1.0, [2, 4, 8]), (0.5, [2**0.5, 2**0.75, 2**0.875])):
        found = hd.forecast(
            table(counts, "7D"), 3, "renewal", serial_mean=1.5, serial_sd=0.2, damping=damping,
            quantiles=[0.5], window=1,
        )["forecast"].values.ravel()  # fmt: skip
        np.testing.assert_allclose(found / counts[0, -1], want, rtol=0.02)


def test_errors_add_up_with_the_horizon_and_with_a_short_window():
    known, _ = epidemics(3, 0.0, places=40)

    def width(**params):
        made = hd.forecast(table(known), 14, "renewal", quantiles=[0.1, 0.9], damping=1.0, **params)
        return np.diff(made["forecast"].values[:, 0], axis=-1)[..., 0].mean(axis=0)

    wide = width()
    assert wide[-1] > 1.3 * wide[0]
    assert width(window=28)[-1] < wide[-1]


def test_neighbours_and_gaps_change_nothing():
    known, _ = epidemics(4, 0.0, places=700)
    data = table(known)
    data.iloc[40:43, 5] = np.nan
    whole = hd.forecast(data, 4, "renewal")
    one = hd.forecast(data[["p5", "p699"]], 4, "renewal")
    np.testing.assert_array_equal(whole["forecast"].sel(place=["p5", "p699"]), one["forecast"])
    full = hd.forecast(table(known[5:6]), 4, "renewal")["forecast"].sel(quantile=0.5).values
    gap = one["forecast"].sel(place="p5", quantile=0.5).values
    np.testing.assert_allclose(gap.ravel(), full.ravel(), rtol=0.2)


def test_months_are_refused():
    months = pd.DataFrame(
        {"a": [5.0] * 30}, index=pd.date_range("2020-01-01", periods=30, freq="MS")
    )
    with pytest.raises(BadData, match="renewal"):
        hd.forecast(months, 2, "renewal")
    with pytest.raises(BadData, match="serial_mean"):
        hd.forecast(table(np.ones((1, 30))), 2, "renewal", serial_mean=1.0)
