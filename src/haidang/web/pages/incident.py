"""Response at one place: who does what by when, what is missing, what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from haidang.app.context import Context
from haidang.app.verdict import Decision, Draft
from haidang.edge.store.tasks import TaskState
from haidang.respond.changes import changes
from haidang.respond.plan import Plan, Suggestion, Task, Unit
from haidang.respond.scenario import Scenario
from haidang.respond.spec import in_force
from haidang.risk.assessment import Assessment, Onset
from haidang.warn.decide import Reason
from haidang.watch.signal import State
from haidang.web.pages.incident_parts import (
    Command,
    KindRow,
    TaskRow,
    calls_of,
    commands,
    in_order,
    kind_rows,
    role,
    task_row,
)
from haidang.web.pages.moment import Moment, Run, moment, peak
from haidang.web.pages.notices import chip
from haidang.web.parts import Chip, Fact
from haidang.web.speak import Speaker

SOON: Final = timedelta(hours=6)
"""What is due within a shift's second half belongs into the handover."""


@dataclass(frozen=True)
class Seen:
    """All that the pages of an incident are made of, as it was known at one instant.

    Attributes:
        plan: The newest; None where there is none.
        before: The plan of the run before; None where there was none.
        tasks: How far tasks have come.
        pending: Drafts that wait for a person.
        day: Day whose law judges.
        run: Id of the run that is shown.
        runs: Every run so far, oldest first.
        history: Decisions up to the run.
        may_act: Whether people may report here: not at a past run, not at a replay.
    """

    context: Context
    now: datetime
    plan: Plan | None
    before: Plan | None
    tasks: Mapping[str, TaskState]
    stock: tuple[Unit, ...]
    decisions: tuple[Decision, ...]
    assessments: Mapping[str, Assessment]
    pending: tuple[Draft, ...]
    day: date
    desk: str = ""
    run: str = ""
    runs: tuple[Run, ...] = ()
    history: tuple[Decision, ...] = ()
    may_act: bool = True

    def moment(self, say: Speaker, place: str = "") -> Moment:
        """The strip of bulletins of the overview, or of one place."""
        href = f"/d/{self.desk}/incident" + (f"/{place}" if place else "")
        return moment(say, href, self.runs, self.run, self.now)

    def over(self, say: Speaker, place: str = "") -> Over | None:
        """What is over here; None where a level that asks for it stands, or never did."""
        scenario = self.context.response.scenario if self.context.response is not None else None
        lowest = scenario.lowest if scenario is not None else 1
        history = [d for d in self.history if place in ("", d.place)]
        if any(d.combined >= lowest for d in self.decisions if place in ("", d.place)):
            return None
        worst = peak(history, self.runs, lowest)
        if worst is None or worst.run.id == self.run:
            return None
        # Counting and mending outlast the wind: then the level is over, and the work is not.
        if self.plan is not None and any(place in ("", t.place) for t in self.plan.tasks):
            key = "over_place_left" if place else "over_all_left"
        else:
            key = "over_place" if place else "over_all"
        at = say.short(worst.run.issued or worst.run.now)
        said = {"level": worst.level, "places": worst.places, "ever": worst.ever, "at": at}
        href = f"/d/{self.desk}/incident" + (f"/{place}" if place else "")
        return Over(
            text=say(f"incident.{key}", **said),
            href=f"{href}?at={worst.run.id}",
            link=say("incident.over_link", at=at),
        )


@dataclass(frozen=True, slots=True)
class Over:
    """What is over, and the run at which it was worst."""

    text: str
    href: str
    link: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One line of the dispatch.

    Attributes:
        standby: The word for it where it is beyond the central need, else "".
    """

    kind: str
    origin: str
    tier: str
    before: str
    after: str
    depart: str
    arrive: str
    why: str
    changed: bool
    standby: str = ""


@dataclass(frozen=True, slots=True)
class Civil:
    """The civil-defence level that the figures speak for.

    Attributes:
        title: The level in words; it is a suggestion.
        grounds: (mark, text): ``no`` exceeds, ``yes`` does not, ``wait`` is unknown.
    """

    title: str
    reason: str
    declares: str
    grounds: tuple[tuple[str, str], ...]
    measures: tuple[str, ...]
    measures_basis: str
    note: str
    level: int | None


@dataclass(frozen=True, slots=True)
class Handover:
    """The note for the next shift, filled in by the system.

    Attributes:
        text: The whole note as plain text, to be kept with a task.
    """

    until: str
    must: tuple[str, ...]
    doubt: tuple[str, ...]
    waits: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Incident:
    """The page.

    Attributes:
        planned: Level of the draft that waits, where it is another one.
        gaps: What nobody has, in words.
        calls: By when help must leave, for this place or from it.
        sheets: Tasks by who does them, for print.
        states: (state, how many) of the tasks, late ones counted apart.
    """

    place: str
    name: str
    title: str
    level: Chip | None
    planned: Chip | None
    command: tuple[Command, ...]
    facts: tuple[Fact, ...]
    tasks: tuple[TaskRow, ...]
    kinds: tuple[KindRow, ...]
    sent: tuple[Sent, ...]
    solved: str
    gaps: tuple[str, ...]
    calls: tuple[str, ...]
    civil: Civil | None
    handover: Handover
    handover_rule: str
    end: str
    sheets: tuple[tuple[str, tuple[TaskRow, ...]], ...]
    stock: str
    demo: bool
    versions: str
    at: str
    refused: str
    moment: Moment
    over: Over | None
    may_act: bool


def build(say: Speaker, seen: Seen, place: str, refused: str = "") -> Incident:
    """Lay out one place.

    Args:
        say: Language and clock of the page.
        seen: What was known.
        place: Code of an area of the desk.
        refused: Why what the reader just reported was not written down.

    Raises:
        KeyError: The desk watches no such area.
    """
    context, now, plan = seen.context, seen.now, seen.plan
    name = context.named[place].name(say.language)
    level = max((d.combined for d in seen.decisions if d.place == place), default=0)
    draft = next((d for d in seen.pending if d.place == place), None)
    planned = draft.said.level if draft is not None else level
    own = tuple(t for t in plan.tasks if t.place == place) if plan else ()
    rows = tuple(
        task_row(say, context, t, seen.tasks.get(t.id), now) for t in in_order(own, seen.tasks)
    )
    gaps = gaps_of(say, seen, place)
    scenario = context.response.at(place) if context.response is not None else None
    asks = max(level, max((t.level for t in own), default=0))
    over = seen.over(say, place)
    return Incident(
        place=place,
        name=name,
        title=_title(say, name, rows, over is not None and not rows),
        level=chip(context, say, level),
        planned=chip(context, say, planned, planned=True) if planned != level else None,
        command=commands(say, context, {asks}, seen.day),
        facts=_facts(say, seen, place, rows, gaps),
        tasks=rows,
        kinds=()
        if plan is None
        else kind_rows(
            say,
            context.country.kinds,
            [n for n in plan.needs if n.place == place],
            seen.stock,
            plan,
            frozenset({place}),
            seen.context.pack.scenario,
        ),
        sent=_sent(say, seen, place),
        solved="" if plan is None else _solved(say, plan),
        gaps=gaps,
        calls=_calls(say, seen, place),
        civil=_civil(say, seen, place),
        handover=_handover(say, seen, place, own, rows, gaps),
        handover_rule=_of_level(say, scenario, asks, "handover", name),
        end=_of_level(say, scenario, asks, "end", name),
        sheets=_sheets(rows),
        stock=stock_of(say, seen),
        demo=plan is not None and plan.demo,
        versions="" if scenario is None else " → ".join(scenario.versions),
        at=say.short(now),
        refused=refused,
        moment=seen.moment(say, place),
        over=over,
        may_act=seen.may_act,
    )


def _title(say: Speaker, name: str, rows: Sequence[TaskRow], over: bool) -> str:
    if over:
        return say("incident.title_over", place=name)
    late = sum(r.late for r in rows)
    if late:
        return say("incident.title_late", place=name, count=late)
    if now := sum(r.at_once for r in rows):
        return say("incident.title_at_once", place=name, count=now)
    todo = [r for r in rows if r.state != "done" and r.due is not None]
    if todo and todo[0].due is not None:
        return say("incident.title_next", place=name, at=todo[0].due.at)
    return say("incident.title_none" if not rows else "incident.title_done", place=name)


def _onset(seen: Seen, place: str) -> tuple[int, Onset | None]:
    """When it is too late to move: the pack's force of shelter, or the one it leads with."""
    warn = seen.context.pack.threat.warn
    force = warn.onset_force if warn.shelter_force is None else warn.shelter_force
    found = [a for a in seen.assessments.values() if a.place == place]
    onset = next((o for a in found for o in a.onsets if o.threshold == force), None)
    return force, onset


def _facts(
    say: Speaker, seen: Seen, place: str, rows: Sequence[TaskRow], gaps: Sequence[str]
) -> tuple[Fact, ...]:
    force, onset = _onset(seen, place)
    when = say("incident.onset_unknown")
    note = ""
    if onset is not None:
        when = say("incident.onset_none")
        if onset.onset.central is not None:
            begun = onset.onset.central <= seen.now
            when = say("incident.onset_begun") if begun else say.short(onset.onset.central)
        if onset.onset.early is not None:
            end = say.short(onset.onset.late) if onset.onset.late else say("incident.or_never")
            note = say("incident.onset_range", early=say.short(onset.onset.early), late=end)
    count = {s: sum(r.state == s for r in rows) for s in ("done", "started", "blocked", "open")}
    late = sum(r.late for r in rows)
    # What is counted has no hour at which it begins.
    begins = (Fact(say("incident.fact_onset", force=force), when, note),) if force else ()
    return (
        *begins,
        Fact(
            say("incident.fact_tasks"),
            say("incident.fact_tasks_value", done=count["done"], all=len(rows)),
            say(
                "incident.fact_tasks_note",
                late=late,
                started=count["started"],
                blocked=count["blocked"],
            ),
        ),
        Fact(
            say("incident.fact_gaps"),
            say.number(len(gaps)) if seen.stock or gaps else say("incident.not_counted"),
            say("incident.fact_gaps_note"),
        ),
    )


def _sent(say: Speaker, seen: Seen, place: str) -> tuple[Sent, ...]:
    if seen.plan is None:
        return ()
    found = []
    for one in changes(seen.before, seen.plan, same=True):
        spot = one.tier == "on_the_spot"
        if place not in (one.place, one.origin) or (
            spot and (one.standby or one.how in ("same", "new"))
        ):
            continue  # what stands there and stays is in the table of needs
        spec = seen.context.country.kinds.get(one.kind)
        names = {"origin": _named(seen, say, one.origin), "place": _named(seen, say, one.place)}
        going = [
            g
            for g in seen.plan.grants
            if (g.kind, g.origin, g.place, g.echelon, g.standby)
            == (one.kind, one.origin, one.place, one.echelon, one.standby)
        ]
        moves = bool(going) and not spot
        found.append(
            Sent(
                kind=one.kind if spec is None else say.of(spec.name),
                origin=names["place"] if spot else say("incident.from_to", **names),
                tier=say(f"respond.tier_{one.tier}"),
                before="" if seen.before is None else say.number(one.before),
                after=say.number(one.after),
                depart=say.short(min(g.depart for g in going)) if moves else "",
                arrive=say.short(max(g.arrive for g in going)) if moves else "",
                why="" if one.how == "same" else say(f"respond.{one.reason}"),
                changed=one.how != "same" and seen.before is not None,
                standby=say("respond.standby") if one.standby else "",
            )
        )
    return tuple(sorted(found, key=lambda s: not s.changed))


def _named(seen: Seen, say: Speaker, code: str) -> str:
    found = seen.context.named.get(code)
    return code if found is None else found.name(say.language)


def _solved(say: Speaker, plan: Plan) -> str:
    key = "incident.solved" if plan.optimal else "incident.solved_not"
    return say(key, at=say.short(plan.at))


def _calls(say: Speaker, seen: Seen, place: str, until: datetime | None = None) -> tuple[str, ...]:
    if seen.plan is None:
        return ()
    own = [
        c
        for c in seen.plan.calls
        if place in (c.place, c.origin) and c.leave_by > seen.now
        if until is None or c.leave_by <= until
    ]
    kinds = seen.context.country.kinds
    return calls_of(say, kinds, own, lambda code: _named(seen, say, code))


def gaps_of(say: Speaker, seen: Seen, place: str | None) -> tuple[str, ...]:
    """What nobody has, one sentence a kind and reason."""
    if seen.plan is None:
        return ()
    kinds = seen.context.country.kinds
    found = []
    for one in seen.plan.unmet:
        if place is not None and one.place != place:
            continue
        spec = kinds.get(one.kind)
        params = {
            "quantity": say.number(one.quantity),
            "unit": say.of(spec.unit) if spec else "",
            "kind": say.of(spec.name) if spec else one.kind,
            "place": _named(seen, say, one.place),
            "nearest": _named(seen, say, one.nearest) if one.nearest else "",
            "arrives": say.short(one.arrives) if one.arrives else "",
        }
        why = say(f"respond.{one.reason}", **params)
        found.append(say("incident.gap", why=why, **params))
    return tuple(found)


def _civil(say: Speaker, seen: Seen, place: str) -> Civil | None:
    one = suggestion_of(seen.plan, place)
    if one is None or seen.plan is None:
        return None
    context = seen.context
    law = context.country.authorities
    of_level = next(
        (e for e in (in_force(law.civil_defence, seen.day) if law else ()) if e.level == one.level),
        None,
    )
    measures = () if of_level is None else of_level.measures.get(say.language, ())
    if of_level is not None and not measures:
        measures = of_level.measures.get("en", ())
    if one.level is None:
        title = say("incident.cd_unknown")
    elif one.level:
        title = say("incident.cd_level", level=one.level)
    else:
        title = say("incident.cd_none")
    declares = ""
    if one.declares:
        who = role(context, say, one.declares)
        declares = say("incident.cd_declares", role=who, basis=say.of(one.basis))
    return Civil(
        title=title,
        reason=say(f"respond.{one.reason}"),
        declares=declares,
        grounds=tuple(_ground(say, seen, one, g) for g in range(len(one.grounds))),
        measures=tuple(measures),
        measures_basis="" if of_level is None else say.of(of_level.measures_basis),
        note="" if of_level is None or not of_level.note else say.of(of_level.note),
        level=one.level,
    )


def suggestion_of(plan: Plan | None, place: str) -> Suggestion | None:
    """What the figures of a place speak for; None where nothing was judged."""
    return next((s for s in plan.suggestions if s.place == place), None) if plan else None


def _ground(say: Speaker, seen: Seen, one: Suggestion, number: int) -> tuple[str, str]:
    ground = one.grounds[number]
    spec = seen.context.country.kinds.get(ground.kind)
    known = ground.need is not None and None not in (ground.communes, ground.province)
    unknown = say("incident.unknown")
    held = (ground.communes or 0) + (ground.province or 0)
    text = say(
        "incident.cd_ground",
        kind=ground.kind if spec is None else say.of(spec.name),
        need=unknown if ground.need is None else say.number(ground.need.central),
        range="–" if ground.need is None else say.range(ground.need),
        communes=unknown if ground.communes is None else say.number(ground.communes),
        province=unknown if ground.province is None else say.number(ground.province),
        after=say.number(ground.after),
    )
    if not known or ground.need is None:
        return "wait", text
    return ("no" if ground.need.central > min(ground.communes or 0, held) else "yes"), text


def _handover(
    say: Speaker,
    seen: Seen,
    place: str,
    own: Sequence[Task],
    rows: Sequence[TaskRow],
    gaps: Sequence[str],
) -> Handover:
    until = seen.now + SOON
    due = {t.id: t.due for t in own}
    must = [
        say("incident.must_approve", due=say.short(d.due), level=d.said.level)
        for d in seen.pending
        if d.place == place
    ]
    for row in rows:
        at = due[row.id]
        if row.state != "done" and at is not None and at <= until and row.due is not None:
            key = "must_late" if row.late else "must_do"
            must.append(say(f"incident.{key}", work=row.work, due=row.due.at, role=row.person))
    must += _calls(say, seen, place, until)
    waits = [
        say("incident.wait_blocked", work=r.work, why="; ".join(r.notes[:1]))
        for r in rows
        if r.state == "blocked"
    ]
    waits += [say("incident.wait_gap", gap=gap) for gap in gaps]
    doubt = _doubts(say, seen, place)
    parts = (
        (say("incident.handover_must", at=say.short(until)), must),
        (say("incident.handover_doubt"), doubt),
        (say("incident.handover_waits"), waits),
    )
    nothing = say("incident.handover_nothing")
    text = "\n\n".join(
        "\n".join([head, *(f"- {line}" for line in found or [nothing])]) for head, found in parts
    )
    return Handover(say.short(until), tuple(must), tuple(doubt), tuple(waits), text)


def _doubts(say: Speaker, seen: Seen, place: str) -> list[str]:
    """What must not be trusted: silence, held levels, unknown needs, invented stock."""
    found = []
    for decision in seen.decisions:
        if decision.place != place:
            continue
        assessment = seen.assessments.get(decision.assessment)
        if assessment is not None and assessment.state is State.NO_DATA:
            found.append(say("incident.doubt_no_data"))
        if decision.reason in (Reason.HOLDING, Reason.HELD_NO_DATA, Reason.HOLD_EXPIRED):
            found.append(say("incident.doubt_held", level=decision.after))
    found += _together(say, [d for d in seen.decisions if d.place == place])
    plan = seen.plan
    if plan is None:
        return [*found, say("incident.doubt_no_plan")]
    kinds = seen.context.country.kinds
    unknown = sorted({n.kind for n in plan.needs if n.place == place and n.value is None})
    for kind in unknown:
        name = say.of(kinds[kind].name) if kind in kinds else kind
        found.append(say("incident.doubt_need", kind=name))
    if plan.demo:
        found.append(say("incident.doubt_demo"))
    if not seen.stock:
        found.append(say("incident.doubt_no_stock"))
    if not plan.optimal:
        found.append(say("incident.doubt_not_optimal"))
    found.append(say("incident.doubt_roads"))
    return found


def _together(say: Speaker, here: Sequence[Decision]) -> list[str]:
    """Whether several hazards count at a place, and what a person made of it."""
    one = next((d for d in here if d.whole is not None), None)
    if one is None or one.whole is None:
        return []
    whole = one.whole
    if whole.raise_by:
        said = {"level": one.combined, "own": whole.own, "by": whole.raise_by}
        return [say("incident.whole_raised", **said)]
    if not whole.allowed:
        return []
    count = len(whole.concurrent) + len(whole.successive)
    by = ", ".join(f"+{n}" for n in whole.allowed)
    return [say("incident.whole_may", count=count, by=by)]


def _of_level(
    say: Speaker,
    scenario: Scenario | None,
    level: int,
    which: Literal["handover", "end"],
    name: str,
) -> str:
    spec = scenario.levels.get(level) if scenario is not None else None
    if spec is None:
        return ""
    texts = spec.handover if which == "handover" else spec.end
    return say.of(texts).replace("{place}", name) if texts else ""


def _sheets(rows: Sequence[TaskRow]) -> tuple[tuple[str, tuple[TaskRow, ...]], ...]:
    """One sheet for each who has something to do, in the order of their first task."""
    found: dict[str, list[TaskRow]] = {}
    for row in rows:
        if row.state != "done":
            found.setdefault(row.person, []).append(row)
    return tuple((person, tuple(tasks)) for person, tasks in found.items())


def stock_of(say: Speaker, seen: Seen) -> str:
    """Whose count the stock is."""
    if not seen.stock:
        return say("incident.stock_none")
    # Of an invented stock the notice beside it says all that there is to say.
    sources = sorted({u.source for u in seen.stock if u.source and not u.demo})
    if not sources:
        return say("incident.stock_lines", count=say.number(len(seen.stock)))
    return say(
        "incident.stock_from", count=say.number(len(seen.stock)), sources="; ".join(sources[:2])
    )
