"""Where the places of a table lie: coordinates as people have them, brought to points in km.

A place whose coordinates cannot be used is named and has none; the others are kept. Nothing is
guessed: coordinates that look swapped are refused, not swapped back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem

EARTH_KM: Final = 6371.0088
"""Mean radius of the Earth, IUGG."""

NAMED: Final = 20
"""So many bad places are named one by one; of the others only the number is told."""

_FAR: Final = 20.0
"""Degrees from the middle of all places from which a place may have been swapped."""


@dataclass(frozen=True, slots=True)
class Positions:
    """Points in space, whose straight distance grows with the distance on the ground.

    Attributes:
        points: ``(place, 3)``, km; NaN where a place has no usable coordinates.
        globe: Whether they lie on the Earth; else in a plane, the third number being 0.
    """

    points: NDArray[np.float64]
    globe: bool

    def on_the_ground(self, straight: float) -> float:
        """Distance along the ground, km, of two points with this straight distance."""
        if not self.globe:
            return straight
        return float(2 * EARTH_KM * np.arcsin(min(1.0, straight / (2 * EARTH_KM))))

    def straight(self, ground: float) -> float:
        """The straight distance, km, of two points that lie so far apart along the ground."""
        if not self.globe:
            return ground
        return float(2 * EARTH_KM * np.sin(min(ground / (2 * EARTH_KM), np.pi / 2)))


def read_positions(
    given: object, places: Sequence[str], file: str = "", first_line: int = 2
) -> tuple[Positions, tuple[Problem, ...]]:
    """Points of the places of a table.

    Args:
        given: A table with the columns ``place, lat, lon`` (degrees, WGS 84) or ``place, x, y``
            (km in a plane); or a mapping from place to ``(lat, lon)``.
        places: The places of the counts, in their order; others in ``given`` are passed over.
        file: Its name, for problems.
        first_line: Line of its first row.

    Returns:
        The points, and what could not be used.

    Raises:
        BadData: It is no such table, or no place of the counts has usable coordinates.
    """
    table, globe = _table(given, file)
    names = ("lat", "lon") if globe else ("x", "y")
    one, two = (_numbers(table[n]) for n in names)
    code = table["place"].astype("string").str.strip().fillna("").to_numpy(str)
    line = np.arange(len(table)) + first_line
    problems: list[Problem] = []

    def refuse(which: str, bad: NDArray[np.bool_]) -> None:
        at = np.flatnonzero(bad)
        for i in at[:NAMED]:
            cells = table[names[0]].iloc[i], table[names[1]].iloc[i]
            said = {"place": code[i], "one": cells[0], "two": cells[1]}
            problems.append(Problem(which, said, file, int(line[i]), names[0]))
        if len(at) > NAMED:
            said = {"n": len(at) - NAMED}
            problems.append(Problem("watch.and_more", said, file, None, names[0]))
        one[bad] = two[bad] = np.nan

    wanted = np.isin(code, np.array(places, dtype=str))
    refuse("watch.coordinates_number", wanted & ~(np.isfinite(one) & np.isfinite(two)))
    if globe:
        refuse("watch.coordinates_swapped", wanted & _swapped(one, two))
        with np.errstate(invalid="ignore"):
            outside = (np.abs(one) > 90) | (np.abs(two) > 180)  # noqa: PLR2004 - degrees
        refuse("watch.coordinates_range", wanted & outside)
    at = _once(code, one, two, wanted, line, problems, file)
    listed = set(code)
    without = [p for p in places if p not in listed]
    problems += [
        Problem("watch.coordinates_none", {"place": p}, file, None, "place")
        for p in without[:NAMED]
    ]
    if len(without) > NAMED:
        said = {"n": len(without) - NAMED}
        problems.append(Problem("watch.and_more", said, file, None, "place"))
    if not at:
        raise BadData(*problems, Problem("watch.coordinates_empty", file=file))
    flat = np.array([at.get(p, (np.nan, np.nan)) for p in places])
    return Positions(_on_globe(flat) if globe else _in_plane(flat), globe), tuple(problems)


def _table(given: object, file: str) -> tuple[pd.DataFrame, bool]:
    """A table with texts or numbers, and whether they are degrees."""
    if isinstance(given, Mapping):
        pairs = {str(k): v for k, v in given.items()}
        if not all(isinstance(v, Sequence) and len(v) == 2 for v in pairs.values()):  # noqa: PLR2004
            raise BadData(Problem("watch.coordinates", file=file))
        rows = [(k, v[0], v[1]) for k, v in pairs.items()]
        return pd.DataFrame(rows, columns=["place", "lat", "lon"]), True
    if not isinstance(given, pd.DataFrame) or "place" not in given.columns:
        raise BadData(Problem("watch.coordinates", file=file))
    for names, globe in ((("lat", "lon"), True), (("x", "y"), False)):
        if set(names) <= set(given.columns):
            return given[["place", *names]].reset_index(drop=True), globe
    raise BadData(Problem("watch.coordinates", file=file))


def _numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    return pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan).copy()


def _swapped(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows would fit only with latitude and longitude exchanged.

    Either the latitude is none and the longitude could be one; or the place lies far from the
    middle of all, and exchanged it would lie close.
    """
    with np.errstate(invalid="ignore"):
        sure = (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)  # noqa: PLR2004
        good = np.isfinite(lat) & np.isfinite(lon) & ~sure
        if not good.any():
            return sure
        middle = np.median(lat[good]), np.median(lon[good])
        off = np.abs(lat - middle[0]) + np.abs(lon - middle[1])
        exchanged = np.abs(lon - middle[0]) + np.abs(lat - middle[1])
        return np.asarray(sure | (good & (off > _FAR) & (exchanged < off / 4)))


def _once(
    code: NDArray[np.str_], one: NDArray[np.float64], two: NDArray[np.float64],
    wanted: NDArray[np.bool_], line: NDArray[np.int64], problems: list[Problem], file: str,
) -> dict[str, tuple[float, float]]:  # fmt: skip
    """Coordinates by place; a place that stands there with different ones has none."""
    at: dict[str, tuple[float, float]] = {}
    first: dict[str, int] = {}
    torn: set[str] = set()
    for i in np.flatnonzero(wanted & np.isfinite(one) & np.isfinite(two)):
        name, here = str(code[i]), (float(one[i]), float(two[i]))
        if name not in first:
            first[name], at[name] = int(line[i]), here
            continue
        same = at[name] == here
        torn |= set() if same else {name}
        problems.append(
            Problem(
                "watch.coordinates_twice_same" if same else "watch.coordinates_twice",
                {"place": name, "first": first[name]}, file, int(line[i]), "place",
                "warning" if same else "error",
            )
        )  # fmt: skip
    return {name: here for name, here in at.items() if name not in torn}


def _on_globe(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    lat, lon = np.radians(degrees).T
    around = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    return np.ascontiguousarray(EARTH_KM * np.stack(around, axis=1))


def _in_plane(km: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.ascontiguousarray(np.column_stack([km, np.where(np.isnan(km[:, 0]), np.nan, 0.0)]))
