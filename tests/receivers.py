"""Real servers for the tests of channels, on this machine and on free ports."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = tuple[int, dict[str, str], bytes]
HANG_S = 120.0
"""For how long a server that hangs does so; a test that waited for its end has failed."""
IN_TIME_S = 30.0
"""Within this a client with timeouts below a second has given up, however busy the machine is."""


@dataclass
class Request:
    """One request as a server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    port: int

    @property
    def json(self) -> dict[str, object]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass
class Web:
    """A web server whose answers a test chooses."""

    port: int
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def web(answer: Callable[[Request], Reply], context: object = None) -> Iterator[Web]:
    """A web server with connections that stay open.

    Args:
        answer: What to say to a request.
        context: For TLS.
    """
    seen = Web(0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every answer waits 40 ms for the client's word

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(
                self.command,
                self.path,
                {k.lower(): v for k, v in self.headers.items()},
                self.rfile.read(length),
                self.client_address[1],
            )
            seen.requests.append(request)
            status, headers, body = answer(request)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            return

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)  # type: ignore[attr-defined]
    seen.port = server.server_address[1]
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


@contextmanager
def raw(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that says to every connection what a test wants: garbage, nothing, half.

    Args:
        speak: Is given each connection; it is closed afterwards.

    Yields:
        The port.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    over = threading.Event()
    talks: list[threading.Thread] = []
    open_ones: list[socket.socket] = []

    def talk(connection: socket.socket) -> None:
        with connection:
            try:
                speak(connection)
            except OSError:
                return

    def listen() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            # Longer than any client waits: who hangs up first is the client, however slow it is.
            connection.settimeout(HANG_S)
            open_ones.append(connection)
            one = threading.Thread(target=talk, args=(connection,), daemon=True)
            one.start()
            talks.append(one)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        thread.join(60)
        listener.close()
        for connection in open_ones:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for one in talks:
            one.join(60)


def drip(connection: socket.socket, octets: bytes, pause: float = 0.05) -> None:
    """Give an answer an octet at a time, so that no single read ever waits long."""
    for n in range(len(octets)):
        connection.sendall(octets[n : n + 1])
        time.sleep(pause)


def hush(connection: socket.socket) -> None:
    """Say nothing until the other side has gone or the test is over."""
    while connection.recv(65536):
        pass


_held: list[socket.socket] = []


def free_port() -> int:
    """A port that nobody listens to, and that nobody else gets while this process lives.

    It stays bound here. Else another process could be given it before it is used, and somebody
    who connects to it could be given the same number for his own end and so meet himself. A
    server that says ``SO_REUSEADDR``, as all do that tests start, may listen on it all the same.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    _held.append(held)
    return int(held.getsockname()[1])


def until(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for what comes from another thread or process.

    Args:
        what: True once it is there.
        seconds: A guard against waiting for ever, not a bound on how long it takes.
    """
    latest = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < latest, "it never came"
        time.sleep(0.005)
