"""The reporting triangle: what was known of every period after so many periods of waiting.

``(place, period, delay)``: delay 0 is what was known on the day of the week (of the month) of
``as_of`` within the period itself, delay 1 one period later. Counting from ``as_of`` backwards
makes the newest period comparable with the older ones also in the middle of a week: all of them
were looked at after the same number of days.

Three forms of reports are read:

* ``totals``: every row says the whole of its period as it stood when it was reported, as a store
  of facts with their time gives it. A later row revises an earlier one, upwards or downwards.
* ``cases``: one row to a case, with when it began and when it was reported.
* ``new``: as ``cases``, but a row stands for ``value`` cases.

In ``totals`` a period of which nothing had been said yet is *missing*; in the other two no row is
no case, so the list must hold every report since its first period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.watch.calendar import STEPS, Calendar, Ints, Step, Year, read_period
from haidang.watch.method import Floats
from haidang.watch.quality import LEAST, TIMES, implausible
from haidang.watch.quality import told as told_slips
from haidang.watch.sift import far
from haidang.watch.table import (
    _bad,
    _begin,
    _name,
    _numbers,
    _places,
    _read_times,
    _rows,
    _sifted,
    _texts,
    _timeline,
)

Kind = Literal["totals", "cases", "new"]
KINDS: Final[tuple[str, ...]] = ("totals", "cases", "new")
MOST_DELAY: Final[dict[str, int]] = {"day": 14, "week": 8, "month": 6}
"""Largest delay where none is given."""
COLUMNS: Final = ("reported", "received", "published")
"""Columns that may say when a report came; the first that is there is used."""
FEWEST: Final = 12
"""Other periods beside a count that may be a slip: tables of reports are often no longer than what
the delay is learned from, and one slip of one place is a share of what all places learn."""


@dataclass(frozen=True)
class Triangle:
    """What was known of each period, and when.

    Attributes:
        value: ``(place, time)``: what is known of the period as of the last one; NaN where
            nothing was said.
        known: ``(place, row, delay)`` for the newest rows of ``time``: what was known after so
            many periods, NaN where nothing had been said or that time has not come. The last
            delay also holds whatever came later.
        places: Codes or names, in the order of the table.
        calendar: What the columns of ``value`` are; the last holds ``as_of``.
        as_of: The day to which reports count; the number of a row where there are no dates.
        kind: Form of the reports.
        window: Reports of so many of the newest periods are to be learned from.
        problems: What could not be used, and why.
        slips: ``(place, time)``: what is known may be a slip of the keyboard; None: nothing may.
            Of ``known`` such a period has nothing.
    """

    value: Floats
    known: Floats
    places: tuple[str, ...]
    calendar: Calendar
    as_of: date | int
    kind: Kind
    window: int
    problems: tuple[Problem, ...]
    slips: NDArray[np.bool_] | None = None

    @property
    def max_delay(self) -> int:
        """Periods after which nothing is expected to change any more."""
        return int(self.known.shape[2]) - 1


@dataclass(frozen=True)
class _Rows:
    """The rows that can be used, in the order in which they came."""

    place: Ints
    time: Ints
    delay: Ints
    value: Floats


def read_triangle(
    reports: pd.DataFrame,
    *,
    max_delay: int | None = None,
    window: int | None = None,
    as_of: object = None,
    kind: Kind | None = None,
    step: Step | None = None,
    year: Year | None = None,
    places: Sequence[str] | None = None,
    file: str = "",
    first_line: int = 2,
) -> Triangle:
    """Bring a table of reports to a triangle.

    Args:
        reports: Columns ``place``, ``start``, one of ``reported``, ``received``, ``published``,
            and, but for cases, ``value``. Times are written as in `haidang.watch.table.read`;
            of a time of day only the day counts.
        max_delay: Largest delay, in periods; None is `MOST_DELAY`.
        window: Reports of so many of the newest periods are to be learned from; None is three
            times ``max_delay``, at least 12.
        as_of: Reports after this day are not known yet; None is the newest report.
        kind: Form of the reports; None takes ``totals`` where there is a column ``value``, else
            ``cases``.
        step: Length of a period, None finds out; must be given for cases.
        year: As in `haidang.watch.table.read`.
        places: The places that there should be, as in `haidang.watch.table.read`.
        file: Name of the file, for problems.
        first_line: Line of its first row.

    Raises:
        BadData: No table; a column is missing; ``kind``, ``step`` or ``as_of`` is none; nothing
            usable was reported up to ``as_of``; periods of different lengths are mixed.
    """
    kind, column = _form(reports, kind, step, file)
    problems: list[Problem] = []
    lines = np.arange(len(reports)) + first_line
    said = reports[column]
    came, stamps = pd.factorize(said)
    when = _read_ends(list(stamps))
    late = np.array([*(w is None for w in when), True])[came]
    _name(problems, "watch.reported", late, said, lines, file, column)
    # A mistyped year would else be the newest report, and the day up to which all is known.
    apart = np.isin(came, list(far(when, np.bincount(came[came >= 0], minlength=len(when)), step)))
    _name(problems, "watch.far", apart, said, lines, file, column)
    late |= apart
    usable = set(came[~late].tolist())
    when = [w if i in usable else None for i, w in enumerate(when)]
    until = _until(as_of, [w for w in when if w is not None], problems, file)
    known = ~late & np.array([*(_not_after(w, until) for w in when), False])[came]
    if not known.any():
        raise BadData(*problems, Problem("watch.nothing_known", {"day": until}, file=file))
    table, lines, came = reports[known], lines[known], came[known]
    place, there = pd.factorize(_texts(table["place"]))
    time, starts = pd.factorize(table["start"])
    times, told = _read_times(list(starts))
    if kind == "cases" or (kind == "new" and step is not None):
        times = tuple(_begin(t, cast(Step, step)) for t in times)
    bad = np.array([*(t is None for t in times), True])[time]
    _name(problems, "watch.time", bad, table["start"], lines, file, "start")
    _name(problems, "watch.no_place", place < 0, table["place"], lines, file, "place")
    times, kinds = _sifted(times, told, time, step, table["start"], lines, problems, file)
    bad = np.array([*(t is None for t in times), True])[time]
    value = np.ones(len(table))
    if kind != "cases":
        value = _values(table, lines, problems, file)
    calendar, of_time = _to(times, kinds, step, year, until, problems, file)
    names, of_place = _places(tuple(map(str, there)), places, problems, file)
    row = of_time[np.where(bad, -1, time)]
    last = calendar.rows - 1
    snapshot = last - np.array([_back(w, until, calendar.step) for w in when])[came]
    early = (row >= 0) & (snapshot < row)
    _name(problems, "watch.before_it_began", early, table[column], lines, file, column)
    order = np.argsort(np.array([_ordinal(w) for w in when])[came], kind="stable")
    good = (row >= 0) & (of_place[place] >= 0) & ~early & ~np.isnan(value)
    if not good.any():
        raise BadData(*problems, Problem("watch.empty", file=file))
    order = order[good[order]]
    most = max_delay or MOST_DELAY[calendar.step]
    wide = window or max(12, 3 * most)
    used = _Rows(of_place[place][order], row[order], (snapshot - row)[order], value[order])
    build = _totals if kind == "totals" else _added
    full, cells = build(used, len(names), calendar.rows, min(wide + most, calendar.rows), most)
    slips = _leave_out(full, cells, used, problems, names, calendar.times(), file)
    return Triangle(full, cells, names, calendar, until, kind, wide, tuple(problems), slips)


def _form(reports: object, kind: Kind | None, step: Step | None, file: str) -> tuple[Kind, str]:
    """The form of the reports and the column that says when they came."""
    if not isinstance(reports, pd.DataFrame):
        raise BadData(Problem("watch.not_a_table", {"kind": type(reports).__name__}, file=file))
    for name, given, known in (("kind", kind, KINDS), ("period", step, STEPS)):
        if given is not None and given not in known:
            said = {"value": given, "known": ", ".join(known)}
            raise BadData(Problem("watch.param_choice", said, field=name))
    chosen = kind or ("totals" if "value" in reports.columns else "cases")
    column = next((c for c in COLUMNS if c in reports.columns), COLUMNS[0])
    needed = {"place", "start", column} | ({"value"} if chosen != "cases" else set())
    if missing := needed - set(reports.columns):
        said = {"missing": ", ".join(sorted(missing))}
        raise BadData(Problem("watch.report_columns", said, file=file))
    if chosen == "cases" and step is None:
        raise BadData(Problem("watch.cases_need_period", {"known": ", ".join(STEPS)}, file=file))
    return chosen, column


def _read_ends(stamps: list[Any]) -> list[date | int | None]:
    """Days on which reports came; of a week or month that a text names, its last day."""
    times, _ = _read_times(stamps)
    found: list[date | int | None] = []
    for stamp, time in zip(stamps, times, strict=True):
        told = read_period(stamp) if isinstance(stamp, str) and isinstance(time, date) else None
        if isinstance(time, date) and told is not None and told[1] == "week":
            found.append(time + timedelta(days=6))
        elif isinstance(time, date) and told is not None and told[1] == "month":
            found.append(_next_month(time) - timedelta(days=1))
        else:
            found.append(time)
    return found


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _until(
    as_of: object, came: Sequence[date | int], problems: Sequence[Problem], file: str
) -> date | int:
    """The last day, or row, whose reports count."""
    days = [w for w in came if isinstance(w, date)]
    numbers = [w for w in came if isinstance(w, int)]
    if not came or (days and numbers):
        raise BadData(*problems, Problem("watch.no_time", file=file, field="reported"))
    if as_of is None:
        return max(days) if days else max(numbers)
    read = _read_ends([as_of if not isinstance(as_of, pd.Timestamp) else as_of.to_pydatetime()])
    until = read[0]
    if until is None or isinstance(until, date) != bool(days):
        raise BadData(Problem("watch.as_of", {"value": as_of}, field="as_of"))
    return until


def _not_after(when: date | int | None, until: date | int) -> bool:
    return isinstance(when, int) == isinstance(until, int) and _ordinal(when) <= _ordinal(until)


def _ordinal(when: date | int | None) -> int:
    if isinstance(when, date):
        return when.toordinal()
    return when if when is not None else 0


def _to(
    times: Sequence[date | int | None], kinds: frozenset[Step], step: Step | None,
    year: Year | None, until: date | int, problems: Sequence[Problem], file: str,
) -> tuple[Calendar, Ints]:  # fmt: skip
    """The calendar of the periods, to the period of ``until``; see `_timeline`."""
    calendar, of = _timeline(times, kinds, step, year, "calendar", problems, file)
    first: date | int = calendar.number if calendar.first is None else calendar.first
    if isinstance(until, date) and isinstance(first, date):
        if calendar.step == "month":
            rows = 12 * (until.year - first.year) + until.month - first.month + 1
        else:
            rows = (until - first).days // (7 if calendar.step == "week" else 1) + 1
    elif isinstance(until, int) and isinstance(first, int):
        rows = until - first + 1
    else:
        raise BadData(Problem("watch.as_of", {"value": until}, field="as_of"))
    if rows < 1:
        raise BadData(*problems, Problem("watch.nothing_known", {"day": until}, file=file))
    of[of >= rows] = -1  # a period that begins after as_of cannot be known
    return replace(calendar, rows=_rows(rows, calendar.step, file)), of


def _back(when: date | int | None, until: date | int, step: Step) -> int:
    """Whole periods that ``when`` lies before ``until``; what is unknown lies nowhere."""
    if isinstance(when, date) and isinstance(until, date):
        if step != "month":
            return (until - when).days // (7 if step == "week" else 1)
        months = 12 * (until.year - when.year) + until.month - when.month
        last = (until + timedelta(days=1)).day == 1
        return months if last or when.day <= until.day else months - 1
    if isinstance(when, int) and isinstance(until, int):
        return until - when
    return 0


def _values(table: pd.DataFrame, lines: Ints, problems: list[Problem], file: str) -> Floats:
    """Whole numbers from 0 on; what is none is named and NaN."""
    found, refused = _numbers(table["value"])
    value = np.array(found)
    _name(problems, "watch.number", refused, table["value"], lines, file, "value")
    names = _texts(table["place"]).to_numpy()
    for code, bad in list(_bad(value, "whole")):
        for i in np.flatnonzero(bad)[:20]:
            said = {"value": float(value[i]), "place": names[i]}
            problems.append(Problem(code, said, file, int(lines[i]), "value"))
        if (n := int(bad.sum()) - 20) > 0:
            problems.append(Problem("watch.and_more", {"n": n}, file, None, "value"))
        value[bad] = np.nan
    return value


def _leave_out(
    full: Floats, cells: Floats, used: _Rows, problems: list[Problem], places: Sequence[str],
    times: NDArray[Any], file: str,
) -> NDArray[np.bool_]:  # fmt: skip
    """Take out of ``cells`` what may be a slip, standing or mended, and tell of each."""
    slips, (most, mended) = _slips(full), _mended(full, used)
    cells[(slips | mended)[:, -cells.shape[1] :]] = np.nan
    late, gone = "watch.implausible_late", "watch.implausible_mended"
    problems += told_slips(full, slips, places, times, file, code=late)
    problems += told_slips(most, mended, places, times, file, code=gone)
    return slips


def _slips(full: Floats) -> NDArray[np.bool_]:
    """Counts far beyond all that the place had before, as for detectors, or ever else.

    What a nowcast learns changes with every report, so what came after may speak too.
    """
    found = implausible(full, FEWEST)
    found = np.zeros(full.shape, np.bool_) if found is None else found
    told = np.where(np.isnan(full), -1.0, full)
    if full.shape[1] <= FEWEST or told.max() < LEAST:
        return found
    second, most = np.partition(told, -2, axis=1)[:, -2:].T
    lone = (most >= LEAST) & (most > TIMES * (second + 1)) & ((told >= 0).sum(axis=1) > FEWEST)
    return np.asarray(found | (lone[:, None] & (told == most[:, None])))


def _mended(full: Floats, used: _Rows) -> tuple[Floats, NDArray[np.bool_]]:
    """The most that was ever said of each period, and where that was a slip.

    Nobody revises a number to a hundredth but to mend one.
    """
    most = np.full(full.shape, np.nan)
    np.fmax.at(most, (used.place, used.time), used.value)
    with np.errstate(invalid="ignore"):
        return most, (most >= LEAST) & (most > TIMES * (full + 1))


def _totals(
    used: _Rows, places: int, periods: int, rows: int, max_delay: int
) -> tuple[Floats, Floats]:
    """The newest word on each period, and on each period by delay; rows are in order of coming."""
    full = np.full((places, periods), np.nan)
    full[used.place, used.time] = used.value  # of several the last stays
    cells = np.full((places, rows, max_delay + 1), np.nan)
    first = periods - rows
    near = used.time >= first
    at = np.minimum(used.delay[near], max_delay)
    cells[used.place[near], used.time[near] - first, at] = used.value[near]
    for d in range(1, max_delay + 1):  # what was said stands until something else is said
        silent = np.isnan(cells[:, :, d])
        cells[:, :, d][silent] = cells[:, :, d - 1][silent]
    cells[:, _to_come(rows, max_delay)] = np.nan
    return full, cells


def _added(
    used: _Rows, places: int, periods: int, rows: int, max_delay: int
) -> tuple[Floats, Floats]:
    """Sums of what came up to each delay; no row is no case."""
    full = np.zeros((places, periods))
    np.add.at(full, (used.place, used.time), used.value)
    cells = np.zeros((places, rows, max_delay + 1))
    first = periods - rows
    near = used.time >= first
    at = np.minimum(used.delay[near], max_delay)
    np.add.at(cells, (used.place[near], used.time[near] - first, at), used.value[near])
    cells = np.cumsum(cells, axis=2)
    cells[:, _to_come(rows, max_delay)] = np.nan
    return full, cells


def _to_come(rows: int, max_delay: int) -> NDArray[np.bool_]:
    """``(row, delay)`` whose time has not come."""
    ages = np.arange(rows - 1, -1, -1)
    return np.arange(max_delay + 1)[None, :] > ages[:, None]
