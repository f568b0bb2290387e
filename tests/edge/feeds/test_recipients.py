"""Files of recipients and subscriptions: good rows are kept, bad ones named and never repeated."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest

from haidang.base.errors import BadData
from haidang.base.place import Gazetteer, Place
from haidang.edge.feeds.recipients import read_contacts, read_subscriptions
from haidang.words import LANGUAGES

DAY = date(2030, 1, 1)
PLACES = Gazetteer(
    [
        Place("N", "province", {"en": "North"}, None, date(2000, 1, 1)),
        Place("N1", "commune", {"en": "One"}, "N", date(2000, 1, 1)),
        Place("OLD", "province", {"en": "Old"}, None, date(1990, 1, 1), date(2000, 1, 1)),
    ]
)


def contacts(tmp_path: Path, text: str, channels: tuple[str, ...] = ()):
    path = tmp_path / "recipients.csv"
    path.write_text(text, "utf-8")
    return read_contacts(path, ("vi", "en"), channels)


def test_a_level_that_no_notice_reaches_is_refused(tmp_path: Path) -> None:
    """Whoever asked for it would wait for ever and believe that all is quiet."""
    read = subscriptions(
        tmp_path,
        "recipient,channel,threats,least_level\n"
        "anna,sms,fire,3\n"
        "bert,sms,fire,4\n"
        "carl,sms,fire wind,5\n"
        "dora,sms,,6\n"
        "emil,sms,,009\n",
    )
    assert [one.least_level for one in read.subscriptions] == [3, 5]
    assert [(p.row, p.params["top"]) for p in read.problems] == [(3, 3), (5, 5), (6, 5)]
    assert "from 1 to 3" in read.problems[0].say("en")
    assert "từ 1 đến 3" in read.problems[0].say("vi")


def subscriptions(tmp_path: Path, text: str):
    path = tmp_path / "subscriptions.csv"
    path.write_text(text, "utf-8")
    return read_subscriptions(path, ("vi", "en"), {"wind": 5, "fire": 3}, PLACES, DAY)


def codes(read) -> list[tuple[str, int | None, str]]:
    for problem in read.problems:
        assert len({problem.say(tag) for tag in LANGUAGES}) == len(LANGUAGES)
    return [(p.code.removeprefix("deliver."), p.row, p.field) for p in read.problems]


def test_good_rows_are_kept_and_bad_ones_named(tmp_path: Path) -> None:
    read = contacts(
        tmp_path,
        "recipient,channel,address,language,secret,note\n"
        "anna,sms,+8491,en,,of no interest\n"
        "anna,mail,a@x.example,,s3cret,\n"
        "\n"
        ",sms,+8492,,,\n"
        "bert,sms,,,,\n"
        "bert,S M S,+8493,,,\n"
        "bert,sms,+8493,fr,,\n"
        "anna,sms,+8494,,,\n"
        "carl,sms,+8491,,,\n"
        f"dora,sms,{'9' * 501},,,\n"
        'emil,mail,"e@x.example\nBcc: all@x.example",,,\n'
        "fred,sms,+8495,,,,more\n",
    )
    assert [(c.alias, c.channel, c.language, c.secret) for c in read.contacts] == [
        ("anna", "sms", "en", ""),
        ("anna", "mail", "vi", "s3cret"),
    ]
    assert read.lines == (2, 3)
    assert codes(read) == [
        ("missing", 5, "recipient"),
        ("missing", 6, "address"),
        ("channel_name", 7, "channel"),
        ("language", 8, "language"),
        ("twice", 9, "recipient"),
        ("address_taken", 10, "address"),
        ("too_long", 11, "address"),
        ("control", 13, "address"),
        ("too_many_cells", 14, ""),
    ]
    told = " ".join(p.say("en") for p in read.problems)
    assert not any(word in told for word in ("+849", "anna", "carl", "example", "s3cret"))


def test_a_channel_that_is_not_set_up_is_named(tmp_path: Path) -> None:
    read = contacts(tmp_path, "recipient,channel,address\na,sms,1\nb,mail,2\n", ("sms",))
    assert codes(read) == [("channel_unknown", 3, "channel")]


def test_semicolons_and_spreadsheets_with_a_mark_at_the_front(tmp_path: Path) -> None:
    read = contacts(tmp_path, "\ufeffRecipient;Channel;Address\nanna;sms;+84,1\n")
    assert [c.address for c in read.contacts] == ["+84,1"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("recipient,channel,address\n", "empty"),
        ("recipient,address\na,b\n", "columns"),
        ("recipient,channel,address,channel\na,b,c,d\n", "column_twice"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(BadData) as caught:
        contacts(tmp_path, text)
    assert caught.value.problems[0].code == f"deliver.{code}"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bytes.csv").write_bytes(b"recipient,channel\n\xff\xfe\n")
    for name in ("bytes.csv", "none.csv", "none.xlsx"):
        with pytest.raises(BadData) as caught:
            read_contacts(tmp_path / name, ("vi",))
        assert caught.value.problems[0].code == "deliver.unreadable"


def test_a_workbook_that_unpacks_to_a_mountain_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        for name in ("a", "b"):
            parts.writestr(name, b" " * 60_000_000)
    assert path.stat().st_size < 200_000
    with pytest.raises(BadData) as caught:
        read_contacts(path, ("vi",))
    assert caught.value.problems[0].code == "deliver.unreadable"


def test_subscriptions(tmp_path: Path) -> None:
    read = subscriptions(
        tmp_path,
        "recipient,channel,places,threats,least_level,language,wakes_only,drills\n"
        "anna,sms,N N1,wind; fire,3,en,yes,có\n"
        "bert,sms,,,,,,\n"
        "bert,sms,OLD ZZ,,,,,\n"
        "carl,sms,N,quake,,,,\n"
        "carl,sms,N,,0,,,\n"
        "carl,sms,N,,two,,maybe,\n"
        "dora,,N,,,,,\n",
    )
    one, other = read.subscriptions
    assert (one.places, one.threats, one.least_level) == (("N", "N1"), ("wind", "fire"), 3)
    assert (one.language, one.wakes_only, one.drills) == ("en", True, True)
    assert (other.places, other.threats, other.least_level, other.language) == ((), (), 1, "")
    assert codes(read) == [
        ("place", 4, "places"),
        ("place", 4, "places"),
        ("threat", 5, "threats"),
        ("least_level", 6, "least_level"),
        ("least_level", 7, "least_level"),
        ("yes_no", 7, "wakes_only"),
        ("missing", 8, "channel"),
    ]
    assert read.spoilt == {("bert", "sms"), ("carl", "sms"), ("dora", "")}
