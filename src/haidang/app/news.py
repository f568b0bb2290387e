"""Which conclusions of a run are worth writing down where runs are made many times a second.

On duty every bulletin is a run, and every run says of every place how it stands. Where readings
come in by the hundred a second that would bury the ledger: a place is written down when something
of it has changed, and while a level stands also now and then, so that it is seen to be confirmed.
What is left out can be computed again from the readings, which are all kept.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Decision, Verdict, Whole
from haidang.risk.assessment import Assessment, Grounds
from haidang.warn.decide import Reason, Standing, first
from haidang.warn.lifecycle import Named
from haidang.watch.signal import State

Key = tuple[str, str, str]
"""Threat, event and place."""


class Sight(NamedTuple):
    """How one area looked when it was last written down, numbers left out.

    Attributes:
        reason: Of the decision.
        state: Raised, quiet or without data.
        grounds: Level, status, clause and notes: which gauge is silent stands there.
    """

    reason: Reason
    state: str
    grounds: tuple[object, ...]
    whole: Whole | None
    yields_to: Named | None


def alike(key: Key, state: State, grounds: Grounds, seen: Mapping[Key, Sight]) -> bool:
    """Whether an area looks as it looked when it was last written down.

    Args:
        key: Threat, event and place.
        state: As it is judged now.
        grounds: Likewise.
        seen: What was written down last.
    """
    before = seen.get(key)
    return before is not None and (before.state, before.grounds) == (state.value, _grounds(grounds))


def told_beside(key: Key, seen: Mapping[Key, Sight]) -> bool:
    """Whether another hazard was told beside this one: that one may have moved."""
    before = seen.get(key)
    return before is not None and (before.whole is not None or before.yields_to is not None)


def news(
    verdict: Verdict,
    snapshot: Snapshot,
    seen: Mapping[Key, Sight],
    confirm: timedelta,
) -> frozenset[str]:
    """Places of which something is to be written down; all of a place or nothing.

    Args:
        verdict: Of the whole scope.
        snapshot: That it rests on.
        seen: What was written down last.
        confirm: A level that stands is written down again after so long.
    """
    before = {(s.threat, s.event, s.place): s for s in snapshot.standing}
    found = {a.id: a for a in verdict.assessments}
    after = {(s.threat, s.event, s.place): s for s in verdict.standing}
    places = {d.place for d in verdict.drafts} | {one.place for one in verdict.lapsed}
    if verdict.withdrawals:
        gone = {w.draft for w in verdict.withdrawals}
        places |= {c.place for c in snapshot.chains if c.pending_id in gone}
    for decision in verdict.decisions:
        key = (decision.threat, decision.event, decision.place)
        if seen.get(key) != sight(decision, found[decision.assessment]) or _moved(
            before.get(key), after[key], confirm
        ):
            places.add(decision.place)
    return frozenset(places)


def _moved(before: Standing | None, after: Standing, confirm: timedelta) -> bool:
    if before is None:
        before = first(after.threat, after.event, after.place, after.since)
    same = replace(after, confirmed=before.confirmed) == before
    return not same or (after.level > 0 and after.confirmed - before.confirmed >= confirm)


def sight(decision: Decision, found: Assessment) -> Sight:
    """What of a decision is compared with the next one."""
    return Sight(
        decision.reason,
        found.state.value,
        _grounds(found.grounds),
        decision.whole,
        decision.yields_to,
    )


def remember(verdict: Verdict, seen: MutableMapping[Key, Sight]) -> None:
    """Note what was written down."""
    found = {a.id: a for a in verdict.assessments}
    for one in verdict.decisions:
        seen[one.threat, one.event, one.place] = sight(one, found[one.assessment])


def _grounds(grounds: Grounds) -> tuple[object, ...]:
    return (grounds.level, grounds.status, grounds.clause, grounds.table, grounds.note)
