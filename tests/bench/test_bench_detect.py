"""How many series-weeks a second each detector judges, on one thread; and a nation's newest week.

Run with ``make bench``. Nothing here asserts a time; the figures are in ``extra_info``. Where R and
its package are installed it runs beside in the same run. ``tests/jobs/speed.py`` writes the page.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from haidang.watch.calendar import Calendar
from haidang.watch.detectors import METHODS
from haidang.watch.method import Task
from jobs import speed

SLOW = ("glr_negbin", "glr_poisson")


def task(places: int, weeks: int) -> Task:
    y = speed.counts(places)
    at = np.arange(y.shape[1] - weeks, y.shape[1])
    return Task(y, at, Calendar("week", "rows", y.shape[1]))


@pytest.fixture(scope="session")
def reference() -> dict[str, float]:
    """Microseconds of R's package for a series-week."""
    return speed.reference(4, 26)


@pytest.mark.parametrize("name", speed.ALONE)
def test_series_weeks_a_second(benchmark, name, reference):
    places, weeks = (50, 26) if name in SLOW else (200, 52)
    given = task(places, weeks)
    method = METHODS[name]
    chosen, _ = method.settle({}, given.calendar)
    benchmark.pedantic(method.kernel, (given, chosen), rounds=3, warmup_rounds=1)
    each = speed.microseconds(name, places, weeks)
    benchmark.extra_info["microseconds of processor time each"] = round(each, 3)
    benchmark.extra_info["series-weeks a second"] = round(1e6 / each)
    if name in reference:
        benchmark.extra_info["R, microseconds in this run"] = round(reference[name], 1)
        benchmark.extra_info["times R"] = round(reference[name] / each)


def test_r_stands_beside(reference):
    if not reference:
        pytest.skip(f"R's package is not installed: {speed.APT}")
    assert set(reference) <= set(speed.ALONE)


@pytest.mark.parametrize("places", [1_000, 10_000, 100_000])
def test_cost_grows_with_the_number_of_series(benchmark, places):
    each = benchmark.pedantic(speed.microseconds, ("farrington_flexible", places, 1), rounds=1)
    benchmark.extra_info["microseconds of processor time each"] = round(each, 2)


def test_a_nations_newest_week(benchmark):
    """3,321 communes times 46 diseases: table in, dataset out."""
    found = benchmark.pedantic(speed.nation, (speed.COMMUNES, speed.DISEASES), rounds=1)
    benchmark.extra_info.update({name: round(value, 1) for name, value in found.items()})
    benchmark.extra_info["load of the machine"] = round(os.getloadavg()[0], 1)


def test_a_search_over_the_nation(benchmark):
    found = benchmark.pedantic(speed.country, (speed.COMMUNES, 60, 999), rounds=1)
    benchmark.extra_info.update({name: round(value, 1) for name, value in found.items()})
