"""The console over a desk whose threat is told by readings: no page speaks of wind."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from web.test_counted_desk import STORM, STORM_VI, main
from web.toydesk import Person, Room, open_room

CASE = "flood-2030"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """After 12:10: alarm 2 in two basins of N, one of the two by a forecast."""
    found = open_room(tmp_path_factory.mktemp("flood"), CASE, 3)
    yield found
    found.close()


@pytest.fixture(scope="module")
def reader(room: Room) -> Person:
    return room.person(language="en")


def test_the_situation_is_one_of_readings(room: Room, reader: Person) -> None:
    page = reader.get(f"{room.base}/situation")
    said = main(page)
    assert "Flood of the toy country: level 3, alarm in North Toyland" in said
    assert "3.2 m Stage Alba (Alb river) 18:00 on 01/06/2030 forecast" in said
    assert "1.9 m Stage Casa (Cas river) 12:00 on 01/06/2030 measured" in said
    assert "Article 2(3)(b) alarm: from alarm 2; ground: plain; basins: several" in said
    assert not STORM.search(said), STORM.search(said)
    assert page.count('class="rc"') == 2


def test_the_same_in_vietnamese(room: Room) -> None:
    said = main(room.person(language="vi").get(f"{room.base}/situation"))
    assert not STORM_VI.search(said), STORM_VI.search(said)
    assert "dự báo" in said
    assert "đo được" in said


@pytest.mark.parametrize(
    "page", ["situation", "warnings", "review", "ledger", "incident", "incident/N", "explain"]
)
def test_every_page_opens_and_speaks_of_no_wind(room: Room, reader: Person, page: str) -> None:
    said = main(reader.get(f"{room.base}/{page}"))
    assert said
    if page != "review":
        assert not STORM.search(said), STORM.search(said)


def test_a_draft_names_the_reading(room: Room, reader: Person) -> None:
    said = main(reader.get(f"{room.base}/warnings/{room.waiting().id}"))
    assert "(Alb river): 3.2 m, forecast; 0.2 m above alarm 2, 18:00 on 01/06/2030." in said
    assert not STORM.search(said), STORM.search(said)


def test_why_names_gauge_reading_and_clause(room: Room, reader: Person) -> None:
    newest = [d for d in room.desk.store.decisions() if d.place == "N"][-1]
    said = main(reader.get(f"{room.base}/explain/{newest.id}"))
    assert "Stage, Alba (Alb river): 3.2 m, forecast, 18:00 on 01/06/2030." in said
    assert "alarm: from alarm 2; ground: plain; basins: several" in said
    assert not STORM.search(said), STORM.search(said)


def test_the_table_is_data_too(room: Room, reader: Person) -> None:
    rows = reader.get(f"{room.base}/situation.csv").lstrip("\ufeff").splitlines()
    assert rows[0].startswith("desk,at,published,place")
    assert "wind" not in rows[0]
    assert any(",N," in row and ",stage,alba,3.2,m," in row and ",forecast," in row for row in rows)


def test_no_watch_page_where_nothing_is_counted(room: Room, reader: Person) -> None:
    assert f"{room.base}/watch" not in reader.get(f"{room.base}/situation")


def test_a_gauge_that_fell_silent_stands_on_the_first_page(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    room = open_room(tmp_path_factory.mktemp("silent"), CASE, 5)
    try:
        page = room.person(language="en").get(f"{room.base}/situation")
        said = main(page)
        assert "Gone silent" in said
        assert "Casa (Cas river) , South Toyland last: 1.9 m, 12:00 on 01/06/2030" in said
        assert "Dorf (Cas river) , South Toyland last: 7 m, 06:00 on 01/06/2030" in said
        assert re.search(r"Silent: 2 of 4, for more than 12 hours", said)
        assert "No news from Casa (Cas river)" in said
    finally:
        room.close()
