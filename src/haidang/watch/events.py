"""Signals that belong together become one event.

Two signals belong together where they are of the same indicator, lie in the same period or in two
that follow one another, and come from one place or from two neighbours. What is linked by a chain
of such pairs is one event (single linkage), found by union-find: Tarjan (1975), "Efficiency of a
good but not linear set union algorithm", J. ACM 22, 215-225. The order of the signals changes
nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from scipy.spatial import KDTree

from haidang.base.errors import BadData
from haidang.base.ids import content_id
from haidang.base.problem import Problem

EARTH_KM: Final = 6371.0088
"""Mean radius of the Earth (IUGG)."""

Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Sign:
    """One signal, as it is put together with others.

    Attributes:
        indicator: What is counted; signals of different ones are never joined.
        period: Number of the period; two that follow one another differ by 1.
        place: Code.
        time: The period as it is written.
        value: Count.
        expected: In its unit, NaN where there is none.
        p: Its p-value.
        since: Period in which the place began to signal without a break, as written; "" is this.
        since_period: Its number; None is this.
    """

    indicator: str
    period: int
    place: str
    time: str
    value: float
    expected: float
    p: float
    since: str = ""
    since_period: int | None = None

    @property
    def start(self) -> tuple[int, str, str]:
        """When and where it began: number of the period, place, the period as written."""
        if self.since_period is None:
            return self.period, self.place, self.time
        return self.since_period, self.place, self.since

    @property
    def key(self) -> tuple[str, int, str]:
        """There is one signal to an indicator, period and place."""
        return self.indicator, self.period, self.place


@dataclass(frozen=True, slots=True)
class Event:
    """Signals that belong together.

    Attributes:
        id: Of the indicator and where and when the event began (of several places in the first
            period the first by code), so that it stays while the event goes on and spreads.
        indicator: What is counted.
        first: Period in which the first of its places began to signal, as written.
        last: Last period.
        places: Codes, in order.
        signals: In order of period and place.
        observed: Sum of the counts.
        expected: Sum of what was expected, NaN where that of any is unknown.
        strongest: The signal with the least p-value.
    """

    id: str
    indicator: str
    first: str
    last: str
    places: tuple[str, ...]
    signals: tuple[Sign, ...]
    observed: float
    expected: float
    strongest: Sign


def group(signs: Iterable[Sign], neighbours: Pairs = ()) -> tuple[Event, ...]:
    """Put signals together.

    Args:
        signs: In any order; the same indicator, period and place only once.
        neighbours: Pairs of places, each in either order; places without a signal do no harm.

    Returns:
        Events, the one with the least p-value first, then by first period and id.
    """
    ordered = sorted(signs, key=lambda s: s.key)
    number = {s.key: i for i, s in enumerate(ordered)}
    beside = _beside(neighbours)
    parent = list(range(len(ordered)))
    for i, sign in enumerate(ordered):
        for place in chain((sign.place,), beside.get(sign.place, ())):
            for period in (sign.period, sign.period - 1):
                j = number.get((sign.indicator, period, place))
                if j is not None:
                    _join(parent, i, j)
    parts: dict[int, list[Sign]] = defaultdict(list)
    for i, sign in enumerate(ordered):
        parts[_root(parent, i)].append(sign)
    events = [_event(part) for part in parts.values()]
    return tuple(sorted(events, key=lambda e: (e.strongest.p, e.signals[0].period, e.id)))


def _beside(pairs: Pairs) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for a, b in pairs:
        found[a].add(b)
        found[b].add(a)
    return found


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


def _join(parent: list[int], i: int, j: int) -> None:
    """The root is always the first signal, whatever the order of joining."""
    a, b = sorted((_root(parent, i), _root(parent, j)))
    parent[b] = a


def _event(signs: Sequence[Sign]) -> Event:
    ordered = sorted(signs, key=lambda s: (s.period, s.place))
    _, place, first = min(s.start for s in ordered)
    indicator = ordered[0].indicator
    founded = {"indicator": indicator, "time": first, "place": place}
    return Event(
        id=content_id("event", founded),
        indicator=indicator,
        first=first,
        last=ordered[-1].time,
        places=tuple(sorted({s.place for s in ordered})),
        signals=tuple(ordered),
        observed=math.fsum(s.value for s in ordered),
        expected=math.fsum(s.expected for s in ordered),
        strongest=min(ordered, key=lambda s: (s.p, s.period, s.place)),
    )


def near(points: Mapping[str, tuple[float, float]], km: float) -> tuple[tuple[str, str], ...]:
    """Pairs of places whose points lie at most so far apart, on the sphere.

    Args:
        points: Latitude and longitude by place, degrees.
        km: Largest distance, from 0 on.

    Returns:
        Each pair once, the first code the smaller one; in order.

    Raises:
        BadData: A point that is none, or a distance below zero or not a number.

    >>> near({"a": (21.0, 105.8), "b": (21.1, 105.8), "c": (10.8, 106.7)}, 20)
    (('a', 'b'),)
    """
    if not km >= 0:
        raise BadData(Problem("watch.distance", {"value": km}, field="km"))
    bad = [c for c, (lat, lon) in points.items() if not (abs(lat) <= 90 and abs(lon) <= 360)]  # noqa: PLR2004 - degrees
    if bad:
        raise BadData(*(Problem("watch.point", {"place": c}, field="points") for c in bad))
    if not points:
        return ()
    codes = sorted(points)
    lat, lon = np.radians(np.array([points[c] for c in codes], dtype=np.float64)).T
    on_sphere = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], 1)
    # A tree knows straight lines only: an arc of this length has this chord.
    chord = 2 * math.sin(min(km / EARTH_KM, math.pi) / 2)
    pairs = KDTree(on_sphere).query_pairs(chord * (1 + 1e-12))
    return tuple(sorted((codes[min(i, j)], codes[max(i, j)]) for i, j in pairs))
