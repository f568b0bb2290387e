"""Sets of events over points, sparse: only the points that an event reaches are stored.

A thousand storms over a hundred thousand points are a table of a hundred million cells, of which
five in a hundred hold anything. Rows are events (or members of one event's ensemble), columns are
points, and a cell that is not stored was not reached. A cell that is stored as NaN was reached by
something that nobody measured: unknown, which is not zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EVENT_DIMS = ("event", "member")
"""First dimension of a dense array: events of a catalogue, or members of one event's ensemble."""
_ROWS_AT_A_TIME = 2**22
"""Cells of a dense array that are looked at together: 32 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class EventSet:
    """Intensities by event and point, and how often each event comes.

    Attributes:
        start: Cells of event e are start[e]..start[e+1], (event + 1,).
        point: Point of each cell, rising within an event, (cell,), int32.
        intensity: Zero or more, or NaN for unknown, (cell,), float32 or float64.
        points: Number of points.
        ids: Name of each event or member, (event,).
        frequency: How often a year each event comes, (event,); None for an ensemble, whose
            members are equally likely pictures of one event.
        dates: Day of each event, (event,); None where there is none.
        lat, lon: Degrees of the points, (point,); None where points are known by name alone.
        labels: Name or place code of the points, (point,); None where there is none.
        peril: What it is, for tables.
        unit: Of the intensity.
    """

    start: Ints
    point: NDArray[np.int32]
    intensity: NDArray[Any]
    points: int
    ids: tuple[str, ...]
    frequency: Floats | None = None
    dates: NDArray[np.datetime64] | None = None
    lat: Floats | None = None
    lon: Floats | None = None
    labels: tuple[str, ...] | None = None
    peril: str = ""
    unit: str = ""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def cells(self) -> int:
        """How many cells are stored."""
        return len(self.point)

    @property
    def ensemble(self) -> bool:
        """Whether the rows are members of one event's ensemble."""
        return self.frequency is None

    @property
    def weight(self) -> Floats:
        """What each row counts in a mean over them: its frequency, or one part of all members."""
        if self.frequency is not None:
            return self.frequency
        return np.full(len(self), 1.0 / max(len(self), 1))

    @property
    def highest(self) -> float:
        """Largest known intensity; 0 where there is none."""
        return float(np.fmax.reduce(self.intensity, initial=0.0))

    def with_frequency(self, frequency: ArrayLike) -> EventSet:
        """The same events with other frequencies a year: one number for all, or one each.

        Raises:
            BadData: Their number is not that of the events, or one is negative or not finite.
        """
        return replace(self, frequency=_frequency(frequency, len(self)))

    def row(self, event: int) -> tuple[NDArray[np.int32], NDArray[Any]]:
        """Points and intensities of one event."""
        part = slice(int(self.start[event]), int(self.start[event + 1]))
        return self.point[part], self.intensity[part]


def event_set(
    given: Any,
    *,
    frequency: ArrayLike | None = None,
    ids: Sequence[object] | None = None,
    dates: ArrayLike | None = None,
    lat: ArrayLike | None = None,
    lon: ArrayLike | None = None,
    labels: Sequence[object] | None = None,
    peril: str = "",
    unit: str = "",
) -> EventSet:
    """Bring intensities into a sparse set of events.

    Args:
        given: A scipy sparse matrix or array (COO, CSR ...), (event, point); or an xarray
            ``DataArray`` whose first dimension is ``event`` or ``member`` and whose other
            dimension is the points, or ``lat, lon`` (or ``latitude, longitude``) with their
            coordinates; or a numpy array (event, point). In a dense array 0 is "not reached", and
            NaN or what a mask hides is "unknown".
        frequency: A year, one number or one each; left out, the rows are members of an ensemble. A
            ``DataArray`` may carry it as the coordinate ``frequency``.
        ids: Names of the events; numbers from 0 where neither these nor a coordinate are given.
        dates: Days of the events, or a coordinate ``date``.
        lat: Degrees north of the points, or a coordinate of this name.
        lon: Degrees east, likewise.
        labels: Names or place codes of the points, or the coordinate of their dimension.
        peril: What it is.
        unit: Of the intensity; a ``DataArray`` may say it as ``attrs["units"]``.

    Returns:
        The set; its rows sorted by point.

    Raises:
        BadData: Not two-dimensional, or a grid that is not one of latitude and longitude or has
            no coordinates; a negative or infinite intensity (event and point are named);
            one cell of a sparse matrix given twice, which adding up would falsify; names, dates,
            coordinates or frequencies whose number is not that of events or points; a latitude
            outside -90 to 90 or a longitude outside -180 to 360; a frequency below 0.

    >>> wind = np.array([[0.0, 30.0], [20.0, np.nan], [0.0, 0.0]])
    >>> found = event_set(wind, frequency=0.1, peril="wind", unit="m/s")
    >>> len(found), found.points, found.cells
    (3, 2, 3)
    """
    if isinstance(given, xr.DataArray):
        given, told = _labelled(given)
        frequency = told.frequency if frequency is None else frequency
        ids = told.ids if ids is None else ids
        dates = told.dates if dates is None else dates
        lat = told.lat if lat is None else lat
        lon = told.lon if lon is None else lon
        labels = told.labels if labels is None else labels
        unit = unit or told.unit
    start, point, intensity, points = (
        _from_sparse(given) if hasattr(given, "tocoo") else _from_dense(given)
    )
    count = len(start) - 1
    named = tuple(str(i) for i in (range(count) if ids is None else ids))
    _same("ids", len(named), count)
    _unique(named)
    days = None if dates is None else np.asarray(dates, "datetime64[ns]")
    if days is not None:
        _same("dates", len(days), count)
    y, x = _positions(lat, lon, points)
    names = None if labels is None else tuple(str(v) for v in labels)
    if names is not None:
        _same("labels", len(names), points)
    return EventSet(
        start, point, _checked(intensity, start, point, named), points, named,
        None if frequency is None else _frequency(frequency, count),
        days, y, x, names, peril, unit,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Told:
    """What a labelled array says of itself."""

    frequency: Any
    ids: Any
    dates: Any
    lat: Any
    lon: Any
    labels: Any
    unit: str


def _labelled(given: xr.DataArray) -> tuple[Any, _Told]:
    dim = str(given.dims[0]) if given.dims else ""
    given = in_short(given)
    grid = set(given.dims[1:]) == {"lat", "lon"}
    if dim not in EVENT_DIMS or (given.ndim != 2 and not grid):  # noqa: PLR2004 - event, point
        params = {"dims": ", ".join(map(str, given.dims)), "known": " | ".join(EVENT_DIMS)}
        raise BadData(Problem("impact.event_dims", params, field="intensity"))
    if grid:
        if not {"lat", "lon"} <= set(given.coords):
            raise BadData(Problem("impact.no_positions", {}, field="intensity"))
        given = given.stack(point=given.dims[1:])
    place = str(given.dims[1])

    def of(name: str, along: str) -> Any:
        found = given.coords.get(name)
        return found.to_numpy() if found is not None and found.dims == (along,) else None

    labels = of(place, place)
    if labels is not None and labels.dtype.kind not in "USOT":
        labels = None
    elif labels is not None and isinstance(next(iter(labels), ""), tuple):
        labels = None  # the pairs of a stacked grid name no place
    told = _Told(
        of("frequency", dim), of(dim, dim), of("date", dim), of("lat", place), of("lon", place),
        labels, str(given.attrs.get("units", "")),
    )  # fmt: skip
    return given, told


X = TypeVar("X", xr.DataArray, xr.Dataset)


def in_short(given: X) -> X:
    """``latitude`` and ``longitude``, as many programs write them, under their short names."""
    here = {str(n) for n in (*given.dims, *given.coords)}
    longs = {"latitude": "lat", "longitude": "lon"}
    return given.rename({k: v for k, v in longs.items() if k in here and v not in here})


def _from_dense(given: Any) -> tuple[Ints, NDArray[np.int32], NDArray[Any], int]:
    """Rows a few at a time: a lazy array is never held whole."""
    if getattr(given, "ndim", None) is None:
        given = np.asarray(given)
    dtype = getattr(given, "dtype", type(given).__name__)  # a pandas table has many
    if given.ndim != 2 or getattr(dtype, "kind", "O") not in "iuf":  # noqa: PLR2004
        params = {"shape": str(getattr(given, "shape", "?")), "dtype": str(dtype)}
        raise BadData(Problem("impact.event_shape", params, field="intensity"))
    count, points = given.shape
    step = max(1, _ROWS_AT_A_TIME // max(points, 1))
    single = given.dtype == np.float32
    where, values, held = [np.empty(0, np.int32)], [np.empty(0, np.float64)], [0]
    if single:
        values = [np.empty(0, np.float32)]
    for first in range(0, count, step):
        part = given[first : first + step]
        if isinstance(part, np.ma.MaskedArray):  # what a mask hides is unknown
            part = np.ma.filled(part.astype(np.float32 if single else np.float64), np.nan)
        part = np.asarray(part)
        row, column = np.nonzero(part)  # NaN counts as something
        where.append(column.astype(np.int32))
        values.append(part[row, column].astype(np.float32 if single else np.float64))
        held.extend(np.bincount(row, minlength=len(part)).tolist())
    start = np.cumsum(held).astype(np.int64)
    return start, np.concatenate(where), np.concatenate(values), points


def _from_sparse(given: Any) -> tuple[Ints, NDArray[np.int32], NDArray[Any], int]:
    if getattr(given, "format", "") not in ("csr", "coo"):
        given = given.tocoo()
    count, points = given.shape
    if given.format == "csr":
        start = np.asarray(given.indptr, np.int64)
        point, values = np.asarray(given.indices), np.asarray(given.data)
        rising = len(point) < 2 or not np.any(_breaks(point, start))  # noqa: PLR2004
    else:
        row, point, values = np.asarray(given.row), np.asarray(given.col), np.asarray(given.data)
        order = np.lexsort((point, row))
        point, values = point[order], values[order]
        start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=count))]).astype(np.int64)
        rising = True
    if not rising:
        row = np.repeat(np.arange(count), np.diff(start))
        order = np.lexsort((point, row))
        point, values = point[order], values[order]
    if values.dtype.kind not in "iuf":
        params = {"shape": str(given.shape), "dtype": str(values.dtype)}
        raise BadData(Problem("impact.event_shape", params, field="intensity"))
    if values.dtype != np.float32:
        values = values.astype(np.float64, copy=False)
    if len(values) and not values.all():
        # A stored 0 is "not reached" as well: it must not hide that an event reaches nothing.
        keep = values != 0
        start = np.concatenate([[0], np.cumsum(keep)])[start].astype(np.int64)
        point, values = point[keep], values[keep]
    return start, point.astype(np.int32, copy=False), values, points


def _breaks(point: NDArray[Any], start: Ints) -> NDArray[np.bool_]:
    """Cells that do not lie after the one before in the same event, (cell - 1,)."""
    bad = np.diff(point) <= 0
    first = start[1:-1]
    bad[first[(first > 0) & (first < len(point))] - 1] = False
    return np.asarray(bad)


def _checked(
    intensity: NDArray[Any], start: Ints, point: NDArray[np.int32], ids: tuple[str, ...]
) -> NDArray[Any]:
    def named(cell: int) -> dict[str, object]:
        event = int(np.searchsorted(start, cell, side="right")) - 1
        value = float(intensity[cell])
        return {"event": ids[event], "point": int(point[cell]), "value": value}

    bad = (intensity < 0) | np.isinf(intensity)
    if bad.any():
        params = named(int(np.argmax(bad)))
        raise BadData(Problem("impact.event_value", params, field="intensity"))
    if len(point) > 1:
        twice = _breaks(point, start)
        if twice.any():
            params = named(int(np.argmax(twice)) + 1)
            raise BadData(Problem("impact.event_twice", params, field="intensity"))
    return intensity


def _frequency(given: ArrayLike, count: int) -> Floats:
    found = np.asarray(given, np.float64)
    if found.ndim == 0:
        found = np.full(count, float(found))
    _same("frequency", _length(found), count)
    bad = ~(np.isfinite(found) & (found >= 0))
    if bad.any():
        at = int(np.argmax(bad))
        params = {"event": at, "value": float(found[at])}
        raise BadData(Problem("impact.frequency", params, field="frequency"))
    return found


def _positions(
    lat: ArrayLike | None, lon: ArrayLike | None, points: int
) -> tuple[Floats | None, Floats | None]:
    if (lat is None) != (lon is None):
        raise BadData(Problem("impact.half_position", {}, field="lat" if lat is None else "lon"))
    if lat is None or lon is None:
        return None, None
    y, x = np.asarray(lat, np.float64), np.asarray(lon, np.float64)
    _same("lat", _length(y), points)
    _same("lon", _length(x), points)
    for problem in positions_wrong(y, x):
        raise BadData(problem)
    return y, x


LAT, LON = 90.0, (-180.0, 360.0)


def positions_wrong(lat: Floats, lon: Floats) -> Iterator[Problem]:
    """What is wrong with positions in degrees, the first row of each kind.

    Latitudes beyond 90 whose longitudes would pass as latitudes are axes the wrong way round.
    """
    outside = ~(np.abs(lat) <= LAT)
    if outside.any():
        at = int(np.argmax(outside))
        turned = np.isfinite(lat).all() and np.all(np.abs(lon) <= LAT)
        code = "impact.axes_swapped" if turned else "impact.not_degrees"
        yield Problem(code, {"lat": float(lat[at]), "lon": float(lon[at])}, row=at + 2, field="lat")
        return
    outside = ~((lon >= LON[0]) & (lon <= LON[1]))
    if outside.any():
        at = int(np.argmax(outside))
        params = {"lat": float(lat[at]), "lon": float(lon[at])}
        yield Problem("impact.not_degrees", params, row=at + 2, field="lon")


def _length(given: Floats) -> int | str:
    """How many there are along one dimension; the shape where there are more."""
    return given.size if given.ndim == 1 else str(given.shape)


def _same(what: str, given: int | str, count: int) -> None:
    if given != count:
        params = {"what": what, "given": given, "count": count}
        raise BadData(Problem("impact.count", params, field=what))


def _unique(ids: tuple[str, ...]) -> None:
    index = pd.Index(ids)
    if not index.is_unique:
        params = {"event": str(index[index.duplicated()][0])}
        raise BadData(Problem("impact.event_id_twice", params, field="ids"))
