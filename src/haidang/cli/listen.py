"""Listen to sensors: from a reading over MQTT to the warning."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from haidang.cli.show import help_text, language, out, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haidang.jobs.listen import Listener


def listen(
    desk: Annotated[Path, typer.Argument(help=help_text("help_listen_desk"))],
    status: Annotated[bool, typer.Option("--status", help=help_text("help_listen_status"))] = False,
    feeds_only: Annotated[
        bool, typer.Option("--feeds-only", help=help_text("help_listen_feeds"))
    ] = False,
) -> None:
    """Listen for a desk until it is stopped, or tell how it goes."""
    if status:
        _tell(desk)
        return
    from haidang.edge.store.store import Store  # noqa: PLC0415
    from haidang.jobs.listen import Listener  # noqa: PLC0415
    from haidang.jobs.live_desk import open_home  # noqa: PLC0415
    from haidang.pack.load import roots  # noqa: PLC0415

    home = open_home(desk, roots(), datetime.now(UTC))
    pages = None
    if not feeds_only:
        from haidang.web.pages.public import Public  # noqa: PLC0415

        pages = Public
    with Store.open(home.database) as store:
        listener = Listener(home, store, pages)
        listener.open()
        _until_stopped(listener, desk)


def _until_stopped(listener: Listener, desk: Path) -> None:
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: listener.stop())
    broker = listener.home.settings.broker
    line = say("listening", desk=desk, host=broker.host, port=broker.port)
    out.print(line, highlight=False, soft_wrap=True)
    try:
        listener.run()
    finally:
        listener.close()


def _tell(desk: Path) -> None:
    """The last sign of life in a few lines; what is wrong stands first."""
    from haidang.jobs.listen import read_status  # noqa: PLC0415

    found = read_status(desk)
    for line, wrong in _lines(found):
        style = "yellow" if wrong else None
        out.print(line, style=style, highlight=False, soft_wrap=True)


def _lines(found: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Lines, and whether each is a finding."""
    from haidang.words import word  # noqa: PLC0415

    at = datetime.fromisoformat(found["at"])
    age = (datetime.now(UTC) - at).total_seconds()
    zone = found.get("zone", "UTC")
    dead = age > 3 * float(found["beats_s"])
    broker, counts = found["broker"], found["counts"]
    beat = "listen_beat_old" if dead else "listen_beat"
    lines = [(say(beat, at=_local(found["at"], zone), s=f"{age:.0f}"), dead)]
    if broker["refused"]:
        lines.append((say("listen_refused", why=broker["refused"]), True))
    elif not broker["connected"]:
        lines.append((say("listen_no_line", why=broker.get("failed") or "-"), True))
    if topics := broker.get("unheard"):
        lines.append((say("listen_unheard", topics=", ".join(topics)), True))
    if broker["dropped"]:
        lines.append((say("listen_dropped", n=broker["dropped"]), True))
    if found["trouble"]:
        texts = "; ".join(found["trouble"].split(", "))
        lines.append((say("listen_trouble", codes=texts), True))
    numbers = {k: counts.get(k, 0) for k in ("messages", "stored", "same", "late", "refused")}
    lines.append((say("listen_counts", **numbers), False))
    spoken = say("listen_spoken", n=counts.get("spoken", 0), at=_local(found["spoken"], zone))
    lines.append((spoken, False))
    if found["silent"]:
        some = found["silent_first"][:5]
        first = ", ".join(f"{s['place']} ({_local(s['last'], zone)})" for s in some)
        lines.append((say("listen_silent", n=found["silent"], first=first), True))
    for one in found["aside_last"][-5:]:
        why = word(one["code"], language(), **one["params"])
        lines.append((say("listen_aside", topic=one["topic"], why=why), True))
    return lines


def _local(text: str | None, zone: str) -> str:
    """An instant on the country's clock; "-" for none."""
    if not text:
        return "-"
    at = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    return f"{at:%Y-%m-%d %H:%M:%S %z}"
