"""Other people's warnings beside ours: a page for people, an archive for programs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Response

from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.edge.store.store import Store
from haidang.edge.store.world_ask import Answer, Ask
from haidang.jobs.desk import desks
from haidang.jobs.world_ask import NAMES, as_geojson, as_json, asked, entry_json
from haidang.jobs.world_ours import (
    answered,
    issued,
    one_of,
    ours_geojson,
    ours_json,
    page_of,
    stated,
)
from haidang.web.pages import world as pages
from haidang.web.parts import Crumb
from haidang.web.visit import LoggedOut, Visit, Visited, anyone

router = APIRouter()

ARCHIVE: Final = "world.db"
"""Beside the desks, where ``haidang world poll`` puts it."""

CAP: Final = "application/cap+xml"
THEIRS: Final = "/api/world/{id}/cap"
OURS: Final = "/api/notices/{id}/cap"


def reader(visit: Annotated[Visit, Depends(anyone)]) -> Visit:
    """A visit that may read the archive: anybody's where it is open, else somebody logged in.

    Raises:
        LoggedOut: The archive is not open and nobody is logged in.
    """
    if visit.visitor is None and not visit.console.settings.open_archive:
        raise LoggedOut
    return visit


Reading = Annotated[Visit, Depends(reader)]


@lru_cache(maxsize=8)
def _opened(file: Path, mark: int) -> Store:
    """One connection for all requests; another file in its place is opened anew."""
    del mark
    return Store.open(file, check=False, create=False)


def archive(visit: Visit) -> Store | None:
    """The archive beside the desks; None where nobody has polled yet."""
    file = visit.console.out / ARCHIVE
    return _opened(file, file.stat().st_ino) if file.is_file() else None


def _archive(visit: Visit) -> Store:
    store = archive(visit)
    if store is None:
        raise NotFound(Problem("world.no_archive", {"file": ARCHIVE}))
    return store


# For people.


@router.get("/world")
def page(visit: Visited) -> Response:
    """What others warn of, and we, by place."""
    say = visit.speaker("world")
    query = dict(visit.request.query_params)
    trouble: tuple[str, ...] = ()
    try:
        question = asked({k: v for k, v in query.items() if k in NAMES})
        now = asked({"from": query.get("at", "")}).start or visit.now
    except BadData as error:
        trouble = tuple(p.say(visit.language) for p in error.problems)
        question, now = Ask(state=("in_force",)), visit.now
    if "state" not in query and not trouble:
        question = _with(question, state=("in_force",))
    question = _with(question, end=min(question.end or now, now) + timedelta(seconds=1))
    store = archive(visit)
    console = visit.console
    seen = pages.Seen(
        country=console.country,
        scales={i: s for i in console.roots.countries if (s := console.scale(i))},
        levels=console.levels(console.country.id),
        now=now,
        day=visit.now.astimezone(console.zone).date(),
        question=question,
        query=query,
        theirs=store.world(question, now) if store else None,
        bodies=lambda number: store.world_body(number) if store else b"",
        ours=answered(stated(issued(desks(console.out, console.roots)), now), question),
        feeds=tuple(store.world_feeds().values()) if store else (),
        size=store.world_size() if store else 0,
        findings=store.world_findings(limit=12) if store else (),
        trouble=trouble,
    )
    context = pages.build(seen, say)
    return visit.page("world.html", context, page="world", room="world")


@router.get("/world/{number}")
def message(visit: Visited, number: int) -> Response:
    """One message of somebody else, whole."""
    store, now = _archive(visit), visit.now
    say = visit.speaker("world")
    context = pages.one(
        store.world_entry(number, now), store.world_chain(number, now), store.world_body(number),
        visit.console.country, say, now,
    )  # fmt: skip
    crumbs = (Crumb(say("page"), "/world"), Crumb(context.title))
    return visit.page("world_one.html", context, page="world", room="world", crumbs=crumbs)


def _with(question: Ask, **changes: Any) -> Ask:
    return Ask(**{**{n: getattr(question, n) for n in Ask.__slots__}, **changes})


# For programs.


@router.get("/api/world")
def theirs(visit: Reading) -> Response:
    """Messages of the archive as JSON."""
    answer, _ = _answer(visit)
    return _sent(visit, as_json(answer, link=THEIRS))


@router.get("/api/world.geojson")
def theirs_map(visit: Reading) -> Response:
    """The same as a map."""
    answer, store = _answer(visit)
    bodies = {e.id: store.world_body(e.id) for e in answer.entries} if store else {}
    return _sent(visit, as_geojson(answer, bodies, link=THEIRS), "application/geo+json")


@router.get("/api/world/{number}")
def their_one(visit: Reading, number: int) -> Response:
    """One message as JSON."""
    return _sent(visit, entry_json(_archive(visit).world_entry(number, visit.now), THEIRS))


@router.get("/api/world/{number}/cap")
def their_bytes(visit: Reading, number: int) -> Response:
    """One message as it came in."""
    return _bytes(visit, _archive(visit).world_body(number), name=f"{number}.xml")


@router.get("/api/notices")
def notices(visit: Reading) -> Response:
    """Notices of ours as JSON."""
    found, page_, more = _issued(visit)
    body = {"total": len(found), "next": more, "messages": [ours_json(o, OURS) for o in page_]}
    return _sent(visit, body)


@router.get("/api/notices.geojson")
def notices_map(visit: Reading) -> Response:
    """The same as a map."""
    found, page_, more = _issued(visit)
    body = {"type": "FeatureCollection", "total": len(found), "next": more,
            "features": ours_geojson(page_, OURS)}  # fmt: skip
    return _sent(visit, body, "application/geo+json")


@router.get("/api/notices/{identifier}")
def our_one(visit: Reading, identifier: str) -> Response:
    """One notice of ours as JSON."""
    return _sent(visit, ours_json(one_of(_ours(visit), identifier), OURS))


@router.get("/api/notices/{identifier}/cap")
def our_bytes(visit: Reading, identifier: str) -> Response:
    """One notice of ours as it went out."""
    return _bytes(visit, one_of(_ours(visit), identifier).message.body, name="notice.xml")


def _answer(visit: Visit) -> tuple[Answer, Store | None]:
    question, now = _question(visit)
    store = archive(visit)
    return (store.world(question, now) if store else Answer((), 0, None)), store


def _issued(visit: Visit) -> tuple[Any, Any, int | None]:
    question, _ = _question(visit)
    found = answered(_ours(visit), question)
    return (found, *page_of(found, question))


def _ours(visit: Visit) -> Any:
    console = visit.console
    return stated(issued(desks(console.out, console.roots)), _question(visit)[1])


def _question(visit: Visit) -> tuple[Ask, datetime]:
    """What is asked, and as of when (``at``).

    Raises:
        BadData: A value cannot be read.
    """
    query = dict(visit.request.query_params)
    known = {*NAMES, "at", "lang"}
    strange = sorted(set(query) - known)
    if strange:
        said = {"value": strange[0][:40], "known": ", ".join((*NAMES, "at"))}
        raise BadData(Problem("world.ask_value", said, field=strange[0][:40]))
    now = asked({"from": query.get("at", "")}).start or visit.now
    return asked({k: v for k, v in query.items() if k in NAMES}), now


def _sent(visit: Visit, body: Mapping[str, Any], kind: str = "application/json") -> Response:
    return _bytes(visit, json.dumps(body, ensure_ascii=False).encode(), kind)


def _bytes(visit: Visit, body: bytes, kind: str = CAP, name: str = "") -> Response:
    """An answer with its mark: whoever has it already is told so instead.

    What others wrote has a name: it is saved, not shown. A style sheet that it names, or a page
    inside it, would else stand under our own address.
    """
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    given = visit.request.headers.get("if-none-match", "")
    if etag in {part.strip().removeprefix("W/") for part in given.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)
