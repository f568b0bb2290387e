"""The lists of the watch page as CSV: machine names, the numbers unrounded."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from haidang.base.errors import NotFound
from haidang.base.problem import Problem
from haidang.data.observations import day_of
from haidang.web.speak import Speaker
from haidang.web.watching import Watching

LISTED: Final = (
    "desk", "at", "receipt", "indicator", "place", "place_name", "state", "start", "value",
    "expected", "upper", "score", "p", "q", "periods_running", "completeness", "event",
    "newest_value_of", "why_unknown",
)  # fmt: skip
SERIES: Final = (
    "desk", "at", "receipt", "indicator", "place", "place_name", "start", "value", "expected",
    "upper", "score", "p_value", "alarm", "state", "reason", "completeness", "nowcast_low",
    "nowcast_median", "nowcast_high",
)  # fmt: skip


def listed(view: Watching, say: Speaker) -> str:
    """Every series beyond its bound and every one of which something is not known.

    Returns:
        CSV with a header; ``state`` is ``kept``, ``bound`` or ``chance``, or ``no_data`` where
        nothing of the last periods is known, ``incomplete`` where only the newest is not. An empty
        cell where there is no number.
    """
    known, ranking = view.known.watched, view.known.ranking
    head = (view.id, _local(view.now, say), known.receipt)

    def name(code: str) -> str:
        return known.places[code].name(say.language)

    rows: list[tuple[object, ...]] = []
    for r in ranking.rows:
        newest = known.indicators[r.indicator].newest.get(r.place)
        numbers = (r.value, r.expected, r.upper, r.score, r.p, r.q)
        rows.append(
            (*head, r.indicator, r.place, name(r.place), r.standing, r.start, *numbers, r.running,
             r.completeness, r.event, newest, "silent" if r.silent else "")
        )  # fmt: skip
    for u in ranking.unknown:
        state = "no_data" if u.blind else "incomplete"
        empty = ("",) * 10
        rows.append((*head, u.indicator, u.place, name(u.place), state, *empty, u.since, u.why))
    for indicator in ranking.never:
        rows += [
            (*head, indicator, code, name(code), "no_data", *("",) * 11, "never")
            for code in known.places
        ]
    return _written(LISTED, rows)


def series(view: Watching, say: Speaker, indicator: str, place: str) -> str:
    """One series over all periods that were judged.

    Raises:
        NotFound: There is no such series (``watch_page.no_series``).
    """
    known = view.known.watched
    one = known.indicators.get(indicator)
    if one is None or place not in known.places:
        raise NotFound(Problem("watch_page.no_series", {"value": f"{indicator}, {place}"}))
    head = (
        view.id, _local(view.now, say), known.receipt, indicator, place,
        known.places[place].name(say.language),
    )  # fmt: skip
    if one.found is None or place not in one.found["place"].to_numpy():
        return _written(SERIES, ())
    found = one.found.sel(place=place)
    shares = {day_of(s.start, say.zone): s.completeness for s in one.signals.get(place, ())}
    later: dict[date, tuple[float, ...]] = {}
    if (now := view.known.nowcast(indicator)) is not None and place in now["place"].to_numpy():
        mine = now.sel(place=place)
        columns = (mine[n].to_numpy() for n in ("time", "lower", "median", "upper"))
        later = {_day(t): (low, mid, high) for t, low, mid, high in zip(*columns, strict=True)}
    names = ("time", "value", "expected", "upper", "score", "p_value", "alarm", "state", "reason")
    rows = []
    for time, *numbers in zip(*(found[n].to_numpy() for n in names), strict=True):
        day = _day(time)
        after = later.get(day, ("", "", ""))
        rows.append((*head, day, *numbers, shares.get(day, ""), *after))
    return _written(SERIES, rows)


def _day(time: object) -> date:
    return date.fromisoformat(str(time)[:10])


def _local(at: datetime, say: Speaker) -> str:
    return at.astimezone(say.zone).isoformat(timespec="seconds")


def _written(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_cell(v) for v in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value.isoformat() if isinstance(value, date) else value
