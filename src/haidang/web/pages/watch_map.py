"""Where signals lie: a small map in shades that are no level's, with the number written in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import shapely

from haidang.web import svg

WIDTH: Final = 320.0
"""Pixels."""

ROOM: Final = 0.3
"""Around everything, degrees."""

MANY: Final = 300
"""So many points lie as dust in one path; only those with something to tell have words."""

SHADES: Final = ((1, "w1"), (2, "w2"), (3, "w3"))
"""From so many signals on, this shade."""

TALLEST: Final = 520.0


@dataclass(frozen=True, slots=True)
class Told:
    """What a place shows.

    Attributes:
        count: Signals to look at.
        blind: Whether nothing is known of it.
        title: All of it in words.
        href: Where it leads, "" for nowhere.
        label: What is written in it; "" is the count, where there is any.
        tone: Class of its shade; "" goes by the count.
    """

    count: int
    blind: bool
    title: str
    href: str
    label: str = ""
    tone: str = ""

    @property
    def said(self) -> str:
        """What is written in it."""
        return self.label or (str(self.count) if self.count else "")

    @property
    def shade(self) -> str:
        """Class of its shade."""
        return self.tone or shade(self.count)


def shade(count: int) -> str:
    """Class of so many signals.

    >>> shade(0), shade(2), shade(7)
    ('w0', 'w2', 'w3')
    """
    return next((name for least, name in reversed(SHADES) if count >= least), "w0")


def draw(
    of: svg.Ground,
    told: Mapping[str, Told],
    title: str,
    description: str,
    labels: Mapping[str, str] | None = None,
) -> str:
    """The map as an ``<svg>`` element.

    Args:
        of: What lies on the ground.
        told: By code; a place that is not in it is not watched.
        title: What it is.
        description: What it shows.
        labels: Names that are written beside points, by code.
    """
    bounds = svg.around([a.bounds for a in of.areas], ROOM)
    through = svg.Window("wm", bounds, WIDTH, of.parallel, {})
    if through.height > TALLEST:
        through = svg.Window("wm", bounds, WIDTH * TALLEST / through.height, of.parallel, {})
    shapes = [a for a in of.areas if a.shape is not None and not a.dashed]
    points = [a for a in of.areas if a.shape is None]
    body = (
        svg.el("defs", {}, _hatch(through)),
        svg.el("g", {"transform": through.transform()}, *(_area(of, a, told) for a in shapes))
        if shapes
        else "",
        _points(through, points, told),
        _labels(through, points, labels or {}),
        _numbers(through, shapes, told),
    )
    head = svg.el("title", {"id": "wm-t"}, svg.text(title))
    head += svg.el("desc", {"id": "wm-d"}, svg.text(description))
    return svg.el(
        "svg",
        {
            "viewBox": f"0 0 {round(through.width)} {round(through.height)}", "role": "group",
            "aria-labelledby": "wm-t wm-d",
        },
        head, *(b for b in body if b),
    )  # fmt: skip


def _hatch(through: svg.Window) -> str:
    # Laid in the space of the shape, which the window has scaled: that is undone.
    return svg.el(
        "pattern",
        {
            "id": "wm-x", "width": 5, "height": 5, "patternUnits": "userSpaceOnUse",
            "patternTransform": f"scale({1 / through.scale:.4f}) rotate(45)",
        },
        svg.el("rect", {"class": "ndf", "width": 5, "height": 5}),
        svg.el("path", {"class": "ndk", "d": "M0 0v5"}),
    )  # fmt: skip


def _area(of: svg.Ground, area: svg.Area, told: Mapping[str, Told]) -> str:
    assert area.shape is not None
    one = told.get(area.code)
    look: dict[str, object] = {"class": f"ar {one.shade if one else 'wx'}"}
    if one is not None and one.blind and not one.count:
        look = {"class": "ar", "fill": "url(#wm-x)"}
    path = {**look, "d": svg.outline(of, area.shape)}
    return _linked(one, svg.el("path", path, *_title(one)))


def _title(one: Told | None) -> list[str]:
    return [svg.el("title", {}, svg.text(one.title))] if one is not None else []


def _linked(one: Told | None, inside: str) -> str:
    if one is None or not one.href:
        return inside
    return svg.el("a", {"href": one.href, "aria-label": one.title}, inside)


def _points(through: svg.Window, points: Sequence[svg.Area], told: Mapping[str, Told]) -> str:
    """Squares; islands that no outline shows, or communes by the thousand."""
    dust: dict[str, list[str]] = {"": [], "blind": []}
    out = []
    size = 6 if len(points) < MANY else 3
    for area in points:
        assert area.point is not None
        x, y = (round(v - size / 2) for v in through.xy(*area.point))
        one = told.get(area.code)
        if one is not None and one.count:
            big = size + 3
            square = svg.el(
                "rect",
                {"class": f"isle {shade(one.count)}", "x": x - 1, "y": y - 1, "width": big,
                 "height": big},
                *_title(one),
            )  # fmt: skip
            out.append(_linked(one, square))
        elif len(points) < MANY:
            name = "isle blind" if one is not None and one.blind else "isle w0"
            place = {"class": name, "x": x, "y": y, "width": size, "height": size}
            out.append(_linked(one, svg.el("rect", place, *_title(one))))
        else:
            kind = "blind" if one is not None and one.blind else ""
            dust[kind].append(f"M{x} {y}h{size}v{size}h-{size}z")
    laid = [
        svg.el("path", {"class": f"isle {kind or 'w0'}", "d": "".join(sorted(set(d)))})
        for kind, d in dust.items()
        if d
    ]
    return "".join((*laid, *out))


def _labels(through: svg.Window, points: Sequence[svg.Area], labels: Mapping[str, str]) -> str:
    out = []
    for area in points:
        if area.code not in labels or area.point is None:
            continue
        x, y = through.xy(*area.point)
        # Two words to a line, and the whole of it inside the frame.
        lines = _wrapped(labels[area.code])
        half = max(len(line) for line in lines) * _LETTER / 2
        x = min(max(x, half + 2), through.width - half - 2)
        first = (
            y + 16 if y + 16 + 12 * len(lines) < through.height else y - 8 - 12 * (len(lines) - 1)
        )
        for i, line in enumerate(lines):
            at = {"class": "lab b", "x": round(x), "y": round(first) + 12 * i}
            out.append(svg.el("text", {**at, "text-anchor": "middle"}, svg.text(line)))
    return svg.el("g", {}, *out) if out else ""


_LETTER: Final = 5.6
"""Width of a letter, pixels."""


def _wrapped(name: str) -> list[str]:
    words = name.split()
    half = (len(words) + 1) // 2
    return [name] if len(name) < 14 else [" ".join(words[:half]), " ".join(words[half:])]  # noqa: PLR2004


def _numbers(through: svg.Window, shapes: Sequence[svg.Area], told: Mapping[str, Told]) -> str:
    """How many, where there are any: the shade alone would not do."""
    out = []
    for area in shapes:
        one = told.get(area.code)
        if one is None or not one.said or area.shape is None:
            continue
        middle = shapely.point_on_surface(area.shape)
        x, y = through.xy(middle.y, middle.x)
        if math.isfinite(x) and math.isfinite(y):
            at = {"class": f"wn n{one.shade}", "x": round(x), "y": round(y) + 4}
            out.append(svg.el("text", at, svg.text(one.said)))
    return svg.el("g", {"aria-hidden": "true"}, *out) if out else ""
