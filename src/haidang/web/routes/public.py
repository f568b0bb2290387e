"""The public site, straight from its files: no store, no session, no other page's thread.

Asked in the loop itself: while a locked store holds every thread of the others, this still answers.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from time import time
from typing import Final, NamedTuple

from fastapi import APIRouter, Request, Response

from haidang.edge.channels.site import FOLDER, STATUS

router = APIRouter()

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".geojson": "application/geo+json",
    ".json": "application/json",
    ".xml": "application/cap+xml; charset=utf-8",
}
"""Nothing else is handed out, whatever lies in the folder."""

FOR_EVER: Final = "public, max-age=31536000, immutable"
SHORT: Final = "public, max-age=30, stale-while-revalidate=30, stale-if-error=86400"
"""Half a minute: a warning must not wait in a cache. When we do not answer, an old page that says
its age is better than none."""

POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""Each page narrows it further to the hash of its own style."""

_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LARGEST: Final = 64_000_000


class Found(NamedTuple):
    """A file as it is now."""

    body: bytes
    mtime: float


@router.api_route("/public", methods=["GET", "HEAD"])
async def bare(request: Request) -> Response:
    """The site's own address has a slash at its end, or its links lead astray."""
    return Response(status_code=308, headers={"Location": "/public/", "Cache-Control": SHORT})


@router.api_route("/public/{path:path}", methods=["GET", "HEAD"])
async def public(request: Request, path: str) -> Response:
    """A file of the site, or of one desk's: ``/public/@<desk>/…``."""
    return answer(request, request.app.state.console.out, path)


@router.api_route("/api/@{desk}/{path:path}", methods=["GET", "HEAD"])
async def api_of_desk(request: Request, desk: str, path: str) -> Response:
    """The same of one desk's site."""
    return _for_machines(request, f"@{desk}/{path}")


# Each by its own pattern: other addresses below /api belong to other routes.
@router.api_route("/api/active.geojson", methods=["GET", "HEAD"])
@router.api_route("/api/status.json", methods=["GET", "HEAD"])
@router.api_route("/api/{place}/active.geojson", methods=["GET", "HEAD"])
@router.api_route("/api/{province}/{place}/active.geojson", methods=["GET", "HEAD"])
async def api(request: Request) -> Response:
    """What is in force, for machines: of the country, of a place, of a commune."""
    return _for_machines(request, request.url.path.removeprefix("/api/"))


def _for_machines(request: Request, path: str) -> Response:
    if path.rsplit("/", 1)[-1] not in {"active.geojson", "status.json"}:
        return _nothing()
    return answer(request, request.app.state.console.out, path)


def answer(request: Request, out: Path, path: str) -> Response:
    """A file, or that it is as it was, or that it is not there.

    Args:
        request: Its conditions are kept: RFC 9110, 13.
        out: Folder of the desks.
        path: As asked for, without its first part.
    """
    if not path.startswith("@") and not (out / FOLDER).is_dir():
        return _elsewhere(request, out, path)
    file = locate(out, path)
    if file is None:
        return _nothing()
    if file.is_dir():
        return Response(status_code=308, headers={"Location": f"{request.url.path}/"})
    plain = read(file) if file.suffix in TYPES else None
    if plain is None:
        return _nothing()
    headers = _headers(file, plain)
    if _unchanged(request, headers["ETag"], plain.mtime):
        kept = ("ETag", "Cache-Control", "Vary", "Last-Modified", "Content-Location")
        return Response(status_code=304, headers={k: headers[k] for k in kept if k in headers})
    body = plain.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        # A copy that is older than the file belongs to the one before it.
        copy = read(file.with_name(f"{file.name}.gz"))
        if copy is not None and copy.mtime >= plain.mtime:
            body = copy.body
            headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    head = request.method == "HEAD"
    return Response(b"" if head else body, headers=headers, media_type=TYPES[file.suffix])


def _elsewhere(request: Request, out: Path, path: str) -> Response:
    """Nothing real is published: to the desk, drill or replay, that published last."""
    written = [(f.stat().st_mtime, f.parts[-3]) for f in out.glob(f"*/{FOLDER}/{STATUS}")]
    desk = max(written, default=(0.0, ""))[1]
    if not _PART.fullmatch(desk) or locate(out, f"@{desk}/{path}") is None:
        return _nothing()
    first = request.url.path.split("/")[1]
    headers = {"Location": f"/{first}/@{desk}/{path}", "Cache-Control": "no-store"}
    return Response(status_code=302, headers=headers)


def locate(out: Path, path: str) -> Path | None:
    """The file that an address means; None where it means none that is given out.

    Every part must be a plain name, and what it leads to must lie within the site: no address, and
    no link that somebody put there, leads out of it.

    Args:
        out: Folder of the desks.
        path: ``31/index.html``, ``31/``, ``@drill/31/`` …
    """
    desk, inside = "", path
    if path.startswith("@"):
        desk, _, inside = path[1:].partition("/")
        if not _PART.fullmatch(desk):
            return None
    if inside.endswith("/") or not inside:
        inside += "index.html"
    parts = inside.split("/")
    if not all(_PART.fullmatch(part) for part in parts):
        return None
    root = (out / desk / FOLDER) if desk else out / FOLDER
    file = root.joinpath(*parts)
    try:
        real, within = file.resolve(strict=True), root.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return file if real.is_relative_to(within) else None


def read(file: Path) -> Found | None:
    """A file's content and the time of that very content: it may be replaced meanwhile."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            return None
        return Found(stream.read(), found.st_mtime)


def _headers(file: Path, found: Found) -> dict[str, str]:
    mark = hashlib.sha256(found.body).hexdigest()[:20]
    message = file.suffix == ".xml"
    headers = {
        # Weak: the same page may go out compressed or not.
        "ETag": f'W/"{mark}"',
        "Cache-Control": FOR_EVER if message else SHORT,
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": POLICY,
    }
    if _second(found.mtime) < _second(time()) - timedelta(seconds=1):
        # Not of what may change again within the second: a client would hold it for unchanged.
        headers["Last-Modified"] = format_datetime(_second(found.mtime), usegmt=True)
    if file.suffix != ".html":
        # Warnings are for everybody's maps and readers.
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return headers


def _unchanged(request: Request, mark: str, mtime: float) -> bool:
    """RFC 9110, 13.2.2: a tag that is asked about decides alone, else the time does."""
    asked = request.headers.get("if-none-match")
    if asked is not None:
        tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
        return "*" in tags or mark.removeprefix("W/") in tags
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        known = parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False
    return known.tzinfo is not None and _second(mtime) <= known


def _second(mtime: float) -> datetime:
    return datetime.fromtimestamp(int(mtime), UTC)


def _nothing() -> Response:
    body = json.dumps({"error": 404}).encode()
    headers = {"Cache-Control": "public, max-age=10", "Content-Security-Policy": POLICY}
    return Response(body, 404, headers=headers, media_type="application/json")
