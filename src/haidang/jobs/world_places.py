"""A country's places as other people's areas are laid over them, and codes of other lists."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from haidang.base.errors import NotFound
from haidang.base.place import KINDS, Gazetteer
from haidang.base.problem import Problem
from haidang.pack.schema import Country
from haidang.warn.areas import PlaceIndex

GEOCODES = "geocodes.csv"
COLUMNS = ("list", "value", "kind", "code", "on")


def index_of(country: Country, day: date) -> tuple[PlaceIndex, tuple[Problem, ...]]:
    """Every place of a country that has an outline or a position, with the codes that name it.

    Communes are among them as soon as a user has brought their outlines.

    Args:
        country: Whose places.
        day: Whose borders and codes.

    Returns:
        The index, and rows of ``geocodes.csv`` that name no place.
    """
    places = country.places
    outlines: dict[str, BaseGeometry] = {}
    for kind in KINDS:
        outlines |= places.outlines_on(kind, day)
    for place in places.gazetteer.at(day):
        if place.kind == "point" and place.lat is not None and place.lon is not None:
            outlines[place.code] = Point(place.lon, place.lat)
    own = {(country.spec.geocode, p.code): (p.code,) for p in places.gazetteer.at(day)}
    other, problems = read_geocodes(country.folder / "places" / GEOCODES, places.gazetteer, day)
    return PlaceIndex.of(outlines, {**other, **own}, _inside(places.gazetteer, day)), problems


def _inside(gazetteer: Gazetteer, day: date) -> dict[str, tuple[str, ...]]:
    """Places inside each place, at every depth; points of a map stand for themselves."""
    found: dict[str, tuple[str, ...]] = {}

    def under(code: str) -> tuple[str, ...]:
        if code not in found:
            kids = tuple(p.code for p in gazetteer.children(code, day))
            found[code] = kids
            found[code] = (*kids, *(k for kid in kids for k in under(kid)))
        return found[code]

    for place in gazetteer.at(day):
        under(place.code)
    return {code: kids for code, kids in found.items() if kids}


def read_geocodes(
    path: Path, gazetteer: Gazetteer, day: date
) -> tuple[Mapping[tuple[str, str], tuple[str, ...]], tuple[Problem, ...]]:
    """Codes of other lists, as ``geocodes.csv`` of a country gives them.

    Args:
        path: UTF-8, a header with `COLUMNS`; ``on`` is a day on which ``code`` is meant. A place
            that has changed since then stands for those that took over.
        gazetteer: The country's places.
        day: Whose codes are wanted.

    Returns:
        Our codes by (list, value), and a problem for every row that names no place. No file is no
        problem.
    """
    if not path.is_file():
        return {}, ()
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    problems: list[Problem] = []
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), 2):
            kind = next((k for k in KINDS if k == row.get("kind")), None)
            try:
                on = date.fromisoformat(row.get("on") or "")
                if kind is None:
                    raise ValueError(row)
                now = gazetteer.successors(kind, row["code"], on, day)
            except (ValueError, KeyError, NotFound):
                now = ()
            if not now:
                code = {"code": str(row.get("code"))}
                problems.append(
                    Problem("world.geocode", code, path.name, number, "code", "warning")
                )
                continue
            found[row["list"], row["value"]] = tuple(p.code for p in now)
    return found, tuple(problems)
