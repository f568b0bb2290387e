"""``haidang world``: what other services warn of, read from their feeds and kept for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from haidang.cli.show import help_text, language, out, problems, say

if TYPE_CHECKING:
    from haidang.edge.store.store import Store
    from haidang.edge.store.world_ask import Ask
    from haidang.jobs.world import Polled
    from haidang.pack.schema import Country

WORLD = Path("out") / "world.db"

Db = Annotated[Path, typer.Option("--db", help=help_text("help_world_db"))]
FeedsFile = Annotated[
    Path, typer.Option("--feeds", help=help_text("help_world_feeds_file"), exists=True)
]
Of = Annotated[str | None, typer.Option("--country", help=help_text("help_country"))]
Place = Annotated[str, typer.Option("--place", help=help_text("help_world_place"))]
From = Annotated[str, typer.Option("--from", help=help_text("help_world_from"))]
To = Annotated[str, typer.Option("--to", help=help_text("help_world_to"))]
Hazard = Annotated[str, typer.Option("--hazard", help=help_text("help_world_hazard"))]
Sender = Annotated[str, typer.Option("--sender", help=help_text("help_world_sender"))]
Severity = Annotated[str, typer.Option("--severity", help=help_text("help_world_severity"))]
State = Annotated[str, typer.Option("--state", help=help_text("help_world_state"))]


def build() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(no_args_is_help=True, help=help_text("help_world"))
    group.command("poll", help=help_text("help_world_poll"))(poll)
    group.command("list", help=help_text("help_world_list"))(listed)
    group.command("show", help=help_text("help_world_show"))(show)
    group.command("feeds", help=help_text("help_world_feeds"))(feeds)
    group.command("export", help=help_text("help_world_export"))(export)
    return group


def poll(
    feeds: FeedsFile,
    db: Db = WORLD,
    watch: Annotated[
        bool, typer.Option("--watch/--once", help=help_text("help_world_watch"))
    ] = False,
    country: Of = None,
) -> None:
    """Ask feeds and keep what they say."""
    from haidang.edge.feeds.cap_settings import read_feeds  # noqa: PLC0415
    from haidang.jobs import world  # noqa: PLC0415
    from haidang.jobs.world_places import index_of  # noqa: PLC0415

    settings = read_feeds(feeds)
    home = _home(country)
    index, found = index_of(home, datetime.now(UTC).astimezone(home.zone).date())
    problems((*settings.problems, *found))
    db.parent.mkdir(parents=True, exist_ok=True)
    with _open(db, create=True) as store:
        poller = world.Poller(store, settings, index)
        if not watch:
            for one in poller.once():
                _told(one)
            return
        try:
            asyncio.run(world.watch(poller, _told))
        except KeyboardInterrupt:
            out.print(say("stopped"), highlight=False)


def _told(one: Polled) -> None:
    line = say("world_polled", feed=one.feed, new=one.new, same=one.same, refused=one.refused,
               left=one.left)  # fmt: skip
    out.print(escape(line), highlight=False, soft_wrap=True)
    problems(one.problems)


def listed(
    db: Db = WORLD,
    place: Place = "",
    start: From = "",
    end: To = "",
    hazard: Hazard = "",
    sender: Sender = "",
    severity: Severity = "",
    state: State = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500)] = 50,
    country: Of = None,
) -> None:
    """Messages of the archive, newest arrival first."""
    from haidang.warn.heard import in_language  # noqa: PLC0415

    home = _home(country)
    now = datetime.now(UTC)
    with _open(db) as store:
        answer = store.world(_ask(place, start, end, hazard, sender, severity, state, limit), now)
    table = Table()
    for name in ("id", "sent", "sender", "event", "severity", "state", "signature", "places"):
        table.add_column(say(f"column_world_{name}"))
    for one in answer.entries:
        _, (event, _) = in_language(one.titles, language()) if one.titles else ("", ("", ""))
        table.add_row(
            str(one.id),
            home.local(one.sent).strftime("%Y-%m-%d %H:%M"),
            escape(one.sender_name or one.sender),
            escape(event or one.event),
            one.severity,
            say(f"world_state_{one.state}") + (" !" if one.conflict else ""),
            say(f"world_signature_{one.signature}"),
            str(len(one.matches)),
        )
    out.print(table)
    out.print(say("world_total", shown=len(answer.entries), total=answer.total), highlight=False)


def show(
    number: Annotated[int, typer.Argument(help=help_text("help_world_id"))],
    db: Db = WORLD,
    xml: Annotated[bool, typer.Option("--xml", help=help_text("help_world_xml"))] = False,
    country: Of = None,
) -> None:
    """One message: what it says, where, what belongs to it."""
    home = _home(country)
    now = datetime.now(UTC)
    with _open(db) as store:
        if xml:
            typer.echo(store.world_body(number).decode("utf-8", "replace"))
            return
        one = store.world_entry(number, now)
        body = store.world_body(number)
        chain = store.world_chain(number, now)
    for tag, (event, headline) in one.titles.items():
        out.print(escape(f"[{tag}] {event}: {headline}"), highlight=False, soft_wrap=True)
    facts = (one.identifier, one.sender, one.severity, one.urgency, one.certainty)
    out.print(escape(" · ".join(f for f in facts if f)), highlight=False, soft_wrap=True)
    for text in _words(body):
        out.print(escape(text), highlight=False, soft_wrap=True)
    for entry in chain:
        line = say("world_line", id=entry.id, kind=entry.kind, at=home.local(entry.sent),
                   state=say(f"world_state_{entry.state}"))  # fmt: skip
        out.print(escape(line), highlight=False, soft_wrap=True)
    day = home.local(now).date()
    for match in one.matches:
        found = [p for p in home.places.gazetteer.at(day) if p.code == match.code]
        name = found[0].name(language()) if found else match.code
        share = f"{match.share:.1%}" if match.share else "·"
        out.print(escape(f"  {match.code} {name}  {share}  {match.how}"), highlight=False)


def _words(body: bytes) -> Iterator[str]:
    """What a message says and what it asks people to do, in the reader's language if it has it."""
    from haidang.warn import cap  # noqa: PLC0415
    from haidang.warn.heard import in_language  # noqa: PLC0415

    infos = reversed(cap.parse(body).infos)  # of several blocks of one language the first counts
    told = {i.language: (i.description or "", i.instruction or "") for i in infos}
    if told:
        yield from filter(None, in_language(told, language())[1])


def feeds(db: Db = WORLD, country: Of = None) -> None:
    """How every feed is: last heard, last new, failures, next look."""
    from haidang.base.problem import Problem  # noqa: PLC0415

    home = _home(country)
    with _open(db) as store:
        known = store.world_feeds()
        found = store.world_findings(limit=20)
    table = Table()
    for name in ("feed", "heard", "news", "failures", "next", "trouble"):
        table.add_column(say(f"column_world_{name}"))
    for one in known.values():
        times = [home.local(t).strftime("%Y-%m-%d %H:%M") if t else "-"
                 for t in (one.heard, one.news)]  # fmt: skip
        trouble = Problem(one.code, one.params).say(language()) if one.code else ""
        following = home.local(one.next).strftime("%Y-%m-%d %H:%M")
        table.add_row(one.feed, *times, str(one.failures), following, escape(trouble))
    out.print(table)
    problems(f.problem for f in found)


def export(
    folder: Annotated[Path, typer.Argument(help=help_text("help_world_folder"))],
    db: Db = WORLD,
    place: Place = "",
    start: From = "",
    end: To = "",
    hazard: Hazard = "",
    sender: Sender = "",
    severity: Severity = "",
    state: State = "",
) -> None:
    """Write messages of the archive to a folder: their bytes, and a table."""
    from haidang.jobs.world_export import export as write  # noqa: PLC0415

    question = _ask(place, start, end, hazard, sender, severity, state, 500)
    with _open(db) as store:
        count = write(store, question, folder, datetime.now(UTC))
    out.print(say("world_exported", count=count, folder=folder), highlight=False, soft_wrap=True)


def _ask(
    place: str,
    start: str,
    end: str,
    hazard: str,
    sender: str,
    severity: str,
    state: str,
    most: int,
) -> Ask:
    from haidang.jobs.world_ask import asked  # noqa: PLC0415

    given = {"place": place, "from": start, "to": end, "hazard": hazard, "sender": sender,
             "severity": severity, "state": state, "limit": str(most)}  # fmt: skip
    return asked(given)


def _open(db: Path, *, create: bool = False) -> Store:
    from haidang.edge.store.store import Store  # noqa: PLC0415

    if not create and not db.is_file():
        raise typer.BadParameter(say("world_no_db", file=db))
    return Store.open(db, check=False, create=create)


def _home(name: str | None) -> Country:
    from haidang.pack.load import load_country, roots  # noqa: PLC0415

    where = roots()
    return load_country(where.country(name), where.threats)
