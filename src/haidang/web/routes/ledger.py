"""The ledger of a desk: read, filtered, verified."""

from __future__ import annotations

from fastapi import APIRouter, Response

from haidang.web.desks import bar
from haidang.web.pages import ledger as pages
from haidang.web.visit import Sent, Visit, Visited

router = APIRouter()


@router.get("/d/{desk}/ledger")
def page(
    visit: Visited,
    desk: str,
    kind: str = "",
    place: str = "",
    day: str = "",
    role: str = "",
    page: int = 1,
) -> Response:
    """Entries, newest first."""
    return _page(visit, desk, pages.Asked(kind, place, day, role, page), verify=False)


@router.post("/d/{desk}/ledger/verify")
def verify(visit: Visited, form: Sent, desk: str) -> Response:
    """Compute every seal anew; this changes nothing, so doing it twice is no harm."""
    del form
    return _page(visit, desk, pages.Asked(), verify=True)


def _page(visit: Visit, name: str, asked: pages.Asked, *, verify: bool) -> Response:
    desk, say = visit.desk(name), visit.speaker("ledger")
    view = desk.at(None, visit.now)
    entries = desk.store.ledger()
    verified = None
    if verify:
        count, head = desk.store.head()
        verified = pages.verification(desk.store.verify(), count, head, say)
    context = pages.build(desk.id, desk.context, entries, view.drafts, asked, verified, say)
    return visit.page(
        "ledger.html", context, page="ledger", desk=bar(visit, desk, view), room="ledger"
    )
