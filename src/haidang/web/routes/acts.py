"""What a person does to a notice that is out: each makes a draft that another person approves."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response

from haidang.app.acts import Wish
from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn.lifecycle import PERSONAL, Occasion
from haidang.web.at_desk import At, at_desk
from haidang.web.routes.warnings import form_page, refused_page, stale_page, typed_text
from haidang.web.visit import Form, Sent, Visit, Visited

router = APIRouter(prefix="/d/{desk}/warnings/{draft}")

_BY_BUTTON = {o.value: o for o in PERSONAL if o is not Occasion.REWORDED}


@router.post("/act")
def act(visit: Visited, desk: str, draft: str, form: Sent) -> Response:
    """Extend, narrow, cancel or end."""
    at = at_desk(visit, desk)
    at.draft(draft)
    occasion = _BY_BUTTON.get(form.get("do"))
    if occasion is None:
        raise BadData(Problem("desk.no_act", {"given": form.get("do") or "-"}, field="do"))
    wish = Wish(
        occasion=occasion,
        actor=visit.who.actor,
        role=visit.who.role,
        at=at.now,
        seen=form.get("seen"),
        expires=_moment(form.get("expires")) if occasion is Occasion.EXTENDED else None,
        within=form.many.get("within", ()) if occasion is Occasion.NARROWED else (),
        reasons=_reasons(at, draft, form) if occasion is Occasion.CANCELLED else None,
    )
    return visit.once(form, lambda: _done(visit, at, draft, wish))


@router.get("/reword")
def form(visit: Visited, desk: str, draft: str) -> Response:
    """The form for other words, filled with those that are out."""
    at = at_desk(visit, desk)
    found = at.draft(draft)
    return form_page(visit, at, found, found.texts, (), 200, seen=_seen(at, draft))


@router.post("/reword")
def reword(visit: Visited, desk: str, draft: str, form: Sent) -> Response:
    """Check what was typed, or make an update of it that the editor signs."""
    at = at_desk(visit, desk)
    found = at.draft(draft)
    typed = tuple(typed_text(form, text.language) for text in found.texts)
    seen = form.get("seen")
    if form.get("do") == "check":
        return form_page(visit, at, found, typed, (), 200, checked=True, seen=seen)
    who = visit.who
    wish = Wish(Occasion.REWORDED, who.actor, who.role, at.now, seen, texts=typed)

    def save() -> Response:
        try:
            fresh = at.desk.act(draft, wish, visit.now)
        except BadData as error:
            return form_page(visit, at, found, typed, error.problems, 409, seen=seen)
        return visit.go(f"/d/{at.id}/warnings/{fresh.id}", "acted")

    return visit.once(form, save)


def _done(visit: Visit, at: At, draft: str, wish: Wish) -> Response:
    try:
        fresh = at.desk.act(draft, wish, visit.now)
    except BadData as error:
        if error.problems[0].code == "store.not_newest":
            return stale_page(visit, at, at.again().draft(wish.seen), None)
        return refused_page(visit, at, draft, error)
    return visit.go(f"/d/{at.id}/warnings/{fresh.id}", "acted")


def _seen(at: At, draft: str) -> str:
    chain = at.chain(at.draft(draft).chain)
    return max((v.draft for v in chain), key=lambda d: d.version).id


def _moment(text: str) -> datetime | None:
    """The instant that a form offered; None of anything else, which is refused as too early."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _reasons(at: At, draft: str, form: Form) -> dict[str, str]:
    return {t.language: form.get(f"reason_{t.language}") for t in at.draft(draft).texts}
