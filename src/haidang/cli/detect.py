"""``haidang detect``: a file of counts, judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from haidang.cli.chart import plot, plot_worst
from haidang.cli.show import err, help_text, out, problems, say

if TYPE_CHECKING:
    import pandas as pd

    from haidang.jobs.detect import Judged
    from haidang.watch.calendar import Step, Year

SCREEN: Final = 20
"""Rows of a screen."""


def detect(
    file: Annotated[Path, typer.Argument(help=help_text("help_detect_file"))],
    method: Annotated[
        str, typer.Option(help=help_text("help_detect_method"))
    ] = "farrington_flexible",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help=help_text("help_detect_set"))
    ] = None,
    last: Annotated[int, typer.Option(min=0, help=help_text("help_detect_last"))] = 0,
    period: Annotated[str, typer.Option(help=help_text("help_detect_period"))] = "",
    year: Annotated[str, typer.Option(help=help_text("help_detect_year"))] = "",
    place: Annotated[str, typer.Option("--plot", help=help_text("help_plot"))] = "",
    worst: Annotated[
        Path | None, typer.Option("--plot-worst", help=help_text("help_plot_worst"))
    ] = None,
    coordinates: Annotated[
        Path | None, typer.Option(help=help_text("help_detect_coordinates"))
    ] = None,
    population: Annotated[
        Path | None, typer.Option(help=help_text("help_detect_population"))
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help=help_text("help_out"))] = Path("out"),
) -> None:
    """Judge a file of counts by one method."""
    from haidang.jobs.detect import judge_file  # noqa: PLC0415 - numba and pandas wait

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(say("detecting", method=method), total=None)
        made = judge_file(
            file, method, folder, settings or (), last=last or None,
            period=cast("Step | None", period or None), year=cast("Year | None", year or None),
            coordinates=coordinates, population=population,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )  # fmt: skip
    problems(made.problems)
    _show(made)
    if place:
        plot(made.found, place, made.path)
    if worst is not None:
        plot_worst(made.found, made.worst, worst)
    out.print(say("decision_support"), highlight=False)


def _show(made: Judged) -> None:
    time = made.found["time"].to_numpy()
    said = {"period": _period(time[-1]), **made.newest}
    out.print(say("detected", **said), highlight=False, soft_wrap=True)
    if len(made.raised):
        table = Table(title=say("detected_title"), title_justify="left")
        names = ("place", "period", "value", "expected", "upper", "score", "p_value")
        for name in names:
            table.add_column(say(f"column_{name}"), justify="left" if name == "place" else "right")
        for row in made.raised.head(SCREEN).to_dict("records"):
            numbers = (f"{row[n]:.3g}" if row[n] == row[n] else "–" for n in names[5:])
            counts = (f"{row[n]:,.5g}" if row[n] == row[n] else "–" for n in names[2:5])
            place = escape(str(row["place"]))
            table.add_row(place, _period(row["time"]), *counts, *numbers)
        out.print(table)
        if len(made.raised) > SCREEN:
            out.print(say("detected_more", n=len(made.raised) - SCREEN), highlight=False)
    if (clusters := made.found.attrs.get("clusters")) is not None and len(clusters):
        _show_clusters(clusters)
    out.print(f"  {made.path}", highlight=False, soft_wrap=True)


def _show_clusters(clusters: pd.DataFrame) -> None:
    """The clusters of the newest search, significant or not."""
    newest = clusters[clusters["time"] == clusters["time"].max()].head(SCREEN)
    table = Table(title=say("clusters_title"), title_justify="left")
    names = (
        "centre", "radius_km", "places", "span_first", "span_last", "observed", "expected",
        "relative_risk", "log_likelihood_ratio", "p_value", "recurrence",
    )  # fmt: skip
    for name in names:
        justify = "left" if name == "centre" else "right"
        table.add_column(say(f"column_{name}"), justify=justify)  # type: ignore[arg-type]
    for row in newest.to_dict("records"):
        numbers = (f"{row[n]:,.4g}" for n in names[5:])
        table.add_row(
            escape(str(row["centre"])), f"{row['radius_km']:,.1f}", str(len(row["places"])),
            _period(row["first"]), _period(row["last"]), *numbers,
        )  # fmt: skip
    out.print(table)


def _period(when: object) -> str:
    """A day, or the number of a row."""
    return str(when)[:10]
