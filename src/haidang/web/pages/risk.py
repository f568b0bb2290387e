"""The risk page: where is risk highest, why, how sure is that, and what would be if."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import numpy as np
from markupsafe import Markup

from haidang.base.errors import NotFound
from haidang.base.problem import Problem
from haidang.risk.index import TOP
from haidang.web import svg
from haidang.web.pages import risk_if, watch_map
from haidang.web.pages.moment import Moment, moment
from haidang.web.pages.risk_parts import Dimension, Form, Outcome, Page, Part, Row, Score
from haidang.web.parts import Fact
from haidang.web.risking import Ranked, Risking
from haidang.web.speak import Speaker

CLASSES: Final = ((5.0, "w3"), (3.5, "w2"), (2.0, "w1"), (0.0, "w0"))
"""Shades from a score on: the classes of INFORM, the two highest together."""

FIRST: Final = 12
"""Rows of the ranking before the whole of it is asked for; the place that is explained besides."""

REASONS: Final = 3
"""So many indicators are named as what makes a place stand out."""

WIDTH, HEIGHT = 100, 12
"""Of the drawn interval, pixels."""


def build(view: Risking, say: Speaker) -> Page:
    """Put the page together; the same look, clock and language give the same page.

    Raises:
        NotFound: There is no such place (``index.no_place``).
    """
    href = f"/d/{view.id}/risk"
    told = moment(say, href, view.runs, view.this, view.now)
    forms = risk_if.forms(view, say)
    outcome = risk_if.outcome(view, say)
    at = () if view.newest else (("at", view.this),)
    if view.ranked is None:
        none = say("none_text", country=say.of(view.context.country.spec.name))
        no_what = "" if forms else say("no_what")
        return Page(say("none"), say("lead"), told, at, forms, no_what, outcome, none)
    return _Ranking(view, view.ranked, say, href, at).page(told, forms, outcome)


class _Ranking:
    def __init__(
        self,
        view: Risking,
        ranked: Ranked,
        say: Speaker,
        href: str,
        at: tuple[tuple[str, str], ...],
    ) -> None:
        self.view, self.ranked, self.say, self.at, self.base = view, ranked, say, at, href
        self.made, self.found = ranked.made, ranked.found
        self.spec = ranked.found.spec
        self.order = ranked.made.order()
        self.names = {p.code: p.name(say.language) for p in ranked.found.places}
        self.shown = view.asked.place or (self.made.codes[self.order[0]] if self.order else "")
        if self.shown and self.shown not in self.names:
            known = ", ".join(self.made.codes)
            raise NotFound(Problem("index.no_place", {"place": self.shown, "known": known}))

    def page(
        self,
        told: Moment,
        forms: tuple[Form, ...],
        outcome: Outcome | None,
    ) -> Page:
        say = self.say
        here = self.made.codes.index(self.shown) if self.shown else None
        return Page(
            title=self._answer(),
            lead=say("lead"),
            moment=told,
            none="",
            figures=self._figures(),
            map=self._map(),
            shades=tuple((name, say(f"shade_{name}")) for _, name in reversed(CLASSES)),
            columns=tuple(say.of(self.spec.nodes[d].title) for d in self._dimensions()),
            rows=tuple(self._row(i) for i in self._listed()),
            more=say("all_rows", count=len(self.order)) if len(self._listed()) < len(self.order)
            else "",
            more_href=self._href(("all", "1"), mark="#list"),
            csv=self.base + ".csv" + (f"?at={self.view.this}" if self.at else ""),
            shown=self.names.get(self.shown, ""),
            why="" if here is None else self._why(self.shown),
            parts=() if here is None else tuple(self._parts(here)),
            places=tuple(sorted(self.names.items(), key=lambda n: n[1])),
            place=self.shown,
            keep=self.at,
            method=(
                say("method_index", source=say.of(self.spec.source)),
                say("method_sampling", draws=say.number(self.spec.sampling.draws),
                    weights=self._share(self.spec.sampling.weights),
                    bounds=self._share(self.spec.sampling.bounds)),
            ),
            unknown=tuple(self._unknown()),
            uncounted=tuple(
                self.names[c]
                for c, n in zip(self.made.codes, self.found.people, strict=True)
                if math.isnan(n)
            ),
            forms=forms,
            no_what="" if forms else say("no_what"),
            outcome=outcome,
        )  # fmt: skip

    def _dimensions(self) -> tuple[str, ...]:
        return tuple(d for d in self.spec.dimensions if d in self.spec.nodes)

    def _listed(self) -> tuple[int, ...]:
        if self.view.asked.whole:
            return self.order
        shown = (i for i in self.order[FIRST:] if self.made.codes[i] == self.shown)
        return (*self.order[:FIRST], *shown)

    def _href(self, *query: tuple[str, str], mark: str = "") -> str:
        return f"{self.base}?{urlencode([*self.at, *query])}{mark}"

    def href(self, place: str) -> str:
        whole = (("all", "1"),) if self.view.asked.whole else ()
        return self._href(("place", place), *whole, mark="#why")

    def _share(self, value: float) -> str:
        return self.say("format.percent", value=self.say.number(100 * value))

    # The answer.

    def _answer(self) -> str:
        say = self.say
        if not self.order or math.isnan(self.made.rank[self.order[0]]):
            return say("answer_none")
        first = self.order[0]
        # Whoever's interval of the rank reaches the first may be the first.
        also = sum(1 for i in self.order[1:] if self.made.rank_low[i] <= 1)
        place = self.names[self.made.codes[first]]
        score = say.number(float(self.made.risk[first]), 1)
        return say("answer_also" if also else "answer", place=place, score=score, count=also)

    def _figures(self) -> tuple[Fact, ...]:
        say, people = self.say, self.found.people
        known = people[~np.isnan(people)]
        indicators = self.spec.indicators
        missing = sum(1 for n in indicators if np.isnan(self.made.values[n]).all())
        partly = sum(1 for n in indicators if np.isnan(self.made.values[n]).any()) - missing
        note = (
            say("figure_people_note", count=int(np.isnan(people).sum()))
            if len(known) < len(people)
            else say("figure_people_all")
        )
        return (
            Fact(
                say("figure_people"),
                say.number(float(known.sum())) if len(known) else say("unknown"),
                note,
            ),
            Fact(
                say("figure_indicators"),
                say.number(len(indicators) - missing - partly),
                say("figure_indicators_note", missing=missing, partly=partly),
            ),
            Fact(
                say("figure_known"),
                self._share(float(self.made.known.mean())) if len(self.made.codes) else "",
                say("figure_known_note"),
            ),
        )

    # The map.

    def _map(self) -> Markup:
        if self.view.ground is None:
            return Markup()
        say, told = self.say, {}
        for i, code in enumerate(self.made.codes):
            risk = float(self.made.risk[i])
            blind = math.isnan(risk)
            score = self._score(self.spec.root, i)
            title = say(
                "map_blind" if blind else "map_place",
                place=self.names[code], score=score.value, interval=score.interval,
            )  # fmt: skip
            label = "" if blind else score.value
            told[code] = watch_map.Told(
                0, blind, title, self.href(code), label, "" if blind else _shade(risk)
            )
        labels = {c: say.of(n) for c, n in self.view.islands.items()}
        # Drawn by our own code, every text in it escaped there.
        return Markup(  # noqa: S704
            watch_map.draw(self.view.ground, told, say("map_title"), say("map_text"), labels)
        )

    # The list.

    def _row(self, i: int) -> Row:
        say, made = self.say, self.made
        code, people = made.codes[i], float(self.found.people[i])
        ranked = not math.isnan(made.rank[i])
        dimensions = (Dimension(say.of(self.spec.nodes[d].title), self._score(d, i))
                      for d in self._dimensions())  # fmt: skip
        return Row(
            rank=say.number(float(made.rank[i])) if ranked else "",
            ranks=say("ranks", low=say.number(float(made.rank_low[i])),
                      high=say.number(float(made.rank_high[i]))) if ranked else "",
            name=self.names[code],
            href=self.href(code),
            current=code == self.shown,
            risk=self._score(self.spec.root, i),
            dimensions=tuple(dimensions),
            known=self._share(float(made.known[i])),
            people="" if math.isnan(people) else say.number(people),
        )  # fmt: skip

    def _score(self, part: str, i: int) -> Score:
        say, made = self.say, self.made
        value = float(made.scores.score[part][i])
        if part not in made.low:
            shown = say("unknown") if math.isnan(value) else say.number(value, 1)
            return Score(shown, "", _drawn(value, value, value))
        low, high = float(made.low[part][i]), float(made.high[part][i])
        interval = "" if math.isnan(low) else f"{say.number(low, 1)}–{say.number(high, 1)}"
        shown = say("unknown") if math.isnan(value) else say.number(value, 1)
        return Score(shown, interval, _drawn(low, value, high))

    # One place.

    def _why(self, code: str) -> str:
        say = self.say
        reasons = [
            say("reason", what=say.of(self.spec.indicators[n].title),
                points=say.number(points, 1))
            for n, points in self.ranked.reasons.get(code, ())[:REASONS]
            if round(points, 1) > 0
        ]  # fmt: skip
        if not reasons:
            return say("why_none", place=self.names[code])
        return say("why", place=self.names[code], reasons="; ".join(reasons))

    def _parts(self, i: int) -> list[Part]:
        say, out = self.say, []
        points = dict(self.ranked.reasons.get(self.made.codes[i], ()))
        for depth, name in self.spec.walk():
            one = self.spec.indicators.get(name)
            value = "" if one is None else self._value(name, i)
            source, doubt = "", ""
            if one is not None:
                source = say.of(one.source)
                if one.date:
                    source = say("source_date", source=source, date=one.date)
                doubt = say.of(one.doubt)
            out.append(
                Part(
                    depth=depth,
                    node=one is None,
                    title=say.of(self.spec.part(name).title),
                    score=self._score(name, i),
                    known=not math.isnan(float(self.made.scores.score[name][i])),
                    value=value,
                    adds=_signed(say, points[name]) if name in points else "",
                    source=source,
                    doubt=doubt,
                )
            )
        return out

    def _value(self, name: str, i: int) -> str:
        value = float(self.made.values[name][i])
        if math.isnan(value):
            return self.say("unknown")
        digits = 0 if abs(value) >= 100 or value.is_integer() else 1  # noqa: PLR2004
        return f"{self.say.number(value, digits)} {self.say.of(self.spec.indicators[name].unit)}"

    def _unknown(self) -> list[tuple[str, str]]:
        say, out = self.say, []
        for name, one in self.spec.indicators.items():
            blind = np.isnan(self.made.values[name])
            if blind.all():
                out.append((say.of(one.title), say.of(one.source)))
            elif blind.any():
                text = say("unknown_some", count=int(blind.sum()), all=len(blind))
                out.append((say.of(one.title), text))
        return out


def _shade(risk: float) -> str:
    """Class of a score.

    >>> _shade(0.0), _shade(3.4), _shade(9.9)
    ('w0', 'w1', 'w3')
    """
    return next(name for least, name in CLASSES if risk >= least)


def _signed(say: Speaker, points: float) -> str:
    text = say.number(points, 1)
    return f"+{text}" if points > 0 and round(points, 1) else text


def _drawn(low: float, value: float, high: float) -> Markup:
    """The interval as a line on 0 to 10, the score as a mark; empty where nothing is known."""
    if math.isnan(low):
        return Markup()
    scale = WIDTH / TOP
    inside = svg.el(
        "path", {"class": "rng", "d": f"M{low * scale:.0f} {HEIGHT // 2}H{high * scale:.0f}"}
    )
    if not math.isnan(value):
        inside += svg.el(
            "rect", {"class": "bar have", "x": round(value * scale - 1.5, 1), "y": 1, "width": 3,
                     "height": HEIGHT - 2},
        )  # fmt: skip
    box: Mapping[str, object] = {
        "class": "span", "viewBox": f"0 0 {WIDTH} {HEIGHT}", "aria-hidden": "true"
    }  # fmt: skip
    return Markup(svg.el("svg", box, inside))  # noqa: S704 - numbers only


def table(view: Risking, say: Speaker) -> str:
    """The ranking as CSV, every part of the tree a column."""
    if view.ranked is None:
        return ""
    made, found = view.ranked.made, view.ranked.found
    parts = [name for _, name in found.spec.walk()]
    head = ["code", "name", "rank", "rank_low", "rank_high", "known", "people"]
    for name in parts:
        head += [name, f"{name}_low", f"{name}_high"] if name in made.low else [name]
    lines = [",".join(head)]
    for i in made.order():
        place = found.places[i]
        cells = [place.code, _quoted(place.name(say.language))]
        cells += [_cell(v[i]) for v in (made.rank, made.rank_low, made.rank_high, made.known)]
        cells.append(_cell(found.people[i]))
        for name in parts:
            cells.append(_cell(made.scores.score[name][i]))
            if name in made.low:
                cells += [_cell(made.low[name][i]), _cell(made.high[name][i])]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{float(value):.10g}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text
