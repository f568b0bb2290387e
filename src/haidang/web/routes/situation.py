"""The situation of a desk, its data, and calling in the next bulletin."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from haidang.pack.schema import ThreatSpec
from haidang.web.desks import bar, look
from haidang.web.look import Look
from haidang.web.pages import situation, situation_counts, situation_data, situation_readings
from haidang.web.pages.situation import Situation
from haidang.web.speak import Speaker
from haidang.web.visit import Sent, Visited

router = APIRouter()


class Kind(NamedTuple):
    """The first page of one kind of threat, and its table as data."""

    template: str
    build: Callable[[Look, Speaker], Situation]
    table: Callable[[Look, Speaker], str]


TRACK = Kind("situation.html", situation.build, situation_data.table)
COUNTS = Kind("situation_counts.html", situation_counts.build, situation_counts.table)
READINGS = Kind("situation_readings.html", situation_readings.build, situation_readings.table)


def _kind(threat: ThreatSpec) -> Kind:
    return TRACK if threat.tracked else COUNTS if threat.counted else READINGS


@router.get("/d/{desk}")
def start(visit: Visited, desk: str) -> Response:
    """A desk begins with its situation."""
    del visit
    return RedirectResponse(f"/d/{desk}/situation", 303)


@router.get("/d/{desk}/situation")
def page(visit: Visited, desk: str, at: str = "") -> Response:
    """What needs me now, what changed, where is it worst?"""
    found = visit.desk(desk)
    view = found.at(at or None, visit.now)
    seen, say = look(found, view), visit.speaker("situation")
    kind = _kind(found.context.pack.threat)
    return visit.page(
        kind.template,
        kind.build(seen, say),
        page="situation",
        desk=bar(visit, found, view),
        room="situation",
    )


@router.get("/d/{desk}/waits")
def waits(visit: Visited, desk: str) -> Response:
    """The part of the page that says what waits; the whole page, for whoever asks without htmx."""
    if not visit.partial:
        return visit.go(f"/d/{desk}/situation")
    found = visit.desk(desk)
    view = found.at(None, visit.now)
    context = situation.waiting(look(found, view), visit.speaker("situation"))
    return visit.part("waits.html", context, room="situation")


@router.get("/d/{desk}/pulse")
def pulse(visit: Visited, desk: str, seen: str = "") -> Response:
    """Clock and counts, and whether another bulletin has come since the page was made."""
    if not visit.partial:
        return visit.go(f"/d/{desk}/situation")
    found = visit.desk(desk)
    view = found.at(None, visit.now)
    context = {"stale": bool(seen) and seen != view.step.id}
    return visit.part("pulse.html", context, desk=bar(visit, found, view))


@router.get("/d/{desk}/situation.csv")
def data(visit: Visited, desk: str, at: str = "") -> Response:
    """The table of the page, for a spreadsheet."""
    found = visit.desk(desk)
    view = found.at(at or None, visit.now)
    kind = _kind(found.context.pack.threat)
    body = kind.table(look(found, view), visit.speaker("situation"))
    name = f"{found.id}-{view.step.id}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    # With a mark at its head, for without it a spreadsheet takes Vietnamese for another alphabet.
    return Response(body.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/d/{desk}/advance")
def advance(visit: Visited, form: Sent, desk: str) -> Response:
    """Let the next bulletin of a drill come in."""

    def act() -> Response:
        found, before = visit.desk(desk), form.get("expect")
        first = found.at_step().id == before
        after = found.advance(visit.now, before)
        moved = first and after is not None and after.id != before
        return visit.go(f"/d/{desk}/situation", "advanced" if moved else "at_end")

    return visit.once(form, act)
