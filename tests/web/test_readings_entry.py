"""Readings entered at the console: a desk of one's own, and further readings of it."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import pytest

from web.test_counted_desk import main
from web.toydesk import Person, Room, open_room

HEAD = "indicator,place,start,value,published"
ROWS = (
    "stage,alba,2030-06-01T06:00-02:00,2.1,2030-06-01T06:00-02:00",
    "stage,alba,2030-06-01T18:00-02:00,3.2,2030-06-01T06:00-02:00",
)
MORE = "stage,borgo,2030-06-01T07:00-02:00,3.3,2030-06-01T07:00-02:00"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    found = open_room(tmp_path_factory.mktemp("entry"), "flood-2030", 1)
    yield found
    found.close()


@pytest.fixture(scope="module")
def person(room: Room) -> Person:
    return room.person(language="en")


def test_the_list_of_desks_leads_to_the_form(person: Person) -> None:
    assert 'href="/new-readings"' in person.get("/")
    said = main(person.get("/new-readings"))
    assert "stage Stage m code of a gauge" in said
    assert "Gauges: alba, borgo, casa, dorf." in said


@pytest.mark.parametrize(
    ("text", "name", "answer"),
    [
        ("", "Tonight", "nothing was pasted"),
        (f"{HEAD}\n{ROWS[0]}", "", "no name yet"),
        ("station,stage\nalba,2.1", "Tonight", "the header lacks"),
        (f"{HEAD}\n{ROWS[0]}\n{ROWS[1].replace('alba', 'nowhere')}", "Tonight", "'nowhere'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    person: Person, text: str, name: str, answer: str
) -> None:
    page = person.send("/new-readings", "/new-readings", threat="flood", name=name, text=text)
    assert page.status_code == 422
    assert answer in unescape(page.text)
    assert text in unescape(page.text)


def test_a_desk_begins_and_takes_further_readings(room: Room, person: Person) -> None:
    text = "\n".join([HEAD, *ROWS])
    made = person.send("/new-readings", "/new-readings", threat="flood", name="Alb", text=text)
    assert made.status_code == 303
    base = made.headers["location"].partition("/situation")[0]
    assert base == "/d/alb"
    said = main(person.get(f"{base}/situation"))
    assert "Alb: level 2, alert in North Toyland" in said
    assert "Enter readings" in said
    form = f"{base}/bulletin"
    assert "Enter readings of Alb" in main(person.get(form))
    again = person.send(form, form, text=text)
    assert again.status_code == 422
    assert person.send(form, form, text="\n".join([text, MORE])).status_code == 303
    said = main(person.get(f"{base}/situation"))
    assert "Alb: level 3, alarm in North Toyland" in said
    assert "readings of 1 Jun 07:00" in said
