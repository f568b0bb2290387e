"""What share of the alarms that a budget keeps is really false.

    PYTHONPATH=src:tests python -m watch.study_budget [--nations 100]

A nation is a square grid of places with five years and a half of weekly negative binomial counts;
in the newest week one place in twenty has an outbreak. Neighbours depend on one another in the
newest week through a Gaussian copula, so that each place's own distribution stays what it is.
Writes the tables of ``docs/reference/alarms.md`` between their marks.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import nbinom, norm

import haidang as hd
from haidang.watch.budget import MID
from watch.study_scenarios import put

SEED = 4242
SIDE = 30
WEEKS = 330
PHI = 1.5
ILL = 0.05
SIZE = 5.0
"""Of an outbreak, in standard deviations of a week."""
BUDGET = 0.1
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "alarms.md"
METHODS = ("farrington_flexible", "combined", "bayes", "ears_c2")


def field(rng: np.random.Generator, neighbours: float) -> np.ndarray:
    """``(place,)`` standard normal numbers; ``neighbours``: weight of the eight around."""
    e = rng.standard_normal((SIDE, SIDE))
    around = sum(np.roll(e, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)) - e
    return ((e + neighbours * around) / np.sqrt(1 + 8 * neighbours**2)).ravel()


def nation(
    rng: np.random.Generator, neighbours: float, ill: float
) -> tuple[np.ndarray, np.ndarray]:
    """``(place, week)`` counts, and which places have an outbreak."""
    mean = np.exp(rng.uniform(np.log(0.3), np.log(20.0), SIDE * SIDE))
    size = mean / (PHI - 1)
    counts = rng.negative_binomial(size[:, None], 1 / PHI, (SIDE * SIDE, WEEKS)).astype(float)
    counts[:, -1] = nbinom.ppf(norm.cdf(field(rng, neighbours)), size, 1 / PHI)
    struck = rng.random(SIDE * SIDE) < ill
    more = 1 + rng.poisson(SIZE * np.sqrt(PHI * mean))
    counts[:, -1] += np.where(struck, more, 0)
    return counts, struck


def kept(found: xr.Dataset, *, mid: bool, dependent: bool) -> np.ndarray:
    """Places that the budget keeps."""
    table = found if mid or MID not in found else found.drop_vars(MID)
    listed = hd.alarms(table, q=BUDGET, dependent=dependent)
    return listed.loc[listed["kept"], "place"].astype(int).to_numpy()


def study(nations: int) -> dict[str, list[str]]:
    """Tables by the name of their mark."""
    index = pd.date_range("2018-01-01", periods=WEEKS, freq="7D")
    ways = [("BH", True, False), ("BH", False, False), ("BY", True, True)]
    lines = [
        "| Method | Neighbours | Procedure | False among kept % | Outbreaks kept % "
        "| Nothing there: kept at all % |",
        "|---|---|---|---|---|---|",
    ]
    for neighbours, said in ((0.0, "independent"), (0.5, "dependent")):
        told: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
        for run in range(nations):
            rng = np.random.default_rng([SEED, run, int(neighbours > 0)])
            quiet, _ = nation(rng, neighbours, 0.0)
            counts, struck = nation(rng, neighbours, ILL)
            for method in METHODS:
                pair = [hd.detect(pd.DataFrame(y.T, index=index), method=method, last=1)
                        for y in (counts, quiet)]  # fmt: skip
                raised = pair[0]["alarm"].to_numpy()[:, 0]
                none = float(pair[1]["alarm"].any())
                result = [("none", raised, none)]
                for name, mid, dependent in ways:
                    if not mid and MID not in pair[0]:
                        continue
                    label = f"{name}, {'mid-p' if mid and MID in pair[0] else 'p-value'}"
                    on = np.zeros(len(struck), bool)
                    on[kept(pair[0], mid=mid, dependent=dependent)] = True
                    empty = len(kept(pair[1], mid=mid, dependent=dependent)) > 0
                    result.append((label, on, float(empty)))
                for label, on, empty in result:
                    false = (on & ~struck).sum() / max(on.sum(), 1)
                    power = (on & struck).sum() / max(struck.sum(), 1)
                    told.setdefault((method, label), []).append((false, power, empty))
        for (method, label), values in told.items():
            numbers = " | ".join(f"{100 * v:.1f}" for v in np.mean(values, axis=0))
            lines.append(f"| `{method}` | {said} | {label} | {numbers} |")
    return {
        "realised": lines,
        "run": [
            f"{nations} nations of {SIDE * SIDE} places, budget {BUDGET:g}: `PYTHONPATH=src:tests "
            f"python -m watch.study_budget --nations {nations}`, seed {SEED}."
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nations", type=int, default=100)
    tables = study(parser.parse_args().nations)
    PAGE.write_text(put(PAGE.read_text("utf-8"), tables), "utf-8")
    print("\n".join(tables["realised"]))


if __name__ == "__main__":
    main()
