"""``haidang index``: the risk index of a country's provinces, who is worst, and why."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from haidang.cli.show import help_text, language, out, problems, say
from haidang.words import word

if TYPE_CHECKING:
    from haidang.jobs.risk_index import RiskIndex

REASONS = 3
"""So many indicators are named as what makes a place stand out."""

WORST = 5
"""Of so many places it is said why."""


def index(
    file: Annotated[
        Path | None,
        typer.Argument(help=help_text("help_index_file"), exists=True, dir_okay=False),
    ] = None,
    structure: Annotated[
        Path | None,
        typer.Option(help=help_text("help_index_structure"), exists=True, dir_okay=False),
    ] = None,
    country: Annotated[str | None, typer.Option(help=help_text("help_country"))] = None,
    day: Annotated[str | None, typer.Option(help=help_text("help_index_day"))] = None,
    explain: Annotated[str | None, typer.Option(help=help_text("help_index_explain"))] = None,
) -> None:
    """Rank the places, or explain one."""
    import pandas as pd  # noqa: PLC0415

    from haidang.api import index as made  # noqa: PLC0415
    from haidang.base.errors import BadData  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415

    values = None
    if file is not None:
        try:
            values = pd.read_csv(file, dtype=str, keep_default_na=False)
        except (ValueError, OSError) as error:
            raise BadData(Problem("index.unreadable", {}, file=file.name)) from error
        if "code" not in values.columns:
            values = values.set_index(values.columns[0])
    found = made(values, structure, country=country, day=day, language=language())
    problems(found.problems)
    if explain is None:
        _ranked(found)
    else:
        _explained(found, explain)


def _ranked(found: RiskIndex) -> None:
    dimensions = found.made.spec.dimensions
    table = Table(box=None, pad_edge=False)
    for name in ("rank", "place", "risk", "interval"):
        table.add_column(say(f"index_{name}"), justify="left" if name == "place" else "right")
    titles = found.parts.drop_duplicates("part").set_index("part")["title"]
    for one in dimensions:
        table.add_column(str(titles[one]), justify="right")
    table.add_column(say("index_known"), justify="right")
    why = dict(iter(found.drivers.groupby("place", sort=False)))
    for row in found.table.to_dict("records"):
        table.add_row(
            _ranks(row["rank"], row["rank_low"], row["rank_high"]),
            str(row["name"]),
            number(row["risk"]),
            f"{number(row['low'])}–{number(row['high'])}",
            *(number(row[d]) for d in dimensions),
            f"{row['known']:.0%}",
        )
    out.print(table)
    for row in found.table.head(WORST).to_dict("records"):
        if row["place"] in why:
            most = why[row["place"]].head(REASONS)
            reasons = "; ".join(
                f"{titles[n]} ({_written(f'{p:+.1f}')})"
                for n, p in zip(most["indicator"], most["points"], strict=True)
            )
            out.print(say("index_why", place=row["name"], reasons=reasons), highlight=False)
    out.print(say("index_note"), highlight=False)


def _ranks(rank: float, low: float, high: float) -> str:
    return say("index_none") if math.isnan(rank) else f"{rank:.0f} ({low:.0f}–{high:.0f})"


def number(value: float) -> str:
    """A score with one decimal; words where it is not known."""
    return say("index_none") if math.isnan(value) else _written(f"{value:.1f}")


def _explained(found: RiskIndex, place: str) -> None:
    from haidang.base.errors import NotFound  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415
    from haidang.jobs.risk_index import said  # noqa: PLC0415

    codes = list(found.table["place"])
    if place not in codes:
        raise NotFound(Problem("index.no_place", {"place": place, "known": ", ".join(codes)}))
    points = {
        str(r["indicator"]): float(r["points"])
        for r in found.drivers[found.drivers["place"] == place].to_dict("records")
    }
    title = str(found.table.set_index("place")["name"][place])
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("part", "score", "interval", "value", "adds"):
        table.add_column(say(f"index_{name}"), justify="left" if name == "part" else "right")
    for row in found.parts[found.parts["place"] == place].to_dict("records"):
        node = row["kind"] == "node"
        bounds = f"{number(row['low'])}–{number(row['high'])}" if node else ""
        part = str(row["part"])
        table.add_row(
            f"{'  ' * int(row['depth'])}{row['title']}",
            number(row["score"]),
            bounds,
            "" if node else _value(row["value"], str(row["unit"])),
            _written(f"{points[part]:+.2f}") if part in points else "",
        )
    out.print(table)
    for one in found.made.spec.indicators.values():
        said_of = {k: said(getattr(one, k), language()) for k in ("title", "source", "doubt")}
        date = one.date or say("index_none")
        text = say("index_source", date=date, **said_of).rstrip()
        out.print(text, highlight=False, markup=False)


def _value(value: float, unit: str) -> str:
    if math.isnan(value):
        return say("index_none")
    shown = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004
    return f"{_written(shown)} {unit}".strip()


def _written(shown: str) -> str:
    """A number as this language writes it: 17,968.5 or 17.968,5."""
    signs = {",": word("format.thousands", language()), ".": word("law.decimal_sign", language())}
    return "".join(signs.get(c, c) for c in shown)
