"""The risk page of a desk, its ranking as a table, and what somebody assumes."""

from __future__ import annotations

from fastapi import APIRouter, Response

from haidang.web.desks import bar
from haidang.web.pages import risk
from haidang.web.risking import FIELDS, Asked, risking
from haidang.web.visit import Visited

router = APIRouter()

_NAMES = frozenset(name for names in FIELDS.values() for name in names)


@router.get("/d/{desk}/risk")
def page(
    visit: Visited, desk: str, at: str = "", place: str = "", what: str = "", all: str = ""
) -> Response:
    """Where is risk highest, why, and what would be if?

    An assumption is asked for by an address and not sent by a form: it changes nothing.
    """
    found = visit.desk(desk)
    view = found.at(at or None, visit.now)
    say = visit.speaker("risk")
    query = visit.request.query_params
    values = {n: query[n][:40] for n in _NAMES if n in query}
    asked = Asked(place, what, values, whole=bool(all))
    context = risk.build(risking(found, view, asked), say)
    return visit.page("risk.html", context, page="risk", desk=bar(visit, found, view), room="risk")


@router.get("/d/{desk}/risk.csv")
def listed(visit: Visited, desk: str, at: str = "") -> Response:
    """The ranking, for a spreadsheet."""
    found = visit.desk(desk)
    view = found.at(at or None, visit.now)
    body = risk.table(risking(found, view, Asked()), visit.speaker("risk"))
    headers = {"Content-Disposition": f'attachment; filename="{found.id}-risk.csv"'}
    # With a mark at its head, for without it a spreadsheet takes Vietnamese for another alphabet.
    return Response(body.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)
