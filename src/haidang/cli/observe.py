"""Take counts into a store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from haidang.cli.show import help_text, out, problems, say


def observe(
    file: Annotated[Path, typer.Argument(help=help_text("help_observe_file"))],
    series: Annotated[str, typer.Option(help=help_text("help_observe_series"))],
    db: Annotated[Path, typer.Option(help=help_text("help_observe_db"))] = Path("haidang.db"),
    country: Annotated[str | None, typer.Option(help=help_text("help_country"))] = None,
) -> None:
    """Keep the reports of a file with the time at which they came in."""
    from haidang.edge.store.store import Store  # noqa: PLC0415
    from haidang.jobs.observe import observe as take_in  # noqa: PLC0415
    from haidang.pack.load import load_country, roots  # noqa: PLC0415

    where = roots()
    home = load_country(where.country(country), where.threats)
    with Store.open(db) as store:
        found = take_in(store, file, home, series, datetime.now(UTC))
    problems(found.problems)
    receipts = ", ".join(map(str, found.receipts))
    line = say("observed", n=found.kept, series=found.series, receipts=receipts, db=db)
    out.print(line, highlight=False, soft_wrap=True)
