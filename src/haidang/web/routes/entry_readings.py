"""Entering readings: a desk of one's own, and further readings of one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fastapi import APIRouter, Response

from haidang.base.errors import BadData, HaidangError
from haidang.base.problem import Problem
from haidang.edge.feeds.readings import read_readings
from haidang.jobs.desk import Desk, start_live
from haidang.jobs.observe import subjects
from haidang.jobs.tonight import STATUSES
from haidang.pack.case import READINGS_FILE
from haidang.pack.schema import Pack
from haidang.web.desks import bar
from haidang.web.pages import entry_readings as pages
from haidang.web.pages.entry_readings import Given
from haidang.web.visit import Form, Sent, Visit, Visited

router = APIRouter()
_REFUSED: Final = 422


@router.get("/new-readings")
def new(visit: Visited) -> Response:
    """An empty form."""
    return _new(visit, Given())


@router.post("/new-readings")
def start(visit: Visited, form: Sent) -> Response:
    """Begin a desk; or show the form again, with what is wrong and nothing lost."""
    given, body = _given(visit, form)
    if not given.name:
        given = given.but(visit.speaker("entry_readings")("no_name"))
    pack = visit.console.country.packs.get(given.threat)
    if body.strip() and pack is not None and pack.threat.read:
        given = given.but(*_rows(visit, pack, body))
    if given.wrong:
        return _new(visit, given, _REFUSED)

    def act() -> Response:
        console = visit.console
        try:
            desk = start_live(
                body,
                given.name,
                given.threat,
                console.country.id,
                console.out,
                console.roots,
                status="Test" if given.status == STATUSES[1] else "Exercise",
                wall=visit.now,
            )
        except HaidangError as error:
            return _new(visit, given.but(*_said(visit, error)), _REFUSED)
        return visit.go(f"/d/{desk.id}/situation", "started")

    return visit.once(form, act)


def more(visit: Visit, desk: Desk) -> Response:
    """An empty form for further readings of a desk."""
    desk.at(None, visit.now)
    return _more(visit, desk, Given())


def add(visit: Visit, desk: Desk, form: Form) -> Response:
    """Take in further readings, and run on them."""
    given, body = _given(visit, form)
    if body.strip():
        given = given.but(*_rows(visit, desk.context.pack, body))
    if given.wrong:
        return _more(visit, desk, given, _REFUSED)

    def act() -> Response:
        try:
            desk.add_bulletins(body, visit.now)
        except BadData as error:
            return _more(visit, desk, given.but(*_said(visit, error)), _REFUSED)
        return visit.go(f"/d/{desk.id}/situation", "added")

    return visit.once(form, act)


def _given(visit: Visit, form: Form) -> tuple[Given, bytes]:
    """What the form holds: a file goes before what was pasted."""
    _, content = form.files.get("file", ("", b""))
    say = visit.speaker("entry_readings")
    given = Given(
        threat=form.get("threat"),
        name=" ".join(form.get("name").split()),
        status=form.get("status", STATUSES[0]),
        text=form.get("text"),
    )
    body = content or given.text.encode()
    return (given if body.strip() else given.but(say("nothing"))), body


def _rows(visit: Visit, pack: Pack, body: bytes) -> tuple[str, ...]:
    """What is wrong with any row: here somebody can mend it, so no good one goes in alone."""
    with TemporaryDirectory() as aside:
        file = Path(aside) / READINGS_FILE
        file.write_bytes(body)
        known = subjects(pack, visit.console.country)
        try:
            read = read_readings(file, pack.id, pack.threat.readings, known)
        except BadData as error:
            return _said(visit, error)
    return _said(visit, BadData(*read.problems)) if read.problems else ()


def _said(visit: Visit, error: HaidangError) -> tuple[str, ...]:
    """Why nothing was taken in: the form has no file name to speak of, only lines."""
    return tuple(
        Problem(p.code, p.params, "", p.row, p.field).say(visit.language) for p in error.problems
    )


def _new(visit: Visit, given: Given, status: int = 200) -> Response:
    packs = visit.console.country.packs
    told = {name: pack for name, pack in packs.items() if pack.threat.read}
    context = pages.build(given, "/new-readings", told, visit.speaker("entry_readings"))
    return visit.page(
        "entry_readings.html", context, page="new", room="entry_readings", status=status
    )


def _more(visit: Visit, desk: Desk, given: Given, status: int = 200) -> Response:
    say, pack = visit.speaker("entry_readings"), desk.context.pack
    action = f"/d/{desk.id}/bulletin"
    context = pages.build(given, action, {pack.id: pack}, say, event=say.of(desk.title))
    view = desk.at(None, visit.now)
    return visit.page(
        "entry_readings.html",
        context,
        page="bulletin",
        desk=bar(visit, desk, view),
        room="entry_readings",
        status=status,
    )
