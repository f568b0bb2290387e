"""The watch page of a desk whose threat is counted, and its data."""

from __future__ import annotations

from fastapi import APIRouter, Response

from haidang.web.desks import bar
from haidang.web.pages import watch, watch_data, watch_parts
from haidang.web.speak import Speaker
from haidang.web.visit import Visited
from haidang.web.watching import watching

router = APIRouter()


@router.get("/d/{desk}/watch")
def page(
    visit: Visited,
    desk: str,
    at: str = "",
    place: str = "",
    indicator: str = "",
    order: str = "",
    all: str = "",
) -> Response:
    """What is unusual in the nation, and of what is nothing known?"""
    found = visit.desk(desk)
    view = found.at(at or None, visit.now)
    say = Speaker(visit.language, found.context.zone, "watch_page")
    asked = watch_parts.Asked(at, place, indicator, order, whole=bool(all))
    context = watch.build(watching(found, view), say, asked)
    return visit.page(
        "watch.html", context, page="watch", desk=bar(visit, found, view), room="watch_page"
    )


@router.get("/d/{desk}/watch.csv")
def listed(visit: Visited, desk: str, at: str = "") -> Response:
    """The list of the nation, for a spreadsheet."""
    found = visit.desk(desk)
    view = found.at(at or None, visit.now)
    say = Speaker(visit.language, found.context.zone, "watch_page")
    body = watch_data.listed(watching(found, view), say)
    return _sent(body, f"{found.id}-{view.step.id}-watch.csv")


@router.get("/d/{desk}/watch-series.csv")
def series(visit: Visited, desk: str, indicator: str, place: str, at: str = "") -> Response:
    """One series, for a spreadsheet."""
    found = visit.desk(desk)
    view = found.at(at or None, visit.now)
    say = Speaker(visit.language, found.context.zone, "watch_page")
    body = watch_data.series(watching(found, view), say, indicator, place)
    return _sent(body, f"{found.id}-{view.step.id}-{indicator}-{place}.csv")


def _sent(body: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    # With a mark at its head, for without it a spreadsheet takes Vietnamese for another alphabet.
    return Response(body.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)
