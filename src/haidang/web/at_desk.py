"""One desk as the routes of its pages see it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from haidang.app.context import Context
from haidang.edge.store.store import Store
from haidang.web.console import DeskBar
from haidang.web.visit import Visit


class AtDesk(Protocol):
    """A desk while one request is answered."""

    @property
    def id(self) -> str:
        """Its name in addresses."""

    @property
    def context(self) -> Context:
        """Country, pack, areas and law."""

    @property
    def store(self) -> Store:
        """What it knows."""

    @property
    def now(self) -> datetime:
        """Its clock."""

    @property
    def bar(self) -> DeskBar:
        """What its pages show around their content, in the visit's language."""

    def deliver(self) -> None:
        """Empty the outbox."""


def at_desk(visit: Visit, desk: str) -> AtDesk:
    """The desk that an address names.

    Raises:
        NotFound: There is no such desk.
    """
    found: AtDesk = visit.console.desk(visit, desk)  # type: ignore[attr-defined]
    return found
