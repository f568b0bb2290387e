"""The console: who may come in, where it listens, and the passwords, shown once."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from haidang.cli.show import err, help_text, out, say

if TYPE_CHECKING:
    from haidang.pack.schema import Country

DRILL = ("forecaster_on_duty", "shift_lead")
"""Roles that have a name everywhere, for a country that names none."""

TWO = 2
"""One signs, another approves."""


def serve(
    folder: Annotated[Path, typer.Option("--out", help=help_text("help_out"))] = Path("out"),
    port: Annotated[int, typer.Option(min=1, max=65535, help=help_text("help_port"))] = 8000,
    host: Annotated[str, typer.Option(help=help_text("help_host"))] = "127.0.0.1",
    name: Annotated[list[str] | None, typer.Option(help=help_text("help_host_name"))] = None,
    roles: Annotated[str, typer.Option(help=help_text("help_roles"))] = "",
    https: Annotated[bool, typer.Option("--https", help=help_text("help_https"))] = False,
    archive: Annotated[
        bool, typer.Option("--open-archive", help=help_text("help_open_archive"))
    ] = False,
    country: Annotated[
        str | None, typer.Option("--country", help=help_text("help_country"))
    ] = None,
) -> None:
    """The console over the desks of a folder, with two accounts for this start."""
    import uvicorn  # noqa: PLC0415 - a second that only this command needs

    from haidang.edge.store.accounts import Accounts  # noqa: PLC0415
    from haidang.jobs.home_site import Heartbeat, HomeSite  # noqa: PLC0415
    from haidang.pack.load import load_country, roots  # noqa: PLC0415
    from haidang.web.app import DATABASE, create_app  # noqa: PLC0415
    from haidang.web.pages.public import Public  # noqa: PLC0415
    from haidang.web.settings import LOCAL, Settings  # noqa: PLC0415

    where = roots()
    home = load_country(where.country(country), where.threats)
    chosen = _roles(roles, home)
    _free(host, port)
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        hosts=tuple(dict.fromkeys((*LOCAL, host, *(name or ())))),
        secure=https,
        open_archive=archive,
        country=home.id,
    )
    with Accounts.open(folder / DATABASE) as accounts:
        app = create_app(folder, where, settings, accounts)
        gate = app.state.console.gate
        logins = _logins(chosen)
        # Whoever could come in at an earlier start cannot any more, chosen again or not.
        for old in accounts.accounts():
            if old.login not in logins:
                gate.new_account(old.login, old.role)
        table = Table(box=None, pad_edge=False)
        for heading in ("column_login", "column_password", "column_role"):
            table.add_column(say(heading))
        for login, role in logins.items():
            named = home.spec.role(role, "vi"), home.spec.role(role, "en")
            table.add_row(login, gate.new_account(login, role), " · ".join(dict.fromkeys(named)))
        scheme = "https" if https else "http"
        out.print(say("serving", url=f"{scheme}://{host}:{port}/"), highlight=False)
        out.print(table)
        out.print(say("passwords_once"), highlight=False, style="dim", soft_wrap=True)
        with Heartbeat(HomeSite(folder, where, home, Public).tick):
            uvicorn.run(
                app,
                host=host,
                port=port,
                log_level="warning",
                proxy_headers=False,
                server_header=False,
            )
    err.print(say("stopped"), highlight=False)


def _roles(text: str, home: Country) -> tuple[str, ...]:
    """The roles of the two accounts: as asked, or the country's first two."""
    known = tuple(home.spec.roles) or DRILL
    if not text:
        return known[:TWO]
    asked = tuple(part.strip() for part in text.split(",") if part.strip())
    strange = [r for r in asked if r not in known]
    if strange or len(asked) != TWO:
        given = ", ".join(strange) or text
        raise typer.BadParameter(say("bad_roles", value=given, known=", ".join(known)))
    return asked


def _logins(roles: tuple[str, ...]) -> dict[str, str]:
    """A login for each role, telling apart two people of one role."""
    found: dict[str, str] = {}
    for role in roles:
        login = role.replace("_", "-")
        found[f"{login}-2" if login in found else login] = role
    return found


def _free(host: str, port: int) -> None:
    """Say so before passwords are printed, if nothing can listen there."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
    except OSError as error:
        why = error.strerror or str(error)
        raise typer.BadParameter(say("port_taken", host=host, port=port, why=why)) from error
