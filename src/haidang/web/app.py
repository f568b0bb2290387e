"""The console as a web application: its parts, and what answers when something is wrong."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import tzinfo
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from haidang.base.errors import HaidangError, NotFound, Unavailable
from haidang.base.problem import Problem
from haidang.edge.store.accounts import Accounts
from haidang.jobs.desk import Desk
from haidang.law.levels import Scale
from haidang.pack.load import Roots, load_country
from haidang.pack.schema import Country
from haidang.web.console import mark
from haidang.web.gate import Gate
from haidang.web.guard import HEADERS, Guard, TooLarge
from haidang.web.pages.public import Public
from haidang.web.pages.trouble import Trouble
from haidang.web.routes import MODULES
from haidang.web.settings import Settings
from haidang.web.svg import level_css
from haidang.web.visit import LANGUAGE, Forged, LoggedOut, Outcomes, Visit, anyone

LOG: Final = logging.getLogger("haidang.web")
DATABASE: Final = "console.db"
API: Final = "/api/"
"""Below this programs are spoken to, in JSON."""


class Console:
    """What all requests share.

    Attributes:
        out: Folder of the desks.
        roots: Where packs and countries lie.
        settings: See there.
        gate: Opens and closes sessions.
        outcomes: What the newest forms led to.
    """

    def __init__(self, out: Path, roots: Roots, settings: Settings, accounts: Accounts) -> None:
        """Read the country; nothing of the desks is opened yet."""
        self.out, self.roots, self.settings = out, roots, settings
        self.gate = Gate(accounts, settings)
        self.outcomes = Outcomes()
        self._countries: dict[str, Country] = {}

    @cached_property
    def country(self) -> Country:
        """Of the pages without a desk."""
        return self._country(self.roots.country(self.settings.country or None).name)

    def _country(self, name: str) -> Country:
        if name not in self._countries:
            self._countries[name] = load_country(self.roots.country(name), self.roots.threats)
        return self._countries[name]

    @property
    def zone(self) -> tzinfo:
        """Clock of the country."""
        return self.country.zone

    def scale(self, country: str, name: str = "") -> Scale | None:
        """A scale of a country: by name, or the one on which it judges hazards; None for none."""
        if country not in self.roots.countries:
            return None
        found = self._country(country)
        return found.scales.get(name or found.spec.scale)

    def levels(self, country: str, name: str = "") -> str:
        """Address of the style of the level colours of a country's scale."""
        scale = self.scale(country, name)
        found = "" if scale is None else f"?v={mark(level_css(scale).encode())}"
        own = "" if scale is None or scale.id == self._country(country).spec.scale else f".{name}"
        return f"/static/levels-{country}{own}.css{found}"

    def role(self, role: str, language: str) -> str:
        """What a role is called."""
        return self.country.spec.role(role, language)

    def trouble(
        self, visit: Visit, status: int, what: str = "", number: str = "", detail: str = ""
    ) -> Response:
        """A page that says what is wrong and what to do.

        Args:
            visit: Who asked.
            status: HTTP status.
            what: Key of the words ``console.trouble_<what>``; that of the status where empty.
            number: Of the entry in the log.
            detail: What a problem says of itself.
        """
        name = what or (str(status) if status in _WORDED else _other(status))
        say = visit.speaker()
        context = Trouble(
            title=say(f"trouble_{name}"),
            text=say(f"trouble_{name}_text"),
            detail=tuple(line for line in detail.split("\n") if line),
            number=number,
        )
        answer = visit.page("trouble.html", context, page="trouble", status=status)
        if visit.partial and status == HTTPStatus.UNAUTHORIZED:
            # htmx leaves the page alone on an error: a page of somebody logged out must not stay.
            answer.headers["HX-Refresh"] = "true"
        return answer

    def refused(self, visit: Visit, error: HaidangError) -> Response:
        """A page that says what a refusal says of itself."""
        status = HTTPStatus.CONFLICT
        if isinstance(error, NotFound):
            status = HTTPStatus.NOT_FOUND
        elif isinstance(error, Unavailable):
            status = HTTPStatus.SERVICE_UNAVAILABLE
        return self.trouble(visit, int(status), detail=error.say(visit.language))


_WORDED: Final = frozenset({400, 401, 403, 404, 409, 413, 429, 500, 503})


def _other(status: int) -> str:
    return "400" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "500"


def create_app(out: Path, roots: Roots, settings: Settings, accounts: Accounts) -> FastAPI:
    """The console over the desks of a folder.

    Args:
        out: Folder of the desks.
        roots: Where packs and countries lie.
        settings: How it runs.
        accounts: Who may log in, and who has.

    Raises:
        BadPack: The country does not fit.
    """
    # The pages of the interface description would come from elsewhere; the policy forbids that.
    app = FastAPI(title="Hải Đăng", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.console = Console(out, roots, settings, accounts)
    Desk.pages = Public
    for module in MODULES:
        app.include_router(module.router)
    _troubles(app)
    # The last one added stands outermost.
    app.add_middleware(GZipMiddleware, minimum_size=600)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.hosts))
    app.add_middleware(Guard, settings=settings, cookie=LANGUAGE)
    return app


def _troubles(app: FastAPI) -> None:
    def answer(kind: type[Exception], make: Callable[[Visit, Exception], Response]) -> None:
        async def handler(request: Request, error: Exception) -> Response:
            return make(anyone(request), error)

        app.add_exception_handler(kind, handler)

    answer(HTTPException, _http)
    answer(RequestValidationError, lambda visit, _: visit.console.trouble(visit, 400))
    answer(TooLarge, lambda visit, _: visit.console.trouble(visit, 413))
    answer(LoggedOut, _logged_out)
    answer(Forged, lambda visit, _: visit.console.trouble(visit, 403, "forged"))
    answer(HaidangError, _refused)
    answer(Exception, _broken)


def _refused(visit: Visit, error: Exception) -> Response:
    assert isinstance(error, HaidangError)
    if visit.request.url.path.startswith(API):
        return _told(visit, error)
    return visit.console.refused(visit, error)


def _told(visit: Visit, error: HaidangError) -> Response:
    """A refusal for a program: what is wrong, in the language that it asked for."""
    status = HTTPStatus.BAD_REQUEST
    if isinstance(error, NotFound):
        status = HTTPStatus.NOT_FOUND
    elif isinstance(error, Unavailable):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    said = [{"code": p.code, "field": p.field, "text": p.say(visit.language)}
            for p in error.problems]  # fmt: skip
    return JSONResponse({"problems": said}, int(status))


def _http(visit: Visit, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    return visit.console.trouble(visit, status)


def _logged_out(visit: Visit, _: Exception) -> Response:
    """To the login, and back to where one wanted to go; a form that came too late did nothing."""
    if visit.request.url.path.startswith(API):
        return _told_login(visit)
    if visit.request.method != "GET" or visit.partial:
        return visit.console.trouble(visit, 401)
    path = visit.request.url.path
    return RedirectResponse("/login" if path == "/" else f"/login?next={path}", 303)


def _told_login(visit: Visit) -> Response:
    problem = Problem("world.log_in")
    text = problem.say(visit.language)
    return JSONResponse({"problems": [{"code": problem.code, "field": "", "text": text}]}, 401)


def _broken(visit: Visit, error: Exception) -> Response:
    """A fault of ours: the page has a number, the log has the number and the fault."""
    number = secrets.token_hex(4)
    LOG.error("fault %s at %s", number, visit.request.url.path, exc_info=error)
    answer = visit.console.trouble(visit, 500, number=number)
    # This one is made outside of all that stands around the other answers.
    answer.headers.update({**HEADERS, "Cache-Control": "no-store"})
    return answer
