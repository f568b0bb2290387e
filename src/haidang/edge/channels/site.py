"""What is in force, as plain files that any web server or CDN serves, with nothing behind them.

A file is replaced whole and only where its content changed, so that its ETag and its time tell the
truth; nothing that somebody may have linked is ever removed. Every file can be made again from the
messages: none is forced to the disk, and what a crash left half-done is found at the next start.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from pydantic import Field

from haidang.app.active import WINDOW, Active, Ended, Look, active, ended
from haidang.app.verdict import Draft, Message
from haidang.base.errors import Unavailable
from haidang.base.problem import Problem
from haidang.edge.channels.board import Board, Layout, Notice, Page, Pages, cap_path
from haidang.edge.channels.parts.spec import ChannelSpec, Home
from haidang.edge.channels.port import Outcome, Parcel
from haidang.edge.channels.site_feeds import ForMachines
from haidang.pack.schema import Country
from haidang.warn.cap import Alert, parse

NAME: Final = "site"
PUBLIC: Final = True
"""It speaks to everybody: one parcel a message, without a recipient."""
PERSON: Final = False
"""What it brings is for machines, or for everybody: each notice goes out."""
FOLDER: Final = "public"
"""Folder of a desk that holds its site."""

STATUS: Final = "status.json"
"""When the site was written, for those who watch over it."""

PUBLISHED: Final = re.compile(rb'<meta name="published" content="([^"]+)">')
_EVER: Final = timedelta.max

Mark: TypeAlias = tuple[int, int, int]
"""A file on the disk: its number, when it was written (ns), its size (bytes)."""


class Spec(ChannelSpec):
    """Settings of a site.

    Attributes:
        kind: ``site``.
        folder: A path without a root starts at the folder of the settings.
        base: Address under which the folder is served, with a slash at its end; "" writes links
            that hold wherever it lies.
        hub: Address of a WebSub hub that the feeds name; "" for none.
        gzip: Whether a compressed copy lies beside each file, for servers that look for one.
        every_min: A page promises a new look within so many minutes after it was written, and is
            written again before that.
    """

    kind: Literal["site"] = NAME
    folder: Path = Path(FOLDER)
    base: str = Field(default="", pattern=r"^(https?://\S+/)?$")
    hub: str = Field(default="", pattern=r"^(https?://\S+)?$")
    gzip: bool = False
    every_min: int = Field(default=30, ge=1)


def open(spec: Spec, home: Home | None = None) -> Posted:
    """Open the channel; the folder is made with the first message."""
    home = home or Home(NAME)
    return Posted(home.name, home.folder / spec.folder, spec.batch)


class Posted:
    """Puts each message where the site's links to it lead, before anybody is sent one.

    The feeds and the pages around it need everything else that holds: a `Site` writes them, which
    whoever holds the store keeps.
    """

    def __init__(self, name: str, folder: Path, batch: int) -> None:
        self.name, self.batch = name, batch
        self._folder = folder

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Write the messages; a file that is there counts as delivered."""
        return tuple(self._each(parcels))

    def _each(self, parcels: Sequence[Parcel]) -> Iterator[Outcome]:
        for parcel in parcels:
            path = cap_path(parcel.message)
            try:
                put(self._folder, path, parcel.message.body)
            except OSError:
                yield Outcome(parcel.key, "failed", "channel.no_room")
            else:
                yield Outcome(parcel.key, "delivered", receipt=path)

    def close(self) -> None:
        """Nothing is held open."""


class Written(NamedTuple):
    """What one publishing changed: paths below the site's folder."""

    files: tuple[str, ...]


@dataclass(slots=True)
class _Shown:
    """A page as it was written last."""

    key: object
    at: datetime


@dataclass
class Site:
    """One folder of files; used by one thread at a time.

    Others may write there too, of this process or another one: what stands there is ours only as
    long as it is the very file that was put there last.

    Attributes:
        folder: Made if it is not there.
        country: Names the places, the threats and the sender.
        day: Whose places it shows.
        pages: Makes the pages; None for feeds and maps alone.
        spec: Its settings.
        status: CAP status of everything that it shows, so that a page without a notice says too
            that it belongs to an exercise; "" where each notice has its own.
    """

    folder: Path
    country: Country
    day: date
    pages: Pages | None = None
    spec: Spec = field(default_factory=Spec)
    status: str = ""
    _alerts: dict[str, Alert] = field(default_factory=dict)
    _bodies: set[str] = field(default_factory=set)
    _shown: dict[str, _Shown] = field(default_factory=dict)
    _stood: dict[str, Mark] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the places that have files, those of an earlier process among them."""
        self._root = str(self.folder)
        self.layout = Layout(self.country, self.day)
        self._machine = ForMachines(self.layout, self.spec.base, self.spec.hub, self._ours)
        # Whoever followed a link to a commune's page must find it again after a restart.
        for path in sorted(self.folder.glob("feeds/area/*.atom")):
            self.layout.know(path.name.split(".", 1)[0])

    # What callers use.

    def show(
        self,
        messages: Sequence[Message],
        drafts: Mapping[str, Draft],
        now: datetime,
        look: Look | None = None,
        *,
        pages: bool = True,
    ) -> Written:
        """Publish what holds at an instant, out of everything that was said.

        Args:
            messages: All that were sent.
            drafts: Theirs, by id.
            now: The instant.
            look: When the system looked last.
            pages: As of `publish`.

        Raises:
            Unavailable: The folder cannot be written to.
        """
        past = ended(messages, drafts, now, _EVER)
        return self.publish(active(messages, drafts, now), now, past, look, pages=pages)

    def publish(
        self,
        actives: Sequence[Active],
        now: datetime,
        past: Sequence[Ended] = (),
        look: Look | None = None,
        *,
        pages: bool = True,
    ) -> Written:
        """Write what changed: messages first, then feeds, the map, and pages.

        Args:
            actives: In force.
            now: The instant.
            past: Ended, however long ago: the feeds tell when they changed last by them.
            look: When the system looked last; None where nobody says.
            pages: False leaves them for the next time: they are many, and a feed is in a hurry.

        Returns:
            What was written.

        Raises:
            Unavailable: The folder cannot be written to; what was written stands.
        """
        shown = tuple(self._notice(a) for a in actives)
        fresh = [e for e in past if now - e.at <= WINDOW]
        over = tuple(
            Notice(e.message, e.draft, self._alert(e.message), e.at, e.how)
            for e in sorted(fresh, key=lambda e: (-e.at.timestamp(), e.message.identifier))
        )
        for one in (*shown, *over):
            for code in (one.place, *one.draft.said.within):
                self.layout.know(code)
        places, within = self.layout.places, self.layout.within
        board = Board(shown, over, look or Look(), now, places, within, self.status)
        try:
            return Written(tuple(self._write(board, past, pages=pages)))
        except OSError as err:
            where = str(self.folder)
            raise Unavailable(Problem("channel.unwritable", {"why": err}, file=where)) from err

    # What is written.

    def _write(self, board: Board, past: Sequence[Ended], *, pages: bool) -> Iterator[str]:
        for one in (*board.notices, *board.ended):
            path = cap_path(one.message)
            if path not in self._bodies or not self._ours(path):
                yield from self._put(path, one.message.body)
                self._bodies.add(path)
        for path, body in self._machine.files(board, past):
            yield from self._put(path, body)
        if pages:
            yield from self._pages(board)
        yield from self._status(board)

    def _pages(self, board: Board) -> Iterator[str]:
        if self.pages is None:
            return
        every = timedelta(minutes=self.spec.every_min)
        for page in self.pages.pages(board):
            known = self._shown.get(page.path) if self._ours(page.path) else None
            shown = known or self._found(page, every)
            # Anew while a third of the promised time is left, so that copies on the way are not
            # older than they say.
            if shown and shown.key == page.key and board.now < shown.at + every * 2 / 3:
                continue
            yield from self._put(page.path, page.render(board.now, board.now + every))
            self._shown[page.path] = _Shown(page.key, board.now)

    def _found(self, page: Page, every: timedelta) -> _Shown | None:
        """A page that an earlier process wrote, if it says what this one would."""
        with suppress(OSError, ValueError):
            body, mark = _read(self.folder / page.path)
            if (said := PUBLISHED.search(body)) is not None:
                at = datetime.fromisoformat(said[1].decode())
                if page.render(at, at + every) == body:
                    self._shown[page.path] = _Shown(page.key, at)
                    self._stood[page.path] = mark
                    return self._shown[page.path]
        return None

    def _status(self, board: Board) -> Iterator[str]:
        look = board.look
        local = self.country.local
        said = {
            "published": local(board.now).isoformat(),
            "next_before": local(board.now + timedelta(minutes=self.spec.every_min)).isoformat(),
            "looked": None if look.at is None else local(look.at).isoformat(),
            "data": None if look.data is None else local(look.data).isoformat(),
            "watched": list(look.threats),
            "active": len(board.notices),
        }
        yield from self._put(STATUS, (json.dumps(said, indent=1) + "\n").encode())

    # Files.

    def _put(self, path: str, body: bytes) -> Iterator[str]:
        """Put a file in its place, whole, unless it stands there already."""
        copy = self.folder / f"{path}.gz"
        if copy.exists() and not (self.spec.gzip and _holds(copy, body)):
            # Before the file: a server that prefers the copy must never give out the page before.
            copy.unlink(missing_ok=True)
        new, self._stood[path] = put(self.folder, path, body)
        if self.spec.gzip and (new or not copy.exists()):
            _replace(copy, gzip.compress(body, 9, mtime=0))
        if new:
            yield path

    def _ours(self, path: str) -> bool:
        """Whether a file is the very one that was put there or found right here."""
        try:
            # Not by way of a Path: hundreds of files are asked about each time a notice comes.
            return _mark(os.stat(f"{self._root}/{path}")) == self._stood.get(path)
        except OSError:
            return False

    # Messages.

    def _notice(self, one: Active) -> Notice:
        return Notice(one.message, one.draft, self._alert(one.message))

    def _alert(self, message: Message) -> Alert:
        if message.identifier not in self._alerts:
            self._alerts[message.identifier] = parse(message.body)
        return self._alerts[message.identifier]


def put(folder: Path, path: str, body: bytes) -> tuple[bool, Mark]:
    """Put a file in its place, whole; False where it stands there already.

    Returns:
        Whether it was written, and by what the file is known again.

    Raises:
        OSError: It cannot be written.
    """
    file = folder / path
    try:
        stands, mark = _read(file)
        if stands == body:
            return False, mark
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
    return True, _replace(file, body)


def _holds(copy: Path, body: bytes) -> bool:
    with suppress(OSError, EOFError, zlib.error):
        return gzip.decompress(copy.read_bytes()) == body
    return False


def _mark(found: os.stat_result) -> Mark:
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(file: Path) -> tuple[bytes, Mark]:
    """A file and its mark: of the one that was opened, whatever is put in its place meanwhile."""
    with file.open("rb") as stream:
        return stream.read(), _mark(os.fstat(stream.fileno()))


def _replace(file: Path, body: bytes) -> Mark:
    # Under a name of this thread's own; hidden, so that no server shows half a file.
    part = file.with_name(f".{file.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        part.write_bytes(body)
        # Before it is in its place, where another process could put its own at once.
        mark = _mark(part.stat())
        os.replace(part, file)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
    return mark
