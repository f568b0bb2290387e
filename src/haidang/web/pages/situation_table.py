"""The situation of a desk without a track: what the pages of counts and of readings share."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from haidang.app.verdict import Decision
from haidang.web.look import Seen
from haidang.web.pages.judged import HELD
from haidang.web.pages.outlook import Outlook
from haidang.web.pages.situation import Builder, Changed, Group, Situation
from haidang.web.parts import Chip, Tag


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One area in the table, without what was counted or read there."""

    code: str
    name: str
    href: str
    chip: Chip | None
    before: Chip | None
    changed: bool
    waits: bool
    state: Tag | None
    reason: str
    law_href: str


class TableBuilder(Builder):
    """Levels and their reasons; a kind adds its own figures."""

    def base(self) -> dict[str, Any]:
        """The fields of `Situation`, by name."""
        page = self.page()
        return {f.name: getattr(page, f.name) for f in fields(Situation)}

    def scale(self) -> str:
        """Name of the scale of the levels."""
        return self.say.of(self.view.context.scale.title)

    def row(self, d: Decision, *, silent: bool) -> dict[str, Any]:
        """The fields of `AreaRow`, by name.

        Args:
            d: What was decided for the area.
            silent: Whether nothing is known of it.
        """
        say, judged = self.say, self.judged
        state = None
        if not d.after:
            word = say("no_data" if silent else "quiet")
            state = Tag(word, "nodata" if silent else "quiet")
        waits = self._waits(d)
        return {
            "code": d.place,
            "name": judged.name(d.place),
            "href": self.href("explain/" + d.id),
            "chip": judged.chip(d.after, held=d.reason in HELD, planned=waits and bool(d.after)),
            "before": judged.chip(d.before),
            "changed": d.before != d.after,
            "waits": waits,
            "state": state,
            "reason": say(f"report.reason_{d.reason.value}"),
            "law_href": self.href("explain/" + d.id) + "#law",
        }

    def today(self) -> date:
        """Day of the desk's clock."""
        return self.view.context.local(self.now).date()

    def heard_anything(self) -> bool:
        """Whether any report had come in."""
        snapshot = self.view.snapshot
        return snapshot is not None and len(snapshot.observations) > 0

    def moment(self, at: datetime) -> str:
        """A day with its year, and the hour."""
        return f"{self.say.full_day(self.view.context.local(at).date())} {self.say.clock(at)}"

    def _changes(self, before: Seen | None, seen: Outlook) -> tuple[Changed, ...]:
        """Levels only: a track that moves is nothing here."""
        del before
        return super()._changes(None, seen)

    def _groups(self) -> tuple[Group, ...]:
        return ()
