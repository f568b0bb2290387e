"""Logging in and out."""

from __future__ import annotations

import math
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from haidang.web.gate import Braked
from haidang.web.pages.login import Login
from haidang.web.visit import SESSION, Anyone, Form, Sent, Visit, Visited, from_here, sent

router = APIRouter()
_WRONG: Final = 401
_LATER: Final = 429


@router.get("/login")
def form(visit: Anyone, next: str = "/") -> Response:
    """Ask for login and password."""
    if visit.visitor is not None:
        return visit.go(inside(next))
    return visit.page("login.html", Login(inside(next)), page="login")


@router.post("/login")
def login(visit: Anyone, form: Annotated[Form, Depends(sent)]) -> Response:
    """Try them."""
    where = inside(form.get("next", "/"))
    if not from_here(visit.request):
        return visit.console.trouble(visit, 403, "forged")
    client = visit.request.client
    opened = visit.console.gate.login(
        form.get("login"), form.get("password"), client.host if client else "", visit.language
    )
    say = visit.speaker()
    if isinstance(opened, Braked):
        seconds = math.ceil(opened.seconds)
        context = Login(where, form.get("login"), say("login_braked", seconds=seconds))
        answer = visit.page("login.html", context, page="login", status=_LATER)
        answer.headers["Retry-After"] = str(seconds)
        return answer
    if opened is None:
        context = Login(where, form.get("login"), say("login_wrong"))
        return visit.page("login.html", context, page="login", status=_WRONG)
    answer = visit.go(where)
    _cookie(visit, answer, opened)
    return answer


def _cookie(visit: Visit, answer: Response, token: str) -> None:
    settings = visit.console.settings
    answer.set_cookie(
        SESSION,
        token,
        max_age=int(settings.absolute.total_seconds()),
        httponly=True,
        secure=settings.secure,
        samesite="strict",
    )


@router.post("/logout")
def logout(visit: Visited, form: Sent) -> Response:
    """End the session here and on the server."""
    del form  # proven: that is all that is needed of it
    visit.console.gate.logout(visit.who)
    answer = visit.go("/login", "logged_out")
    answer.delete_cookie(SESSION, httponly=True, samesite="strict")
    return answer


def inside(path: str) -> str:
    """A path of ours, whatever was asked for: nobody is led elsewhere from here.

    >>> inside("/d/a/situation"), inside("//evil.example"), inside("https://evil.example")
    ('/d/a/situation', '/', '/')
    """
    bad = not path.startswith("/") or path.startswith(("//", "/\\", "/login", "/logout"))
    return "/" if bad or any(c < " " for c in path) or "\\" in path else path
