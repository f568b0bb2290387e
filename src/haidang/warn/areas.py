"""Which of our places somebody else's warning is about, and how much of each.

Their areas come as polygons, circles and codes of lists; ours are outlines with a code. The share
is of the place's area on the sphere, so that a page can tell a province that is covered from one
that is touched at its edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from haidang.base.outline import EARTH_RADIUS_KM
from haidang.base.problem import Problem
from haidang.warn.area_kernel import Borders, borders, overlaps
from haidang.warn.area_shapes import MOST_CROSSINGS, Shaped, circle_shape, ring_shape, surfaces
from haidang.warn.cap import AreaBlock

How = Literal["polygon", "circle", "point", "geocode"]
Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_SHARE: Final = 1e-6
"""Below this share a place is only touched: the noise of digits along a common border."""

FEW: Final = 2_000
"""Pairs of shape and place up to which the library is faster than starting the kernel."""

_LONG: Final = 400
"""Corners above which a shape is cut to the box of a place before it is intersected."""

_SURFACE: Final = 2


class Match(NamedTuple):
    """One of our places in a message's area.

    Attributes:
        code: Of the place.
        share: Of the place's area that is covered, 0 to 1; 0 for a point or a line inside it, 1
            for a place that is itself a point.
        how: By what it was found. Of several, the one that covers most.
    """

    code: str
    share: float
    how: How


@dataclass(frozen=True, slots=True)
class Covered:
    """What became of the areas of a message.

    Attributes:
        matches: By code.
        shape: Everything that polygons and circles cover; empty where there are none.
        problems: What was mended or could not be used, naming the area (``areas[1].rings[0]``).
    """

    matches: tuple[Match, ...]
    shape: BaseGeometry
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, eq=False)
class PlaceIndex:
    """Outlines by code, laid out once for fast look-ups; it can be pickled.

    Attributes:
        codes: Sorted.
        outlines: Outline of each, valid.
        km2: Area of each on the sphere; 0 of a point.
        geocodes: Codes of ours by (list, value); see `list_name` for how a list is spelt.
        inside: Codes of the places inside a place that somebody names by its code.
    """

    codes: tuple[str, ...]
    outlines: Shapes
    km2: Floats
    geocodes: Mapping[tuple[str, str], tuple[str, ...]]
    inside: Mapping[str, tuple[str, ...]]
    tree: shapely.STRtree = field(repr=False)

    @classmethod
    def of(
        cls,
        outlines: Mapping[str, BaseGeometry],
        geocodes: Mapping[tuple[str, str], Iterable[str]] | None = None,
        inside: Mapping[str, Iterable[str]] | None = None,
    ) -> PlaceIndex:
        """Lay out outlines.

        Args:
            outlines: Polygon, multipolygon or point by code, degrees; one that is invalid is
                mended, one that is empty is left out.
            geocodes: Our codes by (name of a list, value in it).
            inside: Codes of the places inside a place, by its code.
        """
        mended = {c: _mended(g) for c, g in outlines.items()}
        codes = tuple(sorted(c for c, g in mended.items() if not g.is_empty))
        shapes = np.array([mended[c] for c in codes], dtype=np.object_)
        lists = {
            (list_name(name), value.strip()): tuple(sorted(set(ours)))
            for (name, value), ours in (geocodes or {}).items()
        }
        within = {c: tuple(sorted(set(kids))) for c, kids in (inside or {}).items()}
        return cls(codes, shapes, area_km2(shapes), lists, within, shapely.STRtree(shapes))

    def __post_init__(self) -> None:
        shapely.prepare(self.outlines)

    def __setstate__(self, state: Mapping[str, object]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)
        shapely.prepare(self.outlines)  # preparation does not survive a pickle

    @cached_property
    def borders(self) -> Borders:
        """Borders of the outlines, for many shapes at once."""
        return borders(self.outlines)

    def named(self, name: str, value: str) -> tuple[str, ...]:
        """Places that a code of a list names, and those inside them; () where nobody knows it."""
        found = self.geocodes.get((list_name(name), value.strip()), ())
        kids = (kid for code in found for kid in self.inside.get(code, ()))
        return tuple(sorted({*found, *kids}))


def list_name(name: str) -> str:
    """The name of a list of codes as we compare it.

    >>> list_name("ISO 3166-2"), list_name("iso3166_2")
    ('iso31662', 'iso31662')
    """
    return "".join(c for c in name.casefold() if c.isalnum())


def covered(areas: Sequence[AreaBlock], index: PlaceIndex) -> tuple[Match, ...]:
    """Which places the areas of one message cover; see `cover` for what was mended on the way.

    Args:
        areas: Of all its infos: it speaks of their union.
        index: Our places.

    Returns:
        By code.
    """
    return cover(areas, index).matches


def cover(areas: Sequence[AreaBlock], index: PlaceIndex) -> Covered:
    """Which places the areas of one message cover, how much of each, and what had to be mended.

    Args:
        areas: Of all its infos; an area that comes twice (once a language) counts once.
        index: Our places.

    Returns:
        The places, the shape and the findings. It never raises: what cannot be used is a finding.
    """
    problems: list[Problem] = []
    rings: list[BaseGeometry] = []
    circles: list[BaseGeometry] = []
    named: set[str] = set()
    seen: set[object] = set()
    left = float(MOST_CROSSINGS)  # of the whole message: hundreds of rings of noise are noise too
    for i, area in enumerate(areas):
        key = (area.rings, area.circles, area.geocodes)
        if key in seen:
            continue
        seen.add(key)
        for j, ring in enumerate(area.rings):
            shaped = ring_shape(ring, left)
            left -= shaped.crossings
            rings += _take(shaped, f"areas[{i}].rings[{j}]", problems)
        for j, circle in enumerate(area.circles):
            circles += _take(circle_shape(*circle), f"areas[{i}].circles[{j}]", problems)
        for name, value in area.geocodes:
            named.update(index.named(name, value))
    best: dict[str, Match] = {code: Match(code, 1.0, "geocode") for code in named}
    for match in _drawn(rings, circles, index):
        if match.code not in best:
            best[match.code] = match
    known = [*rings, *circles]
    shape = shapely.union_all(known) if known else shapely.MultiPolygon()
    if not best and any(a.geocodes for a in areas) and not known:
        lists = sorted({name for a in areas for name, _ in a.geocodes})
        problems.append(_finding("geocodes", "areas", lists=", ".join(lists[:5])))
    return Covered(tuple(best[c] for c in sorted(best)), shape, tuple(problems))


def shares(shapes: Shapes, index: PlaceIndex) -> tuple[Ints, Ints, Floats]:
    """How much of each place each shape covers.

    Boxes first (the tree). Of few pairs the library cuts the overlap out; of many their borders
    are walked (`area_kernel`), which gives the same to 1e-9 without building any geometry, and the
    library is asked only where borders touch.

    Args:
        shapes: Polygons or multipolygons, shape (shapes,), valid.
        index: Our places.

    Returns:
        Three arrays of equal length: number of the shape, number of the place in ``index.codes``,
        share of the place's area. Pairs below `LEAST_SHARE` are left out.
    """
    shape, place = index.tree.query(shapes)
    if len(shape) > FEW:
        size = overlaps(borders(shapes), index.borders, shape, place) * EARTH_RADIUS_KM**2
    else:
        size = np.full(len(shape), np.nan)
    ask = np.flatnonzero(np.isnan(size) | (index.km2[place] == 0))
    size[ask] = _cut(shapes, shape[ask], index, place[ask])
    share = np.minimum(size / np.where(index.km2[place] > 0, index.km2[place], 1.0), 1.0)
    kept = share >= LEAST_SHARE
    return shape[kept], place[kept], share[kept]


def _cut(shapes: Shapes, shape: Ints, index: PlaceIndex, place: Ints) -> Floats:
    """Square kilometres of overlaps, by the library; 1 for a place that is a point inside."""
    shapely.prepare(shapes)
    theirs, ours = shapes[shape], index.outlines[place]
    size = np.where(shapely.covers(theirs, ours), np.maximum(index.km2[place], 0), 0.0)
    size[(index.km2[place] == 0) & shapely.intersects(theirs, ours)] = 1.0
    edge = np.flatnonzero((size == 0) & shapely.intersects(theirs, ours))
    size[edge] = area_km2(shapely.intersection(_near(theirs[edge], ours[edge]), ours[edge]))
    return size


def _near(theirs: Shapes, ours: Shapes) -> Shapes:
    """Shapes cut to the boxes of places: an outline of thousands of corners is noded once less."""
    long = np.flatnonzero(shapely.get_num_coordinates(theirs) > _LONG)
    made = theirs.copy()
    for i, (west, south, east, north) in zip(long, shapely.bounds(ours[long]), strict=True):
        cut = shapely.clip_by_rect(theirs[i], west, south, east, north)
        if cut.is_valid:  # the clipper is fast and now and then leaves a ring that touches itself
            made[i] = cut
    return made


def area_km2(shapes: Shapes) -> Floats:
    """Areas on the sphere, holes taken out, for many shapes at once.

    As `haidang.base.outline.area_km2`: exact for edges that are straight in latitude and
    longitude. Lines and points have none.

    Args:
        shapes: Shape (shapes,); None has none.

    Returns:
        Square kilometres, shape (shapes,).
    """
    total = np.zeros(len(shapes), dtype=np.float64)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    if (nested := shapely.get_type_id(parts) == shapely.GeometryType.MULTIPOLYGON).any():
        inner, again = shapely.get_parts(parts[nested], return_index=True)
        owner = np.concatenate([owner[~nested], owner[nested][again]])
        parts = np.concatenate([parts[~nested], inner])
    flat = shapely.get_dimensions(parts) == _SURFACE
    rings, part = shapely.get_rings(parts[flat], return_index=True)
    if not len(rings):
        return total
    points, ring = shapely.get_coordinates(rings, return_index=True)
    lon, lat = np.radians(points).T
    same = ring[1:] == ring[:-1]
    low, high = lat[:-1], lat[1:]
    mean = np.sin((low + high) / 2) * np.sinc((high - low) / (2 * np.pi))
    edges = np.where(same, np.diff(lon) * mean, 0.0)
    size = abs(np.bincount(ring[:-1], weights=edges, minlength=len(rings))) * EARTH_RADIUS_KM**2
    first = np.concatenate([[True], part[1:] != part[:-1]])  # the outer ring of a polygon
    np.add.at(total, owner[flat][part], np.where(first, size, -size))
    return total


def _drawn(
    rings: Sequence[BaseGeometry], circles: Sequence[BaseGeometry], index: PlaceIndex
) -> list[Match]:
    """Places under polygons, circles, and points or lines."""
    best: dict[str, Match] = {}
    whole = surfaces(shapely.union_all([*rings, *circles])) if rings or circles else None
    if whole is not None and not whole.is_empty:
        round_ = _single(surfaces(shapely.union_all(list(circles))), index) if circles else {}
        drawn = _single(surfaces(shapely.union_all(list(rings))), index) if rings else {}
        total = _single(whole, index) if rings and circles else drawn or round_
        for code, share in total.items():
            how: How = "polygon" if drawn.get(code, 0) >= round_.get(code, 0) else "circle"
            best[code] = Match(code, share, how)
    thin = [g for g in (*rings, *circles) if g.area == 0]
    if thin:
        _, place = index.tree.query(np.array(thin, dtype=np.object_), predicate="intersects")
        for code in {index.codes[p] for p in place} - set(best):
            best[code] = Match(code, 0.0, "point")
    return list(best.values())


def _single(shape: BaseGeometry, index: PlaceIndex) -> dict[str, float]:
    if shape.is_empty:
        return {}
    one = np.array([shape], dtype=np.object_)
    _, place, share = shares(one, index)
    return {index.codes[p]: float(s) for p, s in zip(place, share, strict=True)}


def _take(shaped: Shaped, where: str, problems: list[Problem]) -> list[BaseGeometry]:
    problems += [_finding(code, where) for code in shaped.found]
    return [] if shaped.shape is None else [shaped.shape]


def _finding(code: str, where: str, **params: object) -> Problem:
    return Problem(f"world.area_{code}", params, field=where, severity="warning")


def _mended(shape: BaseGeometry) -> BaseGeometry:
    if shape.area == 0:
        return shape
    return shape if shape.is_valid else surfaces(shapely.make_valid(shape, method="structure"))
