"""How fast other people's areas are laid over a nation's communes, beside one-by-one intersection.

Run with ``make bench``. The outlines are those of 3,321 communes where this machine has them, else
as many cells of a Voronoi diagram; the polygons are 1,000 of the sizes that services draw. Nothing
here asserts a time.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import shapely

from haidang.warn.areas import PlaceIndex, shares

PLACES, POLYGONS, NAIVE = 3_321, 1_000, 20
WARDS = Path("data") / "places" / "wards_simplified.geojson"


def outlines(shared: Path | None) -> tuple[dict[str, object], str]:
    if shared is not None and (shared / WARDS).is_file():
        found = json.loads((shared / WARDS).read_text("utf-8"))["features"]
        shapes = shapely.from_geojson([json.dumps(f["geometry"]) for f in found])
        return {f["properties"]["code"]: s for f, s in zip(found, shapes, strict=True)}, "communes"
    rng = np.random.default_rng(1)
    points = shapely.MultiPoint(rng.uniform([103, 8.5], [109, 23], (PLACES, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points))
    cells = shapely.segmentize(shapely.intersection(cells, shapely.box(103, 8.5, 109, 23)), 0.01)
    return {f"{i:05}": c for i, c in enumerate(cells)}, "cells of a Voronoi diagram"


def warnings(index: PlaceIndex) -> np.ndarray:
    """Polygons around places: 5 to 60 km across (log-uniform), 5 to 60 corners."""
    rng = np.random.default_rng(2)
    made = []
    for _ in range(POLYGONS):
        centre = index.outlines[rng.integers(len(index.codes))].centroid
        turn = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 61)))
        reach = np.exp(rng.uniform(np.log(5), np.log(60))) / 2 / 111.2
        radius = reach * rng.uniform(0.6, 1.0, len(turn))
        ring = np.column_stack([centre.x + radius * np.cos(turn), centre.y + radius * np.sin(turn)])
        made.append(shapely.make_valid(shapely.Polygon(ring), method="structure"))
    return np.array(made, dtype=object)


def naive(polygons: np.ndarray, index: PlaceIndex) -> int:
    """As it is written first: every place is cut with every polygon."""
    count = 0
    for polygon in polygons:
        for outline in index.outlines:
            cut = polygon.intersection(outline)
            count += cut.area > 1e-9
    return count


def test_a_thousand_polygons_onto_a_nation(benchmark, request) -> None:
    try:
        shared = request.getfixturevalue("shared")
    except pytest.skip.Exception:
        shared = None
    places, what = outlines(shared)
    index = PlaceIndex.of(places)
    polygons = warnings(index)
    shares(polygons, index)  # the kernel is compiled, the borders are laid out
    found = benchmark.pedantic(lambda: shares(polygons, index), rounds=5)
    begun = time.perf_counter()
    few = naive(polygons[:NAIVE], index)
    slow = (time.perf_counter() - begun) * POLYGONS / NAIVE
    assert abs(few - int((found[0] < NAIVE).sum())) <= few // 50 + 1
    benchmark.extra_info["places"] = f"{len(index.codes)} {what}"
    benchmark.extra_info["pairs"] = len(found[0])
    benchmark.extra_info["one by one"] = f"{slow:.0f} s (from {NAIVE} polygons)"
    if benchmark.stats is not None:  # not --benchmark-disable
        benchmark.extra_info["ratio"] = f"{slow / benchmark.stats.stats.min:.0f}"
