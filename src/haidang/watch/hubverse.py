"""Forecasts as forecast hubs exchange them: the hubverse table, in and out, validated.

One row a quantile: ``reference_date, target, horizon, target_end_date, location, output_type,
output_type_id, value``. Dates are the last days of periods. The reference date is the end of the
first period that is forecast, whose horizon is 0 (``first_horizon``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.watch.calendar import STEPS

COLUMNS: Final = (
    "reference_date", "target", "horizon", "target_end_date", "location", "output_type",
    "output_type_id", "value",
)  # fmt: skip
_NAMED: Final = 20


def to_hub(
    found: xr.Dataset, target: str, *, first_horizon: int = 0, ends: bool = False
) -> pd.DataFrame:
    """A forecast as a hubverse table.

    Args:
        found: As ``forecast`` gives it; of dated rows.
        target: What is forecast, as the hub calls it, such as ``wk inc flu hosp``.
        first_horizon: What the hub calls the first period that is forecast.
        ends: Whether the dates of the table are already the last days of periods.

    Returns:
        The columns `COLUMNS`; places without a forecast have no rows.

    Raises:
        BadData: The rows are only numbered.
    """
    if found["target"].dtype.kind != "M":
        raise BadData(Problem("watch.hub_dates", field="start"))
    end = found["target"].to_numpy()
    if not ends:
        end = _last_days(end, str(found.attrs["period"]))
    values = found["forecast"].transpose("place", "time", "horizon", "quantile").to_numpy()
    place, time, step, level = np.nonzero(np.isfinite(values))
    days = np.datetime_as_string(end.astype("datetime64[D]"))
    table = pd.DataFrame(
        {
            "reference_date": days[time, 0],
            "target": target,
            "horizon": step + first_horizon,
            "target_end_date": days[time, step],
            "location": found["place"].to_numpy()[place],
            "output_type": "quantile",
            "output_type_id": found["quantile"].to_numpy()[level],
            "value": values[place, time, step, level],
        }
    )
    return table[list(COLUMNS)]


def _last_days(first: NDArray[np.datetime64], period: str) -> NDArray[Any]:
    """From the first days of periods to their last."""
    if period == "month":
        after = first.astype("datetime64[M]") + 1
        return after.astype("datetime64[D]") - np.timedelta64(1, "D")
    days = 6 if period == "week" else 0
    return first.astype("datetime64[D]") + np.timedelta64(days, "D")


def problems(table: pd.DataFrame, file: str = "", period: str = "week") -> tuple[Problem, ...]:
    """What of a hubverse table breaks the rules; nothing if it is sound.

    Looked at are the rows of output type ``quantile``: every column is there; dates are days and
    the target's end fits the reference date and the horizon; levels are numbers inside (0, 1);
    values are numbers from 0 on; no row stands twice; quantiles do not cross.

    Args:
        table: As read from a file.
        file: Its name.
        period: ``day``, ``week`` or ``month``, the length of one horizon.
    """
    missing = [c for c in COLUMNS if c not in table.columns]
    if missing:
        return (Problem("watch.hub_columns", {"missing": ", ".join(missing)}, file),)
    if period not in STEPS:
        said = {"value": period, "known": ", ".join(STEPS)}
        return (Problem("watch.param_choice", said, file, None, "period"),)
    rows = table[table["output_type"].astype(str) == "quantile"]
    days = {c: _days(rows[c]) for c in ("reference_date", "target_end_date")}
    level = pd.to_numeric(rows["output_type_id"], errors="coerce").to_numpy(np.float64)
    value = pd.to_numeric(rows["value"], errors="coerce").to_numpy(np.float64)
    horizon = pd.to_numeric(rows["horizon"], errors="coerce").to_numpy(np.float64)
    line = rows.index.to_numpy() + 2
    found: list[Problem] = []
    for name, column in days.items():
        _name(found, "watch.hub_day", np.isnat(column), rows[name], line, file, name)
    with np.errstate(invalid="ignore"):
        inside = (level > 0) & (level < 1)
        whole = horizon == np.floor(horizon)
        good = (value >= 0) & np.isfinite(value)
    _name(found, "watch.hub_level", ~inside, rows["output_type_id"], line, file, "output_type_id")
    _name(found, "watch.hub_value", ~good, rows["value"], line, file, "value")
    _name(found, "watch.hub_horizon", ~whole, rows["horizon"], line, file, "horizon")
    if not found:
        off = _off(days, horizon, period)
        _name(found, "watch.hub_end", off, rows["target_end_date"], line, file, "target_end_date")
        key = ["reference_date", "target", "horizon", "location"]
        clean = rows[key].assign(level=level, value=value, line=line)
        twice = clean.duplicated([*key, "level"]).to_numpy()
        _name(found, "watch.hub_twice", twice, rows["output_type_id"], line, file, "output_type_id")
        ordered = clean.sort_values([*key, "level"], kind="stable")
        falls = (ordered.groupby(key, sort=False)["value"].diff() < 0).to_numpy()
        where = ordered["line"].to_numpy()
        _name(found, "watch.hub_cross", falls, ordered["value"], where, file, "value")
    return tuple(found)


def _days(column: pd.Series[Any]) -> NDArray[np.datetime64]:
    read = pd.to_datetime(column.astype(str), format="%Y-%m-%d", errors="coerce")
    return read.to_numpy().astype("datetime64[D]")


def _off(
    days: dict[str, NDArray[np.datetime64]], horizon: NDArray[np.float64], period: str
) -> NDArray[np.bool_]:
    """Rows whose end is not as many periods after the reference date as the horizon says.

    Hubs count the reference period itself as 0 or as 1; either is right, if it is right all over.
    """
    if period == "month":
        months = [days[c].astype("datetime64[M]") for c in ("target_end_date", "reference_date")]
        apart = (months[0] - months[1]).astype(np.float64) - horizon
    else:
        gone = (days["target_end_date"] - days["reference_date"]).astype(np.float64)
        apart = gone / (7 if period == "week" else 1) - horizon
    usual = apart[0] if len(apart) and apart[0] in (0.0, -1.0) else 0.0
    return np.asarray(apart != usual)


def _name(
    found: list[Problem], code: str, bad: NDArray[np.bool_], cells: pd.Series[Any],
    line: NDArray[Any], file: str, field: str,
) -> None:  # fmt: skip
    at = np.flatnonzero(bad)
    found += [
        Problem(code, {"value": cells.iloc[i]}, file, int(line[i]), field) for i in at[:_NAMED]
    ]
    if len(at) > _NAMED:
        found.append(Problem("watch.and_more", {"n": len(at) - _NAMED}, file, None, field))


def from_hub(
    table: pd.DataFrame, *, file: str = "", period: str = "week", horizons: Sequence[int] = ()
) -> xr.Dataset:
    """A hubverse table of one target as a forecast over ``(place, time, horizon, quantile)``.

    Args:
        table: As read from a file; only its quantiles are taken.
        file: Its name, for problems.
        period: Length of one horizon.
        horizons: Only these; all if none are named.

    Returns:
        ``forecast``, NaN where the table has no row; ``time`` is the reference date, ``target``
        over ``(time, horizon)`` the end of the period, and the horizon as the hub counts it.

    Raises:
        BadData: As `problems` finds, or there are several targets, or no row is left.
    """
    if wrong := problems(table, file, period):
        raise BadData(*wrong)
    rows = table[table["output_type"].astype(str) == "quantile"]
    rows = rows[rows["horizon"].astype(int).isin(list(horizons))] if horizons else rows
    targets = sorted(set(rows["target"].astype(str)))
    if len(targets) != 1:
        said = {"n": len(targets), "names": ", ".join(targets)}
        raise BadData(Problem("watch.hub_targets", said, file, None, "target"))
    place, places = pd.factorize(rows["location"].astype(str), sort=True)
    time, times = pd.factorize(pd.to_datetime(rows["reference_date"].astype(str)), sort=True)
    step, steps = pd.factorize(rows["horizon"].astype(int), sort=True)
    levels = pd.to_numeric(rows["output_type_id"]).round(6)
    level, known = pd.factorize(levels, sort=True)
    shape = (len(places), len(times), len(steps))
    values = np.full((*shape, len(known)), np.nan)
    values[place, time, step, level] = rows["value"].to_numpy(np.float64)
    end = np.full(shape[1:], np.datetime64("NaT"), "datetime64[ns]")
    end[time, step] = pd.to_datetime(rows["target_end_date"].astype(str)).to_numpy()
    return xr.Dataset(
        {"forecast": (("place", "time", "horizon", "quantile"), values)},
        coords={
            "place": np.array(places, dtype=object), "time": np.asarray(times),
            "horizon": np.asarray(steps), "quantile": np.asarray(known, np.float64),
            "target": (("time", "horizon"), end),
        },
        attrs={"period": period, "target": targets[0]},
    )  # fmt: skip
