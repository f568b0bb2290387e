"""Response over all places: who commands where, what is needed, what there is, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from haidang.base.place import fold
from haidang.base.problem import Problem
from haidang.respond.plan import Plan
from haidang.web.pages.incident import Over, Seen, gaps_of, stock_of, suggestion_of
from haidang.web.pages.incident_parts import Command, KindRow, calls_of, commands, kind_rows
from haidang.web.pages.moment import Moment
from haidang.web.pages.notices import chip
from haidang.web.parts import Chip
from haidang.web.speak import Speaker

FIRST: Final = 8
"""As many last calls as a reader can act on at once; the places' own pages have all of them."""


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place with anything to do.

    Attributes:
        done, all, late: Its tasks.
        next: When the next one is due, "" for none.
        gaps: Kinds of which something is missing after all help.
        civil: Civil-defence level that the figures speak for, in words.
    """

    place: str
    name: str
    level: Chip | None
    commands: str
    done: int
    all: int
    late: int
    next: str
    gaps: str
    civil: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The page.

    Attributes:
        lowest: Lowest level at which the scenario asks for anything; 0 where there is none.
        problems: What was wrong with the inventory that was just sent.
    """

    answer: str
    lowest: int
    places: tuple[PlaceRow, ...]
    scenario: bool
    command: tuple[Command, ...]
    kinds: tuple[KindRow, ...]
    gaps: tuple[str, ...]
    calls: tuple[str, ...]
    stock: str
    demo: bool
    may_add: bool
    kind_ids: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]
    kept: int | None
    refused: str
    moment: Moment
    over: Over | None


def build(
    say: Speaker,
    seen: Seen,
    *,
    problems: Sequence[Problem] = (),
    kept: int | None = None,
    refused: str = "",
) -> Overview:
    """Lay out the overview.

    Args:
        say: Language and clock of the page.
        seen: What was known.
        problems: Of the inventory that was just sent.
        kept: Rows of it that were taken in; None where none was.
        refused: Why an inventory was not even read.
    """
    context, plan = seen.context, seen.plan
    scenario = context.response.scenario if context.response is not None else None
    lowest = scenario.lowest if scenario is not None else 0
    codes = _codes(plan)
    rows = tuple(_row(say, seen, code) for code in codes)
    rows = tuple(sorted(rows, key=lambda r: (-(r.level.level if r.level else 0), fold(r.name))))
    late = sum(r.late for r in rows)
    over = seen.over(say)
    if not rows:
        answer = say("incident.all_over" if over is not None else "incident.all_none")
    elif late:
        answer = say("incident.all_late", places=len(rows), late=late)
    else:
        answer = say("incident.all_answer", places=len(rows))
    levels = context.pack.binding.levels
    return Overview(
        answer=answer,
        lowest=lowest,
        places=rows,
        scenario=scenario is not None,
        command=commands(say, context, [n for n in levels if n >= lowest], seen.day),
        kinds=()
        if plan is None
        else kind_rows(
            say,
            context.country.kinds,
            plan.needs,
            seen.stock,
            plan,
            frozenset(codes),
            context.pack.scenario,
        ),
        gaps=gaps_of(say, seen, None),
        calls=() if plan is None else _calls(say, seen, plan),
        stock=stock_of(say, seen),
        demo=plan is not None and plan.demo,
        may_add=seen.may_act,
        kind_ids=tuple((k, say.of(s.name)) for k, s in context.country.kinds.items()),
        problems=tuple(p.say(say.language) for p in problems),
        kept=kept,
        refused=refused,
        moment=seen.moment(say),
        over=over,
    )


def _calls(say: Speaker, seen: Seen, plan: Plan) -> tuple[str, ...]:
    """The nearest hours; the places' own pages have the rest."""
    open_ = [c for c in plan.calls if c.leave_by > seen.now]

    def name(code: str) -> str:
        found = seen.context.named.get(code)
        return code if found is None else found.name(say.language)

    lines = calls_of(say, seen.context.country.kinds, open_[:FIRST], name)
    more = len(open_) - FIRST
    return lines if more <= 0 else (*lines, say("incident.calls_more", count=more))


def _codes(plan: Plan | None) -> tuple[str, ...]:
    if plan is None:
        return ()
    return tuple(sorted({t.place for t in plan.tasks} | {n.place for n in plan.needs}))


def _row(say: Speaker, seen: Seen, code: str) -> PlaceRow:
    plan, context = seen.plan, seen.context
    assert plan is not None
    level = max((d.combined for d in seen.decisions if d.place == code), default=0)
    own = [t for t in plan.tasks if t.place == code]
    open_ = [t for t in own if code and _state(seen, t.id) != "done"]
    due = sorted(t.late_from for t in open_ if t.late_from is not None)
    missing = sorted({u.kind for u in plan.unmet if u.place == code})
    names = [say.of(context.country.kinds[k].name) for k in missing if k in context.country.kinds]
    who = commands(say, context, {level}, seen.day)
    one = suggestion_of(plan, code)
    civil = ""
    if one is not None:
        key = (
            "cd_short_unknown"
            if one.level is None
            else "cd_short"
            if one.level
            else "cd_short_none"
        )
        civil = say(f"incident.{key}", level=one.level or 0)
    return PlaceRow(
        place=code,
        name=context.named[code].name(say.language),
        level=chip(context, say, level),
        commands=who[0].commands if who else "",
        done=len(own) - len(open_),
        all=len(own),
        late=sum(at <= seen.now for at in due),
        next=next((say.short(at) for at in due if at > seen.now), ""),
        gaps=", ".join(names),
        civil=civil,
    )


def _state(seen: Seen, task: str) -> str:
    found = seen.tasks.get(task)
    return "open" if found is None else found.state
