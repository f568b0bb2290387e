"""Readings of one place over time as an SVG that a page holds: measured, forecast, alarm, level.

Every mark differs in shape from the others, so that it reads without colour: what was measured is a
line with full dots, a forecast a hollow diamond, the newest forecast a dashed line, an alarm level
a thin line with its name, the level that stood a strip at the foot with its number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from haidang.web.speak import Speaker
from haidang.web.svg import LIGHT, el, ink_on, text

WIDTH, HEIGHT = 720.0, 230.0
LEFT, RIGHT, TOP, BOTTOM, STRIP = 56.0, 84.0, 12.0, 24.0, 18.0
_TICKS: Final = 4
_DATES: Final = 6
_STEPS_H: Final = (1, 2, 3, 6, 12, 24, 48, 72, 120, 168, 336, 720, 1440, 2160, 4320, 8760, 17520)
_DAY_H: Final = 24
_STEP_FROM_H: Final = 6
_NUMBER: Final = 14.0
"""A piece of the strip narrower than this has no room for its number."""


@dataclass(frozen=True, slots=True)
class Point:
    """One reading.

    Attributes:
        at: When it begins to hold.
        value: In the indicator's unit.
        title: All of it in words.
    """

    at: datetime
    value: float
    title: str


@dataclass(frozen=True, slots=True)
class Span:
    """A level that stood for some time; 0 none.

    Attributes:
        colour: That the law gives it, "" where it gives none.
        title: All of it in words.
    """

    begin: datetime
    end: datetime
    level: int
    colour: str
    title: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn.

    Attributes:
        name: What the picture shows, in words.
        measured: The oldest first.
        forecast: Every forecast that was made, also those that were measured in the end.
        ahead: The newest forecasts of times to come, drawn on from what was measured.
        lines: (name, value): alarm levels.
        spans: Levels that stood, one after the other.
        period_h: What one reading covers, h; 0 an instant.
        gap_h: Instants that lie further apart are not joined: nobody knows what was between.
        marks: Names of the values of a category, from 1 on; empty for a number.
        now: The clock of a desk; None of a report.
    """

    name: str
    measured: tuple[Point, ...]
    forecast: tuple[Point, ...] = ()
    ahead: tuple[Point, ...] = ()
    lines: tuple[tuple[str, float], ...] = ()
    spans: tuple[Span, ...] = ()
    period_h: float = 0
    gap_h: float = math.inf
    marks: tuple[str, ...] = ()
    now: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether there is no reading to draw."""
        return not (self.measured or self.forecast)


@dataclass(frozen=True, slots=True)
class _Frame:
    first: datetime
    last: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        whole = (self.last - self.first) / timedelta(hours=1)
        share = (at - self.first) / timedelta(hours=1) / whole
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - STRIP - share * (HEIGHT - TOP - BOTTOM - STRIP), 1)


def draw(of: Drawing, say: Speaker) -> str:
    """The picture as an ``svg`` element; its colours are those of the page around it.

    Args:
        of: At least one reading.
        say: Numbers and days.
    """
    step = _step(of)
    frame = _frame(of, step)
    # A reading of a few hours is as good as an instant where days are drawn.
    period = timedelta(hours=of.period_h if of.period_h >= _STEP_FROM_H else 0)
    gap = timedelta.max if math.isinf(of.gap_h) else timedelta(hours=of.gap_h)
    body = [
        *_scale(of, frame, step, say),
        *_days(frame, say),
        *_alarms(of, frame),
        *_strip(of, frame),
        _joined(of.measured, frame, period, gap, "rl"),
        _joined((*of.measured[-1:], *of.ahead), frame, period, timedelta.max, "rl ra")
        if of.ahead
        else "",
        *(_diamond(p, frame) for p in of.forecast),
        *(_dot(p, frame) for p in of.measured),
    ]
    if of.now is not None and frame.first <= of.now <= frame.last:
        at = frame.x(of.now)
        body.append(_rule(at, at, TOP, HEIGHT - BOTTOM, "rn"))
    box = {
        "class": "rc", "viewBox": f"0 0 {WIDTH:g} {HEIGHT:g}", "role": "img",
        "aria-label": of.name,
    }  # fmt: skip
    return el("svg", box, *body)


def _frame(of: Drawing, step: float) -> _Frame:
    points = (*of.measured, *of.forecast)
    times = [p.at for p in points]
    times += [p.at + timedelta(hours=of.period_h) for p in points]
    times += [t for s in of.spans for t in (s.begin, s.end)]
    first, last = min(times), max(times)
    if first == last:
        last = first + timedelta(hours=1)
    values = [p.value for p in points] + [v for _, v in of.lines]
    if of.marks:
        return _Frame(first, last, 0.0, float(len(of.marks)) + 0.5)
    low, high = step * math.floor(min(values) / step), step * math.ceil(max(values) / step)
    return _Frame(first, last, low, high if high > low else low + step)


def _step(of: Drawing) -> float:
    if of.marks:
        return 1.0
    values = [p.value for p in (*of.measured, *of.forecast)] + [v for _, v in of.lines]
    return nice((max(values) - min(values)) / _TICKS)


def nice(step: float) -> float:
    """1, 2 or 5 times a power of ten that is no less; 1 where nothing varies.

    >>> [nice(s) for s in (0.0, 0.03, 0.3, 1.2, 26.0)]
    [1.0, 0.05, 0.5, 2.0, 50.0]
    """
    if step <= 0:
        return 1.0
    power = math.floor(math.log10(step))
    for k in (1, 2, 5, 10):
        found = float(f"{k}e{power}")
        if found >= step:
            return found
    return float(f"1e{power + 1}")


def _scale(of: Drawing, frame: _Frame, step: float, say: Speaker) -> list[str]:
    out = []
    count = round((frame.high - frame.low) / step)
    digits = max(0, -math.floor(math.log10(step)))
    for i in range(count + 1):
        value = frame.low + i * step
        if of.marks and not 1 <= value <= len(of.marks):
            continue
        at = frame.y(value)
        out.append(_rule(LEFT, WIDTH - RIGHT, at, at, "rg"))
        said = of.marks[round(value) - 1] if of.marks else say.number(value, digits)
        out.append(_label(LEFT - 6, at + 4, said, "end"))
    return out


def _days(frame: _Frame, say: Speaker) -> list[str]:
    """Hours, or days, on the country's clock: round ones, few enough to be read."""
    hours = (frame.last - frame.first) / timedelta(hours=1)
    step = next((s for s in _STEPS_H if hours / s <= _DATES), _STEPS_H[-1])
    local = frame.first.astimezone(say.zone)
    at = local.replace(hour=0, minute=0, second=0, microsecond=0)
    out = []
    while at <= frame.last:
        if at >= frame.first:
            said = say.day(at) if step >= _DAY_H else say.short(at)
            out.append(_label(frame.x(at), HEIGHT - 6, said, "middle"))
        at += timedelta(hours=step)
    return out


def _alarms(of: Drawing, frame: _Frame) -> list[str]:
    out, free = [], math.inf
    for name, value in sorted(of.lines, key=lambda x: x[1]):
        at = frame.y(value)
        out.append(_rule(LEFT, WIDTH - RIGHT, at, at, "rb"))
        # Two names must not lie on one another; the line stays where it is.
        free = min(at, free - 12)
        out.append(_label(WIDTH - RIGHT + 5, free + 4, name, "start"))
    return out


def _strip(of: Drawing, frame: _Frame) -> list[str]:
    out = []
    top = HEIGHT - BOTTOM - STRIP + 3
    for span in of.spans:
        if not span.level:
            continue
        left, right = frame.x(span.begin), frame.x(span.end)
        wide = round(max(right - left, 1.5), 1)
        box = {"x": left, "y": top, "width": wide, "height": STRIP - 4, "class": "rs"}
        colour = span.colour or LIGHT
        inside = el("rect", {**box, "fill": colour})
        if wide >= _NUMBER:
            light = ink_on(colour) == LIGHT
            middle = {
                "x": round(left + wide / 2, 1), "y": top + 11, "text-anchor": "middle",
                "class": "rk rkl" if light else "rk",
            }  # fmt: skip
            inside += el("text", middle, text(str(span.level)))
        out.append(el("g", {}, el("title", {}, text(span.title)), inside))
    return out


def _joined(
    points: Sequence[Point], frame: _Frame, period: timedelta, gap: timedelta, look: str
) -> str:
    """A line through instants; over periods a step for each, as long as it holds."""
    if not points:
        return ""
    if not period:
        path, before = "", None
        for p in points:
            join = before is not None and p.at - before <= gap
            path += f"{'L' if join else 'M'}{frame.x(p.at)} {frame.y(p.value)}"
            before = p.at
        return el("path", {"d": path, "class": look})
    path = ""
    for p in points:
        y = frame.y(p.value)
        path += f"M{frame.x(p.at)} {y}H{frame.x(p.at + period)}"
    for a, b in pairwise(points):
        if b.at - a.at <= period:
            path += f"M{frame.x(b.at)} {frame.y(a.value)}V{frame.y(b.value)}"
    return el("path", {"d": path, "class": look})


def _dot(point: Point, frame: _Frame) -> str:
    at = {"cx": frame.x(point.at), "cy": frame.y(point.value), "r": 2.6, "class": "rd"}
    return el("circle", at, el("title", {}, text(point.title)))


def _diamond(point: Point, frame: _Frame) -> str:
    x, y = frame.x(point.at), frame.y(point.value)
    shape = {"d": f"M{x} {y - 4.5:.1f}l4.5 4.5l-4.5 4.5l-4.5 -4.5z", "class": "rf"}
    return el("path", shape, el("title", {}, text(point.title)))


def _rule(x1: float, x2: float, y1: float, y2: float, look: str) -> str:
    return el("line", {"x1": x1, "x2": x2, "y1": y1, "y2": y2, "class": look})


def _label(x: float, y: float, said: str, anchor: str) -> str:
    where = {"x": round(x, 1), "y": round(y, 1), "text-anchor": anchor, "class": "rt"}
    return el("text", where, text(said))
