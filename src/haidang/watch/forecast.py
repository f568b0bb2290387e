"""``hd.forecast``: what comes next, everywhere in the nation, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.watch import quality, table
from haidang.watch.calendar import Calendar, Ints, Step, Year, read_period
from haidang.watch.forecaster import HUB_QUANTILES, Fan, Forecaster, ForecastTask, apply
from haidang.watch.forecasters import FORECASTERS
from haidang.watch.method import Floats, Reason, wholly

REASONS: Final = np.array([r.name.lower() if r else "" for r in Reason])
COLUMNS: Final = ("forecast", "reason")
"""What every answer holds, whatever the model."""

LONGEST: Final = 104
"""More periods ahead than this are refused."""


def forecast(
    data: table.Table,
    horizon: int = 4,
    model: str = "ensemble",
    *,
    quantiles: Sequence[float] = HUB_QUANTILES,
    last_known: object = None,
    year: Year | None = None,
    period: Step | None = None,
    places: Sequence[str] | None = None,
    covariates: Mapping[str, table.Table] | None = None,
    file: str = "",
    progress: Callable[[int, int], None] = lambda *_: None,
    **params: object,
) -> xr.Dataset:
    """Say what comes next at every place, as quantiles.

    Args:
        data: A long table (``place``, ``start``, ``value``), a wide one (time down, a column to a
            place), an array over ``place`` and ``time``, or, with ``period``, one row to a case.
        horizon: Periods ahead, from 1 on.
        model: Name of a model; a wrong one lists them.
        quantiles: Levels between 0 and 1, in any order; those of forecast hubs if not said.
        last_known: The newest period that was known: a date, a period, or the number of a row;
            what the table has after it is not looked at. None is the last row of the table.
        year: As for ``detect``.
        period: ``day``, ``week`` or ``month``; None finds out.
        places: The places that there should be: an unknown one is refused, and one without any
            report still appears.
        covariates: Tables like ``data`` of what else was measured, by name; for models that take
            them, others refuse them. Their values after ``last_known`` are not looked at.
        file: Name of the file that ``data`` is from, for problems.
        progress: Told (places done, places).
        params: Parameters of the model.

    Returns:
        Over ``(place, time, horizon, quantile)``: ``forecast`` in the unit of the counts; quantiles
        never cross and are never negative. Over ``(place, time)``: ``reason``, why there is no
        forecast (``missing``, ``history``, ``no_fit``) or what is special about it
        (``all_zero``), empty where there is nothing to say. ``time`` is the newest period that was
        known; the coordinate ``target`` over ``(time, horizon)`` the period that is forecast.
        ``attrs["problems"]`` holds what of the table could not be used.

    Raises:
        NotFound: No such model.
        BadData: The table is none, or has no usable row, or mixes periods of different lengths;
            a parameter is unknown or out of its range; ``last_known`` lies outside the table.
    """
    chosen = find(model)
    grid = table.read(data, whole=chosen.whole, step=period, year=year, places=places, file=file)
    settled, wrong = chosen.settle(params, grid.calendar)
    rising, wrong_levels = levels(quantiles)
    wrong += wrong_levels
    wrong += whole_number("horizon", horizon, 1, LONGEST)
    if covariates is not None and not isinstance(covariates, Mapping):
        said = {"kind": type(covariates).__name__}
        wrong += (Problem("watch.covariates", said, field="covariates"),)
    elif covariates and not chosen.covariates:
        said = {"model": chosen.name}
        wrong += (Problem("watch.no_covariates", said, field="covariates"),)
    rows = _rows_known(last_known, grid.calendar)
    if rows is None:
        wrong += (Problem("watch.last_known", {"value": last_known}, field="last_known"),)
    if wrong:
        raise BadData(*wrong)
    if (odd := quality.implausible(grid.counts)) is not None:
        # A slip of the newest week would be forecast on for months.
        of = (grid.places, grid.calendar.times(), file)
        slips = quality.told(grid.counts, odd, *of, code="watch.implausible_out")
        counts = np.where(odd, np.nan, grid.counts)
        grid = replace(grid, counts=counts, problems=(*grid.problems, *slips))
    others = {name: table.beside(other, grid, file) for name, other in (covariates or {}).items()}
    whole = ForecastTask(grid.counts, grid.calendar, int(horizon), rising, others)
    task = whole.before(rows or grid.calendar.rows)
    fan = apply(chosen, task, settled, progress)
    return dataset(chosen, task, grid, fan, settled)


def find(name: str) -> Forecaster:
    """A forecaster by its name.

    Raises:
        NotFound: There is none; those that exist are named.
    """
    if name not in FORECASTERS:
        said = {"value": name, "known": ", ".join(FORECASTERS)}
        raise NotFound(Problem("watch.no_model", said, field="model"))
    return FORECASTERS[name]


def whole_number(name: str, given: object, low: int, high: int) -> tuple[Problem, ...]:
    """What is wrong with an argument that is to be a whole number; nothing if it is one."""
    if (number := wholly(given)) is not None and low <= number <= high:
        return ()
    said = {"value": given, "low": low, "high": high}
    return (Problem("watch.param_whole", said, field=name),)


def ahead(calendar: Calendar, rows: int, horizon: int) -> Any:
    """First days (or numbers) of the periods that follow the first ``rows`` ones."""
    return replace(calendar, rows=rows + horizon).times()[rows:]


def dataset(
    model: Forecaster,
    task: ForecastTask,
    grid: table.Grid,
    fan: Fan,
    params: Mapping[str, Any],
) -> xr.Dataset:
    """What was found, labelled; one ``time``."""
    rows = task.calendar.rows
    return xr.Dataset(
        {
            "forecast": (("place", "time", "horizon", "quantile"), fan.values[:, None]),
            "reason": (("place", "time"), REASONS[fan.reason][:, None]),
        },
        coords={
            "place": np.array(grid.places, dtype=object),
            "time": task.calendar.times()[-1:],
            "horizon": np.arange(1, task.horizon + 1),
            "quantile": task.quantiles,
            "target": (("time", "horizon"), ahead(task.calendar, rows, task.horizon)[None]),
        },
        attrs={
            "model": model.name, "source": model.source, "period": task.calendar.step,
            "year": task.calendar.year, "problems": grid.problems,
            **{f"param_{name}": value for name, value in params.items()},
        },
    )  # fmt: skip


def levels(given: Sequence[float]) -> tuple[Floats, tuple[Problem, ...]]:
    """Rising, each once; and what is wrong with them."""
    try:
        found = np.unique(np.asarray(given, np.float64))
    except (TypeError, ValueError):
        found = np.array([])
    if found.size == 0 or not ((found > 0) & (found < 1)).all():
        return found, (Problem("watch.quantiles", {"value": str(given)}, field="quantiles"),)
    return found, ()


def _rows_known(given: object, calendar: Calendar) -> int | None:
    """How many periods were known; None where it lies outside the table."""
    if given is None:
        return calendar.rows
    when = None if given is pd.NaT else given
    if isinstance(given, str):
        found = read_period(given)
        when = int(given) if found is None and given.strip().isdigit() else found and found[0]
    if isinstance(when, np.datetime64):
        when = when.astype("datetime64[D]").item()
    if isinstance(when, datetime):
        when = when.date()
    times: Ints | Any = calendar.times()
    if isinstance(when, date) and calendar.first is not None:
        # A day of the last period lies inside the table; the period after it does not.
        end = ahead(calendar, calendar.rows, 1)[0].astype("datetime64[D]").item()
        if not calendar.first <= when < end:
            return None
        return int((times <= np.datetime64(when, "ns")).sum())
    if isinstance(when, int) and calendar.first is None and not isinstance(when, bool):
        rows = when - calendar.number + 1
        return rows if 1 <= rows <= calendar.rows else None
    return None
