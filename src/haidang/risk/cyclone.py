"""What a cyclone's wind does to areas: from members and cells to intervals, onsets and people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import numpy as np
from numba import njit
from numpy.typing import NDArray

from haidang.base.wind import convert_maximum, lower_bound
from haidang.risk.areas import Areas
from haidang.risk.assessment import Impact, Interval, Onset, When
from haidang.risk.hazards.holland_pressure import steady_tracks
from haidang.risk.hazards.track_ensemble import Ensemble
from haidang.risk.hazards.tropical_cyclone import PreparedTrack, Swath, swath
from haidang.risk.spec import CLASSES, CycloneWind, ValuePerHead
from haidang.risk.vulnerability import loss_ratio

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WindOutlook:
    """The ensemble's wind over the areas.

    Attributes:
        swath: Maxima and times by member, 10-minute wind, m/s.
        start: Time of step 0.
        step_h: Time step, h.
        steps: Number of time steps.
        tracks: What the wind was computed from; None where it came otherwise.
    """

    swath: Swath
    start: datetime
    step_h: float
    steps: int
    tracks: PreparedTrack | None = None


def outlook(ensemble: Ensemble, areas: Areas, spec: CycloneWind) -> WindOutlook:
    """Run the wind model over every member and cell.

    Args:
        ensemble: Tracks, 1-minute wind at sea.
        areas: Cells by area.
        spec: The pack's ``risk`` section.

    Returns:
        10-minute winds at 10 m over open exposure: the model's 1-minute field times Harper et
        al.'s factor for the storm's maximum. Friction over land is in the decay of the storm, not
        of the place, so an inland cell is on the windy side.
    """
    tracks = steady_tracks(ensemble.hours, ensemble.lat, ensemble.lon, ensemble.wind)
    found = swath(
        tracks,
        areas.lat,
        areas.lon,
        areas.start,
        [lower_bound(force) for force in spec.forces],
        model=spec.model,
        cutoff_km=spec.cutoff_km,
        scale=float(convert_maximum(1.0, 60, 600, spec.surface)),
    )
    return WindOutlook(found, ensemble.start, spec.step_h, len(ensemble.hours), tracks)


MEDIAN = 0.5


def interval(values: Floats, spec: CycloneWind) -> Interval:
    """Low, median and high over members, as members: no value between two of them.

    Args:
        values: One a member.
        spec: Says which quantiles are low and high.
    """
    low, high = spec.interval
    ordered = np.sort(values)
    return Interval(*(float(ordered[_rank(len(values), q)]) for q in (low, MEDIAN, high)))


def _rank(n: int, q: float) -> int:
    """Where the quantile stands among n sorted values: the inverse of their distribution.

    As ``np.quantile(..., method="inverted_cdf")``, which takes twenty times as long for the few
    hundred members of an ensemble and is asked for it thousands of times a bulletin.
    """
    return max(0, ceil(n * q - 1))


def deciding(values: Floats, spec: CycloneWind) -> Interval:
    """As ``interval``, with the value that decides the level in the middle.

    It is the greatest that at least the share ``1 - quantile`` of the members reach: at 0.6 four
    tracks in ten are enough, exactly four in ten too.
    """
    found = interval(values, spec)
    # The small number keeps 0.4 * 200 at 80 members where binary fractions make it 80.00000001.
    needed = max(1, int(np.ceil(len(values) * (1 - spec.quantile) - 1e-9)))
    return found._replace(central=float(np.sort(values)[-needed]))


def onsets(found: WindOutlook, area: int, spec: CycloneWind) -> tuple[Onset, ...]:
    """First and last time of each wind force anywhere in the area.

    The onset's quantiles are over **all** members, those that never get there counted as never:
    the central onset is given only if at least half of the members reach the force. The end's
    quantiles are over the members that reach it; a member that still has the force at the horizon
    has no end yet, and None says that the end lies beyond what we looked at.
    """
    out = []
    for k, force in enumerate(spec.forces):
        first = found.swath.first[:, area, k]
        last = found.swath.last[:, area, k]
        reached = first >= 0
        ranked = np.where(reached, first, np.iinfo(np.int32).max).astype(np.float64)
        early, central, late = (
            _when(found, v)
            for v in np.quantile(
                ranked, [spec.interval[0], MEDIAN, spec.interval[1]], method="inverted_cdf"
            )
        )
        ends = When(None, None, None)
        if reached.any():
            horizon = np.iinfo(np.int32).max
            still = last[reached] >= found.steps - 1
            at = np.quantile(
                np.where(still, horizon, last[reached]).astype(np.float64),
                [spec.interval[0], MEDIAN, spec.interval[1]],
                method="inverted_cdf",
            )
            ends = When(*(_when(found, v) for v in at))
        out.append(Onset(force, float(reached.mean()), When(early, central, late), ends))
    return tuple(out)


def _when(found: WindOutlook, step: float) -> datetime | None:
    if step >= np.iinfo(np.int32).max:
        return None
    return found.start + timedelta(hours=float(step) * found.step_h)


def impacts(
    found: WindOutlook, areas: Areas, spec: CycloneWind, per_head: ValuePerHead | None = None
) -> list[tuple[Impact, ...]]:
    """People by wind force and the loss ratio, for every area.

    People: of the cell's registered residents, those under force k **or more** at any time. Low
    and high are the outer of the three spreads' quantiles, so that the error of the spread is in
    them. Loss ratio: Emanuel's function, weighted by people; low, central and high take the
    region's high, central and low ``v_half``. Money: the loss ratio times the area's people times
    the value per head, only where one is given.

    Args:
        found: From ``outlook``.
        areas: Cells by area, with their people.
        spec: The pack's ``risk`` section.
        per_head: The user's value per head, None for none.

    Returns:
        One tuple an area. Measures that no member reaches are left out, except force 8, which
        is always answered; an area without known exposure answers None.
    """
    counted = people_by_force(found.swath.cell_max, areas)
    by_class = {force: counted[:, :, :, k] for k, force in enumerate(CLASSES)}
    loss = _loss(found, areas, spec)
    residents = areas.sums(areas.people[0].astype(np.float64))
    out: list[tuple[Impact, ...]] = []
    for i in range(len(areas)):
        if not areas.peopled[i]:
            unknown = (Impact("people.force_8", "people", None), Impact("loss_ratio", "1", None))
            out.append(unknown)
            continue
        rows: list[Impact] = []
        for force, spreads in by_class.items():
            found_in = [interval(s[:, i].astype(np.float64), spec) for s in spreads]
            value = Interval(
                min(v.low for v in found_in),
                found_in[0].central,
                max(v.high for v in found_in),
            )
            if value.high > 0 or force == 8:  # noqa: PLR2004 - gale force is always asked for
                rows.append(Impact(f"people.force_{force}", "people", value))
        rows.append(Impact("loss_ratio", "1", loss[i]))
        if per_head is not None:
            worth = float(residents[i]) * per_head.amount
            money = Interval(*(worth * share for share in loss[i]))
            rows.append(Impact("loss", per_head.currency, money))
        out.append(tuple(rows))
    return out


def people_by_force(cell_max: Floats, areas: Areas) -> NDArray[np.int64]:
    """People under each wind force or more.

    Args:
        cell_max: Strongest wind, (member, cell), m/s.
        areas: Cells by area, with their people.

    Returns:
        (spread, member, area, force of ``CLASSES``), people.
    """
    bounds = np.array([lower_bound(force) for force in CLASSES])
    inside = np.searchsorted(bounds, cell_max, side="right")
    out = np.zeros((len(areas.people), len(cell_max), len(areas), len(CLASSES) + 1), np.int64)
    _count(inside, areas.people, areas.start, out)
    # In class k or above: sum from the strongest down. Column 0 is below every class.
    return np.ascontiguousarray(out[..., ::-1].cumsum(axis=-1)[..., ::-1][..., 1:])


@njit(cache=True, nogil=True)
def _count(
    inside: NDArray[np.int64],
    people: NDArray[np.int64],
    start: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    for spread in range(people.shape[0]):
        for member in range(inside.shape[0]):
            for area in range(len(start) - 1):
                for cell in range(start[area], start[area + 1]):
                    out[spread, member, area, inside[member, cell]] += people[spread, cell]


def _loss(found: WindOutlook, areas: Areas, spec: CycloneWind) -> list[Interval]:
    curve = spec.vulnerability
    one_minute = convert_maximum(found.swath.cell_max, 600, 60, spec.surface)
    people = areas.people[0].astype(np.float64)
    total = np.maximum(areas.sums(people), 1.0)
    hot = (
        one_minute > curve.v_thresh_ms
    )  # elsewhere the function is 0: most cells, most of the time
    by_half = []
    for half in curve.v_half_ms:
        lost = np.zeros_like(one_minute)
        lost[hot] = loss_ratio(one_minute[hot], v_half=half, v_thresh=curve.v_thresh_ms)
        by_half.append(areas.sums(lost * people) / total)
    low, central, high = (
        np.quantile(values, q, axis=0, method="inverted_cdf")
        for values, q in zip(by_half, (spec.interval[0], MEDIAN, spec.interval[1]), strict=True)
    )
    return [
        Interval(float(a), float(b), float(c)) for a, b, c in zip(low, central, high, strict=True)
    ]
