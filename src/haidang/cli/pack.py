"""``haidang pack``: what an overlay changed of what it inherited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from haidang.cli.show import help_text, out, say

if TYPE_CHECKING:
    from haidang.respond.scenario import Change


def group() -> typer.Typer:
    """The commands of ``haidang pack``."""
    app = typer.Typer(no_args_is_help=True, help=help_text("help_pack"))
    app.callback()(_callback)
    app.command("diff", help=help_text("help_pack_diff"))(diff)
    return app


def _callback() -> None:
    """Keeps ``diff`` a command of its own while it is the only one."""


def diff(
    threat: Annotated[str, typer.Argument(help=help_text("help_pack_threat"))],
    country: Annotated[str | None, typer.Option(help=help_text("help_country"))] = None,
    place: Annotated[str, typer.Option(help=help_text("help_pack_place"))] = "",
) -> None:
    """Show what the overlays of a country, and of one place, changed."""
    from haidang.base.errors import NotFound  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415
    from haidang.pack.load import load_country, roots  # noqa: PLC0415
    from haidang.respond.scenario import diff as changed  # noqa: PLC0415

    where = roots()
    home = load_country(where.country(country), where.threats)
    if threat not in home.packs:
        known = ", ".join(sorted(home.packs)) or "-"
        raise NotFound(Problem("pack.not_bound_here", {"name": threat, "known": known}))
    pack = home.packs[threat]
    if pack.framework is None:
        raise NotFound(Problem("pack.no_scenario", {"name": threat}))
    if place and place not in pack.layers:
        known = ", ".join(k for k in pack.layers if k) or "-"
        raise NotFound(Problem("pack.no_overlay", {"place": place, "known": known}))
    layers = [pack.layers[k] for k in dict.fromkeys(("", place)) if k in pack.layers]
    found = changed(pack.framework, *layers)
    if not found:
        out.print(say("pack_same"))
        return
    _show(found)


def _show(found: tuple[Change, ...]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("layer", "what", "key", "how", "before", "after"):
        table.add_column(say(f"pack_{name}"), overflow="fold")
    for c in found:
        table.add_row(
            c.layer, f"{say(f'pack_{c.what}')} {c.name}", c.key, say(f"pack_{c.how}"),
            c.before, c.after,
        )  # fmt: skip
    out.print(table)
    counts = {how: sum(c.how == how for c in found) for how in ("added", "tightened", "filled")}
    out.print(say("pack_changed", **counts), highlight=False)
