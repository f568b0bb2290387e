"""``haidang deliver`` and ``haidang outbox``: send what was approved, see how far it has come."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from haidang.cli.show import err, help_text, language, out, problems, say

if TYPE_CHECKING:
    from haidang.edge.store.store import Store
    from haidang.pack.schema import Country

Db = Annotated[
    Path, typer.Option("--db", help=help_text("help_deliver_db"), exists=True, dir_okay=False)
]
Of = Annotated[str | None, typer.Option("--country", help=help_text("help_country"))]
AsJson = Annotated[bool, typer.Option("--json", help=help_text("help_json"))]
SHOWN = 20


def build() -> typer.Typer:
    """The group of commands of the outbox."""
    group = typer.Typer(invoke_without_command=True, help=help_text("help_outbox"))
    group.callback()(outbox)
    group.command("retry", help=help_text("help_outbox_retry"))(retry)
    return group


def opened(db: Path) -> Store:
    """The store of a file that is one already."""
    from haidang.edge.store.store import Store  # noqa: PLC0415

    return Store.open(db, check=False, create=True)


def home(name: str | None) -> Country:
    """A country by id, the only one where none is named."""
    from haidang.pack.load import load_country, roots  # noqa: PLC0415

    where = roots()
    return load_country(where.country(name), where.threats)


def deliver(
    db: Db,
    watch: Annotated[bool, typer.Option("--watch", help=help_text("help_deliver_watch"))] = False,
    country: Of = None,
) -> None:
    """Send what was approved to whoever is to be told, over the channels of channels.yaml."""
    from haidang.base.errors import HaidangError, Unavailable  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415
    from haidang.edge.channels.settings import open_folder, read_settings  # noqa: PLC0415
    from haidang.jobs.deliver import Deliverer  # noqa: PLC0415
    from haidang.jobs.told import reach  # noqa: PLC0415

    where = reach(home(country), db)
    ways = open_folder(db.parent)
    problems(read_settings(db.parent / "channels.yaml").problems)
    if not ways:
        raise Unavailable(Problem("deliver.no_channels", {}, file=str(db.parent)))

    def tell(channel: str, error: Exception) -> None:
        # What a broken channel says may hold an address: its kind alone is shown.
        ours = error.say(language()) if isinstance(error, HaidangError) else type(error).__name__
        err.print(f"{channel}: {ours}", style="yellow", highlight=False, soft_wrap=True)

    try:
        with opened(db) as store:
            job = Deliverer(store, ways, where, tell=tell, around=where.around)
            told = job.watch(_stopped()) if watch else job.once()
    finally:
        for way in ways:
            way.channel.close()
    out.print(say("deliver_done", messages=told.messages, queued=told.queued), highlight=False)
    if told.left:
        err.print(say("deliver_left", n=len(told.left)), style="yellow", highlight=False)
    for (channel, state), n in sorted(told.outcomes.items()):
        out.print(say("deliver_line", channel=channel, n=n, state=_state(state)), highlight=False)


def _stopped() -> threading.Event:
    """Set by Ctrl-C or a polite kill: what is in flight is finished, nothing new begins."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _state(state: str) -> str:
    from haidang.jobs.told import state_word  # noqa: PLC0415

    return state_word(state, language())


def outbox(
    context: typer.Context,
    db: Annotated[
        Path | None,
        typer.Option("--db", help=help_text("help_deliver_db"), exists=True, dir_okay=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How far deliveries have come, and the dead letters with their reasons."""
    from haidang.edge.store.parcels import STATES  # noqa: PLC0415
    from haidang.jobs.told import reason  # noqa: PLC0415

    if context.invoked_subcommand:
        return
    if db is None:
        raise typer.BadParameter(say("outbox_db"))
    with opened(db) as store:
        counts = store.delivery_counts()
        dead = store.deliveries_found(state="dead")
        waiting = len(store.waiting())
    channels = sorted({channel for channel, _ in counts})
    if as_json:
        found = {
            "waiting": waiting,
            "channels": {
                c: {s: counts[c, s] for s in STATES if (c, s) in counts} for c in channels
            },
            "dead": [
                {
                    "key": d.key,
                    "message": d.message,
                    "recipient": d.recipient,
                    "channel": d.channel,
                    "why": d.why,
                    "tries": d.tries,
                }
                for d in dead
            ],
        }
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if not counts:
        out.print(say("outbox_empty", n=waiting), highlight=False)
        return
    shown = [s for s in STATES if any((c, s) in counts for c in channels)]
    table = Table(title=say("outbox_title", n=waiting), title_justify="left")
    table.add_column(say("outbox_channel"))
    for state in shown:
        table.add_column(_state(state), justify="right")
    for channel in channels:
        table.add_row(channel, *(str(counts.get((channel, s), 0)) for s in shown))
    out.print(table)
    for one in dead[:SHOWN]:
        line = say(
            "outbox_dead",
            id=one.key[:8],
            channel=one.channel,
            recipient=one.recipient[:8] or "–",
            tries=one.tries,
            why=reason(one.why, language()),
        )
        out.print(line, highlight=False, soft_wrap=True, markup=False)
    if len(dead) > SHOWN:
        out.print(say("outbox_more", n=len(dead) - SHOWN), highlight=False)


def retry(
    db: Db,
    key: Annotated[
        list[str] | None, typer.Option("--key", help=help_text("help_retry_key"))
    ] = None,
    channel: Annotated[str, typer.Option(help=help_text("help_retry_channel"))] = "",
) -> None:
    """Put dead letters back in the queue."""
    from haidang.base.errors import NotFound  # noqa: PLC0415
    from haidang.base.problem import Problem  # noqa: PLC0415

    with opened(db) as store:
        keys: list[str] = []
        if key:
            dead = store.deliveries_found(state="dead", limit=1_000_000)
            for begins in key:
                hits = [d.key for d in dead if d.key.startswith(begins)]
                if len(hits) != 1:
                    raise NotFound(Problem("deliver.no_dead", {"key": begins}, field="--key"))
                keys += hits
        n = store.retry(keys, channel)
    out.print(say("outbox_retried", n=n), highlight=False)
