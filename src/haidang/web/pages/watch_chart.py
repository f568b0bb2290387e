"""A series as SVG: what was received, what is usual, the bound, alarms, and what is still open.

An alarm is a triangle, a gap is a cross, a period that is still being filled lies under hatching:
none of them is told by colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from haidang.web import svg

LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 16.0, 34.0
"""Around the plot, pixels: room for the numbers and the names of the periods."""

LINES: Final = 5
"""Lines across at most, the lowest included."""

HIGHEST: Final = 2.5
"""A bound that is so many times higher than every count would flatten them: it is cut."""

SPARK: Final = (112.0, 26.0)


@dataclass(frozen=True, slots=True)
class Point:
    """One period.

    Attributes:
        start: Its first day.
        tick: Its name along the axis.
        value, expected, upper: NaN where there is none.
        alarm: Whether it is an alarm.
        late: Whether it is still being filled.
        low, middle, high: How many there will be; NaN where that is not known or nothing is open.
        title: All of it in words.
    """

    start: date
    tick: str
    value: float
    expected: float
    upper: float
    alarm: bool
    late: bool
    low: float
    middle: float
    high: float
    title: str


@dataclass(frozen=True, slots=True)
class Said:
    """Words in a chart.

    Attributes:
        title: What it is.
        description: What it shows.
        late: Label of the hatched periods; "" where there are none.
    """

    title: str
    description: str
    late: str


def nice(top: float) -> float:
    """Distance of the lines across for counts up to ``top``: 1, 2 or 5 times a power of ten.

    >>> nice(234), nice(4), nice(0)
    (50.0, 1.0, 1.0)
    """
    if not top > LINES - 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(top / (LINES - 1)))
    steps = (power * k for k in (1, 2, 5, 10, 20))
    return next(s for s in steps if math.ceil(top / s) < LINES + 1)


def highest(points: Sequence[Point]) -> float:
    """The count at the upper edge of the plot; never 0."""

    def most(values: Iterable[float]) -> float:
        return max((v for v in values if math.isfinite(v)), default=0.0)

    counts = most(v for p in points for v in (p.value, p.expected, p.high))
    bound = most(p.upper for p in points)
    return max(counts, min(bound, HIGHEST * counts), 1.0)


@dataclass(frozen=True)
class _Plot:
    """Where things lie."""

    count: int
    top: float
    width: float
    height: float

    @property
    def step(self) -> float:
        return (self.width - LEFT - RIGHT) / max(1, self.count - 1)

    def x(self, i: float) -> float:
        return LEFT + (self.step * i if self.count > 1 else (self.width - LEFT - RIGHT) / 2)

    def y(self, value: float) -> float:
        share = min(max(value / self.top, 0.0), 1.0)
        return self.height - BOTTOM - share * (self.height - TOP - BOTTOM)


def draw(
    ident: str, points: Sequence[Point], said: Said, number: Callable[[float], str],
    width: float = 860.0, height: float = 300.0,
) -> str:  # fmt: skip
    """A series as an ``<svg>`` element.

    Args:
        ident: Unique in the document.
        points: Oldest first, at least one.
        said: Its words.
        number: How counts are written.
        width: Pixels.
        height: Pixels.
    """
    step = nice(highest(points))
    plot = _Plot(len(points), step * math.ceil(highest(points) / step), width, height)
    body = (
        _hatch(ident), *_across(plot, step, number), *_below(plot, points),
        *_open(plot, points, said, ident), *_usual(plot, points), *_lines(plot, points),
        *_expected_later(plot, points), *_marks(plot, points),
    )  # fmt: skip
    head = svg.el("title", {"id": f"{ident}-t"}, svg.text(said.title))
    head += svg.el("desc", {"id": f"{ident}-d"}, svg.text(said.description))
    return svg.el(
        "svg",
        {
            "viewBox": f"0 0 {width:g} {height:g}", "role": "img", "class": ident,
            "aria-labelledby": f"{ident}-t {ident}-d",
        },
        head, *(b for b in body if b),
    )  # fmt: skip


def _hatch(ident: str) -> str:
    line = svg.el("path", {"class": "ndk", "d": "M0 0v7"})
    size = {"width": 7, "height": 7, "patternUnits": "userSpaceOnUse"}
    turned = {"id": f"{ident}-h", **size, "patternTransform": "rotate(45)"}
    return svg.el("defs", {}, svg.el("pattern", turned, line))


def _across(plot: _Plot, step: float, number: Callable[[float], str]) -> list[str]:
    out = []
    for k in range(round(plot.top / step) + 1):
        y = round(plot.y(k * step), 1)
        out.append(svg.el("path", {"class": "gr", "d": f"M{LEFT:g} {y:g}H{plot.width - RIGHT:g}"}))
        at = {"class": "tickl", "x": LEFT - 8, "y": y + 4, "text-anchor": "end"}
        out.append(svg.el("text", at, svg.text(number(k * step))))
    return out


def _below(plot: _Plot, points: Sequence[Point]) -> list[str]:
    most = max(2, int(plot.width // 96))
    every = max(1, math.ceil(len(points) / most))
    out = []
    base = plot.height - BOTTOM
    for i in range((len(points) - 1) % every, len(points), every):
        x = round(plot.x(i), 1)
        out.append(svg.el("path", {"class": "axis", "d": f"M{x:g} {base:g}v4"}))
        half = len(points[i].tick) * 3.2
        x = min(max(x, half), plot.width - half)
        at = {"class": "tickl", "x": round(x, 1), "y": base + 18, "text-anchor": "middle"}
        out.append(svg.el("text", at, svg.text(points[i].tick)))
    return out


def _open(plot: _Plot, points: Sequence[Point], said: Said, ident: str) -> list[str]:
    """Hatching behind the periods that are still being filled."""
    late = [i for i, p in enumerate(points) if p.late]
    if not late:
        return []
    left = max(LEFT, plot.x(late[0] - 0.5))
    box = {
        "class": "late", "x": round(left, 1), "y": TOP, "width": plot.width - RIGHT - left,
        "height": plot.height - TOP - BOTTOM, "fill": f"url(#{ident}-h)",
    }  # fmt: skip
    at = {"class": "ann", "x": round(left - 6, 1), "y": TOP + 11, "text-anchor": "end"}
    return [svg.el("rect", box), svg.el("text", at, svg.text(said.late))]


def _runs(points: Sequence[Point], of: Callable[[Point], float]) -> list[list[int]]:
    """Stretches without a gap."""
    out: list[list[int]] = [[]]
    for i, point in enumerate(points):
        if math.isfinite(of(point)):
            out[-1].append(i)
        elif out[-1]:
            out.append([])
    return [run for run in out if run]


def _line(plot: _Plot, run: Sequence[int], values: Sequence[float]) -> str:
    at = " ".join(f"{plot.x(i):.0f} {plot.y(v):.1f}" for i, v in zip(run, values, strict=True))
    return f"M{at}"


def _usual(plot: _Plot, points: Sequence[Point]) -> list[str]:
    """From what is usual to the bound, and both lines."""
    out = []
    for run in _runs(points, lambda p: p.expected + p.upper):
        up = _line(plot, run, [points[i].upper for i in run])
        down = _line(plot, run[::-1], [points[i].expected for i in run[::-1]])
        out.append(svg.el("path", {"class": "band", "d": f"{up}L{down[1:]}z"}))
    for name, of in (("exp", _expected), ("thr", _upper)):
        d = "".join(_line(plot, r, [of(points[i]) for i in r]) for r in _runs(points, of))
        out.append(svg.el("path", {"class": name, "d": d}) if d else "")
    return out


def _expected(point: Point) -> float:
    return point.expected


def _upper(point: Point) -> float:
    return point.upper


def _value(point: Point) -> float:
    return point.value


def _lines(plot: _Plot, points: Sequence[Point]) -> list[str]:
    runs = _runs(points, _value)
    d = "".join(_line(plot, r, [points[i].value for i in r]) for r in runs)
    out = [svg.el("path", {"class": "ser", "d": d})] if d else []
    out += [_dot(plot, r[0], points[r[0]].value) for r in runs if len(r) == 1]
    base = plot.height - BOTTOM
    for i, point in enumerate(points):
        if math.isnan(point.value):
            x = round(plot.x(i), 1)
            cross = {"class": "gapx", "d": f"M{x - 3:g} {base - 9:g}l6 6m0-6l-6 6"}
            out.append(svg.el("path", cross, svg.el("title", {}, svg.text(point.title))))
    return out


def _dot(plot: _Plot, i: int, value: float) -> str:
    return svg.el(
        "circle",
        {"class": "pt", "cx": round(plot.x(i), 1), "cy": round(plot.y(value), 1), "r": 3},
    )


def _expected_later(plot: _Plot, points: Sequence[Point]) -> list[str]:
    """How many there will be: a dashed line and, at each period, from low to high."""
    late = [i for i, p in enumerate(points) if math.isfinite(p.middle)]
    if not late:
        return []
    line = [p for p in (late[0] - 1,) if p >= 0 and math.isfinite(points[p].value)]
    path = [*line, *late]
    middles = [points[i].middle if i in late else points[i].value for i in path]
    out = [svg.el("path", {"class": "nc", "d": _line(plot, path, middles)})]
    for i in late:
        x, low, high = plot.x(i), plot.y(points[i].low), plot.y(points[i].high)
        d = f"M{x:.0f} {low:.1f}V{high:.1f}M{x - 4:.0f} {low:.1f}h8M{x - 4:.0f} {high:.1f}h8"
        out.append(svg.el("path", {"class": "nci", "d": d}))
    return out


def _marks(plot: _Plot, points: Sequence[Point]) -> list[str]:
    out = []
    for i, point in enumerate(points):
        if not point.alarm or math.isnan(point.value):
            continue
        x, y = round(plot.x(i), 1), round(plot.y(point.value), 1)
        out.append(_dot(plot, i, point.value))
        mark = {"class": "al", "d": f"M{x:g} {max(y - 15, 1):g}l5 8h-10z"}
        out.append(svg.el("path", mark, svg.el("title", {}, svg.text(point.title))))
    if points and math.isfinite(points[-1].value):
        out.append(_dot(plot, len(points) - 1, points[-1].value))
    return out


def spark(values: Sequence[float]) -> str:
    """A small chart in a row of a table; it says nothing that the row does not."""
    told = [v for v in values if math.isfinite(v)]
    width, height = SPARK
    top = max(told, default=0.0) or 1.0
    step = (width - 12) / max(1, len(values) - 1)
    at = [(6 + i * step, height - 3 - v / top * (height - 6)) for i, v in enumerate(values)]
    d, pen = "", "M"
    for (x, y), value in zip(at, values, strict=True):
        if math.isnan(value):
            pen = "M"
            continue
        d += f"{pen}{x:.0f} {y:.0f}"
        pen = "L"
    if not d:
        return ""
    last = max(i for i, v in enumerate(values) if math.isfinite(v))
    end = {"class": "pt", "cx": round(at[last][0]), "cy": round(at[last][1]), "r": 3}
    return svg.el(
        "svg", {"class": "spark", "viewBox": f"0 0 {width:g} {height:g}", "aria-hidden": "true"},
        svg.el("path", {"class": "ser", "d": d}), svg.el("circle", end),
    )  # fmt: skip
