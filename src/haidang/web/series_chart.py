"""One place over time as an SVG: counts, what was expected, the bound, alarms, what is to come.

Every mark differs in shape from the others, so that it reads without colour: counts are bars, what
is still to be reported stands above them hatched by its interval, the expected count is a line, the
bound a dashed one, an alarm a triangle, a forecast a band with its median.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.web.svg import el, text
from haidang.words import word

Height = Callable[[float], float]

WIDTH, HEIGHT = 860.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 46.0, 28.0
INK, SOFT, BAND, MARK = "#12181b", "#8a979c", "#cfd8dc", "#8a1c1c"
LAST: Final = 104
"""Periods that are drawn if nothing is said."""
_TICKS: Final = 4
_NAME: Final = 24.0
"""Height of the line with a place's name on a sheet."""
_DATES: Final = 6


@dataclass(frozen=True)
class _Drawn:
    """What is drawn; arrays along time, NaN where there is nothing."""

    times: NDArray[np.datetime64]
    value: NDArray[np.float64]
    expected: NDArray[np.float64]
    bound: NDArray[np.float64]
    alarm: NDArray[np.bool_]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def draw(
    found: xr.Dataset, place: str, *, ahead: xr.Dataset | None = None, last: int = LAST,
    language: str = "en",
) -> str:  # fmt: skip
    """One place as an SVG document.

    Args:
        found: From ``hd.detect`` or ``hd.nowcast``.
        place: One of its places.
        ahead: From ``hd.forecast``, drawn behind its newest period.
        last: So many of the newest periods.
        language: Of the words.

    Raises:
        BadData: There is no such place; it is neither of these datasets.
    """
    seen = _read(found, place, last)
    later = _ahead(ahead, place)
    times = np.concatenate([seen.times, later[0]])
    tops = [x[np.isfinite(x)] for x in (seen.value, seen.bound, seen.high, later[3])]
    most = max([1.0, *(float(x.max()) for x in tops if x.size)])
    step = _nice(most / _TICKS)
    scale = (HEIGHT - TOP - BOTTOM) / (step * np.ceil(most / step))
    wide = (WIDTH - LEFT - RIGHT) / max(len(times), 1)
    x: NDArray[np.float64] = LEFT + wide * (np.arange(len(times), dtype=np.float64) + 0.5)

    def y(value: float) -> float:
        return float(round(HEIGHT - BOTTOM - scale * value, 1))

    body = [
        *_axes(times, x, step, int(np.ceil(most / step)), y),
        *_bars(seen, x, wide, y),
        _line(x, seen.expected, y, {"stroke": INK, "stroke-width": 1.5}),
        _line(x, seen.bound, y, {"stroke": MARK, "stroke-width": 1.5, "stroke-dasharray": "5 3"}),
        *_fan(x[len(seen.times) :], later, y),
        *_legend(seen, later, language),
    ]
    title = el("title", {}, text(place))
    return el(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH:g} {HEIGHT:g}",
            "role": "img", "font-family": "sans-serif", "font-size": 11, "fill": INK,
        },
        title, el("rect", {"width": WIDTH, "height": HEIGHT, "fill": "#ffffff"}), *body,
    )  # fmt: skip


def sheet(
    found: xr.Dataset, places: Sequence[str], *, last: int = LAST, language: str = "en"
) -> str:
    """Several places one below the other, each under its name, as one SVG document.

    Args:
        found: As for `draw`.
        places: Some of its places, in the order in which they are drawn.
        last: So many of the newest periods.
        language: Of the words.

    Raises:
        BadData: As `draw`.
    """
    each = HEIGHT + _NAME
    parts: list[str] = []
    for i, place in enumerate(places):
        name = {"x": LEFT, "y": each * i + _NAME - 4, "font-size": 14, "font-weight": "bold"}
        parts.append(el("text", name, text(place)))
        box = {"y": each * i + _NAME, "width": WIDTH, "height": HEIGHT}
        parts.append(el("svg", box, draw(found, place, last=last, language=language)))
    high = max(each * len(places), _NAME)
    return el(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH:g} {high:g}",
            "font-family": "sans-serif", "fill": INK,
        },
        el("rect", {"width": WIDTH, "height": high, "fill": "#ffffff"}), *parts,
    )  # fmt: skip


def _read(found: xr.Dataset, place: str, last: int) -> _Drawn:
    if "value" not in found or "place" not in found.coords:
        raise BadData(Problem("watch.not_drawable", field="found"))
    names = [str(p) for p in found["place"].to_numpy()]
    if place not in names:
        known = ", ".join(names[:20])
        raise BadData(
            Problem("watch.no_such_place", {"value": place, "known": known}, field="place")
        )
    one = found.isel(place=names.index(place), time=slice(-last, None))

    def column(name: str) -> NDArray[np.float64]:
        if name not in one:
            return np.full(one.sizes["time"], np.nan)
        return one[name].to_numpy().astype(np.float64)

    judged = "alarm" in one
    low, high = ("nowcast_lower", "nowcast_upper") if judged else ("lower", "upper")
    open_ = np.abs(column("completeness") - 1) > _DONE
    return _Drawn(
        one["time"].to_numpy(), column("value"),
        column("expected") if judged else np.where(open_, column("median"), np.nan),
        column("upper") if judged else np.full(one.sizes["time"], np.nan),
        one["alarm"].to_numpy() if judged else np.zeros(one.sizes["time"], np.bool_),
        np.where(open_, column(low), np.nan), np.where(open_, column(high), np.nan),
    )  # fmt: skip


_DONE: Final = 0.05
"""What is nearer to complete than this is drawn as complete."""

_Ahead = tuple[
    NDArray[np.datetime64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]
]


def _ahead(ahead: xr.Dataset | None, place: str) -> _Ahead:
    """Times, lower end, median and upper end of a forecast; empty where there is none."""
    nothing = np.array([])
    if ahead is None or place not in [str(p) for p in ahead["place"].to_numpy()]:
        return np.array([], "datetime64[ns]"), nothing, nothing, nothing
    one = ahead.isel(place=[str(p) for p in ahead["place"].to_numpy()].index(place), time=-1)
    levels = one["quantile"].to_numpy()
    low, middle, high = (
        one["forecast"].isel(quantile=int(np.argmin(np.abs(levels - q)))).to_numpy()
        for q in (0.05, 0.5, 0.95)
    )
    return one["target"].to_numpy(), low, middle, high


def _axes(
    times: NDArray[np.datetime64], x: NDArray[np.float64], step: float, ticks: int, y: Height
) -> list[str]:
    parts = []
    for i in range(ticks + 1):
        at = y(step * i)
        line = {"x1": LEFT, "x2": WIDTH - RIGHT, "y1": at, "y2": at, "stroke": BAND}
        parts.append(el("line", line))
        label = {"x": LEFT - 6, "y": at + 4, "text-anchor": "end"}
        parts.append(el("text", label, text(f"{step * i:g}")))
    for i in np.unique(np.linspace(0, len(times) - 1, _DATES).astype(int)):
        label = {"x": round(float(x[i]), 1), "y": HEIGHT - 10, "text-anchor": "middle"}
        parts.append(el("text", label, text(str(times[i])[:10])))
    return parts


def _bars(seen: _Drawn, x: NDArray[np.float64], wide: float, y: Height) -> list[str]:
    parts = []
    bar = max(1.0, wide * 0.7)
    for i, value in enumerate(seen.value):
        left = round(float(x[i]) - bar / 2, 1)
        if np.isfinite(value):
            box = {"x": left, "y": y(value), "width": round(bar, 1)}
            height = round(y(0) - y(value), 1)
            parts.append(el("rect", {**box, "height": height, "fill": SOFT}))
        if np.isfinite(seen.high[i]):
            box = {"x": left, "y": y(seen.high[i]), "width": round(bar, 1)}
            height = round(y(seen.low[i]) - y(seen.high[i]), 1)
            parts.append(el("rect", {**box, "height": height, "fill": "none", "stroke": INK}))
        if seen.alarm[i]:
            top, middle = y(value) - 4, round(float(x[i]), 1)
            points = f"{middle},{top} {middle - 4},{top - 7} {middle + 4},{top - 7}"
            parts.append(el("polygon", {"points": points, "fill": MARK}))
    return parts


def _line(
    x: NDArray[np.float64], values: NDArray[np.float64], y: Height, look: dict[str, object]
) -> str:
    """A line that breaks where nothing is known."""
    path, up = "", True
    for at, value in zip(x, values, strict=False):
        if np.isfinite(value):
            path += f"{'M' if up else 'L'}{at:.1f} {y(value)}"
        up = not np.isfinite(value)
    return el("path", {"d": path, "fill": "none", **look}) if path else ""


def _fan(x: NDArray[np.float64], later: _Ahead, y: Height) -> list[str]:
    _, low, middle, high = later
    if not middle.size or not np.isfinite(middle).all():
        return []
    upper = [f"{a:.1f},{y(v)}" for a, v in zip(x, high, strict=True)]
    lower = [f"{a:.1f},{y(v)}" for a, v in zip(x[::-1], low[::-1], strict=True)]
    band = el("polygon", {"points": " ".join([*upper, *lower]), "fill": BAND})
    return [band, _line(x, middle, y, {"stroke": INK, "stroke-width": 2})]


def _legend(seen: _Drawn, later: _Ahead, language: str) -> list[str]:
    """What is there to be seen, in one line above."""
    keys: list[tuple[str, str]] = [("value", el("rect", {"width": 10, "height": 9, "fill": SOFT}))]
    if np.isfinite(seen.high).any():
        box = {"width": 10, "height": 9, "fill": "none", "stroke": INK}
        keys.append(("to_come", el("rect", box)))
    if np.isfinite(seen.expected).any():
        keys.append(("expected", _sample({"stroke": INK, "stroke-width": 1.5})))
    if np.isfinite(seen.bound).any():
        keys.append(("bound", _sample({"stroke": MARK, "stroke-dasharray": "5 3"})))
    if seen.alarm.any():
        keys.append(("alarm", el("polygon", {"points": "5,9 1,2 9,2", "fill": MARK})))
    if later[2].size:
        keys.append(("forecast", el("rect", {"width": 10, "height": 9, "fill": BAND})))
    parts, at = [], LEFT
    for key, mark in keys:
        said = word(f"watch.chart_{key}", language)
        parts.append(el("g", {"transform": f"translate({at:g} 14)"}, mark))
        parts.append(el("text", {"x": at + 15, "y": 23}, text(said)))
        at += 30 + 6.2 * len(said)
    return parts


def _sample(look: dict[str, object]) -> str:
    return el("path", {"d": "M0 5L12 5", **look})


def _nice(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least 1.

    >>> [_nice(s) for s in (0.3, 1.2, 26.0)]
    [1.0, 2.0, 50.0]
    """
    if step <= 1:
        return 1.0
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(power * k for k in _STEPS if power * k >= step))


_STEPS: Sequence[int] = (1, 2, 5, 10)
