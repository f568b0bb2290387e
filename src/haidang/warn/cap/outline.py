"""A polygon's text, judged in one go: form, closure, range, antimeridian, self-crossing.

Points are kept as multiples of 1e-7 degrees in float64, so that differences are whole numbers and
the sign of an orientation is exact up to outlines of 9 degrees; beyond, what is within the error of
rounding counts as touching, never as crossing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from haidang.warn.cap.values import GOOD_POINTS, POINTS, WHITE

VERTICES_LIMIT: Final = 65_000
"""Points of one polygon that are still judged. A real one of a whole country has 41,009."""
BUDGET: Final = 4_000_000
"""Work spent on one message's outlines before giving up, about a second: an outline can be drawn
so that every edge lies near every other. A quarter is a pair of edges looked at."""

FORM, SHORT, OPEN, RANGE, ANTIMERIDIAN, CROSSING, TOUCHING, FLAT, UNCHECKED = (
    1, 2, 4, 8, 16, 32, 64, 128, 256,
)  # fmt: skip
SCALE: Final = 1e7


class Outline(NamedTuple):
    """What there is to say of one polygon.

    Attributes:
        flags: The constants of this module, added up.
        points: How many were read.
        at: Byte where the form breaks, or number of the point out of range, of the open end, or
            of the edge over the antimeridian; -1 for nothing.
        first: Number of the first edge that crosses or touches; -1 for none.
        second: The other one.
        south: Box around it, degrees; nought where it could not be read.
        west: ...
        north: ...
        east: ...
        work: What it cost of the budget.
    """

    flags: int
    points: int
    at: int
    first: int
    second: int
    south: float
    west: float
    north: float
    east: float
    work: int = 0


def judge(text: str, budget: int = BUDGET) -> Outline:
    """Look at one polygon.

    Args:
        text: Of the element ``polygon``: ``latitude,longitude`` pairs with blanks between.
        budget: What may be spent on it.

    Returns:
        What is wrong with it (CAP 1.2, 3.2.4), all at once.
    """
    kernel = _KERNEL.get("judge")
    if kernel is not None:
        raw = np.frombuffer(text.encode("utf-8"), np.uint8)
        found = Outline(*kernel(raw, VERTICES_LIMIT, budget))
    else:
        found = plainly(text, budget)
    if found.flags & (TOUCHING | FLAT) and not found.flags & (CROSSING | UNCHECKED):
        return _through_points(text, found, budget)
    return found


def _through_points(text: str, found: Outline, budget: int) -> Outline:
    """An outline that meets itself in its own points may cross there, or go round twice.

    No pair of edges tells the one from the other, but how often the faces are gone round does:
    where an outline crosses itself, this differs by two among the faces beside.
    """
    if found.first < 0 or not SHORTEST < found.points <= _THROUGH_MAX:
        return found
    work = found.points * 40
    if work > budget:
        return found
    numbers = np.array(text.replace(",", " ").split(), np.float64)
    if _turns(numbers[0::2], numbers[1::2]) < 2:  # noqa: PLR2004 - once round, and not at all
        return found._replace(work=found.work + work)
    flags = found.flags & ~(TOUCHING | FLAT) | CROSSING
    return found._replace(flags=flags, work=found.work + work)


def _turns(y: NDArray[np.float64], x: NDArray[np.float64]) -> int:
    """By how much the winding numbers of an outline's faces differ, the outside among them.

    Slivers are no faces: points that lie on an edge but for rounding make them.
    """
    lines = shapely.union_all(shapely.linestrings(np.column_stack((x, y))))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    longest = max(np.ptp(x), np.ptp(y))
    faces = faces[shapely.area(faces) > 1e-9 * longest**2]
    if not len(faces):
        return 0
    at = shapely.point_on_surface(faces)
    px, py = shapely.get_x(at)[:, None], shapely.get_y(at)[:, None]
    up = (y[:-1] <= py) & (y[1:] > py)
    down = (y[:-1] > py) & (y[1:] <= py)
    side = (x[1:] - x[:-1]) * (py - y[:-1]) - (px - x[:-1]) * (y[1:] - y[:-1])
    winding = (up & (side > 0)).sum(1) - (down & (side < 0)).sum(1)
    return int(max(winding.max(), 0) - min(winding.min(), 0))


def warm() -> None:
    """Load the compiled pass, or compile it: for who judges thousands of messages.

    A single message is judged faster than numba is imported, so nothing does this by itself.
    """
    from haidang.warn.cap.outline_kernel import judge_bytes  # noqa: PLC0415 - numba takes a second

    judge_bytes(np.frombuffer(b"0,0 0,1 1,1 0,0", np.uint8), VERTICES_LIMIT, BUDGET)
    _KERNEL["judge"] = judge_bytes


_KERNEL: Final[dict[str, Callable[..., Any]]] = {}
"""The compiled pass once `warm` was called. It gives the same answers, so nobody can tell."""

_ITEM_MOST: Final = 1_000
"""Characters of a wrong item that are told; a polygon can be one item of megabytes."""
_CHUNK_FIRST: Final = 32
_CHUNK_MOST: Final = 4096
SHORTEST: Final = 4
"""Points of a triangle, which cannot cross itself."""
_THROUGH_MAX: Final = 2_000
"""Points up to which an outline that meets itself in its points is looked at more closely."""
_WHOLE: Final = 1e-3
"""How far from a whole number of units a number is that was meant to be one."""
_FEW: Final = 410
"""Numbers up to which lists are faster than arrays."""
_SMALL: Final = 100
_SIMPLE_MAX: Final = 500
"""Points up to which GEOS is asked first; beyond, its time may grow with their square."""


def bad_item(text: str) -> str:
    """The first thing in a polygon's text that is not a point; "" for none."""
    good = GOOD_POINTS.match(text)
    at = good.end() if good else 0
    rest = text[at : at + _ITEM_MOST].lstrip(WHITE)
    return re.split(rf"[{WHITE}]", rest, maxsplit=1)[0]


def plainly(text: str, budget: int = BUDGET) -> Outline:
    """`judge` without the compiled pass."""
    if not POINTS.fullmatch(text):
        return Outline(FORM, 0, 0, -1, -1, 0.0, 0.0, 0.0, 0.0)
    numbers = list(map(float, text.replace(",", " ").split()))
    if len(numbers) <= _FEW:
        found = _few(numbers[0::2], numbers[1::2])
        if found is not None:
            return found
    y, x = np.array(numbers[0::2]), np.array(numbers[1::2])
    box = float(y.min()), float(x.min()), float(y.max()), float(x.max())
    flags, at = _ends(y, x)
    if not flags:
        flags, at = _over_antimeridian(x)
    if not flags and len(y) > VERTICES_LIMIT:
        flags = UNCHECKED
    if flags:
        return Outline(flags, len(y), at, -1, -1, *box)
    flags, first, second, work = _edges(y, x, budget)
    return Outline(flags, len(y), -1, first, second, *box, work)


def _few(y: list[float], x: list[float]) -> Outline | None:
    """A short outline that is in order, without the weight of arrays; None to look closer."""
    south, north, west, east = min(y), max(y), min(x), max(x)
    inside = south >= -90 and north <= 90 and west >= -180 and east <= 180  # noqa: PLR2004 - degrees
    closed = y[0] == y[-1] and x[0] == x[-1]
    if not inside or not closed or len(y) < 4 or east - west > 180:  # noqa: PLR2004
        return None
    # A point upon an edge lies beside it where decimals are not whole.
    points = np.array((y, x)) * SCALE
    near = np.rint(points)
    ring = near if np.abs(points - near).max() < _WHOLE else points
    if not shapely.is_simple(shapely.linearrings(ring.T)):
        return None
    corner_y, corner_x = y[0], x[0]
    twice = sum(
        (x1 - corner_x) * (y2 - corner_y) - (x2 - corner_x) * (y1 - corner_y)
        for x1, x2, y1, y2 in zip(x, x[1:], y, y[1:], strict=False)
    )
    if abs(twice) <= 1e-9 * max(north - south, east - west) ** 2:
        return None
    return Outline(0, len(y), -1, -1, -1, south, west, north, east)


def _ends(y: NDArray[np.float64], x: NDArray[np.float64]) -> tuple[int, int]:
    flags, at = 0, -1
    outside = np.flatnonzero((np.abs(y) > 90) | (np.abs(x) > 180))  # noqa: PLR2004 - degrees
    if len(outside):
        flags, at = RANGE, int(outside[0])
    if len(y) < 4:  # noqa: PLR2004 - a triangle and its first point again
        flags |= SHORT
    if y[0] != y[-1] or x[0] != x[-1]:
        flags |= OPEN
        at = len(y) - 1 if at < 0 else at
    return flags, at


def _over_antimeridian(x: NDArray[np.float64]) -> tuple[int, int]:
    """An edge of more than half the globe; one along the whole map is meant."""
    from_, to = x[:-1], x[1:]
    whole = (np.abs(from_) == 180) & (np.abs(to) == 180)  # noqa: PLR2004 - degrees
    far = np.flatnonzero((np.abs(to - from_) > 180) & ~whole)  # noqa: PLR2004
    return (ANTIMERIDIAN, int(far[0])) if len(far) else (0, -1)


def _edges(
    y: NDArray[np.float64], x: NDArray[np.float64], budget: int
) -> tuple[int, int, int, int]:
    """Flat, crossing, touching; with the numbers of the edges, and the work."""
    keep = np.concatenate(([True], (np.diff(y) != 0) | (np.diff(x) != 0)))
    where = np.flatnonzero(keep)
    y, x = y[keep] * SCALE, x[keep] * SCALE
    if len(y) < 4:  # noqa: PLR2004 - at least three edges
        return FLAT, -1, -1, 0
    near = np.rint(y), np.rint(x)
    whole = bool(np.all(np.abs(y - near[0]) < _WHOLE) and np.all(np.abs(x - near[1]) < _WHOLE))
    if whole:
        y, x = near
    twice = np.sum((x[:-1] - x[0]) * (y[1:] - y[0]) - (x[1:] - x[0]) * (y[:-1] - y[0]))
    longest = max(np.ptp(y), np.ptp(x))
    flags = FLAT if abs(twice) <= 1e-12 * longest**2 else 0
    if not flags and len(y) <= _SIMPLE_MAX:
        work = len(y) ** 2 // 8 if len(y) > _SMALL else 0
        if work > budget:
            return UNCHECKED, -1, -1, 0
        ring = shapely.linearrings(np.column_stack((x, y)))
        if shapely.is_simple(ring):
            return 0, -1, -1, work
    return _met(y, x, where, flags, 0.0 if whole else 1e-6, budget)


def _met(
    y: NDArray[np.float64],
    x: NDArray[np.float64],
    where: NDArray[np.int64],
    flags: int,
    slack: float,
    budget: int,
) -> tuple[int, int, int, int]:
    touched: tuple[int, int] | None = None
    looked = 0
    for e, f in _pairs(y, x):
        looked += 4 * len(e)
        if looked > budget:
            return flags | UNCHECKED, *_numbers(touched, where), looked
        crossing, touching = _meet(y, x, e, f, slack)
        if len(crossing):
            at = crossing[0]
            return flags | CROSSING, int(where[e[at]]), int(where[f[at]]), looked
        if touched is None and len(touching):
            touched = int(e[touching[0]]), int(f[touching[0]])
    if touched is not None and not flags & FLAT:
        flags |= TOUCHING
    return flags, *_numbers(touched, where), looked


def _numbers(touched: tuple[int, int] | None, where: NDArray[np.int64]) -> tuple[int, int]:
    return (-1, -1) if touched is None else (int(where[touched[0]]), int(where[touched[1]]))


def _pairs(
    y: NDArray[np.float64], x: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of edges whose boxes overlap, some edges at a time."""
    points = np.column_stack((x, y))
    edges: NDArray[np.object_] = np.asarray(
        shapely.linestrings(np.stack((points[:-1], points[1:]), axis=1))
    )
    tree = shapely.STRtree(edges)
    at, size = 0, _CHUNK_FIRST
    while at < len(edges):
        e, f = tree.query(edges[at : at + size])
        e = e + at
        yield e[e < f], f[e < f]
        # Where edges are near few others, take more at a time.
        at, size = at + size, size * 4 if len(e) < size * 20 else _CHUNK_FIRST
        size = min(size, _CHUNK_MOST)


def _meet(
    y: NDArray[np.float64],
    x: NDArray[np.float64],
    e: NDArray[np.int64],
    f: NDArray[np.int64],
    slack: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which pairs cross, and which touch."""
    boxes = (
        (np.minimum(y[f], y[f + 1]) <= np.maximum(y[e], y[e + 1]))
        & (np.maximum(y[f], y[f + 1]) >= np.minimum(y[e], y[e + 1]))
        & (np.minimum(x[f], x[f + 1]) <= np.maximum(x[e], x[e + 1]))
        & (np.maximum(x[f], x[f + 1]) >= np.minimum(x[e], x[e + 1]))
    )
    at = np.flatnonzero(boxes)
    e, f = e[at], f[at]
    o1, o2 = _side(y, x, e, f, slack), _side(y, x, e, f + 1, slack)
    o3, o4 = _side(y, x, f, e, slack), _side(y, x, f, e + 1, slack)
    met = (o1 * o2 <= 0) & (o3 * o4 <= 0)
    proper = met & (o1 != 0) & (o2 != 0) & (o3 != 0) & (o4 != 0)
    next_to = (f == e + 1) | ((e == 0) & (f == len(y) - 2))
    back = (
        (x[e + 1] - x[e]) * (x[f + 1] - x[f]) + (y[e + 1] - y[e]) * (y[f + 1] - y[f]) < 0
    ) & (o1 == 0) & (o2 == 0)  # fmt: skip
    touching = np.where(next_to, back, met & ~proper)
    return at[proper & ~next_to], at[touching]


def _side(
    y: NDArray[np.float64],
    x: NDArray[np.float64],
    e: NDArray[np.int64],
    point: NDArray[np.int64],
    slack: float,
) -> NDArray[np.float64]:
    """On which side of an edge a point lies, -1, 0, 1; 0 also where rounding leaves it open."""
    along_x, along_y = x[e + 1] - x[e], y[e + 1] - y[e]
    to_x, to_y = x[point] - x[e], y[point] - y[e]
    p, q = along_x * to_y, along_y * to_x
    error = 4e-16 * (np.abs(p) + np.abs(q)) + slack * (
        np.abs(along_x) + np.abs(along_y) + np.abs(to_x) + np.abs(to_y)
    )
    return np.where(np.abs(p - q) <= error, 0.0, np.sign(p - q))
