"""The report of a case that is told by readings: the toy country's flood, in both its languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import html

from haidang.jobs.replay import Played, play
from haidang.jobs.tables import tables
from haidang.pack.case import load_case
from haidang.pack.load import roots
from haidang.web.pages.report import write_reports
from haidang.words import catalogue

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    known = roots([TOY])
    return play(load_case("flood-2030", known), known, tmp_path_factory.mktemp("flood"))


@pytest.fixture(scope="module")
def pages(played: Played) -> dict[str, html.HtmlElement]:
    written = write_reports(played, tables(played), played.folder)
    assert [p.name for p in written] == ["report.html", "report.fr.html"]
    return {p.name: html.document_fromstring(p.read_bytes().decode()) for p in written}


def text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def cells(page: html.HtmlElement, run: str) -> dict[str, list[str]]:
    rows = page.xpath(f"//article[@id='{run}']//table[contains(@class,'areas')]//tbody/tr")
    return {text(r.find("th")): [text(c) for c in r.findall("td")] for r in rows}


def test_the_answer_comes_first(pages):
    answer = text(pages["report.html"].xpath("//p[@class='answer']")[0])
    assert answer == "Highest: level 3, alarm. Areas: 1, first at: North Toyland (1 Jun 12:10)."


def test_a_forecast_and_a_measurement_are_told_apart(pages):
    rows = cells(pages["report.html"], "r20300601T0610")
    north, south = rows["North Toyland"], rows["South Toyland"]
    assert north[1:5] == ["3.2 mStage", "Alba (Alb river)", "18:00 on 01/06/2030", "forecast"]
    assert south[1:5] == ["2.4 mStage", "Casa (Cas river)", "06:00 on 01/06/2030", "measured"]
    assert "Article 2(2)(a): alarm: from alarm 2; ground: plain; basins: one" in north[5]


def test_a_gauge_that_is_silent_is_named(pages):
    page = pages["report.html"]
    run = text(page.xpath("//article[@id='r20300602T0200']")[0])
    assert "Nothing is known of: South Toyland. That is not calm." in run
    unknown = text(page.xpath("//section[@aria-labelledby='unknown']")[0])
    assert "Casa (Cas river), from 2 Jun 02:00" in unknown
    assert "Not all alarm levels are known of: Dorf." in unknown


def test_the_chart_holds_readings_forecast_alarms_and_levels(pages):
    charts = pages["report.html"].xpath("//*[local-name()='svg' and @class='rc']")
    alba = charts[0]
    assert len(alba.xpath(".//*[@class='rd']")) == 5
    assert len(alba.xpath(".//*[@class='rf']")) == 1
    assert len(alba.xpath(".//*[@class='rb']")) == 3
    assert [text(t) for t in alba.xpath(".//*[starts-with(@class,'rk')]")] == ["2", "3"]
    assert "18:00 on 01/06/2030: 3.2 m, forecast" in text(alba)


def test_names_are_those_of_the_language(pages):
    page = pages["report.fr.html"]
    rows = cells(page, "r20300601T0610")
    assert "prévu" in next(iter(rows.values()))[4]
    assert text(page.xpath("//h1")[0]) == "La crue du pays d'essai"


def test_nothing_of_a_flood_speaks_of_wind(pages):
    for page in pages.values():
        for style in page.xpath("//style"):
            style.getparent().remove(style)
        assert not re.search(r"(?i)\b(wind|beaufort|storm|bulletin)", text(page))


def test_ids_are_unique_and_every_reference_is_answered(pages):
    page = pages["report.html"]
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    wanted = [h[1:] for h in page.xpath("//@href") if h.startswith("#")]
    wanted += [i for v in page.xpath("//@aria-labelledby") for i in v.split()]
    assert set(wanted) <= set(ids)


def test_every_table_can_be_read_aloud(pages):
    for table in pages["report.html"].xpath("//table"):
        assert text(table.find("caption"))
        assert all(th.get("scope") for th in table.iter("th"))


def test_the_frame_has_its_words_for_both_kinds():
    here = Path(__file__).parents[2] / "src" / "haidang" / "web"
    shared = (here / "templates" / "report_frame.html", here / "pages" / "report_parts.py")
    used = {
        key
        for path in shared
        for key in re.findall(r"\bsay\(\s*f?['\"]([a-z_.]+)['\"]", path.read_text("utf-8"))
    }
    known = catalogue()
    for room in ("report_counts", "report_readings"):
        assert {k for k in used if (k if "." in k else f"{room}.{k}") not in known} == set()
