"""Where a control chart begins, which all charts share.

A chart adds up from its first period on, so it must begin somewhere, and what is usual is taken
from everything before. ``baseline`` says so: so many rows of the table come before the chart. If
it is left out, the chart begins with the first period that is asked for, or, where all are asked
for, after two years.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haidang.watch.method import Param, Task

BASELINE: Final = Param("baseline", None, "range", low=1, high=1_000_000, optional=True)


def begin(task: Task, params: Mapping[str, Any]) -> int:
    """First row of the chart."""
    asked = params["baseline"]
    if asked is not None:
        return int(asked)
    first = int(task.at[0]) if len(task.at) else 0
    return first if first > 0 else 2 * task.calendar.per_year
