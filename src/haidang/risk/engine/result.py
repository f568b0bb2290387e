"""What an event set does to what is exposed: by event, point, place, category; often or likely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from haidang.base.errors import BadData, Unavailable
from haidang.base.problem import Problem
from haidang.risk.engine.events import EventSet
from haidang.risk.engine.exceedance import Between, asked, at_return_periods, curve
from haidang.risk.engine.exposed import Exposed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Impacts:
    """Impact by event and by point.

    Every sum is **NaN where a part of it is unknown**; with ``known=True`` it is the sum of what
    is known, a lower bound. An event that reaches nothing exposed is a finding and has no number
    of its own; in frequencies and quantiles it counts as an event that does nothing here.

    Attributes:
        events: Names, frequencies and dates of the events; their cells are not kept.
        exposed: What stands at the points.
        known_at_event: Sum over the points whose loss is known, (category, event).
        unknown_at_event: Points whose loss is not known, (category, event).
        reached: Assets that the event reaches, (event,).
        share: Mean over the events, weighted, of the share lost, (category, point).
        blind: Weight of the events whose share is unknown at the point, (category, point);
            infinite where no point of the event set tells of the asset.
        findings: What is missing or outside.
    """

    events: EventSet
    exposed: Exposed
    known_at_event: Floats
    unknown_at_event: Ints
    reached: Ints
    share: Floats
    blind: Floats
    findings: tuple[Problem, ...]

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the rows."""
        return self.exposed.categories

    # --- by event ---------------------------------------------------------------------------

    def at_event(self, category: str, *, known: bool = False) -> Floats:
        """Impact of each event or member, (event,).

        NaN for an event that reaches nothing exposed (``known``: 0), and where a part is unknown.
        """
        k = self.exposed.index(category)
        if known:
            return np.array(self.known_at_event[k])
        return np.where(self.reached == 0, np.nan, self._done(k))

    def _done(self, k: int) -> Floats:
        """As events that come: those that reach nothing do nothing; all NaN if all do."""
        lone = np.isinf(self.blind[k]) & ~(self.exposed.values[k] == 0)
        blind = (self.unknown_at_event[k] > 0) | lone.any() | (not self.reached.any())
        return np.where(blind, np.nan, self.known_at_event[k])

    # --- by point ---------------------------------------------------------------------------

    def per_point(self, category: str, *, known: bool = False) -> Floats:
        """Mean impact by point, (point,): expected in a year, or the mean over the members.

        NaN where a share or the value is unknown; 0 where nothing stands.
        """
        k = self.exposed.index(category)
        value = self.exposed.values[k]
        with np.errstate(invalid="ignore"):
            mean = np.where(self.share[k] == 0, 0.0, value * self.share[k])
        if known:
            return np.nan_to_num(mean)
        return np.where((self.blind[k] > 0) & (value != 0), np.nan, mean)

    def by_place(self, category: str, *, known: bool = False) -> pd.Series:
        """Mean impact by place, indexed by its code; "" are the points outside every place."""
        mean = self.per_point(category, known=known)
        sums = np.bincount(self.exposed.place + 1, mean, minlength=len(self.exposed.places) + 1)
        index = pd.Index(["", *self.exposed.places], name="place")
        found = pd.Series(sums, index, name=category)
        return found if (self.exposed.place < 0).any() else found.iloc[1:]

    # --- over all -----------------------------------------------------------------------------

    def expected(self, category: str, *, known: bool = False) -> float:
        """Expected impact a year; of an ensemble the mean over its members.

        NaN where a part is unknown, and of a set without events.
        """
        k = self.exposed.index(category)
        if not known and not len(self.events):
            return float("nan")
        done = self.known_at_event[k] if known else self._done(k)
        return float(np.dot(done, self.events.weight))

    def return_periods(
        self, category: str, years: ArrayLike, between: Between = "linear", *, known: bool = False
    ) -> Floats:
        """Impact that is reached or exceeded once in so many years; NaN outside the set's range.

        Raises:
            BadData: The set has no frequencies; or as `at_return_periods`.
        """
        k = self.exposed.index(category)
        done = self.known_at_event[k] if known else self._done(k)
        return at_return_periods(done, self._frequency(), asked(years, between), between)

    def curve(self, category: str, *, known: bool = False) -> pd.DataFrame:
        """All knots of the return-period curve: ``years``, ``frequency`` (a year), ``impact``.

        Raises:
            BadData: The set has no frequencies.
        """
        k = self.exposed.index(category)
        done = self.known_at_event[k] if known else self._done(k)
        years, reached = curve(done, self._frequency())
        return pd.DataFrame({"years": years, "frequency": 1 / years, "impact": reached})

    def _frequency(self) -> Floats:
        if self.events.frequency is None:
            raise BadData(Problem("impact.no_frequency", {}, field="frequency"))
        return self.events.frequency

    # --- over the members of an ensemble ------------------------------------------------------

    def quantile(self, category: str, q: ArrayLike, *, known: bool = False) -> Floats:
        """Impact at quantiles over the rows as rows, no value between two; see `ranked`."""
        k = self.exposed.index(category)
        return ranked(self.known_at_event[k] if known else self._done(k), q)

    def probability(self, category: str, least: ArrayLike, *, known: bool = False) -> Floats:
        """Share of the rows whose impact is at least so much; NaN if some row is unknown."""
        k = self.exposed.index(category)
        done = self.known_at_event[k] if known else self._done(k)
        wanted = np.asarray(least, np.float64)
        found = np.asarray((done >= wanted[..., None]).mean(axis=-1))
        return np.where(np.isnan(done).any(), np.nan, found)

    # --- tables -------------------------------------------------------------------------------

    def table(self) -> pd.DataFrame:
        """One row an event: id, date, frequency, assets reached, impact by category."""
        found: dict[str, Any] = {"event": self.events.ids}
        if self.events.dates is not None:
            found["date"] = self.events.dates
        if self.events.frequency is not None:
            found["frequency"] = self.events.frequency
        found["reached"] = self.reached
        return pd.DataFrame({**found, **{c: self.at_event(c) for c in self.categories}})

    def to_xarray(self) -> xr.Dataset:
        """``at_event`` over (category, event) and ``per_point`` over (category, point)."""
        dim = "member" if self.events.ensemble else "event"
        labels = self.exposed.labels
        coords: dict[str, Any] = {"category": list(self.categories), dim: list(self.events.ids)}
        coords["point"] = list(labels) if labels is not None else np.arange(len(self.exposed))
        if self.exposed.lat is not None:
            coords["lat"], coords["lon"] = ("point", self.exposed.lat), ("point", self.exposed.lon)
        if self.exposed.places:
            codes = np.array([*self.exposed.places, ""])
            coords["place"] = ("point", codes[self.exposed.place])
        return xr.Dataset(
            {
                "at_event": (("category", dim), np.stack([*map(self.at_event, self.categories)])),
                "per_point": (
                    ("category", "point"), np.stack([*map(self.per_point, self.categories)]),
                ),
                "unit": ("category", list(self.exposed.units)),
            },
            coords=coords,
        )  # fmt: skip

    def to_geo(self) -> Any:
        """A GeoDataFrame of the points with their mean impact by category.

        Raises:
            Unavailable: geopandas is not installed; the extra that has it is named.
            BadData: The points have no positions.
        """
        try:
            import geopandas  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise Unavailable(Problem("impact.extra", {"extra": "geo"})) from error
        if self.exposed.lat is None:
            raise BadData(Problem("impact.no_positions", {}, field="exposure"))
        table = pd.DataFrame({c: self.per_point(c) for c in self.categories})
        if self.exposed.labels is not None:
            table.insert(0, "point", self.exposed.labels)
        if self.exposed.places:
            table.insert(0, "place", np.array([*self.exposed.places, ""])[self.exposed.place])
        where = geopandas.points_from_xy(self.exposed.lon, self.exposed.lat)
        return geopandas.GeoDataFrame(table, geometry=where, crs=4326)


def ranked(values: Floats, q: ArrayLike) -> Floats:
    """Quantiles as values that occur: the smallest that at least a share q does not exceed.

    Args:
        values: One a member, equally likely.
        q: 0 to 1.

    Returns:
        Same shape as ``q``; NaN if some value is unknown, or there is none.

    Raises:
        BadData: A q outside 0 to 1.

    >>> ranked(np.array([3.0, 1.0, 2.0, 4.0]), [0.5, 0.51, 1.0]).tolist()
    [2.0, 3.0, 4.0]
    """
    wanted = np.asarray(q, np.float64)
    if not np.all((wanted >= 0) & (wanted <= 1)):
        raise BadData(Problem("impact.quantile", {"value": q}, field="q"))
    if not len(values) or np.isnan(values).any():
        return np.full(wanted.shape, np.nan)
    ordered = np.sort(values)
    # A product such as 0.7 * 10 must not fall behind 7 in its last digit.
    rank = np.ceil(np.round(wanted * len(values), 9)).astype(np.int64)
    return np.asarray(ordered[np.clip(rank - 1, 0, len(values) - 1)])
