"""The console over a desk whose threat is counted: no page speaks of wind, and silence is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.toydesk import Person, Room, open_room

STORM = re.compile(r"\b(winds?|storms?|beaufort|landfall|tracks?|gale|bulletins?)\b", re.IGNORECASE)
STORM_VI = re.compile(r"gió|bão|đổ bộ|quỹ đạo|rủi ro thiên tai", re.IGNORECASE)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """After May: N above three deviations, S without a report of May."""
    found = open_room(tmp_path_factory.mktemp("fever"), "fever-2030", 7)
    yield found
    found.close()


@pytest.fixture(scope="module")
def reader(room: Room) -> Person:
    return room.person(language="en")


def text(page: str) -> str:
    page = re.sub(r"<(script|style|svg).*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def main(page: str) -> str:
    return text(page[page.index("<main") : page.index("</main")])


def test_the_situation_is_one_of_counts(room: Room, reader: Person) -> None:
    said = main(reader.get(f"{room.base}/situation"))
    assert "outbreak in 1 places" in said
    assert "North Toyland level 1 notice" in said
    assert "May 2030 24 13 18 4.3" in said
    assert "South Toyland calm Apr 2030 3 3 4" in said
    assert not STORM.search(said), STORM.search(said)


def test_the_same_in_vietnamese(room: Room) -> None:
    said = main(room.person(language="vi").get(f"{room.base}/situation"))
    assert not STORM_VI.search(said), STORM_VI.search(said)
    assert "Số mắc" in said


def test_no_page_of_it_speaks_of_a_disaster_level(room: Room, reader: Person) -> None:
    for page in ("situation", "warnings", "incident", "incident/N", "ledger"):
        assert "disaster risk" not in main(reader.get(f"{room.base}/{page}")).lower(), page


@pytest.mark.parametrize("page", ["warnings", "review", "ledger", "incident", "incident/N"])
def test_every_page_opens(room: Room, reader: Person, page: str) -> None:
    assert reader.get(f"{room.base}/{page}")


def test_a_draft_says_its_level_on_its_own_scale(room: Room, reader: Person) -> None:
    said = main(reader.get(f"{room.base}/warnings/{room.waiting().id}"))
    assert "North Toyland: level 1 to 2" in said
    assert "disaster risk" not in said
    assert "Level 2 · outbreak" in said


def test_why_shows_the_article_and_the_years(room: Room, reader: Person) -> None:
    newest = [d for d in room.desk.store.decisions() if d.place == "N"][-1]
    said = main(reader.get(f"{room.base}/explain/{newest.id}"))
    assert "years=2025+2026+2028+2029; epidemic_years=2027" in said
    assert "Three deviations or more" in said
    assert not STORM.search(said.replace("ids", "")), STORM.search(said)


def test_what_the_law_leaves_open_is_on_the_first_page(room: Room, reader: Person) -> None:
    before = room.desk.views()[-2]
    asked = {"lang": "en", "at": before.id}
    said = main(reader.client.get(f"{room.base}/situation", params=asked).text)
    assert "Not defined by the text, a person must decide: North Toyland." in said


def test_the_table_is_data_too(room: Room, reader: Person) -> None:
    rows = reader.get(f"{room.base}/situation.csv").splitlines()
    assert rows[0].lstrip("\ufeff").startswith("desk,at,published,place")
    assert any(",N," in row and ",24.0,13.0," in row for row in rows)


def test_levels_have_the_colours_of_their_own_scale(room: Room, reader: Person) -> None:
    page = reader.get(f"{room.base}/situation")
    href = re.search(r'href="(/static/levels-[^"]+)"', page)
    assert href is not None
    css = reader.get(href[1].partition("?")[0])
    assert "#115544" in css
    assert "#dddddd" not in css


def test_the_list_of_desks_offers_the_case(room: Room, reader: Person) -> None:
    assert Path(room.desk.folder).name == "drill-fever-2030"
    assert "Level 2 · outbreak" in text(reader.get("/"))


def test_the_review_says_that_there_is_no_wind_to_compare(room: Room, reader: Person) -> None:
    asked = {"lang": "en", "show": "all"}
    said = main(reader.client.get(f"{room.base}/review", params=asked).text)
    assert "This threat is counted" in said
