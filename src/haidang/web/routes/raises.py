"""Raising the combined level of a place: asked for by one person, let by another."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response

from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.jobs.raising import Standing, standing
from haidang.web.at_desk import At, at_desk
from haidang.web.pages import raises
from haidang.web.visit import Sent, Visit, Visited

router = APIRouter(prefix="/d/{desk}/raise")

ACTS = ("approve", "refuse", "withdraw")


@router.get("")
def page(visit: Visited, desk: str) -> Response:
    """What may be raised where, and what was."""
    return _page(visit, at_desk(visit, desk))


@router.post("")
def propose(visit: Visited, desk: str, form: Sent) -> Response:
    """Ask for a raise."""
    at = at_desk(visit, desk)

    def act() -> Response:
        try:
            at.desk.propose_raise(
                form.get("place"),
                int(form.get("by")) if form.get("by").isdigit() else 0,
                form.get("reason"),
                _moment(at, form.get("until")),
                visit.who.actor,
                visit.who.role,
                visit.now,
                serious_loss=form.get("serious") == "yes",
            )
        except (BadData, NotFound) as error:
            return _page(visit, at.again(), BadData(*error.problems), dict(form.fields))
        return visit.go(f"/d/{desk}/raise", "raise_asked")

    return visit.once(form, act)


@router.post("/{raise_id}/{what}")
def act(visit: Visited, desk: str, raise_id: str, what: str, form: Sent) -> Response:
    """Let it come into force, turn it down or take it back."""
    at = at_desk(visit, desk)
    if what not in ACTS:
        raise NotFound(Problem("store.no_raise", {"id": raise_id}))

    def done() -> Response:
        who = visit.who
        try:
            at.desk.act_on_raise(raise_id, what, who.actor, who.role, visit.now, form.get("note"))
        except BadData as error:
            return _page(visit, at.again(), error)
        return visit.go(f"/d/{desk}/raise", f"raise_{what}")

    return visit.once(form, done)


def _page(
    visit: Visit, at: At, error: BadData | None = None, typed: dict[str, str] | None = None
) -> Response:
    context = raises.build(
        at.say("raises"),
        at.context,
        at.now,
        _standing(at),
        at.desk.store.raises(at.now),
        visit.who.actor,
        error,
        typed,
        may_act=at.desk.kind != "replay",
    )
    return visit.page(
        "raises.html",
        context,
        page="situation",
        desk=at.bar,
        room="raises",
        status=409 if error is not None else 200,
    )


def _standing(at: At) -> list[Standing]:
    """How every watched place stands; one that no run looked at is left out."""
    found = []
    for code in at.context.named:
        try:
            found.append(standing(at.desk.store, at.context.country, code, at.context.scale.id))
        except NotFound:
            continue
    return found


def _moment(at: At, text: str) -> datetime:
    """An instant of the list with its zone, or one that was written, on the desk's clock.

    Raises:
        BadData: It is no time (``desk.no_time``).
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadData(Problem("desk.no_time", {"given": text or "-"}, field="until")) from error
    return found if found.tzinfo is not None else found.replace(tzinfo=at.context.zone)
