"""Maps as SVG text, drawn on the server: outlines once, then one light layer a bulletin.

Equirectangular, true to scale at one parallel. Outlines are kept in whole hundredths of a degree
("ground units") in the document's only ``<defs>``; every map shows them with ``<use>`` through its
own window, so that ten maps cost little more than one. A level is shown by number, pattern and
colour together; the three states differ in shape.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import polylabel

from haidang.law.levels import Scale

UNIT: Final = 100.0
"""Ground units to a degree of latitude: whole numbers are then about 1 km."""

TOLERANCE: Final = 0.012
"""Thinning of outlines for the screen, degrees; below a pixel on the national map."""

Position: TypeAlias = tuple[float, float]
"""(lat, lon), degrees."""

Box: TypeAlias = tuple[float, float, float, float]
"""west, south, east, north, degrees."""

State = Literal["raised", "quiet", "no_data"]

DARK, LIGHT = "#12181b", "#ffffff"
_READABLE: Final = 4.5
_PATTERNS: Final = ("dots", "lines", "diagonal", "cross", "bars")


def el(tag: str, attributes: Mapping[str, object], *inside: str) -> str:
    """One element; attribute values are escaped, what stands inside must be markup already.

    >>> el("text", {"x": 3.0, "class": "a"}, text("<b>"))
    '<text x="3" class="a">&lt;b&gt;</text>'
    """
    said = "".join(f' {k}="{_value(v)}"' for k, v in attributes.items() if v is not None)
    return f"<{tag}{said}>{''.join(inside)}</{tag}>" if inside else f"<{tag}{said}/>"


def text(value: str) -> str:
    """Text as markup."""
    return escape(value)


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{round(value, 2):g}"
    return escape(str(value))


# Ground: what does not change from map to map.


@dataclass(frozen=True, eq=False)
class Area:
    """One area as it lies on the ground.

    Attributes:
        code: Its code.
        kind: ``province``, ``sea``, ``point`` ...
        name: In the page's language.
        shape: Outline in degrees; None for a point.
        point: (lat, lon) of a point; None otherwise.
    """

    code: str
    kind: str
    name: str
    shape: BaseGeometry | None
    point: Position | None

    @property
    def dashed(self) -> bool:
        """Whether it is drawn as an empty dashed box: nobody lives there."""
        return self.kind == "sea"

    @property
    def bounds(self) -> Box:
        """Box around it."""
        if self.shape is None:
            assert self.point is not None
            lat, lon = self.point
            return lon, lat, lon, lat
        west, south, east, north = self.shape.bounds
        return west, south, east, north


@dataclass(frozen=True, eq=False)
class Ground:
    """Every area of a country, thinned for the screen.

    Attributes:
        areas: Sea areas first, so that land lies over them.
        parallel: Latitude that is true to scale, degrees.
    """

    areas: tuple[Area, ...]
    parallel: float


def ground(areas: Iterable[Area], tolerance: float = TOLERANCE) -> Ground:
    """Thin the outlines and put them in drawing order.

    Args:
        areas: At least one.
        tolerance: After Douglas and Peucker (1973), degrees; parts smaller than its square are
            left out, the largest part never.
    """
    thin = [
        Area(a.code, a.kind, a.name, _thin(a.shape, tolerance), a.point)
        if a.shape is not None
        else a
        for a in areas
    ]
    ordered = sorted(thin, key=lambda a: (not a.dashed, a.point is not None, a.code))
    boxes = [a.bounds for a in ordered]
    middle = (min(b[1] for b in boxes) + max(b[3] for b in boxes)) / 2
    return Ground(tuple(ordered), round(middle, 1))


def _thin(shape: BaseGeometry, tolerance: float) -> BaseGeometry:
    parts = sorted(
        (p for p in shapely.get_parts(shape) if isinstance(p, Polygon)),
        key=lambda p: -p.area,
    )
    kept = [p for i, p in enumerate(parts) if i == 0 or p.area >= (3 * tolerance) ** 2]
    outer = [Polygon(p.exterior).simplify(tolerance) for p in kept]
    return outer[0] if len(outer) == 1 else shapely.union_all(outer)


def defs(of: Ground, scale: Scale, windows: Sequence[Window]) -> str:
    """The document's only definitions: outlines, and each window's patterns.

    Args:
        of: What lies on the ground.
        scale: Colours of the levels.
        windows: Every window that maps look through; a pattern must not grow with its window.
    """
    shapes = [
        el("path", {"id": f"a{i}", "class": "ar", "d": outline(of, area.shape)})
        for i, area in enumerate(of.areas)
        if area.shape is not None
    ]
    patterns = [p for w in windows for p in _patterns(scale, w)]
    return el(
        "svg",
        {"class": "defs", "width": 0, "height": 0, "aria-hidden": "true", "focusable": "false"},
        el("defs", {}, *shapes, *patterns),
    )


def outline(of: Ground, shape: BaseGeometry) -> str:
    """A shape in ground units, as the ``d`` of a path."""
    out: list[str] = []
    squeeze = math.cos(math.radians(of.parallel)) * UNIT
    for part in shapely.get_parts(shape):
        lon, lat = shapely.get_coordinates(part.exterior).T
        at = np.stack([np.rint(lon * squeeze), np.rint(-lat * UNIT)], axis=1).astype(int)
        step = np.diff(at, axis=0)[:-1]
        step = step[np.any(step != 0, axis=1)]
        if len(step) < 2:  # noqa: PLR2004 - rounded to nothing
            continue
        moves = " ".join(f"{x} {y}" for x, y in step.tolist()).replace(" -", "-")
        out.append(f"M{at[0, 0]} {at[0, 1]}l{moves}z")
    return "".join(out)


# Levels: colours are the country's, patterns are ours.


def ink_on(colour: str) -> str:
    """Dark or light ink, whichever reads better on a colour.

    Contrast after WCAG 2.2, definition of relative luminance.

    >>> ink_on("#fff1a3"), ink_on("#6d2a90")
    ('#12181b', '#ffffff')
    """
    dark, light = contrast(colour, DARK), contrast(colour, LIGHT)
    # Where both can be read, light is kept for the dark half of a scale.
    return LIGHT if light >= _READABLE or light > dark else DARK


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2).

    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def level_css(scale: Scale) -> str:
    """Style of the level chips and map numbers, from the country's own colours.

    A rank without a colour in the law stays white with its pattern.
    """
    rules = []
    for rank in scale.ranks:
        colour = rank.colour or LIGHT
        ink = ink_on(colour)
        faint = "rgba(255,255,255,.42)" if ink == LIGHT else "rgba(18,24,27,.34)"
        n = rank.rank
        rules.append(
            f".lv{n}{{background:{colour};color:{ink}}}"
            f".lv{n}::before{{background:{css_pattern(n, faint)}}}"
            f"svg .pn.n{n},svg .lab.n{n}{{fill:{ink};stroke:{colour}}}"
        )
    return "\n".join(rules)


def css_pattern(rank: int, ink: str) -> str:
    """The pattern of a rank as a CSS background, in a faint ink."""
    match _PATTERNS[(rank - 1) % len(_PATTERNS)]:
        case "dots":
            return f"radial-gradient(circle,{ink} 1px,transparent 1.3px) 0 0/4px 4px"
        case "lines":
            return f"repeating-linear-gradient(0deg,{ink} 0 1px,transparent 1px 4px)"
        case "diagonal":
            return f"repeating-linear-gradient(135deg,{ink} 0 1.5px,transparent 1.5px 5px)"
        case "cross":
            return (
                f"repeating-linear-gradient(45deg,{ink} 0 1px,transparent 1px 4px),"
                f"repeating-linear-gradient(135deg,{ink} 0 1px,transparent 1px 4px)"
            )
        case _:
            return f"repeating-linear-gradient(90deg,{ink} 0 2px,transparent 2px 4px)"


def _patterns(scale: Scale, window: Window) -> list[str]:
    out = []
    for rank in scale.ranks:
        colour = rank.colour or LIGHT
        ink = {"stroke": ink_on(colour), "stroke-opacity": 0.36, "fill": "none"}
        name = _PATTERNS[(rank.rank - 1) % len(_PATTERNS)]
        size = {"dots": 5, "lines": 5, "diagonal": 6, "cross": 5, "bars": 4}[name]
        turn = " rotate(45)" if name in {"diagonal", "cross"} else ""
        if name == "dots":
            ink = {"fill": ink_on(colour), "fill-opacity": 0.38}
            mark = el("circle", {"cx": 1.5, "cy": 1.5, "r": 0.8, **ink})
        else:
            d = {"lines": "M0 2.5h5", "diagonal": "M0 0v6", "cross": "M0 0v5M0 0h5"}
            mark = el("path", {"d": d.get(name, "M1 0v4"), **ink})
        ground_ = el("rect", {"width": size, "height": size, "fill": colour})
        out.append(_pattern(window, f"p{rank.rank}", size, turn, ground_ + mark))
    hatch = el("rect", {"width": 6, "height": 6, "class": "ndf"})
    hatch += el("path", {"d": "M0 0v6", "class": "ndk"})
    out.append(_pattern(window, "px", 6, " rotate(45)", hatch))
    return out


def _pattern(window: Window, name: str, size: int, turn: str, inside: str) -> str:
    # A pattern is laid in the user space of the shape, which the window has scaled: undo that.
    return el(
        "pattern",
        {
            "id": f"{window.id}-{name}",
            "width": size,
            "height": size,
            "patternUnits": "userSpaceOnUse",
            "patternTransform": f"scale({1 / window.scale:.4f}){turn}",
        },
        inside,
    )


# Windows: which part of the ground a map shows, and where its labels go.


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an area's label goes.

    Attributes:
        x, y: Pixels.
        room: Radius of the largest circle that fits there, pixels.
        box: left, top, right, bottom of the part of the area that is seen, pixels.
    """

    x: float
    y: float
    room: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Window:
    """A part of the ground, so many pixels wide.

    Attributes:
        id: Prefix of its patterns' ids.
        bounds: What is seen.
        width: Pixels.
        parallel: As of the ground.
        spots: Where labels go, by code; areas out of sight have none.
    """

    id: str
    bounds: Box
    width: float
    parallel: float
    spots: Mapping[str, Spot]

    @property
    def scale(self) -> float:
        """Pixels to a ground unit."""
        west, _, east, _ = self.bounds
        return self.width / ((east - west) * math.cos(math.radians(self.parallel)) * UNIT)

    @property
    def height(self) -> float:
        """Pixels."""
        return (self.bounds[3] - self.bounds[1]) * UNIT * self.scale

    def xy(self, lat: float, lon: float) -> tuple[float, float]:
        """Pixel of a position; outside of the window it may be negative."""
        squeeze = math.cos(math.radians(self.parallel))
        x = (lon - self.bounds[0]) * squeeze * UNIT * self.scale
        return x, (self.bounds[3] - lat) * UNIT * self.scale

    def holds(self, lat: float, lon: float, margin: float = 0.0) -> bool:
        """Whether a position is seen, at least so many pixels inside the frame."""
        x, y = self.xy(lat, lon)
        inside = margin <= x <= self.width - margin
        return inside and margin <= y <= self.height - margin

    def transform(self) -> str:
        """From ground units to pixels."""
        squeeze = math.cos(math.radians(self.parallel)) * UNIT
        dx, dy = -self.bounds[0] * squeeze * self.scale, self.bounds[3] * UNIT * self.scale
        return f"translate({dx:.1f} {dy:.1f}) scale({self.scale:.4f})"


def window(ident: str, of: Ground, bounds: Box, width: float) -> Window:
    """Look at a part of the ground and find where its labels go.

    A label of a sea area goes where the box is not covered by land.
    """
    bare = Window(ident, bounds, width, of.parallel, {})
    frame = box(*bounds)
    land = shapely.union_all([a.shape for a in of.areas if a.shape and not a.dashed])
    spots: dict[str, Spot] = {}
    for area in of.areas:
        seen = _seen(area, frame, land)
        if seen is None:
            continue
        middle = polylabel(seen, 0.05)
        x, y = bare.xy(middle.y, middle.x)
        room = seen.exterior.distance(middle) * UNIT * bare.scale
        west, south, east, north = seen.bounds
        spots[area.code] = Spot(x, y, room, (*bare.xy(north, west), *bare.xy(south, east)))
    return Window(ident, bounds, width, of.parallel, spots)


def _seen(area: Area, frame: BaseGeometry, land: BaseGeometry) -> Polygon | None:
    """The largest part of an area that is seen."""
    if area.shape is None:
        return None
    seen = shapely.intersection(shapely.make_valid(area.shape), frame)
    if area.dashed:
        seen = shapely.difference(seen, land)
    parts = [p for p in shapely.get_parts(seen) if isinstance(p, Polygon) and p.area > 0]
    return max(parts, key=lambda p: p.area, default=None)


def around(boxes: Sequence[Box], pad: float) -> Box:
    """The box around boxes, padded by so many degrees."""
    west, south = min(b[0] for b in boxes) - pad, min(b[1] for b in boxes) - pad
    return west, south, max(b[2] for b in boxes) + pad, max(b[3] for b in boxes) + pad


def widened(bounds: Box, aspect: float, parallel: float, towards: float) -> Box:
    """A box made at least so many times wider than high, on the side where something happens.

    Args:
        bounds: The box.
        aspect: Width by height on the map.
        parallel: Latitude true to scale.
        towards: Longitude of what happens.
    """
    west, south, east, north = bounds
    wanted = aspect * (north - south) / math.cos(math.radians(parallel))
    lack = wanted - (east - west)
    if lack <= 0:
        high = (east - west) * math.cos(math.radians(parallel)) / aspect
        more = (high - (north - south)) / 2
        return west, south - more, east, north + more
    if towards >= (west + east) / 2:
        return west, south, east + lack, north
    return west - lack, south, east, north


# Layers: what one bulletin shows.


@dataclass(frozen=True, slots=True)
class Mark:
    """What one area shows.

    Attributes:
        code: The area.
        level: 0 for none.
        state: Shape it is drawn in.
        held: Whether the level stands although the newest data do not give it.
        title: All of it in words.
        href: Where it leads, "" for nowhere.
    """

    code: str
    level: int
    state: State
    held: bool
    title: str
    href: str = ""

    @property
    def sign(self) -> str:
        """The number that stands on the map, with ``=`` where it is held."""
        if self.state == "no_data" and not self.level:
            return "?"
        return f"{self.level}{'=' if self.held else ''}" if self.level else ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A position of the event.

    Attributes:
        at: Where.
        label: Short text beside it.
        title: All of it in words.
        href: Where it leads, "" for nowhere.
        kind: ``past`` (analysed), ``now`` (the newest analysis) or ``ahead`` (forecast).
    """

    at: Position
    label: str
    title: str
    href: str
    kind: Literal["past", "now", "ahead"]


@dataclass(frozen=True, eq=False)
class Course:
    """The event's way: known, said and computed.

    Attributes:
        dots: Analysed and forecast positions, in order of time.
        past: Line through the analyses.
        said: Middle of the ensemble as far as a bulletin speaks of it.
        beyond: Middle of the ensemble after that: persistence.
        members: Some of the ensemble, (member, time, 2) as lat, lon; empty for none.
        band: At each time the circle that holds so many of the members.
        band_title: Says what the band is.
    """

    dots: tuple[Dot, ...] = ()
    past: tuple[Position, ...] = ()
    said: tuple[Position, ...] = ()
    beyond: tuple[Position, ...] = ()
    members: tuple[tuple[Position, ...], ...] = ()
    band: BaseGeometry | None = None
    band_title: str = ""


def band(
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    parallel: float,
    share: float,
    every: int,
) -> BaseGeometry:
    """The ground swept by circles around the middle track that hold a share of the members.

    Args:
        lat: Of the members, (member, time), degrees north; member 0 is the middle.
        lon: Likewise, degrees east.
        parallel: Latitude true to scale.
        share: Of the members, 0..1.
        every: Take each so manieth time.

    Returns:
        In degrees. Circles are round on the map.
    """
    squeeze = math.cos(math.radians(parallel))
    steps = np.arange(0, lat.shape[1], every)
    x, y = lon[:, steps] * squeeze, lat[:, steps]
    radius = np.quantile(np.hypot(x - x[0], y - y[0]), share, axis=0)
    circles = [
        Point(cx, cy).buffer(max(r, 1e-3), quad_segs=8)
        for cx, cy, r in zip(x[0], y[0], radius, strict=True)
    ]
    pairs = pairwise(circles)
    swept = shapely.union_all([shapely.convex_hull(shapely.union(a, b)) for a, b in pairs])
    swept = swept if not swept.is_empty else circles[0]
    return shapely.transform(swept.simplify(0.01), lambda c: c / np.array([squeeze, 1.0]))


@dataclass(frozen=True, slots=True)
class Layout:
    """How a map is written down.

    Attributes:
        id: Unique in the document; the ids of title and description begin with it.
        title: What the map is, for those who do not see it.
        description: What it shows.
        names: Codes of the areas whose names are written where there is room.
        always: Codes whose names are written even where they overflow.
        grid: Distance of the lines of latitude and longitude, degrees.
        latitude: How degrees north and south are written, with ``{value}``.
        longitude: How degrees east and west are written.
        links: Whether positions lead anywhere by keyboard; once a document is enough.
    """

    id: str
    title: str
    description: str
    names: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()
    grid: float = 5.0
    latitude: tuple[str, str] = ("{value}°N", "{value}°S")
    longitude: tuple[str, str] = ("{value}°E", "{value}°W")
    links: bool = True


def draw(of: Ground, through: Window, marks: Sequence[Mark], course: Course, layout: Layout) -> str:
    """One map as an ``<svg>`` element; needs the document's ``defs``.

    Args:
        of: What lies on the ground.
        through: The window.
        marks: What each area shows; an area without a mark is drawn quiet and untitled.
        course: The event's way.
        layout: Titles and labels.
    """
    shown = {m.code: m for m in marks}
    labels = _Labels(through)
    # Labels are first come, first served: the order is that of importance.
    _reserve(through, course, labels)
    points = _points(of, through, shown, labels)
    signs = _signs(of, through, shown, labels)
    names = _names(of, through, shown, layout, labels, dashed=False)
    dots = _dots(through, course, layout, labels)
    seas = _names(of, through, shown, layout, labels, dashed=True)
    inside, edge = _band(through, course)
    ground_ = (_grid(through, layout), inside, _areas(of, through, shown), edge)
    body = (*ground_, _course(through, course), points, signs, seas, names, dots)
    width, height = round(through.width), round(through.height)
    head = el("title", {"id": f"{layout.id}-t"}, text(layout.title))
    head += el("desc", {"id": f"{layout.id}-d"}, text(layout.description))
    return el(
        "svg",
        {
            "viewBox": f"0 0 {width} {height}",
            "role": "group" if layout.links else "img",
            "aria-labelledby": f"{layout.id}-t {layout.id}-d",
        },
        head,
        *(b for b in body if b),
    )


def _grid(through: Window, layout: Layout) -> str:
    west, south, east, north = through.bounds
    lons = np.arange(math.ceil(west / layout.grid), east / layout.grid) * layout.grid
    lats = np.arange(math.ceil(south / layout.grid), north / layout.grid) * layout.grid
    d, said = [], []
    for lon in lons.tolist():
        x = round(through.xy(north, lon)[0])
        d.append(f"M{x} 0V{round(through.height)}")
        label = layout.longitude[lon < 0].format(value=f"{abs(lon):g}")
        if x < through.width - _LABEL:
            said.append(
                el("text", {"x": x + 3, "y": round(through.height) - 4, "class": "gl"}, text(label))
            )
    for lat in lats.tolist():
        y = round(through.xy(lat, west)[1])
        d.append(f"M0 {y}H{round(through.width)}")
        label = layout.latitude[lat < 0].format(value=f"{abs(lat):g}")
        at = {"x": round(through.width) - 4, "y": y - 3, "class": "gl", "text-anchor": "end"}
        if _LINE < y < through.height - 2 * _LINE:
            said.append(el("text", at, text(label)))
    lines = el("path", {"class": "grat", "d": "".join(d)}) if d else ""
    return el("g", {"aria-hidden": "true"}, lines, *said) if d else ""


def _areas(of: Ground, through: Window, shown: Mapping[str, Mark]) -> str:
    seas, quiet, marked = [], [], []
    for i, area in enumerate(of.areas):
        if area.code not in through.spots:
            continue
        mark = shown.get(area.code)
        title = [el("title", {}, text(mark.title))] if mark else []
        use: dict[str, object] = {"href": f"#a{i}"}
        if area.dashed:
            seas.append(_linked(mark, el("use", use, *title)))
        elif mark is None or (mark.state == "quiet" and not mark.level):
            quiet.append(el("use", use, *title))
        else:
            name = f"p{mark.level}" if mark.level else "px"
            filled = el("use", {**use, "fill": f"url(#{through.id}-{name})"}, *title)
            marked.append(_linked(mark, filled))
    groups = [
        el("g", {"class": name}, *inside)
        for name, inside in (("sb", seas), ("pv q", quiet), ("pv", marked))
        if inside
    ]
    return el("g", {"transform": through.transform()}, *groups) if groups else ""


def _linked(mark: Mark | None, inside: str) -> str:
    """A shape that leads somewhere; its name is the mark's words, for those who do not see it."""
    if mark is None or not mark.href:
        return inside
    return el("a", {"href": mark.href, "aria-label": mark.title}, inside)


def _line(through: Window, points: Sequence[Position], name: str) -> str:
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    return el("path", {"class": name, "d": _route(through, points)})


def _route(through: Window, points: Sequence[Position]) -> str:
    at = [through.xy(*p) for p in points]
    return "M" + "L".join(f"{round(x)} {round(y)}" for x, y in at)


def _band(through: Window, course: Course) -> tuple[str, str]:
    """The band's ground, to lie under the areas so that their colours stay true, and its edge."""
    if course.band is None:
        return "", ""
    frame = box(*through.bounds).buffer(1.0)
    swept = shapely.intersection(course.band, frame)
    d = "".join(
        _route(through, [(y, x) for x, y in shapely.get_coordinates(p.exterior)]) + "z"
        for p in shapely.get_parts(swept)
        if isinstance(p, Polygon)
    )
    if not d:
        return "", ""
    title = el("title", {}, text(course.band_title))
    return el("path", {"class": "env", "d": d}, title), el("path", {"class": "edge", "d": d})


def _course(through: Window, course: Course) -> str:
    members = "".join(_route(through, m) for m in course.members)
    return "".join(
        (
            el("path", {"class": "mem", "d": members, "aria-hidden": "true"}) if members else "",
            _line(through, course.beyond, "trk pe"),
            _line(through, course.said, "trk fc"),
            _line(through, course.past, "trk"),
        )
    )


class _Labels:
    """Keeps labels from lying on each other: first come, first served."""

    def __init__(self, through: Window) -> None:
        self._taken: list[tuple[float, float, float, float]] = []
        self._right, self._bottom = through.width, through.height

    def free(self, x: float, y: float, width: float, height: float) -> bool:
        """Whether a box with this centre is inside the frame and on nothing else; takes it."""
        left, top, right, bottom = x - width / 2, y - height / 2, x + width / 2, y + height / 2
        if left < 1 or top < 1 or right > self._right - 1 or bottom > self._bottom - 1:
            return False
        if any(left < r and right > le and top < b and bottom > t for le, t, r, b in self._taken):
            return False
        self._taken.append((left, top, right, bottom))
        return True

    def take(self, x: float, y: float, width: float, height: float) -> None:
        """Keep a box free of later labels, whatever lies there."""
        self._taken.append((x - width / 2, y - height / 2, x + width / 2, y + height / 2))


_SMALL, _LINE, _LETTER, _LABEL = 7.0, 11.0, 5.3, 36.0
"""Room that a number needs, height of a line, width of a letter, room of a degree, pixels."""


def _signs(of: Ground, through: Window, shown: Mapping[str, Mark], labels: _Labels) -> str:
    out = []
    for area in of.areas:
        mark, spot = shown.get(area.code), through.spots.get(area.code)
        if mark is None or not mark.sign:
            continue
        if spot is None or (not area.dashed and spot.room < _SMALL - 2):
            continue
        if area.dashed:
            if spot.room < _SMALL + 2 or not labels.free(spot.x, spot.y, 20, 18):
                continue
            out.append(_chip(spot.x, spot.y, mark, through))
            continue
        labels.take(spot.x, spot.y, 12, 12)
        name = f"pn n{mark.level}" if mark.level else "pn nx"
        out.append(_sign(spot.x, spot.y + 4, name, mark))
    return el("g", {"aria-hidden": "true"}, *out) if out else ""


def _sign(x: float, y: float, name: str, mark: Mark) -> str:
    return el("text", {"class": name, "x": round(x), "y": round(y)}, text(mark.sign))


def _chip(x: float, y: float, mark: Mark, through: Window) -> str:
    fill = f"url(#{through.id}-{f'p{mark.level}' if mark.level else 'px'})"
    at = {"x": round(x) - 8.5, "y": round(y) - 8.5, "width": 17, "height": 17, "rx": 2}
    # The pattern's scale undoes the window's, so the chip's own must be put back.
    k = through.scale
    inner = {key: round(float(v) / k, 2) for key, v in at.items()}
    chip = el(
        "g",
        {"transform": f"scale({k:.4f})"},
        el("rect", {**inner, "class": "badge", "fill": fill}),
    )
    name = f"pn n{mark.level}" if mark.level else "pn nx"
    return chip + _sign(x, y + 4, name, mark)


def _reserve(through: Window, course: Course, labels: _Labels) -> None:
    """Keep the positions themselves free of labels."""
    for dot in course.dots:
        if through.holds(*dot.at):
            labels.take(*through.xy(*dot.at), 10, 10)


def _dots(through: Window, course: Course, layout: Layout, labels: _Labels) -> str:
    out = []
    for dot in sorted(course.dots, key=lambda d: d.kind != "now"):
        if not through.holds(*dot.at):
            continue
        x, y = through.xy(*dot.at)
        radius = 5.5 if dot.kind == "now" else 3.5
        inside = [
            el("title", {}, text(dot.title)),
            el("circle", {"cx": round(x, 1), "cy": round(y, 1), "r": radius}),
        ]
        wide = len(dot.label) * _LETTER + 4
        beside = wide / 2 + 9
        for dx, dy in ((0, -15), (0, 16), (beside, 0), (-beside, 0), (0, -28), (0, 29)):
            if dot.label and labels.free(x + dx, y + dy, wide, _LINE + 2):
                at = {"x": round(x + dx), "y": round(y + dy + 4), "text-anchor": "middle"}
                inside.append(el("text", at, text(dot.label)))
                break
        name = {"past": "fix", "now": "fix now", "ahead": "fix f"}[dot.kind]
        if dot.href and layout.links:
            out.append(el("a", {"class": name, "href": dot.href}, *inside))
        else:
            out.append(el("g", {"class": name}, *inside))
    return "".join(out)


def _names(
    of: Ground,
    through: Window,
    shown: Mapping[str, Mark],
    layout: Layout,
    labels: _Labels,
    *,
    dashed: bool,
) -> str:
    wanted = layout.names | layout.always
    order = sorted(
        (
            a
            for a in of.areas
            if a.code in wanted and a.code in through.spots and a.dashed == dashed
        ),
        key=lambda a: (a.code not in layout.always, -through.spots[a.code].room),
    )
    out = [
        _name(a, through.spots[a.code], shown.get(a.code), a.code in layout.always, labels)
        for a in order
    ]
    return el("g", {"aria-hidden": "true"}, *(o for o in out if o)) if any(out) else ""


def _name(area: Area, spot: Spot, mark: Mark | None, always: bool, labels: _Labels) -> str:
    left, top, right, bottom = spot.box
    lines = _wrapped(area.name, right - left - 6) if area.dashed else [area.name]
    wide = max(len(line) for line in lines) * _LETTER
    high = len(lines) * _LINE
    fits = wide <= (right - left) * (1.0 if area.dashed else 1.1) and high < bottom - top
    if not fits and not always:
        return ""
    level = mark.level if mark else 0
    name = "lab m" if area.dashed else f"lab b n{level}" if level else "lab b"
    below, beside = 8 + high / 2, wide / 2 + 10
    places = [(0.0, below), (0.0, -below - 1)]
    if always:
        places += [(beside, 0.0), (-beside, 0.0), (wide / 3, below), (wide / 3, -below)]
    for dx, dy in places:
        if labels.free(spot.x + dx, spot.y + dy, wide, high):
            first = spot.y + dy - high / 2 + _LINE - 2.5
            return "".join(
                el(
                    "text",
                    {
                        "class": name,
                        "x": round(spot.x + dx),
                        "y": round(first + i * _LINE),
                        "text-anchor": "middle",
                    },
                    text(line),
                )
                for i, line in enumerate(lines)
            )
    return ""


def _wrapped(name: str, width: float) -> list[str]:
    lines = [""]
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(longer) * _LETTER > min(width, 110):
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _points(of: Ground, through: Window, shown: Mapping[str, Mark], labels: _Labels) -> str:
    return "".join(
        _point(area, through, shown.get(area.code), labels)
        for area in of.areas
        if area.point is not None and through.holds(*area.point, margin=4)
    )


def _point(area: Area, through: Window, mark: Mark | None, labels: _Labels) -> str:
    assert area.point is not None
    x, y = through.xy(*area.point)
    square = el(
        "rect", {"class": "isle", "x": round(x) - 3, "y": round(y) - 3, "width": 6, "height": 6}
    )
    inside = [el("title", {}, text(mark.title))] if mark else []
    inside.append(square)
    labels.take(x, y, 10, 10)
    if mark and mark.sign:
        labels.take(x, y - 15, 18, 18)
        inside.append(_chip(x, y - 15, mark, through))
    wide = len(area.name) * _LETTER
    if labels.free(x, y + 12, wide, _LINE):
        at = {"class": "lab b", "x": round(x), "y": round(y) + 15, "text-anchor": "middle"}
        inside.append(el("text", at, text(area.name)))
    return el("g", {}, *inside)
