"""Endemic channels by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import haidang as hd
from haidang.base.errors import BadData

MONTHS = pd.date_range("2019-01-01", periods=72, freq="MS")


def june(values) -> pd.DataFrame:
    """Six years of months: a count for each June, 1 in every other month."""
    y = pd.Series(1.0, index=MONTHS)
    y[y.index.month == 6] = values
    return pd.DataFrame({"a": y[:"2024-06-01"]})


def test_mean_and_standard_deviations_without_the_epidemic_years():
    data = june([10, 14, 90, 12, 8, 21])
    found = hd.detect(data, method="endemic_channel", last=1)
    past = np.array([10, 14, 90, 12, 8.0])
    assert found["expected"].item() == pytest.approx(past.mean())
    assert found["upper"].item() == pytest.approx(past.mean() + 2 * past.std(ddof=1))
    assert found["state"].item() == "quiet"
    past = np.array([10, 14, 12, 8.0])
    found = hd.detect(data, method="endemic_channel", last=1, epidemic_years=(2021,))
    assert found["upper"].item() == pytest.approx(past.mean() + 2 * past.std(ddof=1))
    assert found["state"].item() == "raised"
    one = hd.detect(data, method="endemic_channel", last=1, epidemic_years=(2021,), sd=1.0)
    assert one["upper"].item() == pytest.approx(past.mean() + past.std(ddof=1))


def test_a_percentile_needs_no_names():
    data = june([10, 14, 90, 12, 8, 15])
    found = hd.detect(data, method="endemic_percentile", last=1, half_window=0)
    assert found["expected"].item() == 12
    assert found["upper"].item() == 14
    assert found["state"].item() == "raised"
    wide = hd.detect(data, method="endemic_percentile", last=1, percentile=0.9)
    sample = [10, 14, 90, 12, 8] + [1] * 10
    assert wide["upper"].item() == pytest.approx(np.quantile(sample, 0.9))


def test_too_few_years_are_no_history():
    data = june([10, 14, 90, 12, 8, 15])
    years = (2020, 2021, 2022, 2023)
    found = hd.detect(data, method="endemic_channel", last=1, epidemic_years=years)
    assert (found["state"].item(), found["reason"].item()) == ("no_data", "history")
    data.loc[["2020-06-01", "2021-06-01", "2022-06-01"], "a"] = np.nan
    found = hd.detect(data, method="endemic_channel", last=1)
    assert found["reason"].item() == "history"
    same = hd.detect(june([5, 5, 5, 5, 5, 6]), method="endemic_channel", last=1)
    assert (same["reason"].item(), same["state"].item()) == ("no_spread", "raised")


def test_epidemic_years_need_dates_and_whole_numbers():
    data = june([10, 14, 90, 12, 8, 15])
    with pytest.raises(BadData, match="only numbered"):
        hd.detect(
            data.reset_index(drop=True), method="endemic_channel", epidemic_years=(2021,)
        )  # fmt: skip
    with pytest.raises(BadData, match="whole numbers"):
        hd.detect(data, method="endemic_channel", epidemic_years=("x",))
