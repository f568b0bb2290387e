"""What forecasts would have been worth: from past origins, with what was known there and no more.

A table with a column ``as_of`` holds vintages: every origin is judged from the vintage that was
the first to have its newest period. A plain table is cut, and later revisions are in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.watch import forecast as verb
from haidang.watch import quality, table
from haidang.watch.calendar import Ints, Step, Year
from haidang.watch.forecaster import HUB_QUANTILES, Fan, ForecastTask, apply
from haidang.watch.method import Floats
from haidang.watch.quantile import between

BASELINE: Final = "random_walk_quantiles"
SCORES: Final = ("wis", "crps", "log_score", "inside_50", "inside_95")
_MOST: Final = 1_000_000
"""More origins than any table has."""
_WORST_LOG: Final = 10.0
"""Largest logarithmic score of one outcome."""
_QUARTER: Final = 0.6744897501960817
"""A standard normal lies above it one time in four."""


@dataclass(frozen=True)
class Backtest:
    """Forecasts from past origins and what they were worth.

    Attributes:
        forecasts: ``forecast`` over ``(model, place, time, horizon, quantile)``, with ``truth``
            over ``(place, time, horizon)`` and the coordinate ``target``.
        scores: One row a model, place, time and horizon with a forecast and an outcome: ``wis``,
            ``crps``, ``log_score``, ``inside_50``, ``inside_95``.
        summary: By model: the means over the cells that every model has, ``relative_wis`` to the
            baseline and ``skill``, one less it; ``cells``, how many.
        by_horizon: The same by model and horizon.
        revised: Whether vintages were used; else later revisions are in the data.
        problems: What of the table could not be used.
    """

    forecasts: xr.Dataset
    scores: pd.DataFrame
    summary: pd.DataFrame
    by_horizon: pd.DataFrame
    revised: bool
    problems: tuple[Problem, ...]


def backtest(
    data: table.Table,
    horizon: int = 4,
    models: Sequence[str] | str = ("ensemble",),
    *,
    baseline: str = BASELINE,
    origins: int | None = None,
    every: int = 1,
    quantiles: Sequence[float] = HUB_QUANTILES,
    settings: Mapping[str, Mapping[str, object]] | None = None,
    year: Year | None = None,
    period: Step | None = None,
    places: Sequence[str] | None = None,
    covariates: Mapping[str, table.Table] | None = None,
    others: Mapping[str, xr.Dataset | xr.DataArray | Floats] | None = None,
    file: str = "",
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Backtest:
    """Forecast from past origins and score.

    Args:
        data: As for ``forecast``; a long one may have the column ``as_of``, the day on which the
            row was what was known.
        horizon: Periods ahead.
        models: Names, or one name.
        baseline: What skill is measured against; is run too, or is one of ``others``.
        origins: So many of the newest origins that have an outcome; None is every origin that has
            a vintage or, without, the last quarter of the table; with labelled ``others`` those
            that all of these have.
        every: Only every so many of them.
        quantiles: As for ``forecast``; scores need pairs around one half.
        settings: Parameters by model.
        year: As for ``forecast``.
        period: As for ``forecast``.
        places: As for ``forecast``.
        covariates: As for ``forecast``; at every origin cut like the counts.
        others: Further forecasts that somebody else made, by name, to be scored on the same cells:
            as `haidang.watch.hubverse.from_hub` or ``forecast`` gives them, which are laid beside
            ours by their labels, or numbers over ``(place, origin, horizon, quantile)``.
        file: Name of the file, for problems.
        progress: Told (forecasts made, of how many).

    Raises:
        NotFound: No such model, to run or in ``settings``.
        BadData: As ``forecast``; ``origins`` or ``every`` is no whole number from 1 on; or no
            origin has an outcome; or there is no cell for which all models have a forecast; or
            quantiles are not paired; or one of ``others`` is no forecast, lacks a quantile, or has
            no place, time or horizon in common with ours.
    """
    levels, wrong = verb.levels(quantiles)
    if not wrong and not np.allclose(levels, 1 - levels[::-1]):
        wrong = (Problem("watch.quantile_pairs", {"value": str(quantiles)}, field="quantiles"),)
    wrong += verb.whole_number("horizon", horizon, 1, verb.LONGEST)
    wrong += verb.whole_number("every", every, 1, _MOST)
    wrong += () if origins is None else verb.whole_number("origins", origins, 1, _MOST)
    models = [models] if isinstance(models, str) else models
    if wrong:
        raise BadData(*wrong)
    for name in settings or {}:
        verb.find(name)
    known = _without_slips(_vintages(data, year, period, places, file), file)
    grid = known.newest
    given = dict(others or {})
    at = known.origins(origins, every, _told(given, grid) if origins is None else None)
    names = tuple(dict.fromkeys((*models, *(() if baseline in given else (baseline,)))))
    beside = {n: table.beside(t, grid, file) for n, t in (covariates or {}).items()}
    task = ForecastTask(grid.counts, grid.calendar, horizon, levels, beside, known.at)
    theirs = {n: _beside(n, f, names, grid, at, task) for n, f in given.items()}
    all_said = {**_said(names, task, at, settings or {}, progress), **theirs}
    truth = _truth(grid.counts, at, horizon)
    return _judged(all_said, truth, at, task, grid, known.revised, baseline)


@dataclass(frozen=True)
class _Vintages:
    """A table as it stood at different times, on one grid.

    Attributes:
        newest: The last one, from which outcomes are taken.
        by_rows: By how many periods it had, the first one that had so many.
    """

    newest: table.Grid
    by_rows: Mapping[int, Floats]

    @property
    def revised(self) -> bool:
        """Whether there is more than the newest."""
        return len(self.by_rows) > 0

    def at(self, rows: int) -> Floats:
        """Counts as they stood with so many periods.

        Where no vintage had exactly so many, the next later one is cut. For an origin this is
        looked up at its own number of periods, so nothing later than its own vintage is used.
        """
        later = [r for r in self.by_rows if r >= rows]
        return (self.by_rows[min(later)] if later else self.newest.counts)[:, :rows]

    def origins(self, wanted: int | None, every: int, only: Ints | None = None) -> Ints:
        """Numbers of periods known at each origin, rising; only of some, if any of these are."""
        rows = self.newest.calendar.rows
        there = sorted(r for r in self.by_rows if r < rows) if self.revised else range(2, rows)
        found = np.array(there, np.int64)
        if only is not None and np.isin(found, only).any():
            found = found[np.isin(found, only)]
        elif wanted is None and not self.revised:
            wanted = max(rows // 4, 1)
        found = found[-wanted:] if wanted else found
        found = found[::-1][::every][::-1]
        if len(found) == 0:
            raise BadData(Problem("watch.no_origin", field="origins"))
        return found


def _vintages(
    data: table.Table, year: Year | None, period: Step | None, places: Sequence[str] | None,
    file: str,
) -> _Vintages:  # fmt: skip
    """Read a table; one with ``as_of`` once for every vintage."""
    if not isinstance(data, pd.DataFrame) or "as_of" not in data.columns:
        grid = table.read(data, whole=False, step=period, year=year, places=places, file=file)
        return _Vintages(grid, {})
    stamps = pd.to_datetime(data["as_of"], errors="coerce", format="ISO8601")
    if stamps.isna().any():
        line = int(np.flatnonzero(stamps.isna())[0])
        said = {"value": data["as_of"].iloc[line]}
        raise BadData(Problem("watch.vintage_as_of", said, file, line + 2, "as_of"))
    parts = dict(iter(data.drop(columns="as_of").groupby(stamps.to_numpy(), sort=True)))
    last = max(parts)
    names = places or list(dict.fromkeys(data["place"].astype(str)))
    grid = table.read(parts[last], whole=False, step=period, year=year, places=names, file=file)
    by_rows: dict[int, Floats] = {}
    for stamp in sorted(parts):
        if stamp == last:
            break
        then = table.beside(parts[stamp], grid, file)
        told = np.flatnonzero(~np.isnan(then).all(axis=0))
        if len(told):
            by_rows.setdefault(int(told[-1]) + 1, then)
    return _Vintages(grid, by_rows)


def _without_slips(known: _Vintages, file: str) -> _Vintages:
    """What may be a slip is taken as not reported, as in ``forecast``, and is no outcome either."""
    by_rows = {
        rows: then if (odd := quality.implausible(then)) is None else np.where(odd, np.nan, then)
        for rows, then in known.by_rows.items()
    }
    grid = known.newest
    if (odd := quality.implausible(grid.counts)) is not None:
        of = (grid.places, grid.calendar.times(), file)
        slips = quality.told(grid.counts, odd, *of, code="watch.implausible_out")
        counts = np.where(odd, np.nan, grid.counts)
        grid = replace(grid, counts=counts, problems=(*grid.problems, *slips))
    return _Vintages(grid, by_rows)


def _said(
    names: Sequence[str], task: ForecastTask, at: Ints,
    settings: Mapping[str, Mapping[str, object]], progress: Callable[[int, int], None],
) -> dict[str, Floats]:  # fmt: skip
    """Every model at every origin: ``(place, origin, horizon, quantile)``."""
    chosen = {name: verb.find(name) for name in names}
    settled = {}
    for name, model in chosen.items():
        settled[name], wrong = model.settle(settings.get(name, {}), task.calendar)
        if wrong:
            raise BadData(*wrong)
    shape = (len(task.counts), len(at), task.horizon, len(task.quantiles))
    found = {name: np.full(shape, np.nan) for name in names}
    done, of = 0, len(at) * len(names)
    progress(done, of)
    for i, rows in enumerate(at):
        then = task.before(int(rows))
        for name, model in chosen.items():
            found[name][:, i] = _one(name, model, then, settled[name]).values
            done += 1
            progress(done, of)
    return found


def _beside(
    name: str, given: object, names: Sequence[str], grid: table.Grid, at: Ints, task: ForecastTask
) -> Floats:
    """Somebody else's forecast on our cells, NaN where it says nothing."""
    field = f"others[{name!r}]"
    if name in names:
        raise BadData(Problem("watch.other_name", {"value": name}, field=field))
    shape = (len(grid.places), len(at), task.horizon, len(task.quantiles))
    if isinstance(given, xr.Dataset) and "forecast" in given:
        given = given["forecast"]
    if not isinstance(given, xr.DataArray):
        return _as_numbers(given, shape, field)
    ours: dict[str, Any] = {
        "place": np.array(grid.places, dtype=object), "time": task.calendar.times()[at - 1],
        "horizon": np.arange(1, task.horizon + 1),
    }  # fmt: skip
    if set(given.dims) != {*ours, "quantile"} or not set(given.dims) <= set(given.coords):
        said = {"dims": ", ".join(map(str, given.dims)), "known": ", ".join((*ours, "quantile"))}
        raise BadData(Problem("watch.hub_dims", said, field=field))
    values = np.full(shape, np.nan)
    put: list[Ints] = []
    take: list[Ints] = []
    for dim, wanted in ours.items():
        labels = given[dim].to_numpy()
        place = {_label(v): i for i, v in enumerate(labels)}
        rows = [(i, place[v]) for i, v in enumerate(map(_label, wanted)) if v in place]
        if not rows:
            said = {"dim": dim, "theirs": _span(labels), "ours": _span(wanted)}
            raise BadData(Problem("watch.other_apart", said, field=field))
        put.append(np.array([i for i, _ in rows]))
        take.append(np.array([j for _, j in rows]))
    close = np.isclose(task.quantiles[:, None], given["quantile"].to_numpy()[None], 0, 1e-9)
    if not close.any(axis=1).all():
        lost = ", ".join(f"{q:g}" for q in task.quantiles[~close.any(axis=1)])
        raise BadData(Problem("watch.other_quantiles", {"missing": lost}, field=field))
    numbers = given.transpose(*ours, "quantile").to_numpy().astype(np.float64)
    every = np.arange(shape[3])
    values[np.ix_(*put, every)] = numbers[np.ix_(*take, close.argmax(axis=1))]
    return values


def _as_numbers(given: object, shape: tuple[int, ...], field: str) -> Floats:
    """An array without labels, which must have our shape."""
    wanted = " x ".join(map(str, shape))
    if isinstance(given, pd.DataFrame | xr.Dataset):
        said = {"kind": type(given).__name__, "shape": wanted}
        raise BadData(Problem("watch.other_kind", said, field=field))
    try:
        values = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        said = {"kind": type(given).__name__, "shape": wanted}
        raise BadData(Problem("watch.other_kind", said, field=field)) from None
    if values.shape != shape:
        said = {"kind": " x ".join(map(str, values.shape)) or "number", "shape": wanted}
        raise BadData(Problem("watch.other_kind", said, field=field))
    return values


def _told(others: Mapping[str, object], grid: table.Grid) -> Ints | None:
    """Numbers of periods known at the origins that all labelled ones of others have."""
    found: Ints | None = None
    times = [_label(t) for t in grid.calendar.times()]
    for given in others.values():
        if isinstance(given, xr.Dataset | xr.DataArray) and "time" in given.coords:
            its = set(map(_label, np.atleast_1d(given["time"].to_numpy())))
            here = np.array([i + 1 for i, t in enumerate(times) if t in its], np.int64)
            found = here if found is None else np.intersect1d(found, here)
    return found


def _label(value: Any) -> object:
    """What labels are compared by: days as days, whatever their resolution."""
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[D]").item()
    return value.item() if isinstance(value, np.generic) else value


def _span(labels: NDArray[Any]) -> str:
    """The first and the last of labels, to be read."""
    said = [str(_label(v)) for v in labels]
    return said[0] if len(said) == 1 else f"{said[0]} … {said[-1]}" if said else "–"


def _one(name: str, model: Any, task: ForecastTask, params: Mapping[str, Any]) -> Fan:
    """A forecast; one with the defaults is kept for an ensemble that asks for it later."""
    key = (name, task.calendar.rows, task.horizon)
    if params != model.defaults():
        return apply(model, task, params)
    if key not in task.made:
        task.made[key] = apply(model, task, params)
    return task.made[key]


def _truth(counts: Floats, at: Ints, horizon: int) -> Floats:
    """``(place, origin, horizon)``, NaN where there is no outcome."""
    found = np.full((len(counts), len(at), horizon), np.nan)
    for i, rows in enumerate(at):
        there = counts[:, rows : rows + horizon]
        found[:, i, : there.shape[1]] = there
    return found


def score(quantiles: Floats, levels: Floats, truth: Floats) -> dict[str, Floats]:
    """Proper scores of quantile forecasts, by the library ``scoringrules``.

    Args:
        quantiles: ``(cell, quantile)``.
        levels: Rising, in pairs around one half.
        truth: ``(cell,)``.

    Returns:
        By cell, smaller is better: ``wis``, weighted interval score (Bracher et al. 2021);
        ``crps``, quantile losses integrated over the levels, which unlike the former does not
        depend on how densely these lie; ``log_score``, of a normal on the scale of log(count + 1)
        with the median and the quartiles of the forecast (quantiles have no density of their own),
        there no more than 10, as the influenza hubs did, so that one miss does not rule.
        And ``inside_50``, ``inside_95``: 1 or 0, NaN where those levels were not asked for.
    """
    import scoringrules as sr  # noqa: PLC0415 - slow to import, and only scoring needs it

    middle, low, high = (np.log1p(between(quantiles, levels, p)) for p in (0.5, 0.25, 0.75))
    wide = np.maximum((high - low) / (2 * _QUARTER), 1e-2)
    losses = sr.quantile_score(truth[:, None], quantiles, levels[None, :], backend="numpy")
    # The library's weighted_interval_score is not called: with numpy it adds the median where the
    # paper has its distance to the outcome. For paired levels this is the same score.
    wis = sr.crps_quantile(truth, quantiles, levels, backend="numpy")
    with np.errstate(divide="ignore"):
        logs = sr.logs_normal(np.log1p(truth), middle, wide, backend="numpy")
    return {
        "wis": np.asarray(wis),
        "crps": 2 * np.asarray(losses) @ _spacing(levels),
        "log_score": np.minimum(logs, _WORST_LOG) + np.log1p(truth),
        "inside_50": _inside(quantiles, levels, truth, 0.25),
        "inside_95": _inside(quantiles, levels, truth, 0.025),
    }


def _spacing(levels: Floats) -> Floats:
    """How much of (0, 1) every level stands for; adds up to 1."""
    edges = np.concatenate([[0.0], (levels[1:] + levels[:-1]) / 2, [1.0]])
    return np.diff(edges)


def _inside(quantiles: Floats, levels: Floats, truth: Floats, tail: float) -> Floats:
    """1 where the outcome lies within the central interval, 0 else."""
    at = np.flatnonzero(np.isclose(levels, tail))
    if len(at) == 0:
        return np.full(len(truth), np.nan)
    low, high = quantiles[:, at[0]], quantiles[:, len(levels) - 1 - at[0]]
    return ((low <= truth) & (truth <= high)).astype(np.float64)


def _judged(
    said: Mapping[str, Floats], truth: Floats, at: Ints, task: ForecastTask, grid: table.Grid,
    revised: bool, baseline: str,
) -> Backtest:  # fmt: skip
    """Score every model on the cells that all of them have."""
    times = task.calendar.times()[at - 1]
    usable = np.isfinite(truth)
    for values in said.values():
        usable &= np.isfinite(values).all(axis=-1)
    if not usable.any():
        mute = [n for n, v in said.items() if not np.isfinite(v).any()] or list(said)
        raise BadData(Problem("watch.no_cells", {"names": ", ".join(mute)}, field="models"))
    place, origin, step = np.nonzero(usable)
    rows = [
        pd.DataFrame(
            {
                "model": name,
                "place": np.array(grid.places, dtype=object)[place],
                "time": times[origin],
                "horizon": step + 1,
                **score(values[usable], task.quantiles, truth[usable]),
            }
        )
        for name, values in said.items()
    ]
    scores = pd.concat(rows, ignore_index=True)
    target = np.stack([verb.ahead(task.calendar, int(r), task.horizon) for r in at])
    forecasts = xr.Dataset(
        {
            "forecast": (
                ("model", "place", "time", "horizon", "quantile"),
                np.stack(list(said.values())),
            ),
            "truth": (("place", "time", "horizon"), truth),
        },
        coords={
            "model": list(said), "place": np.array(grid.places, dtype=object), "time": times,
            "horizon": np.arange(1, task.horizon + 1), "quantile": task.quantiles,
            "target": (("time", "horizon"), target),
        },
        attrs={"period": task.calendar.step, "baseline": baseline},
    )  # fmt: skip
    return Backtest(
        forecasts, scores, summarise(scores, baseline), summarise(scores, baseline, "horizon"),
        revised, grid.problems,
    )  # fmt: skip


def summarise(scores: pd.DataFrame, baseline: str, *by: str) -> pd.DataFrame:
    """Means of scores by model, and what they are beside the baseline's.

    Args:
        scores: As in `Backtest`.
        baseline: Name of the model to compare with.
        by: Further columns to group by, such as ``horizon`` or ``place``.
    """
    grouped = scores.groupby([*by, "model"], sort=False)
    found = grouped[list(SCORES)].mean()
    found["cells"] = grouped.size()
    found = found.reset_index()
    base = found.loc[found["model"] == baseline, [*by, "wis"]]
    if by:
        beside = found[list(by)].merge(base, on=list(by), how="left")["wis"].to_numpy(np.float64)
    else:
        beside = np.full(len(found), float(base["wis"].iloc[0]))
    with np.errstate(divide="ignore", invalid="ignore"):
        found["relative_wis"] = found["wis"].to_numpy(np.float64) / beside
    found["skill"] = 1 - found["relative_wis"]
    return found
