"""From levels to deeds: who must do what by when, who sends what to whom, what nobody has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from haidang.app.context import Context
from haidang.app.response_context import ResponseContext
from haidang.app.snapshot import Snapshot
from haidang.app.verdict import Decision
from haidang.base.ids import content_id
from haidang.respond.calls import calls
from haidang.respond.civil_defence import by_facts, levels_on, suggest
from haidang.respond.dispatch import allot, market
from haidang.respond.needs import Asked, needs
from haidang.respond.plan import Call, Grant, Need, Plan, Suggestion, Task, Unmet
from haidang.respond.tasks import Where, tasks
from haidang.respond.travel import Closed, Lie
from haidang.respond.unmet import unmet
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Standing
from haidang.watch.signal import State


def plan(
    contexts: Mapping[str, Context],
    assessments: Sequence[Assessment],
    standing: Sequence[Standing],
    decisions: Sequence[Decision],
    snapshot: Snapshot,
) -> Plan | None:
    """Plan once over the whole set: one pool of resources for every event.

    Args:
        contexts: Static facts by threat id.
        assessments: Of the run.
        standing: Levels after the run, in the order of the assessments.
        decisions: Of the run, in the same order.
        snapshot: Its stock, and the tasks of the plan before.

    Returns:
        The plan; None where no pack has a scenario. With no stock counted it still has tasks and
        needs, and says of all that is missing that nothing was counted.
    """
    response = {name: c.response for name, c in contexts.items() if c.response is not None}
    if not response:
        return None
    asked = [
        (_asked(contexts[a.threat], response[a.threat], a, s), d)
        for a, s, d in zip(assessments, standing, decisions, strict=True)
        if a.threat in response and a.place in response[a.threat].land
    ]
    # Tasks are looked for below the lowest level too: some outlast it. Needs are not.
    wanted = needs([one for one, _ in asked if one.level >= response[_threat(one)].scenario.lowest])
    todo = _tasks(contexts, response, asked, wanted, snapshot)
    # One pool and one map for all: the kinds and the lie of the land are the country's.
    common = next(c for _, c in sorted(response.items()))
    lie = replace(common.lie, closed=_closed(contexts, assessments, standing, snapshot))
    sent = _dispatch(common, wanted, lie, snapshot)
    suggestions = suggest(
        [n.place for n in wanted],
        wanted,
        snapshot.stock,
        sent.unmet,
        common.kinds,
        common.authorities,
        snapshot.law_day,
    )
    suggestions = _by_facts(contexts, asked, suggestions, common, snapshot)
    content = {
        "at": snapshot.now,
        "tasks": [(t.id, t.due, t.decision) for t in todo],
        "needs": [n.id for n in wanted],
        "grants": [g.id for g in sent.grants],
        "unmet": [(u.need, u.quantity, u.reason) for u in sent.unmet],
        "short": [(u.need, u.quantity, u.reason) for u in sent.short],
        "calls": [(c.need, c.origin, c.quantity, c.leave_by) for c in sent.calls],
        "suggestions": [(s.place, s.level, s.possible) for s in suggestions],
        "stock": snapshot.stock_receipt,
    }
    return Plan(
        id=content_id("plan", content),
        at=snapshot.now,
        tasks=todo,
        needs=wanted,
        grants=sent.grants,
        unmet=sent.unmet,
        suggestions=suggestions,
        stock_receipt=snapshot.stock_receipt,
        demo=any(u.demo for u in snapshot.stock),
        optimal=sent.optimal,
        cost=sent.cost,
        short=sent.short,
        calls=sent.calls,
    )


def _by_facts(
    contexts: Mapping[str, Context],
    asked: Sequence[tuple[Asked, Decision]],
    suggestions: tuple[Suggestion, ...],
    common: ResponseContext,
    snapshot: Snapshot,
) -> tuple[Suggestion, ...]:
    """Where a sector's own law gives the level from stated facts, that goes before needs and stock.

    Places of other threats, and of one whose level does not ask for it, keep what they have. Where
    both speak of a place the higher level stands.
    """
    found = {s.place: s for s in suggestions}
    law = levels_on(common.authorities, snapshot.law_day)
    for one, _ in asked:
        context = contexts[one.assessment.threat]
        rule = context.pack.binding.civil_defence
        if rule is None or one.level < rule.from_level:
            continue
        place = one.assessment.place
        known: dict[str, bool | None] = {rule.epidemic: True}
        for name, facts in rule.facts.items():
            known[name] = _all(fact(context, snapshot, place, f) for f in facts)
        mine = by_facts(place, context.tables[rule.article], known, law)
        other = found.get(place)
        if other is None or other.level is None or (mine.level or 0) >= other.level:
            found[place] = mine
    return tuple(found[place] for place in sorted(found))


def fact(context: Context, snapshot: Snapshot, place: str, name: str) -> bool | None:
    """What people last stated of a fact at a place by the snapshot; None where nobody did."""
    series = f"{context.pack.id}/fact.{name}"
    known = snapshot.observations.known_at(snapshot.receipt).of(series).newest
    stated = [r for r in known if r.place == place and r.start <= snapshot.now]
    return None if not stated or stated[-1].value is None else stated[-1].value >= 1


def _all(values: Iterable[bool | None]) -> bool | None:
    """Whether all hold; one that does not decides, whatever is not known of the others."""
    told = list(values)
    if False in told:
        return False
    return None if None in told else True


def _threat(one: Asked) -> str:
    return one.assessment.threat


def _asked(
    context: Context, response: ResponseContext, found: Assessment, after: Standing
) -> Asked:
    return Asked(
        assessment=found,
        level=after.level,
        since=after.since,
        onsets=found.onsets,
        rules=response.at(found.place).needs,
        lead=context.pack.threat.warn.onset_force,
    )


def _tasks(
    contexts: Mapping[str, Context],
    response: Mapping[str, ResponseContext],
    asked: Sequence[tuple[Asked, Decision]],
    wanted: Sequence[Need],
    snapshot: Snapshot,
) -> tuple[Task, ...]:
    of: dict[tuple[str, str, str], list[Need]] = {}
    for need in wanted:
        of.setdefault((need.threat, need.event, need.place), []).append(need)
    earlier = {t.id: t for t in snapshot.tasks}
    out: list[Task] = []
    for one, decision in asked:
        found = one.assessment
        context, own = contexts[found.threat], response[found.threat]
        where = Where(
            context.named[found.place].names,
            found.place in own.coast,
            context.country.spec.languages,
        )
        mine = of.get((found.threat, found.event, found.place), [])
        out += tasks(
            own.at(found.place),
            one,
            mine,
            where,
            own.authorities,
            snapshot.law_day,
            decision.id,
            earlier,
        )
    return tuple(sorted(out, key=lambda t: (t.place, t.due is None, t.due or t.asked, t.id)))


def _closed(
    contexts: Mapping[str, Context],
    assessments: Sequence[Assessment],
    standing: Sequence[Standing],
    snapshot: Snapshot,
) -> Mapping[str, tuple[Closed, ...]]:
    """Hours of the pack's ``shelter_force`` at each place, over all events.

    Where that force is expected the early begin and the late end count. Where a level stands and
    there are no data nobody is sent either: the wind may be blowing.
    """
    found: dict[str, list[Closed]] = {}
    for a, after in zip(assessments, standing, strict=True):
        if a.state is State.NO_DATA and after.level:
            found.setdefault(a.place, []).append(Closed(snapshot.now, None))
        force = contexts[a.threat].pack.threat.warn.shelter_force
        onset = next((o for o in a.onsets if o.threshold == force), None)
        if onset is not None and onset.onset.central is not None:
            begins = onset.onset.early or onset.onset.central
            found.setdefault(a.place, []).append(Closed(begins, onset.end.late))
    return {place: tuple(hours) for place, hours in found.items()}


class _Sent(NamedTuple):
    """What every kind's dispatch came to."""

    grants: tuple[Grant, ...]
    unmet: tuple[Unmet, ...]
    short: tuple[Unmet, ...]
    calls: tuple[Call, ...]
    cost: int
    optimal: bool


def _dispatch(
    common: ResponseContext, wanted: Sequence[Need], lie: Lie, snapshot: Snapshot
) -> _Sent:
    policy, now = common.scenario.dispatch, snapshot.now
    grants: list[Grant] = []
    missing: list[Unmet] = []
    short: list[Unmet] = []
    called: list[Call] = []
    cost, optimal = 0, True
    for name, spec in sorted(common.kinds.items()):
        found = market(name, spec, snapshot.stock, wanted, lie, policy, now)
        done = allot(found, now)
        lack, ahead = unmet(found, done, spec, lie, policy, now, counted=bool(snapshot.stock))
        grants += done.grants
        missing += lack
        short += ahead
        called += calls(found, done, lie, now)
        cost += done.cost
        optimal = optimal and done.optimal
    called.sort(key=lambda c: (c.leave_by, c.place, c.kind, c.need))
    return _Sent(tuple(grants), tuple(missing), tuple(short), tuple(called), cost, optimal=optimal)
