"""Which point of an event set each asset stands at, and assets brought together by point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from haidang.base.errors import BadData
from haidang.base.outline import EARTH_RADIUS_KM
from haidang.base.problem import Problem
from haidang.risk.engine.events import EventSet
from haidang.risk.engine.exposed import Exposed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME_DEG = 1e-6
"""Positions nearer than this (10 cm) are the same."""
MAX_KM = 20.0
"""How far an asset may lie from its point of the event set, where nobody says otherwise."""


def join(
    events: EventSet, assets: Exposed, max_km: float = MAX_KM
) -> tuple[Ints, tuple[Problem, ...]]:
    """The point of the event set that tells of each asset.

    Points that are the same on both sides meet one to one; else the nearest point by great circle;
    without positions, the point whose label is the asset's own label or the code of its place; and
    where neither side has any, the same number of points means the same points.

    Args:
        events: Whose points.
        assets: What stands somewhere.
        max_km: An asset farther than this from every point is told by none.

    Returns:
        Point of each asset, -1 where none tells of it, (asset,); and how many of those there are.

    Raises:
        BadData: One side has positions and the other neither those nor labels that meet; points
            are met by a name that several of them bear; or no asset at all finds a point.
    """
    n = len(assets)
    if events.lat is not None and events.lon is not None and assets.lat is not None:
        point = _nearest(events, assets, max_km)
    elif events.labels is not None and (assets.labels is not None or assets.places):
        point = _by_label(events.labels, assets)
    elif events.lat is None and events.labels is None and assets.lat is None and n == events.points:
        point = np.arange(n, dtype=np.int64)
    else:
        params = {"intensity": f"{events.points} points", "exposure": f"{n} points"}
        raise BadData(Problem("impact.mismatch", params, field="exposure"))
    alone = int((point < 0).sum())
    if not alone:
        return point, ()
    told = {"count": alone, "of": n, "km": max_km}
    if alone == n:
        raise BadData(Problem("impact.nothing_near", told, field="exposure"))
    return point, (Problem("impact.points_alone", told, severity="warning"),)


def _nearest(events: EventSet, assets: Exposed, max_km: float) -> Ints:
    theirs = events.lat, events.lon
    ours = assets.lat, assets.lon
    assert theirs[0] is not None and theirs[1] is not None  # noqa: PT018 - by the caller
    assert ours[0] is not None and ours[1] is not None  # noqa: PT018
    if len(assets) == events.points and all(
        np.allclose(a, b, rtol=0, atol=SAME_DEG)
        for a, b in zip(theirs, ours, strict=True)
        if a is not None and b is not None
    ):
        return np.arange(len(assets), dtype=np.int64)
    tree = cKDTree(_on_sphere(theirs[0], theirs[1]))
    # The straight line through the ball grows with the way around it: the nearest is the same.
    reach = 2 * np.sin(min(max_km / EARTH_RADIUS_KM, np.pi) / 2)
    away, point = tree.query(_on_sphere(ours[0], ours[1]))
    return np.where(away <= reach * (1 + 1e-12), point, -1).astype(np.int64)


def _on_sphere(lat: Floats, lon: Floats) -> Floats:
    y, x = np.radians(lat), np.radians(lon)
    return np.column_stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])


def _by_label(labels: tuple[str, ...], assets: Exposed) -> Ints:
    number = {name: i for i, name in enumerate(labels)}
    if len(number) < len(labels):
        wanted = {*(assets.labels or ()), *assets.places}
        twice = next((n for i, n in enumerate(labels) if n in wanted and number[n] != i), None)
        if twice is not None:
            raise BadData(Problem("impact.label_twice", {"name": twice}, field="labels"))
    if assets.labels is not None:
        own = np.array([number.get(name, -1) for name in assets.labels], np.int64)
        if (own >= 0).any() or not assets.places:
            return own
    of_place = np.array([*(number.get(code, -1) for code in assets.places), -1], np.int64)
    return of_place[assets.place]


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Assets at one point that follow the same curves, as one.

    Attributes:
        start: Slots of point p are start[p]..start[p+1], (point + 1,).
        curve: Number of the curve for each peril, (peril, slot).
        value: Sum of the known values, (slot, category).
        unknown: Whether some value is not known, (slot, category).
        of: Slot of each asset by category, -1 where no point tells of it, (category, asset).
    """

    start: Ints
    curve: Ints
    value: Floats
    unknown: NDArray[np.bool_]
    of: Ints

    @property
    def same(self) -> bool:
        """Whether each point is one slot."""
        return np.array_equal(self.start, np.arange(len(self.start)))

    @property
    def lean_unknown(self) -> NDArray[np.bool_]:
        """``unknown``, or nothing where everything is known."""
        return self.unknown if self.unknown.any() else self.unknown[:0]


def slots(assets: Exposed, point: Ints, points: int, curve: Ints) -> Slots:
    """Bring assets together.

    Args:
        assets: With values by category.
        point: Point of each asset, -1 for none, (asset,).
        points: Number of points of the event set.
        curve: Number of the curve, (peril, category, name of curve).

    Returns:
        The slots, in order of points. Cost is linear in assets, points and kinds of curve.
    """
    perils, categories, names = curve.shape
    kinds, kind = np.unique(curve.reshape(perils, -1), axis=1, return_inverse=True)
    of_kind = kind.reshape(categories, names)
    told = point >= 0
    key = np.where(told, point * kinds.shape[1] + of_kind[:, assets.curve], -1)
    present = np.zeros(points * kinds.shape[1], bool)
    present[key[:, told].ravel()] = True
    number = np.cumsum(present) - 1
    count = int(number[-1]) + 1 if len(number) else 0
    of = np.where(told, number[np.maximum(key, 0)] if len(number) else 0, -1)
    value = np.zeros((count, categories))
    unknown = np.zeros((count, categories), bool)
    for k in range(categories):
        amount = assets.values[k, told]
        here = of[k, told]
        value[:, k] = np.bincount(here, np.nan_to_num(amount), minlength=count)
        unknown[here[np.isnan(amount)], k] = True
    by_point = present.reshape(points, -1).sum(axis=1)
    start = np.concatenate([[0], np.cumsum(by_point)]).astype(np.int64)
    kind_of_slot = np.flatnonzero(present) % kinds.shape[1]
    return Slots(start, np.ascontiguousarray(kinds[:, kind_of_slot]), value, unknown, of)
