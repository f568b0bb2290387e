"""What a forecaster is, what it is given, and how one is run over thousands of series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numba import get_num_threads
from scipy.stats import nbinom

from haidang.base.problem import Problem
from haidang.watch.calendar import Calendar, Ints
from haidang.watch.method import Codes, Floats, Param, Reason

HUB_QUANTILES: Final = (
    0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5,
    0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99,
)  # fmt: skip
"""The 23 quantiles that forecast hubs ask for."""

MOST_STALE: Final = 8
"""A series whose newest so many periods or more are missing is not forecast."""

_AT_ONCE: Final = 512
"""So many places go to a thread at once."""


@dataclass(frozen=True, slots=True)
class ForecastTask:
    """What a kernel is given: everything that was known at one time, and what is asked.

    Attributes:
        counts: ``(place, time)``, NaN where nothing was reported; the last column is the newest
            period that was known.
        calendar: What the columns are; exactly as many rows.
        horizon: Periods ahead: 1 is the one after the last column.
        quantiles: Levels, rising, inside (0, 1).
        covariates: What else was measured, by name, ``(place, time)`` as ``counts``.
        known: Counts as they stood when the table had so many periods, for tables that are
            revised; None where revisions are not known, then today's table is cut.
        made: Forecasts that were already made of the same vintages, by name, settings and number
            of periods: saves time, changes no answer.
    """

    counts: Floats
    calendar: Calendar
    horizon: int
    quantiles: Floats
    covariates: Mapping[str, Floats] = field(default_factory=dict)
    known: Callable[[int], Floats] | None = None
    made: MutableMapping[tuple[object, ...], Fan] = field(default_factory=dict)

    def before(self, rows: int) -> ForecastTask:
        """The same task as it stood when only the first ``rows`` periods were known."""
        then = self.counts[:, :rows] if self.known is None else self.known(rows)
        return replace(
            self,
            counts=np.ascontiguousarray(then),
            calendar=replace(self.calendar, rows=rows),
            covariates={n: c[:, :rows] for n, c in self.covariates.items()},
        )

    def of(self, places: Ints, stale: int = 0) -> ForecastTask:
        """Only some places, without the last ``stale`` periods and as far ahead as before.

        What is known of revisions and of earlier forecasts is of all places, so it is left out.
        """
        rows = self.calendar.rows - stale
        return ForecastTask(
            np.ascontiguousarray(self.counts[places, :rows]),
            replace(self.calendar, rows=rows),
            self.horizon + stale,
            self.quantiles,
            {n: np.ascontiguousarray(c[places, :rows]) for n, c in self.covariates.items()},
        )


@dataclass(frozen=True, slots=True)
class Fan:
    """What a kernel gives back.

    Attributes:
        values: ``(place, horizon, quantile)`` in the unit of the counts, NaN where there is none.
        reason: ``(place,)``, a `Reason`.
    """

    values: Floats
    reason: Codes


Kernel = Callable[[ForecastTask, Mapping[str, Any]], Fan | Floats]


@dataclass(frozen=True, slots=True)
class Forecaster:
    """One way to say what comes next.

    Attributes:
        name: As a user writes it.
        kernel: From a task and all parameters to quantiles ``(place, horizon, quantile)``, alone
            or with reasons. It need not sort or clip them. Unless it is ``pooled``, series that are
            too short, all zero or stale never reach it, and the last column is reported.
        params: What can be set.
        source: The paper.
        verified: True only where the tests hold values of the paper or of a reference program.
        needs: Fewest reported periods, by the parameters and the calendar.
        pooled: Whether places are judged together: it then gets all of them at once, whatever is
            missing, and what is known of revisions; what it says of a series that is too short,
            all zero or stale is not used.
        whole: Whether it takes only whole numbers; else any number from 0 on.
        rounded: Whether quantiles of a table of whole numbers are whole. They are then those of a
            count: where none is most likely, a lower quantile of 0.02 would leave 0 outside.
        covariates: Whether it looks at what else was measured.
        rule: Checks parameters against one another and the calendar; gives problems.
    """

    name: str
    kernel: Kernel
    params: tuple[Param, ...]
    source: str
    verified: bool
    needs: Callable[[Mapping[str, Any], Calendar], int] = lambda *_: 4
    pooled: bool = False
    whole: bool = False
    rounded: bool = True
    covariates: bool = False
    rule: Callable[[Mapping[str, Any], Calendar], tuple[Problem, ...]] = lambda *_: ()

    def settle(
        self, given: Mapping[str, object], calendar: Calendar
    ) -> tuple[dict[str, Any], tuple[Problem, ...]]:
        """All parameters with their values, and what is wrong with those that were given."""
        known = {p.name: p for p in self.params}
        problems = [
            Problem("watch.param_unknown", {"method": self.name, "known": ", ".join(known)},
                    field=n)
            for n in given if n not in known
        ]  # fmt: skip
        chosen = {p.name: given.get(p.name, p.default) for p in self.params}
        problems += [w for n, v in chosen.items() if (w := known[n].problem(v)) is not None]
        if not problems:
            problems += self.rule(chosen, calendar)
        return chosen, tuple(problems)

    def defaults(self) -> dict[str, Any]:
        """Every parameter at its default."""
        return {p.name: p.default for p in self.params}


def apply(
    forecaster: Forecaster,
    task: ForecastTask,
    params: Mapping[str, Any],
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Fan:
    """Run a forecaster over all places of a task.

    Args:
        forecaster: Which.
        task: What was known.
        params: All its parameters.
        progress: Told (places done, places).

    Returns:
        Quantiles that rise and are at least 0; a place without has one of the reasons `NO_DATA`:
        ``missing`` (nothing reported, or not the newest `MOST_STALE` periods), ``history`` (too
        few reported), ``no_fit``. ``all_zero``: not one case was ever reported, the quantiles are
        those of the rate which so many empty periods still allow.
    """
    n = len(task.counts)
    values = np.full((n, task.horizon, len(task.quantiles)), np.nan)
    stale, reason = _readiness(forecaster, task, params)
    zero = reason == Reason.ALL_ZERO
    values[zero] = _of_nothing(task, zero)
    parts = _parts(forecaster, task, stale, np.flatnonzero(reason == Reason.NONE))
    done = n - sum(len(rows) for rows, _ in parts)
    progress(done, n)

    def run(part: tuple[Ints, int]) -> tuple[Ints, Fan]:
        rows, late = part
        if forecaster.pooled:
            fan = _fan(forecaster.kernel(task, params))
            return rows, Fan(fan.values[rows], fan.reason[rows])
        fan = _fan(forecaster.kernel(task.of(rows, late), params))
        return rows, Fan(fan.values[:, late:], fan.reason)

    for rows, fan in _share(run, parts):
        values[rows], reason[rows] = fan.values, fan.reason
        done += len(rows)
        progress(done, n)
    values = np.sort(np.maximum(values, 0.0), axis=-1)
    if forecaster.rounded and only_whole(task.counts):
        values = np.rint(values)
    unfit = (reason == Reason.NONE) & ~np.isfinite(values).all(axis=(1, 2))
    reason[unfit] = Reason.NO_FIT
    values[np.isin(reason, (Reason.NO_FIT, Reason.HISTORY, Reason.MISSING))] = np.nan
    return Fan(values, reason)


def only_whole(counts: Floats) -> bool:
    """Whether every reported number is a whole one."""
    with np.errstate(invalid="ignore"):
        return bool(((counts == np.floor(counts)) | np.isnan(counts)).all())


def _readiness(
    forecaster: Forecaster, task: ForecastTask, params: Mapping[str, Any]
) -> tuple[Ints, Codes]:
    """How many of the newest periods are missing, and why a place is not forecast."""
    told = ~np.isnan(task.counts)
    stale = np.argmax(told[:, ::-1], axis=1)
    reason = np.zeros(len(told), np.int8)
    reason[told.sum(axis=1) < forecaster.needs(params, task.calendar)] = Reason.HISTORY
    nothing = ~(np.nan_to_num(task.counts) > 0).any(axis=1)
    reason[nothing & (reason == Reason.NONE)] = Reason.ALL_ZERO
    reason[~told.any(axis=1) | (stale >= MOST_STALE)] = Reason.MISSING
    return stale, reason


def _of_nothing(task: ForecastTask, zero: np.ndarray[Any, np.dtype[np.bool_]]) -> Floats:
    """Quantiles of a Poisson count whose rate was never seen above zero.

    With the prior of Jeffreys, n empty periods leave the rate Gamma(1/2, n): the next count is
    negative binomial with size 1/2 and probability n / (n + 1).
    """
    told = (~np.isnan(task.counts[zero])).sum(axis=1)
    found = nbinom.ppf(task.quantiles[None, :], 0.5, (told / (told + 1.0))[:, None])
    return np.repeat(found[:, None, :], task.horizon, axis=1)


def _parts(
    forecaster: Forecaster, task: ForecastTask, stale: Ints, rows: Ints
) -> list[tuple[Ints, int]]:
    if forecaster.pooled:
        return [(rows, 0)] if len(rows) else []
    found = []
    for late in np.unique(stale[rows]):
        these = rows[stale[rows] == late]
        found += [(these[i : i + _AT_ONCE], int(late)) for i in range(0, len(these), _AT_ONCE)]
    return found


def _fan(found: Fan | Floats) -> Fan:
    return found if isinstance(found, Fan) else Fan(found, np.zeros(len(found), np.int8))


def _share(
    run: Callable[[tuple[Ints, int]], tuple[Ints, Fan]], parts: Sequence[tuple[Ints, int]]
) -> Sequence[tuple[Ints, Fan]] | Any:
    if len(parts) < 2 or get_num_threads() < 2:  # noqa: PLR2004 - nothing to share out
        return map(run, parts)
    with ThreadPoolExecutor(get_num_threads()) as pool:
        return list(pool.map(run, parts))
