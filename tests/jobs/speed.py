"""How fast the detectors are: run by hand, writes ``docs/reference/speed.md``.

    PYTHONPATH=src:tests python tests/jobs/speed.py

Everything is measured in this run: our kernels on one thread, R's package beside them where it is
installed, the cost against the number of series, and a nation's newest week in a process of its
own, whose memory is then known.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from haidang.watch.calendar import Calendar
from haidang.watch.detect import detect
from haidang.watch.detectors import METHODS
from haidang.watch.method import Task

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "speed.md"
SCRIPT = Path(__file__).parents[1] / "bench" / "reference.R"
APT = "sudo apt-get install r-base-core r-cran-surveillance"
COMMUNES, DISEASES = 3321, 46
ROWS = 330
ALONE = tuple(n for n, m in METHODS.items() if not m.coordinates and not m.needs_population)


def counts(places: int, rows: int = ROWS) -> np.ndarray:
    """Overdispersed counts with trend and season, most of them small, as in a nation."""
    rng = np.random.default_rng(1)
    t = np.arange(rows)
    level = np.exp(rng.normal(0.5, 1.2, (places, 1)))
    mu = level * np.exp(0.4 * np.cos(2 * np.pi * t / 52) + 0.0005 * t)
    return rng.negative_binomial(mu, 0.5).astype(np.float64)


def microseconds(name: str, places: int, weeks: int) -> float:
    """Processor time of our kernel for one series-week, on one thread, after a first run."""
    y = counts(places)
    method = METHODS[name]
    calendar = Calendar("week", "rows", y.shape[1])
    chosen, wrong = method.settle({}, calendar)
    assert not wrong
    task = Task(y, np.arange(y.shape[1] - weeks, y.shape[1]), calendar)
    method.kernel(Task(y[:2], task.at, calendar), chosen)
    begin = time.process_time()
    method.kernel(task, chosen)
    return (time.process_time() - begin) / (places * weeks) * 1e6


def reference(series: int, weeks: int) -> dict[str, float]:
    """The same by R's package, by our name; empty where it is not installed."""
    if shutil.which("Rscript") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "counts.csv"
        made = pd.DataFrame(counts(series).T.astype(int))
        made.rename(columns=lambda c: f"s{c}").to_csv(file, index=False)
        command = ["Rscript", str(SCRIPT), str(file), str(weeks)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        return {}
    lines = (line.split() for line in ran.stdout.splitlines())
    return {name: float(took) / (series * weeks) * 1e6 for name, took in lines}


def nation(communes: int, diseases: int, rows: int = 313) -> dict[str, float]:
    """Table in, dataset out: the newest week of every commune and disease."""
    data = xr.DataArray(
        counts(communes * diseases, rows), dims=("place", "time"),
        coords={
            "place": [f"{c:05}/{d}" for c in range(communes) for d in range(diseases)],
            "time": np.datetime64("2018-01-01", "ns") + np.arange(rows) * np.timedelta64(7, "D"),
        },
    )  # fmt: skip
    detect(data[:100], last=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    found = detect(data, last=1)
    took = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "series": len(data), "seconds": took, "raised": int(found["alarm"].sum()),
        "table_mb": data.nbytes / 2**20, "peak_mb": peak / 1024, "before_mb": before / 1024,
    }  # fmt: skip


def country(places: int, weeks: int, replicates: int) -> dict[str, float]:
    """One search of the scan statistic over a nation."""
    rng = np.random.default_rng(1)
    names = [f"{i:05}" for i in range(places)]
    level = np.exp(rng.normal(-0.5, 1.2, places))
    time_ = pd.date_range("2024-01-01", periods=weeks, freq="7D")
    data = pd.DataFrame(rng.poisson(level, (weeks, places)), index=time_, columns=names)
    where = pd.DataFrame(
        {"place": names, "lat": rng.uniform(8.5, 23, places), "lon": rng.uniform(102, 109, places)}
    )
    given: dict[str, Any] = {"method": "scan_permutation", "last": 1}
    detect(data.iloc[:, :20], coordinates=where, replicates=19, **given)
    begin, spent = time.perf_counter(), time.process_time()
    detect(data, coordinates=where, replicates=replicates, **given)
    return {
        "places": places, "weeks": weeks, "replicates": replicates, "cases": int(data.sum().sum()),
        "seconds": time.perf_counter() - begin, "processor": time.process_time() - spent,
    }  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    """How much is measured; the page's own, and a toy for the tests."""

    places: int = 200
    weeks: int = 52
    slow_places: int = 40
    slow_weeks: int = 26
    series: Sequence[int] = (1_000, 10_000, 100_000)
    r_series: int = 4
    communes: int = COMMUNES
    diseases: int = DISEASES
    scan_places: int = COMMUNES
    replicates: int = 999


def page(sizes: Sizes, theirs: dict[str, float], whole: dict[str, float]) -> Iterable[str]:
    """The page, line by line."""
    yield from (
        "# Speed", "",
        "All figures come from one run of a program; run it on your machine:", "",
        "```text", "PYTHONPATH=src:tests python tests/jobs/speed.py", "```", "",
        f"This run: {platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, load of the machine at the beginning "
        f"{os.getloadavg()[0]:.1f}. Simulated weekly counts, {ROWS} weeks, overdispersed, with "
        "trend and season. On a machine that is busy with other work the times are longer.", "",
        "## A series-week", "",
        "Microseconds of processor time on one core to judge one week of one series, and what R's "
        f"`surveillance` takes in the same run ({sizes.r_series} series, scaled). Where it is not "
        f"installed the columns are empty (`{APT}`).", "",
        "| Method | µs | series-weeks a second | R, µs | times R |", "|---|---:|---:|---:|---:|",
    )  # fmt: skip
    for name in ALONE:
        slow = name in ("glr_negbin", "glr_poisson")
        each = microseconds(
            name, sizes.slow_places if slow else sizes.places,
            sizes.slow_weeks if slow else sizes.weeks,
        )  # fmt: skip
        r = theirs.get(name)
        beside = f"{r:,.0f} | {r / each:,.0f}" if r else " | "
        yield f"| `{name}` | {each:,.2f} | {1e6 / each:,.0f} | {beside} |"
    yield from (
        "", "## Cost against size", "",
        "The newest week of so many series, `farrington_flexible`, one core.", "",
        "| Series | seconds | µs a series |", "|---:|---:|---:|",
    )  # fmt: skip
    for n in sizes.series:
        each = microseconds("farrington_flexible", n, 1)
        yield f"| {n:,} | {each * n / 1e6:,.2f} | {each:,.1f} |"
    yield from (
        "", "## A nation's newest week", "",
        f"{sizes.communes:,} communes times {sizes.diseases} diseases: {whole['series']:,.0f} "
        "series of 313 weeks, table in, dataset out, `farrington_flexible`, all processors: "
        f"**{whole['seconds']:.1f} s**. The process needed {whole['peak_mb']:,.0f} MB at its peak; "
        f"{whole['before_mb']:,.0f} MB of them to make up the table ({whole['table_mb']:,.0f} MB), "
        "before the first series was judged.", "",
        "## A search over the nation", "",
    )  # fmt: skip
    search = country(sizes.scan_places, 60, sizes.replicates)
    yield (
        f"`scan_permutation`, {search['places']:,} places, {search['weeks']} weeks, "
        f"{search['cases']:,} cases, spans up to 7 weeks, circles up to half of all cases, "
        f"{search['replicates']} replicates: {search['seconds']:.1f} s, "
        f"{search['processor']:.1f} s of processor time."
    )


def main(arguments: Sequence[str]) -> None:
    if list(arguments) == ["nation"]:
        sys.stdout.write(json.dumps(nation(COMMUNES, DISEASES)))
        return
    # A process of its own: memory that others took would count as its peak.
    command = [sys.executable, __file__, "nation"]
    whole = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    sizes = Sizes()
    lines = list(page(sizes, reference(sizes.r_series, sizes.slow_weeks), whole))
    PAGE.write_text("\n".join(lines) + "\n", "utf-8")
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
