"""A real HTTP server on this machine that answers as tests want: politely, slowly, or lying."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        with site.lock:
            site.asked.append((self.path, dict(self.headers)))
        try:
            page = site.pages.get(self.path)
            if page is None:
                self.reply(b"", 404)
            elif callable(page):
                page(self)
            else:
                self.reply(page)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def reply(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Site:
    """Its pages by path: bytes, or what answers by itself."""

    port: int
    pages: dict[str, bytes | Callable[[Answer], None]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        pass  # a client that goes away is what these tests are about


@contextmanager
def nasty() -> Iterator[Site]:
    server = Server(("127.0.0.1", 0), Answer)
    site = Site(server.server_address[1])
    server.site = site  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.stop.set()
        server.shutdown()
        server.server_close()
        thread.join(60)


def atom(*entries: str, updated: str = "2025-07-20T05:00:00Z", extra: str = "") -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:f</id><title>f</title>'
        f"<updated>{updated}</updated>{extra}{''.join(entries)}</feed>"
    ).encode()


def entry(
    link: str = "", ident: str = "urn:e", updated: str = "2025-07-20T05:00:00Z", inside: str = ""
) -> str:
    href = f'<link href="{link}" type="application/cap+xml"/>' if link else ""
    name = f"<id>{ident}</id>" if ident else ""
    return f"<entry>{name}<title>t</title><updated>{updated}</updated>{href}{inside}</entry>"


def rss(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>f</title>{"".join(items)}</channel></rss>'.encode()
