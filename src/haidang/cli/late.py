"""``haidang nowcast`` and ``haidang reproduction``: late reports, and how fast it spreads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer
from rich.markup import escape
from rich.table import Table

from haidang.cli.chart import plot
from haidang.cli.show import help_text, out, problems, say

if TYPE_CHECKING:
    import pandas as pd

    from haidang.watch.calendar import Step
    from haidang.watch.delay import Sharing
    from haidang.watch.nowcast import Level
    from haidang.watch.triangle import Kind

SCREEN: Final = 20
"""Rows of a screen."""

_HEADS: Final = {"value": "known", "upper": "to"}
"""Columns with another head than elsewhere."""

File = Annotated[Path, typer.Argument(help=help_text("help_nowcast_file"))]
Counts = Annotated[Path, typer.Argument(help=help_text("help_detect_file"))]
Folder = Annotated[Path, typer.Option("--out", help=help_text("help_out"))]
Period = Annotated[str, typer.Option(help=help_text("help_detect_period"))]
Window = Annotated[int, typer.Option(min=0, help=help_text("help_window"))]
Probability = Annotated[float, typer.Option(help=help_text("help_level"))]


def nowcast(
    file: File,
    as_of: Annotated[str, typer.Option(help=help_text("help_nowcast_as_of"))] = "",
    max_delay: Annotated[int, typer.Option(min=0, help=help_text("help_nowcast_max_delay"))] = 0,
    window: Window = 0,
    level: Probability = 0.9,
    sharing: Annotated[str, typer.Option(help=help_text("help_nowcast_sharing"))] = "partial",
    prior: Annotated[str, typer.Option(help=help_text("help_nowcast_prior"))] = "recent",
    kind: Annotated[str, typer.Option(help=help_text("help_nowcast_kind"))] = "",
    period: Period = "",
    method: Annotated[str, typer.Option("--detect", help=help_text("help_nowcast_detect"))] = "",
    place: Annotated[str, typer.Option("--plot", help=help_text("help_plot"))] = "",
    folder: Folder = Path("out"),
) -> None:
    """Estimate the newest periods from reports that come late."""
    from haidang.jobs.late import nowcast_file  # noqa: PLC0415 - pandas waits

    made = nowcast_file(
        file, folder, as_of=as_of or None, max_delay=max_delay or None, window=window or None,
        level=level, sharing=cast("Sharing", sharing), prior=cast("Level", prior),
        kind=cast("Kind | None", kind or None), period=cast("Step | None", period or None),
        method=method or None,
    )  # fmt: skip
    problems(made.problems)
    names = ["place", "period", "value", "expected", "lower", "upper", "completeness"]
    if method:
        names.append("state")
    head = say("nowcast_title", day=made.found.attrs["as_of"], share=f"{level:.0%}")
    _show(made.shown, names, head, say("nowcast_none"))
    out.print(f"  {made.path}", highlight=False, soft_wrap=True)
    out.print(f"  {made.counts}", highlight=False, soft_wrap=True)
    if place:
        plot(made.found, place, made.path)
    out.print(say("decision_support"), highlight=False)


def reproduction(
    file: Counts,
    serial_interval: Annotated[str, typer.Option(help=help_text("help_serial_interval"))],
    window: Window = 0,
    level: Probability = 0.95,
    uncertain: Annotated[str, typer.Option(help=help_text("help_uncertain"))] = "",
    period: Period = "",
    folder: Folder = Path("out"),
) -> None:
    """Estimate how many people one case infects now."""
    from haidang.jobs.late import reproduction_file  # noqa: PLC0415 - pandas waits

    made = reproduction_file(
        file, folder, serial_interval, window=window or None, level=level,
        uncertain=uncertain or None, period=cast("Step | None", period or None),
    )  # fmt: skip
    problems(made.problems)
    names = ["place", "period", "r", "lower", "upper", "p_above_one", "cases"]
    _show(made.shown, names, say("reproduction_title", share=f"{level:.0%}"), "")
    out.print(f"  {made.path}", highlight=False, soft_wrap=True)
    out.print(say("decision_support"), highlight=False)


def _show(rows: pd.DataFrame, names: Sequence[str], title: str, nothing: str) -> None:
    if rows.empty:
        out.print(nothing, highlight=False)
        return
    table = Table(title=title, title_justify="left")
    for name in names:
        said = _HEADS.get(name, name)
        table.add_column(say(f"column_{said}"), justify="left" if name == "place" else "right")
    for row in rows.head(SCREEN).to_dict("records"):
        table.add_row(*(_cell(name, row) for name in names))
    out.print(table)
    if len(rows) > SCREEN:
        out.print(say("detected_more", n=len(rows) - SCREEN), highlight=False)


def _cell(name: str, row: dict[Any, Any]) -> str:
    if name == "place":
        return escape(str(row["place"]))
    if name == "period":
        return str(row["time"])[:10]
    value = row[name]
    if name == "state":
        return say(f"state_{value}") if isinstance(value, str) else "–"
    if value != value:  # noqa: PLR0124 - NaN
        return "–"
    if name in ("completeness", "p_above_one"):
        return f"{value:.0%}"
    ratio = "r" in row and name in ("r", "lower", "upper")
    return f"{value:.2f}" if ratio else f"{value:,.5g}"
