"""A desk while one request of its pages is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from haidang.app.context import Context
from haidang.app.verdict import Draft, Message
from haidang.base.errors import NotFound
from haidang.base.problem import Problem
from haidang.jobs.desk import Desk, StepAt, View
from haidang.web.console import DeskBar
from haidang.web.desks import bar
from haidang.web.pages.notices import Version, versions
from haidang.web.speak import Speaker, own_words
from haidang.web.visit import Visit


@dataclass(frozen=True)
class At:
    """A desk, and what is known there at this request.

    Attributes:
        view: What was known when the request came.
    """

    visit: Visit
    desk: Desk
    view: View

    @property
    def id(self) -> str:
        """The desk's name in addresses."""
        return self.desk.id

    @property
    def context(self) -> Context:
        """Country, pack, areas and law."""
        return self.desk.context

    @property
    def now(self) -> datetime:
        """The desk's clock."""
        return self.view.until

    @property
    def bar(self) -> DeskBar:
        """What stands around its pages."""
        return bar(self.visit, self.desk, self.view)

    @property
    def runs(self) -> tuple[StepAt, ...]:
        """Every run so far, oldest first."""
        return self.desk.views()

    def again(self) -> At:
        """The same desk as it is now: somebody may have acted since the request came."""
        return at_desk(self.visit, self.desk.id)

    def say(self, room: str) -> Speaker:
        """Words of a room, on the clock of the desk's country."""
        own = own_words(self.context.pack.threat)
        return Speaker(self.visit.language, self.context.zone, room, own)

    def draft(self, draft_id: str) -> Draft:
        """A draft that is known.

        Raises:
            NotFound: ``store.no_draft``.
        """
        found = self.view.drafts.get(draft_id)
        if found is None:
            raise NotFound(Problem("store.no_draft", {"draft": draft_id}))
        return found

    def chain(self, chain: str) -> tuple[Version, ...]:
        """Every draft of a chain with what happened to it."""
        return versions(self.view.chain(chain), self.view.acts)

    def messages(self, chain: str) -> tuple[Message, ...]:
        """What a chain has said."""
        return tuple(m for m in self.view.messages if m.chain == chain)


def at_desk(visit: Visit, desk: str, run: str = "") -> At:
    """The desk that an address names, as it is now or as it was at a run.

    Raises:
        NotFound: There is no such desk or no such run, or nothing came in yet.
    """
    found = visit.desk(desk)
    return At(visit, found, found.at(run or None, visit.now))
