"""The space-time scan statistic: is there a circle on the map with too many cases lately?

Kulldorff (1997), "A spatial scan statistic", Commun. Stat. Theory Methods 26, 1481-1496; (2001),
"Prospective time periodic geographical disease surveillance using a scan statistic", J. R. Stat.
Soc. A 164, 61-72; Kulldorff, Heffernan, Hartman, Assunção & Mostashari (2005), "A space-time
permutation scan statistic for disease outbreak detection", PLoS Med. 2, e59.

Cylinders are looked at: a circle around each place, up to ``max_share`` of all (expected) cases and
``max_radius_km``, times a span of up to ``max_periods`` periods. The one with the largest log
likelihood ratio is the most likely cluster; its p-value is its rank among the largest ratios of
``replicates`` tables in which chance alone rules (see `scan_chance`). Further clusters are the next
likely ones that share no place with those before; their p-values too compare with the largest
ratio of each replicate, which is on the safe side.

``prospective``: each period that is judged is taken as the newest one, with ``study_periods``
before and with it; spans end with it. ``retrospective``: one search over the ``study_periods`` that
end with the newest, for spans that end at any time.

A cell that was not reported is in neither the observed nor the expected cases.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.watch.calendar import Calendar, Ints
from haidang.watch.detectors import scan_chance as chance
from haidang.watch.detectors import scan_windows as windows
from haidang.watch.method import (
    NO_DATA,
    Cluster,
    Floats,
    Found,
    Method,
    Param,
    Reason,
    Task,
    empty,
)
from haidang.watch.positions import Positions

BATCH: Final = 64
"""Replicates that are searched together; more would not stay in the processor's cache."""

_ROOM: Final = 16_000_000
"""Numbers that a batch may hold: 64 MB."""

MOST_CASES: Final = 5_000_000
"""More in one study than can be counted place by place: a mistyped number, and hours of work."""

TIED: Final = 1e-7
"""Ratios that differ by less are equal: cells are added up in another order, and expected cases
where cells are missing come from an iteration."""

_EULER: Final = 0.5772156649015329


@dataclass(frozen=True, slots=True)
class Area:
    """The places that take part, and their circles.

    Attributes:
        places: Rows of the table.
        order, begin, whole: See `windows.best_of_each`; places counted among ``places``.
    """

    places: Ints
    order: NDArray[np.int32]
    begin: Ints
    whole: NDArray[np.bool_]


def circles(points: Floats, size: Floats, most: float, reach: float) -> Area:
    """The circles around each place.

    Args:
        points: ``(place, 3)``, km.
        size: Expected cases by place.
        most: Largest share of a circle.
        reach: Largest radius, km, straight.
    """
    share = size / size.sum()
    order: list[NDArray[np.int32]] = []
    whole: list[NDArray[np.bool_]] = []
    for here in points:
        far = np.sqrt(((points - here) ** 2).sum(axis=1))
        # Stable, so that places at equal distances stand in the order of the table.
        near = np.argsort(far, kind="stable").astype(np.int32)
        far = far[near]
        near = near[: int(np.searchsorted(far, reach + windows.TIED_KM, side="right"))]
        row, ends = np.empty(len(near), np.int32), np.empty(len(near), np.bool_)
        n = windows.circles(near, far[: len(near)], share, most, row, ends)
        order.append(row[:n])
        whole.append(ends[:n])
    begin = np.concatenate([[0], np.cumsum([len(row) for row in order])]).astype(np.int64)
    return Area(
        np.arange(len(points)), np.concatenate(order), begin, np.concatenate(whole)
    )  # fmt: skip


def spans_of(rows: int, longest: int, *, prospective: bool) -> Ints:
    """``(span, 2)``: first row and the row after the last; short ones first."""
    found = [
        (end - length, end)
        for length in range(1, longest + 1)
        for end in ([rows] if prospective else range(length, rows + 1))
    ]
    return np.array(found, np.int64)


def over_spans(table: Floats | NDArray[np.int64], spans: Ints) -> Any:
    """``(place, time)`` added up over each span."""
    total = np.zeros((len(table), table.shape[1] + 1), table.dtype)
    np.cumsum(table, axis=1, out=total[:, 1:])
    return np.ascontiguousarray(total[:, spans[:, 1]] - total[:, spans[:, 0]])


def batch_of(cells: int) -> int:
    """How many replicates are searched together: fewer where each has many places and spans."""
    return min(BATCH, max(4, _ROOM // max(cells, 1)))


def generators(
    seed: int, row: int, replicates: int, batch: int = BATCH
) -> list[tuple[np.random.Generator, int]]:
    """A generator for each batch, and how many replicates it draws.

    The same for any number of threads, and for one period whatever others are judged with it.
    """
    sizes = [min(batch, replicates - i) for i in range(0, replicates, batch)]
    seeds = np.random.SeedSequence([seed, row]).spawn(len(sizes))
    return [(np.random.default_rng(s), n) for s, n in zip(seeds, sizes, strict=True)]


def _largest(
    area: Area, spans: Ints, expected: Floats, total: int, least: int, draw: chance.Draw,
    batches: list[tuple[np.random.Generator, int]],
) -> Floats:  # fmt: skip
    """The largest ratio of every replicate."""

    def run(batch: tuple[np.random.Generator, int]) -> Floats:
        rng, n = batch
        cases = np.empty((len(expected), len(spans), n), np.int32)
        for r in range(n):
            cases[:, :, r] = over_spans(draw(rng), spans)
        best = np.zeros(n)
        windows.largest(
            area.order, area.begin, area.whole, cases.reshape(len(expected), -1), expected, total,
            least, best,
        )  # fmt: skip
        return best

    if len(batches) < 2 or get_num_threads() < 2:  # noqa: PLR2004 - nothing to share out
        return np.concatenate([run(b) for b in batches])
    with ThreadPoolExecutor(get_num_threads()) as pool:
        return np.concatenate(list(pool.map(run, batches)))


@dataclass(frozen=True, slots=True)
class Chance:
    """The largest ratios of the replicates.

    Attributes:
        largest: One to a replicate, rising.
        gumbel: Whether p-values come from the Gumbel distribution with their mean and variance
            (Abrams, Kulldorff & Kleinman 2010, Int. J. Health Geogr. 9, 61).
    """

    largest: Floats
    gumbel: bool

    def p_value(self, ratio: float) -> float:
        """Probability of a largest ratio at least as large."""
        if self.gumbel:
            scale, place = self._fit()
            return float(-np.expm1(-np.exp(-(ratio - place) / scale))) if scale > 0 else 1.0
        above = int((self.largest >= ratio - TIED).sum())
        return (1 + above) / (1 + len(self.largest))

    def critical(self, alpha: float) -> float:
        """The ratio above which the p-value is at most ``alpha``."""
        if self.gumbel:
            scale, place = self._fit()
            return place - scale * math.log(-math.log1p(-alpha))
        allowed = math.floor(alpha * (1 + len(self.largest)) + 1e-9)
        return float(self.largest[-allowed])

    def _fit(self) -> tuple[float, float]:
        scale = float(self.largest.std(ddof=1)) * math.sqrt(6) / math.pi
        return scale, float(self.largest.mean()) - _EULER * scale


@dataclass(frozen=True, slots=True)
class Study:
    """What one search is over.

    Attributes:
        first: Row of the table with which it begins.
        last: Row with which it ends.
        places: Rows of the table of the places that take part.
        counts: ``(place, time)`` of these; NaN where not reported.
        expected: The same shape.
        points: ``(place, 3)``, km.
        draw: Makes replicates.
    """

    first: int
    last: int
    places: Ints
    counts: Floats
    expected: Floats
    points: Floats
    draw: chance.Draw


def study(task: Task, params: Mapping[str, Any], last: int) -> Study | None:
    """The periods that end with ``last``; None where there are too few, or no case."""
    first = max(0, last + 1 - int(params["study_periods"]))
    if last + 1 - first < 2 * int(params["max_periods"]):
        return None
    assert task.positions is not None
    counts = task.counts[:, first : last + 1]
    people = None if task.population is None else task.population[:, first : last + 1]
    if people is not None:
        counts = np.where(people > 0, counts, np.nan)
    known = ~np.isnan(counts).all(axis=1) & np.isfinite(task.positions.points[:, 0])
    places = np.flatnonzero(known)
    counts = counts[places]
    if (total := float(np.nansum(counts))) > MOST_CASES:
        raise BadData(Problem("watch.too_many_cases", {"n": total, "most": MOST_CASES}))
    if people is None:
        expected = chance.expected_of_margins(counts)
        draw = chance.shuffled(counts)
    else:
        expected = chance.expected_of_people(counts, people[places])
        draw = chance.scattered(counts, expected)
    points = task.positions.points[places]
    return Study(first, last, places, counts, expected, points, draw)


def search(task: Task, params: Mapping[str, Any], one: Study) -> tuple[tuple[Cluster, ...], float]:
    """The clusters of one study, likeliest first, and the ratio above which one is significant."""
    total = int(np.nansum(one.counts))
    positions = task.positions
    assert positions is not None
    if total == 0:
        return (), math.inf
    reach = params["max_radius_km"]
    area = circles(
        one.points, one.expected.sum(axis=1), float(params["max_share"]),
        math.inf if reach is None else positions.straight(float(reach)),
    )  # fmt: skip
    rows = one.counts.shape[1]
    spans = spans_of(rows, int(params["max_periods"]), prospective=params["mode"] == "prospective")
    cases = over_spans(np.nan_to_num(one.counts).astype(np.int64), spans).astype(np.int32)
    expected, least = over_spans(one.expected, spans), int(params["min_cases"])
    each = windows.best_of_each(
        area.order, area.begin, area.whole, cases, expected, float(total), least
    )
    if not each[0].any():
        return (), math.inf
    batches = generators(
        int(params["seed"]), one.last, int(params["replicates"]), batch_of(expected.size)
    )
    largest = _largest(area, spans, expected, total, least, one.draw, batches)
    against = Chance(np.sort(largest), bool(params["gumbel"]))
    picked = _apart(area, one, spans, total, each, positions, against)
    return picked, against.critical(float(params["alpha"]))


def _apart(
    area: Area, one: Study, spans: Ints, total: int, each: tuple[Floats, Ints, Ints, Ints, Floats],
    positions: Positions, against: Chance,
) -> tuple[Cluster, ...]:  # fmt: skip
    """The likeliest cluster, and those that share no place with a likelier one.

    Those that are no likelier than the weakest replicate are left out, but for the first.
    """
    ratio, size, span, observed, usual = each
    radius = np.zeros(len(ratio))
    for i in np.flatnonzero(ratio):
        edge = area.order[area.begin[i] + size[i] - 1]
        straight = float(np.sqrt(((one.points[edge] - one.points[i]) ** 2).sum()))
        radius[i] = positions.on_the_ground(straight)
    taken = np.zeros(len(ratio), np.bool_)
    found: list[Cluster] = []
    for i in np.lexsort((radius, -np.round(ratio, 7))):
        within = area.order[area.begin[i] : area.begin[i] + size[i]]
        p_value = against.p_value(float(ratio[i]))
        if ratio[i] == 0 or (found and p_value >= 1):
            break
        if taken[within].any():
            continue
        taken[within] = True
        begin, end = spans[span[i]]
        c, e = int(observed[i]), float(usual[i])
        outside = (total - c) / (total - e)
        found.append(
            Cluster(
                one.last, int(one.places[i]), float(radius[i]), tuple(one.places[within].tolist()),
                one.first + int(begin), one.first + int(end) - 1, c, e,
                c / e / outside if outside > 0 else math.inf, float(ratio[i]), p_value,
            )
        )  # fmt: skip
    return tuple(found)


def scan(task: Task, params: Mapping[str, Any]) -> Found:
    """Judge every place.

    Returns:
        ``expected``: of the single place and period. ``upper`` is missing: a place is judged with
        its neighbours. ``score`` and ``p_value`` are those of the cluster that holds the place and
        the period, 0 and 1 where none does; the score is the ratio over the one that is just
        significant. ``clusters``: all of them.
    """
    found = empty(task)
    assert task.positions is not None
    alpha = float(params["alpha"])
    found.reason[np.isnan(task.positions.points[:, 0])] = Reason.NO_COORDINATES
    clusters: list[Cluster] = []
    prospective = params["mode"] == "prospective"
    for last in task.at if prospective else task.at[-1:]:
        one = study(task, params, int(last))
        columns = np.flatnonzero((task.at == last) if prospective else (task.at <= last))
        if one is None:
            found.reason[:, columns] = Reason.HISTORY
            continue
        columns, before = columns[task.at[columns] >= one.first], task.at < one.first
        if not prospective:
            found.reason[:, before] = Reason.HISTORY
        known = one.places[:, None], columns[None, :]
        found.expected[known] = one.expected[:, task.at[columns] - one.first]
        found.score[known], found.p_value[known] = 0.0, 1.0
        if not one.expected.any():
            found.reason[known] = Reason.ALL_ZERO
        picked, critical = search(task, params, one)
        for c in picked:
            when = columns[(task.at[columns] >= c.first) & (task.at[columns] <= c.last)]
            cells = np.array(c.places)[:, None], when[None, :]
            found.score[cells] = c.ratio / critical if critical > 0 else 1.0 + c.ratio
            found.p_value[cells] = c.p_value
            found.alarm[cells] = c.p_value <= alpha
        clusters += picked
    gone = np.isnan(task.counts[:, task.at])
    if task.population is not None:
        gone |= ~(task.population[:, task.at] > 0)
    found.reason[gone] = Reason.MISSING
    for column in (found.expected, found.score, found.p_value):
        column[np.isin(found.reason, NO_DATA)] = np.nan
    found.alarm[np.isin(found.reason, NO_DATA)] = False
    return replace(found, clusters=tuple(clusters))


def _rule(params: Mapping[str, Any], _: Calendar) -> tuple[Problem, ...]:
    """Enough replicates for alpha, and a study at least twice as long as the longest span."""
    found: list[Problem] = []
    need = math.ceil(1 / params["alpha"] - 1e-9) - 1
    if not params["gumbel"] and params["replicates"] < need:
        found.append(Problem("watch.param_replicates", {"need": need}, field="replicates"))
    if params["study_periods"] < 2 * params["max_periods"]:
        said = {"need": 2 * params["max_periods"]}
        found.append(Problem("watch.param_study", said, field="study_periods"))
    return tuple(found)


PARAMS: Final = (
    Param("max_share", 0.5, low=0.0, high=1.0, open_low=True),
    Param("max_radius_km", None, low=0.0, high=20_100.0, optional=True, real=True),
    Param("max_periods", 7, low=1, high=1000),
    Param("study_periods", 60, low=2, high=100_000),
    Param("mode", "prospective", choices=("prospective", "retrospective")),
    Param("min_cases", 2, low=1, high=1_000_000),
    Param("replicates", 999, low=9, high=999_999),
    Param("seed", 1, low=0, high=2**32 - 1),
    Param("alpha", 0.05, low=0.0, high=1.0, open_low=True, open_high=True),
    Param("gumbel", False),
)

PERMUTATION: Final = Method(
    "scan_permutation", scan, PARAMS, "Kulldorff et al. 2005, PLoS Med. 2, e59", verified=True,
    rule=_rule, coordinates=True,
)  # fmt: skip
POISSON: Final = Method(
    "scan_poisson", scan, PARAMS,
    "Kulldorff 1997, Commun. Stat. Theory Methods 26, 1481; 2001, J. R. Stat. Soc. A 164, 61",
    verified=False, rule=_rule, coordinates=True, population=True, needs_population=True,
)  # fmt: skip
