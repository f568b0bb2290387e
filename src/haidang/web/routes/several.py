"""Several drafts in one step: each is still signed, or approved, for itself and in the ledger."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response

from haidang.base.errors import BadData
from haidang.web.at_desk import At, at_desk
from haidang.web.pages import several, warnings
from haidang.web.pages.notices import Version, versions
from haidang.web.visit import Form, Sent, Visit, Visited

router = APIRouter(prefix="/d/{desk}/several")


@router.get("")
def page(visit: Visited, desk: str, all: str = "") -> Response:
    """What waits, with its words, to be ticked."""
    return _page(visit, at_desk(visit, desk), every=bool(all))


@router.post("/sign")
def sign(visit: Visited, desk: str, form: Sent) -> Response:
    """Answer for the words of every draft that is ticked."""
    at, who = at_desk(visit, desk), visit.who

    def one(draft: str) -> None:
        at.desk.sign(draft, who.actor, who.role, visit.now)

    return visit.once(form, lambda: _each(visit, at, form, "sign", one))


@router.post("/approve")
def approve(visit: Visited, desk: str, form: Sent) -> Response:
    """Let every draft go out that is ticked, as the second person of each."""
    at, who = at_desk(visit, desk), visit.who

    def one(draft: str) -> None:
        at.desk.approve(draft, who.actor, who.role, visit.now)

    return visit.once(form, lambda: _each(visit, at, form, "approve", one))


def _each(visit: Visit, at: At, form: Form, does: str, act: Callable[[str], None]) -> Response:
    """The worst first; stops at the first that is refused, and says how far it came."""
    ticked = set(form.many.get("draft", ()))
    known = at.view.drafts
    order = [v.draft.id for v in _waiting(at)]
    # One that no longer waits stands first: nothing is sent on a page that is old.
    gone = sorted(i for i in ticked if i in known and i not in order)
    asked = gone + [i for i in order if i in ticked]
    done: list[str] = []
    reason = ""
    for draft in asked:
        try:
            act(draft)
        except BadData as error:
            reason = error.problems[0].say(visit.language)
            break
        done.append(draft)
    found = several.outcome(at.say("warnings"), at.context, does, known, asked, done, reason)
    left = [i for i in asked if i not in done]
    status = 200 if done and not left else 409
    return _page(visit, at.again(), found, left, status)


def _waiting(at: At) -> tuple[Version, ...]:
    return warnings.in_order(at.context, versions(at.view.drafts.values(), at.view.acts))


def _page(
    visit: Visit,
    at: At,
    outcome: several.Outcome | None = None,
    ticked: list[str] | None = None,
    status: int = 200,
    *,
    every: bool = False,
) -> Response:
    context = several.build(
        at.say("warnings"),
        at.context,
        at.now,
        versions(at.view.drafts.values(), at.view.acts),
        at.view.messages,
        visit.who.actor,
        ticked or (),
        outcome,
        every=every,
    )
    return visit.page(
        "several.html", context, page="warnings", desk=at.bar, room="warnings", status=status
    )
