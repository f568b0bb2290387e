"""Static files: a file with its hash in the address may be kept for ever, another is asked for."""

from __future__ import annotations

import re
from mimetypes import guess_type
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response

from haidang.web.console import asset, mark
from haidang.web.svg import level_css

router = APIRouter()

LEVELS: Final = re.compile(r"levels-([a-z]{2})(?:\.([a-z_]+))?\.css")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]*\.(css|js|svg|txt)", re.IGNORECASE)
_KEEP: Final = "public, max-age=31536000, immutable"
_ASK: Final = "no-cache"


@router.get("/static/{name}")
def statics(request: Request, name: str, v: str = "") -> Response:
    """A file of ``static``, or the style of the level colours of a country's scale."""
    if (levels := LEVELS.fullmatch(name)) is not None:
        scale = request.app.state.console.scale(levels[1], levels[2] or "")
        if scale is None:
            raise HTTPException(404)
        return _sent(request, level_css(scale).encode(), "text/css", v)
    if not _NAME.fullmatch(name):
        raise HTTPException(404)
    try:
        content = asset(name)
    except FileNotFoundError:
        raise HTTPException(404) from None
    return _sent(request, content, guess_type(name)[0] or "text/plain", v)


def _sent(request: Request, content: bytes, kind: str, asked: str) -> Response:
    found = mark(content)
    headers = {"ETag": f'"{found}"', "Cache-Control": _KEEP if asked == found else _ASK}
    if request.headers.get("if-none-match", "").strip('W/"') == found:
        return Response(status_code=304, headers=headers)
    charset = "" if kind.startswith("image") else "; charset=utf-8"
    return Response(content, media_type=f"{kind}{charset}", headers=headers)
