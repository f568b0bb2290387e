"""The peer's side of the benchmark of impacts: run by an interpreter that has CLIMADA.

    PEER/bin/python tests/bench/reference_climada.py input.npz rounds

Prints one line of JSON. ``tests/jobs/impact_speed.py`` says how such an interpreter is made.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import geopandas as gpd  # noqa: E402
import numpy as np  # noqa: E402
import scipy.sparse as sp  # noqa: E402
from climada.engine import ImpactCalc  # noqa: E402
from climada.entity import Exposures, ImpactFunc, ImpactFuncSet  # noqa: E402
from climada.hazard import Centroids, Hazard  # noqa: E402


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(file: str, rounds: int) -> None:
    z = np.load(file)
    shape = (len(z["start"]) - 1, len(z["lat"]))
    cells = sp.csr_matrix((z["intensity"], z["point"], z["start"]), shape=shape)
    hazard = Hazard(
        "TC", intensity=cells, fraction=sp.csr_matrix(shape), units="m/s",
        centroids=Centroids(lat=z["lat"], lon=z["lon"]),
        frequency=np.full(shape[0], 0.01), event_id=np.arange(1, shape[0] + 1),
        event_name=[str(i) for i in range(shape[0])], date=np.arange(1, shape[0] + 1),
        orig=np.ones(shape[0], bool),
    )  # fmt: skip
    held = {"value": z["value"], "impf_TC": 1, "centr_TC": np.arange(shape[1])}
    where = gpd.points_from_xy(z["lon"], z["lat"])
    exposures = Exposures(gpd.GeoDataFrame(held, geometry=where, crs="EPSG:4326"))
    curve = ImpactFunc("TC", 1, z["x"], z["y"], np.ones(len(z["x"])), "m/s")
    before, took = peak(), []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        found = ImpactCalc(exposures, ImpactFuncSet([curve]), hazard).impact(
            save_mat=False, assign_centroids=False
        )
        took.append((time.perf_counter() - wall, time.process_time() - cpu))
    said = {
        "seconds": min(t[0] for t in took), "processor": min(t[1] for t in took),
        "expected": float(found.aai_agg), "worst": float(found.at_event.max()),
        "before_mb": before, "peak_mb": peak(),
    }  # fmt: skip
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
