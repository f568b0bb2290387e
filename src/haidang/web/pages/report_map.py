"""The report's maps: which windows, and the event's way as it was known at each step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from shapely.geometry.base import BaseGeometry

from haidang.app.context import Context
from haidang.app.snapshot import Snapshot
from haidang.base.place import KINDS
from haidang.data.tracks import Bulletin, Fix
from haidang.risk.hazards.track_ensemble import Backbone, Ensemble, backbone, members
from haidang.web import svg

Words = Callable[[Fix], tuple[str, str]]
Link = Callable[[Fix], str]

CLOSE_WIDTH: Final = 620.0
"""Pixels at which text on the closer map has its nominal size."""

CLOSE_ASPECT: Final = 1.45
"""Width by height of the closer window, times that of the whole: side by side, equally high."""

ROOM: Final = 0.6
"""Around the areas of the closer window, degrees; half their extent where that is more."""

SAMPLE: Final = 18
"""Tracks that are drawn: more would hide the levels."""

SHARE: Final = 0.8
"""Of the members inside the band."""

EVERY_H: Final = 3.0
"""Hours between the points of a drawn track."""


@dataclass(frozen=True, eq=False)
class Atlas:
    """The ground and the report's two windows on it.

    Attributes:
        whole: Everything that is watched.
        close: Where levels were raised on land.
    """

    ground: svg.Ground
    whole: svg.Window
    close: svg.Window


def atlas(
    context: Context,
    places_day: date,
    language: str,
    loudest: Collection[str],
    centres: Sequence[float],
) -> Atlas:
    """Lay out the ground and the windows of a case.

    Args:
        context: Areas of the case.
        places_day: Day of the outlines.
        language: Of the names.
        loudest: Codes that reached the highest level on land; the closer window is around them.
        centres: Longitudes of the analysed centres: the closer window opens to their side.
    """
    outlines: dict[str, Mapping[str, BaseGeometry]] = {
        kind: context.country.places.outlines_on(kind, places_day) for kind in KINDS
    }
    areas = []
    for named in context.named.values():
        shape = None
        if named.rings is not None:
            shape = outlines[named.kind][named.code]
        areas.append(svg.Area(named.code, named.kind, named.name(language), shape, named.point))
    ground = svg.ground(areas)
    land = [a.bounds for a in ground.areas if not a.dashed and a.shape is not None]
    hit = [
        a.bounds for a in ground.areas if a.code in loudest and not a.dashed and a.shape is not None
    ]
    everything = svg.around([a.bounds for a in ground.areas], 0.3)
    bare = svg.Window("", everything, 1.0, ground.parallel, {})
    aspect = CLOSE_ASPECT * bare.width / bare.height
    towards = float(np.mean(centres)) if centres else everything[2]
    tight = svg.around(hit or land, 0.0)
    room = max(ROOM, (tight[3] - tight[1]) / 2) if hit else ROOM
    near = svg.widened(svg.around([tight], room), aspect, ground.parallel, towards)
    close = svg.window("c", ground, near, CLOSE_WIDTH)
    whole = svg.window("w", ground, everything, close.height * bare.width / bare.height)
    return Atlas(ground, whole, close)


def whole_course(analyses: Sequence[Fix], words: Words, link: Link) -> svg.Course:
    """The way of the event from the first to the last analysis."""
    return svg.Course(
        dots=tuple(_dot(f, "past", words, link(f)) for f in analyses),
        past=tuple((f.lat, f.lon) for f in analyses),
    )


def course(
    snapshot: Snapshot | None,
    context: Context,
    parallel: float,
    words: Words,
    link: Link,
    band_title: str,
) -> svg.Course:
    """The way of the event as it was known at a step, and the ensemble thrown then.

    The ensemble is computed again from the snapshot: it is a pure function of what was known.

    Args:
        snapshot: What was known; None draws nothing.
        context: Settings of the pack and where land lies.
        parallel: Of the map, degrees.
        words: Label and full words of a position.
        link: Where a position leads.
        band_title: Says what the band is.
    """
    if snapshot is None:
        return svg.Course()
    known = snapshot.tracks.known_at(snapshot.receipt)
    courses = [
        _course(known.bulletins(e), context, parallel, words, link, band_title)
        for e in known.events()
    ]
    # One map shows one event; a case has one.
    return courses[-1] if courses else svg.Course()


def _course(
    bulletins: tuple[Bulletin, ...],
    context: Context,
    parallel: float,
    words: Words,
    link: Link,
    band_title: str,
) -> svg.Course:
    spec = context.pack.threat.wind
    past = [b.analysis for b in bulletins if b.analysis is not None]
    dots = [_dot(f, "past", words, link(f)) for f in past]
    line = tuple((f.lat, f.lon) for f in past)
    if bulletins[-1].ended or bulletins[-1].analysis is None:
        return svg.Course(dots=tuple(dots), past=line)
    if dots:
        dots[-1] = _dot(past[-1], "now", words, link(past[-1]))
    middle = backbone(bulletins, spec)
    thrown = members(middle, spec, context.over_land)
    ahead = [f for f in bulletins[-1].forecast if f.valid > middle.start]
    every = max(1, round(EVERY_H / spec.step_h))
    return svg.Course(
        dots=(*dots, *(_dot(f, "ahead", words, "") for f in ahead)),
        past=line,
        said=_stretch(middle, 0.0, middle.said),
        beyond=_stretch(middle, middle.said, float(middle.hours[-1])),
        members=_sample(thrown, every),
        band=svg.band(thrown.lat, thrown.lon, parallel, SHARE, every),
        band_title=band_title,
    )


def _dot(fix: Fix, kind: str, words: Words, href: str) -> svg.Dot:
    label, title = words(fix)
    at = (fix.lat, fix.lon)
    match kind:
        case "now":
            return svg.Dot(at, label, title, href, "now")
        case "ahead":
            return svg.Dot(at, label, title, href, "ahead")
        case _:
            return svg.Dot(at, label, title, href, "past")


def _stretch(middle: Backbone, first: float, last: float) -> tuple[svg.Position, ...]:
    inside = (middle.hours >= first) & (middle.hours <= last)
    pairs = zip(middle.lat[inside].tolist(), middle.lon[inside].tolist(), strict=True)
    return tuple(pairs)


def _sample(thrown: Ensemble, every: int) -> tuple[tuple[svg.Position, ...], ...]:
    """The first members after the middle one: they are equally likely, so any choice is fair."""
    return tuple(
        tuple(zip(lat.tolist(), lon.tolist(), strict=True))
        for lat, lon in zip(
            thrown.lat[1 : SAMPLE + 1, :: 2 * every],
            thrown.lon[1 : SAMPLE + 1, :: 2 * every],
            strict=True,
        )
    )


def landfall(fixes: Sequence[Fix], context: Context) -> timedelta | None:
    """How long after its first position a track first lies over land that we know of.

    Between two positions the centre moves evenly; looked at every ten minutes.

    Args:
        fixes: Positions by time.
        context: Tells land from sea.

    Returns:
        None if it never comes ashore, or begins there.
    """
    if len(fixes) < 2:  # noqa: PLR2004 - a way has two ends
        return None
    minutes = np.array([(f.valid - fixes[0].valid) / timedelta(minutes=1) for f in fixes])
    at = np.arange(0.0, minutes[-1] + 1, 10.0)
    lat = np.interp(at, minutes, [f.lat for f in fixes])
    lon = np.interp(at, minutes, [f.lon for f in fixes])
    ashore = context.over_land(lat, lon)
    if ashore[0] or not ashore.any():
        return None
    return timedelta(minutes=float(at[int(np.argmax(ashore))]))
