"""What is exposed, from a CSV file, a raster or a table in memory."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from shapely.geometry.base import BaseGeometry

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.edge.feeds.raster import read_raster
from haidang.risk.engine.events import LAT, LON
from haidang.risk.engine.exposed import KEYS, UNITS, Exposed, exposed

RASTERS = (".tif", ".tiff", ".vrt")

_HEADER = re.compile(r"^(?P<name>[^\[\]]*?)\s*\[(?P<unit>[^\[\]]+)\]$")
_COMMA = re.compile(r"^-?\d{1,3}(?:\.\d{3})*,\d+$|^-?\d+,\d+$")
"""A number as it is written with a decimal comma; dots may group thousands before it."""
_TWO_WAYS = re.compile(r"^-?[1-9]\d{0,2},\d{3}$")
"""A number whose comma may as well group thousands: 1,200 is a thousand to one reader and a bit
more than one to the next. 0,200 and 1200,500 are not."""


def exposure(
    source: Any,
    values: Sequence[str] | None = None,
    *,
    units: Mapping[str, str] | None = None,
    outlines: Mapping[str, BaseGeometry] | None = None,
    category: str = "people",
) -> Exposed:
    """What is exposed, from wherever it comes.

    Args:
        source: Path of a CSV file or of a raster (``.tif``); or a pandas table, a GeoDataFrame of
            points or an xarray ``Dataset``.
        values: Columns that are values; those that look like it if left out.
        units: Unit by category.
        outlines: Outline by code of place, in degrees: points without a place get one.
        category: What a raster counts.

    Returns:
        Points with values; ``findings`` says what was left out or is missing.

    Raises:
        Unavailable: A raster, and its packages are not installed.
        BadData: As `read_csv`, `haidang.edge.feeds.raster.read_raster` and
            `haidang.risk.engine.exposed.exposed`.
    """
    if not isinstance(source, (str, Path)):
        return exposed(source, values, units=units, outlines=outlines)
    path = Path(source)
    if path.suffix.lower() in RASTERS:
        unit = (units or {}).get(category)
        return read_raster(path, category=category, unit=unit, outlines=outlines)
    return read_csv(path, values, units=units, outlines=outlines)


def read_csv(
    path: Path,
    values: Sequence[str] | None = None,
    *,
    units: Mapping[str, str] | None = None,
    outlines: Mapping[str, BaseGeometry] | None = None,
) -> Exposed:
    """Read a table of what is exposed.

    Args:
        path: UTF-8 CSV with a header: ``lat, lon`` or ``place``, perhaps ``curve`` and ``point``,
            and a column for each category. A unit may stand in the header: ``money [USD]``.
        values: Categories to read; people, houses, crops, roads, money and all columns with a unit
            in the header if left out.
        units: Unit by category, before that of the header.
        outlines: Outline by code of place.

    Returns:
        The good rows. A row is left out, and named, if a value is negative or no number, or its
        position is none. An empty value is unknown, not zero.

    Raises:
        BadData: The file cannot be read; it is separated by semicolons; it has no column that is
            needed; or no row is good.
    """
    header, rows = _lines(path)
    file = path.name
    names, said = _named(header)
    unit = {**said, **(units or {})}
    chosen = list(values) if values is not None else [n for n in names if n in UNITS or n in said]
    missing = [v for v in chosen if v not in names]
    if missing or not chosen:
        params = {"missing": ", ".join(missing) or "|".join(UNITS)}
        raise BadData(Problem("impact.no_values", params, file=file, row=1))
    problems = [
        Problem("impact.column_unused", {"name": n}, file, 1, n, "warning")
        for n in names
        if n and n not in chosen and n not in KEYS
    ]
    reader = _Reader(file, names, chosen, problems)
    good = [found for line, cells in rows if (found := reader.row(line, cells)) is not None]
    if not good:
        raise BadData(*problems, Problem("feed.empty", {}, file=file))
    table = pd.DataFrame(good, columns=[n for n in names if n in chosen or n in KEYS])
    try:
        held = exposed(table, chosen, units=unit, outlines=outlines, file=file)
    except BadData as error:
        raise BadData(*problems, *error.problems) from None
    return replace(held, findings=(*problems, *held.findings))


def _lines(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header, and the other rows with the line that they end on."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise BadData(Problem("feed.unreadable", {"why": err}, file=str(path))) from err
    first, _, rest = text.partition("\n")
    if ";" in first and "," not in first:
        cells = [c.strip() for line in rest.splitlines()[:50] for c in line.split(";")]
        found = [c for c in cells if _COMMA.match(c)]
        commas = [c for c in found if not _TWO_WAYS.match(c)]
        if commas:
            params = {"value": commas[0], "better": _with_point(commas[0])}
            raise BadData(Problem("impact.semicolons_commas", params, file=path.name, row=1))
        unsure = [Problem("impact.comma", _both(c), path.name, row=1) for c in found[:1]]
        raise BadData(Problem("feed.semicolons", {}, file=path.name, row=1), *unsure)
    reader = csv.reader(text.splitlines(keepends=True))
    header = [c.strip() for c in next(reader, [])]
    if not any(header):
        raise BadData(Problem("feed.empty", {}, file=path.name))
    return header, ((reader.line_num, row) for row in reader if any(c.strip() for c in row))


def _named(header: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    names, units = [], {}
    for cell in header:
        found = _HEADER.match(cell)
        names.append(found["name"].strip() if found else cell)
        if found:
            units[names[-1]] = found["unit"].strip()
    return names, units


def _with_point(text: str) -> str:
    return text.replace(".", "").replace(",", ".")


def _both(text: str) -> dict[str, Any]:
    """A number with a comma, and what to write for each of the two things it may mean."""
    return {"value": text, "whole": text.replace(",", ""), "point": _with_point(text)}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Rows of one file.

    Attributes:
        file: Its name.
        names: Columns.
        values: Those that are values.
        problems: What is wrong so far, added to.
    """

    file: str
    names: list[str]
    values: list[str]
    problems: list[Problem]

    def row(self, line: int, cells: list[str]) -> dict[str, Any] | None:
        """The cells by column; None where the row cannot be used."""
        if len(cells) > len(self.names):
            # Most often two cells are one number that was cut at its comma.
            digits = sum(c.strip().lstrip("-").isdigit() for c in cells)
            code = "impact.row_commas" if digits > 1 else "feed.too_many_cells"
            self.problems.append(Problem(code, {}, self.file, line))
            return None
        found: dict[str, Any] = {}
        for name, cell in zip(self.names, [*cells, *[""] * len(self.names)], strict=False):
            text = cell.strip()
            if name in self.values or name in ("lat", "lon"):
                problem, found[name] = self._number(name, text)
                if problem is not None:
                    code, params = problem
                    self.problems.append(Problem(code, params, self.file, line, name))
                    return None
            elif name in KEYS:
                found[name] = text
        return found

    def _number(self, name: str, text: str) -> tuple[tuple[str, dict[str, Any]] | None, float]:
        nothing = float("nan")
        if not text:
            return (None if name in self.values else ("feed.missing", {})), nothing
        # A position has no thousands, so that its comma can only be a decimal one.
        if name in self.values and _TWO_WAYS.match(text):
            return ("impact.comma", _both(text)), nothing
        if _COMMA.match(text):
            params = {"value": text, "better": _with_point(text)}
            return ("impact.decimal_comma", params), nothing
        try:
            if "_" in text:  # a number to this language, and to nobody who fills in a table
                raise ValueError
            value = float(text)
        except ValueError:
            return ("feed.number", {"value": text}), nothing
        low, high = (0.0, float("inf"))
        if name == "lat":
            low, high = -LAT, LAT
        elif name == "lon":
            low, high = LON
        if name in self.values and value < 0:
            return ("impact.row_negative", {"value": text}), nothing
        if not low <= value <= high or value == float("inf"):
            wrong = ("impact.row_position", {"value": text, "low": low, "high": high})
            return (wrong if name not in self.values else ("feed.number", {"value": text})), nothing
        return None, value
