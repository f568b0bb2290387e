"""Response: overview, one place, what people report about tasks, inventories."""

from __future__ import annotations

from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from fastapi import APIRouter, Response

from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.web.at_desk import At, at_desk
from haidang.web.pages import incident, incident_overview
from haidang.web.parts import Crumb
from haidang.web.visit import Sent, Visit, Visited

router = APIRouter(prefix="/d/{desk}/incident")


@router.get("")
def overview(visit: Visited, desk: str, at: str = "") -> Response:
    """All places that respond, now or at a past run."""
    return _overview(visit, at_desk(visit, desk, at))


@router.post("/stock")
def stock(visit: Visited, desk: str, form: Sent) -> Response:
    """Take in an inventory; what is wrong with it is said row by row."""
    at = at_desk(visit, desk)
    say = at.say("incident")
    name, body = form.files.get("file", ("", b""))
    if not body:
        return _overview(visit, at, refused=say("incident.stock_no_file"))
    plain = PurePath(name.replace("\\", "/")).name or "inventory.csv"
    if PurePath(plain).suffix.lower() not in {".csv", ".xlsx"}:
        return _overview(visit, at, refused=say("incident.stock_type", name=plain))

    def take() -> Response:
        with TemporaryDirectory() as aside:
            file = Path(aside) / plain
            file.write_bytes(body)
            try:
                read = at.desk.add_stock(file, visit.now)
            except BadData as error:
                return _overview(visit, at, problems=error.problems, status=409)
        if not read.problems:
            return visit.go(f"/d/{desk}/incident", "stock")
        return _overview(visit, at.again(), problems=read.problems, kept=len(read.units))

    return visit.once(form, take)


@router.get("/{place}")
def one(visit: Visited, desk: str, place: str, at: str = "") -> Response:
    """One place, now or at a past run."""
    return _place(visit, at_desk(visit, desk, at), place)


@router.get("/{place}/print")
def sheets(visit: Visited, desk: str, place: str, at: str = "") -> Response:
    """The tasks of one place as sheets, one for each who has something to do."""
    return _place(visit, at_desk(visit, desk, at), place, template="incident_print.html")


@router.post("/{place}/task")
def report(visit: Visited, desk: str, place: str, form: Sent) -> Response:
    """Write down what somebody reports about a task."""
    at = at_desk(visit, desk)
    who, task = visit.who, form.get("task")

    def write() -> Response:
        try:
            at.desk.task_act(
                task, who.actor, who.role, visit.now, form.get("do"), form.get("note"), form.key
            )
        except BadData as error:
            return _place(visit, at.again(), place, refused=error.say(visit.language))
        return visit.go(f"/d/{desk}/incident/{place}", "reported")

    return visit.once(form, write)


def seen(at: At) -> incident.Seen:
    """What the pages are made of."""
    view = at.view
    before = None
    if view.plan is not None:
        known = [p for p in at.desk.store.plans() if p.at < view.plan.at]
        before = known[-1] if known else None
    return incident.Seen(
        context=at.context,
        now=at.now,
        plan=view.plan,
        before=before,
        tasks=view.tasks,
        stock=view.snapshot.stock,
        decisions=view.decisions,
        assessments=view.assessments,
        pending=view.pending,
        day=at.desk.case.spec.law_on,
        desk=at.id,
        run=view.step.id,
        runs=at.runs,
        history=tuple(d for d in at.desk.store.decisions() if d.at <= view.step.now),
        may_act=view.step.newest and at.desk.kind != "replay",
    )


def _overview(
    visit: Visit,
    at: At,
    *,
    problems: tuple[Problem, ...] = (),
    kept: int | None = None,
    refused: str = "",
    status: int = 200,
) -> Response:
    context = incident_overview.build(
        at.say("incident"),
        seen(at),
        problems=problems,
        kept=kept,
        refused=refused,
    )
    return visit.page(
        "incident_overview.html",
        context,
        page="incident",
        desk=at.bar,
        room="incident",
        status=409 if refused else status,
    )


def _place(
    visit: Visit, at: At, place: str, *, template: str = "incident.html", refused: str = ""
) -> Response:
    if place not in at.context.named:
        raise NotFound(Problem("place.unknown", {"code": place}))
    context = incident.build(at.say("incident"), seen(at), place, refused)
    return visit.page(
        template,
        context,
        page="incident",
        desk=at.bar,
        room="incident",
        crumbs=(
            Crumb(
                at.say("incident")("incident.title"), f"/d/{at.id}/incident{context.moment.query}"
            ),
            Crumb(context.name),
        ),
        status=409 if refused else 200,
    )
