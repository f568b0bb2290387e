"""``haidang review``: what was found of a past event, as tables in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from haidang.cli.show import err, help_text, language, out, problems
from haidang.cli.show import say as say_cli

if TYPE_CHECKING:
    from haidang.web.pages.review_sheets import Sheet


def review(
    case: Annotated[str, typer.Argument(help=help_text("help_case"))],
    folder: Annotated[Path, typer.Option("--out", help=help_text("help_out"))] = Path("out"),
) -> None:
    """Play a case, or take it as played, and say what was found afterwards."""
    from haidang.jobs import review as job  # noqa: PLC0415
    from haidang.jobs.replay import play  # noqa: PLC0415
    from haidang.jobs.review_tables import review_tables, write  # noqa: PLC0415
    from haidang.pack.case import load_case  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415
    from haidang.web.pages.review_sheets import Sheets  # noqa: PLC0415
    from haidang.web.speak import Speaker, own_words  # noqa: PLC0415
    from haidang.words import word  # noqa: PLC0415

    where = roots()
    with err.status(say_cli("starting")):
        played = play(load_case(case, where), where, folder / case)
        book = job.review(played)
    problems(played.problems)
    own = own_words(played.context.pack.threat)
    speaker = Speaker(language(), played.context.zone, own=own)
    names = {c: n.name(language()) for c, n in played.context.named.items()}
    for sheet in Sheets(book, speaker, names).everything():
        _show(sheet)
    made = review_tables(book, played.context, language(), word)
    for path in write(made, played.folder / "tables"):
        if path.suffix == ".csv":
            out.print(f"  {path}", highlight=False, soft_wrap=True)
    out.print(say_cli("decision_support"), highlight=False)


def _show(sheet: Sheet) -> None:
    if sheet.columns:
        table = Table(title=sheet.title, title_justify="left")
        for number, name in enumerate(sheet.columns):
            table.add_column(name, justify="left" if number < sheet.left else "right")
        for row in sheet.rows:
            table.add_row(*row)
        out.print(table)
    else:
        out.print(sheet.title, style="bold", highlight=False)
    for note in sheet.notes:
        out.print(note, highlight=False, markup=False, style="" if sheet.columns else "yellow")
    out.print()
