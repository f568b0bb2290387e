"""``hd.detect``: is something unusual happening, anywhere in the nation?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any, Final

import numpy as np
import xarray as xr
from numba import get_num_threads
from numpy.typing import NDArray

from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.watch import incomplete, quality, table
from haidang.watch.calendar import Ints, Step, Year
from haidang.watch.clusters import by_code, cluster_table
from haidang.watch.detectors import METHODS
from haidang.watch.method import LABELS, NO_DATA, Floats, Found, Method, Reason, Task, wholly
from haidang.watch.positions import read_positions
from haidang.watch.signal import State

STATES: Final = np.array([s.value for s in (State.NO_DATA, State.QUIET, State.RAISED)])
REASONS: Final = LABELS
COLUMNS: Final = ("value", "expected", "upper", "score", "p_value", "alarm", "state", "reason")
"""What every answer holds, whatever the method."""

_AT_ONCE: Final = 200_000
"""So many cells of the table go to a thread at once: progress moves, and caches stay warm."""


def detect(
    data: table.Table | xr.Dataset,
    method: str = "farrington_flexible",
    *,
    last: int | None = None,
    year: Year | None = None,
    period: Step | None = None,
    places: Sequence[str] | None = None,
    population: object = None,
    completeness: float = incomplete.LIMIT,
    coordinates: object = None,
    file: str = "",
    coordinates_file: str = "",
    progress: Callable[[int, int], None] = lambda *_: None,
    **params: object,
) -> xr.Dataset:
    """Judge every place and period by one method.

    Args:
        data: A long table (``place``, ``start``, ``value``), a wide one (time down, a column to a
            place), an array over ``place`` and ``time``, or, with ``period``, one row to a case.
        method: Name of a method; a wrong one lists them.
        last: Only so many of the newest periods; None is every period from the first on for which
            a place has enough history.
        year: ``calendar`` compares with the same date in past years, ``rows`` with what lies
            exactly 52, 12 or 365 rows before; None is what the method says for dated tables,
            and ``rows`` for numbered ones.
        period: ``day``, ``week`` or ``month``; None finds out.
        places: The places that there should be: an unknown one is refused, and one without any
            report still appears.
        population: At risk, by place or like ``data``; for methods that take one.
        completeness: Of a nowcast: periods of which less than this share is usually known are
            judged by the median of what is expected, and are quiet only if the upper end is too.
        coordinates: For methods that ask where the places lie: a table with ``place, lat, lon``
            (degrees) or ``place, x, y`` (km), or a mapping from place to ``(lat, lon)``.
        file: Name of the file that ``data`` is from, for problems.
        coordinates_file: The same for ``coordinates``.
        progress: Told (places done, places).
        params: Parameters of the method.

    Returns:
        Over ``(place, time)``: ``value``; ``expected`` and ``upper`` in its unit; ``score``, 0 as
        expected and above 1 beyond the bound; ``p_value``; ``alarm``; ``state``, one of
        ``no_data``, ``quiet``, ``raised``; ``reason``, why there is no data or no bound; and what
        the method adds; of a nowcast also ``nowcast`` (what was judged), ``nowcast_lower``,
        ``nowcast_upper`` and ``completeness``, while ``value`` is what is known.
        ``attrs["problems"]`` holds what of the table could not be used; ``attrs["clusters"]``
        the clusters of a method that looks for them, as a table.

    Raises:
        NotFound: No such method.
        BadData: The table is none, or has no usable row, or mixes periods of different lengths; a
            parameter is unknown or out of its range.
    """
    chosen = find(method)
    late = None
    if isinstance(data, xr.Dataset):
        late = incomplete.take(data, completeness)
        data, period = late.table, period or late.period
    grid = table.read(
        data, whole=chosen.counts, step=period, year=year, places=places, population=population,
        file=file, dated=chosen.year,
    )  # fmt: skip
    settled, wrong = chosen.settle(params, grid.calendar)
    wrong += tuple(_unfit(chosen, population is not None, coordinates is not None))
    if last is not None and (wholly(last) is None or last < 1):
        wrong += (Problem("watch.last", {"value": last}, field="last"),)
    if wrong:
        raise BadData(*wrong)
    if chosen.coordinates:
        positions, lost = read_positions(coordinates, grid.places, coordinates_file)
        grid = replace(grid, positions=positions, problems=(*grid.problems, *lost))
    if _minds_slips(chosen, settled) and (odd := quality.implausible(grid.counts)) is not None:
        slips = quality.told(grid.counts, odd, grid.places, grid.calendar.times(), file)
        grid = replace(grid, problems=(*grid.problems, *slips))
    rows = grid.calendar.rows
    at = np.arange(0 if last is None else max(0, rows - last), rows)
    found = _everywhere(chosen, grid, at, settled, progress)
    if late is not None:

        def again(counts: Floats, rows: Ints) -> Found:
            return _everywhere(chosen, replace(grid, counts=counts), rows, settled, lambda *_: None)

        late = late.of(grid.places)
        found = incomplete.settle(late, found, at, again)
        grid = replace(grid, counts=late.value, problems=(*late.problems, *grid.problems))
    if last is None:
        found, at = _from_the_first(found, at)
    return _dataset(chosen, grid, at, found, settled)


def find(name: str) -> Method:
    """A method by its name.

    Raises:
        NotFound: There is none; those that exist are named.
    """
    if name not in METHODS:
        said = {"value": name, "known": ", ".join(METHODS)}
        raise NotFound(Problem("watch.no_method", said, field="method"))
    return METHODS[name]


def _unfit(method: Method, population: bool, coordinates: bool) -> Iterator[Problem]:
    """What the method asks for and was not given, or was given and cannot take."""
    said = {"method": method.name}
    if population and not method.population:
        yield Problem("watch.no_population", said, field="population")
    if method.needs_population and not population:
        yield Problem("watch.needs_population", said, field="population")
    if coordinates != method.coordinates:
        code = "watch.needs_coordinates" if method.coordinates else "watch.no_coordinates"
        yield Problem(code, said, field="coordinates")


def _everywhere(
    method: Method,
    grid: table.Grid,
    at: Ints,
    params: Mapping[str, Any],
    progress: Callable[[int, int], None],
) -> Found:
    """Run the kernel over blocks of places, a thread to a block; the order changes nothing."""
    size = max(1, _AT_ONCE // max(1, grid.calendar.rows))
    if method.coordinates:
        return by_code(grid, lambda g: _all_places(method, g, at, params, progress, len(g.places)))
    return _all_places(method, grid, at, params, progress, size)


def _all_places(
    method: Method,
    grid: table.Grid,
    at: Ints,
    params: Mapping[str, Any],
    progress: Callable[[int, int], None],
    size: int,
) -> Found:
    size = max(1, size)
    starts = range(0, len(grid.places), size)

    def run(begin: int) -> Found:
        block = slice(begin, begin + size)
        people = None if grid.population is None else grid.population[block]
        task = Task(grid.counts[block], at, grid.calendar, people, grid.positions)
        odd = quality.implausible(task.counts) if _minds_slips(method, params) else None
        if odd is None:
            return method.kernel(task, params)
        return _with_slips(method, task, odd, params)

    parts: list[Found] = []
    progress(0, len(grid.places))
    for part in _in_order(run, starts):
        parts.append(part)
        progress(min(len(parts) * size, len(grid.places)), len(grid.places))
    if len(parts) == 1:
        return parts[0]
    joined: dict[str, Any] = {
        f.name: np.concatenate([getattr(p, f.name) for p in parts])
        for f in fields(Found)
        if f.name not in ("extra", "clusters")
    }
    extra = {n: np.concatenate([p.extra[n] for p in parts]) for n in parts[0].extra}
    return replace(parts[0], **joined, extra=extra)


def _minds_slips(method: Method, params: Mapping[str, Any]) -> bool:
    """A scan's baseline is the whole study; and what repeats a reference repeats all of it."""
    return not method.coordinates and params.get("compat") != "surveillance"


def _with_slips(
    method: Method, task: Task, odd: NDArray[np.bool_], params: Mapping[str, Any]
) -> Found:
    """A count that may be a slip is judged as it stands, and is in nobody's baseline.

    Else a year of false alarms follows from one slip, or of silence, by method.
    """
    masked = np.where(odd, np.nan, task.counts)
    found = method.kernel(replace(task, counts=masked), params)
    for p, t in zip(*np.nonzero(odd[:, task.at]), strict=True):
        row = int(task.at[t])
        alone = masked[p : p + 1].copy()
        alone[0, row] = task.counts[p, row]
        people = None if task.population is None else task.population[p : p + 1]
        # All periods up to it: a chart learns from what lies before the first that is judged.
        just = replace(task, counts=alone, at=task.at[: t + 1], population=people)
        for mine, its in zip(_arrays(found), _arrays(method.kernel(just, params)), strict=True):
            mine[p, t] = its[0, -1]
    return found


def _arrays(found: Found) -> list[NDArray[Any]]:
    """Everything over ``(place, period)``."""
    names = [f.name for f in fields(Found) if f.name not in ("extra", "clusters")]
    return [*(getattr(found, n) for n in names), *found.extra.values()]


def _in_order(run: Callable[[int], Found], starts: range) -> Iterator[Found]:
    if len(starts) < 2 or get_num_threads() < 2:  # noqa: PLR2004 - nothing to share out
        yield from map(run, starts)
        return
    with ThreadPoolExecutor(get_num_threads()) as pool:
        yield from pool.map(run, starts)


def _from_the_first(found: Found, at: Ints) -> tuple[Found, Ints]:
    """Drop the first periods, for which no place has enough history; all stay if none ever has."""
    judged = ~np.isin(found.reason, (Reason.HISTORY, Reason.MISSING)).all(axis=0)
    if not judged.any():
        return found, at
    keep = slice(int(np.argmax(judged)), None)
    names = [f.name for f in fields(Found) if f.name not in ("extra", "clusters")]
    cut = {n: getattr(found, n)[:, keep] for n in names}
    extra = {n: v[:, keep] for n, v in found.extra.items()}
    return replace(found, **cut, extra=extra), at[keep]


def _dataset(
    method: Method,
    grid: table.Grid,
    at: Ints,
    found: Found,
    params: Mapping[str, Any],
) -> xr.Dataset:
    # Only the reason says that nothing is known: a bound that is NaN never makes a place vanish.
    silent = np.isin(found.reason, NO_DATA)
    state = STATES[np.where(silent, 0, np.where(found.alarm, 2, 1))]
    columns = {
        "value": grid.counts[:, at], "expected": found.expected, "upper": found.upper,
        "score": found.score, "p_value": found.p_value, "alarm": found.alarm & ~silent,
        "state": state, "reason": REASONS[found.reason], **found.extra,
    }  # fmt: skip
    return xr.Dataset(
        {name: (("place", "time"), values) for name, values in columns.items()},
        coords={"place": np.array(grid.places, dtype=object), "time": grid.calendar.times()[at]},
        attrs={
            "method": method.name, "source": method.source, "period": grid.calendar.step,
            "year": grid.calendar.year, "problems": grid.problems,
            **({"clusters": cluster_table(found.clusters, grid)} if method.coordinates else {}),
            **{f"param_{name}": value for name, value in params.items()},
        },
    )  # fmt: skip
