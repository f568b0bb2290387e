"""How fast impacts are: run by hand, writes ``docs/reference/impact-speed.md``.

    PYTHONPATH=src:tests python tests/jobs/impact_speed.py

Everything is measured in this run, every size in a process of its own, whose memory is then known.
Beside ours stand the same sums with scipy's sparse matrices, and CLIMADA where the environment
variable ``HAIDANG_CLIMADA`` names an interpreter that has it (an environment of its own: it is
GPL, and needs GDAL)::

    python3 -m venv PEER && PEER/bin/pip install "setuptools<80" wheel numpy
    PEER/bin/pip install --no-build-isolation "gdal==3.6.2" && PEER/bin/pip install climada==6.1.0
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely

from haidang.risk.engine.events import EventSet, event_set
from haidang.risk.engine.exposed import Exposed, exposed
from haidang.risk.engine.losses import exceedance_map
from haidang.risk.engine.result import Impacts
from haidang.risk.engine.run import impacts
from haidang.risk.vulnerability import WindDamage

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "impact-speed.md"
PEER = Path(__file__).parents[1] / "bench" / "reference_climada.py"
EVENTS, POINTS, CELLS = 1_000, 100_000, 5_000_000
CURVE = WindDamage(74.7).tabulated()


@dataclass(frozen=True)
class World:
    """An input: events over points, sparse, and values."""

    start: np.ndarray
    point: np.ndarray
    intensity: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    value: np.ndarray

    def events(self) -> EventSet:
        shape = (len(self.start) - 1, len(self.lat))
        cells = sp.csr_array((self.intensity, self.point, self.start), shape=shape)
        return event_set(cells, frequency=0.01, lat=self.lat, lon=self.lon)

    def assets(self, categories: int = 1) -> Exposed:
        table = pd.DataFrame({"lat": self.lat, "lon": self.lon})
        names = [f"c{k}" for k in range(categories)]
        return exposed(table.assign(**dict.fromkeys(names, self.value)), names)


def made(events: int = EVENTS, points: int = POINTS, cells: int = CELLS, seed: int = 1) -> World:
    """Winds from 15 to 70 m/s at so many points of each event."""
    rng = np.random.default_rng(seed)
    each = cells // events
    point = np.empty(each * events, np.int32)
    for e in range(events):
        point[e * each : (e + 1) * each] = np.sort(rng.choice(points, each, replace=False))
    return World(
        np.arange(events + 1) * each, point, rng.uniform(15, 70, each * events),
        rng.uniform(8, 24, points), rng.uniform(102, 112, points), rng.lognormal(10, 1, points),
    )  # fmt: skip


def best(call: Callable[[], Any], rounds: int) -> tuple[float, float, Any]:
    """Least seconds by the clock and of the processors, and the answer."""
    wall, cpu, found = [], [], None
    for _ in range(rounds):
        begin, spent = time.perf_counter(), time.process_time()
        found = call()
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - spent)
    return min(wall), min(cpu), found


def by_scipy(world: World) -> tuple[np.ndarray, np.ndarray, float]:
    """The same with sparse matrices, as one would write it: by event, by point, expected."""
    shape = (len(world.start) - 1, len(world.lat))
    cells = sp.csr_array((world.intensity, world.point, world.start), shape=shape)
    ratio = cells.copy()
    ratio.data = np.interp(ratio.data, CURVE["intensity"], CURVE["ratio"])
    lost = ratio.multiply(world.value[None]).tocsr()
    at_event = np.asarray(lost.sum(axis=1)).ravel()
    per_point = np.asarray(lost.sum(axis=0)).ravel() * 0.01
    return at_event, per_point, float(per_point.sum())


def peak() -> float:
    """Most memory that this process has held, MB.

    Of its own address space where the system says it: ``ru_maxrss`` of a process that a large one
    started begins with what the large one held.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(events: int, points: int, cells: int, what: str, rounds: int) -> dict[str, float]:
    """One measurement; in a process of its own if its memory is to mean anything."""
    small = made(10, 50, 100)
    world = made(events, points, cells)
    if what == "scipy":
        by_scipy(small)
        before = peak()
        wall, cpu, (at_event, _, expected) = best(lambda: by_scipy(world), rounds)
        return {
            "seconds": wall, "processor": cpu, "expected": expected,
            "worst": float(at_event.max()), "before_mb": before, "peak_mb": peak(),
        }  # fmt: skip
    categories, threads = (5 if what == "five" else 1), (1 if what == "one" else None)
    run = impacts if what != "map" else _map
    run(small.events(), small.assets(categories), CURVE)
    set_, held = world.events(), world.assets(categories)
    before = peak()
    wall, cpu, found = best(lambda: run(set_, held, CURVE, threads=threads), rounds)
    said = {"seconds": wall, "processor": cpu, "before_mb": before, "peak_mb": peak()}
    if isinstance(found, Impacts):
        said["expected"] = found.expected("c0")
        said["worst"] = float(found.at_event("c0").max())
    return said


def _map(events: EventSet, held: Exposed, curve: pd.DataFrame, threads: int | None = None) -> Any:
    return exceedance_map(events, [10.0, 25.0, 50.0, 100.0])


def apart(
    what: str, events: int = EVENTS, points: int = POINTS, cells: int = CELLS, rounds: int = 9
) -> dict[str, float]:
    """`child` in a process of its own."""
    asked = [str(a) for a in (events, points, cells, what, rounds)]
    ran = subprocess.run([sys.executable, __file__, *asked], capture_output=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def climada(rounds: int = 5, events: int = EVENTS, points: int = POINTS, cells: int = CELLS) -> Any:
    """The peer on the same input; None where it is not installed."""
    python = os.environ.get("HAIDANG_CLIMADA", "")
    if not Path(python).is_file():
        return None
    world = made(events, points, cells)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "in.npz"
        np.savez(file, **vars(world), x=CURVE["intensity"], y=CURVE["ratio"])
        where = {**os.environ, "HOME": folder}  # it makes a folder there
        run = [python, str(PEER), str(file), str(rounds)]
        ran = subprocess.run(run, capture_output=True, check=True, env=where)
    return json.loads(ran.stdout.splitlines()[-1])


@dataclass(frozen=True)
class Zones:
    """Zonal sums, ours and the library's: seconds by the clock and of the processor."""

    places: int
    side: int
    ours: tuple[float, float]
    theirs: tuple[float, float]
    apart: float


def zones(side: int = 4_000, across: int = 57, rounds: int = 3) -> Zones:
    """Sums of a raster over a net of six-sided places, by our call and by the library itself."""
    import geopandas as gpd
    import rasterio
    from exactextract import exact_extract

    from haidang.edge.feeds.raster import zonal

    rng = np.random.default_rng(1)
    step, place = 10.0 / side, 10.0 / across
    outlines = {
        f"{i}-{j}": shapely.Polygon(
            [
                (
                    100 + (i + 0.5 + 0.5 * np.cos(a)) * place,
                    10 + (j + 0.5 + 0.5 * np.sin(a)) * place,
                )
                for a in np.linspace(0, 2 * np.pi, 60)
            ]
        )
        for i in range(across)
        for j in range(across)
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.tif"
        profile = {
            "driver": "GTiff", "height": side, "width": side, "count": 1, "dtype": "float32",
            "crs": "EPSG:4326", "transform": rasterio.Affine(step, 0, 100, 0, -step, 20),
            "tiled": True, "blockxsize": 256, "blockysize": 256,
        }  # fmt: skip
        with rasterio.open(path, "w", **profile) as file:
            file.write(rng.gamma(0.3, 30, (side, side)).astype(np.float32), 1)
        frame = gpd.GeoDataFrame(
            {"place": [*outlines]}, geometry=[*outlines.values()], crs="EPSG:4326"
        )

        def library() -> Any:
            with rasterio.open(path) as opened:
                return exact_extract(opened, frame, ["sum"], output="pandas")

        ours, theirs = [], []
        for _ in range(rounds):  # in turn: what else the machine does meets both
            ours.append(best(lambda: zonal(path, outlines), 1))
            theirs.append(best(library, 1))
    table, known = ours[0][2][0], theirs[0][2]["sum"].to_numpy()
    return Zones(
        len(outlines), side,
        (min(o[0] for o in ours), min(o[1] for o in ours)),
        (min(t[0] for t in theirs), min(t[1] for t in theirs)),
        float(np.abs(table["known"].to_numpy() / known - 1).max()),
    )  # fmt: skip


Measure = Callable[..., dict[str, float]]


def doubled(measure: Measure, events: int, points: int, cells: int) -> list[tuple[str, Any]]:
    """The size itself, then with twice as much of one thing, and of all."""
    sizes = {
        "as above": (events, points, cells),
        "twice the events": (2 * events, points, cells),
        "twice the points": (events, 2 * points, cells),
        "twice the cells": (events, points, 2 * cells),
        "twice the events and cells": (2 * events, points, 2 * cells),
        "four times the events and cells": (4 * events, points, 4 * cells),
        "half the events and cells": (events // 2, points, cells // 2),
    }
    return [(name, (size, measure("one", *size))) for name, size in sizes.items()]


def page(
    measure: Measure, peer: Any, zoned: Zones | None, size: tuple[int, int, int]
) -> Iterable[str]:
    """The page, line by line."""
    ours, single, scipy_ = (measure(what, *size) for what in ("all", "one", "scipy"))
    five, mapped = measure("five", *size), measure("map", *size)
    yield from (
        "# Impact, how fast", "",
        "All figures come from one run of a program; run it on your machine:", "",
        "```text", "PYTHONPATH=src:tests python tests/jobs/impact_speed.py", "```", "",
        f"This run: {platform.machine()}, {os.cpu_count()} processors, Python "
        f"{platform.python_version()}, load of the machine at the beginning "
        f"{os.getloadavg()[0]:.1f}. Best of several rounds, warm. Where the machine is busy with "
        "other work, processor time says more than the clock.", "",
        "## A catalogue over a nation", "",
        f"{size[0]:,} events, {size[1]:,} points, {size[2]:,} stored cells, one tabulated curve of "
        f"{len(CURVE)} knots. Each line is a process of its own; its memory includes Python, its "
        "libraries and the input.", "",
        "| | seconds | of processor | memory before, MB | peak, MB |", "|---|---:|---:|---:|---:|",
    )  # fmt: skip
    rows = [
        ("impact by event and point, all processors", ours),
        ("the same, one thread", single),
        ("the same, five categories", five),
        ("intensity at every point once in 10, 25, 50, 100 years", mapped),
        ("plain scipy sparse, impact by event and point", scipy_),
    ]
    if peer is not None:
        rows.append(("CLIMADA 6.1.0, `ImpactCalc` without matrix", peer))
    for name, r in rows:
        yield (
            f"| {name} | {r['seconds']:.3f} | {r['processor']:.3f} | {r['before_mb']:,.0f} | "
            f"{r['peak_mb']:,.0f} |"
        )
    yield from ("", *_beside(ours, single, scipy_, peer), "", "## Cost against size", "")
    yield from (
        "One thread; nanoseconds of processor time for each stored cell. Twice the points with the "
        "same cells means that each event finds them farther apart in memory.", "",
        "| | events | points | cells | seconds of processor | ns a cell | peak, MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    )  # fmt: skip
    for name, ((events, points, cells), r) in doubled(measure, *size):
        yield (
            f"| {name} | {events:,} | {points:,} | {cells:,} | {r['processor']:.3f} | "
            f"{r['processor'] / cells * 1e9:.1f} | {r['peak_mb']:,.0f} |"
        )
    if zoned is not None:
        more = zoned.ours[1] / zoned.theirs[1] - 1
        yield from (
            "", "## Sums of a raster over places", "",
            f"{zoned.places:,} places of 60 corners over {zoned.side:,} × {zoned.side:,} cells. "
            "Ours is `exactextract` with what is missing counted beside the sum (how much of each "
            "place has data, and how much lies beyond the raster) and negative values looked for; "
            "the two ran in turn.", "",
            "| | seconds | of processor |", "|---|---:|---:|",
            f"| `hd.zonal` | {zoned.ours[0]:.2f} | {zoned.ours[1]:.2f} |",
            f"| `exactextract`, sum alone | {zoned.theirs[0]:.2f} | {zoned.theirs[1]:.2f} |", "",
            f"Ours takes {100 * more:+.0f} % of processor time; the sums differ by at most "
            f"{zoned.apart:.0e}.",
        )  # fmt: skip


def _beside(ours: Any, single: Any, scipy_: Any, peer: Any) -> Iterable[str]:
    off = abs(single["expected"] / scipy_["expected"] - 1)
    yield (
        f"Beside plain scipy: {scipy_['processor'] / single['processor']:.0f} times less processor "
        f"time, {scipy_['seconds'] / ours['seconds']:.0f} times faster by the clock; expected "
        f"impact differs by {off:.0e}."
    )
    if peer is not None:
        off = abs(single["expected"] / peer["expected"] - 1)
        yield from (
            "",
            f"Beside CLIMADA: {peer['processor'] / single['processor']:.0f} times less processor "
            f"time, {peer['seconds'] / ours['seconds']:.0f} times faster by the clock; expected "
            f"impact differs by {off:.0e}.",
        )
    yield from (
        "",
        "An earlier measurement of CLIMADA 6.1.0 on another input of this size (1,000 events, "
        "99,856 points, 4.99 million cells; 2 processors, busy with other work) took 12–14 s and "
        "7.3 GB. Against that figure ours is "
        f"{12 / ours['seconds']:.0f} times faster; but we could not reproduce it: where the peer "
        "stands in the table above, with its release and our input, that is the figure to believe.",
    )


def main(arguments: Sequence[str]) -> None:
    if arguments:
        events, points, cells = map(int, arguments[:3])
        said = child(events, points, cells, arguments[3], int(arguments[4]))
        sys.stdout.write(json.dumps(said))
        return
    lines = list(page(apart, climada(), zones(), (EVENTS, POINTS, CELLS)))
    PAGE.write_text("\n".join(lines) + "\n", "utf-8")
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
