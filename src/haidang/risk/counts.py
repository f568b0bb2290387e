"""Where a count stands among the same periods of past years: the quantity that health law asks for.

The rule of law compares a count with the mean and the standard deviation of the same week or
month of the last five years, years with an epidemic left out. What the text leaves to the reader
is stated here once: the five years are the five calendar years before; of these the epidemic ones
are dropped and not replaced; the standard deviation is that of a sample (n - 1).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Spread = Literal["some", "none"]

COUNT: Final = "count"
MEAN: Final = "mean_of_past_years"
BOUND: Final = "mean_and_2_sd"
"""Measures of impact of a counted threat, each after its indicator: ``cases_week.count``."""

PER_WEEK: Final = "count.per_week"
"""The newest count of the leading indicator, brought to seven days: what needs rest on."""

_LEAST: Final = 2
"""Of one year there is no standard deviation."""


@dataclass(frozen=True, slots=True)
class Position:
    """A count among the same periods of past years.

    Attributes:
        value: The count.
        mean: Of the same periods, in the count's unit.
        sd: Their standard deviation (n - 1), in the count's unit.
        years: The years that were used, rising.
        left_out: Years of the window that were left out as epidemic.
        missing: Years of the window without a count.
    """

    value: float
    mean: float
    sd: float
    years: tuple[int, ...]
    left_out: tuple[int, ...]
    missing: tuple[int, ...]

    @property
    def spread(self) -> Spread:
        """Whether the past years differ at all; where they do not, no multiple can be taken."""
        return "some" if self.sd > 0 else "none"

    @property
    def sd_above_mean(self) -> float:
        """Standard deviations above the mean.

        Where the past years are all alike: -1 below them, 0 at them, 1 above; a table of law sees
        by ``spread`` that it is no multiple.
        """
        if self.sd > 0:
            return (self.value - self.mean) / self.sd
        return float((self.value > self.mean) - (self.value < self.mean))

    def bound(self, multiple: float) -> float:
        """Mean plus so many standard deviations."""
        return self.mean + multiple * self.sd


def position(
    value: float,
    past: Mapping[int, float],
    year: int,
    *,
    years_back: int = 5,
    least: int = _LEAST,
    epidemic: Collection[int] = (),
) -> Position | None:
    """Stand a count among the same periods of the years before.

    Args:
        value: The count of the period.
        past: Counts of the same period by year; a missing year is not in it or NaN.
        year: Year of the period.
        years_back: Length of the window, years.
        least: Fewer years than this say nothing; at least 2.
        epidemic: Years to leave out.

    Returns:
        None where the count is missing or fewer than ``least`` years remain.

    >>> position(30, {2020: 10, 2021: 12, 2022: 14, 2023: 90, 2024: 16}, 2025, epidemic={2023})
    ... # doctest: +ELLIPSIS
    Position(value=30, mean=13.0, sd=2.58..., years=(2020, 2021, 2022, 2024), left_out=(2023,),...
    """
    window = range(year - years_back, year)
    told = {y: past[y] for y in window if y in past and not math.isnan(past[y])}
    used = {y: v for y, v in told.items() if y not in epidemic}
    if math.isnan(value) or len(used) < max(least, _LEAST):
        return None
    mean = math.fsum(used.values()) / len(used)
    sd = math.sqrt(math.fsum((v - mean) ** 2 for v in used.values()) / (len(used) - 1))
    return Position(
        value=value,
        mean=mean,
        sd=sd,
        years=tuple(used),
        left_out=tuple(y for y in window if y in epidemic),
        missing=tuple(y for y in window if y not in told and y not in epidemic),
    )


def same_periods(
    counts: Mapping[date, float], start: date, step: Literal["week", "month"], years_back: int
) -> dict[int, float]:
    """Counts of the same week or month of the years before, by year.

    Weeks are the ISO weeks of the same number. A week 53 is compared with the week 53 of the years
    that have one; most of the last five have none, so it mostly cannot be judged, and that is said
    by what ``position`` then answers.

    Args:
        counts: By first day of the period, of one place.
        start: First day of the period that is judged.
        step: Length of a period.
        years_back: How many years.
    """
    found: dict[int, float] = {}
    for year in range(year_of(start, step) - years_back, year_of(start, step)):
        if step == "month":
            day: date | None = start.replace(year=year)
        else:
            try:
                day = date.fromisocalendar(year, start.isocalendar().week, 1)
            except ValueError:
                day = None
        if day is not None and day in counts:
            found[year] = counts[day]
    return found


def year_of(start: date, step: Literal["week", "month"]) -> int:
    """The year that a period belongs to: of a week that of its ISO number."""
    return start.isocalendar().year if step == "week" else start.year
