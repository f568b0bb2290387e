"""People on a grid: a province's figure spread over cells, three ways, each summing to the figure.

Which person sleeps in which cell is not known. The central spread puts people in towns up to the
share of them that is urban and the rest evenly; the other two, all evenly and towns at face value,
show how much an answer hangs on that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from haidang.base.outline import inside

STEP = 0.05  # degrees: about 5 km
SMALLEST_PART = 0.25  # of a cell: an island as large as this has a cell of its own
_MOST_PEOPLE = 2**53  # beyond it float64 no longer counts by one


@dataclass(frozen=True, slots=True, eq=False)
class Towns:
    """Towns of one province, by column.

    Attributes:
        lat: Degrees north, shape (towns,).
        lon: Degrees east, shape (towns,).
        people: Inhabitants, shape (towns,); one that is not known is NaN or 0 and gets nobody.
    """

    lat: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    lon: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    people: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class CellGrid:
    """People by cell, each column summing to the province's figure.

    Attributes:
        lat: Degrees north of the cell's centre, shape (cells,).
        lon: Degrees east of the cell's centre, shape (cells,).
        people: Central spread: towns up to the urban share, the rest evenly; int64, (cells,).
        even: Everybody evenly; int64, (cells,).
        towns: Towns at face value and the rest evenly, or everybody by towns when those hold more
            than the figure; int64, (cells,).
    """

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    people: NDArray[np.int64]
    even: NDArray[np.int64]
    towns: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lat)


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """The grids of several places in one, with the place of each cell.

    Attributes:
        codes: Codes of the places, in order.
        place: Index into `codes`, shape (cells,).
        grid: All cells, place after place.
        unknown: Places that have an outline but no figure: unknown exposure, not zero.
        undrawn: Places that have a figure but no outline: their people are in no cell.
    """

    codes: tuple[str, ...]
    place: NDArray[np.intp]
    grid: CellGrid
    unknown: tuple[str, ...] = ()
    undrawn: tuple[str, ...] = ()


def cells(
    outline: BaseGeometry, step: float = STEP
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of the cells of a fixed global lattice that lie inside an outline.

    The lattice has its centres at (i + ½)·step, wherever the outline lies, so that the cells of
    neighbours never overlap. A separate part (an island) that holds no centre and is at least
    `SMALLEST_PART` of a cell has one cell at a point inside it; so has the largest part if the
    outline would else have none.

    Args:
        outline: Polygon or multipolygon in degrees.
        step: Width and height of a cell in degrees.

    Returns:
        Latitudes and longitudes in degrees, each of shape (cells,) with at least one cell, from
        south to north and west to east; the cells of small islands come last.

    Raises:
        ValueError: The step is not positive, or the outline is empty.
    """
    if not step > 0:
        raise ValueError(f"step {step} is not positive")
    if outline.is_empty:
        raise ValueError("an empty outline has no cells")
    west, south, east, north = outline.bounds
    i = np.arange(np.floor(west / step) - 1, np.ceil(east / step) + 1)
    j = np.arange(np.floor(south / step) - 1, np.ceil(north / step) + 1)
    lon, lat = (a.ravel() for a in np.meshgrid((i + 0.5) * step, (j + 0.5) * step))
    within = inside(outline, lat, lon)
    lat, lon = lat[within], lon[within]
    lost = _parts_without(outline, lat, lon, step)
    return (
        np.concatenate([lat, [p.y for p in lost]]),
        np.concatenate([lon, [p.x for p in lost]]),
    )


def _parts_without(
    outline: BaseGeometry, lat: NDArray[np.float64], lon: NDArray[np.float64], step: float
) -> list[shapely.Point]:
    """A point inside each part that is large enough for a cell and holds no centre."""
    parts = sorted(shapely.get_parts(outline), key=lambda p: -p.area)
    large = [p for p in parts if p.area >= SMALLEST_PART * step**2]
    empty = [p for p in large if not inside(p, lat, lon).any()]
    if not len(lat) and not empty:
        empty = parts[:1]
    return [p.representative_point() for p in empty]


def apportion(total: int, weights: ArrayLike) -> NDArray[np.int64]:
    """Whole people by weight, by the method of the largest remainder (Hamilton 1792).

    Args:
        total: People to share out, 0 to 2⁵³.
        weights: Not negative, finite, not all zero; shape (n,).

    Returns:
        int64 of shape (n,) whose sum is `total` exactly; none is negative. Equal remainders go to
        the earlier one.

    Raises:
        ValueError: The total or a weight is out of range.

    >>> apportion(10, [1, 1, 1]).tolist()
    [4, 3, 3]
    """
    w = np.asarray(weights, dtype=np.float64)
    if not 0 <= total <= _MOST_PEOPLE:
        raise ValueError(f"total {total} is not between 0 and 2**53")
    if not np.isfinite(w.sum()) or (w < 0).any() or not w.sum() > 0:
        raise ValueError("weights must be finite, not negative and not all zero")
    quota = total * (w / w.sum())
    whole: NDArray[np.int64] = np.floor(quota).astype(np.int64)
    left = total - int(whole.sum())
    order = np.argsort(whole - quota, kind="stable")
    while left > 0:  # once, but for what float64 loses on huge totals
        whole[order[:left]] += 1
        left = total - int(whole.sum())
    while left < 0:
        full = np.flatnonzero(whole)[:-left]
        whole[full] -= 1
        left = total - int(whole.sum())
    return whole


def spread(
    population: int,
    outline: BaseGeometry,
    towns: Towns,
    urban_share: float,
    step: float = STEP,
) -> CellGrid:
    """A province's people over the cells inside its outline.

    A town stands wholly in the cell whose centre is nearest, which is the cell it lies in unless
    the border cuts that off. Rows that contain other rows (a city's total beside its districts)
    must have been dropped before: see the country's preparation of its towns.

    Args:
        population: The province's figure.
        outline: Its outline in degrees.
        towns: Its towns; those of unknown size get nobody.
        urban_share: Most of the figure that towns may hold in the central spread, 0 to 1.
        step: Width of a cell in degrees.

    Returns:
        Cells with the central spread and the two that bound it; each sums to `population` exactly.

    Raises:
        ValueError: The population is negative, the share is not between 0 and 1, or `cells` or
            `apportion` refuse.
    """
    if not 0 <= urban_share <= 1:
        raise ValueError(f"urban_share {urban_share} is not between 0 and 1")
    lat, lon = cells(outline, step)
    by_town = _into_cells(towns, lat, lon)
    cap = min(float(by_town.sum()), urban_share * population)
    face = min(float(by_town.sum()), float(population))
    return CellGrid(
        lat,
        lon,
        people=_with_rest(population, by_town, cap),
        even=apportion(population, np.ones(len(lat))),
        towns=_with_rest(population, by_town, face),
    )


def coarsened(grid: CellGrid, step: float) -> CellGrid:
    """The same people on a coarser grid: every cell goes whole into the block that it lies in.

    Args:
        grid: Fine cells.
        step: Width of a block in degrees.

    Returns:
        One cell a block that holds any fine cell, at the mean position of those; all sums are
        kept exactly.
    """
    keys = np.stack([np.floor(grid.lat / step), np.floor(grid.lon / step)])
    _, block = np.unique(keys, axis=1, return_inverse=True)
    block = block.ravel()
    size = np.bincount(block)

    def total(people: NDArray[np.int64]) -> NDArray[np.int64]:
        out = np.zeros(len(size), np.int64)
        np.add.at(out, block, people)
        return out

    return CellGrid(
        np.bincount(block, grid.lat) / size,
        np.bincount(block, grid.lon) / size,
        total(grid.people),
        total(grid.even),
        total(grid.towns),
    )


def spread_all(
    population: Mapping[str, int],
    outlines: Mapping[str, BaseGeometry],
    towns: Mapping[str, Towns],
    urban_share: float,
    step: float = STEP,
) -> Exposure:
    """The spread of every place that has an outline and a figure, in one grid.

    Args:
        population: Figure by code.
        outlines: Outline by code.
        towns: Towns by code; a place without an entry has none.
        urban_share: As for `spread`.
        step: Width of a cell in degrees.

    Returns:
        All cells. A place with an outline and no figure is named in `unknown`, never counted as 0;
        one with a figure and no outline in `undrawn`.
    """
    codes = tuple(sorted(set(population) & set(outlines)))
    grids = [
        spread(population[c], outlines[c], towns.get(c, Towns()), urban_share, step) for c in codes
    ]
    place = np.repeat(np.arange(len(codes)), [len(g) for g in grids]).astype(np.intp)
    return Exposure(
        codes,
        place,
        _join(grids),
        unknown=tuple(sorted(set(outlines) - set(population))),
        undrawn=tuple(sorted(set(population) - set(outlines))),
    )


def _join(grids: list[CellGrid]) -> CellGrid:
    floats, ints = np.empty(0), np.empty(0, dtype=np.int64)
    return CellGrid(
        np.concatenate([floats, *(g.lat for g in grids)]),
        np.concatenate([floats, *(g.lon for g in grids)]),
        np.concatenate([ints, *(g.people for g in grids)]),
        np.concatenate([ints, *(g.even for g in grids)]),
        np.concatenate([ints, *(g.towns for g in grids)]),
    )


def _into_cells(
    towns: Towns, lat: NDArray[np.float64], lon: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Townspeople by cell, shape (cells,)."""
    total = np.zeros(len(lat))
    known = np.isfinite(towns.people) & (np.nan_to_num(towns.people) > 0)
    if known.any():
        y, x, n = towns.lat[known, None], towns.lon[known, None], towns.people[known]
        away = (lat - y) ** 2 + ((lon - x) * np.cos(np.radians(y))) ** 2
        np.add.at(total, away.argmin(axis=1), n)
    return total


def _with_rest(population: int, by_town: NDArray[np.float64], in_towns: float) -> NDArray[np.int64]:
    """So many people by towns and the rest evenly, as whole people."""
    if population == 0:
        return np.zeros(len(by_town), dtype=np.int64)
    held = float(by_town.sum())
    share = by_town * (in_towns / held) if held > 0 else by_town
    return apportion(population, share + (population - in_towns) / len(by_town))
