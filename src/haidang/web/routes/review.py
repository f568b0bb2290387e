"""The review of a desk; of a drill that still runs only for whoever asks for it."""

from __future__ import annotations

from threading import Lock
from typing import Final

from fastapi import APIRouter, Response

from haidang.jobs.review import review_desk
from haidang.review.book import Review
from haidang.web.at_desk import At, at_desk
from haidang.web.pages import review
from haidang.web.visit import Visited

router = APIRouter(prefix="/d/{desk}/review")

_books: Final[dict[str, tuple[tuple[int, str], Review]]] = {}
_guard: Final = Lock()


@router.get("")
def page(visit: Visited, desk: str, stage: str = "", show: str = "") -> Response:
    """Was it right, was it in time, what does it say nothing about?"""
    at = at_desk(visit, desk)
    say = at.say("review_page")
    if at.desk.kind == "drill" and at.desk.next_step is not None and not show:
        context = review.hidden(say)
    else:
        chosen = stage if stage in review.STAGES else ""
        context = review.build(say, at.context, _book(at), chosen)
    return visit.page("review.html", context, page="review", desk=at.bar, room="review_page")


def _book(at: At) -> Review:
    """What was found, made once for each state of the ledger: it lays out winds anew."""
    head = at.desk.store.head()
    key = str(at.desk.folder)
    with _guard:
        kept = _books.get(key)
        if kept is None or kept[0] != head:
            kept = _books[key] = (head, review_desk(at.desk))
        return kept[1]
