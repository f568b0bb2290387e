"""A small map: where others warn and where we do. Hatched is theirs, outlined is ours.

Legal colours are for legal levels, and other people's words are never turned into those: the map
tells by pattern and number only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import shapely

from haidang.base.place import Kind
from haidang.jobs.world_ask import shape_of
from haidang.pack.schema import Country
from haidang.web import svg
from haidang.web.speak import Speaker

WIDTH: Final = 380.0
_KINDS: Final[tuple[Kind, ...]] = ("province", "sea")
FINEST: Final = 0.05
"""Thinning of others' outlines, degrees."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the map says of a place.

    Attributes:
        theirs, ours: How many warnings.
        title: In words, for those who do not see it.
        href: Where the place's own list is.
    """

    theirs: int
    ours: int
    title: str
    href: str


@lru_cache(maxsize=8)
def _ground(country: str, day: date, language: str) -> tuple[svg.Ground, svg.Window] | None:
    """Laid out once a day: it takes a good part of a second."""
    found = _countries.get(country)
    if found is None:
        return None
    areas = [
        svg.Area(p.code, p.kind, p.name(language), shape, None)
        for kind in _KINDS
        for code, shape in found.places.outlines_on(kind, day).items()
        if (p := found.places.gazetteer.find(kind, code, day)) is not None
    ]
    if not areas:
        return None
    ground = svg.ground(areas, tolerance=0.03)
    return ground, svg.window(
        "wm", ground, svg.around([a.bounds for a in ground.areas], 0.3), WIDTH
    )


_countries: dict[str, Country] = {}


def drawn(
    country: Country,
    day: date,
    shown: Mapping[str, Shown],
    bodies: Sequence[bytes],
    say: Speaker,
) -> str:
    """The map.

    Args:
        country: Whose outlines.
        day: Whose borders.
        shown: By code of a place.
        bodies: Messages of others whose own areas are drawn as lines.
        say: Words of the room ``world``.

    Returns:
        SVG; "" where the country has no outlines.
    """
    _countries[country.id] = country
    laid = _ground(country.id, day, say.language)
    if laid is None:
        return ""
    ground, through = laid
    land = []
    for area in ground.areas:
        assert area.shape is not None
        mark = shown.get(area.code)
        kind = "ws" if area.dashed else "wa"
        if mark is not None:
            kind += " wt" if mark.theirs else ""
            kind += " wo" if mark.ours else ""
        title = [svg.el("title", {}, svg.text(mark.title))] if mark else []
        path = svg.el("path", {"class": kind, "d": svg.outline(ground, area.shape)}, *title)
        if mark is not None:
            path = svg.el("a", {"href": mark.href, "aria-label": mark.title}, path)
        land.append(path)
    lines = "".join(svg.outline(ground, part) for b in bodies for part in _lines(b, through))
    own = [svg.el("path", {"class": "wl", "d": lines})] if lines else []
    return svg.el(
        "svg",
        {"viewBox": f"0 0 {WIDTH:g} {through.height:.0f}", "role": "group",
         "aria-label": say("map_title"), "width": WIDTH, "height": f"{through.height:.0f}"},
        _hatch(),
        svg.el("g", {"transform": through.transform()}, *land, *own),
        *_numbers(through, shown),
    )  # fmt: skip


def _hatch() -> str:
    line = svg.el("path", {"d": "M0 8L8 0", "class": "wh"})
    pattern = {"id": "wth", "width": 8, "height": 8, "patternUnits": "userSpaceOnUse",
               "patternTransform": "scale(3)"}  # fmt: skip
    ground = svg.el("rect", {"width": 8, "height": 8, "class": "wb"})
    return svg.el("defs", {}, svg.el("pattern", dict(pattern), ground, line))


def _numbers(through: svg.Window, shown: Mapping[str, Shown]) -> list[str]:
    """How many of theirs, in the middle of each place."""
    out = []
    for code, mark in shown.items():
        spot = through.spots.get(code)
        if spot is not None:
            said = f"{mark.theirs or ''}{'+' if mark.theirs and mark.ours else ''}{mark.ours or ''}"
            at = {"class": "wn", "x": spot.x, "y": spot.y + 4.0, "aria-hidden": "true"}
            out.append(svg.el("text", dict(at), svg.text(said)))
    return out


@lru_cache(maxsize=512)
def _simple(body: bytes) -> tuple[shapely.Polygon, ...]:
    shape = shapely.simplify(shape_of(body), FINEST)
    return tuple(p for p in shapely.get_parts(shape) if isinstance(p, shapely.Polygon))


def _lines(body: bytes, through: svg.Window) -> list[shapely.Polygon]:
    """Others' outlines as far as the map shows them."""
    frame = shapely.box(*through.bounds)
    cut = [shapely.intersection(p, frame) for p in _simple(body) if p.is_valid]
    return [q for c in cut for q in shapely.get_parts(c) if isinstance(q, shapely.Polygon)
            and not q.is_empty]  # fmt: skip
