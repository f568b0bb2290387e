"""Impact of 1,000 events over 100,000 points, five million cells: beside plain scipy and CLIMADA.

Run with ``make bench``. Nothing here asserts a time; the figures are in ``extra_info``. Set
``HAIDANG_CLIMADA`` to an interpreter that has CLIMADA (how: ``tests/jobs/impact_speed.py``) and it
runs in the same run. ``tests/jobs/impact_speed.py`` writes the page.
"""

from __future__ import annotations

import pytest

from haidang.risk.engine.run import impacts
from jobs import impact_speed as speed


@pytest.fixture(scope="module")
def world():
    return speed.made()


def test_impact_of_a_catalogue(benchmark, world):
    events, held = world.events(), world.assets()
    impacts(events, held, speed.CURVE)
    found = benchmark.pedantic(impacts, (events, held, speed.CURVE), rounds=7)
    wall, _, (_, _, expected) = speed.best(lambda: speed.by_scipy(world), 3)
    assert found.expected("c0") == pytest.approx(expected, rel=1e-10)
    if benchmark.stats is None:  # --benchmark-disable
        return
    fastest = benchmark.stats.stats.min
    benchmark.extra_info["scipy, s"] = round(wall, 3)
    benchmark.extra_info["times scipy"] = round(wall / fastest, 1)
    peer = speed.climada(3)
    if peer is not None:
        assert found.expected("c0") == pytest.approx(peer["expected"], rel=1e-9)
        assert found.at_event("c0").max() == pytest.approx(peer["worst"], rel=1e-9)
        benchmark.extra_info["CLIMADA in this run, s"] = round(peer["seconds"], 3)
        benchmark.extra_info["CLIMADA, peak MB"] = round(peer["peak_mb"])
        benchmark.extra_info["times CLIMADA"] = round(peer["seconds"] / fastest, 1)


def test_memory_of_a_catalogue(benchmark):
    """In a process of its own: Python, libraries, input and result together, under 1 GB."""
    found = benchmark.pedantic(speed.apart, ("all",), {"rounds": 3}, rounds=1)
    assert found["peak_mb"] < 1000
    benchmark.extra_info.update({name: round(value, 3) for name, value in found.items()})


@pytest.mark.parametrize("times", [1, 2, 4])
def test_cost_grows_with_the_cells(benchmark, times):
    size = times * speed.EVENTS, speed.POINTS, times * speed.CELLS
    found = benchmark.pedantic(speed.apart, ("one", *size), {"rounds": 3}, rounds=1)
    each = found["processor"] / size[2] * 1e9
    benchmark.extra_info["nanoseconds of processor time a cell"] = round(each, 2)


def test_zonal_sums(benchmark):
    found = benchmark.pedantic(speed.zones, kwargs={"rounds": 1}, rounds=1)
    benchmark.extra_info["ours, s"] = round(found.ours[0], 2)
    benchmark.extra_info["exactextract alone, s"] = round(found.theirs[0], 2)
