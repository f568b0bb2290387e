"""Endemic channels: what the same period of the last years held, and how much is beyond it.

* `CHANNEL`: mean + ``sd`` standard deviations of the same periods of the last years, years with
  an epidemic left out by name. With the standard deviation of a sample (n − 1).
* `PERCENTILE`: a percentile of these periods. Bortman (1999), "Elaboración de corredores o canales
  endémicos mediante planillas de cálculo", Rev. Panam. Salud Publica 5, 1-8, uses quartiles. One
  past epidemic moves it little, so none need be named.

Neither says how likely a count above the bound is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haidang.base.problem import Problem
from haidang.watch.calendar import Calendar, Ints
from haidang.watch.method import Codes, Floats, Found, Method, Param, Reason, Task, empty
from haidang.watch.special import jit

_MISSING: Final = int(Reason.MISSING)
_HISTORY: Final = int(Reason.HISTORY)
_NO_SPREAD: Final = int(Reason.NO_SPREAD)
_LEAST: Final = 2
"""Of one count there is no spread."""
_OUTSIDE: Final = -1


@jit
def _quantile(values: Floats, share: float) -> float:
    """By linear interpolation between the ordered values."""
    at = (len(values) - 1) * share
    low = math.floor(at)
    high = min(low + 1, len(values) - 1)
    return float(values[low] + (at - low) * (values[high] - values[low]))


@jit
def _places(
    counts: Floats, at: Ints, rows: Ints, asked: Ints, sd: float, share: float,
    expected: Floats, upper: Floats, score: Floats, alarm: NDArray[np.bool_], reason: Codes,
) -> None:  # fmt: skip
    """``sd`` is NaN for percentiles."""
    room = np.empty(rows.shape[1])
    for i in range(len(counts)):
        for j in range(len(at)):
            y = counts[i, at[j]]
            if math.isnan(y):
                reason[i, j] = _MISSING
                continue
            n = 0
            for row in rows[j]:
                if row >= 0 and not math.isnan(counts[i, row]):
                    room[n] = counts[i, row]
                    n += 1
            if n < _LEAST or 2 * n < asked[j]:
                reason[i, j] = _HISTORY
                continue
            values = np.sort(room[:n])
            if values[0] == values[-1]:
                reason[i, j] = _NO_SPREAD
            if math.isnan(sd):
                expected[i, j] = _quantile(values, 0.5)
                bound = _quantile(values, share)
            else:
                mean = np.sum(values) / n
                expected[i, j] = mean
                bound = mean + sd * math.sqrt(np.sum((values - mean) ** 2) / (n - 1))
            mean = expected[i, j]
            upper[i, j] = bound
            score[i, j] = (y - mean) / (bound - mean) if bound > mean else 1.0 + (y - bound)
            alarm[i, j] = y > bound


def _rows(task: Task, params: Mapping[str, Any]) -> tuple[Ints, Ints]:
    """``(at, baseline)`` rows, -1 where one is left out; and how many of each were asked for."""
    half, years = int(params["half_window"]), int(params["years_back"])
    around = np.arange(-half, half + 1)
    skip = np.array(params.get("epidemic_years", ()), np.int64)
    times = None
    if len(skip):
        times = task.calendar.times().astype("datetime64[Y]").astype(np.int64) + 1970
    found = np.full((len(task.at), years * len(around)), _OUTSIDE, np.int64)
    asked = np.zeros(len(task.at), np.int64)
    for j, t in enumerate(task.at):
        past = task.calendar.reference(int(t), years)[:-1]
        rows = (past[:, None] + around).ravel()
        if times is not None:
            of = times[np.clip(rows, 0, None)]
            rows = rows[(rows < 0) | ~np.isin(of, skip)]
        asked[j] = len(rows)
        found[j, : len(rows)] = np.maximum(rows, _OUTSIDE)
    return found, asked


def endemic(task: Task, params: Mapping[str, Any], *, percentile: bool) -> Found:
    """Judge every place."""
    found = empty(task)
    rows, asked = _rows(task, params)
    sd = math.nan if percentile else float(params["sd"])
    share = float(params["percentile"]) if percentile else math.nan
    _places(
        task.counts, task.at, rows, asked, sd, share, found.expected, found.upper, found.score,
        found.alarm, found.reason,
    )  # fmt: skip
    return found


def _rule(params: Mapping[str, Any], calendar: Calendar) -> tuple[Problem, ...]:
    if params["epidemic_years"] and calendar.first is None:
        return (Problem("watch.no_dates", field="epidemic_years"),)
    return ()


CHANNEL: Final = Method(
    "endemic_channel", partial(endemic, percentile=False),
    (
        Param("years_back", 5, "", low=2, high=100),
        Param("half_window", 0, "", low=0, high=25),
        Param("sd", 2.0, "", low=0.0, open_low=True),
        Param("epidemic_years", (), ""),
    ),
    "Mean and standard deviations of the same period of past years", verified=False,
    counts=False, rule=_rule,
)  # fmt: skip
PERCENTILE: Final = Method(
    "endemic_percentile", partial(endemic, percentile=True),
    (
        Param("years_back", 5, "", low=2, high=100),
        Param("half_window", 1, "", low=0, high=25),
        Param("percentile", 0.75, "", low=0.5, high=1.0, open_low=True),
    ),
    "Bortman 1999, Rev. Panam. Salud Publica 5, 1", verified=False, counts=False,
)  # fmt: skip
