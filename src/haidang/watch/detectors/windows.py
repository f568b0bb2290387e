"""Rows that several methods look at: those of the baseline, and the newest ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from haidang.base.problem import Problem
from haidang.watch.calendar import Calendar, Ints
from haidang.watch.method import Floats, Param, Task
from haidang.watch.special import jit

PARAMS: Final = ("years_back", "half_window", "current_year")


def params(years_back: int, half_window: int, *, current_year: bool) -> tuple[Param, ...]:
    """What can be set, with a method's own defaults."""
    return (
        Param("years_back", years_back, "b", low=0, high=100),
        Param("half_window", half_window, "w", low=0, high=10_000),
        Param("current_year", current_year, "actY"),
    )


def rule(given: Mapping[str, Any], _: Calendar) -> tuple[Problem, ...]:
    """There must be a baseline: past years, or the periods just before."""
    if given["years_back"] == 0 and not (given["current_year"] and given["half_window"] > 0):
        return (Problem("watch.param_no_baseline", field="years_back"),)
    return ()


def rows(task: Task, given: Mapping[str, Any]) -> Ints:
    """``(at, baseline)`` rows of time, negative where a row lies before the table."""
    half, years = int(given["half_window"]), int(given["years_back"])
    before = np.arange(-half, 0) if given["current_year"] else np.arange(0)
    around = np.arange(-half, half + 1)
    found = np.empty((len(task.at), len(before) + years * len(around)), np.int64)
    for j, t in enumerate(task.at):
        past = task.calendar.reference(int(t), years)[:-1]
        found[j] = np.concatenate([t + before, (past[:, None] + around).ravel()])
    return found


@jit
def enough_cases(y: Floats, t: int, span: int, least: int) -> bool:
    """Whether the last rows hold cases enough; what was not reported may have held them.

    Args:
        y: ``(time,)`` counts, NaN where nothing was reported.
        t: The newest row.
        span: So many rows, ``t`` included.
        least: Cases that are enough.
    """
    recent = 0.0
    for i in range(max(0, t - span + 1), t + 1):
        if math.isnan(y[i]):
            return True
        recent += y[i]
    return recent >= least
