"""What a phone shows of a notice."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from haidang.warn.message import Text
from haidang.warn.readability import sentences
from haidang.warn.short import PAGE_7BIT, PAGE_UCS2, PAGES, SMS_MAX, cell, plain, septets, sms

VI = Text(
    "vi",
    "DIỄN TẬP. Bão Yagi: rủi ro thiên tai cấp 4 (rất lớn) tại Hải Phòng. Gió cấp 13.",
    "Không dùng.",
    "Rời nhà yếu trước 02:00. Ở trong nhà từ 05:00. Tránh xa cửa kính. Gọi 112 khi cần cứu.",
)


def test_a_short_message_has_no_diacritics_and_whole_sentences_only():
    found = sms(VI)
    assert found.text == (
        "DIEN TAP. Bao Yagi: rui ro thien tai cap 4 (rat lon) tai Hai Phong. Gio cap 13. "
        "Roi nha yeu truoc 02:00. O trong nha tu 05:00. Tranh xa cua kinh."
    )
    assert (found.length, found.limit, found.left_out) == (145, SMS_MAX, 1)
    assert found.fits


def test_no_sentence_is_taken_after_one_that_did_not_fit():
    long = "Đi " + "xa " * 50 + "ngay."
    found = sms(Text("vi", "Bão.", "", f"{long} Gọi 112."))
    assert found.text == "Bao."
    assert found.left_out == 2


def test_a_headline_that_is_too_long_alone_is_said():
    assert not sms(Text("vi", "ơ" * 161, "", "Đi.")).fits
    assert sms(Text("vi", "ơ" * 160, "", "Đi.")).fits


def test_another_script_becomes_question_marks_and_never_a_second_message():
    assert sms(Text("ja", "台風 8", "", "")).text == "?? 8"


def test_a_cell_broadcast_keeps_its_letters():
    found = cell(VI)
    assert found.text.startswith(VI.headline)
    assert found.text.endswith("Gọi 112 khi cần cứu.")
    assert (found.limit, found.left_out) == (PAGES * PAGE_UCS2, 0)


def test_a_cell_broadcast_in_the_default_alphabet_is_longer():
    assert cell(Text("en", "Go.", "", "Now.")).limit == PAGES * PAGE_7BIT == 1395


def test_letters_reached_by_an_escape_count_twice():
    assert septets("a€b") == 4
    assert sms(Text("en", "€" * 81, "", "")).length == 162


@given(st.text(alphabet=string.ascii_letters + "ăâđêôơưáà€[ .!\n", max_size=400))
def test_what_fits_fits_and_nothing_is_lost_silently(instruction):
    found = sms(Text("vi", "Bão.", "", instruction))
    assert found.fits
    assert septets(found.text) == found.length
    said = [" ".join(plain(s).split()) for s in sentences(instruction)]
    taken = len(said) - found.left_out
    assert found.text == " ".join(["Bao.", *said[:taken]])
