"""``haidang stock``: inventories that a user brings, looked at or taken in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from haidang.cli.show import help_text, out, problems, say

File = Annotated[Path, typer.Argument(help=help_text("help_stock_file"))]


def build() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(no_args_is_help=True, help=help_text("help_stock"))
    group.command("check", help=help_text("help_stock_check"))(check)
    group.command("import", help=help_text("help_stock_import"))(take_in)
    return group


def check(
    file: File,
    on: Annotated[str, typer.Option(help=help_text("help_places_on"))] = "",
    country: Annotated[str | None, typer.Option(help=help_text("help_country"))] = None,
) -> None:
    """Read an inventory and say what is wrong with it; nothing is kept."""
    from haidang.edge.feeds.stock import read_stock  # noqa: PLC0415
    from haidang.pack.load import load_country, roots  # noqa: PLC0415

    where = roots()
    home = load_country(where.country(country), where.threats)
    read = read_stock(file, home.kinds, home.places.gazetteer, _day(on))
    problems(read.problems)
    errors = sum(p.severity == "error" for p in read.problems)
    out.print(say("stock_checked", n=len(read.units), errors=errors), highlight=False)
    if errors:
        raise typer.Exit(1)


def take_in(
    file: File,
    to: Annotated[Path, typer.Option("--to", help=help_text("help_stock_to"))],
    source: Annotated[str, typer.Option(help=help_text("help_stock_source"))] = "",
) -> None:
    """Take an inventory in at a desk: it replaces the older one, and the desk plans anew."""
    from haidang.edge.feeds.stock import INVENTORY  # noqa: PLC0415
    from haidang.jobs.desk import Desk  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    desk = Desk.open(to, roots())
    try:
        read = desk.add_stock(file, datetime.now(UTC), source or INVENTORY)
    finally:
        desk.close()
    problems(read.problems)
    said = say("stock_kept", n=len(read.units), desk=desk.id)
    out.print(said, highlight=False, soft_wrap=True)


def _day(text: str) -> date:
    if not text:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("bad_day", value=text)) from None
