"""Asking by HTTP, many at once and each within its time.

Timeouts of a client hold for one read. A server that gives a byte a second would never meet one,
so here a clock runs over the whole request. Host names are looked up here too, and what was
looked up is what is connected to: a name that pointed to the world when it was checked and to our
own network when it was used is an old trick.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import IPPROTO_TCP, SOCK_STREAM, gaierror
from time import monotonic, time
from typing import Final

import httpcore
import httpx

BODY_MOST: Final = 65_536
"""Bytes of an answer that are read; what comes after them is not waited for."""
HOLD_MOST: Final = 3600.0
"""Seconds for which a ``Retry-After`` is believed at most."""

_NAT64: Final = IPv6Network("64:ff9b::/96")
_LATER: Final = frozenset({408, 425, 429, 503})
"""Answers that may say when to come again."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``headers`` are those of ours; length and host are added."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status; 0 where there was no answer.
        body: At most `BODY_MOST` bytes of it.
        whole: The body ended as announced.
        why: Code of the problem where there was no answer; "" else.
    """

    status: int = 0
    body: bytes = b""
    whole: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a caller.

    Attributes:
        timeout_s: Of one request, from the first look at it until its answer is whole.
        total_s: Of a batch.
        parallel: Requests at once.
        wait_s: A ``Retry-After`` of at most so long is waited for within the batch.
        public_only: Only addresses of the public internet are connected to.
    """

    timeout_s: float
    total_s: float
    parallel: int = 16
    wait_s: float = 3.0
    public_only: bool = False


if find_spec("sniffio") is None:
    # The client asks for it anew with every request, and a module that is not there is looked for
    # on the whole path each time: a third of the time of a batch.
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]


# At its most talkative it writes down whom it connects to: an address, which stands in no log.
logging.getLogger("httpcore").setLevel(logging.WARNING)


class _PrivateError(Exception):
    """A name leads into a network of our own."""


class Caller:
    """Keeps connections alive between batches. Used by one thread at a time."""

    def __init__(
        self, limits: Limits, trust: ssl.SSLContext | None = None,
        now: Callable[[], float] = monotonic,
        waits: Callable[[Answer], float] | None = None,
    ) -> None:  # fmt: skip
        """Nothing is connected yet.

        Args:
            limits: Bounds.
            trust: Whose certificates are believed; those of the machine by default.
            now: Seconds of a clock that never goes back.
            waits: For how many seconds an answer asks to be left alone, where it says so in its
                body.
        """
        self._limits, self._now, self._waits = limits, now, waits
        self._runner = asyncio.Runner()
        self._trust = trust
        self._pool: httpcore.AsyncConnectionPool | None = None
        self._hold: dict[str, float] = {}

    def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Send requests; an answer for each, in order, all within ``total_s``."""
        return self._runner.run(self._all(requests)) if requests else []

    def close(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            self._runner.run(self._pool.aclose())
            self._pool = None
        self._runner.close()

    async def _all(self, requests: Sequence[Request]) -> list[Answer]:
        if self._pool is None:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=self._trust or _machine(),
                max_connections=self._limits.parallel,
                max_keepalive_connections=self._limits.parallel,
                keepalive_expiry=15.0,
                network_backend=_Looked(self._limits.public_only),
            )
        self._hold = {o: until for o, until in self._hold.items() if until > self._now()}
        turn = asyncio.Semaphore(self._limits.parallel)
        end = self._now() + self._limits.total_s
        tasks = [asyncio.create_task(self._one(r, turn, end)) for r in requests]
        await asyncio.wait(tasks, timeout=self._limits.total_s)
        late = [t for t in tasks if not t.done()]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return [Answer(why="channel.timeout") if t.cancelled() else t.result() for t in tasks]

    async def _one(self, request: Request, turn: asyncio.Semaphore, end: float) -> Answer:
        url = parsed(request.url)
        if url is None:
            return Answer(why="channel.bad_address")
        origin = f"{url.scheme!r}{url.host!r}{url.port}"
        while True:
            async with turn:
                wait = self._hold.get(origin, 0.0) - self._now()
                if wait <= 0:
                    answer, wait = await self._try(request, url)
                    if wait > 0:
                        self._hold[origin] = self._now() + wait
                    if wait <= 0 or wait > self._limits.wait_s:
                        return answer
                elif wait > self._limits.wait_s:
                    return Answer(why="channel.throttled")
            if self._now() + wait >= end:
                return Answer(why="channel.throttled")
            await asyncio.sleep(wait)

    async def _try(self, request: Request, url: httpcore.URL) -> tuple[Answer, float]:
        """One attempt, and for how many seconds the other side wants to be left alone."""
        end = asyncio.get_running_loop().time() + self._limits.timeout_s
        try:
            async with asyncio.timeout_at(end + 0.5):
                return await self._exchange(request, url, end)
        except Exception as err:
            return Answer(why=_why(err)), 0.0

    async def _exchange(
        self, request: Request, url: httpcore.URL, end: float
    ) -> tuple[Answer, float]:
        assert self._pool is not None
        limit = self._limits.timeout_s
        headers = {
            "Host": _host(url), "User-Agent": "haidang", "Accept": "*/*",
            "Content-Length": str(len(request.body)), **request.headers,
        }  # fmt: skip
        timeouts = {"connect": limit, "read": limit, "write": limit, "pool": limit}
        async with self._pool.stream(
            request.method, url, headers=list(headers.items()), content=request.body,
            extensions={"timeout": timeouts},
        ) as response:  # fmt: skip
            body, whole = await _body(response, end)
        wait = _retry_after(response.headers) if response.status in _LATER else 0.0
        answer = Answer(response.status, body, whole)
        if self._waits is not None:
            wait = max(wait, self._waits(answer))
        return answer, min(wait, HOLD_MOST)


@cache
def _machine() -> ssl.SSLContext:
    """The certificates that this machine believes; reading them takes a while."""
    return ssl.create_default_context()


async def _body(response: httpcore.Response, end: float) -> tuple[bytes, bool]:
    """What there is of a body in time and bounds: the status counts even where it breaks off."""
    parts = bytearray()
    try:
        async with asyncio.timeout_at(end):
            async for part in response.aiter_stream():
                parts += part
                if len(parts) > BODY_MOST:
                    return bytes(parts[:BODY_MOST]), False
    except (TimeoutError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        return bytes(parts), False
    return bytes(parts), True


def _why(err: Exception) -> str:
    """Code of the problem; the error's own words may hold an address."""
    match err:
        case _PrivateError():
            return "channel.private_address"
        case TimeoutError() | httpcore.TimeoutException():
            return "channel.timeout"
        case httpcore.ConnectError():
            causes = (err.__cause__, err.__context__, getattr(err.__cause__, "__cause__", None))
            tls = any(isinstance(c, ssl.SSLError) for c in causes)
            return "channel.tls" if tls else "channel.no_connection"
        case httpcore.RemoteProtocolError() if "disconnected" not in str(err):
            return "channel.garbage"
        case httpcore.UnsupportedProtocol() | httpcore.LocalProtocolError():
            return "channel.bad_address"
    return "channel.lost"


# --- addresses ----------------------------------------------------------------------------------


def parsed(url: str) -> httpcore.URL | None:
    """A web address, its host in the letters of the network; None where it is none of ours.

    A name and password in it are refused: they would stand in logs on the way.

    >>> parsed("https://example.org/a?b=1").target
    b'/a?b=1'
    """
    try:
        found = httpx.URL(url)
        port = found.port
    except (httpx.InvalidURL, ValueError, TypeError):
        return None
    if found.scheme not in {"http", "https"} or not found.raw_host or found.userinfo:
        return None
    return httpcore.URL(
        scheme=found.raw_scheme, host=found.raw_host, port=port, target=found.raw_path
    )


def _host(url: httpcore.URL) -> str:
    host = url.host.decode("ascii")
    host = f"[{host}]" if ":" in host else host
    return host if url.port is None else f"{host}:{url.port}"


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet.

    An IPv4 address that an IPv6 one carries (mapped, or through NAT64, RFC 6052) counts as itself.

    >>> is_public("192.0.2.1"), is_public("8.8.8.8"), is_public("::ffff:10.0.0.1")
    (False, True, False)
    """
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in _NAT64:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.sixtofour is not None:
            ip = ip.sixtofour
    return ip.is_global and not ip.is_multicast


class _Looked(httpcore.AnyIOBackend):
    """Looks a name up once, and connects to what it found."""

    def __init__(self, public_only: bool) -> None:
        self._public_only = public_only

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers.

        Raises:
            _PrivateError: Only public addresses may be connected to, and it has none.
            httpcore.ConnectError: The name is not known, or nobody answers.
        """
        if not self._public_only:
            return await super().connect_tcp(host, port, timeout, local_address, socket_options)
        try:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port, type=SOCK_STREAM, proto=IPPROTO_TCP)
        except (gaierror, UnicodeError) as err:
            raise httpcore.ConnectError(str(err)) from err
        addresses = dict.fromkeys(str(info[4][0]) for info in found)
        allowed = [a for a in addresses if is_public(a)]
        if addresses and not allowed:
            raise _PrivateError
        last: Exception = httpcore.ConnectError("no address")
        for address in allowed:
            try:
                return await super().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as err:
                last = err
        raise last


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> float:
    """Seconds that ``Retry-After`` asks for (RFC 9110, 10.2.3); 0 where it does not, or not so."""
    for name, value in headers:
        if name.lower() == b"retry-after":
            text = value.decode("latin-1").strip()
            if text.isdecimal():
                return float(text[:9])
            try:
                return max(parsedate_to_datetime(text).timestamp() - time(), 0.0)
            except (ValueError, TypeError, OverflowError):
                return 0.0
    return 0.0
