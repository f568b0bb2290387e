"""A drawing of forecasts: the newest counts, the median, and the intervals for 50 and 95 %."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
import xarray as xr

from haidang.watch.method import Floats
from haidang.watch.quantile import between
from haidang.watch.table import Grid
from haidang.words import word

MOST: Final = 12
"""Places that are drawn; the largest counts first."""
_BACK: Final = 60
_W, _H, _LEFT, _TOP, _FOOT = 420, 190, 52, 34, 22
_ACROSS: Final = 2


def plot(found: xr.Dataset, grid: Grid, language: str) -> str:
    """An SVG with one panel a place.

    Args:
        found: As ``forecast`` gives it; its newest time is drawn.
        grid: The counts.
        language: ``en`` or ``vi``.
    """
    last = found.isel(time=-1)
    made = last["forecast"].transpose("place", "horizon", "quantile").to_numpy()
    rows = np.flatnonzero(np.isfinite(made).all(axis=(1, 2)))
    size = np.nansum(grid.counts, axis=1)
    rows = rows[np.argsort(-size[rows], kind="stable")][:MOST]
    known = int(np.flatnonzero(grid.calendar.times() == last["time"].to_numpy())[0]) + 1
    begin = max(0, known - _BACK)
    stamps = [str(t)[:10] for t in grid.calendar.times()[begin:known]]
    stamps += [str(t)[:10] for t in last["target"].to_numpy()]
    panels = [
        _panel(grid.places[i], grid.counts[i, begin:known], made[i], found, stamps, n)
        for n, i in enumerate(rows)
    ]
    high = _TOP + -(-max(len(rows), 1) // _ACROSS) * _H
    title = escape(word("cli.forecast_plot", language, model=found.attrs["model"]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_W * _ACROSS} {high}" '
        f'role="img" aria-label="{title}" font-family="sans-serif" font-size="11">\n'
        f"<title>{title}</title>\n"
        f'<rect width="100%" height="100%" fill="#fff"/>\n'
        f'<text x="12" y="20" font-size="13">{title}</text>\n' + "\n".join(panels) + "\n</svg>\n"
    )


def _panel(
    place: str, counts: Floats, made: Floats, found: xr.Dataset, stamps: Sequence[str], n: int
) -> str:
    left = n % _ACROSS * _W + _LEFT
    top = n // _ACROSS * _H + _TOP + 16
    wide, high = _W - _LEFT - 14, _H - _FOOT - 30
    levels = found["quantile"].to_numpy()
    level = {p: between(made, levels, p) for p in (0.025, 0.25, 0.5, 0.75, 0.975)}
    most = max(float(np.nanmax(counts)), float(level[0.975].max()), 1.0)
    ahead = list(range(len(counts), len(counts) + len(made)))

    def at(x: float, value: float) -> str:
        return (
            f"{left + wide * x / max(len(stamps) - 1, 1):.1f},{top + high * (1 - value / most):.1f}"
        )

    def band(low: float, upper: float, fill: str) -> str:
        edge = [at(x, v) for x, v in zip(ahead, level[low], strict=True)]
        edge += [at(x, v) for x, v in zip(ahead[::-1], level[upper][::-1], strict=True)]
        return f'<polygon points="{" ".join(edge)}" fill="{fill}"/>'

    def line(x: Sequence[int], y: Floats, stroke: str) -> str:
        points = " ".join(at(a, b) for a, b in zip(x, y, strict=True) if np.isfinite(b))
        return f'<polyline points="{points}" fill="none" stroke="{stroke}" stroke-width="1.5"/>'

    foot = top + high + 14
    return "\n".join(
        (
            f'<text x="{left}" y="{top - 6}" font-weight="bold">{escape(place)}</text>',
            f'<path d="M{left},{top}V{top + high}H{left + wide}" fill="none" stroke="#888"/>',
            f'<text x="{left - 4}" y="{top + 8}" text-anchor="end">{most:,.4g}</text>',
            f'<text x="{left - 4}" y="{top + high}" text-anchor="end">0</text>',
            f'<text x="{left}" y="{foot}">{stamps[0]}</text>',
            f'<text x="{left + wide}" y="{foot}" text-anchor="end">{stamps[-1]}</text>',
            band(0.025, 0.975, "#cfd8e3"),
            band(0.25, 0.75, "#9fb3c8"),
            line(range(len(counts)), counts, "#222"),
            line(ahead, level[0.5], "#1f5a99"),
        )
    )
