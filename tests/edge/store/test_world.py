"""The archive of other people's warnings: nothing is lost, replaced or believed too easily."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from edge.store.messages import NOW, cap, ref
from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.edge.store import Store
from haidang.edge.store.tables_world import world_message, world_place
from haidang.edge.store.world import Arrival, Health, Stored
from haidang.edge.store.world_ask import Ask
from haidang.warn.areas import Match
from haidang.warn.cap import parse
from haidang.warn.heard import content, heard, in_language

HOUR = timedelta(hours=1)


@pytest.fixture
def archive(where: Path | str) -> Iterator[Store]:
    with Store.open(where) as opened:
        yield opened


def arrival(data: bytes, *, feed: str = "xx-met", at=NOW, signature="unsigned", matches=()):
    return Arrival(
        heard=heard(parse(data), data), data=data, signature=signature, feed=feed,
        url="http://x/1.xml", entry=content(data)[:16], at=at, matches=matches,
    )  # fmt: skip


def put(store: Store, *data: bytes, **how) -> list[Stored]:
    return list(store.keep_world([arrival(d, **how) for d in data]))


def states(store: Store, now=NOW, **asked) -> dict[str, str]:
    return {e.identifier: e.state for e in store.world(Ask(**asked), now).entries}


def test_the_bytes_come_back_as_they_were_and_nothing_comes_twice(archive) -> None:
    data = cap()
    assert put(archive, data, data) == [("new", 1), ("same", 1)]
    assert archive.world_body(1) == data
    assert archive.world_size() == 1
    spaced = data.replace(b"<info>", b"\n  <info>\n")
    assert put(archive, spaced, feed="other") == [("same", 1)]
    (entry,) = archive.world(Ask(), NOW).entries
    assert [f[0] for f in entry.feeds] == ["other", "xx-met"]
    with pytest.raises(NotFound) as caught:
        archive.world_body(2)
    assert caught.value.say("vi") != caught.value.say("en")


def test_a_message_sent_once_more_does_not_come_alive_once_more(archive) -> None:
    put(archive, cap(hours=1))
    later = NOW + 30 * HOUR
    assert put(archive, cap(hours=1), at=later) == [("same", 1)]
    (entry,) = archive.world(Ask(), later).entries
    assert (entry.state, entry.late, entry.first) == ("expired", False, NOW)
    assert entry.feeds == (("xx-met", NOW, later),)
    assert put(archive, cap("2.49.0.1.999.2", hours=1), at=later) == [("new", 2)]
    assert archive.world_entry(2, later).late  # over before it was ever heard


def test_other_content_under_a_known_name_is_kept_beside_it(archive) -> None:
    first, second = cap(), cap(headline="All is well", severity="Minor")
    assert put(archive, first, second) == [("new", 1), ("conflict", 2)]
    found = archive.world(Ask(), NOW).entries
    assert [(e.id, e.conflict, e.severity) for e in found] == [
        (2, True, "Minor"), (1, True, "Severe")
    ]  # fmt: skip
    assert [archive.world_body(n) for n in (1, 2)] == [first, second]


def test_a_copy_that_is_signed_otherwise_is_kept_and_not_counted(archive) -> None:
    signature = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><x/></Signature></alert>'
    signed = cap().replace(b"</alert>", signature)
    assert content(signed) == content(cap())
    put(archive, cap())
    (row,) = archive.keep_world([_signed(signed, "trusted")])
    assert row == ("copy", 2)
    assert archive.keep_world([_signed(signed, "trusted")])[0].kept == "same"
    answer = archive.world(Ask(), NOW)
    assert (answer.total, answer.entries[0].copies) == (1, (2,))


def _signed(data: bytes, verdict: str) -> Arrival:
    plain = cap()
    return Arrival(
        heard=heard(parse(plain), data), data=data, signature=verdict, feed="xx-met", url="",
        entry="s", at=NOW,
    )  # fmt: skip


A, B, C = "2.49.0.1.999.1", "2.49.0.1.999.2", "2.49.0.1.999.3"


def test_update_and_cancel_end_what_they_name_and_expiry_is_another_thing(archive) -> None:
    put(archive, cap(A))
    assert states(archive) == {A: "in_force"}
    assert states(archive, NOW + 12 * HOUR) == {A: "expired"}
    put(archive, cap(B, kind="Update", sent=NOW + HOUR, references=[ref(A)]))
    assert states(archive, NOW) == {A: "in_force", B: "in_force"}  # as it was known at that time
    assert states(archive, NOW + HOUR) == {A: "replaced", B: "in_force"}
    assert states(archive, NOW + 50 * HOUR) == {A: "replaced", B: "expired"}
    put(archive, cap(C, kind="Cancel", sent=NOW + 2 * HOUR, references=[ref(B, NOW + HOUR)]))
    later = NOW + 3 * HOUR
    assert states(archive, later) == {A: "replaced", B: "cancelled", C: "ending"}
    assert states(archive, later, state=("in_force",)) == {}
    assert states(archive, later, state=("cancelled", "ending")) == {B: "cancelled", C: "ending"}
    assert [e.identifier for e in archive.world_chain(1, later)] == [A, B, C]
    assert [e.identifier for e in archive.world_chain(3, later)] == [A, B, C]


def test_a_cancel_of_a_message_we_never_saw_is_kept_and_acts_when_it_comes(archive) -> None:
    put(archive, cap(B, kind="Cancel", sent=NOW + HOUR, references=[ref(A)]))
    put(archive, cap(A))
    assert states(archive, NOW + HOUR) == {A: "cancelled", B: "ending"}


def test_a_slip_in_the_time_of_a_reference_leaves_no_dead_warning(archive) -> None:
    put(archive, cap(A), cap(B, kind="Cancel", sent=NOW + HOUR, references=[ref(A, NOW - HOUR)]))
    assert states(archive, NOW + HOUR)[A] == "cancelled"


CANCEL = {"kind": "Cancel", "sent": NOW + HOUR, "references": [ref(A)]}


@pytest.mark.parametrize(
    ("cancel", "how"),
    [
        ({"sender": "stranger@example.org"}, {}),
        ({"status": "Exercise"}, {}),
        ({}, {"feed": "somewhere-else"}),
        ({}, {"signature": "invalid"}),
        ({"sent": NOW - HOUR}, {}),
    ],
)
def test_a_word_of_less_standing_ends_nothing(archive, cancel, how) -> None:
    put(archive, cap(A))
    put(archive, cap(B, **{**CANCEL, **cancel}), **how)
    assert states(archive, NOW + HOUR)[A] == "in_force"
    assert len(archive.world_chain(1, NOW + HOUR)) == 2  # shown beside it all the same


def test_a_signed_warning_is_ended_by_a_signed_word_from_anywhere(archive) -> None:
    put(archive, cap(A), signature="trusted")
    put(archive, cap(B, **CANCEL))
    assert states(archive, NOW + HOUR)[A] == "in_force"
    put(archive, cap(C, **CANCEL), signature="trusted", feed="elsewhere")
    assert states(archive, NOW + HOUR)[A] == "cancelled"


def test_the_archive_can_be_asked(archive) -> None:
    put(archive, cap(A, event="Flash Flood"), matches=[Match("01", 0.5, "polygon")])
    put(archive, cap(B, severity="Minor", category="Geo", event="Quake", sender="geo@example.org"),
        matches=[Match("01", 1, "geocode"), Match("02", 0.1, "circle")], feed="geo")  # fmt: skip
    put(archive, cap(C, sent=NOW + 2 * HOUR, languages=("vi", "en")))
    later = NOW + 3 * HOUR

    def ask(**what) -> list[str]:
        return [e.identifier for e in archive.world(Ask(**what), later).entries]

    assert ask() == [C, B, A]
    assert ask(places=("01",)) == [B, A]
    assert ask(places=("02", "77")) == [B]
    assert ask(hazard="flood") == [C, A]
    assert ask(hazard="Geo") == [B]
    assert ask(hazard="geo%") == []
    assert ask(sender="GEO@") == [B]
    assert ask(sender="met office") == [C, B, A]
    assert ask(severity=("Minor", "Extreme")) == [B]
    assert ask(start=NOW + HOUR) == [C]
    assert ask(end=NOW + HOUR) == [B, A]
    assert ask(feeds=("geo",)) == [B]
    first = archive.world(Ask(limit=2), later)
    assert (first.total, first.more) == (3, 2)
    last = archive.world(Ask(limit=2, before=first.more), later)
    assert ([e.identifier for e in last.entries], last.total, last.more) == ([A], 3, None)
    assert last.entries[0].matches == (Match("01", 0.5, "polygon"),)
    assert in_language(first.entries[0].titles, "en")[0] == "en"


def test_what_is_known_of_feeds_is_written_over_and_findings_are_counted(archive) -> None:
    problem = Problem("world.not_xml", {"detail": "x"}, file="http://x/a.xml")
    health = Health(feed="xx", polled=NOW, next=NOW + HOUR, params={})
    archive.world_polled(health, [problem], ["k1"])
    again = Health(feed="xx", polled=NOW + HOUR, heard=NOW + HOUR, etag='"1"', failures=2,
                   next=NOW + 2 * HOUR, code="world.timeout", params={"seconds": "5"})  # fmt: skip
    archive.world_polled(again, [problem], ["k1", "k2"])
    assert archive.world_feeds() == {"xx": again}
    (found,) = archive.world_findings("xx")
    assert (found.first, found.last, found.times) == (NOW, NOW + HOUR, 2)
    assert found.problem.say("vi") != found.problem.say("en")
    assert archive.world_known("xx") == {"k1": None, "k2": None}


def test_a_message_without_an_end_is_taken_to_hold_a_day() -> None:
    data = cap(languages=("en", "fr"))
    told = heard(parse(data), data)
    assert (told.expires, told.ends) == (NOW + 12 * HOUR, NOW + 12 * HOUR)
    assert told.titles == {"en": ("Flood", "Water is rising"), "fr": ("Flood", "Water is rising")}


def test_content_is_no_secret_of_prefixes_but_of_words() -> None:
    plain = cap()
    prefixed = (
        plain.replace(b"<", b"<c:").replace(b"<c:/", b"</c:").replace(b"<c:?xml", b"<?xml")
        .replace(b"xmlns=", b"xmlns:c=")
    )  # fmt: skip
    assert content(prefixed) == content(plain)
    assert content(cap(headline="x")) != content(plain)
    # A text that reads like our own marks is no element.
    two = b"<a><b>x</b><c>run</c></a>"
    assert content(b"<a><b>x&lt;/&gt;&lt;c&gt;run</b></a>") != content(two)
    assert content(b'<a b="1 c=2"/>') != content(b'<a b="1" c="2"/>')
    with pytest.raises(BadData):
        content(b"<html><br></html>")


def test_five_thousand_are_asked_in_a_blink(tmp_path) -> None:
    with Store.open(tmp_path / "many.db") as store:
        put(store, cap())
        many(store, 5000)
        begun = time.process_time()
        answer = store.world(Ask(places=("07",), state=("in_force",)), NOW)
        assert time.process_time() - begun < 0.5
        assert (answer.total, len(answer.entries)) == (147, 50)


def many(store: Store, count: int) -> None:
    """Fill an archive with as many as it would have after a year, copies of its first message."""
    with store._db.writing() as c:
        first = dict(c.execute(select(world_message)).mappings().one())
        numbers = range(2, count + 2)
        rows = [
            {**first, "id": n, "sha256": f"s{n}", "content": f"c{n}", "identifier": f"i{n}"}
            for n in numbers
        ]
        c.execute(insert(world_message), rows)
        places = [{"message": n, "place": f"{n % 34:02}", "share": 0.5} for n in numbers]
        c.execute(insert(world_place), [p | {"how": "polygon"} for p in places])
