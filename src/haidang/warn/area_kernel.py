"""How much of one outline lies inside another, many pairs at once, without building the overlap.

By Green's theorem the area of an intersection is a sum over the pieces of either border that lie
inside the other shape. That needs the crossings of the two borders and nothing else: no overlay
graph, no new geometry. It holds in general position only; a pair whose borders touch or run along
each other is told apart and left to the caller, who asks the slow and careful library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar, cast

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
_jit = cast("Callable[[F], F]", njit(cache=True, nogil=True, error_model="numpy"))

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CLOSE: Final = 1e-11
"""Of the product of two lengths: below this three points count as standing in one line."""

_MOST: Final = 64
"""Crossings of one edge with another border that are kept; more are left to the caller."""


class Borders(NamedTuple):
    """Borders of many shapes as directed edges, the shape on the left hand.

    Attributes:
        edges: x0, y0, x1, y1 in degrees, shape (edges, 4).
        ring: Number of the ring of each edge, shape (edges,).
        first: Number of the first edge of each shape and one more, shape (shapes + 1,).
        boxes: west, south, east, north of each shape.
    """

    edges: Floats
    ring: Ints
    first: Ints
    boxes: Floats


def borders(shapes: NDArray[np.object_]) -> Borders:
    """Lay out the borders of polygons and multipolygons; lines and points have none."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    flat = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings, part = shapely.get_rings(parts[flat], return_index=True)
    hole = np.concatenate([[False], part[1:] == part[:-1]])  # every ring of a part but its first
    wrong = shapely.is_ccw(rings) == hole
    rings = np.where(wrong, shapely.reverse(rings), rings)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    pairs = np.flatnonzero((ring[1:] == ring[:-1]) & (points[1:] != points[:-1]).any(axis=1))
    edges = np.concatenate([points[pairs], points[pairs + 1]], axis=1)
    whose = owner[flat][part][ring[pairs]]
    first = np.searchsorted(whose, np.arange(len(shapes) + 1))
    boxes = shapely.bounds(shapes).reshape(-1, 4)
    return Borders(edges, ring[pairs].astype(np.int64), first.astype(np.int64), boxes)


def overlaps(one: Borders, other: Borders, which: Ints, whom: Ints) -> Floats:
    """Area of the intersection of pairs of shapes on the unit sphere.

    Args:
        one: Borders of some shapes.
        other: Borders of other shapes.
        which: Numbers of shapes in ``one``, shape (pairs,).
        whom: Numbers of shapes in ``other``, the same shape.

    Returns:
        Steradians, shape (pairs,); NaN where the two borders touch, run along each other, or cross
        an edge more than 64 times.
    """
    pairs = which.astype(np.int64), whom.astype(np.int64)
    return _overlaps(
        one.edges, one.ring, one.first, one.boxes,
        other.edges, other.ring, other.first, other.boxes, *pairs,
    )  # fmt: skip


@_jit
def _cross(
    ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float
) -> float:
    """Where an edge crosses another, 0 to 1; -1 for nowhere, NaN where they touch."""
    if (
        max(ax, bx) < min(cx, dx) or min(ax, bx) > max(cx, dx)
        or max(ay, by) < min(cy, dy) or min(ay, by) > max(cy, dy)
    ):  # fmt: skip
        return -1.0
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    size = (abs(ux) + abs(uy)) * (abs(vx) + abs(vy)) * _CLOSE
    c = ux * (cy - ay) - uy * (cx - ax)
    d = ux * (dy - ay) - uy * (dx - ax)
    if (c > size and d > size) or (c < -size and d < -size):
        return -1.0
    a = vx * (ay - cy) - vy * (ax - cx)
    b = vx * (by - cy) - vy * (bx - cx)
    if (a > size and b > size) or (a < -size and b < -size):
        return -1.0
    if min(abs(a), abs(b), abs(c), abs(d)) <= size:
        return np.nan
    return a / (a - b)


@_jit
def _holds(edges: Floats, start: int, stop: int, x: float, y: float) -> bool:
    """Whether a point lies inside, by how many edges lie east of it."""
    odd = False
    for e in range(start, stop):
        y0, y1 = edges[e, 1], edges[e, 3]
        if (y0 > y) != (y1 > y):
            x0, x1 = edges[e, 0], edges[e, 2]
            if x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                odd = not odd
    return odd


@_jit
def _sine(x0: float, y0: float, x1: float, y1: float, t0: float, t1: float) -> float:
    """Integral of sin(lat) d(lon) over a piece of an edge, radians."""
    low = np.radians(y0 + t0 * (y1 - y0))
    high = np.radians(y0 + t1 * (y1 - y0))
    half = (high - low) / 2
    mean = np.sin((low + high) / 2)
    if abs(half) > 1e-8:  # noqa: PLR2004 - below, sin(x) / x is 1 to the last digit
        mean *= np.sin(half) / half
    return float(mean * np.radians((t1 - t0) * (x1 - x0)))


@_jit
def _inside(  # noqa: C901 - one walk along a border, kept whole for the compiler
    edges: Floats, ring: Ints, first: int, last: int, own: Floats,
    others: Floats, start: int, stop: int, box: Floats,
) -> float:  # fmt: skip
    """Minus the integral of sin(lat) d(lon) over the part of a border inside another shape."""
    total = 0.0
    cut = np.empty(_MOST + 2)
    near = np.empty(stop - start, np.int64)  # edges that can cross this border at all
    many = 0
    for o in range(start, stop):
        ax, ay, bx, by = others[o, 0], others[o, 1], others[o, 2], others[o, 3]
        if (
            max(ax, bx) >= own[0] and min(ax, bx) <= own[2]
            and max(ay, by) >= own[1] and min(ay, by) <= own[3]
        ):  # fmt: skip
            near[many] = o
            many += 1
    now = -1
    within = False
    for e in range(first, last):
        x0, y0, x1, y1 = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        fresh = ring[e] != now
        now = ring[e]
        if (
            max(x0, x1) < box[0] or min(x0, x1) > box[2]
            or max(y0, y1) < box[1] or min(y0, y1) > box[3]
        ):  # fmt: skip
            within = False
            continue
        if fresh:
            within = _holds(others, start, stop, x0, y0)
        count = 0
        for n in range(many):
            o = near[n]
            t = _cross(x0, y0, x1, y1, others[o, 0], others[o, 1], others[o, 2], others[o, 3])
            if np.isnan(t) or (t >= 0.0 and count == _MOST):
                return np.nan
            if t >= 0.0:
                count += 1
                cut[count] = t
        cut[0] = 0.0
        cut[count + 1] = 1.0
        if count > 1:
            cut[1 : count + 1].sort()
        for c in range(count + 1):
            if within:
                total -= _sine(x0, y0, x1, y1, cut[c], cut[c + 1])
            if c < count:
                within = not within
    return total


@_jit
def _overlaps(
    ea: Floats, ra: Ints, fa: Ints, ba: Floats,
    eb: Floats, rb: Ints, fb: Ints, bb: Floats, which: Ints, whom: Ints,
) -> Floats:  # fmt: skip
    """The sum over both borders, for every pair."""
    out = np.empty(len(which))
    for k in range(len(which)):
        i, j = which[k], whom[k]
        out[k] = _inside(ea, ra, fa[i], fa[i + 1], ba[i], eb, fb[j], fb[j + 1], bb[j])
        if not np.isnan(out[k]):
            out[k] += _inside(eb, rb, fb[j], fb[j + 1], bb[j], ea, fa[i], fa[i + 1], ba[i])
    return out
