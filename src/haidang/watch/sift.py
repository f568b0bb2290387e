"""Which periods of a table cannot be meant: a wrong day among weeks, a mistyped year.

A single wrong date must not cost a whole table. It is told by the other rows alone, never by
today's date: a table may well lie in the future.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np

from haidang.watch.calendar import ROWS_IN_A_YEAR, STEPS, Ints, Step, step_of

When = date | int | None

FAR_YEARS: Final = 10.0
"""A few periods that lie further than this from all others have a mistyped year."""
FEW: Final = 0.05
"""Refused row by row is no more than this share of the periods and of the rows; a table of which
more does not fit really mixes its periods, and nobody can say which were meant."""
_MONTHS: Final = 4
"""Different months from which one can tell that a table's days are months."""
_LONE: Final = 5
"""Single far periods are few even in a short table, if it has so many times as many others."""


@dataclass(frozen=True)
class Sifted:
    """What was found.

    Attributes:
        far: Indices of times too far from all others.
        misfit: Indices of times that are no period like nearly all others.
        like: ``day``, ``week``, ``month`` or ``number``: what nearly all others are.
        example: One of these.
        mixed: Where too many do not fit, an index of one kind and one of another; else None.
    """

    far: tuple[int, ...] = ()
    misfit: tuple[int, ...] = ()
    like: str = ""
    example: When = None
    mixed: tuple[int, int] | None = None


def length(days: Sequence[date], told: Step | None, asked: Step | None) -> Step | None:
    """The length of the periods, None where days do not fit one.

    Args:
        days: Different first days in order.
        told: The kind that the texts tell.
        asked: The kind that is asked for.
    """
    found = step_of(days) if len(days) > 1 else (told or asked or "day")
    if found is None or (told is not None and found == "day"):
        return None
    chosen = asked or told or found
    return chosen if _fits(days, chosen) else None


def months(
    times: Sequence[When], kinds: Sequence[Step | None], asked: Step | None
) -> tuple[When, ...]:
    """Months that a table calls by their last day, or all by one other day, by their first.

    Many programs write the end of a month, some its middle. Weeks and days never keep to one day
    of the month for long, so it is told by `_MONTHS` different months of which nearly all do.

    Args:
        times: As for `sift`.
        kinds: As for `sift`.
        asked: As for `sift`.
    """
    days = [t for t, k in zip(times, kinds, strict=True) if isinstance(t, date) and k is None]
    known = sorted(set(days))
    if asked not in (None, "month") or len({(d.year, d.month) for d in known}) < _MONTHS:
        return tuple(times)
    usual = Counter(d.day for d in known).most_common(1)[0][0]
    ends = {d for d in known if d.day == monthrange(d.year, d.month)[1]}
    for good in ({d for d in known if d.day == usual}, ends):
        if len(known) - len(good) <= FEW * len(known):
            return tuple(t.replace(day=1) if isinstance(t, date) and t in good else t
                         for t in times)  # fmt: skip
    return tuple(times)


def _fits(days: Sequence[date], step: Step) -> bool:
    """Whether days can be first days of periods of this length."""
    if step == "month":
        return all(d.day == 1 for d in days)
    return step == "day" or all((d - days[0]).days % 7 == 0 for d in days)


def sift(
    times: Sequence[When], kinds: Sequence[Step | None], rows: Ints, asked: Step | None
) -> Sifted:
    """Find the few periods that cannot be meant.

    Args:
        times: First days or numbers; None where a text could not be read.
        kinds: What the text of each tells of its length.
        rows: So many rows have each.
        asked: The length that is asked for, if any.
    """
    there = [i for i, t in enumerate(times) if t is not None]
    apart = far(times, rows, asked)
    there = [i for i in there if i not in apart]
    dated = [i for i in there if isinstance(times[i], date)]
    numbered = [i for i in there if isinstance(times[i], int)]
    told = {kinds[i] for i in dated} - {None}
    alike = not numbered and len(told) <= 1
    if not dated or (alike and length(_days(times, dated), next(iter(told), None), asked)):
        return Sifted(tuple(sorted(apart)))
    groups: dict[str, list[int]] = {"number": numbered}
    for step in STEPS if asked is None else (asked,):
        groups[step] = _members(times, kinds, dated, step)
    best = sorted(groups, key=lambda k: -_weight(times, groups[k]))
    for like in best:
        inside = groups[like]
        outside = sorted(set(there) - set(inside))
        if not outside or not inside or not _few(times, outside, there, rows):
            continue
        if like != "number":
            of = next(iter({kinds[i] for i in inside} - {None}), None)
            if length(_days(times, inside), of, asked) != like:
                continue
        example = times[max(inside, key=lambda i: int(rows[i]))]
        return Sifted(tuple(sorted(apart)), tuple(outside), like, example)
    for like in best:
        outside = sorted(set(there) - set(groups[like]))
        if outside and groups[like]:
            return Sifted(tuple(sorted(apart)), mixed=(min(groups[like]), outside[0]))
    return Sifted(tuple(sorted(apart)), mixed=(there[0], there[-1]))


def _days(times: Sequence[When], at: Sequence[int]) -> list[date]:
    return sorted({t for i in at if isinstance(t := times[i], date)})


def _weight(times: Sequence[When], at: Sequence[int]) -> int:
    """How many different periods."""
    return len({times[i] for i in at})


def _few(times: Sequence[When], part: Sequence[int], whole: Sequence[int], rows: Ints) -> bool:
    return (
        _weight(times, part) <= FEW * _weight(times, whole)
        and rows[list(part)].sum() <= FEW * rows[list(whole)].sum()
    )


def _members(
    times: Sequence[When], kinds: Sequence[Step | None], dated: Sequence[int], step: str
) -> list[int]:
    """Those that can be the first days of such periods."""
    able = [i for i in dated if kinds[i] in ((None,) if step == "day" else (None, step))]
    if step == "month":
        return [i for i in able if isinstance(t := times[i], date) and t.day == 1]
    if step == "week":
        usual = Counter(t.weekday() for t in _days(times, able)).most_common(1)
        return [i for i in able if isinstance(t := times[i], date) and t.weekday() == usual[0][0]]
    return able


def far(times: Sequence[When], rows: Ints, asked: Step | None) -> frozenset[int]:
    """Those that lie far from nearly all others; of dates and numbers the more frequent kind.

    Args:
        times: As for `sift`.
        rows: As for `sift`.
        asked: As for `sift`; numbers are those of weeks if not said.
    """
    there = [i for i, t in enumerate(times) if t is not None]
    dates = [i for i in there if isinstance(times[i], date)]
    at = dates if 2 * len(dates) >= len(there) else [i for i in there if i not in set(dates)]
    year = 365.2425 if at is dates else float(ROWS_IN_A_YEAR[asked or "week"])
    place = {i: (t.toordinal() if isinstance(t, date) else t or 0) / year
             for i in at for t in (times[i],)}  # fmt: skip
    order = sorted(at, key=lambda i: place[i])
    groups = [order[:1]] if order else []
    for before, here in pairwise(order):
        if place[here] - place[before] > FAR_YEARS:
            groups.append([])
        groups[-1].append(here)
    if len(groups) < 2:  # noqa: PLR2004 - nothing lies apart
        return frozenset()
    main = max(groups, key=lambda g: (int(rows[g].sum()), _weight(times, g)))
    others = [g for g in groups if g is not main]
    apart = [i for g in others for i in g]
    lone = (
        all(_weight(times, g) == 1 for g in others)
        and _LONE * _weight(times, apart) <= _weight(times, main)
        and _LONE * np.sum(rows[apart]) <= np.sum(rows[main])
    )
    return frozenset(apart) if lone or _few(times, apart, at, rows) else frozenset()
