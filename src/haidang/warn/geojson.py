"""Notices as GeoJSON (RFC 7946): one feature a notice, for maps and for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from haidang.base.outline import EARTH_RADIUS_KM
from haidang.warn.cap import Alert, AreaBlock

DECIMALS: Final = 5
"""About 1 m; RFC 7946, 11.2: more is noise."""
CORNERS: Final = 64
"""Of the polygon that stands for a circle: within 0.2 % of its radius. RFC 7946 has no circles."""
HALF: Final = 180.0
_FULL: Final = 360.0
_POLE: Final = 90.0

Points: TypeAlias = Sequence[tuple[float, float]]
"""(longitude, latitude), closed."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One notice.

    Attributes:
        alert: The message: its areas are drawn.
        properties: What is told of it beside its geometry.
    """

    alert: Alert
    properties: Mapping[str, Any] = field(default_factory=dict)


def feature(one: Feature) -> dict[str, Any]:
    """A notice as a GeoJSON feature; its geometry is null where the message draws no area."""
    areas = one.alert.infos[0].areas if one.alert.infos else ()
    return {
        "type": "Feature",
        "id": one.alert.identifier,
        "geometry": geometry(areas),
        "properties": dict(one.properties),
    }


def text(one: Mapping[str, Any]) -> str:
    """A feature as JSON on one line; the same text for the same feature."""
    return json.dumps(one, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def collection(features: Iterable[str]) -> bytes:
    """A FeatureCollection.

    Args:
        features: Of `text`, in their order: whoever keeps them need not write them again.

    Returns:
        UTF-8, a feature a line.
    """
    inside = ",\n".join(features)
    return f'{{"type":"FeatureCollection","features":[{inside}]}}\n'.encode()


def geometry(areas: Iterable[AreaBlock]) -> dict[str, Any] | None:
    """All polygons and circles of a message's areas, as RFC 7946 wants them.

    Outer rings run counter-clockwise (3.1.6), positions are (longitude, latitude), and nothing
    crosses the antimeridian: it is cut there (3.1.9).

    Args:
        areas: With closed rings of (lat, lon) and circles (lat, lon, km).

    Returns:
        A Polygon or MultiPolygon; None where no area is drawn.
    """
    parts: list[Polygon] = []
    for area in areas:
        rings: list[Points] = [[(lon, lat) for lat, lon in ring] for ring in area.rings]
        rings += [_circle(*circle) for circle in area.circles if circle[2] > 0]
        for ring in rings:
            parts += _cut(ring)
    if not parts:
        return None
    drawn = [[_positions(part.exterior.coords)] for part in parts]
    if len(drawn) == 1:
        return {"type": "Polygon", "coordinates": drawn[0]}
    return {"type": "MultiPolygon", "coordinates": drawn}


def _positions(points: Iterable[tuple[float, ...]]) -> list[list[float]]:
    return [[round(x, DECIMALS), round(y, DECIMALS)] for x, y, *_ in points]


def _circle(lat: float, lon: float, km: float) -> Points:
    """The points at a distance on the sphere, counter-clockwise from the north."""
    arc, phi = min(km / EARTH_RADIUS_KM, math.pi), math.radians(lat)
    found = []
    for number in range(CORNERS):
        turn = -2 * math.pi * number / CORNERS
        sine = math.sin(phi) * math.cos(arc) + math.cos(phi) * math.sin(arc) * math.cos(turn)
        y = math.asin(max(-1.0, min(1.0, sine)))
        x = math.atan2(
            math.sin(turn) * math.sin(arc) * math.cos(phi),
            math.cos(arc) - math.sin(phi) * math.sin(y),
        )
        found.append((_wrapped(lon + math.degrees(x)), math.degrees(y)))
    return [*found, found[0]]


def _wrapped(lon: float) -> float:
    return (lon + HALF) % _FULL - HALF


def _cut(ring: Points) -> list[Polygon]:
    """A ring as polygons that stay within -180 and 180, each counter-clockwise."""
    plain = _unrolled(ring)
    shape: BaseGeometry = Polygon(plain)
    if not shape.is_valid:
        shape = shape.buffer(0)
    found: list[Polygon] = []
    low, high, *_ = (min(x for x, _ in plain), max(x for x, _ in plain))
    first = math.floor((low + HALF) / _FULL)
    last = math.ceil((high + HALF) / _FULL)
    for turn in range(first, max(last, first + 1)):
        west = turn * _FULL - HALF
        piece: BaseGeometry = shape
        if low < west or high > west + _FULL:
            piece = shapely.intersection(shape, shapely.box(west, -_POLE, west + _FULL, _POLE))
        for part in _polygons(piece):
            moved = [(x - turn * _FULL, y) for x, y, *_ in part.exterior.coords]
            found.append(orient(Polygon(moved), 1.0))
    return found


def _polygons(shape: Any) -> list[Polygon]:
    parts = shape.geoms if isinstance(shape, MultiPolygon) else shapely.get_parts(shape)
    return [p for p in parts if isinstance(p, Polygon) and p.area > 0]


def _unrolled(ring: Points) -> list[tuple[float, float]]:
    """A ring whose longitudes run on beyond 180 instead of jumping to the other side.

    Two neighbours more than half the world apart are meant the short way. A ring that has gone
    round the world at its end holds a pole, which is put in.
    """
    found = [ring[0]]
    for x, y in ring[1:]:
        back = found[-1][0]
        found.append((x - _FULL * round((x - back) / _FULL), y))
    turned = found[-1][0] - found[0][0]
    if abs(turned) > HALF:
        pole = math.copysign(_POLE, sum(y for _, y in ring))
        found += [(found[-1][0], pole), (found[0][0], pole), found[0]]
    return found
