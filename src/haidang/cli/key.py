"""``haidang key``: the pair that messages and anchors are signed with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from haidang.cli.show import help_text, out, say

if TYPE_CHECKING:
    from haidang.warn.cap.seal import Seal

KEY_VARIABLE = "HAIDANG_SIGNING_KEY"
CERTIFICATE_VARIABLE = "HAIDANG_SIGNING_CERTIFICATE"
PASSWORD_VARIABLE = "HAIDANG_SIGNING_PASSWORD"  # noqa: S105 - the name of a variable


def build() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(no_args_is_help=True, help=help_text("help_key"))
    group.command("new", help=help_text("help_key_new"))(new)
    group.command("show", help=help_text("help_key_show"))(show)
    return group


def new(
    name: Annotated[str, typer.Argument(help=help_text("help_key_name"))],
    to: Annotated[Path, typer.Option("--to", help=help_text("help_key_to"))],
    days: Annotated[int, typer.Option(help=help_text("help_key_days"))] = 730,
    rsa: Annotated[bool, typer.Option("--rsa", help=help_text("help_key_rsa"))] = False,
) -> None:
    """Make a key and a certificate that it signs itself."""
    from haidang.edge.keys import make, write  # noqa: PLC0415

    now = datetime.now(UTC).replace(microsecond=0)
    seal = make(name, now, kind="rsa" if rsa else "ec", days=days)
    key, certificate = write(seal, to)
    _say("key_made", private=key, certificate=certificate)
    _certificates(certificate.read_bytes())


def show(
    certificate: Annotated[Path, typer.Argument(help=help_text("help_key_certificate"))],
    key: Annotated[
        Path | None,
        typer.Option("--key", help=help_text("help_key_key")),
    ] = None,
) -> None:
    """Whom a certificate names, its fingerprint, its time, and whether a key is its own."""
    from haidang.edge.keys import read_file  # noqa: PLC0415

    _certificates(read_file(certificate))
    if key is not None:
        given(key, certificate).check(datetime.now(UTC))
        _say("key_fits")


def _certificates(data: bytes) -> None:
    from haidang.warn.cap import trust  # noqa: PLC0415

    for one in trust.read(data):
        _say(
            "key_certificate",
            subject=trust.subject(one),
            issuer=trust.issuer(one),
            first=f"{one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
            last=f"{one.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
            fingerprint=trust.fingerprint(one),
        )


def _say(code: str, **params: object) -> None:
    out.print(escape(say(code, **params)), highlight=False, soft_wrap=True)


def given(key: Path | None, certificate: Path | None) -> Seal:
    """The pair of two options, or of the environment.

    Raises:
        BadData: As ``edge.keys.named``.
    """
    from haidang.edge.keys import named  # noqa: PLC0415

    return named(KEY_VARIABLE, CERTIFICATE_VARIABLE, PASSWORD_VARIABLE, key, certificate)
