"""Forecasts as forecast hubs exchange them: the hubverse table, in and out, validated.

One row a quantile: ``reference_date, target, horizon, target_end_date, location, output_type,
output_type_id, value``. Dates are the last days of periods. The reference date is the end of the
first period that is forecast, whose horizon is 0 (``first_horizon``).

``forecast`` calls a forecast by the first day of the newest period that was known, and the first
period ahead 1. `to_hub` and `from_hub` turn one into the other, exactly: what of a hub's counting
cannot be read off a forecast stands in its ``attrs`` (``hub_first_horizon``, ``hub_reference``,
``hub_ends``, ``hub_target``), from where `to_hub` takes it again.
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
from haidang.watch.method import Reason

COLUMNS: Final = (
    "reference_date", "target", "horizon", "target_end_date", "location", "output_type",
    "output_type_id", "value",
)  # fmt: skip
DIMS: Final = ("place", "time", "horizon", "quantile")
_NAMED: Final = 20


def to_hub(
    found: xr.Dataset,
    target: str | None = None,
    *,
    first_horizon: int | None = None,
    ends: bool | None = None,
) -> pd.DataFrame:
    """A forecast as a hubverse table.

    Args:
        found: As ``forecast`` or `from_hub` gives it, or one model of a backtest's ``forecasts``;
            of dated rows.
        target: What is forecast, as the hub calls it, such as ``wk inc flu hosp``; None is what
            `from_hub` read, else ``inc case``.
        first_horizon: What the hub calls the first period that is forecast; None is what
            `from_hub` read, else 0.
        ends: Whether the dates of the table are already the last days of periods; None is what
            `from_hub` was told, else no.

    Returns:
        The columns `COLUMNS`; places without a forecast have no rows.

    Raises:
        BadData: The rows are only numbered; ``found`` is no forecast, or one of several models.
    """
    given: object = found
    if not isinstance(given, xr.Dataset) or "forecast" not in given:
        raise BadData(Problem("watch.hub_no_forecast", {"kind": type(given).__name__}))
    if set(found["forecast"].dims) != set(DIMS):
        said = {"dims": ", ".join(map(str, found["forecast"].dims)), "known": ", ".join(DIMS)}
        raise BadData(Problem("watch.hub_dims", said, field="forecast"))
    if found["time"].dtype.kind != "M":
        raise BadData(Problem("watch.hub_dates", field="start"))
    told = found.attrs
    first = int(first_horizon if first_horizon is not None else told.get("hub_first_horizon", 0))
    at_end = bool(told.get("hub_ends", False) if ends is None else ends)
    name = str(told.get("hub_target", "inc case") if target is None else target)
    period = str(told.get("period", "week"))
    newest = found["time"].to_numpy()
    ahead = found["horizon"].to_numpy().astype(np.int64)
    # A reference date that is not the end of the first period ahead was read from a table.
    shift = 0 if first_horizon is not None else int(told.get("hub_reference", 0))
    reference = _last(_later(newest, 1 + shift, period, at_end), period, at_end)
    end = _last(_later(newest[:, None], ahead, period, at_end), period, at_end)
    values = found["forecast"].transpose(*DIMS).to_numpy()
    place, time, step, level = np.nonzero(np.isfinite(values))
    table = pd.DataFrame(
        {
            "reference_date": np.datetime_as_string(reference)[time],
            "target": name,
            "horizon": ahead[step] - 1 + first,
            "target_end_date": np.datetime_as_string(end)[time, step],
            "location": found["place"].to_numpy()[place],
            "output_type": "quantile",
            "output_type_id": found["quantile"].to_numpy()[level],
            "value": values[place, time, step, level],
        }
    )
    return table[list(COLUMNS)]


def _later(when: NDArray[Any], periods: NDArray[Any] | int, period: str, ends: bool) -> Any:
    """Days so many periods later; of months the first or, with ``ends``, the last ones."""
    days = when.astype("datetime64[D]")
    if period != "month":
        return days + np.asarray(periods) * np.timedelta64(7 if period == "week" else 1, "D")
    months = days.astype("datetime64[M]") + np.asarray(periods)
    if ends:
        return (months + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    return months.astype("datetime64[D]")


def _last(days: NDArray[Any], period: str, ends: bool) -> NDArray[Any]:
    """From the first days of periods to their last, which with ``ends`` they are."""
    if ends:
        return days
    return np.asarray(_later(days, 1, period, ends=False) - np.timedelta64(1, "D"))


def _first(days: NDArray[Any], period: str, ends: bool) -> NDArray[Any]:
    """The inverse of `_last`."""
    if ends:
        return days
    return np.asarray(_later(days + np.timedelta64(1, "D"), -1, period, ends=False))


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
    if not isinstance(table, pd.DataFrame):
        return (Problem("watch.hub_no_table", {"kind": type(table).__name__}, file),)
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
    apart = _apart(days, horizon, period)
    usual = apart[0] if len(apart) and apart[0] in (0.0, -1.0) else 0.0
    return np.asarray(apart != usual)


def _apart(
    days: dict[str, NDArray[np.datetime64]], horizon: NDArray[np.float64], period: str
) -> NDArray[np.float64]:
    """Periods from the reference date to the target's end, less the horizon."""
    if period == "month":
        months = [days[c].astype("datetime64[M]") for c in ("target_end_date", "reference_date")]
        return np.asarray((months[0] - months[1]).astype(np.float64) - horizon)
    gone = (days["target_end_date"] - days["reference_date"]).astype(np.float64)
    return np.asarray(gone / (7 if period == "week" else 1) - horizon)


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
    table: pd.DataFrame,
    *,
    file: str = "",
    period: str = "week",
    horizons: Sequence[int] = (),
    first_horizon: int | None = None,
    ends: bool = False,
    places: Sequence[str] | None = None,
    target: str | None = None,
) -> xr.Dataset:
    """A hubverse table of one target as a forecast, labelled as ``forecast`` labels its own.

    Args:
        table: As read from a file, locations as text; only its quantiles are taken.
        file: Its name, for problems.
        period: Length of one horizon.
        horizons: Only these, as the hub counts; all if none are named.
        first_horizon: What the hub calls the first period after the newest known one; None: that
            which ends on the reference date.
        ends: Whether the table of counts that this stands beside names periods by their last days.
        places: Those that there should be, in this order; None are those of the table, as they
            come.
        target: Only the rows of this one are looked at; None: there is one only.

    Returns:
        Over ``(place, time, horizon, quantile)``: ``forecast``, NaN where the table has no row.
        ``time`` is the first day of the newest period known, ``target`` over ``(time, horizon)``
        that of the period that is forecast (their last days with ``ends``), the first period ahead
        is horizon 1. ``reason`` over ``(place, time)`` is ``missing`` where there is no row.

    Raises:
        BadData: As `problems` finds, or there are several targets, or none of that name, or no
            row is left.
    """
    if target is not None and "target" in table:
        there = table["target"].astype(str)
        if target not in set(there):
            named = {"value": target, "known": ", ".join(sorted(set(there)))}
            raise BadData(Problem("watch.hub_no_target", named, file, None, "target"))
        table = table[there == target]
    if wrong := problems(table, file, period):
        raise BadData(*wrong)
    rows = table[table["output_type"].astype(str) == "quantile"]
    rows = rows[rows["horizon"].astype(int).isin(list(horizons))] if horizons else rows
    targets = sorted(set(rows["target"].astype(str)))
    if len(targets) != 1:
        said = {"n": len(targets), "names": ", ".join(targets)}
        raise BadData(Problem("watch.hub_targets", said, file, None, "target"))
    days = {c: _days(rows[c]) for c in ("reference_date", "target_end_date")}
    counted = rows["horizon"].to_numpy(np.float64).astype(np.int64)
    apart = int(_apart(days, counted.astype(np.float64), period)[0])
    first = -apart if first_horizon is None else first_horizon
    starts = _first(days["target_end_date"], period, ends)
    place, names = pd.factorize(rows["location"].astype(str))
    time, times = pd.factorize(_later(starts, first - 1 - counted, period, ends), sort=True)
    step, steps = pd.factorize(counted - first + 1, sort=True)
    level, known = pd.factorize(_levels(rows["output_type_id"]), sort=True)
    shape = (len(names), len(times), len(steps))
    values = np.full((*shape, len(known)), np.nan)
    values[place, time, step, level] = rows["value"].to_numpy(np.float64)
    newest = np.asarray(times).astype("datetime64[D]")
    target = _later(newest[:, None], np.asarray(steps), period, ends).astype("datetime64[ns]")
    found = xr.Dataset(
        {"forecast": (DIMS, values)},
        coords={
            "place": np.array(names, dtype=object), "time": newest.astype("datetime64[ns]"),
            "horizon": np.asarray(steps), "quantile": np.asarray(known, np.float64),
            "target": (("time", "horizon"), target),
        },
        attrs={
            "period": period, "hub_target": targets[0], "hub_first_horizon": first,
            "hub_reference": -(first + apart), "hub_ends": ends,
        },
    )  # fmt: skip
    if places is not None:
        found = found.reindex(place=np.array([str(p) for p in places], dtype=object))
    silent = ~found["forecast"].notnull().any(("horizon", "quantile")).to_numpy()
    reason = np.where(silent, Reason.MISSING.name.lower(), "").astype(object)
    return found.assign(reason=(("place", "time"), reason))


def _levels(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Quantile levels; what a file made of 0.1 on its way is 0.1."""
    given = pd.to_numeric(column).to_numpy(np.float64)
    near = np.round(given, 6)
    return np.where(np.abs(given - near) < 1e-9, near, given)  # noqa: PLR2004 - noise of a float
