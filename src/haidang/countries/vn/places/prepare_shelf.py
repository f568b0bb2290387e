"""Makes ``shelf.csv``, the sea before the coast, from the grid of depths ETOPO5.

    python prepare_shelf.py ETOPO5.cdf

ETOPO5 (National Geophysical Data Center, NOAA, 1988; five minutes of arc, about 9 km; public
domain) as a NetCDF file with the height ROSE over ETOPO05_Y and ETOPO05_X.

A point every ``EVERY_KM`` along the mainland's outline (outlines_34.geojson; islands shelter the
coast and are left out) is kept if the sea lies before it: of 36 directions at least a quarter must
be water all the way from 12 to 60 km. The middle of those directions is straight out to sea. Depths
are taken along it by straight lines between the grid's points; where land is met again, there is
no more sea (left empty: wind beyond it raises nothing here).

Between the islands of the north-east and in the shallows of the south-west the grid has 1 m for
many cells that nobody sounded. A wide sheet of 1 m would pile up water as no sea does. There the
point is moved out until ``EDGE_M`` of water lie within the first cell before it: it stands for the
outer side of the islands, or of the shallows.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray

from haidang.pack.places import load_places
from haidang.risk.coast import NODES_KM
from haidang.risk.hazards.tropical_cyclone import KM_PER_DEGREE

HERE = Path(__file__).parent
EVERY_KM = 50.0
LEAST_PART = 0.25
LOOK_KM = (12.0, 20.0, 30.0, 45.0, 60.0)
SOUNDED_M, EDGE_M = 2.0, 5.0
SHORE_KM = 10.0  # the grid is too coarse to say whether a point so near the shore is land
Floats = NDArray[np.float64]


def heights(file: Path) -> xr.DataArray:
    """The grid around the country, m, by latitude and longitude."""
    with xr.open_dataset(file, engine="scipy") as grid:
        z = grid["ROSE"].rename({"ETOPO05_X": "lon", "ETOPO05_Y": "lat"})
        return z.sel(lat=slice(5, 25), lon=slice(98, 116)).load()


def along(z: xr.DataArray, lat: float, lon: float, bearing: float, km: Floats) -> Floats:
    """Heights at distances from a point in a direction, m."""
    north, east = np.cos(np.radians(bearing)), np.sin(np.radians(bearing))
    y = lat + km * north / KM_PER_DEGREE
    x = lon + km * east / (KM_PER_DEGREE * np.cos(np.radians(lat)))
    found = z.interp(lat=xr.DataArray(y, dims="km"), lon=xr.DataArray(x, dims="km"))
    return np.asarray(found.to_numpy(), np.float64)


def seaward(z: xr.DataArray, lat: float, lon: float) -> float | None:
    """Direction straight out to sea, degrees from north; None where there is no open sea."""
    bearings = np.arange(0.0, 360.0, 10.0)
    look = np.array(LOOK_KM)
    water = np.array([bool(np.all(along(z, lat, lon, b, look) < 0)) for b in bearings])
    if water.mean() < LEAST_PART:
        return None
    middle = np.exp(1j * np.radians(bearings[water])).sum()
    return float(np.degrees(np.angle(middle)) % 360)


def depths(z: xr.DataArray, lat: float, lon: float, bearing: float) -> list[float | None]:
    """Depth at each of the model's nodes, m; None from where there is land again."""
    km = np.array(NODES_KM)
    down = -along(z, lat, lon, bearing, km)
    sounded = (down >= SOUNDED_M) & (km >= SHORE_KM)
    first = int(np.argmax(sounded))
    land = (down <= 0) & (km > km[first])
    end = int(np.argmax(land)) if land.any() else len(km)
    known = sounded & (np.arange(len(km)) < end)
    filled = np.interp(km, [0.0, *km[known]], [0.0, *down[known]])
    return [round(float(d), 1) if k < end else None for k, d in enumerate(filled)]


def moved_out(z: xr.DataArray, lat: float, lon: float, bearing: float) -> tuple[float, float]:
    """The point itself, or as far out that the sea begins within the first cell before it."""
    km = np.arange(SHORE_KM, 61.0)
    deep = -along(z, lat, lon, bearing, km) >= EDGE_M
    out = float(km[int(np.argmax(deep))] - SHORE_KM)
    north, east = np.cos(np.radians(bearing)), np.sin(np.radians(bearing))
    y = lat + out * north / KM_PER_DEGREE
    return round(y, 2), round(lon + out * east / (KM_PER_DEGREE * np.cos(np.radians(lat))), 2)


def main(file: Path) -> None:
    """Write the file."""
    z = heights(file)
    drawn = load_places(HERE).outlines["province"]
    mainland = max(shapely.get_parts(shapely.union_all(list(drawn.values()))), key=lambda p: p.area)
    ring = shapely.segmentize(mainland.exterior, 0.02)
    steps = EVERY_KM / KM_PER_DEGREE
    with (HERE / "shelf.csv").open("w", encoding="utf-8", newline="") as lines:
        out = csv.writer(lines, lineterminator="\n")
        out.writerow(["lat", "lon", "seaward", *(f"depth_{km:g}" for km in NODES_KM)])
        for at in np.arange(0.0, ring.length, steps):
            point = ring.interpolate(at)
            lat, lon = round(point.y, 2), round(point.x, 2)
            out_to = seaward(z, lat, lon)
            if out_to is not None:
                lat, lon = moved_out(z, lat, lon, out_to)
                sea = depths(z, lat, lon, out_to)
                out.writerow([lat, lon, round(out_to), *("" if d is None else d for d in sea)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
