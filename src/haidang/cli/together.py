"""``haidang together``: several cases on one clock, decided over the whole set."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from haidang.cli.show import help_text, language, out, problems, say
from haidang.words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haidang.jobs.together import Row, Together


def together(
    cases: Annotated[list[str], typer.Argument(help=help_text("help_together_cases"))],
    folder: Annotated[Path, typer.Option("--out", help=help_text("help_out"))] = Path("out"),
    until: Annotated[str, typer.Option("--until", help=help_text("help_together_until"))] = "",
) -> None:
    """Play cases together and show where several hazards counted at one place."""
    from haidang.edge.store.store import Store  # noqa: PLC0415
    from haidang.jobs import together as job  # noqa: PLC0415
    from haidang.pack.case import load_case  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    where = roots()
    found = [load_case(name, where) for name in cases]
    made = job.play(found, where, folder / job.name_of(found), _until(until))
    problems(made.problems)
    with Store.open(made.database, check=False, create=False) as store:
        rows = job.table(store.decisions())
    _show(made, rows)
    if made.ahead:
        out.print(word("together.left", language(), n=made.ahead), highlight=False)
    said = word("together.where", language(), file=made.database)
    out.print(said, highlight=False, soft_wrap=True)


def _until(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(say("bad_moment", value=text, option="--until"))
    return found


def _show(made: Together, rows: Sequence[Row]) -> None:
    if not rows:
        out.print(word("together.none", language()), highlight=False)
        return
    worst: dict[str, Row] = {}
    for row in rows:
        before = worst.get(row.place)
        if before is None or _weight(row) > _weight(before):
            worst[row.place] = row
    table = Table(title=word("together.title", language()), title_justify="left")
    for name in ("place", "at", "levels", "after", "chains", "combined", "allowed"):
        table.add_column(word(f"together.column_{name}", language()))
    titles = {name: c.pack.title(language()) for name, c in made.contexts.items()}
    context = made.parts[0].context
    for row in sorted(worst.values(), key=lambda r: (-r.combined, r.place)):
        contexts = made.contexts.values()
        named = next((c.named[row.place] for c in contexts if row.place in c.named), None)
        table.add_row(
            row.place if named is None else named.name(language()),
            f"{context.local(row.at):%H:%M %d/%m}",
            ", ".join(f"{titles[t]} {n}" for t, n in row.levels),
            ", ".join(titles[n.partition("/")[0]] for n in row.successive),
            ", ".join(f"{_title(titles, a)} → {_title(titles, b)}" for a, b in row.chains),
            str(row.combined),
            ", ".join(f"+{n}" for n in row.allowed) or "–",
        )
    out.print(table)


def _title(titles: dict[str, str], name: str) -> str:
    return titles[name.partition("/")[0]]


def _weight(row: Row) -> tuple[int, int]:
    return row.combined, len(row.levels)
