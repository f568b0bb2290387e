"""The law pages: every row readable, what is open said as open, and a form that asks the table."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator

import pytest

from haidang.jobs.law import tell
from haidang.pack.load import load_country, roots
from haidang.pack.regions import load_regions
from haidang.web.console import Frame, render
from haidang.web.pages import law, law_table
from haidang.web.speak import Speaker
from web.toydesk import Person, Room, open_room

DAY = dt.date(2024, 9, 7)
LANGUAGES = ("vi", "en")


@pytest.fixture(scope="module")
def country():
    known = roots()
    return load_country(known.countries["vn"], known.threats)


def speaker(country, language: str = "en") -> Speaker:
    return Speaker(language, country.zone, "law_page")


def table_page(country, article, language="en", *, place="", scale=True, **texts):
    table = country.lawbook.at(article, DAY)
    asked = law_table.Asked(texts, place)
    told = tell(country, table, DAY, texts, place) if asked.anything else None
    return law_table.build(
        country, table, DAY, load_regions(country.folder), speaker(country, language),
        asked=asked, told=told, scale=table.scale.id if scale else "other",
    )  # fmt: skip


def plain(text: str) -> str:
    body = re.sub(r"<[^>]+>", " ", text)
    return re.sub(r"\s+", " ", html.unescape(body))


def shown(country, template: str, page: object, language: str) -> str:
    say = speaker(country, language)
    return render(template, Frame(Speaker(language, country.zone, "console"), "law"), page, say)


# --- the list ----------------------------------------------------------------------------------


def test_the_list_has_every_table_with_its_state_and_its_counts(country):
    page = law.build(country, DAY, speaker(country), "/d/x/law")
    assert len(page.lines) == len(country.lawbook.tables)
    by_id = {line.id: line for line in page.lines}
    fire = by_id["qd18_2021_art54"]
    assert (fire.article, fire.rows, fire.gaps, fire.overlaps) == ("Article 54", "11", "6", "1")
    assert fire.doubt == "2 rows in doubt"
    assert fire.href == "/d/x/law/qd18_2021_art54?day=2024-09-07"
    late = by_id["tt15_2026_art22_1b"]
    assert (late.state.state, late.href) == ("nodata", "")
    assert [(f.label, f.value) for f in page.facts] == [
        ("Rows", "178"),
        ("Compared with official text", "176"),
        ("In doubt", "2"),
        ("Not compared with official text", "0"),
    ]


def test_who_commands_stands_beside_the_tables(country):
    page = law.build(country, DAY, speaker(country, "vi"))
    assert [c.chip.level for c in page.commands] == [1, 2, 3, 4, 5]
    assert page.commands[3].directs == "Thủ tướng Chính phủ"
    assert page.commands[3].commands == "Chủ tịch UBND cấp tỉnh"
    early = law.build(country, dt.date(2020, 1, 1), speaker(country))
    assert early.commands == ()
    assert "No act about who commands" in plain(shown(country, "law.html", early, "en"))


# --- a table -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_gap_and_overlap_of_every_table_is_on_its_page(country, language):
    for table in country.lawbook.tables:
        if not table.in_force(DAY):
            continue
        page = table_page(country, table.article, language)
        text = plain(shown(country, "law_table.html", page, language))
        for row in table.rows:
            assert re.sub(r"\s+", " ", row.text[language]) in text
        for one in (*table.gaps, *table.overlaps, *table.below):
            assert re.sub(r"\s+", " ", one.reason[language]) in text
        assert table.against[language] in text
        assert page.notes
        assert "{" not in text


def test_levels_of_another_scale_are_said_in_words(country):
    ours = table_page(country, 44).rows[0]
    other = table_page(country, 44, scale=False).rows[0]
    assert (ours.chip.level, ours.level) == (1, "Level 1 (low)")
    assert (other.chip, other.level) == (None, "Level 1 (low)")


def test_the_lists_of_provinces_are_on_the_page(country):
    (found,) = table_page(country, 46).lists
    assert found.areas[0][0] == "area 1 (7)"
    assert "Sơn La" in found.areas[0][1] or "Son La" in found.areas[0][1]
    assert "by an annex: 36" in found.basis
    assert table_page(country, 54).lists == ()


# --- the form ----------------------------------------------------------------------------------


def test_nothing_asked_is_no_answer(country):
    assert table_page(country, 44).answered is None


def test_the_answer_with_its_clause_and_who_commands(country):
    texts = {"rain": "350", "per": "24h", "days": "3", "region": "plain", "scope": "several"}
    page = table_page(country, 44, **texts)
    (one,) = page.answered.outcomes
    assert (one.chip.level, one.clause) == (3, "Article 44(3)(b), Decision 18/2021/QĐ-TTg")
    assert one.command.commands == "Chair of the provincial People's Committee"
    assert "Art. 9(1) and (4)" in one.command.basis
    assert {f.name: f.value for f in page.fields}["i_rain"] == "350"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_open_is_shown_as_alternatives(country, language):
    page = table_page(country, 44, language, rain="350", days="3", region="plain")
    outcomes = page.answered.outcomes
    assert [o.chip.level if o.chip else None for o in outcomes] == [3, None, None, None, None]
    assert all(o.cases for o in outcomes)
    assert all(o.tag.state == "nodata" and o.command is None for o in outcomes[1:])
    text = plain(shown(country, "law_table.html", page, language))
    assert ("văn bản không quy định" if language == "vi" else "not defined by the text") in text


def test_a_number_that_is_missing_is_asked_back(country):
    page = table_page(country, 44, rain="350")
    assert page.answered.outcomes == ()
    assert "how long it rains (days)" in page.answered.needed


def test_a_place_stands_in_for_its_areas(country):
    page = table_page(country, 43, height="2.5", place="96")
    assert page.answered.place.startswith("Ca Mau: stretch of coast: ")
    assert [o.chip.level for o in page.answered.outcomes] == [3, 2]


def test_the_doubtful_points_have_no_level_and_are_both_named(country):
    (one,) = table_page(country, 54, heat="over_35", days="20", zone="2").answered.outcomes
    assert (one.chip, one.tag.state) == (None, "nodata")
    assert "Article 54(2)(b), Article 54(3)(a)" in one.note
    assert "A person must decide." in one.note


# --- in the console ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    found = open_room(tmp_path_factory.mktemp("law"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def person(room: Room) -> Person:
    return room.person(language="en")


def law_day(room: Room) -> dt.date:
    return room.desk.case.spec.law_on


def ask(room: Room, person: Person, path: str, status: int = 200, **query: str) -> str:
    answer = person.client.get(f"{room.base}/law{path}", params={"lang": "en", **query})
    assert answer.status_code == status, answer.text
    return answer.text


def test_the_navigation_leads_to_the_list_and_the_list_to_each_table(room, person):
    assert f'href="{room.base}/law"' in person.get(f"{room.base}/situation")
    text = ask(room, person, "")
    links = re.findall(rf'href="({room.base}/law/[^"]+)"', text)
    named = [link.split("/")[-1].split("?")[0] for link in links]
    tables = room.desk.context.country.lawbook.tables
    assert sorted(named) == sorted(t.id for t in tables if t.in_force(law_day(room)))
    assert named[0] == "act7_art3"  # of the country's own scale
    for link in links:
        answer = person.client.get(html.unescape(link))
        assert answer.status_code == 200
        assert 'aria-current="page"' in answer.text


def test_the_form_is_answered_without_a_script(room, person):
    text = plain(ask(room, person, "/act7_art3", i_wind="95", i_area="sea"))
    assert "Level 2 (alert) · Article 3(2)(b), Act 7 on alerts" in text
    assert "Clauses: Article 3(1)(b), Article 3(2)(b)" in text
    assert "Commands: Mayor." in text
    open_ones = plain(ask(room, person, "/act7_art3", i_wind="95"))
    assert "If area: land" in open_ones


def test_what_cannot_be_read_is_said_and_kept_in_the_form(room, person):
    text = ask(room, person, "/act7_art3", i_wind="much<b>", i_area="sea")
    assert "This cannot be asked" in text
    assert 'value="much&lt;b&gt;"' in text
    assert "is not a number that can be used" in text
    text = ask(room, person, "/act7_art3", i_wind="95", i_area="moon")
    assert "the values are: land, sea" in text


def test_the_law_of_another_day(room, person):
    assert "2019-12-31" in ask(room, person, "", day="2019-12-31")
    tables = room.desk.context.country.lawbook.tables
    early = plain(ask(room, person, "", day="2019-12-31"))
    assert early.count("not in force on this day") == len(tables)
    assert "is in force on" in ask(room, person, "/act7_art3", 404, day="2019-12-31")
    assert "is no day" in ask(room, person, "", day="yesterday")
    ask(room, person, "/act9_art9", 404)
