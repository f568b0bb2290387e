"""The situation of a desk, its data, and calling in the next bulletin."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from haidang.web.desks import bar, look
from haidang.web.pages import situation, situation_counts, situation_data
from haidang.web.visit import Sent, Visited

router = APIRouter()


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
    counted = found.context.pack.threat.counted
    context = situation_counts.build(seen, say) if counted else situation.build(seen, say)
    return visit.page(
        "situation_counts.html" if counted else "situation.html",
        context,
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
    counted = found.context.pack.threat.counted
    table = situation_counts.table if counted else situation_data.table
    body = table(look(found, view), visit.speaker("situation"))
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
