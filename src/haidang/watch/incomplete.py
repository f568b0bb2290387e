"""The newest periods judged by how many there will be, not by the part that has been reported.

A nowcast in place of a table of counts goes through any detector:

* Periods that are complete are judged as they are.
* A period of which less than a limit is usually known by now is judged on the median of its
  nowcast, and so it stands in the baseline of later ones: an outbreak that is still being filled
  up raises.
* It is quiet only if the upper end of its nowcast would not raise either. Else nothing can be
  said yet: ``no_data`` for the reason ``incomplete``, which holds a warning and lowers none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import xarray as xr

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.watch.calendar import Ints, Step
from haidang.watch.method import NO_DATA, Floats, Found, Param, Reason

COLUMNS: Final = ("nowcast", "nowcast_lower", "nowcast_upper", "completeness")
"""What an answer holds beside, ``(place, time)``."""
NEEDED: Final = ("value", "median", "lower", "upper", "completeness", "reason")
LIMIT: Final = 0.95
"""Of which more is usually known a period is as good as complete."""
_LIMIT: Final = Param("completeness", LIMIT, "", low=0.0, high=1.0, open_low=True)


@dataclass(frozen=True)
class Late:
    """A nowcast on the grid of a detector; arrays are ``(place, time)``.

    Attributes:
        places: In the order of the arrays.
        value: What is known.
        judged: What is judged: the median where the period is incomplete, else what is known.
        lower: Lower end of the interval.
        upper: Upper end, infinite where nothing is expected of an incomplete period.
        completeness: Share usually known.
        open_: 1 where the period is judged by its nowcast.
        table: ``judged`` as a table of counts.
        period: Length of a period.
        problems: Of the reports.
    """

    places: tuple[str, ...]
    value: Floats
    judged: Floats
    lower: Floats
    upper: Floats
    completeness: Floats
    open_: Floats
    table: xr.DataArray
    period: Step | None
    problems: tuple[Problem, ...]

    def of(self, places: tuple[str, ...]) -> Late:
        """The same for other places; of one that is not there nothing is known."""
        at = {name: i for i, name in enumerate(self.places)}
        row = np.array([at.get(p, -1) for p in places], np.int64)
        there = (row >= 0)[:, None]
        cut: dict[str, Any] = {n: np.where(there, getattr(self, n)[row], np.nan) for n in _ARRAYS}
        return replace(self, places=places, **cut)


_ARRAYS: Final = ("value", "judged", "lower", "upper", "completeness", "open_")


def take(data: xr.Dataset, limit: float) -> Late:
    """The counts to judge, and what is needed to judge how sure that is.

    Args:
        data: From `haidang.watch.nowcast.nowcast`.
        limit: A period is incomplete if its share usually known is below this, or as far above 1.

    Raises:
        BadData: The dataset is no nowcast; ``limit`` is not in (0, 1].
    """
    if missing := [n for n in NEEDED if n not in data or data[n].dims != ("place", "time")]:
        said = {"missing": ", ".join(missing)}
        raise BadData(Problem("watch.not_a_nowcast", said, field="data"))
    if (wrong := _LIMIT.problem(limit)) is not None:
        raise BadData(wrong)
    value, median, lower, upper, share = (
        data[n].to_numpy().astype(np.float64) for n in NEEDED[:-1]
    )
    unknown = data["reason"].to_numpy() == Reason.HISTORY.name.lower()
    open_ = ~np.isnan(value) & (unknown | (np.abs(1 - share) > 1 - limit))
    told = open_ & np.isfinite(median)
    judged = np.where(told, median, value)
    return Late(
        tuple(str(p) for p in data["place"].to_numpy()), value, judged, lower,
        np.where(open_ & ~told, np.inf, upper), share, open_.astype(np.float64),
        xr.DataArray(judged, dims=("place", "time"), coords=data["value"].coords),
        data.attrs.get("period"), tuple(data.attrs.get("problems", ())),
    )  # fmt: skip


def settle(late: Late, found: Found, at: Ints, judge: Callable[[Floats, Ints], Found]) -> Found:
    """Take back every quiet that the upper end of a nowcast would not have had.

    Args:
        late: The nowcast, with the places of ``found``.
        found: What the detector found of ``late.judged``.
        at: The periods that were judged.
        judge: The same detector, from counts and periods.

    Returns:
        What was found, with `Reason.INCOMPLETE` where nothing can be said yet, and `COLUMNS`.
    """
    reason = found.reason.copy()
    open_ = late.open_ == 1
    for j in np.flatnonzero(open_[:, at].any(axis=0)):
        t = int(at[j])
        here = open_[:, t] & ~found.alarm[:, j] & ~np.isin(reason[:, j], NO_DATA)
        if not here.any():
            continue
        counts = late.judged.copy()
        # One period at a time: a full baseline of upper ends would hide what it is to show.
        counts[here, t] = np.where(np.isinf(late.upper[here, t]), _MANY, late.upper[here, t])
        above = judge(counts, at[: j + 1]).alarm[:, -1]
        reason[here & above, j] = int(Reason.INCOMPLETE)
    columns = (late.judged, late.lower, late.upper, late.completeness)
    more = {
        name: np.where(np.isinf(values[:, at]), np.nan, values[:, at])
        for name, values in zip(COLUMNS, columns, strict=True)
    }
    return replace(found, reason=reason, extra={**found.extra, **more})


_MANY: Final = 1e9
"""In place of a count of which only a lower end is known."""
