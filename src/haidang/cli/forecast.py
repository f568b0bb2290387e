"""``haidang forecast`` and ``haidang backtest``: what comes next, and what that was worth."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from haidang.cli.show import err, help_text, language, out, problems, say

if TYPE_CHECKING:
    from haidang.jobs.forecast import Foreseen, Tried
    from haidang.watch.calendar import Step

SCREEN: Final = 20
"""Rows of a screen."""

FirstHorizon = Annotated[int | None, typer.Option(help=help_text("help_forecast_first_horizon"))]
Ends = Annotated[bool, typer.Option("--ends", help=help_text("help_forecast_ends"))]


def forecast(
    file: Annotated[Path, typer.Argument(help=help_text("help_detect_file"))],
    horizon: Annotated[int, typer.Option(help=help_text("help_forecast_horizon"))] = 4,
    model: Annotated[str, typer.Option(help=help_text("help_forecast_model"))] = "ensemble",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help=help_text("help_forecast_set"))
    ] = None,
    last_known: Annotated[str, typer.Option(help=help_text("help_forecast_last_known"))] = "",
    period: Annotated[str, typer.Option(help=help_text("help_detect_period"))] = "",
    table: Annotated[
        Path | None, typer.Option("--out", help=help_text("help_forecast_out"))
    ] = None,
    hub: Annotated[Path | None, typer.Option(help=help_text("help_forecast_hub"))] = None,
    target: Annotated[str, typer.Option(help=help_text("help_forecast_target"))] = "inc case",
    first_horizon: FirstHorizon = None,
    ends: Ends = False,
    plot: Annotated[Path | None, typer.Option(help=help_text("help_forecast_plot"))] = None,
) -> None:
    """Say what comes next at every place, as quantiles."""
    from haidang.jobs.forecast import forecast_file  # noqa: PLC0415 - numba and pandas wait

    with _bar() as bar:
        task = bar.add_task(say("forecasting", model=model), total=None)
        made = forecast_file(
            file, model, table or Path("out") / f"{file.stem}-{model}.csv", settings or (),
            horizon=horizon, period=cast("Step | None", period or None),
            last_known=last_known or None, hub=hub, target=target, first_horizon=first_horizon,
            ends=ends, picture=plot, language=language(),
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )  # fmt: skip
    problems(made.problems)
    _show(made)


def backtest(
    file: Annotated[Path, typer.Argument(help=help_text("help_backtest_file"))],
    model: Annotated[list[str] | None, typer.Option(help=help_text("help_backtest_model"))] = None,
    horizon: Annotated[int, typer.Option(help=help_text("help_forecast_horizon"))] = 4,
    baseline: Annotated[
        str, typer.Option(help=help_text("help_backtest_baseline"))
    ] = "random_walk_quantiles",
    origins: Annotated[int, typer.Option(min=0, help=help_text("help_backtest_origins"))] = 0,
    every: Annotated[int, typer.Option(min=1, help=help_text("help_backtest_every"))] = 1,
    period: Annotated[str, typer.Option(help=help_text("help_detect_period"))] = "",
    table: Annotated[
        Path | None, typer.Option("--out", help=help_text("help_backtest_out"))
    ] = None,
    theirs: Annotated[
        list[Path] | None, typer.Option(help=help_text("help_backtest_theirs"))
    ] = None,
    hub: Annotated[Path | None, typer.Option(help=help_text("help_backtest_hub"))] = None,
    target: Annotated[str, typer.Option(help=help_text("help_backtest_target"))] = "",
    first_horizon: FirstHorizon = None,
    ends: Ends = False,
) -> None:
    """Forecast from past origins with what was known there, and score."""
    from haidang.jobs.forecast import backtest_file  # noqa: PLC0415 - numba and pandas wait

    with _bar() as bar:
        task = bar.add_task(say("backtesting"), total=None)
        made = backtest_file(
            file, model or ([] if theirs else ["ensemble"]),
            table or Path("out") / f"{file.stem}-backtest.csv",
            horizon=horizon, baseline=baseline, origins=origins or None, every=every,
            period=cast("Step | None", period or None), theirs=theirs or (), hub=hub,
            target=target or None, first_horizon=first_horizon, ends=ends,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )  # fmt: skip
    problems(made.made.problems)
    _show_scores(made)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=err,
    )  # fmt: skip


def _show(made: Foreseen) -> None:
    time = str(made.found["time"].to_numpy()[-1])[:10]
    said = {"period": time, "n": made.found.sizes["place"] - made.silent, "silent": made.silent}
    out.print(say("forecasted", **said), highlight=False, soft_wrap=True)
    if len(made.wide):
        grid = Table(title=say("forecasted_title"), title_justify="left")
        for name in ("place", "period", "median", "inside_50", "inside_95"):
            grid.add_column(say(f"column_{name}"), justify="left" if name == "place" else "right")
        for row in made.wide.head(SCREEN).to_dict("records"):
            spans = [f"{_count(row[f'low_{p}'])}–{_count(row[f'high_{p}'])}" for p in (50, 95)]
            middle = _count(row["median"])
            if math.isnan(row["median"]):
                spans = ["–", say(f"forecast_{row['reason']}")]
            grid.add_row(escape(str(row["place"])), row["period"], middle, *spans)
        out.print(grid)
        if len(made.wide) > SCREEN:
            out.print(say("detected_more", n=len(made.wide) - SCREEN), highlight=False)
    for path in made.paths:
        out.print(f"  {path}", highlight=False, soft_wrap=True)
    out.print(say("decision_support"), highlight=False)


def _count(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:,.4g}"


def _show_scores(tried: Tried) -> None:
    made = tried.made
    baseline = str(made.forecasts.attrs["baseline"])
    said = {"origins": made.forecasts.sizes["time"], "baseline": baseline}
    out.print(say("backtested", **said), highlight=False, soft_wrap=True)
    out.print(say("backtest_vintages" if made.revised else "backtest_plain"), highlight=False)
    grid = Table()
    names = ("wis", "relative_wis", "crps", "log_score", "inside_50", "inside_95")
    grid.add_column(say("column_model"))
    for name in names:
        grid.add_column(say(f"column_{name}"), justify="right")
    for row in made.summary.sort_values("relative_wis").to_dict("records"):
        numbers = (f"{row[n]:.3g}" for n in names[:1]), (f"{row[n]:.3f}" for n in names[1:4])
        shares = (f"{row[n]:.0%}" for n in names[4:])
        grid.add_row(row["model"], *numbers[0], *numbers[1], *shares)
    out.print(grid)
    for path in tried.paths:
        out.print(f"  {path}", highlight=False, soft_wrap=True)
