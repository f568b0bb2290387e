"""What the pages of an incident share: tasks with their six clears, needs against stock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from haidang.app.context import Context
from haidang.edge.store.tasks import OPEN, TaskState
from haidang.respond import speak
from haidang.respond.plan import Call, Need, Plan, Task, Unit
from haidang.respond.scenario import Scenario
from haidang.respond.spec import CommandSpec, KindSpec, in_force
from haidang.risk.assessment import Interval
from haidang.web.pages.notices import Left, left
from haidang.web.speak import Speaker

GROUPS: Final = ("command", "forces", "means", "logistics")
Named = Callable[[str], str]
Lines = tuple[str, ...]
WIDTH: Final = 150.0
"""Width of a bar, in the units of its drawing."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task with its six clears.

    Attributes:
        state: open, started, blocked or done.
        due: When it is late; of what is to be done at once, that.
        late: Whether its time has passed and it is not done.
        said: Who said so and when, with what they wrote.
        may: What can be said of it next.
        at_once: Whether it is to be done at once, and not late yet.
    """

    id: str
    spec: str
    work: str
    person: str
    due: Left | None
    due_rule: str
    responsibility: str
    authority: str
    basis: str
    product: str
    state: str
    late: bool
    said: str
    notes: tuple[str, ...]
    may: tuple[str, ...]
    level: int
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """What is there and what is wanted, drawn: all in units of the drawing."""

    have: str
    gap: str
    low: str
    central: str
    high: str


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of resource at one place, or over all places.

    Attributes:
        group: Name of its group in the first row of it, "" in the others.
        need: Central estimate, "" where it is unknown.
        range: Low to high.
        have: On the spot; "" where nothing was counted.
        brought: Comes from elsewhere by this plan, for the central estimate.
        ahead: Comes from elsewhere on stand-by, "" for none.
        missing: Of the central need, after all help; "" for none.
        later: From which level on it is needed, where it is not yet; else "".
        short: What nobody can set ready for the high estimate where the central one is met.
    """

    group: str
    group_name: str
    kind: str
    name: str
    unit: str
    need: str
    range: str
    have: str
    brought: str
    missing: str
    bar: Bar | None
    short: str = ""
    ahead: str = ""
    later: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """Who directs and who commands at one level of risk, and on what basis."""

    level: int
    directs: str
    commands: str
    basis: str
    note: str
    since: str


def role(context: Context, say: Speaker, name: str) -> str:
    """What a role is called, of those who warn and of those who respond."""
    return context.country.role(name, say.language) if name else ""


def task_row(
    say: Speaker, context: Context, task: Task, state: TaskState | None, now: datetime
) -> TaskRow:
    """A task as it stands at an instant.

    Args:
        say: Language and clock of the page.
        context: Names of the roles.
        task: Of the newest plan.
        state: What people did about it; None where nobody has.
        now: The desk's clock: late is what the clock says, not what somebody says.
    """
    found = state or OPEN
    limit = task.late_from
    late = limit is not None and limit <= now and found.state != "done"
    said = ""
    if found.at is not None:
        who = role(context, say, found.role)
        said = say("incident.said_by", role=who, at=say.short(found.at))
    rule = say(f"respond.{task.due_rule}", **task.due_params)
    if task.ended is not None:
        rule = say("incident.outlasts", rule=rule, at=say.short(task.ended))
    notes = [n for n in (found.note, *(a.note for a in found.history if a.action == "note")) if n]
    return TaskRow(
        id=task.id,
        spec=task.spec,
        work=say.of(task.work),
        person=role(context, say, task.person),
        due=_due(say, task, now),
        due_rule=rule,
        responsibility=role(context, say, task.responsibility),
        authority=role(context, say, task.authority),
        basis=say.of(task.basis),
        product=say.of(task.product),
        state=found.state,
        late=late,
        said=said,
        notes=tuple(notes),
        may=_MAY[found.state],
        level=task.level,
        at_once=task.at_once and not late and found.state != "done",
    )


def _due(say: Speaker, task: Task, now: datetime) -> Left | None:
    limit = task.late_from
    if limit is None:
        return None
    if task.at_once and limit > now:
        note = say("incident.at_once_until", at=say.short(limit))
        return Left(say("incident.at_once"), note, late=False)
    return left(say, limit, now)


_MAY: Final[Mapping[str, tuple[str, ...]]] = {
    "open": ("started", "done", "blocked"),
    "started": ("done", "blocked"),
    "blocked": ("started", "done"),
    "done": (),
}


def in_order(tasks: Iterable[Task], states: Mapping[str, TaskState]) -> tuple[Task, ...]:
    """What is not done by its due time, then what has no time yet, then what is done."""

    def rank(task: Task) -> tuple[bool, bool, float, int, str]:
        done = states.get(task.id, OPEN).state == "done"
        due = 0.0 if task.due is None else task.due.timestamp()
        return done, task.due is None, due, task.level, task.spec

    return tuple(sorted(tasks, key=rank))


def kind_rows(
    say: Speaker,
    kinds: Mapping[str, KindSpec],
    needs: Sequence[Need],
    units: Sequence[Unit],
    plan: Plan,
    places: frozenset[str],
    scenario: Scenario | None = None,
) -> tuple[KindRow, ...]:
    """The four on the spot against the needs of some places.

    Args:
        say: Language of the page.
        kinds: Of the country.
        needs: Of these places.
        units: The whole stock that the plan read.
        plan: Its grants and gaps.
        places: Codes.
        scenario: Says from which level on a kind is counted.

    Returns:
        By group and the order of the list of kinds; kinds that nobody needs and nobody has are
        left out.
    """
    found: list[KindRow] = []
    for group in GROUPS:
        first = True
        for name, spec in kinds.items():
            if spec.group != group:
                continue
            row = _kind_row(say, name, spec, needs, units, plan, places)
            if row is None:
                continue
            if not any(n.kind == name for n in needs):
                row = replace(row, later=_later(say, name, scenario))
            found.append(row if first else _without_group(row))
            first = False
    return tuple(found)


def _without_group(row: KindRow) -> KindRow:
    return replace(row, group="")


def _later(say: Speaker, kind: str, scenario: Scenario | None) -> str:
    """Why nothing is needed of a kind: a zero would say that somebody had counted."""
    rules = () if scenario is None else scenario.needs.values()
    levels = [rule.level for rule in rules if rule.kind == kind]
    if not levels:
        return say("incident.not_counted_for")
    return say("incident.counted_from", level=min(levels))


def _kind_row(
    say: Speaker,
    name: str,
    spec: KindSpec,
    needs: Sequence[Need],
    units: Sequence[Unit],
    plan: Plan,
    places: frozenset[str],
) -> KindRow | None:
    own = [n for n in needs if n.kind == name]
    held = [u for u in units if u.kind == name and u.place in places and u.echelon != "nation"]
    if not own and not held:
        return None
    have = sum(u.quantity for u in held) if units else None
    want = total([n.value for n in own])
    comes = [
        g for g in plan.grants if g.kind == name and g.place in places and g.tier != "on_the_spot"
    ]
    brought = sum(g.quantity for g in comes if not g.standby)
    ahead = sum(g.quantity for g in comes if g.standby)
    short = sum(u.quantity for u in plan.short if u.kind == name and u.place in places)
    missing = sum(u.quantity for u in plan.unmet if u.kind == name and u.place in places)
    group_name = say(f"respond.group_{spec.group}")
    return KindRow(
        group=group_name,
        group_name=group_name,
        kind=name,
        name=say.of(spec.name),
        unit=say.of(spec.unit),
        need="" if want is None else say.number(want.central),
        range="" if want is None else say.range(want),
        have="" if have is None else say.number(have),
        brought=say.number(brought) if brought else "",
        missing=say.number(missing) if missing else "",
        bar=None if want is None or have is None else bar(want, have),
        short=say("incident.short_high", count=say.number(short)) if short and not missing else "",
        ahead=say("incident.ahead", count=say.number(ahead)) if ahead else "",
    )


def calls_of(
    say: Speaker, kinds: Mapping[str, KindSpec], calls: Sequence[Call], name: Named
) -> Lines:
    """By when help must leave, one sentence each, in the order of the hours.

    Args:
        say: Language and clock of the page.
        kinds: Of the country.
        calls: Those that are wanted.
        name: A place's name by its code.
    """
    found = []
    for one in calls:
        spec = kinds.get(one.kind)
        found.append(
            say(
                "incident.call",
                quantity=say.number(one.quantity),
                unit=say.of(spec.unit) if spec else "",
                kind=say.of(spec.name) if spec else one.kind,
                when=speak.call(one, say.language, name, say.short),
            )
        )
    return tuple(found)


def total(values: Sequence[Interval | None]) -> Interval | None:
    """Sum of needs; unknown as soon as one is. Nothing wanted is zero.

    Low and high are sums of lows and highs: a wider range than all of them together would have.
    """
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return None
    return Interval(*(sum(v[i] for v in known) for i in range(3)))


def bar(want: Interval, have: float) -> Bar | None:
    """Have as a full bar, what is missing of the central need behind it, the range as a line.

    A stock many times the need would press everything else flat: it is cut at twice the high one.

    >>> bar(Interval(1, 2, 4), 1)
    Bar(have='37.5', gap='37.5', low='37.5', central='75.0', high='150.0')
    """
    most = max(want.high, min(have, 2 * want.high))
    if most <= 0:
        return None
    scale = WIDTH / most
    drawn = min(have, most)
    gap = max(want.central - have, 0)
    return Bar(*(f"{v * scale:.1f}" for v in (drawn, gap, want.low, want.central, want.high)))


def commands(
    say: Speaker, context: Context, levels: Iterable[int], day: date
) -> tuple[Command, ...]:
    """Who directs and commands at these levels by the law of a day.

    The law of commands speaks of levels of disaster risk. On another scale the same number means
    something else, and nobody is named.
    """
    authorities = context.country.authorities
    if authorities is None or context.scale.id != context.country.spec.scale:
        return ()
    wanted = set(levels)
    found = in_force(authorities.commands, day)
    return tuple(_command(say, context, one) for one in found if one.level in wanted)


def _command(say: Speaker, context: Context, one: CommandSpec) -> Command:
    return Command(
        level=one.level,
        directs=role(context, say, one.directs),
        commands=role(context, say, one.commands),
        basis=say.of(one.basis),
        note=say.of(one.note) if one.note else "",
        since=say.full_day(one.valid_from),
    )
