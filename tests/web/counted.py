"""An invented nation that is counted by week, with reports that come late; no store, no files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from haidang.app.context import AreaName, Context
from haidang.data.observations import Observation
from haidang.edge.store.store import Store
from haidang.jobs.replay import prepare
from haidang.jobs.watch_view import Watched, read
from haidang.pack.case import load_case
from haidang.pack.load import roots
from haidang.watch.spec import CountsWatch, Indicator
from haidang.web.watching import Known, Watching, land

TOY = Path(__file__).parents[1] / "toy"
NOW: Final = datetime(2030, 6, 12, 3, tzinfo=UTC)
"""A Wednesday; the newest whole week began on 3 June."""

NEWEST: Final = date(2030, 6, 3)
SHARES: Final = (0.5, 0.8, 0.95, 1.0)
"""Of a week, known one, two, three and four weeks after it began."""


@cache
def toy() -> Context:
    """Country, law and pack of the toy fever."""
    known = roots([TOY])
    return prepare(load_case("fever-2030", known), known)


def indicator(name: str, method: str = "farrington_flexible", last: int = 4) -> Indicator:
    """An indicator by week."""
    return Indicator(
        title={"en": f"Weekly {name}", "vi": f"{name} theo tuần"},
        unit={"en": "cases", "vi": "ca"},
        case_definition={"en": "All that is told.", "vi": "Mọi ca được báo cáo."},
        period="week", method=method, last=last, stale_after_d=21,
    )  # fmt: skip


def context(indicators: Mapping[str, Indicator], places: int) -> Context:
    """The toy country with so many more places, points on a grid; N and S are among them."""
    bare = toy()
    watch = CountsWatch(
        kind="counts", indicators=indicators, leads=next(iter(indicators)), completeness_min=0.8,
        suppress_below=5, source="invented",
    )  # fmt: skip
    more = {
        f"p{i:04d}": AreaName(
            f"p{i:04d}", "point", {"en": f"Place {i}", "vi": f"Xã {i}"}, None,
            (8.0 + (i % 60) * 0.15, 103.0 + (i // 60) * 0.3),
        )
        for i in range(max(0, places - len(bare.named)))
    }  # fmt: skip
    codes = (*bare.areas.codes, *more)
    kinds = (*bare.areas.kinds, *("point" for _ in more))
    categories = (*bare.areas.categories, *(bare.areas.categories[0] for _ in more))
    areas = replace(bare.areas, codes=codes, kinds=kinds, categories=categories)
    pack = replace(bare.pack, threat=bare.pack.threat.model_copy(update={"watch": watch}))
    return replace(bare, areas=areas, pack=pack, named={**bare.named, **more})


def weeks(count: int) -> list[date]:
    """First days of so many weeks, the newest last."""
    return [NEWEST - timedelta(days=7 * i) for i in range(count - 1, -1, -1)]


def counts(places: int, periods: int, seed: int = 1, mean: float = 12.0) -> np.ndarray:
    """Poisson counts with a season, (place, week)."""
    made = np.random.default_rng(seed)
    level = made.gamma(4.0, mean / 4.0, places)
    season = 1 + 0.5 * np.sin(2 * np.pi * np.arange(periods) / 52.18)
    return made.poisson(level[:, None] * season[None, :]).astype(np.float64)


def reports(
    name: str, codes: Iterable[str], table: np.ndarray, late: int = 0
) -> tuple[Observation, ...]:
    """Every week as it was reported; NaN is not. The newest ``late`` weeks came in bit by bit."""
    days = weeks(table.shape[1])
    rows = []
    for code, values in zip(codes, table, strict=True):
        for i, (day, value) in enumerate(zip(days, values, strict=True)):
            if np.isnan(value):
                continue
            began = datetime(day.year, day.month, day.day, tzinfo=toy().zone)
            bits = SHARES if i >= len(days) - late else SHARES[-1:]
            for k, share in enumerate(bits, 1):
                said = began + timedelta(days=7 * k + 1)
                if said <= NOW or len(bits) == 1:
                    said = min(said, NOW)
                    rows.append((said, code, began, float(np.floor(share * value))))
    rows.sort(key=lambda r: r[0])
    return tuple(
        Observation(f"fever/{name}", code, began, value, "cases", "", said, said, n, "invented")
        for n, (said, code, began, value) in enumerate(rows, 1)
    )


@dataclass
class Told:
    """What a store would give."""

    rows: tuple[Observation, ...]

    def observations(self, at: datetime, series: Collection[str]) -> tuple[Observation, ...]:
        wanted = set(series)
        return tuple(r for r in self.rows if r.received <= at and r.series in wanted)


def watched(of: Context, rows: tuple[Observation, ...], at: datetime = NOW) -> Watched:
    """What was known of the nation."""
    return read(cast(Store, Told(rows)), of, at)


def view(known: Watched, **more: Any) -> Watching:
    """A look at it."""
    country = known.context.country.places
    day = date(2030, 1, 1)
    outlines = {
        code: country.outlines_on("province", day)[code]
        for code, area in known.places.items()
        if area.rings is not None
    }
    where = land(known.places, outlines)
    return Watching("desk", {"en": "Desk"}, known.at, Known(known, where), (), "", **more)
