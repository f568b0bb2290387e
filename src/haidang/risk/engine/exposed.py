"""What stands at points: people, houses, crops, roads, money, each with its unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from haidang.base.errors import BadData
from haidang.base.outline import locate
from haidang.base.problem import Problem
from haidang.risk.engine.events import in_short, positions_wrong
from haidang.risk.numbers import numbers

Floats = NDArray[np.float64]

UNITS: Final[Mapping[str, str]] = {
    "people": "people",
    "houses": "houses",
    "crops": "ha",
    "roads": "km",
    "money": "",
}
"""Categories and the unit that is meant where none is said; money has none of its own."""
KEYS = ("lat", "lon", "place", "curve", "point")
"""Columns of a table that are not values."""


@dataclass(frozen=True, slots=True, eq=False)
class Exposed:
    """Points and what stands there.

    Attributes:
        categories: Such as ``people``, (category,).
        units: Of each category, (category,).
        values: Zero or more, NaN where unknown, (category, point).
        lat, lon: Degrees, (point,); None where points are known by their place alone.
        places: Codes of places, each once; "" is not among them.
        place: Index into ``places``, -1 outside every place, (point,).
        curves: Names of damage curves, each once.
        curve: Index into ``curves``, (point,).
        labels: Name of each point; None where they have none.
        findings: What was wrong or missing when it was read; the good rows are here.
    """

    categories: tuple[str, ...]
    units: tuple[str, ...]
    values: Floats
    lat: Floats | None
    lon: Floats | None
    places: tuple[str, ...]
    place: NDArray[np.int64]
    curves: tuple[str, ...]
    curve: NDArray[np.int64]
    labels: tuple[str, ...] | None = None
    findings: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return int(self.values.shape[1])

    def index(self, category: str) -> int:
        """Row of a category.

        Raises:
            BadData: There is none of this name; those that exist are named.
        """
        if category not in self.categories:
            params = {"name": category, "known": ", ".join(self.categories)}
            raise BadData(Problem("impact.no_category", params, field="category"))
        return self.categories.index(category)

    def total(self, category: str) -> float:
        """Sum over all points, the unknown left out."""
        return float(np.nansum(self.values[self.index(category)]))

    def in_places(self, outlines: Mapping[str, BaseGeometry]) -> Exposed:
        """The same points, each in the place whose outline holds it.

        Args:
            outlines: Outline by code, in degrees.

        Returns:
            Points with their places; how many lie outside every place is a finding.

        Raises:
            BadData: The points have no positions.
        """
        if self.lat is None or self.lon is None:
            raise BadData(Problem("impact.no_positions", {}, field="exposure"))
        places, place = _coded(locate(outlines, self.lat, self.lon))
        outside = int((place < 0).sum())
        found = self.findings
        if outside:
            params = {"count": outside, "of": len(self)}
            found = (*found, Problem("impact.points_outside", params, severity="warning"))
        return replace(self, places=places, place=place, findings=found)

    def scaled(self, factor: ArrayLike) -> Exposed:
        """The same points with values times a factor: one, or one for each point."""
        return replace(self, values=self.values * np.asarray(factor, np.float64))


def exposed(
    given: Any,
    values: Sequence[str] | None = None,
    *,
    units: Mapping[str, str] | None = None,
    outlines: Mapping[str, BaseGeometry] | None = None,
    file: str = "",
) -> Exposed:
    """Bring a table of points into form.

    Args:
        given: A pandas table with ``lat`` and ``lon`` (or ``place`` alone), a column for each
            category and, where they are known, ``place`` (code), ``curve`` (name of the damage
            curve of the point) and ``point`` (its name); a GeoDataFrame of points, in any
            projection that it names; or an xarray ``Dataset`` of variables over one dimension, or
            over ``lat, lon``.
        values: Columns that are values; all numeric columns that are no key if left out.
        units: Unit by category; `UNITS` where it says nothing.
        outlines: Outlines of places by code: points without a column ``place`` get one.
        file: Named in what is wrong.

    Returns:
        The points in the order of the rows.

    Raises:
        BadData: No row; two columns of one name; no position and no place; no value; a value or
            position that is no number, or a value that is negative or infinite (the row is
            named); money without a currency; positions that are no degrees or whose axes
            are the wrong way round; a GeoDataFrame of something else than points or without a
            projection.

    >>> town = pd.DataFrame({"lat": [20.9], "lon": [106.7], "people": [1000.0]})
    >>> exposed(town).total("people")
    1000.0
    """
    table = _as_table(given)
    _usable(table, file)
    names = _values_of(table, values)
    unit = {**UNITS, **(units or {})}
    for name in names:
        if not unit.get(name, "1"):
            raise BadData(Problem("impact.no_currency", {"name": name}, file=file, field=name))
    amount = np.stack([_amounts(table[name], name, file) for name in names])
    lat, lon = _positions(table, file)
    places, place = _coded(_texts(table, "place"))
    curves, curve = _coded(_texts(table, "curve"), keep_empty=True)
    labels = tuple(_texts(table, "point")) if "point" in table.columns else None
    found = Exposed(
        tuple(names), tuple(unit.get(n, "1") for n in names), amount, lat, lon,
        places, place, curves, curve, labels, _unknown(names, amount, file),
    )  # fmt: skip
    if outlines is not None and "place" not in table.columns:
        return found.in_places(outlines)
    return found


def _as_table(given: Any) -> pd.DataFrame:
    if isinstance(given, xr.DataArray):
        given = given.to_dataset(name="value" if given.name is None else str(given.name))
    if isinstance(given, xr.Dataset):
        given = in_short(given)
        # A dimension that is only counted, or a coordinate such as a band, is no value.
        keep = {*map(str, given.data_vars), *KEYS}
        given = given.to_dataframe().reset_index()
        given = given[[c for c in given.columns if c in keep]]
    if not isinstance(given, pd.DataFrame):
        params = {"given": type(given).__name__}
        raise BadData(Problem("impact.exposure_kind", params, field="exposure"))
    geometry = getattr(given, "geometry", None) if hasattr(given, "crs") else None
    if geometry is None:
        return given
    if given.crs is None:
        raise BadData(Problem("impact.no_projection", {}, field="geometry"))
    if not given.crs.is_geographic:
        geometry = geometry.to_crs(4326)
    if not (geometry.geom_type == "Point").all():
        kind = str(next(k for k in geometry.geom_type if k != "Point"))
        raise BadData(Problem("impact.not_points", {"given": kind}, field="geometry"))
    plain = pd.DataFrame(given.drop(columns=geometry.name))
    return plain.assign(lat=geometry.y.to_numpy(), lon=geometry.x.to_numpy())


def _usable(table: pd.DataFrame, file: str) -> None:
    """Refuse a table without rows, or with two columns of one name."""
    if not len(table):
        raise BadData(Problem("impact.no_rows", {}, file=file, field="exposure"))
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        name = str(twice[0])
        raise BadData(Problem("impact.column_twice", {"name": name}, file=file, field=name))


def _values_of(table: pd.DataFrame, values: Sequence[str] | None) -> list[str]:
    if values is not None:
        missing = [v for v in values if v not in table.columns]
    else:
        values = [
            str(c)
            for c in table.columns
            if c not in KEYS and (table[c].dtype.kind in "iuf" or c in UNITS)
        ]
        missing = []
    if missing or not values:
        params = {"missing": ", ".join(missing) or "|".join(UNITS)}
        raise BadData(Problem("impact.no_values", params, field="exposure"))
    return list(values)


def _amounts(column: pd.Series, name: str, file: str) -> Floats:
    try:
        return numbers(column, name)
    except BadData as error:
        (problem,) = error.problems
        raise BadData(
            Problem(problem.code, problem.params, file, problem.row, problem.field)
        ) from None


def _positions(table: pd.DataFrame, file: str) -> tuple[Floats | None, Floats | None]:
    here = [c for c in ("lat", "lon") if c in table.columns]
    if len(here) != 2:  # noqa: PLR2004
        if here or "place" not in table.columns:
            params = {"missing": ", ".join(c for c in ("lat", "lon") if c not in here)}
            raise BadData(Problem("impact.no_position", params, file=file, field="lat"))
        return None, None
    lat, lon = (_degrees(table[c], c, file) for c in ("lat", "lon"))
    for p in positions_wrong(lat, lon):
        raise BadData(Problem(p.code, p.params, file, p.row, p.field))
    return lat, lon


def _degrees(column: pd.Series, name: str, file: str) -> Floats:
    try:
        return column.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        number = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        at = int(np.argmax(np.isnan(number) & column.notna().to_numpy()))
        params = {"value": column.iloc[at]}
        raise BadData(Problem("impact.text", params, file, at + 2, name)) from None


def _texts(table: pd.DataFrame, name: str) -> NDArray[Any]:
    if name not in table.columns:
        return np.full(len(table), "", object)
    column = table[name].astype(object)
    return np.asarray(column.where(column.notna(), "").map(str), object)


def _coded(texts: NDArray[Any], *, keep_empty: bool = False) -> tuple[tuple[str, ...], Any]:
    """Each text once, and the number of each; an empty one is -1 unless it is kept."""
    codes, values = pd.factorize(np.asarray(texts, object), sort=True)
    found = [str(v) for v in values]
    if keep_empty or "" not in found:
        return tuple(found), codes.astype(np.int64)
    # Sorted, so that the empty text comes first.
    return tuple(found[1:]), codes.astype(np.int64) - 1


def _unknown(names: Sequence[str], amount: Floats, file: str) -> tuple[Problem, ...]:
    lost = np.isnan(amount).sum(axis=1)
    return tuple(
        Problem(
            "impact.value_unknown", {"count": int(n), "of": amount.shape[1]}, file, None, name,
            "warning",
        )
        for name, n in zip(names, lost, strict=True)
        if n
    )  # fmt: skip
