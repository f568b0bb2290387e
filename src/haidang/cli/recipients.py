"""``haidang recipients``, ``subscriptions`` and ``route``: who is told, and a rehearsal of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from haidang.cli.outbox import AsJson, Db, Of, home, opened
from haidang.cli.show import help_text, language, out, problems, say

if TYPE_CHECKING:
    from haidang.edge.channels.settings import Settings
    from haidang.jobs.recipients import TakenIn
    from haidang.jobs.told import Rehearsed
    from haidang.pack.schema import Country

Aliases = Annotated[bool, typer.Option("--aliases", help=help_text("help_aliases"))]
SHOWN = 40


def build_recipients() -> typer.Typer:
    """The commands of recipients."""
    group = typer.Typer(no_args_is_help=True, help=help_text("help_recipients"))
    group.command("import", help=help_text("help_recipients_import"))(take_in)
    group.command("list", help=help_text("help_recipients_list"))(listed)
    group.command("erase", help=help_text("help_recipients_erase"))(erase)
    return group


def build_subscriptions() -> typer.Typer:
    """The commands of subscriptions."""
    group = typer.Typer(no_args_is_help=True, help=help_text("help_subscriptions"))
    group.command("import", help=help_text("help_subscriptions_import"))(subscribe)
    return group


def build_route() -> typer.Typer:
    """The rehearsal."""
    group = typer.Typer(no_args_is_help=True, help=help_text("help_route"))
    group.command("test", help=help_text("help_route_test"))(rehearse)
    return group


def take_in(
    file: Annotated[Path, typer.Argument(help=help_text("help_recipients_file"))],
    db: Db,
    country: Of = None,
) -> None:
    """Take in a file of recipients and their addresses."""
    from haidang.edge.channels.settings import unfit  # noqa: PLC0415
    from haidang.jobs.recipients import import_contacts  # noqa: PLC0415

    settings = _settings(db)
    names = (*settings.specs, *settings.bad)
    with opened(db) as store:
        found = import_contacts(store, file, home(country), names, partial(unfit, settings))
    _told("recipients_kept", found)


def subscribe(
    file: Annotated[Path, typer.Argument(help=help_text("help_subscriptions_file"))],
    db: Db,
    on: Annotated[str, typer.Option(help=help_text("help_places_on"))] = "",
    country: Of = None,
) -> None:
    """Take in a file of subscriptions: of each recipient and channel in it, it is the whole."""
    from haidang.jobs.recipients import import_subscriptions  # noqa: PLC0415

    with opened(db) as store:
        found = import_subscriptions(store, file, home(country), _day(on), _channels(db))
    _told("subscriptions_kept", found)


def _told(key: str, found: TakenIn) -> None:
    problems(found.problems)
    added, changed, same = found.kept
    bad = len({p.row for p in found.problems})
    said = say(key, added=added, changed=changed, same=same, bad=bad)
    out.print(said, highlight=False, soft_wrap=True)
    if bad:
        # The good rows are kept; a script that goes on must still know that somebody is missing.
        raise typer.Exit(1)


def _settings(db: Path) -> Settings:
    """Channels that are set up beside a store."""
    from haidang.edge.channels.settings import FILE, read_settings  # noqa: PLC0415

    return read_settings(db.parent / FILE)


def _channels(db: Path) -> tuple[str, ...]:
    """Their names."""
    found = _settings(db)
    return (*found.specs, *found.bad)


def listed(db: Db, aliases: Aliases = False, as_json: AsJson = False) -> None:
    """Recipients by id: how many channels and subscriptions each has."""
    with opened(db) as store:
        found = store.recipients()
    if as_json:
        rows = [
            {
                "id": k.id,
                **({"alias": k.alias} if aliases else {}),
                "channels": k.channels,
                "subscriptions": k.subscriptions,
                "erased": k.erased.isoformat() if k.erased else None,
            }
            for k in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    live = [k for k in found if k.erased is None]
    none = sum(not k.subscriptions for k in live)
    said = say("recipients_count", n=len(live), none=none, erased=len(found) - len(live))
    out.print(said, highlight=False, soft_wrap=True)
    for one in live:
        name = f"{one.alias}  " if aliases else ""
        line = say(
            "recipients_line",
            id=f"{name}{one.id[:8]}",
            channels=", ".join(one.channels) or "–",
            n=one.subscriptions,
        )
        out.print(line, highlight=False, soft_wrap=True, markup=False)


def erase(
    name: Annotated[str, typer.Argument(help=help_text("help_recipients_name"))], db: Db
) -> None:
    """Forget who is behind an id: name, addresses and secrets. What was sent stays."""
    with opened(db) as store:
        chosen = store.erase_recipient(name)
    out.print(say("recipients_erased", id=chosen[:8]), highlight=False, soft_wrap=True)


def rehearse(
    db: Db,
    message: Annotated[str, typer.Argument(help=help_text("help_route_message"))] = "",
    place: Annotated[str, typer.Option(help=help_text("help_route_place"))] = "",
    threat: Annotated[str, typer.Option(help=help_text("help_route_threat"))] = "",
    level: Annotated[int, typer.Option(help=help_text("help_route_level"))] = 0,
    status: Annotated[str, typer.Option(help=help_text("help_route_status"))] = "Actual",
    aliases: Aliases = False,
    as_json: AsJson = False,
    country: Of = None,
) -> None:
    """Who would be told of a notice, over which channel, and who not and why. Sends nothing."""
    from haidang.edge.channels.settings import FILE, persons, read_settings  # noqa: PLC0415
    from haidang.edge.store.fanout import Waiting  # noqa: PLC0415
    from haidang.edge.store.sparing import People  # noqa: PLC0415
    from haidang.jobs import told  # noqa: PLC0415
    from haidang.warn.route import Warned  # noqa: PLC0415

    at = home(country)
    day = at.local(datetime.now(UTC)).date()
    kind = told.as_status(status)
    if kind is None:
        raise typer.BadParameter(say("route_status", value=status))
    if not message and not (place and threat and level):
        raise typer.BadParameter(say("route_what"))
    where = told.reach(at, db)
    people = People(persons(read_settings(db.parent / FILE)), where.around)
    with opened(db) as store:
        notice: Waiting | Warned
        if message:
            notice = store.notice(message)
        else:
            notice = told.thought_of(at, place, threat, level, kind, day)
        if as_json:
            found = told.tell_all(store, notice, where, language(), aliases=aliases, people=people)
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
            return
        rows = told.rehearse(store, notice, where, people)
        named: Mapping[str, str] = {}
        if aliases:
            named = store.aliases([r.recipient for r in rows])
    what = notice.notice if isinstance(notice, Waiting) else notice
    head = say(
        "route_head",
        threat=_title(at, what.threat),
        place=_place(at, what.place, day),
        level=what.level,
        wakes=say("route_wakes" if what.wakes else "route_silent"),
    )
    out.print(head, highlight=False, soft_wrap=True)
    _table([r for r in rows if r.told], "route_told", named)
    _table([r for r in rows if not r.told], "route_not_told", named)
    out.print(say("route_nothing_sent"), style="dim", highlight=False)


def _table(rows: Sequence[Rehearsed], title: str, names: Mapping[str, str]) -> None:
    from haidang.words import word  # noqa: PLC0415

    table = Table(title=say(title, n=len(rows)), title_justify="left")
    for column in ("recipient", "channel", "language", "why"):
        table.add_column(say(f"route_{column}"))
    for row in rows[:SHOWN]:
        called = names.get(row.recipient, "")
        who = f"{called} ({row.recipient[:8]})" if called else row.recipient[:8]
        said = word(f"route.{row.why}", language())
        table.add_row(who, row.channel or "–", row.language or "–", said)
    out.print(table)
    if len(rows) > SHOWN:
        out.print(say("route_more", n=len(rows) - SHOWN), highlight=False)


def _title(at: Country, threat: str) -> str:
    pack = at.packs.get(threat)
    return threat if pack is None else pack.title(language())


def _place(at: Country, code: str, day: date) -> str:
    named = [p for p in at.places.gazetteer if p.code == code]
    named = [p for p in named if p.valid(day)] or named
    return f"{named[-1].name(language())} ({code})" if named else code


def _day(text: str) -> date:
    if not text:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("bad_day", value=text)) from None
