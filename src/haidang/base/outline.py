"""Outlines of places: area, which points lie inside, and rings short enough for a message.

An outline is a polygon or multipolygon in degrees, x = longitude, y = latitude, whose edges are
straight in that plane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from haidang.base.errors import BadData
from haidang.base.problem import Problem

EARTH_RADIUS_KM = 6371.0072  # of the sphere with the area of WGS 84 (authalic radius)
DECIMALS = 4  # about 10 m, as in CAP 1.2 practice
_FEWEST = 8  # a ring and a small island beside it
_HALVINGS = 24

Ring: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Rings:
    """An outline cut down to so many vertices.

    Attributes:
        rings: Closed rings of (latitude, longitude), counter-clockwise on the map, the largest
            first; holes are filled.
        kept: Share of the outline's area that lies inside them, 0 to 1.
    """

    rings: tuple[Ring, ...]
    kept: float


def inside(outline: BaseGeometry, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.bool_]:
    """Which points lie inside an outline.

    Args:
        outline: Polygon or multipolygon.
        lat: Degrees north, any shape.
        lon: Degrees east, the same shape.

    Returns:
        True strictly inside; a point on the border is outside, so that no point lies in two
        neighbours.
    """
    shapely.prepare(outline)
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    return np.asarray(shapely.contains_xy(outline, x, y), dtype=np.bool_)


def locate(
    outlines: Mapping[str, BaseGeometry], lat: ArrayLike, lon: ArrayLike
) -> NDArray[np.str_]:
    """The code of the outline each point lies in.

    Args:
        outlines: Outline by code.
        lat: Degrees north, shape (points,).
        lon: Degrees east, shape (points,).

    Returns:
        Codes, shape (points,), "" outside all of them; of several, the first code in order.
    """
    codes = sorted(outlines)
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    found = np.full(x.shape, "", dtype=f"<U{max(map(len, codes), default=1)}")
    if not codes:
        return found
    tree = shapely.STRtree([outlines[c] for c in codes])
    point, which = tree.query(shapely.points(x, y), predicate="within")
    for p, w in zip(point[::-1], which[::-1], strict=True):
        if found[p] == "" or codes[w] < found[p]:
            found[p] = codes[w]
    return found


def area_km2(outline: BaseGeometry) -> float:
    """Area on the sphere, holes taken out.

    Exact for edges that are straight in the plane of latitude and longitude: by Green's theorem the
    area is the sum over the edges of the integral of sin(lat) d(lon), in which lat is linear.

    Args:
        outline: Polygon or multipolygon in degrees.

    Returns:
        Square kilometres on a sphere of `EARTH_RADIUS_KM`.

    >>> from shapely.geometry import box
    >>> round(area_km2(box(-180, -90, 180, 90)) / (4 * np.pi * EARTH_RADIUS_KM**2), 9)
    1.0
    """
    total = 0.0
    for part in _polygons(outline):
        total += _ring_area(part.exterior) - sum(_ring_area(hole) for hole in part.interiors)
    return total


def simplify(outline: BaseGeometry, max_vertices: int = 200) -> Rings:
    """Rings of an outline with at most so many vertices in all.

    The outline is thinned after Douglas and Peucker (1973) with the smallest tolerance that fits;
    islands smaller than the tolerance squared are left out, the largest part never. The result is
    snapped to the grid of `DECIMALS` so that rounding cannot make a ring cross itself.

    Args:
        outline: Polygon or multipolygon in degrees.
        max_vertices: Most positions in all rings together, the repeated last one counted.

    Returns:
        The rings and the share of the area that they keep.

    Raises:
        ValueError: `max_vertices` is below 8.
        BadData: The geometry has no area.
    """
    if max_vertices < _FEWEST:
        raise ValueError(f"max_vertices {max_vertices} is below {_FEWEST}")
    parts = [Polygon(p.exterior) for p in _polygons(outline)]
    if not any(p.area > 0 for p in parts):
        raise BadData(Problem("place.no_area", {"type": outline.geom_type}))
    whole = shapely.union_all(parts)  # fills the holes and joins parts that touch
    thin = _fit(whole, max_vertices)
    closed = tuple(_ring(p) for p in sorted(thin, key=_by_size))
    shown = shapely.union_all([Polygon([(x, y) for y, x in ring]) for ring in closed])
    return Rings(
        closed, min(1.0, area_km2(shapely.intersection(outline, shown)) / area_km2(outline))
    )


def rings(outline: BaseGeometry, max_vertices: int = 200) -> tuple[Ring, ...]:
    """The rings of `simplify` alone, for a message that has no room for the share."""
    return simplify(outline, max_vertices).rings


def _polygons(outline: BaseGeometry) -> list[Polygon]:
    """The parts that have an area; lines and points left by an operation are none."""
    parts: list[Polygon] = []
    for part in shapely.get_parts(outline):
        if isinstance(part, Polygon):
            if not part.is_empty:
                parts.append(part)
        elif isinstance(part, MultiPolygon):
            parts.extend(part.geoms)
    return parts


def _ring_area(ring: BaseGeometry) -> float:
    lon, lat = np.radians(shapely.get_coordinates(ring)).T
    low, high = lat[:-1], lat[1:]
    # The mean of sin over an edge is sin of its middle times sinc of its half height: no division
    # by the height, which is zero along a parallel.
    mean = np.sin((low + high) / 2) * np.sinc((high - low) / (2 * np.pi))
    return float(abs(np.sum(np.diff(lon) * mean)) * EARTH_RADIUS_KM**2)


def _by_size(p: Polygon) -> tuple[float, float, float]:
    return (-area_km2(p), *p.bounds[:2])


def _fit(whole: BaseGeometry, most: int) -> list[Polygon]:
    best = _thin(whole, 0.0)
    if _count(best) <= most:
        return best
    x0, y0, x1, y1 = whole.bounds
    low, high = 0.0, max(x1 - x0, y1 - y0)
    best = _thin(whole, high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        candidate = _thin(whole, middle)
        if _count(candidate) <= most:
            best, high = candidate, middle
        else:
            low = middle
    # A shape that no tolerance brings down far enough is shown by the box around it.
    return best if _count(best) <= most else [_box(whole)]


def _thin(whole: BaseGeometry, tolerance: float) -> list[Polygon]:
    parts = sorted(_polygons(whole), key=lambda p: -p.area)
    kept = [p for i, p in enumerate(parts) if i == 0 or p.area >= tolerance**2]
    thinned = [p.simplify(tolerance) if tolerance else p for p in kept]
    snapped = shapely.set_precision(shapely.union_all(thinned), 10.0**-DECIMALS)
    filled = shapely.union_all([Polygon(p.exterior) for p in _polygons(snapped)])
    return _polygons(filled) or [_box(parts[0])]


def _box(shape: BaseGeometry) -> Polygon:
    """The box around a shape, a little wider so that rounding cannot flatten it."""
    x0, y0, x1, y1 = shape.bounds
    unit = 10.0**-DECIMALS
    return shapely.box(x0 - unit, y0 - unit, x1 + unit, y1 + unit)


def _count(parts: list[Polygon]) -> int:
    return sum(len(p.exterior.coords) for p in parts)


def _ring(part: Polygon) -> Ring:
    turned = orient(Polygon(part.exterior), 1.0)
    return tuple((round(y, DECIMALS), round(x, DECIMALS)) for x, y in turned.exterior.coords)
