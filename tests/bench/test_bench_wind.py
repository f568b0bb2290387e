"""How fast the wind kernels are beside plain numpy on the same machine, in the same run.

Run with ``make bench``. Nothing here asserts a time: it is the best of the rounds, warm, and
whatever else the machine does is in it. The ratios stand below the table.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from haidang.risk.hazards import tropical_cyclone as tc


def reference_track() -> pd.DataFrame:
    """The synthetic track of the reference results: 17 positions in 6 h, here every hour."""
    six = np.arange(17) * 6.0
    hours = np.arange(97.0)
    lat = [14.0, 14.2, 14.5, 14.8, 15.1, 15.5, 15.9, 16.3, 16.7, 17.0, 17.3, 17.6, 17.9, 18.2]
    lat += [18.5, 18.8, 19.0]
    vmax = [45, 50, 60, 70, 80, 90, 95, 100, 105, 105, 100, 90, 65, 45, 35, 30, 25]
    pc = [998, 994, 988, 980, 972, 962, 956, 950, 945, 945, 950, 960, 978, 990, 996, 998, 1000]
    rmw = [40, 38, 35, 32, 28, 25, 22, 20, 20, 20, 22, 25, 30, 35, 40, 45, 50]
    return pd.DataFrame(
        {
            "time": pd.Timestamp("2024-09-05") + pd.to_timedelta(hours, "h"),
            "lat": np.interp(hours, six, lat),
            "lon": np.interp(hours, six, np.linspace(119.0, 101.0, 17)),
            "max_sustained_wind": np.interp(hours, six, vmax),
            "central_pressure": np.interp(hours, six, pc),
            "environmental_pressure": 1010.0,
            "radius_max_wind": np.interp(hours, six, rmw),
        }
    )


def numpy_speed(p, lat, lon, cutoff=300.0):
    """H08 over all cells at one time, as one would write it with numpy."""
    dy = (lat - p[0]) * tc.KM_PER_DEGREE
    dx = ((lon - p[1] + 180) % 360 - 180) * p[2]
    r = np.hypot(dx, dy)
    out = np.zeros(len(lat))
    near = (r <= cutoff) & (r > 1e-6)
    r, dx, dy = r[near], dx[near], dy[near]
    R, b, dp_rho, f = p[6], p[7], p[8], p[10]
    u = (R / r) ** b
    half = 500 * r * f
    share = np.minimum(1, R / r)
    v = np.sqrt(b * dp_rho * u * np.exp(-u) + half**2) - half - share * p[5]
    turn = p[11] * v / r
    out[near] = np.hypot(turn * dx + share * p[3], -turn * dy + share * p[4])
    return out


def numpy_member(rows, lat, lon, start, levels):
    """Maxima and first and last times of one member."""
    cell_max = np.zeros(len(lat))
    first = np.full((len(start) - 1, len(levels)), -1)
    last = first.copy()
    for t, p in enumerate(rows):
        if np.isnan(p[0]):
            continue
        v = numpy_speed(p, lat, lon)
        np.maximum(cell_max, v, out=cell_max)
        hit = np.maximum.reduceat(v, start[:-1])[:, None] >= levels
        first[hit & (first < 0)] = t
        last[hit] = t
    return cell_max, first, last


def seconds(call):
    begin = time.perf_counter()
    out = call()
    return time.perf_counter() - begin, out


def test_windfield_of_one_track(benchmark):
    track = reference_track()
    grid = xr.Dataset(
        coords={"lat": np.arange(8.0, 24.05, 0.1), "lon": np.arange(102.0, 112.05, 0.1)}
    )
    tc.windfield(track, grid)
    got = benchmark(tc.windfield, track, grid)
    lat, lon = (a.ravel() for a in np.meshgrid(grid["lat"], grid["lon"], indexing="ij"))
    _, ready = tc._read_track(track)
    rows = ready.table("H08")

    def loop():
        return [np.zeros(lat.size) if np.isnan(p[0]) else numpy_speed(p, lat, lon) for p in rows]

    plain, want = min((seconds(loop) for _ in range(3)), key=lambda pair: pair[0])
    np.testing.assert_allclose(got.to_numpy().reshape(97, -1), want, atol=1e-9)
    benchmark.extra_info["cells x hours"] = "16261 x 97"
    benchmark.extra_info["plain numpy, s"] = round(plain, 4)
    if benchmark.stats is not None:
        benchmark.extra_info["times faster"] = round(plain / benchmark.stats.stats.min, 1)


@pytest.mark.parametrize("areas", [34, 3321])
def test_swath_of_an_ensemble(benchmark, areas):
    members, steps, n_cell = 1000, 120, 3321
    rng = np.random.default_rng(20240905)
    hours = np.arange(float(steps))
    along = np.linspace(0, 1, steps)
    lat = 15 + rng.normal(0, 1, (members, 1)) + 5 * along * (1 + rng.normal(0, 0.3, (members, 1)))
    lon = 118 + rng.normal(0, 1, (members, 1)) - 16 * along * (1 + rng.normal(0, 0.1, (members, 1)))
    wind = 45 + rng.normal(0, 5, (members, 1)) + np.zeros((members, steps))
    # A long thin country along a meridian, cells sorted from south to north.
    cells_lat = np.sort(rng.uniform(8.5, 23.3, n_cell))
    cells_lon = 104 + 1.5 * (np.sin(cells_lat) + 1) + rng.uniform(0, 2, n_cell)
    start = np.linspace(0, n_cell, areas + 1).astype(np.int64)
    levels = np.array([10.8, 17.2, 24.5, 32.7, 51.0])
    ready = tc.prepare_ensemble(hours, lat, lon, wind)
    run = (ready, cells_lat, cells_lon, start, levels)
    tc.swath(*run)
    got = benchmark.pedantic(tc.swath, args=run, rounds=5)

    some = 20
    rows = ready.table("H08")[:some]

    def loop():
        return [numpy_member(r, cells_lat, cells_lon, start, levels) for r in rows]

    plain, want = seconds(loop)
    np.testing.assert_allclose(got.cell_max[:some], [w[0] for w in want], atol=1e-9)
    np.testing.assert_array_equal(got.first[:some], [w[1] for w in want])
    np.testing.assert_array_equal(got.last[:some], [w[2] for w in want])
    benchmark.extra_info["members x cells x hours"] = "1000 x 3321 x 120"
    benchmark.extra_info["plain numpy, s"] = round(plain * members / some, 1)
    benchmark.extra_info["members that plain numpy ran"] = some
    if benchmark.stats is not None:
        faster = plain * members / some / benchmark.stats.stats.min
        benchmark.extra_info["times faster"] = round(faster, 1)
