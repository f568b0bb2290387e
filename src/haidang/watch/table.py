"""Counts as an analyst has them, long, wide, labelled or case by case, brought to one grid.

A cell that cannot be used becomes *missing*, never zero, and is named; everything else is kept.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, cast

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.watch.calendar import (
    ROWS_IN_A_YEAR,
    STEPS,
    Calendar,
    Ints,
    Step,
    Year,
    read_period,
    slashed,
)
from haidang.watch.method import Floats
from haidang.watch.positions import Positions
from haidang.watch.quality import populations
from haidang.watch.sift import length, months, sift

NAMED: Final = 20
"""So many bad cells are named one by one; of the others only the number is told."""

_SHORTEST_PERIOD: Final = 6
"""Digits of ``202201``; fewer are the number of a row."""

MOST_YEARS: Final = 200
"""More between the first and the last period: one of the two was mistyped."""

_SPARSE: Final = 3
"""Steps between periods, all of them longer than one, before this is said."""

LARGEST: Final = 2.0**53
"""Beyond, a float no longer counts by ones."""

Table = pd.DataFrame | xr.DataArray

Kind = Literal["whole", "any", "signed"]
_ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "whole": (),
    "any": ("watch.fraction",),
    "signed": ("watch.fraction", "watch.negative"),
}
"""What is no fault, by the kind of numbers that a table holds."""


@dataclass(frozen=True)
class Grid:
    """Counts of places by periods without a gap.

    Attributes:
        counts: ``(place, time)``, NaN where nothing usable was reported.
        places: Codes or names, in the order of the table.
        calendar: What the columns are.
        problems: What was left out, and why.
        population: ``(place, time)`` at risk, or None.
        positions: Where the places lie, or None.
    """

    counts: Floats
    places: tuple[str, ...]
    calendar: Calendar
    problems: tuple[Problem, ...]
    population: Floats | None = None
    positions: Positions | None = None


def read(
    data: Table,
    *,
    whole: bool = True,
    step: Step | None = None,
    year: Year | None = None,
    places: Sequence[str] | None = None,
    population: object = None,
    file: str = "",
    first_line: int = 2,
    dated: Year = "calendar",
    signed: bool = False,
) -> Grid:
    """Bring a table to a grid.

    Args:
        data: A long table (columns ``place``, ``start``, ``value``); the same without ``value``,
            one row to a case (``step`` must then be given, and a period without a row is a zero);
            a wide one (a column ``start`` or the index for time, a column to a place); or an
            array with the dimensions ``place`` and ``time``. Time is a date (the first day of a
            period; of months also their last day, or any other that is the same in all), a period
            such as ``2022W01`` or ``202201``, or a number of rows from some first one.
        whole: Whether only whole numbers are counts.
        step: ``day``, ``week`` or ``month``; None finds out. Numbered rows are weeks if not said.
        year: None is ``dated`` for dated rows and ``rows`` for numbered ones.
        places: If given, the places that there are: others are refused, and those without a row
            appear all the same, with nothing reported.
        population: At risk: numbers by place, or a table like ``data``.
        file: Its name, for problems.
        first_line: Line of the first row in that file.
        dated: See ``year``.
        signed: Whether numbers below zero are numbers too; they are no counts.

    Raises:
        BadData: No row is usable; time cannot be read in any; periods of different lengths are
            mixed (where only a few do not fit, these are left out and named); a column is
            missing; ``step`` or ``year`` is none of the known; calendar years are asked of
            numbered rows.
    """
    for name, given, known in (("period", step, STEPS), ("year", year, ("rows", "calendar"))):
        if given is not None and given not in known:
            said = {"value": given, "known": ", ".join(known)}
            raise BadData(Problem("watch.param_choice", said, field=name))
    kind: Kind = "signed" if signed else "whole" if whole else "any"
    cells = _cells(data, step, file, first_line)
    problems = list(cells.problems)
    calendar, column = _timeline(cells.times, cells.kinds, step, year, dated, problems, file)
    apart = np.diff(np.unique(column[:-1][column[:-1] >= 0]))
    if len(apart) >= _SPARSE and apart.min() > 1:
        gap = {"n": int(apart.min())}
        problems.append(Problem("watch.sparse", gap, file, field="start", severity="warning"))
    names, row = _places(cells.places, places, problems, file)
    if isinstance(cells, _Matrix):
        on = column[: len(cells.times)]
        if len(np.unique(on[on >= 0])) < np.count_nonzero(on >= 0):
            cells = _as_cells(cells)  # a period that stands there twice
        else:
            counts = _place_matrix(cells, on, row, calendar, len(names), kind, problems, file)
    if isinstance(cells, _Cells):
        counts = _place_cells(cells, column, row, calendar, len(names), kind, problems, file)
    people = None
    if population is not None:
        people, odd = populations(_population(population, names, calendar, file), names, file)
        problems += odd
    return Grid(counts, names, calendar, tuple(problems), people)


@dataclass(frozen=True)
class _Matrix:
    """A wide table: a row to a period, a column to a place; the fields are those of `_Cells`."""

    places: tuple[str, ...]
    times: tuple[date | int | None, ...]
    kinds: frozenset[Step]
    value: Floats
    line: Ints
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Cells:
    """One entry for every cell of the table.

    Attributes:
        place: Code of the place, an index into ``places``.
        places: Their names, in the order of the table.
        time: Index into ``times``.
        times: First day or number of each period, rising; None where it cannot be read.
        kinds: Kinds of period that the texts tell.
        value: The number; NaN where the cell is empty or refused.
        line: Line in the file; -1 where that says nothing.
        cases: Whether every entry is one case.
    """

    place: Ints
    places: tuple[str, ...]
    time: Ints
    times: tuple[date | int | None, ...]
    kinds: frozenset[Step]
    value: Floats
    line: Ints
    problems: tuple[Problem, ...]
    cases: bool = False


def _cells(data: Table, step: Step | None, file: str, first: int) -> _Cells | _Matrix:
    if isinstance(data, xr.DataArray):
        if set(data.dims) != {"place", "time"}:
            said = {"dims": ", ".join(map(str, data.dims))}
            raise BadData(Problem("watch.dims", said, file=file))
        frame = pd.DataFrame(
            data.transpose("time", "place").to_numpy(),
            index=data.indexes.get("time"),
            columns=data.indexes.get("place"),
        )
        return _wide(frame, step, file, -1)
    if not isinstance(data, pd.DataFrame):
        raise BadData(Problem("watch.not_a_table", {"kind": type(data).__name__}, file=file))
    if {"place", "start"} <= set(data.columns):
        return _long(data, step, file, first)
    if "start" in data.columns:
        return _wide(data.set_index("start"), step, file, first)
    if "value" in data.columns and "place" in data.columns:
        said = {"missing": "start"}
        raise BadData(Problem("watch.columns", said, file=file))
    return _wide(data, step, file, first)


def _long(data: pd.DataFrame, step: Step | None, file: str, first: int) -> _Cells:
    problems: list[Problem] = []
    cases = "value" not in data.columns
    if cases and step is None:
        raise BadData(Problem("watch.cases_need_period", {"known": ", ".join(STEPS)}, file=file))
    place, names = pd.factorize(_texts(data["place"]))
    time, stamps = pd.factorize(data["start"])
    line = np.arange(len(data)) + first
    times, told = _read_times(list(stamps))
    bad = (time < 0) | np.isin(time, [i for i, t in enumerate(times) if t is None])
    _name(problems, "watch.time", bad, data["start"], line, file, "start")
    _name(problems, "watch.no_place", place < 0, data["place"], line, file, "place")
    if cases:
        times = tuple(_begin(t, cast(Step, step)) for t in times)
    times, kinds = _sifted(times, told, time, step, data["start"], line, problems, file)
    time[np.isin(time, [i for i, t in enumerate(times) if t is None])] = -1
    if cases:
        value = np.ones(len(data))
    else:
        value, refused = _numbers(data["value"])
        _name(problems, "watch.number", refused, data["value"], line, file, "value")
    return _Cells(
        place, tuple(map(str, names)), time, times, kinds, value, line, tuple(problems), cases
    )


def _wide(data: pd.DataFrame, step: Step | None, file: str, first: int) -> _Matrix:
    problems: list[Problem] = []
    times, told = _read_times(list(data.index))
    lines = np.arange(len(data)) + first if first >= 0 else np.full(len(data), -1)
    bad = np.array([t is None for t in times], np.bool_)
    starts = data.index.to_series()
    _name(problems, "watch.time", bad, starts, lines, file, "start")
    rows = np.arange(len(data))
    times, kinds = _sifted(times, told, rows, step, starts, lines, problems, file)
    columns = [str(c).strip() for c in data.columns]
    doubled = (
        {c for c in columns if columns.count(c) > 1} if len(set(columns)) < len(columns) else ()
    )
    if doubled:
        said = {"names": ", ".join(sorted(doubled))}
        raise BadData(Problem("watch.column_twice", said, file=file))
    if all(d.kind in "iuf" for d in data.dtypes):
        value = data.to_numpy(np.float64)
    else:
        value = np.empty(data.shape)
        for i, name in enumerate(columns):
            value[:, i], refused = _numbers(data.iloc[:, i])
            _name(problems, "watch.number", refused, data.iloc[:, i], lines, file, name)
    return _Matrix(tuple(columns), times, kinds, value, lines, tuple(problems))


def _as_cells(matrix: _Matrix) -> _Cells:
    n, m = matrix.value.shape
    return _Cells(
        np.tile(np.arange(m), n), matrix.places, np.repeat(np.arange(n), m), matrix.times,
        matrix.kinds, matrix.value.ravel(), np.repeat(matrix.line, m), matrix.problems,
    )  # fmt: skip


def _texts(column: pd.Series[Any]) -> pd.Series[Any]:
    """Texts without blanks around them; an empty one is missing."""
    if column.dtype.kind in "iu":
        return column
    found = column.astype("string").str.strip()
    return found.mask(found == "")


def _numbers(column: pd.Series[Any]) -> tuple[Floats, NDArray[np.bool_]]:
    """Numbers, and which cells held something that is none."""
    if column.dtype.kind in "iuf":
        return column.to_numpy(np.float64), np.zeros(len(column), np.bool_)
    if column.dtype.kind == "b":
        return np.full(len(column), np.nan), np.ones(len(column), np.bool_)
    texts = column.astype("string").str.strip()
    empty = (texts.isna() | texts.isin(["", "NA", "NaN", "nan"])).to_numpy(np.bool_)
    value = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    # Python reads 2_0 as a number, people do not.
    value[texts.str.contains("_", regex=False).fillna(value=False).to_numpy(np.bool_)] = np.nan
    return value, np.isnan(value) & ~empty


def _name(
    problems: list[Problem], code: str, bad: NDArray[np.bool_], cells: pd.Series[Any],
    lines: Ints, file: str, field: str, more: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    """One problem for each of the first bad cells, one for all the others together."""
    at = np.flatnonzero(bad)
    for i in at[:NAMED]:
        row = int(lines[i]) if lines[i] >= 0 else None
        said = {"value": cells.iloc[i], **(more or {})}
        problems.append(Problem(code, said, file, row, field))
    if len(at) > NAMED:
        problems.append(Problem("watch.and_more", {"n": len(at) - NAMED}, file, None, field))


def _read_times(
    stamps: Sequence[Hashable],
) -> tuple[tuple[date | int | None, ...], tuple[Step | None, ...]]:
    """First day or number of each, None where it is none; and the length that its text tells."""
    kinds: list[Step | None] = [None] * len(stamps)
    found: list[date | int | None] = []
    texts = [str(s).strip() for s in stamps if isinstance(s, str)]
    numbered = (
        bool(texts)
        and len(texts) == len(stamps)
        and all(t.isdigit() and len(t) < _SHORTEST_PERIOD for t in texts)
    )
    turned = slashed(texts)
    for i, stamp in enumerate(stamps):
        if isinstance(stamp, str):
            if numbered:
                found.append(int(stamp))
                continue
            day = turned.get(stamp.strip())
            read_as = read_period(stamp) if day is None else (day, None)
            found.append(None if read_as is None else read_as[0])
            kinds[i] = None if read_as is None else read_as[1]
        elif isinstance(stamp, np.datetime64):
            found.append(pd.Timestamp(stamp).date())
        elif isinstance(stamp, pd.Period):
            found.append(stamp.start_time.date())
        elif isinstance(stamp, datetime):
            found.append(None if str(stamp) == "NaT" else stamp.date())
        elif isinstance(stamp, date):
            found.append(stamp)
        elif isinstance(stamp, int | np.integer) and not isinstance(stamp, bool):
            when, kinds[i] = _number_as_period(int(stamp))
            found.append(when)
        else:
            found.append(None)
    return tuple(found), tuple(kinds)


def _number_as_period(stamp: int) -> tuple[date | int | None, Step | None]:
    """A month or a day that a spreadsheet took for a number; else the number of a row."""
    text = str(stamp)
    if len(text) not in (6, 8) or not 1900 <= int(text[:4]) <= 2200:  # noqa: PLR2004 - years
        return stamp, None
    return read_period(text) or (None, None)


def _sifted(
    times: tuple[date | int | None, ...], told: Sequence[Step | None], time: Ints,
    step: Step | None, cells: pd.Series[Any], lines: Ints, problems: list[Problem], file: str,
) -> tuple[tuple[date | int | None, ...], frozenset[Step]]:  # fmt: skip
    """The periods without the few that cannot be meant, which are named.

    Args:
        times: First day or number of each.
        told: Lengths that their texts tell.
        time: For each row the index into ``times``, -1 for none.
        step: The length that is asked for.
        cells: What stands in each row.
        lines: Line of each row.
        problems: Those that are named are added here.
        file: Name of the file.

    Raises:
        BadData: Too many do not fit; the first row of each kind is named.
    """
    times = months(times, told, step)
    rows = np.bincount(time[time >= 0], minlength=len(times))
    found = sift(times, told, rows, step)
    _name(problems, "watch.far", np.isin(time, found.far), cells, lines, file, "start")
    if found.mixed is not None:
        said: list[Problem] = []
        for i in found.mixed:
            first = np.arange(len(time)) == int(np.argmax(time == i))
            _name(said, "watch.mixed_row", first, cells, lines, file, "start")
        mixed = Problem("watch.mixed", {"known": ", ".join(STEPS)}, file=file, field="start")
        raise BadData(*problems, mixed, *said)
    if found.misfit:
        code, more = f"watch.misfit_{found.like}", {"like": found.example}
        _name(problems, code, np.isin(time, found.misfit), cells, lines, file, "start", more)
    out = {*found.far, *found.misfit}
    kept = tuple(None if i in out else t for i, t in enumerate(times))
    kinds = {k for k, t in zip(told, kept, strict=True) if k is not None and t is not None}
    return kept, frozenset(kinds)


def _begin(when: date | int | None, step: Step) -> date | int | None:
    """First day of the period that a day lies in; weeks begin on Monday."""
    if not isinstance(when, date):
        return when
    if step == "week":
        return when - timedelta(days=when.weekday())
    return when.replace(day=1) if step == "month" else when


def _timeline(
    times: Sequence[date | int | None], kinds: frozenset[Step], step: Step | None,
    year: Year | None, dated: Year, problems: Sequence[Problem], file: str,
) -> tuple[Calendar, Ints]:  # fmt: skip
    """The calendar, and the column of each of ``times``, -1 where it is unknown; one -1 more."""
    mixed = Problem("watch.mixed", {"known": ", ".join(STEPS)}, file=file, field="start")
    numbers = {t for t in times if isinstance(t, int)}
    days = sorted({t for t in times if isinstance(t, date)})
    if not numbers and not days:
        raise BadData(*problems, Problem("watch.no_time", file=file))
    if len(kinds) > 1 or (numbers and days):
        raise BadData(mixed)
    of = np.full(len(times) + 1, -1, np.int64)
    if numbers:
        if year == "calendar":
            raise BadData(Problem("watch.no_dates", file=file, field="year"))
        low = min(numbers)
        of[:-1] = [t - low if isinstance(t, int) else -1 for t in times]
        rows = _rows(max(numbers) - low + 1, step or "week", file)
        return Calendar(step or "week", "rows", rows, number=low), of
    found = length(days, next(iter(kinds), None), step)
    if found is None:
        raise BadData(mixed)
    of[:-1] = [_row(t, days[0], found) if isinstance(t, date) else -1 for t in times]
    rows = _rows(_row(days[-1], days[0], found) + 1, found, file)
    return Calendar(found, year or dated, rows, days[0]), of


def _rows(number: int, step: Step, file: str) -> int:
    if number > MOST_YEARS * ROWS_IN_A_YEAR[step]:
        raise BadData(Problem("watch.too_long", {"n": number}, file=file, field="start"))
    return number


def _row(when: date, first: date, step: Step) -> int:
    if step == "month":
        return 12 * (when.year - first.year) + when.month - first.month
    return (when - first).days // (7 if step == "week" else 1)


def _places(
    there: Sequence[str], wanted: Sequence[str] | None, problems: list[Problem], file: str
) -> tuple[tuple[str, ...], Ints]:
    """The places of the grid, and the row of each of ``there``, -1 where it has none; one more."""
    if wanted is None:
        return tuple(there), np.array([*range(len(there)), -1], np.int64)
    names = tuple(dict.fromkeys([wanted] if isinstance(wanted, str) else map(str, wanted)))
    index = {name: i for i, name in enumerate(names)}
    unknown = [p for p in there if p not in index]
    problems += [
        Problem("watch.unknown_place", {"value": p}, file=file, field="place")
        for p in unknown[:NAMED]
    ]
    if len(unknown) > NAMED:
        said = {"n": len(unknown) - NAMED}
        problems.append(Problem("watch.and_more", said, file, None, "place"))
    return names, np.array([*(index.get(p, -1) for p in there), -1], np.int64)


def _place_matrix(
    table: _Matrix, column: Ints, row: Ints, calendar: Calendar, n_places: int, kind: Kind,
    problems: list[Problem], file: str,
) -> Floats:  # fmt: skip
    """Counts from a wide table in which no period stands twice."""
    counts = np.full((n_places, calendar.rows), np.nan)
    on, here = np.flatnonzero(column >= 0), np.flatnonzero(row[:-1] >= 0)
    if len(here) == 0:
        raise BadData(*problems, Problem("watch.empty", file=file))
    told = 0
    for begin in range(0, len(here), 4096):
        block = here[begin : begin + 4096]
        value = table.value[np.ix_(on, block)]
        for code, bad in _bad(value, kind):
            for i, j in np.argwhere(bad):
                told += 1
                if told <= NAMED:
                    line = int(table.line[on[i]])
                    said = {"value": float(value[i, j]), "place": table.places[block[j]]}
                    problems.append(Problem(code, said, file, line if line >= 0 else None, "value"))
            value[bad] = np.nan
        counts[np.ix_(row[block], column[on])] = value.T
    if told > NAMED:
        problems.append(Problem("watch.and_more", {"n": told - NAMED}, file, None, "value"))
    return counts


def _bad(value: Floats, kind: Kind) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """What cannot be a count, by the code of its problem; only what there is."""
    with np.errstate(invalid="ignore"):
        negative = value < 0
        large = value > LARGEST
        broken = (value != np.floor(value)) & ~np.isnan(value) & ~negative & ~large
    for code, bad in (
        ("watch.negative", negative), ("watch.too_large", large), ("watch.fraction", broken),
    ):  # fmt: skip
        if code not in _ALLOWED[kind] and bad.any():
            yield code, bad


def _place_cells(
    cells: _Cells, of_time: Ints, of_place: Ints, calendar: Calendar, n_places: int, kind: Kind,
    problems: list[Problem], file: str,
) -> Floats:  # fmt: skip
    """Counts from single cells; two different ones for the same cell contradict each other."""
    column, row = of_time[cells.time], of_place[cells.place]
    good = (column >= 0) & (row >= 0)
    if not good.any():
        raise BadData(*problems, Problem("watch.empty", file=file))
    row, column, line, value = row[good], column[good], cells.line[good], cells.value[good]
    name = [cells.places[i] for i in cells.place[good]]
    if cells.cases:
        counts = np.zeros((n_places, calendar.rows))
        np.add.at(counts, (row, column), 1.0)
        return counts
    for code, bad in _bad(value, kind):
        for i in np.flatnonzero(bad)[:NAMED]:
            said = {"value": float(value[i]), "place": name[i]}
            problems.append(Problem(code, said, file, _line(line[i]), "value"))
        if (n := int(bad.sum())) > NAMED:
            problems.append(Problem("watch.and_more", {"n": n - NAMED}, file, None, "value"))
        value[bad] = np.nan
    counts = np.full((n_places, calendar.rows), np.nan)
    counts[row, column] = value
    seen = pd.DataFrame({"row": row, "column": column, "value": value, "line": line, "place": name})
    told = 0
    for _, rows in seen[seen.duplicated(["row", "column"], keep=False)].groupby(["row", "column"]):
        distinct = rows["value"].dropna().unique()
        once = rows.iloc[0]
        counts[once["row"], once["column"]] = distinct[0] if len(distinct) == 1 else math.nan
        told += 1
        if told <= NAMED:
            same = len(distinct) <= 1
            said = {"place": once["place"], "first": int(once["line"])}
            problems.append(
                Problem(
                    "watch.twice_same" if same else "watch.twice",
                    said,
                    file,
                    _line(rows["line"].iloc[1]),
                    "start",
                    "warning" if same else "error",
                )
            )
    if told > NAMED:
        problems.append(Problem("watch.and_more", {"n": told - NAMED}, file, None, "start"))
    return counts


def _line(number: int) -> int | None:
    return int(number) if number >= 0 else None


def _population(given: object, places: tuple[str, ...], calendar: Calendar, file: str) -> Floats:
    """At risk by place and period; NaN where it is not known."""
    if isinstance(given, pd.Series):
        given = given.to_dict()
    if isinstance(given, Mapping):
        by_name = {str(k): _people(v, str(k), file) for k, v in given.items()}
        column = np.array([by_name.get(p, math.nan) for p in places])
        people = np.repeat(column[:, None], calendar.rows, axis=1)
    elif isinstance(given, pd.DataFrame | xr.DataArray):
        people = _aligned(given, places, calendar, file)
    else:
        raise BadData(Problem("watch.population", {"kind": type(given).__name__}, file=file))
    if not np.isfinite(people).any() or (people[np.isfinite(people)] < 0).any():
        raise BadData(Problem("watch.population", {"kind": type(given).__name__}, file=file))
    return np.ascontiguousarray(people)


def _people(given: object, place: str, file: str) -> float:
    try:
        return float(cast("float", given))
    except (TypeError, ValueError):
        said = {"value": given}
        raise BadData(Problem("watch.number", said, file, field=f"population: {place}")) from None


def beside(other: Table, grid: Grid, file: str = "") -> Floats:
    """Numbers of a second table on the grid of the first, such as rain beside cases.

    Args:
        other: Like the first; negative numbers (a temperature) are numbers here.
        grid: The first.
        file: Its name, for problems.

    Returns:
        ``(place, time)``, NaN where the second table says nothing.

    Raises:
        BadData: As `read`.
    """
    return _aligned(other, grid.places, grid.calendar, file, signed=True)


def _aligned(
    given: Table, places: tuple[str, ...], calendar: Calendar, file: str, *, signed: bool = False
) -> Floats:
    """A table brought to given places and periods."""
    other = read(given, whole=False, step=calendar.step, places=places, file=file, signed=signed)
    found = np.full((len(places), calendar.rows), np.nan)
    if other.calendar.first is not None and calendar.first is not None:
        shift = _row(other.calendar.first, calendar.first, calendar.step)
    else:
        shift = 0
    low, high = max(0, shift), min(calendar.rows, other.calendar.rows + shift)
    if low < high:
        found[:, low:high] = other.counts[:, low - shift : high - shift]
    return found
