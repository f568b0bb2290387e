"""What a cyclone's water does to areas: rain and storm surge, from members to intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from haidang.risk.areas import Areas
from haidang.risk.assessment import Impact
from haidang.risk.coast import Coast
from haidang.risk.cyclone import interval
from haidang.risk.hazards import cyclone_rain, surge
from haidang.risk.hazards.track_ensemble import Ensemble
from haidang.risk.hazards.tropical_cyclone import KM_PER_DEGREE, PreparedTrack
from haidang.risk.spec import RAIN, SURGE, CycloneWind

Floats = NDArray[np.float64]

REACH_KM = 80.0
"""A point of the coast farther than this from every cell of an area is not that area's: it stands
up to 50 km out, before islands, and cells are some 10 km wide."""


@dataclass(frozen=True, slots=True)
class Shores:
    """The coast, and whose it is.

    Attributes:
        coast: Points and the sea before them.
        area: Index of the area that each point belongs to, (point,).
    """

    coast: Coast
    area: NDArray[np.int64]


def shores(coast: Coast, areas: Areas) -> Shores | None:
    """Give every point of the coast to the area whose cell is nearest, among areas with people.

    Args:
        coast: The country's coast.
        areas: The watched areas.

    Returns:
        The points that belong to an area; None if none does.
    """
    peopled = np.repeat(areas.peopled, np.diff(areas.start))
    owner = np.repeat(np.arange(len(areas)), np.diff(areas.start))[peopled]
    lat, lon = areas.lat[peopled], areas.lon[peopled]
    if not len(lat):
        return None
    # Squares of kilometres on a plane around each point.
    north = (lat - coast.lat[:, None]) * KM_PER_DEGREE
    apart = lon - coast.lon[:, None]
    east = (apart - 360.0 * np.round(apart / 360.0)) * KM_PER_DEGREE
    far = north**2 + (east * np.cos(np.radians(coast.lat))[:, None]) ** 2
    near = far.argmin(axis=1)
    ours = far[np.arange(len(coast)), near] <= REACH_KM**2
    if not ours.any():
        return None
    kept = Coast(coast.lat[ours], coast.lon[ours], coast.seaward[ours], coast.depth[ours])
    return Shores(kept, owner[near][ours])


def one_a_block(areas: Areas, step: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One cell of each area on land in every block of a lattice, for fields that change slowly.

    Args:
        areas: The watched areas.
        step: Width of a block, degrees.

    Returns:
        Indices of the cells, in order, and the area of each, both (cell,).
    """
    owner = np.repeat(np.arange(len(areas)), np.diff(areas.start))
    block = np.stack([owner, np.floor(areas.lat / step), np.floor(areas.lon / step)])
    _, first = np.unique(block, axis=1, return_index=True)
    land = np.array([kind != "sea" for kind in areas.kinds])
    cells = np.sort(first[land[owner[first]]])
    return cells, owner[cells]


def rain_by_area(ensemble: Ensemble, areas: Areas, spec: CycloneWind) -> Floats:
    """Most rain in any 24 h at any cell of each area, mm, (member, area); NaN for a sea area."""
    assert spec.rain is not None
    cells, owner = one_a_block(areas, spec.rain.cell_deg)
    found = cyclone_rain.accumulated(
        ensemble.hours,
        ensemble.lat,
        ensemble.lon,
        ensemble.wind,
        areas.lat[cells],
        areas.lon[cells],
        spec.rain.cutoff_km,
    )
    out = np.full((len(found.day_max), len(areas)), np.nan)
    for area in np.unique(owner):
        out[:, area] = found.day_max[:, owner == area].max(axis=1)
    return out


def surge_by_area(tracks: PreparedTrack, coast: Shores, areas: Areas, spec: CycloneWind) -> Floats:
    """Highest surge at any point of each area's coast, m, (member, area); NaN without a coast."""
    assert spec.surge is not None
    found = surge.highest(tracks, coast.coast, spec.surge.cutoff_km)
    out = np.full((len(found), len(areas)), np.nan)
    for area in np.unique(coast.area):
        out[:, area] = found[:, coast.area == area].max(axis=1)
    return out


def water(
    ensemble: Ensemble,
    tracks: PreparedTrack | None,
    areas: Areas,
    coast: Shores | None,
    spec: CycloneWind,
) -> list[tuple[Impact, ...]]:
    """Rain and surge of every area, as the pack asks for them.

    Args:
        ensemble: The tracks, for the rain.
        tracks: The same, prepared for the wind, for the surge.
        areas: The watched areas.
        coast: Whose coast lies where; None where the country does not know the sea before it.
        spec: The pack's ``risk`` section.

    Returns:
        One tuple an area: ``rain.max_24h`` (mm) for those on land, ``surge.max`` (m) for those with
        a coast; low, median and high over the members. Empty tuples if the pack asks for neither.
    """
    rows: list[list[Impact]] = [[] for _ in range(len(areas))]
    fields: list[tuple[str, str, Floats]] = []
    if spec.rain is not None:
        fields.append((RAIN, "mm", rain_by_area(ensemble, areas, spec)))
    if spec.surge is not None and coast is not None and tracks is not None:
        fields.append((SURGE, "m", surge_by_area(tracks, coast, areas, spec)))
    for measure, unit, by_area in fields:
        for i, values in enumerate(by_area.T):
            if not np.isnan(values).any():
                rows[i].append(Impact(measure, unit, interval(values, spec)))
    return [tuple(r) for r in rows]
