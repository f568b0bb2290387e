"""The areas of a CAP message as shapes on the plane of longitude and latitude.

CAP 1.2, 3.2.4: an area is the union of its polygons, circles and geocodes. It has no holes of its
own and does not say what a ring that crosses itself, or the antimeridian, means. Here a ring
encloses what it winds around (the non-zero rule): a ring that crosses itself loses no lobe, a part
drawn twice is not a hole, and a ring that goes in by a slit, round the other way and out again
(the only way in which CAP can draw a hole) leaves the hole out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

EARTH_KM: Final = 6371.0088
"""Mean radius of the Earth (IUGG 1980); distances differ from the ellipsoid's by up to 0.56 %."""

CORNERS: Final = 128
"""Of the polygon inside a circle; it lacks 0.04 % of the circle's area."""

MOST_CROSSINGS: Final = 50_000
"""A ring that crosses itself more often is noise, and noding it would take minutes."""

_SAMPLE: Final = 16
_LONG: Final = 20_000
_NOISE: Final = 100
_TURN: Final = 360.0
_HALF: Final = 180.0
_POLE: Final = 90.0
_SAME: Final = 1e-9
_FEWEST: Final = 3


class Shaped(NamedTuple):
    """A shape and what had to be mended.

    Attributes:
        shape: Polygon, multipolygon, line or point; None where nothing could be made of it.
        found: Codes of findings, without their room (``open``, ``crossing`` ...).
        crossings: About how often it crosses itself, where that was worked out: what it cost.
    """

    shape: BaseGeometry | None
    found: tuple[str, ...] = ()
    crossings: float = 0.0


def ring_shape(ring: Sequence[tuple[float, float]], most: float = MOST_CROSSINGS) -> Shaped:
    """What a ring of a message encloses.

    An edge goes the short way round, so that a jump from 179 to -179 degrees crosses the
    antimeridian; a ring around a pole holds the pole on the side where most of its points lie.

    Args:
        ring: (latitude, longitude), degrees.
        most: Crossings above which its hull is taken.

    Returns:
        Its shape between -180 and 180 degrees. Findings: ``off_earth`` (a position that is not on
        the Earth: no shape), ``open`` (closed here), ``flat`` (a point or a line: it has no area),
        ``crossing`` (it crosses itself), ``hull`` (it crosses itself too often: its convex hull).
    """
    points = np.asarray(ring, dtype=np.float64).reshape(-1, 2)
    lat, lon = points[:, 0], points[:, 1]
    on_earth = np.isfinite(points).all() and (abs(lat) <= _POLE).all() and (abs(lon) <= _TURN).all()
    if not len(points) or not on_earth:
        return Shaped(None, ("off_earth",))
    found: tuple[str, ...] = ()
    if (points[0] != points[-1]).any() and (lat[0] != lat[-1] or abs(lon[0] - lon[-1]) != _TURN):
        found = ("open",)
        lat, lon = np.append(lat, lat[0]), np.append(lon, lon[0])
    return _enclosed(lat, _unwrapped(lon), found, most)


def circle_shape(lat: float, lon: float, radius_km: float) -> Shaped:
    """All points within a distance, along great circles of a sphere.

    Args:
        lat: Of the centre, degrees north.
        lon: Degrees east.
        radius_km: Kilometres; 0 is a point.

    Returns:
        A polygon of `CORNERS` corners on the circle. Findings: ``off_earth`` (the centre or the
        radius is no number, or below 0).
    """
    numbers = all(map(math.isfinite, (lat, lon, radius_km)))
    if not numbers or abs(lat) > _POLE or abs(lon) > _TURN or radius_km < 0:
        return Shaped(None, ("off_earth",))
    lon = (lon + _HALF) % _TURN - _HALF
    reach = radius_km / EARTH_KM
    if reach == 0:
        return Shaped(Point(lon, lat))
    world = shapely.box(-_HALF, -_POLE, _HALF, _POLE)
    if reach >= math.pi:
        return Shaped(world)
    if reach > math.pi / 2:  # the rest of the Earth is the smaller circle, on the other side
        rest = circle_shape(-lat, lon + _HALF, (math.pi - reach) * EARTH_KM).shape
        return Shaped(world if rest is None else shapely.difference(world, rest))
    turn = np.linspace(0.0, 2 * np.pi, CORNERS, endpoint=False)
    phi = math.radians(lat)
    sine = np.clip(
        math.sin(phi) * math.cos(reach) + math.cos(phi) * math.sin(reach) * np.cos(turn), -1, 1
    )
    east = np.arctan2(
        np.sin(turn) * math.sin(reach) * math.cos(phi), math.cos(reach) - math.sin(phi) * sine
    )
    lats, lons = np.degrees(np.arcsin(sine)), lon + np.degrees(east)
    ring = np.append(lats, lats[0]), _unwrapped(np.append(lons, lons[0]))
    # Of up to half of the Earth the centre's own pole is inside, also where the rim is a line
    # whose mean latitude lies on the other side.
    return _enclosed(*ring, (), pole=math.copysign(_POLE, lat))


def _unwrapped(lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitudes without jumps: each edge goes the short way round."""
    step = np.diff(lon)
    if (abs(abs(step) - _TURN) < _SAME).any():  # a box around the whole Earth is meant as drawn
        return lon
    turns = -np.round(step / _TURN)  # whole turns only, so that a closed ring stays closed
    return lon + _TURN * np.concatenate([[0.0], np.cumsum(turns)])


def _enclosed(
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    found: tuple[str, ...],
    most: float = MOST_CROSSINGS,
    pole: float | None = None,
) -> Shaped:
    if (
        abs(lon[-1] - lon[0]) > _HALF
    ):  # once around a pole: of a drawn line, the one it is nearer to
        pole = math.copysign(_POLE, lat.mean()) if pole is None else pole
        lat = np.concatenate([lat, [pole, pole, lat[0]]])
        lon = np.concatenate([lon, [lon[-1], lon[0], lon[0]]])
    line = np.column_stack([lon, lat])
    distinct = np.unique(line, axis=0)
    if len(distinct) == 1:
        return Shaped(_on_map(Point(*distinct[0])), (*found, "flat"))
    if len(distinct) < _FEWEST:
        return Shaped(_on_map(LineString(distinct)), (*found, "flat"))
    shape: BaseGeometry = Polygon(line)
    # Where even the validity of a ring of noise would take seconds, its noise is told first.
    noise = len(line) > _LONG and _crossings(line) > MOST_CROSSINGS * _NOISE
    crossings = 0.0
    if noise or not shape.is_valid:
        crossings = math.inf if noise else _crossings(line)
        if crossings > most:
            shape, found, crossings = shape.convex_hull, (*found, "hull"), 0.0
        else:
            shape, found = _wound(line), (*found, "crossing")
    if shape.is_empty or shape.area == 0:
        return Shaped(_on_map(LineString(line)), (*found, "flat"), crossings)
    return Shaped(_on_map(shape), found, crossings)


def _crossings(line: NDArray[np.float64]) -> float:
    """About how often a line crosses itself, from a sample of its edges: a bound, not a count."""
    edges: NDArray[np.object_] = np.asarray(
        shapely.linestrings(np.stack([line[:-1], line[1:]], axis=1)), dtype=np.object_
    )
    tree = shapely.STRtree(edges)
    some = edges[:: max(1, len(edges) // _SAMPLE)]
    hits = tree.query(some).shape[1] - 3 * len(some)  # itself and its two neighbours
    return float(max(0, hits) / len(some) * len(edges) / 2)


def _wound(line: NDArray[np.float64]) -> BaseGeometry:
    """Every face that the line winds around at least once, whichever way."""
    noded = shapely.node(LineString(line))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inside = shapely.point_on_surface(faces)
    winding = _winding(line, shapely.get_x(inside), shapely.get_y(inside))
    return shapely.union_all(faces[winding != 0])


def _winding(
    line: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.int64]:
    """How often a closed line goes round points, counter-clockwise positive (Sunday 2001)."""
    count = np.zeros(len(x), dtype=np.int64)
    for i in range(len(x)):  # faces are few; edges may be many
        x0, y0, x1, y1 = line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1]
        left = (x1 - x0) * (y[i] - y0) - (x[i] - x0) * (y1 - y0)
        up = (y0 <= y[i]) & (y1 > y[i]) & (left > 0)
        down = (y0 > y[i]) & (y1 <= y[i]) & (left < 0)
        count[i] = int(up.sum()) - int(down.sum())
    return count


def _on_map(shape: BaseGeometry) -> BaseGeometry:
    """The same shape between -180 and 180 degrees."""
    west, _, east, _ = shape.bounds
    if west >= -_HALF and east <= _HALF:
        return shape
    first, last = (math.floor((x + _HALF) / _TURN) for x in (west, east))
    parts: list[BaseGeometry] = []
    for shift in (turn * _TURN for turn in range(first, last + 1)):
        window = shapely.box(shift - _HALF, -_POLE, shift + _HALF, _POLE)
        cut = translate(shapely.intersection(shape, window), -shift)
        parts += [p for p in shapely.get_parts(cut) if p.area > 0 or shape.area == 0]
    return shapely.union_all(parts)


def surfaces(shape: BaseGeometry) -> BaseGeometry:
    """The parts of a shape that have an area; an empty multipolygon if none has."""
    parts = [p for p in shapely.get_parts(shape) if p.area > 0]
    flat = [q for p in parts for q in (p.geoms if isinstance(p, MultiPolygon) else [p])]
    return (
        shapely.union_all([p for p in flat if isinstance(p, Polygon)]) if flat else MultiPolygon()
    )
