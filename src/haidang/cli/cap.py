"""``haidang cap``: hold messages against the standard, and show what they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from haidang.cli.show import err, help_text, language, out
from haidang.words import word

if TYPE_CHECKING:
    from haidang.jobs.cap_files import Looked
    from haidang.warn.cap import Alert, Finding

Files = Annotated[list[str], typer.Argument(help=help_text("help_cap_files"), metavar="FILE...")]
ProfileName = Annotated[str | None, typer.Option("--profile", help=help_text("help_cap_profile"))]
Signed = Annotated[bool, typer.Option("--require-signature", help=help_text("help_cap_signed"))]
Batch = Annotated[bool, typer.Option("--batch", help=help_text("help_cap_batch"))]
AsJson = Annotated[bool, typer.Option("--json", help=help_text("help_cap_json"))]
Show = Annotated[bool, typer.Option("--show", help=help_text("help_cap_show"))]


def cap(
    files: Files,
    profile: ProfileName = None,
    require_signature: Signed = False,
    batch: Batch = False,
    as_json: AsJson = False,
    show: Show = False,
) -> None:
    """Hold messages against CAP, one line for every problem."""
    from haidang.jobs.cap_files import left_out, look, profile_of  # noqa: PLC0415 - shapely takes its time

    held = None if profile is None else profile_of(profile)
    messages = invalid = warned = 0
    for one in look(
        files, held, require_signature=require_signature, batch=batch, language=language()
    ):
        messages += 1
        invalid += not one.report.valid
        warned += one.report.valid and bool(one.report.problems)
        if as_json:
            typer.echo(_json(one))
            continue
        if show and one.report.valid:
            _show(one)
        for problem in one.report.problems:
            out.print(_line(one.name, problem), highlight=False, soft_wrap=True)
    if not as_json:
        said = word("cap.said", language(), messages=messages, invalid=invalid, warned=warned)
        err.print(said, style="bold red" if invalid else "bold green", highlight=False)
        if others := left_out(files):
            names = ", ".join(others)
            told = word("cap.left_out", language(), count=len(others), files=names)
            err.print(told, style="yellow", highlight=False, soft_wrap=True)
    if invalid:
        raise typer.Exit(1)


def _line(name: str, problem: Finding) -> Text:
    """``file:line: code message``, which editors and terminals turn into a link."""
    level = word(f"cap.{problem.severity}", language())
    text = Text(f"{name}:{problem.line}: ")
    text.append(f"{level} {problem.code}", "red" if problem.severity == "error" else "yellow")
    text.append(f" {problem.message}")
    if problem.xpath != "/":
        text.append(f" [{problem.xpath}]", "dim")
    return text


def _json(one: Looked) -> str:
    report = one.report
    return json.dumps(
        {
            "file": one.name,
            "valid": report.valid,
            "version": report.version,
            "identifier": report.identifier,
            "profile": report.profile,
            "problems": [
                {
                    "code": p.code,
                    "line": p.line,
                    "xpath": p.xpath,
                    "message": p.message,
                    "severity": p.severity,
                }
                for p in report.problems
            ],
        },
        ensure_ascii=False,
    )


def _show(one: Looked) -> None:
    from haidang.warn.cap import parse  # noqa: PLC0415

    for line in _said(parse(one.data)):
        out.print(line, highlight=False, soft_wrap=True)


def _said(alert: Alert) -> list[Text]:
    """A message in short: who, what, when, where; in each of its languages."""
    lines = [
        Text(f"{alert.identifier}  CAP {alert.version}  {alert.status} {alert.kind}", "bold"),
        Text(f"{alert.sender}  {alert.sent.isoformat(sep=' ')}"),
    ]
    for info in alert.infos:
        lines.append(Text(f"[{info.language}] {info.headline or info.event}", "bold"))
        lines.append(Text(f"  {info.severity} · {info.urgency} · {info.certainty}"))
        times = (info.onset, info.expires)
        lines.append(Text("  " + " → ".join("–" if t is None else str(t) for t in times)))
        lines += [Text(f"  {area.description.strip()}") for area in info.areas]
        lines += [
            Text(f"  {text.strip()}") for text in (info.description, info.instruction) if text
        ]
    return lines
