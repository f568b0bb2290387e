"""One series as the page shows it: its points, its table, and why it alarms."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Any, Final, cast

import numpy as np
import xarray as xr

from haidang.app.assess_counts import Asked, ask
from haidang.data.observations import day_of
from haidang.jobs.watch_view import WatchedIndicator
from haidang.law.evaluate import cite
from haidang.watch.calendar import Step
from haidang.watch.counts import ends
from haidang.watch.detectors import METHODS
from haidang.watch.signal import Signal, State
from haidang.web.pages.watch_chart import Point
from haidang.web.pages.watch_rank import Row
from haidang.web.speak import Speaker
from haidang.web.watching import Known

SHOWN: Final[Mapping[Step, int]] = {"day": 90, "week": 60, "month": 36}
"""Newest periods that are drawn."""

NEGLIGIBLE: Final = 0.5
"""An interval that is narrower than this is a settled count."""

FULL: Final = 0.995
"""Share from which a period counts as complete."""


_YEAR: Final = re.compile(r"\b(19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Line:
    """One period in the table under the chart.

    Attributes:
        marks: What is said of the period besides its numbers.
    """

    period: str
    value: str
    expected: str
    upper: str
    score: str
    nowcast: str
    complete: str
    marks: str
    alarm: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """A line of "why": what it is, and what holds.

    Attributes:
        wide: Whether it needs lines of its own, as the words of a law do.
    """

    label: str
    text: str
    note: str = ""
    wide: bool = False


def period(say: Speaker, start: date, step: Step) -> str:
    """A period in words."""
    last = ends(start, step) - timedelta(days=1)
    return say(
        f"format.period_{step}",
        month=say("format.months").split(" ")[start.month - 1],
        number=start.isocalendar().week,
        year=start.isocalendar().year if step == "week" else start.year,
        first=f"{start:%d/%m}",
        last=f"{last:%d/%m}",
        day=f"{start:%d/%m/%Y}",
    )


def short(say: Speaker, start: date, step: Step) -> str:
    """A period in a row of many: a week without its days."""
    if step != "week":
        return period(say, start, step)
    week = start.isocalendar()
    return say("short_week", number=week.week, year=week.year)


def tick(say: Speaker, start: date, step: Step) -> str:
    """A period along the axis of a chart."""
    if step == "day":
        return f"{start:%d/%m}"
    if step == "month":
        return say("tick_month", number=start.month, year=start.year)
    week = start.isocalendar()
    return say("tick_week", number=week.week, year=week.year)


def count(say: Speaker, value: float) -> str:
    """A count or a rate: whole numbers as such, others with one decimal; a dash for none."""
    if math.isnan(value):
        return "–"
    return say.number(value, 0 if float(value).is_integer() or abs(value) >= _BIG else 1)


_BIG: Final = 100.0


def scored(say: Speaker, score: float) -> str:
    """A score; what rounds to nothing has no sign."""
    return "–" if math.isnan(score) else say.number(round(score, 1) + 0.0, 1)


def chance(say: Speaker, p: float) -> str:
    """A probability."""
    if math.isnan(p):
        return "–"
    return say("p_below", value=say.number(_SMALL, 3)) if p < _SMALL else say.number(p, 3)


_SMALL: Final = 0.001


def share(say: Speaker, value: float) -> str:
    """A share as a percentage; never 100 where something is missing."""
    if math.isnan(value):
        return "–"
    rounded = 99 if FULL > value > 0.99 else round(100 * value)  # noqa: PLR2004
    return say("format.percent", value=say.number(rounded))


@dataclass(frozen=True)
class Series:
    """One indicator at one place."""

    known: Known
    one: WatchedIndicator
    place: str
    row: Row | None
    say: Speaker

    @property
    def step(self) -> Step:
        """Length of its periods."""
        return self.one.spec.period

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Of the last periods, oldest first."""
        return self.one.signals.get(self.place, ())

    @property
    def newest(self) -> Signal | None:
        """Of the newest period."""
        return self.signals[-1] if self.signals else None

    def _found(self) -> xr.Dataset | None:
        found = self.one.found
        if found is None or self.place not in found["place"].to_numpy():
            return None
        return found.sel(place=self.place).isel(time=slice(-SHOWN[self.step], None))

    def _nowcasts(self) -> Mapping[date, tuple[float, float, float]]:
        """Low, middle and high of the periods that are still open."""
        now = self.known.nowcast(self.one.id)
        if now is None or self.place not in now["place"].to_numpy():
            return {}
        mine = now.sel(place=self.place)
        out = {}
        table = (mine[n].to_numpy() for n in ("time", "lower", "median", "upper"))
        for time, low, middle, high in zip(*table, strict=True):
            if np.isfinite(middle) and high - low >= NEGLIGIBLE:
                day = date.fromisoformat(str(time)[:10])
                out[day] = (float(low), float(middle), float(high))
        return out

    def _shares(self) -> Mapping[date, float]:
        zone = self.known.context.zone
        return {day_of(s.start, zone): s.completeness for s in self.signals}

    def points(self) -> tuple[Point, ...]:
        """The newest periods, oldest first; empty where nothing could be judged."""
        found, say = self._found(), self.say
        if found is None:
            return ()
        later, shares = self._nowcasts(), self._shares()
        columns = [found[n].to_numpy() for n in ("time", "value", "expected", "upper", "alarm")]
        out = []
        for time, value, expected, upper, alarm in zip(*columns, strict=True):
            day = date.fromisoformat(str(time)[:10])
            low, middle, high = later.get(day, (math.nan, math.nan, math.nan))
            part = shares.get(day, 1.0)
            late = math.isfinite(middle) or (math.isfinite(value) and part < FULL)
            kept = self.row is not None and self.row.worth and self.row.start == day
            name = period(say, day, self.step)
            said = {"period": name, "value": count(say, value), "upper": count(say, upper)}
            out.append(
                Point(
                    day, tick(say, day, self.step), float(value), float(expected), float(upper),
                    bool(alarm) or kept, late, low, middle, high,
                    say("point_none" if math.isnan(value) else "point", **said),
                )
            )  # fmt: skip
        return tuple(out)

    def lines(self, points: tuple[Point, ...]) -> tuple[Line, ...]:
        """The table of the same numbers, the newest first."""
        found, say = self._found(), self.say
        if found is None:
            return ()
        scores, reasons = found["score"].to_numpy(), found["reason"].to_numpy()
        shares = self._shares()
        out = []
        for point, score, reason in zip(points, scores, reasons, strict=True):
            marks = [say("mark_alarm")] if point.alarm else []
            marks += [say("mark_late")] if point.late else []
            marks += [say(f"why_{reason}")] if reason else []
            told = {"low": count(say, point.low), "high": count(say, point.high)}
            out.append(
                Line(
                    period=period(say, point.start, self.step),
                    value=count(say, point.value),
                    expected=count(say, point.expected),
                    upper=count(say, point.upper),
                    score=scored(say, float(score)),
                    nowcast=say("nowcast_range", middle=count(say, point.middle), **told)
                    if math.isfinite(point.middle)
                    else "–",
                    complete=share(say, shares[point.start]) if point.start in shares else "–",
                    marks=" · ".join(marks),
                    alarm=point.alarm,
                )
            )
        return tuple(reversed(out))

    # Why?

    def answer(self) -> tuple[str, str]:
        """What was counted against what, and what that means."""
        say, row, newest = self.say, self.row, self.newest
        unit = say.of(self.one.spec.unit)
        if row is not None:
            said = {
                "period": period(say, row.start, self.step), "value": count(say, row.value),
                "unit": unit, "expected": count(say, row.expected),
                "upper": count(say, row.upper),
            }  # fmt: skip
            level = say("format.percent", value=say.number(100 * self.known.ranking.level))
            means = say(
                f"means_{row.standing}", running=row.running, level=level,
                tests=say.number(self.known.ranking.tests),
            )  # fmt: skip
            return say("why_counted", **said), means
        told = next((s for s in reversed(self.signals) if s.state is State.QUIET), None)
        if newest is None:
            return say("why_never"), say("means_unknown")
        if told is None or newest.state is State.NO_DATA:
            first = self._unknown()
            return first, say("means_unknown")
        day = day_of(told.start, self.known.context.zone)
        upper = self._at(day, "upper")
        said = {
            "period": period(say, day, self.step), "value": count(say, told.value), "unit": unit,
            "expected": count(say, told.expected), "upper": count(say, upper),
        }  # fmt: skip
        return say("why_counted", **said), say("means_quiet")

    def _at(self, day: date, name: str) -> float:
        found = self._found()
        if found is None:
            return math.nan
        days = [str(t)[:10] for t in found["time"].to_numpy()]
        where = days.index(day.isoformat()) if day.isoformat() in days else -1
        return float(found[name].to_numpy()[where]) if where >= 0 else math.nan

    def _unknown(self) -> str:
        told = next(
            (u for u in self.known.ranking.unknown
             if (u.indicator, u.place) == (self.one.id, self.place)), None,
        )  # fmt: skip
        if told is None:
            return self.say("why_never")
        return self.say(f"why_{told.why}")

    def reasons(self) -> tuple[Reason, ...]:
        """Method, baseline, numbers, and what the law says."""
        return (*self._method(), *self._numbers(), *self._late(), *self._law())

    def _method(self) -> Iterator[Reason]:
        say, name = self.say, self.one.spec.method
        method = METHODS[name]
        checked = say("method_checked" if method.verified else "method_unchecked")
        # What has no year is no paper, and its name has said it already.
        paper = f"{method.source}. " if _YEAR.search(method.source) else ""
        yield Reason(say("method"), say.either(f"method_{name}", name), paper + checked)
        found = self.one.found
        years = None if found is None else found.attrs.get("param_years_back")
        if years:
            newest = int(str(found["time"].to_numpy()[-1])[:4]) if found is not None else 0
            stated = self.known.context.pack.epidemic_years.get(self.place, ())
            out = sorted(y for y in stated if newest - int(years) <= y < newest)
            left = ", ".join(map(str, out))
            note = say("baseline_left_out", years=left) if out else ""
            yield Reason(say("baseline"), say("baseline_years", n=years), note)
        elif found is not None and found.attrs.get("param_baseline"):
            n = found.attrs["param_baseline"]
            yield Reason(say("baseline"), say(f"baseline_{self.step}", n=n))

    def _numbers(self) -> Iterator[Reason]:
        say, row = self.say, self.row
        if row is None:
            return
        yield Reason(
            say("col_score"), scored(say, row.score),
            say("score_note"),
        )  # fmt: skip
        if math.isnan(row.p):
            yield Reason("p, q", say("no_probability"))
        else:
            tests = say.number(self.known.ranking.tests)
            yield Reason("p", chance(say, row.p), say("p_note"))
            yield Reason("q", chance(say, row.q), say("q_note", tests=tests))

    def _late(self) -> Iterator[Reason]:
        say = self.say
        parts = [(day, part) for day, part in sorted(self._shares().items()) if 0 < part < FULL]
        if parts:
            told = ", ".join(
                say("late_part", tick=tick(say, day, self.step), share=share(say, part))
                for day, part in parts
            )
            yield Reason(say("late"), told, say("late_note"))

    def _law(self) -> Iterator[Reason]:
        for asked in self._asked():
            if asked.rule.indicator == self.one.id:
                yield self._article(asked)

    def _asked(self) -> tuple[Asked, ...]:
        context = self.known.context
        if self.place not in context.areas.codes:
            return ()
        heard = {
            name: _Heard(one, self.place, context.zone)
            for name, one in self.known.watched.indicators.items()
            if one.found is not None
        }
        # What was heard crosses as what it holds: the app's own class for it is private.
        return ask(context, context.areas.codes.index(self.place), cast("Mapping[str, Any]", heard))

    def _article(self, asked: Asked) -> Reason:
        say, context = self.say, self.known.context
        table = context.tables[asked.rule.article]
        cited = f"{cite(asked.rule.article, say.language)}, {say.of(table.act)}"
        day = day_of(asked.signal.start, context.zone)
        stood = asked.position
        if stood is None:
            return Reason(
                cited, say("law_not_asked", period=period(say, day, self.step)), wide=True
            )
        ruling = asked.ruling
        text = say("law_no_data")
        if ruling is not None and asked.status == "not defined by the text":
            text = say("law_undefined", text=say.of(ruling.text))
        elif ruling is not None and asked.level:
            text = say("law_level", level=say.of(context.scale.names(asked.level)))
        elif ruling is not None:
            text = say("law_below", text=say.of(ruling.text))
        years = ", ".join(map(str, stood.years))
        note = say(
            "law_position", period=period(say, day, self.step), value=count(say, stood.value),
            mean=say.number(stood.mean, 1), sd=say.number(stood.sd, 1),
            times=say.number(stood.sd_above_mean, 2), years=years,
        )  # fmt: skip
        if stood.left_out:
            note += " " + say("law_left_out", years=", ".join(map(str, stood.left_out)))
        if stood.missing:
            note += " " + say("law_missing", years=", ".join(map(str, stood.missing)))
        return Reason(cited, text, note, wide=True)


class _Heard:
    """An indicator at one place as ``ask`` reads it."""

    def __init__(self, one: WatchedIndicator, place: str, zone: tzinfo) -> None:
        self.signals = one.signals
        # In order of place and period, as all reports of one series: a nation has a million.
        newest = one.reports.newest
        first = bisect_left(newest, place, key=lambda r: r.place)
        last = bisect_right(newest, place, key=lambda r: r.place)
        mine = (r for r in newest[first:last] if r.value is not None)
        self.counts = {place: {day_of(r.start, zone): r.value for r in mine}}
