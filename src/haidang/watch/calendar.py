"""Which periods a series has, and which of them lie "at the same time in the years before"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Step = Literal["day", "week", "month"]
Year = Literal["rows", "calendar"]
Ints = NDArray[np.int64]

ROWS_IN_A_YEAR: Final[dict[str, int]] = {"day": 365, "week": 52, "month": 12}
STEPS: Final[tuple[str, ...]] = tuple(ROWS_IN_A_YEAR)

_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})")
_MONTH = re.compile(r"(\d{4})-?(\d{2})")
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?")

_SLASHED = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?: 0?0:00(?::00)?)?")
_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Calendar:
    """The periods of a table, one row each, without a gap.

    Attributes:
        step: Length of a period.
        year: ``rows``: a year is exactly 365, 52 or 12 rows; ``calendar``: the same date in the
            years before, for weeks moved to the nearest same day of the week. In calendar years
            the week 53 that some years have is a week like any other.
        rows: Number of periods.
        first: Beginning of the first period; None for rows that are only numbered.
        number: Number of the first row, where rows are only numbered.
    """

    step: Step
    year: Year
    rows: int
    first: date | None = None
    number: int = 1

    @property
    def per_year(self) -> int:
        """Rows in a year, for `rows` and as the length of a season otherwise."""
        return ROWS_IN_A_YEAR[self.step]

    def times(self) -> NDArray[np.datetime64] | Ints:
        """First day of each period; numbers where there are no dates."""
        if self.first is None:
            return self.number + np.arange(self.rows)
        if self.step == "month":
            return (np.datetime64(self.first, "M") + np.arange(self.rows)).astype("datetime64[ns]")
        days = 7 if self.step == "week" else 1
        start = np.datetime64(self.first, "D") + days * np.arange(self.rows)
        return start.astype("datetime64[ns]")

    def elapsed(self) -> NDArray[np.float64] | None:
        """Time of each row in lengths of the first; None where all rows are equally long.

        Months with dates are not, and R's ``surveillance`` lets a trend run by their days.
        """
        if self.year == "rows" or self.first is None or self.step != "month" or self.rows < 2:  # noqa: PLR2004
            return None
        days = self.times().astype("datetime64[D]").astype(np.int64)
        found: NDArray[np.float64] = (days - days[0]) / (days[1] - days[0])
        return found

    def reference(self, row: int, years: int, *, exact: bool = False) -> Ints:
        """Rows of this period in the last years, oldest first, ``row`` itself last.

        Rows before the table are negative: the caller decides what a lack of history means.

        Args:
            row: The period.
            years: So many years back.
            exact: Days are of the very same date, as R's ``surveillance`` has them; else of the
                same day of the week, which matters where a day is held against a single day.
        """
        back = np.arange(years, -1, -1)
        if self.year == "rows" or self.first is None or self.step == "month":
            return row - self.per_year * back
        here = self.first + timedelta(days=row * (7 if self.step == "week" else 1))
        dates = [_years_before(here, int(i)) for i in back]
        if exact and self.step == "day":
            return np.array([(d - self.first).days for d in dates])
        return np.array([self._row_near(d, here) for d in dates])

    def _row_near(self, wanted: date, here: date) -> int:
        """The row of the date nearest to ``wanted`` that has the weekday of ``here``."""
        assert self.first is not None
        off = (here.weekday() - wanted.weekday() + 3) % 7 - 3
        days = (wanted + timedelta(days=off) - self.first).days
        return days // 7 if self.step == "week" else days


def _years_before(day: date, years: int) -> date:
    """The same date; 29 February becomes 1 March where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def read_period(text: str) -> tuple[date, Step | None] | None:
    """First day and kind of a period as written: a date, or a period of DHIS2.

    Args:
        text: ``2024-09-02``, ``20240902``, ``2022W01``, ``2022-W01``, ``202201``, ``2022-01``.

    Returns:
        The first day; the kind too where the form tells it (a date alone does not). None where
        the text is no period.

    >>> read_period("2022W01")
    (datetime.date(2022, 1, 3), 'week')
    >>> read_period("202202")
    (datetime.date(2022, 2, 1), 'month')
    >>> read_period("2021W53") is None
    True
    """
    text = text.strip()
    try:
        if found := _WEEK.fullmatch(text):
            return date.fromisocalendar(int(found[1]), int(found[2]), 1), "week"
        if found := _MONTH.fullmatch(text):
            return date(int(found[1]), int(found[2]), 1), "month"
        if found := _DAY.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3])), None
        if len(text) > 10:  # noqa: PLR2004 - an instant; only its day counts
            return datetime.fromisoformat(text).date(), None
    except ValueError:
        return None
    return None


def slashed(texts: Iterable[str]) -> dict[str, date]:
    """Days written ``31/12/2024``, ``31.12.2024`` or ``12-31-2024``, if all say the same order.

    Which of the two numbers is the day is told by one above 12; where none is, or some say one
    order and some the other, nobody can know and nothing is read.

    Args:
        texts: Those of a column that are nothing else.

    Returns:
        The day of each that is one.

    >>> slashed(["05/02/2024", "19/02/2024"])["05/02/2024"]
    datetime.date(2024, 2, 5)
    >>> slashed(["05/02/2024", "06/02/2024"])
    {}
    """
    matched = ((t, _SLASHED.fullmatch(t)) for t in texts)
    split = {t: (int(m[1]), int(m[3]), int(m[4])) for t, m in matched if m is not None}
    day_first = any(first > _MONTHS for first, _, _ in split.values())
    month_first = any(second > _MONTHS for _, second, _ in split.values())
    if day_first == month_first:
        return {}
    found = {}
    for text, (first, second, year) in split.items():
        with suppress(ValueError):
            day, month = (first, second) if day_first else (second, first)
            found[text] = date(year, month, day)
    return found


def step_of(days: Sequence[date]) -> Step | None:
    """The length of period that these first days have; None where they mix lengths.

    Gaps are allowed, a period that begins between two others is not: days that mostly lie a week
    or more apart, with a few that do not fit in, are a mixture, never a daily series with holes.

    Args:
        days: Different first days in order; at least two.

    >>> step_of([date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 22)])
    'week'
    >>> step_of([date(2024, 1, 1), date(2024, 2, 1), date(2024, 4, 1)])
    'month'
    >>> step_of([date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 10)]) is None
    True
    """
    gaps = [(b - a).days for a, b in pairwise(days)]
    if all(d.day == 1 for d in days):
        return "month"
    if all(g % 7 == 0 for g in gaps):
        return "week"
    ones = sum(g == 1 for g in gaps)
    return "day" if ones * 2 >= len(gaps) else None
