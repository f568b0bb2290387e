"""Entering a storm, and further bulletins of one."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final, cast

from fastapi import APIRouter, Response

from haidang.base.errors import BadData, HaidangError, NotFound
from haidang.base.problem import Problem
from haidang.edge.feeds.bulletins import Averaging
from haidang.jobs.desk import start_live
from haidang.jobs.tonight import PERIODS, STATUSES
from haidang.web.desks import bar
from haidang.web.pages import entry as pages
from haidang.web.pages import entry_form
from haidang.web.pages.entry_form import Checked, Typed
from haidang.web.routes import entry_readings
from haidang.web.visit import Form, Sent, Visit, Visited

router = APIRouter()
_REFUSED: Final = 422
_SAID: Final = {
    "desk.other_bulletin": "entry.other_bulletin",
    "desk.nothing_new": "entry.nothing_new",
}


@router.get("/new")
def new(visit: Visited) -> Response:
    """An empty form."""
    typed = entry_form.empty(_local(visit.now, visit.console.zone))
    return _new(visit, Checked(typed, b"", (), ()))


@router.post("/new")
def start(visit: Visited, form: Sent) -> Response:
    """Begin a desk; or show the form again, with what is wrong beside it and nothing lost."""
    typed, trouble = _typed(visit, form)
    if form.get("do") == "row":
        return _new(visit, Checked(entry_form.longer(typed), b"", trouble, ()))
    zone, period = visit.console.zone, _period(typed.averaging)
    checked = entry_form.check(typed, zone, period, visit.language)
    if form.get("sure") != "yes":
        checked = entry_form.asked(checked, visit.now, zone, period, visit.language)
    wrong = (*trouble, *checked.wrong)
    if not typed.name:
        wrong = (visit.speaker("entry")("no_name"), *wrong)
    if wrong or not checked.body:
        again = Checked(checked.typed, b"", wrong, checked.kept, checked.ahead)
        return _new(visit, again, _REFUSED)

    def act() -> Response:
        console, status = visit.console, "Test" if typed.status == STATUSES[1] else "Exercise"
        try:
            desk = start_live(
                checked.body,
                typed.name,
                _threat(visit),
                console.country.id,
                console.out,
                console.roots,
                status="Test" if status == STATUSES[1] else "Exercise",
                averaging_s=_period(typed.averaging),
                wall=visit.now,
            )
        except BadData as error:
            said = tuple(Problem(p.code, p.params).say(visit.language) for p in error.problems)
            return _new(visit, Checked(checked.typed, b"", said, checked.kept), _REFUSED)
        return visit.go(f"/d/{desk.id}/situation", "started")

    return visit.once(form, act)


@router.get("/d/{desk}/bulletin")
def more(visit: Visited, desk: str) -> Response:
    """An empty form for a further bulletin, or for further readings."""
    found = visit.desk(desk)
    if found.context.pack.threat.read:
        return entry_readings.more(visit, found)
    found.at(None, visit.now)
    # Its hour stays empty: whatever stood there would be sent by whoever looks past it.
    return _more(visit, desk, Checked(entry_form.empty(""), b"", (), ()))


@router.post("/d/{desk}/bulletin")
def add(visit: Visited, form: Sent, desk: str) -> Response:
    """Take in a further bulletin, or readings, and run on it."""
    found = visit.desk(desk)
    if found.context.pack.threat.read:
        return entry_readings.add(visit, found, form)
    typed, trouble = _typed(visit, form)
    if form.get("do") == "row":
        return _more(visit, desk, Checked(entry_form.longer(typed), b"", trouble, ()))
    period = found.case.spec.averaging_s
    zone = found.context.zone
    checked = entry_form.check(typed, zone, period, visit.language)
    if form.get("sure") != "yes":
        now = max(visit.now, found.at(None, visit.now).until)
        checked = entry_form.asked(checked, now, zone, period, visit.language)
    if trouble or checked.wrong or not checked.body:
        wrong = (*trouble, *checked.wrong)
        again = Checked(checked.typed, b"", wrong, checked.kept, checked.ahead)
        return _more(visit, desk, again, _REFUSED)

    def act() -> Response:
        try:
            found.add_bulletins(checked.body, visit.now)
        except HaidangError as error:
            said = _refusal(visit, error, found.context.zone)
            again = Checked(checked.typed, b"", said, checked.kept)
            return _more(visit, desk, again, _REFUSED)
        return visit.go(f"/d/{desk}/situation", "added")

    return visit.once(form, act)


@router.get("/row")
def row(visit: Visited, n: int) -> Response:
    """One further empty row, for htmx to put under the others."""
    number = min(max(n, 1), entry_form.MOST)
    checked = Checked(Typed(rows=(entry_form.blank(number),)), b"", (), ())
    say = visit.speaker("entry")
    context = pages.build(checked, "", "", "", say, fresh=False)
    return visit.part("entry_row.html", context, room="entry")


def _typed(visit: Visit, form: Form) -> tuple[Typed, tuple[str, ...]]:
    """The form, and what is wrong with a file that came with it."""
    _, content = form.files.get("file", ("", b""))
    try:
        return entry_form.read(form.fields, content.decode("utf-8-sig")), ()
    except UnicodeDecodeError as error:
        said = Problem("feed.unreadable", {"why": error.reason}).say(visit.language)
        return entry_form.read(form.fields), (said,)


def _refusal(visit: Visit, error: HaidangError, zone: tzinfo) -> tuple[str, ...]:
    """Why a bulletin was not taken in, in the words of the form: it has no file and no columns."""
    return tuple(
        Problem(_SAID.get(p.code, p.code), entry_form.local(p.params, zone)).say(visit.language)
        for p in error.problems
    )


def _period(text: str) -> Averaging:
    found = int(text) if text.isdigit() else 0
    return cast(Averaging, found) if found in PERIODS else 600


def _local(at: datetime, zone: tzinfo) -> str:
    """An instant as the form takes it, on the full hour."""
    return f"{at.astimezone(zone):%d/%m/%Y %H:00}"


def _threat(visit: Visit) -> str:
    """The threat that bulletins tell of.

    Raises:
        NotFound: The country has none.
    """
    packs = visit.console.country.packs
    told = sorted(name for name, pack in packs.items() if pack.threat.tracked)
    if not told:
        raise NotFound(Problem("pack.no_case", {"name": "-", "known": "-"}))
    return told[0]


def _new(visit: Visit, checked: Checked, status: int = 200) -> Response:
    say = visit.speaker("entry")
    context = pages.build(checked, "/new", "", say.offset(visit.now), say, fresh=True)
    return visit.page("entry.html", context, page="new", room="entry", status=status)


def _more(visit: Visit, name: str, checked: Checked, status: int = 200) -> Response:
    desk, say = visit.desk(name), visit.speaker("entry")
    view = desk.at(None, visit.now)
    action = f"/d/{desk.id}/bulletin"
    event, offset = say.of(desk.title), say.offset(view.until)
    zone = desk.context.zone
    last = max((fix.issued for step in desk.steps for fix in step.fixes), default=None)
    newest = "" if last is None else f"{last.astimezone(zone):%d/%m/%Y %H:%M}"
    context = pages.build(checked, action, event, offset, say, fresh=False, newest=newest)
    return visit.page(
        "entry.html",
        context,
        page="bulletin",
        desk=bar(visit, desk, view),
        room="entry",
        status=status,
    )
