"""``haidang ledger``: prove that no decision was rewritten."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from haidang.cli.key import given
from haidang.cli.show import help_text, out, problems, say

if TYPE_CHECKING:
    from haidang.edge.anchor import Anchor

Out = Annotated[Path, typer.Option("--out", help=help_text("help_out"))]
# Must exist: a store that is not there would be made, and an empty ledger is in perfect order.
Db = Annotated[
    Path | None,
    typer.Option("--db", help=help_text("help_db"), exists=True, dir_okay=False),
]


def build() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(no_args_is_help=True, help=help_text("help_ledger"))
    group.command("verify", help=help_text("help_ledger_verify"))(verify)
    group.command("head", help=help_text("help_ledger_head"))(head)
    group.command("sign", help=help_text("help_ledger_sign"))(sign)
    return group


def _stores(db: Path | None, folder: Path) -> tuple[Path, ...]:
    from haidang.jobs.explain import databases  # noqa: PLC0415

    paths = (db,) if db else tuple(databases(folder))
    if not paths:
        raise typer.BadParameter(say("no_store", folder=folder))
    return paths


def _only(paths: tuple[Path, ...], folder: Path) -> None:
    """Refuse where a head could belong to any of several stores."""
    from haidang.base.errors import BadData  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415

    if len(paths) > 1:
        said = {"n": len(paths), "folder": folder, "paths": ", ".join(map(str, paths))}
        raise BadData(Problem("cli.anchor_needs_db", said, field="--db"))


def verify(
    db: Db = None,
    anchor: Annotated[str, typer.Option(help=help_text("help_anchor"))] = "",
    trusted: Annotated[
        list[Path] | None,
        typer.Option("--trusted", help=help_text("help_trusted")),
    ] = None,
    folder: Out = Path("out"),
) -> None:
    """Recompute every hash of a ledger."""
    from haidang.edge.store.store import Store  # noqa: PLC0415

    paths = _stores(db, folder)
    wanted = None
    if anchor:
        _only(paths, folder)
        wanted = _anchor(anchor, trusted)
    bad = False
    for path in paths:
        with Store.open(path, create=False) as store:
            found = store.verify(wanted)
            entries, newest = store.head()
        problems(found)
        bad = bad or bool(found)
        key = "ledger_bad" if found else "ledger_good"
        line = say(key, path=path, entries=entries, head=newest)
        out.print(escape(line), highlight=False, soft_wrap=True)
    if bad:
        raise typer.Exit(1)


def _anchor(text: str, trusted: list[Path] | None) -> str:
    """The head that must be in the chain: as given, or out of a signed file."""
    from haidang.edge.anchor import is_head, read_anchor  # noqa: PLC0415
    from haidang.edge.keys import read_file  # noqa: PLC0415

    file = Path(text)
    if is_head(text) or not file.is_file():
        return text
    believed = [read_file(one) for one in trusted] if trusted else None
    found = read_anchor(read_file(file), believed)
    out.print(escape(_told(found)), highlight=False, soft_wrap=True)
    return found.head


def _told(found: Anchor) -> str:
    return say(
        f"anchor_{found.trust}",
        day=found.day,
        entries=found.entries,
        subject=found.subject,
        fingerprint=found.fingerprint,
    )


def head(db: Db = None, folder: Out = Path("out")) -> None:
    """Number and hash of the newest entry: what is published."""
    from haidang.edge.store.store import Store  # noqa: PLC0415

    for path in _stores(db, folder):
        with Store.open(path, check=False, create=False) as store:
            entries, newest = store.head()
        out.print(f"{newest}  {entries}  {path}", highlight=False, soft_wrap=True)


def sign(
    to: Annotated[Path, typer.Option("--to", help=help_text("help_anchor_to"))],
    db: Db = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", help=help_text("help_key_key")),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", help=help_text("help_key_certificate")),
    ] = None,
    folder: Out = Path("out"),
) -> None:
    """Sign the head of a ledger that is in order, into a file to publish."""
    from haidang.base.errors import BadData, Unavailable  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415
    from haidang.edge.anchor import seal_head  # noqa: PLC0415
    from haidang.edge.store.store import Store  # noqa: PLC0415

    paths = _stores(db, folder)
    _only(paths, folder)
    with Store.open(paths[0], create=False) as store:
        if found := store.verify():
            problems(found)
            raise typer.Exit(1)
        entries, newest = store.head()
    made = seal_head(newest, entries, datetime.now(UTC), given(key, certificate))
    try:
        with to.open("xb") as file:
            file.write(made)
    except FileExistsError as error:
        raise BadData(Problem("sign.anchor_there", {"file": str(to)})) from error
    except OSError as error:
        params = {"folder": str(to), "reason": error.strerror or str(error)}
        raise Unavailable(Problem("sign.key_folder", params)) from error
    line = say("anchor_made", file=to, entries=entries, head=newest)
    out.print(escape(line), highlight=False, soft_wrap=True)
