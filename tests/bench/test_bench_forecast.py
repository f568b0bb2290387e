"""How long a forecast takes by series, on one thread; and skill and time beside a peer.

Run with ``pytest tests/bench/test_bench_forecast.py``. Nothing here asserts a time; the figures are
in ``extra_info``. The peer is ``statsforecast``, which needs another pandas and so an interpreter
of its own: ``python3 -m venv PEER && PEER/bin/pip install statsforecast==2.1.1 'pandas<3'``, then
set ``HAIDANG_STATSFORECAST=PEER/bin/python``.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from haidang.watch.calendar import Calendar
from haidang.watch.forecaster import HUB_QUANTILES, ForecastTask, apply
from haidang.watch.forecasters import FORECASTERS
from haidang.watch.quantile import wis

SERIES, WEEKS, AHEAD = 200, 260, 4
LEVELS = np.array(HUB_QUANTILES)
PEER = """
import sys, time
import numpy as np, pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, AutoTheta
y = np.load(sys.argv[1]); ahead = int(sys.argv[3]); widths = [98, 95, *range(90, 5, -10)]
n, rows = y.shape
out = {}
kinds = (("ets", AutoETS), ("theta", AutoTheta))
for name, kind, scale in [(k, c, s) for k, c in kinds for s in ("", "_log")]:
    name, model = name + scale, kind(season_length=52)
    frame = pd.DataFrame({"unique_id": np.repeat([f"s{i:05d}" for i in range(n)], rows),
        "ds": np.tile(np.arange(rows), n), "y": (np.log1p(y) if scale else y).ravel()})
    warm = StatsForecast(models=[model], freq=1, n_jobs=1)
    warm.forecast(df=frame[frame.unique_id < "s00002"], h=ahead, level=widths)
    begin = time.process_time()
    made = StatsForecast(models=[model], freq=1, n_jobs=1).forecast(df=frame, h=ahead, level=widths)
    out[name + "_ms"] = 1000 * (time.process_time() - begin) / n
    made = made.sort_values(["unique_id", "ds"])
    first = next(c for c in made.columns if c.startswith("Auto"))
    low, high = ([f"{first}-{side}-{w}" for w in widths] for side in ("lo", "hi"))
    columns = [*low, first, *high[::-1]]
    found = made[columns].to_numpy().reshape(n, ahead, len(columns))
    out[name] = np.expm1(found) if scale else found
np.savez(sys.argv[2], **out)
"""


def table(places: int = SERIES, rows: int = WEEKS + AHEAD, seed: int = 1) -> np.ndarray:
    """Weekly counts with a season, a wandering level and more scatter than Poisson."""
    rng = np.random.default_rng(seed)
    t = np.arange(rows)
    size = rng.lognormal(3, 1.2, (places, 1))
    season = rng.uniform(0, 0.9, (places, 1)) * np.cos(2 * np.pi * (t / 52.18 - rng.random()))
    drift = np.cumsum(rng.normal(0, 0.1, (places, rows)), axis=1)
    mean = size * np.exp(season + drift - drift.mean(axis=1, keepdims=True))
    return rng.negative_binomial(10, 10 / (10 + mean)).astype(np.float64)


def ours(name: str, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Quantiles, and milliseconds of processor time a series."""
    model = FORECASTERS[name]
    calendar = Calendar("week", "rows", y.shape[1])
    small = ForecastTask(y[:4], calendar, AHEAD, LEVELS)
    apply(model, small, model.defaults())  # compiled, or read from the cache
    begin = time.process_time()
    fan = apply(model, ForecastTask(y, calendar, AHEAD, LEVELS), model.defaults())
    return fan.values, 1000 * (time.process_time() - begin) / len(y)


@pytest.mark.parametrize("name", FORECASTERS)
def test_milliseconds_a_series(benchmark, name):
    y = table(50 if name == "ensemble" else SERIES)[:, :WEEKS]
    _, each = benchmark.pedantic(ours, (name, y), rounds=1)
    benchmark.extra_info["milliseconds of processor time a series"] = round(each, 3)


def test_skill_and_time_beside_the_peer(benchmark, tmp_path):
    """On the same series, with the same intervals: WIS of what came, and milliseconds a series.

    The series grow and scatter on the scale of logarithms, which ours finds out or takes for
    granted; the peer is therefore asked on that scale too. It takes no season longer than 24.
    """
    python = os.environ.get("HAIDANG_STATSFORECAST", "")
    if not Path(python).is_file():
        pytest.skip("set HAIDANG_STATSFORECAST to an interpreter with statsforecast; see above")
    places = int(os.environ.get("HAIDANG_BENCH_SERIES", SERIES))
    y = table(places)
    np.save(tmp_path / "y.npy", y[:, :WEEKS])
    run = [python, "-c", PEER, str(tmp_path / "y.npy"), str(tmp_path / "out.npz"), str(AHEAD)]
    benchmark.pedantic(subprocess.run, (run,), {"check": True, "timeout": 3600}, rounds=1)
    theirs = np.load(tmp_path / "out.npz")
    widths = np.array([98, 95, *range(90, 5, -10)])
    levels = np.concatenate([(100 - widths) / 200, [0.5], (100 + widths[::-1]) / 200])
    keep = np.array([int(np.argmin(np.abs(LEVELS - p))) for p in levels])
    assert np.allclose(LEVELS[keep], levels)
    rows = []
    for name in ("random_walk_quantiles", "ets", "theta"):
        said, each = ours(name, y[:, :WEEKS])
        rows.append(("ours", name, *_scores(said[..., keep], levels, y[:, WEEKS:]), each))
    for name in ("ets", "ets_log", "theta", "theta_log"):
        found = _scores(theirs[name], levels, y[:, WEEKS:])
        rows.append(("statsforecast", name, *found, float(theirs[f"{name}_ms"])))
    found = pd.DataFrame(rows, columns=["who", "model", "wis", "log_wis", "inside_95", "ms"])
    benchmark.extra_info["table"] = found.round(4).to_dict("records")
    print("\n" + found.round(4).to_string(index=False))


def _scores(said: np.ndarray, levels: np.ndarray, came: np.ndarray) -> tuple[float, float, float]:
    """Mean WIS, the same on logarithms, and the share inside the interval for 95 %."""
    inside = (said[..., 1] <= came) & (came <= said[..., -2])
    logs = wis(np.log1p(np.maximum(said, 0)), levels, np.log1p(came))
    return float(wis(said, levels, came).mean()), float(logs.mean()), float(inside.mean())
