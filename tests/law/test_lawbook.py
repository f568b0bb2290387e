"""Finding the law of a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from haidang.base.errors import BadPack, NotFound
from haidang.law import Lawbook
from haidang.pack.law import read_law

TOY = Path(__file__).parents[1] / "toy" / "countries" / "xt" / "law"


@pytest.fixture(scope="module")
def table():
    return read_law(TOY).book.at(3, dt.date(2025, 1, 1))


def test_found_by_article_and_day(table):
    after = replace(table, id="new", valid_from=dt.date(2031, 1, 1), valid_until=None)
    book = Lawbook([after, table])
    for article in (3, "3", "art3", "Art. 3", "article 3"):
        assert book.at(article, dt.date(2030, 12, 31)) is table
        assert book.at(article, dt.date(2031, 1, 1)) is after


def test_not_found_lists_what_exists(table):
    with pytest.raises(NotFound, match=r"no table of Article 42; there are tables of: 3\."):
        Lawbook([table]).at("art42", dt.date(2024, 1, 1))
    with pytest.raises(NotFound, match="from 2020-01-01 to 2030-12-31") as caught:
        Lawbook([table]).at(3, dt.date(2019, 1, 1))
    assert "từ 01/01/2020 đến 31/12/2030" in caught.value.say("vi")


def test_two_tables_on_one_day(table):
    with pytest.raises(BadPack, match="in force on 2030-12-31: 'act7_art3' and 'new'"):
        Lawbook([table, replace(table, id="new", valid_from=dt.date(2030, 12, 31))])
