"""The watch page: what is unusual now in the nation, and of what is nothing known?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from urllib.parse import quote, urlencode

from markupsafe import Markup

from haidang.base.errors import NotFound
from haidang.base.place import fold
from haidang.base.problem import Problem
from haidang.jobs.watch_view import WatchedIndicator
from haidang.watch.counts import ends
from haidang.web.pages import watch_chart, watch_map
from haidang.web.pages.moment import moment
from haidang.web.pages.watch_parts import (
    NOTHING_ASKED,
    ORDERS,
    Asked,
    Figure,
    Head,
    Listed,
    Option,
    Page,
    Quieted,
    Shown,
)
from haidang.web.pages.watch_rank import Ranking, Row, Standing, Unknown
from haidang.web.pages.watch_series import (
    Series,
    chance,
    count,
    period,
    scored,
    share,
    short,
)
from haidang.web.parts import State, Tag
from haidang.web.speak import Speaker
from haidang.web.watching import Watching

FIRST: Final = 25
"""Rows of the list before the whole of it is asked for."""

NAMED: Final = 60
"""Names of silent places that stand open; more are folded in."""

FILLING: Final = 12
"""Likewise of those whose newest period is not full yet: that is so every week."""

PHONE: Final = 26
"""Newest periods of the chart on a phone."""


def build(view: Watching, say: Speaker, asked: Asked = NOTHING_ASKED) -> Page:
    """Put the page together; the same look, clock and language give the same page.

    Raises:
        NotFound: There is no such indicator or place (``watch_page.no_series``).
    """
    return _Builder(view, say, asked).page()


class _Builder:
    def __init__(self, view: Watching, say: Speaker, asked: Asked) -> None:
        self.view, self.say = view, say
        self.known = view.known
        self.watched = view.known.watched
        self.ranking: Ranking = view.known.ranking
        self.order = asked.order if asked.order in ORDERS else ORDERS[0]
        self.whole = asked.whole
        self.bases: dict[str, str] = {}
        self.several = len(self.watched.indicators) - len(self.ranking.never) > 1
        self.indicator, self.place = self._chosen(asked)

    def _chosen(self, asked: Asked) -> tuple[str, str]:
        indicators, places = self.watched.indicators, self.watched.places
        wrong = [
            value
            for value, known in ((asked.indicator, indicators), (asked.place, places))
            if value and value not in known
        ]
        if wrong:
            raise NotFound(Problem("watch_page.no_series", {"value": ", ".join(wrong)}))
        fits = [
            r
            for r in self.ranking.rows
            if asked.indicator in {"", r.indicator} and asked.place in {"", r.place}
        ]
        if fits:
            return fits[0].indicator, fits[0].place
        heard = [n for n, i in indicators.items() if i.found is not None] or list(indicators)
        indicator = asked.indicator or heard[0]
        by_name = sorted(places, key=lambda c: fold(self.name(c)))
        return indicator, asked.place or by_name[0]

    # Words that many parts use.

    def name(self, code: str) -> str:
        return self.watched.places[code].name(self.say.language)

    def one(self, indicator: str) -> WatchedIndicator:
        return self.watched.indicators[indicator]

    def title(self, indicator: str) -> str:
        return self.say.of(self.one(indicator).spec.title)

    def href(self, page: str = "watch", mark: str = "", **query: str) -> str:
        given = {"at": "" if self.view.newest else self.view.this, **query}
        told = urlencode({k: v for k, v in given.items() if v})
        return f"/d/{self.view.id}/{page}" + (f"?{told}" if told else "") + mark

    def series_href(self, indicator: str, place: str) -> str:
        # Made once for each indicator: a nation has thousands of places.
        if indicator not in self.bases:
            order = "" if self.order == ORDERS[0] else self.order
            whole = "1" if self.whole else ""
            self.bases[indicator] = self.href(indicator=indicator, order=order, all=whole)
        return f"{self.bases[indicator]}&place={quote(place)}#series"

    # The page.

    def page(self) -> Page:
        say, view = self.say, self.view
        runs = moment(say, self.href_plain(), view.runs, view.this, view.now)
        rows = self._sorted()
        shown = rows if self.whole else rows[:FIRST]
        whole = {"order": "" if self.order == ORDERS[0] else self.order, "all": "1"}
        return Page(
            title=self._answer(),
            lead=self._lead(),
            moment=runs,
            figures=self._figures(),
            heads=self._heads(),
            rows=tuple(self._listed(n, r) for n, r in shown),
            rows_note=say("rows_note", shown=len(shown), count=len(rows)) if rows else "",
            more=say("rows_all", count=len(rows)) if len(shown) < len(rows) else "",
            more_href=self.href(mark="#list", **whole),
            blind=self._quieted(self.ranking.blind, NAMED),
            filling=self._quieted(self.ranking.filling, FILLING),
            never=tuple(self.title(n) for n in self.ranking.never),
            shown=self._shown(),
            map=self._map(),
            shades=self._shades(),
            indicators=tuple(
                Option(n, self.title(n), n == self.indicator) for n in self.watched.indicators
            ),
            places=tuple(
                Option(c, self.name(c), c == self.place)
                for c in sorted(self.watched.places, key=lambda c: fold(self.name(c)))
            ),
            keep=tuple(
                (k, v)
                for k, v in (
                    ("at", "" if view.newest else view.this),
                    ("order", "" if self.order == ORDERS[0] else self.order),
                )
                if v
            ),
            csv=self.href("watch.csv"),
        )

    def href_plain(self) -> str:
        """The page at its newest run."""
        return f"/d/{self.view.id}/watch"

    def _answer(self) -> str:
        say, ranking = self.say, self.ranking
        event = say.of(self.known.context.pack.threat.title)
        worth, blind = len(ranking.worth), len(ranking.blind)
        if not ranking.series:
            return say("answer_nothing", event=event)
        seen = _many(say, "answer_some", "answer_one", worth) if worth else say("answer_none")
        if blind:
            unknown = _many(say, "answer_blind", "answer_blind_one", blind)
        elif ranking.never:
            unknown = _many(say, "answer_never", "answer_never_one", len(ranking.never))
        else:
            unknown = say("answer_all_known")
        return say("answer", event=event, seen=seen, unknown=unknown)

    def _lead(self) -> str:
        say, known = self.say, self.watched
        parts = []
        if known.heard is not None:
            parts.append(say("lead_heard", **self._moment(known.heard)))
        parts.append(say("lead_known", **self._moment(self.view.now)))
        if self.ranking.never:
            names = "; ".join(self.title(n) for n in self.ranking.never)
            parts.append(say("lead_never", names=names))
        parts.append(say("lead_areas"))
        return " ".join(parts)

    def _moment(self, at: datetime) -> dict[str, str]:
        say = self.say
        return {"time": say.clock(at), "day": say.full_day(at.astimezone(say.zone).date())}

    def _figures(self) -> tuple[Figure, ...]:
        say, ranking = self.say, self.ranking
        places, heard = len(self.watched.places), len(self.watched.indicators) - len(ranking.never)
        level = say("format.percent", value=say.number(100 * ranking.level))
        bound = sum(r.standing == "bound" for r in ranking.rows)
        notes = []
        if ranking.events:
            notes.append(say("figure_events", count=len(ranking.events)))
        if bound:
            notes.append(say("figure_bound", count=bound))
        return (
            Figure(
                say("figure_series"), None, say.number(ranking.series),
                say("figure_series_note", places=say.number(places), indicators=heard),
            ),
            Figure(
                say("figure_worth"), Tag(say("raised"), "raised"),
                say.number(len(ranking.worth)), " · ".join(notes) or say("figure_worth_none"),
            ),
            Figure(
                say("figure_chance"), Tag(say("chance"), "plain"), say.number(ranking.chance),
                say("figure_chance_note", level=level, tests=say.number(ranking.tests))
                if ranking.tests
                else say("figure_no_tests"),
            ),
            Figure(
                say("figure_quiet"), Tag(say("console.quiet"), "quiet"),
                say.number(ranking.quiet), say("figure_quiet_note"),
            ),
            Figure(
                say("figure_blind"), Tag(say("console.no_data"), "nodata"),
                say.number(len(ranking.blind)),
                say("figure_filling", count=say.number(len(ranking.filling)))
                if ranking.filling
                else say("figure_blind_note"),
            ),
        )  # fmt: skip

    # The list.

    def _sorted(self) -> Sequence[tuple[int, Row]]:
        numbered = list(enumerate(self.ranking.rows, 1))
        match self.order:
            case "place":
                numbered.sort(key=lambda n: (fold(self.name(n[1].place)), n[0]))
            case "value":
                numbered.sort(key=lambda n: (-n[1].value, n[0]))
            case "score":
                numbered.sort(key=lambda n: (-n[1].score, n[0]))
            case "running":
                numbered.sort(key=lambda n: (-n[1].running, n[0]))
            case _:
                pass
        return numbered

    def _heads(self) -> Mapping[str, Head]:
        whole = "1" if self.whole else ""
        return {
            name: Head(
                name,
                self.say(f"col_{name}"),
                self.href(
                    mark="#list", order="" if name == ORDERS[0] else name, all=whole,
                    indicator=self.indicator, place=self.place,
                ),
                ("ascending" if name in {"rank", "place"} else "descending")
                if name == self.order
                else "",
                name != "place",
            )
            for name in ORDERS
        }  # fmt: skip

    def _listed(self, number: int, row: Row) -> Listed:
        say, one = self.say, self.one(row.indicator)
        event = ""
        if row.event in self.ranking.events:
            at, size = self.ranking.events[row.event]
            event = say("event" if size > 1 else "event_alone", number=at, count=size)
        return Listed(
            number=say.number(number),
            name=self.name(row.place),
            indicator=self.title(row.indicator) if self.several else "",
            href=self.series_href(row.indicator, row.place),
            period=short(say, row.start, one.spec.period),
            value=count(say, row.value),
            expected=count(say, row.expected),
            upper=count(say, row.upper),
            score=scored(say, row.score),
            q=chance(say, row.q),
            running=str(row.running),
            complete=share(say, row.completeness),
            event=event,
            standing=Tag(say(f"standing_{row.standing}"), _SHAPES[row.standing]),
            spark=Markup(watch_chart.spark(row.recent)),  # noqa: S704 - svg.py escapes
            current=(row.indicator, row.place) == (self.indicator, self.place),
            silent=self._since(one, row.place) if row.silent else "",
        )

    # What is not known.

    def _since(self, one: WatchedIndicator, place: str) -> str:
        newest = one.newest.get(place)
        if newest is None:
            return self.say("since_never")
        return self.say("since", period=period(self.say, newest, one.spec.period))

    def _quieted(self, unknown: Sequence[Unknown], most: int) -> tuple[Quieted, ...]:
        say = self.say
        groups: dict[tuple[str, str, date | None], list[str]] = {}
        for u in unknown:
            groups.setdefault((u.indicator, u.why, u.since), []).append(u.place)
        order = sorted(groups, key=lambda g: (g[2] or date.min, g[0], g[1]))
        out = []
        for indicator, why, since in order:
            places = sorted(groups[indicator, why, since], key=lambda c: fold(self.name(c)))
            one = self.one(indicator)
            said = say("since_never")
            if since is not None:
                last = ends(since, one.spec.period)
                days = (self.watched.at.astimezone(say.zone).date() - last).days
                said = say(
                    "since_days", period=period(say, since, one.spec.period), days=max(0, days)
                )
            title = say("unknown", indicator=self.title(indicator), why=say(f"why_{why}"))
            out.append(
                Quieted(
                    title=title, since=said, count=say("places", count=say.number(len(places))),
                    names=tuple((self.name(c), self.series_href(indicator, c)) for c in places),
                    folded=len(places) > most,
                )
            )  # fmt: skip
        return tuple(out)

    # The series.

    def _shown(self) -> Shown:
        say, one = self.say, self.one(self.indicator)
        row = self.ranking.row(self.indicator, self.place)
        series = Series(self.known, one, self.place, row, say)
        points = series.points()
        late = sum(p.late for p in points)
        said = watch_chart.Said(
            title=say("chart_title", indicator=self.title(one.id), place=self.name(self.place)),
            description=self._described(points),
            late=say(f"chart_late_{one.spec.period}", count=late) if late else "",
        )

        def number(value: float) -> str:
            return say.number(value)

        def drawn(ident: str, of: Sequence[watch_chart.Point], *size: float) -> Markup:
            text = watch_chart.draw(ident, of, said, number, *size) if of else ""
            return Markup(text)  # noqa: S704 - svg.py escapes every text and attribute

        answer, means = series.answer()
        definition = say.of(one.spec.case_definition) if one.spec.case_definition else ""
        return Shown(
            title=said.title,
            unit=say("chart_unit", unit=say.of(one.spec.unit)),
            definition=definition,
            state=self._state(row, series),
            chart=drawn("cw", points),
            phone=drawn("cp", points[-PHONE:], 340.0, 240.0),
            nowcast=any(p.middle == p.middle for p in points),
            late=bool(late),
            gaps=any(p.value != p.value for p in points),
            lines=series.lines(points),
            answer=answer,
            means=means,
            reasons=series.reasons(),
            csv=self.href("watch-series.csv", indicator=one.id, place=self.place),
            empty="" if points else say("chart_empty"),
        )

    def _described(self, points: Sequence[watch_chart.Point]) -> str:
        alarms = sum(p.alarm for p in points)
        late = sum(p.late for p in points)
        return self.say("chart_description", periods=len(points), alarms=alarms, late=late)

    def _state(self, row: Row | None, series: Series) -> Tag:
        say = self.say
        if row is not None:
            return Tag(say(f"standing_{row.standing}"), _SHAPES[row.standing])
        if series.newest is None or any(
            (u.indicator, u.place) == (self.indicator, self.place) for u in self.ranking.blind
        ):
            return Tag(say("console.no_data"), "nodata")
        return Tag(say("console.quiet"), "quiet")

    # Where.

    def _map(self) -> Markup:
        say, ranking = self.say, self.ranking
        counts = Counter(r.place for r in ranking.worth)
        series = len(self.watched.indicators) - len(ranking.never)
        blind = Counter(u.place for u in ranking.blind)
        first = {r.place: r.indicator for r in reversed(ranking.rows)}
        told = {}
        for code in self.watched.places:
            dark = not series or blind[code] == series
            key = "map_count" if counts[code] else "map_blind" if dark else "map_none"
            title = say(key, place=self.name(code), count=counts[code])
            indicator = first.get(code, self.indicator)
            href = self.series_href(indicator, code) if counts[code] else ""
            told[code] = watch_map.Told(counts[code], dark, title, href)
        ground = self.known.land.ground
        if ground is None:
            return Markup()
        labels = {c: say.of(names) for c, names in self.known.land.labels.items()}
        text = watch_map.draw(ground, told, say("map_title"), say("map_description"), labels)
        return Markup(text)  # noqa: S704 - svg.py escapes every text and attribute

    def _shades(self) -> tuple[tuple[str, str], ...]:
        top = watch_map.SHADES[-1][0]
        found = [("w0", "0")]
        if self.known.land.rest:
            found.insert(0, ("wx", self.say("shade_rest")))
        for least, name in watch_map.SHADES:
            found.append(
                (name, self.say("shade_more", count=least) if least == top else str(least))
            )
        return tuple(found)


def _many(say: Speaker, some: str, one: str, count: int) -> str:
    return say(one) if count == 1 else say(some, count=say.number(count))


_SHAPES: Final[Mapping[Standing, State]] = {
    "kept": "raised", "bound": "raised", "chance": "plain",
}  # fmt: skip
