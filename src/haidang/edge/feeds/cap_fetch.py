"""Asking other people's servers: politely, and without trusting what they answer.

Every answer has a bound: seconds, bytes on the wire, bytes unpacked, redirects. A link out of a
feed may not lead into our own network.
"""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from haidang.base.errors import Unavailable
from haidang.base.problem import Problem
from haidang.edge.channels.parts.http import is_public
from haidang.edge.feeds.cap_in import joined
from haidang.edge.feeds.cap_settings import server

_OK: Final = 200
_SAME: Final = 304
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_WAIT: Final = frozenset({429, 503})
_GZIP: Final = 47  # zlib: gzip or deflate, whichever its head says


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one look at a feed.

    Attributes:
        step_s: Seconds to connect, and between two pieces of an answer.
        whole_s: Seconds of one answer in all, and of one look at a feed.
        list_bytes, message_bytes: Largest body, unpacked.
        redirects: Most hops.
        messages: Most messages that are fetched in one look; the rest waits for the next.
    """

    step_s: float = 5.0
    whole_s: float = 30.0
    list_bytes: int = 10_000_000
    message_bytes: int = 5_000_000
    redirects: int = 5
    messages: int = 60


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer.

    Attributes:
        data: The body, unpacked; None where nothing has changed since the last time.
        url: Where it was in the end.
    """

    data: bytes | None
    url: str
    etag: str = ""
    modified: str = ""
    content_type: str = ""


class Refused(Unavailable):
    """An answer that was not taken.

    Attributes:
        wait: How long the server asks to be left alone; None where it does not say.
    """

    def __init__(self, problem: Problem, wait: timedelta | None = None) -> None:
        """Take the reason and the wait."""
        super().__init__(problem)
        self.wait = wait


@dataclass(slots=True)
class Turns:
    """Whose turn it is: few requests at once, and a pause between two to one server.

    Attributes:
        spacing_s: The pause, s.
        gate: Requests in flight.
    """

    spacing_s: float
    gate: asyncio.Semaphore
    _locks: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _free: dict[str, float] = field(default_factory=dict)

    @asynccontextmanager
    async def of(self, host: str) -> AsyncIterator[None]:
        """Wait for a turn at a server; the pause begins when the answer is there."""
        async with self._locks[host]:
            clock = asyncio.get_running_loop().time
            pause = self._free.get(host, 0.0) - clock()
            if pause > 0:
                await asyncio.sleep(pause)
            async with self.gate:
                try:
                    yield
                finally:
                    self._free[host] = clock() + self.spacing_s


def client(contact: str, version: str) -> httpx.AsyncClient:
    """A client that says who asks.

    Args:
        contact: Address or page that a publisher can turn to.
        version: Of this program.
    """
    name = f"haidang/{version} (CAP reader{'; +' + contact if contact else ''})"
    return httpx.AsyncClient(
        follow_redirects=False,
        headers={"User-Agent": name, "Accept-Encoding": "gzip, deflate",
                 "Accept": "application/cap+xml, application/atom+xml, application/rss+xml, "
                 "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"},
    )  # fmt: skip


async def fetch(
    client: httpx.AsyncClient,
    turns: Turns,
    url: str,
    *,
    limits: Limits,
    most: int,
    home: str,
    etag: str = "",
    modified: str = "",
) -> Fetched:
    """Ask for one address.

    Args:
        client: See `client`.
        turns: Shared by all that ask at the same time.
        url: The address.
        limits: Bounds.
        most: Largest body, bytes unpacked.
        home: Server and port that may lie in our own network, as its operator said; or "".
        etag: As the server gave it last time.
        modified: ``Last-Modified``, likewise.

    Raises:
        Refused: With the reason: ``world.timeout``, ``unreachable``, ``status``, ``too_large``,
            ``packed``, ``redirects``, ``redirect_down``, ``link_scheme`` or ``link_inside``.
    """
    headers = {"If-None-Match": etag} if etag else {}
    if modified:
        headers["If-Modified-Since"] = modified
    here = url
    for _ in range(limits.redirects + 1):
        try:
            async with asyncio.timeout(limits.whole_s):  # a server of names can hang as well
                await _allowed(here, home)
        except TimeoutError as error:
            raise Refused(_problem("timeout", here, seconds=f"{limits.whole_s:g}")) from error
        async with turns.of(urlsplit(here).netloc):
            try:
                async with asyncio.timeout(limits.whole_s):
                    answer = await _once(client, here, headers, limits, most)
            except TimeoutError as error:
                raise Refused(_problem("timeout", here, seconds=f"{limits.whole_s:g}")) from error
            except httpx.TimeoutException as error:
                raise Refused(_problem("timeout", here, seconds=f"{limits.step_s:g}")) from error
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as error:
                why = type(error).__name__  # never its text: it may quote the answer
                raise Refused(_problem("unreachable", here, why=why)) from error
        if isinstance(answer, Fetched):
            return answer
        there = joined(here, answer)
        if not there:
            raise Refused(_problem("link_scheme", here, given=answer[:120]))
        if urlsplit(here).scheme == "https" and urlsplit(there).scheme == "http":
            raise Refused(_problem("redirect_down", here, to=there[:200]))
        here = there
    raise Refused(_problem("redirects", url, most=limits.redirects))


async def _once(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], limits: Limits, most: int
) -> Fetched | str:
    """One request: what it brought, or where it says to go."""
    step = httpx.Timeout(limits.step_s)
    async with client.stream("GET", url, headers=headers, timeout=step) as answer:
        status = answer.status_code
        if status in _MOVED and (to := answer.headers.get("location")):
            return str(to)
        if status == _SAME:
            return Fetched(None, url)
        if status != _OK:
            wait = _wait(answer.headers.get("retry-after", "")) if status in _WAIT else None
            raise Refused(_problem("status", url, status=status), wait)
        said = answer.headers.get("content-length", "")
        if said.isdecimal() and int(said) > most:
            raise Refused(_problem("too_large", url, most=most))
        return Fetched(
            await _body(answer, url, most),
            url,
            _mark(answer.headers.get("etag", ""), 300),
            _mark(answer.headers.get("last-modified", ""), 80),
            answer.headers.get("content-type", "")[:200],
        )


async def _body(answer: httpx.Response, url: str, most: int) -> bytes:
    """The body, unpacked piece by piece, so that a small bomb never becomes a large one."""
    packing = answer.headers.get("content-encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise Refused(_problem("packed", url, how=packing[:40]))
    unpack = zlib.decompressobj(_GZIP) if packing not in ("", "identity") else None
    out = bytearray()
    async for piece in answer.aiter_raw(65_536):
        try:
            out += unpack.decompress(piece, most + 1 - len(out)) if unpack else piece
        except zlib.error as error:
            raise Refused(_problem("packed", url, how=packing)) from error
        if len(out) > most:
            raise Refused(_problem("too_large", url, most=most))
    if unpack is not None and not unpack.eof:
        raise Refused(_problem("packed", url, how=packing))
    return bytes(out)


async def _allowed(url: str, home: str) -> None:
    """Refuse what is no address of the web, or lies in our own network.

    The name is looked up once more when the connection is made, and a server of names may then
    answer otherwise; a proxy that knows the way out only is the remedy for who needs one.
    """
    parts = urlsplit(joined(url, ""))  # "" where it is no address at all
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not host:
        raise Refused(_problem("link_scheme", url, given=url[:120]))
    if home and server(url) == home:
        return
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused(_problem("unreachable", url, why="DNS")) from error
    if not all(is_public(str(one[4][0])) for one in found):
        raise Refused(_problem("link_inside", url, host=host))


def _mark(text: str, most: int) -> str:
    """A mark as a server gave it; "" for one that could not be sent back as it is."""
    return text if len(text) <= most and text.isascii() and text.isprintable() else ""


def _wait(text: str) -> timedelta | None:
    """``Retry-After`` (RFC 9110, 10.2.3): seconds or a date; at most a day."""
    said = text.strip()
    if said.isdecimal():
        return timedelta(seconds=min(int(said[:9]), 86_400))
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        return None
    left = until - datetime.now(UTC)
    return min(max(left, timedelta(0)), timedelta(days=1))


def _problem(code: str, url: str, **params: object) -> Problem:
    return Problem(f"world.{code}", params, file=url[:300])
