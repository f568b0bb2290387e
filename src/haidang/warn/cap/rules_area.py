"""What the standard says of areas and no schema can see (CAP 1.2, 3.2.4)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from lxml import etree
from shapely import Point, Polygon

from haidang.warn.cap import outline as ol
from haidang.warn.cap.finding import Notes, short
from haidang.warn.cap.outline import BUDGET, VERTICES_LIMIT, Outline, bad_item, judge
from haidang.warn.cap.values import WHITE, read_circle, read_ring, split
from haidang.warn.cap.walk import Box

MANY: Final = 1_000
"""Points of a polygon above which telephones and sirens were seen to give up."""
HALF_WAY: Final = 20_040.0
"""Half the circumference of the earth, km: a greater circle is everywhere."""
_COMPARED: Final = 200
"""Polygons of one area that are compared with one another."""
_LOOKED: Final = 2_000
"""So often in one message a point is looked for in another polygon, some tenths of a second."""


class Areas:
    """Judges the areas of one message; an outline that stands in every language only once."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._known: dict[str, Outline] = {}
        self._budget = BUDGET
        self._looked = 0
        self._coded: list[etree._Element] = []

    def judge(self, area: Box) -> None:
        """Every rule over one area block."""
        texts, notes = area.texts, self._notes
        polygons, circles = texts.get("polygon", ()), texts.get("circle", ())
        outlines = [self._polygon(text, node) for text, node in polygons]
        for text, node in circles:
            self._circle(text, node)
        if 1 < len(polygons) <= _COMPARED:
            self._together(polygons, outlines)
        if not polygons and not circles:
            if "geocode" in area.pairs or "geocode" in texts:
                self._coded.append(area.node)
            else:
                notes.warning("area_nowhere", area.node)
        if "ceiling" in texts:
            self._heights(area)

    def only_codes(self) -> None:
        """Geocodes SHOULD stand beside an outline: not every receiver knows the list of codes."""
        if self._coded:
            self._notes.warning("area_codes_only", self._coded[0], count=len(self._coded))

    def _polygon(self, text: str, node: etree._Element) -> Outline:
        found = self._known.get(text)
        if found is None:
            found = judge(text, max(self._budget, 0))
            self._budget -= found.work
            self._known[text] = found
        if found.flags or found.points > MANY:
            self._tell(text, node, found)
        return found

    def _tell(self, text: str, node: etree._Element, found: Outline) -> None:
        notes, flags = self._notes, found.flags
        if not text.strip(WHITE):
            # 3.2: an element may be empty where nothing constrains it; receivers see no area.
            notes.warning("polygon_empty", node)
            return
        if flags & ol.FORM:
            notes.error("polygon_form", node, value=short(bad_item(text)))
            return
        self._ends(split(text), node, found)
        edges = {"first": found.first + 1, "second": found.second + 1}
        if flags & ol.CROSSING:
            notes.error("polygon_crossing", node, **edges)
        elif flags & ol.FLAT:
            notes.warning("polygon_flat", node)
        elif flags & ol.TOUCHING:
            notes.warning("polygon_touching", node, **edges)
        if found.points > VERTICES_LIMIT:
            notes.error("polygon_too_many", node, count=found.points, limit=VERTICES_LIMIT)
        elif flags & ol.UNCHECKED:
            notes.warning("polygon_unchecked", node, count=found.points)
        elif found.points > MANY:
            notes.warning("polygon_many", node, count=found.points, limit=MANY)

    def _ends(self, points: list[str], node: etree._Element, found: Outline) -> None:
        notes, flags, at = self._notes, found.flags, found.at
        if flags & ol.RANGE:
            notes.error("polygon_range", node, value=short(points[at]), number=at + 1)
        if flags & ol.SHORT:
            notes.error("polygon_short", node, count=found.points)
        if flags & ol.OPEN:
            notes.error("polygon_open", node, first=short(points[0]), last=short(points[-1]))
        if flags & ol.ANTIMERIDIAN:
            one, other = short(points[at]), short(points[at + 1])
            notes.error("polygon_antimeridian", node, one=one, other=other)

    def _together(
        self, polygons: list[tuple[str, etree._Element]], outlines: list[Outline]
    ) -> None:
        """An area is the union of its polygons: one within another cuts no hole."""
        seen: set[str] = set()
        for (text, node), mine in zip(polygons, outlines, strict=True):
            if text in seen:
                self._notes.warning("polygon_twice", node)
                continue
            seen.add(text)
            for (around, _), other in zip(polygons, outlines, strict=True):
                if mine.flags or not _within(mine, other):
                    continue
                self._looked += 1 + other.points // 500
                if self._looked > _LOOKED:
                    return
                if _inside(text, around):
                    self._notes.warning("polygon_inside", node)
                    break

    def _circle(self, text: str, node: etree._Element) -> None:
        if not text.strip(WHITE):
            self._notes.warning("empty", node, element="circle")
            return
        try:
            lat, lon, radius = read_circle(text)
        except ValueError:
            self._notes.error("circle_form", node, value=short(text))
            return
        if abs(lat) > 90 or abs(lon) > 180:  # noqa: PLR2004 - degrees
            self._notes.error("circle_range", node, value=short(text))
        if radius < 0:
            self._notes.error("circle_negative", node, value=short(text))
        elif radius > HALF_WAY:
            self._notes.warning("circle_great", node, value=short(text))

    def _heights(self, area: Box) -> None:
        """A ceiling MUST NOT stand without an altitude, its lower limit."""
        node = area.at("ceiling")
        low = area.text("altitude")
        if low is None:
            self._notes.error("ceiling_alone", node)
            return
        try:
            below = Decimal((area.text("ceiling") or "").strip(WHITE)) < Decimal(low.strip(WHITE))
        except InvalidOperation:
            return  # not numbers, which is told already
        if below:
            self._notes.warning("ceiling_below", node)


def _within(one: Outline, other: Outline) -> bool:
    """Whether one box lies in the other's and is smaller: a hole is drawn so."""
    return (
        one is not other
        and not other.flags & ol.FORM
        and other.south < one.south
        and one.north < other.north
        and other.west < one.west
        and one.east < other.east
    )


def _inside(text: str, around: str) -> bool:
    """Whether the first point of an outline lies within another."""
    lat, lon = read_ring(split(text)[0])[0]
    return bool(Polygon([(x, y) for y, x in read_ring(around)]).contains(Point(lon, lat)))
