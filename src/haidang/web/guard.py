"""What stands around every answer: headers, size of a request, the language's cookie."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from haidang.web.settings import Settings

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""No script, style or image but our own files; nothing inline, nothing framed, no other target."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_YEAR: Final = 31_536_000
COOKIELESS: Final = ("/public/", "/api/")
"""What everybody reads: nobody is remembered there, and any cache may keep it."""


class Guard:
    """Adds the headers, remembers the language, and refuses what is too large.

    Pure ASGI: a middleware of functions would read whole answers into memory.
    """

    def __init__(self, app: ASGIApp, settings: Settings, cookie: str) -> None:
        """Stand around an application."""
        self._app, self._settings, self._cookie = app, settings, cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def out(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._head(scope, MutableHeaders(scope=message))
            await send(message)

        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit() or int(said) > self._settings.largest:
            await PlainTextResponse("413", 413)(scope, receive, out)
            return
        await self._app(scope, _measured(receive, self._settings.largest), out)

    def _head(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        if self._settings.secure:
            headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
        if scope["path"].startswith(COOKIELESS):
            return
        chosen = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0]
        if chosen in self._settings.languages:
            headers.append("Set-Cookie", self._remembered(chosen))

    def _remembered(self, language: str) -> str:
        made = SimpleCookie({self._cookie: language})[self._cookie]
        made["path"], made["max-age"], made["samesite"] = "/", str(_YEAR), "Lax"
        made["httponly"] = True
        if self._settings.secure:
            made["secure"] = True
        return made.OutputString()


class TooLarge(Exception):  # noqa: N818
    """A request without an honest length is too large."""


def _measured(receive: Receive, most: int) -> Receive:
    """A request's body, cut off where it grows too large without having said so."""
    got = 0

    async def counted() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > most:
            raise TooLarge
        return message

    return counted
