"""The warning desk: read, edit, sign, approve by a second person, refuse."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response

from haidang.app.verdict import Draft
from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.warn.compare import PARTS
from haidang.warn.message import Text
from haidang.web.at_desk import At, at_desk
from haidang.web.pages import warning, warning_acts, warning_edit, warning_xml, warnings
from haidang.web.pages.notices import versions
from haidang.web.parts import Crumb
from haidang.web.visit import Form, Sent, Visit, Visited

router = APIRouter(prefix="/d/{desk}/warnings")
_STALE = "store.not_newest"


@router.get("")
def index(visit: Visited, desk: str) -> Response:
    """What waits, what is in force, what was."""
    at = at_desk(visit, desk)
    view = at.view
    known = versions(view.drafts.values(), view.acts)
    context = warnings.build(at.say("warnings"), at.context, at.now, known, view.messages)
    return visit.page("warnings.html", context, page="warnings", desk=at.bar, room="warnings")


@router.get("/{draft}")
def one(visit: Visited, desk: str, draft: str, against: str = "") -> Response:
    """One draft."""
    at = at_desk(visit, desk)
    chosen: warning.Against | None = next((a for a in warning.AGAINST if a == against), None)
    return _page(visit, at, draft, chosen)


@router.get("/{draft}/edit")
def form(visit: Visited, desk: str, draft: str) -> Response:
    """The form to edit one."""
    at = at_desk(visit, desk)
    found = at.draft(draft)
    return form_page(visit, at, found, found.texts, (), 200)


@router.post("/{draft}/edit")
def edit(visit: Visited, desk: str, draft: str, form: Sent) -> Response:
    """Check what was typed, or save it as a new version that the editor signs."""
    at = at_desk(visit, desk)
    found = at.draft(draft)
    typed = tuple(typed_text(form, text.language) for text in found.texts)
    if form.get("do") == "check":
        return form_page(visit, at, found, typed, (), 200, checked=True)

    def save() -> Response:
        try:
            fresh = at.desk.edit(found.id, visit.who.actor, visit.who.role, visit.now, typed)
        except BadData as error:
            if error.problems[0].code == _STALE:
                return stale_page(visit, at, found, typed)
            return form_page(visit, at, found, typed, error.problems, 409)
        return visit.go(f"/d/{desk}/warnings/{fresh.id}", "edited")

    return visit.once(form, save)


@router.post("/{draft}/sign")
def sign(visit: Visited, desk: str, draft: str, form: Sent) -> Response:
    """Answer for the words as they are."""
    at = at_desk(visit, desk)
    who = visit.who
    return _act(
        visit,
        at,
        draft,
        form,
        "signed",
        lambda: at.desk.sign(draft, who.actor, who.role, visit.now),
    )


@router.post("/{draft}/approve")
def approve(visit: Visited, desk: str, draft: str, form: Sent) -> Response:
    """Let it go out, as the second person."""
    at = at_desk(visit, desk)
    return _act(visit, at, draft, form, "approved", lambda: _send(visit, at, draft))


@router.post("/{draft}/alone")
def alone(visit: Visited, desk: str, draft: str, form: Sent) -> Response:
    """Let it go out without a second person; marked for the review."""
    at = at_desk(visit, desk)
    if form.get("sure") != "yes":
        return _page(visit, at, draft, None, at.say("warnings")("warnings.glass_unticked"))
    return _act(visit, at, draft, form, "glass", lambda: _send(visit, at, draft, alone=True))


@router.post("/{draft}/refuse")
def refuse(visit: Visited, desk: str, draft: str, form: Sent) -> Response:
    """Turn it down, with a reason."""
    at = at_desk(visit, desk)
    who, note = visit.who, form.get("note")
    if not note:
        return _page(visit, at, draft, None, at.say("warnings")("warnings.refuse_empty"))
    return _act(
        visit,
        at,
        draft,
        form,
        "refused",
        lambda: at.desk.refuse(draft, who.actor, who.role, visit.now, note),
    )


@router.get("/{draft}/xml")
def xml(visit: Visited, desk: str, draft: str, save: str = "") -> Response:
    """The message as sent, or as it would go out."""
    at = at_desk(visit, desk)
    found = at.draft(draft)
    context = warning_xml.build(
        at.say("warnings"), at.context, at.now, found, at.messages(found.chain)
    )
    if save:
        name = f'attachment; filename="{context.file}"'
        return Response(
            context.body, media_type="application/cap+xml", headers={"Content-Disposition": name}
        )
    return visit.page(
        "warning_xml.html",
        context,
        page="warnings",
        desk=at.bar,
        room="warnings",
        crumbs=_crumbs(visit, at, context.place, draft),
    )


def _page(
    visit: Visit,
    at: At,
    draft_id: str,
    against: warning.Against | None = None,
    refused: str = "",
) -> Response:
    found = at.draft(draft_id)
    where = (found.threat, found.event, found.place)
    standing = at.view.snapshot.standing
    level = next((s.level for s in standing if (s.threat, s.event, s.place) == where), 0)
    acts = warning_acts.build(
        at.say("warnings"),
        at.context,
        at.now,
        found,
        at.chain(found.chain),
        at.messages(found.chain),
        level,
    )
    context = warning.build(
        at.say("warnings"),
        at.context,
        at.now,
        draft_id,
        at.chain(found.chain),
        at.messages(found.chain),
        warning.Reader(visit.who.actor, visit.who.role),
        against,
        refused,
        at.runs,
        warnings.in_order(at.context, versions(at.view.drafts.values(), at.view.acts)),
        None if at.desk.kind == "replay" else acts,
    )
    return visit.page(
        "warning.html",
        context,
        page="warnings",
        desk=at.bar,
        room="warnings",
        crumbs=_crumbs(visit, at, context.place),
        status=409 if refused else 200,
    )


def _crumbs(visit: Visit, at: At, place: str, draft: str = "") -> tuple[Crumb, ...]:
    list_of = Crumb(at.say("warnings")("warnings.title"), f"/d/{at.id}/warnings")
    return (list_of, Crumb(place, f"/d/{at.id}/warnings/{draft}" if draft else ""))


def _act(
    visit: Visit, at: At, draft: str, form: Form, said: str, act: Callable[[], object]
) -> Response:
    """Do what a button asks, once; a refusal is shown where it belongs and nothing is lost."""

    def done() -> Response:
        try:
            act()
        except BadData as error:
            return refused_page(visit, at, draft, error)
        return visit.go(f"/d/{at.id}/warnings/{draft}", said)

    return visit.once(form, done)


def refused_page(visit: Visit, at: At, draft: str, error: BadData) -> Response:
    """The draft's page with why what was asked for was not done."""
    at, code = at.again(), error.problems[0].code
    if code == _STALE:
        return stale_page(visit, at, at.draft(draft), None)
    if code == "store.same_person":
        country = at.context.country.spec
        others = [country.role(r, visit.language) for r in country.roles if r != visit.who.role]
        names = ", ".join(others) or at.say("warnings")("warnings.anybody")
        text = at.say("warnings")("warnings.same_person", roles=names)
        return _page(visit, at, draft, None, text)
    return _page(visit, at, draft, None, error.say(visit.language))


def _send(visit: Visit, at: At, draft: str, *, alone: bool = False) -> None:
    who = visit.who
    at.desk.approve(draft, who.actor, who.role, visit.now, broke_glass=alone)


def typed_text(form: Form, language: str) -> Text:
    """The words of one language as a form sent them."""
    parts = {part: form.get(f"{part}_{language}").replace("\r\n", "\n") for part in PARTS}
    return Text(language, **parts)


def form_page(
    visit: Visit,
    at: At,
    found: Draft,
    typed: tuple[Text, ...],
    problems: tuple[Problem, ...],
    status: int,
    *,
    checked: bool = False,
    seen: str = "",
) -> Response:
    """The form for a notice's words; for one that is out, with the newest draft that was seen."""
    context = warning_edit.build(
        at.say("warnings"), at.context, found, typed, problems, checked=checked, seen=seen
    )
    return visit.page(
        "warning_edit.html",
        context,
        page="warnings",
        desk=at.bar,
        room="warnings",
        crumbs=_crumbs(visit, at, context.place, found.id),
        status=status,
    )


def stale_page(visit: Visit, at: At, found: Draft, typed: tuple[Text, ...] | None) -> Response:
    """The page that says that somebody was faster."""
    at = at.again()
    chain = at.chain(found.chain)
    context = warning_edit.stale(at.say("warnings"), at.context, found, chain, typed)
    return visit.page(
        "warning_stale.html",
        context,
        page="warnings",
        desk=at.bar,
        room="warnings",
        crumbs=_crumbs(visit, at, context.place, context.newest),
        status=409,
    )
