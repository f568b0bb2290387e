"""INFORM Risk 2016 and mid-2018 as published, and how well its aggregates are met.

``python tests/risk/inform.py ../shared/data/index`` prints the table of docs/reference/index.md.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from haidang.pack.index import INFORM, read_structure
from haidang.risk.index import evaluate

FILES = {"2016": "INFORM-2016.csv", "mid-2018": "INFORM_Mid2018_v034.csv"}

COLUMNS = {
    "earthquake": "Earthquake", "flood": "Flood", "tsunami": "Tsunami",
    "cyclone": "Tropical Cyclone", "drought": "Drought", "natural": "Natural",
    "projected_conflict": "Projected Conflict Risk",
    "current_conflict": "Current Highly Violent Conflict Intensity", "human": "Human",
    "hazard": "HAZARD & EXPOSURE", "development": "Development & Deprivation",
    "inequality": "Inequality", "aid": "Aid Dependency",
    "socio_economic": "Socio-Economic Vulnerability", "uprooted": "Uprooted people",
    "health": "Health Conditions", "children": "Children U5", "shocks": "Recent Shocks",
    "food": "Food Security", "other_groups": "Other Vulnerable Groups",
    "groups": "Vulnerable Groups", "vulnerability": "VULNERABILITY", "drr": "DRR",
    "governance": "Governance", "institutional": "Institutional",
    "communication": "Communication", "physical": "Physical infrastructure",
    "health_care": "Access to health care", "infrastructure": "Infrastructure",
    "coping": "LACK OF COPING CAPACITY", "risk": "INFORM RISK",
}  # fmt: skip

Issue = tuple[tuple[str, ...], dict[str, np.ndarray]]


def number(text: str) -> float:
    """A cell; ``x`` and an empty one are not known."""
    return float(text) if text not in {"", "x"} else float("nan")


def read(path: Path) -> Issue:
    """Codes and columns of a published table: the one in UTF-8, the other in Latin-1."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    rows = [[c.strip() for c in r] for r in csv.reader(text.splitlines())]
    head = rows[0]
    body = [r for r in rows[1:] if len(r) > 1 and r[1]]
    codes = tuple(r[head.index("ISO3")] for r in body)
    return codes, {
        n: np.array([number(r[head.index(c)]) for r in body]) for n, c in COLUMNS.items()
    }


def one_step(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every aggregate from its own published parts, so that one rounding lies between."""
    spec = read_structure(INFORM).unrounded()
    out = {}
    for name, node in spec.nodes.items():
        step = spec.model_copy(
            update={
                "root": name,
                "nodes": {name: node},
                "indicators": {c: _leaf(spec) for c in node.of},
            }
        )
        out[name] = evaluate(step, {c: columns[c] for c in node.of}).score[name]
    return out


def _leaf(spec):
    return next(iter(spec.indicators.values()))


def from_components(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every aggregate from the components alone, rounded at each step as the tables are."""
    spec = read_structure(INFORM)
    return dict(evaluate(spec, {n: columns[n] for n in spec.indicators}).score)


def deviation(found: np.ndarray, said: np.ndarray) -> np.ndarray:
    """How far they lie apart; both not known is no deviation, one of them is an infinite one."""
    both = np.isnan(found) & np.isnan(said)
    apart = np.abs(found - said)
    return np.where(both, 0.0, np.where(np.isnan(apart), np.inf, apart))


def main(folder: Path) -> None:
    """Print the table of the documentation."""
    nodes = read_structure(INFORM).nodes
    head = " | ".join(f"{y}: from its parts | {y}: from components" for y in FILES)
    print(f"| aggregate | rule | {head} |")
    print("|---" * (2 + 2 * len(FILES)) + "|")
    cells: dict[str, list[str]] = {n: [] for n in nodes}
    for file in FILES.values():
        codes, columns = read(folder / file)
        step, whole = one_step(columns), from_components(columns)
        for name in nodes:
            off = deviation(step[name], columns[name])
            cells[name].append(f"{off.max():.3f} ({codes[int(off.argmax())]})")
            off = deviation(whole[name], columns[name])
            cells[name].append(f"{off.max():.3f}")
    for name, node in nodes.items():
        print(f"| {node.title['en']} | {node.how} | " + " | ".join(cells[name]) + " |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
