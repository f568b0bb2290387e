"""The outbox of a desk: seen, and dead letters tried again."""

from __future__ import annotations

from fastapi import APIRouter, Response

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.web.at_desk import at_desk
from haidang.web.pages import outbox as pages
from haidang.web.parts import Crumb
from haidang.web.visit import Sent, Visited

router = APIRouter(prefix="/d/{desk}/outbox")


@router.get("")
def page(visit: Visited, desk: str) -> Response:
    """How far deliveries have come."""
    at = at_desk(visit, desk)
    store, say = at.desk.store, at.say("deliver")
    newest = [m.identifier for m in at.view.messages[-pages.NEWEST :]]
    context = pages.build(
        at.id,
        at.context,
        store.delivery_counts(),
        store.message_counts(newest),
        at.view.messages,
        at.view.drafts,
        store.deliveries_found(state="dead", limit=pages.LETTERS + 1),
        len(store.waiting()),
        say,
        may_retry=at.desk.spec is not None,
    )
    crumbs = (
        Crumb(at.say("warnings")("warnings.title"), f"/d/{at.id}/warnings"),
        Crumb(say("page"), ""),
    )
    return visit.page(
        "outbox.html", context, page="warnings", desk=at.bar, room="deliver", crumbs=crumbs
    )


@router.post("/retry")
def retry(visit: Visited, desk: str, form: Sent) -> Response:
    """Put one dead letter, those of a channel, or all of them back in the queue."""
    found = visit.desk(desk)
    if found.spec is None:
        raise BadData(Problem("desk.read_only", {"id": found.id}))
    key, channel = form.get("letter"), form.get("channel")

    def act() -> Response:
        found.store.retry([key] if key else [], channel)
        return visit.go(f"/d/{desk}/outbox", "retried")

    return visit.once(form, act)
