"""The watch page: what is unusual, why, where, and of what nothing is known."""

from __future__ import annotations

import csv
import html
import io
import math
import re
from collections.abc import Iterator
from datetime import date, timedelta
from string import Formatter
from typing import Any

import numpy as np
import pytest
from lxml import etree

from haidang.base.errors import NotFound
from haidang.base.place import Place
from haidang.data.observations import Observations
from haidang.jobs.replay import play
from haidang.pack.case import load_case
from haidang.pack.load import Roots
from haidang.web.pages import watch, watch_chart, watch_data, watch_map, watch_parts
from haidang.web.pages.watch_chart import Point, Said
from haidang.web.pages.watch_rank import Ranking, beside
from haidang.web.speak import Speaker
from haidang.web.watching import Watching, land
from haidang.words import catalogue
from web import counted
from web.browser import Browser, site

WEEKS = 52 * 7
LANGUAGES = ("vi", "en")


def speaker(language: str = "en") -> Speaker:
    return Speaker(language, counted.toy().zone, "watch_page")


@pytest.fixture(scope="module")
def nation() -> Watching:
    """Thirty places by week: an outbreak in two neighbours, one that fell silent, one that rises.

    ``p0000`` and ``p0001`` lie side by side and have three times their usual number for three
    weeks; ``p0002`` stopped eight weeks ago; nothing ever came from ``S``.
    """
    of = counted.context({"cases": counted.indicator("cases")}, 30)
    codes = of.areas.codes
    table = counted.counts(len(codes), WEEKS)
    for code in ("p0000", "p0001"):
        table[codes.index(code), -3:] = 3 * table[codes.index(code)].max()
    table[codes.index("p0002"), -8:] = np.nan
    table[codes.index("S")] = np.nan
    return counted.view(counted.watched(of, counted.reports("cases", codes, table, late=30)))


@pytest.fixture(scope="module")
def ranking(nation: Watching) -> Ranking:
    return nation.known.ranking


# --- the ranking ---------------------------------------------------------------------------------


def test_the_outbreak_stands_first_and_is_one_event(ranking: Ranking) -> None:
    first = ranking.rows[:2]
    assert {r.place for r in first} == {"p0000", "p0001"}
    assert {r.standing for r in first} == {"kept"}
    assert all(r.q <= 0.05 and r.running >= 2 for r in first)
    assert first[0].event == first[1].event
    assert ranking.events[first[0].event] == (1, 2)
    assert [r.p for r in ranking.rows if r.worth] == sorted(r.p for r in ranking.rows if r.worth)


def test_every_series_is_raised_quiet_or_not_known(ranking: Ranking) -> None:
    """Nobody vanishes: a place is in the list, below its bound, or named as not known."""
    assert ranking.series == 30
    beyond = {r.place for r in ranking.rows}
    blind = {u.place for u in ranking.blind}
    assert blind == {"p0002", "S"}
    assert not beyond & blind
    assert ranking.quiet + len(beyond | blind) == 30
    assert {u.place: u.why for u in ranking.blind} == {"p0002": "silent", "S": "silent"}
    since = {u.place: u.since for u in ranking.blind}
    assert since == {"p0002": counted.NEWEST - timedelta(days=7 * 8), "S": None}


def test_the_newest_weeks_are_not_read_as_quiet(ranking: Ranking) -> None:
    """Half of the newest week is in: whoever is below the bound with it is not known, not calm."""
    filling = {u.place: u.why for u in ranking.filling}
    assert set(filling.values()) == {"incomplete"}
    assert len(filling) > 20
    assert "p0000" not in {u.place for u in ranking.blind}


def test_the_period_that_is_told_is_the_newest_that_is_kept(ranking: Ranking) -> None:
    row = next(r for r in ranking.rows if r.place == "p0000")
    assert row.start in {counted.NEWEST, counted.NEWEST - timedelta(days=7)}
    assert row.value > row.upper > row.expected
    assert len(row.recent) == 14
    assert row.recent[-1] <= row.recent[-2]


def test_a_method_without_probability_is_ranked_by_its_bound() -> None:
    of = counted.context(
        {"a": counted.indicator("a", "endemic_channel"), "b": counted.indicator("b", last=2)}, 12
    )
    codes = of.areas.codes
    calm = counted.counts(len(codes), WEEKS, seed=3)
    wild = calm.copy()
    wild[0, -1] = wild[0].max() * 4
    rows = (*counted.reports("a", codes, wild), *counted.reports("b", codes, calm))
    found = counted.view(counted.watched(of, rows)).known.ranking
    top = found.rows[0]
    assert (top.indicator, top.place, top.standing) == ("a", codes[0], "bound")
    assert math.isnan(top.p)
    assert math.isnan(top.q)
    assert found.tests == 2 * len(codes), "only the judged periods of the other one are tests"
    assert found.series == 24


def test_an_indicator_that_nobody_reports_is_named_and_not_counted_as_calm() -> None:
    of = counted.context({"a": counted.indicator("a"), "b": counted.indicator("b")}, 4)
    rows = counted.reports("a", of.areas.codes, counted.counts(4, WEEKS))
    look = counted.view(counted.watched(of, rows))
    assert look.known.ranking.never == ("b",)
    assert look.known.ranking.series == 4
    page = watch.build(look, speaker())
    assert page.never == ("Weekly b",)
    assert "Weekly b" in page.lead
    assert "1 indicator never reported" in page.title


def test_neighbours_touch_or_lie_close() -> None:
    of = counted.context({"a": counted.indicator("a")}, 5)
    day = date(2030, 1, 1)
    outlines = of.country.places.outlines_on("province", day)
    pairs = {tuple(sorted(p)) for p in beside(of.named, outlines)}
    assert ("N", "S") in pairs
    assert beside({}, {}) == ()


# --- the page ------------------------------------------------------------------------------------


def whole(view: Watching, language: str = "en", **asked: Any) -> watch_parts.Page:
    return watch.build(view, speaker(language), watch_parts.Asked(**asked))


def test_the_first_line_answers(nation: Watching) -> None:
    page = whole(nation)
    worth = len(nation.known.ranking.worth)
    assert page.title == f"Fever: {worth} signals worth a look; 2 series not known"
    assert page.figures[0].value == "30"
    assert page.figures[-1].value == "2"


def test_who_is_not_known_is_listed_with_since_when(nation: Watching) -> None:
    blind = whole(nation).blind
    assert [n for one in blind for n, _ in one.names] == ["South Toyland", "Place 2"]
    assert [one.since for one in blind] == [
        "no count ever",
        "newest count: week 15 of 2030 (08/04–14/04), over for 58 days",
    ]


def test_the_same_look_gives_the_same_page(nation: Watching) -> None:
    assert whole(nation) == whole(nation)


@pytest.mark.parametrize("order", watch_parts.ORDERS)
def test_the_list_is_sorted_as_asked(nation: Watching, order: str) -> None:
    page = whole(nation, order=order)
    assert page.heads[order].sorted in {"ascending", "descending"}
    assert sum(bool(h.sorted) for h in page.heads.values()) == 1
    ranks = [int(r.number) for r in page.rows]
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
    if order == "rank":
        assert ranks == sorted(ranks)
    if order == "place":
        assert [r.name for r in page.rows] == sorted(r.name for r in page.rows)
    if order == "running":
        running = [int(r.running) for r in page.rows]
        assert running == sorted(running, reverse=True)


def test_a_series_can_be_chosen_and_a_wrong_one_is_refused(nation: Watching) -> None:
    page = whole(nation, place="N")
    assert page.shown.title == "Weekly cases, North Toyland"
    assert page.shown.state.state in {"quiet", "plain"}
    silent = whole(nation, place="p0002")
    assert silent.shown.state.state == "nodata"
    assert silent.shown.means == "Nothing can be said of it; that is not calm."
    for wrong in ({"place": "X"}, {"indicator": "X"}):
        with pytest.raises(NotFound) as caught:
            whole(nation, **wrong)
        assert caught.value.problems[0].code == "watch_page.no_series"


def test_the_table_has_the_numbers_of_the_chart(nation: Watching) -> None:
    shown = whole(nation, place="p0000").shown
    assert len(shown.lines) == 60
    assert shown.lines[0].complete == "50%"
    assert shown.nowcast
    low, high = re.fullmatch(r"\d+ \((\d+)–(\d+)\)", shown.lines[0].nowcast).groups()  # type: ignore[union-attr]
    assert int(shown.lines[0].value) < int(low) < int(high)
    assert any(line.alarm for line in shown.lines[:4])
    drawn = etree.fromstring(str(shown.chart))
    assert len(drawn.findall("{*}path[@class='al']")) == sum(line.alarm for line in shown.lines)


def test_it_says_why(nation: Watching) -> None:
    shown = whole(nation, place="p0000").shown
    said = {one.label: one for one in shown.reasons}
    assert said["Method"].text == "flexible Farrington"
    assert "Noufaily" in said["Method"].note
    assert said["Compared with"].text == "the 5 years before"
    assert {"Score", "p", "q", "Not full yet"} <= set(said)
    law = next(r for r in shown.reasons if "Act 8" in r.label)
    assert "The text gives" in law.text
    assert "standard deviations above the mean" in law.note
    assert "2025" in law.note


def test_a_series_without_any_report_still_has_a_page(nation: Watching) -> None:
    del nation
    of = counted.context({"a": counted.indicator("a")}, 2)
    page = whole(counted.view(counted.watched(of, ())))
    assert page.title == "Fever: nothing has been reported yet"
    assert page.shown.chart == ""
    assert page.shown.empty
    assert page.rows == ()


def test_many_rows_are_shown_when_asked_for() -> None:
    of = counted.context({"a": counted.indicator("a", "endemic_channel")}, 60)
    codes = of.areas.codes
    table = counted.counts(len(codes), WEEKS)
    table[:, -1] = 500
    look = counted.view(counted.watched(of, counted.reports("a", codes, table)))
    short, long = whole(look), whole(look, whole=True)
    assert len(short.rows) == watch.FIRST
    assert "all=1" in short.more_href
    assert len(long.rows) == 60
    assert long.more == ""


# --- the chart and the map -----------------------------------------------------------------------


def point(i: int, value: float, **more: Any) -> Point:
    given = {
        "expected": 5.0, "upper": 9.0, "alarm": False, "late": False, "low": math.nan,
        "middle": math.nan, "high": math.nan, **more,
    }  # fmt: skip
    return Point(date(2030, 1, 7) + timedelta(days=7 * i), f"W{i}", value, title=f"t{i}", **given)


def drawn(*points: Point) -> Any:
    text = watch_chart.draw("x", points, Said("T", "D", "late"), lambda v: f"{v:g}")
    return etree.fromstring(text)


def classes(of: Any, name: str) -> list[Any]:
    return of.xpath(f"//*[local-name()!='svg'][@class='{name}']")


def test_an_alarm_is_a_shape_and_has_words() -> None:
    found = drawn(point(0, 4), point(1, 12, alarm=True), point(2, 5))
    (mark,) = classes(found, "al")
    assert mark[0].text == "t1"
    assert mark.get("d").endswith("z")


def test_a_gap_breaks_the_line_and_is_marked() -> None:
    found = drawn(point(0, 4), point(1, 5), point(2, math.nan), point(3, 6), point(4, 7))
    (line,) = classes(found, "ser")
    assert line.get("d").count("M") == 2
    assert len(classes(found, "gapx")) == 1


def test_late_periods_lie_under_hatching_with_what_is_expected() -> None:
    found = drawn(point(0, 4), point(1, 3, late=True, low=4, middle=6, high=9))
    (box,) = classes(found, "late")
    assert box.get("fill") == "url(#x-h)"
    assert len(classes(found, "nci")) == 1
    assert "late" in [t.text for t in found.iter("{*}text")]
    assert classes(drawn(point(0, 4), point(1, 3)), "late") == []


def test_one_wild_bound_does_not_flatten_the_counts() -> None:
    assert watch_chart.highest([point(0, 10, upper=9000.0)]) == 25
    assert watch_chart.highest([point(0, math.nan, expected=math.nan, upper=math.nan)]) == 1


@pytest.mark.parametrize("top", [0, 1, 3, 7, 23, 234, 99_999])
def test_lines_across_are_few_and_round(top: float) -> None:
    step = watch_chart.nice(top)
    assert math.ceil(max(top, 1) / step) <= watch_chart.LINES
    assert step in {k * 10.0**e for k in (1, 2, 5) for e in range(6)}


def test_a_small_chart_of_nothing_is_none() -> None:
    assert watch_chart.spark([math.nan, math.nan]) == ""
    assert "M" in watch_chart.spark([1, math.nan, 2])


def test_the_map_tells_by_number_pattern_and_words(nation: Watching) -> None:
    ground = nation.known.land.ground
    assert ground is not None
    told = {
        "N": watch_map.Told(2, blind=False, title="N two", href="?n"),
        "S": watch_map.Told(0, blind=True, title="S dark", href=""),
        "p0000": watch_map.Told(1, blind=False, title="p one", href="?p"),
    }
    found = etree.fromstring(watch_map.draw(ground, told, "T", "D"))
    numbers = [t.text for t in found.iter("{*}text")]
    assert numbers == ["2"]
    hatched = found.xpath("//*[@fill='url(#wm-x)']/*[local-name()='title']/text()")
    assert hatched == ["S dark"]
    links = {a.get("href"): a.get("aria-label") for a in found.iter("{*}a")}
    assert links == {"?n": "N two", "?p": "p one"}


def test_the_country_is_whole_also_where_nothing_is_watched() -> None:
    """A map without its islands, or of twelve provinces alone, would not be the country."""
    areas = counted.toy().named
    north = {"N": areas["N"]}
    day = date(2030, 1, 1)
    shapes = counted.toy().country.places.outlines_on("province", day)
    isle = Place("isle", "point", {"en": "Far isle"}, None, day, lat=9.0, lon=112.0)
    laid = land(north, {"N": shapes["N"]}, shapes, {"isle": isle})
    assert laid.ground is not None
    assert laid.rest
    assert {a.code for a in laid.ground.areas} == {"N", "S", "isle"}
    text = watch_map.draw(laid.ground, {}, "T", "D", {"isle": "Far isle"})
    found = etree.fromstring(text)
    assert [t.text for t in found.iter("{*}text")] == ["Far isle"]
    assert text.count('class="ar wx"') == 2


def test_points_by_the_thousand_are_dust(nation: Watching) -> None:
    del nation
    of = counted.context({"a": counted.indicator("a")}, 1000)
    look = counted.view(counted.watched(of, ()))
    ground = look.known.land.ground
    assert ground is not None
    text = watch_map.draw(ground, {}, "T", "D")
    assert text.count("<rect") < 5
    assert len(text) < 40_000


# --- the data ------------------------------------------------------------------------------------


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_list_as_csv_holds_who_is_not_known(nation: Watching) -> None:
    rows = rows_of(watch_data.listed(nation, speaker()))
    assert list(rows[0]) == list(watch_data.LISTED)
    assert all(None not in row and None not in row.values() for row in rows)
    ranking = nation.known.ranking
    assert len(rows) == len(ranking.rows) + len(ranking.unknown)
    dark = {r["place"]: r["newest_value_of"] for r in rows if r["state"] == "no_data"}
    assert dark == {"p0002": "2030-04-08", "S": ""}
    top = rows[0]
    assert float(top["value"]) > float(top["upper"])
    assert top["start"] in {"2030-06-03", "2030-05-27"}


def test_a_series_as_csv_holds_every_judged_period(nation: Watching) -> None:
    rows = rows_of(watch_data.series(nation, speaker(), "cases", "p0000"))
    found = nation.known.watched.indicators["cases"].found
    assert found is not None
    assert len(rows) == found.sizes["time"]
    assert rows[-1]["start"] == "2030-06-03"
    assert float(rows[-1]["nowcast_low"]) >= float(rows[-1]["value"])
    assert rows[-1]["completeness"] == "0.5"
    with pytest.raises(NotFound):
        watch_data.series(nation, speaker(), "cases", "nowhere")


# --- words ---------------------------------------------------------------------------------------


def test_every_method_and_reason_has_a_name() -> None:
    from haidang.watch.detectors import METHODS
    from haidang.watch.method import LABELS

    words = catalogue()
    assert [m for m in METHODS if f"watch_page.method_{m}" not in words] == []
    assert [r for r in LABELS if r and f"watch_page.why_{r}" not in words] == []


# --- the console ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def inside(toys: Roots, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A console over a replayed fever."""
    out = tmp_path_factory.mktemp("counted")
    play(load_case("fever-2030", toys), toys, out / "fever-2030")
    with site(out, toys, "xt", ("forecaster_on_duty", "shift_lead")) as found:
        yield found.browser("one-0")


FEVER = "/d/fever-2030/watch"


def visible(text: str) -> str:
    bare = re.sub(r"<(svg|style|script).*?</\1>", " ", text, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", bare))


def strange(text: str, language: str, other: str) -> list[str]:
    """Whole texts of the other language that stand on the page."""
    return [
        texts[other]
        for key, texts in catalogue().items()
        if key.split(".")[0] in {"watch_page", "console"}
        and key != "console.own_name"
        and texts[language] != texts[other]
        and " " in texts[other]
        and not any(field for _, field, _, _ in Formatter().parse(texts[other]))
        and texts[other] in text
    ]


@pytest.mark.parametrize(("language", "other"), [("vi", "en"), ("en", "vi")])
@pytest.mark.parametrize("at", ["b20300611T0000", "b20300101T0000", ""])
def test_the_page_speaks_one_language(inside: Browser, language: str, other: str, at: str) -> None:
    answer = inside.get(f"{FEVER}?lang={language}&at={at}")
    assert answer.status_code == 200
    text = visible(answer.text)
    assert strange(text, language, other) == []
    assert "{" not in text
    assert "nan" not in text.split()
    ids = re.findall(r'\sid="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))
    assert answer.text.count("<h1") == 1
    assert "style=" not in answer.text


def test_a_past_run_sees_nothing_later(inside: Browser) -> None:
    early = inside.get(f"{FEVER}?lang=en&at=b20300611T0000").text
    assert "North Toyland" in early
    text = visible(early).replace("on 11 Jun 2030", "")
    assert "May 2030" in text
    assert "Jun 2030" not in text
    assert '<div class="past"' in early


def test_the_links_of_the_page_lead_somewhere(inside: Browser) -> None:
    page = inside.get(f"{FEVER}?at=b20300611T0000").text
    links = {
        html.unescape(h).split("#")[0]
        for h in re.findall(r'href="(/d/fever-2030/watch[^"]*)"', page)
    }
    assert len(links) > 5
    for link in links:
        assert inside.get(link).status_code == 200, link


def test_data_come_as_files(inside: Browser) -> None:
    answer = inside.get("/d/fever-2030/watch.csv?at=b20300611T0000")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "b20300611T0000-watch.csv" in answer.headers["content-disposition"]
    rows = rows_of(answer.content.decode("utf-8-sig"))
    assert {(r["place"], r["state"]) for r in rows} == {("N", "bound"), ("S", "incomplete")}
    series = inside.get("/d/fever-2030/watch-series.csv?indicator=cases&place=N")
    assert len(rows_of(series.content.decode("utf-8-sig"))) == 36
    wrong = inside.get("/d/fever-2030/watch-series.csv?indicator=cases&place=%0d%0aX")
    assert wrong.status_code == 404


def test_the_navigation_leads_to_it(inside: Browser) -> None:
    page = inside.get(f"{FEVER}?at=b20300611T0000").text
    assert 'aria-current="page">' in page
    assert f'href="{FEVER}?at=b20300611T0000"' in page


def test_nobody_comes_in_without_a_login(inside: Browser) -> None:
    stranger = Browser(inside.client.app, "")  # type: ignore[arg-type]
    assert stranger.get(FEVER).status_code == 303


def test_reports_are_areas_and_numbers(nation: Watching) -> None:
    """What the page is built from has no place for a person."""
    rows: Observations = nation.known.watched.indicators["cases"].reports
    assert set(rows.rows[0].__slots__) == {
        "series", "place", "start", "value", "unit", "flag", "published", "received", "receipt",
        "source",
    }  # fmt: skip
