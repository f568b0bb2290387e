"""How many series-weeks a second each detector judges, on one thread; and a nation's newest week.

Run with ``pytest tests/bench``. Nothing here asserts a time; the figures are in ``extra_info``.
R's package took 13,100 µs for a series-week of the flexible Farrington, 1,150 for its negative
binomial chart, 110 for EARS and 83 for Bayes, on one core of another machine.
"""

from __future__ import annotations

import os
import resource
import time

import numpy as np
import pytest

from haidang.watch import detect as module
from haidang.watch.calendar import Calendar
from haidang.watch.detectors import METHODS
from haidang.watch.method import Task

R_MICROSECONDS = {
    "farrington_flexible": 13_075.4, "glr_negbin": 1_149.1, "ears_c1": 108.2, "ears_c2": 108.3,
    "ears_c3": 132.2, "bayes": 83.3, "cusum": 147.7,
}  # fmt: skip
COMMUNES, DISEASES = 3321, 46


def counts(places: int, rows: int = 330) -> np.ndarray:
    """Overdispersed counts with trend and season, most of them small, as in a nation."""
    rng = np.random.default_rng(1)
    t = np.arange(rows)
    level = np.exp(rng.normal(0.5, 1.2, (places, 1)))
    mu = level * np.exp(0.4 * np.cos(2 * np.pi * t / 52) + 0.0005 * t)
    return rng.negative_binomial(mu, 0.5).astype(np.float64)


@pytest.mark.parametrize("name", METHODS)
def test_series_weeks_a_second(benchmark, name):
    method = METHODS[name]
    places, weeks = (50, 26) if name == "glr_negbin" else (200, 52)
    y = counts(places)
    calendar = Calendar("week", "rows", y.shape[1])
    chosen, _ = method.settle({}, calendar)
    task = Task(y, np.arange(y.shape[1] - weeks, y.shape[1]), calendar)
    method.kernel(task, chosen)
    begin = time.process_time()
    benchmark.pedantic(method.kernel, (task, chosen), rounds=3)
    each = (time.process_time() - begin) / 3 / (places * weeks)
    benchmark.extra_info["microseconds of processor time each"] = round(each * 1e6, 3)
    benchmark.extra_info["series-weeks a second"] = round(1 / each)
    if name in R_MICROSECONDS:
        benchmark.extra_info["times R"] = round(R_MICROSECONDS[name] / each / 1e6)


@pytest.mark.parametrize("places", [1_000, 10_000, 100_000])
def test_cost_grows_with_the_number_of_series(benchmark, places):
    y = counts(places)
    method = METHODS["farrington_flexible"]
    calendar = Calendar("week", "rows", y.shape[1])
    chosen, _ = method.settle({}, calendar)
    task = Task(y, np.array([y.shape[1] - 1]), calendar)
    method.kernel(task, chosen)
    begin = time.process_time()
    benchmark.pedantic(method.kernel, (task, chosen), rounds=1)
    each = (time.process_time() - begin) / places
    benchmark.extra_info["microseconds of processor time each"] = round(each * 1e6, 2)


def test_a_nations_newest_week(benchmark):
    """3,321 communes times 46 diseases: table in, dataset out."""
    import xarray as xr

    y = counts(COMMUNES * DISEASES, 313)
    data = xr.DataArray(
        y, dims=("place", "time"),
        coords={
            "place": [f"{c:05}/{d}" for c in range(COMMUNES) for d in range(DISEASES)],
            "time": np.datetime64("2018-01-01", "ns") + np.arange(313) * np.timedelta64(7, "D"),
        },
    )  # fmt: skip
    module.detect(data[:100], last=1)
    begin = time.perf_counter()
    found = benchmark.pedantic(module.detect, (data,), {"last": 1}, rounds=1)
    benchmark.extra_info["seconds"] = round(time.perf_counter() - begin, 1)
    benchmark.extra_info["raised"] = int(found["alarm"].sum())
    benchmark.extra_info["load of the machine"] = round(os.getloadavg()[0], 1)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    benchmark.extra_info["peak memory, MB, the made-up table with it"] = round(most)
