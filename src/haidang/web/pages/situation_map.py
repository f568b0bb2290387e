"""The maps of the situation: the closer one around what is raised, and everything watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from haidang.base.wind import beaufort
from haidang.data.tracks import Fix
from haidang.web import svg
from haidang.web.look import Look
from haidang.web.pages import report_map as maps
from haidang.web.pages.judged import Judged


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
    centres = [f.lon for s in steps for f in s.fixes if f.kind == "analysis"]
    atlas = maps.atlas(
        view.context, view.case.spec.places_on, judged.say.language, loud, centres[-1:]
    )
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
