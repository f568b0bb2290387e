"""Numbers and times of a page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from haidang.risk.assessment import When
from haidang.web.speak import Speaker

ZONE = timezone(timedelta(hours=7))
AT = datetime(2024, 9, 6, 17, 0, tzinfo=UTC)  # midnight there


@pytest.fixture(params=["vi", "en"])
def say(request) -> Speaker:
    return Speaker(request.param, ZONE)


def test_separators_belong_to_the_language():
    assert Speaker("vi", ZONE).number(12345.6, 1) == "12.345,6"
    assert Speaker("en", ZONE).number(12345.6, 1) == "12,345.6"


def test_few_people_are_not_none(say):
    assert say.thousands(0) == "0"
    assert say.thousands(1) == "<1"
    assert say.thousands(499) == "<1"
    assert say.thousands(1500) == "2"


def test_times_are_on_the_countrys_clock():
    assert Speaker("vi", ZONE).short(AT) == "07/09 00:00"
    assert Speaker("en", ZONE).short(AT) == "7 Sep 00:00"
    assert Speaker("vi", ZONE).full_day(date(2024, 9, 7)) == "07/09/2024"


def test_the_day_stands_once_where_it_is_the_same():
    vi = Speaker("vi", ZONE)
    assert vi.span(AT, AT + timedelta(hours=5)) == "07/09 00:00–05:00"
    assert vi.span(AT, AT + timedelta(hours=25)) == "07/09 00:00–08/09 01:00"


def test_never_is_said_and_never_left_out():
    en = Speaker("en", ZONE)
    assert en.between(When(AT, AT, None), "early_or_never") == "7 Sep 00:00 or later, or never"
    assert "never" not in en.between(When(AT, AT, None), "early_or_beyond")
    assert en.between(When(None, None, None), "early_or_never") == ""
    assert en.between(When(AT, AT, AT), "early_or_never") == ""


def test_a_language_without_words_falls_back(say):
    assert Speaker("fr", ZONE)("report") == "Replay report"
    assert say.of({"en": "sea"}) == "sea"
    assert say.either("no_such_key", "as it is") == "as it is"
