"""One request: who asks, in which language, and how an answer is made.

Routes take ``Visited`` (somebody logged in) and, for a form, ``Sent`` (its fields, proven to come
from a page of this session). ``visit.page`` answers with a page, ``visit.once`` does what a form
asks exactly once.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile

from haidang.base.errors import HaidangError, NotFound
from haidang.base.problem import Problem
from haidang.jobs.desk import Desk
from haidang.web.console import DeskBar, Frame, Tongue, nav, render
from haidang.web.gate import Visitor, masked, proves
from haidang.web.parts import Crumb
from haidang.web.speak import Speaker, own_words
from haidang.words import catalogue

if TYPE_CHECKING:
    from haidang.web.app import Console

SESSION: Final = "haidang_session"
LANGUAGE: Final = "haidang_language"
_REMEMBERED: Final = 500
_DESK: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")


class LoggedOut(Exception):  # noqa: N818 - reads better at the raise site
    """A page was asked for without an open session."""


class Forged(Exception):  # noqa: N818
    """A form did not come from a page of this session."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form sent.

    Attributes:
        fields: By name; the last of several of one name, surrounding space removed.
        many: All of several of one name, in order.
        files: Uploaded files by name: (file name, content).
        key: One-time key.
    """

    fields: Mapping[str, str]
    many: Mapping[str, tuple[str, ...]]
    files: Mapping[str, tuple[str, bytes]]
    key: str

    def get(self, name: str, otherwise: str = "") -> str:
        """One field."""
        return self.fields.get(name, otherwise)


@dataclass
class Outcomes:
    """What the newest forms led to, so that a form sent twice gets the first one's answer."""

    kept: OrderedDict[str, Response] = field(default_factory=OrderedDict)
    locks: dict[str, Lock] = field(default_factory=dict)
    guard: Lock = field(default_factory=Lock)

    def lock(self, name: str) -> Lock:
        """Held while a form of this key is being done."""
        with self.guard:
            return self.locks.setdefault(name, Lock())

    def put(self, name: str, outcome: Response) -> None:
        """Remember an outcome; the oldest are forgotten."""
        with self.guard:
            self.kept[name] = outcome
            while len(self.kept) > _REMEMBERED:
                old, _ = self.kept.popitem(last=False)
                self.locks.pop(old, None)

    def get(self, name: str) -> Response | None:
        """What a form led to; None if that is not remembered."""
        with self.guard:
            return self.kept.get(name)


@dataclass(frozen=True)
class Visit:
    """One request of somebody, logged in or not."""

    request: Request
    console: Console
    language: str
    visitor: Visitor | None

    @property
    def who(self) -> Visitor:
        """The person who is logged in.

        Raises:
            LoggedOut: Nobody is.
        """
        if self.visitor is None:
            raise LoggedOut
        return self.visitor

    def speaker(self, room: str = "console") -> Speaker:
        """Words of a room in the language of this visit, as the desk's kind of threat says them."""
        own = getattr(self.request.state, "own_words", "")
        return Speaker(self.language, self.console.zone, room, own)

    @property
    def now(self) -> datetime:
        """Wall time."""
        return self.console.settings.clock()

    def desk(self, name: str) -> Desk:
        """A desk by its name.

        Raises:
            NotFound: No such desk.
            BadPack, BadData, Unavailable: It cannot be read.
        """
        if not _DESK.fullmatch(name):
            raise NotFound(Problem("desk.none", {"id": name}))
        found = Desk.open(self.console.out / name, self.console.roots)
        self.request.state.own_words = own_words(found.context.pack.threat)
        return found

    @property
    def partial(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    def frame(
        self, page: str, desk: DeskBar | None = None, crumbs: tuple[Crumb, ...] = ()
    ) -> Frame:
        """What stands around a page."""
        say = self.speaker()
        return Frame(
            say=say,
            page=page,
            tongues=self._tongues(say),
            user=self.console.role(self.visitor.role, self.language) if self.visitor else "",
            csrf=masked(self.visitor.csrf) if self.visitor else "",
            key=secrets.token_urlsafe(16),
            desk=desk,
            nav=nav(say, desk, page) if desk else (),
            said=self._said(say),
            crumbs=crumbs,
            scripts=self.visitor is not None,
        )

    def _said(self, say: Speaker) -> str:
        """Only words that we wrote ourselves: an address may be made by anybody."""
        key = self.request.query_params.get("said", "")
        return say(f"said_{key}") if f"console.said_{key}" in catalogue() else ""

    def _tongues(self, say: Speaker) -> tuple[Tongue, ...]:
        query = [(k, v) for k, v in self.request.query_params.multi_items() if k not in _OURS]
        return tuple(
            Tongue(
                tag,
                Speaker(tag, self.console.zone)("own_name"),
                f"{self.request.url.path}?{urlencode([*query, ('lang', tag)])}",
            )
            for tag in self.console.settings.languages
            if tag != say.language
        )

    def page(
        self,
        template: str,
        context: object,
        *,
        page: str,
        desk: DeskBar | None = None,
        room: str = "console",
        crumbs: tuple[Crumb, ...] = (),
        status: int = 200,
    ) -> Response:
        """Answer with a page.

        Args:
            template: File in ``templates``.
            context: The page's own: ``p`` in the template.
            page: Its id, see ``console.NAV``.
            desk: The bar of the desk it belongs to, if any.
            room: Words of the page: ``say`` in the template.
            crumbs: The way to it.
            status: HTTP status.
        """
        frame = self.frame(page, desk, crumbs)
        return HTMLResponse(render(template, frame, context, self.speaker(room)), status)

    def part(
        self, template: str, context: object, *, desk: DeskBar | None = None, room: str = "console"
    ) -> Response:
        """Answer with a part of a page, for htmx to put in its place."""
        frame = self.frame("", desk)
        return HTMLResponse(render(template, frame, context, self.speaker(room)))

    def go(self, path: str, said: str = "") -> Response:
        """Send the browser to a page of ours; ``said`` names the words ``console.said_<said>``."""
        if said:
            path += ("&" if "?" in path else "?") + urlencode({"said": said})
        return RedirectResponse(path, 303)

    def once(self, form: Form, act: Callable[[], Response]) -> Response:
        """Do what a form asks, once.

        A form that comes a second time, by an impatient click, a reload or a lost answer, does
        nothing and gets the first one's answer. While the first is being done the second waits.

        Args:
            form: With its one-time key.
            act: Does it and answers; it is called at most once for a key.

        What is refused is answered with its reason, and so is the second time; another try is
        made from a fresh page, which shows what has become of it.
        """
        name = f"{self.who.token} {form.key}"
        outcomes = self.console.outcomes
        with outcomes.lock(name):
            if not self.console.gate.take(self.who, form.key):
                kept = outcomes.get(name)
                if kept is not None:
                    return _copy(kept)
                return self.console.trouble(self, 409, "done_before")
            try:
                outcome = act()
            except HaidangError as error:
                # Refused is an outcome, too: whoever sends it again must not read that it was done.
                outcome = self.console.refused(self, error)
            # A copy: what stands around an answer writes into its headers as it goes out.
            outcomes.put(name, _copy(outcome))
            return outcome


_OURS: Final = frozenset({"lang", "said"})


def _copy(response: Response) -> Response:
    kept = {k: v for k, v in response.headers.items() if k != "content-length"}
    return Response(response.body, response.status_code, kept)


def language_of(request: Request, known: tuple[str, ...]) -> str:
    """The language somebody wants: asked for, chosen before, the browser's, or the first."""
    accepted = request.headers.get("accept-language", "")
    tags = [part.split(";")[0].strip().split("-")[0].lower() for part in accepted.split(",")]
    wished = (request.query_params.get("lang"), request.cookies.get(LANGUAGE), *tags)
    return next((w for w in wished if w in known), known[0])


def anyone(request: Request) -> Visit:
    """A visit of somebody who need not be logged in."""
    console: Console = request.app.state.console
    visitor = console.gate.visitor(request.cookies.get(SESSION, ""))
    return Visit(request, console, language_of(request, console.settings.languages), visitor)


def visited(visit: Annotated[Visit, Depends(anyone)]) -> Visit:
    """A visit of somebody who is logged in.

    Raises:
        LoggedOut: Nobody is.
    """
    if visit.visitor is None:
        raise LoggedOut
    return visit


Anyone = Annotated[Visit, Depends(anyone)]
Visited = Annotated[Visit, Depends(visited)]


def from_here(request: Request) -> bool:
    """Whether a form was sent by a page of ours, as the browser says."""
    said = request.headers.get("origin") or request.headers.get("referer") or ""
    if not said:
        return False
    where = urlsplit(said)
    return where.netloc == request.headers.get("host", "") and where.scheme in {"http", "https"}


async def sent(request: Request) -> Form:
    """The fields of a form, before anybody proved anything."""
    fields: dict[str, str] = {}
    many: dict[str, list[str]] = {}
    files: dict[str, tuple[str, bytes]] = {}
    async with request.form(max_files=4, max_fields=2000, max_part_size=_PART) as data:
        for name, value in data.multi_items():
            if isinstance(value, UploadFile):
                if value.filename:
                    files[name] = (value.filename, await value.read())
                continue
            fields[name] = value.strip()
            many.setdefault(name, []).append(value.strip())
    key = fields.pop("key", "")[:64]
    return Form(fields, {k: tuple(v) for k, v in many.items()}, files, key)


_PART: Final = 2_000_000


async def proven(request: Request, form: Annotated[Form, Depends(sent)]) -> Form:
    """The fields of a form that came from a page of this session.

    Raises:
        LoggedOut: There is no open session.
        Forged: Another page sent it, or it has no proof, or no key.
    """
    console: Console = request.app.state.console
    visitor = console.gate.visitor(request.cookies.get(SESSION, ""))
    if visitor is None:
        raise LoggedOut
    if not from_here(request) or not proves(visitor, form.fields) or not form.key:
        raise Forged
    return form


Sent = Annotated[Form, Depends(proven)]
