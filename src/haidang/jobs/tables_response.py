"""What a replay planned, run by run, as tidy tables: tasks, needs, grants, gaps, suggestions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from haidang.edge.store.store import Store
from haidang.jobs.replay import Played
from haidang.jobs.tables import put
from haidang.pack.schema import Country
from haidang.respond.plan import Call, Grant, Need, Plan, Suggestion, Task, Unmet

TASKS: Final = (
    "at", "place", "place_name", "threat", "event", "task", "level", "work", "person",
    "person_name", "due", "due_rule", "responsibility", "authority", "basis", "product", "kinds",
    "required", "ended", "decision", "id", "plan",
)  # fmt: skip
NEEDS: Final = (
    "at", "place", "place_name", "threat", "event", "kind", "kind_name", "low", "central", "high",
    "by", "priority", "rule", "measure", "assessment", "id", "plan",
)  # fmt: skip
GRANTS: Final = (
    "at", "kind", "kind_name", "quantity", "origin", "origin_name", "place", "place_name", "tier",
    "echelon", "depart", "arrive", "km", "unit", "need", "standby", "demo", "id", "plan",
)  # fmt: skip
UNMET: Final = (
    "at", "place", "place_name", "kind", "kind_name", "quantity", "reason", "nearest",
    "nearest_name", "arrives", "need", "plan",
)  # fmt: skip
SUGGESTIONS: Final = (
    "at", "place", "place_name", "level", "possible", "reason", "declares", "basis", "missing",
    "plan",
)  # fmt: skip
SHORT: Final = UNMET
CALLS: Final = (
    "at", "place", "place_name", "kind", "kind_name", "quantity", "origin", "origin_name",
    "leave_by", "need", "plan",
)  # fmt: skip
NAMES: Final = ("tasks", "needs", "grants", "unmet", "suggestions", "short", "calls")


@dataclass(frozen=True)
class ResponseTables:
    """Tidy tables of the plans of a replay; see the reference for each column's unit."""

    tasks: pd.DataFrame
    needs: pd.DataFrame
    grants: pd.DataFrame
    unmet: pd.DataFrame
    suggestions: pd.DataFrame
    short: pd.DataFrame
    calls: pd.DataFrame


def response_tables(played: Played, language: str = "en") -> ResponseTables:
    """Read what a played case planned.

    Args:
        played: From ``replay.play``.
        language: Of names and of the words of tasks.

    Returns:
        Times are aware, on the country's clock; what is unknown is missing, never a zero. Tables
        without a row where the pack has no scenario.
    """
    with Store.open(played.database, check=False) as store:
        plans = store.plans()
    teller = _Teller(played.context.country, language, played.case.spec.places_on)

    def table(
        columns: tuple[str, ...], rows: Callable[[Plan], Iterable[dict[str, object]]]
    ) -> pd.DataFrame:
        found = [
            {"at": teller.local(plan.at), "plan": plan.id, **row}
            for plan in plans
            for row in rows(plan)
        ]
        return pd.DataFrame(found, columns=list(columns))

    return ResponseTables(
        tasks=table(TASKS, lambda plan: map(teller.task, plan.tasks)),
        needs=table(NEEDS, lambda plan: map(teller.need, plan.needs)),
        grants=table(GRANTS, lambda plan: (teller.grant(g, plan) for g in plan.grants)),
        unmet=table(UNMET, lambda plan: map(teller.unmet, plan.unmet)),
        suggestions=table(SUGGESTIONS, lambda plan: map(teller.suggestion, plan.suggestions)),
        short=table(SHORT, lambda plan: map(teller.unmet, plan.short)),
        calls=table(CALLS, lambda plan: map(teller.call, plan.calls)),
    )


@dataclass(frozen=True, slots=True)
class _Teller:
    """Names things of one country in one language."""

    country: Country
    language: str
    day: date

    def local(self, at: datetime | None) -> object:
        return pd.NaT if at is None else self.country.local(at)

    def place(self, code: str) -> str:
        # A code may be that of another place later: those of the case's day go before.
        named = [p for p in self.country.places.gazetteer if p.code == code]
        kinds = {p.kind for p in named}
        found = (self.country.places.gazetteer.find(kind, code, self.day) for kind in kinds)
        named = [p for p in found if p is not None] or named
        return named[-1].name(self.language) if named else code

    def kind(self, name: str) -> str:
        found = self.country.kinds.get(name)
        return name if found is None else self.said(found.name)

    def said(self, words: Mapping[str, str]) -> str:
        return words.get(self.language) or next(iter(words.values()), "")

    def task(self, one: Task) -> dict[str, object]:
        return {
            "place": one.place,
            "place_name": self.place(one.place),
            "threat": one.threat,
            "event": one.event,
            "task": one.spec,
            "level": one.level,
            "work": self.said(one.work),
            "person": one.person,
            "person_name": self.country.role(one.person, self.language),
            "due": self.local(one.due),
            "due_rule": one.due_rule,
            "responsibility": one.responsibility,
            "authority": one.authority,
            "basis": self.said(one.basis),
            "product": self.said(one.product),
            "kinds": "|".join(one.kinds),
            "required": one.required,
            "ended": self.local(one.ended),
            "decision": one.decision,
            "id": one.id,
        }

    def need(self, one: Need) -> dict[str, object]:
        low, central, high = one.value or (np.nan, np.nan, np.nan)
        return {
            "place": one.place,
            "place_name": self.place(one.place),
            "threat": one.threat,
            "event": one.event,
            "kind": one.kind,
            "kind_name": self.kind(one.kind),
            "low": low,
            "central": central,
            "high": high,
            "by": self.local(one.by),
            "priority": one.priority,
            "rule": one.rule,
            "measure": one.measure,
            "assessment": one.assessment,
            "id": one.id,
        }

    def grant(self, one: Grant, plan: Plan) -> dict[str, object]:
        return {
            "kind": one.kind,
            "kind_name": self.kind(one.kind),
            "quantity": one.quantity,
            "origin": one.origin,
            "origin_name": self.place(one.origin),
            "place": one.place,
            "place_name": self.place(one.place),
            "tier": one.tier,
            "echelon": one.echelon,
            "depart": self.local(one.depart),
            "arrive": self.local(one.arrive),
            "km": one.km,
            "unit": one.unit,
            "need": one.need,
            "standby": one.standby,
            "demo": plan.demo,
            "id": one.id,
        }

    def unmet(self, one: Unmet) -> dict[str, object]:
        return {
            "place": one.place,
            "place_name": self.place(one.place),
            "kind": one.kind,
            "kind_name": self.kind(one.kind),
            "quantity": one.quantity,
            "reason": one.reason,
            "nearest": one.nearest,
            "nearest_name": self.place(one.nearest) if one.nearest else "",
            "arrives": self.local(one.arrives),
            "need": one.need,
        }

    def call(self, one: Call) -> dict[str, object]:
        return {
            "place": one.place,
            "place_name": self.place(one.place),
            "kind": one.kind,
            "kind_name": self.kind(one.kind),
            "quantity": one.quantity,
            "origin": one.origin,
            "origin_name": self.place(one.origin),
            "leave_by": self.local(one.leave_by),
            "need": one.need,
        }

    def suggestion(self, one: Suggestion) -> dict[str, object]:
        return {
            "place": one.place,
            "place_name": self.place(one.place),
            "level": pd.NA if one.level is None else one.level,
            "possible": pd.NA if one.possible is None else one.possible,
            "reason": one.reason,
            "declares": one.declares,
            "basis": self.said(one.basis),
            "missing": "|".join(g.kind for g in one.grounds if g.after > 0),
        }


def write_response(found: ResponseTables, folder: Path) -> tuple[Path, ...]:
    """Write every table as CSV and as Parquet; a file appears whole or not at all.

    Args:
        found: From ``response_tables``.
        folder: Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name in NAMES:
        written += put(getattr(found, name), folder, name)
    return tuple(written)
