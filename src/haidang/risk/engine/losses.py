"""Losses as a sparse set: how much each event takes at each asset, and maps over return periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.risk.engine.curves import Curves
from haidang.risk.engine.events import EventSet
from haidang.risk.engine.exceedance import Between, asked, by_point
from haidang.risk.engine.exposed import Exposed
from haidang.risk.engine.join import MAX_KM, join, slots
from haidang.risk.engine.result import ranked
from haidang.risk.engine.run import (
    RULES,
    Adjust,
    ManyCurves,
    Rule,
    Together,
    block,
    by_function,
    curves_of,
    fit,
    listed,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def losses(
    perils: EventSet | Sequence[EventSet],
    assets: Exposed,
    curves: Curves | ManyCurves,
    category: str,
    *,
    rule: Rule = "most_severe",
    max_km: float = MAX_KM,
) -> EventSet:
    """Loss of one category by event and asset.

    As many cells are held as events reach assets; the engine itself never needs them.

    Args:
        perils: As in `haidang.risk.engine.run.impacts`, like the next two and the last two.
        assets: What stands at points.
        curves: For one peril, or one each.
        category: Whose loss.
        rule: How several perils meet.
        max_km: How far an asset may lie from its point.

    Returns:
        A set whose points are the assets; NaN where a loss is not known. An asset that no point of
        the events tells of is unknown in every event.

    Raises:
        BadData: As `impacts`; or there is no such category.
    """
    k = assets.index(category)
    only = replace(
        assets, categories=(category,), units=(assets.units[k],), values=assets.values[[k]]
    )
    first, start, asset, share = shares(perils, only, curves, rule=rule, max_km=max_km)
    value = only.values[0, asset]
    with np.errstate(invalid="ignore"):
        lost = np.where((share == 0) | (value == 0), 0.0, share * value)
    return EventSet(
        start, asset, lost, len(assets), first.ids, first.frequency, first.dates,
        assets.lat, assets.lon, assets.labels, first.peril, only.units[0],
    )  # fmt: skip


def shares(
    perils: EventSet | Sequence[EventSet],
    assets: Exposed,
    curves: Curves | ManyCurves,
    *,
    rule: Rule = "most_severe",
    max_km: float = MAX_KM,
) -> tuple[EventSet, Ints, NDArray[np.int32], Floats]:
    """The share that each event takes of each asset that it reaches, one category at a time.

    Args:
        perils: As in `impacts`, like all that follow.
        assets: Of one category.
        curves: For one peril, or one each.
        rule: How several perils meet.
        max_km: How far an asset may lie from its point.

    Returns:
        The first peril; then, sparse by event: where each event begins, the asset and its share of
        each cell, in order of assets. An asset without a point is unknown in every event.

    Raises:
        BadData: As `impacts`.
    """
    sets = [perils] if isinstance(perils, EventSet) else list(perils)
    asked = listed(curves)
    fit(sets, asked, rule)
    point, _ = join(sets[0], assets, max_km)
    packed, number = curves_of(sets, asked, assets, [Adjust()] * len(sets))
    held = slots(assets, point, sets[0].points, number)
    count = len(held.value)
    # Assets of each slot, one after the other; those without a point form the list of the blind.
    order = np.argsort(held.of[0], kind="stable")
    alone = int((held.of[0] < 0).sum())
    lone, order = np.sort(order[:alone]), order[alone:]
    first = np.searchsorted(held.of[0][order], np.arange(count + 1))
    together = Together(sets, packed, held, RULES[rule])
    cells: list[NDArray[np.int64]] = []
    taken: list[Floats] = []
    begins = [0]
    for e in range(len(sets[0])):
        given = [block((e, e + 1), s, Adjust()) for s in sets]
        ready = [by_function(p, b.intensity) for p, b in zip(packed, given, strict=True)]
        hit = together.touched[: together.event(0, given, ready)]
        size = first[hit + 1] - first[hit]
        at = np.repeat(first[hit] - np.concatenate([[0], np.cumsum(size)[:-1]]), size)
        asset = np.concatenate([order[at + np.arange(size.sum())], lone])
        lost = np.concatenate([np.repeat(together.share[hit], size), np.full(alone, np.nan)])
        by_asset = np.argsort(asset, kind="stable")
        cells.append(asset[by_asset])
        taken.append(lost[by_asset])
        begins.append(begins[-1] + len(asset))
    return (
        sets[0],
        np.array(begins, np.int64),
        np.concatenate([np.empty(0, np.int64), *cells]).astype(np.int32),
        np.concatenate([np.empty(0), *taken]),
    )


def exceedance_map(events: EventSet, years: ArrayLike, between: Between = "linear") -> xr.DataArray:
    """What is reached or exceeded at each point once in so many years.

    Args:
        events: Intensities, or `losses`.
        years: Return periods.
        between: See `haidang.risk.engine.exceedance`.

    Returns:
        Over (years, point), with the positions of the points; NaN outside the set's range.

    Raises:
        BadData: As `by_point`.
    """
    wanted = np.atleast_1d(asked(years, between))
    return xr.DataArray(
        by_point(events, wanted, between), dims=("years", "point"),
        coords={"years": wanted, **_coords(events)},
        name=events.peril or "exceeded", attrs={"units": events.unit} if events.unit else {},
    )  # fmt: skip


def frequency_map(events: EventSet, least: ArrayLike) -> xr.DataArray:
    """How often a year each point has at least so much; of an ensemble the probability.

    Args:
        events: Intensities, or `losses`.
        least: Thresholds above 0.

    Returns:
        Over (least, point). A point with something unknown in it is NaN where that could count.

    Raises:
        BadData: A threshold that is not above 0: what nothing reaches is not stored.
    """
    wanted = np.atleast_1d(np.asarray(least, np.float64))
    if not (wanted > 0).all():
        params = {"value": float(wanted[~(wanted > 0)][0])}
        raise BadData(Problem("impact.least", params, field="least"))
    weight = np.repeat(events.weight, np.diff(events.start))
    blind = np.bincount(events.point, np.isnan(events.intensity) * weight, minlength=events.points)
    rows = [
        np.bincount(events.point, (events.intensity >= k) * weight, minlength=events.points)
        for k in wanted
    ]
    found = np.where(blind > 0, np.nan, np.stack(rows) if rows else np.empty((0, events.points)))
    return xr.DataArray(
        found, dims=("least", "point"), coords={"least": wanted, **_coords(events)},
        name="probability" if events.ensemble else "frequency",
    )  # fmt: skip


def _coords(events: EventSet) -> dict[str, Any]:
    labels = events.labels
    found: dict[str, Any] = {
        "point": list(labels) if labels is not None else np.arange(events.points)
    }
    if events.lat is not None:
        found["lat"], found["lon"] = ("point", events.lat), ("point", events.lon)
    return found


def by_event_and_place(lost: EventSet, assets: Exposed) -> pd.DataFrame:
    """Losses summed over places: one row an event or member, one column a place.

    Args:
        lost: From `losses`.
        assets: The same assets, with their places.

    Returns:
        A table events by places; NaN where a part is unknown. Its size is their product: it is
        meant for places such as provinces or communes. "" are the points outside every place.
    """
    places = len(assets.places) + 1
    known = np.nan_to_num(lost.intensity)
    blind = np.isnan(lost.intensity).astype(np.float64)
    into = sparse.csr_array(
        (np.ones(len(assets)), assets.place + 1, np.arange(len(assets) + 1)),
        shape=(len(assets), places),
    )

    def summed(values: Floats) -> Floats:
        cells = sparse.csr_array((values, lost.point, lost.start), shape=(len(lost), lost.points))
        return np.asarray((cells @ into).todense())

    sums = np.where(summed(blind) > 0, np.nan, summed(known))
    table = pd.DataFrame(sums, index=pd.Index(lost.ids, name="event"))
    table.columns = pd.Index(["", *assets.places], name="place")
    return table if (assets.place < 0).any() else table.iloc[:, 1:]


def place_quantiles(lost: EventSet, assets: Exposed, q: Sequence[float]) -> pd.DataFrame:
    """Quantiles over the members by place, as members: rows are places, columns the quantiles.

    Raises:
        BadData: A q outside 0 to 1.
    """
    table = by_event_and_place(lost, assets)
    rows = [ranked(table[place].to_numpy(), list(q)) for place in table.columns]
    return pd.DataFrame(rows, index=table.columns, columns=pd.Index(list(q), name="quantile"))


def place_probabilities(lost: EventSet, assets: Exposed, least: Sequence[float]) -> pd.DataFrame:
    """Share of the members whose loss in a place is at least so much; NaN where unknown."""
    table = by_event_and_place(lost, assets)
    blind = table.isna().any()
    found = pd.DataFrame({k: (table >= k).mean() for k in least}).mask(blind, axis=0)
    found.columns = pd.Index(list(least), name="least")
    return found
