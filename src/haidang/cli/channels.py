"""``haidang channels``: whether the ways out of a desk are set up, before they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from haidang.cli.show import help_text, out, problems, say

File = Annotated[Path, typer.Argument(help=help_text("help_channels_file"), dir_okay=False)]


def build() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(no_args_is_help=True, help=help_text("help_channels"))
    group.command("check", help=help_text("help_channels_check"))(check)
    group.command("secret", help=help_text("help_channels_secret"))(secret)
    return group


def check(file: File = Path("channels.yaml")) -> None:
    """Each channel with what keeps it from working; nothing is sent."""
    from haidang.base.errors import NotFound  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415
    from haidang.edge.channels import settings  # noqa: PLC0415

    if not file.is_file():
        # A slip of the pen must not read as the answer that all is well.
        raise NotFound(Problem("channel.no_file", {"name": str(file)}))
    found = settings.read_settings(file)
    wrong = settings.check(found)
    for name in (*found.specs, *found.bad):
        hurt = any(p.field.startswith(f"channels.{name}.") for p in wrong) or name in found.bad
        kind = found.specs[name].kind if name in found.specs else "?"
        code = "channels_wrong" if hurt else "channels_good"
        out.print(escape(say(code, name=name, kind=kind)), highlight=False, soft_wrap=True)
    problems(wrong)
    if wrong:
        raise typer.Exit(1)
    if not found.specs:
        out.print(say("channels_none"), highlight=False, soft_wrap=True)


def secret(
    channel: Annotated[str, typer.Argument(help=help_text("help_channels_name"))],
    recipient: Annotated[str, typer.Argument(help=help_text("help_channels_recipient"))],
    file: Annotated[
        Path, typer.Option("--file", help=help_text("help_channels_file"), dir_okay=False)
    ] = Path("channels.yaml"),
) -> None:
    """The secret that a receiver of webhooks and we share: hand it over, keep it nowhere."""
    from haidang.base.errors import NotFound  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415
    from haidang.edge.channels import settings, webhook  # noqa: PLC0415

    found = settings.read_settings(file)
    spec = found.specs.get(channel)
    if not isinstance(spec, webhook.Spec) or spec.secret is None:
        known = [n for n, s in found.specs.items() if isinstance(s, webhook.Spec) and s.secret]
        said = {"name": channel, "known": ", ".join(known) or say("channels_nobody")}
        raise NotFound(Problem("channel.no_webhook", said, file=file.name))
    master = spec.secret.read(found.folder, "secret")
    typer.echo(webhook.secret_of(master, recipient))
