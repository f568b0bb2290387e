"""A file of counts forecast, or forecast from past origins, and the answers as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from haidang.base.errors import BadData, Unavailable
from haidang.base.problem import Problem
from haidang.edge.feeds.counts import read_counts, read_rows
from haidang.jobs.detect import read_settings, written
from haidang.jobs.forecast_plot import plot
from haidang.watch import hubverse
from haidang.watch.backtest import BASELINE, Backtest, backtest
from haidang.watch.calendar import Step
from haidang.watch.forecast import find, forecast
from haidang.watch.forecaster import HUB_QUANTILES
from haidang.watch.table import read


@dataclass(frozen=True)
class Foreseen:
    """What was forecast.

    Attributes:
        found: As `haidang.watch.forecast.forecast` gives it.
        wide: One row a place and period ahead: ``place, period, median, low_50, high_50, low_95,
            high_95``, and ``reason`` where there is something to say.
        silent: How many places have no forecast.
        paths: The files that were written.
        problems: What of the file could not be used.
    """

    found: xr.Dataset
    wide: pd.DataFrame
    silent: int
    paths: tuple[Path, ...]
    problems: tuple[Problem, ...]


def forecast_file(
    file: Path,
    model: str,
    out: Path,
    settings: Sequence[str] = (),
    *,
    horizon: int = 4,
    period: Step | None = None,
    last_known: str | None = None,
    hub: Path | None = None,
    target: str = "",
    first_horizon: int | None = None,
    ends: bool = False,
    picture: Path | None = None,
    language: str = "en",
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Foreseen:
    """Forecast a CSV file.

    Args:
        file: As `read_counts` takes it.
        model: Name of a model.
        out: The tidy table, one row a place, horizon and quantile.
        settings: Parameters as ``name=value``.
        horizon: Periods ahead.
        period: Length of a period; None finds out.
        last_known: As in `forecast`.
        hub: Also a hubverse table.
        target: What it calls what is forecast.
        first_horizon: What it calls the first period ahead; None is 0.
        ends: Whether the file names periods by their last days.
        picture: Also a drawing.
        language: Of the drawing.
        progress: Told (places done, places).

    Raises:
        NotFound: No such model.
        BadData: The file or a setting cannot be used.
        Unavailable: A file cannot be written.
    """
    params = read_settings(model, find(model).params, settings)
    table = read_counts(file)
    found = forecast(
        table, horizon, model, period=period, last_known=last_known, file=file.name,
        progress=progress, **params,
    )  # fmt: skip
    paths = [written(tidy(found), out)]
    if hub is not None:
        made = hubverse.to_hub(found, target, first_horizon=first_horizon, ends=ends)
        paths.append(written(made, hub))
    if picture is not None:
        grid = read(table, whole=False, step=period, file=file.name)
        paths.append(_written(plot(found, grid, language), picture))
    silent = int((~found["forecast"].notnull().all(("horizon", "quantile"))).sum())
    return Foreseen(found, _wide(found), silent, tuple(paths), found.attrs["problems"])


def tidy(found: xr.Dataset) -> pd.DataFrame:
    """One row a place, time, horizon and quantile, with the period that is forecast."""
    table = found.to_dataframe().reset_index()
    names = ["place", "time", "horizon", "target", "quantile", "forecast", "reason"]
    return table[names]


def _wide(found: xr.Dataset) -> pd.DataFrame:
    """Median and central intervals, a row a place and period."""
    last = found.isel(time=-1)
    columns = {
        "median": 0.5, "low_50": 0.25, "high_50": 0.75, "low_95": 0.025, "high_95": 0.975,
    }  # fmt: skip
    made = last["forecast"].transpose("place", "horizon", "quantile")
    places, ahead = last.sizes["place"], last.sizes["horizon"]
    periods = [str(t)[:10] for t in last["target"].to_numpy()]
    return pd.DataFrame(
        {
            "place": np.repeat(last["place"].to_numpy(), ahead),
            "period": np.tile(np.array(periods, dtype=object), places),
            **{n: made.sel(quantile=q).to_numpy().ravel() for n, q in columns.items()},
            "reason": np.repeat(last["reason"].to_numpy().astype(object), ahead),
        }
    )


def _written(text: str, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as err:
        why = err.strerror or str(err)
        raise Unavailable(Problem("cli.unwritable", {"why": why}, file=str(path))) from err
    return path


@dataclass(frozen=True)
class Tried:
    """A backtest of a file.

    Attributes:
        made: As `haidang.watch.backtest.backtest` gives it.
        paths: One row a model, place, origin and horizon with its scores; and the hubverse table,
            if one was asked for.
    """

    made: Backtest
    paths: tuple[Path, ...]


def backtest_file(
    file: Path,
    models: Sequence[str],
    out: Path,
    *,
    horizon: int = 4,
    baseline: str = BASELINE,
    origins: int | None = None,
    every: int = 1,
    period: Step | None = None,
    theirs: Sequence[Path] = (),
    hub: Path | None = None,
    target: str | None = None,
    first_horizon: int | None = None,
    ends: bool = False,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Tried:
    """Backtest models on a CSV file, and score what others forecast beside them.

    Args:
        file: As `read_counts` takes it; a column ``as_of`` makes vintages.
        models: Names.
        out: Table of the scores.
        horizon: As in `backtest`.
        baseline: As in `backtest`; may be one of ``theirs``.
        origins: As in `backtest`.
        every: As in `backtest`.
        period: Length of a period; None finds out.
        theirs: Hubverse tables, as `read_hub` takes them. Scores use the quantiles that all have.
        hub: Also the forecasts of ``models`` (without any, of the baseline) as one hubverse table,
            with a column ``model_id``.
        target: What the hubs call what is forecast; None: there is one only, and what is written
            is ``inc case``.
        first_horizon: What the hubs call the first period ahead; None is 0 where a table is
            written, and that which ends on the reference date where one is read.
        ends: Whether the file names periods by their last days.
        progress: Told (forecasts made, of how many).

    Raises:
        NotFound: No such model.
        BadData: The file, or one of ``theirs``, cannot be used.
        Unavailable: A table cannot be written.
    """
    counts = read_counts(file)
    others: dict[str, xr.Dataset] = {}
    for path in theirs:
        step = period or _step(counts, file.name)
        made = read_hub(path, step, target=target, first_horizon=first_horizon, ends=ends)
        if twice := others.keys() & made.keys():
            said = {"value": ", ".join(sorted(twice))}
            raise BadData(Problem("watch.other_name", said, str(path), field="model_id"))
        others |= made
    tried = backtest(
        counts, horizon, models, baseline=baseline, origins=origins, every=every,
        quantiles=_common(others), period=period, others=others, file=file.name, progress=progress,
    )  # fmt: skip
    paths = [written(tried.scores, out)]
    if hub is not None:
        parts = [
            hubverse.to_hub(
                tried.forecasts.sel(model=name, drop=True), target,
                first_horizon=first_horizon, ends=ends,
            ).assign(model_id=name)
            for name in dict.fromkeys(models or [n for n in (baseline,) if n not in others])
        ]  # fmt: skip
        whole = pd.concat(parts, ignore_index=True)
        paths.append(written(whole[["model_id", *hubverse.COLUMNS]], hub))
    return Tried(tried, tuple(paths))


def _step(counts: pd.DataFrame, file: str) -> Step:
    """The length of the periods, whatever stands in them and however many vintages there are."""
    starts = pd.DataFrame({"start": counts["start"].unique(), "any": 0.0})
    return read(starts, whole=False, file=file).calendar.step


def _common(others: Mapping[str, xr.Dataset]) -> Sequence[float]:
    """The quantiles of hubs that all others have; all of them where they have none of these."""
    known = [q for q in HUB_QUANTILES if all(q in f["quantile"] for f in others.values())]
    return known or HUB_QUANTILES


def read_hub(
    path: Path,
    period: Step,
    *,
    target: str | None = None,
    first_horizon: int | None = None,
    ends: bool = False,
) -> dict[str, xr.Dataset]:
    """Forecasts by the name of their model, from a hubverse table or a folder of them.

    Args:
        path: A CSV file, or a folder with one for each reference date, as hubs keep them. A column
            ``model_id`` names the model of each row; without it that is the name of the folder or,
            less its ending, of the file.
        period: As in `haidang.watch.hubverse.from_hub`, and so the others.
        target: See there.
        first_horizon: See there.
        ends: See there.

    Raises:
        BadData: A file cannot be read; there is none in the folder; or as
            `haidang.watch.hubverse.from_hub`.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise BadData(Problem("watch.hub_no_files", file=str(path)))
    parts: dict[str, list[pd.DataFrame]] = {}

    def as_forecast(rows: pd.DataFrame, name: str) -> xr.Dataset:
        return hubverse.from_hub(
            rows, file=name, period=period, target=target, first_horizon=first_horizon, ends=ends
        )

    for file in files:
        rows = read_rows(file)
        given = rows["model_id"] if "model_id" in rows else pd.Series(path.stem, rows.index)
        for name, part in rows.groupby(given, sort=False):
            if len(files) > 1:
                as_forecast(part, file.name)  # by itself, so that its own lines are named
            parts.setdefault(str(name), []).append(part)
    if not parts:
        raise BadData(Problem("watch.empty", file=str(path)))
    return {
        name: as_forecast(of[0] if len(of) == 1 else pd.concat(of, ignore_index=True), path.name)
        for name, of in parts.items()
    }
