"""What a desk that listens publishes: the feeds at once, the pages in the next quiet moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from haidang.app.active import Look
from haidang.app.verdict import Draft, Message
from haidang.edge.channels.board import Layout, Pages
from haidang.edge.channels.site import Site, Spec
from haidang.edge.store.glance import Memory
from haidang.edge.store.store import Store
from haidang.pack.schema import Country

AHEAD: Final = timedelta(hours=1)


@dataclass
class Publisher:
    """A site, and all that was said, so that no publishing reads the store again.

    Attributes:
        store: Of the desk.
        folder: Of the site.
        pages: Makes its pages; None publishes feeds, map and messages alone.
        status: CAP status of all that is shown.
        spec: Settings of the site.
    """

    store: Store
    folder: Path
    country: Country
    day: date
    pages: Callable[[Layout], Pages] | None
    status: str
    spec: Spec = field(default_factory=Spec)
    _messages: dict[str, Message] = field(default_factory=dict)
    _drafts: dict[str, Draft] = field(default_factory=dict)
    _memory: Memory = field(default_factory=Memory)
    _marks: tuple[int, int] = (-1, -1)
    _look: Look = field(default_factory=Look)

    def __post_init__(self) -> None:
        """Lay out the site; nothing is written yet."""
        about = (self.folder, self.country, self.day)
        self._site = Site(*about, None, self.spec, self.status)
        if self.pages is not None:
            self._site.pages = self.pages(self._site.layout)

    def at_once(self, spoken: Iterable[Message], drafts: Iterable[Draft], now: datetime) -> None:
        """Put messages into the feeds that were just spoken.

        Args:
            spoken: The messages.
            drafts: Theirs, among others.
            now: The instant.

        Raises:
            Unavailable: The folder cannot be written to.
        """
        # Beside what was just said stands what people did at the console since.
        self._refresh(now)
        self._drafts.update((d.id, d) for d in drafts)
        self._messages.update((m.identifier, m) for m in spoken)
        self._show(now, pages=False)

    def whole(self, now: datetime, look: Look) -> None:
        """Publish everything as it stands in the store, whoever approved it.

        Raises:
            Unavailable: The folder cannot be written to.
        """
        self._look = look
        self._refresh(now)
        self._show(now, pages=True)

    def _show(self, now: datetime, *, pages: bool) -> None:
        said = tuple(self._messages.values())
        self._site.show(said, self._drafts, now, self._look, pages=pages)

    def _refresh(self, now: datetime) -> None:
        """Read the store again where anything was done in it."""
        marks = self.store.marks()
        if marks != self._marks:
            # An act at the console may bear a clock that is a little ahead of ours.
            seen = self.store.glance(now + AHEAD, self._memory)
            self._messages = {m.identifier: m for m in seen.messages}
            self._drafts = dict(seen.drafts)
            self._marks = marks
