"""The maps of the situation: the closer one around what is raised, and everything watched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from haidang.base.wind import beaufort
from haidang.data.tracks import Fix
from haidang.web import svg
from haidang.web.look import Look
from haidang.web.pages import report_map as maps
from haidang.web.pages.judged import Judged

CLOSE: Final = (780.0, 1.5)
"""Width of the closer map in pixels, and how many times wider than high it is."""

WHOLE: Final = 560.0
"""Width of the map of everything, pixels."""

NEAR: Final = 9.0
"""A centre that is farther from the raised areas is left to the map of everything, degrees."""

ROOM: Final = 0.4
"""Around what the closer map must hold, degrees."""


@dataclass(frozen=True, slots=True)
class Maps:
    """As SVG.

    Attributes:
        defs: What both use; stands once in the document.
        close: Around the areas on land with the highest level; "" where none has one.
        whole: Everything watched.
    """

    defs: str
    close: str
    whole: str


def draw(view: Look, judged: Judged, place: Callable[[str], str]) -> Maps:
    """Draw both maps of a look.

    Args:
        view: The look.
        judged: Its words.
        place: Address of a place, by code.
    """
    decided = view.decided
    marks = [judged.mark(d, place(d.place)) for d in decided]
    top = max((d.after for d in decided if judged.land(d.place)), default=0)
    loud = frozenset(d.place for d in decided if d.after == top and top and judged.land(d.place))
    steps = view.looks[: view.at + 1]
    centres = [f for s in steps for f in s.fixes if f.kind == "analysis"]
    atlas = _atlas(view, judged, loud, [(f.lat, f.lon) for f in centres[-1:]])
    say = judged.say

    def words(fix: Fix) -> tuple[str, str]:
        force = int(beaufort(np.array([fix.wind]))[0])
        when = say.short(fix.valid)
        key = "report.dot_ahead" if fix.kind == "forecast" else "report.dot"
        return when, say(key, time=when, force=force)

    known = {s.issued: s.id for s in steps if s.issued is not None}

    def link(fix: Fix) -> str:
        found = known.get(fix.issued)
        return f"/d/{view.id}/situation?at={found}" if found else ""

    course = maps.course(
        view.snapshot, view.context, atlas.ground.parallel, words, link, say("report.band_title")
    )
    title = say("map_title")
    latitude = (say("report.north"), say("report.south"))
    longitude = (say("report.east"), say("report.west"))
    whole = svg.Layout(
        id="mw",
        title=title,
        description=say("report.map_description"),
        grid=5.0,
        latitude=latitude,
        longitude=longitude,
        links=not loud,
    )
    close = svg.Layout(
        id="mc",
        title=say("report.close_title", title=title),
        description=say("report.map_description"),
        names=frozenset(m.code for m in marks if m.level),
        always=loud,
        grid=2.0,
        latitude=latitude,
        longitude=longitude,
    )
    # Once a document is enough for the keyboard: the second map leads nowhere.
    bare = [judged.mark(d) for d in decided]
    windows = (atlas.close, atlas.whole) if loud else (atlas.whole,)
    return Maps(
        defs=svg.defs(atlas.ground, view.context.scale, windows),
        close=svg.draw(atlas.ground, atlas.close, marks, course, close) if loud else "",
        whole=svg.draw(atlas.ground, atlas.whole, bare if loud else marks, course, whole),
    )


def _atlas(
    view: Look, judged: Judged, loud: Collection[str], centre: Sequence[svg.Position]
) -> maps.Atlas:
    """The ground and its two windows, one above the other.

    The closer one holds the areas on land with the highest level and, if it is near, the centre;
    nothing of it comes from later than the look.
    """
    bare = maps.atlas(view.context, view.case.spec.places_on, judged.say.language, loud, [])
    ground = bare.ground
    whole = svg.window("w", ground, bare.whole.bounds, WHOLE)
    boxes = [a.bounds for a in ground.areas if a.code in loud and a.shape is not None]
    if not boxes:
        return maps.Atlas(ground, whole, whole)
    west, south, east, north = svg.around(boxes, 0.0)
    towards = [(lat, lon) for lat, lon in centre if _away(lat, lon, svg.around(boxes, 0.0)) < NEAR]
    for lat, lon in towards:
        west, south = min(west, lon), min(south, lat)
        east, north = max(east, lon), max(north, lat)
    width, aspect = CLOSE
    side = centre[-1][1] if centre else east
    box = svg.around([(west, south, east, north)], ROOM)
    near = svg.widened(box, aspect, ground.parallel, side)
    return maps.Atlas(ground, whole, svg.window("c", ground, near, width))


def _away(lat: float, lon: float, box: svg.Box) -> float:
    """How far a position lies outside a box, degrees."""
    west, south, east, north = box
    return max(west - lon, lon - east, south - lat, lat - north, 0.0)
