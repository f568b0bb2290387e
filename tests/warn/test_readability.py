from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haidang.warn.message import Text
from haidang.warn.readability import check, length, rules, sentences


def told(language, description):
    return [p.code for p in check(Text(language, "Tin", description, "Ok."))]


@pytest.mark.parametrize(
    ("description", "codes"),
    [
        ("Gió cấp 13, giật cấp 16.", []),
        ("Rủi ro thiên tai cấp 4.", []),
        ("rủi ro thiên tai rất lớn, cấp 4", []),
        ("Mạnh cấp 13.", ["warn.ambiguous"]),
        ("Cấp 4 tại Hải Phòng.", ["warn.ambiguous"]),
        ("Rủi ro thiên tai cấp 4, mạnh nhất cấp 13.", ["warn.ambiguous"]),
        ("Rủi ro thiên tai cấp 4, gió cấp 13.", []),
        ("Rủi ro thiên tai cao. Nay là cấp 4.", ["warn.ambiguous"]),  # another sentence
        ("Gọi cấp cứu 115.", []),
        (normalize("NFD", "Mạnh cấp 13."), ["warn.ambiguous"]),  # as some keyboards write it
        (normalize("NFD", "Gió cấp 13."), []),
        ("Tình trạng khẩn cấp. Gió cấp chưa rõ.", []),
        ("Gió ngắn cấp 12–14 và gió cấp\u00a012–14.", ["warn.ambiguous"]),
    ],
)
def test_two_meanings_of_one_word(description, codes):
    assert told("vi", description) == codes


def test_a_language_without_such_words_has_no_rule():
    assert rules("en") == ()
    assert told("en", "Level 4, force 13.") == []


@pytest.mark.parametrize(("language", "limit"), [("en", 20), ("vi", 30), ("fr", 22)])
def test_long_sentences(language, limit):
    assert told(language, "x " * limit + ".") == []
    assert told(language, "x " * (limit + 1) + ".") == ["warn.sentence_long"]
    assert told(language, ("x " * limit).strip() + ". " + "x " * limit) == []
    assert told(language, "x " * limit + "\n" + "x " * limit) == []


@pytest.mark.parametrize(
    ("language", "sentence", "codes"),
    [
        ("vi", "Gió mạnh từ 05:00 đến 09:00 ngày 07/09.", []),
        ("vi", "Gió mạnh từ 05:00.", ["warn.time_without_day"]),
        ("vi", "Gió mạnh từ 05:00. Hết ngày 07/09.", ["warn.time_without_day"]),
        ("en", "Wind from 05:00 on 7 Sep (+07).", []),
        ("en", "Wind from 05:00 tonight.", ["warn.time_without_day"]),
        ("fr", "Vent dès 5h00 le 7 septembre.", []),
        ("fr", "Vent dès 5h00.", ["warn.time_without_day"]),
        ("vi", "Theo KTTV và PCTT.", ["warn.abbreviation", "warn.abbreviation"]),
        ("vi", "CHẠY NGAY lên chỗ cao. Báo động III.", []),
        ("en", "Ask the DMC. Watch TV, go NOW.", ["warn.abbreviation"]),
    ],
)
def test_times_have_a_day_and_abbreviations_are_written_out(language, sentence, codes):
    assert told(language, sentence) == codes


@pytest.mark.parametrize("left", ["{place}", "{", "a }"])
def test_braces(left):
    assert told("en", left) == ["warn.brace_left"]


def test_findings_are_warnings_and_say_where():
    (problem,) = check(Text("vi", "Bão cấp 4", "Gió.", "Ở nhà."))
    assert (problem.severity, problem.field) == ("warning", "headline")
    assert "'gió cấp'" in problem.say("vi")
    assert "Bão cấp 4" in problem.say("en")


@given(st.text("abc .!?\n", max_size=80))
def test_no_word_is_lost_between_sentences(text):
    assert sum(map(length, sentences(text))) == length(text)
