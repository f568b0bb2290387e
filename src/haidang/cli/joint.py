"""``haidang together``: several cases played as one desk, and what their levels came to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from haidang.cli.show import err, help_text, language, out, problems, say

if TYPE_CHECKING:
    from haidang.jobs.joint import Joint

FILE = "combined.csv"


def together(
    cases: Annotated[list[str], typer.Argument(help=help_text("help_together_cases"))],
    folder: Annotated[Path, typer.Option("--out", help=help_text("help_out"))] = Path("out"),
) -> None:
    """Play several cases as one desk: each run decides over all of them."""
    from haidang.jobs.joint import play_together  # noqa: PLC0415
    from haidang.pack.case import load_case  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    where = roots()
    found = [load_case(name, where) for name in cases]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(say("starting"), total=None)

        def tell(done: int, of: int, what: str) -> None:
            label = say("step", what=what) if what else say("reporting")
            bar.update(task, completed=done, total=of, description=label)

        name = "+".join(sorted(c.spec.id for c in found))
        played = play_together(found, where, folder / name, language(), tell)
    path = played.folder / FILE
    played.levels.to_csv(path, index=False)
    problems(played.problems)
    _summary(played)
    out.print(f"  {path}", highlight=False, soft_wrap=True)
    entries, head = played.head
    out.print(say("ledger_line", entries=entries, head=head), highlight=False, soft_wrap=True)
    out.print(say("decision_support"), highlight=False)


def _summary(played: Joint) -> None:
    """Places where more than one hazard counts, at the run with the highest level and most of them.

    A place with one hazard alone is told by that hazard's own replay; here they are only numbered.
    """
    table = Table(title=say("together_title", runs=played.runs))
    for key in ("place", "combined", "levels", "may_raise", "when"):
        table.add_column(say(f"together_{key}"))
    titles = {t: c.pack.title(language()) for t, c in played.contexts.items()}
    levels = played.levels
    several = levels[levels["concurrent"] != ""]
    for _, mine in several.groupby("place", sort=False):
        count = mine["concurrent"].str.count("/") + mine["successive"].str.count("/")
        row = mine.assign(count=count).sort_values(
            ["combined", "count"], ascending=False, kind="stable"
        ).iloc[0]  # fmt: skip
        table.add_row(
            str(row["place_name"]),
            str(row["combined"]),
            _own(str(row["levels"]), titles),
            ", ".join(f"+{n}" for n in str(row["may_raise_by"]).split(",") if n) or "–",
            f"{row['at']:%d/%m %H:%M}",
        )
    out.print(table)
    alone = levels["place"].nunique() - several["place"].nunique()
    out.print(say("together_alone", count=alone), highlight=False)


def _own(levels: str, titles: dict[str, str]) -> str:
    """``storm/2411-yagi=4; ...`` as people read it: Storm 4, River flood 3."""
    parts = (one.partition("=") for one in levels.split("; ") if one)
    return ", ".join(f"{titles[name.partition('/')[0]]} {level}" for name, _, level in parts)
