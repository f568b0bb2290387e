"""The desks as the pages see them: one look, and the bar around every page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from haidang.jobs.desk import Desk, View
from haidang.web.console import Clock, DeskBar
from haidang.web.look import Look, Seen, bulletin_before
from haidang.web.speak import Speaker

if TYPE_CHECKING:
    from haidang.web.visit import Visit


def look(desk: Desk, view: View) -> Look:
    """One run of a desk, with what stood before it.

    Args:
        desk: The desk.
        view: All that was known at the run.

    Raises:
        Unavailable: The store cannot be read.
    """
    looks = tuple(_seen(desk))
    at = next(i for i, s in enumerate(looks) if s.id == view.step.id)
    before = bulletin_before(looks, at)
    earlier = {s.id: s.verdict for s in desk.views()}
    found = dict(view.assessments)
    if before is not None:
        found.update({a.id: a for a in desk.store.assessments(earlier[before.id])})
    levels: dict[str, int] = {}
    for message in view.messages:
        levels[message.chain] = message.level
    newest = view.step.newest
    return Look(
        id=desk.id,
        title=desk.title,
        case=desk.case,
        context=desk.context,
        now=view.until,
        looks=looks,
        at=at,
        decisions=tuple(d for d in desk.store.decisions() if d.at <= view.step.now),
        assessments=found,
        snapshot=view.snapshot,
        waiting=tuple((d, view.states[d.id]) for d in view.pending) if newest else (),
        issued=levels,
        more=desk.next_step is not None,
        live=desk.kind == "live",
    )


def _seen(desk: Desk) -> Iterator[Seen]:
    came = {step.now: step for step in desk.steps}
    for run in desk.views():
        step = came.get(run.now)
        yield Seen(run.id, run.now, run.issued, step.fixes if step else ())


def clock(now: datetime, say: Speaker, note: str = "") -> Clock:
    """A desk's clock in words."""
    local = now.astimezone(say.zone)
    weekday = say("console.weekdays").split(" ")[local.weekday()]
    return Clock(
        iso=local.isoformat(timespec="minutes"),
        time=say.clock(now),
        day=f"{weekday} {say.full_day(local.date())}",
        offset=say.offset(now),
        note=note,
    )


def bar(visit: Visit, desk: Desk, view: View) -> DeskBar:
    """What stands around every page of a desk: always as it is now, whatever the page shows."""
    say = visit.speaker()
    at = "" if view.step.newest else view.step.id
    if at:
        view = desk.at(None, visit.now)
    country = desk.context.country.spec
    status = str(desk.case.spec.status)  # "Actual" where a desk of sensors is
    demo = view.plan is not None and view.plan.demo
    return DeskBar(
        id=desk.id,
        title=say.of(desk.title),
        status="" if status == "Actual" else say(f"warn.prefix_{status.lower()}"),
        note=say(f"note_{desk.kind}", event=say.of(desk.title)),
        clock=clock(view.until, say, say(f"clock_{desk.kind}")),
        levels=visit.console.levels(desk.case.country, desk.context.scale.id),
        newest=view.step.id,
        demo=say("demo_stock") if demo else "",
        waiting=len(view.pending),
        signed=sum(bool(view.states[d.id].signer) for d in view.pending),
        tasks=0 if desk.kind == "replay" else overdue(view),
        status_note=say.of(country.sender.status_note),
        credits=say.of(country.credits),
        at=at,
        counted=desk.context.pack.threat.counted,
    )


def overdue(view: View) -> int:
    """At how many places something should be done by now and is not.

    Places and not tasks: a place is opened and worked off, and a drill has hundreds of tasks.
    """
    if view.plan is None:
        return 0
    late = [t for t in view.plan.tasks if t.late_from is not None and t.late_from <= view.until]
    done = {name for name, state in view.tasks.items() if state.state == "done"}
    return len({t.place for t in late if t.id not in done})
