"""Why this level? Why was I not told?"""

from __future__ import annotations

from fastapi import APIRouter, Response

from haidang.base.errors import HaidangError
from haidang.jobs import explain as job
from haidang.jobs.desk import Desk
from haidang.jobs.explain import Line
from haidang.jobs.replay import DATABASE
from haidang.web.desks import bar
from haidang.web.pages import explain as pages
from haidang.web.pages.entry_form import moment
from haidang.web.parts import Crumb
from haidang.web.visit import Visit, Visited

router = APIRouter()


@router.get("/d/{desk}/explain")
def ask(visit: Visited, desk: str, place: str = "", at: str = "") -> Response:
    """Ask by place and time."""
    found, say = visit.desk(desk), visit.speaker("why")
    view = found.at(None, visit.now)
    lines: tuple[Line, ...] = ()
    trouble = ""
    when = moment(at, found.context.zone, view.until)
    if place and when is None:
        trouble = say("bad_time")
    elif place and when is not None:
        try:
            lines = job.explain_place(
                found.folder / DATABASE,
                place,
                min(when, view.until),
                found.context.country,
                visit.language,
            )
        except HaidangError as error:
            trouble = error.say(visit.language)
    shown = at or f"{found.context.local(view.until):%d/%m/%Y %H:%M}"
    context = pages.ask(found.id, found.context, place, shown, lines, trouble, say)
    return visit.page("ask.html", context, page="explain", desk=bar(visit, found, view), room="why")


@router.get("/d/{desk}/explain/{name}")
def page(visit: Visited, desk: str, name: str) -> Response:
    """The chain of one id."""
    found, say = visit.desk(desk), visit.speaker("why")
    view = found.at(None, visit.now)
    path = found.folder / DATABASE
    lines = job.explain([path], name, found.context.country, visit.language)
    decision = pages.decision_of(name, lines, found.store.decisions())
    judged = None
    if decision is not None:
        assessed = {a.id: a for a in found.store.assessments()}
        judged = (decision, assessed[decision.assessment])
    context = pages.build(found.id, name, lines, judged, found.context, say)
    return visit.page(
        "explain.html",
        context,
        page="explain",
        desk=bar(visit, found, view),
        room="why",
        crumbs=_crumbs(visit, found, context.title),
    )


def _crumbs(visit: Visit, desk: Desk, title: str) -> tuple[Crumb, ...]:
    say = visit.speaker()
    return (
        Crumb(say("nav_situation"), f"/d/{desk.id}/situation"),
        Crumb(say("nav_explain"), f"/d/{desk.id}/explain"),
        Crumb(title),
    )
