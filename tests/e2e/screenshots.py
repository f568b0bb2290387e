"""Write ``docs/img``: every page of the console as it is, in both languages; ``make screenshots``.

Run as ``python tests/e2e/screenshots.py [names ...]``.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import zlib
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

ROOT: Final = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from e2e import abroad, prepared  # noqa: E402 - the tests are no package of their own
from e2e.browsing import DESKTOP, MISSING, PHONE, Surfer, browser, chromium, surfer  # noqa: E402
from e2e.prepared import COUNTED, DRILL, HIGHEST, PLACE, REPLAY, WORST  # noqa: E402
from e2e.serving import serving  # noqa: E402

IMAGES: Final = ROOT / "docs" / "img"
TALLEST: Final = 1200
"""A picture shows the head of a long page, not all of it, CSS pixels."""

COLOURS: Final = (128, 64, 32)
MOST: Final = 150_000
"""Bytes of a picture: a clone stays small."""

PAGES: Final = {
    "login": "/login",
    "desks": "/",
    "new-storm": "/new",
    "situation": f"/d/{REPLAY}/situation?at={WORST}",
    "watch": f"/d/{COUNTED}/watch?at={HIGHEST}",
    "risk": f"/d/{REPLAY}/risk?at={WORST}",
    "warnings": f"/d/{DRILL}/warnings",
    "warning": "{draft}",
    "warning-edit": "{draft}/edit",
    "several": f"/d/{DRILL}/several",
    "warning-acts": "{told}#acts",
    "incident": f"/d/{DRILL}/incident",
    "incident-place": f"/d/{DRILL}/incident/{PLACE}",
    "review": f"/d/{REPLAY}/review",
    "ledger": f"/d/{REPLAY}/ledger",
    "explain": "{why}",
    "world": f"/world?at={abroad.AT}",
    "world-one": "/world/2",
}
PUBLIC: Final = "public"
"""The page that everybody reads, on a phone alone; ``screenshots.py public`` takes only it."""

ON_PHONE: Final = ("situation", "watch", "warning", "incident-place")


def main(wanted: list[str]) -> None:
    """Take all pictures, or those whose names are given."""
    if chromium() is None:
        raise SystemExit(MISSING)
    with tempfile.TemporaryDirectory() as aside:
        shared, out = Path(aside) / "played", Path(aside) / "desks"
        shared.mkdir()
        if wanted != [PUBLIC]:
            prepared.desks(shared, out)
            abroad.archive(out)
        prepared.published(shared, out)
        take(out, wanted)


def take(out: Path, wanted: list[str]) -> None:
    """Take pictures of the desks of a folder."""
    with serving(out) as console, browser() as opened:
        for language in ("vi", "en"):
            with surfer(opened, console, language=language) as found:
                darkroom = opened.new_page()
                if not wanted or PUBLIC in wanted:
                    width, height = PHONE
                    found.page.set_viewport_size({"width": width, "height": height})
                    tongue = "" if language == "vi" else f"{language}/"
                    page = found.go(f"/public/@{REPLAY}/{tongue}22/")
                    _shot(page, darkroom, f"{PUBLIC}-phone", language)
                    width, height = DESKTOP
                    found.page.set_viewport_size({"width": width, "height": height})
                if wanted == [PUBLIC]:
                    darkroom.close()
                    continue
                if not wanted or "login" in wanted:
                    _shot(found.go("/login"), darkroom, "login", language)
                page = found.login(console.people[1])
                paths = _paths(found)
                shots = [(n, paths[n], DESKTOP) for n in PAGES if n != "login"]
                shots += [(f"{n}-phone", paths[n], PHONE) for n in ON_PHONE]
                for name, path, (width, height) in shots:
                    if wanted and name not in wanted:
                        continue
                    page.set_viewport_size({"width": width, "height": height})
                    _shot(found.go(path), darkroom, name, language)
                darkroom.close()


def _paths(found: Surfer) -> dict[str, str]:
    page = found.go(f"/d/{DRILL}/warnings")
    rows = page.locator("section[aria-labelledby='h-waiting'] tbody tr")
    # Somebody has signed this one: the page shows what a second person has to do.
    row = rows.filter(has=page.locator(".lv4")).first
    draft = (row if row.count() else rows.first).locator("th a").get_attribute("href") or ""
    why = found.go(draft).locator("main a[href*='/explain/']").first.get_attribute("href") or ""
    page = found.go(f"/d/{DRILL}/warnings")
    force = page.locator("section[aria-labelledby='h-force'] tbody tr th a")
    told = force.first.get_attribute("href") or "" if force.count() else draft
    return {name: path.format(draft=draft, why=why, told=told) for name, path in PAGES.items()}


def _shot(page: Page, darkroom: Page, name: str, language: str) -> None:
    page.evaluate("document.activeElement.blur()")
    tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    wide = page.viewport_size["width"]
    raw = page.screenshot(
        clip={"x": 0, "y": 0, "width": wide, "height": tall}, full_page=True, animations="disabled"
    )
    pixels = decoded(darkroom, raw)
    small = next(
        (s for c in COLOURS if len(s := palette(pixels, c)) <= MOST), palette(pixels, COLOURS[-1])
    )
    path = IMAGES / f"{name}.{language}.png"
    path.write_bytes(small)
    print(f"{path.relative_to(ROOT)}  {len(small) / 1000:.0f} kB")
    assert len(small) <= MOST, f"{path.name} is too large"


# --- small pictures ------------------------------------------------------------------------------


def palette(pixels: NDArray[np.uint8], colours: int) -> bytes:
    """A picture as PNG with its commonest colours only, the others drawn to the nearest.

    Args:
        pixels: (height, width, 3).
        colours: At most 256.
    """
    flat = pixels.reshape(-1, 3).astype(np.uint32)
    packed = (flat[:, 0] << 16) | (flat[:, 1] << 8) | flat[:, 2]
    seen, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    kept = seen[np.argsort(-counts, kind="stable")[:colours]]
    table = np.stack([kept >> 16, (kept >> 8) & 255, kept & 255], 1).astype(np.int32)
    each = np.stack([seen >> 16, (seen >> 8) & 255, seen & 255], 1).astype(np.int32)
    nearest = np.empty(len(each), np.uint8)
    for first in range(0, len(each), 4096):
        part = each[first : first + 4096, None, :] - table[None, :, :]
        nearest[first : first + 4096] = (part**2).sum(2).argmin(1)
    indexed = nearest[where].reshape(pixels.shape[:2])
    height, width = indexed.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), indexed], 1)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", table.astype(np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def decoded(darkroom: Page, png: bytes) -> NDArray[np.uint8]:
    """Pixels of a picture, (height, width, 3): the browser that wrote it reads it best."""
    width, height = struct.unpack(">II", png[16:24])
    text: str = darkroom.evaluate(
        """async png => {
          const bytes = Uint8Array.from(atob(png), c => c.charCodeAt(0));
          const picture = await createImageBitmap(new Blob([bytes], {type: 'image/png'}));
          const canvas = new OffscreenCanvas(picture.width, picture.height);
          const drawn = canvas.getContext('2d', {colorSpace: 'srgb'});
          drawn.drawImage(picture, 0, 0);
          const pixels = drawn.getImageData(0, 0, picture.width, picture.height).data;
          let out = '';
          for (let i = 0; i < pixels.length; i += 32768)
            out += String.fromCharCode(...pixels.subarray(i, i + 32768));
          return btoa(out);
        }""",
        b64encode(png).decode(),
    )
    return np.frombuffer(b64decode(text), np.uint8).reshape(height, width, 4)[:, :, :3]


if __name__ == "__main__":
    main(sys.argv[1:])
