"""Rasters of people or values: as points, and summed over the outlines of places.

A cell's figure is a count in that cell. In another projection than degrees the centres of the cells
are brought to degrees and the figures stay with them: to resample the raster would make people up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from haidang.base.errors import BadData, Unavailable
from haidang.base.outline import locate
from haidang.base.problem import Problem
from haidang.risk.engine.exposed import UNITS, Exposed, exposed

Floats = NDArray[np.float64]
DEGREES = 4326
WHOLE = 0.999
"""A place of which at least this share has data is summed; the rest is rounding at its border."""
_CELLS = 2**22
_FILL = 1e20
"""No count is as large: climate data write 1e20, netCDF 9.97e36 and others 3.4e38 for no data."""
_FILL_WHOLE = (2**31 - 1, 2**32 - 1)
"""The largest numbers that a cell can hold, which programs write where there is no data."""


def extra(name: str) -> ModuleType:
    """A package of the extra ``geo``.

    Raises:
        Unavailable: It is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise Unavailable(Problem("impact.extra", {"extra": "geo"})) from error


def read_raster(
    path: Path,
    *,
    category: str = "people",
    unit: str | None = None,
    outlines: Mapping[str, BaseGeometry] | None = None,
    band: int = 1,
) -> Exposed:
    """Cells of a raster as points.

    Args:
        path: GeoTIFF, or whatever rasterio opens.
        category: What it counts.
        unit: Of the counts; `UNITS` where nothing is said.
        outlines: Outline by code, in degrees. Only cells whose centre lies in a place are kept,
            and one of them without data is a point whose value is unknown: its place has no sum.
        band: Counted from 1; its scale and offset, if it has any, are applied.

    Returns:
        A point at the centre of each cell with more than nobody. Cells without data and places
        that the raster does not reach are findings.

    Raises:
        Unavailable: rasterio is not installed.
        BadData: The file cannot be read, names no projection, has no such band, or has latitude
            and longitude the wrong way round; a value is negative, or one that programs write for
            no data (1e20 and more, 2147483647, 4294967295), without being declared as no data (the
            cell is named); no cell lies in any place; nothing is counted at all.
    """
    with _opened(path, band) as source:
        name = path.name
        _upright(source, name, outlines)
        reached = _reached(source, outlines)
        if outlines is not None and not any(reached.values()):
            raise BadData(Problem("impact.raster_elsewhere", {}, name))
        parts = list(_cells(source, band, outlines, name))
    lat, lon, value = (np.concatenate([p[i] for p in parts]) for i in range(3))
    lost = sum(p[3] for p in parts)
    seen = sum(p[4] for p in parts)
    findings = []
    if lost:
        params = {"count": lost, "of": seen}
        findings.append(Problem("impact.no_data", params, name, severity="warning"))
    for code, share in sorted(reached.items()):
        if share < WHOLE:
            told = {"place": code, "share": f"{100 * (1 - share):.1f}"}
            findings.append(Problem("impact.raster_beyond", told, name, severity="warning"))
    if not len(value):
        raise BadData(*findings, Problem("impact.raster_empty", {}, name))
    table = pd.DataFrame({"lat": lat, "lon": lon, category: value})
    if outlines is not None:
        table["place"] = locate(outlines, lat, lon)
        table = table[table["place"] != ""]
        if not len(table):
            raise BadData(Problem("impact.raster_elsewhere", {}, name))
    units = {category: unit or UNITS.get(category, "1") or "1"}
    found = exposed(table, [category], units=units, file=name)
    return replace(found, findings=(*findings, *found.findings))


@contextmanager
def _opened(path: Path, band: int) -> Iterator[Any]:
    rasterio = extra("rasterio")
    try:
        source = rasterio.open(path)
    except (OSError, rasterio.errors.RasterioError) as error:
        raise BadData(Problem("impact.raster_unreadable", {"why": error}, str(path))) from error
    with source:
        if source.crs is None:
            raise BadData(Problem("impact.raster_no_projection", {}, path.name))
        if not 1 <= band <= source.count:
            params = {"band": band, "count": source.count}
            raise BadData(Problem("impact.raster_band", params, path.name, field="band"))
        yield source


def _upright(source: Any, name: str, outlines: Mapping[str, BaseGeometry] | None) -> None:
    """Refuse outlines, or a raster in degrees, whose axes are the wrong way round.

    What lies beyond 90 degrees north certainly is. Within, one of the two is if the raster meets no
    outline as they lie, and would if latitude and longitude changed places; nobody can say which.
    """
    for code, outline in (outlines or {}).items():
        if _on_its_side(outline):
            params = {"code": code, **_lies(outline)}
            raise BadData(Problem("impact.outlines_swapped", params, name))
    if not source.crs.is_geographic:
        return
    west, south, east, north = source.bounds
    low, high = min(south, north), max(south, north)
    params = {"west": west, "south": low, "east": east, "north": high}
    if high > 90 + abs(source.res[1]) or low < -90 - abs(source.res[1]):
        raise BadData(Problem("impact.raster_swapped", params, name))
    if outlines:
        here = shapely.box(west, low, east, high)
        turned = shapely.box(low, west, high, east)
        every = list(outlines.values())
        if any(o.intersects(here) for o in every):
            return
        met = next((c for c, o in outlines.items() if o.intersects(turned)), None)
        if met is not None:
            theirs = {f"of_{side}": v for side, v in _lies(outlines[met]).items()}
            both = {**params, "code": met, **theirs}
            raise BadData(Problem("impact.either_swapped", both, name))


def _on_its_side(outline: BaseGeometry) -> bool:
    """Whether an outline has latitudes beyond 90 that would do as longitudes, and the reverse."""
    if outline.is_empty:
        return False
    west, south, east, north = outline.bounds
    return 90 < max(-south, north) <= 360 and max(-west, east) <= 90  # noqa: PLR2004 - degrees


def _lies(outline: BaseGeometry) -> dict[str, float]:
    return dict(zip(("west", "south", "east", "north"), outline.bounds, strict=True))


def _cells(
    source: Any, band: int, outlines: Mapping[str, BaseGeometry] | None, name: str
) -> Iterator[tuple[Floats, Floats, Floats, int, int]]:
    """Strip after strip: positions and values of the cells that hold something; lost; seen."""
    warp, windows = extra("rasterio.warp"), extra("rasterio.windows")
    whole = _around(source, outlines)
    rows = max(1, _CELLS // max(int(whole.width), 1))
    for top in range(0, int(whole.height), rows):
        window = windows.Window(
            whole.col_off, whole.row_off + top, whole.width, min(rows, int(whole.height) - top)
        )
        read = source.read(band, window=window, masked=True)
        value = np.ma.filled(read.astype(np.float64), np.nan)
        fill = _is_fill(value)
        # Cells of a packed raster hold a number to be multiplied and added to; most hold the count.
        value = value * source.scales[band - 1] + source.offsets[band - 1]
        bad = (value < 0) | np.isinf(value) | fill
        if bad.any():
            r, c = (int(i[0]) for i in np.nonzero(bad))
            params = {
                "value": float(value[r, c]), "row": r + int(window.row_off),
                "column": c + int(window.col_off), "nodata": source.nodata,
            }  # fmt: skip
            raise BadData(Problem("impact.raster_negative", params, name))
        # Nobody is somewhere that is known; what is not known is kept only inside a place.
        keep = value != 0 if outlines is not None else value > 0
        row, column = np.nonzero(keep)
        x, y = _at(source, column + window.col_off + 0.5, row + window.row_off + 0.5)
        if not source.crs.is_geographic and len(x):
            x, y = (np.asarray(v) for v in warp.transform(source.crs, f"EPSG:{DEGREES}", x, y))
        yield (
            np.asarray(y, np.float64), np.asarray(x, np.float64), value[row, column],
            int(np.isnan(value).sum()), value.size,
        )  # fmt: skip


def _is_fill(value: Floats) -> NDArray[np.bool_]:
    """Where a number as it stands in the file is one that programs write for no data."""
    found: NDArray[np.bool_] = (value >= _FILL) | np.isin(value, _FILL_WHOLE)
    return found


def _at(source: Any, column: Any, row: Any) -> tuple[Any, Any]:
    """Position of a column and row, counted in cells from the corner, in the raster's projection.

    Written out: the operators of the library that holds the numbers change from version to version.
    """
    a, b, c, d, e, f = source.transform[:6]
    return a * column + b * row + c, d * column + e * row + f


def _around(source: Any, outlines: Mapping[str, BaseGeometry] | None) -> Any:
    """The window that holds every outline; the whole raster without outlines."""
    windows = extra("rasterio.windows")
    whole = windows.Window(0, 0, source.width, source.height)
    if outlines is None:
        return whole
    boxes = [_projected(o.envelope, source).bounds for o in outlines.values() if not o.is_empty]
    if not boxes:
        return whole
    west, south = (min(b[i] for b in boxes) for i in (0, 1))
    east, north = (max(b[i] for b in boxes) for i in (2, 3))
    if not source.transform.is_rectilinear:
        return whole
    a, _, c, _, e, f = source.transform[:6]
    left, right = sorted(((west - c) / a, (east - c) / a))
    top, bottom = sorted(((north - f) / e, (south - f) / e))
    first, last = max(0, int(left) - 1), min(source.width, int(right) + 2)
    upper, lower = max(0, int(top) - 1), min(source.height, int(bottom) + 2)
    return windows.Window(first, upper, max(0, last - first), max(0, lower - upper))


def _projected(outline: BaseGeometry, source: Any) -> BaseGeometry:
    """An outline in degrees in the raster's own projection."""
    if source.crs.is_geographic:
        return outline
    warp = extra("rasterio.warp")

    def turn(points: Floats) -> Floats:
        x, y = warp.transform(f"EPSG:{DEGREES}", source.crs, points[:, 0], points[:, 1])
        return np.column_stack([x, y])

    return shapely.transform(outline, turn)


def _extent(source: Any) -> BaseGeometry:
    corners = [(0, 0), (source.width, 0), (source.width, source.height), (0, source.height)]
    return shapely.Polygon([_at(source, *c) for c in corners])


def _reached(source: Any, outlines: Mapping[str, BaseGeometry] | None) -> dict[str, float]:
    """Share of the area of each place that lies on the raster at all."""
    extent = _extent(source)
    found = {}
    for code, outline in (outlines or {}).items():
        here = _projected(outline, source)
        found[code] = float(here.intersection(extent).area / here.area) if here.area else 0.0
    return found


def zonal(
    path: str | Path,
    outlines: Mapping[str, BaseGeometry],
    *,
    band: int = 1,
    least: float = WHOLE,
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Sums of a raster over places, each cell by the share of it that lies in the place.

    Args:
        path: GeoTIFF, or whatever rasterio opens.
        outlines: Outline by code, in degrees.
        band: Counted from 1.
        least: Share of a place that must have data for it to have a sum.

    Returns:
        One row a place: ``sum`` (NaN where too little of the place has data), ``known`` (of what
        has data), ``covered`` (share of the area with data), ``beyond`` (share off the raster). And
        a finding for each place without a sum.

    Raises:
        Unavailable: rasterio, exactextract or geopandas is not installed.
        BadData: As `read_raster`; or no place meets the raster, there is no outline, or the rows
            of the raster do not run from north to south.
    """
    file = Path(path)
    if not outlines:
        raise BadData(Problem("impact.raster_elsewhere", {}, file.name))
    with _opened(file, band) as source:
        _upright(source, file.name, outlines)
        if not source.transform.is_rectilinear or source.transform.e > 0:
            raise BadData(Problem("impact.raster_turned", {}, file.name))
        crs = source.crs.to_wkt()
        shapes = [_projected(o, source) for o in outlines.values()]
        extent = _extent(source)
        cell = abs(source.transform.determinant)
    codes = list(outlines)
    found = _extracted(file, band, codes, shapes, crs)
    low, high = (np.array(found[k], np.float64) for k in ("lowest", "highest"))  # None: nothing
    for bad, name in ((low < 0, "lowest"), (_is_fill(high), "highest")):
        if bad.any():
            at = int(np.argmax(bad))
            params = {"place": codes[at], "value": float(found[name].iloc[at])}
            raise BadData(Problem("impact.raster_negative_in", params, file.name))
    area = np.array([s.area for s in shapes])
    whole = shapely.within(shapes, extent)
    on = np.where(whole, area, 0.0)
    for i in np.flatnonzero(~whole):
        on[i] = shapes[i].intersection(extent).area
    with np.errstate(invalid="ignore", divide="ignore"):
        covered = np.where(area > 0, np.minimum(found["count"].to_numpy() * cell / area, 1.0), 0.0)
        beyond = np.where(area > 0, np.clip(1 - on / area, 0.0, 1.0), 1.0)
    if not (beyond < 1).any():
        raise BadData(Problem("impact.raster_elsewhere", {}, file.name))
    known = found["sum"].to_numpy(np.float64)
    good = covered >= least
    table = pd.DataFrame(
        {"sum": np.where(good, known, np.nan), "known": np.nan_to_num(known),
         "covered": covered, "beyond": beyond},
        index=pd.Index(codes, name="place"),
    )  # fmt: skip
    problems = tuple(
        Problem(
            "impact.place_without_data",
            {"place": code, "share": f"{100 * (1 - c):.1f}", "beyond": f"{100 * b:.1f}"},
            file.name, severity="warning",
        )
        for code, c, b, ok in zip(codes, covered, beyond, good, strict=True)
        if not ok
    )  # fmt: skip
    return table, problems


def _extracted(
    path: Path, band: int, codes: list[str], shapes: list[BaseGeometry], crs: str
) -> pd.DataFrame:
    """Sum, covered cells, lowest and highest value by place, in the order of the codes."""
    geopandas, exactextract = extra("geopandas"), extra("exactextract")
    raster = extra("exactextract.raster")
    frame = geopandas.GeoDataFrame({"place": codes}, geometry=shapes, crs=crs)
    with extra("rasterio").open(path) as opened:
        table = exactextract.exact_extract(
            raster.RasterioRasterSource(opened, band), frame,
            ["sum", "count", "lowest=min", "highest=max"],
            include_cols=["place"], output="pandas",
        )  # fmt: skip
    return pd.DataFrame(table)
