"""``hd.reproduction``: against printed values, a closed form, a slow twin, and simulation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gamma

import haidang as hd
from haidang.base.errors import BadData
from haidang.watch.serial import by_period, discretise, infectiousness, spread

GOLDEN = Path(__file__).parent / "golden" / "reproduction" / "epiestim.csv"
# A school in Pennsylvania, 2009; see SOURCE.md beside the golden values.
SCHOOL = [1, 1, 0, 2, 5, 3, 3, 3, 6, 2, 5, 9, 13, 12, 13, 11, 12, 6, 6, 6, 3, 1, 0, 2, 0, 0, 0, 0,
          2, 0, 2, 0]  # fmt: skip
INTERVAL = [0, 0.233, 0.359, 0.198, 0.103, 0.053, 0.027, 0.014, 0.007, 0.003, 0.002, 0.001]


def days(counts, name="a") -> pd.DataFrame:
    index = pd.date_range("2009-04-27", periods=len(counts), freq="D")
    return pd.DataFrame({name: np.asarray(counts, float)}, index=index)


@pytest.mark.parametrize(("kind", "given"), [("flat", INTERVAL), ("pair", (2.6, 1.5))])
def test_the_values_that_the_reference_program_prints(kind, given):
    want = pd.read_csv(GOLDEN)
    found = hd.reproduction(days(SCHOOL), given).isel(place=0, time=slice(7, None))
    assert found.sizes["time"] == len(want) == 25
    for mine, theirs in (("r", "mean"), ("sd", "sd"), ("lower", "q025")):
        # Seven decimals are printed.
        np.testing.assert_allclose(found[mine], want[f"{kind}_{theirs}"], rtol=0, atol=5.1e-8)
    if kind == "flat":
        np.testing.assert_allclose(found["upper"], want["flat_q975"], rtol=0, atol=5.1e-8)
        half = hd.reproduction(days(SCHOOL), given, level=1e-12).isel(place=0)
        np.testing.assert_allclose(half["lower"][7:], want["flat_median"], rtol=0, atol=5.1e-8)


def test_by_hand():
    # Everybody infects on the next day: R over two days is what came over what was there.
    found = hd.reproduction(days([4, 8, 16, 8]), [0, 1.0, 0.0], window=2, prior=(1, 1))
    found = found.isel(place=0)
    np.testing.assert_allclose(found["r"][2:], [(1 + 24) / (1 + 12), (1 + 24) / (1 + 24)])
    assert found["reason"].values.tolist() == ["history", "history", "", ""]
    assert found["cases"].values.tolist()[1:] == [8, 24, 24]
    np.testing.assert_allclose(found["p_above_one"][2], gamma.sf(1, 25, scale=1 / 13))


def slow(counts, interval, window, a=1.0, b=5.0):
    """The same with loops, as the paper says it."""
    found = []
    for t in range(window, len(counts)):
        cases = infects = 0.0
        for day in range(t - window + 1, t + 1):
            cases += counts[day]
            infects += sum(
                interval[s] * counts[day - s] for s in range(1, min(day + 1, len(interval)))
            )
        found.append((a + cases) / (1 / b + infects))
    return found


@pytest.mark.parametrize("name", ["Flu1918", "Measles1861", "SARS2003", "Smallpox1972"])
def test_real_epidemics_against_a_slow_twin(shared, name):
    told = json.loads((shared / "data" / "renewal" / f"{name}.json").read_text("utf-8"))[name]
    interval = np.array(told["si_distr"])
    found = hd.reproduction(days(told["incidence"]), interval).isel(place=0)
    want = np.array(slow(told["incidence"], interval, 7))
    answered = np.isfinite(found["r"].values[7:])
    np.testing.assert_allclose(found["r"].values[7:][answered], want[answered], rtol=1e-12)
    assert answered.mean() > 0.6


def test_the_flat_interval_of_influenza_is_the_discretised_gamma():
    np.testing.assert_allclose(discretise(2.6, 1.5)[: len(INTERVAL)], INTERVAL, atol=6e-4)
    wide = discretise(15.3, 9.3)
    assert wide.sum() == pytest.approx(1, abs=1e-9)
    mean = (np.arange(len(wide)) * wide).sum()
    assert mean == pytest.approx(15.3, abs=1e-6)


def test_a_day_that_was_not_reported_is_missing_and_not_zero():
    calm = [20.0] * 40
    whole = hd.reproduction(days(calm), (3, 1.5)).isel(place=0)
    assert whole["r"].values[-1] == pytest.approx(1, abs=0.02)
    holes = np.array(calm)
    holes[[10, 22, 23, 35]] = np.nan
    found = hd.reproduction(days(holes), (3, 1.5)).isel(place=0)
    np.testing.assert_allclose(found["r"].values[[21, 34, 39]], whole["r"][-1], rtol=0.01)
    assert found["reason"].values[[22, 23, 35]].tolist() == ["missing"] * 3
    assert np.isnan(found["r"].values[[22, 23, 35]]).all()
    zeros = hd.reproduction(days(np.nan_to_num(holes)), (3, 1.5)).isel(place=0)
    assert zeros["r"].values[24] < 0.9
    holes[28:35] = np.nan
    gone = hd.reproduction(days(holes), (3, 1.5)).isel(place=0)
    assert gone["reason"].values[36] == "missing"


def test_nobody_who_could_infect_is_no_answer_and_few_cases_are_told():
    counts = [0] * 12 + [3] + [0] * 20
    found = hd.reproduction(days(counts), (3, 1.5)).isel(place=0)
    assert found["reason"].values[11] == "all_zero"
    assert np.isnan(found["r"].values[11])
    assert found["reason"].values[16] == "few_cases"
    assert found["r"].values[16] > 0


def test_thousands_of_places_are_what_each_is_alone():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        rng.poisson(8, (60, 300)).astype(float), index=pd.date_range("2024-01-01", periods=60)
    )
    table.columns = [f"p{i}" for i in range(300)]
    whole = hd.reproduction(table, (4, 2))
    one = hd.reproduction(table[["p17"]], (4, 2))
    np.testing.assert_array_equal(whole["upper"].sel(place="p17"), one["upper"].sel(place="p17"))
    assert np.nanmean(whole["r"][:, 30:]) == pytest.approx(1, abs=0.05)
    # The interval holds 1 as often as it says.
    last = whole.isel(time=[20, 30, 40, 50, 59])
    held = ((last["lower"] <= 1) & (last["upper"] >= 1)).mean()
    assert 0.9 < held < 0.99


def test_an_uncertain_interval_widens_and_repeats():
    growing = [round(5 * 1.08**t) for t in range(40)]
    sure = hd.reproduction(days(growing), (5, 2)).isel(place=0, time=-1)
    made = [
        hd.reproduction(days(growing), (5, 2), uncertain=(1, 0.5), seed=s).isel(place=0, time=-1)
        for s in (1, 1, 2)
    ]
    assert made[0].equals(made[1])
    assert not made[0].equals(made[2])
    width = made[0]["upper"] - made[0]["lower"]
    assert width > 1.2 * (sure["upper"] - sure["lower"])
    assert made[0]["r"].item() == pytest.approx(sure["r"].item(), rel=0.05)


@pytest.mark.parametrize("growth", [0.9, 1.0, 1.1])
def test_weeks_tell_what_their_days_tell(growth):
    daily = 4e6 * growth ** np.arange(70)
    weekly = daily.reshape(10, 7).sum(axis=1).round()
    index = pd.date_range("2024-01-01", periods=10, freq="7D")
    table = pd.DataFrame({"a": weekly}, index=index)
    found = hd.reproduction(table, (4, 2), window=2).isel(place=0, time=-1)
    truth = 1 / (discretise(4, 2) * growth ** -np.arange(len(discretise(4, 2)))).sum()
    assert found["r"].item() == pytest.approx(truth, rel=0.02)
    assert spread(weekly[None], 7).reshape(10, 7).sum(axis=1) == pytest.approx(weekly)


def test_an_interval_by_period():
    weekly = by_period(discretise(15, 5), 7)
    assert weekly[0] == 0
    assert weekly.sum() == pytest.approx(1)
    assert (np.arange(len(weekly)) * weekly).sum() * 7 == pytest.approx(15, abs=0.3)
    np.testing.assert_array_equal(by_period(np.array([0, 0.5, 0.5]), 1), [0, 0.5, 0.5])
    assert by_period(np.array([0, 0.5, 0.5]), 7).tolist() == pytest.approx([0, 1])
    made, seen = infectiousness(np.array([[4.0, np.nan, 8.0, 1.0]]), np.array([0, 0.5, 0.5]))
    assert made.tolist() == [[0, 2, 4, 8]]
    assert seen.tolist() == [[1, 1, 0.5, 0.5]]


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"serial_interval": (1, 2)}, "no serial interval"),
        ({"serial_interval": "x"}, "no serial interval"),
        ({"serial_interval": [0.2, 0.4, 0.4]}, "begin with 0"),
        ({"serial_interval": [0, 0.4, 0.4]}, "sum to 1"),
        ({"serial_interval": [0, 1.4, -0.4]}, "sum to 1"),
        ({"window": 0}, "window"), ({"level": 1}, "level"), ({"prior": (0, 1)}, "prior"),
        ({"uncertain": (1,)}, "uncertain"), ({"draws": 1}, "draws"), ({"seed": -1}, "seed"),
        ({"serial_interval": INTERVAL, "uncertain": (1, 1)}, "mean and standard deviation"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_said(given, match):
    with pytest.raises(BadData, match=match):
        hd.reproduction(days(SCHOOL), **{"serial_interval": (2.6, 1.5), **given})


def test_months_are_refused_and_bad_cells_are_named():
    months = pd.DataFrame(
        {"a": [5.0] * 12}, index=pd.date_range("2024-01-01", periods=12, freq="MS")
    )
    with pytest.raises(BadData, match="months are too long"):
        hd.reproduction(months, (5, 2))
    bad = days(SCHOOL)
    bad.iloc[20, 0] = -4
    found = hd.reproduction(bad, (2.6, 1.5))
    assert "below zero" in found.attrs["problems"][0].say("en")
    assert found["reason"].values[0, 20] == "missing"


def test_a_slip_infects_nobody_and_is_told():
    counts = days(np.random.default_rng(4).poisson(30, 60).astype(float))
    slipped, holed = counts.copy(), counts.copy()
    slipped.iloc[50, 0], holed.iloc[50, 0] = 1e9, np.nan
    got, want = (hd.reproduction(t, (2.6, 1.5)) for t in (slipped, holed))
    for name in ("r", "lower", "p_above_one", "cases", "reason"):
        np.testing.assert_array_equal(got[name], want[name])
    assert [p.code for p in got.attrs["problems"]] == ["watch.implausible_out"]
    assert 0.5 < got["r"].values[0, -1] < 2  # of 10^9 as infectors it would be next to nothing
