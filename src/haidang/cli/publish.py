"""``haidang publish``: the public site of a finished replay or a desk, as plain files."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from haidang.cli.show import err, help_text, out, say


def publish(
    case: Annotated[str, typer.Argument(help=help_text("help_publish_case"))],
    folder: Annotated[Path, typer.Option("--out", help=help_text("help_out"))] = Path("out"),
    at: Annotated[str, typer.Option("--at", help=help_text("help_publish_at"))] = "",
    to: Annotated[Path | None, typer.Option("--to", help=help_text("help_publish_to"))] = None,
    base: Annotated[str, typer.Option("--base", help=help_text("help_publish_base"))] = "",
    hub: Annotated[str, typer.Option("--hub", help=help_text("help_publish_hub"))] = "",
    gzip: Annotated[bool, typer.Option("--gzip", help=help_text("help_publish_gzip"))] = False,
) -> None:
    """Write the site, and say in a line what stands there."""
    from haidang.edge.channels.site import STATUS, Spec  # noqa: PLC0415
    from haidang.jobs import desk_files  # noqa: PLC0415
    from haidang.jobs import publish as job  # noqa: PLC0415
    from haidang.jobs.replay import DATABASE, prepare, scope_of  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415
    from haidang.web.pages.public import Public  # noqa: PLC0415

    where = roots()
    home = folder / case
    _, found = desk_files.find(home, where)
    given = {"base": base, "hub": hub, "gzip": gzip}
    spec = job.spec_of(home).model_dump() | {k: v for k, v in given.items() if v}
    try:
        settings = Spec(**spec)
    except ValidationError as error:
        raise typer.BadParameter("; ".join(e["msg"] for e in error.errors())) from error
    site = job.publish_played(
        home, DATABASE, scope_of(found), prepare(found, where), found.spec.places_on,
        found.spec.status, Public, settings, _instant(at), to,
    )  # fmt: skip
    said = json.loads((site.folder / STATUS).read_text("utf-8"))
    files = [p for p in site.folder.rglob("*") if p.is_file()]
    largest = max(p.stat().st_size for p in files if p.suffix == ".html")
    line = say(
        "publish_done", active=said["active"], at=said["published"],
        files=len(files), largest=largest,
    )  # fmt: skip
    out.print(line, highlight=False, soft_wrap=True)
    out.print(f"  {site.folder / 'index.html'}", highlight=False, soft_wrap=True)
    if count := job.waiting(home, DATABASE, datetime.fromisoformat(said["published"])):
        err.print(say("publish_waiting", count=count), style="yellow", soft_wrap=True)


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(say("publish_bad_time", value=text))
    return found
