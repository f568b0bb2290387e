"""A file of counts forecast, or forecast from past origins, and the answers as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from haidang.base.errors import Unavailable
from haidang.base.problem import Problem
from haidang.edge.feeds.counts import read_counts
from haidang.jobs.detect import read_settings, written
from haidang.jobs.forecast_plot import plot
from haidang.watch import hubverse
from haidang.watch.backtest import BASELINE, Backtest, backtest
from haidang.watch.calendar import Step
from haidang.watch.forecast import find, forecast
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
        paths.append(written(hubverse.to_hub(found, target), hub))
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
    rows = [
        {
            "place": place,
            "period": str(last["target"].to_numpy()[h])[:10],
            **{n: float(made.sel(quantile=q)[i, h]) for n, q in columns.items()},
            "reason": str(last["reason"].to_numpy()[i]),
        }
        for i, place in enumerate(last["place"].to_numpy())
        for h in range(last.sizes["horizon"])
    ]
    return pd.DataFrame(rows)


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
        path: One row a model, place, origin and horizon with its scores.
    """

    made: Backtest
    path: Path


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
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Tried:
    """Backtest models on a CSV file.

    Args:
        file: As `read_counts` takes it; a column ``as_of`` makes vintages.
        models: Names.
        out: Table of the scores.
        horizon: As in `backtest`.
        baseline: As in `backtest`.
        origins: As in `backtest`.
        every: As in `backtest`.
        period: Length of a period; None finds out.
        progress: Told (forecasts made, of how many).

    Raises:
        NotFound: No such model.
        BadData: The file cannot be used.
        Unavailable: The table cannot be written.
    """
    made = backtest(
        read_counts(file), horizon, models, baseline=baseline, origins=origins, every=every,
        period=period, file=file.name, progress=progress,
    )  # fmt: skip
    return Tried(made, written(made.scores, out))
