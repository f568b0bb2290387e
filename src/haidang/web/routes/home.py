"""The list of desks, and beginning a drill."""

from __future__ import annotations

from fastapi import APIRouter, Response

from haidang.base.errors import HaidangError
from haidang.jobs.desk import DeskInfo, desks, start_drill
from haidang.pack.case import find_cases, load_case
from haidang.web.pages import home as pages
from haidang.web.visit import Sent, Visit, Visited

router = APIRouter()


@router.get("/")
def home(visit: Visited) -> Response:
    """Which desks there are."""
    console, say = visit.console, visit.speaker()
    rows = tuple(_row(visit, info) for info in desks(console.out, console.roots))
    cases = [load_case(name, console.roots) for name in find_cases(console.roots)]
    context = pages.Home(rows, pages.drills(cases, say), console.levels(console.country.id))
    return visit.page("home.html", context, page="home")


def _row(visit: Visit, info: DeskInfo) -> pages.Row:
    say = visit.speaker()
    try:
        desk = visit.desk(info.id)
        say = visit.speaker()  # a desk says some things as its kind of threat does
        return pages.row(desk, desk.at(None, visit.now), say)
    except HaidangError as error:
        return pages.broken(info, error.say(visit.language), say)
    finally:
        visit.request.state.own_words = ""


@router.post("/drill")
def drill(visit: Visited, form: Sent) -> Response:
    """Begin a drill: the first bulletin comes in, people do the rest."""

    def act() -> Response:
        console = visit.console
        desk = start_drill(form.get("case"), console.out, console.roots, visit.now)
        return visit.go(f"/d/{desk.id}/situation", "started")

    return visit.once(form, act)
